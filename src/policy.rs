//! Rules as data, judged on the model.
//!
//! [`pack`] loads rule files into compiled rules, [`judge`] applies them to one deployment's
//! network, and what comes out are [`finding::Judgement`]s; [`finding::merge`] makes one
//! [`finding::Finding`] of every authored mistake.
//!
//! What is absent: paths, threads, output formats, and which language a resource was written in.
//!
//! The language of rules is described in `docs/rule-language.md`.

mod analysis;
pub mod authored;
mod clause;
mod contract;
mod datum;
pub mod environments;
mod expr;
pub mod finding;
pub mod judge;
mod message;
pub mod metadata;
mod overlap;
pub mod pack;
pub mod platform;
mod primary;
pub mod schema;
pub mod service_tags;
pub mod settings;
pub mod spec;
pub mod vocabulary;
