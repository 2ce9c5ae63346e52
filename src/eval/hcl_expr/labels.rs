//! What people call a value that follows from others: the expression that gives it.
//!
//! `cidrsubnet(var.space, 8, 1)` and `cidrsubnet(var.space, 8, 2)` follow from the same missing
//! input, and a label tells them apart. Operands stand as the values they are and not as they are
//! written, since one expression gives other values in every turn of a loop and in every module;
//! only what is taken out of a collection by an unknown index is called as it is written. What is
//! absent: identity. Labels are shortened; equal labels may be two values.

use std::sync::Arc;

use super::Step;
use crate::eval::labels::{MOST, listed, shortened};
use crate::eval::value::{Bounds, Data, ListValue, Piece, Unknown, Value};

/// The unknown that a function or operator gives of these operands, called as the expression.
pub(crate) fn derived_unknown(function: &str, of: &[Value]) -> Unknown {
    let mut unknown = Unknown::derived(function, of);
    if let Some(label) = expression(function, of) {
        unknown.label = label.into();
    }
    unknown
}

/// The call of a function: `cidrsubnet(var.space, 8, 1)`.
pub(crate) fn call(name: &str, values: &[Value]) -> Arc<str> {
    shortened(&format!("{name}({})", listed(values, shown))).into()
}

/// The same value, called as the expression it is known to be the result of, if it is an unknown
/// that follows from others than itself.
pub(super) fn called(value: Value, label: impl FnOnce() -> Arc<str>) -> Value {
    match &value.data {
        Data::Unknown(unknown) if !unknown.causes.is_empty() => {
            let mut unknown = (**unknown).clone();
            unknown.label = label();
            Value::unknown(unknown, value.origin)
        }
        _ => value,
    }
}

/// The same, called by a name if the expression is too long to be read as a whole.
pub(crate) fn named(value: Value, label: impl FnOnce() -> Arc<str>) -> Value {
    match &value.data {
        Data::Unknown(unknown) if unknown.label.contains('…') => called(value, label),
        _ => value,
    }
}

/// The same for what comes of each value that an unknown may have, if that is several values.
pub(super) fn choice(value: Value, label: impl FnOnce() -> Arc<str>) -> Value {
    match &value.data {
        Data::Unknown(unknown) if matches!(unknown.bounds, Bounds::OneOf(_)) => {
            called(value, label)
        }
        _ => value,
    }
}

/// The same for what a function or operator gives of these operands.
pub(super) fn as_expression(value: Value, function: &str, of: &[Value]) -> Value {
    match expression(function, of) {
        Some(label) => choice(value, || label.into()),
        None => value,
    }
}

/// An element that an unknown index takes out of a collection, called by the name it is taken from:
/// `local.sizes[var.size].cidr`. Written out the collection would say less.
pub(super) fn taken_from(value: Value, root: &str, steps: &[Step]) -> Value {
    let is_written_out = |unknown: &Unknown| unknown.label.starts_with(['{', '[']);
    match &value.data {
        Data::Unknown(unknown) if is_written_out(unknown) => {
            called(value, || traversal(root, steps))
        }
        _ => value,
    }
}

/// A value as it would stand in an expression.
pub(crate) fn shown(value: &Value) -> String {
    match &value.data {
        Data::String(text) => format!("\"{}\"", shortened(text)),
        Data::Template(pieces) => format!("\"{}\"", shortened(&readable(pieces))),
        Data::Unknown(unknown) => unknown.label.to_string(),
        Data::Null => "null".to_owned(),
        Data::Bool(_) | Data::Number(_) => value.canonical().unwrap_or_else(|| "…".to_owned()),
        Data::List(list) => of_list(list),
        Data::Object(_) => "{…}".to_owned(),
    }
}

/// Text with unknown pieces as it would be written between quotes: `${var.prefix}-web`.
pub(crate) fn readable(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            _ if at == MOST => {
                text.push('…');
                break;
            }
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Hole(unknown) => text.push_str(&format!("${{{}}}", unknown.label)),
        }
    }
    text
}

/// The expression of a function or operator, `None` for what is no expression of its own.
fn expression(function: &str, of: &[Value]) -> Option<String> {
    let text = match (function, of) {
        ("?:", [condition, a, b, ..]) => {
            format!("{} ? {} : {}", decides(condition), operand(a), operand(b))
        }
        ("?:", [condition, ..]) => format!("{} ? … : …", decides(condition)),
        ("%{if}", [condition, ..]) => format!("%{{if {}}}", shown(condition)),
        ("[]", [whole, index]) => format!("{}[{}]", operand(whole), shown(index)),
        ("[*]", [whole]) => format!("{}[*]", operand(whole)),
        ("for", [whole, ..]) => format!("[for … in {}]", shown(whole)),
        ("!", [value]) => format!("!{}", operand(value)),
        ("unary -", [value]) => format!("-{}", operand(value)),
        ("if" | "index" | "candidate" | "for" | "[*]" | "[]" | "?:", _) => return None,
        (_, [a, b]) if is_operator(function) => {
            format!("{} {function} {}", operand(a), operand(b))
        }
        _ if is_operator(function) => return None,
        _ => return Some(call(function, of).to_string()),
    };
    Some(shortened(&text))
}

fn is_operator(function: &str) -> bool {
    !function.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// A name with the steps behind it.
fn traversal(root: &str, steps: &[Step]) -> Arc<str> {
    let mut text = root.to_owned();
    for step in steps {
        match step {
            Step::Attribute(name) => text.push_str(&format!(".{name}")),
            Step::Index(index) => text.push_str(&format!("[{}]", shown(index))),
        }
    }
    shortened(&text).into()
}

/// A value beside an operator: in parentheses if it is an expression with one of its own.
fn operand(value: &Value) -> String {
    let text = shown(value);
    let is_compound = value.as_unknown().is_some() && has_operator(&text);
    if is_compound {
        format!("({text})")
    } else {
        text
    }
}

/// A value before a question mark, which binds less than every other operator.
fn decides(condition: &Value) -> String {
    let text = shown(condition);
    if text.contains(" ? ") {
        operand(condition)
    } else {
        text
    }
}

/// Whether there is a space outside of strings and parentheses.
fn has_operator(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ' ' if !quoted && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

fn of_list(list: &ListValue) -> String {
    let nested = |item: &Value| matches!(item.data, Data::List(_));
    if list.items.iter().take(MOST).any(nested) {
        return "[…]".to_owned();
    }
    let items = listed(&list.items, shown);
    match &list.rest {
        None => format!("[{items}]"),
        Some(rest) if list.items.is_empty() => rest.unknown.label.to_string(),
        Some(rest) => format!("[{items}, …{}]", rest.unknown.label),
    }
}

/// What a part of an unknown is called: `suffix` is what follows it in an expression.
pub(super) fn part(whole: &Unknown, suffix: &str) -> Arc<str> {
    if has_operator(&whole.label) {
        format!("({}){suffix}", whole.label).into()
    } else {
        format!("{}{suffix}", whole.label).into()
    }
}
