//! One small network as every tool of Azure prints it: the same model, the same findings.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads files and fails where something is amiss"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aznet::diagnostic::{DiagnosticKind, Severity};
use aznet::engine::{self, Options, Report};
use aznet::eval::export::Export;
use aznet::eval::frontend::{Frontend, GroupOptions, Input, Tree};
use aznet::eval::{Deployment, Loader};
use aznet::model::Network;
use aznet::source::{FileId, SourceFile};
use aznet::syntax::json;
use regex::Regex;

#[path = "exports/answers.rs"]
mod answers;
#[path = "exports/template.rs"]
mod template;

type Texts = Vec<(String, String)>;

struct Files(Vec<(Arc<SourceFile>, Tree)>);

impl Loader for Files {
    fn text(&self, _path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        None
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.0.get(id.0 as usize).map(|(_, tree)| tree)
    }

    fn directory(&self, _path: &str) -> Vec<FileId> {
        Vec::new()
    }

    fn path(&self, id: FileId) -> Arc<str> {
        Arc::clone(self.0[id.0 as usize].0.path())
    }
}

/// The files of one shape.
fn shape(name: &str) -> Texts {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/exports")
        .join(name);
    let mut files: Texts = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn check(files: &Texts) -> Report {
    engine::check_files(files.clone(), &Options::default()).unwrap()
}

/// The only deployment of these files.
fn deployment(texts: &Texts) -> Deployment {
    let files = (0_u32..).zip(texts).map(|(id, (path, text))| {
        let file = Arc::new(SourceFile::new(path.as_str(), text));
        let parsed = json::parse(FileId(id), &file);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        (file, Tree::Json(parsed.tree))
    });
    let files = Files(files.collect());
    let inputs: Vec<Input<'_>> = (0_u32..)
        .zip(&files.0)
        .map(|(id, (file, tree))| Input {
            id: FileId(id),
            file,
            tree,
        })
        .filter(|input| Export.recognise(input))
        .collect();
    let grouping = Export.group(&inputs, &GroupOptions::default());
    let [unit] = grouping.units.as_slice() else {
        panic!("{:?}", grouping.units);
    };
    Export.evaluate(unit, &files)
}

/// The network without the places where things are written.
fn model(texts: &Texts) -> String {
    let deployment = deployment(texts);
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let network = format!("{:#?}", Network::build(&deployment));
    let places = Regex::new(r"OriginId\(\s*\d+,?\s*\)").unwrap();
    places.replace_all(&network, "somewhere").into_owned()
}

/// What is found, in words, and the texts that the labels stand at.
fn findings(report: &Report) -> Vec<String> {
    let mut found: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{} {:?} {:?} {} {} {:?}",
                finding.rule,
                finding.severity,
                finding.verdict,
                finding.message,
                finding.resource,
                finding.security_rule
            )
        })
        .collect();
    found.sort();
    found
}

const SHAPES: &[&str] = &[
    "cli",
    "cli-older",
    "resource-graph",
    "resource-graph-table",
    "lines",
    "appended",
    "powershell",
];

#[test]
fn every_shape_gives_the_same_model() {
    let rest = model(&shape("rest"));
    for name in SHAPES {
        let other = model(&shape(name));
        let differs = rest.lines().zip(other.lines()).position(|(a, b)| a != b);
        let near = differs.map(|line| {
            let near = |text: &str| {
                let lines: Vec<&str> = text
                    .lines()
                    .skip(line.saturating_sub(12))
                    .take(16)
                    .collect();
                lines.join("\n")
            };
            (near(&rest), near(&other))
        });
        if let Some((rest, other)) = near {
            panic!("rest:\n{rest}\n{name}:\n{other}");
        }
        assert_eq!(rest.len(), other.len(), "{name}");
    }
}

#[test]
fn every_shape_gives_the_same_findings_and_the_same_subscription() {
    let rest = check(&shape("rest"));
    assert!(rest.diagnostics.is_empty(), "{:?}", rest.diagnostics);
    assert_eq!(rest.summary.security_rules, 3);
    let expected = findings(&rest);
    assert!(
        expected
            .iter()
            .any(|finding| finding.contains("ssh-from-anywhere")),
        "{expected:#?}"
    );
    for name in SHAPES {
        let other = check(&shape(name));
        assert!(
            other.diagnostics.is_empty(),
            "{name}: {:?}",
            other.diagnostics
        );
        assert_eq!(findings(&other), expected, "{name}");
    }
}

#[test]
fn a_finding_points_at_the_line_of_the_export() {
    for name in ["rest", "cli", "resource-graph-table", "appended", "lines"] {
        let report = check(&shape(name));
        let finding = report
            .findings
            .iter()
            .find(|finding| &*finding.rule == "internet-exposed-management-port")
            .unwrap();
        let rule = report.sources.slice(finding.primary.span);
        assert!(rule.contains("ssh-from-anywhere"), "{name}: {rule}");
        let labels: Vec<&str> = finding
            .related
            .iter()
            .map(|place| report.sources.slice(place.span))
            .collect();
        assert!(labels.contains(&r#""22""#), "{name}: {labels:?}");
        assert!(labels.contains(&r#""Allow""#), "{name}: {labels:?}");
    }
}

#[test]
fn the_same_resource_in_two_shapes_is_one_and_nothing_is_told() {
    let mut both = shape("rest");
    for (name, text) in shape("cli") {
        both.push((format!("z-{name}"), text));
    }
    let report = check(&both);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    assert_eq!(report.summary.security_rules, 3);
    assert_eq!(findings(&report), findings(&check(&shape("rest"))));
}

/// The codes, kinds and severities of what is told, and the texts it is told at.
fn told(report: &Report) -> Vec<(&'static str, Severity, String)> {
    report
        .diagnostics
        .iter()
        .map(|told| {
            assert_eq!(told.kind, DiagnosticKind::Advice, "{told:?}");
            let at = told.primary.as_ref().unwrap().span;
            let text = report.sources.slice(at).to_owned();
            (told.code, told.severity, text)
        })
        .collect()
}
