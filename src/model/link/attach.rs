//! Puts what separate resources say where it belongs: associations, rules and parts that name their
//! owner.

use std::mem::take;
use std::sync::Arc;

use super::resolve::Resolver;
use crate::eval::value::{Truth, Unknown};
use crate::model::build::{Bond, Builder, GroupRules, Notes};
use crate::model::firewall::FirewallRuleOwner;
use crate::model::index::Id;
use crate::model::{
    Field, FirewallRuleId, Link, List, Meta, NatGatewayId, Network, NicId, NsgId, RouteTableId,
    State, SubnetId,
};
use crate::origin::OriginId;

/// Applies all notes but those on next hops, NAT rules and back references.
pub(super) fn apply(builder: &mut Builder<'_>) {
    let mut notes = take(&mut builder.notes);
    resolve(&mut notes, builder);
    let mut said = Vec::new();
    attachments(&mut builder.network, &mut notes, &mut said);
    for Twice { message, at } in said {
        builder.report("attached-twice", message, &at);
    }
    let network = &mut builder.network;
    interfaces(network, &mut notes);
    owned(network, &mut notes);
    firewalls(network, &mut notes);
    builder.notes = notes;
}

fn resolve(notes: &mut Notes<'_>, builder: &Builder<'_>) {
    let find = Resolver {
        index: &builder.index,
    };
    macro_rules! both {
        ($($list:ident),*) => {
            $(for bond in &mut notes.$list {
                find.link(&mut bond.left);
                find.link(&mut bond.right);
            })*
        };
    }
    macro_rules! left {
        ($($list:ident),*) => {
            $(for bond in &mut notes.$list {
                find.link(&mut bond.left);
            })*
        };
    }
    both!(
        subnet_nsg,
        subnet_route_table,
        subnet_nat_gateway,
        nic_nsg,
        nic_asg,
        endpoint_asg,
        nat_gateway_address,
        nat_gateway_prefix
    );
    left!(
        nic_pool,
        nic_nat_rule,
        vnet_dns,
        rule_of,
        route_of,
        probe_of,
        pool_of,
        balancing_rule_of,
        outbound_of,
        pool_address,
        firewall_rules,
        policy_rules,
        ip_group_addresses,
        intents
    );
    for bond in &mut notes.nic_pool {
        find.link(&mut bond.right.1);
    }
    for bond in &mut notes.outbound_of {
        find.link(&mut bond.right.pool);
    }
    for bond in &mut notes.pool_address {
        find.link(&mut bond.right.1);
    }
    for bond in &mut notes.intents {
        for hop in &mut bond.right {
            find.link(hop);
        }
    }
    for bond in &mut notes.balancing_rule_of {
        find.link(&mut bond.right.probe);
        find.links(&mut bond.right.pools);
    }
}

/// Something that was attached to an element that already had one.
struct Twice {
    message: String,
    at: Vec<OriginId>,
}

/// The field of an element that an association fills.
type Slot<L, T> = fn(&mut Network, L) -> &mut Field<Link<T>>;

fn attachments(network: &mut Network, notes: &mut Notes<'_>, said: &mut Vec<Twice>) {
    let nsg: Slot<SubnetId, NsgId> = |network, id| &mut network[id].nsg;
    let table: Slot<SubnetId, RouteTableId> = |network, id| &mut network[id].route_table;
    let nat: Slot<SubnetId, NatGatewayId> = |network, id| &mut network[id].nat_gateway;
    let nic_nsg: Slot<NicId, NsgId> = |network, id| &mut network[id].nsg;
    let group = "network security group";
    attach(network, take(&mut notes.subnet_nsg), nsg, group, said);
    attach(
        network,
        take(&mut notes.subnet_route_table),
        table,
        "route table",
        said,
    );
    attach(
        network,
        take(&mut notes.subnet_nat_gateway),
        nat,
        "NAT gateway",
        said,
    );
    attach(network, take(&mut notes.nic_nsg), nic_nsg, group, said);
}

fn attach<L: Id, T: Id>(
    network: &mut Network,
    bonds: Vec<Bond<L, Field<Link<T>>>>,
    slot: Slot<L, T>,
    what: &str,
    said: &mut Vec<Twice>,
) {
    let mut anywhere = None;
    for bond in bonds {
        match &bond.left.state {
            State::Known(Link::Here(id)) => {
                let owner = id.meta(network).clone();
                let before = slot(network, *id);
                match uncertain(&bond.meta, &owner) {
                    None => {
                        let message = second(before, &bond.right).then(|| {
                            let address = &owner.address;
                            format!("{address} gets more than one {what}; the last one counts")
                        });
                        if let Some(message) = message {
                            let at = vec![bond.meta.origin, before.origin];
                            said.push(Twice { message, at });
                        }
                        *before = bond.right;
                    }
                    Some(unknown) => open(before, &unknown, bond.meta.origin),
                }
            }
            State::Unknown(unknown, Some(candidates)) => {
                for id in candidates.iter().filter_map(Link::here) {
                    open(slot(network, id), unknown, bond.meta.origin);
                }
            }
            State::Unknown(unknown, None) => {
                anywhere = Some((Arc::clone(unknown), bond.meta.origin));
            }
            State::Known(Link::External(_)) | State::Absent | State::Invalid { .. } => {}
        }
    }
    // An association with an element that is not known may be with any that has none so far.
    if let Some((unknown, origin)) = anywhere {
        for id in L::every(network) {
            let field = slot(network, id);
            if field.is_absent() {
                open(field, &unknown, origin);
            }
        }
    }
}

/// Why it is not certain that an association exists whenever its owner does.
pub(super) fn uncertain(bond: &Meta, owner: &Meta) -> Option<Arc<Unknown>> {
    if bond.existence.truth == Truth::True {
        return None;
    }
    let because = bond.existence.because.clone()?;
    let shared = owner
        .existence
        .because
        .as_ref()
        .is_some_and(|reason| reason.id == because.id);
    (!shared).then_some(because)
}

fn second<T: Id>(before: &Field<Link<T>>, after: &Field<Link<T>>) -> bool {
    match (before.value(), after.value()) {
        (Some(before), Some(after)) => before != after,
        _ => false,
    }
}

fn open<T>(field: &mut Field<Link<T>>, unknown: &Arc<Unknown>, origin: OriginId) {
    *field = Field {
        state: State::Unknown(Arc::clone(unknown), None),
        origin,
    };
}

fn interfaces(network: &mut Network, notes: &mut Notes<'_>) {
    for bond in take(&mut notes.nic_asg) {
        let Some(nic) = here(&bond.left) else {
            continue;
        };
        let group = weaken(bond.right, &bond.meta, &network[nic].meta);
        for configuration in &mut network[nic].ip_configurations.items {
            configuration
                .application_security_groups
                .items
                .push(group.clone());
        }
    }
    for bond in take(&mut notes.endpoint_asg) {
        let Some(endpoint) = here(&bond.left) else {
            continue;
        };
        let group = weaken(bond.right, &bond.meta, &network[endpoint].meta);
        let groups = &mut network[endpoint].application_security_groups;
        groups.items.push(group);
    }
    for bond in take(&mut notes.nic_pool) {
        let Some(nic) = here(&bond.left) else {
            continue;
        };
        let (name, pool) = bond.right;
        let pool = weaken(pool, &bond.meta, &network[nic].meta);
        for position in configurations(network, nic, &name) {
            if let Some(at) = network[nic].ip_configurations.items.get_mut(position) {
                at.backend_pools.items.push(pool.clone());
            }
        }
    }
    for bond in take(&mut notes.nic_nat_rule) {
        let Some(nic) = here(&bond.left) else {
            continue;
        };
        let (name, rule) = bond.right;
        for position in configurations(network, nic, &name) {
            notes.inline_nat_rule.push((nic, position, rule.clone()));
        }
    }
}

/// What is said by a resource that may not exist is not certain.
fn weaken<T: Clone>(said: Field<Link<T>>, bond: &Meta, owner: &Meta) -> Field<Link<T>> {
    match uncertain(bond, owner) {
        None => said,
        Some(unknown) => Field {
            state: State::Unknown(unknown, said.value().map(|link| vec![link.clone()])),
            origin: said.origin,
        },
    }
}

/// The IP configurations of that name; the only one, or all, where the name does not tell.
fn configurations(network: &Network, nic: NicId, name: &Field<Arc<str>>) -> Vec<usize> {
    let all = &network[nic].ip_configurations.items;
    let named = |position: &usize| {
        let its = all.get(*position).and_then(|at| at.name.value());
        its.zip(name.value())
            .is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let found: Vec<usize> = (0..all.len()).filter(named).collect();
    if found.is_empty() {
        (0..all.len()).collect()
    } else {
        found
    }
}

fn owned(network: &mut Network, notes: &mut Notes<'_>) {
    for bond in take(&mut notes.rule_of) {
        // The group itself has it too.
        if network[bond.right].nsg.is_some() {
            continue;
        }
        match owners(network, &bond.left) {
            Owners::One(nsg) => {
                network[bond.right].nsg = Some(nsg);
                network[nsg].rules.items.push(bond.right);
            }
            Owners::Perhaps(groups, unknown) => {
                for nsg in groups {
                    network[nsg]
                        .rules
                        .rest
                        .get_or_insert_with(|| Arc::clone(&unknown));
                }
            }
            Owners::None => {}
        }
    }
    for bond in take(&mut notes.route_of) {
        // The table itself has it too.
        if network[bond.right].route_table.is_some() {
            continue;
        }
        match owners(network, &bond.left) {
            Owners::One(table) => {
                network[bond.right].route_table = Some(table);
                network[table].routes.items.push(bond.right);
            }
            Owners::Perhaps(tables, unknown) => {
                for table in tables {
                    network[table]
                        .routes
                        .rest
                        .get_or_insert_with(|| Arc::clone(&unknown));
                }
            }
            Owners::None => {}
        }
    }
    for bond in take(&mut notes.probe_of) {
        if let Some(balancer) = here(&bond.left) {
            network[bond.right].load_balancer = Some(balancer);
            network[balancer].probes.items.push(bond.right);
        }
    }
    for bond in take(&mut notes.pool_of) {
        if let Some(balancer) = here(&bond.left) {
            network[bond.right].load_balancer = Some(balancer);
            network[balancer].pools.items.push(bond.right);
        }
    }
    for bond in take(&mut notes.balancing_rule_of) {
        if let Some(balancer) = here(&bond.left) {
            network[balancer].rules.items.push(bond.right);
        }
    }
    for bond in take(&mut notes.outbound_of) {
        if let Some(balancer) = here(&bond.left) {
            network[balancer].outbound_rules.items.push(bond.right);
        }
    }
    for bond in take(&mut notes.pool_address) {
        if let Some(pool) = here(&bond.left) {
            let (address, network_of) = bond.right;
            network[pool].addresses.items.push(address);
            if network[pool].virtual_network.is_absent() {
                network[pool].virtual_network = network_of;
            }
        }
    }
    for bond in take(&mut notes.vnet_dns) {
        if let Some(vnet) = here(&bond.left) {
            network[vnet].dns_servers = bond.right;
        }
    }
    for bond in take(&mut notes.nat_gateway_address) {
        if let Some(gateway) = here(&bond.left) {
            let said = weaken(bond.right, &bond.meta, &network[gateway].meta);
            network[gateway].public_ips.items.push(said);
        }
    }
    for bond in take(&mut notes.nat_gateway_prefix) {
        if let Some(gateway) = here(&bond.left) {
            let said = weaken(bond.right, &bond.meta, &network[gateway].meta);
            network[gateway].public_ip_prefixes.items.push(said);
        }
    }
    for bond in take(&mut notes.intents) {
        if let Some(hub) = here(&bond.left) {
            let [internet, private] = bond.right;
            let hub = &mut network[hub];
            for (field, hop) in [
                (&mut hub.internet_next_hop, internet),
                (&mut hub.private_next_hop, private),
            ] {
                if !hop.is_absent() {
                    *field = hop;
                }
            }
        }
    }
}

fn firewalls(network: &mut Network, notes: &mut Notes<'_>) {
    for bond in take(&mut notes.firewall_rules) {
        match owners(network, &bond.left) {
            Owners::One(firewall) => {
                own(network, &bond.right, FirewallRuleOwner::Firewall(firewall));
                extend(&mut network[firewall].rules, bond.right);
            }
            Owners::Perhaps(firewalls, unknown) => {
                for firewall in firewalls {
                    network[firewall]
                        .rules
                        .rest
                        .get_or_insert_with(|| Arc::clone(&unknown));
                }
            }
            Owners::None => {}
        }
    }
    for bond in take(&mut notes.policy_rules) {
        match owners(network, &bond.left) {
            Owners::One(policy) => {
                own(network, &bond.right, FirewallRuleOwner::Policy(policy));
                extend(&mut network[policy].rules, bond.right);
            }
            Owners::Perhaps(policies, unknown) => {
                for policy in policies {
                    network[policy]
                        .rules
                        .rest
                        .get_or_insert_with(|| Arc::clone(&unknown));
                }
            }
            Owners::None => {}
        }
    }
    for bond in take(&mut notes.ip_group_addresses) {
        if let Some(group) = here(&bond.left) {
            let addresses = &mut network[group].addresses;
            addresses.items.extend(bond.right.items);
            addresses.rest = addresses.rest.take().or(bond.right.rest);
        }
    }
}

fn own(network: &mut Network, all: &GroupRules, owner: FirewallRuleOwner) {
    for rule in &all.rules {
        network[*rule].owner = Some(owner);
    }
    for collection in &all.collections {
        network[*collection].owner = Some(owner);
    }
}

fn extend(list: &mut List<FirewallRuleId>, more: GroupRules) {
    list.items.extend(more.rules);
    list.rest = list.rest.take().or(more.rest);
}

/// Whom a part may belong to.
enum Owners<I> {
    One(I),
    /// One of these, or something outside.
    Perhaps(Vec<I>, Arc<Unknown>),
    None,
}

fn owners<I: Id>(network: &Network, link: &Field<Link<I>>) -> Owners<I> {
    match &link.state {
        State::Known(Link::Here(id)) => Owners::One(*id),
        State::Unknown(unknown, Some(candidates)) => {
            let ids = candidates.iter().filter_map(Link::here).collect();
            Owners::Perhaps(ids, Arc::clone(unknown))
        }
        State::Unknown(unknown, None) => Owners::Perhaps(I::every(network), Arc::clone(unknown)),
        State::Known(Link::External(_)) | State::Absent | State::Invalid { .. } => Owners::None,
    }
}

fn here<I: Copy>(link: &Field<Link<I>>) -> Option<I> {
    link.value().and_then(Link::here)
}
