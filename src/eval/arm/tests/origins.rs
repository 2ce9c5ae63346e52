use super::{Files, at, resource, show, unknown, with_schema};
use crate::eval::Deployment;
use crate::eval::value::Reason;
use crate::origin::{OriginId, OriginStep};

fn steps(deployment: &Deployment, origin: OriginId) -> Vec<OriginStep> {
    let ids = deployment.origins.ancestry(origin);
    ids.into_iter()
        .map(|id| deployment.origins.get(id).step.clone())
        .collect()
}

#[test]
fn a_value_leads_back_through_loop_nested_template_and_parameter_file() {
    let template = with_schema(
        r#""parameters": { "rules": { "type": "array", "defaultValue": [] } },
        "resources": [{ "type": "Microsoft.Resources/deployments", "name": "[concat('d', copyIndex())]",
            "copy": { "name": "each", "count": "[length(parameters('rules'))]" },
            "properties": { "expressionEvaluationOptions": { "scope": "inner" },
                "parameters": { "rule": { "value": "[parameters('rules')[copyIndex()]]" } },
                "template": { "parameters": { "rule": { "type": "object" } },
                    "variables": { "port": "[string(parameters('rule').port)]" },
                    "resources": [{ "type": "A.B/c", "name": "[parameters('rule').name]", "properties": {
                        "port": "[variables('port')]" } }] } } }]"#,
    );
    let parameters = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "parameters": { "rules": { "value": [ { "name": "a", "port": "22" }, { "name": "b", "port": "80" } ] } } }"#;
    let files = Files::new(&[
        ("main.json", &template),
        ("main.parameters.json", parameters),
    ]);
    let deployment = files.deploy("main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let b = resource(&deployment, "A.B/c/b");
    let port = at(b, "properties.port");
    assert_eq!(show(port), r#""80""#);
    assert_eq!(files.typed(&deployment, port.origin), [r#""80""#]);
    let hops = steps(&deployment, port.origin);
    for expected in [
        OriginStep::Local("port".into()),
        OriginStep::ModuleArgument("rule".into()),
        OriginStep::ParameterFile("rules".into()),
    ] {
        assert!(hops.contains(&expected), "{expected:?} in {hops:?}");
    }
    let header = deployment.origins.get(b.origin);
    let text = |span| files.sources.slice(span);
    assert_eq!(header.step, OriginStep::Block("A.B/c/b".into()));
    assert_eq!(
        text(header.span.unwrap()),
        r#""name": "[parameters('rule').name]""#
    );
    let instances = steps(&deployment, b.origin);
    assert_eq!(
        instances.get(1..),
        Some(
            &[
                OriginStep::ModuleCall("d1".into()),
                OriginStep::CopyIndex(1)
            ][..]
        )
    );
    let pass = deployment.origins.ancestry(b.origin)[2];
    let element = deployment.origins.get(pass).span.unwrap();
    assert_eq!(text(element), r#"{ "name": "b", "port": "80" }"#);
}

#[test]
fn operands_that_reach_a_result_are_its_parents_and_conditions_are_not() {
    let template = with_schema(
        r#""parameters": { "prefix": { "type": "string", "defaultValue": "10.0" }, "wide": { "type": "bool", "defaultValue": true } },
        "variables": { "lengths": { "wide": "/8", "narrow": "/24" } },
        "resources": [{ "type": "A.B/c", "name": "x", "properties": {
            "prefix": "[concat(parameters('prefix'), '.0.0', if(parameters('wide'), variables('lengths').wide, variables('lengths').narrow))]",
            "list": [ "plain" ] } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let x = resource(&deployment, "A.B/c/x");
    let prefix = at(x, "properties.prefix");
    assert_eq!(show(prefix), r#""10.0.0.0/8""#);
    assert_eq!(
        files.typed(&deployment, prefix.origin),
        [r#""10.0""#, r#""/8""#, "'.0.0'"]
    );
    let hops = steps(&deployment, prefix.origin);
    assert!(hops.contains(&OriginStep::VariableDefault("prefix".into())));
    assert!(hops.contains(&OriginStep::Conditional));
    assert_eq!(
        files.typed(&deployment, at(x, "properties.list").origin),
        [r#"[ "plain" ]"#]
    );
    assert_eq!(
        files.typed(&deployment, at(x, "properties.list.0").origin),
        [r#""plain""#]
    );
}

#[test]
fn outputs_keep_the_way_back() {
    let template = with_schema(
        r#""resources": [
        { "type": "Microsoft.Resources/deployments", "name": "d", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "template": { "resources": [], "outputs": { "next": { "type": "string", "value": "10.0.0.4" } } } } },
        { "type": "A.B/c", "name": "x", "properties": { "hop": "[reference('d').outputs.next.value]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let hop = at(resource(&deployment, "A.B/c/x"), "properties.hop");
    assert!(
        files
            .typed(&deployment, hop.origin)
            .contains(&r#""10.0.0.4""#)
    );
    let hops = steps(&deployment, hop.origin);
    assert!(hops.contains(&OriginStep::ModuleOutput("next".into())));
    assert!(hops.contains(&OriginStep::ModuleCall("d".into())));
}

#[test]
fn missing_secret_and_placeholder_parameters_say_which_they_are() {
    let template = with_schema(
        r#""parameters": { "none": { "type": "securestring" }, "secret": { "type": "securestring" },
            "mark": { "type": "string" }, "list": { "type": "array" } },
        "resources": [{ "type": "A.B/c", "name": "x", "properties": {
            "none": "[parameters('none')]", "secret": "[parameters('secret')]", "mark": "[parameters('mark')]", "list": "[parameters('list')]" } }]"#,
    );
    let parameters = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "parameters": { "SECRET": { "reference": { "keyVault": { "id": "/x" }, "secretName": "s" } },
            "mark": { "value": "GEN-UNIQUE" }, "list": { "value": ["<your address>", "{{ ip }}", "10.0.0.4", "GEN-UNIQUE"] } } }"#;
    let files = Files::new(&[
        ("main.json", &template),
        ("main.parameters.json", parameters),
    ]);
    let deployment = files.deploy("main.json");
    let x = resource(&deployment, "A.B/c/x");
    let reason = |path: &str| unknown(at(x, path)).reason.clone();
    assert_eq!(reason("properties.none"), Reason::NoValue);
    assert_eq!(reason("properties.secret"), Reason::Secret);
    assert_eq!(reason("properties.mark"), Reason::Placeholder);
    assert_eq!(reason("properties.list.0"), Reason::Placeholder);
    assert_eq!(reason("properties.list.1"), Reason::Placeholder);
    let again = unknown(at(x, "properties.list.3"));
    assert_eq!(again.reason, Reason::Placeholder);
    assert_ne!(again.id, unknown(at(x, "properties.mark")).id);
    assert_eq!(show(at(x, "properties.list.2")), r#""10.0.0.4""#);
    let declared = unknown(at(x, "properties.none")).declared.unwrap();
    assert_eq!(files.sources.slice(declared), r#""none""#);
}
