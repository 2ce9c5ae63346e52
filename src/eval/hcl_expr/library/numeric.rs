//! Functions on numbers, booleans and dates.

use super::{Call, Function, Outcome};
use crate::eval::functions::date::{Timestamp, duration_seconds};
use crate::eval::hcl_expr::Failure;
use crate::eval::hcl_expr::conversion::number_of;
use crate::eval::value::Data;
use crate::syntax::Number;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("abs", |call| {
        float(call, |call| Ok(call.number(0)?.as_f64().abs()))
    }),
    ("ceil", |call| {
        float(call, |call| Ok(call.number(0)?.as_f64().ceil()))
    }),
    ("floor", |call| {
        float(call, |call| Ok(call.number(0)?.as_f64().floor()))
    }),
    ("formatdate", formatdate),
    ("log", |call| {
        float(call, |call| {
            Ok(call.number(0)?.as_f64().ln() / call.number(1)?.as_f64().ln())
        })
    }),
    ("max", |call| extreme(call, f64::gt)),
    ("min", |call| extreme(call, f64::lt)),
    ("parseint", parseint),
    ("pow", |call| {
        float(call, |call| {
            Ok(call.number(0)?.as_f64().powf(call.number(1)?.as_f64()))
        })
    }),
    ("signum", |call| {
        float(call, |call| {
            let number = call.number(0)?.as_f64();
            Ok(if number == 0.0 { 0.0 } else { number.signum() })
        })
    }),
    ("timeadd", timeadd),
    ("timecmp", timecmp),
];

fn float(call: &Call<'_>, function: impl Fn(&Call<'_>) -> Result<f64, Box<Failure>>) -> Outcome {
    call.strict(|call| {
        let result = function(call)?;
        number_of(result)
            .map(Data::Number)
            .ok_or_else(|| call.fail("the result is no number"))
    })
}

fn extreme(call: &Call<'_>, wins: fn(&f64, &f64) -> bool) -> Outcome {
    call.strict(|call| {
        let mut best: Option<Number> = None;
        for index in 0..call.count() {
            let number = call.number(index)?;
            if best.is_none_or(|best| wins(&number.as_f64(), &best.as_f64())) {
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
