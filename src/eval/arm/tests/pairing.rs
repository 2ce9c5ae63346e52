use super::{Files, with_schema};
use crate::eval::frontend::GroupOptions;
use crate::source::FileId;

const PARAMETERS: &str = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
    "parameters": { "p": { "value": 1 } } }"#;

fn template() -> String {
    with_schema(r#""parameters": { "p": { "type": "int" } }, "resources": []"#)
}

fn units(files: &[&str]) -> (Vec<(String, usize)>, usize, usize) {
    let template = template();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|path| {
            (
                *path,
                if path.contains("param") {
                    PARAMETERS
                } else {
                    &*template
                },
            )
        })
        .collect();
    let grouping = Files::new(&files).group(&GroupOptions::default());
    let units = grouping
        .units
        .iter()
        .map(|unit| (unit.name.to_string(), unit.values.len()));
    (
        units.collect(),
        grouping.unused.len(),
        grouping.diagnostics.len(),
    )
}

fn expect(files: &[&str], expected: &[(&str, usize)], unused: usize, diagnostics: usize) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect();
    assert_eq!(units(files), (expected, unused, diagnostics), "{files:?}");
}

#[test]
fn parameter_files_go_with_the_template_they_are_named_after() {
    expect(
        &["a/x.json", "a/x.parameters.json"],
        &[("a/x.json", 1)],
        0,
        0,
    );
    expect(
        &["x.json", "x.parameters.dev.json", "x.prod.parameters.json"],
        &[
            ("x.json (x.parameters.dev.json)", 1),
            ("x.json (x.prod.parameters.json)", 1),
        ],
        0,
        0,
    );
    expect(
        &["app.json", "app.web.json", "app.web.parameters.json"],
        &[("app.json", 0), ("app.web.json", 1)],
        0,
        0,
    );
    expect(
        &["a/x.json", "b/x.parameters.json"],
        &[("a/x.json", 0)],
        1,
        0,
    );
}

#[test]
fn an_unnamed_parameter_file_goes_with_the_only_template_it_fits() {
    expect(&["x.json", "parameters.json"], &[("x.json", 1)], 0, 0);
    expect(
        &["x.json", "y.json", "parameters.json"],
        &[("x.json", 0), ("y.json", 0)],
        1,
        1,
    );
    let other = with_schema(r#""parameters": { "q": { "type": "int" } }, "resources": []"#);
    let files = Files::new(&[("parameters.json", PARAMETERS), ("x.json", &other)]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(grouping.unused, [FileId(0)]);
    assert!(grouping.units[0].values.is_empty());
}

#[test]
fn parameter_files_asked_for_replace_those_found() {
    let template = template();
    let files = Files::new(&[
        ("asked.json", PARAMETERS),
        ("x.json", &template),
        ("x.parameters.json", PARAMETERS),
    ]);
    let options = GroupOptions {
        parameter_files: vec![FileId(0)],
        ..GroupOptions::default()
    };
    let grouping = files.group(&options);
    assert_eq!(grouping.units.len(), 1);
    assert_eq!(grouping.units[0].values, [FileId(0)]);
    assert_eq!(grouping.unused, [FileId(2)]);
}

#[test]
fn other_json_is_left_alone() {
    let user_interface = r#"{ "$schema": "https://schema.management.azure.com/schemas/0.1.2-preview/CreateUIDefinition.MultiVm.json#", "parameters": { "steps": [] } }"#;
    let policy =
        r#"{ "properties": { "policyRule": {}, "parameters": { "x": { "type": "String" } } } }"#;
    let plain =
        r#"{ "contentVersion": "1.0.0.0", "resources": [{ "type": "A.B/c", "name": "x" }] }"#;
    let files = Files::new(&[
        ("createUiDefinition.json", user_interface),
        ("package.json", r#"{ "name": "x", "resources": [] }"#),
        ("plain.json", plain),
        ("policy.parameters.json", policy),
    ]);
    let grouping = files.group(&GroupOptions::default());
    let names: Vec<&str> = grouping.units.iter().map(|unit| &*unit.name).collect();
    assert_eq!(names, ["plain.json"]);
    assert!(grouping.unused.is_empty());
}
