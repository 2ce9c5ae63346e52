//! Fills the relations that lead back: from a group to its subnets, from a subnet to its network
//! interfaces, from a probe to the pools it watches.
//!
//! In source files they are open: others may be attached where these files do not show it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::eval::ResourceKey;
use crate::eval::value::{Truth, Unknown};
use crate::model::build::{Builder, outside};
use crate::model::index::{ElementId, Id};
use crate::model::link::attach::uncertain;
use crate::model::{
    Field, FirewallId, GatewayConnectionId, GatewayId, HubConnectionId, Link, List, LoadBalancerId,
    MachineId, Meta, Network, NicId, PeeringId, PoolId, PrivateEndpointId, ServiceId, State,
    SubnetId, VnetId,
};

/// Fills all back relations.
pub(super) fn fill(builder: &mut Builder<'_>) {
    looked_up(&mut builder.network);
    subnets(&mut builder.network);
    interfaces(&mut builder.network);
    networks(builder);
    balancers(&mut builder.network);
    inbound_nat(builder);
    leave_open_what_is_named(builder);
    leave_open(builder);
}

fn subnets(network: &mut Network) {
    for id in SubnetId::all(network) {
        let subnet = &network[id];
        let (vnet, nsg) = (here(&subnet.virtual_network), here(&subnet.nsg));
        let (table, nat) = (here(&subnet.route_table), here(&subnet.nat_gateway));
        if let Some(vnet) = vnet {
            network[vnet].subnets.items.push(id);
        }
        if let Some(nsg) = nsg {
            network[nsg].subnets.items.push(id);
        }
        if let Some(table) = table {
            network[table].subnets.items.push(id);
        }
        if let Some(nat) = nat {
            network[nat].subnets.items.push(id);
        }
    }
    for id in FirewallId::all(network) {
        if let Some(subnet) = here(&network[id].subnet) {
            network[subnet].firewalls.items.push(id);
        }
    }
    for id in ServiceId::all(network) {
        let subnets: Vec<SubnetId> = network[id].subnets.items.iter().filter_map(here).collect();
        for subnet in unique(subnets) {
            network[subnet].services.items.push(id);
        }
    }
    for id in PrivateEndpointId::all(network) {
        if let Some(subnet) = here(&network[id].subnet) {
            network[subnet].private_endpoints.items.push(id);
        }
    }
}

fn interfaces(network: &mut Network) {
    for id in MachineId::all(network) {
        let nics: Vec<NicId> = network[id]
            .network_interfaces
            .items
            .iter()
            .filter_map(here)
            .collect();
        for nic in nics {
            network[nic].machine = Some(id);
        }
    }
    for id in NicId::all(network) {
        let nic = &network[id];
        let nsg = here(&nic.nsg);
        let (mut subnets, mut pools, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for configuration in &nic.ip_configurations.items {
            subnets.extend(here(&configuration.subnet));
            pools.extend(configuration.backend_pools.items.iter().filter_map(here));
            let members = &configuration.application_security_groups.items;
            groups.extend(members.iter().filter_map(here));
        }
        if let Some(nsg) = nsg {
            network[nsg].network_interfaces.items.push(id);
        }
        for subnet in unique(subnets) {
            network[subnet].network_interfaces.items.push(id);
        }
        for pool in unique(pools) {
            network[pool].network_interfaces.items.push(id);
        }
        for group in unique(groups) {
            network[group].members.items.push(id);
        }
    }
}

fn networks(builder: &mut Builder<'_>) {
    let network = &mut builder.network;
    for id in PeeringId::all(network) {
        if let Some(vnet) = here(&network[id].virtual_network) {
            network[vnet].peerings.items.push(id);
        }
    }
    for id in HubConnectionId::all(network) {
        if let Some(vnet) = here(&network[id].virtual_network) {
            network[vnet].hub_connections.items.push(id);
        }
    }
    for id in GatewayConnectionId::all(network) {
        if let Some(gateway) = here(&network[id].gateway) {
            network[gateway].connections.items.push(id);
        }
    }
    for id in GatewayId::all(network) {
        let vnet = match network[id].subnet.value() {
            Some(Link::Here(subnet)) => here(&network[*subnet].virtual_network),
            // The gateway's subnet need not be written for the network to be known.
            Some(Link::External(key)) => key.0.rsplit_once("/subnets/").and_then(|(vnet, _)| {
                let found = builder.index.find::<VnetId>(&ResourceKey(vnet.into()));
                found.first().copied().filter(|_| found.len() == 1)
            }),
            None => None,
        };
        if let Some(vnet) = vnet {
            network[vnet].gateways.items.push(id);
        }
    }
}

fn balancers(network: &mut Network) {
    for id in LoadBalancerId::all(network) {
        let mut watched = Vec::new();
        for rule in &network[id].rules.items {
            if rule.meta.existence.truth == Truth::False {
                continue;
            }
            if let Some(probe) = here(&rule.probe) {
                // A rule that may not be there leaves open what its probe watches.
                let perhaps = uncertain(&rule.meta, &network[probe].meta);
                let pools: Vec<PoolId> = match perhaps {
                    Some(_) => Vec::new(),
                    None => rule.pools.items.iter().filter_map(here).collect(),
                };
                watched.push((probe, pools, perhaps.or_else(|| open_end(&rule.pools))));
            }
        }
        // A rule with an unknown probe may use any of them.
        let unknown = network[id].rules.rest.clone().or_else(|| {
            let probes = network[id].rules.items.iter();
            probes
                .filter_map(|rule| rule.probe.unknown().cloned())
                .next()
        });
        let probes = network[id].probes.items.clone();
        for (probe, pools, rest) in watched {
            let list = &mut network[probe].pools;
            for pool in pools {
                if !list.items.contains(&pool) {
                    list.items.push(pool);
                }
            }
            list.rest = list.rest.take().or(rest);
        }
        if let Some(unknown) = unknown {
            for probe in probes {
                network[probe]
                    .pools
                    .rest
                    .get_or_insert_with(|| Arc::clone(&unknown));
            }
        }
    }
}

/// The unknown among the items of a list, or its rest.
fn open_end<I>(list: &List<Field<Link<I>>>) -> Option<Arc<Unknown>> {
    let item = list.items.iter().find_map(Field::unknown).cloned();
    item.or_else(|| list.rest.clone())
}

fn inbound_nat(builder: &mut Builder<'_>) {
    let inline = std::mem::take(&mut builder.notes.inline_nat_rule);
    let rules = std::mem::take(&mut builder.notes.nat_rules);
    let find = |key: &Option<ResourceKey>| {
        let found = builder.index.find::<LoadBalancerId>(key.as_ref()?);
        found.first().copied()
    };
    let owners: HashMap<&ResourceKey, &Option<ResourceKey>> = rules
        .iter()
        .map(|rule| (&rule.key, &rule.load_balancer))
        .collect();
    let mut reached: Vec<(NicId, usize, Truth)> = Vec::new();
    let mut led: HashMap<ResourceKey, Vec<NicId>> = HashMap::new();
    for (nic, position, rule) in inline {
        if let Some(key) = rule.as_ref().filter(|key| owners.contains_key(key)) {
            led.entry(key.clone()).or_default().push(nic);
        }
        let balancer = rule.as_ref().and_then(|key| {
            let named = owners.get(key).and_then(|owner| find(owner));
            named.or_else(|| {
                let (owner, _) = key.0.split_once("/inboundnat")?;
                find(&Some(ResourceKey(owner.into())))
            })
        });
        let public = balancer.map_or(Truth::Unknown, |id| faces_internet(&builder.network, id));
        reached.push((nic, position, public));
    }
    for rule in &rules {
        let Some(key) = &rule.pool else {
            continue;
        };
        let balancer = find(&rule.load_balancer);
        let public = balancer.map_or(Truth::Unknown, |id| faces_internet(&builder.network, id));
        for pool in builder.index.find::<PoolId>(key) {
            for nic in &builder.network[pool].network_interfaces.items {
                let configurations = &builder.network[*nic].ip_configurations.items;
                for (position, at) in configurations.iter().enumerate() {
                    if at
                        .backend_pools
                        .items
                        .iter()
                        .filter_map(here)
                        .any(|id| id == pool)
                    {
                        reached.push((*nic, position, public));
                        led.entry(rule.key.clone()).or_default().push(*nic);
                    }
                }
            }
        }
    }
    let placed: Vec<_> = rules
        .iter()
        .map(|rule| (find(&rule.load_balancer), led.remove(&rule.key)))
        .collect();
    for (rule, (balancer, nics)) in rules.into_iter().zip(placed) {
        let Some(balancer) = balancer else { continue };
        let mut rule = rule.rule;
        rule.network_interfaces = nics.unwrap_or_default();
        rule.network_interfaces.sort_unstable();
        rule.network_interfaces.dedup();
        builder.network[balancer].nat_rules.push(rule);
    }
    for (nic, position, public) in reached {
        if let Some(at) = builder.network[nic]
            .ip_configurations
            .items
            .get_mut(position)
        {
            at.inbound_nat = at.inbound_nat.or(public);
        }
    }
}

/// Whether a load balancer has a public frontend.
fn faces_internet(network: &Network, id: LoadBalancerId) -> Truth {
    let balancer = &network[id];
    let open = balancer.frontends.rest.is_some() || balancer.meta.existing;
    let rest = if open { Truth::Unknown } else { Truth::False };
    balancer
        .frontends
        .items
        .iter()
        .fold(rest, |truth, at| truth.or(at.is_public()))
}

/// What other resources would add to one that is only looked up is not known either.
fn looked_up(network: &mut Network) {
    for policy in network
        .firewall_policies
        .iter_mut()
        .filter(|at| at.meta.existing)
    {
        let unknown = || outside(&policy.meta, "rules");
        policy.rules.rest.get_or_insert_with(unknown);
    }
    for firewall in network.firewalls.iter_mut().filter(|at| at.meta.existing) {
        let unknown = || outside(&firewall.meta, "rules");
        firewall.rules.rest.get_or_insert_with(unknown);
    }
    for balancer in network
        .load_balancers
        .iter_mut()
        .filter(|at| at.meta.existing)
    {
        let unknown = outside(&balancer.meta, "rules");
        balancer.rules.rest.get_or_insert(unknown);
    }
    for hub in network
        .virtual_hubs
        .iter_mut()
        .filter(|at| at.meta.existing)
    {
        for field in [&mut hub.internet_next_hop, &mut hub.private_next_hop] {
            if field.is_absent() {
                field.state = State::Unknown(outside(&hub.meta, "routing intent"), None);
            }
        }
    }
}

/// Leaves open what lies in deployments that do not list everything there is.
fn leave_open(builder: &mut Builder<'_>) {
    let complete = builder.deployments.iter().filter(|it| it.complete);
    let complete: Vec<_> = complete.map(|deployment| deployment.own_origins).collect();
    let network = &mut builder.network;
    macro_rules! open {
        ($($arena:ident { $($list:ident: $what:literal),* })*) => {
            $(for element in &mut network.$arena {
                if complete.iter().any(|own| own.contains(element.meta.origin)) {
                    continue;
                }
                $(if element.$list.rest.is_none() {
                    element.$list.rest = Some(outside(&element.meta, $what));
                })*
            })*
        };
    }
    open! {
        network_security_groups { subnets: "further subnets", network_interfaces: "further network interfaces" }
        application_security_groups { members: "further members" }
        subnets {
            network_interfaces: "further network interfaces", firewalls: "further firewalls",
            private_endpoints: "further private endpoints", services: "further services"
        }
        gateways { connections: "further connections" }
        virtual_networks {
            peerings: "further peerings", gateways: "further gateways",
            hub_connections: "further hub connections"
        }
        route_tables { subnets: "further subnets" }
        nat_gateways { subnets: "further subnets" }
        backend_pools { network_interfaces: "further members" }
    }
}

/// An export lists what is attached, but need not hold all of it.
fn leave_open_what_is_named(builder: &mut Builder<'_>) {
    let index = &builder.index;
    let mut missing = Vec::new();
    for named in &builder.notes.back_references {
        let subnet_missing = named
            .subnets
            .lacks(|key| index.find::<SubnetId>(key).is_empty());
        let nic_missing = named
            .network_interfaces
            .lacks(|key| index.find::<NicId>(key).is_empty());
        missing.push((named.owner, subnet_missing, nic_missing));
    }
    let network = &mut builder.network;
    for (owner, subnet, nic) in missing {
        match owner {
            ElementId::NsgId(id) => {
                let nsg = &mut network[id];
                name(&mut nsg.subnets, &nsg.meta, subnet, "further subnets");
                name(
                    &mut nsg.network_interfaces,
                    &nsg.meta,
                    nic,
                    "further network interfaces",
                );
            }
            ElementId::RouteTableId(id) => {
                let table = &mut network[id];
                name(&mut table.subnets, &table.meta, subnet, "further subnets");
            }
            ElementId::SubnetId(id) => {
                let at = &mut network[id];
                name(
                    &mut at.network_interfaces,
                    &at.meta,
                    nic,
                    "further network interfaces",
                );
            }
            _ => {}
        }
    }
}

fn name<T>(list: &mut List<T>, meta: &Meta, missing: bool, what: &str) {
    if missing && list.rest.is_none() {
        list.rest = Some(outside(meta, what));
    }
}

fn unique<I: Id>(mut ids: Vec<I>) -> Vec<I> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn here<I: Copy>(link: &Field<Link<I>>) -> Option<I> {
    link.value().and_then(Link::here)
}
