//! Plans and states: judged as planned, pointed at where the configuration was typed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads files and fails where something is amiss"
)]

#[path = "plans/configurations.rs"]
mod configurations;
#[path = "plans/planned.rs"]
mod planned;
#[path = "plans/same.rs"]
mod same;
#[path = "plans/specifics.rs"]
mod specifics;
#[path = "plans/written.rs"]
mod written;

use std::fs;
use std::path::Path;

use aznet::diagnostic::{DiagnosticKind, Severity};
use aznet::engine::{self, Options, Report};
use aznet::policy::finding::Finding;
use serde_json::{Value, json};

const EXPOSED: &str = "internet-exposed-management-port";

fn read(name: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans/web");
    fs::read_to_string(directory.join(name)).unwrap()
}

fn check(files: &[(&str, String)]) -> Report {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.clone()))
        .collect();
    engine::check_files(files, &Options::default()).unwrap()
}

fn finding<'r>(report: &'r Report, rule: &str) -> &'r Finding {
    let mut found = report.findings.iter().filter(|at| &*at.rule == rule);
    match (found.next(), found.next()) {
        (Some(only), None) => only,
        (first, _) => panic!("{} findings", usize::from(first.is_some()) * 2),
    }
}

/// The file and the text a finding points at.
fn place<'r>(report: &'r Report, finding: &Finding) -> (&'r str, &'r str) {
    let span = finding.primary.span;
    let file = report.sources.get(span.file).unwrap();
    (file.path(), file.slice(span))
}

fn codes(report: &Report) -> Vec<&str> {
    report.diagnostics.iter().map(|told| told.code).collect()
}

/// A plan of these resources; `references` are the attributes of each that refer to others.
fn plan(resources: &[(&str, Value, Value, Value)]) -> String {
    let local = |address: &str| {
        let (kind, name) = address.split_once('.').unwrap();
        (kind.to_owned(), name.to_owned())
    };
    let planned = |(address, values, _, _): &(&str, Value, Value, Value)| {
        let (kind, name) = local(address);
        json!({ "address": address, "mode": "managed", "type": kind, "name": name, "values": values })
    };
    let change = |(address, _, unknown, _): &(&str, Value, Value, Value)| json!({ "address": address, "change": { "actions": ["create"], "after_unknown": unknown } });
    let written = |(address, _, _, expressions): &(&str, Value, Value, Value)| json!({ "address": address, "expressions": expressions });
    let planned: Vec<Value> = resources.iter().map(planned).collect();
    let changes: Vec<Value> = resources.iter().map(change).collect();
    let written: Vec<Value> = resources.iter().map(written).collect();
    json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": { "root_module": { "resources": planned } },
        "resource_changes": changes,
        "configuration": { "root_module": { "resources": written } },
    })
    .to_string()
}

fn group(unknown: &Value) -> (&'static str, Value, Value, Value) {
    let values = json!({ "name": "web", "resource_group_name": "rg", "location": "westeurope" });
    let written = json!({ "name": { "constant_value": "web" } });
    (
        "azurerm_network_security_group.web",
        values,
        unknown.clone(),
        written,
    )
}

fn ssh(references: &Value, unknown: &Value) -> (&'static str, Value, Value, Value) {
    let values = json!({
        "name": "ssh", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
        "source_address_prefix": "*", "source_port_range": "*", "destination_address_prefix": "*",
        "destination_port_range": "22", "resource_group_name": "rg",
        "network_security_group_name": if references.is_null() { json!("web") } else { Value::Null },
    });
    let written = json!({ "network_security_group_name": { "references": references } });
    (
        "azurerm_network_security_rule.ssh",
        values,
        unknown.clone(),
        written,
    )
}

#[test]
fn a_rule_of_a_plan_is_shown_where_it_was_typed_and_judged_once() {
    let files = ["main.tf", "terraform.tfvars", "plan.json"];
    let report = check(&files.map(|name| (name, read(name))));
    let exposed = finding(&report, EXPOSED);
    assert_eq!(exposed.instances.len(), 1);
    let (file, text) = place(&report, exposed);
    assert_eq!(file, "terraform.tfvars");
    assert!(text.starts_with("ssh   = {"), "{text}");
    assert_eq!(report.summary.deployments, 1);
    let [told] = report.diagnostics.as_slice() else {
        panic!("{:?}", codes(&report));
    };
    assert_eq!(told.code, "plan-of-configuration");
    assert_eq!(told.severity, Severity::Note);
    assert_eq!(told.kind, DiagnosticKind::Advice);
}

#[test]
fn a_plan_alone_points_at_the_rule_in_itself() {
    let report = check(&[("plan.json", read("plan.json"))]);
    let exposed = finding(&report, EXPOSED);
    let (file, text) = place(&report, exposed);
    assert_eq!(file, "plan.json");
    let rule: Value = serde_json::from_str(text).unwrap();
    assert_eq!(rule.get("name"), Some(&json!("ssh")));
    assert!(report.diagnostics.is_empty(), "{:?}", codes(&report));
}

#[test]
fn a_configuration_with_other_values_than_those_of_the_plan_is_judged_too() {
    let values = read("terraform.tfvars").replace("\"22\"", "\"8443\"");
    let changed = read("main.tf") + "\nvariable \"size\" {}\n";
    let planned = read("plan.json").replace(
        "\"variables\": {\n    \"rules\"",
        "\"variables\": {\n    \"size\": { \"value\": \"small\" },\n    \"rules\"",
    );
    let report = check(&[
        ("main.tf", changed),
        ("terraform.tfvars", values + "size = \"large\"\n"),
        ("plan.json", planned),
    ]);
    assert_eq!(report.summary.deployments, 2);
    assert_eq!(codes(&report), Vec::<&str>::new());
    let (file, _) = place(&report, finding(&report, EXPOSED));
    assert_ne!(file, "terraform.tfvars");
}

#[test]
fn a_configuration_that_declares_more_than_the_plan_is_judged_too() {
    let more = read("main.tf") + "\nresource \"azurerm_virtual_network\" \"new\" {}\n";
    let report = check(&[
        ("main.tf", more),
        ("terraform.tfvars", read("terraform.tfvars")),
        ("plan.json", read("plan.json")),
    ]);
    assert_eq!(report.summary.deployments, 2);
    let exposed = finding(&report, EXPOSED);
    assert_eq!(exposed.instances.len(), 2);
    assert_eq!(place(&report, exposed).0, "terraform.tfvars");
}

#[test]
fn a_rule_of_its_own_belongs_to_the_group_whose_name_it_reads() {
    let reads = json!([
        "azurerm_network_security_group.web.name",
        "azurerm_network_security_group.web"
    ]);
    let unknown = json!({ "id": true, "security_rule": true });
    let text = plan(&[
        group(&unknown),
        ssh(
            &reads,
            &json!({ "id": true, "network_security_group_name": true }),
        ),
    ]);
    let report = check(&[("plan.json", text)]);
    let exposed = finding(&report, EXPOSED);
    assert_eq!(&*exposed.resource, "azurerm_network_security_rule.ssh");
    assert_eq!(place(&report, exposed).0, "plan.json");
    assert!(exposed.unknowns.is_empty(), "{:?}", exposed.unknowns);
}

#[test]
fn a_plan_that_was_cut_short_is_told_and_a_file_that_only_looks_like_one_is_not() {
    let whole = read("plan.json");
    let half = whole.get(..whole.len() / 2).unwrap().to_owned();
    let report = check(&[("plan.json", half)]);
    assert!(report.is_incomplete());
    let other = r#"{ "format_version": 3, "values": [1, }"#.to_owned();
    assert!(!check(&[("other.json", other)]).is_incomplete());
}

#[test]
fn a_state_file_and_what_prints_it_say_the_same() {
    let values = json!({
        "name": "web", "resource_group_name": "rg", "location": "westeurope",
        "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web",
        "security_rule": [ {
            "name": "ssh", "priority": 100, "direction": "Inbound", "access": "Allow",
            "protocol": "Tcp", "source_address_prefix": "*", "source_port_range": "*",
            "destination_address_prefix": "*", "destination_port_range": "22" } ],
    });
    let shown = json!({
        "format_version": "1.0", "terraform_version": "1.11.4",
        "values": { "root_module": { "child_modules": [ { "address": "module.m[\"a\"]", "resources": [ {
            "address": "module.m[\"a\"].azurerm_network_security_group.web[0]", "mode": "managed",
            "type": "azurerm_network_security_group", "name": "web", "index": 0, "values": values } ] } ] } },
    });
    let raw = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": {},
        "resources": [ { "module": "module.m[\"a\"]", "mode": "managed",
            "type": "azurerm_network_security_group", "name": "web",
            "instances": [ { "index_key": 0, "attributes": values } ] } ],
    });
    for (path, text) in [("state.json", shown), ("terraform.tfstate", raw)] {
        let report = check(&[(path, text.to_string())]);
        let exposed = finding(&report, EXPOSED);
        assert_eq!(
            &*exposed.resource,
            r#"module.m["a"].azurerm_network_security_group.web[0].security_rule["ssh"]"#,
            "{path}"
        );
    }
}

#[test]
fn lines_of_a_log_are_no_plan() {
    let log = concat!(
        "{\"@level\":\"info\",\"@message\":\"Terraform 1.11.4\",\"type\":\"version\"}\n",
        "{\"@level\":\"info\",\"@message\":\"Plan: 1 to add\",\"type\":\"change_summary\"}\n",
    );
    let report = check(&[("plan.json", log.to_owned())]);
    assert_eq!(codes(&report), ["plan-log"]);
    assert!(!report.is_incomplete());
}

#[test]
fn a_request_of_azapi_is_the_resource_it_asks_for_however_its_body_is_kept() {
    let body = json!({ "properties": { "securityRules": [ { "name": "ssh", "properties": {
        "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
        "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "22" } } ] } });
    let values = |body: &Value| {
        json!({
            "type": "Microsoft.Network/networkSecurityGroups@2024-05-01", "name": "web",
            "parent_id": "/subscriptions/s/resourceGroups/rg", "location": "westeurope", "body": body,
        })
    };
    let planned = |body: &Value| {
        let none = json!({});
        plan(&[(
            "azapi_resource.web",
            values(body),
            json!({ "id": true }),
            none,
        )])
    };
    let kept = json!({ "value": body, "type": ["object", {}] });
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": {},
        "resources": [ { "mode": "managed", "type": "azapi_resource", "name": "web",
            "instances": [ { "attributes": values(&kept) } ] } ],
    });
    for text in [
        planned(&body),
        planned(&json!(body.to_string())),
        state.to_string(),
    ] {
        let report = check(&[("p.json", text)]);
        let exposed = finding(&report, EXPOSED);
        assert_eq!(exposed.security_rule.as_deref(), Some("ssh"));
        assert_eq!(place(&report, exposed).0, "p.json");
    }
}

#[test]
fn ids_that_a_state_records_lead_to_the_resources_that_have_them() {
    let id = |tail: &str| {
        format!("/subscriptions/S-1/resourceGroups/rg/providers/Microsoft.Network/{tail}")
    };
    let resource = |kind: &str, values: Value| {
        json!({ "address": format!("azurerm_{kind}.x"), "mode": "managed",
            "type": format!("azurerm_{kind}"), "name": "x", "values": values })
    };
    let subnet = id("virtualNetworks/net/subnets/app");
    let group = id("networkSecurityGroups/web");
    let resources = [
        resource(
            "virtual_network",
            json!({ "id": id("virtualNetworks/net"), "name": "net",
            "resource_group_name": "rg", "address_space": ["10.0.0.0/16"] }),
        ),
        resource(
            "subnet",
            json!({ "id": subnet, "name": "app", "resource_group_name": "rg",
            "virtual_network_name": "net", "address_prefixes": ["10.0.1.0/24"] }),
        ),
        resource(
            "network_security_group",
            json!({ "id": group, "name": "web",
            "resource_group_name": "rg", "security_rule": [ {
            "name": "ssh", "priority": 100, "direction": "Inbound", "access": "Allow",
            "protocol": "Tcp", "source_address_prefix": "*", "source_port_range": "*",
            "destination_address_prefix": "*", "destination_port_range": "22" } ] }),
        ),
        resource(
            "subnet_network_security_group_association",
            json!({ "id": subnet,
            "subnet_id": subnet, "network_security_group_id": group }),
        ),
        resource(
            "network_interface",
            json!({ "id": id("networkInterfaces/card"), "name": "card",
            "resource_group_name": "rg", "ip_configuration": [ { "name": "main",
            "subnet_id": subnet, "private_ip_address": "10.0.1.4",
            "public_ip_address_id": id("publicIPAddresses/out") } ] }),
        ),
        resource(
            "public_ip",
            json!({ "id": id("publicIPAddresses/out"), "name": "out",
            "resource_group_name": "rg", "ip_address": "20.1.2.3", "sku": "Standard" }),
        ),
    ];
    let state = json!({ "format_version": "1.0", "terraform_version": "1.11.4",
        "values": { "root_module": { "resources": resources } } });
    let report = check(&[("state.json", state.to_string())]);
    let exposed = finding(&report, EXPOSED);
    assert!(exposed.message.contains("`card`"), "{}", exposed.message);
    assert!(
        !exposed.message.contains("none in the files"),
        "{}",
        exposed.message
    );
    assert_eq!(codes(&report), Vec::<&str>::new());
}
