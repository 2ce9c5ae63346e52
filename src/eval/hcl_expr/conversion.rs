//! Terraform's automatic conversions: between strings, numbers and booleans here, between all types
//! in [`convert`].

mod convert;

use std::sync::Arc;

use crate::eval::value::{Data, ListKind, ObjectKind, Value};
use crate::syntax::Number;

pub(crate) use convert::Conversion;

/// The text of a known scalar: `22` is `"22"`, `true` is `"true"`. `None` for anything else.
#[must_use]
pub fn to_text(value: &Value) -> Option<Arc<str>> {
    Some(match &value.data {
        Data::String(text) => Arc::clone(text),
        Data::Bool(value) => if *value { "true" } else { "false" }.into(),
        Data::Number(number) => number.text().into(),
        _ => return None,
    })
}

/// The number of a known number or of a string that spells one.
#[must_use]
pub fn to_number(value: &Value) -> Option<Number> {
    match &value.data {
        Data::Number(number) => Some(number.clone()),
        Data::String(text) => Number::parse_exact(text),
        _ => None,
    }
}

/// The truth of a known boolean or of a string that spells one.
#[must_use]
pub fn to_boolean(value: &Value) -> Option<bool> {
    match &value.data {
        Data::Bool(value) => Some(*value),
        Data::String(text) => match &**text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A number from a calculation: whole results are integers.
pub(super) fn number_of(float: f64) -> Option<Number> {
    if !float.is_finite() {
        return None;
    }
    let number = Number::Float(float);
    Some(number.as_i64().map_or(number, Number::Integer))
}

/// What a value is, for messages.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match &value.data {
        Data::Null => "null",
        Data::Bool(_) => "a boolean",
        Data::Number(_) => "a number",
        Data::String(_) | Data::Template(_) => "a string",
        Data::List(list) => match list.kind {
            ListKind::Tuple => "a tuple",
            ListKind::List => "a list",
            ListKind::Set => "a set",
        },
        Data::Object(object) => match object.kind {
            ObjectKind::Object => "an object",
            ObjectKind::Map => "a map",
        },
        Data::Unknown(_) => "an unknown value",
    }
}

/// A scalar for messages, cut to a length one can read.
pub(super) fn text_for_message(value: &Value) -> String {
    to_text(value).map_or_else(
        || kind_of(value).to_owned(),
        |text| text.chars().take(60).collect(),
    )
}
