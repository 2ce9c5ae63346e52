//! The real binary as people call it: exit codes, what is read, what is said.

#![allow(unreachable_pub, reason = "modules of a test binary are no library")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and sets up its own files"
)]

#[path = "cli/bicep.rs"]
mod bicep;
#[path = "cli/cases.rs"]
mod cases;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/claims.rs"]
mod claims;
#[path = "cli/configurations.rs"]
mod configurations;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/ends.rs"]
mod ends;
#[path = "cli/environments.rs"]
mod environments;
#[path = "cli/frontends.rs"]
mod frontends;
#[path = "cli/linked.rs"]
mod linked;
#[path = "cli/packs.rs"]
mod packs;
#[path = "cli/places.rs"]
mod places;
#[path = "support/program.rs"]
mod program;
#[path = "cli/providers.rs"]
mod providers;
#[path = "cli/questions.rs"]
mod questions;
#[path = "cli/resources.rs"]
mod resources;
#[path = "support/stated.rs"]
mod stated;
#[path = "cli/terraform_places.rs"]
mod terraform_places;
