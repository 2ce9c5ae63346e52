//! VPN and ExpressRoute gateways, what lies behind them, and private endpoints.

use super::{id, ids, properties};
use crate::eval::Resource;
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::topology::{
    GatewayConnection, LocalNetworkGateway, PrivateEndpoint, VirtualNetworkGateway,
};
use crate::model::{
    Field, GatewayConnectionId, GatewayId, List, LocalNetworkGatewayId, PrivateEndpointId, State,
    parse,
};

/// `Microsoft.Network/virtualNetworkGateways`
pub(super) fn gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let configurations = from.get("ipConfigurations").items();
    let subnet = match (configurations.items.first(), configurations.rest) {
        (Some(first), _) => id(&properties(first).get("subnet")),
        (None, Some(unknown)) => Field {
            state: State::Unknown(unknown, None),
            origin: meta.origin,
        },
        (None, None) => Field::absent(meta.origin),
    };
    let clients = [
        "vpnClientConfiguration",
        "vpnClientAddressPool",
        "addressPrefixes",
    ];
    let _: GatewayId = builder.add(VirtualNetworkGateway {
        kind: from.get("gatewayType").text(),
        vpn_type: from.get("vpnType").text(),
        sku: from.path(&["sku", "name"]).text(),
        subnet,
        bgp: from.get("enableBgp").flag(),
        default_site: id(&from.get("gatewayDefaultSite")),
        client_addresses: from.path(&clients).list_of(parse::block),
        connections: List::default(),
        meta,
    });
}

/// `Microsoft.Network/localNetworkGateways`
pub(super) fn site<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let settings = from.get("bgpSettings");
    let bgp = match settings.unknown() {
        Some(unknown) => Field {
            state: State::Unknown(unknown.clone(), None),
            origin: settings.origin(),
        },
        None => Field::known(!settings.is_absent(), settings.origin()),
    };
    let element = LocalNetworkGateway {
        address_space: from
            .path(&["localNetworkAddressSpace", "addressPrefixes"])
            .list_of(parse::block),
        bgp,
        meta: meta.clone(),
    };
    let _: LocalNetworkGatewayId = builder.put(element, &meta);
}

/// `Microsoft.Network/connections`
pub(super) fn connection<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let element = GatewayConnection {
        gateway: id(&from.get("virtualNetworkGateway1")),
        site: id(&from.get("localNetworkGateway2")),
        peer: id(&from.get("virtualNetworkGateway2")),
        kind: from.get("connectionType").text(),
        bgp: from.get("enableBgp").flag(),
        meta: meta.clone(),
    };
    let _: GatewayConnectionId = builder.put(element, &meta);
}

/// `Microsoft.Network/privateEndpoints`
pub(super) fn private_endpoint<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let configurations = from.get("ipConfigurations");
    let address = |node: &Node<'_>| {
        properties(node)
            .get("privateIPAddress")
            .field(parse::address)
    };
    let mut addresses = configurations.list(address);
    // Exports name the addresses beside the names that resolve to them.
    for name in from.get("customDnsConfigs").items().items {
        let more = name.get("ipAddresses").list_of(parse::address);
        addresses.items.extend(more.items);
    }
    let automatic = from.get("privateLinkServiceConnections");
    let manual = from.get("manualPrivateLinkServiceConnections");
    let connection = automatic.items().items.into_iter().next();
    let connection = connection.or_else(|| manual.items().items.into_iter().next());
    let to = connection.map_or_else(|| automatic.clone(), |connection| properties(&connection));
    let element = PrivateEndpoint {
        subnet: id(&from.get("subnet")),
        addresses,
        network_interfaces: ids(&from.get("networkInterfaces")),
        target: to.get("privateLinkServiceId").link(),
        groups: to.get("groupIds").list(Node::text),
        application_security_groups: ids(&from.get("applicationSecurityGroups")),
        meta: meta.clone(),
    };
    let _: PrivateEndpointId = builder.put(element, &meta);
}
