variable "prefix" {
  type    = string
  default = "shop"
}

variable "ports" {
  type    = list(string)
  default = ["80", "443"]
}

resource "azurerm_resource_group" "main" {
  name     = "${var.prefix}-rg"
  location = "westeurope"
}

resource "azurerm_application_security_group" "frontends" {
  name                = "frontends"
  resource_group_name = azurerm_resource_group.main.name
}

resource "azurerm_network_security_group" "app" {
  name                = "${var.prefix}-nsg"
  resource_group_name = azurerm_resource_group.main.name

  security_rule {
    name                                       = "web"
    priority                                   = 100
    direction                                  = "Inbound"
    access                                     = "Allow"
    protocol                                   = "Tcp"
    source_address_prefix                      = "Internet"
    source_port_range                          = "*"
    destination_application_security_group_ids = [azurerm_application_security_group.frontends.id]
    destination_port_ranges                    = var.ports
  }
}

resource "azurerm_network_security_rule" "mail" {
  name                        = "mail"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.app.name
  priority                    = 4096
  direction                   = "Outbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefixes     = ["10.0.1.0/24", "10.0.2.7"]
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = 25
}

resource "azurerm_route_table" "rt" {
  name                          = "rt"
  resource_group_name           = azurerm_resource_group.main.name
  bgp_route_propagation_enabled = false

  route {
    name                   = "default"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = azurerm_firewall.fw.ip_configuration[0].private_ip_address
  }
}

resource "azurerm_virtual_network" "main" {
  name                = "${var.prefix}-vnet"
  resource_group_name = azurerm_resource_group.main.name
  address_space       = ["10.0.0.0/16"]
  dns_servers         = ["10.0.1.5"]
}

locals {
  subnets = {
    app = {
      name      = "app"
      prefix    = "10.0.1.0/24"
      endpoints = ["Microsoft.Storage"]
    }
    firewall = {
      name      = "AzureFirewallSubnet"
      prefix    = "10.0.9.0/26"
      endpoints = []
    }
  }
}

resource "azurerm_subnet" "all" {
  for_each             = local.subnets
  name                 = each.value.name
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = [each.value.prefix]
  service_endpoints    = each.value.endpoints
}

resource "azurerm_subnet_network_security_group_association" "app" {
  subnet_id                 = azurerm_subnet.all["app"].id
  network_security_group_id = azurerm_network_security_group.app.id
}

resource "azurerm_subnet_route_table_association" "app" {
  subnet_id      = azurerm_subnet.all["app"].id
  route_table_id = azurerm_route_table.rt.id
}

resource "azurerm_public_ip" "fw" {
  name                = "fw-pip"
  resource_group_name = azurerm_resource_group.main.name
  sku                 = "Standard"
}

resource "azurerm_firewall_policy" "policy" {
  name                = "policy"
  resource_group_name = azurerm_resource_group.main.name
}

resource "azurerm_firewall_policy_rule_collection_group" "group" {
  name               = "group"
  firewall_policy_id = azurerm_firewall_policy.policy.id
  priority           = 200

  network_rule_collection {
    name     = "kms"
    priority = 300
    action   = "Allow"

    rule {
      name                  = "activate"
      protocols             = ["TCP"]
      source_addresses      = ["*"]
      destination_addresses = ["20.118.99.224", "40.83.235.53"]
      destination_ports     = ["1688"]
    }
  }
}

resource "azurerm_firewall" "fw" {
  name                = "fw"
  resource_group_name = azurerm_resource_group.main.name
  firewall_policy_id  = azurerm_firewall_policy.policy.id

  ip_configuration {
    name                 = "ip"
    subnet_id            = azurerm_subnet.all["firewall"].id
    public_ip_address_id = azurerm_public_ip.fw.id
  }
}

resource "azurerm_lb" "lb" {
  name                = "lb"
  resource_group_name = azurerm_resource_group.main.name

  frontend_ip_configuration {
    name               = "front"
    private_ip_address = "10.0.1.100"
    subnet_id          = azurerm_subnet.all["app"].id
  }
}

resource "azurerm_lb_backend_address_pool" "pool" {
  name            = "pool"
  loadbalancer_id = azurerm_lb.lb.id
}

resource "azurerm_lb_probe" "health" {
  name            = "health"
  loadbalancer_id = azurerm_lb.lb.id
  protocol        = "Tcp"
  port            = 8080
}

resource "azurerm_lb_rule" "web" {
  name                           = "web"
  loadbalancer_id                = azurerm_lb.lb.id
  frontend_ip_configuration_name = "front"
  protocol                       = "Tcp"
  frontend_port                  = 80
  backend_port                   = 8080
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.pool.id]
  probe_id                       = azurerm_lb_probe.health.id
}

resource "azurerm_network_interface" "nic" {
  name                = "nic"
  resource_group_name = azurerm_resource_group.main.name

  ip_configuration {
    name                          = "primary"
    subnet_id                     = azurerm_subnet.all["app"].id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_network_interface_backend_address_pool_association" "nic" {
  network_interface_id    = azurerm_network_interface.nic.id
  ip_configuration_name   = "primary"
  backend_address_pool_id = azurerm_lb_backend_address_pool.pool.id
}

resource "azurerm_network_interface_application_security_group_association" "nic" {
  network_interface_id          = azurerm_network_interface.nic.id
  application_security_group_id = azurerm_application_security_group.frontends.id
}

resource "azurerm_windows_virtual_machine" "vm" {
  name                  = "vm"
  resource_group_name   = azurerm_resource_group.main.name
  network_interface_ids = [azurerm_network_interface.nic.id]

  identity {
    type = "SystemAssigned"
  }
}
