//! One rule in full: for the terminal, as a page, as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::Style;
use super::human::text::{Paint, wrap};
use super::rules::{Rule, cell};
use crate::engine::{ExampleMetadata, RuleMetadata};

/// Text is not set wider than this: longer lines are hard to read.
const WIDEST: usize = 100;

/// Examples of up to so many bytes are short.
const SHORT: usize = 2_000;

/// For the terminal.
#[must_use]
pub fn human(rule: &RuleMetadata, examples: &[ExampleMetadata], style: Style) -> String {
    let mut page = Page {
        paint: Paint { on: style.colour },
        width: style.width.min(WIDEST),
        text: String::new(),
    };
    let head = page.paint.strong(&rule.id, None);
    let _ = writeln!(page.text, "{head}  {}, since {}", rule.category, rule.since);
    page.paragraphs(&rule.title, "");
    if !rule.on {
        let text = format!("Off until somebody asks for it: `--enable {}`.", rule.id);
        page.paragraphs(&text, "");
    }
    page.head("Severity");
    for (when, is) in &rule.severities {
        let name = page.paint.strong(is.as_str(), Some(*is));
        let pad = " ".repeat(7usize.saturating_sub(is.as_str().len()));
        let _ = match when {
            Some(when) => {
                let lines = wrap(&format!("when {when}"), page.width.saturating_sub(11));
                writeln!(page.text, "  {name}{pad}  {}", lines.join("\n           "))
            }
            None if rule.severities.len() > 1 => writeln!(page.text, "  {name}{pad}  otherwise"),
            None => writeln!(page.text, "  {name}"),
        };
    }
    page.head("Why");
    page.paragraphs(&rule.why, "");
    page.head("How to mend it");
    page.paragraphs(&rule.fix, "");
    if !rule.parameters.is_empty() {
        page.head("Parameters (aznet.yaml)");
        let _ = writeln!(page.text, "  rules:\n    {}:\n      parameters:", rule.id);
        for parameter in &rule.parameters {
            let line = format!("        {}: {}", parameter.name, parameter.default);
            let note = page.paint.dim(&format!("# {}", parameter.kind));
            let _ = writeln!(page.text, "{line}  {note}");
        }
    }
    for example in shown(examples) {
        let title = match example.valid {
            true => "Not found in",
            false => "Found in",
        };
        page.head(&format!("{title} ({}): {}", example.language, example.name));
        for (path, text) in &example.files {
            if example.files.len() > 1 {
                let _ = writeln!(page.text, "  {}", page.paint.dim(&format!("# {path}")));
            }
            for line in text.trim_end().lines() {
                let _ = writeln!(page.text, "{}", format!("  {line}").trim_end());
            }
        }
    }
    page.head("Sources");
    for source in &rule.references {
        let date = source.date.as_ref();
        let date = date.map_or_else(String::new, |date| format!(" ({date})"));
        let _ = writeln!(page.text, "  {}{date}\n    {}", source.title, source.url);
    }
    for (title, texts) in [
        ("Compliance", &rule.compliance),
        ("Formerly", &rule.formerly),
        ("Silent beside", &rule.yields_to),
    ] {
        if !texts.is_empty() {
            page.head(title);
            let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
            let _ = writeln!(page.text, "  {}", texts.join(", "));
        }
    }
    page.text
}

/// As a page of the documentation.
#[must_use]
pub fn markdown(rule: &RuleMetadata, examples: &[ExampleMetadata]) -> String {
    let mut text = format!("# {}\n\n{}\n\n", rule.id, rule.title.trim());
    let _ = write!(
        text,
        "Category: {} · since {}\n\n",
        rule.category, rule.since
    );
    if !rule.on {
        let _ = write!(
            text,
            "Off until somebody asks for it: `--enable {id}`, or `enable: [{id}]` in `aznet.yaml`.\n\n",
            id = rule.id
        );
    }
    text.push_str("## Severity\n\n");
    for (when, is) in &rule.severities {
        let _ = match when {
            Some(when) => writeln!(text, "- **{}** when `{when}`", is.as_str()),
            None if rule.severities.len() > 1 => writeln!(text, "- **{}** otherwise", is.as_str()),
            None => writeln!(text, "- **{}**", is.as_str()),
        };
    }
    let _ = write!(
        text,
        "\n## Why\n\n{}\n\n## How to mend it\n\n{}\n",
        rule.why.trim(),
        rule.fix.trim()
    );
    if !rule.parameters.is_empty() {
        text.push_str("\n## Parameters\n\n| name | default | |\n|---|---|---|\n");
        for parameter in &rule.parameters {
            let _ = writeln!(
                text,
                "| `{}` | `{}` | {} |",
                parameter.name,
                cell(&parameter.default),
                parameter.kind
            );
        }
    }
    let mut side = None;
    for example in shown(examples) {
        if side != Some(example.valid) {
            side = Some(example.valid);
            let title = match example.valid {
                true => "Not found in",
                false => "Found in",
            };
            let _ = write!(text, "\n## {title}\n");
        }
        let name = cell(&example.name);
        let _ = write!(text, "\n{}: {name}\n", example.language);
        for (path, content) in &example.files {
            if example.files.len() > 1 {
                let _ = write!(text, "\n`{path}`\n");
            }
            let _ = write!(text, "\n```{}\n{}\n```\n", fence(path), content.trim_end());
        }
    }
    let rest = examples.len() - shown(examples).len();
    if rest > 0 {
        let _ = write!(
            text,
            "\n{rest} more examples are in `rules/{}/{}.yaml`.\n",
            rule.category, rule.id
        );
    }
    text.push_str("\n## Sources\n\n");
    for source in &rule.references {
        let date = source.date.as_ref();
        let date = date.map_or_else(String::new, |date| format!(", {date}"));
        let _ = writeln!(text, "- [{}]({}){date}", source.title, source.url);
    }
    for (title, texts) in [
        ("Compliance", &rule.compliance),
        ("Formerly", &rule.formerly),
        ("Silent beside", &rule.yields_to),
    ] {
        if !texts.is_empty() {
            let _ = write!(text, "\n## {title}\n\n");
            for one in texts {
                let _ = writeln!(text, "- {one}");
            }
        }
    }
    text
}

/// As one JSON object, with all examples.
#[must_use]
pub fn json(rule: &RuleMetadata, examples: &[ExampleMetadata]) -> String {
    let explained = Explained {
        version: 1,
        rule: Rule::of(rule),
        examples: examples.iter().map(Example::of).collect(),
    };
    let mut text = serde_json::to_string_pretty(&explained).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Explained<'a> {
    version: u32,
    #[serde(flatten)]
    rule: Rule<'a>,
    examples: Vec<Example<'a>>,
}

#[derive(Serialize)]
struct Example<'a> {
    name: &'a str,
    valid: bool,
    language: &'static str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    text: &'a str,
}

impl<'a> Example<'a> {
    fn of(example: &'a ExampleMetadata) -> Self {
        Self {
            name: &example.name,
            valid: example.valid,
            language: example.language,
            files: example
                .files
                .iter()
                .map(|(path, text)| File { path, text })
                .collect(),
        }
    }
}

struct Page {
    paint: Paint,
    width: usize,
    text: String,
}

impl Page {
    fn head(&mut self, title: &str) {
        let title = self.paint.strong(title, None);
        let _ = write!(self.text, "\n{title}\n");
    }

    /// Paragraphs set anew; what is set in (code, lists) stays as it is.
    fn paragraphs(&mut self, markdown: &str, indent: &str) {
        let mut first = true;
        for paragraph in markdown.trim().split("\n\n") {
            if !first {
                self.text.push('\n');
            }
            first = false;
            const MARKS: [&str; 6] = ["    ", "- ", "* ", "|", "```", "1. "];
            let mut lines = paragraph.lines();
            let keeps = lines.any(|line| MARKS.iter().any(|mark| line.starts_with(mark)));
            if keeps {
                for line in paragraph.lines() {
                    let _ = writeln!(self.text, "{indent}{line}");
                }
            } else {
                for line in wrap(paragraph, self.width) {
                    let _ = writeln!(self.text, "{indent}{line}");
                }
            }
        }
    }
}

/// An example of each language, found and not found: the first that is not long.
fn shown(examples: &[ExampleMetadata]) -> Vec<&ExampleMetadata> {
    let length = |example: &ExampleMetadata| -> usize {
        example.files.iter().map(|(_, text)| text.len()).sum()
    };
    let mut shown: Vec<&ExampleMetadata> = Vec::new();
    for valid in [false, true] {
        let before = shown.len();
        for language in ["ARM", "Terraform", "several files"] {
            if language == "several files" && shown.len() > before {
                continue;
            }
            let own = || {
                let certain = examples.iter().filter(|it| it.certain);
                certain.filter(move |it| it.valid == valid && it.language == language)
            };
            let short = own().find(|example| length(example) <= SHORT);
            shown.extend(short.or_else(|| own().min_by_key(|example| length(example))));
        }
    }
    shown
}

fn fence(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("json") => "json",
        Some("tf" | "tfvars") => "hcl",
        Some("yaml" | "yml") => "yaml",
        _ => "",
    }
}
