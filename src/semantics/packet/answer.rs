//! Sets known from below and from above, and what they say to a yes-or-no question.

use std::sync::Arc;

use super::space::{Exceeded, FlowSet};
use super::witness::Taste;
use super::{Family, Flow, Side};
use crate::eval::value::{Reason, Truth, Unknown};
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
    pub fn undetermined(family: Family, unknowns: Vec<Arc<Unknown>>) -> Self {
        Self {
            flows: Bounds {
                must: FlowSet::empty(family),
                may: FlowSet::all(family),
            },
            unknowns,
            undecided: None,
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

    /// Every packet of a family.
    #[must_use]
    pub fn everything(family: Family) -> Self {
        Self::exactly(FlowSet::all(family))
    }

    /// No packet of a family.
    #[must_use]
    pub fn nothing(family: Family) -> Self {
        Self::exactly(FlowSet::empty(family))
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.flows.may.family()
    }

    /// The packets of both answers.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let must = self.flows.must.intersect(&other.flows.must);
        let may = self.flows.may.intersect(&other.flows.may);
        // A packet of both is one of either, so either bounds the set from above.
        self.joined(other, must, may, &self.flows.may)
    }

    /// The packets of at least one of the answers.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let must = self.flows.must.union(&other.flows.must);
        let may = self.flows.may.union(&other.flows.may);
        self.joined(other, must, may, &FlowSet::all(self.family()))
    }

    /// The packets of at least one of many answers.
    #[must_use]
    pub fn any_of(family: Family, answers: Vec<Self>) -> Self {
        let (mut must, mut may) = (Vec::new(), Vec::new());
        let mut all = Self::nothing(family);
        for answer in answers {
            must.extend_from_slice(answer.flows.must.terms());
            may.extend_from_slice(answer.flows.may.terms());
            all.undecided = all.undecided.or(answer.undecided);
            for unknown in &answer.unknowns {
                add_unknown(&mut all.unknowns, unknown);
            }
        }
        let must = FlowSet::from_terms(family, must).checked();
        let may = FlowSet::from_terms(family, may).checked();
        all.set(must, may, &FlowSet::all(family));
        all
    }

    /// The packets of this answer that are not of the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let must = self.flows.must.subtract(&other.flows.may);
        let may = self.flows.may.subtract(&other.flows.must);
        self.joined(other, must, may, &self.flows.may)
    }

    /// Every packet of the family that is not of this answer.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::everything(self.family()).minus(self)
    }

    /// The same where the condition itself is not certain to hold: no packet is certain then.
    #[must_use]
    pub fn only_possibly(mut self) -> Self {
        self.flows.must = FlowSet::empty(self.family());
        self
    }

    /// Those packets for which the number of distinct addresses on `side`, with all other fields
    /// as they are, exceeds `n`. Of service tags only `AzureCloud` counts as wide.
    #[must_use]
    pub fn wider_than(&self, side: Side, n: u128) -> Self {
        let must = self.flows.must.certainly_wider_than(side, n);
        let may = self.flows.may.possibly_wider_than(side, n);
        let mut answer = self.clone();
        answer.set(must, may, &self.flows.may);
        answer
    }

    /// Whether there is such a packet.
    #[must_use]
    pub fn is_hit(&self) -> Hit {
        self.is_hit_near(&Taste::default())
    }

    /// The same, with a witness between addresses of one's choice where the set has them.
    #[must_use]
    pub fn is_hit_near(&self, taste: &Taste) -> Hit {
        let mut undecided = self.undecided;
        let inhabited = self.flows.must.is_inhabited().unwrap_or_else(|limit| {
            undecided = Some(limit.0);
            false
        });
        let truth = if inhabited {
            Truth::True
        } else if self.flows.may.is_empty() {
            Truth::False
        } else {
            Truth::Unknown
        };
        let certain = self.flows.must.certain().ok();
        let certain = certain.filter(|flows| inhabited && !flows.is_empty());
        let best = match (&certain, inhabited) {
            (Some(flows), _) => flows,
            (None, true) => &self.flows.must,
            (None, false) => &self.flows.may,
        };
        let mut unknowns = Vec::new();
        if truth == Truth::Unknown {
            unknowns.clone_from(&self.unknowns);
            for set in [&self.flows.must, &self.flows.may] {
                let cubes = set.terms().iter().map(|term| &term.cube);
                let atoms = cubes.flat_map(|cube| cube.literals().iter().map(|it| &it.atom));
                for unknown in atoms.filter_map(|atom| atom.unknown.as_ref()) {
                    add_unknown(&mut unknowns, unknown);
                }
            }
            if unknowns.is_empty() {
                for term in self.flows.may.terms() {
                    for literal in term.cube.literals() {
                        let label = literal.atom.predicate.question();
                        let unknown = Unknown::new("atom", label, Reason::Outside);
                        add_unknown(&mut unknowns, &Arc::new(unknown));
                    }
                }
            }
        }
        Hit {
            truth,
            witness: best.witness_near(taste),
            ports: best.ports(),
            protocols: best.protocols(),
            unknowns,
            undecided: undecided.filter(|_| truth == Truth::Unknown),
        }
    }

    fn joined(
        &self,
        other: &Self,
        must: Result<FlowSet, Exceeded>,
        may: Result<FlowSet, Exceeded>,
        above: &FlowSet,
    ) -> Self {
        let mut answer = Self {
            flows: Bounds {
                must: FlowSet::empty(self.family()),
                may: above.clone(),
            },
            unknowns: self.unknowns.clone(),
            undecided: self.undecided.or(other.undecided),
        };
        for unknown in &other.unknowns {
            add_unknown(&mut answer.unknowns, unknown);
        }
        answer.set(must, may, above);
        answer
    }

    /// Takes what could be computed; where a limit was exceeded the nearest sound bound.
    fn set(
        &mut self,
        must: Result<FlowSet, Exceeded>,
        may: Result<FlowSet, Exceeded>,
        above: &FlowSet,
    ) {
        match must {
            Ok(must) => self.flows.must = must,
            Err(limit) => {
                self.flows.must = FlowSet::empty(self.family());
                self.undecided = Some(limit.0);
            }
        }
        match may {
            Ok(may) => self.flows.may = may,
            Err(limit) => {
                self.flows.may = above.clone();
                self.undecided = Some(limit.0);
            }
        }
    }
}

/// Adds an unknown unless it is there or the list is full.
pub fn add_unknown(unknowns: &mut Vec<Arc<Unknown>>, unknown: &Arc<Unknown>) {
    if unknowns.len() < MAX_UNKNOWNS && unknowns.iter().all(|known| known.id != unknown.id) {
        unknowns.push(Arc::clone(unknown));
    }
}
