//! What is read of plans and states.

use std::sync::Arc;

use super::Plan;
use crate::eval::frontend::{Frontend, GroupOptions, Input, Tree};
use crate::eval::value::Value;
use crate::eval::{Deployment, Loader, Mode, Resource};
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax::json;

/// Files and their trees.
struct Files(SourceMap, Vec<Tree>);

impl Loader for Files {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let (id, file) = self.0.iter().find(|(_, file)| &**file.path() == path)?;
        Some((id, Arc::clone(file)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.1.get(id.0 as usize)
    }

    fn directory(&self, _path: &str) -> Vec<FileId> {
        Vec::new()
    }

    fn path(&self, id: FileId) -> Arc<str> {
        self.0
            .get(id)
            .map_or_else(|| "".into(), |file| Arc::clone(file.path()))
    }
}

fn read(text: &str) -> (Files, Vec<Deployment>, Vec<&'static str>) {
    let mut files = Files(SourceMap::default(), Vec::new());
    let file = Arc::new(SourceFile::new("plans/p.json", text));
    let id = files.0.push(Arc::clone(&file));
    files.1.push(Tree::Json(json::parse(id, &file).tree));
    let (deployments, codes) = {
        let input = Input {
            id,
            file: &file,
            tree: &files.1[0],
        };
        let inputs = if Plan.recognise(&input) {
            vec![input]
        } else {
            Vec::new()
        };
        let grouping = Plan.group(&inputs, &GroupOptions::default());
        let deployments: Vec<Deployment> = grouping
            .units
            .iter()
            .map(|unit| Plan.evaluate(unit, &files))
            .collect();
        let codes = grouping.diagnostics.iter().map(|told| told.code).collect();
        (deployments, codes)
    };
    (files, deployments, codes)
}

fn resource<'d>(deployment: &'d Deployment, address: &str) -> &'d Resource {
    deployment
        .resources
        .iter()
        .find(|resource| &*resource.address == address)
        .unwrap_or_else(|| panic!("no {address}"))
}

/// The value at a path of a body.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(value, |value, step| match step.parse::<usize>() {
            Ok(position) => value.as_list()?.items.get(position),
            Err(_) => value.get(step),
        })
}

const PLAN: &str = r#"{ "format_version": "1.2", "terraform_version": "1.11.4",
  "planned_values": { "root_module": { "resources": [
      { "address": "azurerm_subnet.app", "mode": "managed", "type": "azurerm_subnet", "name": "app",
        "values": { "name": "app", "address_prefixes": ["10.0.0.0/24"], "service_endpoints": null } },
      { "address": "data.azurerm_client_config.me", "mode": "data", "type": "azurerm_client_config",
        "name": "me", "values": {} } ],
    "child_modules": [ { "address": "module.m[\"x\"]", "resources": [
      { "address": "module.m[\"x\"].azurerm_network_interface.n", "mode": "managed",
        "type": "azurerm_network_interface", "name": "n",
        "values": { "name": "n", "ip_configuration": [ { "name": "main" } ] } } ] } ] } },
  "resource_changes": [
    { "address": "azurerm_subnet.app", "change": { "actions": ["create"], "after_unknown": { "id": true,
        "address_prefixes": [false] } } },
    { "address": "azurerm_subnet.old", "change": { "actions": ["delete"], "after": null } },
    { "address": "module.m[\"x\"].azurerm_network_interface.n", "module_address": "module.m[\"x\"]",
      "change": { "actions": ["create"], "after_unknown": { "id": true, "private_ip_address": true,
        "ip_configuration": [ { "subnet_id": true, "private_ip_address": true } ] } } } ],
  "configuration": { "root_module": {
    "resources": [ { "address": "azurerm_subnet.app", "expressions": {
        "name": { "constant_value": "app" }, "address_prefixes": { "constant_value": ["10.0.0.0/24"] } } } ],
    "module_calls": { "m": { "source": "./m",
      "expressions": { "subnet": { "references": ["azurerm_subnet.app.id", "azurerm_subnet.app"] } },
      "module": { "resources": [ { "address": "azurerm_network_interface.n", "expressions": {
          "name": { "constant_value": "n" }, "ip_configuration": [
          { "name": { "constant_value": "main" }, "subnet_id": { "references": ["var.subnet"] } } ] } } ],
        "variables": { "subnet": {} } } } } } } }"#;

#[test]
fn planned_resources_are_read_once_with_the_addresses_of_their_modules() {
    let (_, deployments, _) = read(PLAN);
    let [deployment] = deployments.as_slice() else {
        panic!("{} deployments", deployments.len());
    };
    let found: Vec<(&str, Mode)> = deployment
        .resources
        .iter()
        .map(|resource| (&*resource.address, resource.mode))
        .collect();
    assert_eq!(
        found,
        [
            ("azurerm_subnet.app", Mode::Managed),
            ("data.azurerm_client_config.me", Mode::Existing),
            (
                r#"module.m["x"].azurerm_network_interface.n"#,
                Mode::Managed
            ),
        ]
    );
    assert!(deployment.complete);
    assert_eq!(&*deployment.name, "plans/p.json");
}

#[test]
fn a_value_points_at_the_plan_and_what_the_provider_fills_in_is_not_there() {
    let (files, deployments, _) = read(PLAN);
    let subnet = resource(&deployments[0], "azurerm_subnet.app");
    let prefix = at(&subnet.body, "address_prefixes.0").unwrap();
    let typed = deployments[0].origins.literals(prefix.origin);
    let typed: Vec<&str> = typed.iter().map(|span| files.0.slice(*span)).collect();
    assert_eq!(typed, [r#""10.0.0.0/24""#]);
    assert!(at(&subnet.body, "id").is_none());
    let header = deployments[0].origins.get(subnet.origin).span.unwrap();
    assert_eq!(files.0.slice(header), r#""address": "azurerm_subnet.app""#);
}

#[test]
fn what_is_known_after_the_apply_is_followed_through_the_arguments_of_modules() {
    let (_, deployments, _) = read(PLAN);
    let address = r#"module.m["x"].azurerm_network_interface.n"#;
    let card = resource(&deployments[0], address);
    let subnet = at(&card.body, "ip_configuration.0.subnet_id").unwrap();
    let unknown = subnet.as_unknown().unwrap();
    let reference = unknown.refers_to.as_ref().unwrap();
    assert_eq!(&*reference.resource.0, "azurerm_subnet.app");
    assert_eq!(&*reference.path, "id");
    assert_eq!(&*unknown.label, "azurerm_subnet.app.id");
}

#[test]
fn what_cannot_be_read_is_told() {
    for (text, code) in [
        (
            r#"{ "format_version": "2.0", "planned_values": {} }"#,
            "plan-version",
        ),
        (
            "{ \"@level\": \"info\", \"@message\": \"Terraform 1.11.4\" }\n{ \"@level\": \"info\", \"@message\": \"a\" }",
            "plan-log",
        ),
        (
            r#"{ "version": 3, "terraform_version": "0.11.14", "serial": 1, "lineage": "x", "modules": [] }"#,
            "state-version",
        ),
    ] {
        let (_, deployments, codes) = read(text);
        assert!(deployments.is_empty(), "{text}");
        assert_eq!(codes, [code]);
    }
}

/// A plan of a group whose inline rules are not known, and of a rule that refers to it.
fn with_unknown_rules(references: &str) -> String {
    let written = r#""name": { "constant_value": "web" }"#;
    format!(
        r#"{{ "format_version": "1.2", "planned_values": {{ "root_module": {{ "resources": [
        {{ "address": "azurerm_network_security_group.web", "mode": "managed",
           "type": "azurerm_network_security_group", "name": "web", "values": {{ "name": "web" }} }},
        {{ "address": "azurerm_network_security_rule.ssh[\"a\"]", "mode": "managed",
           "type": "azurerm_network_security_rule", "name": "ssh", "values": {{ "name": "ssh" }} }} ] }} }},
        "resource_changes": [ {{ "address": "azurerm_network_security_group.web",
           "change": {{ "after_unknown": {{ "id": true, "security_rule": true }} }} }},
        {{ "address": "azurerm_network_security_rule.ssh[\"a\"]",
           "change": {{ "after_unknown": {{ "id": true, "network_security_group_name": true }} }} }} ],
        "configuration": {{ "root_module": {{ "resources": [
        {{ "address": "azurerm_network_security_group.web", "expressions": {{ {written} }} }},
        {{ "address": "azurerm_network_security_rule.ssh", "expressions": {{ "network_security_group_name":
           {{ "references": [{references}] }} }} }} ] }} }} }}"#
    )
}

#[test]
fn blocks_the_configuration_does_not_list_are_absent_only_where_others_stand_for_them() {
    let reads =
        r#""azurerm_network_security_group.web.name", "azurerm_network_security_group.web""#;
    let (_, deployments, _) = read(&with_unknown_rules(reads));
    let group = resource(&deployments[0], "azurerm_network_security_group.web");
    assert!(at(&group.body, "security_rule").is_none());
    let (_, deployments, _) = read(&with_unknown_rules(r#""local.name""#));
    let group = resource(&deployments[0], "azurerm_network_security_group.web");
    let rules = at(&group.body, "security_rule").unwrap();
    let unknown = rules.as_unknown().unwrap();
    assert_eq!(
        &*unknown.label,
        "azurerm_network_security_group.web.security_rule"
    );
    let rule = resource(&deployments[0], r#"azurerm_network_security_rule.ssh["a"]"#);
    let name = at(&rule.body, "network_security_group_name").unwrap();
    assert_eq!(&*name.as_unknown().unwrap().label, "local.name");
}

#[test]
fn what_a_loop_is_at_chooses_the_instance_that_is_meant() {
    let text = |index: &str, references: &str| {
        let of = |kind: &str, name: &str, key: &str, extra: &str| {
            format!(
                r#"{{ "address": "{kind}.{name}[\"{key}\"]", "mode": "managed", "type": "{kind}", "name": "{name}", "values": {{ {extra} }} }}"#
            )
        };
        format!(
            r#"{{ "format_version": "1.2", "planned_values": {{ "root_module": {{ "resources": [ {}, {}, {} ] }} }},
            "resource_changes": [ {{ "address": "azurerm_network_interface.n[\"{index}\"]", "change": {{
                "after_unknown": {{ "ip_configuration": [ {{ "subnet_id": true }} ] }} }} }} ],
            "configuration": {{ "root_module": {{ "resources": [ {{ "address": "azurerm_network_interface.n",
                "expressions": {{ "ip_configuration": [ {{ "subnet_id": {{ "references": [{references}] }} }} ] }},
                "for_each_expression": {{ "references": ["azurerm_subnet.s"] }} }} ] }} }} }}"#,
            of("azurerm_subnet", "s", "a", ""),
            of("azurerm_subnet", "s", "b", ""),
            of(
                "azurerm_network_interface",
                "n",
                index,
                r#""ip_configuration": [ { "name": "main" } ]"#
            ),
        )
    };
    let leads_to = |text: &str, index: &str| -> Option<String> {
        let (_, deployments, _) = read(text);
        let card = format!("azurerm_network_interface.n[\"{index}\"]");
        let card = resource(&deployments[0], &card);
        let id = at(&card.body, "ip_configuration.0.subnet_id").unwrap();
        let reference = id.as_unknown()?.refers_to.clone()?;
        Some(format!("{}.{}", reference.resource.0, reference.path))
    };
    let meant = Some(r#"azurerm_subnet.s["b"].id"#.to_owned());
    assert_eq!(
        leads_to(&text("b", r#""azurerm_subnet.s", "each.key""#), "b"),
        meant
    );
    assert_eq!(
        leads_to(&text("b", r#""each.value.id", "each.value""#), "b"),
        meant
    );
    let explicit = r#""azurerm_subnet.s[\"b\"].id", "azurerm_subnet.s[\"b\"]", "azurerm_subnet.s""#;
    assert_eq!(leads_to(&text("x", explicit), "x"), meant);
    assert_eq!(
        leads_to(&text("x", r#""azurerm_subnet.s", "each.key""#), "x"),
        None
    );
}
