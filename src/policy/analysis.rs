//! Named analyses of a whole element, for what no predicate and no contract can say.

use std::sync::Arc;

use super::datum::Element;
use super::spec::{Reader, Text};
use super::vocabulary::{Kind, World};
use crate::diagnostic::Severity;
use crate::eval::value::{Truth, Unknown};
use crate::model::{NsgId, SecurityRuleId};
use crate::semantics::unreachable::Revive;

/// An analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Analysis {
    /// The rules of a group that never decide a packet.
    UnreachableSecurityRule,
}

/// One thing an analysis found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) truth: Truth,
    /// What it is about: the finding is this element's.
    pub(crate) element: Element,
    /// What hides it.
    pub(crate) cover: Vec<SecurityRuleId>,
    /// How bad, unless the rule's own severity is lower.
    pub(crate) at_most: Severity,
    /// A move that mends it.
    pub(crate) revive: Option<Revive>,
    pub(crate) unknowns: Vec<Arc<Unknown>>,
}

const NAMES: [(&str, Analysis, Kind); 1] = [(
    "unreachable-security-rule",
    Analysis::UnreachableSecurityRule,
    Kind::Nsg,
)];

impl Analysis {
    /// The analysis of a name; `None` after telling what is wrong.
    pub(crate) fn named(name: &Text, subject: Kind, reader: &mut Reader<'_>) -> Option<Self> {
        let found = NAMES.iter().find(|(known, ..)| *known == &*name.value);
        let Some((_, analysis, kind)) = found else {
            let known: Vec<&str> = NAMES.iter().map(|(known, ..)| *known).collect();
            reader.unknown_word(name.span, "analysis", &name.value, &known);
            return None;
        };
        if *kind != subject {
            let message = format!("this analysis is of a {}", kind.spec().name);
            reader.error(name.span, message);
            return None;
        }
        Some(*analysis)
    }

    /// What it finds for one element.
    pub(crate) fn run(self, subject: Element, world: &World<'_>) -> Vec<Found> {
        match self {
            Self::UnreachableSecurityRule => world
                .semantics
                .unreachable(NsgId(subject.id))
                .into_iter()
                // Azure wants the whole set of rules there, also those that others make idle.
                .filter(|found| found.acts_otherwise || !guards_bastion(world, NsgId(subject.id)))
                .map(|found| Found {
                    truth: found.truth,
                    element: Element {
                        kind: Kind::SecurityRule,
                        id: found.rule.0,
                    },
                    cover: found.cover,
                    at_most: match found.acts_otherwise {
                        true => Severity::Error,
                        false => Severity::Note,
                    },
                    revive: found.revive,
                    unknowns: found.unknowns,
                })
                .collect(),
        }
    }
}

/// Whether a group is on the subnet of an Azure Bastion.
fn guards_bastion(world: &World<'_>, nsg: NsgId) -> bool {
    world.network[nsg].subnets.items.iter().any(|subnet| {
        let name = world.network[*subnet].meta.name.value();
        name.is_some_and(|name| name.eq_ignore_ascii_case("AzureBastionSubnet"))
    })
}
