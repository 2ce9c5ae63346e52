//! Numbers by standard format strings; what is no standard format is a custom one.

use super::{Failure, custom_number};
use crate::syntax::Number;

/// The most digits a precision may ask for here; .NET goes further, no name or address does.
const MAX_PRECISION: usize = 10_000;

/// A number by a format string: `D4`, `N0`, `x`, `#,##0.00`. An empty format is `G`.
///
/// ```
/// use aznet::eval::functions::dotnet::number::format;
/// use aznet::syntax::Number;
/// assert_eq!(format(&Number::Integer(42), "D5"), Ok("00042".to_owned()));
/// assert_eq!(format(&Number::Integer(-8175133), "N0"), Ok("-8,175,133".to_owned()));
/// assert_eq!(format(&Number::Integer(7), "Group 000"), Ok("Group 007".to_owned()));
/// ```
///
/// # Errors
/// See [`Failure`].
pub fn format(number: &Number, format: &str) -> Result<String, Failure> {
    let Some((letter, precision)) = standard(format)? else {
        return custom_number::format(&Decimal::new(number), format);
    };
    let decimal = Decimal::new(number);
    let integer = match number {
        Number::Integer(integer) => Some(*integer),
        Number::Float(_) | Number::Long(_) => None,
    };
    match (letter.to_ascii_uppercase(), integer) {
        ('D', Some(integer)) => {
            let digits = integer.unsigned_abs();
            let sign = if integer < 0 { "-" } else { "" };
            Ok(format!(
                "{sign}{digits:0width$}",
                width = precision.unwrap_or(0)
            ))
        }
        ('X', Some(integer)) if letter == 'X' => Ok(format!(
            "{integer:0width$X}",
            width = precision.unwrap_or(0)
        )),
        ('X', Some(integer)) => Ok(format!(
            "{integer:0width$x}",
            width = precision.unwrap_or(0)
        )),
        // Binary came with .NET 8; which version evaluates templates is not documented.
        ('B', Some(_)) => Err(Failure::Culture),
        ('E', _) => scientific(decimal, letter, precision.unwrap_or(6)),
        ('F', _) => Ok(fixed(
            &decimal.rounded(precision.unwrap_or(2))?,
            precision,
            false,
        )),
        ('N', _) => Ok(fixed(
            &decimal.rounded(precision.unwrap_or(2))?,
            precision,
            true,
        )),
        ('G', _) => general(decimal, letter, precision, integer.is_some()),
        ('R', None) => general(decimal, 'G', None, false),
        // The invariant culture sets the sign off with a space, others do not, and the sign of the
        // currency is every culture's own.
        ('P' | 'C', _) => Err(Failure::Culture),
        _ => Err(Failure::Format(format!(
            "'{format}' is no format of this kind of number"
        ))),
    }
}

/// A number as it stands in text: the format `G`.
#[must_use]
pub fn plain(number: &Number) -> String {
    match number {
        Number::Integer(integer) => integer.to_string(),
        _ => general(Decimal::new(number), 'G', None, false).unwrap_or_default(),
    }
}

/// The letter and precision of a standard format: one letter and some digits.
fn standard(format: &str) -> Result<Option<(char, Option<usize>)>, Failure> {
    let mut characters = format.chars();
    let Some(letter) = characters.next() else {
        return Ok(Some(('G', None)));
    };
    let digits = characters.as_str();
    if !letter.is_ascii_alphabetic() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if digits.is_empty() {
        return Ok(Some((letter, None)));
    }
    match digits.parse() {
        Ok(precision) if precision <= MAX_PRECISION => Ok(Some((letter, Some(precision)))),
        _ => Err(Failure::TooLong),
    }
}

/// A number as decimal digits: `0.d₁d₂d₃… × 10^scale`, no zero first or last.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) digits: Vec<u8>,
    pub(super) scale: i32,
    /// Made of a binary fraction, so that a digit 5 may stand for a little less.
    inexact: bool,
}

impl Decimal {
    fn new(number: &Number) -> Self {
        let (negative, text, scale, inexact) = match number {
            Number::Integer(integer) => {
                let text = integer.unsigned_abs().to_string();
                let scale = i32::try_from(text.len()).unwrap_or(0);
                (*integer < 0, text, scale, false)
            }
            _ => {
                let float = number.as_f64();
                let text = format!("{:e}", float.abs());
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let scale = exponent.parse::<i32>().unwrap_or(0) + 1;
                (
                    float.is_sign_negative(),
                    mantissa.replace('.', ""),
                    scale,
                    true,
                )
            }
        };
        let mut decimal = Self {
            negative,
            digits: text.bytes().map(|byte| byte.saturating_sub(b'0')).collect(),
            scale,
            inexact,
        };
        decimal.trim();
        decimal
    }

    fn trim(&mut self) {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.scale = 0;
        }
    }

    /// Keeps so many digits, the last one rounded half away from zero.
    pub(super) fn round_to(&mut self, kept: i64) -> Result<(), Failure> {
        let Ok(kept) = usize::try_from(kept) else {
            self.digits.clear();
            self.trim();
            return Ok(());
        };
        if kept >= self.digits.len() {
            return Ok(());
        }
        let dropped = self.digits.split_off(kept);
        // Versions of .NET differ in whether they look at the binary fraction or at its shortest
        // decimal form.
        if self.inexact && dropped == [5] {
            return Err(Failure::Culture);
        }
        if dropped.first().is_some_and(|digit| *digit >= 5) {
            loop {
                match self.digits.pop() {
                    Some(9) => {}
                    Some(digit) => {
                        self.digits.push(digit + 1);
                        break;
                    }
                    None => {
                        self.digits.push(1);
                        self.scale += 1;
                        break;
                    }
                }
            }
        }
        self.trim();
        Ok(())
    }

    fn rounded(&self, decimals: usize) -> Result<Self, Failure> {
        let mut rounded = self.clone();
        let decimals = i64::try_from(decimals).unwrap_or(i64::MAX);
        rounded.round_to(i64::from(self.scale).saturating_add(decimals))?;
        Ok(rounded)
    }

    /// The digit that stands for `10^power`.
    fn digit(&self, power: i32) -> char {
        let at = usize::try_from(self.scale - 1 - power).ok();
        let digit = at.and_then(|at| self.digits.get(at)).copied().unwrap_or(0);
        char::from(b'0' + digit)
    }
}

fn fixed(decimal: &Decimal, precision: Option<usize>, groups: bool) -> String {
    let precision = i32::try_from(precision.unwrap_or(2)).unwrap_or(0);
    let mut text = String::new();
    if decimal.negative && (decimal.inexact || !decimal.digits.is_empty()) {
        text.push('-');
    }
    for power in (0..decimal.scale.max(1)).rev() {
        text.push(decimal.digit(power));
        if groups && power > 0 && power % 3 == 0 {
            text.push(',');
        }
    }
    if precision > 0 {
        text.push('.');
    }
    text.extend((1..=precision).map(|place| decimal.digit(-place)));
    text
}

fn scientific(mut decimal: Decimal, letter: char, precision: usize) -> Result<String, Failure> {
    decimal.round_to(i64::try_from(precision).unwrap_or(0) + 1)?;
    let places = i32::try_from(precision).unwrap_or(0);
    let first = decimal.scale - 1;
    let mut text = String::new();
    if decimal.negative {
        text.push('-');
    }
    text.push(decimal.digit(first));
    if places > 0 {
        text.push('.');
    }
    text.extend((1..=places).map(|place| decimal.digit(first - place)));
    let exponent = if decimal.digits.is_empty() { 0 } else { first };
    text.push_str(&exponent_text(exponent, letter, 3, true));
    Ok(text)
}

/// `E+003`: a sign always or only below zero, and at least so many digits.
pub(super) fn exponent_text(exponent: i32, letter: char, width: usize, plus: bool) -> String {
    let sign = match exponent {
        ..0 => "-",
        _ if plus => "+",
        _ => "",
    };
    format!("{letter}{sign}{:0width$}", exponent.unsigned_abs())
}

fn general(
    mut decimal: Decimal,
    letter: char,
    precision: Option<usize>,
    whole: bool,
) -> Result<String, Failure> {
    // Without a precision a whole number is never written with an exponent, and the 15 digits a
    // double is sure of decide for others.
    let significant = match precision {
        Some(precision) if precision > 0 => {
            decimal.round_to(i64::try_from(precision).unwrap_or(0))?;
            i32::try_from(precision).unwrap_or(i32::MAX)
        }
        _ if whole => i32::MAX,
        _ => 15,
    };
    let places = |power: i32, count: usize| {
        let last = i32::try_from(count).unwrap_or(0);
        (1..last)
            .map(move |place| power - place)
            .collect::<Vec<_>>()
    };
    let count = decimal.digits.len();
    if decimal.digits.is_empty() || (decimal.scale <= significant && decimal.scale > -4) {
        let decimals = i32::try_from(count).unwrap_or(0) - decimal.scale;
        let decimals = usize::try_from(decimals).unwrap_or(0);
        return Ok(fixed(&decimal, Some(decimals), false));
    }
    let first = decimal.scale - 1;
    let mut text = String::new();
    if decimal.negative {
        text.push('-');
    }
    text.push(decimal.digit(first));
    if count > 1 {
        text.push('.');
    }
    text.extend(
        places(first, count)
            .into_iter()
            .map(|power| decimal.digit(power)),
    );
    let letter = if letter.is_ascii_lowercase() {
        'e'
    } else {
        'E'
    };
    text.push_str(&exponent_text(first, letter, 2, true));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: i64, pattern: &str) -> String {
        format(&Number::Integer(number), pattern).unwrap()
    }

    fn float(number: f64, pattern: &str) -> String {
        format(&Number::Float(number), pattern).unwrap()
    }

    #[test]
    fn whole_numbers_follow_the_standard_formats() {
        for (number, format, expected) in [
            (1234, "D", "1234"),
            (-1234, "D6", "-001234"),
            (255, "X", "FF"),
            (255, "x4", "00ff"),
            (-1, "X", "FFFFFFFFFFFFFFFF"),
            (1_052_032_904, "E04", "1.0520E+009"),
            (-1_052_032_904, "e2", "-1.05e+009"),
            (0, "E1", "0.0E+000"),
            (1234, "F", "1234.00"),
            (-1234, "F1", "-1234.0"),
            (1234, "F0", "1234"),
            (8_175_133, "N0", "8,175,133"),
            (-1_234_567, "n", "-1,234,567.00"),
            (999, "N1", "999.0"),
            (12_345, "G", "12345"),
            (12_345, "G2", "1.2E+04"),
            (15_500, "g2", "1.6e+04"),
            (i64::MIN, "G", "-9223372036854775808"),
            (i64::MIN, "D", "-9223372036854775808"),
            (5, "", "5"),
        ] {
            assert_eq!(written(number, format), expected, "{number} {format}");
        }
    }

    #[test]
    fn fractions_are_rounded_away_from_zero_and_written_short() {
        for (number, format, expected) in [
            (1.5, "", "1.5"),
            (1e15, "", "1E+15"),
            (1e14, "", "100000000000000"),
            (0.0001, "", "0.0001"),
            (0.00001, "", "1E-05"),
            (-12.25, "G", "-12.25"),
            (-1234.56, "F0", "-1235"),
            (1234.567, "N2", "1,234.57"),
            (0.1234567, "E3", "1.235E-001"),
            (2.0, "R", "2"),
            (99.96, "F1", "100.0"),
        ] {
            assert_eq!(float(number, format), expected, "{number} {format}");
        }
    }

    #[test]
    fn what_no_source_settles_and_what_net_refuses_is_told_apart() {
        let one = Number::Integer(1);
        assert_eq!(format(&one, "C"), Err(Failure::Culture));
        assert_eq!(format(&one, "P1"), Err(Failure::Culture));
        assert!(matches!(format(&one, "Q"), Err(Failure::Format(_))));
        assert!(matches!(format(&one, "R"), Err(Failure::Format(_))));
        assert!(matches!(
            format(&Number::Float(1.5), "D2"),
            Err(Failure::Format(_))
        ));
        assert_eq!(format(&one, "D999999999"), Err(Failure::TooLong));
        assert_eq!(format(&Number::Float(0.125), "F2"), Err(Failure::Culture));
    }
}
