//! The routes of a subnet, as Azure's tools list them.

use super::EffectiveRouteRow;
use crate::engine::ask::tell::{Teller, name_of};
use crate::eval::value::Truth;
use crate::model::{Link, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::Family;
use crate::semantics::reach::Element;
use crate::semantics::routes::{
    EffectiveRoute, NextHopKind, RouteSource, RouteStanding, RouteTarget,
};

/// The routes of a subnet, the preferred first; those of IPv6 after those of IPv4, where it has any
/// address of it.
pub(super) fn of(
    teller: &Teller<'_>,
    semantics: &Semantics<'_>,
    subnet: SubnetId,
) -> Vec<EffectiveRouteRow> {
    let prefixes = &teller.network[subnet].address_prefixes.items;
    let has = |v6: bool| {
        let mut known = prefixes.iter().filter_map(|it| it.value());
        known.any(|block| block.addr().is_ipv6() == v6)
    };
    let mut families = vec![Family::V4];
    if has(true) {
        families.push(Family::V6);
        if !has(false) {
            families.remove(0);
        }
    }
    let name = teller.element(&Element::Subnet(subnet)).0;
    families
        .into_iter()
        .flat_map(|family| semantics.routes_of(subnet, family))
        .map(|route| row(teller, &name, &route))
        .collect()
}

fn row(teller: &Teller<'_>, subnet: &str, route: &EffectiveRoute) -> EffectiveRouteRow {
    let mut next_hop_types: Vec<&'static str> = Vec::new();
    let mut next_hop_addresses: Vec<String> = Vec::new();
    for hop in &route.hops {
        let kind = hop.kind.map_or("Unknown", hop_word);
        if !next_hop_types.contains(&kind) {
            next_hop_types.push(kind);
        }
        if let Some(address) = hop.address {
            next_hop_addresses.push(address.to_string());
        } else if let Some(Link::Here(firewall)) = &hop.firewall {
            next_hop_addresses.push(format!(
                "(address of {})",
                name_of(&teller.network[*firewall].meta)
            ));
        }
    }
    let network = teller.network;
    let (name, place) = match route.source {
        RouteSource::User(id) => {
            let told = teller.route(id);
            (Some(told.name), told.place)
        }
        RouteSource::Peering(Some(id)) => named(teller, &network[id].meta),
        RouteSource::Hub(id) => named(teller, &network[id].meta),
        RouteSource::Gateway(Some(id)) => named(teller, &network[id].meta),
        RouteSource::PrivateEndpoint(id) => named(teller, &network[id].meta),
        _ => (None, None),
    };
    EffectiveRouteRow {
        subnet: subnet.to_owned(),
        prefix: target(teller, &route.target),
        next_hop_types,
        next_hop_addresses,
        source: source(route.source),
        state: match route.standing {
            RouteStanding::Active => "active",
            RouteStanding::Overridden => "overridden",
            RouteStanding::Perhaps => "perhaps",
        },
        certain: route.certain == Truth::True,
        name,
        place,
    }
}

fn named(
    teller: &Teller<'_>,
    meta: &crate::model::Meta,
) -> (Option<String>, Option<crate::source::Span>) {
    (Some(name_of(meta)), teller.authored.element(meta.origin))
}

fn target(teller: &Teller<'_>, target: &RouteTarget) -> String {
    match target {
        RouteTarget::Block(block) => block.to_string(),
        RouteTarget::Tag(tag) => tag.name().to_owned(),
        RouteTarget::ServiceEndpoint(name) => name.to_string(),
        RouteTarget::PrivateEndpoint(id) => {
            format!("(address of {})", name_of(&teller.network[*id].meta))
        }
        RouteTarget::Unknown(Some(unknown)) => format!("({})", unknown.label),
        RouteTarget::Unknown(None) => "(not known)".to_owned(),
    }
}

/// The next hop type as Azure's tools spell it where they list effective routes.
fn hop_word(kind: NextHopKind) -> &'static str {
    match kind {
        NextHopKind::Internet => "Internet",
        NextHopKind::VirtualNetwork => "VnetLocal",
        NextHopKind::Peering => "VNetPeering",
        NextHopKind::Gateway => "VirtualNetworkGateway",
        NextHopKind::AzureFirewall | NextHopKind::Appliance => "VirtualAppliance",
        NextHopKind::None => "None",
        NextHopKind::ServiceEndpoint => "VirtualNetworkServiceEndpoint",
        NextHopKind::PrivateEndpoint => "InterfaceEndpoint",
    }
}

fn source(source: RouteSource) -> &'static str {
    match source {
        RouteSource::User(_) | RouteSource::Table => "user",
        RouteSource::System => "system",
        RouteSource::Platform => "platform",
        RouteSource::Peering(_) => "peering",
        RouteSource::Hub(_) => "hub",
        RouteSource::Gateway(_) => "gateway",
        RouteSource::ServiceEndpoint => "service-endpoint",
        RouteSource::PrivateEndpoint(_) => "private-endpoint",
    }
}
