//! Objects.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::{
    Data, ListKind, ListValue, ObjectKind, ObjectValue, Rest, Truth, Unknown, Value,
};
use crate::origin::OriginId;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "createobject" => create_object,
        "items" => items,
        "objectkeys" => object_keys,
        "shallowmerge" => shallow_merge,
        _ => return None,
    })
}

fn create_object(call: &Arguments<'_>) -> Outcome {
    let mut object = ObjectValue {
        kind: ObjectKind::Object,
        entries: IndexMap::with_capacity(call.values.len() / 2),
        rest: None,
    };
    if !call.values.len().is_multiple_of(2) {
        return Err(Problem::wrong("'createObject' needs a value for every key"));
    }
    for pair in call.values.chunks_exact(2) {
        let [key, value] = pair else { continue };
        match &key.data {
            Data::String(name) => {
                object.entries.insert(Arc::clone(name), value.clone());
            }
            Data::Unknown(_) | Data::Template(_) => {
                drop_named(&mut object, key);
                object.rest = Some(match object.rest.take() {
                    None => Rest {
                        unknown: Arc::new(Unknown::derived("key", std::slice::from_ref(key))),
                        template: Some(value.clone()),
                    },
                    // Two under keys that are not known do not look like one another.
                    Some(earlier) => Rest {
                        unknown: Arc::new(Unknown::derived(
                            "key",
                            &[unknown_of(&earlier, key.origin), key.clone()],
                        )),
                        template: None,
                    },
                });
            }
            _ => return Err(call.mismatch(key, "strings as keys")),
        }
    }
    Ok(Value::new(Data::Object(Arc::new(object)), call.origin()))
}

fn items(call: &Arguments<'_>) -> Outcome {
    let (object, origin) = (call.object(0)?, call.get(0)?.origin);
    let pair = |key: Value, value: &Value| {
        let entries = [("key".into(), key), ("value".into(), value.clone())];
        Value::object(entries, value.origin)
    };
    let items = sorted(object)
        .into_iter()
        .map(|(name, value)| pair(Value::string(Arc::clone(name), value.origin), value))
        .collect();
    let rest = object.rest.as_ref().map(|rest| Rest {
        unknown: Arc::clone(&rest.unknown),
        template: rest.template.as_ref().map(|value| {
            let key = Unknown::derived("key", &[unknown_of(rest, origin)]);
            pair(Value::unknown(key, origin), value)
        }),
    });
    let list = ListValue {
        items,
        rest,
        kind: ListKind::Tuple,
    };
    Ok(Value::new(Data::List(Arc::new(list)), origin))
}

fn object_keys(call: &Arguments<'_>) -> Outcome {
    let object = call.object(0)?;
    let keys = sorted(object)
        .into_iter()
        .map(|(name, value)| Value::string(Arc::clone(name), value.origin))
        .collect();
    let rest = object.rest.as_ref().map(|rest| Rest {
        unknown: Arc::clone(&rest.unknown),
        template: None,
    });
    call.give_list(keys, rest)
}

/// Takes out the entries that one under a key not wholly known may stand in place of.
pub(in super::super) fn drop_named(object: &mut ObjectValue, key: &Value) {
    object.entries.retain(|name, _| {
        let name = Value::string(Arc::clone(name), OriginId::NONE);
        key.equals(&name) == Truth::False
    });
}

/// The entries by name. The functions order "alphabetically" (`bicep-functions-object.md`); how they
/// order names that differ in case alone or by punctuation is not documented.
fn sorted(object: &ObjectValue) -> Vec<(&Arc<str>, &Value)> {
    let mut entries: Vec<_> = object.entries.iter().collect();
    entries.sort_by_key(|(name, _)| name.to_lowercase());
    entries
}

fn unknown_of(rest: &Rest, origin: OriginId) -> Value {
    Value::new(Data::Unknown(Arc::clone(&rest.unknown)), origin)
}

fn shallow_merge(call: &Arguments<'_>) -> Outcome {
    let list = call.list(0)?;
    let inner = Arguments {
        values: &list.items,
        name: call.name,
        span: call.span,
        origins: call.origins,
    };
    let mut merged = merge(&inner, false).map_err(|problem| match problem {
        Problem::Argument(_, message) => Problem::Argument(0, message),
        other => other,
    })?;
    if let Some(rest) = &list.rest {
        // An object of which neither the place nor the names are known may change any of them.
        merged.entries.clear();
        merged.rest = Some(Rest {
            unknown: Arc::clone(&rest.unknown),
            template: None,
        });
    }
    Ok(Value::new(Data::Object(Arc::new(merged)), inner.origin()))
}

/// One object of several, what comes later winning; with `deep` objects within objects are merged as
/// well, arrays never are (`bicep-functions-object.md`, "union").
pub(super) fn merge(call: &Arguments<'_>, deep: bool) -> Result<ObjectValue, Problem> {
    let mut merged = ObjectValue::default();
    for value in call.values {
        match &value.data {
            Data::Object(object) => merge_into(&mut merged, object, deep, 0),
            Data::Unknown(unknown) => {
                let open = ObjectValue {
                    kind: ObjectKind::Object,
                    entries: IndexMap::new(),
                    rest: Some(Rest {
                        unknown: Arc::clone(unknown),
                        template: None,
                    }),
                };
                merge_into(&mut merged, &open, deep, 0);
            }
            Data::Null => {}
            _ => return Err(call.mismatch(value, "objects")),
        }
    }
    Ok(merged)
}

fn merge_into(into: &mut ObjectValue, from: &ObjectValue, deep: bool, depth: usize) {
    if from.rest.is_some() {
        // Whatever the later one holds wins; what it does not hold stays: under each name either
        // may be meant.
        into.rest = match std::mem::take(into) {
            before if before.entries.is_empty() && before.rest.is_none() => from.rest.clone(),
            before => Some(either(before, from.clone())),
        };
    }
    for (name, value) in &from.entries {
        let existing = into
            .entries
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned();
        let Some(existing) = existing else {
            let value = match &into.rest {
                Some(rest) if deep => opened(value, rest, name, depth),
                _ => value.clone(),
            };
            into.entries.insert(Arc::clone(name), value);
            continue;
        };
        let Some(slot) = into.entries.get_mut(&existing) else {
            continue;
        };
        match (&slot.data, &value.data) {
            (Data::Object(before), Data::Object(after)) if deep && depth < 64 => {
                let mut inner = (**before).clone();
                merge_into(&mut inner, after, deep, depth + 1);
                *slot = Value::new(Data::Object(Arc::new(inner)), value.origin);
            }
            (Data::Object(_), Data::Unknown(_)) if deep => {
                let pair = [slot.clone(), value.clone()];
                *slot = Value::unknown(Unknown::derived("union", &pair), value.origin);
            }
            (Data::Unknown(unknown), Data::Object(_)) if deep => {
                let rest = Rest {
                    unknown: Arc::clone(unknown),
                    template: None,
                };
                *slot = opened(value, &rest, name, depth);
            }
            _ => *slot = value.clone(),
        }
    }
}

/// An object that is merged into one of which not all is known: that may hold more.
fn opened(value: &Value, rest: &Rest, name: &str, depth: usize) -> Value {
    let Data::Object(object) = &value.data else {
        return value.clone();
    };
    if depth >= 64 {
        return value.clone();
    }
    let key = Value::string(name, OriginId::NONE);
    let below = Rest {
        unknown: Arc::new(Unknown::derived(
            "part",
            &[unknown_of(rest, value.origin), key],
        )),
        template: None,
    };
    let mut open = ObjectValue {
        kind: ObjectKind::Object,
        entries: IndexMap::with_capacity(object.entries.len()),
        rest: None,
    };
    for (name, value) in &object.entries {
        let value = opened(value, &below, name, depth + 1);
        open.entries.insert(Arc::clone(name), value);
    }
    open.rest = match &object.rest {
        None => Some(below),
        Some(own) => Some(Rest {
            unknown: Arc::new(Unknown::derived(
                "union",
                &[
                    unknown_of(&below, value.origin),
                    unknown_of(own, value.origin),
                ],
            )),
            template: None,
        }),
    };
    Value::new(Data::Object(Arc::new(open)), value.origin)
}

/// What stands for the entries of two objects, the second not wholly known.
fn either(before: ObjectValue, after: ObjectValue) -> Rest {
    let missing: Vec<Value> = [&before.rest, &after.rest]
        .into_iter()
        .flatten()
        .map(|rest| unknown_of(rest, OriginId::NONE))
        .collect();
    let value = |object| Value::new(Data::Object(Arc::new(object)), OriginId::NONE);
    let whole = Unknown::derived("union", &[value(before), value(after)]);
    // What settles it is what is missing, whatever else the entries hang on.
    let mut unknown = Unknown::derived("union", &missing);
    unknown.id = whole.id;
    Rest {
        unknown: Arc::new(unknown),
        template: None,
    }
}
