//! Whether sets together contain a term, which of them are needed, and what they leave out.

use super::space::{Exceeded, Term};

/// More steps than this are not taken for one question.
const MAX_STEPS: usize = 100_000;

/// What [`MAX_STEPS`] is called.
const STEPS_EXCEEDED: Exceeded = Exceeded("number of cover steps");

/// A term of one of the sets, with the number of the set.
#[derive(Clone, Copy, Debug)]
pub struct Member<'t> {
    /// Which set.
    pub set: usize,
    /// One of its terms.
    pub term: &'t Term,
}

/// The outcome of [`cover`].
#[derive(Clone, Debug)]
pub enum Cover {
    /// The sets contain the term; those that were met, ascending.
    Complete(Vec<usize>),
    /// They do not; a part that none of them meets.
    Open(Box<Term>),
}

/// Looks for a part of `term` outside all members. Goes into depth first and stops at the first
/// such part, so that a rule that is not hidden costs little.
///
/// # Errors
///
/// A limit on the number of steps.
pub fn cover(term: &Term, members: &[Member<'_>]) -> Result<Cover, Exceeded> {
    let mut used = std::collections::BTreeSet::new();
    let mut pending = vec![(term.clone(), members.to_vec())];
    let mut steps = 0_usize;
    while let Some((piece, members)) = pending.pop() {
        let mut near = Vec::new();
        let mut inside = None;
        for member in members {
            steps += 1;
            if member.term.meets(&piece) {
                if inside.is_none() && piece.is_within(member.term) {
                    inside = Some(member.set);
                    break;
                }
                near.push(member);
            }
        }
        if let Some(set) = inside {
            used.insert(set);
            continue;
        }
        if steps > MAX_STEPS {
            return Err(STEPS_EXCEEDED);
        }
        // The member that holds the piece in most fields cuts it into the fewest parts.
        let best = near
            .iter()
            .enumerate()
            .max_by_key(|(index, member)| {
                (piece.fields_within(member.term), std::cmp::Reverse(*index))
            })
            .map(|(index, _)| index);
        let Some(best) = best else {
            return Ok(Cover::Open(Box::new(piece)));
        };
        let cut = near.remove(best);
        used.insert(cut.set);
        let mut parts = Vec::new();
        piece.subtract_into(cut.term, &mut parts);
        pending.extend(parts.into_iter().map(|part| (part, near.clone())));
    }
    Ok(Cover::Complete(used.into_iter().collect()))
}
