//! The effective routes of a subnet as a list in order of preference.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{NextHop, NextHopKind};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::routing::{Appliance, NextHopType, Route, RoutePrefix};
use crate::model::topology::{HubConnection, Peering, Subnet, VirtualNetwork};
use crate::model::{
    Field, HubConnectionId, Link, PeeringId, RouteId, RouteTableId, State, SubnetId, VnetId,
};
use crate::semantics::Semantics;
use crate::semantics::compile::outside;
use crate::semantics::matching::{Fields, Matched};
use crate::semantics::packet::atoms::{Atom, Dimension, Predicate, Size};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, Family, address_number};
use crate::semantics::place::Place;
use crate::semantics::rules::Scope;

/// One route, or the possibility of one.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The packets it is for.
    pub(super) packets: Answer,
    /// The kinds of next hop it may have.
    pub(super) kinds: Vec<NextHopKind>,
    /// The same as hops.
    pub(super) hops: Vec<NextHop>,
    /// Whether it is for 0.0.0.0/0.
    pub(super) default: Truth,
    certain: bool,
    to: Matched,
    preference: (Length, Class),
}

/// The effective routes of a subnet, the preferred first.
pub(crate) type Routes = Arc<[Entry]>;

/// Sorts longer prefixes first.
type Length = std::cmp::Reverse<u16>;

/// Longer than any prefix: what is not known may win over every route.
const UNKNOWN_LENGTH: u16 = 1_000;

/// The length that stands for prefixes of a service: longer than a default route, shorter than
/// what people write. That they may be longer is said by a second entry.
const SERVICE_LENGTH: u16 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Platform,
    UserDefined,
    Learnt,
    System,
    SystemDrop,
}

impl Entry {
    /// Whether packets to an address take this route, if no better one is for them.
    pub(super) fn leads(&self, address: IpAddr) -> Truth {
        let number = address_number(address);
        if !self.to.widest().contains(number) {
            Truth::False
        } else if self.certain && self.to.certain().contains(number) {
            Truth::True
        } else {
            Truth::Unknown
        }
    }
}

/// A next hop that is none of a route or hub.
fn system(kind: NextHopKind) -> NextHop {
    NextHop {
        kind: Some(kind),
        route: None,
        firewall: None,
        hub_connection: None,
    }
}

/// Puts entries together.
struct Table<'s, 'a> {
    semantics: &'s Semantics<'a>,
    place: Place,
    private: IntervalSet,
    entries: Vec<Entry>,
}

impl Semantics<'_> {
    /// The effective routes of a subnet, the preferred first.
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
            private,
            entries: Vec::new(),
        };
        table.platform();
        table.user_defined(subnet);
        table.network(subnet);
        table.service_endpoints(subnet);
        table.system();
        table.entries.sort_by_key(|entry| entry.preference);
        table.entries
    }
}

impl Table<'_, '_> {
    fn family(&self) -> Family {
        self.place.family
    }

    fn add(
        &mut self,
        to: Matched,
        hops: Vec<NextHop>,
        certain: bool,
        preference: (u16, Class),
        unknown: Option<&Arc<Unknown>>,
    ) {
        let family = self.family();
        let fields = Fields {
            source: Matched::any(Dimension::Source, family),
            destination: to.clone(),
            protocol: Matched::any(Dimension::Protocol, family),
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: Matched::any(Dimension::DestinationPort, family),
        };
        let mut packets = fields.answer(family);
        if let Some(unknown) = unknown {
            packets.unknowns.push(Arc::clone(unknown));
        }
        if !certain {
            packets = packets.only_possibly();
        }
        let mut kinds: Vec<NextHopKind> = hops
            .iter()
            .flat_map(|hop| match hop.kind {
                Some(kind) => vec![kind],
                None => vec![NextHopKind::AzureFirewall, NextHopKind::Appliance],
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let (length, class) = preference;
        let whole = to.widest() == family.addresses();
        let default = match length {
            0 if certain => Truth::True,
            0 => Truth::Unknown,
            UNKNOWN_LENGTH if whole => Truth::Unknown,
            _ => Truth::False,
        };
        self.entries.push(Entry {
            packets,
            kinds,
            hops,
            default,
            certain,
            to,
            preference: (std::cmp::Reverse(length), class),
        });
    }

    fn block(&mut self, block: IpNet, hop: NextHop, certain: bool, class: Class) {
        if let Some(set) = self.family().block(block) {
            let to = Matched::set(Dimension::Destination, set);
            let length = u16::from(block.prefix_len());
            self.add(to, vec![hop], certain, (length, class), None);
        }
    }

    /// A route that may be there for some of the addresses.
    fn perhaps(&mut self, set: &IntervalSet, hops: Vec<NextHop>, unknown: Option<&Arc<Unknown>>) {
        let mut to = Matched::none(Dimension::Destination);
        to.add_loose(set);
        self.add(to, hops, false, (UNKNOWN_LENGTH, Class::System), unknown);
    }

    /// Routes do not move the platform's own addresses.
    fn platform(&mut self) {
        for name in ["platform-host", "platform-metadata"] {
            if let Some(set) = self.semantics.named_set(name, self.family()) {
                let to = Matched::set(Dimension::Destination, set);
                let hop = vec![system(NextHopKind::VirtualNetwork)];
                self.add(to, hop, true, (UNKNOWN_LENGTH, Class::Platform), None);
            }
        }
    }

    fn user_defined(&mut self, subnet: SubnetId) {
        let subnet: &Subnet = &self.semantics.network[subnet];
        match &subnet.route_table.state {
            State::Absent => {}
            State::Known(Link::Here(table)) => self.route_table(*table),
            State::Known(Link::External(key)) => self.unknown_routes(&outside(key)),
            State::Unknown(unknown, _) => self.unknown_routes(unknown),
            State::Invalid { .. } => {
                let everything = self.family().addresses();
                self.perhaps(&everything, any_hop(), None);
            }
        }
    }

    fn unknown_routes(&mut self, unknown: &Arc<Unknown>) {
        let everything = self.family().addresses();
        self.perhaps(&everything, any_hop(), Some(unknown));
    }

    fn route_table(&mut self, id: RouteTableId) {
        let table = &self.semantics.network[id];
        let there = table.meta.existence.truth == Truth::True;
        for route in &table.routes.items {
            self.route(*route, there);
        }
        if let Some(rest) = &table.routes.rest {
            self.unknown_routes(rest);
        } else if table.meta.existing {
            self.unknown_routes(&outside(&table.meta.key));
        }
    }

    fn route(&mut self, id: RouteId, there: bool) {
        let route: &Route = &self.semantics.network[id];
        if route.meta.existence.truth == Truth::False {
            return;
        }
        let certain = there && route.meta.existence.truth == Truth::True && !route.meta.template;
        let hops = hops_of(id, route);
        let because = route.meta.existence.because.as_ref();
        let unclear = match hops.iter().any(|hop| hop.kind.is_none()) {
            true => route.next_hop_address.unknown().cloned().or_else(|| {
                let address = route.next_hop_address.value()?;
                let label = format!("what has the address {address}");
                Some(Arc::new(Unknown::new("outside", label, Reason::Outside)))
            }),
            false => None,
        };
        let unknown = because
            .or_else(|| route.next_hop_type.unknown())
            .or(unclear.as_ref());
        match &route.prefix.state {
            State::Known(RoutePrefix::Block(block)) => {
                if let Some(set) = self.family().block(*block) {
                    let to = Matched::set(Dimension::Destination, set);
                    let length = u16::from(block.prefix_len());
                    self.add(to, hops, certain, (length, Class::UserDefined), unknown);
                }
            }
            State::Known(RoutePrefix::Tag(tag)) => {
                let mut to = Matched::none(Dimension::Destination);
                let prefix = AddressPrefix::Tag(tag.clone());
                self.semantics.add_prefix(&mut to, &prefix, &self.place);
                let widest = to.widest();
                self.perhaps(&widest, hops.clone(), unknown);
                self.add(
                    to,
                    hops,
                    certain,
                    (SERVICE_LENGTH, Class::UserDefined),
                    unknown,
                );
            }
            State::Unknown(prefix, _) => {
                let everything = self.family().addresses();
                self.perhaps(&everything, hops, Some(prefix));
            }
            State::Absent | State::Invalid { .. } => {
                let everything = self.family().addresses();
                self.perhaps(&everything, hops, unknown);
            }
        }
    }

    /// What the virtual network itself, its peers, gateways and hubs bring.
    fn network(&mut self, subnet: SubnetId) {
        let subnet: &Subnet = &self.semantics.network[subnet];
        for block in subnet
            .address_prefixes
            .items
            .iter()
            .filter_map(Field::value)
        {
            self.block(
                *block,
                system(NextHopKind::VirtualNetwork),
                true,
                Class::System,
            );
        }
        let vnet = match &subnet.virtual_network.state {
            State::Known(Link::Here(vnet)) => *vnet,
            _ => {
                let hops = private_hops();
                let private = self.private.clone();
                self.perhaps(&private, hops, subnet.virtual_network.unknown());
                return;
            }
        };
        let network: &VirtualNetwork = &self.semantics.network[vnet];
        self.space(vnet, NextHopKind::VirtualNetwork, true);
        for peering in &network.peerings.items {
            self.peering(*peering);
        }
        let private = self.private.clone();
        if let Some(rest) = &network.peerings.rest {
            self.perhaps(&private, vec![system(NextHopKind::Peering)], Some(rest));
        }
        let gateways = &network.gateways;
        if !gateways.is_certainly_empty() && self.takes_learnt_routes(subnet) {
            let hops = vec![system(NextHopKind::Gateway)];
            self.perhaps(&private, hops, gateways.rest.as_ref());
        }
        for connection in &network.hub_connections.items {
            self.hub_connection(*connection);
        }
    }

    fn takes_learnt_routes(&self, subnet: &Subnet) -> bool {
        let table = subnet.route_table.value().and_then(Link::here);
        table.is_none_or(|table| {
            let propagation = &self.semantics.network[table].bgp_propagation;
            propagation.value() != Some(&false)
        })
    }

    /// Routes for the address space of a network.
    fn space(&mut self, vnet: VnetId, kind: NextHopKind, certain: bool) {
        let network: &VirtualNetwork = &self.semantics.network[vnet];
        let private = self.private.clone();
        for item in &network.address_space.items {
            match item.value() {
                Some(block) => self.block(*block, system(kind), certain, Class::System),
                None => self.perhaps(&private, vec![system(kind)], item.unknown()),
            }
        }
        if let Some(rest) = &network.address_space.rest {
            self.perhaps(&private, vec![system(kind)], Some(rest));
        }
    }

    fn peering(&mut self, id: PeeringId) {
        let peering: &Peering = &self.semantics.network[id];
        let private = self.private.clone();
        match &peering.remote.state {
            State::Known(Link::Here(remote)) => {
                let there = peering.meta.existence.truth == Truth::True;
                self.space(*remote, NextHopKind::Peering, there);
            }
            State::Known(Link::External(key)) => {
                let unknown = outside(key);
                self.perhaps(&private, vec![system(NextHopKind::Peering)], Some(&unknown));
            }
            _ => {
                let unknown = peering.remote.unknown();
                self.perhaps(&private, vec![system(NextHopKind::Peering)], unknown);
            }
        }
        if !matches!(
            peering.use_remote_gateways.state,
            State::Absent | State::Known(false)
        ) {
            self.perhaps(&private, vec![system(NextHopKind::Gateway)], None);
        }
    }

    fn hub_connection(&mut self, id: HubConnectionId) {
        let connection: &HubConnection = &self.semantics.network[id];
        let private = self.private.clone();
        let there = connection.meta.existence.truth;
        let security = match &connection.internet_security.state {
            State::Known(on) => Truth::from(*on),
            State::Absent => Truth::True,
            _ => Truth::Unknown,
        };
        let unknown_hop = NextHop {
            kind: None,
            route: None,
            firewall: None,
            hub_connection: Some(id),
        };
        let hub = match &connection.hub.state {
            State::Known(Link::Here(hub)) => Some(&self.semantics.network[*hub]),
            _ => None,
        };
        let firewall = |link: &Link<_>| NextHop {
            kind: Some(NextHopKind::AzureFirewall),
            firewall: Some(link.clone()),
            ..unknown_hop.clone()
        };
        let internet = match hub.map(|hub| &hub.internet_next_hop.state) {
            Some(State::Known(link)) => Some((firewall(link), Truth::True)),
            Some(State::Absent) => None,
            _ => Some((unknown_hop.clone(), Truth::Unknown)),
        };
        let private_hop = match hub.map(|hub| &hub.private_next_hop.state) {
            Some(State::Known(link)) => Some(firewall(link)),
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
                let to = Matched::any(Dimension::Destination, self.family());
                let certain = truth == Truth::True;
                let unknown = own.as_ref().or(unknown);
                self.add(to, vec![hop], certain, (0, Class::Learnt), unknown);
            }
        }
        match private_hop {
            Some(hop) => {
                for block in self.private_blocks() {
                    self.block(block, hop.clone(), there == Truth::True, Class::Learnt);
                }
            }
            None => {
                let hops = vec![system(NextHopKind::Gateway), unknown_hop];
                self.perhaps(&private, hops, None);
            }
        }
    }

    /// The addresses of services with an endpoint go straight to them; which these are is not in
    /// the files. Activation servers are none of them.
    fn service_endpoints(&mut self, subnet: SubnetId) {
        let endpoints = &self.semantics.network[subnet].service_endpoints;
        let family = self.family();
        let kms = ["kms", "kms-stale"]
            .into_iter()
            .fold(IntervalSet::empty(), |all, name| {
                let set = self.semantics.named_set(name, family);
                set.map_or_else(|| all.clone(), |set| all.union(&set))
            });
        let outer = self.place.internet.subtract(&kms);
        let hop = || vec![system(NextHopKind::ServiceEndpoint)];
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
            self.add(
                to.clone(),
                hop(),
                false,
                (UNKNOWN_LENGTH, Class::System),
                None,
            );
            self.add(to, hop(), true, (SERVICE_LENGTH, Class::System), None);
        }
    }

    fn system(&mut self) {
        for block in self.private_blocks() {
            self.block(block, system(NextHopKind::None), true, Class::SystemDrop);
        }
        let to = Matched::any(Dimension::Destination, self.family());
        let hops = vec![system(NextHopKind::Internet)];
        self.add(to, hops, true, (0, Class::System), None);
    }

    /// The private blocks Azure drops packets to, if nothing else is for them.
    fn private_blocks(&self) -> Vec<IpNet> {
        let sets = &self.semantics.facts.named_sets;
        let private = sets.iter().find(|set| &*set.name == "private");
        private.map(|set| set.include.clone()).unwrap_or_default()
    }
}

/// The next hops a user-defined route may have.
fn hops_of(id: RouteId, route: &Route) -> Vec<NextHop> {
    let hop = |kind, firewall| NextHop {
        kind,
        route: Some(id),
        firewall,
        hub_connection: None,
    };
    let of_type = |kind: NextHopType| match kind {
        NextHopType::VirtualNetworkGateway => hop(Some(NextHopKind::Gateway), None),
        NextHopType::VnetLocal => hop(Some(NextHopKind::VirtualNetwork), None),
        NextHopType::Internet => hop(Some(NextHopKind::Internet), None),
        NextHopType::None => hop(Some(NextHopKind::None), None),
        NextHopType::VirtualAppliance => match &route.appliance {
            Appliance::Firewall(firewall) => hop(
                Some(NextHopKind::AzureFirewall),
                Some(Link::Here(*firewall)),
            ),
            Appliance::ExternalFirewall(link) => {
                hop(Some(NextHopKind::AzureFirewall), Some(link.clone()))
            }
            Appliance::NetworkInterface(_) | Appliance::LoadBalancer(_) => {
                hop(Some(NextHopKind::Appliance), None)
            }
            Appliance::Unknown | Appliance::NotApplicable => hop(None, None),
        },
    };
    match &route.next_hop_type.state {
        State::Known(kind) => vec![of_type(*kind)],
        State::Unknown(_, Some(all)) if !all.is_empty() => {
            all.iter().map(|kind| of_type(*kind)).collect()
        }
        _ => [
            NextHopType::VirtualNetworkGateway,
            NextHopType::VnetLocal,
            NextHopType::Internet,
            NextHopType::None,
            NextHopType::VirtualAppliance,
        ]
        .into_iter()
        .map(of_type)
        .collect(),
    }
}

/// Every next hop a route that is not in the files may have.
fn any_hop() -> Vec<NextHop> {
    let kinds = [
        Some(NextHopKind::Gateway),
        Some(NextHopKind::VirtualNetwork),
        Some(NextHopKind::Internet),
        Some(NextHopKind::None),
        None,
    ];
    kinds
        .into_iter()
        .map(|kind| NextHop {
            kind,
            ..system(NextHopKind::None)
        })
        .collect()
}

/// Where private addresses may lead in a network that is not in the files.
fn private_hops() -> Vec<NextHop> {
    [
        NextHopKind::VirtualNetwork,
        NextHopKind::Peering,
        NextHopKind::Gateway,
    ]
    .into_iter()
    .map(system)
    .collect()
}
