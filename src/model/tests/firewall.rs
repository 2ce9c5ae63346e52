//! Collections, groups and what else a firewall is made of.

use super::Site;
use crate::model::Link;
use crate::model::firewall::{FirewallRuleKind, FirewallRuleOwner};
use crate::model::{FirewallId, FirewallPolicyId, FirewallRuleCollectionId, FirewallRuleGroupId};

#[test]
fn collections_and_groups_know_their_rules_and_whose_they_are() {
    let mut arm = Site::new();
    arm.arm(
        "firewallPolicies/p",
        r#"{"sql": {"allowSqlRedirect": true}}"#,
    );
    arm.arm(
        "firewallPolicies/p/ruleCollectionGroups/g",
        r#"{"priority": 200, "ruleCollections": [{"name": "c", "priority": 300, "action": {"type": "DNAT"},
            "ruleCollectionType": "FirewallPolicyNatRuleCollection", "rules": [{"name": "a", "ruleType": "NatRule",
            "sourceAddresses": ["10.0.0.4", "10.0.0.5\t"]}]}]}"#,
    );
    let mut tf = Site::new();
    tf.azurerm(
        "azurerm_firewall_policy.p",
        r#"{"name": "p", "sql_redirect_allowed": true}"#,
    );
    tf.azurerm(
        "azurerm_firewall_policy_rule_collection_group.g",
        r#"{"name": "g", "firewall_policy_id": {"$of": "azurerm_firewall_policy.p"}, "priority": 200,
            "nat_rule_collection": [{"name": "c", "priority": 300, "action": "Dnat", "rule": [{"name": "a",
            "source_addresses": ["10.0.0.4", "10.0.0.5\t"]}]}]}"#,
    );
    for network in [arm.network(), tf.network()] {
        let policy = FirewallPolicyId(0);
        assert_eq!(network[policy].sql_redirect.value(), Some(&true));
        let group = &network[FirewallRuleGroupId(0)];
        assert_eq!(group.policy.value(), Some(&Link::Here(policy)));
        assert_eq!(group.priority.value(), Some(&200));
        let [id] = group.collections.items[..] else {
            panic!("{:?}", group.collections);
        };
        let collection = &network[id];
        assert_eq!(collection.owner, Some(FirewallRuleOwner::Policy(policy)));
        assert_eq!(collection.group, Some(FirewallRuleGroupId(0)));
        assert_eq!(collection.kind, Some(FirewallRuleKind::Nat));
        assert_eq!(collection.priority.value(), Some(&300));
        let [rule] = collection.rules.items[..] else {
            panic!("{:?}", collection.rules);
        };
        assert_eq!(network[rule].parent, Some(id));
        let [padded] = &network[rule].padded[..] else {
            panic!("{:?}", network[rule].padded);
        };
        assert_eq!(&*padded.text, "10.0.0.5\t");
        assert_eq!(padded.origin, network[rule].source.items[1].origin);
    }
}

#[test]
fn classic_collections_belong_to_their_firewall() {
    let mut arm = Site::new();
    arm.arm(
        "azureFirewalls/f",
        r#"{"networkRuleCollections": [{"name": "c", "properties": {"priority": 300, "action": {"type": "Deny"}, "rules": [{"name": "a"}]}},
            {"name": "empty", "properties": {"priority": 400, "action": {"type": "Deny"}, "rules": []}}]}"#,
    );
    let mut tf = Site::new();
    tf.azurerm(
        "azurerm_firewall.f",
        r#"{"name": "f", "resource_group_name": "g", "zones": ["1", "2"]}"#,
    );
    for name in ["c", "empty"] {
        tf.azurerm(
            &format!("azurerm_firewall_network_rule_collection.{name}"),
            &format!(
                r#"{{"name": "{name}", "azure_firewall_name": "f", "resource_group_name": "g", "priority": 300,
                    "action": "Deny", "rule": [{}]}}"#,
                if name == "c" { r#"{"name": "a"}"# } else { "" }
            ),
        );
    }
    let (arm, tf) = (arm.network(), tf.network());
    assert!(arm[FirewallId(0)].zones.is_certainly_empty());
    assert_eq!(tf[FirewallId(0)].zones.items.len(), 2);
    for network in [arm, tf] {
        let owner = Some(FirewallRuleOwner::Firewall(FirewallId(0)));
        let all: Vec<_> = FirewallRuleCollectionId::all(&network)
            .map(|id| {
                (
                    network[id].owner,
                    network[id].kind,
                    network[id].rules.items.len(),
                )
            })
            .collect();
        let network_pass = Some(FirewallRuleKind::Network);
        assert_eq!(all, [(owner, network_pass, 1), (owner, network_pass, 0)]);
    }
}
