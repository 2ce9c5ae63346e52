//! Runs with the list of service tags: what it settles, what says so, and what is wrong with it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is amiss, and sets up its own files"
)]

use std::path::{Path, PathBuf};

use aznet::diagnostic::DiagnosticKind;
use aznet::engine::ask::estate::load_files;
use aznet::engine::ask::trace::{TraceQuestion, Verdict, trace};
use aznet::engine::{Options, Report, Request, check, check_files};
use aznet::model::nsg::Direction;
use tempfile::TempDir;

const LIST: &str = include_str!("../testdata/service-tags/ServiceTags_Public.json");

/// Denies the storage service; what the second rule allows lies within it only by its addresses.
const GROUP: &str = r#"resource "azurerm_network_security_group" "web" {
  name = "web"
  security_rule {
    name = "no-storage"
    priority = 100
    direction = "Outbound"
    access = "Deny"
    protocol = "*"
    source_address_prefix = "*"
    source_port_range = "*"
    destination_address_prefix = "Storage"
    destination_port_range = "*"
  }
  security_rule {
    name = "one-account"
    priority = 110
    direction = "Outbound"
    access = "Allow"
    protocol = "Tcp"
    source_address_prefix = "*"
    source_port_range = "*"
    destination_address_prefix = "20.34.16.0/26"
    destination_port_range = "443"
  }
}
"#;

const PATH: &str = "ServiceTags_Public.json";

fn checked(config: &str, list: &str) -> Report {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = vec![
        file("main.tf", GROUP),
        file("aznet.yaml", config),
        file(PATH, list),
    ];
    check_files(files, &Options::default()).unwrap()
}

fn hidden(report: &Report) -> Vec<&aznet::policy::finding::Finding> {
    let all = report.findings.iter();
    all.filter(|finding| finding.security_rule.as_deref() == Some("one-account"))
        .collect()
}

#[test]
fn what_holds_by_addresses_alone_says_so_and_names_the_list() {
    let without = checked("", LIST);
    assert!(hidden(&without).is_empty(), "{:?}", without.findings);
    assert!(
        without
            .summary
            .assumptions
            .iter()
            .all(|it| !it.contains("service tags"))
    );
    let with = checked(&format!("service-tags: {PATH}\n"), LIST);
    let found = hidden(&with);
    assert_eq!(found.len(), 1, "{:?}", with.findings);
    let place = found[0].related.last().unwrap();
    assert_eq!(
        place.text,
        "true today, by the addresses of service tags: cloud public, change number 417"
    );
    let file = with.sources.get(place.span.file).unwrap();
    assert_eq!(&**file.path(), PATH);
    let line = "service tags: cloud public, change number 417";
    assert!(
        with.summary.assumptions.iter().any(|it| it == line),
        "{:?}",
        with.summary
    );
    assert!(!with.is_incomplete());
}

#[test]
fn what_holds_whatever_the_addresses_are_says_nothing_of_them() {
    let always = GROUP.replace("\"20.34.16.0/26\"", "\"Storage.WestEurope\"");
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = vec![
        file("main.tf", &always),
        file("aznet.yaml", &format!("service-tags: {PATH}\n")),
        file(PATH, LIST),
    ];
    let report = check_files(files, &Options::default()).unwrap();
    let found = hidden(&report);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .related
            .iter()
            .all(|place| !place.text.contains("today"))
    );
}

#[test]
fn a_list_for_another_cloud_is_told_and_not_used() {
    let report = checked(&format!("service-tags: {PATH}\ncloud: china\n"), LIST);
    assert!(hidden(&report).is_empty());
    let told: Vec<_> = report
        .diagnostics
        .iter()
        .map(|it| (it.code, it.kind))
        .collect();
    assert_eq!(told, [("service-tags-cloud", DiagnosticKind::Advice)]);
    assert!(
        report
            .summary
            .assumptions
            .iter()
            .all(|it| !it.contains("service tags"))
    );
}

#[test]
fn a_list_that_cannot_be_read_fails_the_run() {
    let report = checked(
        &format!("service-tags: {PATH}\n"),
        &LIST.replace("/22", "/99"),
    );
    assert!(report.is_incomplete());
    let message = &report.diagnostics[0].message;
    assert_eq!(
        message,
        "`20.32.8.0/99` of Storage is not a block of addresses"
    );
    let report = checked("service-tags: elsewhere.json\n", LIST);
    assert!(report.is_incomplete());
    assert_eq!(
        report.diagnostics[0].message,
        "there is no file `elsewhere.json`"
    );
    let report = checked("service-tags: [1]\n", LIST);
    assert!(report.is_incomplete());
}

#[test]
fn tags_that_the_list_does_not_hold_are_named() {
    let group = GROUP.replace("\"20.34.16.0/26\"", "\"EventHub\"");
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = vec![
        file("main.tf", &group),
        file("aznet.yaml", &format!("service-tags: {PATH}\n")),
        file(PATH, LIST),
    ];
    let report = check_files(files, &Options::default()).unwrap();
    let line = "service tags: cloud public, change number 417; not in that list: EventHub";
    assert!(
        report.summary.assumptions.iter().any(|it| it == line),
        "{:?}",
        report.summary
    );
}

fn request(root: &Path, list: Option<PathBuf>) -> Request {
    Request {
        paths: vec![root.to_owned()],
        root: Some(root.to_owned()),
        service_tags: list,
        ..Request::default()
    }
}

#[test]
fn the_list_may_lie_outside_the_root_and_wins_over_the_configuration() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("main.tf"), GROUP).unwrap();
    std::fs::write(root.join("aznet.yaml"), "service-tags: old.json\n").unwrap();
    std::fs::write(root.join("old.json"), "{").unwrap();
    let list = directory.path().join("list.json");
    std::fs::write(&list, LIST).unwrap();
    let report = check(&request(&root, Some(list))).unwrap();
    assert_eq!(hidden(&report).len(), 1, "{:?}", report.diagnostics);
    let by_config = check(&request(&root, None)).unwrap();
    assert!(by_config.is_incomplete());
    std::fs::write(root.join("old.json"), LIST).unwrap();
    assert_eq!(hidden(&check(&request(&root, None)).unwrap()).len(), 1);
    assert!(check(&request(&root, Some(root.join("none.json")))).is_err());
}

#[test]
fn a_trace_tells_what_is_true_by_addresses_alone() {
    let traced = |address: &str| {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = vec![
            file("main.tf", GROUP),
            file("aznet.yaml", &format!("service-tags: {PATH}\n")),
            file(PATH, LIST),
        ];
        let estate = load_files(files, &Options::default()).unwrap();
        let question = TraceQuestion {
            from: "10.0.0.4".to_owned(),
            to: format!("{address}:443"),
            nsg: Some("web".to_owned()),
            direction: Some(Direction::Outbound),
            ..TraceQuestion::default()
        };
        let answer = trace(&estate, &question).unwrap().remove(0);
        (answer.verdict, answer.notes.join("; "))
    };
    let list = "cloud public, change number 417";
    let (verdict, notes) = traced("20.34.16.9");
    assert_eq!(verdict, Verdict::Denied);
    let told = format!("denied today, by the addresses of service tags: {list}");
    assert!(notes.contains(&told), "{notes}");
    let (_, notes) = traced("10.0.0.9");
    assert!(!notes.contains("today") && notes.contains(list), "{notes}");
}
