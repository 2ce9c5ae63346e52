//! Blocks as text, in both syntaxes.

use serde_json::{Map, Value as Json, json};

/// What stands in a block.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// A name and an expression.
    Attribute(String, String),
    /// A name and a value that is no expression.
    Value(String, Json),
    /// A type or a keyword, which JSON holds as text.
    Word(String, String),
    Block(String, Vec<String>, Vec<Self>),
}

/// A block of a file.
#[derive(Clone, Debug)]
pub(super) struct Top {
    kind: String,
    labels: Vec<String>,
    pub body: Vec<Line>,
}

impl Top {
    pub fn new(kind: &str, labels: &[&str], body: Vec<Line>) -> Self {
        Self {
            kind: kind.to_owned(),
            labels: labels.iter().map(|it| (*it).to_owned()).collect(),
            body,
        }
    }
}

impl Line {
    pub fn attribute(name: &str, value: impl Into<String>) -> Self {
        Self::Attribute(name.to_owned(), value.into())
    }
}

/// A file in the native syntax.
pub(super) fn native(blocks: &[&Top]) -> String {
    let mut text = String::new();
    for top in blocks {
        block(&top.kind, &top.labels, &top.body, "", &mut text);
        text.push('\n');
    }
    text
}

fn block(kind: &str, labels: &[String], body: &[Line], indent: &str, text: &mut String) {
    text.push_str(&format!("{indent}{kind}"));
    for label in labels {
        text.push_str(&format!(" \"{label}\""));
    }
    text.push_str(" {\n");
    let inner = format!("{indent}  ");
    for line in body {
        match line {
            Line::Attribute(name, value) | Line::Word(name, value) => {
                text.push_str(&format!("{inner}{name} = {value}\n"));
            }
            Line::Value(name, value) => {
                text.push_str(&format!("{inner}{name} = {}\n", literal(value)));
            }
            Line::Block(kind, labels, body) => block(kind, labels, body, &inner, text),
        }
    }
    text.push_str(&format!("{indent}}}\n"));
}

/// A value in the native syntax.
pub(super) fn literal(value: &Json) -> String {
    match value {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{key} = {}", literal(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A file in JSON.
pub(super) fn json(blocks: &[&Top]) -> String {
    let mut whole = Map::new();
    for top in blocks {
        // `locals` has no label and may occur again.
        if top.labels.is_empty() {
            let all = whole.entry(top.kind.clone()).or_insert_with(|| json!([]));
            all.as_array_mut().unwrap().push(body(&top.body));
            continue;
        }
        let mut at = whole.entry(top.kind.clone()).or_insert_with(|| json!({}));
        for label in &top.labels {
            let within = at.as_object_mut().unwrap();
            at = within.entry(label.clone()).or_insert_with(|| json!({}));
        }
        *at = body(&top.body);
    }
    serde_json::to_string_pretty(&whole).unwrap()
}

fn body(lines: &[Line]) -> Json {
    let mut whole = Map::new();
    for line in lines {
        match line {
            Line::Attribute(name, value) => {
                whole.insert(name.clone(), expression(value));
            }
            Line::Word(name, value) => {
                whole.insert(name.clone(), json!(value));
            }
            Line::Value(name, value) => {
                whole.insert(name.clone(), value.clone());
            }
            Line::Block(kind, labels, lines) => {
                let mut at = &mut whole;
                let mut last = kind;
                for label in labels {
                    let within = at.entry(last.clone()).or_insert_with(|| json!({}));
                    at = within.as_object_mut().unwrap();
                    last = label;
                }
                let all = at.entry(last.clone()).or_insert_with(|| json!([]));
                all.as_array_mut().unwrap().push(body(lines));
            }
        }
    }
    whole.into()
}

/// An expression in JSON: plain texts and numbers as they are, all else as a template.
fn expression(value: &str) -> Json {
    let is_plain = |text: &str| !text.contains(['"', '$', '%', '\\']);
    if let Some(text) = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'))
        && is_plain(text)
    {
        return json!(text);
    }
    match serde_json::from_str(value) {
        Ok(plain @ (Json::Number(_) | Json::Bool(_))) => plain,
        _ => json!(format!("${{{value}}}")),
    }
}

/// A file of values for variables.
pub(super) fn values(name: &str, values: &[(String, Json)]) -> String {
    if name.ends_with(".json") {
        let values = values.iter().cloned().collect::<Map<_, _>>();
        return serde_json::to_string_pretty(&values).unwrap();
    }
    let lines = values
        .iter()
        .map(|(name, value)| format!("{name} = {}\n", literal(value)));
    lines.collect()
}
