//! Firewall rules that never decide a packet, and what hides them: rules of their own pass, of
//! parent policies, and of the passes before.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::families::names_ipv6;
use super::{Pass, Passes, Ruling, Semantics};
use crate::eval::value::{Truth, Unknown};
use crate::model::firewall::{FirewallRule, FirewallRuleKind, FirewallRuleOwner};
use crate::model::{Field, FirewallRuleId};
use crate::semantics::hidden::{Hidden, Listed};
use crate::semantics::order::Ranked;
use crate::semantics::packet::Family;
use crate::semantics::packet::answer::add_unknown;

/// A firewall rule that never decides a packet.
#[derive(Clone, Debug)]
pub struct UnreachableFirewallRule {
    /// The hidden rule.
    pub rule: FirewallRuleId,
    /// True: hidden in every world. Unknown: perhaps; `cover` is then empty.
    pub truth: Truth,
    /// The rules that take everything it matches, in the order of the passes; none can be left out.
    /// Empty if the rule matches nothing at all.
    pub cover: Vec<FirewallRuleId>,
    /// Whether a rule of the cover does, for certain, something else: lets through what this one
    /// denies or the other way round, or sends packets on to another place. A translation rule lets
    /// through.
    pub acts_otherwise: bool,
    /// A move that makes it decide packets again.
    pub revive: Option<FirewallRevive>,
    /// What would have to be known, if `truth` is Unknown.
    pub unknowns: Vec<Arc<Unknown>>,
    /// The name of a limit that was exceeded, if that is why `truth` is Unknown.
    pub undecided: Option<&'static str>,
}

impl UnreachableFirewallRule {
    /// Hidden in both families: by the rules of both.
    fn join(&mut self, other: Self) {
        if self.truth == Truth::True && self.cover.is_empty() {
            *self = other;
            return;
        }
        self.truth = self.truth.and(other.truth);
        for id in other.cover {
            if !self.cover.contains(&id) {
                self.cover.push(id);
            }
        }
        self.acts_otherwise |= other.acts_otherwise;
        self.undecided = self.undecided.or(other.undecided);
        for unknown in &other.unknowns {
            add_unknown(&mut self.unknowns, unknown);
        }
        if self.truth != Truth::True {
            self.cover.clear();
        }
    }
}

/// A move that makes a hidden rule decide packets. There is none past a rule of another pass or of a
/// parent policy: those always come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirewallRevive {
    /// The rule it must come before.
    pub before: FirewallRuleId,
    /// A free priority for a collection of its own in the group of that rule; `None`: there is none,
    /// or the two are in one collection, where the order of writing counts.
    pub priority: Option<u32>,
}

/// The lowest priority of a collection.
const FIRST_PRIORITY: u32 = 100;

impl Semantics<'_> {
    /// The rules of a firewall (classic ones) or of a policy (its own, not its parents') that never
    /// decide a packet, in the order in which they are asked. Threat intelligence is taken to drop
    /// nothing.
    #[must_use]
    pub fn unreachable_firewall_rules(
        &self,
        owner: FirewallRuleOwner,
    ) -> Vec<UnreachableFirewallRule> {
        let passes = self.passes(owner, Family::V4);
        let list = Listed::new(passes.asked());
        let six = self.carries_ipv6(Some(owner)).truth;
        let passes = self.passes(owner, Family::V6);
        let other_list = (six != Truth::False).then(|| Listed::new(passes.asked()));
        let mut all = Vec::new();
        for (index, rule) in list.rules().iter().enumerate() {
            let Ruling::Rule(id) = rule.id else {
                continue;
            };
            let written: &FirewallRule = &self.network[id];
            if written.owner != Some(owner) {
                continue;
            }
            let Some(mut found) = self.hidden_rule(&list, index, id) else {
                continue;
            };
            // Of firewalls outside the files, rules tell whether they carry IPv6.
            let both = six == Truth::True || names_ipv6(written);
            if both && let Some(list) = &other_list {
                let here = |rule: &Ranked<Ruling>| rule.id == Ruling::Rule(id);
                let index = list.rules().iter().position(here);
                let other = index.map(|index| self.hidden_rule(list, index, id));
                match other {
                    Some(None) => continue,
                    Some(Some(other)) => found.join(other),
                    None => {}
                }
            }
            all.push(found);
        }
        all
    }

    /// Whether a rule of a list of one family never decides a packet of it.
    fn hidden_rule(
        &self,
        list: &Listed<'_, Ruling>,
        index: usize,
        id: FirewallRuleId,
    ) -> Option<UnreachableFirewallRule> {
        let mut found = UnreachableFirewallRule {
            rule: id,
            truth: Truth::True,
            cover: Vec::new(),
            acts_otherwise: false,
            revive: None,
            unknowns: Vec::new(),
            undecided: None,
        };
        match list.hidden(index) {
            Ok(Hidden::No(_)) => return None,
            Ok(Hidden::Yes(cover)) => self.explain(list, index, &cover, &mut found),
            Ok(Hidden::Perhaps(unknowns)) => {
                found.truth = Truth::Unknown;
                found.unknowns = unknowns;
            }
            Err(limit) => {
                found.truth = Truth::Unknown;
                found.undecided = Some(limit.0);
            }
        }
        Some(found)
    }

    fn explain(
        &self,
        list: &Listed<'_, Ruling>,
        index: usize,
        cover: &[usize],
        found: &mut UnreachableFirewallRule,
    ) {
        let rules = list.rules();
        let id = |place: &usize| match rules.get(*place).map(|rule| &rule.id) {
            Some(Ruling::Rule(id)) => Some(*id),
            _ => None,
        };
        let own = rules.get(index).and_then(|rule| rule.access);
        let otherwise = |place: &&usize| {
            let other = rules.get(**place).and_then(|rule| rule.access);
            let differ = own.is_some() && other.is_some() && own != other;
            differ || id(place).is_some_and(|other| self.sends_elsewhere(found.rule, other))
        };
        found.acts_otherwise = cover.iter().any(|place| otherwise(&place));
        found.cover = cover.iter().filter_map(id).collect();
        // A rule of which the action is not known hides it all the same.
        for place in cover {
            for unknown in rules.get(*place).into_iter().flat_map(|rule| &rule.because) {
                add_unknown(&mut found.unknowns, unknown);
            }
        }
        let pass = rules.get(index).map(Passes::pass_of);
        let movable = |place: &&usize| {
            let there = rules.get(**place);
            let owner = id(place).and_then(|id| self.network[id].owner);
            there.map(Passes::pass_of) == pass && owner == self.network[found.rule].owner
        };
        let first = cover.iter().find(otherwise).or_else(|| cover.first());
        found.revive = first
            .filter(movable)
            .filter(|place| list.is_open_at(index, **place))
            .and_then(id)
            .map(|before| FirewallRevive {
                before,
                priority: self.free_collection_priority(found.rule, before, pass),
            });
    }

    /// Whether two translation rules send packets on to different places, for certain.
    fn sends_elsewhere(&self, one: FirewallRuleId, other: FirewallRuleId) -> bool {
        let (one, other): (&FirewallRule, &FirewallRule) =
            (&self.network[one], &self.network[other]);
        let both = one.kind == FirewallRuleKind::Nat && other.kind == FirewallRuleKind::Nat;
        both && (differ(&one.translated_address, &other.translated_address)
            || differ(&one.translated_fqdn, &other.translated_fqdn)
            || differ(&one.translated_port, &other.translated_port))
    }

    /// A priority for a collection of its own that puts a rule before another.
    fn free_collection_priority(
        &self,
        moved: FirewallRuleId,
        before: FirewallRuleId,
        pass: Option<Pass>,
    ) -> Option<u32> {
        let rule: &FirewallRule = &self.network[moved];
        let other: &FirewallRule = &self.network[before];
        let same = |a: &FirewallRule, b: &FirewallRule| a.owner == b.owner && a.group == b.group;
        let one = same(rule, other)
            && rule.collection.value() == other.collection.value()
            && rule.collection_priority.value() == other.collection_priority.value();
        if one {
            return None;
        }
        let limit = *other.collection_priority.value()?;
        let mut taken = BTreeSet::new();
        for id in self.holdings(other.owner?).rules.iter().map(|(_, id)| *id) {
            let neighbour = &self.network[id];
            if same(neighbour, other) {
                let priority = *neighbour.collection_priority.value()?;
                // Priorities are unique among all collections of a group.
                if priority < limit || Some(Pass::of(neighbour.kind)) != pass {
                    taken.insert(priority);
                }
            }
        }
        let previous = taken
            .iter()
            .filter(|priority| **priority < limit)
            .max()
            .map_or(FIRST_PRIORITY, |last| last + 1);
        let ten = (limit.saturating_sub(1) / 10) * 10;
        [ten, limit.saturating_sub(1)]
            .into_iter()
            .find(|free| *free >= previous && *free < limit && !taken.contains(free))
    }
}

fn differ<T: PartialEq>(one: &Field<T>, other: &Field<T>) -> bool {
    match (one.value(), other.value()) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}
