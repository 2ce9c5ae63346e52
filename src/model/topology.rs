//! Virtual networks, subnets, network interfaces and what they are attached to.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::nsg::Defect;
use super::{
    AsgId, Field, FirewallId, GatewayConnectionId, GatewayId, HubConnectionId, HubId, Link, List,
    LocalNetworkGatewayId, MachineId, Meta, NatGatewayId, NicId, NsgId, PeeringId, PoolId,
    PrivateEndpointId, PublicIpId, PublicIpPrefixId, RouteTableId, ServiceId, State, SubnetId,
    VnetId,
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
    /// Whether a DDoS protection plan is on; absent: no.
    pub ddos_protection: Field<bool>,
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
    /// What Azure refuses about its blocks.
    pub defects: Vec<Defect>,
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
    /// Whether network policies apply to the private endpoints in it; absent: they do not.
    pub private_endpoint_policies: Field<PrivateEndpointPolicies>,
    /// The private endpoints in it.
    pub private_endpoints: List<PrivateEndpointId>,
    /// Whether network policies apply to the addresses of Private Link services in it; absent: they
    /// do.
    pub private_link_service_policies: Field<bool>,
    /// The services in it.
    pub services: List<ServiceId>,
    /// What Azure refuses about its blocks.
    pub defects: Vec<Defect>,
}

/// Which network policies of a subnet apply to the private endpoints in it.
///
/// Source: <https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy>
/// (2023-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Azure's")]
pub enum PrivateEndpointPolicies {
    Disabled,
    Enabled,
    NetworkSecurityGroupEnabled,
    RouteTableEnabled,
}

impl PrivateEndpointPolicies {
    /// Whether a route may take packets for the endpoints elsewhere.
    #[must_use]
    pub fn routes(self) -> bool {
        matches!(self, Self::Enabled | Self::RouteTableEnabled)
    }

    /// Whether security rules apply to the endpoints.
    #[must_use]
    pub fn security_groups(self) -> bool {
        matches!(self, Self::Enabled | Self::NetworkSecurityGroupEnabled)
    }
}

/// A service behind private endpoints: no kind of element, so links to one are always external.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {}

/// A private endpoint: an address in a subnet behind which a service lies.
#[derive(Clone, Debug)]
pub struct PrivateEndpoint {
    /// Name, place, existence.
    pub meta: Meta,
    /// The subnet it lies in.
    pub subnet: Field<Link<SubnetId>>,
    /// Its addresses, where they are written. A rest: Azure picks them.
    pub addresses: List<Field<IpAddr>>,
    /// The network interface Azure makes for it, in exports.
    pub network_interfaces: List<Field<Link<NicId>>>,
    /// What it leads to, by id or alias: a service, of which nothing else is known here.
    pub target: Field<Link<Service>>,
    /// The parts of the target it leads to, for example `blob`.
    pub groups: List<Field<Arc<str>>>,
    /// The application security groups it is a member of.
    pub application_security_groups: List<Field<Link<AsgId>>>,
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
    /// `Initiated`, `Connected`, `Disconnected`, in exports.
    pub state: Field<Arc<str>>,
    /// `false`: only some subnets are peered; absent: all are.
    pub complete: Field<bool>,
    /// The other network's addresses, in exports.
    pub remote_space: List<Field<IpNet>>,
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
    /// `Static` or `Dynamic`.
    pub allocation: Field<Arc<str>>,
    /// The name that reverse DNS gives for it; absent: none.
    pub reverse_fqdn: Field<Arc<str>>,
    /// The availability zones it is spread over; none: Azure chooses.
    pub zones: List<Field<Arc<str>>>,
}

/// A prefix of public IP addresses.
#[derive(Clone, Debug)]
pub struct PublicIpPrefix {
    /// Name, place, existence.
    pub meta: Meta,
    /// The addresses, in exports.
    pub prefix: Field<IpNet>,
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Name, place, existence.
    pub meta: Meta,
    /// `Standard`, `StandardV2`; absent: `Standard`.
    pub sku: Field<Arc<str>>,
    /// Its public addresses.
    pub public_ips: List<Field<Link<PublicIpId>>>,
    /// Its prefixes of public addresses.
    pub public_ip_prefixes: List<Field<Link<PublicIpPrefixId>>>,
    /// The subnets that use it.
    pub subnets: List<SubnetId>,
}

impl NatGateway {
    /// Whether a public address or prefix is attached.
    #[must_use]
    pub fn has_public_address(&self) -> Truth {
        fn any<T>(list: &List<Field<T>>) -> Truth {
            let rest = match list.rest {
                Some(_) => Truth::Unknown,
                None => Truth::False,
            };
            list.items.iter().fold(rest, |truth, item| {
                truth.or(match &item.state {
                    State::Known(_) => Truth::True,
                    State::Absent => Truth::False,
                    State::Unknown(..) | State::Invalid { .. } => Truth::Unknown,
                })
            })
        }
        any(&self.public_ips).or(any(&self.public_ip_prefixes))
    }
}

/// A VPN or ExpressRoute gateway.
#[derive(Clone, Debug)]
pub struct VirtualNetworkGateway {
    /// Name, place, existence.
    pub meta: Meta,
    /// `Vpn`, `ExpressRoute`, `LocalGateway`.
    pub kind: Field<Arc<str>>,
    /// How a VPN gateway decides what goes into a tunnel: `RouteBased`, `PolicyBased`.
    pub vpn_type: Field<Arc<str>>,
    /// Its SKU, for example `VpnGw1AZ`; absent: `Basic`.
    pub sku: Field<Arc<str>>,
    /// The subnet it lies in.
    pub subnet: Field<Link<SubnetId>>,
    /// Whether it exchanges routes over BGP; absent: it does not.
    pub bgp: Field<bool>,
    /// What it sends packets for everything else to: forced tunnelling. Absent: nothing.
    pub default_site: Field<Link<LocalNetworkGatewayId>>,
    /// The addresses it gives to VPN clients.
    pub client_addresses: List<Field<IpNet>>,
    /// Its connections.
    pub connections: List<GatewayConnectionId>,
}

/// What lies behind the far end of a VPN connection.
#[derive(Clone, Debug)]
pub struct LocalNetworkGateway {
    /// Name, place, existence.
    pub meta: Meta,
    /// The addresses there.
    pub address_space: List<Field<IpNet>>,
    /// Whether it tells its routes over BGP too.
    pub bgp: Field<bool>,
}

/// A connection of a VPN or ExpressRoute gateway.
#[derive(Clone, Debug)]
pub struct GatewayConnection {
    /// Name, place, existence.
    pub meta: Meta,
    /// The gateway.
    pub gateway: Field<Link<GatewayId>>,
    /// The far end, if it is a site.
    pub site: Field<Link<LocalNetworkGatewayId>>,
    /// The far end, if it is another gateway of Azure's.
    pub peer: Field<Link<GatewayId>>,
    /// `IPsec`, `Vnet2Vnet`, `ExpressRoute`.
    pub kind: Field<Arc<str>>,
    /// Whether routes are exchanged over it; absent: they are not.
    pub bgp: Field<bool>,
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
