//! All rules as a list: for the terminal, as a page, as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::Style;
use super::human::text::Paint;
use crate::engine::RuleMetadata;

/// One line a rule.
#[must_use]
pub fn human(rules: &[RuleMetadata], style: Style) -> String {
    let paint = Paint { on: style.colour };
    let longest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in rules {
        let pad = " ".repeat(longest - rule.id.len());
        let _ = writeln!(
            text,
            "{}{pad}  {:<7}  {:<12}  {}",
            paint.strong(&rule.id, None),
            if rule.on {
                rule.severity.as_str()
            } else {
                "off"
            },
            rule.category,
            rule.title.trim()
        );
    }
    text
}

/// A page with a table for each category; the rules' own pages are in `docs/rules/`, the page
/// itself is one directory below the root.
#[must_use]
pub fn markdown(rules: &[RuleMetadata]) -> String {
    let off = rules.iter().filter(|rule| !rule.on).count();
    let mut text = format!(
        "# Rules\n\n{} rules, by what goes wrong. {off} of them are off until somebody asks for them: \
         `--enable RULE`, or `enable:` in `aznet.yaml`.\n",
        rules.len()
    );
    let mut categories: Vec<&str> = rules.iter().map(|rule| &*rule.category).collect();
    categories.sort_unstable();
    categories.dedup();
    for category in categories {
        let own = || rules.iter().filter(|rule| &*rule.category == category);
        let _ = write!(
            text,
            "\n## {category} ({})\n\n| rule | at most | |\n|---|---|---|\n",
            own().count()
        );
        for rule in own() {
            let _ = writeln!(
                text,
                "| [`{id}`](../docs/rules/{id}.md) | {} | {} |",
                worst(rule),
                cell(&rule.title),
                id = rule.id,
            );
        }
    }
    text
}

/// The worst a rule can be, and whether somebody must ask for it.
fn worst(rule: &RuleMetadata) -> String {
    match rule.on {
        true => rule.severity.as_str().to_owned(),
        false => format!("{}, off", rule.severity.as_str()),
    }
}

/// Everything about the rules, as one JSON object.
#[must_use]
pub fn json(rules: &[RuleMetadata]) -> String {
    let listed = Listed {
        version: 1,
        rules: rules.iter().map(Rule::of).collect(),
    };
    let mut text = serde_json::to_string_pretty(&listed).unwrap_or_default();
    text.push('\n');
    text
}

/// One rule as JSON writes it.
#[derive(Serialize)]
pub(super) struct Rule<'a> {
    id: &'a str,
    title: &'a str,
    category: &'a str,
    since: &'a str,
    pack: &'a str,
    on: bool,
    severity: &'static str,
    severities: Vec<Case<'a>>,
    parameters: Vec<Parameter<'a>>,
    why: &'a str,
    fix: &'a str,
    references: Vec<Reference<'a>>,
    compliance: Vec<&'a str>,
    formerly: Vec<&'a str>,
}

#[derive(Serialize)]
struct Listed<'a> {
    version: u32,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Case<'a> {
    when: Option<&'a str>,
    is: &'static str,
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    kind: &'a str,
    default: &'a str,
}

#[derive(Serialize)]
struct Reference<'a> {
    title: &'a str,
    url: &'a str,
    date: Option<&'a str>,
}

impl<'a> Rule<'a> {
    pub(super) fn of(rule: &'a RuleMetadata) -> Self {
        Self {
            id: &rule.id,
            title: rule.title.trim(),
            category: &rule.category,
            since: &rule.since,
            pack: &rule.pack,
            on: rule.on,
            severity: rule.severity.as_str(),
            severities: rule
                .severities
                .iter()
                .map(|(when, is)| Case {
                    when: when.as_deref(),
                    is: is.as_str(),
                })
                .collect(),
            parameters: rule
                .parameters
                .iter()
                .map(|parameter| Parameter {
                    name: &parameter.name,
                    kind: parameter.kind,
                    default: &parameter.default,
                })
                .collect(),
            why: &rule.why,
            fix: &rule.fix,
            references: rule
                .references
                .iter()
                .map(|reference| Reference {
                    title: &reference.title,
                    url: &reference.url,
                    date: reference.date.as_deref(),
                })
                .collect(),
            compliance: rule.compliance.iter().map(|it| &**it).collect(),
            formerly: rule.formerly.iter().map(|it| &**it).collect(),
        }
    }
}

/// A text in a cell of a Markdown table.
pub(super) fn cell(text: &str) -> String {
    text.trim().replace('\n', " ").replace('|', "\\|")
}
