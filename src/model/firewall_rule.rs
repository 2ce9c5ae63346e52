//! Puts a firewall rule together from the places where its fields are written.

use std::sync::Arc;

use super::address::AddressPrefix;
use super::build::{Builder, GroupRules, Part};
use super::field::Node;
use super::firewall::{
    FirewallRule, FirewallRuleCollection, FirewallRuleGroup, FirewallRuleKind, Padded,
};
use super::nsg::{Access, Defect};
use super::{
    Field, FirewallPolicyId, FirewallRuleCollectionId, FirewallRuleGroupId, IpGroupId, Link, List,
    Meta, parse,
};
use crate::eval::ResourceKey;
use crate::eval::value::Unknown;
use crate::origin::OriginId;

/// What a collection gives to all its rules.
pub(super) struct Collection<'a> {
    pub(super) group: Option<ResourceKey>,
    pub(super) group_priority: Field<u32>,
    pub(super) priority: Field<u32>,
    pub(super) name: Field<Arc<str>>,
    /// Where the action is written; collections that translate have none that matters.
    pub(super) action: Node<'a>,
    /// The collection as an element.
    pub(super) element: FirewallRuleCollectionId,
}

impl<'a> Collection<'a> {
    /// Adds the element for a collection whose rules are still to come.
    pub(super) fn add(
        builder: &mut Builder<'_>,
        part: &Part<'a>,
        of_group: &OfGroup,
        kind: Option<FirewallRuleKind>,
        [priority, action]: [Node<'a>; 2],
    ) -> Self {
        let priority = priority.field(parse::priority);
        let element = builder.add(FirewallRuleCollection {
            owner: None,
            group: of_group.element,
            kind,
            priority: priority.clone(),
            action: action.field(parse::access),
            rules: List::default(),
            meta: part.meta.clone(),
        });
        Self {
            group: of_group.key.clone(),
            group_priority: of_group.priority.clone(),
            priority,
            name: part.meta.name.clone(),
            action,
            element,
        }
    }

    /// Tells the element of the collection its rules, which are those of `all` from `first` on.
    pub(super) fn close(
        &self,
        builder: &mut Builder<'_>,
        all: &mut GroupRules,
        first: usize,
        rest: Option<Arc<Unknown>>,
    ) {
        let rules = all.rules.get(first..).unwrap_or_default().to_vec();
        let kind = rules.first().map(|id| builder.network[*id].kind);
        let element = &mut builder.network[self.element];
        element.kind = kind.or(element.kind);
        if element.kind == Some(FirewallRuleKind::Nat) {
            element.action = Field::known(Access::Allow, element.action.origin);
        }
        element.rules = List { items: rules, rest };
        all.collections.push(self.element);
    }
}

/// The group that collections are in, if they are in one.
pub(super) struct OfGroup {
    pub(super) element: Option<FirewallRuleGroupId>,
    pub(super) key: Option<ResourceKey>,
    pub(super) priority: Field<u32>,
}

impl OfGroup {
    /// Adds the element for a group whose collections are still to come.
    pub(super) fn add(
        builder: &mut Builder<'_>,
        meta: &Meta,
        policy: Field<Link<FirewallPolicyId>>,
        priority: Field<u32>,
    ) -> Self {
        Self {
            element: Some(builder.add(FirewallRuleGroup {
                meta: meta.clone(),
                policy,
                priority: priority.clone(),
                collections: List::default(),
            })),
            key: Some(meta.key.clone()),
            priority,
        }
    }

    /// Tells the element of the group its collections.
    pub(super) fn close(&self, builder: &mut Builder<'_>, all: &GroupRules) {
        if let Some(element) = self.element {
            builder.network[element].collections = List {
                items: all.collections.clone(),
                rest: all.rest.clone(),
            };
        }
    }

    /// Classic collections have none.
    pub(super) fn none(origin: OriginId) -> Self {
        Self {
            element: None,
            key: None,
            priority: Field::absent(origin),
        }
    }
}

/// Where the fields of a rule are written.
pub(super) struct Draft<'a> {
    pub(super) meta: Meta,
    pub(super) kind: FirewallRuleKind,
    pub(super) position: usize,
    pub(super) description: Node<'a>,
    /// Names of protocols; for application rules objects with a port.
    pub(super) protocols: Node<'a>,
    /// How the protocol and the port in those objects are spelt.
    pub(super) protocol_entries: [&'static str; 2],
    pub(super) source: Node<'a>,
    pub(super) source_ip_groups: List<Field<Link<IpGroupId>>>,
    /// Lists or single addresses.
    pub(super) destination: Vec<Node<'a>>,
    pub(super) destination_ip_groups: List<Field<Link<IpGroupId>>>,
    pub(super) fqdns: Node<'a>,
    pub(super) urls: Node<'a>,
    pub(super) fqdn_tags: Node<'a>,
    pub(super) web_categories: Node<'a>,
    pub(super) terminate_tls: Node<'a>,
    pub(super) ports: Node<'a>,
    pub(super) translated_address: Node<'a>,
    pub(super) translated_fqdn: Node<'a>,
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
        let mut texts = vec![&self.source, &self.fqdns];
        texts.extend(&self.destination);
        let padded = texts.into_iter().flat_map(padded).collect();
        let [protocol, port] = self.protocol_entries;
        let mut rule = FirewallRule {
            owner: None,
            kind: self.kind,
            group: collection.group.clone(),
            parent: Some(collection.element),
            group_priority: collection.group_priority.clone(),
            collection_priority: collection.priority.clone(),
            collection: collection.name.clone(),
            position: u32::try_from(self.position).unwrap_or(u32::MAX),
            action: if self.kind == FirewallRuleKind::Nat {
                Field::known(Access::Allow, collection.action.origin())
            } else {
                collection.action.field(parse::access)
            },
            description: self.description.text(),
            protocols: if application {
                self.protocols
                    .list(|item| item.get(protocol).field(parse::application_protocol))
            } else {
                self.protocols.list_of(parse::firewall_protocol)
            },
            source: self.source.list_of(parse::firewall_prefix),
            source_ip_groups: self.source_ip_groups,
            destination,
            destination_ip_groups: self.destination_ip_groups,
            destination_fqdns: self.fqdns.list(Node::text),
            destination_urls: self.urls.list(Node::text),
            fqdn_tags: self.fqdn_tags.list(Node::text),
            web_categories: self.web_categories.list(Node::text),
            destination_ports: if application {
                self.protocols
                    .list(|item| item.get(port).field(parse::ports))
            } else {
                self.ports.list_of(parse::ports)
            },
            terminate_tls: self.terminate_tls.flag(),
            translated_address: self.translated_address.field(parse::host),
            translated_fqdn: self.translated_fqdn.text(),
            translated_port: self.translated_port.field(parse::port),
            padded,
            defects: Vec::new(),
            meta: self.meta,
        };
        rule.defects = defects(&rule);
        rule
    }
}

/// The texts of a list that begin or end with blanks.
fn padded(list: &Node<'_>) -> Vec<Padded> {
    let texts = list.list(Node::text).items;
    let found = texts.iter().filter_map(|item| {
        let text = item.value().filter(|text| text.trim() != &***text)?;
        Some(Padded {
            text: Arc::clone(text),
            origin: item.origin,
        })
    });
    found.collect()
}

/// What Azure refuses about a rule.
fn defects(rule: &FirewallRule) -> Vec<Defect> {
    let mut found = Vec::new();
    let mut add = |field: &str, why: String, origin: OriginId| {
        found.push(Defect {
            field: field.into(),
            why: why.into(),
            documented: true,
            origin,
        });
    };
    for (name, list) in [
        ("sourceAddresses", &rule.source),
        ("destinationAddresses", &rule.destination),
    ] {
        for item in &list.items {
            match item.value() {
                Some(AddressPrefix::Tag(tag)) if name == "sourceAddresses" => {
                    let tag = tag.name();
                    let why = format!(
                        "`{tag}` is a service tag, which Azure Firewall takes as a destination only"
                    );
                    add(name, why, item.origin);
                }
                _ => {}
            }
        }
    }
    for item in &rule.destination_fqdns.items {
        let Some(text) = item.value() else { continue };
        let name = text.trim();
        if rule.kind == FirewallRuleKind::Network && name.contains('*') {
            let why = format!("`{name}` holds a wildcard, which network rules do not take");
            add("destinationFqdns", why, item.origin);
        } else if name.get(1..).is_some_and(|rest| rest.contains('*')) {
            let why = format!("`{name}` has a wildcard elsewhere than at its beginning");
            add("targetFqdns", why, item.origin);
        }
    }
    found
}
