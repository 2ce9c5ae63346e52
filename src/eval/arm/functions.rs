//! The functions of the template language: which there are, and what they share.
//!
//! Functions that only compute live in the families below and know nothing of templates. The
//! others ([`Special`]) need the place they are called from and live with the evaluator.

pub(super) mod catalogue;
mod collections;
mod composite;
mod dates;
mod json;
mod logic;
mod network;
mod numbers;
mod objects;
mod order;
mod page;
mod partial;
mod strings;
mod text;
mod uris;

pub(super) use json::text_value;
use std::sync::Arc;

use self::catalogue::{Answer, Entry, Needs};
use super::labels;
use crate::eval::value::{
    Bounds, Data, ListKind, ListValue, ObjectValue, Piece, Reason, Rest, Unknown, Value,
};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::Number;
pub(super) use objects::drop_named;
pub(super) use page::page;
pub(super) use text::pieces;

/// The longest string a function makes; a template may have 4 MB in all.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// The longest list a function makes.
pub(super) const MAX_ITEMS: usize = 100_000;

/// A function by what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    /// Computes from its arguments alone.
    Pure(Pure),
    /// Needs the evaluator.
    Special(Special),
    /// Answered by Azure when the deployment runs.
    RunTime,
    /// Not one of Azure's known functions: a function of the template, or a newer one.
    Other,
}

/// A function that computes from its arguments alone.
pub(super) type Pure = fn(&Arguments<'_>) -> Outcome;

/// What a function gives.
pub(super) type Outcome = Result<Value, Problem>;

/// Why a function gives nothing.
#[derive(Debug)]
pub(super) enum Problem {
    /// Its arguments are not known well enough.
    Unknown,
    /// Azure would refuse the call.
    Wrong(String),
    /// Azure would refuse the call because of the argument at this place.
    Argument(usize, String),
    /// The result would be too large.
    TooLarge,
}

impl Problem {
    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self::Wrong(message.into())
    }

    pub(super) fn at(argument: usize, message: impl Into<String>) -> Self {
        Self::Argument(argument, message.into())
    }
}

/// The functions that the evaluator treats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    And,
    Coalesce,
    CopyIndex,
    Deployment,
    Environment,
    ExtensionResourceId,
    Fail,
    Filter,
    GroupBy,
    If,
    Lambda,
    LambdaVariables,
    ManagementGroup,
    ManagementGroupResourceId,
    Map,
    MapValues,
    NewGuid,
    Or,
    Parameters,
    Reduce,
    Reference,
    References,
    ResourceGroup,
    ResourceId,
    ResourceInfo,
    Sort,
    Subscription,
    SubscriptionResourceId,
    Tenant,
    TenantResourceId,
    ToObject,
    TryGet,
    TryIndexFromEnd,
    Variables,
}

/// What a call hands to a pure function.
pub(super) struct Arguments<'a> {
    pub(super) values: &'a [Value],
    pub(super) name: &'a Arc<str>,
    pub(super) span: Span,
    pub(super) origins: &'a OriginBuilder,
}

impl Arguments<'_> {
    /// The hop of the result: the call, from all arguments.
    pub(super) fn origin(&self) -> OriginId {
        self.origin_of(self.values)
    }

    /// The hop of a result that some values reach.
    pub(super) fn origin_of(&self, values: &[Value]) -> OriginId {
        let mut parents: Vec<OriginId> = Vec::with_capacity(values.len());
        for value in values {
            if value.origin != OriginId::NONE && !parents.contains(&value.origin) {
                parents.push(value.origin);
            }
            if parents.len() >= 16 {
                break;
            }
        }
        let step = OriginStep::Function(Arc::clone(self.name));
        self.origins.add(Some(self.span), step, parents)
    }

    pub(super) fn get(&self, index: usize) -> Result<&Value, Problem> {
        self.values.get(index).ok_or_else(|| {
            Problem::Wrong(format!(
                "'{}' needs more than {} argument{}",
                self.name,
                self.values.len(),
                if self.values.len() == 1 { "" } else { "s" }
            ))
        })
    }

    pub(super) fn mismatch(&self, value: &Value, expected: &str) -> Problem {
        match &value.data {
            Data::Unknown(_) => Problem::Unknown,
            data => {
                let message = format!("'{}' needs {expected}, not {}", self.name, describe(data));
                // The value is one of the arguments themselves, unless it lies deeper.
                let index = self.values.iter().position(|one| std::ptr::eq(one, value));
                match index {
                    Some(index) => Problem::Argument(index, message),
                    None => Problem::Wrong(message),
                }
            }
        }
    }

    /// A string argument, which may be known in part.
    pub(super) fn pieces(&self, index: usize) -> Result<Vec<Piece>, Problem> {
        let value = self.get(index)?;
        pieces(value).ok_or_else(|| self.mismatch(value, "a string"))
    }

    /// A string argument known as a whole.
    pub(super) fn text(&self, index: usize) -> Result<&Arc<str>, Problem> {
        let value = self.get(index)?;
        match &value.data {
            Data::String(text) => Ok(text),
            Data::Template(_) => Err(Problem::Unknown),
            _ => Err(self.mismatch(value, "a string")),
        }
    }

    /// A whole number.
    pub(super) fn integer(&self, index: usize) -> Result<i64, Problem> {
        let value = self.get(index)?;
        value
            .as_i64()
            .ok_or_else(|| self.mismatch(value, "a whole number"))
    }

    /// A boolean.
    pub(super) fn bool(&self, index: usize) -> Result<bool, Problem> {
        let value = self.get(index)?;
        value
            .as_bool()
            .ok_or_else(|| self.mismatch(value, "a boolean"))
    }

    /// A list, which may be known in part.
    pub(super) fn list(&self, index: usize) -> Result<&Arc<ListValue>, Problem> {
        let value = self.get(index)?;
        value
            .as_list()
            .ok_or_else(|| self.mismatch(value, "an array"))
    }

    /// An object, which may be known in part.
    pub(super) fn object(&self, index: usize) -> Result<&Arc<ObjectValue>, Problem> {
        let value = self.get(index)?;
        value
            .as_object()
            .ok_or_else(|| self.mismatch(value, "an object"))
    }

    pub(super) fn give_text(&self, text: impl Into<Arc<str>>) -> Outcome {
        let text = text.into();
        if text.len() > MAX_TEXT {
            return Err(Problem::TooLarge);
        }
        Ok(Value::string(text, self.origin()))
    }

    pub(super) fn give_pieces(&self, pieces: Vec<Piece>) -> Outcome {
        let length: usize = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.len(),
                Piece::Hole(_) => 16,
            })
            .sum();
        if length > MAX_TEXT {
            return Err(Problem::TooLarge);
        }
        Ok(Value::from_pieces(pieces, self.origin()))
    }

    pub(super) fn give_integer(&self, number: i64) -> Outcome {
        Ok(Value::integer(number, self.origin()))
    }

    pub(super) fn give_bool(&self, value: bool) -> Outcome {
        Ok(Value::bool(value, self.origin()))
    }

    pub(super) fn give_list(&self, items: Vec<Value>, rest: Option<Rest>) -> Outcome {
        if items.len() > MAX_ITEMS {
            return Err(Problem::TooLarge);
        }
        let list = ListValue {
            items,
            rest,
            kind: ListKind::Tuple,
        };
        Ok(Value::new(Data::List(Arc::new(list)), self.origin()))
    }

    /// An unknown number of which bounds are certain.
    pub(super) fn give_number_from(&self, least: usize) -> Outcome {
        self.give_bounded(Bounds::Range(i64::try_from(least).ok(), None))
    }

    /// An unknown result of which something is certain. If an argument is one of some candidates,
    /// the results for each of them tell more: then nothing is given.
    pub(super) fn give_bounded(&self, bounds: Bounds) -> Outcome {
        let candidates = |value: &Value| {
            let unknown = value.as_unknown();
            unknown.is_some_and(|unknown| matches!(unknown.bounds, Bounds::OneOf(_)))
        };
        if self.values.iter().any(candidates) {
            return Err(Problem::Unknown);
        }
        Ok(Value::unknown(self.unknown(bounds), self.origin()))
    }

    /// What this call gives, whatever it is. Without an unknown argument only Azure knows it.
    pub(super) fn unknown(&self, bounds: Bounds) -> Unknown {
        let mut unknown = labels::derived(self.name, self.values).with_bounds(bounds);
        if unknown.causes.is_empty() {
            unknown.reason = Reason::RunTimeFunction(Arc::clone(self.name));
        }
        unknown
    }
}

/// What data is, with its article, for messages.
pub(super) fn describe(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "a boolean",
        Data::Number(Number::Integer(_)) => "a whole number",
        Data::Number(_) => "a number",
        Data::String(_) | Data::Template(_) => "a string",
        Data::List(_) => "an array",
        Data::Object(_) => "an object",
        Data::Unknown(_) => "an unknown value",
    }
}

/// What answers the calls of a function of the catalogue; nothing stands for a name that is not in
/// it.
pub(super) fn answering(entry: Option<&Entry>) -> Function {
    let Some(entry) = entry else {
        return Function::Other;
    };
    if entry.answer == Answer::Compiler {
        return Function::Other;
    }
    match entry.needs {
        Needs::Evaluator(special) => Function::Special(special),
        Needs::Azure => Function::RunTime,
        Needs::Arguments => {
            pure(&entry.name.to_ascii_lowercase()).map_or(Function::Other, Function::Pure)
        }
    }
}

fn pure(name: &str) -> Option<Pure> {
    logic::find(name)
        .or_else(|| collections::find(name))
        .or_else(|| objects::find(name))
        .or_else(|| strings::find(name))
        .or_else(|| numbers::find(name))
        .or_else(|| network::find(name))
        .or_else(|| dates::find(name))
}
