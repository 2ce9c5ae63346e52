//! Past the budget of subtraction: the same question put to a decision diagram, whose size does not
//! grow with the number of pieces that subtraction makes.

use super::{Covered, Listed};
use crate::semantics::packet::cover::Member;
use crate::semantics::packet::diagram::{Both, Diagrams, OUTSIDE};
use crate::semantics::packet::space::{Exceeded, FlowSet, Term};

/// How many questions on one list are put to diagrams: each may take some tenths of a second.
const MAX_DIAGRAMS: usize = 16;

/// Covers of more rules are given as they are: all of them decide some of what is hidden, but some
/// may be spared.
const MAX_SHRUNK: usize = 32;

impl<I> Listed<'_, I> {
    /// The earlier rules that take a set, if they do; `otherwise` where diagrams cannot tell either.
    pub(super) fn covered_canonically(
        &self,
        whole: &FlowSet,
        members: &[Member<'_>],
        otherwise: Exceeded,
    ) -> Result<Covered, Exceeded> {
        let asked = self.diagrams.get();
        if asked >= MAX_DIAGRAMS {
            return Err(otherwise);
        }
        self.diagrams.set(asked + 1);
        let mut owners: Vec<usize> = members.iter().map(|member| member.set).collect();
        owners.sort_by_key(|place| self.rules.get(*place).map(|rule| rule.rank));
        owners.dedup();
        let sets: Vec<FlowSet> = owners
            .iter()
            .map(|owner| {
                let own = members.iter().filter(|member| member.set == *owner);
                let terms = own.map(|member| member.term.clone()).collect();
                FlowSet::from_terms(whole.family(), terms)
            })
            .collect();
        let mut diagrams = Diagrams::new(whole.family(), sets.iter().chain([whole]))?;
        let mut takers: Vec<usize> = (0..sets.len()).collect();
        let (values, open) = first_takers(&mut diagrams, &sets, &takers, whole)?;
        if let Some(open) = open {
            return Ok(Covered::Not(Some(Box::new(open))));
        }
        takers.retain(|place| values.contains(place));
        let mut at = 0;
        while at < takers.len() && takers.len() <= MAX_SHRUNK {
            let mut fewer = takers.clone();
            fewer.remove(at);
            match first_takers(&mut diagrams, &sets, &fewer, whole) {
                Ok((_, None)) => takers = fewer,
                Ok(_) | Err(_) => at += 1,
            }
        }
        let owner = |place: usize| owners.get(place).copied();
        Ok(Covered::By(takers.into_iter().filter_map(owner).collect()))
    }
}

/// The places of the sets that are the first to hold some of the whole; and some of it that none
/// holds.
fn first_takers(
    diagrams: &mut Diagrams,
    sets: &[FlowSet],
    among: &[usize],
    whole: &FlowSet,
) -> Result<(Vec<usize>, Option<Term>), Exceeded> {
    let mut asked: Vec<&FlowSet> = among.iter().filter_map(|at| sets.get(*at)).collect();
    let rest = u32::try_from(asked.len()).unwrap_or(OUTSIDE);
    asked.push(whole);
    let first = diagrams.first_match(&asked)?;
    let inside = diagrams.set(whole, 0)?;
    let root = diagrams.combine(first, inside, &mut Both)?;
    let values = diagrams.values(root);
    let open = match values.contains(&rest) {
        true => diagrams.example(root, rest),
        false => None,
    };
    let places = values.iter().filter_map(|value| {
        let at = usize::try_from(*value).ok()?;
        among.get(at).copied()
    });
    Ok((places.collect(), open))
}
