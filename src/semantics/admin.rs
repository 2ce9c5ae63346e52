//! Security admin rules of Azure Virtual Network Manager: what they decide before any network
//! security group is asked.
//!
//! Priority order; *Deny* and *Always Allow* end the evaluation, *Allow* leaves the packet to the
//! network security groups. Whether a rule applies to a network at all is decided in
//! `applies`. A manager outside the files is taken not to exist ([`Semantics::admin_assumptions`]
//! says so). What is absent: private endpoints, which admin rules do not touch.
//!
//! Source: <https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins>
//! (2026-01-09).

mod applies;

use std::sync::Arc;

use super::Semantics;
use super::compile::{may_be, number_bounds, outside};
use super::matching::{self, Fields, Matched};
use super::order::{self, Rank, Ranked};
use super::packet::answer::add_unknown;
use super::packet::atoms::{Atom, Dimension, Predicate};
use super::packet::interval::IntervalSet;
use super::packet::{Answer, Family};
use super::place::Place;
use super::rules::Scope;
use crate::eval::value::{Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::manager::{AdminAction, AdminAddress, AdminRule};
use crate::model::nsg::Direction;
use crate::model::{
    AdminConfigurationId, AdminRuleId, Field, Link, List, NetworkGroupId, State, StaticMemberId,
    SubnetId, VnetId,
};
use applies::{Applies, Ground};

/// A part of some packets, and what the security admin rules do with it.
#[derive(Clone, Debug)]
pub struct AdminDecided {
    /// The rule that decides; `None`: no rule does, or one that the files do not tell.
    pub by: Option<AdminRuleId>,
    /// What happens. `Allow`: network security groups are asked next, also where no rule decides.
    /// `None`: not known.
    pub action: Option<AdminAction>,
    /// The packets.
    pub flows: Answer,
}

/// What decides in a list of admin rules.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decisive {
    Rule(AdminRuleId),
    /// Rules that the files do not tell.
    Rest,
    /// None of them: the network security groups go on.
    Nothing,
}

/// The lowest and the highest priority of an admin rule.
const PRIORITIES: (u32, u32) = (1, 4_096);

impl Semantics<'_> {
    /// Divides packets by what the security admin rules of a virtual network do with them, in the
    /// order of the rules; parts without packets are left out. Subnets that are exempt are not
    /// told apart: [`Self::admin_deciding_in`] does.
    ///
    /// ```no_run
    /// # use aznet::semantics::Semantics;
    /// # use aznet::semantics::packet::Answer;
    /// # use aznet::model::{VnetId, manager::AdminAction, nsg::Direction};
    /// # fn denied(semantics: &Semantics<'_>, vnet: VnetId, flows: &Answer) -> bool {
    /// let parts = semantics.admin_deciding(vnet, Direction::Inbound, flows);
    /// parts.iter().any(|part| part.action == Some(AdminAction::Deny))
    /// # }
    /// ```
    #[must_use]
    pub fn admin_deciding(
        &self,
        vnet: VnetId,
        direction: Direction,
        flows: &Answer,
    ) -> Vec<AdminDecided> {
        if self.network.admin_rules.is_empty() && self.network.admin_rule_collections.is_empty() {
            return vec![passed_on(flows.clone())];
        }
        let place = self.place_of_network(vnet, flows.family());
        self.admin_decided(&Ground::Network(vnet), direction, &place, flows)
    }

    /// The same where the packets leave or reach a subnet: some subnets are exempt, and the network
    /// of a subnet may lie outside the files.
    #[must_use]
    pub fn admin_deciding_in(
        &self,
        subnet: SubnetId,
        direction: Direction,
        flows: &Answer,
    ) -> Vec<AdminDecided> {
        if self.is_exempt_subnet(subnet) {
            return vec![passed_on(flows.clone())];
        }
        match &self.network[subnet].virtual_network.state {
            State::Known(Link::Here(vnet)) => self.admin_deciding(*vnet, direction, flows),
            _ if self.network.admin_rules.is_empty()
                && self.network.admin_rule_collections.is_empty() =>
            {
                vec![passed_on(flows.clone())]
            }
            State::Known(Link::External(key)) => {
                let place = self.place(Scope::Subnet(subnet), flows.family());
                let ground = Ground::Outside(key.clone());
                self.admin_decided(&ground, direction, &place, flows)
            }
            _ => {
                let place = self.place(Scope::Subnet(subnet), flows.family());
                self.admin_decided(&Ground::Unknown, direction, &place, flows)
            }
        }
    }

    /// What answers on admin rules rest on, one sentence each, sorted; empty where these files hold
    /// no manager and no admin rule.
    #[must_use]
    pub fn admin_assumptions(&self) -> Vec<String> {
        let network = self.network;
        if network.network_managers.is_empty() && network.admin_rules.is_empty() {
            return Vec::new();
        }
        let mut all =
            vec!["no virtual network manager outside these files applies admin rules".to_owned()];
        for configuration in AdminConfigurationId::all(network) {
            if self.admin_deployed && !self.is_deployment_told(configuration) {
                let name = name_of(&network[configuration].meta);
                all.push(format!(
                    "the security admin configuration `{name}` is deployed"
                ));
            }
        }
        for group in NetworkGroupId::all(network) {
            if self.is_taken_as_closed(group) {
                let name = name_of(&network[group].meta);
                all.push(format!(
                    "no Azure Policy adds networks to the network group `{name}`"
                ));
            }
        }
        all.sort();
        all.dedup();
        all
    }

    fn admin_decided(
        &self,
        ground: &Ground,
        direction: Direction,
        place: &Place,
        flows: &Answer,
    ) -> Vec<AdminDecided> {
        let rules = self.admin_rules(ground, direction, place);
        let nothing = Answer::nothing(flows.family());
        let mut parts = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let mut flows = order::decided(&rules, index, &nothing, flows);
            if !rule.certain {
                flows = flows.only_possibly();
            }
            if flows.flows.may.is_empty() {
                continue;
            }
            parts.push(match &rule.id {
                Decisive::Rule(id) => AdminDecided {
                    by: Some(*id),
                    action: action(&self.network[*id].action),
                    flows,
                },
                Decisive::Rest => AdminDecided {
                    by: None,
                    action: None,
                    flows,
                },
                Decisive::Nothing => passed_on(flows),
            });
        }
        parts
    }

    /// The rules of a network, ranked, and last what happens where none decides.
    fn admin_rules(
        &self,
        ground: &Ground,
        direction: Direction,
        place: &Place,
    ) -> Vec<Ranked<Decisive>> {
        let network = self.network;
        let mut rules = Vec::new();
        let mut managers = Vec::new();
        for id in AdminRuleId::all(network) {
            let rule: &AdminRule = &network[id];
            if rule.meta.existence.truth == Truth::False || !may_be(&rule.direction, &direction) {
                continue;
            }
            let Applies { truth, mut because } = self.admin_rule_applies(id, ground);
            if truth == Truth::False {
                continue;
            }
            let reasons = [
                rule.meta.existence.because.as_ref(),
                rule.direction.unknown(),
                rule.action.unknown(),
                rule.priority.unknown(),
            ];
            for unknown in reasons.into_iter().flatten() {
                add_unknown(&mut because, unknown);
            }
            let manager = self.manager_of(id);
            if !managers.contains(&manager) {
                managers.push(manager);
            }
            let (low, high) = number_bounds(&rule.priority, PRIORITIES.0, PRIORITIES.1);
            rules.push(Ranked {
                id: Decisive::Rule(id),
                rank: (rank(low), rank(high)),
                access: None,
                own: self.admin_fields(id, place).answer(place.family),
                certain: truth == Truth::True
                    && rule.meta.existence.truth == Truth::True
                    && !rule.meta.template
                    && rule.direction.value().is_some(),
                because,
            });
        }
        for because in self.further_admin_rules(ground) {
            rules.push(Ranked {
                id: Decisive::Rest,
                rank: (rank(PRIORITIES.0), rank(PRIORITIES.1)),
                access: None,
                own: Answer::undetermined(place.family, vec![Arc::clone(&because)]),
                certain: false,
                because: vec![because],
            });
        }
        if managers.len() > 1 {
            // Which manager comes first follows from scopes that these files need not tell.
            for rule in &mut rules {
                rule.rank = (rank(PRIORITIES.0), rank(PRIORITIES.1));
            }
        }
        rules.sort_by_key(|rule| rule.rank);
        rules.push(Ranked {
            id: Decisive::Nothing,
            rank: ([u32::MAX; 4], [u32::MAX; 4]),
            access: None,
            own: Answer::everything(place.family),
            certain: true,
            because: Vec::new(),
        });
        rules
    }

    fn admin_fields(&self, id: AdminRuleId, place: &Place) -> Fields {
        let rule: &AdminRule = &self.network[id];
        let family = place.family;
        let ports = |list: &List<_>, dimension| {
            if list.is_certainly_empty() {
                Matched::any(dimension, family)
            } else {
                matching::ports(list, dimension, family)
            }
        };
        let fields = Fields {
            source: self.admin_addresses(&rule.source, Dimension::Source, place),
            destination: self.admin_addresses(&rule.destination, Dimension::Destination, place),
            protocol: matching::protocol(&rule.protocol),
            source_ports: ports(&rule.source_ports, Dimension::SourcePort),
            destination_ports: ports(&rule.destination_ports, Dimension::DestinationPort),
        };
        if rule.meta.template {
            fields.blurred()
        } else {
            fields
        }
    }

    fn admin_addresses(
        &self,
        list: &List<Field<AdminAddress>>,
        dimension: Dimension,
        place: &Place,
    ) -> Matched {
        if list.is_certainly_empty() {
            return Matched::any(dimension, place.family);
        }
        let mut prefixes = List {
            items: Vec::new(),
            rest: list.rest.clone(),
        };
        let mut groups = Vec::new();
        for item in &list.items {
            match &item.state {
                State::Known(AdminAddress::NetworkGroup(link)) => groups.push(link),
                _ => prefixes.items.push(prefix_of(item)),
            }
        }
        let mut matched = if prefixes.is_certainly_empty() {
            Matched::none(dimension)
        } else {
            self.addresses(&prefixes, dimension, place)
        };
        for group in groups {
            self.add_network_group(&mut matched, group, place.family);
        }
        matched
    }

    /// Adds the address spaces of a group's members.
    fn add_network_group(
        &self,
        matched: &mut Matched,
        link: &Link<NetworkGroupId>,
        family: Family,
    ) {
        let mut inner = IntervalSet::empty();
        let mut complete = false;
        let key = match link {
            Link::External(key) => key,
            Link::Here(group) => {
                complete = self.is_taken_as_closed(*group);
                for id in StaticMemberId::all(self.network) {
                    let member = &self.network[id];
                    let certain =
                        member.meta.existence.truth == Truth::True && !member.meta.template;
                    match member.group.value() {
                        Some(Link::Here(of)) if of != group => continue,
                        Some(Link::Here(_)) => {}
                        _ => {
                            complete = false;
                            continue;
                        }
                    }
                    let here = member.network.value().and_then(Link::here);
                    let Some(vnet) = here.filter(|_| certain) else {
                        complete = false;
                        continue;
                    };
                    let space = &self.network[vnet].address_space;
                    let exists = self.network[vnet].meta.existence.truth == Truth::True;
                    complete &= exists
                        && space.rest.is_none()
                        && space.items.iter().all(|block| block.value().is_some());
                    if exists {
                        inner = inner.union(&self.network_space(vnet, family));
                    }
                }
                &self.network[*group].meta.key
            }
        };
        if complete {
            matched.add(&inner);
            return;
        }
        let predicate = Predicate::AddressList(key.0.to_string());
        let outer = family.addresses();
        let mut atom = Atom::new(matched.dimension(), &predicate, inner, outer);
        atom.unknown = Some(outside(key));
        matched.add_atom(atom);
    }
}

fn rank(priority: u32) -> Rank {
    [priority, 0, 0, 0]
}

fn passed_on(flows: Answer) -> AdminDecided {
    AdminDecided {
        by: None,
        action: Some(AdminAction::Allow),
        flows,
    }
}

/// The action, where it is known or has only one candidate.
fn action(field: &Field<AdminAction>) -> Option<AdminAction> {
    match &field.state {
        State::Known(action) => Some(*action),
        State::Unknown(_, Some(all)) => match all.as_slice() {
            [first, others @ ..] if others.iter().all(|other| other == first) => Some(*first),
            _ => None,
        },
        _ => None,
    }
}

/// An item that is certainly no network group, for the security rules' own algebra.
fn prefix_of(item: &Field<AdminAddress>) -> Field<AddressPrefix> {
    let plain = |address: &AdminAddress| match address {
        AdminAddress::Prefix(prefix) => Some(prefix.clone()),
        AdminAddress::NetworkGroup(_) => None,
    };
    let state = match &item.state {
        State::Known(address) => match plain(address) {
            Some(prefix) => State::Known(prefix),
            None => State::Absent,
        },
        State::Unknown(unknown, candidates) => {
            let candidates = candidates.as_ref();
            let all = candidates.and_then(|all| all.iter().map(plain).collect());
            State::Unknown(Arc::clone(unknown), all)
        }
        State::Absent => State::Absent,
        State::Invalid { raw, why } => State::Invalid {
            raw: Arc::clone(raw),
            why: Arc::clone(why),
        },
    };
    Field {
        state,
        origin: item.origin,
    }
}

/// What a person calls an element.
fn name_of(meta: &crate::model::Meta) -> Arc<str> {
    let name = meta.name.value();
    name.cloned().unwrap_or_else(|| Arc::clone(&meta.address))
}

/// Something about admin rules that the files do not tell.
fn open_question(scope: &str, label: String) -> Arc<Unknown> {
    let reason = crate::eval::value::Reason::Outside;
    Arc::new(Unknown::new(scope, label, reason))
}
