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
fn a_resource_lies_in_the_subscription_of_the_provider_it_names() {
    let text = r#"
variable "spoke" {}
provider "azurerm" {
  features {}
}
provider "azurerm" {
  alias           = "hub"
  subscription_id = "11111111-0000"
}
provider "azurerm" {
  alias           = "spoke"
  subscription_id = var.spoke
}
provider "azurerm" {
  alias = "plain"
}
resource "azurerm_resource_group" "own" {
  name = "rg"
}
resource "azurerm_resource_group" "hub" {
  provider = azurerm.hub
  name     = "rg"
}
resource "azurerm_resource_group" "spoke" {
  provider = "azurerm.spoke"
  name     = "rg"
}
resource "azurerm_resource_group" "plain" {
  provider = azurerm.plain
  name     = "rg"
}
resource "azurerm_resource_group" "gone" {
  provider = azurerm.gone
  name     = "rg"
}
data "azurerm_client_config" "hub" {
  provider = azurerm.hub
}
data "azurerm_subscription" "spoke" {
  provider = azurerm.spoke
}
resource "azurerm_x" "x" {
  own   = azurerm_resource_group.own.id
  hub   = azurerm_resource_group.hub.id
  spoke = azurerm_resource_group.spoke.id
  plain = azurerm_resource_group.plain.id
  gone  = azurerm_resource_group.gone.id
  me    = data.azurerm_client_config.hub.subscription_id
  that  = data.azurerm_subscription.spoke.id
}
"#;
    let deployment = Files::new(&[("main.tf", text)]).deployment();
    let id = |name| id(&deployment, "azurerm_x.x", name);
    assert_eq!(id("own"), group(UNSAID));
    assert_eq!(id("hub"), group("11111111-0000"));
    assert_eq!(id("spoke"), group("${var.spoke}"));
    assert_eq!(id("plain"), group(UNSAID));
    assert_eq!(
        id("gone"),
        group("${provider.azurerm.gone.subscription_id}")
    );
    assert_eq!(id("me"), "11111111-0000");
    assert_eq!(id("that"), "/subscriptions/${var.spoke}");
}

#[test]
fn providers_are_passed_down_through_modules() {
    let inner = r#"
terraform {
  required_providers {
    azurerm = {
      source                = "hashicorp/azurerm"
      configuration_aliases = [azurerm.peer]
    }
  }
}
resource "azurerm_resource_group" "own" {
  name = "rg"
}
resource "azurerm_resource_group" "peer" {
  provider = azurerm.peer
  name     = "rg"
}
output "own" { value = azurerm_resource_group.own.id }
output "peer" { value = azurerm_resource_group.peer.id }
"#;
    let middle = r#"
module "inner" {
  source = "./inner"
  providers = {
    azurerm      = azurerm
    azurerm.peer = azurerm.far
  }
}
output "own" { value = module.inner.own }
output "peer" { value = module.inner.peer }
"#;
    let plain = r#"
resource "azurerm_resource_group" "own" {
  name = "rg"
}
output "own" { value = azurerm_resource_group.own.id }
"#;
    let text = r#"
provider "azurerm" {
  subscription_id = "default"
  features {}
}
provider "azurerm" {
  alias           = "hub"
  subscription_id = "hub"
}
module "switched" {
  source = "./middle"
  providers = {
    azurerm     = azurerm.hub
    azurerm.far = azurerm
  }
}
module "plain" {
  source = "./plain"
}
resource "azurerm_x" "x" {
  own   = module.switched.own
  peer  = module.switched.peer
  plain = module.plain.own
}
"#;
    let deployment = Files::new(&[
        ("main.tf", text),
        ("middle/main.tf", middle),
        ("middle/inner/main.tf", inner),
        ("plain/main.tf", plain),
    ])
    .deployment();
    assert_eq!(
        deployment.diagnostics.len(),
        0,
        "{:?}",
        deployment.diagnostics
    );
    let id = |name| id(&deployment, "azurerm_x.x", name);
    assert_eq!(id("own"), group("hub"));
    assert_eq!(id("peer"), group("default"));
    assert_eq!(id("plain"), group("default"));
}

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
