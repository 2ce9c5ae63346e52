//! Functions on lists and maps. What is known of an open collection stays known.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Call, Function, Outcome};
use crate::eval::hcl_expr::access::{
    each_candidate, entries_of, join_rests, key_text, one_of, rest_of,
};
use crate::eval::hcl_expr::conversion::kind_of;
use crate::eval::hcl_expr::derived;
use crate::eval::hcl_expr::derived_unknown;
use crate::eval::hcl_expr::for_each::{key_of_rest, value_of_rest};
use crate::eval::hcl_expr::members::{key_of, may_hold, members_of, rest_of_members};
use crate::eval::hcl_expr::operators::{boolean, equal};
use crate::eval::value::{
    Bounds, Data, ListKind, Member, ObjectKind, Presence, Rest, Truth, Type, Value,
};
use crate::origin::OriginId;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("alltrue", |call| every(call, true)),
    ("anytrue", |call| every(call, false)),
    ("coalesce", coalesce),
    ("coalescelist", coalescelist),
    ("compact", compact),
    ("concat", concat),
    ("contains", contains),
    ("ephemeralasnull", |call| call.argument(0).cloned()),
    ("flatten", flatten),
    ("keys", keys),
    ("length", length),
    ("lookup", lookup),
    ("merge", merge),
    ("nonsensitive", |call| call.argument(0).cloned()),
    ("sensitive", |call| call.argument(0).cloned()),
    ("values", values),
];

/// A function of an unknown collection: what it makes of each candidate, or an unknown.
pub(super) fn of_unknown(call: &Call<'_>, value: &Value, function: Function) -> Outcome {
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
        let unknown = derived_unknown("length", call.arguments)
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
        // Null is not true.
        let known = match item.data {
            Data::Null => Some(false),
            _ => boolean(item, call.at)?,
        };
        match known {
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
    let are_maps = |value: &Value| {
        value.is_null()
            || matches!(&value.data, Data::Object(object) if object.kind == ObjectKind::Map)
    };
    let types: Vec<Type> = call.arguments.iter().map(Type::of).collect();
    let same = types.iter().zip(types.iter().skip(1)).all(|(a, b)| a == b);
    let merged = call.open_object(entries, join_rests("merge", rests));
    if same
        && !types.contains(&Type::Any)
        && call.count() > 0
        && call.arguments.iter().all(are_maps)
    {
        return Ok(as_map(&merged));
    }
    Ok(merged)
}

/// The same entries as a map.
pub(super) fn as_map(value: &Value) -> Value {
    match &value.data {
        Data::Object(object) => Value::object_of(
            ObjectKind::Map,
            object.entries.clone(),
            object.rest.clone(),
            value.origin,
        ),
        _ => value.clone(),
    }
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
        let mut unknown = derived_unknown("merge", &of);
        unknown.label = format!("{}[\"{name}\"]", rest.unknown.label).into();
        *value = Value::unknown(unknown, value.origin);
    }
}

fn lookup(call: &Call<'_>) -> Outcome {
    let (map, key) = (call.argument(0)?, call.argument(1)?);
    if call.count() > 3 {
        return Err(call.fail("two or three arguments are needed"));
    }
    let element = match Type::of(map) {
        Type::Map(element) => *element,
        _ => Type::Any,
    };
    let default = match call.arguments.get(2) {
        Some(default) => Some(call.convert(default, &element)?),
        None => None,
    };
    let default = default.as_ref();
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
                    unknown: Arc::new(derived_unknown("keys", &[open(&rest)])),
                    template: Some(key_of_rest(&rest)),
                }),
            });
            Ok(call.open_list_of(kind_of_keys(map), items, rest))
        }
        _ => Err(call.fail(format!("a map is needed, not {}", kind_of(map)))),
    }
}

/// The keys and values of a map are a list, those of an object a tuple.
fn kind_of_keys(map: &Value) -> ListKind {
    match &map.data {
        Data::Object(object) if object.kind == ObjectKind::Map => ListKind::List,
        _ => ListKind::Tuple,
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
                    unknown: Arc::new(derived_unknown("values", &[open(&rest)])),
                    template: Some(value_of_rest(&rest)),
                }),
            });
            Ok(call.open_list_of(kind_of_keys(map), items, rest))
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
                unknown: Arc::new(derived_unknown("flatten", std::slice::from_ref(value))),
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
    let unknown = Arc::new(derived_unknown("flatten", &[open(rest)]));
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
    if call.count() == 0 {
        return Err(call.fail("at least one argument is needed"));
    }
    let mut items = Vec::new();
    let mut rests = Vec::new();
    let mut lists = 0;
    for argument in call.arguments {
        match &argument.data {
            Data::List(list) if list.kind != ListKind::Set => {
                call.session_charge(list.items.len())?;
                lists += usize::from(list.kind == ListKind::List);
                items.extend(list.items.iter().cloned());
                rests.extend(list.rest.clone());
            }
            Data::Unknown(unknown) => rests.push(rest_of(unknown)),
            _ => return Err(call.fail(format!("lists are needed, not {}", kind_of(argument)))),
        }
    }
    let rest = join_rests("concat", rests);
    if lists == call.count()
        && let Ok(alike) = call.alike(&items)
    {
        return Ok(call.open_list_of(ListKind::List, alike, rest));
    }
    Ok(call.open_list(items, rest))
}

fn coalesce(call: &Call<'_>) -> Outcome {
    let arguments = call.alike(call.arguments)?;
    first_given(&Call {
        arguments: &arguments,
        ..*call
    })
}

fn first_given(call: &Call<'_>) -> Outcome {
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
                    first_given(&Call {
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
    let is_set = |value: &Value| {
        value
            .as_list()
            .is_some_and(|list| list.kind == ListKind::Set)
    };
    if call.arguments.iter().any(is_set) {
        return Err(call.fail("lists are needed, not a set"));
    }
    for argument in call.arguments {
        match &argument.data {
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
                    unknown: Arc::new(derived_unknown("compact", std::slice::from_ref(item))),
                    template: Some(item.clone()),
                });
            }
            _ => items.push(item.clone()),
        }
    }
    Ok(call.open_list(items, join_rests("compact", rests)))
}
