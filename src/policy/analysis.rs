//! Named analyses of a whole element, for what no predicate and no contract can say.

mod standing;

use std::sync::Arc;

use super::contract::{Cause, Outcome};
use super::datum::{Data, Element};
use super::expr::{Compiled, Compiler, Evaluation};
use super::spec::{AnalysisSpec, Reader, Text};
use super::vocabulary::{Kind, Ty, World};
use crate::diagnostic::Severity;
use crate::eval::value::{Truth, Unknown};
use crate::model::firewall::FirewallRuleOwner;
use crate::model::{FirewallId, FirewallPolicyId, NsgId, SubnetId};
use crate::semantics::packet::witness::Taste;

/// An analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Analysis {
    /// The rules of a group that never decide a packet.
    UnreachableSecurityRule,
    /// The rules of a firewall or firewall policy that never decide a packet.
    UnreachableFirewallRule,
    /// The rules of a group without which the same would happen to every packet.
    RedundantSecurityRule,
    /// The rules of a group of which earlier ones leave next to nothing.
    MostlyShadowedSecurityRule,
    /// The pairs of rules of a group that contradict each other where they overlap.
    ContradictingSecurityRules,
    /// The packets that routes lead back to the appliance of a subnet that sent them.
    RouteLoop,
}

/// A move that mends what was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// The rule it must come before.
    pub(crate) before: Element,
    /// A free priority there.
    pub(crate) priority: Option<u32>,
}

/// One thing an analysis found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) truth: Truth,
    /// What it is about: the finding is this element's.
    pub(crate) element: Element,
    /// What hides it.
    pub(crate) cover: Vec<Element>,
    /// How bad, unless the rule's own severity is lower.
    pub(crate) at_most: Severity,
    /// A move that mends it.
    pub(crate) revive: Option<Move>,
    pub(crate) unknowns: Vec<Arc<Unknown>>,
    /// The packets it is about, and what takes them there.
    pub(crate) outcome: Option<Outcome>,
}

/// An analysis, and what it is given.
#[derive(Debug)]
pub(crate) struct Asked {
    analysis: Analysis,
    arguments: Vec<(&'static str, Compiled)>,
}

/// The numbers that analyses may be given, by name.
pub(crate) const PARAMETERS: [(&str, &[&str]); 1] =
    [("mostly-shadowed-security-rule", &["less-than-one-in"])];

/// The analyses: name, what, and the kinds of elements it is of.
pub(crate) const ANALYSES: [(&str, Analysis, &[Kind]); 6] = [
    (
        "unreachable-security-rule",
        Analysis::UnreachableSecurityRule,
        &[Kind::Nsg],
    ),
    (
        "unreachable-firewall-rule",
        Analysis::UnreachableFirewallRule,
        &[Kind::Firewall, Kind::FirewallPolicy],
    ),
    ("route-loop", Analysis::RouteLoop, &[Kind::Subnet]),
    (
        "redundant-security-rule",
        Analysis::RedundantSecurityRule,
        &[Kind::Nsg],
    ),
    (
        "mostly-shadowed-security-rule",
        Analysis::MostlyShadowedSecurityRule,
        &[Kind::Nsg],
    ),
    (
        "contradicting-security-rules",
        Analysis::ContradictingSecurityRules,
        &[Kind::Nsg],
    ),
];

impl Asked {
    /// The analysis that is written; `None` after telling what is wrong.
    pub(crate) fn new(
        spec: &AnalysisSpec,
        subject: Kind,
        compiler: &mut Compiler<'_, '_>,
    ) -> Option<Self> {
        let analysis = Analysis::named(&spec.name, subject, compiler.reader)?;
        let known = PARAMETERS.iter().find(|(of, _)| *of == &*spec.name.value);
        let known = known.map_or(&[][..], |(_, names)| names);
        let mut arguments = Vec::new();
        for (name, value) in &spec.arguments {
            let Some(known) = known.iter().find(|known| **known == &*name.value) else {
                let what = format!("parameter of `{}`", spec.name.value);
                compiler
                    .reader
                    .unknown_word(name.span, &what, &name.value, known);
                continue;
            };
            let value = compiler.expression(value)?;
            if !matches!(value.ty, Ty::NUMBER | Ty::ANY) {
                let message = format!("`{known}` is a number, this is {}", value.ty.describe());
                compiler.reader.error(name.span, message);
                continue;
            }
            arguments.push((*known, value));
        }
        Some(Self {
            analysis,
            arguments,
        })
    }

    /// What it finds for one element.
    pub(crate) fn run(
        &self,
        subject: Element,
        world: &World<'_>,
        mut evaluation: Evaluation<'_, '_>,
    ) -> Vec<Found> {
        let mut number = |name: &str| {
            let (_, value) = self.arguments.iter().find(|(known, _)| *known == name)?;
            match evaluation.compute(value).0.data {
                Data::Number(number) => u32::try_from(number).ok().filter(|number| *number > 0),
                _ => None,
            }
        };
        match self.analysis {
            Analysis::MostlyShadowedSecurityRule => {
                let one_in = number("less-than-one-in");
                standing::shadowed(NsgId(subject.id), world, one_in)
            }
            other => other.run(subject, world),
        }
    }
}

impl Analysis {
    /// The analysis of a name; `None` after telling what is wrong.
    fn named(name: &Text, subject: Kind, reader: &mut Reader<'_>) -> Option<Self> {
        let found = ANALYSES.iter().find(|(known, ..)| *known == &*name.value);
        let Some((_, analysis, kinds)) = found else {
            let known: Vec<&str> = ANALYSES.iter().map(|(known, ..)| *known).collect();
            reader.unknown_word(name.span, "analysis", &name.value, &known);
            return None;
        };
        if !kinds.contains(&subject) {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.spec().name).collect();
            let message = format!("this analysis is of a {}", kinds.join(" or a "));
            reader.error(name.span, message);
            return None;
        }
        Some(*analysis)
    }

    fn run(self, subject: Element, world: &World<'_>) -> Vec<Found> {
        match self {
            Self::UnreachableSecurityRule => security_rules(NsgId(subject.id), world),
            Self::UnreachableFirewallRule => firewall_rules(subject, world),
            Self::RouteLoop => route_loops(subject, world),
            Self::RedundantSecurityRule => standing::redundant(NsgId(subject.id), world),
            Self::MostlyShadowedSecurityRule => standing::shadowed(NsgId(subject.id), world, None),
            Self::ContradictingSecurityRules => standing::contradicting(NsgId(subject.id), world),
        }
    }
}

fn security_rules(nsg: NsgId, world: &World<'_>) -> Vec<Found> {
    let rule = |id: crate::model::SecurityRuleId| Element {
        kind: Kind::SecurityRule,
        id: id.0,
    };
    let found = world.semantics.unreachable(nsg).into_iter();
    // Azure wants the whole set of rules there, also those that others make idle.
    found
        .filter(|found| found.acts_otherwise || !guards_bastion(world, nsg))
        .map(|found| Found {
            truth: found.truth,
            element: rule(found.rule),
            cover: found.cover.into_iter().map(rule).collect(),
            at_most: at_most(found.acts_otherwise),
            revive: found.revive.map(|revive| Move {
                before: rule(revive.before),
                priority: revive.priority,
            }),
            unknowns: found.unknowns,
            outcome: None,
        })
        .collect()
}

fn firewall_rules(subject: Element, world: &World<'_>) -> Vec<Found> {
    let owner = match subject.kind {
        Kind::FirewallPolicy => FirewallRuleOwner::Policy(FirewallPolicyId(subject.id)),
        _ => FirewallRuleOwner::Firewall(FirewallId(subject.id)),
    };
    let rule = |id: crate::model::FirewallRuleId| Element {
        kind: Kind::FirewallRule,
        id: id.0,
    };
    let found = world.semantics.unreachable_firewall_rules(owner);
    found
        .into_iter()
        // What a field of its own makes empty is said of that field.
        .filter(|found| !found.cover.is_empty() || world.network[found.rule].defects.is_empty())
        .map(|found| Found {
            truth: found.truth,
            element: rule(found.rule),
            cover: found.cover.into_iter().map(rule).collect(),
            at_most: at_most(found.acts_otherwise),
            revive: found.revive.map(|revive| Move {
                before: rule(revive.before),
                priority: revive.priority,
            }),
            unknowns: found.unknowns,
            outcome: None,
        })
        .collect()
}

/// The loops through an appliance that sends from a subnet; one with several subnets is told once.
fn route_loops(subject: Element, world: &World<'_>) -> Vec<Found> {
    let subnet = SubnetId(subject.id);
    let loops = world.route_loops().iter();
    let here = loops.filter(|found| found.subnets.first() == Some(&subnet));
    here.map(|found| {
        let first = found.hops.iter().find_map(|hop| hop.route());
        let others = found.routes.iter().filter(|route| Some(**route) != first);
        let taste = Taste {
            source: Vec::new(),
            destination: vec![super::contract::PUBLIC],
        };
        let hit = found.flows.is_hit_near(&taste);
        Found {
            truth: found.truth,
            element: subject,
            cover: others
                .map(|route| Element {
                    kind: Kind::Route,
                    id: route.0,
                })
                .collect(),
            at_most: Severity::Error,
            revive: None,
            unknowns: found.unknowns.clone(),
            outcome: Some(Outcome {
                truth: found.truth,
                witness: hit.witness,
                cause: first.map_or(Cause::Subject, Cause::Route),
                route: first,
                ports: hit.ports,
                protocols: hit.protocols,
                destinations: Vec::new(),
                reads: Vec::new(),
                readings: None,
                others: Vec::new(),
                unknowns: found.unknowns.clone(),
            }),
        }
    })
    .collect()
}

/// What does the same twice is only in the way.
fn at_most(acts_otherwise: bool) -> Severity {
    match acts_otherwise {
        true => Severity::Error,
        false => Severity::Note,
    }
}

/// Whether a group is on the subnet of an Azure Bastion.
fn guards_bastion(world: &World<'_>, nsg: NsgId) -> bool {
    world.network[nsg].subnets.items.iter().any(|subnet| {
        let name = world.network[*subnet].meta.name.value();
        name.is_some_and(|name| name.eq_ignore_ascii_case("AzureBastionSubnet"))
    })
}
