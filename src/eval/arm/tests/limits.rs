use super::{Files, at, evaluated, resource, show, unknown, with_schema};
use crate::eval::value::Reason;

#[test]
fn ten_thousand_nested_calls_are_a_diagnostic() {
    let bomb = format!("{}1{}", "createArray(".repeat(10_000), ")".repeat(10_000));
    let (value, messages) = evaluated("", &bomb);
    assert_eq!(unknown(&value).reason, Reason::Invalid);
    assert_eq!(
        messages,
        ["this expression nests more than 128 levels deep"]
    );
    let (_, messages) = evaluated("", &"(".repeat(10_000));
    assert_eq!(messages.len(), 1);
    let (_, messages) = evaluated("", &format!("createArray(){}", "[0".repeat(10_000)));
    assert_eq!(
        messages,
        ["this expression nests more than 128 levels deep"]
    );
}

#[test]
fn nested_calls_within_the_limit_evaluate() {
    let deep = format!("{}'x'{}", "toLower(".repeat(120), ")".repeat(120));
    let (value, messages) = evaluated("", &deep);
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(show(&value), r#""x""#);
}

#[test]
fn a_chain_of_a_thousand_variables_ends_with_a_diagnostic() {
    let mut variables: Vec<String> = (0..1_000)
        .map(|n| format!(r#""v{n}": "[toLower(variables('v{}'))]""#, n + 1))
        .collect();
    variables.push(r#""v1000": "x""#.to_owned());
    let declarations = format!(r#""variables": {{ {} }},"#, variables.join(","));
    let (value, messages) = evaluated(&declarations, "variables('v0')");
    assert!(value.as_unknown().is_some());
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("levels deep"));
}

#[test]
fn things_that_depend_on_themselves_are_told() {
    let declarations =
        r#""variables": { "a": "[variables('b')]", "b": "[concat(variables('a'), 'x')]" },"#;
    let (_, messages) = evaluated(declarations, "variables('a')");
    assert_eq!(messages, ["the variable 'a' depends on itself"]);
    let declarations = r#""functions": [{ "namespace": "n", "members": { "f": {
        "parameters": [], "output": { "type": "int", "value": "[n.f()]" } } } }],"#;
    let (_, messages) = evaluated(declarations, "n.f()");
    assert_eq!(messages, ["the function 'n.f' depends on itself"]);
}

#[test]
fn a_loop_of_a_million_is_told_and_the_rest_evaluates() {
    let template = with_schema(
        r#""resources": [
        { "type": "A.B/c", "name": "[concat('x', copyIndex())]", "copy": { "name": "l", "count": 1000000 } },
        { "type": "A.B/c", "name": "after" }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(files.blamed(&deployment, "copy-limit"), ["1000000"]);
    assert!(!resource(&deployment, "A.B/c/after").template);
    assert!(deployment.resources[0].template);
}

#[test]
fn doubling_values_meet_a_limit() {
    let mut variables: Vec<String> = (0..60)
        .map(|n| {
            format!(
                r#""v{n}": ["[variables('v{0}')]", "[variables('v{0}')]"]"#,
                n + 1
            )
        })
        .collect();
    variables.push(r#""v60": "x""#.to_owned());
    let declarations = format!(r#""variables": {{ {} }},"#, variables.join(","));
    let (_, messages) = evaluated(&declarations, "variables('v0')");
    assert_eq!(
        messages.first().map(String::as_str),
        Some("this value is too large to be evaluated")
    );

    let mut variables: Vec<String> = (0..60)
        .map(|n| {
            format!(
                r#""v{n}": "[concat(variables('v{0}'), variables('v{0}'))]""#,
                n + 1
            )
        })
        .collect();
    variables.push(r#""v60": "0123456789""#.to_owned());
    let declarations = format!(r#""variables": {{ {} }},"#, variables.join(","));
    let (_, messages) = evaluated(&declarations, "variables('v0')");
    assert_eq!(
        messages,
        ["the result of 'concat' is too large to be evaluated"]
    );
}

#[test]
fn loops_within_loops_end_within_the_budget() {
    let inner = r#"{ "name": "c", "count": 9000, "input": "[concat(copyIndex('a'), copyIndex('b'), copyIndex('c'))]" }"#;
    let middle = format!(r#"{{ "name": "b", "count": 9000, "input": {{ "copy": [{inner}] }} }}"#);
    let template = with_schema(&format!(
        r#""resources": [{{ "type": "A.B/c", "name": "x", "properties": {{ "copy": [
            {{ "name": "a", "count": 9000, "input": {{ "copy": [{middle}] }} }}] }} }}]"#
    ));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(files.blamed(&deployment, "arm-limit").len(), 1);
}

#[test]
fn a_wrong_expression_is_blamed_where_it_is_wrong() {
    let template = with_schema(
        r#""variables": { "list": [1, 2], "object": { "a": 1 } },
        "resources": [{ "type": "A.B/c", "name": "x", "properties": {
            "index": "[concat('a', variables('list')[2])]",
            "property": "[variables('object').b]",
            "name": "[add(1, parameters('nobody'))]",
            "escaped": "[concat('\"\u00e9\"', variables('nothing'))]",
            "syntax": "[concat('a' 'b')]",
            "literal": "[[not(an expression)]",
            "text": "[not] an expression" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        [
            "variables('list')[2]",
            "variables('object').b",
            "parameters('nobody')",
            "variables('nothing')",
        ]
    );
    assert_eq!(files.blamed(&deployment, "arm-syntax"), ["'"]);
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(
        show(at(x, "properties.literal")),
        r#""[not(an expression)]""#
    );
    assert_eq!(show(at(x, "properties.text")), r#""[not] an expression""#);
}

#[test]
fn what_is_wrong_only_with_a_default_is_not_told() {
    let declarations = r#""parameters": { "id": { "type": "string", "defaultValue": "" } },"#;
    let (value, messages) = evaluated(declarations, "split(parameters('id'), '/')[2]");
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(&*unknown(&value).label, "parameters('id')");
}

#[test]
fn what_azure_cannot_read_fails_the_run() {
    let template = with_schema(
        r#""variables": { "a": "[variables('b')]", "b": "[variables('a')]" },
        "resources": [{ "type": "A.B/c", "name": "x", "properties": {
            "cycle": "[variables('a')]",
            "syntax": "[concat('a']" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let mut told: Vec<_> = deployment
        .diagnostics
        .iter()
        .map(|told| (told.code, told.kind))
        .collect();
    told.sort_unstable();
    told.dedup();
    let kind = crate::diagnostic::DiagnosticKind::Unreadable;
    assert_eq!(told, [("arm-cycle", kind), ("arm-syntax", kind)]);
}

#[test]
fn loops_within_loops_end_with_a_diagnostic_and_an_open_list() {
    let input = |inner: &str, level: usize| {
        format!(r#"{{ "copy": [{{ "name": "l{level}", "count": 100, "input": {inner} }}] }}"#)
    };
    let nested = (0..4).fold(r#"{ "a": 1 }"#.to_owned(), |inner, level| {
        input(&inner, level)
    });
    let template = with_schema(&format!(
        r#""resources": [{{ "type": "A.B/c", "name": "x", "properties": {nested} }}]"#
    ));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let told: Vec<_> = deployment
        .diagnostics
        .iter()
        .map(|told| told.code)
        .collect();
    assert_eq!(told, ["arm-limit"]);
    let properties = resource(&deployment, "A.B/c/x")
        .body
        .get("properties")
        .unwrap();
    let list = properties.get("l3").unwrap().as_list().unwrap();
    assert!(list.rest.is_some() && list.items.len() < 100);
}

/// A resource whose property is an expression, and one after it.
fn beside(expression: &str) -> (Files, crate::eval::Deployment) {
    let template = with_schema(&format!(
        r#""variables": {{ "list": "[range(0, 10000)]", "text": "{}" }},
        "resources": [
            {{ "type": "A.B/c", "name": "large", "properties": {{ "x": "[{expression}]" }} }},
            {{ "type": "A.B/c", "name": "after", "properties": {{ "x": "[concat('a', 'b')]" }} }}]"#,
        "x".repeat(100_000)
    ));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    (files, deployment)
}

#[test]
fn a_resource_that_is_too_large_leaves_the_others_their_share() {
    for expression in [
        "map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', map(range(0, 10000), lambda('c', 1))))))",
        "map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', length(union(variables('list'), variables('list')))))))",
        "map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', length(concat(variables('text'), variables('text')))))))",
        "map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', guid(variables('text'))))))",
    ] {
        let (_, deployment) = beside(expression);
        let messages: Vec<&str> = deployment
            .diagnostics
            .iter()
            .map(|told| told.message.as_str())
            .collect();
        assert_eq!(
            messages,
            ["this resource takes more than 200000 steps: its evaluation ends here"],
            "{expression}"
        );
        let after = resource(&deployment, "A.B/c/after");
        assert_eq!(show(at(after, "properties.x")), r#""ab""#);
    }
}

#[test]
fn a_text_with_thirty_thousand_replacements_is_put_together_at_once() {
    let (_, deployment) = beside("length(replace(variables('text'), 'xxx', 'y'))");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let large = resource(&deployment, "A.B/c/large");
    assert_eq!(show(at(large, "properties.x")), "33334");
}

#[test]
fn more_resources_than_are_evaluated_are_told_once() {
    let resources: Vec<String> = (0..20_010)
        .map(|n| format!(r#"{{ "type": "A.B/c", "name": "r{n}" }}"#))
        .collect();
    let template = with_schema(&format!(r#""resources": [{}]"#, resources.join(",")));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(deployment.resources.len(), 20_000);
    assert_eq!(
        files.blamed(&deployment, "arm-limit"),
        [r#""name": "r20000""#]
    );
}
