//! Elements of a collection without a known key: what a [`Rest`] stands for, one by one.

use std::sync::Arc;

use super::derived_unknown;
use super::for_each::{key_of_rest, value_of_rest};
use crate::eval::value::{Data, Member, Presence, Rest, Truth, Unknown, UnknownId, Value};
use crate::origin::OriginId;

/// The elements of a rest; one of any number where nothing more is known of them.
pub(crate) fn members_of(rest: &Rest) -> Vec<Member> {
    match rest.members() {
        Some(members) => members.to_vec(),
        None => vec![Member {
            key: Some(key_of_rest(rest)),
            value: value_of_rest(rest),
            presence: Presence::Many(Arc::clone(&rest.unknown)),
        }],
    }
}

/// The key of an element, or an unknown index that is its own.
pub(crate) fn key_of(member: &Member, rest: &Rest, place: usize) -> Value {
    member.key.clone().unwrap_or_else(|| {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        let of = [
            unknown_value(&rest.unknown),
            Value::integer(place, OriginId::NONE),
        ];
        Value::unknown(derived_unknown("index", &of), member.value.origin)
    })
}

/// A rest of these elements; `None` if there are none.
pub(crate) fn rest_of_members(function: &str, members: Vec<Member>) -> Option<Rest> {
    if let [
        Member {
            key,
            value,
            presence: Presence::Many(unknown),
        },
    ] = members.as_slice()
    {
        let alone = Rest {
            unknown: Arc::clone(unknown),
            template: None,
        };
        let own_key = same(key.as_ref(), &key_of_rest(&alone));
        let template = (!same(Some(value), &value_of_rest(&alone))).then(|| value.clone());
        if own_key || key.is_none() {
            return Some(Rest { template, ..alone });
        }
    }
    if members.is_empty() {
        return None;
    }
    let mut decides: Vec<Value> = Vec::new();
    let mut all: Vec<Value> = Vec::new();
    for member in &members {
        let because = member.presence.because().map(unknown_value);
        decides.extend(because.into_iter().chain(member.key.clone()));
        all.push(member.value.clone());
    }
    let mut unknown = derived_unknown(function, if decides.is_empty() { &all } else { &decides });
    all.extend(decides);
    unknown.id = UnknownId::derived(function, &all);
    Some(Rest::of_members(Arc::new(unknown), members))
}

/// Entries of an object under keys that are not known. In an object typed out the last of several
/// equal keys wins: an element whose key may be that of another may not be there.
pub(crate) fn rest_of_entries(entries: &[(Value, Value)]) -> Option<Rest> {
    let mut members: Vec<Member> = Vec::with_capacity(entries.len());
    // Comparing each with each is bounded: beyond it none is taken for certain.
    const COMPARED: usize = 200;
    let many = entries.len() > COMPARED;
    for (place, (key, value)) in entries.iter().enumerate() {
        let hidden = many
            || entries
                .iter()
                .skip(place + 1)
                .any(|(later, _)| later.equals(key) != Truth::False);
        members.push(Member {
            key: Some(key.clone()),
            value: value.clone(),
            presence: if hidden {
                perhaps(std::slice::from_ref(key))
            } else {
                Presence::Certain
            },
        });
    }
    rest_of_members("keys", members)
}

/// An element that is there or not, which follows from some values.
pub(crate) fn perhaps(of: &[Value]) -> Presence {
    let alone = match of {
        [value] => value.as_unknown().cloned(),
        _ => None,
    };
    Presence::Perhaps(alone.unwrap_or_else(|| Arc::new(derived_unknown("if", of))))
}

/// Whether a rest may have an element of this key.
pub(crate) fn may_hold(rest: &Rest, name: &Arc<str>) -> bool {
    let wanted = Value::string(Arc::clone(name), OriginId::NONE);
    rest.members().is_none_or(|members| {
        members.iter().any(|member| {
            member
                .key
                .as_ref()
                .is_none_or(|key| key.equals(&wanted) != Truth::False)
        })
    })
}

/// The element of a key that is not known as a whole, if it certainly is one of the rest's.
pub(crate) fn member_at<'r>(rest: &'r Rest, key: &Value) -> Option<&'r Member> {
    rest.members()?.iter().find(|member| {
        let same = member.key.as_ref();
        same.is_some_and(|known| known.equals(key) == Truth::True)
            && !matches!(member.presence, Presence::Many(_))
    })
}

fn same(a: Option<&Value>, b: &Value) -> bool {
    match (a.map(|value| &value.data), &b.data) {
        (Some(Data::Unknown(a)), Data::Unknown(b)) => a.id == b.id,
        _ => false,
    }
}

fn unknown_value(unknown: &Arc<Unknown>) -> Value {
    Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE)
}
