//! The effective routes of a subnet, and where packets go by them.

use super::hop::{NextHop, RouteSource, RouteTarget};
use super::table::Entry;
use crate::eval::value::Truth;
use crate::model::SubnetId;
use crate::semantics::Semantics;
use crate::semantics::packet::{Answer, Family, FlowSet};

/// A route of a subnet, effective or not.
#[derive(Clone, Debug)]
pub struct EffectiveRoute {
    /// What it is for.
    pub target: RouteTarget,
    /// Who made it.
    pub source: RouteSource,
    /// Where it leads. Several: it is not known which, or packets are spread among them.
    pub hops: Vec<NextHop>,
    /// Whether it decides packets.
    pub standing: RouteStanding,
    /// Whether it is there.
    pub certain: Truth,
    /// The packets it decides.
    pub decides: Answer,
}

/// Whether a route decides packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteStanding {
    /// It decides some.
    Active,
    /// Others take all its packets.
    Overridden,
    /// It depends on what is not known.
    Perhaps,
}

/// The packets that go to one next hop.
#[derive(Clone, Debug)]
pub struct Routed {
    /// The next hop.
    pub hop: NextHop,
    /// The packets.
    pub flows: Answer,
}

impl Semantics<'_> {
    /// The routes of a subnet, the preferred first, each with the packets it decides: overridden
    /// ones and those that may be there included.
    #[must_use]
    pub fn routes_of(&self, subnet: SubnetId, family: Family) -> Vec<EffectiveRoute> {
        let mut routes: Vec<EffectiveRoute> = Vec::new();
        let entries = self.effective_routes(subnet, family);
        divide(&entries, &Answer::everything(family), |entry, decides| {
            let first = entry.hops.first();
            let source = first.map_or(RouteSource::System, |hop| hop.source);
            let known = |route: &&mut EffectiveRoute| {
                route.source == source && route.target.is(&entry.target)
            };
            match routes.iter_mut().find(known) {
                Some(route) => {
                    route.decides = route.decides.or(&decides);
                    route.certain = route.certain.or(certainty(entry));
                }
                None => routes.push(EffectiveRoute {
                    target: entry.target.clone(),
                    source,
                    hops: entry.hops.clone(),
                    standing: RouteStanding::Overridden,
                    certain: certainty(entry),
                    decides,
                }),
            }
        });
        for route in &mut routes {
            route.standing = match route.decides.is_hit().truth {
                Truth::True => RouteStanding::Active,
                Truth::False => RouteStanding::Overridden,
                Truth::Unknown => RouteStanding::Perhaps,
            };
        }
        routes
    }

    /// Those packets from a subnet by their next hops: every packet of `flows` has one, certain
    /// where it is the only one possible.
    #[must_use]
    pub fn next_hops_of(&self, subnet: SubnetId, flows: &Answer) -> Vec<Routed> {
        let mut routed: Vec<Routed> = Vec::new();
        let entries = self.effective_routes(subnet, flows.family());
        divide(&entries, flows, |entry, taken| {
            if taken.flows.may.is_empty() {
                return;
            }
            for hop in &entry.hops {
                let part = match entry.is_open() {
                    true => taken.clone().only_possibly(),
                    false => taken.clone(),
                };
                match routed.iter_mut().find(|it| it.hop == *hop) {
                    Some(it) => it.flows = it.flows.or(&part),
                    None => routed.push(Routed {
                        hop: hop.clone(),
                        flows: part,
                    }),
                }
            }
        });
        routed
    }
}

/// Tells, for each entry in order, which of the packets it decides. Packets that an earlier entry
/// may take to the very same hop stay certain for a later one.
fn divide(entries: &[Entry], flows: &Answer, mut tell: impl FnMut(&Entry, Answer)) {
    let mut left = flows.clone();
    let mut held: Vec<(NextHop, FlowSet)> = Vec::new();
    for entry in entries {
        if !entry.packets.flows.may.meets(&left.flows.may) {
            tell(entry, Answer::nothing(flows.family()));
            continue;
        }
        let mut taken = entry.packets.and(&left);
        if let [hop] = entry.hops.as_slice()
            && let Some((_, held)) = held.iter().find(|(it, _)| it == hop)
        {
            let more = entry.packets.flows.must.intersect(held);
            if let Ok(must) = more.and_then(|more| taken.flows.must.union(&more)) {
                taken.flows.must = must;
            }
        }
        let after = left.minus(&entry.packets);
        hold(entry, &left, &after, &mut held);
        left = after;
        tell(entry, taken);
    }
}

/// Updates, for each hop, the packets that are certain but for routes that may take them to that
/// very hop.
fn hold(entry: &Entry, before: &Answer, after: &Answer, held: &mut Vec<(NextHop, FlowSet)>) {
    for (hop, packets) in held.iter_mut() {
        let alone = entry.hops.iter().all(|it| it == hop);
        let taken = match alone {
            true => &entry.packets.flows.must,
            false => &entry.packets.flows.may,
        };
        if let Ok(rest) = packets.subtract(taken) {
            *packets = rest;
        } else {
            *packets = FlowSet::empty(packets.family());
        }
    }
    held.retain(|(_, packets)| !packets.is_empty());
    if let [hop] = entry.hops.as_slice()
        && let Ok(lost) = before.flows.must.intersect(&entry.packets.flows.may)
        && let Ok(lost) = lost.subtract(&entry.packets.flows.must)
        && !lost.is_empty()
        && after.flows.may.meets(&lost)
    {
        match held.iter_mut().find(|(it, _)| it == hop) {
            Some((_, packets)) => {
                if let Ok(all) = packets.union(&lost) {
                    *packets = all;
                }
            }
            None => held.push((hop.clone(), lost)),
        }
    }
}

fn certainty(entry: &Entry) -> Truth {
    match entry.certain {
        true => Truth::True,
        false => Truth::Unknown,
    }
}
