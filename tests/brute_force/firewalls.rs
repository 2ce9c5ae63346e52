//! What decides a packet in a firewall.

use aznet::eval::value::Truth;
use aznet::model::nsg::{Access, Direction};
use aznet::model::{FirewallId, FirewallRuleId};
use aznet::semantics::firewall::Pass;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use crate::cases;
use crate::groups::one;
use crate::oracle::arm;
use crate::oracle::firewall::{Collection, Group, Kind, Rule, decide};
use crate::oracle::packet::Packet;
use crate::oracle::world::{is_public, v4};
use crate::pipeline::{Document, ask};

const SOURCES: &[&str] = &[
    "*",
    "10.0.0.0/24",
    "10.0.0.0/25",
    "10.0.0.128/25",
    "10.0.0.4",
];
const DESTINATIONS: &[&str] = &["*", "10.1.0.0/16", "10.1.0.0/24", "8.8.8.8", "8.8.8.0/24"];
const PORTS: &[(u16, u16)] = &[(0, 65535), (22, 22), (80, 443), (53, 53)];

fn rules(kind: Kind) -> BoxedStrategy<Vec<Rule>> {
    let protocol = match kind {
        Kind::Nat => select(&["TCP", "UDP"][..]).boxed(),
        Kind::Network => select(&["TCP", "UDP", "ICMP", "Any"][..]).boxed(),
    };
    let ports = match kind {
        Kind::Nat => select(&PORTS[1..]).boxed(),
        Kind::Network => select(PORTS).boxed(),
    };
    let ends = match kind {
        Kind::Nat => Just(vec!["20.0.0.1"]).boxed(),
        Kind::Network => prop::collection::vec(select(DESTINATIONS), 1..3).boxed(),
    };
    let sources = prop::collection::vec(select(SOURCES), 1..3);
    let rule = (protocol, sources, ends, ports).prop_map(|(protocol, sources, ends, ports)| Rule {
        name: String::new(),
        protocol,
        sources,
        destinations: ends,
        // Azure does not look at the ports of ICMP.
        ports: if protocol == "ICMP" {
            (0, 65535)
        } else {
            ports
        },
    });
    prop::collection::vec(rule, 1..4).boxed()
}

fn groups() -> BoxedStrategy<Vec<Group>> {
    let kind = prop_oneof![1 => Just(Kind::Nat), 3 => Just(Kind::Network)];
    let collection = (kind, any::<bool>()).prop_flat_map(|(kind, allow)| {
        rules(kind).prop_map(move |rules| Collection {
            kind,
            priority: 0,
            allow: allow || kind == Kind::Nat,
            rules,
        })
    });
    let collections = prop::collection::vec(collection, 0..3);
    prop::collection::vec(collections, 0..3)
        .prop_map(|all| {
            all.into_iter()
                .map(|collections| Group {
                    priority: 0,
                    collections,
                })
                .collect()
        })
        .boxed()
}

/// Gives names, and priorities in an order of one's choice.
fn named(mut groups: Vec<Group>, prefix: &str, reverse: bool) -> Vec<Group> {
    let count = u32::try_from(groups.len()).unwrap();
    for (at, group) in groups.iter_mut().enumerate() {
        let at = u32::try_from(at).unwrap();
        group.priority = 200 + if reverse { count - at } else { at };
        for (inner, collection) in group.collections.iter_mut().enumerate() {
            let place = u32::try_from(inner).unwrap();
            collection.priority = 300 + if reverse { 50 - place } else { place };
            for (last, rule) in collection.rules.iter_mut().enumerate() {
                rule.name = format!("{prefix}{at}-{inner}-{last}");
            }
        }
    }
    groups
}

fn policy(name: &str, parent: Option<&str>, groups: &[Group]) -> Vec<Json> {
    let mut properties = json!({ "sku": { "tier": "Standard" } });
    if let Some(parent) = parent {
        properties["basePolicy"] = arm::id("firewallPolicies", parent);
    }
    let mut resources = vec![json!({
        "type": "Microsoft.Network/firewallPolicies",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": properties,
    })];
    for (at, group) in groups.iter().enumerate() {
        let collections: Vec<Json> = group
            .collections
            .iter()
            .enumerate()
            .map(|(at, it)| collection(at, it))
            .collect();
        resources.push(json!({
            "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
            "apiVersion": "2024-05-01",
            "name": format!("{name}/group{at}"),
            "dependsOn": [name],
            "properties": { "priority": group.priority, "ruleCollections": collections },
        }));
    }
    resources
}

fn collection(at: usize, collection: &Collection) -> Json {
    let port = |rule: &Rule| arm::ports(&rule.ports);
    let nat = collection.kind == Kind::Nat;
    let rules: Vec<Json> = collection
        .rules
        .iter()
        .map(|rule| {
            let mut out = json!({
                "name": rule.name,
                "ruleType": if nat { "NatRule" } else { "NetworkRule" },
                "ipProtocols": [rule.protocol],
                "sourceAddresses": rule.sources,
                "destinationAddresses": rule.destinations,
                "destinationPorts": [port(rule)],
            });
            if nat {
                out["translatedAddress"] = json!("10.1.0.4");
                out["translatedPort"] = json!("22");
            }
            out
        })
        .collect();
    let (kind, action) = match (nat, collection.allow) {
        (true, _) => ("FirewallPolicyNatRuleCollection", "DNAT"),
        (false, true) => ("FirewallPolicyFilterRuleCollection", "Allow"),
        (false, false) => ("FirewallPolicyFilterRuleCollection", "Deny"),
    };
    json!({
        "ruleCollectionType": kind,
        "name": format!("collection{at}"),
        "priority": collection.priority,
        "action": { "type": action },
        "rules": rules,
    })
}

fn document(parent: Option<&[Group]>, own: &[Group]) -> Document {
    let mut resources = policy("own", parent.map(|_| "parent"), own);
    if let Some(parent) = parent {
        resources.extend(policy("parent", None, parent));
    }
    resources.push(json!({
        "type": "Microsoft.Network/azureFirewalls",
        "apiVersion": "2024-05-01",
        "name": "firewall",
        "location": "westeurope",
        "properties": {
            "sku": { "name": "AZFW_VNet", "tier": "Standard" },
            "firewallPolicy": arm::id("firewallPolicies", "own"),
        },
    }));
    Document::Template(arm::template(&[], &resources))
}

fn packets() -> Vec<Packet> {
    let mut all = Vec::new();
    for source in [
        v4(10, 0, 0, 4),
        v4(10, 0, 0, 5),
        v4(10, 0, 0, 200),
        v4(9, 9, 9, 9),
    ] {
        for destination in [
            v4(20, 0, 0, 1),
            v4(10, 1, 0, 7),
            v4(10, 1, 9, 7),
            v4(8, 8, 8, 8),
            v4(8, 8, 8, 9),
            v4(1, 1, 1, 1),
        ] {
            for (protocol, port) in [(0, 22), (0, 443), (1, 53), (2, 0), (3, 0), (0, 9000)] {
                all.push(Packet {
                    v6: false,
                    source,
                    destination,
                    protocol,
                    source_port: if protocol < 2 { 40_000 } else { 0 },
                    destination_port: port,
                });
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn passes_parents_groups_and_collections_are_asked_in_order(
        parent in prop::option::of(groups()), own in groups(), reverse in any::<bool>()
    ) {
        let own = named(own, "own", reverse);
        let parent = parent.map(|groups| named(groups, "parent", !reverse));
        let above = parent.as_deref().unwrap_or_default();
        ask(&document(parent.as_deref(), &own), |semantics| {
            for packet in packets() {
                let flow = one(semantics, &packet, Direction::Outbound);
                let parts = semantics.firewall_deciding(FirewallId(0), &flow);
                let name = |rule: FirewallRuleId| {
                    let meta = &semantics.network()[rule].meta;
                    meta.name.value().unwrap().to_string()
                };
                let said: Vec<_> = parts
                    .iter()
                    .map(|part| {
                        let rule = part.rule.map(name);
                        (part.pass, rule, part.access, part.flows.is_hit().truth)
                    })
                    .collect();
                let Some((rule, allow)) = decide(above, &own, &packet) else {
                    // Azure's own services are let through by name, over HTTP and HTTPS.
                    let ports = [80, 443].contains(&packet.destination_port);
                    let web = packet.protocol == 0 && ports;
                    let certain = !(web && is_public(false, packet.destination));
                    let denied = said.iter().any(|(pass, rule, access, truth)| {
                        *pass == Pass::Default
                            && rule.is_none()
                            && *access == Some(Access::Deny)
                            && (*truth == Truth::True || !certain)
                    });
                    prop_assert!(denied, "{packet:?} {said:?}");
                    prop_assert!(!certain || said.len() == 1, "{packet:?} {said:?}");
                    continue;
                };
                let access = if allow { Access::Allow } else { Access::Deny };
                let [(_, decider, by, Truth::True)] = said.as_slice() else {
                    return Err(TestCaseError::fail(format!("{rule}: {packet:?} {said:?}")));
                };
                prop_assert_eq!(decider.as_ref(), Some(&rule), "{:?}", packet);
                prop_assert_eq!(*by, Some(access));
            }
            Ok(())
        })?;
    }
}
