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
        exact(call, |number| {
            let sign = number.compare(&Number::Integer(0));
            Some(Number::Integer(sign as i64))
        })
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
        let (text, base) = (call.text(0)?, call.integer(1)?);
        let base = u32::try_from(base)
            .ok()
            .filter(|base| (2..=36).contains(base))
            .ok_or_else(|| call.fail("the base must lie between 2 and 36"))?;
        i64::from_str_radix(&text, base)
            .map(|number| Data::Number(Number::Integer(number)))
            .map_err(|_| call.fail(format!("\"{text}\" is no number of base {base}")))
    })
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
