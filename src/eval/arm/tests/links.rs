use super::{Files, at, resource, show, unknown, with_schema};
use crate::diagnostic::Severity;
use crate::eval::Deployment;
use crate::eval::value::Reason;

/// A deployment resource that links a template.
fn link(name: &str, link: &str) -> String {
    format!(
        r#"{{ "type": "Microsoft.Resources/deployments", "name": "{name}", "properties": {{
            "templateLink": {link}, "parameters": {{ "name": {{ "value": "{name}" }} }} }} }}"#
    )
}

/// A template of one network security group named by its parameter, with a tag that tells the file.
fn nsg(tag: &str) -> String {
    with_schema(&format!(
        r#""parameters": {{ "name": {{ "type": "string" }} }},
        "resources": [{{ "type": "Microsoft.Network/networkSecurityGroups", "name": "[parameters('name')]", "tags": {{ "file": "{tag}" }} }}]"#
    ))
}

/// The tag of the network security group that a deployment of this name made; none if its template
/// was not found.
fn file_of(deployment: &Deployment, name: &str) -> Option<String> {
    let address = format!("Microsoft.Network/networkSecurityGroups/{name}");
    let made = deployment
        .resources
        .iter()
        .find(|one| *one.address == *address)?;
    Some(show(at(made, "tags.file")))
}

#[test]
fn an_address_whose_end_is_the_path_of_one_file_is_followed() {
    let main = with_schema(&format!(
        r#""parameters": {{
            "base": {{ "type": "string" }},
            "published": {{ "type": "string", "defaultValue": "https://raw.example.org/team/infra/main/app" }},
            "token": {{ "type": "secureString" }} }},
        "resources": [{}, {}, {}, {}]"#,
        link(
            "unknown-base",
            r#"{ "uri": "[concat(parameters('base'), '/nested/one.json', parameters('token'))]" }"#
        ),
        link(
            "published",
            r#"{ "uri": "[concat(parameters('published'), '/nested/two.json')]" }"#
        ),
        link(
            "beside",
            r#"{ "uri": "https://raw.example.org/team/infra/main/app/three.json?sv=2020" }"#
        ),
        link(
            "below",
            r#"{ "uri": "[concat(parameters('base'), 'four.json')]" }"#
        ),
    ));
    let (one, two, three, four) = (nsg("1"), nsg("2"), nsg("3"), nsg("4"));
    let files = Files::new(&[
        ("app/deep/er/four.json", &four),
        ("app/main.json", &main),
        ("app/nested/one.json", &one),
        ("app/nested/two.json", &two),
        ("app/three.json", &three),
        ("other/nested/one.json", &two),
    ]);
    let deployment = files.deploy("app/main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    for (name, tag) in [
        ("unknown-base", r#""1""#),
        ("published", r#""2""#),
        ("beside", r#""3""#),
        ("below", r#""4""#),
    ] {
        assert_eq!(file_of(&deployment, name).as_deref(), Some(tag), "{name}");
    }
    assert_eq!(deployment.files.len(), 5);
}

#[test]
fn a_linked_template_links_its_neighbours_and_those_of_the_outermost() {
    let main = with_schema(
        r#""parameters": { "base": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Resources/deployments", "name": "hub", "properties": {
            "templateLink": { "relativePath": "parts/hub.json" },
            "parameters": { "base": { "value": "[parameters('base')]" } } } }]"#,
    );
    let hub = with_schema(&format!(
        r#""parameters": {{ "base": {{ "type": "string" }} }}, "resources": [{}, {}]"#,
        link(
            "from-top",
            r#"{ "uri": "[concat(parameters('base'), '/parts/a.json')]" }"#
        ),
        link("neighbour", r#"{ "relativePath": "a.json" }"#),
    ));
    let a = nsg("a");
    let files = Files::new(&[
        ("app/main.json", &main),
        ("app/parts/a.json", &a),
        ("app/parts/hub.json", &hub),
    ]);
    let deployment = files.deploy("app/main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    assert_eq!(file_of(&deployment, "from-top").as_deref(), Some(r#""a""#));
    assert_eq!(file_of(&deployment, "neighbour").as_deref(), Some(r#""a""#));
}

#[test]
fn an_address_beside_that_of_the_template_itself_is_a_neighbour() {
    let main = with_schema(&format!(
        r#""variables": {{ "hub": "[uri(deployment().properties.templateLink.uri, 'parts/hub.json')]" }},
        "resources": [{}]"#,
        link("hub", r#"{ "uri": "[variables('hub')]" }"#),
    ));
    let hub = with_schema(&format!(
        r#""parameters": {{ "name": {{ "type": "string" }} }}, "resources": [{}, {}]"#,
        link(
            "beside",
            r#"{ "uri": "[uri(deployment().properties.templateLink.uri, concat('a.json', parameters('name')))]" }"#
        ),
        link(
            "above",
            r#"{ "uri": "[uri(deployment().properties.templateLink.uri, '../shared/b.json')]" }"#
        ),
    ));
    let (a, b) = (nsg("a"), nsg("b"));
    let files = Files::new(&[
        ("app/main.json", &main),
        ("app/parts/a.json", &a),
        ("app/parts/hub.json", &hub),
        ("app/shared/b.json", &b),
    ]);
    let deployment = files.deploy("app/main.json");
    let told: Vec<_> = deployment
        .diagnostics
        .iter()
        .map(|one| &one.message)
        .collect();
    // The name of a file goes on after its ending only with what is unknown, as a signature is.
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("a.jsonhub"), "{told:?}");
    assert_eq!(file_of(&deployment, "above").as_deref(), Some(r#""b""#));
}

#[test]
fn what_could_be_two_files_or_none_is_unknown_and_told_with_a_way_out() {
    let spec = "/subscriptions/0-1/resourceGroups/specs/providers/Microsoft.Resources/templateSpecs/net/versions/2.0";
    let main = with_schema(&format!(
        r#""parameters": {{ "base": {{ "type": "string" }}, "size": {{ "type": "string", "allowedValues": ["s", "l"] }} }},
        "resources": [{}, {}, {}, {}, {}]"#,
        link(
            "two",
            r#"{ "uri": "[concat(parameters('base'), '/one.json')]" }"#
        ),
        link("spec", &format!(r#"{{ "id": "{spec}" }}"#)),
        link("gone", r#"{ "relativePath": "gone.json" }"#),
        link(
            "elsewhere",
            r#"{ "uri": "https://raw.example.org/other/repository/main/main.json" }"#
        ),
        link(
            "sized",
            r#"{ "uri": "[concat(parameters('base'), '/a/', parameters('size'), '-one.json')]" }"#
        ),
    ));
    let one = nsg("1");
    let files = Files::new(&[
        ("app/a/one.json", &one),
        ("app/b/one.json", &one),
        ("app/main.json", &main),
    ]);
    let deployment = files.deploy("app/main.json");
    let told = files.blamed(&deployment, "template-elsewhere");
    assert_eq!(told.len(), 5);
    assert!(told[1].contains(spec));
    for diagnostic in &deployment.diagnostics {
        assert_eq!(diagnostic.severity, Severity::Note);
        assert!(diagnostic.help.is_some());
    }
    assert!(
        deployment
            .resources
            .iter()
            .all(|one| &*one.kind == "Microsoft.Resources/deployments")
    );
    assert_eq!(deployment.resources.len(), 5);
}

#[test]
fn outputs_of_a_template_elsewhere_are_unknown_by_what_would_settle_them() {
    let main = with_schema(&format!(
        r#""resources": [{}, {},
            {{ "type": "A.B/c", "name": "x", "properties": {{
                "a": "[reference('there').outputs.o.value]", "b": "[reference('gone').outputs.o.value]" }} }}]"#,
        link(
            "there",
            r#"{ "id": "/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Resources/templateSpecs/s/versions/1" }"#
        ),
        link("gone", r#"{ "relativePath": "gone.json" }"#),
    ));
    let files = Files::new(&[("main.json", &main)]);
    let deployment = files.deploy("main.json");
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(
        unknown(at(x, "properties.a")).reason,
        Reason::LinkedTemplate
    );
    assert_eq!(
        unknown(at(x, "properties.b")).reason,
        Reason::File("gone.json".into())
    );
}

#[test]
fn a_linked_parameter_file_gives_its_values() {
    let main = with_schema(
        r#""resources": [{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {
            "templateLink": { "relativePath": "nsg.json" }, "parametersLink": { "relativePath": "nsg.values.json" } } }]"#,
    );
    let values = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0", "parameters": { "Name": { "value": "filed" } } }"#;
    let nsg = nsg("n");
    let files = Files::new(&[
        ("main.json", &main),
        ("nsg.json", &nsg),
        ("nsg.values.json", values),
    ]);
    let deployment = files.deploy("main.json");
    let made = resource(&deployment, "Microsoft.Network/networkSecurityGroups/filed");
    assert_eq!(files.typed(&deployment, made.name.origin), [r#""filed""#]);
    assert_eq!(deployment.files.len(), 3);
}

#[test]
fn a_circle_of_links_is_told_once_unless_a_condition_may_end_it() {
    let step = |to: &str, more: &str| {
        format!(
            r#"{{ "type": "Microsoft.Resources/deployments", "name": "to-{to}", {more} "properties": {{
                "templateLink": {{ "relativePath": "{to}.json" }},
                "parameters": {{ "left": {{ "value": "[sub(parameters('left'), 1)]" }} }} }} }}"#
        )
    };
    let template = |resources: &str| {
        with_schema(&format!(
            r#""parameters": {{ "left": {{ "type": "int", "defaultValue": 3 }} }}, "resources": [{resources},
                {{ "type": "A.B/c", "name": "[format('left-{{0}}', parameters('left'))]" }}]"#
        ))
    };
    let (there, back) = (template(&step("b", "")), template(&step("a", "")));
    let files = Files::new(&[("a.json", &there), ("b.json", &back)]);
    let deployment = files.deploy("a.json");
    assert_eq!(
        files.blamed(&deployment, "arm-cycle"),
        [r#"{ "relativePath": "a.json" }"#]
    );
    let counted = template(&step(
        "count",
        r#""condition": "[greater(parameters('left'), 0)]","#,
    ));
    let files = Files::new(&[("count.json", &counted)]);
    let deployment = files.deploy("count.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    resource(&deployment, "A.B/c/left-0");
    let made = deployment
        .resources
        .iter()
        .filter(|one| &*one.kind == "A.B/c");
    assert_eq!(made.count(), 4);
}

#[test]
fn a_template_that_an_expression_gives_is_deployed_on_its_own() {
    let main = with_schema(
        r#""variables": { "shape": {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": { "name": { "type": "string" } },
            "resources": [{ "type": "Microsoft.Network/networkSecurityGroups", "name": "[[parameters('name')]", "properties": {
                "securityRules": [{ "name": "[[concat(parameters('name'), '-rule')]" }], "wrong": "[[parameters('nome')]" } }] } },
        "resources": [
        { "type": "Microsoft.Resources/deployments", "name": "one", "properties": { "template": "[variables('shape')]",
            "expressionEvaluationOptions": { "scope": "Outer" }, "parameters": { "name": { "value": "web" } } } },
        { "type": "Microsoft.Resources/deployments", "name": "two", "properties": { "template": "[reference('elsewhere')]" } }]"#,
    );
    let files = Files::new(&[("main.json", &main)]);
    let deployment = files.deploy("main.json");
    let made = resource(&deployment, "Microsoft.Network/networkSecurityGroups/web");
    let rule = at(made, "properties.securityRules.0.name");
    assert_eq!(show(rule), r#""web-rule""#);
    assert_eq!(
        files.typed(&deployment, rule.origin),
        ["'-rule'", r#""web""#]
    );
    // The place is exact also behind the bracket that was escaped.
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        ["parameters('nome')"]
    );
}
