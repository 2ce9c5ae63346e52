//! Load balancers.

use std::sync::Arc;

use super::{child, id, ids, parent, parts, properties};
use crate::eval::{Resource, ResourceKey};
use crate::model::address::Protocol;
use crate::model::build::{Bond, Builder, NatRule, Part, external};
use crate::model::field::Node;
use crate::model::load_balancer::{
    BackendPool, Frontend, InboundNatRule, LoadBalancer, LoadBalancingRule, OutboundRule, Probe,
};
use crate::model::{Field, Link, List, LoadBalancerId, Meta, PoolId, ProbeId, parse};

/// `Microsoft.Network/loadBalancers`
pub(super) fn balancer<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let from = properties(&builder.body(resource));
    let list = |name: &str| parts(&meta, &from.get(name), name);
    let frontends = list("frontendIPConfigurations");
    let (pools, probes) = (list("backendAddressPools"), list("probes"));
    let (rules, outbound) = (list("loadBalancingRules"), list("outboundRules"));
    let nat = [list("inboundNatRules"), list("inboundNatPools")];
    let key = meta.key.clone();
    let balancer = LoadBalancer {
        sku: builder.body(resource).path(&["sku", "name"]).text(),
        frontends: List {
            items: frontends.parts.iter().map(frontend).collect(),
            rest: frontends.rest,
        },
        nat_rules: Vec::new(),
        rules: List {
            items: rules.parts.into_iter().map(rule).collect(),
            rest: rules.rest,
        },
        outbound_rules: List {
            items: outbound.parts.into_iter().map(outbound_rule).collect(),
            rest: outbound.rest,
        },
        probes: List {
            items: Vec::new(),
            rest: probes.rest,
        },
        pools: List {
            items: Vec::new(),
            rest: pools.rest,
        },
        meta,
    };
    let balancer: LoadBalancerId = builder.add(balancer);
    for part in pools.parts {
        let id = pool(builder, part);
        builder.network[id].load_balancer = Some(balancer);
        builder.network[balancer].pools.items.push(id);
    }
    for part in probes.parts {
        let id = probe(builder, part);
        builder.network[id].load_balancer = Some(balancer);
        builder.network[balancer].probes.items.push(id);
    }
    for part in nat.into_iter().flat_map(|list| list.parts) {
        nat_rule(builder, part, Some(key.clone()));
    }
}

/// `Microsoft.Network/loadBalancers/backendAddressPools`
pub(super) fn child_pool<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let meta = part.meta.clone();
    let right = pool(builder, part);
    builder.notes.pool_of.push(Bond {
        left: parent(resource),
        right,
        meta,
    });
}

/// `Microsoft.Network/loadBalancers/inboundNatRules`
pub(super) fn child_nat_rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let owner: Field<Link<LoadBalancerId>> = parent(resource);
    let owner = external(&owner).cloned();
    nat_rule(builder, part, owner);
}

fn frontend(part: &Part<'_>) -> Frontend {
    let from = properties(&part.node);
    Frontend {
        name: part.meta.name.clone(),
        reference: last_name(&part.meta.key),
        public_ip: id(&from.get("publicIPAddress")),
        public_ip_prefix: id(&from.get("publicIPPrefix")),
        private_address: from.get("privateIPAddress").field(parse::address),
        subnet: id(&from.get("subnet")),
    }
}

fn outbound_rule(part: Part<'_>) -> OutboundRule {
    let from = properties(&part.node);
    OutboundRule {
        pool: id(&from.get("backendAddressPool")),
        protocol: from.get("protocol").field(parse::balanced_protocol),
        meta: part.meta,
    }
}

fn rule(part: Part<'_>) -> LoadBalancingRule {
    let from = properties(&part.node);
    let mut pools = ids(&from.get("backendAddressPools"));
    let single = from.get("backendAddressPool");
    if pools.items.is_empty() && !single.is_absent() {
        pools = List::closed(vec![id(&single)]);
    }
    LoadBalancingRule {
        probe: id(&from.get("probe")),
        frontend: frontend_of(&from),
        pools,
        protocol: from.get("protocol").field(parse::balanced_protocol),
        frontend_port: from.get("frontendPort").field(parse::port),
        backend_port: from.get("backendPort").field(parse::port),
        disable_outbound_snat: from.get("disableOutboundSnat").flag(),
        floating_ip: from.get("enableFloatingIP").flag(),
        meta: part.meta,
    }
}

fn probe(builder: &mut Builder<'_>, part: Part<'_>) -> ProbeId {
    let from = properties(&part.node);
    builder.add(Probe {
        load_balancer: None,
        protocol: probe_protocol(&from.get("protocol"), &part.meta),
        request: from.get("protocol").field(parse::probe_request),
        port: from.get("port").field(parse::port),
        pools: List::default(),
        meta: part.meta,
    })
}

/// Every probe Azure has asks over TCP; the field keeps the place where the kind is written.
fn probe_protocol(node: &Node<'_>, owner: &Meta) -> Field<Protocol> {
    let origin = if node.is_absent() {
        owner.origin
    } else {
        node.origin()
    };
    Field::known(Protocol::Tcp, origin)
}

fn pool(builder: &mut Builder<'_>, part: Part<'_>) -> PoolId {
    let from = properties(&part.node);
    let members = from.get("loadBalancerBackendAddresses");
    let mut network = id(&from.get("virtualNetwork"));
    if network.is_absent()
        && let Some(first) = members.items().items.first()
    {
        network = id(&properties(first).get("virtualNetwork"));
    }
    let mut addresses =
        members.list(|item| properties(item).get("ipAddress").field(parse::address));
    // Members that a network interface brings along are listed there too, without an address.
    addresses.items.retain(|address| !address.is_absent());
    builder.add(BackendPool {
        load_balancer: None,
        network_interfaces: List::default(),
        addresses,
        virtual_network: network,
        meta: part.meta,
    })
}

fn nat_rule(builder: &mut Builder<'_>, part: Part<'_>, owner: Option<ResourceKey>) {
    let from = properties(&part.node);
    let pool: Field<Link<PoolId>> = id(&from.get("backendAddressPool"));
    let range = from.get("frontendPortRangeStart");
    let ranged = range.is_written();
    let first = if ranged {
        range
    } else {
        from.get("frontendPort")
    };
    let rule = NatRule {
        key: part.meta.key.clone(),
        load_balancer: owner,
        pool: external(&pool).cloned(),
        rule: InboundNatRule {
            frontend: frontend_of(&from),
            protocol: from.get("protocol").field(parse::balanced_protocol),
            frontend_port: first.field(parse::port),
            last_port: from.get("frontendPortRangeEnd").field(parse::port),
            backend_port: from.get("backendPort").field(parse::port),
            network_interfaces: Vec::new(),
            shared: ranged || !pool.is_absent(),
            meta: part.meta,
        },
    };
    builder.notes.nat_rules.push(rule);
}

/// The name of the frontend that a rule uses.
fn frontend_of(rule: &Node<'_>) -> Option<Arc<str>> {
    let frontend: Field<Link<LoadBalancerId>> = id(&rule.get("frontendIPConfiguration"));
    external(&frontend).and_then(last_name)
}

fn last_name(key: &ResourceKey) -> Option<Arc<str>> {
    let (_, name) = key.0.rsplit_once('/')?;
    Some(name.to_ascii_lowercase().into())
}
