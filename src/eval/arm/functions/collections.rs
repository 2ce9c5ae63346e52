//! Arrays, and what works on arrays, objects and strings alike.

use std::sync::Arc;

use super::partial::{after, extent_of_all, start};
use super::{Arguments, MAX_ITEMS, Outcome, Problem, Pure, describe, objects};
use crate::eval::value::{Bounds, Data, ListValue, Piece, Rest, Truth, Unknown, Value};

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "array" => array,
        "concat" => concat,
        "contains" => contains,
        "createarray" => |call| call.give_list(call.values.to_vec(), None),
        "distinct" => distinct,
        "empty" => empty,
        "first" => |call| end(call, false),
        "flatten" => flatten,
        "indexfromend" => index_from_end,
        "intersection" => intersection,
        "last" => |call| end(call, true),
        "length" => length,
        "range" => range,
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
    for (index, value) in call.values.iter().enumerate() {
        if value.as_object().is_some() {
            return Err(call.mismatch(value, "strings or arrays"));
        }
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
            Data::Unknown(unknown) => {
                items.extend(unknown.shared_items());
                missing.push(value.clone());
            }
            _ => return Err(call.mismatch(value, "only arrays where one argument is an array")),
        }
        if items.len() > MAX_ITEMS {
            return Err(Problem::TooLarge);
        }
    }
    if distinct {
        let (certain, doubtful) = each_once(items);
        items = certain;
        if let [only] = doubtful.as_slice()
            && missing.is_empty()
        {
            template = Some(only.clone());
        }
        missing.extend(doubtful);
    }
    let rest = match missing.as_slice() {
        [] => None,
        [single] => Some(Rest {
            unknown: match single.as_unknown() {
                Some(unknown) if template.is_none() || !distinct => Arc::clone(unknown),
                _ => Arc::new(Unknown::derived("concat", &missing)),
            },
            template,
        }),
        several => Some(Rest {
            unknown: Arc::new(Unknown::derived("concat", several)),
            template: None,
        }),
    };
    call.give_list(items, rest)
}

/// Drops items that certainly equal an earlier one. Those that may equal another one stand apart:
/// whether they count is not known.
fn each_once(items: Vec<Value>) -> (Vec<Value>, Vec<Value>) {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        let fresh = match item.canonical() {
            Some(text) => seen.insert((std::mem::discriminant(&item.data), text)),
            None => kept
                .iter()
                .take(MAX_COMPARED)
                .all(|earlier| earlier.equals(&item) != Truth::True),
        };
        if fresh {
            kept.push(item);
        }
    }
    let open: Vec<usize> = (0..kept.len())
        .filter(|at| kept.get(*at).is_some_and(|item| !item.is_wholly_known()))
        .collect();
    if open.is_empty() {
        return (kept, Vec::new());
    }
    let mut doubtful = vec![false; kept.len()];
    for at in open {
        let Some(item) = kept.get(at) else { continue };
        let is_another = |other: usize| other != at && doubtful.get(other) == Some(&false);
        let may_equal = kept.len() > MAX_COMPARED
            || kept
                .iter()
                .enumerate()
                .any(|(other, value)| is_another(other) && item.equals(value) != Truth::False);
        if let Some(flag) = doubtful.get_mut(at) {
            *flag = may_equal;
        }
    }
    let mut doubts = doubtful.into_iter();
    kept.into_iter()
        .partition(|_| !doubts.next().unwrap_or(false))
}

/// How many items are compared with each other.
const MAX_COMPARED: usize = 1000;

fn distinct(call: &Arguments<'_>) -> Outcome {
    call.list(0)?;
    joined_lists(call, call.values, true)
}

fn union(call: &Arguments<'_>) -> Outcome {
    if call.values.iter().any(|value| value.as_list().is_some()) {
        return joined_lists(call, call.values, true);
    }
    if call.values.iter().any(|value| value.as_object().is_some()) {
        let merged = objects::merge(call, true)?;
        return Ok(Value::new(Data::Object(Arc::new(merged)), call.origin()));
    }
    let value = call.get(0)?;
    Err(call.mismatch(value, "arrays or objects"))
}

fn contains(call: &Arguments<'_>) -> Outcome {
    let (container, item) = (call.get(0)?, call.get(1)?);
    let truth = match &container.data {
        Data::List(list) => has(list, item),
        Data::Object(object) => {
            let name = &searched(call)?;
            if container.get_ignore_case(name).is_some() {
                Truth::True
            } else if object.rest.is_some() {
                Truth::Unknown
            } else {
                Truth::False
            }
        }
        Data::String(text) => text.contains(&*searched(call)?).into(),
        Data::Template(pieces) => {
            let part = searched(call)?;
            let found = pieces.iter().any(|piece| match piece {
                Piece::Literal(text) => text.contains(&*part),
                Piece::Hole(_) => false,
            });
            if found { Truth::True } else { Truth::Unknown }
        }
        _ => return Err(call.mismatch(container, "an array, an object or a string")),
    };
    decided(call, truth)
}

/// What is looked for in a string or among the names of an object: a string or a whole number.
fn searched(call: &Arguments<'_>) -> Result<Arc<str>, Problem> {
    let value = call.get(1)?;
    match (&value.data, value.as_i64()) {
        (Data::String(text), _) => Ok(Arc::clone(text)),
        (_, Some(number)) => Ok(number.to_string().into()),
        (Data::Template(_), _) => Err(Problem::Unknown),
        _ => Err(call.mismatch(value, "a string or a whole number to look for")),
    }
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
        Data::Template(pieces) => match extent_of_all(pieces) {
            (0, _) => Truth::Unknown,
            _ => Truth::False,
        },
        Data::Unknown(unknown) => match length_of(unknown) {
            Bounds::Range(Some(1..), _) => Truth::False,
            _ => Truth::Unknown,
        },
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
        Data::Unknown(unknown) => return call.give_bounded(length_of(unknown)),
        Data::Template(pieces) => match extent_of_all(pieces) {
            (least, Some(most)) if least == most => least,
            (least, most) => return call.give_bounded(between(least, most)),
        },
        _ => return Err(call.mismatch(value, "an array, an object or a string")),
    };
    call.give_integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// How many characters or items an unknown has.
fn length_of(unknown: &Unknown) -> Bounds {
    match &unknown.bounds {
        Bounds::Length(least, most) => between(*least, *most),
        Bounds::Ends(first, last) => between(first.len().saturating_add(last.len()), None),
        _ => between(0, None),
    }
}

fn between(least: usize, most: Option<usize>) -> Bounds {
    let number = |count: usize| i64::try_from(count).ok();
    Bounds::Range(number(least), most.and_then(number))
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
        Data::Unknown(unknown) => match (&unknown.bounds, last) {
            (Bounds::Ends(items, _), false) => items.first().cloned().ok_or(Problem::Unknown),
            (Bounds::Ends(_, items), true) => items.last().cloned().ok_or(Problem::Unknown),
            _ => Err(Problem::Unknown),
        },
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
    let given = call.integer(1)?;
    let back = usize::try_from(given).unwrap_or(0);
    let index = list.items.len().checked_sub(back);
    let item = index.filter(|_| back > 0).and_then(|at| list.items.get(at));
    item.cloned().ok_or_else(|| {
        let message = format!("this array has no item {given} from its end");
        Problem::Argument(1, message)
    })
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
        Data::Template(pieces) => part_of_text(call, pieces, count, skip),
        Data::Unknown(unknown) => match &unknown.bounds {
            Bounds::Length(..) => {
                part_of_text(call, &[Piece::Hole(Arc::clone(unknown))], count, skip)
            }
            Bounds::Ends(first, last) => match (first.get(..count), first.get(count..)) {
                (Some(taken), _) if !skip => call.give_list(taken.to_vec(), None),
                (_, Some(left)) if skip => {
                    call.give_bounded(Bounds::Ends(left.to_vec(), last.clone()))
                }
                _ => Err(Problem::Unknown),
            },
            _ => Err(Problem::Unknown),
        },
        _ => Err(call.mismatch(value, "an array or a string")),
    }
}

/// The first characters of text known in part, or all but these.
fn part_of_text(call: &Arguments<'_>, pieces: &[Piece], count: usize, skip: bool) -> Outcome {
    let kept = if skip {
        after(pieces, count)
    } else {
        start(pieces, count)
    };
    if let Some(kept) = kept {
        return call.give_pieces(kept);
    }
    let (least, most) = extent_of_all(pieces);
    call.give_bounded(if skip {
        let left = |length: usize| length.saturating_sub(count);
        Bounds::Length(left(least), most.map(left))
    } else {
        let most = most.map_or(count, |most| most.min(count));
        Bounds::Length(least.min(count), Some(most))
    })
}

/// The largest number that `range` reaches ("The sum of startIndex and count must be no greater
/// than", `template-functions-array.md`).
const RANGE_END: i64 = 2_147_483_647;

fn range(call: &Arguments<'_>) -> Outcome {
    let (start, count) = (call.integer(0)?, call.integer(1)?);
    if !(0..=10_000).contains(&count) {
        let message = format!("'range' makes between 0 and 10000 numbers, not {count}");
        return Err(Problem::Argument(1, message));
    }
    if start.saturating_add(count) > RANGE_END {
        return Err(Problem::wrong(format!(
            "'range' goes no further than {RANGE_END}"
        )));
    }
    let origin = call.origin();
    let items = (start..start + count)
        .map(|number| Value::integer(number, origin))
        .collect();
    Ok(Value::list(items, origin))
}

fn flatten(call: &Arguments<'_>) -> Outcome {
    let list = call.list(0)?;
    let flat = |item: &&Value| item.as_list().is_none() && item.as_unknown().is_none();
    if let Some(item) = list.items.iter().find(flat) {
        let message = format!(
            "'flatten' needs an array of arrays, not of {}",
            describe(&item.data)
        );
        return Err(Problem::Argument(0, message));
    }
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
    match &first.data {
        Data::List(list) if list.rest.is_none() => {
            let (mut items, doubtful) = each_once(list.items.clone());
            if !doubtful.is_empty() {
                return Err(Problem::Unknown);
            }
            for index in 1..call.values.len() {
                items = common(items, |item| Ok(has(call.list(index)?, item)))?;
            }
            call.give_list(items, None)
        }
        Data::Object(object) if object.rest.is_none() => {
            let mut entries: Vec<(Arc<str>, Value)> = object
                .entries
                .iter()
                .map(|(name, value)| (Arc::clone(name), value.clone()))
                .collect();
            for index in 1..call.values.len() {
                let other = call.get(index)?;
                let open = call.object(index)?.rest.is_some();
                entries = common(entries, |(name, value)| {
                    Ok(match other.get_ignore_case(name) {
                        Some(one) => one.equals(value),
                        None if open => Truth::Unknown,
                        None => Truth::False,
                    })
                })?;
            }
            Ok(Value::object(entries, call.origin()))
        }
        Data::List(_) | Data::Object(_) => Err(Problem::Unknown),
        _ => Err(call.mismatch(first, "arrays or objects")),
    }
}

/// Those for which it certainly holds, if that is known of all.
fn common<T>(
    items: Vec<T>,
    holds: impl Fn(&T) -> Result<Truth, Problem>,
) -> Result<Vec<T>, Problem> {
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        match holds(&item)? {
            Truth::True => kept.push(item),
            Truth::False => {}
            Truth::Unknown => return Err(Problem::Unknown),
        }
    }
    Ok(kept)
}

fn has(list: &ListValue, item: &Value) -> Truth {
    let found = list
        .items
        .iter()
        .fold(Truth::False, |truth, one| truth.or(one.equals(item)));
    match &list.rest {
        Some(_) => found.or(Truth::Unknown),
        None => found,
    }
}
