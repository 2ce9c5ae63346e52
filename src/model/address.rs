//! Addresses, ports and protocols as rules name them.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
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

/// A service tag, for example `Internet` or `Storage.WestEurope`, as it was written.
///
/// Azure compares tags without case, and so does this type: equal tags are equal, sort together and
/// hash alike whatever their spelling. Whether the platform table knows a tag is not told here; an
/// unlisted one is not an error, for the list grows.
///
/// ```
/// use aznet::model::address::ServiceTag;
/// assert_eq!(ServiceTag::new("INTERNET"), ServiceTag::new("Internet"));
/// assert_eq!(ServiceTag::new("VIRTUAL_NETWORK").name(), "VirtualNetwork");
/// ```
#[derive(Clone, Debug)]
pub struct ServiceTag {
    name: Arc<str>,
}

impl ServiceTag {
    /// The tag of that name. The three names of classic deployments are turned into today's.
    #[must_use]
    pub fn new(name: &str) -> Self {
        const CLASSIC: [(&str, &str); 3] = [
            ("VIRTUAL_NETWORK", "VirtualNetwork"),
            ("AZURE_LOADBALANCER", "AzureLoadBalancer"),
            ("INTERNET", "Internet"),
        ];
        let today = CLASSIC
            .iter()
            .find(|(classic, _)| classic.eq_ignore_ascii_case(name))
            .map_or(name, |(_, today)| today);
        Self { name: today.into() }
    }

    /// The name as written, or today's for a classic one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the tag of that name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn folded(&self) -> impl Iterator<Item = u8> {
        self.name.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for ServiceTag {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.name)
    }
}

impl Eq for ServiceTag {}

impl PartialOrd for ServiceTag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ServiceTag {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl Hash for ServiceTag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.folded() {
            state.write_u8(byte);
        }
        state.write_u8(0xff);
    }
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
