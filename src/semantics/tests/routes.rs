//! Which route decides, and what `VirtualNetwork` holds by it.

use std::net::IpAddr;

use super::fixture::{Build, absent, facts, flow, known, meta, parameter, unknown};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::address::Protocol;
use crate::model::nsg::Direction;
use crate::model::platform::Cloud;
use crate::model::routing::{Appliance as Behind, ApplianceHop, NextHopType, RoutePrefix};
use crate::model::topology::{
    GatewayConnection, LocalNetworkGateway, PrivateEndpoint, PrivateEndpointPolicies,
    VirtualNetworkGateway,
};
use crate::model::{
    GatewayConnectionId, GatewayId, Link, List, LocalNetworkGatewayId, Network, PeeringId,
    PrivateEndpointId, RouteId, RouteTableId, SubnetId, VnetId,
};
use crate::semantics::Semantics;
use crate::semantics::packet::{Answer, Family};
use crate::semantics::routes::NextHopKind::{self, *};
use crate::semantics::routes::{RouteSource, RouteStanding};
use crate::semantics::rules::{Decider, Scope};

const SUBNET: SubnetId = SubnetId(0);

fn build() -> Build {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    build.subnet(vnet, "10.0.0.0/24");
    build
}

pub(super) fn peer(build: &mut Build, a: VnetId, b: VnetId) -> (PeeringId, PeeringId) {
    let there = build.peer(a, Link::Here(b));
    (there, build.peer(b, Link::Here(a)))
}

/// A VPN gateway of a network with a connection to a site.
pub(super) fn site(build: &mut Build, vnet: VnetId, space: &str) -> GatewayId {
    let id = GatewayId(u32::try_from(build.network.gateways.len()).unwrap());
    let connection = GatewayConnectionId(id.0);
    build.network.gateways.push(VirtualNetworkGateway {
        meta: meta("gateway"),
        sku: absent(),
        vpn_type: absent(),
        kind: known("Vpn".into()),
        subnet: absent(),
        bgp: absent(),
        default_site: absent(),
        client_addresses: List::default(),
        connections: List::closed(vec![connection]),
    });
    let blocks = space.split(',').map(|block| known(block.parse().unwrap()));
    build
        .network
        .local_network_gateways
        .push(LocalNetworkGateway {
            meta: meta("site"),
            address_space: List::closed(blocks.collect()),
            bgp: known(false),
        });
    build.network.gateway_connections.push(GatewayConnection {
        meta: meta("connection"),
        gateway: known(Link::Here(id)),
        site: known(Link::Here(LocalNetworkGatewayId(id.0))),
        peer: absent(),
        kind: known("IPsec".into()),
        bgp: absent(),
    });
    build.network[vnet].gateways.items.push(id);
    id
}

pub(super) fn endpoint(
    build: &mut Build,
    subnet: SubnetId,
    address: Option<&str>,
) -> PrivateEndpointId {
    let id = PrivateEndpointId(u32::try_from(build.network.private_endpoints.len()).unwrap());
    let addresses = address.map(|address| known(address.parse().unwrap()));
    build.network.private_endpoints.push(PrivateEndpoint {
        meta: meta(&format!("endpoint{}", id.0)),
        subnet: known(Link::Here(subnet)),
        addresses: List::closed(addresses.into_iter().collect()),
        network_interfaces: List::default(),
        target: absent(),
        groups: List::default(),
        application_security_groups: List::default(),
    });
    build.network[subnet].private_endpoints.items.push(id);
    id
}

fn tag_route(build: &mut Build, table: RouteTableId, tag: &str, hop: &str) -> RouteId {
    let route = build.route(table, "0.0.0.0/0", hop);
    let tag = crate::model::address::ServiceTag::new(tag);
    build.network[route].prefix = known(RoutePrefix::Tag(tag));
    route
}

fn hop(network: &Network, address: &str) -> Vec<(Option<NextHopKind>, Truth)> {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let address: IpAddr = address.parse().unwrap();
    let hops = semantics.next_hop(SUBNET, address);
    let by_address: Vec<_> = hops.iter().map(|(hop, truth)| (hop.kind, *truth)).collect();
    // The partition of packets says the same.
    let to = super::fixture::prefix(&address.to_string());
    let asked = packets_to(&semantics, to);
    for routed in semantics.next_hops_of(SUBNET, &asked) {
        let truth = routed.flows.is_hit().truth;
        let same = hops.iter().find(|(hop, _)| *hop == routed.hop);
        assert_eq!(
            same.map(|(_, truth)| *truth),
            Some(truth),
            "{:?}",
            routed.hop
        );
    }
    by_address
}

fn packets_to(
    semantics: &Semantics<'_>,
    to: crate::model::Field<crate::model::address::AddressPrefix>,
) -> Answer {
    use crate::semantics::rules::{AddressSpec, FlowSpec};
    let spec = FlowSpec {
        direction: Direction::Outbound,
        protocols: Vec::new(),
        from: Vec::new(),
        to: vec![AddressSpec::Prefixes(vec![to])],
        ports: Vec::new(),
        source_ports: Vec::new(),
    };
    semantics.flows(&spec, Scope::Subnet(SUBNET), Family::V4)
}

fn certainly(kind: NextHopKind) -> Vec<(Option<NextHopKind>, Truth)> {
    vec![(Some(kind), Truth::True)]
}

fn perhaps(kinds: &[NextHopKind]) -> Vec<(Option<NextHopKind>, Truth)> {
    let kinds = kinds.iter();
    kinds.map(|kind| (Some(*kind), Truth::Unknown)).collect()
}

#[test]
fn a_route_for_the_whole_network_takes_packets_within_the_subnet_too() {
    let mut build = build();
    build.nic(SUBNET, Option::None);
    let table = build.route_table(SUBNET);
    build.route(table, "10.0.0.0/16", "interface");
    assert_eq!(hop(&build.network, "10.0.0.9"), certainly(Appliance));
    build.route(table, "10.0.0.0/24", "VnetLocal");
    assert_eq!(hop(&build.network, "10.0.0.9"), certainly(VirtualNetwork));
    assert_eq!(hop(&build.network, "10.0.1.9"), certainly(Appliance));
}

#[test]
fn what_is_learnt_yields_to_the_network_and_its_peers_but_not_to_a_shorter_route() {
    let mut build = build();
    let peered = build.vnet("10.1.0.0/16");
    peer(&mut build, VnetId(0), peered);
    site(
        &mut build,
        VnetId(0),
        "10.0.3.0/24,10.1.3.0/24,10.9.0.0/16,0.0.0.0/1",
    );
    assert_eq!(hop(&build.network, "10.0.3.4"), certainly(VirtualNetwork));
    assert_eq!(hop(&build.network, "10.1.3.4"), certainly(Peering));
    assert_eq!(hop(&build.network, "10.9.0.1"), certainly(Gateway));
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(Gateway));
    let table = build.route_table(SUBNET);
    build.route(table, "10.9.0.0/16", "None");
    build.route(table, "0.0.0.0/0", "firewall");
    assert_eq!(hop(&build.network, "10.9.0.1"), certainly(None));
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(Gateway));
    assert_eq!(hop(&build.network, "200.8.8.8"), certainly(AzureFirewall));
    // A shorter route of the author's loses to what is learnt, where nothing of Azure's own is.
    build.route(table, "10.8.0.0/13", "None");
    assert_eq!(hop(&build.network, "10.9.0.1"), certainly(None));
    build.network[table].bgp_propagation = known(false);
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(AzureFirewall));
    assert_eq!(hop(&build.network, "10.10.0.1"), certainly(None));
}

#[test]
fn what_a_gateway_learns_is_unknown_where_it_exchanges_routes() {
    let mut build = build();
    site(&mut build, VnetId(0), "10.9.0.0/16");
    assert_eq!(hop(&build.network, "10.8.0.1"), certainly(None));
    build.network.gateway_connections[0].bgp = known(true);
    assert_eq!(hop(&build.network, "10.8.0.1"), perhaps(&[Gateway, None]));
    assert_eq!(hop(&build.network, "10.0.8.1"), certainly(VirtualNetwork));
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(Internet));
    build.network.gateways[0].default_site = known(Link::Here(LocalNetworkGatewayId(0)));
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(Gateway));
}

#[test]
fn a_peer_brings_its_gateway_if_both_sides_agree() {
    let mut build = build();
    let hub = build.vnet("10.1.0.0/16");
    let (spoke_side, hub_side) = peer(&mut build, VnetId(0), hub);
    site(&mut build, hub, "10.9.0.0/16");
    assert_eq!(hop(&build.network, "10.9.0.1"), certainly(None));
    build.network[spoke_side].use_remote_gateways = known(true);
    assert_eq!(hop(&build.network, "10.9.0.1"), certainly(None));
    build.network[hub_side].allow_gateway_transit = known(true);
    assert_eq!(hop(&build.network, "10.9.0.1"), certainly(Gateway));
}

#[test]
fn a_peering_needs_its_other_side_and_leads_no_further() {
    let mut build = build();
    let near = build.vnet("10.1.0.0/16");
    let far = build.vnet("10.2.0.0/16");
    let only = build.peer(VnetId(0), Link::Here(near));
    assert_eq!(hop(&build.network, "10.1.0.1"), certainly(None));
    build.network[near].peerings.rest = Some(parameter("further peerings"));
    assert_eq!(hop(&build.network, "10.1.0.1"), perhaps(&[Peering, None]));
    let facts = facts();
    let unknowns = Semantics::new(&build.network, &facts, Cloud::Public)
        .peered(only)
        .unknowns;
    assert!(unknowns[0].label.contains("other side"), "{unknowns:?}");
    build.network[only].state = known("Connected".into());
    assert_eq!(hop(&build.network, "10.1.0.1"), certainly(Peering));
    build.network[only].state = known("Initiated".into());
    assert_eq!(hop(&build.network, "10.1.0.1"), certainly(None));
    build.peer(near, Link::Here(VnetId(0)));
    peer(&mut build, near, far);
    assert_eq!(hop(&build.network, "10.1.0.1"), certainly(Peering));
    assert_eq!(hop(&build.network, "10.2.0.1"), certainly(None));
    // Without access the route stays: only the tag leaves the peer out.
    build.network[only].allow_virtual_network_access = known(false);
    assert_eq!(hop(&build.network, "10.1.0.1"), certainly(Peering));
}

#[test]
fn a_private_endpoint_is_reached_past_every_route_that_its_subnet_does_not_let_in() {
    use PrivateEndpointPolicies::{
        Disabled, Enabled, NetworkSecurityGroupEnabled, RouteTableEnabled,
    };
    let mut build = build();
    let hub = build.vnet("10.1.0.0/16");
    let home = build.subnet(hub, "10.1.5.0/24");
    peer(&mut build, VnetId(0), hub);
    endpoint(&mut build, home, Some("10.1.5.4"));
    let table = build.route_table(SUBNET);
    let route = build.route(table, "0.0.0.0/0", "firewall");
    let prefix = |build: &mut Build, text: &str| {
        build.network[route].prefix = known(RoutePrefix::Block(text.parse().unwrap()));
    };
    let policies = |build: &mut Build, policies| {
        build.network[home].private_endpoint_policies = policies;
    };
    // The prefix, the policies, and what takes packets to the endpoint.
    let cases = [
        ("0.0.0.0/0", known(Enabled), certainly(PrivateEndpoint)),
        ("10.0.0.0/8", known(Enabled), certainly(PrivateEndpoint)),
        ("10.1.0.0/16", known(Enabled), certainly(AzureFirewall)),
        (
            "10.1.5.0/24",
            known(RouteTableEnabled),
            certainly(AzureFirewall),
        ),
        (
            "10.1.5.0/24",
            known(NetworkSecurityGroupEnabled),
            certainly(PrivateEndpoint),
        ),
        ("10.1.5.0/24", known(Disabled), certainly(PrivateEndpoint)),
        ("10.1.5.0/24", absent(), certainly(PrivateEndpoint)),
        (
            "10.1.5.0/24",
            unknown("policies"),
            perhaps(&[PrivateEndpoint, AzureFirewall]),
        ),
        ("10.1.5.4/32", known(Enabled), certainly(AzureFirewall)),
        // Nobody documents what the very address does without the policies.
        (
            "10.1.5.4/32",
            absent(),
            perhaps(&[PrivateEndpoint, AzureFirewall]),
        ),
    ];
    for (text, subnet, expected) in cases {
        prefix(&mut build, text);
        policies(&mut build, subnet);
        assert_eq!(hop(&build.network, "10.1.5.4"), expected, "{text}");
    }
    policies(&mut build, absent());
    prefix(&mut build, "10.1.0.0/16");
    assert_eq!(hop(&build.network, "10.1.5.5"), certainly(AzureFirewall));
    // Two peerings away it is not seen.
    let far = build.vnet("10.2.0.0/16");
    let there = build.subnet(far, "10.2.0.0/24");
    peer(&mut build, hub, far);
    endpoint(&mut build, there, Some("10.2.0.4"));
    assert_eq!(hop(&build.network, "10.2.0.4"), certainly(None));
}

#[test]
fn a_private_endpoint_with_an_address_of_azures_choice_may_have_any_of_its_subnet() {
    let mut build = build();
    let home = build.subnet(VnetId(0), "10.0.5.0/24");
    let id = endpoint(&mut build, home, Option::None);
    let table = build.route_table(SUBNET);
    build.route(table, "10.0.0.0/16", "firewall");
    let either = perhaps(&[PrivateEndpoint, AzureFirewall]);
    assert_eq!(hop(&build.network, "10.0.5.7"), either);
    assert_eq!(hop(&build.network, "10.0.6.7"), certainly(AzureFirewall));
    // Asked by its name it is certain.
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let asked = semantics.to_private_endpoint(id, Family::V4);
    let routed = semantics.next_hops_of(SUBNET, &asked);
    let kinds: Vec<_> = routed.iter().map(|routed| routed.hop.kind).collect();
    assert_eq!(kinds, [Some(PrivateEndpoint)]);
}

#[test]
fn several_appliances_share_the_packets_of_a_spreading_route() {
    let mut build = build();
    let nic = build.nic(SUBNET, Some("10.0.0.4"));
    let table = build.route_table(SUBNET);
    let route = build.route(table, "0.0.0.0/0", "appliance");
    build.network[route].next_hop_type = known(NextHopType::VirtualApplianceEcmp);
    let hops = [
        ("10.0.0.4", Behind::NetworkInterface(nic)),
        ("10.0.0.5", Behind::Unknown),
    ];
    build.network[route].spread = List::closed(
        hops.into_iter()
            .map(|(address, appliance)| ApplianceHop {
                address: known(address.parse().unwrap()),
                appliance,
            })
            .collect(),
    );
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let hops = semantics.next_hop(SUBNET, "8.8.8.8".parse().unwrap());
    let told: Vec<_> = hops
        .iter()
        .map(|(hop, truth)| (hop.address, *truth))
        .collect();
    let address = |text: &str| Some(text.parse().unwrap());
    let expected = [
        (address("10.0.0.4"), Truth::Unknown),
        (address("10.0.0.5"), Truth::Unknown),
    ];
    assert_eq!(told, expected);
    // An interface that forwards nothing is told as such.
    assert_eq!(hops[0].0.forwards, Truth::False);
    let kinds = [AzureFirewall, Appliance];
    let asked = packets_to(&semantics, super::fixture::prefix("8.8.8.8"));
    let routed = semantics.routed_to_of(SUBNET, &kinds, &asked);
    assert_eq!(routed.is_hit().truth, Truth::True);
}

#[test]
fn among_tags_the_narrower_wins_and_prefixes_win_over_tags() {
    let mut build = build();
    let table = build.route_table(SUBNET);
    tag_route(&mut build, table, "AzureCloud", "None");
    tag_route(&mut build, table, "Storage", "VirtualNetworkGateway");
    tag_route(&mut build, table, "Storage.WestEurope", "Internet");
    build.route(table, "0.0.0.0/0", "firewall");
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let kinds_to = |tag: &str| {
        let to = super::fixture::prefix(tag);
        let asked = packets_to(&semantics, to);
        let routed = semantics.next_hops_of(SUBNET, &asked);
        let mut kinds: Vec<_> = routed.iter().filter_map(|it| it.hop.kind).collect();
        kinds.sort_unstable();
        kinds
    };
    assert_eq!(kinds_to("Storage.WestEurope"), [Internet]);
    assert_eq!(kinds_to("Storage"), [Internet, Gateway]);
    assert_eq!(kinds_to("AzureCloud"), [Internet, Gateway, None]);
    // Whatever the tags hold, an address has a route of its own.
    build.route(table, "20.0.0.1/32", "firewall");
    assert_eq!(hop(&build.network, "20.0.0.1"), certainly(AzureFirewall));
}

#[test]
fn every_route_says_what_it_decides_and_overridden_ones_are_told() {
    let mut build = build();
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "firewall");
    build.route(table, "10.0.0.0/16", "None");
    let endpoint = known("Microsoft.Storage".into());
    build.network[SUBNET].service_endpoints.items.push(endpoint);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let routes = semantics.routes_of(SUBNET, Family::V4);
    let standing = |source: RouteSource, text: &str| {
        let found = routes.iter().find(|route| {
            let target = format!("{:?}", route.target);
            route.source == source && target.contains(text)
        });
        found.unwrap().standing
    };
    assert_eq!(
        standing(RouteSource::User(RouteId(0)), "0.0.0.0/0"),
        RouteStanding::Active
    );
    assert_eq!(
        standing(RouteSource::System, "0.0.0.0/0"),
        RouteStanding::Overridden
    );
    assert_eq!(
        standing(RouteSource::System, "10.0.0.0/16"),
        RouteStanding::Overridden
    );
    assert_eq!(
        standing(RouteSource::System, "10.0.0.0/8"),
        RouteStanding::Active
    );
    assert_eq!(
        standing(RouteSource::ServiceEndpoint, "Storage"),
        RouteStanding::Active
    );
    // Together they are a partition: nothing is left, nothing is decided twice.
    let all = Answer::everything(Family::V4);
    let left = routes
        .iter()
        .fold(all, |left, route| left.minus(&route.decides));
    assert!(left.flows.must.is_empty());
    for (at, one) in routes.iter().enumerate() {
        for other in &routes[at + 1..] {
            let both = one.decides.and(&other.decides);
            assert!(
                both.flows.must.is_empty(),
                "{:?} {:?}",
                one.target,
                other.target
            );
        }
    }
}

fn decider(
    build: &Build,
    widened: bool,
    direction: Direction,
    text: [&str; 2],
    port: u16,
) -> String {
    let facts = facts();
    let mut semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    if widened {
        semantics = semantics.widened();
    }
    let packet = flow(text[0], text[1], Protocol::Tcp, port);
    match semantics.decider(crate::model::NsgId(0), direction, &packet) {
        Decider::Default(name) => name.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_private_address_outside_the_network_is_of_neither_tag() {
    let mut build = build();
    let nsg = build.nsg();
    build.attach(nsg, SUBNET);
    let to = ["10.0.0.4", "172.31.0.100"];
    assert_eq!(
        decider(&build, false, Direction::Outbound, to, 80),
        "DenyAllOutBound"
    );
    // What lies behind a gateway is of the network.
    site(&mut build, VnetId(0), "172.31.0.0/16");
    assert_eq!(
        decider(&build, false, Direction::Outbound, to, 80),
        "AllowVnetOutBound"
    );
}

#[test]
fn a_default_route_widens_the_network_in_the_reading_that_says_so() {
    let mut build = build();
    let nsg = build.nsg();
    build.attach(nsg, SUBNET);
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "appliance");
    let from = ["8.8.8.8", "10.0.0.4"];
    assert_eq!(
        decider(&build, false, Direction::Inbound, from, 22),
        "DenyAllInBound"
    );
    assert_eq!(
        decider(&build, true, Direction::Inbound, from, 22),
        "AllowVnetInBound"
    );
    // On a subnet without the route it is as narrow as before: a group on both is open.
    let other = build.subnet(VnetId(0), "10.0.1.0/24");
    build.attach(nsg, other);
    let open = decider(&build, true, Direction::Inbound, from, 22);
    assert!(open.starts_with("Depends"), "{open}");
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public).widened();
    let packet = packets_to(&semantics, super::fixture::prefix("10.0.0.4"));
    let from_internet = {
        let public = semantics.public(Family::V4);
        let term = crate::semantics::packet::space::Term::all(Family::V4)
            .with_field(crate::semantics::packet::atoms::Dimension::Source, public)
            .unwrap();
        Answer::exactly(crate::semantics::packet::FlowSet::from_terms(
            Family::V4,
            vec![term],
        ))
    };
    let asked = packet.and(&from_internet);
    let through = |subnet| {
        let allowed = semantics.subnet_allowed_of(subnet, Direction::Inbound, &asked);
        allowed.is_hit().truth
    };
    assert_eq!(through(SUBNET), Truth::True);
    assert_eq!(through(other), Truth::False);
}

#[test]
fn a_network_of_public_addresses_is_no_internet() {
    let mut build = Build::default();
    let vnet = build.vnet("20.5.0.0/16");
    let subnet = build.subnet(vnet, "20.5.0.0/24");
    let nsg = build.nsg();
    build.attach(nsg, subnet);
    let rule = build.rule(nsg, "100 Deny Out * * -> Internet");
    let to = |text| decider(&build, false, Direction::Outbound, ["20.5.0.4", text], 80);
    assert_eq!(to("20.5.1.4"), "AllowVnetOutBound");
    assert_eq!(to("20.6.0.1"), format!("{:?}", Decider::Rule(rule)));
}

#[test]
fn a_peer_without_access_is_routed_to_but_no_part_of_the_tag() {
    let mut build = build();
    let remote = build.vnet("10.1.0.0/16");
    let (there, _) = peer(&mut build, VnetId(0), remote);
    let nsg = build.nsg();
    build.attach(nsg, SUBNET);
    let to = ["10.0.0.4", "10.1.0.4"];
    assert_eq!(
        decider(&build, false, Direction::Outbound, to, 80),
        "AllowVnetOutBound"
    );
    build.network[there].allow_virtual_network_access = known(false);
    assert_eq!(
        decider(&build, false, Direction::Outbound, to, 80),
        "DenyAllOutBound"
    );
}

#[test]
fn a_key_that_leads_outside_the_files_stays_open() {
    let mut build = build();
    build.peer(VnetId(0), Link::External(ResourceKey("hub".into())));
    assert_eq!(hop(&build.network, "10.1.0.1"), perhaps(&[Peering, None]));
    // Spaces of peers do not overlap.
    assert_eq!(hop(&build.network, "10.0.1.1"), certainly(VirtualNetwork));
}

#[test]
fn a_default_route_in_two_halves_leaves_open_what_becomes_of_the_platforms_own_way() {
    let mut build = build();
    let own = |build: &Build| {
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        semantics.has_own_default_route(SUBNET)
    };
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/1", "firewall");
    assert_eq!(own(&build), Truth::False);
    let half = build.route(table, "128.0.0.0/1", "firewall");
    assert_eq!(own(&build), Truth::Unknown);
    build.network[half].next_hop_type = known(NextHopType::Internet);
    assert_eq!(own(&build), Truth::False);
    build.route(table, "0.0.0.0/0", "firewall");
    assert_eq!(own(&build), Truth::True);
}
