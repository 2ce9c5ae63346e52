//! What data sources find in the configuration, and what is known of ids.

use super::*;

const NETWORK: &str = r#"
variable "prefix" {}
resource "azurerm_virtual_network" "hub" {
  name                = "${var.prefix}-hub"
  resource_group_name = "net"
  address_space       = ["10.0.0.0/16"]
}
"#;

fn with(text: &str) -> Deployment {
    evaluate(&format!("{NETWORK}{text}"))
}

#[test]
fn a_data_source_named_by_a_resource_finds_what_the_resource_says() {
    let deployment = with(
        r#"
data "azurerm_virtual_network" "hub" {
  name                = azurerm_virtual_network.hub.name
  resource_group_name = azurerm_virtual_network.hub.resource_group_name
}
data "azurerm_virtual_network" "other" {
  name                = azurerm_virtual_network.hub.resource_group_name
  resource_group_name = "net"
}
resource "terraform_data" "read" {
  input = {
    found = data.azurerm_virtual_network.hub.address_space
    other = data.azurerm_virtual_network.other.address_space
  }
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "{found=[10.0.0.0/16],other=?data.azurerm_virtual_network.other.address_space}"
    );
}

#[test]
fn the_parts_of_an_id_are_known_before_the_id_is() {
    let deployment = with(
        r#"
resource "terraform_data" "read" {
  input = {
    group = split("/", azurerm_virtual_network.hub.id)[4]
    name  = element(split("/", azurerm_virtual_network.hub.id), 8)
  }
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "{group=net,name=${var.prefix}-hub}"
    );
}

#[test]
fn the_subscription_is_one_wherever_it_is_asked_for() {
    let deployment = with(
        r#"
data "azurerm_client_config" "me" {}
data "azurerm_subscription" "mine" {}
resource "terraform_data" "read" {
  input = [
    data.azurerm_client_config.me.subscription_id == data.azurerm_subscription.mine.subscription_id,
    data.azurerm_subscription.mine.id == "/subscriptions/${data.azurerm_client_config.me.subscription_id}",
    split("/", azurerm_virtual_network.hub.id)[2] == data.azurerm_client_config.me.subscription_id,
  ]
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "[true,true,true]"
    );
}
