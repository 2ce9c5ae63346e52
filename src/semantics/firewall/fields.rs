//! From the fields of a firewall rule to the packets they match.

use super::Semantics;
use super::families::{Carried, names_ipv6, takes};
use super::holdings::switched_on;
use crate::eval::value::Truth;
use crate::model::address::{AddressPrefix, Protocol};
use crate::model::firewall::{FirewallProtocol, FirewallRule, FirewallRuleKind, FirewallRuleOwner};
use crate::model::{Field, IpGroupId, Link, List, State};
use crate::semantics::compile::outside;
use crate::semantics::matching::{self, Fields, Matched};
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::atoms::{Atom, Dimension, Predicate};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, Family, protocol_code};
use crate::semantics::place::Place;

/// What rules are read against.
pub(super) struct Ground<'p> {
    pub(super) place: &'p Place,
    /// Whether FQDNs in network rules work.
    pub(super) proxy: Truth,
    /// Whether the family of the packets is carried at all.
    carried: Carried,
    /// Sources from which packets come in from the Internet.
    inbound: IntervalSet,
}

/// The parts of a side that an empty list leaves open.
struct Side<'r> {
    prefixes: &'r List<Field<AddressPrefix>>,
    groups: &'r List<Field<Link<IpGroupId>>>,
    dimension: Dimension,
}

impl Side<'_> {
    fn is_empty(&self) -> bool {
        self.prefixes.is_certainly_empty() && self.groups.is_certainly_empty()
    }
}

impl Semantics<'_> {
    /// What the rules of an owner are read against.
    pub(super) fn firewall_ground<'p>(
        &self,
        owner: Option<FirewallRuleOwner>,
        place: &'p Place,
    ) -> Ground<'p> {
        let settings = owner.and_then(|owner| self.firewall_settings(owner));
        let proxy = settings.map_or(Truth::Unknown, |settings| switched_on(&settings.dns_proxy));
        let mut inbound = place.internet.clone();
        for vnet in crate::model::VnetId::all(self.network) {
            inbound = inbound.subtract(&self.network_space(vnet, place.family));
        }
        Ground {
            place,
            proxy,
            carried: match (place.family, owner) {
                (Family::V4, _) => Carried::certainly(),
                (Family::V6, owner) => self.carries_ipv6(owner),
            },
            inbound,
        }
    }

    /// What the fields of a rule match.
    pub(super) fn firewall_rule_answer(&self, rule: &FirewallRule, ground: &Ground<'_>) -> Answer {
        let family = ground.place.family;
        if !takes(rule.kind, family) || ground.carried.truth == Truth::False {
            return Answer::nothing(family);
        }
        let mut answer = match rule.kind {
            FirewallRuleKind::Application => self.application_answer(rule, ground),
            FirewallRuleKind::Nat | FirewallRuleKind::Network => self.network_answer(rule, ground),
        };
        if let Some(unknown) = &ground.carried.because {
            answer = answer.only_possibly();
            add_unknown(&mut answer.unknowns, unknown);
        } else if family == Family::V6 && !names_ipv6(rule) {
            // Whether `*` means both families is not documented.
            answer = answer.only_possibly();
        }
        // One of an unknown number of rules: its unknowns differ from rule to rule.
        if rule.meta.template {
            Answer::exactly(answer.flows.may.possible()).only_possibly()
        } else {
            answer
        }
    }

    fn network_answer(&self, rule: &FirewallRule, ground: &Ground<'_>) -> Answer {
        let family = ground.place.family;
        let mut destination = self.firewall_side(&destination_of(rule), ground);
        self.add_network_names(&mut destination, rule, ground);
        if destination_of(rule).is_empty() && rule.destination_fqdns.is_certainly_empty() {
            destination.add_loose(&family.addresses());
        }
        let fields = Fields {
            source: self.firewall_side(&source_of(rule), ground),
            destination,
            protocol: protocols(&rule.protocols),
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: matching::ports(
                &rule.destination_ports,
                Dimension::DestinationPort,
                family,
            ),
        };
        let answer = fields.answer(family);
        let names_icmp = rule
            .protocols
            .items
            .iter()
            .any(|item| item.value() == Some(&FirewallProtocol::Only(Protocol::Icmp)));
        if !names_icmp {
            return answer;
        }
        // The ports of a rule say nothing of ICMP.
        let icmp = IntervalSet::single(protocol_code(Protocol::Icmp));
        let portless = Fields {
            protocol: Matched::set(Dimension::Protocol, icmp),
            destination_ports: Matched::any(Dimension::DestinationPort, family),
            ..fields
        };
        answer.or(&portless.answer(family))
    }

    fn application_answer(&self, rule: &FirewallRule, ground: &Ground<'_>) -> Answer {
        let family = ground.place.family;
        let source = self.outbound_source(rule, ground);
        let mut destination = self.firewall_side(&destination_of(rule), ground);
        let names = self.add_requests(&mut destination, rule, ground);
        let tcp = IntervalSet::single(protocol_code(Protocol::Tcp));
        let with_ports = |destination_ports: Matched| {
            Fields {
                source: source.clone(),
                destination: destination.clone(),
                protocol: Matched::set(Dimension::Protocol, tcp.clone()),
                source_ports: Matched::any(Dimension::SourcePort, family),
                destination_ports,
            }
            .answer(family)
        };
        let mut parts = Vec::new();
        let ports = &rule.destination_ports.items;
        for (protocol, port) in rule.protocols.items.iter().zip(ports) {
            parts.push(with_ports(content(protocol, port, family)));
        }
        if let Some(rest) = &rule.protocols.rest {
            let mut any = Matched::none(Dimension::DestinationPort);
            any.add_loose(&IntervalSet::range(0, u16::MAX.into()));
            any.add_unknown(rest);
            parts.push(with_ports(any));
        }
        let answer = Answer::any_of(family, parts);
        // Addresses and names in one rule: it is not documented how they go together.
        if names && !destination_of(rule).is_empty() {
            answer.only_possibly()
        } else {
            answer
        }
    }

    /// Application rules are not asked about packets that come in from the Internet. Whoever names
    /// public sources may have them inside.
    fn outbound_source(&self, rule: &FirewallRule, ground: &Ground<'_>) -> Matched {
        let family = ground.place.family;
        let everything = family.addresses();
        let wide = |item: &Field<AddressPrefix>| match item.value() {
            Some(AddressPrefix::Any) => true,
            Some(AddressPrefix::Block(block)) => block.prefix_len() == 0,
            _ => false,
        };
        let (any, narrow): (Vec<_>, Vec<_>) = rule
            .source
            .items
            .iter()
            .cloned()
            .partition(|item| wide(item));
        let narrow = List {
            items: narrow,
            rest: rule.source.rest.clone(),
        };
        let side = Side {
            prefixes: &narrow,
            groups: &rule.source_ip_groups,
            dimension: Dimension::Source,
        };
        let mut matched = if side.is_empty() && !any.is_empty() {
            Matched::none(Dimension::Source)
        } else {
            self.firewall_side(&side, ground)
        };
        matched.loosen(&ground.inbound);
        if !any.is_empty() {
            matched.add(&everything.subtract(&ground.inbound));
        }
        matched
    }

    /// The addresses and IP groups of one side. A tag as a source matches nothing: Azure Firewall
    /// knows tags as destinations only.
    fn firewall_side(&self, side: &Side<'_>, ground: &Ground<'_>) -> Matched {
        let dimension = side.dimension;
        let place = ground.place;
        let everything = place.family.addresses();
        let mut matched = Matched::none(dimension);
        let is_tag = |item: &&Field<AddressPrefix>| {
            dimension == Dimension::Source && matches!(item.value(), Some(AddressPrefix::Tag(_)))
        };
        let items = side.prefixes.items.iter().filter(|item| !is_tag(item));
        self.add_addresses(&mut matched, items, place);
        if let Some(rest) = &side.prefixes.rest {
            let empty = IntervalSet::empty();
            matched.add_atom(matching::unknown_atom(
                dimension,
                rest,
                empty,
                everything.clone(),
            ));
        }
        if dimension == Dimension::Source && side.is_empty() {
            matched.add_loose(&everything);
        }
        for group in &side.groups.items {
            self.add_ip_group(&mut matched, group, dimension, place);
        }
        if let Some(rest) = &side.groups.rest {
            matched.add_loose(&everything);
            matched.add_unknown(rest);
        }
        matched
    }

    fn add_ip_group(
        &self,
        matched: &mut Matched,
        group: &Field<Link<IpGroupId>>,
        dimension: Dimension,
        place: &Place,
    ) {
        if place.family == Family::V6 {
            // Azure Firewall reads no IPv6 from IP groups.
            return;
        }
        let everything = place.family.addresses();
        let empty = IntervalSet::empty();
        match &group.state {
            State::Known(Link::Here(group)) => {
                let group = &self.network[*group];
                self.add_addresses(matched, &group.addresses.items, place);
                if let Some(rest) = &group.addresses.rest {
                    matched.add_atom(matching::unknown_atom(dimension, rest, empty, everything));
                } else if group.meta.existing {
                    let key = group.meta.key.clone();
                    matched.add_atom(list_atom(dimension, &key, &everything));
                }
            }
            State::Known(Link::External(key)) => {
                matched.add_atom(list_atom(dimension, key, &everything));
            }
            State::Unknown(unknown, _) => {
                matched.add_atom(matching::unknown_atom(
                    dimension, unknown, empty, everything,
                ));
            }
            State::Absent => {}
            State::Invalid { .. } => matched.add_loose(&everything),
        }
    }
}

fn source_of(rule: &FirewallRule) -> Side<'_> {
    Side {
        prefixes: &rule.source,
        groups: &rule.source_ip_groups,
        dimension: Dimension::Source,
    }
}

fn destination_of(rule: &FirewallRule) -> Side<'_> {
    Side {
        prefixes: &rule.destination,
        groups: &rule.destination_ip_groups,
        dimension: Dimension::Destination,
    }
}

fn protocols(list: &List<Field<FirewallProtocol>>) -> Matched {
    let full = IntervalSet::range(0, protocol_code(Protocol::Other));
    let mut matched = Matched::none(Dimension::Protocol);
    let set = |protocol: &FirewallProtocol| match protocol {
        FirewallProtocol::Any => full.clone(),
        FirewallProtocol::Only(protocol) => IntervalSet::single(protocol_code(*protocol)),
        FirewallProtocol::Http | FirewallProtocol::Https | FirewallProtocol::Mssql => {
            IntervalSet::single(protocol_code(Protocol::Tcp))
        }
    };
    for item in &list.items {
        match &item.state {
            State::Known(protocol) => matched.add(&set(protocol)),
            State::Absent => {}
            State::Unknown(unknown, _) => {
                let empty = IntervalSet::empty();
                matched.add_atom(matching::unknown_atom(
                    Dimension::Protocol,
                    unknown,
                    empty,
                    full.clone(),
                ));
            }
            State::Invalid { .. } => matched.add_loose(&full),
        }
    }
    if let Some(rest) = &list.rest {
        matched.add_loose(&full);
        matched.add_unknown(rest);
    }
    if list.is_certainly_empty() {
        matched.add_loose(&full);
    }
    matched
}

/// The ports of one protocol of an application rule. What packets to the protocol's own port carry
/// is taken for granted, what those to other ports do is an atom.
fn content(
    protocol: &Field<FirewallProtocol>,
    port: &Field<crate::model::address::PortRange>,
    family: Family,
) -> Matched {
    let dimension = Dimension::DestinationPort;
    let known = protocol.value().and_then(|protocol| match protocol {
        FirewallProtocol::Http => Some(("HTTP", 80)),
        FirewallProtocol::Https => Some(("HTTPS", 443)),
        FirewallProtocol::Mssql => Some(("MSSQL", 1433)),
        FirewallProtocol::Any | FirewallProtocol::Only(_) => None,
    });
    let list = List::closed(vec![port.clone()]);
    let mut written = matching::ports(&list, dimension, family);
    if port.is_absent() {
        written.add_loose(&IntervalSet::range(0, u16::MAX.into()));
    }
    let Some((name, own)) = known else {
        let all = written.widest();
        written.loosen(&all);
        if let Some(unknown) = protocol.unknown() {
            written.add_unknown(unknown);
        }
        return written;
    };
    let certain = written.certain().clone();
    let own = certain.intersect(&IntervalSet::single(own));
    let predicate = Predicate::Request(format!("over {name}"));
    let others = certain.subtract(&own);
    written.loosen(&others);
    if !others.is_empty() && written.widest() == certain {
        // Only what is written is in question: an atom tells rules for one protocol alike.
        let mut exact = Matched::none(dimension);
        exact.add_atom(Atom::new(dimension, &predicate, own, certain));
        return exact;
    }
    written
}

fn list_atom(dimension: Dimension, key: &crate::eval::ResourceKey, outer: &IntervalSet) -> Atom {
    let predicate = Predicate::AddressList(key.0.to_ascii_lowercase());
    let mut atom = Atom::new(dimension, &predicate, IntervalSet::empty(), outer.clone());
    atom.unknown = Some(outside(key));
    atom
}
