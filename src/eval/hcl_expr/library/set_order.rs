//! The order in which Terraform walks a set.
//!
//! Numbers and strings stand by their value and false before true; null stands last. Anything else
//! stands by the text that `zclconf/go-cty` (`cty/set_internals.go`, `appendSetHashBytes`) makes of
//! it to find equal elements.

use std::fmt::Write as _;

use super::string::general;
use crate::eval::value::{Data, ListKind, ObjectKind, Value};

/// How many digits of a number `big.Float.String` of Go writes.
const DIGITS: usize = 10;

/// Puts the items of a set in Terraform's order.
pub(super) fn in_set_order(items: &mut [Value]) {
    let is_scalar = |value: &Value| {
        matches!(
            value.data,
            Data::String(_) | Data::Number(_) | Data::Bool(_)
        )
    };
    if items.iter().all(is_scalar) {
        items.sort_by(|a, b| match (&a.data, &b.data) {
            (Data::String(a), Data::String(b)) => a.cmp(b),
            (Data::Number(a), Data::Number(b)) => a.compare(b),
            (Data::Bool(a), Data::Bool(b)) => a.cmp(b),
            _ => written(a).cmp(&written(b)),
        });
        return;
    }
    items.sort_by_cached_key(|item| (item.is_null(), written(item)));
}

fn written(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match &value.data {
        Data::Unknown(_) | Data::Template(_) => out.push('?'),
        Data::Null => out.push('~'),
        Data::Bool(value) => out.push(if *value { 'T' } else { 'F' }),
        Data::Number(number) => out.push_str(&general(number, Some(DIGITS))),
        // Rust quotes as Go does, but for control characters.
        Data::String(text) => {
            let _ = write!(out, "{text:?}");
        }
        Data::List(list) => {
            let (open, close) = match list.kind {
                ListKind::Tuple => ('<', '>'),
                ListKind::List | ListKind::Set => ('[', ']'),
            };
            out.push(open);
            for item in &list.items {
                write(item, out);
                out.push(';');
            }
            out.push(close);
        }
        Data::Object(object) => {
            let mut entries: Vec<_> = object.entries.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            let is_map = object.kind == ObjectKind::Map;
            out.push(if is_map { '{' } else { '<' });
            for (name, item) in entries {
                if is_map {
                    let _ = write!(out, "{name:?}:");
                }
                write(item, out);
                out.push(';');
            }
            out.push(if is_map { '}' } else { '>' });
        }
    }
}
