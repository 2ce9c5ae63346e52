//! Security admin rules read from files: case N30 in both variants and both languages, and where
//! each field was written.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails where something is amiss"
)]

use aznet::engine::Options;
use aznet::engine::ask::estate::{Estate, load_files};
use aznet::engine::ask::trace::{Trace, TraceQuestion, Verdict, trace};
use aznet::eval::value::Truth;
use aznet::model::manager::{AdminAction, AdminAddress, IntentPolicyServices};
use aznet::model::nsg::Direction;
use aznet::model::{AdminConfigurationId, AdminRuleId, SubnetId, VnetId};
use aznet::origin::OriginId;
use aznet::semantics::Semantics;
use aznet::semantics::packet::{Answer, Family};
use aznet::semantics::rules::{AddressSpec, FlowSpec, Scope};

const TERRAFORM: &str = r#"
resource "azurerm_resource_group" "net" {
  name     = "net"
  location = "West Europe"
}
resource "azurerm_virtual_network" "spoke" {
  name                = "spoke"
  resource_group_name = azurerm_resource_group.net.name
  location            = azurerm_resource_group.net.location
  address_space       = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = azurerm_resource_group.net.name
  virtual_network_name = azurerm_virtual_network.spoke.name
  address_prefixes     = ["10.0.0.0/24"]
}
resource "azurerm_network_security_group" "app" {
  name                = "app"
  resource_group_name = azurerm_resource_group.net.name
  location            = azurerm_resource_group.net.location
  security_rule {
    name                       = "no-https"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "Tcp"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "443"
  }
}
resource "azurerm_subnet_network_security_group_association" "app" {
  subnet_id                 = azurerm_subnet.app.id
  network_security_group_id = azurerm_network_security_group.app.id
}
data "azurerm_subscription" "current" {}
resource "azurerm_network_manager" "org" {
  name                = "org"
  resource_group_name = azurerm_resource_group.net.name
  location            = azurerm_resource_group.net.location
  scope {
    subscription_ids = [data.azurerm_subscription.current.id]
  }
  scope_accesses = ["SecurityAdmin"]
}
resource "azurerm_network_manager_network_group" "all" {
  name               = "all"
  network_manager_id = azurerm_network_manager.org.id
}
resource "azurerm_network_manager_static_member" "spoke" {
  name                      = "spoke"
  network_group_id          = azurerm_network_manager_network_group.all.id
  target_virtual_network_id = azurerm_virtual_network.spoke.id
}
resource "azurerm_network_manager_security_admin_configuration" "base" {
  name               = "base"
  network_manager_id = azurerm_network_manager.org.id
  apply_on_network_intent_policy_based_services = ["AllowRulesOnly"]
}
resource "azurerm_network_manager_admin_rule_collection" "base" {
  name                            = "base"
  security_admin_configuration_id = azurerm_network_manager_security_admin_configuration.base.id
  network_group_ids               = [azurerm_network_manager_network_group.all.id]
}
resource "azurerm_network_manager_admin_rule" "https" {
  name                     = "https"
  admin_rule_collection_id = azurerm_network_manager_admin_rule_collection.base.id
  action                   = "ACTION"
  direction                = "Inbound"
  priority                 = 10
  protocol                 = "Tcp"
  source_port_ranges       = ["*"]
  destination_port_ranges  = ["443", "8443-8444"]
  source {
    address_prefix_type = "IPPrefix"
    address_prefix      = "*"
  }
  destination {
    address_prefix_type = "IPPrefix"
    address_prefix      = "10.0.0.0/8"
  }
}
"#;

const COMMIT: &str = r#"
resource "azurerm_network_manager_deployment" "commit" {
  network_manager_id = azurerm_network_manager.org.id
  location           = "westeurope"
  scope_access       = "SecurityAdmin"
  configuration_ids  = [azurerm_network_manager_security_admin_configuration.base.id]
}
"#;

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "app",
     "location": "westeurope", "properties": {"securityRules": [{"name": "no-https", "properties": {
       "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "Tcp",
       "sourceAddressPrefix": "*", "sourcePortRange": "*",
       "destinationAddressPrefix": "*", "destinationPortRange": "443"}}]}},
    {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "spoke",
     "location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
       "subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.0.0/24",
         "networkSecurityGroup": {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'app')]"}}}]}},
    {"type": "Microsoft.Network/networkManagers", "apiVersion": "2024-05-01", "name": "org",
     "location": "westeurope", "properties": {"networkManagerScopeAccesses": ["SecurityAdmin"],
       "networkManagerScopes": {"subscriptions": ["[subscription().id]"]}}},
    {"type": "Microsoft.Network/networkManagers/networkGroups", "apiVersion": "2024-05-01",
     "name": "org/all", "properties": {"memberType": "VirtualNetwork"}},
    {"type": "Microsoft.Network/networkManagers/networkGroups/staticMembers",
     "apiVersion": "2024-05-01", "name": "org/all/spoke", "properties": {
       "resourceId": "[resourceId('Microsoft.Network/virtualNetworks', 'spoke')]"}},
    {"type": "Microsoft.Network/networkManagers/securityAdminConfigurations",
     "apiVersion": "2024-05-01", "name": "org/base",
     "properties": {"applyOnNetworkIntentPolicyBasedServices": ["AllowRulesOnly"]}},
    {"type": "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections",
     "apiVersion": "2024-05-01", "name": "org/base/base", "properties": {"appliesToGroups": [
       {"networkGroupId": "[resourceId('Microsoft.Network/networkManagers/networkGroups', 'org', 'all')]"}]}},
    {"type": "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules",
     "apiVersion": "2024-05-01", "name": "org/base/base/https", "kind": "Custom", "properties": {
       "access": "ACTION", "direction": "Inbound", "priority": 10, "protocol": "Tcp",
       "sourcePortRanges": ["*"], "destinationPortRanges": ["443", "8443-8444"],
       "sources": [{"addressPrefixType": "IPPrefix", "addressPrefix": "*"}],
       "destinations": [{"addressPrefixType": "IPPrefix", "addressPrefix": "10.0.0.0/8"}]}}
  ]
}"#;

fn estate(path: &str, text: &str, action: &str) -> Estate {
    let text = text.replace("ACTION", action);
    let files = vec![(path.to_owned(), text)];
    let estate = load_files(files, &Options::default()).unwrap();
    assert!(estate.diagnostics.is_empty(), "{:?}", estate.diagnostics);
    assert_eq!(estate.deployments.len(), 1);
    estate
}

/// Whether https from anywhere reaches the subnet, and what it hangs on.
fn https(semantics: &Semantics<'_>) -> (Truth, Vec<String>) {
    let direction = Direction::Inbound;
    let block = |text: &str| {
        let block = text.parse().unwrap();
        AddressSpec::Prefix(aznet::model::address::AddressPrefix::Block(block))
    };
    let spec = FlowSpec {
        direction,
        protocols: vec![aznet::model::address::Protocol::Tcp],
        from: vec![block("8.8.8.8/32")],
        to: vec![block("10.0.0.4/32")],
        ports: vec![aznet::model::address::PortRange::single(443)],
        source_ports: Vec::new(),
    };
    let subnet = SubnetId(0);
    let flows = semantics.flows(&spec, Scope::Subnet(subnet), Family::V4);
    let mut through = Vec::new();
    for part in semantics.admin_deciding(VnetId(0), direction, &flows) {
        through.push(match part.action {
            Some(AdminAction::Deny) => continue,
            Some(AdminAction::AlwaysAllow) => part.flows,
            Some(AdminAction::Allow) => semantics.subnet_allowed_of(subnet, direction, &part.flows),
            None => part.flows.only_possibly(),
        });
    }
    let hit = Answer::any_of(Family::V4, through).is_hit();
    let labels = hit.unknowns.iter().map(|it| it.label.to_string());
    (hit.truth, labels.collect())
}

fn truth(estate: &Estate) -> (Truth, Vec<String>) {
    https(&estate.semantics(&estate.deployments[0]))
}

#[test]
fn a_deployed_configuration_decides_before_the_group_does() {
    let text = format!("{TERRAFORM}{COMMIT}");
    let read = |action| truth(&estate("main.tf", &text, action));
    assert_eq!(read("AlwaysAllow"), (Truth::True, Vec::new()));
    assert_eq!(read("Allow"), (Truth::False, Vec::new()));
    assert_eq!(read("Deny"), (Truth::False, Vec::new()));
}

#[test]
fn a_template_cannot_say_that_its_configuration_is_deployed() {
    let question =
        "whether the security admin configuration `base` is deployed to `westeurope`".to_owned();
    let read = |action| estate("azuredeploy.json", TEMPLATE, action);
    assert_eq!(
        truth(&read("AlwaysAllow")),
        (Truth::Unknown, vec![question])
    );
    // The group denies either way.
    assert_eq!(truth(&read("Allow")).0, Truth::False);
    let deployed = |action| {
        let estate = read(action);
        let semantics = estate.semantics(&estate.deployments[0]);
        https(&semantics.with_admin_rules_deployed())
    };
    assert_eq!(deployed("AlwaysAllow"), (Truth::True, Vec::new()));
    assert_eq!(deployed("Allow"), (Truth::False, Vec::new()));
}

#[test]
fn a_configuration_that_nothing_deploys_is_open_in_terraform_too() {
    let (truth, labels) = truth(&estate("main.tf", TERRAFORM, "AlwaysAllow"));
    assert_eq!(truth, Truth::Unknown);
    let question = "whether the security admin configuration `base` is deployed to `West Europe`";
    assert_eq!(labels, [question]);
    let elsewhere = format!("{TERRAFORM}{}", COMMIT.replace("westeurope", "northeurope"));
    let read = self::truth(&estate("main.tf", &elsewhere, "AlwaysAllow"));
    assert_eq!(read, (Truth::False, Vec::new()));
    let connectivity = COMMIT.replace("SecurityAdmin", "Connectivity");
    let read = self::truth(&estate(
        "main.tf",
        &format!("{TERRAFORM}{connectivity}"),
        "AlwaysAllow",
    ));
    assert_eq!(read.0, Truth::Unknown);
}

/// What is written where a field came from.
fn written(estate: &Estate, origin: OriginId) -> &str {
    let origins = &estate.deployments[0].deployment.origins;
    let span = origins.literals(origin).first().copied();
    let span = span.unwrap_or_else(|| panic!("{origin:?} was written nowhere"));
    let text = estate.sources.get(span.file).unwrap().text();
    &text[span.start as usize..span.end as usize]
}

#[test]
fn both_languages_give_the_same_rule_and_know_where_it_is_written() {
    for (path, text) in [("main.tf", TERRAFORM), ("azuredeploy.json", TEMPLATE)] {
        let estate = estate(path, text, "AlwaysAllow");
        let network = &estate.deployments[0].network;
        let rule = &network[AdminRuleId(0)];
        assert_eq!(rule.priority.value(), Some(&10), "{path}");
        assert_eq!(rule.action.value(), Some(&AdminAction::AlwaysAllow));
        assert_eq!(rule.direction.value(), Some(&Direction::Inbound));
        assert_eq!(rule.source_ports.items.len(), 1);
        let last = &rule.destination_ports.items[1];
        assert_eq!(
            last.value().map(|it| (it.first, it.last)),
            Some((8443, 8444))
        );
        let AdminAddress::Prefix(_) = rule.destination.items[0].value().unwrap() else {
            panic!("{:?}", rule.destination);
        };
        let plain = |origin| written(&estate, origin).trim_matches('"').to_owned();
        assert_eq!(plain(rule.priority.origin), "10");
        assert_eq!(plain(rule.action.origin), "AlwaysAllow");
        assert_eq!(plain(last.origin), "8443-8444");
        assert_eq!(plain(rule.destination.items[0].origin), "10.0.0.0/8");
        assert_eq!(plain(rule.protocol.origin), "Tcp");
        let configuration = &network[AdminConfigurationId(0)];
        let setting = &configuration.intent_policy_services;
        assert_eq!(setting.value(), Some(&IntentPolicyServices::AllowRulesOnly));
        assert_eq!(plain(setting.origin), "AllowRulesOnly");
        let member = &network.static_members[0];
        assert_eq!(
            member.network.value().and_then(|it| it.here()),
            Some(VnetId(0))
        );
        assert!(member.group.value().and_then(|it| it.here()).is_some());
        let collection = &network.admin_rule_collections[0];
        assert!(
            collection.groups.items[0]
                .value()
                .and_then(|it| it.here())
                .is_some()
        );
    }
}

#[test]
fn a_trace_takes_a_configuration_of_a_template_as_deployed_and_says_so() {
    let asked = |path, text: &str, action| {
        let estate = estate(path, text, action);
        let question = TraceQuestion {
            from: "10.0.0.9".to_owned(),
            to: "10.0.0.4:443".to_owned(),
            direction: Some(Direction::Inbound),
            ..TraceQuestion::default()
        };
        trace(&estate, &question).unwrap().remove(0)
    };
    let taken = "taken for granted: the security admin configuration `base` is deployed";
    let other = "taken for granted: no virtual network manager outside these files applies admin \
                 rules";
    let layers =
        |answer: &Trace| -> Vec<&str> { answer.layers.iter().map(|layer| layer.layer).collect() };
    let always = asked("azuredeploy.json", TEMPLATE, "AlwaysAllow");
    assert_eq!(always.verdict, Verdict::Allowed);
    assert!(!layers(&always).contains(&"subnet-nsg"), "{always:?}");
    let notes: Vec<&str> = always.notes.iter().map(String::as_str).collect();
    assert!(
        notes.contains(&taken) && notes.contains(&other),
        "{notes:?}"
    );
    let allow = asked("azuredeploy.json", TEMPLATE, "Allow");
    assert_eq!(allow.verdict, Verdict::Denied);
    assert_eq!(allow.decided_by.unwrap().name, "no-https");
    assert_eq!(
        asked("azuredeploy.json", TEMPLATE, "Deny")
            .decided_by
            .unwrap()
            .kind,
        "admin-rule"
    );
    // Where the files deploy configurations they are taken at their word.
    let elsewhere = format!("{TERRAFORM}{}", COMMIT.replace("westeurope", "northeurope"));
    let elsewhere = asked("main.tf", &elsewhere, "AlwaysAllow");
    assert_eq!(elsewhere.verdict, Verdict::Denied);
    assert!(!elsewhere.notes.iter().any(|note| note == taken));
    let here = asked("main.tf", &format!("{TERRAFORM}{COMMIT}"), "AlwaysAllow");
    assert_eq!(here.verdict, Verdict::Allowed);
}
