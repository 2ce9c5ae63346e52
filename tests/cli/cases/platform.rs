//! Traffic with the platform, probes, and admin rules.

use serde_json::{Value, json};

use super::{blockers, both, resources, said, template, trace};
use crate::stated::{Stated, behind, id, resource};

/// N33. Source: NSG overview 2025-07-15.
#[test]
fn platform_services_get_past_a_deny_of_everything() {
    for case in both(&behind(&[("d", "4096 Outbound Deny * * * *")])) {
        let dns = "--from 10.0.0.4 --to 168.63.129.16:53 --protocol udp --nsg web";
        assert_eq!(said(&case, dns).0, "allowed");
        let metadata = "--from 10.0.0.4 --to 169.254.169.254:80 --nsg web";
        assert_eq!(said(&case, metadata).0, "allowed");
        let other = "--from 10.0.0.4 --to 169.254.169.254:443 --nsg web";
        assert_eq!(said(&case, other), ("denied".into(), "d".into()));
    }
}

/// N35. Sources: NSG overview 2025-07-15 (a default route of one's own switches the platform's rule
/// off); faultbucket 2021 (observed).
#[test]
fn activation_gets_past_a_group_until_a_default_route_leads_elsewhere() {
    let plain = behind(&[("d", "100 Outbound Deny * * Internet *")]);
    let words = "--from 10.0.0.4 --to 23.102.135.246:1688 --nsg web";
    for case in both(&plain) {
        assert_eq!(said(&case, words).0, "allowed");
    }
    for (kind, address) in [
        ("VirtualAppliance", Some("10.0.9.4")),
        ("VirtualAppliance", Some("10.9.9.9")),
        ("VirtualNetworkGateway", None),
        ("None", None),
    ] {
        let rerouted = Stated {
            subnets: vec!["all 10.0.0.0/24 nsg:web table:away"],
            tables: vec![("away", vec![("all", "0.0.0.0/0", kind, address)])],
            ..plain.clone()
        };
        for case in both(&rerouted) {
            assert_eq!(said(&case, words), ("denied".into(), "d".into()), "{kind}");
        }
    }
}

/// N32, N34, N36: only the service's own tag stops it. Source: as N33.
#[test]
fn only_its_own_tag_stops_a_platform_service() {
    for (tag, to, protocol) in [
        ("AzurePlatformDNS", "168.63.129.16:53", "udp"),
        ("AzurePlatformIMDS", "169.254.169.254:80", "tcp"),
        ("AzurePlatformLKM", "20.118.99.224:1688", "tcp"),
    ] {
        let words = format!("--from 10.0.0.4 --to {to} --protocol {protocol} --nsg web");
        for other in [tag, "VirtualNetwork", "Internet", "168.63.129.16"] {
            let text: &'static str = format!("100 Outbound Deny * * {other} *").leak();
            let expected = if other == tag { "denied" } else { "allowed" };
            let case = template(&behind(&[("d", text)]));
            assert_eq!(said(&case, &words).0, expected, "{other} {to}");
        }
    }
}

/// N37. Sources: LB probe overview; NSG overview 2025-07-15. Clients keep their own addresses.
#[test]
fn the_balancers_tag_is_the_probe_and_no_client() {
    for case in both(&behind(&[
        ("a", "100 Inbound Deny Tcp AzureLoadBalancer * 80"),
        ("web", "110 Inbound Allow Tcp Internet * 80"),
    ])) {
        let ask = |from: &str| {
            let words = format!("--from {from} --to 10.0.0.4:80 --nsg web --direction inbound");
            said(&case, &words)
        };
        assert_eq!(ask("168.63.129.16"), ("denied".into(), "a".into()));
        assert_eq!(ask("AzureLoadBalancer"), ("denied".into(), "a".into()));
        assert_eq!(ask("8.8.8.8"), ("allowed".into(), "web".into()));
    }
}

/// N37, the consequence: the probe of the balancer behind which the machine stands is reported.
#[test]
fn a_probe_that_is_denied_is_reported() {
    let stated = Stated {
        machines: vec!["vm 10.0.0.4"],
        ..behind(&[
            ("a", "100 Inbound Deny Tcp AzureLoadBalancer * 80"),
            ("web", "110 Inbound Allow Tcp Internet * 80"),
        ])
    };
    let mut all = stated.resources();
    let part = |kind: &str, name: &str| id(&format!("loadBalancers/{kind}"), &["lb", name]);
    let vm = all.iter_mut().find(|it| it["name"] == "vm").unwrap();
    vm["properties"]["ipConfigurations"][0]["properties"]["loadBalancerBackendAddressPools"] =
        json!([part("backendAddressPools", "pool")]);
    let mut public = resource(
        "publicIPAddresses",
        "front",
        json!({ "publicIPAllocationMethod": "Static" }),
    );
    public["sku"] = json!({ "name": "Standard" });
    all.push(public);
    let mut balancer = resource(
        "loadBalancers",
        "lb",
        json!({
            "frontendIPConfigurations": [{ "name": "front", "properties": {
                "publicIPAddress": id("publicIPAddresses", &["front"]) } }],
            "backendAddressPools": [{ "name": "pool" }],
            "probes": [{ "name": "probe", "properties": { "protocol": "Tcp", "port": 80 } }],
            "loadBalancingRules": [{ "name": "http", "properties": {
                "frontendIPConfiguration": part("frontendIPConfigurations", "front"),
                "backendAddressPool": part("backendAddressPools", "pool"),
                "probe": part("probes", "probe"),
                "protocol": "Tcp", "frontendPort": 80, "backendPort": 80 } }],
        }),
    );
    balancer["sku"] = json!({ "name": "Standard" });
    all.push(balancer);
    let (_, report) = resources(&all).answer(&["check", "."]);
    let findings = report["findings"].as_array().unwrap();
    let probe = |it: &&Value| it["rule"].as_str().unwrap().contains("probe");
    assert!(findings.iter().any(|it| probe(&it)), "{report}");
}

/// An admin rule for the only network, committed.
fn managed(action: &str, rules: &[crate::stated::Rule]) -> Vec<Value> {
    let stated = Stated {
        machines: vec!["vm 10.0.0.4 public"],
        ..behind(rules)
    };
    let mut all = stated.resources();
    let base = "networkManagers/securityAdminConfigurations";
    all.push(resource(
        "networkManagers",
        "org",
        json!({
            "networkManagerScopeAccesses": ["SecurityAdmin"],
            "networkManagerScopes": { "subscriptions": ["[subscription().id]"] },
        }),
    ));
    let group = "networkManagers/networkGroups";
    all.push(resource(group, "org/all", json!({})));
    let net = id("virtualNetworks", &["net"])["id"].clone();
    let member = json!({ "resourceId": net });
    all.push(resource(
        &format!("{group}/staticMembers"),
        "org/all/net",
        member,
    ));
    all.push(resource(base, "org/base", json!({})));
    let applies = json!([{ "networkGroupId": id(group, &["org", "all"])["id"] }]);
    let collection = json!({ "appliesToGroups": applies });
    all.push(resource(
        &format!("{base}/ruleCollections"),
        "org/base/base",
        collection,
    ));
    let any = json!([{ "addressPrefixType": "IPPrefix", "addressPrefix": "*" }]);
    let mut rule = resource(
        &format!("{base}/ruleCollections/rules"),
        "org/base/base/adm",
        json!({
            "access": action, "direction": "Inbound", "priority": 10, "protocol": "Tcp",
            "sourcePortRanges": ["*"], "destinationPortRanges": ["443"],
            "sources": any, "destinations": any,
        }),
    );
    rule["kind"] = json!("Custom");
    all.push(rule);
    all
}

/// N30. Source: security admin rules of Azure Virtual Network Manager: Allow goes on to the group,
/// AlwaysAllow does not. A template can commit nothing; that it is committed is said.
#[test]
fn an_admin_rule_that_always_allows_goes_past_the_group() {
    let deny = [("d", "100 Inbound Deny Tcp * * 443")];
    let words = "--from 8.8.8.8 --to vm:443";
    let always = resources(&managed("AlwaysAllow", &deny));
    let answer = trace(&always, words);
    assert_eq!(answer["verdict"], "allowed", "{answer}");
    assert!(
        answer["notes"].to_string().contains("taken for granted"),
        "{answer}"
    );
    let allow = resources(&managed("Allow", &deny));
    assert_eq!(said(&allow, words), ("denied".into(), "d".into()));
}

/// N31: an admin rule's Deny comes before what the group allows. Source: as N30.
#[test]
fn an_admin_rule_that_denies_beats_a_group_that_allows() {
    let allow = [("ok", "100 Inbound Allow Tcp * * *")];
    let case = resources(&managed("Deny", &allow));
    let answer = trace(&case, "--from 8.8.8.8 --to vm:443");
    assert_eq!(super::verdict(&answer), ("denied", "adm"), "{answer}");
    assert_eq!(blockers(&answer)[0], "admin-rules");
    assert_eq!(said(&case, "--from 8.8.8.8 --to vm:80").0, "allowed");
}
