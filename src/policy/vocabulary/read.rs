//! Model fields to values of predicates.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Kind, World, outside, presence};
use crate::eval::value::{Reason, Unknown};
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::{self, Link, List, Meta, State};
use crate::origin::OriginId;
use crate::policy::datum::{Data, Datum, Element, Item};

/// A field; `to` turns its value, or a candidate, into data.
pub(super) fn field<T>(field: &model::Field<T>, to: impl Fn(&T) -> Data) -> Datum {
    let data = match &field.state {
        State::Known(value) => to(value),
        State::Unknown(unknown, candidates) => {
            let candidates = candidates.as_deref().unwrap_or(&[]);
            let candidates: Vec<Datum> = candidates
                .iter()
                .map(|value| Datum::constant(to(value)))
                .collect();
            Data::Unknown(Arc::clone(unknown), candidates.into())
        }
        State::Absent => Data::Absent,
        State::Invalid { raw, .. } => Data::Unknown(invalid(raw), Arc::from([])),
    };
    Datum::new(data, field.origin)
}

/// Stands for a value that Azure refuses.
pub(super) fn invalid(raw: &Arc<str>) -> Arc<Unknown> {
    Arc::new(Unknown::new("invalid", Arc::clone(raw), Reason::Invalid))
}

/// A list of fields.
pub(super) fn list<T>(list: &List<model::Field<T>>, to: impl Fn(&T) -> Data) -> Datum {
    let items = list
        .items
        .iter()
        .map(|item| Item::certain(field(item, &to)))
        .collect();
    Datum::list(items, list.rest.clone())
}

pub(super) fn text(value: &Arc<str>) -> Data {
    Data::Text(Arc::clone(value))
}

/// A single address.
pub(super) fn host(address: &std::net::IpAddr) -> Data {
    Data::Address(AddressPrefix::Block((*address).into()))
}

pub(super) fn addresses(of: &List<model::Field<AddressPrefix>>) -> Datum {
    list(of, |prefix| Data::Address(prefix.clone()))
}

pub(super) fn ports(of: &List<model::Field<PortRange>>) -> Datum {
    list(of, |ports| Data::Ports(*ports))
}

pub(super) fn boolean(of: &model::Field<bool>) -> Datum {
    field(of, |value| Data::Bool(*value))
}

pub(super) fn name(meta: &Meta) -> Datum {
    if meta.name.is_absent() {
        return address(meta);
    }
    field(&meta.name, text)
}

/// The address of the resource.
pub(super) fn address(meta: &Meta) -> Datum {
    Datum::new(Data::Text(Arc::clone(&meta.address)), meta.origin)
}

/// An element; its origin is its header.
pub(crate) fn element(world: &World<'_>, kind: Kind, id: u32) -> Datum {
    let element = Element { kind, id };
    let origin = element
        .meta(world)
        .map_or(OriginId::NONE, |meta| meta.origin);
    Datum::new(Data::Element(element), origin)
}

/// One end of a link.
pub(super) fn link<I: Copy>(
    world: &World<'_>,
    of: &model::Field<Link<I>>,
    kind: Kind,
    id: impl Fn(I) -> u32,
) -> Datum {
    field(of, |link| match link {
        Link::Here(here) => element(world, kind, id(*here)).data,
        Link::External(key) => Data::External(Arc::clone(&key.0)),
    })
}

/// A relation: elements with their presence.
pub(crate) fn elements(
    world: &World<'_>,
    kind: Kind,
    ids: impl IntoIterator<Item = u32>,
    rest: Option<Arc<Unknown>>,
) -> Datum {
    let items = ids
        .into_iter()
        .map(|id| {
            let datum = element(world, kind, id);
            let (present, because) = Element { kind, id }
                .meta(world)
                .map_or((crate::eval::value::Truth::True, None), presence);
            Item {
                datum,
                present,
                because,
            }
        })
        .collect();
    Datum::list(items, rest)
}

/// An object of named values.
pub(super) fn object(entries: impl IntoIterator<Item = (&'static str, Datum)>) -> Datum {
    let entries: IndexMap<Arc<str>, Datum> = entries
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
    Datum::constant(Data::Object(Arc::new(entries)))
}

/// For relations of an element whose owner is not in the files.
pub(super) fn open(what: &str) -> Datum {
    Datum::list(Vec::new(), Some(outside(what)))
}

/// Several links.
pub(super) fn links<I: Copy>(
    world: &World<'_>,
    of: &List<model::Field<Link<I>>>,
    kind: Kind,
    id: impl Fn(I) -> u32,
) -> Datum {
    let one = |field: &model::Field<Link<I>>| {
        let datum = link(world, field, kind, &id);
        let (present, because) = match &datum.data {
            Data::Element(element) => element
                .meta(world)
                .map_or((crate::eval::value::Truth::True, None), presence),
            _ => (crate::eval::value::Truth::True, None),
        };
        Item {
            datum,
            present,
            because,
        }
    };
    Datum::list(of.items.iter().map(one).collect(), of.rest.clone())
}

/// The element that another one is a part of; absent where that is not in the files.
pub(super) fn owner(world: &World<'_>, kind: Kind, id: Option<u32>) -> Datum {
    match id {
        Some(id) => element(world, kind, id),
        None => Datum::constant(Data::Absent),
    }
}

/// A block of addresses.
pub(super) fn block(block: &ipnet::IpNet) -> Data {
    Data::Address(AddressPrefix::Block(*block))
}
