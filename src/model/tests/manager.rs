//! Network managers and their security admin rules.

use super::{GROUP, Site};
use crate::eval::Mode;
use crate::model::manager::{AdminAction, AdminAddress, IntentPolicyServices};
use crate::model::{
    AdminConfigurationId, AdminRuleCollectionId, AdminRuleId, Link, Network, NetworkGroupId,
    NetworkManagerId, State, VnetId,
};

const RULES: &str = "networkManagers/org/securityAdminConfigurations/base/ruleCollections/all";

fn template() -> Site {
    let mut site = Site::new();
    site.arm(
        "virtualNetworks/spoke",
        r#"{"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}"#,
    );
    site.arm("networkManagers/org", "{}");
    site.arm(
        "networkManagers/org/networkGroups/all",
        r#"{"memberType": "VirtualNetwork"}"#,
    );
    site.arm(
        "networkManagers/org/networkGroups/all/staticMembers/spoke",
        &format!(r#"{{"resourceId": "{GROUP}/virtualNetworks/spoke"}}"#),
    );
    site.arm("networkManagers/org/securityAdminConfigurations/base", "{}");
    site.arm(
        RULES,
        &format!(r#"{{"appliesToGroups": [{{"networkGroupId": "{GROUP}/networkManagers/org/networkGroups/all"}}]}}"#),
    );
    site
}

fn rule(fields: &str) -> Network {
    let mut site = template();
    let fixed = r#""priority": 10, "direction": "Inbound", "access": "Deny", "protocol": "Any""#;
    site.arm(
        &format!("{RULES}/rules/r"),
        &format!("{{{fixed} {fields}}}"),
    );
    site.network()
}

#[test]
fn children_of_a_manager_find_their_parents() {
    let network = rule("");
    let rule = &network[AdminRuleId(0)];
    let collection = Link::Here(AdminRuleCollectionId(0));
    assert_eq!(rule.collection.value(), Some(&collection));
    assert_eq!(rule.action.value(), Some(&AdminAction::Deny));
    let collection = &network[AdminRuleCollectionId(0)];
    let configuration = Link::Here(AdminConfigurationId(0));
    assert_eq!(collection.configuration.value(), Some(&configuration));
    assert_eq!(
        collection.groups.items[0].value(),
        Some(&Link::Here(NetworkGroupId(0)))
    );
    let manager = Link::Here(NetworkManagerId(0));
    assert_eq!(
        network[AdminConfigurationId(0)].manager.value(),
        Some(&manager)
    );
    assert_eq!(network[NetworkGroupId(0)].manager.value(), Some(&manager));
    let member = &network.static_members[0];
    assert_eq!(member.group.value(), Some(&Link::Here(NetworkGroupId(0))));
    assert_eq!(member.network.value(), Some(&Link::Here(VnetId(0))));
    assert!(rule.source.is_certainly_empty() && rule.destination_ports.is_certainly_empty());
}

#[test]
fn sources_are_addresses_tags_and_groups_by_what_they_say_they_are() {
    let group = format!("{GROUP}/networkManagers/org/networkGroups/all");
    let network = rule(&format!(
        r#", "sources": [
            {{"addressPrefixType": "IPPrefix", "addressPrefix": "10.0.0.0/8"}},
            {{"addressPrefixType": "ServiceTag", "addressPrefix": "Internet"}},
            {{"addressPrefixType": "NetworkGroup", "addressPrefix": "{group}"}},
            {{"addressPrefixType": "IPPrefix", "addressPrefix": "Internet"}},
            {{"addressPrefixType": "ServiceTag", "addressPrefix": "10.0.0.0/8"}}]"#
    ));
    let states = network[AdminRuleId(0)].source.items.iter();
    let states: Vec<String> = states
        .map(|field| match &field.state {
            State::Known(AdminAddress::Prefix(prefix)) => format!("{prefix:?}"),
            State::Known(AdminAddress::NetworkGroup(link)) => format!("{link:?}"),
            State::Invalid { why, .. } => why.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        states,
        [
            "Block(10.0.0.0/8)",
            "Tag(ServiceTag { name: \"Internet\" })",
            "Here(NetworkGroupId(0))",
            "`Internet` is not an IP address or a block of addresses",
            "`10.0.0.0/8` is not a service tag",
        ]
    );
}

#[test]
fn words_and_numbers_out_of_bounds_are_refused() {
    let mut site = template();
    site.arm(
        &format!("{RULES}/rules/r"),
        r#"{"priority": 4097, "direction": "Inbound", "access": "Permit", "protocol": "Gre"}"#,
    );
    site.arm(
        "networkManagers/org/securityAdminConfigurations/other",
        r#"{"applyOnNetworkIntentPolicyBasedServices": ["Some"]}"#,
    );
    let network = site.network();
    let rule = &network[AdminRuleId(0)];
    assert!(matches!(rule.priority.state, State::Invalid { .. }));
    assert!(matches!(rule.action.state, State::Invalid { .. }));
    assert!(matches!(rule.protocol.state, State::Invalid { .. }));
    let other = &network[AdminConfigurationId(1)].intent_policy_services;
    assert!(matches!(other.state, State::Invalid { .. }));
}

#[test]
fn what_a_child_looks_up_and_the_template_defines_is_one_element() {
    let mut site = template();
    let own = |site: &mut Site, path: &str| {
        site.arm(path, "{}").mode = Mode::Existing;
    };
    own(&mut site, "networkManagers/org");
    own(&mut site, "networkManagers/org/networkGroups/all");
    own(&mut site, RULES);
    own(&mut site, "networkManagers/other");
    let network = site.network();
    assert_eq!(network.network_managers.len(), 2);
    assert_eq!(network.network_groups.len(), 1);
    assert_eq!(network.admin_rule_collections.len(), 1);
    assert!(!network.admin_rule_collections[0].meta.existing);
    assert!(network.network_managers[1].meta.existing);
}

#[test]
fn azurerm_writes_the_same() {
    let mut site = Site::new();
    let all: [(&str, &str); 6] = [
        (
            "azurerm_network_manager.org",
            r#"{"name": "org", "resource_group_name": "rg"}"#,
        ),
        (
            "azurerm_network_manager_network_group.all",
            r#"{"name": "all", "network_manager_id": {"$of": "azurerm_network_manager.org"}}"#,
        ),
        (
            "azurerm_network_manager_security_admin_configuration.base",
            r#"{"name": "base", "network_manager_id": {"$of": "azurerm_network_manager.org"},
                "apply_on_network_intent_policy_based_services": ["All"]}"#,
        ),
        (
            "azurerm_network_manager_admin_rule_collection.all",
            r#"{"name": "all", "security_admin_configuration_id":
                {"$of": "azurerm_network_manager_security_admin_configuration.base"},
                "network_group_ids": [{"$of": "azurerm_network_manager_network_group.all"}]}"#,
        ),
        (
            "azurerm_network_manager_admin_rule.r",
            r#"{"name": "r", "admin_rule_collection_id":
                {"$of": "azurerm_network_manager_admin_rule_collection.all"},
                "action": "AlwaysAllow", "direction": "Outbound", "priority": 4096,
                "protocol": "Any", "destination": [{"address_prefix_type": "ServiceTag",
                "address_prefix": "Internet"}]}"#,
        ),
        (
            "azurerm_network_manager_deployment.d",
            r#"{"network_manager_id": {"$of": "azurerm_network_manager.org"},
                "location": "westeurope", "scope_access": "SecurityAdmin", "configuration_ids":
                [{"$of": "azurerm_network_manager_security_admin_configuration.base"}]}"#,
        ),
    ];
    for (address, body) in all {
        site.azurerm(address, body);
    }
    let network = site.network();
    let rule = &network[AdminRuleId(0)];
    assert_eq!(
        rule.collection.value(),
        Some(&Link::Here(AdminRuleCollectionId(0)))
    );
    assert_eq!(rule.priority.value(), Some(&4096));
    assert_eq!(rule.destination.items.len(), 1);
    let configuration = &network[AdminConfigurationId(0)];
    let all = Some(&IntentPolicyServices::All);
    assert_eq!(configuration.intent_policy_services.value(), all);
    let deployment = &network.admin_deployments[0];
    assert_eq!(
        deployment.manager.value(),
        Some(&Link::Here(NetworkManagerId(0)))
    );
    let listed = deployment.configurations.items[0].value();
    assert_eq!(listed, Some(&Link::Here(AdminConfigurationId(0))));
}
