//! Where a subnet's packets go.

use std::net::IpAddr;

use super::fixture::{Build, absent, facts, known, meta, parameter, perhaps};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::address::{PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::platform::Cloud;
use crate::model::topology::{HubConnection, VirtualHub};
use crate::model::{FirewallId, HubConnectionId, HubId, Link, Network, SubnetId, VnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::Family;
use crate::semantics::routes::NextHopKind::{self, *};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

const SUBNET: SubnetId = SubnetId(0);

fn build() -> Build {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    build.subnet(vnet, "10.0.0.0/24");
    build
}

fn hop(network: &Network, address: &str) -> Vec<(Option<NextHopKind>, Truth)> {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let address: IpAddr = address.parse().unwrap();
    let hops = semantics.next_hop(SUBNET, address);
    // The set of packets says the same.
    if let [(hop, Truth::True)] = hops.as_slice()
        && let Some(kind) = hop.kind
    {
        assert_eq!(routed(network, &address.to_string(), &[kind]), Truth::True);
    }
    hops.into_iter()
        .map(|(hop, truth)| (hop.kind, truth))
        .collect()
}

fn certainly(kind: NextHopKind) -> Vec<(Option<NextHopKind>, Truth)> {
    vec![(Some(kind), Truth::True)]
}

/// Whether packets to TCP 25 of an address or set take one of the kinds.
fn routed(network: &Network, to: &str, kinds: &[NextHopKind]) -> Truth {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let to = match to.parse::<IpAddr>() {
        Ok(_) => AddressSpec::Prefixes(vec![super::fixture::prefix(to)]),
        Err(_) => AddressSpec::NamedSet(to.into()),
    };
    let spec = FlowSpec {
        direction: Direction::Outbound,
        protocols: vec![Protocol::Tcp],
        from: Vec::new(),
        to: vec![to],
        ports: vec![PortRange::single(25)],
        source_ports: Vec::new(),
    };
    let flows = semantics.flows(&spec, Scope::Subnet(SUBNET), Family::V4);
    semantics
        .routed_to(SUBNET, kinds, Family::V4)
        .and(&flows)
        .is_hit()
        .truth
}

fn default_route(network: &Network) -> Vec<(Option<NextHopKind>, Truth)> {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let hops = semantics.default_route(SUBNET);
    hops.into_iter()
        .map(|(hop, truth)| (hop.kind, truth))
        .collect()
}

/// Both sides of a peering of the first network.
fn peer(build: &mut Build, remote: Link<VnetId>) {
    let here = VnetId(0);
    if let Link::Here(there) = remote {
        build.peer(there, Link::Here(here));
    }
    build.peer(here, remote);
}

#[test]
fn without_routes_the_system_decides() {
    let build = build();
    assert_eq!(hop(&build.network, "10.0.5.5"), certainly(VirtualNetwork));
    assert_eq!(hop(&build.network, "100.64.1.1"), certainly(None));
    assert_eq!(hop(&build.network, "192.168.1.1"), certainly(None));
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(Internet));
    assert_eq!(default_route(&build.network), certainly(Internet));
    assert_eq!(routed(&build.network, "public", &[Internet]), Truth::True);
    assert_eq!(
        routed(&build.network, "public", &[Gateway, None]),
        Truth::False
    );
}

#[test]
fn the_longest_prefix_wins_and_among_equals_the_authors_route() {
    let mut build = build();
    build.nic(SUBNET, Option::None);
    let table = build.route_table(SUBNET);
    build.route(table, "10.0.0.0/16", "interface");
    assert_eq!(hop(&build.network, "10.0.9.9"), certainly(Appliance));
    // The subnet's own prefix is no route.
    assert_eq!(hop(&build.network, "10.0.0.9"), certainly(Appliance));
    build.route(table, "0.0.0.0/0", "firewall");
    build.route(table, "20.118.99.224/32", "Internet");
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(AzureFirewall));
    assert_eq!(hop(&build.network, "20.118.99.224"), certainly(Internet));
    assert_eq!(
        hop(&build.network, "168.63.129.16"),
        certainly(VirtualNetwork)
    );
    assert_eq!(default_route(&build.network), certainly(AzureFirewall));
    assert_eq!(
        routed(&build.network, "public", &[AzureFirewall]),
        Truth::True
    );
    assert_eq!(routed(&build.network, "kms", &[AzureFirewall]), Truth::True);
    build.route(table, "40.83.235.53/32", "Internet");
    assert_eq!(
        routed(&build.network, "kms", &[AzureFirewall]),
        Truth::False
    );
}

#[test]
fn a_route_beats_a_peering_by_its_length() {
    let mut build = build();
    let remote = build.vnet("10.1.0.0/16");
    peer(&mut build, Link::Here(remote));
    let table = build.route_table(SUBNET);
    build.route(table, "10.1.2.0/24", "None");
    assert_eq!(hop(&build.network, "10.1.2.5"), certainly(None));
    assert_eq!(hop(&build.network, "10.1.3.5"), certainly(Peering));
    // What a peer outside the files has is not known, but public it is not.
    peer(&mut build, Link::External(ResourceKey("hub".into())));
    assert_eq!(
        hop(&build.network, "10.9.0.1").last(),
        Some(&(Some(None), Truth::Unknown))
    );
    assert_eq!(hop(&build.network, "8.8.8.8"), certainly(Internet));
}

#[test]
fn a_service_endpoint_takes_its_services_past_the_default_route() {
    let mut build = build();
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "firewall");
    let endpoint = known("Microsoft.Storage".into());
    build.network[SUBNET].service_endpoints.items.push(endpoint);
    assert_eq!(
        routed(&build.network, "8.8.8.8", &[AzureFirewall]),
        Truth::Unknown
    );
    assert_eq!(
        routed(&build.network, "public", &[ServiceEndpoint]),
        Truth::True
    );
    // Most of the public space is no service's.
    assert_eq!(
        routed(&build.network, "public", &[AzureFirewall]),
        Truth::True
    );
    assert_eq!(routed(&build.network, "kms", &[AzureFirewall]), Truth::True);
}

#[test]
fn an_unknown_appliance_may_be_a_firewall_and_nothing_is_certain_of_it() {
    let mut build = build();
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "appliance");
    assert_eq!(
        routed(&build.network, "public", &[AzureFirewall]),
        Truth::Unknown
    );
    assert_eq!(
        routed(&build.network, "public", &[Appliance]),
        Truth::Unknown
    );
    assert_eq!(
        routed(&build.network, "public", &[AzureFirewall, Appliance]),
        Truth::True
    );
    assert_eq!(routed(&build.network, "public", &[Internet]), Truth::False);
    assert_eq!(
        default_route(&build.network),
        vec![(Option::None, Truth::True)]
    );
}

#[test]
fn unknown_routes_and_tables_leave_it_open() {
    let base = || {
        let mut build = build();
        let table = build.route_table(SUBNET);
        (build, table)
    };
    let open = |network: &Network| routed(network, "public", &[Gateway]);
    let (mut build, table) = base();
    build.route(table, "?prefix", "VirtualNetworkGateway");
    assert_eq!(open(&build.network), Truth::Unknown);
    let (mut build, table) = base();
    build.route(table, "0.0.0.0/0", "?type");
    assert_eq!(open(&build.network), Truth::Unknown);
    let (mut build, table) = base();
    let route = build.route(table, "0.0.0.0/0", "VirtualNetworkGateway");
    assert_eq!(open(&build.network), Truth::True);
    build.network[route].meta.existence = perhaps("forced");
    assert_eq!(open(&build.network), Truth::Unknown);
    assert_eq!(default_route(&build.network).len(), 2);
    let (mut build, table) = base();
    build.network[table].routes.rest = Some(parameter("routes"));
    assert_eq!(open(&build.network), Truth::Unknown);
    let (mut build, _) = base();
    build.network[SUBNET].route_table = known(Link::External(ResourceKey("table".into())));
    assert_eq!(open(&build.network), Truth::Unknown);
    assert_eq!(
        routed(&build.network, "public", &[Internet]),
        Truth::Unknown
    );
}

#[test]
fn a_hub_with_internet_intent_brings_the_default_route() {
    let mut build = build();
    build.network.virtual_hubs.push(VirtualHub {
        meta: meta("hub"),
        internet_next_hop: known(Link::Here(FirewallId(0))),
        private_next_hop: absent(),
    });
    build.network.hub_connections.push(HubConnection {
        meta: meta("connection"),
        hub: known(Link::Here(HubId(0))),
        virtual_network: known(Link::Here(VnetId(0))),
        internet_security: absent(),
    });
    let connections = &mut build.network.virtual_networks[0].hub_connections;
    connections.items.push(HubConnectionId(0));
    assert_eq!(default_route(&build.network), certainly(AzureFirewall));
    assert_eq!(
        routed(&build.network, "public", &[AzureFirewall]),
        Truth::True
    );
    build.network.hub_connections[0].internet_security = known(false);
    assert_eq!(default_route(&build.network), certainly(Internet));
    build.network.hub_connections[0].internet_security = absent();
    build.network.virtual_hubs[0].internet_next_hop = absent();
    assert_eq!(default_route(&build.network), certainly(Internet));
    // A hub outside the files may bring one.
    let hub = Link::External(ResourceKey("hub".into()));
    build.network.hub_connections[0].hub = known(hub);
    assert_eq!(
        routed(&build.network, "public", &[AzureFirewall]),
        Truth::Unknown
    );
    assert_eq!(
        routed(&build.network, "public", &[Internet]),
        Truth::Unknown
    );
    // A route of the author's own beats it.
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "Internet");
    assert_eq!(default_route(&build.network), certainly(Internet));
}

#[test]
fn a_private_subnet_without_a_method_has_no_way_out() {
    let mut build = build();
    let facts = facts();
    let any = |network: &Network| {
        Semantics::new(network, &facts, Cloud::Public)
            .egress(SUBNET)
            .any()
    };
    assert_eq!(any(&build.network), Truth::True);
    build.network[SUBNET].default_outbound_access = known(false);
    assert_eq!(any(&build.network), Truth::False);
    let nic = build.nic(SUBNET, Option::None);
    assert_eq!(any(&build.network), Truth::False);
    let public = Link::External(ResourceKey("ip".into()));
    build.network[nic].ip_configurations.items[0].public_ip = known(public);
    assert_eq!(any(&build.network), Truth::True);
    build.network[nic].ip_configurations.items[0].public_ip = absent();
    // What other machines have does not help the one that is here.
    build.network[SUBNET].network_interfaces.rest = Some(parameter("machines"));
    assert_eq!(any(&build.network), Truth::False);
    build.network[SUBNET].network_interfaces.items.clear();
    assert_eq!(any(&build.network), Truth::Unknown);
}
