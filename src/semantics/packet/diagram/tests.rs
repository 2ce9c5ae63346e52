use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::semantics::packet::atoms::Predicate;

/// A universe of 4 sources, 4 destinations, 6 protocols and 4 × 4 ports, and three atoms on the
/// source: the second and the third within the first.
#[derive(Clone, Debug)]
struct Box {
    fields: [(u8, u8); 5],
    literals: Vec<(u8, bool)>,
}

fn atom(number: u8) -> Arc<Atom> {
    let predicate = |number: u8| Predicate::Tag(format!("tag{number}"));
    let mut atom = Atom::new(
        Dimension::Source,
        &predicate(number),
        IntervalSet::empty(),
        IntervalSet::range(1, 3),
    );
    if number > 0 {
        atom.within = vec![Atom::id_of(Dimension::Source, &predicate(0))];
    }
    Arc::new(atom)
}

impl Box {
    fn term(&self) -> Option<Term> {
        let mut term = Term::all(Family::V4);
        for (dimension, (first, last)) in FIELDS.iter().zip(self.fields) {
            let mut set = IntervalSet::range(first.into(), last.into());
            if *dimension == Dimension::Source && !self.literals.is_empty() {
                set = set.intersect(&IntervalSet::range(1, 3));
            }
            term = term.with_field(*dimension, set)?;
        }
        for (number, holds) in &self.literals {
            let literal = Literal {
                atom: atom(*number),
                holds: *holds,
            };
            term.cube = term.cube.with(&literal)?;
        }
        Some(term)
    }

    /// Whether it holds a packet, by the values of its fields and the atoms that hold.
    fn holds(&self, packet: [u8; 5], atoms: u8) -> bool {
        let inside = |((first, last), value): (&(u8, u8), u8)| *first <= value && value <= *last;
        // The source is the third field; the bounds decide that it is 1 to 3.
        let open = self.literals.is_empty() || (1..=3).contains(&packet[2]);
        let literals = &self.literals;
        self.fields.iter().zip(packet).all(inside)
            && open
            && literals
                .iter()
                .all(|(number, holds)| (atoms >> number & 1 == 1) == *holds)
    }
}

/// Every packet with every consistent valuation of the atoms.
fn universe() -> Vec<([u8; 5], u8)> {
    let mut all = Vec::new();
    for protocol in 0..3 {
        for port in 0..3 {
            for source in 0..4 {
                for destination in 0..3 {
                    for atoms in [0b000, 0b001, 0b011, 0b101, 0b111] {
                        all.push(([protocol, port, source, destination, 0], atoms));
                    }
                }
            }
        }
    }
    all
}

fn range(size: u8) -> impl Strategy<Value = (u8, u8)> {
    (0..size, 0..size).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn any_box() -> impl Strategy<Value = Box> {
    let fields = (range(3), range(3), range(4), range(3));
    let literals = prop::collection::vec((0..3_u8, any::<bool>()), 0..3);
    (fields, literals).prop_map(|((a, b, c, d), literals)| Box {
        fields: [a, b, c, d, (0, 0)],
        literals,
    })
}

fn list() -> impl Strategy<Value = Vec<Box>> {
    prop::collection::vec(any_box(), 0..6)
}

fn sets(boxes: &[Box]) -> Vec<FlowSet> {
    let of = |one: &Box| FlowSet::from_terms(Family::V4, one.term().into_iter().collect());
    boxes.iter().map(of).collect()
}

fn first(boxes: &[Box], packet: [u8; 5], atoms: u8) -> u32 {
    let mut numbered = (0_u32..).zip(boxes);
    let found = numbered.find(|(_, one)| one.holds(packet, atoms));
    found.map_or(OUTSIDE, |(number, _)| number)
}

fn parity(value: u32) -> u32 {
    if value == OUTSIDE { OUTSIDE } else { value % 2 }
}

struct Parity;

impl Operation for Parity {
    fn values(&mut self, a: u32, _: u32) -> u32 {
        parity(a)
    }

    fn early(&mut self, _: &Diagrams, _: Node, _: Node) -> Option<Node> {
        None
    }
}

/// Outside unless the second is inside and differs from the first.
struct Within;

impl Operation for Within {
    fn values(&mut self, a: u32, b: u32) -> u32 {
        if b == OUTSIDE || a == b { OUTSIDE } else { 0 }
    }

    fn early(&mut self, _: &Diagrams, _: Node, _: Node) -> Option<Node> {
        None
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_values_of_a_first_match_diagram_are_the_rules_that_decide_something(boxes in list()) {
        let sets = sets(&boxes);
        let mut diagrams = Diagrams::new(Family::V4, &sets).unwrap();
        let all: Vec<&FlowSet> = sets.iter().collect();
        let root = diagrams.first_match(&all).unwrap();
        let values: BTreeSet<u32> = diagrams.values(root).into_iter().collect();
        // Beyond the small universe there are packets that no box holds.
        let mut expected: BTreeSet<u32> = BTreeSet::from([OUTSIDE]);
        for (packet, atoms) in universe() {
            expected.insert(first(&boxes, packet, atoms));
        }
        for value in &values {
            let example = diagrams.example(root, *value).unwrap();
            let own = [FlowSet::from_terms(Family::V4, vec![example])];
            let mut again = Diagrams::new(Family::V4, own.iter().chain(&sets)).unwrap();
            let root = again.first_match(&all).unwrap();
            let example = again.set(&own[0], *value).unwrap();
            let mut within = again.combine(root, example, &mut Within).unwrap();
            within = again.combine(within, Node::leaf(0), &mut Parity).unwrap();
            prop_assert_eq!(within, Node::leaf(OUTSIDE));
        }
        prop_assert_eq!(values, expected);
    }

    #[test]
    fn two_functions_are_one_node_just_when_they_agree_everywhere(a in list(), b in list()) {
        let (of_a, of_b) = (sets(&a), sets(&b));
        let mut diagrams = Diagrams::new(Family::V4, of_a.iter().chain(&of_b)).unwrap();
        let mut node = |sets: &[FlowSet]| {
            let all: Vec<&FlowSet> = sets.iter().collect();
            let root = diagrams.first_match(&all).unwrap();
            diagrams.combine(root, Node::leaf(0), &mut Parity).unwrap()
        };
        let same = node(&of_a) == node(&of_b);
        let agree = universe().into_iter().all(|(packet, atoms)| {
            parity(first(&a, packet, atoms)) == parity(first(&b, packet, atoms))
        });
        prop_assert_eq!(same, agree);
    }

    #[test]
    fn sets_combine_as_they_should(a in list(), b in list()) {
        let (of_a, of_b) = (sets(&a), sets(&b));
        let mut diagrams = Diagrams::new(Family::V4, of_a.iter().chain(&of_b)).unwrap();
        let union = |sets: &[FlowSet]| {
            let terms = sets.iter().flat_map(FlowSet::terms).cloned();
            FlowSet::from_terms(Family::V4, terms.collect())
        };
        let (whole_a, whole_b) = (union(&of_a), union(&of_b));
        let x = diagrams.set(&whole_a, 0).unwrap();
        let y = diagrams.set(&whole_b, 0).unwrap();
        let both = diagrams.combine(x, y, &mut Both).unwrap();
        let rest = diagrams.combine(x, y, &mut Without).unwrap();
        prop_assert_eq!(diagrams.combine(both, rest, &mut Least).unwrap(), x);
        prop_assert_eq!(diagrams.combine(rest, y, &mut Both).unwrap(), Node::leaf(OUTSIDE));
        let within = whole_a.is_within(&whole_b).unwrap();
        prop_assert_eq!(rest == Node::leaf(OUTSIDE), within);
    }
}

#[test]
fn what_is_within_a_wider_tag_adds_nothing_to_it() {
    let of = |numbers: &[u8]| {
        let boxes: Vec<Box> = numbers
            .iter()
            .map(|number| Box {
                fields: [(0, 5), (0, 0), (0, 3), (0, 0), (0, 0)],
                literals: vec![(*number, true)],
            })
            .collect();
        let terms = boxes.iter().filter_map(Box::term).collect();
        FlowSet::from_terms(Family::V4, terms)
    };
    let (wide, both, narrow) = (of(&[0]), of(&[1, 0]), of(&[1]));
    let mut diagrams = Diagrams::new(Family::V4, [&wide, &both, &narrow]).unwrap();
    let wide = diagrams.set(&wide, 0).unwrap();
    assert_eq!(diagrams.set(&both, 0).unwrap(), wide);
    assert_ne!(diagrams.set(&narrow, 0).unwrap(), wide);
}

#[test]
fn too_many_nodes_are_refused_by_name() {
    // Boxes along a diagonal of four fields with wide gaps: each cuts every other.
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        u128::from(state >> 40)
    };
    let mut boxes = Vec::new();
    for _ in 0..1_200 {
        let mut term = Term::all(Family::V4);
        for dimension in FIELDS {
            if dimension != Dimension::Protocol {
                let limit: u128 = match dimension {
                    Dimension::Source | Dimension::Destination => 1 << 32,
                    _ => 1 << 16,
                };
                let (a, b) = (next() * 251 % limit, next() * 251 % limit);
                let set = IntervalSet::range(a.min(b), a.max(b));
                term = term.with_field(dimension, set).unwrap();
            }
        }
        boxes.push(FlowSet::from_terms(Family::V4, vec![term]));
    }
    let mut diagrams = Diagrams::new(Family::V4, &boxes).unwrap();
    let all: Vec<&FlowSet> = boxes.iter().collect();
    assert_eq!(diagrams.first_match(&all), Err(NODES_EXCEEDED));
}
