//! Points in time: ISO 8601 in, .NET's standard and custom date formats out.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::fmt::temporal::{DateTimeParser, SpanParser};
use jiff::tz::Offset;

use super::Failure;
use crate::eval::functions::date::{EPOCH, month_name, week_day_name};

/// A point in time and the offset from UTC it is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// As written, in the offset.
    civil: DateTime,
    offset: Offset,
}

/// How a point in time was written, as far as ISO 8601 leaves a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notation {
    /// Date and time without separators: `20260102T030405Z`.
    pub basic: bool,
    /// What is between date and time; none where there is no time.
    pub separator: Option<char>,
    /// Digits of the fraction of a second.
    pub fraction: usize,
    /// Whether it ends in `Z`.
    pub zulu: bool,
}

impl Moment {
    /// Reads a date or a date and time in a format of ISO 8601. Without an offset it is UTC.
    ///
    /// ```
    /// use aznet::eval::functions::dotnet::date::Moment;
    /// let moment = Moment::parse("2026-03-01T12:00:00+02:00").unwrap();
    /// assert_eq!(moment.epoch(), 1_772_359_200);
    /// assert!(Moment::parse("next week").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pieces = DateTimeParser::new().parse_pieces(text.trim()).ok()?;
        if pieces.time_zone_annotation().is_some() || pieces.date().year() < 1 {
            return None;
        }
        let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
        let civil = pieces.date().to_datetime(pieces.time().unwrap_or_default());
        Some(Self { civil, offset })
    }

    /// The moment so many seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_epoch(seconds: i64) -> Option<Self> {
        let moment = Self {
            civil: EPOCH,
            offset: Offset::UTC,
        };
        moment.later(SignedDuration::from_secs(seconds))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn epoch(self) -> i64 {
        let local = self.civil.duration_since(EPOCH);
        let seconds = local.as_nanos().div_euclid(1_000_000_000);
        i64::try_from(seconds).unwrap_or(i64::MAX) - i64::from(self.offset.seconds())
    }

    /// The moment later by a duration; `None` outside of the years 1 to 9999.
    #[must_use]
    pub fn later(self, duration: SignedDuration) -> Option<Self> {
        let civil = self.civil.checked_add(duration).ok()?;
        (civil.year() >= 1).then_some(Self { civil, ..self })
    }

    /// Whether it is written with an offset other than that of UTC.
    #[must_use]
    pub fn is_offset(self) -> bool {
        !self.offset.is_zero()
    }

    /// The same moment written in UTC; `None` outside of the years 1 to 9999.
    #[must_use]
    pub fn in_utc(self) -> Option<Self> {
        let behind = SignedDuration::from_secs(-i64::from(self.offset.seconds()));
        let moved = self.later(behind)?;
        Some(Self {
            offset: Offset::UTC,
            ..moved
        })
    }

    /// By a format string of .NET: `d`, `o`, `yyyy-MM-dd`.
    ///
    /// ```
    /// use aznet::eval::functions::dotnet::date::Moment;
    /// let moment = Moment::parse("2026-03-01T17:04:05Z").unwrap();
    /// assert_eq!(moment.format("d"), Ok("03/01/2026".to_owned()));
    /// assert_eq!(moment.format("M d, h:mm tt"), Ok("3 1, 5:04 PM".to_owned()));
    /// ```
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn format(self, format: &str) -> Result<String, Failure> {
        let mut text = String::new();
        for field in fields(format)? {
            match field {
                Field::Literal(literal) => text.push(literal),
                Field::Run(letter, count) => {
                    let written = self.field(letter, count)?;
                    // A fraction without digits takes the point before it along.
                    if letter == 'F' && written.is_empty() && text.ends_with('.') {
                        text.pop();
                    }
                    text.push_str(&written);
                }
            }
        }
        Ok(text)
    }

    fn field(self, letter: char, count: usize) -> Result<String, Failure> {
        let at = self.civil;
        let number = |value: i64| match count {
            1 => value.to_string(),
            _ => format!("{value:02}"),
        };
        let year = i64::from(at.year());
        let half = if at.hour() % 12 == 0 {
            12
        } else {
            at.hour() % 12
        };
        Ok(match (letter, count) {
            ('d', ..=2) => number(at.day().into()),
            ('d', 3) => short(week_day_name(at)),
            ('d', _) => week_day_name(at).to_owned(),
            ('M', ..=2) => number(at.month().into()),
            ('M', 3) => short(month_name(at)),
            ('M', _) => month_name(at).to_owned(),
            ('y', ..=2) => number(year % 100),
            ('y', _) => format!("{year:0count$}"),
            ('h', _) => number(half.into()),
            ('H', _) => number(at.hour().into()),
            ('m', _) => number(at.minute().into()),
            ('s', _) => number(at.second().into()),
            ('t', 1) => if at.hour() < 12 { "A" } else { "P" }.to_owned(),
            ('t', _) => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            ('g', _) => "A.D.".to_owned(),
            ('f' | 'F', ..=7) => {
                let nanoseconds = format!("{:09}", at.subsec_nanosecond());
                let digits = nanoseconds.get(..count).unwrap_or_default();
                match letter {
                    'F' => digits.trim_end_matches('0').to_owned(),
                    _ => digits.to_owned(),
                }
            }
            ('z', _) => {
                let seconds = self.offset.seconds();
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                match count {
                    1 => format!("{sign}{}", minutes / 60),
                    2 => format!("{sign}{:02}", minutes / 60),
                    _ => format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60),
                }
            }
            // `Z`, `+00:00` or nothing, by a type that is not documented.
            ('K', _) if !self.is_offset() => return Err(Failure::Culture),
            ('K', _) => self.field('z', 3)?,
            _ => {
                let run: String = std::iter::repeat_n(letter, count.min(20)).collect();
                return Err(Failure::Format(format!(
                    "'{run}' is no field of a date format"
                )));
            }
        })
    }
}

/// How a point in time is written.
#[must_use]
pub fn notation(text: &str) -> Notation {
    let text = text.trim();
    let time = text.find(['T', 't', ' ']);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = text
        .find(['.', ','])
        .and_then(|at| text.get(at + 1..))
        .map_or(0, digits);
    Notation {
        basic: digits(text) == 8,
        separator: time.and_then(|at| text.get(at..)?.chars().next()),
        fraction,
        zulu: text.ends_with(['Z', 'z']),
    }
}

/// A duration of ISO 8601, `P1DT12H` or `-PT30M`. A year is 365 days and a month 30, which is how
/// `dateTimeAdd` documents them.
///
/// ```
/// use aznet::eval::functions::dotnet::date::duration;
/// assert_eq!(duration("-P1M").unwrap().as_hours(), -720);
/// assert!(duration("1 day").is_none());
/// ```
#[must_use]
pub fn duration(text: &str) -> Option<SignedDuration> {
    let span = SpanParser::new().parse_span(text.trim()).ok()?;
    let days = i64::from(span.get_years()) * 365
        + i64::from(span.get_months()) * 30
        + i64::from(span.get_weeks()) * 7
        + i64::from(span.get_days());
    let seconds = days * 86_400
        + i64::from(span.get_hours()) * 3_600
        + span.get_minutes() * 60
        + span.get_seconds();
    let nanoseconds = span.get_milliseconds() * 1_000_000
        + span.get_microseconds() * 1_000
        + span.get_nanoseconds();
    SignedDuration::from_secs(seconds).checked_add(SignedDuration::from_nanos(nanoseconds))
}

/// An element of a custom date format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A character that stands for itself.
    Literal(char),
    /// So many of a letter that is a field.
    Run(char, usize),
}

/// The elements of a date format, standard formats spelled out.
///
/// # Errors
/// For a letter that is no format, a quote without an end, a `%` or `\` without a character.
pub fn fields(format: &str) -> Result<Vec<Field>, Failure> {
    let wrong = |message: &str| Failure::Format(message.to_owned());
    let mut characters = format.chars();
    let custom = match (characters.next(), characters.next()) {
        (None, _) => standard('G').unwrap_or_default(),
        (Some(letter), None) => standard(letter)
            .ok_or_else(|| Failure::Format(format!("'{letter}' is no format for dates")))?,
        _ => format,
    };
    let mut fields = Vec::new();
    let mut rest = custom.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                let escaped = rest.next();
                let escaped = escaped.ok_or_else(|| wrong("the format ends in a backslash"))?;
                fields.push(Field::Literal(escaped));
            }
            quote @ ('\'' | '"') => loop {
                match rest.next() {
                    Some('\\') => fields.extend(rest.next().map(Field::Literal)),
                    Some(end) if end == quote => break,
                    Some(literal) => fields.push(Field::Literal(literal)),
                    None => return Err(wrong("a quote in the format is not closed")),
                }
            },
            '%' if matches!(rest.peek(), None | Some('%')) => {
                return Err(wrong("'%' needs a field after it"));
            }
            '%' => {}
            letter if "dfFghHKmMstyz".contains(letter) => {
                let mut count = 1;
                while letter != 'K' && rest.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                if count > 100 || (count > 7 && matches!(letter, 'f' | 'F')) {
                    return Err(wrong("a field of the format is too long"));
                }
                fields.push(Field::Run(letter, count));
            }
            literal => fields.push(Field::Literal(literal)),
        }
    }
    Ok(fields)
}

/// The custom format a standard one stands for in the invariant culture.
fn standard(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "MM/dd/yyyy",
        'D' => "dddd, dd MMMM yyyy",
        'f' => "dddd, dd MMMM yyyy HH:mm",
        'F' | 'U' => "dddd, dd MMMM yyyy HH:mm:ss",
        'g' => "MM/dd/yyyy HH:mm",
        'G' => "MM/dd/yyyy HH:mm:ss",
        'm' | 'M' => "MMMM dd",
        'o' | 'O' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
        'r' | 'R' => "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        's' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
        't' => "HH:mm",
        'T' => "HH:mm:ss",
        'u' => "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
        'y' | 'Y' => "yyyy MMMM",
        _ => return None,
    })
}

fn short(name: &str) -> String {
    name.get(..3).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn the_notations_of_iso_8601_are_read() {
        let noon = 1_772_366_400;
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01 12:00:00Z",
            "20260301T120000Z",
            "2026-03-01T12:00:00",
            "2026-03-01T14:00:00+02:00",
            "2026-03-01T12:00",
            "2026-03-01T12:00:00.25Z",
        ] {
            assert_eq!(moment(text).epoch(), noon, "{text}");
        }
        assert_eq!(moment("2026-03-01").epoch(), noon - 43_200);
        for text in [
            "2026-02-30T00:00:00Z",
            "3/1/2026",
            "",
            "2026-03-01T12:00:00[UTC]",
        ] {
            assert!(Moment::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn standard_formats_are_those_of_the_invariant_culture() {
        let at = moment("2009-06-15T13:45:30Z");
        for (format, expected) in [
            ("d", "06/15/2009"),
            ("D", "Monday, 15 June 2009"),
            ("f", "Monday, 15 June 2009 13:45"),
            ("F", "Monday, 15 June 2009 13:45:30"),
            ("g", "06/15/2009 13:45"),
            ("G", "06/15/2009 13:45:30"),
            ("M", "June 15"),
            ("R", "Mon, 15 Jun 2009 13:45:30 GMT"),
            ("s", "2009-06-15T13:45:30"),
            ("t", "13:45"),
            ("T", "13:45:30"),
            ("u", "2009-06-15 13:45:30Z"),
            ("Y", "2009 June"),
        ] {
            assert_eq!(at.format(format).unwrap(), expected, "{format}");
        }
        assert_eq!(at.format("o"), Err(Failure::Culture));
        assert!(matches!(at.format("q"), Err(Failure::Format(_))));
    }

    #[test]
    fn custom_formats_are_runs_of_letters() {
        let at = moment("2009-06-05T00:07:09.6175Z");
        for (format, expected) in [
            ("yyyyMMddTHHmmssZ", "20090605T000709Z"),
            ("M d", "6 5"),
            ("%d", "5"),
            ("ddd dddd MMM MMMM", "Fri Friday Jun June"),
            ("y yy yyy yyyyy", "9 09 2009 02009"),
            ("h hh H HH m s", "12 12 0 00 7 9"),
            ("t tt", "A AM"),
            ("ff fffff FFFFF", "61 61750 6175"),
            ("s.FFF", "9.617"),
            ("z zz zzz", "+0 +00 +00:00"),
            ("'day' d \\d \"h\"", "day 5 d h"),
            ("yyyy/MM", "2009/06"),
        ] {
            assert_eq!(at.format(format).unwrap(), expected, "{format}");
        }
        for format in ["yy'x", "yy\\", "d%", "ffffffff"] {
            assert!(
                matches!(at.format(format), Err(Failure::Format(_))),
                "{format}"
            );
        }
    }

    #[test]
    fn durations_count_years_as_365_and_months_as_30_days() {
        let days = |text: &str| duration(text).unwrap().as_secs() / 86_400;
        assert_eq!(days("P1Y"), 365);
        assert_eq!(days("-P9D"), -9);
        assert_eq!(days("P1M1W"), 37);
        assert_eq!(duration("PT1H30M0.5S").unwrap().as_millis(), 5_400_500);
        for text in ["P", "1h", "PT", "P1H", "two days"] {
            assert!(duration(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_calendar_ends_where_that_of_net_does() {
        let last = moment("9999-12-31T23:59:59Z");
        assert!(last.later(SignedDuration::from_secs(1)).is_none());
        assert!(
            moment("0001-01-01")
                .later(SignedDuration::from_secs(-1))
                .is_none()
        );
        assert!(Moment::from_epoch(i64::MAX).is_none());
        assert_eq!(
            Moment::from_epoch(0).unwrap().format("s").unwrap(),
            "1970-01-01T00:00:00"
        );
    }
}
