//! Virtual networks, subnets, network interfaces and what they are attached to.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{
    AsgId, Field, FirewallId, GatewayId, HubConnectionId, HubId, Link, List, MachineId, Meta,
    NatGatewayId, NicId, NsgId, PeeringId, PoolId, PublicIpId, RouteTableId, SubnetId, VnetId,
};
use crate::eval::value::Truth;

/// A virtual network.
#[derive(Clone, Debug)]
pub struct VirtualNetwork {
    /// Name, place, existence.
    pub meta: Meta,
    /// The region it is in, as written.
    pub location: Field<Arc<str>>,
    /// Its address space.
    pub address_space: List<Field<IpNet>>,
    /// Its own DNS servers; certainly empty means Azure's.
    pub dns_servers: List<Field<IpAddr>>,
    /// Its subnets.
    pub subnets: List<SubnetId>,
    /// Its peerings, seen from this side.
    pub peerings: List<PeeringId>,
    /// Its VPN and ExpressRoute gateways.
    pub gateways: List<GatewayId>,
    /// Its connections to virtual WAN hubs.
    pub hub_connections: List<HubConnectionId>,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Name, place, existence.
    pub meta: Meta,
    /// The virtual network it belongs to.
    pub virtual_network: Field<Link<VnetId>>,
    /// Its prefixes.
    pub address_prefixes: List<Field<IpNet>>,
    /// The network security group on it; absent: none.
    pub nsg: Field<Link<NsgId>>,
    /// The route table on it; absent: none.
    pub route_table: Field<Link<RouteTableId>>,
    /// The NAT gateway on it; absent: none.
    pub nat_gateway: Field<Link<NatGatewayId>>,
    /// `false` makes it a private subnet; absent: default outbound access is on.
    pub default_outbound_access: Field<bool>,
    /// Services it is delegated to, for example `Microsoft.App/environments`.
    pub delegations: List<Field<Arc<str>>>,
    /// Service endpoints, for example `Microsoft.Storage`.
    pub service_endpoints: List<Field<Arc<str>>>,
    /// The network interfaces in it.
    pub network_interfaces: List<NicId>,
    /// The Azure Firewalls in it.
    pub firewalls: List<FirewallId>,
}

/// One IP configuration of a network interface.
#[derive(Clone, Debug)]
pub struct IpConfiguration {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// The subnet.
    pub subnet: Field<Link<SubnetId>>,
    /// Its fixed private address; absent: Azure picks one.
    pub private_address: Field<IpAddr>,
    /// Its public address; absent: none. A scale set's inline configuration counts as `Here` through
    /// [`NetworkInterface::inline_public_ip`].
    pub public_ip: Field<Link<PublicIpId>>,
    /// The load balancer pools it is a member of.
    pub backend_pools: List<Field<Link<PoolId>>>,
    /// Whether an inbound NAT rule or pool of a load balancer with a public frontend leads here.
    pub inbound_nat: Truth,
    /// The application security groups it is a member of.
    pub application_security_groups: List<Field<Link<AsgId>>>,
}

/// A network interface, or a scale set's configuration of one.
#[derive(Clone, Debug)]
pub struct NetworkInterface {
    /// Name, place, existence.
    pub meta: Meta,
    /// The machine it belongs to, if that is in the files.
    pub machine: Option<MachineId>,
    /// The network security group on it; absent: none.
    pub nsg: Field<Link<NsgId>>,
    /// Its IP configurations.
    pub ip_configurations: List<IpConfiguration>,
    /// Its own DNS servers; certainly empty means the virtual network's.
    pub dns_servers: List<Field<IpAddr>>,
    /// Whether it forwards packets of others.
    pub ip_forwarding: Field<bool>,
    /// A scale set gives each instance a public address.
    pub inline_public_ip: bool,
}

/// One direction of a peering.
#[derive(Clone, Debug)]
pub struct Peering {
    /// Name, place, existence.
    pub meta: Meta,
    /// The network it is written on.
    pub virtual_network: Field<Link<VnetId>>,
    /// The other one.
    pub remote: Field<Link<VnetId>>,
    /// `VirtualNetwork` includes the remote space.
    pub allow_virtual_network_access: Field<bool>,
    /// Accepts packets that were not sent by the remote network itself.
    pub allow_forwarded_traffic: Field<bool>,
    /// Offers its gateway.
    pub allow_gateway_transit: Field<bool>,
    /// Uses the other's gateway.
    pub use_remote_gateways: Field<bool>,
}

/// A public IP address.
#[derive(Clone, Debug)]
pub struct PublicIp {
    /// Name, place, existence.
    pub meta: Meta,
    /// The address, in exports.
    pub address: Field<IpAddr>,
    /// `Basic`, `Standard`, `StandardV2`.
    pub sku: Field<Arc<str>>,
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Name, place, existence.
    pub meta: Meta,
    /// Whether a public address or prefix is attached.
    pub has_public_address: Field<bool>,
    /// The subnets that use it.
    pub subnets: List<SubnetId>,
}

/// A VPN or ExpressRoute gateway.
#[derive(Clone, Debug)]
pub struct VirtualNetworkGateway {
    /// Name, place, existence.
    pub meta: Meta,
    /// `Vpn`, `ExpressRoute`, `LocalGateway`.
    pub kind: Field<Arc<str>>,
    /// The subnet it lies in.
    pub subnet: Field<Link<SubnetId>>,
}

/// A virtual WAN hub.
#[derive(Clone, Debug)]
pub struct VirtualHub {
    /// Name, place, existence.
    pub meta: Meta,
    /// What its routing intent sends Internet traffic to; absent: no such intent.
    pub internet_next_hop: Field<Link<FirewallId>>,
    /// What its routing intent sends private traffic to; absent: no such intent.
    pub private_next_hop: Field<Link<FirewallId>>,
}

/// A connection of a virtual network to a hub.
#[derive(Clone, Debug)]
pub struct HubConnection {
    /// Name, place, existence.
    pub meta: Meta,
    /// The hub.
    pub hub: Field<Link<HubId>>,
    /// The virtual network.
    pub virtual_network: Field<Link<VnetId>>,
    /// Whether the hub's default route reaches the network (`enableInternetSecurity`); absent: the
    /// platform's default, true.
    pub internet_security: Field<bool>,
}
