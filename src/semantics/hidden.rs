//! Rules of a list that never decide a packet, or that make no difference.
//!
//! A list is ranked rules of one family, whatever they belong to. What is certain of a rule's
//! earlier neighbours is subtracted to prove it dead, what is possible to prove it alive; where
//! neither succeeds it depends.

use std::sync::Arc;

use super::order::Ranked;
use super::packet::answer::add_unknown;
use super::packet::atoms::Cube;
use super::packet::classes::Classes;
use super::packet::cover::{Budget, Cover, Member, Piece, Problem};
use super::packet::space::{Exceeded, FlowSet, Term};
use crate::eval::value::Unknown;

/// Rules of one family in the order in which they are asked, ready for questions on each of them.
#[derive(Debug)]
pub(crate) struct Listed<'r, I> {
    rules: &'r [Ranked<I>],
    /// For each term of the index its rule.
    owners: Vec<usize>,
    /// `None`: too large; every rule then counts as a neighbour.
    classes: Option<Classes>,
    budget: Budget,
}

/// Whether a rule never decides a packet.
#[derive(Clone, Debug)]
pub(crate) enum Hidden {
    /// In every world, by these rules.
    Yes(Vec<usize>),
    /// Perhaps; why.
    Perhaps(Vec<Arc<Unknown>>),
    /// In no world; packets that it decides, in every world if they are certain.
    No(Option<Box<Term>>),
}

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

impl<'r, I> Listed<'r, I> {
    /// Takes rules sorted by rank.
    pub(crate) fn new(rules: &'r [Ranked<I>]) -> Self {
        let mut owners = Vec::with_capacity(rules.len());
        let mut terms = Vec::with_capacity(rules.len());
        for (place, rule) in rules.iter().enumerate() {
            for term in rule.own.flows.may.terms() {
                owners.push(place);
                terms.push(term);
            }
        }
        Self {
            rules,
            owners,
            classes: Classes::new(&terms).ok(),
            budget: Budget::default(),
        }
    }

    /// The rules.
    pub(crate) fn rules(&self) -> &'r [Ranked<I>] {
        self.rules
    }

    /// The other rules that may match a packet that a rule may match, in order.
    fn near(&self, index: usize) -> Vec<usize> {
        let Some(rule) = self.rules.get(index) else {
            return Vec::new();
        };
        let whole = &rule.own.flows.may;
        let mut near: Vec<usize> = match &self.classes {
            Some(classes) => {
                let terms = whole.terms().iter();
                let owner = |term: usize| self.owners.get(term).copied();
                terms
                    .flat_map(|term| classes.meeting(term))
                    .filter_map(owner)
                    .collect()
            }
            None => (0..self.rules.len()).collect(),
        };
        near.sort_unstable();
        near.dedup();
        near.retain(|place| {
            let other = self.rules.get(*place);
            *place != index && other.is_some_and(|other| other.own.flows.may.meets(whole))
        });
        near
    }

    /// Whether one rule is asked before another in every world.
    fn before(&self, first: usize, second: usize) -> bool {
        let rank = |place: usize| self.rules.get(place).map(|rule| rule.rank);
        match (rank(first), rank(second)) {
            (Some(first), Some(second)) => first.1 < second.0,
            _ => false,
        }
    }

    /// Whether a rule never decides a packet.
    ///
    /// # Errors
    ///
    /// A limit was exceeded.
    pub(crate) fn hidden(&self, index: usize) -> Result<Hidden, Exceeded> {
        let Some(rule) = self.rules.get(index) else {
            return Ok(Hidden::No(None));
        };
        let whole = &rule.own.flows.may;
        let near = self.near(index);
        let mut members = Vec::new();
        let mut because = Vec::new();
        let mut uncertain =
            whole.terms().len() != rule.own.flows.must.terms().len() || opaque(whole);
        for (place, earlier) in self.of(&near) {
            if self.before(index, place) {
                continue;
            }
            let certain = earlier.certain && self.before(place, index);
            if certain {
                let terms = earlier.own.flows.must.terms().iter();
                members.extend(terms.map(|term| Member { set: place, term }));
            }
            if !certain || !earlier.own.unknowns.is_empty() || opaque(&earlier.own.flows.may) {
                uncertain = true;
                for unknown in earlier.because.iter().chain(&earlier.own.unknowns) {
                    add_unknown(&mut because, unknown);
                }
            }
        }
        let problem = Problem::new(whole.terms(), &members, &self.budget);
        let open = match problem.minimal_cover(|_, _| true, |_| false)? {
            Cover::Sets(cover) => return Ok(Hidden::Yes(self.deciding(&problem, cover)?)),
            Cover::Open(open) => open,
        };
        if !uncertain {
            return Ok(Hidden::No(Some(Box::new(problem.term(&open)))));
        }
        for unknown in rule.because.iter().chain(&rule.own.unknowns) {
            add_unknown(&mut because, unknown);
        }
        // Some world hides it if whatever may stand before it takes what it surely matches; and
        // what an unknown field matches may lie anywhere.
        let possible: Vec<Member<'_>> = self
            .of(&near)
            .filter(|(place, _)| !self.before(index, *place))
            .flat_map(|(set, earlier)| {
                let terms = earlier.own.flows.may.terms().iter();
                terms.map(move |term| Member { set, term })
            })
            .filter(|member| whole.terms().iter().any(|term| term.meets(member.term)))
            .collect();
        let count = possible.len();
        let wide = widest(&possible);
        let both: Vec<Member<'_>> = possible.iter().chain(&wide.members()).copied().collect();
        let problem = Problem::new(rule.own.flows.must.terms(), &both, &self.budget);
        for widened in [true, false] {
            for piece in problem.whole() {
                let among = |member: usize, _| (member >= count) == widened;
                let open = problem.uncovered(std::iter::once(piece), among)?;
                if let Some(open) = open {
                    let term = problem.term(&open);
                    let left = FlowSet::from_terms(whole.family(), vec![term.clone()]);
                    if possible.is_empty() || left.is_inhabited()? {
                        return Ok(Hidden::No(Some(Box::new(term))));
                    }
                }
            }
        }
        Ok(if possible.is_empty() {
            Hidden::No(None)
        } else {
            Hidden::Perhaps(because)
        })
    }

    /// A cover of rules that decide packets of the whole: those that are themselves hidden there
    /// explain nothing.
    fn deciding(&self, problem: &Problem<'_>, cover: Vec<usize>) -> Result<Vec<usize>, Exceeded> {
        let decides = |set: usize| -> Result<bool, Exceeded> {
            let earlier = |_: usize, other: usize| other != set && self.before(other, set);
            for member in problem.members_of(set) {
                if problem
                    .uncovered(problem.common(member), earlier)?
                    .is_some()
                {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let mut all = true;
        for set in &cover {
            all = all && decides(*set)?;
        }
        if all {
            return Ok(cover);
        }
        let mut deciders = Vec::new();
        for set in problem.sets() {
            if decides(set)? {
                deciders.push(set);
            }
        }
        match problem.minimal_cover(|_, set| deciders.contains(&set), |_| false)? {
            Cover::Sets(cover) => Ok(cover),
            Cover::Open(_) => Ok(cover),
        }
    }

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

    /// Packets that a rule surely matches and none of the rules before a place may match.
    pub(crate) fn open_at(&self, index: usize, place: usize) -> Option<Term> {
        let rule = self.rules.get(index)?;
        let near = self.near(index);
        let members: Vec<Member<'_>> = self
            .of(&near)
            .filter(|(other, _)| *other < place)
            .flat_map(|(set, other)| {
                let terms = other.own.flows.may.terms().iter();
                terms.map(move |term| Member { set, term })
            })
            .collect();
        let problem = Problem::new(rule.own.flows.must.terms(), &members, &self.budget);
        let open = problem.uncovered(problem.whole(), |_, _| true).ok()??;
        let open = problem.term(&open);
        // Asked once more of the sets themselves.
        let mut own = rule.own.flows.must.terms().iter();
        let matched = own.any(|term| open.is_within(term));
        let free = members.iter().all(|member| !member.term.meets(&open));
        (matched && free).then_some(open)
    }

    fn of<'p>(&self, places: &'p [usize]) -> impl Iterator<Item = (usize, &'r Ranked<I>)> + 'p
    where
        'r: 'p,
    {
        let rules = self.rules;
        places
            .iter()
            .filter_map(move |place| Some((*place, rules.get(*place)?)))
    }
}

/// Terms without what they say of opaque sets, each for a member.
struct Widest {
    sets: Vec<usize>,
    terms: Vec<Term>,
}

impl Widest {
    fn members(&self) -> Vec<Member<'_>> {
        let sets = self.sets.iter().copied();
        let pairs = sets.zip(&self.terms);
        pairs.map(|(set, term)| Member { set, term }).collect()
    }
}

fn widest(members: &[Member<'_>]) -> Widest {
    let term = |member: &Member<'_>| Term {
        fields: member.term.fields.clone(),
        cube: Cube::default(),
    };
    Widest {
        sets: members.iter().map(|member| member.set).collect(),
        terms: members.iter().map(term).collect(),
    }
}

fn opaque(set: &FlowSet) -> bool {
    set.terms().iter().any(|term| !term.cube.is_empty())
}
