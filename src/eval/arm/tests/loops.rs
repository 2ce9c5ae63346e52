use super::{at, deploy, resource, show};
use crate::eval::Mode;
use crate::eval::value::{Bounds, Truth};

fn addresses(deployment: &crate::eval::Deployment) -> Vec<&str> {
    deployment
        .resources
        .iter()
        .map(|one| &*one.address)
        .collect()
}

#[test]
fn resources_properties_variables_and_nested_loops_repeat() {
    let deployment = deploy(
        r#""variables": {
            "copy": [{ "name": "names", "count": 2, "input": "[concat('n', copyIndex('names', 1))]" }],
            "inside": { "copy": [{ "name": "ports", "count": 2, "input": { "port": "[mul(copyIndex('ports'), 10)]" } }] }
        },
        "resources": [{
            "type": "A.B/c", "name": "[concat('r', copyIndex(5))]",
            "copy": { "name": "outer", "count": "[length(variables('names'))]", "mode": "serial", "batchSize": 1 },
            "properties": {
                "name": "[variables('names')[copyIndex('outer')]]",
                "ports": "[variables('inside').ports]",
                "copy": [{ "name": "pairs", "count": 2, "input": {
                    "copy": [{ "name": "inner", "count": 2, "input": "[format('{0}{1}{2}', copyIndex(), copyIndex('pairs'), copyIndex('inner'))]" }]
                } }]
            } }]"#,
    );
    assert_eq!(addresses(&deployment), ["A.B/c/r5", "A.B/c/r6"]);
    let second = resource(&deployment, "A.B/c/r6");
    assert_eq!(show(at(second, "properties.name")), r#""n2""#);
    assert_eq!(
        show(at(second, "properties.ports")),
        r#"[{"port":0},{"port":10}]"#
    );
    assert_eq!(
        show(at(second, "properties.pairs")),
        r#"[{"inner":["100","101"]},{"inner":["110","111"]}]"#
    );
}

#[test]
fn a_loop_over_an_unknown_list_gives_one_template() {
    let deployment = deploy(
        r#""parameters": { "rules": { "type": "array" } },
        "resources": [{
            "type": "A.B/c", "name": "x", "properties": { "copy": [{ "name": "list",
                "count": "[length(parameters('rules'))]",
                "input": { "port": "[parameters('rules')[copyIndex('list')].port]", "access": "Allow" } }] }
        }, {
            "type": "A.B/c", "name": "[concat('y', copyIndex())]",
            "copy": { "name": "l", "count": "[length(parameters('rules'))]" } }]"#,
    );
    let list = at(resource(&deployment, "A.B/c/x"), "properties.list")
        .as_list()
        .unwrap();
    assert!(list.items.is_empty());
    let template = list.rest.as_ref().unwrap().template.as_ref().unwrap();
    assert_eq!(show(template.get("access").unwrap()), r#""Allow""#);
    assert!(template.get("port").unwrap().as_unknown().is_some());
    let repeated = &deployment.resources[1];
    assert!(repeated.template);
    assert_eq!(repeated.existence.truth, Truth::Unknown);
    let count = repeated.existence.because.as_ref().unwrap();
    assert!(matches!(count.bounds, Bounds::Range(Some(0), None)));
    assert_eq!(&*count.roots()[0].label, "parameters('rules')");
}

#[test]
fn conditions_drop_keep_or_leave_open() {
    let deployment = deploy(
        r#""parameters": { "on": { "type": "bool" } },
        "resources": [
            { "type": "A.B/c", "name": "no", "condition": "[equals(1, 2)]", "properties": { "x": "[int('wrong')]" } },
            { "type": "A.B/c", "name": "yes", "condition": true },
            { "type": "A.B/c", "name": "maybe", "condition": "[parameters('on')]", "properties": { "x": "[int('wrong')]" } }]"#,
    );
    assert_eq!(addresses(&deployment), ["A.B/c/yes", "A.B/c/maybe"]);
    assert_eq!(deployment.resources[0].existence.truth, Truth::True);
    let maybe = &deployment.resources[1].existence;
    assert_eq!(maybe.truth, Truth::Unknown);
    assert_eq!(&*maybe.because.as_ref().unwrap().label, "parameters('on')");
}

#[test]
fn a_condition_is_not_for_the_children() {
    let deployment = deploy(
        r#""parameters": { "on": { "type": "bool" } },
        "resources": [
            { "type": "A.B/c", "name": "no", "condition": false, "resources": [
                { "type": "d", "name": "child" } ] },
            { "type": "A.B/c", "name": "maybe", "condition": "[parameters('on')]", "resources": [
                { "type": "d", "name": "child" } ] },
            { "type": "Microsoft.Resources/deployments", "name": "none", "condition": false, "properties": {
                "template": { "resources": [{ "type": "A.B/c", "name": "gone" }] } } }]"#,
    );
    assert_eq!(
        addresses(&deployment),
        ["A.B/c/d/no/child", "A.B/c/maybe", "A.B/c/d/maybe/child"]
    );
    assert_eq!(deployment.resources[1].existence.truth, Truth::Unknown);
    assert_eq!(deployment.resources[2].existence.truth, Truth::True);
}

#[test]
fn children_have_the_same_identity_however_they_are_written() {
    let deployment = deploy(
        r#""parameters": { "v": { "type": "string" } },
        "resources": [
            { "type": "microsoft.network/virtualnetworks", "name": "[parameters('v')]", "resources": [
                { "type": "subnets", "name": "a" } ] },
            { "type": "Microsoft.Network/virtualNetworks/subnets", "name": "[concat(parameters('v'), '/a')]" },
            { "type": "Microsoft.Network/virtualNetworks/providers/locks", "name": "[concat(parameters('v'), '/Microsoft.Authorization/l')]" },
            { "type": "Microsoft.Authorization/locks", "name": "l", "scope": "[format('Microsoft.Network/virtualNetworks/{0}', parameters('v'))]" }]"#,
    );
    let [network, nested, top, old, scoped] = deployment.resources.as_slice() else {
        panic!("{:?}", addresses(&deployment));
    };
    assert_eq!(&*network.kind, "Microsoft.Network/virtualNetworks");
    assert_eq!(&*nested.kind, "Microsoft.Network/virtualNetworks/subnets");
    assert_eq!(nested.key, top.key);
    assert_eq!(nested.parent.as_ref(), Some(&network.key));
    assert_eq!(top.parent.as_ref(), Some(&network.key));
    assert_eq!(top.name.as_str().map(|name| &**name), Some("a"));
    assert_eq!(
        &*nested.address,
        "Microsoft.Network/virtualNetworks/subnets/${parameters('v')}/a"
    );
    assert_eq!(
        &*top.address,
        "Microsoft.Network/virtualNetworks/subnets/${parameters('v')}/a#2"
    );
    assert_eq!(old.key, scoped.key);
    assert!(old.key.0.starts_with(&*network.key.0));
}

#[test]
fn symbolic_names_and_existing_resources() {
    let deployment = deploy(
        r#""languageVersion": "2.0", "resources": {
            "hub": { "existing": true, "type": "Microsoft.Network/virtualNetworks", "resourceGroup": "hub-rg", "name": "hub" },
            "list": { "type": "A.B/c", "copy": { "name": "list", "count": 2 }, "name": "[format('n{0}', copyIndex())]", "properties": { "v": "[copyIndex()]" } },
            "user": { "type": "A.B/c", "name": "user", "properties": {
                "own": "[reference('list[1]').v]",
                "id": "[resourceInfo('hub').id]",
                "space": "[reference('hub').addressSpace]" } } }"#,
    );
    let hub = resource(&deployment, "Microsoft.Network/virtualNetworks/hub");
    assert_eq!(hub.mode, Mode::Existing);
    assert!(hub.key.0.contains("/resourcegroups/hub-rg/"));
    let user = resource(&deployment, "A.B/c/user");
    assert_eq!(show(at(user, "properties.own")), "1");
    assert!(show(at(user, "properties.id")).contains("/resourceGroups/hub-rg/"));
    let space = at(user, "properties.space").as_unknown().unwrap();
    let reference = space.refers_to.as_ref().unwrap();
    assert_eq!(
        (&reference.resource, &*reference.path),
        (&hub.key, "properties.addressSpace")
    );
}
