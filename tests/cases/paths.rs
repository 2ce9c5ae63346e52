//! Questions on whole paths: routes, mail, and groups on the way.

use serde_json::{Value, json};

use crate::asked::{group, interface, network, rule, table, template};
use crate::traced::{trace, trace_with, verdict};

const TO_TABLE: &str = "[resourceId('Microsoft.Network/routeTables', 'table')]";

/// Everything to an appliance that is not in the files.
const ALL_AWAY: [(&str, &str, &str, Option<&str>); 1] =
    [("all", "0.0.0.0/0", "VirtualAppliance", Some("10.0.9.4"))];

/// A machine in 10.0.0.0/24 of 10.0.0.0/16, behind a group and with routes.
fn machine(rules: &[Value], routes: &[(&str, &str, &str, Option<&str>)]) -> Value {
    template(&machine_resources(rules, routes))
}

fn machine_resources(rules: &[Value], routes: &[(&str, &str, &str, Option<&str>)]) -> Vec<Value> {
    let mut net = network("10.0.0.0/24", Some("web"));
    let mut resources = vec![group("web", rules), interface("vm", "10.0.0.4", None)];
    if !routes.is_empty() {
        net["properties"]["subnets"][0]["properties"]["routeTable"] = json!({ "id": TO_TABLE });
        resources.push(table(routes));
    }
    resources.push(net);
    resources
}

/// The same machine with a public address of its own.
fn public_machine(rules: &[Value], routes: &[(&str, &str, &str, Option<&str>)]) -> Value {
    let mut resources = machine_resources(rules, routes);
    let id = "[resourceId('Microsoft.Network/publicIPAddresses', 'public')]";
    let configuration = &mut resources[1]["properties"]["ipConfigurations"][0]["properties"];
    configuration["publicIPAddress"] = json!({ "id": id });
    resources.push(json!({
        "type": "Microsoft.Network/publicIPAddresses",
        "apiVersion": "2024-05-01",
        "name": "public",
        "location": "westeurope",
        "sku": { "name": "Standard" },
        "properties": { "publicIPAllocationMethod": "Static" },
    }));
    template(&resources)
}

/// The kinds of the layers that stop packets for certain, in path order.
fn blockers(answer: &Value) -> Vec<&str> {
    let layers = answer["layers"].as_array().unwrap().iter();
    let denied = layers.filter(|layer| layer["verdict"] == "denied");
    denied
        .map(|layer| layer["layer"].as_str().unwrap())
        .collect()
}

/// N07, N10, N18 and N33, asked of the group alone. Sources: as there.
#[test]
fn a_group_asked_alone_names_the_rule_that_decides() {
    let plain = machine(&[], &[]);
    let answer = trace(&plain, "--from vm --to 172.31.0.100:80 --nsg web");
    assert_eq!(verdict(&answer), ("denied", Some("DenyAllOutBound")));
    let answer = trace(&plain, "--from Internet --to 10.0.0.4:22 --nsg web");
    assert_eq!(verdict(&answer), ("denied", Some("DenyAllInBound")));
    let deny = machine(&[rule("no", "4096 Outbound Deny * * * *")], &[]);
    let answer = trace(
        &deny,
        "--from vm --to 168.63.129.16:53 --protocol udp --nsg web",
    );
    assert_eq!(answer["verdict"], "allowed");
    let answer = trace(&deny, "--from vm --to 169.254.169.254:80 --nsg web");
    assert_eq!(answer["verdict"], "allowed");
    let answer = trace(&deny, "--from vm --to 169.254.169.254:443 --nsg web");
    assert_eq!(verdict(&answer), ("denied", Some("no")));
}

/// N12 and X27, both readings: users saw a route for everything make `VirtualNetwork` everything,
/// and the service tags overview says so in one clause. The answer takes that reading and tells
/// what the other would say.
#[test]
fn a_default_route_makes_the_virtual_network_everything_and_the_other_reading_is_told() {
    let answer = trace(
        &machine(&[], &ALL_AWAY),
        "--from 8.8.8.8 --to 10.0.0.4:22 --nsg web",
    );
    assert_eq!(verdict(&answer), ("allowed", Some("AllowVnetInBound")));
    let notes = answer["notes"].to_string();
    assert!(
        notes.contains("widen `VirtualNetwork`; without that it would be denied"),
        "{notes}"
    );
    let answer = trace(
        &machine(&[], &[]),
        "--from 8.8.8.8 --to 10.0.0.4:22 --nsg web",
    );
    assert_eq!(verdict(&answer), ("denied", Some("DenyAllInBound")));
}

/// N13: a route that is no default route widens the tag by its own prefix alone. Sources: as N12.
#[test]
fn a_routes_prefix_is_in_the_virtual_network_and_nothing_else() {
    let routed = machine(
        &[],
        &[(
            "site",
            "172.31.0.0/24",
            "VirtualAppliance",
            Some("10.0.9.4"),
        )],
    );
    let answer = trace(&routed, "--from 172.31.0.9 --to 10.0.0.4:22 --nsg web");
    assert_eq!(verdict(&answer), ("allowed", Some("AllowVnetInBound")));
    let answer = trace(
        &routed,
        "--from 172.31.1.9 --to 10.0.0.4:22 --nsg web --direction inbound",
    );
    assert_eq!(verdict(&answer), ("denied", Some("DenyAllInBound")));
}

/// R08. Sources: UDR overview (0.0.0.0/0).
#[test]
fn a_public_address_behind_a_default_route_is_not_reached() {
    let https = [rule("https", "100 Inbound Allow Tcp Internet * 443")];
    let question = "--from 8.8.8.8 --to vm:443";
    let straight = trace(&public_machine(&https, &[]), question);
    assert_eq!(straight["verdict"], "allowed", "{straight}");
    let rerouted = trace(&public_machine(&https, &ALL_AWAY), question);
    assert_ne!(rerouted["verdict"], "allowed", "{rerouted}");
}

/// R11. Sources: UDR overview (system routes).
#[test]
fn private_ranges_outside_the_network_are_dropped() {
    let open = machine(&[rule("out", "100 Outbound Allow * * * *")], &[]);
    for address in ["100.64.1.1", "192.168.1.1", "172.16.0.1"] {
        let answer = trace(&open, &format!("--from vm --to {address}:80"));
        assert_eq!(answer["verdict"], "denied", "{address}");
        assert_eq!(blockers(&answer)[0], "route", "{address}");
    }
}

/// R01, R03. Sources: UDR overview (routing example): a route for the network's own prefix beats
/// Azure's, a longer one leads back.
#[test]
fn a_route_to_nowhere_drops_what_no_longer_route_takes() {
    let question = "--from vm --to 10.0.0.9:80";
    let dropped = machine(&[], &[("own", "10.0.0.0/16", "None", None)]);
    let answer = trace(&dropped, question);
    assert_eq!(answer["verdict"], "denied");
    assert_eq!(blockers(&answer)[0], "route");
    let back = machine(
        &[],
        &[
            ("own", "10.0.0.0/16", "None", None),
            ("subnet", "10.0.0.0/24", "VnetLocal", None),
        ],
    );
    assert_ne!(trace(&back, question)["verdict"], "denied");
}

/// M01, M03. Sources: the article on outbound SMTP of 2018-11, 2019-08, 2020-12 and 2023-12: only
/// TCP 25 is blocked, and by offer.
#[test]
fn mail_leaves_by_offer_and_relays_are_open_in_every_offer() {
    let plain = machine(&[], &[]);
    for (offer, expected) in [
        ("enterprise-agreement", "allowed"),
        ("pay-as-you-go", "denied"),
        ("free-trial", "denied"),
    ] {
        let configuration = format!("subscription:\n  offer: {offer}\n");
        let ask = |port: u16| {
            let words = format!("--from vm --to 203.0.113.9:{port}");
            trace_with(&plain, &configuration, &words)
        };
        let answer = ask(25);
        assert_eq!(answer["verdict"], expected, "{offer}");
        if expected == "denied" {
            assert_eq!(blockers(&answer), ["smtp"], "{offer}");
        }
        for port in [587, 443] {
            assert_eq!(ask(port)["verdict"], "allowed", "{offer} {port}");
        }
        let inside = trace_with(&plain, &configuration, "--from vm --to 10.0.0.9:25");
        assert!(blockers(&inside).is_empty(), "{offer}: {inside}");
    }
    // Without an offer it depends on the offer.
    let answer = trace(&plain, "--from vm --to 203.0.113.9:25");
    assert_eq!(answer["verdict"], "depends");
}

/// M06, both editions (X4): the articles of 2018 to 2020 leave old subscriptions open, the one of
/// 2023 names no date, the page on groups of 2025-07-15 still does.
#[test]
fn a_subscription_from_before_the_block_is_open() {
    let plain = machine(&[], &[]);
    for (created, expected) in [("2017-11-01", "allowed"), ("2017-11-15", "denied")] {
        let configuration =
            format!("subscription:\n  offer: pay-as-you-go\n  created: {created}\n");
        let answer = trace_with(&plain, &configuration, "--from vm --to 203.0.113.9:25");
        assert_eq!(answer["verdict"], expected, "{created}");
    }
}

/// M10. Sources: the first blocker in path order.
#[test]
fn a_rule_that_stops_mail_is_named_before_the_platform() {
    let deny = machine(&[rule("mail", "100 Outbound Deny Tcp * Internet 25")], &[]);
    for offer in ["enterprise-agreement", "free-trial"] {
        let configuration = format!("subscription:\n  offer: {offer}\n");
        let answer = trace_with(&deny, &configuration, "--from vm --to 203.0.113.9:25");
        assert_eq!(verdict(&answer), ("denied", Some("mail")), "{offer}");
    }
}
