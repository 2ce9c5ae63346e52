//! What the fields of a rule match.

use aznet::eval::value::Truth;
use aznet::model::NsgId;
use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use aznet::semantics::packet::{Family, Flow};
use aznet::semantics::rules::Scope;
use serde_json::json;

use crate::asked::{
    ask, check, decider, exported, exported_interface, exported_network, findings, flow,
    from_internet, group, hidden, id, network, rule, template,
};

/// N21. Sources: NSG overview 2025-07-15.
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

/// N23. Sources: NSG overview 2025-07-15.
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

/// N25. Sources: a flow is five values, NSG overview 2025-07-15.
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

/// N28. Sources: application security groups.
#[test]
fn a_deny_for_one_port_of_a_group_of_machines_leaves_the_other_ports() {
    // An export lists everything there is, so that the groups have no members outside it.
    let members = |name: &str| json!([{ "id": id("applicationSecurityGroups", name) }]);
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
        exported_network(&["10.0.0.0/16"], Some("web"), None),
        exported_interface("web", "10.0.0.4", json!([])),
        exported_interface("logic", "10.0.1.4", members("logic")),
        exported_interface("db", "10.0.2.4", members("db")),
    ]);
    let to = |source, port| flow(Protocol::Tcp, source, "10.0.2.4", port);
    let decides = |flow: Flow| decider(&export, Direction::Inbound, &flow);
    assert_eq!(decides(to("10.0.0.4", 1433)), ["deny-database"]);
    assert_eq!(decides(to("10.0.0.4", 3306)), ["AllowVnetInBound"]);
    assert_eq!(decides(to("10.0.1.4", 1433)), ["allow-logic"]);
}

/// N20, N22. Sources: NSG overview 2025-07-15; azure-docs#37413 (ICMP has no ports).
#[test]
fn a_rule_for_tcp_says_nothing_of_other_protocols() {
    let template = template(&[
        group(
            "web",
            &[
                rule("tcp", "100 Inbound Allow Tcp Internet * *"),
                rule("icmp", "110 Inbound Allow Icmp 8.8.8.0/24 * *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let decides = |protocol, source| {
        let flow = flow(protocol, source, "10.0.0.4", 0);
        decider(&template, Direction::Inbound, &flow)
    };
    assert_eq!(decides(Protocol::Tcp, "8.8.8.8"), ["tcp"]);
    assert_eq!(decides(Protocol::Icmp, "8.8.8.8"), ["icmp"]);
    assert_eq!(decides(Protocol::Icmp, "9.9.9.9"), ["DenyAllInBound"]);
    assert_eq!(decides(Protocol::Udp, "8.8.8.8"), ["DenyAllInBound"]);
}

/// N24, N26. Sources: azure-docs#37413; tf#11569 (`*` is all IP protocols). That a rule for `*`
/// with a condition on ports matches no packet without ports is an assumption.
#[test]
fn a_port_under_any_protocol_is_met_by_packets_with_ports_only() {
    let template = template(&[
        group(
            "web",
            &[
                rule("ssh", "100 Inbound Allow * Internet * 22"),
                rule("rest", "200 Inbound Deny * Internet * *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let decides = |protocol, port| {
        let mut flow = flow(protocol, "8.8.8.8", "10.0.0.4", port);
        if port == 0 {
            flow.source_port = 0;
        }
        decider(&template, Direction::Inbound, &flow)
    };
    assert_eq!(decides(Protocol::Tcp, 22), ["ssh"]);
    assert_eq!(decides(Protocol::Udp, 22), ["ssh"]);
    for protocol in [Protocol::Icmp, Protocol::Esp, Protocol::Ah, Protocol::Other] {
        assert_eq!(decides(protocol, 0), ["rest"]);
    }
}

/// N24: all ports under `*` do match packets without ports. Sources: as N26.
#[test]
fn all_ports_under_any_protocol_match_everything() {
    for ports in ["*", "0-65535"] {
        let text = format!("100 Inbound Allow * Internet * {ports}");
        let template = template(&[
            group("web", &[rule("all", &text)]),
            network("10.0.0.0/24", Some("web")),
        ]);
        for protocol in [Protocol::Tcp, Protocol::Icmp, Protocol::Esp] {
            let flow = flow(protocol, "8.8.8.8", "10.0.0.4", 0);
            assert_eq!(
                decider(&template, Direction::Inbound, &flow),
                ["all"],
                "{ports}"
            );
        }
    }
}

/// N27, N29. Sources: X8 of the documents: ARM takes `0.0.0.0/0`, which is all of IPv4; that it
/// says nothing of IPv6 is an assumption. `*` is both.
#[test]
fn all_of_ipv4_is_not_all_of_ipv6() {
    let deny = |prefix: &str| {
        let text = format!("100 Inbound Deny * {prefix} * *");
        let mut net = network("10.0.0.0/24", Some("web"));
        net["properties"]["addressSpace"]["addressPrefixes"] = json!(["10.0.0.0/16", "fd00::/48"]);
        let subnet = &mut net["properties"]["subnets"][0]["properties"];
        subnet.as_object_mut().unwrap().remove("addressPrefix");
        subnet["addressPrefixes"] = json!(["10.0.0.0/24", "fd00::/64"]);
        template(&[
            group(
                "web",
                &[rule("no", &text), rule("yes", "110 Inbound Allow * * * *")],
            ),
            net,
        ])
    };
    let v4 = flow(Protocol::Tcp, "8.8.8.8", "10.0.0.4", 22);
    let v6 = flow(Protocol::Tcp, "2a00::1", "fd00::4", 22);
    let decides = |prefix: &str, flow| decider(&deny(prefix), Direction::Inbound, flow);
    assert_eq!(decides("0.0.0.0/0", &v4), ["no"]);
    assert_eq!(decides("0.0.0.0/0", &v6), ["yes"]);
    assert_eq!(decides("::/0", &v4), ["yes"]);
    assert_eq!(decides("::/0", &v6), ["no"]);
    assert_eq!(decides("*", &v6), ["no"]);
    assert!(hidden(&deny("0.0.0.0/0")).is_empty());
    assert_eq!(hidden(&deny("*")).len(), 1);
}

/// N27 without IPv6 anywhere: `0.0.0.0/0` is then everything there is. Sources: as N29.
#[test]
fn all_of_ipv4_is_everything_where_there_is_no_ipv6() {
    let template = template(&[
        group(
            "web",
            &[
                rule("no", "100 Inbound Deny * 0.0.0.0/0 * *"),
                rule("yes", "110 Inbound Allow Tcp Internet * 443"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let cover = vec!["no".to_owned()];
    assert_eq!(hidden(&template), [("yes".to_owned(), cover, true)]);
}

/// N22: host bits of a block are not looked at. Sources: the REST schema (CIDR).
#[test]
fn host_bits_change_nothing() {
    let template = template(&[
        group(
            "web",
            &[rule("all", "100 Inbound Allow Tcp 10.9.0.77/24 * *")],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let decides = |source| {
        let flow = flow(Protocol::Tcp, source, "10.0.0.4", 22);
        decider(&template, Direction::Inbound, &flow)
    };
    assert_eq!(decides("10.9.0.1"), ["all"]);
    assert_ne!(decides("10.9.1.1"), ["all"]);
}
