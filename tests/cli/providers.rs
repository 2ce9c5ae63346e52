//! Resources of one name in the subscriptions of two providers.

use crate::program::Case;

fn configuration(provider: &str) -> String {
    format!(
        r#"variable "hub" {{}}
provider "azurerm" {{
  features {{}}
}}
provider "azurerm" {{
  alias           = "hub"
  subscription_id = var.hub
  features {{}}
}}
resource "azurerm_network_security_group" "web" {{
  name                = "web"
  resource_group_name = "rg"
  location            = "westeurope"
}}
resource "azurerm_network_security_rule" "ssh" {{
  {provider}
  name                        = "ssh"
  resource_group_name         = "rg"
  network_security_group_name = "web"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "10.0.0.0/8"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "22"
}}
"#
    )
}

#[test]
fn a_rule_of_another_subscription_is_no_rule_of_the_group_of_that_name_here() {
    let rules = |provider: &str| {
        let case = Case::new(&[(".git/HEAD", ""), ("main.tf", &configuration(provider))]);
        let (_, answer) = case.answer(&["effective", "--nsg", "web"]);
        let inbound = answer["securityRules"]["inbound"].as_array().unwrap();
        inbound.iter().any(|rule| rule["name"] == "ssh")
    };
    assert!(rules(""));
    assert!(!rules("provider = azurerm.hub"));
}

#[test]
fn the_version_that_is_locked_beside_a_root_is_read_although_it_is_hidden() {
    let text = "resource \"azurerm_public_ip\" \"a\" {\n  name                = \"a\"\n  \
                resource_group_name = \"rg\"\n  location            = \"westeurope\"\n  \
                allocation_method   = \"Static\"\n}\n";
    let lock =
        "provider \"registry.terraform.io/hashicorp/azurerm\" {\n  version = \"4.14.0\"\n}\n";
    let missing = "the version of the azurerm provider (`version` in `required_providers`, or \
                   .terraform.lock.hcl)";
    let told = |files: &[(&str, &str)]| {
        let case = Case::new(files);
        case.run(&["resources", "-o", "json"])
            .stdout
            .contains(missing)
    };
    let open = [
        (".git/HEAD", ""),
        (".gitignore", ".*"),
        ("live/main.tf", text),
    ];
    assert!(told(&open));
    assert!(!told(
        &[&open[..], &[("live/.terraform.lock.hcl", lock)]].concat()
    ));
}
