//! Against a selector that shares nothing with the sets: for each address of a tiny universe all
//! candidates are listed and the winner is picked by the documented order, in every world.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::fixture::{Build, absent, facts, known, perhaps};
use super::routes::{endpoint, site};
use crate::eval::value::Truth;
use crate::model::platform::Cloud;
use crate::model::topology::PrivateEndpointPolicies;
use crate::model::{Link, SubnetId, VnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::{Answer, Family, address_number};
use crate::semantics::routes::NextHopKind;

const SUBNET: SubnetId = SubnetId(0);
const BASE: u32 = 0x0a00_0000;
/// The universe: sixteen private addresses and a public one.
const ADDRESSES: u32 = 17;

fn address(at: u32) -> Ipv4Addr {
    Ipv4Addr::from(if at == 16 { 0x0808_0808 } else { BASE + at })
}

/// A prefix of the universe: its first address and its length.
type Prefix = (u32, u8);

#[derive(Clone, Debug)]
struct Plan {
    own: Vec<Prefix>,
    /// Address space, whether the other side is there, a private endpoint and whether policies let
    /// routes take it.
    peers: Vec<(Prefix, bool)>,
    /// Where a private endpoint is: in the network itself (`None`) or a peer's.
    endpoint: Option<(Option<usize>, u32, bool)>,
    sites: Vec<Prefix>,
    propagates: bool,
    /// Prefix, hop, whether it is only perhaps there.
    routes: Vec<(Prefix, NextHopKind, bool)>,
}

fn prefix(shortest: u8) -> impl Strategy<Value = Prefix> {
    (0_u32..16, shortest..=32)
        .prop_map(|(low, length)| (BASE + (low & !((1_u32 << (32 - length)) - 1)), length))
}

fn route_prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![4 => prefix(28), 1 => Just((0, 0)), 1 => Just((0, 1))]
}

fn hop() -> impl Strategy<Value = NextHopKind> {
    prop_oneof![
        Just(NextHopKind::AzureFirewall),
        Just(NextHopKind::None),
        Just(NextHopKind::Internet),
        Just(NextHopKind::VirtualNetwork),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        prop::collection::vec(prefix(29), 1..3),
        prop::collection::vec((prefix(29), any::<bool>()), 0..3),
        prop::option::of((prop::option::of(0_usize..2), 0_u32..16, any::<bool>())),
        prop::collection::vec(route_prefix(), 0..3),
        any::<bool>(),
        prop::collection::vec((route_prefix(), hop(), prop::bool::weighted(0.25)), 0..6),
    )
        .prop_map(|(own, peers, endpoint, sites, propagates, mut routes)| {
            // A table has one route for a prefix.
            let mut seen = BTreeSet::new();
            routes.retain(|(prefix, _, _)| seen.insert(*prefix));
            Plan {
                own,
                peers,
                endpoint,
                sites,
                propagates,
                routes,
            }
        })
}

fn holds((base, length): Prefix, address: Ipv4Addr) -> bool {
    let mask = if length == 0 {
        0
    } else {
        u32::MAX << (32 - u32::from(length))
    };
    u32::from(address) & mask == base & mask
}

/// Where a packet goes in one world; `None` where no document tells.
fn selected(plan: &Plan, there: &[bool], address: Ipv4Addr) -> Option<NextHopKind> {
    // Length, order among equals, next hop.
    let mut all: Vec<(u8, u8, NextHopKind)> = Vec::new();
    for ((prefix, kind, _), there) in plan.routes.iter().zip(there) {
        if *there && holds(*prefix, address) {
            all.push((prefix.1, 0, *kind));
        }
    }
    let mut of_azure = false;
    for prefix in &plan.own {
        if holds(*prefix, address) {
            of_azure = true;
            all.push((prefix.1, 2, NextHopKind::VirtualNetwork));
        }
    }
    for (prefix, both) in &plan.peers {
        if *both && holds(*prefix, address) {
            of_azure = true;
            all.push((prefix.1, 3, NextHopKind::Peering));
        }
    }
    if plan.propagates && !of_azure {
        for prefix in &plan.sites {
            if holds(*prefix, address) {
                all.push((prefix.1, 1, NextHopKind::Gateway));
            }
        }
    }
    let drops = [(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16)];
    for prefix in drops {
        if holds(prefix, address) {
            all.push((prefix.1, 4, NextHopKind::None));
        }
    }
    all.push((0, 4, NextHopKind::Internet));
    if let Some((home, spaces, policies)) = endpoint_at(plan, address) {
        let near = home.is_none_or(|peer| plan.peers[peer].1);
        if near {
            let around: Vec<u8> = spaces
                .iter()
                .filter(|space| holds(**space, address))
                .map(|space| space.1)
                .collect();
            let (shortest, longest) = (around.iter().min()?, around.iter().max()?);
            let mut lost = false;
            for ((prefix, _, _), there) in plan.routes.iter().zip(there) {
                if !there || !holds(*prefix, address) {
                    continue;
                }
                if prefix.1 == 32 && !policies {
                    return None;
                }
                if policies && prefix.1 >= *shortest && prefix.1 < *longest {
                    return None;
                }
                lost |= policies && prefix.1 >= *longest;
            }
            if !lost {
                return Some(NextHopKind::PrivateEndpoint);
            }
        }
    }
    all.sort_by_key(|(length, order, _)| (u8::MAX - length, *order));
    all.first().map(|(_, _, kind)| *kind)
}

/// The endpoint at an address: where it is, the space of its network, its policies.
fn endpoint_at(plan: &Plan, at: Ipv4Addr) -> Option<(Option<usize>, Vec<Prefix>, bool)> {
    let (home, place, policies) = plan.endpoint?;
    let home = match home {
        Some(peer) if peer >= plan.peers.len() => return None,
        other => other,
    };
    let spaces = match home {
        None => plan.own.clone(),
        Some(peer) => vec![plan.peers[peer].0],
    };
    let inside = spaces.iter().any(|space| holds(*space, address(place)));
    (address(place) == at && inside).then_some((home, spaces, policies))
}

fn text((base, length): Prefix) -> String {
    format!("{}/{length}", Ipv4Addr::from(base))
}

fn construct(plan: &Plan) -> Build {
    let mut build = Build::default();
    let own: Vec<String> = plan.own.iter().map(|prefix| text(*prefix)).collect();
    let vnet = build.vnet(&own.join(","));
    build.subnet(vnet, &own[0]);
    for (space, both) in &plan.peers {
        let peer = build.vnet(&text(*space));
        build.peer(vnet, Link::Here(peer));
        if *both {
            build.peer(peer, Link::Here(vnet));
        }
    }
    if !plan.sites.is_empty() {
        let sites: Vec<String> = plan.sites.iter().map(|prefix| text(*prefix)).collect();
        site(&mut build, vnet, &sites.join(","));
    }
    let table = build.route_table(SUBNET);
    build.network[table].bgp_propagation = known(plan.propagates);
    for (prefix, kind, open) in &plan.routes {
        let word = match kind {
            NextHopKind::AzureFirewall => "firewall",
            NextHopKind::Internet => "Internet",
            NextHopKind::VirtualNetwork => "VnetLocal",
            _ => "None",
        };
        let route = build.route(table, &text(*prefix), word);
        if *open {
            build.network[route].meta.existence = perhaps(&text(*prefix));
        }
    }
    if let Some((home, place, policies)) = plan.endpoint
        && endpoint_at(plan, address(place)).is_some()
    {
        let owner = home.map_or(vnet, |peer| VnetId(u32::try_from(peer + 1).unwrap()));
        let block = format!("{}/32", address(place));
        let subnet = build.subnet(owner, &block);
        build.network[subnet].private_endpoint_policies = match policies {
            true => known(PrivateEndpointPolicies::RouteTableEnabled),
            false => absent(),
        };
        endpoint(&mut build, subnet, Some(&address(place).to_string()));
    }
    build
}

/// Every combination of the routes that are only perhaps there.
fn worlds(plan: &Plan) -> Vec<Vec<bool>> {
    plan.routes
        .iter()
        .fold(vec![Vec::new()], |worlds, (_, _, open)| {
            let choices: &[bool] = if *open { &[true, false] } else { &[true] };
            worlds
                .iter()
                .flat_map(|world| choices.iter().map(|it| [world.as_slice(), &[*it]].concat()))
                .collect()
        })
}

fn has(answer: &Answer, address: Ipv4Addr) -> (bool, bool) {
    let number = address_number(IpAddr::V4(address));
    let terms = |set: &crate::semantics::packet::FlowSet| {
        let mut terms = set.terms().iter();
        terms.any(|term| term.field(Dimension::Destination).contains(number))
    };
    (terms(&answer.flows.must), terms(&answer.flows.may))
}

proptest! {
    #![proptest_config(super::fixture::cases(400))]

    #[test]
    fn the_route_of_every_address_is_the_documented_one(plan in plan()) {
        let build = construct(&plan);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let worlds = worlds(&plan);
        let everything = Answer::everything(Family::V4);
        let partition = semantics.next_hops_of(SUBNET, &everything);
        let routes = semantics.routes_of(SUBNET, Family::V4);
        for at in (0..ADDRESSES).map(address) {
            let answers: Vec<Option<NextHopKind>> =
                worlds.iter().map(|there| selected(&plan, there, at)).collect();
            let documented = answers.iter().all(Option::is_some);
            let kinds: BTreeSet<NextHopKind> = answers.iter().flatten().copied().collect();
            let hops = semantics.next_hop(SUBNET, IpAddr::V4(at));
            let told: BTreeSet<_> = hops.iter().filter_map(|(hop, _)| hop.kind).collect();
            let certain = hops.iter().all(|(_, truth)| *truth == Truth::True);
            prop_assert!(kinds.is_subset(&told), "{at}: {kinds:?} {hops:?}");
            if certain {
                prop_assert!(documented, "{at}: {hops:?}");
                prop_assert_eq!(&kinds, &told, "{}: {:?}", at, hops);
            } else {
                // What differs in no world is certain, unless it is undocumented or different
                // routes lead to the same kind.
                let sources = hops.len() > told.len();
                prop_assert!(kinds.len() > 1 || !documented || sources || worlds.len() > 1);
            }
            // The partition of packets says the same, more exactly where two lead the same way.
            let mut must = Vec::new();
            let mut may = BTreeSet::new();
            for routed in &partition {
                let (certain, possible) = has(&routed.flows, at);
                if certain {
                    must.push(routed.hop.kind.unwrap());
                }
                if possible {
                    may.insert(routed.hop.kind.unwrap());
                }
            }
            prop_assert!(kinds.is_subset(&may), "{at}: {kinds:?} {may:?}");
            prop_assert!(must.len() <= 1, "{at}: {must:?}");
            if let [only] = must.as_slice() {
                prop_assert!(documented);
                prop_assert_eq!(&kinds, &BTreeSet::from([*only]));
            }
            if worlds.len() == 1 && documented {
                prop_assert_eq!(must.len(), 1, "{}", at);
            }
            // So do the routes that decide it, and `routed_to`.
            let decide: Vec<_> = routes.iter().filter(|it| has(&it.decides, at).0).collect();
            prop_assert!(decide.len() <= 1);
            if let [route] = decide.as_slice() {
                prop_assert_eq!(&kinds, &BTreeSet::from([route.hops[0].kind.unwrap()]));
            }
            for kind in [NextHopKind::AzureFirewall, NextHopKind::None, NextHopKind::Gateway] {
                let (certain, possible) = has(&semantics.routed_to(SUBNET, &[kind], Family::V4), at);
                prop_assert!(possible || !kinds.contains(&kind));
                if certain {
                    prop_assert!(documented && kinds == BTreeSet::from([kind]));
                }
            }
        }
    }
}
