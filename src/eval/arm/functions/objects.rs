//! Objects.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::{Data, ListValue, ObjectValue, Rest, Truth, Unknown, Value};
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
                object.rest = Some(Rest {
                    unknown: Arc::new(Unknown::derived("key", std::slice::from_ref(key))),
                    template: Some(value.clone()),
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
    let list = ListValue { items, rest };
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
            // Whatever an unknown object holds wins over what came before it.
            Data::Unknown(unknown) => {
                merged.entries.clear();
                merged.rest = Some(Rest {
                    unknown: Arc::new(match &merged.rest {
                        Some(_) => Unknown::derived("union", call.values),
                        None => (**unknown).clone(),
                    }),
                    template: None,
                });
            }
            Data::Null => {}
            _ => return Err(call.mismatch(value, "objects")),
        }
    }
    Ok(merged)
}

fn merge_into(into: &mut ObjectValue, from: &ObjectValue, deep: bool, depth: usize) {
    if from.rest.is_some() {
        into.entries.clear();
        into.rest.clone_from(&from.rest);
    }
    for (name, value) in &from.entries {
        let existing = into
            .entries
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned();
        let Some(existing) = existing else {
            into.entries.insert(Arc::clone(name), value.clone());
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
            _ => *slot = value.clone(),
        }
    }
}
