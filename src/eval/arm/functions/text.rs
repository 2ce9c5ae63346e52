//! Values as text, the way the template language writes them.

use std::sync::Arc;

use crate::eval::functions::dotnet::number::plain;
use crate::eval::value::{Bounds, Data, Piece, Unknown, Value};
use crate::origin::OriginId;
use crate::syntax::Number;

/// A value as it stands inside another string; `None` for arrays and objects not wholly known.
pub(in super::super) fn pieces(value: &Value) -> Option<Vec<Piece>> {
    Some(match &value.data {
        Data::Null => Vec::new(),
        Data::Bool(true) => vec![Piece::Literal("True".into())],
        Data::Bool(false) => vec![Piece::Literal("False".into())],
        Data::Number(number) => vec![Piece::Literal(plain(number).into())],
        Data::String(text) => vec![Piece::Literal(Arc::clone(text))],
        Data::Template(pieces) => pieces.to_vec(),
        Data::Unknown(unknown) => vec![Piece::Hole(Arc::clone(unknown))],
        Data::List(_) | Data::Object(_) => vec![Piece::Literal(json_text(value)?.into())],
    })
}

/// A number in JSON: one that is no whole number keeps its point, `1.0`.
fn json_number(number: &Number) -> String {
    let text = plain(number);
    match number {
        Number::Float(_) if !text.contains(['.', 'E']) => format!("{text}.0"),
        _ => text,
    }
}

/// A value as compact JSON; `None` if a part of it is unknown.
pub(in super::super) fn json_text(value: &Value) -> Option<String> {
    let mut written = json_pieces(value)?.into_iter();
    match (written.next(), written.next()) {
        (Some(Piece::Literal(text)), None) => Some(text.to_string()),
        _ => None,
    }
}

/// A value as compact JSON with holes for what is unknown of it; `None` if it is too large.
pub(in super::super) fn json_pieces(value: &Value) -> Option<Vec<Piece>> {
    let mut json = Written::default();
    write_json(value, &mut json, 0)?;
    json.pieces.push(Piece::Literal(json.text.into()));
    Some(json.pieces)
}

/// JSON that is being written: what is finished, and the text at its end.
#[derive(Default)]
struct Written {
    pieces: Vec<Piece>,
    text: String,
}

impl Written {
    /// What a part of a value is in JSON where it is not known.
    fn hole(&mut self, unknown: Unknown) {
        let text = std::mem::take(&mut self.text);
        self.pieces.push(Piece::Literal(text.into()));
        self.pieces.push(Piece::Hole(Arc::new(unknown)));
    }
}

/// An array or object as it stands in a formatted string: compact JSON between single quotes.
/// Bicep's own tests have an object in a string, which compiles to `format`, come out as
/// `{'a':'b'}` (Azure/bicep, EvaluationTests). How a quote within is written is not documented:
/// `None`, as for what is not wholly known.
pub(in super::super) fn single_quoted(value: &Value) -> Option<String> {
    let text = json_text(value)?;
    (!text.contains(['\'', '\\'])).then(|| text.replace('"', "'"))
}

fn write_json(value: &Value, json: &mut Written, depth: usize) -> Option<()> {
    let into = &mut json.text;
    if depth > 100 || into.len() > super::MAX_TEXT || json.pieces.len() > super::MAX_ITEMS {
        return None;
    }
    match &value.data {
        Data::Null => into.push_str("null"),
        Data::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) => into.push_str(&json_number(number)),
        Data::String(text) => quote(text, into),
        // Where among the others the rest stands is not known.
        Data::List(list) if list.rest.is_some() => {
            into.push('[');
            let items = std::slice::from_ref(value);
            json.hole(Unknown::derived("json items", items));
            json.text.push(']');
        }
        Data::List(list) => {
            into.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    json.text.push(',');
                }
                write_json(item, json, depth + 1)?;
            }
            json.text.push(']');
        }
        Data::Object(object) if object.rest.is_some() => {
            into.push('{');
            let members = std::slice::from_ref(value);
            json.hole(Unknown::derived("json members", members));
            json.text.push('}');
        }
        Data::Object(object) => {
            into.push('{');
            for (index, (name, item)) in object.entries.iter().enumerate() {
                if index > 0 {
                    json.text.push(',');
                }
                quote(name, &mut json.text);
                json.text.push(':');
                write_json(item, json, depth + 1)?;
            }
            json.text.push('}');
        }
        Data::Template(pieces) => {
            into.push('"');
            for piece in pieces.iter() {
                match piece {
                    Piece::Literal(text) => escape(text, &mut json.text),
                    Piece::Hole(unknown) => {
                        json.hole(written("json text", unknown, |value| {
                            let mut text = String::new();
                            escape(value.as_str()?, &mut text);
                            Some(text)
                        }));
                    }
                }
            }
            json.text.push('"');
        }
        Data::Unknown(unknown) => json.hole(written("json", unknown, json_text)),
    }
    Some(())
}

/// What an unknown is in JSON, and what each of its candidates is.
fn written(how: &str, unknown: &Arc<Unknown>, write: impl Fn(&Value) -> Option<String>) -> Unknown {
    let hole = Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
    let derived = Unknown::derived(how, &[hole]);
    let Bounds::OneOf(values) = &unknown.bounds else {
        return derived;
    };
    let written = values
        .iter()
        .map(|value| Some(Value::string(write(value)?, value.origin)));
    match written.collect::<Option<Vec<_>>>() {
        Some(written) => derived.with_bounds(Bounds::OneOf(written)),
        None => derived,
    }
}

fn quote(text: &str, into: &mut String) {
    into.push('"');
    escape(text, into);
    into.push('"');
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            control if control < ' ' => {
                into.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => into.push(other),
        }
    }
}
