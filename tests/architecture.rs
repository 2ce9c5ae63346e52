//! The layers of ARCHITECTURE.md, enforced: an import may only point downwards.
//!
//! Every path in `src` that begins with `crate::`, `super::` or `aznet::` is found by reading the
//! text token by token (comments and strings left out, `use` trees unfolded) and resolved to the
//! module it names; an edge to a higher layer, or to something its layer may not know, fails.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails where something is amiss"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Top-level modules from the bottom up, as listed in `src/lib.rs`.
const LAYERS: &[(&str, u8)] = &[
    ("source", 0),
    ("origin", 0),
    ("diagnostic", 0),
    ("syntax", 1),
    ("eval", 2),
    ("model", 3),
    ("semantics", 4),
    ("policy", 5),
    ("engine", 6),
    ("report", 7),
    ("cli", 8),
];

/// What a layer may import of the layers below it, where that is less than everything. A prefix
/// of the path is enough.
const ALLOWED: &[(&str, &[&str])] = &[
    ("syntax", &["source", "diagnostic"]),
    (
        "model",
        &["source", "origin", "diagnostic", "eval", "syntax::Number"],
    ),
    (
        "semantics",
        &[
            "origin",
            "model",
            "eval::value",
            "eval::ResourceKey",
            "eval::Existence",
        ],
    ),
    (
        "policy",
        &[
            "source",
            "origin",
            "diagnostic",
            "syntax::hcl",
            "syntax::yaml",
            "syntax::Number",
            "eval::value",
            "eval::hcl_expr",
            "eval::functions",
            "eval::Deployment",
            "eval::Existence",
            "eval::ResourceKey",
            "model",
            "semantics",
        ],
    ),
    (
        "report",
        &[
            "source",
            "diagnostic",
            "policy::finding",
            "engine",
            "semantics::packet::Flow",
        ],
    ),
];

/// Crates that only one module may name, so that they can be replaced.
const CRATE_HOMES: &[(&str, &str)] = &[
    ("jsonc_parser", "syntax/json"),
    ("miette", "report/human"),
    ("clap", "cli"),
    ("rayon", "engine"),
    ("ignore", "engine"),
    ("walkdir", "engine"),
    ("gix", "engine/revision"),
    ("jiff", "eval/functions"),
];

#[test]
fn imports_point_downwards() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let module = module_of(&file);
        let Some(top) = module.first() else { continue };
        let Some(own) = layer(top) else { continue };
        let text = without_test_modules(&read(&file));
        for path in crate_paths(&module, &without_comments_and_strings(&text)) {
            let Some(target) = path.first() else { continue };
            let Some(other) = layer(target) else { continue };
            if target == top {
                continue;
            }
            let joined = path.join("::");
            if other > own || (other == own && order(target) > order(top)) {
                wrong.push(format!("{}: `{joined}` points upwards", file.display()));
            }
            let allowed = ALLOWED.iter().find(|(name, _)| name == top);
            if let Some((_, allowed)) = allowed
                && !allowed.iter().any(|prefix| begins_with(&joined, prefix))
            {
                wrong.push(format!("{}: {top} may not know `{joined}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_top_level_module_has_a_layer() {
    let names: BTreeSet<String> = source_files()
        .iter()
        .filter_map(|file| module_of(file).first().cloned())
        .filter(|name| name != "lib" && name != "main")
        .collect();
    let known: BTreeSet<String> = LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, known);
}

#[test]
fn replaceable_crates_are_named_in_one_place() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let relative = relative(&file);
        let text = without_test_modules(&read(&file));
        let tokens = tokens(&without_comments_and_strings(&text));
        for (name, home) in CRATE_HOMES {
            let named = tokens.windows(2).enumerate().any(|(at, window)| {
                let begins = at == 0 || !matches!(tokens[at - 1].as_str(), "::" | ".");
                begins && window[0] == *name && window[1] == "::"
            });
            if named && !relative.starts_with(home) {
                wrong.push(format!(
                    "{relative} names the crate {name}, whose home is {home}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_source_file_passes_seven_hundred_lines() {
    let long: Vec<String> = source_files()
        .iter()
        .map(|file| (relative(file), read(file).lines().count()))
        .filter(|(_, lines)| *lines > 700)
        .map(|(file, lines)| format!("{file} has {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn spellings_of_a_dialect_stay_at_home() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let relative = relative(&file);
        let home = ["eval/", "eval.rs", "model/arm", "model/azurerm"];
        if home.iter().any(|prefix| relative.starts_with(prefix)) {
            continue;
        }
        let text = without_test_modules(&read(&file));
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains("\"azurerm_") || code.contains("\"Microsoft.Network/") {
                wrong.push(format!("{relative}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_way_to_write_one() {
    let text = r#"
        use crate::{source::Span, eval::{value::Value, Deployment as D}};
        fn f() { crate::model::x(); super::super::report::go(); }
        // crate::cli::comment
        const S: &str = "crate::cli::string";
    "#;
    let module = ["policy".to_owned(), "judge".to_owned()];
    let found: Vec<String> = crate_paths(&module, &without_comments_and_strings(text))
        .iter()
        .map(|path| path.join("::"))
        .collect();
    let expected = [
        "source::Span",
        "eval::value::Value",
        "eval::Deployment",
        "model::x",
        "report::go",
    ];
    assert_eq!(found, expected);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn source_files() -> Vec<PathBuf> {
    let mut pending = vec![root().join("src")];
    let mut files = Vec::new();
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path)
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Tests may reach up: they drive their subject with real text.
fn is_test(file: &Path) -> bool {
    relative(&file.with_extension(""))
        .split('/')
        .any(|part| part == "tests")
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root().join("src"))
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

fn module_of(file: &Path) -> Vec<String> {
    let relative = file
        .strip_prefix(root().join("src"))
        .unwrap()
        .with_extension("");
    relative
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect()
}

fn layer(name: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, layer)| *layer)
}

fn order(name: &str) -> usize {
    LAYERS
        .iter()
        .position(|(known, _)| *known == name)
        .unwrap_or(usize::MAX)
}

fn begins_with(path: &str, prefix: &str) -> bool {
    path == prefix
        || path
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// A file without the tests at its end.
fn without_test_modules(text: &str) -> String {
    text.split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Cuts out comments and strings.
fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::new();
    let text: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(&['/', '/']) {
            while at < text.len() && text[at] != '\n' {
                at += 1;
            }
        } else if rest.starts_with(&['/', '*']) {
            at += 2;
            while at < text.len() && !text[at..].starts_with(&['*', '/']) {
                at += 1;
            }
            at += 2;
        } else if let Some(hashes) = raw_string(&text, at) {
            at += hashes + 2;
            let close: Vec<char> = std::iter::once('"')
                .chain(std::iter::repeat_n('#', hashes))
                .collect();
            while at < text.len() && !text[at..].starts_with(&close) {
                at += 1;
            }
            at += close.len();
        } else if text[at] == '"' {
            at += 1;
            while at < text.len() && text[at] != '"' {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if rest.starts_with(&['\'', '"', '\'']) {
            at += 3;
        } else if rest.starts_with(&['\'', '\\']) {
            at += 4;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn raw_string(text: &[char], at: usize) -> Option<usize> {
    if text[at] != 'r' || (at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_')) {
        return None;
    }
    let hashes = text[at + 1..].iter().take_while(|c| **c == '#').count();
    (text.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if character == ':' && characters.peek() == Some(&':') {
            characters.next();
            tokens.push("::".to_owned());
        } else if !character.is_whitespace() {
            tokens.push(character.to_string());
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

/// Every path into this crate, from the crate's root, `use` trees unfolded.
fn crate_paths(module: &[String], text: &str) -> Vec<Vec<String>> {
    let tokens = tokens(text);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = at == 0 || !matches!(tokens[at - 1].as_str(), "::" | "." | "$");
        let starts = matches!(tokens[at].as_str(), "crate" | "super" | "aznet");
        if begins && starts && tokens.get(at + 1).is_some_and(|next| next == "::") {
            let mut base = if tokens[at] == "super" {
                module[..module.len().saturating_sub(1)].to_vec()
            } else {
                Vec::new()
            };
            at += 2;
            while tokens.get(at).is_some_and(|token| token == "super") {
                base.pop();
                at += 2;
            }
            at = unfold(&tokens, at, &base, &mut paths);
        } else {
            at += 1;
        }
    }
    paths
}

fn unfold(tokens: &[String], at: usize, base: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    let mut at = at;
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = unfold(tokens, at, &path, paths);
                    while tokens
                        .get(at)
                        .is_some_and(|token| token != "," && token != "}")
                    {
                        at += 1;
                    }
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some("*") => {
                paths.push(path);
                return at + 1;
            }
            Some(word) if word.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                if word != "self" {
                    path.push(word.to_owned());
                }
                at += 1;
                if tokens.get(at).is_some_and(|token| token == "::") {
                    at += 1;
                } else {
                    paths.push(path);
                    return at;
                }
            }
            _ => {
                paths.push(path);
                return at + 1;
            }
        }
    }
}
