//! Rules as data, judged on the model.
//!
//! [`pack`] loads rule files into compiled rules, [`judge`] applies them to one deployment's
//! network, and what comes out are [`finding::Judgement`]s; [`finding::merge`] makes one
//! [`finding::Finding`] of every authored mistake. The language is described in ARCHITECTURE.md.
//!
//! What is absent: paths, threads, output formats, and which language a resource was written in.

mod datum;
mod expr;
pub mod finding;
pub mod platform;
pub mod settings;
pub mod spec;
pub mod vocabulary;
