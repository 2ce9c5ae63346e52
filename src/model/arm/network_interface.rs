//! Network interfaces, and the configurations of them in machines and scale sets.

use super::{id, ids, keys, properties};
use crate::eval::Resource;
use crate::eval::value::Truth;
use crate::model::build::{Builder, Part};
use crate::model::field::Node;
use crate::model::topology::{IpConfiguration, NetworkInterface};
use crate::model::{List, Meta, NicId, parse};

/// `Microsoft.Network/networkInterfaces`
pub(super) fn resource<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = Part {
        meta: builder.meta(resource),
        node: builder.body(resource),
    };
    network_interface(builder, part);
}

/// A network interface from a resource or from the configuration in a machine.
pub(super) fn network_interface(builder: &mut Builder<'_>, part: Part<'_>) -> NicId {
    let from = properties(&part.node);
    let configurations = from.get("ipConfigurations").items();
    let rest = configurations.hidden;
    let mut nodes = configurations.items;
    nodes.extend(configurations.others.into_iter().map(|(node, _)| node));
    let inline_public_ip = nodes.iter().any(|node| {
        properties(node)
            .get("publicIPAddressConfiguration")
            .is_written()
    });
    let meta = part.meta.clone();
    let nic = NetworkInterface {
        machine: None,
        nsg: id(&from.get("networkSecurityGroup")),
        ip_configurations: List {
            items: nodes
                .iter()
                .map(|node| ip_configuration(node, &part.meta))
                .collect(),
            rest,
        },
        dns_servers: from
            .path(&["dnsSettings", "dnsServers"])
            .list_of(parse::dns_server),
        ip_forwarding: from.get("enableIPForwarding").flag(),
        inline_public_ip,
        meta: part.meta,
    };
    let nic: NicId = builder.put(nic, &meta);
    for (position, node) in nodes.iter().enumerate() {
        let from = properties(node);
        for list in ["loadBalancerInboundNatRules", "loadBalancerInboundNatPools"] {
            let list = from.get(list);
            let named = keys(&list);
            if named.is_empty() && list.is_written() {
                builder.notes.inline_nat_rule.push((nic, position, None));
            }
            for key in named {
                builder
                    .notes
                    .inline_nat_rule
                    .push((nic, position, Some(key)));
            }
        }
    }
    nic
}

fn ip_configuration(node: &Node<'_>, owner: &Meta) -> IpConfiguration {
    let from = properties(&node.clone().with_header(owner.origin));
    IpConfiguration {
        name: node.get("name").text(),
        subnet: id(&from.get("subnet")),
        private_address: from.get("privateIPAddress").field(parse::address),
        public_ip: id(&from.get("publicIPAddress")),
        backend_pools: ids(&from.get("loadBalancerBackendAddressPools")),
        inbound_nat: Truth::False,
        application_security_groups: ids(&from.get("applicationSecurityGroups")),
    }
}
