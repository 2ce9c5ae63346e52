//! Which parts may decide a packet in each version, and whether it is let through.
//!
//! A part that is the same in both versions is one *decider*: where it is not certain that it is
//! there, it is there in both or in neither.

mod fates;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sides::{Part, Side};
use super::{By, Decision, Version};
use crate::eval::value::{Truth, Unknown};
use crate::model::nsg::Access;
use crate::semantics::order::Rank;
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::diagram::{Diagrams, Least, Node, OUTSIDE, Operation};
use crate::semantics::packet::space::Exceeded;

use fates::{
    ALLOWED, ALLOWED_BOTH, CLOSED, DENIED, DENIED_BOTH, OPENED, and, and_same, both, cross,
};

/// Bits of a value that number the outcomes that begin with one decider.
const OUTCOME_BITS: u32 = 17;

/// More deciders than this are not told apart.
const MAX_DECIDERS: usize = (1 << 14) - 1;

const DECIDERS_EXCEEDED: Exceeded = Exceeded("number of security rules");

const OUTCOMES_EXCEEDED: Exceeded = Exceeded("number of possible outcomes");

/// More combinations of what is not certain than this are not looked at one by one.
const MAX_WORLDS: usize = 4_096;

/// A part, in one or both versions.
#[derive(Debug)]
struct Decider {
    rank: (Rank, Rank),
    access: Option<Access>,
    /// Where it is: the first part of each version.
    place: [Option<(usize, usize)>; 2],
    unknowns: Vec<Arc<Unknown>>,
}

/// The deciders that may decide a packet in one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    /// By number; whether each certainly holds the packet.
    candidates: Vec<(u32, bool)>,
    /// The rank beyond which nothing is asked any more.
    last: Option<Rank>,
}

/// What decides a packet in one version: a value for each group in path order, or one group that
/// certainly stops it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stack {
    Stopped(u32),
    Through(Vec<u32>),
}

/// How packets change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) opened: Truth,
    pub(super) closed: Truth,
    /// What decides them before and after, by number.
    pub(super) old: u32,
    pub(super) new: u32,
}

/// All deciders of two versions and what came of them so far.
#[derive(Debug)]
pub(super) struct Deciders {
    all: Vec<Decider>,
    /// By version and group.
    roots: [Vec<Vec<Node>>; 2],
    outcomes: Vec<Outcome>,
    numbers: BTreeMap<Outcome, u32>,
    stacks: Vec<Stack>,
    stack_numbers: BTreeMap<Stack, u32>,
    changes: Vec<Change>,
    change_numbers: BTreeMap<Change, u32>,
    exceeded: Option<Exceeded>,
}

/// What makes two parts of the two versions the same.
type Identity<'p> = (
    (Rank, Rank),
    usize,
    &'p str,
    Option<Access>,
    bool,
    Vec<u64>,
    (Node, Node),
);

impl Deciders {
    pub(super) fn new(diagrams: &mut Diagrams, sides: &[Side; 2]) -> Result<Self, Exceeded> {
        let mut found: BTreeMap<Identity<'_>, [Vec<(usize, usize)>; 2]> = BTreeMap::new();
        for (version, side) in sides.iter().enumerate() {
            for (layer, parts) in side.layers.iter().enumerate() {
                for (index, part) in parts.iter().enumerate() {
                    let identity = identity(diagrams, layer, part)?;
                    let own = &mut found.entry(identity).or_default()[version];
                    own.push((layer, index));
                }
            }
        }
        let mut deciders = Self {
            all: Vec::new(),
            roots: Default::default(),
            outcomes: Vec::new(),
            numbers: BTreeMap::new(),
            stacks: Vec::new(),
            stack_numbers: BTreeMap::new(),
            changes: Vec::new(),
            change_numbers: BTreeMap::new(),
            exceeded: None,
        };
        // Parts with everything in common are one, but how often they occur must not be lost: the
        // second of a kind decides nothing that the first does not, unless both are uncertain.
        let mut numbers: [BTreeMap<(usize, usize), u32>; 2] = Default::default();
        for (identity, [old, new]) in &found {
            for nth in 0..old.len().max(new.len()) {
                let number = u32::try_from(deciders.all.len()).unwrap_or(u32::MAX);
                let place = [old.get(nth).copied(), new.get(nth).copied()];
                let mut unknowns = Vec::new();
                for (version, place) in place.iter().enumerate() {
                    let Some((layer, index)) = place else {
                        continue;
                    };
                    numbers[version].insert((*layer, *index), number);
                    let part = sides[version].layers.get(*layer);
                    if let Some(part) = part.and_then(|parts| parts.get(*index)) {
                        for unknown in part.because.iter().chain(&part.own.unknowns) {
                            add_unknown(&mut unknowns, unknown);
                        }
                    }
                }
                deciders.all.push(Decider {
                    rank: identity.0,
                    access: identity.3,
                    place,
                    unknowns,
                });
            }
        }
        if deciders.all.len() > MAX_DECIDERS {
            return Err(DECIDERS_EXCEEDED);
        }
        for (version, side) in sides.iter().enumerate() {
            for (layer, parts) in side.layers.iter().enumerate() {
                let mut nodes = Vec::with_capacity(parts.len());
                for (index, part) in parts.iter().enumerate() {
                    let number = numbers[version].get(&(layer, index)).copied().unwrap_or(0);
                    nodes.push((number, deciders.node(diagrams, part, number)?));
                }
                nodes.sort_by_key(|(number, _)| *number);
                let nodes = nodes.into_iter().map(|(_, node)| node).collect();
                deciders.roots[version].push(nodes);
            }
        }
        Ok(deciders)
    }

    /// The function that numbers the changes, [`OUTSIDE`] where there is none.
    pub(super) fn difference(&mut self, diagrams: &mut Diagrams) -> Result<Node, Exceeded> {
        let mut sides = Vec::new();
        for layers in std::mem::take(&mut self.roots) {
            let mut stack = Node::leaf(self.stack(Stack::Through(Vec::new())));
            for nodes in layers {
                let layer = diagrams.all(nodes, &mut Ranked(self))?;
                stack = diagrams.combine(stack, layer, &mut Stacked(self))?;
            }
            sides.push(stack);
        }
        let [old, new] = sides.as_slice() else {
            return Ok(Node::leaf(OUTSIDE));
        };
        let root = diagrams.combine(*old, *new, &mut Differing(self))?;
        match self.exceeded {
            Some(limit) => Err(limit),
            None => Ok(root),
        }
    }

    /// The change of a number.
    pub(super) fn change(&self, value: u32) -> Change {
        self.changes.get(value as usize).cloned().unwrap_or(Change {
            opened: Truth::Unknown,
            closed: Truth::Unknown,
            old: 0,
            new: 0,
        })
    }

    /// What decides packets in one version.
    pub(super) fn decision(&self, version: Version, stack: u32, sides: &[Side; 2]) -> Decision {
        let index = version as usize;
        let mut by = Vec::new();
        for value in self.values_of(stack) {
            let outcome = self.outcome(value);
            if outcome.candidates.is_empty() {
                by.push(By::NoRule);
            }
            for (number, _) in outcome.candidates {
                let place = self.all.get(number as usize).and_then(|it| it.place[index]);
                let part = place.and_then(|(layer, at)| sides[index].layers.get(layer)?.get(at));
                by.extend(part.map(|part| part.by.clone()));
            }
        }
        let through = self.through(stack);
        Decision {
            access: match through {
                ALLOWED => Some(Access::Allow),
                DENIED => Some(Access::Deny),
                _ => None,
            },
            by,
        }
    }

    /// What would have to be known about a change that is not certain.
    pub(super) fn unknowns(&self, change: &Change) -> Vec<Arc<Unknown>> {
        let mut unknowns = Vec::new();
        for stack in [change.old, change.new] {
            for value in self.values_of(stack) {
                let outcome = self.outcome(value);
                let alone = outcome.candidates.len() == 1;
                for (number, certain) in outcome.candidates {
                    let Some(decider) = self.all.get(number as usize) else {
                        continue;
                    };
                    if certain && alone && decider.access.is_some() {
                        continue;
                    }
                    for unknown in &decider.unknowns {
                        add_unknown(&mut unknowns, unknown);
                    }
                }
            }
        }
        unknowns
    }

    fn values_of(&self, stack: u32) -> Vec<u32> {
        match self.stacks.get(stack as usize) {
            Some(Stack::Stopped(value)) => vec![*value],
            Some(Stack::Through(values)) => values.clone(),
            None => Vec::new(),
        }
    }

    /// The function of one part.
    fn node(
        &mut self,
        diagrams: &mut Diagrams,
        part: &Part,
        number: u32,
    ) -> Result<Node, Exceeded> {
        let certainly = number << OUTCOME_BITS;
        let exact = part.own.flows.must == part.own.flows.may;
        if part.certain && exact {
            return diagrams.set(&part.own.flows.must, certainly);
        }
        let perhaps = self.number(Outcome {
            candidates: vec![(number, false)],
            last: None,
        });
        let may = diagrams.set(&part.own.flows.may, perhaps)?;
        if !part.certain {
            return Ok(may);
        }
        let must = diagrams.set(&part.own.flows.must, certainly)?;
        diagrams.combine(must, may, &mut Least)
    }

    fn outcome(&self, value: u32) -> Outcome {
        if value == OUTSIDE {
            return Outcome {
                candidates: Vec::new(),
                last: None,
            };
        }
        let first = value >> OUTCOME_BITS;
        let nth = value & ((1 << OUTCOME_BITS) - 1);
        match nth.checked_sub(1) {
            Some(index) => match self.outcomes.get(index as usize) {
                Some(outcome) => outcome.clone(),
                None => self.outcome(OUTSIDE),
            },
            None => Outcome {
                candidates: vec![(first, true)],
                last: self.all.get(first as usize).map(|it| it.rank.1),
            },
        }
    }

    /// The value of an outcome: by the first decider, so that the least value below a node tells
    /// which that is.
    fn number(&mut self, outcome: Outcome) -> u32 {
        let Some((first, certain)) = outcome.candidates.first().copied() else {
            return OUTSIDE;
        };
        let closing = self.all.get(first as usize).map(|it| it.rank.1);
        if certain && outcome.candidates.len() == 1 && outcome.last == closing {
            return first << OUTCOME_BITS;
        }
        let next = u32::try_from(self.outcomes.len() + 1).unwrap_or(u32::MAX);
        if next >> OUTCOME_BITS != 0 {
            self.exceeded = Some(OUTCOMES_EXCEEDED);
            return first << OUTCOME_BITS;
        }
        let number = *self.numbers.entry(outcome.clone()).or_insert(next);
        if number == next {
            self.outcomes.push(outcome);
        }
        first << OUTCOME_BITS | number
    }

    fn merged(&mut self, a: u32, b: u32) -> u32 {
        if a == OUTSIDE || a == b {
            return b;
        }
        if b == OUTSIDE {
            return a;
        }
        let (one, other) = (self.outcome(a), self.outcome(b));
        let last = match (one.last, other.last) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let mut candidates = one.candidates;
        candidates.extend(other.candidates);
        candidates.sort_unstable();
        candidates.retain(|(number, _)| {
            let first = self.all.get(*number as usize).map(|it| it.rank.0);
            last.is_none_or(|last| first.is_some_and(|first| first <= last))
        });
        self.number(Outcome { candidates, last })
    }

    fn stack(&mut self, stack: Stack) -> u32 {
        if let Some(known) = self.stack_numbers.get(&stack) {
            return *known;
        }
        let number = u32::try_from(self.stacks.len()).unwrap_or(OUTSIDE);
        self.stacks.push(stack.clone());
        self.stack_numbers.insert(stack, number);
        number
    }

    fn stacked(&mut self, stack: u32, value: u32) -> u32 {
        let Some(Stack::Through(mut values)) = self.stacks.get(stack as usize).cloned() else {
            return stack;
        };
        if self.of_group(value, value) == both(DENIED) {
            return self.stack(Stack::Stopped(value));
        }
        values.push(value);
        self.stack(Stack::Through(values))
    }

    /// What may become of packets.
    fn through(&self, stack: u32) -> u8 {
        match self.pairs(stack, stack) {
            ALLOWED_BOTH => ALLOWED,
            DENIED_BOTH => DENIED,
            _ => ALLOWED | DENIED,
        }
    }

    /// Which pairs of fates are possible.
    fn pairs(&self, old: u32, new: u32) -> u8 {
        let stacks = (self.stacks.get(old as usize), self.stacks.get(new as usize));
        match stacks {
            (Some(Stack::Through(old)), Some(Stack::Through(new))) => {
                let pairs = old.iter().zip(new);
                pairs.fold(ALLOWED_BOTH, |all, (old, new)| {
                    and(all, self.of_group(*old, *new))
                })
            }
            (Some(Stack::Stopped(_)), Some(Stack::Stopped(_))) => DENIED_BOTH,
            (Some(Stack::Stopped(_)), Some(Stack::Through(_))) => {
                let after = self.through(new);
                cross(DENIED, after)
            }
            (Some(Stack::Through(_)), Some(Stack::Stopped(_))) => cross(self.through(old), DENIED),
            _ => cross(ALLOWED | DENIED, ALLOWED | DENIED),
        }
    }

    /// Which pairs of fates two outcomes of one group can have: what both have in common is there
    /// in both or in neither.
    fn of_group(&self, old: u32, new: u32) -> u8 {
        let (old, new) = (self.outcome(old), self.outcome(new));
        let mut open: BTreeMap<u32, Vec<Option<Access>>> = BTreeMap::new();
        for (number, certain) in old.candidates.iter().chain(&new.candidates) {
            let access = self.all.get(*number as usize).and_then(|it| it.access);
            let mut choices = match access {
                Some(access) => vec![Some(access)],
                None => vec![Some(Access::Allow), Some(Access::Deny)],
            };
            if !certain {
                choices.push(None);
            }
            if choices.len() > 1 {
                let known = open.entry(*number).or_default();
                if known.len() < choices.len() {
                    *known = choices;
                }
            }
        }
        let worlds = open.values().fold(1_usize, |product, choices| {
            product.saturating_mul(choices.len())
        });
        if worlds > MAX_WORLDS {
            return cross(self.possible(&old), self.possible(&new));
        }
        let mut pairs = 0;
        for mut world in 0..worlds {
            let mut chosen: BTreeMap<u32, Option<Access>> = BTreeMap::new();
            for (number, choices) in &open {
                let choice = choices.get(world % choices.len()).copied().flatten();
                chosen.insert(*number, choice);
                world /= choices.len();
            }
            let (before, first) = self.fates(&old, &chosen);
            let (after, second) = self.fates(&new, &chosen);
            pairs |= if before == after && first == second {
                // The same deciders in an order that is not known, but the same in both.
                and_same(before)
            } else {
                cross(before, after)
            };
        }
        pairs
    }

    /// What may become of a packet where everything is chosen but the order, and who may decide.
    fn fates(&self, outcome: &Outcome, chosen: &BTreeMap<u32, Option<Access>>) -> (u8, Vec<u32>) {
        let mut there: Vec<(u32, (Rank, Rank), Access)> = Vec::new();
        for (number, certain) in &outcome.candidates {
            let Some(decider) = self.all.get(*number as usize) else {
                continue;
            };
            let access = match chosen.get(number) {
                // What certainly holds the packet here may only perhaps do so in the other version.
                Some(None) if *certain => decider.access.or(Some(Access::Deny)),
                Some(choice) => *choice,
                None => decider.access,
            };
            if let Some(access) = access {
                there.push((*number, decider.rank, access));
            }
        }
        let last = there.iter().map(|(_, rank, _)| rank.1).min();
        there.retain(|(_, rank, _)| last.is_none_or(|last| rank.0 <= last));
        let fates = there.iter().fold(0, |fates, (_, _, access)| {
            fates
                | match access {
                    Access::Allow => ALLOWED,
                    Access::Deny => DENIED,
                }
        });
        let who = there.into_iter().map(|(number, ..)| number).collect();
        (if fates == 0 { DENIED } else { fates }, who)
    }

    fn possible(&self, outcome: &Outcome) -> u8 {
        let start = if outcome.last.is_none() { DENIED } else { 0 };
        outcome.candidates.iter().fold(start, |fates, (number, _)| {
            let access = self.all.get(*number as usize).and_then(|it| it.access);
            fates
                | match access {
                    Some(Access::Allow) => ALLOWED,
                    Some(Access::Deny) => DENIED,
                    None => ALLOWED | DENIED,
                }
        })
    }

    fn changed(&mut self, old: u32, new: u32) -> u32 {
        let pairs = self.pairs(old, new);
        let truth = |bit: u8| match (pairs & bit != 0, pairs == bit) {
            (false, _) => Truth::False,
            (true, true) => Truth::True,
            (true, false) => Truth::Unknown,
        };
        let change = Change {
            opened: truth(OPENED),
            closed: truth(CLOSED),
            old,
            new,
        };
        if change.opened == Truth::False && change.closed == Truth::False {
            return OUTSIDE;
        }
        let next = u32::try_from(self.changes.len()).unwrap_or(OUTSIDE);
        let number = *self.change_numbers.entry(change.clone()).or_insert(next);
        if number == next {
            self.changes.push(change);
        }
        number
    }
}

fn identity<'p>(
    diagrams: &mut Diagrams,
    layer: usize,
    part: &'p Part,
) -> Result<Identity<'p>, Exceeded> {
    let must = diagrams.set(&part.own.flows.must, 0)?;
    let may = match part.own.flows.must == part.own.flows.may {
        true => must,
        false => diagrams.set(&part.own.flows.may, 0)?,
    };
    // A set that is known exactly does not depend on what its atoms are called.
    let loose = part.own.unknowns.iter().filter(|_| must != may);
    let unknowns = part.because.iter().chain(loose);
    let mut ids: Vec<u64> = unknowns.map(|unknown| unknown.id.0).collect();
    ids.sort_unstable();
    Ok((
        part.rank,
        layer,
        &part.key,
        part.access,
        part.certain,
        ids,
        (must, may),
    ))
}

/// First match, as far as order and presence are known.
struct Ranked<'d>(&'d mut Deciders);

impl Operation for Ranked<'_> {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        self.0.merged(a, b)
    }

    fn early(&mut self, diagrams: &Diagrams, a: Node, b: Node) -> Option<Node> {
        let outside = Node::leaf(OUTSIDE);
        if a == b || b == outside {
            return Some(a);
        }
        if a == outside {
            return Some(b);
        }
        let before = |a: Node, b: Node| {
            let last = self.0.outcome(a.value()?).last?;
            let first = diagrams.least(b) >> OUTCOME_BITS;
            let rank = self.0.all.get(first as usize)?.rank.0;
            (last < rank).then_some(a)
        };
        before(a, b).or_else(|| before(b, a))
    }
}

/// One group after the other.
struct Stacked<'d>(&'d mut Deciders);

impl Operation for Stacked<'_> {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        self.0.stacked(a, b)
    }

    fn early(&mut self, _: &Diagrams, _: Node, _: Node) -> Option<Node> {
        None
    }
}

/// The old version and the new.
struct Differing<'d>(&'d mut Deciders);

impl Operation for Differing<'_> {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        self.0.changed(a, b)
    }

    fn early(&mut self, _: &Diagrams, a: Node, b: Node) -> Option<Node> {
        // What is decided by the same deciders is decided alike.
        (a == b).then_some(Node::leaf(OUTSIDE))
    }
}
