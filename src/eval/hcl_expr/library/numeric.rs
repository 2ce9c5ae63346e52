//! Functions on numbers, booleans and dates.

use std::cmp::Ordering;

use super::{Call, Function, Outcome};
use crate::eval::functions::date::{Timestamp, duration_seconds};
use crate::eval::hcl_expr::Failure;
use crate::eval::hcl_expr::conversion::number_of;
use crate::eval::value::Data;
use crate::syntax::Number;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("abs", |call| {
        exact(call, |number| match number.is_negative() {
            true => number.negate(),
            false => Some(number.clone()),
        })
    }),
    ("ceil", |call| {
        exact(call, |number| number.negate()?.floor()?.negate())
    }),
    ("floor", |call| exact(call, Number::floor)),
    ("formatdate", formatdate),
    ("log", |call| {
        double(call, |number, base| number.ln() / base.ln())
    }),
    ("max", |call| extreme(call, Ordering::Greater)),
    ("min", |call| extreme(call, Ordering::Less)),
    ("parseint", parseint),
    ("pow", |call| double(call, f64::powf)),
    ("signum", |call| {
        call.strict(|call| Ok(Data::Number(Number::Integer(call.integer(0)?.signum()))))
    }),
    ("timeadd", timeadd),
    ("timecmp", timecmp),
];

fn exact(call: &Call<'_>, function: fn(&Number) -> Option<Number>) -> Outcome {
    call.strict(|call| {
        function(&call.number(0)?)
            .map(Data::Number)
            .ok_or_else(|| call.out_of_bounds())
    })
}

/// A function that Terraform, too, computes with doubles.
fn double(call: &Call<'_>, function: fn(f64, f64) -> f64) -> Outcome {
    call.strict(|call| {
        let result = function(call.number(0)?.as_f64(), call.number(1)?.as_f64());
        number_of(result)
            .map(Data::Number)
            .ok_or_else(|| call.fail("the result is no number"))
    })
}

fn extreme(call: &Call<'_>, wins: Ordering) -> Outcome {
    call.strict(|call| {
        let mut best: Option<Number> = None;
        for index in 0..call.count() {
            let number = call.number(index)?;
            if best
                .as_ref()
                .is_none_or(|best| number.compare(best) == wins)
            {
                best = Some(number);
            }
        }
        best.map(Data::Number)
            .ok_or_else(|| call.fail("at least one number is needed"))
    })
}

fn parseint(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let (Some(text), base) = (call.argument(0)?.as_str().cloned(), call.integer(1)?) else {
            return Err(call.fail("argument 1 must be a string"));
        };
        let base = u32::try_from(base)
            .ok()
            .filter(|base| (2..=62).contains(base))
            .ok_or_else(|| call.fail("the base must lie between 2 and 62"))?;
        // Past this many digits no number is kept.
        const MAX_DIGITS: usize = 4_096;
        if text.len() > MAX_DIGITS {
            call.refuse_large(usize::MAX)?;
        }
        digits(&text, base)
            .map(Data::Number)
            .ok_or_else(|| call.fail(format!("\"{text}\" is no number of base {base}")))
    })
}

/// A whole number of any base to 62; above 36, lower-case letters come before upper-case ones.
fn digits(text: &str, base: u32) -> Option<Number> {
    let plain = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut number = Number::Integer(0);
    for letter in plain.chars() {
        let digit = match letter {
            'A'..='Z' if base > 36 => u32::from(letter) - u32::from('A') + 36,
            _ => letter.to_digit(36)?,
        };
        if digit >= base {
            return None;
        }
        number = number
            .multiply(&Number::Integer(base.into()))?
            .add(&Number::Integer(digit.into()))?;
    }
    match (plain.is_empty(), text.starts_with('-')) {
        (true, _) => None,
        (false, true) => number.negate(),
        (false, false) => Some(number),
    }
}

fn time(call: &Call<'_>, index: usize) -> Result<Timestamp, Box<Failure>> {
    let text = call.text(index)?;
    Timestamp::parse(&text)
        .ok_or_else(|| call.fail(format!("\"{text}\" is no time like 2026-01-02T03:04:05Z")))
}

fn formatdate(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let text = time(call, 1)?
            .format(&call.text(0)?)
            .map_err(|error| call.fail(error))?;
        call.string(text)
    })
}

fn timeadd(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let duration = call.text(1)?;
        let seconds = duration_seconds(&duration)
            .ok_or_else(|| call.fail(format!("\"{duration}\" is no duration like 1h30m")))?;
        let text = time(call, 0)?.later(seconds).to_text();
        call.string(text.map_err(|error| call.fail(error))?)
    })
}

fn timecmp(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let order = time(call, 0)?.seconds.cmp(&time(call, 1)?.seconds);
        Ok(Data::Number(Number::Integer(order as i64)))
    })
}
