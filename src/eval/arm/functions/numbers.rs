//! Arithmetic on whole numbers.

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::{Data, Value};
use crate::syntax::Number;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "add" => |call| arithmetic(call, i64::checked_add),
        "sub" => |call| arithmetic(call, i64::checked_sub),
        "mul" => |call| arithmetic(call, i64::checked_mul),
        "div" => |call| divide(call, i64::checked_div),
        "mod" => |call| divide(call, i64::checked_rem),
        "int" => int,
        "float" => float,
        "min" => |call| extreme(call, Ord::min),
        "max" => |call| extreme(call, Ord::max),
        _ => return None,
    })
}

fn arithmetic(call: &Arguments<'_>, operation: fn(i64, i64) -> Option<i64>) -> Outcome {
    let (left, right) = (call.integer(0)?, call.integer(1)?);
    let result = operation(left, right)
        .ok_or_else(|| Problem::wrong("the result does not fit a whole number of 64 bits"))?;
    call.give_integer(result)
}

fn divide(call: &Arguments<'_>, operation: fn(i64, i64) -> Option<i64>) -> Outcome {
    let (left, right) = (call.integer(0)?, call.integer(1)?);
    if right == 0 {
        return Err(Problem::wrong("division by zero"));
    }
    call.give_integer(operation(left, right).ok_or(Problem::Unknown)?)
}

fn int(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::Number(Number::Integer(number)) => call.give_integer(*number),
        Data::Number(Number::Float(number)) => {
            let whole = Number::Float(number.trunc()).as_i64();
            call.give_integer(whole.ok_or(Problem::Unknown)?)
        }
        Data::String(text) => match text.trim().parse() {
            Ok(number) => call.give_integer(number),
            Err(_) => Err(Problem::wrong(format!("'{text}' is no whole number"))),
        },
        Data::Template(_) => Err(Problem::Unknown),
        _ => Err(call.mismatch(value, "a whole number or a string")),
    }
}

fn float(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let number = match &value.data {
        Data::Number(number) => Some(*number),
        Data::String(text) => Number::parse(text.trim()),
        Data::Template(_) => return Err(Problem::Unknown),
        _ => return Err(call.mismatch(value, "a number or a string")),
    };
    let number = number.ok_or_else(|| Problem::wrong("this is no number"))?;
    Ok(Value::new(Data::Number(number), call.origin()))
}

fn extreme(call: &Arguments<'_>, choose: fn(i64, i64) -> i64) -> Outcome {
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
    for value in values {
        let number = value
            .as_i64()
            .ok_or_else(|| call.mismatch(value, "whole numbers"))?;
        best = Some(best.map_or(number, |best| choose(best, number)));
    }
    call.give_integer(best.ok_or_else(|| Problem::wrong("there is nothing to choose from"))?)
}
