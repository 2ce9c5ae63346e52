variable "rules" {
  type = map(object({ priority = number, port = string, source = string }))
}

locals {
  group = azurerm_resource_group.main.name
}

resource "azurerm_resource_group" "main" {
  name     = "web"
  location = "westeurope"
}

resource "azurerm_network_security_group" "web" {
  name                = "web"
  location            = "westeurope"
  resource_group_name = local.group

  dynamic "security_rule" {
    for_each = var.rules
    content {
      name                       = security_rule.key
      priority                   = security_rule.value.priority
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = security_rule.value.source
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = security_rule.value.port
    }
  }
}
