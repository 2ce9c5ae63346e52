//! What decides a packet in a firewall: the passes one after the other, and what leaves.

use std::net::IpAddr;

use super::{Ruling, Semantics};
use crate::eval::value::Truth;
use crate::model::firewall::{FirewallRule, FirewallRuleKind};
use crate::model::nsg::Access;
use crate::model::{Field, FirewallId, FirewallRuleId};
use crate::semantics::order;
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
    /// Whether they leave with an address of the firewall as their source.
    pub snat: Truth,
}

/// Where a DNAT rule sends packets on to.
#[derive(Clone, Debug)]
pub struct Translation {
    /// The new destination.
    pub address: Field<IpAddr>,
    /// The new destination port.
    pub port: Field<u16>,
}

impl Semantics<'_> {
    /// Divides `flows` by what decides them in a firewall, in the order of its passes. Parts
    /// without a packet are left out.
    #[must_use]
    pub fn firewall_deciding(&self, firewall: FirewallId, flows: &Answer) -> Vec<FirewallDecided> {
        let family = flows.family();
        let place = self.place(Scope::Anywhere, family);
        let holdings = self.holdings(firewall);
        let proxy = self.dns_proxy(firewall);
        let nothing = Answer::nothing(family);
        let mut rest = flows.clone();
        let mut parts = Vec::new();
        for (pass, kind) in [
            (Pass::Nat, FirewallRuleKind::Nat),
            (Pass::Network, FirewallRuleKind::Network),
            (Pass::Application, FirewallRuleKind::Application),
        ] {
            let rules = self.ranked(&holdings, kind, proxy, &place);
            let mut left = rest.clone();
            for (index, ranked) in rules.iter().enumerate() {
                let mut taken = order::decided(&rules, index, &nothing, &rest);
                if !ranked.certain || pass == Pass::Application {
                    taken = taken.only_possibly();
                }
                if taken.flows.may.is_empty() {
                    continue;
                }
                left = left.minus(&taken);
                let rule = match ranked.id {
                    Ruling::Rule(id) => Some(id),
                    Ruling::Rest => None,
                };
                let translation = rule.filter(|_| pass == Pass::Nat).map(|id| {
                    let rule: &FirewallRule = &self.network[id];
                    Translation {
                        address: rule.translated_address.clone(),
                        port: rule.translated_port.clone(),
                    }
                });
                parts.push(FirewallDecided {
                    pass,
                    rule,
                    access: ranked.access,
                    flows: taken,
                    translation,
                    snat: match pass {
                        Pass::Nat | Pass::Application => Truth::True,
                        _ => Truth::Unknown,
                    },
                });
            }
            rest = left;
        }
        let built_in = self.web(&place).and(&rest).only_possibly();
        for (pass, access, flows) in [
            (Pass::Infrastructure, Access::Allow, built_in),
            (Pass::Default, Access::Deny, rest),
        ] {
            if !flows.flows.may.is_empty() {
                parts.push(FirewallDecided {
                    pass,
                    rule: None,
                    access: Some(access),
                    flows,
                    translation: None,
                    snat: Truth::Unknown,
                });
            }
        }
        parts
    }
}
