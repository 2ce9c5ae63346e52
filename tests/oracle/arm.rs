//! Prints networks of the oracle as ARM templates.

use serde_json::{Map, Value as Json, json};

use super::nsg::{Prefix, Rule, Value};

/// A template of resources with the parameters that the rules name.
pub fn template(rules: &[&[Rule]], resources: &[Json]) -> Json {
    let mut parameters = Map::new();
    for rule in rules.iter().flat_map(|group| group.iter()) {
        parameters_of(rule, &mut parameters);
    }
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "resources": resources,
    })
}

/// A group. Rules that may not exist are resources of their own, after it.
pub fn group(name: &str, rules: &[Rule]) -> Vec<Json> {
    let (certain, perhaps): (Vec<&Rule>, Vec<&Rule>) =
        rules.iter().partition(|rule| rule.condition.is_none());
    let inline: Vec<Json> = certain
        .iter()
        .map(|rule| json!({ "name": rule.name, "properties": properties(rule) }))
        .collect();
    let mut resources = vec![json!({
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": { "securityRules": inline },
    })];
    for rule in perhaps {
        let condition = rule.condition.as_ref().unwrap();
        resources.push(json!({
            "type": "Microsoft.Network/networkSecurityGroups/securityRules",
            "apiVersion": "2024-05-01",
            "name": format!("{name}/{}", rule.name),
            "condition": format!("[parameters('{condition}')]"),
            "dependsOn": [name],
            "properties": properties(rule),
        }));
    }
    resources
}

/// A template's resources as an export has them: all there is, with their ids.
pub fn export(template: &Json) -> Json {
    let mut all = template["resources"].clone();
    for resource in all.as_array_mut().unwrap() {
        let kind = resource["type"].as_str().unwrap().to_owned();
        let name = resource["name"].as_str().unwrap().to_owned();
        resource["id"] = json!(exported_id(&[&kind, &name]));
        let own = resource["id"].as_str().unwrap().to_owned();
        if let Some(subnets) = resource["properties"]["subnets"].as_array_mut() {
            for subnet in subnets {
                let name = subnet["name"].as_str().unwrap();
                subnet["id"] = json!(format!("{own}/subnets/{name}"));
            }
        }
        resolved(resource);
    }
    all
}

/// Replaces references by ids.
fn resolved(value: &mut Json) {
    match value {
        Json::String(text) => {
            if let Some(arguments) = text.strip_prefix("[resourceId(") {
                let arguments = arguments.trim_end_matches(")]").split(", ");
                let parts: Vec<&str> = arguments.map(|it| it.trim_matches('\'')).collect();
                *text = exported_id(&parts);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(resolved),
        Json::Object(fields) => fields.values_mut().for_each(resolved),
        _ => {}
    }
}

/// The id of a resource from its type and names.
fn exported_id(parts: &[&str]) -> String {
    let group = "/subscriptions/5f4c0d5e-0f4c-4d43-9d1c-0d9a1f6a2b11/resourceGroups/net";
    let mut kinds = parts[0].split('/');
    let mut id = format!("{group}/providers/{}", kinds.next().unwrap());
    for (kind, name) in kinds.zip(&parts[1..]) {
        id.push_str(&format!("/{kind}/{name}"));
    }
    id
}

/// The id of a resource of the template.
pub fn id(kind: &str, name: &str) -> Json {
    json!({ "id": format!("[resourceId('Microsoft.Network/{kind}', '{name}')]") })
}

/// A subnet of a virtual network.
pub fn subnet(name: &str, prefixes: &[&str], nsg: Option<&str>, table: Option<&str>) -> Json {
    let mut properties = json!({ "addressPrefixes": prefixes });
    if let Some(nsg) = nsg {
        properties["networkSecurityGroup"] = id("networkSecurityGroups", nsg);
    }
    if let Some(table) = table {
        properties["routeTable"] = id("routeTables", table);
    }
    json!({ "name": name, "properties": properties })
}

/// A virtual network.
pub fn network(name: &str, space: &[&str], subnets: &[Json]) -> Json {
    json!({
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": { "addressSpace": { "addressPrefixes": space }, "subnets": subnets },
    })
}

/// A network interface in a subnet `net/all`.
pub fn interface(name: &str, address: &str, nsg: Option<&str>) -> Json {
    let subnet = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'all')]";
    let mut properties = json!({
        "ipConfigurations": [{ "name": "ip", "properties": {
            "subnet": { "id": subnet },
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": address,
        }}],
    });
    if let Some(nsg) = nsg {
        properties["networkSecurityGroup"] = id("networkSecurityGroups", nsg);
    }
    json!({
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": properties,
    })
}

fn properties(rule: &Rule) -> Json {
    let mut properties = json!({
        "priority": shown(&rule.priority, |priority| json!(priority)),
        "direction": shown(&rule.inbound, |inbound| json!(direction(*inbound))),
        "access": shown(&rule.allow, |allow| json!(access(*allow))),
        "protocol": shown(&rule.protocol, |protocol| json!(protocol)),
    });
    let sources: Vec<Json> = rule.source_ports.iter().map(ports).collect();
    let destinations = rule.destination_ports.iter();
    let destinations = destinations.map(|it| shown(it, ports)).collect();
    for (singular, plural, values) in [
        ("sourcePortRange", "sourcePortRanges", sources),
        (
            "destinationPortRange",
            "destinationPortRanges",
            destinations,
        ),
        (
            "sourceAddressPrefix",
            "sourceAddressPrefixes",
            addresses(&rule.sources),
        ),
        (
            "destinationAddressPrefix",
            "destinationAddressPrefixes",
            addresses(&rule.destinations),
        ),
    ] {
        match values.as_slice() {
            [one] => properties[singular] = one.clone(),
            _ => properties[plural] = Json::Array(values),
        }
    }
    properties
}

fn addresses(list: &[Prefix]) -> Vec<Json> {
    let show = |prefix: &Prefix| match prefix {
        Prefix::Any => json!("*"),
        Prefix::Block(text, _) | Prefix::Tag(text) => json!(text),
        Prefix::Parameter(name, _) => parameter(name),
    };
    list.iter().map(show).collect()
}

pub fn ports((first, last): &(u16, u16)) -> Json {
    match (first, last) {
        (0, 65535) => json!("*"),
        (first, last) if first == last => json!(first.to_string()),
        (first, last) => json!(format!("{first}-{last}")),
    }
}

pub fn direction(inbound: bool) -> &'static str {
    if inbound { "Inbound" } else { "Outbound" }
}

pub fn access(allow: bool) -> &'static str {
    if allow { "Allow" } else { "Deny" }
}

fn shown<T>(value: &Value<T>, show: impl Fn(&T) -> Json) -> Json {
    match value {
        Value::Known(value) => show(value),
        Value::Parameter(name, _) => parameter(name),
    }
}

fn parameter(name: &str) -> Json {
    json!(format!("[parameters('{name}')]"))
}

fn parameters_of(rule: &Rule, all: &mut Map<String, Json>) {
    let mut add = |name: &str, kind: &str, values: Vec<Json>| {
        let mut parameter = json!({ "type": kind });
        if !values.is_empty() {
            parameter["allowedValues"] = Json::Array(values);
        }
        all.insert(name.to_owned(), parameter);
    };
    if let Value::Parameter(name, values) = &rule.priority {
        add(name, "int", values.iter().map(|it| json!(it)).collect());
    }
    if let Value::Parameter(name, values) = &rule.inbound {
        add(
            name,
            "string",
            values.iter().map(|it| json!(direction(*it))).collect(),
        );
    }
    if let Value::Parameter(name, values) = &rule.allow {
        add(
            name,
            "string",
            values.iter().map(|it| json!(access(*it))).collect(),
        );
    }
    if let Value::Parameter(name, values) = &rule.protocol {
        add(name, "string", values.iter().map(|it| json!(it)).collect());
    }
    for value in &rule.destination_ports {
        if let Value::Parameter(name, values) = value {
            add(name, "string", values.iter().map(ports).collect());
        }
    }
    for prefix in rule.sources.iter().chain(&rule.destinations) {
        if let Prefix::Parameter(name, values) = prefix {
            add(name, "string", values.iter().map(|it| json!(it)).collect());
        }
    }
    if let Some(name) = &rule.condition {
        add(name, "bool", Vec::new());
    }
}
