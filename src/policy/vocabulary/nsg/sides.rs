//! What the addresses and ports of a rule come to.

use std::sync::Arc;

use ipnet::IpNet;

use super::rule;
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::nsg::{Direction, SecurityRule};
use crate::model::platform::PlatformFacts;
use crate::model::{Field, Link, List, PublicIpId};
use crate::policy::datum::{Data, Datum, Item};
use crate::policy::vocabulary::World;

pub(super) fn translated_addresses(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let own = match this.direction.value() {
        Some(Direction::Inbound) => &this.destination,
        Some(Direction::Outbound) => &this.source,
        None => return Datum::list(Vec::new(), this.direction.unknown().cloned()),
    };
    let missing = own.items.iter().find_map(|item| item.unknown().cloned());
    let spaces = address_spaces(world, this);
    let translated = own.items.iter().filter(|item| match item.value() {
        // Azure picks it: it is known only whose it is.
        None => public_address_of(world, item).is_some(),
        Some(AddressPrefix::Block(block)) => {
            is_public(world.facts, block) && !spaces.iter().any(|space| meet(space, block))
        }
        Some(AddressPrefix::Tag(tag)) => {
            let row = world.facts.tag(tag.name());
            row.is_some_and(|row| row.addresses.is_empty() && &*row.name != "VirtualNetwork")
        }
        _ => false,
    });
    let items = translated.filter_map(|item| {
        let data = match item.value() {
            Some(prefix) => Data::Address(prefix.clone()),
            None => Data::Unknown(Arc::clone(item.unknown()?), Vec::new().into()),
        };
        Some(Item::certain(Datum::new(data, item.origin)))
    });
    Datum::list(items.collect(), missing.or_else(|| own.rest.clone()))
}

/// The public address of these files that an unknown prefix is.
fn public_address_of(world: &World<'_>, prefix: &Field<AddressPrefix>) -> Option<PublicIpId> {
    super::super::setting::public_ip_of(world, prefix.unknown()?)
}

/// The address spaces of the networks behind a rule's group, as far as they are known.
fn address_spaces(world: &World<'_>, rule: &SecurityRule) -> Vec<IpNet> {
    let network = world.network;
    let Some(nsg) = rule.nsg else {
        return Vec::new();
    };
    let subnets = network[nsg].subnets.items.iter().copied();
    let behind = network[nsg].network_interfaces.items.iter();
    let behind = behind.flat_map(|nic| super::subnets_of(network, *nic));
    let mut vnets: Vec<_> = subnets
        .chain(behind)
        .filter_map(|subnet| network[subnet].virtual_network.value().and_then(Link::here))
        .collect();
    vnets.sort_unstable();
    vnets.dedup();
    vnets
        .into_iter()
        .flat_map(|vnet| &network[vnet].address_space.items)
        .filter_map(|field| field.value().copied())
        .collect()
}

fn is_public(facts: &PlatformFacts, block: &IpNet) -> bool {
    let set = facts.named_sets.iter().find(|set| &*set.name == "public");
    set.is_some_and(|set| {
        set.include.iter().any(|net| net.contains(block))
            && !set.exclude.iter().any(|net| meet(net, block))
    })
}

fn meet(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

pub(super) fn service_source_ports(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let none = || Datum::list(Vec::new(), None);
    let first = limit(world.facts, "first-client-port");
    let (Some(source), Some(first)) = (known(&this.source_ports), first) else {
        return none();
    };
    let service = |range: &PortRange| range.count() <= MOST && u32::from(range.last) < first;
    if !source.iter().all(service) {
        return none();
    }
    let items = this.source_ports.items.iter().filter_map(|item| {
        let ports = Data::Ports(*item.value()?);
        Some(Item::certain(Datum::new(ports, item.origin)))
    });
    Datum::list(items.collect(), None)
}

/// Whoever names a range of more source ports means clients, not services.
const MOST: u32 = 100;

pub(super) fn destination_port_count(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let ports = &this.destination_ports;
    match known(ports) {
        Some(ranges) => {
            let count: u32 = merged(ranges).iter().map(|range| range.count()).sum();
            let origin = ports
                .items
                .first()
                .map_or(this.meta.origin, |one| one.origin);
            Datum::new(Data::Number(i64::from(count)), origin)
        }
        None => {
            let item = ports.items.iter().find_map(Field::unknown);
            let unknown = ports.rest.as_ref().or(item);
            Datum::unknown(unknown.map_or_else(crate::policy::datum::undecided, Arc::clone))
        }
    }
}

fn limit(facts: &PlatformFacts, name: &str) -> Option<u32> {
    let row = facts.limits.iter().find(|row| &*row.name == name);
    row.map(|row| row.value)
}

/// The items of a list of which nothing is missing.
fn known(list: &List<Field<PortRange>>) -> Option<Vec<PortRange>> {
    let closed = list.rest.is_none() && !list.items.is_empty();
    let items = list.items.iter().map(|item| item.value().copied());
    items.collect::<Option<_>>().filter(|_| closed)
}

fn merged(mut ranges: Vec<PortRange>) -> Vec<PortRange> {
    ranges.sort_unstable();
    let mut all: Vec<PortRange> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if u32::from(range.first) <= u32::from(last.last) + 1 => {
                last.last = last.last.max(range.last);
            }
            _ => all.push(range),
        }
    }
    all
}
