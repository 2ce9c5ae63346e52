//! Packets and sets of packets.
//!
//! A [`FlowSet`] holds packets of one address family, exactly, with one more kind of dimension
//! than a packet has: *atoms*, opaque predicates on one field ("the destination is in `Storage`",
//! "the source is in `var.office`"). The same tag, group or unknown is the same atom in every
//! rule, so that "allow Storage, deny Internet" comes out right without knowing an address.

pub mod answer;
pub mod atoms;
pub mod classes;
pub mod count;
pub mod cover;
pub mod diagram;
pub mod interval;
pub mod regions;
pub mod space;
pub mod width;
pub mod witness;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::model::address::{PortRange, Protocol};
use interval::IntervalSet;

pub use answer::{Answer, Hit};
pub use space::FlowSet;

/// One packet: the first of a connection, as a network security group sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Sender.
    pub source: IpAddr,
    /// Receiver; of the same family as the sender.
    pub destination: IpAddr,
    /// Protocol.
    pub protocol: Protocol,
    /// Sender's port; 0 for protocols without ports.
    pub source_port: u16,
    /// Receiver's port; 0 for protocols without ports.
    pub destination_port: u16,
}

/// An address family. Sets of the two never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Family {
    V4,
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// One end of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Side {
    Source,
    Destination,
}

impl Family {
    /// All its addresses, as numbers.
    #[must_use]
    pub fn addresses(self) -> IntervalSet {
        match self {
            Self::V4 => IntervalSet::range(0, u32::MAX.into()),
            Self::V6 => IntervalSet::range(0, u128::MAX),
        }
    }

    /// The addresses of a block, if it is of this family.
    #[must_use]
    pub fn block(self, block: IpNet) -> Option<IntervalSet> {
        self.range(block.network(), block.broadcast())
    }

    /// The addresses from one to another, if they are of this family.
    #[must_use]
    pub fn range(self, first: IpAddr, last: IpAddr) -> Option<IntervalSet> {
        let same = Self::of(first) == self && Self::of(last) == self;
        same.then(|| IntervalSet::range(address_number(first), address_number(last)))
    }

    /// The address of a number.
    #[must_use]
    pub fn address(self, number: u128) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
            Self::V6 => IpAddr::V6(Ipv6Addr::from(number)),
        }
    }
}

/// An address as a number.
#[must_use]
pub fn address_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// All protocols, in the order of their numbers here.
pub const PROTOCOLS: [Protocol; 6] = [
    Protocol::Tcp,
    Protocol::Udp,
    Protocol::Icmp,
    Protocol::Esp,
    Protocol::Ah,
    Protocol::Other,
];

/// A protocol as a number: what has ports comes first.
#[must_use]
pub fn protocol_code(protocol: Protocol) -> u128 {
    match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => 1,
        Protocol::Icmp => 2,
        Protocol::Esp => 3,
        Protocol::Ah => 4,
        Protocol::Other => 5,
    }
}

/// The numbers of the protocols that have ports.
#[must_use]
pub fn protocols_with_ports() -> IntervalSet {
    IntervalSet::range(protocol_code(Protocol::Tcp), protocol_code(Protocol::Udp))
}

/// The set of a range of ports.
#[must_use]
pub fn port_set(range: PortRange) -> IntervalSet {
    IntervalSet::range(range.first.into(), range.last.into())
}
