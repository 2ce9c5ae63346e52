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
use super::packet::{Answer, Family, Flow, FlowSet};
use super::rules::Scope;
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
    /// The one that is asked first and decides the packets in common.
    pub first: SecurityRuleId,
    /// The other.
    pub second: SecurityRuleId,
    /// The packets that both match.
    pub overlap: Answer,
}

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
        let group = self.compiled(nsg, scope, direction, family);
        super::unreachable::preliminary(&group.rules)
    }
}
