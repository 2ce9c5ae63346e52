use super::super::{Files, evaluated, show, with_schema};
use super::{check_with, refused_with};

/// A template with functions of its own, a parameter and a variable.
const OWN: &str = r#""functions": [{ "namespace": "contoso", "members": {
        "join": { "parameters": [{ "name": "a", "type": "string" }, { "name": "b", "type": "string" }],
            "output": { "type": "string", "value": "[concat(parameters('a'), '/', parameters('b'))]" } },
        "twice": { "parameters": [{ "name": "n", "type": "int" }],
            "output": { "type": "int", "value": "[mul(parameters('n'), 2)]" } },
        "fourfold": { "parameters": [{ "name": "n", "type": "int" }],
            "output": { "type": "int", "value": "[contoso.twice(contoso.twice(parameters('n')))]" } },
        "home": { "parameters": [], "output": { "type": "object", "value": { "id": "[resourceGroup().id]" } } },
        "maybe": { "parameters": [{ "name": "s", "type": "string", "nullable": true }],
            "output": { "type": "string", "value": "[coalesce(parameters('s'), 'none')]" } },
        "titled": { "parameters": [{ "name": "s", "type": "string" }],
            "output": { "type": "string", "value": "[format(variables('title'), parameters('s'))]" } },
        "outer": { "parameters": [], "output": { "type": "string", "value": "[parameters('a')]" } },
        "late": { "parameters": [{ "name": "id", "type": "string" }],
            "output": { "type": "string", "value": "[reference(parameters('id'), '2024-05-01').ip]" } },
        "empty": { "parameters": [] } } }],
    "parameters": { "a": { "type": "string", "defaultValue": "outer" } },
    "variables": { "of": "of ", "title": "[concat('{0}, house ', variables('of'), parameters('a'))]" },"#;

#[test]
fn functions_of_a_template_see_their_own_parameters_and_its_variables() {
    check_with(
        OWN,
        &[
            ("Contoso.Join('x', parameters('a'))", r#""x/outer""#),
            ("contoso.twice(21)", "42"),
            ("contoso.fourfold(3)", "12"),
            ("contoso.maybe(null())", r#""none""#),
            ("contoso.maybe('s')", r#""s""#),
            ("contoso.titled('Ann')", r#""Ann, house of outer""#),
            (
                "map(createArray(1, 2), lambda('n', contoso.twice(lambdaVariables('n'))))",
                "[2,4]",
            ),
            (
                "contoso.home().id",
                r#""/subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}""#,
            ),
        ],
    );
    refused_with(
        OWN,
        &[
            (
                "contoso.late('x')",
                "a function of a template cannot use 'reference'",
                "reference(parameters('id'), '2024-05-01')",
            ),
            (
                "contoso.outer()",
                "this function has no parameter 'a'",
                "parameters('a')",
            ),
        ],
    );
}

#[test]
fn wrong_calls_of_a_function_of_the_template_are_told() {
    refused_with(
        OWN,
        &[
            (
                "contoso.join('x')",
                "'contoso.join' needs 2 arguments, not 1",
                "contoso.join('x')",
            ),
            (
                "contoso.twice('x')",
                "'contoso.twice' needs a whole number for 'n', not a string",
                "'x'",
            ),
            (
                "contoso.join(createArray(), 'b')",
                "a string for 'a', not an array",
                "createArray()",
            ),
            (
                "contoso.jion('x', 'y')",
                "this template declares no function 'contoso.jion' did you mean `contoso.join`?",
                "contoso.jion",
            ),
            (
                "contoso.empty()",
                "this function has no output",
                "{ \"parameters\": [] }",
            ),
        ],
    );
}

#[test]
fn a_function_that_calls_itself_ends() {
    let template = with_schema(
        r#""functions": [{ "namespace": "n", "members": { "f": { "parameters": [{ "name": "x", "type": "int" }],
            "output": { "type": "int", "value": "[n.f(add(parameters('x'), 1))]" } } } }],
        "resources": [{ "type": "A.B/c", "name": "x", "properties": { "x": "[n.f(1)]", "y": "[add(1, 1)]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let codes: Vec<&str> = deployment.diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["arm-cycle"]);
    let resource = super::super::resource(&deployment, "A.B/c/x");
    assert_eq!(show(super::super::at(resource, "properties.y")), "2");
}

#[test]
fn a_function_of_unknown_arguments_gives_what_its_body_makes_of_them() {
    let declarations = OWN.replace(
        r#""parameters": { "a": { "type": "string", "defaultValue": "outer" } }"#,
        r#""parameters": { "a": { "type": "string" } }"#,
    );
    let (value, messages) = evaluated(&declarations, "contoso.join('x', parameters('a'))");
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(show(&value), r#""x/${parameters('a')}""#);
}
