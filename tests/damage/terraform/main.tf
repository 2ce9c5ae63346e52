terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = "~> 4.0" }
    azapi   = { source = "azure/azapi" }
  }
}

provider "azurerm" {
  features {}
}

variable "space" {
  type    = string
  default = "10.0.0.0/16"
  validation {
    condition     = can(cidrhost(var.space, 0)) && length(var.space) < 20
    error_message = "no block"
  }
}

variable "rules" {
  type = map(object({
    priority = number
    ports    = optional(list(string), ["22"])
    from     = optional(string, "*")
  }))
  nullable = false
}

variable "enabled" {
  type = bool
}

variable "unset" {}

locals {
  zones  = [for index, zone in ["a", "b", "c"] : "${zone}-${index + 1}" if index != 1]
  groups = { for name, rule in var.rules : rule.from => name... }
  text   = <<-EOT
    %{for zone in local.zones~}
    zone ${zone}
    %{endfor~}
    %{if var.enabled}on%{else}off%{endif}
  EOT
  parts  = try(split(",", lookup({ a = "b,c" }, "a")), [])
  most   = max([1, 2, 3]...) % 2 == 1 ? merge({ x = 1 }, { y = null }) : { x = -1, y = !true }
  nets   = module.nets[*].id
  odd    = jsondecode(jsonencode({ a = [1, "é", null] })).a.1
}

resource "azurerm_network_security_group" "web" {
  for_each            = toset(local.zones)
  name                = "web-${each.key}"
  resource_group_name = azurerm_resource_group.all.name
  location            = azurerm_resource_group.all.location

  dynamic "security_rule" {
    for_each = var.rules
    iterator = rule
    content {
      name                       = rule.key
      priority                   = rule.value.priority
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = rule.value.from
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_ranges    = rule.value.ports
    }
  }
  lifecycle {
    ignore_changes = [tags]
  }
}

resource "azurerm_resource_group" "all" {
  name     = format("%s-%03d", "rg", 7)
  location = "westeurope"
}

resource "azurerm_network_security_rule" "more" {
  count                       = var.enabled ? 2 : 0
  name                        = "more-${count.index}"
  priority                    = 200 + count.index
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = var.unset
  source_port_range           = "*"
  destination_address_prefix  = cidrsubnet(var.space, 8, count.index)
  destination_port_range      = "3389"
  resource_group_name         = "rg-007"
  network_security_group_name = azurerm_network_security_group.web["a-1"].name
}

module "nets" {
  source = "./modules/net"
  count  = 2
  space  = cidrsubnet(var.space, 4, count.index)
  group  = one([for group in azurerm_network_security_group.web : group.id if group.name == "web-a-1"])
}

module "far" {
  source  = "acme/far/azurerm"
  version = "1.0.0"
  from    = ["Internet"]
}

resource "azapi_resource" "table" {
  type      = "Microsoft.Network/routeTables@2024-05-01"
  parent_id = azurerm_resource_group.all.id
  name      = "table"
  body = {
    properties = {
      routes = [{ name = "out", properties = { addressPrefix = "0.0.0.0/0", nextHopType = "Internet" } }]
    }
  }
}

resource "azurerm_resource_group_template_deployment" "arm" {
  name                = "arm"
  resource_group_name = azurerm_resource_group.all.name
  deployment_mode     = "Incremental"
  template_content    = file("${path.module}/nested/arm.json")
  parameters_content  = jsonencode({ name = { value = "hub" } })
}

data "azurerm_subnet" "found" {
  name                 = "snet"
  virtual_network_name = "net-0"
  resource_group_name  = "rg-007"
}

moved {
  from = azurerm_network_security_group.old
  to   = azurerm_network_security_group.web
}

output "nets" {
  value = { ids = local.nets, text = templatefile("nested/hello.tftpl", { names = local.zones }), found = data.azurerm_subnet.found.id }
}
