//! The routes of a subnet's route table.

use std::sync::Arc;

use super::hop::{RouteTarget, any_hop, hops_of};
use super::table::{Class, Draft, Length, Table};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, ServiceTag};
use crate::model::routing::{NextHopType, Route, RoutePrefix};
use crate::model::topology::Subnet;
use crate::model::{Link, RouteId, RouteTableId, State, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::compile::outside;
use crate::semantics::matching::Matched;
use crate::semantics::packet::atoms::Dimension;

impl Table<'_, '_> {
    pub(super) fn user_defined(&mut self, subnet: SubnetId) {
        let subnet: &Subnet = &self.semantics.network[subnet];
        match &subnet.route_table.state {
            State::Absent => {}
            State::Known(Link::Here(table)) => self.route_table(*table),
            State::Known(Link::External(key)) => self.unknown_routes(Some(&outside(key))),
            State::Unknown(unknown, _) => self.unknown_routes(Some(unknown)),
            State::Invalid { .. } => self.unknown_routes(None),
        }
    }

    fn unknown_routes(&mut self, unknown: Option<&Arc<Unknown>>) {
        let everything = self.family().addresses();
        self.perhaps(&everything, any_hop(), Class::UserDefined, unknown);
    }

    fn route_table(&mut self, id: RouteTableId) {
        let table = &self.semantics.network[id];
        let there = table.meta.existence.truth == Truth::True;
        for route in &table.routes.items {
            self.route(*route, there);
        }
        if let Some(rest) = &table.routes.rest {
            self.unknown_routes(Some(rest));
        } else if table.meta.existing {
            self.unknown_routes(Some(&outside(&table.meta.key)));
        }
    }

    fn route(&mut self, id: RouteId, there: bool) {
        let network = self.semantics.network;
        let route: &Route = &network[id];
        if route.meta.existence.truth == Truth::False {
            return;
        }
        let certain = there && route.meta.existence.truth == Truth::True && !route.meta.template;
        let hops = hops_of(network, id, route);
        let unclear = unclear(route, hops.iter().any(|hop| hop.kind.is_none()));
        let unknown = (route.meta.existence.because.as_ref())
            .or_else(|| route.next_hop_type.unknown())
            .or(unclear.as_ref());
        let everything = self.family().addresses();
        match &route.prefix.state {
            State::Known(RoutePrefix::Block(block)) => {
                if let Some(set) = self.family().block(*block) {
                    let whole = block.prefix_len() == block.max_prefix_len();
                    self.add(Draft {
                        target: RouteTarget::Block(*block),
                        to: Matched::set(Dimension::Destination, set),
                        hops,
                        certain,
                        length: match whole {
                            true => Length::Host,
                            false => Length::Bits(block.prefix_len()),
                        },
                        class: Class::UserDefined,
                        unknown,
                    });
                }
            }
            State::Known(RoutePrefix::Tag(tag)) => {
                let mut to = Matched::none(Dimension::Destination);
                let prefix = AddressPrefix::Tag(tag.clone());
                self.semantics.add_prefix(&mut to, &prefix, &self.place);
                let class = Class::Tag(self.semantics.tag_rank(tag));
                // Its prefixes may be longer than those of other routes: then they win.
                for (length, certain) in [(Length::Unknown, false), (Length::Service, certain)] {
                    self.add(Draft {
                        target: RouteTarget::Tag(tag.clone()),
                        to: to.clone(),
                        hops: hops.clone(),
                        certain,
                        length,
                        class,
                        unknown,
                    });
                }
            }
            State::Unknown(prefix, _) => {
                self.perhaps(&everything, hops, Class::UserDefined, Some(prefix));
            }
            State::Absent | State::Invalid { .. } => {
                self.perhaps(&everything, hops, Class::UserDefined, unknown);
            }
        }
    }
}

impl Semantics<'_> {
    /// Where a tag stands among tags that hold the same prefix: the part of a region, the whole
    /// tag, `AzureCloud` of a region, `AzureCloud`.
    ///
    /// Source: <https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview>
    /// (2023-05-27).
    pub(super) fn tag_rank(&self, tag: &ServiceTag) -> u8 {
        let name = self.canonical_tag(tag.name());
        match name.strip_prefix("azurecloud") {
            Some("") => 3,
            Some(region) if region.starts_with('.') => 2,
            _ => {
                let rows = &self.facts.tags;
                let whole = rows.iter().any(|row| row.name.eq_ignore_ascii_case(&name));
                if name.contains('.') && !whole { 0 } else { 1 }
            }
        }
    }
}

impl Semantics<'_> {
    /// Whether every address of one tag is of another, as far as that is declared.
    pub(super) fn is_within(&self, narrow: &ServiceTag, wide: &ServiceTag) -> bool {
        let wide = self.canonical_tag(wide.name());
        let narrow = self.canonical_tag(narrow.name());
        self.wider_tags(&narrow).contains(&wide)
    }
}

/// Why it is not known what a route leads to.
fn unclear(route: &Route, open: bool) -> Option<Arc<Unknown>> {
    if !open {
        return None;
    }
    let several = route.next_hop_type.value() == Some(&NextHopType::VirtualApplianceEcmp);
    if several {
        let mut hops = route.spread.items.iter();
        let unknown = hops.find_map(|hop| hop.address.unknown().cloned());
        return unknown.or_else(|| route.spread.rest.clone());
    }
    route.next_hop_address.unknown().cloned().or_else(|| {
        let address = route.next_hop_address.value()?;
        let label = format!("what has the address {address}");
        Some(Arc::new(Unknown::new("outside", label, Reason::Outside)))
    })
}
