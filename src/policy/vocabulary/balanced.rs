//! Where load-balancing rules send packets.

use super::nsg::protocol_word;
use super::read::{boolean, element, field, name, object};
use super::targets::address_of;
use super::{Item, Kind, Ty, World};
use crate::eval::value::Truth;
use crate::model::address::ProtocolMatch;
use crate::model::load_balancer::{LoadBalancer, LoadBalancingRule};
use crate::model::{Link, LoadBalancerId, Network, NicId, NsgId};
use crate::policy::datum::{self, Data, Datum};

pub(super) const BALANCED: &[super::Member] = &[
    ("rule", Ty::TEXT, "the name of the load-balancing rule"),
    (
        "load_balancer",
        Ty::One(Item::Element(Kind::LoadBalancer)),
        "its load balancer",
    ),
    (
        "member",
        Ty::One(Item::Element(Kind::NetworkInterface)),
        "the pool member",
    ),
    (
        "address",
        Ty::One(Item::Address),
        "the member's address; only its subnet may be known of it",
    ),
    ("protocol", Ty::TEXT, "`Tcp`, `Udp` or `*`"),
    (
        "frontend_port",
        Ty::NUMBER,
        "the port clients connect to; 0 means every port",
    ),
    (
        "backend_port",
        Ty::NUMBER,
        "the port members listen on; 0 means every port",
    ),
    (
        "floating_ip",
        Ty::BOOL,
        "whether packets keep the frontend's address and port",
    ),
    (
        "public",
        Ty::BOOL,
        "whether its frontend has a public address",
    ),
];

pub(super) fn balanced_targets(world: &World<'_>, nsg: NsgId) -> Datum {
    let behind = world.index.behind(nsg);
    let mut items = Vec::new();
    for nic in behind.interfaces {
        items.extend(targets_of(world, nic));
    }
    Datum::list(items, behind.rest)
}

/// What the load-balancing rules of these files send to an interface.
pub(super) fn targets_of(world: &World<'_>, nic: NicId) -> Vec<datum::Item> {
    let rules = rules_to(world.network, nic);
    let targets = rules.into_iter().map(|(owner, rule)| {
        let balancer = &world.network[owner];
        target(world, (owner, balancer), rule, nic)
    });
    targets.collect()
}

/// The load-balancing rules of these files that send something to an interface.
pub(super) fn rules_to(network: &Network, nic: NicId) -> Vec<(LoadBalancerId, &LoadBalancingRule)> {
    let configurations = network[nic].ip_configurations.items.iter();
    let pools = configurations.flat_map(|one| &one.backend_pools.items);
    let mut pools: Vec<_> = pools
        .filter_map(|pool| pool.value().and_then(Link::here))
        .collect();
    pools.sort_unstable();
    pools.dedup();
    let mut found = Vec::new();
    for pool in pools {
        let Some(owner) = network[pool].load_balancer else {
            continue;
        };
        let sends = |rule: &&LoadBalancingRule| {
            let mut to = rule.pools.items.iter();
            to.any(|link| link.value().and_then(Link::here) == Some(pool))
        };
        let rules = network[owner].rules.items.iter().filter(sends);
        found.extend(rules.map(|rule| (owner, rule)));
    }
    found
}

fn target(
    world: &World<'_>,
    (owner, balancer): (LoadBalancerId, &LoadBalancer),
    rule: &LoadBalancingRule,
    nic: NicId,
) -> datum::Item {
    let port = |of| field(of, |port: &u16| Data::Number(i64::from(*port)));
    let protocol = field(&rule.protocol, |protocol| {
        Data::Text(match protocol {
            ProtocolMatch::Any => "*".into(),
            ProtocolMatch::Only(protocol) => protocol_word(*protocol).into(),
        })
    });
    let public = balancer.is_public(rule.frontend.as_ref());
    let entry = object([
        ("rule", name(&rule.meta)),
        ("load_balancer", element(world, Kind::LoadBalancer, owner.0)),
        ("member", element(world, Kind::NetworkInterface, nic.0)),
        ("address", address_of(world, nic)),
        ("protocol", protocol),
        ("frontend_port", port(&rule.frontend_port)),
        ("backend_port", port(&rule.backend_port)),
        ("floating_ip", boolean(&rule.floating_ip)),
        (
            "public",
            Datum::truth_value(public, Some(super::outside("the load balancer's frontend"))),
        ),
    ]);
    let mut present = Truth::True;
    let mut because = None;
    for meta in [&balancer.meta, &rule.meta, &world.network[nic].meta] {
        let (truth, why) = super::presence(meta);
        present = present.and(truth);
        because = because.or(why);
    }
    datum::Item {
        datum: Datum::new(entry.data, rule.meta.origin),
        present,
        because,
    }
}
