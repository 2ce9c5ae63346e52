//! Backend pools and the rules of load balancers.
//!
//! The rules have no arena of their own: the id of one is that of its load balancer and its place
//! there, sixteen bits each.

use super::nsg::protocol;
use super::read::{element, elements, field, host, link, links, list, object, text};
use super::{Field, Item, Kind, KindSpec, Member, Ty, World, outside, presence};
use crate::model::load_balancer::{
    BackendPool, Frontend, InboundNatRule, LoadBalancer, LoadBalancingRule, OutboundRule,
};
use crate::model::{LoadBalancerId, Meta, Network, PoolId};
use crate::policy::datum::{self, Data, Datum, Element};

const PLACES: u32 = 1 << 16;

/// The ids of the parts of a kind that all load balancers have.
pub(super) fn parts(network: &Network, kind: Kind) -> Vec<u32> {
    let balancers = network.load_balancers.iter().zip(0..PLACES);
    let count = |balancer: &LoadBalancer| {
        let count = match kind {
            Kind::LoadBalancingRule => balancer.rules.items.len(),
            Kind::InboundNatRule => balancer.nat_rules.len(),
            Kind::OutboundRule => balancer.outbound_rules.items.len(),
            _ => 0,
        };
        u32::try_from(count).unwrap_or(PLACES).min(PLACES)
    };
    balancers
        .flat_map(|(balancer, id)| (0..count(balancer)).map(move |place| id * PLACES + place))
        .collect()
}

/// Name, place and existence of a part.
pub(super) fn meta(network: &Network, of: Element) -> Option<&Meta> {
    let (balancer, place) = split(of.id);
    let balancer = network.load_balancers.get(balancer.0 as usize)?;
    match of.kind {
        Kind::LoadBalancingRule => balancer.rules.items.get(place).map(|rule| &rule.meta),
        Kind::InboundNatRule => balancer.nat_rules.get(place).map(|rule| &rule.meta),
        Kind::OutboundRule => balancer
            .outbound_rules
            .items
            .get(place)
            .map(|rule| &rule.meta),
        _ => None,
    }
}

/// The parts of a kind that one load balancer has.
pub(super) fn parts_of(world: &World<'_>, balancer: u32, kind: Kind) -> Datum {
    let all = parts(world.network, kind).into_iter();
    let own = all.filter(|id| id / PLACES == balancer);
    let rest = &world.network[LoadBalancerId(balancer)].rules.rest;
    elements(world, kind, own, rest.clone())
}

/// The load-balancing rules of a balancer that are of a kind.
pub(super) fn rules_that(
    world: &World<'_>,
    balancer: Option<LoadBalancerId>,
    uses: impl Fn(&LoadBalancingRule) -> bool,
) -> Datum {
    let Some(id) = balancer else {
        return Datum::list(Vec::new(), Some(outside("the load balancer")));
    };
    let rules = &world.network[id].rules;
    let using = rules.items.iter().zip(0..PLACES);
    let using = using.filter(|(rule, _)| uses(rule));
    let ids = using.map(|(_, place)| id.0 * PLACES + place);
    elements(world, Kind::LoadBalancingRule, ids, rules.rest.clone())
}

pub(super) static BACKEND_POOL: KindSpec = KindSpec {
    kind: Kind::BackendPool,
    name: "backend-pool",
    is_subject: true,
    doc: "A backend pool of a load balancer.",
    fields: &[
        Field::new(
            "load_balancer",
            Ty::One(Item::Element(Kind::LoadBalancer)),
            "its load balancer; null if that is not in the files",
            |w, id| {
                let balancer = pool(w, id).load_balancer.map(|id| id.0);
                super::read::owner(w, Kind::LoadBalancer, balancer)
            },
        ),
        Field::new(
            "network_interfaces",
            Ty::List(Item::Element(Kind::NetworkInterface)),
            "its members that are interfaces or configurations of scale sets",
            |w, id| {
                let members = &pool(w, id).network_interfaces;
                let ids = members.items.iter().map(|id| id.0);
                elements(w, Kind::NetworkInterface, ids, members.rest.clone())
            },
        ),
        Field::new(
            "addresses",
            Ty::List(Item::Address),
            "its members given by address",
            |w, id| list(&pool(w, id).addresses, host),
        ),
        Field::new(
            "virtual_network",
            Ty::One(Item::Element(Kind::VirtualNetwork)),
            "the network those addresses lie in",
            |w, id| {
                let network = &pool(w, id).virtual_network;
                link(w, network, Kind::VirtualNetwork, |id| id.0)
            },
        ),
        Field::new(
            "rules",
            Ty::List(Item::Element(Kind::LoadBalancingRule)),
            "the load-balancing rules that send traffic to it",
            |w, id| {
                let here = |rule: &LoadBalancingRule| {
                    let pools = rule.pools.items.iter();
                    pools
                        .filter_map(|pool| pool.value()?.here())
                        .any(|pool| pool.0 == id)
                };
                rules_that(w, pool(w, id).load_balancer, here)
            },
        ),
    ],
};

pub(super) static LOAD_BALANCING_RULE: KindSpec = KindSpec {
    kind: Kind::LoadBalancingRule,
    name: "load-balancing-rule",
    is_subject: true,
    doc: "A load-balancing rule.",
    fields: &[
        Field::new(
            "load_balancer",
            Ty::One(Item::Element(Kind::LoadBalancer)),
            "its load balancer",
            |w, id| element(w, Kind::LoadBalancer, split(id).0.0),
        ),
        Field::new(
            "probe",
            Ty::One(Item::Element(Kind::Probe)),
            "the probe that decides which members get traffic; null: none",
            |w, id| {
                of(rule(w, id), |rule| {
                    link(w, &rule.probe, Kind::Probe, |id| id.0)
                })
            },
        ),
        Field::new(
            "backend_pools",
            Ty::List(Item::Element(Kind::BackendPool)),
            "the pools it sends traffic to",
            |w, id| {
                of(rule(w, id), |rule| {
                    links(w, &rule.pools, Kind::BackendPool, |id| id.0)
                })
            },
        ),
        Field::new(
            "protocol",
            Ty::One(Item::Word(super::nsg::PROTOCOLS)),
            "`Tcp`, `Udp`, or `*` for everything (HA ports)",
            |w, id| of(rule(w, id), |rule| field(&rule.protocol, protocol)),
        ),
        Field::new(
            "frontend_port",
            Ty::NUMBER,
            "the port clients connect to; 0: every port",
            |w, id| of(rule(w, id), |rule| field(&rule.frontend_port, port)),
        ),
        Field::new(
            "backend_port",
            Ty::NUMBER,
            "the port members listen on; 0: every port",
            |w, id| of(rule(w, id), |rule| field(&rule.backend_port, port)),
        ),
        Field::new(
            "public",
            Ty::BOOL,
            "whether its frontend has a public address",
            |w, id| {
                let name = rule(w, id).and_then(|rule| rule.frontend.as_ref());
                let public = balancer(w, id).map(|balancer| balancer.is_public(name));
                public.map_or_else(absent, |public| {
                    Datum::truth_value(public, Some(outside("the frontend of the rule")))
                })
            },
        ),
        Field::new(
            "floating_ip",
            Ty::BOOL,
            "whether packets keep the frontend's address and port on their way to members; null: they do not",
            |w, id| of(rule(w, id), |rule| super::read::boolean(&rule.floating_ip)),
        ),
        Field::new(
            "disable_outbound_snat",
            Ty::BOOL,
            "whether members do not reach out through its frontend; null: they do",
            |w, id| {
                of(rule(w, id), |rule| {
                    super::read::boolean(&rule.disable_outbound_snat)
                })
            },
        ),
    ],
};

pub(super) static INBOUND_NAT_RULE: KindSpec = KindSpec {
    kind: Kind::InboundNatRule,
    name: "inbound-nat-rule",
    is_subject: true,
    doc: "An inbound NAT rule or pool of a load balancer.",
    fields: &[
        Field::new(
            "load_balancer",
            Ty::One(Item::Element(Kind::LoadBalancer)),
            "its load balancer",
            |w, id| element(w, Kind::LoadBalancer, split(id).0.0),
        ),
        Field::new(
            "protocol",
            Ty::One(Item::Word(super::nsg::PROTOCOLS)),
            "`Tcp`, `Udp`, or `*` for both",
            |w, id| of(nat(w, id), |rule| field(&rule.protocol, protocol)),
        ),
        Field::new(
            "frontend_port",
            Ty::NUMBER,
            "the port clients connect to, or the first of a range",
            |w, id| of(nat(w, id), |rule| field(&rule.frontend_port, port)),
        ),
        Field::new(
            "last_frontend_port",
            Ty::NUMBER,
            "the last port of a range; null: one port",
            |w, id| of(nat(w, id), |rule| field(&rule.last_port, port)),
        ),
        Field::new(
            "backend_port",
            Ty::NUMBER,
            "the port machines listen on",
            |w, id| of(nat(w, id), |rule| field(&rule.backend_port, port)),
        ),
        Field::new(
            "network_interfaces",
            Ty::List(Item::Element(Kind::NetworkInterface)),
            "the interfaces it leads to, those that are in the files",
            |w, id| {
                of(nat(w, id), |rule| {
                    let ids = rule.network_interfaces.iter().map(|id| id.0);
                    elements(w, Kind::NetworkInterface, ids, None)
                })
            },
        ),
        Field::new(
            "public",
            Ty::BOOL,
            "whether its frontend has a public address",
            |w, id| {
                let name = nat(w, id).and_then(|rule| rule.frontend.as_ref());
                let public = balancer(w, id).map(|balancer| balancer.is_public(name));
                public.map_or_else(absent, |public| {
                    Datum::truth_value(public, Some(outside("the frontend of the rule")))
                })
            },
        ),
    ],
};

pub(super) static OUTBOUND_RULE: KindSpec = KindSpec {
    kind: Kind::OutboundRule,
    name: "outbound-rule",
    is_subject: true,
    doc: "An outbound rule of a load balancer.",
    fields: &[
        Field::new(
            "load_balancer",
            Ty::One(Item::Element(Kind::LoadBalancer)),
            "its load balancer",
            |w, id| element(w, Kind::LoadBalancer, split(id).0.0),
        ),
        Field::new(
            "backend_pool",
            Ty::One(Item::Element(Kind::BackendPool)),
            "the pool whose members reach out",
            |w, id| {
                of(outbound(w, id), |rule| {
                    link(w, &rule.pool, Kind::BackendPool, |id| id.0)
                })
            },
        ),
        Field::new(
            "protocol",
            Ty::One(Item::Word(super::nsg::PROTOCOLS)),
            "`Tcp`, `Udp` or `*`; null: everything",
            |w, id| of(outbound(w, id), |rule| field(&rule.protocol, protocol)),
        ),
    ],
};

pub(super) const FRONTEND: &[Member] = &[
    ("name", Ty::TEXT, "its name"),
    ("public", Ty::BOOL, "whether it has a public address"),
    (
        "public_ip",
        Ty::One(Item::Element(Kind::PublicIp)),
        "its public address; null: none, or a prefix of addresses",
    ),
    (
        "public_ip_prefix",
        Ty::One(Item::Element(Kind::PublicIpPrefix)),
        "its prefix of public addresses; null: none",
    ),
    (
        "private_address",
        Ty::One(Item::Address),
        "its fixed private address; null: none",
    ),
    (
        "subnet",
        Ty::One(Item::Element(Kind::Subnet)),
        "the subnet of an internal one",
    ),
];

/// The frontends of a load balancer as objects.
pub(super) fn frontends(world: &World<'_>, id: u32) -> Datum {
    let balancer = &world.network[LoadBalancerId(id)];
    let one = |frontend: &Frontend| {
        let public = || outside("whether the frontend is public");
        let entries = object([
            ("name", field(&frontend.name, text)),
            (
                "public",
                Datum::truth_value(frontend.is_public(), Some(public())),
            ),
            (
                "public_ip",
                link(world, &frontend.public_ip, Kind::PublicIp, |id| id.0),
            ),
            (
                "public_ip_prefix",
                link(
                    world,
                    &frontend.public_ip_prefix,
                    Kind::PublicIpPrefix,
                    |id| id.0,
                ),
            ),
            ("private_address", field(&frontend.private_address, host)),
            (
                "subnet",
                link(world, &frontend.subnet, Kind::Subnet, |id| id.0),
            ),
        ]);
        let (present, because) = presence(&balancer.meta);
        datum::Item {
            datum: Datum::new(entries.data, frontend.name.origin),
            present,
            because,
        }
    };
    let all = balancer.frontends.items.iter().map(one).collect();
    Datum::list(all, balancer.frontends.rest.clone())
}

fn split(id: u32) -> (LoadBalancerId, usize) {
    (LoadBalancerId(id / PLACES), (id % PLACES) as usize)
}

fn balancer<'a>(world: &World<'a>, id: u32) -> Option<&'a LoadBalancer> {
    world.network.load_balancers.get(split(id).0.0 as usize)
}

fn rule<'a>(world: &World<'a>, id: u32) -> Option<&'a LoadBalancingRule> {
    balancer(world, id)?.rules.items.get(split(id).1)
}

fn nat<'a>(world: &World<'a>, id: u32) -> Option<&'a InboundNatRule> {
    balancer(world, id)?.nat_rules.get(split(id).1)
}

fn outbound<'a>(world: &World<'a>, id: u32) -> Option<&'a OutboundRule> {
    balancer(world, id)?.outbound_rules.items.get(split(id).1)
}

fn pool<'a>(world: &World<'a>, id: u32) -> &'a BackendPool {
    &world.network[PoolId(id)]
}

fn of<T>(part: Option<&T>, get: impl FnOnce(&T) -> Datum) -> Datum {
    part.map_or_else(absent, get)
}

fn absent() -> Datum {
    Datum::constant(Data::Absent)
}

fn port(port: &u16) -> Data {
    Data::Number(i64::from(*port))
}
