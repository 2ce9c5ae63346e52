//! The few values that a text known in part may be.

use std::sync::Arc;

use super::{Bounds, Data, MAX_CANDIDATES, Piece, Unknown, Value};
use crate::syntax::Number;

impl Value {
    /// The only unknown that decides what a scalar is, if it is one of a few values: the value
    /// itself, or what stands in a text, once or several times.
    #[must_use]
    pub fn decided_by(&self) -> Option<&Arc<Unknown>> {
        let unknown = match &self.data {
            Data::Unknown(unknown) => unknown,
            Data::Template(pieces) => {
                let mut holes = pieces.iter().filter_map(|piece| match piece {
                    Piece::Hole(unknown) => Some(unknown),
                    Piece::Literal(_) => None,
                });
                let first = holes.next()?;
                if holes.any(|other| other.id != first.id) {
                    return None;
                }
                first
            }
            _ => return None,
        };
        let few =
            matches!(&unknown.bounds, Bounds::OneOf(values) if values.len() <= MAX_CANDIDATES);
        few.then_some(unknown)
    }

    /// The value where the unknown that decides it ([`Self::decided_by`]) is `candidate`; `None` if
    /// that is no text and no number within a text.
    #[must_use]
    pub fn decided(&self, candidate: &Self) -> Option<Self> {
        let Data::Template(pieces) = &self.data else {
            return Some(candidate.clone());
        };
        let text = match &candidate.data {
            Data::String(text) => Arc::clone(text),
            Data::Number(Number::Integer(number)) => number.to_string().into(),
            _ => return None,
        };
        let pieces = pieces.iter().map(|piece| match piece {
            Piece::Literal(_) => piece.clone(),
            Piece::Hole(_) => Piece::Literal(Arc::clone(&text)),
        });
        Some(Self::from_pieces(pieces.collect(), self.origin))
    }

    /// The few values that a scalar may have, if they are certain: those of an unknown that is one
    /// of at most [`MAX_CANDIDATES`], and the texts that it makes of a text it stands in.
    #[must_use]
    pub fn candidates(&self) -> Option<Vec<Self>> {
        let Bounds::OneOf(values) = &self.decided_by()?.bounds else {
            return None;
        };
        values.iter().map(|value| self.decided(value)).collect()
    }
}
