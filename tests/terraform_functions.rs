//! What this program makes of expressions is what Terraform makes of them.
//!
//! The cases and Terraform's answers are the lines of `tests/terraform/*.jsonl`;
//! `scripts/record-terraform.py` asks Terraform anew. Where Terraform refuses an expression, so must
//! this program; where it gives a value, JSON and type must be the same.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is amiss, and reads its data"
)]

#[path = "terraform/program.rs"]
mod program;
#[path = "terraform/types.rs"]
mod types;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aznet::eval::hcl_expr::{Failure, Lookup, Outcome, Scope, Session, Step, evaluate};
use aznet::eval::value::{Data, Value};
use aznet::source::{FileId, Span};
use aznet::syntax::hcl::parse_expression;
use serde::Deserialize;

/// One line of the recorded data.
#[derive(Debug, Deserialize)]
struct Case {
    expression: String,
    /// The value as `jsonencode` writes it.
    json: Option<String>,
    /// What `type` says of the value.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Terraform's message.
    refused: Option<String>,
    /// Whether Terraform itself cannot tell before it applies.
    #[serde(default)]
    unknown: bool,
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/terraform")
        .join(name)
}

fn cases(name: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(data(name)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// What is wrong with an answer; `None` if it is Terraform's.
fn wrong(
    case: &Case,
    json: &Result<Value, String>,
    value: &Result<Value, String>,
) -> Option<String> {
    if let Some(message) = &case.refused {
        return match json {
            Err(_) => None,
            Ok(found) => Some(format!("is refused: {message}\n    not {}", shown(found))),
        };
    }
    let found = match json {
        Ok(found) => found,
        Err(message) => return Some(format!("is {:?}\n    not refused: {message}", case.json)),
    };
    if case.unknown {
        return match found.data {
            Data::Unknown(_) => None,
            _ => Some(format!("cannot be known\n    not {}", shown(found))),
        };
    }
    let expected = case.json.as_deref().unwrap_or_default();
    if found.as_str().is_none_or(|found| **found != *expected) {
        return Some(format!("is  {expected}\n    not {}", shown(found)));
    }
    let kind = case.kind.as_deref().unwrap_or_default();
    match value {
        Ok(value) if types::fits(value, kind) => None,
        _ => Some(format!("is of type {kind}, not {value:?}")),
    }
}

fn shown(value: &Value) -> String {
    match &value.data {
        Data::String(text) => text.to_string(),
        Data::Unknown(unknown) => format!("unknown: {}", unknown.label),
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn none_wrong(name: &str, count: usize, wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} of {count} in {name} differ from Terraform:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A module that declares nothing.
struct Nothing;

impl Scope for Nothing {
    fn traverse(
        &self,
        root: &str,
        _path: &[Step],
        at: Span,
        _session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        Err(Failure::invalid(at, format!("there is no `{root}`")))
    }
}

fn outcome(text: &str) -> Result<Value, String> {
    let at = Span::new(FileId(0), 0, u32::try_from(text.len()).unwrap());
    let expression = parse_expression(at, text).map_err(|diagnostic| diagnostic.message.clone())?;
    let outcome: Outcome = evaluate(&expression, &Nothing, &Session::new(None, 1_000_000));
    outcome.map_err(|failure| failure.message)
}

/// The expressions that differ, and why.
fn differences() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(data("differences.txt")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('\t').unwrap())
        .map(|(expression, why)| (expression.to_owned(), why.to_owned()))
        .collect()
}

/// Evaluates each case by itself.
fn check(name: &str) {
    let answers = cases(name).into_iter().map(|case| {
        let found = outcome(&format!("jsonencode({}\n)", case.expression));
        let value = outcome(&case.expression);
        (case, found, value)
    });
    compare(name, &answers.collect::<Vec<_>>());
}

/// A value, or why there is none.
type Answer = Result<Value, String>;

/// Holds against Terraform's answers what was found for the JSON of each case and its value.
fn compare(name: &str, answers: &[(Case, Answer, Answer)]) {
    let differences = differences();
    let mut all = Vec::new();
    for (case, found, value) in answers {
        let text = &case.expression;
        let wrong = wrong(case, found, value);
        match (wrong, differences.get(text)) {
            (Some(wrong), None) => all.push(format!("  {text}\n    {wrong}")),
            (None, Some(why)) => all.push(format!("  {text}\n    does not differ any more: {why}")),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
    none_wrong(name, answers.len(), &all);
}

#[test]
fn functions_give_what_terraform_gives() {
    check("functions.jsonl");
}

#[test]
fn expressions_give_what_terraform_gives() {
    check("expressions.jsonl");
}

#[test]
fn functions_that_look_at_files_give_what_terraform_gives() {
    let cases = cases("files.jsonl");
    let texts = cases
        .iter()
        .map(|case| format!("jsonencode({}\n)", case.expression));
    let found = program::outcomes(&data("root"), texts);
    let texts = cases.iter().map(|case| case.expression.clone());
    let values = program::outcomes(&data("root"), texts);
    let answers = cases.into_iter().zip(found).zip(values);
    let answers = answers.map(|((case, found), value)| (case, found, value));
    compare("files.jsonl", &answers.collect::<Vec<_>>());
}
