use super::{Files, with_schema};
use crate::eval::arm::Arm;
use crate::eval::frontend::{Declared, Frontend, GroupOptions, Target};
use crate::source::{FileId, Span};

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
    expect(
        &["template.json", "other.json", "parameters.json"],
        &[("other.json", 0), ("template.json", 1)],
        0,
        0,
    );
}

#[test]
fn directories_of_parameters_or_environments_belong_to_the_template_above_or_beside() {
    expect(
        &[
            "a/x.json",
            "a/parameters/dev.param.json",
            "a/parameters/prod.param.json",
        ],
        &[
            ("a/x.json (parameters/dev.param.json)", 1),
            ("a/x.json (parameters/prod.param.json)", 1),
        ],
        0,
        0,
    );
    expect(
        &[
            "x.json",
            "env/prod/x.parameters.json",
            "env/test/x.parameters.json",
        ],
        &[
            ("x.json (env/prod/x.parameters.json)", 1),
            ("x.json (env/test/x.parameters.json)", 1),
        ],
        0,
        0,
    );
    expect(
        &[
            "a/templates/x.json",
            "a/templates/y.json",
            "a/parameters/x.parameters.json",
        ],
        &[("a/templates/x.json", 1), ("a/templates/y.json", 0)],
        0,
        0,
    );
    // The directory says nothing, or two templates are called so.
    expect(
        &["x.json", "scripts/x.parameters.json"],
        &[("x.json", 0)],
        1,
        0,
    );
    expect(
        &["a/s/x.json", "a/t/x.json", "a/parameters/x.parameters.json"],
        &[("a/s/x.json", 0), ("a/t/x.json", 0)],
        1,
        0,
    );
}

#[test]
fn what_tells_several_deployments_of_a_template_apart_is_their_environment() {
    let template = template();
    let files = Files::new(&[
        ("x.json", &template),
        ("x.parameters-prod.json", PARAMETERS),
        ("x.parameters.json", PARAMETERS),
        ("x.test.parameters.json", PARAMETERS),
    ]);
    let grouping = files.group(&GroupOptions::default());
    let environments: Vec<&str> = grouping
        .units
        .iter()
        .filter_map(|unit| unit.environment.as_deref())
        .collect();
    assert_eq!(environments, ["prod", "x.parameters.json", "test"]);
}

#[test]
fn a_note_tells_how_to_pair_a_file_that_nothing_pairs() {
    let template = template();
    let files = Files::new(&[
        ("a/v.param.json", PARAMETERS),
        ("a/x.json", &template),
        ("a/y.json", &template),
    ]);
    let grouping = files.group(&GroupOptions::default());
    let [note] = grouping.diagnostics.as_slice() else {
        panic!("{:?}", grouping.diagnostics);
    };
    assert_eq!(
        note.message,
        "nothing tells to which of the templates near it this parameter file belongs: its values are not used"
    );
    let help = note.help.as_deref().unwrap();
    assert!(
        help.ends_with("deployments:\n  - template: a/x.json\n    parameters: [a/v.param.json]"),
        "{help}"
    );
}

fn declared(template: FileId, name: &str, parameters: Option<Vec<FileId>>) -> Declared {
    Declared {
        templates: vec![template],
        name: (!name.is_empty()).then(|| name.into()),
        parameters,
        target: Target {
            location: Some("westeurope".into()),
            ..Target::default()
        },
        place: Span::new(FileId(9), 1, 2),
    }
}

fn described(files: &Files, declared: Vec<Declared>) -> Vec<(String, Vec<FileId>)> {
    let options = GroupOptions {
        declared,
        ..GroupOptions::default()
    };
    let units = files.group(&options).units.into_iter();
    let told = units.map(|unit| {
        assert_eq!(unit.target.location.as_deref(), Some("westeurope"));
        let environment = unit.environment.as_deref().unwrap_or_default();
        (environment.to_owned(), unit.values)
    });
    told.collect()
}

#[test]
fn deployments_that_are_described_replace_those_found() {
    let template = template();
    let files = Files::new(&[
        ("x.json", &template),
        ("x.parameters.json", PARAMETERS),
        ("z/b.json", PARAMETERS),
    ]);
    let [x, own, base] = [FileId(0), FileId(1), FileId(2)];
    let both = vec![
        declared(x, "dev", Some(vec![base, own])),
        declared(x, "prod", Some(vec![own])),
    ];
    assert_eq!(
        described(&files, both),
        [
            ("dev".to_owned(), vec![base, own]),
            ("prod".to_owned(), vec![own]),
        ]
    );
    // Without `parameters` an entry only tells where the deployment goes.
    let place = vec![declared(x, "", None)];
    assert_eq!(described(&files, place), [(String::new(), vec![own])]);
}

#[test]
fn two_deployments_of_one_name_are_told() {
    let template = template();
    let files = Files::new(&[("x.json", &template)]);
    let options = GroupOptions {
        declared: vec![
            declared(FileId(0), "prod", Some(Vec::new())),
            declared(FileId(0), "prod", Some(Vec::new())),
        ],
        ..GroupOptions::default()
    };
    let grouping = files.group(&options);
    let names: Vec<&str> = grouping.units.iter().map(|unit| &*unit.name).collect();
    assert_eq!(names, ["x.json (prod 2)", "x.json (prod)"]);
    assert_eq!(
        grouping.diagnostics[0].message,
        "another deployment of this template is called `prod` too"
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

#[test]
fn what_a_file_for_every_template_gives_is_told_once_where_none_takes_it() {
    let takes = |name: &str| {
        with_schema(&format!(
            r#""parameters": {{ "{name}": {{ "type": "string", "defaultValue": "" }} }}, "resources": []"#
        ))
    };
    let (a, b) = (takes("left"), takes("right"));
    let values = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "parameters": { "left": { "value": "1" }, "Right": { "value": "2" }, "neither": { "value": "3" } } }"#;
    let told = |files: &Files, given: FileId| {
        let grouping = files.group(&GroupOptions {
            parameter_files: vec![given],
            ..GroupOptions::default()
        });
        let mut diagnostics = grouping.diagnostics;
        for unit in &grouping.units {
            diagnostics.extend(Arm.evaluate(unit, files).diagnostics);
        }
        let told = diagnostics.iter().map(|one| {
            let span = one.primary.as_ref().unwrap().span;
            (files.read(span).1.to_owned(), one.message.clone())
        });
        told.collect::<Vec<_>>()
    };
    let both = Files::new(&[("a.json", &a), ("b.json", &b), ("all.json", values)]);
    assert_eq!(
        told(&both, FileId(2)),
        [(
            r#""neither""#.to_owned(),
            "no template declares a parameter 'neither'".to_owned()
        )]
    );
    let alone = Files::new(&[("a.json", &a), ("all.json", values)]);
    let messages: Vec<String> = told(&alone, FileId(1))
        .into_iter()
        .map(|one| one.1)
        .collect();
    assert_eq!(
        messages,
        [
            "a.json declares no parameter 'Right'",
            "a.json declares no parameter 'neither'"
        ]
    );
}
