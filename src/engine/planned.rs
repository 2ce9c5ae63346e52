//! Which configuration a plan or state was made of.
//!
//! A plan says the same as its configuration, with every value in hand: judging both would say
//! everything twice. The configuration is laid beside the plan for its places, and is no deployment
//! of its own if the plan was made of exactly what it declares. A state says what was applied last,
//! so its configuration is judged as well.
//!
//! The nearest configuration is meant: in the directory of the document, then in those above it,
//! then anywhere, if only one fits exactly.

use std::collections::{BTreeMap, BTreeSet};

use super::config::is_below;
use super::files::Files;
use super::parse::FRONTENDS;
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::frontend::Unit;
use crate::eval::plan::{self, Fit};
use crate::source::Span;

/// Lays configurations beside the documents made of them; takes those out that a plan stands for.
pub(super) fn lay_beside(units: &mut Vec<(usize, Unit)>, files: &Files) -> Vec<Diagnostic> {
    let of = |name: &str, units: &[(usize, Unit)]| -> Vec<usize> {
        let is = |(language, _): &(usize, Unit)| {
            FRONTENDS.get(*language).is_some_and(|it| it.name() == name)
        };
        (0..units.len())
            .filter(|at| units.get(*at).is_some_and(is))
            .collect()
    };
    let plans = of("plan", units);
    if plans.is_empty() {
        return Vec::new();
    }
    let roots = of("Terraform", units);
    let mut replaced = BTreeSet::new();
    let mut told = Vec::new();
    for at in plans {
        let Some((fit, root)) = configuration_of(at, &roots, units, files) else {
            continue;
        };
        let Some((_, unit)) = units.get(root) else {
            continue;
        };
        let mut beside = unit.sources.clone();
        if fit != Fit::OtherValues {
            beside.extend(&unit.values);
        }
        let directory = match &*unit.directory {
            "" => ".",
            directory => directory,
        };
        let message = format!(
            "this is the plan of the configuration in `{directory}`, which is judged as planned, not \
             once more by itself"
        );
        if let Some((_, document)) = units.get_mut(at) {
            document.values = beside;
            if let (Fit::Same, Some(id)) = (fit, document.sources.first()) {
                replaced.insert(root);
                told.push(Diagnostic {
                    severity: Severity::Note,
                    ..Diagnostic::advice("plan-of-configuration", Span::new(*id, 0, 0), message)
                });
            }
        }
    }
    let mut at = 0;
    units.retain(|_| {
        at += 1;
        !replaced.contains(&(at - 1))
    });
    told
}

/// The root module that a document was made of, and how well the two go together.
fn configuration_of(
    at: usize,
    roots: &[usize],
    units: &[(usize, Unit)],
    files: &Files,
) -> Option<(Fit, usize)> {
    let (_, document) = units.get(at)?;
    let mut near: BTreeMap<std::cmp::Reverse<usize>, Vec<usize>> = BTreeMap::new();
    let mut far = Vec::new();
    for root in roots {
        let directory = &units.get(*root)?.1.directory;
        if directory.is_empty() || is_below(&document.directory, directory) {
            near.entry(std::cmp::Reverse(directory.len()))
                .or_default()
                .push(*root);
        } else {
            far.push(*root);
        }
    }
    let best = |roots: &[usize]| -> Vec<(Fit, usize)> {
        let mut fitting: Vec<(Fit, usize)> = roots
            .iter()
            .filter_map(|root| {
                let fit = plan::fit(document, &units.get(*root)?.1, files);
                (fit != Fit::None).then_some((fit, *root))
            })
            .collect();
        fitting.sort_by_key(|(fit, root)| (std::cmp::Reverse(*fit), *root));
        fitting
    };
    for roots in near.values() {
        if let Some(found) = best(roots).first() {
            return Some(*found);
        }
    }
    let exact = best(&far)
        .into_iter()
        .filter(|(fit, _)| *fit >= Fit::OtherValues);
    let exact: Vec<(Fit, usize)> = exact.collect();
    let directories: BTreeSet<&str> = exact
        .iter()
        .filter_map(|(_, root)| Some(&*units.get(*root)?.1.directory))
        .collect();
    (directories.len() == 1)
        .then(|| exact.first().copied())
        .flatten()
}
