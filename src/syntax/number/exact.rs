//! Arithmetic with 512 bits, as Terraform computes.
//!
//! Source: `zclconf/go-cty` (`cty/primitive_type.go`, `value_ops.go`: numbers are Go's `big.Float`
//! of 512 bits, rounded half to even) and Go's `math/big` for the digits that are written: the
//! fewest that lead back to the same 512 bits. Absent: infinities, and numbers of less precision,
//! which Go has for the results of a few functions (`length`).

use std::cmp::Ordering;

use num_bigint::BigUint;

/// How many bits a mantissa has.
const PRECISION: u64 = 512;

/// How many digits a number may have before or after its point.
const MAX_DIGITS: i64 = 4_096;

/// `(-1)^negative * mantissa * 2^exponent`; the mantissa is odd, or zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    negative: bool,
    mantissa: BigUint,
    exponent: i64,
}

/// Digits and the place of the point before them: `0.digits * 10^point`; no zero at either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) digits: Vec<u8>,
    pub(super) point: i64,
}

impl Decimal {
    /// Reads decimal notation with an optional exponent, as HCL and JSON write numbers. `None` if
    /// it is none, or of more than some thousand digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
        Self::new(negative, all().collect(), point)
    }

    /// Takes zeros away at both ends; `None` if there are too many digits.
    fn new(negative: bool, mut digits: Vec<u8>, mut point: i64) -> Option<Self> {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        point -= i64::try_from(zeros).ok()?;
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits,
                point: 0,
            });
        }
        let after = i64::try_from(digits.len()).ok()?.checked_sub(point)?;
        (point <= MAX_DIGITS && after <= MAX_DIGITS).then_some(Self {
            negative,
            digits,
            point,
        })
    }

    /// Plain notation without an exponent.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        if self.negative {
            out.push('-');
        }
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        if self.point <= 0 {
            out.push_str("0.");
            out.extend((self.point..0).map(|_| '0'));
            out.extend(self.digits.iter().map(|digit| char::from(*digit)));
            return out;
        }
        let whole = usize::try_from(self.point).unwrap_or(0);
        for place in 0..whole.max(self.digits.len()) {
            if place == whole {
                out.push('.');
            }
            out.push(char::from(self.at(place)));
        }
        out
    }

    fn at(&self, place: usize) -> u8 {
        self.digits.get(place).copied().unwrap_or(b'0')
    }

    fn of(negative: bool, mantissa: &BigUint, exponent: i64) -> Option<Self> {
        let (digits, shift) = match u32::try_from(exponent) {
            Ok(up) => (mantissa << up, 0),
            Err(_) => {
                let down = u32::try_from(exponent.checked_neg()?).ok()?;
                (mantissa * BigUint::from(5_u8).pow(down), exponent)
            }
        };
        let digits = digits.to_string().into_bytes();
        let point = i64::try_from(digits.len()).ok()? + shift;
        Self::new(negative, digits, point)
    }

    /// The first digits of this number, rounded up or down.
    fn cut(&self, count: usize, up: bool) -> Option<Self> {
        let mut digits: Vec<u8> = (0..count).map(|place| self.at(place)).collect();
        let mut point = self.point;
        if up {
            let nines = digits
                .iter()
                .rev()
                .take_while(|digit| **digit == b'9')
                .count();
            digits.truncate(count - nines);
            match digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    digits.push(b'1');
                    point += 1;
                }
            }
        }
        Self::new(self.negative, digits, point)
    }

    /// Whether rounding to so many digits goes up: halves go to the even digit.
    fn rounds_up(&self, count: usize) -> bool {
        let next = self.at(count);
        if next == b'5' && count + 1 == self.digits.len() {
            return count > 0 && self.at(count - 1) % 2 == 1;
        }
        next >= b'5'
    }
}

impl Exact {
    /// The nearest number of 512 bits.
    pub(super) fn of(decimal: &Decimal) -> Option<Self> {
        if decimal.digits.is_empty() {
            return Some(Self::rounded(false, BigUint::ZERO, 0, false));
        }
        let digits = BigUint::parse_bytes(&decimal.digits, 10)?;
        let power = decimal.point - i64::try_from(decimal.digits.len()).ok()?;
        let five = |power: u64| Some(BigUint::from(5_u8).pow(u32::try_from(power).ok()?));
        if power >= 0 {
            let mantissa = digits * five(power.unsigned_abs())?;
            return Some(Self::rounded(decimal.negative, mantissa, power, false));
        }
        Some(Self::quotient(
            decimal.negative,
            &digits,
            &five(power.unsigned_abs())?,
            power,
        ))
    }

    /// The number of a whole one.
    pub(super) fn integer(integer: i64) -> Self {
        let mantissa = BigUint::from(integer.unsigned_abs());
        Self::rounded(integer < 0, mantissa, 0, false)
    }

    fn rounded(negative: bool, mantissa: BigUint, exponent: i64, sticky: bool) -> Self {
        let (mut mantissa, mut exponent) = (mantissa, exponent);
        let excess = mantissa.bits().saturating_sub(PRECISION);
        if excess > 0 {
            let half = mantissa.bit(excess - 1);
            let rest = sticky
                || mantissa
                    .trailing_zeros()
                    .is_some_and(|zeros| zeros < excess - 1);
            mantissa >>= excess;
            exponent += i64::try_from(excess).unwrap_or(i64::MAX);
            if half && (rest || mantissa.bit(0)) {
                mantissa += 1_u8;
            }
        }
        match mantissa.trailing_zeros() {
            Some(zeros) => Self {
                negative,
                mantissa: mantissa >> zeros,
                exponent: exponent.saturating_add(i64::try_from(zeros).unwrap_or(i64::MAX)),
            },
            None => Self {
                negative: false,
                mantissa,
                exponent: 0,
            },
        }
    }

    fn quotient(negative: bool, above: &BigUint, below: &BigUint, exponent: i64) -> Self {
        let shift = (PRECISION + 2 + below.bits()).saturating_sub(above.bits());
        let above = above << shift;
        let quotient = &above / below;
        let sticky = &quotient * below != above;
        // One bit below those that count tells that something follows.
        let quotient = (quotient << 1_u8) + u8::from(sticky);
        let exponent = exponent - i64::try_from(shift).unwrap_or(i64::MAX) - 1;
        Self::rounded(negative, quotient, exponent, sticky)
    }

    /// The fewest digits that lead back to the same number.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        if self.mantissa == BigUint::ZERO {
            return Decimal::new(false, Vec::new(), 0);
        }
        let shift = PRECISION - self.mantissa.bits();
        let full = &self.mantissa << shift;
        let exponent = self.exponent - i64::try_from(shift).ok()? - 1;
        let is_even = !full.bit(0);
        let middle: BigUint = full << 1_u8;
        let exact = Decimal::of(self.negative, &middle, exponent)?;
        let lower = Decimal::of(self.negative, &(&middle - 1_u8), exponent)?;
        let upper = Decimal::of(self.negative, &(&middle + 1_u8), exponent)?;
        for (place, digit) in exact.digits.iter().enumerate() {
            let (low, high, count) = (lower.at(place), upper.at(place), place + 1);
            let down = low != *digit || is_even && count == lower.digits.len();
            let up = *digit != high && (is_even || digit + 1 < high || count < upper.digits.len());
            match (down, up) {
                (true, true) => return exact.cut(count, exact.rounds_up(count)),
                (true, false) => return exact.cut(count, false),
                (false, true) => return exact.cut(count, true),
                (false, false) => {}
            }
        }
        Some(exact)
    }

    fn is_zero(&self) -> bool {
        self.mantissa == BigUint::ZERO
    }

    pub(super) fn negate(&self) -> Self {
        Self {
            negative: !self.negative && !self.is_zero(),
            ..self.clone()
        }
    }

    /// Both mantissas for the smaller of both exponents. `None` if they are too far apart.
    fn aligned(&self, other: &Self) -> Option<(BigUint, BigUint, i64)> {
        let exponent = self.exponent.min(other.exponent);
        let shifted = |of: &Self| {
            let shift = u32::try_from(of.exponent - exponent).ok()?;
            (i64::from(shift) <= 16 * MAX_DIGITS).then(|| &of.mantissa << shift)
        };
        Some((shifted(self)?, shifted(other)?, exponent))
    }

    pub(super) fn add(&self, other: &Self) -> Option<Self> {
        if self.is_zero() {
            return Some(other.clone());
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        let (a, b, exponent) = self.aligned(other)?;
        let (negative, mantissa) = if self.negative == other.negative {
            (self.negative, a + b)
        } else if a >= b {
            (self.negative, a - b)
        } else {
            (other.negative, b - a)
        };
        Some(Self::rounded(negative, mantissa, exponent, false))
    }

    pub(super) fn multiply(&self, other: &Self) -> Option<Self> {
        let exponent = self.exponent.checked_add(other.exponent)?;
        let mantissa = &self.mantissa * &other.mantissa;
        let negative = self.negative != other.negative;
        Some(Self::rounded(negative, mantissa, exponent, false))
    }

    /// `None` for a division by zero.
    pub(super) fn divide(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        if self.is_zero() {
            return Some(self.clone());
        }
        let exponent = self.exponent.checked_sub(other.exponent)?;
        let negative = self.negative != other.negative;
        Some(Self::quotient(
            negative,
            &self.mantissa,
            &other.mantissa,
            exponent,
        ))
    }

    /// What is left of a division that gives a whole number; a division by zero leaves all.
    pub(super) fn remainder(&self, other: &Self) -> Option<Self> {
        match self.divide(other) {
            None => Some(self.clone()),
            Some(quotient) => self.add(&quotient.truncated().multiply(other)?.negate()),
        }
    }

    /// Without what stands after the point.
    pub(super) fn truncated(&self) -> Self {
        if self.exponent >= 0 {
            return self.clone();
        }
        let mantissa = &self.mantissa >> self.exponent.unsigned_abs();
        Self::rounded(self.negative, mantissa, 0, false)
    }

    /// The greatest whole number that is not greater.
    pub(super) fn floor(&self) -> Self {
        let truncated = self.truncated();
        if self.negative && truncated != *self {
            return truncated.add(&Self::integer(-1)).unwrap_or(truncated);
        }
        truncated
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let sign = |of: &Self| match (of.is_zero(), of.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let signs = sign(self).cmp(&sign(other));
        if signs != Ordering::Equal || self.is_zero() {
            return signs;
        }
        let height =
            |of: &Self| i64::try_from(of.mantissa.bits()).unwrap_or(i64::MAX) + of.exponent;
        let sizes = height(self).cmp(&height(other)).then_with(|| {
            self.aligned(other)
                .map_or(Ordering::Equal, |(a, b, _)| a.cmp(&b))
        });
        if self.negative {
            sizes.reverse()
        } else {
            sizes
        }
    }
}
