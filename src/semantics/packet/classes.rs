//! Many terms at once: every field cut at the ends of all their sets, with a row of bits for each
//! piece that tells which terms hold it.
//!
//! Which terms a packet lies in is then one binary search for each field and a conjunction of five
//! rows; which terms a term meets is five unions of rows.

use super::atoms::Dimension;
use super::interval::IntervalSet;
use super::space::{Exceeded, Term};

/// An index with more words than this is not built: 32 MB.
const MAX_WORDS: usize = 1 << 22;

/// What [`MAX_WORDS`] is called.
const CLASSES_EXCEEDED: Exceeded = Exceeded("number of packet classes");

/// Intervals in a block, whose rows are joined in advance.
const BLOCK: usize = 32;

/// The terms of a list, by field.
#[derive(Debug)]
pub struct Classes {
    fields: Vec<Field>,
    terms: usize,
    /// Words of a row.
    words: usize,
}

#[derive(Debug)]
struct Field {
    dimension: Dimension,
    /// Where each interval begins, ascending; the first is 0.
    starts: Vec<u128>,
    /// For each interval the terms that hold it, as bits.
    rows: Vec<u64>,
    /// The same for each block of intervals.
    blocks: Vec<u64>,
}

const FIELDS: [Dimension; Dimension::COUNT] = [
    Dimension::Destination,
    Dimension::Source,
    Dimension::DestinationPort,
    Dimension::Protocol,
    Dimension::SourcePort,
];

impl Classes {
    /// Indexes terms by their fields; atoms are not looked at.
    ///
    /// # Errors
    ///
    /// A limit on the size of the index.
    pub fn new(terms: &[&Term]) -> Result<Self, Exceeded> {
        let words = terms.len().div_ceil(64).max(1);
        let mut room = MAX_WORDS;
        let mut fields = Vec::with_capacity(FIELDS.len());
        for dimension in FIELDS {
            let field = Field::new(dimension, terms, words, room)?;
            room -= field.rows.len();
            fields.push(field);
        }
        Ok(Self {
            fields,
            terms: terms.len(),
            words,
        })
    }

    /// The terms whose fields hold these values (by [`Dimension`]), ascending.
    pub fn holding(&self, values: &[u128; Dimension::COUNT]) -> impl Iterator<Item = usize> + '_ {
        let mut rows = [[].as_slice(); Dimension::COUNT];
        for (row, field) in rows.iter_mut().zip(&self.fields) {
            let value = values.get(field.dimension as usize).copied();
            *row = field.row(field.interval(value.unwrap_or(0)), self.words);
        }
        in_all(rows)
    }

    /// Where a term begins and ends in every field; `None` if one of its fields is empty.
    #[must_use]
    pub fn corners(&self, term: &Term) -> Option<Corners<'_>> {
        let mut values = [(0, 0); Dimension::COUNT];
        let mut rows = [([].as_slice(), [].as_slice()); Dimension::COUNT];
        for ((row, value), field) in rows.iter_mut().zip(&mut values).zip(&self.fields) {
            let intervals = term.field(field.dimension).intervals();
            *value = (intervals.first()?.0, intervals.last()?.1);
            let row_of = |value| field.row(field.interval(value), self.words);
            row.0 = row_of(value.0);
            row.1 = match value.0 == value.1 {
                true => row.0,
                false => row_of(value.1),
            };
        }
        Some(Corners { values, rows })
    }

    /// The terms whose fields meet those of a term, ascending.
    #[must_use]
    pub fn meeting(&self, term: &Term) -> Vec<usize> {
        let mut all = vec![u64::MAX; self.words];
        let mut some = vec![0_u64; self.words];
        for field in &self.fields {
            let set = term.field(field.dimension);
            if field.covers(set, self.words) {
                continue;
            }
            some.fill(0);
            field.join(set, &mut some);
            for (all, some) in all.iter_mut().zip(&some) {
                *all &= some;
            }
        }
        let words = all.iter().enumerate();
        words
            .flat_map(|(word, bits)| Bits(*bits).map(move |bit| word * 64 + bit))
            .take_while(|term| *term < self.terms)
            .collect()
    }
}

impl Field {
    fn new(
        dimension: Dimension,
        terms: &[&Term],
        words: usize,
        room: usize,
    ) -> Result<Self, Exceeded> {
        let mut row = vec![0_u64; words];
        let mut events: Vec<(u128, usize)> = Vec::with_capacity(terms.len() * 2);
        for (place, term) in terms.iter().enumerate() {
            for (first, last) in term.field(dimension).intervals() {
                events.push((*first, place));
                events.extend(last.checked_add(1).map(|after| (after, place)));
            }
        }
        events.sort_unstable_by_key(|(at, _)| *at);
        let mut starts: Vec<u128> = std::iter::once(0)
            .chain(events.iter().map(|(at, _)| *at))
            .collect();
        starts.dedup();
        if starts.len() * words > room {
            return Err(CLASSES_EXCEEDED);
        }
        let mut rows = Vec::with_capacity(starts.len() * words);
        let mut blocks = Vec::with_capacity(starts.len().div_ceil(BLOCK) * words);
        let mut block = vec![0_u64; words];
        let mut pending = events.iter().peekable();
        for (interval, start) in starts.iter().enumerate() {
            while let Some((_, place)) = pending.next_if(|(at, _)| at == start) {
                if let Some(word) = row.get_mut(place / 64) {
                    *word ^= 1 << (place % 64);
                }
            }
            rows.extend_from_slice(&row);
            for (all, own) in block.iter_mut().zip(&row) {
                *all |= own;
            }
            if interval % BLOCK == BLOCK - 1 {
                blocks.extend_from_slice(&block);
                block.fill(0);
            }
        }
        blocks.extend_from_slice(&block);
        Ok(Self {
            dimension,
            starts,
            rows,
            blocks,
        })
    }

    /// Whether no term has a value outside a set.
    fn covers(&self, set: &IntervalSet, words: usize) -> bool {
        let [(0, last)] = set.intervals() else {
            return false;
        };
        let after = self.starts.iter().rev().take_while(|start| *start > last);
        match after.count() {
            0 => true,
            1 => {
                let rest = self.row(self.starts.len() - 1, words);
                rest.iter().all(|word| *word == 0)
            }
            _ => false,
        }
    }

    /// The interval a value lies in.
    fn interval(&self, value: u128) -> usize {
        let after = self.starts.partition_point(|start| *start <= value);
        after.saturating_sub(1)
    }

    fn row(&self, interval: usize, words: usize) -> &[u64] {
        let from = interval * words;
        self.rows.get(from..from + words).unwrap_or_default()
    }

    /// Adds the terms that hold a value of a set.
    fn join(&self, set: &IntervalSet, into: &mut [u64]) {
        let words = into.len();
        let mut add = |rows: &[u64], place: usize| {
            let own = rows.get(place * words..(place + 1) * words);
            for (all, own) in into.iter_mut().zip(own.unwrap_or_default()) {
                *all |= own;
            }
        };
        for (first, last) in set.intervals() {
            let last = self.interval(*last);
            let mut interval = self.interval(*first);
            while interval <= last {
                if interval.is_multiple_of(BLOCK) && interval + BLOCK <= last + 1 {
                    add(&self.blocks, interval / BLOCK);
                    interval += BLOCK;
                } else {
                    add(&self.rows, interval);
                    interval += 1;
                }
            }
        }
    }
}

/// The packets at the lowest and the highest values of a term's fields.
#[derive(Debug)]
pub struct Corners<'c> {
    /// By place in [`FIELDS`].
    values: [(u128, u128); Dimension::COUNT],
    rows: [(&'c [u64], &'c [u64]); Dimension::COUNT],
}

impl<'c> Corners<'c> {
    /// Each corner once, as which of `FIELDS` are at their highest value, the lowest first.
    pub fn all(&self) -> impl Iterator<Item = usize> + use<> {
        // Source, destination, its port, protocol: source ports are hardly ever told apart.
        const FREE: [usize; 4] = [1, 0, 2, 3];
        let single = self.values.map(|(first, last)| first == last);
        (0..1_usize << FREE.len()).filter_map(move |corner| {
            let mut highest = 0;
            for (bit, place) in FREE.into_iter().enumerate() {
                if corner >> bit & 1 == 1 {
                    if single.get(place).copied().unwrap_or(true) {
                        return None;
                    }
                    highest |= 1 << place;
                }
            }
            Some(highest)
        })
    }

    /// The values of a corner, by [`Dimension`].
    #[must_use]
    pub fn values(&self, corner: usize) -> [u128; Dimension::COUNT] {
        let mut values = [0; Dimension::COUNT];
        for (place, ((first, last), dimension)) in self.values.iter().zip(FIELDS).enumerate() {
            if let Some(slot) = values.get_mut(dimension as usize) {
                *slot = if corner >> place & 1 == 1 {
                    *last
                } else {
                    *first
                };
            }
        }
        values
    }

    /// The terms whose fields hold a corner, ascending.
    pub fn holding(&self, corner: usize) -> impl Iterator<Item = usize> + use<'c> {
        let mut rows = [[].as_slice(); Dimension::COUNT];
        for (place, (row, (first, last))) in rows.iter_mut().zip(self.rows).enumerate() {
            *row = if corner >> place & 1 == 1 {
                last
            } else {
                first
            };
        }
        in_all(rows)
    }

    /// The terms whose fields hold every corner, ascending: no other contains the term.
    pub fn holding_all(&self) -> impl Iterator<Item = usize> + use<'c> {
        let [a, b, c, d, e] = self.rows;
        let low = in_all([a.0, b.0, c.0, d.0, e.0]);
        let high = [a.1, b.1, c.1, d.1, e.1];
        low.filter(move |term| high.iter().all(|row| has(row, *term)))
    }
}

/// The bits that are set in all rows, ascending.
fn in_all<'r>(rows: [&'r [u64]; Dimension::COUNT]) -> impl Iterator<Item = usize> + use<'r> {
    let [a, b, c, d, e] = rows;
    let words = a.iter().zip(b).zip(c).zip(d).zip(e);
    words.enumerate().flat_map(|(word, ((((a, b), c), d), e))| {
        let bits = a & b & c & d & e;
        Bits(bits).map(move |bit| word * 64 + bit)
    })
}

fn has(row: &[u64], bit: usize) -> bool {
    let word = row.get(bit / 64);
    word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

/// The places of the bits that are set, ascending.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::packet::Family;
    use proptest::prelude::*;

    /// A term of few addresses and ports: intervals by their lowest value and length.
    fn term(sides: [(u8, u8); 3], protocol: Option<u8>) -> Term {
        let mut term = Term::all(Family::V4);
        let fields = [
            Dimension::Source,
            Dimension::Destination,
            Dimension::DestinationPort,
        ];
        for (dimension, (first, length)) in fields.into_iter().zip(sides) {
            let (first, length) = (u128::from(first % 8), u128::from(length % 6));
            term.fields[dimension as usize] = IntervalSet::range(first, first + length);
        }
        if let Some(protocol) = protocol {
            let only = IntervalSet::single(u128::from(protocol % 3));
            term.fields[Dimension::Protocol as usize] = only;
        }
        term
    }

    fn holds(term: &Term, values: &[u128; Dimension::COUNT]) -> bool {
        let mut pairs = term.fields.iter().zip(values);
        pairs.all(|(field, value)| field.contains(*value))
    }

    proptest! {
        #[test]
        fn a_corner_is_held_by_the_terms_that_hold_its_values(
            parts in prop::collection::vec((any::<[(u8, u8); 3]>(), any::<Option<u8>>()), 1..80)
        ) {
            let terms: Vec<Term> = parts.iter().map(|(sides, it)| term(*sides, *it)).collect();
            let all: Vec<&Term> = terms.iter().collect();
            let classes = Classes::new(&all).unwrap();
            let which = |wanted: &dyn Fn(&Term) -> bool| -> Vec<usize> {
                (0..all.len()).filter(|place| wanted(all[*place])).collect()
            };
            for own in &terms {
                let corners = classes.corners(own).unwrap();
                for corner in corners.all() {
                    let values = corners.values(corner);
                    prop_assert!(holds(own, &values));
                    let held: Vec<usize> = corners.holding(corner).collect();
                    prop_assert_eq!(held, which(&|term| holds(term, &values)));
                }
                // Each field is one interval here: what holds its ends holds it.
                let containing: Vec<usize> = corners.holding_all().collect();
                prop_assert_eq!(containing, which(&|term| own.is_within(term)));
            }
        }
    }
}
