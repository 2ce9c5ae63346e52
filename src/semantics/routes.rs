//! Where a subnet's packets go next.

use std::net::IpAddr;

use super::Semantics;
use super::packet::{Answer, Family};
use crate::eval::value::Truth;
use crate::model::{FirewallId, HubConnectionId, Link, RouteId, SubnetId};

/// Kinds of next hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHopKind {
    /// Out to the Internet.
    Internet,
    /// Within the virtual network.
    VirtualNetwork,
    /// To a peered network.
    Peering,
    /// To a VPN or ExpressRoute gateway.
    Gateway,
    /// To an Azure Firewall.
    AzureFirewall,
    /// To another appliance: a network interface, a load balancer.
    Appliance,
    /// Dropped.
    None,
    /// Straight to an Azure service.
    ServiceEndpoint,
}

/// One next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// Its kind; `None` where the files do not tell (an appliance that may be a firewall).
    pub kind: Option<NextHopKind>,
    /// The user-defined route that leads there; `None` for system routes.
    pub route: Option<RouteId>,
    /// The firewall, where it is one.
    pub firewall: Option<Link<FirewallId>>,
    /// The hub connection that brought the route, where one did.
    pub hub_connection: Option<HubConnectionId>,
}

/// How a subnet's machines get out to the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Egress {
    /// Through a NAT gateway with a public address.
    pub nat_gateway: Truth,
    /// A network interface with a public address of its own.
    pub public_ip: Truth,
    /// A load balancer's outbound rule or rule with outbound translation.
    pub load_balancer: Truth,
    /// Azure's default outbound access.
    pub default_outbound: Truth,
}

impl Egress {
    /// Whether there is any.
    #[must_use]
    pub fn any(self) -> Truth {
        self.nat_gateway
            .or(self.public_ip)
            .or(self.load_balancer)
            .or(self.default_outbound)
    }
}

impl Semantics<'_> {
    /// The packets from a subnet whose next hop is of one of the kinds.
    #[must_use]
    pub fn routed_to(&self, subnet: SubnetId, kinds: &[NextHopKind], family: Family) -> Answer {
        let _ = (subnet, kinds);
        Answer::undetermined(family, Vec::new())
    }

    /// The next hops an address may have from a subnet: one that is True, or several Unknown ones.
    #[must_use]
    pub fn next_hop(&self, subnet: SubnetId, address: IpAddr) -> Vec<(NextHop, Truth)> {
        let _ = (subnet, address);
        Vec::new()
    }

    /// The route for everything no other route is for: the next hops of 0.0.0.0/0 from a subnet,
    /// as [`Self::next_hop`] gives them.
    #[must_use]
    pub fn default_route(&self, subnet: SubnetId) -> Vec<(NextHop, Truth)> {
        let _ = subnet;
        Vec::new()
    }

    /// Whether a subnet has a default route that is not Azure's own.
    pub(crate) fn has_own_default_route(&self, subnet: SubnetId) -> Truth {
        let _ = subnet;
        Truth::Unknown
    }

    /// How the machines of a subnet get out.
    #[must_use]
    pub fn egress(&self, subnet: SubnetId) -> Egress {
        let _ = subnet;
        Egress {
            nat_gateway: Truth::Unknown,
            public_ip: Truth::Unknown,
            load_balancer: Truth::Unknown,
            default_outbound: Truth::Unknown,
        }
    }
}
