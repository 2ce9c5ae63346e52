//! Deployments to judgements, in parallel, and the settings each is judged with.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use super::config::{Config, Vocabulary, is_below};
use super::files::Files;
use super::parse::{FRONTENDS, internal_error};
use super::{Options, RuleMetadata, UsageError};
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::Unit;
use crate::model::Network;
use crate::policy::finding::{Finding, Judgement};
use crate::source::{FileId, SourceMap};

/// Everything judgements rest on besides the deployment.
pub(crate) struct Judge {}

impl Judge {
    pub(crate) fn builtin() -> Result<Self, UsageError> {
        Ok(Self {})
    }

    pub(crate) fn load(_packs: &[(String, String)]) -> Result<(Self, Vec<Diagnostic>), UsageError> {
        Ok((Self {}, Vec::new()))
    }

    pub(crate) fn vocabulary(&self) -> Vocabulary {
        Vocabulary::default()
    }

    pub(crate) fn configured(
        self,
        _configs: &[Config],
        _options: &Options,
        _vocabulary: &Vocabulary,
    ) -> Self {
        self
    }

    pub(crate) fn metadata(&self) -> Vec<RuleMetadata> {
        Vec::new()
    }
}

pub(crate) fn merge(judgements: Vec<Judgement>, _sources: &SourceMap) -> Vec<Finding> {
    drop(judgements);
    Vec::new()
}

/// What came of one deployment.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Whether one of its files lies under a selected path; else it was not judged.
    pub(crate) selected: bool,
    /// Files that took part.
    pub(crate) files: Vec<FileId>,
    /// Number of resources.
    pub(crate) resources: usize,
    /// Number of security rules.
    pub(crate) security_rules: usize,
    /// What is wrong.
    pub(crate) judgements: Vec<Judgement>,
    /// Not judged, by reason.
    pub(crate) not_judged: Vec<(String, usize)>,
    /// Undetermined and only counted, by rule.
    pub(crate) undetermined_counted: Vec<(Arc<str>, usize)>,
    /// What could not be evaluated.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Evaluates and judges every deployment; the result is in the order of `units`.
pub(crate) fn all(
    judge: &Judge,
    configs: &[Config],
    files: &Files,
    units: &[(usize, Unit)],
    selected: &[Arc<str>],
) -> Vec<Outcome> {
    let _ = (judge, configs);
    let size = |unit: &Unit| -> usize {
        unit.sources
            .iter()
            .chain(&unit.values)
            .map(|id| files.size(*id))
            .sum()
    };
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|index| {
        let size = units.get(*index).map_or(0, |(_, unit)| size(unit));
        (std::cmp::Reverse(size), *index)
    });
    let mut outcomes: Vec<(usize, Outcome)> = order
        .into_par_iter()
        .with_max_len(1)
        .filter_map(|index| {
            let (frontend, unit) = units.get(index)?;
            Some((index, guarded(files, *frontend, unit, selected)))
        })
        .collect();
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn guarded(files: &Files, frontend: usize, unit: &Unit, selected: &[Arc<str>]) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| one(files, frontend, unit, selected))).unwrap_or_else(
        |panic| {
            let file = unit.sources.first().copied().unwrap_or(FileId(0));
            let doing = format!("judging `{}`", unit.name);
            Outcome {
                selected: true,
                files: unit.sources.clone(),
                diagnostics: vec![internal_error(file, &doing, panic.as_ref())],
                ..Outcome::default()
            }
        },
    )
}

fn one(files: &Files, frontend: usize, unit: &Unit, selected: &[Arc<str>]) -> Outcome {
    let Some(frontend) = FRONTENDS.get(frontend) else {
        return Outcome::default();
    };
    let deployment = frontend.evaluate(unit, files);
    let is_selected = deployment.files.iter().any(|id| {
        files.get(*id).is_some_and(|slot| {
            selected
                .iter()
                .any(|selected| is_below(&slot.path, selected))
        })
    });
    if !is_selected {
        return Outcome::default();
    }
    let network = Network::build(&deployment);
    Outcome {
        selected: true,
        resources: deployment.resources.len(),
        security_rules: network.security_rules.len(),
        diagnostics: [deployment.diagnostics, network.diagnostics].concat(),
        files: deployment.files,
        ..Outcome::default()
    }
}
