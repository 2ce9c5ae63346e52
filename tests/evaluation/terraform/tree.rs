//! A network as resources of Terraform, before any of it is written down.

use std::collections::BTreeSet;

use super::super::plain::{
    COLLECTIONS, GROUPS, MACHINES, NETWORKS, NICS, Network, POLICIES, Plain, Resource, TABLES,
};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
    /// What another resource says of itself.
    Link(Target),
    /// Objects that are written as blocks.
    Blocks(Vec<Vec<(&'static str, Self)>>),
}

/// An attribute of a resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub what: What,
    pub attribute: &'static str,
}

/// What of the network a resource stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// A resource, by its place.
    Whole(usize),
    /// A subnet, by its network's place and its name.
    Subnet(usize, String),
    /// Nothing that others name.
    Part,
}

/// A resource of Terraform.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub kind: &'static str,
    pub what: What,
    pub arguments: Vec<(&'static str, Tree)>,
}

/// How the parts of a resource are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// In the resource itself.
    Within,
    /// As resources of their own.
    Apart,
    /// As the body that Azure is sent.
    Azapi,
}

impl Tree {
    /// Whether it holds what cannot be written in a file of values.
    pub fn has_link(&self) -> bool {
        self.any(&|it| matches!(it, Self::Link(_)))
    }

    /// Whether a text or number in it is one of those.
    pub fn mentions(&self, texts: &BTreeSet<String>) -> bool {
        self.any(&|it| it.scalar().is_some_and(|text| texts.contains(&text)))
    }

    fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::List(items) => items.iter().any(|it| it.any(test)),
                Self::Object(entries) => entries.iter().any(|(_, it)| it.any(test)),
                Self::Blocks(blocks) => blocks.iter().flatten().any(|(_, it)| it.any(test)),
                Self::Text(_) | Self::Number(_) | Self::Truth(_) | Self::Link(_) => false,
            }
    }

    /// The text of a text or number.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, it)| it),
            _ => None,
        }
    }

    /// The same with objects in place of blocks.
    pub fn data(&self) -> Self {
        let entries = |all: &[(&'static str, Self)]| {
            let all = all.iter().map(|(key, value)| (*key, value.data()));
            all.collect()
        };
        match self {
            Self::Blocks(blocks) => Self::List(
                blocks
                    .iter()
                    .map(|block| Self::Object(entries(block)))
                    .collect(),
            ),
            Self::List(items) => Self::List(items.iter().map(Self::data).collect()),
            Self::Object(own) => Self::Object(entries(own)),
            other => other.clone(),
        }
    }
}

impl Piece {
    /// The name of the resource, if others can name it.
    pub fn name(&self) -> Option<&str> {
        match self.arguments.iter().find(|(key, _)| *key == "name") {
            Some((_, Tree::Text(name))) => Some(name),
            _ => None,
        }
    }
}

fn text(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

/// The value as Azure is sent it.
fn body(value: &Plain) -> Tree {
    match value {
        Plain::Text(text) => Tree::Text(text.clone()),
        Plain::Number(number) => Tree::Number(*number),
        Plain::Truth(truth) => Tree::Truth(*truth),
        Plain::List(items) => Tree::List(items.iter().map(body).collect()),
        Plain::Object(entries) => Tree::Object(
            entries
                .iter()
                .map(|(key, value)| (*key, body(value)))
                .collect(),
        ),
        Plain::Link(resource, part) => Tree::Link(Target {
            what: match part {
                Some(part) => What::Subnet(*resource, part.clone()),
                None => What::Whole(*resource),
            },
            attribute: "id",
        }),
    }
}

pub(super) fn link(place: usize, attribute: &'static str) -> Tree {
    Tree::Link(Target {
        what: What::Whole(place),
        attribute,
    })
}

fn id(value: &Plain) -> Tree {
    body(value.get("id").unwrap())
}

const RULE: &[(&str, &str)] = &[
    ("priority", "priority"),
    ("direction", "direction"),
    ("access", "access"),
    ("protocol", "protocol"),
    ("sourcePortRange", "source_port_range"),
    ("sourceAddressPrefix", "source_address_prefix"),
    ("sourceAddressPrefixes", "source_address_prefixes"),
    ("destinationAddressPrefix", "destination_address_prefix"),
    ("destinationPortRange", "destination_port_range"),
    ("destinationPortRanges", "destination_port_ranges"),
];
const ROUTE: &[(&str, &str)] = &[
    ("addressPrefix", "address_prefix"),
    ("nextHopType", "next_hop_type"),
    ("nextHopIpAddress", "next_hop_in_ip_address"),
];
const FIREWALL_RULE: &[(&str, &str)] = &[
    ("ipProtocols", "protocols"),
    ("sourceAddresses", "source_addresses"),
    ("destinationAddresses", "destination_addresses"),
    ("destinationPorts", "destination_ports"),
];

fn renamed(from: &Plain, names: &[(&str, &'static str)]) -> Vec<(&'static str, Tree)> {
    let found = names
        .iter()
        .filter_map(|(old, new)| Some((*new, body(from.get(old)?))));
    found.collect()
}

fn group(resource: &Resource) -> Tree {
    text(if resource.elsewhere { "other" } else { "main" })
}

/// Name, resource group and, of most, where it lies.
fn common(resource: &Resource) -> Vec<(&'static str, Tree)> {
    vec![
        ("name", text(&resource.name)),
        ("resource_group_name", group(resource)),
        ("location", text("westeurope")),
    ]
}

/// The entries of a list of parts: name and the rest.
fn parts<'a>(resource: &'a Resource, list: &str) -> Vec<(&'a Plain, &'a Plain)> {
    let list = resource.property(list);
    let items = list.map_or(&[][..], Plain::items).iter();
    let pair = |item: &'a Plain| Some((item.get("name")?, item.get("properties")?));
    items.filter_map(pair).collect()
}

fn part(name: &Plain, mut rest: Vec<(&'static str, Tree)>) -> Vec<(&'static str, Tree)> {
    rest.insert(0, ("name", body(name)));
    rest
}

/// The resources that stand for one of the network's.
pub(super) fn pieces(network: &Network, place: usize, style: Style) -> Vec<Piece> {
    let resource = &network.resources[place];
    let mut writer = Pieces {
        place,
        resource,
        style,
        written: Vec::new(),
    };
    match resource.kind {
        GROUPS | TABLES if style == Style::Azapi => writer.azapi(),
        GROUPS => writer.owner("azurerm_network_security_group", "securityRules", RULE),
        TABLES => writer.owner("azurerm_route_table", "routes", ROUTE),
        NETWORKS => writer.network(),
        NICS => writer.nic(),
        MACHINES => writer.machine(),
        POLICIES => writer.policy(),
        COLLECTIONS => writer.collections(),
        other => unreachable!("{other}"),
    }
    writer.written
}

struct Pieces<'a> {
    place: usize,
    resource: &'a Resource,
    style: Style,
    written: Vec<Piece>,
}

impl Pieces<'_> {
    fn add(&mut self, kind: &'static str, what: What, arguments: Vec<(&'static str, Tree)>) {
        self.written.push(Piece {
            kind,
            what,
            arguments,
        });
    }

    /// The resource itself.
    fn whole(&mut self, kind: &'static str, more: Vec<(&'static str, Tree)>) {
        let mut arguments = common(self.resource);
        arguments.extend(more);
        self.add(kind, What::Whole(self.place), arguments);
    }

    fn azapi(&mut self) {
        let properties = self.resource.properties.iter();
        let properties = properties.map(|(key, value)| (*key, body(value))).collect();
        let kind = match self.resource.kind {
            GROUPS => "Microsoft.Network/networkSecurityGroups@2024-05-01",
            _ => "Microsoft.Network/routeTables@2024-05-01",
        };
        let group = if self.resource.elsewhere {
            "other"
        } else {
            "main"
        };
        let parent = format!("{}{group}", super::GROUP);
        let arguments = vec![
            ("type", text(kind)),
            ("name", text(&self.resource.name)),
            ("parent_id", Tree::Text(parent)),
            ("location", text("westeurope")),
            (
                "body",
                Tree::Object(vec![("properties", Tree::Object(properties))]),
            ),
        ];
        self.add("azapi_resource", What::Whole(self.place), arguments);
    }

    /// A network security group or route table.
    fn owner(&mut self, kind: &'static str, list: &str, names: &[(&str, &'static str)]) {
        let (block, apart, named) = match list {
            "routes" => ("route", "azurerm_route", "route_table_name"),
            _ => (
                "security_rule",
                "azurerm_network_security_rule",
                "network_security_group_name",
            ),
        };
        let items: Vec<_> = parts(self.resource, list)
            .into_iter()
            .map(|(name, rest)| part(name, renamed(rest, names)))
            .collect();
        if self.style == Style::Within {
            self.whole(kind, vec![(block, Tree::Blocks(items))]);
            return;
        }
        self.whole(kind, Vec::new());
        for mut item in items {
            item.push(("resource_group_name", group(self.resource)));
            item.push((named, link(self.place, "name")));
            self.add(apart, What::Part, item);
        }
    }

    fn network(&mut self) {
        let space = self.resource.property("addressSpace").unwrap();
        let space = body(space.get("addressPrefixes").unwrap());
        let mut own = vec![("address_space", space)];
        let subnets = parts(self.resource, "subnets");
        if self.style == Style::Within {
            let blocks = subnets.iter().map(|(name, rest)| {
                let prefix = Tree::List(vec![body(rest.get("addressPrefix").unwrap())]);
                let mut block = vec![("address_prefixes", prefix)];
                if let Some(group) = rest.get("networkSecurityGroup") {
                    block.push(("security_group", id(group)));
                }
                if let Some(table) = rest.get("routeTable") {
                    block.push(("route_table_id", id(table)));
                }
                part(name, block)
            });
            own.push(("subnet", Tree::Blocks(blocks.collect())));
        }
        self.whole("azurerm_virtual_network", own);
        for (name, rest) in subnets {
            if self.style == Style::Within {
                break;
            }
            let Plain::Text(called) = name else { continue };
            let what = What::Subnet(self.place, called.clone());
            let prefix = Tree::List(vec![body(rest.get("addressPrefix").unwrap())]);
            let block = vec![
                ("resource_group_name", group(self.resource)),
                ("virtual_network_name", link(self.place, "name")),
                ("address_prefixes", prefix),
            ];
            self.add("azurerm_subnet", what.clone(), part(name, block));
            for (property, kind, attribute) in [
                (
                    "networkSecurityGroup",
                    "azurerm_subnet_network_security_group_association",
                    "network_security_group_id",
                ),
                (
                    "routeTable",
                    "azurerm_subnet_route_table_association",
                    "route_table_id",
                ),
            ] {
                let Some(linked) = rest.get(property) else {
                    continue;
                };
                let subnet = Tree::Link(Target {
                    what: what.clone(),
                    attribute: "id",
                });
                let ends = vec![("subnet_id", subnet), (attribute, id(linked))];
                self.add(kind, What::Part, ends);
            }
        }
        for (name, rest) in parts(self.resource, "virtualNetworkPeerings") {
            let peering = vec![
                ("resource_group_name", group(self.resource)),
                ("virtual_network_name", link(self.place, "name")),
                (
                    "remote_virtual_network_id",
                    id(rest.get("remoteVirtualNetwork").unwrap()),
                ),
                (
                    "allow_forwarded_traffic",
                    body(rest.get("allowForwardedTraffic").unwrap()),
                ),
            ];
            self.add(
                "azurerm_virtual_network_peering",
                What::Part,
                part(name, peering),
            );
        }
    }

    fn nic(&mut self) {
        let configurations = parts(self.resource, "ipConfigurations");
        let blocks = configurations.iter().map(|(name, rest)| {
            let block = vec![
                ("subnet_id", id(rest.get("subnet").unwrap())),
                ("private_ip_address_allocation", text("Static")),
                (
                    "private_ip_address",
                    body(rest.get("privateIPAddress").unwrap()),
                ),
            ];
            part(name, block)
        });
        let blocks = Tree::Blocks(blocks.collect());
        self.whole(
            "azurerm_network_interface",
            vec![("ip_configuration", blocks)],
        );
    }

    fn machine(&mut self) {
        let profile = self.resource.property("networkProfile").unwrap();
        let nics = profile.get("networkInterfaces").unwrap().items();
        let nics = Tree::List(nics.iter().map(id).collect());
        let own = vec![
            ("size", text("Standard_B1s")),
            ("network_interface_ids", nics),
        ];
        self.whole("azurerm_linux_virtual_machine", own);
    }

    fn policy(&mut self) {
        let mode = self.resource.property("threatIntelMode").unwrap();
        let own = vec![("threat_intelligence_mode", body(mode))];
        self.whole("azurerm_firewall_policy", own);
    }

    fn collections(&mut self) {
        let collections = self.resource.property("ruleCollections").unwrap();
        let blocks = collections.items().iter().map(|collection| {
            let rules = collection.get("rules").unwrap().items().iter();
            let rules =
                rules.map(|rule| part(rule.get("name").unwrap(), renamed(rule, FIREWALL_RULE)));
            let block = vec![
                ("priority", body(collection.get("priority").unwrap())),
                (
                    "action",
                    body(collection.get("action").unwrap().get("type").unwrap()),
                ),
                ("rule", Tree::Blocks(rules.collect())),
            ];
            part(collection.get("name").unwrap(), block)
        });
        let blocks = Tree::Blocks(blocks.collect());
        let (_, name) = self.resource.name.split_once('/').unwrap();
        let own = vec![
            ("name", text(name)),
            (
                "firewall_policy_id",
                link(self.resource.parent.unwrap(), "id"),
            ),
            (
                "priority",
                body(self.resource.property("priority").unwrap()),
            ),
            ("network_rule_collection", blocks),
        ];
        self.add(
            "azurerm_firewall_policy_rule_collection_group",
            What::Part,
            own,
        );
    }
}
