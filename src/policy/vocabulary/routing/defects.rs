//! What Azure would refuse in a route.

use super::route;
use crate::eval::value::Truth;
use crate::model::routing::{NextHopType, Route, RoutePrefix};
use crate::model::{RouteId, State};
use crate::policy::datum::{Data, Datum};
use crate::policy::vocabulary::defects::Defects;
use crate::policy::vocabulary::{Kind, World, element};

/// `{field, why}` of each, pointing at the field.
pub(super) fn defects(world: &World<'_>, id: u32) -> Datum {
    let this = route(world, id);
    let mut found = Defects::default();
    found.invalid("name", &this.meta.name);
    found.invalid("address prefix", &this.prefix);
    found.invalid("next hop type", &this.next_hop_type);
    found.invalid("next hop address", &this.next_hop_address);
    for hop in &this.spread.items {
        found.invalid("next hop address", &hop.address);
    }
    next_hop(world, this, &mut found);
    tag(world, this, &mut found);
    found.all(&this.defects);
    found.datum()
}

/// The earlier route of its table that Azure takes for the same, by name or by prefix; null: none.
pub(super) fn same_as(world: &World<'_>, id: u32, is: fn(&Route, &Route) -> bool) -> Datum {
    let this = route(world, id);
    let absent = Datum::constant(Data::Absent);
    let Some(table) = this.route_table.filter(|_| certain(this)) else {
        return absent;
    };
    let before = &world.network[table].routes.items;
    let mut before = before.iter().take_while(|other| other.0 != id);
    before
        .find(|other| {
            let other = &world.network[**other];
            certain(other) && is(this, other)
        })
        .map_or(absent, |RouteId(other)| element(world, Kind::Route, *other))
}

pub(super) fn same_name(one: &Route, other: &Route) -> bool {
    match (one.meta.name.value(), other.meta.name.value()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

pub(super) fn same_prefix(one: &Route, other: &Route) -> bool {
    let prefix = one.prefix.value();
    prefix.is_some() && prefix == other.prefix.value()
}

fn certain(route: &Route) -> bool {
    let meta = &route.meta;
    meta.existence.truth == Truth::True && !meta.template && !meta.existing
}

/// An address where none belongs, and none where one does.
fn next_hop(world: &World<'_>, route: &Route, found: &mut Defects) {
    const FIELD: &str = "next hop address";
    let Some(kind) = route.next_hop_type.value() else {
        if route.next_hop_type.is_absent() && !route.meta.existing {
            let why = "has no next hop type";
            found.add("next hop type", why, route.meta.origin);
        }
        return;
    };
    let (address, origin) = (&route.next_hop_address, route.next_hop_type.origin);
    match kind {
        NextHopType::VirtualAppliance if address.is_absent() => {
            let why = "has the next hop type `VirtualAppliance`, but no next hop address";
            found.add(FIELD, why, origin);
        }
        NextHopType::VirtualApplianceEcmp if route.spread.rest.is_none() => {
            let limit = |name: &str| {
                let row = world.facts.limits.iter().find(|row| &*row.name == name);
                row.map(|row| row.value)
            };
            let count = u32::try_from(route.spread.items.len()).unwrap_or(u32::MAX);
            let least = limit("appliances-per-route-lowest").unwrap_or(0);
            let most = limit("appliances-per-route").unwrap_or(u32::MAX);
            if count < least || count > most {
                let why = format!(
                    "has the next hop type `VirtualApplianceEcmp` with {count} next hop addresses, \
                     where {least} to {most} belong"
                );
                found.add(FIELD, &why, origin);
            }
        }
        NextHopType::VirtualAppliance | NextHopType::VirtualApplianceEcmp => {}
        _ => {
            if let State::Known(known) = &address.state {
                let why = format!(
                    "has the next hop address {known}, which only the next hop type \
                     `VirtualAppliance` takes"
                );
                found.add(FIELD, &why, address.origin);
            }
        }
    }
}

fn tag(world: &World<'_>, route: &Route, found: &mut Defects) {
    let Some(RoutePrefix::Tag(tag)) = route.prefix.value() else {
        return;
    };
    let row = world.facts.tags.iter().find(|row| {
        let mut spellings = std::iter::once(&row.name).chain(&row.formerly);
        row.not_in_routes && spellings.any(|name| tag.is(name))
    });
    if let Some(row) = row {
        let why = format!(
            "is for the service tag `{}`, which routes cannot name",
            row.name
        );
        found.add("address prefix", &why, route.prefix.origin);
    }
}
