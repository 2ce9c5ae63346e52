use super::{Files, at, deploy, resource, show, unknown, with_schema};
use crate::eval::frontend::Target;
use crate::eval::value::Truth;
use crate::eval::{Deployment, Mode};
use crate::origin::OriginStep;

const SUBSCRIPTION: &str =
    "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#";
const MANAGEMENT_GROUP: &str = "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#";

/// Evaluates a template of a schema; there must be no diagnostic.
fn deploy_at(schema: &str, members: &str) -> Deployment {
    let template = format!(r#"{{ "$schema": "{schema}", {members} }}"#);
    let deployment = Files::new(&[("main.json", &template)]).deploy("main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    deployment
}

/// A nested deployment of inner scope; `around` are members beside its name.
fn module(name: &str, around: &str, parameters: &str, template: &str) -> String {
    format!(
        r#"{{ "type": "Microsoft.Resources/deployments", "name": "{name}", {around} "properties": {{
            "expressionEvaluationOptions": {{ "scope": "inner" }}, "parameters": {{ {parameters} }},
            "template": {{ {template} }} }} }}"#
    )
}

/// A resource whose tags hold what each function of scopes gives where it stands.
fn probe(name: &str) -> String {
    format!(
        r#"{{ "type": "A.B/c", "name": "{name}", "tags": {{
            "group": "[resourceGroup().name]", "subscription": "[subscription().subscriptionId]",
            "deployment": "[deployment().name]", "id": "[resourceId('A.B/c', 'x')]", "own": "[subscriptionResourceId('A.B/c', 'x')]" }} }}"#
    )
}

#[test]
fn functions_of_scopes_answer_for_the_template_their_expression_belongs_to() {
    let target = r#""subscriptionId": "s2", "resourceGroup": "g2","#;
    let probe_outer = probe("outer");
    let outer = format!(
        r#"{{ "type": "Microsoft.Resources/deployments", "name": "d-outer", {target} "properties": {{
            "template": {{ "resources": [{probe_outer}] }} }} }}"#
    );
    let inner = module(
        "d-inner",
        target,
        "",
        &format!(r#""resources": [{}]"#, probe("inner")),
    );
    let linked = format!(
        r#"{{ "type": "Microsoft.Resources/deployments", "name": "d-linked", {target} "properties": {{
            "templateLink": {{ "relativePath": "linked.json" }} }} }}"#
    );
    let main = with_schema(&format!(r#""resources": [{outer}, {inner}, {linked}]"#));
    let other = with_schema(&format!(r#""resources": [{}]"#, probe("linked")));
    let files = Files::new(&[("linked.json", &other), ("main.json", &main)]);
    let given = Target {
        subscription: Some("s1".into()),
        resource_group: Some("g1".into()),
        ..Target::default()
    };
    let deployment = files.deploy_to("main.json", given);
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    for (name, group, subscription, run) in [
        ("outer", "g1", "s1", "${deployment().name}"),
        ("inner", "g2", "s2", r#""d-inner""#),
        ("linked", "g2", "s2", r#""d-linked""#),
    ] {
        let made = resource(&deployment, &format!("A.B/c/{name}"));
        // All of them go where their deployment goes.
        let key = format!("/subscriptions/s2/resourcegroups/g2/providers/a.b/c/{name}");
        assert_eq!(&*made.key.0, key);
        let tag = |tag: &str| show(at(made, &format!("tags.{tag}")));
        assert_eq!(tag("group"), format!("{group:?}"));
        assert_eq!(tag("subscription"), format!("{subscription:?}"));
        assert_eq!(tag("deployment"), run);
        let id = format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/A.B/c/x");
        assert_eq!(tag("id"), format!("{id:?}"));
        let own = format!("/subscriptions/{subscription}/providers/A.B/c/x");
        assert_eq!(tag("own"), format!("{own:?}"));
    }
}

#[test]
fn what_the_configuration_says_of_the_place_is_known() {
    let expressions = [
        (
            "resourceGroup().id",
            r#""/subscriptions/s1/resourceGroups/g1""#,
        ),
        ("resourceGroup().location", r#""northeurope""#),
        ("subscription().id", r#""/subscriptions/s1""#),
        ("subscription().tenantId", r#""t1""#),
        ("tenant().tenantId", r#""t1""#),
        (
            "subscription().displayName",
            "${subscription().displayName}",
        ),
    ];
    let tags: Vec<String> = expressions
        .iter()
        .enumerate()
        .map(|(index, (expression, _))| format!(r#""t{index}": "[{expression}]""#))
        .collect();
    let main = with_schema(&format!(
        r#""resources": [{{ "type": "A.B/c", "name": "x", "tags": {{ {} }} }}]"#,
        tags.join(",")
    ));
    let given = Target {
        subscription: Some("s1".into()),
        resource_group: Some("g1".into()),
        tenant: Some("t1".into()),
        location: Some("northeurope".into()),
        ..Target::default()
    };
    let deployment = Files::new(&[("main.json", &main)]).deploy_to("main.json", given);
    let x = resource(&deployment, "A.B/c/x");
    for (index, (expression, expected)) in expressions.iter().enumerate() {
        assert_eq!(
            show(at(x, &format!("tags.t{index}"))),
            *expected,
            "{expression}"
        );
    }
}

#[test]
fn a_subscription_deployment_knows_its_location_and_the_groups_it_makes() {
    let inner = r#""resources": [{ "type": "A.B/c", "name": "x", "location": "[resourceGroup().location]", "tags": "[resourceGroup().tags]",
        "properties": { "name": "[deployment().name]", "managed": "[resourceGroup().managedBy]" } }]"#;
    let elsewhere = r#""resources": [{ "type": "A.B/c", "name": "y", "location": "[resourceGroup().location]" }]"#;
    let deeper = r#""resources": [{ "type": "Microsoft.Resources/resourceGroups", "name": "late", "location": "[deployment().location]" }]"#;
    let members = format!(
        r#""resources": [
            {{ "type": "Microsoft.Resources/resourceGroups", "name": "web", "location": "westeurope", "tags": {{ "team": "net" }} }},
            {}, {}, {}]"#,
        module("in-web", r#""resourceGroup": "Web","#, "", inner),
        module("in-other", r#""resourceGroup": "other","#, "", elsewhere),
        module("again", r#""location": "uksouth","#, "", deeper),
    );
    let deployment = deploy_at(SUBSCRIPTION, &members);
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "location")), r#""westeurope""#);
    assert_eq!(show(at(x, "tags.team")), r#""net""#);
    assert_eq!(show(at(x, "properties.name")), r#""in-web""#);
    assert_eq!(
        show(at(x, "properties.managed")),
        "${resourceGroup().managedBy}"
    );
    let y = resource(&deployment, "A.B/c/y");
    assert_eq!(show(at(y, "location")), "${resourceGroup().location}");
    let late = resource(&deployment, "Microsoft.Resources/resourceGroups/late");
    assert_eq!(show(at(late, "location")), r#""uksouth""#);
}

#[test]
fn a_place_that_the_deployment_does_not_go_to_is_refused() {
    let template = format!(
        r#"{{ "$schema": "{SUBSCRIPTION}", "resources": [
            {{ "type": "Microsoft.Resources/resourceGroups", "name": "a", "location": "[resourceGroup().location]" }}, {}] }}"#,
        module(
            "m",
            r#""scope": "Microsoft.Management/managementGroups/corp","#,
            "",
            r#""resources": [{ "type": "Microsoft.Authorization/policyAssignments", "name": "[subscription().subscriptionId]" }]"#
        )
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let mut blamed = files.blamed(&deployment, "arm-expression");
    blamed.sort_unstable();
    assert_eq!(blamed, ["resourceGroup()", "subscription()"]);
}

#[test]
fn every_way_to_say_where_a_deployment_goes_changes_the_ids_inside() {
    let thing = r#""resources": [{ "type": "A.B/c", "name": "x" }]"#;
    let cases = [
        (
            r#""subscriptionId": "s2","#,
            "/subscriptions/s2/providers/a.b/c/x",
        ),
        (
            r#""subscriptionId": "s2", "resourceGroup": "g2","#,
            "/subscriptions/s2/resourcegroups/g2/providers/a.b/c/x",
        ),
        (r#""scope": "/","#, "/providers/a.b/c/x"),
        (
            r#""scope": "[format('Microsoft.Management/managementGroups/{0}', 'corp')]","#,
            "/providers/microsoft.management/managementgroups/corp/providers/a.b/c/x",
        ),
        (
            r#""resourceGroup": null, "subscriptionId": "[null()]", "scope": "Microsoft.Management/managementGroups/corp","#,
            "/providers/microsoft.management/managementgroups/corp/providers/a.b/c/x",
        ),
        (
            "",
            "/providers/microsoft.management/managementgroups/top/providers/a.b/c/x",
        ),
    ];
    for (around, key) in cases {
        let template = format!(
            r#"{{ "$schema": "{MANAGEMENT_GROUP}", "resources": [{}] }}"#,
            module("m", around, "", thing)
        );
        let files = Files::new(&[("main.json", &template)]);
        let given = Target {
            management_group: Some("top".into()),
            ..Target::default()
        };
        let deployment = files.deploy_to("main.json", given);
        assert!(
            deployment.diagnostics.is_empty(),
            "{:?}",
            deployment.diagnostics
        );
        assert_eq!(&*resource(&deployment, "A.B/c/x").key.0, key, "{around}");
    }
    let deployment = deploy_at(
        MANAGEMENT_GROUP,
        &format!(
            r#""parameters": {{ "where": {{ "type": "string" }} }}, "resources": [{}]"#,
            module(
                "m",
                r#""scope": "[parameters('where')]","#,
                "",
                r#""resources": [
                { "type": "A.B/c", "name": "x" },
                { "type": "A.B/c", "name": "y", "tags": { "id": "[resourceId('A.B/c', 'x')]" } }]"#
            )
        ),
    );
    let x = resource(&deployment, "A.B/c/x");
    assert!(x.key.0.ends_with("/providers/a.b/c/x"));
    assert!(!x.key.0.starts_with('/'));
}

/// Six templates within each other: each hands its parameter down with its number added, and its
/// output up with its number added; the innermost makes a network security group.
fn six_deep(level: usize) -> String {
    let parameters = r#""parameters": { "text": { "type": "string" } }"#;
    if level == 6 {
        return format!(
            r#"{parameters}, "resources": [{{ "type": "Microsoft.Network/networkSecurityGroups", "name": "[parameters('text')]", "properties": {{
                "securityRules": [{{ "name": "allow", "properties": {{ "priority": 100 }} }}] }} }}],
            "outputs": {{
                "up": {{ "type": "string", "value": "up" }},
                "id": {{ "type": "string", "value": "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('text'))]" }} }}"#
        );
    }
    let inside = module(
        "m",
        "",
        &format!(r#""text": {{ "value": "[concat(parameters('text'), '{level}')]" }}"#),
        &six_deep(level + 1),
    );
    format!(
        r#"{parameters}, "resources": [{inside}], "outputs": {{
            "up": {{ "type": "string", "value": "[concat(reference('m').outputs.up.value, '{level}')]" }},
            "id": {{ "type": "string", "value": "[reference('m').outputs.id.value]" }} }}"#
    )
}

#[test]
fn values_go_down_and_up_through_six_levels_and_sideways_into_others() {
    let first = module("first", "", r#""text": { "value": "a" }"#, &six_deep(1));
    let second = module(
        "second",
        "",
        r#""text": { "value": "[reference('first').outputs.up.value]" }, "id": { "value": "[reference('first').outputs.id.value]" }"#,
        r#""parameters": { "text": { "type": "string" }, "id": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/virtualNetworks", "name": "[parameters('text')]", "properties": {
            "subnets": [{ "name": "s", "properties": { "networkSecurityGroup": { "id": "[parameters('id')]" } } }] } }]"#,
    );
    let template = with_schema(&format!(r#""resources": [{second}, {first}]"#));
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let group = resource(
        &deployment,
        "Microsoft.Network/networkSecurityGroups/a12345",
    );
    let network = resource(&deployment, "Microsoft.Network/virtualNetworks/up54321");
    let id = at(
        network,
        "properties.subnets.0.properties.networkSecurityGroup.id",
    );
    assert_eq!(
        crate::eval::ResourceKey::of_id(id).as_ref(),
        Some(&group.key)
    );
    assert_eq!(
        files.typed(&deployment, group.name.origin),
        [r#""a""#, "'1'", "'2'", "'3'", "'4'", "'5'"]
    );
}

#[test]
fn deployments_of_the_same_name_in_modules_side_by_side_give_each_its_own_outputs() {
    let wrapper = |name: &str, reference: &str| {
        let inside = module(
            "shared",
            "",
            "",
            &format!(
                r#""resources": [], "outputs": {{ "of": {{ "type": "string", "value": "{name}" }} }}"#
            ),
        );
        module(
            name,
            "",
            "",
            &format!(
                r#""resources": [{inside}], "outputs": {{ "of": {{ "type": "string", "value": "[reference({reference}).outputs.of.value]" }} }}"#
            ),
        )
    };
    let deployment = deploy(&format!(
        r#""resources": [{}, {}, {}, {{ "type": "A.B/c", "name": "x", "properties": {{
            "one": "[reference('one').outputs.of.value]", "two": "[reference('two').outputs.of.value]", "three": "[reference('three').outputs.of.value]" }} }}]"#,
        wrapper("one", "'shared'"),
        wrapper("two", "'shared'"),
        wrapper(
            "three",
            "resourceId('Microsoft.Resources/deployments', 'shared'), '2022-09-01'"
        ),
    ));
    let x = resource(&deployment, "A.B/c/x");
    for name in ["one", "two", "three"] {
        assert_eq!(
            show(at(x, &format!("properties.{name}"))),
            format!("{name:?}")
        );
    }
}

#[test]
fn outer_scope_six_deep_sees_the_outermost_template() {
    let mut inside = r#"{ "type": "A.B/c", "name": "[parameters('p')]" }"#.to_owned();
    for level in 0..6 {
        inside = format!(
            r#"{{ "type": "Microsoft.Resources/deployments", "name": "d{level}", "properties": {{
                "template": {{ "parameters": {{ "p": {{ "type": "string", "defaultValue": "{level}" }} }}, "resources": [{inside}] }} }} }}"#
        );
    }
    let deployment = deploy(&format!(
        r#""parameters": {{ "p": {{ "type": "string", "defaultValue": "top" }} }}, "resources": [{inside}]"#
    ));
    resource(&deployment, "A.B/c/top");
}

#[test]
fn each_instance_of_a_module_loop_has_its_arguments_and_outputs() {
    let subnet = module(
        "[format('subnet-{0}', copyIndex())]",
        r#""copy": { "name": "subnets", "count": "[length(parameters('names'))]" },"#,
        r#""name": { "value": "[parameters('names')[copyIndex()]]" }"#,
        r#""parameters": { "name": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/virtualNetworks/subnets", "name": "[format('hub/{0}', parameters('name'))]" }],
        "outputs": { "id": { "type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', parameters('name'))]" } }"#,
    );
    let deployment = deploy(&format!(
        r#""parameters": {{ "names": {{ "type": "array", "defaultValue": ["web", "data"] }} }},
        "resources": [{subnet}, {{ "type": "A.B/c", "name": "x", "properties": {{
            "copy": [{{ "name": "ids", "count": 2, "input": "[reference(format('subnet-{{0}}', copyIndex('ids'))).outputs.id.value]" }}] }} }}]"#
    ));
    let x = resource(&deployment, "A.B/c/x");
    for (index, name) in ["web", "data"].iter().enumerate() {
        let subnet = resource(
            &deployment,
            &format!("Microsoft.Network/virtualNetworks/subnets/hub/{name}"),
        );
        let id = at(x, &format!("properties.ids.{index}"));
        assert_eq!(
            crate::eval::ResourceKey::of_id(id).as_ref(),
            Some(&subnet.key)
        );
    }
}

#[test]
fn instances_of_a_symbolic_module_loop_are_referred_to_by_number() {
    let deployment = deploy(
        r#""languageVersion": "2.0", "resources": {
            "rules": { "type": "Microsoft.Resources/deployments", "name": "[format('r{0}', copyIndex())]",
                "copy": { "name": "rules", "count": "[length(range(0, 3))]" }, "properties": {
                "expressionEvaluationOptions": { "scope": "inner" }, "parameters": { "n": { "value": "[copyIndex()]" } },
                "template": { "parameters": { "n": { "type": "int" } }, "resources": [], "outputs": { "priority": { "type": "int", "value": "[mul(add(parameters('n'), 1), 100)]" } } } } },
            "x": { "type": "A.B/c", "name": "x", "properties": {
                "one": "[reference('rules[2]').outputs.priority.value]",
                "two": "[reference(format('rules[{0}]', 1)).outputs.priority.value]",
                "all": "[map(range(0, 3), lambda('i', reference(format('rules[{0}]', lambdaVariables('i'))).outputs.priority.value))]",
                "none": "[tryGet(tryGet(reference('rules[0]').outputs, 'gone'), 'value')]" } } }"#,
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.one")), "300");
    assert_eq!(show(at(x, "properties.two")), "200");
    assert_eq!(show(at(x, "properties.all")), "[100,200,300]");
    assert_eq!(show(at(x, "properties.none")), "null");
}

#[test]
fn a_module_under_a_condition_may_exist_and_its_outputs_are_those_of_the_case_that_it_does() {
    let maker = |condition: &str| {
        module(
            "maker",
            &format!(r#""condition": {condition},"#),
            "",
            r#""resources": [{ "type": "Microsoft.Network/networkSecurityGroups", "name": "made" }],
            "outputs": { "id": { "type": "string", "value": "[resourceId('Microsoft.Network/networkSecurityGroups', 'made')]" } }"#,
        )
    };
    let template = |condition: &str| {
        format!(
            r#""parameters": {{ "make": {{ "type": "bool" }} }}, "resources": [{}, {{ "type": "A.B/c", "name": "x", "properties": {{
                "id": "[if(parameters('make'), reference('maker').outputs.id.value, 'none')]",
                "never": "[if(false(), reference('maker').outputs.id.value, 'none')]" }} }}]"#,
            maker(condition)
        )
    };
    let deployment = deploy(&template(r#""[parameters('make')]""#));
    let made = resource(&deployment, "Microsoft.Network/networkSecurityGroups/made");
    assert_eq!(made.existence.truth, Truth::Unknown);
    let because = made.existence.because.as_ref().unwrap();
    assert_eq!(&*because.label, "parameters('make')");
    let x = resource(&deployment, "A.B/c/x");
    let id = unknown(at(x, "properties.id"));
    let crate::eval::value::Bounds::OneOf(candidates) = &id.bounds else {
        panic!("no candidates: {id:?}");
    };
    assert!(show(&candidates[0]).ends_with(r#"/networkSecurityGroups/made""#));
    assert_eq!(show(&candidates[1]), r#""none""#);
    // One whose condition does not hold deploys nothing.
    let without = deploy(&template("false"));
    assert!(without.resources.iter().all(|one| &*one.kind == "A.B/c"));
    assert_eq!(
        show(at(resource(&without, "A.B/c/x"), "properties.never")),
        r#""none""#
    );
}

#[test]
fn of_two_modules_of_one_name_under_opposite_conditions_the_outputs_are_candidates() {
    let maker = |condition: &str, value: &str| {
        module(
            "maker",
            &format!(r#""condition": "[{condition}]","#),
            "",
            &format!(
                r#""resources": [], "outputs": {{ "same": {{ "type": "string", "value": "s" }}, "own": {{ "type": "string", "value": "{value}" }} }}"#
            ),
        )
    };
    let deployment = deploy(&format!(
        r#""parameters": {{ "new": {{ "type": "bool" }} }}, "resources": [{}, {},
            {{ "type": "A.B/c", "name": "x", "properties": {{
                "same": "[reference('maker').outputs.same.value]", "own": "[reference('maker').outputs.own.value]" }} }}]"#,
        maker("parameters('new')", "made"),
        maker("not(parameters('new'))", "found"),
    ));
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.same")), r#""s""#);
    let own = unknown(at(x, "properties.own"));
    assert_eq!(&*own.roots()[0].label, "parameters('new')");
    let crate::eval::value::Bounds::OneOf(candidates) = &own.bounds else {
        panic!("no candidates: {own:?}");
    };
    let candidates: Vec<String> = candidates.iter().map(show).collect();
    assert_eq!(candidates, [r#""made""#, r#""found""#]);
}

#[test]
fn extensions_and_existing_resources_lie_where_they_say() {
    let inside = r#""languageVersion": "2.0", "resources": {
        "hub": { "existing": true, "type": "Microsoft.Network/virtualNetworks", "name": "hub", "subscriptionId": "s3", "resourceGroup": "g3" },
        "near": { "existing": true, "type": "Microsoft.Network/virtualNetworks", "name": "near" },
        "lock": { "type": "Microsoft.Authorization/locks", "name": "l", "scope": "Microsoft.Network/virtualNetworks/near", "properties": {} } }"#;
    let deployment = deploy(&format!(
        r#""resources": [{}]"#,
        module(
            "m",
            r#""subscriptionId": "s2", "resourceGroup": "g2","#,
            "",
            inside
        )
    ));
    let hub = resource(&deployment, "Microsoft.Network/virtualNetworks/hub");
    assert_eq!(hub.mode, Mode::Existing);
    assert_eq!(
        &*hub.key.0,
        "/subscriptions/s3/resourcegroups/g3/providers/microsoft.network/virtualnetworks/hub"
    );
    let near = resource(&deployment, "Microsoft.Network/virtualNetworks/near");
    let lock = resource(&deployment, "Microsoft.Authorization/locks/l");
    assert_eq!(
        *lock.key.0,
        format!("{}/providers/microsoft.authorization/locks/l", near.key.0)
    );
    assert!(
        near.key
            .0
            .starts_with("/subscriptions/s2/resourcegroups/g2/")
    );
}

#[test]
fn a_template_spec_that_is_made_deploys_nothing_of_what_it_holds() {
    let deployment = deploy(
        r#""resources": [{ "type": "Microsoft.Resources/templateSpecs/versions", "name": "net/1.0", "properties": {
            "mainTemplate": { "parameters": { "p": { "type": "string" } },
                "resources": [{ "type": "Microsoft.Network/networkSecurityGroups", "name": "[[parameters('p')]" }] } } }]"#,
    );
    assert_eq!(deployment.resources.len(), 1);
    let spec = &deployment.resources[0];
    assert_eq!(
        show(at(spec, "properties.mainTemplate.resources.0.name")),
        r#""[parameters('p')]""#
    );
}

#[test]
fn the_environment_is_that_of_the_configured_cloud_and_public_without_a_word() {
    let main = with_schema(
        r#""resources": [{ "type": "A.B/c", "name": "x", "tags": {
            "name": "[environment().name]", "zone": "[concat('privatelink.blob.', environment().suffixes.storage)]",
            "vault": "[environment().suffixes.keyvaultDns]", "login": "[environment().authentication.loginEndpoint]",
            "batch": "[environment().batch]" } }]"#,
    );
    let files = Files::new(&[("main.json", &main)]);
    let tags = |cloud: Option<&str>| {
        let given = Target {
            cloud: cloud.map(Into::into),
            ..Target::default()
        };
        let deployment = files.deploy_to("main.json", given);
        assert_eq!(deployment.diagnostics, []);
        let x = resource(&deployment, "A.B/c/x");
        let mut steps = Vec::new();
        let mut next = Some(at(x, "tags.name").origin);
        while let Some(origin) = next.map(|id| deployment.origins.get(id)) {
            steps.push(origin.step.clone());
            next = origin.parents.first().copied();
        }
        let tags = ["name", "zone", "vault", "login", "batch"]
            .map(|name| show(at(x, &format!("tags.{name}"))));
        (tags, steps)
    };
    let (public, steps) = tags(None);
    let azure = [
        r#""AzureCloud""#,
        r#""privatelink.blob.core.windows.net""#,
        r#"".vault.azure.net""#,
        r#""https://login.microsoftonline.com/""#,
        r#""https://batch.core.windows.net/""#,
    ];
    assert_eq!(public, azure);
    assert!(steps.contains(&OriginStep::PlatformDefault), "{steps:?}");
    let (public, steps) = tags(Some("public"));
    assert_eq!(public, azure);
    assert!(steps.contains(&OriginStep::Configuration), "{steps:?}");
    // What no document gives of a cloud stays unknown by name.
    let (china, _) = tags(Some("china"));
    assert_eq!(
        china,
        [
            r#""AzureChinaCloud""#,
            r#""privatelink.blob.core.chinacloudapi.cn""#,
            r#"".vault.azure.cn""#,
            r#""https://login.chinacloudapi.cn/""#,
            "${environment().batch}",
        ]
    );
    let (government, _) = tags(Some("us-government"));
    assert_eq!(government[2], r#"".vault.usgovcloudapi.net""#);
}
