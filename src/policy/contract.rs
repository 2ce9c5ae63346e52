//! Contracts on packets: what a rule forbids or requires of some flows, answered exactly.
//!
//! A contract is computed in each address family that matters: IPv4 always, IPv6 where the
//! deployment writes any IPv6 address. Violated in one family is violated. A hit is split by what
//! decides it, so that each deciding rule is its own cause.

mod compile;
mod decider;
mod delivered;
mod flow;
mod reach;
mod reading;
mod taste;
mod together;

use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use compile::{CompiledAnswer, CompiledContract, wrong_address};
use delivered::is_end;
pub(crate) use flow::{FlowNode, flow_spec};
pub(crate) use reading::Readings;
pub(crate) use taste::PUBLIC;

use super::datum::{Data, Datum, Element, undecided};
use super::expr::{Evaluation, Trace};
use super::spec::{HopKind, Layer, VerdictSpec};
use super::vocabulary::Kind;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::{
    FirewallId, FirewallRuleId, Link, NicId, NsgId, RouteId, SecurityRuleId, State, SubnetId,
};
use crate::origin::OriginId;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::witness::Taste;
use crate::semantics::packet::{Answer, Family, Flow, FlowSet, Hit, Side};
use crate::semantics::routes::NextHopKind;
use crate::semantics::rules::{AddressSpec, Decider, FlowSpec, Scope};

/// What a contract came to for one subject and one cause.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// True: broken in every world. False: in none.
    pub(crate) truth: Truth,
    /// A packet that shows it.
    pub(crate) witness: Option<Flow>,
    /// What decides it.
    pub(crate) cause: Cause,
    /// The route that takes the packets there, where the contract is about one.
    pub(crate) route: Option<RouteId>,
    /// The ports of the hit.
    pub(crate) ports: Vec<PortRange>,
    /// Its protocols.
    pub(crate) protocols: Vec<Protocol>,
    /// The receivers it was asked for, those that are hit.
    pub(crate) destinations: Vec<AddressPrefix>,
    /// Origins of the values the contract itself was computed from.
    pub(crate) reads: Vec<OriginId>,
    /// What decides the packet, where the contract sets two readings against each other.
    pub(crate) readings: Option<Readings>,
    /// Rules without which that rule would not break it.
    pub(crate) others: Vec<SecurityRuleId>,
    /// What keeps it open.
    pub(crate) unknowns: Vec<Arc<Unknown>>,
}

/// What decides a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The subject itself, or nothing in particular.
    Subject,
    SecurityRule(SecurityRuleId),
    FirewallRule(FirewallRuleId),
    Route(RouteId),
    /// A default rule of a group, by name.
    Default(Option<NsgId>, Arc<str>),
    /// Another element.
    Element(Element),
}

/// Computes a contract; `required` turns it round. An empty list: not broken.
pub(crate) fn judge(
    contract: &CompiledContract,
    required: bool,
    subject: Element,
    evaluation: &mut Evaluation<'_, '_>,
) -> Vec<Outcome> {
    let mut cap = Truth::True;
    let mut trace = Trace::default();
    if let Some(when) = &contract.when {
        let (truth, seen) = evaluation.truth(when);
        if truth == Truth::False {
            return Vec::new();
        }
        cap = truth;
        trace.unknowns.extend(seen.unknowns);
    }
    let mut families = vec![Family::V4];
    if evaluation.world.has_ipv6 {
        families.push(Family::V6);
    }
    let mut undetermined = Vec::new();
    for family in families {
        let mut run = Run {
            contract,
            required,
            subject,
            family,
            evaluation: &mut *evaluation,
            reads: Vec::new(),
            unknowns: trace.unknowns.clone(),
        };
        let mut outcomes = run.outcomes();
        for outcome in &mut outcomes {
            if outcome.truth == Truth::True && cap == Truth::Unknown {
                outcome.unknowns.clone_from(&trace.unknowns);
            }
            outcome.truth = outcome.truth.and(cap);
        }
        outcomes.retain(|outcome| outcome.truth != Truth::False);
        if outcomes.iter().any(|outcome| outcome.truth == Truth::True) {
            return outcomes;
        }
        undetermined.extend(outcomes);
    }
    undetermined
}

struct Run<'e, 'w, 'a> {
    contract: &'e CompiledContract,
    required: bool,
    subject: Element,
    family: Family,
    evaluation: &'e mut Evaluation<'w, 'a>,
    reads: Vec<OriginId>,
    unknowns: Vec<Arc<Unknown>>,
}

/// The packets asked for, and how.
struct Asked {
    specs: Vec<FlowSpec>,
    /// One address on these sides, not known which: every one must be hit to be sure.
    somewhere: Vec<Side>,
    /// The same for ports.
    some_ports: bool,
    wider_than: Option<i64>,
    /// Only what several rules are wide by together.
    together: bool,
    direction: Direction,
    /// Addresses to show packets with.
    taste: Taste,
}

impl Run<'_, '_, '_> {
    fn outcomes(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for flow in &self.contract.flows {
            let Some(asked) = self.asked(flow) else {
                continue;
            };
            if self.is_out_of_reach(&asked) {
                continue;
            }
            match self.contract.answer.verdict {
                VerdictSpec::Delivered => outcomes.extend(self.delivered(&asked)),
                _ => outcomes.extend(self.one(&asked)),
            }
        }
        outcomes
    }

    /// A flow with its values filled in; `None` if one of them says that there is no such packet.
    fn asked(&mut self, flow: &FlowNode) -> Option<Asked> {
        let direction = self.direction(flow);
        let filled = flow_spec(flow, direction, self.evaluation)?;
        self.reads.extend(filled.trace.reads);
        self.unknowns.extend(filled.trace.unknowns);
        Some(Asked {
            somewhere: filled.somewhere,
            some_ports: filled.some_ports,
            wider_than: filled.wider_than,
            together: flow.together,
            direction,
            specs: filled.specs,
            taste: self.taste(direction),
        })
    }

    /// The flow's own direction, else the subject's, else by the address it names.
    fn direction(&mut self, flow: &FlowNode) -> Direction {
        if let Some(direction) = flow.direction {
            return direction;
        }
        if let Some(computed) = &flow.direction_of {
            let (value, _) = self.evaluation.compute(computed);
            match value.display().as_deref() {
                Some("Inbound") => return Direction::Inbound,
                Some("Outbound") => return Direction::Outbound,
                _ => {}
            }
        }
        if self.subject.kind == Kind::SecurityRule {
            let network = self.evaluation.world.network;
            let rule = &network[SecurityRuleId(self.subject.id)];
            if let Some(direction) = rule.direction.value() {
                return *direction;
            }
        }
        match (flow.from.is_empty(), flow.to.is_empty()) {
            (false, true) => Direction::Inbound,
            _ => Direction::Outbound,
        }
    }

    fn scope(&mut self) -> Scope {
        let network = self.evaluation.world.network;
        // What has no place of its own is asked about at the place that answers.
        let at = match self.subject.kind {
            Kind::Service => self.answering().first().copied(),
            _ => None,
        };
        let at = at.unwrap_or(self.subject);
        match at.kind {
            Kind::SecurityRule => network[SecurityRuleId(self.subject.id)]
                .nsg
                .map_or(Scope::Anywhere, Scope::Nsg),
            Kind::Nsg => Scope::Nsg(NsgId(at.id)),
            Kind::Subnet => Scope::Subnet(SubnetId(at.id)),
            Kind::NetworkInterface => Scope::Nic(NicId(at.id)),
            _ => Scope::Anywhere,
        }
    }

    fn one(&mut self, asked: &Asked) -> Vec<Outcome> {
        let scope = self.scope();
        let mut flows: Option<Answer> = None;
        for spec in &asked.specs {
            let answer = self
                .evaluation
                .world
                .semantics
                .flows(spec, scope, self.family);
            flows = Some(match flows {
                Some(before) => before.or(&answer),
                None => answer,
            });
        }
        let Some(mut flows) = flows else {
            return Vec::new();
        };
        let all = flows.flows.may.clone();
        let mut given_route = false;
        if let Some(given) = &self.contract.given {
            let answer = self.answer(given, &within(&flows), asked.direction);
            given_route = matches!(given.verdict, VerdictSpec::RoutedTo(_));
            flows = flows.and(&answer);
        }
        if flows.is_hit().truth == Truth::False {
            return Vec::new();
        }
        let verdict = self.answer(&self.contract.answer, &within(&flows), asked.direction);
        let bad = match self.required {
            false => flows.and(&verdict),
            true => flows.minus(&verdict),
        };
        if bad.is_hit().truth == Truth::False {
            return Vec::new();
        }
        if asked.together {
            return self.outcomes_together(&bad, asked);
        }
        let narrowed = self.wider(&bad, asked);
        let mut hit = narrowed.is_hit_near(&asked.taste);
        if hit.truth == Truth::False {
            return Vec::new();
        }
        if hit.truth == Truth::True {
            let spared = asked.some_ports && flows.minus(&narrowed).is_hit().truth != Truth::False;
            let missed = asked.somewhere.iter().any(|side| {
                let wanted = all.possible_addresses(*side);
                let certain = narrowed.flows.must.machine_addresses(*side);
                !certain.is_ok_and(|certain| wanted.is_within(&certain))
            });
            if spared || missed {
                hit.truth = Truth::Unknown;
                self.unknowns.push(Arc::new(Unknown::new(
                    "address",
                    "the private address Azure gives the machine",
                    Reason::RunTime,
                )));
            }
        }
        self.by_cause(&narrowed, hit, asked, given_route)
    }

    /// One outcome for each set of rules, at the first of them.
    fn outcomes_together(&mut self, bad: &Answer, asked: &Asked) -> Vec<Outcome> {
        let sets = self.wide_together(bad, asked).into_iter();
        sets.filter_map(|found| {
            let (first, others) = found.rules.split_first()?;
            let cause = Cause::SecurityRule(*first);
            let outcome = self.outcome(cause, None, found.hit, asked);
            Some(Outcome {
                others: others.to_vec(),
                ..outcome
            })
        })
        .collect()
    }

    fn wider(&self, bad: &Answer, asked: &Asked) -> Answer {
        match asked.wider_than {
            Some(n) => {
                let side = match asked.direction {
                    Direction::Inbound => Side::Source,
                    Direction::Outbound => Side::Destination,
                };
                bad.wider_than(side, u128::try_from(n).unwrap_or(0))
            }
            None => bad.clone(),
        }
    }

    /// Splits a hit by what decides it.
    fn by_cause(
        &mut self,
        bad: &Answer,
        hit: Hit,
        asked: &Asked,
        given_route: bool,
    ) -> Vec<Outcome> {
        if self.asks_both_readings() {
            let route = self.widening_route(&hit, asked.direction);
            let readings = self.readings(&hit, asked.direction);
            let cause = route.map_or(Cause::Subject, Cause::Route);
            let outcome = self.outcome(cause, route, hit, asked);
            return vec![Outcome {
                readings,
                ..outcome
            }];
        }
        let route = match (&self.contract.answer.verdict, given_route) {
            (VerdictSpec::RoutedTo(_), _) | (_, true) => self.route_of(&hit),
            _ => None,
        };
        let whole = |cause: Cause, hit: Hit, run: &Self| {
            let mut outcome = run.outcome(cause, route, hit, asked);
            outcome.destinations.extend(run.servers(bad, asked));
            outcome
        };
        let cause = match &self.contract.answer.verdict {
            VerdictSpec::Decided => match self.subject.kind {
                Kind::SecurityRule => Cause::SecurityRule(SecurityRuleId(self.subject.id)),
                Kind::FirewallRule
                | Kind::FirewallNetworkRule
                | Kind::FirewallNatRule
                | Kind::FirewallApplicationRule => {
                    Cause::FirewallRule(FirewallRuleId(self.subject.id))
                }
                _ => Cause::Subject,
            },
            VerdictSpec::RoutedTo(_) => route.map_or(Cause::Subject, Cause::Route),
            VerdictSpec::Delivered | VerdictSpec::Unreadable => Cause::Subject,
            VerdictSpec::Allowed | VerdictSpec::Denied => {
                return match self.split(bad, &hit, asked) {
                    causes if !causes.is_empty() => causes
                        .into_iter()
                        .map(|(cause, hit)| whole(cause, hit, self))
                        .collect(),
                    _ => {
                        let cause = self.decider_of(&hit, asked.direction);
                        vec![whole(cause, hit, self)]
                    }
                };
            }
        };
        vec![whole(cause, hit, self)]
    }

    /// The single addresses of the named sets asked for that are hit.
    fn servers(&self, bad: &Answer, asked: &Asked) -> Vec<AddressPrefix> {
        let semantics = &self.evaluation.world.semantics;
        let specs = asked.specs.iter().flat_map(|spec| &spec.to);
        let mut found = Vec::new();
        for spec in specs {
            let AddressSpec::NamedSet(name) = spec else {
                continue;
            };
            let Some(set) = semantics.named_set(name, self.family) else {
                continue;
            };
            let single = set.intervals().iter().filter(|(first, last)| first == last);
            for (address, _) in single.take(MAX_SERVERS) {
                let hit = |flows: &FlowSet| {
                    let mut terms = flows.terms().iter();
                    terms.any(|term| term.field(Dimension::Destination).contains(*address))
                };
                if hit(&bad.flows.must) || hit(&bad.flows.may) && bad.flows.must.is_empty() {
                    let address = self.family.address(*address);
                    found.push(AddressPrefix::Block(address.into()));
                }
            }
        }
        found
    }

    fn outcome(&self, cause: Cause, route: Option<RouteId>, hit: Hit, asked: &Asked) -> Outcome {
        // What the rule itself asks for comes first.
        let mut unknowns = self.unknowns.clone();
        for unknown in hit.unknowns {
            if unknowns.iter().all(|known| known.id != unknown.id) {
                unknowns.push(unknown);
            }
        }
        if let Some(limit) = hit.undecided {
            let label = format!("an answer within the limit `{limit}`");
            unknowns.push(Arc::new(Unknown::new("limit", label, Reason::Limit)));
        }
        if hit.truth == Truth::True {
            unknowns.clear();
        } else if unknowns.is_empty() {
            unknowns.push(undecided());
        }
        let mut destinations = Vec::new();
        for spec in &asked.specs {
            for address in &spec.to {
                match address {
                    AddressSpec::Prefix(prefix) => destinations.push(prefix.clone()),
                    AddressSpec::Prefixes(list) => {
                        destinations.extend(list.iter().filter_map(|field| field.value().cloned()));
                    }
                    AddressSpec::NamedSet(_) | AddressSpec::HostName(_) => {}
                }
            }
        }
        Outcome {
            truth: hit.truth,
            witness: hit.witness,
            cause,
            route,
            ports: hit.ports,
            protocols: hit.protocols,
            destinations,
            reads: self.reads.clone(),
            readings: None,
            others: Vec::new(),
            unknowns,
        }
    }
}

/// How many servers of a named set a message tells apart.
const MAX_SERVERS: usize = 8;

/// Next hops as semantics names them.
pub(crate) fn hop(kind: HopKind) -> NextHopKind {
    match kind {
        HopKind::Internet => NextHopKind::Internet,
        HopKind::VirtualNetwork => NextHopKind::VirtualNetwork,
        HopKind::Peering => NextHopKind::Peering,
        HopKind::Gateway => NextHopKind::Gateway,
        HopKind::AzureFirewall => NextHopKind::AzureFirewall,
        HopKind::Appliance => NextHopKind::Appliance,
        HopKind::None => NextHopKind::None,
        HopKind::ServiceEndpoint => NextHopKind::ServiceEndpoint,
        HopKind::PrivateEndpoint => NextHopKind::PrivateEndpoint,
    }
}

/// The elements an `of` names: known ones with their presence, and what is missing.
pub(super) fn elements_of(value: &Datum) -> (Vec<(Element, Truth)>, Option<Arc<Unknown>>) {
    let outside =
        |name: &Arc<str>| Arc::new(Unknown::new("outside", Arc::clone(name), Reason::Outside));
    match &value.data {
        Data::Element(element) => (vec![(*element, Truth::True)], None),
        Data::External(name) => (Vec::new(), Some(outside(name))),
        Data::Unknown(unknown, _) => (Vec::new(), Some(Arc::clone(unknown))),
        Data::List(items) => {
            let mut rest = items.rest.clone();
            let mut found = Vec::new();
            for item in &items.items {
                match &item.datum.data {
                    Data::Element(element) => found.push((*element, item.present)),
                    Data::External(name) => rest = rest.or_else(|| Some(outside(name))),
                    Data::Unknown(unknown, _) => rest = rest.or_else(|| Some(Arc::clone(unknown))),
                    _ => {}
                }
            }
            (found, rest)
        }
        _ => (Vec::new(), None),
    }
}

/// The groups that packets of an element pass.
pub(super) fn groups_of(world: &super::vocabulary::World<'_>, element: Element) -> Vec<NsgId> {
    use super::vocabulary::subnets_of;
    let network = world.network;
    let here = |state: &State<Link<NsgId>>| match state {
        State::Known(Link::Here(id)) => Some(*id),
        _ => None,
    };
    let mut groups = Vec::new();
    match element.kind {
        Kind::Nsg => groups.push(NsgId(element.id)),
        Kind::SecurityRule => groups.extend(network[SecurityRuleId(element.id)].nsg),
        Kind::Subnet => groups.extend(here(&network[SubnetId(element.id)].nsg.state)),
        Kind::NetworkInterface => {
            groups.extend(here(&network[NicId(element.id)].nsg.state));
            for subnet in subnets_of(network, NicId(element.id)) {
                groups.extend(here(&network[subnet].nsg.state));
            }
        }
        _ => {}
    }
    groups
}

/// Where the default destination of a witness leads.
pub(super) fn destination_of(flow: &Flow) -> IpAddr {
    flow.destination
}

/// The layer an answer is asked of when it names none.
pub(super) fn layer_of(kind: Kind) -> Option<Layer> {
    Some(match kind {
        Kind::SecurityRule | Kind::Nsg => Layer::Nsg,
        Kind::Subnet => Layer::Subnet,
        Kind::NetworkInterface => Layer::NetworkInterface,
        Kind::Firewall
        | Kind::FirewallRule
        | Kind::FirewallNetworkRule
        | Kind::FirewallNatRule
        | Kind::FirewallApplicationRule => Layer::Firewall,
        _ => return None,
    })
}

/// A firewall by element.
pub(super) fn firewall(element: Element) -> Option<FirewallId> {
    (element.kind == Kind::Firewall).then_some(FirewallId(element.id))
}

/// What decides one packet, as a cause.
pub(super) fn cause_of(decider: Decider, nsg: NsgId) -> Cause {
    match decider {
        Decider::Rule(rule) => Cause::SecurityRule(rule),
        Decider::Default(name) => Cause::Default(Some(nsg), name),
        Decider::Bypass => Cause::Default(Some(nsg), "platform traffic".into()),
        Decider::Depends {
            rules, defaults, ..
        } => match (rules.first(), defaults.first()) {
            (Some(rule), _) => Cause::SecurityRule(*rule),
            (None, Some(default)) => Cause::Default(Some(nsg), Arc::clone(default)),
            (None, None) => Cause::Subject,
        },
    }
}

/// The packets that matter to a question about `flows`: answers are worked out for these alone,
/// which is what makes them fast.
fn within(flows: &Answer) -> Answer {
    Answer::exactly(flows.flows.may.clone())
}
