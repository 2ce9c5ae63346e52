use super::{Files, at, deploy, resource, show, unknown, with_schema};
use crate::eval::value::Reason;

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
    let own = r#""privateIPAddress": "[reference('n').ipconfigurations[0].properties.privateIPAddress]","#;
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
fn resources_that_refer_to_each_other_do_not_hang() {
    let deployment = deploy(
        r#""resources": [
        { "type": "A.B/c", "name": "x", "properties": { "v": "[reference('y').v]" } },
        { "type": "A.B/c", "name": "y", "properties": { "v": "[reference('x').v]" } }]"#,
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
