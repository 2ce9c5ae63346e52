//! The same network in both dialects is the same model.

use super::{GROUP, Site};
use crate::model::firewall::FirewallSettings;
use crate::model::nsg::SecurityRule;
use crate::model::{Field, Link, List, Network, NsgId, RouteTableId, State, SubnetId, VnetId};

fn text<T: std::fmt::Debug>(field: &Field<T>) -> String {
    match &field.state {
        State::Known(value) => format!("{value:?}"),
        State::Unknown(_, candidates) => format!("unknown {candidates:?}"),
        State::Absent => "absent".into(),
        State::Invalid { raw, .. } => format!("invalid {raw}"),
    }
}

fn texts<T: std::fmt::Debug>(list: &List<Field<T>>) -> String {
    let items: Vec<String> = list.items.iter().map(text).collect();
    format!(
        "{items:?}{}",
        if list.rest.is_some() { " and more" } else { "" }
    )
}

fn rule(rule: &SecurityRule) -> String {
    format!(
        "{} {} {} {} {} {} {} {} {}",
        text(&rule.meta.name),
        text(&rule.priority),
        text(&rule.direction),
        text(&rule.access),
        text(&rule.protocol),
        texts(&rule.source),
        texts(&rule.source_ports),
        texts(&rule.destination),
        texts(&rule.destination_ports),
    )
}

/// What a network says, without where it says it.
fn describe(network: &Network) -> String {
    let mut lines = Vec::new();
    let name = |meta: &crate::model::Meta| text(&meta.name);
    for id in NsgId::all(network) {
        let nsg = &network[id];
        lines.push(format!(
            "nsg {} on {:?}",
            name(&nsg.meta),
            nsg.subnets.items
        ));
        let mut rules: Vec<String> = nsg
            .rules
            .items
            .iter()
            .map(|id| rule(&network[*id]))
            .collect();
        rules.sort();
        lines.extend(rules);
    }
    for id in VnetId::all(network) {
        let vnet = &network[id];
        let (space, dns) = (texts(&vnet.address_space), texts(&vnet.dns_servers));
        lines.push(format!(
            "vnet {} {space} {dns} {:?}",
            name(&vnet.meta),
            vnet.subnets.items
        ));
    }
    for id in SubnetId::all(network) {
        let subnet = &network[id];
        lines.push(format!(
            "subnet {} {} {} {} {} {:?}",
            name(&subnet.meta),
            text(&subnet.virtual_network),
            texts(&subnet.address_prefixes),
            text(&subnet.nsg),
            text(&subnet.route_table),
            subnet.network_interfaces.items,
        ));
    }
    for id in RouteTableId::all(network) {
        let table = &network[id];
        lines.push(format!(
            "table {} {}",
            name(&table.meta),
            text(&table.bgp_propagation)
        ));
        for id in &table.routes.items {
            let route = &network[*id];
            lines.push(format!(
                "route {} {} {} {} {:?}",
                name(&route.meta),
                text(&route.prefix),
                text(&route.next_hop_type),
                text(&route.next_hop_address),
                route.appliance
            ));
        }
    }
    for machine in &network.machines {
        lines.push(format!(
            "machine {} {} {} {}",
            name(&machine.meta),
            text(&machine.operating_system),
            text(&machine.has_identity),
            texts(&machine.network_interfaces)
        ));
    }
    lines.join("\n")
}

#[test]
fn the_same_network_in_both_dialects_is_the_same_model() {
    let id = |path: &str| format!(r#"{{"id": "{GROUP}/{path}"}}"#);
    let mut arm = Site::new();
    arm.arm(
        "networkSecurityGroups/web",
        r#"{"securityRules": [{"name": "ssh", "properties": {"priority": 100, "direction": "Inbound",
            "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "Internet", "sourcePortRange": "*",
            "destinationAddressPrefixes": ["10.0.1.0/24", "10.0.2.0/24"], "destinationPortRange": "22"}}]}"#,
    );
    arm.arm(
        "routeTables/rt",
        r#"{"disableBgpRoutePropagation": true, "routes": [{"name": "default", "properties":
            {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.1.4"}}]}"#,
    );
    arm.arm(
        "virtualNetworks/hub",
        &format!(
            r#"{{"addressSpace": {{"addressPrefixes": ["10.0.0.0/16"]}}, "dhcpOptions": {{"dnsServers": ["10.0.1.5"]}},
            "subnets": [{{"name": "app", "properties": {{"addressPrefix": "10.0.1.0/24",
            "networkSecurityGroup": {}, "routeTable": {}}}}}]}}"#,
            id("networkSecurityGroups/web"),
            id("routeTables/rt")
        ),
    );
    arm.arm(
        "networkInterfaces/nic",
        &format!(
            r#"{{"ipConfigurations": [{{"name": "i", "properties": {{"privateIPAddress": "10.0.1.4", "subnet": {}}}}}]}}"#,
            id("virtualNetworks/hub/subnets/app")
        ),
    );
    arm.arm(
        "virtualMachines/vm",
        &format!(
            r#"{{"osProfile": {{"windowsConfiguration": {{}}}}, "networkProfile": {{"networkInterfaces": [{}]}}}}"#,
            id("networkInterfaces/nic")
        ),
    );

    let mut tf = Site::new();
    let group = r#""resource_group_name": "rg""#;
    tf.azurerm(
        "azurerm_network_security_group.web",
        &format!(r#"{{"name": "web", {group}}}"#),
    );
    tf.azurerm(
        "azurerm_network_security_rule.ssh",
        &format!(
            r#"{{"name": "ssh", {group}, "network_security_group_name": "web", "priority": 100, "direction": "Inbound",
            "access": "Allow", "protocol": "Tcp", "source_address_prefix": "Internet", "source_port_range": "*",
            "destination_address_prefixes": ["10.0.1.0/24", "10.0.2.0/24"], "destination_port_range": 22}}"#
        ),
    );
    tf.azurerm(
        "azurerm_route_table.rt",
        &format!(
            r#"{{"name": "rt", {group}, "bgp_route_propagation_enabled": false, "route": [{{"name": "default",
            "address_prefix": "0.0.0.0/0", "next_hop_type": "VirtualAppliance", "next_hop_in_ip_address": "10.0.1.4"}}]}}"#
        ),
    );
    tf.azurerm(
        "azurerm_virtual_network.hub",
        &format!(r#"{{"name": "hub", {group}, "address_space": ["10.0.0.0/16"], "dns_servers": ["10.0.1.5"]}}"#),
    );
    tf.azurerm(
        "azurerm_subnet.app",
        &format!(r#"{{"name": "app", {group}, "virtual_network_name": "hub", "address_prefixes": ["10.0.1.0/24"]}}"#),
    );
    let subnet = r#""subnet_id": {"$of": "azurerm_subnet.app"}"#;
    tf.azurerm(
        "azurerm_subnet_network_security_group_association.x",
        &format!(r#"{{{subnet}, "network_security_group_id": {{"$of": "azurerm_network_security_group.web"}}}}"#),
    );
    tf.azurerm(
        "azurerm_subnet_route_table_association.x",
        &format!(r#"{{{subnet}, "route_table_id": {{"$of": "azurerm_route_table.rt"}}}}"#),
    );
    tf.azurerm(
        "azurerm_network_interface.nic",
        &format!(r#"{{"name": "nic", {group}, "ip_configuration": [{{"name": "i", {subnet}, "private_ip_address": "10.0.1.4"}}]}}"#),
    );
    tf.azurerm(
        "azurerm_windows_virtual_machine.vm",
        r#"{"name": "vm", "network_interface_ids": [{"$of": "azurerm_network_interface.nic"}]}"#,
    );

    let (arm, tf) = (arm.network(), tf.network());
    assert_eq!(describe(&arm), describe(&tf));
    assert_eq!(arm[SubnetId(0)].nsg.value(), Some(&Link::Here(NsgId(0))));
    assert!(
        describe(&arm).contains("NetworkInterface"),
        "{}",
        describe(&arm)
    );
}

/// What a firewall's or a policy's settings and rules say, without where.
fn describe_firewalls(network: &Network) -> String {
    let settings = |it: &FirewallSettings| {
        let (proxy, servers) = (text(&it.dns_proxy), texts(&it.dns_servers));
        let (intelligence, ranges) = (text(&it.threat_intelligence), texts(&it.private_ranges));
        let (detection, learns) = (
            text(&it.intrusion_detection),
            text(&it.learns_private_ranges),
        );
        format!("{proxy} {servers} {intelligence} {ranges} {detection} {learns}")
    };
    let policies = network.firewall_policies.iter();
    let mut lines: Vec<String> = policies.map(|policy| settings(&policy.settings)).collect();
    lines.extend(network.firewalls.iter().map(|it| settings(&it.settings)));
    for rule in &network.firewall_rules {
        let defects: Vec<&str> = rule.defects.iter().map(|defect| &*defect.why).collect();
        lines.push(format!(
            "{} {:?} {} {} {} {} {} {} {defects:?}",
            text(&rule.meta.name),
            rule.kind,
            texts(&rule.protocols),
            texts(&rule.destination_ports),
            texts(&rule.destination_fqdns),
            texts(&rule.destination_urls),
            texts(&rule.fqdn_tags),
            texts(&rule.web_categories),
        ));
    }
    lines.join("\n")
}

#[test]
fn firewalls_read_alike() {
    let mut arm = Site::new();
    arm.arm(
        "firewallPolicies/p",
        r#"{"dnsSettings": {"enableProxy": true, "servers": ["10.0.0.4"]}, "threatIntelMode": "Deny",
            "snat": {"privateRanges": ["IANAPrivateRanges", "20.0.0.0/8"], "autoLearnPrivateRanges": "Enabled"},
            "intrusionDetection": {"mode": "Alert"}}"#,
    );
    arm.arm(
        "firewallPolicies/p/ruleCollectionGroups/g",
        r#"{"priority": 200, "ruleCollections": [{"name": "c", "priority": 300, "action": {"type": "Allow"},
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "rules": [{"name": "a", "ruleType": "ApplicationRule",
            "protocols": [{"protocolType": "Https", "port": 443}, {"protocolType": "Http", "port": 80}],
            "sourceAddresses": ["Storage"], "targetFqdns": ["*.example.com", "a.*.com"], "targetUrls": ["a.com/b"],
            "fqdnTags": ["WindowsUpdate"], "webCategories": ["Gambling"]}]}]}"#,
    );
    arm.arm(
        "azureFirewalls/f",
        r#"{"threatIntelMode": "Alert", "additionalProperties": {"Network.DNS.EnableProxy": "true",
            "Network.DNS.Servers": "10.0.0.4,10.0.0.5", "Network.SNAT.PrivateRanges": "IANAPrivateRanges, 20.0.0.0/8"}}"#,
    );
    let mut tf = Site::new();
    tf.azurerm(
        "azurerm_firewall_policy.p",
        r#"{"name": "p", "dns": [{"proxy_enabled": true, "servers": ["10.0.0.4"]}], "threat_intelligence_mode": "Deny",
            "private_ip_ranges": ["IANAPrivateRanges", "20.0.0.0/8"], "auto_learn_private_ranges_enabled": true,
            "intrusion_detection": [{"mode": "Alert"}]}"#,
    );
    tf.azurerm(
        "azurerm_firewall_policy_rule_collection_group.g",
        r#"{"name": "g", "firewall_policy_id": {"$of": "azurerm_firewall_policy.p"}, "priority": 200,
            "application_rule_collection": [{"name": "c", "priority": 300, "action": "Allow", "rule": [{"name": "a",
            "protocols": [{"type": "Https", "port": 443}, {"type": "Http", "port": 80}],
            "source_addresses": ["Storage"], "destination_fqdns": ["*.example.com", "a.*.com"],
            "destination_urls": ["a.com/b"], "destination_fqdn_tags": ["WindowsUpdate"], "web_categories": ["Gambling"]}]}]}"#,
    );
    tf.azurerm(
        "azurerm_firewall.f",
        r#"{"name": "f", "threat_intel_mode": "Alert", "dns_proxy_enabled": true, "dns_servers": ["10.0.0.4", "10.0.0.5"],
            "private_ip_ranges": ["IANAPrivateRanges", "20.0.0.0/8"]}"#,
    );
    let (arm, tf) = (
        describe_firewalls(&arm.network()),
        describe_firewalls(&tf.network()),
    );
    assert_eq!(arm, tf);
    for part in [
        "true [\"10.0.0.4\"] Deny [\"Iana\", \"Block(20.0.0.0/8)\"] \"Alert\" true",
        "true [\"10.0.0.4\", \"10.0.0.5\"] Alert [\"Iana\", \"Block(20.0.0.0/8)\"] absent absent",
        "takes as a destination only",
        "a wildcard elsewhere than at its beginning",
    ] {
        assert!(arm.contains(part), "{part}\n{arm}");
    }
}
