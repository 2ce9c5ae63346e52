//! Terraform's functions on values.
//!
//! Most functions need wholly known arguments ([`Call::strict`]); those on collections and the ones
//! that put strings together work with what is known.

mod collection;
mod encoding;
mod network;
mod numeric;
mod sets;
mod string;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;

use super::access::{each_candidate, list_value, object_value};
use super::conversion::{kind_of, to_boolean, to_number, to_text};
use super::{Context, Failure, MAX_TEXT, Outcome, Session, derived, template};
use crate::eval::value::{Data, ListValue, Reason, Rest, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::Number;
use crate::syntax::hcl::Expr;

pub(super) use sets::to_set;

/// How a function is implemented.
type Function = fn(&Call<'_>) -> Outcome;

static FUNCTIONS: LazyLock<BTreeMap<&'static str, Function>> = LazyLock::new(|| {
    [
        collection::FUNCTIONS,
        encoding::FUNCTIONS,
        network::FUNCTIONS,
        numeric::FUNCTIONS,
        sets::FUNCTIONS,
        string::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
});

/// Functions whose result is another each time.
const RUN_TIME: &[&str] = &["bcrypt", "plantimestamp", "timestamp", "uuid", "rsadecrypt"];

/// Whether Terraform has a function of this name that this program evaluates.
///
/// ```
/// assert!(aznet::eval::hcl_expr::is_function("contains"));
/// assert!(!aznet::eval::hcl_expr::is_function("contians"));
/// ```
#[must_use]
pub fn is_function(name: &str) -> bool {
    matches!(name, "try" | "can") || FUNCTIONS.contains_key(name)
}

/// One call: the function and its evaluated arguments.
pub(super) struct Call<'a> {
    name: &'a str,
    arguments: &'a [Value],
    at: Span,
    session: &'a Session<'a>,
}

impl Context<'_> {
    #[inline(never)]
    pub(super) fn call(&self, name: &str, args: &[Expr], expand: bool, at: Span) -> Outcome {
        match name {
            "try" => return self.try_each(args, at),
            "can" => return self.can(args, at),
            _ => {}
        }
        let mut values = Vec::with_capacity(args.len());
        for argument in args {
            values.push(self.eval(argument)?);
        }
        if expand && let Some(last) = values.pop() {
            match &last.data {
                Data::List(list) => {
                    values.extend(list.items.iter().cloned());
                    if let Some(rest) = &list.rest {
                        let open = Data::Unknown(Arc::clone(&rest.unknown));
                        values.push(Value::new(open, last.origin));
                        if !matches!(name, "merge" | "concat" | "setunion") {
                            return Ok(derived(name, &values, last.origin));
                        }
                    }
                }
                Data::Unknown(_) => {
                    values.push(last);
                    return Ok(derived(name, &values, OriginId::NONE));
                }
                _ => {
                    return Err(Failure::invalid(
                        at,
                        format!("`...` needs a list, not {}", kind_of(&last)),
                    ));
                }
            }
        }
        self.session
            .charge(u64::try_from(values.len()).unwrap_or(u64::MAX), at)?;
        if let Some(result) = self.scope.call(name, &values, at, self.session) {
            return result;
        }
        super::typed::open_arguments(name, &mut values);
        let call = Call {
            name,
            arguments: &values,
            at,
            session: self.session,
        };
        match FUNCTIONS.get(name) {
            Some(function) => {
                let value = function(&call)?;
                self.session.weigh(value, at)
            }
            None => Ok(call.not_evaluated()),
        }
    }

    fn try_each(&self, args: &[Expr], at: Span) -> Outcome {
        let mut last = None;
        for argument in args {
            match self.eval(argument) {
                Ok(value) => return Ok(value),
                Err(failure) if failure.can_be_caught() => last = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::invalid(at, "`try` needs an argument")))
    }

    fn can(&self, args: &[Expr], at: Span) -> Outcome {
        let [argument] = args else {
            return Err(Failure::invalid(at, "`can` takes one argument"));
        };
        match self.eval(argument) {
            Ok(value) => {
                let origin = self.computed(at, "can", &[value.origin]);
                // What is unknown here may still turn out to be wrong.
                if value.is_wholly_known() {
                    Ok(Value::bool(true, origin))
                } else {
                    Ok(derived("can", &[value], origin))
                }
            }
            Err(failure) if failure.can_be_caught() => {
                Ok(Value::bool(false, self.session.literal(at)))
            }
            Err(failure) => Err(failure),
        }
    }
}

impl<'a> Call<'a> {
    /// A function that differs each time, or that this version does not know.
    fn not_evaluated(&self) -> Value {
        let mut unknown = Unknown::derived(self.name, self.arguments);
        unknown.label = format!("{}()", self.name).into();
        unknown.causes = Vec::new();
        unknown.declared = Some(self.at);
        unknown.reason = if RUN_TIME.contains(&self.name) {
            // Two calls give two values.
            let place = format!("{}:{}", self.at.file.0, self.at.start);
            unknown.id = crate::eval::value::UnknownId::named(&place, self.name);
            Reason::RunTimeFunction(self.name.into())
        } else {
            Reason::UnsupportedFunction(self.name.into())
        };
        Value::unknown(unknown, self.origin())
    }

    /// Where the result comes from: this call, and before it the arguments, or what they hold if
    /// that is little.
    fn origin(&self) -> OriginId {
        let mut parents = Vec::new();
        for argument in self.arguments {
            leaves(argument, &mut parents);
        }
        let name = self.name;
        self.session.hop(
            Some(self.at),
            || OriginStep::Function(name.into()),
            &parents,
        )
    }

    /// Applies a function that needs all its arguments: unknown arguments give an unknown, or one
    /// of several results where the candidates are known.
    fn strict(&self, function: impl Fn(&Call<'_>) -> Result<Data, Box<Failure>>) -> Outcome {
        let origin = self.origin();
        self.strict_values(origin, |call| {
            function(call).map(|data| Value::new(data, origin))
        })
    }

    fn strict_values(&self, origin: OriginId, function: impl Fn(&Call<'_>) -> Outcome) -> Outcome {
        let mut open = self
            .arguments
            .iter()
            .enumerate()
            .filter(|(_, argument)| !argument.is_wholly_known());
        let Some((place, first)) = open.next() else {
            return function(self);
        };
        if open.next().is_none()
            && let Some(unknown) = first.as_unknown()
        {
            let mapped = each_candidate(unknown, origin, |candidate| {
                let mut arguments = self.arguments.to_vec();
                if let Some(argument) = arguments.get_mut(place) {
                    *argument = candidate.clone();
                }
                function(&Call {
                    name: self.name,
                    arguments: &arguments,
                    at: self.at,
                    session: self.session,
                })
            });
            if let Some(mapped) = mapped {
                return Ok(mapped);
            }
        }
        Ok(self.unknown())
    }

    /// The unknown that this function makes of these arguments.
    fn unknown(&self) -> Value {
        derived(self.name, self.arguments, self.origin())
    }

    fn fail(&self, message: impl std::fmt::Display) -> Box<Failure> {
        Failure::invalid(self.at, format!("{}: {message}", self.name))
    }

    fn out_of_bounds(&self) -> Box<Failure> {
        self.fail("the result has too many digits")
    }

    fn count(&self) -> usize {
        self.arguments.len()
    }

    fn argument(&self, index: usize) -> Result<&'a Value, Box<Failure>> {
        self.arguments
            .get(index)
            .ok_or_else(|| self.fail(format!("argument {} is missing", index + 1)))
    }

    fn text(&self, index: usize) -> Result<Arc<str>, Box<Failure>> {
        let value = self.argument(index)?;
        to_text(value).ok_or_else(|| {
            self.fail(format!(
                "argument {} must be a string, not {}",
                index + 1,
                kind_of(value)
            ))
        })
    }

    fn number(&self, index: usize) -> Result<Number, Box<Failure>> {
        let value = self.argument(index)?;
        to_number(value).ok_or_else(|| {
            self.fail(format!(
                "argument {} must be a number, not {}",
                index + 1,
                kind_of(value)
            ))
        })
    }

    fn integer(&self, index: usize) -> Result<i64, Box<Failure>> {
        self.number(index)?
            .as_i64()
            .ok_or_else(|| self.fail(format!("argument {} must be a whole number", index + 1)))
    }

    /// A list argument, which may be open.
    fn list(&self, index: usize) -> Result<&'a ListValue, Box<Failure>> {
        let value = self.argument(index)?;
        match &value.data {
            Data::List(list) => Ok(list),
            _ => Err(self.fail(format!(
                "argument {} must be a list, not {}",
                index + 1,
                kind_of(value)
            ))),
        }
    }

    /// The texts of a list of known scalars.
    fn texts(&self, index: usize) -> Result<Vec<Arc<str>>, Box<Failure>> {
        self.list(index)?
            .items
            .iter()
            .map(|item| {
                to_text(item).ok_or_else(|| {
                    self.fail(format!(
                        "argument {} must hold strings, not {}",
                        index + 1,
                        kind_of(item)
                    ))
                })
            })
            .collect()
    }

    fn open_list(&self, items: Vec<Value>, rest: Option<Rest>) -> Value {
        list_value(items, rest, self.origin())
    }

    fn open_object(&self, entries: IndexMap<Arc<str>, Value>, rest: Option<Rest>) -> Value {
        object_value(entries, rest, self.origin())
    }

    /// A string result within the limits.
    fn string(&self, text: impl Into<Arc<str>>) -> Result<Data, Box<Failure>> {
        let text = text.into();
        if text.len() > MAX_TEXT {
            return Err(template::text_limit(self.at));
        }
        Ok(Data::String(text))
    }

    fn session_charge(&self, steps: usize) -> Result<(), Box<Failure>> {
        self.session
            .charge(u64::try_from(steps).unwrap_or(u64::MAX), self.at)
    }
}

fn leaves(value: &Value, into: &mut Vec<OriginId>) {
    const FEW: usize = 12;
    match &value.data {
        Data::List(list) if !list.items.is_empty() && list.items.len() <= FEW => {
            into.extend(list.items.iter().map(|item| item.origin));
        }
        _ => into.push(value.origin),
    }
}
