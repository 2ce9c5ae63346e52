//! Packets that an appliance would send back to itself.
//!
//! An appliance sends what it forwards by the routes of its own subnet. A machine with several
//! interfaces may send from any of them, so that only what all of their subnets lead back goes
//! round for certain. Packets for an appliance's own address go nowhere.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::hop::NextHop;
use crate::eval::value::{Truth, Unknown};
use crate::model::routing::Appliance;
use crate::model::{
    Field, FirewallId, Link, LoadBalancerId, MachineId, NicId, RouteId, State, SubnetId,
};
use crate::semantics::Semantics;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::space::{FlowSet, Term};
use crate::semantics::packet::{Answer, Family};
use crate::semantics::rules::either;

/// Packets that come back to the appliance they were sent to.
#[derive(Clone, Debug)]
pub struct RouteLoop {
    /// The appliance.
    pub appliance: Appliance,
    /// The subnets it sends from.
    pub subnets: Vec<SubnetId>,
    /// The next hops on the way round; the last leads back to the appliance.
    pub hops: Vec<NextHop>,
    /// The user-defined routes that take packets round, each once.
    pub routes: Vec<RouteId>,
    /// The packets that go round.
    pub flows: Answer,
    /// Whether there are any.
    pub truth: Truth,
    /// The destination of one of them.
    pub witness: Option<IpAddr>,
    /// What would settle it, if `truth` is Unknown.
    pub unknowns: Vec<Arc<Unknown>>,
}

/// Longer ways round are not followed.
const MAX_APPLIANCES: usize = 8;

/// So many steps are taken from one appliance.
const MAX_STEPS: usize = 1_024;

/// What forwards packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Firewall(FirewallId),
    Machine(MachineId),
    Nic(NicId),
    LoadBalancer(LoadBalancerId),
}

/// A way from an appliance that may lead back to it.
struct Way {
    nodes: Vec<Node>,
    hops: Vec<NextHop>,
    flows: Answer,
}

impl Semantics<'_> {
    /// The loops that routes make through appliances of these files, each from one of the
    /// appliances on it.
    #[must_use]
    pub fn route_loops(&self) -> Vec<RouteLoop> {
        let mut appliances: Vec<(Node, Appliance)> = Vec::new();
        for route in &self.network.routes {
            let several = route.spread.items.iter().map(|hop| &hop.appliance);
            for appliance in std::iter::once(&route.appliance).chain(several) {
                if let Some(node) = self.node(appliance)
                    && appliances.iter().all(|(known, _)| *known != node)
                {
                    appliances.push((node, appliance.clone()));
                }
            }
        }
        let mut loops = Vec::new();
        for (node, appliance) in appliances {
            for family in [Family::V4, Family::V6] {
                self.loops_through(node, &appliance, family, &mut loops);
            }
        }
        loops
    }

    fn loops_through(
        &self,
        start: Node,
        appliance: &Appliance,
        family: Family,
        loops: &mut Vec<RouteLoop>,
    ) {
        let mut pending = vec![Way {
            nodes: vec![start],
            hops: Vec::new(),
            flows: Answer::everything(family),
        }];
        let mut found: Vec<(Vec<Node>, RouteLoop)> = Vec::new();
        let mut steps = 0;
        while let Some(way) = pending.pop() {
            steps += 1;
            let Some(last) = way.nodes.last().filter(|_| steps <= MAX_STEPS) else {
                break;
            };
            for (node, hop, flows) in self.onward(*last, &way.flows) {
                let mut hops = way.hops.clone();
                hops.push(hop);
                if node == start {
                    self.close(&way.nodes, hops, flows, appliance, &mut found);
                } else if !way.nodes.contains(&node)
                    && start < node
                    && way.nodes.len() < MAX_APPLIANCES
                {
                    // A way round is told from the first of its appliances.
                    let mut nodes = way.nodes.clone();
                    nodes.push(node);
                    pending.push(Way { nodes, hops, flows });
                }
            }
        }
        loops.extend(found.into_iter().map(|(_, found)| found));
    }

    fn close(
        &self,
        nodes: &[Node],
        hops: Vec<NextHop>,
        flows: Answer,
        appliance: &Appliance,
        found: &mut Vec<(Vec<Node>, RouteLoop)>,
    ) {
        let (flows, hops) = match found.iter().find(|(known, _)| known == nodes) {
            Some((_, before)) => {
                let mut all = before.hops.clone();
                all.extend(hops.into_iter().filter(|hop| !before.hops.contains(hop)));
                (before.flows.or(&flows), all)
            }
            None => (flows, hops),
        };
        let hit = flows.is_hit();
        if hit.truth == Truth::False {
            return;
        }
        let routes: BTreeSet<RouteId> = hops.iter().filter_map(NextHop::route).collect();
        let closed = RouteLoop {
            appliance: appliance.clone(),
            subnets: nodes
                .first()
                .map_or_else(Vec::new, |node| self.homes(*node).0),
            hops,
            routes: routes.into_iter().collect(),
            truth: hit.truth,
            witness: hit.witness.map(|flow| flow.destination),
            unknowns: hit.unknowns,
            flows,
        };
        found.retain(|(known, _)| known != nodes);
        found.push((nodes.to_vec(), closed));
    }

    /// Where an appliance sends packets next, if that is another appliance of these files.
    fn onward(&self, from: Node, flows: &Answer) -> Vec<(Node, NextHop, Answer)> {
        let (homes, complete) = self.homes(from);
        let flows = flows.minus(&self.for_itself(from, flows.family()));
        let mut onward: Vec<(Node, NextHop, Answer)> = Vec::new();
        let mut by_node: Vec<(Node, Vec<Answer>)> = Vec::new();
        for home in &homes {
            let mut sums: Vec<(Node, Answer)> = Vec::new();
            for routed in self.next_hops_of(*home, &flows) {
                let Some(node) = self.node(&routed.hop.appliance) else {
                    continue;
                };
                let part = routed.flows.minus(&self.for_itself(node, flows.family()));
                match sums.iter_mut().find(|(known, _)| *known == node) {
                    Some((_, sum)) => *sum = sum.or(&part),
                    None => sums.push((node, part.clone())),
                }
                let same = |(known, hop, _): &&mut (Node, NextHop, Answer)| {
                    *known == node && *hop == routed.hop
                };
                match onward.iter_mut().find(same) {
                    Some((_, _, all)) => *all = all.or(&part),
                    None => onward.push((node, routed.hop, part)),
                }
            }
            for (node, sum) in sums {
                match by_node.iter_mut().find(|(known, _)| *known == node) {
                    Some((_, sums)) => sums.push(sum),
                    None => by_node.push((node, vec![sum])),
                }
            }
        }
        // With several subnets only what all of them send there is certain.
        for (node, _, part) in &mut onward {
            let sums = by_node.iter().find(|(known, _)| known == node);
            let Some((_, sums)) = sums else { continue };
            let everywhere = sums.len() == homes.len() && complete;
            let common = sums.iter().cloned().reduce(|all, one| either(&all, &one));
            match common.filter(|_| everywhere) {
                Some(common) => {
                    if let Ok(must) = part.flows.may.intersect(&common.flows.must) {
                        part.flows.must = must;
                    }
                }
                None => *part = part.clone().only_possibly(),
            }
        }
        onward.retain(|(_, _, part)| !part.flows.may.is_empty());
        onward
    }

    fn node(&self, appliance: &Appliance) -> Option<Node> {
        match appliance {
            Appliance::Firewall(id) | Appliance::ExternalFirewall(Link::Here(id)) => {
                Some(Node::Firewall(*id))
            }
            Appliance::NetworkInterface(id) => Some(match self.network[*id].machine {
                Some(machine) => Node::Machine(machine),
                None => Node::Nic(*id),
            }),
            Appliance::LoadBalancer(id) => Some(Node::LoadBalancer(*id)),
            Appliance::ExternalFirewall(Link::External(_))
            | Appliance::Unknown
            | Appliance::NotApplicable => None,
        }
    }

    /// The subnets an appliance sends from, and whether these are all of them.
    fn homes(&self, node: Node) -> (Vec<SubnetId>, bool) {
        let mut complete = true;
        let mut nics: Vec<NicId> = Vec::new();
        let mut homes: Vec<SubnetId> = Vec::new();
        match node {
            Node::Firewall(id) => match &self.network[id].subnet.state {
                State::Known(Link::Here(subnet)) => homes.push(*subnet),
                _ => complete = false,
            },
            Node::Machine(id) => complete &= self.interfaces(id, &mut nics),
            Node::Nic(id) => {
                nics.push(id);
                complete &= !self.may_have_machine();
            }
            Node::LoadBalancer(id) => {
                let pools = &self.network[id].pools;
                complete &= pools.rest.is_none();
                for pool in &pools.items {
                    let pool = &self.network[*pool];
                    for nic in &pool.network_interfaces.items {
                        // A member takes packets with one interface and may send with another.
                        match self.network[*nic].machine {
                            Some(machine) => complete &= self.interfaces(machine, &mut nics),
                            None => {
                                nics.push(*nic);
                                complete &= !self.may_have_machine();
                            }
                        }
                    }
                    // Members outside the files send from the frontend's subnet or elsewhere.
                    complete &= !pool.network_interfaces.items.is_empty();
                    complete &= pool.addresses.items.is_empty();
                }
            }
        }
        for nic in nics {
            let configurations = &self.network[nic].ip_configurations;
            complete &= configurations.rest.is_none();
            for configuration in &configurations.items {
                match &configuration.subnet.state {
                    State::Known(Link::Here(subnet)) => homes.push(*subnet),
                    _ => complete = false,
                }
            }
        }
        homes.sort_unstable();
        homes.dedup();
        (homes, complete)
    }

    /// Whether an interface of which no machine is known may be one of a machine's several: the files
    /// do not tell all interfaces of some machine.
    fn may_have_machine(&self) -> bool {
        let unknown = |nic: &Field<Link<NicId>>| nic.unknown().is_some();
        self.network.machines.iter().any(|machine| {
            let interfaces = &machine.network_interfaces;
            interfaces.rest.is_some() || interfaces.items.iter().any(unknown)
        })
    }

    /// Adds the interfaces of a machine; whether these are all of them.
    fn interfaces(&self, machine: MachineId, into: &mut Vec<NicId>) -> bool {
        let interfaces = &self.network[machine].network_interfaces;
        let here = interfaces
            .items
            .iter()
            .filter_map(|nic| nic.value()?.here());
        let before = into.len();
        into.extend(here);
        interfaces.rest.is_none() && into.len() - before == interfaces.items.len()
    }

    /// Packets for an appliance itself.
    fn for_itself(&self, node: Node, family: Family) -> Answer {
        let mut addresses: Vec<IpAddr> = Vec::new();
        let mut of_nic = |nic: NicId| {
            let configurations = self.network[nic].ip_configurations.items.iter();
            let own = configurations.filter_map(|at| at.private_address.value());
            addresses.extend(own);
        };
        match node {
            Node::Firewall(id) => addresses.extend(self.network[id].private_address.value()),
            Node::Nic(id) => of_nic(id),
            Node::Machine(id) => {
                let nics = self.network[id].network_interfaces.items.iter();
                for nic in nics.filter_map(|nic| nic.value()?.here()) {
                    of_nic(nic);
                }
            }
            Node::LoadBalancer(id) => {
                let frontends = self.network[id].frontends.items.iter();
                addresses.extend(frontends.filter_map(|at| Field::value(&at.private_address)));
            }
        }
        let sets = addresses.iter().filter_map(|at| family.range(*at, *at));
        let own = sets.fold(IntervalSet::empty(), |all, one| all.union(&one));
        let term = Term::all(family).with_field(Dimension::Destination, own);
        Answer::exactly(FlowSet::from_terms(family, term.into_iter().collect()))
    }
}
