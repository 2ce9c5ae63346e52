//! Packets that appliances send back to themselves.

use super::fixture::{Build, absent, facts, known, meta, parameter};
use crate::eval::value::Truth;
use crate::model::compute::Machine;
use crate::model::routing::Appliance;
use crate::model::{Link, List, MachineId, Network, NicId, RouteId, RouteTableId, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::routes::RouteLoop;

/// A network with one subnet for machines and as many for appliances, each with one at `.4`.
fn build(appliances: u32) -> (Build, Vec<SubnetId>, Vec<NicId>) {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    build.subnet(vnet, "10.0.0.0/24");
    let mut subnets = Vec::new();
    let mut nics = Vec::new();
    for at in 1..=appliances {
        let subnet = build.subnet(vnet, &format!("10.0.{at}.0/24"));
        nics.push(build.nic(subnet, Some(&format!("10.0.{at}.4"))));
        subnets.push(subnet);
    }
    (build, subnets, nics)
}

fn leads(build: &mut Build, table: RouteTableId, block: &str, nic: NicId) -> RouteId {
    let route = build.route(table, block, "appliance");
    let address = build.network[nic].ip_configurations.items[0]
        .private_address
        .clone();
    build.network[route].appliance = Appliance::NetworkInterface(nic);
    build.network[route].next_hop_address = address;
    route
}

fn share(build: &mut Build, table: RouteTableId, subnet: SubnetId) {
    build.network[subnet].route_table = known(Link::Here(table));
}

fn machine(build: &mut Build, nics: &[NicId]) {
    let id = MachineId(u32::try_from(build.network.machines.len()).unwrap());
    for nic in nics {
        build.network[*nic].machine = Some(id);
    }
    let links = nics.iter().map(|nic| known(Link::Here(*nic)));
    build.network.machines.push(Machine {
        meta: meta("machine"),
        network_interfaces: List::closed(links.collect()),
        operating_system: absent(),
        flexible: known(false),
        has_identity: known(false),
    });
}

fn loops(network: &Network) -> Vec<RouteLoop> {
    let facts = facts();
    Semantics::new(network, &facts, crate::model::platform::Cloud::Public).route_loops()
}

#[test]
fn an_appliance_in_a_subnet_with_the_same_table_sends_to_itself() {
    let (mut build, subnets, nics) = build(1);
    let table = build.route_table(SubnetId(0));
    let route = leads(&mut build, table, "0.0.0.0/0", nics[0]);
    assert!(loops(&build.network).is_empty());
    share(&mut build, table, subnets[0]);
    let found = loops(&build.network);
    let [one] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one.truth, Truth::True);
    assert_eq!(one.routes, [route]);
    assert_eq!(one.subnets, subnets);
    assert!(one.witness.is_some());
    // With a longer way out of its own nothing goes round.
    let out = build.route(table, "0.0.0.0/1", "Internet");
    assert_eq!(loops(&build.network)[0].truth, Truth::True);
    build.route(table, "128.0.0.0/1", "Internet");
    assert!(loops(&build.network).is_empty());
    // What is not certain to be there does not make it certain.
    build.network[out].meta.existence = super::fixture::perhaps("out");
    let found = loops(&build.network);
    assert_eq!(found[0].truth, Truth::Unknown);
    assert!(!found[0].unknowns.is_empty());
}

#[test]
fn a_route_for_the_appliance_itself_is_no_loop() {
    let (mut build, subnets, nics) = build(1);
    let table = build.route_table(SubnetId(0));
    leads(&mut build, table, "10.0.1.4/32", nics[0]);
    share(&mut build, table, subnets[0]);
    assert!(loops(&build.network).is_empty());
}

#[test]
fn two_appliances_that_send_to_each_other_are_one_loop() {
    let (mut build, subnets, nics) = build(2);
    let first = build.route_table(subnets[0]);
    let second = build.route_table(subnets[1]);
    let there = leads(&mut build, first, "172.16.0.0/12", nics[1]);
    let back = leads(&mut build, second, "172.20.0.0/16", nics[0]);
    let found = loops(&build.network);
    let [one] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one.truth, Truth::True);
    assert_eq!(one.routes, [there, back]);
    // Only what both routes take goes round.
    let witness = one.witness.unwrap();
    assert!(
        "172.20.0.0/16"
            .parse::<ipnet::IpNet>()
            .unwrap()
            .contains(&witness)
    );
    build.network[second].routes.items.clear();
    assert!(loops(&build.network).is_empty());
}

#[test]
fn a_way_round_through_three_appliances_is_found_once() {
    let (mut build, subnets, nics) = build(3);
    for (at, subnet) in subnets.iter().enumerate() {
        let table = build.route_table(*subnet);
        leads(&mut build, table, "0.0.0.0/0", nics[(at + 1) % 3]);
    }
    let found = loops(&build.network);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].routes.len(), 3);
}

#[test]
fn a_machine_with_two_interfaces_may_send_from_the_other() {
    let (mut build, subnets, nics) = build(2);
    machine(&mut build, &nics);
    let table = build.route_table(SubnetId(0));
    leads(&mut build, table, "0.0.0.0/0", nics[0]);
    share(&mut build, table, subnets[0]);
    assert_eq!(loops(&build.network)[0].truth, Truth::Unknown);
    share(&mut build, table, subnets[1]);
    assert_eq!(loops(&build.network)[0].truth, Truth::True);
}

#[test]
fn a_table_that_is_not_in_the_files_closes_no_loop() {
    let (mut build, subnets, nics) = build(1);
    let table = build.route_table(SubnetId(0));
    leads(&mut build, table, "0.0.0.0/0", nics[0]);
    build.network[subnets[0]].route_table = super::fixture::unknown("table");
    assert!(loops(&build.network).is_empty());
    // Nor does one whose further routes are not known open one for certain.
    share(&mut build, table, subnets[0]);
    build.network[table].routes.rest = Some(parameter("further routes"));
    assert_eq!(loops(&build.network)[0].truth, Truth::Unknown);
}
