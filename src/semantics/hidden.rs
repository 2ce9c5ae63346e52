//! Rules of a list that never decide a packet, or that make no difference.
//!
//! A list is ranked rules of one family, whatever they belong to. What is certain of a rule's
//! earlier neighbours is subtracted to prove it dead, what is possible to prove it alive; where
//! neither succeeds it depends.

mod canonical;
mod corners;
mod difference;
mod shares;

use std::cell::Cell;
use std::sync::Arc;

use super::order::Ranked;
use super::packet::Family;
use super::packet::answer::add_unknown;
use super::packet::atoms::{Cube, sparse_limit};
use super::packet::classes::Classes;
use super::packet::cover::{Budget, Cover, Member, Problem};
use super::packet::space::{Exceeded, FlowSet, Term};
use crate::eval::value::{Reason, Unknown};

pub(crate) use difference::Difference;

/// Rules of one family in the order in which they are asked, ready for questions on each of them.
#[derive(Debug)]
pub(crate) struct Listed<'r, I> {
    rules: &'r [Ranked<I>],
    /// For each term of the index its rule.
    owners: Vec<usize>,
    terms: Vec<&'r Term>,
    /// For each term of the index whether its rule matches it for certain and is there for certain.
    sure: Vec<bool>,
    /// `None`: too large; every rule then counts as a neighbour.
    classes: Option<Classes>,
    budget: Budget,
    /// How many questions were put to diagrams.
    diagrams: Cell<usize>,
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
        let mut sure = Vec::with_capacity(rules.len());
        let mut terms = Vec::with_capacity(rules.len());
        for (place, rule) in rules.iter().enumerate() {
            let must = rule.own.flows.must.terms();
            for term in rule.own.flows.may.terms() {
                owners.push(place);
                sure.push(rule.certain && must.contains(term));
                terms.push(term);
            }
        }
        Self {
            rules,
            owners,
            sure,
            classes: Classes::new(&terms).ok(),
            terms,
            budget: Budget::default(),
            diagrams: Cell::new(0),
        }
    }

    /// The same without a budget for subtraction.
    #[cfg(test)]
    pub(crate) fn starved(rules: &'r [Ranked<I>]) -> Self {
        Self {
            budget: Budget::nothing(),
            ..Self::new(rules)
        }
    }

    /// The rules.
    pub(crate) fn rules(&self) -> &'r [Ranked<I>] {
        self.rules
    }

    /// A rule with those around it that may be asked before it or that `keep` picks; and its place
    /// among them.
    pub(crate) fn with_earlier(
        &self,
        index: usize,
        keep: impl Fn(&I) -> bool,
    ) -> (Vec<Ranked<I>>, usize)
    where
        I: Clone,
    {
        let near = self.near(index);
        let kept = |place: usize| {
            place == index
                || near.contains(&place)
                    && (!self.before(index, place)
                        || self.rules.get(place).is_some_and(|rule| keep(&rule.id)))
        };
        let places = (0..self.rules.len()).filter(|place| kept(*place));
        let places: Vec<usize> = places.collect();
        let at = places.iter().position(|place| *place == index);
        let rules = places.iter().filter_map(|place| self.rules.get(*place));
        (rules.cloned().collect(), at.unwrap_or(0))
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
        if whole.terms().len() > 1 {
            near.sort_unstable();
        }
        near.dedup();
        // Where fields meet only cubes can keep two terms apart.
        let settled = self.classes.is_some() && !opaque(whole);
        near.retain(|place| {
            let other = self.rules.get(*place);
            *place != index
                && other.is_some_and(|other| settled || other.own.flows.may.meets(whole))
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
        if let Some(earlier) = self.taken_by_one(index) {
            return Ok(Hidden::Yes(vec![earlier]));
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
        let open = if uncertain && self.is_open(index) {
            None
        } else {
            match self.covered(whole, &members)? {
                Covered::By(cover) => return Ok(Hidden::Yes(cover)),
                Covered::Not(open) => open,
            }
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
        let sure = rule.own.flows.must.terms();
        if possible.is_empty() {
            return Ok(Hidden::No(sure.first().cloned().map(Box::new)));
        }
        // The usual cases need no subtraction: one rule may take all.
        let may_take = |term: &Term| {
            (possible.iter()).any(|member| may_take(member.term, term, whole.family()))
        };
        if sure.iter().all(may_take) {
            return Ok(Hidden::Perhaps(self.why(index, &near, because)));
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
                    if left.is_inhabited()? {
                        return Ok(Hidden::No(Some(Box::new(term))));
                    }
                }
            }
        }
        Ok(Hidden::Perhaps(self.why(index, &near, because)))
    }

    /// What would settle whether a rule is hidden, where no value of a field would: what the opaque
    /// sets hold that it meets, or else the order of rules that share a priority.
    fn why(
        &self,
        index: usize,
        near: &[usize],
        mut because: Vec<Arc<Unknown>>,
    ) -> Vec<Arc<Unknown>> {
        if !because.is_empty() {
            return because;
        }
        let all = std::iter::once(index).chain(near.iter().copied());
        for place in all.filter(|place| !self.before(index, *place)) {
            let terms = self.rules.get(place).map(|rule| &rule.own.flows.may);
            let terms = terms.into_iter().flat_map(|flows| flows.terms());
            for literal in terms.flat_map(|term| term.cube.literals()) {
                let atom = &literal.atom;
                let told = atom.unknown.clone().unwrap_or_else(|| {
                    let question = atom.predicate.question();
                    Arc::new(Unknown::new("set", question, Reason::RunTime))
                });
                add_unknown(&mut because, &told);
            }
        }
        if because.is_empty() {
            let question = "which of the rules of one priority is asked first";
            let unknown = Unknown::new("order", question, Reason::Invalid);
            because.push(Arc::new(unknown));
        }
        because
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
        let subtracted = || -> Result<Covered, Exceeded> {
            Ok(match problem.minimal_cover(|_, _| true, |_| false)? {
                Cover::Sets(cover) => Covered::By(self.deciding(&problem, cover)?),
                Cover::Open(open) => Covered::Not(Some(Box::new(problem.term(&open)))),
            })
        };
        subtracted().or_else(|limit| self.covered_canonically(whole, members, limit))
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

    /// Whether some earlier rules together surely match whatever a rule may match.
    ///
    /// # Errors
    ///
    /// A limit was exceeded.
    pub(crate) fn is_covered_by(&self, index: usize, by: &[usize]) -> Result<bool, Exceeded> {
        let Some(rule) = self.rules.get(index) else {
            return Ok(false);
        };
        let mut members = Vec::new();
        for (set, other) in self.of(by) {
            let terms = other.own.flows.must.terms().iter();
            members.extend(terms.map(|term| Member { set, term }));
        }
        let problem = Problem::new(rule.own.flows.may.terms(), &members, &self.budget);
        let left = problem.uncovered(problem.whole(), |_, _| true)?;
        Ok(left.is_none())
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

/// Whether a term may take another in some world: nothing of it is certain to be left then.
fn may_take(taker: &Term, term: &Term, family: Family) -> bool {
    let mut fields = term.fields.iter().zip(&taker.fields);
    let mut literals = taker.cube.literals().iter();
    fields.all(|(own, other)| own.is_within(other))
        && literals.all(|literal| {
            // Of more values than all tags hold some are left in every world.
            let few = || term.field(literal.atom.dimension).count() <= sparse_limit(family);
            term.cube.implies_literal(literal) || literal.holds && few()
        })
}

fn opaque(set: &FlowSet) -> bool {
    set.terms().iter().any(|term| !term.cube.is_empty())
}
