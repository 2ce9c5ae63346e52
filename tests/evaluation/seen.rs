//! What the program saw: the fields of a network with their values as they were typed, as far as
//! that makes no difference, and the texts of the literals they go back to.

use std::collections::BTreeMap;
use std::fmt::Debug;

use aznet::engine::ask::estate::{Asked, Estate};
use aznet::eval::value::Truth;
use aznet::model::address::{AddressPrefix, PortRange, ProtocolMatch};
use aznet::model::firewall::{FirewallProtocol, FirewallRuleOwner};
use aznet::model::routing::RoutePrefix;
use aznet::model::{Field, Link, List, Meta, State};
use aznet::origin::OriginId;

/// A field.
#[derive(Debug)]
pub struct Seen {
    pub value: String,
    pub literals: Vec<String>,
}

/// What stands around a literal.
pub const QUOTES: [char; 4] = ['"', '\'', '\\', '\n'];

/// Whether a literal is a text, or holds one that is too long to be there by chance.
pub fn says(literal: &str, text: &str) -> bool {
    literal.trim_matches(QUOTES) == text
        || (text.len() >= 3 || literal.contains("%{")) && literal.contains(text)
}

struct Reader<'a> {
    estate: &'a Estate,
    asked: &'a Asked,
    seen: BTreeMap<String, Seen>,
}

/// Reads all of a deployment.
pub fn read(estate: &Estate, asked: &Asked) -> BTreeMap<String, Seen> {
    let mut reader = Reader {
        estate,
        asked,
        seen: BTreeMap::new(),
    };
    reader.all();
    reader.seen
}

impl Reader<'_> {
    fn all(&mut self) {
        let network = &self.asked.network;
        for group in &network.network_security_groups {
            self.element(&name(&group.meta), &group.meta);
            assert!(group.rules.rest.is_none());
        }
        for rule in &network.security_rules {
            let owner = &network[rule.nsg.unwrap()].meta;
            let path = format!("{}/{}", name(owner), name(&rule.meta));
            self.element(&path, &rule.meta);
            self.one(&format!("{path}.priority"), &rule.priority, |it| {
                it.to_string()
            });
            self.one(&format!("{path}.direction"), &rule.direction, word);
            self.one(&format!("{path}.access"), &rule.access, word);
            self.one(&format!("{path}.protocol"), &rule.protocol, |it| match it {
                ProtocolMatch::Only(protocol) => word(protocol),
                ProtocolMatch::Any => "*".to_owned(),
            });
            self.many(&format!("{path}.source"), &rule.source, prefix);
            self.many(&format!("{path}.source_ports"), &rule.source_ports, ports);
            self.many(&format!("{path}.destination"), &rule.destination, prefix);
            let ports_there = &rule.destination_ports;
            self.many(&format!("{path}.destination_ports"), ports_there, ports);
        }
        for table in &network.route_tables {
            self.element(&name(&table.meta), &table.meta);
            assert!(table.routes.rest.is_none());
        }
        for route in &network.routes {
            let owner = &network[route.route_table.unwrap()].meta;
            let path = format!("{}/{}", name(owner), name(&route.meta));
            self.element(&path, &route.meta);
            self.one(&format!("{path}.prefix"), &route.prefix, |it| match it {
                RoutePrefix::Block(block) => block.to_string(),
                RoutePrefix::Tag(tag) => tag.name().to_owned(),
            });
            self.one(&format!("{path}.next_hop_type"), &route.next_hop_type, word);
            let address = &route.next_hop_address;
            self.one(
                &format!("{path}.next_hop_address"),
                address,
                ToString::to_string,
            );
        }
        for vnet in &network.virtual_networks {
            self.element(&name(&vnet.meta), &vnet.meta);
            let path = format!("{}.space", name(&vnet.meta));
            self.many(&path, &vnet.address_space, ToString::to_string);
        }
        for subnet in &network.subnets {
            let owner = subnet.virtual_network.value().and_then(Link::here).unwrap();
            let path = format!("{}/{}", name(&network[owner].meta), name(&subnet.meta));
            self.element(&path, &subnet.meta);
            let prefixes = &subnet.address_prefixes;
            self.many(&format!("{path}.prefix"), prefixes, ToString::to_string);
            self.one(&format!("{path}.nsg"), &subnet.nsg, |link| {
                link.here()
                    .map_or_else(|| format!("{link:?}"), |id| name(&network[id].meta))
            });
            self.one(
                &format!("{path}.route_table"),
                &subnet.route_table,
                |link| {
                    link.here()
                        .map_or_else(|| format!("{link:?}"), |id| name(&network[id].meta))
                },
            );
        }
        for nic in &network.network_interfaces {
            let path = name(&nic.meta);
            self.element(&path, &nic.meta);
            let configuration = &nic.ip_configurations.items[0];
            self.one(&format!("{path}.subnet"), &configuration.subnet, |link| {
                let Some(subnet) = link.here() else {
                    return format!("{link:?}");
                };
                let owner = network[subnet].virtual_network.value().and_then(Link::here);
                let owner = name(&network[owner.unwrap()].meta);
                format!("{owner}/{}", name(&network[subnet].meta))
            });
            let address = &configuration.private_address;
            self.one(&format!("{path}.address"), address, ToString::to_string);
        }
        self.others();
    }

    /// Peerings, machines, firewall policies.
    fn others(&mut self) {
        let network = &self.asked.network;
        for peering in &network.peerings {
            let owner = peering.virtual_network.value().and_then(Link::here);
            let owner = name(&network[owner.unwrap()].meta);
            let path = format!("{owner}/{}", name(&peering.meta));
            self.element(&path, &peering.meta);
            self.one(&format!("{path}.remote"), &peering.remote, |link| {
                link.here()
                    .map_or_else(|| format!("{link:?}"), |id| name(&network[id].meta))
            });
            let forwarded = &peering.allow_forwarded_traffic;
            self.one(&format!("{path}.forwarded"), forwarded, ToString::to_string);
        }
        for machine in &network.machines {
            let path = name(&machine.meta);
            self.element(&path, &machine.meta);
            self.many(
                &format!("{path}.nics"),
                &machine.network_interfaces,
                |link| {
                    link.here()
                        .map_or_else(|| format!("{link:?}"), |id| name(&network[id].meta))
                },
            );
        }
        for policy in &network.firewall_policies {
            let path = name(&policy.meta);
            self.element(&path, &policy.meta);
            let mode = &policy.settings.threat_intelligence;
            self.one(&format!("{path}.threat_intelligence"), mode, word);
            assert!(policy.rules.rest.is_none(), "{path}");
        }
        for rule in &network.firewall_rules {
            let Some(FirewallRuleOwner::Policy(policy)) = rule.owner else {
                panic!("{}: {:?}", rule.meta.address, rule.owner);
            };
            let path = format!("{}/{}", name(&network[policy].meta), name(&rule.meta));
            self.element(&path, &rule.meta);
            let shown = ToString::to_string;
            let priority = &rule.group_priority;
            self.one(&format!("{path}.group_priority"), priority, u32::to_string);
            let priority = &rule.collection_priority;
            self.one(
                &format!("{path}.collection_priority"),
                priority,
                u32::to_string,
            );
            self.one(&format!("{path}.collection"), &rule.collection, shown);
            self.one(&format!("{path}.action"), &rule.action, word);
            self.many(
                &format!("{path}.protocols"),
                &rule.protocols,
                |it| match it {
                    FirewallProtocol::Only(protocol) => word(protocol),
                    other => word(other),
                },
            );
            self.many(&format!("{path}.source"), &rule.source, prefix);
            self.many(&format!("{path}.destination"), &rule.destination, prefix);
            self.many(&format!("{path}.ports"), &rule.destination_ports, ports);
        }
    }

    fn element(&mut self, path: &str, meta: &Meta) {
        assert_eq!(meta.existence.truth, Truth::True, "{path}");
        assert!(!meta.template && !meta.existing, "{path}");
        let value = meta.name.value().unwrap().to_string();
        self.put(path, value, meta.name.origin);
    }

    fn one<T: Debug>(&mut self, path: &str, field: &Field<T>, show: impl Fn(&T) -> String) {
        let value = match &field.state {
            State::Known(value) => show(value),
            State::Absent => return,
            other => format!("{other:?}"),
        };
        self.put(path, value, field.origin);
    }

    fn many<T: Debug>(&mut self, path: &str, list: &List<Field<T>>, show: impl Fn(&T) -> String) {
        for (index, item) in list.items.iter().enumerate() {
            self.one(&format!("{path}[{index}]"), item, &show);
        }
        assert!(list.rest.is_none(), "{path}");
    }

    fn put(&mut self, path: &str, value: String, origin: OriginId) {
        let spans = self.asked.deployment.origins.literals(origin);
        let literals = spans.iter().map(|span| self.estate.sources.slice(*span));
        let literals: Vec<String> = literals.map(ToOwned::to_owned).collect();
        let before = self.seen.insert(path.to_owned(), Seen { value, literals });
        assert!(before.is_none(), "{path} is there twice");
    }
}

fn name(meta: &Meta) -> String {
    match &meta.name.state {
        State::Known(name) => name.to_string(),
        other => panic!("{}: {other:?}", meta.address),
    }
}

fn word<T: Debug>(value: &T) -> String {
    format!("{value:?}")
}

fn prefix(value: &AddressPrefix) -> String {
    match value {
        AddressPrefix::Block(block) => block.to_string(),
        other => format!("{other:?}"),
    }
}

fn ports(value: &PortRange) -> String {
    match value.first == value.last {
        true => value.first.to_string(),
        false => format!("{}-{}", value.first, value.last),
    }
}
