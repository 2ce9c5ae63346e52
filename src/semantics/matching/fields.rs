//! From what each field matches to sets of packets.

use super::super::Bounds;
use super::super::packet::answer::add_unknown;
use super::super::packet::atoms::Dimension;
use super::super::packet::interval::IntervalSet;
use super::super::packet::space::{FlowSet, Term};
use super::super::packet::{Answer, Family, protocols_with_ports};
use super::{MAX_PRODUCTS, Matched, full_protocols};

/// What all fields of a rule match.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) source: Matched,
    pub(crate) destination: Matched,
    pub(crate) protocol: Matched,
    pub(crate) source_ports: Matched,
    pub(crate) destination_ports: Matched,
}

impl Fields {
    /// The same for one of an unknown number of rules.
    pub(crate) fn blurred(self) -> Self {
        Self {
            source: self.source.blurred(),
            destination: self.destination.blurred(),
            protocol: self.protocol.blurred(),
            source_ports: self.source_ports.blurred(),
            destination_ports: self.destination_ports.blurred(),
        }
    }

    /// The packets.
    ///
    /// A condition on ports makes `*` match TCP and UDP only. On a protocol without ports it is
    /// not documented what such a condition does: such packets are possible, none certain.
    pub(crate) fn answer(&self, family: Family) -> Answer {
        let full = IntervalSet::range(0, u16::MAX.into());
        let ports = [&self.source_ports, &self.destination_ports];
        let unconditional = ports.iter().all(|side| side.certain == full);
        let [
            source,
            destination,
            protocol,
            source_ports,
            destination_ports,
        ] = self.all();
        let (must, may) = if unconditional {
            both(&self.all(), family)
        } else {
            let mut with_ports = protocol.clone();
            with_ports.restrict(&protocols_with_ports());
            let (must, mut may) = both(
                &[
                    source,
                    destination,
                    &with_ports,
                    source_ports,
                    destination_ports,
                ],
                family,
            );
            let named = protocol.certain != full_protocols();
            if named || ports.iter().all(|side| side.widest() == full) {
                let mut without = protocol.clone();
                without.restrict(&full_protocols().subtract(&protocols_with_ports()));
                if !without.widest().is_empty() {
                    let sources = Matched::set(Dimension::SourcePort, full.clone());
                    let destinations = Matched::set(Dimension::DestinationPort, full);
                    let sides = [source, destination, &without, &sources, &destinations];
                    may.extend(products(&sides, family, true));
                }
            }
            (must, may)
        };
        let mut unknowns = Vec::new();
        for side in self.all() {
            for unknown in &side.unknowns {
                add_unknown(&mut unknowns, unknown);
            }
        }
        Answer {
            flows: Bounds {
                must: FlowSet::from_terms(family, must),
                may: FlowSet::from_terms(family, may),
            },
            unknowns,
            undecided: None,
        }
    }

    fn all(&self) -> [&Matched; Dimension::COUNT] {
        [
            &self.source,
            &self.destination,
            &self.protocol,
            &self.source_ports,
            &self.destination_ports,
        ]
    }
}

/// What some fields match together: for certain, and possibly.
fn both(sides: &[&Matched; Dimension::COUNT], family: Family) -> (Vec<Term>, Vec<Term>) {
    let must = products(sides, family, false);
    let exact = count_products(sides) <= MAX_PRODUCTS;
    let may = match exact && sides.iter().all(|side| side.loose.is_empty()) {
        true => must.clone(),
        false => products(sides, family, true),
    };
    (must, may)
}

fn count_products(sides: &[&Matched; Dimension::COUNT]) -> usize {
    let counts = sides.iter().map(|side| side.open.len() + 1);
    counts.fold(1, usize::saturating_mul)
}

fn products(sides: &[&Matched; Dimension::COUNT], family: Family, loose: bool) -> Vec<Term> {
    let exact = count_products(sides) <= MAX_PRODUCTS;
    let mut terms = vec![Term::all(family)];
    for side in sides {
        let alternatives = if exact {
            side.alternatives(loose)
        } else if loose {
            vec![(side.widest(), None)]
        } else {
            vec![(side.certain.clone(), None)]
        };
        if let [(set, None)] = alternatives.as_slice() {
            terms.retain_mut(|term| {
                let field = &mut term.fields[side.dimension as usize];
                *field = field.intersect(set);
                !field.is_empty()
            });
            continue;
        }
        terms = terms
            .iter()
            .flat_map(|term| {
                alternatives.iter().filter_map(|(set, literal)| {
                    term.restricted(side.dimension, set, literal.as_ref())
                })
            })
            .collect();
    }
    terms
}
