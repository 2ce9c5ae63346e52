//! A security group as a list of ranked sets, Azure's default rules and the bypass included.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::Semantics;
use super::lookup::{Found, Lookup};
use super::matching::{Fields, Matched};
use super::order::{Rank, Ranked};
use super::packet::answer::add_unknown;
use super::packet::atoms::Dimension;
use super::packet::interval::IntervalSet;
use super::packet::{Answer, Family, Flow, protocol_code};
use super::place::Place;
use super::rules::Scope;
use crate::eval::ResourceKey;
use crate::eval::value::{Bounds as Limits, Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, Protocol, ServiceTag};
use crate::model::nsg::{Access, Direction, NetworkSecurityGroup, SecurityRule};
use crate::model::platform::PlatformService;
use crate::model::{Field, NsgId, SecurityRuleId, State, SubnetId};

/// The lowest priority Azure takes.
pub(crate) const FIRST_PRIORITY: u32 = 100;

/// The highest priority Azure takes from authors.
pub(crate) const LAST_PRIORITY: u32 = 4_096;

/// A rule in the order in which a group decides: what a packet can be decided by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ruling {
    /// A rule of the author's.
    Custom(SecurityRuleId),
    /// A rule Azure adds to every group, by its name, such as `DenyAllInBound`, or that a service in
    /// the group's subnets keeps in it.
    Default(Arc<str>),
    /// Rules the group may have that the files do not tell.
    Rest,
}

/// A group at a place, one direction and family.
#[derive(Debug)]
pub(crate) struct Group {
    /// By rank.
    pub(crate) rules: Vec<Ranked<Ruling>>,
    /// Platform traffic the group does not touch.
    pub(crate) bypass: Answer,
    /// For single packets; built when the first is asked for.
    lookup: OnceLock<Option<Lookup>>,
}

impl Group {
    /// What decides a packet, where that is certain without looking at sets.
    pub(crate) fn find(&self, flow: &Flow) -> Option<Found> {
        let build = || Lookup::new(&self.rules, &self.bypass);
        let lookup = self.lookup.get_or_init(build).as_ref()?;
        lookup.decider(&self.rules, flow)
    }
}

/// What makes groups equal: places of equal keys mean the same.
type GroupKey = (NsgId, Direction, Family, String, Truth);

/// Groups compiled so far.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_place: BTreeMap<GroupKey, Arc<Group>>,
    /// The same by what is asked for: a place takes longer to find than a packet.
    by_scope: BTreeMap<(NsgId, Scope, Direction, Family), Arc<Group>>,
}

impl Semantics<'_> {
    /// The group at a place.
    pub(crate) fn compiled(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        family: Family,
    ) -> Arc<Group> {
        let asked = (nsg, scope, direction, family);
        let cached = |all: &Groups| all.by_scope.get(&asked).cloned();
        if let Some(group) = self.groups.lock().ok().and_then(|all| cached(&all)) {
            return group;
        }
        let place = self.place(scope, family);
        let rerouted = match direction {
            Direction::Inbound => Truth::False,
            Direction::Outbound => self.is_rerouted(scope),
        };
        let key = (nsg, direction, family, place.key.clone(), rerouted);
        let cached = |all: &Groups| all.by_place.get(&key).cloned();
        let known = self.groups.lock().ok().and_then(|all| cached(&all));
        let group =
            known.unwrap_or_else(|| Arc::new(self.compile(nsg, direction, &place, rerouted)));
        if let Ok(mut all) = self.groups.lock() {
            all.by_place.insert(key, Arc::clone(&group));
            all.by_scope.insert(asked, Arc::clone(&group));
        }
        group
    }

    pub(crate) fn compile(
        &self,
        nsg: NsgId,
        direction: Direction,
        place: &Place,
        rerouted: Truth,
    ) -> Group {
        let mut rules = self.custom_rules(nsg, direction, place);
        rules.extend(self.default_rules(direction, place));
        rules.extend(self.service_rules(nsg, direction, place));
        rules.sort_by_key(|rule| rule.rank);
        let bypass = match direction {
            Direction::Inbound => Answer::nothing(place.family),
            Direction::Outbound => self.bypass(nsg, place, rerouted),
        };
        Group {
            rules,
            bypass,
            lookup: OnceLock::new(),
        }
    }

    /// The group's own rules of a direction, ranked; those that certainly do not exist are left
    /// out.
    pub(crate) fn custom_rules(
        &self,
        nsg: NsgId,
        direction: Direction,
        place: &Place,
    ) -> Vec<Ranked<Ruling>> {
        let group: &NetworkSecurityGroup = &self.network[nsg];
        let mut rules = Vec::with_capacity(group.rules.items.len());
        for id in &group.rules.items {
            let rule: &SecurityRule = &self.network[*id];
            if !may_be(&rule.direction, &direction) || rule.meta.existence.truth == Truth::False {
                continue;
            }
            let mut because: Vec<Arc<Unknown>> = Vec::new();
            let certain = rule.direction.value().is_some()
                && rule.meta.existence.truth == Truth::True
                && !rule.meta.template;
            let reasons = [
                rule.meta.existence.because.as_ref(),
                rule.direction.unknown(),
                rule.access.unknown(),
                rule.priority.unknown(),
            ];
            for unknown in reasons.into_iter().flatten() {
                add_unknown(&mut because, unknown);
            }
            rules.push(Ranked {
                id: Ruling::Custom(*id),
                rank: priorities(&rule.priority),
                access: access(&rule.access),
                own: self.fields(*id, place).answer(place.family),
                certain,
                because,
            });
        }
        let rest = group.rules.rest.clone();
        let rest = rest.or_else(|| group.meta.existing.then(|| outside(&group.meta.key)));
        if let Some(rest) = rest {
            rules.push(Ranked {
                id: Ruling::Rest,
                rank: (rank(FIRST_PRIORITY), rank(LAST_PRIORITY)),
                access: None,
                own: Answer::undetermined(place.family, vec![Arc::clone(&rest)]),
                certain: false,
                because: vec![rest],
            });
        }
        rules.sort_by_key(|rule| rule.rank);
        rules
    }

    fn default_rules(&self, direction: Direction, place: &Place) -> Vec<Ranked<Ruling>> {
        let family = place.family;
        let side = |name: &str, dimension| {
            let prefix = match name {
                "*" => AddressPrefix::Any,
                tag => AddressPrefix::Tag(ServiceTag::new(tag)),
            };
            let mut matched = Matched::none(dimension);
            self.add_prefix(&mut matched, &prefix, place);
            matched
        };
        let spelled = match direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        let rows = self.facts.default_rules.iter();
        rows.filter(|row| row.direction.eq_ignore_ascii_case(spelled))
            .map(|row| Ranked {
                id: Ruling::Default(Arc::clone(&row.name)),
                rank: (rank(row.priority), rank(row.priority)),
                access: Some(if row.access.eq_ignore_ascii_case("allow") {
                    Access::Allow
                } else {
                    Access::Deny
                }),
                own: Fields {
                    source: side(&row.source, Dimension::Source),
                    destination: side(&row.destination, Dimension::Destination),
                    protocol: Matched::any(Dimension::Protocol, family),
                    source_ports: Matched::any(Dimension::SourcePort, family),
                    destination_ports: Matched::any(Dimension::DestinationPort, family),
                }
                .answer(family),
                certain: true,
                because: Vec::new(),
            })
            .collect()
    }

    /// Platform traffic that no rule claims through its platform tag. Once a default route leads
    /// elsewhere, activation is ordinary traffic.
    fn bypass(&self, nsg: NsgId, place: &Place, rerouted: Truth) -> Answer {
        let family = place.family;
        let mut all = Answer::nothing(family);
        for service in &self.facts.services {
            let mut traffic = self.service_fields(service, family).answer(family);
            if self.is_activation(service) {
                match rerouted {
                    Truth::True => continue,
                    Truth::Unknown => {
                        traffic = traffic.only_possibly();
                        let label = "whether the default route switches off the platform's own \
                                     way to the activation servers";
                        let unknown = Unknown::new("activation", label, Reason::Outside);
                        traffic.unknowns.push(Arc::new(unknown));
                    }
                    Truth::False => {}
                }
            }
            if let Some(tag) = &service.tag {
                for rule in &self.network[nsg].rules.items {
                    traffic = traffic.minus(&self.claim(*rule, tag, place));
                }
                if self.network[nsg].rules.rest.is_some() || self.network[nsg].meta.existing {
                    traffic = traffic.only_possibly();
                }
            }
            all = all.or(&traffic);
        }
        all
    }

    fn service_fields(&self, service: &PlatformService, family: Family) -> Fields {
        let mut destination = Matched::none(Dimension::Destination);
        for block in &service.addresses {
            if let Some(set) = family.block(*block) {
                destination.add(&set);
            }
        }
        let mut protocol = Matched::none(Dimension::Protocol);
        for name in &service.protocols {
            let known = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp)];
            for (_, known) in known
                .iter()
                .filter(|(known, _)| name.eq_ignore_ascii_case(known))
            {
                protocol.add(&IntervalSet::single(protocol_code(*known)));
            }
        }
        let mut ports = Matched::none(Dimension::DestinationPort);
        for port in &service.ports {
            ports.add(&IntervalSet::single((*port).into()));
        }
        Fields {
            source: Matched::any(Dimension::Source, family),
            destination,
            protocol,
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: ports,
        }
    }

    fn is_activation(&self, service: &PlatformService) -> bool {
        let rows = self.facts.kms.iter();
        rows.filter(|row| row.cloud == self.cloud).any(|row| {
            service.ports.contains(&row.port)
                && row.current.iter().any(|address| {
                    service
                        .addresses
                        .iter()
                        .any(|block| block.contains(address))
                })
        })
    }

    /// What a rule matches through a platform tag.
    fn claim(&self, id: SecurityRuleId, tag: &str, place: &Place) -> Answer {
        let family = place.family;
        let rule: &SecurityRule = &self.network[id];
        if !may_be(&rule.direction, &Direction::Outbound)
            || rule.meta.existence.truth == Truth::False
        {
            return Answer::nothing(family);
        }
        let wanted = self.canonical_tag(tag);
        let is_tag = |prefix: &AddressPrefix| match prefix {
            AddressPrefix::Tag(tag) => self.canonical_tag(tag.name()) == wanted,
            _ => false,
        };
        let mut destination = Matched::none(Dimension::Destination);
        for item in &rule.destination.items {
            match &item.state {
                State::Known(prefix) if is_tag(prefix) => {
                    self.add_prefix(&mut destination, prefix, place);
                }
                State::Unknown(unknown, candidates)
                    if candidates.as_ref().is_none_or(|all| all.iter().any(is_tag)) =>
                {
                    destination.add_loose(&family.addresses());
                    destination.add_unknown(unknown);
                }
                _ => {}
            }
        }
        if destination.widest().is_empty() {
            return Answer::nothing(family);
        }
        let claim = Fields {
            destination,
            ..self.fields(id, place)
        }
        .answer(family);
        let certain = rule.direction.value().is_some()
            && rule.meta.existence.truth == Truth::True
            && !rule.meta.template;
        if certain {
            claim
        } else {
            claim.only_possibly()
        }
    }

    /// Whether the subnets of a scope have a default route of their own: then Windows activation is
    /// no platform traffic any more.
    pub(crate) fn is_rerouted(&self, scope: Scope) -> Truth {
        let subnets: Vec<SubnetId> = match scope {
            Scope::Anywhere => Vec::new(),
            Scope::Subnet(subnet) => vec![subnet],
            Scope::Nic(nic) => self.subnets_of_nic(nic),
            Scope::Nsg(nsg) => {
                let group: &NetworkSecurityGroup = &self.network[nsg];
                let mut subnets = group.subnets.items.clone();
                for nic in &group.network_interfaces.items {
                    subnets.extend(self.subnets_of_nic(*nic));
                }
                subnets
            }
        };
        let mut answers = subnets.into_iter().map(|id| self.has_own_default_route(id));
        let Some(first) = answers.next() else {
            return Truth::Unknown;
        };
        answers.fold(
            first,
            |all, one| if all == one { all } else { Truth::Unknown },
        )
    }
}

/// The rank of a priority.
pub(crate) fn rank(priority: u32) -> Rank {
    [priority, 0, 0, 0]
}

/// The lowest and the highest rank a priority may have.
pub(crate) fn priorities(field: &Field<u32>) -> (Rank, Rank) {
    let (low, high) = number_bounds(field, FIRST_PRIORITY, LAST_PRIORITY);
    (rank(low), rank(high))
}

/// The bounds of a number of which `low..=high` are the possible values.
pub(crate) fn number_bounds(field: &Field<u32>, low: u32, high: u32) -> (u32, u32) {
    match &field.state {
        State::Known(value) => (*value, *value),
        State::Unknown(_, Some(all)) if !all.is_empty() => (
            all.iter().copied().min().unwrap_or(low),
            all.iter().copied().max().unwrap_or(high),
        ),
        State::Unknown(unknown, _) => match unknown.bounds {
            Limits::Range(lowest, highest) => {
                let limit = |limit: Option<i64>, open: u32| {
                    limit.map_or(open, |limit| {
                        u32::try_from(limit.clamp(low.into(), high.into())).unwrap_or(open)
                    })
                };
                (limit(lowest, low), limit(highest, high))
            }
            _ => (low, high),
        },
        State::Absent | State::Invalid { .. } => (low, high),
    }
}

/// The access, where it is known or has only one candidate.
pub(crate) fn access(field: &Field<Access>) -> Option<Access> {
    match &field.state {
        State::Known(access) => Some(*access),
        State::Unknown(_, Some(all)) => match all.as_slice() {
            [first, others @ ..] if others.iter().all(|other| other == first) => Some(*first),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a field may have a value.
pub(crate) fn may_be<T: PartialEq>(field: &Field<T>, value: &T) -> bool {
    match &field.state {
        State::Known(known) => known == value,
        State::Unknown(_, Some(all)) if !all.is_empty() => all.contains(value),
        _ => true,
    }
}

/// The unknown for what a link means that Azure refuses.
pub(crate) fn refused(raw: &Arc<str>) -> Arc<Unknown> {
    Arc::new(Unknown::new("refused", Arc::clone(raw), Reason::Invalid))
}

/// The unknown for what lies outside the files.
pub(crate) fn outside(key: &ResourceKey) -> Arc<Unknown> {
    Arc::new(Unknown::new("outside", Arc::clone(&key.0), Reason::Outside))
}
