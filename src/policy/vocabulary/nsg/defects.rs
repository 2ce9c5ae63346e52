//! What Azure would refuse in a rule, and priorities that are free.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::defects::Defects;
use super::super::read::{elements, open};
use super::super::{Kind, World};
use super::{group, rule};
use crate::eval::value::Unknown;
use crate::model::address::AddressPrefix;
use crate::model::nsg::SecurityRule;
use crate::model::{self, Field, Link};
use crate::policy::datum::{Data, Datum};

pub(super) fn same_priority(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let Some(nsg) = this.nsg else {
        return open("the other rules of its network security group");
    };
    let Some(direction) = this.direction.value() else {
        return Datum::list(Vec::new(), None);
    };
    let before = world.network[nsg].rules.items.iter();
    let before = before.take_while(|other| other.0 != id);
    let before = before.filter(|other| world.network[**other].direction.value() == Some(direction));
    let mut same = Vec::new();
    let mut missing = None;
    for other in before {
        match same_value(&this.priority, &world.network[*other].priority) {
            Ok(true) => same.push(other.0),
            Ok(false) => {}
            Err(unknown) => missing = missing.or(Some(unknown)),
        }
    }
    elements(world, Kind::SecurityRule, same, missing)
}

/// Whether two values are the same, where it can be told: one unknown equals itself.
fn same_value<T: PartialEq>(a: &Field<T>, b: &Field<T>) -> Result<bool, Arc<Unknown>> {
    match (a.unknown(), b.unknown()) {
        (Some(a), Some(b)) if a.id == b.id => Ok(true),
        (Some(unknown), _) | (_, Some(unknown)) => Err(Arc::clone(unknown)),
        (None, None) => Ok(a.value().is_some() && a.value() == b.value()),
    }
}

/// Azure takes names that differ in case alone for the same.
pub(super) fn same_name(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let Some(nsg) = this.nsg else {
        return open("the other rules of its network security group");
    };
    let Some(name) = this.meta.name.value().filter(|_| !this.meta.existing) else {
        return Datum::list(Vec::new(), None);
    };
    let before = world.network[nsg].rules.items.iter();
    let before = before.take_while(|other| other.0 != id).filter(|other| {
        let meta = &world.network[**other].meta;
        let other = meta.name.value().filter(|_| !meta.existing);
        other.is_some_and(|other| other.eq_ignore_ascii_case(name))
    });
    elements(world, Kind::SecurityRule, before.map(|id| id.0), None)
}

pub(super) fn defects(world: &World<'_>, id: u32) -> Datum {
    let rule = rule(world, id);
    let mut found = Defects::default();
    found.invalid("name", &rule.meta.name);
    found.invalid("priority", &rule.priority);
    found.invalid("direction", &rule.direction);
    found.invalid("access", &rule.access);
    found.invalid("protocol", &rule.protocol);
    for item in &rule.source.items {
        found.invalid("source", item);
    }
    for item in &rule.destination.items {
        found.invalid("destination", item);
    }
    for item in &rule.source_ports.items {
        found.invalid("source port", item);
    }
    for item in &rule.destination_ports.items {
        found.invalid("destination port", item);
    }
    found.all(&rule.defects);
    found.datum()
}

pub(super) fn free_priority(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let absent = Datum::constant(Data::Absent);
    let (Some(nsg), Some(direction), Some(priority)) =
        (this.nsg, this.direction.value(), this.priority.value())
    else {
        return absent;
    };
    let others: Vec<&SecurityRule> = world.network[nsg]
        .rules
        .items
        .iter()
        .map(|id| &world.network[*id])
        .filter(|other| other.direction.value() == Some(direction))
        .collect();
    let known = world.network[nsg].rules.rest.is_none()
        && others.iter().all(|other| other.priority.value().is_some());
    let free = (100..*priority).rev().find(|wanted| {
        others
            .iter()
            .all(|other| other.priority.value() != Some(wanted))
    });
    match free {
        Some(free) if known => Datum::constant(Data::Number(i64::from(free))),
        _ => absent,
    }
}

/// Blocks alone count: tags and groups have limits of their own.
pub(super) fn count_addresses(
    world: &World<'_>,
    id: u32,
    side: fn(&SecurityRule) -> &model::List<Field<AddressPrefix>>,
) -> Datum {
    let nsg = group(world, id);
    let lists = || {
        let rules = nsg.rules.items.iter();
        rules.map(|rule| side(&world.network[*rule]))
    };
    let open = nsg.rules.rest.clone().or_else(|| {
        lists().find_map(|list| {
            let item = list.items.iter().find_map(Field::unknown);
            list.rest.clone().or_else(|| item.map(Arc::clone))
        })
    });
    if let Some(unknown) = open {
        return Datum::unknown(unknown);
    }
    let blocks = lists()
        .flat_map(|list| &list.items)
        .filter(|field| matches!(field.value(), Some(AddressPrefix::Block(_))));
    let count = i64::try_from(blocks.count()).unwrap_or(i64::MAX);
    Datum::new(Data::Number(count), nsg.meta.origin)
}

pub(super) fn count_groups(world: &World<'_>, id: u32) -> Datum {
    let nsg = group(world, id);
    let mut named = BTreeSet::new();
    let mut open = nsg.rules.rest.clone();
    for rule in &nsg.rules.items {
        let rule = &world.network[*rule];
        for list in [&rule.source, &rule.destination] {
            open = open.or_else(|| list.rest.clone());
            for field in &list.items {
                match field.value() {
                    Some(AddressPrefix::Asg(link)) => {
                        named.insert(match link {
                            Link::Here(asg) => world.network[*asg].meta.key.0.to_string(),
                            Link::External(key) => key.0.to_string(),
                        });
                    }
                    Some(_) => {}
                    None => open = open.or_else(|| field.unknown().map(Arc::clone)),
                }
            }
        }
    }
    match open {
        Some(unknown) => Datum::unknown(unknown),
        None => {
            let count = i64::try_from(named.len()).unwrap_or(i64::MAX);
            Datum::new(Data::Number(count), nsg.meta.origin)
        }
    }
}
