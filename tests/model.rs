//! The same network, written as an ARM template and as a Terraform configuration, is the same
//! model: everything semantics reads of it is equal, only where it is written differs.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

#[expect(dead_code, reason = "every test binary uses its part")]
#[path = "support/pipeline.rs"]
mod pipeline;

use std::fmt::{Debug, Write};

use aznet::eval::Deployment;
use aznet::eval::arm::Arm;
use aznet::eval::terraform::Terraform;
use aznet::model::routing::Appliance;
use aznet::model::{Field, Link, List, Network, State};
use pipeline::evaluate;

fn field<T: Debug>(field: &Field<T>) -> String {
    match &field.state {
        State::Known(value) => format!("{value:?}"),
        State::Unknown(_, candidates) => format!("unknown {candidates:?}"),
        State::Absent => "absent".into(),
        State::Invalid { raw, .. } => format!("invalid {raw}"),
    }
}

fn fields<T: Debug>(list: &List<Field<T>>) -> String {
    let items: Vec<String> = list.items.iter().map(field).collect();
    let more = if list.rest.is_some() { " and more" } else { "" };
    format!("{items:?}{more}")
}

fn ids<T: Debug>(list: &List<T>) -> String {
    let more = if list.rest.is_some() { " and more" } else { "" };
    format!("{:?}{more}", list.items)
}

/// A network without keys, addresses and origins.
fn describe(network: &Network) -> String {
    let mut text = String::new();
    let mut line = |parts: &[String]| writeln!(text, "{}", parts.join(" | ")).unwrap();
    for nsg in &network.network_security_groups {
        line(&[
            field(&nsg.meta.name),
            ids(&nsg.rules),
            ids(&nsg.subnets),
            ids(&nsg.network_interfaces),
        ]);
    }
    for rule in &network.security_rules {
        line(&[
            field(&rule.meta.name),
            field(&rule.priority),
            field(&rule.direction),
            field(&rule.access),
            field(&rule.protocol),
            fields(&rule.source),
            fields(&rule.destination),
            fields(&rule.source_ports),
            fields(&rule.destination_ports),
            format!("{:?} {}", rule.nsg, rule.defects.len()),
        ]);
    }
    for group in &network.application_security_groups {
        line(&[field(&group.meta.name), ids(&group.members)]);
    }
    for vnet in &network.virtual_networks {
        line(&[
            field(&vnet.meta.name),
            fields(&vnet.address_space),
            fields(&vnet.dns_servers),
            ids(&vnet.subnets),
            ids(&vnet.peerings),
        ]);
    }
    for subnet in &network.subnets {
        line(&[
            field(&subnet.meta.name),
            field(&subnet.virtual_network),
            fields(&subnet.address_prefixes),
            field(&subnet.nsg),
            field(&subnet.route_table),
            field(&subnet.nat_gateway),
            fields(&subnet.delegations),
            fields(&subnet.service_endpoints),
            ids(&subnet.network_interfaces),
            ids(&subnet.firewalls),
        ]);
    }
    for nic in &network.network_interfaces {
        line(&[
            field(&nic.meta.name),
            field(&nic.nsg),
            format!("{:?} {}", nic.machine, nic.inline_public_ip),
            field(&nic.ip_forwarding),
        ]);
        for at in &nic.ip_configurations.items {
            line(&[
                field(&at.name),
                field(&at.subnet),
                field(&at.private_address),
                field(&at.public_ip),
                fields(&at.backend_pools),
                fields(&at.application_security_groups),
                format!("{:?}", at.inbound_nat),
            ]);
        }
    }
    for table in &network.route_tables {
        line(&[
            field(&table.meta.name),
            ids(&table.routes),
            ids(&table.subnets),
            field(&table.bgp_propagation),
        ]);
    }
    for route in &network.routes {
        line(&[
            field(&route.meta.name),
            field(&route.prefix),
            field(&route.next_hop_type),
            format!("{:?}", route.appliance),
        ]);
    }
    for balancer in &network.load_balancers {
        line(&[
            field(&balancer.meta.name),
            ids(&balancer.pools),
            ids(&balancer.probes),
        ]);
        for rule in &balancer.rules.items {
            line(&[
                field(&rule.probe),
                fields(&rule.pools),
                field(&rule.frontend_port),
                field(&rule.backend_port),
            ]);
        }
    }
    for probe in &network.probes {
        line(&[
            field(&probe.meta.name),
            field(&probe.port),
            ids(&probe.pools),
        ]);
    }
    for pool in &network.backend_pools {
        line(&[field(&pool.meta.name), ids(&pool.network_interfaces)]);
    }
    for firewall in &network.firewalls {
        line(&[
            field(&firewall.meta.name),
            field(&firewall.subnet),
            field(&firewall.policy),
            fields(&firewall.public_ips),
        ]);
    }
    for rule in &network.firewall_rules {
        line(&[
            field(&rule.meta.name),
            format!("{:?} {:?} {}", rule.owner, rule.kind, rule.position),
            field(&rule.group_priority),
            field(&rule.collection_priority),
            field(&rule.action),
            fields(&rule.protocols),
            fields(&rule.source),
            fields(&rule.destination),
            fields(&rule.destination_ports),
        ]);
    }
    for machine in &network.machines {
        line(&[
            field(&machine.meta.name),
            fields(&machine.network_interfaces),
            field(&machine.operating_system),
            field(&machine.has_identity),
        ]);
    }
    text
}

/// What of a network lies between it and elsewhere, without keys, addresses and origins.
fn describe_ways(network: &Network) -> String {
    let mut text = String::new();
    let mut line = |parts: &[String]| writeln!(text, "{}", parts.join(" | ")).unwrap();
    for subnet in &network.subnets {
        line(&[
            field(&subnet.meta.name),
            field(&subnet.default_outbound_access),
            field(&subnet.private_endpoint_policies),
            ids(&subnet.private_endpoints),
        ]);
    }
    for peering in &network.peerings {
        line(&[
            field(&peering.virtual_network),
            field(&peering.remote),
            field(&peering.allow_virtual_network_access),
            field(&peering.allow_forwarded_traffic),
            field(&peering.allow_gateway_transit),
            field(&peering.use_remote_gateways),
            field(&peering.complete),
            field(&peering.state),
        ]);
    }
    for address in &network.public_ips {
        line(&[field(&address.sku), field(&address.allocation)]);
    }
    for gateway in &network.nat_gateways {
        line(&[
            field(&gateway.sku),
            fields(&gateway.public_ips),
            fields(&gateway.public_ip_prefixes),
            ids(&gateway.subnets),
        ]);
    }
    for gateway in &network.gateways {
        line(&[
            field(&gateway.kind),
            field(&gateway.subnet),
            field(&gateway.bgp),
            field(&gateway.default_site),
            fields(&gateway.client_addresses),
            ids(&gateway.connections),
        ]);
    }
    for site in &network.local_network_gateways {
        line(&[fields(&site.address_space), field(&site.bgp)]);
    }
    for connection in &network.gateway_connections {
        line(&[
            field(&connection.gateway),
            field(&connection.site),
            field(&connection.peer),
            field(&connection.kind),
            field(&connection.bgp),
        ]);
    }
    for endpoint in &network.private_endpoints {
        line(&[
            field(&endpoint.meta.name),
            field(&endpoint.subnet),
            fields(&endpoint.addresses),
            endpoint
                .target
                .value()
                .map_or_else(String::new, |to| match to {
                    Link::External(key) => key.0.to_string(),
                    Link::Here(_) => unreachable!(),
                }),
            fields(&endpoint.groups),
        ]);
    }
    for balancer in &network.load_balancers {
        line(&[field(&balancer.sku)]);
        for frontend in &balancer.frontends.items {
            line(&[
                field(&frontend.public_ip),
                field(&frontend.public_ip_prefix),
            ]);
        }
        for rule in &balancer.outbound_rules.items {
            line(&[field(&rule.pool), field(&rule.protocol)]);
        }
    }
    text
}

const TEMPLATE: &str = include_str!("model/network.json");
const CONFIGURATION: &str = include_str!("model/network.tf");

#[test]
fn a_template_and_a_configuration_of_one_network_give_equal_models() {
    let arm = Network::build(&evaluate(&Arm, "network.json", TEMPLATE));
    let terraform = Network::build(&evaluate(&Terraform, "network.tf", CONFIGURATION));
    assert_eq!(describe(&arm), describe(&terraform));
    assert!(arm.diagnostics.is_empty() && terraform.diagnostics.is_empty());
    let described = describe(&arm);
    for told in [
        "Firewall(FirewallId(0))",
        "Here(NsgId(0))",
        "Here(PoolId(0))",
        "Asg(Here(AsgId(0)))",
        "[PoolId(0)]",
    ] {
        assert!(described.contains(told), "{told} is not in\n{described}");
    }
    assert!(!described.contains("External"), "{described}");
    assert!(!described.contains("invalid"), "{described}");
}

const HYBRID_TEMPLATE: &str = include_str!("model/hybrid.json");
const HYBRID_CONFIGURATION: &str = include_str!("model/hybrid.tf");

/// The text at the place a field came from.
fn written<'t, T>(deployment: &Deployment, text: &'t str, field: &Field<T>) -> &'t str {
    let span = deployment.origins.get(field.origin).span.unwrap();
    &text[span.start as usize..span.end as usize]
}

#[test]
fn the_ways_out_of_a_network_are_read_alike_and_point_at_what_is_written() {
    let sides = [
        (
            evaluate(&Arm, "hybrid.json", HYBRID_TEMPLATE),
            HYBRID_TEMPLATE,
        ),
        (
            evaluate(&Terraform, "hybrid.tf", HYBRID_CONFIGURATION),
            HYBRID_CONFIGURATION,
        ),
    ];
    let networks = [&sides[0], &sides[1]].map(|(deployment, _)| Network::build(deployment));
    let described = describe_ways(&networks[0]);
    assert_eq!(described, describe_ways(&networks[1]));
    for told in [
        "RouteTableEnabled",
        "Here(PublicIpPrefixId(0))",
        "Here(LocalNetworkGatewayId(0))",
        "10.200.0.0/24",
        "[GatewayConnectionId(0)] and more",
        "[PrivateEndpointId(0)] and more",
        "privatelinkservice",
        "Here(PoolId(0)) | Any",
    ] {
        assert!(described.contains(told), "{told} is not in\n{described}");
    }
    assert!(!described.contains("External"), "{described}");
    for ((deployment, text), network) in sides.iter().zip(&networks) {
        let site = &network.local_network_gateways[0].address_space.items[1];
        assert_eq!(written(deployment, text, site), "\"172.16.8.0/24\"");
        let endpoint = &network.private_endpoints[0];
        let address = &endpoint.addresses.items[0];
        assert_eq!(written(deployment, text, address), "\"10.0.1.9\"");
        let policies = &network.subnets[1].private_endpoint_policies;
        assert_eq!(written(deployment, text, policies), "\"RouteTableEnabled\"");
        let bgp = &network.gateway_connections[0].bgp;
        assert_eq!(written(deployment, text, bgp), "true");
    }
}

#[test]
fn a_next_hop_is_the_interface_whose_fixed_address_was_read_not_another_with_the_same_one() {
    let interface = |name: &str| {
        format!(
            r#"
resource "azurerm_network_interface" "{name}" {{
  name                = "{name}"
  location            = "westeurope"
  resource_group_name = "net"
  ip_configuration {{
    name                          = "ip"
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.0.0.4"
  }}
}}
"#
        )
    };
    let route = r#"
resource "azurerm_route_table" "app" {
  name                = "app"
  location            = "westeurope"
  resource_group_name = "net"
  route {
    name                   = "default"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = azurerm_network_interface.two.private_ip_address
  }
}
"#;
    let text = format!("{}{}{route}", interface("one"), interface("two"));
    let network = Network::build(&evaluate(&Terraform, "main.tf", &text));
    let Appliance::NetworkInterface(found) = network.routes[0].appliance else {
        panic!("{:?}", network.routes[0].appliance);
    };
    assert_eq!(
        &*network[found].meta.address,
        "azurerm_network_interface.two"
    );
}
