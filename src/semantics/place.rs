//! What `VirtualNetwork`, `Internet` and the other tags mean where packets are looked at.
//!
//! `VirtualNetwork` is known in part: the spaces of the network and its peers and the platform's
//! own address are in it for certain, and so is what lies behind gateways where the files tell it;
//! what peers, gateways and hubs outside the files add is an atom. That remainder is taken to lie
//! outside the public address space, so that `VirtualNetwork` and `Internet` stay disjoint.
//! A route that widens the tag counts in the reading that asks for it only
//! ([`Semantics::widened`]); `Internet` is not made smaller by it.

use std::collections::BTreeSet;

use super::Semantics;
use super::packet::Family;
use super::packet::interval::IntervalSet;
use super::rules::Scope;
use crate::eval::value::Truth;
use crate::model::nsg::NetworkSecurityGroup;
use crate::model::routing::RoutePrefix;
use crate::model::topology::VirtualNetwork;
use crate::model::{Field, Link, NicId, RouteTableId, State, SubnetId, VnetId};

/// A place of the network for one family.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) family: Family,
    /// Equal keys mean the same networks: the remainder of `VirtualNetwork` is then one atom.
    pub(crate) key: String,
    /// What `VirtualNetwork` holds for certain.
    pub(crate) inner: IntervalSet,
    /// What it may hold.
    pub(crate) outer: IntervalSet,
    /// What `Internet` holds.
    pub(crate) internet: IntervalSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    Network(VnetId),
    Subnet(SubnetId),
    /// A subnet whose routes may widen `VirtualNetwork`.
    Routed(SubnetId),
}

#[derive(Clone, Debug)]
struct Space {
    inner: IntervalSet,
    outer: IntervalSet,
    /// What routes add to `inner`, and to `outer`.
    routed: [IntervalSet; 2],
}

impl Semantics<'_> {
    /// The place of a scope.
    pub(crate) fn place(&self, scope: Scope, family: Family) -> Place {
        let mut grounds = BTreeSet::new();
        match scope {
            Scope::Anywhere => {}
            Scope::Subnet(subnet) => {
                grounds.insert(self.ground(subnet));
            }
            Scope::Nic(nic) => grounds.extend(self.grounds_of_nic(nic)),
            Scope::Nsg(nsg) => {
                let group: &NetworkSecurityGroup = &self.network[nsg];
                grounds.extend(group.subnets.items.iter().map(|id| self.ground(*id)));
                for nic in &group.network_interfaces.items {
                    grounds.extend(self.grounds_of_nic(*nic));
                }
            }
        }
        let nowhere = match grounds.is_empty() {
            true => self.nowhere(scope),
            false => String::new(),
        };
        self.place_on(&grounds, nowhere, family)
    }

    /// The place of a virtual network as a whole.
    pub(crate) fn place_of_network(&self, vnet: VnetId, family: Family) -> Place {
        let grounds = BTreeSet::from([Ground::Network(vnet)]);
        self.place_on(&grounds, String::new(), family)
    }

    /// A name of a ground that another version of the same files gives it, too.
    fn key_of(&self, ground: Ground) -> String {
        // Several definitions of one resource are told apart by their order.
        let count = |same: usize, key: &str, kind: &str| format!("{kind} {key} {same};");
        match ground {
            Ground::Routed(id) => {
                let key = &self.network[id].meta.key;
                let earlier = SubnetId::all(self.network).take_while(|other| *other != id);
                let same = earlier.filter(|other| self.network[*other].meta.key == *key);
                count(same.count(), &key.0, "routes of")
            }
            Ground::Network(id) => {
                let key = &self.network[id].meta.key;
                let earlier = VnetId::all(self.network).take_while(|other| *other != id);
                let same = earlier.filter(|other| self.network[*other].meta.key == *key);
                count(same.count(), &key.0, "network")
            }
            Ground::Subnet(id) => {
                let key = &self.network[id].meta.key;
                let earlier = SubnetId::all(self.network).take_while(|other| *other != id);
                let same = earlier.filter(|other| self.network[*other].meta.key == *key);
                count(same.count(), &key.0, "subnet")
            }
        }
    }

    /// The key of a scope without a ground.
    fn nowhere(&self, scope: Scope) -> String {
        match scope {
            Scope::Anywhere => "anywhere".to_owned(),
            Scope::Nsg(id) => format!("group {}", self.network[id].meta.key.0),
            Scope::Subnet(id) => format!("on subnet {}", self.network[id].meta.key.0),
            Scope::Nic(id) => format!("on interface {}", self.network[id].meta.key.0),
        }
    }

    /// The place of several grounds; `nowhere` is its key if there is none.
    fn place_on(&self, grounds: &BTreeSet<Ground>, nowhere: String, family: Family) -> Place {
        let public = self.public(family);
        let spaces: Vec<Space> = grounds
            .iter()
            .map(|ground| self.space(*ground, family, &public))
            .collect();
        let platform = self.platform_part(family);
        let private = family.addresses().subtract(&public);
        let Some((first, others)) = spaces.split_first() else {
            return Place {
                family,
                key: nowhere,
                inner: platform,
                outer: private,
                internet: public,
            };
        };
        let fold = |of: fn(&Space) -> &IntervalSet,
                    join: fn(&IntervalSet, &IntervalSet) -> IntervalSet| {
            let start = of(first).clone();
            others
                .iter()
                .fold(start, |set, space| join(&set, of(space)))
        };
        let known = fold(|space| &space.inner, IntervalSet::union);
        let widened: Vec<[IntervalSet; 2]> = spaces
            .iter()
            .map(|space| {
                let [inner, outer] = &space.routed;
                [space.inner.union(inner), space.outer.union(outer)]
            })
            .collect();
        let empty = IntervalSet::empty;
        let sides = widened
            .into_iter()
            .reduce(|[inner, outer], [low, high]| [inner.intersect(&low), outer.union(&high)]);
        let [inner, outer] = sides.unwrap_or_else(|| [empty(), empty()]);
        Place {
            family,
            key: grounds.iter().map(|ground| self.key_of(*ground)).collect(),
            inner: inner.union(&platform),
            outer: outer.union(&platform),
            internet: public.subtract(&known),
        }
    }

    /// The place for questions on a group as such: `VirtualNetwork` is one opaque set of which only
    /// the platform's own address is known.
    pub(crate) fn opaque_place(&self, scope: Scope, family: Family) -> Place {
        let place = self.place(scope, family);
        Place {
            key: format!("opaque {}", place.key),
            inner: self.platform_part(family),
            outer: family.addresses(),
            ..place
        }
    }

    /// The public address space: the named set `public`.
    pub(crate) fn public(&self, family: Family) -> IntervalSet {
        self.named_set("public", family)
            .unwrap_or_else(|| family.addresses())
    }

    /// A named set of the platform table; `kms` is the current activation servers of the cloud.
    pub(crate) fn named_set(&self, name: &str, family: Family) -> Option<IntervalSet> {
        if name == "kms" || name == "kms-stale" {
            let rows = self.facts.kms.iter().filter(|row| row.cloud == self.cloud);
            let addresses = rows.flat_map(|row| match name {
                "kms" => &row.current,
                _ => &row.stale,
            });
            let sets = addresses.filter_map(|address| family.range(*address, *address));
            return Some(sets.fold(IntervalSet::empty(), |all, one| all.union(&one)));
        }
        let row = self
            .facts
            .named_sets
            .iter()
            .find(|row| &*row.name == name)?;
        let sum = |blocks: &[ipnet::IpNet]| {
            let sets = blocks.iter().filter_map(|block| family.block(*block));
            sets.fold(IntervalSet::empty(), |all, one| all.union(&one))
        };
        Some(sum(&row.include).subtract(&sum(&row.exclude)))
    }

    /// The space of a virtual network as far as it is known.
    pub(crate) fn network_space(&self, vnet: VnetId, family: Family) -> IntervalSet {
        let network: &VirtualNetwork = &self.network[vnet];
        let own = network.address_space.items.iter();
        let subnets = network
            .subnets
            .items
            .iter()
            .filter(|id| self.network[**id].meta.existence.truth == Truth::True)
            .flat_map(|id| &self.network[*id].address_prefixes.items);
        own.chain(subnets)
            .filter_map(Field::value)
            .filter_map(|block| family.block(*block))
            .fold(IntervalSet::empty(), |all, one| all.union(&one))
    }

    /// The network or, where that is not in the files, the subnet that packets are in.
    fn ground(&self, subnet: SubnetId) -> Ground {
        if self.widened && !self.network[subnet].route_table.is_absent() {
            return Ground::Routed(subnet);
        }
        match &self.network[subnet].virtual_network.state {
            State::Known(link) => link.here().map_or(Ground::Subnet(subnet), Ground::Network),
            _ => Ground::Subnet(subnet),
        }
    }

    fn grounds_of_nic(&self, nic: NicId) -> Vec<Ground> {
        self.subnets_of_nic(nic)
            .into_iter()
            .map(|subnet| self.ground(subnet))
            .collect()
    }

    /// The subnets of a network interface that are in the files.
    pub(crate) fn subnets_of_nic(&self, nic: NicId) -> Vec<SubnetId> {
        let configurations = &self.network[nic].ip_configurations.items;
        let mut subnets: Vec<SubnetId> = configurations
            .iter()
            .filter_map(|configuration| configuration.subnet.value()?.here())
            .collect();
        subnets.sort_unstable();
        subnets.dedup();
        subnets
    }

    /// The addresses of the platform that every `VirtualNetwork` holds.
    fn platform_part(&self, family: Family) -> IntervalSet {
        let within = |name: &&str| name.eq_ignore_ascii_case("VirtualNetwork");
        self.facts
            .tags
            .iter()
            .filter(|row| row.within.iter().any(|name| within(&&**name)))
            .flat_map(|row| &row.addresses)
            .filter_map(|block| family.block(*block))
            .fold(IntervalSet::empty(), |all, one| all.union(&one))
    }

    fn space(&self, ground: Ground, family: Family, public: &IntervalSet) -> Space {
        let private = family.addresses().subtract(public);
        match ground {
            Ground::Routed(subnet) => {
                let network = &self.network[subnet].virtual_network;
                let base = match network.value().and_then(Link::here) {
                    Some(vnet) => Ground::Network(vnet),
                    None => Ground::Subnet(subnet),
                };
                Space {
                    routed: self.widening(subnet, family),
                    ..self.space(base, family, public)
                }
            }
            Ground::Subnet(subnet) => {
                let prefixes = &self.network[subnet].address_prefixes.items;
                let blocks = prefixes.iter().filter_map(Field::value);
                let inner = blocks
                    .filter_map(|block| family.block(*block))
                    .fold(IntervalSet::empty(), |all, one| all.union(&one));
                Space::of(inner.clone(), inner.union(&private))
            }
            Ground::Network(vnet) => self.space_of_network(vnet, family, &private),
        }
    }

    fn space_of_network(&self, vnet: VnetId, family: Family, private: &IntervalSet) -> Space {
        let network: &VirtualNetwork = &self.network[vnet];
        let mut inner = self.network_space(vnet, family);
        let mut outer = inner.clone();
        let mut open = is_open(network)
            || network.meta.existing
            || network.peerings.rest.is_some()
            || !network.hub_connections.is_certainly_empty();
        for peering in &network.peerings.items {
            let peered = self.peered(*peering);
            let there = peered.access.and(peered.connected);
            if there == Truth::False {
                continue;
            }
            open |= peered.complete != Truth::True;
            let there = there.and(peered.complete);
            let Some(remote) = peered.remote else {
                let told = &self.network[*peering].remote_space;
                let blocks = told.items.iter().filter_map(Field::value);
                for set in blocks.filter_map(|block| family.block(*block)) {
                    if there == Truth::True {
                        inner = inner.union(&set);
                    }
                    outer = outer.union(&set);
                }
                open |= told.items.is_empty() || told.rest.is_some();
                continue;
            };
            let space = self.network_space(remote, family);
            let remote: &VirtualNetwork = &self.network[remote];
            open |= is_open(remote);
            if there == Truth::True && remote.meta.existence.truth == Truth::True {
                inner = inner.union(&space);
            }
            outer = outer.union(&space);
        }
        let beyond = self.beyond_gateways(vnet);
        open |= !beyond.open.is_empty();
        for (block, there, _) in beyond.blocks {
            let Some(block) = family.block(block) else {
                continue;
            };
            if there == Truth::True {
                inner = inner.union(&block);
            }
            outer = outer.union(&block);
        }
        if open {
            outer = outer.union(private);
        }
        Space::of(inner, outer)
    }

    /// The addresses that the routes of a subnet's table are for: certain ones, possible ones.
    fn widening(&self, subnet: SubnetId, family: Family) -> [IntervalSet; 2] {
        let unknown = || [IntervalSet::empty(), family.addresses()];
        match &self.network[subnet].route_table.state {
            State::Absent => [IntervalSet::empty(), IntervalSet::empty()],
            State::Known(Link::Here(table)) => self.prefixes_of(*table, family),
            _ => unknown(),
        }
    }

    fn prefixes_of(&self, id: RouteTableId, family: Family) -> [IntervalSet; 2] {
        let table = &self.network[id];
        let (mut inner, mut outer) = (IntervalSet::empty(), IntervalSet::empty());
        if table.routes.rest.is_some() || table.meta.existing {
            outer = family.addresses();
        }
        for route in &table.routes.items {
            let route = &self.network[*route];
            let there = route.meta.existence.truth.and(table.meta.existence.truth);
            match &route.prefix.state {
                _ if there == Truth::False => {}
                State::Known(RoutePrefix::Block(block)) => {
                    let set = family.block(*block).unwrap_or_else(IntervalSet::empty);
                    outer = outer.union(&set);
                    if there == Truth::True && !route.meta.template {
                        inner = inner.union(&set);
                    }
                }
                // Whether a tag widens another is not documented.
                State::Known(RoutePrefix::Tag(_)) => outer = outer.union(&self.public(family)),
                _ => outer = family.addresses(),
            }
        }
        [inner, outer]
    }
}

impl Space {
    fn of(inner: IntervalSet, outer: IntervalSet) -> Self {
        Self {
            inner,
            outer,
            routed: [IntervalSet::empty(), IntervalSet::empty()],
        }
    }
}

/// Whether a network's space may hold more than the files tell.
fn is_open(network: &VirtualNetwork) -> bool {
    let space = &network.address_space;
    space.rest.is_some() || space.items.iter().any(|it| it.value().is_none())
}
