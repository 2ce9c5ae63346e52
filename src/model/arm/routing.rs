//! Route tables and routes.

use super::{back_reference, child, parent, parts, properties};
use crate::eval::Resource;
use crate::model::build::{BackReference, BackReferences, Bond, Builder, Part};
use crate::model::defect::{self, Start};
use crate::model::field::Node;
use crate::model::index::Id;
use crate::model::routing::{Appliance, ApplianceHop, Route, RouteTable};
use crate::model::{List, RouteId, RouteTableId, parse};

/// `Microsoft.Network/routeTables`
pub(super) fn table<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let from = properties(&builder.body(resource));
    let routes = parts(&meta, &from.get("routes"), "routes");
    let table: RouteTableId = builder.add(RouteTable {
        routes: List {
            items: Vec::new(),
            rest: routes.rest,
        },
        subnets: List::default(),
        bgp_propagation: from
            .get("disableBgpRoutePropagation")
            .flag()
            .map(|disabled| !disabled),
        meta,
    });
    for part in routes.parts {
        // Met by itself before: what is said by itself counts.
        if let Some(before) = builder.certain::<RouteId>(&part.meta)
            && builder.network[before].route_table.is_none()
        {
            builder.network[before].route_table = Some(table);
            builder.network[table].routes.items.push(before);
            continue;
        }
        let route = add(builder, part);
        builder.network[route].route_table = Some(table);
        builder.network[table].routes.items.push(route);
    }
    if builder.deployment.complete {
        builder.notes.back_references.push(BackReferences {
            owner: table.wrap(),
            subnets: back_reference(&from.get("subnets")),
            network_interfaces: BackReference::default(),
        });
    }
}

/// `Microsoft.Network/routeTables/routes`
pub(super) fn child_route<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let meta = part.meta.clone();
    // Written in its table and once more by itself: what is said by itself counts.
    if let Some(before) = builder.certain::<RouteId>(&meta) {
        let table = builder.network[before].route_table;
        let (element, hops) = route(part);
        builder.network[before] = element;
        builder.network[before].route_table = table;
        note(builder, before, hops);
        return;
    }
    let route = add(builder, part);
    builder.notes.route_of.push(Bond {
        left: parent(resource),
        right: route,
        meta,
    });
}

fn add<'a>(builder: &mut Builder<'a>, part: Part<'a>) -> RouteId {
    let (element, hops) = route(part);
    let route = builder.add(element);
    note(builder, route, hops);
    route
}

fn note<'a>(builder: &mut Builder<'a>, route: RouteId, (one, several): (Node<'a>, Vec<Node<'a>>)) {
    let hops = &mut builder.notes.next_hops;
    hops.push((route, None, one));
    for (place, hop) in several.into_iter().enumerate() {
        hops.push((route, Some(place), hop));
    }
}

/// A route, where its next hop's address is written, and where those of several are.
fn route(part: Part<'_>) -> (Route, (Node<'_>, Vec<Node<'_>>)) {
    let from = properties(&part.node);
    let hop = from.get("nextHopIpAddress");
    let spread = from.path(&["nextHop", "nextHopIpAddresses"]).items();
    let several = spread.items.iter().map(|address| ApplianceHop {
        address: address.field(parse::host),
        appliance: Appliance::Unknown,
    });
    let prefix = from.get("addressPrefix");
    let mut defects = Vec::new();
    defect::name(&part.meta, Start::LetterOrDigit, &mut defects);
    defect::blocks("address prefix", &[&prefix], &mut defects);
    let route = Route {
        route_table: None,
        prefix: prefix.field(parse::route_prefix),
        next_hop_type: from.get("nextHopType").field(parse::next_hop_type),
        next_hop_address: hop.field(parse::host),
        appliance: Appliance::NotApplicable,
        spread: List {
            items: several.collect(),
            rest: spread.rest,
        },
        defects,
        meta: part.meta,
    };
    (route, (hop, spread.items))
}
