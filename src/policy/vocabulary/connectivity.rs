//! What joins networks: peerings, gateways and their connections, virtual hubs.

use super::read::{block, boolean, elements, field, link, list, text};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::topology::{
    GatewayConnection, HubConnection, LocalNetworkGateway, Peering, VirtualHub,
    VirtualNetworkGateway,
};
use crate::model::{
    GatewayConnectionId, GatewayId, HubConnectionId, HubId, LocalNetworkGatewayId, PeeringId,
};

pub(super) static PEERING: KindSpec = KindSpec {
    kind: Kind::Peering,
    name: "peering",
    is_subject: true,
    doc: "One direction of a virtual network peering.",
    fields: &[
        Field::new(
            "virtual_network",
            Ty::One(Item::Element(Kind::VirtualNetwork)),
            "the network it is written on",
            |w, id| {
                let network = &peering(w, id).virtual_network;
                link(w, network, Kind::VirtualNetwork, |id| id.0)
            },
        ),
        Field::new(
            "remote_virtual_network",
            Ty::One(Item::Element(Kind::VirtualNetwork)),
            "the other network",
            |w, id| link(w, &peering(w, id).remote, Kind::VirtualNetwork, |id| id.0),
        ),
        Field::new(
            "allow_virtual_network_access",
            Ty::BOOL,
            "whether `VirtualNetwork` includes the other's addresses; null: it does",
            |w, id| boolean(&peering(w, id).allow_virtual_network_access),
        ),
        Field::new(
            "allow_forwarded_traffic",
            Ty::BOOL,
            "whether it accepts packets that the other network only forwards; null: it does not",
            |w, id| boolean(&peering(w, id).allow_forwarded_traffic),
        ),
        Field::new(
            "allow_gateway_transit",
            Ty::BOOL,
            "whether it offers its gateway; null: it does not",
            |w, id| boolean(&peering(w, id).allow_gateway_transit),
        ),
        Field::new(
            "use_remote_gateways",
            Ty::BOOL,
            "whether it uses the other's gateway; null: it does not",
            |w, id| boolean(&peering(w, id).use_remote_gateways),
        ),
        Field::new(
            "state",
            Ty::TEXT,
            "`Initiated`, `Connected` or `Disconnected`, in exports",
            |w, id| field(&peering(w, id).state, text),
        ),
        Field::new(
            "complete",
            Ty::BOOL,
            "false: only some subnets are peered; null: all are",
            |w, id| boolean(&peering(w, id).complete),
        ),
        Field::new(
            "remote_address_space",
            Ty::List(Item::Address),
            "the other network's addresses, in exports",
            |w, id| list(&peering(w, id).remote_space, block),
        ),
    ],
};

pub(super) static GATEWAY: KindSpec = KindSpec {
    kind: Kind::VirtualNetworkGateway,
    name: "virtual-network-gateway",
    is_subject: true,
    doc: "A VPN or ExpressRoute gateway.",
    fields: &[
        Field::new(
            "type",
            Ty::TEXT,
            "`Vpn`, `ExpressRoute` or `LocalGateway`",
            |w, id| field(&gateway(w, id).kind, text),
        ),
        Field::new(
            "vpn_type",
            Ty::TEXT,
            "how a VPN gateway decides what goes into a tunnel: `RouteBased` or `PolicyBased`",
            |w, id| field(&gateway(w, id).vpn_type, text),
        ),
        Field::new("sku", Ty::TEXT, "for example `VpnGw1AZ`", |w, id| {
            field(&gateway(w, id).sku, text)
        }),
        Field::new(
            "subnet",
            Ty::One(Item::Element(Kind::Subnet)),
            "the subnet it lies in",
            |w, id| link(w, &gateway(w, id).subnet, Kind::Subnet, |id| id.0),
        ),
        Field::new(
            "bgp",
            Ty::BOOL,
            "whether it exchanges routes; null: it does not",
            |w, id| boolean(&gateway(w, id).bgp),
        ),
        Field::new(
            "default_site",
            Ty::One(Item::Element(Kind::LocalNetworkGateway)),
            "what it sends everything else to (forced tunnelling); null: nothing",
            |w, id| {
                let site = &gateway(w, id).default_site;
                link(w, site, Kind::LocalNetworkGateway, |id| id.0)
            },
        ),
        Field::new(
            "client_addresses",
            Ty::List(Item::Address),
            "the addresses it gives to VPN clients",
            |w, id| list(&gateway(w, id).client_addresses, block),
        ),
        Field::new(
            "connections",
            Ty::List(Item::Element(Kind::GatewayConnection)),
            "its connections",
            |w, id| {
                let all = &gateway(w, id).connections;
                let ids = all.items.iter().map(|id| id.0);
                elements(w, Kind::GatewayConnection, ids, all.rest.clone())
            },
        ),
    ],
};

pub(super) static LOCAL_NETWORK_GATEWAY: KindSpec = KindSpec {
    kind: Kind::LocalNetworkGateway,
    name: "local-network-gateway",
    is_subject: true,
    doc: "What lies behind the far end of a VPN connection.",
    fields: &[
        Field::new(
            "address_space",
            Ty::List(Item::Address),
            "the addresses there",
            |w, id| list(&site(w, id).address_space, block),
        ),
        Field::new(
            "bgp",
            Ty::BOOL,
            "whether it tells its routes too",
            |w, id| boolean(&site(w, id).bgp),
        ),
    ],
};

pub(super) static GATEWAY_CONNECTION: KindSpec = KindSpec {
    kind: Kind::GatewayConnection,
    name: "gateway-connection",
    is_subject: true,
    doc: "A connection of a VPN or ExpressRoute gateway.",
    fields: &[
        Field::new(
            "gateway",
            Ty::One(Item::Element(Kind::VirtualNetworkGateway)),
            "the gateway",
            |w, id| {
                let gateway = &connection(w, id).gateway;
                link(w, gateway, Kind::VirtualNetworkGateway, |id| id.0)
            },
        ),
        Field::new(
            "site",
            Ty::One(Item::Element(Kind::LocalNetworkGateway)),
            "the far end; null if it is no site",
            |w, id| {
                let site = &connection(w, id).site;
                link(w, site, Kind::LocalNetworkGateway, |id| id.0)
            },
        ),
        Field::new(
            "peer",
            Ty::One(Item::Element(Kind::VirtualNetworkGateway)),
            "the far end; null if it is no gateway of Azure's",
            |w, id| {
                let peer = &connection(w, id).peer;
                link(w, peer, Kind::VirtualNetworkGateway, |id| id.0)
            },
        ),
        Field::new(
            "type",
            Ty::TEXT,
            "`IPsec`, `Vnet2Vnet` or `ExpressRoute`",
            |w, id| field(&connection(w, id).kind, text),
        ),
        Field::new(
            "bgp",
            Ty::BOOL,
            "whether routes are exchanged over it; null: they are not",
            |w, id| boolean(&connection(w, id).bgp),
        ),
    ],
};

pub(super) static VIRTUAL_HUB: KindSpec = KindSpec {
    kind: Kind::VirtualHub,
    name: "virtual-hub",
    is_subject: true,
    doc: "A hub of a virtual WAN.",
    fields: &[
        Field::new(
            "internet_next_hop",
            Ty::One(Item::Element(Kind::Firewall)),
            "what its routing intent sends Internet traffic to; null: no such intent",
            |w, id| link(w, &hub(w, id).internet_next_hop, Kind::Firewall, |id| id.0),
        ),
        Field::new(
            "private_next_hop",
            Ty::One(Item::Element(Kind::Firewall)),
            "what its routing intent sends private traffic to; null: no such intent",
            |w, id| link(w, &hub(w, id).private_next_hop, Kind::Firewall, |id| id.0),
        ),
    ],
};

pub(super) static HUB_CONNECTION: KindSpec = KindSpec {
    kind: Kind::HubConnection,
    name: "hub-connection",
    is_subject: true,
    doc: "A connection of a virtual network to a virtual hub.",
    fields: &[
        Field::new(
            "virtual_hub",
            Ty::One(Item::Element(Kind::VirtualHub)),
            "the hub",
            |w, id| link(w, &hub_connection(w, id).hub, Kind::VirtualHub, |id| id.0),
        ),
        Field::new(
            "virtual_network",
            Ty::One(Item::Element(Kind::VirtualNetwork)),
            "the network",
            |w, id| {
                let network = &hub_connection(w, id).virtual_network;
                link(w, network, Kind::VirtualNetwork, |id| id.0)
            },
        ),
        Field::new(
            "internet_security",
            Ty::BOOL,
            "whether the hub's default route reaches the network; null: it does",
            |w, id| boolean(&hub_connection(w, id).internet_security),
        ),
    ],
};

fn peering<'a>(world: &World<'a>, id: u32) -> &'a Peering {
    &world.network[PeeringId(id)]
}

fn gateway<'a>(world: &World<'a>, id: u32) -> &'a VirtualNetworkGateway {
    &world.network[GatewayId(id)]
}

fn site<'a>(world: &World<'a>, id: u32) -> &'a LocalNetworkGateway {
    &world.network[LocalNetworkGatewayId(id)]
}

fn connection<'a>(world: &World<'a>, id: u32) -> &'a GatewayConnection {
    &world.network[GatewayConnectionId(id)]
}

fn hub<'a>(world: &World<'a>, id: u32) -> &'a VirtualHub {
    &world.network[HubId(id)]
}

fn hub_connection<'a>(world: &World<'a>, id: u32) -> &'a HubConnection {
    &world.network[HubConnectionId(id)]
}
