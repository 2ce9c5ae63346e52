//! Literals of a configuration that can be taken out, so that an input stands in their place.

use std::net::IpAddr;
use std::ops::Range;

use serde_json::{Value, json};

/// Paths and texts.
pub(crate) type Files = Vec<(String, String)>;

/// A literal in whose place stands an input.
pub(crate) struct Hole {
    /// What it is the value of.
    pub(crate) name: String,
    /// The literal, as written.
    pub(crate) value: String,
    /// Other values of its type.
    pub(crate) others: Vec<String>,
    /// The files, with the input that nobody gives.
    pub(crate) open: Files,
    /// The template whose parameter file gives the input; absent in Terraform.
    template: Option<String>,
}

impl Hole {
    /// The files with the input given.
    pub(crate) fn filled(&self, value: &str) -> Files {
        let mut files = self.open.clone();
        match &self.template {
            Some(template) => {
                let path = template.replace(".json", ".parameters.json");
                let text = format!(
                    "{{\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#\", \
                     \"contentVersion\": \"1.0.0.0\", \"parameters\": {{\"hole\": {{\"value\": {value}}}}}}}"
                );
                files.push((path, text));
            }
            None => files.push(("hole.auto.tfvars".to_owned(), format!("hole = {value}\n"))),
        }
        files
    }
}

/// Longer files are left alone.
const MAX_LENGTH: usize = 8_000;

/// Every literal that an input can stand for.
pub(crate) fn holes(files: &Files) -> Vec<Hole> {
    let values = |path: &str| path.contains("parameters") || path.ends_with("tfvars");
    if files.iter().any(|(path, _)| values(path)) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (index, (path, text)) in files.iter().enumerate() {
        // What is about numbers of things is long.
        if text.len() > MAX_LENGTH {
            continue;
        }
        if path.ends_with(".tf") && !path.contains('/') {
            of_terraform(files, index, text, &mut all);
        } else if path.ends_with(".json") && text.contains("/deploymentTemplate.json#") {
            of_template(files, index, text, &mut all);
        }
    }
    all
}

/// Some values other than one that Azure takes where it stands; `near` are those of the same name.
fn others(value: &str, near: &[String]) -> Vec<String> {
    const ALIKE: &[&[&str]] = &[
        &["\"Allow\"", "\"Deny\""],
        &["\"Inbound\"", "\"Outbound\""],
        &["\"Tcp\"", "\"Udp\""],
        &["true", "false"],
    ];
    let text = value.trim_matches('"');
    let alike = ALIKE.iter().find(|all| all.contains(&value));
    let general: &[&str] = match (alike, text.split_once('/')) {
        (Some(all), _) => all,
        (None, Some((address, _))) if address.parse::<IpAddr>().is_ok() => {
            &["\"10.0.0.0/16\"", "\"10.200.7.0/24\"", "\"203.0.113.0/24\""]
        }
        _ if text.parse::<IpAddr>().is_ok() => &["\"10.200.7.4\"", "\"203.0.113.9\""],
        _ if value.starts_with('"') && text.parse::<u16>().is_ok() => {
            &["\"*\"", "\"22\"", "\"20-30\"", "\"4000\""]
        }
        _ if value.parse::<u32>().is_ok() => &["110", "4000"],
        _ => &[],
    };
    let general = general.iter().map(|it| (*it).to_owned());
    let mut all: Vec<String> = Vec::new();
    for other in general.chain(near.iter().cloned()) {
        if other != value && !all.contains(&other) {
            all.push(other);
        }
    }
    all.truncate(3);
    all
}

fn kind(value: &str) -> [&'static str; 2] {
    match value.as_bytes().first() {
        Some(b'"') => ["string", "string"],
        Some(b't' | b'f') => ["bool", "bool"],
        _ => ["int", "number"],
    }
}

fn of_template(files: &Files, index: usize, text: &str, all: &mut Vec<Hole>) {
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let mut places = Vec::new();
    scalars(&document["resources"], "/resources", &mut places);
    for place in &places {
        let mut open = document.clone();
        let (Some(literal), Some(slot)) = (document.pointer(place), open.pointer_mut(place)) else {
            continue;
        };
        *slot = json!("[parameters('hole')]");
        let value = literal.to_string();
        open["parameters"]["hole"] = json!({"type": kind(&value)[0]});
        let key = |place: &str| {
            let names = place.rsplit('/').find(|name| name.parse::<u32>().is_err());
            names.unwrap_or("").to_owned()
        };
        let near = places.iter().filter(|other| key(other) == key(place));
        let near = near
            .filter_map(|other| document.pointer(other))
            .map(Value::to_string);
        let near: Vec<String> = near.filter(|it| kind(it) == kind(&value)).collect();
        let mut open_files = files.clone();
        let (path, own) = &mut open_files[index];
        let template = path.clone();
        *own = open.to_string();
        all.push(Hole {
            name: place.clone(),
            others: others(&value, &near),
            value,
            open: open_files,
            template: Some(template),
        });
    }
}

/// The places of literals that may be expressions and are seen by the template's parameters.
fn scalars(value: &Value, at: &str, into: &mut Vec<String>) {
    const FIXED: &[&str] = &[
        "type",
        "apiVersion",
        "template",
        "mode",
        "scope",
        "copy",
        "dependsOn",
    ];
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                // What something is called is what others mean by it: who does not tell has said that
                // it is another.
                if name == "name" {
                    continue;
                }
                if !FIXED.contains(&name.as_str()) && !name.contains(['/', '~']) {
                    scalars(value, &format!("{at}/{name}"), into);
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                scalars(value, &format!("{at}/{index}"), into);
            }
        }
        Value::String(text) if text.starts_with('[') => {}
        Value::Null => {}
        _ => into.push(at.to_owned()),
    }
}

fn of_terraform(files: &Files, index: usize, text: &str, all: &mut Vec<Hole>) {
    let places = literals(text);
    for (name, range) in &places {
        let value = text[range.clone()].to_owned();
        let near = places.iter().filter(|(other, _)| other == name);
        let near = near.map(|(_, other)| text[other.clone()].to_owned());
        let near: Vec<String> = near.filter(|it| kind(it) == kind(&value)).collect();
        let open = format!(
            "{}var.hole{}\nvariable \"hole\" {{\n  type = {}\n}}\n",
            &text[..range.start],
            &text[range.end..],
            kind(&value)[1]
        );
        let mut open_files = files.clone();
        open_files[index].1 = open;
        let line = text[..range.start].matches('\n').count() + 1;
        all.push(Hole {
            name: format!("line {line}, {name}"),
            others: others(&value, &near),
            value,
            open: open_files,
            template: None,
        });
    }
}

/// The literals of a configuration that stand where any expression may, each with the name that it
/// is the value of.
fn literals(text: &str) -> Vec<(String, Range<usize>)> {
    const FIXED: &[&str] = &[
        "terraform",
        "variable",
        "provider",
        "import",
        "moved",
        "removed",
    ];
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    let (mut fixed, mut module) = (false, false);
    let mut heredoc: Option<String> = None;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.starts_with("//") {
            continue;
        }
        if depth == 0 {
            let word = trimmed.split([' ', '{']).next().unwrap_or("");
            fixed = FIXED.contains(&word);
            module = word == "module";
        }
        if let Some((_, end)) = trimmed.split_once("<<") {
            heredoc = Some(end.trim_start_matches('-').trim().to_owned());
        }
        let mut key = String::new();
        let bytes = line.as_bytes();
        let mut position = 0;
        while position < bytes.len() {
            let before = line[..position].trim_end();
            let begins = before.ends_with(['=', '[', ',', '(']);
            if before.ends_with('=') {
                let name = before.trim_end_matches('=').trim_end();
                let from = name.rfind(|c: char| !c.is_alphanumeric() && c != '_');
                key = name[from.map_or(0, |from| from + 1)..].to_owned();
            }
            let rest = &line[position..];
            let length = match bytes[position] {
                b'"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
                b'#' => break,
                byte if byte.is_ascii_alphanumeric() => {
                    let end = rest.find(|c: char| !c.is_alphanumeric() && !"_.-".contains(c));
                    end.unwrap_or(rest.len())
                }
                b'{' => {
                    depth += 1;
                    1
                }
                b'}' => {
                    depth = depth.saturating_sub(1);
                    1
                }
                _ => 1,
            };
            let mut end = position + length;
            while !line.is_char_boundary(end) {
                end += 1;
            }
            let token = &line[position..end];
            let literal =
                token.len() > 1 && token.starts_with('"') && !token.contains(['$', '%', '\\'])
                    || token.bytes().all(|byte| byte.is_ascii_digit())
                    || token == "true"
                    || token == "false";
            let is_key = line[end..].trim_start().starts_with(['=', ':']);
            let called = module && (key == "source" || key == "version");
            // What something is called is what others mean by it.
            let called = called || key == "name";
            if begins && literal && !is_key && !fixed && !called && depth > 0 {
                found.push((key.clone(), at + position..at + end));
            }
            position = end;
        }
    }
    found
}
