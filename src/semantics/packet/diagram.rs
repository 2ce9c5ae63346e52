//! Decision diagrams over packets: functions from packets to numbers in a form that is unique.
//!
//! A level is a whole field or an atom; a node of a field has a sorted list of edges, each up to a
//! last value. Equal functions are the same node, so that comparing two is comparing two numbers.
//! First-match lists are combined pairwise with `min` over the indices of their rules.
//!
//! All sets that are to be compared are given to [`Diagrams::new`], which cuts every field into the
//! classes that they tell apart and puts their atoms in order: after the field they are about,
//! wider ones first. What is declared about atoms is part of the form: below "not in `Storage`"
//! nothing asks about `Storage.WestEurope`, and nothing asks about it elsewhere without having
//! asked about `Storage`. So functions that agree in every possible world are the same node, too.

mod build;
mod operations;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Family;
use super::atoms::{Atom, AtomId, Dimension, Literal};
use super::interval::IntervalSet;
use super::space::{Exceeded, FlowSet, Term};

pub use operations::{Both, Least, Without};
use table::{Memo, Table};

/// What [`Diagrams`] calls its limit on nodes.
pub const NODES_EXCEEDED: Exceeded = Exceeded("number of diagram nodes");

/// What [`Diagrams`] calls its limit on atoms.
pub const ATOMS_EXCEEDED: Exceeded = Exceeded("number of opaque address sets");

/// What [`Diagrams`] calls its limit on steps.
pub const STEPS_EXCEEDED: Exceeded = Exceeded("number of diagram steps");

/// More edges than this are not made.
const MAX_EDGES: usize = 2_000_000;

/// More edges than this are not looked at.
const MAX_STEPS: usize = 20_000_000;

/// More atoms than this are not told apart: each is a level, and levels are recursed through.
const MAX_ATOMS: usize = 256;

/// The value of packets that no set of a diagram holds; greater than every other.
pub const OUTSIDE: u32 = LEAF - 1;

const LEAF: u32 = 1 << 31;

/// The order of the fields: of those tried the one with the fewest nodes on real groups.
pub(super) const FIELDS: [Dimension; Dimension::COUNT] = [
    Dimension::Protocol,
    Dimension::DestinationPort,
    Dimension::Source,
    Dimension::Destination,
    Dimension::SourcePort,
];

/// A function from packets to numbers. Of one [`Diagrams`], equal functions are equal nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u32);

impl Node {
    /// The function that is 0 everywhere.
    pub const ZERO: Self = Self(LEAF);

    /// The function with the same value everywhere; values are below 2³¹.
    #[must_use]
    pub fn leaf(value: u32) -> Self {
        Self(LEAF | value.min(OUTSIDE))
    }

    /// The value, if it is the same everywhere.
    #[must_use]
    pub fn value(self) -> Option<u32> {
        (self.0 & LEAF != 0).then_some(self.0 & !LEAF)
    }
}

/// An edge: all classes after those of the edge before, up to and including `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) last: u32,
    pub(super) child: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Level {
    /// Edges by class.
    Field(Dimension),
    /// Two edges: where the atom does not hold, and where it does.
    Atom(Arc<Atom>),
}

/// A way to combine the values of two functions.
pub trait Operation {
    /// The value for two values.
    fn values(&mut self, a: u32, b: u32) -> u32;

    /// The result where it can be told without looking further down. Only a saving.
    fn early(&mut self, diagrams: &Diagrams, a: Node, b: Node) -> Option<Node>;
}

/// A family of functions with their nodes in common.
#[derive(Debug)]
pub struct Diagrams {
    family: Family,
    /// By [`Dimension`]: the first value of each class.
    cuts: [Vec<u128>; Dimension::COUNT],
    pub(super) levels: Vec<Level>,
    atoms: BTreeMap<AtomId, (u16, IntervalSet)>,
    table: Table,
    steps: usize,
}

impl Diagrams {
    /// Makes room for functions that tell apart what the given sets do.
    ///
    /// # Errors
    ///
    /// [`ATOMS_EXCEEDED`].
    pub fn new<'s>(
        family: Family,
        sets: impl IntoIterator<Item = &'s FlowSet>,
    ) -> Result<Self, Exceeded> {
        let mut cuts: [Vec<u128>; Dimension::COUNT] = Default::default();
        let mut atoms: BTreeMap<AtomId, (Arc<Atom>, IntervalSet)> = BTreeMap::new();
        let whole = Term::all(family);
        for own in &mut cuts {
            own.push(0);
        }
        let mut cut = |dimension: Dimension, set: &IntervalSet| {
            if set != whole.field(dimension) {
                let own = &mut cuts[dimension as usize];
                for (first, last) in set.intervals() {
                    own.push(*first);
                    own.extend(last.checked_add(1));
                }
            }
        };
        for term in sets.into_iter().flat_map(FlowSet::terms) {
            for dimension in FIELDS {
                cut(dimension, term.field(dimension));
            }
            for literal in term.cube.literals() {
                let open = literal.atom.open();
                cut(literal.atom.dimension, &open);
                atoms
                    .entry(literal.atom.id)
                    .and_modify(|(_, known)| *known = known.union(&open))
                    .or_insert_with(|| (Arc::clone(&literal.atom), open));
            }
        }
        if atoms.len() > MAX_ATOMS {
            return Err(ATOMS_EXCEEDED);
        }
        for (dimension, own) in FIELDS.iter().zip([2, 4, 0, 1, 3]) {
            debug_assert_eq!(*dimension as usize, own);
            let beyond = whole.field(*dimension).intervals().last();
            let beyond = beyond.map_or(u128::MAX, |interval| interval.1);
            let own = &mut cuts[*dimension as usize];
            own.retain(|value| *value <= beyond);
            own.sort_unstable();
            own.dedup();
        }
        let mut ordered: Vec<&(Arc<Atom>, IntervalSet)> = atoms.values().collect();
        ordered.sort_by_key(|(atom, _)| (atom.within.len(), atom.id));
        let mut levels = Vec::new();
        let mut places = BTreeMap::new();
        for dimension in FIELDS {
            levels.push(Level::Field(dimension));
            for (atom, open) in &ordered {
                if atom.dimension == dimension {
                    let level = u16::try_from(levels.len()).unwrap_or(u16::MAX);
                    places.insert(atom.id, (level, open.clone()));
                    levels.push(Level::Atom(Arc::clone(atom)));
                }
            }
        }
        Ok(Self {
            family,
            cuts,
            levels,
            atoms: places,
            table: Table::default(),
            steps: 0,
        })
    }

    /// The family of the packets.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The function that is `inside` for the packets of a set, and [`OUTSIDE`] for all others. The
    /// set must tell apart no more than those given at the beginning.
    ///
    /// # Errors
    ///
    /// [`NODES_EXCEEDED`], [`STEPS_EXCEEDED`].
    pub fn set(&mut self, set: &FlowSet, inside: u32) -> Result<Node, Exceeded> {
        let mut parts = Vec::with_capacity(set.terms().len());
        for term in set.terms() {
            parts.push(self.term(term, inside)?);
        }
        self.all(parts, &mut Least)
    }

    /// The function whose value for a packet is the number of the first set that holds it,
    /// [`OUTSIDE`] if none does. A set that is no value of it holds nothing that those before it do
    /// not hold.
    ///
    /// # Errors
    ///
    /// [`NODES_EXCEEDED`], [`STEPS_EXCEEDED`].
    pub fn first_match(&mut self, sets: &[&FlowSet]) -> Result<Node, Exceeded> {
        let mut parts = Vec::with_capacity(sets.len());
        for (index, set) in (0_u32..).zip(sets) {
            parts.push(self.set(set, index)?);
        }
        self.all(parts, &mut Least)
    }

    /// Combines many functions, neighbours first.
    ///
    /// # Errors
    ///
    /// [`NODES_EXCEEDED`], [`STEPS_EXCEEDED`].
    pub fn all(
        &mut self,
        mut parts: Vec<Node>,
        operation: &mut impl Operation,
    ) -> Result<Node, Exceeded> {
        let mut memo = Memo::default();
        while parts.len() > 1 {
            let mut next = Vec::with_capacity(parts.len().div_ceil(2));
            for pair in parts.chunks(2) {
                next.push(match pair {
                    [a, b] => self.joined(*a, *b, operation, &mut memo)?,
                    [a, ..] => *a,
                    [] => continue,
                });
            }
            parts = next;
        }
        Ok(parts.first().copied().unwrap_or(Node::leaf(OUTSIDE)))
    }

    /// Combines two functions.
    ///
    /// # Errors
    ///
    /// [`NODES_EXCEEDED`], [`STEPS_EXCEEDED`].
    pub fn combine(
        &mut self,
        a: Node,
        b: Node,
        operation: &mut impl Operation,
    ) -> Result<Node, Exceeded> {
        self.joined(a, b, operation, &mut Memo::default())
    }

    /// The values that a function takes, ascending, [`OUTSIDE`] included.
    #[must_use]
    pub fn values(&self, root: Node) -> Vec<u32> {
        let mut values = std::collections::BTreeSet::new();
        let mut seen = vec![false; self.table.len()];
        let mut pending = vec![root];
        while let Some(node) = pending.pop() {
            match node.value() {
                Some(value) => {
                    values.insert(value);
                }
                None => {
                    if let Some(seen) = seen.get_mut(node.0 as usize)
                        && !std::mem::replace(seen, true)
                    {
                        pending.extend(self.edges(node).iter().map(|edge| edge.child));
                    }
                }
            }
        }
        values.into_iter().collect()
    }

    /// Some packets for which a function has a value.
    #[must_use]
    pub fn example(&self, root: Node, value: u32) -> Option<Term> {
        let mut term = Term::all(self.family);
        let mut node = root;
        let mut dead = vec![false; self.table.len()];
        let mut path: Vec<(Node, usize, Term)> = Vec::new();
        let mut from = 0;
        loop {
            if node.value() == Some(value) {
                return Some(term);
            }
            let edges = self.edges(node);
            let is_dead = |child: Node| match child.value() {
                Some(leaf) => leaf != value,
                None => dead.get(child.0 as usize).copied().unwrap_or(true),
            };
            let next = (from..edges.len())
                .find(|at| edges.get(*at).is_some_and(|edge| !is_dead(edge.child)));
            let step = next.and_then(|at| Some((at, edges.get(at)?, self.step(node, at, &term)?)));
            match step {
                Some((at, edge, narrowed)) => {
                    path.push((node, at + 1, std::mem::replace(&mut term, narrowed)));
                    node = edge.child;
                    from = 0;
                }
                None => {
                    if let Some(dead) = dead.get_mut(node.0 as usize) {
                        *dead = true;
                    }
                    (node, from, term) = path.pop()?;
                }
            }
        }
    }

    /// The least value of a function.
    #[must_use]
    pub fn least(&self, node: Node) -> u32 {
        node.value().unwrap_or_else(|| self.table.least(node))
    }

    /// How many nodes have been made.
    #[must_use]
    pub fn size(&self) -> usize {
        self.table.len()
    }

    /// The level of a node; leaves come after all levels.
    pub(super) fn level(&self, node: Node) -> usize {
        match node.value() {
            Some(_) => self.levels.len(),
            None => self.table.level(node).into(),
        }
    }

    pub(super) fn edges(&self, node: Node) -> &[Edge] {
        self.table.edges(node)
    }

    /// The values of the classes from one to another.
    pub(super) fn interval(&self, dimension: Dimension, first: u32, last: u32) -> (u128, u128) {
        let cuts = &self.cuts[dimension as usize];
        let low = cuts.get(first as usize).copied().unwrap_or(0);
        let whole = Term::all(self.family);
        let beyond = whole.field(dimension).intervals().last();
        let high = match cuts.get(last as usize + 1) {
            Some(next) => next.saturating_sub(1),
            None => beyond.map_or(u128::MAX, |interval| interval.1),
        };
        (low, high)
    }

    /// What an edge adds to a term.
    fn step(&self, node: Node, at: usize, term: &Term) -> Option<Term> {
        let edges = self.edges(node);
        let edge = edges.get(at)?;
        match self.levels.get(self.level(node))? {
            Level::Field(dimension) => {
                let before = at.checked_sub(1).and_then(|before| edges.get(before));
                let first = before.map_or(0, |before| before.last + 1);
                let (low, high) = self.interval(*dimension, first, edge.last);
                term.restricted(*dimension, &IntervalSet::range(low, high), None)
            }
            Level::Atom(atom) => {
                let literal = Literal {
                    atom: Arc::clone(atom),
                    holds: edge.last == 1,
                };
                let cube = term.cube.with(&literal)?;
                Some(Term {
                    cube,
                    ..term.clone()
                })
            }
        }
    }

    /// The last class of a field, or of an atom's level.
    fn last_class(&self, level: usize) -> u32 {
        match self.levels.get(level) {
            Some(Level::Field(dimension)) => {
                u32::try_from(self.cuts[*dimension as usize].len().saturating_sub(1))
                    .unwrap_or(u32::MAX)
            }
            _ => 1,
        }
    }

    /// The node with these edges, which cover all classes in order.
    pub(super) fn node(&mut self, level: usize, edges: &mut Vec<Edge>) -> Result<Node, Exceeded> {
        let mut kept: usize = 0;
        for at in 0..edges.len() {
            let Some(edge) = edges.get(at).copied() else {
                break;
            };
            let alike = kept > 0
                && edges
                    .get(kept - 1)
                    .is_some_and(|own| own.child == edge.child);
            if alike {
                kept -= 1;
            }
            if let Some(place) = edges.get_mut(kept) {
                *place = edge;
            }
            kept += 1;
        }
        edges.truncate(kept);
        if let [only] = edges.as_slice() {
            return Ok(only.child);
        }
        if self.table.edge_count() > MAX_EDGES {
            return Err(NODES_EXCEEDED);
        }
        let least = edges.iter().map(|edge| self.least(edge.child)).min();
        let level = u16::try_from(level).unwrap_or(u16::MAX);
        Ok(self.table.node(level, edges, least.unwrap_or(OUTSIDE)))
    }

    fn joined(
        &mut self,
        a: Node,
        b: Node,
        operation: &mut impl Operation,
        memo: &mut Memo,
    ) -> Result<Node, Exceeded> {
        if let (Some(x), Some(y)) = (a.value(), b.value()) {
            return Ok(Node::leaf(operation.values(x, y)));
        }
        if let Some(early) = operation.early(self, a, b) {
            return Ok(early);
        }
        if let Some(known) = memo.get(a, b) {
            return Ok(known);
        }
        let (of_a, of_b) = (self.level(a), self.level(b));
        let level = of_a.min(of_b);
        let whole = self.last_class(level);
        let (mut at_a, mut at_b) = (0, 0);
        let mut edges = Vec::new();
        loop {
            let next = |node: Node, own: usize, at: usize| {
                let edge = (own == level).then(|| self.edges(node).get(at).copied());
                edge.flatten().unwrap_or(Edge {
                    last: whole,
                    child: node,
                })
            };
            let (x, y) = (next(a, of_a, at_a), next(b, of_b, at_b));
            let child = self.joined(x.child, y.child, operation, memo)?;
            let last = x.last.min(y.last);
            edges.push(Edge { last, child });
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(STEPS_EXCEEDED);
            }
            if last >= whole {
                break;
            }
            at_a += usize::from(x.last == last);
            at_b += usize::from(y.last == last);
        }
        let node = self.node(level, &mut edges)?;
        memo.insert(a, b, node);
        Ok(node)
    }
}

#[cfg(test)]
mod tests;
