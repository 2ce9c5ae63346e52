//! What every rule of a group is good for: the anomalies of a list of rules, decided exactly.
//!
//! A rule is *empty* (matches nothing), *dead* (earlier rules match whatever it matches: *shadowed*
//! if one of those that decide its packets acts otherwise, else *redundant*), *redundant after*
//! (decides packets, but without it the same would happen to them; *default-equal* where Azure's
//! default rules alone see to that), *eaten by exceptions* (decides less than one in a hundred of
//! the packets it matches), or *live*. Azure's default rules are judged like any other.
//!
//! The list is judged as such: platform traffic that bypasses a group counts as if the rules
//! decided it. A rule that perhaps does not exist is judged as if it did.

use std::sync::Arc;

use super::Semantics;
use super::compile::Ruling;
use super::hidden::{Difference, Hidden, Listed};
use super::order::Ranked;
use super::packet::answer::add_unknown;
use super::packet::{Answer, Family, Flow, FlowSet};
use super::rules::Scope;
use super::service_rules::is_of_service;
use crate::eval::value::Unknown;
use crate::model::nsg::Direction;
use crate::model::{NsgId, SecurityRuleId};

/// What a rule is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It decides packets, and without it something else would happen to some.
    Live,
    /// It matches no packet of the family.
    Empty,
    /// Earlier rules match whatever it matches, and some act otherwise.
    Shadowed,
    /// Earlier rules match whatever it matches, and all do the same.
    RedundantBefore,
    /// It decides packets, but without it later rules would do the same to all of them.
    RedundantAfter,
    /// A live rule that decides less than one in a hundred of the packets it matches: earlier rules
    /// take the rest.
    ExceptionEaten,
    /// Redundant after, and Azure's default rules alone do the same.
    DefaultEqual,
    /// It depends on what the files do not tell, or a limit was exceeded.
    Undetermined,
}

/// A rule of a group and what it is good for.
#[derive(Clone, Debug)]
pub struct RuleStanding {
    /// Which.
    pub rule: Ruling,
    /// What it is good for, in every world.
    pub standing: Standing,
    /// Dead rules: the earlier rules that match everything it matches, in order. Rules that are
    /// redundant after: the later rules that do the same to what it decides. None can be left out.
    pub cover: Vec<Ruling>,
    /// Whether a rule of the cover has, for certain, the other access.
    pub acts_otherwise: bool,
    /// The earlier rule with the other access that matches most of what this one matches.
    pub blocker: Option<Blocker>,
    /// Which part of the packets it matches it decides, from 0 to 1, counted exactly; `None` where
    /// opaque sets or unknowns play a part, or where counting takes too long.
    pub live_share: Option<f64>,
    /// A packet it decides in every world.
    pub witness: Option<Flow>,
    /// A change that was tried out and does what it says.
    pub fix: Option<Fix>,
    /// What would have to be known, if it is undetermined.
    pub unknowns: Vec<Arc<Unknown>>,
    /// The name of a limit that was exceeded, if that is why it is undetermined.
    pub undecided: Option<&'static str>,
}

/// An earlier rule that acts otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocker {
    /// Which.
    pub rule: Ruling,
    /// Which part of the packets it matches too, from 0 to 1, counted exactly; `None` where opaque
    /// sets play a part.
    pub share: Option<f64>,
}

/// A change of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Give it a free priority before another rule: it then decides packets.
    Move {
        /// That rule.
        before: SecurityRuleId,
        /// The priority.
        priority: u32,
    },
    /// Delete it: the same happens to every packet.
    Delete,
    /// Let it match no more than these: the same happens to every packet.
    Narrow(FlowSet),
}

/// Two rules of which neither contains the other, that match packets in common and do the
/// opposite: their order matters.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// The one that is asked first; it decides some of the packets in common.
    pub first: SecurityRuleId,
    /// The other.
    pub second: SecurityRuleId,
    /// The packets that both match.
    pub overlap: Answer,
}

/// The correlated pairs of a group.
#[derive(Clone, Debug, Default)]
pub struct Correlations {
    /// By the place of the first rule, then by that of the second.
    pub pairs: Vec<Correlation>,
    /// The name of a limit that was exceeded; there are then more pairs.
    pub undecided: Option<&'static str>,
}

/// More correlated pairs than this are not listed.
const MAX_PAIRS: usize = 4_096;

/// What [`MAX_PAIRS`] is called.
const PAIRS_EXCEEDED: &str = "number of correlated pairs";

impl Semantics<'_> {
    /// What every rule of a group is good for at a place, in the order in which they are asked,
    /// Azure's default rules included.
    #[must_use]
    pub fn standings(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        family: Family,
    ) -> Vec<RuleStanding> {
        let rules = self.authored_rules(nsg, scope, direction, family);
        let list = Listed::new(&rules);
        (0..rules.len())
            .filter_map(|index| self.standing(nsg, &list, index))
            .collect()
    }

    /// The rules of a group without those that services write: what an author repeats of them is no
    /// mistake of the author's.
    fn authored_rules(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        family: Family,
    ) -> Vec<Ranked<Ruling>> {
        let group = self.compiled(nsg, scope, direction, family);
        let rules = group.rules.iter().filter(|rule| !is_of_service(rule));
        rules.cloned().collect()
    }

    /// The pairs of a group's own rules whose order matters.
    #[must_use]
    pub fn correlated(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        family: Family,
    ) -> Correlations {
        let rules = self.authored_rules(nsg, scope, direction, family);
        let list = Listed::new(&rules);
        let mut found = Correlations::default();
        for (index, rule) in rules.iter().enumerate() {
            let Ruling::Custom(first) = rule.id else {
                continue;
            };
            let rivals = match list.rivals(index) {
                Ok(rivals) => rivals,
                Err(limit) => {
                    found.undecided = Some(limit.0);
                    continue;
                }
            };
            for other in rivals.into_iter().filter_map(|place| rules.get(place)) {
                let Ruling::Custom(second) = other.id else {
                    continue;
                };
                if found.pairs.len() == MAX_PAIRS {
                    found.undecided = Some(PAIRS_EXCEEDED);
                    return found;
                }
                let mut overlap = rule.own.and(&other.own);
                // Whether one contains the other hangs on what is not known of either.
                let open = |it: &Answer| !it.unknowns.is_empty();
                if !rule.certain || !other.certain || open(&rule.own) || open(&other.own) {
                    overlap = overlap.only_possibly();
                    for unknown in rule.because.iter().chain(&other.because) {
                        add_unknown(&mut overlap.unknowns, unknown);
                    }
                }
                found.pairs.push(Correlation {
                    first,
                    second,
                    overlap,
                });
            }
        }
        found
    }

    fn standing(
        &self,
        nsg: NsgId,
        list: &Listed<'_, Ruling>,
        index: usize,
    ) -> Option<RuleStanding> {
        let rule = list.rules().get(index)?;
        let mut found = RuleStanding {
            rule: rule.id.clone(),
            standing: Standing::Empty,
            cover: Vec::new(),
            acts_otherwise: false,
            blocker: None,
            live_share: None,
            witness: None,
            fix: None,
            unknowns: Vec::new(),
            undecided: None,
        };
        let deletable = match rule.id {
            Ruling::Custom(id) => (!self.network[id].platform_managed).then_some(Fix::Delete),
            Ruling::Default(_) | Ruling::Rest => None,
        };
        if rule.own.flows.may.is_empty() {
            found.fix = deletable;
            return Some(found);
        }
        match list.hidden(index) {
            Ok(Hidden::Yes(cover)) => self.judge_dead(nsg, list, index, &cover, &mut found),
            Ok(Hidden::Perhaps(unknowns)) => {
                found.standing = Standing::Undetermined;
                found.unknowns = unknowns;
            }
            Ok(Hidden::No(open)) => {
                let certain = open
                    .map(|open| FlowSet::from_terms(rule.own.family(), vec![*open]))
                    .and_then(|flows| flows.certain().ok());
                found.witness = certain.and_then(|flows| flows.witness());
                judge_live(list, index, deletable.is_some(), &mut found);
            }
            Err(limit) => {
                found.standing = Standing::Undetermined;
                found.undecided = Some(limit.0);
            }
        }
        if found.standing == Standing::Undetermined {
            for unknown in rule.because.iter().chain(&rule.own.unknowns) {
                add_unknown(&mut found.unknowns, unknown);
            }
        }
        Some(found)
    }

    fn judge_dead(
        &self,
        nsg: NsgId,
        list: &Listed<'_, Ruling>,
        index: usize,
        cover: &[usize],
        found: &mut RuleStanding,
    ) {
        let rules = list.rules();
        let own = rules.get(index).and_then(|rule| rule.access);
        let access = |place: &usize| rules.get(*place).and_then(|rule| rule.access);
        let otherwise = |place: &&usize| {
            let other = access(place);
            own.is_some() && other.is_some() && other != own
        };
        let known = own.is_some() && cover.iter().all(|place| access(place).is_some());
        found.live_share = Some(0.0);
        found.acts_otherwise = cover.iter().any(|place| otherwise(&place));
        found.standing = match (found.acts_otherwise, known) {
            (true, _) => Standing::Shadowed,
            (false, true) => Standing::RedundantBefore,
            (false, false) => Standing::Undetermined,
        };
        let ids = cover.iter().filter_map(|place| rules.get(*place));
        found.cover = ids.clone().map(|rule| rule.id.clone()).collect();
        if found.standing == Standing::Undetermined {
            for unknown in ids.flat_map(|rule| &rule.because) {
                add_unknown(&mut found.unknowns, unknown);
            }
        }
        if found.acts_otherwise {
            found.blocker = blocker(list, index, cover.iter().find(otherwise));
        }
        let Ruling::Custom(id) = found.rule else {
            return;
        };
        if self.network[id].platform_managed {
            return;
        }
        found.fix = match found.standing {
            Standing::Shadowed => {
                let first = cover.iter().find(otherwise);
                let lists = std::slice::from_ref(list);
                let revive = self.revive(nsg, index, cover, first, lists);
                revive.and_then(|revive| {
                    let priority = revive.priority?;
                    Some(Fix::Move {
                        before: revive.before,
                        priority,
                    })
                })
            }
            Standing::RedundantBefore => Some(Fix::Delete),
            _ => None,
        };
    }
}

fn judge_live(list: &Listed<'_, Ruling>, index: usize, deletable: bool, found: &mut RuleStanding) {
    let live = list.live(index);
    found.live_share = live.as_ref().map(|live| live.share);
    let rules = list.rules();
    match list.difference(index) {
        Ok(Difference::Some) => {
            found.standing = Standing::Live;
            let Some(live) = live.filter(|live| live.eaten) else {
                return;
            };
            found.standing = Standing::ExceptionEaten;
            found.blocker = blocker(list, index, None);
            let narrowed = live.hull.filter(|_| deletable);
            found.fix = narrowed
                .filter(|hull| list.may_narrow(index, hull))
                .and_then(|hull| {
                    let family = rules.get(index)?.own.family();
                    Some(Fix::Narrow(FlowSet::from_terms(family, vec![hull])))
                });
        }
        Ok(Difference::None(takers)) => {
            let takers = takers.iter().filter_map(|place| rules.get(*place));
            found.cover = takers.map(|rule| rule.id.clone()).collect();
            found.standing = if found.cover.iter().all(is_default) && is_default_equal(list, index)
            {
                Standing::DefaultEqual
            } else {
                Standing::RedundantAfter
            };
            found.fix = deletable.then_some(Fix::Delete);
        }
        Ok(Difference::Perhaps(unknowns)) => {
            found.standing = Standing::Undetermined;
            found.unknowns = unknowns;
        }
        Err(limit) => {
            found.standing = Standing::Undetermined;
            found.undecided = Some(limit.0);
        }
    }
}

fn is_default(ruling: &Ruling) -> bool {
    matches!(ruling, Ruling::Default(_))
}

/// Whether Azure's default rules would do the same to all that a rule decides even if no other rule
/// came after it: they may only see to it where an author's rule keeps another of them away.
fn is_default_equal(list: &Listed<'_, Ruling>, index: usize) -> bool {
    let (rules, at) = list.with_earlier(index, is_default);
    matches!(Listed::new(&rules).difference(at), Ok(Difference::None(_)))
}

/// The earlier rule with another access that matches most of what a rule matches; where that
/// cannot be counted, the given one.
fn blocker(list: &Listed<'_, Ruling>, index: usize, otherwise: Option<&usize>) -> Option<Blocker> {
    let opponents = list.opponents(index);
    let shares = list.shares(index, &opponents);
    let mut most: Option<(usize, f64)> = None;
    for (place, share) in opponents.iter().zip(shares) {
        if let Some(share) = share
            && most.is_none_or(|(_, best)| share > best)
        {
            most = Some((*place, share));
        }
    }
    let (place, share) = match (most, otherwise) {
        (Some((place, share)), _) => (place, Some(share)),
        (None, Some(place)) => (*place, None),
        (None, None) => return None,
    };
    let rule = list.rules().get(place)?.id.clone();
    Some(Blocker { rule, share })
}
