//! Questions on lists of prefixes and ports, as fields hold them.

use super::matching::{Fields, Matched};
use super::packet::atoms::Dimension;
use super::packet::{Answer, Family};
use super::rules::Scope;
use crate::eval::value::{Bounds as Limits, Truth};
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::{Field, List, State};
use crate::semantics::Semantics;

/// A port item that holds more ports than this does not *mean* one of them.
pub const MAX_MEANT_PORTS: u32 = 100;

/// Whether the list holds a port.
#[must_use]
pub fn ports_contain(ports: &List<Field<PortRange>>, port: u16) -> Truth {
    some(ports, port, |range| range.contains(port))
}

/// Whether an item of the list holds the port and at most [`MAX_MEANT_PORTS`] ports.
#[must_use]
pub fn means_port(ports: &List<Field<PortRange>>, port: u16) -> Truth {
    some(ports, port, |range| {
        range.contains(port) && range.count() <= MAX_MEANT_PORTS
    })
}

fn some(ports: &List<Field<PortRange>>, port: u16, is: impl Fn(&PortRange) -> bool) -> Truth {
    let mut truth = Truth::from(false);
    for item in &ports.items {
        truth = truth.or(match &item.state {
            State::Known(range) => is(range).into(),
            State::Absent => Truth::False,
            State::Invalid { .. } => Truth::Unknown,
            State::Unknown(_, Some(all)) if !all.is_empty() => {
                match all.iter().filter(|range| is(range)).count() {
                    0 => Truth::False,
                    count if count == all.len() => Truth::True,
                    _ => Truth::Unknown,
                }
            }
            State::Unknown(unknown, _) => match unknown.bounds {
                Limits::Range(low, _) if low.is_some_and(|low| low > port.into()) => Truth::False,
                Limits::Range(_, high) if high.is_some_and(|high| high < port.into()) => {
                    Truth::False
                }
                _ => Truth::Unknown,
            },
        });
    }
    if ports.rest.is_some() {
        truth = truth.or(Truth::Unknown);
    }
    truth
}

impl Semantics<'_> {
    /// Whether every address of `inner` is in `outer`. An empty `inner` is in everything.
    #[must_use]
    pub fn covers(
        &self,
        outer: &List<Field<AddressPrefix>>,
        inner: &List<Field<AddressPrefix>>,
    ) -> Truth {
        let mut truth = Truth::True;
        for family in [Family::V4, Family::V6] {
            let (outer, inner) = (self.set(outer, family), self.set(inner, family));
            let outside = inner.minus(&outer);
            truth = truth.and(!outside.is_hit().truth);
        }
        truth
    }

    /// Whether the two lists have an address in common.
    #[must_use]
    pub fn overlaps(
        &self,
        a: &List<Field<AddressPrefix>>,
        b: &List<Field<AddressPrefix>>,
    ) -> Truth {
        let mut truth = Truth::False;
        for family in [Family::V4, Family::V6] {
            let common = self.set(a, family).and(&self.set(b, family));
            truth = truth.or(common.is_hit().truth);
        }
        truth
    }

    /// The packets to the addresses of a list.
    fn set(&self, list: &List<Field<AddressPrefix>>, family: Family) -> Answer {
        if list.is_certainly_empty() {
            return Answer::nothing(family);
        }
        let place = self.place(Scope::Anywhere, family);
        Fields {
            source: Matched::any(Dimension::Source, family),
            destination: self.addresses(list, Dimension::Destination, &place),
            protocol: Matched::any(Dimension::Protocol, family),
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: Matched::any(Dimension::DestinationPort, family),
        }
        .answer(family)
    }
}
