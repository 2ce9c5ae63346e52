//! Points in time in the notation of RFC 3339.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

/// Where seconds are counted from: 1970-01-01T00:00:00Z.
pub const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A point in time and the offset it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// The offset from UTC it is written with, in seconds.
    pub offset: i64,
}

impl Timestamp {
    /// Reads `2026-01-02T03:04:05Z` or with an offset; fractions of a second are cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let cut = time.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = time.split_at_checked(cut)?;
        let clock = clock.split('.').next()?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let offset = match zone {
            "Z" | "z" => 0_i64,
            _ => {
                let (sign, rest) = zone.split_at_checked(1)?;
                let [hours, minutes] = numbers(rest, ':', [2, 2])?;
                let seconds = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
                if sign == "-" { -seconds } else { seconds }
            }
        };
        let small = |number: i16| i8::try_from(number).ok();
        let date = Date::new(year, small(month)?, small(day)?).ok()?;
        let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        let civil = date.to_datetime(time);
        let seconds = civil.duration_since(EPOCH).as_secs() - offset;
        Some(Self { seconds, offset })
    }

    /// The same later by a number of seconds.
    #[must_use]
    pub fn later(self, seconds: i64) -> Self {
        Self {
            seconds: self.seconds.saturating_add(seconds),
            ..self
        }
    }

    /// RFC 3339.
    ///
    /// # Errors
    /// See [`Self::format`].
    pub fn to_text(self) -> Result<String, String> {
        self.format("YYYY-MM-DD'T'hh:mm:ssZ")
    }

    /// Terraform's `formatdate`: runs of `YMDEhHAasmZ` are fields, quotes enclose text.
    ///
    /// # Errors
    /// For letters that are no field, and for years after 9999.
    pub fn format(self, pattern: &str) -> Result<String, String> {
        let at = self
            .civil()
            .ok_or("the time is not in a year of four digits")?;
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        let half = if hour % 12 == 0 { 12 } else { hour % 12 };
        let (month_name, week_day) = (month_name(at), week_day_name(at));
        let short = |name: &str| name.get(..3).unwrap_or(name).to_owned();
        let mut out = String::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            if first == '\'' {
                let after = rest.get(1..).unwrap_or("");
                let end = after
                    .find('\'')
                    .ok_or("a quote in the format is not closed")?;
                let text = after.get(..end).unwrap_or("");
                out.push_str(if text.is_empty() { "'" } else { text });
                rest = after.get(end + 1..).unwrap_or("");
                continue;
            }
            let length = rest.len() - rest.trim_start_matches(first).len();
            let (field, after) = rest.split_at(length);
            rest = after;
            let text = match field {
                "YYYY" => format!("{year:04}"),
                "YY" => format!("{:02}", year % 100),
                "MMMM" => month_name.to_owned(),
                "MMM" => short(month_name),
                "MM" => format!("{month:02}"),
                "M" => month.to_string(),
                "DD" => format!("{day:02}"),
                "D" => day.to_string(),
                "EEEE" => week_day.to_owned(),
                "EEE" => short(week_day),
                "hh" => format!("{hour:02}"),
                "h" => hour.to_string(),
                "HH" => format!("{half:02}"),
                "H" => half.to_string(),
                "AA" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                "aa" => if hour < 12 { "am" } else { "pm" }.to_owned(),
                "mm" => format!("{minute:02}"),
                "m" => minute.to_string(),
                "ss" => format!("{second:02}"),
                "s" => second.to_string(),
                "ZZZZZ" => self.zone(":"),
                "ZZZZ" => self.zone(""),
                "ZZZ" if self.offset == 0 => "UTC".to_owned(),
                "ZZZ" => self.zone(""),
                "Z" if self.offset == 0 => "Z".to_owned(),
                "Z" => self.zone(":"),
                _ if first.is_ascii_alphabetic() => {
                    return Err(format!("\"{field}\" is no field of a date format"));
                }
                other => other.to_owned(),
            };
            out.push_str(&text);
        }
        Ok(out)
    }

    fn civil(self) -> Option<DateTime> {
        let local = self.seconds.checked_add(self.offset)?;
        let at = EPOCH.checked_add(SignedDuration::from_secs(local)).ok()?;
        (at.year() >= 0).then_some(at)
    }

    fn zone(self, between: &str) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs() / 60;
        format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60)
    }
}

/// Seconds of a duration like `1h30m`, `-10s`, `1.5h`; parts of a second are cut off.
#[must_use]
pub fn duration_seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let factor = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    Some((sign * total) as i64)
}

/// The English name of the month.
#[must_use]
pub fn month_name(at: DateTime) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let index = usize::try_from(at.month() - 1).unwrap_or(0);
    NAMES.get(index).unwrap_or(&"")
}

/// The English name of the day of the week.
#[must_use]
pub fn week_day_name(at: DateTime) -> &'static str {
    const NAMES: [&str; 7] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    let index = usize::try_from(at.weekday().to_sunday_zero_offset()).unwrap_or(0);
    NAMES.get(index).unwrap_or(&"")
}

fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i16; N]> {
    let mut out = [0; N];
    let mut parts = text.split(separator);
    for (slot, width) in out.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_moved_and_written() {
        let time = Timestamp::parse("2017-11-22T00:00:00Z").unwrap();
        assert_eq!(time.later(600).to_text().unwrap(), "2017-11-22T00:10:00Z");
        assert_eq!(
            Timestamp::parse("2024-02-28T23:30:00+02:00")
                .unwrap()
                .later(3_600)
                .to_text()
                .unwrap(),
            "2024-02-29T00:30:00+02:00"
        );
        assert_eq!(Timestamp::parse("1970-01-01T00:00:00Z").unwrap().seconds, 0);
        assert!(Timestamp::parse("2023-02-29T00:00:00Z").is_none());
        assert!(Timestamp::parse("yesterday").is_none());
        assert!(time.later(i64::MAX).to_text().is_err());
    }

    #[test]
    fn dates_are_formatted_as_terraform_does() {
        let time = Timestamp::parse("2018-01-02T23:12:01Z").unwrap();
        assert_eq!(
            time.format("DD MMM YYYY hh:mm ZZZ").unwrap(),
            "02 Jan 2018 23:12 UTC"
        );
        assert_eq!(
            time.format("EEEE, DD-MMM-YY hh:mm:ss ZZZ").unwrap(),
            "Tuesday, 02-Jan-18 23:12:01 UTC"
        );
        assert_eq!(time.format("HH:mmaa").unwrap(), "11:12pm");
        assert!(time.format("YYY").is_err());
    }

    #[test]
    fn durations_are_sums() {
        assert_eq!(duration_seconds("1h30m"), Some(5_400));
        assert_eq!(duration_seconds("-1.5h"), Some(-5_400));
        assert_eq!(duration_seconds("8760h"), Some(31_536_000));
        assert_eq!(duration_seconds("x"), None);
        assert_eq!(duration_seconds(""), None);
    }
}
