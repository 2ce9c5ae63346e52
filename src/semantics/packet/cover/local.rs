//! One question in small: every field cut into the classes of values that its sets can tell apart,
//! every term as bits over classes.
//!
//! Atoms are fields of two values each. Declared inclusions are kept by completing a piece: where
//! an atom holds, so do those it lies within; where one does not, neither do those within it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::semantics::packet::atoms::{Atom, Cube, Dimension, Literal};
use crate::semantics::packet::count::Count;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::protocols_with_ports;
use crate::semantics::packet::space::Term;

/// Both values of an atom are possible, in the two bits it has.
const EITHER: u64 = 0b11;
/// It holds.
const HOLDS: u64 = 0b01;
/// The low bit of every atom of a word.
const LOW_BITS: u64 = 0x5555_5555_5555_5555;
/// Atoms in a word.
const PER_WORD: usize = 32;

/// In which order a piece is cut: protocols before ports, since what has no ports is not cut by
/// them, and values before what atoms say of them.
const ORDER: [Dimension; Dimension::COUNT] = [
    Dimension::Source,
    Dimension::Destination,
    Dimension::Protocol,
    Dimension::SourcePort,
    Dimension::DestinationPort,
];

/// Terms as bits.
#[derive(Debug)]
pub(super) struct Local {
    fields: Vec<Field>,
    atoms: Vec<Arc<Atom>>,
    /// Atoms that lie within others, by place.
    within: Vec<(usize, usize)>,
    /// Where the words of the atoms begin.
    atoms_from: usize,
    /// Words of a term.
    pub(super) width: usize,
    /// Every field takes one word.
    narrow: bool,
    rows: Vec<u64>,
}

/// One field.
#[derive(Debug)]
struct Field {
    dimension: Dimension,
    /// Intervals with the number of their class, ascending.
    elements: Vec<(u128, u128, usize)>,
    /// Where its words begin, and how many there are.
    from: usize,
    words: usize,
    /// How many classes.
    classes: usize,
}

/// What the sets of all fields become, one field after the other.
struct Cuts {
    /// For each class the sets that hold it, as bits.
    classes: Vec<u64>,
    /// Words of a class.
    words: usize,
    /// Where the classes of the field that is being cut begin.
    from: usize,
    /// Their hashes.
    hashes: Vec<u64>,
    /// The same as a map, once there are many.
    known: HashMap<u64, usize>,
    /// Where sets begin or end, and which.
    events: Vec<(u128, usize)>,
}

impl Local {
    /// Cuts the fields of terms; values that the first `wholes` of them do not have are left out.
    pub(super) fn new(wholes: usize, terms: &[&Term]) -> Self {
        let mut fields = Vec::with_capacity(Dimension::COUNT);
        let mut cuts = Cuts {
            classes: Vec::new(),
            words: (terms.len() + 1).div_ceil(64),
            from: 0,
            hashes: Vec::new(),
            known: HashMap::new(),
            events: Vec::with_capacity(terms.len() * 2 + 2),
        };
        let mut from = 0;
        for dimension in ORDER {
            let elements = cuts.cut(wholes, terms, dimension);
            let words = cuts.hashes.len().div_ceil(64).max(1);
            fields.push(Field {
                dimension,
                elements,
                from,
                words,
                classes: cuts.hashes.len(),
            });
            from += words;
        }
        let atoms = atoms_of(terms);
        let within = inclusions(&atoms);
        let width = from + atoms.len().div_ceil(PER_WORD);
        let mut local = Self {
            narrow: from == Dimension::COUNT,
            fields,
            atoms,
            within,
            atoms_from: from,
            width,
            rows: Vec::new(),
        };
        local.fill(terms, &cuts);
        local
    }

    /// The bits of a term.
    pub(super) fn row(&self, term: usize) -> &[u64] {
        let from = term * self.width;
        self.rows.get(from..from + self.width).unwrap_or_default()
    }

    /// Completes a piece by the declared inclusions; false: no world meets it.
    pub(super) fn complete(&self, piece: &mut [u64]) -> bool {
        if self.within.is_empty() {
            return true;
        }
        loop {
            let mut changed = false;
            for (narrow, wide) in &self.within {
                let (a, b) = (self.atom(piece, *narrow), self.atom(piece, *wide));
                let (mut x, mut y) = (a, b);
                if a == HOLDS {
                    y &= HOLDS;
                }
                if b == EITHER ^ HOLDS {
                    x &= EITHER ^ HOLDS;
                }
                if x == 0 || y == 0 {
                    return false;
                }
                if (x, y) != (a, b) {
                    self.set_atom(piece, *narrow, x);
                    self.set_atom(piece, *wide, y);
                    changed = true;
                }
            }
            if !changed {
                return true;
            }
        }
    }

    /// Whether a completed piece has a packet in common with a term, in some world.
    pub(super) fn meets(&self, piece: &[u64], term: &[u64]) -> bool {
        if self.narrow
            && let Some((a, atoms)) = piece.split_first_chunk::<{ Dimension::COUNT }>()
            && let Some((b, cut)) = term.split_first_chunk::<{ Dimension::COUNT }>()
        {
            let ([a, b, c, d, e], [v, w, x, y, z]) = (a, b);
            let fields = a & v != 0 && b & w != 0 && c & x != 0 && d & y != 0 && e & z != 0;
            return fields && (atoms.is_empty() || compatible(atoms, cut));
        }
        let (mut own, mut other) = (piece, term);
        for field in &self.fields {
            let (Some((a, rest)), Some((b, left))) = (
                own.split_at_checked(field.words),
                other.split_at_checked(field.words),
            ) else {
                return false;
            };
            if !a.iter().zip(b).any(|(a, b)| a & b != 0) {
                return false;
            }
            (own, other) = (rest, left);
        }
        compatible(own, other)
    }

    /// In how many fields the values of a piece are all in a term's; `None`: in all of them.
    pub(super) fn fields_within(&self, piece: &[u64], term: &[u64]) -> Option<usize> {
        if self.narrow
            && let Some((a, atoms)) = piece.split_first_chunk::<{ Dimension::COUNT }>()
            && let Some((b, cut)) = term.split_first_chunk::<{ Dimension::COUNT }>()
        {
            let ([a, b, c, d, e], [v, w, x, y, z]) = (a, b);
            let count = usize::from(a & !v == 0)
                + usize::from(b & !w == 0)
                + usize::from(c & !x == 0)
                + usize::from(d & !y == 0)
                + usize::from(e & !z == 0)
                + usize::from(atoms.is_empty() || inside(atoms, cut));
            return (count <= Dimension::COUNT).then_some(count);
        }
        let (mut own, mut other) = (piece, term);
        let mut count = 0;
        for field in &self.fields {
            let (Some((a, rest)), Some((b, left))) = (
                own.split_at_checked(field.words),
                other.split_at_checked(field.words),
            ) else {
                break;
            };
            count += usize::from(inside(a, b));
            (own, other) = (rest, left);
        }
        count += usize::from(inside(own, other));
        (count <= Dimension::COUNT).then_some(count)
    }

    /// What a piece and a term have in common, completed; `None`: nothing.
    pub(super) fn common(&self, piece: &[u64], term: &[u64]) -> Option<Vec<u64>> {
        if !self.meets(piece, term) {
            return None;
        }
        let mut common: Vec<u64> = piece.iter().zip(term).map(|(a, b)| a & b).collect();
        self.complete(&mut common).then_some(common)
    }

    /// Appends what is left of a piece without a term that meets it, as disjoint pieces.
    pub(super) fn subtract_into(&self, piece: &mut [u64], term: &[u64], left: &mut Vec<u64>) {
        for field in &self.fields {
            let outside = field.of(piece).iter().zip(field.of(term));
            if outside.clone().all(|(a, b)| a & !b == 0) {
                continue;
            }
            let start = left.len();
            left.extend_from_slice(piece);
            if let Some(slot) = left.get_mut(start..) {
                for (a, b) in field.of_mut(slot).iter_mut().zip(field.of(term)) {
                    *a &= !b;
                }
            }
            for (a, b) in field.of_mut(piece).iter_mut().zip(field.of(term)) {
                *a &= b;
            }
        }
        for atom in 0..self.atoms.len() {
            let (own, cut) = (self.atom(piece, atom), self.atom(term, atom));
            if own & !cut == 0 {
                continue;
            }
            let start = left.len();
            left.extend_from_slice(piece);
            if let Some(slot) = left.get_mut(start..) {
                self.set_atom(slot, atom, own & !cut);
                if !self.complete(slot) {
                    left.truncate(start);
                }
            }
            self.set_atom(piece, atom, own & cut);
            if own & cut == 0 || !self.complete(piece) {
                return;
            }
        }
    }

    /// A piece as a term.
    pub(super) fn term(&self, piece: &[u64]) -> Term {
        let mut sets: [IntervalSet; Dimension::COUNT] =
            std::array::from_fn(|_| IntervalSet::empty());
        for field in &self.fields {
            let bits = field.of(piece);
            let kept = field
                .elements
                .iter()
                .filter(|(_, _, class)| has(bits, *class));
            let intervals = kept.map(|(first, last, _)| (*first, *last)).collect();
            if let Some(set) = sets.get_mut(field.dimension as usize) {
                *set = IntervalSet::from_intervals(intervals);
            }
        }
        let mut cube = Cube::default();
        for (place, atom) in self.atoms.iter().enumerate() {
            let value = self.atom(piece, place);
            if value != EITHER {
                let atom = Arc::clone(atom);
                let holds = value == HOLDS;
                cube = cube.with(&Literal { atom, holds }).unwrap_or(cube);
            }
        }
        Term { fields: sets, cube }
    }

    /// How many packets a piece holds; `None` if that depends on atoms. A protocol without ports
    /// counts once for each pair of addresses.
    pub(super) fn count(&self, piece: &[u64]) -> Option<Count> {
        let opaque = (0..self.atoms.len()).any(|atom| self.atom(piece, atom) != EITHER);
        if opaque {
            return None;
        }
        let with_ports = protocols_with_ports();
        let mut addresses = Count::from(1);
        let mut ports = Count::from(1);
        let mut protocols = (Count::ZERO, Count::ZERO);
        for field in &self.fields {
            let bits = field.of(piece);
            let kept = field
                .elements
                .iter()
                .filter(|(_, _, class)| has(bits, *class));
            if field.dimension == Dimension::Protocol {
                let intervals = kept.map(|(first, last, _)| (*first, *last)).collect();
                let all = IntervalSet::from_intervals(intervals);
                let with = all.intersect(&with_ports);
                protocols = (with.count().into(), all.subtract(&with).count().into());
                continue;
            }
            let sum = kept.fold(Count::ZERO, |sum, (first, last, _)| {
                sum.plus(&Count::of_interval(*first, *last))
            });
            match field.dimension {
                Dimension::Source | Dimension::Destination => addresses = addresses.times(&sum),
                _ => ports = ports.times(&sum),
            }
        }
        let each = protocols.0.times(&ports).plus(&protocols.1);
        Some(addresses.times(&each))
    }

    fn fill(&mut self, terms: &[&Term], cuts: &Cuts) {
        let width = self.width;
        let mut rows = vec![0_u64; width * terms.len()];
        let mut classes = cuts.classes.chunks_exact(cuts.words);
        for field in &self.fields {
            for (class, members) in classes.by_ref().take(field.classes).enumerate() {
                let (place, bit) = (field.from + class / 64, 1 << (class % 64));
                for (word, bits) in members.iter().enumerate() {
                    let mut bits = *bits;
                    while bits != 0 {
                        let term = word * 64 + bits.trailing_zeros() as usize;
                        bits &= bits - 1;
                        if let Some(word) = rows.get_mut(term * width + place) {
                            *word |= bit;
                        }
                    }
                }
            }
        }
        for (row, term) in rows.chunks_exact_mut(width).zip(terms) {
            if let Some(words) = row.get_mut(self.atoms_from..) {
                words.fill(u64::MAX);
            }
            for literal in term.cube.literals() {
                let place = self.atoms.iter().position(|it| it.id == literal.atom.id);
                if let Some(place) = place {
                    let value = if literal.holds { HOLDS } else { EITHER ^ HOLDS };
                    self.set_atom(row, place, value);
                }
            }
        }
        self.rows = rows;
    }

    fn atom(&self, piece: &[u64], atom: usize) -> u64 {
        let word = piece.get(self.atoms_from + atom / PER_WORD);
        word.map_or(EITHER, |word| word >> (2 * (atom % PER_WORD)) & EITHER)
    }

    fn set_atom(&self, piece: &mut [u64], atom: usize, value: u64) {
        if let Some(word) = piece.get_mut(self.atoms_from + atom / PER_WORD) {
            let shift = 2 * (atom % PER_WORD);
            *word = *word & !(EITHER << shift) | value << shift;
        }
    }
}

impl Field {
    fn of<'p>(&self, piece: &'p [u64]) -> &'p [u64] {
        piece
            .get(self.from..self.from + self.words)
            .unwrap_or_default()
    }

    fn of_mut<'p>(&self, piece: &'p mut [u64]) -> &'p mut [u64] {
        piece
            .get_mut(self.from..self.from + self.words)
            .unwrap_or_default()
    }
}

/// Whether no atom has a value in the one that it has not in the other.
fn compatible(atoms: &[u64], cut: &[u64]) -> bool {
    atoms.iter().zip(cut).all(|(a, b)| {
        let both = a & b;
        (both | both >> 1) & LOW_BITS == LOW_BITS
    })
}

fn inside(piece: &[u64], term: &[u64]) -> bool {
    piece.iter().zip(term).all(|(a, b)| a & !b == 0)
}

fn has(bits: &[u64], class: usize) -> bool {
    bits.get(class / 64)
        .is_some_and(|word| word >> (class % 64) & 1 == 1)
}

fn set(bits: &mut [u64], class: usize) {
    if let Some(word) = bits.get_mut(class / 64) {
        *word |= 1 << (class % 64);
    }
}

fn atoms_of(terms: &[&Term]) -> Vec<Arc<Atom>> {
    let mut atoms: Vec<Arc<Atom>> = Vec::new();
    for literal in terms.iter().flat_map(|term| term.cube.literals()) {
        if let Err(place) = atoms.binary_search_by_key(&literal.atom.id, |atom| atom.id) {
            atoms.insert(place, Arc::clone(&literal.atom));
        }
    }
    atoms
}

fn inclusions(atoms: &[Arc<Atom>]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (narrow, atom) in atoms.iter().enumerate() {
        for wide in &atom.within {
            if let Ok(wide) = atoms.binary_search_by_key(wide, |atom| atom.id) {
                pairs.push((narrow, wide));
            }
        }
    }
    pairs
}

impl Cuts {
    /// Cuts one field: into intervals at the ends of every set, those merged that the same sets
    /// hold. The intervals with the number of their class, ascending.
    fn cut(
        &mut self,
        wholes: usize,
        terms: &[&Term],
        dimension: Dimension,
    ) -> Vec<(u128, u128, usize)> {
        self.from = self.classes.len();
        self.hashes.clear();
        self.known.clear();
        self.events.clear();
        let mut whole = terms.iter().take(wholes).map(|term| term.field(dimension));
        let Some(universe) = whole.next() else {
            return Vec::new();
        };
        let universe = whole.fold(universe.clone(), |all, set| all.union(set));
        let (Some(first), Some((_, last))) = (universe.first(), universe.intervals().last()) else {
            return Vec::new();
        };
        let last = *last;
        let mut row = vec![0_u64; self.words];
        for (place, term) in terms.iter().enumerate() {
            let own = term.field(dimension);
            if universe.is_within(own) {
                set(&mut row, place);
            } else {
                self.add(place, own, first, last);
            }
        }
        if self.events.is_empty() {
            let intervals = universe.intervals().iter();
            self.class_of(&row);
            return intervals.map(|(first, last)| (*first, *last, 0)).collect();
        }
        // Whether a value is in the universe at all is one more bit.
        if universe.intervals().len() == 1 {
            set(&mut row, terms.len());
        } else {
            self.add(terms.len(), &universe, first, last);
        }
        self.events.sort_unstable_by_key(|(at, _)| *at);
        self.sweep(first, last, row, terms.len())
    }

    fn add(&mut self, place: usize, own: &IntervalSet, first: u128, last: u128) {
        for (start, end) in own.intervals() {
            if *end < first || *start > last {
                continue;
            }
            self.events.push(((*start).max(first), place));
            if *end < last {
                self.events.push((end + 1, place));
            }
        }
    }

    /// Walks over the ends of all sets in ascending order.
    fn sweep(
        &mut self,
        first: u128,
        last: u128,
        mut row: Vec<u64>,
        inside: usize,
    ) -> Vec<(u128, u128, usize)> {
        let events = std::mem::take(&mut self.events);
        let mut elements: Vec<(u128, u128, usize)> = Vec::with_capacity(events.len() + 1);
        let mut start = first;
        let mut pending = events.iter().peekable();
        loop {
            while let Some((_, place)) = pending.next_if(|(at, _)| *at == start) {
                if let Some(word) = row.get_mut(place / 64) {
                    *word ^= 1 << (place % 64);
                }
            }
            let next = pending.peek().map(|(at, _)| *at);
            let end = next.map_or(last, |next| next - 1);
            if has(&row, inside) {
                let class = self.class_of(&row);
                match elements.last_mut() {
                    Some(before) if before.2 == class && before.1 + 1 == start => before.1 = end,
                    _ => elements.push((start, end, class)),
                }
            }
            match next {
                Some(next) => start = next,
                None => break,
            }
        }
        self.events = events;
        elements
    }

    /// The class of a row of bits. Two classes of the same bits do no harm.
    fn class_of(&mut self, row: &[u64]) -> usize {
        const FEW: usize = 64;
        let hash = row.iter().fold(0_u64, |hash, word| {
            (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
        });
        let known = match self.hashes.len() {
            ..=FEW => self.hashes.iter().position(|own| *own == hash),
            _ => self.known.get(&hash).copied(),
        };
        if let Some(class) = known {
            let from = self.from + class * self.words;
            if self.classes.get(from..from + self.words) == Some(row) {
                return class;
            }
        }
        let class = self.hashes.len();
        self.classes.extend_from_slice(row);
        self.hashes.push(hash);
        if class == FEW {
            let all = self.hashes.iter().enumerate();
            self.known.extend(all.map(|(class, hash)| (*hash, class)));
        } else if class > FEW {
            self.known.insert(hash, class);
        }
        class
    }
}
