use super::{Files, with_schema};

const INNER: &str = r#""parameters": { "port": { "type": "int", "minValue": 1 },
    "access": { "type": "string", "allowedValues": ["Allow", "Deny"] },
    "note": { "type": "string", "defaultValue": "none" } },
    "resources": []"#;

/// What is said of a template with one deployment, each with the text it points at.
fn told(files: &Files) -> Vec<(String, &'static str, String)> {
    let deployment = files.deploy("main.json");
    let told = deployment.diagnostics.iter().map(|one| {
        let span = one.primary.as_ref().unwrap().span;
        (files.read(span).1.to_owned(), one.code, one.message.clone())
    });
    told.collect()
}

fn expect(files: &Files, expected: &[(&str, &str, &str)]) {
    let told = told(files);
    let told: Vec<(&str, &str, &str)> = told
        .iter()
        .map(|(at, code, message)| (&**at, *code, &**message))
        .collect();
    assert_eq!(told, expected);
}

/// A template that nests [`INNER`] with these arguments.
fn nesting(scope: &str, condition: &str, arguments: &str) -> Files {
    let inner = with_schema(INNER);
    let main = with_schema(&format!(
        r#""parameters": {{ "any": {{ "type": "bool" }}, "weak": {{ "type": "string", "defaultValue": "Maybe" }} }},
        "resources": [{{ "type": "Microsoft.Resources/deployments", "name": "edge", {condition} "properties": {{
            "expressionEvaluationOptions": {{ "scope": "{scope}" }},
            "parameters": {{ {arguments} }}, "template": {inner} }} }}]"#
    ));
    Files::new(&[("main.json", &main)])
}

#[test]
fn a_nested_template_is_told_what_it_needs_and_what_it_does_not_take() {
    expect(
        &nesting(
            "inner",
            "",
            r#""acces": { "value": "Deny" }, "Port": { "value": 22 }"#,
        ),
        &[
            (
                r#""acces""#,
                "undeclared-parameter",
                "the template of 'edge' declares no parameter 'acces'",
            ),
            (
                r#""parameters""#,
                "missing-parameter",
                "the template of 'edge' needs a value for 'access'",
            ),
        ],
    );
    // An entry that says nothing, and a null, are no value.
    expect(
        &nesting(
            "inner",
            "",
            r#""port": { "value": null }, "access": { }, "note": { "value": null }"#,
        ),
        &[(
            r#""parameters""#,
            "missing-parameter",
            "the template of 'edge' needs a value for 'port', 'access'",
        )],
    );
    expect(
        &nesting(
            "inner",
            "",
            r#""port": { "value": 22 }, "access": { "value": "deny" }"#,
        ),
        &[],
    );
}

#[test]
fn arguments_that_do_not_fit_are_told_at_their_literals_also_where_nothing_uses_them() {
    expect(
        &nesting(
            "inner",
            "",
            r#""port": { "value": "22" }, "access": { "value": "[if(true(), 'Block', 'x')]" }, "note": { "value": 7 }"#,
        ),
        &[
            (
                r#""22""#,
                "parameter-value",
                "'port' must be a whole number, this is a string",
            ),
            (
                r#""[if(true(), 'Block', 'x')]""#,
                "parameter-value",
                "'access' cannot be 'Block'",
            ),
            (
                "7",
                "parameter-value",
                "'note' must be a string, this is a whole number",
            ),
        ],
    );
}

#[test]
fn nothing_is_told_of_what_may_not_be_deployed_nor_of_what_hangs_on_a_default() {
    let wrong = r#""x": { "value": 1 }"#;
    expect(
        &nesting("inner", r#""condition": "[parameters('any')]","#, wrong),
        &[],
    );
    expect(&nesting("outer", "", wrong), &[]);
    let weak = r#""port": { "value": 1 }, "access": { "value": "[parameters('weak')]" }"#;
    expect(&nesting("inner", "", weak), &[]);
}

#[test]
fn a_linked_template_is_told_the_same() {
    let main = with_schema(
        r#""resources": [{ "type": "Microsoft.Resources/deployments", "name": "edge", "properties": {
            "templateLink": { "relativePath": "edge.json" }, "parameters": { "port": { "value": 0 }, "y": { "value": 1 } } } }]"#,
    );
    let inner = with_schema(INNER);
    expect(
        &Files::new(&[("main.json", &main), ("edge.json", &inner)]),
        &[
            (
                r#""y""#,
                "undeclared-parameter",
                "the template of 'edge' declares no parameter 'y'",
            ),
            (
                r#""parameters""#,
                "missing-parameter",
                "the template of 'edge' needs a value for 'access'",
            ),
            (
                "0",
                "parameter-value",
                "'port' must be at least 1, this is 0",
            ),
        ],
    );
}

#[test]
fn a_default_that_does_not_fit_its_own_declaration_is_told_where_it_stands() {
    let main = with_schema(
        r#""parameters": {
            "a": { "type": "int", "defaultValue": "5" },
            "b": { "type": "string", "allowedValues": ["x", "y"], "defaultValue": "z" },
            "c": { "type": "int", "maxValue": 9, "defaultValue": 10 },
            "d": { "type": "string", "minLength": 3, "defaultValue": "[concat('a', 'b')]" },
            "e": { "type": "string", "minLength": 3, "defaultValue": "[parameters('b')]" },
            "f": { "type": "bool", "defaultValue": true }, "g": { "type": "object", "defaultValue": null } },
        "resources": []"#,
    );
    let files = Files::new(&[("main.json", &main)]);
    expect(
        &files,
        &[
            (
                r#""5""#,
                "parameter-value",
                "'a' must be a whole number, this is a string",
            ),
            (r#""z""#, "parameter-value", "'b' cannot be 'z'"),
            ("10", "parameter-value", "'c' must be at most 9, this is 10"),
            (
                r#""[concat('a', 'b')]""#,
                "parameter-value",
                "'d' must be at least 3 long, this is 2 long",
            ),
        ],
    );
}
