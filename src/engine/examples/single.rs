//! One example, run and compared with what it expects.

use std::sync::Arc;

use super::{Mismatch, MismatchKind};
use crate::diagnostic::DiagnosticKind;
use crate::engine::prepare::Given;
use crate::engine::{Options, Report, UsageError, run};
use crate::policy::finding::{Finding, FindingVerdict};
use crate::policy::pack::Pack;
use crate::policy::spec::{Example, Expectation};
use crate::source::{LineColumn, Span};

/// Runs one example and says what is not as expected.
pub(super) fn mismatches(pack: &Pack, rule: &Arc<str>, example: &Example) -> Vec<Mismatch> {
    let unreadable = |text: String| Mismatch {
        kind: MismatchKind::Unreadable,
        at: Some(example.name.span),
        text,
    };
    let report = match check(pack, rule, example) {
        Ok(report) => report,
        Err(error) => return vec![unreadable(error.message)],
    };
    let broken = report
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
        .map(|diagnostic| {
            let place = diagnostic.primary.as_ref();
            let place = place.map_or(String::new(), |label| place_of(&report, label.span));
            unreadable(format!("{place}: {}", diagnostic.message))
        });
    let mut all: Vec<Mismatch> = broken.collect();
    let findings = report.findings.iter();
    let mut left: Vec<&Finding> = findings.filter(|found| found.rule == *rule).collect();
    let mut unmet: Vec<&Expectation> = Vec::new();
    for expectation in &example.expect {
        let met = |found: &&Finding| differences(&report, found, expectation).is_empty();
        match left.iter().position(met) {
            Some(at) => drop(left.remove(at)),
            None => unmet.push(expectation),
        }
    }
    for expectation in unmet {
        all.push(unmet_by(&report, expectation, &mut left));
    }
    all.extend(left.into_iter().map(|found| Mismatch {
        kind: MismatchKind::Unexpected,
        at: Some(example.name.span),
        text: described(&report, found),
    }));
    all
}

/// Checks an example by one rule.
fn check(pack: &Pack, rule: &Arc<str>, example: &Example) -> Result<Report, UsageError> {
    let files = example.files.iter();
    let files = files.map(|(path, text)| (path.to_string(), text.to_string()));
    let options = Options {
        select: vec![rule.to_string()],
        ..Options::default()
    };
    run::with_pack(files.collect(), &options, Given::of(pack.clone()))
}

/// What an expectation that no finding meets says of the finding that comes nearest, which is then
/// no longer unexpected.
fn unmet_by(report: &Report, expectation: &Expectation, left: &mut Vec<&Finding>) -> Mismatch {
    let mut nearest: Option<(usize, Vec<Difference>)> = None;
    for (at, found) in left.iter().enumerate() {
        let differences = differences(report, found, expectation);
        let fewer = |(_, least): &(usize, Vec<Difference>)| differences.len() < least.len();
        if nearest.as_ref().is_none_or(fewer) {
            nearest = Some((at, differences));
        }
    }
    let at = expectation.at.as_ref();
    let place = at.map_or(expectation.span, |at| at.span);
    let Some((index, differences)) = nearest else {
        let wanted = at.map_or(String::new(), |at| format!(" at `{}`", at.value));
        return Mismatch {
            kind: MismatchKind::Missing,
            at: Some(place),
            text: format!("nothing was found{wanted}"),
        };
    };
    let found = left.remove(index);
    let misplaced = differences.iter().any(|one| one.what == "place");
    let mut text: Vec<String> = differences
        .iter()
        .map(|one| {
            format!(
                "expected {} `{}`, found `{}`",
                one.what, one.wanted, one.found
            )
        })
        .collect();
    text.push(format!("this is {}", described(report, found)));
    Mismatch {
        kind: match misplaced {
            true => MismatchKind::Misplaced,
            false => MismatchKind::Different,
        },
        at: Some(place),
        text: text.join("\n"),
    }
}

/// In what a finding differs from what is expected.
pub(super) struct Difference {
    pub(super) what: &'static str,
    pub(super) wanted: String,
    pub(super) found: String,
}

pub(super) fn differences(
    report: &Report,
    finding: &Finding,
    expectation: &Expectation,
) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut want = |what: &'static str, fits: bool, wanted: &str, found: &str| {
        if !fits {
            let (wanted, found) = (wanted.to_owned(), found.to_owned());
            all.push(Difference {
                what,
                wanted,
                found,
            });
        }
    };
    if let Some(at) = &expectation.at {
        let text = primary(report, finding);
        let first = text.lines().next().unwrap_or_default();
        want("place", text.starts_with(&*at.value), &at.value, first);
    }
    let (wanted, found) = (expectation.verdict, finding.verdict);
    want("verdict", wanted == found, word(wanted), word(found));
    if let Some(severity) = expectation.severity {
        let found = finding.severity;
        want(
            "severity",
            found == severity,
            severity.as_str(),
            found.as_str(),
        );
    }
    if let Some(name) = &expectation.security_rule {
        let found = finding.security_rule.as_deref().unwrap_or_default();
        want("security rule", found == &*name.value, &name.value, found);
    }
    for piece in &expectation.message_contains {
        let texts = [Some(finding.message.as_str()), finding.fix.as_deref()];
        let text = texts.into_iter().flatten().collect::<Vec<_>>().join("\n");
        want("words", text.contains(&*piece.value), &piece.value, &text);
    }
    all
}

/// The file from the primary place on: that of a block is its header alone.
fn primary<'r>(report: &'r Report, finding: &Finding) -> &'r str {
    let span = finding.primary.span;
    let text = report.sources.get(span.file).map(|file| file.text());
    text.and_then(|text| text.get(span.start as usize..))
        .unwrap_or_default()
}

pub(super) fn described(report: &Report, finding: &Finding) -> String {
    let at = primary(report, finding).lines().next().unwrap_or_default();
    let at: String = at.chars().take(60).collect();
    let mut text = format!(
        "{} {} at {} `{at}`: {}",
        match finding.verdict {
            FindingVerdict::Violated => "a violated",
            FindingVerdict::Undetermined => "an undetermined",
        },
        finding.severity.as_str(),
        place_of(report, finding.primary.span),
        finding.message,
    );
    if !finding.unknowns.is_empty() {
        let missing: Vec<&str> = finding.unknowns.iter().map(|one| &*one.what).collect();
        text.push_str(&format!(" (not known: {})", missing.join(", ")));
    }
    text
}

pub(super) fn word(verdict: FindingVerdict) -> &'static str {
    match verdict {
        FindingVerdict::Violated => "violated",
        FindingVerdict::Undetermined => "undetermined",
    }
}

pub(super) fn place_of(report: &Report, span: Span) -> String {
    let Some(file) = report.sources.get(span.file) else {
        return String::new();
    };
    let LineColumn { line, column } = file.line_column(span.start);
    format!("{}:{line}:{column}", file.path())
}
