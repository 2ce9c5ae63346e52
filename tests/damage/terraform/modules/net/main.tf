variable "space" {}
variable "group" {}
resource "azurerm_virtual_network" "net" {
  name                = "net-0"
  resource_group_name = "rg-007"
  location            = "westeurope"
  address_space       = [var.space]
  subnet = [{
    name             = "inline"
    address_prefixes = [cidrsubnet(var.space, 4, 1)]
    security_group   = var.group
  }]
}
resource "azurerm_subnet" "snet" {
  name                 = "snet"
  resource_group_name  = azurerm_virtual_network.net.resource_group_name
  virtual_network_name = azurerm_virtual_network.net.name
  address_prefixes     = [cidrsubnet(var.space, 4, 0)]
}
resource "azurerm_subnet_network_security_group_association" "snet" {
  subnet_id                 = azurerm_subnet.snet.id
  network_security_group_id = var.group
}
output "id" {
  value = azurerm_virtual_network.net.id
}
