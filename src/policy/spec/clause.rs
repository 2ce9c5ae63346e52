//! Clauses as written: what they are about, and one of the four ways to say what is wrong.

use std::sync::Arc;

use super::contract::{ContractSpec, read_contracts};
use super::expression::ExprSource;
use super::reader::{Reader, Text, find};
use super::{Saying, SeverityCase, one_or_many, sayings, severities, top};
use crate::source::Span;
use crate::syntax::yaml::{Entry, Style, Yaml, YamlKind};

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct ClauseSpec {
    /// Its place.
    pub span: Span,
    /// The kind of element it is about.
    pub subject: Text,
    /// The two ends, of a pair.
    pub ends: Option<EndsSpec>,
    /// `NAME: E`: one judgement per element.
    pub each: Vec<(Text, ExprSource)>,
    /// Only subjects for which this is true.
    pub condition: Option<ExprSource>,
    /// Excused.
    pub unless: Option<ExprSource>,
    /// Not judged, and counted so, unless these hold.
    pub needs: Vec<NeedSpec>,
    /// What is wrong.
    pub body: BodySpec,
    /// How bad, instead of what the rule says.
    pub severity: Vec<SeverityCase>,
    /// What is said, instead of the rule's message.
    pub message: Vec<Saying>,
    /// How to mend it, instead of what the rule suggests.
    pub suggest: Vec<Saying>,
}

/// `from: …`, `to: …` of `subject: flow`
#[derive(Clone, Debug)]
pub struct EndsSpec {
    /// Who sends.
    pub from: EndSpec,
    /// Who receives.
    pub to: EndSpec,
}

/// `{subject: KIND, where: P}`
#[derive(Clone, Debug)]
pub struct EndSpec {
    /// The kind of element.
    pub subject: Text,
    /// Only elements for which this is true.
    pub condition: Option<ExprSource>,
}

/// What a pair is called after `subject:`.
pub const PAIR: &str = "flow";

/// `{that: P, otherwise: TEXT}`
#[derive(Clone, Debug)]
pub struct NeedSpec {
    /// What must be true to judge at all.
    pub that: ExprSource,
    /// The reason given in the summary where it is not.
    pub otherwise: Text,
}

/// The four ways to say what is wrong.
#[derive(Clone, Debug)]
pub enum BodySpec {
    /// Predicates that must be true.
    Assert(Vec<AssertSpec>),
    /// No packet may do this.
    Forbid(Vec<ContractSpec>),
    /// Every packet must do this.
    Require(Vec<ContractSpec>),
    /// A named analysis.
    Analysis(AnalysisSpec),
}

/// `NAME` or `{NAME: {PARAMETER: E}}`
#[derive(Clone, Debug)]
pub struct AnalysisSpec {
    /// Its name.
    pub name: Text,
    /// What it is given.
    pub arguments: Vec<(Text, ExprSource)>,
}

/// `{that: P, message: M}`
#[derive(Clone, Debug)]
pub struct AssertSpec {
    /// False violates.
    pub that: ExprSource,
    /// What is said then.
    pub message: Option<Text>,
    /// What the finding points at, instead of what the predicate read: an element or field.
    pub at: Option<ExprSource>,
}

/// The keys that say what is wrong, one of which a clause has.
pub(crate) const BODY_KEYS: [&str; 4] = ["assert", "forbid", "require", "analysis"];

/// The keys of a clause.
pub(crate) const CLAUSE_KEYS: [&str; 14] = [
    "subject", "from", "to", "each", "where", "unless", "needs", "assert", "forbid", "require",
    "analysis", "severity", "message", "suggest",
];

impl ClauseSpec {
    pub(super) fn read(
        node: &Yaml,
        entries: &[Entry],
        inline: bool,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let span = if inline { top(node) } else { node.span };
        let subject = match find(entries, "subject") {
            Some(node) => reader.text(node, "`subject`"),
            None => {
                reader.missing(node.span, &["subject"], span, "`subject` is missing");
                None
            }
        };
        let mut each = Vec::new();
        if let Some(node) = find(entries, "each") {
            match node.entries() {
                Some(bindings) => {
                    for binding in bindings {
                        let name = Text {
                            value: Arc::clone(&binding.key),
                            span: binding.key_span,
                        };
                        if let Some(relation) = ExprSource::read(&binding.value, reader) {
                            each.push((name, relation));
                        }
                    }
                }
                None => reader.error(node.span, "`each` must be a map `NAME: relation`"),
            }
        }
        let mut needs = Vec::new();
        if let Some(node) = find(entries, "needs") {
            for item in one_or_many(node) {
                let entries = reader.map(item, "a need", &["that", "otherwise"]);
                let that = find(entries, "that").and_then(|node| ExprSource::read(node, reader));
                let otherwise =
                    find(entries, "otherwise").and_then(|node| reader.text(node, "`otherwise`"));
                match (that, otherwise) {
                    (Some(that), Some(otherwise)) => needs.push(NeedSpec { that, otherwise }),
                    _ => {
                        let message = "a need is `{that: P, otherwise: TEXT}`";
                        reader.missing(item.span, &["that", "otherwise"], item.span, message);
                    }
                }
            }
        }
        let ends = read_ends(subject.as_ref(), entries, reader);
        let condition = find(entries, "where").and_then(|node| ExprSource::read(node, reader));
        let unless = find(entries, "unless").and_then(|node| ExprSource::read(node, reader));
        let body = read_body((node.span, span), entries, reader);
        let own = |key: &str, reader: &mut Reader<'_>| match inline {
            true => Vec::new(),
            false => sayings(entries, key, reader),
        };
        let severity = match find(entries, "severity") {
            Some(node) if !inline => severities(node, reader),
            _ => Vec::new(),
        };
        let message = own("message", reader);
        let suggest = own("suggest", reader);
        Some(Self {
            span,
            subject: subject?,
            ends: ends?,
            each,
            condition,
            unless,
            needs,
            body: body.unwrap_or(BodySpec::Assert(Vec::new())),
            severity,
            message,
            suggest,
        })
    }
}

/// The ends of a pair; `Some(None)` for anything else, `None` after telling what is wrong.
fn read_ends(
    subject: Option<&Text>,
    entries: &[Entry],
    reader: &mut Reader<'_>,
) -> Option<Option<EndsSpec>> {
    let is_pair = subject.is_some_and(|subject| &*subject.value == PAIR);
    if !is_pair {
        for entry in entries
            .iter()
            .filter(|one| matches!(&*one.key, "from" | "to"))
        {
            let message = format!("`{}` is an end of `subject: {PAIR}`", entry.key);
            reader.error(entry.key_span, message);
        }
        return Some(None);
    }
    let mut end = |key: &str| {
        let Some(node) = find(entries, key) else {
            let span = subject.map(|subject| subject.span)?;
            reader.error(
                span,
                format!("`{key}` is missing: `{key}: {{subject: KIND}}`"),
            );
            return None;
        };
        let entries = reader.map(node, &format!("`{key}`"), &["subject", "where"]);
        let condition = find(entries, "where").map(|node| ExprSource::read(node, reader));
        let subject = match find(entries, "subject") {
            Some(node) => reader.text(node, "`subject`")?,
            None if node.entries().is_some() => {
                let message = "`subject` is missing";
                reader.missing(node.span, &["subject"], node.span, message);
                return None;
            }
            None => return None,
        };
        Some(EndSpec {
            subject,
            condition: condition.flatten(),
        })
    };
    let (from, to) = (end("from"), end("to"));
    Some(Some(EndsSpec {
        from: from?,
        to: to?,
    }))
}

fn read_body(
    (map, span): (Span, Span),
    entries: &[Entry],
    reader: &mut Reader<'_>,
) -> Option<BodySpec> {
    let mut found = entries
        .iter()
        .filter(|entry| BODY_KEYS.contains(&&*entry.key));
    let Some(entry) = found.next() else {
        let message = "one of `assert`, `forbid`, `require`, `analysis` is missing";
        reader.missing(map, &BODY_KEYS, span, message);
        return None;
    };
    if let Some(second) = found.next() {
        let message = format!("`{}` and `{}` in one clause", entry.key, second.key);
        reader.error_with_help(second.key_span, message, "use `any-of` with two clauses");
    }
    let node = &entry.value;
    Some(match &*entry.key {
        "assert" => BodySpec::Assert(read_asserts(node, reader)),
        "forbid" => BodySpec::Forbid(read_contracts(node, reader)),
        "require" => BodySpec::Require(read_contracts(node, reader)),
        _ => BodySpec::Analysis(read_analysis(node, reader)?),
    })
}

fn read_analysis(node: &Yaml, reader: &mut Reader<'_>) -> Option<AnalysisSpec> {
    let Some([entry]) = node.entries() else {
        let name = reader.text(node, "`analysis`")?;
        return Some(AnalysisSpec {
            name,
            arguments: Vec::new(),
        });
    };
    let Some(given) = entry.value.entries() else {
        let message = "an analysis is `NAME`, or `{NAME: {PARAMETER: value}}`";
        reader.error(entry.value.span, message);
        return None;
    };
    let arguments = given.iter().filter_map(|argument| {
        let name = Text {
            value: Arc::clone(&argument.key),
            span: argument.key_span,
        };
        Some((name, ExprSource::read(&argument.value, reader)?))
    });
    Some(AnalysisSpec {
        arguments: arguments.collect(),
        name: Text {
            value: Arc::clone(&entry.key),
            span: entry.key_span,
        },
    })
}

fn read_asserts(node: &Yaml, reader: &mut Reader<'_>) -> Vec<AssertSpec> {
    if !matches!(node.kind, YamlKind::List(_) | YamlKind::Map(_)) || node.style == Style::Flow {
        let that = ExprSource::read(node, reader);
        return that
            .map(|that| AssertSpec {
                that,
                message: None,
                at: None,
            })
            .into_iter()
            .collect();
    }
    let mut asserts = Vec::new();
    for item in one_or_many(node) {
        if item.entries().is_none() {
            asserts.extend(ExprSource::read(item, reader).map(|that| AssertSpec {
                that,
                message: None,
                at: None,
            }));
            continue;
        }
        let entries = reader.map(item, "an assertion", &["that", "message", "at"]);
        let that = find(entries, "that").and_then(|node| ExprSource::read(node, reader));
        let message = find(entries, "message").and_then(|node| reader.text(node, "`message`"));
        let at = find(entries, "at").and_then(|node| ExprSource::read(node, reader));
        match that {
            Some(that) => asserts.push(AssertSpec { that, message, at }),
            None => reader.missing(item.span, &["that"], item.span, "`that` is missing"),
        }
    }
    asserts
}
