//! Load balancers.

use std::sync::Arc;

use super::{add, blocks, defaulted, is_here, place, whole};
use crate::eval::Resource;
use crate::model::address::Protocol;
use crate::model::build::{Bond, Builder, NatRule, Part};
use crate::model::field::Node;
use crate::model::load_balancer::{
    BackendPool, Frontend, InboundNatRule, LoadBalancer, LoadBalancingRule, OutboundRule, Probe,
};
use crate::model::{Field, Link, List, LoadBalancerId, PoolId, ProbeId, parse};

const PATH: &str = "microsoft.network/loadbalancers";

/// `azurerm_lb` and everything that belongs to one; `kind` is the type without its provider.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    match kind {
        "lb" => balancer(builder, resource),
        "lb_backend_address_pool" => pool(builder, resource),
        "lb_backend_address_pool_address" => pool_address(builder, resource),
        "lb_rule" => rule(builder, resource),
        "lb_probe" => probe(builder, resource),
        "lb_outbound_rule" => outbound(builder, resource),
        "lb_nat_rule" | "lb_nat_pool" => nat_rule(builder, resource),
        _ => {}
    }
}

fn balancer<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, PATH);
    if is_here::<LoadBalancerId>(builder, resource, here.as_ref()) {
        return;
    }
    let meta = builder.meta(resource);
    let body = builder.body(resource);
    let frontends = blocks(&meta, &body, "frontend_ip_configuration");
    let element = LoadBalancer {
        sku: defaulted(builder, resource, &body, "sku"),
        frontends: List {
            items: frontends.parts.iter().map(frontend).collect(),
            rest: frontends.rest,
        },
        nat_rules: Vec::new(),
        rules: List::default(),
        outbound_rules: List::default(),
        probes: List::default(),
        pools: List::default(),
        meta,
    };
    let _: LoadBalancerId = add(builder, resource, PATH, element);
}

fn frontend(part: &Part<'_>) -> Frontend {
    let from = &part.node;
    Frontend {
        name: part.meta.name.clone(),
        reference: part.meta.name.value().map(lower_name),
        public_ip: from.get("public_ip_address_id").link(),
        public_ip_prefix: from.get("public_ip_prefix_id").link(),
        private_address: from.get("private_ip_address").field(parse::address),
        subnet: from.get("subnet_id").link(),
    }
}

/// The load balancer that a part names.
fn owner(part: &Part<'_>) -> Field<Link<LoadBalancerId>> {
    part.node.get("loadbalancer_id").link()
}

fn pool<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let from = &part.node;
    let members = from.get("backend_address");
    let mut network = from.get("virtual_network_id").link();
    if network.is_absent()
        && let Some(first) = members.items().items.first()
    {
        network = first.get("virtual_network_id").link();
    }
    let element = BackendPool {
        load_balancer: None,
        network_interfaces: List::default(),
        addresses: members.list(|item| item.get("ip_address").field(parse::address)),
        virtual_network: network,
        meta: part.meta.clone(),
    };
    let right: PoolId = builder.add(element);
    builder.notes.pool_of.push(Bond {
        left: owner(&part),
        right,
        meta: part.meta,
    });
}

fn pool_address<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    builder.notes.pool_address.push(Bond {
        left: part.node.get("backend_address_pool_id").link(),
        right: (
            part.node.get("ip_address").field(parse::address),
            part.node.get("virtual_network_id").link(),
        ),
        meta: part.meta,
    });
}

fn rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let from = &part.node;
    let rule = LoadBalancingRule {
        probe: from.get("probe_id").link(),
        frontend: frontend_of(from),
        pools: from
            .any_of(&["backend_address_pool_ids", "backend_address_pool_id"])
            .links(),
        protocol: from.get("protocol").field(parse::balanced_protocol),
        frontend_port: from.get("frontend_port").field(parse::port),
        backend_port: from.get("backend_port").field(parse::port),
        disable_outbound_snat: from.get("disable_outbound_snat").flag(),
        floating_ip: from
            .any_of(&["floating_ip_enabled", "enable_floating_ip"])
            .flag(),
        meta: part.meta.clone(),
    };
    builder.notes.balancing_rule_of.push(Bond {
        left: owner(&part),
        right: rule,
        meta: part.meta,
    });
}

fn probe<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let protocol = part.node.get("protocol");
    let right: ProbeId = builder.add(Probe {
        load_balancer: None,
        // Every probe Azure has asks over TCP.
        protocol: Field::known(Protocol::Tcp, protocol.origin()),
        request: protocol.field(parse::probe_request),
        port: part.node.get("port").field(parse::port),
        pools: List::default(),
        meta: part.meta.clone(),
    });
    builder.notes.probe_of.push(Bond {
        left: owner(&part),
        right,
        meta: part.meta,
    });
}

fn outbound<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let rule = OutboundRule {
        pool: part.node.get("backend_address_pool_id").link(),
        protocol: part.node.get("protocol").field(parse::balanced_protocol),
        meta: part.meta.clone(),
    };
    builder.notes.outbound_of.push(Bond {
        left: owner(&part),
        right: rule,
        meta: part.meta,
    });
}

fn nat_rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let from = &part.node;
    let range = from.get("frontend_port_start");
    let ranged = range.is_written();
    let pool = from.get("backend_address_pool_id");
    let first = if ranged {
        range
    } else {
        from.get("frontend_port")
    };
    let rule = NatRule {
        key: resource.key.clone(),
        load_balancer: from.get("loadbalancer_id").key(),
        pool: pool.key(),
        rule: InboundNatRule {
            frontend: frontend_of(from),
            protocol: from.get("protocol").field(parse::balanced_protocol),
            frontend_port: first.field(parse::port),
            last_port: from.get("frontend_port_end").field(parse::port),
            backend_port: from.get("backend_port").field(parse::port),
            network_interfaces: Vec::new(),
            shared: ranged || pool.is_written(),
            meta: part.meta.clone(),
        },
    };
    builder.notes.nat_rules.push(rule);
}

/// The name of the frontend that a rule uses.
fn frontend_of(rule: &Node<'_>) -> Option<Arc<str>> {
    let name = rule.get("frontend_ip_configuration_name").text();
    name.value().map(lower_name)
}

fn lower_name(name: &Arc<str>) -> Arc<str> {
    name.to_ascii_lowercase().into()
}
