//! What a rule is about, for lists, pages and outputs that explain findings.
//!
//! What is absent: how a rule judges, and how any of this is laid out.

use std::sync::Arc;

use super::finding::FindingVerdict;
use super::pack::{RULE_FILES, Rule};
use super::spec::{Example, Language, Reader, RuleSpec};
use crate::diagnostic::Severity;
use crate::source::{FileId, SourceFile};
use crate::syntax::yaml::{self, Yaml, YamlKind};

/// What a rule is about.
#[derive(Clone, Debug)]
pub struct RuleMetadata {
    /// Its id.
    pub id: Arc<str>,
    /// One line.
    pub title: Arc<str>,
    /// `exposure`, `delivery`, …
    pub category: Arc<str>,
    /// The version that brought it.
    pub since: Arc<str>,
    /// The pack it came with; that of the program is called `aznet`.
    pub pack: Arc<str>,
    /// Whether it is judged when nobody asks for it.
    pub on: bool,
    /// The worst severity it can have.
    pub severity: Severity,
    /// How bad, by case: the condition as written, and the severity; the first that is true counts.
    pub severities: Vec<(Option<Arc<str>>, Severity)>,
    /// What a configuration may set.
    pub parameters: Vec<ParameterMetadata>,
    /// Why it matters, Markdown.
    pub why: Arc<str>,
    /// How to mend it, Markdown.
    pub fix: Arc<str>,
    /// Its sources.
    pub references: Vec<Reference>,
    /// Controls of standards that it serves.
    pub compliance: Vec<Arc<str>>,
    /// Earlier ids.
    pub formerly: Vec<Arc<str>>,
    /// Rules that tell the same mistake better: where one of them does, this one is silent.
    pub yields_to: Vec<Arc<str>>,
}

/// A source of a rule.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What it is called.
    pub title: Arc<str>,
    /// Where it is.
    pub url: Arc<str>,
    /// Its date, `YYYY-MM-DD` or a part of it.
    pub date: Option<Arc<str>>,
}

/// A parameter of a rule.
#[derive(Clone, Debug)]
pub struct ParameterMetadata {
    /// Its name.
    pub name: Arc<str>,
    /// What it is, for people: `a number`.
    pub kind: &'static str,
    /// Its value when nobody sets it, as YAML in one line.
    pub default: String,
}

/// One example of a rule.
#[derive(Clone, Debug)]
pub struct ExampleMetadata {
    /// What it shows.
    pub name: Arc<str>,
    /// Whether the rule finds nothing in it.
    pub valid: bool,
    /// Whether nothing is missing in it that the rule asks for.
    pub certain: bool,
    /// What it is written in, for people: `ARM`, `Terraform`, `several files`.
    pub language: &'static str,
    /// Path and text of its files.
    pub files: Vec<(Arc<str>, Arc<str>)>,
}

impl RuleMetadata {
    /// What a rule says of itself.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        let spec = rule.spec();
        let values = |texts: &[super::spec::Text]| {
            texts.iter().map(|text| Arc::clone(&text.value)).collect()
        };
        Self {
            id: Arc::clone(rule.id()),
            title: Arc::clone(&spec.title.value),
            category: Arc::clone(&spec.category.value),
            since: Arc::clone(&spec.since.value),
            pack: Arc::clone(rule.pack()),
            on: spec.default,
            severity: rule.severity(),
            severities: spec
                .severities()
                .map(|case| {
                    (
                        case.when.as_ref().map(|when| in_one_line(&when.text)),
                        case.is,
                    )
                })
                .collect(),
            parameters: rule
                .parameters_written()
                .map(|parameter| ParameterMetadata {
                    name: Arc::clone(&parameter.name.value),
                    kind: parameter.default.describe(),
                    default: flow(&parameter.default),
                })
                .collect(),
            why: Arc::clone(&spec.why.value),
            fix: Arc::clone(&spec.fix.value),
            references: spec
                .references
                .iter()
                .map(|reference| Reference {
                    title: Arc::clone(&reference.title.value),
                    url: Arc::clone(&reference.url.value),
                    date: reference.date.as_ref().map(|date| Arc::clone(&date.value)),
                })
                .collect(),
            compliance: values(&spec.compliance),
            formerly: values(&spec.formerly),
            yields_to: values(&spec.yields_to),
        }
    }
}

/// The examples of a rule, those in which it finds something first. Of a built-in rule they are
/// read anew, since judging does without them.
#[must_use]
pub fn examples(rule: &Rule) -> Vec<ExampleMetadata> {
    let own = rule.examples();
    let stored = own.valid.is_empty() && own.invalid.is_empty();
    let read = stored.then(|| written(rule.id())).flatten();
    let examples = read.as_ref().map_or(own, |spec| &spec.examples);
    let of = |examples: &[Example], valid: bool| {
        let of = |example: &Example| ExampleMetadata {
            name: Arc::clone(&example.name.value),
            valid,
            certain: example
                .expect
                .iter()
                .all(|expected| expected.verdict == FindingVerdict::Violated),
            language: match example.language {
                Language::Arm => "ARM",
                Language::Terraform => "Terraform",
                Language::Files => "several files",
            },
            files: example.files.clone(),
        };
        examples.iter().map(of).collect::<Vec<_>>()
    };
    let mut all = of(&examples.invalid, false);
    all.extend(of(&examples.valid, true));
    all
}

/// A built-in rule as its file has it.
fn written(id: &str) -> Option<RuleSpec> {
    let name = format!("/{id}.yaml");
    let (path, text) = RULE_FILES.iter().find(|(path, _)| path.ends_with(&name))?;
    let file = SourceFile::new(*path, text);
    let tree = yaml::parse(FileId(0), &file).tree?;
    RuleSpec::read(&tree, &mut Reader::new(&file))
}

/// A value as it would stand in one line of YAML.
fn flow(node: &Yaml) -> String {
    match &node.kind {
        YamlKind::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        _ => node.text().map(|text| text.to_string()).unwrap_or_default(),
    }
}

fn in_one_line(text: &str) -> Arc<str> {
    text.split_whitespace().collect::<Vec<_>>().join(" ").into()
}
