//! Where packets go next.

use aznet::eval::value::Truth;
use aznet::model::SubnetId;
use aznet::model::nsg::Direction;
use aznet::semantics::packet::{Answer, Family, FlowSet};
use aznet::semantics::routes::NextHopKind;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use crate::cases;
use crate::groups::one;
use crate::oracle::arm;
use crate::oracle::packet::{Packet, Range, address, address_classes};
use crate::oracle::route::{Hop, Route, Site, next_hop};
use crate::pipeline::{Document, ask};

const PREFIXES: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/1",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.0.0/24",
    "10.0.0.0/25",
    "10.0.1.0/24",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.9.0.0/16",
    "8.8.8.0/24",
    "8.8.8.8/32",
    "168.63.129.16/32",
    "169.254.169.254/32",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

fn hops() -> impl Strategy<Value = Hop> {
    select(
        &[
            Hop::Internet,
            Hop::VirtualNetwork,
            Hop::Gateway,
            Hop::Appliance,
            Hop::None,
        ][..],
    )
}

fn tables() -> impl Strategy<Value = Vec<Route>> {
    prop::collection::vec((select(PREFIXES), hops()), 0..8).prop_map(|routes| {
        let mut found: Vec<Route> = Vec::new();
        for (prefix, hop) in routes {
            // A table has no two routes for one prefix.
            if found.iter().all(|route| route.prefix != prefix) {
                let name = format!("route{}", found.len());
                found.push(Route { name, prefix, hop });
            }
        }
        found
    })
}

fn table(routes: &[Route]) -> Json {
    let routes: Vec<Json> = routes
        .iter()
        .map(|route| {
            let (kind, address) = match route.hop {
                Hop::Internet => ("Internet", None),
                Hop::VirtualNetwork => ("VnetLocal", None),
                Hop::Gateway => ("VirtualNetworkGateway", None),
                Hop::Appliance => ("VirtualAppliance", Some("10.0.0.4")),
                Hop::None | Hop::Peering => ("None", None),
            };
            let mut properties = json!({ "addressPrefix": route.prefix, "nextHopType": kind });
            if let Some(address) = address {
                properties["nextHopIpAddress"] = json!(address);
            }
            json!({ "name": route.name, "properties": properties })
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

fn peering(remote: &str) -> Json {
    json!([{ "name": "there", "properties": {
        "remoteVirtualNetwork": arm::id("virtualNetworks", remote),
        "allowVirtualNetworkAccess": true,
    }}])
}

/// Networks `net` and, perhaps, a peer; an appliance at 10.0.0.4. Exported: there is nothing else.
fn document(routes: &[Route], peered: bool) -> Document {
    let all = arm::subnet("all", &["10.0.0.0/24"], None, Some("table"));
    let appliances = arm::subnet("appliances", &["10.0.5.0/24"], None, None);
    let mut net = arm::network("net", &["10.0.0.0/16"], &[all, appliances]);
    let mut other = arm::network("other", &["10.1.0.0/16"], &[]);
    if peered {
        net["properties"]["virtualNetworkPeerings"] = peering("other");
        other["properties"]["virtualNetworkPeerings"] = peering("net");
    }
    let mut appliance = arm::interface("appliance", "10.0.0.4", None);
    appliance["properties"]["enableIPForwarding"] = json!(true);
    let template = arm::template(&[], &[table(routes), net, other, appliance]);
    Document::Export(arm::export(&template))
}

fn kind(hop: Hop) -> NextHopKind {
    match hop {
        Hop::Internet => NextHopKind::Internet,
        Hop::VirtualNetwork => NextHopKind::VirtualNetwork,
        Hop::Peering => NextHopKind::Peering,
        Hop::Gateway => NextHopKind::Gateway,
        Hop::Appliance => NextHopKind::Appliance,
        Hop::None => NextHopKind::None,
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn the_longest_prefix_decides_and_what_people_wrote_among_equals(
        routes in tables(), peered in any::<bool>()
    ) {
        let site = Site {
            space: vec!["10.0.0.0/16"],
            peer: if peered { vec!["10.1.0.0/16"] } else { Vec::new() },
        };
        let mut ranges: Vec<Range> = PREFIXES.iter().map(|text| Range::parse(text)).collect();
        ranges.push(Range::parse("100.64.0.0/10"));
        ask(&document(&routes, peered), |semantics| {
            let everything = Answer::everything(Family::V4);
            let parts = semantics.next_hops_of(SubnetId(0), &everything);
            for number in address_classes(false, &ranges, &[], |_| ()) {
                let expected = next_hop(&routes, &site, number);
                let said = semantics.next_hop(SubnetId(0), address(false, number));
                let [(hop, Truth::True)] = said.as_slice() else {
                    return Err(TestCaseError::fail(format!("{number:x} {said:?}")));
                };
                prop_assert_eq!(hop.kind, Some(kind(expected)), "{:x} {:?}", number, said);
                let packet = Packet {
                    v6: false,
                    source: 0x0a00_0005,
                    destination: number,
                    protocol: 0,
                    source_port: 40_000,
                    destination_port: 443,
                };
                let flow = one(semantics, &packet, Direction::Outbound);
                let hits: Vec<_> = parts
                    .iter()
                    .filter(|part| part.flows.and(&flow).is_hit().truth == Truth::True)
                    .map(|part| part.hop.kind)
                    .collect();
                prop_assert_eq!(hits, vec![Some(kind(expected))], "{:x}", number);
                let all = [kind(expected)];
                let routed = semantics.routed_to_of(SubnetId(0), &all, &flow);
                prop_assert_eq!(routed.is_hit().truth, Truth::True);
            }
            let all = parts.iter().map(|part| part.flows.flows.must.clone());
            let empty = FlowSet::empty(Family::V4);
            let whole = all.fold(empty, |all, one| all.union(&one).unwrap());
            let left = FlowSet::all(Family::V4).subtract(&whole).unwrap();
            prop_assert!(left.is_empty(), "no part for {left:?}");
            Ok(())
        })?;
    }
}
