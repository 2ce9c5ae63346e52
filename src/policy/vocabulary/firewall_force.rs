//! What is in force in a firewall: which policies a rule is asked by, which settings count.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{elements, object};
use super::relations::known_users;
use super::{Kind, Member, Ty, World};
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::firewall::{
    FirewallRuleKind, FirewallRuleOwner, FirewallSettings, PrivateRange, ThreatIntelligence,
};
use crate::model::{Field, FirewallId, FirewallPolicyId, FirewallRuleId, Link, State};
use crate::origin::OriginId;
use crate::policy::datum::{self, Data, Datum};
use crate::semantics::packet::Family;

/// A setting that is written and does not count.
pub(super) const SETTING: &[Member] = &[(
    "setting",
    Ty::TEXT,
    "what is set, in the middle of a sentence",
)];

/// The policies by which a rule is asked: its own and those below it, where a firewall has them or
/// none of these files inherits from them.
pub(super) fn policies_of_rule(world: &World<'_>, id: u32) -> Datum {
    let Some(FirewallRuleOwner::Policy(own)) = world.network[FirewallRuleId(id)].owner else {
        return Datum::list(Vec::new(), None);
    };
    let mut found = BTreeSet::from([own.0]);
    // Translation rules are not handed down.
    let translates = world.network[FirewallRuleId(id)].kind == FirewallRuleKind::Nat;
    let mut next = if translates { vec![] } else { vec![own.0] };
    while let Some(policy) = next.pop() {
        let children = known_users(world, Kind::FirewallPolicy, policy, Kind::FirewallPolicy);
        next.extend(
            children
                .iter()
                .copied()
                .filter(|child| found.insert(*child)),
        );
    }
    let policies = found.into_iter().filter(|policy| in_force(world, *policy));
    elements(world, Kind::FirewallPolicy, policies, None)
}

/// Whether the rules before a rule leave it a packet.
pub(super) fn reachable(world: &World<'_>, id: u32) -> Datum {
    let leaves = |family| world.semantics.firewall_leaves(FirewallRuleId(id), family);
    let (v4, unknown) = leaves(Family::V4);
    let (v6, unknown_v6) = leaves(Family::V6);
    Datum::truth_value(v4.or(v6), unknown.or(unknown_v6))
}

/// Whether a firewall has a policy, as far as these files tell: one of them does, or no policy of
/// theirs inherits from it.
pub(super) fn in_force(world: &World<'_>, policy: u32) -> bool {
    let users = |by| known_users(world, Kind::FirewallPolicy, policy, by);
    !users(Kind::Firewall).is_empty() || users(Kind::FirewallPolicy).is_empty()
}

/// The rules of one pass of a policy and of those above it.
pub(super) fn rules_of_policy(world: &World<'_>, id: u32, pass: FirewallRuleKind) -> Datum {
    let (rules, missing) = world.semantics.policy_rules(FirewallPolicyId(id), pass);
    let kind = match pass {
        FirewallRuleKind::Nat => Kind::FirewallNatRule,
        FirewallRuleKind::Network => Kind::FirewallNetworkRule,
        FirewallRuleKind::Application => Kind::FirewallApplicationRule,
    };
    elements(world, kind, rules.iter().map(|id| id.0), missing)
}

/// The network rules of a policy that name ports which redirected SQL connections need; one that
/// names more than those is about other things.
pub(super) fn sql_redirect_conflicts(world: &World<'_>, id: u32) -> Datum {
    let limit = |name: &str| {
        let row = world.facts.limits.iter().find(|row| &*row.name == name);
        row.and_then(|row| u16::try_from(row.value).ok())
    };
    let bounds = (
        limit("sql-redirect-port-lowest"),
        limit("sql-redirect-port-highest"),
    );
    let (Some(first), Some(last)) = bounds else {
        return Datum::list(Vec::new(), None);
    };
    let needed = PortRange { first, last };
    let (rules, missing) = world
        .semantics
        .policy_rules(FirewallPolicyId(id), FirewallRuleKind::Network);
    let names = |rule: &&FirewallRuleId| {
        let ports = &world.network[**rule].destination_ports;
        ports.items.iter().filter_map(Field::value).any(|ports| {
            ports.first <= last && ports.last >= first && ports.count() <= needed.count()
        })
    };
    let ids = rules.iter().filter(names).map(|rule| rule.0);
    elements(world, Kind::FirewallNetworkRule, ids, missing)
}

/// How many destinations (address, port and protocol) translation rules name.
pub(super) fn nat_destinations(world: &World<'_>, owner: FirewallRuleOwner) -> Datum {
    let mut found: BTreeMap<_, Vec<PortRange>> = BTreeMap::new();
    for id in world.semantics.in_pass(owner, FirewallRuleKind::Nat) {
        let rule = &world.network[id];
        let ports = rule.destination_ports.items.iter();
        let ports: Vec<PortRange> = ports.filter_map(|it| it.value().copied()).collect();
        for address in rule.destination.items.iter().filter_map(Field::value) {
            for protocol in rule.protocols.items.iter().filter_map(Field::value) {
                found
                    .entry((address, *protocol))
                    .or_default()
                    .extend(&ports);
            }
        }
    }
    count(found.into_values().map(distinct_ports).sum())
}

fn distinct_ports(mut ranges: Vec<PortRange>) -> usize {
    ranges.sort_unstable_by_key(|range| range.first);
    let mut next = 0;
    let mut sum = 0;
    for range in ranges {
        let (first, end) = (usize::from(range.first), usize::from(range.last) + 1);
        sum += end.saturating_sub(first.max(next));
        next = next.max(end);
    }
    sum
}

/// How many IP groups rules name.
pub(super) fn ip_groups(world: &World<'_>, owner: FirewallRuleOwner) -> Datum {
    let mut found = BTreeSet::new();
    for pass in [
        FirewallRuleKind::Nat,
        FirewallRuleKind::Network,
        FirewallRuleKind::Application,
    ] {
        for id in world.semantics.in_pass(owner, pass) {
            let rule = &world.network[id];
            let both = rule
                .source_ip_groups
                .items
                .iter()
                .chain(&rule.destination_ip_groups.items);
            found.extend(both.filter_map(|group| group.value().cloned()));
        }
    }
    count(found.len())
}

fn count(number: usize) -> Datum {
    Datum::constant(Data::Number(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// The destinations to which packets keep their source, `IANAPrivateRanges` written out.
pub(super) fn private_ranges(world: &World<'_>, settings: &FirewallSettings) -> Datum {
    let private = world.facts.named_sets.iter();
    let private = private.filter(|set| &*set.name == "private");
    let iana: Vec<ipnet::IpNet> = private
        .flat_map(|set| set.include.iter().copied())
        .filter(|block| Family::V4.block(*block).is_some())
        .collect();
    let address = |block: ipnet::IpNet| Data::Address(AddressPrefix::Block(block));
    let mut items = Vec::new();
    for range in &settings.private_ranges.items {
        let add = |data: Data| datum::Item::certain(Datum::new(data, range.origin));
        match &range.state {
            State::Known(PrivateRange::Block(block)) => items.push(add(address(*block))),
            State::Known(PrivateRange::Iana) => {
                items.extend(iana.iter().map(|block| add(address(*block))));
            }
            _ => items.push(datum::Item::certain(super::read::field(range, |_| {
                Data::Absent
            }))),
        }
    }
    Datum::list(items, settings.private_ranges.rest.clone())
}

/// The settings of a firewall that its policy decides instead, and otherwise.
pub(super) fn ignored_settings(world: &World<'_>, id: u32) -> Datum {
    let firewall = &world.network[FirewallId(id)];
    let settings = &firewall.settings;
    let mut found: Vec<(&'static str, OriginId)> = Vec::new();
    let mut missing = None;
    if !firewall.policy.is_absent() {
        // What is not known may be such a setting.
        missing = settings.dns_proxy.unknown().cloned();
        missing = missing.or_else(|| settings.dns_servers.rest.clone());
        missing = missing.or_else(|| settings.private_ranges.rest.clone());
        missing = missing.or_else(|| settings.threat_intelligence.unknown().cloned());
        let policy = firewall.policy.value().and_then(Link::here);
        let of_policy = policy.map(|id| &world.network[id].settings);
        let proxied = of_policy.and_then(|settings| settings.dns_proxy.value());
        if settings.dns_proxy.value() == Some(&true) && proxied != Some(&true) {
            found.push(("the DNS proxy", settings.dns_proxy.origin));
        }
        if let Some(first) = settings.dns_servers.items.first() {
            found.push(("DNS servers", first.origin));
        }
        if let Some(first) = settings.private_ranges.items.first() {
            found.push(("the private ranges of SNAT", first.origin));
        }
        let mode = &settings.threat_intelligence;
        let owner = FirewallRuleOwner::Firewall(FirewallId(id));
        let in_force = world.semantics.threat_intelligence_in_force(owner);
        let denies = Some(&ThreatIntelligence::Deny);
        if mode.value() == denies && in_force.value() != denies {
            found.push(("threat intelligence that denies", mode.origin));
        }
    }
    let items = found.into_iter().map(|(setting, origin)| {
        let entry = object([("setting", Datum::text(setting))]);
        datum::Item::certain(Datum::new(entry.data, origin))
    });
    Datum::list(items.collect(), missing)
}
