//! How many addresses: whether a set is inhabited for certain, and which of its packets can come
//! from many places.

use super::atoms::{Dimension, Literal, Size, sparse_limit};
use super::space::{Exceeded, FlowSet, MAX_TERMS, TERMS_EXCEEDED, Term};
use super::{Family, Side};

impl Side {
    /// The field of the address on this side.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        match self {
            Self::Source => Dimension::Source,
            Self::Destination => Dimension::Destination,
        }
    }
}

const ALL: [Dimension; Dimension::COUNT] = [
    Dimension::Source,
    Dimension::Destination,
    Dimension::Protocol,
    Dimension::SourcePort,
    Dimension::DestinationPort,
];

impl FlowSet {
    /// Whether some packet is in it in every world: either one packet that always is, or a region
    /// that some address lies in whatever the documented tags hold.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn is_inhabited(&self) -> Result<bool, Exceeded> {
        let inhabited = |term: &Term| {
            let mut fields = ALL.iter();
            fields.all(|dimension| at_least(self.family(), term, *dimension) > 0)
        };
        Ok(self.terms().iter().any(inhabited) || !self.certain()?.is_empty())
    }

    /// Packets for which the number of addresses on a side, all else equal, exceeds `n` in every
    /// world.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn certainly_wider_than(&self, side: Side, n: u128) -> Result<Self, Exceeded> {
        let dimension = side.dimension();
        let wide = self
            .terms()
            .iter()
            .filter(|term| at_least(self.family(), term, dimension) > n)
            .cloned();
        let wide = Self::from_terms(self.family(), wide.collect());
        wide.union(&wider_than(&self.certain()?, dimension, n)?)
    }

    /// Packets for which the number of addresses on a side, all else equal, may exceed `n`. Service
    /// tags other than `AzureCloud` never count as wide.
    ///
    /// # Errors
    ///
    /// [`TERMS_EXCEEDED`].
    pub fn possibly_wider_than(&self, side: Side, n: u128) -> Result<Self, Exceeded> {
        let dimension = side.dimension();
        if self.terms().iter().all(|term| term.cube.is_empty()) {
            return wider_than(self, dimension, n);
        }
        let together = |term: &Term| {
            let rest = freed(self.family(), term, dimension);
            self.terms()
                .iter()
                .filter(|other| {
                    freed(self.family(), other, dimension).is_some_and(|other| {
                        rest.as_ref().is_some_and(|rest| fields_meet(rest, &other))
                    })
                })
                .fold(0_u128, |sum, other| {
                    sum.saturating_add(at_most(other, dimension))
                })
        };
        let wide = self.terms().iter().filter(|term| together(term) > n);
        Ok(Self::from_terms(self.family(), wide.cloned().collect()))
    }
}

/// Exact for sets without atoms.
fn wider_than(set: &FlowSet, dimension: Dimension, n: u128) -> Result<FlowSet, Exceeded> {
    let family = set.family();
    let mut wide = Vec::new();
    for term in set.terms() {
        if term.field(dimension).count() > n {
            wide.push(term.clone());
            continue;
        }
        let Some(rest) = freed(family, term, dimension) else {
            continue;
        };
        let near: Vec<(&Term, FlowSet)> = set
            .terms()
            .iter()
            .filter_map(|other| Some((other, freed(family, other, dimension)?)))
            .filter(|(_, other)| fields_meet(&rest, other))
            .map(|(term, other)| (term, FlowSet::from_terms(family, vec![other])))
            .collect();
        let total = near.iter().fold(0_u128, |sum, (other, _)| {
            sum.saturating_add(other.field(dimension).count())
        });
        if total <= n {
            continue;
        }
        let mut pieces = vec![(
            FlowSet::from_terms(family, vec![rest]),
            term.field(dimension).clone(),
        )];
        for (other, region) in &near {
            let mut next = Vec::new();
            for (piece, addresses) in pieces {
                let outside = piece.subtract(region)?;
                let inside = piece.intersect(region)?;
                if !inside.is_empty() {
                    next.push((inside, addresses.union(other.field(dimension))));
                }
                if !outside.is_empty() {
                    next.push((outside, addresses));
                }
            }
            pieces = next;
            if pieces.len() > MAX_TERMS {
                return Err(TERMS_EXCEEDED);
            }
        }
        for (piece, addresses) in pieces {
            if addresses.count() > n {
                wide.extend(piece.terms().iter().filter_map(|region| {
                    region.restricted(dimension, term.field(dimension), None)
                }));
            }
        }
    }
    Ok(FlowSet::from_terms(family, wide))
}

/// The term with any address in one field.
fn freed(family: Family, term: &Term, dimension: Dimension) -> Option<Term> {
    term.with_field(dimension, family.addresses())
}

fn fields_meet(a: &Term, b: &Term) -> bool {
    a.fields.iter().zip(&b.fields).all(|(a, b)| a.meets(b))
}

fn literals(term: &Term, dimension: Dimension) -> impl Iterator<Item = &Literal> {
    let all = term.cube.literals().iter();
    all.filter(move |literal| literal.atom.dimension == dimension)
}

/// A lower bound of the number of values a term has in a field, in every world.
fn at_least(family: Family, term: &Term, dimension: Dimension) -> u128 {
    let field = term.field(dimension);
    let Some(narrowest) = literals(term, dimension)
        .filter(|literal| literal.holds)
        .max_by_key(|literal| literal.atom.within.len())
    else {
        let documented = literals(term, dimension)
            .all(|literal| matches!(literal.atom.size, Size::Sparse | Size::Wide(_)));
        return match (literals(term, dimension).next().is_some(), documented) {
            (false, _) => field.count(),
            (true, true) => field.count().saturating_sub(sparse_limit(family)),
            (true, false) => 0,
        };
    };
    let implied = literals(term, dimension).all(|literal| {
        literal.holds
            && (literal.atom.id == narrowest.atom.id
                || narrowest.atom.within.contains(&literal.atom.id))
    });
    if !implied {
        return 0;
    }
    let missing = narrowest.atom.open().subtract(field);
    match narrowest.atom.size {
        Size::Sparse if missing.is_empty() => 1,
        Size::Wide(minimum) => minimum.saturating_sub(missing.count()),
        Size::Sparse | Size::Any | Size::Few => 0,
    }
}

/// An upper bound of the number of values a term has in a field, where documented tags other than
/// the wide ones count as none.
fn at_most(term: &Term, dimension: Dimension) -> u128 {
    let narrow = literals(term, dimension)
        .any(|literal| literal.holds && matches!(literal.atom.size, Size::Sparse | Size::Few));
    if narrow {
        0
    } else {
        term.field(dimension).count()
    }
}
