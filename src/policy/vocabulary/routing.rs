//! Route tables and routes.

mod defects;
mod next_hop;

use ipnet::IpNet;

use super::nsg::{DEFECT, UNKNOWN_TAG, unknown_of};
use super::read::{address, boolean, element, elements, field, name};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::address::AddressPrefix;
use crate::model::routing::{Appliance, NextHopType, Route, RoutePrefix, RouteTable};
use crate::model::{Link, RouteId, RouteTableId};
use crate::policy::datum::{Data, Datum};

const NEXT_HOPS: &[&str] = &[
    "VirtualNetworkGateway",
    "VnetLocal",
    "Internet",
    "VirtualAppliance",
    "VirtualApplianceEcmp",
    "None",
];
const APPLIANCES: &[&str] = &["firewall", "network-interface", "load-balancer", "unknown"];

pub(super) static ROUTE_TABLE: KindSpec = KindSpec {
    kind: Kind::RouteTable,
    name: "route-table",
    is_subject: true,
    doc: "A route table.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&table(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&table(w, id).meta),
        },
        Field {
            name: "routes",
            ty: Ty::List(Item::Element(Kind::Route)),
            doc: "its routes",
            get: |w, id| {
                let routes = &table(w, id).routes;
                elements(
                    w,
                    Kind::Route,
                    routes.items.iter().map(|id| id.0),
                    routes.rest.clone(),
                )
            },
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets it is attached to",
            get: |w, id| {
                let subnets = &table(w, id).subnets;
                elements(
                    w,
                    Kind::Subnet,
                    subnets.items.iter().map(|id| id.0),
                    subnets.rest.clone(),
                )
            },
        },
        Field {
            name: "bgp_propagation",
            ty: Ty::BOOL,
            doc: "whether routes learnt through gateways apply; null: they do",
            get: |w, id| boolean(&table(w, id).bgp_propagation),
        },
    ],
};

pub(super) static ROUTE: KindSpec = KindSpec {
    kind: Kind::Route,
    name: "route",
    is_subject: true,
    doc: "A user-defined route.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&route(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&route(w, id).meta),
        },
        Field {
            name: "prefix",
            ty: Ty::One(Item::Address),
            doc: "what it is for: a block or a service tag",
            get: |w, id| field(&route(w, id).prefix, prefix),
        },
        Field {
            name: "address_prefix",
            ty: Ty::TEXT,
            doc: "the same as text, blocks with their length: `10.0.0.4/32`",
            get: |w, id| {
                field(&route(w, id).prefix, |prefix| {
                    Data::Text(match prefix {
                        RoutePrefix::Block(block) => block.to_string().into(),
                        RoutePrefix::Tag(tag) => tag.name().into(),
                    })
                })
            },
        },
        Field {
            name: "next_hop_type",
            ty: Ty::One(Item::Word(NEXT_HOPS)),
            doc: "`VirtualNetworkGateway`, `VnetLocal`, `Internet`, `VirtualAppliance` or `None`",
            get: |w, id| field(&route(w, id).next_hop_type, hop_type),
        },
        Field {
            name: "next_hop_address",
            ty: Ty::One(Item::Address),
            doc: "the address of a `VirtualAppliance`",
            get: |w, id| {
                field(&route(w, id).next_hop_address, |address| {
                    Data::Address(AddressPrefix::Block(IpNet::from(*address)))
                })
            },
        },
        Field {
            name: "leads_to",
            ty: Ty::TEXT,
            doc: "its next hop, for people",
            get: |w, id| super::egress::next_hop_text(w, route(w, id)),
        },
        Field {
            name: "appliance",
            ty: Ty::One(Item::Word(APPLIANCES)),
            doc: "what stands behind that address: `firewall`, `network-interface`, `load-balancer` or `unknown`; null for other next hops",
            get: |w, id| appliance(w, id),
        },
        Field {
            name: "firewall",
            ty: Ty::One(Item::Element(Kind::Firewall)),
            doc: "the Azure Firewall behind that address; null if it is none",
            get: |w, id| firewall(w, id),
        },
        Field {
            name: "route_table",
            ty: Ty::One(Item::Element(Kind::RouteTable)),
            doc: "its table; null if that is not in the files",
            get: |w, id| match route(w, id).route_table {
                Some(table) => element(w, Kind::RouteTable, table.0),
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets its table is attached to",
            get: next_hop::subnets,
        },
        Field {
            name: "network_interface",
            ty: Ty::One(Item::Element(Kind::NetworkInterface)),
            doc: "the network interface that has the next hop's address; null if none has",
            get: |w, id| next_hop::appliance(w, id, Kind::NetworkInterface),
        },
        Field {
            name: "load_balancer",
            ty: Ty::One(Item::Element(Kind::LoadBalancer)),
            doc: "the load balancer that has the next hop's address; null if none has",
            get: |w, id| next_hop::appliance(w, id, Kind::LoadBalancer),
        },
        Field {
            name: "next_hop_subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets that hold the next hop's address, in the networks of its own subnets and those peered with them",
            get: next_hop::homes,
        },
        Field {
            name: "next_hop_reserved",
            ty: Ty::BOOL,
            doc: "whether the next hop's address is one of the five that Azure keeps in its subnet",
            get: next_hop::is_kept,
        },
        Field {
            name: "same_name",
            ty: Ty::One(Item::Element(Kind::Route)),
            doc: "an earlier route of its table with its name; null: none",
            get: |w, id| defects::same_as(w, id, defects::same_name),
        },
        Field {
            name: "same_prefix",
            ty: Ty::One(Item::Element(Kind::Route)),
            doc: "an earlier route of its table with its prefix; null: none",
            get: |w, id| defects::same_as(w, id, defects::same_prefix),
        },
        Field {
            name: "unknown_tags",
            ty: Ty::List(Item::Object(UNKNOWN_TAG)),
            doc: "the service tag it is for, if that is not documented",
            get: |w, id| {
                let prefix = &route(w, id).prefix;
                let tag = match prefix.value() {
                    Some(RoutePrefix::Tag(tag)) => Some((tag, prefix.origin)),
                    _ => None,
                };
                unknown_of(w, tag.into_iter())
            },
        },
        Field {
            name: "defects",
            ty: Ty::List(Item::Object(DEFECT)),
            doc: "what Azure refuses about it",
            get: defects::defects,
        },
    ],
};

fn table<'a>(world: &World<'a>, id: u32) -> &'a RouteTable {
    &world.network[RouteTableId(id)]
}

fn route<'a>(world: &World<'a>, id: u32) -> &'a Route {
    &world.network[RouteId(id)]
}

fn prefix(value: &RoutePrefix) -> Data {
    Data::Address(match value {
        RoutePrefix::Block(block) => AddressPrefix::Block(*block),
        RoutePrefix::Tag(tag) => AddressPrefix::Tag(tag.clone()),
    })
}

fn hop_type(value: &NextHopType) -> Data {
    Data::Text(match value {
        NextHopType::VirtualNetworkGateway => "VirtualNetworkGateway".into(),
        NextHopType::VnetLocal => "VnetLocal".into(),
        NextHopType::Internet => "Internet".into(),
        NextHopType::VirtualAppliance => "VirtualAppliance".into(),
        NextHopType::VirtualApplianceEcmp => "VirtualApplianceEcmp".into(),
        NextHopType::None => "None".into(),
    })
}

fn appliance(world: &World<'_>, id: u32) -> Datum {
    let route = route(world, id);
    let data = match &route.appliance {
        Appliance::NotApplicable => Data::Absent,
        Appliance::Firewall(_) | Appliance::ExternalFirewall(_) => Data::Text("firewall".into()),
        Appliance::NetworkInterface(_) => Data::Text("network-interface".into()),
        Appliance::LoadBalancer(_) => Data::Text("load-balancer".into()),
        Appliance::Unknown => Data::Text("unknown".into()),
    };
    Datum::new(data, route.next_hop_address.origin)
}

fn firewall(world: &World<'_>, id: u32) -> Datum {
    let route = route(world, id);
    let data = match &route.appliance {
        Appliance::Firewall(firewall) => element(world, Kind::Firewall, firewall.0).data,
        Appliance::ExternalFirewall(Link::Here(firewall)) => {
            element(world, Kind::Firewall, firewall.0).data
        }
        Appliance::ExternalFirewall(Link::External(key)) => {
            Data::External(std::sync::Arc::clone(&key.0))
        }
        Appliance::Unknown => {
            let what = "what stands behind the route's next hop";
            return Datum::new(
                Data::Unknown(super::outside(what), std::sync::Arc::from([])),
                route.next_hop_address.origin,
            );
        }
        _ => Data::Absent,
    };
    Datum::new(data, route.next_hop_address.origin)
}
