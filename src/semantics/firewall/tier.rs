//! What a firewall's tier does not offer.

use std::sync::Arc;

use super::Semantics;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::firewall::{
    Firewall, FirewallRule, FirewallRuleKind, FirewallRuleOwner, FirewallSettings,
    ThreatIntelligence,
};
use crate::model::platform::{
    FirewallFeature as Feature, FirewallFeatureRow, FirewallTier as Tier,
};
use crate::model::{Field, FirewallRuleId, Link, List, State};
use crate::origin::OriginId;

/// A feature that is used and that the tier does not, or perhaps does not, offer.
#[derive(Clone, Debug)]
pub struct SkuGate {
    /// The feature.
    pub feature: Feature,
    /// Its name in the middle of a sentence.
    pub name: Arc<str>,
    /// The lowest tier that offers it.
    pub needs: Tier,
    /// The tier in force, if it is known.
    pub has: Option<Tier>,
    /// True: it is used and not offered. Unknown: that depends on `unknowns`.
    pub truth: Truth,
    /// The rule that uses it; `None`: the firewall or policy itself does.
    pub rule: Option<FirewallRuleId>,
    /// Where it is used.
    pub origin: OriginId,
    /// What would have to be known.
    pub unknowns: Vec<Arc<Unknown>>,
}

impl Semantics<'_> {
    /// The features that a firewall or policy and its own rules use and that its tier does not
    /// offer, or perhaps does not. Rules of parent policies are told for those.
    #[must_use]
    pub fn sku_gates(&self, owner: FirewallRuleOwner) -> Vec<SkuGate> {
        let mut gates = Gates {
            rows: &self.facts.firewall_features,
            tier: self.tier_of(owner),
            found: Vec::new(),
        };
        let (settings, rules) = match owner {
            FirewallRuleOwner::Firewall(id) => {
                let firewall: &Firewall = &self.network[id];
                (&firewall.settings, &firewall.rules.items)
            }
            FirewallRuleOwner::Policy(id) => {
                let policy = &self.network[id];
                (&policy.settings, &policy.rules.items)
            }
        };
        settings_gates(settings, &mut gates);
        if let FirewallRuleOwner::Firewall(id) = owner {
            self.tunnel_gate(&self.network[id], &mut gates);
        }
        for id in rules {
            self.rule_gates(*id, &mut gates);
        }
        gates.found
    }

    /// The features that one rule uses and that the tier of its firewall or policy does not offer,
    /// or perhaps does not; none where its owner is not in the files.
    #[must_use]
    pub fn sku_gates_of_rule(&self, rule: FirewallRuleId) -> Vec<SkuGate> {
        let Some(owner) = self.network[rule].owner else {
            return Vec::new();
        };
        let mut gates = Gates {
            rows: &self.facts.firewall_features,
            tier: self.tier_of(owner),
            found: Vec::new(),
        };
        self.rule_gates(rule, &mut gates);
        gates.found
    }

    /// The tier in force; of a policy its own.
    fn tier_of(&self, owner: FirewallRuleOwner) -> Field<Arc<str>> {
        match owner {
            FirewallRuleOwner::Firewall(id) => self.network[id].tier.clone(),
            FirewallRuleOwner::Policy(id) => self.network[id].tier.clone(),
        }
    }

    /// A Basic firewall always has a management address; one that is sent elsewhere by a default
    /// route is tunnelled.
    fn tunnel_gate(&self, firewall: &Firewall, gates: &mut Gates<'_>) {
        let State::Known(Link::Here(subnet)) = &firewall.subnet.state else {
            return;
        };
        let used = self.has_own_default_route(*subnet);
        if used != Truth::False && firewall.management {
            gates.add(
                Feature::ForcedTunnelling,
                used,
                None,
                firewall.meta.origin,
                None,
            );
        }
    }

    fn rule_gates(&self, id: FirewallRuleId, gates: &mut Gates<'_>) {
        let rule: &FirewallRule = &self.network[id];
        let network = rule.kind == FirewallRuleKind::Network;
        let lists = [
            (Feature::NetworkRuleFqdn, &rule.destination_fqdns, network),
            (Feature::Url, &rule.destination_urls, true),
            (Feature::WebCategory, &rule.web_categories, true),
        ];
        for (feature, list, concerned) in lists {
            if concerned {
                gates.add_list(feature, list, Some(id), rule.meta.origin);
            }
        }
        gates.add_flag(Feature::TlsInspection, &rule.terminate_tls, Some(id));
        if rule.kind == FirewallRuleKind::Nat {
            let private = self.named_set("private", crate::semantics::packet::Family::V4);
            for item in &rule.destination.items {
                let (truth, unknown) = match &item.state {
                    State::Known(prefix) => {
                        let is_private = match (prefix, &private) {
                            (crate::model::address::AddressPrefix::Block(block), Some(private)) => {
                                crate::semantics::packet::Family::V4
                                    .block(*block)
                                    .is_some_and(|block| block.is_within(private))
                            }
                            _ => false,
                        };
                        (is_private.into(), None)
                    }
                    State::Unknown(..) | State::Absent | State::Invalid { .. } => {
                        (Truth::False, None)
                    }
                };
                let feature = Feature::PrivateAddressTranslation;
                gates.add(feature, truth, Some(id), item.origin, unknown);
            }
        }
    }
}

fn settings_gates(settings: &FirewallSettings, gates: &mut Gates<'_>) {
    gates.add_flag(Feature::DnsProxy, &settings.dns_proxy, None);
    let servers = &settings.dns_servers;
    let first = servers.items.iter().find(|item| !item.is_absent());
    if let Some(first) = first {
        gates.add(Feature::DnsProxy, Truth::True, None, first.origin, None);
    }
    let mode = &settings.threat_intelligence;
    let (denies, unknown) = match &mode.state {
        State::Known(mode) => ((*mode == ThreatIntelligence::Deny).into(), None),
        State::Unknown(unknown, _) => (Truth::Unknown, Some(unknown)),
        State::Absent | State::Invalid { .. } => (Truth::False, None),
    };
    let feature = Feature::ThreatIntelligenceDeny;
    gates.add(feature, denies, None, mode.origin, unknown);
    let mode = &settings.intrusion_detection;
    let (detects, unknown) = match &mode.state {
        State::Known(mode) => ((!mode.eq_ignore_ascii_case("Off")).into(), None),
        State::Unknown(unknown, _) => (Truth::Unknown, Some(unknown)),
        State::Absent | State::Invalid { .. } => (Truth::False, None),
    };
    let feature = Feature::IntrusionDetection;
    gates.add(feature, detects, None, mode.origin, unknown);
    let certificate = &settings.tls_certificate;
    let (inspects, unknown) = match &certificate.state {
        State::Known(_) => (Truth::True, None),
        State::Unknown(unknown, _) => (Truth::Unknown, Some(unknown)),
        State::Absent | State::Invalid { .. } => (Truth::False, None),
    };
    let feature = Feature::TlsInspection;
    gates.add(feature, inspects, None, certificate.origin, unknown);
}

struct Gates<'f> {
    rows: &'f [FirewallFeatureRow],
    tier: Field<Arc<str>>,
    found: Vec<SkuGate>,
}

impl Gates<'_> {
    fn add_flag(&mut self, feature: Feature, flag: &Field<bool>, rule: Option<FirewallRuleId>) {
        let (used, unknown) = match &flag.state {
            State::Known(on) => ((*on).into(), None),
            State::Unknown(unknown, _) => (Truth::Unknown, Some(unknown)),
            State::Absent | State::Invalid { .. } => (Truth::False, None),
        };
        self.add(feature, used, rule, flag.origin, unknown);
    }

    fn add_list<T>(
        &mut self,
        feature: Feature,
        list: &List<Field<T>>,
        rule: Option<FirewallRuleId>,
        header: OriginId,
    ) {
        let written = list.items.iter().find(|item| !item.is_absent());
        match (written, &list.rest) {
            (Some(item), _) => self.add(feature, Truth::True, rule, item.origin, None),
            (None, Some(rest)) => self.add(feature, Truth::Unknown, rule, header, Some(rest)),
            (None, None) => {}
        }
    }

    /// Adds a use, unless the tier offers it.
    fn add(
        &mut self,
        feature: Feature,
        used: Truth,
        rule: Option<FirewallRuleId>,
        origin: OriginId,
        unknown: Option<&Arc<Unknown>>,
    ) {
        let Some(row) = self.rows.iter().find(|row| row.feature == feature) else {
            return;
        };
        let needs = row.needs;
        let mut unknowns: Vec<Arc<Unknown>> = unknown.cloned().into_iter().collect();
        let (has, lacks) = match &self.tier.state {
            State::Known(tier) => {
                let has = tier_named(tier);
                let lacks = has.map_or(Truth::Unknown, |has| (has < needs).into());
                (has, lacks)
            }
            State::Absent => {
                let label = "the tier of the firewall";
                let tier = Unknown::new("tier", label, Reason::NoValue);
                unknowns.push(Arc::new(tier));
                (None, Truth::Unknown)
            }
            State::Unknown(unknown, candidates) => {
                unknowns.push(Arc::clone(unknown));
                let all = candidates.as_deref().unwrap_or_default();
                let tiers: Option<Vec<Tier>> = all.iter().map(|tier| tier_named(tier)).collect();
                let lacks = tiers
                    .filter(|tiers| !tiers.is_empty())
                    .and_then(|tiers| {
                        let mut lacking = tiers.iter().map(|tier| *tier < needs);
                        let first = lacking.next()?;
                        lacking.all(|one| one == first).then(|| Truth::from(first))
                    })
                    .unwrap_or(Truth::Unknown);
                (None, lacks)
            }
            State::Invalid { .. } => (None, Truth::Unknown),
        };
        let truth = used.and(lacks);
        if truth == Truth::False {
            return;
        }
        if truth == Truth::True {
            unknowns.clear();
        }
        let twice = |gate: &SkuGate| gate.feature == feature && gate.rule == rule;
        if self
            .found
            .iter()
            .any(|gate| twice(gate) && gate.truth >= truth)
        {
            return;
        }
        self.found.retain(|gate| !twice(gate));
        self.found.push(SkuGate {
            feature,
            name: Arc::clone(&row.name),
            needs,
            has,
            truth,
            rule,
            origin,
            unknowns,
        });
    }
}

fn tier_named(name: &str) -> Option<Tier> {
    let tiers = [
        ("Basic", Tier::Basic),
        ("Standard", Tier::Standard),
        ("Premium", Tier::Premium),
    ];
    let found = tiers
        .into_iter()
        .find(|(known, _)| name.trim().eq_ignore_ascii_case(known));
    found.map(|(_, tier)| tier)
}
