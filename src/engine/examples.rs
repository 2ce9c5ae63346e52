//! The examples of rules, each run as a deployment of its own: what is found must be what they
//! expect.
//!
//! Rules come from a directory ([`test`]) or are those of the program ([`test_builtin`]). A rule of
//! a directory takes the place of the program's rule of the same id, and is on.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::prepare::{self, Given};
use super::{Options, Report, UsageError, run, walk};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::policy::finding::{Finding, FindingVerdict};
use crate::policy::pack::{Pack, RULE_FILES, Rule};
use crate::policy::spec::{Example, Expectation};
use crate::source::{FileId, LineColumn, SourceFile, SourceMap, Span};

/// What came of testing rules.
#[derive(Debug)]
pub struct Tested {
    /// The rule files.
    pub sources: SourceMap,
    /// What is wrong with the rules themselves; a rule with a mistake is not tested.
    pub diagnostics: Vec<Diagnostic>,
    /// How many rules were tested.
    pub rules: usize,
    /// How many examples they have.
    pub examples: usize,
    /// The examples that were not as they say, in the order of the files.
    pub failures: Vec<Failure>,
}

impl Tested {
    /// Whether a rule could not be read.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        let mut kinds = self.diagnostics.iter().map(|one| one.kind);
        kinds.any(|kind| kind == DiagnosticKind::Unreadable)
    }
}

/// An example that was not as it says.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The rule's id.
    pub rule: Arc<str>,
    /// What the example shows.
    pub example: Arc<str>,
    /// Where it stands.
    pub at: Span,
    /// What is not as it says; at least one.
    pub mismatches: Vec<Mismatch>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// Which kind.
    pub kind: MismatchKind,
    /// The place in the rule file.
    pub at: Span,
    /// What is expected, and what was found instead.
    pub text: String,
}

/// Kinds of mismatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MismatchKind {
    /// The example cannot be read.
    Unreadable,
    /// Nothing was found where something is expected.
    Missing,
    /// It was found, at another place.
    Misplaced,
    /// It was found there, and is of another kind.
    Different,
    /// Something was found that nobody expects.
    Unexpected,
}

impl MismatchKind {
    /// In one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Misplaced => "misplaced",
            Self::Different => "different",
            Self::Unexpected => "unexpected",
        }
    }
}

/// Runs the examples of every rule file below a directory, or of one file.
///
/// # Errors
///
/// When the path cannot be read or holds no rule.
pub fn test(path: &Path) -> Result<Tested, UsageError> {
    let files = walk::rule_texts(path)?;
    let files = sources(files, |text| {
        // Tables and configurations lie beside rules; a rule says what it is.
        text.lines().any(|line| line.starts_with("id:"))
    });
    if files.is_empty() {
        let message = format!("there are no rules in `{}`", path.display());
        return Err(UsageError::new(message));
    }
    run_all(files)
}

/// Runs the examples of the rules that come with the program.
///
/// # Errors
///
/// When they cannot be run at all.
pub fn test_builtin() -> Result<Tested, UsageError> {
    let texts = RULE_FILES.iter();
    let texts = texts.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    run_all(sources(texts.collect(), |_| true))
}

fn sources(
    texts: Vec<(String, String)>,
    wanted: impl Fn(&str) -> bool,
) -> Vec<(FileId, Arc<SourceFile>)> {
    let texts = texts.into_iter().filter(|(_, text)| wanted(text));
    let files = texts.map(|(path, text)| Arc::new(SourceFile::new(path.as_str(), &text)));
    (0_u32..).map(FileId).zip(files).collect()
}

fn run_all(files: Vec<(FileId, Arc<SourceFile>)>) -> Result<Tested, UsageError> {
    let (tested, mut diagnostics) = Pack::load(&files);
    let builtin = Pack::builtin().map_err(|wrong| {
        let first = wrong.into_iter().next().map(|first| first.message);
        UsageError::new(first.unwrap_or_default())
    })?;
    let pack = builtin.overlaid(&tested);
    let mut jobs: Vec<(&Arc<Rule>, &Example)> = Vec::new();
    for rule in tested.rules() {
        let examples = rule.examples();
        let all = examples.valid.iter().chain(&examples.invalid);
        jobs.extend(all.map(|example| (rule, example)));
    }
    jobs.sort_by_key(|(_, example)| (example.span.file, example.span.start));
    let failures = prepare::threads()?.install(|| {
        let jobs = jobs.par_iter().with_max_len(1);
        jobs.filter_map(|(rule, example)| failure(&pack, rule.id(), example))
            .collect()
    });
    let sources = SourceMap::new(files.into_iter().map(|(_, file)| file).collect());
    prepare::sort_diagnostics(&mut diagnostics, &sources);
    Ok(Tested {
        rules: tested.rules().len(),
        examples: jobs.len(),
        sources,
        diagnostics,
        failures,
    })
}

fn failure(pack: &Pack, rule: &Arc<str>, example: &Example) -> Option<Failure> {
    let mismatches = mismatches(pack, rule, example);
    (!mismatches.is_empty()).then(|| Failure {
        rule: Arc::clone(rule),
        example: Arc::clone(&example.name.value),
        at: example.name.span,
        mismatches,
    })
}

/// Runs one example and says what is not as expected.
fn mismatches(pack: &Pack, rule: &Arc<str>, example: &Example) -> Vec<Mismatch> {
    let unreadable = |text: String| Mismatch {
        kind: MismatchKind::Unreadable,
        at: example.name.span,
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
        at: example.name.span,
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
            at: place,
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
        at: place,
        text: text.join("\n"),
    }
}

struct Difference {
    what: &'static str,
    wanted: String,
    found: String,
}

fn differences(report: &Report, finding: &Finding, expectation: &Expectation) -> Vec<Difference> {
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

fn described(report: &Report, finding: &Finding) -> String {
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

fn word(verdict: FindingVerdict) -> &'static str {
    match verdict {
        FindingVerdict::Violated => "violated",
        FindingVerdict::Undetermined => "undetermined",
    }
}

fn place_of(report: &Report, span: Span) -> String {
    let Some(file) = report.sources.get(span.file) else {
        return String::new();
    };
    let LineColumn { line, column } = file.line_column(span.start);
    format!("{}:{line}:{column}", file.path())
}
