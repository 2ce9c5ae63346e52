//! What stands behind a security group or in a subnet, worked out once for a deployment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::value::Unknown;
use crate::model::{Link, MachineId, Network, NicId, NsgId, ProbeId, SubnetId};

/// Reverse relations.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The network interfaces behind a group: its own, and those in its subnets.
    behind: BTreeMap<NsgId, Members>,
    /// The probes that ask something behind a group.
    probes: BTreeMap<NsgId, Vec<ProbeId>>,
}

/// Elements, and whether there may be more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    pub(crate) interfaces: Vec<NicId>,
    pub(crate) rest: Option<Arc<Unknown>>,
}

impl Index {
    pub(crate) fn new(network: &Network) -> Self {
        let mut index = Self::default();
        for id in NsgId::all(network) {
            index.behind.insert(id, behind(network, id));
        }
        for id in ProbeId::all(network) {
            for nsg in groups_of_probe(network, id) {
                let probes = index.probes.entry(nsg).or_default();
                if !probes.contains(&id) {
                    probes.push(id);
                }
            }
        }
        index
    }

    pub(crate) fn behind(&self, nsg: NsgId) -> Members {
        self.behind.get(&nsg).cloned().unwrap_or_default()
    }

    pub(crate) fn probes(&self, nsg: NsgId) -> &[ProbeId] {
        self.probes.get(&nsg).map_or(&[], Vec::as_slice)
    }
}

fn behind(network: &Network, id: NsgId) -> Members {
    let nsg = &network[id];
    let mut members = Members {
        interfaces: nsg.network_interfaces.items.clone(),
        rest: nsg.network_interfaces.rest.clone(),
    };
    members.rest = members.rest.or_else(|| nsg.subnets.rest.clone());
    for subnet in &nsg.subnets.items {
        let inside = &network[*subnet].network_interfaces;
        members.interfaces.extend(inside.items.iter().copied());
        members.rest = members.rest.or_else(|| inside.rest.clone());
    }
    members.interfaces.sort_unstable();
    members.interfaces.dedup();
    members
}

/// The machines of some interfaces, sorted, each once.
pub(super) fn machines(network: &Network, interfaces: &[NicId]) -> Vec<MachineId> {
    let mut machines: Vec<MachineId> = interfaces
        .iter()
        .filter_map(|nic| network[*nic].machine)
        .collect();
    machines.sort_unstable();
    machines.dedup();
    machines
}

/// The subnets of an interface.
pub(crate) fn subnets_of(network: &Network, nic: NicId) -> Vec<SubnetId> {
    let mut subnets: Vec<SubnetId> = network[nic]
        .ip_configurations
        .items
        .iter()
        .filter_map(|configuration| configuration.subnet.value())
        .filter_map(Link::here)
        .collect();
    subnets.sort_unstable();
    subnets.dedup();
    subnets
}

/// The interfaces a probe asks.
pub(super) fn members_of_probe(network: &Network, id: ProbeId) -> Members {
    let probe = &network[id];
    let mut members = Members {
        interfaces: Vec::new(),
        rest: probe.pools.rest.clone(),
    };
    for pool in &probe.pools.items {
        let pool = &network[*pool].network_interfaces;
        members.interfaces.extend(pool.items.iter().copied());
        members.rest = members.rest.or_else(|| pool.rest.clone());
    }
    members.interfaces.sort_unstable();
    members.interfaces.dedup();
    members
}

fn groups_of_probe(network: &Network, id: ProbeId) -> Vec<NsgId> {
    let mut groups = Vec::new();
    for nic in members_of_probe(network, id).interfaces {
        groups.extend(network[nic].nsg.value().and_then(Link::here));
        for subnet in subnets_of(network, nic) {
            groups.extend(network[subnet].nsg.value().and_then(Link::here));
        }
    }
    for subnet in subnets_of_addresses(network, id) {
        groups.extend(network[subnet].nsg.value().and_then(Link::here));
    }
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The subnets that hold pool members given by address.
pub(super) fn subnets_of_addresses(network: &Network, id: ProbeId) -> Vec<SubnetId> {
    let mut found = Vec::new();
    for pool in &network[id].pools.items {
        let pool = &network[*pool];
        let Some(vnet) = pool.virtual_network.value().and_then(Link::here) else {
            continue;
        };
        for address in pool
            .addresses
            .items
            .iter()
            .filter_map(|field| field.value())
        {
            for subnet in &network[vnet].subnets.items {
                let holds = network[*subnet]
                    .address_prefixes
                    .items
                    .iter()
                    .filter_map(|field| field.value())
                    .any(|prefix| prefix.contains(address));
                if holds {
                    found.push(*subnet);
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
