//! Contracts that set the reading in which user-defined routes widen `VirtualNetwork` against the
//! plain one: what decides in each, and the route behind the difference.

use std::sync::Arc;

use super::{Cause, Run, cause_of};
use crate::model::nsg::Direction;
use crate::model::routing::RoutePrefix;
use crate::model::{Link, NicId, NsgId, RouteId, State, SubnetId};
use crate::policy::datum::Element;
use crate::policy::spec::VerdictSpec;
use crate::policy::vocabulary::{Kind, subnets_of};
use crate::semantics::packet::{Flow, Hit};
use crate::semantics::rules::{Decider, Scope};

/// What decides one packet in the two readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Readings {
    /// The rule where routes widen `VirtualNetwork`.
    pub(crate) widened: Arc<str>,
    /// The rule where they do not.
    pub(crate) plain: Arc<str>,
    /// Whether the packet passes in the widened reading alone.
    pub(crate) opens: bool,
}

impl Run<'_, '_, '_> {
    /// Whether the contract asks in one reading of what is asked in the other.
    pub(super) fn asks_both_readings(&self) -> bool {
        let given = self.contract.given.as_ref();
        given.is_some_and(|given| given.widened != self.contract.answer.widened)
    }

    /// The route that widens `VirtualNetwork` by the far address of a hit's witness.
    pub(super) fn widening_route(&mut self, hit: &Hit, direction: Direction) -> Option<RouteId> {
        let witness = hit.witness?;
        let far = match direction {
            Direction::Inbound => witness.source,
            Direction::Outbound => witness.destination,
        };
        let network = self.evaluation.world.network;
        let elements = self.answering();
        let subnets = elements.into_iter().flat_map(|one| self.subnets(one));
        let routes = subnets.flat_map(|subnet| match &network[subnet].route_table.state {
            State::Known(Link::Here(table)) => network[*table].routes.items.clone(),
            _ => Vec::new(),
        });
        let holds = |route: &RouteId| match network[*route].prefix.value() {
            Some(RoutePrefix::Block(block)) => block.contains(&far).then(|| block.prefix_len()),
            _ => None,
        };
        let mut holding: Vec<(std::cmp::Reverse<u8>, RouteId)> = routes
            .filter_map(|route| Some((std::cmp::Reverse(holds(&route)?), route)))
            .collect();
        holding.sort_unstable();
        holding.first().map(|(_, route)| *route)
    }

    /// What decides the witness of a hit in the first group that decides it otherwise.
    pub(super) fn readings(&mut self, hit: &Hit, direction: Direction) -> Option<Readings> {
        let witness = hit.witness?;
        let answers = [Some(&self.contract.answer), self.contract.given.as_ref()];
        let opens = answers
            .into_iter()
            .flatten()
            .any(|answer| answer.widened && answer.verdict == VerdictSpec::Allowed);
        let elements = self.answering();
        let groups = elements.into_iter().flat_map(|one| self.places_of(one));
        groups.into_iter().find_map(|(nsg, scope)| {
            let [widened, plain] = self.deciders(nsg, scope, direction, &witness);
            (widened != plain).then(|| Readings {
                widened: self.name_of(&widened),
                plain: self.name_of(&plain),
                opens,
            })
        })
    }

    fn deciders(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        witness: &Flow,
    ) -> [Cause; 2] {
        let world = self.evaluation.world;
        [world.widened(), &world.semantics].map(|semantics| {
            let decider = semantics.decider_at(nsg, scope, direction, witness);
            match decider {
                // What is certain is certain of packets that are not behind any tag whose
                // addresses are not known: the last one decides them.
                Decider::Depends {
                    mut rules,
                    mut defaults,
                    unknowns,
                } => {
                    rules.drain(..rules.len().saturating_sub(1));
                    defaults.drain(..defaults.len().saturating_sub(1));
                    if !defaults.is_empty() {
                        rules.clear();
                    }
                    let decider = Decider::Depends {
                        rules,
                        defaults,
                        unknowns,
                    };
                    cause_of(decider, nsg)
                }
                decider => cause_of(decider, nsg),
            }
        })
    }

    fn name_of(&self, cause: &Cause) -> Arc<str> {
        let world = self.evaluation.world;
        match cause {
            Cause::SecurityRule(rule) => {
                let rule = Element {
                    kind: Kind::SecurityRule,
                    id: rule.0,
                };
                rule.display(world).into()
            }
            Cause::Default(_, name) => Arc::clone(name),
            _ => "a rule that these files do not tell".into(),
        }
    }

    /// The groups that packets of an element pass, each where it stands.
    fn places_of(&self, element: Element) -> Vec<(NsgId, Scope)> {
        let network = self.evaluation.world.network;
        let here = |state: &State<Link<NsgId>>| match state {
            State::Known(Link::Here(id)) => Some(*id),
            _ => None,
        };
        let of_subnet = |subnet: SubnetId| {
            here(&network[subnet].nsg.state).map(|nsg| (nsg, Scope::Subnet(subnet)))
        };
        match element.kind {
            Kind::Nsg => vec![(NsgId(element.id), Scope::Nsg(NsgId(element.id)))],
            Kind::Subnet => of_subnet(SubnetId(element.id)).into_iter().collect(),
            Kind::NetworkInterface => {
                let nic = NicId(element.id);
                let own = here(&network[nic].nsg.state).map(|nsg| (nsg, Scope::Nic(nic)));
                let subnets = subnets_of(network, nic);
                let others = subnets.into_iter().filter_map(of_subnet);
                own.into_iter().chain(others).collect()
            }
            _ => Vec::new(),
        }
    }
}
