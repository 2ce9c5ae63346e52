//! Arrays and objects, and what works on strings as well.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Arguments, MAX_ITEMS, Outcome, Problem, Pure, describe};
use crate::eval::value::{Data, ListValue, ObjectValue, Piece, Rest, Truth, Unknown, Value};

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "array" => array,
        "concat" => concat,
        "contains" => contains,
        "createarray" => |call| call.give_list(call.values.to_vec(), None),
        "createobject" => create_object,
        "distinct" => |call| union(call),
        "empty" => empty,
        "first" => |call| end(call, false),
        "flatten" => flatten,
        "indexfromend" => index_from_end,
        "intersection" => intersection,
        "items" => items,
        "last" => |call| end(call, true),
        "length" => length,
        "objectkeys" => object_keys,
        "range" => range,
        "shallowmerge" => shallow_merge,
        "skip" => |call| part(call, true),
        "take" => |call| part(call, false),
        "union" => union,
        _ => return None,
    })
}

fn array(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::List(_) => Ok(value.clone()),
        Data::Unknown(_) => Err(Problem::Unknown),
        _ => call.give_list(vec![value.clone()], None),
    }
}

fn concat(call: &Arguments<'_>) -> Outcome {
    if call.values.iter().any(|value| value.as_list().is_some()) {
        return joined_lists(call, call.values, false);
    }
    if call.values.iter().all(|value| value.as_unknown().is_some()) && call.values.len() > 1 {
        // Strings or arrays: not even that is known.
        return Err(Problem::Unknown);
    }
    if let [single] = call.values {
        return Ok(single.clone());
    }
    let mut pieces = Vec::with_capacity(call.values.len());
    for index in 0..call.values.len() {
        pieces.extend(call.pieces(index)?);
    }
    call.give_pieces(pieces)
}

fn joined_lists(call: &Arguments<'_>, values: &[Value], distinct: bool) -> Outcome {
    let mut items: Vec<Value> = Vec::new();
    let mut missing: Vec<Value> = Vec::new();
    let mut template = None;
    for value in values {
        match &value.data {
            Data::List(list) => {
                items.extend(list.items.iter().cloned());
                if let Some(rest) = &list.rest {
                    missing.push(Value::new(
                        Data::Unknown(Arc::clone(&rest.unknown)),
                        value.origin,
                    ));
                    template = template.or_else(|| rest.template.clone());
                }
            }
            Data::Unknown(_) => missing.push(value.clone()),
            _ => {
                return Err(Problem::wrong(format!(
                    "'{}' cannot put an array and {} together",
                    call.name,
                    describe(&value.data)
                )));
            }
        }
        if items.len() > MAX_ITEMS {
            return Err(Problem::TooLarge);
        }
    }
    if distinct {
        items = each_once(items);
    }
    let rest = match missing.as_slice() {
        [] => None,
        [single] => single.as_unknown().map(|unknown| Rest {
            unknown: Arc::clone(unknown),
            template,
        }),
        several => Some(Rest {
            unknown: Arc::new(Unknown::derived("concat", several)),
            template: None,
        }),
    };
    call.give_list(items, rest)
}

/// Drops items that certainly equal an earlier one.
fn each_once(items: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        let fresh = match item.canonical() {
            Some(text) => seen.insert((std::mem::discriminant(&item.data), text)),
            None => kept
                .iter()
                .take(1000)
                .all(|earlier| earlier.equals(&item) != Truth::True),
        };
        if fresh {
            kept.push(item);
        }
    }
    kept
}

fn union(call: &Arguments<'_>) -> Outcome {
    if call.values.iter().any(|value| value.as_list().is_some()) {
        return joined_lists(call, call.values, true);
    }
    if call.values.iter().any(|value| value.as_object().is_some()) {
        let merged = merge(call, true)?;
        return Ok(Value::new(Data::Object(Arc::new(merged)), call.origin()));
    }
    let value = call.get(0)?;
    Err(call.mismatch(value, "arrays or objects"))
}

fn shallow_merge(call: &Arguments<'_>) -> Outcome {
    let list = call.list(0)?;
    if list.rest.is_some() {
        return Err(Problem::Unknown);
    }
    let inner = Arguments {
        values: &list.items,
        name: call.name,
        span: call.span,
        origins: call.origins,
    };
    let merged = merge(&inner, false)?;
    Ok(Value::new(Data::Object(Arc::new(merged)), inner.origin()))
}

fn merge(call: &Arguments<'_>, deep: bool) -> Result<ObjectValue, Problem> {
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

fn contains(call: &Arguments<'_>) -> Outcome {
    let (container, item) = (call.get(0)?, call.get(1)?);
    let truth = match &container.data {
        Data::List(list) => {
            let found = list
                .items
                .iter()
                .fold(Truth::False, |truth, one| truth.or(one.equals(item)));
            match &list.rest {
                Some(_) => found.or(Truth::Unknown),
                None => found,
            }
        }
        Data::Object(object) => {
            let name = call.text(1)?;
            if container.get_ignore_case(name).is_some() {
                Truth::True
            } else if object.rest.is_some() {
                Truth::Unknown
            } else {
                Truth::False
            }
        }
        Data::String(text) => text.contains(&**call.text(1)?).into(),
        Data::Template(pieces) => {
            let part = call.text(1)?;
            let found = pieces.iter().any(|piece| match piece {
                Piece::Literal(text) => text.contains(&**part),
                Piece::Hole(_) => false,
            });
            if found { Truth::True } else { Truth::Unknown }
        }
        _ => return Err(call.mismatch(container, "an array, an object or a string")),
    };
    decided(call, truth)
}

fn decided(call: &Arguments<'_>, truth: Truth) -> Outcome {
    match truth {
        Truth::True => call.give_bool(true),
        Truth::False => call.give_bool(false),
        Truth::Unknown => Err(Problem::Unknown),
    }
}

fn empty(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let empty = match &value.data {
        Data::Null => Truth::True,
        Data::String(text) => text.is_empty().into(),
        // A template has a literal piece or at least two holes.
        Data::Template(pieces) => {
            let literal = pieces
                .iter()
                .any(|piece| matches!(piece, Piece::Literal(text) if !text.is_empty()));
            if literal {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
        Data::List(list) => is_empty(list.items.len(), list.rest.as_ref()),
        Data::Object(object) => is_empty(object.entries.len(), object.rest.as_ref()),
        _ => return Err(call.mismatch(value, "an array, an object or a string")),
    };
    decided(call, empty)
}

fn is_empty(known: usize, rest: Option<&Rest>) -> Truth {
    match (known, rest) {
        (0, None) => Truth::True,
        (0, Some(_)) => Truth::Unknown,
        _ => Truth::False,
    }
}

fn length(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let count = match &value.data {
        Data::String(text) => text.encode_utf16().count(),
        Data::List(list) if list.rest.is_some() => {
            return call.give_number_from(list.items.len());
        }
        Data::List(list) => list.items.len(),
        Data::Object(object) if object.rest.is_some() => {
            return call.give_number_from(object.entries.len());
        }
        Data::Object(object) => object.entries.len(),
        Data::Unknown(_) | Data::Template(_) => return call.give_number_from(0),
        _ => return Err(call.mismatch(value, "an array, an object or a string")),
    };
    call.give_integer(i64::try_from(count).unwrap_or(i64::MAX))
}

fn known_list<'a>(call: &'a Arguments<'_>, index: usize) -> Result<&'a Arc<ListValue>, Problem> {
    let list = call.list(index)?;
    if list.rest.is_some() {
        return Err(Problem::Unknown);
    }
    Ok(list)
}

fn end(call: &Arguments<'_>, last: bool) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::List(_) => {
            let list = known_list(call, 0)?;
            let item = if last {
                list.items.last()
            } else {
                list.items.first()
            };
            Ok(item.cloned().unwrap_or_else(|| Value::null(call.origin())))
        }
        Data::String(text) => {
            let mut characters = text.chars();
            let one = if last {
                characters.next_back()
            } else {
                characters.next()
            };
            call.give_text(one.map(String::from).unwrap_or_default())
        }
        Data::Template(pieces) => {
            let piece = if last { pieces.last() } else { pieces.first() };
            let Some(Piece::Literal(text)) = piece else {
                return Err(Problem::Unknown);
            };
            let mut characters = text.chars();
            let one = if last {
                characters.next_back()
            } else {
                characters.next()
            };
            call.give_text(one.map(String::from).unwrap_or_default())
        }
        _ => Err(call.mismatch(value, "an array or a string")),
    }
}

fn index_from_end(call: &Arguments<'_>) -> Outcome {
    let list = known_list(call, 0)?;
    let back = usize::try_from(call.integer(1)?).unwrap_or(0);
    let index = list.items.len().checked_sub(back);
    let item = index.filter(|_| back > 0).and_then(|at| list.items.get(at));
    item.cloned()
        .ok_or_else(|| Problem::wrong(format!("the array has no item {back} from its end")))
}

fn part(call: &Arguments<'_>, skip: bool) -> Outcome {
    let value = call.get(0)?;
    let count = usize::try_from(call.integer(1)?).unwrap_or(0);
    match &value.data {
        Data::List(_) => {
            let list = known_list(call, 0)?;
            let items = if skip {
                list.items.iter().skip(count).cloned().collect()
            } else {
                list.items.iter().take(count).cloned().collect()
            };
            call.give_list(items, None)
        }
        Data::String(text) => {
            let at = text
                .char_indices()
                .nth(count)
                .map_or(text.len(), |(at, _)| at);
            let kept = if skip { text.get(at..) } else { text.get(..at) };
            call.give_text(kept.unwrap_or_default())
        }
        Data::Template(pieces) => {
            let Some(Piece::Literal(text)) = pieces.first() else {
                return Err(Problem::Unknown);
            };
            let Some((at, _)) = text.char_indices().nth(count) else {
                return Err(Problem::Unknown);
            };
            if !skip {
                return call.give_text(text.get(..at).unwrap_or_default());
            }
            let mut kept = vec![Piece::Literal(text.get(at..).unwrap_or_default().into())];
            kept.extend(pieces.iter().skip(1).cloned());
            call.give_pieces(kept)
        }
        _ => Err(call.mismatch(value, "an array or a string")),
    }
}

fn range(call: &Arguments<'_>) -> Outcome {
    let (start, count) = (call.integer(0)?, call.integer(1)?);
    if !(0..=10_000).contains(&count) {
        return Err(Problem::wrong(format!(
            "'range' makes between 0 and 10000 numbers, not {count}"
        )));
    }
    let origin = call.origin();
    let items = (0..count)
        .map(|offset| Value::integer(start.saturating_add(offset), origin))
        .collect();
    Ok(Value::list(items, origin))
}

fn flatten(call: &Arguments<'_>) -> Outcome {
    let list = call.list(0)?;
    let mut values = list.items.clone();
    if let Some(rest) = &list.rest {
        values.push(Value::new(
            Data::Unknown(Arc::clone(&rest.unknown)),
            call.get(0)?.origin,
        ));
    }
    if values.is_empty() {
        return call.give_list(Vec::new(), None);
    }
    joined_lists(call, &values, false)
}

fn intersection(call: &Arguments<'_>) -> Outcome {
    let first = call.get(0)?;
    if !call.values.iter().all(Value::is_wholly_known) {
        return Err(Problem::Unknown);
    }
    match &first.data {
        Data::List(list) => {
            let mut items = each_once(list.items.clone());
            for index in 1..call.values.len() {
                let other = call.list(index)?;
                items.retain(|item| {
                    other
                        .items
                        .iter()
                        .any(|one| one.equals(item) == Truth::True)
                });
            }
            call.give_list(items, None)
        }
        Data::Object(object) => {
            let mut entries = object.entries.clone();
            for index in 1..call.values.len() {
                let other = call.get(index)?;
                call.object(index)?;
                entries.retain(|name, value| {
                    other
                        .get_ignore_case(name)
                        .is_some_and(|one| one.equals(value) == Truth::True)
                });
            }
            Ok(Value::object(entries, call.origin()))
        }
        _ => Err(call.mismatch(first, "arrays or objects")),
    }
}

fn known_object<'a>(call: &'a Arguments<'_>) -> Result<&'a Arc<ObjectValue>, Problem> {
    let object = call.object(0)?;
    if object.rest.is_some() {
        return Err(Problem::Unknown);
    }
    Ok(object)
}

fn sorted(object: &ObjectValue) -> Vec<(&Arc<str>, &Value)> {
    let mut entries: Vec<_> = object.entries.iter().collect();
    entries.sort_by_key(|(name, _)| name.to_lowercase());
    entries
}

fn items(call: &Arguments<'_>) -> Outcome {
    let origin = call.get(0)?.origin;
    let items = sorted(known_object(call)?)
        .into_iter()
        .map(|(name, value)| {
            let key = Value::string(Arc::clone(name), value.origin);
            let pair = [("key".into(), key), ("value".into(), value.clone())];
            Value::object(pair, value.origin)
        })
        .collect();
    Ok(Value::list(items, origin))
}

fn object_keys(call: &Arguments<'_>) -> Outcome {
    let keys = sorted(known_object(call)?)
        .into_iter()
        .map(|(name, value)| Value::string(Arc::clone(name), value.origin))
        .collect();
    call.give_list(keys, None)
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
