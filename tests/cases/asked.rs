//! Fixtures: templates and exports from a few words, and short questions about them.

use std::net::IpAddr;

use aznet::engine::{self, Options, Report};
use aznet::eval::value::Truth;
use aznet::model::address::{AddressPrefix, PortRange, Protocol, ServiceTag};
use aznet::model::nsg::Direction;
use aznet::model::{NicId, NsgId, SecurityRuleId};
use aznet::policy::finding::Finding;
use aznet::semantics::Semantics;
use aznet::semantics::packet::{Family, Flow};
use aznet::semantics::rules::{AddressSpec, Decider, FlowSpec, Scope};
use serde_json::{Value, json};

use crate::pipeline::{self, Document};

/// Asks questions about a template's network, or an export's: that is a list.
pub fn ask<T>(document: &Value, question: impl FnOnce(&Semantics<'_>) -> T) -> T {
    pipeline::ask(&Document::from(document), question)
}

pub fn template(resources: &[Value]) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": resources,
    })
}

pub fn group(name: &str, rules: &[Value]) -> Value {
    json!({
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": { "securityRules": rules },
    })
}

/// A network 10.0.0.0/16 with one subnet, behind the group or behind none.
pub fn network(subnet: &str, nsg: Option<&str>) -> Value {
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
pub fn rule(name: &str, text: &str) -> Value {
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

pub fn flow(protocol: Protocol, source: &str, destination: &str, port: u16) -> Flow {
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
pub fn decider(template: &Value, direction: Direction, flow: &Flow) -> Vec<String> {
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
pub fn hidden(template: &Value) -> Vec<(String, Vec<String>, bool)> {
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

pub fn check(template: &Value) -> Report {
    let text = serde_json::to_string_pretty(template).unwrap();
    let files = vec![("azuredeploy.json".to_owned(), text)];
    engine::check_files(files, &Options::default()).unwrap()
}

pub fn findings<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report
        .findings
        .iter()
        .filter(|finding| &*finding.rule == rule)
        .collect()
}

/// Packets from the Internet to one TCP port.
pub fn from_internet(port: u16) -> FlowSpec {
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

/// A network interface in the network's subnet.
pub fn interface(name: &str, address: &str, nsg: Option<&str>) -> Value {
    let subnet = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'all')]";
    let mut properties = json!({
        "ipConfigurations": [{ "name": "ip", "properties": {
            "subnet": { "id": subnet },
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": address,
        }}],
    });
    if let Some(nsg) = nsg {
        let id = format!("[resourceId('Microsoft.Network/networkSecurityGroups', '{nsg}')]");
        properties["networkSecurityGroup"] = json!({ "id": id });
    }
    json!({
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": properties,
    })
}

/// A route table `table` of (name, prefix, type of the next hop, its address).
pub fn table(routes: &[(&str, &str, &str, Option<&str>)]) -> Value {
    let routes: Vec<Value> = routes
        .iter()
        .map(|(name, prefix, kind, address)| {
            let mut properties = json!({ "addressPrefix": prefix, "nextHopType": kind });
            if let Some(address) = address {
                properties["nextHopIpAddress"] = json!(address);
            }
            json!({ "name": name, "properties": properties })
        })
        .collect();
    json!({
        "type": "Microsoft.Network/routeTables",
        "apiVersion": "2024-05-01",
        "name": "table",
        "location": "westeurope",
        "properties": { "routes": routes },
    })
}

/// The id of an exported resource.
pub fn id(kind: &str, name: &str) -> String {
    let group = "/subscriptions/5f4c0d5e-0f4c-4d43-9d1c-0d9a1f6a2b11/resourceGroups/net";
    format!("{group}/providers/Microsoft.Network/{kind}/{name}")
}

/// An exported resource. An export lists everything there is.
pub fn exported(kind: &str, name: &str, properties: Value) -> Value {
    json!({
        "id": id(kind, name),
        "type": format!("Microsoft.Network/{kind}"),
        "name": name,
        "location": "westeurope",
        "properties": properties,
    })
}

/// An exported virtual network `net` with one subnet, behind the group and with the route table.
pub fn exported_network(space: &[&str], nsg: Option<&str>, table: Option<&str>) -> Value {
    let mut properties = json!({ "addressPrefix": space[0] });
    if let Some(nsg) = nsg {
        properties["networkSecurityGroup"] = json!({ "id": id("networkSecurityGroups", nsg) });
    }
    if let Some(table) = table {
        properties["routeTable"] = json!({ "id": id("routeTables", table) });
    }
    let subnet = json!({
        "id": format!("{}/subnets/all", id("virtualNetworks", "net")),
        "name": "all",
        "properties": properties,
    });
    let properties = json!({ "addressSpace": { "addressPrefixes": space }, "subnets": [subnet] });
    exported("virtualNetworks", "net", properties)
}

/// An exported network interface in that subnet.
pub fn exported_interface(name: &str, address: &str, groups: Value) -> Value {
    let configuration = json!({ "name": "ip", "properties": {
        "subnet": { "id": format!("{}/subnets/all", id("virtualNetworks", "net")) },
        "privateIPAllocationMethod": "Static",
        "privateIPAddress": address,
        "applicationSecurityGroups": groups,
    }});
    exported(
        "networkInterfaces",
        name,
        json!({ "ipConfigurations": [configuration] }),
    )
}

/// Whether a packet gets through both groups of the only network interface.
pub fn through(document: &Value, direction: Direction, flow: &Flow) -> Truth {
    ask(document, |semantics| {
        let exactly = |address| vec![AddressSpec::Prefix(AddressPrefix::Range(address, address))];
        let spec = FlowSpec {
            direction,
            protocols: vec![flow.protocol],
            from: exactly(flow.source),
            to: exactly(flow.destination),
            ports: vec![PortRange::single(flow.destination_port)],
            source_ports: vec![PortRange::single(flow.source_port)],
        };
        let family = Family::of(flow.source);
        let one = semantics.flows(&spec, Scope::Anywhere, family);
        semantics
            .nic_allowed_of(NicId(0), direction, &one)
            .is_hit()
            .truth
    })
}

pub fn three_rules(first: &str, second: &str, third: &str) -> Value {
    template(&[
        group(
            "web",
            &[rule("a", first), rule("b", second), rule("c", third)],
        ),
        network("10.0.0.0/24", Some("web")),
    ])
}
