//! Parts of values: attributes, elements, and walking a collection in Terraform's order.

use std::sync::Arc;

use indexmap::IndexMap;

use super::for_each::value_of_rest;
use super::members::{may_hold, member_at, members_of, rest_of_members};
use super::{
    Failure, MAX_CANDIDATES, Outcome, Step, conversion, derived, derived_unknown, labels, typed,
};
use crate::eval::ResourceKey;
use crate::eval::value::{
    Bounds, Data, ListKind, ListValue, Members, ObjectKind, ObjectValue, Reason, Reference, Rest,
    Type, Unknown, UnknownId, Value,
};
use crate::origin::OriginId;
use crate::source::Span;

/// Takes one step from a value to a part of it.
///
/// # Errors
/// What Terraform would refuse: no such attribute or element, or nothing to step into.
pub fn step_into(value: &Value, step: &Step, at: Span) -> Outcome {
    match step {
        Step::Attribute(name) => attribute_of(value, name, at),
        Step::Index(index) => element_of(value, index, at),
    }
}

/// `value.name`
///
/// # Errors
/// If the value is known and has no such attribute.
pub fn attribute_of(value: &Value, name: &str, at: Span) -> Outcome {
    match &value.data {
        Data::Object(object) => match (object.entries.get(name), &object.rest) {
            (Some(entry), _) => Ok(entry.clone()),
            (None, Some(rest)) if may_hold(rest, &name.into()) => {
                Ok(part_of_unknown(&rest.unknown, &dotted(name), value.origin))
            }
            (None, _) => Err(Failure::invalid(
                at,
                format!(
                    "there is no attribute `{name}` in this object{}",
                    did_you_mean(name, object.entries.keys())
                ),
            )
            .about(value.origin)),
        },
        Data::List(list) if list.items.iter().any(|item| item.get(name).is_some()) => {
            Err(Failure::invalid(
                at,
                format!(
                    "{} has no attribute `{name}`; `[*].{name}` gives those of its elements",
                    conversion::kind_of(value)
                ),
            )
            .about(value.origin))
        }
        Data::Unknown(unknown) => {
            if let Some(known) = each_candidate(unknown, value.origin, |candidate| {
                attribute_of(candidate, name, at)
            }) {
                return Ok(labels::choice(known, || {
                    labels::part(unknown, &dotted(name))
                }));
            }
            let part = part_of_unknown(unknown, &dotted(name), value.origin);
            match typed::attribute_type(unknown, name) {
                Some(kind) => Ok(typed::of_type(part, kind)),
                None => Err(Failure::invalid(
                    at,
                    format!(
                        "there is no attribute `{name}` in {}, which is {}",
                        unknown.label,
                        Type::of(value).with_article()
                    ),
                )
                .about(value.origin)),
            }
        }
        Data::Null => Err(Failure::invalid(
            at,
            format!("the value is null, so it has no attribute `{name}`"),
        )
        .about(value.origin)),
        _ => Err(Failure::invalid(
            at,
            format!("{} has no attribute `{name}`", conversion::kind_of(value)),
        )
        .about(value.origin)),
    }
}

/// `value[index]`
///
/// # Errors
/// If both are known and there is no such element.
pub fn element_of(value: &Value, index: &Value, at: Span) -> Outcome {
    if index.is_null() {
        return Err(Failure::invalid(at, "the index is null"));
    }
    match &value.data {
        Data::Object(object) => match key_text(index, at)? {
            Some(name) => match (object.entries.get(&name), &object.rest) {
                (Some(entry), _) => Ok(entry.clone()),
                (None, Some(rest)) if may_hold(rest, &name) => {
                    Ok(part_of_unknown(&rest.unknown, &keyed(&name), value.origin))
                }
                (None, _) => Err(Failure::invalid(
                    at,
                    format!(
                        "there is no element with the key \"{name}\"{}",
                        did_you_mean(&name, object.entries.keys())
                    ),
                )
                .about(value.origin)),
            },
            None => {
                let rest = object.rest.as_ref();
                if let Some(member) = rest.and_then(|rest| member_at(rest, index)) {
                    return Ok(member.value.clone());
                }
                Ok(any_of(
                    object.entries.values(),
                    rest.is_some(),
                    value,
                    index,
                ))
            }
        },
        Data::List(list) if list.kind == ListKind::Set => Err(Failure::invalid(
            at,
            "the elements of a set have no index; `tolist` gives them one",
        )
        .about(value.origin)),
        Data::List(list) => {
            if !index.is_wholly_known() || list.rest.is_some() {
                return Ok(any_of(list.items.iter(), list.rest.is_some(), value, index));
            }
            let wanted = conversion::to_number(index).and_then(|number| number.as_i64());
            wanted
                .and_then(|wanted| usize::try_from(wanted).ok())
                .and_then(|wanted| list.items.get(wanted))
                .cloned()
                .ok_or_else(|| {
                    let count = list.items.len();
                    let text = conversion::text_for_message(index);
                    Failure::invalid(
                        at,
                        format!("there is no element {text} in a list of {count}"),
                    )
                    .about(value.origin)
                })
        }
        Data::Unknown(unknown) => {
            if let Some(known) = each_candidate(unknown, value.origin, |candidate| {
                element_of(candidate, index, at)
            }) {
                let of = [value.clone(), index.clone()];
                return Ok(labels::as_expression(known, "[]", &of));
            }
            let suffix = match &index.data {
                Data::Number(number) => number.as_i64().map(|number| format!("[{number}]")),
                Data::String(text) => Some(keyed(text)),
                _ => None,
            };
            let part = match suffix {
                Some(suffix) => part_of_unknown(unknown, &suffix, value.origin),
                None => derived("[]", &[value.clone(), index.clone()], value.origin),
            };
            match typed::element_type(unknown, index) {
                Some(kind) => Ok(typed::of_type(part, kind)),
                None => Err(Failure::invalid(
                    at,
                    format!(
                        "there is no such element in {}, which is {}",
                        unknown.label,
                        Type::of(value).with_article()
                    ),
                )
                .about(value.origin)),
            }
        }
        Data::Null => Err(
            Failure::invalid(at, "the value is null, so it has no elements").about(value.origin),
        ),
        _ => Err(Failure::invalid(
            at,
            format!("{} has no elements", conversion::kind_of(value)),
        )
        .about(value.origin)),
    }
}

/// What to add to a message about a name that is none of `known`.
fn did_you_mean<'k>(name: &str, known: impl Iterator<Item = &'k Arc<str>>) -> String {
    /// Below this, two names have nothing to do with each other.
    const NEAR: f64 = 0.85;
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(score, _)| *score >= NEAR)
        .max_by(|(one, _), (two, _)| one.total_cmp(two))
        .map_or_else(String::new, |(_, known)| {
            format!("; did you mean `{known}`?")
        })
}

/// One of several elements, it is not known which.
fn any_of<'a>(
    items: impl ExactSizeIterator<Item = &'a Value>,
    open: bool,
    value: &Value,
    index: &Value,
) -> Value {
    let mut unknown = derived_unknown("[]", &[value.clone(), index.clone()]);
    if !open && (1..=MAX_CANDIDATES).contains(&items.len()) {
        let items: Vec<Value> = items.cloned().collect();
        if items.iter().all(Value::is_wholly_known) {
            unknown.bounds = Bounds::OneOf(items);
        }
    }
    Value::unknown(unknown, value.origin)
}

/// What `change` makes of an unknown of which the candidates are known; `None` if they are not, or
/// if it refuses one of them.
pub(super) fn each_candidate(
    unknown: &Arc<Unknown>,
    origin: OriginId,
    change: impl Fn(&Value) -> Outcome,
) -> Option<Value> {
    let candidates: Vec<&Value> = match &unknown.bounds {
        Bounds::OneOf(candidates) => candidates.iter().collect(),
        Bounds::Members(Members { members, .. }) => {
            members.iter().map(|member| &member.value).collect()
        }
        _ => return None,
    };
    let mut results: Vec<Value> = candidates
        .into_iter()
        .map(change)
        .collect::<Result<_, _>>()
        .ok()?;
    if results.len() == 1 {
        return results.pop();
    }
    one_of(
        "candidate",
        &[Value::new(Data::Unknown(Arc::clone(unknown)), origin)],
        results,
        origin,
    )
}

/// The values an unknown may be, if they are known.
pub(crate) fn candidates(value: &Value) -> Option<Vec<Value>> {
    match &value.as_unknown()?.bounds {
        Bounds::OneOf(values) => Some(values.clone()),
        _ => None,
    }
}

/// A derived unknown that is one of `results`, or the value itself if they are all equal. `None` if
/// a result is not wholly known.
pub(super) fn one_of(
    function: &str,
    of: &[Value],
    results: Vec<Value>,
    origin: OriginId,
) -> Option<Value> {
    use crate::eval::value::Truth;
    if !results.iter().all(Value::is_wholly_known) {
        return None;
    }
    // The name counts every result in its place: two parts of one unknown that have the same
    // candidates in another order are two unknowns.
    let mut arguments = of.to_vec();
    arguments.extend(results.iter().cloned());
    let mut distinct: Vec<Value> = Vec::new();
    for result in results {
        if distinct
            .iter()
            .all(|known| known.equals(&result) != Truth::True)
        {
            distinct.push(result);
        }
    }
    if distinct.len() <= 1 {
        return distinct.pop();
    }
    if distinct.len() > MAX_CANDIDATES {
        return None;
    }
    let unknown = derived_unknown(function, &arguments).with_bounds(Bounds::OneOf(distinct));
    Some(Value::unknown(unknown, origin))
}

pub(super) fn dotted(name: &str) -> String {
    format!(".{name}")
}

fn keyed(name: &str) -> String {
    format!("[\"{name}\"]")
}

/// An attribute of a resource that the files do not tell.
#[must_use]
pub fn unknown_reference(resource: &ResourceKey, path: &str, reason: Reason) -> Unknown {
    let address = &resource.0;
    let label = if path.is_empty() {
        address.to_string()
    } else if path.starts_with('[') {
        format!("{address}{path}")
    } else {
        format!("{address}.{path}")
    };
    Unknown::new("", label, reason).with_reference(resource.clone(), path)
}

/// The part of an unknown that `suffix` (`.name`, `[0]`, `["key"]`) leads to.
pub(super) fn part_of_unknown(unknown: &Arc<Unknown>, suffix: &str, origin: OriginId) -> Value {
    if let Some(Reference { resource, path }) = &unknown.refers_to {
        let longer = format!("{path}{suffix}");
        let path = longer.strip_prefix('.').unwrap_or(&longer);
        let mut part = unknown_reference(resource, path, unknown.reason.clone());
        part.declared = unknown.declared;
        return Value::unknown(part, origin);
    }
    let whole = UnknownId::named(&format!("part of {:x}", unknown.id.0), suffix);
    let part = Unknown {
        id: whole,
        label: labels::part(unknown, suffix),
        reason: Reason::Derived,
        bounds: Bounds::Any,
        refers_to: None,
        causes: if unknown.causes.is_empty() {
            vec![Arc::clone(unknown)]
        } else {
            unknown.causes.clone()
        },
        declared: unknown.declared,
        is_segment: false,
    };
    Value::unknown(part, origin)
}

/// The elements of a collection in the order Terraform walks it.
#[derive(Clone, Debug)]
pub struct Entries {
    /// Keys (or indices) and values.
    pub known: Vec<(Value, Value)>,
    /// The unknown ones.
    pub rest: Option<Rest>,
    /// Whether the keys are names, not indices.
    pub is_map: bool,
    /// Whether each element is its own key.
    pub is_set: bool,
}

/// The elements of a list or object; an unknown of which no type is declared has only a rest.
/// `None` for scalars and null.
#[must_use]
pub fn entries_of(value: &Value) -> Option<Entries> {
    match &value.data {
        Data::List(list) => {
            let is_set = list.kind == ListKind::Set;
            let known = list
                .items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    if is_set {
                        return (item.clone(), item.clone());
                    }
                    let index = i64::try_from(index).unwrap_or(i64::MAX);
                    let key = match &list.rest {
                        _ if list.kind == ListKind::Set => item.clone(),
                        None => Value::integer(index, item.origin),
                        Some(rest) => {
                            let of = [
                                Value::new(Data::Unknown(Arc::clone(&rest.unknown)), item.origin),
                                Value::integer(index, item.origin),
                            ];
                            derived("index", &of, item.origin)
                        }
                    };
                    (key, item.clone())
                })
                .collect();
            Some(Entries {
                known,
                rest: list.rest.clone(),
                is_map: false,
                is_set,
            })
        }
        Data::Object(object) => {
            let mut known: Vec<(Value, Value)> = object
                .entries
                .iter()
                .map(|(name, item)| (Value::string(Arc::clone(name), item.origin), item.clone()))
                .collect();
            if !object.entries.keys().is_sorted() {
                known.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
            }
            Some(Entries {
                known,
                rest: object.rest.clone(),
                is_map: true,
                is_set: false,
            })
        }
        Data::Unknown(unknown) => match typed::opened(value) {
            opened if opened.as_unknown().is_none() => entries_of(&opened),
            _ if Type::of(value).is_scalar() => None,
            _ => Some(Entries {
                known: Vec::new(),
                rest: Some(rest_of(unknown)),
                is_map: true,
                is_set: false,
            }),
        },
        _ => None,
    }
}

/// An unknown collection as a rest: where its candidates hold one element alone, that is what a
/// missing element looks like.
pub(super) fn rest_of(unknown: &Arc<Unknown>) -> Rest {
    use crate::eval::value::Truth;
    let mut template: Option<Value> = None;
    if let Bounds::OneOf(candidates) = &unknown.bounds {
        let mut differs = false;
        for candidate in candidates {
            let elements: Vec<&Value> = match &candidate.data {
                Data::List(list) => list.items.iter().collect(),
                Data::Object(object) => object.entries.values().collect(),
                _ => Vec::new(),
            };
            for element in elements {
                match &template {
                    None => template = Some(element.clone()),
                    Some(known) => differs |= known.equals(element) != Truth::True,
                }
            }
        }
        if differs {
            template = None;
        }
    }
    if template.is_none() && *typed::type_of_elements(unknown) != Type::Any {
        let unshaped = Rest {
            unknown: Arc::clone(unknown),
            template: None,
        };
        template = Some(typed::opened(&value_of_rest(&unshaped)));
    }
    Rest {
        unknown: Arc::clone(unknown),
        template,
    }
}

/// The name a key gives an entry; `None` if the key is unknown.
///
/// # Errors
/// If it can be no key: null, or not a scalar.
pub(super) fn key_text(key: &Value, at: Span) -> Result<Option<Arc<str>>, Box<Failure>> {
    match &key.data {
        Data::Unknown(_) | Data::Template(_) => Ok(None),
        _ => conversion::to_text(key)
            .map(Some)
            .ok_or_else(|| Failure::invalid(at, "a key must be a string and not null")),
    }
}

/// An object in Terraform's order.
pub(super) fn object_value(
    mut entries: IndexMap<Arc<str>, Value>,
    rest: Option<Rest>,
    origin: OriginId,
) -> Value {
    if !entries.keys().is_sorted() {
        entries.sort_unstable_keys();
    }
    Value::new(
        Data::Object(Arc::new(ObjectValue {
            entries,
            rest,
            kind: ObjectKind::Object,
        })),
        origin,
    )
}

/// A list that may be open.
pub(super) fn list_value(items: Vec<Value>, rest: Option<Rest>, origin: OriginId) -> Value {
    Value::new(
        Data::List(Arc::new(ListValue {
            items,
            rest,
            kind: ListKind::Tuple,
        })),
        origin,
    )
}

/// Several rests as one.
pub(super) fn join_rests(function: &str, rests: Vec<Rest>) -> Option<Rest> {
    match rests.len() {
        0 => None,
        1 => rests.into_iter().next(),
        _ => rest_of_members(function, rests.iter().flat_map(members_of).collect()),
    }
}
