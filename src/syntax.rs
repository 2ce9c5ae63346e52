//! Text to spanned trees.
//!
//! [`json::parse`] and [`hcl::parse`] turn the text of a file into a tree in which every node
//! knows its [`Span`], together with the comments and whatever was wrong. Parsing never fails: it
//! gives back what could be read, and [`Diagnostic`]s for the rest.
//!
//! What is absent: values, variables, Azure. A tree is what somebody typed, nothing more.

pub mod hcl;
pub mod json;
pub mod yaml;

use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What came out of one file.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// The tree; what could not be read is missing from it and told in `diagnostics`.
    pub tree: T,
    /// All comments in the order of the text.
    pub comments: Vec<Comment>,
    /// What could not be read, and what reads differently than it looks.
    pub diagnostics: Vec<Diagnostic>,
}

/// One comment, with its marks (`#`, `//`, `/* */`) included in the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The whole comment, without the newline that ends it.
    pub span: Span,
}

/// A number as it was typed.
///
/// Integers are kept exactly; everything else is a double, as in both languages' tools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number that fits 64 bits.
    Integer(i64),
    /// Any other number.
    Float(f64),
}

impl Number {
    /// Reads decimal notation, `None` if it is none.
    ///
    /// ```
    /// use aznet::syntax::Number;
    /// assert_eq!(Number::parse("4096"), Some(Number::Integer(4096)));
    /// assert_eq!(Number::parse("1.5e1"), Some(Number::Float(15.0)));
    /// assert_eq!(Number::parse("x"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        let float: f64 = text.parse().ok()?;
        float.is_finite().then_some(Self::Float(float))
    }

    /// The number as a double.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "doubles are what both languages compute with"
    )]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }

    /// The number if it is whole and fits 64 bits.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(integer),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9.0e15 => {
                Some(float as i64)
            }
            Self::Float(_) => None,
        }
    }
}
