//! What an Azure Firewall does with packets, exactly.
//!
//! Three full passes over all rules, each ended by the first rule that matches: translation,
//! network, application. Before them threat intelligence may drop packets, after them a built-in
//! list lets Azure's own names through, and the rest is denied. Priorities order the rules of one
//! pass only; the rules of parent policies come before those of the child, but for translation
//! rules, which are not handed down.
//!
//! A packet that a translation rule takes is let through and no network rule sees it: the reading of
//! 2026. Older pages let a network Deny on the translated packet win; [`FirewallDecided::disputed`]
//! names such rules.
//!
//! Application rules match by what a connection asks for: names, tags, categories and URLs are
//! atoms on its destination. A packet to port 80, 443 or 1433 is taken to carry HTTP, HTTPS or
//! MSSQL; what one to another port carries is an atom.
//!
//! IPv6 is carried by firewalls of a virtual network that have IPv6 in their subnet, and matched by
//! the network rules of their policies alone.

mod deciding;
mod families;
mod fields;
mod holdings;
mod names;
mod passes;
mod settings;
mod snat;
mod tier;
mod unreachable;

use std::sync::Arc;

use super::Semantics;
use super::order;
use super::packet::{Answer, Family};
use super::rules::Scope;
use crate::eval::value::{Truth, Unknown};
use crate::model::firewall::{FirewallRule, FirewallRuleKind, FirewallRuleOwner};
use crate::model::{FirewallId, FirewallPolicyId, FirewallRuleId};

pub use deciding::{FirewallDecided, Pass, Translation};
pub(crate) use names::fold;
pub(crate) use passes::{Passes, Ruling};
pub use tier::SkuGate;
pub use unreachable::{FirewallRevive, UnreachableFirewallRule};

impl Semantics<'_> {
    /// The packets a firewall's rules let through. Threat intelligence is taken to drop nothing:
    /// [`Self::firewall_deciding`] counts it.
    #[must_use]
    pub fn firewall_allowed(&self, firewall: FirewallId, family: Family) -> Answer {
        self.firewall_allowed_of(firewall, &Answer::everything(family))
    }

    /// Those of `flows` that a firewall's rules let through: faster than
    /// [`Self::firewall_allowed`] and then [`Answer::and`].
    #[must_use]
    pub fn firewall_allowed_of(&self, firewall: FirewallId, flows: &Answer) -> Answer {
        let family = flows.family();
        let passes = self.passes(FirewallRuleOwner::Firewall(firewall), family);
        order::allowed(passes.asked(), &Answer::nothing(family), flows)
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
        let written: &FirewallRule = &self.network[rule];
        let nothing = Answer::nothing(family);
        let Some(owner) = written.owner else {
            let place = self.place(Scope::Anywhere, family);
            let ground = self.firewall_ground(None, &place);
            return self
                .firewall_rule_answer(written, &ground)
                .and(flows)
                .only_possibly();
        };
        let passes = self.passes(owner, family);
        let rules = passes.of(Pass::of(written.kind));
        match rules.iter().position(|it| it.id == Ruling::Rule(rule)) {
            Some(index) => order::decided(rules, index, &nothing, flows),
            None => nothing,
        }
    }

    /// Whether the rules before a firewall rule leave it a packet, and what would settle it. What the
    /// rule itself matches may be unknown as long as no other may take it.
    #[must_use]
    pub fn firewall_leaves(
        &self,
        rule: FirewallRuleId,
        family: Family,
    ) -> (Truth, Option<Arc<Unknown>>) {
        let decided = self.firewall_decided(rule, family).is_hit();
        let written: &FirewallRule = &self.network[rule];
        if decided.truth != Truth::Unknown {
            return (decided.truth, None);
        }
        // Where its owner is not in the files, no other rule here comes before it.
        let Some(owner) = written.owner else {
            return (Truth::True, None);
        };
        let passes = self.passes(owner, family);
        let rules = passes.of(Pass::of(written.kind));
        let place = rules.iter().position(|it| it.id == Ruling::Rule(rule));
        match place.is_some_and(|index| order::has_rival(rules, index)) {
            true => (Truth::Unknown, decided.unknowns.into_iter().next()),
            false => (Truth::True, None),
        }
    }

    /// A firewall's rules of the network pass in the order it asks them: rules of parent policies
    /// first, then by group, collection and position.
    #[must_use]
    pub fn firewall_network_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        self.in_pass(
            FirewallRuleOwner::Firewall(firewall),
            FirewallRuleKind::Network,
        )
    }

    /// A firewall's destination translation rules, in order.
    #[must_use]
    pub fn firewall_nat_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        self.in_pass(FirewallRuleOwner::Firewall(firewall), FirewallRuleKind::Nat)
    }

    /// A firewall's application rules, in order.
    #[must_use]
    pub fn firewall_application_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        self.in_pass(
            FirewallRuleOwner::Firewall(firewall),
            FirewallRuleKind::Application,
        )
    }

    /// The rules of one pass of a policy and of those it inherits from, in the order in which they
    /// are asked; and what stands for those that are not in the files.
    #[must_use]
    pub fn policy_rules(
        &self,
        policy: FirewallPolicyId,
        kind: FirewallRuleKind,
    ) -> (Vec<FirewallRuleId>, Option<Arc<Unknown>>) {
        let owner = FirewallRuleOwner::Policy(policy);
        let missing = self.holdings(owner).gaps(kind).missing.into_iter().next();
        (self.in_pass(owner, kind), missing)
    }

    /// The policies and rules of a firewall that are not in the files.
    #[must_use]
    pub fn firewall_missing(&self, firewall: FirewallId) -> Vec<Arc<Unknown>> {
        self.holdings(FirewallRuleOwner::Firewall(firewall))
            .missing()
    }
}
