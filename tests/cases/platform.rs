//! Traffic with the platform, and load balancer probes.

use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use serde_json::{Value, json};

use crate::asked::{check, decider, findings, flow, group, network, rule, table, template};

fn outbound(rules: &[Value], table_id: bool) -> Value {
    let mut net = network("10.0.0.0/24", Some("web"));
    let mut resources = vec![group("web", rules)];
    if table_id {
        let id = "[resourceId('Microsoft.Network/routeTables', 'table')]";
        net["properties"]["subnets"][0]["properties"]["routeTable"] = json!({ "id": id });
        resources.push(table(&[(
            "all",
            "0.0.0.0/0",
            "VirtualNetworkGateway",
            None,
        )]));
    }
    resources.push(net);
    template(&resources)
}

/// N33. Sources: NSG overview 2025-07-15; what is IP address 168.63.129.16, 2023-03-30.
#[test]
fn platform_services_get_past_a_deny_of_everything() {
    let template = outbound(&[rule("no", "4096 Outbound Deny * * * *")], false);
    let decides = |protocol, address, port| {
        let flow = flow(protocol, "10.0.0.4", address, port);
        decider(&template, Direction::Outbound, &flow)
    };
    assert_eq!(decides(Protocol::Udp, "168.63.129.16", 53), ["bypass"]);
    assert_eq!(decides(Protocol::Tcp, "168.63.129.16", 53), ["bypass"]);
    assert_eq!(decides(Protocol::Tcp, "169.254.169.254", 80), ["bypass"]);
    assert_eq!(decides(Protocol::Tcp, "168.63.129.16", 32526), ["bypass"]);
    // Other ports of the same addresses are ordinary traffic.
    assert_eq!(decides(Protocol::Tcp, "168.63.129.16", 443), ["no"]);
    assert_eq!(decides(Protocol::Tcp, "169.254.169.254", 443), ["no"]);
}

/// N32, N34. Sources: NSG overview 2025-07-15; what is IP address 168.63.129.16: only the
/// services' own tags take their traffic away.
#[test]
fn only_its_own_tag_stops_a_platform_service() {
    let stopped = |destination: &str, address, port, protocol| {
        let text = format!("100 Outbound Deny * * {destination} *");
        let template = outbound(&[rule("no", &text)], false);
        let flow = flow(protocol, "10.0.0.4", address, port);
        decider(&template, Direction::Outbound, &flow) == ["no"]
    };
    let dns = ("168.63.129.16", 53, Protocol::Udp);
    let metadata = ("169.254.169.254", 80, Protocol::Tcp);
    for (destination, service, expected) in [
        ("AzurePlatformDNS", dns, true),
        ("azureplatformdns", dns, true),
        ("AzurePlatformIMDS", dns, false),
        ("VirtualNetwork", dns, false),
        ("Internet", dns, false),
        ("AzurePlatformIMDS", metadata, true),
        ("*", metadata, false),
        ("169.254.169.254", metadata, false),
    ] {
        let (address, port, protocol) = service;
        assert_eq!(
            stopped(destination, address, port, protocol),
            expected,
            "{destination}"
        );
    }
}

/// N34, the disputed half (X2): a deny of the explicit address. The documents on groups say that
/// only the tags stop the service; the Container Apps page warns of the deny. The answer follows
/// the former.
#[test]
fn a_deny_of_the_hosts_address_does_not_stop_its_dns() {
    let template = outbound(
        &[rule("no", "100 Outbound Deny * * 168.63.129.16 *")],
        false,
    );
    let dns = flow(Protocol::Udp, "10.0.0.4", "168.63.129.16", 53);
    assert_eq!(decider(&template, Direction::Outbound, &dns), ["bypass"]);
}

/// N35. Sources: NSG overview 2025-07-15 (the default route switches the platform's rule off);
/// "Set custom routes to enable KMS activation" 2024-07-17.
#[test]
fn activation_gets_past_a_group_until_a_default_route_leads_elsewhere() {
    let deny = [rule("no", "100 Outbound Deny * * Internet *")];
    for server in ["20.118.99.224", "40.83.235.53", "23.102.135.246"] {
        let activate = flow(Protocol::Tcp, "10.0.0.4", server, 1688);
        let straight = outbound(&deny, false);
        assert_eq!(
            decider(&straight, Direction::Outbound, &activate),
            ["bypass"]
        );
        let rerouted = outbound(&deny, true);
        assert_eq!(decider(&rerouted, Direction::Outbound, &activate), ["no"]);
        let other = flow(Protocol::Tcp, "10.0.0.4", server, 443);
        assert_eq!(decider(&straight, Direction::Outbound, &other), ["no"]);
    }
}

/// N36. Sources: service tags overview (AzurePlatformLKM).
#[test]
fn the_tag_of_activation_stops_activation() {
    let template = outbound(
        &[rule("no", "100 Outbound Deny * * AzurePlatformLKM *")],
        false,
    );
    let activate = flow(Protocol::Tcp, "10.0.0.4", "20.118.99.224", 1688);
    assert_eq!(decider(&template, Direction::Outbound, &activate), ["no"]);
}

/// N37. Sources: LB probe overview; NSG overview 2025-07-15.
#[test]
fn the_balancers_tag_is_the_probe_and_no_client() {
    let template = template(&[
        group(
            "web",
            &[
                rule("probe", "100 Inbound Deny Tcp AzureLoadBalancer * 80"),
                rule("web", "110 Inbound Allow Tcp Internet * 80"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let from = |source| flow(Protocol::Tcp, source, "10.0.0.4", 80);
    let decides = |source| decider(&template, Direction::Inbound, &from(source));
    assert_eq!(decides("168.63.129.16"), ["probe"]);
    assert_eq!(decides("8.8.8.8"), ["web"]);
    assert!(findings(&check(&template), "unreachable-security-rule").is_empty());
}

/// N37 with the wider tag: `VirtualNetwork` holds the probe's address as well. Sources:
/// azure-docs#38326; service tags overview.
#[test]
fn a_deny_of_the_virtual_network_stops_the_probe() {
    let template = template(&[
        group(
            "web",
            &[rule("no", "100 Inbound Deny * VirtualNetwork * *")],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let probe = flow(Protocol::Tcp, "168.63.129.16", "10.0.0.4", 80);
    assert_eq!(decider(&template, Direction::Inbound, &probe), ["no"]);
}
