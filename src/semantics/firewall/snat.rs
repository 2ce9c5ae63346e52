//! What leaves a firewall: sources it replaces, destinations its translation rules do.

use std::sync::Arc;

use super::Semantics;
use super::deciding::{Pass, Translation};
use super::holdings::switched_on;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::firewall::{Firewall, FirewallRuleOwner, PrivateRange};
use crate::model::{Field, FirewallId, FirewallPolicyId, Link, State, SubnetId};
use crate::semantics::Bounds;
use crate::semantics::compile::outside;
use crate::semantics::matching::Matched;
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::atoms::{Atom, Cube, Dimension, Literal, Predicate, Size};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::space::{FlowSet, Term};
use crate::semantics::packet::{Answer, Family};
use crate::semantics::place::Place;

/// Destinations to which packets keep their source.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) destinations: Bounds<IntervalSet>,
    pub(super) because: Vec<Arc<Unknown>>,
}

impl Semantics<'_> {
    /// The destinations to which a firewall leaves the source of packets as it is.
    pub(super) fn kept_sources(&self, firewall: FirewallId, family: Family) -> Kept {
        let everything = family.addresses();
        let usual = self
            .named_set("private", family)
            .unwrap_or_else(IntervalSet::empty);
        let mut kept = Kept {
            destinations: Bounds {
                must: IntervalSet::empty(),
                may: everything,
            },
            because: Vec::new(),
        };
        if family == Family::V6 {
            // No setting changes what becomes of IPv6.
            kept.destinations.may = usual.clone();
            kept.destinations.must = usual;
            return kept;
        }
        let owner = FirewallRuleOwner::Firewall(firewall);
        let Some(settings) = self.firewall_settings(owner) else {
            match &self.network[firewall].policy.state {
                State::Known(Link::External(key)) => kept.because.push(outside(key)),
                State::Unknown(unknown, _) => kept.because.push(Arc::clone(unknown)),
                _ => {}
            }
            return kept;
        };
        let ranges = &settings.private_ranges;
        if ranges.is_certainly_empty() {
            let (policies, others) = self.policies_of(owner);
            let parents = policies.get(1..).unwrap_or_default();
            let silent = |id: FirewallPolicyId| {
                let settings = &self.network[id].settings;
                settings.private_ranges.is_certainly_empty()
            };
            // Whether a child takes its parent's ranges is not documented.
            if others || !parents.iter().all(|id| silent(*id)) {
                let label = "whether the policy takes the private ranges of its parent";
                let unknown = Unknown::new("snat", label, Reason::Outside);
                kept.because.push(Arc::new(unknown));
                return kept;
            }
            kept.destinations.must = usual.clone();
        }
        let mut open = ranges.rest.is_some();
        kept.because.extend(ranges.rest.clone());
        for item in &ranges.items {
            match &item.state {
                State::Known(PrivateRange::Iana) => {
                    kept.destinations.must = kept.destinations.must.union(&usual);
                }
                State::Known(PrivateRange::Block(block)) => {
                    let block = family.block(*block).unwrap_or_else(IntervalSet::empty);
                    kept.destinations.must = kept.destinations.must.union(&block);
                }
                State::Absent => {}
                State::Unknown(unknown, _) => {
                    open = true;
                    add_unknown(&mut kept.because, unknown);
                }
                State::Invalid { .. } => open = true,
            }
        }
        match switched_on(&settings.learns_private_ranges) {
            Truth::False => {}
            _ => {
                open = true;
                let label = "the private ranges the firewall learns from routes";
                let unknown = Unknown::new("snat", label, Reason::RunTime);
                add_unknown(&mut kept.because, &Arc::new(unknown));
            }
        }
        if !open {
            kept.destinations.may = kept.destinations.must.clone();
        }
        kept
    }

    /// Divides packets of a pass by whether their source is replaced.
    pub(super) fn by_snat(&self, pass: Pass, flows: Answer, kept: &Kept) -> Vec<(Truth, Answer)> {
        if pass != Pass::Network {
            return vec![(Truth::True, flows)];
        }
        let Bounds { must, may } = &kept.destinations;
        let parts = [
            (Truth::True, flows.family().addresses().subtract(may)),
            (Truth::Unknown, may.subtract(must)),
            (Truth::False, must.clone()),
        ];
        let divided = parts.into_iter().filter_map(|(snat, destinations)| {
            let mut part = within(&flows, Dimension::Destination, &destinations);
            if snat == Truth::Unknown {
                for unknown in &kept.because {
                    add_unknown(&mut part.unknowns, unknown);
                }
            }
            (!part.flows.may.is_empty()).then_some((snat, part))
        });
        divided.collect()
    }

    /// The packets as they leave: with the destination and port a translation rule gives them, and
    /// the source that SNAT does.
    pub(super) fn leaving(
        &self,
        firewall: FirewallId,
        flows: &Answer,
        snat: Truth,
        translation: Option<&Translation>,
        place: &Place,
    ) -> Answer {
        let translated = match translation {
            Some(translation) => translated(flows, translation),
            None => flows.clone(),
        };
        match snat {
            Truth::False => translated,
            Truth::True => self.with_own_source(firewall, &translated, place),
            Truth::Unknown => {
                let replaced = self.with_own_source(firewall, &translated, place);
                crate::semantics::rules::either(&translated, &replaced)
            }
        }
    }

    /// Towards public addresses the source is a public address of the firewall, otherwise one in
    /// its subnet.
    fn with_own_source(&self, id: FirewallId, flows: &Answer, place: &Place) -> Answer {
        let family = place.family;
        let firewall: &Firewall = &self.network[id];
        let subnet = match &firewall.subnet.state {
            State::Known(Link::Here(subnet)) => self.blocks_of(*subnet, family),
            _ => None,
        };
        let private = family.addresses().subtract(&place.internet);
        let inside = subnet.unwrap_or_else(|| private.clone());
        let key = &firewall.meta.key.0;
        let own = |what: &str, outer: &IntervalSet| {
            let predicate = Predicate::AddressList(format!("{what} of {key}"));
            let empty = IntervalSet::empty();
            let mut atom = Atom::new(Dimension::Source, &predicate, empty, outer.clone());
            atom.size = Size::Sparse;
            let mut matched = Matched::none(Dimension::Source);
            matched.add_atom(atom);
            matched
        };
        let out = within(flows, Dimension::Destination, &place.internet);
        let rest = within(flows, Dimension::Destination, &private);
        let public = replaced(&out, &[own("the public addresses", &place.internet)]);
        let private = replaced(&rest, &[own("the private addresses", &inside)]);
        public.or(&private)
    }

    fn blocks_of(&self, subnet: SubnetId, family: Family) -> Option<IntervalSet> {
        let prefixes = &self.network[subnet].address_prefixes;
        if prefixes.rest.is_some() || prefixes.items.is_empty() {
            return None;
        }
        let mut all = IntervalSet::empty();
        for item in &prefixes.items {
            if let Some(block) = family.block(*item.value()?) {
                all = all.union(&block);
            }
        }
        (!all.is_empty()).then_some(all)
    }
}

fn translated(flows: &Answer, translation: &Translation) -> Answer {
    let family = flows.family();
    let mut fields = Vec::new();
    let mut destination = Matched::none(Dimension::Destination);
    match &translation.address.state {
        State::Known(address) => {
            if let Some(set) = family.range(*address, *address) {
                destination.add(&set);
            }
        }
        _ => unknown_value(
            &mut destination,
            &translation.address,
            &family.addresses(),
            "the address a translation rule sends packets on to",
        ),
    }
    fields.push(destination);
    if !translation.port.is_absent() {
        let mut ports = Matched::none(Dimension::DestinationPort);
        match &translation.port.state {
            State::Known(port) => ports.add(&IntervalSet::single((*port).into())),
            _ => unknown_value(
                &mut ports,
                &translation.port,
                &IntervalSet::range(0, u16::MAX.into()),
                "the port a translation rule sends packets on to",
            ),
        }
        fields.push(ports);
    }
    replaced(flows, &fields)
}

fn unknown_value<T>(matched: &mut Matched, field: &Field<T>, all: &IntervalSet, what: &str) {
    matched.add_loose(all);
    let unknown = match field.unknown() {
        Some(unknown) => Arc::clone(unknown),
        None => Arc::new(Unknown::new("translation", what, Reason::RunTime)),
    };
    matched.add_unknown(&unknown);
}

/// The packets whose field is in a set.
fn within(flows: &Answer, dimension: Dimension, set: &IntervalSet) -> Answer {
    let cut = |from: &FlowSet| {
        let terms = from.terms().iter();
        let kept = terms.filter_map(|term| term.restricted(dimension, set, None));
        FlowSet::from_terms(from.family(), kept.collect())
    };
    Answer {
        flows: Bounds {
            must: cut(&flows.flows.must),
            may: cut(&flows.flows.may),
        },
        unknowns: flows.unknowns.clone(),
        undecided: flows.undecided,
    }
}

/// The packets with new values in some fields. What was known of the old values is forgotten: a
/// packet that is certain only because of it is no longer.
fn replaced(flows: &Answer, fields: &[Matched]) -> Answer {
    let family = flows.family();
    let concerns = |literal: &Literal| {
        let dimension = literal.atom.dimension;
        fields.iter().any(|field| field.dimension() == dimension)
    };
    let rewrite = |from: &FlowSet, certain: bool| {
        let mut terms = Vec::new();
        for term in from.terms() {
            let forgets = term.cube.literals().iter().any(concerns);
            if certain && forgets {
                continue;
            }
            let mut kept = term.cube.literals().iter().filter(|it| !concerns(it));
            let cube = kept.try_fold(Cube::default(), |cube, it| cube.with(it));
            let mut fresh = term.fields.clone();
            for field in fields {
                let dimension = field.dimension();
                fresh[dimension as usize] = Term::all(family).field(dimension).clone();
            }
            let start = Term {
                fields: fresh,
                cube: cube.unwrap_or_default(),
            };
            let mut all = vec![start];
            for field in fields {
                all = all
                    .iter()
                    .flat_map(|term| {
                        field
                            .alternatives(!certain)
                            .into_iter()
                            .filter_map(|(set, literal)| {
                                term.restricted(field.dimension(), &set, literal.as_ref())
                            })
                    })
                    .collect();
            }
            terms.extend(all);
        }
        FlowSet::from_terms(family, terms)
    };
    let mut unknowns = flows.unknowns.clone();
    for unknown in fields.iter().flat_map(Matched::unknowns) {
        add_unknown(&mut unknowns, unknown);
    }
    Answer {
        flows: Bounds {
            must: rewrite(&flows.flows.must, true),
            may: rewrite(&flows.flows.may, false),
        },
        unknowns,
        undecided: flows.undecided,
    }
}
