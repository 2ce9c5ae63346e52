//! Which rules a firewall or a policy has, and where each stands.

use std::sync::Arc;

use super::Semantics;
use crate::eval::value::{Truth, Unknown};
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallRule, FirewallRuleKind, FirewallRuleOwner, FirewallSettings,
};
use crate::model::{Field, FirewallPolicyId, FirewallRuleId, Link, State};
use crate::semantics::compile::{number_bounds, outside};
use crate::semantics::order::Rank;

/// Azure takes priorities from 100 to 65000.
const PRIORITIES: (u32, u32) = (100, 65_000);

/// Parents of parents are followed this far.
pub(super) const MAX_PARENTS: u32 = 8;

/// All rules a firewall or a policy has, in no order, each with how many policies inherit from its
/// own.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) rules: Vec<(u32, FirewallRuleId)>,
    /// What is not known of the firewall and its policy.
    own: Gaps,
    /// What is not known of the policies above.
    inherited: Gaps,
}

/// What is not known of the rules of firewalls or policies.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    /// Policies or rules outside the files.
    pub(super) missing: Vec<Arc<Unknown>>,
    /// Whether the policies name themselves as parents, or too many are stacked.
    pub(super) unclear: bool,
}

impl Holdings {
    /// What is not known of the rules of a pass.
    pub(super) fn gaps(&self, pass: FirewallRuleKind) -> Gaps {
        let mut gaps = self.own.clone();
        if hands_down(pass) {
            gaps.missing.extend(self.inherited.missing.iter().cloned());
            gaps.unclear |= self.inherited.unclear;
        }
        gaps
    }

    /// Policies or rules outside the files.
    pub(super) fn missing(self) -> Vec<Arc<Unknown>> {
        let mut missing = self.own.missing;
        missing.extend(self.inherited.missing);
        missing
    }

    fn gaps_at(&mut self, depth: u32) -> &mut Gaps {
        if depth == 0 {
            &mut self.own
        } else {
            &mut self.inherited
        }
    }
}

/// Whether a policy hands down its rules of a pass to those that inherit from it. Translation rules
/// are about the addresses of one firewall.
fn hands_down(pass: FirewallRuleKind) -> bool {
    pass != FirewallRuleKind::Nat
}

impl Semantics<'_> {
    pub(super) fn holdings(&self, owner: FirewallRuleOwner) -> Holdings {
        let mut holdings = Holdings::default();
        let id = match owner {
            FirewallRuleOwner::Policy(policy) => {
                self.collect(policy, 0, &mut holdings);
                return holdings;
            }
            FirewallRuleOwner::Firewall(id) => id,
        };
        let firewall: &Firewall = &self.network[id];
        holdings
            .rules
            .extend(firewall.rules.items.iter().map(|rule| (0, *rule)));
        let missing = &mut holdings.own.missing;
        missing.extend(firewall.rules.rest.clone());
        if firewall.meta.existing && firewall.rules.rest.is_none() {
            missing.push(outside(&firewall.meta.key));
        }
        self.follow(&firewall.policy, 0, &mut holdings);
        holdings
    }

    /// Adds the rules of a policy and of those it inherits from.
    fn collect(&self, id: FirewallPolicyId, depth: u32, holdings: &mut Holdings) {
        if depth > MAX_PARENTS {
            holdings.inherited.unclear = true;
            return;
        }
        let policy: &FirewallPolicy = &self.network[id];
        let asked = |rule: &&FirewallRuleId| depth == 0 || hands_down(self.network[**rule].kind);
        let rules = policy.rules.items.iter().filter(asked);
        holdings.rules.extend(rules.map(|rule| (depth, *rule)));
        let missing = &mut holdings.gaps_at(depth).missing;
        missing.extend(policy.rules.rest.clone());
        if policy.meta.existing && policy.rules.rest.is_none() {
            missing.push(outside(&policy.meta.key));
        }
        self.follow(&policy.parent, depth + 1, holdings);
    }

    fn follow(&self, policy: &Field<Link<FirewallPolicyId>>, depth: u32, holdings: &mut Holdings) {
        let gaps = holdings.gaps_at(depth);
        match &policy.state {
            State::Absent => {}
            State::Known(Link::Here(policy)) => self.collect(*policy, depth, holdings),
            State::Known(Link::External(key)) => gaps.missing.push(outside(key)),
            State::Unknown(unknown, _) => gaps.missing.push(Arc::clone(unknown)),
            State::Invalid { .. } => gaps.unclear = true,
        }
    }

    /// The rules of one pass of a firewall, or of a policy and of those it inherits from, in the order
    /// in which they are asked.
    #[must_use]
    pub fn in_pass(&self, owner: FirewallRuleOwner, kind: FirewallRuleKind) -> Vec<FirewallRuleId> {
        let mut rules: Vec<(Rank, FirewallRuleId)> = self
            .holdings(owner)
            .rules
            .into_iter()
            .filter(|(_, rule)| self.network[*rule].kind == kind)
            .map(|(depth, rule)| (self.rank_bounds(depth, rule).0, rule))
            .collect();
        rules.sort_unstable();
        rules.into_iter().map(|(_, rule)| rule).collect()
    }

    /// Parents first, then group, collection, position.
    pub(super) fn rank_bounds(&self, depth: u32, id: FirewallRuleId) -> (Rank, Rank) {
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

    /// The settings in force: the policy's own, not its parent's, or the firewall's where it has
    /// no policy. `None`: they are not in the files.
    pub(super) fn firewall_settings(&self, owner: FirewallRuleOwner) -> Option<&FirewallSettings> {
        match owner {
            FirewallRuleOwner::Policy(policy) => Some(&self.network[policy].settings),
            FirewallRuleOwner::Firewall(id) => {
                let firewall: &Firewall = &self.network[id];
                match &firewall.policy.state {
                    State::Absent => Some(&firewall.settings),
                    State::Known(Link::Here(policy)) => Some(&self.network[*policy].settings),
                    _ => None,
                }
            }
        }
    }

    /// The policies in force, the nearest first; whether there may be others.
    pub(super) fn policies_of(&self, owner: FirewallRuleOwner) -> (Vec<FirewallPolicyId>, bool) {
        let mut found = Vec::new();
        let mut next = match owner {
            FirewallRuleOwner::Policy(policy) => Some(policy),
            FirewallRuleOwner::Firewall(id) => match &self.network[id].policy.state {
                State::Absent => None,
                State::Known(Link::Here(policy)) => Some(*policy),
                _ => return (found, true),
            },
        };
        while let Some(policy) = next {
            if found.contains(&policy) {
                return (found, true);
            }
            found.push(policy);
            next = match &self.network[policy].parent.state {
                State::Absent => None,
                State::Known(Link::Here(parent)) => Some(*parent),
                _ => return (found, true),
            };
        }
        (found, false)
    }
}

/// Whether something is switched on that is off unless somebody says otherwise.
pub(super) fn switched_on(field: &Field<bool>) -> Truth {
    match &field.state {
        State::Known(on) => (*on).into(),
        State::Absent => Truth::False,
        _ => Truth::Unknown,
    }
}
