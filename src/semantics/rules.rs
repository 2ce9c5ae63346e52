//! Security rules in priority order: what each decides, what a group lets through.

use std::sync::Arc;

use super::compile::{FIRST_PRIORITY, LAST_PRIORITY, Ruling, may_be, outside, priorities, refused};
use super::lookup::Found;
use super::matching::{self, Fields, Matched};
use super::order::{self, Rank, Ranked};
use super::packet::answer::add_unknown;
use super::packet::atoms::{Atom, Dimension, Predicate};
use super::packet::interval::IntervalSet;
use super::packet::space::Term;
use super::packet::{
    Answer, Family, Flow, FlowSet, address_number, port_set, protocol_code, protocols_with_ports,
};
use super::place::Place;
use super::{Bounds, Semantics};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::{Direction, SecurityRule};
use crate::model::{Field, Link, NicId, NsgId, SecurityRuleId, State, SubnetId};

/// A description of packets, as a rule file writes it. Every list that is empty means "any".
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it all")]
pub struct FlowSpec {
    pub direction: Direction,
    pub protocols: Vec<Protocol>,
    pub from: Vec<AddressSpec>,
    pub to: Vec<AddressSpec>,
    pub ports: Vec<PortRange>,
    pub source_ports: Vec<PortRange>,
}

/// One item of a flow's `from` or `to`.
#[derive(Clone, Debug)]
pub enum AddressSpec {
    /// An address, block, range, tag or `*`.
    Prefix(AddressPrefix),
    /// The elements of a field, each as far as it is known.
    Prefixes(Vec<Field<AddressPrefix>>),
    /// A set of the platform table: `public`, `kms`, …
    NamedSet(Arc<str>),
    /// What a host name resolves to: taken to be addresses of the Internet.
    HostName(Arc<str>),
}

/// Where packets are looked at: tells what `VirtualNetwork` and `Internet` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Nowhere in particular: `VirtualNetwork` is opaque.
    Anywhere,
    /// In the virtual networks a group is attached to.
    Nsg(NsgId),
    /// In a subnet's virtual network.
    Subnet(SubnetId),
    /// In a network interface's virtual network.
    Nic(NicId),
}

/// What decides a packet.
#[derive(Clone, Debug)]
pub enum Decider {
    /// A rule of the group, in every world.
    Rule(SecurityRuleId),
    /// One of Azure's default rules, by name.
    Default(Arc<str>),
    /// None: platform traffic that groups do not touch.
    Bypass,
    /// It depends: the rules that may decide it, in order, and after them the default rules; and
    /// what would have to be known.
    Depends {
        /// The rules in question.
        rules: Vec<SecurityRuleId>,
        /// The default rules in question.
        defaults: Vec<Arc<str>>,
        /// What would have to be known.
        unknowns: Vec<Arc<Unknown>>,
    },
}

impl Semantics<'_> {
    /// The packets a description means at a place.
    #[must_use]
    pub fn flows(&self, spec: &FlowSpec, scope: Scope, family: Family) -> Answer {
        let place = self.place(scope, family);
        let full = Term::all(family);
        let ports_of = |ranges: &[PortRange], dimension| {
            if ranges.is_empty() {
                return Matched::any(dimension, family);
            }
            let mut matched = Matched::none(dimension);
            for range in ranges {
                matched.add(&port_set(*range));
            }
            matched
        };
        let mut protocols = Matched::none(Dimension::Protocol);
        for protocol in &spec.protocols {
            protocols.add(&IntervalSet::single(protocol_code(*protocol)));
        }
        if spec.protocols.is_empty() {
            protocols.add(full.field(Dimension::Protocol));
        }
        let conditions = [&spec.ports, &spec.source_ports];
        if conditions.iter().any(|ranges| !ranges.is_empty()) {
            // Only packets that have ports can meet a condition on them.
            protocols = Matched::set(
                Dimension::Protocol,
                protocols.certain().intersect(&protocols_with_ports()),
            );
        }
        let fields = Fields {
            source: self.addresses_of_spec(&spec.from, Dimension::Source, &place),
            destination: self.addresses_of_spec(&spec.to, Dimension::Destination, &place),
            protocol: protocols,
            source_ports: ports_of(&spec.source_ports, Dimension::SourcePort),
            destination_ports: ports_of(&spec.ports, Dimension::DestinationPort),
        };
        fields.answer(family)
    }

    /// The packets a rule's own fields match, whatever stands before it.
    #[must_use]
    pub fn matched(&self, rule: SecurityRuleId, family: Family) -> Answer {
        let scope = self.scope_of(rule);
        self.fields(rule, &self.place(scope, family)).answer(family)
    }

    /// The packets a rule decides: those it matches that neither bypass the group nor match an
    /// earlier rule of the same direction. Says nothing of the rule's own existence.
    #[must_use]
    pub fn decided(&self, rule: SecurityRuleId, family: Family) -> Answer {
        self.decided_of(rule, &Answer::everything(family))
    }

    /// Those of `flows` that a rule decides: the same as [`Self::decided`] and then
    /// [`Answer::and`], but faster.
    #[must_use]
    pub fn decided_of(&self, rule: SecurityRuleId, flows: &Answer) -> Answer {
        let family = flows.family();
        let written: &SecurityRule = &self.network[rule];
        let matched = self.matched(rule, family).and(flows);
        let Some(nsg) = written.nsg else {
            // The group is not in the files: what stands before the rule is not known.
            return matched.only_possibly();
        };
        let directions = match &written.direction.state {
            State::Known(direction) => vec![*direction],
            _ => vec![Direction::Inbound, Direction::Outbound],
        };
        let mut answers = directions.into_iter().map(|direction| {
            let group = self.compiled(nsg, Scope::Nsg(nsg), direction, family);
            let place = group
                .rules
                .iter()
                .position(|it| it.id == Ruling::Custom(rule));
            match place {
                Some(index) => order::decided(&group.rules, index, &group.bypass, flows),
                None => Answer::nothing(family),
            }
        });
        let first = answers.next().unwrap_or_else(|| Answer::nothing(family));
        answers.fold(first, |all, one| either(&all, &one))
    }

    /// The packets a group lets through, default rules and bypass included.
    #[must_use]
    pub fn nsg_allowed(&self, nsg: NsgId, direction: Direction, family: Family) -> Answer {
        self.nsg_allowed_of(nsg, direction, &Answer::everything(family))
    }

    /// Those of `flows` that a group lets through: faster than [`Self::nsg_allowed`] and then
    /// [`Answer::and`].
    #[must_use]
    pub fn nsg_allowed_of(&self, nsg: NsgId, direction: Direction, flows: &Answer) -> Answer {
        self.allowed_at(nsg, Scope::Nsg(nsg), direction, flows)
    }

    /// The packets a group stops.
    #[must_use]
    pub fn nsg_denied(&self, nsg: NsgId, direction: Direction, family: Family) -> Answer {
        self.nsg_allowed(nsg, direction, family).complement()
    }

    /// The packets the group on a subnet lets through; every packet if there is none.
    #[must_use]
    pub fn subnet_allowed(&self, subnet: SubnetId, direction: Direction, family: Family) -> Answer {
        self.subnet_allowed_of(subnet, direction, &Answer::everything(family))
    }

    /// Those of `flows` that the group on a subnet lets through.
    #[must_use]
    pub fn subnet_allowed_of(
        &self,
        subnet: SubnetId,
        direction: Direction,
        flows: &Answer,
    ) -> Answer {
        let nsg = &self.network[subnet].nsg;
        self.allowed_by(nsg, Scope::Subnet(subnet), direction, flows)
    }

    /// The packets that the group on a network interface and those on its subnets let through.
    #[must_use]
    pub fn nic_allowed(&self, nic: NicId, direction: Direction, family: Family) -> Answer {
        self.nic_allowed_of(nic, direction, &Answer::everything(family))
    }

    /// Those of `flows` that the group on a network interface and those on its subnets let through.
    /// With several subnets, certain are those that all of them let through.
    #[must_use]
    pub fn nic_allowed_of(&self, nic: NicId, direction: Direction, flows: &Answer) -> Answer {
        let interface = &self.network[nic];
        let own = self.allowed_by(&interface.nsg, Scope::Nic(nic), direction, flows);
        let subnets = self.subnets_of_nic(nic);
        let outside = interface.ip_configurations.rest.is_some()
            || interface.ip_configurations.items.iter().any(|it| {
                let inside = it.subnet.value().and_then(Link::here).is_some();
                !inside && !it.subnet.is_absent()
            });
        let perhaps = |answer: Answer| {
            let mut answer = answer.only_possibly();
            let name = interface
                .meta
                .name
                .value()
                .unwrap_or(&interface.meta.address);
            let label = format!("the security group on the subnet of `{name}`");
            let unknown = Arc::new(Unknown::new("outside", label, Reason::Outside));
            add_unknown(&mut answer.unknowns, &unknown);
            answer
        };
        let mut through = subnets
            .into_iter()
            .map(|subnet| self.subnet_allowed_of(subnet, direction, &own));
        let Some(first) = through.next() else {
            return if outside { perhaps(own) } else { own };
        };
        let all = through.fold(first, |all, one| either(&all, &one));
        if outside {
            either(&all, &perhaps(own))
        } else {
            all
        }
    }

    /// What decides one packet in a group.
    #[must_use]
    pub fn decider(&self, nsg: NsgId, direction: Direction, flow: &Flow) -> Decider {
        self.decider_at(nsg, Scope::Nsg(nsg), direction, flow)
    }

    /// What decides one packet in a group at a place.
    #[must_use]
    pub fn decider_at(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        flow: &Flow,
    ) -> Decider {
        let family = Family::of(flow.source);
        let group = self.compiled(nsg, scope, direction, family);
        match group.find(flow) {
            Some(Found::Bypass) => return Decider::Bypass,
            Some(Found::Rule(place)) => match group.rules.get(place).map(|rule| &rule.id) {
                Some(Ruling::Custom(rule)) => return Decider::Rule(*rule),
                Some(Ruling::Default(name)) => return Decider::Default(Arc::clone(name)),
                Some(Ruling::Rest) | None => {}
            },
            None => {}
        }
        let point = point(family, flow);
        let within = |set: &FlowSet| point.is_within(set).unwrap_or(false);
        if within(&group.bypass.flows.must) {
            return Decider::Bypass;
        }
        let bypassed = group.bypass.flows.may.meets(&point);
        let candidates: Vec<&Ranked<Ruling>> = group
            .rules
            .iter()
            .filter(|rule| rule.own.flows.may.meets(&point))
            .collect();
        let certain = |rule: &&&Ranked<Ruling>| rule.certain && within(&rule.own.flows.must);
        let last = candidates
            .iter()
            .filter(certain)
            .map(|rule| rule.rank.1)
            .min();
        let relevant: Vec<&Ranked<Ruling>> = candidates
            .into_iter()
            .filter(|rule| last.is_none_or(|last| rule.rank.0 <= last))
            .collect();
        if let ([only], Some(_), false) = (relevant.as_slice(), last, bypassed) {
            return match &only.id {
                Ruling::Custom(rule) => Decider::Rule(*rule),
                Ruling::Default(name) => Decider::Default(Arc::clone(name)),
                Ruling::Rest => depends(&relevant),
            };
        }
        depends(&relevant)
    }

    /// The group's rules of one direction in the order Azure asks them, as far as that is known:
    /// by the lowest priority each may have.
    #[must_use]
    pub fn in_order(&self, nsg: NsgId, direction: Direction) -> Vec<SecurityRuleId> {
        let mut rules: Vec<(Rank, SecurityRuleId)> = self.network[nsg]
            .rules
            .items
            .iter()
            .filter(|rule| may_be(&self.network[**rule].direction, &direction))
            .map(|rule| (priorities(&self.network[*rule].priority).0, *rule))
            .collect();
        rules.sort_unstable();
        rules.into_iter().map(|(_, rule)| rule).collect()
    }

    /// The lowest free priority of a direction of a group from `at_least` on, if its priorities
    /// are known.
    #[must_use]
    pub fn free_priority(&self, nsg: NsgId, direction: Direction, at_least: u32) -> Option<u32> {
        let group = &self.network[nsg];
        if group.rules.rest.is_some() {
            return None;
        }
        let mut taken = std::collections::BTreeSet::new();
        for rule in self.in_order(nsg, direction) {
            taken.insert(*self.network[rule].priority.value()?);
        }
        (at_least.max(FIRST_PRIORITY)..=LAST_PRIORITY).find(|priority| !taken.contains(priority))
    }

    fn scope_of(&self, rule: SecurityRuleId) -> Scope {
        self.network[rule].nsg.map_or(Scope::Anywhere, Scope::Nsg)
    }

    fn addresses_of_spec(
        &self,
        specs: &[AddressSpec],
        dimension: Dimension,
        place: &Place,
    ) -> Matched {
        if specs.is_empty() {
            return Matched::any(dimension, place.family);
        }
        let mut matched = Matched::none(dimension);
        for spec in specs {
            match spec {
                AddressSpec::Prefix(prefix) => self.add_prefix(&mut matched, prefix, place),
                AddressSpec::Prefixes(fields) => {
                    self.add_addresses(&mut matched, fields, place);
                }
                AddressSpec::NamedSet(name) => match self.named_set(name, place.family) {
                    Some(set) => matched.add(&set),
                    None => matched.add_loose(&place.family.addresses()),
                },
                AddressSpec::HostName(name) => {
                    let predicate = Predicate::Name(super::firewall::fold(name));
                    let outer = self.public(place.family);
                    let atom = Atom::new(dimension, &predicate, IntervalSet::empty(), outer);
                    matched.add_atom(atom);
                }
            }
        }
        matched
    }

    /// What the fields of a rule match at a place.
    pub(crate) fn fields(&self, rule: SecurityRuleId, place: &Place) -> Fields {
        let rule: &SecurityRule = &self.network[rule];
        let family = place.family;
        let fields = Fields {
            source: self.addresses(&rule.source, Dimension::Source, place),
            destination: self.addresses(&rule.destination, Dimension::Destination, place),
            protocol: matching::protocol(&rule.protocol),
            source_ports: matching::ports(&rule.source_ports, Dimension::SourcePort, family),
            destination_ports: matching::ports(
                &rule.destination_ports,
                Dimension::DestinationPort,
                family,
            ),
        };
        if rule.meta.template {
            fields.blurred()
        } else {
            fields
        }
    }

    fn allowed_by(
        &self,
        nsg: &Field<Link<NsgId>>,
        scope: Scope,
        direction: Direction,
        flows: &Answer,
    ) -> Answer {
        match &nsg.state {
            State::Absent => flows.clone(),
            State::Known(Link::Here(nsg)) => self.allowed_at(*nsg, scope, direction, flows),
            State::Unknown(unknown, candidates) => {
                let known = candidates.as_ref().filter(|all| !all.is_empty());
                let here =
                    known.and_then(|all| all.iter().map(Link::here).collect::<Option<Vec<_>>>());
                let mut answer = match here {
                    Some(groups) => groups
                        .into_iter()
                        .map(|nsg| self.allowed_at(nsg, scope, direction, flows))
                        .reduce(|all, one| either(&all, &one))
                        .unwrap_or_else(|| flows.clone()),
                    None => flows.clone().only_possibly(),
                };
                add_unknown(&mut answer.unknowns, unknown);
                answer
            }
            State::Known(Link::External(key)) => {
                let mut answer = flows.clone().only_possibly();
                add_unknown(&mut answer.unknowns, &outside(key));
                answer
            }
            State::Invalid { raw, .. } => {
                let mut answer = flows.clone().only_possibly();
                add_unknown(&mut answer.unknowns, &refused(raw));
                answer
            }
        }
    }

    fn allowed_at(&self, nsg: NsgId, scope: Scope, direction: Direction, flows: &Answer) -> Answer {
        let group = self.compiled(nsg, scope, direction, flows.family());
        let with = order::allowed(&group.rules, &group.bypass, flows);
        if self.network[nsg].meta.existence.truth == Truth::True {
            return with;
        }
        // A group that may not be there may let everything through.
        let mut answer = either(&with, flows);
        if let Some(unknown) = &self.network[nsg].meta.existence.because {
            add_unknown(&mut answer.unknowns, unknown);
        }
        answer
    }
}

/// One of two sets, it is not known which.
pub(crate) fn either(a: &Answer, b: &Answer) -> Answer {
    let both = a.and(b);
    let any = a.or(b);
    Answer {
        flows: Bounds {
            must: both.flows.must,
            may: any.flows.may,
        },
        unknowns: any.unknowns,
        undecided: both.undecided.or(any.undecided),
    }
}

/// The set of one packet.
pub(crate) fn point(family: Family, flow: &Flow) -> FlowSet {
    let protocol = protocol_code(flow.protocol);
    let mut fields = Term::all(family).fields;
    let values = [
        address_number(flow.source),
        address_number(flow.destination),
        protocol,
        flow.source_port.into(),
        flow.destination_port.into(),
    ];
    let with_ports = protocols_with_ports().contains(protocol);
    for (index, (field, value)) in fields.iter_mut().zip(values).enumerate() {
        if with_ports || index <= Dimension::Protocol as usize {
            *field = IntervalSet::single(value);
        }
    }
    let term = Term {
        fields,
        cube: Default::default(),
    };
    FlowSet::from_terms(family, vec![term])
}

fn depends(relevant: &[&Ranked<Ruling>]) -> Decider {
    let mut rules = Vec::new();
    let mut defaults = Vec::new();
    let mut unknowns = Vec::new();
    for rule in relevant {
        match &rule.id {
            Ruling::Custom(id) => rules.push(*id),
            Ruling::Default(name) => defaults.push(Arc::clone(name)),
            Ruling::Rest => {}
        }
        for unknown in rule.because.iter().chain(&rule.own.unknowns) {
            add_unknown(&mut unknowns, unknown);
        }
    }
    Decider::Depends {
        rules,
        defaults,
        unknowns,
    }
}
