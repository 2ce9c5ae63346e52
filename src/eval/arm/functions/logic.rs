//! Comparisons and booleans that need all their arguments.

use std::cmp::Ordering;

use super::{Arguments, Outcome, Problem, Pure, order};
use crate::eval::value::{Bounds, Data, Truth, Value};
use crate::syntax::Number;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "not" => not,
        "bool" => bool_of,
        "true" => |call| call.give_bool(true),
        "false" => |call| call.give_bool(false),
        "null" => |call| Ok(Value::null(call.origin())),
        "equals" => equals,
        "like" => like,
        "less" => |call| compare(call, |order| order.is_lt()),
        "lessorequals" => |call| compare(call, |order| order.is_le()),
        "greater" => |call| compare(call, |order| order.is_gt()),
        "greaterorequals" => |call| compare(call, |order| order.is_ge()),
        _ => return None,
    })
}

fn not(call: &Arguments<'_>) -> Outcome {
    call.give_bool(!call.bool(0)?)
}

fn bool_of(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::Bool(value) => call.give_bool(*value),
        Data::Number(number) => call.give_bool(number.as_f64() != 0.0),
        Data::String(text) if text.eq_ignore_ascii_case("true") || &**text == "1" => {
            call.give_bool(true)
        }
        Data::String(text) if text.eq_ignore_ascii_case("false") || &**text == "0" => {
            call.give_bool(false)
        }
        Data::Template(_) => Err(Problem::Unknown),
        _ => Err(call.mismatch(value, "\"true\", \"false\" or a number")),
    }
}

fn equals(call: &Arguments<'_>) -> Outcome {
    match call.get(0)?.equals(call.get(1)?) {
        Truth::True => call.give_bool(true),
        Truth::False => call.give_bool(false),
        Truth::Unknown => Err(Problem::Unknown),
    }
}

/// Whether a string is like a pattern, in which `*` stands for any characters; letters match in any
/// case.
fn like(call: &Arguments<'_>) -> Outcome {
    let (text, pattern) = (call.text(0)?.to_lowercase(), call.text(1)?.to_lowercase());
    let Some((start, rest)) = pattern.split_once('*') else {
        return call.give_bool(text == pattern);
    };
    let Some(mut left) = text.strip_prefix(start) else {
        return call.give_bool(false);
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return call.give_bool(false),
        }
    }
    call.give_bool(left.ends_with(end))
}

fn compare(call: &Arguments<'_>, holds: fn(Ordering) -> bool) -> Outcome {
    let (left, right) = (call.get(0)?, call.get(1)?);
    if let (Some(one), Some(other)) = (limits(left), limits(right)) {
        // Of two numbers within limits it is certain if the outermost cases agree.
        let least = holds(below(one.0, other.1));
        let most = holds(below(other.0, one.1).reverse());
        return if least == most {
            call.give_bool(least)
        } else {
            Err(Problem::Unknown)
        };
    }
    let order = match (&left.data, &right.data) {
        (Data::Number(left), Data::Number(right)) => left
            .as_f64()
            .partial_cmp(&right.as_f64())
            .ok_or(Problem::Unknown)?,
        (Data::String(left), Data::String(right)) => {
            order::compare(left, right).ok_or(Problem::Unknown)?
        }
        (Data::Unknown(_) | Data::Template(_), _) | (_, Data::Unknown(_) | Data::Template(_)) => {
            return Err(Problem::Unknown);
        }
        (Data::Number(_), _) => return Err(call.mismatch(right, "a number as well")),
        (Data::String(_), _) => return Err(call.mismatch(right, "a string as well")),
        _ => return Err(call.mismatch(left, "two numbers or two strings")),
    };
    call.give_bool(holds(order))
}

/// The limits of a whole number, known or not; none for anything that may be something else.
fn limits(value: &Value) -> Option<(Option<i64>, Option<i64>)> {
    match &value.data {
        Data::Number(Number::Integer(number)) => Some((Some(*number), Some(*number))),
        Data::Unknown(unknown) => match unknown.bounds {
            Bounds::Range(least, most) => Some((least, most)),
            _ => None,
        },
        _ => None,
    }
}

/// The order of a lower and an upper limit, where none is beyond every number.
fn below(low: Option<i64>, high: Option<i64>) -> Ordering {
    match (low, high) {
        (Some(low), Some(high)) => low.cmp(&high),
        _ => Ordering::Less,
    }
}
