//! Unions of product terms: the algebra of packet sets.
//!
//! A term is one interval set for each field and a cube over atoms. Packets of protocols without
//! ports are kept as if they had every port: no rule tells their ports apart, and witnesses print
//! none.

use super::Side;
use super::atoms::{Cube, Dimension, Literal};
use super::interval::IntervalSet;
use super::{Family, protocol_code};
use crate::model::address::Protocol;

/// More terms than this in one set are not computed.
pub const MAX_TERMS: usize = 4_096;

/// A limit was exceeded; its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded(pub &'static str);

/// What [`MAX_TERMS`] is called.
pub const TERMS_EXCEEDED: Exceeded = Exceeded("number of packet regions");

/// A product: packets whose every field lies in a set, in worlds that meet a cube.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// By [`Dimension`].
    pub fields: [IntervalSet; Dimension::COUNT],
    /// What the atoms say.
    pub cube: Cube,
}

const ORDER: [Dimension; Dimension::COUNT] = [
    Dimension::Source,
    Dimension::Destination,
    Dimension::Protocol,
    Dimension::SourcePort,
    Dimension::DestinationPort,
];

impl Term {
    /// Every packet of a family.
    #[must_use]
    pub fn all(family: Family) -> Self {
        let addresses = family.addresses();
        let ports = IntervalSet::range(0, u16::MAX.into());
        Self {
            fields: [
                addresses.clone(),
                addresses,
                IntervalSet::range(0, protocol_code(Protocol::Other)),
                ports.clone(),
                ports,
            ],
            cube: Cube::default(),
        }
    }

    /// The set of one field.
    #[must_use]
    pub fn field(&self, dimension: Dimension) -> &IntervalSet {
        &self.fields[dimension as usize]
    }

    /// The same with another set in one field; `None` if that is empty.
    #[must_use]
    pub fn with_field(&self, dimension: Dimension, set: IntervalSet) -> Option<Self> {
        if set.is_empty() {
            return None;
        }
        let mut term = self.clone();
        term.fields[dimension as usize] = set;
        Some(term)
    }

    /// Restricts one field and adds a literal about it.
    #[must_use]
    pub fn restricted(
        &self,
        dimension: Dimension,
        set: &IntervalSet,
        literal: Option<&Literal>,
    ) -> Option<Self> {
        let mut term = self.with_field(dimension, self.field(dimension).intersect(set))?;
        if let Some(literal) = literal {
            term.cube = term.cube.with(literal)?;
        }
        Some(term)
    }

    /// Whether the two have a packet in common, in some world.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.fields
            .iter()
            .zip(&other.fields)
            .all(|(a, b)| a.meets(b))
            && !self.cube.excludes(&other.cube)
    }

    /// Whether every packet of it is in `other`, in every world.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.fields
            .iter()
            .zip(&other.fields)
            .all(|(a, b)| a.is_within(b))
            && self.cube.implies(&other.cube)
    }

    /// In how many fields its values are all in the other's.
    #[must_use]
    pub fn fields_within(&self, other: &Self) -> usize {
        let pairs = self.fields.iter().zip(&other.fields);
        pairs.filter(|(a, b)| a.is_within(b)).count() + usize::from(self.cube.implies(&other.cube))
    }

    /// The packets of both; `None` if there is none.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let mut fields = self.fields.clone();
        for (own, set) in fields.iter_mut().zip(&other.fields) {
            *own = own.intersect(set);
            if own.is_empty() {
                return None;
            }
        }
        let cube = self.cube.and(&other.cube)?;
        Some(Self { fields, cube })
    }

    /// Appends what is left of the term without `other`, as disjoint terms.
    pub fn subtract_into(mut self, other: &Self, left: &mut Vec<Self>) {
        if !self.meets(other) {
            left.push(self);
            return;
        }
        for dimension in ORDER {
            let cut = other.field(dimension);
            if !self.field(dimension).is_within(cut) {
                let outside = self.field(dimension).subtract(cut);
                let inside = self.field(dimension).intersect(cut);
                left.extend(self.with_field(dimension, outside));
                self.fields[dimension as usize] = inside;
            }
        }
        for literal in other.cube.literals() {
            if self.cube.implies_literal(literal) {
                continue;
            }
            if let Some(cube) = self.cube.with(&literal.negated()) {
                left.push(Self {
                    fields: self.fields.clone(),
                    cube,
                });
            }
            match self.cube.with(literal) {
                Some(cube) => self.cube = cube,
                None => return,
            }
        }
    }
}

/// A set of packets of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSet {
    family: Family,
    terms: Vec<Term>,
}

impl FlowSet {
    /// No packet.
    #[must_use]
    pub fn empty(family: Family) -> Self {
        Self {
            family,
            terms: Vec::new(),
        }
    }

    /// Every packet of the family.
    #[must_use]
    pub fn all(family: Family) -> Self {
        Self::from_terms(family, vec![Term::all(family)])
    }

    /// The union of terms, each of them not empty.
    #[must_use]
    pub fn from_terms(family: Family, terms: Vec<Term>) -> Self {
        let mut set = Self::empty(family);
        for term in terms {
            set.absorb(term);
        }
        set
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The terms; they may overlap.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether there is no packet in it, whatever the atoms stand for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the two have a packet in common, in some world.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.terms
            .iter()
            .any(|term| other.terms.iter().any(|cut| term.meets(cut)))
    }

    /// The packets of at least one of the two.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn union(&self, other: &Self) -> Result<Self, Exceeded> {
        let mut set = self.clone();
        for term in &other.terms {
            set.absorb(term.clone());
        }
        set.checked()
    }

    /// The packets of both.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn intersect(&self, other: &Self) -> Result<Self, Exceeded> {
        let mut set = Self::empty(self.family);
        for term in &self.terms {
            for cut in &other.terms {
                if term.meets(cut)
                    && let Some(common) = term.intersect(cut)
                {
                    set.absorb(common);
                }
            }
            if set.terms.len() > MAX_TERMS {
                return Err(TERMS_EXCEEDED);
            }
        }
        Ok(set)
    }

    /// The packets that are not in `other`.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn subtract(&self, other: &Self) -> Result<Self, Exceeded> {
        let mut left = self.terms.clone();
        for cut in &other.terms {
            if left.is_empty() {
                break;
            }
            if !left.iter().any(|term| term.meets(cut)) {
                continue;
            }
            let mut next = Vec::with_capacity(left.len() + 4);
            for term in left {
                term.subtract_into(cut, &mut next);
            }
            left = next;
            if left.len() > MAX_TERMS {
                return Err(TERMS_EXCEEDED);
            }
        }
        Ok(Self {
            family: self.family,
            terms: left,
        })
    }

    /// Whether every packet of it is in `other`, in every world.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn is_within(&self, other: &Self) -> Result<bool, Exceeded> {
        Ok(self.subtract(other)?.is_empty())
    }

    /// The packets that are in it under some valuation of the atoms; no atoms remain.
    #[must_use]
    pub fn possible(&self) -> Self {
        let terms = self.terms.iter().map(|term| Term {
            fields: term.fields.clone(),
            cube: Cube::default(),
        });
        Self::from_terms(self.family, terms.collect())
    }

    /// The packets that are in it under every consistent valuation of the atoms; no atoms remain.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn certain(&self) -> Result<Self, Exceeded> {
        if self.terms.iter().all(|term| term.cube.is_empty()) {
            return Ok(self.clone());
        }
        let possible = self.possible();
        let lost = possible.subtract(self)?.possible();
        possible.subtract(&lost)
    }

    /// Those addresses on a side that occur in every world, if the one there is a machine's.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn machine_addresses(&self, side: Side) -> Result<IntervalSet, Exceeded> {
        let dimension = dimension(side);
        let mut found = IntervalSet::empty();
        let (opaque, plain): (Vec<&Term>, Vec<&Term>) = self.terms.iter().partition(|term| {
            let mut literals = term.cube.literals().iter();
            literals.any(|literal| literal.atom.dimension == dimension)
        });
        for term in &plain {
            let addresses = term.field(dimension);
            if addresses.is_within(&found) {
                continue;
            }
            let same = plain
                .iter()
                .filter(|other| addresses.is_within(other.field(dimension)))
                .map(|other| (*other).clone());
            if Self::from_terms(self.family, same.collect()).is_inhabited()? {
                found = found.union(addresses);
            }
        }
        for term in opaque {
            let literals = term.cube.literals();
            if !literals
                .iter()
                .all(|one| one.holds && one.atom.machines && one.atom.dimension == dimension)
            {
                continue;
            }
            found = found.union(term.field(dimension));
            for literal in literals {
                // No machine has an address beyond the bound.
                let beyond = self.family.addresses().subtract(&literal.atom.outer);
                found = found.union(&beyond);
            }
        }
        Ok(found)
    }

    /// The addresses on a side that may occur.
    #[must_use]
    pub fn possible_addresses(&self, side: Side) -> IntervalSet {
        let dimension = dimension(side);
        let mut found = IntervalSet::empty();
        for term in &self.terms {
            found = found.union(term.field(dimension));
        }
        found
    }

    /// Adds a term unless it is there already; drops those it contains.
    fn absorb(&mut self, term: Term) {
        // Looking for containment is quadratic; past this many terms it no longer pays.
        const WORTHWHILE: usize = 256;
        if self.terms.len() <= WORTHWHILE {
            if self.terms.iter().any(|own| term.is_within(own)) {
                return;
            }
            self.terms.retain(|own| !own.is_within(&term));
        }
        self.terms.push(term);
    }

    /// The set, unless it has more terms than may be.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn checked(self) -> Result<Self, Exceeded> {
        if self.terms.len() > MAX_TERMS {
            Err(TERMS_EXCEEDED)
        } else {
            Ok(self)
        }
    }
}

fn dimension(side: Side) -> Dimension {
    match side {
        Side::Source => Dimension::Source,
        Side::Destination => Dimension::Destination,
    }
}
