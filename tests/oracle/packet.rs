//! Packets, and the few values in which packets can differ for a set of rules.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Protocols by ARM's names; the last stands for every other one.
pub const PROTOCOLS: [&str; 6] = ["Tcp", "Udp", "Icmp", "Esp", "Ah", "other"];

/// One packet of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packet {
    pub v6: bool,
    pub source: u128,
    pub destination: u128,
    /// Index into [`PROTOCOLS`].
    pub protocol: usize,
    pub source_port: u16,
    pub destination_port: u16,
}

impl Packet {
    /// Only TCP and UDP have ports.
    pub fn has_ports(&self) -> bool {
        self.protocol < 2
    }

    pub fn source_address(&self) -> IpAddr {
        address(self.v6, self.source)
    }

    pub fn destination_address(&self) -> IpAddr {
        address(self.v6, self.destination)
    }
}

pub fn address(v6: bool, number: u128) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::from(number))
    } else {
        IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap()))
    }
}

/// An inclusive range of numbers of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    pub v6: bool,
    pub first: u128,
    pub last: u128,
}

impl Range {
    pub fn contains(&self, v6: bool, number: u128) -> bool {
        self.v6 == v6 && self.first <= number && number <= self.last
    }

    /// Reads `10.0.0.0/24`, `10.0.0.4`, `2001:db8::/32`.
    pub fn parse(text: &str) -> Self {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base, Some(length.parse::<u32>().unwrap())),
            None => (text, None),
        };
        let (v6, number, bits) = match base.parse::<IpAddr>().unwrap() {
            IpAddr::V4(base) => (false, u128::from(u32::from(base)), 32),
            IpAddr::V6(base) => (true, u128::from(base), 128),
        };
        let free = bits - length.unwrap_or(bits);
        let size_less_one = if free == 128 {
            u128::MAX
        } else {
            (1u128 << free) - 1
        };
        let first = number & !size_less_one;
        Self {
            v6,
            first,
            last: first | size_less_one,
        }
    }
}

impl Range {
    /// How many leading bits all its addresses share.
    pub fn length(&self) -> u32 {
        let bits = if self.v6 { 128 } else { 32 };
        bits - (128 - (self.last - self.first).leading_zeros())
    }
}

/// One number for every class that the ranges cut a family's addresses into. Numbers in the same
/// ranges and alike otherwise are one class; `alike` may only change at the ends of `cuts`.
pub fn address_classes<T: Ord>(
    v6: bool,
    ranges: &[Range],
    cuts: &[Range],
    alike: impl Fn(u128) -> T,
) -> Vec<u128> {
    let top = if v6 { u128::MAX } else { u32::MAX.into() };
    let mut starts = BTreeSet::from([0]);
    for range in ranges.iter().chain(cuts).filter(|range| range.v6 == v6) {
        starts.insert(range.first);
        if range.last < top {
            starts.insert(range.last + 1);
        }
    }
    let mut seen = BTreeSet::new();
    let class = |number: &u128| {
        let within = ranges.iter().map(|range| range.contains(v6, *number));
        (within.collect::<Vec<bool>>(), alike(*number))
    };
    starts
        .into_iter()
        .filter(|number| seen.insert(class(number)))
        .collect()
}

/// One port for every class that the ranges cut the ports into.
pub fn port_classes<'r>(ranges: impl IntoIterator<Item = &'r (u16, u16)>) -> Vec<u16> {
    let mut cuts = BTreeSet::from([0]);
    for (first, last) in ranges {
        cuts.insert(*first);
        if *last < u16::MAX {
            cuts.insert(last + 1);
        }
    }
    cuts.into_iter().collect()
}
