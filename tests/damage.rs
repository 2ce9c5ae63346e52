//! Valid templates with parts taken out, exchanged, repeated and nested: whatever comes of it, the
//! run ends without a panic, says the same twice, and every place it names is in its file.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

#[path = "damage/terraform.rs"]
mod terraform;

use aznet::engine::{self, Options, Report};
use aznet::report::{Format, Style};
use proptest::prelude::*;
use serde_json::Value;

/// Every construct of the language at least once.
const TEMPLATE: &str = include_str!("damage/main.json");

const PARAMETERS: &str = include_str!("damage/main.parameters.json");

/// One mistake; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Damage {
    Delete(usize),
    Exchange(usize, usize),
    Repeat(usize, usize),
    InList(usize),
    InObject(usize),
    /// A value becomes another's text within a call.
    InCall(usize, usize),
    /// A token of an expression is taken out, or another one put in its place or before it.
    DropToken(usize, usize),
    PutToken(usize, usize, usize),
    Rename(usize, usize),
    Replace(usize, usize),
}

const CALLS: &[&str] = &[
    "string",
    "json",
    "length",
    "union",
    "concat",
    "split",
    "first",
    "reference",
    "parameters",
    "variables",
    "copyIndex",
    "resourceId",
    "if",
    "filter",
    "items",
    "range",
    "n.twice",
];

const STRANGE: &[&str] = &[
    "null",
    "true",
    "-1",
    "1e400",
    "99999999999",
    "\"\"",
    "\"[\"",
    "\"[]\"",
    "\"[[x]\"",
    "\"[']\"",
    "{}",
    "[]",
    "[[[]]]",
    "\"\u{1F600}\u{0301}\"",
    "\"[range(0, 10000)]\"",
    "\"[copyIndex()]\"",
    "\"[reference('hub')]\"",
    "\"[parameters(parameters('name'))]\"",
    "1000000",
    "\"Ä/ö/[x]\"",
];

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let at = || any::<usize>();
    let one = prop_oneof![
        at().prop_map(Damage::Delete),
        (at(), at()).prop_map(|(a, b)| Damage::Exchange(a, b)),
        (at(), at()).prop_map(|(a, b)| Damage::Repeat(a, b)),
        at().prop_map(Damage::InList),
        at().prop_map(Damage::InObject),
        (at(), at()).prop_map(|(a, b)| Damage::InCall(a, b)),
        (at(), at()).prop_map(|(a, b)| Damage::DropToken(a, b)),
        (at(), at(), at()).prop_map(|(a, b, c)| Damage::PutToken(a, b, c)),
        (at(), at()).prop_map(|(a, b)| Damage::Rename(a, b)),
        (at(), at()).prop_map(|(a, b)| Damage::Replace(a, b)),
    ];
    prop::collection::vec(one, 1..6)
}

/// The places of all values below the document, as JSON pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    let mut below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        let place = format!("{at}/{name}");
        into.push(place.clone());
        places(value, &place, into);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
}

fn take(document: &mut Value, place: &str) -> Option<Value> {
    let (parent, name) = place.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent)? {
        Value::Object(members) => members.remove(&name),
        Value::Array(items) => {
            let index = name.parse::<usize>().ok()?;
            (index < items.len()).then(|| items.remove(index))
        }
        _ => None,
    }
}

/// Names, strings, numbers and signs of an expression.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut quoted = false;
    for character in text.chars() {
        let joins = quoted
            || (character.is_alphanumeric()
                && tokens
                    .last()
                    .is_some_and(|last| last.chars().all(char::is_alphanumeric)));
        match tokens.last_mut() {
            Some(last) if joins => last.push(character),
            _ => tokens.push(character.to_string()),
        }
        if character == '\'' {
            quoted = !quoted;
        }
    }
    tokens
}

impl Damage {
    fn apply(&self, document: &mut Value) -> Option<()> {
        let mut all = Vec::new();
        places(document, "", &mut all);
        let place = |number: usize| all.get(number % all.len().max(1)).cloned();
        let expressions: Vec<&String> = all
            .iter()
            .filter(|place| {
                let text = document.pointer(place).and_then(Value::as_str);
                text.is_some_and(|text| text.starts_with('['))
            })
            .collect();
        let expression = |number: usize| expressions.get(number % expressions.len().max(1));
        match *self {
            Self::Delete(at) => {
                take(document, &place(at)?)?;
            }
            Self::Exchange(one, other) => {
                let (one, other) = (place(one)?, place(other)?);
                let (first, second) = (
                    document.pointer(&one)?.clone(),
                    document.pointer(&other)?.clone(),
                );
                *document.pointer_mut(&one)? = second;
                *document.pointer_mut(&other)? = first;
            }
            Self::Repeat(what, at) => {
                let what = document.pointer(&place(what)?)?.clone();
                *document.pointer_mut(&place(at)?)? = what;
            }
            Self::InList(at) => {
                let at = document.pointer_mut(&place(at)?)?;
                *at = Value::Array(vec![at.take()]);
            }
            Self::InObject(at) => {
                let at = document.pointer_mut(&place(at)?)?;
                *at = serde_json::json!({ "value": at.take() });
            }
            Self::InCall(at, call) => {
                let at = document.pointer_mut(&place(at)?)?;
                let inner = match at.as_str() {
                    Some(text) if text.starts_with('[') => text.trim_matches(['[', ']']).to_owned(),
                    Some(text) => format!("'{text}'"),
                    None => at.to_string(),
                };
                *at = format!("[{}({inner})]", CALLS[call % CALLS.len()]).into();
            }
            Self::DropToken(at, token) => {
                let at = (*expression(at)?).clone();
                let at = document.pointer_mut(&at)?;
                let mut tokens = tokens(at.as_str()?);
                let token = token % tokens.len().max(1);
                tokens.remove(token);
                *at = tokens.concat().into();
            }
            Self::PutToken(at, from, token) => {
                let (at, from) = ((*expression(at)?).clone(), (*expression(from)?).clone());
                let others = tokens(document.pointer(&from)?.as_str()?);
                let at = document.pointer_mut(&at)?;
                let mut own = tokens(at.as_str()?);
                let place = token % own.len().max(1);
                own.insert(place, others.get(token / 7 % others.len().max(1))?.clone());
                *at = own.concat().into();
            }
            Self::Rename(at, to) => {
                let (at, to) = (place(at)?, place(to)?);
                let name = to.rsplit('/').next()?.to_owned();
                let value = take(document, &at)?;
                let parent = document.pointer_mut(at.rsplit_once('/')?.0)?;
                parent.as_object_mut()?.insert(name, value);
            }
            Self::Replace(at, with) => {
                // What no JSON can say (`1e400`) is left out.
                let strange = serde_json::from_str(STRANGE[with % STRANGE.len()]).ok()?;
                *document.pointer_mut(&place(at)?)? = strange;
            }
        }
        Some(())
    }
}

fn run(main: &str, values: &str) -> (Report, Vec<u8>) {
    let files = vec![
        ("main.json".to_owned(), main.to_owned()),
        ("main.parameters.json".to_owned(), values.to_owned()),
    ];
    let report = engine::check_files(files, &Options::default()).unwrap();
    let mut bytes = Vec::new();
    let emitter = Format::Json.emitter();
    emitter.emit(&report, Style::default(), &mut bytes).unwrap();
    (report, bytes)
}

/// No part failed, and what is told is told of text that is there.
fn places_are_in_their_files(report: &Report) -> Result<(), TestCaseError> {
    let told = report.diagnostics.iter();
    let labels = told.flat_map(|told| told.primary.iter().chain(&told.related));
    let found = report.findings.iter();
    let labels = labels.chain(found.map(|found| &found.primary));
    for label in labels {
        let file = report.sources.get(label.span.file);
        let text = file.map(|file| file.text());
        let part =
            text.and_then(|text| text.get(label.span.start as usize..label.span.end as usize));
        prop_assert!(part.is_some(), "{:?}", label);
    }
    for told in &report.diagnostics {
        prop_assert_ne!(told.code, "internal-error", "{}", told.message);
    }
    Ok(())
}

/// What must hold of every document.
fn assert_sound(main: &str, values: &str) -> Result<(), TestCaseError> {
    let (report, bytes) = run(main, values);
    places_are_in_their_files(&report)?;
    prop_assert!(bytes == run(main, values).1, "not the same twice\n{}", main);
    Ok(())
}

#[test]
fn the_template_itself_is_whole() {
    let (report, _) = run(TEMPLATE, PARAMETERS);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    assert_eq!(report.summary.resources, 10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn damaged_templates_are_told_in_their_files_and_end(damages in damages()) {
        let mut document: Value = serde_json::from_str(TEMPLATE).unwrap();
        for damage in &damages {
            let _ = damage.apply(&mut document);
        }
        assert_sound(&document.to_string(), PARAMETERS)?;
    }

    #[test]
    fn damaged_parameter_files_are_told_in_their_files_and_end(damages in damages()) {
        let mut document: Value = serde_json::from_str(PARAMETERS).unwrap();
        for damage in &damages {
            let _ = damage.apply(&mut document);
        }
        assert_sound(TEMPLATE, &document.to_string())?;
    }

    #[test]
    fn text_with_pieces_taken_out_or_repeated_ends(
        start in 0..TEMPLATE.len(), length in 0_usize..400, at in 0..TEMPLATE.len(), repeat in any::<bool>()
    ) {
        let part = TEMPLATE.get(start..(start + length).min(TEMPLATE.len())).unwrap_or("");
        let mut text = TEMPLATE.to_owned();
        if repeat {
            if text.is_char_boundary(at) {
                text.insert_str(at, part);
            }
        } else if !part.is_empty() {
            text.replace_range(start..start + part.len(), "");
        }
        assert_sound(&text, PARAMETERS)?;
    }
}
