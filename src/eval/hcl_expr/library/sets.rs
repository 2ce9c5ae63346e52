//! Sets and conversions. A set is a list without equal elements, sorted if they are strings or
//! numbers.

use std::sync::Arc;

use super::set_order::in_set_order;
use super::{Call, Function, Outcome};
use crate::eval::hcl_expr::Session;
use crate::eval::hcl_expr::access::{each_candidate, join_rests};
use crate::eval::hcl_expr::conversion::{kind_of, to_boolean, to_number, to_text};
use crate::eval::hcl_expr::derived_unknown;
use crate::eval::value::{Data, ListKind, Rest, Truth, Type, Value};
use crate::source::Span;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("distinct", |call| distinct(call, false)),
    ("setintersection", |call| {
        combine(call, |inside| inside.iter().all(|inside| *inside))
    }),
    ("setproduct", setproduct),
    ("setsubtract", |call| {
        combine(
            call,
            |inside| matches!(inside.split_first(), Some((true, others)) if others.iter().all(|inside| !inside)),
        )
    }),
    ("setunion", setunion),
    ("sort", sort),
    ("tobool", |call| {
        scalar(call, |value| to_boolean(value).map(Data::Bool), "boolean")
    }),
    ("tolist", |call| {
        converted(call, &Type::List(Box::new(Type::Any)))
    }),
    ("tomap", |call| {
        converted(call, &Type::Map(Box::new(Type::Any)))
    }),
    ("tonumber", |call| {
        scalar(call, |value| to_number(value).map(Data::Number), "number")
    }),
    ("toset", |call| {
        converted(call, &Type::Set(Box::new(Type::Any)))
    }),
    ("tostring", |call| {
        scalar(call, |value| to_text(value).map(Data::String), "string")
    }),
];

fn scalar(call: &Call<'_>, convert: fn(&Value) -> Option<Data>, wanted: &str) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::Null | Data::Template(_) => Ok(value.clone()),
        Data::Unknown(unknown) => Ok(each_candidate(unknown, value.origin, |candidate| {
            convert(candidate)
                .map(|data| Value::new(data, candidate.origin))
                .ok_or_else(|| call.fail("no conversion"))
        })
        .unwrap_or_else(|| value.clone())),
        _ => convert(value)
            .map(|data| Value::new(data, value.origin))
            .ok_or_else(|| call.fail(format!("{} cannot become a {wanted}", kind_of(value)))),
    }
}

fn converted(call: &Call<'_>, to: &Type) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::Unknown(_) => Ok(value.clone()),
        _ => call.convert(value, to),
    }
}

/// The elements in one type: where strings and other scalars meet, all become strings.
fn unified(items: &[Value]) -> Vec<Value> {
    let kinds = items.iter().fold(
        (false, false, false),
        |(text, number, truth), item| match item.data {
            Data::String(_) | Data::Template(_) => (true, number, truth),
            Data::Number(_) => (text, true, truth),
            Data::Bool(_) => (text, number, true),
            _ => (text, number, truth),
        },
    );
    let mixed = matches!(kinds, (true, true, _) | (true, _, true) | (_, true, true));
    items
        .iter()
        .map(|item| match to_text(item).filter(|_| mixed) {
            Some(text) => Value::new(Data::String(text), item.origin),
            None => item.clone(),
        })
        .collect()
}

/// The set of a list.
///
/// # Errors
/// If it is no list.
pub(crate) fn to_set(value: &Value, session: &Session<'_>, at: Span) -> Outcome {
    distinct(
        &Call {
            name: "toset",
            arguments: std::slice::from_ref(value),
            at,
            session,
        },
        true,
    )
}

/// Each element once. Of an element that may or may not equal another it is not known whether it
/// counts.
fn distinct(call: &Call<'_>, set: bool) -> Outcome {
    let value = call.argument(0)?;
    let list = match &value.data {
        Data::List(list) => list,
        Data::Null | Data::Unknown(_) if set => return Ok(value.clone()),
        Data::Unknown(_) => return Ok(call.unknown()),
        _ => return Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    };
    let items = if set {
        unified(&list.items)
    } else {
        list.items.clone()
    };
    let (kept, perhaps) = unique(call, items)?;
    let mut rests: Vec<Rest> = list.rest.iter().cloned().collect();
    rests.extend(perhaps.into_iter().map(|item| Rest {
        unknown: Arc::new(derived_unknown("distinct", &[value.clone(), item.clone()])),
        template: Some(item),
    }));
    let mut kept = kept;
    if set {
        in_set_order(&mut kept);
    }
    let kind = if set { ListKind::Set } else { ListKind::List };
    let rest = join_rests(call.name, rests);
    Ok(Value::list_of(kind, kept, rest, value.origin))
}

/// The elements that differ from all before, and those of which it is not known.
fn unique(
    call: &Call<'_>,
    items: Vec<Value>,
) -> Result<(Vec<Value>, Vec<Value>), Box<super::Failure>> {
    let mut kept: Vec<Value> = Vec::new();
    let mut perhaps: Vec<Value> = Vec::new();
    let mut seen: std::collections::BTreeSet<Arc<str>> = std::collections::BTreeSet::new();
    let all_text = items
        .iter()
        .all(|item| matches!(item.data, Data::String(_)));
    for item in items {
        if all_text {
            if let Some(text) = item.as_str()
                && seen.insert(Arc::clone(text))
            {
                kept.push(item);
            }
            continue;
        }
        call.session_charge(kept.len() + 1)?;
        let same = kept
            .iter()
            .chain(&perhaps)
            .map(|other| other.equals(&item))
            .fold(Truth::False, Truth::or);
        match same {
            Truth::True => {}
            Truth::False => kept.push(item),
            Truth::Unknown => perhaps.push(item),
        }
    }
    Ok((kept, perhaps))
}

fn sort(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    if !value.is_wholly_known() {
        return Ok(call.unknown());
    }
    let mut items: Vec<Value> = Vec::new();
    for item in &call.list(0)?.items {
        let text = to_text(item)
            .ok_or_else(|| call.fail(format!("strings are needed, not {}", kind_of(item))))?;
        items.push(Value::new(Data::String(text), item.origin));
    }
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(call.open_list(items, None))
}

fn setunion(call: &Call<'_>) -> Outcome {
    let arguments = call.alike(call.arguments)?;
    let mut items = Vec::new();
    let mut rests = Vec::new();
    for argument in &arguments {
        match &argument.data {
            Data::List(list) => {
                items.extend(list.items.iter().cloned());
                rests.extend(list.rest.clone());
            }
            Data::Unknown(unknown) => {
                rests.push(crate::eval::hcl_expr::access::rest_of(unknown));
            }
            _ => return Err(call.fail(format!("sets are needed, not {}", kind_of(argument)))),
        }
    }
    let (mut kept, perhaps) = unique(call, items)?;
    rests.extend(perhaps.into_iter().map(|item| Rest {
        unknown: Arc::new(derived_unknown("setunion", std::slice::from_ref(&item))),
        template: Some(item),
    }));
    in_set_order(&mut kept);
    let rest = join_rests("setunion", rests);
    Ok(Value::list_of(ListKind::Set, kept, rest, call.origin()))
}

/// The elements of all sets for which `keep` holds, told for each set whether they are in it.
fn combine(call: &Call<'_>, keep: fn(&[bool]) -> bool) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let arguments = call.alike(call.arguments)?;
        let call = &Call {
            arguments: &arguments,
            ..*call
        };
        let mut all = Vec::new();
        for index in 0..call.count() {
            all.extend(call.list(index)?.items.iter().cloned());
        }
        let (candidates, _) = unique(call, all)?;
        let mut kept = Vec::new();
        for candidate in candidates {
            let mut inside = Vec::with_capacity(call.count());
            for index in 0..call.count() {
                let items = &call.list(index)?.items;
                call.session_charge(items.len())?;
                let same = |item: &Value| item.equals(&candidate) == Truth::True;
                inside.push(items.iter().any(same));
            }
            if keep(&inside) {
                kept.push(candidate);
            }
        }
        in_set_order(&mut kept);
        Ok(Value::list_of(ListKind::Set, kept, None, origin))
    })
}

fn setproduct(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    if call.count() < 2 {
        return Err(call.fail("at least two arguments are needed"));
    }
    let mut kind = ListKind::List;
    let mut factors: Vec<Value> = Vec::new();
    for argument in call.arguments {
        let value = match &argument.data {
            Data::List(list) if list.kind == ListKind::Set => {
                kind = ListKind::Set;
                argument.clone()
            }
            Data::List(list) if list.rest.is_none() => {
                call.convert(argument, &Type::List(Box::new(Type::Any)))?
            }
            _ => argument.clone(),
        };
        match &value.data {
            Data::List(list) if list.rest.is_none() => factors.push(value),
            Data::List(_) | Data::Unknown(_) => return Ok(call.unknown()),
            _ => return Err(call.fail(format!("sets are needed, not {}", kind_of(&value)))),
        }
    }
    let factors = factors.iter().filter_map(Value::as_list);
    let factors: Vec<&[Value]> = factors.map(|list| list.items.as_slice()).collect();
    let rows = factors.iter().map(|items| items.len());
    let parts = rows.fold(factors.len() + 1, usize::saturating_mul);
    call.refuse_large(parts)?;
    call.session_charge(parts)?;
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    // An empty factor leaves no rows, however many there were before it.
    for items in factors.iter().filter(|_| parts > 0) {
        let longer = rows.iter().flat_map(|row| {
            items.iter().map(move |item| {
                let mut next = row.clone();
                next.push(item.clone());
                next
            })
        });
        rows = longer.collect();
    }
    if parts == 0 {
        rows.clear();
    }
    let items = rows
        .into_iter()
        .map(|row| Value::list(row, origin))
        .collect();
    Ok(Value::list_of(kind, items, None, origin))
}
