//! Network interfaces, the blocks of them in scale sets, and their associations.

use super::{add, is_here, place};
use crate::eval::Resource;
use crate::eval::value::Truth;
use crate::model::build::{Bond, Builder, Part};
use crate::model::field::Node;
use crate::model::topology::{IpConfiguration, NetworkInterface};
use crate::model::{List, Meta, NicId, parse};

const PATH: &str = "microsoft.network/networkinterfaces";

/// `azurerm_network_interface`
pub(super) fn resource<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, PATH);
    if is_here::<NicId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let (element, nodes) = network_interface(builder.meta(resource), &body);
    let nic: NicId = add(builder, resource, PATH, element);
    nat_rules(builder, nic, &nodes);
}

/// The network interface that a scale set's block stands for.
pub(super) fn of_scale_set(builder: &mut Builder<'_>, part: Part<'_>) -> NicId {
    let (element, nodes) = network_interface(part.meta, &part.node);
    let nic: NicId = builder.add(element);
    nat_rules(builder, nic, &nodes);
    nic
}

fn network_interface<'a>(meta: Meta, from: &Node<'a>) -> (NetworkInterface, Vec<Node<'a>>) {
    let configurations = from.get("ip_configuration").items();
    let rest = configurations.hidden;
    let mut nodes = configurations.items;
    nodes.extend(configurations.others.into_iter().map(|(node, _)| node));
    let inline_public_ip = nodes.iter().any(|node| public_block(node).is_written());
    let nic = NetworkInterface {
        machine: None,
        nsg: from.get("network_security_group_id").link(),
        ip_configurations: List {
            items: nodes
                .iter()
                .map(|node| ip_configuration(node, &meta))
                .collect(),
            rest,
        },
        dns_servers: from.get("dns_servers").list_of(parse::dns_server),
        ip_forwarding: from
            .any_of(&[
                "ip_forwarding_enabled",
                "enable_ip_forwarding",
                "ip_forwarding",
            ])
            .flag(),
        inline_public_ip,
        meta,
    };
    (nic, nodes)
}

/// The block by which a scale set gives each instance a public address.
fn public_block<'a>(configuration: &Node<'a>) -> Node<'a> {
    configuration.any_of(&["public_ip_address", "public_ip_address_configuration"])
}

fn ip_configuration(node: &Node<'_>, owner: &Meta) -> IpConfiguration {
    let from = node.clone().with_header(owner.origin);
    IpConfiguration {
        name: from.get("name").text(),
        subnet: from.get("subnet_id").link(),
        private_address: from.get("private_ip_address").field(parse::address),
        public_ip: from.get("public_ip_address_id").link(),
        backend_pools: from
            .any_of(&[
                "load_balancer_backend_address_pool_ids",
                "load_balancer_backend_address_pools_ids",
            ])
            .links(),
        inbound_nat: Truth::False,
        application_security_groups: from.get("application_security_group_ids").links(),
    }
}

fn nat_rules(builder: &mut Builder<'_>, nic: NicId, nodes: &[Node<'_>]) {
    for (position, node) in nodes.iter().enumerate() {
        let list = node.get("load_balancer_inbound_nat_rules_ids");
        for item in list.items().items {
            builder
                .notes
                .inline_nat_rule
                .push((nic, position, item.key()));
        }
    }
}

/// The associations of a network interface; `kind` is the type without its provider.
pub(super) fn association<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let left = body.get("network_interface_id").link();
    let configuration = body.get("ip_configuration_name").text();
    let notes = &mut builder.notes;
    match kind {
        "network_interface_security_group_association" => notes.nic_nsg.push(Bond {
            left,
            right: body.get("network_security_group_id").link(),
            meta,
        }),
        "network_interface_application_security_group_association" => notes.nic_asg.push(Bond {
            left,
            right: body.get("application_security_group_id").link(),
            meta,
        }),
        "network_interface_backend_address_pool_association" => notes.nic_pool.push(Bond {
            left,
            right: (configuration, body.get("backend_address_pool_id").link()),
            meta,
        }),
        _ => notes.nic_nat_rule.push(Bond {
            left,
            right: (configuration, body.get("nat_rule_id").key()),
            meta,
        }),
    }
}
