//! Rule files to rules.
//!
//! [`Pack::of`] reads the pack of a user and checks every name and type at once; a pack with a
//! mistake gives no rule. [`Pack::load`] reads rules each by itself.
//! [`Pack::builtin`] has the embedded rules, which tests have checked in that way: the same reading,
//! but each part of a rule is only compiled when it is first needed. [`Pack::join`] puts both
//! together.

mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use super::clause::Clause;
use super::datum::{Data, Datum, Item as DatumItem};
use super::expr::Names;
use super::platform;
use super::spec::{Examples, ParameterSpec, Reader, RuleSpec, Undetermined, nearest};
use super::vocabulary::{Item, Ty};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::platform::PlatformFacts;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::yaml::{self, Yaml, YamlKind};

/// Every rule file below `rules/` without its examples, by path, as `build.rs` writes them.
const RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));

/// Every built-in rule file as written, examples included: its path (`rules/<category>/<id>.yaml`)
/// and its text, sorted by path. For showing and testing rules; judging reads them another way
/// ([`Pack::builtin`]).
pub const RULE_FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rule_files.rs"));

pub use manifest::{BUILTIN, MANIFEST, Manifest};

/// A set of rules, sorted by id.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    rules: Vec<Arc<Rule>>,
    members: Vec<Arc<Member>>,
    unloaded: BTreeSet<Arc<str>>,
}

/// A user's pack that is part of another.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where it lies, as named by who asked for it.
    pub path: Arc<str>,
    /// What is said of it.
    pub manifest: Manifest,
}

/// The files of one pack.
#[derive(Clone, Debug, Default)]
pub struct PackFiles {
    /// Where it lies, as named by who asked for it.
    pub path: Arc<str>,
    /// Its `pack.yaml`.
    pub manifest: Option<(FileId, Arc<SourceFile>)>,
    /// Its rules.
    pub rules: Vec<(FileId, Arc<SourceFile>)>,
    /// Whether one of its files could not be read, which was told.
    pub incomplete: bool,
}

/// A rule, checked.
#[derive(Debug)]
pub struct Rule {
    pub(crate) spec: Arc<RuleSpec>,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) parameters: Vec<(Arc<str>, Datum)>,
    /// The pack it came with.
    pack: Arc<str>,
    /// Parameters it has from its pack.
    shared: Vec<ParameterSpec>,
}

/// What a rule has from the pack it stands in.
#[derive(Clone, Copy)]
struct Home<'p> {
    pack: &'p Arc<str>,
    shared: &'p [ParameterSpec],
    facts: &'static PlatformFacts,
}

impl Pack {
    /// The rules that come with the program. A test sees to it that they pass the checks of
    /// [`Pack::load`]; here they are only read, and their expressions when they are needed.
    ///
    /// # Errors
    /// What is wrong with one of them; a released program never sees it.
    pub fn builtin() -> Result<Self, Vec<Diagnostic>> {
        static PACK: LazyLock<(Pack, Vec<Diagnostic>)> = LazyLock::new(Pack::stored);
        match PACK.1.as_slice() {
            [] => Ok(PACK.0.clone()),
            wrong => Err(wrong.to_vec()),
        }
    }

    fn stored() -> (Self, Vec<Diagnostic>) {
        let unreadable = |message: String| {
            let at = Span::new(FileId(0), 0, 0);
            let diagnostic = Diagnostic::unreadable("rule-file", at, message);
            (Self::default(), vec![diagnostic])
        };
        let facts = match platform::facts() {
            Ok(facts) => facts,
            Err(message) => return unreadable(message.to_owned()),
        };
        let trees: Yaml = match serde_json::from_str(RULES) {
            Ok(trees) => trees,
            Err(error) => return unreadable(error.to_string()),
        };
        let (mut pack, mut diagnostics) = (Self::default(), Vec::new());
        let home = Home {
            pack: &BUILTIN.into(),
            shared: &[],
            facts,
        };
        for entry in trees.entries().unwrap_or(&[]) {
            pack.read(&entry.value, home, Reader::stored(), &mut diagnostics);
        }
        (pack, diagnostics)
    }

    /// Reads and checks rule files, each by itself. A file with an error gives no rule.
    #[must_use]
    pub fn load(files: &[(FileId, Arc<SourceFile>)]) -> (Self, Vec<Diagnostic>) {
        let (mut pack, mut diagnostics) = (Self::default(), Vec::new());
        match platform::facts() {
            Ok(facts) => {
                let home = Home {
                    pack: &BUILTIN.into(),
                    shared: &[],
                    facts,
                };
                pack.read_all(files, home, &mut diagnostics);
            }
            Err(message) => diagnostics.push(no_facts(message)),
        }
        (pack, diagnostics)
    }

    /// Reads and checks a user's pack and tells of all its mistakes. Its good rules are there even
    /// so: whoever is to judge with it leaves it ([`Pack::without_rules`]).
    #[must_use]
    pub fn of(files: &PackFiles) -> (Self, Vec<Diagnostic>) {
        let (mut pack, mut diagnostics) = (Self::default(), Vec::new());
        let facts = match platform::facts() {
            Ok(facts) => facts,
            Err(message) => return (pack, vec![no_facts(message)]),
        };
        let written = files.manifest.as_ref().and_then(|(id, file)| {
            let before = diagnostics.len();
            let tree = parsed(*id, file, &mut diagnostics);
            if tree.is_none() && diagnostics.len() == before {
                let at = Span::new(*id, 0, 0);
                diagnostics.push(Diagnostic::unreadable("rule-file", at, "`name` is missing"));
            }
            let mut reader = Reader::new(file);
            let manifest = Manifest::read(&tree?, &files.path, &mut reader);
            for parameter in &manifest.parameters {
                if constant(&parameter.default).is_none() {
                    reader.error(parameter.default.span, NOT_CONSTANT);
                }
            }
            diagnostics.append(&mut reader.diagnostics);
            Some(manifest)
        });
        let manifest = written.unwrap_or_else(|| Manifest::of_place(&files.path));
        let home = Home {
            pack: &manifest.name.value,
            shared: &manifest.parameters,
            facts,
        };
        pack.read_all(&files.rules, home, &mut diagnostics);
        pack.members.push(Arc::new(Member {
            path: Arc::clone(&files.path),
            manifest,
        }));
        (pack, diagnostics)
    }

    /// What remains of a pack with mistakes: the ids that are then known to be no typing errors.
    #[must_use]
    pub fn without_rules(self) -> Self {
        let mut unloaded = self.unloaded;
        unloaded.extend(self.rules.iter().map(|rule| Arc::clone(rule.id())));
        Self {
            unloaded,
            ..Self::default()
        }
    }

    fn read_all(
        &mut self,
        files: &[(FileId, Arc<SourceFile>)],
        home: Home<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for (id, file) in files {
            match parsed(*id, file, diagnostics) {
                Some(tree) => self.read(&tree, home, Reader::new(file), diagnostics),
                None => {
                    let mut lines = file.text().lines();
                    let id = lines.find_map(|line| line.strip_prefix("id:"));
                    self.unloaded.extend(id.map(|id| id.trim().into()));
                }
            }
        }
    }

    /// Adds the rule of one file, if it is one.
    fn read(
        &mut self,
        tree: &Yaml,
        home: Home<'_>,
        mut reader: Reader<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let spec = RuleSpec::read_wrong(tree, &mut reader);
        let rule = Rule::new(spec, home, &mut reader);
        diagnostics.extend(each_once(reader.diagnostics));
        match rule {
            Some(rule) => diagnostics.extend(self.add(Arc::new(rule))),
            None => self.unloaded.extend(tree.get("id").and_then(Yaml::text)),
        }
    }

    /// Both packs as one. If a rule or pack of the other is called as one of this is, that is told,
    /// and nothing of the other joins but the ids it has.
    pub fn join(&mut self, other: Self) -> Vec<Diagnostic> {
        let mut clashes = Vec::new();
        for member in &other.members {
            let name = &member.manifest.name;
            let mut known = self.members.iter().map(|known| &known.manifest.name);
            if let Some(known) = known.find(|known| known.value == name.value) {
                let message = format!("there is another pack `{}`", name.value);
                let clash = Diagnostic::unreadable("rule-file", name.span, message);
                clashes.push(clash.with_related(known.span, "the other one"));
            }
        }
        clashes.extend(other.rules.iter().filter_map(|rule| self.clash(rule)));
        clashes.extend(self.yields_to_nobody(&other));
        let other = match clashes.is_empty() {
            true => other,
            false => other.without_rules(),
        };
        for rule in other.rules {
            let _ = self.add(rule);
        }
        self.members.extend(other.members);
        self.unloaded.extend(other.unloaded);
        clashes
    }

    /// Where rules of another pack yield to a rule that neither pack has.
    fn yields_to_nobody(&self, other: &Self) -> Vec<Diagnostic> {
        let wanted = other.rules.iter().flat_map(|rule| &rule.spec.yields_to);
        let unknown = wanted.filter(|id| {
            let unloaded = other.unloaded.contains(&id.value) || self.unloaded.contains(&id.value);
            self.rule(&id.value)
                .or_else(|| other.rule(&id.value))
                .is_none()
                && !unloaded
        });
        let all = || {
            self.rules
                .iter()
                .chain(&other.rules)
                .map(|rule| &**rule.id())
        };
        let told = unknown.map(|id| {
            let message = format!("there is no rule `{}`", id.value);
            let told = Diagnostic::unreadable("rule-file", id.span, message);
            match nearest(&id.value, all()) {
                Some(near) => told.with_help(format!("did you mean `{near}`?")),
                None => told,
            }
        });
        told.collect()
    }

    fn add(&mut self, rule: Arc<Rule>) -> Option<Diagnostic> {
        let clash = self.clash(&rule);
        if clash.is_none() {
            let at = self.rules.partition_point(|known| known.id() < rule.id());
            self.rules.insert(at, rule);
        }
        clash
    }

    /// That there is a rule with one of a rule's ids, with both places.
    fn clash(&self, rule: &Rule) -> Option<Diagnostic> {
        let ids = std::iter::once(&rule.spec.id).chain(&rule.spec.formerly);
        ids.into_iter().find_map(|id| {
            let known = self.rule(&id.value)?;
            Some(match known.comes_with_the_program() && !rule.comes_with_the_program() {
                true => {
                    let message = format!("the program has a rule `{}`", id.value);
                    let help = "`rules:` in aznet.yaml or pack.yaml sets it; a rule of your own has another id";
                    Diagnostic::unreadable("rule-file", id.span, message).with_help(help)
                }
                false => {
                    let message = format!("there is another rule `{}`", id.value);
                    Diagnostic::unreadable("rule-file", id.span, message)
                        .with_related(known.spec.id.span, "the other one")
                }
            })
        })
    }

    /// The users' packs in it, in the order they joined.
    #[must_use]
    pub fn members(&self) -> &[Arc<Member>] {
        &self.members
    }

    /// Ids of rules that could not be loaded.
    #[must_use]
    pub fn unloaded(&self) -> &BTreeSet<Arc<str>> {
        &self.unloaded
    }

    /// The rules of the other pack beside those of this one that it has not: of two with one id
    /// the other's counts. For working on rules that the program has, in an older form.
    #[must_use]
    pub fn overlaid(mut self, other: &Self) -> Self {
        self.members.extend(other.members.iter().cloned());
        self.unloaded.extend(other.unloaded.iter().cloned());
        for rule in &other.rules {
            match self
                .rules
                .binary_search_by(|known| known.id().cmp(rule.id()))
            {
                Ok(at) => {
                    if let Some(known) = self.rules.get_mut(at) {
                        *known = Arc::clone(rule);
                    }
                }
                Err(at) => self.rules.insert(at, Arc::clone(rule)),
            }
        }
        self
    }

    /// The rules, sorted by id.
    #[must_use]
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// A rule by its id or an earlier one.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        match self.rules.binary_search_by(|known| (**known.id()).cmp(id)) {
            Ok(at) => self.rules.get(at),
            Err(_) => self.rules.iter().find(|rule| {
                let mut earlier = rule.spec.formerly.iter();
                earlier.any(|old| &*old.value == id)
            }),
        }
    }
}

impl Rule {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.spec.id.value
    }

    /// What is written.
    #[must_use]
    pub fn spec(&self) -> &RuleSpec {
        &self.spec
    }

    /// Its examples.
    #[must_use]
    pub fn examples(&self) -> &Examples {
        &self.spec.examples
    }

    /// The worst it can be.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let cases = self.spec.severities().map(|case| case.is);
        cases.max().unwrap_or(Severity::Warning)
    }

    /// Its parameters, those it shares with its pack last.
    pub(crate) fn parameters_written(&self) -> impl Iterator<Item = &ParameterSpec> {
        self.spec.parameters.iter().chain(&self.shared)
    }

    /// The names of its parameters, each with what it is, for people: `a number`, `a list`.
    pub fn parameter_kinds(&self) -> impl Iterator<Item = (Arc<str>, &'static str)> {
        let kind = |parameter: &ParameterSpec| {
            let name = Arc::clone(&parameter.name.value);
            (name, parameter.default.describe())
        };
        self.parameters_written().map(kind)
    }

    /// The pack it came with; [`BUILTIN`] for those of the program.
    #[must_use]
    pub fn pack(&self) -> &Arc<str> {
        &self.pack
    }

    fn comes_with_the_program(&self) -> bool {
        &*self.pack == BUILTIN
    }

    /// Whether it is judged when nobody asks for it.
    #[must_use]
    pub fn is_on_by_default(&self) -> bool {
        self.spec.default
    }

    pub(crate) fn counts_undetermined(&self) -> bool {
        self.spec.undetermined == Undetermined::Count
    }

    fn new(spec: RuleSpec, home: Home<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let mut parameters = Vec::new();
        let mut types = Vec::new();
        for parameter in &spec.parameters {
            match constant(&parameter.default) {
                Some((value, ty)) => {
                    parameters.push((Arc::clone(&parameter.name.value), value));
                    types.push((Arc::clone(&parameter.name.value), ty));
                }
                None => reader.error(parameter.default.span, NOT_CONSTANT),
            }
        }
        let own = |shared: &&ParameterSpec| {
            let mut own = spec.parameters.iter();
            own.all(|own| own.name.value != shared.name.value)
        };
        let shared: Vec<ParameterSpec> = home.shared.iter().filter(own).cloned().collect();
        for parameter in &shared {
            // What is wrong with them is told once, at the pack.
            if let Some((value, ty)) = constant(&parameter.default) {
                parameters.push((Arc::clone(&parameter.name.value), value));
                types.push((Arc::clone(&parameter.name.value), ty));
            }
        }
        let names = Names::new(types);
        let spec = Arc::new(spec);
        let clauses = (0..spec.clauses.len())
            .filter_map(|position| {
                let spec = Arc::clone(&spec);
                Clause::new(spec, position, names.clone(), home.facts, reader)
            })
            .collect();
        reader.diagnostics.is_empty().then(|| Self {
            spec,
            clauses,
            parameters,
            pack: Arc::clone(home.pack),
            shared,
        })
    }
}

const NOT_CONSTANT: &str = "a parameter's default is a scalar or a list of scalars";

fn no_facts(message: &str) -> Diagnostic {
    Diagnostic::unreadable("platform-facts", Span::new(FileId(0), 0, 0), message)
}

/// The tree of a file, unless it is no YAML.
fn parsed(id: FileId, file: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Yaml> {
    let parsed = yaml::parse(id, file);
    let broken = !parsed.diagnostics.is_empty();
    diagnostics.extend(
        parsed
            .diagnostics
            .into_iter()
            .map(|diagnostic| match diagnostic.code {
                "yaml-syntax" => match yaml_help(&diagnostic.message) {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                },
                _ => diagnostic,
            }),
    );
    parsed.tree.filter(|_| !broken)
}

/// What authors of rules mean where YAML cannot be read.
fn yaml_help(message: &str) -> Option<&'static str> {
    let limits = ["limit", "more than"];
    if message.contains(" tab") {
        return Some("YAML is indented by blanks");
    }
    (!limits.iter().any(|limit| message.contains(limit))).then_some(
        "write an expression or a text in single quotes, or below a `|`: to YAML `!`, `?`, `[`, \
         `#`, `: ` and a quote mean something of their own, and within `{…}` so do `,` and `}`",
    )
}

/// In the order of their places; what all clauses share is told once.
fn each_once(mut told: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |one: &Diagnostic| {
        let span = one.primary.as_ref().map(|label| label.span);
        span.map(|span| (span.file, span.start, span.end))
    };
    told.sort_by_key(place);
    told.dedup_by(|a, b| place(a) == place(b) && a.message == b.message);
    told
}

/// A parameter's default and its type.
fn constant(node: &Yaml) -> Option<(Datum, Ty)> {
    Some(match &node.kind {
        YamlKind::Bool(value) => (Datum::constant(Data::Bool(*value)), Ty::BOOL),
        YamlKind::Number(number, _) => {
            (Datum::constant(Data::Number(number.as_i64()?)), Ty::NUMBER)
        }
        YamlKind::String(text) => (Datum::text(Arc::clone(text)), Ty::TEXT),
        YamlKind::List(items) => {
            let mut values = Vec::new();
            let mut item = None;
            for one in items {
                let (value, ty) = constant(one)?;
                let Ty::One(kind) = ty else {
                    return None;
                };
                item = Some(match item {
                    Some(before) if before != kind => Item::Any,
                    _ => kind,
                });
                values.push(DatumItem::certain(value));
            }
            (
                Datum::list(values, None),
                Ty::List(item.unwrap_or(Item::Any)),
            )
        }
        YamlKind::Null | YamlKind::Map(_) => return None,
    })
}

/// The parameters of a rule as a run sets them.
pub(crate) fn parameters_of(
    rule: &Rule,
    settings: &super::settings::Settings,
) -> BTreeMap<Arc<str>, Datum> {
    let set = settings.parameters.get(rule.id());
    rule.parameters
        .iter()
        .map(|(name, default)| {
            let value = set
                .and_then(|set| set.get(name))
                .map_or_else(|| default.clone(), super::expr::from_value);
            (Arc::clone(name), value)
        })
        .collect()
}

#[cfg(test)]
mod tests;
