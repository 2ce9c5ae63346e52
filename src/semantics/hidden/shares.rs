//! How much rules match and decide of what other rules match.

use super::Listed;
use crate::semantics::order::Ranked;
use crate::semantics::packet::cover::{Member, Problem};
use crate::semantics::packet::space::{Exceeded, FlowSet, Term};

/// How much of what a rule matches it decides.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    /// The part, from 0 to 1.
    pub(crate) share: f64,
    /// Whether that is less than one in a hundred.
    pub(crate) eaten: bool,
    /// The smallest product that holds what it decides.
    pub(crate) hull: Option<Term>,
}

impl<I> Listed<'_, I> {
    /// How much of what a rule matches it decides; `None` where that is not a number.
    pub(crate) fn live(&self, index: usize) -> Option<Live> {
        let rule = self.rules.get(index)?;
        let near = self.near(index);
        let own = &rule.own.flows;
        if own.may.terms() != own.must.terms() {
            return None;
        }
        let mut members = Vec::new();
        for (set, earlier) in self.of(&near) {
            if self.before(index, set) {
                continue;
            }
            let own = &earlier.own.flows;
            if !earlier.certain || !self.before(set, index) || own.may.terms() != own.must.terms() {
                return None;
            }
            members.extend(own.must.terms().iter().map(|term| Member { set, term }));
        }
        if let ([only], true) = (own.must.terms(), members.is_empty())
            && only.cube.is_empty()
        {
            return Some(Live {
                share: 1.0,
                eaten: false,
                hull: Some(only.clone()),
            });
        }
        let problem = Problem::new(own.must.terms(), &members, &self.budget);
        let rest = problem.rest(|_, _| true).ok()??;
        Some(Live {
            share: rest.left.part_of(&rest.whole),
            eaten: rest.left.is_less_than_one_in(100, &rest.whole),
            hull: rest.hull.map(|hull| problem.term(&hull)),
        })
    }

    /// Which part of what a rule matches another one matches too, from 0 to 1.
    pub(crate) fn shares(&self, index: usize, others: &[usize]) -> Vec<Option<f64>> {
        let Some(rule) = self.rules.get(index) else {
            return Vec::new();
        };
        let members: Vec<Member<'_>> = self
            .of(others)
            .flat_map(|(set, other)| {
                let terms = other.own.flows.must.terms().iter();
                terms.map(move |term| Member { set, term })
            })
            .collect();
        let problem = Problem::new(rule.own.flows.may.terms(), &members, &self.budget);
        let share = |other: &usize| {
            let (both, whole) = problem.overlap(*other)?;
            Some(both.part_of(&whole))
        };
        others.iter().map(share).collect()
    }

    /// The earlier rules with another access that surely match something of a rule.
    pub(crate) fn opponents(&self, index: usize) -> Vec<usize> {
        let access = self.rules.get(index).and_then(|rule| rule.access);
        let mut near = self.near(index);
        near.retain(|place| {
            let other = self.rules.get(*place);
            self.before(*place, index)
                && access.is_some()
                && other.is_some_and(|it| it.certain && it.access.is_some() && it.access != access)
        });
        near
    }

    /// The later rules with another access that may match something of what a rule decides, where
    /// neither matches everything the other does.
    ///
    /// # Errors
    ///
    /// A limit was exceeded.
    pub(crate) fn rivals(&self, index: usize) -> Result<Vec<usize>, Exceeded> {
        let Some(rule) = self.rules.get(index) else {
            return Ok(Vec::new());
        };
        let whole = &rule.own.flows.may;
        let near = self.near(index);
        let rival = |place: usize, other: &Ranked<I>| {
            self.before(index, place)
                && rule.access.is_some()
                && other.access.is_some()
                && other.access != rule.access
        };
        let mut members = Vec::new();
        for (set, other) in self.of(&near) {
            let flows = &other.own.flows;
            let terms = if self.before(set, index) && other.certain {
                flows.must.terms()
            } else if rival(set, other) {
                flows.may.terms()
            } else {
                continue;
            };
            members.extend(terms.iter().map(|term| Member { set, term }));
        }
        let problem = Problem::new(whole.terms(), &members, &self.budget);
        let mut rivals = Vec::new();
        for (place, other) in self.of(&near).filter(|(place, it)| rival(*place, it)) {
            let earlier = |_: usize, set: usize| self.before(set, index);
            let mut open = false;
            for member in problem.members_of(place) {
                open = open
                    || problem
                        .uncovered(problem.common(member), earlier)?
                        .is_some();
            }
            let flows = &other.own.flows.may;
            if open && !whole.is_within(flows)? && !flows.is_within(whole)? {
                rivals.push(place);
            }
        }
        Ok(rivals)
    }

    /// Whether a rule may match no more than a term without any change: earlier rules surely take
    /// the rest.
    pub(crate) fn may_narrow(&self, index: usize, to: &Term) -> bool {
        let Some(rule) = self.rules.get(index) else {
            return false;
        };
        let kept = FlowSet::from_terms(rule.own.family(), vec![to.clone()]);
        let Ok(rest) = rule.own.flows.may.subtract(&kept) else {
            return false;
        };
        let near = self.near(index);
        let members: Vec<Member<'_>> = self
            .of(&near)
            .filter(|(place, earlier)| earlier.certain && self.before(*place, index))
            .flat_map(|(set, earlier)| {
                let terms = earlier.own.flows.must.terms().iter();
                terms.map(move |term| Member { set, term })
            })
            .collect();
        let problem = Problem::new(rest.terms(), &members, &self.budget);
        let left = problem.uncovered(problem.whole(), |_, _| true);
        !rest.is_empty() && matches!(left, Ok(None))
    }

    /// Whether in some world a rule surely matches a packet that none of the rules before a place
    /// may match.
    pub(crate) fn is_open_at(&self, index: usize, place: usize) -> bool {
        if self.is_open_before(index, place) {
            return true;
        }
        let Some(rule) = self.rules.get(index) else {
            return false;
        };
        let near = self.near(index);
        let members: Vec<Member<'_>> = self
            .of(&near)
            .filter(|(other, _)| *other < place)
            .flat_map(|(set, other)| {
                let terms = other.own.flows.may.terms().iter();
                terms.map(move |term| Member { set, term })
            })
            .collect();
        let own = rule.own.flows.must.terms();
        let is_taken = |term: &Term| members.iter().any(|member| term.is_within(member.term));
        if own.iter().all(is_taken) {
            return false;
        }
        let problem = Problem::new(own, &members, &self.budget);
        let Ok(Some(open)) = problem.uncovered(problem.whole(), |_, _| true) else {
            return false;
        };
        let open = problem.term(&open);
        // Asked once more of the sets themselves.
        let matched = own.iter().any(|term| open.is_within(term));
        matched && members.iter().all(|member| !member.term.meets(&open))
    }
}
