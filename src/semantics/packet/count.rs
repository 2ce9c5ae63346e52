//! Whole numbers wide enough to count packets of either family exactly.

/// How many 64-bit digits: two IPv6 addresses, two ports and a protocol take 291 bits.
const DIGITS: usize = 5;

/// A number of packets below 2³²⁰; more counts as 2³²⁰ - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count([u64; DIGITS]);

impl Count {
    /// None.
    pub const ZERO: Self = Self([0; DIGITS]);

    /// How many numbers there are from `first` to `last`, both included.
    #[must_use]
    pub fn of_interval(first: u128, last: u128) -> Self {
        match last.checked_sub(first) {
            Some(more) => Self::from(more).plus(&Self::from(1)),
            None => Self::ZERO,
        }
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = [0; DIGITS];
        let mut carry = 0_u128;
        for (digit, (a, b)) in sum.iter_mut().zip(self.0.iter().zip(&other.0)) {
            let total = u128::from(*a) + u128::from(*b) + carry;
            *digit = low(total);
            carry = total >> 64;
        }
        if carry == 0 { Self(sum) } else { Self::MOST }
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut all = Self::ZERO;
        for (shift, digit) in self.0.iter().enumerate().filter(|(_, digit)| **digit != 0) {
            let mut part = [0; DIGITS];
            let mut carry = 0_u128;
            for (place, factor) in other.0.iter().enumerate() {
                let total = u128::from(*digit) * u128::from(*factor) + carry;
                carry = total >> 64;
                match part.get_mut(place + shift) {
                    Some(slot) => *slot = low(total),
                    None if total != 0 => return Self::MOST,
                    None => {}
                }
            }
            if carry != 0 {
                return Self::MOST;
            }
            all = all.plus(&Self(part));
        }
        all
    }

    /// Whether it is less than one in `n` of another number.
    #[must_use]
    pub fn is_less_than_one_in(&self, n: u64, other: &Self) -> bool {
        let times = self.times(&Self::from(u128::from(n)));
        times.0.iter().rev().lt(other.0.iter().rev())
    }

    /// Which part of another number it is, from 0 to 1; of none, none.
    #[must_use]
    pub fn part_of(&self, other: &Self) -> f64 {
        if *other == Self::ZERO {
            return 0.0;
        }
        self.as_float() / other.as_float()
    }

    const MOST: Self = Self([u64::MAX; DIGITS]);

    #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
    fn as_float(&self) -> f64 {
        let digits = self.0.iter().rev();
        digits.fold(0.0, |sum, digit| {
            sum * 18_446_744_073_709_551_616.0 + *digit as f64
        })
    }
}

impl From<u128> for Count {
    fn from(value: u128) -> Self {
        let mut digits = [0; DIGITS];
        for (digit, part) in digits.iter_mut().zip([value, value >> 64]) {
            *digit = low(part);
        }
        Self(digits)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low digit is meant")]
fn low(value: u128) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn small_numbers_behave_like_machine_numbers(a: u64, b: u64, c: u64) {
            let wide = |number: u64| Count::from(u128::from(number));
            let sum = u128::from(a) * u128::from(b) + u128::from(c);
            prop_assert_eq!(wide(a).times(&wide(b)).plus(&wide(c)), Count::from(sum));
            prop_assert_eq!(wide(b).times(&wide(a)), wide(a).times(&wide(b)));
            let less = u128::from(a) * 100 < u128::from(b);
            prop_assert_eq!(wide(a).is_less_than_one_in(100, &wide(b)), less);
        }
    }

    #[test]
    fn all_packets_of_ipv6_can_be_counted() {
        let addresses = Count::of_interval(0, u128::MAX);
        let ports = Count::of_interval(0, 65_535);
        let half = Count::of_interval(0, u128::MAX / 2);
        let all = addresses.times(&addresses).times(&ports).times(&ports);
        let some = addresses.times(&half).times(&ports).times(&ports);
        assert!((some.part_of(&all) - 0.5).abs() < 1e-12);
        assert_eq!(some.plus(&some), all);
        assert!(!some.is_less_than_one_in(2, &all));
        assert!(some.is_less_than_one_in(1, &all));
        assert_eq!(addresses.times(&addresses).times(&addresses), Count::MOST);
    }
}
