//! Next hops and where routes come from.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::eval::value::{Truth, Unknown};
use crate::model::address::ServiceTag;
use crate::model::routing::{Appliance, NextHopType, Route};
use crate::model::{
    FirewallId, GatewayId, HubConnectionId, Link, Network, PeeringId, PrivateEndpointId, RouteId,
    State,
};

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
    /// Straight to a private endpoint.
    PrivateEndpoint,
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteSource {
    /// A user-defined route.
    User(RouteId),
    /// The subnet's route table, in a part that the files do not tell.
    Table,
    /// Azure, in every subnet.
    System,
    /// Azure, for addresses of the platform's own, which no route moves.
    Platform,
    /// A peering; `None` for one that is not in the files.
    Peering(Option<PeeringId>),
    /// A connection to a virtual hub.
    Hub(HubConnectionId),
    /// A VPN or ExpressRoute gateway; `None` for one that is not in the files.
    Gateway(Option<GatewayId>),
    /// A service endpoint of the subnet.
    ServiceEndpoint,
    /// A private endpoint.
    PrivateEndpoint(PrivateEndpointId),
}

/// What a route is for.
#[derive(Clone, Debug)]
pub enum RouteTarget {
    /// A block of addresses.
    Block(IpNet),
    /// The addresses of a service tag.
    Tag(ServiceTag),
    /// The addresses of a service, by the name of its endpoint: `Microsoft.Storage`.
    ServiceEndpoint(Arc<str>),
    /// The address of a private endpoint that Azure picks.
    PrivateEndpoint(PrivateEndpointId),
    /// Addresses that the files do not tell, and what would settle it.
    Unknown(Option<Arc<Unknown>>),
}

impl RouteTarget {
    /// Whether both are certainly the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Block(a), Self::Block(b)) => a == b,
            (Self::Tag(a), Self::Tag(b)) => a == b,
            (Self::ServiceEndpoint(a), Self::ServiceEndpoint(b)) => a == b,
            (Self::PrivateEndpoint(a), Self::PrivateEndpoint(b)) => a == b,
            _ => false,
        }
    }
}

/// One next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// Its kind; `None` where the files do not tell (an appliance that may be a firewall).
    pub kind: Option<NextHopKind>,
    /// The route that leads there.
    pub source: RouteSource,
    /// The firewall, where it is one.
    pub firewall: Option<Link<FirewallId>>,
    /// The address of an appliance, if it is known.
    pub address: Option<IpAddr>,
    /// What has that address.
    pub appliance: Appliance,
    /// Whether an appliance that is a network interface forwards packets of others
    /// (`enableIPForwarding`): without, Azure drops them. True for everything else.
    pub forwards: Truth,
}

impl NextHop {
    /// A next hop that is no appliance.
    pub(super) fn plain(kind: NextHopKind, source: RouteSource) -> Self {
        Self {
            kind: Some(kind),
            source,
            firewall: None,
            address: None,
            appliance: Appliance::NotApplicable,
            forwards: Truth::True,
        }
    }

    /// An Azure Firewall that a hub leads to; `None`: something that the files do not tell.
    pub(super) fn of_hub(id: HubConnectionId, firewall: Option<&Link<FirewallId>>) -> Self {
        let appliance = match firewall {
            Some(Link::Here(id)) => Appliance::Firewall(*id),
            Some(link) => Appliance::ExternalFirewall(link.clone()),
            None => Appliance::Unknown,
        };
        Self {
            kind: firewall.map(|_| NextHopKind::AzureFirewall),
            firewall: firewall.cloned(),
            appliance,
            ..Self::plain(NextHopKind::None, RouteSource::Hub(id))
        }
    }

    /// The user-defined route that leads there; `None` for others.
    #[must_use]
    pub fn route(&self) -> Option<RouteId> {
        match self.source {
            RouteSource::User(route) => Some(route),
            _ => None,
        }
    }

    /// Whether a route of the author's, a hub's or a gateway's leads there, not one of Azure's own.
    pub(super) fn is_own(&self) -> bool {
        matches!(
            self.source,
            RouteSource::User(_)
                | RouteSource::Table
                | RouteSource::Hub(_)
                | RouteSource::Gateway(_)
        )
    }
}

/// The next hops a user-defined route may have. Several that are all there at once
/// (`VirtualApplianceEcmp`) are told by [`spreads`].
pub(super) fn hops_of(network: &Network, id: RouteId, route: &Route) -> Vec<NextHop> {
    let mut hops = Vec::new();
    let source = RouteSource::User(id);
    let mut of_type = |kind: NextHopType| match kind {
        NextHopType::VirtualNetworkGateway => {
            hops.push(NextHop::plain(NextHopKind::Gateway, source));
        }
        NextHopType::VnetLocal => hops.push(NextHop::plain(NextHopKind::VirtualNetwork, source)),
        NextHopType::Internet => hops.push(NextHop::plain(NextHopKind::Internet, source)),
        NextHopType::None => hops.push(NextHop::plain(NextHopKind::None, source)),
        NextHopType::VirtualAppliance => {
            let address = route.next_hop_address.value().copied();
            hops.push(appliance(network, source, &route.appliance, address));
        }
        NextHopType::VirtualApplianceEcmp => {
            for hop in &route.spread.items {
                let address = hop.address.value().copied();
                hops.push(appliance(network, source, &hop.appliance, address));
            }
            if route.spread.rest.is_some() || route.spread.items.is_empty() {
                hops.push(appliance(network, source, &Appliance::Unknown, None));
            }
        }
    };
    match &route.next_hop_type.state {
        State::Known(kind) => of_type(*kind),
        State::Unknown(_, Some(all)) if !all.is_empty() => {
            for kind in all {
                of_type(*kind);
            }
        }
        _ => {
            for kind in [
                NextHopType::VirtualNetworkGateway,
                NextHopType::VnetLocal,
                NextHopType::Internet,
                NextHopType::None,
                NextHopType::VirtualAppliance,
            ] {
                of_type(kind);
            }
        }
    }
    let mut once: Vec<NextHop> = Vec::with_capacity(hops.len());
    for hop in hops {
        if !once.contains(&hop) {
            once.push(hop);
        }
    }
    once
}

fn appliance(
    network: &Network,
    source: RouteSource,
    appliance: &Appliance,
    address: Option<IpAddr>,
) -> NextHop {
    let (kind, firewall) = match appliance {
        Appliance::Firewall(id) => (Some(NextHopKind::AzureFirewall), Some(Link::Here(*id))),
        Appliance::ExternalFirewall(link) => (Some(NextHopKind::AzureFirewall), Some(link.clone())),
        Appliance::NetworkInterface(_) | Appliance::LoadBalancer(_) => {
            (Some(NextHopKind::Appliance), None)
        }
        Appliance::Unknown | Appliance::NotApplicable => (None, None),
    };
    let forwards = match appliance {
        Appliance::NetworkInterface(nic) => match &network[*nic].ip_forwarding.state {
            State::Known(on) => Truth::from(*on),
            State::Absent => Truth::False,
            _ => Truth::Unknown,
        },
        Appliance::Unknown => Truth::Unknown,
        _ => Truth::True,
    };
    NextHop {
        kind,
        source,
        firewall,
        address,
        appliance: match appliance {
            Appliance::NotApplicable => Appliance::Unknown,
            other => other.clone(),
        },
        forwards,
    }
}

/// Every next hop a route that is not in the files may have.
pub(super) fn any_hop() -> Vec<NextHop> {
    let unknown = NextHop {
        kind: None,
        appliance: Appliance::Unknown,
        forwards: Truth::Unknown,
        ..NextHop::plain(NextHopKind::None, RouteSource::Table)
    };
    let kinds = [
        NextHopKind::Gateway,
        NextHopKind::VirtualNetwork,
        NextHopKind::Internet,
        NextHopKind::None,
    ];
    let plain = kinds.map(|kind| NextHop::plain(kind, RouteSource::Table));
    plain.into_iter().chain([unknown]).collect()
}
