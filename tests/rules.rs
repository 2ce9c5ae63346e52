//! The built-in rules: every example of every rule file, run as the engine runs files.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reads the rule files and fails where something is amiss"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use aznet::diagnostic::DiagnosticKind;
use aznet::engine::{self, Options, Report};
use aznet::policy::finding::{Finding, FindingVerdict};
use aznet::policy::spec::{Example, Expectation, Language, Reader, RuleSpec};
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

/// Runs one example and says what is not as expected.
fn run(rule: &str, example: &Example) -> Result<(), String> {
    let files = example
        .files
        .iter()
        .map(|(path, text)| (path.to_string(), text.to_string()))
        .collect();
    let report = engine::check_files(files, &Options::default())
        .map_err(|error| format!("    {error}\n"))?;
    let mut wrong = String::new();
    for diagnostic in &report.diagnostics {
        if diagnostic.kind == DiagnosticKind::Unreadable {
            writeln!(wrong, "    cannot be read: {}", diagnostic.message).unwrap();
        }
    }
    let found: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| &*finding.rule == rule)
        .collect();
    let mut left = found.clone();
    for expectation in &example.expect {
        match left
            .iter()
            .position(|finding| differences(&report, finding, expectation).is_empty())
        {
            Some(at) => drop(left.remove(at)),
            None => {
                let at = expectation.at.as_ref().map_or("", |at| &at.value);
                writeln!(wrong, "    nothing found as expected at `{at}`").unwrap();
                for finding in &left {
                    let differences = differences(&report, finding, expectation).join("; ");
                    writeln!(wrong, "      differs: {differences}").unwrap();
                }
            }
        }
    }
    for finding in left {
        let at = primary(&report, finding);
        let at: String = at.chars().take(60).collect();
        writeln!(
            wrong,
            "    found: {:?} {} at `{at}`: {} {:?}",
            finding.verdict,
            finding.severity.as_str(),
            finding.message,
            finding.unknowns
        )
        .unwrap();
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The file from the primary place on: that of a block is its header alone.
fn primary(report: &Report, finding: &Finding) -> String {
    let span = finding.primary.span;
    let text = report.sources.get(span.file).map(|file| file.text());
    let text = text.and_then(|text| text.get(span.start as usize..));
    text.unwrap_or("")
        .lines()
        .take(4)
        .collect::<Vec<_>>()
        .join("\n")
}

fn differences(report: &Report, finding: &Finding, expectation: &Expectation) -> Vec<String> {
    let mut all = Vec::new();
    let mut want = |what: &str, fits: bool, found: String| {
        if !fits {
            all.push(format!("{what} is `{found}`"));
        }
    };
    if let Some(at) = &expectation.at {
        let text = primary(report, finding);
        want("the place", text.starts_with(&*at.value), text);
    }
    let verdict = finding.verdict;
    want(
        "the verdict",
        verdict == expectation.verdict,
        format!("{verdict:?}"),
    );
    if let Some(severity) = expectation.severity {
        let found = finding.severity;
        want("the severity", found == severity, found.as_str().to_owned());
    }
    if let Some(name) = &expectation.security_rule {
        let found = finding.security_rule.as_deref().unwrap_or_default();
        want("the security rule", found == &*name.value, found.to_owned());
    }
    for piece in &expectation.message_contains {
        let text = [Some(finding.message.as_str()), finding.fix.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n");
        want(
            &format!("`{}` is missing, the message", piece.value),
            text.contains(&*piece.value),
            text,
        );
    }
    all
}

/// One test per rule, so that a failure names it.
macro_rules! rules {
    ($($test:ident: $id:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let (_, spec) = rule_files().get($id).unwrap_or_else(|| panic!("no rule {}", $id));
                let mut wrong = String::new();
                for example in spec.examples.valid.iter().chain(&spec.examples.invalid) {
                    if let Err(told) = run($id, example) {
                        writeln!(wrong, "  {}:\n{told}", example.name.value).unwrap();
                    }
                }
                assert!(wrong.is_empty(), "{}\n{wrong}", $id);
            }
        )*

        #[test]
        fn every_rule_file_has_a_test_here() {
            let tested: Vec<&str> = vec![$($id),*];
            let files: Vec<&str> = rule_files().keys().map(String::as_str).collect();
            let mut sorted = tested.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, files);
        }
    };
}

rules! {
    examples_of_smtp_egress_blocked: "smtp-egress-blocked";
    examples_of_smtp_through_azure_firewall: "smtp-through-azure-firewall";
    examples_of_platform_dns_denied: "platform-dns-denied";
    examples_of_platform_metadata_denied: "platform-metadata-denied";
    examples_of_platform_licensing_denied: "platform-licensing-denied";
    examples_of_host_address_denied: "host-address-denied";
    examples_of_health_probe_denied: "health-probe-denied";
    examples_of_kms_unreachable: "kms-unreachable";
    examples_of_internet_exposed_management_port: "internet-exposed-management-port";
    examples_of_unreachable_firewall_rule: "unreachable-firewall-rule";
    examples_of_invalid_firewall_rule: "invalid-firewall-rule";
    examples_of_appliance_route_loop: "appliance-route-loop";
    examples_of_virtual_network_tag_widened: "virtual-network-tag-widened";
    examples_of_firewall_tier_lacks_feature: "firewall-tier-lacks-feature";
    examples_of_unreachable_security_rule: "unreachable-security-rule";
    examples_of_duplicate_security_rule_priority: "duplicate-security-rule-priority";
    examples_of_invalid_security_rule: "invalid-security-rule";
    examples_of_invalid_route: "invalid-route";
}

#[test]
fn the_embedded_rules_are_the_rule_files() {
    let embedded: Vec<String> = engine::rules()
        .unwrap()
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
        assert!(!spec.references.is_empty(), "{name}: references");
        for reference in &spec.references {
            let url = &reference.url.value;
            assert!(
                url.starts_with("https://learn.microsoft.com/"),
                "{name}: {url}"
            );
            assert!(reference.date.is_some(), "{name}: {url} has no date");
        }
    }
}

#[test]
fn every_rule_has_valid_and_invalid_examples_in_both_languages() {
    for (name, (_, spec)) in rule_files() {
        for (side, examples) in [
            ("valid", &spec.examples.valid),
            ("invalid", &spec.examples.invalid),
        ] {
            for language in [Language::Arm, Language::Terraform] {
                let has = examples.iter().any(|example| example.language == language);
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
            let report = engine::check_files(files, &Options::default()).unwrap();
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
