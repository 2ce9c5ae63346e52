//! From where outside a network interface is reached.

use std::sync::Arc;

use super::balanced::rules_to;
use super::read::elements;
use super::targets::address_of;
use super::{Kind, World, outside};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::topology::NetworkInterface;
use crate::model::{self, Link, NicId, PublicIpId, State};
use crate::policy::datum::{self, Data, Datum};

/// Whether it has a public address, or an inbound NAT rule leads to it.
pub(super) fn public(nic: &NetworkInterface) -> Datum {
    let configurations = &nic.ip_configurations;
    let reached = nic.inline_public_ip
        || configurations.items.iter().any(|one| {
            let here = one.public_ip.value().and_then(Link::here);
            one.inbound_nat == Truth::True || here.is_some()
        });
    let unknown = configurations.rest.clone().or_else(|| {
        configurations.items.iter().find_map(|one| {
            let balancer = (one.inbound_nat == Truth::Unknown)
                .then(|| outside("the load balancer whose inbound NAT rule leads there"));
            match &one.public_ip.state {
                State::Unknown(unknown, _) => Some(Arc::clone(unknown)),
                State::Known(Link::External(key)) => Some(outside(Arc::clone(&key.0))),
                _ => balancer,
            }
        })
    });
    let data = match (reached, unknown) {
        (true, _) => Data::Bool(true),
        (false, Some(unknown)) => Data::Unknown(unknown, Arc::from([])),
        (false, None) => Data::Bool(false),
    };
    Datum::new(data, nic.meta.origin)
}

/// Whether it has a public address of its own.
pub(super) fn public_address(nic: &NetworkInterface) -> Datum {
    let configurations = &nic.ip_configurations;
    let mut answer = Truth::from(nic.inline_public_ip);
    let mut because = configurations.rest.clone();
    for one in &configurations.items {
        answer = answer.or(match &one.public_ip.state {
            State::Known(_) => Truth::True,
            State::Absent => Truth::False,
            State::Unknown(unknown, _) => {
                because.get_or_insert_with(|| Arc::clone(unknown));
                Truth::Unknown
            }
            State::Invalid { raw, .. } => {
                because.get_or_insert_with(|| super::read::invalid(raw));
                Truth::Unknown
            }
        });
    }
    if configurations.rest.is_some() {
        answer = answer.or(Truth::Unknown);
    }
    Datum::truth_value(answer, because)
}

/// The ports of an interface to which load balancers with a public frontend lead; 0 means every
/// port.
pub(super) fn balanced_ports(world: &World<'_>, nic: NicId) -> Datum {
    let network = world.network;
    let mut ways: Vec<(Truth, &model::Field<u16>)> = Vec::new();
    for (owner, rule) in rules_to(network, nic) {
        let public = network[owner].is_public(rule.frontend.as_ref());
        let port = match rule.floating_ip.value() {
            Some(true) => &rule.frontend_port,
            _ => &rule.backend_port,
        };
        ways.push((public, port));
    }
    let mut translated = false;
    for balancer in &network.load_balancers {
        let own = balancer.nat_rules.iter();
        for rule in own.filter(|rule| rule.network_interfaces.contains(&nic)) {
            translated = true;
            let public = balancer.is_public(rule.frontend.as_ref());
            ways.push((public, &rule.backend_port));
        }
    }
    let mut items = Vec::new();
    let mut rest: Option<Arc<Unknown>> = None;
    for (public, port) in ways {
        let here = match public {
            Truth::False => continue,
            Truth::True => port.value(),
            Truth::Unknown => None,
        };
        match here {
            Some(number) => {
                let number = Data::Number(i64::from(*number));
                items.push(datum::Item::certain(Datum::new(number, port.origin)));
            }
            None => {
                rest.get_or_insert_with(|| outside("to which ports load balancers lead"));
            }
        }
    }
    let configurations = &network[nic].ip_configurations;
    let elsewhere = configurations.items.iter().any(|one| {
        // A rule or pool outside the files leads to whatever port it names.
        let pools = &one.backend_pools;
        let away = pools.rest.is_some()
            || pools.items.iter().any(|pool| {
                let here = pool.value().and_then(Link::here);
                here.is_none_or(|pool| network[pool].load_balancer.is_none())
            });
        away || (one.inbound_nat != Truth::False && !translated)
    });
    if elsewhere || configurations.rest.is_some() {
        rest.get_or_insert_with(|| outside("to which ports load balancers lead"));
    }
    Datum::list(items, rest)
}

/// By which public address an interface is reached, for people.
pub(super) fn reached_by(world: &World<'_>, id: NicId) -> Datum {
    let nic = &world.network[id];
    let configurations = &nic.ip_configurations.items;
    let of = |id: PublicIpId| {
        let meta = &world.network[id].meta;
        meta.name.value().unwrap_or(&meta.address).to_string()
    };
    let mut ways: Vec<String> = configurations
        .iter()
        .filter_map(|one| match one.public_ip.value()? {
            Link::Here(id) => Some(of(*id)),
            Link::External(_) => Some("one outside the files".to_owned()),
        })
        .collect();
    if nic.inline_public_ip {
        ways.push("one for each instance of the scale set".to_owned());
    }
    if configurations
        .iter()
        .any(|one| one.inbound_nat == Truth::True)
    {
        ways.push("a load balancer's, through an inbound NAT rule".to_owned());
    }
    let balanced = rules_to(world.network, id)
        .into_iter()
        .any(|(owner, rule)| world.network[owner].is_public(rule.frontend.as_ref()) == Truth::True);
    if balanced {
        ways.push("a load balancer's, through a load-balancing rule".to_owned());
    }
    if ways.is_empty() {
        ways.push("none in the files".to_owned());
    }
    ways.dedup();
    Datum::new(Data::Text(ways.join(", ").into()), nic.meta.origin)
}

/// Its public addresses, those that are in the files.
pub(super) fn public_ips(world: &World<'_>, nic: &NetworkInterface) -> Datum {
    let ids = nic
        .ip_configurations
        .items
        .iter()
        .filter_map(|one| one.public_ip.value().and_then(Link::here))
        .map(|id| id.0);
    elements(world, Kind::PublicIp, ids, None)
}

/// Whether a translation rule of an Azure Firewall leads to it.
pub(super) fn dnat(world: &World<'_>, nic: NicId) -> Datum {
    use crate::model::firewall::FirewallRuleKind;
    let mut answer = Truth::False;
    let mut because = None;
    let target = address_of(world, nic);
    for rule in &world.network.firewall_rules {
        if rule.kind != FirewallRuleKind::Nat {
            continue;
        }
        let leads = match (&rule.translated_address.state, &target.data) {
            (State::Known(to), Data::Address(AddressPrefix::Block(block))) => {
                block.contains(to).into()
            }
            (State::Known(to), Data::Within(blocks)) => {
                let perhaps = blocks.iter().any(|block| match block {
                    AddressPrefix::Block(block) => block.contains(to),
                    _ => true,
                });
                if perhaps {
                    because = because.or_else(|| Some(outside("the interface's private address")));
                    Truth::Unknown
                } else {
                    Truth::False
                }
            }
            (State::Unknown(unknown, _), _) => {
                because = because.or_else(|| Some(Arc::clone(unknown)));
                Truth::Unknown
            }
            _ => Truth::False,
        };
        answer = answer.or(leads);
    }
    Datum::truth_value(answer, because)
}
