//! Sets known from below and from above, and what they say to a yes-or-no question.

use std::sync::Arc;

use super::{Family, Flow, FlowSet, Side};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::{PortRange, Protocol};
use crate::semantics::Bounds;

/// The packets that meet a condition, as far as can be known.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Those that meet it in every world, and those that do in some.
    pub flows: Bounds<FlowSet>,
    /// What made the two differ: each once, in the order met, at most
    /// [`MAX_UNKNOWNS`].
    pub unknowns: Vec<Arc<Unknown>>,
    /// The name of a limit that was exceeded; the bounds are then wider than need be.
    pub undecided: Option<&'static str>,
}

/// How many unknowns an answer names.
pub const MAX_UNKNOWNS: usize = 16;

/// What an answer says to "is there such a packet?".
#[derive(Clone, Debug)]
pub struct Hit {
    /// True: in every world there is one. False: in none.
    pub truth: Truth,
    /// One of them: certain if `truth` is True, else a possible one.
    pub witness: Option<Flow>,
    /// The destination ports of the hit, merged and sorted; all of them as one range.
    pub ports: Vec<PortRange>,
    /// Its protocols, sorted.
    pub protocols: Vec<Protocol>,
    /// What would have to be known, if `truth` is Unknown.
    pub unknowns: Vec<Arc<Unknown>>,
    /// The name of a limit that was exceeded.
    pub undecided: Option<&'static str>,
}

impl Answer {
    /// Nothing is known: no packet is certain, every one is possible.
    #[must_use]
    pub fn undetermined(family: Family) -> Self {
        Self {
            flows: Bounds {
                must: FlowSet::empty(family),
                may: FlowSet::all(family),
            },
            unknowns: Vec::new(),
            undecided: Some("not computed"),
        }
    }

    /// Exactly these packets.
    #[must_use]
    pub fn exactly(flows: FlowSet) -> Self {
        Self {
            flows: Bounds {
                must: flows.clone(),
                may: flows,
            },
            unknowns: Vec::new(),
            undecided: None,
        }
    }

    /// The packets of both answers.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let _ = other;
        Self::undetermined(self.flows.may.family())
    }

    /// The packets of at least one of the answers.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let _ = other;
        Self::undetermined(self.flows.may.family())
    }

    /// The packets of this answer that are not of the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let _ = other;
        Self::undetermined(self.flows.may.family())
    }

    /// Every packet of the family that is not of this answer.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::exactly(FlowSet::all(self.flows.may.family())).minus(self)
    }

    /// Those packets for which the number of distinct addresses on `side`, with all other fields
    /// as they are, exceeds `n`.
    #[must_use]
    pub fn wider_than(&self, side: Side, n: u128) -> Self {
        let _ = (side, n);
        Self::undetermined(self.flows.may.family())
    }

    /// Whether there is such a packet.
    #[must_use]
    pub fn is_hit(&self) -> Hit {
        Hit {
            truth: Truth::Unknown,
            witness: None,
            ports: Vec::new(),
            protocols: Vec::new(),
            unknowns: self.unknowns.clone(),
            undecided: self.undecided,
        }
    }
}
