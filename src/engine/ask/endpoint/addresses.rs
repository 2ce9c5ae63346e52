//! Where the end of a question is: its addresses and its subnets.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::End;
use crate::engine::UsageError;
use crate::eval::value::{Reason, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::{Field, Link, Meta, Network, NicId, State, SubnetId};
use crate::semantics::packet::Family;
use crate::semantics::reach::Endpoint;

/// The family both ends have: IPv4 where they share both.
///
/// # Errors
///
/// When they share none.
pub fn family(network: &Network, from: &End, to: &End) -> Result<Family, UsageError> {
    let (from_has, to_has) = (families(network, from), families(network, to));
    [Family::V4, Family::V6]
        .into_iter()
        .find(|family| from_has.contains(family) && to_has.contains(family))
        .ok_or_else(|| {
            UsageError::new(format!(
                "{} and {} share no address family",
                from.display, to.display
            ))
        })
}

/// The addresses of an end: those of a network interface if they are fixed, else those of its
/// subnets.
#[must_use]
pub fn addresses_of(network: &Network, endpoint: &Endpoint) -> Vec<Field<AddressPrefix>> {
    match endpoint {
        Endpoint::Addresses(addresses) => addresses.clone(),
        Endpoint::PublicIp(id) => vec![told(&network[*id].address, &network[*id].meta)],
        Endpoint::LoadBalancer(id) => {
            let balancer = &network[*id];
            let mut all: Vec<Field<AddressPrefix>> = balancer
                .frontends
                .items
                .iter()
                .map(|frontend| match &frontend.public_ip.state {
                    State::Absent => told(&frontend.private_address, &balancer.meta),
                    State::Known(Link::Here(public)) => {
                        told(&network[*public].address, &network[*public].meta)
                    }
                    _ => untold(&balancer.meta, "the public address of"),
                })
                .collect();
            if all.is_empty() {
                all.push(untold(&balancer.meta, "the addresses of"));
            }
            all
        }
        // Of either family, and nowhere here.
        Endpoint::HostName(_) => Vec::new(),
        Endpoint::Subnet(subnet) => prefixes_of(network, *subnet),
        Endpoint::PrivateEndpoint(id) => {
            let endpoint = &network[*id];
            match endpoint.subnet.value().and_then(Link::here) {
                _ if !endpoint.addresses.items.is_empty() => {
                    let written = endpoint.addresses.items.iter();
                    written.map(|field| field.clone().map(single)).collect()
                }
                Some(subnet) => prefixes_of(network, subnet),
                None => vec![untold(&endpoint.meta, "the address of")],
            }
        }
        Endpoint::Nic(nic) => {
            let mut all = Vec::new();
            for configuration in &network[*nic].ip_configurations.items {
                let fixed = &configuration.private_address;
                let subnet = configuration.subnet.value().and_then(Link::here);
                match (&fixed.state, subnet) {
                    (State::Absent | State::Unknown(_, None), Some(subnet)) => {
                        all.extend(prefixes_of(network, subnet));
                    }
                    (State::Absent, None) => {
                        all.push(untold(&network[*nic].meta, "the address of"));
                    }
                    _ => all.push(fixed.clone().map(single)),
                }
            }
            if all.is_empty() {
                all.push(untold(&network[*nic].meta, "the address of"));
            }
            all
        }
    }
}

/// The subnets an end lies in, as far as the files tell.
#[must_use]
pub fn subnets_of(network: &Network, end: &End) -> Vec<SubnetId> {
    let mut subnets = match &end.endpoint {
        Endpoint::Subnet(subnet) => vec![*subnet],
        Endpoint::PrivateEndpoint(id) => {
            let subnet = network[*id].subnet.value().and_then(Link::here);
            subnet.into_iter().collect()
        }
        Endpoint::Nic(nic) => subnets_of_nic(network, *nic),
        Endpoint::HostName(_) | Endpoint::PublicIp(_) | Endpoint::LoadBalancer(_) => Vec::new(),
        Endpoint::Addresses(addresses) => SubnetId::all(network)
            .filter(|subnet| {
                let prefixes = &network[*subnet].address_prefixes.items;
                !addresses.is_empty()
                    && addresses.iter().all(|address| {
                        let mut own = prefixes.iter().filter_map(Field::value);
                        own.any(|block| is_within(address.value(), block))
                    })
            })
            .collect(),
    };
    subnets.sort_unstable();
    subnets.dedup();
    subnets
}

/// The subnets of a network interface that are in the files.
#[must_use]
pub fn subnets_of_nic(network: &Network, nic: NicId) -> Vec<SubnetId> {
    let configurations = network[nic].ip_configurations.items.iter();
    let mut subnets: Vec<SubnetId> = configurations
        .filter_map(|configuration| configuration.subnet.value()?.here())
        .collect();
    subnets.sort_unstable();
    subnets.dedup();
    subnets
}

pub(super) fn told(address: &Field<IpAddr>, meta: &Meta) -> Field<AddressPrefix> {
    match &address.state {
        State::Absent => untold(meta, "the address of"),
        _ => address.clone().map(single),
    }
}

pub(super) fn untold(meta: &Meta, what: &str) -> Field<AddressPrefix> {
    let label = format!("{what} `{}`", meta.address);
    let unknown = Unknown::new(&meta.key.0, label, Reason::RunTime);
    Field {
        state: State::Unknown(Arc::new(unknown), None),
        origin: meta.origin,
    }
}

fn single(address: IpAddr) -> AddressPrefix {
    AddressPrefix::Block(IpNet::from(address))
}

fn prefixes_of(network: &Network, subnet: SubnetId) -> Vec<Field<AddressPrefix>> {
    let subnet = &network[subnet];
    let items = subnet.address_prefixes.items.iter().cloned();
    let mut all: Vec<_> = items.map(|block| block.map(AddressPrefix::Block)).collect();
    if all.is_empty() || subnet.address_prefixes.rest.is_some() {
        all.push(untold(&subnet.meta, "the address prefixes of"));
    }
    all
}

fn is_within(address: Option<&AddressPrefix>, block: &IpNet) -> bool {
    match address {
        Some(AddressPrefix::Block(inner)) => block.contains(inner),
        Some(AddressPrefix::Range(first, last)) => block.contains(first) && block.contains(last),
        _ => false,
    }
}

fn families(network: &Network, end: &End) -> Vec<Family> {
    let mut all = Vec::new();
    let mut open = false;
    for field in addresses_of(network, &end.endpoint) {
        match field.value() {
            Some(AddressPrefix::Block(block)) => all.push(Family::of(block.addr())),
            Some(AddressPrefix::Range(first, _)) => all.push(Family::of(*first)),
            _ => open = true,
        }
    }
    if all.is_empty() && (open || matches!(end.endpoint, Endpoint::HostName(_))) {
        return vec![Family::V4, Family::V6];
    }
    all
}
