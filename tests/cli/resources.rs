//! `aznet resources`: what the files were understood as, and what is not known.

use serde_json::Value;

use crate::program::Case;

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "office": { "type": "string" },
    "prefix": { "type": "string" },
    "withNetwork": { "type": "bool" }
  },
  "resources": [
    { "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
      "name": "[format('{0}-door', parameters('prefix'))]",
      "properties": { "securityRules": [
        { "name": "ssh", "properties": { "priority": 110, "direction": "Inbound",
          "access": "Allow", "protocol": "Tcp",
          "sourceAddressPrefixes": ["192.0.2.0/28", "[parameters('office')]"],
          "sourcePortRange": "*", "destinationAddressPrefix": "*",
          "destinationPortRange": "22" } },
        { "name": "late", "properties": { "priority": 5000, "direction": "Outbound",
          "access": "Deny", "protocol": "*", "sourceAddressPrefix": "[parameters('office')]",
          "sourcePortRange": "*", "destinationAddressPrefix": "*",
          "destinationPortRange": "*" } } ] } },
    { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
      "condition": "[parameters('withNetwork')]",
      "properties": { "addressSpace": { "addressPrefixes": ["10.7.0.0/16"] },
        "subnets": [ { "name": "front", "properties": { "addressPrefix": "10.7.3.0/24",
          "networkSecurityGroup": { "id": "[resourceId('Microsoft.Network/networkSecurityGroups',
            format('{0}-door', parameters('prefix')))]" } } } ] } }
  ]
}
"#;

fn field<'a>(element: &'a Value, name: &str) -> &'a Value {
    let fields = element["fields"].as_array().unwrap();
    fields.iter().find(|field| field["name"] == name).unwrap()
}

#[test]
fn every_resource_is_listed_with_what_is_known_of_its_fields() {
    let case = Case::new(&[("main.json", TEMPLATE)]);
    let (code, answer) = case.answer(&["resources"]);
    assert_eq!(code, 0, "{answer}");
    let deployment = &answer["deployments"][0];
    assert_eq!(deployment["name"], "main.json");
    let [group, net] = &deployment["resources"].as_array().unwrap()[..] else {
        panic!("{deployment}");
    };
    assert_eq!(
        group["id"],
        "/subscriptions/${subscription().subscriptionId}/resourcegroups/${resourceGroup().name}\
         /providers/microsoft.network/networksecuritygroups/${parameters('prefix')}-door"
    );
    assert_eq!(group["certain"], true);
    assert_eq!(net["certain"], false);
    assert_eq!(net["dependsOn"][0]["what"], "parameters('withNetwork')");
    let ssh = &group["elements"][1];
    assert_eq!(ssh["kind"], "security rule");
    let source = field(ssh, "source");
    assert_eq!(source["state"], "partly");
    assert_eq!(source["values"], serde_json::json!(["192.0.2.0/28"]));
    assert_eq!(source["missing"][0]["reason"], "no-value");
    assert_eq!(source["missing"][0]["line"], 5);
    let priority = field(&group["elements"][2], "priority");
    assert_eq!(priority["state"], "invalid");
    assert_eq!(priority["values"], serde_json::json!(["5000"]));
    let nsg = field(&net["elements"][1], "nsg");
    assert_eq!(nsg["state"], "known");
    assert_eq!(nsg["values"][0], group["address"]);
}

#[test]
fn fields_are_counted_by_kind_and_reason() {
    let case = Case::new(&[("main.json", TEMPLATE)]);
    let (_, answer) = case.answer(&["resources", "--summary"]);
    assert!(answer["deployments"][0]["resources"].is_null());
    let summary = &answer["summary"];
    assert_eq!(summary["resourceCount"], 2);
    assert_eq!(summary["perhaps"], 1);
    let rules = &summary["elements"]["security rule"];
    // Eight fields each: one list is known in part, one is not known, one priority is refused.
    assert_eq!(rules["elements"], 2);
    assert_eq!(rules["known"], 13);
    assert_eq!(rules["partly"], 1);
    assert_eq!(rules["unknown"], 1);
    assert_eq!(rules["invalid"], 1);
    assert_eq!(rules["reasons"], serde_json::json!({ "no-value": 2 }));
}

#[test]
fn people_read_what_would_settle_what_is_not_known() {
    let case = Case::new(&[("main.json", TEMPLATE)]);
    let outcome = case.run(&["resources"]);
    assert_eq!(outcome.code, 0);
    let text = &outcome.stdout;
    for wanted in [
        "2 resources (1 perhaps): 1 network security group, 2 security rules",
        "? Microsoft.Network/virtualNetworks/net",
        "perhaps: depends on parameters('withNetwork')",
        "? parameters('office')",
        "give it a value in a variables or parameter file",
        "5000 is not within 100 to 4096",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(!text.contains("10.7.3.0/24"), "{text}");
    let fields = case.run(&["resources", "--fields"]).stdout;
    assert!(fields.contains("address_prefixes: 10.7.3.0/24"), "{fields}");
}

#[test]
fn a_file_that_cannot_be_read_fails_the_list_and_the_rest_is_listed() {
    let case = Case::new(&[("main.json", TEMPLATE), ("broken.tf", "resource {{{")]);
    let (code, answer) = case.answer(&["resources"]);
    assert_eq!(code, 2);
    assert_eq!(answer["summary"]["resourceCount"], 2);
    assert_eq!(answer["diagnostics"][0]["path"], "broken.tf");
}

#[test]
fn parts_of_terraform_resources_are_listed_with_them() {
    let text = r#"
resource "azurerm_route_table" "out" {
  name                = "out"
  location            = "westeurope"
  resource_group_name = "net"
  route {
    name                   = "all"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = var.appliance
  }
}
variable "appliance" {}
"#;
    let case = Case::new(&[("main.tf", text)]);
    let (code, answer) = case.answer(&["resources"]);
    assert_eq!(code, 0, "{answer}");
    let resources = answer["deployments"][0]["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 1, "{answer}");
    let route = &resources[0]["elements"][1];
    assert_eq!(route["kind"], "route");
    assert_eq!(field(route, "prefix")["values"][0], "0.0.0.0/0");
    let hop = field(route, "next_hop_address");
    assert_eq!(hop["missing"][0]["what"], "var.appliance");
}

#[test]
fn the_configured_cloud_answers_what_the_environment_is() {
    let template = r#"{
      "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      "contentVersion": "1.0.0.0",
      "resources": [ { "type": "Microsoft.Network/networkSecurityGroups", "name":
        "[concat('g-', environment().name)]", "apiVersion": "2024-05-01", "properties": {} } ] }"#;
    for (configuration, name) in [
        ("cloud: china", "g-AzureChinaCloud"),
        ("fail-on: error", "g-AzureCloud"),
    ] {
        let case = Case::new(&[("main.json", template), ("aznet.yaml", configuration)]);
        let (_, answer) = case.answer(&["resources"]);
        let address = &answer["deployments"][0]["resources"][0]["address"];
        let expected = format!("Microsoft.Network/networkSecurityGroups/{name}");
        assert_eq!(*address, expected, "{configuration}: {answer}");
    }
}

#[test]
fn outputs_are_told_as_far_as_they_are_known() {
    let text = r#"
variable "office" {}
output "listed" { value = ["192.0.2.0/28", var.office] }
output "name"   { value = upper("edge") }
output "open"   { value = { for at in [var.office] : "at-${at}" => 7 } }
output "secret" {
  value     = "hidden-away"
  sensitive = true
}
"#;
    let template = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "zone": { "type": "bool" } },
  "resources": [],
  "outputs": {
    "sum": { "type": "int", "value": "[add(40, 2)]" },
    "left": { "condition": false, "type": "string", "value": "left out" },
    "maybe": { "condition": "[parameters('zone')]", "type": "string", "value": "x" },
    "key": { "type": "secureString", "value": "hidden-away" }
  }
}"#;
    let case = Case::new(&[("main.tf", text), ("main.json", template)]);
    let (code, answer) = case.answer(&["resources"]);
    assert_eq!(code, 0, "{answer}");
    let of = |deployment: usize, name: &str| {
        let outputs = answer["deployments"][deployment]["outputs"].as_array();
        let found = outputs.unwrap().iter().find(|it| it["name"] == name);
        found.cloned().unwrap_or_default()
    };
    assert_eq!(of(0, "sum")["value"], 42);
    assert_eq!(of(0, "sum")["state"], "known");
    assert!(of(0, "left").is_null());
    assert_eq!(of(0, "maybe")["state"], "unknown");
    assert_eq!(of(0, "maybe")["missing"][0]["what"], "parameters('zone')");
    assert_eq!(of(1, "name")["value"], "EDGE");
    assert_eq!(of(1, "listed")["state"], "partly");
    let listed = serde_json::json!(["192.0.2.0/28", "${var.office}"]);
    assert_eq!(of(1, "listed")["value"], listed);
    assert_eq!(of(1, "listed")["missing"][0]["line"], 2);
    assert_eq!(of(1, "listed")["line"], 3);
    assert_eq!(of(1, "open")["value"], serde_json::json!({ "...": null }));
    assert!(!answer.to_string().contains("hidden-away"), "{answer}");
    let text = case.run(&["resources", "--fields"]).stdout;
    assert!(text.contains("Outputs"), "{text}");
    assert!(text.contains("sensitive"), "{text}");
    assert!(!text.contains("hidden-away"), "{text}");
}

#[test]
fn what_a_plan_and_an_open_version_leave_open_is_settled_otherwise_than_a_variable() {
    let plan = serde_json::json!({
        "format_version": "1.2", "terraform_version": "1.9.8",
        "planned_values": { "root_module": { "resources": [
            { "address": "azurerm_network_interface.web", "mode": "managed",
              "type": "azurerm_network_interface", "name": "web",
              "values": { "name": "web", "ip_configuration": [ { "name": "ip" } ] } },
        ] } },
        "resource_changes": [
            { "address": "azurerm_network_interface.web", "mode": "managed",
              "type": "azurerm_network_interface", "name": "web",
              "change": { "actions": ["create"], "after": {
                    "name": "web", "ip_configuration": [ { "name": "ip" } ] },
                  "after_unknown": { "ip_configuration": [ { "subnet_id": true } ] } } },
        ],
        "configuration": { "root_module": { "resources": [
            { "address": "azurerm_network_interface.web", "mode": "managed",
              "type": "azurerm_network_interface", "name": "web",
              "expressions": { "ip_configuration": [ { "subnet_id": { "references":
                  ["module.net.ids[\"web\"]", "module.net.ids", "module.net"] } } ] } } ],
            "module_calls": { "net": { "source": "./net", "module": {
                "outputs": { "ids": { "expression": { "references": ["azurerm_subnet.all"] } } },
                "resources": [ { "address": "azurerm_subnet.all", "mode": "managed",
                    "type": "azurerm_subnet", "name": "all", "expressions": {},
                    "for_each_expression": { "references": ["var.all"] } } ] } } } } },
    });
    let main = "resource \"azurerm_public_ip\" \"web\" {\n  name = \"web\"\n  \
                allocation_method = \"Static\"\n}\n";
    let case = Case::new(&[("ci/plan.json", &plan.to_string()), ("net/main.tf", main)]);
    let plan = case.run(&["resources", "ci"]).stdout;
    assert!(plan.contains("the plan does not tell"), "{plan}");
    assert!(plan.contains("module.net.ids[\"web\"]"), "{plan}");
    assert!(!plan.contains("check a plan"), "{plan}");
    let source = case.run(&["resources", "net"]).stdout;
    let version = "the version of the azurerm provider";
    assert!(source.contains(version), "{source}");
    assert!(source.contains("`required_providers`"), "{source}");
    assert!(!source.contains("variables or parameter file"), "{source}");
}
