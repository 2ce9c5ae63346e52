//! From a request to a report: the stages in their order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::config::{self, Config, Vocabulary, is_below};
use super::files::{Files, Slot};
use super::judge::{Docket, Judge, Outcome};
use super::parse::{self, Parsed};
use super::walk::{self, Content, Entry, Kind};
use super::{Options, Report, Request, RuleMetadata, Summary, UsageError};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::Loader as _;
use crate::eval::frontend::{GroupOptions, Input, Unit};
use crate::policy::finding::{Finding, FindingVerdict, merge};
use crate::source::{FileId, SourceFile, SourceMap, Span};

/// Evaluation recurses; every thread gets the stack of a main thread.
const STACK: usize = 8 << 20;

/// What is to be done, with the texts of all inputs read.
struct Job<'a> {
    slots: Vec<Slot>,
    diagnostics: Vec<Diagnostic>,
    selected: Vec<Arc<str>>,
    var_files: Vec<Arc<str>>,
    parameter_files: Vec<Arc<str>>,
    options: &'a Options,
}

pub(super) fn on_disk(request: &Request) -> Result<Report, UsageError> {
    let scope = walk::scope(&request.paths, request.root.as_deref())?;
    let mut extra = Vec::new();
    let mut forced = BTreeMap::new();
    let mut named = |files: &[PathBuf], otherwise| -> Result<Vec<Arc<str>>, UsageError> {
        let mut paths = Vec::new();
        for file in files {
            let entry = walk::named_file(&scope.root, file)?;
            let kind = match walk::kind(&entry.path) {
                kind @ (Kind::Hcl | Kind::TerraformJson) => kind,
                _ => otherwise,
            };
            forced.insert(Arc::clone(&entry.path), kind);
            paths.push(Arc::clone(&entry.path));
            extra.push(entry);
        }
        Ok(paths)
    };
    let var_files = named(&request.var_files, Kind::Hcl)?;
    let parameter_files = named(&request.parameter_files, Kind::ParameterJson)?;
    let threads = request.threads.map_or(0, NonZeroUsize::get);
    pool(threads)?.install(|| {
        super::judge::warm_up();
        let outline = root_outline(&scope.root);
        let walked = walk::list(&scope.root, request.no_ignore, &outline.exclude, threads);
        let mut entries = walked.entries;
        entries.extend(scope.named.iter().cloned());
        entries.append(&mut extra);
        for rule in walk::rule_files(&scope.root, &outline.packs) {
            forced.insert(Arc::clone(&rule.path), Kind::Rule);
            entries.push(rule);
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        let (slots, mut diagnostics) = read_all(entries, &forced);
        diagnostics.extend(walked.problems.into_iter().map(unlisted));
        Job {
            slots,
            diagnostics,
            selected: scope.selected,
            var_files,
            parameter_files,
            options: &request.options,
        }
        .run()
    })
}

pub(super) fn in_memory(
    mut files: Vec<(String, String)>,
    options: &Options,
) -> Result<Report, UsageError> {
    // One pool for all calls: tests and programs check many small sets of files.
    static POOL: LazyLock<Result<ThreadPool, UsageError>> = LazyLock::new(|| pool(0));
    let pool = POOL.as_ref().map_err(Clone::clone)?;
    files.sort();
    files.dedup_by(|a, b| a.0 == b.0);
    let packs = files
        .iter()
        .find(|(path, _)| path == "aznet.yaml")
        .map(|(_, text)| config::outline(FileId(0), &SourceFile::new("aznet.yaml", text)).packs)
        .unwrap_or_default();
    let slots = files
        .into_iter()
        .map(|(path, text)| {
            let path: Arc<str> = path.into();
            let of_a_pack = packs.iter().any(|(pack, _)| is_below(&path, pack));
            let kind = match walk::kind(&path) {
                Kind::Other if of_a_pack && walk::is_rule_file(&path) => Kind::Rule,
                kind => kind,
            };
            Slot {
                text: OnceLock::from(Some(Arc::new(SourceFile::new(Arc::clone(&path), &text)))),
                path,
                kind,
                entry: None,
                tree: None,
            }
        })
        .collect();
    let job = Job {
        slots,
        diagnostics: Vec::new(),
        selected: vec!["".into()],
        var_files: Vec::new(),
        parameter_files: Vec::new(),
        options,
    };
    pool.install(|| job.run())
}

pub(super) fn rules() -> Result<Vec<RuleMetadata>, UsageError> {
    Judge::builtin().map(|judge| judge.metadata())
}

pub(super) fn rule(id: &str) -> Result<RuleMetadata, UsageError> {
    let judge = Judge::builtin()?;
    let today = judge.id(id);
    let found = judge
        .metadata()
        .into_iter()
        .find(|rule| Some(&rule.id) == today.as_ref());
    found.ok_or_else(|| {
        let (message, help) = judge.vocabulary().no_such_rule(id);
        UsageError { message, help }
    })
}

fn pool(threads: usize) -> Result<ThreadPool, UsageError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build()
        .map_err(|error| UsageError::new(format!("cannot start threads: {error}")))
}

/// The `exclude` and `packs` of the root's `aznet.yaml`, which decide what is read at all.
fn root_outline(root: &std::path::Path) -> config::Outline {
    let entry = Entry {
        path: "aznet.yaml".into(),
        absolute: root.join("aznet.yaml"),
    };
    walk::read_text(&entry).map_or_else(config::Outline::default, |text| {
        config::outline(FileId(0), &SourceFile::new("aznet.yaml", &text))
    })
}

/// Reads every file that may be an input; the others stay unread.
fn read_all(
    entries: Vec<Entry>,
    forced: &BTreeMap<Arc<str>, Kind>,
) -> (Vec<Slot>, Vec<Diagnostic>) {
    let read: Vec<(Slot, Option<Diagnostic>)> = entries
        .into_par_iter()
        .enumerate()
        .map(|(index, entry)| {
            let kind = forced.get(&entry.path).copied();
            let kind = kind.unwrap_or_else(|| walk::kind(&entry.path));
            read_slot(
                FileId(u32::try_from(index).unwrap_or(u32::MAX)),
                kind,
                entry,
            )
        })
        .collect();
    let mut slots = Vec::with_capacity(read.len());
    let mut diagnostics = Vec::new();
    for (slot, diagnostic) in read {
        slots.push(slot);
        diagnostics.extend(diagnostic);
    }
    (slots, diagnostics)
}

fn read_slot(id: FileId, kind: Kind, entry: Entry) -> (Slot, Option<Diagnostic>) {
    let mut slot = Slot {
        path: Arc::clone(&entry.path),
        kind,
        text: OnceLock::new(),
        tree: None,
        entry: None,
    };
    let mut diagnostic = None;
    if kind != Kind::Other {
        let (text, kind) = match walk::read(&entry, kind) {
            Content::Text(text) => (Some(text), slot.kind),
            Content::Broken(text, at, why) => {
                let at = u32::try_from(at).unwrap_or(0);
                let span = Span::new(id, at, at + 3);
                diagnostic = Some(Diagnostic::unreadable("not-text", span, why));
                (Some(text), Kind::Other)
            }
            Content::Unreadable(why) => {
                let span = Span::new(id, 0, 0);
                let message = format!("this file could not be read: {why}");
                diagnostic = Some(Diagnostic::unreadable("unreadable-file", span, message));
                (Some(String::new()), Kind::Other)
            }
            Content::Foreign => (None, Kind::Other),
        };
        slot.kind = kind;
        if let Some(text) = text {
            let source = Arc::new(SourceFile::new(Arc::clone(&slot.path), &text));
            slot.text = OnceLock::from(Some(source));
        }
    }
    slot.entry = Some(entry);
    (slot, diagnostic)
}

fn unlisted((path, why): (String, String)) -> Diagnostic {
    let mut diagnostic = Diagnostic::unreadable(
        "unreadable-directory",
        Span::new(FileId(0), 0, 0),
        format!("`{path}` could not be read: {why}"),
    );
    diagnostic.primary = None;
    diagnostic
}

impl Job<'_> {
    fn run(mut self) -> Result<Report, UsageError> {
        let (judge, wrong_rules) = Judge::load(&self.rule_files())?;
        let vocabulary = judge.vocabulary();
        check_options(self.options, &vocabulary)?;
        self.diagnostics.extend(wrong_rules);
        let configs = self.configs(&vocabulary);
        let parsed = parse::all(&mut self.slots);
        let files = Files::new(std::mem::take(&mut self.slots));
        let groups = self.group(&files, &parsed);
        let docket = Docket {
            files: &files,
            parsed: &parsed,
            units: &groups.units,
            configs: &configs,
            options: self.options,
            selected: &self.selected,
        };
        let (off, outcomes) = judge.all(&docket, &vocabulary);
        let mut rules = judge.metadata();
        rules.retain(|rule| !off.contains(&rule.id));
        self.report(rules, &configs, files, parsed, groups, outcomes)
    }

    fn rule_files(&self) -> Vec<(FileId, Arc<SourceFile>)> {
        (0_u32..)
            .map(FileId)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.kind == Kind::Rule)
            .filter_map(|(id, slot)| Some((id, Arc::clone(slot.text.get()?.as_ref()?))))
            .collect()
    }

    fn configs(&mut self, vocabulary: &Vocabulary) -> Vec<Config> {
        let mut configs = Vec::new();
        for (id, slot) in (0_u32..).map(FileId).zip(&self.slots) {
            if slot.kind != Kind::Config {
                continue;
            }
            let Some(source) = slot.text.get().and_then(Option::as_ref) else {
                continue;
            };
            let (config, diagnostics) = config::read(id, source, vocabulary);
            self.diagnostics.extend(diagnostics);
            for (pack, span) in &config.packs {
                let pack = pack.trim_end_matches('/');
                let holds = |slot: &Slot| slot.kind == Kind::Rule && is_below(&slot.path, pack);
                if !self.slots.iter().any(holds) {
                    let message = format!("there are no rule files in `{pack}`");
                    self.diagnostics
                        .push(Diagnostic::unreadable("config", *span, message));
                }
            }
            configs.push(config);
        }
        configs
    }

    fn group(&self, files: &Files, parsed: &[Parsed]) -> Groups {
        let ids = |paths: &[Arc<str>]| paths.iter().filter_map(|path| files.id(path)).collect();
        let options = GroupOptions {
            var_files: ids(&self.var_files),
            parameter_files: ids(&self.parameter_files),
        };
        let mut groups = Groups::default();
        for (index, frontend) in parse::FRONTENDS.iter().enumerate() {
            let inputs: Vec<Input<'_>> = parsed
                .iter()
                .filter(|parsed| parsed.frontend == Some(index))
                .filter_map(|parsed| {
                    Some(Input {
                        id: parsed.id,
                        file: files.source(parsed.id)?,
                        tree: files.tree(parsed.id)?,
                    })
                })
                .collect();
            if inputs.is_empty() {
                continue;
            }
            let grouping = frontend.group(&inputs, &options);
            groups.unused.extend(grouping.unused);
            groups.diagnostics.extend(grouping.diagnostics);
            let units = grouping.units.into_iter().map(|unit| (index, unit));
            groups.units.extend(units);
        }
        groups
    }

    fn is_selected(&self, path: &str) -> bool {
        self.selected
            .iter()
            .any(|selected| is_below(path, selected))
    }

    fn report(
        self,
        rules: Vec<RuleMetadata>,
        configs: &[Config],
        files: Files,
        parsed: Vec<Parsed>,
        groups: Groups,
        outcomes: Vec<Outcome>,
    ) -> Result<Report, UsageError> {
        let mut summary = Summary {
            assumptions: vec!["no routes are learnt by BGP or from a Route Server".to_owned()],
            ..Summary::default()
        };
        let mut used: Vec<FileId> = Vec::new();
        let mut diagnostics = self.diagnostics.clone();
        let mut judgements = Vec::new();
        for outcome in outcomes {
            if !outcome.selected {
                continue;
            }
            used.extend(outcome.files);
            summary.deployments += 1;
            summary.resources += outcome.resources;
            summary.security_rules += outcome.security_rules;
            diagnostics.extend(outcome.diagnostics);
            judgements.extend(outcome.judgements);
            add_counts(&mut summary.not_judged, outcome.not_judged);
            add_counts(
                &mut summary.undetermined_counted,
                outcome.undetermined_counted,
            );
        }
        used.sort_unstable();
        used.dedup();
        let concerns = |id: FileId| {
            used.binary_search(&id).is_ok()
                || files
                    .get(id)
                    .is_some_and(|slot| self.is_selected(&slot.path))
        };
        summary.files = parsed
            .iter()
            .filter(|parsed| parsed.frontend.is_some() && concerns(parsed.id))
            .count();
        summary.unused = groups
            .unused
            .iter()
            .filter(|id| concerns(**id))
            .map(|id| files.path(*id))
            .collect();
        summary.unused.sort();
        for parsed in parsed {
            diagnostics.extend(parsed.diagnostics);
        }
        diagnostics.extend(groups.diagnostics);
        diagnostics.retain(|diagnostic| {
            diagnostic
                .primary
                .as_ref()
                .is_none_or(|label| is_config(&files, label.span) || concerns(label.span.file))
        });
        let selected = self.selected;
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
        let mut findings = merge(judgements, &sources);
        findings.retain(|finding| {
            under(finding.primary.span) || finding.related.iter().any(|place| under(place.span))
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
        Ok(Report {
            findings,
            diagnostics,
            rules,
            summary,
            fail_on: configs
                .iter()
                .find(|config| config.directory.is_empty())
                .and_then(|config| config.fail_on),
            sources,
        })
    }
}

/// The deployments of all languages, before evaluation.
#[derive(Default)]
struct Groups {
    units: Vec<(usize, Unit)>,
    unused: Vec<FileId>,
    diagnostics: Vec<Diagnostic>,
}

fn check_options(options: &Options, vocabulary: &Vocabulary) -> Result<(), UsageError> {
    for id in options.select.iter().chain(&options.ignore) {
        if !vocabulary.rules.contains_key(id.as_str()) {
            let (message, help) = vocabulary.no_such_rule(id);
            return Err(UsageError { message, help });
        }
    }
    if let Some(offer) = &options.offer {
        vocabulary
            .offer(offer)
            .map_err(|(message, help)| UsageError { message, help })?;
    }
    Ok(())
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

/// Whether a span lies in a file that governs the whole run.
fn is_config(files: &Files, span: Span) -> bool {
    files
        .get(span.file)
        .is_some_and(|slot| matches!(slot.kind, Kind::Config | Kind::Rule))
}

fn sort_diagnostics(diagnostics: &mut Vec<Diagnostic>, sources: &SourceMap) {
    diagnostics.sort_by(|a, b| {
        let key = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.as_ref().map(|label| label.span);
            span.map(|span| (path_of(sources, span), span.start, span.end))
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| (a.code, &a.message).cmp(&(b.code, &b.message)))
    });
    diagnostics.dedup();
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

fn path_of(sources: &SourceMap, span: Span) -> Arc<str> {
    sources
        .get(span.file)
        .map_or_else(|| Arc::from(""), |file| Arc::clone(file.path()))
}
