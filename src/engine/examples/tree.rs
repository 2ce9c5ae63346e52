//! The tests of a pack: each directory in `tests/` is the root of a run, and what the pack's rules
//! find in it must be what its files expect ([`super::marks`]).
//!
//! Judged are the rules of the pack, those it sets, and those that a mark of the test names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::marks::{self, EXPECTATIONS, Mark, Place};
use super::single::{described, place_of, word};
use super::{Failure, Mismatch, MismatchKind, Sources};
use crate::diagnostic::DiagnosticKind;
use crate::engine::config::TESTS;
use crate::engine::{Options, Report, Request, UsageError, run as check, walk};
use crate::policy::finding::Finding;
use crate::policy::pack::Pack;
use crate::source::{SourceFile, Span};

/// One test.
pub(super) struct Root {
    /// What it is called.
    name: Arc<str>,
    directory: PathBuf,
}

/// The tests of a pack.
pub(super) fn roots(pack: &Path) -> Vec<Root> {
    let directories = walk::directories_in(&pack.join(TESTS)).into_iter();
    let root = |directory: PathBuf| Root {
        name: directory.to_string_lossy().replace('\\', "/").into(),
        directory,
    };
    directories.map(root).collect()
}

/// Runs a test; `None` if it is as it says.
///
/// # Errors
///
/// When it cannot be run at all.
pub(super) fn run(
    root: &Root,
    pack: &Pack,
    rules: &[Arc<str>],
    sources: &mut Sources,
) -> Result<Option<Failure>, UsageError> {
    let mut test = Test::default();
    let mut expected = test.marks(root, sources);
    let mut select: Vec<String> = rules.iter().map(ToString::to_string).collect();
    // What is wrong with a rule that does not load is told at the rule.
    expected.retain(|mark| !pack.unloaded().contains(&mark.rule));
    for mark in &expected {
        match pack.rule(&mark.rule) {
            Some(rule) => select.push(rule.id().to_string()),
            None => test.tell(
                MismatchKind::Unreadable,
                Some(mark.at),
                format!("there is no rule `{}`", mark.rule),
            ),
        }
    }
    let request = Request {
        paths: vec![root.directory.clone()],
        root: Some(root.directory.clone()),
        no_ignore: true,
        options: Options {
            select,
            ..Options::default()
        },
        ..Request::default()
    };
    let report = check::on_disk_with(&request, pack.clone())?;
    for diagnostic in &report.diagnostics {
        if diagnostic.kind == DiagnosticKind::Unreadable {
            let place = diagnostic.primary.as_ref();
            let place = place.map(|label| place_of(&report, label.span));
            let text = format!("{}: {}", place.unwrap_or_default(), diagnostic.message);
            test.tell(MismatchKind::Unreadable, None, text);
        }
    }
    test.compare(&report, expected);
    Ok((!test.mismatches.is_empty()).then(|| Failure {
        rule: None,
        name: Arc::clone(&root.name),
        at: None,
        mismatches: test.mismatches,
    }))
}

#[derive(Default)]
struct Test {
    mismatches: Vec<Mismatch>,
    /// The files of the test, by path from its root.
    files: BTreeMap<Arc<str>, (crate::source::FileId, Arc<SourceFile>)>,
}

impl Test {
    fn tell(&mut self, kind: MismatchKind, at: Option<Span>, text: String) {
        self.mismatches.push(Mismatch { kind, at, text });
    }

    /// What the files expect.
    fn marks(&mut self, root: &Root, sources: &mut Sources) -> Vec<Mark> {
        let mut marks = Vec::new();
        for entry in walk::files_below(&walk::real(&root.directory), "") {
            let Some(text) = walk::read_text(&entry) else {
                continue;
            };
            let path = format!("{}/{}", root.name, entry.path);
            let file = Arc::new(SourceFile::new(path.as_str(), &text));
            let id = sources.add(Arc::clone(&file));
            if entry.path.rsplit('/').next() == Some(EXPECTATIONS) {
                let (listed, wrong) = marks::of_list(id, &file, &entry.path);
                marks.extend(listed);
                for diagnostic in wrong {
                    let at = diagnostic.primary.map(|label| label.span);
                    self.tell(MismatchKind::Unreadable, at, diagnostic.message);
                }
            } else {
                marks.extend(marks::of_file(id, &file, &entry.path));
            }
            self.files.insert(entry.path, (id, file));
        }
        marks
    }

    /// A mark stands for all findings of its rule and verdict at its place.
    fn compare(&mut self, report: &Report, expected: Vec<Mark>) {
        let mut left: Vec<&Finding> = report.findings.iter().collect();
        let mut unmet = Vec::new();
        let all = left.clone();
        for mark in expected {
            let met = |found: &&Finding| {
                found.rule == mark.rule
                    && found.verdict == mark.verdict
                    && is_there(report, found, &mark)
            };
            left.retain(|found| !met(found));
            if !all.iter().any(met) {
                unmet.push(mark);
            }
        }
        for mark in unmet {
            let same = |found: &&Finding| found.rule == mark.rule;
            // The nearest is the one at the place, else one in the file, else any.
            let rank = |found: &Finding| match is_there(report, found, &mark) {
                true => 0,
                false => 1 + u8::from(path_of(report, found) != *mark.file),
            };
            let nearest = left
                .iter()
                .enumerate()
                .filter(|(_, found)| same(found))
                .min_by_key(|(_, found)| rank(found))
                .map(|(position, _)| position);
            let Some(position) = nearest else {
                if self.is_known(&mark) {
                    let text = format!("`{}` found nothing here", mark.rule);
                    self.tell(MismatchKind::Missing, Some(mark.at), text);
                }
                continue;
            };
            let found = left.remove(position);
            let there = is_there(report, found, &mark);
            let kind = match there {
                true => MismatchKind::Different,
                false => MismatchKind::Misplaced,
            };
            let wanted = word(mark.verdict);
            let text = format!(
                "`{}` is expected {wanted} here, this is {}",
                mark.rule,
                described(report, found)
            );
            self.tell(kind, Some(mark.at), text);
        }
        for found in left {
            let at = self.place(report, found);
            let text = format!("`{}`: {}", found.rule, described(report, found));
            self.tell(MismatchKind::Unexpected, at, text);
        }
    }

    /// Whether the rule of a mark exists: that it does not is told already.
    fn is_known(&self, mark: &Mark) -> bool {
        self.mismatches
            .iter()
            .all(|told| told.kind != MismatchKind::Unreadable || told.at != Some(mark.at))
    }

    /// The primary place of a finding in the files of the test.
    fn place(&self, report: &Report, finding: &Finding) -> Option<Span> {
        let (id, _) = self.files.get(&*path_of(report, finding))?;
        let span = finding.primary.span;
        Some(Span::new(*id, span.start, span.end))
    }
}

fn path_of(report: &Report, finding: &Finding) -> String {
    let file = report.sources.get(finding.primary.span.file);
    file.map_or(String::new(), |file| file.path().to_string())
}

fn is_there(report: &Report, finding: &Finding, mark: &Mark) -> bool {
    let span = finding.primary.span;
    let Some(file) = report.sources.get(span.file) else {
        return false;
    };
    **file.path() == *mark.file
        && match &mark.place {
            Place::Anywhere => true,
            Place::Line(line) => file.line_column(span.start).line.get() == *line,
            Place::Text(text) => {
                let rest = file.text().get(span.start as usize..);
                rest.is_some_and(|rest| rest.starts_with(&**text))
            }
        }
}
