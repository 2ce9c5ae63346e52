//! From fields to sets: what the fields of a rule match, as far as they are known.

mod fields;
mod groups;

use std::sync::Arc;

use super::Semantics;
use super::packet::answer::add_unknown;
use super::packet::atoms::{
    Atom, Dimension, Literal, Predicate, Size, WIDE_MINIMUM, WIDE_REGION_MINIMUM,
};
use super::packet::interval::{Interval, IntervalSet};
use super::packet::space::Term;
use super::packet::{Family, port_set, protocol_code};
use super::place::Place;
use crate::eval::value::{Bounds as Limits, Reason, Unknown};
use crate::model::address::{AddressPrefix, PortRange, ProtocolMatch, ServiceTag};
use crate::model::platform::TagRow;
use crate::model::{Field, List, State};

pub(crate) use fields::Fields;

/// What the values of one field match.
#[derive(Clone, Debug)]
pub(crate) struct Matched {
    dimension: Dimension,
    /// For certain.
    certain: IntervalSet,
    /// Under an atom.
    open: Vec<(IntervalSet, Literal)>,
    /// Possibly, by values of which nothing more is known.
    loose: IntervalSet,
    unknowns: Vec<Arc<Unknown>>,
}

/// More products than this of one rule's alternatives are not told apart.
const MAX_PRODUCTS: usize = 512;

impl Matched {
    pub(crate) fn none(dimension: Dimension) -> Self {
        Self {
            dimension,
            certain: IntervalSet::empty(),
            open: Vec::new(),
            loose: IntervalSet::empty(),
            unknowns: Vec::new(),
        }
    }

    pub(crate) fn set(dimension: Dimension, set: IntervalSet) -> Self {
        let mut matched = Self::none(dimension);
        matched.certain = set;
        matched
    }

    /// Every value of the field.
    pub(crate) fn any(dimension: Dimension, family: Family) -> Self {
        Self::set(dimension, Term::all(family).field(dimension).clone())
    }

    pub(crate) fn add(&mut self, set: &IntervalSet) {
        self.certain = self.certain.union(set);
    }

    pub(crate) fn add_loose(&mut self, set: &IntervalSet) {
        self.loose = self.loose.union(set);
    }

    /// Makes what is certain of these values only possible.
    pub(crate) fn loosen(&mut self, set: &IntervalSet) {
        let certain = self.certain.intersect(set);
        self.loose = self.loose.union(&certain);
        self.certain = self.certain.subtract(set);
    }

    pub(crate) fn add_unknown(&mut self, unknown: &Arc<Unknown>) {
        add_unknown(&mut self.unknowns, unknown);
    }

    pub(crate) fn add_atom(&mut self, atom: Atom) {
        self.certain = self.certain.union(&atom.inner);
        if let Some(unknown) = &atom.unknown {
            add_unknown(&mut self.unknowns, unknown);
        }
        let open = atom.open();
        if open.is_empty() || self.open.iter().any(|(_, own)| own.atom.id == atom.id) {
            return;
        }
        let atom = Arc::new(atom);
        self.open.push((open, Literal { atom, holds: true }));
    }

    /// Everything it may match, without atoms.
    pub(crate) fn widest(&self) -> IntervalSet {
        let sets = self.open.iter().map(|(set, _)| set);
        sets.fold(self.certain.union(&self.loose), |all, set| all.union(set))
    }

    /// The field it is about.
    pub(crate) fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// What would have to be known.
    pub(crate) fn unknowns(&self) -> &[Arc<Unknown>] {
        &self.unknowns
    }

    /// What it matches for certain.
    pub(crate) fn certain(&self) -> &IntervalSet {
        &self.certain
    }

    /// The same for one of an unknown number of rules: its unknowns differ from rule to rule.
    fn blurred(self) -> Self {
        Self {
            loose: self.widest(),
            open: Vec::new(),
            ..self
        }
    }

    /// What it matches, each part with the literal it depends on; `loose`: what it possibly does, too.
    pub(crate) fn alternatives(&self, loose: bool) -> Vec<(IntervalSet, Option<Literal>)> {
        let mut all = Vec::with_capacity(2 + self.open.len());
        let plain = if loose {
            self.certain.union(&self.loose)
        } else {
            self.certain.clone()
        };
        all.push((plain, None));
        for (set, literal) in &self.open {
            all.push((set.clone(), Some(literal.clone())));
        }
        all.retain(|(set, _)| !set.is_empty());
        all
    }
}

impl Matched {
    fn restrict(&mut self, set: &IntervalSet) {
        self.certain = self.certain.intersect(set);
        self.loose = self.loose.intersect(set);
        for (open, _) in &mut self.open {
            *open = open.intersect(set);
        }
        self.open.retain(|(open, _)| !open.is_empty());
    }
}

fn full_protocols() -> IntervalSet {
    IntervalSet::range(0, protocol_code(crate::model::address::Protocol::Other))
}

impl Semantics<'_> {
    /// What a list of addresses matches. A list that is certainly empty matches nothing for
    /// certain and everything possibly: Azure refuses it.
    pub(crate) fn addresses(
        &self,
        list: &List<Field<AddressPrefix>>,
        dimension: Dimension,
        place: &Place,
    ) -> Matched {
        let mut matched = Matched::none(dimension);
        self.add_addresses(&mut matched, &list.items, place);
        add_rest(&mut matched, list.rest.as_ref(), place.family);
        if list.is_certainly_empty() {
            matched.loose = place.family.addresses();
        }
        matched
    }

    /// Adds what many items match. Lists may be thousands of blocks long: those are put together
    /// at once.
    pub(crate) fn add_addresses<'f>(
        &self,
        matched: &mut Matched,
        items: impl IntoIterator<Item = &'f Field<AddressPrefix>>,
        place: &Place,
    ) {
        let mut plain: Vec<Interval> = Vec::new();
        for item in items {
            let set = match item.value() {
                Some(AddressPrefix::Block(block)) => place.family.block(*block),
                Some(AddressPrefix::Range(first, last)) => place.family.range(*first, *last),
                _ => {
                    self.add_address(matched, item, place);
                    continue;
                }
            };
            plain.extend(set.iter().flat_map(IntervalSet::intervals));
        }
        if !plain.is_empty() {
            matched.add(&IntervalSet::from_intervals(plain));
        }
    }

    /// Adds what one item matches.
    pub(crate) fn add_address(
        &self,
        matched: &mut Matched,
        item: &Field<AddressPrefix>,
        place: &Place,
    ) {
        match &item.state {
            State::Known(prefix) => self.add_prefix(matched, prefix, place),
            State::Absent => {}
            State::Unknown(unknown, candidates) => {
                let bounds = candidates
                    .as_ref()
                    .filter(|all| !all.is_empty())
                    .map(|all| {
                        bounds_of(all.iter().map(|prefix| {
                            let mut one = Matched::none(matched.dimension);
                            self.add_prefix(&mut one, prefix, place);
                            (one.certain.clone(), one.widest())
                        }))
                    });
                let (inner, outer) =
                    bounds.unwrap_or_else(|| (IntervalSet::empty(), place.family.addresses()));
                matched.add_atom(unknown_atom(matched.dimension, unknown, inner, outer));
            }
            State::Invalid { raw, .. } => {
                let addresses = place.family.addresses();
                matched.add_atom(invalid_atom(matched.dimension, raw, addresses));
            }
        }
    }

    /// Adds what a prefix matches.
    pub(crate) fn add_prefix(&self, matched: &mut Matched, prefix: &AddressPrefix, place: &Place) {
        let family = place.family;
        match prefix {
            AddressPrefix::Any => matched.add(&family.addresses()),
            AddressPrefix::Block(block) => {
                if let Some(set) = family.block(*block) {
                    matched.add(&set);
                }
            }
            AddressPrefix::Range(first, last) => {
                if let Some(set) = family.range(*first, *last) {
                    matched.add(&set);
                }
            }
            AddressPrefix::Tag(tag) => self.add_tag(matched, tag, place),
            AddressPrefix::Asg(link) => self.add_group(matched, link, place),
        }
    }

    fn add_tag(&self, matched: &mut Matched, tag: &ServiceTag, place: &Place) {
        let name = self.canonical_tag(tag.name());
        if name == "internet" {
            matched.add(&place.internet);
            return;
        }
        let dimension = matched.dimension;
        if name == "virtualnetwork" {
            let predicate = Predicate::VirtualNetwork(place.key.clone());
            let (inner, outer) = (place.inner.clone(), place.outer.clone());
            matched.add_atom(Atom::new(dimension, &predicate, inner, outer));
            return;
        }
        if let Some(set) = self.documented_addresses(&name, place.family) {
            matched.add(&set);
            return;
        }
        if let Some(set) = self.listed_addresses(&name, place.family) {
            matched.add(&set);
            return;
        }
        let outer = if name == "azureloadbalancer" {
            // Probes over IPv6 come from an address that is not documented.
            place.family.addresses()
        } else {
            place.internet.clone()
        };
        let predicate = Predicate::Tag(name.clone());
        let (inner, outer) = self.bounds_by_list(&name, place.family, &outer);
        let mut atom = Atom::new(dimension, &predicate, inner, outer);
        atom.within = self
            .wider_tags(&name)
            .into_iter()
            .map(|wider| Atom::id_of(dimension, &Predicate::Tag(wider)))
            .collect();
        atom.size = match name.strip_prefix("azurecloud") {
            // How wide a tag is that a list leaves out is not told.
            _ if self.service_tags().is_some() => Size::Sparse,
            Some("") => Size::Wide(WIDE_MINIMUM),
            Some(region) if region.starts_with('.') => Size::Wide(WIDE_REGION_MINIMUM),
            _ => Size::Sparse,
        };
        matched.add_atom(atom);
    }

    /// The tag's name in lower case, older spellings replaced.
    pub(crate) fn canonical_tag(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        let row = self.facts.tags.iter().find(|row| {
            row.formerly
                .iter()
                .any(|former| former.eq_ignore_ascii_case(&lower))
        });
        row.map_or(lower, |row| row.name.to_ascii_lowercase())
    }

    /// The addresses of a tag that are documented and fixed.
    fn documented_addresses(&self, name: &str, family: Family) -> Option<IntervalSet> {
        let sum = |blocks: &mut dyn Iterator<Item = ipnet::IpNet>| {
            let mut any = false;
            let mut all = IntervalSet::empty();
            for block in blocks {
                any = true;
                if let Some(set) = family.block(block) {
                    all = all.union(&set);
                }
            }
            any.then_some(all)
        };
        let row = self.tag_row(name);
        let own = row.and_then(|row| match &row.same_as {
            Some(set) => self.named_set(set, family),
            None => sum(&mut row.addresses.iter().copied()),
        });
        let of_service = || {
            let services = self.facts.services.iter().filter(|service| {
                service
                    .tag
                    .as_ref()
                    .is_some_and(|tag| tag.eq_ignore_ascii_case(name))
            });
            sum(&mut services.flat_map(|service| service.addresses.iter().copied()))
        };
        let set = own.or_else(of_service)?;
        (!(set.is_empty() && name == "azureloadbalancer")).then_some(set)
    }

    fn tag_row(&self, name: &str) -> Option<&TagRow> {
        let mut rows = self.facts.tags.iter();
        rows.find(|row| row.name.eq_ignore_ascii_case(name))
    }

    /// The tags that hold every address of this one, directly or through others, in lower case.
    pub(crate) fn wider_tags(&self, name: &str) -> Vec<String> {
        let mut wider: Vec<String> = Vec::new();
        let mut pending = vec![name.to_owned()];
        while let Some(name) = pending.pop() {
            let mut direct: Vec<String> = Vec::new();
            if let Some(row) = self.tag_row(&name) {
                direct.extend(row.within.iter().map(|tag| tag.to_ascii_lowercase()));
            } else if let Some((base, _)) = name.split_once('.') {
                // A region's part of a tag; products with a dot in their names have their own row.
                direct.push(base.to_owned());
            }
            for tag in direct {
                if tag != "internet" && tag != "virtualnetwork" && !wider.contains(&tag) {
                    wider.push(tag.clone());
                    pending.push(tag);
                }
            }
        }
        wider
    }
}

/// What a list of ports matches.
pub(crate) fn ports(
    list: &List<Field<PortRange>>,
    dimension: Dimension,
    family: Family,
) -> Matched {
    let mut matched = Matched::none(dimension);
    let full = IntervalSet::range(0, u16::MAX.into());
    for item in &list.items {
        match &item.state {
            State::Known(range) => matched.add(&port_set(*range)),
            State::Absent => {}
            State::Unknown(unknown, candidates) => {
                let bounds = candidates
                    .as_ref()
                    .filter(|all| !all.is_empty())
                    .map(|all| {
                        bounds_of(all.iter().map(|range| (port_set(*range), port_set(*range))))
                    });
                let (inner, outer) = bounds.unwrap_or_else(|| match unknown.bounds {
                    Limits::Range(low, high) => {
                        let port = |limit: Option<i64>, open: u16| {
                            limit.map_or(open, |limit| {
                                u16::try_from(limit.clamp(0, u16::MAX.into())).unwrap_or(open)
                            })
                        };
                        let range = (port(low, 0).into(), port(high, u16::MAX).into());
                        (IntervalSet::empty(), IntervalSet::range(range.0, range.1))
                    }
                    _ => (IntervalSet::empty(), full.clone()),
                });
                matched.add_atom(unknown_atom(dimension, unknown, inner, outer));
            }
            State::Invalid { raw, .. } => {
                matched.add_atom(invalid_atom(dimension, raw, full.clone()));
            }
        }
    }
    add_rest(&mut matched, list.rest.as_ref(), family);
    if list.is_certainly_empty() {
        matched.loose = full;
    }
    matched
}

/// What a protocol field matches.
pub(crate) fn protocol(field: &Field<ProtocolMatch>) -> Matched {
    let mut matched = Matched::none(Dimension::Protocol);
    let set = |protocol: &ProtocolMatch| match protocol {
        ProtocolMatch::Any => full_protocols(),
        ProtocolMatch::Only(protocol) => IntervalSet::single(protocol_code(*protocol)),
    };
    match &field.state {
        State::Known(protocol) => matched.add(&set(protocol)),
        State::Absent => matched.add_loose(&full_protocols()),
        State::Unknown(unknown, candidates) => {
            let bounds = candidates
                .as_ref()
                .filter(|all| !all.is_empty())
                .map(|all| bounds_of(all.iter().map(|protocol| (set(protocol), set(protocol)))));
            let (inner, outer) = bounds.unwrap_or_else(|| (IntervalSet::empty(), full_protocols()));
            matched.add_atom(unknown_atom(Dimension::Protocol, unknown, inner, outer));
        }
        State::Invalid { raw, .. } => {
            matched.add_atom(invalid_atom(Dimension::Protocol, raw, full_protocols()));
        }
    }
    matched
}

/// An atom for an unknown value.
pub(crate) fn unknown_atom(
    dimension: Dimension,
    unknown: &Arc<Unknown>,
    inner: IntervalSet,
    outer: IntervalSet,
) -> Atom {
    let predicate = Predicate::Unknown(unknown.id.0);
    let mut atom = Atom::new(dimension, &predicate, inner, outer);
    atom.unknown = Some(Arc::clone(unknown));
    atom
}

fn invalid_atom(dimension: Dimension, raw: &str, outer: IntervalSet) -> Atom {
    let label = format!("`{raw}`");
    let unknown = Unknown::new("invalid field", label, Reason::Invalid);
    unknown_atom(dimension, &Arc::new(unknown), IntervalSet::empty(), outer)
}

/// Adds what the unknown rest of a list matches.
fn add_rest(matched: &mut Matched, rest: Option<&Arc<Unknown>>, family: Family) {
    if let Some(rest) = rest {
        let outer = Term::all(family).field(matched.dimension).clone();
        let empty = IntervalSet::empty();
        matched.add_atom(unknown_atom(matched.dimension, rest, empty, outer));
    }
}

/// What all of several alternatives hold, and what at least one does.
fn bounds_of(
    alternatives: impl Iterator<Item = (IntervalSet, IntervalSet)>,
) -> (IntervalSet, IntervalSet) {
    alternatives
        .reduce(|(inner, outer), (low, high)| (inner.intersect(&low), outer.union(&high)))
        .unwrap_or_else(|| (IntervalSet::empty(), IntervalSet::empty()))
}
