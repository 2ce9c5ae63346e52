//! Predicates: Terraform's expression syntax over the vocabulary.
//!
//! [`Compiler`] checks every name and type when a pack loads and turns the tree into [`Node`]s;
//! [`Evaluation`] computes them, collecting the origins of the fields that decided and the unknowns
//! that kept an answer open. Elements of the network are never turned into plain values, so that
//! following a relation costs nothing; that is why predicates have an evaluator beside
//! [`crate::eval::hcl_expr`], which still does what plain functions do.

mod allows;
mod call;
mod compile;
mod evaluate;
mod plain;

use std::sync::Arc;

pub(crate) use call::{address_list, port_list};
pub(crate) use compile::{Compiler, Names};
pub(crate) use evaluate::{Evaluation, Trace};
pub(crate) use plain::from_value;

use super::datum::Datum;
use super::vocabulary::{Field, Ty};
use crate::source::Span;
use crate::syntax::hcl::BinaryOp;

/// A checked expression.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) node: Node,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
}

impl Compiled {
    /// Stands for an expression that is not written, or wrong.
    pub(crate) fn nothing(span: Span) -> Self {
        let node = Node::Constant(Datum::constant(super::datum::Data::Absent));
        let ty = Ty::ANY;
        Self { node, ty, span }
    }
}

/// What an expression does.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Constant(Datum),
    /// The subject, a bound element, a loop variable, by position.
    Slot(usize),
    Parameter(Arc<str>),
    Field(Box<Self>, &'static Field),
    Entry(Box<Self>, Arc<str>),
    Index(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Negate(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Equal(Box<Self>, Box<Self>),
    Order(BinaryOp, Box<Self>, Box<Self>),
    Arithmetic(BinaryOp, Box<Self>, Box<Self>),
    Choose(Box<Self>, Box<Self>, Box<Self>),
    List(Vec<Self>),
    For(Box<ForNode>),
    Call(Builtin, Vec<Self>),
    /// One of Terraform's plain functions, by name.
    Plain(Arc<str>, Vec<Self>),
    Text(Vec<Self>),
}

impl Node {
    /// Whether the value depends on a slot between two, the second excluded.
    pub(crate) fn uses_slots(&self, from: usize, to: usize) -> bool {
        let inner = |node: &Self| node.uses_slots(from, to);
        match self {
            Self::Slot(slot) => (from..to).contains(slot),
            Self::Constant(_) | Self::Parameter(_) => false,
            Self::Field(base, _) | Self::Entry(base, _) | Self::Not(base) | Self::Negate(base) => {
                inner(base)
            }
            Self::Index(a, b)
            | Self::And(a, b)
            | Self::Or(a, b)
            | Self::Equal(a, b)
            | Self::Order(_, a, b)
            | Self::Arithmetic(_, a, b) => inner(a) || inner(b),
            Self::Choose(a, b, c) => inner(a) || inner(b) || inner(c),
            Self::List(all) | Self::Call(_, all) | Self::Plain(_, all) | Self::Text(all) => {
                all.iter().any(inner)
            }
            Self::For(parts) => {
                inner(&parts.collection)
                    || inner(&parts.value)
                    || parts.condition.as_ref().is_some_and(inner)
            }
        }
    }
}

/// `[for key, value in collection : value if condition]`
#[derive(Clone, Debug)]
pub(crate) struct ForNode {
    pub(crate) collection: Node,
    /// The value's slot; the key's, if there is one, is the next.
    pub(crate) slot: usize,
    pub(crate) has_key: bool,
    pub(crate) condition: Option<Node>,
    pub(crate) value: Node,
}

/// The functions that know open lists, elements, addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    AnyTrue,
    AllTrue,
    Length,
    Contains,
    Known,
    Concat,
    Distinct,
    Flatten,
    Coalesce,
    Covers,
    Overlaps,
    PortsContain,
    MeansPort,
    Undetermined,
    Allows,
    Leads,
    Firewalls,
    Tag,
    Attribute,
    TagIncludes,
    RouteTo,
}

impl Builtin {
    pub(crate) const ALL: [(&'static str, Self, usize, usize); 21] = [
        ("anytrue", Self::AnyTrue, 1, 1),
        ("alltrue", Self::AllTrue, 1, 1),
        ("length", Self::Length, 1, 1),
        ("contains", Self::Contains, 2, 2),
        ("known", Self::Known, 1, 1),
        ("concat", Self::Concat, 1, usize::MAX),
        ("distinct", Self::Distinct, 1, 1),
        ("flatten", Self::Flatten, 1, 1),
        ("coalesce", Self::Coalesce, 1, usize::MAX),
        ("covers", Self::Covers, 2, 2),
        ("overlaps", Self::Overlaps, 2, 2),
        ("ports_contain", Self::PortsContain, 2, 2),
        ("means_port", Self::MeansPort, 2, 2),
        ("undetermined", Self::Undetermined, 1, 1),
        ("allows", Self::Allows, 5, 5),
        ("leads", Self::Leads, 3, 3),
        ("firewalls", Self::Firewalls, 2, 2),
        ("tag", Self::Tag, 2, 2),
        ("attribute", Self::Attribute, 2, 2),
        ("tag_includes", Self::TagIncludes, 2, 2),
        ("route_to", Self::RouteTo, 2, 2),
    ];
}

#[cfg(test)]
mod tests;
