//! Which firewalls and rules deal with IPv6: those with IPv6 in their subnet, by network rules of
//! policies.

use std::sync::Arc;

use super::Semantics;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::firewall::{Firewall, FirewallRule, FirewallRuleKind, FirewallRuleOwner};
use crate::model::{Field, FirewallId, FirewallPolicyId, Link, State};
use crate::semantics::packet::Family;

/// Whether a firewall carries a family.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Whether it does.
    pub truth: Truth,
    /// What would have to be known, where that is not known.
    pub because: Option<Arc<Unknown>>,
}

impl Carried {
    pub(super) fn certainly() -> Self {
        Self::of(true)
    }

    fn of(carried: bool) -> Self {
        Self {
            truth: carried.into(),
            because: None,
        }
    }

    fn unknown(what: &str) -> Self {
        Self {
            truth: Truth::Unknown,
            because: Some(Arc::new(Unknown::new("outside", what, Reason::Outside))),
        }
    }
}

impl Semantics<'_> {
    /// Whether a firewall, or one that has a policy or inherits from it, carries IPv6.
    #[must_use]
    pub fn carries_ipv6(&self, owner: Option<FirewallRuleOwner>) -> Carried {
        let policy = match owner {
            Some(FirewallRuleOwner::Firewall(firewall)) => return self.is_dual_stack(firewall),
            Some(FirewallRuleOwner::Policy(policy)) => Some(policy),
            None => None,
        };
        let has = |firewall: &FirewallId| {
            let (policies, _) = self.policies_of(FirewallRuleOwner::Firewall(*firewall));
            policy.is_some_and(|policy: FirewallPolicyId| policies.contains(&policy))
        };
        let mut all = FirewallId::all(self.network)
            .filter(has)
            .map(|firewall| self.is_dual_stack(firewall));
        let Some(first) = all.next() else {
            return Carried::unknown("the firewalls that have the policy");
        };
        all.fold(first, |one, other| match one.truth.or(other.truth) {
            Truth::Unknown if one.because.is_some() => one,
            Truth::Unknown => other,
            known => Carried::of(known == Truth::True),
        })
    }

    fn is_dual_stack(&self, id: FirewallId) -> Carried {
        let firewall: &Firewall = &self.network[id];
        // Classic firewalls and those of virtual hubs know IPv4 only.
        if firewall.policy.is_absent() || !firewall.virtual_hub.is_absent() {
            return Carried::of(false);
        }
        let Some(subnet) = firewall.subnet.value().and_then(Link::here) else {
            return Carried::unknown("the subnet of the firewall");
        };
        let prefixes = &self.network[subnet].address_prefixes;
        let is_six =
            |block: &Field<ipnet::IpNet>| block.value().is_some_and(|block| block.addr().is_ipv6());
        let all = prefixes.items.iter().all(|block| block.value().is_some());
        if prefixes.items.iter().any(is_six) {
            Carried::of(true)
        } else if prefixes.rest.is_some() || !all {
            Carried::unknown("the address prefixes of the firewall's subnet")
        } else {
            Carried::of(false)
        }
    }
}

/// Whether rules of a pass are asked about packets of a family.
pub(super) fn takes(pass: FirewallRuleKind, family: Family) -> bool {
    family == Family::V4 || pass == FirewallRuleKind::Network
}

/// Whether a rule names IPv6 addresses.
pub(super) fn names_ipv6(rule: &FirewallRule) -> bool {
    let both = rule.source.items.iter().chain(&rule.destination.items);
    both.into_iter().any(|item| match &item.state {
        State::Known(AddressPrefix::Block(block)) => block.addr().is_ipv6(),
        State::Known(AddressPrefix::Range(first, _)) => first.is_ipv6(),
        _ => false,
    })
}
