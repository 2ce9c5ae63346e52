//! Templates that a configuration deploys.

use super::*;

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "space": { "type": "string" },
    "name": { "type": "string", "defaultValue": "spoke" }
  },
  "resources": [
    {
      "type": "Microsoft.Network/virtualNetworks",
      "apiVersion": "2023-11-01",
      "name": "[parameters('name')]",
      "properties": { "addressSpace": { "addressPrefixes": ["[parameters('space')]"] } }
    }
  ],
  "outputs": {
    "id": { "type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]" },
    "space": { "type": "string", "value": "[parameters('space')]" }
  }
}
"#;

const SPOKE: &str = "Microsoft.Network/virtualNetworks/spoke";

fn of_file(main: &str) -> (Files, Deployment) {
    let files = Files::new(&[("main.tf", main), ("net.json", TEMPLATE)]);
    let deployment = files.deployment();
    let told = &deployment.diagnostics;
    assert!(told.is_empty(), "{told:?}");
    (files, deployment)
}

#[test]
fn a_template_in_a_file_is_evaluated_with_the_parameters_given() {
    let (files, deployment) = of_file(
        r#"
resource "azurerm_resource_group_template_deployment" "net" {
  name                = "net"
  resource_group_name = "hub"
  deployment_mode     = "Incremental"
  template_content    = file("${path.module}/net.json")
  parameters_content  = jsonencode({ space = { value = "10.4.0.0/16" } })
}
"#,
    );
    let spoke = resource(&deployment, SPOKE);
    assert!(
        spoke
            .key
            .0
            .ends_with("/resourcegroups/hub/providers/microsoft.network/virtualnetworks/spoke"),
        "{:?}",
        spoke.key
    );
    let space = spoke.body.get("properties").unwrap();
    let space = space.get("addressSpace").unwrap();
    let space = &space
        .get("addressPrefixes")
        .unwrap()
        .as_list()
        .unwrap()
        .items[0];
    assert_eq!(show(space), "10.4.0.0/16");
    assert_eq!(files.typed(&deployment, space), ["\"10.4.0.0/16\""]);
    let header = deployment.origins.get(spoke.origin).span.unwrap();
    assert_eq!(header.file, files.id("net.json"));
    assert!(deployment.files.contains(&files.id("net.json")));
}

#[test]
fn outputs_can_be_read_once_they_are_known() {
    let (_, deployment) = of_file(
        r#"
resource "azurerm_resource_group_template_deployment" "net" {
  name                = "net"
  resource_group_name = "hub"
  deployment_mode     = "Incremental"
  template_content    = replace(file("net.json"), "resourceId(", "concat(")
  parameters_content  = jsonencode({ space = { value = "10.4.0.0/16" } })
}
resource "terraform_data" "read" {
  input = jsondecode(azurerm_resource_group_template_deployment.net.output_content).space.value
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "10.4.0.0/16"
    );
}

#[test]
fn what_is_interpolated_and_not_known_is_not_known_in_the_template_either() {
    let template = TEMPLATE
        .replace("\"[parameters('space')]\"]", "\"${var.space}\"]")
        .replace("\"space\": { \"type\": \"string\" },", "")
        .replace("\"value\": \"[parameters('space')]\"", "\"value\": \"x\"");
    let text = format!(
        r#"
variable "space" {{}}
variable "group" {{}}
resource "azurerm_resource_group_template_deployment" "net" {{
  name                = "net"
  resource_group_name = var.group
  deployment_mode     = "Incremental"
  template_content    = <<-TEMPLATE
{template}
  TEMPLATE
}}
"#
    );
    let files = Files::new(&[("main.tf", &text)]);
    let deployment = files.deployment();
    let told = &deployment.diagnostics;
    assert!(told.is_empty(), "{told:?}");
    let spoke = resource(&deployment, SPOKE);
    let properties = spoke.body.get("properties").unwrap();
    assert_eq!(
        show(properties),
        "{addressSpace={addressPrefixes=[?var.space]}}"
    );
    assert_eq!(files.typed(&deployment, &spoke.name), ["\"spoke\""]);
}

#[test]
fn an_encoded_template_keeps_what_is_not_known_in_expressions_too() {
    let deployment = evaluate(
        r#"
variable "prefix" {}
resource "azurerm_subscription_template_deployment" "all" {
  name     = "all"
  location = "westeurope"
  template_content = jsonencode({
    "$schema"      = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
    contentVersion = "1.0.0.0"
    resources = [{
      type       = "Microsoft.Resources/resourceGroups"
      apiVersion = "2022-09-01"
      name       = "[concat('${var.prefix}', '-rg')]"
      location   = "[deployment().location]"
      tags       = { of = var.prefix }
    }]
  })
}
"#,
    );
    let group = deployment
        .resources
        .iter()
        .find(|resource| &*resource.kind == "Microsoft.Resources/resourceGroups")
        .unwrap();
    assert_eq!(show(&group.name), "${var.prefix}-rg");
    assert_eq!(show(group.body.get("location").unwrap()), "westeurope");
    assert_eq!(show(group.body.get("tags").unwrap()), "{of=?var.prefix}");
}

#[test]
fn the_old_resource_takes_parameters_that_are_strings() {
    let (_, deployment) = of_file(
        r#"
resource "azurerm_template_deployment" "net" {
  count               = 2
  name                = "net"
  resource_group_name = "hub-${count.index}"
  deployment_mode     = "Incremental"
  template_body       = file("net.json")
  parameters          = { space = "10.${count.index}.0.0/16" }
}
resource "terraform_data" "read" {
  input = azurerm_template_deployment.net[1].outputs["space"]
}
"#,
    );
    assert_eq!(
        attribute(&deployment, "terraform_data.read", "input"),
        "10.1.0.0/16"
    );
    let second = resource(&deployment, &format!("{SPOKE}#2"));
    assert!(second.key.0.contains("/resourcegroups/hub-1/"));
}

#[test]
fn a_template_that_may_not_be_deployed_creates_what_may_not_exist() {
    let (_, deployment) = of_file(
        r#"
variable "on" { type = bool }
resource "azurerm_resource_group_template_deployment" "net" {
  count               = var.on ? 1 : 0
  name                = "net"
  resource_group_name = "hub"
  deployment_mode     = "Incremental"
  template_content    = file("net.json")
  parameters_content  = jsonencode({ space = { value = "10.4.0.0/16" } })
}
"#,
    );
    assert!(addresses(&deployment).contains(&format!("{SPOKE}?")));
}

#[test]
fn a_broken_template_is_told_at_its_place() {
    let broken = TEMPLATE.replace("\"outputs\": {", "\"outputs\": ");
    let main = r#"
resource "azurerm_resource_group_template_deployment" "net" {
  name                = "net"
  resource_group_name = "hub"
  deployment_mode     = "Incremental"
  template_content    = file("net.json")
}
"#;
    let files = Files::new(&[("main.tf", main), ("net.json", &broken)]);
    let deployment = files.deployment();
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(told.code, "json-syntax");
    let place = told.primary.as_ref().unwrap().span;
    assert_eq!(place.file, files.id("net.json"));
}
