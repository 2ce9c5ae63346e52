//! Rewriting sets of packets: translation, replies, restriction to addresses.

use crate::semantics::packet::answer::{Answer, add_unknown};
use crate::semantics::packet::atoms::{Atom, Cube, Dimension};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::space::Term;
use crate::semantics::packet::{Family, FlowSet, protocols_with_ports};

/// The packets whose field is in a set.
pub(super) fn within(family: Family, dimension: Dimension, set: IntervalSet) -> Answer {
    let term = Term::all(family).with_field(dimension, set);
    Answer::exactly(FlowSet::from_terms(family, term.into_iter().collect()))
}

/// Those of `flows` whose field is in a set.
pub(super) fn only(flows: &Answer, dimension: Dimension, set: &IntervalSet) -> Answer {
    flows.and(&within(flows.family(), dimension, set.clone()))
}

/// The packets with a field of each replaced by any value of a set.
///
/// What was certain of a packet because of an atom on the old field is no longer.
pub(super) fn rewritten(flows: &Answer, dimension: Dimension, set: &IntervalSet) -> Answer {
    let family = flows.family();
    let about = |term: &Term| {
        let mut literals = term.cube.literals().iter();
        literals.any(|literal| literal.atom.dimension == dimension)
    };
    let change = |term: &Term| {
        let mut term = term.with_field(dimension, set.clone())?;
        term.cube = without(&term.cube, dimension);
        Some(term)
    };
    let must = flows.flows.must.terms().iter();
    let must = must.filter(|term| !about(term)).filter_map(change);
    let may = flows.flows.may.terms().iter().filter_map(change);
    let mut answer = flows.clone();
    answer.flows.must = FlowSet::from_terms(family, must.collect());
    answer.flows.may = FlowSet::from_terms(family, may.collect());
    answer
}

/// The packets sent on to one port. Packets without ports stay as they are.
pub(super) fn to_port(flows: &Answer, port: u16) -> Answer {
    let family = flows.family();
    let with_ports = within(family, Dimension::Protocol, protocols_with_ports());
    let changed = rewritten(
        &flows.and(&with_ports),
        Dimension::DestinationPort,
        &IntervalSet::single(port.into()),
    );
    changed.or(&flows.minus(&with_ports))
}

/// The replies to packets: both ends exchanged.
pub(super) fn replies(flows: &Answer) -> Answer {
    let family = flows.family();
    let swap = |term: &Term| {
        let mut fields = term.fields.clone();
        fields.swap(Dimension::Source as usize, Dimension::Destination as usize);
        fields.swap(
            Dimension::SourcePort as usize,
            Dimension::DestinationPort as usize,
        );
        let mut swapped = Term {
            fields,
            cube: Cube::default(),
        };
        for literal in term.cube.literals() {
            let dimension = match literal.atom.dimension {
                Dimension::Source => Dimension::Destination,
                Dimension::Destination => Dimension::Source,
                Dimension::SourcePort => Dimension::DestinationPort,
                Dimension::DestinationPort => Dimension::SourcePort,
                Dimension::Protocol => Dimension::Protocol,
            };
            let mut atom = Atom::clone(&literal.atom);
            atom.id = Atom::id_of(dimension, &atom.predicate);
            atom.dimension = dimension;
            atom.within.clear();
            let literal = crate::semantics::packet::atoms::Literal {
                atom: atom.into(),
                holds: literal.holds,
            };
            swapped.cube = swapped.cube.with(&literal)?;
        }
        Some(swapped)
    };
    let mut answer = flows.clone();
    let turned = |set: &FlowSet| {
        let terms = set.terms().iter().filter_map(swap);
        FlowSet::from_terms(family, terms.collect())
    };
    answer.flows.must = turned(&flows.flows.must);
    answer.flows.may = turned(&flows.flows.may);
    answer
}

/// What is left of `arriving` where a stage takes `decided` of what may arrive: certain is what
/// certainly arrives and certainly passes.
pub(super) fn passing(arriving: &Answer, decided: &Answer) -> Answer {
    let both = arriving.and(decided);
    let mut answer = decided.clone();
    answer.flows.must = both.flows.must;
    for unknown in &arriving.unknowns {
        add_unknown(&mut answer.unknowns, unknown);
    }
    answer.undecided = answer.undecided.or(arriving.undecided);
    answer
}

fn without(cube: &Cube, dimension: Dimension) -> Cube {
    let kept = cube.literals().iter();
    kept.filter(|literal| literal.atom.dimension != dimension)
        .fold(Cube::default(), |cube, literal| {
            cube.with(literal).unwrap_or(cube)
        })
}
