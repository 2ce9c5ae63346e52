//! Which addresses Azure keeps or refuses, and which services a subnet speaks to directly.

use std::net::IpAddr;
use std::sync::Arc;

use super::read::{elements, object};
use super::{Kind, Member, Ty, World};
use crate::eval::value::Truth;
use crate::model::address::AddressPrefix;
use crate::model::topology::Subnet;
use crate::model::{Field, Link, State, SubnetId};
use crate::policy::datum::{self, Data, Datum};

/// How many addresses Azure keeps at the beginning of each subnet; it keeps the last one, too.
///
/// Source: <https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq>.
const FIRST_KEPT: u32 = 4;

pub(super) const ENDPOINT: &[Member] = &[
    (
        "service",
        Ty::TEXT,
        "the service, such as `Microsoft.Storage`",
    ),
    (
        "tag",
        Ty::TEXT,
        "the service tag of its addresses; null if none is known",
    ),
];

/// The earlier subnets of its network that have addresses in common with it.
pub(super) fn overlapping(world: &World<'_>, id: u32) -> Datum {
    let network = world.network;
    let this = &network[SubnetId(id)];
    let vnet = this.virtual_network.value().and_then(Link::here);
    let Some(vnet) = vnet.filter(|_| certain(this)) else {
        return Datum::list(Vec::new(), None);
    };
    let all = &network[vnet].subnets.items;
    let found = all
        .iter()
        .take_while(|other| other.0 != id)
        .filter(|other| {
            let other = &network[**other];
            certain(other) && differ(this, other) && meet(this, other)
        });
    elements(world, Kind::Subnet, found.map(|id| id.0), None)
}

/// The service endpoints of a subnet with the tags of the services.
pub(super) fn endpoints(world: &World<'_>, id: u32) -> Datum {
    let endpoints = &world.network[SubnetId(id)].service_endpoints;
    let items = endpoints.items.iter().filter_map(|service| {
        let State::Known(name) = &service.state else {
            return None;
        };
        let rows = &world.facts.service_endpoints;
        let row = rows
            .iter()
            .find(|row| row.service.eq_ignore_ascii_case(name));
        let tag = match row {
            Some(row) => Datum::text(Arc::clone(&row.tag)),
            None => Datum::constant(Data::Absent),
        };
        let entry = object([("service", Datum::text(Arc::clone(name))), ("tag", tag)]);
        Some(datum::Item::certain(Datum::new(entry.data, service.origin)))
    });
    Datum::list(items.collect(), endpoints.rest.clone())
}

/// What a named set of the platform includes.
pub(super) fn named(world: &World<'_>, name: &str) -> Datum {
    let sets = &world.facts.named_sets;
    let set = sets.iter().find(|set| &*set.name == name);
    let blocks = set.map_or(&[][..], |set| &set.include);
    let item = |block: &ipnet::IpNet| {
        datum::Item::certain(Datum::constant(Data::Address(AddressPrefix::Block(*block))))
    };
    Datum::list(blocks.iter().map(item).collect(), None)
}

/// Whether Azure keeps an address for itself in a subnet that holds it.
pub(super) fn is_kept(subnet: &Subnet, address: IpAddr) -> bool {
    match (holding(subnet, address), address) {
        (Some(ipnet::IpNet::V4(block)), IpAddr::V4(address)) => {
            let first = block.network().to_bits();
            address == block.broadcast() || address.to_bits() - first < FIRST_KEPT
        }
        _ => false,
    }
}

/// The prefix of a subnet that holds an address.
pub(super) fn holding(subnet: &Subnet, address: IpAddr) -> Option<ipnet::IpNet> {
    let blocks = subnet
        .address_prefixes
        .items
        .iter()
        .filter_map(Field::value);
    blocks.copied().find(|block| block.contains(&address))
}

fn certain(subnet: &Subnet) -> bool {
    let meta = &subnet.meta;
    meta.existence.truth == Truth::True && !meta.template && !meta.existing
}

/// Whether both are certainly not the same subnet, written twice.
fn differ(one: &Subnet, other: &Subnet) -> bool {
    match (one.meta.name.value(), other.meta.name.value()) {
        (Some(one), Some(other)) => !one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

fn meet(one: &Subnet, other: &Subnet) -> bool {
    let blocks = |subnet: &Subnet| {
        let blocks = subnet.address_prefixes.items.iter();
        blocks
            .filter_map(|block| block.value().copied())
            .collect::<Vec<_>>()
    };
    let others = blocks(other);
    let mut pairs = blocks(one).into_iter();
    pairs.any(|one| {
        others
            .iter()
            .any(|other| one.contains(other) || other.contains(&one))
    })
}
