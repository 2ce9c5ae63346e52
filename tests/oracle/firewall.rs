//! Azure Firewall by policy: translation rules in a pass of their own, then network rules; in a pass
//! the parent's groups come first, then groups and collections by priority, rules from the top.

use super::packet::{PROTOCOLS, Packet, Range};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nat,
    Network,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    /// `TCP`, `UDP`, `ICMP`, `Any`.
    pub protocol: &'static str,
    pub sources: Vec<&'static str>,
    pub destinations: Vec<&'static str>,
    pub ports: (u16, u16),
}

#[derive(Clone, Debug)]
pub struct Collection {
    pub kind: Kind,
    pub priority: u32,
    pub allow: bool,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub priority: u32,
    pub collections: Vec<Collection>,
}

/// The rule that decides (of a parent's rules all but its DNAT rules count), and whether it lets the packet through; `None`: the final deny.
pub fn decide(parent: &[Group], own: &[Group], packet: &Packet) -> Option<(String, bool)> {
    for kind in [Kind::Nat, Kind::Network] {
        for policy in [parent, own] {
            // "NAT rules aren't inherited because they are specific to a firewall."
            if kind == Kind::Nat && std::ptr::eq(policy, parent) {
                continue;
            }
            let mut groups: Vec<&Group> = policy.iter().collect();
            groups.sort_by_key(|group| group.priority);
            for group in groups {
                let of_kind = |it: &&Collection| it.kind == kind;
                let mut collections: Vec<&Collection> =
                    group.collections.iter().filter(of_kind).collect();
                collections.sort_by_key(|collection| collection.priority);
                for collection in collections {
                    let first = collection.rules.iter().find(|rule| matches(rule, packet));
                    if let Some(rule) = first {
                        return Some((rule.name.clone(), collection.allow));
                    }
                }
            }
        }
    }
    None
}

fn matches(rule: &Rule, packet: &Packet) -> bool {
    let side = |list: &[&str], number| {
        list.iter()
            .any(|text| *text == "*" || Range::parse(text).contains(packet.v6, number))
    };
    let named = rule
        .protocol
        .eq_ignore_ascii_case(PROTOCOLS[packet.protocol]);
    let (first, last) = rule.ports;
    let port = (first..=last).contains(&packet.destination_port);
    let service = match rule.protocol {
        // With ports of its own `Any` is TCP and UDP.
        "Any" if (first, last) == (0, 65535) => true,
        "Any" => packet.has_ports() && port,
        "ICMP" => named,
        _ => named && port,
    };
    service && side(&rule.sources, packet.source) && side(&rule.destinations, packet.destination)
}
