//! Virtual networks, subnets, peerings, public addresses, gateways and hubs.

use super::{add, blocks, by_name, by_version, defaulted, group, is_here, place, whole};
use crate::eval::Mode;
use crate::eval::Resource;
use crate::eval::terraform::schema::{Versions, schema};
use crate::model::build::{Bond, Builder, Part, canonical, external, link_to};
use crate::model::defect;
use crate::model::field::Node;
use crate::model::index::Place;
use crate::model::intent::intent;
use crate::model::topology::{
    HubConnection, NatGateway, Peering, PrivateEndpointPolicies, PublicIp, PublicIpPrefix, Subnet,
    VirtualHub, VirtualNetwork,
};
use crate::model::{
    Field, HubConnectionId, HubId, Link, List, NatGatewayId, PeeringId, PublicIpId,
    PublicIpPrefixId, State, SubnetId, VnetId, parse,
};

const NETWORKS: &str = "microsoft.network/virtualnetworks";

/// `azurerm_virtual_network`
pub(super) fn virtual_network<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, NETWORKS);
    if is_here::<VnetId>(builder, resource, here.as_ref()) {
        return;
    }
    let meta = builder.meta(resource);
    let body = builder.body(resource);
    let subnets = blocks(&meta, &body, "subnet");
    let space = body.get("address_space");
    let mut defects = Vec::new();
    defect::blocks("address space", &[&space], &mut defects);
    let element = VirtualNetwork {
        location: body.get("location").text(),
        address_space: space.list_of(parse::block),
        ddos_protection: body.block("ddos_protection_plan").get("enable").flag(),
        dns_servers: body.get("dns_servers").list_of(parse::host),
        subnets: List {
            items: Vec::new(),
            rest: subnets.rest,
        },
        peerings: List::default(),
        gateways: List::default(),
        hub_connections: List::default(),
        defects,
        meta,
    };
    let _: VnetId = add(builder, resource, NETWORKS, element);
    for part in subnets.parts {
        let owner = link_to(resource.key.clone(), part.meta.origin);
        let name = canonical(&part.node.get("name"));
        let lies = here
            .as_ref()
            .zip(name)
            .map(|(place, name)| place.part(&format!("/subnets/{name}")));
        subnet(builder, part, owner, lies);
    }
}

/// `azurerm_virtual_network_dns_servers`
pub(super) fn dns_servers<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    builder.notes.vnet_dns.push(Bond {
        left: body.get("virtual_network_id").link(),
        right: body.get("dns_servers").list_of(parse::host),
        meta,
    });
}

/// `azurerm_subnet`
pub(super) fn separate_subnet<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let network = canonical(&part.node.get("virtual_network_name"));
    let name = canonical(&Node::name(resource));
    let lies = network.zip(name).map(|(network, name)| {
        Place::new(
            group(&part.node),
            format!("{NETWORKS}/{network}/subnets/{name}"),
        )
        .of_provider(resource.subscription.clone())
    });
    if is_here::<SubnetId>(builder, resource, lies.as_ref()) {
        return;
    }
    let by_id = part.node.get("virtual_network_id");
    let owner = if by_id.is_written() {
        by_id.link()
    } else {
        by_name(
            builder,
            resource,
            &part.node,
            "virtual_network_name",
            NETWORKS,
        )
    };
    subnet(builder, part, owner, lies);
}

fn subnet(
    builder: &mut Builder<'_>,
    part: Part<'_>,
    owner: Field<Link<VnetId>>,
    lies: Option<Place>,
) {
    let from = &part.node;
    let provider = builder.deployment.provider;
    let inline =
        from.get("virtual_network_name").is_absent() && from.get("virtual_network_id").is_absent();
    let delegation = |item: &Node<'_>| item.block("service_delegation").get("name").text();
    let mut service_endpoints = from
        .get("service_endpoints")
        .list_of(|text| Ok(text.into()));
    if service_endpoints.is_certainly_empty() {
        service_endpoints = from
            .get("service_endpoint")
            .list(|item| item.get("service").text());
    }
    let prefixes = from.any_of(&["address_prefixes", "address_prefix"]);
    let mut defects = Vec::new();
    defect::blocks("address prefix", &[&prefixes], &mut defects);
    let subnet: SubnetId = builder.add(Subnet {
        virtual_network: owner,
        address_prefixes: prefixes.list_of(parse::block),
        nsg: from
            .any_of(&[
                "network_security_group_id",
                "security_group",
                "network_security_group_id_wo",
            ])
            .link(),
        route_table: from.any_of(&["route_table_id", "route_table_id_wo"]).link(),
        nat_gateway: from.get("nat_gateway_id").link(),
        default_outbound_access: from.get("default_outbound_access_enabled").flag(),
        delegations: from.get("delegation").list(delegation),
        service_endpoints,
        network_interfaces: List::default(),
        firewalls: List::default(),
        private_endpoint_policies: private_endpoint_policies(from, provider, inline),
        private_endpoints: List::default(),
        private_link_service_policies: private_link_service_policies(from),
        services: List::default(),
        defects,
        meta: part.meta,
    });
    if let Some(lies) = lies {
        builder.place(subnet, lies);
    }
}

/// Which network policies apply to private endpoints: once a truth value, before that one the
/// other way round. Where nothing is written the provider sends `Enabled` before its fourth major
/// version, in subnets of their own, and `Disabled` from it on (subnet_resource.go of 3.117 and 4.0;
/// 4.0 upgrade guide; read 2026-11-22).
fn private_endpoint_policies(
    from: &Node<'_>,
    provider: Versions,
    inline: bool,
) -> Field<PrivateEndpointPolicies> {
    use PrivateEndpointPolicies::{Disabled, Enabled};
    let named = from.get("private_endpoint_network_policies");
    if !named.is_absent() {
        return named.field(parse::private_endpoint_policies);
    }
    let chosen = |on| if on { Enabled } else { Disabled };
    let enabled = from.get("private_endpoint_network_policies_enabled");
    if !enabled.is_absent() {
        return enabled.flag().map(chosen);
    }
    let enforced = from.get("enforce_private_link_endpoint_network_policies");
    if !enforced.is_absent() {
        return enforced.flag().map(|on| chosen(!on));
    }
    let subnets = schema(Mode::Managed, "azurerm_subnet");
    let with_default = subnets
        .and_then(|subnets| subnets.default_since("private_endpoint_network_policies"))
        .unwrap_or_default();
    let before = provider.below.is_some_and(|below| below <= with_default);
    let state = match (before, provider.from >= with_default) {
        (true, _) if inline => State::Absent,
        (true, _) => State::Known(Enabled),
        (_, true) => State::Known(Disabled),
        _ => State::Unknown(by_version(), Some(vec![Disabled, Enabled])),
    };
    Field {
        state,
        origin: named.origin(),
    }
}

/// Whether network policies apply to Private Link services: a truth value, before that one the other
/// way round. Where nothing is written they apply.
fn private_link_service_policies(from: &Node<'_>) -> Field<bool> {
    let enforced = from.get("enforce_private_link_service_network_policies");
    match enforced.is_absent() {
        true => from
            .get("private_link_service_network_policies_enabled")
            .flag(),
        false => enforced.flag().map(|enforced| !enforced),
    }
}

/// `azurerm_subnet_network_security_group_association`
pub(super) fn subnet_nsg<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let bond = with_subnet(builder, resource, "network_security_group_id");
    builder.notes.subnet_nsg.push(bond);
}

/// `azurerm_subnet_route_table_association`
pub(super) fn subnet_route_table<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let bond = with_subnet(builder, resource, "route_table_id");
    builder.notes.subnet_route_table.push(bond);
}

/// `azurerm_subnet_nat_gateway_association`
pub(super) fn subnet_nat_gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let bond = with_subnet(builder, resource, "nat_gateway_id");
    builder.notes.subnet_nat_gateway.push(bond);
}

/// An association of a subnet with something. Its own id is that of the subnet.
fn with_subnet<'a, T>(
    builder: &mut Builder<'a>,
    resource: &'a Resource,
    attribute: &str,
) -> Bond<SubnetId, Field<Link<T>>> {
    let body = builder.body(resource);
    let left = body.get("subnet_id").link();
    if let Some(subnet) = external(&left) {
        builder.index.alias(resource.key.clone(), subnet.clone());
    }
    Bond {
        left,
        right: body.get(attribute).link(),
        meta: builder.meta(resource),
    }
}

/// `azurerm_virtual_network_peering`
pub(super) fn peering<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let virtual_network = by_name(builder, resource, &body, "virtual_network_name", NETWORKS);
    let _: PeeringId = builder.add(Peering {
        virtual_network,
        remote: body.get("remote_virtual_network_id").link(),
        allow_virtual_network_access: body.get("allow_virtual_network_access").flag(),
        allow_forwarded_traffic: body.get("allow_forwarded_traffic").flag(),
        allow_gateway_transit: body.get("allow_gateway_transit").flag(),
        use_remote_gateways: body.get("use_remote_gateways").flag(),
        state: Field::absent(meta.origin),
        complete: body.get("peer_complete_virtual_networks_enabled").flag(),
        remote_space: List::default(),
        meta,
    });
}

/// `azurerm_public_ip`
pub(super) fn public_ip<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/publicipaddresses";
    let here = place(builder, resource, PATH);
    if is_here::<PublicIpId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let element = PublicIp {
        address: body.get("ip_address").field(parse::address),
        sku: defaulted(builder, resource, &body, "sku"),
        reverse_fqdn: body.get("reverse_fqdn").text(),
        zones: body.get("zones").list(Node::text),
        allocation: body
            .any_of(&["allocation_method", "public_ip_address_allocation"])
            .text(),
        meta: builder.meta(resource),
    };
    let _: PublicIpId = add(builder, resource, PATH, element);
}

/// `azurerm_public_ip_prefix`
pub(super) fn public_ip_prefix<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/publicipprefixes";
    let here = place(builder, resource, PATH);
    if is_here::<PublicIpPrefixId>(builder, resource, here.as_ref()) {
        return;
    }
    let element = PublicIpPrefix {
        prefix: builder.body(resource).get("ip_prefix").field(parse::block),
        meta: builder.meta(resource),
    };
    let _: PublicIpPrefixId = add(builder, resource, PATH, element);
}

/// `azurerm_nat_gateway`
pub(super) fn nat_gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/natgateways";
    let here = place(builder, resource, PATH);
    if is_here::<NatGatewayId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    // Addresses are associated by resources of their own, in old versions also here.
    let element = NatGateway {
        sku: body.get("sku_name").text(),
        public_ips: body.get("public_ip_address_ids").links(),
        public_ip_prefixes: body.get("public_ip_prefix_ids").links(),
        subnets: List::default(),
        meta: builder.meta(resource),
    };
    let _: NatGatewayId = add(builder, resource, PATH, element);
}

/// `azurerm_nat_gateway_public_ip_association`
pub(super) fn nat_gateway_address<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    builder.notes.nat_gateway_address.push(Bond {
        left: body.get("nat_gateway_id").link(),
        right: body.get("public_ip_address_id").link(),
        meta,
    });
}

/// `azurerm_nat_gateway_public_ip_prefix_association`
pub(super) fn nat_gateway_prefix<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    builder.notes.nat_gateway_prefix.push(Bond {
        left: body.get("nat_gateway_id").link(),
        right: body.get("public_ip_prefix_id").link(),
        meta,
    });
}

/// `azurerm_virtual_hub`
pub(super) fn hub<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/virtualhubs";
    let here = place(builder, resource, PATH);
    if is_here::<HubId>(builder, resource, here.as_ref()) {
        return;
    }
    let meta = builder.meta(resource);
    let element = VirtualHub {
        internet_next_hop: Field::absent(meta.origin),
        private_next_hop: Field::absent(meta.origin),
        meta,
    };
    let _: HubId = add(builder, resource, PATH, element);
}

/// `azurerm_virtual_hub_connection`
pub(super) fn hub_connection<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let written = body.get("internet_security_enabled");
    let _: HubConnectionId = builder.add(HubConnection {
        hub: body.get("virtual_hub_id").link(),
        virtual_network: body.get("remote_virtual_network_id").link(),
        // The provider sends `false` where nothing is written.
        internet_security: if written.is_absent() {
            Field::known(false, meta.origin)
        } else {
            written.flag()
        },
        meta,
    });
}

/// `azurerm_virtual_hub_routing_intent`
pub(super) fn routing_intent<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let right = intent(&body.get("routing_policy"), "next_hop", &meta);
    builder.notes.intents.push(Bond {
        left: body.get("virtual_hub_id").link(),
        right,
        meta,
    });
}
