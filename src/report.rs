//! A report as text for people and machines: one file per format.
//!
//! Every format has the same three parts: a struct that implements [`Emitter`], what it writes as
//! structs of its own (so that a change inside the program cannot change an output), and tests.
//!
//! What is absent: judging. The exit status is computed from the [`Report`], never here.

pub mod diff;
pub mod effective;
mod environments;
pub mod explain;
pub mod human;
pub mod inventory;
pub mod json;
pub mod place;
pub mod rules;
pub mod sarif;
mod table;
pub mod tested;
pub mod trace;

use std::collections::BTreeMap;
use std::io;

use crate::engine::Report;
use crate::policy::finding::{Finding, FindingVerdict};
use crate::semantics::packet::Flow;

/// How a report is to look, where a format has a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours, as escape sequences.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether undetermined findings count as findings.
    pub strict: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: false,
            width: 100,
            strict: false,
        }
    }
}

/// Writes a report in one format.
pub trait Emitter {
    /// Writes all of it.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    fn emit(&self, report: &Report, style: Style, out: &mut dyn io::Write) -> io::Result<()>;
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For the terminal.
    Human,
    /// Everything, as one JSON object.
    Json,
    /// For code scanning.
    Sarif,
}

impl Format {
    /// All formats, in the order of the help.
    pub const ALL: [Self; 3] = [Self::Human, Self::Json, Self::Sarif];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Sarif => "sarif",
        }
    }

    /// What writes it.
    #[must_use]
    pub fn emitter(self) -> &'static dyn Emitter {
        match self {
            Self::Human => &human::Human,
            Self::Json => &json::Json,
            Self::Sarif => &sarif::Sarif,
        }
    }
}

/// Undetermined findings of one rule that wait for the same inputs.
struct UndeterminedGroup<'a> {
    rule: &'a str,
    /// Names of the inputs, sorted.
    missing: Vec<&'a str>,
    /// In the order of the report.
    findings: Vec<&'a Finding>,
}

/// Groups the undetermined findings by rule and missing inputs; groups and their findings keep the
/// order of the report.
fn undetermined_groups(report: &Report) -> Vec<UndeterminedGroup<'_>> {
    let mut index: BTreeMap<(&str, Vec<&str>), usize> = BTreeMap::new();
    let mut groups: Vec<UndeterminedGroup<'_>> = Vec::new();
    for finding in &report.findings {
        if finding.verdict != FindingVerdict::Undetermined {
            continue;
        }
        let mut missing: Vec<&str> = finding
            .unknowns
            .iter()
            .map(|missing| missing.what.as_str())
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let at = *index
            .entry((&finding.rule, missing.clone()))
            .or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.findings.push(finding),
            None => groups.push(UndeterminedGroup {
                rule: &finding.rule,
                missing,
                findings: vec![finding],
            }),
        }
    }
    groups
}

/// The protocol of a packet in lower case, as Azure's tools spell it.
fn protocol(flow: &Flow) -> String {
    format!("{:?}", flow.protocol).to_ascii_lowercase()
}
