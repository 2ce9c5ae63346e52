//! Puts a security admin rule together from the places where its fields are written.

use super::field::Node;
use super::manager::{AdminAddress, AdminRule};
use super::{AdminRuleCollectionId, Field, Link, List, Meta, parse};

/// Where the fields of a rule are written.
pub(super) struct Draft<'a> {
    pub(super) meta: Meta,
    pub(super) collection: Field<Link<AdminRuleCollectionId>>,
    pub(super) priority: Node<'a>,
    pub(super) direction: Node<'a>,
    pub(super) action: Node<'a>,
    pub(super) protocol: Node<'a>,
    pub(super) source: Node<'a>,
    pub(super) destination: Node<'a>,
    pub(super) source_ports: Node<'a>,
    pub(super) destination_ports: Node<'a>,
    /// How the parts of a source or destination are spelt: the address, what kind it is of.
    pub(super) spelling: [&'static str; 2],
}

impl Draft<'_> {
    /// The rule.
    pub(super) fn assemble(self) -> AdminRule {
        let side = |node: &Node<'_>| -> List<Field<AdminAddress>> {
            node.list(|item| {
                let [address, kind] = self.spelling.map(|name| item.get(name));
                read(&address, &kind)
            })
        };
        AdminRule {
            collection: self.collection,
            priority: self
                .priority
                .field(|text| parse::number_within(text, 1, 4_096)),
            direction: self.direction.field(parse::direction),
            action: self.action.field(parse::admin_action),
            protocol: self.protocol.field(parse::protocol),
            source: side(&self.source),
            destination: side(&self.destination),
            source_ports: self.source_ports.list_of(parse::ports),
            destination_ports: self.destination_ports.list_of(parse::ports),
            meta: self.meta,
        }
    }
}

fn read(address: &Node<'_>, kind: &Node<'_>) -> Field<AdminAddress> {
    let text = kind.text();
    let is = |name: &str| {
        let known = text.value();
        known.is_some_and(|known| known.trim().eq_ignore_ascii_case(name))
    };
    if is("NetworkGroup") {
        return address.link().map(AdminAddress::NetworkGroup);
    }
    let prefix = if is("ServiceTag") {
        address.field(parse::service_tag)
    } else if is("IPPrefix") {
        address.field(parse::ip_prefix)
    } else {
        // An address never reads like a tag: what kind it is of follows from the text.
        address.field(parse::security_prefix)
    };
    prefix.map(AdminAddress::Prefix)
}
