//! Text to spanned trees.
//!
//! [`json::parse`] and [`hcl::parse`] turn the text of a file into a tree in which every node
//! knows its [`Span`], together with the comments and whatever was wrong. Parsing never fails: it
//! gives back what could be read, and [`Diagnostic`]s for the rest.
//!
//! What is absent: values, variables, Azure. A tree is what somebody typed, nothing more.

pub mod hcl;
pub mod json;
mod number;
pub mod yaml;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
pub use number::Number;

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
