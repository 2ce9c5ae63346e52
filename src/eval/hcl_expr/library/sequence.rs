//! Functions on sequences: their elements by place, parts of them, and what is made of two.

use std::sync::Arc;

use indexmap::IndexMap;

use super::collection::{as_map, of_unknown};
use super::{Call, Function, Outcome};
use crate::eval::hcl_expr::access::{element_of, entries_of, key_text};
use crate::eval::hcl_expr::conversion::{kind_of, to_text};
use crate::eval::hcl_expr::operators::equal;
use crate::eval::value::{Data, ListKind, Truth, Value};
use crate::syntax::Number;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("chunklist", chunklist),
    ("element", element),
    ("index", index),
    ("matchkeys", matchkeys),
    ("one", one),
    ("range", range),
    ("reverse", reverse),
    ("slice", slice),
    ("sum", sum),
    ("transpose", transpose),
    ("zipmap", zipmap),
];

fn element(call: &Call<'_>) -> Outcome {
    let (value, index) = (call.argument(0)?, call.argument(1)?);
    call.refuse_set(value)?;
    match &value.data {
        Data::List(list) if list.rest.is_none() && index.is_wholly_known() => {
            let count = i64::try_from(list.items.len()).unwrap_or(i64::MAX);
            if count == 0 {
                return Err(call.fail("the list is empty"));
            }
            let place = call.integer(1)?;
            if place < 0 {
                return Err(call.fail("the index must not be below zero"));
            }
            let wrapped = place.rem_euclid(count);
            element_of(value, &Value::integer(wrapped, index.origin), call.at)
        }
        Data::List(_) => element_of(value, index, call.at),
        Data::Unknown(_) => of_unknown(call, value, element),
        _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
}

fn index(call: &Call<'_>) -> Outcome {
    let list = call.argument(0)?;
    call.refuse_set(list)?;
    if !list.is_wholly_known() {
        return Ok(call.unknown());
    }
    let wanted = call.argument(1)?;
    for (place, item) in call.list(0)?.items.iter().enumerate() {
        match equal(item, wanted) {
            Truth::True => {
                let place = i64::try_from(place).unwrap_or(i64::MAX);
                return Ok(Value::integer(place, call.origin()));
            }
            Truth::Unknown => return Ok(call.unknown()),
            Truth::False => {}
        }
    }
    Err(call.fail("the list does not hold this value"))
}

fn one(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::List(list) => match (list.items.as_slice(), &list.rest) {
            ([], None) => Ok(Value::null(value.origin)),
            ([item], None) => Ok(item.clone()),
            // Nothing, or the attribute of a resource that perhaps exists: whoever follows the
            // reference learns whether it does.
            ([], Some(rest)) => match rest.shape() {
                Some(template)
                    if template
                        .as_unknown()
                        .is_some_and(|unknown| unknown.refers_to.is_some()) =>
                {
                    Ok(template.clone())
                }
                _ => Ok(call.unknown()),
            },
            (_, None) => Err(call.fail("the list has more than one element")),
            (_, Some(_)) => Ok(call.unknown()),
        },
        Data::Unknown(_) => of_unknown(call, value, one),
        _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
}

fn range(call: &Call<'_>) -> Outcome {
    const MAX_LENGTH: usize = 1_024;
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let zero = Number::Integer(0);
        if call.count() > 3 {
            return Err(call.fail("one, two or three numbers are needed"));
        }
        let (start, limit) = match call.count() {
            1 => (zero.clone(), call.number(0)?),
            _ => (call.number(0)?, call.number(1)?),
        };
        let falls = limit.compare(&start).is_lt();
        let step = match call.count() {
            3 => call.number(2)?,
            _ => Number::Integer(if falls { -1 } else { 1 }),
        };
        let ahead = step.compare(&zero);
        if ahead.is_eq() || ahead.is_lt() != falls && limit != start {
            return Err(call.fail("the step does not lead to the limit"));
        }
        let mut items = Vec::new();
        let mut next = start;
        while next.compare(&limit) == ahead.reverse() {
            if items.len() >= MAX_LENGTH {
                return Err(call.fail(format!("more than {MAX_LENGTH} numbers")));
            }
            let following = next.add(&step).ok_or_else(|| call.out_of_bounds())?;
            items.push(Value::new(Data::Number(next), origin));
            next = following;
        }
        call.session_charge(items.len())?;
        Ok(Value::list(items, origin))
    })
}

fn reverse(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::List(list) if list.rest.is_none() => {
            let kind = match list.kind {
                ListKind::Tuple => ListKind::Tuple,
                ListKind::List | ListKind::Set => ListKind::List,
            };
            Ok(call.open_list_of(kind, list.items.iter().rev().cloned().collect(), None))
        }
        Data::List(_) | Data::Unknown(_) => of_unknown(call, value, reverse),
        _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
}

fn slice(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    call.refuse_set(value)?;
    let numbers_known = call.arguments.iter().skip(1).all(Value::is_wholly_known);
    match &value.data {
        Data::List(list) if list.rest.is_none() && numbers_known => {
            let from = usize::try_from(call.integer(1)?).unwrap_or(usize::MAX);
            let to = usize::try_from(call.integer(2)?).unwrap_or(usize::MAX);
            let cut = list
                .items
                .get(from..to)
                .ok_or_else(|| call.fail("the list is shorter than that"))?;
            Ok(call.open_list_of(list.kind, cut.to_vec(), None))
        }
        Data::List(_) => Ok(call.unknown()),
        Data::Unknown(_) => of_unknown(call, value, slice),
        _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
}

fn sum(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let mut total = Number::Integer(0);
        let list = call.list(0)?;
        if list.items.is_empty() {
            return Err(call.fail("the list is empty"));
        }
        for item in &list.items {
            let number = super::to_number(item)
                .ok_or_else(|| call.fail(format!("numbers are needed, not {}", kind_of(item))))?;
            total = total.add(&number).ok_or_else(|| call.out_of_bounds())?;
        }
        Ok(Data::Number(total))
    })
}

fn zipmap(call: &Call<'_>) -> Outcome {
    let open = |index| -> Result<bool, Box<super::Failure>> {
        let value = call.argument(index)?;
        Ok(matches!(value.data, Data::Unknown(_))
            || value.as_list().is_some_and(|list| list.rest.is_some()))
    };
    call.refuse_set(call.argument(1)?)?;
    if open(0)? || open(1)? {
        return Ok(call.unknown());
    }
    let (names, values) = (call.list(0)?, call.list(1)?);
    if names.items.len() != values.items.len() {
        return Err(call.fail("the lists are not of the same length"));
    }
    call.session_charge(names.items.len())?;
    let mut entries = IndexMap::new();
    let mut unnamed = Vec::new();
    for (name, value) in names.items.iter().zip(&values.items) {
        match key_text(name, call.at)? {
            Some(text) => {
                entries.insert(text, value.clone());
            }
            None => unnamed.push((name.clone(), value.clone())),
        }
    }
    let rest = crate::eval::hcl_expr::members::rest_of_entries(&unnamed);
    let zipped = call.open_object(entries, rest);
    Ok(match values.kind {
        ListKind::List => as_map(&zipped),
        ListKind::Tuple | ListKind::Set => zipped,
    })
}

fn matchkeys(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let (values, keys, wanted) = (call.list(0)?, call.list(1)?, call.list(2)?);
        let mut compared = keys.items.clone();
        compared.extend(wanted.items.iter().cloned());
        let compared = call.alike(&compared)?;
        let (alike, wanted) = compared
            .split_at_checked(keys.items.len())
            .unwrap_or((&compared, &[]));
        if values.items.len() != keys.items.len() {
            return Err(call.fail("the lists of values and keys are not of the same length"));
        }
        call.session_charge(alike.len().saturating_mul(wanted.len()))?;
        let found = values
            .items
            .iter()
            .zip(alike)
            .filter(|(_, key)| wanted.iter().any(|one| equal(one, key) == Truth::True))
            .map(|(value, _)| value.clone())
            .collect();
        Ok(Value::list(found, origin))
    })
}

fn chunklist(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    if !matches!(&value.data, Data::List(list) if list.rest.is_none()) {
        return Ok(call.unknown());
    }
    let list = call.list(0)?;
    if !call.argument(1)?.is_wholly_known() {
        return Ok(call.unknown());
    }
    let size = usize::try_from(call.integer(1)?)
        .map_err(|_| call.fail("the size must not be below zero"))?;
    let size = if size == 0 {
        list.items.len().max(1)
    } else {
        size
    };
    let chunks = list
        .items
        .chunks(size)
        .map(|chunk| Value::list_of(ListKind::List, chunk.to_vec(), None, value.origin))
        .collect();
    Ok(call.open_list(chunks, None))
}

fn transpose(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let map = call.argument(0)?;
        let mut turned: IndexMap<Arc<str>, Vec<Value>> = IndexMap::new();
        let entries = entries_of(map)
            .filter(|entries| entries.is_map)
            .ok_or_else(|| call.fail("a map of lists is needed"))?;
        for (key, list) in entries.known {
            let list = list
                .as_list()
                .ok_or_else(|| call.fail("a map of lists is needed"))?;
            call.session_charge(list.items.len())?;
            for item in &list.items {
                let name = to_text(item).ok_or_else(|| call.fail("the lists must hold strings"))?;
                turned.entry(name).or_default().push(key.clone());
            }
        }
        let entries = turned
            .into_iter()
            .map(|(name, keys)| (name, Value::list_of(ListKind::List, keys, None, origin)))
            .collect();
        Ok(as_map(&call.open_object(entries, None)))
    })
}
