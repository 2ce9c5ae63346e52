//! Whether packets get from one end to the other, as rules ask: only that, without what would open
//! the way.

use std::collections::BTreeSet;

use super::ends::NO_PACKET;
use super::verdict::{atoms, first_of, walked};
use super::walk::Walk;
use super::{Blocker, Layer, Note, PathQuestion, Verdict};
use crate::eval::value::Truth;
use crate::semantics::Semantics;
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::witness::Taste;
use crate::semantics::packet::{Answer, Hit};

/// What becomes of the packets of a question, whole path and replies.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whether some packet gets there in every world, or in none; as it arrives.
    pub arrives: Hit,
    /// Whether some packet is lost in every world, or in none; as it was there.
    pub lost: Hit,
    /// The stages in path order.
    pub layers: Vec<Layer>,
    /// The stage that stops packets first.
    pub blocker: Option<Blocker>,
}

impl Semantics<'_> {
    /// Whether packets get from one end to the other and their replies back, in this reading of the
    /// routes.
    #[must_use]
    pub fn delivery(&self, question: &PathQuestion, taste: &Taste) -> Delivery {
        let none = BTreeSet::new();
        let walk = walked(self, question, &none);
        let verdict = walk.verdict();
        // A question without packets is answered by none.
        let asks_nothing = walk.undecided == Some(NO_PACKET);
        let never = |settled: Verdict| asks_nothing || verdict == settled;
        let arrives = whole(&walk, &walk.arrived, never(Verdict::Denied), taste);
        let mut lost = whole(&walk, &walk.lost, never(Verdict::Allowed), taste);
        if lost.truth != Truth::False {
            lost.truth = match lost_for_certain(&walk, verdict) {
                true => Truth::True,
                false => Truth::Unknown,
            };
        }
        Delivery {
            arrives,
            lost,
            blocker: first_of(&walk.blockers).cloned(),
            layers: walk.layers,
        }
    }
}

/// Whether some packet is lost in every world. What a stage stops of packets that only may get to it
/// is not enough.
fn lost_for_certain(walk: &Walk<'_, '_>, verdict: Verdict) -> bool {
    let asked = walk.asked.iter();
    if verdict == Verdict::Denied {
        let mut certain = asked.filter(|one| one.is_hit().truth == Truth::True);
        return certain.next().is_some();
    }
    let rewrites =
        |note: &Note| matches!(note, Note::Translated { .. } | Note::SourceTranslated(_));
    if walk.undecided.is_some() || walk.notes.iter().any(rewrites) {
        return false;
    }
    asked.into_iter().any(|one| {
        let left = walk.arrived.iter();
        let left = left.fold(one.clone(), |left, arrived| left.minus(arrived));
        left.is_hit().truth == Truth::True
    })
}

/// The hits of several sets as one.
fn whole(walk: &Walk<'_, '_>, sets: &[Answer], never: bool, taste: &Taste) -> Hit {
    let mut all = Hit {
        truth: Truth::False,
        witness: None,
        ports: Vec::new(),
        protocols: Vec::new(),
        unknowns: Vec::new(),
        undecided: None,
    };
    if never {
        return all;
    }
    all.truth = Truth::Unknown;
    let mut hits: Vec<Hit> = sets.iter().map(|one| one.is_hit_near(taste)).collect();
    hits.sort_by_key(|hit| hit.truth != Truth::True);
    for hit in hits {
        if hit.truth == Truth::True {
            return hit;
        }
        if hit.truth == Truth::Unknown && all.witness.is_none() {
            let truth = all.truth;
            all = Hit { truth, ..hit };
        }
    }
    all.undecided = all.undecided.or(walk.undecided);
    let inputs = walk.unknowns.iter().cloned();
    let told = atoms(walk).into_iter();
    for unknown in inputs.chain(told.filter_map(|literal| literal.atom.unknown.clone())) {
        add_unknown(&mut all.unknowns, &unknown);
    }
    all
}
