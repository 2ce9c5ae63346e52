//! The run: find files, parse, group, evaluate, judge, sort.
//!
//! The only place with threads, and with [`walk`] the only one that reads the disk. The same
//! files give the same [`Report`] whatever the number of threads or the order of the file system.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::policy::finding::Finding;
use crate::source::SourceMap;

/// What a rule is about, for outputs that list rules.
#[derive(Clone, Debug)]
pub struct RuleMetadata {
    /// Its id.
    pub id: Arc<str>,
    /// One line.
    pub title: Arc<str>,
    /// `exposure`, `delivery`, …
    pub category: Arc<str>,
    /// The worst severity it can have.
    pub severity: Severity,
    /// Why it matters, Markdown.
    pub why: Arc<str>,
    /// How to mend it, Markdown.
    pub fix: Arc<str>,
    /// Title and address of its sources.
    pub references: Vec<(Arc<str>, Arc<str>)>,
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
}
