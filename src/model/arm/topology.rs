//! Virtual networks, subnets, peerings, public addresses, gateways and hubs.

use super::{back_reference, child, id, ids, parent, parts, properties};
use crate::eval::Resource;
use crate::model::build::{BackReference, BackReferences, Bond, Builder, Part, link_to};
use crate::model::defect;
use crate::model::field::Node;
use crate::model::index::Id;
use crate::model::intent::intent;
use crate::model::topology::{
    HubConnection, NatGateway, Peering, PublicIp, PublicIpPrefix, Subnet, VirtualHub,
    VirtualNetwork,
};
use crate::model::{
    Field, HubConnectionId, HubId, Link, List, NatGatewayId, PeeringId, PublicIpId,
    PublicIpPrefixId, SubnetId, VnetId, parse,
};

/// `Microsoft.Network/virtualNetworks`
pub(super) fn virtual_network<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let body = builder.body(resource);
    let from = properties(&body);
    let subnets = parts(&meta, &from.get("subnets"), "subnets");
    let peerings = parts(
        &meta,
        &from.get("virtualNetworkPeerings"),
        "virtualNetworkPeerings",
    );
    let space = from.path(&["addressSpace", "addressPrefixes"]);
    let mut defects = Vec::new();
    defect::blocks("address space", &[&space], &mut defects);
    let element = VirtualNetwork {
        location: body.get("location").text(),
        address_space: space.list_of(parse::block),
        ddos_protection: from.get("enableDdosProtection").flag(),
        dns_servers: from
            .path(&["dhcpOptions", "dnsServers"])
            .list_of(parse::host),
        subnets: List {
            items: Vec::new(),
            rest: subnets.rest,
        },
        peerings: List {
            items: Vec::new(),
            rest: peerings.rest,
        },
        gateways: List::default(),
        hub_connections: List::default(),
        defects,
        meta: meta.clone(),
    };
    let _: VnetId = builder.put(element, &meta);
    let owner = meta.key;
    for part in subnets.parts {
        let owner = link_to(owner.clone(), part.meta.origin);
        subnet(builder, part, owner);
    }
    for part in peerings.parts {
        let owner = link_to(owner.clone(), part.meta.origin);
        peering(builder, part, owner);
    }
}

/// `Microsoft.Network/virtualNetworks/subnets`
pub(super) fn child_subnet<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    subnet(builder, part, parent(resource));
}

fn subnet(builder: &mut Builder<'_>, part: Part<'_>, owner: Field<Link<VnetId>>) {
    let from = properties(&part.node);
    let several = from.get("addressPrefixes");
    let mut address_prefixes = several.list_of(parse::block);
    let single = from.get("addressPrefix");
    let mut defects = Vec::new();
    defect::blocks("address prefix", &[&several, &single], &mut defects);
    if !single.is_absent() && address_prefixes.is_certainly_empty() {
        address_prefixes.items.push(single.field(parse::block));
    }
    let service = |item: &Node<'_>| item.get("service").text();
    let delegation = |item: &Node<'_>| properties(item).get("serviceName").text();
    let element = Subnet {
        virtual_network: owner,
        address_prefixes,
        nsg: id(&from.get("networkSecurityGroup")),
        route_table: id(&from.get("routeTable")),
        nat_gateway: id(&from.get("natGateway")),
        default_outbound_access: from.get("defaultOutboundAccess").flag(),
        delegations: from.get("delegations").list(delegation),
        service_endpoints: from.get("serviceEndpoints").list(service),
        network_interfaces: List::default(),
        firewalls: List::default(),
        private_endpoint_policies: from
            .get("privateEndpointNetworkPolicies")
            .field(parse::private_endpoint_policies),
        private_endpoints: List::default(),
        private_link_service_policies: from
            .get("privateLinkServiceNetworkPolicies")
            .field(parse::enabled),
        services: List::default(),
        defects,
        meta: part.meta,
    };
    let subnet = match builder.certain::<SubnetId>(&element.meta) {
        Some(before) => {
            amend(&mut builder.network[before], element);
            before
        }
        None => builder.add(element),
    };
    if builder.deployment.complete {
        // The id of an IP configuration begins with that of its network interface.
        let mut nics = back_reference(&from.get("ipConfigurations"));
        nics.keys = nics
            .keys
            .into_iter()
            .filter(|key| key.0.contains("/networkinterfaces/"))
            .filter_map(|key| {
                let (nic, _) = key.0.split_once("/ipconfigurations/")?;
                Some(crate::eval::ResourceKey(nic.into()))
            })
            .collect();
        builder.notes.back_references.push(BackReferences {
            owner: subnet.wrap(),
            subnets: BackReference::default(),
            network_interfaces: nics,
        });
    }
}

/// Templates often write a subnet with its network and once more by itself, to attach something:
/// what the second says counts, and what it leaves out stays.
fn amend(subnet: &mut Subnet, said: Subnet) {
    let lists = |before: &mut List<_>, said: List<_>| {
        if !said.is_certainly_empty() {
            *before = said;
        }
    };
    lists(&mut subnet.delegations, said.delegations);
    lists(&mut subnet.service_endpoints, said.service_endpoints);
    if !said.address_prefixes.is_certainly_empty() {
        subnet.address_prefixes = said.address_prefixes;
    }
    if !said.nsg.is_absent() {
        subnet.nsg = said.nsg;
    }
    if !said.route_table.is_absent() {
        subnet.route_table = said.route_table;
    }
    if !said.nat_gateway.is_absent() {
        subnet.nat_gateway = said.nat_gateway;
    }
    if !said.default_outbound_access.is_absent() {
        subnet.default_outbound_access = said.default_outbound_access;
    }
    if !said.private_endpoint_policies.is_absent() {
        subnet.private_endpoint_policies = said.private_endpoint_policies;
    }
    if !said.private_link_service_policies.is_absent() {
        subnet.private_link_service_policies = said.private_link_service_policies;
    }
    subnet.defects.extend(said.defects);
}

/// `Microsoft.Network/virtualNetworks/virtualNetworkPeerings`
pub(super) fn child_peering<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    peering(builder, part, parent(resource));
}

fn peering(builder: &mut Builder<'_>, part: Part<'_>, owner: Field<Link<VnetId>>) {
    let from = properties(&part.node);
    let meta = part.meta.clone();
    let element = Peering {
        virtual_network: owner,
        remote: id(&from.get("remoteVirtualNetwork")),
        allow_virtual_network_access: from.get("allowVirtualNetworkAccess").flag(),
        allow_forwarded_traffic: from.get("allowForwardedTraffic").flag(),
        allow_gateway_transit: from.get("allowGatewayTransit").flag(),
        use_remote_gateways: from.get("useRemoteGateways").flag(),
        state: from.get("peeringState").text(),
        complete: from.get("peerCompleteVnets").flag(),
        remote_space: from
            .get("remoteVirtualNetworkAddressSpace")
            .or_else(|| from.get("remoteAddressSpace"))
            .get("addressPrefixes")
            .list_of(parse::block),
        meta: part.meta,
    };
    let _: PeeringId = builder.put(element, &meta);
}

/// `Microsoft.Network/publicIPAddresses`
pub(super) fn public_ip<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let element = PublicIp {
        address: properties(&body).get("ipAddress").field(parse::address),
        sku: body.path(&["sku", "name"]).text(),
        allocation: properties(&body).get("publicIPAllocationMethod").text(),
        reverse_fqdn: properties(&body)
            .path(&["dnsSettings", "reverseFqdn"])
            .text(),
        zones: body.get("zones").list(Node::text),
        meta: meta.clone(),
    };
    let _: PublicIpId = builder.put(element, &meta);
}

/// `Microsoft.Network/publicIPPrefixes`
pub(super) fn public_ip_prefix<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let element = PublicIpPrefix {
        prefix: from.get("ipPrefix").field(parse::block),
        meta: meta.clone(),
    };
    let _: PublicIpPrefixId = builder.put(element, &meta);
}

/// `Microsoft.Network/natGateways`
pub(super) fn nat_gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let from = properties(&body);
    let meta = builder.meta(resource);
    let mut public_ips = ids(&from.get("publicIpAddresses"));
    join(&mut public_ips, ids(&from.get("publicIpAddressesV6")));
    let mut public_ip_prefixes = ids(&from.get("publicIpPrefixes"));
    join(
        &mut public_ip_prefixes,
        ids(&from.get("publicIpPrefixesV6")),
    );
    let _: NatGatewayId = builder.add(NatGateway {
        sku: body.path(&["sku", "name"]).text(),
        public_ips,
        public_ip_prefixes,
        subnets: List::default(),
        meta,
    });
}

fn join<T>(list: &mut List<T>, more: List<T>) {
    list.items.extend(more.items);
    list.rest = list.rest.take().or(more.rest);
}

/// `Microsoft.Network/virtualHubs`
pub(super) fn hub<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let _: HubId = builder.add(VirtualHub {
        internet_next_hop: Field::absent(meta.origin),
        private_next_hop: Field::absent(meta.origin),
        meta,
    });
}

/// `Microsoft.Network/virtualHubs/hubVirtualNetworkConnections`
pub(super) fn hub_connection<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let _: HubConnectionId = builder.add(HubConnection {
        hub: parent(resource),
        virtual_network: id(&from.get("remoteVirtualNetwork")),
        internet_security: from.get("enableInternetSecurity").flag(),
        meta,
    });
}

/// `Microsoft.Network/virtualHubs/routingIntent`
pub(super) fn routing_intent<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let hops = intent(&from.get("routingPolicies"), "nextHop", &meta);
    builder.notes.intents.push(Bond {
        left: parent(resource),
        right: hops,
        meta,
    });
}
