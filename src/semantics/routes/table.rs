//! The routes of a subnet as a list in order of preference.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::hop::{NextHop, NextHopKind, RouteSource, RouteTarget};
use crate::eval::value::{Truth, Unknown};
use crate::model::SubnetId;
use crate::model::address::ServiceTag;
use crate::semantics::Semantics;
use crate::semantics::matching::{Fields, Matched};
use crate::semantics::packet::atoms::{Dimension, sparse_limit};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::space::Term;
use crate::semantics::packet::{Answer, Family, address_number};
use crate::semantics::place::Place;
use crate::semantics::rules::Scope;

/// One route, or the possibility of one.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What it is for.
    pub(super) target: RouteTarget,
    /// The packets it is for.
    pub(super) packets: Answer,
    /// The kinds of next hop it may have.
    pub(super) kinds: Vec<NextHopKind>,
    /// The same as hops; several: it is not known which, or packets are spread among them.
    pub(super) hops: Vec<NextHop>,
    /// Whether it is for 0.0.0.0/0.
    pub(super) default: Truth,
    /// Whether it is there for all of its target.
    pub(super) certain: bool,
    pub(super) rank: Rank,
}

/// The routes of a subnet, the preferred first.
pub(crate) type Routes = Arc<[Entry]>;

/// Sorts longer prefixes first, then by class.
pub(super) type Rank = (Reverse<u16>, Class);

/// Stands for a length that is not known.
pub(super) const UNKNOWN: u16 = 1_000;

/// How preferred a route is among those of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Platform,
    PrivateEndpoint,
    UserDefined,
    /// Tags of regions before whole tags, `AzureCloud` last.
    Tag(u8),
    /// Over a gateway or from a hub: yields to [`Class::System`].
    Learnt,
    /// For the network, its peers, service endpoints.
    System,
    /// What is for everything else.
    Fallback,
}

/// How long a prefix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// No route is longer.
    First,
    /// So long that only a private endpoint's route comes before.
    Host,
    /// Not known: it may win over every route that has a length.
    Unknown,
    /// So many bits.
    Bits(u8),
    /// Longer than a default route; so long as the prefixes of services are at least.
    Service,
}

/// A route before it is ranked.
pub(super) struct Draft<'u> {
    pub(super) target: RouteTarget,
    pub(super) to: Matched,
    pub(super) hops: Vec<NextHop>,
    pub(super) certain: bool,
    pub(super) length: Length,
    pub(super) class: Class,
    pub(super) unknown: Option<&'u Arc<Unknown>>,
}

impl Entry {
    /// Whether packets to an address take this route, if no better one is for them.
    pub(super) fn leads(&self, address: IpAddr) -> Truth {
        let number = address_number(address);
        let holds = |term: &&Term| term.field(Dimension::Destination).contains(number);
        let mut certain = self.packets.flows.must.terms().iter().filter(holds);
        if certain.any(|term| term.cube.is_empty()) {
            return Truth::True;
        }
        if self
            .packets
            .flows
            .may
            .terms()
            .iter()
            .any(|term| holds(&term))
        {
            Truth::Unknown
        } else {
            Truth::False
        }
    }

    /// Whether packets may go one of several ways.
    pub(super) fn is_open(&self) -> bool {
        self.hops.len() != 1
    }
}

/// Puts entries together.
pub(super) struct Table<'s, 'a> {
    pub(super) semantics: &'s Semantics<'a>,
    pub(super) place: Place,
    pub(super) private: IntervalSet,
    /// The private addresses that are not of the network itself.
    pub(super) elsewhere: IntervalSet,
    pub(super) entries: Vec<Entry>,
}

impl Semantics<'_> {
    /// The routes of a subnet, the preferred first.
    pub(super) fn effective_routes(&self, subnet: SubnetId, family: Family) -> Routes {
        let key = (subnet, family);
        let cached = self.routes.lock().ok();
        if let Some(entries) = cached.and_then(|all| all.get(&key).cloned()) {
            return entries;
        }
        let entries: Routes = self.put_together(subnet, family).into();
        if let Ok(mut all) = self.routes.lock() {
            all.insert(key, Arc::clone(&entries));
        }
        entries
    }

    fn put_together(&self, subnet: SubnetId, family: Family) -> Vec<Entry> {
        let place = self.place(Scope::Subnet(subnet), family);
        let private = family.addresses().subtract(&self.public(family));
        let mut table = Table {
            semantics: self,
            place,
            elsewhere: private.clone(),
            private,
            entries: Vec::new(),
        };
        table.platform();
        table.user_defined(subnet);
        table.network(subnet);
        table.service_endpoints(subnet);
        table.private_endpoints(subnet);
        table.fallback();
        table.yield_to_system();
        table.yield_to_narrower_tags();
        table.entries.sort_by_key(|entry| entry.rank);
        table.entries
    }
}

impl Table<'_, '_> {
    pub(super) fn family(&self) -> Family {
        self.place.family
    }

    pub(super) fn add(&mut self, draft: Draft<'_>) {
        let family = self.family();
        let to = draft.to;
        let whole = to.widest() == family.addresses();
        let fields = Fields {
            source: Matched::any(Dimension::Source, family),
            destination: to,
            protocol: Matched::any(Dimension::Protocol, family),
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: Matched::any(Dimension::DestinationPort, family),
        };
        let mut packets = fields.answer(family);
        if let Some(unknown) = draft.unknown {
            packets.unknowns.push(Arc::clone(unknown));
        }
        if !draft.certain {
            packets = packets.only_possibly();
        }
        let mut kinds: Vec<NextHopKind> = draft
            .hops
            .iter()
            .flat_map(|hop| match hop.kind {
                Some(kind) => vec![kind],
                None => vec![NextHopKind::AzureFirewall, NextHopKind::Appliance],
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let default = match draft.length {
            Length::Bits(0) if draft.certain => Truth::True,
            Length::Bits(0) => Truth::Unknown,
            Length::Unknown if whole => Truth::Unknown,
            _ => Truth::False,
        };
        let length = match draft.length {
            Length::First => 1_002,
            Length::Host => 1_001,
            Length::Unknown => UNKNOWN,
            Length::Bits(bits) => u16::from(bits),
            Length::Service => service_length(family),
        };
        self.entries.push(Entry {
            target: draft.target,
            packets,
            kinds,
            hops: draft.hops,
            default,
            certain: draft.certain,
            rank: (Reverse(length), draft.class),
        });
    }

    /// A route for a block.
    pub(super) fn block(&mut self, block: IpNet, hop: NextHop, certain: bool, class: Class) {
        if let Some(set) = self.family().block(block) {
            self.add(Draft {
                target: RouteTarget::Block(block),
                to: Matched::set(Dimension::Destination, set),
                hops: vec![hop],
                certain,
                length: Length::Bits(block.prefix_len()),
                class,
                unknown: None,
            });
        }
    }

    /// A route that may be there for some of the addresses.
    pub(super) fn perhaps(
        &mut self,
        set: &IntervalSet,
        hops: Vec<NextHop>,
        class: Class,
        unknown: Option<&Arc<Unknown>>,
    ) {
        let mut to = Matched::none(Dimension::Destination);
        to.add_loose(set);
        self.add(Draft {
            target: RouteTarget::Unknown(unknown.cloned()),
            to,
            hops,
            certain: false,
            length: Length::Unknown,
            class,
            unknown,
        });
    }

    /// Routes do not move the platform's own addresses.
    fn platform(&mut self) {
        for name in ["platform-host", "platform-metadata"] {
            let sets = &self.semantics.facts.named_sets;
            let row = sets.iter().find(|row| &*row.name == name);
            for block in row.map(|row| row.include.clone()).unwrap_or_default() {
                let Some(set) = self.family().block(block) else {
                    continue;
                };
                let hop = NextHop::plain(NextHopKind::VirtualNetwork, RouteSource::Platform);
                self.add(Draft {
                    target: RouteTarget::Block(block),
                    to: Matched::set(Dimension::Destination, set),
                    hops: vec![hop],
                    certain: true,
                    length: Length::First,
                    class: Class::Platform,
                    unknown: None,
                });
            }
        }
    }

    /// What Azure does with packets that nothing else is for.
    fn fallback(&mut self) {
        for block in self.private_blocks() {
            let hop = NextHop::plain(NextHopKind::None, RouteSource::System);
            self.block(block, hop, true, Class::Fallback);
        }
        let hop = NextHop::plain(NextHopKind::Internet, RouteSource::System);
        self.block(self.everything(), hop, true, Class::Fallback);
    }

    /// The prefix of a default route.
    pub(super) fn everything(&self) -> IpNet {
        match self.family() {
            Family::V4 => IpNet::V4(ipnet::Ipv4Net::default()),
            Family::V6 => IpNet::V6(ipnet::Ipv6Net::default()),
        }
    }

    /// The private blocks Azure drops packets to, if nothing else is for them.
    pub(super) fn private_blocks(&self) -> Vec<IpNet> {
        let sets = &self.semantics.facts.named_sets;
        let private = sets.iter().find(|set| &*set.name == "private");
        private.map(|set| set.include.clone()).unwrap_or_default()
    }

    /// Takes from what is learnt the packets that Azure's own routes are for: those win however
    /// long the learnt prefix is.
    ///
    /// Source: <https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview>
    /// (2023-05-27).
    fn yield_to_system(&mut self) {
        let own = self.entries.iter().filter(|at| at.rank.1 == Class::System);
        let own: Vec<Answer> = own.map(|entry| entry.packets.clone()).collect();
        let learnt = |entry: &&mut Entry| entry.rank.1 == Class::Learnt;
        for entry in self.entries.iter_mut().filter(learnt) {
            for packets in &own {
                if packets.flows.may.meets(&entry.packets.flows.may) {
                    entry.packets = entry.packets.minus(packets);
                }
            }
        }
    }
}

impl Table<'_, '_> {
    /// Takes from a tag what a narrower one that it holds is for: on the same prefix the narrower
    /// one wins, and its prefixes are no shorter.
    fn yield_to_narrower_tags(&mut self) {
        let tags: Vec<(u8, ServiceTag, Answer)> = self
            .entries
            .iter()
            .filter_map(|entry| match (&entry.target, entry.rank) {
                (RouteTarget::Tag(tag), (Reverse(length), Class::Tag(rank))) => {
                    let known = length < UNKNOWN && entry.certain;
                    known.then(|| (rank, tag.clone(), entry.packets.clone()))
                }
                _ => None,
            })
            .collect();
        for entry in &mut self.entries {
            let (RouteTarget::Tag(tag), Class::Tag(own)) = (&entry.target, entry.rank.1) else {
                continue;
            };
            for (rank, narrower, packets) in &tags {
                if *rank < own && (own > 1 || self.semantics.is_within(narrower, tag)) {
                    entry.packets = entry.packets.minus(packets);
                }
            }
        }
    }
}

/// The prefixes of a service are at least so long: longer than any that would hold more addresses
/// than all services together.
fn service_length(family: Family) -> u16 {
    let bits: u32 = match family {
        Family::V4 => 32,
        Family::V6 => 128,
    };
    let most = sparse_limit(family).ilog2();
    u16::try_from(bits.saturating_sub(most) + 1).unwrap_or(1)
}
