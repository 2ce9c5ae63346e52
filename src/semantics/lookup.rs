//! One packet in a compiled group: which rule decides it, without building a set.
//!
//! Answers only where everything that matters is certain; where an opaque set, an unknown or two
//! rules of one rank play a part, the sets have to be asked.

use super::compile::Ruling;
use super::order::Ranked;
use super::packet::atoms::Dimension;
use super::packet::classes::Classes;
use super::packet::{Answer, Flow, address_number, protocol_code};

/// What decides a packet for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No rule: it bypasses the group.
    Bypass,
    /// The rule at this place of the group.
    Rule(usize),
}

/// The terms of a group, by the values of their fields.
#[derive(Debug)]
pub(crate) struct Lookup {
    classes: Classes,
    /// For each term whose it is, and whether it holds its packets for certain; in the order in
    /// which they are asked.
    entries: Vec<(Found, bool)>,
}

impl Lookup {
    /// Indexes a group's bypass and rules; `None` if that is too large.
    pub(crate) fn new(rules: &[Ranked<Ruling>], bypass: &Answer) -> Option<Self> {
        let mut terms = Vec::with_capacity(rules.len());
        let mut entries = Vec::with_capacity(rules.len());
        let own = rules.iter().enumerate();
        let rules = own.map(|(place, rule)| (Found::Rule(place), rule.certain, &rule.own));
        for (found, certain, own) in std::iter::once((Found::Bypass, true, bypass)).chain(rules) {
            let sure = own.flows.must.terms();
            for term in own.flows.may.terms() {
                terms.push(term);
                let sure = certain && term.cube.is_empty() && sure.contains(term);
                entries.push((found, sure));
            }
            let apart = sure.iter().filter(|term| term.cube.is_empty());
            for term in apart.filter(|term| !own.flows.may.terms().contains(term)) {
                terms.push(term);
                entries.push((found, certain));
            }
        }
        Some(Self {
            classes: Classes::new(&terms).ok()?,
            entries,
        })
    }

    /// What decides a packet, if that is certain.
    pub(crate) fn decider(&self, rules: &[Ranked<Ruling>], flow: &Flow) -> Option<Found> {
        let mut values = [0; Dimension::COUNT];
        let of_flow = [
            (Dimension::Source, address_number(flow.source)),
            (Dimension::Destination, address_number(flow.destination)),
            (Dimension::Protocol, protocol_code(flow.protocol)),
            (Dimension::SourcePort, flow.source_port.into()),
            (Dimension::DestinationPort, flow.destination_port.into()),
        ];
        for (dimension, value) in of_flow {
            if let Some(slot) = values.get_mut(dimension as usize) {
                *slot = value;
            }
        }
        let mut matching = self
            .classes
            .holding(&values)
            .filter_map(|term| self.entries.get(term).copied());
        let (first, sure) = matching.next()?;
        if !sure {
            // A term that may hold the packet can stand before one of its rule that surely does.
            let again = matching.find(|(found, sure)| *sure || *found != first)?;
            if again.0 != first {
                return None;
            }
        }
        let Found::Rule(place) = first else {
            return Some(first);
        };
        let rank = rules.get(place)?.rank;
        let next = matching.find(|(found, _)| *found != first);
        if let Some((Found::Rule(next), _)) = next
            && rules.get(next)?.rank.0 <= rank.1
        {
            return None;
        }
        Some(first)
    }
}
