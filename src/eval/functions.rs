//! Pure functions shared by the template languages, on plain Rust types.
//!
//! Values, unknowns and origins are absent here: what a language does with an unknown argument is
//! its own affair. Errors are sentences without a full stop, for the language to put a place to.

pub mod date;
pub mod digest;
pub mod dotnet;
pub mod encoding;
pub mod glob;
pub mod network;
pub mod text;
