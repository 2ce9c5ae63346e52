//! Tests of rules: their examples, each run as a deployment of its own, and the tests of their pack,
//! each run as a root of its own. What is found must be what they expect.
//!
//! Rules come from a pack ([`test`]) or are those of the program ([`test_builtin`]). In a pack
//! without a `pack.yaml` a rule takes the place of the program's rule of the same id: so that one can
//! work on those. Every rule of the pack is on.

mod marks;
mod single;
mod tree;

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::{UsageError, chosen, prepare, walk};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::engine::judge::Judge;
use crate::policy::pack::{MANIFEST, Pack, PackFiles, RULE_FILES, Rule};
use crate::policy::spec::Example;
use crate::source::{FileId, SourceFile, SourceMap, Span};

/// What came of testing rules.
#[derive(Debug)]
pub struct Tested {
    /// The files of the pack and its tests.
    pub sources: SourceMap,
    /// What is wrong with the rules themselves; a rule with a mistake is not tested.
    pub diagnostics: Vec<Diagnostic>,
    /// How many rules were tested.
    pub rules: usize,
    /// Those of them that have no example.
    pub without_examples: Vec<Arc<str>>,
    /// How many examples they have.
    pub examples: usize,
    /// How many tests the pack has.
    pub tests: usize,
    /// The examples and tests that were not as they say, in the order of the files.
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

/// An example or test that was not as it says.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The id of the rule whose example it is.
    pub rule: Option<Arc<str>>,
    /// What the example shows; the directory of a test.
    pub name: Arc<str>,
    /// Where the example stands.
    pub at: Option<Span>,
    /// What is not as it says; at least one.
    pub mismatches: Vec<Mismatch>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// Which kind.
    pub kind: MismatchKind,
    /// The place in the rule file, or in a file of the test.
    pub at: Option<Span>,
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

/// Runs the examples and tests of a pack: a directory or a rule file.
///
/// # Errors
///
/// When the path cannot be read or holds no rule.
pub fn test(path: &Path) -> Result<Tested, UsageError> {
    let mut files = Sources::default();
    let pack = pack_files(path, &mut files)?;
    let tests = tree::roots(path);
    run_all(&pack, &tests, files)
}

/// Reads the files of a pack.
///
/// # Errors
///
/// When the path cannot be read or holds no rule.
pub(super) fn pack_files(path: &Path, files: &mut Sources) -> Result<PackFiles, UsageError> {
    let (name, entries) = walk::named_pack(None, path)?;
    let mut pack = PackFiles {
        path: name,
        ..PackFiles::default()
    };
    for entry in entries {
        let text = walk::rule_text(&entry)?;
        let file = Arc::new(SourceFile::new(Arc::clone(&entry.path), &text));
        if entry.path.rsplit('/').next() == Some(MANIFEST) {
            pack.manifest = Some((files.add(Arc::clone(&file)), file));
        } else if is_rule(&text) {
            pack.rules.push((files.add(Arc::clone(&file)), file));
        }
    }
    if pack.rules.is_empty() && pack.manifest.is_none() {
        let message = format!("there are no rules in `{}`", path.display());
        return Err(UsageError::new(message));
    }
    Ok(pack)
}

/// Runs the examples of the rules that come with the program.
///
/// # Errors
///
/// When they cannot be run at all.
pub fn test_builtin() -> Result<Tested, UsageError> {
    let mut files = Sources::default();
    let rules = RULE_FILES.iter().map(|(path, text)| {
        let file = Arc::new(SourceFile::new(*path, text));
        (files.add(Arc::clone(&file)), file)
    });
    let pack = PackFiles {
        rules: rules.collect(),
        ..PackFiles::default()
    };
    run_all(&pack, &[], files)
}

/// The files that places are in.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) files: Vec<Arc<SourceFile>>,
}

impl Sources {
    fn add(&mut self, file: Arc<SourceFile>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(file);
        id
    }
}

/// Whether a file is, or is to be, a rule: tables and configurations may lie beside rules.
fn is_rule(text: &str) -> bool {
    let keys = [
        "id:",
        "title:",
        "category:",
        "severity:",
        "message:",
        "why:",
    ];
    text.lines()
        .any(|line| keys.iter().any(|key| line.starts_with(key)))
}

fn run_all(
    files: &PackFiles,
    tests: &[tree::Root],
    mut sources: Sources,
) -> Result<Tested, UsageError> {
    let (tested, mut diagnostics) = Pack::of(files);
    let mut pack = Pack::builtin().map_err(|wrong| {
        let first = wrong.into_iter().next().map(|first| first.message);
        UsageError::new(first.unwrap_or_default())
    })?;
    if files.manifest.is_some() {
        diagnostics.extend(pack.join(tested.clone()));
    } else {
        pack = pack.overlaid(&tested);
    }
    let judge = Judge::load(Some(pack.clone()), &[])?.0;
    let (set, wrong) = chosen::of_packs(&pack, &judge.vocabulary());
    diagnostics.extend(wrong);
    let mut jobs: Vec<(&Arc<Rule>, &Example)> = Vec::new();
    let mut without_examples = Vec::new();
    for rule in tested.rules() {
        let examples = rule.examples();
        let all = examples.valid.iter().chain(&examples.invalid);
        let before = jobs.len();
        jobs.extend(all.map(|example| (rule, example)));
        if jobs.len() == before {
            without_examples.push(Arc::clone(rule.id()));
        }
    }
    jobs.sort_by_key(|(_, example)| (example.span.file, example.span.start));
    let mut failures: Vec<Failure> = prepare::threads()?.install(|| {
        let jobs = jobs.par_iter().with_max_len(1);
        jobs.filter_map(|(rule, example)| failure(&pack, rule.id(), example))
            .collect()
    });
    let mut rules: Vec<Arc<str>> = tested
        .rules()
        .iter()
        .map(|it| Arc::clone(it.id()))
        .collect();
    rules.extend(set.into_keys());
    for root in tests {
        failures.extend(tree::run(root, &pack, &rules, &mut sources)?);
    }
    let sources = SourceMap::new(sources.files);
    prepare::sort_diagnostics(&mut diagnostics, &sources);
    Ok(Tested {
        rules: tested.rules().len(),
        without_examples,
        examples: jobs.len(),
        tests: tests.len(),
        sources,
        diagnostics,
        failures,
    })
}

fn failure(pack: &Pack, rule: &Arc<str>, example: &Example) -> Option<Failure> {
    let mismatches = single::mismatches(pack, rule, example);
    (!mismatches.is_empty()).then(|| Failure {
        rule: Some(Arc::clone(rule)),
        name: Arc::clone(&example.name.value),
        at: Some(example.name.span),
        mismatches,
    })
}
