//! From sets of packets to diagrams.

use super::super::atoms::{Cube, Dimension, Literal};
use super::super::interval::IntervalSet;
use super::super::space::{Exceeded, Term};
use super::{Both, Diagrams, Edge, FIELDS, Level, Node, OUTSIDE};

impl Diagrams {
    pub(super) fn term(&mut self, term: &Term, inside: u32) -> Result<Node, Exceeded> {
        let mut node = Node::leaf(inside);
        for dimension in FIELDS.into_iter().rev() {
            node = self.restricted(node, dimension, term.field(dimension), &term.cube)?;
        }
        Ok(node)
    }

    /// The function that is `below` where a field lies in a set and the cube's literals on it hold.
    pub(super) fn restricted(
        &mut self,
        below: Node,
        dimension: Dimension,
        set: &IntervalSet,
        cube: &Cube,
    ) -> Result<Node, Exceeded> {
        let on_it = |literal: &&Literal| literal.atom.dimension == dimension;
        let literals: Vec<Literal> = cube.literals().iter().filter(on_it).cloned().collect();
        let mut parts = vec![(set.clone(), below)];
        for literal in &literals {
            // Where a wider atom is decided by its bounds, it is not asked about.
            let mut wider = vec![(set.clone(), Vec::new())];
            for id in &literal.atom.within {
                let Some((level, open)) = self.atoms.get(id) else {
                    continue;
                };
                let mut next = Vec::new();
                for (part, mut levels) in wider {
                    let outside = part.subtract(open);
                    if !outside.is_empty() {
                        next.push((outside, Vec::clone(&levels)));
                    }
                    let inner = part.intersect(open);
                    if !inner.is_empty() {
                        levels.push(*level);
                        next.push((inner, levels));
                    }
                }
                wider = next;
            }
            let mut next = Vec::new();
            for (range, levels) in wider {
                let own = self.literal(literal, levels, below)?;
                for (part, node) in &parts {
                    let common = part.intersect(&range);
                    if !common.is_empty() {
                        next.push((common, self.combine(*node, own, &mut Both)?));
                    }
                }
            }
            parts = next;
        }
        self.field(dimension, &parts)
    }

    /// One literal, below the wider atoms at these levels.
    pub(super) fn literal(
        &mut self,
        literal: &Literal,
        mut levels: Vec<u16>,
        below: Node,
    ) -> Result<Node, Exceeded> {
        let Some((own, _)) = self.atoms.get(&literal.atom.id) else {
            return Ok(below);
        };
        let own = *own;
        let outside = Node::leaf(OUTSIDE);
        let (lacks, holds) = match literal.holds {
            true => (outside, below),
            false => (below, outside),
        };
        let mut node = self.choice(own, lacks, holds)?;
        levels.sort_unstable();
        for level in levels.into_iter().rev() {
            node = self.choice(level, lacks, node)?;
        }
        Ok(node)
    }

    pub(super) fn choice(
        &mut self,
        level: u16,
        lacks: Node,
        holds: Node,
    ) -> Result<Node, Exceeded> {
        let edge = |last, child| Edge { last, child };
        self.node(level.into(), &mut vec![edge(0, lacks), edge(1, holds)])
    }

    /// The function with these values on disjoint sets of a field.
    pub(super) fn field(
        &mut self,
        dimension: Dimension,
        parts: &[(IntervalSet, Node)],
    ) -> Result<Node, Exceeded> {
        let cuts = &self.cuts[dimension as usize];
        let class = |value: u128| {
            let after = cuts.partition_point(|cut| *cut <= value);
            u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
        };
        let mut ranges: Vec<(u32, u32, Node)> = Vec::new();
        for (set, node) in parts {
            let intervals = set.intervals().iter();
            ranges.extend(intervals.map(|(first, last)| (class(*first), class(*last), *node)));
        }
        ranges.sort_unstable_by_key(|range| range.0);
        let level = self.field_level(dimension);
        let outside = Node::leaf(OUTSIDE);
        let mut edges = Vec::with_capacity(2 * ranges.len() + 1);
        let mut next = 0;
        for (first, last, child) in ranges {
            if first > next {
                edges.push(Edge {
                    last: first - 1,
                    child: outside,
                });
            }
            edges.push(Edge { last, child });
            next = last + 1;
        }
        let whole = self.last_class(level);
        if next <= whole {
            edges.push(Edge {
                last: whole,
                child: outside,
            });
        }
        self.node(level, &mut edges)
    }

    pub(in crate::semantics::packet) fn field_level(&self, dimension: Dimension) -> usize {
        let is_it = |level: &Level| matches!(level, Level::Field(own) if *own == dimension);
        self.levels.iter().position(is_it).unwrap_or(0)
    }
}
