//! Which settings of a firewall are in force.

use std::sync::Arc;

use super::Semantics;
use crate::eval::value::{Reason, Unknown};
use crate::model::firewall::{FirewallRuleOwner, ThreatIntelligence};
use crate::model::{Field, State};

impl Semantics<'_> {
    /// What threat intelligence does in a firewall or a policy: a child may be stricter than the
    /// policy it inherits from, never laxer, and the settings of a firewall that has a policy do not
    /// count.
    #[must_use]
    pub fn threat_intelligence_in_force(
        &self,
        owner: FirewallRuleOwner,
    ) -> Field<ThreatIntelligence> {
        let (policies, others) = self.policies_of(owner);
        let mut modes: Vec<Field<ThreatIntelligence>> = policies
            .iter()
            .map(|policy| &self.network[*policy].settings)
            .map(|settings| settings.threat_intelligence.clone())
            .collect();
        if let (FirewallRuleOwner::Firewall(id), true, false) = (owner, policies.is_empty(), others)
        {
            modes.push(self.network[id].settings.threat_intelligence.clone());
        }
        strictest(modes, ThreatIntelligence::Alert, others)
    }

    /// What intrusion detection does, under the same condition. No tier but Premium has it.
    #[must_use]
    pub fn intrusion_detection_in_force(
        &self,
        owner: FirewallRuleOwner,
    ) -> Field<ThreatIntelligence> {
        let (policies, others) = self.policies_of(owner);
        let settings = policies
            .iter()
            .map(|policy| &self.network[*policy].settings.intrusion_detection);
        let modes = settings
            .map(|mode| mode.clone().map(|mode| mode_named(&mode)))
            .collect();
        strictest(modes, ThreatIntelligence::Off, others)
    }
}

/// The strictest of several modes, the nearest first.
fn strictest(
    modes: Vec<Field<ThreatIntelligence>>,
    omitted: ThreatIntelligence,
    others: bool,
) -> Field<ThreatIntelligence> {
    let origin = modes
        .first()
        .map_or(crate::origin::OriginId::NONE, |mode| mode.origin);
    let mut found = Field::known(omitted, origin);
    let mut missing = others.then(|| {
        let what = "the policy it inherits from";
        Arc::new(Unknown::new("outside", what, Reason::Outside))
    });
    let mut highest = None;
    for mode in modes {
        match &mode.state {
            State::Known(value) if highest < Some(*value) => {
                highest = Some(*value);
                found = mode;
            }
            State::Absent if highest < Some(omitted) => {
                highest = Some(omitted);
                found = Field::known(omitted, mode.origin);
            }
            State::Unknown(unknown, _) => missing = Some(Arc::clone(unknown)),
            State::Invalid { raw, .. } => {
                let unknown = Unknown::new("invalid", Arc::clone(raw), Reason::Invalid);
                missing = Some(Arc::new(unknown));
            }
            State::Known(_) | State::Absent => {}
        }
    }
    if let Some(unknown) = missing
        && highest != Some(ThreatIntelligence::Deny)
    {
        found.state = State::Unknown(unknown, None);
    }
    found
}

fn mode_named(name: &str) -> ThreatIntelligence {
    if name.eq_ignore_ascii_case("Deny") {
        ThreatIntelligence::Deny
    } else if name.eq_ignore_ascii_case("Alert") {
        ThreatIntelligence::Alert
    } else {
        ThreatIntelligence::Off
    }
}
