//! The formats, written for a report made by hand: every position is read back out of the files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use aznet::diagnostic::{Diagnostic, Label, Severity};
use aznet::engine::{self, Options, Reference, Report, RuleMetadata, Summary};
use aznet::policy::finding::{Finding, FindingVerdict, Instance, MissingInput, RelatedPlace};
use aznet::report::{Format, Style};
use aznet::semantics::packet::Flow;
use aznet::source::{FileId, SourceFile, SourceMap, Span};
use serde_json::Value;

const TFVARS: &str = "\u{feff}# 𝄞 note\r\nports = {\r\n  \"é𝄞\" = 25\r\n}\r\n";
const MAIN: &str = "resource \"azurerm_network_security_group\" \"web\" {\n  security_rule {\n    name = \"mail\"\n  }\n}\n";

fn sources() -> SourceMap {
    let file = |path: &str, text: &str| Arc::new(SourceFile::new(path, text));
    SourceMap::new(vec![
        file("live/my net/prod.tfvars", TFVARS),
        file("main.tf", MAIN),
        file("broken.tf", "resource {{\n"),
    ])
}

fn span_of(sources: &SourceMap, file: u32, text: &str) -> Span {
    let id = FileId(file);
    let start = sources.get(id).unwrap().text().find(text).unwrap();
    let start = u32::try_from(start).unwrap();
    Span::new(id, start, start + u32::try_from(text.len()).unwrap())
}

fn finding(sources: &SourceMap, verdict: FindingVerdict) -> Finding {
    let instance = |resource: &str| Instance {
        deployment: "live".into(),
        environment: None,
        resource: resource.into(),
        source: None,
        verdict,
        witness: None,
    };
    Finding {
        rule: "smtp-egress-blocked".into(),
        verdict,
        severity: Severity::Warning,
        message: "`mail` lets TCP 25 out, which this offer blocks".to_owned(),
        fix: Some("send through port 587".to_owned()),
        primary: Label {
            span: span_of(sources, 0, "25"),
            text: "this port".to_owned(),
        },
        related: vec![RelatedPlace {
            span: span_of(sources, 1, "security_rule {\n    name = \"mail\""),
            text: "written here".to_owned(),
        }],
        resource: "azurerm_network_security_group.web".into(),
        security_rule: Some("mail".into()),
        witness: Some(Flow {
            source: "10.0.0.4".parse().unwrap(),
            destination: "8.8.8.8".parse().unwrap(),
            protocol: aznet::model::address::Protocol::Tcp,
            source_port: 49152,
            destination_port: 25,
        }),
        fingerprint: "f".repeat(64),
        environments: Vec::new(),
        instances: vec![
            instance("azurerm_network_security_group.web"),
            instance("b"),
        ],
        unknowns: match verdict {
            FindingVerdict::Violated => Vec::new(),
            FindingVerdict::Undetermined => vec![MissingInput {
                what: "the subscription's offer".to_owned(),
                place: None,
                settle: "declare it in `aznet.yaml`".to_owned(),
            }],
        },
    }
}

fn report(findings: impl Fn(&SourceMap) -> Vec<Finding>) -> Report {
    let sources = sources();
    Report {
        findings: findings(&sources),
        diagnostics: vec![
            Diagnostic::unreadable(
                "hcl-syntax",
                span_of(&sources, 2, "{{"),
                "this block is not closed",
            )
            .with_help("close it"),
        ],
        rules: vec![RuleMetadata {
            id: "smtp-egress-blocked".into(),
            pack: "aznet".into(),
            on: true,
            title: "Mail to port 25 is blocked".into(),
            category: "delivery".into(),
            severity: Severity::Error,
            why: "Azure blocks it.\n\nMore.".into(),
            fix: "Use 587.".into(),
            references: vec![Reference {
                title: "Docs".into(),
                url: "https://example.org/smtp".into(),
                date: None,
            }],
            since: "0.1.0".into(),
            severities: vec![(None, Severity::Error)],
            parameters: Vec::new(),
            compliance: Vec::new(),
            formerly: Vec::new(),
            yields_to: Vec::new(),
        }],
        summary: Summary {
            files: 2,
            deployments: 1,
            resources: 1,
            security_rules: 1,
            undetermined: 0,
            elsewhere: 0,
            not_judged: vec![("no member".to_owned(), 3)],
            undetermined_counted: vec![("unreachable-security-rule".into(), 2)],
            unreadable: vec!["broken.tf".into()],
            unused: vec!["old.tfvars".into()],
            assumptions: vec!["no routes are learnt by BGP".to_owned()],
        },
        fail_on: None,
        timings: Vec::new(),
        sources,
    }
}

fn both(sources: &SourceMap) -> Vec<Finding> {
    vec![
        finding(sources, FindingVerdict::Violated),
        finding(sources, FindingVerdict::Undetermined),
    ]
}

fn emitted(report: &Report, format: Format, style: Style) -> String {
    let mut out = Vec::new();
    format.emitter().emit(report, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(report: &Report, format: Format) -> Value {
    serde_json::from_str(&emitted(report, format, Style::default())).unwrap()
}

/// The text between two positions, counted by hand: `unit` tells how many columns a character has.
fn read_back(text: &str, from: (u64, u64), to: (u64, u64), unit: fn(char) -> u64) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut line, mut column) = (1, 1);
    let mut found = String::new();
    for letter in text.chars() {
        if (line, column) >= from && (line, column) < to {
            found.push(letter);
        }
        if letter == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += unit(letter);
        }
    }
    found
}

fn number(value: &Value, key: &str) -> u64 {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn json_positions_read_back_to_the_text_they_mean() {
    let report = report(both);
    let document = json(&report, Format::Json);
    let finding = &document["findings"][0];
    assert_eq!(finding["path"], "live/my net/prod.tfvars");
    let at = |value: &Value, text| {
        let from = (number(value, "line"), number(value, "column"));
        let to = (number(value, "endLine"), number(value, "endColumn"));
        read_back(text, from, to, |_| 1)
    };
    assert_eq!(at(finding, TFVARS), "25");
    let related = &finding["related"][0];
    assert_eq!(related["path"], "main.tf");
    assert_eq!(at(related, MAIN), "security_rule {\n    name = \"mail\"");
}

#[test]
fn json_has_what_a_program_needs() {
    let document = json(&report(both), Format::Json);
    assert_eq!(document["version"], "1.0");
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "smtp-egress-blocked");
    assert_eq!(finding["severity"], "warning");
    assert_eq!(finding["verdict"], "violated");
    assert_eq!(finding["securityRule"], "mail");
    assert_eq!(finding["witness"]["destinationPort"], 25);
    assert_eq!(finding["witness"]["protocol"], "tcp");
    assert_eq!(finding["instances"].as_array().unwrap().len(), 2);
    assert_eq!(finding["fingerprint"].as_str().unwrap().len(), 64);
    let open = &document["findings"][1];
    assert_eq!(open["verdict"], "undetermined");
    assert_eq!(open["unknowns"][0]["what"], "the subscription's offer");
    let summary = &document["summary"];
    assert_eq!(summary["securityRules"], 1);
    assert_eq!(summary["notJudged"]["no member"], 3);
    assert_eq!(summary["unreadable"][0], "broken.tf");
    assert_eq!(document["diagnostics"][0]["line"], 1);
    assert_eq!(
        document["undeterminedGroups"][0]["missing"][0],
        "the subscription's offer"
    );
}

#[test]
fn sarif_regions_count_utf16_units_and_uris_are_encoded() {
    let log = json(&report(both), Format::Sarif);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let location = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        location["artifactLocation"]["uri"],
        "live/my%20net/prod.tfvars"
    );
    let region = &location["region"];
    let from = (number(region, "startLine"), number(region, "startColumn"));
    let to = (number(region, "endLine"), number(region, "endColumn"));
    let units = |letter: char| letter.len_utf16() as u64;
    assert_eq!(read_back(TFVARS, from, to, units), "25");
    // The line has a character of two units before the port: characters would be one less.
    assert_ne!(read_back(TFVARS, from, to, |_| 1), "25");
}

#[test]
fn sarif_keeps_undetermined_findings_out_of_the_results_unless_strict() {
    let report = report(both);
    let log = json(&report, Format::Sarif);
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    let ids: Vec<&Value> = notes.iter().map(|note| &note["descriptor"]["id"]).collect();
    assert_eq!(ids, ["smtp-egress-blocked", "hcl-syntax"]);
    let strict = Style {
        strict: true,
        ..Style::default()
    };
    let log: Value = serde_json::from_str(&emitted(&report, Format::Sarif, strict)).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 2);
}

#[test]
fn sarif_has_the_shape_of_the_standard() {
    let log = json(&report(both), Format::Sarif);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let result = &run["results"][0];
    let index = usize::try_from(number(result, "ruleIndex")).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    for level in ["level"].map(|key| &result[key]) {
        assert!(["none", "note", "warning", "error"].contains(&level.as_str().unwrap()));
    }
    for text in ["shortDescription", "fullDescription", "help"] {
        assert!(!rules[index][text]["text"].as_str().unwrap().is_empty());
    }
    assert!(result["partialFingerprints"]["aznet/v1"].is_string());
    let flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
        .as_array()
        .unwrap();
    let last = &flow.last().unwrap()["location"]["physicalLocation"];
    assert_eq!(last, &result["locations"][0]["physicalLocation"]);
    assert_eq!(result["relatedLocations"][0]["id"], 0);
}

#[test]
fn sarif_says_so_when_it_leaves_results_out() {
    let report = report(|sources| vec![finding(sources, FindingVerdict::Violated); 25_002]);
    let log = json(&report, Format::Sarif);
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 25_000);
    let notes = run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap();
    let text = notes.last().unwrap()["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("2 more findings"), "{text}");
}

#[test]
fn people_see_the_line_the_way_the_reason_and_what_was_seen() {
    let text = emitted(&report(both), Format::Human, Style::default());
    for expected in [
        "warning[smtp-egress-blocked]",
        "live/my net/prod.tfvars:3:10",
        "3 │   \"é𝄞\" = 25",
        "this port",
        "main.tf:2:3 written here",
        "tcp 10.0.0.4:49152 → 8.8.8.8:25",
        "send through port 587",
        "https://example.org/smtp",
        "undetermined[smtp-egress-blocked]",
        "the subscription's offer: declare it in `aznet.yaml`",
        "1 warning",
        "1 file unreadable",
        "checked 2 files: 1 deployment, 1 resource, 1 security rule",
        "not judged: no member (3)",
        "old.tfvars",
        "no routes are learnt by BGP",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colours without being asked for");
}

#[test]
fn a_report_without_findings_still_says_what_was_seen() {
    let text = emitted(&report(|_| Vec::new()), Format::Human, Style::default());
    assert!(text.contains("no findings"), "{text}");
    assert!(text.contains("checked 2 files"), "{text}");
}

#[test]
fn a_configuration_in_json_is_read_with_the_others() {
    let rules = r#"{"resource": {"azurerm_network_security_group": {"web": {"name": "web"}}}}"#;
    let files = vec![
        ("main.tf".to_owned(), "locals {}\n".to_owned()),
        ("rules.tf.json".to_owned(), rules.to_owned()),
    ];
    let report = engine::check_files(files, &Options::default()).unwrap();
    let told: Vec<_> = report.diagnostics.iter().map(|told| told.code).collect();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(report.summary.resources, 1);
    assert!(report.summary.unused.is_empty());
}
