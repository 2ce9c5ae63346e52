//! Between networks: routes, peerings, appliances, the way back.

use super::*;
use crate::eval::value::Truth;
use crate::model::routing::Appliance;
use crate::semantics::reach::{Note, PeeringSetting, Setting};
use crate::semantics::routes::NextHopKind;

/// Two networks, peered both ways.
fn peered() -> (Two, VnetId, NicId) {
    let mut two = two();
    let remote = two.build.vnet("10.1.0.0/16");
    let there = two.build.subnet(remote, "10.1.0.0/24");
    let far = two.build.nic(there, Some("10.1.0.4"));
    two.build.peer(two.vnet, Link::Here(remote));
    two.build.peer(remote, Link::Here(two.vnet));
    (two, remote, far)
}

#[test]
fn a_peering_needs_both_directions() {
    let (mut two, remote, far) = peered();
    let ask = |network: &Network| ask(network, Endpoint::Nic(two.a), Endpoint::Nic(far), 22);
    assert_eq!(ask(&two.build.network).verdict, Verdict::Allowed);
    two.build.network[remote].peerings.items.clear();
    let answer = ask(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Denied);
    let by = By::SystemRoute(Some(NextHopKind::None));
    assert_eq!(first(&answer), (LayerKind::Route, by));
    assert_eq!(
        answer.openings[0].settings,
        [Setting::Peer(two.vnet, remote)]
    );
    // In source files others may have written the other direction.
    two.build.network[remote].peerings.rest = Some(super::super::fixture::parameter("others"));
    assert_eq!(ask(&two.build.network).verdict, Verdict::Depends);
}

#[test]
fn networks_without_a_peering_do_not_reach_each_other() {
    let (mut two, remote, far) = peered();
    two.build.network[remote].peerings.items.clear();
    two.build.network[two.vnet].peerings.items.clear();
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        Endpoint::Nic(far),
        22,
    );
    assert_eq!(answer.verdict, Verdict::Denied);
    let by = By::SystemRoute(Some(NextHopKind::None));
    assert_eq!(first(&answer), (LayerKind::Route, by));
    assert_eq!(
        answer.openings[0].settings,
        [Setting::Peer(two.vnet, remote)]
    );
    assert_eq!(answer.openings[0].verdict, Verdict::Allowed);
}

#[test]
fn peerings_do_not_pass_packets_on() {
    let (mut two, remote, _) = peered();
    let third = two.build.vnet("10.2.0.0/16");
    let subnet = two.build.subnet(third, "10.2.0.0/24");
    let last = two.build.nic(subnet, Some("10.2.0.4"));
    two.build.peer(remote, Link::Here(third));
    two.build.peer(third, Link::Here(remote));
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        Endpoint::Nic(last),
        22,
    );
    assert_eq!(answer.verdict, Verdict::Denied);
    assert_eq!(first(&answer).0, LayerKind::Route);
}

#[test]
fn an_authors_route_beats_a_peering_and_the_system_drops_what_is_private() {
    let (mut two, ..) = peered();
    let table = two.build.route_table(two.left);
    let route = two.build.route(table, "10.1.0.0/24", "None");
    let answer = ask(&two.build.network, Endpoint::Nic(two.a), at("10.1.0.4"), 22);
    let by = By::Route(route, Some(NextHopKind::None));
    assert_eq!(first(&answer), (LayerKind::Route, by));
    let settings = [Setting::RemoveRoute(route)];
    assert_eq!(answer.openings[0].settings, settings);
    for address in ["100.64.1.1", "192.168.1.1"] {
        let answer = ask(&two.build.network, Endpoint::Nic(two.a), at(address), 22);
        let by = By::SystemRoute(Some(NextHopKind::None));
        assert_eq!(first(&answer), (LayerKind::Route, by), "{address}");
    }
}

/// A machine that forwards in its own subnet, and a route of the left subnet to it.
fn forwarded(block: &str) -> (Two, NicId) {
    let mut two = two();
    let middle = two.build.subnet(two.vnet, "10.0.2.0/24");
    let appliance = two.build.nic(middle, Some("10.0.2.4"));
    two.build.network[appliance].ip_forwarding = known(true);
    let table = two.build.route_table(two.left);
    let route = two.build.route(table, block, "interface");
    two.build.network[route].appliance = Appliance::NetworkInterface(appliance);
    (two, appliance)
}

#[test]
fn a_route_for_the_whole_network_catches_traffic_within_a_subnet() {
    let (mut two, appliance) = forwarded("10.0.0.0/24");
    let other = two.build.nic(two.left, Some("10.0.0.5"));
    let ask = |network: &Network| ask(network, Endpoint::Nic(two.a), Endpoint::Nic(other), 22);
    let answer = ask(&two.build.network);
    assert!(kinds(&answer).contains(&LayerKind::Appliance));
    assert_eq!(answer.verdict, Verdict::Depends);
    two.build.network[appliance].ip_forwarding = known(false);
    let answer = ask(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Denied);
    assert_eq!(
        first(&answer),
        (LayerKind::Appliance, By::IpForwarding(appliance))
    );
    // A longer route keeps it local.
    let table = two.build.network[two.left].route_table.value().cloned();
    let table = table.and_then(|link| link.here()).unwrap();
    two.build.route(table, "10.0.0.4/30", "VnetLocal");
    assert_eq!(ask(&two.build.network).verdict, Verdict::Allowed);
}

#[test]
fn the_groups_of_an_appliance_are_asked_both_ways() {
    let (mut two, appliance) = forwarded("10.0.1.0/24");
    let nsg = two.build.nsg();
    on_nic(&mut two.build, nsg, appliance);
    let rule = two.build.rule(nsg, "100 Deny Out Tcp * -> *:22");
    let answer = two.ask(22);
    assert_eq!(answer.verdict, Verdict::Denied);
    let blocked = answer.blockers.iter().any(|one| {
        one.certain == Truth::True
            && one.by == By::Rule(nsg, crate::semantics::compile::Ruling::Custom(rule))
    });
    assert!(blocked);
}

#[test]
fn an_appliance_that_routes_to_itself_is_a_loop() {
    let (mut two, appliance) = forwarded("10.0.1.0/24");
    let subnet = two.build.network[appliance].ip_configurations.items[0]
        .subnet
        .value()
        .and_then(|link| link.here())
        .unwrap();
    let table = two.build.route_table(subnet);
    let route = two.build.route(table, "10.0.1.0/24", "interface");
    two.build.network[route].appliance = Appliance::NetworkInterface(appliance);
    let answer = two.ask(22);
    assert_eq!(answer.verdict, Verdict::Denied);
    assert!(answer.blockers.iter().any(|one| one.by == By::Loop));
}

#[test]
fn replies_that_take_another_way_are_told() {
    let (mut two, appliance) = forwarded("10.0.1.0/24");
    let answer = two.ask(22);
    assert_eq!(answer.return_path.len(), 1);
    assert_eq!(answer.return_path[0].symmetric, Truth::Unknown);
    assert!(answer.says(&Note::Asymmetric));
    let table = two.build.route_table(two.right);
    let route = two.build.route(table, "10.0.0.0/24", "interface");
    two.build.network[route].appliance = Appliance::NetworkInterface(appliance);
    let answer = two.ask(22);
    assert_eq!(answer.return_path[0].symmetric, Truth::True);
    assert!(!answer.says(&Note::Asymmetric));
}

#[test]
fn a_spoke_takes_what_the_hub_forwards_only_if_it_says_so() {
    // left (10.0) - hub (10.1) - far (10.2), a machine in the hub forwards.
    let (mut two, hub, appliance) = peered();
    let third = two.build.vnet("10.2.0.0/16");
    let subnet = two.build.subnet(third, "10.2.0.0/24");
    let last = two.build.nic(subnet, Some("10.2.0.4"));
    two.build.peer(hub, Link::Here(third));
    let back = two.build.peer(third, Link::Here(hub));
    two.build.network[appliance].ip_forwarding = known(true);
    for (subnet, block) in [(two.left, "10.2.0.0/16"), (subnet, "10.0.0.0/16")] {
        let table = two.build.route_table(subnet);
        let route = two.build.route(table, block, "interface");
        two.build.network[route].appliance = Appliance::NetworkInterface(appliance);
    }
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        Endpoint::Nic(last),
        22,
    );
    assert_eq!(answer.verdict, Verdict::Denied);
    let by = By::Peering(back, PeeringSetting::ForwardedTraffic);
    assert!(answer.blockers.iter().any(|one| one.by == by));
    two.build.network[back].allow_forwarded_traffic = known(true);
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        Endpoint::Nic(last),
        22,
    );
    assert_eq!(answer.verdict, Verdict::Depends);
    assert!(answer.blockers.iter().all(|one| one.certain != Truth::True));
}
