//! What single packets tell: those at the corners of a rule often settle a question for which sets
//! would have to be subtracted otherwise. Where they do not, nothing follows.

use super::Listed;
use crate::semantics::packet::atoms::Cube;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::space::Term;

impl<I> Listed<'_, I> {
    /// A packet that a rule surely matches and no rule before it may match.
    pub(super) fn probe(&self, index: usize) -> Option<Term> {
        let terms = self.rules.get(index)?.own.flows.must.terms();
        let term = terms.iter().find(|term| term.cube.is_empty())?;
        let corners = self.classes.as_ref()?.corners(term)?;
        let free = |owner: usize| owner == index || self.before(index, owner);
        let corner = corners.all().find(|corner| {
            let mut owners = corners.holding(*corner).filter_map(|it| self.owner(it));
            owners.all(free)
        })?;
        Some(Term {
            fields: corners.values(corner).map(IntervalSet::single),
            cube: Cube::default(),
        })
    }

    /// The first earlier rule that contains, with one of its terms, whatever a rule may match, if
    /// it certainly decides some of that.
    pub(super) fn taken_by_one(&self, index: usize) -> Option<usize> {
        let terms = self.rules.get(index)?.own.flows.may.terms();
        let corners = self.classes.as_ref()?.corners(terms.first()?)?;
        let taker = corners.holding_all().find_map(|place| {
            let owner = self.owner(place)?;
            let other = *self.terms.get(place)?;
            let takes = self.sure.get(place) == Some(&true)
                && self.before(owner, index)
                && terms.iter().all(|term| term.is_within(other));
            takes.then_some(owner)
        })?;
        let earlier = |owner| self.is_certainly_before(owner, taker);
        let decides = |term| self.is_open_to(term, earlier);
        terms.iter().any(decides).then_some(taker)
    }

    /// Whether in some world certain earlier rules leave some of what a rule may match.
    pub(super) fn is_open(&self, index: usize) -> bool {
        let rule = self.rules.get(index);
        let mut terms = rule.into_iter().flat_map(|rule| rule.own.flows.may.terms());
        terms.any(|term| self.is_open_to(term, |owner| self.is_certainly_before(owner, index)))
    }

    /// Whether in some world a rule surely matches a packet that none of the rules before a place
    /// may match.
    pub(super) fn is_open_before(&self, index: usize, place: usize) -> bool {
        let rule = self.rules.get(index);
        let mut terms = rule
            .into_iter()
            .flat_map(|rule| rule.own.flows.must.terms());
        terms.any(|term| self.is_open_to(term, |owner| owner < place))
    }

    /// Whether some packet that a rule decides in every world would without it be decided by a rule
    /// that certainly acts otherwise, or by none. The rule's own access is known.
    pub(super) fn differs(&self, index: usize) -> bool {
        let at = || {
            let rule = self.rules.get(index)?;
            let mut terms = rule.own.flows.must.terms().iter();
            let term = terms.find(|term| term.cube.is_empty())?;
            let corners = self.classes.as_ref()?.corners(term)?;
            corners.all().find(|corner| {
                let others = corners.holding(*corner);
                let mut others = others.filter(|it| self.owner(*it) != Some(index));
                let Some(next) = others.next() else {
                    return true;
                };
                let Some(owner) = self.owner(next) else {
                    return false;
                };
                let plain = self.terms.get(next).is_some_and(|it| it.cube.is_empty());
                let access = self.rules.get(owner).and_then(|other| other.access);
                plain
                    && self.sure.get(next) == Some(&true)
                    && access.is_some()
                    && access != rule.access
                    && self.before(index, owner)
                    && others
                        .filter_map(|it| self.owner(it))
                        .all(|other| other == owner || self.before(owner, other))
            })
        };
        at().is_some()
    }

    /// Whether a corner of a term lies, in some world that meets the term, outside all rules among
    /// some.
    fn is_open_to(&self, term: &Term, among: impl Fn(usize) -> bool) -> bool {
        // The world in which no atom holds but those that the term implies.
        if term.cube.literals().iter().any(|literal| !literal.holds) {
            return false;
        }
        let Some(corners) = self.classes.as_ref().and_then(|it| it.corners(term)) else {
            return false;
        };
        let free = |place: usize| {
            let (Some(owner), Some(other)) = (self.owner(place), self.terms.get(place)) else {
                return false;
            };
            let mut literals = other.cube.literals().iter();
            !among(owner) || literals.any(|it| it.holds && !term.cube.implies_literal(it))
        };
        corners
            .all()
            .any(|corner| corners.holding(corner).all(free))
    }

    fn is_certainly_before(&self, first: usize, second: usize) -> bool {
        self.before(first, second) && self.rules.get(first).is_some_and(|rule| rule.certain)
    }

    fn owner(&self, term: usize) -> Option<usize> {
        self.owners.get(term).copied()
    }
}
