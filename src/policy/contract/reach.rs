//! Security rules that plainly have nothing to do with some flows: most of them, most of the time.

use super::{Asked, Run};
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::{Field, List, SecurityRuleId};
use crate::policy::spec::VerdictSpec;
use crate::policy::vocabulary::Kind;

impl Run<'_, '_, '_> {
    /// Whether the rule that a contract is about matches none of the packets that it forbids the rule
    /// to decide, or too few: by its ports and the number of its addresses alone.
    pub(super) fn is_out_of_reach(&self, asked: &Asked) -> bool {
        let decided = matches!(self.contract.answer.verdict, VerdictSpec::Decided);
        if !decided || self.required || self.subject.kind != Kind::SecurityRule {
            return false;
        }
        let rule = &self.evaluation.world.network[SecurityRuleId(self.subject.id)];
        let far = match asked.direction {
            Direction::Inbound => &rule.source,
            Direction::Outbound => &rule.destination,
        };
        let wide = asked.wider_than.and_then(|wide| u128::try_from(wide).ok());
        if let (Some(wide), Some(addresses)) = (wide, addresses(far))
            && addresses <= wide
            && !asked.together
        {
            return true;
        }
        // What is not known of the flows may be other ports.
        if asked.some_ports || !self.unknowns.is_empty() {
            return false;
        }
        let own = &rule.destination_ports;
        asked.specs.iter().all(|spec| {
            let with_ports = |it: &Protocol| matches!(it, Protocol::Tcp | Protocol::Udp);
            let has_ports = !spec.protocols.is_empty() && spec.protocols.iter().all(with_ports);
            has_ports && !spec.ports.is_empty() && misses(own, &spec.ports)
        })
    }
}

/// How many addresses a list names at most, where that is plain.
fn addresses(list: &List<Field<AddressPrefix>>) -> Option<u128> {
    if list.rest.is_some() || list.items.is_empty() {
        return None;
    }
    let mut all: u128 = 0;
    for item in &list.items {
        let AddressPrefix::Block(block) = item.value()? else {
            return None;
        };
        let bits = block.max_prefix_len().saturating_sub(block.prefix_len());
        all = all.saturating_add(1_u128.checked_shl(bits.into()).unwrap_or(u128::MAX));
    }
    Some(all)
}

/// Whether all ports of a list are known and none is among others.
fn misses(list: &List<Field<PortRange>>, others: &[PortRange]) -> bool {
    list.rest.is_none()
        && !list.items.is_empty()
        && list.items.iter().all(|item| {
            item.value().is_some_and(|own| {
                let apart = |other: &PortRange| own.last < other.first || other.last < own.first;
                others.iter().all(apart)
            })
        })
}
