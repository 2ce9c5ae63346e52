//! `format`: composite format strings, as .NET's `String.Format` reads them
//! (<https://learn.microsoft.com/dotnet/standard/base-types/composite-formatting>).

use std::sync::Arc;

use super::partial::extent_of_all;
use super::text::{pieces, single_quoted};
use super::{Arguments, MAX_TEXT, Outcome, Problem};
use crate::eval::functions::dotnet::{Failure, number};
use crate::eval::value::{Data, Piece, Unknown, Value};
use crate::origin::OriginId;

pub(super) fn format(call: &Arguments<'_>) -> Outcome {
    let template = call.text(0)?;
    let mut result: Vec<Piece> = Vec::new();
    let mut literal = String::new();
    let mut rest = &**template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else {
            let (item, after) = from
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .filter(|(item, _)| !item.contains('{'))
                .ok_or_else(|| Problem::wrong("this format string has an unpaired brace"))?;
            result.push(Piece::Literal(std::mem::take(&mut literal).into()));
            result.extend(Item::read(item)?.write(call)?);
            rest = after;
        }
    }
    literal.push_str(rest);
    result.push(Piece::Literal(literal.into()));
    call.give_pieces(result)
}

/// One place of a format string: `{0,-8:D4}`.
struct Item<'a> {
    text: &'a str,
    index: usize,
    /// The least width, and whether the padding stands on the right.
    alignment: Option<(usize, bool)>,
    format: &'a str,
}

impl<'a> Item<'a> {
    fn read(text: &'a str) -> Result<Self, Problem> {
        let wrong = || Problem::wrong(format!("'{{{text}}}' is no place of a format string"));
        let (selector, format) = text.split_once(':').unwrap_or((text, ""));
        let (index, alignment) = match selector.split_once(',') {
            Some((index, alignment)) => (index, Some(alignment.trim())),
            None => (selector, None),
        };
        let digits = |text: &str| -> Result<usize, Problem> {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            text.parse().map_err(|_| wrong())
        };
        let alignment = match alignment {
            Some(text) => {
                let right = text.strip_prefix('-');
                let width = digits(right.unwrap_or(text))?;
                if width > MAX_TEXT {
                    return Err(Problem::TooLarge);
                }
                Some((width, right.is_some()))
            }
            None => None,
        };
        Ok(Self {
            text,
            index: digits(index.trim_end())?,
            alignment,
            format,
        })
    }

    fn write(&self, call: &Arguments<'_>) -> Result<Vec<Piece>, Problem> {
        let values = call.values.get(1..).unwrap_or_default();
        let value = values.get(self.index).ok_or_else(|| {
            Problem::wrong(format!(
                "the format string asks for {{{}}}, which is not given",
                self.index
            ))
        })?;
        let written = match &value.data {
            // What has a format of its own is a number; what an unknown is, is not known.
            Data::Unknown(_) if !self.format.is_empty() => vec![self.hole(value)],
            Data::Number(known) => match number::format(known, self.format) {
                Ok(text) => vec![Piece::Literal(text.into())],
                Err(Failure::Format(message)) => return Err(Problem::Wrong(message)),
                Err(Failure::TooLong) => return Err(Problem::TooLarge),
                Err(Failure::Culture) => vec![self.hole(value)],
            },
            Data::List(_) | Data::Object(_) => {
                let text = single_quoted(value).map(|text| Piece::Literal(text.into()));
                vec![text.unwrap_or_else(|| self.hole(value))]
            }
            _ => pieces(value).unwrap_or_else(|| vec![self.hole(value)]),
        };
        let Some((width, right)) = self.alignment else {
            return Ok(written);
        };
        let (least, most) = extent_of_all(&written);
        if least >= width {
            return Ok(written);
        }
        if most != Some(least) {
            return Ok(vec![self.hole(value)]);
        }
        let padding = Piece::Literal(" ".repeat(width - least).into());
        let mut padded = written;
        if right {
            padded.push(padding);
        } else {
            padded.insert(0, padding);
        }
        Ok(padded)
    }

    /// What this place gives of a value that is not known well enough.
    fn hole(&self, value: &Value) -> Piece {
        let place = self.text.split_once([',', ':']).map_or("", |_| {
            self.text
                .trim_start_matches(|one: char| one.is_ascii_digit())
        });
        let place = Value::string(place, OriginId::NONE);
        Piece::Hole(Arc::new(Unknown::derived(
            "format",
            &[place, value.clone()],
        )))
    }
}
