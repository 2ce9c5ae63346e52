//! Resources of `azapi` become the ARM resources they ask for.

use super::*;
use crate::eval::Dialect;
use crate::eval::value::Bounds;

const GROUP: &str = r#"
variable "prefix" {}
resource "azurerm_resource_group" "net" {
  name     = "net"
  location = "westeurope"
}
resource "azapi_resource" "hub" {
  type      = "microsoft.network/VirtualNetworks@2024-05-01"
  name      = "hub"
  parent_id = azurerm_resource_group.net.id
  location  = "westeurope"
  body      = { properties = { addressSpace = { addressPrefixes = ["10.0.0.0/16"] } } }
}
"#;

fn with(text: &str) -> Deployment {
    evaluate(&format!("{GROUP}{text}"))
}

/// An id as far as it is known, the subscription as `S`.
fn id(resource: &Resource) -> String {
    let key = resource.id.as_ref().expect("an id");
    let mut text = String::new();
    for (place, part) in key.0.split('\u{1}').enumerate() {
        match part.split_once('\u{2}') {
            Some((_, after)) if place > 0 => {
                text.push('S');
                text.push_str(after);
            }
            _ => text.push_str(part),
        }
    }
    text
}

#[test]
fn a_request_is_an_arm_resource_under_its_terraform_address() {
    let deployment = with("");
    let hub = resource(&deployment, "azapi_resource.hub");
    assert_eq!(&*hub.kind, "Microsoft.Network/virtualNetworks");
    assert_eq!(hub.dialect, Dialect::Arm);
    assert_eq!(&*hub.key.0, "azapi_resource.hub");
    assert_eq!(
        id(hub),
        "/subscriptions/S/resourcegroups/net/providers/microsoft.network/virtualnetworks/hub"
    );
    assert_eq!(
        show(&hub.body),
        "{name=hub,location=westeurope,properties={addressSpace={addressPrefixes=[10.0.0.0/16]}}}"
    );
    let group = resource(&deployment, "azurerm_resource_group.net");
    assert_eq!(group.dialect, Dialect::Azurerm);
}

#[test]
fn a_child_belongs_to_what_its_parent_id_is_the_id_of() {
    let deployment = with(
        r#"
resource "azurerm_virtual_network" "spoke" {
  name                = "spoke"
  resource_group_name = azurerm_resource_group.net.name
}
resource "azapi_resource" "app" {
  type      = "Microsoft.Network/virtualNetworks/subnets@2024-05-01"
  name      = "app"
  parent_id = azurerm_virtual_network.spoke.id
}
resource "azapi_resource" "db" {
  type      = "Microsoft.Network/virtualNetworks/subnets@2024-05-01"
  name      = "db"
  parent_id = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub"
}
"#,
    );
    let app = resource(&deployment, "azapi_resource.app");
    assert_eq!(
        &*app.parent.as_ref().unwrap().0,
        "azurerm_virtual_network.spoke"
    );
    assert_eq!(
        id(app),
        "/subscriptions/S/resourcegroups/net/providers/microsoft.network/virtualnetworks/spoke/subnets/app"
    );
    let db = resource(&deployment, "azapi_resource.db");
    let parent =
        "/subscriptions/s/resourcegroups/net/providers/microsoft.network/virtualnetworks/hub";
    assert_eq!(&*db.parent.as_ref().unwrap().0, parent);
    assert_eq!(id(db), format!("{parent}/subnets/db"));
}

#[test]
fn a_body_is_an_object_encoded_text_or_a_heredoc_and_points_at_what_was_typed() {
    let text = r#"
resource "azapi_resource" "encoded" {
  type      = "Microsoft.Network/routeTables@2024-05-01"
  name      = "encoded"
  parent_id = azurerm_resource_group.net.id
  body      = jsonencode({ properties = { disableBgpRoutePropagation = true, note = var.prefix } })
}
resource "azapi_resource" "heredoc" {
  type      = "Microsoft.Network/routeTables@2024-05-01"
  name      = "heredoc"
  parent_id = azurerm_resource_group.net.id
  body      = <<-BODY
    {
      "properties": { "routes": [{ "name": "a-${var.prefix}", "count": ${var.prefix} }],
                      "hop": "10.9.9.9" }
    }
  BODY
}
"#;
    let text = format!("{GROUP}{text}");
    let files = Files::new(&[("main.tf", &text)]);
    let deployment = files.deployment();
    let encoded = &resource(&deployment, "azapi_resource.encoded").body;
    let properties = encoded.get("properties").unwrap();
    assert_eq!(
        show(properties),
        "{disableBgpRoutePropagation=true,note=?var.prefix}"
    );
    let flag = properties.get("disableBgpRoutePropagation").unwrap();
    assert_eq!(files.typed(&deployment, flag), ["true"]);
    let heredoc = &resource(&deployment, "azapi_resource.heredoc").body;
    let properties = heredoc.get("properties").unwrap();
    assert_eq!(
        show(properties.get("routes").unwrap()),
        "[{name=a-${var.prefix},count=?var.prefix}]"
    );
    let hop = properties.get("hop").unwrap();
    assert_eq!(files.typed(&deployment, hop), ["\"10.9.9.9\""]);
}

#[test]
fn a_body_in_a_file_points_into_the_file() {
    let text = format!(
        "{GROUP}{}",
        r#"
resource "azapi_resource" "table" {
  type      = "Microsoft.Network/routeTables@2024-05-01"
  name      = "table"
  parent_id = azurerm_resource_group.net.id
  body      = local.body
}
locals { body = file("body.json") }
"#
    );
    let body = "{ \"properties\": { \"disableBgpRoutePropagation\": false } }";
    let files = Files::new(&[("main.tf", &text), ("body.json", body)]);
    let deployment = files.deployment();
    let value = &resource(&deployment, "azapi_resource.table").body;
    let flag = value.get("properties").unwrap();
    let flag = flag.get("disableBgpRoutePropagation").unwrap();
    let [place] = deployment.origins.literals(flag.origin)[..] else {
        panic!("{flag:?}");
    };
    assert_eq!(place.file, files.id("body.json"));
    assert_eq!(files.slice(place), "false");
}

#[test]
fn text_that_is_no_json_is_told_at_its_place_and_the_resource_stays() {
    let text = format!(
        "{GROUP}{}",
        r#"
resource "azapi_resource" "table" {
  type      = "Microsoft.Network/routeTables@2024-05-01"
  name      = "table"
  parent_id = azurerm_resource_group.net.id
  body      = <<BODY
{ "properties": { oops } }
BODY
}
"#
    );
    let files = Files::new(&[("main.tf", &text)]);
    let deployment = files.deployment();
    resource(&deployment, "azapi_resource.table");
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(told.code, "json-syntax");
    let place = told.primary.as_ref().unwrap().span;
    assert!(files.slice(place).contains("oops"), "{told:?}");
}

#[test]
fn what_the_body_says_can_be_read_from_the_output() {
    let deployment = with(
        r#"
resource "terraform_data" "read" {
  input = {
    space = azapi_resource.hub.output.properties.addressSpace.addressPrefixes[0]
    state = azapi_resource.hub.output.properties.provisioningState
  }
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "{space=10.0.0.0/16,state=?azapi_resource.hub.properties.provisioningState}"
    );
}

#[test]
fn an_update_is_laid_over_the_request_it_changes() {
    let deployment = with(
        r#"
resource "azapi_update_resource" "hub" {
  type        = "Microsoft.Network/virtualNetworks@2024-05-01"
  resource_id = azapi_resource.hub.id
  body = {
    properties = {
      addressSpace        = { addressPrefixes = ["10.0.0.0/16", "10.1.0.0/16"] }
      flowTimeoutInMinutes = 5
    }
  }
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "azapi_resource.hub", "properties"),
        "{addressSpace={addressPrefixes=[10.0.0.0/16,10.1.0.0/16]},flowTimeoutInMinutes=5}"
    );
    assert!(!addresses(&deployment).contains(&"azapi_update_resource.hub".to_owned()));
}

#[test]
fn an_update_that_may_not_be_made_leaves_what_it_changes_open() {
    let deployment = with(
        r#"
variable "more" { type = bool }
resource "azapi_update_resource" "hub" {
  count       = var.more ? 1 : 0
  type        = "Microsoft.Network/virtualNetworks@2024-05-01"
  resource_id = azapi_resource.hub.id
  body        = { properties = { flowTimeoutInMinutes = 5 } }
}
"#,
    );
    let properties = attribute(&deployment, "azapi_resource.hub", "properties");
    assert!(
        properties
            .starts_with("{addressSpace={addressPrefixes=[10.0.0.0/16]},flowTimeoutInMinutes=?"),
        "{properties}"
    );
}

#[test]
fn an_id_is_unknown_but_how_it_is_put_together_is_not() {
    let deployment = with(
        r#"
resource "terraform_data" "read" {
  input = azapi_resource.hub.id
}
"#,
    );
    let value = resource(&deployment, "terraform_data.read");
    let unknown = value.body.get("input").unwrap().as_unknown().unwrap();
    assert!(matches!(unknown.bounds, Bounds::Text(_)));
    let reference = unknown.refers_to.as_ref().unwrap();
    assert_eq!(&*reference.resource.0, "azapi_resource.hub");
}
