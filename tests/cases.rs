//! Cases that tools of this kind are known to get wrong, from template text to answer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails where something is amiss"
)]

use std::net::IpAddr;
use std::sync::Arc;

use aznet::engine::{self, Options, Report};
use aznet::eval::arm::Arm;
use aznet::eval::export::Export;
use aznet::eval::frontend::{Frontend, GroupOptions, Input, Tree};
use aznet::eval::value::Truth;
use aznet::eval::{Deployment, Loader};
use aznet::model::address::{AddressPrefix, PortRange, Protocol, ServiceTag};
use aznet::model::nsg::Direction;
use aznet::model::platform::Cloud;
use aznet::model::{Network, NsgId, SecurityRuleId, SubnetId};
use aznet::policy::finding::Finding;
use aznet::policy::platform;
use aznet::semantics::Semantics;
use aznet::semantics::packet::{Family, Flow};
use aznet::semantics::rules::{AddressSpec, Decider, FlowSpec, Scope};
use aznet::source::{FileId, SourceFile};
use aznet::syntax::json;
use serde_json::{Value, json};

/// One template in memory.
struct OneFile {
    file: Arc<SourceFile>,
    tree: Tree,
}

impl Loader for OneFile {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        (path == &**self.file.path()).then(|| (FileId(0), Arc::clone(&self.file)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        (id == FileId(0)).then_some(&self.tree)
    }

    fn directory(&self, _: &str) -> Vec<FileId> {
        vec![FileId(0)]
    }

    fn path(&self, _: FileId) -> Arc<str> {
        Arc::clone(self.file.path())
    }
}

/// Evaluates a template, or an export: that is a list.
fn deployment(document: &Value) -> Deployment {
    let frontend: &dyn Frontend = if document.is_array() { &Export } else { &Arm };
    let text = serde_json::to_string_pretty(document).unwrap();
    let file = Arc::new(SourceFile::new("azuredeploy.json", &text));
    let parsed = json::parse(FileId(0), &file);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let files = OneFile {
        tree: Tree::Json(parsed.tree),
        file,
    };
    let input = Input {
        id: FileId(0),
        file: &files.file,
        tree: &files.tree,
    };
    let grouping = frontend.group(&[input], &GroupOptions::default());
    frontend.evaluate(&grouping.units[0], &files)
}

/// Asks questions about a template's network.
fn ask<T>(template: &Value, question: impl FnOnce(&Semantics<'_>) -> T) -> T {
    let deployment = deployment(template);
    let network = Network::build(&deployment);
    let facts = platform::facts().unwrap();
    question(&Semantics::new(&network, facts, Cloud::Public))
}

fn template(resources: &[Value]) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": resources,
    })
}

fn group(name: &str, rules: &[Value]) -> Value {
    json!({
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": { "securityRules": rules },
    })
}

/// A network 10.0.0.0/16 with one subnet, behind the group or behind none.
fn network(subnet: &str, nsg: Option<&str>) -> Value {
    let mut properties = json!({ "addressPrefix": subnet });
    if let Some(nsg) = nsg {
        let id = format!("[resourceId('Microsoft.Network/networkSecurityGroups', '{nsg}')]");
        properties["networkSecurityGroup"] = json!({ "id": id });
    }
    json!({
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2024-05-01",
        "name": "net",
        "location": "westeurope",
        "properties": {
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "subnets": [{ "name": "all", "properties": properties }],
        },
    })
}

/// A rule from `priority direction access protocol source destination ports`.
fn rule(name: &str, text: &str) -> Value {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [
        priority,
        direction,
        access,
        protocol,
        source,
        destination,
        ports,
    ] = words[..]
    else {
        panic!("seven words: {text}");
    };
    json!({
        "name": name,
        "properties": {
            "priority": priority.parse::<u32>().unwrap(),
            "direction": direction,
            "access": access,
            "protocol": protocol,
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": destination,
            "destinationPortRange": ports,
        },
    })
}

fn flow(protocol: Protocol, source: &str, destination: &str, port: u16) -> Flow {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    Flow {
        source: address(source),
        destination: address(destination),
        protocol,
        source_port: 40000,
        destination_port: port,
    }
}

/// What decides a packet in the only group, by name.
fn decider(template: &Value, direction: Direction, flow: &Flow) -> Vec<String> {
    ask(template, |semantics| {
        let name = |rule: &SecurityRuleId| {
            let meta = &semantics.network()[*rule].meta;
            meta.name.value().unwrap().to_string()
        };
        match semantics.decider(NsgId(0), direction, flow) {
            Decider::Rule(rule) => vec![name(&rule)],
            Decider::Default(default) => vec![default.to_string()],
            Decider::Bypass => vec!["bypass".to_owned()],
            Decider::Depends {
                rules, defaults, ..
            } => {
                let mut names = vec!["depends".to_owned()];
                names.extend(rules.iter().map(name));
                names.extend(defaults.iter().map(|name| name.to_string()));
                names
            }
        }
    })
}

/// The hidden rules of the only group, each with its cover.
fn hidden(template: &Value) -> Vec<(String, Vec<String>, bool)> {
    ask(template, |semantics| {
        let name = |rule: &SecurityRuleId| {
            let meta = &semantics.network()[*rule].meta;
            meta.name.value().unwrap().to_string()
        };
        semantics
            .unreachable(NsgId(0))
            .into_iter()
            .filter(|found| found.truth == Truth::True)
            .map(|found| {
                let cover = found.cover.iter().map(name).collect();
                (name(&found.rule), cover, found.acts_otherwise)
            })
            .collect()
    })
}

fn check(template: &Value) -> Report {
    let text = serde_json::to_string_pretty(template).unwrap();
    let files = vec![("azuredeploy.json".to_owned(), text)];
    engine::check_files(files, &Options::default()).unwrap()
}

fn findings<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report
        .findings
        .iter()
        .filter(|finding| &*finding.rule == rule)
        .collect()
}

/// Packets from the Internet to one TCP port.
fn from_internet(port: u16) -> FlowSpec {
    let internet = AddressPrefix::Tag(ServiceTag::new("Internet"));
    FlowSpec {
        direction: Direction::Inbound,
        protocols: vec![Protocol::Tcp],
        from: vec![AddressSpec::Prefix(internet)],
        to: Vec::new(),
        ports: vec![PortRange::single(port)],
        source_ports: Vec::new(),
    }
}

fn three_rules(first: &str, second: &str, third: &str) -> Value {
    template(&[
        group(
            "web",
            &[rule("a", first), rule("b", second), rule("c", third)],
        ),
        network("10.0.0.0/24", Some("web")),
    ])
}

#[test]
fn two_halves_hide_a_whole_and_neither_does_alone() {
    let template = three_rules(
        "100 Inbound Deny * 10.0.0.0/25 * *",
        "110 Inbound Allow * 10.0.0.128/25 * *",
        "120 Inbound Deny * 10.0.0.0/24 * *",
    );
    let cover = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(hidden(&template), [("c".to_owned(), cover, true)]);
    let report = check(&template);
    let found = findings(&report, "unreachable-security-rule");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].security_rule.as_deref(), Some("c"));
}

#[test]
fn one_port_left_over_is_found() {
    let template = three_rules(
        "100 Inbound Deny Tcp 10.0.0.0/25 * 0-65534",
        "110 Inbound Allow Tcp 10.0.0.128/25 * *",
        "120 Inbound Deny Tcp 10.0.0.0/24 * *",
    );
    assert!(hidden(&template).is_empty());
    ask(&template, |semantics| {
        let hit = semantics.decided(SecurityRuleId(2), Family::V4).is_hit();
        assert_eq!(hit.truth, Truth::True);
        assert_eq!(hit.ports, [PortRange::single(65535)]);
        let source = hit.witness.unwrap().source;
        let block: ipnet::IpNet = "10.0.0.0/25".parse().unwrap();
        assert!(block.contains(&source), "{source}");
    });
    let report = check(&template);
    assert!(findings(&report, "unreachable-security-rule").is_empty());
}

#[test]
fn a_deny_at_the_end_replaces_all_default_rules() {
    let template = template(&[
        group("web", &[rule("deny", "4096 Inbound Deny * * * *")]),
        network("10.0.0.0/24", Some("web")),
    ]);
    for source in ["168.63.129.16", "10.0.1.4", "8.8.8.8"] {
        let flow = flow(Protocol::Tcp, source, "10.0.0.4", 80);
        assert_eq!(decider(&template, Direction::Inbound, &flow), ["deny"]);
    }
    ask(&template, |semantics| {
        let allowed = semantics.nsg_allowed(NsgId(0), Direction::Inbound, Family::V4);
        assert_eq!(allowed.is_hit().truth, Truth::False);
    });
    assert!(hidden(&template).is_empty());
}

#[test]
fn default_rules_exist_only_in_a_group() {
    let ssh = flow(Protocol::Tcp, "8.8.8.8", "10.0.0.4", 22);
    let empty = template(&[group("web", &[]), network("10.0.0.0/24", Some("web"))]);
    assert_eq!(
        decider(&empty, Direction::Inbound, &ssh),
        ["DenyAllInBound"]
    );
    let none = template(&[network("10.0.0.0/24", None)]);
    ask(&none, |semantics| {
        let spec = from_internet(22);
        let scope = Scope::Subnet(SubnetId(0));
        let ssh = semantics.flows(&spec, scope, Family::V4);
        let allowed = semantics.subnet_allowed(SubnetId(0), Direction::Inbound, Family::V4);
        assert_eq!(ssh.minus(&allowed).is_hit().truth, Truth::False);
        assert_eq!(ssh.and(&allowed).is_hit().truth, Truth::True);
    });
}

#[test]
fn a_tag_without_addresses_leaves_the_question_open_only_where_it_matters() {
    let template = template(&[
        group(
            "web",
            &[
                rule("storage", "200 Outbound Allow Tcp * Storage.WestEurope 443"),
                rule("no", "300 Outbound Deny * * Internet *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let to = |port| flow(Protocol::Tcp, "10.0.0.4", "40.1.1.1", port);
    assert_eq!(
        decider(&template, Direction::Outbound, &to(443)),
        ["depends", "storage", "no"]
    );
    assert_eq!(decider(&template, Direction::Outbound, &to(80)), ["no"]);
}

#[test]
fn the_internet_includes_azures_public_addresses() {
    let template = template(&[
        group(
            "web",
            &[
                rule("internet", "100 Outbound Deny * * Internet *"),
                rule("azure", "200 Outbound Allow * * AzureCloud *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let cover = vec!["internet".to_owned()];
    assert_eq!(hidden(&template), [("azure".to_owned(), cover, true)]);
}

#[test]
fn words_and_tags_are_compared_without_case() {
    // One network, so that VirtualNetwork is the same for both.
    let mut both = network("10.0.0.0/24", Some("a"));
    let mut other = both["properties"]["subnets"][0].clone();
    other["name"] = json!("other");
    other["properties"]["addressPrefix"] = json!("10.0.1.0/24");
    other["properties"]["networkSecurityGroup"]["id"] =
        json!("[resourceId('Microsoft.Network/networkSecurityGroups', 'b')]");
    let subnets = both["properties"]["subnets"].as_array_mut().unwrap();
    subnets.push(other);
    let template = template(&[
        group("a", &[rule("x", "100 Inbound Allow Tcp Internet * 443")]),
        group("b", &[rule("x", "100 inbound allow TCP INTERNET * 443")]),
        both,
    ]);
    ask(&template, |semantics| {
        let allowed = |id| semantics.nsg_allowed(NsgId(id), Direction::Inbound, Family::V4);
        let (a, b) = (allowed(0), allowed(1));
        assert_eq!(a.minus(&b).is_hit().truth, Truth::False);
        assert_eq!(b.minus(&a).is_hit().truth, Truth::False);
    });
    assert!(findings(&check(&template), "invalid-security-rule").is_empty());
}

#[test]
fn the_plural_port_field_counts() {
    let mut open = rule("x", "100 Inbound Allow Tcp Internet * *");
    let properties = open["properties"].as_object_mut().unwrap();
    properties.remove("destinationPortRange");
    properties.insert("destinationPortRanges".to_owned(), json!(["80", "3389"]));
    let template = template(&[group("web", &[open]), network("10.0.0.0/24", Some("web"))]);
    ask(&template, |semantics| {
        let rdp = semantics.flows(&from_internet(3389), Scope::Nsg(NsgId(0)), Family::V4);
        let allowed = semantics.nsg_allowed(NsgId(0), Direction::Inbound, Family::V4);
        assert_eq!(rdp.and(&allowed).is_hit().truth, Truth::True);
        let ssh = semantics.flows(&from_internet(22), Scope::Nsg(NsgId(0)), Family::V4);
        assert_eq!(ssh.and(&allowed).is_hit().truth, Truth::False);
    });
    let report = check(&template);
    assert_eq!(
        findings(&report, "internet-exposed-management-port").len(),
        1
    );
}

#[test]
fn a_priority_is_unique_per_direction_only() {
    let twice = template(&[group(
        "web",
        &[
            rule("a", "100 Inbound Allow * * * *"),
            rule("b", "100 Inbound Deny * * * *"),
        ],
    )]);
    let report = check(&twice);
    let found = findings(&report, "duplicate-security-rule-priority");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].security_rule.as_deref(), Some("b"));

    let each = template(&[group(
        "web",
        &[
            rule("a", "100 Inbound Allow * 10.0.0.0/8 * *"),
            rule("b", "100 Outbound Deny * * 10.0.0.0/8 *"),
        ],
    )]);
    assert!(hidden(&each).is_empty());
    let report = check(&each);
    assert!(findings(&report, "duplicate-security-rule-priority").is_empty());
    assert!(findings(&report, "unreachable-security-rule").is_empty());
}

#[test]
fn a_source_port_keeps_nobody_out() {
    let mut open = rule("x", "100 Inbound Allow Tcp Internet * *");
    open["properties"]["sourcePortRange"] = json!("443");
    let template = template(&[group("web", &[open]), network("10.0.0.0/24", Some("web"))]);
    ask(&template, |semantics| {
        let ssh = semantics.flows(&from_internet(22), Scope::Nsg(NsgId(0)), Family::V4);
        let allowed = semantics.nsg_allowed(NsgId(0), Direction::Inbound, Family::V4);
        let hit = ssh.and(&allowed).is_hit();
        assert_eq!(hit.truth, Truth::True);
        assert_eq!(hit.witness.unwrap().source_port, 443);
    });
    let report = check(&template);
    let found = findings(&report, "internet-exposed-management-port");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].witness.unwrap().source_port, 443);
}

#[test]
fn a_deny_for_one_port_of_a_group_of_machines_leaves_the_other_ports() {
    // An export lists everything there is, so that the groups have no members outside it.
    let id = |kind: &str, name: &str| {
        let group = "/subscriptions/5f4c0d5e-0f4c-4d43-9d1c-0d9a1f6a2b11/resourceGroups/net";
        format!("{group}/providers/Microsoft.Network/{kind}/{name}")
    };
    let exported = |kind: &str, name: &str, properties: Value| {
        json!({
            "id": id(kind, name),
            "type": format!("Microsoft.Network/{kind}"),
            "name": name,
            "location": "westeurope",
            "properties": properties,
        })
    };
    let members = |name: &str| json!([{ "id": id("applicationSecurityGroups", name) }]);
    let nic = |name: &str, address: &str, groups: Value| {
        let configuration = json!({ "name": "ip", "properties": {
            "subnet": { "id": format!("{}/subnets/all", id("virtualNetworks", "net")) },
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": address,
            "applicationSecurityGroups": groups,
        }});
        let properties = json!({ "ipConfigurations": [configuration] });
        exported("networkInterfaces", name, properties)
    };
    let mut allow = rule("allow-logic", "110 Inbound Allow Tcp * * 1433");
    let mut deny = rule("deny-database", "120 Inbound Deny * * * 1433");
    for (rule, source) in [(&mut allow, Some("logic")), (&mut deny, None)] {
        let properties = rule["properties"].as_object_mut().unwrap();
        properties.remove("destinationAddressPrefix");
        properties.insert(
            "destinationApplicationSecurityGroups".to_owned(),
            members("db"),
        );
        if let Some(source) = source {
            properties.remove("sourceAddressPrefix");
            let members = members(source);
            properties.insert("sourceApplicationSecurityGroups".to_owned(), members);
        }
    }
    let export = json!([
        exported("applicationSecurityGroups", "logic", json!({})),
        exported("applicationSecurityGroups", "db", json!({})),
        exported(
            "networkSecurityGroups",
            "web",
            json!({ "securityRules": [allow, deny] })
        ),
        exported(
            "virtualNetworks",
            "net",
            json!({
                "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
                "subnets": [{
                    "id": format!("{}/subnets/all", id("virtualNetworks", "net")),
                    "name": "all",
                    "properties": {
                        "addressPrefix": "10.0.0.0/16",
                        "networkSecurityGroup": { "id": id("networkSecurityGroups", "web") },
                    },
                }],
            })
        ),
        nic("web", "10.0.0.4", json!([])),
        nic("logic", "10.0.1.4", members("logic")),
        nic("db", "10.0.2.4", members("db")),
    ]);
    let to = |source, port| flow(Protocol::Tcp, source, "10.0.2.4", port);
    let decides = |flow: Flow| decider(&export, Direction::Inbound, &flow);
    assert_eq!(decides(to("10.0.0.4", 1433)), ["deny-database"]);
    assert_eq!(decides(to("10.0.0.4", 3306)), ["AllowVnetInBound"]);
    assert_eq!(decides(to("10.0.1.4", 1433)), ["allow-logic"]);
}
