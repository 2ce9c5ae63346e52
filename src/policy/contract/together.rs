//! What several rules of a group let through from many addresses, though none of them does alone.

use super::{Asked, Run, groups_of};
use crate::eval::value::Truth;
use crate::model::nsg::{Access, Direction};
use crate::model::{NsgId, SecurityRuleId};
use crate::policy::vocabulary::Kind;
use crate::semantics::packet::interval::{Interval, IntervalSet};
use crate::semantics::packet::space::Term;
use crate::semantics::packet::{Answer, Family, FlowSet, Hit, Side};

/// Rules that are only wide together, and what they decide.
pub(super) struct Together {
    /// The rules, if they are few none of which can be left out, in the order in which they are asked.
    pub(super) rules: Vec<SecurityRuleId>,
    /// The packets.
    pub(super) hit: Hit,
}

/// So many sets of rules are told of one group.
const MAX_SETS: usize = 8;

/// From so many rules on, those that could be left out are not looked for.
const MAX_PRUNED: usize = 16;

/// What one rule decides of the packets in question.
struct Part {
    rule: SecurityRuleId,
    decided: Answer,
    /// So many addresses at most.
    addresses: u128,
}

impl Run<'_, '_, '_> {
    /// Sets of rules that let through, together, what is wide of `bad`. What rules are, or may be,
    /// wide by themselves is another question.
    pub(super) fn wide_together(&mut self, bad: &Answer, asked: &Asked) -> Vec<Together> {
        let mut told = Vec::new();
        let world = self.evaluation.world;
        let own = (self.subject.kind == Kind::Nsg).then_some(NsgId(self.subject.id));
        for element in self.answering() {
            let groups = groups_of(world, element).into_iter();
            // Another group of an interface is asked about for itself.
            for nsg in groups.filter(|nsg| own.is_none_or(|own| own == *nsg)) {
                let order = world.semantics.in_order(nsg, asked.direction);
                let mut parts = self.narrow_parts(&order, bad, asked);
                while told.len() < MAX_SETS
                    && let Some(found) = self.one_set(&mut parts, asked)
                {
                    told.push(found);
                }
            }
        }
        told
    }

    /// What those rules decide of `bad` that are certainly not wide alone, and by how many
    /// addresses.
    fn narrow_parts(&self, order: &[SecurityRuleId], bad: &Answer, asked: &Asked) -> Vec<Part> {
        let world = self.evaluation.world;
        let side = far(asked);
        let allows = |rule: &&SecurityRuleId| {
            let access = world.network[**rule].access.value();
            access.is_none_or(|access| *access == Access::Allow)
        };
        let mut parts = Vec::new();
        for rule in order.iter().filter(allows) {
            let decided = world.semantics.decided_of(*rule, bad);
            if !decided.flows.may.is_empty()
                && self.wider(&decided, asked).is_hit().truth == Truth::False
            {
                parts.push(Part {
                    rule: *rule,
                    addresses: decided.flows.may.possible_addresses(side).count(),
                    decided,
                });
            }
        }
        parts
    }

    /// The rules with the most addresses that are wide together; they are taken out of `parts`.
    fn one_set(&self, parts: &mut Vec<Part>, asked: &Asked) -> Option<Together> {
        let most = parts.iter().map(|part| part.addresses);
        let most = most.fold(0_u128, u128::saturating_add);
        let least = u128::try_from(asked.wider_than?).ok()?;
        if most <= least {
            return None;
        }
        let (family, side) = (self.family, far(asked));
        let hit_of = |chosen: &[usize]| {
            let all = union(family, side, parts, chosen);
            self.wider(&all, asked).is_hit_near(&asked.taste)
        };
        let mut chosen: Vec<usize> = (0..parts.len()).collect();
        let truth = hit_of(&chosen).truth;
        if truth == Truth::False {
            return None;
        }
        chosen.sort_by_key(|index| {
            let addresses = parts.get(*index).map(|part| part.addresses);
            (std::cmp::Reverse(addresses), *index)
        });
        // The more rules the wider: the fewest of the largest ones, by halves.
        let (mut few, mut enough) = (1, chosen.len());
        while few < enough {
            let middle = usize::midpoint(few, enough);
            if hit_of(chosen.get(..middle).unwrap_or_default()).truth == truth {
                enough = middle;
            } else {
                few = middle + 1;
            }
        }
        chosen.truncate(enough);
        let mut at = chosen.len();
        while at > 0 && chosen.len() <= MAX_PRUNED {
            at -= 1;
            let mut without = chosen.clone();
            without.remove(at);
            if hit_of(&without).truth == truth {
                chosen = without;
            }
        }
        let hit = hit_of(&chosen);
        chosen.sort_unstable();
        let rule = |index: &usize| parts.get(*index).map(|part| part.rule);
        let rules: Vec<SecurityRuleId> = chosen.iter().filter_map(rule).collect();
        parts.retain(|part| !rules.contains(&part.rule));
        (rules.len() > 1).then_some(Together { rules, hit })
    }
}

fn far(asked: &Asked) -> Side {
    match asked.direction {
        Direction::Inbound => Side::Source,
        Direction::Outbound => Side::Destination,
    }
}

fn union(family: Family, side: Side, parts: &[Part], chosen: &[usize]) -> Answer {
    let chosen = chosen.iter().filter_map(|index| parts.get(*index));
    let mut all = Answer::any_of(family, chosen.map(|part| part.decided.clone()).collect());
    all.flows.must = in_few_terms(&all.flows.must, side);
    all.flows.may = in_few_terms(&all.flows.may, side);
    all
}

/// The same set with one term for all addresses of a side that share the other fields: rules for
/// one port are counted together at once.
fn in_few_terms(set: &FlowSet, side: Side) -> FlowSet {
    let (family, dimension) = (set.family(), side.dimension());
    let mut few: Vec<Term> = Vec::new();
    let mut groups: Vec<(Term, Vec<Interval>)> = Vec::new();
    for term in set.terms() {
        let rest = term.with_field(dimension, family.addresses());
        let Some(rest) = rest.filter(|rest| rest.cube.is_empty()) else {
            few.push(term.clone());
            continue;
        };
        let own = term.field(dimension).intervals();
        match groups.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, all)) => all.extend_from_slice(own),
            None => groups.push((rest, own.to_vec())),
        }
    }
    let together = groups.into_iter().filter_map(|(rest, intervals)| {
        rest.with_field(dimension, IntervalSet::from_intervals(intervals))
    });
    few.extend(together);
    FlowSet::from_terms(family, few)
}
