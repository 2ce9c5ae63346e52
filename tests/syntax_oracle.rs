//! Our reader of Terraform's syntax against a published one, `hcl-rs`: whatever that one accepts
//! is understood alike, down to the place of every node; what it refuses and Terraform reads is
//! listed.

#![allow(unreachable_pub, reason = "modules of a test binary are no library")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails where something is amiss"
)]

#[path = "syntax_oracle/generate.rs"]
mod generate;
#[path = "syntax_oracle/node.rs"]
mod node;
#[path = "syntax_oracle/ours.rs"]
mod ours;
#[path = "syntax_oracle/theirs.rs"]
mod theirs;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

/// What is put into a file by mistake.
const PIECES: &[&str] = &[
    "", "", "", "\n", " ", ",", "}", "]", ")", "\"", ".", "*", "1", "-", "=", "${", "a", ":", "?",
    "<", "\\", "\r", "#", "\u{300}",
];

/// What Terraform reads and `hcl-rs` refuses: why, an expression, and one that both read and that
/// says the same, if there is one.
const REFUSED: &[(&str, &str, Option<&str>)] = &[
    (
        "a new line before an operator in the value of a `for`",
        "{ for k, v in m : k => v\n + 1 }",
        Some("{ for k, v in m : k => (v + 1) }"),
    ),
    (
        "a new line before an operator in the key of a `for`",
        "{ for k, v in m : k\n + 1 => v }",
        Some("{ for k, v in m : (k + 1) => v }"),
    ),
    (
        "a new line before a question mark in the value of a `for`",
        "{ for k, v in m : k => v == 1\n ? 2\n : 3 }",
        Some("{ for k, v in m : k => (v == 1 ? 2 : 3) }"),
    ),
    (
        "a new line before an operator in what a `for` walks",
        "[for v in a\n || b : v]",
        Some("[for v in (a || b) : v]"),
    ),
    (
        "a new line before a dot in a `for`",
        "{ for k, v in m : k => v\n .b }",
        Some("{ for k, v in m : k => v.b }"),
    ),
    (
        "a name that is given twice in an object",
        "{ a = 1, a = 2 }",
        None,
    ),
    ("a number past the range of doubles", "1e400", None),
];

/// What `hcl-rs` reads otherwise than Terraform does: why, an expression, and what it says.
const MISREAD: &[(&str, &str, &str)] = &[
    (
        "the end of a line that is moved",
        "<<-E\r\n a\r\n E\r\n",
        "\"a\\r\\n\"",
    ),
    (
        "a hole before a blank in lines that are moved",
        "<<-E\na ${b}\n c\nE\n",
        "\"a ${b}\\n c\\n\"",
    ),
    (
        "an escape within a directive",
        "\"%{ if a }\\u00e9%{ endif }\"",
        "\"%{ if a }é%{ endif }\"",
    ),
    (
        "an empty heredoc before one of the same end marker",
        "[<<E\nE\n, <<E\nE\n]",
        "[\"\", \"\"]",
    ),
    (
        "a keyword as the name of an item",
        "{ null = 1 }",
        "{ \"null\" = 1 }",
    ),
];

/// Both read it, and alike.
fn assert_alike(text: &str) -> Result<(), TestCaseError> {
    let (own, told) = ours::read(text);
    prop_assert!(told.is_empty(), "{told:?}\n{text}");
    let other = theirs::read(text);
    prop_assert!(other.is_some(), "refused by the other reader\n{text}");
    let difference = own.difference(&other.unwrap(), text);
    prop_assert!(
        difference.is_none(),
        "{}\n{text}",
        difference.unwrap_or_default()
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn generated_files_are_read_alike(text in generate::file()) {
        assert_alike(&text)?;
    }

    #[test]
    fn generated_expressions_are_read_alike(expression in generate::expression()) {
        assert_alike(&format!("x = {expression}\n"))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// `hcl-rs` reads over some of what we and Terraform tell: a string that goes on in the next
    /// line, `ifa` for `if a`, `a.*.b.*.c`, a reference as a key. Everything else is understood
    /// alike.
    #[test]
    fn damaged_files_are_read_alike_where_both_accept(
        text in generate::file(), at in any::<prop::sample::Index>(),
        length in 0_usize..3, put in prop::sample::select(PIECES),
    ) {
        // How far lines are moved is misread where they are damaged.
        prop_assume!(!text.contains("<<-"));
        let letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        let mut text: String = letters[..at].iter().collect();
        text.push_str(put);
        text.extend(letters.iter().skip(at + length));
        if let Some(other) = theirs::read(&text) {
            let (own, told) = ours::read(&text);
            if !told.is_empty() {
                return Ok(());
            }
            let difference = own.difference(&other, &text);
            prop_assert!(difference.is_none(), "{}\n{text:?}", difference.unwrap_or_default());
        }
    }
}

/// The same tree wherever its parts may stand.
fn unplaced(node: &node::Node) -> node::Node {
    let below = node.below.iter().map(unplaced).collect();
    node::Node::new(node.what.clone(), None, below)
}

#[test]
fn what_only_the_other_reader_refuses_is_known() {
    for (why, text, same) in REFUSED {
        let text = format!("x = {text}\n");
        let (own, told) = ours::read(&text);
        assert!(told.is_empty(), "{why}: {told:?}");
        assert!(theirs::read(&text).is_none(), "no longer refused: {why}");
        if let Some(same) = same {
            let same = theirs::read(&format!("x = {same}\n")).unwrap();
            assert_eq!(unplaced(&own), unplaced(&same), "{why}");
        }
    }
}

#[test]
fn what_the_other_reader_reads_otherwise_is_known() {
    for (why, text, same) in MISREAD {
        let read = |text: &str| {
            let (own, told) = ours::read(text);
            assert!(told.is_empty(), "{why}: {told:?}");
            own
        };
        let text = format!("x = {text}\n");
        let own = read(&text);
        assert_eq!(
            unplaced(&own),
            unplaced(&read(&format!("x = {same}\n"))),
            "{why}"
        );
        let other = theirs::read(&text).unwrap();
        assert!(
            own.difference(&other, &text).is_some(),
            "no longer read otherwise: {why}"
        );
    }
}

/// Terraform's files of the tests, and those in the examples of the rules.
fn own_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["testdata", "tests", "rules"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).sort_by_file_name() {
            let entry = entry.unwrap();
            let name = entry.path().display().to_string();
            let Some(end) = entry.path().extension().and_then(|end| end.to_str()) else {
                continue;
            };
            match end {
                "tf" | "tfvars" => all.push((name, fs::read_to_string(entry.path()).unwrap())),
                "yaml" => {
                    let text = fs::read_to_string(entry.path()).unwrap();
                    let document = serde_saphyr::from_str::<Value>(&text).unwrap();
                    examples(&name, &document, &mut all);
                }
                _ => {}
            }
        }
    }
    all
}

fn examples(name: &str, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str() {
                    Some(text)
                        if key == "terraform"
                            || key.ends_with(".tf")
                            || key.ends_with(".tfvars") =>
                    {
                        all.push((format!("{name}: {key}"), text.to_owned()));
                    }
                    _ => examples(name, value, all),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| examples(name, item, all)),
        _ => {}
    }
}

#[test]
fn own_files_are_read_alike() {
    let files = own_files();
    assert!(files.len() > 150, "{} files", files.len());
    for (name, text) in files {
        // What `~` takes away, `hcl-rs` does only when it evaluates.
        if text.contains("~}") {
            continue;
        }
        let (own, told) = ours::read(&text);
        assert!(told.is_empty(), "{name}: {told:?}");
        let Some(other) = theirs::read(&text) else {
            panic!("{name} is refused by the other reader");
        };
        assert_eq!(own.difference(&other, &text), None, "{name}");
    }
}
