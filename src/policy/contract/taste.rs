//! The addresses packets are shown with: a machine of the subnet concerned, a plain public one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Run;
use crate::model::nsg::Direction;
use crate::model::{Field, Link, NicId, NsgId, SecurityRuleId, ServiceId, SubnetId};
use crate::policy::datum::{Data, Element};
use crate::policy::vocabulary::{Kind, subnets_of};
use crate::semantics::packet::witness::Taste;

/// The far side, where any public address does.
pub(crate) const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4));

/// The near side, where no subnet is known.
const MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4));

/// How many subnets of a group are looked at.
const MAX_SUBNETS: usize = 8;

impl Run<'_, '_, '_> {
    pub(super) fn taste(&self, direction: Direction) -> Taste {
        let network = self.evaluation.world.network;
        let bound = self.evaluation.slots.iter().skip(1);
        let bound = bound.filter_map(|datum| match &datum.data {
            Data::Element(element) => Some(*element),
            _ => None,
        });
        let around = bound.chain([self.subject]);
        let subnets = around.flat_map(|element| self.subnets_around(element));
        let mut near: Vec<IpAddr> = subnets
            .take(MAX_SUBNETS)
            .flat_map(|subnet| &network[subnet].address_prefixes.items)
            .filter_map(|prefix| prefix.value().map(first_machine))
            .collect();
        // Within a subnet the other end is a second machine, not an address that Azure keeps.
        let mut far = vec![PUBLIC];
        far.extend(near.iter().map(|address| next(*address)));
        near.push(MACHINE);
        match direction {
            Direction::Inbound => Taste {
                source: far,
                destination: near,
            },
            Direction::Outbound => Taste {
                source: near,
                destination: far,
            },
        }
    }

    fn subnets_around(&self, element: Element) -> Vec<SubnetId> {
        let world = self.evaluation.world;
        let network = world.network;
        let of_group = |nsg: NsgId| {
            let own = network[nsg].subnets.items.iter().copied();
            let nics = network[nsg].network_interfaces.items.iter();
            let all = own.chain(nics.flat_map(|nic| subnets_of(network, *nic)));
            all.take(MAX_SUBNETS).collect()
        };
        match element.kind {
            Kind::Subnet => vec![SubnetId(element.id)],
            Kind::NetworkInterface => subnets_of(network, NicId(element.id)),
            Kind::Service => {
                let subnets = &network[ServiceId(element.id)].subnets.items;
                let here = |subnet: &Field<Link<SubnetId>>| subnet.value().and_then(Link::here);
                subnets.iter().filter_map(here).collect()
            }
            Kind::Nsg => of_group(NsgId(element.id)),
            Kind::SecurityRule => network[SecurityRuleId(element.id)]
                .nsg
                .map_or_else(Vec::new, of_group),
            _ => Vec::new(),
        }
    }
}

/// The first address of a subnet that a machine can have: Azure keeps those before it.
fn first_machine(prefix: &IpNet) -> IpAddr {
    let kept = match prefix.max_prefix_len().saturating_sub(prefix.prefix_len()) {
        0..=2 => 0,
        _ => 4,
    };
    match prefix.network() {
        IpAddr::V4(address) => {
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits().saturating_add(kept)))
        }
        IpAddr::V6(address) => {
            let bits = address.to_bits().saturating_add(u128::from(kept));
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

fn next(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits().saturating_add(1)).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits().saturating_add(1)).into(),
    }
}
