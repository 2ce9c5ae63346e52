//! Questions about evaluated deployments: what `check` reads, without judging it.
//!
//! [`estate`] holds the deployments; what is asked about them is one module per command. Answers
//! are plain values with texts and places, so that a report needs neither model nor semantics.

pub mod diff;
pub mod effective;
pub mod endpoint;
pub mod estate;
mod group;
pub mod names;
pub mod tell;
pub mod trace;
pub mod words;
