//! Routes to service endpoints and private endpoints.

use ipnet::IpNet;

use super::hop::{NextHop, NextHopKind, RouteSource, RouteTarget};
use super::table::{Class, Draft, Length, Rank, Table, UNKNOWN};
use crate::eval::value::Truth;
use crate::model::topology::{PrivateEndpoint, Subnet};
use crate::model::{Field, Link, PrivateEndpointId, State, SubnetId, VnetId};
use crate::semantics::Semantics;
use crate::semantics::matching::Matched;
use crate::semantics::packet::atoms::{Atom, Dimension, Predicate, Size};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, Family};

impl Table<'_, '_> {
    /// The addresses of services with an endpoint go straight to them; which these are is not in
    /// the files. Activation servers are none of them.
    pub(super) fn service_endpoints(&mut self, subnet: SubnetId) {
        let endpoints = &self.semantics.network[subnet].service_endpoints;
        let family = self.family();
        let kms = ["kms", "kms-stale"]
            .into_iter()
            .fold(IntervalSet::empty(), |all, name| {
                let set = self.semantics.named_set(name, family);
                set.map_or_else(|| all.clone(), |set| all.union(&set))
            });
        let outer = self.place.internet.subtract(&kms);
        for endpoint in &endpoints.items {
            let Some(name) = endpoint.value() else {
                continue;
            };
            let predicate = Predicate::ServiceEndpoint(name.to_ascii_lowercase());
            let empty = IntervalSet::empty();
            let mut atom = Atom::new(Dimension::Destination, &predicate, empty, outer.clone());
            atom.size = Size::Sparse;
            let mut to = Matched::none(Dimension::Destination);
            to.add_atom(atom);
            // Its prefixes may be longer than a user-defined route's: then they win.
            for (length, certain) in [(Length::Unknown, false), (Length::Service, true)] {
                self.add(Draft {
                    target: RouteTarget::ServiceEndpoint(name.clone()),
                    to: to.clone(),
                    hops: vec![NextHop::plain(
                        NextHopKind::ServiceEndpoint,
                        RouteSource::ServiceEndpoint,
                    )],
                    certain,
                    length,
                    class: Class::System,
                    unknown: None,
                });
            }
        }
    }

    /// Private endpoints of the network and of those peered with it: each address is a route of
    /// its own that only certain user-defined routes take away.
    pub(super) fn private_endpoints(&mut self, subnet: SubnetId) {
        let network = self.semantics.network;
        let Some(vnet) = network[subnet].virtual_network.value().and_then(Link::here) else {
            return;
        };
        let mut reached: Vec<(VnetId, Truth)> = vec![(vnet, Truth::True)];
        for peering in &network[vnet].peerings.items {
            let peered = self.semantics.peered(*peering);
            if let Some(remote) = peered.remote
                && peered.connected != Truth::False
            {
                reached.push((remote, peered.connected));
            }
        }
        for id in PrivateEndpointId::all(network) {
            let endpoint: &PrivateEndpoint = &network[id];
            let Some(home) = endpoint.subnet.value().and_then(Link::here) else {
                continue;
            };
            let Some(owner) = network[home].virtual_network.value().and_then(Link::here) else {
                continue;
            };
            let mut ways = reached.iter().filter(|(vnet, _)| *vnet == owner);
            if let Some((_, near)) = ways.next() {
                let there = near.and(endpoint.meta.existence.truth);
                if there != Truth::False {
                    self.private_endpoint(id, home, owner, there);
                }
            }
        }
    }

    fn private_endpoint(
        &mut self,
        id: PrivateEndpointId,
        home: SubnetId,
        owner: VnetId,
        there: Truth,
    ) {
        let endpoint: &PrivateEndpoint = &self.semantics.network[id];
        let to =
            self.semantics
                .private_endpoint_addresses(id, Dimension::Destination, self.family());
        let at = to.widest();
        if at.is_empty() {
            return;
        }
        let addresses = self.semantics.addresses_of_private_endpoint(id);
        let target = match addresses.as_slice() {
            [address] => RouteTarget::Block(IpNet::from(*address)),
            _ => RouteTarget::PrivateEndpoint(id),
        };
        self.add(Draft {
            target,
            to,
            hops: vec![NextHop::plain(
                NextHopKind::PrivateEndpoint,
                RouteSource::PrivateEndpoint(id),
            )],
            certain: there == Truth::True,
            length: Length::First,
            class: Class::PrivateEndpoint,
            unknown: endpoint.meta.existence.because.as_ref(),
        });
        let policies = policies(&self.semantics.network[home]);
        let needed = self.shortest_prefix(owner, &at);
        let Some((own, others)) = self.entries.split_last_mut() else {
            return;
        };
        for other in others {
            if !matches!(other.rank.1, Class::UserDefined | Class::Tag(_))
                || !other.packets.flows.may.meets(&own.packets.flows.may)
            {
                continue;
            }
            let long = is_as_long(other.rank, needed);
            // A route for that very address: what it does without the policies is not documented.
            let same = Truth::from(other.rank.0.0 > UNKNOWN).and(Truth::Unknown);
            let taken = match policies.and(long).or(same) {
                Truth::True => other.packets.clone(),
                Truth::Unknown => other.packets.clone().only_possibly(),
                Truth::False => continue,
            };
            own.packets = own.packets.minus(&taken);
        }
    }

    /// The lengths, shortest and longest, of the network's prefixes that addresses may lie in;
    /// `None` if they are not known.
    fn shortest_prefix(&self, owner: VnetId, at: &IntervalSet) -> Option<(u8, u8)> {
        let space = &self.semantics.network[owner].address_space;
        if space.rest.is_some() || space.items.iter().any(|item| item.value().is_none()) {
            return None;
        }
        let blocks = space.items.iter().filter_map(Field::value);
        let around = blocks.filter(|block| {
            let set = self.family().block(**block);
            set.is_some_and(|set| set.meets(at))
        });
        let lengths: Vec<u8> = around.map(IpNet::prefix_len).collect();
        Some((*lengths.iter().min()?, *lengths.iter().max()?))
    }
}

impl Semantics<'_> {
    /// The known addresses of a private endpoint.
    #[must_use]
    pub fn addresses_of_private_endpoint(&self, id: PrivateEndpointId) -> Vec<std::net::IpAddr> {
        let endpoint: &PrivateEndpoint = &self.network[id];
        let written = endpoint.addresses.items.iter().filter_map(Field::value);
        let mut addresses: Vec<_> = written.copied().collect();
        for nic in endpoint.network_interfaces.items.iter() {
            if let Some(Link::Here(nic)) = nic.value() {
                let configurations = &self.network[*nic].ip_configurations.items;
                let own = configurations.iter().map(|at| &at.private_address);
                addresses.extend(own.filter_map(Field::value).copied());
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// The packets to (or, by the dimension, from) a private endpoint: an address that Azure picks
    /// is one of its subnet's.
    pub(crate) fn private_endpoint_addresses(
        &self,
        id: PrivateEndpointId,
        dimension: Dimension,
        family: Family,
    ) -> Matched {
        let endpoint: &PrivateEndpoint = &self.network[id];
        let addresses = self.addresses_of_private_endpoint(id);
        let mut matched = Matched::none(dimension);
        for address in &addresses {
            if let Some(set) = family.range(*address, *address) {
                matched.add(&set);
            }
        }
        let written = &endpoint.addresses;
        let unknown = written.rest.is_some() || written.items.iter().any(|at| at.value().is_none());
        if addresses.is_empty() || unknown {
            let home = endpoint.subnet.value().and_then(Link::here);
            let outer = home.map_or_else(|| family.addresses(), |home| self.within(home, family));
            let key = endpoint.meta.key.0.to_ascii_lowercase();
            let predicate = Predicate::AddressList(key);
            let mut atom = Atom::new(dimension, &predicate, IntervalSet::empty(), outer);
            atom.size = Size::Few;
            matched.add_atom(atom);
        }
        matched
    }

    /// The packets to a private endpoint.
    #[must_use]
    pub fn to_private_endpoint(&self, id: PrivateEndpointId, family: Family) -> Answer {
        let any = |dimension| Matched::any(dimension, family);
        crate::semantics::matching::Fields {
            source: any(Dimension::Source),
            destination: self.private_endpoint_addresses(id, Dimension::Destination, family),
            protocol: any(Dimension::Protocol),
            source_ports: any(Dimension::SourcePort),
            destination_ports: any(Dimension::DestinationPort),
        }
        .answer(family)
    }

    /// The addresses of a subnet: those of its network, or all, where it does not tell.
    fn within(&self, subnet: SubnetId, family: Family) -> IntervalSet {
        let prefixes = &self.network[subnet].address_prefixes;
        let known = prefixes.rest.is_none() && prefixes.items.iter().all(|it| it.value().is_some());
        if !known {
            return family.addresses();
        }
        let blocks = prefixes.items.iter().filter_map(Field::value);
        blocks
            .filter_map(|block| family.block(*block))
            .fold(IntervalSet::empty(), |all, one| all.union(&one))
    }
}

/// Whether the subnet's policies let routes take packets for private endpoints elsewhere.
fn policies(subnet: &Subnet) -> Truth {
    match &subnet.private_endpoint_policies.state {
        State::Absent => Truth::False,
        State::Known(policies) => policies.routes().into(),
        State::Unknown(_, Some(all)) if !all.is_empty() => {
            let truths: Vec<Truth> = all.iter().map(|one| one.routes().into()).collect();
            match truths.as_slice() {
                [first, others @ ..] if others.iter().all(|other| other == first) => *first,
                _ => Truth::Unknown,
            }
        }
        State::Unknown(..) | State::Invalid { .. } => Truth::Unknown,
    }
}

/// Whether a route's prefix is as long as those of the endpoint's network.
fn is_as_long(rank: Rank, needed: Option<(u8, u8)>) -> Truth {
    match (rank.0.0, needed) {
        (bits, _) if bits > UNKNOWN => Truth::True,
        (UNKNOWN, _) => Truth::Unknown,
        (0, _) => Truth::False,
        (_, None) => Truth::Unknown,
        (bits, Some((shortest, longest))) => {
            if matches!(rank.1, Class::Tag(_)) {
                return Truth::Unknown;
            }
            if bits >= u16::from(longest) {
                Truth::True
            } else if bits < u16::from(shortest) {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
    }
}
