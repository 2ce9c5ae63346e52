//! Every value leads back to where a person typed it.

use super::*;
use crate::origin::{OriginId, OriginStep};

/// The loops and calls a resource came through, as text, innermost first.
fn instances<'f>(
    files: &'f Files,
    deployment: &Deployment,
    origin: OriginId,
) -> Vec<(OriginStep, &'f str)> {
    deployment
        .origins
        .ancestry(origin)
        .into_iter()
        .map(|id| deployment.origins.get(id))
        .filter(|node| node.step.is_instance())
        .filter_map(|node| Some((node.step.clone(), files.slice(node.span?))))
        .collect()
}

#[test]
fn a_port_in_a_variables_file_is_found_through_a_module_and_two_loops() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
variable "groups" { type = any }
module "nsg" {
  source   = "./nsg"
  for_each = var.groups
  rules    = each.value.rules
}
"#,
        ),
        (
            "nsg/main.tf",
            r#"
variable "rules" {
  type = map(object({ port = string, priority = optional(number, 100) }))
}
resource "azurerm_network_security_rule" "this" {
  for_each               = var.rules
  name                   = each.key
  priority               = each.value.priority
  destination_port_range = each.value.port
}
"#,
        ),
        (
            "terraform.tfvars",
            "groups = {\n  web = {\n    rules = {\n      ssh = { port = 22 }\n    }\n  }\n}\n",
        ),
    ]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let rule = resource(
        &deployment,
        "module.nsg[\"web\"].azurerm_network_security_rule.this[\"ssh\"]",
    );
    let port = rule.body.get("destination_port_range").unwrap();
    assert_eq!(show(port), "22");
    assert_eq!(files.typed(&deployment, port), ["22"]);
    let priority = rule.body.get("priority").unwrap();
    assert_eq!(files.typed(&deployment, priority), ["100"]);
    let came = instances(&files, &deployment, rule.origin);
    assert_eq!(
        came[0].1,
        "resource \"azurerm_network_security_rule\" \"this\""
    );
    assert_eq!(
        came[1],
        (OriginStep::ForEach("ssh".into()), "ssh = { port = 22 }")
    );
    let call = came
        .iter()
        .position(|(step, _)| matches!(step, OriginStep::ModuleCall(_)))
        .unwrap();
    assert!(came[call].1.starts_with("module \"nsg\" {"));
    let outer = came
        .iter()
        .find(|(step, _)| *step == OriginStep::ForEach("web".into()))
        .unwrap();
    assert!(outer.1.starts_with("web = {"));
}

#[test]
fn a_flattened_list_of_objects_still_points_at_each_element() {
    let files = Files::new(&[(
        "main.tf",
        r#"
variable "vnets" {
  default = {
    hub = { subnets = { app = "10.0.1.0/24", db = "10.0.2.0/24" } }
  }
}
locals {
  subnets = flatten([
    for vnet, v in var.vnets : [
      for name, prefix in v.subnets : { key = "${vnet}-${name}", prefix = prefix }
    ]
  ])
}
resource "azurerm_subnet" "this" {
  for_each         = { for s in local.subnets : s.key => s }
  name             = each.key
  address_prefixes = [each.value.prefix]
}
"#,
    )]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let subnet = resource(&deployment, "azurerm_subnet.this[\"hub-db\"]");
    let prefixes = subnet.body.get("address_prefixes").unwrap();
    let prefix = &prefixes.as_list().unwrap().items[0];
    assert_eq!(files.typed(&deployment, prefix), ["\"10.0.2.0/24\""]);
    let came = instances(&files, &deployment, subnet.origin);
    assert_eq!(
        came[1],
        (OriginStep::ForEach("hub-db".into()), "db = \"10.0.2.0/24\"")
    );
}

#[test]
fn blocks_point_at_their_headers_or_elements() {
    let files = Files::new(&[(
        "main.tf",
        r#"
locals { base = "10.0" }
resource "azurerm_network_security_group" "n" {
  security_rule {
    name = "typed"
  }
  dynamic "security_rule" {
    for_each = [{ name = "a", prefix = "${local.base}.1.0/24" }]
    content {
      name   = security_rule.value.name
      prefix = security_rule.value.prefix
      port   = true ? 22 : 80
    }
  }
}
"#,
    )]);
    let deployment = files.deployment();
    let nsg = resource(&deployment, "azurerm_network_security_group.n");
    let rules = nsg.body.get("security_rule").unwrap().as_list().unwrap();
    let node = |index: usize| deployment.origins.get(rules.items[index].origin);
    assert_eq!(files.slice(node(0).span.unwrap()), "security_rule");
    assert_eq!(node(1).step, OriginStep::DynamicBlock("0".into()));
    assert_eq!(
        files.slice(node(1).span.unwrap()),
        "{ name = \"a\", prefix = \"${local.base}.1.0/24\" }"
    );
    let prefix = rules.items[1].get("prefix").unwrap();
    assert_eq!(
        files.typed(&deployment, prefix),
        ["\"10.0\"", "\"${local.base}.1.0/24\""]
    );
    let port = rules.items[1].get("port").unwrap();
    assert_eq!(files.typed(&deployment, port), ["22"]);
}

#[test]
fn hops_name_the_way() {
    let files = Files::new(&[
        (
            "main.tf",
            "variable \"ports\" {}\nlocals { ssh = var.ports.ssh }\nresource \"azurerm_x\" \"a\" { port = local.ssh }\nresource \"azurerm_x\" \"b\" { port = azurerm_x.a.port }\n",
        ),
        ("terraform.tfvars", "ports = { ssh = 22, rdp = 3389 }"),
    ]);
    let deployment = files.deployment();
    let port = resource(&deployment, "azurerm_x.b")
        .body
        .get("port")
        .unwrap();
    let steps: Vec<OriginStep> = deployment
        .origins
        .ancestry(port.origin)
        .into_iter()
        .map(|id| deployment.origins.get(id).step.clone())
        .filter(|step| *step != OriginStep::Literal)
        .collect();
    assert_eq!(
        steps,
        [
            OriginStep::Attribute("azurerm_x.a".into()),
            OriginStep::Local("ssh".into()),
            OriginStep::VariablesFile("ports".into()),
        ]
    );
    assert_eq!(files.typed(&deployment, port), ["22"]);
}

#[test]
fn values_of_a_decoded_file_point_at_their_places_in_it() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
locals {
  json = jsondecode(file("${path.module}/rules.json"))
  yaml = yamldecode(file("rules.yaml"))
}
resource "azurerm_network_security_rule" "json" {
  for_each                   = { for rule in local.json.rules : rule.name => rule }
  priority                   = each.value.priority
  destination_port_range     = each.value.ports[1]
}
resource "azurerm_network_security_rule" "yaml" {
  priority               = local.yaml.rules[0].priority
  destination_port_range = local.yaml.rules[0].ports[1]
}
"#,
        ),
        (
            "rules.json",
            r#"{ "rules": [{ "name": "a", "priority": 100, "ports": ["22", "80"] }] }"#,
        ),
        (
            "rules.yaml",
            "rules:\n- name: b\n  priority: 200\n  ports: ['23', \"81\"]\n",
        ),
    ]);
    let deployment = files.deployment();
    for (address, priority, port) in [
        ("azurerm_network_security_rule.json[\"a\"]", "100", "\"80\""),
        ("azurerm_network_security_rule.yaml", "200", "\"81\""),
    ] {
        let rule = resource(&deployment, address);
        let value = |name| rule.body.get(name).unwrap();
        assert_eq!(files.typed(&deployment, value("priority")), [priority]);
        let found = files.typed(&deployment, value("destination_port_range"));
        assert_eq!(found, [port]);
    }
}
