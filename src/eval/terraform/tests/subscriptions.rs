use super::{Files, attribute, resource, show};
use crate::eval::Deployment;
use crate::eval::value::{Bounds, Value};
use crate::origin::OriginId;

/// The id of a resource as it reads.
fn id(deployment: &Deployment, address: &str, name: &str) -> String {
    let body = &resource(deployment, address).body;
    let value = body.get(name).unwrap();
    match value.as_unknown().map(|unknown| &unknown.bounds) {
        Some(Bounds::Text(pieces)) => show(&Value::from_pieces(pieces.to_vec(), OriginId::NONE)),
        _ => show(value),
    }
}

fn group(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/rg")
}

const UNSAID: &str = "${provider.azurerm.subscription_id}";

#[test]
fn a_provider_that_asks_itself_for_its_subscription_says_nothing() {
    let text = r#"
data "azurerm_subscription" "me" {}
provider "azurerm" {
  subscription_id = data.azurerm_subscription.me.subscription_id
  features {}
}
resource "azurerm_resource_group" "own" {
  name = "rg"
}
resource "azurerm_x" "x" {
  own = azurerm_resource_group.own.id
}
"#;
    let deployment = Files::new(&[("main.tf", text)]).deployment();
    assert_eq!(id(&deployment, "azurerm_x.x", "own"), group(UNSAID));
}

#[test]
fn a_locked_version_is_the_only_one() {
    let text = r#"
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 3.0"
    }
  }
}
resource "azurerm_public_ip" "a" {
  name                = "a"
  resource_group_name = "rg"
  location            = "westeurope"
  allocation_method   = "Static"
}
resource "azurerm_x" "x" {
  sku = azurerm_public_ip.a.sku
}
"#;
    let lock = |version: &str| {
        format!(
            "provider \"registry.terraform.io/hashicorp/random\" {{\n  version = \"3.6.0\"\n}}\n\
             provider \"registry.terraform.io/hashicorp/azurerm\" {{\n  version     = \"{version}\"\n  \
             constraints = \">= 3.0.0\"\n  hashes = [\n    \"h1:abc=\",\n  ]\n}}\n"
        )
    };
    let sku = |locked: Option<&str>| {
        let lock = lock(locked.unwrap_or_default());
        let mut files = vec![("live/main.tf", text)];
        if locked.is_some() {
            files.push(("live/.terraform.lock.hcl", &lock));
        }
        attribute(&Files::new(&files).deployment(), "azurerm_x.x", "sku")
    };
    assert_eq!(sku(None), "(Basic|Standard)");
    assert_eq!(sku(Some("3.117.1")), "Basic");
    assert_eq!(sku(Some("4.14.0")), "Standard");
}
