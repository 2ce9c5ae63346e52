//! Files that say they are templates or parameter files and are not quite: each is one diagnostic,
//! and what can be read of it is read.

use serde_json::Value;

use crate::program::Case;

const GROUP: &str = r#""contentVersion": "1.0.0.0", "resources": [
    { "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "n",
      "properties": { "securityRules": [] } }]"#;

const SCHEMA: &str = "https://schema.management.azure.com/schemas/2019-04-01";

fn with_schema(schema: &str) -> String {
    format!("{{ \"$schema\": \"{schema}\", {GROUP} }}")
}

/// Exit code, number of resources, and code and text of each diagnostic of a run on one file.
fn checked(name: &str, content: impl AsRef<[u8]>) -> (i32, u64, Vec<(String, String)>) {
    let case = Case::new(&[]);
    case.write(name, content);
    let (code, answer) = case.answer(&["check", name]);
    let diagnostics = answer["diagnostics"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = diagnostics
        .iter()
        .map(|one| (text(&one["code"]), text(&one["message"])));
    let resources = answer["summary"]["resources"].as_u64().unwrap();
    (code, resources, told.collect())
}

#[test]
fn a_template_with_another_schema_is_read_and_refused() {
    let wrong = "this `$schema` is not that of a template";
    for (schema, message) in [
        (format!("{SCHEMA}/deploymentTemplte.json#"), wrong),
        ("http://json-schema.org/draft-07/schema#".to_owned(), wrong),
        (
            format!("{SCHEMA}/deploymentParameters.json#"),
            "this template has the `$schema` of a parameter file",
        ),
    ] {
        let (code, resources, told) = checked("main.json", with_schema(&schema));
        assert_eq!((code, resources), (2, 1), "{schema}");
        let expected = ("arm-schema".to_owned(), message.to_owned());
        assert_eq!(told, [expected], "{schema}");
    }
    let (code, resources, told) = checked("main.json", format!("{{ \"$schema\": 2019, {GROUP} }}"));
    assert_eq!((code, resources, told.len()), (2, 1, 1));
}

#[test]
fn values_under_the_schema_of_a_template_are_a_parameter_file_that_is_refused() {
    let case = Case::new(&[
        (
            "main.json",
            &format!(
                "{{ \"$schema\": \"{SCHEMA}/deploymentTemplate.json#\", \"parameters\": {{ \"a\": {{ \"type\": \"string\" }} }}, {GROUP} }}"
            ),
        ),
        (
            "main.parameters.json",
            &format!(
                "{{ \"$schema\": \"{SCHEMA}/deploymentTemplate.json#\", \"contentVersion\": \"1.0.0.0\", \"parameters\": {{ \"a\": {{ \"value\": \"x\" }} }} }}"
            ),
        ),
    ]);
    let (code, answer) = case.answer(&["check"]);
    assert_eq!(code, 2, "{answer}");
    let told = answer["diagnostics"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{answer}");
    assert_eq!(
        told[0]["message"],
        "this parameter file has the `$schema` of a template"
    );
    assert_eq!(answer["summary"]["deployments"], 1, "{answer}");
}

#[test]
fn a_template_in_single_quotes_or_none_is_refused_where_it_begins_to_be_none() {
    for text in [
        format!("{{ '$schema': '{SCHEMA}/deploymentTemplate.json#', 'resources': [] }}"),
        format!("{{ $schema: \"{SCHEMA}/deploymentTemplate.json#\", resources: [] }}"),
    ] {
        let (code, resources, told) = checked("main.json", &text);
        assert_eq!((code, resources, told.len()), (2, 0, 1), "{text}: {told:?}");
        assert_eq!(told[0].0, "json-syntax");
    }
}

#[test]
fn a_template_in_utf_16_is_read_with_and_without_a_mark() {
    let text = with_schema(&format!("{SCHEMA}/deploymentTemplate.json#"));
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
    let big = || text.encode_utf16().flat_map(u16::to_be_bytes);
    for bytes in [
        little().collect::<Vec<u8>>(),
        big().collect(),
        [0xff, 0xfe].into_iter().chain(little()).collect(),
        [0xfe, 0xff].into_iter().chain(big()).collect(),
        [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect(),
    ] {
        assert_eq!(
            checked("main.json", &bytes),
            (0, 1, Vec::new()),
            "{:?}",
            &bytes[..4]
        );
    }
}

#[test]
fn a_template_of_another_ending_is_read_where_it_is_named() {
    let text = with_schema(&format!("{SCHEMA}/deploymentTemplate.json#"));
    for name in ["main.jsonc", "main.template", "main.txt", "main"] {
        assert_eq!(checked(name, &text), (0, 1, Vec::new()), "{name}");
    }
    for other in [
        "Microsoft.Network are the words of a letter",
        "{ \"type\": 1 }",
    ] {
        assert_eq!(checked("letter.txt", other), (0, 0, Vec::new()));
    }
}

#[test]
fn json_that_claims_nothing_is_left_alone() {
    for text in [
        format!("{{ {} }}", GROUP.replace("\"contentVersion\": \"1.0.0.0\", ", "")),
        with_schema(&format!("{SCHEMA}/x.json#")).replace("Microsoft.Network/", ""),
        "{ \"$schema\": \"https://schema.management.azure.com/schemas/0.1.2-preview/CreateUIDefinition.MultiVm.json#\", \"resources\": [] }".to_owned(),
    ] {
        assert_eq!(checked("x.json", &text), (0, 0, Vec::new()), "{text}");
    }
}
