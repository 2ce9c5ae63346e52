variable "office" {
  type = string
}

locals {
  rules = {
    sql   = { priority = 100, port = "1433", source = "10.1.0.0/16" }
    pg    = { priority = 110, port = "5432", source = "*" } # expect: database-from-elsewhere
    maybe = { priority = 120, port = "1433", source = var.office } # expect-undetermined: database-from-elsewhere
  }
}

# expect: group-without-owner, security-group-name
resource "azurerm_network_security_group" "db" {
  name                = "db"
  location            = "westeurope"
  resource_group_name = "rg"

  dynamic "security_rule" {
    for_each = local.rules
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
