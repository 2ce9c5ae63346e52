//! Numbers by custom format strings: `0`, `#`, `.`, `,`, `%`, `‰`, `E0`, sections and literals.

use super::Failure;
use super::number::{Decimal, exponent_text};

/// A number by a custom format string.
pub(super) fn format(number: &Decimal, format: &str) -> Result<String, Failure> {
    let sections = sections(format);
    let section = |index: usize| sections.get(index).filter(|section| !section.is_empty());
    // A second section is for numbers below zero, a third for zero; what rounds to zero is zero.
    let (mut chosen, mut own_sign) = match section(1) {
        Some(section) if number.negative && !number.digits.is_empty() => {
            (section.as_slice(), false)
        }
        _ => (sections.first().map_or(&[][..], Vec::as_slice), true),
    };
    if number.digits.is_empty()
        && let Some(zero) = section(2)
    {
        chosen = zero;
    }
    let mut layout = Layout::read(chosen);
    let mut rounded = layout.scaled(number)?;
    if rounded.digits.is_empty()
        && !number.digits.is_empty()
        && let Some(zero) = section(2)
    {
        layout = Layout::read(zero);
        rounded = layout.scaled(&rounded)?;
        own_sign = true;
    }
    let text = layout.write(&rounded);
    let sign = own_sign && number.negative && !rounded.digits.is_empty();
    Ok(if sign { format!("-{text}") } else { text })
}

/// One element of a custom format.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `0` or `#`.
    Digit {
        zero: bool,
    },
    Point,
    Comma,
    /// `%` or `‰`: the sign and the power of ten it multiplies by.
    Scale(char, i32),
    /// The letter, whether a plus is written, how many digits at least.
    Exponent(char, bool, usize),
    Literal(char),
}

/// The sections of a format, separated by `;` outside of literals.
fn sections(format: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        let token = match character {
            ';' => {
                sections.push(Vec::new());
                continue;
            }
            quote @ ('\'' | '"') => {
                let literal = rest.by_ref().take_while(|character| *character != quote);
                if let Some(section) = sections.last_mut() {
                    section.extend(literal.map(Token::Literal));
                }
                continue;
            }
            '\\' => match rest.next() {
                Some(escaped) => Token::Literal(escaped),
                None => continue,
            },
            '0' => Token::Digit { zero: true },
            '#' => Token::Digit { zero: false },
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Scale('%', 2),
            '\u{2030}' => Token::Scale('\u{2030}', 3),
            letter @ ('E' | 'e') => {
                let mut ahead = rest.clone();
                let plus = ahead.peek() == Some(&'+');
                if matches!(ahead.peek(), Some('+' | '-')) {
                    ahead.next();
                }
                let mut width = 0;
                while ahead.next_if_eq(&'0').is_some() {
                    width += 1;
                }
                if width == 0 {
                    Token::Literal(letter)
                } else {
                    rest = ahead;
                    Token::Exponent(letter, plus, width.min(10))
                }
            }
            other => Token::Literal(other),
        };
        if let Some(section) = sections.last_mut() {
            section.push(token);
        }
    }
    sections
}

/// What the places of a section say together.
struct Layout<'a> {
    tokens: &'a [Token],
    /// How many digit places there are, and how many of them are before the point.
    places: i32,
    before: i32,
    /// Zeros are written from this place before the point to this place after it.
    first_zero: i32,
    last_zero: i32,
    groups: bool,
    power: i32,
    scientific: bool,
}

impl<'a> Layout<'a> {
    fn read(tokens: &'a [Token]) -> Self {
        let (mut places, mut point, mut first, mut last) = (0, None, None, 0);
        let (mut power, mut scientific, mut groups) = (0, false, false);
        // The place of the last run of commas and how many there are.
        let mut commas: Option<(i32, i32)> = None;
        for token in tokens {
            match token {
                Token::Digit { zero } => {
                    if *zero {
                        first.get_or_insert(places);
                        last = places + 1;
                    }
                    places += 1;
                }
                Token::Point => {
                    point.get_or_insert(places);
                }
                Token::Comma if places > 0 && point.is_none() => match &mut commas {
                    Some((place, count)) if *place == places => *count += 1,
                    earlier => {
                        groups |= earlier.is_some();
                        *earlier = Some((places, 1));
                    }
                },
                Token::Scale(_, by) => power += by,
                Token::Exponent(..) => scientific = true,
                Token::Comma | Token::Literal(_) => {}
            }
        }
        let before = point.unwrap_or(places);
        if let Some((place, count)) = commas {
            // Commas right before the point divide by a thousand each, others ask for groups.
            if place == before {
                power -= count * 3;
            } else {
                groups = true;
            }
        }
        Self {
            tokens,
            places,
            before,
            first_zero: first.map_or(0, |first| (before - first).max(0)),
            last_zero: (before - last).min(0),
            groups,
            power,
            scientific,
        }
    }

    /// The number multiplied as the section says and rounded to its places.
    fn scaled(&self, number: &Decimal) -> Result<Decimal, Failure> {
        let mut number = number.clone();
        if number.digits.is_empty() {
            return Ok(number);
        }
        number.scale += self.power;
        let kept = if self.scientific {
            self.places
        } else {
            number.scale + self.places - self.before
        };
        number.round_to(i64::from(kept))?;
        Ok(number)
    }

    fn write(&self, number: &Decimal) -> String {
        let mut out = Digits {
            digits: number.digits.iter(),
            text: String::new(),
            place: self.before,
            groups: self.groups && !self.scientific,
            total: 0,
        };
        // How many digits stand before the first place, or how many places before the first digit.
        let mut excess = 0;
        if !self.scientific {
            excess = number.scale - self.before;
            out.place = number.scale.max(self.before);
        }
        out.total = (out.place + excess.min(0)).max(self.first_zero);
        let mut point = false;
        for token in self.tokens {
            if matches!(token, Token::Digit { .. } | Token::Point) {
                while excess > 0 {
                    let digit = out.digit().unwrap_or('0');
                    out.push(digit);
                    excess -= 1;
                }
            }
            match token {
                Token::Digit { .. } => {
                    let digit = if excess < 0 {
                        excess += 1;
                        (out.place <= self.first_zero).then_some('0')
                    } else {
                        let place = out.place;
                        out.digit()
                            .or_else(|| (place > self.last_zero).then_some('0'))
                    };
                    match digit {
                        Some(digit) => out.push(digit),
                        None => out.place -= 1,
                    }
                }
                Token::Point if out.place == 0 && !point => {
                    let more = self.before < self.places && !out.digits.as_slice().is_empty();
                    if self.last_zero < 0 || more {
                        out.text.push('.');
                        point = true;
                    }
                }
                Token::Point | Token::Comma => {}
                Token::Scale(sign, _) => out.text.push(*sign),
                Token::Literal(character) => out.text.push(*character),
                Token::Exponent(letter, plus, width) => {
                    let exponent = if number.digits.is_empty() {
                        0
                    } else {
                        number.scale - self.before
                    };
                    out.text
                        .push_str(&exponent_text(exponent, *letter, *width, *plus));
                }
            }
        }
        out.text
    }
}

/// The digits still to be written, and where the next one stands: 1 is the last before the point.
struct Digits<'a> {
    digits: std::slice::Iter<'a, u8>,
    text: String,
    place: i32,
    groups: bool,
    total: i32,
}

impl Digits<'_> {
    fn digit(&mut self) -> Option<char> {
        self.digits.next().map(|digit| char::from(b'0' + digit))
    }

    fn push(&mut self, digit: char) {
        self.text.push(digit);
        let after = self.place - 1;
        if self.groups && after > 0 && after % 3 == 0 && after < self.total {
            self.text.push(',');
        }
        self.place = after;
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::format;
    use crate::syntax::Number;

    #[test]
    fn digit_places_fill_up_and_make_room() {
        for (number, pattern, expected) in [
            (123, "00000", "00123"),
            (7, "000", "007"),
            (1234, "0", "1234"),
            (-5, "000", "-005"),
            (0, "#", ""),
            (0, "0", "0"),
            (123, "#####", "123"),
            (12, "000-000", "000-012"),
            (1_234_567_890, "(###) ###-####", "(123) 456-7890"),
            (1_234_567_890, "0,0", "1,234,567,890"),
            (1_234_567_890, "#,#", "1,234,567,890"),
            (1_234_567_890, "0,,", "1235"),
            (1_234_567_890, "#,##0,,", "1,235"),
            (12, "0.00", "12.00"),
            (12, "0.##", "12"),
            (5, "00%", "500%"),
            (86_000, "0.###E+0", "8.6E+4"),
            (86_000, "0.###E+000", "8.6E+004"),
            (86_000, "0.###E-000", "8.6E004"),
            (12, "##;(##)", "12"),
            (-12, "##;(##)", "(12)"),
            (0, "##;(##);none", "none"),
            (42, "'nr. '0", "nr. 42"),
            (42, "\\#0", "#42"),
            (9, "Subnet 00", "Subnet 09"),
        ] {
            let written = format(&Number::Integer(number), pattern).unwrap();
            assert_eq!(written, expected, "{number} {pattern}");
        }
    }

    #[test]
    fn fractions_are_rounded_to_the_places_there_are() {
        for (number, pattern, expected) in [
            (0.45678, "0.00", "0.46"),
            (0.45678, "#.##", ".46"),
            (1234.5678, "00000", "01235"),
            (0.086, "#0.##%", "8.6%"),
            (0.003_697, "0.0\u{2030}", "3.7\u{2030}"),
            (-0.001, "0.0;neg;null", "null"),
        ] {
            let written = format(&Number::Float(number), pattern).unwrap();
            assert_eq!(written, expected, "{number} {pattern}");
        }
    }
}
