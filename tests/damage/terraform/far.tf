variable "from" { type = list(string) }
resource "azurerm_route_table" "far" {
  name                = "far"
  resource_group_name = "far"
  location            = "westeurope"
  route {
    name                   = "out"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = length(var.from) > 0 ? "10.0.0.4" : null
  }
}
