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

#[test]
fn addresses_that_are_fixed_are_attributes_of_what_has_them() {
    let deployment = with(
        r#"
resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = "net"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.1.0/24"]
}
data "azurerm_subnet" "app" {
  name                 = azurerm_subnet.app.name
  resource_group_name  = "net"
  virtual_network_name = azurerm_virtual_network.hub.name
}
resource "azurerm_network_interface" "nva" {
  ip_configuration {
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.0.1.4"
  }
  ip_configuration {
    private_ip_address_allocation = "Dynamic"
  }
}
resource "azurerm_lb" "front" {
  frontend_ip_configuration {
    public_ip_address_id = azurerm_public_ip.front.id
  }
  frontend_ip_configuration {
    private_ip_address_allocation = "static"
    private_ip_address            = "10.0.1.5"
  }
}
resource "azurerm_public_ip" "front" {}
resource "azurerm_linux_virtual_machine" "nva" {
  network_interface_ids = [azurerm_network_interface.nva.id]
}
resource "azurerm_windows_virtual_machine" "picked" {
  network_interface_ids = [azurerm_network_interface.picked.id]
}
resource "azurerm_network_interface" "picked" {
  ip_configuration {
    private_ip_address_allocation = "Dynamic"
  }
}
resource "terraform_data" "read" {
  input = {
    interface = azurerm_network_interface.nva.private_ip_address
    all       = azurerm_network_interface.nva.private_ip_addresses
    balancer  = azurerm_lb.front.private_ip_address
    balancers = azurerm_lb.front.private_ip_addresses
    machine   = azurerm_linux_virtual_machine.nva.private_ip_address
    picked    = azurerm_windows_virtual_machine.picked.private_ip_address
    prefix    = azurerm_subnet.app.address_prefix
    looked_up = data.azurerm_subnet.app.address_prefix
  }
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "{all=?azurerm_network_interface.nva.private_ip_addresses,balancer=10.0.1.5,\
         balancers=[10.0.1.5],interface=10.0.1.4,looked_up=10.0.1.0/24,machine=10.0.1.4,\
         picked=?azurerm_network_interface.picked.private_ip_address,prefix=10.0.1.0/24}"
    );
}

#[test]
fn configurations_of_the_provider_may_go_to_other_subscriptions() {
    let same = |providers: &str| {
        let deployment = evaluate(&format!(
            "{providers}
data \"azurerm_client_config\" \"own\" {{}}
data \"azurerm_client_config\" \"core\" {{ provider = azurerm.core }}
resource \"terraform_data\" \"read\" {{
  input = data.azurerm_client_config.core.subscription_id == data.azurerm_client_config.own.subscription_id
}}
"
        ));
        attribute(&deployment, "terraform_data.read", "input")
    };
    let own = "provider \"azurerm\" { subscription_id = var.spoke }\nvariable \"spoke\" {}\n";
    let core = |says: &str| format!("provider \"azurerm\" {{\n alias = \"core\"\n {says}\n}}\n");
    // All take what the environment says.
    assert_eq!(same(&core("")), "true");
    assert_eq!(
        same(&format!("{own}{}", core("subscription_id = var.spoke"))),
        "true"
    );
    for says in ["", "subscription_id = var.hub"] {
        let compared = same(&format!("{own}{}", core(says)));
        assert!(compared.starts_with('?'), "{compared}");
    }
}

#[test]
fn a_call_hands_configurations_of_the_provider_on() {
    let files = Files::new(&[
        (
            "main.tf",
            "provider \"azurerm\" { subscription_id = \"a\" }
provider \"azurerm\" {
  alias           = \"hub\"
  subscription_id = \"b\"
}
module \"net\" {
  source    = \"./net\"
  providers = { azurerm = azurerm, azurerm.core = azurerm.hub }
}
",
        ),
        (
            "net/main.tf",
            "data \"azurerm_client_config\" \"core\" { provider = azurerm.core }
resource \"terraform_data\" \"read\" { input = data.azurerm_client_config.core.subscription_id }
",
        ),
    ]);
    let deployment = files.deployment();
    assert_eq!(
        attribute(&deployment, "module.net.terraform_data.read", "input"),
        "b"
    );
}
