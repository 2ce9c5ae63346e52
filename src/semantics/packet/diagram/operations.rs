//! How two diagrams are combined.

use super::{Diagrams, Node, OUTSIDE, Operation};

/// The lesser value: the rule that is asked first, or the union of sets.
#[derive(Clone, Copy, Debug)]
pub struct Least;

impl Operation for Least {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        a.min(b)
    }

    fn early(&mut self, diagrams: &Diagrams, a: Node, b: Node) -> Option<Node> {
        let before = |a: Node, b: Node| a.value().is_some_and(|a| a <= diagrams.least(b));
        if a == b || before(a, b) || b.value() == Some(OUTSIDE) {
            Some(a)
        } else if before(b, a) || a.value() == Some(OUTSIDE) {
            Some(b)
        } else {
            None
        }
    }
}

/// The greater value: the intersection of sets.
#[derive(Clone, Copy, Debug)]
pub struct Both;

impl Operation for Both {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        a.max(b)
    }

    fn early(&mut self, _: &Diagrams, a: Node, b: Node) -> Option<Node> {
        let outside = Node::leaf(OUTSIDE);
        (a == b || a == outside)
            .then_some(a)
            .or_else(|| (b == outside).then_some(b))
    }
}

/// The first set without the second.
#[derive(Clone, Copy, Debug)]
pub struct Without;

impl Operation for Without {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        if b == OUTSIDE { a } else { OUTSIDE }
    }

    fn early(&mut self, _: &Diagrams, a: Node, b: Node) -> Option<Node> {
        let outside = Node::leaf(OUTSIDE);
        if a == outside || b == outside {
            Some(a)
        } else {
            b.value().map(|_| outside)
        }
    }
}
