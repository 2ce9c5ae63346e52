//! Opaque predicates on one field of a packet, and what is declared about them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::Family;
use super::interval::IntervalSet;
use crate::eval::value::{Unknown, unmarked};

/// The fields of a packet, in the order in which sets are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Sender's address.
    Source = 0,
    /// Receiver's address.
    Destination = 1,
    /// Protocol. Before the ports: what has ports differs from what has none.
    Protocol = 2,
    /// Sender's port.
    SourcePort = 3,
    /// Receiver's port.
    DestinationPort = 4,
}

impl Dimension {
    /// How many there are.
    pub const COUNT: usize = 5;
}

/// What an atom is about; equal predicates on the same field are the same atom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// Is in a service tag (lower case).
    Tag(String),
    /// Is in the part of `VirtualNetwork` that the files do not tell; the name of the place.
    VirtualNetwork(String),
    /// Is a member of an application security group, by key.
    Group(String),
    /// Is among the addresses of a list outside these files, by key.
    AddressList(String),
    /// Is what a name resolves to.
    Name(String),
    /// Is asked for, or asked in, a certain way: what application rules of firewalls look at.
    Request(String),
    /// Is what a service endpoint has a route for.
    ServiceEndpoint(String),
    /// Equals, or is in, an unknown value.
    Unknown(u64),
}

impl Predicate {
    /// What would have to be known to settle it.
    #[must_use]
    pub fn question(&self) -> String {
        match self {
            Self::Tag(tag) => format!("which addresses are in the service tag `{tag}`"),
            Self::VirtualNetwork(_) => "which addresses are in `VirtualNetwork`".to_owned(),
            Self::Group(key) => format!("which machines are in `{}`", last(key)),
            Self::AddressList(key) => format!("the addresses of `{}`", last(key)),
            Self::Name(name) => format!("what `{name}` resolves to"),
            Self::Request(what) => format!("whether the request is {what}"),
            Self::ServiceEndpoint(name) => format!("the addresses of {name}"),
            Self::Unknown(_) => "a value that these files do not tell".to_owned(),
        }
    }
}

/// The name in the key of a resource.
fn last(key: &str) -> &str {
    unmarked(key.rsplit('/').next().unwrap_or(key))
}

/// Identity of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomId(u64);

/// An opaque predicate on one field: true of every value in a set of which only bounds are known.
///
/// Where the bounds decide, sets are written without the atom: a literal only ever occurs together
/// with values between the two bounds.
#[derive(Clone, Debug)]
pub struct Atom {
    /// Which.
    pub id: AtomId,
    /// Which field it is about.
    pub dimension: Dimension,
    /// Values of which it is certainly true.
    pub inner: IntervalSet,
    /// Values of which it may be true: contains `inner`.
    pub outer: IntervalSet,
    /// Atoms on the same field that are true wherever this one is.
    pub within: Vec<AtomId>,
    /// Whether it is true of the address of every machine here.
    pub machines: bool,
    /// What is certain about the number of values.
    pub size: Size,
    /// The unknown behind it, for messages.
    pub unknown: Option<Arc<Unknown>>,
    /// What it says, for messages.
    pub predicate: Predicate,
}

/// What is certain about how many values an atom is true of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Nothing.
    Any,
    /// A documented tag: some, but all tags together leave most of the address space out.
    Sparse,
    /// The same, and at least so many values: it counts as wide.
    Wide(u128),
    /// Few: a group of machines.
    Few,
}

/// `AzureCloud` holds at least this many addresses.
pub const WIDE_MINIMUM: u128 = 1 << 24;

/// `AzureCloud` of one region holds at least this many addresses.
pub const WIDE_REGION_MINIMUM: u128 = 1 << 17;

/// All service tags together hold fewer addresses than this: bounds with a wide margin, Azure
/// announces some tens of millions of IPv4 addresses.
#[must_use]
pub fn sparse_limit(family: Family) -> u128 {
    match family {
        Family::V4 => 1 << 29,
        Family::V6 => 1 << 120,
    }
}

impl Atom {
    /// Makes the atom of a predicate.
    #[must_use]
    pub fn new(
        dimension: Dimension,
        predicate: &Predicate,
        inner: IntervalSet,
        outer: IntervalSet,
    ) -> Self {
        Self {
            id: Self::id_of(dimension, predicate),
            dimension,
            inner,
            outer,
            within: Vec::new(),
            machines: matches!(predicate, Predicate::VirtualNetwork(_)),
            size: Size::Any,
            unknown: None,
            predicate: predicate.clone(),
        }
    }

    /// The identity a predicate has on a field.
    #[must_use]
    pub fn id_of(dimension: Dimension, predicate: &Predicate) -> AtomId {
        let mut hasher = DefaultHasher::new();
        (dimension, predicate).hash(&mut hasher);
        AtomId(hasher.finish())
    }

    /// The values for which the bounds do not decide.
    #[must_use]
    pub fn open(&self) -> IntervalSet {
        self.outer.subtract(&self.inner)
    }
}

/// An atom or its negation.
#[derive(Clone, Debug)]
pub struct Literal {
    /// Which.
    pub atom: Arc<Atom>,
    /// Whether it is asserted.
    pub holds: bool,
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.atom.id == other.atom.id && self.holds == other.holds
    }
}

impl Eq for Literal {}

/// A conjunction of literals without contradiction, sorted by atom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cube(Vec<Literal>);

impl Cube {
    /// The literals.
    #[must_use]
    pub fn literals(&self) -> &[Literal] {
        &self.0
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The conjunction with a literal; `None` if no world meets it.
    #[must_use]
    pub fn with(&self, literal: &Literal) -> Option<Self> {
        if self.0.iter().any(|own| excludes(own, literal)) {
            return None;
        }
        match self
            .0
            .binary_search_by_key(&literal.atom.id, |own| own.atom.id)
        {
            Ok(_) => Some(self.clone()),
            Err(place) => {
                let mut literals = self.0.clone();
                literals.insert(place, literal.clone());
                Some(Self(literals))
            }
        }
    }

    /// The conjunction of both; `None` if no world meets it.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        other
            .0
            .iter()
            .try_fold(self.clone(), |cube, literal| cube.with(literal))
    }

    /// Whether the two exclude each other.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        self.0
            .iter()
            .any(|own| other.0.iter().any(|literal| excludes(own, literal)))
    }

    /// Whether every world that meets this cube meets the literal.
    #[must_use]
    pub fn implies_literal(&self, literal: &Literal) -> bool {
        self.0.iter().any(|own| implies(own, literal))
    }

    /// Whether every world that meets this cube meets the other.
    #[must_use]
    pub fn implies(&self, other: &Self) -> bool {
        other.0.iter().all(|literal| self.implies_literal(literal))
    }
}

impl Literal {
    /// The opposite.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self {
            atom: Arc::clone(&self.atom),
            holds: !self.holds,
        }
    }
}

fn is_within(a: &Atom, b: &Atom) -> bool {
    a.id == b.id || a.within.contains(&b.id)
}

fn implies(a: &Literal, b: &Literal) -> bool {
    match (a.holds, b.holds) {
        (true, true) => is_within(&a.atom, &b.atom),
        (false, false) => is_within(&b.atom, &a.atom),
        _ => false,
    }
}

fn excludes(a: &Literal, b: &Literal) -> bool {
    match (a.holds, b.holds) {
        (true, false) => is_within(&a.atom, &b.atom),
        (false, true) => is_within(&b.atom, &a.atom),
        _ => false,
    }
}
