//! Which rule of a group decides which packets.

use super::Semantics;
use super::compile::Ruling;
use super::order;
use super::packet::Answer;
use super::rules::Scope;
use crate::model::NsgId;
use crate::model::nsg::{Access, Direction};

/// The packets that one rule of a group decides.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The rule.
    pub by: Ruling,
    /// What it does with them, if that is known.
    pub access: Option<Access>,
    /// The packets: certain are those it decides in every world.
    pub flows: Answer,
}

impl Semantics<'_> {
    /// Splits `flows` by the rule of a group that decides them at a place, in the order in which
    /// the rules are asked. Packets that bypass the group are in no part: [`Self::bypassing`] has
    /// them. In every world each other packet is in exactly one part.
    #[must_use]
    pub fn deciding(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        flows: &Answer,
    ) -> Vec<Decided> {
        let group = self.compiled(nsg, scope, direction, flows.family());
        let mut parts = Vec::new();
        for (index, rule) in group.rules.iter().enumerate() {
            if !rule.own.flows.may.meets(&flows.flows.may) {
                continue;
            }
            let decided = order::decided(&group.rules, index, &group.bypass, flows);
            let decided = match rule.certain {
                true => decided,
                false => decided.only_possibly(),
            };
            if !decided.flows.may.is_empty() {
                parts.push(Decided {
                    by: rule.id.clone(),
                    access: rule.access,
                    flows: decided,
                });
            }
        }
        parts
    }

    /// Those of `flows` that a group does not touch: traffic with the platform that no rule claims
    /// through a platform tag.
    #[must_use]
    pub fn bypassing(
        &self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        flows: &Answer,
    ) -> Answer {
        let group = self.compiled(nsg, scope, direction, flows.family());
        match group.bypass.flows.may.meets(&flows.flows.may) {
            true => group.bypass.and(flows),
            false => Answer::nothing(flows.family()),
        }
    }
}
