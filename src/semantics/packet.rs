//! Packets and sets of packets.
//!
//! A [`FlowSet`] holds packets of one address family, exactly, with one more kind of dimension
//! than a packet has: *atoms*, opaque predicates on one field ("the destination is in `Storage`",
//! "the source is in `var.office`"). The same tag, group or unknown is the same atom in every
//! rule, so that "allow Storage, deny Internet" comes out right without knowing an address.

pub mod answer;

use std::net::IpAddr;

use crate::model::address::Protocol;

pub use answer::{Answer, Hit};

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

/// A set of packets of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSet {
    family: Family,
    everything: bool,
}

impl FlowSet {
    /// No packet.
    #[must_use]
    pub fn empty(family: Family) -> Self {
        Self {
            family,
            everything: false,
        }
    }

    /// Every packet of the family.
    #[must_use]
    pub fn all(family: Family) -> Self {
        Self {
            family,
            everything: true,
        }
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Whether there is no packet in it, whatever the atoms stand for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything
    }
}
