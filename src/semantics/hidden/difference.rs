//! Whether a rule that decides packets makes a difference.

use std::sync::Arc;

use super::{Listed, opaque, widest};
use crate::eval::value::Unknown;
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::cover::{Cover, Member, Piece, Problem};
use crate::semantics::packet::space::{Exceeded, FlowSet};

/// Whether a rule that decides packets makes a difference.
#[derive(Clone, Debug)]
pub(crate) enum Difference {
    /// Without it something else happens to some packet.
    Some,
    /// In every world these later rules do the same to all it decides.
    None(Vec<usize>),
    /// Perhaps; why.
    Perhaps(Vec<Arc<Unknown>>),
}

impl<I> Listed<'_, I> {
    /// Whether a rule that decides packets makes a difference: without it, the next rule that
    /// matches would decide.
    ///
    /// # Errors
    ///
    /// A limit was exceeded.
    pub(crate) fn difference(&self, index: usize) -> Result<Difference, Exceeded> {
        let Some(rule) = self.rules.get(index) else {
            return Ok(Difference::Some);
        };
        if rule.access.is_none() {
            return Ok(Difference::Perhaps(rule.because.clone()));
        }
        if self.differs(index) {
            return Ok(Difference::Some);
        }
        let near = self.near(index);
        let whole = &rule.own.flows.may;
        let mut members = Vec::new();
        // What each member says: surely matched, possibly matched.
        let mut roles: Vec<(bool, bool)> = Vec::new();
        let mut uncertain = whole.terms() != rule.own.flows.must.terms() || opaque(whole);
        let mut because = rule.own.unknowns.clone();
        for (set, other) in self.of(&near) {
            let own = &other.own.flows;
            for term in own.may.terms() {
                members.push(Member { set, term });
                roles.push((other.certain && own.must.terms().contains(term), true));
            }
            let apart = own.must.terms().iter();
            for term in apart.filter(|term| other.certain && !own.may.terms().contains(term)) {
                members.push(Member { set, term });
                roles.push((true, false));
            }
            let ordered = self.before(set, index) || self.before(index, set);
            if !other.certain
                || !ordered
                || other.access.is_none()
                || own.may.terms() != own.must.terms()
                || opaque(&own.may)
            {
                uncertain = true;
                for unknown in other.because.iter().chain(&other.own.unknowns) {
                    add_unknown(&mut because, unknown);
                }
            }
        }
        let problem = Problem::new(whole.terms(), &members, &self.budget);
        let surely = |member: usize| roles.get(member).is_some_and(|role| role.0);
        let possibly = |member: usize| roles.get(member).is_some_and(|role| role.1);
        let others = near.iter().rev().filter(|place| {
            let access = self.rules.get(**place).and_then(|rule| rule.access);
            !self.before(**place, index) && access != rule.access
        });
        let others: Vec<usize> = others.copied().collect();
        let mut changed: Option<usize> = None;
        for other in &others {
            let between = |member: usize, set: usize| {
                set != *other && surely(member) && self.before(set, *other)
            };
            for member in problem.members_of(*other).filter(|it| possibly(*it)) {
                if problem
                    .uncovered(problem.common(member), between)?
                    .is_some()
                {
                    changed = Some(*other);
                    break;
                }
            }
            if changed.is_some() {
                break;
            }
        }
        // What no other rule surely matches is decided by none in some world.
        let left = problem.uncovered(problem.whole(), |member, _| surely(member))?;
        if changed.is_none() && left.is_none() {
            return self.takers(index, &problem, &surely);
        }
        if !uncertain {
            return Ok(Difference::Some);
        }
        // Whatever else is possible is taken in its widest form first: what is left then hangs on no
        // opaque set.
        let count = members.len();
        let wide = widest(&members);
        let both: Vec<Member<'_>> = members.iter().chain(&wide.members()).copied().collect();
        let must = Problem::new(rule.own.flows.must.terms(), &both, &self.budget);
        let sure = |piece: Piece| -> Result<bool, Exceeded> {
            let left = FlowSet::from_terms(whole.family(), vec![must.term(&piece)]);
            left.is_inhabited()
        };
        let perhaps = |member: usize, widened: bool| {
            (member >= count) == widened && possibly(member % count.max(1))
        };
        for widened in [true, false] {
            for other in &others {
                let known = self.rules.get(*other).is_some_and(|it| it.access.is_some());
                if !known || !self.before(index, *other) {
                    continue;
                }
                let between = |member: usize, set: usize| {
                    set != *other && perhaps(member, widened) && !self.before(*other, set)
                };
                let own = must.members_of(*other);
                for member in own.filter(|it| *it < count && surely(*it)) {
                    let left = must.uncovered(must.common(member), between)?;
                    if let Some(left) = left
                        && sure(left)?
                    {
                        return Ok(Difference::Some);
                    }
                }
            }
            let left = must.uncovered(must.whole(), |member, _| perhaps(member, widened))?;
            if let Some(left) = left
                && sure(left)?
            {
                return Ok(Difference::Some);
            }
        }
        Ok(Difference::Perhaps(because))
    }

    /// The later rules that take over what a rule decides.
    fn takers(
        &self,
        index: usize,
        problem: &Problem<'_>,
        surely: &impl Fn(usize) -> bool,
    ) -> Result<Difference, Exceeded> {
        let mut takers = Vec::new();
        for set in problem.sets() {
            if self.before(set, index) {
                continue;
            }
            let earlier = |member: usize, other: usize| {
                other != set && surely(member) && self.before(other, set)
            };
            for member in problem.members_of(set).filter(|it| surely(*it)) {
                if problem
                    .uncovered(problem.common(member), earlier)?
                    .is_some()
                {
                    takers.push(set);
                    break;
                }
            }
        }
        let keep = |set: usize| self.before(set, index);
        let among =
            |member: usize, set: usize| surely(member) && (keep(set) || takers.contains(&set));
        Ok(match problem.minimal_cover(among, keep)? {
            Cover::Sets(cover) => Difference::None(cover),
            Cover::Open(_) => Difference::None(takers),
        })
    }
}
