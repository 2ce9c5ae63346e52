//! How packets get out to the Internet, and with which address they are seen.

use super::fixture::{Build, absent, facts, known, meta};
use crate::eval::value::Truth;
use crate::model::address::{Protocol, ProtocolMatch};
use crate::model::compute::Machine;
use crate::model::load_balancer::{BackendPool, Frontend, LoadBalancer, OutboundRule};
use crate::model::platform::Cloud;
use crate::model::topology::{NatGateway, PublicIp, PublicIpPrefix};
use crate::model::{
    FirewallId, Link, List, LoadBalancerId, MachineId, NatGatewayId, NicId, PoolId, PublicIpId,
    PublicIpPrefixId, SubnetId,
};
use crate::semantics::Semantics;
use crate::semantics::packet::{Answer, Family};
use crate::semantics::routes::{PublicSource, WayOut, WayOutKind};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};
use WayOutKind::{DefaultOutbound, LoadBalancer as Balanced, NatGateway as Nat, Nothing, Routed};

const SUBNET: SubnetId = SubnetId(0);

fn build() -> (Build, NicId) {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    let subnet = build.subnet(vnet, "10.0.0.0/24");
    let nic = build.nic(subnet, Some("10.0.0.4"));
    (build, nic)
}

fn asked(semantics: &Semantics<'_>, protocol: Protocol, family: Family) -> Answer {
    let to = match family {
        Family::V4 => "8.8.8.8",
        Family::V6 => "2001:4860:4860::8888",
    };
    let spec = FlowSpec {
        direction: crate::model::nsg::Direction::Outbound,
        protocols: vec![protocol],
        from: Vec::new(),
        to: vec![AddressSpec::Prefixes(vec![super::fixture::prefix(to)])],
        ports: Vec::new(),
        source_ports: Vec::new(),
    };
    semantics.flows(&spec, Scope::Subnet(SUBNET), family)
}

fn ways(build: &Build, nic: Option<NicId>, protocol: Protocol, family: Family) -> Vec<WayOut> {
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let flows = asked(&semantics, protocol, family);
    let ways = semantics.egress_of(nic, SUBNET, &flows);
    // Nothing is lost and nothing leaves twice.
    let left = ways.iter().fold(flows, |left, way| left.minus(&way.flows));
    assert!(left.flows.must.is_empty());
    for (at, one) in ways.iter().enumerate() {
        for other in &ways[at + 1..] {
            assert!(one.flows.and(&other.flows).flows.must.is_empty());
        }
    }
    ways
}

fn kinds(build: &Build, nic: Option<NicId>, protocol: Protocol) -> Vec<(WayOutKind, Truth)> {
    let ways = ways(build, nic, protocol, Family::V4);
    let told = ways.iter().map(|way| (way.kind, way.flows.is_hit().truth));
    told.collect()
}

fn only(kind: WayOutKind) -> Vec<(WayOutKind, Truth)> {
    vec![(kind, Truth::True)]
}

fn public_ip(build: &mut Build, allocation: &str) -> PublicIpId {
    let id = PublicIpId(u32::try_from(build.network.public_ips.len()).unwrap());
    build.network.public_ips.push(PublicIp {
        meta: meta("ip"),
        address: absent(),
        sku: known("Standard".into()),
        allocation: known(allocation.into()),
        reverse_fqdn: absent(),
        zones: List::default(),
    });
    id
}

fn nat_gateway(build: &mut Build, subnet: SubnetId) -> NatGatewayId {
    let id = NatGatewayId(u32::try_from(build.network.nat_gateways.len()).unwrap());
    let address = public_ip(build, "Static");
    build.network.public_ip_prefixes.push(PublicIpPrefix {
        meta: meta("prefix"),
        prefix: absent(),
    });
    build.network.nat_gateways.push(NatGateway {
        meta: meta("nat"),
        sku: absent(),
        public_ips: List::closed(vec![known(Link::Here(address))]),
        public_ip_prefixes: List::closed(vec![known(Link::Here(PublicIpPrefixId(0)))]),
        subnets: List::closed(vec![subnet]),
    });
    build.network[subnet].nat_gateway = known(Link::Here(id));
    id
}

/// A load balancer with the machine behind it.
fn balanced(build: &mut Build, nic: NicId, sku: &str, public: Option<PublicIpId>) {
    let pool = PoolId(0);
    build.network.load_balancers.push(LoadBalancer {
        meta: meta("balancer"),
        sku: known(sku.into()),
        frontends: List::closed(vec![Frontend {
            name: absent(),
            reference: None,
            public_ip: public.map_or_else(absent, |id| known(Link::Here(id))),
            public_ip_prefix: absent(),
            private_address: absent(),
            subnet: absent(),
        }]),
        nat_rules: Vec::new(),
        rules: List::default(),
        outbound_rules: List::default(),
        probes: List::default(),
        pools: List::closed(vec![pool]),
    });
    build.network.backend_pools.push(BackendPool {
        meta: meta("pool"),
        load_balancer: Some(LoadBalancerId(0)),
        network_interfaces: List::closed(vec![nic]),
        addresses: List::default(),
        virtual_network: absent(),
    });
    let pools = &mut build.network[nic].ip_configurations.items[0].backend_pools;
    pools.items.push(known(Link::Here(pool)));
}

fn outbound_rule(build: &mut Build) {
    let rules = &mut build.network[LoadBalancerId(0)].outbound_rules;
    rules.items.push(OutboundRule {
        meta: meta("outbound"),
        pool: known(Link::Here(PoolId(0))),
        protocol: known(ProtocolMatch::Any),
    });
}

#[test]
fn every_method_wins_over_the_next() {
    let (mut build, nic) = build();
    let here = Some(nic);
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(DefaultOutbound));
    let frontend = public_ip(&mut build, "Static");
    balanced(&mut build, nic, "Standard", Some(frontend));
    outbound_rule(&mut build);
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Balanced));
    let own = public_ip(&mut build, "Static");
    build.network[nic].ip_configurations.items[0].public_ip = known(Link::Here(own));
    assert_eq!(
        kinds(&build, here, Protocol::Tcp),
        only(WayOutKind::PublicIp)
    );
    nat_gateway(&mut build, SUBNET);
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Nat));
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "VirtualNetworkGateway");
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Routed));
    build.route(table, "8.8.8.8/32", "Internet");
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Nat));
}

#[test]
fn a_nat_gateway_carries_connections_over_ipv4_only() {
    let (mut build, nic) = build();
    nat_gateway(&mut build, SUBNET);
    let here = Some(nic);
    assert_eq!(kinds(&build, here, Protocol::Udp), only(Nat));
    assert_eq!(kinds(&build, here, Protocol::Icmp), only(Nothing));
    let told = ways(&build, here, Protocol::Tcp, Family::V6);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, Nothing);
    assert_eq!(told[0].flows.is_hit().truth, Truth::True);
    // One without an address of its own carries nothing, and default access is back.
    build.network[NatGatewayId(0)].public_ips.items.clear();
    build.network[NatGatewayId(0)]
        .public_ip_prefixes
        .items
        .clear();
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(DefaultOutbound));
}

#[test]
fn default_access_is_not_for_everyone() {
    let (mut build, nic) = build();
    let here = Some(nic);
    build.network[SUBNET].default_outbound_access = known(false);
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Nothing));
    build.network[SUBNET].default_outbound_access = absent();
    // Behind an internal standard load balancer.
    balanced(&mut build, nic, "Standard", None);
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Nothing));
    build.network[LoadBalancerId(0)].sku = known("Basic".into());
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(DefaultOutbound));
    // In a flexible scale set.
    build.network.machines.push(Machine {
        meta: meta("set"),
        network_interfaces: List::closed(vec![known(Link::Here(nic))]),
        operating_system: absent(),
        flexible: known(true),
        has_identity: known(false),
    });
    build.network[nic].machine = Some(MachineId(0));
    assert_eq!(kinds(&build, here, Protocol::Tcp), only(Nothing));
    let facts = facts();
    let egress = Semantics::new(&build.network, &facts, Cloud::Public).egress(SUBNET);
    assert_eq!(egress.any(), Truth::False);
}

#[test]
fn what_differs_between_machines_is_not_certain_of_the_subnet() {
    let (mut build, nic) = build();
    build.nic(SUBNET, Some("10.0.0.5"));
    let own = public_ip(&mut build, "Dynamic");
    build.network[nic].ip_configurations.items[0].public_ip = known(Link::Here(own));
    let expected = [
        (WayOutKind::PublicIp, Truth::Unknown),
        (DefaultOutbound, Truth::Unknown),
    ];
    assert_eq!(kinds(&build, None, Protocol::Tcp), expected);
    let facts = facts();
    let egress = Semantics::new(&build.network, &facts, Cloud::Public).egress(SUBNET);
    assert_eq!(egress.public_ip, Truth::True);
}

#[test]
fn every_way_tells_its_addresses_and_whether_they_stay() {
    let (mut build, nic) = build();
    let here = Some(nic);
    let first = |build: &Build| ways(build, here, Protocol::Tcp, Family::V4).remove(0);
    let way = first(&build);
    assert!(matches!(way.sources[..], [PublicSource::Platform]));
    assert_eq!(way.is_static, Truth::False);
    let own = public_ip(&mut build, "Dynamic");
    build.network[nic].ip_configurations.items[0].public_ip = known(Link::Here(own));
    let way = first(&build);
    assert!(matches!(way.sources[..], [PublicSource::Address(Link::Here(id))] if id == own));
    assert_eq!(way.is_static, Truth::False);
    nat_gateway(&mut build, SUBNET);
    let way = first(&build);
    let [PublicSource::Address(_), PublicSource::Prefix(_)] = way.sources.as_slice() else {
        panic!("{:?}", way.sources)
    };
    assert_eq!(way.is_static, Truth::True);
}

#[test]
fn a_nat_gateway_takes_over_what_a_firewall_sends() {
    let (mut build, nic) = build();
    let home = build.subnet(crate::model::VnetId(0), "10.0.1.0/26");
    let own = public_ip(&mut build, "Static");
    super::firewalls::firewall(&mut build, absent());
    let wall = &mut build.network[FirewallId(0)];
    wall.subnet = known(Link::Here(home));
    wall.public_ips = List::closed(vec![known(Link::Here(own))]);
    let table = build.route_table(SUBNET);
    build.route(table, "0.0.0.0/0", "firewall");
    let sources = |build: &Build| {
        ways(build, Some(nic), Protocol::Tcp, Family::V4)
            .remove(0)
            .sources
    };
    let told = sources(&build);
    assert!(
        matches!(told[..], [PublicSource::Address(Link::Here(id))] if id == own),
        "{told:?}"
    );
    let gateway = nat_gateway(&mut build, home);
    let expected = build.network[gateway].public_ips.items[0]
        .value()
        .cloned()
        .unwrap();
    let told = sources(&build);
    assert!(
        matches!(&told[0], PublicSource::Address(link) if *link == expected),
        "{told:?}"
    );
}
