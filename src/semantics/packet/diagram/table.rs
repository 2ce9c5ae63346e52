//! The nodes of diagrams, each once, and results that are remembered.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::{Edge, Node, OUTSIDE};

#[derive(Clone, Copy, Debug)]
struct Entry {
    level: u16,
    first: u32,
    count: u32,
    least: u32,
}

/// All nodes with their edges; looks nodes up by their content.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    edges: Vec<Edge>,
    /// Numbers of nodes plus one by hash, with linear probing; a power of two, at most half full.
    slots: Vec<u32>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn edge_count(&self) -> usize {
        self.edges.len()
    }

    pub(super) fn level(&self, node: Node) -> u16 {
        self.entry(node).map_or(u16::MAX, |entry| entry.level)
    }

    pub(super) fn least(&self, node: Node) -> u32 {
        self.entry(node).map_or(OUTSIDE, |entry| entry.least)
    }

    pub(super) fn edges(&self, node: Node) -> &[Edge] {
        self.entry(node)
            .map_or(&[], |entry| edges(&self.edges, entry))
    }

    /// The node with this content.
    pub(super) fn node(&mut self, level: u16, content: &[Edge], least: u32) -> Node {
        if self.slots.len() < 2 * (self.entries.len() + 1) {
            self.grow();
        }
        let mask = self.slots.len().saturating_sub(1);
        let mut at = slot(hash(level, content), mask);
        while let Some(number) = self.slots.get(at).and_then(|taken| taken.checked_sub(1)) {
            let same = self
                .entries
                .get(number as usize)
                .is_some_and(|entry| entry.level == level && edges(&self.edges, entry) == content);
            if same {
                return Node(number);
            }
            at = (at + 1) & mask;
        }
        let number = u32::try_from(self.entries.len()).unwrap_or(0);
        self.entries.push(Entry {
            level,
            first: u32::try_from(self.edges.len()).unwrap_or(0),
            count: u32::try_from(content.len()).unwrap_or(0),
            least,
        });
        self.edges.extend_from_slice(content);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = number + 1;
        }
        Node(number)
    }

    fn entry(&self, node: Node) -> Option<&Entry> {
        self.entries.get(node.0 as usize)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(256);
        let mask = size - 1;
        let mut slots = vec![0; size];
        for (number, entry) in (1_u32..).zip(&self.entries) {
            let mut at = slot(hash(entry.level, edges(&self.edges, entry)), mask);
            while slots.get(at).is_some_and(|taken| *taken != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = number;
            }
        }
        self.slots = slots;
    }
}

fn edges<'e>(all: &'e [Edge], entry: &Entry) -> &'e [Edge] {
    let first = entry.first as usize;
    all.get(first..first + entry.count as usize)
        .unwrap_or_default()
}

fn hash(level: u16, content: &[Edge]) -> u64 {
    let mut hasher = Mixer(level.into());
    for edge in content {
        hasher.write_u64(u64::from(edge.last) << 32 | u64::from(edge.child.0));
    }
    hasher.finish()
}

fn slot(hash: u64, mask: usize) -> usize {
    usize::try_from(hash >> 20).unwrap_or(0) & mask
}

/// Results of an operation by its operands; only asked, never walked.
#[derive(Debug, Default)]
pub(super) struct Memo(HashMap<u64, Node, BuildHasherDefault<Mixer>>);

impl Memo {
    pub(super) fn get(&self, a: Node, b: Node) -> Option<Node> {
        self.0.get(&key(a, b)).copied()
    }

    pub(super) fn insert(&mut self, a: Node, b: Node, result: Node) {
        self.0.insert(key(a, b), result);
    }
}

fn key(a: Node, b: Node) -> u64 {
    u64::from(a.0) << 32 | u64::from(b.0)
}

/// A fast hash for numbers that nobody chose to collide.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0xff51_afd7_ed55_8ccd)
    }
}
