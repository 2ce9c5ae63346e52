//! Where a person wrote an element of the network: its own block or object, or the element of the
//! loop, variable or call that it came from (`policy::primary`).

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::datum::Element;
use super::primary::{self, About, Typed};
use super::vocabulary::Kind;
use crate::eval::Deployment;
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::{Field, FirewallRuleId, List, Network, RouteId, SecurityRuleId};
use crate::origin::OriginId;
use crate::semantics::packet::Flow;
use crate::source::{FileId, Span};

/// The elements of one deployment and their places.
pub struct Authored<'a> {
    deployment: &'a Deployment,
    network: &'a Network,
    foreign: &'a BTreeSet<FileId>,
    typed: OnceCell<Typed>,
}

impl<'a> Authored<'a> {
    /// Takes a deployment, its network, and the files nobody here wrote.
    #[must_use]
    pub fn new(
        deployment: &'a Deployment,
        network: &'a Network,
        foreign: &'a BTreeSet<FileId>,
    ) -> Self {
        Self {
            deployment,
            network,
            foreign,
            typed: OnceCell::new(),
        }
    }

    /// Where a security rule was written, as far as it is about a packet.
    #[must_use]
    pub fn security_rule(&self, rule: SecurityRuleId, witness: Option<&Flow>) -> Option<Span> {
        self.chosen(&security_rule(self.network, rule, witness))
    }

    /// Where a firewall's rule was written.
    #[must_use]
    pub fn firewall_rule(&self, rule: FirewallRuleId) -> Option<Span> {
        self.chosen(&firewall_rule(self.network, rule))
    }

    /// Where a route was written.
    #[must_use]
    pub fn route(&self, route: RouteId) -> Option<Span> {
        self.chosen(&self::route(self.network, route))
    }

    /// Where an element with nothing but a header was written.
    #[must_use]
    pub fn element(&self, subject: OriginId) -> Option<Span> {
        self.chosen(&About {
            subject,
            deciding: Vec::new(),
            fields: Vec::new(),
        })
    }

    /// Where a value was typed, or what it belongs to begins.
    #[must_use]
    pub fn value(&self, origin: OriginId) -> Option<Span> {
        place_of(self.deployment, origin)
    }

    fn chosen(&self, about: &About) -> Option<Span> {
        let origins = &self.deployment.origins;
        let typed = || self.typed.get_or_init(|| Typed::new(origins));
        primary::choose(origins, typed, about, self.foreign).map(|places| places.primary)
    }
}

/// What a finding on a security rule is about: of its lists the items that hold the packet decide.
pub(crate) fn security_rule(
    network: &Network,
    rule: SecurityRuleId,
    witness: Option<&Flow>,
) -> About {
    let rule = &network[rule];
    let mut deciding = Vec::new();
    for item in &rule.destination_ports.items {
        if witness.is_none_or(|flow| holds_port(item, flow.destination_port)) {
            deciding.push(item.origin);
        }
    }
    for item in &rule.source.items {
        if witness.is_none_or(|flow| holds_address(item, flow.source)) {
            deciding.push(item.origin);
        }
    }
    for item in &rule.destination.items {
        if witness.is_none_or(|flow| holds_address(item, flow.destination)) {
            deciding.push(item.origin);
        }
    }
    deciding.push(rule.access.origin);
    About {
        subject: rule.meta.origin,
        deciding: written(deciding, rule.meta.origin),
        fields: vec![
            vec![rule.meta.name.origin],
            vec![rule.priority.origin],
            vec![rule.direction.origin],
            vec![rule.access.origin],
            vec![rule.protocol.origin],
            items(&rule.source),
            items(&rule.destination),
            items(&rule.destination_ports),
        ],
    }
}

/// What a finding on a firewall's rule is about.
pub(crate) fn firewall_rule(network: &Network, rule: FirewallRuleId) -> About {
    let rule = &network[rule];
    About {
        subject: rule.meta.origin,
        deciding: items(&rule.destination_ports),
        fields: vec![
            vec![rule.meta.name.origin],
            vec![rule.action.origin],
            items(&rule.source),
            items(&rule.destination),
            items(&rule.destination_ports),
        ],
    }
}

/// What a finding on a route is about.
pub(crate) fn route(network: &Network, route: RouteId) -> About {
    let route = &network[route];
    let header = route.meta.origin;
    let deciding = vec![
        route.prefix.origin,
        route.next_hop_type.origin,
        route.next_hop_address.origin,
    ];
    About {
        subject: header,
        deciding: written(deciding, header),
        fields: vec![
            vec![route.meta.name.origin],
            vec![route.prefix.origin],
            vec![route.next_hop_type.origin],
            vec![route.next_hop_address.origin],
        ],
    }
}

/// Where a value was typed, or what it belongs to begins.
pub(crate) fn place_of(deployment: &Deployment, origin: OriginId) -> Option<Span> {
    let graph = &deployment.origins;
    graph
        .get(origin)
        .span
        .or_else(|| graph.literals(origin).first().copied())
        .or_else(|| {
            graph
                .ancestry(origin)
                .into_iter()
                .find_map(|id| graph.get(id).span)
        })
}

fn items<T>(list: &List<Field<T>>) -> Vec<OriginId> {
    list.items.iter().map(|item| item.origin).collect()
}

fn written(mut origins: Vec<OriginId>, header: OriginId) -> Vec<OriginId> {
    origins.retain(|origin| *origin != header && *origin != OriginId::NONE);
    origins
}

fn holds_port(item: &Field<PortRange>, port: u16) -> bool {
    item.value().is_none_or(|range| range.contains(port))
}

fn holds_address(item: &Field<AddressPrefix>, address: IpAddr) -> bool {
    match item.value() {
        Some(AddressPrefix::Block(block)) => block.contains(&address),
        Some(AddressPrefix::Range(first, last)) => (*first..=*last).contains(&address),
        _ => true,
    }
}

/// What holds a value of an element that is put together of several things typed apart: of a mail
/// server, the setting that tells its port.
pub(crate) fn holder(network: &Network, of: Element, value: OriginId) -> Option<OriginId> {
    if of.kind != Kind::MailTarget {
        return None;
    }
    let target = network.mail_targets.get(of.id as usize)?;
    let own = [target.host.origin, target.port.origin, target.tls.origin];
    let beside = target.beside.iter().any(|(origin, _)| *origin == value);
    let place = target.place.filter(|_| !beside && own.contains(&value));
    Some(place.unwrap_or(network[target.setting_of(value)].meta.origin))
}
