//! What health probes ask, and the addresses of interfaces.

use super::attachment::{members_of_probe, subnets_of, subnets_of_addresses};
use super::read::{element, object};
use super::{Item, Kind, Ty, World};
use crate::eval::value::Truth;
use crate::model::address::AddressPrefix;
use crate::model::{self, Link, NicId, NsgId, SubnetId};
use crate::policy::datum::{self, Data, Datum};

pub(super) const TARGET: &[super::Member] = &[
    (
        "probe",
        Ty::One(Item::Element(Kind::Probe)),
        "the probe that asks",
    ),
    (
        "member",
        Ty::One(Item::Element(Kind::NetworkInterface)),
        "the pool member, null for one given by address",
    ),
    (
        "address",
        Ty::One(Item::Address),
        "the member's address; only its subnet may be known of it",
    ),
];

pub(super) fn probe_targets(world: &World<'_>, nsg: NsgId) -> Datum {
    let network = world.network;
    let behind = world.index.behind(nsg);
    let mut items = Vec::new();
    let mut rest = None;
    for probe in world.index.probes(nsg) {
        let members = members_of_probe(network, *probe);
        rest = rest.or(members.rest);
        for nic in members.interfaces {
            if behind.interfaces.contains(&nic) {
                items.push(target(world, probe.0, Some(nic), address_of(world, nic)));
            }
        }
        for subnet in subnets_of_addresses(network, *probe) {
            let here = network[subnet].nsg.value().and_then(Link::here);
            if here == Some(nsg) {
                for address in addresses_in(world, *probe, subnet) {
                    items.push(target(world, probe.0, None, address));
                }
            }
        }
    }
    Datum::list(items, rest)
}

fn target(world: &World<'_>, probe: u32, nic: Option<NicId>, address: Datum) -> datum::Item {
    let member = match nic {
        Some(nic) => element(world, Kind::NetworkInterface, nic.0),
        None => Datum::constant(Data::Absent),
    };
    let mut present = Truth::True;
    let mut because = None;
    let metas = [
        Some(&world.network[model::ProbeId(probe)].meta),
        nic.map(|nic| &world.network[nic].meta),
    ];
    for meta in metas.into_iter().flatten() {
        let (truth, why) = super::presence(meta);
        present = present.and(truth);
        because = because.or(why);
    }
    datum::Item {
        datum: object([
            ("probe", element(world, Kind::Probe, probe)),
            ("member", member),
            ("address", address),
        ]),
        present,
        because,
    }
}

/// The address of an interface: fixed, or somewhere in its subnet.
pub(super) fn address_of(world: &World<'_>, nic: NicId) -> Datum {
    let configurations = &world.network[nic].ip_configurations.items;
    let fixed = configurations.iter().find_map(|configuration| {
        configuration
            .private_address
            .value()
            .map(|address| (configuration, *address))
    });
    if let Some((configuration, address)) = fixed {
        let prefix = AddressPrefix::Block(address.into());
        return Datum::new(Data::Address(prefix), configuration.private_address.origin);
    }
    let mut within = Vec::new();
    for subnet in subnets_of(world.network, nic) {
        let prefixes = &world.network[subnet].address_prefixes;
        if prefixes.rest.is_some() || prefixes.items.iter().any(|field| field.value().is_none()) {
            within.clear();
            break;
        }
        within.extend(
            prefixes
                .items
                .iter()
                .filter_map(|field| field.value())
                .map(|block| AddressPrefix::Block(*block)),
        );
    }
    if within.is_empty() {
        within.push(AddressPrefix::Any);
    }
    Datum::new(Data::Within(within.into()), world.network[nic].meta.origin)
}

fn addresses_in(world: &World<'_>, probe: model::ProbeId, subnet: SubnetId) -> Vec<Datum> {
    let mut found = Vec::new();
    for pool in &world.network[probe].pools.items {
        for field in &world.network[*pool].addresses.items {
            let Some(address) = field.value() else {
                continue;
            };
            let inside = world.network[subnet]
                .address_prefixes
                .items
                .iter()
                .filter_map(|prefix| prefix.value())
                .any(|prefix| prefix.contains(address));
            if inside {
                let prefix = AddressPrefix::Block((*address).into());
                found.push(Datum::new(Data::Address(prefix), field.origin));
            }
        }
    }
    found
}
