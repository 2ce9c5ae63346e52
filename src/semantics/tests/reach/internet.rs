//! Out to the Internet and in from it.

use super::*;
use crate::eval::ResourceKey;
use crate::model::load_balancer::{BackendPool, Frontend, LoadBalancer, LoadBalancingRule, Probe};
use crate::model::topology::{NatGateway, PublicIp};
use crate::model::{List, LoadBalancerId, NatGatewayId, PoolId, ProbeId, PublicIpId};
use crate::semantics::compile::Ruling;
use crate::semantics::reach::{Note, Setting};

fn public_ip(build: &mut Build, nic: NicId, sku: &str) -> PublicIpId {
    let id = PublicIpId(u32::try_from(build.network.public_ips.len()).unwrap());
    build.network.public_ips.push(PublicIp {
        meta: meta("ip"),
        address: absent(),
        sku: known(sku.into()),
        allocation: absent(),
        reverse_fqdn: absent(),
        zones: List::default(),
    });
    build.network[nic].ip_configurations.items[0].public_ip = known(Link::Here(id));
    id
}

fn mail(network: &Network, from: NicId, offer: &str) -> PathAnswer {
    let mut asked = question(Endpoint::Nic(from), at("203.0.113.5"), 25);
    asked.smtp.offers = vec![offer.into()];
    answer(network, &asked)
}

#[test]
fn port_25_hangs_on_the_offer_and_others_do_not() {
    let two = two();
    let network = &two.build.network;
    assert_eq!(
        mail(network, two.a, "enterprise-agreement").verdict,
        Verdict::Allowed
    );
    let blocked = mail(network, two.a, "pay-as-you-go");
    assert_eq!(first(&blocked), (LayerKind::Smtp, By::Offer));
    assert_eq!(blocked.openings[0].settings, [Setting::Smtp]);
    assert_eq!(mail(network, two.a, "another").verdict, Verdict::Depends);
    let mut asked = question(Endpoint::Nic(two.a), at("203.0.113.5"), 587);
    asked.smtp.offers = vec!["pay-as-you-go".into()];
    assert_eq!(answer(network, &asked).verdict, Verdict::Allowed);
    asked.ports = vec![PortRange::single(25)];
    asked.smtp.created = crate::semantics::smtp::Date::parse("2017-11-01");
    assert_eq!(answer(network, &asked).verdict, Verdict::Allowed);
    // Private addresses are no concern of the block.
    asked.smtp.created = None;
    asked.to = Endpoint::Nic(two.b);
    assert_eq!(answer(network, &asked).verdict, Verdict::Allowed);
}

#[test]
fn a_group_that_denies_mail_comes_before_the_offer() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    let rule = two.build.rule(nsg, "100 Deny Out Tcp * -> Internet:25");
    for offer in ["enterprise-agreement", "pay-as-you-go"] {
        let answer = mail(&two.build.network, two.a, offer);
        let by = By::Rule(nsg, Ruling::Custom(rule));
        assert_eq!(first(&answer), (LayerKind::SubnetNsg, by));
    }
    let both = mail(&two.build.network, two.a, "pay-as-you-go");
    assert_eq!(both.openings[0].settings.len(), 2);
}

#[test]
fn a_private_subnet_has_no_way_out_until_it_gets_one() {
    let mut two = two();
    two.build.network[two.left].default_outbound_access = known(false);
    let out = |network: &Network| ask(network, Endpoint::Nic(two.a), at("8.8.8.8"), 443);
    let answer = out(&two.build.network);
    assert_eq!(first(&answer), (LayerKind::Egress, By::NoPublicAddress));
    assert_eq!(answer.openings[0].settings, [Setting::Egress(two.left)]);
    public_ip(&mut two.build, two.a, "Standard");
    let answer = out(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Allowed);
    let egress = answer
        .layers
        .iter()
        .find(|one| one.kind == LayerKind::Egress)
        .unwrap();
    assert_eq!(egress.parts[0].by, By::PublicIp(two.a));
}

#[test]
fn a_nat_gateway_carries_tcp_and_udp_over_ipv4_only() {
    let mut two = two();
    two.build.network.nat_gateways.push(NatGateway {
        meta: meta("nat"),
        sku: absent(),
        public_ips: List::closed(vec![known(Link::External(ResourceKey("ip".into())))]),
        public_ip_prefixes: List::default(),
        subnets: List::closed(vec![two.left]),
    });
    two.build.network[two.left].nat_gateway = known(Link::Here(NatGatewayId(0)));
    let mut asked = question(Endpoint::Nic(two.a), at("8.8.8.8"), 53);
    assert_eq!(answer(&two.build.network, &asked).verdict, Verdict::Allowed);
    asked.ports.clear();
    asked.protocols = vec![Protocol::Icmp];
    let ping = answer(&two.build.network, &asked);
    assert_eq!(ping.verdict, Verdict::Denied);
    assert_eq!(first(&ping).0, LayerKind::Egress);
}

#[test]
fn a_standard_address_is_closed_without_a_group() {
    let mut two = two();
    public_ip(&mut two.build, two.b, "Standard");
    let ask = |network: &Network| ask(network, at("Internet"), Endpoint::Nic(two.b), 443);
    let answer = ask(&two.build.network);
    assert_eq!(first(&answer), (LayerKind::Entrance, By::ClosedFrontend));
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Allow In Tcp Internet -> *:443");
    let answer = ask(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Allowed);
    assert_eq!(answer.witness.unwrap().destination.to_string(), "10.0.1.4");
}

#[test]
fn without_a_public_address_nothing_comes_in() {
    let two = two();
    let answer = ask(&two.build.network, at("8.8.8.8"), Endpoint::Nic(two.b), 443);
    assert_eq!(first(&answer), (LayerKind::Entrance, By::NoPublicAddress));
}

#[test]
fn replies_that_leave_by_an_appliance_make_a_public_address_useless() {
    let mut two = two();
    public_ip(&mut two.build, two.b, "Standard");
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Allow In Tcp Internet -> *:443");
    let table = two.build.route_table(two.right);
    let route = two.build.route(table, "0.0.0.0/0", "appliance");
    let answer = ask(&two.build.network, at("8.8.8.8"), Endpoint::Nic(two.b), 443);
    assert_eq!(answer.verdict, Verdict::Denied);
    assert_eq!(first(&answer).0, LayerKind::ReturnPath);
    assert_eq!(answer.openings[0].settings, [Setting::RemoveRoute(route)]);
    // A host route back makes it symmetric for that sender.
    two.build.route(table, "8.8.8.8/32", "Internet");
    let answer = ask(&two.build.network, at("8.8.8.8"), Endpoint::Nic(two.b), 443);
    assert_eq!(answer.verdict, Verdict::Allowed);
}

/// The right machine behind a public load balancer: 80 goes to 8080.
fn balanced() -> (Two, NsgId) {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    let network = &mut two.build.network;
    network.backend_pools.push(BackendPool {
        meta: meta("pool"),
        load_balancer: Some(LoadBalancerId(0)),
        network_interfaces: List::closed(vec![two.b]),
        addresses: List::default(),
        virtual_network: absent(),
    });
    network.probes.push(Probe {
        meta: meta("probe"),
        load_balancer: Some(LoadBalancerId(0)),
        protocol: known(Protocol::Tcp),
        request: absent(),
        port: known(8080),
        pools: List::closed(vec![PoolId(0)]),
    });
    let pool = || known(Link::Here(PoolId(0)));
    network.load_balancers.push(LoadBalancer {
        meta: meta("balancer"),
        frontends: List::closed(vec![Frontend {
            name: absent(),
            reference: None,
            public_ip: known(Link::External(ResourceKey("ip".into()))),
            public_ip_prefix: absent(),
            private_address: absent(),
            subnet: absent(),
        }]),
        nat_rules: Vec::new(),
        rules: List::closed(vec![LoadBalancingRule {
            meta: meta("http"),
            probe: known(Link::Here(ProbeId(0))),
            frontend: None,
            pools: List::closed(vec![pool()]),
            protocol: known(crate::model::address::ProtocolMatch::Only(Protocol::Tcp)),
            frontend_port: known(80),
            backend_port: known(8080),
            disable_outbound_snat: absent(),
            floating_ip: absent(),
        }]),
        sku: absent(),
        outbound_rules: List::default(),
        probes: List::closed(vec![ProbeId(0)]),
        pools: List::closed(vec![PoolId(0)]),
    });
    network[two.b].ip_configurations.items[0].backend_pools = List::closed(vec![pool()]);
    (two, nsg)
}

#[test]
fn a_group_sees_the_port_behind_the_load_balancer() {
    let (mut two, nsg) = balanced();
    two.build.rule(nsg, "100 Allow In Tcp Internet -> *:80");
    let ask = |network: &Network, port| ask(network, at("8.8.8.8"), Endpoint::Nic(two.b), port);
    assert_eq!(ask(&two.build.network, 80).verdict, Verdict::Denied);
    two.build.rule(nsg, "101 Allow In Tcp Internet -> *:8080");
    let open = ask(&two.build.network, 80);
    assert_eq!(open.verdict, Verdict::Allowed);
    assert_eq!(open.witness.unwrap().destination_port, 8080);
    assert!(open.notes.iter().any(|one| matches!(
        one,
        Note::Translated {
            port: Some(8080),
            ..
        }
    )));
    // No rule leads from another port.
    assert_eq!(first(&ask(&two.build.network, 81)).0, LayerKind::Entrance);
}

#[test]
fn a_probe_that_the_group_stops_is_told() {
    let (mut two, nsg) = balanced();
    two.build.rule(nsg, "100 Allow In Tcp Internet -> *:8080");
    let ask = |network: &Network| ask(network, at("8.8.8.8"), Endpoint::Nic(two.b), 80);
    assert!(!ask(&two.build.network).says(&Note::ProbeBlocked(two.b)));
    let rule = two
        .build
        .rule(nsg, "90 Deny In Tcp AzureLoadBalancer -> *:8080");
    let answer = ask(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Allowed);
    assert!(answer.says(&Note::ProbeBlocked(two.b)));
    let probe = super::ask(
        &two.build.network,
        at("168.63.129.16"),
        Endpoint::Nic(two.b),
        8080,
    );
    let by = By::Rule(nsg, Ruling::Custom(rule));
    assert_eq!(first(&probe), (LayerKind::SubnetNsg, by));
}
