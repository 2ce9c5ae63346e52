//! Where a subnet's packets go next.
//!
//! Longest prefix wins; among equal ones user-defined routes, then learnt ones, then Azure's own.
//! What is learnt (over gateways, from hubs) yields to Azure's own routes for the network, its
//! peers and service endpoints, however long it is. A private endpoint's address is a route of its
//! own in its network and those peered with it.
//!
//! Assumed, as the files cannot tell: gateways and Route Server bring no default route and no
//! public address unless a gateway names a default site; what peers and gateways outside the files
//! may add is no public address; private endpoints that are not in the files are not there.

mod effective;
mod egress;
mod endpoint;
mod gateway;
mod hop;
mod loops;
mod network;
pub mod peering;
mod table;
mod user;

use std::net::IpAddr;

use super::Semantics;
use super::packet::atoms::Dimension;
use super::packet::interval::IntervalSet;
use super::packet::{Answer, Family};
use crate::eval::value::Truth;
use crate::model::SubnetId;

pub use effective::{EffectiveRoute, RouteStanding, Routed};
pub use egress::{PublicSource, WayOut, WayOutKind};
pub use hop::{NextHop, NextHopKind, RouteSource, RouteTarget};
pub use loops::RouteLoop;
pub(crate) use table::Routes;

use table::Entry;

/// How a subnet's machines get out to the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Egress {
    /// Through a NAT gateway with a public address.
    pub nat_gateway: Truth,
    /// A network interface with a public address of its own.
    pub public_ip: Truth,
    /// A load balancer's outbound rule or rule with outbound translation.
    pub load_balancer: Truth,
    /// Azure's default outbound access.
    pub default_outbound: Truth,
}

impl Egress {
    /// Whether there is any.
    #[must_use]
    pub fn any(self) -> Truth {
        self.nat_gateway
            .or(self.public_ip)
            .or(self.load_balancer)
            .or(self.default_outbound)
    }
}

impl Semantics<'_> {
    /// The packets from a subnet whose next hop is of one of the kinds.
    #[must_use]
    pub fn routed_to(&self, subnet: SubnetId, kinds: &[NextHopKind], family: Family) -> Answer {
        self.routed_to_of(subnet, kinds, &Answer::everything(family))
    }

    /// Those of `flows` whose next hop is of one of the kinds. Routes for other packets have no
    /// say, nor is what is unknown of them.
    #[must_use]
    pub fn routed_to_of(&self, subnet: SubnetId, kinds: &[NextHopKind], flows: &Answer) -> Answer {
        let family = flows.family();
        let mut left = flows.clone();
        let mut routed = Answer::nothing(family);
        for entry in self.effective_routes(subnet, family).iter() {
            let wanted = |kind: &NextHopKind| kinds.contains(kind);
            if !entry.packets.flows.may.meets(&left.flows.may) {
                continue;
            }
            let after = left.minus(&entry.packets);
            if entry.kinds.iter().all(wanted) {
                routed = routed.or(&entry.packets.and(&left));
                // Whether this route takes a packet or leaves it to a later one of a wanted kind
                // comes to the same: such packets are still certain for the later one.
                left.flows.may = after.flows.may;
                continue;
            }
            if entry.kinds.iter().any(wanted) {
                routed = routed.or(&entry.packets.and(&left).only_possibly());
            }
            left = after;
        }
        if kinds.contains(&NextHopKind::None) {
            routed = routed.or(&left);
        }
        routed
    }

    /// The next hops an address may have from a subnet: one that is True, or several Unknown ones.
    #[must_use]
    pub fn next_hop(&self, subnet: SubnetId, address: IpAddr) -> Vec<(NextHop, Truth)> {
        let entries = self.effective_routes(subnet, Family::of(address));
        choose(entries.iter().map(|entry| (entry, entry.leads(address))))
    }

    /// The route for everything no other route is for: the next hops of 0.0.0.0/0 from a subnet,
    /// as [`Self::next_hop`] gives them.
    #[must_use]
    pub fn default_route(&self, subnet: SubnetId) -> Vec<(NextHop, Truth)> {
        let entries = self.effective_routes(subnet, Family::V4);
        choose(entries.iter().map(|entry| (entry, entry.default)))
    }

    /// Whether a subnet has a default route that is not Azure's own and does not lead straight to
    /// the Internet.
    pub(crate) fn has_own_default_route(&self, subnet: SubnetId) -> Truth {
        let own = |hop: &NextHop| match (hop.is_own(), hop.kind) {
            (false, Some(_)) => Truth::False,
            // An appliance, whichever it is.
            (true, None) if !matches!(hop.source, RouteSource::Hub(_)) => Truth::True,
            // What such a route does to the platform's rule is not documented.
            (_, None | Some(NextHopKind::Internet)) => Truth::Unknown,
            _ => Truth::True,
        };
        let mut answers = self
            .default_route(subnet)
            .into_iter()
            .map(|(hop, _)| own(&hop));
        let Some(first) = answers.next() else {
            return Truth::Unknown;
        };
        match answers.fold(
            first,
            |all, one| if all == one { all } else { Truth::Unknown },
        ) {
            // Nor is what several routes do that leave nothing to Azure's own default route.
            Truth::False if self.has_default_in_parts(subnet) => Truth::Unknown,
            truth => truth,
        }
    }

    /// Whether routes that are not Azure's own take all public addresses together.
    fn has_default_in_parts(&self, subnet: SubnetId) -> bool {
        let entries = self.effective_routes(subnet, Family::V4);
        let own = entries.iter().filter(|entry| {
            let leads = |hop: &NextHop| hop.is_own() && hop.kind != Some(NextHopKind::Internet);
            entry.hops.iter().any(leads)
        });
        let taken = own.fold(IntervalSet::empty(), |all, entry| {
            let sets = entry.packets.flows.may.terms().iter();
            let plain = sets.filter(|term| term.cube.is_empty());
            plain.fold(all, |all, term| {
                all.union(term.field(Dimension::Destination))
            })
        });
        self.public(Family::V4).is_within(&taken)
    }
}

/// The next hops among entries in order of preference, each with whether it is for the packet in
/// question.
fn choose<'e>(entries: impl Iterator<Item = (&'e Entry, Truth)>) -> Vec<(NextHop, Truth)> {
    let mut hops: Vec<NextHop> = Vec::new();
    let mut settled = false;
    for (entry, leads) in entries {
        if leads == Truth::False {
            continue;
        }
        for hop in &entry.hops {
            if !hops.contains(hop) {
                hops.push(hop.clone());
            }
        }
        if leads == Truth::True {
            settled = true;
            break;
        }
    }
    let truth = if settled && hops.len() == 1 {
        Truth::True
    } else {
        Truth::Unknown
    };
    hops.into_iter().map(|hop| (hop, truth)).collect()
}
