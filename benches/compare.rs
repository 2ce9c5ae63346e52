//! Speed of comparing two versions of a security group of 1,000 rules. Both are read outside the
//! timed part; every comparison compiles both groups anew.

#![expect(clippy::unwrap_used, reason = "a bench fails where something is amiss")]

use std::fmt::Write as _;
use std::hint::black_box;

use aznet::engine::Options;
use aznet::engine::ask::estate::{Estate, load_files};
use aznet::eval::value::Truth;
use aznet::model::NsgId;
use aznet::model::nsg::Direction;
use aznet::semantics::compare::compare_groups;
use aznet::semantics::packet::Family;
use criterion::{Criterion, criterion_group, criterion_main};

/// A group of inbound rules in the usual mix: offices and tags to subnets, a few ports each. The
/// rule `turned` has the other access.
fn template(count: u32, turned: Option<u32>) -> String {
    let mut state = 7_u64;
    let mut roll = move |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % sides
    };
    let mut rules = String::new();
    for number in 0..count {
        let source = match roll(10) {
            0 => "*".to_owned(),
            1 => "Internet".to_owned(),
            2 => "VirtualNetwork".to_owned(),
            3 => "Storage.WestEurope".to_owned(),
            4 => "AzureCloud".to_owned(),
            _ => format!("{}.{}.{}.0/24", 20 + roll(60), roll(256), roll(256)),
        };
        let destination = match roll(4) {
            0 => "*".to_owned(),
            1 => format!("10.{}.0.0/16", roll(16)),
            _ => format!("10.{}.{}.0/24", roll(16), roll(256)),
        };
        let ports = [22, 80, 443, 1433, 3389, 5432, 8080, 8443];
        let port = ports[usize::try_from(roll(8)).unwrap()];
        let allow = (roll(3) > 0) != (turned == Some(number));
        let access = if allow { "Allow" } else { "Deny" };
        let protocol = ["Tcp", "Udp", "Tcp", "*"][usize::try_from(roll(4)).unwrap()];
        let comma = if number == 0 { "" } else { "," };
        write!(
            rules,
            r#"{comma}{{"name": "r{number}", "properties": {{"priority": {}, "direction": "Inbound",
            "access": "{access}", "protocol": "{protocol}", "sourceAddressPrefix": "{source}",
            "sourcePortRange": "*", "destinationAddressPrefix": "{destination}",
            "destinationPortRange": "{port}"}}}}"#,
            100 + number
        )
        .unwrap();
    }
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
    format!(
        r#"{{"$schema": "{schema}", "contentVersion": "1.0.0.0", "resources": [{{
        "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-09-01",
        "name": "web", "properties": {{"securityRules": [{rules}]}}}}]}}"#
    )
}

fn estate(text: String) -> Estate {
    load_files(vec![("a.json".to_owned(), text)], &Options::default()).unwrap()
}

fn compare(criterion: &mut Criterion) {
    let old = estate(template(1_000, None));
    let same = estate(template(1_000, None));
    let turned = estate(template(1_000, Some(3)));
    for (name, new, equivalent) in [
        ("1,000 rules, the same", &same, true),
        ("1,000 rules, one turned around", &turned, false),
    ] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let sides = [&old, new].map(|estate| estate.semantics(&estate.deployments[0]));
                let [before, after] = &sides;
                let first = NsgId(0);
                let found = compare_groups(
                    (before, first),
                    (after, first),
                    Direction::Inbound,
                    Family::V4,
                );
                assert_eq!(found.undecided, None);
                assert_eq!(found.equivalent == Truth::True, equivalent);
                black_box(found)
            });
        });
    }
}

criterion_group!(benches, compare);
criterion_main!(benches);
