resource "azurerm_resource_group" "main" {
  name     = "hybrid"
  location = "westeurope"
}

resource "azurerm_virtual_network" "hub" {
  name                = "hub"
  resource_group_name = azurerm_resource_group.main.name
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.0.0/27"]

  private_endpoint_network_policies = "Disabled"
}

resource "azurerm_subnet" "data" {
  name                 = "data"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.1.0/24"]

  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "RouteTableEnabled"
}

resource "azurerm_virtual_network_peering" "out" {
  name                         = "out"
  resource_group_name          = azurerm_resource_group.main.name
  virtual_network_name         = azurerm_virtual_network.hub.name
  remote_virtual_network_id    = azurerm_virtual_network.hub.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = true
  use_remote_gateways          = false

  peer_complete_virtual_networks_enabled = false
}

resource "azurerm_public_ip" "out" {
  name                = "out"
  resource_group_name = azurerm_resource_group.main.name
  allocation_method   = "Static"
  sku                 = "Standard"
}

resource "azurerm_public_ip_prefix" "more" {
  name                = "more"
  resource_group_name = azurerm_resource_group.main.name
}

resource "azurerm_nat_gateway" "nat" {
  name                = "nat"
  resource_group_name = azurerm_resource_group.main.name
  sku_name            = "Standard"
}

resource "azurerm_nat_gateway_public_ip_association" "nat" {
  nat_gateway_id       = azurerm_nat_gateway.nat.id
  public_ip_address_id = azurerm_public_ip.out.id
}

resource "azurerm_nat_gateway_public_ip_prefix_association" "nat" {
  nat_gateway_id      = azurerm_nat_gateway.nat.id
  public_ip_prefix_id = azurerm_public_ip_prefix.more.id
}

resource "azurerm_subnet_nat_gateway_association" "data" {
  subnet_id      = azurerm_subnet.data.id
  nat_gateway_id = azurerm_nat_gateway.nat.id
}

resource "azurerm_local_network_gateway" "site" {
  name                = "site"
  resource_group_name = azurerm_resource_group.main.name
  gateway_address     = "203.0.113.1"
  address_space       = ["192.168.0.0/16", "172.16.8.0/24"]
}

resource "azurerm_virtual_network_gateway" "vpn" {
  name                = "vpn"
  resource_group_name = azurerm_resource_group.main.name
  type                = "Vpn"
  bgp_enabled         = false

  default_local_network_gateway_id = azurerm_local_network_gateway.site.id

  ip_configuration {
    name      = "ip"
    subnet_id = azurerm_subnet.gateway.id
  }

  vpn_client_configuration {
    address_space = ["10.200.0.0/24"]
  }
}

resource "azurerm_virtual_network_gateway_connection" "site" {
  name                       = "site"
  resource_group_name        = azurerm_resource_group.main.name
  type                       = "IPsec"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.vpn.id
  local_network_gateway_id   = azurerm_local_network_gateway.site.id
  bgp_enabled                = true
}

resource "azurerm_private_endpoint" "blob" {
  name                = "blob"
  resource_group_name = azurerm_resource_group.main.name
  subnet_id           = azurerm_subnet.data.id

  ip_configuration {
    name               = "ip"
    private_ip_address = "10.0.1.9"
  }

  private_service_connection {
    name                              = "blob"
    is_manual_connection              = true
    private_connection_resource_alias = "blob.3e8a.westeurope.azure.privatelinkservice"
    subresource_names                 = ["blob"]
  }
}

resource "azurerm_lb" "out" {
  name                = "lb"
  resource_group_name = azurerm_resource_group.main.name
  sku                 = "Standard"

  frontend_ip_configuration {
    name                = "front"
    public_ip_prefix_id = azurerm_public_ip_prefix.more.id
  }
}

resource "azurerm_lb_backend_address_pool" "pool" {
  name            = "pool"
  loadbalancer_id = azurerm_lb.out.id
}

resource "azurerm_lb_outbound_rule" "out" {
  name                    = "out"
  loadbalancer_id         = azurerm_lb.out.id
  protocol                = "All"
  backend_address_pool_id = azurerm_lb_backend_address_pool.pool.id

  frontend_ip_configuration {
    name = "front"
  }
}
