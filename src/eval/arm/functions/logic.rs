//! Comparisons and booleans that need all their arguments.

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::{Data, Truth, Value};
use crate::syntax::Number;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "not" => not,
        "bool" => bool_of,
        "true" => |call| call.give_bool(true),
        "false" => |call| call.give_bool(false),
        "null" => |call| Ok(Value::null(call.origin())),
        "equals" => equals,
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

fn compare(call: &Arguments<'_>, holds: fn(std::cmp::Ordering) -> bool) -> Outcome {
    let (left, right) = (call.get(0)?, call.get(1)?);
    let order = match (&left.data, &right.data) {
        (Data::Number(Number::Integer(left)), Data::Number(Number::Integer(right))) => {
            left.cmp(right)
        }
        (Data::Number(left), Data::Number(right)) => left
            .as_f64()
            .partial_cmp(&right.as_f64())
            .ok_or(Problem::Unknown)?,
        (Data::String(left), Data::String(right)) => left.cmp(right),
        (Data::Unknown(_) | Data::Template(_), _) | (_, Data::Unknown(_) | Data::Template(_)) => {
            return Err(Problem::Unknown);
        }
        _ => {
            return Err(Problem::wrong(format!(
                "'{}' compares two numbers or two strings",
                call.name
            )));
        }
    };
    call.give_bool(holds(order))
}
