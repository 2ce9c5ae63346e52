//! A plan is its configuration: alone it gives the same network and findings, and laid beside the
//! configuration it says everything once, at the place where it was typed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use aznet::engine::inventory::{Inventory, inventory};
use aznet::engine::{Report, Request};
use tempfile::TempDir;

use super::configurations::{Files, RULES, Rules, WAYS, Way, configuration};
use super::{check, planned};

fn written(files: &Files) -> Vec<(&str, String)> {
    let files = files.iter();
    files
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect()
}

fn plan_of(files: &Files) -> String {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    serde_json::to_string_pretty(&planned::plan(&files)).unwrap()
}

/// What was understood of files on a disk.
pub(crate) fn understood(files: &[(&str, String)]) -> Inventory {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let request = Request {
        root: Some(directory.path().to_owned()),
        paths: vec![directory.path().to_owned()],
        ..Request::default()
    };
    inventory(&request).unwrap()
}

/// The fields of all elements; lists without their order.
pub(crate) fn fields(inventory: &Inventory) -> BTreeMap<String, Vec<String>> {
    let deployments = inventory.deployments.iter();
    let resources = deployments.flat_map(|it| &it.resources);
    let mut found = BTreeMap::new();
    for element in resources.flat_map(|it| &it.elements) {
        for field in &element.fields {
            let mut values = field.values.clone();
            values.sort();
            values.insert(0, field.state.as_str().to_owned());
            let path = format!("{} {} {}", element.kind, element.address, field.name);
            found.insert(path, values);
        }
    }
    found
}

/// What the findings say, without their places.
fn said(report: &Report) -> BTreeSet<(String, String, String, Vec<String>)> {
    let findings = report.findings.iter().map(|finding| {
        let mut instances: Vec<String> = (finding.instances.iter())
            .map(|it| it.resource.to_string())
            .collect();
        instances.sort();
        (
            finding.rule.to_string(),
            format!("{:?}", finding.verdict),
            finding
                .security_rule
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
            instances,
        )
    });
    findings.collect()
}

/// Checks all of a configuration.
#[track_caller]
fn holds(files: &Files, what: &str) {
    let plan = plan_of(files);
    let alone = [("plan.json", plan.clone())];
    let configuration = written(files);
    let mut both = configuration.clone();
    both.push(("plan.json", plan.clone()));
    let [one, two, three] = [&alone[..], &configuration, &both].map(understood);
    let (one, two, three) = (fields(&one), fields(&two), fields(&three));
    for (field, value) in &two {
        assert_eq!(
            one.get(field),
            Some(value),
            "{what}: {field} of the plan alone\n{plan}"
        );
        assert_eq!(
            three.get(field),
            Some(value),
            "{what}: {field} of both\n{plan}"
        );
    }
    let [alone, configuration, both] = [&alone[..], &configuration, &both].map(check);
    assert!(!configuration.findings.is_empty());
    assert_eq!(
        said(&alone),
        said(&configuration),
        "{what}: the plan alone\n{plan}"
    );
    assert_eq!(said(&both), said(&configuration), "{what}: both\n{plan}");
    assert_eq!(both.summary.deployments, 1);
    for finding in &both.findings {
        let file = both.sources.get(finding.primary.span.file).unwrap();
        assert!(
            !file.path().ends_with(".json"),
            "{what}: {} is shown in the plan",
            finding.rule
        );
    }
}

#[test]
fn the_plan_of_a_configuration_is_the_configuration() {
    for rules in RULES {
        for way in WAYS {
            let files = configuration(rules, way);
            holds(&files, &format!("{rules:?} {way:?}"));
        }
    }
}

#[test]
fn of_two_outputs_that_may_be_meant_none_is_taken() {
    let mut files = configuration(Rules::Inline, Way::OutputOfLoop);
    let more = "output \"other_subnet_id\" {\n  value = azurerm_subnet.other.id\n}\nresource \
                \"azurerm_subnet\" \"other\" {\n  name = \"other\"\n  resource_group_name = \"rg\"\n  \
                virtual_network_name = azurerm_virtual_network.net.name\n  address_prefixes = \
                [\"10.0.9.0/24\"]\n}\n";
    files.push(("network/other.tf".to_owned(), more.to_owned()));
    let alone = fields(&understood(&[("plan.json", plan_of(&files))]));
    let subnet =
        r#"network interface azurerm_network_interface.card["red"] ip_configurations[0].subnet"#;
    assert_eq!(alone.get(subnet), Some(&vec!["unknown".to_owned()]));
}
