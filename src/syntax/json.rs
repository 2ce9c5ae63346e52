//! JSON as the tools of Azure Resource Manager accept it.
//!
//! Comments, a comma before a closing bracket and newlines within strings are allowed; everything
//! else is as strict as the standard. There is no recovery: a document with a mistake has no tree,
//! since Azure would refuse it whole.

mod parse;
mod stream;

use std::sync::Arc;

pub use self::parse::{parse, parse_either_quotes, parse_standard};
use super::Number;
use crate::source::Span;

/// A node of a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub struct Json {
    /// From the first to the last character of the value, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: JsonKind,
}

/// The kinds of JSON values.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, escapes resolved.
    String(Arc<str>),
    /// `[…]`
    Array(Vec<Json>),
    /// `{…}` in the order typed. A name occurs once: of duplicates the last won and a diagnostic
    /// tells so; only [`parse_standard`] keeps all.
    Object(Vec<Member>),
}

/// One `"name": value` of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name, escapes resolved.
    pub name: Arc<str>,
    /// The name with its quotes.
    pub name_span: Span,
    /// The value.
    pub value: Json,
}

impl Json {
    /// The member of an object by its exact name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|member| &*member.name == name)
            .map(|member| &member.value)
    }

    /// The member of an object by its name in any case, as Azure Resource Manager reads it.
    #[must_use]
    pub fn get_ignore_case(&self, name: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|member| member.name.eq_ignore_ascii_case(name))
            .map(|member| &member.value)
    }

    /// The members of an object; none for anything else.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            JsonKind::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of an array; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            JsonKind::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::String(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
