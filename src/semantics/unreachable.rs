//! Rules that never decide a packet, and what hides them.
//!
//! The question is put to the group as such, wherever it is attached: `VirtualNetwork` is one
//! opaque set. IPv6 counts only where the group or a subnet it is on has any.

use std::sync::Arc;

use super::Semantics;
use super::compile::{FIRST_PRIORITY, Ruling};
use super::order::Ranked;
use super::packet::Family;
use super::packet::answer::add_unknown;
use super::packet::cover::{Cover, Member, cover};
use super::packet::space::{Exceeded, FlowSet};
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
            let Some(first) = lists.first() else { continue };
            for (index, rule) in first.iter().enumerate() {
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
        lists: &[Vec<Ranked<Ruling>>],
    ) -> Option<Unreachable> {
        let mut truth = Truth::True;
        let mut rules: Vec<usize> = Vec::new();
        let mut unknowns = Vec::new();
        let mut undecided = None;
        for list in lists {
            match hidden_in(list, index) {
                Ok(Hidden::Yes(cover)) => rules.extend(cover),
                Ok(Hidden::Perhaps(because)) => {
                    truth = truth.and(Truth::Unknown);
                    for unknown in &because {
                        add_unknown(&mut unknowns, unknown);
                    }
                }
                Ok(Hidden::No) => return None,
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
        let list = lists.first()?;
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
    fn revive(
        &self,
        nsg: NsgId,
        index: usize,
        rules: &[usize],
        otherwise: Option<&usize>,
        lists: &[Vec<Ranked<Ruling>>],
    ) -> Option<Revive> {
        let place = otherwise
            .into_iter()
            .chain(rules.first())
            .copied()
            .find(|place| {
                lists.iter().any(|list| {
                    let before = list.get(..*place).unwrap_or_default();
                    list.get(index)
                        .is_some_and(|rule| is_open(&rule.own.flows.must, before))
                })
            })?;
        let list = lists.first()?;
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
    fn has_v6(&self, nsg: NsgId) -> bool {
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

pub(crate) fn preliminary(rules: &[Ranked<Ruling>]) -> Vec<super::anomalies::RuleStanding> {
    use super::anomalies::{RuleStanding, Standing};
    let judged = |(index, rule): (usize, &Ranked<Ruling>)| {
        let mut found = RuleStanding {
            rule: rule.id.clone(),
            standing: Standing::Live,
            cover: Vec::new(),
            acts_otherwise: false,
            blocker: None,
            live_share: None,
            witness: None,
            fix: None,
            unknowns: Vec::new(),
            undecided: None,
        };
        match hidden_in(rules, index) {
            Ok(Hidden::Yes(cover)) => {
                let cover = cover.iter().filter_map(|place| rules.get(*place));
                found.acts_otherwise = cover.clone().any(|it| it.access != rule.access);
                found.cover = cover.map(|it| it.id.clone()).collect();
                found.standing = match (found.cover.is_empty(), found.acts_otherwise) {
                    (true, _) => Standing::Empty,
                    (_, true) => Standing::Shadowed,
                    (_, false) => Standing::RedundantBefore,
                };
            }
            Ok(Hidden::Perhaps(unknowns)) => {
                found.standing = Standing::Undetermined;
                found.unknowns = unknowns;
            }
            Ok(Hidden::No) => {}
            Err(limit) => {
                found.standing = Standing::Undetermined;
                found.undecided = Some(limit.0);
            }
        }
        found
    };
    rules.iter().enumerate().map(judged).collect()
}

/// Whether a rule is hidden by the earlier ones of its list.
pub(crate) enum Hidden {
    /// In every world, by these rules.
    Yes(Vec<usize>),
    Perhaps(Vec<Arc<Unknown>>),
    No,
}

/// Whether every packet of a rule is taken before it.
pub(crate) fn hidden_in<I>(rules: &[Ranked<I>], index: usize) -> Result<Hidden, Exceeded> {
    let Some(rule) = rules.get(index) else {
        return Ok(Hidden::No);
    };
    let whole = &rule.own.flows.may;
    let mut members = Vec::new();
    let mut because = Vec::new();
    let opaque = |set: &FlowSet| set.terms().iter().any(|term| !term.cube.is_empty());
    let mut uncertain = whole.terms().len() != rule.own.flows.must.terms().len() || opaque(whole);
    for (place, earlier) in rules.iter().enumerate() {
        if place == index || rule.rank.1 < earlier.rank.0 || !earlier.own.flows.may.meets(whole) {
            continue;
        }
        let certain = earlier.certain && earlier.rank.1 < rule.rank.0;
        if certain {
            let terms = earlier.own.flows.must.terms().iter();
            members.extend(terms.map(|term| Member { set: place, term }));
        }
        if !certain || !earlier.own.unknowns.is_empty() || opaque(&earlier.own.flows.may) {
            uncertain = true;
            for unknown in earlier.because.iter().chain(&earlier.own.unknowns) {
                add_unknown(&mut because, unknown);
            }
        }
    }
    if let Some(used) = covering(whole, &members)? {
        return Ok(Hidden::Yes(minimal(whole, &members, used)?));
    }
    if !uncertain {
        return Ok(Hidden::No);
    }
    for unknown in rule.because.iter().chain(&rule.own.unknowns) {
        add_unknown(&mut because, unknown);
    }
    // Some world hides it if whatever may stand before it takes what it surely matches; and what an
    // unknown field matches may lie anywhere.
    let possible: Vec<Member<'_>> = rules
        .iter()
        .enumerate()
        .filter(|(place, earlier)| *place != index && rule.rank.1 >= earlier.rank.0)
        .flat_map(|(set, earlier)| {
            let terms = earlier.own.flows.may.terms().iter();
            terms.map(move |term| Member { set, term })
        })
        .filter(|member| whole.terms().iter().any(|term| term.meets(member.term)))
        .collect();
    let near = !possible.is_empty();
    for term in rule.own.flows.must.terms() {
        if let Cover::Open(left) = cover(term, &possible)? {
            let left = FlowSet::from_terms(whole.family(), vec![*left]);
            let settled = left.is_inhabited()?;
            if settled || !near {
                return Ok(Hidden::No);
            }
        }
    }
    Ok(if near {
        Hidden::Perhaps(because)
    } else {
        Hidden::No
    })
}

/// The sets that together contain a set, if they do.
fn covering(whole: &FlowSet, members: &[Member<'_>]) -> Result<Option<Vec<usize>>, Exceeded> {
    let single = members.iter().find(|member| {
        let mut terms = whole.terms().iter();
        terms.all(|term| term.is_within(member.term))
    });
    if let (Some(single), false) = (single, whole.is_empty()) {
        return Ok(Some(vec![single.set]));
    }
    let mut used = Vec::new();
    for term in whole.terms() {
        match cover(term, members)? {
            Cover::Complete(sets) => used.extend(sets),
            Cover::Open(_) => return Ok(None),
        }
    }
    used.sort_unstable();
    used.dedup();
    Ok(Some(used))
}

/// Leaves out sets as long as the others still contain the whole.
fn minimal(
    whole: &FlowSet,
    members: &[Member<'_>],
    mut used: Vec<usize>,
) -> Result<Vec<usize>, Exceeded> {
    let mut place = 0;
    while let Some(candidate) = used.get(place).copied() {
        let others: Vec<Member<'_>> = members
            .iter()
            .filter(|member| member.set != candidate && used.contains(&member.set))
            .copied()
            .collect();
        // Only what the candidate takes can be missing without it.
        let mut needed = false;
        let own = members.iter().filter(|member| member.set == candidate);
        'parts: for member in own {
            for term in whole.terms() {
                if let Some(part) = term.intersect(member.term)
                    && let Cover::Open(_) = cover(&part, &others)?
                {
                    needed = true;
                    break 'parts;
                }
            }
        }
        if needed {
            place += 1;
        } else {
            used.remove(place);
        }
    }
    Ok(used)
}

/// Whether some packet of a set is surely left after these rules.
pub(crate) fn is_open<I>(whole: &FlowSet, before: &[Ranked<I>]) -> bool {
    let members: Vec<Member<'_>> = before
        .iter()
        .enumerate()
        .flat_map(|(set, rule)| {
            let terms = rule.own.flows.may.terms().iter();
            terms.map(move |term| Member { set, term })
        })
        .collect();
    whole
        .terms()
        .iter()
        .any(|term| matches!(cover(term, &members), Ok(Cover::Open(_))))
}
