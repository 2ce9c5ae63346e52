//! Sets of whole numbers as sorted intervals: addresses, ports, protocols.

use std::sync::Arc;

/// Both ends included.
pub type Interval = (u128, u128);

/// A set of numbers: disjoint intervals that do not touch, in ascending order.
///
/// One interval, the usual case, needs no allocation; more are shared, so that a clone is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IntervalSet(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    One(Interval),
    Many(Arc<[Interval]>),
}

impl IntervalSet {
    /// No number.
    #[must_use]
    pub fn empty() -> Self {
        Self(Repr::Many(Arc::from([])))
    }

    /// The numbers from `first` to `last`; none if they are in the wrong order.
    #[must_use]
    pub fn range(first: u128, last: u128) -> Self {
        if first <= last {
            Self(Repr::One((first, last)))
        } else {
            Self::empty()
        }
    }

    /// One number.
    #[must_use]
    pub fn single(value: u128) -> Self {
        Self(Repr::One((value, value)))
    }

    /// The union of intervals in any order.
    #[must_use]
    pub fn from_intervals(mut intervals: Vec<Interval>) -> Self {
        intervals.retain(|(first, last)| first <= last);
        intervals.sort_unstable();
        let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self::sorted(merged)
    }

    /// The intervals, ascending.
    #[must_use]
    pub fn intervals(&self) -> &[Interval] {
        match &self.0 {
            Repr::One(one) => std::slice::from_ref(one),
            Repr::Many(many) => many,
        }
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Repr::Many(many) if many.is_empty())
    }

    /// The lowest number.
    #[must_use]
    pub fn first(&self) -> Option<u128> {
        self.intervals().first().map(|interval| interval.0)
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn contains(&self, value: u128) -> bool {
        let intervals = self.intervals();
        let after = intervals.partition_point(|interval| interval.0 <= value);
        after
            .checked_sub(1)
            .and_then(|index| intervals.get(index))
            .is_some_and(|interval| value <= interval.1)
    }

    /// How many numbers it holds, at most `u128::MAX`.
    #[must_use]
    pub fn count(&self) -> u128 {
        self.intervals().iter().fold(0_u128, |sum, (first, last)| {
            sum.saturating_add((last - first).saturating_add(1))
        })
    }

    /// Whether the two have a number in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        if let (Repr::One(a), Repr::One(b)) = (&self.0, &other.0) {
            return a.0 <= b.1 && b.0 <= a.1;
        }
        let (mut left, mut right) = (self.intervals().iter(), other.intervals().iter());
        let (mut a, mut b) = (left.next(), right.next());
        while let (Some(x), Some(y)) = (a, b) {
            if x.1 < y.0 {
                a = left.next();
            } else if y.1 < x.0 {
                b = right.next();
            } else {
                return true;
            }
        }
        false
    }

    /// Whether every number of it is in `other`.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let others = other.intervals();
        if let ([only], [outer]) = (self.intervals(), others) {
            return outer.0 <= only.0 && only.1 <= outer.1;
        }
        self.intervals().iter().all(|(first, last)| {
            let after = others.partition_point(|interval| interval.0 <= *first);
            after
                .checked_sub(1)
                .and_then(|index| others.get(index))
                .is_some_and(|interval| *last <= interval.1)
        })
    }

    /// The numbers of both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        if self.is_within(other) {
            return self.clone();
        }
        if other.is_within(self) {
            return other.clone();
        }
        let mut common = Vec::new();
        let (mut left, mut right) = (self.intervals().iter(), other.intervals().iter());
        let (mut a, mut b) = (left.next(), right.next());
        while let (Some(x), Some(y)) = (a, b) {
            let (first, last) = (x.0.max(y.0), x.1.min(y.1));
            if first <= last {
                common.push((first, last));
            }
            if x.1 < y.1 {
                a = left.next();
            } else {
                b = right.next();
            }
        }
        Self::sorted(common)
    }

    /// The numbers of at least one of them.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_within(other) {
            return other.clone();
        }
        if other.is_within(self) {
            return self.clone();
        }
        let mut all = self.intervals().to_vec();
        all.extend_from_slice(other.intervals());
        Self::from_intervals(all)
    }

    /// The numbers that are not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        if !self.meets(other) {
            return self.clone();
        }
        let mut left = Vec::new();
        let mut cuts = other.intervals().iter().peekable();
        for (first, last) in self.intervals() {
            let mut start = *first;
            let mut exhausted = false;
            while let Some(cut) = cuts.peek() {
                if cut.1 < start {
                    cuts.next();
                    continue;
                }
                if cut.0 > *last {
                    break;
                }
                if cut.0 > start {
                    left.push((start, cut.0 - 1));
                }
                match cut.1.checked_add(1) {
                    Some(next) if cut.1 < *last => start = next,
                    _ => {
                        exhausted = true;
                        break;
                    }
                }
            }
            if !exhausted {
                left.push((start, *last));
            }
        }
        Self::sorted(left)
    }

    fn sorted(intervals: Vec<Interval>) -> Self {
        match intervals.as_slice() {
            [only] => Self(Repr::One(*only)),
            _ => Self(Repr::Many(intervals.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(mask: u32) -> IntervalSet {
        let bits = (0..32_u32).filter(|bit| mask >> bit & 1 == 1);
        IntervalSet::from_intervals(bits.map(|bit| (bit.into(), bit.into())).collect())
    }

    proptest! {
        #[test]
        fn sets_of_numbers_behave_like_bit_masks(a: u32, b: u32) {
            let (x, y) = (set(a), set(b));
            prop_assert_eq!(x.intersect(&y), set(a & b));
            prop_assert_eq!(x.union(&y), set(a | b));
            prop_assert_eq!(x.subtract(&y), set(a & !b));
            prop_assert_eq!(x.meets(&y), a & b != 0);
            prop_assert_eq!(x.is_within(&y), a & !b == 0);
            prop_assert_eq!(x.count(), u128::from(a.count_ones()));
            for bit in 0..32_u32 {
                prop_assert_eq!(x.contains(bit.into()), a >> bit & 1 == 1);
            }
        }
    }

    #[test]
    fn the_largest_number_is_no_special_case() {
        let all = IntervalSet::range(0, u128::MAX);
        let low = IntervalSet::range(0, 4);
        assert_eq!(all.subtract(&low), IntervalSet::range(5, u128::MAX));
        assert!(all.subtract(&all).is_empty());
        assert_eq!(low.union(&all.subtract(&low)), all);
    }
}
