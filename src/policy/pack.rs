//! Rule files to rules.
//!
//! [`Pack::load`] reads the rules of a user and checks every name and type at once.
//! [`Pack::builtin`] has the embedded rules, which tests have checked in that way: the same reading,
//! but each part of a rule is only compiled when it is first needed. [`Pack::join`] puts both
//! together.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::clause::Clause;
use super::datum::{Data, Datum, Item as DatumItem};
use super::expr::Names;
use super::platform;
use super::spec::{Examples, Reader, RuleSpec, Undetermined};
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

/// A set of rules, sorted by id.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    rules: Vec<Arc<Rule>>,
}

/// A rule, checked.
#[derive(Debug)]
pub struct Rule {
    pub(crate) spec: Arc<RuleSpec>,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) parameters: Vec<(Arc<str>, Datum)>,
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
        for entry in trees.entries().unwrap_or(&[]) {
            pack.read(&entry.value, facts, Reader::stored(), &mut diagnostics);
        }
        (pack, diagnostics)
    }

    /// Reads and checks rule files. A file with an error gives no rule.
    #[must_use]
    pub fn load(files: &[(FileId, Arc<SourceFile>)]) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut pack = Self::default();
        let facts = match platform::facts() {
            Ok(facts) => facts,
            Err(message) => {
                let at = Span::new(FileId(0), 0, 0);
                diagnostics.push(Diagnostic::unreadable("platform-facts", at, message));
                return (pack, diagnostics);
            }
        };
        for (id, file) in files {
            let parsed = yaml::parse(*id, file);
            let broken = !parsed.diagnostics.is_empty();
            diagnostics.extend(parsed.diagnostics.into_iter().map(|diagnostic| {
                match diagnostic.code {
                    "yaml-syntax" => diagnostic.with_help(
                        "an expression with `!`, `?`, `[for …]` or a leading quote is written in quotes or as a block scalar",
                    ),
                    _ => diagnostic,
                }
            }));
            let Some(tree) = parsed.tree.filter(|_| !broken) else {
                continue;
            };
            pack.read(&tree, facts, Reader::new(file), &mut diagnostics);
        }
        (pack, diagnostics)
    }

    /// Adds the rule of one file, if it is one.
    fn read(
        &mut self,
        tree: &Yaml,
        facts: &'static PlatformFacts,
        mut reader: Reader<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let rule =
            RuleSpec::read(tree, &mut reader).and_then(|spec| Rule::new(spec, facts, &mut reader));
        let mut told = reader.diagnostics;
        told.dedup();
        diagnostics.extend(told);
        if let Some(rule) = rule {
            diagnostics.extend(self.add(Arc::new(rule)));
        }
    }

    /// Both packs as one. A rule whose id exists already is told and left out.
    pub fn join(&mut self, other: Self) -> Vec<Diagnostic> {
        other
            .rules
            .into_iter()
            .filter_map(|rule| self.add(rule))
            .collect()
    }

    fn add(&mut self, rule: Arc<Rule>) -> Option<Diagnostic> {
        let id = rule.id();
        match self.rules.binary_search_by(|known| known.id().cmp(id)) {
            Ok(_) => {
                let message = format!("there is another rule `{id}`");
                let span = rule.spec.id.span;
                Some(Diagnostic::unreadable("rule-file", span, message))
            }
            Err(at) => {
                self.rules.insert(at, rule);
                None
            }
        }
    }

    /// The rules of the other pack beside those of this one that it has not: of two with one id
    /// the other's counts. For working on rules that the program has, in an older form.
    #[must_use]
    pub fn overlaid(mut self, other: &Self) -> Self {
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
        self.rules.iter().find(|rule| {
            &**rule.id() == id || rule.spec.formerly.iter().any(|old| &*old.value == id)
        })
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
        let cases = self.spec.severity.iter().map(|case| case.is);
        cases.max().unwrap_or(Severity::Warning)
    }

    /// The names of its parameters, each with what it is, for people: `a number`, `a list`.
    pub fn parameter_kinds(&self) -> impl Iterator<Item = (Arc<str>, &'static str)> {
        let kind = |parameter: &super::spec::ParameterSpec| {
            let name = Arc::clone(&parameter.name.value);
            (name, parameter.default.describe())
        };
        self.spec.parameters.iter().map(kind)
    }

    /// Whether it is judged when nobody asks for it.
    #[must_use]
    pub fn is_on_by_default(&self) -> bool {
        self.spec.default
    }

    pub(crate) fn counts_undetermined(&self) -> bool {
        self.spec.undetermined == Undetermined::Count
    }

    fn new(spec: RuleSpec, facts: &'static PlatformFacts, reader: &mut Reader<'_>) -> Option<Self> {
        let before = reader.diagnostics.len();
        let mut parameters = Vec::new();
        let mut types = Vec::new();
        for parameter in &spec.parameters {
            match constant(&parameter.default) {
                Some((value, ty)) => {
                    parameters.push((Arc::clone(&parameter.name.value), value));
                    types.push((Arc::clone(&parameter.name.value), ty));
                }
                None => reader.error(
                    parameter.default.span,
                    "a parameter's default is a scalar or a list of scalars",
                ),
            }
        }
        let names = Names::new(types);
        let spec = Arc::new(spec);
        let clauses = (0..spec.clauses.len())
            .filter_map(|position| {
                let spec = Arc::clone(&spec);
                Clause::new(spec, position, names.clone(), facts, reader)
            })
            .collect();
        (reader.diagnostics.len() == before).then_some(Self {
            spec,
            clauses,
            parameters,
        })
    }
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
