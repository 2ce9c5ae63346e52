//! Clauses, compiled: whom they are about, what they demand, and what is said where that fails.
//!
//! Each of the three parts is compiled when it is first asked for: of most clauses a run needs only
//! the first. Where a rule file is to be checked, all are compiled when it loads.

use std::sync::{Arc, OnceLock};

use super::analysis::Asked;
use super::contract::CompiledContract;
use super::expr::{Compiled, Compiler, Names, Node};
use super::message::{Message, When};
use super::spec::{
    AssertSpec, BodySpec, ClauseSpec, ContractSpec, ExprSource, PAIR, Reader, RuleSpec, Text,
    nearest,
};
use super::vocabulary::{Item, Kind, Member, Ty};
use crate::diagnostic::Severity;
use crate::model::platform::PlatformFacts;

/// A clause of a rule.
#[derive(Debug)]
pub(crate) struct Clause {
    /// What it is about; of a pair, what sends.
    pub(crate) subject: Kind,
    /// Of a pair, what receives.
    pub(crate) receiver: Option<Kind>,
    rule: Arc<RuleSpec>,
    position: usize,
    /// The parameters of the rule.
    names: Names,
    facts: &'static PlatformFacts,
    scope: OnceLock<Option<Scope>>,
    demand: OnceLock<Option<Demand>>,
    speech: OnceLock<Option<Speech>>,
}

/// Which subjects, each with which further elements.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Which elements may be the ends, of a pair. The receiver is the first bound element.
    pub(crate) ends: Option<Ends>,
    pub(crate) each: Vec<Compiled>,
    pub(crate) condition: Option<Compiled>,
    /// The condition needs none of the bound elements.
    pub(crate) condition_first: bool,
    /// Else the parts of it, joined by `&&`, that need none: where one of them is false, there is
    /// no need to walk relations.
    pub(crate) early: Option<Compiled>,
    /// Parameters, the subject and what is bound.
    names: Names,
}

/// Predicates on one element each, the only one they know.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) from: Option<Compiled>,
    pub(crate) to: Option<Compiled>,
}

/// What subjects are held to, and when that is excused or cannot be judged.
#[derive(Debug)]
pub(crate) struct Demand {
    pub(crate) unless: Option<Compiled>,
    pub(crate) needs: Vec<(Compiled, Arc<str>)>,
    pub(crate) body: Body,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum Body {
    Assert(Vec<Assert>),
    Contracts {
        required: bool,
        contracts: Vec<CompiledContract>,
    },
    Analysis(Asked),
}

/// A predicate that must be true.
#[derive(Debug)]
pub(crate) struct Assert {
    pub(crate) that: Compiled,
    pub(crate) message: Option<Message>,
    pub(crate) at: Option<Compiled>,
}

/// How bad it is and what is said. What the rule says for all clauses is here once for each, since
/// names mean other things by subject.
#[derive(Debug)]
pub(crate) struct Speech {
    pub(crate) severity: Vec<(Option<Compiled>, Severity)>,
    pub(crate) message: Vec<When>,
    pub(crate) notes: Vec<When>,
    pub(crate) suggest: Vec<When>,
    pub(crate) related: Vec<Related>,
}

/// A further place.
#[derive(Debug)]
pub(crate) struct Related {
    pub(crate) at: Compiled,
    pub(crate) text: Message,
    pub(crate) when: Option<Compiled>,
}

impl Clause {
    /// The clause at a position; `None` after telling that there is no such subject.
    pub(crate) fn new(
        rule: Arc<RuleSpec>,
        position: usize,
        names: Names,
        facts: &'static PlatformFacts,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let spec = rule.clauses.get(position)?;
        let (subject, receiver) = match &spec.ends {
            Some(ends) => {
                let from = subject_of(&ends.from.subject, false, reader);
                let to = subject_of(&ends.to.subject, false, reader);
                (from?, Some(to?))
            }
            None => (subject_of(&spec.subject, true, reader)?, None),
        };
        let clause = Self {
            subject,
            receiver,
            rule,
            position,
            names,
            facts,
            scope: OnceLock::new(),
            demand: OnceLock::new(),
            speech: OnceLock::new(),
        };
        if reader.checks() {
            clause.scope.get_or_init(|| Scope::new(&clause, reader));
            clause.demand.get_or_init(|| Demand::new(&clause, reader));
            clause.speech.get_or_init(|| Speech::new(&clause, reader));
        }
        Some(clause)
    }

    /// `None` only in a rule with an error, which no pack holds.
    pub(crate) fn scope(&self) -> Option<&Scope> {
        let made = || unless_wrong(|reader| Scope::new(self, reader));
        self.scope.get_or_init(made).as_ref()
    }

    /// As [`Clause::scope`].
    pub(crate) fn demand(&self) -> Option<&Demand> {
        let made = || unless_wrong(|reader| Demand::new(self, reader));
        self.demand.get_or_init(made).as_ref()
    }

    /// As [`Clause::scope`].
    pub(crate) fn speech(&self) -> Option<&Speech> {
        let made = || unless_wrong(|reader| Speech::new(self, reader));
        self.speech.get_or_init(made).as_ref()
    }

    fn spec(&self) -> Option<&ClauseSpec> {
        self.rule.clauses.get(self.position)
    }
}

/// The kind that a word names. Of one that is misspelt the nearest is told and taken, so that what
/// else is wrong can be told too.
fn subject_of(word: &Text, or_pair: bool, reader: &mut Reader<'_>) -> Option<Kind> {
    if let Some(kind) = Kind::subject(&word.value) {
        return Some(kind);
    }
    let mut known = Kind::subjects();
    known.extend(or_pair.then_some(PAIR));
    reader.unknown_word(word.span, "subject", &word.value, &known);
    Kind::subject(nearest(&word.value, known)?)
}

fn unless_wrong<T>(make: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Option<T> {
    let mut reader = Reader::stored();
    make(&mut reader).filter(|_| reader.diagnostics.is_empty())
}

impl Scope {
    fn new(clause: &Clause, reader: &mut Reader<'_>) -> Option<Self> {
        let spec = clause.spec()?;
        let names = clause.names.clone();
        let mut compiler = Compiler { reader, names };
        compiler
            .names
            .bind("subject", Ty::One(Item::Element(clause.subject)));
        let mut each = Vec::new();
        let mut ends = None;
        if let (Some(pair), Some(receiver)) = (&spec.ends, clause.receiver) {
            let alone = &compiler.names.clone();
            ends = Some(Ends {
                from: end(pair.from.condition.as_ref(), alone, compiler.reader),
                to: {
                    let mut names = clause.names.clone();
                    names.bind("subject", Ty::One(Item::Element(receiver)));
                    end(pair.to.condition.as_ref(), &names, compiler.reader)
                },
            });
            compiler.names.call("from", 0);
            compiler.names.bind("to", Ty::One(Item::Element(receiver)));
            each.push(Compiled::nothing(pair.to.subject.span));
        }
        for (name, relation) in &spec.each {
            if compiler.names.has(&name.value) || is_taken(&name.value) {
                let message = format!("the name `{}` is taken", name.value);
                compiler.reader.error(name.span, message);
            }
            // What is wrong with one is no reason not to check the others.
            let relation = compiler.expression(relation);
            let item = match relation.as_ref().map(|relation| relation.ty) {
                Some(Ty::List(item)) => item,
                Some(Ty::One(Item::Any)) | None => Item::Any,
                Some(other) => {
                    let found = other.describe();
                    let message = format!("`each` walks a list, not {found}");
                    let span = relation
                        .as_ref()
                        .map_or(name.span, |relation| relation.span);
                    compiler.reader.error(span, message);
                    Item::Any
                }
            };
            let relation = relation.unwrap_or_else(|| Compiled::nothing(name.span));
            compiler.names.bind(Arc::clone(&name.value), Ty::One(item));
            each.push(relation);
        }
        let condition = spec
            .condition
            .as_ref()
            .and_then(|condition| compiler.predicate(condition));
        let condition_first = condition
            .as_ref()
            .is_some_and(|condition| !condition.node.uses_slots(1, each.len() + 1));
        let early = condition.as_ref().filter(|_| !condition_first);
        let early = early.and_then(|condition| {
            let mut parts = Vec::new();
            conjuncts(&condition.node, &mut parts);
            parts.retain(|part| !part.uses_slots(1, each.len() + 1));
            let both = |a: Node, b: Node| Node::And(Box::new(a), Box::new(b));
            let node = parts.into_iter().cloned().reduce(both)?;
            Some(Compiled {
                node,
                ..condition.clone()
            })
        });
        Some(Self {
            ends,
            each,
            condition,
            condition_first,
            early,
            names: compiler.names,
        })
    }
}

/// The parts of `a && b && c`, in order.
fn conjuncts<'n>(node: &'n Node, into: &mut Vec<&'n Node>) {
    match node {
        Node::And(a, b) => {
            conjuncts(a, into);
            conjuncts(b, into);
        }
        _ => into.push(node),
    }
}

fn end(condition: Option<&ExprSource>, names: &Names, reader: &mut Reader<'_>) -> Option<Compiled> {
    let names = names.clone();
    Compiler { reader, names }.predicate(condition?)
}

impl Demand {
    fn new(clause: &Clause, reader: &mut Reader<'_>) -> Option<Self> {
        let spec = clause.spec()?;
        let names = clause.scope()?.names.clone();
        let mut compiler = Compiler { reader, names };
        let unless = spec
            .unless
            .as_ref()
            .and_then(|unless| compiler.predicate(unless));
        let needs = spec
            .needs
            .iter()
            .filter_map(|need| {
                let that = compiler.predicate(&need.that)?;
                Some((that, Arc::clone(&need.otherwise.value)))
            })
            .collect();
        let contracts = |specs: &[ContractSpec], compiler: &mut Compiler<'_, '_>| {
            specs
                .iter()
                .filter_map(|spec| {
                    let ends = (clause.subject, clause.receiver);
                    CompiledContract::new(spec, ends, clause.facts, compiler)
                })
                .collect()
        };
        let body = match &spec.body {
            BodySpec::Forbid(specs) => Body::Contracts {
                required: false,
                contracts: contracts(specs, &mut compiler),
            },
            BodySpec::Require(specs) => Body::Contracts {
                required: true,
                contracts: contracts(specs, &mut compiler),
            },
            BodySpec::Analysis(name) => {
                Body::Analysis(Asked::new(name, clause.subject, &mut compiler)?)
            }
            BodySpec::Assert(specs) => {
                bind_said(&mut compiler.names);
                let assert = |spec| Assert::new(spec, &mut compiler);
                Body::Assert(specs.iter().filter_map(assert).collect())
            }
        };
        Some(Self {
            unless,
            needs,
            body,
        })
    }
}

impl Assert {
    fn new(spec: &AssertSpec, compiler: &mut Compiler<'_, '_>) -> Option<Self> {
        Some(Self {
            that: compiler.predicate(&spec.that)?,
            at: spec.at.as_ref().and_then(|at| compiler.expression(at)),
            message: spec
                .message
                .as_ref()
                .map(|message| Message::new(message, compiler)),
        })
    }
}

impl Speech {
    fn new(clause: &Clause, reader: &mut Reader<'_>) -> Option<Self> {
        let (rule, spec) = (&clause.rule, clause.spec()?);
        let names = clause.scope()?.names.clone();
        let mut compiler = Compiler { reader, names };
        bind_said(&mut compiler.names);
        let severities = match spec.severity.is_empty() {
            true => &rule.severity,
            false => &spec.severity,
        };
        let severity = severities
            .iter()
            .filter_map(|case| match &case.when {
                Some(when) => Some((Some(compiler.predicate(when)?), case.is)),
                None => Some((None, case.is)),
            })
            .collect();
        let sayings = match spec.message.is_empty() {
            true => &rule.message,
            false => &spec.message,
        };
        let message = When::all(sayings, &mut compiler);
        let notes = When::all(&rule.notes, &mut compiler);
        let suggestions = match spec.suggest.is_empty() {
            true => &rule.suggest,
            false => &spec.suggest,
        };
        let suggest = When::all(suggestions, &mut compiler);
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
            severity,
            message,
            notes,
            suggest,
            related,
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
    ("before", Ty::ANY, "the rule it must come before"),
    (
        "priority",
        Ty::NUMBER,
        "a free priority there; null if there is none",
    ),
];
const READING: &[Member] = &[
    (
        "widened",
        Ty::TEXT,
        "the rule that decides where routes widen `VirtualNetwork`",
    ),
    ("plain", Ty::TEXT, "the rule that decides where they do not"),
    ("opens", Ty::BOOL, "whether the former lets it through"),
];
pub(crate) const SAID: [(&str, Ty); 10] = [
    (
        "verdict",
        Ty::One(Item::Word(&["violated", "undetermined"])),
    ),
    ("decider", Ty::ANY),
    ("route", Ty::One(Item::Element(Kind::Route))),
    ("witness", Ty::One(Item::Object(WITNESS))),
    ("hit", Ty::One(Item::Object(HIT))),
    ("cover", Ty::List(Item::Any)),
    ("unknown", Ty::TEXT),
    ("revive", Ty::One(Item::Object(REVIVE))),
    ("found", Ty::ANY),
    ("reading", Ty::One(Item::Object(READING))),
];

fn bind_said(names: &mut Names) {
    for (name, ty) in SAID {
        names.bind(name, ty);
    }
}

fn is_taken(name: &str) -> bool {
    SAID.iter().any(|(said, _)| *said == name)
        || ["subscription", "deployment", "platform", "parameters"].contains(&name)
}
