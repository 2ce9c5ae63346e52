//! Where packets go, and whether replies come back.

use serde_json::{Value, json};

use super::{blockers, both, resources, said, template, trace};
use crate::program::Case;
use crate::stated::{Route, Stated, id, resource};

/// A machine at 10.0.0.4, everything let out, and routes.
fn routed(routes: &[Route]) -> Stated {
    Stated {
        subnets: vec!["all 10.0.0.0/24 nsg:web table:away", "hub 10.0.9.0/24"],
        groups: vec![("web", vec![("out", "100 Outbound Allow * * * *")])],
        tables: vec![("away", routes.to_vec())],
        machines: vec!["vm 10.0.0.4", "other 10.0.0.5", "nva 10.0.9.4 forwards"],
        ..Stated::default()
    }
}

/// The next hops of the route layers on the sender's side, in path order.
fn hops(case: &Case, words: &str) -> Vec<String> {
    let answer = trace(case, words);
    let layers = answer["layers"].as_array().unwrap().iter();
    let routes = layers.filter(|layer| layer["layer"] == "route");
    routes
        .map(|layer| {
            layer["decidedBy"]["name"]
                .as_str()
                .unwrap_or("?")
                .to_owned()
        })
        .collect()
}

/// The routes in force of the subnet `all`: prefix, type of the next hop, source, state.
fn routes(case: &Case) -> Vec<[String; 4]> {
    let (code, answer) = case.answer(&["effective", ".", "--subnet", "net/all"]);
    assert_eq!(code, 0, "{answer}");
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let all = answer["routes"].as_array().unwrap().iter();
    all.map(|it| ["prefix", "nextHopType", "source", "state"].map(|key| text(&it[key])))
        .collect()
}

const NVA: Option<&str> = Some("10.0.9.4");

/// R01. Source: UDR overview (routing example): a route for the network's own prefix takes even
/// traffic within a subnet, until one for the subnet leads back.
#[test]
fn a_route_for_the_networks_prefix_takes_traffic_within_the_subnet() {
    let own: Route = ("own", "10.0.0.0/16", "VirtualAppliance", NVA);
    for case in both(&routed(&[own])) {
        let through = hops(&case, "--from vm --to other:80");
        assert_eq!(through[0], "own", "{through:?}");
    }
    let back: Route = ("back", "10.0.0.0/24", "VnetLocal", None);
    for case in both(&routed(&[own, back])) {
        let through = hops(&case, "--from vm --to other:80");
        assert_eq!(through, ["back"]);
        assert_eq!(said(&case, "--from vm --to other:80").0, "allowed");
    }
}

/// R03. Source: UDR overview: user-defined routes follow the longest prefix, peerings included.
#[test]
fn a_longer_route_beats_the_peering_and_the_rest_stays_with_it() {
    let stated = Stated {
        peer: Some("10.1.0.0/16"),
        ..routed(&[("drop", "10.1.2.0/24", "None", None)])
    };
    let case = template(&stated);
    let answer = trace(&case, "--from vm --to 10.1.2.5:80");
    assert_eq!(super::verdict(&answer), ("denied", "drop"), "{answer}");
    let answer = trace(&case, "--from vm --to 10.1.3.5:80");
    assert_eq!(answer["verdict"], "allowed", "{answer}");
    let layers = answer["layers"].to_string();
    assert!(layers.contains("peering"), "{layers}");
}

/// R04. Source: UDR overview (0.0.0.0/0): the endpoint's prefixes are longer.
#[test]
fn a_service_endpoint_goes_past_the_default_route() {
    let stated = Stated {
        subnets: vec![
            "all 10.0.0.0/24 nsg:web table:away endpoint:Microsoft.Storage",
            "hub 10.0.9.0/24",
        ],
        ..routed(&[("all", "0.0.0.0/0", "VirtualAppliance", NVA)])
    };
    let case = template(&stated);
    let found = routes(&case);
    let endpoint = found
        .iter()
        .find(|it| it[1] == "VirtualNetworkServiceEndpoint");
    assert_eq!(endpoint.unwrap()[3], "active", "{found:?}");
    let others = found
        .iter()
        .filter(|it| it[0] == "0.0.0.0/0" && it[2] == "user");
    assert!(
        others.clone().all(|it| it[1] == "VirtualAppliance"),
        "{found:?}"
    );
    // Which addresses the service has is not in the files, but some go straight to it.
    let answer = trace(&case, "--from vm --to Storage:443");
    let layers = answer["layers"].as_array().unwrap();
    let route = layers.iter().find(|it| it["layer"] == "route").unwrap();
    let straight = route["parts"].as_array().unwrap().iter().any(|part| {
        part["decidedBy"]["remark"] == "to the service endpoint" && part["verdict"] == "allowed"
    });
    assert!(straight, "{route}");
}

/// R06. Source: manage network policies for private endpoints: its /32 wins over 0.0.0.0/0, and
/// over any route unless policies are on and the route's prefix is at least as long as the
/// network's.
#[test]
fn a_private_endpoint_goes_past_the_default_route() {
    let stated = |policies: &'static str, prefix: &'static str| {
        let stated = Stated {
            subnets: vec!["all 10.0.0.0/24 nsg:web table:away", "hub 10.0.9.0/24"],
            peer: Some("10.1.0.0/24"),
            ..routed(&[("all", prefix, "VirtualAppliance", NVA)])
        };
        let mut all = stated.resources();
        let peer = all.iter_mut().find(|it| it["name"] == "peer").unwrap();
        peer["properties"]["subnets"][0]["properties"]["privateEndpointNetworkPolicies"] =
            json!(policies);
        let account = "[resourceId('Microsoft.Storage/storageAccounts', 'data')]";
        all.push(resource(
            "privateEndpoints",
            "pe",
            json!({
                "subnet": id("virtualNetworks/subnets", &["peer", "all"]),
                "privateLinkServiceConnections": [{ "name": "data", "properties": {
                    "privateLinkServiceId": account, "groupIds": ["blob"] } }],
                "ipConfigurations": [{ "name": "ip", "properties": {
                    "privateIPAddress": "10.1.0.5", "groupId": "blob", "memberName": "blob" } }],
            }),
        ));
        resources(&all)
    };
    let through = |policies, prefix| {
        let case = stated(policies, prefix);
        let first = hops(&case, "--from vm --to pe:443").remove(0);
        first == "all"
    };
    assert!(!through("Disabled", "0.0.0.0/0"));
    assert!(!through("RouteTableEnabled", "0.0.0.0/0"));
    assert!(!through("Disabled", "10.1.0.0/24"));
    assert!(!through("NetworkSecurityGroupEnabled", "10.1.0.0/24"));
    assert!(through("RouteTableEnabled", "10.1.0.0/24"));
    assert!(through("Enabled", "10.1.0.0/24"));
    assert!(!through("Enabled", "10.0.0.0/8"));
}

/// R08. Source: UDR overview (0.0.0.0/0): replies leave by the appliance.
#[test]
fn a_public_address_behind_a_default_route_is_not_reached() {
    let stated = |routes: Vec<Route>| Stated {
        groups: vec![(
            "web",
            vec![("https", "100 Inbound Allow Tcp Internet * 443")],
        )],
        machines: vec!["vm 10.0.0.4 public"],
        tables: vec![("away", routes)],
        ..routed(&[])
    };
    let words = "--from Internet --to vm:443";
    for case in both(&stated(Vec::new())) {
        assert_eq!(said(&case, words).0, "allowed");
    }
    for case in both(&stated(vec![("all", "0.0.0.0/0", "VirtualAppliance", NVA)])) {
        let answer = trace(&case, words);
        assert_eq!(answer["verdict"], "denied", "{answer}");
        assert_eq!(answer["returnPath"]["symmetric"], false, "{answer}");
    }
}

/// R09: the NAT gateway comes before the machine's own public address. Source: NAT gateway
/// overview; a route elsewhere comes before both.
#[test]
fn the_nat_gateway_comes_before_a_public_address() {
    let stated = |routes: Vec<Route>, subnet: &'static str| Stated {
        subnets: vec![subnet, "hub 10.0.9.0/24"],
        machines: vec!["vm 10.0.0.4 public", "nva 10.0.9.4 forwards"],
        tables: vec![("away", routes)],
        ..routed(&[])
    };
    let egress = |stated: &Stated| {
        let answer = trace(&template(stated), "--from vm --to 8.8.8.8:443");
        let layers = answer["layers"].as_array().unwrap().clone();
        let mut way = layers.into_iter().filter(|it| it["layer"] == "egress");
        let way = way.next().map(|it| it["decidedBy"].clone());
        way.unwrap_or_default()["kind"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    };
    let both = stated(Vec::new(), "all 10.0.0.0/24 nsg:web table:away nat");
    assert_eq!(egress(&both), "nat-gateway");
    let alone = stated(Vec::new(), "all 10.0.0.0/24 nsg:web table:away");
    assert_eq!(egress(&alone), "public-ip");
    let away = vec![("all", "0.0.0.0/0", "VirtualAppliance", NVA)];
    let routed = stated(away, "all 10.0.0.0/24 nsg:web table:away nat");
    assert_ne!(egress(&routed), "nat-gateway");
}

/// R10. Source: NAT gateway overview: TCP and UDP over IPv4 only.
#[test]
fn a_nat_gateway_carries_neither_icmp_nor_ipv6() {
    let stated = Stated {
        space: "10.0.0.0/16,fd00::/48",
        subnets: vec!["all 10.0.0.0/24 nsg:web nat", "six fd00::/64 nsg:web nat"],
        machines: vec!["vm 10.0.0.4"],
        tables: Vec::new(),
        ..routed(&[])
    };
    let case = template(&stated);
    assert_eq!(said(&case, "--from vm --to 8.8.8.8:443").0, "allowed");
    assert_eq!(
        said(&case, "--from vm --to 8.8.8.8:53 --protocol udp").0,
        "allowed"
    );
    let answer = trace(&case, "--from vm --to 8.8.8.8 --protocol icmp");
    assert_eq!(answer["verdict"], "denied", "{answer}");
    assert_eq!(blockers(&answer), ["egress"]);
    let answer = trace(&case, "--from fd00::4 --to [2001:db8::1]:443");
    assert_ne!(answer["verdict"], "allowed", "{answer}");
}

/// R11. Source: UDR overview (system routes).
#[test]
fn private_ranges_outside_the_network_are_dropped() {
    for case in both(&routed(&[])) {
        for address in ["100.64.1.1", "192.168.1.1", "172.16.0.1"] {
            let answer = trace(&case, &format!("--from vm --to {address}:80"));
            assert_eq!(answer["verdict"], "denied", "{address}");
            assert_eq!(blockers(&answer)[0], "route", "{address}");
        }
    }
}

/// R05, R07: an appliance in a subnet that uses the same table loops. Source: UDR overview.
#[test]
fn an_appliance_behind_its_own_route_loops() {
    let stated = Stated {
        subnets: vec![
            "all 10.0.0.0/24 nsg:web table:away",
            "hub 10.0.9.0/24 table:away",
        ],
        ..routed(&[("all", "0.0.0.0/0", "VirtualAppliance", NVA)])
    };
    let case = template(&stated);
    let answer = trace(&case, "--from vm --to 8.8.8.8:443");
    assert_eq!(answer["verdict"], "denied", "{answer}");
    assert_eq!(blockers(&answer), ["appliance"]);
}
