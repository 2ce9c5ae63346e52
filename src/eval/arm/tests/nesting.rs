use super::{Files, at, deploy, resource, show, unknown, with_schema};
use crate::eval::value::Reason;

#[test]
fn inner_scope_sees_its_own_parameters_and_outer_scope_the_ones_around() {
    let deployment = deploy(
        r#""parameters": { "p": { "type": "string", "defaultValue": "outer" } },
        "resources": [
        { "type": "Microsoft.Resources/deployments", "name": "inner", "resourceGroup": "other", "properties": {
            "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
            "parameters": { "p": { "value": "[concat(parameters('p'), '-passed')]" } },
            "template": {
                "parameters": { "p": { "type": "string" }, "d": { "type": "string", "defaultValue": "[parameters('p')]" } },
                "resources": [{ "type": "A.B/c", "name": "i", "properties": { "x": "[parameters('d')]", "id": "[resourceId('A.B/c', 'i')]" } }],
                "outputs": { "o": { "type": "string", "value": "[reference('i').x]" } } } } },
        { "type": "Microsoft.Resources/deployments", "name": "outer", "subscriptionId": "0-1", "resourceGroup": "other", "properties": {
            "mode": "Incremental",
            "template": {
                "parameters": { "p": { "type": "string", "defaultValue": "unused" } },
                "resources": [{ "type": "A.B/c", "name": "o", "properties": { "x": "[parameters('p')]", "id": "[resourceId('A.B/c', 'o')]",
                    "from": "[reference('inner').outputs.o.value]" } }] } } }]"#,
    );
    let inner = resource(&deployment, "A.B/c/i");
    assert_eq!(show(at(inner, "properties.x")), r#""outer-passed""#);
    assert!(inner.key.0.contains("/resourcegroups/other/"));
    assert!(show(at(inner, "properties.id")).contains("/resourceGroups/other/"));
    let outer = resource(&deployment, "A.B/c/o");
    assert_eq!(show(at(outer, "properties.x")), r#""outer""#);
    assert!(
        outer
            .key
            .0
            .starts_with("/subscriptions/0-1/resourcegroups/other/")
    );
    assert!(show(at(outer, "properties.id")).contains("${resourceGroup().name}"));
    assert_eq!(show(at(outer, "properties.from")), r#""outer-passed""#);
    let call = resource(&deployment, "Microsoft.Resources/deployments/inner");
    assert_eq!(show(at(call, "properties.mode")), r#""Incremental""#);
}

#[test]
fn a_bracket_escaped_for_the_template_around_it_opens_an_expression_of_its_own() {
    let inner = r#"{ "type": "Microsoft.Resources/deployments", "name": "i", "properties": {
        "expressionEvaluationOptions": { "scope": "inner" },
        "parameters": { "p": { "value": "[parameters('p')]" } },
        "template": {
            "parameters": { "p": { "type": "string" } },
            "resources": [{ "type": "A.B/c", "name": "[[concat(parameters('p'), '-x')]", "properties": { "text": "[[not" } }] } } }"#;
    let outer = format!(
        r#""parameters": {{ "p": {{ "type": "string", "defaultValue": "given" }} }},
        "resources": [
            {{ "type": "Microsoft.Resources/deployments", "name": "o", "properties": {{ "template": {{ "resources": [{inner}] }} }} }}]"#
    );
    let deployment = deploy(&outer);
    let made = resource(&deployment, "A.B/c/given-x");
    assert_eq!(show(at(made, "properties.text")), r#""[[not""#);
    let alone = deploy(&format!(
        r#""parameters": {{ "p": {{ "type": "string", "defaultValue": "given" }} }}, "resources": [{inner}]"#
    ));
    resource(&alone, "A.B/c/[concat(parameters('p'), '-x')]");
}

#[test]
fn outputs_feed_other_deployments_in_any_order() {
    let nested = |name: &str, parameters: &str, template: &str| {
        format!(
            r#"{{ "type": "Microsoft.Resources/deployments", "name": "{name}", "properties": {{
                "expressionEvaluationOptions": {{ "scope": "inner" }}, "parameters": {{ {parameters} }},
                "template": {{ {template} }} }} }}"#
        )
    };
    let user = nested(
        "user",
        r#""subnet": { "value": "[reference(resourceId('Microsoft.Resources/deployments', 'maker')).outputs.ids.value[1]]" }"#,
        r#""parameters": { "subnet": { "type": "string" } },
        "resources": [{ "type": "A.B/c", "name": "[last(split(parameters('subnet'), '/'))]", "properties": { "id": "[parameters('subnet')]" } }]"#,
    );
    let maker = nested(
        "maker",
        "",
        r#""resources": [{ "type": "Microsoft.Network/virtualNetworks", "name": "v" }],
        "outputs": { "ids": { "type": "array", "copy": { "count": 2, "input": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', format('s{0}', copyIndex()))]" } } }"#,
    );
    let deployment = deploy(&format!(r#""resources": [{user}, {maker}]"#));
    let made = resource(&deployment, "A.B/c/s1");
    assert!(show(at(made, "properties.id")).ends_with(r#"/virtualNetworks/v/subnets/s1""#));
}

#[test]
fn a_deployment_without_the_output_is_wrong_and_a_linked_one_is_unknown() {
    let template = with_schema(
        r#""resources": [
        { "type": "Microsoft.Resources/deployments", "name": "here", "properties": { "template": { "resources": [], "outputs": {} } } },
        { "type": "Microsoft.Resources/deployments", "name": "there", "properties": { "templateLink": { "uri": "https://x/y.json" }, "parameters": { "a": { "value": 1 } } } },
        { "type": "A.B/c", "name": "x", "properties": {
            "a": "[reference('here').outputs.gone.value]",
            "b": "[reference('there').outputs.unseen.value]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        ["reference('here').outputs.gone"]
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(
        unknown(at(x, "properties.b")).reason,
        Reason::LinkedTemplate
    );
    let there = resource(&deployment, "Microsoft.Resources/deployments/there");
    assert_eq!(show(at(there, "properties.parameters.a.value")), "1");
}

#[test]
fn templates_linked_by_path_are_followed_and_circles_end() {
    let main = with_schema(
        r#""resources": [{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {
            "templateLink": { "relativePath": "../nested/nsg.json" },
            "parameters": { "name": { "value": "web" } } } }]"#,
    );
    let nested = with_schema(
        r#""parameters": { "name": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/networkSecurityGroups", "name": "[parameters('name')]" }]"#,
    );
    let circle = with_schema(
        r#""resources": [{ "type": "Microsoft.Resources/deployments", "name": "again", "properties": { "templateLink": { "relativePath": "circle.json" } } }]"#,
    );
    let files = Files::new(&[
        ("app/main.json", &main),
        ("nested/circle.json", &circle),
        ("nested/nsg.json", &nested),
    ]);
    let deployment = files.deploy("app/main.json");
    assert!(deployment.diagnostics.is_empty());
    assert_eq!(deployment.files.len(), 2);
    resource(&deployment, "Microsoft.Network/networkSecurityGroups/web");
    let deployment = files.deploy("nested/circle.json");
    assert_eq!(
        files.blamed(&deployment, "arm-cycle"),
        [r#"{ "relativePath": "circle.json" }"#]
    );
    assert_eq!(deployment.diagnostics.len(), 1);
}

#[test]
fn deployments_to_other_scopes_change_the_ids_inside() {
    let template = r#"{ "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
        "resources": [
        { "type": "Microsoft.Resources/resourceGroups", "name": "rg" },
        { "type": "Microsoft.Resources/deployments", "name": "d", "resourceGroup": "rg", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "template": { "resources": [{ "type": "A.B/c", "name": "x", "properties": { "group": "[resourceGroup().name]" } }] } } },
        { "type": "Microsoft.Resources/deployments", "name": "m", "scope": "Microsoft.Management/managementGroups/corp", "properties": {
            "template": { "resources": [{ "type": "Microsoft.Authorization/policyAssignments", "name": "p" }] } } }] }"#;
    let files = Files::new(&[("main.json", template)]);
    let deployment = files.deploy("main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let group = resource(&deployment, "Microsoft.Resources/resourceGroups/rg");
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(
        x.key.0.strip_prefix(&*group.key.0),
        Some("/providers/a.b/c/x")
    );
    assert_eq!(show(at(x, "properties.group")), r#""rg""#);
    let assignment = resource(&deployment, "Microsoft.Authorization/policyAssignments/p");
    assert!(
        assignment
            .key
            .0
            .starts_with("/providers/microsoft.management/managementgroups/corp/")
    );
}

#[test]
fn a_null_argument_means_the_default_and_nullable_means_null() {
    let deployment = deploy(
        r##""resources": [{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "parameters": { "a": { "value": "[null()]" }, "b": "[if(true(), createObject('value', 5), createObject('value', 6))]" },
            "template": {
                "definitions": { "opt": { "type": "string", "nullable": true } },
                "parameters": { "a": { "type": "string", "defaultValue": "x" }, "b": { "type": "int" }, "c": { "$ref": "#/definitions/opt" } },
                "resources": [{ "type": "A.B/c", "name": "x", "properties": { "v": ["[parameters('a')]", "[parameters('b')]", "[parameters('c')]"] } }] } } }] "##,
    );
    let values = at(resource(&deployment, "A.B/c/x"), "properties.v");
    assert_eq!(show(values), r#"["x",5,null]"#);
}

#[test]
fn names_of_members_are_expressions_and_escaped_as_any_string() {
    let tags = |bracket: &str| {
        format!(
            r#"{{ "type": "A.B/c", "name": "x", "tags": {{
                "[concat('k', 1)]": 1, "{bracket}[concat('k', 2)]": 2, "[[open": 3, "[string('copy')]": 4 }} }}"#
        )
    };
    let once = deploy(&format!(r#""resources": [{}]"#, tags("[")));
    assert_eq!(
        show(at(resource(&once, "A.B/c/x"), "tags")),
        r#"{"k1":1,"[concat('k', 2)]":2,"[[open":3,"copy":4}"#
    );
    // Evaluated with the template around it, and once more when it is deployed.
    let twice = deploy(&format!(
        r#""resources": [{{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {{
            "template": {{ "resources": [{}] }} }} }}]"#,
        tags("[")
    ));
    assert_eq!(
        show(at(resource(&twice, "A.B/c/x"), "tags")),
        r#"{"k1":1,"k2":2,"[[open":3,"copy":4}"#
    );
}

#[test]
fn a_stack_deploys_its_template_where_it_says_or_where_it_stands() {
    let inner = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "name": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/routeTables", "name": "[parameters('name')]",
            "tags": { "group": "[resourceGroup().name]" } }],
        "outputs": { "made": { "type": "string", "value": "[parameters('name')]" } } }"#;
    let stack = |name: &str, scope: &str| {
        format!(
            r#"{{ "type": "Microsoft.Resources/deploymentStacks", "name": "{name}", "properties": {{ {scope}
                "parameters": {{ "name": {{ "value": "rt-{name}" }} }}, "template": {inner} }} }}"#
        )
    };
    let deployment = deploy(&format!(
        r#""resources": [{}, {}, {{ "type": "A.B/c", "name": "x",
            "tags": {{ "made": "[reference('here').outputs.made.value]" }} }}]"#,
        stack("here", ""),
        stack(
            "there",
            r#""deploymentScope": "/subscriptions/s2/resourceGroups/g2","#
        )
    ));
    let here = resource(&deployment, "Microsoft.Network/routeTables/rt-here");
    assert_eq!(show(at(here, "tags.group")), "${resourceGroup().name}");
    let there = resource(&deployment, "Microsoft.Network/routeTables/rt-there");
    assert_eq!(show(at(there, "tags.group")), r#""g2""#);
    assert_eq!(
        &*there.key.0,
        "/subscriptions/s2/resourcegroups/g2/providers/microsoft.network/routetables/rt-there"
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "tags.made")), r#""rt-here""#);
}

#[test]
fn a_version_of_a_template_spec_is_deployed_by_those_that_link_it_and_not_by_itself() {
    let spec = r#"{ "type": "Microsoft.Resources/templateSpecs/versions", "name": "edge/1.0", "properties": { "mainTemplate": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "name": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/routeTables", "name": "[[parameters('name')]" }] } } }"#;
    let link = r#"{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {
        "templateLink": { "id": "[resourceId('Microsoft.Resources/templateSpecs/versions', 'edge', '1.0')]" },
        "parameters": { "name": { "value": "rt" } } } }"#;
    let tables = |resources: &str| {
        let deployment = deploy(&format!(r#""resources": [{resources}]"#));
        let of_kind = deployment
            .resources
            .iter()
            .filter(|one| one.kind.ends_with("routeTables"));
        of_kind.map(|one| show(&one.name)).collect::<Vec<_>>()
    };
    assert_eq!(tables(spec), [""; 0]);
    assert_eq!(tables(&format!("{spec}, {link}")), [r#""rt""#]);
}
