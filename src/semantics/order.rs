//! Rules that are asked one after the other: the first that matches decides.
//!
//! Order, access and existence may be unknown. What an earlier rule takes for certain is gone for
//! certain; what one takes that may be earlier is no longer certain.

use std::sync::Arc;

use super::packet::answer::{Answer, add_unknown};
use super::packet::space::FlowSet;
use crate::eval::value::Unknown;
use crate::model::nsg::Access;

/// A rule among others.
#[derive(Clone, Debug)]
pub(crate) struct Ranked<I> {
    pub(crate) id: I,
    /// Lowest and highest rank it may have; lower ranks are asked first.
    pub(crate) rank: (Rank, Rank),
    /// What it does, if that is known.
    pub(crate) access: Option<Access>,
    /// What its fields match.
    pub(crate) own: Answer,
    /// Whether it is there for certain: if not, it takes nothing for certain.
    pub(crate) certain: bool,
    /// Why it may not be there, or may act otherwise.
    pub(crate) because: Vec<Arc<Unknown>>,
}

/// A place in the order.
pub(crate) type Rank = [u32; 4];

impl<I> Ranked<I> {
    fn takes(&self) -> Option<&FlowSet> {
        self.certain.then_some(&self.own.flows.must)
    }

    fn certainly_before<J>(&self, other: &Ranked<J>) -> bool {
        self.rank.1 < other.rank.0
    }
}

/// The packets of `flows` that a rule decides.
pub(crate) fn decided<I: PartialEq>(
    rules: &[Ranked<I>],
    index: usize,
    bypass: &Answer,
    flows: &Answer,
) -> Answer {
    let family = flows.family();
    let Some(rule) = rules.get(index) else {
        return Answer::nothing(family);
    };
    let mut answer = rule.own.and(flows);
    if bypass.flows.may.meets(&answer.flows.may) {
        answer = answer.minus(bypass);
    }
    for unknown in &rule.because {
        add_unknown(&mut answer.unknowns, unknown);
    }
    for (place, earlier) in rules.iter().enumerate() {
        if answer.flows.may.is_empty() {
            break;
        }
        if place != index && !rule.certainly_before(earlier) {
            take_away(&mut answer, earlier, earlier.certainly_before(rule));
        }
    }
    answer
}

/// Whether a rule that may be asked before another may match a packet of its.
pub(crate) fn has_rival<I>(rules: &[Ranked<I>], index: usize) -> bool {
    let Some(rule) = rules.get(index) else {
        return false;
    };
    let others = rules.iter().enumerate();
    let mut earlier = others.filter(|(place, it)| *place != index && !rule.certainly_before(it));
    earlier.any(|(_, it)| it.own.flows.may.meets(&rule.own.flows.may))
}

/// The packets of `flows` that are let through.
///
/// A packet that an Allow matches is let through unless a Deny takes it before: which of several
/// Allows decides does not matter.
pub(crate) fn allowed<I: PartialEq>(
    rules: &[Ranked<I>],
    bypass: &Answer,
    flows: &Answer,
) -> Answer {
    let through_anyway = match bypass.flows.may.meets(&flows.flows.may) {
        true => bypass.and(flows),
        false => Answer::nothing(flows.family()),
    };
    // What bypasses is through already.
    let rest = flows.minus(&Answer::exactly(bypass.flows.must.clone()));
    let mut parts = vec![through_anyway];
    for (index, rule) in rules.iter().enumerate() {
        if rule.access == Some(Access::Deny) || !rule.own.flows.may.meets(&rest.flows.may) {
            continue;
        }
        let mut through = rule.own.and(&rest);
        for unknown in &rule.because {
            add_unknown(&mut through.unknowns, unknown);
        }
        if !rule.certain || rule.access.is_none() {
            through = through.only_possibly();
        }
        for (place, earlier) in rules.iter().enumerate() {
            if through.flows.may.is_empty() {
                break;
            }
            if place == index
                || rule.certainly_before(earlier)
                || earlier.access == Some(Access::Allow)
            {
                continue;
            }
            let certainly = earlier.certainly_before(rule) && earlier.access.is_some();
            take_away(&mut through, earlier, certainly);
        }
        if !through.flows.may.is_empty() {
            parts.push(through);
        }
    }
    Answer::any_of(flows.family(), parts)
}

/// Takes away what an earlier rule takes.
fn take_away<I>(answer: &mut Answer, earlier: &Ranked<I>, certainly: bool) {
    if !earlier.own.flows.may.meets(&answer.flows.may) {
        return;
    }
    if certainly && earlier.takes().is_some() {
        *answer = answer.minus(&earlier.own);
        return;
    }
    let mut taken = earlier.own.clone().only_possibly();
    for unknown in &earlier.because {
        add_unknown(&mut taken.unknowns, unknown);
    }
    *answer = answer.minus(&taken);
}
