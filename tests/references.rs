//! From templates to the network: what ids, names and run-time functions of a template refer to.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

#[expect(dead_code, reason = "every test binary uses its part")]
#[path = "support/pipeline.rs"]
mod pipeline;

use aznet::eval::Deployment;
use aznet::eval::arm::Arm;
use aznet::model::routing::Appliance;
use aznet::model::{
    Field, FirewallId, Link, Network, NicId, NsgId, PublicIpId, RouteTableId, SubnetId, VnetId,
};
use pipeline::evaluate;

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

fn deployed(members: &str) -> (Deployment, Network) {
    let template =
        format!(r#"{{ "$schema": "{SCHEMA}", "contentVersion": "1.0.0.0", {members} }}"#);
    let deployment = evaluate(&Arm, "azuredeploy.json", &template);
    let network = Network::build(&deployment);
    (deployment, network)
}

fn network(members: &str) -> Network {
    deployed(members).1
}

fn here<I: Copy>(field: &Field<Link<I>>) -> Option<I> {
    field.value().and_then(Link::here)
}

/// A network whose only subnet names its security group by an expression, and groups.
fn subnet_with(parameters: &str, nsg: &str, groups: &str) -> Network {
    network(&format!(
        r#""parameters": {{ {parameters} }},
        "resources": [ {groups}
        {{ "type": "Microsoft.Network/virtualNetworks", "name": "hub", "properties": {{ "subnets": [
            {{ "name": "app", "properties": {{ "networkSecurityGroup": {{ "id": "{nsg}" }} }} }} ] }} }} ]"#
    ))
}

const GROUP: &str = r#"{ "type": "Microsoft.Network/networkSecurityGroups", "name": "app" },"#;

#[test]
fn an_id_in_an_unknown_group_or_subscription_means_the_only_resource_here_that_it_can_mean() {
    let parameters = r#""rg": { "type": "string" }, "sub": { "type": "string" }"#;
    for id in [
        "[resourceId('Microsoft.Network/networkSecurityGroups', 'app')]",
        "[resourceId(parameters('rg'), 'Microsoft.Network/networkSecurityGroups', 'app')]",
        "[resourceId(parameters('sub'), parameters('rg'), 'microsoft.network/networksecuritygroups', 'APP')]",
        "[resourceId('rg-shared', 'Microsoft.Network/networkSecurityGroups', 'app')]",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shared/providers/Microsoft.Network/networkSecurityGroups/app",
        "[concat(parameters('rg'), '/providers/Microsoft.Network/networkSecurityGroups/app')]",
    ] {
        let network = subnet_with(parameters, id, GROUP);
        assert_eq!(here(&network[SubnetId(0)].nsg), Some(NsgId(0)), "{id}");
    }
}

#[test]
fn an_id_that_could_mean_two_resources_or_is_known_to_lie_elsewhere_means_neither() {
    let nested = |group: &str| {
        format!(
            r#"{{ "type": "Microsoft.Resources/deployments", "name": "in-{group}", "resourceGroup": "{group}",
                "properties": {{ "template": {{ "resources": [
                {{ "type": "Microsoft.Network/networkSecurityGroups", "name": "app" }} ] }} }} }},"#
        )
    };
    let unknown =
        "[resourceId(parameters('rg'), 'Microsoft.Network/networkSecurityGroups', 'app')]";
    let known = "[resourceId('third', 'Microsoft.Network/networkSecurityGroups', 'app')]";
    let second = "[resourceId('two', 'Microsoft.Network/networkSecurityGroups', 'app')]";
    let parameter = r#""rg": { "type": "string" }"#;
    let both = nested("one") + &nested("two");
    let is_external = |network: &Network| {
        matches!(network[SubnetId(0)].nsg.value(), Some(Link::External(key))
            if key.0.ends_with("/providers/microsoft.network/networksecuritygroups/app"))
    };
    assert!(is_external(&subnet_with(parameter, unknown, &both)));
    assert!(is_external(&subnet_with("", known, &both)));
    let network = subnet_with("", second, &both);
    assert_eq!(here(&network[SubnetId(0)].nsg), Some(NsgId(1)));
}

#[test]
fn groups_that_share_an_unknown_part_are_told_apart_by_the_known_one() {
    let network = subnet_with(
        r#""env": { "type": "string" }"#,
        "[resourceId(format('rg-{0}-hub', parameters('env')), 'Microsoft.Network/networkSecurityGroups', 'app')]",
        r#"{ "type": "Microsoft.Resources/deployments", "name": "spoke", "resourceGroup": "[format('rg-{0}-spoke', parameters('env'))]",
            "properties": { "template": { "resources": [
            { "type": "Microsoft.Network/networkSecurityGroups", "name": "app" } ] } } },"#,
    );
    assert!(matches!(
        network[SubnetId(0)].nsg.value(),
        Some(Link::External(_))
    ));
}

#[test]
fn a_network_is_not_taken_for_its_own_namesake_at_the_far_end_of_a_peering() {
    let network = network(
        r#""parameters": { "far": { "type": "string" } },
        "resources": [
        { "type": "Microsoft.Network/virtualNetworks", "name": "net" },
        { "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "name": "net/far", "properties": {
            "remoteVirtualNetwork": { "id": "[resourceId(parameters('far'), 'Microsoft.Network/virtualNetworks', 'net')]" } } } ]"#,
    );
    let peering = &network.peerings[0];
    assert_eq!(here(&peering.virtual_network), Some(VnetId(0)));
    assert!(matches!(peering.remote.value(), Some(Link::External(_))));
}

/// A firewall, its public address and a route whose next hop is an expression.
fn route_to(next_hop: &str) -> Network {
    network(&format!(
        r#""parameters": {{ "name": {{ "type": "string" }}, "rg": {{ "type": "string" }} }},
        "variables": {{ "firewall": "[resourceId('Microsoft.Network/azureFirewalls', parameters('name'))]" }},
        "resources": [
        {{ "type": "Microsoft.Network/azureFirewalls", "name": "[parameters('name')]", "properties": {{
            "ipConfigurations": [ {{ "name": "first", "properties": {{ "publicIPAddress": {{ "id": "[resourceId('Microsoft.Network/publicIPAddresses', 'out')]" }} }} }} ] }} }},
        {{ "type": "Microsoft.Network/publicIPAddresses", "name": "out" }},
        {{ "type": "Microsoft.Network/routeTables", "name": "spokes", "properties": {{ "routes": [
            {{ "name": "all", "properties": {{ "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "{next_hop}" }} }} ] }} }} ]"#
    ))
}

#[test]
fn the_private_address_of_a_firewall_as_next_hop_leads_to_that_firewall() {
    for next_hop in [
        "[reference(variables('firewall')).ipConfigurations[0].properties.privateIPAddress]",
        "[reference(variables('firewall'), '2023-09-01').ipConfigurations[0].properties.privateIpAddress]",
        "[reference(variables('firewall'), '2023-09-01', 'Full').properties.ipConfigurations[0].properties.privateIPAddress]",
        "[reference(parameters('name')).ipConfigurations[0].properties.privateIPAddress]",
        "[reference(concat('Microsoft.Network/azureFirewalls/', parameters('name'))).ipConfigurations[0].properties.privateIPAddress]",
        "[reference(resourceId(parameters('rg'), 'Microsoft.Network/azureFirewalls', parameters('name')), '2023-09-01').ipConfigurations[0].properties.privateIPAddress]",
    ] {
        let network = route_to(next_hop);
        let table = &network[RouteTableId(0)];
        let route = &network[table.routes.items[0]];
        assert_eq!(
            route.appliance,
            Appliance::Firewall(FirewallId(0)),
            "{next_hop}"
        );
    }
}

#[test]
fn a_rule_from_a_public_address_names_that_address() {
    let network = network(
        r#""resources": [
        { "type": "Microsoft.Network/publicIPAddresses", "name": "out" },
        { "type": "Microsoft.Network/networkSecurityGroups", "name": "web", "properties": { "securityRules": [
            { "name": "from-us", "properties": { "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
              "sourceAddressPrefix": "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'out')).ipAddress]", "sourcePortRange": "*",
              "destinationAddressPrefix": "*", "destinationPortRange": "22" } } ] } } ]"#,
    );
    let source = network.security_rules[0].source.items[0].unknown().unwrap();
    let reference = source.refers_to.as_ref().unwrap();
    assert_eq!(reference.resource, network[PublicIpId(0)].meta.key);
    assert_eq!(&*reference.path, "properties.ipAddress");
}

#[test]
fn machines_of_a_loop_of_unknown_length_take_the_interfaces_of_the_same_pass() {
    let network = network(
        r#""parameters": { "count": { "type": "int" }, "others": { "type": "int" } },
        "resources": [
        { "type": "Microsoft.Network/networkInterfaces", "name": "[concat('nic', copyIndex())]",
          "copy": { "name": "nics", "count": "[parameters('count')]" }, "properties": { "ipConfigurations": [] } },
        { "type": "Microsoft.Compute/virtualMachines", "name": "[concat('vm', copyIndex())]",
          "copy": { "name": "machines", "count": "[parameters('count')]" }, "properties": { "networkProfile": { "networkInterfaces": [
            { "id": "[resourceId('Microsoft.Network/networkInterfaces', concat('nic', copyIndex()))]" } ] } } },
        { "type": "Microsoft.Compute/virtualMachines", "name": "[concat('other', copyIndex())]",
          "copy": { "name": "others", "count": "[parameters('others')]" }, "properties": { "networkProfile": { "networkInterfaces": [
            { "id": "[resourceId('Microsoft.Network/networkInterfaces', concat('nic', copyIndex()))]" } ] } } } ]"#,
    );
    let nic = |machine: usize| here(&network.machines[machine].network_interfaces.items[0]);
    assert_eq!(nic(0), Some(NicId(0)));
    assert_eq!(nic(1), None);
}

#[test]
fn what_a_module_looks_up_and_another_creates_is_one_element() {
    let network = network(
        r#""parameters": { "rg": { "type": "string" } },
        "resources": [
        { "type": "Microsoft.Network/virtualNetworks", "name": "hub", "properties": { "subnets": [
            { "name": "app", "properties": { "addressPrefix": "10.0.0.0/24" } } ] } },
        { "type": "Microsoft.Resources/deployments", "name": "child", "properties": {
            "expressionEvaluationOptions": { "scope": "inner" },
            "template": { "languageVersion": "2.0", "resources": {
                "vnet": { "existing": true, "type": "Microsoft.Network/virtualNetworks", "name": "hub" },
                "subnet": { "existing": true, "type": "Microsoft.Network/virtualNetworks/subnets", "name": "hub/app" },
                "elsewhere": { "existing": true, "type": "Microsoft.Network/virtualNetworks", "resourceGroup": "other", "name": "spoke" },
                "nic": { "type": "Microsoft.Network/networkInterfaces", "name": "nic", "properties": { "ipConfigurations": [
                    { "name": "i", "properties": { "subnet": { "id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'app')]" } } } ] } } } } } } ]"#,
    );
    assert_eq!(network.virtual_networks.len(), 2);
    assert!(!network[VnetId(0)].meta.existing);
    assert!(network[VnetId(1)].meta.existing);
    assert_eq!(network.subnets.len(), 1);
    let nic = &network.network_interfaces[0].ip_configurations.items[0];
    assert_eq!(here(&nic.subnet), Some(SubnetId(0)));
}

#[test]
fn ids_of_parts_read_from_their_owner_lead_to_the_parts() {
    let network = network(
        r#""resources": [
        { "type": "Microsoft.Network/virtualNetworks", "name": "hub", "properties": { "subnets": [
            { "name": "first", "properties": { "addressPrefix": "10.0.0.0/24" } },
            { "name": "second", "properties": { "addressPrefix": "10.0.1.0/24" } } ] } },
        { "type": "Microsoft.Network/networkInterfaces", "name": "nic", "properties": { "ipConfigurations": [
            { "name": "i", "properties": { "subnet": { "id": "[reference('hub').subnets[1].id]" } } } ] } } ]"#,
    );
    let nic = &network.network_interfaces[0].ip_configurations.items[0];
    assert_eq!(here(&nic.subnet), Some(SubnetId(1)));
}
