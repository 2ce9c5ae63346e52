//! What an Azure Firewall lets through: its network pass, exactly.
//!
//! Translation rules are asked before the network pass and application rules after it. Packets that
//! they may take are possible, never certain. Threat intelligence is taken to deny nothing.

mod deciding;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Semantics;
use super::compile::{access, number_bounds, outside};
use super::matching::{self, Fields, Matched};
use super::order::{self, Rank, Ranked};
use super::packet::answer::add_unknown;
use super::packet::atoms::{Atom, Dimension, Predicate};
use super::packet::interval::IntervalSet;
use super::packet::{Answer, Family, protocol_code, protocols_with_ports};
use super::place::Place;
use super::rules::Scope;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, Protocol};
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallProtocol, FirewallRule, FirewallRuleKind, FirewallRuleOwner,
};
use crate::model::nsg::Access;
use crate::model::platform::{Cloud, KmsRow};
use crate::model::{
    Field, FirewallId, FirewallPolicyId, FirewallRuleId, IpGroupId, Link, List, State,
};

pub use deciding::{FirewallDecided, Pass, Translation};

/// Azure takes priorities from 100 to 65000.
const PRIORITIES: (u32, u32) = (100, 65_000);

/// Parents of parents are followed this far.
const MAX_PARENTS: u32 = 8;

/// A rule of the pass or a place where rules are that the files do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ruling {
    Rule(FirewallRuleId),
    Rest,
}

/// All rules a firewall has, in no order, each with how many policies inherit from its own.
#[derive(Debug, Default)]
struct Holdings {
    rules: Vec<(u32, FirewallRuleId)>,
    /// Policies or rules outside the files.
    missing: Vec<Arc<Unknown>>,
    /// Whether the policies name themselves as parents, or too many are stacked.
    unclear: bool,
}

impl Semantics<'_> {
    /// The packets a firewall lets through. Packets that its translation or application rules may
    /// take are possible, not certain.
    #[must_use]
    pub fn firewall_allowed(&self, firewall: FirewallId, family: Family) -> Answer {
        self.firewall_allowed_of(firewall, &Answer::everything(family))
    }

    /// Those of `flows` that a firewall lets through: faster than [`Self::firewall_allowed`] and
    /// then [`Answer::and`].
    #[must_use]
    pub fn firewall_allowed_of(&self, firewall: FirewallId, flows: &Answer) -> Answer {
        let family = flows.family();
        let place = self.place(Scope::Anywhere, family);
        let holdings = self.holdings(firewall);
        let proxy = self.dns_proxy(firewall);
        let nothing = Answer::nothing(family);
        let network = self.ranked(&holdings, FirewallRuleKind::Network, proxy, &place);
        let mut answer = order::allowed(&network, &nothing, flows);
        for kind in [FirewallRuleKind::Nat, FirewallRuleKind::Application] {
            let rules = self.ranked(&holdings, kind, proxy, &place);
            for rule in rules
                .iter()
                .filter(|rule| rule.access != Some(Access::Deny))
            {
                let mut taken = rule.own.and(flows).only_possibly();
                if kind == FirewallRuleKind::Application {
                    for deny in network
                        .iter()
                        .filter(|rule| rule.access == Some(Access::Deny))
                    {
                        if deny.certain {
                            taken = taken.minus(&deny.own);
                        }
                    }
                }
                for unknown in &rule.because {
                    add_unknown(&mut taken.unknowns, unknown);
                }
                answer = answer.or(&taken);
            }
        }
        let mut infrastructure = self.web(&place).and(flows).only_possibly();
        for deny in network
            .iter()
            .filter(|rule| rule.access == Some(Access::Deny))
        {
            if deny.certain {
                infrastructure = infrastructure.minus(&deny.own);
            }
        }
        answer.or(&infrastructure)
    }

    /// What the firewall's built-in rules for Azure's own services may let through.
    fn web(&self, place: &Place) -> Answer {
        let family = place.family;
        let mut ports = Matched::none(Dimension::DestinationPort);
        for port in [80, 443] {
            ports.add(&IntervalSet::single(port));
        }
        let tcp = IntervalSet::single(protocol_code(Protocol::Tcp));
        Fields {
            source: Matched::any(Dimension::Source, family),
            destination: Matched::set(Dimension::Destination, place.internet.clone()),
            protocol: Matched::set(Dimension::Protocol, tcp),
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: ports,
        }
        .answer(family)
    }

    /// The packets a firewall stops.
    #[must_use]
    pub fn firewall_denied(&self, firewall: FirewallId, family: Family) -> Answer {
        self.firewall_allowed(firewall, family).complement()
    }

    /// The packets a firewall rule decides: those it matches that no earlier rule of its pass does.
    /// A policy may be inherited from: the rules of its own parents count, those of its children
    /// come later.
    #[must_use]
    pub fn firewall_decided(&self, rule: FirewallRuleId, family: Family) -> Answer {
        self.firewall_decided_of(rule, &Answer::everything(family))
    }

    /// Those of `flows` that a firewall rule decides.
    #[must_use]
    pub fn firewall_decided_of(&self, rule: FirewallRuleId, flows: &Answer) -> Answer {
        let family = flows.family();
        let place = self.place(Scope::Anywhere, family);
        let written: &FirewallRule = &self.network[rule];
        let (holdings, proxy) = match written.owner {
            Some(FirewallRuleOwner::Firewall(firewall)) => {
                (self.holdings(firewall), self.dns_proxy(firewall))
            }
            Some(FirewallRuleOwner::Policy(policy)) => {
                let mut holdings = Holdings::default();
                self.collect(policy, 0, &mut holdings);
                (holdings, self.policy_proxy(policy))
            }
            None => {
                let fields = self.firewall_fields(written, Truth::Unknown, &place);
                return fields.answer(family).and(flows).only_possibly();
            }
        };
        let rules = self.ranked(&holdings, written.kind, proxy, &place);
        let nothing = Answer::nothing(family);
        match rules.iter().position(|it| it.id == Ruling::Rule(rule)) {
            Some(index) => order::decided(&rules, index, &nothing, flows),
            None => nothing,
        }
    }

    /// A firewall's rules of the network pass in the order it asks them: rules of parent policies
    /// first, then by group, collection and position.
    #[must_use]
    pub fn firewall_network_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        self.in_pass(firewall, FirewallRuleKind::Network)
    }

    /// A firewall's destination translation rules, in order.
    #[must_use]
    pub fn firewall_nat_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        self.in_pass(firewall, FirewallRuleKind::Nat)
    }

    /// The policies and rules of a firewall that are not in the files.
    #[must_use]
    pub fn firewall_missing(&self, firewall: FirewallId) -> Vec<Arc<Unknown>> {
        self.holdings(firewall).missing
    }

    fn in_pass(&self, firewall: FirewallId, kind: FirewallRuleKind) -> Vec<FirewallRuleId> {
        let mut rules: Vec<(Rank, FirewallRuleId)> = self
            .holdings(firewall)
            .rules
            .into_iter()
            .filter(|(_, rule)| self.network[*rule].kind == kind)
            .map(|(depth, rule)| (self.rank_bounds(depth, rule).0, rule))
            .collect();
        rules.sort_unstable();
        rules.into_iter().map(|(_, rule)| rule).collect()
    }

    fn holdings(&self, id: FirewallId) -> Holdings {
        let mut holdings = Holdings::default();
        let firewall: &Firewall = &self.network[id];
        holdings
            .rules
            .extend(firewall.rules.items.iter().map(|rule| (0, *rule)));
        holdings.missing.extend(firewall.rules.rest.clone());
        if firewall.meta.existing && firewall.rules.rest.is_none() {
            holdings.missing.push(outside(&firewall.meta.key));
        }
        match &firewall.policy.state {
            State::Absent => {}
            State::Known(Link::Here(policy)) => self.collect(*policy, 0, &mut holdings),
            State::Known(Link::External(key)) => holdings.missing.push(outside(key)),
            State::Unknown(unknown, _) => holdings.missing.push(Arc::clone(unknown)),
            State::Invalid { .. } => holdings.unclear = true,
        }
        holdings
    }

    /// Adds the rules of a policy and of those it inherits from.
    fn collect(&self, id: FirewallPolicyId, depth: u32, holdings: &mut Holdings) {
        if depth > MAX_PARENTS {
            holdings.unclear = true;
            return;
        }
        let policy: &FirewallPolicy = &self.network[id];
        let rules = policy.rules.items.iter();
        holdings.rules.extend(rules.map(|rule| (depth, *rule)));
        holdings.missing.extend(policy.rules.rest.clone());
        if policy.meta.existing && policy.rules.rest.is_none() {
            holdings.missing.push(outside(&policy.meta.key));
        }
        match &policy.parent.state {
            State::Absent => {}
            State::Known(Link::Here(parent)) => self.collect(*parent, depth + 1, holdings),
            State::Known(Link::External(key)) => holdings.missing.push(outside(key)),
            State::Unknown(unknown, _) => holdings.missing.push(Arc::clone(unknown)),
            State::Invalid { .. } => holdings.unclear = true,
        }
    }

    fn ranked(
        &self,
        holdings: &Holdings,
        kind: FirewallRuleKind,
        proxy: Truth,
        place: &Place,
    ) -> Vec<Ranked<Ruling>> {
        let mut ranked = Vec::new();
        // The names of the collections that share a place in the order.
        let mut collections: BTreeMap<[u32; 3], BTreeSet<Option<&Arc<str>>>> = BTreeMap::new();
        for (depth, id) in &holdings.rules {
            let rule: &FirewallRule = &self.network[*id];
            let ([inherited, group, collection, _], _) = self.rank_bounds(*depth, *id);
            if rule.kind == kind {
                let names = collections
                    .entry([inherited, group, collection])
                    .or_default();
                names.insert(rule.collection.value());
            }
        }
        for (depth, id) in &holdings.rules {
            let rule: &FirewallRule = &self.network[*id];
            if rule.kind != kind || rule.meta.existence.truth == Truth::False {
                continue;
            }
            let mut because = Vec::new();
            let reasons = [
                rule.meta.existence.because.as_ref(),
                rule.action.unknown(),
                rule.group_priority.unknown(),
                rule.collection_priority.unknown(),
            ];
            for unknown in reasons.into_iter().flatten() {
                add_unknown(&mut because, unknown);
            }
            let mut rank = self.rank_bounds(*depth, *id);
            let [inherited, group, collection, _] = rank.0;
            if collections
                .get(&[inherited, group, collection])
                .is_some_and(|names| names.len() > 1)
            {
                (rank.0[3], rank.1[3]) = (0, u32::MAX);
            }
            let mut fields = self.firewall_fields(rule, proxy, place);
            if rule.meta.template {
                fields = fields.blurred();
            }
            ranked.push(Ranked {
                id: Ruling::Rule(*id),
                rank,
                access: access(&rule.action),
                own: fields.answer(place.family),
                certain: rule.meta.existence.truth == Truth::True && !rule.meta.template,
                because,
            });
        }
        if holdings.unclear || !holdings.missing.is_empty() {
            ranked.push(Ranked {
                id: Ruling::Rest,
                rank: ([0; 4], [u32::MAX; 4]),
                access: None,
                own: Answer::undetermined(place.family, holdings.missing.clone()),
                certain: false,
                because: holdings.missing.clone(),
            });
        }
        ranked.sort_by_key(|rule| rule.rank);
        ranked
    }

    /// Parents first, then group, collection, position. Where collections of one priority are
    /// several, their order is not known.
    fn rank_bounds(&self, depth: u32, id: FirewallRuleId) -> (Rank, Rank) {
        let rule: &FirewallRule = &self.network[id];
        let inherited = MAX_PARENTS.saturating_sub(depth);
        let group = match (&rule.group_priority.state, rule.owner) {
            (State::Absent, _) | (_, Some(FirewallRuleOwner::Firewall(_))) => (0, 0),
            _ => number_bounds(&rule.group_priority, PRIORITIES.0, PRIORITIES.1),
        };
        let collection = number_bounds(&rule.collection_priority, PRIORITIES.0, PRIORITIES.1);
        (
            [inherited, group.0, collection.0, rule.position],
            [inherited, group.1, collection.1, rule.position],
        )
    }

    /// Whether FQDNs in network rules work: a policy's own setting, not its parent's.
    fn dns_proxy(&self, firewall: FirewallId) -> Truth {
        let firewall: &Firewall = &self.network[firewall];
        match &firewall.policy.state {
            State::Absent => switched_on(&firewall.settings.dns_proxy),
            State::Known(Link::Here(policy)) => self.policy_proxy(*policy),
            _ => Truth::Unknown,
        }
    }

    fn policy_proxy(&self, policy: FirewallPolicyId) -> Truth {
        switched_on(&self.network[policy].settings.dns_proxy)
    }

    fn firewall_fields(&self, rule: &FirewallRule, proxy: Truth, place: &Place) -> Fields {
        let family = place.family;
        let source = self.ends(
            &rule.source,
            &rule.source_ip_groups,
            Dimension::Source,
            place,
        );
        let mut destination = self.ends(
            &rule.destination,
            &rule.destination_ip_groups,
            Dimension::Destination,
            place,
        );
        self.add_names(&mut destination, rule, proxy, family);
        let full = IntervalSet::range(0, protocol_code(Protocol::Other));
        let mut protocols = Matched::none(Dimension::Protocol);
        for item in &rule.protocols.items {
            match &item.state {
                State::Known(FirewallProtocol::Any) => protocols.add(&full),
                State::Known(FirewallProtocol::Only(protocol)) => {
                    protocols.add(&IntervalSet::single(protocol_code(*protocol)));
                }
                State::Known(
                    FirewallProtocol::Http | FirewallProtocol::Https | FirewallProtocol::Mssql,
                ) => {
                    protocols.add(&IntervalSet::single(protocol_code(Protocol::Tcp)));
                }
                State::Absent => {}
                State::Unknown(unknown, _) => {
                    let empty = IntervalSet::empty();
                    protocols.add_atom(matching::unknown_atom(
                        Dimension::Protocol,
                        unknown,
                        empty,
                        full.clone(),
                    ));
                }
                State::Invalid { .. } => protocols.add_loose(&full),
            }
        }
        if let Some(rest) = &rule.protocols.rest {
            protocols.add_loose(&full);
            protocols.add_unknown(rest);
        }
        let mut ports =
            matching::ports(&rule.destination_ports, Dimension::DestinationPort, family);
        if !protocols.widest().meets(&protocols_with_ports()) {
            // Azure does not look at the ports of a rule for ICMP.
            ports = Matched::any(Dimension::DestinationPort, family);
        }
        Fields {
            source,
            destination,
            protocol: protocols,
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: ports,
        }
    }

    /// The addresses and IP groups of one side.
    fn ends(
        &self,
        prefixes: &List<Field<AddressPrefix>>,
        groups: &List<Field<Link<IpGroupId>>>,
        dimension: Dimension,
        place: &Place,
    ) -> Matched {
        let mut matched = if prefixes.is_certainly_empty() {
            Matched::none(dimension)
        } else {
            self.addresses(prefixes, dimension, place)
        };
        let everything = place.family.addresses();
        for group in &groups.items {
            match &group.state {
                State::Known(Link::Here(group)) => {
                    let group = &self.network[*group];
                    for item in &group.addresses.items {
                        self.add_address(&mut matched, item, place);
                    }
                    if let Some(rest) = &group.addresses.rest {
                        let empty = IntervalSet::empty();
                        matched.add_atom(matching::unknown_atom(
                            dimension,
                            rest,
                            empty,
                            everything.clone(),
                        ));
                    }
                    if group.meta.existing && group.addresses.rest.is_none() {
                        let key = group.meta.key.clone();
                        matched.add_atom(list_atom(dimension, &key, &everything));
                    }
                }
                State::Known(Link::External(key)) => {
                    matched.add_atom(list_atom(dimension, key, &everything));
                }
                State::Unknown(unknown, _) => {
                    let empty = IntervalSet::empty();
                    let outer = everything.clone();
                    matched.add_atom(matching::unknown_atom(dimension, unknown, empty, outer));
                }
                State::Absent => {}
                State::Invalid { .. } => matched.add_loose(&everything),
            }
        }
        if let Some(rest) = &groups.rest {
            matched.add_loose(&everything);
            matched.add_unknown(rest);
        }
        matched
    }

    /// What a rule's destination names stand for. The activation servers' names stand for their
    /// addresses while the firewall answers DNS; of others nothing is known.
    fn add_names(&self, matched: &mut Matched, rule: &FirewallRule, proxy: Truth, family: Family) {
        let everything = family.addresses();
        let mut names = rule.destination_fqdns.clone();
        for more in [
            &rule.destination_urls,
            &rule.fqdn_tags,
            &rule.web_categories,
        ] {
            names.items.extend(more.items.iter().cloned());
            names.rest = names.rest.or_else(|| more.rest.clone());
        }
        let application = rule.kind == FirewallRuleKind::Application;
        let known: Vec<String> = names
            .items
            .iter()
            .filter_map(Field::value)
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        let rows = self.facts.kms.iter().filter(|row| row.cloud == self.cloud);
        for row in rows {
            let named = |name: &Arc<str>| known.contains(&name.to_ascii_lowercase());
            let addresses = row
                .current
                .iter()
                .filter_map(|address| family.range(*address, *address))
                .fold(IntervalSet::empty(), |all, one| all.union(&one));
            if stands_for_all(row, &known) && proxy == Truth::True && !application {
                matched.add(&addresses);
            } else if let Some(name) = row.fqdns.iter().find(|name| named(name)) {
                matched.add_loose(&addresses);
                let label = match application {
                    true => "what the firewall's application rules let through".to_owned(),
                    false => format!("what `{name}` resolves to for the firewall"),
                };
                matched.add_unknown(&Arc::new(Unknown::new("name", label, Reason::RunTime)));
            }
        }
        for item in &names.items {
            match &item.state {
                State::Absent => {}
                State::Known(name) => {
                    let name = name.trim().to_ascii_lowercase();
                    let servers = self
                        .facts
                        .kms
                        .iter()
                        .any(|row| row.fqdns.iter().any(|own| own.eq_ignore_ascii_case(&name)));
                    if !servers {
                        let predicate = Predicate::Name(name);
                        let empty = IntervalSet::empty();
                        let outer = everything.clone();
                        matched.add_atom(Atom::new(
                            Dimension::Destination,
                            &predicate,
                            empty,
                            outer,
                        ));
                    }
                }
                State::Unknown(unknown, _) => {
                    matched.add_loose(&everything);
                    matched.add_unknown(unknown);
                }
                State::Invalid { .. } => matched.add_loose(&everything),
            }
        }
        if let Some(rest) = &names.rest {
            matched.add_loose(&everything);
            matched.add_unknown(rest);
        }
    }
}

/// Whether the names together are certain to resolve to every current activation server. In the
/// public cloud `azkms` alone does; elsewhere each name has its own server.
fn stands_for_all(row: &KmsRow, names: &[String]) -> bool {
    let named = |name: &Arc<str>| names.contains(&name.to_ascii_lowercase());
    let first = row.fqdns.first();
    row.fqdns.iter().all(named) || (row.cloud == Cloud::Public && first.is_some_and(named))
}

fn switched_on(field: &Field<bool>) -> Truth {
    match &field.state {
        State::Known(on) => (*on).into(),
        State::Absent => Truth::False,
        _ => Truth::Unknown,
    }
}

fn list_atom(dimension: Dimension, key: &crate::eval::ResourceKey, outer: &IntervalSet) -> Atom {
    let predicate = Predicate::AddressList(key.0.to_ascii_lowercase());
    let mut atom = Atom::new(dimension, &predicate, IntervalSet::empty(), outer.clone());
    atom.unknown = Some(outside(key));
    atom
}
