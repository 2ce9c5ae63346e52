//! Dates (<https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-date>).

use std::sync::Arc;

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::functions::dotnet::Failure;
use crate::eval::functions::dotnet::date::{Field, Moment, Notation, duration, fields, notation};
use crate::eval::value::{Bounds, Piece, Reason, Unknown, Value};
use crate::origin::OriginId;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "datetimeadd" => date_time_add,
        "datetimefromepoch" => date_time_from_epoch,
        "datetimetoepoch" => |call| call.give_integer(moment(call)?.epoch()),
        "utcnow" => utc_now,
        _ => return None,
    })
}

fn moment(call: &Arguments<'_>) -> Result<Moment, Problem> {
    let text = call.text(0)?;
    Moment::parse(text)
        .ok_or_else(|| Problem::at(0, format!("'{text}' is no date and time of ISO 8601")))
}

fn out_of_calendar() -> Problem {
    Problem::wrong("this date is not between the years 1 and 9999")
}

fn date_time_add(call: &Arguments<'_>) -> Outcome {
    let base = moment(call)?;
    let text = call.text(1)?;
    let duration = duration(text)
        .ok_or_else(|| Problem::at(1, format!("'{text}' is no duration of ISO 8601")))?;
    let sum = base.later(duration).ok_or_else(out_of_calendar)?;
    match call.values.get(2) {
        Some(format) if !format.is_null() => written(call, sum, call.text(2)?),
        _ => like_the_base(call, sum),
    }
}

/// A moment by a format. Whether one with an offset is written in UTC is not documented.
fn written(call: &Arguments<'_>, moment: Moment, format: &str) -> Outcome {
    let mut texts = vec![text_of(moment, format)?];
    if moment.is_offset() {
        let utc = moment.in_utc().ok_or_else(out_of_calendar)?;
        texts.push(text_of(utc, format)?);
    }
    one_of(call, texts)
}

fn text_of(moment: Moment, format: &str) -> Result<String, Problem> {
    moment.format(format).map_err(|failure| match failure {
        Failure::Format(message) => Problem::Wrong(message),
        Failure::Culture => Problem::Unknown,
        Failure::TooLong => Problem::TooLarge,
    })
}

/// The sum without a format. The documentation says both that it has the format of the base, and
/// that `2024-01-01 00:00:00Z`, with a space, gives `2024-12-31T00:00:00Z`, with a `T`.
fn like_the_base(call: &Arguments<'_>, sum: Moment) -> Outcome {
    let Notation {
        basic,
        separator,
        fraction,
        zulu,
    } = notation(call.text(0)?);
    if sum.is_offset() || !zulu || fraction > 0 {
        return Err(Problem::Unknown);
    }
    let between = separator.unwrap_or('T');
    let as_the_base = if basic {
        format!("yyyyMMdd'{between}'HHmmss'Z'")
    } else {
        format!("yyyy-MM-dd'{between}'HH:mm:ss'Z'")
    };
    let texts = [as_the_base.as_str(), "yyyy-MM-dd'T'HH:mm:ss'Z'"];
    let texts: Result<Vec<String>, Problem> = texts
        .into_iter()
        .map(|format| text_of(sum, format))
        .collect();
    one_of(call, texts?)
}

/// The text that all readings share, else an unknown that is one of them.
fn one_of(call: &Arguments<'_>, mut texts: Vec<String>) -> Outcome {
    texts.dedup();
    match texts.as_slice() {
        [only] => call.give_text(only.as_str()),
        _ => {
            let origin = call.origin();
            let values = texts.into_iter().map(|text| Value::string(text, origin));
            let unknown = call.unknown(Bounds::OneOf(values.collect()));
            Ok(Value::unknown(unknown, origin))
        }
    }
}

fn date_time_from_epoch(call: &Arguments<'_>) -> Outcome {
    let moment = Moment::from_epoch(call.integer(0)?).ok_or_else(out_of_calendar)?;
    call.give_text(text_of(moment, "yyyy-MM-dd'T'HH:mm:ss'Z'")?)
}

/// `utcNow`: the time is not known, but its format is: what stands between the fields, and for a
/// field alone what it may be. Every call is another time.
fn utc_now(call: &Arguments<'_>) -> Outcome {
    let place = format!("{}:{}", call.span.file.0, call.span.start);
    let hole = |index: usize, bounds: Bounds| {
        let reason = Reason::RunTimeFunction(Arc::clone(call.name));
        let label = format!("{}()", call.name);
        Unknown::new(&format!("{place}:{index}"), label, reason).with_bounds(bounds)
    };
    let format = match call.values.first() {
        Some(value) if !value.is_null() => call.text(0)?,
        // `yyyyMMddTHHmmssZ`
        _ => {
            let unknown = hole(0, Bounds::Length(16, Some(16)));
            return Ok(Value::unknown(unknown, call.origin()));
        }
    };
    let fields = fields(format).map_err(|failure| match failure {
        Failure::Format(message) => Problem::at(0, message),
        _ => Problem::Unknown,
    })?;
    let mut pieces: Vec<Piece> = Vec::new();
    let mut index = 0;
    for run in fields.chunk_by(|one, other| is_field(*one) && is_field(*other)) {
        pieces.push(match run {
            [Field::Literal(one)] => Piece::Literal(one.to_string().into()),
            run => {
                index += 1;
                Piece::Hole(Arc::new(hole(index, bounds_of(run))))
            }
        });
    }
    call.give_pieces(pieces)
}

fn is_field(field: Field) -> bool {
    matches!(field, Field::Run(..))
}

/// What fields without anything between them may be.
fn bounds_of(run: &[Field]) -> Bounds {
    if let [Field::Run(letter, count @ ..=2)] = run {
        let range = match letter {
            'M' | 'h' => Some(1..=12),
            'd' => Some(1..=31),
            'H' => Some(0..=23),
            'm' | 's' => Some(0..=59),
            _ => None,
        };
        if let Some(range) = range {
            let one = |number: u8| {
                Value::string(format!("{number:0width$}", width = *count), OriginId::NONE)
            };
            return Bounds::OneOf(range.map(one).collect());
        }
    }
    let width = run.iter().map(|field| match field {
        Field::Literal(_) => Some(1),
        Field::Run('y', count @ 2..) | Field::Run('f', count) => Some(*count),
        Field::Run('M' | 'd' | 'H' | 'h' | 'm' | 's' | 't', 2) => Some(2),
        Field::Run(..) => None,
    });
    match width.sum::<Option<usize>>() {
        Some(width) => Bounds::Length(width, Some(width)),
        None => Bounds::Any,
    }
}
