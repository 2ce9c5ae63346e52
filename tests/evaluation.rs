//! A network written plainly and the same network in disguise (parameters, variables, loops,
//! conditions, nested deployments of both scopes, functions, symbolic names, parameter files) are
//! one network, and every value of the disguised one leads back to where it was typed.
//!
//! `PROPTEST_CASES` sets the number of cases.

#![allow(unreachable_pub, reason = "modules of a test binary are no library")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is amiss, and is told how long to run"
)]

#[path = "evaluation/disguise.rs"]
mod disguise;
#[path = "evaluation/plain.rs"]
mod plain;
#[path = "evaluation/seen.rs"]
mod seen;
#[path = "evaluation/terraform.rs"]
mod terraform;

use std::collections::BTreeSet;

use aznet::engine::Options;
use aznet::engine::ask::estate::load_files;
use proptest::prelude::*;

use disguise::Disguised;
use plain::Network;

fn cases(number: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let cases = asked.and_then(|text| text.parse().ok()).unwrap_or(number);
    ProptestConfig {
        cases,
        // Networks without a variable that nobody gives are passed over.
        max_global_rejects: cases.saturating_add(1_024),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_network_disguised_as_terraform_is_the_plain_one(
        network in plain::networks(),
        rolls in prop::collection::vec(0_u32..1 << 16, 0..400),
    ) {
        check(&network, &terraform::write(&network, &rolls, &BTreeSet::new()));
    }

    #[test]
    fn what_depends_on_a_variable_without_value_is_unknown_and_nothing_else(
        network in plain::networks(),
        rolls in prop::collection::vec(0_u32..1 << 16, 0..400),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let fields = network.fields();
        // Names are what the others are found by.
        let values = fields.iter().filter(|(field, value)| {
            let is_name = !field.contains('.') || field.ends_with(".collection");
            !is_name && !value.link
        });
        let values: Vec<&String> = values.map(|(_, value)| &value.text).collect();
        prop_assume!(!values.is_empty());
        let hidden = chosen.iter().map(|index| (*index.get(&values)).clone()).collect();
        check(&network, &terraform::write(&network, &rolls, &hidden));
    }

    #[test]
    fn a_disguised_network_is_the_plain_one(
        network in plain::networks(),
        rolls in prop::collection::vec(0_u32..1 << 16, 0..400),
    ) {
        check(&network, &disguise::write(&network, &rolls));
    }
}

#[test]
fn a_network_without_disguise_is_what_it_says() {
    let network = plain::sample();
    check(&network, &disguise::write(&network, &[]));
    check(&network, &terraform::write(&network, &[], &BTreeSet::new()));
}

#[track_caller]
fn check(network: &Network, disguised: &Disguised) {
    let estate = load_files(disguised.files.clone(), &Options::default()).unwrap();
    let told = || {
        let files = disguised.files.iter();
        let files: String = files
            .map(|(path, text)| format!("--- {path}\n{text}\n"))
            .collect();
        format!("{:#?}\n{files}", estate.diagnostics)
    };
    assert!(estate.diagnostics.is_empty(), "{}", told());
    assert_eq!(estate.deployments.len(), 1, "{}", told());
    let seen = seen::read(&estate, &estate.deployments[0]);
    let wanted = network.fields();
    for (field, value) in &wanted {
        let Some(found) = seen.get(field) else {
            panic!("{field} is missing\n{}", told());
        };
        if let Some(variable) = disguised.missing.get(&value.text) {
            let named = format!("\"var.{variable}\"");
            let is_unknown = found.value.starts_with("Unknown") && found.value.contains(&named);
            assert!(
                is_unknown,
                "{field}: {} is not {named}\n{}",
                found.value,
                told()
            );
            continue;
        }
        // Azure reads its own words in any case.
        let is_same = found.value.eq_ignore_ascii_case(&value.text);
        assert!(
            is_same,
            "{field}: {} is not {}\n{}",
            found.value,
            value.text,
            told()
        );
        if value.link {
            continue;
        }
        let literals = &found.literals;
        let is_typed = |text: &String| literals.iter().any(|it| seen::says(it, text));
        let parts = disguised.parts(value);
        assert!(
            is_typed(&value.text) || parts.iter().any(|pieces| pieces.iter().all(is_typed)),
            "{field}: {value:?} or {parts:?} is not among its literals {literals:?}\n{}",
            told()
        );
        for other in wanted.values() {
            // A child's name holds its parent's.
            let is_parent = field
                .strip_suffix(&value.text)
                .is_some_and(|it| it.starts_with(&other.text));
            if other.link || other.text == value.text || is_parent {
                continue;
            }
            let mut trimmed = literals.iter().map(|it| it.trim_matches(seen::QUOTES));
            let foreign = other.text.len() > 4 && trimmed.any(|it| it == other.text);
            assert!(
                !foreign,
                "{field}: `{}` is not where it comes from\n{}",
                other.text,
                told()
            );
        }
    }
    let more: Vec<&String> = seen
        .keys()
        .filter(|field| !wanted.contains_key(*field))
        .collect();
    assert!(more.is_empty(), "{more:?}\n{}", told());
}
