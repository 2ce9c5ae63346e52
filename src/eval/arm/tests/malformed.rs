//! Templates that Azure would refuse: told where they are wrong, the rest evaluated.

use super::{Files, at, resource, show, with_schema};
use crate::diagnostic::DiagnosticKind;
use crate::eval::Deployment;

const AFTER: &str = r#"{ "type": "A.B/c", "apiVersion": "1", "name": "after" }"#;

/// Evaluates a template; a resource of its own, called `after`, must come out whatever else is
/// wrong.
fn files(members: &str) -> (Files, Deployment) {
    let files = Files::new(&[("main.json", &with_schema(members))]);
    let deployment = files.deploy("main.json");
    (files, deployment)
}

/// Message and text of every diagnostic about the outline.
fn told(members: &str) -> Vec<(String, String)> {
    let (files, deployment) = files(members);
    let _ = resource(&deployment, "A.B/c/after");
    let of_code = deployment
        .diagnostics
        .iter()
        .filter(|one| one.code == "arm-template");
    of_code
        .map(|one| {
            let span = one.primary.as_ref().unwrap().span;
            (one.message.clone(), files.read(span).1.to_owned())
        })
        .collect()
}

fn assert_told(members: &str, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(message, text)| ((*message).to_owned(), (*text).to_owned()))
        .collect();
    assert_eq!(told(members), expected, "{members}");
}

#[test]
fn a_section_of_another_kind_is_told() {
    for (section, text, kind) in [
        ("parameters", "[1, 2]", "a list"),
        ("variables", r#""[createObject('a', 1)]""#, "a string"),
        ("outputs", "true", "a boolean"),
        ("definitions", "5", "a number"),
    ] {
        assert_told(
            &format!(r#""{section}": {text}, "resources": [{AFTER}]"#),
            &[(&format!("`{section}` is an object, not {kind}"), text)],
        );
    }
    assert_told(
        &format!(r#""functions": {{ "namespace": "n" }}, "resources": [{AFTER}]"#),
        &[(
            "`functions` is a list, not an object",
            r#"{ "namespace": "n" }"#,
        )],
    );
    // What is not written may also be null.
    assert_told(
        &format!(r#""variables": null, "outputs": null, "resources": [{AFTER}]"#),
        &[],
    );
}

#[test]
fn resources_that_are_none_are_told_and_the_others_evaluate() {
    let (files, deployment) = files(r#""resources": "[variables('all')]""#);
    assert!(deployment.resources.is_empty());
    assert_eq!(
        files.blamed(&deployment, "arm-template"),
        [r#""[variables('all')]""#]
    );
    assert_eq!(deployment.diagnostics[0].kind, DiagnosticKind::Unreadable);
    assert_told(
        &format!(r#""resources": ["[variables('one')]", 5, null, {AFTER}]"#),
        &[
            (
                "a resource is an object, not a string",
                r#""[variables('one')]""#,
            ),
            ("a resource is an object, not a number", "5"),
            ("a resource is an object, not null", "null"),
        ],
    );
    assert_told(
        &format!(
            r#""resources": [{{ "name": "x" }}, {{ "type": "A.B/c" }}, {{ "type": ["A.B/c"], "name": 5 }}, {AFTER}]"#
        ),
        &[
            ("this resource has no `type`", "{"),
            ("this resource has no `name`", "{"),
            (
                "the `type` of a resource is a string, not a list",
                r#"["A.B/c"]"#,
            ),
            ("the `name` of a resource is a string, not a number", "5"),
        ],
    );
    // Resources of other providers than Azure's have no name.
    assert_told(
        &format!(
            r#""languageVersion": "2.1-experimental", "resources": {{
            "app": {{ "import": "kubernetes", "type": "apps/Deployment@v1", "properties": {{}} }},
            "after": {AFTER} }}"#
        ),
        &[],
    );
}

#[test]
fn declarations_that_are_none_are_told() {
    assert_told(
        &format!(
            r#""parameters": {{ "a": "string", "b": null }}, "outputs": {{ "c": "x" }}, "resources": [{AFTER}]"#
        ),
        &[
            (
                "each of `parameters` is an object, `a` is a string",
                r#""string""#,
            ),
            ("each of `parameters` is an object, `b` is null", "null"),
            ("each of `outputs` is an object, `c` is a string", r#""x""#),
        ],
    );
}

#[test]
fn loops_without_what_they_need_are_told() {
    assert_told(
        &format!(
            r#""variables": {{ "copy": [ {{ "count": 2 }}, {{ "name": "x", "input": 1 }} ] }},
            "resources": [{{ "type": "A.B/c", "name": "x", "copy": {{ "name": "l" }} }},
                {{ "type": "A.B/c", "name": "y", "copy": [{{ "name": "l", "count": 2 }}] }}, {AFTER}]"#
        ),
        &[
            ("this copy loop has no name", "{"),
            ("this copy loop has no count", "{"),
            ("this copy loop has no count", "{"),
            (
                "the `copy` of a resource is an object, not a list",
                r#"[{ "name": "l", "count": 2 }]"#,
            ),
        ],
    );
}

#[test]
fn a_nested_template_that_is_none_is_told() {
    let nested = |properties: &str| {
        format!(
            r#""parameters": {{ "p": {{ "type": "object" }} }},
            "resources": [{{ "type": "Microsoft.Resources/deployments", "name": "n", "properties": {properties} }}, {AFTER}]"#
        )
    };
    assert_told(
        &nested(r#"{ "template": "hello" }"#),
        &[(
            "this is no template: a nested template is an object",
            r#""hello""#,
        )],
    );
    assert_told(
        &nested(r#"{ "template": [] }"#),
        &[("a nested template is an object, not a list", "[]")],
    );
    for nothing in ["{}", r#"{ "template": null }"#, r#"{ "template": {} }"#] {
        assert_told(
            &nested(nothing),
            &[(
                "this deployment has neither a template nor a link to one",
                r#""name": "n""#,
            )],
        );
    }
    assert_told(
        &nested(r#"{ "template": "[createArray(1)]" }"#),
        &[(
            "this is no template: a nested template is an object",
            r#""[createArray(1)]""#,
        )],
    );
    assert_told(&nested(r#"{ "template": "[parameters('p')]" }"#), &[]);
}

#[test]
fn a_template_that_an_expression_gives_is_deployed_at_its_own_places() {
    let template = with_schema(
        r#""variables": {
            "loaded": { "parameters": { "port": { "type": "string" } },
                "resources": [{ "type": "A.B/c", "name": "[[format('in-{0}', parameters('port'))]",
                    "properties": { "typed": "here" } }],
                "outputs": { "o": { "type": "string", "value": "[[parameters('port')]" } } },
            "other": { "resources": [] } },
        "resources": [
            { "type": "Microsoft.Resources/deployments", "name": "n", "properties": {
                "expressionEvaluationOptions": { "scope": "inner" },
                "template": "[if(true(), variables('loaded'), variables('other'))]",
                "parameters": { "port": { "value": "22" } } } },
            { "type": "A.B/d", "name": "after", "properties": { "x": "[reference('n').outputs.o.value]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let inner = resource(&deployment, "A.B/c/in-22");
    let typed = at(inner, "properties.typed");
    assert_eq!(files.typed(&deployment, typed.origin), [r#""here""#]);
    let after = resource(&deployment, "A.B/d/after");
    assert_eq!(show(at(after, "properties.x")), r#""22""#);
}
