//! From judgements to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::config::is_below;
use super::declared;
use super::files::Files;
use super::judge::Outcome;
use super::parse::FRONTENDS;
use super::prepare::{self, Given, Prepared, path_of, sort_diagnostics};
use super::walk::{self, Kind};
use super::{Options, Report, Request, RuleMetadata, Summary, UsageError};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::Loader as _;
use crate::eval::frontend::Unit;
use crate::policy::environments::Environments;
use crate::policy::finding::{Finding, FindingVerdict, merge};
use crate::policy::pack::Pack;
use crate::source::{FileId, SourceMap, Span};

pub(super) fn on_disk(request: &Request) -> Result<Report, UsageError> {
    prepare::on_disk(request, judged)
}

/// The same with other rules than the program's.
pub(super) fn on_disk_with(request: &Request, pack: Pack) -> Result<Report, UsageError> {
    prepare::on_disk_with(request, Some(pack), judged)
}

pub(super) fn in_memory(
    files: Vec<(String, String)>,
    options: &Options,
) -> Result<Report, UsageError> {
    with_pack(files, options, Given::default())
}

/// The same with other rules.
pub(super) fn with_pack(
    files: Vec<(String, String)>,
    options: &Options,
    given: Given,
) -> Result<Report, UsageError> {
    prepare::in_memory(files, options, given, judged)
}

fn judged(prepared: Prepared<'_>) -> Report {
    let (off, outcomes) = prepared.judge.all(&prepared.docket(), &prepared.vocabulary);
    let mut rules = prepared.judge.metadata();
    rules.retain(|rule| !off.contains(&rule.id));
    report(rules, prepared, outcomes)
}

/// Whether a deployment is a plan or state that a path asks about.
fn is_asked_plan(language: usize, unit: &Unit, prepared: &Prepared<'_>) -> bool {
    let language = FRONTENDS.get(language).map(|it| it.name());
    language == Some("plan")
        && unit.sources.iter().any(|id| {
            let mut selected = prepared.selected.iter();
            selected.any(|selected| is_below(&prepared.files.path(*id), selected))
        })
}

fn report(rules: Vec<RuleMetadata>, mut prepared: Prepared<'_>, outcomes: Vec<Outcome>) -> Report {
    let mut summary = Summary {
        assumptions: vec!["no routes are learnt by BGP or from a Route Server".to_owned()],
        ..Summary::default()
    };
    let mut used: Vec<FileId> = Vec::new();
    let mut diagnostics = Vec::new();
    let mut judgements = Vec::new();
    let mut environments = Environments::default();
    let mut timings: BTreeMap<Arc<str>, Duration> = BTreeMap::new();
    let units: BTreeMap<&str, (usize, &Unit)> = prepared
        .units
        .iter()
        .map(|(language, unit)| (&*unit.name, (*language, unit)))
        .collect();
    let mut of_plans: BTreeSet<(Arc<str>, Span)> = BTreeSet::new();
    let (mut listed, mut unlisted) = (BTreeSet::new(), BTreeSet::new());
    for outcome in outcomes {
        listed.extend(outcome.consulted.listed);
        unlisted.extend(outcome.consulted.unlisted);
        let unit = units.get(&*outcome.deployment);
        // Who asks about a plan asks about all it does, wherever that was typed.
        if unit.is_some_and(|(language, unit)| is_asked_plan(*language, unit, &prepared)) {
            let own = outcome.judgements.iter();
            of_plans.extend(own.map(|it| (Arc::clone(&it.rule), it.primary.span)));
        }
        if let Some((_, unit)) = unit
            && let Some(environment) = &unit.environment
        {
            let template = template_of(unit, &prepared.files);
            environments.add(&unit.name, &template, environment, &outcome.files);
        }
        used.extend(outcome.files);
        summary.deployments += 1;
        summary.resources += outcome.resources;
        summary.security_rules += outcome.security_rules;
        diagnostics.extend(outcome.diagnostics);
        judgements.extend(outcome.judgements);
        for (rule, took) in outcome.timings {
            *timings.entry(rule).or_default() += took;
        }
        add_counts(&mut summary.not_judged, outcome.not_judged);
        add_counts(
            &mut summary.undetermined_counted,
            outcome.undetermined_counted,
        );
    }
    if let Some(list) = &prepared.service_tags
        && !(listed.is_empty() && unlisted.is_empty())
    {
        let mut line = format!("service tags: {}", list.describe());
        if !unlisted.is_empty() {
            let names: Vec<String> = unlisted.into_iter().collect();
            line.push_str(&format!("; not in that list: {}", names.join(", ")));
        }
        summary.assumptions.push(line);
    }
    if summary.deployments == 0 {
        diagnostics.extend(declared::only_sources(&prepared.files, &prepared.selected));
    }
    used.sort_unstable();
    used.dedup();
    summary.files = prepared.recognised(&used);
    summary.unused = prepared.unused(&used);
    let mut diagnostics = prepared.diagnostics(&used, diagnostics);
    let Prepared {
        configs,
        files,
        selected,
        ..
    } = prepared;
    let sources = files.into_sources();
    sort_diagnostics(&mut diagnostics, &sources);
    summary.unreadable = unreadable(&diagnostics, &sources);
    let under = |span: Span| {
        sources.get(span.file).is_some_and(|file| {
            selected
                .iter()
                .any(|selected| is_below(file.path(), selected))
        })
    };
    let mut findings = merge(judgements, &environments, &sources);
    findings.retain(|finding| {
        let own = (Arc::clone(&finding.rule), finding.primary.span);
        let shown = of_plans.contains(&own)
            || under(finding.primary.span)
            || finding.related.iter().any(|place| under(place.span));
        if !shown && finding.verdict == FindingVerdict::Violated {
            summary.elsewhere += 1;
        }
        shown
    });
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| {
            let span = finding.primary.span;
            (path_of(&sources, span), span.start, span.end)
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.rule, &a.resource).cmp(&(&b.rule, &b.resource)))
    });
    summary.undetermined = findings
        .iter()
        .filter(|finding| finding.verdict == FindingVerdict::Undetermined)
        .count();
    Report {
        findings,
        diagnostics,
        rules,
        summary,
        timings: slowest_first(timings),
        fail_on: configs
            .iter()
            .find(|config| config.directory.is_empty())
            .and_then(|config| config.fail_on),
        sources,
    }
}

/// What a unit shares with the other environments of its template: the template's path, or the
/// module's directory.
fn template_of(unit: &Unit, files: &Files) -> Arc<str> {
    match unit.sources.as_slice() {
        [template] => files.path(*template),
        _ => Arc::clone(&unit.directory),
    }
}

fn slowest_first(timings: BTreeMap<Arc<str>, Duration>) -> Vec<(Arc<str>, Duration)> {
    let mut timings: Vec<_> = timings.into_iter().collect();
    timings.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
    timings
}

fn add_counts<K: Ord>(into: &mut Vec<(K, usize)>, from: Vec<(K, usize)>) {
    for (key, count) in from {
        match into.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => {
                if let Some(entry) = into.get_mut(at) {
                    entry.1 += count;
                }
            }
            Err(at) => into.insert(at, (key, count)),
        }
    }
}

fn unreadable(diagnostics: &[Diagnostic], sources: &SourceMap) -> Vec<Arc<str>> {
    let mut paths: Vec<Arc<str>> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
        .filter(|diagnostic| !is_about_settings(diagnostic, sources))
        .filter_map(|diagnostic| diagnostic.primary.as_ref())
        .map(|label| path_of(sources, label.span))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Whether it is about `aznet.yaml`: that is a mistake in the call, no input that is missing.
fn is_about_settings(diagnostic: &Diagnostic, sources: &SourceMap) -> bool {
    diagnostic
        .primary
        .as_ref()
        .is_some_and(|label| walk::kind(&path_of(sources, label.span)) == Kind::Config)
}
