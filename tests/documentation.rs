//! Pages that are generated from tables in the source and from the rules, compared with what lies
//! in the repository.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the page, and writes it where that is asked for"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aznet::engine::catalogue::catalogue;
use aznet::report::{explain, rules as listed};

#[test]
fn the_pages_of_functions_are_those_of_the_catalogues() {
    check("arm-functions.md", &aznet::eval::arm::functions_page());
    check(
        "terraform-functions.md",
        &aznet::eval::hcl_expr::functions_page(),
    );
}

#[test]
fn every_rule_has_its_page_and_no_page_is_left_of_another() {
    let catalogue = catalogue(&[]).unwrap();
    let all = catalogue.rules();
    check("../rules/README.md", &listed::markdown(&all));
    let mut pages = BTreeSet::new();
    for rule in &all {
        let (rule, examples) = catalogue.rule(&rule.id).unwrap();
        let name = format!("{}.md", rule.id);
        check(
            &format!("rules/{name}"),
            &explain::markdown(&rule, &examples),
        );
        pages.insert(name);
    }
    for page in std::fs::read_dir(path("rules")).unwrap() {
        let page = page.unwrap();
        let name = page.file_name().into_string().unwrap();
        if updates() && !pages.contains(&name) {
            std::fs::remove_file(page.path()).unwrap();
        } else {
            assert!(pages.contains(&name), "docs/rules/{name} is of no rule");
        }
    }
}

#[test]
fn every_row_of_the_coverage_names_its_source_and_rules_that_exist_or_says_why_there_is_none() {
    let page = coverage();
    let rules = rules();
    let defined: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("]: https://"))
        .map(|(key, _)| key)
        .collect();
    let mut cited = BTreeSet::new();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    for row in rows.filter(|row| !row.starts_with("| what Azure does")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, source, rule] = cells[..] else {
            panic!("{row}: three cells");
        };
        let (_, key) = source.split_once("][").expect(row);
        let key = key.trim_end_matches(']');
        assert!(defined.contains(key), "{row}: no such source");
        cited.insert(key);
        let why_not = rule.strip_prefix("none: ");
        if let Some(why) = why_not {
            assert!(why.split_whitespace().count() > 2, "{row}: why not?");
        } else {
            assert!(code(rule).next().is_some(), "{row}: no rule");
        }
        // Why there is none may name commands and settings, which are single words.
        for word in code(rule).filter(|word| why_not.is_none() || word.contains('-')) {
            let off = rules.get(word);
            assert!(off.is_some(), "{row}: no rule `{word}`");
            let marked = rule.contains(&format!("`{word}` *(off)*"));
            assert_eq!(off, Some(&marked), "{row}: whether `{word}` is off");
        }
    }
    assert_eq!(cited, defined, "sources cited, and sources given");
}

#[test]
fn every_rule_is_named_in_the_coverage() {
    let page = coverage();
    let named: BTreeSet<&str> = page
        .lines()
        .filter(|line| line.starts_with("| "))
        .filter_map(|row| row.trim_matches('|').rsplit(" | ").next())
        .flat_map(code)
        .collect();
    let missing: Vec<String> = rules()
        .into_keys()
        .filter(|rule| !named.contains(&**rule))
        .collect();
    assert!(missing.is_empty(), "docs/coverage.md lacks {missing:?}");
}

/// What stands between single backquotes.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn coverage() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    std::fs::read_to_string(path).unwrap().replace('\r', "")
}

/// The rules, and whether they are judged only when enabled.
fn rules() -> BTreeMap<String, bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut found = BTreeMap::new();
    for category in std::fs::read_dir(root).unwrap() {
        let category = category.unwrap().path();
        if !category.is_dir() || category.ends_with("platform") {
            continue;
        }
        for rule in std::fs::read_dir(category).unwrap() {
            let rule = rule.unwrap().path();
            if rule.extension().is_some_and(|kind| kind == "yaml") {
                let id = rule.file_stem().unwrap().to_str().unwrap().to_owned();
                let text = std::fs::read_to_string(&rule).unwrap();
                found.insert(id, text.lines().any(|line| line == "default: off"));
            }
        }
    }
    found
}

/// A file of the documentation.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name)
}

fn updates() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

fn check(name: &str, page: &str) {
    let path = path(name);
    if updates() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written.replace('\r', "") == page,
        "docs/{name} is out of date: `UPDATE_DOCS=1 cargo test --test documentation` writes it anew"
    );
}
