//! A small network in words, printed as a template, as an export or as Terraform.

use std::fmt::Write;

use serde_json::{Value, json};

/// A rule from `priority direction access protocol source destination ports [source ports]`.
/// Lists have commas; `asg:NAME` is an application security group.
pub type Rule = (&'static str, &'static str);

/// A route: its name, its prefix, the type of its next hop and that one's address.
pub type Route = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

/// A machine's network interface `NAME ADDRESS [WORD…]` in the first subnet that holds the
/// address: `nsg:GROUP`, `asg:GROUP`, `public`, `basic`, `forwards`.
pub type Machine = &'static str;

/// A virtual network `net` and what is in it.
#[derive(Clone, Debug)]
pub struct Stated {
    pub space: &'static str,
    /// `NAME PREFIX [WORD…]`: `nsg:GROUP`, `table:TABLE`, `endpoint:SERVICE`, `nat`, `private`.
    pub subnets: Vec<&'static str>,
    pub groups: Vec<(&'static str, Vec<Rule>)>,
    pub tables: Vec<(&'static str, Vec<Route>)>,
    pub machines: Vec<Machine>,
    /// The space of a virtual network `peer`, peered both ways.
    pub peer: Option<&'static str>,
}

impl Default for Stated {
    /// A subnet `all` behind the group `web`, which has no rules.
    fn default() -> Self {
        Self {
            space: "10.0.0.0/16",
            subnets: vec!["all 10.0.0.0/24 nsg:web"],
            groups: vec![("web", Vec::new())],
            tables: Vec::new(),
            machines: Vec::new(),
            peer: None,
        }
    }
}

/// The default network with these rules in its group.
pub fn behind(rules: &[Rule]) -> Stated {
    Stated {
        groups: vec![("web", rules.to_vec())],
        ..Stated::default()
    }
}

/// The value of `KEY:VALUE` among words.
fn word(words: &str, key: &str) -> Option<String> {
    let mut words = words.split_whitespace();
    let found = words.find_map(|word| word.strip_prefix(key)?.strip_prefix(':'));
    found.map(str::to_owned)
}

fn has(words: &str, wanted: &str) -> bool {
    words.split_whitespace().any(|word| word == wanted)
}

fn two(words: &str) -> (&str, &str) {
    let mut words = words.split_whitespace();
    (words.next().unwrap(), words.next().unwrap())
}

/// One resource of a template.
pub fn resource(kind: &str, name: &str, properties: Value) -> Value {
    json!({
        "type": format!("Microsoft.Network/{kind}"),
        "apiVersion": "2024-05-01",
        "name": name,
        "location": "westeurope",
        "properties": properties,
    })
}

/// A reference within a template.
pub fn id(kind: &str, names: &[&str]) -> Value {
    json!({ "id": format!("[resourceId('Microsoft.Network/{kind}', '{}')]", names.join("', '")) })
}

/// A template of resources.
pub fn template(resources: &[Value]) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": resources,
    })
}

impl Stated {
    pub fn template(&self) -> Value {
        template(&self.resources())
    }

    /// The template's resources.
    pub fn resources(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for (name, rules) in &self.groups {
            let rules: Vec<Value> = rules.iter().map(arm_rule).collect();
            let properties = json!({ "securityRules": rules });
            all.push(resource("networkSecurityGroups", name, properties));
        }
        for (name, routes) in &self.tables {
            let routes: Vec<Value> = routes.iter().map(arm_route).collect();
            all.push(resource("routeTables", name, json!({ "routes": routes })));
        }
        if self.subnets.iter().any(|words| has(words, "nat")) {
            all.push(public_address("nat-address", "Standard"));
            let addresses = json!([id("publicIPAddresses", &["nat-address"])]);
            let mut nat = resource(
                "natGateways",
                "nat",
                json!({ "publicIpAddresses": addresses }),
            );
            nat["sku"] = json!({ "name": "Standard" });
            all.push(nat);
        }
        for group in self.application_groups() {
            all.push(resource("applicationSecurityGroups", &group, json!({})));
        }
        all.push(self.arm_network());
        if let Some(space) = self.peer {
            let subnet = json!({ "name": "all", "properties": { "addressPrefix": space } });
            let properties = json!({
                "addressSpace": { "addressPrefixes": [space] },
                "subnets": [subnet],
                "virtualNetworkPeerings": [arm_peering("net")],
            });
            all.push(resource("virtualNetworks", "peer", properties));
        }
        for machine in &self.machines {
            let (name, address) = two(machine);
            let mut configuration = json!({
                "subnet": id("virtualNetworks/subnets", &["net", self.subnet_of(address)]),
                "privateIPAllocationMethod": "Static",
                "privateIPAddress": address,
            });
            if let Some(group) = word(machine, "asg") {
                let group = id("applicationSecurityGroups", &[&group]);
                configuration["applicationSecurityGroups"] = json!([group]);
            }
            for (word, sku) in [("public", "Standard"), ("basic", "Basic")] {
                if has(machine, word) {
                    let public = format!("{name}-public");
                    configuration["publicIPAddress"] = id("publicIPAddresses", &[&public]);
                    all.push(public_address(&public, sku));
                }
            }
            let configurations = json!([{ "name": "ip", "properties": configuration }]);
            let mut properties = json!({ "ipConfigurations": configurations });
            if has(machine, "forwards") {
                properties["enableIPForwarding"] = json!(true);
            }
            if let Some(group) = word(machine, "nsg") {
                properties["networkSecurityGroup"] = id("networkSecurityGroups", &[&group]);
            }
            all.push(resource("networkInterfaces", name, properties));
        }
        all
    }

    fn arm_network(&self) -> Value {
        let subnets: Vec<Value> = self.subnets.iter().map(|words| arm_subnet(words)).collect();
        let spaces: Vec<&str> = self.space.split(',').collect();
        let mut properties = json!({
            "addressSpace": { "addressPrefixes": spaces },
            "subnets": subnets,
        });
        if self.peer.is_some() {
            properties["virtualNetworkPeerings"] = json!([arm_peering("peer")]);
        }
        resource("virtualNetworks", "net", properties)
    }

    fn application_groups(&self) -> Vec<String> {
        let rules = self.groups.iter().flat_map(|(_, rules)| rules);
        let in_rules = rules.flat_map(|(_, text)| text.split_whitespace());
        let members = self.machines.iter().filter_map(|words| word(words, "asg"));
        let named = in_rules.filter_map(|word| word.strip_prefix("asg:"));
        let mut all: Vec<String> = named.map(str::to_owned).chain(members).collect();
        all.sort();
        all.dedup();
        all
    }

    fn subnet_of(&self, address: &str) -> &'static str {
        let address: std::net::IpAddr = address.parse().unwrap();
        let mut named = self.subnets.iter().map(|words| two(words));
        let holds = |prefix: &str| {
            let block: ipnet::IpNet = prefix.parse().unwrap();
            block.contains(&address)
        };
        named.find(|(_, prefix)| holds(prefix)).unwrap().0
    }

    pub fn terraform(&self) -> String {
        let mut text = String::new();
        let mut block = |kind: &str, name: &str, body: &str| {
            writeln!(
                text,
                "resource \"azurerm_{kind}\" \"{name}\" {{\n  name = \"{name}\"\n  \
                 resource_group_name = \"net\"\n  location = \"westeurope\"\n{body}}}\n"
            )
            .unwrap();
        };
        for group in self.application_groups() {
            block("application_security_group", &group, "");
        }
        for (name, rules) in &self.groups {
            let rules: String = rules.iter().map(hcl_rule).collect();
            block("network_security_group", name, &rules);
        }
        for (name, routes) in &self.tables {
            let routes: String = routes.iter().map(hcl_route).collect();
            block("route_table", name, &routes);
        }
        let spaces: Vec<&str> = self.space.split(',').collect();
        block(
            "virtual_network",
            "net",
            &format!("  address_space = {spaces:?}\n"),
        );
        let mut joined = Vec::new();
        for words in &self.subnets {
            let (name, prefix) = two(words);
            let body = format!(
                "  virtual_network_name = azurerm_virtual_network.net.name\n  \
                 address_prefixes = [\"{prefix}\"]\n"
            );
            block("subnet", name, &body);
            for (key, kind) in [("nsg", "network_security_group"), ("table", "route_table")] {
                if let Some(other) = word(words, key) {
                    joined.push(("subnet", name.to_owned(), kind, other));
                }
            }
        }
        for machine in &self.machines {
            let (name, address) = two(machine);
            let subnet = self.subnet_of(address);
            let mut body = String::from("  ip_configuration {\n    name = \"ip\"\n");
            writeln!(body, "    subnet_id = azurerm_subnet.{subnet}.id").unwrap();
            body += "    private_ip_address_allocation = \"Static\"\n";
            writeln!(body, "    private_ip_address = \"{address}\"").unwrap();
            if has(machine, "public") {
                let public = "  allocation_method = \"Static\"\n  sku = \"Standard\"\n";
                block("public_ip", &format!("{name}-public"), public);
                writeln!(
                    body,
                    "    public_ip_address_id = azurerm_public_ip.{name}-public.id"
                )
                .unwrap();
            }
            body += "  }\n";
            block("network_interface", name, &body);
            for (key, kind) in [
                ("nsg", "security_group"),
                ("asg", "application_security_group"),
            ] {
                if let Some(other) = word(machine, key) {
                    joined.push(("network_interface", name.to_owned(), kind, other));
                }
            }
        }
        for (kind, name, what, other) in joined {
            let long = match what {
                "security_group" => "network_security_group",
                other => other,
            };
            writeln!(
                text,
                "resource \"azurerm_{kind}_{what}_association\" \"{name}\" {{\n  \
                 {kind}_id = azurerm_{kind}.{name}.id\n  \
                 {long}_id = azurerm_{long}.{other}.id\n}}\n"
            )
            .unwrap();
        }
        text
    }
}

fn public_address(name: &str, sku: &str) -> Value {
    let properties = json!({ "publicIPAllocationMethod": "Static" });
    let mut address = resource("publicIPAddresses", name, properties);
    address["sku"] = json!({ "name": sku });
    address
}

fn arm_peering(remote: &str) -> Value {
    json!({ "name": remote, "properties": {
        "remoteVirtualNetwork": id("virtualNetworks", &[remote]),
        "allowVirtualNetworkAccess": true,
        "allowForwardedTraffic": true,
    }})
}

fn arm_subnet(words: &str) -> Value {
    let (name, prefix) = two(words);
    let mut properties = json!({ "addressPrefix": prefix });
    for (key, field, kind) in [
        ("nsg", "networkSecurityGroup", "networkSecurityGroups"),
        ("table", "routeTable", "routeTables"),
    ] {
        if let Some(other) = word(words, key) {
            properties[field] = id(kind, &[&other]);
        }
    }
    if let Some(service) = word(words, "endpoint") {
        properties["serviceEndpoints"] = json!([{ "service": service }]);
    }
    if let Some(policies) = word(words, "policies") {
        properties["privateEndpointNetworkPolicies"] = json!(policies);
    }
    if has(words, "nat") {
        properties["natGateway"] = id("natGateways", &["nat"]);
    }
    if has(words, "private") {
        properties["defaultOutboundAccess"] = json!(false);
    }
    json!({ "name": name, "properties": properties })
}

fn arm_route((name, prefix, kind, address): &Route) -> Value {
    let mut properties = json!({ "addressPrefix": prefix, "nextHopType": kind });
    if let Some(address) = address {
        properties["nextHopIpAddress"] = json!(address);
    }
    json!({ "name": name, "properties": properties })
}

/// The words of a rule, source ports last.
fn parts(text: &str) -> [&str; 8] {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [a, b, c, d, e, f, g] => [a, b, c, d, e, f, g, "*"],
        words => words.try_into().unwrap(),
    }
}

pub fn arm_rule((name, text): &Rule) -> Value {
    let [
        priority,
        direction,
        access,
        protocol,
        source,
        destination,
        ports,
        from,
    ] = parts(text);
    let mut properties = json!({
        "priority": priority.parse::<u32>().unwrap(),
        "direction": direction,
        "access": access,
        "protocol": protocol,
    });
    for (side, text) in [("source", source), ("destination", destination)] {
        let items: Vec<&str> = text.split(',').collect();
        if let Some(group) = text.strip_prefix("asg:") {
            let group = id("applicationSecurityGroups", &[group]);
            properties[format!("{side}ApplicationSecurityGroups")] = json!([group]);
        } else if let [one] = items.as_slice() {
            properties[format!("{side}AddressPrefix")] = json!(one);
        } else {
            properties[format!("{side}AddressPrefixes")] = json!(items);
        }
    }
    for (side, text) in [("source", from), ("destination", ports)] {
        let items: Vec<&str> = text.split(',').collect();
        match items.as_slice() {
            [one] => properties[format!("{side}PortRange")] = json!(one),
            items => properties[format!("{side}PortRanges")] = json!(items),
        }
    }
    json!({ "name": name, "properties": properties })
}

fn hcl_rule((name, text): &Rule) -> String {
    let [
        priority,
        direction,
        access,
        protocol,
        source,
        destination,
        ports,
        from,
    ] = parts(text);
    let mut body = format!(
        "  security_rule {{\n    name = \"{name}\"\n    priority = {priority}\n    \
         direction = \"{direction}\"\n    access = \"{access}\"\n    protocol = \"{protocol}\"\n"
    );
    for (side, text) in [("source", source), ("destination", destination)] {
        let items: Vec<&str> = text.split(',').collect();
        let line = if let Some(group) = text.strip_prefix("asg:") {
            let group = format!("azurerm_application_security_group.{group}.id");
            format!("{side}_application_security_group_ids = [{group}]")
        } else if let [one] = items.as_slice() {
            format!("{side}_address_prefix = \"{one}\"")
        } else {
            format!("{side}_address_prefixes = {items:?}")
        };
        writeln!(body, "    {line}").unwrap();
    }
    for (side, text) in [("source", from), ("destination", ports)] {
        let items: Vec<&str> = text.split(',').collect();
        match items.as_slice() {
            [one] => writeln!(body, "    {side}_port_range = \"{one}\"").unwrap(),
            items => writeln!(body, "    {side}_port_ranges = {items:?}").unwrap(),
        }
    }
    body + "  }\n"
}

fn hcl_route((name, prefix, kind, address): &Route) -> String {
    let mut body = format!(
        "  route {{\n    name = \"{name}\"\n    address_prefix = \"{prefix}\"\n    \
         next_hop_type = \"{kind}\"\n"
    );
    if let Some(address) = address {
        writeln!(body, "    next_hop_in_ip_address = \"{address}\"").unwrap();
    }
    body + "  }\n"
}
