//! What people call a value that follows from others: the call that gives it, with its arguments.
//!
//! A label tells values apart that come from the same missing input: the first of several subnets
//! in `take(uniqueString(resourceGroup().id), 5)` and the second in
//! `take(uniqueString(resourceGroup().id, 'b'), 5)`. Arguments stand as the values they are and not
//! as they are written, since one expression gives other values in every turn of a loop and in
//! every module. What is absent: identity. Labels are shortened; equal labels may be two values.

use std::sync::Arc;

use super::scope;
use crate::eval::labels::{self, MOST, shortened};
use crate::eval::value::{Data, ListValue, Piece, Unknown, Value};
use crate::origin::OriginId;

/// The ids that [`resourceGroup()`](super::place) and its like give, as they read, and the call.
const IDS: [(&str, &str); 3] = [
    (
        "/subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}",
        "resourceGroup().id",
    ),
    (
        "/subscriptions/${subscription().subscriptionId}",
        "subscription().id",
    ),
    (
        "/providers/Microsoft.Management/managementGroups/${managementGroup().name}",
        "managementGroup().id",
    ),
];

/// The unknown that a function gives of these arguments, called as the call: `toLower(…)`.
pub(super) fn derived(name: &str, values: &[Value]) -> Unknown {
    let mut unknown = Unknown::derived(&name.to_ascii_lowercase(), values);
    unknown.label = call(name, values);
    unknown
}

/// What a function makes of one unknown piece of a string, and further arguments.
pub(super) fn derived_piece(name: &str, unknown: &Arc<Unknown>, others: &[Value]) -> Unknown {
    let mut arguments = Vec::with_capacity(others.len() + 1);
    arguments.push(Value::new(
        Data::Unknown(Arc::clone(unknown)),
        OriginId::NONE,
    ));
    arguments.extend(others.iter().cloned());
    derived(name, &arguments)
}

/// A call of a function, shortened: `uniqueString(resourceGroup().id)`.
pub(super) fn call(name: &str, values: &[Value]) -> Arc<str> {
    shortened(&format!("{name}({})", listed(values))).into()
}

/// A call of a function with a lambda, which is left out: `filter(parameters('rules'), …)`.
pub(super) fn by_lambda(name: &str, source: &Value) -> Arc<str> {
    shortened(&format!("{name}({}, …)", shown(source))).into()
}

/// A value as it would stand in a call.
pub(super) fn shown(value: &Value) -> String {
    match &value.data {
        Data::String(text) => format!("'{}'", shortened(text)),
        Data::Template(pieces) => of_pieces(pieces),
        Data::Unknown(unknown) => unknown.label.to_string(),
        Data::Null => "null()".to_owned(),
        Data::Bool(_) | Data::Number(_) => value.canonical().unwrap_or_else(|| "…".to_owned()),
        Data::List(list) => of_list(list),
        Data::Object(_) => "{…}".to_owned(),
    }
}

/// An item of a value that is not known, by its index.
pub(super) fn item(value: &Value, index: &Value) -> Arc<str> {
    shortened(&format!("{}[{}]", shown(value), shown(index))).into()
}

/// The last segment of an address; a label in it is part of one segment.
pub(super) fn last_name(address: &str) -> &str {
    let mut depth = 0_usize;
    let mut start = 0;
    let mut before = ' ';
    for (at, character) in address.char_indices() {
        match character {
            '{' if before == '$' || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => start = at + 1,
            _ => {}
        }
        before = character;
    }
    address.get(start..).unwrap_or_default()
}

fn listed(values: &[Value]) -> String {
    labels::listed(values, shown)
}

fn of_pieces(pieces: &[Piece]) -> String {
    let text = scope::readable(pieces.get(..MOST).unwrap_or(pieces));
    for (id, call) in IDS {
        if text == id {
            return call.to_owned();
        }
        if let Some(rest) = text.strip_prefix(id) {
            return format!("'{}'", shortened(&format!("${{{call}}}{rest}")));
        }
    }
    format!("'{}'", shortened(&text))
}

fn of_list(list: &ListValue) -> String {
    let nested = |item: &Value| matches!(item.data, Data::List(_));
    if list.items.iter().take(MOST).any(nested) {
        return "[…]".to_owned();
    }
    let items = listed(&list.items);
    match &list.rest {
        None => format!("[{items}]"),
        Some(rest) if list.items.is_empty() => format!("[…{}]", rest.unknown.label),
        Some(rest) => format!("[{items}, …{}]", rest.unknown.label),
    }
}
