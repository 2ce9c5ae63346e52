//! Rules that never decide a packet, and what hides them.
//!
//! The question is put to the group as such, wherever it is attached: `VirtualNetwork` is one
//! opaque set. IPv6 counts only where the group or a subnet it is on has any.

use std::sync::Arc;

use super::Semantics;
use super::compile::{FIRST_PRIORITY, Ruling};
use super::hidden::{Hidden, Listed};
use super::order::Ranked;
use super::packet::Family;
use super::packet::answer::add_unknown;
use super::rules::Scope;
use crate::eval::value::{Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::nsg::{Direction, NetworkSecurityGroup, SecurityRule};
use crate::model::{Field, List, NsgId, SecurityRuleId};

/// A rule that never decides a packet.
#[derive(Clone, Debug)]
pub struct Unreachable {
    /// The hidden rule.
    pub rule: SecurityRuleId,
    /// True: hidden in every world. Unknown: perhaps; `cover` is then empty.
    pub truth: Truth,
    /// The earlier rules that match everything it matches, in order; none can be left out. Empty if
    /// the rule matches nothing at all.
    pub cover: Vec<SecurityRuleId>,
    /// Whether a rule of the cover has, for certain, the other access.
    pub acts_otherwise: bool,
    /// A move that makes it decide packets again.
    pub revive: Option<Revive>,
    /// What would have to be known, if `truth` is Unknown.
    pub unknowns: Vec<Arc<Unknown>>,
    /// The name of a limit that was exceeded, if that is why `truth` is Unknown.
    pub undecided: Option<&'static str>,
}

/// A move that makes a hidden rule decide packets: give it a priority before another rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revive {
    /// The earliest rule of the cover that acts otherwise, or else the earliest.
    pub before: SecurityRuleId,
    /// A free priority there; `None`: there is none between that rule and the one before it.
    pub priority: Option<u32>,
}

impl Semantics<'_> {
    /// The rules of a group that never decide a packet, in the order of their priorities. Those
    /// that a service manages are left out.
    #[must_use]
    pub fn unreachable(&self, nsg: NsgId) -> Vec<Unreachable> {
        let mut families = vec![Family::V4];
        if self.has_v6(nsg) {
            families.push(Family::V6);
        }
        let mut all = Vec::new();
        for direction in [Direction::Inbound, Direction::Outbound] {
            let lists: Vec<Vec<Ranked<Ruling>>> = families
                .iter()
                .map(|family| {
                    let place = self.opaque_place(Scope::Nsg(nsg), *family);
                    self.custom_rules(nsg, direction, &place)
                })
                .collect();
            let lists: Vec<Listed<'_, Ruling>> =
                lists.iter().map(|list| Listed::new(list)).collect();
            let Some(first) = lists.first() else { continue };
            for (index, rule) in first.rules().iter().enumerate() {
                let Ruling::Custom(id) = rule.id else {
                    continue;
                };
                if self.network[id].platform_managed {
                    continue;
                }
                let found = self.hidden(nsg, id, index, &lists);
                all.extend(found.map(|found| self.in_either_direction(found)));
            }
        }
        all
    }

    /// A rule whose direction is not known may be hidden in the one and not in the other.
    fn in_either_direction(&self, mut found: Unreachable) -> Unreachable {
        let direction = &self.network[found.rule].direction;
        if direction.value().is_none() && found.truth == Truth::True {
            found.truth = Truth::Unknown;
            found.cover.clear();
            found.acts_otherwise = false;
            found.revive = None;
            if let Some(unknown) = direction.unknown() {
                add_unknown(&mut found.unknowns, unknown);
            }
        }
        found
    }

    fn hidden(
        &self,
        nsg: NsgId,
        id: SecurityRuleId,
        index: usize,
        lists: &[Listed<'_, Ruling>],
    ) -> Option<Unreachable> {
        let mut truth = Truth::True;
        let mut rules: Vec<usize> = Vec::new();
        let mut unknowns = Vec::new();
        let mut undecided = None;
        for list in lists {
            match list.hidden(index) {
                Ok(Hidden::Yes(cover)) => rules.extend(cover),
                Ok(Hidden::Perhaps(because)) => {
                    truth = truth.and(Truth::Unknown);
                    for unknown in &because {
                        add_unknown(&mut unknowns, unknown);
                    }
                }
                Ok(Hidden::No(_)) => return None,
                Err(limit) => {
                    truth = truth.and(Truth::Unknown);
                    undecided = Some(limit.0);
                }
            }
        }
        if truth != Truth::True {
            return Some(Unreachable {
                rule: id,
                truth,
                cover: Vec::new(),
                acts_otherwise: false,
                revive: None,
                unknowns,
                undecided,
            });
        }
        rules.sort_unstable();
        rules.dedup();
        spare(&mut rules, index, lists);
        let list = lists.first()?.rules();
        let own = list.get(index)?.access;
        let otherwise = |place: &usize| {
            let other = list.get(*place).and_then(|rule| rule.access);
            own.is_some() && other.is_some() && own != other
        };
        let custom = |place: &usize| match list.get(*place).map(|rule| &rule.id) {
            Some(Ruling::Custom(id)) => Some(*id),
            _ => None,
        };
        Some(Unreachable {
            rule: id,
            truth,
            acts_otherwise: rules.iter().any(otherwise),
            revive: self.revive(
                nsg,
                index,
                &rules,
                rules.iter().find(|it| otherwise(it)),
                lists,
            ),
            cover: rules.iter().filter_map(custom).collect(),
            unknowns,
            undecided,
        })
    }

    /// Where the rule would have to stand; only places where it does decide packets.
    pub(crate) fn revive(
        &self,
        nsg: NsgId,
        index: usize,
        rules: &[usize],
        otherwise: Option<&usize>,
        lists: &[Listed<'_, Ruling>],
    ) -> Option<Revive> {
        let place = otherwise
            .into_iter()
            .chain(rules.first())
            .copied()
            .find(|place| lists.iter().any(|list| list.is_open_at(index, *place)))?;
        let list = lists.first()?.rules();
        let Ruling::Custom(before) = list.get(place)?.id else {
            return None;
        };
        let rule: &SecurityRule = &self.network[before];
        let limit = *rule.priority.value()?;
        let previous = list
            .get(..place)
            .unwrap_or_default()
            .iter()
            .map(|rule| rule.rank.1[0])
            .max()
            .map_or(FIRST_PRIORITY, |last| last + 1);
        let certain = self.network[nsg].rules.rest.is_none();
        let ten = (limit.saturating_sub(1) / 10) * 10;
        let priority = [ten, limit.saturating_sub(1)]
            .into_iter()
            .find(|free| certain && *free >= previous && *free < limit);
        Some(Revive { before, priority })
    }

    /// Whether IPv6 plays a part in a group.
    pub(crate) fn has_v6(&self, nsg: NsgId) -> bool {
        let group: &NetworkSecurityGroup = &self.network[nsg];
        let named = |list: &List<Field<AddressPrefix>>| {
            list.items.iter().any(|item| match item.value() {
                Some(AddressPrefix::Block(block)) => block.addr().is_ipv6(),
                Some(AddressPrefix::Range(first, _)) => first.is_ipv6(),
                _ => false,
            })
        };
        let mut subnets = group.subnets.items.clone();
        for nic in &group.network_interfaces.items {
            subnets.extend(self.subnets_of_nic(*nic));
        }
        let mut prefixes = subnets
            .iter()
            .flat_map(|subnet| &self.network[*subnet].address_prefixes.items);
        let rules = group.rules.items.iter().map(|rule| &self.network[*rule]);
        prefixes.any(|block| block.value().is_some_and(|block| block.addr().is_ipv6()))
            || rules
                .into_iter()
                .any(|rule| named(&rule.source) || named(&rule.destination))
    }
}

/// Leaves out what hides a rule in one family where the others hide it in every family.
fn spare(rules: &mut Vec<usize>, index: usize, lists: &[Listed<'_, Ruling>]) {
    let mut at = 0;
    while lists.len() > 1 && rules.len() > 1 && at < rules.len() {
        let mut others = rules.clone();
        others.remove(at);
        let covers = |list: &Listed<'_, Ruling>| list.is_covered_by(index, &others);
        if lists.iter().all(|list| covers(list).unwrap_or(false)) {
            *rules = others;
        } else {
            at += 1;
        }
    }
}
