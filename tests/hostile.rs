//! Networks made to take long or to contradict themselves: every answer ends, says which limit it
//! met, and is never a guess.

#![allow(unreachable_pub, reason = "modules of a test binary are no library")]
#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test fails where something is amiss"
)]

#[path = "support/pipeline.rs"]
mod pipeline;

use aznet::eval::value::Truth;
use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use aznet::model::{FirewallId, Network, NsgId, SecurityRuleId, SubnetId};
use aznet::semantics::packet::{Answer, Family, Flow};
use aznet::semantics::rules::{Decider, Scope};
use pipeline::{Document, ask, deployment};
use serde_json::{Value, json};

fn template(parameters: Value, resources: &[Value]) -> Document {
    Document::Template(json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "resources": resources,
    }))
}

fn resource(kind: &str, name: &str, properties: Value) -> Value {
    json!({
        "type": format!("Microsoft.Network/{kind}"),
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": properties,
    })
}

fn rule(number: usize, allow: bool, source: Value) -> Value {
    let mut properties = json!({
        "priority": 100 + number,
        "direction": "Inbound",
        "access": if allow { "Allow" } else { "Deny" },
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    });
    let field = if source.is_array() {
        "sourceAddressPrefixes"
    } else {
        "sourceAddressPrefix"
    };
    properties[field] = source;
    json!({ "name": format!("rule{number}"), "properties": properties })
}

fn group(rules: Vec<Value>) -> Value {
    resource(
        "networkSecurityGroups",
        "web",
        json!({ "securityRules": rules }),
    )
}

fn flow(source: [u8; 4]) -> Flow {
    Flow {
        source: source.into(),
        destination: [10, 0, 0, 4].into(),
        protocol: Protocol::Tcp,
        source_port: 40_000,
        destination_port: 443,
    }
}

/// Asks everything there is to ask about the only group; a limit that was met has a name.
fn ask_all(document: &Document, packet: &Flow) -> Decider {
    ask(document, |semantics| {
        let allowed = semantics.nsg_allowed(NsgId(0), Direction::Inbound, Family::V4);
        let hit = allowed.is_hit();
        assert!(hit.undecided.is_none_or(|limit| !limit.is_empty()));
        for hidden in semantics.unreachable(NsgId(0)) {
            if hidden.truth == Truth::Unknown {
                assert!(hidden.cover.is_empty());
                let told = !hidden.unknowns.is_empty() || hidden.undecided.is_some();
                assert!(told, "nothing would settle {hidden:?}");
            }
        }
        let scope = Scope::Nsg(NsgId(0));
        let all = semantics.standings(NsgId(0), scope, Direction::Inbound, Family::V4);
        assert!(!all.is_empty());
        semantics.decider(NsgId(0), Direction::Inbound, packet)
    })
}

#[test]
fn many_rules_with_many_prefixes_are_answered() {
    let rules = (0..60)
        .map(|number| {
            let prefixes = (0..400).map(|it| {
                let address = (number * 131 + it * 7919) % 65_536;
                json!(format!("10.{}.{}.0/25", address / 256, address % 256))
            });
            rule(number, number % 2 == 0, Value::Array(prefixes.collect()))
        })
        .collect();
    let document = template(json!({}), &[group(rules)]);
    let decider = ask_all(&document, &flow([9, 9, 9, 9]));
    assert!(matches!(decider, Decider::Default(name) if &*name == "DenyAllInBound"));
}

/// Azure's limits: 1,000 rules, 4,000 addresses on each side of a group.
#[test]
fn a_group_at_azures_limits_is_answered() {
    let block = |number: usize| {
        let address = number * 131 % 65_536;
        json!(format!("10.{}.{}.0/24", address / 256, address % 256))
    };
    let rules = (0..1_000)
        .map(|number| {
            let four = |from: usize| Value::Array((from..from + 4).map(block).collect());
            let mut rule = rule(number, number % 2 == 0, four(number * 4));
            let properties = rule["properties"].as_object_mut().unwrap();
            properties.remove("destinationAddressPrefix");
            let to = four(number * 4 + 40_000);
            properties.insert("destinationAddressPrefixes".to_owned(), to);
            rule
        })
        .collect();
    let document = template(json!({}), &[group(rules)]);
    let decider = ask_all(&document, &flow([9, 9, 9, 9]));
    assert!(matches!(decider, Decider::Default(name) if &*name == "DenyAllInBound"));
}

#[test]
fn sixty_four_opaque_tags_are_answered() {
    let rules = (0..64)
        .map(|number| rule(number, number % 2 == 0, json!(format!("Service{number}"))))
        .collect();
    let document = template(json!({}), &[group(rules)]);
    let decider = ask_all(&document, &flow([9, 9, 9, 9]));
    let Decider::Depends { rules, .. } = decider else {
        panic!("{decider:?}");
    };
    assert_eq!(rules.len(), 64);
    // A private address is in none of them.
    let decider = ask_all(&document, &flow([192, 168, 0, 1]));
    assert!(!matches!(decider, Decider::Rule(_)));
}

#[test]
fn forty_unknown_parameters_are_answered() {
    let mut parameters = json!({});
    let rules = (0..40)
        .map(|number| {
            let name = format!("source{number}");
            parameters[&name] = json!({ "type": "string" });
            rule(
                number,
                number % 2 == 0,
                json!(format!("[parameters('{name}')]")),
            )
        })
        .collect();
    let document = template(parameters, &[group(rules)]);
    let decider = ask_all(&document, &flow([9, 9, 9, 9]));
    let Decider::Depends {
        rules, unknowns, ..
    } = decider
    else {
        panic!("{decider:?}");
    };
    assert_eq!(rules.len(), 40);
    assert!(!unknowns.is_empty());
}

fn policies(parents: &[(&str, Option<&str>)]) -> Document {
    let id = |kind: &str, name: &str| json!({ "id": format!("[resourceId('Microsoft.Network/{kind}', '{name}')]") });
    let mut resources: Vec<Value> = parents
        .iter()
        .map(|(name, parent)| {
            let mut properties = json!({ "sku": { "tier": "Standard" } });
            if let Some(parent) = parent {
                properties["basePolicy"] = id("firewallPolicies", parent);
            }
            resource("firewallPolicies", name, properties)
        })
        .collect();
    resources.push(resource(
        "azureFirewalls",
        "firewall",
        json!({
            "sku": { "name": "AZFW_VNet", "tier": "Standard" },
            "firewallPolicy": id("firewallPolicies", parents[0].0),
        }),
    ));
    template(json!({}), &resources)
}

/// Whether a firewall without rules of its own surely denies some packet: not where its policies
/// are unclear.
fn denied(document: &Document) -> Truth {
    ask(document, |semantics| {
        let everything = Answer::everything(Family::V4);
        let parts = semantics.firewall_deciding(FirewallId(0), &everything);
        assert!(!parts.is_empty());
        semantics
            .firewall_denied(FirewallId(0), Family::V4)
            .is_hit()
            .truth
    })
}

#[test]
fn policies_that_inherit_in_a_circle_or_without_end_decide_nothing_for_certain() {
    assert_eq!(
        denied(&policies(&[("a", Some("b")), ("b", None)])),
        Truth::True
    );
    assert_eq!(
        denied(&policies(&[("a", Some("b")), ("b", Some("a"))])),
        Truth::Unknown
    );
    assert_eq!(denied(&policies(&[("a", Some("a"))])), Truth::Unknown);
    let names: Vec<String> = (0..64).map(|number| format!("policy{number}")).collect();
    let deep: Vec<(&str, Option<&str>)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), names.get(at + 1).map(String::as_str)))
        .collect();
    assert_eq!(denied(&policies(&deep)), Truth::Unknown);
}

#[test]
fn peerings_in_a_circle_and_routes_in_a_loop_end() {
    let id = |kind: &str, names: &str| json!({ "id": format!("[resourceId('Microsoft.Network/{kind}', {names})]") });
    let net = |number: usize, remote: usize| {
        let peering = json!({ "name": "next", "properties": {
            "remoteVirtualNetwork": id("virtualNetworks", &format!("'net{remote}'")),
            "allowVirtualNetworkAccess": true,
            "allowForwardedTraffic": true,
        }});
        let subnet = json!({ "name": "all", "properties": {
            "addressPrefix": format!("10.{number}.0.0/24"),
            "routeTable": id("routeTables", &format!("'table{number}'")),
        }});
        resource(
            "virtualNetworks",
            &format!("net{number}"),
            json!({
                "addressSpace": { "addressPrefixes": [format!("10.{number}.0.0/16")] },
                "subnets": [subnet],
                "virtualNetworkPeerings": [peering],
            }),
        )
    };
    let mut resources = Vec::new();
    for number in 0..4 {
        let next = (number + 1) % 4;
        resources.push(net(number, next));
        let route = json!({ "name": "all", "properties": {
            "addressPrefix": "0.0.0.0/0",
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": format!("10.{next}.0.4"),
        }});
        resources.push(resource(
            "routeTables",
            &format!("table{number}"),
            json!({ "routes": [route] }),
        ));
        let subnet = format!("'net{number}', 'all'");
        let mut subnet = id("virtualNetworks/subnets", &subnet);
        let configuration = json!({ "name": "ip", "properties": {
            "subnet": subnet.take(),
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": format!("10.{number}.0.4"),
        }});
        resources.push(resource(
            "networkInterfaces",
            &format!("appliance{number}"),
            json!({ "enableIPForwarding": true, "ipConfigurations": [configuration] }),
        ));
    }
    let document = template(json!({}), &resources);
    ask(&document, |semantics| {
        assert!(!semantics.route_loops().is_empty());
        for subnet in SubnetId::all(semantics.network()) {
            let everything = Answer::everything(Family::V4);
            assert!(!semantics.next_hops_of(subnet, &everything).is_empty());
        }
    });
}

#[test]
fn two_rules_of_one_priority_are_taken_in_both_orders() {
    let mut rules = vec![rule(0, true, json!("*")), rule(0, false, json!("*"))];
    rules[1]["name"] = json!("other");
    let document = template(json!({}), &[group(rules)]);
    let decider = ask_all(&document, &flow([9, 9, 9, 9]));
    let Decider::Depends { rules, .. } = decider else {
        panic!("{decider:?}");
    };
    assert_eq!(rules, [SecurityRuleId(0), SecurityRuleId(1)]);
}

#[test]
fn a_second_group_on_a_subnet_is_told_and_the_last_one_counts() {
    let text = |kind: &str, field: &str| {
        format!(
            r#"
resource "azurerm_subnet" "all" {{
  name                 = "all"
  resource_group_name  = "net"
  virtual_network_name = "net"
  address_prefixes     = ["10.0.0.0/24"]
}}

resource "azurerm_{kind}" "first" {{
  name                = "first"
  resource_group_name = "net"
  location            = "westeurope"
}}

resource "azurerm_{kind}" "second" {{
  name                = "second"
  resource_group_name = "net"
  location            = "westeurope"
}}

resource "azurerm_subnet_{kind}_association" "first" {{
  subnet_id = azurerm_subnet.all.id
  {field}   = azurerm_{kind}.first.id
}}

resource "azurerm_subnet_{kind}_association" "second" {{
  subnet_id = azurerm_subnet.all.id
  {field}   = azurerm_{kind}.second.id
}}
"#
        )
    };
    for (kind, field, what) in [
        (
            "network_security_group",
            "network_security_group_id",
            "network security group",
        ),
        ("route_table", "route_table_id", "route table"),
    ] {
        let deployment = deployment(&Document::Terraform(text(kind, field)));
        let network = Network::build(&deployment);
        let told: Vec<_> = network
            .diagnostics
            .iter()
            .filter(|it| it.code == "attached-twice")
            .collect();
        let [told] = told.as_slice() else {
            panic!("{told:?}");
        };
        let expected = format!("azurerm_subnet.all gets more than one {what}; the last one counts");
        assert_eq!(told.message, expected);
        assert!(told.primary.is_some());
    }
}

#[test]
fn a_second_definition_of_one_group_is_no_third_thing() {
    let open = group(vec![rule(0, true, json!("*"))]);
    let closed = group(vec![rule(0, false, json!("*"))]);
    let document = template(json!({}), &[open, closed]);
    let deployment = deployment(&document);
    let network = Network::build(&deployment);
    let told = network.diagnostics.iter().chain(&deployment.diagnostics);
    let told: Vec<&str> = told.map(|it| it.message.as_str()).collect();
    assert!(
        told.iter().any(|message| message.contains("web")),
        "nothing is said of the second definition: {told:?}"
    );
}

#[test]
fn a_second_group_on_an_interface_is_told() {
    let text = r#"
resource "azurerm_network_interface" "vm" {
  name                = "vm"
  resource_group_name = "net"
  location            = "westeurope"
  ip_configuration {
    name                          = "ip"
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_network_security_group" "first" {
  name                = "first"
  resource_group_name = "net"
  location            = "westeurope"
}

resource "azurerm_network_security_group" "second" {
  name                = "second"
  resource_group_name = "net"
  location            = "westeurope"
}

resource "azurerm_network_interface_security_group_association" "first" {
  network_interface_id      = azurerm_network_interface.vm.id
  network_security_group_id = azurerm_network_security_group.first.id
}

resource "azurerm_network_interface_security_group_association" "second" {
  network_interface_id      = azurerm_network_interface.vm.id
  network_security_group_id = azurerm_network_security_group.second.id
}
"#;
    let deployment = deployment(&Document::Terraform(text.to_owned()));
    let network = Network::build(&deployment);
    let mut told = network.diagnostics.iter();
    let told = told.find(|it| it.code == "attached-twice").unwrap();
    let expected = "azurerm_network_interface.vm gets more than one network security group; the \
                    last one counts";
    assert_eq!(told.message, expected);
    let second = network.network_interfaces[0].nsg.value().cloned();
    let second = second.and_then(|link| link.here()).unwrap();
    assert_eq!(
        network[second].meta.name.value().map(|name| &**name),
        Some("second")
    );
}
