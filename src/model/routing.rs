//! Route tables.

use std::net::IpAddr;

use ipnet::IpNet;

use super::address::ServiceTag;
use super::nsg::Defect;
use super::{
    Field, FirewallId, Link, List, LoadBalancerId, Meta, NicId, RouteId, RouteTableId, SubnetId,
};

/// A route table.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// Name, place, existence.
    pub meta: Meta,
    /// Its routes, inline, child and separate ones.
    pub routes: List<RouteId>,
    /// The subnets it is attached to.
    pub subnets: List<SubnetId>,
    /// `false`: routes learnt through gateways are not applied; absent: they are.
    pub bgp_propagation: Field<bool>,
}

/// What a route is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoutePrefix {
    /// A block of addresses.
    Block(IpNet),
    /// A service tag's addresses.
    Tag(ServiceTag),
}

/// A user-defined route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Name, place, existence.
    pub meta: Meta,
    /// The table it belongs to; `None` if that is not in the files.
    pub route_table: Option<RouteTableId>,
    /// What it is for.
    pub prefix: Field<RoutePrefix>,
    /// Where it sends packets.
    pub next_hop_type: Field<NextHopType>,
    /// The address of a `VirtualAppliance` next hop, as far as it is known. The field's origin
    /// points at what is written, also where `appliance` could be told.
    pub next_hop_address: Field<IpAddr>,
    /// What stands behind that address.
    pub appliance: Appliance,
    /// The appliances of a `VirtualApplianceEcmp` next hop, among which packets are spread.
    pub spread: List<ApplianceHop>,
    /// What Azure refuses about its name and its prefix.
    pub defects: Vec<Defect>,
}

/// One of several appliances a route leads to.
#[derive(Clone, Debug)]
pub struct ApplianceHop {
    /// Its address, as far as it is known.
    pub address: Field<IpAddr>,
    /// What stands behind it.
    pub appliance: Appliance,
}

/// The next hop types a route can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Azure's")]
pub enum NextHopType {
    VirtualNetworkGateway,
    VnetLocal,
    Internet,
    VirtualAppliance,
    VirtualApplianceEcmp,
    None,
}

/// What a `VirtualAppliance` route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appliance {
    /// The route is of another type.
    NotApplicable,
    /// An Azure Firewall of this deployment (its private address, known or not).
    Firewall(FirewallId),
    /// Certainly an Azure Firewall, but not one of these files (a data source, a reference).
    ExternalFirewall(Link<FirewallId>),
    /// The network interface that has the address.
    NetworkInterface(NicId),
    /// The internal load balancer that has the address.
    LoadBalancer(LoadBalancerId),
    /// Something these files do not tell.
    Unknown,
}
