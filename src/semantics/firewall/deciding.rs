//! What decides a packet in a firewall: the passes one after the other, and what leaves.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Passes, Ruling, Semantics};
use crate::eval::value::Truth;
use crate::model::firewall::{FirewallRule, FirewallRuleKind, FirewallRuleOwner};
use crate::model::nsg::Access;
use crate::model::{Field, FirewallId, FirewallRuleId};
use crate::semantics::order::{self, Ranked};
use crate::semantics::packet::Answer;
use crate::semantics::rules::Scope;

/// A stage of a firewall, in the order packets meet them. The first that has a rule for a packet
/// decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// Microsoft's feed of malicious addresses and names, where its mode is to deny.
    ThreatIntelligence,
    /// Destination translation (DNAT) rules.
    Nat,
    /// Network rules.
    Network,
    /// Application rules: HTTP, HTTPS, MSSQL by name.
    Application,
    /// The built-in list of names that Azure's own services need.
    Infrastructure,
    /// Everything else is denied.
    Default,
}

impl Pass {
    /// The pass in which rules of a kind are asked.
    #[must_use]
    pub fn of(kind: FirewallRuleKind) -> Self {
        match kind {
            FirewallRuleKind::Nat => Self::Nat,
            FirewallRuleKind::Network => Self::Network,
            FirewallRuleKind::Application => Self::Application,
        }
    }
}

/// A part of the packets asked about, by what decides it.
#[derive(Clone, Debug)]
pub struct FirewallDecided {
    /// The stage.
    pub pass: Pass,
    /// The rule; `None` where no rule of the files decides: the feed, the built-in list, the final
    /// deny, and rules outside the files.
    pub rule: Option<FirewallRuleId>,
    /// What happens to the packets; `None` if that is not known.
    pub access: Option<Access>,
    /// The packets, as they reach the firewall.
    pub flows: Answer,
    /// Where a DNAT rule sends them on to.
    pub translation: Option<Translation>,
    /// Whether they leave with an address of the firewall as their source. What a translation,
    /// application or built-in rule lets through does; what a network rule does, unless its
    /// destination is in the private ranges.
    pub snat: Truth,
    /// The packets as they leave, that is, as the next security group and route see them; `None`
    /// where they are denied.
    pub leaving: Option<Answer>,
    /// Network rules that deny some of the translated packets: in the reading of older pages they
    /// win over the translation rule.
    pub disputed: Vec<FirewallRuleId>,
}

/// Where a DNAT rule sends packets on to.
#[derive(Clone, Debug)]
pub struct Translation {
    /// The new destination.
    pub address: Field<IpAddr>,
    /// A name for the new destination, instead of an address.
    pub fqdn: Field<Arc<str>>,
    /// The new destination port.
    pub port: Field<u16>,
}

impl Semantics<'_> {
    /// Divides `flows` by what decides them in a firewall, in the order of its passes. Parts
    /// without a packet are left out. A rule's packets are told apart by whether their source is
    /// replaced: it may then have several parts.
    #[must_use]
    pub fn firewall_deciding(&self, firewall: FirewallId, flows: &Answer) -> Vec<FirewallDecided> {
        let family = flows.family();
        let place = self.place(Scope::Anywhere, family);
        let passes = self.passes(FirewallRuleOwner::Firewall(firewall), family);
        let kept = self.kept_sources(firewall, family);
        let nothing = Answer::nothing(family);
        let rules = passes.all();
        let mut parts = Vec::new();
        for (index, ranked) in rules.iter().enumerate() {
            if !ranked.own.flows.may.meets(&flows.flows.may) {
                continue;
            }
            let mut taken = order::decided(rules, index, &nothing, flows);
            if !ranked.certain {
                taken = taken.only_possibly();
            }
            if taken.flows.may.is_empty() {
                continue;
            }
            let pass = Passes::pass_of(ranked);
            let rule = match ranked.id {
                Ruling::Rule(id) => Some(id),
                Ruling::Feed | Ruling::Rest | Ruling::BuiltIn | Ruling::Final => None,
            };
            if ranked.access == Some(Access::Deny) {
                parts.push(FirewallDecided {
                    pass,
                    rule,
                    access: ranked.access,
                    flows: taken,
                    translation: None,
                    snat: Truth::False,
                    leaving: None,
                    disputed: Vec::new(),
                });
                continue;
            }
            let translation = rule
                .filter(|_| pass == Pass::Nat)
                .map(|id| self.translation(id));
            for (snat, flows) in self.by_snat(pass, taken, &kept) {
                let leaves = |snat| {
                    let translation = translation.as_ref();
                    self.leaving(firewall, &flows, snat, translation, &place)
                };
                let disputed = match pass {
                    Pass::Nat => denying(passes.of(Pass::Network), &leaves(Truth::False)),
                    _ => Vec::new(),
                };
                parts.push(FirewallDecided {
                    pass,
                    rule,
                    access: ranked.access,
                    leaving: Some(leaves(snat)),
                    flows,
                    translation: translation.clone(),
                    snat,
                    disputed,
                });
            }
        }
        parts
    }

    fn translation(&self, id: FirewallRuleId) -> Translation {
        let rule: &FirewallRule = &self.network[id];
        Translation {
            address: rule.translated_address.clone(),
            fqdn: rule.translated_fqdn.clone(),
            port: rule.translated_port.clone(),
        }
    }
}

/// Rules that deny some of the packets.
fn denying(rules: &[Ranked<Ruling>], flows: &Answer) -> Vec<FirewallRuleId> {
    let denies = |rule: &&Ranked<Ruling>| {
        rule.access == Some(Access::Deny) && rule.own.flows.may.meets(&flows.flows.may)
    };
    let id = |rule: &Ranked<Ruling>| match rule.id {
        Ruling::Rule(id) => Some(id),
        _ => None,
    };
    rules.iter().filter(denies).filter_map(id).collect()
}
