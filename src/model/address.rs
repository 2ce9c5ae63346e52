//! Addresses, ports and protocols as rules name them.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{AsgId, Link};

/// What a rule names as source or destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressPrefix {
    /// `*`: every address of both families.
    Any,
    /// A block; a single address is a block of one. Host bits are cleared.
    Block(IpNet),
    /// `a-b`, both included, one family (firewalls and IP groups).
    Range(IpAddr, IpAddr),
    /// A service tag.
    Tag(ServiceTag),
    /// The members of an application security group.
    Asg(Link<AsgId>),
}

/// A service tag, for example `Internet` or `Storage.WestEurope`.
///
/// Azure compares tags without case: equal tags are equal here. The authored spelling is kept only
/// in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceTag {
    /// The canonical spelling where the tag is known to the platform table, else as written.
    pub name: Arc<str>,
    /// Whether the platform table knows the tag. The list grows: an unknown one is not an error.
    pub listed: bool,
}

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// Lowest port.
    pub first: u16,
    /// Highest port.
    pub last: u16,
}

impl PortRange {
    /// Every port: `*`.
    pub const ALL: Self = Self {
        first: 0,
        last: u16::MAX,
    };

    /// One port.
    #[must_use]
    pub fn single(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }

    /// Whether the range holds a port.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }

    /// How many ports it holds.
    #[must_use]
    pub fn count(self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }
}

/// The protocol of a packet. `Other` stands for all that Azure does not name; only `*` matches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Protocol {
    Tcp,
    Udp,
    Icmp,
    Esp,
    Ah,
    Other,
}

/// What a rule says of protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolMatch {
    /// `*` or `Any`.
    Any,
    /// One of them.
    Only(Protocol),
}
