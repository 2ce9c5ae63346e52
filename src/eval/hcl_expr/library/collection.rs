//! Functions on lists and maps. What is known of an open collection stays known.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Call, Function, Outcome};
use crate::eval::hcl_expr::access::{
    each_candidate, element_of, entries_of, join_rests, key_text, one_of, rest_of,
};
use crate::eval::hcl_expr::conversion::{kind_of, to_text};
use crate::eval::hcl_expr::derived;
use crate::eval::hcl_expr::for_each::{key_of_rest, value_of_rest};
use crate::eval::hcl_expr::members::{key_of, may_hold, members_of, rest_of_members};
use crate::eval::hcl_expr::operators::{boolean, equal};
use crate::eval::value::{Bounds, Data, Member, Presence, Rest, Truth, Type, Unknown, Value};
use crate::origin::OriginId;
use crate::syntax::Number;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("alltrue", |call| every(call, true)),
    ("anytrue", |call| every(call, false)),
    ("chunklist", chunklist),
    ("coalesce", coalesce),
    ("coalescelist", coalescelist),
    ("compact", compact),
    ("concat", concat),
    ("contains", contains),
    ("element", element),
    ("ephemeralasnull", |call| call.argument(0).cloned()),
    ("flatten", flatten),
    ("index", index),
    ("keys", keys),
    ("length", length),
    ("list", |call| {
        Ok(call.open_list(call.arguments.to_vec(), None))
    }),
    ("lookup", lookup),
    ("matchkeys", matchkeys),
    ("merge", merge),
    ("nonsensitive", |call| call.argument(0).cloned()),
    ("one", one),
    ("range", range),
    ("reverse", reverse),
    ("sensitive", |call| call.argument(0).cloned()),
    ("slice", slice),
    ("sum", sum),
    ("transpose", transpose),
    ("values", values),
    ("zipmap", zipmap),
];

/// A function of an unknown collection: what it makes of each candidate, or an unknown.
fn of_unknown(call: &Call<'_>, value: &Value, function: Function) -> Outcome {
    let mapped = value.as_unknown().and_then(|unknown| {
        each_candidate(unknown, value.origin, |candidate| {
            let mut arguments = vec![candidate.clone()];
            arguments.extend(call.arguments.iter().skip(1).cloned());
            function(&Call {
                arguments: &arguments,
                ..*call
            })
        })
    });
    Ok(mapped.unwrap_or_else(|| call.unknown()))
}

fn open(rest: &Rest) -> Value {
    Value::new(Data::Unknown(Arc::clone(&rest.unknown)), OriginId::NONE)
}

fn length(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    let counted = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let at_least = |count: usize| {
        let unknown = Unknown::derived("length", call.arguments)
            .with_bounds(Bounds::Range(Some(counted(count)), None));
        Ok(Value::unknown(unknown, call.origin()))
    };
    match &value.data {
        Data::String(text) => Ok(Value::integer(counted(text.chars().count()), call.origin())),
        Data::List(list) if list.rest.is_some() => at_least(list.items.len()),
        Data::Object(object) if object.rest.is_some() => at_least(object.entries.len()),
        Data::List(list) => Ok(Value::integer(counted(list.items.len()), call.origin())),
        Data::Object(object) => Ok(Value::integer(counted(object.entries.len()), call.origin())),
        Data::Template(_) => at_least(1).map(|_| call.unknown()),
        Data::Unknown(unknown) if matches!(unknown.bounds, Bounds::OneOf(_)) => {
            of_unknown(call, value, length)
        }
        Data::Unknown(_) => at_least(0),
        _ => Err(call.fail(format!("{} has no length", kind_of(value)))),
    }
}

fn every(call: &Call<'_>, wanted: bool) -> Outcome {
    let value = call.argument(0)?;
    let Data::List(list) = &value.data else {
        return match value.data {
            Data::Unknown(_) => of_unknown(
                call,
                value,
                if wanted {
                    |call| every(call, true)
                } else {
                    |call| every(call, false)
                },
            ),
            _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
        };
    };
    let mut all_known = list.rest.is_none();
    for item in &list.items {
        match boolean(item, call.at)? {
            Some(value) if value != wanted => {
                let origin = call.session.hop(
                    Some(call.at),
                    || crate::origin::OriginStep::Function(call.name.into()),
                    &[item.origin],
                );
                return Ok(Value::bool(value, origin));
            }
            Some(_) => {}
            None => all_known = false,
        }
    }
    if all_known {
        return Ok(Value::bool(wanted, call.origin()));
    }
    Ok(call.unknown())
}

fn merge(call: &Call<'_>) -> Outcome {
    let mut entries: IndexMap<Arc<str>, Value> = IndexMap::new();
    let mut rests: Vec<Rest> = Vec::new();
    for argument in call.arguments {
        let rest = match &argument.data {
            Data::Null => continue,
            Data::Object(object) => {
                call.session_charge(object.entries.len())?;
                if let Some(rest) = &object.rest {
                    unsettle(&mut entries, rest);
                }
                for (name, value) in &object.entries {
                    entries.insert(Arc::clone(name), value.clone());
                }
                object.rest.clone()
            }
            Data::Unknown(unknown) => {
                let rest = rest_of(unknown);
                unsettle(&mut entries, &rest);
                Some(rest)
            }
            _ => {
                return Err(call.fail(format!("maps are needed, not {}", kind_of(argument))));
            }
        };
        rests.extend(rest);
    }
    Ok(call.open_object(entries, join_rests("merge", rests)))
}

/// A later argument of which not everything is known may replace any earlier entry.
fn unsettle(entries: &mut IndexMap<Arc<str>, Value>, rest: &Rest) {
    for (name, value) in entries.iter_mut() {
        if !may_hold(rest, name) {
            continue;
        }
        let of = [
            open(rest),
            Value::string(Arc::clone(name), OriginId::NONE),
            value.clone(),
        ];
        let mut unknown = Unknown::derived("merge", &of);
        unknown.label = format!("{}[\"{name}\"]", rest.unknown.label).into();
        *value = Value::unknown(unknown, value.origin);
    }
}

fn lookup(call: &Call<'_>) -> Outcome {
    let (map, key) = (call.argument(0)?, call.argument(1)?);
    let default = call.arguments.get(2);
    match &map.data {
        Data::Object(object) => match key_text(key, call.at)? {
            Some(name) => match (object.entries.get(&name), &object.rest, default) {
                (Some(value), _, _) => Ok(value.clone()),
                (None, Some(_), _) => Ok(call.unknown()),
                (None, None, Some(default)) => Ok(default.clone()),
                (None, None, None) => Err(call.fail(format!("there is no key \"{name}\""))),
            },
            None => {
                let mut all: Vec<Value> = object.entries.values().cloned().collect();
                all.extend(default.cloned());
                let known = if object.rest.is_none() {
                    one_of("lookup", call.arguments, all, map.origin)
                } else {
                    None
                };
                Ok(known.unwrap_or_else(|| call.unknown()))
            }
        },
        Data::Unknown(_) => of_unknown(call, map, lookup),
        _ => Err(call.fail(format!("a map is needed, not {}", kind_of(map)))),
    }
}

fn contains(call: &Call<'_>) -> Outcome {
    let (list, wanted) = (call.argument(0)?, call.argument(1)?);
    let items = match &list.data {
        Data::List(list) => list,
        Data::Unknown(_) => return of_unknown(call, list, contains),
        _ => return Err(call.fail(format!("a list is needed, not {}", kind_of(list)))),
    };
    call.session_charge(items.items.len())?;
    let mut answer = Truth::False;
    for item in &items.items {
        answer = answer.or(equal(item, wanted));
        if answer == Truth::True {
            break;
        }
    }
    if items.rest.is_some() {
        answer = answer.or(Truth::Unknown);
    }
    Ok(match answer {
        Truth::True => Value::bool(true, call.origin()),
        Truth::False => Value::bool(false, call.origin()),
        Truth::Unknown => call.unknown(),
    })
}

fn keys(call: &Call<'_>) -> Outcome {
    let map = call.argument(0)?;
    match &map.data {
        Data::Object(_) | Data::Unknown(_) => {
            let Some(entries) = entries_of(map) else {
                return Ok(call.unknown());
            };
            let items = entries.known.into_iter().map(|(key, _)| key).collect();
            let rest = entries.rest.and_then(|rest| match rest.members() {
                Some(members) => {
                    let keys = members.iter().enumerate().map(|(place, member)| Member {
                        key: None,
                        value: key_of(member, &rest, place),
                        presence: member.presence.clone(),
                    });
                    rest_of_members("keys", keys.collect())
                }
                None => Some(Rest {
                    unknown: Arc::new(Unknown::derived("keys", &[open(&rest)])),
                    template: Some(key_of_rest(&rest)),
                }),
            });
            Ok(call.open_list(items, rest))
        }
        _ => Err(call.fail(format!("a map is needed, not {}", kind_of(map)))),
    }
}

fn values(call: &Call<'_>) -> Outcome {
    let map = call.argument(0)?;
    match &map.data {
        Data::Object(_) | Data::Unknown(_) => {
            let Some(entries) = entries_of(map) else {
                return Ok(call.unknown());
            };
            let items = entries.known.into_iter().map(|(_, value)| value).collect();
            let rest = entries.rest.and_then(|rest| match rest.members() {
                Some(members) => rest_of_members(
                    "values",
                    members
                        .iter()
                        .map(|member| Member {
                            key: None,
                            ..member.clone()
                        })
                        .collect(),
                ),
                None => Some(Rest {
                    unknown: Arc::new(Unknown::derived("values", &[open(&rest)])),
                    template: Some(value_of_rest(&rest)),
                }),
            });
            Ok(call.open_list(items, rest))
        }
        _ => Err(call.fail(format!("a map is needed, not {}", kind_of(map)))),
    }
}

fn flatten(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::List(_) => {}
        Data::Unknown(_) => return of_unknown(call, value, flatten),
        _ => return Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
    let mut items = Vec::new();
    let mut rests = Vec::new();
    flatten_into(value, &mut items, &mut rests, 0);
    call.session_charge(items.len())?;
    Ok(call.open_list(items, join_rests("flatten", rests)))
}

fn flatten_into(value: &Value, items: &mut Vec<Value>, rests: &mut Vec<Rest>, depth: usize) {
    match &value.data {
        Data::List(list) if depth < 64 => {
            for item in &list.items {
                flatten_into(item, items, rests, depth + 1);
            }
            if let Some(rest) = &list.rest {
                rests.extend(flattened_rest(rest, depth));
            }
        }
        // It may be a list, and of any length.
        Data::Unknown(unknown) if depth > 0 && may_be_list(value) => {
            let inner = rest_of(unknown);
            rests.push(Rest {
                unknown: Arc::new(Unknown::derived("flatten", std::slice::from_ref(value))),
                template: inner.template,
            });
        }
        _ => items.push(value.clone()),
    }
}

/// Whether an unknown may be something that `flatten` opens.
fn may_be_list(unknown: &Value) -> bool {
    matches!(
        Type::of(unknown),
        Type::Any | Type::List(_) | Type::Set(_) | Type::Tuple(_)
    )
}

fn flattened_rest(rest: &Rest, depth: usize) -> Option<Rest> {
    if let Some(members) = rest.members() {
        return flattened_members(members, depth);
    }
    let Some(template) = &rest.template else {
        return Some(rest.clone());
    };
    if !matches!(template.data, Data::List(_)) {
        return Some(rest.clone());
    }
    let (mut items, mut rests) = (Vec::new(), Vec::new());
    flatten_into(template, &mut items, &mut rests, depth + 1);
    let shapes_are_known = rests.iter().all(|rest| rest.template.is_some());
    let mut templates = items;
    templates.extend(rests.into_iter().filter_map(|rest| rest.template));
    let unknown = Arc::new(Unknown::derived("flatten", &[open(rest)]));
    let template = if shapes_are_known && templates.len() == 1 {
        templates.pop()
    } else {
        None
    };
    Some(Rest { unknown, template })
}

/// What is in each element that is a list; `None` where there is nothing at all.
fn flattened_members(members: &[Member], depth: usize) -> Option<Rest> {
    let mut flat = Vec::new();
    for member in members {
        let (mut items, mut rests) = (Vec::new(), Vec::new());
        flatten_into(&member.value, &mut items, &mut rests, depth + 1);
        let mut inner: Vec<Member> = items
            .into_iter()
            .map(|value| Member {
                key: None,
                value,
                presence: Presence::Certain,
            })
            .collect();
        inner.extend(rests.iter().flat_map(members_of));
        flat.extend(inner.into_iter().map(|part| Member {
            presence: part.presence.within(&member.presence),
            ..part
        }));
    }
    rest_of_members("flatten", flat)
}

fn concat(call: &Call<'_>) -> Outcome {
    let mut items = Vec::new();
    let mut rests = Vec::new();
    for argument in call.arguments {
        match &argument.data {
            Data::List(list) => {
                call.session_charge(list.items.len())?;
                items.extend(list.items.iter().cloned());
                rests.extend(list.rest.clone());
            }
            Data::Unknown(unknown) => rests.push(rest_of(unknown)),
            _ => return Err(call.fail(format!("lists are needed, not {}", kind_of(argument)))),
        }
    }
    Ok(call.open_list(items, join_rests("concat", rests)))
}

fn coalesce(call: &Call<'_>) -> Outcome {
    for (index, argument) in call.arguments.iter().enumerate() {
        match &argument.data {
            Data::Null => {}
            Data::String(text) if text.is_empty() => {}
            Data::Unknown(unknown) => {
                if equal(argument, &Value::null(OriginId::NONE)) == Truth::False
                    && equal(argument, &Value::string("", OriginId::NONE)) != Truth::True
                    && matches!(unknown.bounds, Bounds::Any | Bounds::Typed(_))
                {
                    return Ok(argument.clone());
                }
                let later: Vec<Value> = call.arguments.iter().skip(index + 1).cloned().collect();
                let mapped = each_candidate(unknown, argument.origin, |candidate| {
                    let mut arguments = vec![candidate.clone()];
                    arguments.extend(later.iter().cloned());
                    coalesce(&Call {
                        arguments: &arguments,
                        ..*call
                    })
                });
                return Ok(mapped.unwrap_or_else(|| {
                    let open: Vec<Value> = call.arguments.iter().skip(index).cloned().collect();
                    match open.as_slice() {
                        [alone] => alone.clone(),
                        _ => derived("coalesce", &open, call.origin()),
                    }
                }));
            }
            _ => return Ok(argument.clone()),
        }
    }
    Err(call.fail("every argument is null or an empty string"))
}

fn coalescelist(call: &Call<'_>) -> Outcome {
    for argument in call.arguments {
        match &argument.data {
            Data::Null => {}
            Data::List(list) if list.items.is_empty() && list.rest.is_none() => {}
            Data::List(list) if !list.items.is_empty() => return Ok(argument.clone()),
            Data::List(_) | Data::Unknown(_) => return Ok(call.unknown()),
            _ => return Err(call.fail(format!("lists are needed, not {}", kind_of(argument)))),
        }
    }
    Err(call.fail("every argument is empty"))
}

fn compact(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    if matches!(value.data, Data::Unknown(_)) {
        return of_unknown(call, value, compact);
    }
    let list = call.list(0)?;
    let mut items = Vec::new();
    let mut rests: Vec<Rest> = list.rest.iter().cloned().collect();
    for item in &list.items {
        match &item.data {
            Data::Null => {}
            Data::String(text) if text.is_empty() => {}
            Data::Unknown(unknown)
                if unknown
                    .refers_to
                    .as_ref()
                    .is_none_or(|reference| &*reference.path != "id") =>
            {
                rests.push(Rest {
                    unknown: Arc::new(Unknown::derived("compact", std::slice::from_ref(item))),
                    template: Some(item.clone()),
                });
            }
            _ => items.push(item.clone()),
        }
    }
    Ok(call.open_list(items, join_rests("compact", rests)))
}

fn element(call: &Call<'_>) -> Outcome {
    let (value, index) = (call.argument(0)?, call.argument(1)?);
    match &value.data {
        Data::List(list) if list.rest.is_none() && index.is_wholly_known() => {
            let count = i64::try_from(list.items.len()).unwrap_or(i64::MAX);
            if count == 0 {
                return Err(call.fail("the list is empty"));
            }
            let wrapped = call.integer(1)?.rem_euclid(count);
            element_of(value, &Value::integer(wrapped, index.origin), call.at)
        }
        Data::List(_) => element_of(value, index, call.at),
        Data::Unknown(_) => of_unknown(call, value, element),
        _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
}

fn index(call: &Call<'_>) -> Outcome {
    let list = call.argument(0)?;
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
        Data::Null => Ok(value.clone()),
        Data::Unknown(_) => of_unknown(call, value, one),
        _ => Ok(value.clone()),
    }
}

fn range(call: &Call<'_>) -> Outcome {
    const MAX_LENGTH: usize = 1_024;
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let zero = Number::Integer(0);
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
            Ok(call.open_list(list.items.iter().rev().cloned().collect(), None))
        }
        Data::List(_) | Data::Unknown(_) => of_unknown(call, value, reverse),
        _ => Err(call.fail(format!("a list is needed, not {}", kind_of(value)))),
    }
}

fn slice(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    let numbers_known = call.arguments.iter().skip(1).all(Value::is_wholly_known);
    match &value.data {
        Data::List(list) if list.rest.is_none() && numbers_known => {
            let from = usize::try_from(call.integer(1)?).unwrap_or(usize::MAX);
            let to = usize::try_from(call.integer(2)?).unwrap_or(usize::MAX);
            let cut = list
                .items
                .get(from..to)
                .ok_or_else(|| call.fail("the list is shorter than that"))?;
            Ok(call.open_list(cut.to_vec(), None))
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
    Ok(call.open_object(entries, rest))
}

fn matchkeys(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let (values, keys, wanted) = (call.list(0)?, call.list(1)?, call.list(2)?);
        if values.items.len() != keys.items.len() {
            return Err(call.fail("the lists of values and keys are not of the same length"));
        }
        call.session_charge(keys.items.len().saturating_mul(wanted.items.len()))?;
        let found = values
            .items
            .iter()
            .zip(&keys.items)
            .filter(|(_, key)| {
                wanted
                    .items
                    .iter()
                    .any(|one| equal(one, key) == Truth::True)
            })
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
        .map(|chunk| Value::list(chunk.to_vec(), value.origin))
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
            .map(|(name, keys)| (name, Value::list(keys, origin)))
            .collect();
        Ok(call.open_object(entries, None))
    })
}
