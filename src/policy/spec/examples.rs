//! The examples of a rule: configurations in which it must, or must not, find something.

use std::sync::Arc;

use super::reader::{Reader, Text, find};
use crate::diagnostic::Severity;
use crate::policy::finding::FindingVerdict;
use crate::source::Span;
use crate::syntax::yaml::{Yaml, YamlKind};

/// All examples of a rule.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// The rule finds nothing in them.
    pub valid: Vec<Example>,
    /// The rule finds what they expect in them, and nothing else.
    pub invalid: Vec<Example>,
}

/// One configuration.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its place.
    pub span: Span,
    /// What it shows.
    pub name: Text,
    /// Path and text of its files.
    pub files: Vec<(Arc<str>, Arc<str>)>,
    /// Which languages it is written in.
    pub language: Language,
    /// What must be found.
    pub expect: Vec<Expectation>,
}

/// The language of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A template.
    Arm,
    /// A module.
    Terraform,
    /// Several files.
    Files,
}

/// One finding that an example must lead to.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Its place in the rule file.
    pub span: Span,
    /// What the text under the primary label begins with.
    pub at: Option<Text>,
    /// How certain.
    pub verdict: FindingVerdict,
    /// How bad, if that is tested.
    pub severity: Option<Severity>,
    /// The security rule, if that is tested.
    pub security_rule: Option<Text>,
    /// What the message must say.
    pub message_contains: Vec<Text>,
}

impl Examples {
    pub(super) fn read(node: Option<&Yaml>, reader: &mut Reader<'_>) -> Self {
        let Some(node) = node else {
            return Self::default();
        };
        let entries = reader.map(node, "`examples`", &["valid", "invalid"]);
        if let Some(node) = find(entries, "undetermined") {
            let message = "an undetermined example stands under `invalid` and expects `verdict: undetermined`";
            reader.error(node.span, message);
        }
        let side = |key: &str, reader: &mut Reader<'_>| -> Vec<Example> {
            let Some(node) = find(entries, key) else {
                return Vec::new();
            };
            reader
                .list(node, &format!("`{key}`"))
                .iter()
                .filter_map(|item| Example::read(item, reader))
                .collect()
        };
        let examples = Self {
            valid: side("valid", reader),
            invalid: side("invalid", reader),
        };
        for example in &examples.valid {
            if !example.expect.is_empty() {
                reader.error(example.span, "a valid example expects nothing");
            }
        }
        for example in &examples.invalid {
            if example.expect.is_empty() {
                reader.error(example.span, "an invalid example must `expect` something");
            }
        }
        examples
    }
}

impl Example {
    fn read(node: &Yaml, reader: &mut Reader<'_>) -> Option<Self> {
        let keys = ["name", "arm", "terraform", "files", "config", "expect"];
        let entries = reader.map(node, "an example", &keys);
        let name = match find(entries, "name") {
            Some(node) => reader.text(node, "`name`"),
            None => {
                reader.error(node.span, "`name` is missing");
                None
            }
        };
        let mut files = Vec::new();
        let mut languages = Vec::new();
        for (key, path, language) in [
            ("arm", "azuredeploy.json", Language::Arm),
            ("terraform", "main.tf", Language::Terraform),
        ] {
            if let Some(node) = find(entries, key)
                && let Some(text) = reader.text(node, &format!("`{key}`"))
            {
                files.push((path.into(), text.value));
                languages.push(language);
            }
        }
        if let Some(node) = find(entries, "files") {
            languages.push(Language::Files);
            for entry in node.entries().unwrap_or(&[]) {
                if let Some(text) = reader.text(&entry.value, "a file") {
                    files.push((Arc::clone(&entry.key), text.value));
                }
            }
        }
        let language = match languages.as_slice() {
            [one] => *one,
            _ => {
                let message = "an example has one of `arm`, `terraform`, `files`";
                reader.error(node.span, message);
                return None;
            }
        };
        if let Some(node) = find(entries, "config")
            && let Some(text) = reader.text(node, "`config`")
        {
            files.push(("aznet.yaml".into(), text.value));
        }
        let expect = match find(entries, "expect") {
            Some(node) => match &node.kind {
                YamlKind::List(items) => items.iter().collect(),
                _ => vec![node],
            },
            None => Vec::new(),
        };
        Some(Self {
            span: node.span,
            name: name?,
            files,
            language,
            expect: expect
                .into_iter()
                .map(|node| Expectation::read(node, reader))
                .collect(),
        })
    }
}

impl Expectation {
    fn read(node: &Yaml, reader: &mut Reader<'_>) -> Self {
        let keys = [
            "at",
            "verdict",
            "severity",
            "security-rule",
            "message-contains",
        ];
        let entries = reader.map(node, "an expectation", &keys);
        let text = |key: &str, reader: &mut Reader<'_>| {
            find(entries, key).and_then(|node| reader.text(node, &format!("`{key}`")))
        };
        let at = text("at", reader);
        let security_rule = text("security-rule", reader);
        let verdicts = [
            ("violated", FindingVerdict::Violated),
            ("undetermined", FindingVerdict::Undetermined),
        ];
        let severities = [
            ("error", Severity::Error),
            ("warning", Severity::Warning),
            ("note", Severity::Note),
        ];
        let contains = find(entries, "message-contains");
        Self {
            span: node.span,
            at,
            verdict: find(entries, "verdict")
                .and_then(|node| reader.word(node, "verdict", &verdicts))
                .unwrap_or(FindingVerdict::Violated),
            severity: find(entries, "severity")
                .and_then(|node| reader.word(node, "severity", &severities)),
            security_rule,
            message_contains: contains
                .map(super::one_or_many)
                .unwrap_or(&[])
                .iter()
                .filter_map(|node| reader.text(node, "`message-contains`"))
                .collect(),
        }
    }
}
