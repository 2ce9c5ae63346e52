//! What answers a contract's question, and who is the cause of a hit.

use std::sync::Arc;

use super::{
    Asked, Cause, CompiledAnswer, Run, cause_of, destination_of, elements_of, firewall, groups_of,
    hop, layer_of,
};
use crate::eval::value::Truth;
use crate::model::nsg::{Access, Direction};
use crate::model::{
    FirewallId, FirewallRuleId, Link, NicId, NsgId, RouteId, SecurityRuleId, SubnetId,
};
use crate::policy::datum::{Element, undecided};
use crate::policy::spec::{Layer, VerdictSpec};
use crate::policy::vocabulary::{Kind, subnets_of};
use crate::semantics::packet::{Answer, FlowSet, Hit};

impl Run<'_, '_, '_> {
    /// Those of the packets `within` to which an answer's verdict applies.
    pub(super) fn answer(
        &mut self,
        answer: &CompiledAnswer,
        within: &Answer,
        direction: Direction,
    ) -> Answer {
        let (elements, rest) = match &answer.of {
            Some(of) => {
                let (value, trace) = self.evaluation.compute(of);
                self.unknowns.extend(trace.unknowns);
                elements_of(&value)
            }
            None => (vec![(self.subject, Truth::True)], None),
        };
        let nothing = Answer::exactly(FlowSet::empty(self.family));
        let mut all: Option<Answer> = None;
        for (element, present) in elements {
            let mut one = self.answer_of(answer, element, within, direction);
            if present != Truth::True {
                one.flows.must = FlowSet::empty(self.family);
            }
            all = Some(match all {
                Some(before) => before.or(&one),
                None => one,
            });
        }
        let mut all = all.unwrap_or(nothing);
        if let Some(rest) = rest {
            all.flows.may = within.flows.may.clone();
            all.unknowns.push(rest);
        }
        all
    }

    fn answer_of(
        &mut self,
        answer: &CompiledAnswer,
        element: Element,
        within: &Answer,
        direction: Direction,
    ) -> Answer {
        let network = self.evaluation.world.network;
        let family = self.family;
        let layer = answer.by.or_else(|| layer_of(element.kind));
        let arriving = self.arriving(element, within);
        let within = arriving.as_ref().unwrap_or(within);
        let world = self.evaluation.world;
        let semantics = match answer.widened {
            true => world.widened(),
            false => &world.semantics,
        };
        let allowed = match &answer.verdict {
            VerdictSpec::Decided => {
                return match element.kind {
                    Kind::SecurityRule => semantics.decided_of(SecurityRuleId(element.id), within),
                    Kind::FirewallRule
                    | Kind::FirewallNetworkRule
                    | Kind::FirewallNatRule
                    | Kind::FirewallApplicationRule => {
                        semantics.firewall_decided_of(FirewallRuleId(element.id), within)
                    }
                    _ => Answer::exactly(FlowSet::empty(family)),
                };
            }
            // Asked of the whole path instead.
            VerdictSpec::Delivered | VerdictSpec::Unreadable => {
                return Answer::undetermined(family, vec![undecided()]);
            }
            VerdictSpec::RoutedTo(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(|kind| hop(*kind)).collect();
                let mut all: Option<Answer> = None;
                for subnet in self.subnets(element) {
                    let one = semantics.routed_to_of(subnet, &kinds, within);
                    all = Some(match all {
                        Some(before) => before.or(&one),
                        None => one,
                    });
                }
                return all.unwrap_or_else(|| Answer::exactly(FlowSet::empty(family)));
            }
            VerdictSpec::Allowed | VerdictSpec::Denied => match layer {
                Some(Layer::Firewall) => match firewall(element) {
                    Some(id) => semantics.firewall_allowed_of(id, within),
                    None => Answer::undetermined(family, vec![undecided()]),
                },
                Some(Layer::Subnet) => {
                    let mut all = within.clone();
                    for subnet in self.subnets(element) {
                        all = all.and(&semantics.subnet_allowed_of(subnet, direction, within));
                    }
                    all
                }
                Some(Layer::NetworkInterface) if element.kind == Kind::NetworkInterface => {
                    semantics.nic_allowed_of(NicId(element.id), direction, within)
                }
                _ => {
                    let nsg = match element.kind {
                        Kind::Nsg => Some(NsgId(element.id)),
                        Kind::SecurityRule => network[SecurityRuleId(element.id)].nsg,
                        _ => None,
                    };
                    match nsg {
                        Some(nsg) => semantics.nsg_allowed_of(nsg, direction, within),
                        None => Answer::undetermined(family, vec![undecided()]),
                    }
                }
            },
        };
        match answer.verdict {
            VerdictSpec::Denied => within.minus(&allowed),
            _ => allowed,
        }
    }

    /// Those of the packets that go to a firewall, where it is one that the subnet's routes lead
    /// some of them to.
    fn arriving(&self, element: Element, within: &Answer) -> Option<Answer> {
        let wanted = firewall(element).filter(|_| self.subject.kind == Kind::Subnet)?;
        let semantics = &self.evaluation.world.semantics;
        let routed = semantics.next_hops_of(SubnetId(self.subject.id), within);
        let here = Some(Link::Here(wanted));
        let parts = routed
            .into_iter()
            .filter(|routed| routed.hop.firewall == here)
            .map(|routed| routed.flows);
        parts.reduce(|all, one| all.or(&one))
    }

    pub(super) fn subnets(&self, element: Element) -> Vec<SubnetId> {
        match element.kind {
            Kind::Subnet => vec![SubnetId(element.id)],
            Kind::NetworkInterface => subnets_of(self.evaluation.world.network, NicId(element.id)),
            _ => Vec::new(),
        }
    }

    /// The route that takes the witness of a hit where it goes.
    pub(super) fn route_of(&mut self, hit: &Hit) -> Option<RouteId> {
        let witness = hit.witness?;
        let answers = [Some(&self.contract.answer), self.contract.given.as_ref()];
        for answer in answers.into_iter().flatten() {
            if !matches!(answer.verdict, VerdictSpec::RoutedTo(_)) {
                continue;
            }
            let elements = match &answer.of {
                Some(of) => elements_of(&self.evaluation.compute(of).0).0,
                None => vec![(self.subject, Truth::True)],
            };
            for (element, _) in elements {
                for subnet in self.subnets(element) {
                    let hops = self
                        .evaluation
                        .world
                        .semantics
                        .next_hop(subnet, destination_of(&witness));
                    if let Some(route) = hops.iter().find_map(|(hop, _)| hop.route()) {
                        return Some(route);
                    }
                }
            }
        }
        None
    }

    /// The rules that each decide a part of a hit, with that part. Of parts that are only wide
    /// together none is named.
    pub(super) fn split(&mut self, bad: &Answer, whole: &Hit, asked: &Asked) -> Vec<(Cause, Hit)> {
        let access = match (&self.contract.answer.verdict, self.required) {
            (VerdictSpec::Allowed, false) | (VerdictSpec::Denied, true) => Access::Allow,
            _ => Access::Deny,
        };
        let mut parts = Vec::new();
        for element in self.answering() {
            if let Some(id) = firewall(element) {
                parts.extend(self.split_firewall(id, bad, whole, (access, asked)));
            }
            for nsg in groups_of(self.evaluation.world, element) {
                for rule in self
                    .evaluation
                    .world
                    .semantics
                    .in_order(nsg, asked.direction)
                {
                    let network = self.evaluation.world.network;
                    let other = network[rule].access.value().is_some_and(|a| *a != access);
                    let cause = Cause::SecurityRule(rule);
                    if other || parts.iter().any(|(seen, _)| *seen == cause) {
                        continue;
                    }
                    let decided = self.evaluation.world.semantics.decided_of(rule, bad);
                    let part = self.wider(&decided, asked).is_hit_near(&asked.taste);
                    if part.truth != Truth::False {
                        parts.push((cause, part));
                    }
                }
            }
        }
        // Where something is certainly hit, parts that only may be are another question.
        if whole.truth == Truth::True && parts.iter().any(|(_, hit)| hit.truth == Truth::True) {
            parts.retain(|(_, hit)| hit.truth == Truth::True);
            return parts;
        }
        if whole.truth == Truth::Unknown {
            for (_, hit) in &mut parts {
                hit.truth = Truth::Unknown;
            }
            parts.truncate(1);
            if let Some((_, hit)) = parts.first_mut() {
                for unknown in &whole.unknowns {
                    if hit.unknowns.iter().all(|known| known.id != unknown.id) {
                        hit.unknowns.push(Arc::clone(unknown));
                    }
                }
            }
            return parts;
        }
        Vec::new()
    }

    fn split_firewall(
        &self,
        id: FirewallId,
        bad: &Answer,
        whole: &Hit,
        (access, asked): (Access, &Asked),
    ) -> Vec<(Cause, Hit)> {
        let world = self.evaluation.world;
        let mut parts = Vec::new();
        for rule in world.semantics.firewall_network_rules(id) {
            if world.network[rule].action.value() != Some(&access) {
                continue;
            }
            let part = world
                .semantics
                .firewall_decided_of(rule, bad)
                .is_hit_near(&asked.taste);
            if part.truth == Truth::True && whole.truth == Truth::True {
                parts.push((Cause::FirewallRule(rule), part));
            }
        }
        parts
    }

    /// The elements the verdict was asked of.
    pub(super) fn answering(&mut self) -> Vec<Element> {
        match &self.contract.answer.of {
            Some(of) => {
                let (value, _) = self.evaluation.compute(of);
                let (elements, _) = elements_of(&value);
                elements.into_iter().map(|(element, _)| element).collect()
            }
            None => vec![self.subject],
        }
    }

    /// What decides the witness of a hit.
    pub(super) fn decider_of(&mut self, hit: &Hit, direction: Direction) -> Cause {
        let Some(witness) = hit.witness else {
            return Cause::Subject;
        };
        for element in self.answering() {
            for nsg in groups_of(self.evaluation.world, element) {
                let decider = self
                    .evaluation
                    .world
                    .semantics
                    .decider(nsg, direction, &witness);
                let cause = cause_of(decider, nsg);
                if cause != Cause::Subject {
                    return cause;
                }
            }
        }
        Cause::Subject
    }
}
