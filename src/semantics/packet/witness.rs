//! One packet out of a set, the one a person would have picked.

use std::net::IpAddr;

use super::atoms::Dimension;
use super::interval::IntervalSet;
use super::space::{FlowSet, Term};
use super::{Family, Flow, PROTOCOLS, address_number, protocol_code};
use crate::model::address::{PortRange, Protocol};

/// Ports people know, the ones that matter most first.
const WELL_KNOWN: [u16; 16] = [
    22, 3389, 443, 80, 25, 53, 1433, 445, 5985, 5986, 135, 139, 23, 3306, 5432, 1688,
];

/// The first port that operating systems give to clients.
const FIRST_EPHEMERAL: u16 = 49_152;

/// Addresses a person would look for first in a packet, the best first; those that are not in the
/// set are passed over.
#[derive(Clone, Debug, Default)]
pub struct Taste {
    /// Of the sender.
    pub source: Vec<IpAddr>,
    /// Of the receiver.
    pub destination: Vec<IpAddr>,
}

impl FlowSet {
    /// A packet of the set: TCP if there is one, from an ephemeral port, to a well-known port,
    /// between the lowest host addresses.
    #[must_use]
    pub fn witness(&self) -> Option<Flow> {
        self.witness_near(&Taste::default())
    }

    /// A packet of the set as [`Self::witness`], between addresses of one's choice where it has
    /// them.
    #[must_use]
    pub fn witness_near(&self, taste: &Taste) -> Option<Flow> {
        let family = self.family();
        let tcp = protocol_code(Protocol::Tcp);
        let best = self.terms().iter().min_by_key(|term| {
            let without_tcp = !term.field(Dimension::Protocol).contains(tcp);
            let odd = |side, wanted: &[IpAddr]| {
                !wanted.is_empty() && near(term.field(side), wanted, family).is_none()
            };
            (
                term.cube.literals().len(),
                without_tcp,
                odd(Dimension::Source, &taste.source),
                odd(Dimension::Destination, &taste.destination),
            )
        })?;
        Some(of_term(family, best, taste))
    }

    /// Its destination ports, merged; none if it holds only packets without ports.
    #[must_use]
    pub fn ports(&self) -> Vec<PortRange> {
        let with_ports = super::protocols_with_ports();
        let ports = self
            .terms()
            .iter()
            .filter(|term| term.field(Dimension::Protocol).meets(&with_ports))
            .flat_map(|term| term.field(Dimension::DestinationPort).intervals())
            .copied();
        let port = |number: u128| u16::try_from(number).unwrap_or(u16::MAX);
        IntervalSet::from_intervals(ports.collect())
            .intervals()
            .iter()
            .map(|(first, last)| PortRange {
                first: port(*first),
                last: port(*last),
            })
            .collect()
    }

    /// Its protocols.
    #[must_use]
    pub fn protocols(&self) -> Vec<Protocol> {
        let holds = |protocol: &Protocol| {
            let code = protocol_code(*protocol);
            let mut terms = self.terms().iter();
            terms.any(|term| term.field(Dimension::Protocol).contains(code))
        };
        PROTOCOLS.into_iter().filter(holds).collect()
    }
}

/// The first of some addresses that is in a set.
fn near(addresses: &IntervalSet, wanted: &[IpAddr], family: Family) -> Option<u128> {
    let own = wanted.iter().filter(|one| Family::of(**one) == family);
    own.map(|one| address_number(*one))
        .find(|number| addresses.contains(*number))
}

fn of_term(family: Family, term: &Term, taste: &Taste) -> Flow {
    let protocol = PROTOCOLS
        .into_iter()
        .find(|protocol| {
            term.field(Dimension::Protocol)
                .contains(protocol_code(*protocol))
        })
        .unwrap_or(Protocol::Other);
    let (source_port, destination_port) = if matches!(protocol, Protocol::Tcp | Protocol::Udp) {
        (
            source_port(term.field(Dimension::SourcePort)),
            destination_port(term.field(Dimension::DestinationPort)),
        )
    } else {
        (0, 0)
    };
    let end = |side, wanted: &[IpAddr]| {
        let addresses = term.field(side);
        near(addresses, wanted, family).unwrap_or_else(|| host(addresses))
    };
    Flow {
        source: family.address(end(Dimension::Source, &taste.source)),
        destination: family.address(end(Dimension::Destination, &taste.destination)),
        protocol,
        source_port,
        destination_port,
    }
}

/// The lowest address that could be a machine's: not the first of a block, not 0.0.0.0/8.
fn host(addresses: &IntervalSet) -> u128 {
    const USABLE: u128 = 1 << 24;
    let usable = addresses
        .intervals()
        .iter()
        .find(|(_, last)| *last >= USABLE)
        .or_else(|| addresses.intervals().first());
    let (first, last) = usable.copied().unwrap_or((0, 0));
    let first = if last >= USABLE {
        first.max(USABLE)
    } else {
        first
    };
    if last > first { first + 1 } else { first }
}

fn source_port(ports: &IntervalSet) -> u16 {
    let ephemeral = IntervalSet::range(FIRST_EPHEMERAL.into(), u16::MAX.into());
    let best = ports
        .intersect(&ephemeral)
        .first()
        .or_else(|| ports.first());
    best.and_then(|port| u16::try_from(port).ok()).unwrap_or(0)
}

fn destination_port(ports: &IntervalSet) -> u16 {
    let known = WELL_KNOWN
        .into_iter()
        .find(|port| ports.contains((*port).into()));
    known
        .or_else(|| ports.first().and_then(|port| u16::try_from(port).ok()))
        .unwrap_or(0)
}
