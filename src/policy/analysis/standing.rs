//! What the rules of a security group are good for, of those that decide packets at all.

use super::Found;
use crate::diagnostic::Severity;
use crate::eval::value::Truth;
use crate::model::nsg::Direction;
use crate::model::{NsgId, SecurityRuleId};
use crate::policy::datum::Element;
use crate::policy::vocabulary::{Kind, World};
use crate::semantics::Ruling;
use crate::semantics::anomalies::{RuleStanding, Standing};
use crate::semantics::packet::Family;
use crate::semantics::rules::Scope;

const DIRECTIONS: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

/// The rules without which later rules would do the same to every packet. What Azure's default rules
/// alone do is left out: many write those down on purpose. So is a group on the subnet of an Azure
/// Bastion, where Azure wants the whole set of rules.
pub(super) fn redundant(nsg: NsgId, world: &World<'_>) -> Vec<Found> {
    if super::guards_bastion(world, nsg) {
        return Vec::new();
    }
    of(nsg, world, |standing| {
        standing.standing == Standing::RedundantAfter
            && standing.cover.iter().any(|rule| custom(rule).is_some())
    })
}

/// The rules that decide less than one in so many of the packets they match; in a hundred if nothing
/// is said.
pub(super) fn shadowed(nsg: NsgId, world: &World<'_>, one_in: Option<u32>) -> Vec<Found> {
    let rules = world.network[nsg].rules.items.iter();
    let mut acts = rules.map(|rule| world.network[*rule].access.value());
    // Where all rules do the same, none is the exception of another.
    let first = acts.next().flatten();
    if first.is_some() && world.network[nsg].rules.rest.is_none() && acts.all(|it| it == first) {
        return Vec::new();
    }
    of(nsg, world, |standing| match (one_in, standing.standing) {
        (None, standing) => standing == Standing::ExceptionEaten,
        (Some(many), Standing::Live | Standing::ExceptionEaten) => {
            let share = standing.live_share;
            share.is_some_and(|share| share * f64::from(many) < 1.0)
        }
        _ => false,
    })
}

/// The pairs of rules that match packets in common and act otherwise, of which neither contains the
/// other: told of the later, with the earlier as its cover.
pub(super) fn contradicting(nsg: NsgId, world: &World<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for direction in DIRECTIONS {
        let pairs = world
            .semantics
            .correlated(nsg, Scope::Nsg(nsg), direction, Family::V4);
        for pair in pairs.pairs {
            let hit = pair.overlap.is_hit();
            if hit.truth != Truth::True {
                continue;
            }
            found.push(told(pair.second, vec![pair.first]));
        }
    }
    found
}

fn of(nsg: NsgId, world: &World<'_>, is: impl Fn(&RuleStanding) -> bool) -> Vec<Found> {
    let semantics = &world.semantics;
    let scope = Scope::Nsg(nsg);
    let mut found = Vec::new();
    for direction in DIRECTIONS {
        let fourth = semantics.standings(nsg, scope, direction, Family::V4);
        let sixth = match world.has_ipv6 {
            true => semantics.standings(nsg, scope, direction, Family::V6),
            false => Vec::new(),
        };
        for standing in fourth.iter().filter(|standing| is(standing)) {
            let Some(rule) = custom(&standing.rule) else {
                continue;
            };
            let meta = &world.network[rule].meta;
            // In which of the lists it is asked must be known.
            if world.network[rule].direction.value().is_none() {
                continue;
            }
            if meta.template || world.network[rule].platform_managed {
                continue;
            }
            // What it does for the other family counts too.
            let other = sixth.iter().find(|other| other.rule == standing.rule);
            if other.is_some_and(|other| !is(other) && other.standing != Standing::Empty) {
                continue;
            }
            let cover = standing.cover.iter().filter_map(custom);
            let blocker = standing.blocker.iter().filter_map(|it| custom(&it.rule));
            let mut others: Vec<SecurityRuleId> = cover.chain(blocker).collect();
            others.dedup();
            found.push(told(rule, others));
        }
    }
    found
}

fn custom(rule: &Ruling) -> Option<SecurityRuleId> {
    match rule {
        Ruling::Custom(id) => Some(*id),
        Ruling::Default(_) | Ruling::Rest => None,
    }
}

fn told(rule: SecurityRuleId, others: Vec<SecurityRuleId>) -> Found {
    let element = |id: SecurityRuleId| Element {
        kind: Kind::SecurityRule,
        id: id.0,
    };
    Found {
        truth: Truth::True,
        element: element(rule),
        cover: others.into_iter().map(element).collect(),
        at_most: Severity::Error,
        revive: None,
        unknowns: Vec::new(),
        outcome: None,
    }
}
