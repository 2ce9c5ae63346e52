//! Cases that tools of this kind are known to get wrong, from template text to answer. Each names
//! its sources; where documents disagree, both readings are there.

#![allow(unreachable_pub, reason = "modules of a test binary are no library")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "a test fails where something is amiss"
)]

#[path = "cases/asked.rs"]
mod asked;
#[path = "cases/defaults.rs"]
mod defaults;
#[path = "cases/fields.rs"]
mod fields;
#[path = "cases/hidden.rs"]
mod hidden;
#[path = "cases/paths.rs"]
mod paths;
#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "cases/platform.rs"]
mod platform;
#[path = "cases/tags.rs"]
mod tags;
#[path = "cases/terraform.rs"]
mod terraform;
#[path = "cases/traced.rs"]
mod traced;
