//! Arithmetic on whole numbers, and text to numbers.

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::{Bounds, Data, Value};
use crate::syntax::Number;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "add" => |call| arithmetic(call, i64::checked_add, sum_of),
        "sub" => |call| arithmetic(call, i64::checked_sub, difference_of),
        "mul" => |call| arithmetic(call, i64::checked_mul, product_of),
        "div" => |call| divide(call, i64::checked_div, |_, _| (None, None)),
        "mod" => |call| divide(call, i64::checked_rem, remainder_of),
        "int" => int,
        "float" => float,
        "min" => |call| extreme(call, Ord::min, false),
        "max" => |call| extreme(call, Ord::max, true),
        _ => return None,
    })
}

/// The least and the most a number may be.
type Limits = (Option<i64>, Option<i64>);

/// The limits of an argument that is a number or may be one.
fn limits(value: &Value) -> Limits {
    match (value.as_i64(), value.as_unknown().map(|one| &one.bounds)) {
        (Some(number), _) => (Some(number), Some(number)),
        (None, Some(Bounds::Range(low, high))) => (*low, *high),
        _ => (None, None),
    }
}

fn with(a: Option<i64>, b: Option<i64>, operation: fn(i64, i64) -> Option<i64>) -> Option<i64> {
    operation(a?, b?)
}

fn sum_of(left: Limits, right: Limits) -> Limits {
    (
        with(left.0, right.0, i64::checked_add),
        with(left.1, right.1, i64::checked_add),
    )
}

fn difference_of(left: Limits, right: Limits) -> Limits {
    (
        with(left.0, right.1, i64::checked_sub),
        with(left.1, right.0, i64::checked_sub),
    )
}

/// Limits of a product of numbers that are not below zero.
fn product_of(left: Limits, right: Limits) -> Limits {
    let positive = |limits: Limits| limits.0.is_some_and(|low| low >= 0);
    if positive(left) && positive(right) {
        (
            with(left.0, right.0, i64::checked_mul),
            with(left.1, right.1, i64::checked_mul),
        )
    } else {
        (None, None)
    }
}

/// Limits of a remainder: it has the sign of what is divided and is smaller than the divisor.
fn remainder_of(left: Limits, right: Limits) -> Limits {
    let most = match right {
        (Some(low), Some(high)) if low == high => low.checked_abs().map(|divisor| divisor - 1),
        _ => None,
    };
    match (left.0, most) {
        (_, None) => (None, None),
        (Some(0..), most) => (Some(0), most),
        (_, Some(most)) => (Some(-most), Some(most)),
    }
}

/// A result of which the limits are certain, if any are.
fn between(call: &Arguments<'_>, (low, high): Limits) -> Outcome {
    match (low, high) {
        (None, None) => Err(Problem::Unknown),
        (low, high) => call.give_bounded(Bounds::Range(low, high)),
    }
}

/// Both numbers, or what follows from their limits where one is not known.
fn operands(call: &Arguments<'_>) -> Result<Option<(i64, i64)>, Problem> {
    let (left, right) = (call.integer(0), call.integer(1));
    match (left, right) {
        (Ok(left), Ok(right)) => Ok(Some((left, right))),
        (Err(Problem::Unknown), Err(Problem::Unknown) | Ok(_)) | (Ok(_), Err(Problem::Unknown)) => {
            Ok(None)
        }
        (Err(problem @ Problem::Wrong(_)), _) | (_, Err(problem)) | (Err(problem), _) => {
            Err(problem)
        }
    }
}

fn arithmetic(
    call: &Arguments<'_>,
    operation: fn(i64, i64) -> Option<i64>,
    within: fn(Limits, Limits) -> Limits,
) -> Outcome {
    let Some((left, right)) = operands(call)? else {
        return between(call, within(limits(call.get(0)?), limits(call.get(1)?)));
    };
    let result = operation(left, right)
        .ok_or_else(|| Problem::wrong("the result does not fit a whole number of 64 bits"))?;
    call.give_integer(result)
}

fn divide(
    call: &Arguments<'_>,
    operation: fn(i64, i64) -> Option<i64>,
    within: fn(Limits, Limits) -> Limits,
) -> Outcome {
    let operands = operands(call)?;
    if call.get(1)?.as_i64() == Some(0) {
        return Err(Problem::at(1, "division by zero"));
    }
    let Some((left, right)) = operands else {
        return between(call, within(limits(call.get(0)?), limits(call.get(1)?)));
    };
    let result = operation(left, right)
        .ok_or_else(|| Problem::wrong("the result does not fit a whole number of 64 bits"))?;
    call.give_integer(result)
}

fn int(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::Number(number) => match number.as_i64() {
            Some(whole) => call.give_integer(whole),
            // Whether a fraction is cut off or rounded is not documented.
            None => Err(Problem::Unknown),
        },
        Data::String(text) => match text.trim().parse() {
            Ok(number) => call.give_integer(number),
            Err(_) => Err(Problem::at(
                0,
                format!("'{text}' is no whole number of 64 bits"),
            )),
        },
        Data::Template(_) => Err(Problem::Unknown),
        Data::Unknown(unknown) if matches!(unknown.bounds, Bounds::Range(..)) => Ok(value.clone()),
        _ => Err(call.mismatch(value, "a whole number or a string")),
    }
}

fn float(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let number = match &value.data {
        Data::Number(number) => Some(number.clone()),
        Data::String(text) => Number::parse(text.trim()),
        Data::Template(_) => return Err(Problem::Unknown),
        _ => return Err(call.mismatch(value, "a number or a string")),
    };
    let number = number.ok_or_else(|| Problem::at(0, "this text is no number"))?;
    Ok(Value::new(Data::Number(number), call.origin()))
}

fn extreme(call: &Arguments<'_>, choose: fn(i64, i64) -> i64, largest: bool) -> Outcome {
    let values = match call.values {
        [single] if single.as_list().is_some() => {
            let list = call.list(0)?;
            if list.rest.is_some() {
                return Err(Problem::Unknown);
            }
            list.items.as_slice()
        }
        values => values,
    };
    let mut best: Option<i64> = None;
    let mut open = false;
    for value in values {
        match value.as_i64() {
            Some(number) => best = Some(best.map_or(number, |best| choose(best, number))),
            None if value.as_unknown().is_some() => open = true,
            None => return Err(call.mismatch(value, "whole numbers")),
        }
    }
    match (best, open) {
        (Some(best), false) => call.give_integer(best),
        // What is known sets a limit: the largest is at least the largest of these.
        (Some(best), true) if largest => between(call, (Some(best), None)),
        (Some(best), true) => between(call, (None, Some(best))),
        (None, true) => Err(Problem::Unknown),
        (None, false) => Err(Problem::wrong("there is nothing to choose from")),
    }
}
