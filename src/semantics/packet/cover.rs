//! Whether sets together contain a set, which of them are needed, and what they leave out.
//!
//! The question is cut down to the classes of values that its sets can tell apart
//! (`local`); then the sets are subtracted from the whole one after the other, each time the one
//! that leaves the fewest pieces, depth first.

mod local;

use std::cell::Cell;
use std::ops::ControlFlow;

use super::count::Count;
use super::space::{Exceeded, Term};
use local::Local;

/// More steps than this are not taken for one question.
const MAX_STEPS: usize = 1 << 22;

/// More steps than this are not taken for all questions on one list.
const MAX_STEPS_IN_ALL: usize = 1 << 26;

/// What running out of steps is called.
const STEPS_EXCEEDED: Exceeded = Exceeded("number of cover steps");

/// A term of one of the sets, with the number of the set.
#[derive(Clone, Copy, Debug)]
pub struct Member<'t> {
    /// Which set.
    pub set: usize,
    /// One of its terms.
    pub term: &'t Term,
}

/// How much work may still be done for the questions on one list.
#[derive(Debug)]
pub struct Budget {
    left: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: Cell::new(MAX_STEPS_IN_ALL),
        }
    }
}

impl Budget {
    /// None at all.
    #[cfg(test)]
    pub(crate) fn nothing() -> Self {
        Self { left: Cell::new(0) }
    }

    /// One question's part of it, and what is to be given back of that.
    fn question(&self) -> usize {
        self.left.get().min(MAX_STEPS)
    }

    fn spend(&self, steps: usize) {
        self.left.set(self.left.get().saturating_sub(steps));
    }
}

/// A part of the whole of a [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece(Vec<u64>);

/// The outcome of [`Problem::minimal_cover`].
#[derive(Clone, Debug)]
pub enum Cover {
    /// These sets contain the whole.
    Sets(Vec<usize>),
    /// No sets do; a part that none of them meets.
    Open(Piece),
}

/// A set (the whole) and other sets (the members) that may contain it or parts of it.
#[derive(Debug)]
pub struct Problem<'b> {
    local: Local,
    wholes: usize,
    sets: Vec<usize>,
    budget: &'b Budget,
}

impl<'b> Problem<'b> {
    /// Takes the terms of the whole and the members. The members' order decides which of several
    /// covers is found: earlier ones are preferred.
    #[must_use]
    pub fn new(whole: &[Term], members: &[Member<'_>], budget: &'b Budget) -> Self {
        let own = whole.iter();
        let terms: Vec<&Term> = own
            .chain(members.iter().map(|member| member.term))
            .collect();
        Self {
            local: Local::new(whole.len(), &terms),
            wholes: whole.len(),
            sets: members.iter().map(|member| member.set).collect(),
            budget,
        }
    }

    /// The whole, as pieces that may overlap.
    pub fn whole(&self) -> impl Iterator<Item = Piece> + '_ {
        (0..self.wholes).filter_map(|whole| {
            let mut piece = self.local.row(whole).to_vec();
            self.local.complete(&mut piece).then_some(Piece(piece))
        })
    }

    /// What the whole and a member (by place) have in common, as pieces that may overlap.
    pub fn common(&self, member: usize) -> impl Iterator<Item = Piece> + '_ {
        let row = self.row(member);
        self.whole()
            .filter_map(move |piece| self.local.common(&piece.0, row).map(Piece))
    }

    /// A part of the whole outside all members that `among` admits by place and set, if there is
    /// one.
    ///
    /// # Errors
    ///
    /// A limit on the number of steps.
    pub fn uncovered(
        &self,
        pieces: impl Iterator<Item = Piece>,
        among: impl Fn(usize, usize) -> bool,
    ) -> Result<Option<Piece>, Exceeded> {
        let mut used = Vec::new();
        let mut open = None;
        for piece in pieces {
            self.walk(&piece.0, &among, &mut used, &mut |left| {
                open = Some(Piece(left.to_vec()));
                ControlFlow::Break(())
            })?;
            if open.is_some() {
                break;
            }
        }
        Ok(open)
    }

    /// The admitted sets that together contain the whole, if they do: a single one if one does,
    /// else none of them can be left out. Sets for which `keep` is true stay and are not returned.
    ///
    /// # Errors
    ///
    /// A limit on the number of steps.
    pub fn minimal_cover(
        &self,
        among: impl Fn(usize, usize) -> bool,
        keep: impl Fn(usize) -> bool,
    ) -> Result<Cover, Exceeded> {
        if let Some(set) = self.single(&among) {
            return Ok(Cover::Sets(if keep(set) { Vec::new() } else { vec![set] }));
        }
        let mut used = Vec::new();
        let mut open = None;
        for piece in self.whole() {
            self.walk(&piece.0, &among, &mut used, &mut |left| {
                open = Some(Piece(left.to_vec()));
                ControlFlow::Break(())
            })?;
            if let Some(open) = open {
                return Ok(Cover::Open(open));
            }
        }
        let mut candidates: Vec<usize> = self.sets.clone();
        candidates.retain(|set| used.get(*set) == Some(&true));
        candidates.sort_unstable();
        candidates.dedup();
        for candidate in candidates.iter().filter(|set| !keep(**set)) {
            let others = |member: usize, set: usize| {
                set != *candidate && used.get(set) == Some(&true) && among(member, set)
            };
            // Only what the candidate takes can be missing without it.
            let own =
                (0..self.sets.len()).filter(|member| self.sets.get(*member) == Some(candidate));
            let mut needed = false;
            for member in own {
                if self.uncovered(self.common(member), others)?.is_some() {
                    needed = true;
                    break;
                }
            }
            if !needed && let Some(slot) = used.get_mut(*candidate) {
                *slot = false;
            }
        }
        candidates.retain(|set| used.get(*set) == Some(&true) && !keep(*set));
        Ok(Cover::Sets(candidates))
    }

    /// What is left of the whole outside the admitted members: how many packets, out of how many,
    /// and the smallest product that holds them. `None` where it depends on atoms.
    ///
    /// # Errors
    ///
    /// A limit on the number of steps.
    pub fn rest(&self, among: impl Fn(usize, usize) -> bool) -> Result<Option<Rest>, Exceeded> {
        let mut pieces = self.whole();
        let (Some(piece), None) = (pieces.next(), pieces.next()) else {
            return Ok(None);
        };
        let Some(whole) = self.local.count(&piece.0) else {
            return Ok(None);
        };
        let mut left = Count::ZERO;
        let mut hull: Vec<u64> = Vec::new();
        let mut opaque = false;
        self.walk(&piece.0, &among, &mut Vec::new(), &mut |part| {
            match self.local.count(part) {
                Some(count) => left = left.plus(&count),
                None => {
                    opaque = true;
                    return ControlFlow::Break(());
                }
            }
            hull.resize(part.len(), 0);
            for (all, own) in hull.iter_mut().zip(part) {
                *all |= own;
            }
            ControlFlow::Continue(())
        })?;
        let hull = (!hull.is_empty()).then_some(Piece(hull));
        Ok((!opaque).then_some(Rest { left, whole, hull }))
    }

    /// How many packets the whole and a set have in common, and how many the whole holds. `None`
    /// where it depends on atoms, or is not one product.
    #[must_use]
    pub fn overlap(&self, set: usize) -> Option<(Count, Count)> {
        let mut pieces = self.whole();
        let (piece, None) = (pieces.next()?, pieces.next()) else {
            return None;
        };
        let whole = self.local.count(&piece.0)?;
        let mut members = self.members_of(set);
        let (member, None) = (members.next()?, members.next()) else {
            return None;
        };
        let both = match self.local.common(&piece.0, self.row(member)) {
            Some(both) => self.local.count(&both)?,
            None => Count::ZERO,
        };
        Some((both, whole))
    }

    /// The numbers of the sets, in the order of their members, each once.
    #[must_use]
    pub fn sets(&self) -> Vec<usize> {
        let mut sets = self.sets.clone();
        sets.dedup();
        sets
    }

    /// The places of a set's members.
    pub fn members_of(&self, set: usize) -> impl Iterator<Item = usize> + '_ {
        let all = self.sets.iter().enumerate();
        all.filter(move |(_, own)| **own == set)
            .map(|(member, _)| member)
    }

    /// A piece as a term.
    #[must_use]
    pub fn term(&self, piece: &Piece) -> Term {
        self.local.term(&piece.0)
    }

    /// The first set that contains the whole with one of its terms.
    fn single(&self, among: impl Fn(usize, usize) -> bool) -> Option<usize> {
        let wholes: Vec<Piece> = self.whole().collect();
        let mut members = self.sets.iter().enumerate();
        members
            .find(|(member, set)| {
                let row = self.row(*member);
                let inside = |piece: &Piece| self.local.fields_within(&piece.0, row).is_none();
                !wholes.is_empty() && among(*member, **set) && wholes.iter().all(inside)
            })
            .map(|(_, set)| *set)
    }

    fn row(&self, member: usize) -> &[u64] {
        self.local.row(self.wholes + member)
    }

    /// Subtracts members from a piece, marks the sets that were met, and shows every part that no
    /// member meets.
    fn walk(
        &self,
        piece: &[u64],
        among: &impl Fn(usize, usize) -> bool,
        used: &mut Vec<bool>,
        open: &mut dyn FnMut(&[u64]) -> ControlFlow<()>,
    ) -> Result<(), Exceeded> {
        let mut mark = |member: usize| {
            let Some(set) = self.sets.get(member).copied() else {
                return;
            };
            if used.len() <= set {
                used.resize(set + 1, false);
            }
            if let Some(slot) = used.get_mut(set) {
                *slot = true;
            }
        };
        let width = self.local.width;
        let limit = self.budget.question();
        let mut steps = self.sets.len();
        let mut pieces = piece.to_vec();
        let mut near: Vec<usize> = self
            .sets
            .iter()
            .enumerate()
            .filter(|(member, set)| {
                among(*member, **set) && self.local.meets(piece, self.row(*member))
            })
            .map(|(member, _)| member)
            .collect();
        // For each piece, which part of `near` may meet it.
        let mut pending = vec![(0, near.len())];
        let mut piece = vec![0_u64; width];
        while let Some((from, to)) = pending.pop() {
            near.truncate(to);
            let start = pieces.len().saturating_sub(width);
            piece.copy_from_slice(pieces.get(start..).unwrap_or_default());
            pieces.truncate(start);
            let mut best: Option<(usize, usize)> = None;
            let mut inside = None;
            for place in from..to {
                let Some(member) = near.get(place).copied() else {
                    break;
                };
                let row = self.row(member);
                if !self.local.meets(&piece, row) {
                    continue;
                }
                let Some(fields) = self.local.fields_within(&piece, row) else {
                    inside = Some(member);
                    break;
                };
                if best.is_none_or(|(most, _)| fields > most) {
                    best = Some((fields, near.len()));
                }
                near.push(member);
            }
            steps += to - from + 1;
            if steps > limit {
                self.budget.spend(steps);
                return Err(STEPS_EXCEEDED);
            }
            if let Some(member) = inside {
                mark(member);
                continue;
            }
            let Some((_, best)) = best else {
                if open(&piece).is_break() {
                    break;
                }
                continue;
            };
            // The member that holds the piece in most fields cuts it into the fewest parts.
            let cut = near.remove(best);
            mark(cut);
            let before = pieces.len();
            self.local
                .subtract_into(&mut piece, self.row(cut), &mut pieces);
            let parts = (pieces.len() - before) / width.max(1);
            pending.extend(std::iter::repeat_n((to, near.len()), parts));
        }
        self.budget.spend(steps);
        Ok(())
    }
}

/// What members leave of a whole.
#[derive(Clone, Debug)]
pub struct Rest {
    /// How many packets.
    pub left: Count,
    /// Out of how many.
    pub whole: Count,
    /// The smallest product that holds what is left, if anything is.
    pub hull: Option<Piece>,
}
