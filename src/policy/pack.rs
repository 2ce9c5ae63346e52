//! Rule files to rules.
//!
//! [`Pack::builtin`] has the embedded rules, [`Pack::load`] those of a user; both go through the
//! same reading, the same checks of names and types, and [`Pack::join`] puts them together.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::analysis::Analysis;
use super::builtin;
use super::contract::CompiledContract;
use super::datum::{Data, Datum, Item as DatumItem};
use super::expr::{Compiled, Compiler, Names};
use super::message::{Message, When};
use super::platform;
use super::spec::{BodySpec, ClauseSpec, Examples, Reader, RuleSpec, Undetermined};
use super::vocabulary::{Item, Kind, Member, Ty};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::platform::PlatformFacts;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::yaml::{self, Yaml, YamlKind};

/// A set of rules, sorted by id.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    rules: Vec<Arc<Rule>>,
}

/// A rule, checked.
#[derive(Debug)]
pub struct Rule {
    pub(crate) spec: RuleSpec,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) parameters: Vec<(Arc<str>, Datum)>,
}

/// A clause, checked. What the rule says for all clauses is here once for each, since names mean
/// other things by subject.
#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) subject: Kind,
    pub(crate) each: Vec<Compiled>,
    pub(crate) condition: Option<Compiled>,
    /// The condition needs none of the bound elements.
    pub(crate) condition_first: bool,
    pub(crate) unless: Option<Compiled>,
    pub(crate) needs: Vec<(Compiled, Arc<str>)>,
    pub(crate) body: Body,
    pub(crate) severity: Vec<(Option<Compiled>, Severity)>,
    pub(crate) message: Vec<When>,
    pub(crate) notes: Vec<When>,
    pub(crate) suggest: Vec<When>,
    pub(crate) related: Vec<Related>,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum Body {
    Assert(Vec<Assert>),
    Contracts {
        required: bool,
        contracts: Vec<CompiledContract>,
    },
    Analysis(Analysis),
}

/// A predicate that must be true.
#[derive(Debug)]
pub(crate) struct Assert {
    pub(crate) that: Compiled,
    pub(crate) message: Option<Message>,
    pub(crate) at: Option<Compiled>,
}

/// A further place.
#[derive(Debug)]
pub(crate) struct Related {
    pub(crate) at: Compiled,
    pub(crate) text: Message,
    pub(crate) when: Option<Compiled>,
}

impl Pack {
    /// The rules that come with the program.
    ///
    /// # Errors
    /// What is wrong with one of them; a test sees to it that a released program has none.
    pub fn builtin() -> Result<Self, Vec<Diagnostic>> {
        static PACK: LazyLock<(Pack, Vec<Diagnostic>)> = LazyLock::new(|| {
            let files: Vec<(FileId, Arc<SourceFile>)> = (0..)
                .map(FileId)
                .zip(builtin::FILES)
                .map(|(id, (path, text))| {
                    // Nine tenths of the text are examples, which only tests ask for.
                    let text = text
                        .split_once("\nexamples:")
                        .map_or(*text, |(rule, _)| rule);
                    (id, Arc::new(SourceFile::new(*path, text)))
                })
                .collect();
            Pack::load(&files)
        });
        match PACK.1.as_slice() {
            [] => Ok(PACK.0.clone()),
            wrong => Err(wrong.to_vec()),
        }
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
            let mut reader = Reader::new(file);
            let rule = RuleSpec::read(&tree, &mut reader)
                .and_then(|spec| Rule::new(spec, facts, &mut reader));
            let mut told = reader.diagnostics;
            told.dedup();
            diagnostics.extend(told);
            if let Some(rule) = rule {
                diagnostics.extend(pack.add(Arc::new(rule)));
            }
        }
        (pack, diagnostics)
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

    pub(crate) fn counts_undetermined(&self) -> bool {
        self.spec.undetermined == Undetermined::Count
    }

    fn new(spec: RuleSpec, facts: &PlatformFacts, reader: &mut Reader<'_>) -> Option<Self> {
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
        let mut clauses = Vec::new();
        for clause in &spec.clauses {
            let names = Names::new(types.clone());
            clauses.extend(Clause::new(clause, &spec, names, facts, reader));
        }
        (reader.diagnostics.len() == before).then_some(Self {
            spec,
            clauses,
            parameters,
        })
    }
}

/// The names that messages may use beside the subject and what is bound.
const WITNESS: &[Member] = &[
    ("source", Ty::TEXT, "sender"),
    ("destination", Ty::TEXT, "receiver"),
    ("protocol", Ty::TEXT, "protocol"),
    ("port", Ty::NUMBER, "receiver's port"),
    ("source_port", Ty::NUMBER, "sender's port"),
    ("text", Ty::TEXT, "all of it"),
];
const HIT: &[Member] = &[
    ("ports", Ty::List(Item::Ports), "ports that are hit"),
    ("protocols", Ty::List(Item::Text), "protocols that are hit"),
    (
        "destinations",
        Ty::List(Item::Address),
        "receivers the contract asks for",
    ),
];
const REVIVE: &[Member] = &[
    (
        "before",
        Ty::One(Item::Element(Kind::SecurityRule)),
        "the rule it must come before",
    ),
    (
        "priority",
        Ty::NUMBER,
        "a free priority there; null if there is none",
    ),
];
pub(crate) const SAID: [(&str, Ty); 9] = [
    (
        "verdict",
        Ty::One(Item::Word(&["violated", "undetermined"])),
    ),
    ("decider", Ty::ANY),
    ("route", Ty::One(Item::Element(Kind::Route))),
    ("witness", Ty::One(Item::Object(WITNESS))),
    ("hit", Ty::One(Item::Object(HIT))),
    ("cover", Ty::List(Item::Element(Kind::SecurityRule))),
    ("unknown", Ty::TEXT),
    ("revive", Ty::One(Item::Object(REVIVE))),
    ("found", Ty::ANY),
];

impl Clause {
    fn new(
        clause: &ClauseSpec,
        rule: &RuleSpec,
        names: Names,
        facts: &PlatformFacts,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let Some(subject) = Kind::subject(&clause.subject.value) else {
            let known = Kind::subjects();
            reader.unknown_word(
                clause.subject.span,
                "subject",
                &clause.subject.value,
                &known,
            );
            return None;
        };
        let mut compiler = Compiler { reader, names };
        compiler
            .names
            .bind("subject", Ty::One(Item::Element(subject)));
        let mut each = Vec::new();
        for (name, relation) in &clause.each {
            if compiler.names.has(&name.value) || is_taken(&name.value) {
                let message = format!("the name `{}` is taken", name.value);
                compiler.reader.error(name.span, message);
            }
            let relation = compiler.expression(relation)?;
            let item = match relation.ty {
                Ty::List(item) => item,
                Ty::One(Item::Any) => Item::Any,
                other => {
                    let found = other.describe();
                    let message = format!("`each` walks a list, not {found}");
                    compiler.reader.error(relation.span, message);
                    return None;
                }
            };
            compiler.names.bind(Arc::clone(&name.value), Ty::One(item));
            each.push(relation);
        }
        let bound = each.len();
        let condition = clause
            .condition
            .as_ref()
            .and_then(|condition| compiler.predicate(condition));
        let condition_first = condition
            .as_ref()
            .is_some_and(|condition| !condition.node.uses_slots(1, bound + 1));
        let unless = clause
            .unless
            .as_ref()
            .and_then(|unless| compiler.predicate(unless));
        let needs = clause
            .needs
            .iter()
            .filter_map(|need| {
                let that = compiler.predicate(&need.that)?;
                Some((that, Arc::clone(&need.otherwise.value)))
            })
            .collect();
        let severity = rule
            .severity
            .iter()
            .filter_map(|case| match &case.when {
                Some(when) => Some((Some(compiler.predicate(when)?), case.is)),
                None => Some((None, case.is)),
            })
            .collect();
        let contracts = |specs: &[crate::policy::spec::ContractSpec],
                         compiler: &mut Compiler<'_, '_>| {
            specs
                .iter()
                .filter_map(|spec| CompiledContract::new(spec, subject, facts, compiler))
                .collect::<Vec<_>>()
        };
        let mut body = match &clause.body {
            BodySpec::Forbid(specs) => Body::Contracts {
                required: false,
                contracts: contracts(specs, &mut compiler),
            },
            BodySpec::Require(specs) => Body::Contracts {
                required: true,
                contracts: contracts(specs, &mut compiler),
            },
            BodySpec::Analysis(name) => {
                Body::Analysis(Analysis::named(name, subject, compiler.reader)?)
            }
            BodySpec::Assert(_) => Body::Assert(Vec::new()),
        };
        for (name, ty) in SAID {
            compiler.names.bind(name, ty);
        }
        if let (BodySpec::Assert(specs), Body::Assert(asserts)) = (&clause.body, &mut body) {
            for spec in specs {
                let Some(that) = compiler.predicate(&spec.that) else {
                    continue;
                };
                let at = spec.at.as_ref().and_then(|at| compiler.expression(at));
                let message = spec
                    .message
                    .as_ref()
                    .map(|message| Message::new(message, &mut compiler));
                asserts.push(Assert { that, message, at });
            }
        }
        let sayings = match clause.message.is_empty() {
            true => &rule.message,
            false => &clause.message,
        };
        let message = When::all(sayings, &mut compiler);
        let notes = When::all(&rule.notes, &mut compiler);
        let suggest = match clause.suggest.is_empty() {
            true => &rule.suggest,
            false => &clause.suggest,
        };
        let suggest = When::all(suggest, &mut compiler);
        let mut related = Vec::new();
        for place in &rule.related {
            let when = place
                .when
                .as_ref()
                .and_then(|when| compiler.predicate(when));
            if let Some(at) = compiler.expression(&place.at) {
                let text = Message::new(&place.text, &mut compiler);
                related.push(Related { at, text, when });
            }
        }
        Some(Self {
            subject,
            each,
            condition,
            condition_first,
            unless,
            needs,
            body,
            severity,
            message,
            notes,
            suggest,
            related,
        })
    }
}

fn is_taken(name: &str) -> bool {
    SAID.iter().any(|(said, _)| *said == name)
        || ["subscription", "deployment", "platform", "parameters"].contains(&name)
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
