//! Rules of groups: what hides what, what decides, what two groups do together.

use super::{both, dead, names, said, template, trace, verdict};
use crate::program::Case;
use crate::stated::{Stated, behind};

/// N01. Source: first match, NSG overview 2025-07-15.
#[test]
fn two_halves_hide_a_whole() {
    let stated = behind(&[
        ("a", "100 Inbound Deny * 10.0.0.0/25 * *"),
        ("b", "110 Inbound Allow * 10.0.0.128/25 * *"),
        ("c", "120 Inbound Deny * 10.0.0.0/24 * *"),
    ]);
    for case in both(&stated) {
        let dead = dead(&case);
        assert_eq!(names(&dead), ["c"]);
        assert_eq!(dead["c"], ["a", "b"]);
    }
}

/// N03. Source: as N01; one value is left over.
#[test]
fn a_port_left_over_is_a_rule_alive() {
    let stated = behind(&[
        ("a", "100 Inbound Deny Tcp 10.0.0.0/25 * 0-65534"),
        ("b", "110 Inbound Allow Tcp 10.0.0.128/25 * *"),
        ("c", "120 Inbound Deny Tcp 10.0.0.0/24 * *"),
    ]);
    for case in both(&stated) {
        assert!(dead(&case).is_empty());
        let ask = |from: &str, port: u16| {
            said(
                &case,
                &format!("--from {from} --to 10.0.0.4:{port} --nsg web --direction inbound"),
            )
        };
        assert_eq!(ask("10.0.0.9", 65535), ("denied".into(), "c".into()));
        assert_eq!(ask("10.0.0.9", 65534), ("denied".into(), "a".into()));
        assert_eq!(ask("10.0.0.200", 65535), ("allowed".into(), "b".into()));
    }
}

/// N05. Sources: LB probe overview; PSRule.Rules.Azure#94.
#[test]
fn a_last_deny_hides_every_default_rule_and_stops_the_probe() {
    let stated = behind(&[("deny", "4096 Inbound Deny * * * *")]);
    for case in both(&stated) {
        for from in ["168.63.129.16", "10.0.1.4", "AzureLoadBalancer"] {
            let words = format!("--from {from} --to 10.0.0.4:80 --nsg web --direction inbound");
            assert_eq!(
                said(&case, &words),
                ("denied".into(), "deny".into()),
                "{from}"
            );
        }
        let dead = dead(&case);
        let expected = [
            "AllowAzureLoadBalancerInBound",
            "AllowVnetInBound",
            "DenyAllInBound",
        ];
        assert_eq!(names(&dead), expected);
        assert!(dead.values().all(|cover| *cover == ["deny"]), "{dead:?}");
    }
}

/// N06: a probe allowed before that deny gets through, and its default rule stays dead. Sources:
/// as N05.
#[test]
fn a_probe_allowed_before_the_deny_gets_through() {
    let case = template(&behind(&[
        ("probe", "4095 Inbound Allow * AzureLoadBalancer * *"),
        ("deny", "4096 Inbound Deny * * * *"),
    ]));
    let words = "--from 168.63.129.16 --to 10.0.0.4:80 --nsg web";
    assert_eq!(said(&case, words), ("allowed".into(), "probe".into()));
    assert_eq!(dead(&case).len(), 3);
}

/// N07. Source: how NSGs filter traffic (VM4): default rules exist only inside a group. A Standard
/// public address is closed without a group (load balancer SKUs); the question is of filtering,
/// hence an address of the open kind.
#[test]
fn a_group_without_rules_denies_and_no_group_does_not() {
    for case in both(&Stated::default()) {
        let words = "--from 8.8.8.8 --to 10.0.0.4:22 --nsg web";
        assert_eq!(
            said(&case, words),
            ("denied".into(), "DenyAllInBound".into())
        );
    }
    let open = Stated {
        groups: Vec::new(),
        subnets: vec!["all 10.0.0.0/24"],
        machines: vec!["vm 10.0.0.4 basic"],
        ..Stated::default()
    };
    let answer = trace(&template(&open), "--from 8.8.8.8 --to vm:22");
    assert_eq!(answer["verdict"], "allowed", "{answer}");
    let standard = Stated {
        machines: vec!["vm 10.0.0.4 public"],
        ..open
    };
    let answer = trace(&template(&standard), "--from 8.8.8.8 --to vm:22");
    assert_eq!(answer["verdict"], "denied", "{answer}");
}

/// N08. Source: how NSGs filter traffic (VM1): both groups must allow.
#[test]
fn an_empty_group_on_the_interface_stops_what_the_subnet_allows() {
    let stated = Stated {
        groups: vec![
            ("web", vec![("http", "100 Inbound Allow Tcp Internet * 80")]),
            ("own", Vec::new()),
        ],
        machines: vec!["vm 10.0.0.4 public nsg:own", "other 10.0.0.5 public"],
        ..Stated::default()
    };
    for case in both(&stated) {
        let answer = trace(&case, "--from 8.8.8.8 --to vm:80");
        assert_eq!(verdict(&answer), ("denied", "DenyAllInBound"), "{answer}");
        let layers = answer["layers"].as_array().unwrap();
        let stops = layers.iter().find(|it| it["verdict"] == "denied").unwrap();
        assert_eq!(stops["layer"], "nic-nsg");
        let answer = trace(&case, "--from 8.8.8.8 --to other:80");
        assert_eq!(answer["verdict"], "allowed", "{answer}");
    }
}

/// N09: machines of one subnet are filtered from one another. Source: how NSGs filter traffic
/// (intra-subnet traffic).
#[test]
fn machines_of_one_subnet_are_filtered_too() {
    let stated = Stated {
        machines: vec!["a 10.0.0.4", "b 10.0.0.5"],
        ..behind(&[("deny", "100 Inbound Deny Tcp * * 22")])
    };
    let case = template(&stated);
    assert_eq!(
        said(&case, "--from a --to b:22"),
        ("denied".into(), "deny".into())
    );
    assert_eq!(said(&case, "--from a --to b:80").0, "allowed");
}

/// N19. Source: service tags overview (classic spellings). Terraform takes words in their spelling
/// only.
#[test]
fn words_and_tags_are_compared_without_case() {
    let one = behind(&[("x", "100 Inbound Allow Tcp Internet * 443")]);
    let other = behind(&[("x", "100 inbound allow TCP INTERNET * 443")]);
    let text = |stated: &Stated| serde_json::to_string_pretty(&stated.template()).unwrap();
    let case = Case::new(&[("a/main.json", &text(&one)), ("b/main.json", &text(&other))]);
    let (code, found) = case.answer(&["diff", "a", "b", "--fail-on", "any"]);
    assert_eq!((code, &found["equivalent"]), (0, &true.into()), "{found:#}");
}

/// N20: a group that differs in one port is not the same. Source: as N19.
#[test]
fn one_port_more_is_a_difference() {
    let one = behind(&[("x", "100 Inbound Allow Tcp Internet * 443")]);
    let other = behind(&[("x", "100 Inbound Allow Tcp Internet * 443-444")]);
    let [text, changed] = [&one, &other].map(Stated::terraform);
    let case = Case::new(&[("a/main.tf", &text), ("b/main.tf", &changed)]);
    let (_, found) = case.answer(&["diff", "a", "b"]);
    assert_eq!(found["equivalent"], false);
    let group = &found["securityGroups"][0];
    assert_eq!(
        group["opened"][0]["destinationPorts"][0], "444",
        "{group:#}"
    );
    assert_eq!(group["closed"].as_array().map(Vec::len), Some(0));
}

/// N21. Source: NSG overview 2025-07-15 (the plural field counts).
#[test]
fn the_plural_port_field_counts() {
    for case in both(&behind(&[(
        "x",
        "100 Inbound Allow Tcp Internet * 80,3389",
    )])) {
        let words = "--from Internet --to VirtualNetwork:3389 --nsg web --direction inbound";
        let answer = trace(&case, words);
        assert_eq!(verdict(&answer), ("allowed", "x"), "{answer}");
        assert_eq!(answer["witness"]["destinationPort"], 3389);
        let closed = "--from Internet --to VirtualNetwork:22 --nsg web --direction inbound";
        assert_eq!(said(&case, closed).0, "denied");
    }
}

/// N23. Source: NSG overview 2025-07-15 (unique per priority and direction).
#[test]
fn a_priority_is_unique_per_direction_only() {
    let twice = behind(&[
        ("a", "100 Inbound Allow * * * *"),
        ("b", "100 Inbound Deny * * * *"),
    ]);
    for case in both(&twice) {
        let (code, report) = case.answer(&["check", "."]);
        assert_eq!(code, 1, "{report}");
        let findings = report["findings"].as_array().unwrap();
        let told = findings
            .iter()
            .any(|it| it["rule"] == "duplicate-security-rule-priority");
        assert!(told, "{report}");
        let answer = trace(&case, "--from 8.8.8.8 --to 10.0.0.4:22 --nsg web");
        assert_eq!(answer["verdict"], "depends");
        assert!(answer["notes"].to_string().contains("share a priority"));
    }
    let apart = behind(&[
        ("a", "100 Inbound Allow * 10.0.0.0/8 * *"),
        ("b", "100 Outbound Deny * * 10.0.0.0/8 *"),
    ]);
    for case in both(&apart) {
        let (_, report) = case.answer(&["check", "."]);
        let findings = report["findings"].as_array().unwrap();
        assert!(
            findings
                .iter()
                .all(|it| it["rule"] != "duplicate-security-rule-priority")
        );
        assert!(dead(&case).is_empty());
    }
}

/// N25. Source: five-tuple; the sender chooses source ports.
#[test]
fn a_source_port_keeps_nobody_out() {
    for case in both(&behind(&[("x", "100 Inbound Allow Tcp Internet * * 443")])) {
        let words = "--from Internet --to VirtualNetwork:22 --nsg web --direction inbound";
        let answer = trace(&case, words);
        assert_ne!(answer["verdict"], "denied");
        assert_eq!(answer["witness"]["sourcePort"], 443, "{answer}");
        assert_eq!(answer["witness"]["destinationPort"], 22);
    }
}

/// N28. Source: application security groups (rules 110 and 120 of the article).
#[test]
fn a_deny_of_one_port_leaves_the_others() {
    let stated = Stated {
        machines: vec![
            "web-vm 10.0.0.4",
            "logic-vm 10.0.0.20 asg:asg-logic",
            "db-vm 10.0.0.30 asg:asg-db",
        ],
        ..behind(&[
            (
                "logic",
                "110 Inbound Allow Tcp asg:asg-logic asg:asg-db 1433",
            ),
            ("deny", "120 Inbound Deny * * asg:asg-db 1433"),
        ])
    };
    for case in both(&stated) {
        let ask = |from: &str, port: u16| {
            let words =
                format!("--from {from} --to 10.0.0.30:{port} --nsg web --direction inbound");
            said(&case, &words)
        };
        assert_eq!(ask("web-vm", 1433), ("denied".into(), "deny".into()));
        assert_eq!(
            ask("web-vm", 3306),
            ("allowed".into(), "AllowVnetInBound".into())
        );
        assert_eq!(ask("logic-vm", 1433), ("allowed".into(), "logic".into()));
    }
}

/// N22, N27: a rule for TCP leaves ICMP to the default rules. Source: NSG overview 2025-07-15.
#[test]
fn a_rule_for_tcp_says_nothing_of_other_protocols() {
    let case = template(&behind(&[("x", "100 Inbound Deny Tcp VirtualNetwork * *")]));
    let ask = |protocol: &str| {
        let words = format!(
            "--from 10.0.0.9 --to 10.0.0.4 --protocol {protocol} --nsg web --direction inbound"
        );
        said(&case, &words)
    };
    assert_eq!(ask("tcp"), ("denied".into(), "x".into()));
    for protocol in ["udp", "icmp", "esp", "ah"] {
        assert_eq!(ask(protocol), ("allowed".into(), "AllowVnetInBound".into()));
    }
}

/// N24, N26: a port under `*` is met by packets with ports only; all ports match everything.
/// Source: NSG overview 2025-07-15; azure-docs#37413 (ICMP has no ports).
#[test]
fn a_port_under_any_protocol_says_nothing_of_icmp() {
    let case = template(&behind(&[
        ("port", "100 Inbound Deny * VirtualNetwork * 22"),
        ("all", "110 Inbound Deny * 10.0.0.0/25 * *"),
    ]));
    let ask = |from: &str, words: &str| {
        said(
            &case,
            &format!("--from {from} --nsg web --direction inbound {words}"),
        )
    };
    assert_eq!(
        ask("10.0.0.200", "--to 10.0.0.4 --protocol icmp").0,
        "allowed"
    );
    assert_eq!(ask("10.0.0.9", "--to 10.0.0.4 --protocol icmp").1, "all");
    assert_eq!(
        ask("10.0.0.200", "--to 10.0.0.4:22 --protocol udp").1,
        "port"
    );
}

/// N29: all of IPv4 is not all of IPv6. Source: NSG overview 2025-07-15 (`*` is both families);
/// what 0.0.0.0/0 does to IPv6 is written nowhere.
#[test]
fn all_of_ipv4_is_not_all_of_ipv6() {
    let stated = Stated {
        space: "10.0.0.0/16,fd00::/48",
        subnets: vec!["all 10.0.0.0/24 nsg:web", "six fd00::/64 nsg:web"],
        ..behind(&[
            ("four", "100 Inbound Deny * 0.0.0.0/0 * *"),
            ("open", "110 Inbound Allow Tcp * * 443"),
        ])
    };
    let case = template(&stated);
    let ask = |from: &str, to: &str| {
        said(
            &case,
            &format!("--from {from} --to {to}:443 --nsg web --direction inbound"),
        )
    };
    assert_eq!(ask("8.8.8.8", "10.0.0.4"), ("denied".into(), "four".into()));
    assert_eq!(
        ask("2001:db8::1", "[fd00::4]"),
        ("allowed".into(), "open".into())
    );
    assert!(!dead(&case).contains_key("open"));
}
