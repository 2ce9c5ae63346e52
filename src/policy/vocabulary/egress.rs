//! Where a subnet's packets go.

use std::net::IpAddr;
use std::sync::Arc;

use super::attachment::subnets_of;
use super::read::{element, elements, field, object, text};
use super::{Item, Kind, Member, Ty, World, outside};
use crate::eval::value::Truth;
use crate::model::address::Protocol;
use crate::model::nsg::Direction;
use crate::model::{self, Link, NicId, State, SubnetId};
use crate::policy::datum::{self, Data, Datum, Element};
use crate::semantics::packet::Family;
use crate::semantics::routes::{NextHop, NextHopKind, PublicSource};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

const HOPS: &[&str] = &[
    "internet",
    "virtual-network",
    "peering",
    "gateway",
    "azure-firewall",
    "appliance",
    "none",
    "service-endpoint",
    "private-endpoint",
];

pub(crate) const NEXT_HOP: &[Member] = &[
    (
        "kind",
        Ty::One(Item::Word(HOPS)),
        "where the packets go; unknown for an appliance that these files do not tell",
    ),
    ("name", Ty::TEXT, "its name; null for a system route"),
    (
        "next_hop",
        Ty::TEXT,
        "where it leads, for people: `the appliance 10.0.0.4`, `the Internet`",
    ),
    (
        "user_defined",
        Ty::BOOL,
        "whether a user-defined route says so",
    ),
    (
        "route",
        Ty::One(Item::Element(Kind::Route)),
        "the user-defined route that says so; null for a system route",
    ),
    (
        "firewall",
        Ty::One(Item::Element(Kind::Firewall)),
        "the Azure Firewall, where it is one",
    ),
];

pub(super) const EGRESS: &[Member] = &[
    ("any", Ty::BOOL, "whether there is any way out of its own"),
    (
        "nat_gateway",
        Ty::BOOL,
        "a NAT gateway with a public address",
    ),
    ("public_ip", Ty::BOOL, "an interface with a public address"),
    (
        "load_balancer",
        Ty::BOOL,
        "a load balancer's outbound or translating rule",
    ),
    (
        "default_outbound",
        Ty::BOOL,
        "Azure's default outbound access",
    ),
];

pub(super) fn routes(world: &World<'_>, id: u32) -> Datum {
    match &world.network[SubnetId(id)].route_table.state {
        State::Known(Link::Here(table)) => {
            let routes = &world.network[*table].routes;
            let ids = routes.items.iter().map(|id| id.0);
            elements(world, Kind::Route, ids, routes.rest.clone())
        }
        State::Known(Link::External(key)) => {
            Datum::list(Vec::new(), Some(outside(Arc::clone(&key.0))))
        }
        State::Unknown(unknown, _) => Datum::list(Vec::new(), Some(Arc::clone(unknown))),
        _ => Datum::list(Vec::new(), None),
    }
}

fn hop_word(kind: NextHopKind) -> &'static str {
    match kind {
        NextHopKind::Internet => "internet",
        NextHopKind::VirtualNetwork => "virtual-network",
        NextHopKind::Peering => "peering",
        NextHopKind::Gateway => "gateway",
        NextHopKind::AzureFirewall => "azure-firewall",
        NextHopKind::Appliance => "appliance",
        NextHopKind::None => "none",
        NextHopKind::ServiceEndpoint => "service-endpoint",
        NextHopKind::PrivateEndpoint => "private-endpoint",
    }
}

pub(super) fn default_route(world: &World<'_>, id: u32) -> Datum {
    let id = SubnetId(id);
    next_hop_of(world, id, &world.semantics.default_route(id))
}

/// `route_to(subnet, address)`: where packets to one address go next.
pub(crate) fn route_to(world: &World<'_>, subnet: SubnetId, address: IpAddr) -> Datum {
    next_hop_of(world, subnet, &world.semantics.next_hop(subnet, address))
}

/// What is known of the next hops that some packets may have.
fn next_hop_of(world: &World<'_>, id: SubnetId, hops: &[(NextHop, Truth)]) -> Datum {
    let unknown = || {
        let place = hops.iter().find_map(|(hop, _)| hop.route());
        let named = place.and_then(|route| world.network[route].next_hop_address.unknown());
        named.map_or_else(
            || outside("where the default route of the subnet leads"),
            Arc::clone,
        )
    };
    let certain = match hops {
        [(hop, Truth::True)] => Some(hop),
        _ => None,
    };
    let route = hops.iter().find_map(|(hop, _)| hop.route());
    let origin = route.map_or(world.network[id].meta.origin, |route| {
        world.network[route].meta.origin
    });
    let kind = match certain.and_then(|hop| hop.kind) {
        Some(kind) => Data::Text(hop_word(kind).into()),
        None => {
            let kinds: Option<Vec<Datum>> = hops
                .iter()
                .map(|(hop, _)| hop.kind.map(|kind| Datum::text(hop_word(kind))))
                .collect();
            Data::Unknown(unknown(), kinds.unwrap_or_default().into())
        }
    };
    let route = match certain {
        Some(hop) => hop.route().map_or_else(
            || Datum::constant(Data::Absent),
            |route| element(world, Kind::Route, route.0),
        ),
        // Whichever hop it is, it is that route's.
        None => match route {
            Some(route) if hops.iter().all(|(hop, _)| hop.route() == Some(route)) => {
                element(world, Kind::Route, route.0)
            }
            _ => Datum::unknown(unknown()),
        },
    };
    let firewall = match certain.map(|hop| (&hop.firewall, hop.kind)) {
        Some((Some(Link::Here(firewall)), _)) => element(world, Kind::Firewall, firewall.0),
        Some((Some(Link::External(key)), _)) => Datum::constant(Data::External(Arc::clone(&key.0))),
        Some((None, Some(_))) => Datum::constant(Data::Absent),
        _ => Datum::unknown(unknown()),
    };
    let kind = Datum::new(kind, origin);
    let user_defined = match (&certain, &route.data) {
        (Some(hop), _) => Datum::constant(Data::Bool(hop.route().is_some())),
        (None, Data::Element(_)) if hops.iter().all(|(hop, _)| hop.route().is_some()) => {
            Datum::constant(Data::Bool(true))
        }
        _ => Datum::unknown(unknown()),
    };
    let (name, next_hop) = match &route.data {
        Data::Element(found) => {
            let found = &world.network[model::RouteId(found.id)];
            (field(&found.meta.name, text), next_hop_text(world, found))
        }
        _ => {
            let text = match certain.map(|hop| (hop.kind, &hop.firewall)) {
                Some((Some(NextHopKind::AzureFirewall), Some(Link::Here(firewall)))) => {
                    firewall_text(world, *firewall)
                }
                Some((Some(NextHopKind::AzureFirewall), _)) => "an Azure Firewall".to_owned(),
                Some((Some(NextHopKind::Internet), _)) => "the Internet".to_owned(),
                Some((Some(NextHopKind::Gateway), _)) => "a virtual network gateway".to_owned(),
                Some((Some(kind), _)) => hop_word(kind).to_owned(),
                _ => "a next hop that these files do not tell".to_owned(),
            };
            (Datum::constant(Data::Absent), Datum::text(text))
        }
    };
    object([
        ("name", name),
        ("next_hop", next_hop),
        ("user_defined", user_defined),
        ("kind", kind),
        ("route", route),
        ("firewall", firewall),
    ])
}

fn firewall_text(world: &World<'_>, firewall: model::FirewallId) -> String {
    let firewall = Element {
        kind: Kind::Firewall,
        id: firewall.0,
    };
    format!("the Azure Firewall `{}`", firewall.display(world))
}

/// Where a route leads, for people.
pub(super) fn next_hop_text(world: &World<'_>, route: &model::routing::Route) -> Datum {
    use crate::model::routing::NextHopType;
    let text = match route.next_hop_type.value() {
        Some(NextHopType::VirtualAppliance) => behind_address(world, route),
        Some(NextHopType::VirtualApplianceEcmp) => "several appliances".to_owned(),
        Some(NextHopType::Internet) => "the Internet".to_owned(),
        Some(NextHopType::VirtualNetworkGateway) => "a virtual network gateway".to_owned(),
        Some(NextHopType::VnetLocal) => "the virtual network".to_owned(),
        Some(NextHopType::None) => "nowhere (`None`)".to_owned(),
        None => "a next hop that these files do not tell".to_owned(),
    };
    Datum::new(Data::Text(text.into()), route.next_hop_type.origin)
}

/// What has the address of a virtual appliance, and the address where it is written.
fn behind_address(world: &World<'_>, route: &model::routing::Route) -> String {
    use crate::model::routing::Appliance;
    let named = |what: &str, meta: &model::Meta| match &meta.name.state {
        State::Known(name) => format!("{what} `{name}`"),
        State::Unknown(unknown, _) => format!("{what} `{}`", unknown.label),
        _ => format!("{what} `{}`", meta.address),
    };
    let what = match &route.appliance {
        Appliance::Firewall(id) | Appliance::ExternalFirewall(Link::Here(id)) => {
            named("the Azure Firewall", &world.network[*id].meta)
        }
        Appliance::ExternalFirewall(Link::External(_)) => {
            "an Azure Firewall outside these files".to_owned()
        }
        Appliance::NetworkInterface(id) => named("the network interface", &world.network[*id].meta),
        Appliance::LoadBalancer(id) => named("the load balancer", &world.network[*id].meta),
        Appliance::Unknown | Appliance::NotApplicable => match &route.next_hop_address.state {
            State::Known(address) => return format!("the appliance {address}"),
            State::Unknown(unknown, _) => return format!("the appliance {}", unknown.label),
            _ => return "an appliance".to_owned(),
        },
    };
    match route.next_hop_address.value() {
        Some(address) => format!("{what} ({address})"),
        None => what,
    }
}

pub(super) fn egress(world: &World<'_>, id: u32) -> Datum {
    let egress = world.semantics.egress(SubnetId(id));
    let value =
        |truth| Datum::truth_value(truth, Some(outside("how the subnet's machines get out")));
    object([
        ("any", value(egress.any())),
        ("nat_gateway", value(egress.nat_gateway)),
        ("public_ip", value(egress.public_ip)),
        ("load_balancer", value(egress.load_balancer)),
        ("default_outbound", value(egress.default_outbound)),
    ])
}

/// The public addresses of these files with which the Internet sees what an interface sends over
/// TCP. IPv4 only.
pub(super) fn egress_addresses(world: &World<'_>, id: u32) -> Datum {
    let nic = NicId(id);
    let spec = FlowSpec {
        direction: Direction::Outbound,
        protocols: vec![Protocol::Tcp],
        from: Vec::new(),
        to: vec![AddressSpec::NamedSet("public".into())],
        ports: Vec::new(),
        source_ports: Vec::new(),
    };
    let flows = world.semantics.flows(&spec, Scope::Nic(nic), Family::V4);
    let mut items: Vec<datum::Item> = Vec::new();
    let mut rest = None;
    for subnet in subnets_of(world.network, nic) {
        for way in world.semantics.egress_of(Some(nic), subnet, &flows) {
            let hit = way.flows.is_hit();
            let unknown = || hit.unknowns.first().cloned();
            let unknown =
                || unknown().unwrap_or_else(|| outside("the public address of the interface"));
            for source in &way.sources {
                let PublicSource::Address(Link::Here(address)) = source else {
                    // Addresses of the platform are nobody's in the files.
                    let of_platform = matches!(source, PublicSource::Platform);
                    rest = rest.or_else(|| (!of_platform).then(unknown));
                    continue;
                };
                let datum = element(world, Kind::PublicIp, address.0);
                if items
                    .iter()
                    .any(|item| item.datum.equals(&datum) == Truth::True)
                {
                    continue;
                }
                let because = (hit.truth != Truth::True).then(unknown);
                items.push(datum::Item {
                    datum,
                    present: hit.truth,
                    because,
                });
            }
        }
    }
    Datum::list(items, rest)
}
