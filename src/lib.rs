//! aznet reads Azure network configurations, works out what Azure will do with them, and tells
//! where that goes wrong.
//!
//! The modules are in layer order; each imports only from those above it. A file becomes a spanned
//! tree ([`syntax`]), the tree is evaluated into resources ([`eval`]), resources become one
//! [`model`], [`semantics`] computes on sets of packets what Azure will do, [`policy`] judges rules
//! on that, [`engine`] runs it all, [`report`] prints it, and [`cli`] is the command line.

pub mod source;

pub mod origin;

pub mod diagnostic;

pub mod syntax;

pub mod eval;

pub mod model;

pub mod semantics;

pub mod policy;

pub mod engine;

pub mod report;

pub mod cli;
