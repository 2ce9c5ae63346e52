resource "azurerm_resource_group" "all" {
  location = "northeurope"
}
