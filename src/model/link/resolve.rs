//! Finds the elements that links stand for.

use std::sync::Arc;

use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::build::Builder;
use crate::model::field::referenced_part;
use crate::model::index::{ElementId, Id, Index};
use crate::model::manager::AdminAddress;
use crate::model::setting::SettingOwner;
use crate::model::{Field, Link, List, Network, State, VnetId};

/// Decides between several definitions of one resource: the last one that exists for certain wins.
/// Where none does, they stay side by side and links to them are open.
pub(super) fn settle(builder: &mut Builder<'_>) {
    for (key, ids) in builder.index.repeated() {
        let mut certain: Vec<ElementId> = ids
            .iter()
            .copied()
            .filter(|id| {
                let meta = id.meta(&builder.network);
                meta.existence.truth == Truth::True && !meta.template
            })
            .collect();
        // Looking a resource up defines nothing.
        let defined = |id: &ElementId| !id.meta(&builder.network).existing;
        if certain.iter().any(defined) {
            certain.retain(defined);
        } else {
            certain.drain(..certain.len().saturating_sub(1));
        }
        let Some(last) = certain.last() else {
            continue;
        };
        builder.index.choose(&key, *last);
        let origins: Vec<_> = certain
            .iter()
            .rev()
            .map(|id| id.meta(&builder.network).origin)
            .collect();
        if origins.len() > 1 {
            let first = certain.first().unwrap_or(last);
            let address = Arc::clone(&first.meta(&builder.network).address);
            let message =
                format!("{address} is defined more than once; the last definition counts");
            builder.report("defined-twice", message, &origins);
        }
    }
}

/// Resolves the links in every element.
pub(super) fn elements(builder: &mut Builder<'_>) {
    let Builder { index, network, .. } = builder;
    let find = Resolver { index };
    for rule in &mut network.security_rules {
        find.prefixes(&mut rule.source);
        find.prefixes(&mut rule.destination);
    }
    for subnet in &mut network.subnets {
        find.link(&mut subnet.virtual_network);
        find.link(&mut subnet.nsg);
        find.link(&mut subnet.route_table);
        find.link(&mut subnet.nat_gateway);
    }
    for nic in &mut network.network_interfaces {
        find.link(&mut nic.nsg);
        for configuration in &mut nic.ip_configurations.items {
            find.link(&mut configuration.subnet);
            find.link(&mut configuration.public_ip);
            find.links(&mut configuration.backend_pools);
            find.links(&mut configuration.application_security_groups);
        }
    }
    for peering in &mut network.peerings {
        find.link(&mut peering.virtual_network);
        let far = peering.remote.clone();
        find.link(&mut peering.remote);
        // A network is not peered with itself: an id that would mean so means one elsewhere.
        let itself = here(&peering.remote);
        if itself.is_some()
            && itself == here(&peering.virtual_network)
            && let Some(Link::External(key)) = far.value()
            && find.index.exact::<VnetId>(key).is_empty()
        {
            peering.remote = far;
        }
    }
    for log in &mut network.flow_logs {
        find.link(&mut log.nsg);
        find.link(&mut log.virtual_network);
    }
    for gateway in &mut network.gateways {
        find.link(&mut gateway.subnet);
        find.link(&mut gateway.default_site);
    }
    for connection in &mut network.gateway_connections {
        find.link(&mut connection.gateway);
        find.link(&mut connection.site);
        find.link(&mut connection.peer);
    }
    for endpoint in &mut network.private_endpoints {
        find.link(&mut endpoint.subnet);
        find.links(&mut endpoint.network_interfaces);
        find.links(&mut endpoint.application_security_groups);
    }
    for gateway in &mut network.nat_gateways {
        find.links(&mut gateway.public_ips);
        find.links(&mut gateway.public_ip_prefixes);
    }
    for connection in &mut network.hub_connections {
        find.link(&mut connection.hub);
        find.link(&mut connection.virtual_network);
    }
    for balancer in &mut network.load_balancers {
        for frontend in &mut balancer.frontends.items {
            find.link(&mut frontend.public_ip);
            find.link(&mut frontend.public_ip_prefix);
            find.link(&mut frontend.subnet);
        }
        for rule in &mut balancer.outbound_rules.items {
            find.link(&mut rule.pool);
        }
        for rule in &mut balancer.rules.items {
            find.link(&mut rule.probe);
            find.links(&mut rule.pools);
        }
    }
    for pool in &mut network.backend_pools {
        find.link(&mut pool.virtual_network);
    }
    for firewall in &mut network.firewalls {
        find.link(&mut firewall.subnet);
        find.link(&mut firewall.virtual_hub);
        find.links(&mut firewall.public_ips);
        find.link(&mut firewall.policy);
    }
    for policy in &mut network.firewall_policies {
        find.link(&mut policy.parent);
    }
    for group in &mut network.firewall_rule_groups {
        find.link(&mut group.policy);
    }
    for rule in &mut network.firewall_rules {
        find.links(&mut rule.source_ip_groups);
        find.links(&mut rule.destination_ip_groups);
    }
    for service in &mut network.services {
        find.links(&mut service.subnets);
    }
    for machine in &mut network.machines {
        find.links(&mut machine.network_interfaces);
    }
    for app in &mut network.apps {
        find.links(&mut app.subnets);
    }
    for setting in &mut network.settings {
        match &mut setting.owner {
            SettingOwner::Machine(machine) => find.link(machine),
            SettingOwner::App(app) => find.link(app),
        }
    }
    managers(network, &find);
}

fn managers(network: &mut Network, find: &Resolver<'_>) {
    for group in &mut network.network_groups {
        find.link(&mut group.manager);
    }
    for member in &mut network.static_members {
        find.link(&mut member.group);
        find.link(&mut member.network);
    }
    for configuration in &mut network.admin_configurations {
        find.link(&mut configuration.manager);
    }
    for collection in &mut network.admin_rule_collections {
        find.link(&mut collection.configuration);
        find.links(&mut collection.groups);
    }
    for rule in &mut network.admin_rules {
        find.link(&mut rule.collection);
        for address in rule
            .source
            .items
            .iter_mut()
            .chain(&mut rule.destination.items)
        {
            if let State::Known(AdminAddress::NetworkGroup(link)) = &mut address.state
                && let Link::External(key) = &*link
                && let [id] = find.index.find(key).as_slice()
            {
                *link = Link::Here(*id);
            }
        }
    }
    for deployment in &mut network.admin_deployments {
        find.link(&mut deployment.manager);
        find.links(&mut deployment.configurations);
    }
}

fn here<I: Copy>(field: &Field<Link<I>>) -> Option<I> {
    field.value().and_then(Link::here)
}

/// Turns external links into ids.
pub(super) struct Resolver<'i> {
    pub(super) index: &'i Index,
}

impl Resolver<'_> {
    /// Resolves one field.
    pub(super) fn link<I: Id>(&self, field: &mut Field<Link<I>>) {
        match &mut field.state {
            State::Known(link) => {
                let Link::External(key) = &*link else {
                    return;
                };
                match self.index.find::<I>(key).as_slice() {
                    [] => {
                        // A name that is not known may be anybody's.
                        if let Some(unknown) = self.index.unknown_name(key) {
                            field.state = State::Unknown(Arc::clone(unknown), None);
                        }
                    }
                    [id] => *link = Link::Here(*id),
                    several => {
                        let label = format!("which definition of {} is in force", key.readable());
                        let unknown = Unknown::new("definitions", label, Reason::NoValue);
                        let candidates = several.iter().map(|id| Link::Here(*id)).collect();
                        field.state = State::Unknown(Arc::new(unknown), Some(candidates));
                    }
                }
            }
            State::Unknown(_, Some(candidates)) => {
                for candidate in candidates {
                    if let Link::External(key) = &*candidate
                        && let [id] = self.index.find::<I>(key).as_slice()
                    {
                        *candidate = Link::Here(*id);
                    }
                }
            }
            State::Unknown(unknown, None) => {
                if let Some(part) = referenced_part(unknown)
                    && let [id] = self.index.exact::<I>(&part)[..]
                {
                    field.state = State::Known(Link::Here(id));
                }
            }
            State::Absent | State::Invalid { .. } => {}
        }
    }

    /// Resolves a list of fields.
    pub(super) fn links<I: Id>(&self, list: &mut List<Field<Link<I>>>) {
        for field in &mut list.items {
            self.link(field);
        }
    }

    fn prefixes(&self, list: &mut List<Field<AddressPrefix>>) {
        for field in &mut list.items {
            if let State::Known(AddressPrefix::Asg(link)) = &mut field.state
                && let Link::External(key) = &*link
                && let [id] = self.index.find(key).as_slice()
            {
                *link = Link::Here(*id);
            }
        }
    }
}
