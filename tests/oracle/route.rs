//! Routes: the longest prefix wins; among equal ones what people wrote, then Azure's own.

use super::packet::Range;
use super::world::v4;

/// What a subnet's packets to an address do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    Internet,
    VirtualNetwork,
    Peering,
    Gateway,
    Appliance,
    None,
}

/// A user-defined route.
#[derive(Clone, Debug)]
pub struct Route {
    pub name: String,
    pub prefix: &'static str,
    pub hop: Hop,
}

/// Where a subnet is.
#[derive(Clone, Debug)]
pub struct Site {
    pub space: Vec<&'static str>,
    /// The space of a peered network.
    pub peer: Vec<&'static str>,
}

/// The next hop of an address.
pub fn next_hop(routes: &[Route], site: &Site, address: u128) -> Hop {
    // No route moves the platform's own addresses.
    if address == v4(168, 63, 129, 16) || address == v4(169, 254, 169, 254) {
        return Hop::VirtualNetwork;
    }
    let holds = |text: &str| Range::parse(text).contains(false, address);
    let private = [
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
    ];
    // Length, then class; the highest of both wins.
    let mut best: Option<((u32, u32), Hop)> = None;
    let mut offer = |text: &str, class: u32, hop: Hop| {
        let rank = (Range::parse(text).length(), class);
        if holds(text) && best.is_none_or(|(other, _)| rank > other) {
            best = Some((rank, hop));
        }
    };
    for route in routes {
        offer(route.prefix, 3, route.hop);
    }
    for text in &site.space {
        offer(text, 1, Hop::VirtualNetwork);
    }
    for text in &site.peer {
        offer(text, 1, Hop::Peering);
    }
    for text in private {
        offer(text, 0, Hop::None);
    }
    offer("0.0.0.0/0", 1, Hop::Internet);
    best.map_or(Hop::None, |(_, hop)| hop)
}
