use super::{Files, at, resource, show, unknown, with_schema};
use crate::eval::Deployment;
use crate::eval::value::{Bounds, Reason};

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";

/// A template of language version 2.0 whose only resource has all its parameters as properties.
fn typed(parameters: &str, definitions: &str) -> String {
    let names = parameters.match_indices("\": {").filter_map(|(end, _)| {
        let name = parameters
            .get(end.checked_sub(2)?..end)?
            .strip_prefix('"')?;
        Some(format!(r#""{name}": "[parameters('{name}')]""#))
    });
    let properties: Vec<String> = names.collect();
    with_schema(&format!(
        r#""languageVersion": "2.0", "definitions": {{ {definitions} }}, "parameters": {{ {parameters} }},
        "resources": {{ "r": {{ "type": "A.B/c", "name": "r", "properties": {{ {} }} }} }}"#,
        properties.join(", ")
    ))
}

fn with_values(template: &str, values: &str) -> (Files, Deployment) {
    let values = format!(r#"{{ "$schema": "{SCHEMA}", "parameters": {{ {values} }} }}"#);
    let files = Files::new(&[("main.json", template), ("main.parameters.json", &values)]);
    let deployment = files.deploy("main.json");
    (files, deployment)
}

/// What is said, each with the text it points at.
fn told(template: &str, values: &str) -> Vec<(String, String)> {
    let (files, deployment) = with_values(template, values);
    let mut told: Vec<(String, String)> = deployment
        .diagnostics
        .iter()
        .map(|one| {
            let span = one.primary.as_ref().unwrap().span;
            (files.read(span).1.to_owned(), one.message.clone())
        })
        .collect();
    told.sort();
    told
}

fn expect(template: &str, values: &str, expected: &[(&str, &str)]) {
    let told = told(template, values);
    let told: Vec<(&str, &str)> = told.iter().map(|(at, what)| (&**at, &**what)).collect();
    assert_eq!(told, expected, "{values}");
}

#[test]
fn values_of_another_type_are_told_where_they_stand() {
    let template = typed(
        r#""a": { "type": "int" }, "b": { "type": "bool" }, "c": { "type": "String" },
        "d": { "type": "array" }, "e": { "type": "secureObject" }, "f": { "type": "secureString" }"#,
        "",
    );
    expect(
        &template,
        r#""a": { "value": "7" }, "b": { "value": 1 }, "c": { "value": 22 },
        "d": { "value": "x" }, "e": { "value": [] }, "f": { "value": {} }"#,
        &[
            (r#""7""#, "'a' must be a whole number, this is a string"),
            (r#""x""#, "'d' must be an array, this is a string"),
            ("1", "'b' must be true or false, this is a whole number"),
            ("22", "'c' must be a string, this is a whole number"),
            ("[]", "'e' must be an object, this is an array"),
            ("{}", "'f' must be a string, this is an object"),
        ],
    );
    expect(
        &template,
        r#""a": { "value": 7 }, "b": { "value": true }, "c": { "value": "x" },
        "d": { "value": [] }, "e": { "value": {} }, "f": { "value": "{{ later }}" }"#,
        &[],
    );
}

#[test]
fn values_outside_their_bounds_are_told_where_they_stand() {
    let template = typed(
        r#""a": { "type": "int", "minValue": 10, "maxValue": 20 },
        "b": { "type": "string", "minLength": 3, "maxLength": 5 },
        "c": { "type": "string", "allowedValues": ["Allow", "Deny"] },
        "d": { "type": "array", "allowedValues": ["x", "y"], "maxLength": 2 }"#,
        "",
    );
    expect(
        &template,
        r#""a": { "value": 9 }, "b": { "value": "ab" }, "c": { "value": "Maybe" }, "d": { "value": ["x", "z"] }"#,
        &[
            (r#""Maybe""#, "'c' cannot be 'Maybe'"),
            (r#""ab""#, "'b' must be at least 3 long, this is 2 long"),
            ("9", "'a' must be at least 10, this is 9"),
            (r#"["x", "z"]"#, "'d' cannot be this"),
        ],
    );
    // Allowed strings compare without case.
    expect(
        &template,
        r#""a": { "value": 21 }, "b": { "value": "abcdef" }, "c": { "value": "deny" }, "d": { "value": ["x", "y", "x"] }"#,
        &[
            (r#""abcdef""#, "'b' must be at most 5 long, this is 6 long"),
            ("21", "'a' must be at most 20, this is 21"),
            (
                r#"["x", "y", "x"]"#,
                "'d' must be at most 2 long, this is 3 long",
            ),
        ],
    );
}

#[test]
fn values_are_checked_against_the_template_s_own_types() {
    let definitions = r##"
        "port": { "type": "int", "minValue": 1, "maxValue": 65535 },
        "rule": { "type": "object", "additionalProperties": false, "properties": {
            "name": { "type": "string" }, "port": { "$ref": "#/definitions/port" },
            "note": { "type": "string", "nullable": true } } },
        "rules": { "type": "array", "items": { "$ref": "#/definitions/rule" } },
        "pair": { "type": "array", "prefixItems": [{ "type": "int" }, { "type": "bool" }], "items": false },
        "words": { "type": "object", "additionalProperties": { "type": "string" } },
        "shape": { "type": "object", "discriminator": { "propertyName": "kind", "mapping": {
            "round": { "type": "object", "properties": { "kind": { "type": "string" }, "radius": { "type": "int" } } },
            "flat": { "type": "object", "properties": {} } } } }"##;
    let of = |definition: &str| {
        typed(
            &format!(r##""a": {{ "$ref": "#/definitions/{definition}" }}"##),
            definitions,
        )
    };
    let check = |definition: &str, value: &str, expected: &[(&str, &str)]| {
        expect(
            &of(definition),
            &format!(r#""a": {{ "value": {value} }}"#),
            expected,
        );
    };
    check(
        "rules",
        r#"[{ "name": "x", "port": 22 }, { "NAME": "y", "port": 80, "note": null }]"#,
        &[],
    );
    check(
        "rules",
        r#"[{ "name": "x", "port": 70000 }, { "port": 80, "prt": 3 }]"#,
        &[
            ("3", "'a[1].prt' is no property of its type"),
            ("70000", "'a[0].port' must be at most 65535, this is 70000"),
            (
                r#"{ "port": 80, "prt": 3 }"#,
                "'a[1]' needs a property 'name'",
            ),
        ],
    );
    check("pair", "[1, true]", &[]);
    check(
        "pair",
        "[1, true, 2]",
        &[("2", "'a[2]' is one item too many")],
    );
    check(
        "pair",
        "[1]",
        &[("[1]", "'a' must have 2 items, this has 1")],
    );
    check(
        "words",
        r#"{ "x": "y", "z": 4 }"#,
        &[("4", "'a.z' must be a string, this is a whole number")],
    );
    check("shape", r#"{ "kind": "round", "radius": 2 }"#, &[]);
    check(
        "shape",
        r#"{ "kind": "round" }"#,
        &[(r#"{ "kind": "round" }"#, "'a' needs a property 'radius'")],
    );
    check(
        "shape",
        r#"{ "kind": "oval" }"#,
        &[(r#""oval""#, "'a' cannot be of the kind 'oval'")],
    );
    check("shape", "{}", &[("{}", "'a' needs a property 'kind'")]);
}

#[test]
fn a_parameter_file_gives_what_the_template_needs_and_nothing_else() {
    let template = typed(
        r#""a": { "type": "string" }, "b": { "type": "string" }, "c": { "type": "string", "nullable": true },
        "d": { "type": "string", "defaultValue": "x" }, "e": { "type": "string" }"#,
        "",
    );
    let template = template
        .replace(r#""e": {"#, r#""prefix": {"#)
        .replace("parameters('e')", "parameters('prefix')");
    expect(
        &template,
        r#""b": { "value": null }, "prefx": { "value": "y" }"#,
        &[
            (
                r#""parameters""#,
                "main.json needs a value for 'a', 'b', 'prefix'",
            ),
            (r#""prefx""#, "main.json declares no parameter 'prefx'"),
        ],
    );
    let (_, deployment) = with_values(&template, r#""prefx": { "value": "y" }"#);
    let helps: Vec<&str> = deployment
        .diagnostics
        .iter()
        .filter(|one| one.code == "undeclared-parameter")
        .filter_map(|one| one.help.as_deref())
        .collect();
    assert_eq!(helps, ["did you mean 'prefix'?"]);
    // Secrets are kept out of files: they are given when it is deployed.
    let secret = typed(
        r#""a": { "type": "string" }, "key": { "type": "secureString" }"#,
        "",
    );
    expect(&secret, r#""a": { "value": "x" }"#, &[]);
    // Without a parameter file nobody says that it is deployed so.
    let alone = Files::new(&[("main.json", &template)]).deploy("main.json");
    assert_eq!(alone.diagnostics, []);
}

#[test]
fn arguments_of_nested_templates_are_checked_where_they_are_typed() {
    let template = with_schema(
        r#""variables": { "many": 12 }, "resources": [{ "type": "Microsoft.Resources/deployments", "name": "d",
            "properties": { "expressionEvaluationOptions": { "scope": "inner" },
                "parameters": { "count": { "value": "[variables('many')]" }, "mode": { "value": "Off" } },
                "template": { "parameters": { "count": { "type": "int", "maxValue": 10 }, "mode": { "type": "bool" } },
                    "resources": [{ "type": "A.B/c", "name": "r", "properties": {
                        "count": "[parameters('count')]", "mode": "[parameters('mode')]" } }] } } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(
        files.blamed(&deployment, "parameter-value"),
        [r#""[variables('many')]""#, r#""Off""#]
    );
    // What was typed is what is judged.
    let r = resource(&deployment, "A.B/c/r");
    assert_eq!(show(at(r, "properties.count")), "12");
}

#[test]
fn what_only_a_default_makes_wrong_is_not_told() {
    let template = with_schema(
        r#""parameters": { "many": { "type": "int", "defaultValue": 12 } },
        "resources": [{ "type": "Microsoft.Resources/deployments", "name": "d",
            "properties": { "expressionEvaluationOptions": { "scope": "inner" },
                "parameters": { "count": { "value": "[parameters('many')]" } },
                "template": { "parameters": { "count": { "type": "int", "maxValue": 10 } },
                    "resources": [{ "type": "A.B/c", "name": "[string(parameters('count'))]" }] } } }]"#,
    );
    let deployment = Files::new(&[("main.json", &template)]).deploy("main.json");
    assert_eq!(deployment.diagnostics, []);
    resource(&deployment, "A.B/c/12");
}

#[test]
fn a_parameter_without_a_value_is_bounded_by_its_declaration() {
    let template = typed(
        r##""a": { "type": "int", "minValue": 3 }, "b": { "type": "string", "minLength": 2, "maxLength": 9 },
        "c": { "$ref": "#/definitions/access" }, "d": { "$ref": "#/definitions/rule" }"##,
        r##""access": { "type": "string", "allowedValues": ["Allow", "Deny"] },
        "rule": { "type": "object", "additionalProperties": false, "properties": {
            "access": { "$ref": "#/definitions/access" }, "note": { "type": "string", "nullable": true } } }"##,
    );
    let deployment = Files::new(&[("main.json", &template)]).deploy("main.json");
    let r = resource(&deployment, "A.B/c/r");
    let bounds = |path: &str| unknown(at(r, path)).bounds.clone();
    assert!(matches!(
        bounds("properties.a"),
        Bounds::Range(Some(3), None)
    ));
    assert!(matches!(bounds("properties.b"), Bounds::Length(2, Some(9))));
    assert!(matches!(bounds("properties.c"), Bounds::OneOf(values) if values.len() == 2));
    let access = unknown(at(r, "properties.d.access"));
    assert_eq!(&*access.label, "parameters('d').access");
    assert!(matches!(&access.bounds, Bounds::OneOf(values) if values.len() == 2));
    assert!(at(r, "properties.d").as_object().unwrap().rest.is_some());
}

#[test]
fn a_secret_has_the_same_name_wherever_it_is_passed() {
    let template = typed(
        r#""a": { "type": "securestring" }, "b": { "type": "securestring" }, "c": { "type": "securestring" }"#,
        "",
    );
    let secret = |vault: &str, name: &str| {
        format!(
            r#"{{ "reference": {{ "keyVault": {{ "id": "{vault}" }}, "secretName": "{name}" }} }}"#
        )
    };
    let values = format!(
        r#""a": {}, "b": {}, "c": {}"#,
        secret("/v/one", "vpn"),
        secret("/V/One", "vpn"),
        secret("/v/two", "vpn")
    );
    let (_, deployment) = with_values(&template, &values);
    assert_eq!(deployment.diagnostics, []);
    let r = resource(&deployment, "A.B/c/r");
    let [a, b, c] = ["a", "b", "c"].map(|name| unknown(at(r, &format!("properties.{name}"))));
    assert_eq!((&*a.label, &a.reason), ("secret 'vpn'", &Reason::Secret));
    assert_eq!(a.id, b.id);
    assert_ne!(a.id, c.id);
}

#[test]
fn external_inputs_of_a_parameter_file_are_missing_by_their_name_unless_given() {
    let template = typed(
        r#""a": { "type": "string" }, "b": { "type": "string" }"#,
        "",
    );
    let values = format!(
        r#"{{ "$schema": "{SCHEMA}", "externalInputDefinitions": {{ "user": {{ "kind": "sys.cli", "config": "user" }} }},
        "externalInputs": {{ "zone": {{ "value": "north" }} }},
        "parameters": {{ "a": {{ "expression": "[externalInputs('user')]" }}, "b": {{ "expression": "[externalInputs('zone')]" }} }} }}"#
    );
    let files = Files::new(&[("main.json", &template), ("main.parameters.json", &values)]);
    let deployment = files.deploy("main.json");
    let r = resource(&deployment, "A.B/c/r");
    assert_eq!(
        &*unknown(at(r, "properties.a")).label,
        "externalInputs('user')"
    );
    assert_eq!(show(at(r, "properties.b")), r#""north""#);
}
