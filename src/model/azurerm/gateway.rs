//! VPN and ExpressRoute gateways, what lies behind them, and private endpoints.

use super::{add, is_here, place};
use crate::eval::Resource;
use crate::model::build::{Bond, Builder};
use crate::model::field::Node;
use crate::model::topology::{
    GatewayConnection, LocalNetworkGateway, PrivateEndpoint, VirtualNetworkGateway,
};
use crate::model::{
    Field, GatewayConnectionId, GatewayId, List, LocalNetworkGatewayId, PrivateEndpointId, State,
    parse,
};

/// `azurerm_virtual_network_gateway`
pub(super) fn gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/virtualnetworkgateways";
    let here = place(builder, resource, PATH);
    if is_here::<GatewayId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let clients = body.block("vpn_client_configuration").get("address_space");
    let element = VirtualNetworkGateway {
        kind: body.get("type").text(),
        vpn_type: body.get("vpn_type").text(),
        sku: body.get("sku").text(),
        subnet: body.block("ip_configuration").get("subnet_id").link(),
        bgp: body.any_of(&["bgp_enabled", "enable_bgp"]).flag(),
        default_site: body.get("default_local_network_gateway_id").link(),
        client_addresses: clients.list_of(parse::block),
        connections: List::default(),
        meta: builder.meta(resource),
    };
    let _: GatewayId = add(builder, resource, PATH, element);
}

/// `azurerm_local_network_gateway`
pub(super) fn site<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/localnetworkgateways";
    let here = place(builder, resource, PATH);
    if is_here::<LocalNetworkGatewayId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let settings = body.get("bgp_settings");
    let bgp = match settings.unknown() {
        Some(unknown) => Field {
            state: State::Unknown(unknown.clone(), None),
            origin: settings.origin(),
        },
        None => Field::known(!settings.is_absent(), settings.origin()),
    };
    let element = LocalNetworkGateway {
        address_space: body.get("address_space").list_of(parse::block),
        bgp,
        meta: builder.meta(resource),
    };
    let _: LocalNetworkGatewayId = add(builder, resource, PATH, element);
}

/// `azurerm_virtual_network_gateway_connection`
pub(super) fn connection<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let element = GatewayConnection {
        gateway: body.get("virtual_network_gateway_id").link(),
        site: body.get("local_network_gateway_id").link(),
        peer: body.get("peer_virtual_network_gateway_id").link(),
        kind: body.get("type").text(),
        bgp: body.any_of(&["bgp_enabled", "enable_bgp"]).flag(),
        meta: builder.meta(resource),
    };
    let _: GatewayConnectionId = builder.add(element);
}

/// `azurerm_private_endpoint`
pub(super) fn private_endpoint<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/privateendpoints";
    let here = place(builder, resource, PATH);
    if is_here::<PrivateEndpointId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let to = body.block("private_service_connection");
    let address = |node: &Node<'_>| node.get("private_ip_address").field(parse::address);
    let mut addresses = body.get("ip_configuration").list(address);
    // Plans and states tell the address that Azure has picked.
    let picked = to.get("private_ip_address");
    if addresses.is_certainly_empty() && picked.is_written() {
        addresses.items.push(picked.field(parse::address));
    }
    let target = to.any_of(&[
        "private_connection_resource_id",
        "private_connection_resource_alias",
    ]);
    let element = PrivateEndpoint {
        subnet: body.get("subnet_id").link(),
        addresses,
        network_interfaces: List::default(),
        target: target.link(),
        groups: to.get("subresource_names").list(Node::text),
        application_security_groups: List::default(),
        meta: builder.meta(resource),
    };
    let _: PrivateEndpointId = add(builder, resource, PATH, element);
}

/// `azurerm_private_endpoint_application_security_group_association`
pub(super) fn endpoint_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    builder.notes.endpoint_asg.push(Bond {
        left: body.get("private_endpoint_id").link(),
        right: body.get("application_security_group_id").link(),
        meta,
    });
}
