//! The rules that services keep in the groups of the subnets they live in.
//!
//! SQL Managed Instance and Azure Databricks write them when they are created and guard them from
//! then on; they stand before what the author writes. Where the files hold them already (exports,
//! templates that were made of one) they are rules like others, and none is added.

use std::sync::Arc;

use super::Semantics;
use super::compile::{FIRST_PRIORITY, Ruling, rank};
use super::matching::{Fields, Matched, ports};
use super::order::Ranked;
use super::packet::atoms::Dimension;
use super::packet::interval::IntervalSet;
use super::packet::{Family, protocol_code};
use super::place::Place;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, Protocol, ServiceTag};
use crate::model::nsg::{Access, Direction};
use crate::model::platform::DefaultRule;
use crate::model::service::Service;
use crate::model::topology::Subnet;
use crate::model::{Field, List, NsgId, parse};

impl Semantics<'_> {
    /// What services in the subnets of a group add to its rules of a direction.
    pub(crate) fn service_rules(
        &self,
        nsg: NsgId,
        direction: Direction,
        place: &Place,
    ) -> Vec<Ranked<Ruling>> {
        let mut rules = Vec::new();
        if self.facts.service_rules.is_empty() || self.has_managed_rules(nsg) {
            return rules;
        }
        let spelled = match direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        for subnet in &self.network[nsg].subnets.items {
            let subnet = &self.network[*subnet];
            for service in &subnet.services.items {
                let service = &self.network[*service];
                let rows = self.facts.service_rules.iter().filter(|row| {
                    row.service == Some(service.kind) && row.direction.eq_ignore_ascii_case(spelled)
                });
                rules.extend(rows.map(|row| self.service_rule(row, service, subnet, place)));
            }
        }
        rules
    }

    /// Whether the files hold such rules of the group.
    fn has_managed_rules(&self, nsg: NsgId) -> bool {
        let mut rules = self.network[nsg].rules.items.iter();
        rules.any(|rule| self.network[*rule].platform_managed)
    }

    fn service_rule(
        &self,
        row: &DefaultRule,
        service: &Service,
        subnet: &Subnet,
        place: &Place,
    ) -> Ranked<Ruling> {
        let family = place.family;
        let there = service.meta.existence.truth == Truth::True && !service.inferred;
        let certain = there && row.certain != Some(false);
        let because = match certain {
            true => Vec::new(),
            false => vec![Arc::new(Unknown::new(
                &service.meta.key.0,
                format!(
                    "whether {} has written its rule `{}` into the group",
                    service.kind.word(),
                    row.name
                ),
                Reason::Outside,
            ))],
        };
        let tcp = || IntervalSet::single(protocol_code(Protocol::Tcp));
        let own = Fields {
            source: self.service_side(&row.source, Dimension::Source, subnet, place),
            destination: self.service_side(&row.destination, Dimension::Destination, subnet, place),
            protocol: match row.ports.is_empty() {
                true => Matched::any(Dimension::Protocol, family),
                false => Matched::set(Dimension::Protocol, tcp()),
            },
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: destination_ports(row, family),
        };
        let place = rank(row.priority.min(FIRST_PRIORITY - 1));
        Ranked {
            id: Ruling::Default(Arc::clone(&row.name)),
            rank: (place, place),
            access: Some(Access::Allow),
            own: own.answer(family),
            certain,
            because,
        }
    }

    fn service_side(
        &self,
        name: &str,
        dimension: Dimension,
        subnet: &Subnet,
        place: &Place,
    ) -> Matched {
        if name == "subnet" {
            let prefixes = &subnet.address_prefixes;
            let blocks = prefixes.items.iter().cloned();
            let list = List {
                items: blocks.map(|one| one.map(AddressPrefix::Block)).collect(),
                rest: prefixes.rest.clone(),
            };
            return self.addresses(&list, dimension, place);
        }
        let mut matched = Matched::none(dimension);
        let prefix = match name {
            "*" => AddressPrefix::Any,
            tag => AddressPrefix::Tag(ServiceTag::new(tag)),
        };
        self.add_prefix(&mut matched, &prefix, place);
        matched
    }
}

fn destination_ports(row: &DefaultRule, family: Family) -> Matched {
    if row.ports.is_empty() {
        return Matched::any(Dimension::DestinationPort, family);
    }
    let known = |text: &Arc<str>| {
        let range = parse::ports(text).ok()?;
        Some(Field::known(range, crate::origin::OriginId::NONE))
    };
    let list = List::closed(row.ports.iter().filter_map(known).collect());
    ports(&list, Dimension::DestinationPort, family)
}

/// Whether a rule stands where services put theirs, before every one of the author's.
pub(crate) fn is_of_service(rule: &Ranked<Ruling>) -> bool {
    rule.rank.1 < rank(FIRST_PRIORITY)
}
