//! Networks as plain data. Every value that a person would type occurs once in a network, so that
//! its text tells which one it is.

use std::collections::BTreeMap;

use proptest::prelude::*;

/// A piece of a template before it is written.
#[derive(Clone, Debug)]
pub enum Plain {
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
    /// The id of another resource: its place in the network, and the rest of a subnet's id.
    Link(usize, Option<String>),
}

/// A resource.
#[derive(Clone, Debug)]
pub struct Resource {
    pub kind: &'static str,
    pub name: String,
    /// In the resource group `other` instead of the deployment's own.
    pub elsewhere: bool,
    /// The place of the resource that it is a child of; its name then begins with that one's.
    pub parent: Option<usize>,
    pub properties: Vec<(&'static str, Plain)>,
}

/// A network.
#[derive(Clone, Debug)]
pub struct Network {
    pub resources: Vec<Resource>,
}

/// A value that is to be found.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub text: String,
    /// Whether it names a resource or is a yes or no, and is typed nowhere.
    pub link: bool,
}

pub const GROUPS: &str = "Microsoft.Network/networkSecurityGroups";
pub const TABLES: &str = "Microsoft.Network/routeTables";
pub const NETWORKS: &str = "Microsoft.Network/virtualNetworks";
pub const NICS: &str = "Microsoft.Network/networkInterfaces";
pub const MACHINES: &str = "Microsoft.Compute/virtualMachines";
pub const POLICIES: &str = "Microsoft.Network/firewallPolicies";
pub const COLLECTIONS: &str = "Microsoft.Network/firewallPolicies/ruleCollectionGroups";

/// Lists whose items can be resources of their own.
pub const SPLIT: [&str; 4] = [
    "securityRules",
    "routes",
    "subnets",
    "virtualNetworkPeerings",
];

/// Sizes and choices a network is built from.
#[derive(Clone, Debug)]
struct Outline {
    groups: Vec<(bool, Vec<u8>)>,
    tables: Vec<(bool, Vec<u8>)>,
    networks: Vec<Vec<(Option<usize>, Option<usize>)>>,
    nics: Vec<usize>,
    machines: Vec<usize>,
    /// Which network is peered with which.
    peerings: Vec<(usize, usize, bool)>,
    /// The rules of each collection.
    policies: Vec<Vec<Vec<u8>>>,
}

pub fn networks() -> impl Strategy<Value = Network> {
    let parts = |most| prop::collection::vec(any::<u8>(), 0..most);
    let owners = |most| prop::collection::vec((prop::bool::weighted(0.2), parts(most)), 0..3);
    let subnet = (prop::option::of(0..3_usize), prop::option::of(0..3_usize));
    let network = prop::collection::vec(subnet, 1..4);
    (
        owners(4),
        owners(3),
        prop::collection::vec(network, 0..3),
        prop::collection::vec(0..6_usize, 0..3),
        prop::collection::vec(0..3_usize, 0..2),
        prop::collection::vec((0..3_usize, 0..3_usize, any::<bool>()), 0..3),
        prop::collection::vec(prop::collection::vec(parts(3), 1..3), 0..2),
    )
        .prop_map(
            |(groups, tables, networks, nics, machines, peerings, policies)| {
                built(&Outline {
                    groups,
                    tables,
                    networks,
                    nics,
                    machines,
                    peerings,
                    policies,
                })
            },
        )
}

/// One of everything.
pub fn sample() -> Network {
    built(&Outline {
        groups: vec![(false, vec![1, 2, 7])],
        tables: vec![(false, vec![0, 1])],
        networks: vec![vec![(Some(0), Some(0)), (None, None)], vec![(None, None)]],
        nics: vec![0],
        machines: vec![0],
        peerings: vec![(0, 1, true)],
        policies: vec![vec![vec![1, 6]]],
    })
}

/// Gives out texts, each once.
#[derive(Default)]
struct Mint {
    given: usize,
}

impl Mint {
    fn next(&mut self) -> usize {
        self.given += 1;
        self.given
    }

    fn name(&mut self, what: &str) -> Plain {
        Plain::Text(format!("{what}-{}", self.next()))
    }

    fn block(&mut self) -> Plain {
        let at = self.next();
        Plain::Text(format!("10.{}.{}.0/24", 100 + at / 200, 20 + at % 200))
    }

    fn address(&mut self) -> Plain {
        let at = self.next();
        Plain::Text(format!("172.16.{}.{}", 20 + at / 200, 20 + at % 200))
    }

    fn port(&mut self) -> Plain {
        let at = self.next();
        Plain::Text(match at % 2 {
            0 => format!("{}", 20_000 + at),
            _ => format!("{}-{}", 30_000 + at, 50_000 + at),
        })
    }

    fn priority(&mut self) -> Plain {
        Plain::Number(i64::try_from(1000 + self.next()).unwrap())
    }

    /// A word, which Azure reads in any case, in a case of its own.
    fn word(&mut self, word: &str) -> Plain {
        let at = self.next();
        let letters = word.chars().enumerate();
        let letters = letters.map(|(place, letter)| match at >> place & 1 {
            0 => letter.to_ascii_lowercase(),
            _ => letter.to_ascii_uppercase(),
        });
        Plain::Text(letters.collect())
    }

    fn rule(&mut self, choice: u8) -> Plain {
        let direction = ["Inbound", "Outbound"][usize::from(choice & 1)];
        let access = ["Allow", "Deny"][usize::from(choice >> 1 & 1)];
        let protocol = ["Tcp", "Udp", "Icmp"][usize::from(choice >> 2) % 3];
        let mut properties = vec![
            ("priority", self.priority()),
            ("direction", self.word(direction)),
            ("access", self.word(access)),
            ("protocol", self.word(protocol)),
            ("sourcePortRange", self.port()),
        ];
        properties.push(match choice >> 4 & 1 {
            0 => ("sourceAddressPrefix", self.block()),
            _ => (
                "sourceAddressPrefixes",
                Plain::List(vec![self.block(), self.block()]),
            ),
        });
        properties.push(("destinationAddressPrefix", self.block()));
        properties.push(match choice >> 5 & 1 {
            0 => ("destinationPortRange", self.port()),
            _ => (
                "destinationPortRanges",
                Plain::List(vec![self.port(), self.port(), self.port()]),
            ),
        });
        named(self.name("rule"), properties)
    }

    fn route(&mut self, choice: u8) -> Plain {
        let mut properties = vec![("addressPrefix", self.block())];
        if choice & 1 == 0 {
            properties.push(("nextHopType", self.word("VirtualAppliance")));
            properties.push(("nextHopIpAddress", self.address()));
        } else {
            properties.push(("nextHopType", self.word("VirtualNetworkGateway")));
        }
        named(self.name("route"), properties)
    }

    fn firewall_rule(&mut self, choice: u8) -> Plain {
        let protocols = match choice >> 1 & 1 {
            0 => vec![self.word("TCP")],
            _ => vec![self.word("TCP"), self.word("UDP")],
        };
        Plain::Object(vec![
            ("name", self.name("rule")),
            ("ruleType", Plain::Text("NetworkRule".to_owned())),
            ("ipProtocols", Plain::List(protocols)),
            (
                "sourceAddresses",
                Plain::List(vec![self.block(), self.block()]),
            ),
            ("destinationAddresses", Plain::List(vec![self.block()])),
            (
                "destinationPorts",
                Plain::List(match choice & 1 {
                    0 => vec![self.port()],
                    _ => vec![self.port(), self.port()],
                }),
            ),
        ])
    }

    /// Rules of a policy that are allowed or denied together.
    fn collection(&mut self, choices: &[u8]) -> Plain {
        let action = match choices.first().map_or(0, |it| it >> 2 & 1) {
            0 => "Allow",
            _ => "Deny",
        };
        let action = Plain::Object(vec![("type", self.word(action))]);
        let rules = choices.iter().map(|choice| self.firewall_rule(*choice));
        let rules = Plain::List(rules.collect());
        Plain::Object(vec![
            ("name", self.name("collection")),
            (
                "ruleCollectionType",
                Plain::Text("FirewallPolicyFilterRuleCollection".to_owned()),
            ),
            ("priority", self.priority()),
            ("action", action),
            ("rules", rules),
        ])
    }
}

fn named(name: Plain, properties: Vec<(&'static str, Plain)>) -> Plain {
    Plain::Object(vec![
        ("name", name),
        ("properties", Plain::Object(properties)),
    ])
}

fn built(outline: &Outline) -> Network {
    let mut mint = Mint::default();
    let mut resources = Vec::new();
    for (elsewhere, rules) in &outline.groups {
        let rules = rules.iter().map(|choice| mint.rule(*choice)).collect();
        resources.push(Resource {
            kind: GROUPS,
            name: format!("group-{}", mint.next()),
            elsewhere: *elsewhere,
            parent: None,
            properties: vec![("securityRules", Plain::List(rules))],
        });
    }
    for (elsewhere, routes) in &outline.tables {
        let routes = routes.iter().map(|choice| mint.route(*choice)).collect();
        resources.push(Resource {
            kind: TABLES,
            name: format!("table-{}", mint.next()),
            elsewhere: *elsewhere,
            parent: None,
            properties: vec![("routes", Plain::List(routes))],
        });
    }
    let mut subnets = Vec::new();
    for network in &outline.networks {
        let at = resources.len();
        let name = format!("net-{}", mint.next());
        let link = |wanted: Option<usize>, first: usize, count: usize| {
            wanted
                .filter(|wanted| *wanted < count)
                .map(|wanted| Plain::Object(vec![("id", Plain::Link(first + wanted, None))]))
        };
        let own: Vec<Plain> = network
            .iter()
            .map(|(group, table)| {
                let mut properties = vec![("addressPrefix", mint.block())];
                let groups = outline.groups.len();
                if let Some(group) = link(*group, 0, groups) {
                    properties.push(("networkSecurityGroup", group));
                }
                if let Some(table) = link(*table, groups, outline.tables.len()) {
                    properties.push(("routeTable", table));
                }
                let name = format!("subnet-{}", mint.next());
                subnets.push((at, name.clone()));
                named(Plain::Text(name), properties)
            })
            .collect();
        let space = Plain::List(vec![mint.block()]);
        resources.push(Resource {
            kind: NETWORKS,
            name,
            elsewhere: false,
            parent: None,
            properties: vec![
                (
                    "addressSpace",
                    Plain::Object(vec![("addressPrefixes", space)]),
                ),
                ("subnets", Plain::List(own)),
            ],
        });
    }
    let first = outline.groups.len() + outline.tables.len();
    for (from, to, forwarded) in &outline.peerings {
        let count = outline.networks.len();
        if from == to || *from >= count || *to >= count {
            continue;
        }
        let remote = Plain::Link(first + to, None);
        let peering = named(
            mint.name("peering"),
            vec![
                ("remoteVirtualNetwork", Plain::Object(vec![("id", remote)])),
                ("allowForwardedTraffic", Plain::Truth(*forwarded)),
            ],
        );
        let properties = &mut resources[first + from].properties;
        match properties.last_mut() {
            Some(("virtualNetworkPeerings", Plain::List(list))) => list.push(peering),
            _ => properties.push(("virtualNetworkPeerings", Plain::List(vec![peering]))),
        }
    }
    let nics = resources.len();
    for wanted in &outline.nics {
        let Some((network, subnet)) = subnets.get(*wanted) else {
            continue;
        };
        let link = Plain::Link(*network, Some(subnet.clone()));
        let configuration = named(
            mint.name("configuration"),
            vec![
                ("subnet", Plain::Object(vec![("id", link)])),
                ("privateIPAddress", mint.address()),
            ],
        );
        resources.push(Resource {
            kind: NICS,
            name: format!("nic-{}", mint.next()),
            elsewhere: false,
            parent: None,
            properties: vec![("ipConfigurations", Plain::List(vec![configuration]))],
        });
    }
    let links = nics..resources.len();
    for wanted in &outline.machines {
        let Some(nic) = links.clone().nth(*wanted) else {
            continue;
        };
        let nic = Plain::Object(vec![("id", Plain::Link(nic, None))]);
        let profile = Plain::Object(vec![("networkInterfaces", Plain::List(vec![nic]))]);
        resources.push(Resource {
            kind: MACHINES,
            name: format!("machine-{}", mint.next()),
            elsewhere: false,
            parent: None,
            properties: vec![("networkProfile", profile)],
        });
    }
    policies(outline, &mut mint, &mut resources);
    Network { resources }
}

fn policies(outline: &Outline, mint: &mut Mint, resources: &mut Vec<Resource>) {
    for collections in &outline.policies {
        let parent = resources.len();
        let name = format!("policy-{}", mint.next());
        resources.push(Resource {
            kind: POLICIES,
            name: name.clone(),
            elsewhere: false,
            parent: None,
            properties: vec![("threatIntelMode", mint.word("Deny"))],
        });
        let collections = collections.iter().map(|choices| mint.collection(choices));
        let collections = Plain::List(collections.collect());
        resources.push(Resource {
            kind: COLLECTIONS,
            name: format!("{name}/rules-{}", mint.next()),
            elsewhere: false,
            parent: Some(parent),
            properties: vec![
                ("priority", mint.priority()),
                ("ruleCollections", collections),
            ],
        });
    }
}

impl Plain {
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(entries) = self else {
            return None;
        };
        entries
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, it)| it)
    }

    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub fn has_link(&self) -> bool {
        match self {
            Self::Link(..) => true,
            Self::List(items) => items.iter().any(Self::has_link),
            Self::Object(entries) => entries.iter().any(|(_, value)| value.has_link()),
            Self::Text(_) | Self::Number(_) | Self::Truth(_) => false,
        }
    }
}

impl Resource {
    /// An entry of its properties.
    pub fn property(&self, name: &str) -> Option<&Plain> {
        let mut entries = self.properties.iter();
        entries.find(|(key, _)| *key == name).map(|(_, it)| it)
    }
}

impl Network {
    /// Every field that must be found, by name, as its value is shown.
    pub fn fields(&self) -> BTreeMap<String, Wanted> {
        let mut fields = BTreeMap::new();
        for resource in &self.resources {
            if let Some(collections) = resource.property("ruleCollections") {
                self.of_collections(resource, collections, &mut fields);
                continue;
            }
            fields.insert(resource.name.clone(), typed(resource.name.clone()));
            if let Some(mode) = resource.property("threatIntelMode") {
                let field = format!("{}.threat_intelligence", resource.name);
                fields.insert(field, self.wanted(mode));
            }
            if let Some(profile) = resource.property("networkProfile") {
                self.of_part(profile, MACHINE, &resource.name, &mut fields);
            }
            for (list, shown) in [
                ("securityRules", RULE),
                ("routes", ROUTE),
                ("subnets", SUBNET),
                ("virtualNetworkPeerings", PEERING),
            ] {
                let Some(items) = resource.property(list) else {
                    continue;
                };
                for item in items.items() {
                    let Some(Plain::Text(name)) = item.get("name") else {
                        continue;
                    };
                    let path = format!("{}/{name}", resource.name);
                    fields.insert(path.clone(), typed(name.clone()));
                    self.of_part(item.get("properties").unwrap(), shown, &path, &mut fields);
                }
            }
            if let Some(space) = resource.property("addressSpace") {
                self.of_part(space, SPACE, &resource.name, &mut fields);
            }
            if let Some(configurations) = resource.property("ipConfigurations") {
                let configuration = configurations.items()[0].get("properties").unwrap();
                self.of_part(configuration, CONFIGURATION, &resource.name, &mut fields);
            }
        }
        fields
    }

    fn of_collections(
        &self,
        resource: &Resource,
        collections: &Plain,
        fields: &mut BTreeMap<String, Wanted>,
    ) {
        let policy = &self.resources[resource.parent.unwrap()].name;
        for collection in collections.items() {
            for rule in collection.get("rules").unwrap().items() {
                let name = self.wanted(rule.get("name").unwrap());
                let path = format!("{policy}/{}", name.text);
                fields.insert(path.clone(), name);
                self.of_part(rule, FIREWALL_RULE, &path, fields);
                self.of_part(collection, COLLECTION, &path, fields);
                self.of_part(collection.get("action").unwrap(), ACTION, &path, fields);
                let priority = self.wanted(resource.property("priority").unwrap());
                fields.insert(format!("{path}.group_priority"), priority);
            }
        }
    }

    fn of_part(
        &self,
        properties: &Plain,
        shown: &[(&'static str, &'static str)],
        path: &str,
        fields: &mut BTreeMap<String, Wanted>,
    ) {
        for (written, read) in shown {
            let Some(value) = properties.get(written) else {
                continue;
            };
            let field = format!("{path}.{read}");
            match value {
                Plain::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        fields.insert(format!("{field}[{index}]"), self.wanted(item));
                    }
                }
                value if read.ends_with("[0]") => {
                    fields.insert(field, self.wanted(value));
                }
                value => {
                    fields.insert(field, self.wanted(value));
                }
            }
        }
    }

    fn wanted(&self, value: &Plain) -> Wanted {
        match value {
            Plain::Text(text) => typed(text.clone()),
            Plain::Number(number) => typed(number.to_string()),
            Plain::Object(_) => self.wanted(value.get("id").unwrap()),
            Plain::Link(resource, part) => {
                let name = &self.resources[*resource].name;
                Wanted {
                    text: match part {
                        Some(part) => format!("{name}/{part}"),
                        None => name.clone(),
                    },
                    link: true,
                }
            }
            // Whether is said in too many ways to look for the word.
            Plain::Truth(truth) => Wanted {
                text: truth.to_string(),
                link: true,
            },
            Plain::List(_) => unreachable!("no field holds {value:?}"),
        }
    }
}

fn typed(text: String) -> Wanted {
    Wanted { text, link: false }
}

/// How fields are written, and what they are called when they are read.
const RULE: &[(&str, &str)] = &[
    ("priority", "priority"),
    ("direction", "direction"),
    ("access", "access"),
    ("protocol", "protocol"),
    ("sourceAddressPrefix", "source[0]"),
    ("sourceAddressPrefixes", "source"),
    ("destinationAddressPrefix", "destination[0]"),
    ("sourcePortRange", "source_ports[0]"),
    ("destinationPortRange", "destination_ports[0]"),
    ("destinationPortRanges", "destination_ports"),
];
const ROUTE: &[(&str, &str)] = &[
    ("addressPrefix", "prefix"),
    ("nextHopType", "next_hop_type"),
    ("nextHopIpAddress", "next_hop_address"),
];
const SUBNET: &[(&str, &str)] = &[
    ("addressPrefix", "prefix[0]"),
    ("networkSecurityGroup", "nsg"),
    ("routeTable", "route_table"),
];
const SPACE: &[(&str, &str)] = &[("addressPrefixes", "space")];
const CONFIGURATION: &[(&str, &str)] = &[("subnet", "subnet"), ("privateIPAddress", "address")];
const PEERING: &[(&str, &str)] = &[
    ("remoteVirtualNetwork", "remote"),
    ("allowForwardedTraffic", "forwarded"),
];
const MACHINE: &[(&str, &str)] = &[("networkInterfaces", "nics")];
const FIREWALL_RULE: &[(&str, &str)] = &[
    ("ipProtocols", "protocols"),
    ("sourceAddresses", "source"),
    ("destinationAddresses", "destination"),
    ("destinationPorts", "ports"),
];
const COLLECTION: &[(&str, &str)] = &[("name", "collection"), ("priority", "collection_priority")];
const ACTION: &[(&str, &str)] = &[("type", "action")];
