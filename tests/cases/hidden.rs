//! Which rules of a group never decide a packet.

use aznet::eval::value::Truth;
use aznet::model::SecurityRuleId;
use aznet::model::address::PortRange;
use aznet::semantics::packet::Family;

use crate::asked::{ask, check, findings, group, hidden, network, rule, template, three_rules};

/// N01. Sources: the first match decides, NSG overview 2025-07-15.
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

/// N02. Sources: the first match decides, NSG overview 2025-07-15.
#[test]
fn a_rule_written_twice_is_hidden_by_the_first() {
    let template = three_rules(
        "100 Inbound Allow Tcp 10.0.0.0/24 * 443",
        "110 Inbound Allow Tcp 10.0.1.0/24 * 443",
        "120 Inbound Allow Tcp 10.0.0.0/24 * 443",
    );
    let cover = vec!["a".to_owned()];
    assert_eq!(hidden(&template), [("c".to_owned(), cover, false)]);
}

/// N02 with the other action: the same rule is hidden and its author is answered the other way.
/// Sources: as N02.
#[test]
fn an_allow_behind_the_same_deny_is_told_to_be_denied() {
    let template = three_rules(
        "100 Inbound Deny Tcp 10.0.0.0/24 * 443",
        "110 Inbound Allow Tcp 10.0.1.0/24 * 443",
        "120 Inbound Allow Tcp 10.0.0.0/24 * 443",
    );
    let cover = vec!["a".to_owned()];
    assert_eq!(hidden(&template), [("c".to_owned(), cover, true)]);
}

/// N03. Sources: the first match decides.
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

/// N04. Sources: six protocols, NSG overview 2025-07-15 and the REST schema.
#[test]
fn every_protocol_by_name_does_not_make_all_of_them() {
    let named: Vec<_> = ["Tcp", "Udp", "Icmp", "Esp", "Ah"]
        .iter()
        .enumerate()
        .map(|(place, protocol)| {
            let text = format!("{} Inbound Deny {protocol} 10.0.0.0/24 * *", 100 + place);
            rule(&protocol.to_lowercase(), &text)
        })
        .chain([rule("all", "200 Inbound Allow * 10.0.0.0/24 * *")])
        .collect();
    let template = template(&[group("web", &named), network("10.0.0.0/24", Some("web"))]);
    // GRE and others have no name of their own, and `*` is all IP protocols.
    assert!(hidden(&template).is_empty());
}

/// N04 by direction: rules of the other direction hide nothing. Sources: as N01.
#[test]
fn rules_of_the_other_direction_hide_nothing() {
    let template = three_rules(
        "100 Outbound Deny * * * *",
        "110 Inbound Allow Tcp 10.0.0.0/24 * 443",
        "120 Outbound Allow Tcp * 10.0.0.0/24 443",
    );
    let cover = vec!["a".to_owned()];
    assert_eq!(hidden(&template), [("c".to_owned(), cover, true)]);
}

/// N04 by port: a list of ports is the union of its items. Sources: the plural field counts, NSG
/// overview 2025-07-15.
#[test]
fn lists_hide_item_by_item() {
    let ports = |name: &str, text: &str, list: &[&str]| {
        let mut rule = rule(name, text);
        let properties = rule["properties"].as_object_mut().unwrap();
        properties.remove("destinationPortRange");
        properties.insert("destinationPortRanges".to_owned(), serde_json::json!(list));
        rule
    };
    let with = |third: &[&str]| {
        template(&[
            group(
                "web",
                &[
                    ports("a", "100 Inbound Allow Tcp * * *", &["80", "443-500"]),
                    ports("b", "110 Inbound Allow Tcp * * *", &["22"]),
                    ports("c", "120 Inbound Allow Tcp * * *", third),
                ],
            ),
            network("10.0.0.0/24", Some("web")),
        ])
    };
    let cover = vec!["a".to_owned(), "b".to_owned()];
    let found = hidden(&with(&["22", "80", "450"]));
    assert_eq!(found, [("c".to_owned(), cover, false)]);
    assert!(hidden(&with(&["22", "80", "501"])).is_empty());
}
