//! Routes that the virtual network itself, its peers, gateways and hubs bring.

use std::sync::Arc;

use super::hop::{NextHop, NextHopKind, RouteSource, RouteTarget};
use super::table::{Class, Draft, Length, Table};
use crate::eval::value::Truth;
use crate::model::topology::{HubConnection, Subnet, VirtualNetwork};
use crate::model::{Field, HubConnectionId, Link, PeeringId, State, SubnetId, VnetId};
use crate::semantics::compile::outside;
use crate::semantics::matching::Matched;
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::atoms::Dimension;

impl Table<'_, '_> {
    pub(super) fn network(&mut self, subnet: SubnetId) {
        let subnet: &Subnet = &self.semantics.network[subnet];
        let vnet = match &subnet.virtual_network.state {
            State::Known(Link::Here(vnet)) => *vnet,
            _ => {
                self.own_prefixes(subnet);
                let private = self.private.clone();
                let hops = unknown_hops();
                let unknown = subnet.virtual_network.unknown();
                self.perhaps(&private, hops, Class::System, unknown);
                return;
            }
        };
        let network: &VirtualNetwork = &self.semantics.network[vnet];
        let space = &network.address_space;
        if space.rest.is_some() || space.items.iter().any(|item| item.value().is_none()) {
            self.own_prefixes(subnet);
        }
        let hop = NextHop::plain(NextHopKind::VirtualNetwork, RouteSource::System);
        self.space(vnet, &hop, true);
        // The spaces of peers do not overlap.
        let own = self.semantics.network_space(vnet, self.family());
        self.elsewhere = self.private.subtract(&own);
        for peering in &network.peerings.items {
            self.peering(*peering);
        }
        if let Some(rest) = &network.peerings.rest {
            let hop = NextHop::plain(NextHopKind::Peering, RouteSource::Peering(None));
            let elsewhere = self.elsewhere.clone();
            self.perhaps(&elsewhere, vec![hop], Class::System, Some(rest));
        }
        self.gateways(subnet, vnet);
        for connection in &network.hub_connections.items {
            self.hub_connection(*connection);
        }
    }

    /// Where the address space is not known: it holds the subnet, in a prefix as long as the
    /// subnet's or shorter.
    fn own_prefixes(&mut self, subnet: &Subnet) {
        let prefixes = &subnet.address_prefixes.items;
        for block in prefixes.iter().filter_map(Field::value) {
            let Some(set) = self.family().block(*block) else {
                continue;
            };
            let longest = Length::Bits(block.prefix_len());
            for (length, certain) in [(longest, false), (Length::Bits(1), true)] {
                self.add(Draft {
                    target: RouteTarget::Block(*block),
                    to: Matched::set(Dimension::Destination, set.clone()),
                    hops: vec![NextHop::plain(
                        NextHopKind::VirtualNetwork,
                        RouteSource::System,
                    )],
                    certain,
                    length,
                    class: Class::System,
                    unknown: None,
                });
            }
        }
    }

    /// Routes for the address space of a network.
    fn space(&mut self, vnet: VnetId, hop: &NextHop, certain: bool) {
        let network: &VirtualNetwork = &self.semantics.network[vnet];
        let private = match hop.kind {
            Some(NextHopKind::Peering) => self.elsewhere.clone(),
            _ => self.private.clone(),
        };
        for item in &network.address_space.items {
            match item.value() {
                Some(block) => self.block(*block, hop.clone(), certain, Class::System),
                None => self.perhaps(&private, vec![hop.clone()], Class::System, item.unknown()),
            }
        }
        if let Some(rest) = &network.address_space.rest {
            self.perhaps(&private, vec![hop.clone()], Class::System, Some(rest));
        }
    }

    /// Routes for a peer: there whether or not `VirtualNetwork` holds its addresses.
    fn peering(&mut self, id: PeeringId) {
        let peered = self.semantics.peered(id);
        if peered.connected == Truth::False {
            return;
        }
        let hop = NextHop::plain(NextHopKind::Peering, RouteSource::Peering(Some(id)));
        let first = self.entries.len();
        let certain = peered.connected.and(peered.complete) == Truth::True;
        let told = &self.semantics.network[id].remote_space;
        match peered.remote {
            Some(remote) => self.space(remote, &hop, certain),
            None if !told.items.is_empty() => {
                for block in told.items.iter().filter_map(Field::value) {
                    self.block(*block, hop.clone(), certain, Class::System);
                }
            }
            None => {
                let elsewhere = self.elsewhere.clone();
                let unknown = peered.unknowns.first();
                self.perhaps(&elsewhere, vec![hop], Class::System, unknown);
            }
        }
        for entry in self.entries.iter_mut().skip(first) {
            for unknown in &peered.unknowns {
                add_unknown(&mut entry.packets.unknowns, unknown);
            }
        }
    }

    fn gateways(&mut self, subnet: &Subnet, vnet: VnetId) {
        let taken = self.semantics.takes_learnt_routes(subnet);
        if taken == Truth::False {
            return;
        }
        let beyond = self.semantics.beyond_gateways(vnet);
        let hop = |id| NextHop::plain(NextHopKind::Gateway, RouteSource::Gateway(id));
        for (block, there, id) in beyond.blocks {
            let certain = there.and(taken) == Truth::True;
            self.block(block, hop(Some(id)), certain, Class::Learnt);
        }
        let private = self.private.clone();
        for (id, unknown) in beyond.open {
            self.perhaps(&private, vec![hop(id)], Class::Learnt, unknown.as_ref());
        }
        for (id, there) in beyond.default {
            let certain = there.and(taken) == Truth::True;
            self.add(Draft {
                target: RouteTarget::Block(self.everything()),
                to: Matched::any(Dimension::Destination, self.family()),
                hops: vec![hop(Some(id))],
                certain,
                length: Length::Bits(0),
                class: Class::Learnt,
                unknown: self.semantics.network[id].default_site.unknown(),
            });
        }
    }

    fn hub_connection(&mut self, id: HubConnectionId) {
        let connection: &HubConnection = &self.semantics.network[id];
        let private = self.private.clone();
        let there = connection.meta.existence.truth;
        let security = super::peering::flag(&connection.internet_security, true);
        let hub = match &connection.hub.state {
            State::Known(Link::Here(hub)) => Some(&self.semantics.network[*hub]),
            _ => None,
        };
        let internet = match hub.map(|hub| &hub.internet_next_hop.state) {
            Some(State::Known(link)) => Some((NextHop::of_hub(id, Some(link)), Truth::True)),
            Some(State::Absent) => None,
            _ => Some((NextHop::of_hub(id, None), Truth::Unknown)),
        };
        let inward = match hub.map(|hub| &hub.private_next_hop.state) {
            Some(State::Known(link)) => Some(NextHop::of_hub(id, Some(link))),
            _ => None,
        };
        if let Some((hop, truth)) = internet {
            let truth = truth.and(there).and(security);
            if truth != Truth::False {
                let unknown = hub.and_then(|hub| hub.internet_next_hop.unknown());
                let own = match &connection.hub.state {
                    State::Known(Link::External(key)) => Some(outside(key)),
                    State::Unknown(unknown, _) => Some(Arc::clone(unknown)),
                    _ => None,
                };
                self.add(Draft {
                    target: RouteTarget::Block(self.everything()),
                    to: Matched::any(Dimension::Destination, self.family()),
                    hops: vec![hop],
                    certain: truth == Truth::True,
                    length: Length::Bits(0),
                    class: Class::Learnt,
                    unknown: own.as_ref().or(unknown),
                });
            }
        }
        match inward {
            Some(hop) => {
                for block in self.private_blocks() {
                    self.block(block, hop.clone(), there == Truth::True, Class::Learnt);
                }
            }
            None => {
                let gateway = NextHop::plain(NextHopKind::Gateway, RouteSource::Hub(id));
                let hops = vec![gateway, NextHop::of_hub(id, None)];
                self.perhaps(&private, hops, Class::Learnt, None);
            }
        }
    }
}

/// Where private addresses may lead in a network that is not in the files.
fn unknown_hops() -> Vec<NextHop> {
    vec![
        NextHop::plain(NextHopKind::VirtualNetwork, RouteSource::System),
        NextHop::plain(NextHopKind::Peering, RouteSource::Peering(None)),
        NextHop::plain(NextHopKind::Gateway, RouteSource::Gateway(None)),
    ]
}
