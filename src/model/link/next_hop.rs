//! Tells what stands behind the next hop address of a route.
//!
//! Azure picks the private address of a firewall itself, so templates hand it on as a reference and
//! the value is unknown: where it comes from tells more than what it is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::eval::value::{Bounds, Reason, Reference, Unknown};
use crate::model::build::Builder;
use crate::model::index::Index;
use crate::model::parse;
use crate::model::routing::{Appliance, NextHopType};
use crate::model::{
    Field, FirewallId, Link, LoadBalancerId, Network, NicId, State, SubnetId, arm, azurerm,
};

/// Fills [`crate::model::routing::Route::appliance`].
pub(super) fn identify(builder: &mut Builder<'_>) {
    let hops = std::mem::take(&mut builder.notes.next_hops);
    if hops.is_empty() {
        return;
    }
    let holders = Holders::new(&builder.network);
    let mut found = Vec::with_capacity(hops.len());
    for (route, place, hop) in hops {
        let kind = &builder.network[route].next_hop_type;
        let wanted = match place {
            None => NextHopType::VirtualAppliance,
            Some(_) => NextHopType::VirtualApplianceEcmp,
        };
        let other = kind.is_absent() || kind.value().is_some_and(|kind| *kind != wanted);
        let address = match place {
            None => Some(&builder.network[route].next_hop_address),
            Some(place) => {
                let spread = &builder.network[route].spread.items;
                spread.get(place).map(|hop| &hop.address)
            }
        };
        let appliance = if other {
            Appliance::NotApplicable
        } else if let Some(unknown) = hop.unknown() {
            holders.of_unknown(&builder.network, &builder.index, unknown)
        } else {
            match address.map(|field| &field.state) {
                // Several networks may have the address: whose it was read from tells more.
                Some(State::Known(address)) => (azurerm::read_from(builder, &hop))
                    .unwrap_or_else(|| holders.of_address(&builder.network, *address)),
                _ => Appliance::Unknown,
            }
        };
        found.push((route, place, appliance));
    }
    for (route, place, appliance) in found {
        let route = &mut builder.network[route];
        match place {
            None => route.appliance = appliance,
            Some(place) => {
                if let Some(hop) = route.spread.items.get_mut(place) {
                    hop.appliance = appliance;
                }
            }
        }
    }
}

/// Who has which address.
struct Holders {
    firewalls: HashMap<IpAddr, Vec<FirewallId>>,
    nics: HashMap<IpAddr, Vec<NicId>>,
    balancers: HashMap<IpAddr, Vec<LoadBalancerId>>,
    firewall_subnets: Vec<SubnetId>,
}

impl Holders {
    fn new(network: &Network) -> Self {
        let mut holders = Self {
            firewalls: HashMap::new(),
            nics: HashMap::new(),
            balancers: HashMap::new(),
            firewall_subnets: Vec::new(),
        };
        for id in FirewallId::all(network) {
            if let Some(address) = network[id].private_address.value() {
                holders.firewalls.entry(*address).or_default().push(id);
            }
        }
        for id in NicId::all(network) {
            for configuration in &network[id].ip_configurations.items {
                if let Some(address) = configuration.private_address.value() {
                    holders.nics.entry(*address).or_default().push(id);
                }
            }
        }
        for id in LoadBalancerId::all(network) {
            for frontend in &network[id].frontends.items {
                if let Some(address) = frontend.private_address.value() {
                    holders.balancers.entry(*address).or_default().push(id);
                }
            }
        }
        holders.firewall_subnets = SubnetId::all(network)
            .filter(|id| {
                let name = network[*id].meta.name.value();
                name.is_some_and(|name| name.eq_ignore_ascii_case("AzureFirewallSubnet"))
            })
            .collect();
        holders
    }

    fn of_address(&self, network: &Network, address: IpAddr) -> Appliance {
        if let Some(ids) = self.firewalls.get(&address) {
            return only(ids).map_or(Appliance::Unknown, |id| firewall(network, id));
        }
        let mut firewalls = Vec::new();
        let mut inside = false;
        for subnet in &self.firewall_subnets {
            let subnet = &network[*subnet];
            let holds = subnet
                .address_prefixes
                .items
                .iter()
                .filter_map(Field::value)
                .any(|prefix| prefix.contains(&address));
            if holds {
                inside = true;
                firewalls.extend_from_slice(&subnet.firewalls.items);
            }
        }
        if inside {
            return only(&firewalls).map_or(Appliance::Unknown, |id| firewall(network, id));
        }
        if let Some(ids) = self.nics.get(&address) {
            return only(ids).map_or(Appliance::Unknown, Appliance::NetworkInterface);
        }
        if let Some(ids) = self.balancers.get(&address) {
            return only(ids).map_or(Appliance::Unknown, Appliance::LoadBalancer);
        }
        Appliance::Unknown
    }

    fn of_unknown(&self, network: &Network, index: &Index, unknown: &Arc<Unknown>) -> Appliance {
        if let Some(reference) = &unknown.refers_to {
            return of_reference(network, index, reference);
        }
        if let Bounds::OneOf(values) = &unknown.bounds {
            let mut answers = values.iter().map(|value| {
                let address = value.as_str().and_then(|text| parse::host(text).ok());
                address.map_or(Appliance::Unknown, |address| {
                    self.of_address(network, address)
                })
            });
            let first = answers.next().unwrap_or(Appliance::Unknown);
            return if answers.all(|answer| answer == first) {
                first
            } else {
                Appliance::Unknown
            };
        }
        // Handed on through a function (`try`, `coalesce`, `one`) with nothing else unknown in it.
        if unknown.reason == Reason::Derived
            && let [root] = unknown.roots().as_slice()
            && let Some(reference) = &root.refers_to
        {
            return of_reference(network, index, reference);
        }
        Appliance::Unknown
    }
}

fn of_reference(network: &Network, index: &Index, reference: &Reference) -> Appliance {
    let path = reference.path.to_ascii_lowercase();
    if !path.contains("privateipaddress") && !path.contains("private_ip_address") {
        return Appliance::Unknown;
    }
    let key = &reference.resource;
    if let [id] = index.find::<FirewallId>(key).as_slice() {
        return firewall(network, *id);
    }
    if arm::is_firewall(key) || azurerm::is_firewall(key) {
        return Appliance::ExternalFirewall(Link::External(key.clone()));
    }
    if let [id] = index.find::<NicId>(key).as_slice() {
        return Appliance::NetworkInterface(*id);
    }
    if let [id] = index.find::<LoadBalancerId>(key).as_slice() {
        return Appliance::LoadBalancer(*id);
    }
    Appliance::Unknown
}

fn firewall(network: &Network, id: FirewallId) -> Appliance {
    if network[id].meta.existing {
        Appliance::ExternalFirewall(Link::Here(id))
    } else {
        Appliance::Firewall(id)
    }
}

fn only<I: Copy + PartialEq>(ids: &[I]) -> Option<I> {
    let (first, others) = ids.split_first()?;
    others.iter().all(|id| id == first).then_some(*first)
}
