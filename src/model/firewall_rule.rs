//! Puts a firewall rule together from the places where its fields are written.

use std::sync::Arc;

use super::field::Node;
use super::firewall::{FirewallProtocol, FirewallRule, FirewallRuleKind};
use super::nsg::Access;
use super::{Field, IpGroupId, Link, List, Meta, parse};

/// What a collection gives to all its rules.
pub(super) struct Collection<'a> {
    pub(super) group_priority: Field<u32>,
    pub(super) priority: Field<u32>,
    pub(super) name: Field<Arc<str>>,
    /// Where the action is written; collections that translate have none that matters.
    pub(super) action: Node<'a>,
}

/// Where the fields of a rule are written.
pub(super) struct Draft<'a> {
    pub(super) meta: Meta,
    pub(super) kind: FirewallRuleKind,
    pub(super) position: usize,
    /// Names of protocols; for application rules objects with a port.
    pub(super) protocols: Node<'a>,
    /// How the port in those objects is spelt.
    pub(super) protocol_port: &'static str,
    pub(super) source: Node<'a>,
    pub(super) source_ip_groups: List<Field<Link<IpGroupId>>>,
    /// Lists or single addresses.
    pub(super) destination: Vec<Node<'a>>,
    pub(super) destination_ip_groups: List<Field<Link<IpGroupId>>>,
    /// Lists of names: FQDNs, tags, categories, URLs.
    pub(super) names: Vec<Node<'a>>,
    pub(super) ports: Node<'a>,
    pub(super) translated_address: Node<'a>,
    pub(super) translated_port: Node<'a>,
}

impl Draft<'_> {
    /// The rule, as yet without an owner.
    pub(super) fn assemble(self, collection: &Collection<'_>) -> FirewallRule {
        let application = self.kind == FirewallRuleKind::Application;
        let mut destination = List::default();
        for node in &self.destination {
            let found = node.list_of(parse::firewall_prefix);
            destination.items.extend(found.items);
            destination.rest = destination.rest.or(found.rest);
        }
        FirewallRule {
            owner: None,
            kind: self.kind,
            group_priority: collection.group_priority.clone(),
            collection_priority: collection.priority.clone(),
            collection: collection.name.clone(),
            position: u32::try_from(self.position).unwrap_or(u32::MAX),
            action: if self.kind == FirewallRuleKind::Nat {
                Field::known(Access::Allow, collection.action.origin())
            } else {
                collection.action.field(parse::access)
            },
            protocols: if application {
                self.protocols
                    .list(|item| Field::known(FirewallProtocol::Application, item.origin()))
            } else {
                self.protocols.list_of(parse::firewall_protocol)
            },
            source: self.source.list_of(parse::firewall_prefix),
            source_ip_groups: self.source_ip_groups,
            destination,
            destination_ip_groups: self.destination_ip_groups,
            destination_fqdns: names(&self.names),
            destination_ports: if application {
                let port = self.protocol_port;
                self.protocols
                    .list(|item| item.get(port).field(parse::ports))
            } else {
                self.ports.list_of(parse::ports)
            },
            translated_address: self.translated_address.field(parse::host),
            translated_port: self.translated_port.field(parse::port),
            meta: self.meta,
        }
    }
}

fn names(nodes: &[Node<'_>]) -> List<Field<Arc<str>>> {
    let mut all = List::default();
    for node in nodes {
        let found = node.list(Node::text);
        all.items.extend(found.items);
        all.rest = all.rest.or(found.rest);
    }
    all
}
