//! Azure Firewall: the order of its passes, names, translation.

use serde_json::{Value, json};

use super::{resources, trace, verdict};
use crate::program::Case;
use crate::stated::{Rule, Stated, id, resource};

/// A machine `vm` whose routes lead to a firewall at 10.0.8.4, and a server behind it.
fn around(rules: &[Rule]) -> Vec<Value> {
    let stated = Stated {
        subnets: vec![
            "all 10.0.0.0/24 table:away",
            "server 10.0.1.0/24 nsg:web",
            "AzureFirewallSubnet 10.0.8.0/26",
        ],
        groups: vec![("web", rules.to_vec())],
        tables: vec![(
            "away",
            vec![
                ("all", "0.0.0.0/0", "VirtualAppliance", Some("10.0.8.4")),
                (
                    "server",
                    "10.0.1.0/24",
                    "VirtualAppliance",
                    Some("10.0.8.4"),
                ),
            ],
        )],
        machines: vec!["vm 10.0.0.4", "srv 10.0.1.4"],
        ..Stated::default()
    };
    let mut all = stated.resources();
    let mut public = resource(
        "publicIPAddresses",
        "front",
        json!({ "publicIPAllocationMethod": "Static" }),
    );
    public["sku"] = json!({ "name": "Standard" });
    all.push(public);
    let subnet = id("virtualNetworks/subnets", &["net", "AzureFirewallSubnet"]);
    all.push(resource(
        "azureFirewalls",
        "fw",
        json!({
            "sku": { "name": "AZFW_VNet", "tier": "Standard" },
            "firewallPolicy": id("firewallPolicies", &["own"]),
            "ipConfigurations": [{ "name": "ip", "properties": {
                "subnet": subnet,
                "publicIPAddress": id("publicIPAddresses", &["front"]),
                "privateIPAddress": "10.0.8.4" } }],
        }),
    ));
    all
}

/// A policy and its collections `(priority, "Allow"|"Deny"|"DNAT", rules)`, all in one group.
fn policy(name: &str, more: Value, collections: &[(u32, &str, Vec<Value>)]) -> Vec<Value> {
    let mut properties = json!({ "sku": { "tier": "Standard" } });
    for (key, value) in more.as_object().into_iter().flatten() {
        properties[key] = value.clone();
    }
    let collections: Vec<Value> = collections
        .iter()
        .map(|(priority, action, rules)| {
            let kind = if *action == "DNAT" { "Nat" } else { "Filter" };
            json!({
                "ruleCollectionType": format!("FirewallPolicy{kind}RuleCollection"),
                "name": format!("collection{priority}"),
                "priority": priority,
                "action": { "type": action },
                "rules": rules,
            })
        })
        .collect();
    let group = json!({ "priority": 200, "ruleCollections": collections });
    vec![
        resource("firewallPolicies", name, properties),
        resource(
            "firewallPolicies/ruleCollectionGroups",
            &format!("{name}/group"),
            group,
        ),
    ]
}

/// `NAME PROTOCOL SOURCE DESTINATION PORTS`
fn network(text: &str) -> Value {
    let words: Vec<&str> = text.split_whitespace().collect();
    let list = |text: &str| json!(text.split(',').collect::<Vec<_>>());
    json!({
        "ruleType": "NetworkRule", "name": words[0], "ipProtocols": list(words[1]),
        "sourceAddresses": list(words[2]), "destinationAddresses": list(words[3]),
        "destinationPorts": list(words[4]),
    })
}

/// `NAME SOURCE NAMES` over HTTPS and HTTP.
fn application(text: &str) -> Value {
    let words: Vec<&str> = text.split_whitespace().collect();
    let list = |text: &str| json!(text.split(',').collect::<Vec<_>>());
    json!({
        "ruleType": "ApplicationRule", "name": words[0],
        "sourceAddresses": list(words[1]), "targetFqdns": list(words[2]),
        "protocols": [
            { "protocolType": "Https", "port": 443 }, { "protocolType": "Http", "port": 80 }
        ],
    })
}

/// Sends port 443 of the firewall's public address to the server.
fn translation() -> Value {
    json!({
        "ruleType": "NatRule", "name": "in", "ipProtocols": ["TCP"], "sourceAddresses": ["*"],
        "destinationAddresses": ["20.0.0.1"], "destinationPorts": ["443"],
        "translatedAddress": "10.0.1.4", "translatedPort": "443",
    })
}

fn own(collections: &[(u32, &str, Vec<Value>)]) -> Case {
    let mut all = around(&[]);
    all.extend(policy("own", json!({}), collections));
    resources(&all)
}

const WEB: &str = "--from vm --to www.google.com:443";

/// What the firewall does: its verdict and the rule.
fn firewall(answer: &Value) -> (String, String) {
    let mut layers = answer["layers"].as_array().unwrap().iter();
    let layer = layers.find(|it| it["layer"] == "firewall");
    let layer = layer.unwrap_or_else(|| panic!("no firewall on the way: {answer}"));
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    (text(&layer["verdict"]), text(&layer["decidedBy"]["name"]))
}

/// F01. Source: firewall rule processing: network rules come first and end it.
#[test]
fn a_network_allow_makes_an_application_deny_idle() {
    let case = own(&[
        (300, "Deny", vec![application("no-google * www.google.com")]),
        (400, "Allow", vec![network("web TCP * * 80,443")]),
    ]);
    let answer = trace(&case, WEB);
    assert_eq!(firewall(&answer), ("allowed".into(), "web".into()));
    assert_eq!(answer["verdict"], "allowed", "{answer}");
}

/// F02: and a network deny makes an application allow idle. Source: as F01.
#[test]
fn a_network_deny_makes_an_application_allow_idle() {
    let case = own(&[
        (300, "Allow", vec![application("google * www.google.com")]),
        (400, "Deny", vec![network("no-web TCP * * 443")]),
    ]);
    let answer = trace(&case, WEB);
    assert_eq!(verdict(&answer), ("denied", "no-web"), "{answer}");
}

/// F01 without the network rule: the application rule decides.
#[test]
fn an_application_deny_decides_where_no_network_rule_does() {
    let case = own(&[
        (300, "Deny", vec![application("no-google * www.google.com")]),
        (400, "Allow", vec![application("all * *")]),
    ]);
    let answer = trace(&case, WEB);
    assert_eq!(verdict(&answer), ("denied", "no-google"), "{answer}");
    let answer = trace(&case, "--from vm --to www.example.org:443");
    assert_eq!(firewall(&answer), ("allowed".into(), "all".into()));
}

/// F03: a parent's rules come before the child's, whatever the priorities. Source: firewall policy
/// rule sets; firewall rule processing 2026-03-23.
#[test]
fn a_parents_rules_come_before_the_childs() {
    let mut all = around(&[]);
    let parent = [(60_000, "Deny", vec![network("parent TCP * 8.8.8.8 443")])];
    let child = [(100, "Allow", vec![network("child TCP * * 443")])];
    all.extend(policy("base", json!({}), &parent));
    let base = json!({ "basePolicy": id("firewallPolicies", &["base"]) });
    all.extend(policy("own", base, &child));
    let case = resources(&all);
    let answer = trace(&case, "--from vm --to 8.8.8.8:443");
    assert_eq!(verdict(&answer), ("denied", "parent"), "{answer}");
    let answer = trace(&case, "--from vm --to 8.8.4.4:443");
    assert_eq!(firewall(&answer), ("allowed".into(), "child".into()));
}

/// F03 across types: a child's network rule comes before a parent's application rule. Source: as
/// F03: the types are full passes.
#[test]
fn a_childs_network_rule_comes_before_a_parents_application_rule() {
    let mut all = around(&[]);
    let parent = [(100, "Deny", vec![application("parent * *")])];
    let child = [(60_000, "Allow", vec![network("child TCP * * 443")])];
    all.extend(policy("base", json!({}), &parent));
    let base = json!({ "basePolicy": id("firewallPolicies", &["base"]) });
    all.extend(policy("own", base, &child));
    let answer = trace(&resources(&all), WEB);
    assert_eq!(firewall(&answer), ("allowed".into(), "child".into()));
}

fn published(server: &[Rule], more: &[(u32, &str, Vec<Value>)]) -> Case {
    let mut all = around(server);
    let mut collections = vec![(100, "DNAT", vec![translation()])];
    collections.extend(more.iter().cloned());
    all.extend(policy("own", json!({}), &collections));
    resources(&all)
}

const INWARD: &str = "--from Internet --to srv:443";

/// F04. Source: firewall known issues: what comes in through the firewall has a private address of
/// its subnet.
#[test]
fn the_servers_group_sees_the_firewall_and_not_the_client() {
    let strict = published(
        &[
            ("https", "100 Inbound Allow Tcp Internet * 443"),
            ("deny", "4096 Inbound Deny * * * *"),
        ],
        &[],
    );
    let answer = trace(&strict, INWARD);
    assert_eq!(verdict(&answer), ("denied", "deny"), "{answer}");
    let open = published(
        &[
            ("https", "100 Inbound Allow Tcp 10.0.8.0/26 * 443"),
            ("deny", "4096 Inbound Deny * * * *"),
        ],
        &[],
    );
    let answer = trace(&open, INWARD);
    assert_eq!(answer["verdict"], "allowed", "{answer}");
}

/// F05, X11: what a translation rule takes is not processed by network rules. Source: firewall rule
/// processing 2026-03-23; older documents let a network deny override it.
#[test]
fn a_network_deny_does_not_stop_what_is_translated() {
    let deny = [(200, "Deny", vec![network("deny TCP * * *")])];
    let open = [("https", "100 Inbound Allow Tcp 10.0.8.0/26 * 443")];
    let answer = trace(&published(&open, &deny), INWARD);
    assert_eq!(answer["verdict"], "allowed", "{answer}");
    assert_eq!(answer["layers"][0]["decidedBy"]["name"], "in", "{answer}");
}

/// F06: names in network rules need the DNS proxy. Source: FQDN filtering in network rules.
#[test]
fn a_name_in_a_network_rule_needs_the_proxy() {
    let case = |proxy: bool| {
        let mut rule = network("named TCP * * 1688");
        rule.as_object_mut().unwrap().remove("destinationAddresses");
        rule["destinationFqdns"] = json!(["azkms.core.windows.net"]);
        let mut all = around(&[]);
        let more = match proxy {
            true => json!({ "dnsSettings": { "enableProxy": true } }),
            false => json!({}),
        };
        all.extend(policy("own", more, &[(200, "Allow", vec![rule])]));
        resources(&all)
    };
    let words = "--from vm --to azkms.core.windows.net:1688";
    let with = trace(&case(true), words);
    assert_ne!(firewall(&with).0, "denied", "{with}");
    let without = trace(&case(false), words);
    assert_ne!(firewall(&without).0, "allowed", "{without}");
}

/// F07. Sources: azure-docs#89508; service tags overview: tags are destinations only.
#[test]
fn a_tag_as_source_is_refused() {
    for (source, expected) in [("AzureCloud", true), ("10.0.0.0/24", false)] {
        let rule = network(&format!("tagged TCP {source} 10.0.1.0/24 443"));
        let case = own(&[(200, "Allow", vec![rule])]);
        let (_, report) = case.answer(&["check", "."]);
        let findings = report["findings"].as_array().unwrap();
        let told = findings.iter().any(|it| {
            let message = it["message"].as_str().unwrap();
            message.contains("tagged") && message.contains("source")
        });
        assert_eq!(told, expected, "{report}");
    }
}

/// F08: an IP group's addresses are those of the rule. Source: schema of firewall policies.
#[test]
fn an_ip_groups_addresses_are_the_rules() {
    let mut rule = network("grouped TCP * 10.0.1.0/24 443");
    rule["sourceAddresses"] = json!([]);
    rule["sourceIpGroups"] = json!([id("ipGroups", &["clients"])["id"]]);
    let mut all = around(&[]);
    all.extend(policy("own", json!({}), &[(200, "Allow", vec![rule])]));
    all.push(resource(
        "ipGroups",
        "clients",
        json!({ "ipAddresses": ["10.0.0.4"] }),
    ));
    let case = resources(&all);
    let answer = trace(&case, "--from vm --to srv:443");
    assert_eq!(
        firewall(&answer),
        ("allowed".into(), "grouped".into()),
        "{answer}"
    );
    let answer = trace(&case, "--from 10.0.0.5 --to srv:443");
    assert_eq!(firewall(&answer).0, "denied", "{answer}");
}

/// F09. Source: infrastructure FQDNs: a built-in collection after the application rules.
#[test]
fn azures_own_services_get_through_until_all_names_are_denied() {
    let words = "--from vm --to 20.60.0.1:443";
    let plain = trace(&own(&[]), words);
    assert_eq!(firewall(&plain).0, "depends", "{plain}");
    let denied = own(&[(65_000, "Deny", vec![application("none * *")])]);
    let answer = trace(&denied, words);
    assert_eq!(
        firewall(&answer),
        ("denied".into(), "none".into()),
        "{answer}"
    );
    let other = trace(&own(&[]), "--from vm --to 20.60.0.1:22");
    assert_eq!(firewall(&other).0, "denied");
}

/// Private ranges are not translated by default; a group behind the firewall sees the client.
/// Source: SNAT private IP address ranges.
#[test]
fn private_destinations_see_the_client() {
    let rules = [
        ("client", "100 Inbound Allow Tcp 10.0.0.4 * 443"),
        ("deny", "4096 Inbound Deny * * * *"),
    ];
    let answer = |more: Value| {
        let mut all = around(&rules);
        let allow = network("in TCP * 10.0.1.0/24 443");
        all.extend(policy("own", more, &[(200, "Allow", vec![allow])]));
        trace(&resources(&all), "--from vm --to srv:443")
    };
    let plain = answer(json!({}));
    let blocked = plain["layers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["verdict"] == "denied");
    assert!(
        blocked.is_none_or(|it| it["layer"] != "subnet-nsg"),
        "{plain}"
    );
    let always = answer(json!({ "snat": { "privateRanges": ["255.255.255.255/32"] } }));
    assert_eq!(verdict(&always), ("denied", "deny"), "{always}");
}

/// M07, M09, X1: mail through the firewall, by edition. Sources: the articles of 2019-08 and
/// 2020-12 call it unsupported, the one of 2023-12 and the known issues leave it to the offer.
#[test]
fn mail_through_the_firewall_is_read_by_edition() {
    let case = own(&[(200, "Allow", vec![network("mail TCP * * 25")])]);
    let smtp = |policy: &str, offer: &str| {
        let declared = format!("smtp-policy: \"{policy}\"\nsubscription:\n  offer: {offer}\n");
        case.write("aznet.yaml", declared);
        let answer = trace(&case, "--from vm --to 203.0.113.9:25");
        answer["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(smtp("current", "enterprise-agreement"), "allowed");
    assert_ne!(smtp("current", "pay-as-you-go"), "allowed");
    assert_ne!(smtp("2020-12", "enterprise-agreement"), "allowed");
    case.write("aznet.yaml", "subscription:\n  offer: free-trial\n");
    let answer = trace(&case, "--from vm --to srv:25");
    let layers = answer["layers"].as_array().unwrap();
    assert!(
        layers
            .iter()
            .all(|it| it["layer"] != "smtp" || it["verdict"] == "allowed")
    );
}
