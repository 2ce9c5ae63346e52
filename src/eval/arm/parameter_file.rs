//! Values as parameter files hold them: literal, and often with marks that a pipeline replaces.

use std::sync::Arc;

use super::evaluate::Evaluator;
use crate::eval::value::{Data, Reason, Unknown, Value};
use crate::syntax::json::{Json, JsonKind};

/// A value of a parameter file; placeholders are unknown.
pub(super) fn literal(evaluator: &Evaluator<'_>, json: &Json) -> Value {
    convert(evaluator, json, true, 0)
}

/// A literal as it stands.
pub(super) fn plain(evaluator: &Evaluator<'_>, json: &Json) -> Value {
    convert(evaluator, json, false, 0)
}

fn convert(evaluator: &Evaluator<'_>, json: &Json, placeholders: bool, depth: u32) -> Value {
    let origin = evaluator.origins.literal(json.span);
    if depth > 200 {
        return evaluator.limit("arm-limit", json.span, "this value nests too deeply".into());
    }
    match &json.kind {
        JsonKind::Null => Value::null(origin),
        JsonKind::Bool(value) => Value::bool(*value, origin),
        JsonKind::Number(number) => Value::new(Data::Number(number.clone()), origin),
        JsonKind::String(text) if placeholders && is_placeholder(text) => {
            // The same mark in two places need not become the same text.
            let place = format!("placeholder|{}:{}", json.span.file.0, json.span.start);
            let unknown = Unknown::new(&place, Arc::clone(text), Reason::Placeholder);
            Value::unknown(unknown.declared_at(json.span), origin)
        }
        JsonKind::String(text) => Value::string(Arc::clone(text), origin),
        JsonKind::Array(items) => {
            let items = items
                .iter()
                .map(|item| convert(evaluator, item, placeholders, depth + 1));
            Value::list(items.collect(), origin)
        }
        JsonKind::Object(members) => {
            let entries = members.iter().map(|member| {
                let value = convert(evaluator, &member.value, placeholders, depth + 1);
                (Arc::clone(&member.name), value)
            });
            Value::object(entries, origin)
        }
    }
}

/// Whether a text is meant to be replaced before it is deployed: `GEN-UNIQUE`, `<name>`,
/// `{{ name }}`, `${NAME}`, `$(name)`, `#{name}#`, `[[name]]`, `__NAME__`.
pub(super) fn is_placeholder(text: &str) -> bool {
    let between = |open: &str, close: &str| {
        text.split_once(open)
            .and_then(|(_, rest)| rest.split_once(close))
            .is_some_and(|(inside, _)| {
                !inside.is_empty() && inside.len() <= 80 && !inside.contains('\n')
            })
    };
    text.starts_with("GEN-")
        || text.starts_with("GET-PREREQ-")
        || (text.starts_with('[') && text.ends_with(']'))
        || (text.len() > 4 && text.starts_with("__") && text.ends_with("__"))
        || between("{{", "}}")
        || between("${", "}")
        || between("$(", ")")
        || between("#{", "}")
        || (between("<", ">") && !text.contains("</") && !text.contains("/>"))
}
