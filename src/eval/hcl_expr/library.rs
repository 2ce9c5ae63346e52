//! Terraform's functions on values.
//!
//! Most functions need wholly known arguments ([`Call::strict`]); those on collections and the ones
//! that put strings together work with what is known.

mod catalogue;
mod collection;
mod encoding;
mod network;
mod numeric;
mod pattern;
mod sequence;
mod set_order;
mod sets;
mod string;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;

use super::access::{each_candidate, list_value, object_value};
use super::conversion::{Conversion, kind_of, to_boolean, to_number, to_text};
use super::{Context, Failure, MAX_NODES, MAX_TEXT, Outcome, Session, derived, labels, template};
use crate::eval::value::{Bounds, Data, ListKind, ListValue, Reason, Rest, Type, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::Number;
use crate::syntax::hcl::{Expr, ExprKind};

pub use catalogue::functions_page;
use catalogue::{Answer, Entry, Gives, Takes};
pub(super) use sets::to_set;

/// How a function is implemented.
type Function = fn(&Call<'_>) -> Outcome;

static FUNCTIONS: LazyLock<BTreeMap<&'static str, Function>> = LazyLock::new(|| {
    [
        collection::FUNCTIONS,
        encoding::FUNCTIONS,
        network::FUNCTIONS,
        numeric::FUNCTIONS,
        sequence::FUNCTIONS,
        sets::FUNCTIONS,
        pattern::FUNCTIONS,
        string::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
});

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

/// How many arguments a function takes at least and, where that is bounded, at most; `None` if there
/// is no such function.
#[must_use]
pub fn arity_of(name: &str) -> Option<(usize, Option<usize>)> {
    match name {
        "try" => return Some((1, None)),
        "can" => return Some((1, Some(1))),
        _ => {}
    }
    FUNCTIONS.get(name)?;
    let entry = catalogue::entry(name)?;
    let least = entry.takes.len();
    Some((least, entry.more.is_none().then_some(least)))
}

/// The names of the functions that this program evaluates.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.keys().copied().chain(["can", "try"])
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
        match name.strip_prefix("core::").unwrap_or(name) {
            "try" => return self.try_each(args, at),
            "can" => return self.can(args, at),
            _ => {}
        }
        let mut values = Vec::with_capacity(args.len());
        for argument in args {
            values.push(self.eval(argument)?);
        }
        let entry = catalogue::entry(name);
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
        if let Some(entry) = entry {
            self.fit(entry, &mut values, at)?;
        }
        if let Some(result) = self.scope.call(name, &values, at, self.session) {
            return result;
        }
        super::typed::open_arguments(name, &mut values);
        let call = Call {
            name: entry.map_or(name, |entry| entry.name),
            arguments: &values,
            at,
            session: self.session,
        };
        let Some(entry) = entry else {
            return match name.split("::").collect::<Vec<_>>().as_slice() {
                ["provider", _, _] => Ok(call.not_evaluated(false)),
                _ => Err(unknown_function(name, at)),
            };
        };
        match FUNCTIONS.get(entry.name) {
            Some(function) => {
                let mut value = of_kind(function(&call)?, entry.gives);
                if matches!(entry.name, "jsondecode" | "yamldecode") {
                    let text = call.arguments.first();
                    value = self.scope.decoded(entry.name, text, value, at);
                }
                self.session.weigh(value, at)
            }
            None if entry.answer == Answer::Removed => Err(Failure::of(
                UNKNOWN_FUNCTION,
                at,
                format!(
                    "Terraform has no function `{name}` since 0.15; `to{name}` is what there is"
                ),
            )),
            None => Ok(call.not_evaluated(entry.answer == Answer::RunTime)),
        }
    }

    /// Checks the number of arguments and converts each to the type of its parameter.
    fn fit(&self, entry: &Entry, values: &mut [Value], at: Span) -> Result<(), Box<Failure>> {
        let count = values.len();
        if count < entry.takes.len() || count > entry.takes.len() && entry.more.is_none() {
            let message = format!("`{}` takes {}, not {count}", entry.name, entry.arguments());
            return Err(Failure::invalid(at, message));
        }
        for (index, value) in values.iter_mut().enumerate() {
            let Some(takes) = entry.parameter(index) else {
                continue;
            };
            if value.is_null() && takes != Takes::Nullable {
                let message = format!("argument {} of `{}` is null", index + 1, entry.name);
                return Err(Failure::invalid(at, message).about(value.origin));
            }
            let kind = takes.kind();
            let fits = matches!(
                (&value.data, takes),
                (_, Takes::Any | Takes::Nullable)
                    | (Data::Unknown(_) | Data::Template(_), _)
                    | (Data::String(_), Takes::Text)
                    | (Data::Number(_), Takes::Number)
            );
            if !fits {
                let subject = format!("argument {} of {}", index + 1, entry.name);
                let conversion = Conversion {
                    session: self.session,
                    subject: &subject,
                    at,
                };
                *value = conversion.convert(value, &kind)?;
            }
        }
        Ok(())
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
            return Err(Failure::invalid(at, "`can` takes 1 argument"));
        };
        match self.eval(argument) {
            Ok(value) => {
                let origin = self.computed(at, "can", &[value.origin]);
                // What is unknown here may still turn out to be wrong.
                if value.is_wholly_known() || self.is_there(argument) {
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

impl Context<'_> {
    /// Whether an expression only reads an entry that its object or list certainly has, whatever
    /// its value turns out to be.
    fn is_there(&self, expression: &Expr) -> bool {
        let (base, key) = match &expression.kind {
            ExprKind::Attribute(base, name, _) => (base, Some(Arc::clone(name))),
            ExprKind::Index(base, index) => match self.eval(index) {
                Ok(index) if index.is_wholly_known() => (base, index.as_str().cloned()),
                _ => return false,
            },
            _ => return false,
        };
        match (self.eval(base).as_ref().map(|base| &base.data), key) {
            (Ok(Data::Object(object)), Some(key)) => object.entries.contains_key(&key),
            // An element was found, and nothing before it is unknown.
            (Ok(Data::List(list)), None) => list.rest.is_none(),
            _ => false,
        }
    }
}

impl<'a> Call<'a> {
    /// A function that differs each time, or that this version does not know.
    fn not_evaluated(&self, is_run_time: bool) -> Value {
        let mut unknown = Unknown::derived(self.name, self.arguments);
        unknown.label = self.label();
        unknown.causes = Vec::new();
        unknown.declared = Some(self.at);
        if self.name == "base64gzip" {
            unknown.bounds = Bounds::Length(1, None);
        }
        unknown.reason = if is_run_time {
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
                return Ok(labels::choice(mapped, || self.label()));
            }
        }
        Ok(self.unknown())
    }

    /// The unknown that this function makes of these arguments.
    fn unknown(&self) -> Value {
        let unknown = derived(self.name, self.arguments, self.origin());
        labels::called(unknown, || self.label())
    }

    /// The call as a person reads it.
    fn label(&self) -> Arc<str> {
        labels::call(self.name, self.arguments)
    }

    fn fail(&self, message: impl std::fmt::Display) -> Box<Failure> {
        Failure::invalid(self.at, format!("{}: {message}", self.name))
    }

    fn out_of_bounds(&self) -> Box<Failure> {
        self.fail("the result has too many digits")
    }

    /// Values in the one type that all can be converted to.
    fn alike(&self, values: &[Value]) -> Result<Vec<Value>, Box<Failure>> {
        let types: Vec<Type> = values.iter().map(Type::of).collect();
        let common = Type::unify(&types).ok_or_else(|| {
            self.fail("the arguments must have the same type, or one they convert to")
        })?;
        values
            .iter()
            .zip(types)
            .map(|(value, own)| {
                if own == common || matches!(value.data, Data::Unknown(_) | Data::Template(_)) {
                    Ok(value.clone())
                } else {
                    self.convert(value, &common)
                }
            })
            .collect()
    }

    fn convert(&self, value: &Value, to: &Type) -> Outcome {
        let conversion = Conversion {
            session: self.session,
            subject: self.name,
            at: self.at,
        };
        conversion.convert(value, to)
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

    fn open_list_of(&self, kind: ListKind, items: Vec<Value>, rest: Option<Rest>) -> Value {
        Value::list_of(kind, items, rest, self.origin())
    }

    /// Refuses a set where elements have a place.
    fn refuse_set(&self, value: &Value) -> Result<(), Box<Failure>> {
        match &value.data {
            Data::List(list) if list.kind == ListKind::Set => {
                Err(self.fail("a list is needed; the elements of a set have no place"))
            }
            _ => Ok(()),
        }
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

    /// Refuses a result of too many parts before it is made.
    fn refuse_large(&self, parts: usize) -> Result<(), Box<Failure>> {
        if u64::try_from(parts).is_ok_and(|parts| parts <= MAX_NODES) {
            return Ok(());
        }
        let message = format!("the result has more than {MAX_NODES} parts; it is unknown");
        Err(Failure::of("value-limit", self.at, message))
    }

    fn session_charge(&self, steps: usize) -> Result<(), Box<Failure>> {
        self.session
            .charge(u64::try_from(steps).unwrap_or(u64::MAX), self.at)
    }
}

/// A function that Terraform does not have: found before anything runs, so `try` does not catch it.
fn unknown_function(name: &str, at: Span) -> Box<Failure> {
    let known = || {
        let all = catalogue::CATALOGUE.iter();
        all.filter(|entry| entry.answer != Answer::Removed)
    };
    let nearest = known()
        .map(|entry| (strsim::damerau_levenshtein(entry.name, name), entry.name))
        .min()
        .filter(|(distance, near)| *distance <= 2 && distance * 3 <= near.len());
    let hint = nearest.map_or(String::new(), |(_, near)| {
        format!("; did you mean `{near}`?")
    });
    Failure::of(
        UNKNOWN_FUNCTION,
        at,
        format!("Terraform has no function `{name}`{hint}"),
    )
}

/// The code of calls of functions that Terraform does not have.
const UNKNOWN_FUNCTION: &str = "unknown-function";

/// A sequence as the list or set that its function gives.
fn of_kind(value: Value, gives: Gives) -> Value {
    let kind = match gives {
        Gives::Own => return value,
        Gives::List => ListKind::List,
        Gives::Set => ListKind::Set,
    };
    match &value.data {
        Data::List(list) if list.kind != kind => {
            Value::list_of(kind, list.items.clone(), list.rest.clone(), value.origin)
        }
        _ => value,
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
