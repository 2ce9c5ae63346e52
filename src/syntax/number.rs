//! Numbers.
//!
//! What is absent: infinities and what is no number.

mod exact;

use std::cmp::Ordering;
use std::sync::Arc;

use exact::{Decimal, Exact};

/// A number as it was typed, or computed from such.
///
/// Whole numbers are kept exactly. Azure's tools take everything else for a double; Terraform
/// computes with 512 bits, for which a double stands here wherever it is written with the same
/// digits.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// A whole number that fits 64 bits.
    Integer(i64),
    /// Any other number: the one that is written with the fewest digits that make this double.
    Float(f64),
    /// A number with more digits than a double has: as Terraform writes it, without an exponent.
    Long(Arc<str>),
}

impl Number {
    /// Reads decimal notation as a whole number or a double, `None` if it is none.
    ///
    /// ```
    /// use aznet::syntax::Number;
    /// assert_eq!(Number::parse("4096"), Some(Number::Integer(4096)));
    /// assert_eq!(Number::parse("1.5e1"), Some(Number::Float(15.0)));
    /// assert_eq!(Number::parse("x"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        let float: f64 = text.parse().ok()?;
        float.is_finite().then_some(Self::Float(float))
    }

    /// Reads decimal notation with all its digits, as Terraform does. `None` if it is none, or has
    /// thousands of digits.
    ///
    /// ```
    /// use aznet::syntax::Number;
    /// assert_eq!(Number::parse_exact("1.50"), Some(Number::Float(1.5)));
    /// let long = Number::parse_exact("18446744073709551616").unwrap();
    /// assert_eq!(long.text(), "18446744073709551616");
    /// ```
    #[must_use]
    pub fn parse_exact(text: &str) -> Option<Self> {
        // More digits than this do not all fit 512 bits.
        const KEPT: usize = 154;
        let decimal = Decimal::parse(text)?;
        if decimal.digits.len() > KEPT {
            return Self::of_exact(&Exact::of(&decimal)?);
        }
        Some(Self::of_decimal(&decimal))
    }

    /// The number as a double.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "who asks for a double wants the nearest one"
    )]
    pub fn as_f64(&self) -> f64 {
        match self {
            Self::Integer(integer) => *integer as f64,
            Self::Float(float) => *float,
            Self::Long(text) => text.parse().unwrap_or(f64::MAX),
        }
    }

    /// The number if it is whole and fits 64 bits.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9.0e15 => {
                Some(*float as i64)
            }
            Self::Float(_) | Self::Long(_) => None,
        }
    }

    /// Whether it has nothing after its point.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.fract() == 0.0,
            Self::Long(text) => !text.contains('.'),
        }
    }

    /// Whether it is less than zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Integer(integer) => *integer < 0,
            Self::Float(float) => *float < 0.0,
            Self::Long(text) => text.starts_with('-'),
        }
    }

    /// As Terraform writes it: no exponent, no zeros at the end.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Integer(integer) => integer.to_string(),
            Self::Float(float) if *float == 0.0 => "0".to_owned(),
            Self::Float(float) => float.to_string(),
            Self::Long(text) => text.to_string(),
        }
    }

    /// The sum, as Terraform computes it; `None` where the result is out of all bounds.
    #[must_use]
    pub fn add(&self, other: &Self) -> Option<Self> {
        if let (Self::Integer(a), Self::Integer(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Some(Self::Integer(sum));
        }
        Self::of_exact(&self.exact()?.add(&other.exact()?)?)
    }

    /// The difference, as Terraform computes it; `None` where the result is out of all bounds.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Option<Self> {
        self.add(&other.negate()?)
    }

    /// The product, as Terraform computes it; `None` where the result is out of all bounds.
    #[must_use]
    pub fn multiply(&self, other: &Self) -> Option<Self> {
        if let (Self::Integer(a), Self::Integer(b)) = (self, other)
            && let Some(product) = a.checked_mul(*b)
        {
            return Some(Self::Integer(product));
        }
        Self::of_exact(&self.exact()?.multiply(&other.exact()?)?)
    }

    /// The quotient, as Terraform computes it; `None` for a division by zero, and where the result
    /// is out of all bounds.
    ///
    /// ```
    /// use aznet::syntax::Number;
    /// let third = Number::Integer(1).divide(&Number::Integer(3)).unwrap();
    /// assert_eq!(third.multiply(&Number::Integer(3)), Some(Number::Integer(1)));
    /// ```
    #[must_use]
    pub fn divide(&self, other: &Self) -> Option<Self> {
        Self::of_exact(&self.exact()?.divide(&other.exact()?)?)
    }

    /// What a division that gives a whole number leaves, with the sign of `self`; of a division by
    /// zero, Terraform says, everything. `None` where the result is out of all bounds.
    #[must_use]
    pub fn remainder(&self, other: &Self) -> Option<Self> {
        Self::of_exact(&self.exact()?.remainder(&other.exact()?)?)
    }

    /// The number with the other sign; `None` where it is out of all bounds.
    #[must_use]
    pub fn negate(&self) -> Option<Self> {
        match self {
            Self::Integer(integer) if *integer != i64::MIN => Some(Self::Integer(-integer)),
            _ => Self::of_exact(&self.exact()?.negate()),
        }
    }

    /// The greatest whole number that is not greater.
    #[must_use]
    pub fn floor(&self) -> Option<Self> {
        match self {
            Self::Integer(_) => Some(self.clone()),
            _ => Self::of_exact(&self.exact()?.floor()),
        }
    }

    /// The whole number next to it towards zero.
    #[must_use]
    pub fn truncate(&self) -> Option<Self> {
        match self {
            Self::Integer(_) => Some(self.clone()),
            _ => Self::of_exact(&self.exact()?.truncated()),
        }
    }

    /// Which of two numbers is greater.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            _ => match (self.exact(), other.exact()) {
                (Some(a), Some(b)) => a.compare(&b),
                _ => self.as_f64().total_cmp(&other.as_f64()),
            },
        }
    }

    fn exact(&self) -> Option<Exact> {
        match self {
            Self::Integer(integer) => Some(Exact::integer(*integer)),
            _ => Exact::of(&Decimal::parse(&self.text())?),
        }
    }

    fn of_exact(exact: &Exact) -> Option<Self> {
        Some(Self::of_decimal(&exact.decimal()?))
    }

    fn of_decimal(decimal: &Decimal) -> Self {
        let text = decimal.text();
        if let Ok(integer) = text.parse() {
            return Self::Integer(integer);
        }
        let float = text.parse().unwrap_or(f64::INFINITY);
        if float.is_finite() && Self::Float(float).text() == text {
            return Self::Float(float);
        }
        Self::Long(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse_exact(text).unwrap()
    }

    #[test]
    fn digits_are_kept_and_written_without_exponent() {
        for (text, written) in [
            ("1", "1"),
            ("-0", "0"),
            ("1.50", "1.5"),
            ("1e21", "1000000000000000000000"),
            ("1e-7", "0.0000001"),
            ("9223372036854775808", "9223372036854775808"),
            ("0.1234567890123456789012345", "0.1234567890123456789012345"),
        ] {
            assert_eq!(number(text).text(), written);
        }
        for wrong in ["", "-", ".", "x", "1e", "0x10", "inf", "1e9999999999", "1 "] {
            assert_eq!(Number::parse_exact(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums_and_products_of_decimal_fractions_are_decimal() {
        assert_eq!(number("0.1").add(&number("0.2")), Some(number("0.3")));
        assert_eq!(number("4.35").multiply(&number("100")), Some(number("435")));
        assert_eq!(number("-7").remainder(&number("3")), Some(number("-1")));
        assert_eq!(number("1").divide(&number("0")), None);
        assert_eq!(number("-1.5").floor(), Some(number("-2")));
        assert_eq!(number("-1.5").truncate(), Some(number("-1")));
    }

    #[test]
    fn numbers_of_any_length_compare_by_value() {
        let huge = number("18446744073709551616");
        assert!(huge.compare(&number("18446744073709551615")).is_gt());
        assert!(huge.negate().unwrap().compare(&huge).is_lt());
        assert!(number("0.5").compare(&number("0.25")).is_gt());
        assert!(number("1e-300").compare(&Number::Integer(0)).is_gt());
        assert!(Number::Float(2.0).compare(&Number::Integer(2)).is_eq());
    }

    #[test]
    fn what_grows_past_all_bounds_is_no_number() {
        let large = number("1e4000");
        assert_eq!(large.multiply(&large), None);
        assert_eq!(
            Number::Integer(1)
                .divide(&number("1e1000"))
                .unwrap()
                .multiply(&number("1e-4000")),
            None
        );
    }
}
