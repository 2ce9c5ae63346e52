//! What the program says of random networks, held against an evaluator that looks at one packet at
//! a time in every world and shares no code with it.
//!
//! `PROPTEST_CASES` sets the number of cases of every property.

#![allow(unreachable_pub, reason = "modules of a test binary are no library")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is amiss, and is told how long to run"
)]

#[path = "brute_force/changes.rs"]
mod changes;
#[path = "brute_force/firewalls.rs"]
mod firewalls;
#[path = "brute_force/groups.rs"]
mod groups;
#[path = "brute_force/hidden.rs"]
mod hidden;
#[path = "oracle/evaluator.rs"]
mod oracle;
#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "brute_force/routes.rs"]
mod routes;
#[path = "brute_force/standings.rs"]
mod standings;

/// How a property is run: so many cases, unless the environment asks for another number.
fn cases(number: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let cases = asked.and_then(|text| text.parse().ok()).unwrap_or(number);
    proptest::test_runner::Config {
        cases,
        // Networks with too many worlds to try are left out, in proportion.
        max_global_rejects: cases.saturating_mul(4).max(1024),
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}
