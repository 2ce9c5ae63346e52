//! Contracts on whole paths: from one element to another, or between one and some addresses, through
//! every layer on the way, and the replies back.

use std::sync::Arc;

use super::{Asked, Cause, Outcome, Run, elements_of};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::nsg::Direction;
use crate::model::{
    AsgId, Field, Link, LoadBalancerId, MachineId, NicId, PrivateEndpointId, PublicIpId, SubnetId,
    VnetId,
};
use crate::origin::OriginId;
use crate::policy::datum::Element;
use crate::policy::vocabulary::{Kind, World, outside};
use crate::semantics::Ruling;
use crate::semantics::reach::{By, Delivery, Element as At, Endpoint, PathQuestion, Verdict};
use crate::semantics::rules::AddressSpec;

/// More ends of one element than this are not asked.
const MAX_ENDS: usize = 16;

/// Whether elements of a kind are the ends of paths; some only receive.
pub(super) fn is_end(kind: Kind, sends: bool) -> bool {
    match kind {
        Kind::Subnet
        | Kind::NetworkInterface
        | Kind::Machine
        | Kind::VirtualNetwork
        | Kind::ApplicationSecurityGroup => true,
        Kind::PrivateEndpoint | Kind::PublicIp | Kind::LoadBalancer => !sends,
        _ => false,
    }
}

impl Run<'_, '_, '_> {
    /// One outcome for each pair of ends whose packets do what they must not, or do not what they
    /// must.
    pub(super) fn delivered(&mut self, asked: &Asked) -> Vec<Outcome> {
        let world = self.evaluation.world;
        let own = ends(world, self.subject);
        let (from, to) = if self.contract.of_pair {
            let receiver = self.evaluation.slots.get(1);
            let receiver = receiver.map(|one| elements_of(one).0).unwrap_or_default();
            match receiver.first() {
                Some((receiver, _)) => (own, ends(world, *receiver)),
                None => return Vec::new(),
            }
        } else {
            let far =
                |specs: &dyn Fn(&crate::semantics::rules::FlowSpec) -> Vec<AddressSpec>| Ends {
                    all: asked
                        .specs
                        .iter()
                        .flat_map(|spec| self.far(&specs(spec)))
                        .collect(),
                    rest: None,
                };
            match asked.direction {
                Direction::Inbound => (far(&|spec| spec.from.clone()), own),
                Direction::Outbound => (own, far(&|spec| spec.to.clone())),
            }
        };
        self.unknowns.extend(from.rest);
        self.unknowns.extend(to.rest);
        let mut outcomes = Vec::new();
        for from in &from.all {
            for to in &to.all {
                outcomes.extend(self.path(from, to, asked));
            }
        }
        outcomes
    }

    fn path(&mut self, from: &Endpoint, to: &Endpoint, asked: &Asked) -> Option<Outcome> {
        let world = self.evaluation.world;
        let spec = asked.specs.first()?;
        let question = PathQuestion {
            from: from.clone(),
            to: to.clone(),
            protocols: spec.protocols.clone(),
            ports: spec.ports.clone(),
            source_ports: spec.source_ports.clone(),
            family: self.family,
            direction: None,
            smtp: world.settings.smtp_offer(),
        };
        let delivery = world.semantics.delivery(&question, &asked.taste);
        let mut hit = match self.required {
            false => delivery.arrives.clone(),
            true => delivery.lost.clone(),
        };
        if hit.truth == Truth::False {
            return None;
        }
        // A port that is not told may be any: what becomes of some says nothing of that one.
        if hit.truth == Truth::True && asked.some_ports {
            hit.truth = Truth::Unknown;
        }
        let cause = match self.required {
            false => passes(&delivery),
            true => stops(&delivery),
        };
        let route = match (&cause, self.required) {
            (Cause::Route(route), _) => Some(*route),
            _ => None,
        };
        let outcome = self.outcome(cause, route, hit, asked);
        Some(outcome)
    }

    /// Addresses as an end.
    fn far(&self, specs: &[AddressSpec]) -> Vec<Endpoint> {
        let semantics = &self.evaluation.world.semantics;
        let mut fields: Vec<Field<AddressPrefix>> = Vec::new();
        let mut ends = Vec::new();
        let known = |prefix| Field::known(prefix, OriginId::NONE);
        for spec in specs {
            match spec {
                AddressSpec::Prefix(prefix) => fields.push(known(prefix.clone())),
                AddressSpec::Prefixes(list) => fields.extend(list.iter().cloned()),
                AddressSpec::NamedSet(name) => {
                    let set = semantics.named_set(name, self.family);
                    let intervals = set.iter().flat_map(|set| set.intervals().to_vec());
                    fields.extend(intervals.map(|(first, last)| {
                        let ends = (self.family.address(first), self.family.address(last));
                        known(AddressPrefix::Range(ends.0, ends.1))
                    }));
                }
                AddressSpec::HostName(name) => ends.push(Endpoint::HostName(Arc::clone(name))),
            }
        }
        if !fields.is_empty() {
            ends.push(Endpoint::Addresses(fields));
        }
        ends
    }
}

/// The ends that an element stands for, and what may be missing.
struct Ends {
    all: Vec<Endpoint>,
    rest: Option<Arc<Unknown>>,
}

fn ends(world: &World<'_>, element: Element) -> Ends {
    let network = world.network;
    let id = element.id;
    let (mut all, mut rest) = (Vec::new(), None);
    match element.kind {
        Kind::Subnet => all.push(Endpoint::Subnet(SubnetId(id))),
        Kind::NetworkInterface => all.push(Endpoint::Nic(NicId(id))),
        Kind::PrivateEndpoint => all.push(Endpoint::PrivateEndpoint(PrivateEndpointId(id))),
        Kind::PublicIp => all.push(Endpoint::PublicIp(PublicIpId(id))),
        Kind::LoadBalancer => all.push(Endpoint::LoadBalancer(LoadBalancerId(id))),
        Kind::VirtualNetwork => {
            let subnets = &network[VnetId(id)].subnets;
            all.extend(subnets.items.iter().map(|id| Endpoint::Subnet(*id)));
        }
        Kind::ApplicationSecurityGroup => {
            let members = &network[AsgId(id)].members;
            all.extend(members.items.iter().map(|id| Endpoint::Nic(*id)));
        }
        Kind::Machine => {
            let interfaces = &network[MachineId(id)].network_interfaces;
            rest.clone_from(&interfaces.rest);
            for interface in &interfaces.items {
                match interface.value() {
                    Some(Link::Here(nic)) => all.push(Endpoint::Nic(*nic)),
                    Some(Link::External(key)) => rest = Some(outside(Arc::clone(&key.0))),
                    None => rest = rest.or_else(|| interface.unknown().cloned()),
                }
            }
        }
        _ => {}
    }
    if all.len() > MAX_ENDS {
        all.truncate(MAX_ENDS);
        rest = rest.or_else(|| Some(outside("the ends beyond the first ones that are asked")));
    }
    Ends { all, rest }
}

/// What lets packets through: the last thing on the way that an author wrote and that decides on
/// them, else where nothing does.
fn passes(delivery: &Delivery) -> Cause {
    let mut fallback = None;
    for layer in delivery.layers.iter().rev() {
        let passing = layer
            .parts
            .iter()
            .filter(|part| part.verdict != Verdict::Denied);
        for part in passing {
            match written(&part.by) {
                Some(Cause::Route(_)) => {}
                Some(cause) => return cause,
                None => {
                    let open = match (&part.by, &layer.at) {
                        (By::Rule(nsg, Ruling::Default(name)), _) => {
                            Some(Cause::Default(Some(*nsg), Arc::clone(name)))
                        }
                        (By::NoGroup, At::Subnet(subnet)) => Some(Cause::Element(Element {
                            kind: Kind::Subnet,
                            id: subnet.0,
                        })),
                        (By::NoGroup, At::Nic(nic)) => Some(Cause::Element(Element {
                            kind: Kind::NetworkInterface,
                            id: nic.0,
                        })),
                        _ => None,
                    };
                    fallback = fallback.or(open);
                }
            }
        }
    }
    fallback.unwrap_or(Cause::Subject)
}

/// What stops packets first.
fn stops(delivery: &Delivery) -> Cause {
    let Some(blocker) = &delivery.blocker else {
        return Cause::Subject;
    };
    let at = delivery.layers.get(blocker.layer).map(|layer| &layer.at);
    written(&blocker.by).unwrap_or_else(|| match (&blocker.by, at) {
        (By::Rule(nsg, Ruling::Default(name)), _) => Cause::Default(Some(*nsg), Arc::clone(name)),
        (By::Firewall(firewall), _) => Cause::Element(Element {
            kind: Kind::Firewall,
            id: firewall.0,
        }),
        (By::IpForwarding(nic), _) => Cause::Element(Element {
            kind: Kind::NetworkInterface,
            id: nic.0,
        }),
        (By::NoPeering(vnet, _), _) => Cause::Element(Element {
            kind: Kind::VirtualNetwork,
            id: vnet.0,
        }),
        _ => Cause::Subject,
    })
}

fn written(by: &By) -> Option<Cause> {
    let element = |kind, id| Some(Cause::Element(Element { kind, id }));
    match by {
        By::Rule(_, Ruling::Custom(rule)) => Some(Cause::SecurityRule(*rule)),
        By::FirewallRule(_, rule) => Some(Cause::FirewallRule(*rule)),
        By::Route(route, _) => Some(Cause::Route(*route)),
        By::AdminRule(rule) => element(Kind::AdminRule, rule.0),
        By::Peering(peering, _) => element(Kind::Peering, peering.0),
        _ => None,
    }
}
