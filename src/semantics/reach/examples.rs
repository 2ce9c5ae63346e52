//! The addresses packets of an answer are shown with: plain public ones, and those that machines of
//! the subnets here can have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::model::Field;
use crate::semantics::Semantics;
use crate::semantics::packet::witness::Taste;

/// Public addresses kept for examples.
///
/// Sources: RFC 5737, RFC 3849.
const PUBLIC: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 10)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10)),
];

/// Azure keeps so many addresses at the beginning of a subnet.
///
/// Source: <https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq> (2019).
const KEPT: u32 = 4;

/// How many addresses of one subnet are tried, in case some are taken.
const TRIED: u32 = 8;

/// How many addresses are tried at most.
const MAX_TRIED: usize = 256;

impl Semantics<'_> {
    /// Addresses to show packets with, the best first.
    #[must_use]
    pub fn example_addresses(&self) -> Taste {
        let subnets = self.network.subnets.iter();
        let prefixes: Vec<&IpNet> = subnets
            .flat_map(|subnet| &subnet.address_prefixes.items)
            .filter_map(Field::value)
            .collect();
        let machines =
            (0..TRIED).flat_map(|further| prefixes.iter().map(move |one| machine(one, further)));
        let mut all = PUBLIC.to_vec();
        all.extend(machines.flatten().take(MAX_TRIED));
        Taste {
            source: all.clone(),
            destination: all,
        }
    }
}

/// An address of a subnet that a machine can have.
fn machine(prefix: &IpNet, further: u32) -> Option<IpAddr> {
    let after = KEPT + further;
    let address = match prefix.network() {
        IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from_bits(first.to_bits().checked_add(after)?)),
        IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from_bits(
            first.to_bits().checked_add(after.into())?,
        )),
    };
    (prefix.contains(&address) && address != prefix.broadcast()).then_some(address)
}
