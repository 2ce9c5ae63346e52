//! Values as text, the way the template language writes them.

use std::sync::Arc;

use crate::eval::functions::dotnet::number::plain;
use crate::eval::value::{Data, Piece, Value};
use crate::syntax::Number;

/// A value as it stands inside another string; `None` for arrays and objects not wholly known.
pub(in super::super) fn pieces(value: &Value) -> Option<Vec<Piece>> {
    Some(match &value.data {
        Data::Null => Vec::new(),
        Data::Bool(true) => vec![Piece::Literal("True".into())],
        Data::Bool(false) => vec![Piece::Literal("False".into())],
        Data::Number(number) => vec![Piece::Literal(plain(*number).into())],
        Data::String(text) => vec![Piece::Literal(Arc::clone(text))],
        Data::Template(pieces) => pieces.to_vec(),
        Data::Unknown(unknown) => vec![Piece::Hole(Arc::clone(unknown))],
        Data::List(_) | Data::Object(_) => vec![Piece::Literal(json_text(value)?.into())],
    })
}

/// A number in JSON: one that is no whole number keeps its point, `1.0`.
fn json_number(number: Number) -> String {
    let text = plain(number);
    match number {
        Number::Float(_) if !text.contains(['.', 'E']) => format!("{text}.0"),
        _ => text,
    }
}

/// A value as compact JSON; `None` if a part of it is unknown.
pub(in super::super) fn json_text(value: &Value) -> Option<String> {
    let mut text = String::new();
    write_json(value, &mut text, 0)?;
    Some(text)
}

/// An array or object as it stands in a formatted string: compact JSON between single quotes.
/// Bicep's own tests have an object in a string, which compiles to `format`, come out as
/// `{'a':'b'}` (Azure/bicep, EvaluationTests). How a quote within is written is not documented:
/// `None`, as for what is not wholly known.
pub(in super::super) fn single_quoted(value: &Value) -> Option<String> {
    let text = json_text(value)?;
    (!text.contains(['\'', '\\'])).then(|| text.replace('"', "'"))
}

fn write_json(value: &Value, into: &mut String, depth: usize) -> Option<()> {
    if depth > 100 || into.len() > super::MAX_TEXT {
        return None;
    }
    match &value.data {
        Data::Null => into.push_str("null"),
        Data::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) => into.push_str(&json_number(*number)),
        Data::String(text) => quote(text, into),
        Data::List(list) => {
            if list.rest.is_some() {
                return None;
            }
            into.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                write_json(item, into, depth + 1)?;
            }
            into.push(']');
        }
        Data::Object(object) => {
            if object.rest.is_some() {
                return None;
            }
            into.push('{');
            for (index, (name, item)) in object.entries.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                quote(name, into);
                into.push(':');
                write_json(item, into, depth + 1)?;
            }
            into.push('}');
        }
        Data::Template(_) | Data::Unknown(_) => return None,
    }
    Some(())
}

fn quote(text: &str, into: &mut String) {
    into.push('"');
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
    into.push('"');
}
