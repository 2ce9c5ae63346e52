use super::{Files, at, deploy, resource, show, unknown, with_schema};
use crate::eval::frontend::Target;
use crate::eval::value::{Bounds, Reason};

#[test]
fn references_give_what_the_template_states_and_name_the_rest() {
    let deployment = deploy(
        r#""parameters": { "name": { "type": "string" } },
        "resources": [
        { "type": "Microsoft.Network/publicIPAddresses", "name": "[parameters('name')]", "location": "west", "properties": { "publicIPAllocationMethod": "Static" } },
        { "type": "A.B/c", "name": "x", "properties": {
            "stated": "[reference(resourceId('Microsoft.Network/publicIPAddresses', parameters('name')), '2020-01-01').publicIPAllocationMethod]",
            "byName": "[reference(parameters('name')).publicIPAllocationMethod]",
            "full": "[reference(resourceId('Microsoft.Network/publicIPAddresses', parameters('name')), '2020-01-01', 'Full').location]",
            "runTime": "[reference(resourceId('Microsoft.Network/publicIPAddresses', parameters('name'))).dnsSettings.list[0].fqdn]",
            "outside": "[reference(resourceId('rg', 'Microsoft.Network/virtualNetworks', 'hub')).addressSpace]" } }]"#,
    );
    let address = resource(
        &deployment,
        "Microsoft.Network/publicIPAddresses/${parameters('name')}",
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.stated")), r#""Static""#);
    assert_eq!(show(at(x, "properties.byName")), r#""Static""#);
    assert_eq!(show(at(x, "properties.full")), r#""west""#);
    let run_time = unknown(at(x, "properties.runTime"));
    assert_eq!(run_time.reason, Reason::RunTime);
    let reference = run_time.refers_to.as_ref().unwrap();
    assert_eq!(reference.resource, address.key);
    assert_eq!(&*reference.path, "properties.dnsSettings.list[0].fqdn");
    let outside = unknown(at(x, "properties.outside"));
    assert_eq!(outside.reason, Reason::Outside);
    assert_eq!(&*outside.label, "reference('hub').addressSpace");
    let reference = outside.refers_to.as_ref().unwrap();
    assert!(
        reference
            .resource
            .0
            .ends_with("/resourcegroups/rg/providers/microsoft.network/virtualnetworks/hub")
    );
}

#[test]
fn an_address_that_a_resource_takes_from_itself_is_known_only_at_run_time() {
    let nic = |address: &str| {
        format!(
            r#"{{ "type": "Microsoft.Network/networkInterfaces", "name": "n", "properties": {{
                "ipConfigurations": [{{ "name": "i", "properties": {{ {address} "primary": true }} }}] }} }}"#
        )
    };
    let own = r#""privateIPAddress": "[reference(resourceId('Microsoft.Network/networkInterfaces', 'n'), '1').ipconfigurations[0].properties.privateIPAddress]","#;
    let once = deploy(&format!(r#""resources": [{}]"#, nic(own)));
    let twice = deploy(&format!(
        r#""resources": [{}, {{ "type": "Microsoft.Resources/deployments", "name": "again", "properties": {{
            "template": {{ "resources": [{}] }} }} }}]"#,
        nic(""),
        nic(own)
    ));
    for deployment in [once, twice] {
        let nic = deployment.resources.last().unwrap();
        let address = "properties.ipConfigurations.0.properties.privateIPAddress";
        let unknown = unknown(at(nic, address));
        assert_eq!(unknown.reason, Reason::RunTime);
        let reference = unknown.refers_to.as_ref().unwrap();
        assert_eq!(reference.resource, nic.key);
        assert_eq!(
            &*reference.path,
            "properties.ipconfigurations[0].properties.privateIPAddress"
        );
    }
}

#[test]
fn keys_of_ids_and_resources_agree_through_unknown_names() {
    let deployment = deploy(
        r#""parameters": { "prefix": { "type": "string" } },
        "variables": { "nsg": "[toLower(concat(parameters('prefix'), '-NSG'))]" },
        "resources": [
        { "type": "Microsoft.Network/networkSecurityGroups", "name": "[variables('nsg')]" },
        { "type": "A.B/c", "name": "x", "properties": { "id": "[resourceId('Microsoft.Network/NetworkSecurityGroups', tolower(concat(parameters('prefix'), '-nsg')))]" } }]"#,
    );
    let x = resource(&deployment, "A.B/c/x");
    let key = crate::eval::ResourceKey::of_id(at(x, "properties.id"));
    assert_eq!(key.as_ref(), Some(&deployment.resources[0].key));
}

#[test]
fn resources_that_refer_to_each_other_by_id_do_not_hang() {
    let deployment = deploy(
        r#""resources": [
        { "type": "A.B/c", "name": "x", "properties": { "v": "[reference(resourceId('A.B/c', 'y'), '1').v]" } },
        { "type": "A.B/c", "name": "y", "properties": { "v": "[reference(resourceId('A.B/c', 'x'), '1').v]" } }]"#,
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(unknown(at(x, "properties.v")).reason, Reason::RunTime);
}

#[test]
fn a_slash_at_the_end_of_a_type_changes_nothing_and_one_mistake_is_told_once() {
    let template = with_schema(
        r#""resources": [
        { "type": "Microsoft.Compute/disks", "name": "d" },
        { "type": "A.B/c", "name": "x", "properties": {
            "id": "[resourceId('Microsoft.Compute/disks/', 'd')]",
            "wrong": "[resourceId('A.B/c', toLower(concat(variables('gone'), '-x')))]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let x = resource(&deployment, "A.B/c/x");
    let key = crate::eval::ResourceKey::of_id(at(x, "properties.id"));
    assert_eq!(key.as_ref(), Some(&deployment.resources[0].key));
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        ["variables('gone')"]
    );
}

/// The properties of one resource beside others in a template with symbolic names.
fn symbolic(parameters: &str, resources: &str, properties: &str) -> crate::eval::Deployment {
    deploy(&format!(
        r#""languageVersion": "2.0", "parameters": {{ {parameters} }}, "resources": {{ {resources}
            "reader": {{ "type": "A.B/c", "name": "x", "properties": {{ {properties} }} }} }}"#
    ))
}

/// Three public addresses of which the second is left out.
const ADDRESSES: &str = r#""ip": { "type": "Microsoft.Network/publicIPAddresses", "name": "[format('ip-{0}', copyIndex())]",
    "copy": { "name": "ip", "count": 3 }, "condition": "[not(equals(copyIndex(), 1))]",
    "location": "[format('region-{0}', copyIndex())]", "properties": { "idleTimeoutInMinutes": "[add(copyIndex(), 4)]" } },"#;

#[test]
fn instances_of_a_copied_resource_are_called_by_the_index_of_their_pass() {
    let deployment = symbolic(
        "",
        ADDRESSES,
        r#""last": "[reference('ip[2]').idleTimeoutInMinutes]",
           "full": "[reference(format('ip[{0}]', 2), '2023-09-01', 'full').location]",
           "runTime": "[reference('ip[2]').ipAddress]""#,
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.last")), "6");
    assert_eq!(show(at(x, "properties.full")), r#""region-2""#);
    let address = resource(&deployment, "Microsoft.Network/publicIPAddresses/ip-2");
    let reference = unknown(at(x, "properties.runTime")).refers_to.clone();
    assert_eq!(reference.unwrap().resource, address.key);
}

#[test]
fn references_of_a_collection_are_those_of_its_resources_that_exist_in_order() {
    let deployment = symbolic(
        "",
        ADDRESSES,
        r#""all": "[map(references('ip'), lambda('one', lambdaVariables('one').idleTimeoutInMinutes))]",
           "places": "[map(references('ip', 'full'), lambda('one', lambdaVariables('one').location))]",
           "count": "[length(references('ip'))]""#,
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.all")), "[4,6]");
    assert_eq!(
        show(at(x, "properties.places")),
        r#"["region-0","region-2"]"#
    );
    assert_eq!(show(at(x, "properties.count")), "2");
}

#[test]
fn a_collection_is_open_where_a_condition_or_the_number_of_passes_is_not_known() {
    let perhaps = ADDRESSES.replace("equals(copyIndex(), 1)", "parameters('none')");
    let deployment = symbolic(
        r#""none": { "type": "bool" }"#,
        &perhaps,
        r#""all": "[references('ip')]""#,
    );
    let all = at(resource(&deployment, "A.B/c/x"), "properties.all");
    let list = all.as_list().unwrap();
    assert!(list.items.is_empty());
    assert_eq!(
        &*list.rest.as_ref().unwrap().unknown.label,
        "not(parameters('none'))"
    );

    let many = ADDRESSES
        .replace("\"count\": 3", "\"count\": \"[parameters('count')]\"")
        .replace("[not(equals(copyIndex(), 1))]", "[true()]");
    let deployment = symbolic(
        r#""count": { "type": "int" }"#,
        &many,
        r#""all": "[references('ip')]""#,
    );
    let all = at(resource(&deployment, "A.B/c/x"), "properties.all");
    let rest = all.as_list().unwrap().rest.as_ref().unwrap();
    assert_eq!(&*rest.unknown.label, "parameters('count')");
    let one = unknown(rest.template.as_ref().unwrap());
    let address = deployment.resources.iter().find(|one| one.template);
    assert_eq!(
        one.refers_to.as_ref().unwrap().resource,
        address.unwrap().key
    );
}

#[test]
fn the_instances_of_two_loops_of_one_unknown_length_refer_to_each_other() {
    let deployment = deploy(
        r#""languageVersion": "2.0", "parameters": { "hubs": { "type": "array" } }, "resources": {
        "firewall": { "type": "Microsoft.Network/azureFirewalls", "name": "[parameters('hubs')[copyIndex()]]",
            "copy": { "name": "firewall", "count": "[length(parameters('hubs'))]" }, "properties": { "threatIntelMode": "Deny" } },
        "reader": { "type": "A.B/c", "name": "[concat('x', parameters('hubs')[copyIndex()])]",
            "copy": { "name": "reader", "count": "[length(parameters('hubs'))]" }, "properties": {
            "stated": "[reference(format('firewall[{0}]', copyIndex())).threatIntelMode]",
            "address": "[reference(format('firewall[{0}]', copyIndex())).ipConfigurations[0].properties.privateIPAddress]" } } }"#,
    );
    let [firewall, reader] = &deployment.resources[..] else {
        panic!("{:?}", deployment.resources)
    };
    assert_eq!(show(at(reader, "properties.stated")), r#""Deny""#);
    let reference = unknown(at(reader, "properties.address")).refers_to.clone();
    assert_eq!(reference.unwrap().resource, firewall.key);
}

#[test]
fn a_part_is_read_by_its_own_id_and_by_its_place_in_its_owner() {
    let deployment = deploy(
        r#""resources": [
        { "type": "Microsoft.Network/virtualNetworks", "name": "hub", "properties": { "Subnets": [
            { "name": "app", "properties": { "addressPrefix": "10.0.0.0/24" } },
            { "name": "Db", "properties": { "addressPrefix": "10.0.1.0/24" } } ] } },
        { "type": "A.B/c", "name": "x", "properties": {
            "byId": "[reference(resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'db'), '2023-09-01').addressPrefix]",
            "byPlace": "[reference('hub').subnets[1].properties.addressPrefix]",
            "id": "[reference('hub').subnets[1].id]",
            "owns": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'Db')]",
            "runTime": "[reference(resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'app')).purpose]",
            "none": "[reference(resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'web'), '2023-09-01').addressPrefix]" } }]"#,
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.byId")), r#""10.0.1.0/24""#);
    assert_eq!(show(at(x, "properties.byPlace")), r#""10.0.1.0/24""#);
    let key = |path| crate::eval::ResourceKey::of_id(at(x, path));
    assert_eq!(key("properties.id"), key("properties.owns"));
    for (path, label, reason) in [
        ("runTime", "reference('app').purpose", Reason::RunTime),
        ("none", "reference('web').addressPrefix", Reason::Outside),
    ] {
        let unknown = unknown(at(x, &format!("properties.{path}")));
        assert_eq!(&*unknown.label, label);
        assert_eq!(unknown.reason, reason);
    }
}

#[test]
fn names_that_several_resources_have_need_an_id_and_ids_without_a_place_are_understood() {
    let template = with_schema(
        r#""resources": [
        { "type": "Microsoft.Network/publicIPAddresses", "name": "web", "location": "west", "properties": { "publicIPAllocationMethod": "Static" } },
        { "type": "Microsoft.Network/natGateways", "name": "web", "properties": { "idleTimeoutInMinutes": 7 } },
        { "type": "A.B/c", "name": "x", "properties": {
            "unclear": "[reference('web').idleTimeoutInMinutes]",
            "byType": "[reference('Microsoft.Network/natGateways/web').idleTimeoutInMinutes]",
            "whole": "[reference(resourceId('Microsoft.Network/natGateways', 'web'), '2023-09-01', 'Full').resourceId]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        ["reference('web')"]
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(unknown(at(x, "properties.unclear")).reason, Reason::Invalid);
    assert_eq!(show(at(x, "properties.byType")), "7");
    assert_eq!(
        show(at(x, "properties.whole")),
        r#""Microsoft.Network/natGateways/web""#
    );
}

#[test]
fn a_whole_resource_says_where_it_is_deployed() {
    let declared = with_schema(
        r#""resources": [
        { "type": "A.B/c", "name": "there", "properties": {} },
        { "type": "A.B/c", "name": "x", "properties": {
            "subscription": "[reference('there', '2024-01-01', 'Full').subscriptionId]",
            "group": "[reference('there', '2024-01-01', 'full').resourceGroupName]" } }]"#,
    );
    let files = Files::new(&[("main.json", &declared)]);
    let target = Target {
        subscription: Some("4c1d".into()),
        resource_group: Some("hub-rg".into()),
        ..Target::default()
    };
    let deployment = files.deploy_to("main.json", target);
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.subscription")), r#""4c1d""#);
    assert_eq!(show(at(x, "properties.group")), r#""hub-rg""#);
}

#[test]
fn children_are_called_by_their_own_name_or_with_their_parents() {
    let deployment = deploy(
        r#""resources": [
        { "type": "Microsoft.Network/virtualNetworks", "name": "hub", "properties": {}, "resources": [
            { "type": "subnets", "name": "app", "properties": { "addressPrefix": "10.0.0.0/24" } } ] },
        { "type": "Microsoft.Network/virtualNetworks/subnets", "name": "hub/db", "properties": { "addressPrefix": "10.0.1.0/24" } },
        { "type": "A.B/c", "name": "x", "properties": { "prefixes": [
            "[reference('app').addressPrefix]", "[reference('HUB/app').addressPrefix]", "[reference('hub/db').addressPrefix]" ] } }]"#,
    );
    assert_eq!(
        show(at(resource(&deployment, "A.B/c/x"), "properties.prefixes")),
        r#"["10.0.0.0/24","10.0.0.0/24","10.0.1.0/24"]"#
    );
}

#[test]
fn segments_of_names_and_types_have_to_agree() {
    let template = with_schema(
        r#""resources": [
        { "type": "Microsoft.Network/virtualNetworks", "name": "hub", "resources": [
            { "type": "subnets", "name": "app" },
            { "type": "Microsoft.Network/virtualNetworks/subnets", "name": "hub/full" },
            { "type": "subnets", "name": "a/b/c" } ] },
        { "type": "Microsoft.Network/virtualNetworks/subnets", "name": "alone" },
        { "type": "Microsoft.Network/routeTables", "name": "one/two" },
        { "type": "Microsoft.Network/virtualNetworks/providers/locks", "name": "hub/Microsoft.Authorization/keep" },
        { "type": "A.B/c", "name": "x", "properties": {
            "few": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub')]",
            "many": "[resourceId('Microsoft.Network/virtualNetworks', 'hub', 'app', 'more')]",
            "slash": "[resourceId('Microsoft.Network/routeTables', 'a/b')]",
            "number": "[resourceId('Microsoft.Network/routeTables', 12)]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        [
            r#""a/b/c""#,
            r#""alone""#,
            r#""one/two""#,
            "resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub')",
            "resourceId('Microsoft.Network/virtualNetworks', 'hub', 'app', 'more')",
            "'a/b'",
            "12",
        ]
    );
    // What lacks its parent's name is nobody's namesake.
    let alone = deployment
        .resources
        .iter()
        .find(|one| one.address.ends_with("/alone"))
        .unwrap();
    let hub = resource(&deployment, "Microsoft.Network/virtualNetworks/hub");
    assert_ne!(alone.parent.as_ref(), Some(&hub.key));
    assert!(alone.key.0.ends_with("/subnets/alone"));
}

#[test]
fn outputs_whose_condition_does_not_hold_are_none() {
    let deployment = deploy(
        r#""resources": [
        { "type": "Microsoft.Resources/deployments", "name": "module", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "template": { "resources": [], "outputs": {
                "given": { "type": "string", "condition": true, "value": "a" },
                "kept": { "type": "string", "condition": "[equals(1, 2)]", "value": "b" } } } } },
        { "type": "A.B/c", "name": "x", "properties": {
            "given": "[reference('module').outputs.given.value]",
            "kept": "[coalesce(tryGet(reference('module').outputs, 'kept', 'value'), 'none')]",
            "no": "[tryGet(reference('module').outputs, 'other', 'value')]" } }]"#,
    );
    let x = resource(&deployment, "A.B/c/x");
    assert_eq!(show(at(x, "properties.given")), r#""a""#);
    assert_eq!(show(at(x, "properties.kept")), r#""none""#);
    assert_eq!(show(at(x, "properties.no")), "null");
}

#[test]
fn what_is_wrong_in_outputs_is_told_whether_or_not_they_are_asked_for() {
    let template = with_schema(
        r#""parameters": { "all": { "type": "bool" } },
        "resources": [
        { "type": "Microsoft.Resources/deployments", "name": "n", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "template": { "resources": [], "outputs": {
                "loop": { "type": "array", "copy": { "count": 2, "input": "[createArray('a')[copyIndex()]]" } } } } } } ],
        "outputs": {
            "typo": { "type": "string", "value": "[concat('a', parameters('al'))]" },
            "never": { "condition": false, "type": "string", "value": "[parameters('never')]" },
            "perhaps": { "condition": "[parameters('all')]", "type": "string", "value": "[parameters('perhaps')]" } }"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    assert_eq!(
        files.blamed(&deployment, "arm-expression"),
        ["createArray('a')[copyIndex()]", "parameters('al')"]
    );
}

#[test]
fn run_time_functions_name_whom_they_ask() {
    let deployment = deploy(
        r#""parameters": { "id": { "type": "string" } }, "resources": [
        { "type": "Microsoft.Storage/storageAccounts", "name": "logs" },
        { "type": "A.B/c", "name": "x", "properties": {
            "key": "[listKeys('logs', '2023-01-01').keys[0].value]",
            "byId": "[listKeys(resourceId('other', 'Microsoft.Storage/storageAccounts', 'data'), '2023-01-01')]",
            "unknown": "[listKeys(parameters('id'), '2023-01-01')]",
            "versions": "[providers('Microsoft.Network', 'natGateways').apiVersions[0]]",
            "property": "[reference(parameters('id'), '2023-01-01').addressPrefix]",
            "zones": "[pickZones('Microsoft.Network', 'publicIPAddresses', 'westeurope', 2, 1)]" } }]"#,
    );
    let x = resource(&deployment, "A.B/c/x");
    for (path, label) in [
        ("key", "listKeys('logs').keys[0].value"),
        ("byId", "listKeys('data')"),
        ("unknown", "listKeys(parameters('id'))"),
        (
            "versions",
            "providers('Microsoft.Network', 'natGateways').apiVersions[0]",
        ),
        ("property", "reference(parameters('id')).addressPrefix"),
        (
            "zones",
            "pickZones('Microsoft.Network', 'publicIPAddresses')",
        ),
    ] {
        let value = at(x, &format!("properties.{path}"));
        assert_eq!(&*unknown(value).label, label);
    }
    // The zones asked for, or none where there are none.
    let zones = &unknown(at(x, "properties.zones")).bounds;
    let Bounds::OneOf(zones) = zones else {
        panic!("{zones:?}")
    };
    let zones: Vec<String> = zones.iter().map(show).collect();
    assert_eq!(zones, [r#"["2","3"]"#, "[]"]);
}

#[test]
fn the_optional_argument_of_resource_id_is_a_group_and_for_a_subscription_its_id() {
    const ID: &str = "11111111-2222-3333-4444-555555555555";
    let text = format!(
        r#"{{ "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
        "resources": [ {{ "type": "A.B/c", "name": "x", "properties": {{
            "subscription": "[resourceId('{ID}', 'A.B/c', 'n')]",
            "group": "[resourceId('rg', 'A.B/c', 'n')]",
            "both": "[resourceId('{ID}', 'rg', 'A.B/c', 'n')]",
            "extension": "[extensionResourceId(tenantResourceId('A.B/c', 'n'), 'D.E/f/g', 'h', 'i')]" }} }} ] }}"#
    );
    let deployment = Files::new(&[("main.json", &text)]).deploy("main.json");
    assert!(deployment.diagnostics.is_empty());
    let x = resource(&deployment, "A.B/c/x");
    let at = |name: &str| show(at(x, &format!("properties.{name}")));
    assert_eq!(
        at("subscription"),
        format!(r#""/subscriptions/{ID}/providers/A.B/c/n""#)
    );
    assert_eq!(
        at("group"),
        r#""/subscriptions/${subscription().subscriptionId}/resourceGroups/rg/providers/A.B/c/n""#
    );
    assert_eq!(
        at("both"),
        format!(r#""/subscriptions/{ID}/resourceGroups/rg/providers/A.B/c/n""#)
    );
    assert_eq!(
        at("extension"),
        r#""/providers/A.B/c/n/providers/D.E/f/h/g/i""#
    );
}
