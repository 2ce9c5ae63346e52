//! The built-in rules: every example of every rule file, run as the engine runs files.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reads the rule files and fails where something is amiss"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use aznet::engine::{self, Options, examples};
use aznet::policy::finding::FindingVerdict;
use aznet::policy::spec::{Expectation, Language, Reader, RuleSpec};
use aznet::report::{self, Style};
use aznet::source::{FileId, SourceFile};
use aznet::syntax::yaml;

/// Every rule file of the repository by its id, with its category's directory.
fn rule_files() -> &'static BTreeMap<String, (String, RuleSpec)> {
    static RULES: OnceLock<BTreeMap<String, (String, RuleSpec)>> = OnceLock::new();
    RULES.get_or_init(|| {
        let mut rules = BTreeMap::new();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        for category in fs::read_dir(&directory).unwrap() {
            let category = category.unwrap();
            if category.file_name() == "platform" || !category.file_type().unwrap().is_dir() {
                continue;
            }
            for file in fs::read_dir(category.path()).unwrap() {
                let path = file.unwrap().path();
                let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
                let category = category.file_name().into_string().unwrap();
                rules.insert(id, (category, read(&path)));
            }
        }
        rules
    })
}

fn read(path: &Path) -> RuleSpec {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let file = SourceFile::new(name, &text);
    let parsed = yaml::parse(FileId(0), &file);
    assert!(
        parsed.diagnostics.is_empty(),
        "{name}: {:?}",
        parsed.diagnostics
    );
    let mut reader = Reader::new(&file);
    let spec = RuleSpec::read(&parsed.tree.unwrap(), &mut reader);
    let told: Vec<String> = reader
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic
                .primary
                .as_ref()
                .map_or(0, |label| file.line_index(label.span.start) + 1);
            format!("{name}:{place}: {}", diagnostic.message)
        })
        .collect();
    spec.unwrap_or_else(|| panic!("{}", told.join("\n")))
}

/// One test per rule, so that a failure names it; the build lists them.
macro_rules! rules {
    ($($test:ident: $id:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let (category, _) = rule_files().get($id).unwrap();
                let path = format!("{}/rules/{category}/{}.yaml", env!("CARGO_MANIFEST_DIR"), $id);
                let tested = examples::test(Path::new(&path)).unwrap();
                let mut out = Vec::new();
                report::tested::write(&tested, Style::default(), &mut out).unwrap();
                let told = String::from_utf8(out).unwrap();
                assert!(tested.diagnostics.is_empty(), "{:#?}", tested.diagnostics);
                assert_eq!(tested.rules, 1);
                assert!(tested.failures.is_empty(), "{told}");
            }
        )*

        #[test]
        fn every_rule_file_has_a_test_here() {
            let tested: BTreeSet<&str> = [$($id),*].into();
            let files: BTreeSet<&str> = rule_files().keys().map(String::as_str).collect();
            assert_eq!(tested, files);
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/rule_tests.rs"));

#[test]
fn the_embedded_rules_are_the_rule_files() {
    let embedded: Vec<String> = engine::catalogue::catalogue(&[])
        .unwrap()
        .rules()
        .iter()
        .map(|rule| rule.id.to_string())
        .collect();
    let files: Vec<String> = rule_files().keys().cloned().collect();
    assert_eq!(embedded, files);
}

#[test]
fn every_rule_is_where_its_id_and_category_say() {
    for (name, (directory, spec)) in rule_files() {
        assert_eq!(name, &*spec.id.value);
        assert_eq!(directory, &*spec.category.value, "{name}");
    }
}

#[test]
fn every_rule_says_why_how_to_mend_it_and_where_that_is_written() {
    for (name, (_, spec)) in rule_files() {
        assert!(spec.why.value.len() > 100, "{name}: why");
        assert!(spec.fix.value.len() > 30, "{name}: fix");
        // What they must look like: `tests/citations.rs`.
        assert!(!spec.references.is_empty(), "{name}: references");
    }
}

#[test]
fn every_rule_has_valid_and_invalid_examples_in_each_language_it_claims() {
    for (name, (_, spec)) in rule_files() {
        for (side, examples) in [
            ("valid", &spec.examples.valid),
            ("invalid", &spec.examples.invalid),
        ] {
            let both = [Language::Arm, Language::Terraform];
            let claimed = match spec.languages.as_slice() {
                [] => &both,
                claimed => claimed,
            };
            for language in claimed {
                // What is told of exports alone is right in any language that is none.
                let has = examples.iter().any(|example| {
                    example.language == *language || (side, *language) == ("valid", Language::Files)
                });
                assert!(has, "{name}: no {side} example in {language:?}");
            }
        }
        let mut names = BTreeSet::new();
        for example in spec.examples.valid.iter().chain(&spec.examples.invalid) {
            assert!(
                names.insert(&*example.name.value),
                "{name}: {} twice",
                example.name.value
            );
        }
    }
}

#[test]
fn undetermined_examples_name_what_is_missing() {
    for (name, (_, spec)) in rule_files() {
        for example in &spec.examples.invalid {
            let undetermined = |one: &Expectation| one.verdict == FindingVerdict::Undetermined;
            if !example.expect.iter().any(undetermined) {
                continue;
            }
            let files = example
                .files
                .iter()
                .map(|(path, text)| (path.to_string(), text.to_string()))
                .collect();
            let options = Options {
                enable: vec![name.clone()],
                ..Options::default()
            };
            let report = engine::check_files(files, &options).unwrap();
            for finding in &report.findings {
                if &*finding.rule == name && finding.verdict == FindingVerdict::Undetermined {
                    let unknowns = &finding.unknowns;
                    assert!(!unknowns.is_empty(), "{name}: {}", example.name.value);
                    assert!(unknowns.iter().all(|missing| !missing.what.is_empty()));
                }
            }
        }
    }
}
