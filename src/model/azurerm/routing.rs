//! Route tables and routes.

use super::{add, blocks, by_name, is_here, place, whole};
use crate::eval::Resource;
use crate::model::build::{Bond, Builder, Part};
use crate::model::defect::{self, Start};
use crate::model::routing::{Appliance, Route, RouteTable};
use crate::model::{List, RouteId, RouteTableId, parse};

const TABLES: &str = "microsoft.network/routetables";

/// `azurerm_route_table`
pub(super) fn table<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, TABLES);
    if is_here::<RouteTableId>(builder, resource, here.as_ref()) {
        return;
    }
    let meta = builder.meta(resource);
    let body = builder.body(resource);
    let routes = blocks(&meta, &body, "route");
    let enabled = body.get("bgp_route_propagation_enabled");
    let disabled = body.get("disable_bgp_route_propagation");
    let element = RouteTable {
        routes: List {
            items: Vec::new(),
            rest: routes.rest,
        },
        subnets: List::default(),
        bgp_propagation: if enabled.is_absent() {
            disabled.flag().map(|disabled| !disabled)
        } else {
            enabled.flag()
        },
        meta,
    };
    let table: RouteTableId = add(builder, resource, TABLES, element);
    for part in routes.parts {
        let route = route(builder, part);
        builder.network[route].route_table = Some(table);
        builder.network[table].routes.items.push(route);
    }
}

/// `azurerm_route`
pub(super) fn separate_route<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let meta = part.meta.clone();
    let left = by_name(builder, resource, &part.node, "route_table_name", TABLES);
    let right = route(builder, part);
    builder.notes.route_of.push(Bond { left, right, meta });
}

fn route<'a>(builder: &mut Builder<'a>, part: Part<'a>) -> RouteId {
    let from = &part.node;
    let hop = from.get("next_hop_in_ip_address");
    let prefix = from.get("address_prefix");
    let mut defects = Vec::new();
    defect::name(&part.meta, Start::LetterOrDigit, &mut defects);
    defect::blocks("address prefix", &[&prefix], &mut defects);
    let element = Route {
        route_table: None,
        prefix: prefix.field(parse::route_prefix),
        next_hop_type: from.get("next_hop_type").field(parse::next_hop_type),
        next_hop_address: hop.field(parse::host),
        appliance: Appliance::NotApplicable,
        spread: List::default(),
        defects,
        meta: part.meta,
    };
    let route = builder.add(element);
    builder.notes.next_hops.push((route, None, hop));
    route
}
