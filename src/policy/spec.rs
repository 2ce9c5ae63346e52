//! The shape of a rule file: what is written, checked against the grammar, not yet against the
//! vocabulary.
//!
//! [`RuleSpec::read`] turns a YAML tree into a [`RuleSpec`]; [`super::pack`] compiles that into a
//! rule. Expressions are parsed here, with the places of their parts in the rule file.

mod clause;
mod contract;
mod examples;
mod expression;
mod reader;

use std::sync::Arc;

pub use clause::{
    AnalysisSpec, AssertSpec, BodySpec, ClauseSpec, EndSpec, EndsSpec, NeedSpec, PAIR,
};
pub use contract::{
    AnswerSpec, ContractSpec, FlowSpecSource, FlowValue, HOP_KINDS, HopKind, Layer, VerdictSpec,
};
pub use examples::{Example, Examples, Expectation, Language};
pub use expression::ExprSource;
pub use reader::{Reader, Text, nearest};

pub(crate) use clause::{BODY_KEYS, CLAUSE_KEYS};
pub(crate) use contract::{ANSWER_KEYS, CONTRACT_KEYS, LAYERS, VERDICTS};

use crate::diagnostic::Severity;
use crate::source::Span;
use crate::syntax::yaml::{Entry, Yaml, YamlKind};
use reader::find;

/// A rule as written.
#[derive(Clone, Debug)]
pub struct RuleSpec {
    /// The id, kebab case.
    pub id: Text,
    /// One line.
    pub title: Text,
    /// By consequence: one of [`CATEGORIES`].
    pub category: Text,
    /// The version that brought it.
    pub since: Text,
    /// How bad, by case; the first whose `when` is true.
    pub severity: Vec<SeverityCase>,
    /// What is wrong; at least one.
    pub clauses: Vec<ClauseSpec>,
    /// What is said, for clauses without a message of their own.
    pub message: Vec<Saying>,
    /// Sentences that follow the message.
    pub notes: Vec<Saying>,
    /// Further places.
    pub related: Vec<RelatedSpec>,
    /// Parameters and their defaults.
    pub parameters: Vec<ParameterSpec>,
    /// Whether it is judged when nobody asks for it.
    pub default: bool,
    /// What becomes of undetermined judgements.
    pub undetermined: Undetermined,
    /// Earlier ids.
    pub formerly: Vec<Text>,
    /// Why it matters, Markdown.
    pub why: Text,
    /// How to mend it in general, Markdown.
    pub fix: Text,
    /// How to mend it here, with values filled in.
    pub suggest: Vec<Saying>,
    /// Sources.
    pub references: Vec<ReferenceSpec>,
    /// Controls of standards the rule serves.
    pub compliance: Vec<Text>,
    /// The languages it claims to work on: each has an example in which something is found. Empty:
    /// it says nothing of that.
    pub languages: Vec<Language>,
    /// Rules that tell the same mistake better: where one of them finds it, this one is silent.
    pub yields_to: Vec<Text>,
    /// What must and must not be found.
    pub examples: Examples,
}

/// The categories of rules: by consequence.
pub const CATEGORIES: [&str; 9] = [
    "exposure",
    "reachability",
    "platform",
    "delivery",
    "licensing",
    "routing",
    "firewall",
    "correctness",
    "hygiene",
];

/// `{when: P, is: S}`
#[derive(Clone, Debug)]
pub struct SeverityCase {
    /// Absent: always.
    pub when: Option<ExprSource>,
    /// How bad.
    pub is: Severity,
}

/// A text with `{path}`s, said when its condition is true.
#[derive(Clone, Debug)]
pub struct Saying {
    /// Absent: always.
    pub when: Option<ExprSource>,
    /// The text.
    pub say: Text,
}

/// `{at: E, text: M}`
#[derive(Clone, Debug)]
pub struct RelatedSpec {
    /// An element, a field, or a list of them.
    pub at: ExprSource,
    /// What it is to the finding.
    pub text: Text,
    /// Absent: always.
    pub when: Option<ExprSource>,
}

/// A parameter that a configuration may set.
#[derive(Clone, Debug)]
pub struct ParameterSpec {
    /// Its name.
    pub name: Text,
    /// Its value when nobody sets it; it also tells the type.
    pub default: Yaml,
}

/// What becomes of undetermined judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undetermined {
    /// Findings of their own kind.
    Report,
    /// Only counted in the summary.
    Count,
}

/// A source of a rule.
#[derive(Clone, Debug)]
pub struct ReferenceSpec {
    /// What it is called.
    pub title: Text,
    /// Where it is.
    pub url: Text,
    /// Its date, `YYYY-MM-DD` or a part of it.
    pub date: Option<Text>,
}

/// The keys of a rule.
pub(crate) const RULE_KEYS: [&str; 32] = [
    "id",
    "title",
    "category",
    "since",
    "severity",
    "default",
    "any-of",
    "message",
    "notes",
    "related",
    "parameters",
    "undetermined",
    "formerly",
    "yields-to",
    "why",
    "fix",
    "suggest",
    "references",
    "compliance",
    "languages",
    "examples",
    "subject",
    "from",
    "to",
    "each",
    "where",
    "unless",
    "needs",
    "assert",
    "forbid",
    "require",
    "analysis",
];

impl RuleSpec {
    /// Reads a rule; `None` where something that it cannot do without is missing, which
    /// `reader.diagnostics` tells.
    pub fn read(root: &Yaml, reader: &mut Reader<'_>) -> Option<Self> {
        let before = reader.diagnostics.len();
        let spec = Self::read_wrong(root, reader);
        (reader.diagnostics.len() == before).then_some(spec)
    }

    /// How bad, by case: those of the clauses first, each once, then those of the rule.
    pub fn severities(&self) -> impl Iterator<Item = &SeverityCase> {
        let clauses = self.clauses.iter().flat_map(|clause| &clause.severity);
        let mut cases: Vec<&SeverityCase> = Vec::new();
        for case in clauses.chain(&self.severity) {
            let text = |case: &SeverityCase| case.when.as_ref().map(|when| Arc::clone(&when.text));
            let same = |known: &&SeverityCase| text(known) == text(case) && known.is == case.is;
            if !cases.iter().any(same) {
                cases.push(case);
            }
        }
        cases.into_iter()
    }

    /// The same where something is wrong too, as `reader.diagnostics` tells: so that what is written
    /// otherwise can be checked at once.
    pub(crate) fn read_wrong(root: &Yaml, reader: &mut Reader<'_>) -> Self {
        let entries = reader.map(root, "a rule", &RULE_KEYS);
        let required = |reader: &mut Reader<'_>, key: &str| match find(entries, key) {
            Some(node) => reader.text(node, &format!("`{key}`")),
            None => {
                let message = format!("`{key}` is missing");
                reader.missing(root.span, &[key], top(root), message);
                None
            }
        };
        let id = required(reader, "id");
        let title = required(reader, "title");
        let category = required(reader, "category");
        let since = required(reader, "since");
        let why = required(reader, "why");
        let fix = required(reader, "fix");
        if let Some(id) = &id {
            check_id(reader, id);
        }
        if let Some(category) = &category
            && !CATEGORIES.contains(&&*category.value)
        {
            reader.unknown_word(category.span, "category", &category.value, &CATEGORIES);
        }
        let severity = read_severity(root, entries, reader);
        let clauses = read_clauses(root, entries, reader);
        let analysis = clauses
            .iter()
            .all(|clause| matches!(clause.body, BodySpec::Analysis(_)));
        let undetermined = find(entries, "undetermined")
            .and_then(|node| {
                let words = [
                    ("report", Undetermined::Report),
                    ("count", Undetermined::Count),
                ];
                reader.word(node, "`undetermined`", &words)
            })
            .unwrap_or(if analysis && !clauses.is_empty() {
                Undetermined::Count
            } else {
                Undetermined::Report
            });
        let message = sayings(entries, "message", reader);
        let asserts_speak = clauses.iter().all(|clause| {
            !clause.message.is_empty()
                || matches!(&clause.body, BodySpec::Assert(all)
                    if all.iter().all(|one| one.message.is_some()))
        });
        if message.is_empty() && !asserts_speak {
            reader.missing(root.span, &["message"], top(root), "`message` is missing");
        }
        let references = read_references(root, entries, reader);
        let examples = Examples::read(find(entries, "examples"), reader);
        let languages = read_languages(entries, &examples, reader);
        let given = |text: Option<Text>| {
            text.unwrap_or(Text {
                value: "".into(),
                span: top(root),
            })
        };
        Self {
            id: given(id),
            title: given(title),
            category: given(category),
            since: given(since),
            severity,
            clauses,
            message,
            notes: sayings(entries, "notes", reader),
            related: read_related(entries, reader),
            parameters: read_parameters(entries, reader),
            default: read_default(entries, reader),
            undetermined,
            formerly: texts(entries, "formerly", reader),
            why: given(why),
            fix: given(fix),
            suggest: sayings(entries, "suggest", reader),
            references,
            compliance: texts(entries, "compliance", reader),
            yields_to: texts(entries, "yields-to", reader),
            languages,
            examples,
        }
    }
}

/// Where a rule as a whole is complained about: its first key.
fn top(root: &Yaml) -> Span {
    root.entries()
        .and_then(|entries| entries.first())
        .map_or(root.span, |entry| entry.key_span)
}

fn check_id(reader: &mut Reader<'_>, id: &Text) {
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.value.chars().all(kebab) || !id.value.starts_with(|c: char| c.is_ascii_lowercase()) {
        let message = "an id is lower-case words joined by `-`";
        reader.error(id.span, message);
    }
}

const SEVERITIES: [(&str, Severity); 3] = [
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("note", Severity::Note),
];

fn read_severity(root: &Yaml, entries: &[Entry], reader: &mut Reader<'_>) -> Vec<SeverityCase> {
    let Some(node) = find(entries, "severity") else {
        reader.missing(root.span, &["severity"], top(root), "`severity` is missing");
        return Vec::new();
    };
    severities(node, reader)
}

/// A severity, or a list of cases.
fn severities(node: &Yaml, reader: &mut Reader<'_>) -> Vec<SeverityCase> {
    if !matches!(node.kind, YamlKind::List(_)) {
        let is = reader.word(node, "severity", &SEVERITIES);
        return is
            .map(|is| SeverityCase { when: None, is })
            .into_iter()
            .collect();
    }
    let mut cases = Vec::new();
    for item in reader.list(node, "`severity`") {
        let entries = reader.map(item, "a severity", &["when", "is"]);
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        match find(entries, "is") {
            Some(node) => {
                if let Some(is) = reader.word(node, "severity", &SEVERITIES) {
                    cases.push(SeverityCase { when, is });
                }
            }
            None => reader.missing(item.span, &["is"], item.span, "`is` is missing"),
        }
    }
    match cases.last() {
        Some(last) if last.when.is_some() => {
            reader.error(node.span, "the last severity must have no `when`");
        }
        _ => {}
    }
    cases
}

/// `default: off` leaves a rule to those who ask for it. As JSON the word is a boolean.
fn read_default(entries: &[Entry], reader: &mut Reader<'_>) -> bool {
    match find(entries, "default") {
        None => true,
        Some(node) => match node.kind {
            YamlKind::Bool(on) => on,
            _ => reader
                .word(node, "`default`", &[("on", true), ("off", false)])
                .unwrap_or(true),
        },
    }
}

fn read_clauses(root: &Yaml, entries: &[Entry], reader: &mut Reader<'_>) -> Vec<ClauseSpec> {
    let Some(any_of) = entries.iter().find(|entry| &*entry.key == "any-of") else {
        return ClauseSpec::read(root, entries, true, reader)
            .into_iter()
            .collect();
    };
    for entry in entries {
        if !["severity", "message", "suggest"].contains(&&*entry.key)
            && CLAUSE_KEYS.contains(&&*entry.key)
        {
            let message = format!("`{}` belongs into a clause of `any-of`", entry.key);
            reader.error(entry.key_span, message);
        }
    }
    let items = reader.list(&any_of.value, "`any-of`");
    if items.is_empty() {
        reader.error(any_of.key_span, "`any-of` names no clause");
    }
    items
        .iter()
        .filter_map(|item| {
            let entries = reader.map(item, "a clause", &CLAUSE_KEYS);
            ClauseSpec::read(item, entries, false, reader)
        })
        .collect()
}

/// The languages a rule claims; one without an example in which something is found is told.
fn read_languages(
    entries: &[Entry],
    examples: &Examples,
    reader: &mut Reader<'_>,
) -> Vec<Language> {
    // Exports are examples of several files.
    const WORDS: [(&str, Language); 3] = [
        ("arm", Language::Arm),
        ("terraform", Language::Terraform),
        ("export", Language::Files),
    ];
    let mut languages = Vec::new();
    for node in find(entries, "languages").map(one_or_many).unwrap_or(&[]) {
        let Some(language) = reader.word(node, "language", &WORDS) else {
            continue;
        };
        let mut invalid = examples.invalid.iter();
        if reader.checks() && !invalid.any(|example| example.language == language) {
            let word = node.text().unwrap_or_default();
            let message = format!("no invalid example is written in `{word}`");
            reader.error(node.span, message);
        }
        languages.push(language);
    }
    languages
}

fn one_or_many(node: &Yaml) -> &[Yaml] {
    match &node.kind {
        YamlKind::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

fn texts(entries: &[Entry], key: &str, reader: &mut Reader<'_>) -> Vec<Text> {
    find(entries, key)
        .map(one_or_many)
        .unwrap_or(&[])
        .iter()
        .filter_map(|node| reader.text(node, &format!("`{key}`")))
        .collect()
}

fn sayings(entries: &[Entry], key: &str, reader: &mut Reader<'_>) -> Vec<Saying> {
    let mut sayings = Vec::new();
    for node in find(entries, key).map(one_or_many).unwrap_or(&[]) {
        if node.entries().is_none() {
            let say = reader.text(node, &format!("`{key}`"));
            sayings.extend(say.map(|say| Saying { when: None, say }));
            continue;
        }
        let entries = reader.map(node, &format!("`{key}`"), &["when", "say"]);
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        match find(entries, "say").and_then(|node| reader.text(node, "`say`")) {
            Some(say) => sayings.push(Saying { when, say }),
            None => reader.missing(node.span, &["say"], node.span, "`say` is missing"),
        }
    }
    sayings
}

fn read_related(entries: &[Entry], reader: &mut Reader<'_>) -> Vec<RelatedSpec> {
    let mut all = Vec::new();
    for node in find(entries, "related").map(one_or_many).unwrap_or(&[]) {
        let entries = reader.map(node, "a related place", &["at", "text", "when"]);
        let at = find(entries, "at").and_then(|node| ExprSource::read(node, reader));
        let text = find(entries, "text").and_then(|node| reader.text(node, "`text`"));
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        match (at, text) {
            (Some(at), Some(text)) => all.push(RelatedSpec { at, text, when }),
            _ => {
                let message = "a related place is `{at: E, text: M}`";
                reader.missing(node.span, &["at", "text"], node.span, message);
            }
        }
    }
    all
}

pub(super) fn read_parameters(entries: &[Entry], reader: &mut Reader<'_>) -> Vec<ParameterSpec> {
    let Some(node) = find(entries, "parameters") else {
        return Vec::new();
    };
    let Some(parameters) = node.entries() else {
        reader.error(
            node.span,
            "`parameters` must be a map of names and defaults",
        );
        return Vec::new();
    };
    parameters
        .iter()
        .map(|entry| ParameterSpec {
            name: Text {
                value: Arc::clone(&entry.key),
                span: entry.key_span,
            },
            default: entry.value.clone(),
        })
        .collect()
}

fn read_references(root: &Yaml, entries: &[Entry], reader: &mut Reader<'_>) -> Vec<ReferenceSpec> {
    let Some(node) = find(entries, "references") else {
        let message = "`references` is missing";
        reader.missing(root.span, &["references"], top(root), message);
        return Vec::new();
    };
    let mut all = Vec::new();
    for item in reader.list(node, "`references`") {
        let entries = reader.map(item, "a reference", &["title", "url", "date"]);
        let title = find(entries, "title").and_then(|node| reader.text(node, "`title`"));
        let url = find(entries, "url").and_then(|node| reader.text(node, "`url`"));
        let date = find(entries, "date").and_then(|node| reader.text(node, "`date`"));
        match (title, url) {
            (Some(title), Some(url)) => all.push(ReferenceSpec { title, url, date }),
            _ => reader.error(item.span, "a reference has a `title` and a `url`"),
        }
    }
    all
}
