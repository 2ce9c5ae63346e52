//! Rules of a list that never decide a packet, or that make no difference.
//!
//! A list is ranked rules of one family, whatever they belong to. What is certain of a rule's
//! earlier neighbours is subtracted to prove it dead, what is possible to prove it alive; where
//! neither succeeds it depends.

mod difference;
mod shares;

use std::sync::Arc;

use super::order::Ranked;
use super::packet::answer::add_unknown;
use super::packet::atoms::{Cube, Dimension};
use super::packet::classes::Classes;
use super::packet::cover::{Budget, Cover, Member, Problem};
use super::packet::interval::IntervalSet;
use super::packet::space::{Exceeded, FlowSet, Term};
use crate::eval::value::Unknown;

pub(crate) use difference::Difference;

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

/// Whether earlier rules take all of a set.
enum Covered {
    /// They do; none can be left out.
    By(Vec<usize>),
    /// They leave these.
    Not(Option<Box<Term>>),
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
        if let Some(packet) = self.probe(index) {
            return Ok(Hidden::No(Some(Box::new(packet))));
        }
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
        let open = match self.covered(whole, &members)? {
            Covered::By(cover) => return Ok(Hidden::Yes(cover)),
            Covered::Not(open) => open,
        };
        if !uncertain {
            return Ok(Hidden::No(open));
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
        // The usual case needs no subtraction: one rule may take all.
        let mut sure = rule.own.flows.must.terms().iter();
        let may_take = |term: &Term| possible.iter().any(|member| term.is_within(member.term));
        if !possible.is_empty() && sure.all(may_take) {
            return Ok(Hidden::Perhaps(because));
        }
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

    /// A packet that a rule surely matches and no rule before it may match: looked for at the
    /// corners of the rule only.
    fn probe(&self, index: usize) -> Option<Term> {
        const CORNERS: usize = 8;
        let classes = self.classes.as_ref()?;
        let terms = self.rules.get(index)?.own.flows.must.terms();
        let term = terms.iter().find(|term| term.cube.is_empty())?;
        for corner in 0..CORNERS {
            let mut values = [0; Dimension::COUNT];
            for (place, (value, field)) in values.iter_mut().zip(&term.fields).enumerate() {
                // Source, destination and destination port vary; the rest stays at the low end.
                let last = match place {
                    0 | 1 => corner >> place & 1 == 1,
                    4 => corner >> 2 & 1 == 1,
                    _ => false,
                };
                *value = match last {
                    true => field.intervals().last()?.1,
                    false => field.first()?,
                };
            }
            let mut holding = classes
                .holding(&values)
                .filter_map(|it| self.owners.get(it));
            if holding.all(|owner| *owner == index || self.before(index, *owner)) {
                return Some(Term {
                    fields: values.map(IntervalSet::single),
                    cube: Cube::default(),
                });
            }
        }
        None
    }

    /// The earlier rules that take a set, if they do.
    fn covered(&self, whole: &FlowSet, members: &[Member<'_>]) -> Result<Covered, Exceeded> {
        if members.is_empty() && !whole.is_empty() {
            return Ok(Covered::Not(whole.terms().first().cloned().map(Box::new)));
        }
        // The usual case needs no subtraction: one rule takes all, and is the first to meet it.
        let met = members.first().filter(|first| {
            let mut terms = whole.terms().iter();
            !whole.is_empty() && terms.all(|term| term.is_within(first.term))
        });
        if let Some(first) = met {
            return Ok(Covered::By(vec![first.set]));
        }
        let problem = Problem::new(whole.terms(), members, &self.budget);
        Ok(match problem.minimal_cover(|_, _| true, |_| false)? {
            Cover::Sets(cover) => Covered::By(self.deciding(&problem, cover)?),
            Cover::Open(open) => Covered::Not(Some(Box::new(problem.term(&open)))),
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
