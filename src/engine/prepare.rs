//! From a request to what the files hold: walk, read, parse, group. What a command makes of the
//! deployments comes after ([`Prepared`]).

mod memory;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::config::{self, Config, Vocabulary, is_below, nearest};
use super::declared;
use super::estates::{self, Estate};
use super::files::{Disk, Files, Slot};
use super::judge::{Docket, Judge};
use super::parse::{self, Parsed};
use super::planned;
use super::untracked;
use super::walk::{self, Content, Entry, Kind};
use super::{Options, Request, UsageError};
use crate::diagnostic::Diagnostic;
use crate::eval::Loader as _;
use crate::eval::frontend::{GivenVariable, GroupOptions, Input, Unit};
use crate::policy::pack::{MANIFEST, Pack, PackFiles};
use crate::policy::service_tags::{self, TagList};
use crate::source::{FileId, SourceFile, SourceMap, Span};

pub(super) use memory::{Given, in_memory};

/// Evaluation recurses; every thread gets the stack of a main thread.
const STACK: usize = 8 << 20;

/// What is to be done, with the texts of all inputs read.
struct Job<'a> {
    slots: Vec<Slot>,
    disk: Option<Disk>,
    diagnostics: Vec<Diagnostic>,
    selected: Vec<Arc<str>>,
    variables: Vec<GivenVariable<Arc<str>>>,
    environment: Vec<(Arc<str>, Arc<str>)>,
    parameter_files: Vec<Arc<str>>,
    parameters: Vec<(Arc<str>, Arc<str>)>,
    /// The list of service tags.
    service_tags: Option<Arc<str>>,
    /// Rules in place of the program's.
    pack: Option<Pack>,
    /// Where packs lie.
    packs: Vec<Arc<str>>,
    options: &'a Options,
}

/// What a call gives for variables, with what `name` makes of its files.
///
/// # Errors
///
/// The first of `name`.
fn variables(
    given: &[GivenVariable<PathBuf>],
    mut name: impl FnMut(&PathBuf) -> Result<Arc<str>, UsageError>,
) -> Result<Vec<GivenVariable<Arc<str>>>, UsageError> {
    let mut wrong = None;
    let named = given.iter().filter_map(|given| {
        given.named(|file| name(file).map_err(|error| wrong.get_or_insert(error)).ok())
    });
    let named = named.collect();
    wrong.map_or(Ok(named), Err)
}

/// What a run rests on once every input is read and grouped into deployments.
pub(super) struct Prepared<'a> {
    /// The rules and the platform's facts.
    pub(super) judge: Judge,
    /// The words of a configuration.
    pub(super) vocabulary: Vocabulary,
    /// Every `aznet.yaml`.
    pub(super) configs: Vec<Config>,
    /// What came of parsing, sorted by id.
    pub(super) parsed: Vec<Parsed>,
    /// All files.
    pub(super) files: Files,
    /// The deployments, with the index of their language.
    pub(super) units: Vec<(usize, Unit)>,
    /// Those that make one network together.
    pub(super) estates: Vec<Estate>,
    /// Files recognised that no deployment uses.
    pub(super) unused: Vec<FileId>,
    /// Paths that were asked about.
    pub(super) selected: Vec<Arc<str>>,
    /// The files of values that the call gives, which are for every deployment.
    given: Vec<FileId>,
    /// The addresses of service tags, where they are given.
    pub(super) service_tags: Option<Arc<TagList>>,
    options: &'a Options,
    diagnostics: Vec<Diagnostic>,
}

/// Reads what lies on the disk and hands it to `work`, which runs on the request's threads.
pub(super) fn on_disk<T: Send>(
    request: &Request,
    work: impl FnOnce(Prepared<'_>) -> T + Send,
) -> Result<T, UsageError> {
    on_disk_with(request, None, work)
}

/// The same with other rules than the program's, if there are any.
pub(super) fn on_disk_with<T: Send>(
    request: &Request,
    pack: Option<Pack>,
    work: impl FnOnce(Prepared<'_>) -> T + Send,
) -> Result<T, UsageError> {
    let scope = walk::scope(&request.paths, request.root.as_deref())?;
    let mut extra = Vec::new();
    let mut forced = BTreeMap::new();
    let mut named = |file: &PathBuf, otherwise| -> Result<Arc<str>, UsageError> {
        let entry = walk::named_file(&scope.root, file)?;
        let kind = kind_of_given(&entry.path, otherwise);
        forced.insert(Arc::clone(&entry.path), kind);
        let path = Arc::clone(&entry.path);
        extra.push(entry);
        Ok(path)
    };
    let variables = variables(&request.variables, |file| named(file, Kind::Hcl))?;
    let parameter_files = request.parameter_files.iter();
    let parameter_files: Result<Vec<_>, _> = parameter_files
        .map(|file| named(file, Kind::ParameterJson))
        .collect();
    let parameter_files = parameter_files?;
    let mut tags = match &request.service_tags {
        Some(file) => Some(walk::named_anywhere(&scope.root, file)?),
        None => None,
    };
    let named_packs = request.packs.iter();
    let named_packs = named_packs.map(|pack| walk::named_pack(Some(&scope.root), pack));
    let named_packs = named_packs.collect::<Result<Vec<_>, _>>()?;
    let threads = request.threads.map_or(0, NonZeroUsize::get);
    pool(threads)?.install(|| {
        super::judge::warm_up();
        let outline = root_outline(&scope.root);
        let walked = walk::list(&scope.root, request.no_ignore, &outline.exclude, threads);
        let mut entries = walked.entries;
        for (entry, kind) in untracked::files(&scope.root, &entries, &outline.exclude) {
            forced.insert(Arc::clone(&entry.path), kind);
            entries.push(entry);
        }
        for entry in &scope.named {
            // Whoever names a file means it, whatever its name ends with.
            if walk::kind(&entry.path) == Kind::Other && walk::may_be_json(&entry.path) {
                forced.insert(Arc::clone(&entry.path), Kind::Json);
            }
            entries.push(entry.clone());
        }
        entries.append(&mut extra);
        let mut packs = Vec::new();
        for (pack, _) in &outline.packs {
            let rules = walk::rule_files(&scope.root, pack);
            forced.extend(
                rules
                    .iter()
                    .map(|rule| (Arc::clone(&rule.path), Kind::Rule)),
            );
            entries.extend(rules);
            packs.push(Arc::from(pack.as_str()));
        }
        for (pack, rules) in named_packs {
            forced.extend(
                rules
                    .iter()
                    .map(|rule| (Arc::clone(&rule.path), Kind::Rule)),
            );
            entries.extend(rules);
            packs.push(pack);
        }
        if let (None, Some(path)) = (&tags, &outline.service_tags) {
            // What cannot be found is told where it is named.
            tags = walk::named_anywhere(&scope.root, &scope.root.join(path)).ok();
        }
        let service_tags = tags.map(|entry| {
            let path = Arc::clone(&entry.path);
            forced.insert(Arc::clone(&path), Kind::ServiceTags);
            entries.push(entry);
            path
        });
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        let (slots, mut diagnostics) = read_all(entries, &forced);
        diagnostics.extend(walked.problems.into_iter().map(unlisted));
        let disk = Disk {
            root: scope.root,
            exclude: outline.exclude,
        };
        Job {
            slots,
            disk: Some(disk),
            diagnostics,
            selected: scope.selected,
            variables,
            environment: request.environment.clone(),
            parameter_files,
            parameters: request.parameters.clone(),
            service_tags,
            pack,
            packs,
            options: &request.options,
        }
        .prepare()
        .map(work)
    })
}

/// A variables or parameter file, whatever it is called.
fn kind_of_given(path: &str, otherwise: Kind) -> Kind {
    match walk::kind(path) {
        kind @ (Kind::Hcl | Kind::TerraformJson) => kind,
        // Terraform tells the two kinds of variables files apart by this ending.
        _ if otherwise == Kind::Hcl && path.ends_with(".json") => Kind::TerraformJson,
        _ => otherwise,
    }
}

/// The threads that all calls about files in memory share: tests and programs check many small sets
/// of files.
pub(super) fn threads() -> Result<&'static ThreadPool, UsageError> {
    static POOL: LazyLock<Result<ThreadPool, UsageError>> = LazyLock::new(|| pool(0));
    POOL.as_ref().map_err(Clone::clone)
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
        bytes: None,
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

impl<'a> Job<'a> {
    fn prepare(mut self) -> Result<Prepared<'a>, UsageError> {
        let (judge, wrong_rules) = Judge::load(self.pack.take(), &self.pack_files())?;
        let vocabulary = judge.vocabulary();
        check_options(self.options, &vocabulary)?;
        self.diagnostics.extend(wrong_rules);
        let configs = self.configs(&vocabulary);
        let service_tags = self.service_tags();
        declared::mark(&configs, &mut self.slots);
        let parsed = parse::all(&mut self.slots);
        let files = Files::new(std::mem::take(&mut self.slots), self.disk.take());
        let groups = self.group(&files, &parsed, &configs);
        let variables = self.variables.iter().filter_map(|given| match given {
            GivenVariable::File(path) => Some(path),
            GivenVariable::Value(..) => None,
        });
        let given = variables.chain(&self.parameter_files);
        let given = given.filter_map(|path| files.id(path)).collect();
        let mut diagnostics = self.diagnostics;
        diagnostics.extend(groups.diagnostics);
        Ok(Prepared {
            judge,
            vocabulary,
            configs,
            parsed,
            files,
            units: groups.units,
            estates: groups.estates,
            unused: groups.unused,
            selected: self.selected,
            given,
            service_tags,
            options: self.options,
            diagnostics,
        })
    }

    /// The files of each pack; one that lies in two is of the first.
    fn pack_files(&self) -> Vec<PackFiles> {
        let mut packs: Vec<PackFiles> = Vec::new();
        for path in &self.packs {
            if packs.iter().all(|known| known.path != *path) {
                packs.push(PackFiles {
                    path: Arc::clone(path),
                    ..PackFiles::default()
                });
            }
        }
        for (id, slot) in (0_u32..).map(FileId).zip(&self.slots) {
            // What is read and is no longer a rule could not be read.
            if slot.kind == Kind::Other && slot.text.get().is_some_and(Option::is_some) {
                let holds = |pack: &&mut PackFiles| walk::is_of_pack(&slot.path, &pack.path);
                if let Some(pack) = packs.iter_mut().find(holds) {
                    pack.incomplete = true;
                }
            }
            let mut holding = packs.iter_mut();
            if slot.kind == Kind::Rule
                && let Some(source) = slot.text.get().and_then(Option::as_ref)
                && let Some(pack) = holding.find(|pack| is_below(&slot.path, &pack.path))
            {
                let file = (id, Arc::clone(source));
                match slot.path.rsplit('/').next() {
                    Some(MANIFEST) => pack.manifest = Some(file),
                    _ => pack.rules.push(file),
                }
            }
        }
        packs
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
                let holds = |slot: &Slot| slot.kind == Kind::Rule && is_below(&slot.path, pack);
                if !self.slots.iter().any(holds) {
                    let message = format!("there are no rule files in `{pack}`");
                    let help = "a pack outside the root is named with --pack";
                    let diagnostic = Diagnostic::unreadable("config", *span, message);
                    let outside = pack.starts_with("..") || pack.starts_with('/');
                    self.diagnostics.push(match outside {
                        true => diagnostic.with_help(help),
                        false => diagnostic,
                    });
                }
            }
            if let (Some((path, span)), None) = (&config.service_tags, &self.service_tags) {
                let message = format!("there is no file `{path}`");
                self.diagnostics
                    .push(Diagnostic::unreadable("config", *span, message));
            }
            configs.push(config);
        }
        configs
    }

    /// Reads the list of service tags.
    fn service_tags(&mut self) -> Option<Arc<TagList>> {
        let path = self.service_tags.as_ref()?;
        let slots = (0_u32..).map(FileId).zip(&self.slots);
        let (id, slot) = slots.into_iter().find(|(_, slot)| slot.path == *path)?;
        // What could not be read as text has been told already.
        if slot.kind != Kind::ServiceTags {
            return None;
        }
        let source = slot.text.get()?.as_ref()?;
        let (tags, diagnostics) = service_tags::read(id, source);
        self.diagnostics.extend(diagnostics);
        tags.map(Arc::new)
    }

    fn group(&self, files: &Files, parsed: &[Parsed], configs: &[Config]) -> Groups {
        let mut groups = Groups::default();
        let ids = |paths: &[Arc<str>]| paths.iter().filter_map(|path| files.id(path)).collect();
        let given = self.variables.iter();
        let given = given.filter_map(|given| given.named(|path| files.id(path)));
        let options = GroupOptions {
            variables: given.collect(),
            environment: self.environment.clone(),
            parameter_files: ids(&self.parameter_files),
            parameters: self.parameters.clone(),
            declared: declared::resolve(configs, files, &mut groups.diagnostics),
        };
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
            let units = grouping.units.into_iter().map(|mut unit| {
                let cloud = nearest(configs, &unit.directory, |config| config.cloud);
                unit.target.cloud = cloud.map(|cloud| cloud.word().into());
                (index, unit)
            });
            groups.units.extend(units);
        }
        let planned = planned::lay_beside(&mut groups.units, files);
        groups.diagnostics.extend(planned);
        let uncompiled = declared::uncompiled(files, &groups.units);
        groups.diagnostics.extend(uncompiled);
        groups.estates = estates::resolve(configs, &groups.units, files, &mut groups.diagnostics);
        groups
    }
}

impl Prepared<'_> {
    /// What [`Judge`] needs of it.
    pub(super) fn docket(&self) -> Docket<'_> {
        Docket {
            files: &self.files,
            parsed: &self.parsed,
            units: &self.units,
            estates: &self.estates,
            configs: &self.configs,
            options: self.options,
            selected: &self.selected,
            given: &self.given,
            service_tags: self.service_tags.as_ref(),
        }
    }

    /// Whether a file takes part in a deployment that was asked about (`used`, sorted) or lies
    /// under a path that was.
    pub(super) fn concerns(&self, id: FileId, used: &[FileId]) -> bool {
        used.binary_search(&id).is_ok()
            || self.files.get(id).is_some_and(|slot| {
                let mut selected = self.selected.iter();
                selected.any(|selected| is_below(&slot.path, selected))
            })
    }

    /// How many files that matter were recognised: `used`, sorted, are those of the deployments
    /// that were asked about.
    pub(super) fn recognised(&self, used: &[FileId]) -> usize {
        let recognised = self.parsed.iter().filter(|it| it.frontend.is_some());
        recognised.filter(|it| self.concerns(it.id, used)).count()
    }

    /// Those among them that no deployment uses, sorted by path.
    pub(super) fn unused(&self, used: &[FileId]) -> Vec<Arc<str>> {
        let unused = self.unused.iter().filter(|id| self.concerns(**id, used));
        let mut paths: Vec<Arc<str>> = unused.map(|id| self.files.path(*id)).collect();
        paths.sort();
        paths
    }

    /// What is wrong with the files that matter, unsorted: `used`, sorted, are those of the
    /// deployments that were asked about, `of_deployments` what those say.
    pub(super) fn diagnostics(
        &mut self,
        used: &[FileId],
        of_deployments: Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        diagnostics.extend(of_deployments);
        for parsed in &mut self.parsed {
            diagnostics.append(&mut parsed.diagnostics);
        }
        diagnostics.retain(|diagnostic| {
            diagnostic.primary.as_ref().is_none_or(|label| {
                is_config(&self.files, label.span) || self.concerns(label.span.file, used)
            })
        });
        diagnostics
    }
}

/// The deployments of all languages, before evaluation.
#[derive(Default)]
struct Groups {
    units: Vec<(usize, Unit)>,
    estates: Vec<Estate>,
    unused: Vec<FileId>,
    diagnostics: Vec<Diagnostic>,
}

fn check_options(options: &Options, vocabulary: &Vocabulary) -> Result<(), UsageError> {
    let selectors = options.select.iter().chain(&options.enable);
    for selector in selectors.chain(&options.ignore) {
        vocabulary
            .selected(selector)
            .map_err(|(message, help)| UsageError { message, help })?;
    }
    if let Some(offer) = &options.offer {
        vocabulary
            .offer(offer)
            .map_err(|(message, help)| UsageError { message, help })?;
    }
    Ok(())
}

/// Whether a span lies in a file that governs the whole run.
fn is_config(files: &Files, span: Span) -> bool {
    files
        .get(span.file)
        .is_some_and(|slot| matches!(slot.kind, Kind::Config | Kind::Rule | Kind::ServiceTags))
}

/// Sorts by path and offset; what is said twice is kept once.
pub(super) fn sort_diagnostics(diagnostics: &mut Vec<Diagnostic>, sources: &SourceMap) {
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

/// The path of the file of a span.
pub(in crate::engine) fn path_of(sources: &SourceMap, span: Span) -> Arc<str> {
    sources
        .get(span.file)
        .map_or_else(|| Arc::from(""), |file| Arc::clone(file.path()))
}
