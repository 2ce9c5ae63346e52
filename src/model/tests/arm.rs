use super::{GROUP, Site, known, perhaps};
use crate::eval::Mode;
use crate::eval::value::Truth;
use crate::model::address::{AddressPrefix, PortRange, ServiceTag};
use crate::model::compute::OperatingSystem;
use crate::model::firewall::{FirewallRuleKind, FirewallRuleOwner};
use crate::model::nsg::Direction;
use crate::model::routing::Appliance;
use crate::model::{
    FirewallId, FirewallPolicyId, Link, Network, NicId, NsgId, PoolId, ProbeId, RouteTableId,
    State, SubnetId, VnetId,
};

fn site() -> Site {
    Site::new()
}

fn id(path: &str) -> String {
    format!("{GROUP}/{path}")
}

fn rule(fields: &str) -> Network {
    let mut site = site();
    let rule = format!(
        r#"{{"name": "r", "properties": {{"priority": 100, "direction": "Inbound", "access": "Allow",
            "protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "22" {fields}}}}}"#
    );
    site.arm(
        "networkSecurityGroups/web",
        &format!(r#"{{"securityRules": [{rule}]}}"#),
    );
    site.network()
}

fn defects(network: &Network) -> Vec<String> {
    let defects = &network.security_rules[0].defects;
    defects
        .iter()
        .map(|defect| format!("{} {}", defect.field, defect.why))
        .collect()
}

#[test]
fn inline_and_child_rules_of_a_group_become_the_same_elements() {
    let mut site = site();
    site.arm(
        "networkSecurityGroups/web",
        r#"{"securityRules": [{"name": "ssh", "properties": {"priority": "100", "direction": "inbound",
            "access": "allow", "protocol": "TCP", "sourceAddressPrefix": "INTERNET", "sourcePortRange": "*",
            "destinationAddressPrefix": "", "destinationAddressPrefixes": ["10.0.0.0/24"],
            "destinationPortRanges": [22, "80-90"]}}]}"#,
    );
    site.arm(
        "networkSecurityGroups/web/securityRules/rdp",
        r#"{"priority": 110, "direction": "Inbound", "access": "Deny", "protocol": "*",
            "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
            "destinationPortRange": "3389"}"#,
    );
    let network = site.network();
    let nsg = &network[NsgId(0)];
    assert_eq!(nsg.rules.items.len(), 2);
    assert!(nsg.rules.rest.is_none());
    let ssh = &network[nsg.rules.items[0]];
    assert_eq!(ssh.nsg, Some(NsgId(0)));
    assert_eq!(ssh.priority.value(), Some(&100));
    assert_eq!(ssh.direction.value(), Some(&Direction::Inbound));
    let internet = AddressPrefix::Tag(ServiceTag::new("Internet"));
    assert_eq!(known(&ssh.source), [internet]);
    let block = AddressPrefix::Block("10.0.0.0/24".parse().unwrap());
    assert_eq!(known(&ssh.destination), [block]);
    let ports = known(&ssh.destination_ports);
    assert_eq!(
        ports,
        [
            PortRange::single(22),
            PortRange {
                first: 80,
                last: 90
            }
        ]
    );
    assert!(ssh.defects.is_empty(), "{:?}", ssh.defects);
    assert_eq!(
        &*ssh.meta.address,
        "Microsoft.Network/networkSecurityGroups/web/securityRules/ssh"
    );
    assert_eq!(network[nsg.rules.items[1]].nsg, Some(NsgId(0)));
}

#[test]
fn what_azure_refuses_about_a_rule_is_told() {
    assert!(defects(&rule("")).is_empty());
    let told = |fields: &str, part: &str| {
        let found = defects(&rule(fields));
        assert!(
            found.len() == 1 && found[0].contains(part),
            "{fields}: {found:?}"
        );
    };
    told(
        r#", "sourceAddressPrefixes": ["10.0.0.0/8"]"#,
        "one value and a list",
    );
    told(
        r#", "destinationPortRanges": ["80"]"#,
        "one value and a list",
    );
    told(
        r#", "destinationPortRange": """#,
        "destinationPortRange names no destination port",
    );
    told(r#", "access": null"#, "access names no access");
    told(
        r#", "sourceAddressPrefix": "", "sourceAddressPrefixes": ["Internet"]"#,
        "service tag Internet",
    );
    told(
        r#", "sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.0.0/8", "fd00::/8"]"#,
        "mixes IPv4 and IPv6",
    );
    told(
        r#", "sourceApplicationSecurityGroups": [{"id": "/x/y"}]"#,
        "beside addresses",
    );
    let long = format!(r#", "description": "{}""#, "x".repeat(141));
    told(&long, "141 characters");
}

#[test]
fn fields_azure_refuses_are_invalid_and_say_why() {
    let network =
        rule(r#", "priority": 5000, "destinationPortRange": "90-80", "protocol": "Tcpp""#);
    let rule = &network.security_rules[0];
    let State::Invalid { raw, why } = &rule.priority.state else {
        panic!("{:?}", rule.priority)
    };
    assert_eq!(&**raw, "5000");
    assert!(why.contains("100 to 4096"));
    assert!(matches!(rule.protocol.state, State::Invalid { .. }));
    assert!(matches!(
        rule.destination_ports.items[0].state,
        State::Invalid { .. }
    ));
}

#[test]
fn default_rules_of_exports_are_left_out_and_rules_of_services_are_marked() {
    let network = rule(r#", "priority": 65000"#);
    assert_eq!(network.security_rules.len(), 1, "no default rule's name");
    let mut site = site();
    site.arm(
        "networkSecurityGroups/web",
        r#"{"securityRules": [{"name": "AllowSsh", "properties": {"priority": 65000}}]}"#,
    );
    let network = site.network();
    assert_eq!(network.security_rules.len(), 1, "somebody's own rule");
    let mut site = self::site();
    site.arm(
        "networkSecurityGroups/web",
        r#"{"securityRules": [
            {"name": "AllowVnetInBound", "properties": {"priority": 65000}},
            {"name": "Microsoft.Sql-managedInstances_UseOnly_mi-1", "properties": {"priority": 100}}]}"#,
    );
    let network = site.network();
    assert_eq!(network.security_rules.len(), 1);
    assert!(network.security_rules[0].platform_managed);
}

#[test]
fn an_unknown_list_of_rules_is_a_rest_and_a_known_shape_a_template() {
    let mut site = site();
    site.arm(
        "networkSecurityGroups/a",
        r#"{"securityRules": {"$": "rules"}}"#,
    );
    site.arm(
        "networkSecurityGroups/b",
        r#"{"securityRules": {"$rest": "ports", "items": [], "template": {"name": {"$": "n"},
            "properties": {"priority": {"$": "p"}, "access": "Allow"}}}}"#,
    );
    let network = site.network();
    let rest = network[NsgId(0)].rules.rest.as_ref().unwrap();
    assert_eq!(&*rest.label, "rules");
    let nsg = &network[NsgId(1)];
    assert!(nsg.rules.rest.is_none());
    let rule = &network[nsg.rules.items[0]];
    assert!(rule.meta.template);
    assert_eq!(rule.meta.existence.truth, Truth::Unknown);
    assert!(rule.priority.unknown().is_some());
}

#[test]
fn subnets_know_their_network_group_table_and_interfaces() {
    let mut site = site();
    site.arm("networkSecurityGroups/web", "{}");
    site.arm("routeTables/rt", "{}");
    site.arm(
        "virtualNetworks/hub",
        &format!(
            r#"{{"addressSpace": {{"addressPrefixes": ["10.0.0.0/16"]}}, "subnets": [{{"name": "app",
            "properties": {{"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {{"id": "{}"}},
            "delegations": [{{"name": "d", "properties": {{"serviceName": "Microsoft.App/environments"}}}}]}}}}]}}"#,
            id("networkSecurityGroups/WEB")
        ),
    );
    site.arm(
        "virtualNetworks/hub/subnets/db",
        &format!(
            r#"{{"addressPrefixes": ["10.0.2.0/24"], "routeTable": {{"id": "{}"}}}}"#,
            id("routeTables/rt")
        ),
    );
    site.arm(
        "networkInterfaces/nic",
        &format!(
            r#"{{"ipConfigurations": [{{"name": "a", "properties": {{"subnet": {{"id": "{}"}}}}}}]}}"#,
            id("virtualNetworks/hub/subnets/app")
        ),
    );
    let network = site.network();
    let [app, db] = [SubnetId(0), SubnetId(1)];
    assert_eq!(network[VnetId(0)].subnets.items, [app, db]);
    assert_eq!(network[app].nsg.value(), Some(&Link::Here(NsgId(0))));
    assert_eq!(
        &*known(&network[app].delegations)[0],
        "Microsoft.App/environments"
    );
    assert_eq!(network[NsgId(0)].subnets.items, [app]);
    assert!(
        network[NsgId(0)].subnets.rest.is_some(),
        "others may be attached elsewhere"
    );
    assert_eq!(
        network[db].route_table.value(),
        Some(&Link::Here(RouteTableId(0)))
    );
    assert_eq!(network[RouteTableId(0)].subnets.items, [db]);
    assert_eq!(network[app].network_interfaces.items, [NicId(0)]);
    assert!(network[db].nsg.is_absent());
}

#[test]
fn a_subnet_written_with_its_network_and_again_by_itself_is_one() {
    let mut site = site();
    site.arm("networkSecurityGroups/web", "{}");
    site.arm(
        "virtualNetworks/hub",
        r#"{"subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.1.0/24"}}]}"#,
    );
    let nsg = id("networkSecurityGroups/web");
    site.arm(
        "virtualNetworks/hub/subnets/app",
        &format!(r#"{{"networkSecurityGroup": {{"id": "{nsg}"}}}}"#),
    );
    let network = site.network();
    assert_eq!(network.subnets.len(), 1);
    assert_eq!(
        network[SubnetId(0)].nsg.value(),
        Some(&Link::Here(NsgId(0)))
    );
    assert_eq!(known(&network[SubnetId(0)].address_prefixes).len(), 1);
}

#[test]
fn definitions_under_exclusive_conditions_leave_links_open() {
    let mut site = site();
    for condition in ["new", "old"] {
        site.arm("networkSecurityGroups/web", "{}").existence = perhaps(condition);
    }
    let nsg = id("networkSecurityGroups/web");
    site.arm(
        "virtualNetworks/hub/subnets/app",
        &format!(r#"{{"networkSecurityGroup": {{"id": "{nsg}"}}}}"#),
    );
    let network = site.network();
    let State::Unknown(_, Some(candidates)) = &network[SubnetId(0)].nsg.state else {
        panic!("{:?}", network[SubnetId(0)].nsg)
    };
    assert_eq!(*candidates, [Link::Here(NsgId(0)), Link::Here(NsgId(1))]);
}

#[test]
fn the_last_of_two_certain_definitions_counts_and_is_told() {
    let mut site = site();
    site.arm("networkSecurityGroups/web", "{}");
    site.arm("networkSecurityGroups/web", "{}");
    let nsg = id("networkSecurityGroups/web");
    site.arm(
        "networkInterfaces/nic",
        &format!(r#"{{"networkSecurityGroup": {{"id": "{nsg}"}}}}"#),
    );
    let network = site.network();
    assert_eq!(network[NicId(0)].nsg.value(), Some(&Link::Here(NsgId(1))));
    assert_eq!(network.diagnostics.len(), 1);
    assert_eq!(network.diagnostics[0].code, "defined-twice");
}

#[test]
fn a_nat_rule_makes_public_only_what_a_public_frontend_of_these_files_leads_to() {
    let reached = |frontend: Option<&str>| {
        let mut site = site();
        if let Some(frontend) = frontend {
            let frontends = format!(r#"[{{"name": "f", "properties": {{{frontend}}}}}]"#);
            let rules = r#"[{"name": "ssh", "properties": {}}]"#;
            site.arm(
                "loadBalancers/lb",
                &format!(
                    r#"{{"frontendIPConfigurations": {frontends}, "inboundNatRules": {rules}}}"#
                ),
            );
        }
        let rule = id("loadBalancers/lb/inboundNatRules/ssh");
        site.arm(
            "networkInterfaces/nic",
            &format!(
                r#"{{"ipConfigurations": [{{"name": "a", "properties": {{
                    "loadBalancerInboundNatRules": [{{"id": "{rule}"}}]}}}}]}}"#
            ),
        );
        site.network()[NicId(0)].ip_configurations.items[0].inbound_nat
    };
    assert_eq!(
        reached(Some(r#""publicIPAddress": {"id": "/x"}"#)),
        Truth::True
    );
    assert_eq!(reached(Some(r#""subnet": {"id": "/x"}"#)), Truth::False);
    assert_eq!(reached(None), Truth::Unknown);
}

#[test]
fn a_resource_that_is_only_looked_up_besides_is_not_defined_twice() {
    let mut site = site();
    site.arm("networkSecurityGroups/web", "{}");
    site.arm("networkSecurityGroups/web", "{}").mode = Mode::Existing;
    let nsg = id("networkSecurityGroups/web");
    site.arm(
        "networkInterfaces/nic",
        &format!(r#"{{"networkSecurityGroup": {{"id": "{nsg}"}}}}"#),
    );
    let network = site.network();
    assert_eq!(network[NicId(0)].nsg.value(), Some(&Link::Here(NsgId(0))));
    assert!(network.diagnostics.is_empty(), "{:?}", network.diagnostics);
}

#[test]
fn a_rule_or_route_met_before_its_group_or_table_is_the_one_written_there() {
    let properties = r#"{"priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "3389"}"#;
    let route = r#"{"addressPrefix": "0.0.0.0/0", "nextHopType": "None"}"#;
    let mut site = site();
    site.arm("networkSecurityGroups/web/securityRules/rdp", properties);
    site.arm("routeTables/out/routes/default", route);
    site.arm(
        "networkSecurityGroups/web",
        &format!(r#"{{"securityRules": [{{"name": "rdp", "properties": {properties}}}]}}"#),
    );
    site.arm(
        "routeTables/out",
        &format!(r#"{{"routes": [{{"name": "default", "properties": {route}}}]}}"#),
    );
    let network = site.network();
    assert_eq!(network.security_rules.len(), 1);
    assert_eq!(network[NsgId(0)].rules.items.len(), 1);
    assert_eq!(network.routes.len(), 1);
    assert_eq!(network[RouteTableId(0)].routes.items.len(), 1);
    assert!(network.diagnostics.is_empty(), "{:?}", network.diagnostics);
}

#[test]
fn a_resource_written_once_more_to_change_it_is_one() {
    let mut site = site();
    for address in ["10.0.0.4", "10.0.0.5"] {
        site.arm(
            "networkInterfaces/nic",
            &format!(
                r#"{{"ipConfigurations": [{{"name": "i", "properties": {{"privateIPAddress": "{address}"}}}}]}}"#
            ),
        );
    }
    let network = site.network();
    assert_eq!(network.network_interfaces.len(), 1);
    let address = &network[NicId(0)].ip_configurations.items[0].private_address;
    assert_eq!(address.value(), Some(&"10.0.0.5".parse().unwrap()));
    assert!(network.diagnostics.is_empty());
}

#[test]
fn a_resource_that_is_only_looked_up_has_unknown_fields() {
    let mut site = site();
    site.arm("virtualNetworks/hub/subnets/app", "null").mode = Mode::Existing;
    let network = site.network();
    let subnet = &network[SubnetId(0)];
    assert!(subnet.meta.existing);
    assert!(subnet.nsg.unknown().is_some());
    assert!(subnet.address_prefixes.rest.is_some());
    let State::Known(Link::External(vnet)) = &subnet.virtual_network.state else {
        panic!("{:?}", subnet.virtual_network)
    };
    assert_eq!(*vnet.0, *id("virtualnetworks/hub"));
}

#[test]
fn a_probe_knows_the_pools_of_the_rules_that_use_it_and_pools_their_members() {
    let mut site = site();
    let lb = id("loadBalancers/lb");
    site.arm(
        "loadBalancers/lb",
        &format!(
            r#"{{"frontendIPConfigurations": [{{"name": "f", "properties": {{"publicIPAddress": {{"id": "/x"}}}}}}],
            "backendAddressPools": [{{"name": "p"}}],
            "probes": [{{"name": "used", "properties": {{"protocol": "Http", "port": 80}}}}, {{"name": "free", "properties": {{"port": 81}}}}],
            "loadBalancingRules": [{{"name": "r", "properties": {{"frontendPort": 80, "backendPort": 8080,
                "probe": {{"id": "{lb}/probes/used"}}, "backendAddressPool": {{"id": "{lb}/backendAddressPools/p"}}}}}}],
            "inboundNatRules": [{{"name": "ssh", "properties": {{}}}}]}}"#
        ),
    );
    site.arm(
        "networkInterfaces/nic",
        &format!(
            r#"{{"ipConfigurations": [{{"name": "a", "properties": {{
            "loadBalancerBackendAddressPools": [{{"id": "{lb}/backendAddressPools/p"}}],
            "loadBalancerInboundNatRules": [{{"id": "{lb}/inboundNatRules/ssh"}}]}}}}]}}"#
        ),
    );
    let network = site.network();
    assert_eq!(network[ProbeId(0)].pools.items, [PoolId(0)]);
    assert!(network[ProbeId(1)].pools.is_certainly_empty());
    assert_eq!(network[PoolId(0)].network_interfaces.items, [NicId(0)]);
    let nic = &network[NicId(0)];
    assert_eq!(nic.ip_configurations.items[0].inbound_nat, Truth::True);
}

#[test]
fn scale_sets_bring_their_own_interfaces_and_images_tell_the_system() {
    let mut site = site();
    site.arm(
        "virtualMachineScaleSets/vmss",
        r#"{"virtualMachineProfile": {"storageProfile": {"imageReference": {"publisher": "MicrosoftWindowsServer"}},
            "networkProfile": {"networkInterfaceConfigurations": [{"name": "n", "properties": {"ipConfigurations":
            [{"name": "i", "properties": {"publicIPAddressConfiguration": {"name": "pip"}}}]}}]}}}"#,
    );
    site.arm(
        "virtualMachines/vm",
        r#"{"storageProfile": {"imageReference": {"id": "/gallery"}}}"#,
    );
    let network = site.network();
    let set = &network.machines[0];
    assert_eq!(
        set.operating_system.value(),
        Some(&OperatingSystem::Windows)
    );
    assert_eq!(known(&set.network_interfaces), [Link::Here(NicId(0))]);
    assert_eq!(set.has_identity.value(), Some(&false));
    assert!(network[NicId(0)].inline_public_ip);
    assert!(network[NicId(0)].machine.is_some());
    assert!(network.machines[1].operating_system.unknown().is_some());
}

#[test]
fn rule_collection_groups_of_both_shapes_belong_to_their_policy() {
    let mut site = site();
    site.arm(
        "firewallPolicies/p",
        r#"{"dnsSettings": {"enableProxy": true}}"#,
    );
    site.arm(
        "firewallPolicies/p/ruleCollectionGroups/g",
        r#"{"priority": 200, "ruleCollections": [{"name": "c", "priority": 300, "action": {"type": "Deny"},
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "rules": [{"name": "kms", "ruleType": "NetworkRule",
            "ipProtocols": ["TCP"], "sourceAddresses": ["10.0.0.1-10.0.0.9"], "destinationAddresses": ["*"],
            "destinationPorts": ["1688"]}]}]}"#,
    );
    site.arm(
        "firewallPolicies/p/ruleGroups/old",
        r#"{"priority": 100, "rules": [{"name": "f", "ruleType": "FirewallPolicyFilterRule", "priority": 110,
            "action": {"type": "Allow"}, "ruleConditions": [{"name": "n", "ruleConditionType": "NetworkRuleCondition",
            "ipProtocols": ["Any"], "sourceAddresses": ["*"], "destinationAddresses": ["10.1.0.0/16"],
            "destinationPorts": ["*"]}]}]}"#,
    );
    let network = site.network();
    let policy = &network[FirewallPolicyId(0)];
    assert_eq!(policy.rules.items.len(), 2);
    assert!(policy.rules.rest.is_none());
    for id in &policy.rules.items {
        let rule = &network[*id];
        assert_eq!(
            rule.owner,
            Some(FirewallRuleOwner::Policy(FirewallPolicyId(0)))
        );
        assert_eq!(rule.kind, FirewallRuleKind::Network);
        assert!(rule.group_priority.value().is_some());
        assert!(rule.collection_priority.value().is_some());
        assert!(rule.action.value().is_some());
        assert_eq!(known(&rule.destination_ports).len(), 1);
    }
}

#[test]
fn a_next_hop_is_a_firewall_by_reference_and_by_address() {
    let fw = id("azurefirewalls/fw");
    let vnet = id("virtualNetworks/hub");
    let path = "properties.ipConfigurations[0].properties.privateIPAddress";
    let route = |hop: &str| {
        let mut site = site();
        site.arm(
            "virtualNetworks/hub",
            r#"{"subnets": [{"name": "azureFirewallSubnet", "properties": {"addressPrefix": "10.0.9.0/26"}}]}"#,
        );
        site.arm(
            "azureFirewalls/fw",
            &format!(
                r#"{{"ipConfigurations": [{{"name": "c", "properties": {{"subnet": {{"id": "{vnet}/subnets/AzureFirewallSubnet"}}}}}}]}}"#
            ),
        );
        site.arm(
            "networkInterfaces/nva",
            r#"{"ipConfigurations": [{"name": "a", "properties": {"privateIPAddress": "10.0.1.4"}}]}"#,
        );
        site.arm(
            "routeTables/rt",
            &format!(
                r#"{{"routes": [{{"name": "default", "properties": {{"addressPrefix": "0.0.0.0/0",
                "nextHopType": "VirtualAppliance", "nextHopIpAddress": {hop}}}}}]}}"#
            ),
        );
        site.network().routes[0].appliance.clone()
    };
    let firewall = Appliance::Firewall(FirewallId(0));
    let of = |key: &str| format!(r#"{{"$of": "{key}", "path": "{path}"}}"#);
    assert_eq!(route(&of(&fw)), firewall);
    assert_eq!(route(r#""10.0.9.4""#), firewall);
    assert_eq!(
        route(r#""10.0.1.4""#),
        Appliance::NetworkInterface(NicId(0))
    );
    assert_eq!(route(r#""10.7.7.7""#), Appliance::Unknown);
    assert_eq!(route(r#"{"$": "nva"}"#), Appliance::Unknown);
    let other = id("azurefirewalls/other");
    assert!(matches!(
        route(&of(&other)),
        Appliance::ExternalFirewall(Link::External(_))
    ));
}

#[test]
fn routing_intent_tells_a_hub_where_internet_traffic_goes() {
    let mut site = site();
    let (fw, vnet) = (id("azureFirewalls/fw"), id("virtualNetworks/spoke"));
    site.arm("virtualHubs/hub", "{}");
    site.arm("azureFirewalls/fw", "{}");
    site.arm("virtualNetworks/spoke", "{}");
    site.arm(
        "virtualHubs/hub/hubVirtualNetworkConnections/c",
        &format!(r#"{{"remoteVirtualNetwork": {{"id": "{vnet}"}}}}"#),
    );
    site.arm(
        "virtualHubs/hub/routingIntent/i",
        &format!(r#"{{"routingPolicies": [{{"destinations": ["internet"], "nextHop": "{fw}"}}]}}"#),
    );
    let network = site.network();
    let hub = &network.virtual_hubs[0];
    assert_eq!(
        hub.internet_next_hop.value(),
        Some(&Link::Here(FirewallId(0)))
    );
    assert!(hub.private_next_hop.is_absent());
    assert_eq!(network[VnetId(0)].hub_connections.items.len(), 1);
}

#[test]
fn relations_of_an_export_are_closed_unless_it_names_what_it_does_not_hold() {
    let mut site = site();
    site.deployment.complete = true;
    let subnet = id("virtualNetworks/hub/subnets/app");
    let named = format!(r#"{{"subnets": [{{"id": "{subnet}"}}]}}"#);
    site.arm("networkSecurityGroups/web", &named);
    let network = site.network();
    assert!(network[NsgId(0)].subnets.rest.is_some());
    assert!(network[NsgId(0)].network_interfaces.rest.is_none());
    let nsg = id("networkSecurityGroups/web");
    site.arm(
        "virtualNetworks/hub/subnets/app",
        &format!(r#"{{"networkSecurityGroup": {{"id": "{nsg}"}}}}"#),
    );
    let network = site.network();
    assert!(network[NsgId(0)].subnets.rest.is_none());
    assert_eq!(network[NsgId(0)].subnets.items, [SubnetId(0)]);
}

#[test]
fn a_whole_resource_in_the_place_of_a_reference_is_refused() {
    let mut site = site();
    site.arm(
        "virtualNetworks/hub",
        r#"{"subnets": [
            {"name": "app", "properties": {"addressPrefix": "10.3.1.0/24", "networkSecurityGroup":
                {"properties": {"securityRules": []}}}},
            {"name": "db", "properties": {"addressPrefix": "10.3.2.0/24", "networkSecurityGroup": {}}}
        ]}"#,
    );
    let network = site.network();
    let nsg = |subnet| &network[SubnetId(subnet)].nsg.state;
    assert!(matches!(nsg(0), State::Invalid { .. }), "{:?}", nsg(0));
    assert!(matches!(nsg(1), State::Absent), "{:?}", nsg(1));
    assert!(network.network_security_groups.is_empty());
}
