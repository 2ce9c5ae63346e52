//! The run: find files, parse, group, evaluate, judge, sort.
//!
//! The only place with threads, and with [`walk`] the only one that reads the disk. The same
//! files give the same [`Report`] whatever the number of threads or the order of the file system.

pub mod ask;
mod called;
pub mod catalogue;
mod chosen;
mod compiled;
pub mod config;
mod declared;
mod estates;
pub mod examples;
mod files;
pub mod inventory;
mod join;
mod judge;
mod offer;
mod parse;
mod planned;
mod prepare;
mod revision;
mod run;
mod untracked;
pub mod walk;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, DiagnosticKind, Severity};
pub use crate::eval::frontend::GivenVariable;
use crate::policy::finding::{Finding, FindingVerdict};
pub use crate::policy::metadata::{ExampleMetadata, ParameterMetadata, Reference, RuleMetadata};
pub use crate::policy::settings::Clock;
use crate::source::SourceMap;

/// What to look at on the disk, and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and directories to report on; they select, what is read is the whole root.
    pub paths: Vec<PathBuf>,
    /// Where reading ends; else the nearest ancestor of the paths with `.git`, else the path.
    pub root: Option<PathBuf>,
    /// Also read what `.gitignore` excludes.
    pub no_ignore: bool,
    /// Number of threads; all cores if absent. It never changes the result.
    pub threads: Option<NonZeroUsize>,
    /// Values of Terraform variables for every root, in order: the last wins.
    pub variables: Vec<GivenVariable<PathBuf>>,
    /// Values of Terraform variables by name, over which every file and `variables` win: those of
    /// the environment.
    pub environment: Vec<(Arc<str>, Arc<str>)>,
    /// ARM parameter files for every template, instead of those found.
    pub parameter_files: Vec<PathBuf>,
    /// ARM parameters by name, each with its text; they win over files.
    pub parameters: Vec<(Arc<str>, Arc<str>)>,
    /// The list of service tags and their addresses, instead of the `service-tags` of the root's
    /// `aznet.yaml`; it may lie outside the root.
    pub service_tags: Option<PathBuf>,
    /// Packs beside those of the root's `aznet.yaml`; they may lie outside the root.
    pub packs: Vec<PathBuf>,
    /// What does not concern the disk.
    pub options: Options,
}

/// What the caller decides about the judging; it wins over `aznet.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Exactly these rules; those that are on by default if empty.
    pub select: Vec<String>,
    /// These rules too.
    pub enable: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// The offer of every subscription, by name or quota id.
    pub offer: Option<String>,
    /// Measures with this clock how long each rule takes.
    pub clock: Option<Clock>,
}

/// The call itself was wrong: nothing was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub help: Option<String>,
}

impl UsageError {
    /// An error without a hint.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }
}

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UsageError {}

/// Checks what lies on the disk.
///
/// # Errors
///
/// When the request cannot be met as given: a path that does not exist, a rule nobody knows. What
/// is wrong with a file is part of the report.
pub fn check(request: &Request) -> Result<Report, UsageError> {
    run::on_disk(request)
}

/// Checks files held in memory, given as path from the root (with `/`) and text. An `aznet.yaml`
/// among them counts as on the disk. The same as [`check`] on a directory with these files.
///
/// # Errors
///
/// When an option names a rule or an offer that does not exist.
pub fn check_files(files: Vec<(String, String)>, options: &Options) -> Result<Report, UsageError> {
    run::in_memory(files, options)
}

/// From which badness on a finding fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Findings at least this bad.
    Severity(Severity),
    /// No finding.
    Never,
}

/// What was seen and not said.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Files read and recognised.
    pub files: usize,
    /// Deployments judged.
    pub deployments: usize,
    /// Resources evaluated, instances counted.
    pub resources: usize,
    /// Security rules evaluated, instances counted.
    pub security_rules: usize,
    /// Undetermined findings.
    pub undetermined: usize,
    /// Findings that are violated in these deployments and lie outside the paths asked about.
    pub elsewhere: usize,
    /// Judgements that need a resource which is not in the files, by reason, sorted.
    pub not_judged: Vec<(String, usize)>,
    /// Undetermined judgements of rules that only count them (`undetermined: count`), by rule.
    pub undetermined_counted: Vec<(Arc<str>, usize)>,
    /// Files that could not be read.
    pub unreadable: Vec<Arc<str>>,
    /// Recognised files that no deployment uses.
    pub unused: Vec<Arc<str>>,
    /// Assumptions the run rests on, one sentence each (no routes learnt by BGP).
    pub assumptions: Vec<String>,
}

/// Everything a run found.
#[derive(Debug)]
pub struct Report {
    /// The files.
    pub sources: SourceMap,
    /// Sorted by path, offset, rule, address.
    pub findings: Vec<Finding>,
    /// Sorted by path and offset.
    pub diagnostics: Vec<Diagnostic>,
    /// The rules that were on, sorted by id.
    pub rules: Vec<RuleMetadata>,
    /// What was seen.
    pub summary: Summary,
    /// How long each rule took over all deployments and threads, slowest first; empty without a
    /// clock. What several rules share is worked out once and counts for the first that asks.
    pub timings: Vec<(Arc<str>, Duration)>,
    /// `fail-on` of the root's `aznet.yaml`.
    pub fail_on: Option<FailOn>,
}

impl Report {
    /// Whether something could not be read: exit code 2.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
    }

    /// Whether a finding is at or above the threshold: exit code 1. Undetermined findings count
    /// only if `strict`.
    #[must_use]
    pub fn fails(&self, threshold: FailOn, strict: bool) -> bool {
        let FailOn::Severity(least) = threshold else {
            return false;
        };
        self.findings.iter().any(|finding| {
            finding.severity >= least && (strict || finding.verdict == FindingVerdict::Violated)
        })
    }
}
