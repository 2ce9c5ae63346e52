use super::{Files, with_schema};

/// Of each template one circle is told, here and through these members; what does not take part
/// is evaluated.
fn told(members: &str, resources: &str, at: &str, through: &[&str]) {
    let template = with_schema(&format!(
        r#"{members} "resources": [{resources},
            {{ "type": "A.B/c", "name": "well", "properties": {{ "sum": "[add(1, 2)]" }} }}]"#
    ));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let [only] = deployment.diagnostics.as_slice() else {
        panic!("{members} {resources}: {:?}", deployment.diagnostics);
    };
    assert_eq!(only.code, "arm-cycle");
    assert!(only.message.ends_with("depends on itself"));
    assert_eq!(files.blamed(&deployment, "arm-cycle"), [at]);
    let members: Vec<&str> = only
        .related
        .iter()
        .map(|label| files.read(label.span).1)
        .collect();
    assert_eq!(members, through);
    let well = super::resource(&deployment, "A.B/c/well");
    assert_eq!(super::show(super::at(well, "properties.sum")), "3");
}

fn asking(expression: &str) -> String {
    format!(r#"{{ "type": "A.B/c", "name": "x", "properties": {{ "v": "[{expression}]" }} }}"#)
}

#[test]
fn parameters_variables_and_functions_are_told_with_their_members() {
    told(
        r#""parameters": { "a": { "type": "string", "defaultValue": "[parameters('b')]" },
            "b": { "type": "string", "defaultValue": "[variables('c')]" } },
        "variables": { "c": "[concat(parameters('a'), 'c')]" },"#,
        &asking("parameters('a')"),
        r#""a""#,
        &[r#""b""#, r#""[concat(parameters('a'), 'c')]""#],
    );
    let f = r#"{ "parameters": [], "output": { "type": "int", "value": "[n.g()]" } }"#;
    let g = r#"{ "parameters": [], "output": { "type": "int", "value": "[add(n.f(), 1)]" } }"#;
    told(
        &format!(r#""functions": [{{ "namespace": "n", "members": {{ "f": {f}, "g": {g} }} }}],"#),
        &asking("n.f()"),
        f,
        &[g],
    );
}

#[test]
fn resources_that_ask_for_each_other_by_name_are_told() {
    told("", &asking("reference('x').v"), r#""name": "x""#, &[]);
    told(
        r#""variables": { "of": "[reference('x').v]" },"#,
        r#"{ "type": "A.B/c", "name": "x", "properties": { "v": "[reference('y').v]" } },
        { "type": "A.B/c", "name": "y", "properties": { "v": "[reference('z').v]" } },
        { "type": "A.B/c", "name": "z", "properties": { "v": "[reference('x').v]" } }"#,
        r#""name": "x""#,
        &[r#""name": "y""#, r#""name": "z""#],
    );
}

#[test]
fn outputs_of_deployments_that_need_each_other_are_told() {
    let nested = |name: &str, other: &str| {
        format!(
            r#"{{ "type": "Microsoft.Resources/deployments", "name": "{name}", "properties": {{
                "expressionEvaluationOptions": {{ "scope": "inner" }},
                "parameters": {{ "i": {{ "value": "[reference('{other}').outputs.o.value]" }} }},
                "template": {{ "parameters": {{ "i": {{ "type": "string" }} }},
                    "resources": [{{ "type": "A.B/c", "name": "in-{name}", "properties": {{ "i": "[parameters('i')]" }} }}],
                    "outputs": {{ "o": {{ "type": "string", "value": "[parameters('i')]" }} }} }} }} }}"#
        )
    };
    let both = format!("{}, {}", nested("d", "e"), nested("e", "d"));
    let template = with_schema(&format!(r#""resources": [{both}]"#));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let [only] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(only.code, "arm-cycle");
    let through: Vec<&str> = only.related.iter().map(|label| &*label.text).collect();
    assert_eq!(
        through,
        [
            "through the output 'o'",
            "through the parameter 'i'",
            "through the output 'o'"
        ]
    );
    assert_eq!(deployment.resources.len(), 4);
}

#[test]
fn a_resource_that_is_made_again_from_its_own_state_is_no_circle() {
    // By id Azure waits for nothing; what is evaluated by the template around it asks that one's.
    for own in [
        r#"{ "type": "A.B/c", "name": "x", "properties": { "v": "[reference(resourceId('A.B/c', 'x'), '1').v]" } }"#,
        r#"{ "type": "A.B/c", "name": "x", "properties": {} },
        { "type": "Microsoft.Resources/deployments", "name": "d", "properties": { "template": { "resources": [
            { "type": "A.B/c", "name": "x", "properties": { "v": "[reference('x').v]" } }] } } }"#,
    ] {
        super::deploy(&format!(r#""resources": [{own}]"#));
    }
}

#[test]
fn an_argument_taken_from_the_state_of_what_it_changes_is_no_circle() {
    super::deploy(
        r#""resources": [{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "parameters": { "p": { "value": "[reference(resourceId('A.B/c', 'x'), '1').v]" } },
            "template": { "parameters": { "p": { "type": "string" } },
                "variables": { "first": "[parameters('p')]" },
                "resources": [
                { "type": "A.B/d", "name": "[concat('y', if(empty(variables('first')), '', ''))]" },
                { "type": "A.B/c", "name": "x", "properties": { "v": "[parameters('p')]" } }] } } }]"#,
    );
}
