mod provider;

use super::{Site, known, perhaps};
use crate::eval::value::{Truth, Value};
use crate::model::compute::OperatingSystem;
use crate::model::routing::Appliance;
use crate::model::topology::VirtualHub;
use crate::model::{FirewallId, Link, NicId, NsgId, RouteTableId, State, SubnetId, VnetId};
use crate::origin::{OriginBuilder, OriginId, OriginStep};

fn site() -> Site {
    Site::new()
}

const RULE: &str = r#""priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
    "source_port_range": "*", "destination_port_range": "22", "source_address_prefix": "*",
    "destination_address_prefix": "*""#;

fn group_with_subnet() -> Site {
    let mut site = site();
    site.azurerm(
        "azurerm_network_security_group.web",
        r#"{"name": "web", "resource_group_name": "rg"}"#,
    );
    site.azurerm(
        "azurerm_virtual_network.hub",
        r#"{"name": "hub", "resource_group_name": "rg", "address_space": ["10.0.0.0/16"]}"#,
    );
    site.azurerm(
        "azurerm_subnet.app",
        r#"{"name": "app", "resource_group_name": "rg", "virtual_network_name": "HUB",
            "address_prefixes": ["10.0.1.0/24"]}"#,
    );
    site
}

const ASSOCIATION: &str = r#"{"subnet_id": {"$of": "azurerm_subnet.app"},
    "network_security_group_id": {"$of": "azurerm_network_security_group.web"}}"#;

#[test]
fn an_endpoint_leads_to_a_service_of_which_only_the_id_is_referred_to() {
    let mut site = site();
    site.azurerm(
        "azurerm_private_endpoint.vault",
        r#"{"name": "vault", "resource_group_name": "rg", "private_service_connection":
            {"private_connection_resource_id": {"$of": "azurerm_key_vault.keys"}}}"#,
    );
    let network = site.network();
    let Some(Link::External(key)) = network.private_endpoints[0].target.value() else {
        panic!("{:?}", network.private_endpoints[0].target);
    };
    assert_eq!(&*key.0, "azurerm_key_vault.keys");
}

#[test]
fn rules_are_inline_and_separate_at_once() {
    let mut site = site();
    site.azurerm(
        "azurerm_network_security_group.web",
        &format!(r#"{{"name": "web", "resource_group_name": "rg", "security_rule": [{{"name": "a", {RULE}}}]}}"#),
    );
    site.azurerm(
        "azurerm_network_security_rule.b",
        &format!(r#"{{"name": "b", "resource_group_name": "RG", "network_security_group_name": "Web", {RULE}}}"#),
    );
    let network = site.network();
    let rules = &network[NsgId(0)].rules;
    assert_eq!(rules.items.len(), 2);
    assert!(rules.rest.is_none());
    let addresses: Vec<&str> = rules
        .items
        .iter()
        .map(|id| &*network[*id].meta.address)
        .collect();
    assert_eq!(
        addresses,
        [
            r#"azurerm_network_security_group.web.security_rule["a"]"#,
            "azurerm_network_security_rule.b"
        ]
    );
}

#[test]
fn names_resolve_within_their_group_and_across_unknown_ones() {
    let resolve = |group: &str, name: &str| {
        let mut site = site();
        site.azurerm(
            "azurerm_network_security_group.web",
            r#"{"name": "web", "resource_group_name": "rg"}"#,
        );
        site.azurerm(
            "azurerm_network_security_rule.b",
            &format!(r#"{{"resource_group_name": {group}, "network_security_group_name": {name}, {RULE}}}"#),
        );
        let network = site.network();
        (
            network.security_rules[0].nsg,
            network[NsgId(0)].rules.rest.is_some(),
        )
    };
    assert_eq!(resolve(r#""rg""#, r#""web""#), (Some(NsgId(0)), false));
    assert_eq!(resolve(r#""other""#, r#""web""#), (None, false));
    assert_eq!(
        resolve(r#"{"$": "group"}"#, r#""web""#),
        (Some(NsgId(0)), false)
    );
    // A name that is not known may be this group's: its rules are no longer all known.
    assert_eq!(resolve(r#""rg""#, r#"{"$": "name"}"#), (None, true));
}

#[test]
fn a_name_read_from_a_resource_names_that_resource() {
    let mut site = site();
    for label in ["a", "b"] {
        site.azurerm(
            &format!("azurerm_network_security_group.{label}"),
            r#"{"name": "web", "resource_group_name": "rg"}"#,
        );
    }
    let origins = OriginBuilder::default();
    let step = OriginStep::Attribute("azurerm_network_security_group.b".into());
    let read = origins.add(None, step, Vec::new());
    site.deployment.origins = origins.finish().into();
    let rule = site.azurerm(
        "azurerm_network_security_rule.r",
        &format!(
            r#"{{"resource_group_name": "rg", "network_security_group_name": "web", {RULE}}}"#
        ),
    );
    let mut entries = rule.body.as_object().unwrap().entries.clone();
    let name = entries.get_mut("network_security_group_name").unwrap();
    *name = name.with_origin(read);
    rule.body = Value::object(entries, OriginId::NONE);
    assert_eq!(site.network().security_rules[0].nsg, Some(NsgId(1)));
}

#[test]
fn associations_attach_groups_to_subnets() {
    let mut site = group_with_subnet();
    site.azurerm(
        "azurerm_subnet_network_security_group_association.x",
        ASSOCIATION,
    );
    let network = site.network();
    assert_eq!(
        network[SubnetId(0)].nsg.value(),
        Some(&Link::Here(NsgId(0)))
    );
    assert_eq!(network[NsgId(0)].subnets.items, [SubnetId(0)]);
    assert_eq!(network[VnetId(0)].subnets.items, [SubnetId(0)]);
}

#[test]
fn an_association_that_may_not_exist_leaves_the_subnet_open() {
    let mut site = group_with_subnet();
    let association = site.azurerm(
        "azurerm_subnet_network_security_group_association.x",
        ASSOCIATION,
    );
    association.existence = perhaps("enabled");
    assert!(site.network()[SubnetId(0)].nsg.unknown().is_some());
    // Where the subnet hangs on the same condition, it has the group whenever it exists.
    for resource in &mut site.deployment.resources {
        resource.existence = perhaps("enabled");
    }
    let network = site.network();
    assert_eq!(
        network[SubnetId(0)].nsg.value(),
        Some(&Link::Here(NsgId(0)))
    );
    assert_eq!(network[SubnetId(0)].meta.existence.truth, Truth::Unknown);
}

#[test]
fn an_association_with_an_unknown_subnet_may_be_with_any_without_one() {
    let mut site = group_with_subnet();
    site.azurerm(
        "azurerm_subnet_network_security_group_association.x",
        r#"{"subnet_id": {"$": "each.value"},
            "network_security_group_id": {"$of": "azurerm_network_security_group.web"}}"#,
    );
    assert!(site.network()[SubnetId(0)].nsg.unknown().is_some());
}

#[test]
fn two_groups_on_one_subnet_are_told_and_the_last_counts() {
    let mut site = group_with_subnet();
    site.azurerm(
        "azurerm_network_security_group.db",
        r#"{"name": "db", "resource_group_name": "rg"}"#,
    );
    site.azurerm(
        "azurerm_subnet_network_security_group_association.x",
        ASSOCIATION,
    );
    let other = ASSOCIATION.replace("_group.web", "_group.db");
    site.azurerm(
        "azurerm_subnet_network_security_group_association.y",
        &other,
    );
    let network = site.network();
    assert_eq!(
        network[SubnetId(0)].nsg.value(),
        Some(&Link::Here(NsgId(1)))
    );
    assert_eq!(network.diagnostics[0].code, "attached-twice");
    assert!(
        network.diagnostics[0]
            .message
            .contains("azurerm_subnet.app")
    );
}

#[test]
fn inline_subnets_are_reached_by_index_by_name_and_by_written_on_id() {
    let subnets = [
        r#"{"$of": "azurerm_virtual_network.hub", "path": "subnet[0].id"}"#,
        r#""/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/app""#,
    ];
    for subnet in subnets {
        let mut site = site();
        site.azurerm(
            "azurerm_virtual_network.hub",
            r#"{"name": "hub", "resource_group_name": "rg", "subnet": [{"name": "app",
                "address_prefix": "10.0.1.0/24", "security_group": {"$of": "azurerm_network_security_group.web"}}]}"#,
        );
        site.azurerm(
            "azurerm_network_security_group.web",
            r#"{"name": "web", "resource_group_name": "rg"}"#,
        );
        site.azurerm(
            "azurerm_network_interface.nic",
            &format!(
                r#"{{"name": "nic", "ip_configuration": [{{"name": "i", "subnet_id": {subnet}}}]}}"#
            ),
        );
        let network = site.network();
        assert_eq!(
            network[SubnetId(0)].network_interfaces.items,
            [NicId(0)],
            "{subnet}"
        );
        assert_eq!(
            network[SubnetId(0)].nsg.value(),
            Some(&Link::Here(NsgId(0)))
        );
    }
}

#[test]
fn a_data_source_for_what_is_created_here_is_that_resource() {
    let mut site = group_with_subnet();
    site.azurerm(
        "data.azurerm_subnet.same",
        r#"{"name": "app", "resource_group_name": "rg", "virtual_network_name": "hub"}"#,
    );
    site.azurerm(
        "data.azurerm_subnet.other",
        r#"{"name": "db", "resource_group_name": "rg", "virtual_network_name": "hub"}"#,
    );
    let nic = r#"{"name": "n", "ip_configuration": [{"subnet_id": {"$of": "data.azurerm_subnet.same"}}]}"#;
    site.azurerm("azurerm_network_interface.n", nic);
    let network = site.network();
    assert_eq!(network.subnets.len(), 2);
    assert_eq!(network[SubnetId(0)].network_interfaces.items, [NicId(0)]);
    assert!(network[SubnetId(1)].meta.existing);
    assert!(network[SubnetId(1)].nsg.unknown().is_some());
}

#[test]
fn old_and_new_attribute_names_mean_the_same() {
    let table = |attribute: &str| {
        let mut site = site();
        site.azurerm(
            "azurerm_route_table.t",
            &format!(r#"{{"name": "t", {attribute}}}"#),
        );
        *site.network()[RouteTableId(0)]
            .bgp_propagation
            .value()
            .unwrap()
    };
    assert!(!table(r#""bgp_route_propagation_enabled": false"#));
    assert!(!table(r#""disable_bgp_route_propagation": true"#));
    let forwarding = |attribute: &str| {
        let mut site = site();
        site.azurerm(
            "azurerm_network_interface.n",
            &format!(r#"{{{attribute}}}"#),
        );
        *site.network()[NicId(0)].ip_forwarding.value().unwrap()
    };
    assert!(forwarding(r#""ip_forwarding_enabled": true"#));
    assert!(forwarding(r#""enable_ip_forwarding": true"#));
}

#[test]
fn machines_tell_their_system_by_type_and_settings() {
    let mut site = site();
    site.azurerm(
        "azurerm_windows_virtual_machine.w",
        r#"{"network_interface_ids": [{"$of": "azurerm_network_interface.n"}], "identity": [{"type": "SystemAssigned"}]}"#,
    );
    site.azurerm("azurerm_network_interface.n", "{}");
    site.azurerm(
        "azurerm_virtual_machine.c",
        r#"{"os_profile_windows_config": [{}]}"#,
    );
    site.azurerm(
        "azurerm_linux_virtual_machine_scale_set.l",
        r#"{"network_interface": [{"name": "n", "ip_configuration": [{"name": "i", "public_ip_address": [{"name": "p"}]}]}]}"#,
    );
    let network = site.network();
    let systems: Vec<_> = network
        .machines
        .iter()
        .map(|m| *m.operating_system.value().unwrap())
        .collect();
    use OperatingSystem::{Linux, Windows};
    assert_eq!(systems, [Windows, Windows, Linux]);
    assert_eq!(network.machines[0].has_identity.value(), Some(&true));
    assert_eq!(
        known(&network.machines[0].network_interfaces),
        [Link::Here(NicId(0))]
    );
    let inline = known(&network.machines[2].network_interfaces)[0]
        .here()
        .unwrap();
    assert!(network[inline].inline_public_ip);
}

#[test]
fn a_next_hop_is_a_firewall_by_reference_or_data_source() {
    let route = |key: &str, path: &str| {
        let mut site = site();
        site.azurerm(
            "azurerm_firewall.fw",
            r#"{"name": "fw", "resource_group_name": "rg"}"#,
        );
        site.azurerm(
            "data.azurerm_firewall.fw",
            r#"{"name": "x", "resource_group_name": "rg"}"#,
        );
        site.azurerm(
            "azurerm_route.r",
            &format!(
                r#"{{"address_prefix": "0.0.0.0/0", "next_hop_type": "VirtualAppliance",
                "next_hop_in_ip_address": {{"$of": "{key}", "path": "{path}"}}}}"#
            ),
        );
        site.network().routes[0].appliance.clone()
    };
    let path = "ip_configuration[0].private_ip_address";
    assert_eq!(
        route("azurerm_firewall.fw", path),
        Appliance::Firewall(FirewallId(0))
    );
    let hub = "virtual_hub[0].private_ip_address";
    assert_eq!(
        route("azurerm_firewall.fw", hub),
        Appliance::Firewall(FirewallId(0))
    );
    let looked_up = Appliance::ExternalFirewall(Link::Here(FirewallId(1)));
    assert_eq!(route("data.azurerm_firewall.fw", path), looked_up);
    let outside = route("module.hub.azurerm_firewall.fw[0]", path);
    assert!(matches!(
        outside,
        Appliance::ExternalFirewall(Link::External(_))
    ));
}

#[test]
fn the_type_of_a_billing_data_source_tells_the_scope() {
    let scope = |kind: &str| {
        let mut site = site();
        let key = format!("data.{kind}.s");
        site.azurerm(&key, r#"{"billing_account_name": "1"}"#);
        site.azurerm(
            "azurerm_subscription.s",
            &format!(r#"{{"subscription_name": "x", "billing_scope_id": {{"$of": "{key}"}}}}"#),
        );
        let network = site.network();
        network.subscriptions[0]
            .billing_scope
            .value()
            .unwrap()
            .to_string()
    };
    assert_eq!(
        scope("azurerm_billing_enrollment_account_scope"),
        "/providers/Microsoft.Billing/billingAccounts/1/enrollmentAccounts/*"
    );
    assert!(scope("azurerm_billing_mpa_account_scope").contains("/customers/"));
    let mut site = site();
    site.azurerm("data.azurerm_subscription.current", "{}");
    assert!(
        site.network().subscriptions.is_empty(),
        "says nothing about the offer"
    );
}

#[test]
fn an_unknown_collection_of_rules_leaves_a_policy_open() {
    let mut site = site();
    site.azurerm("azurerm_firewall_policy.p", r#"{"name": "p"}"#);
    site.azurerm(
        "azurerm_firewall_policy_rule_collection_group.g",
        r#"{"firewall_policy_id": {"$of": "azurerm_firewall_policy.p"}, "priority": 200,
            "network_rule_collection": {"$": "var.rules"}}"#,
    );
    let network = site.network();
    assert!(network.firewall_policies[0].rules.rest.is_some());
    assert!(matches!(
        network.firewall_policies[0].parent.state,
        State::Absent
    ));
}

#[test]
fn what_others_add_to_a_looked_up_resource_is_not_known() {
    let mut site = site();
    site.azurerm("data.azurerm_firewall_policy.p", r#"{"name": "p"}"#);
    site.azurerm("data.azurerm_virtual_hub.h", r#"{"name": "h"}"#);
    site.azurerm("azurerm_virtual_hub.here", r#"{"name": "here"}"#);
    let network = site.network();
    assert!(network.firewall_policies[0].rules.rest.is_some());
    let hub = |name: &str| {
        let mut hubs = network.virtual_hubs.iter();
        let named = |at: &&VirtualHub| at.meta.name.value().is_some_and(|n| &**n == name);
        hubs.find(named).unwrap().internet_next_hop.clone()
    };
    assert!(hub("h").unknown().is_some());
    assert!(hub("here").is_absent());
}

#[test]
fn a_rule_names_its_pool_in_the_old_spelling_too() {
    for pools in [
        r#""backend_address_pool_id": {"$of": "azurerm_lb_backend_address_pool.web"}"#,
        r#""backend_address_pool_ids": [{"$of": "azurerm_lb_backend_address_pool.web"}]"#,
    ] {
        let mut site = site();
        site.azurerm(
            "azurerm_lb.web",
            r#"{"name": "web", "resource_group_name": "rg"}"#,
        );
        site.azurerm(
            "azurerm_lb_backend_address_pool.web",
            r#"{"name": "web", "loadbalancer_id": {"$of": "azurerm_lb.web"}}"#,
        );
        site.azurerm(
            "azurerm_lb_rule.web",
            &format!(
                r#"{{"name": "web", "loadbalancer_id": {{"$of": "azurerm_lb.web"}}, {pools}}}"#
            ),
        );
        let network = site.network();
        let rule = &network.load_balancers[0].rules.items[0];
        assert!(rule.pools.rest.is_none(), "{pools}");
        assert_eq!(rule.pools.items.len(), 1, "{pools}");
        assert!(matches!(
            rule.pools.items[0].state,
            State::Known(Link::Here(_))
        ));
    }
}

#[test]
fn network_resources_of_azapi_are_told_once() {
    let mut site = site();
    site.azurerm(
        "azapi_resource.lock",
        r#"{"name": "l", "type": "Microsoft.Authorization/locks@2020-05-01"}"#,
    );
    let group = r#"{"name": "g", "type": "Microsoft.Network/networkSecurityGroups@2024-05-01"}"#;
    site.azurerm("azapi_resource.a", group);
    site.azurerm("azapi_resource.b", group);
    let network = site.network();
    let told: Vec<_> = network.diagnostics.iter().map(|told| told.code).collect();
    assert_eq!(told, ["azapi-resource"]);
    assert!(network.diagnostics[0].message.contains("azapi_resource.a"));
}
