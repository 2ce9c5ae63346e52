//! What rules are good for: Azure's default rules, opaque sets, pairs whose order matters.

use super::fixture::{Build, facts};
use crate::model::nsg::Direction;
use crate::model::platform::Cloud;
use crate::semantics::anomalies::{Correlations, Fix, RuleStanding, Standing};
use crate::semantics::packet::Family;
use crate::semantics::rules::Scope;
use crate::semantics::{Ruling, Semantics};

fn group(rules: &[&str]) -> (Build, crate::model::NsgId) {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    for rule in rules {
        build.rule(nsg, rule);
    }
    (build, nsg)
}

fn standings(direction: Direction, rules: &[&str]) -> Vec<RuleStanding> {
    let (build, nsg) = group(rules);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    semantics.standings(nsg, Scope::Nsg(nsg), direction, Family::V4)
}

fn correlated(rules: &[&str]) -> Correlations {
    let (build, nsg) = group(rules);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    semantics.correlated(nsg, Scope::Nsg(nsg), Direction::Inbound, Family::V4)
}

/// Names, standings and covers; custom rules by number.
fn told(found: &[RuleStanding]) -> Vec<(String, Standing, Vec<String>)> {
    let name = |rule: &Ruling| match rule {
        Ruling::Custom(id) => id.0.to_string(),
        Ruling::Default(name) => name.to_string(),
        Ruling::Rest => "rest".to_owned(),
    };
    let row = |it: &RuleStanding| {
        (
            name(&it.rule),
            it.standing,
            it.cover.iter().map(name).collect(),
        )
    };
    found.iter().map(row).collect()
}

#[test]
fn a_last_deny_of_everything_hides_all_default_rules() {
    let found = standings(Direction::Inbound, &["4096 Deny In * * -> *"]);
    let own = || vec!["0".to_owned()];
    let expected = [
        ("0".to_owned(), Standing::Live, Vec::new()),
        ("AllowVnetInBound".to_owned(), Standing::Shadowed, own()),
        (
            "AllowAzureLoadBalancerInBound".to_owned(),
            Standing::Shadowed,
            own(),
        ),
        (
            "DenyAllInBound".to_owned(),
            Standing::RedundantBefore,
            own(),
        ),
    ];
    assert_eq!(told(&found), expected);
    assert!(found.iter().skip(1).all(|it| it.fix.is_none()));
}

#[test]
fn a_deny_of_the_internet_hides_azure_and_the_default_way_out() {
    let found = standings(
        Direction::Outbound,
        &[
            "100 Deny Out * * -> Internet",
            "200 Allow Out * * -> AzureCloud",
        ],
    );
    let own = || vec!["0".to_owned()];
    let expected = [
        ("0".to_owned(), Standing::Live, Vec::new()),
        ("1".to_owned(), Standing::Shadowed, own()),
        ("AllowVnetOutBound".to_owned(), Standing::Live, Vec::new()),
        (
            "AllowInternetOutBound".to_owned(),
            Standing::Shadowed,
            own(),
        ),
        ("DenyAllOutBound".to_owned(), Standing::Live, Vec::new()),
    ];
    assert_eq!(told(&found), expected);
    // Azure takes no priority below 100.
    assert_eq!(found[1].fix, None);
}

#[test]
fn what_the_default_rules_do_anyway_is_told_apart() {
    let found = standings(
        Direction::Inbound,
        &[
            "100 Allow In Tcp 10.0.0.0/16 -> 10.0.0.0/16:443",
            "200 Deny In Tcp 20.0.0.0/8 -> *:22",
        ],
    );
    let told = told(&found);
    assert_eq!(told[0].1, Standing::DefaultEqual);
    assert_eq!(told[0].2, ["AllowVnetInBound"]);
    assert_eq!(told[1].1, Standing::DefaultEqual);
    assert_eq!(told[1].2, ["DenyAllInBound"]);
    assert_eq!(found[0].fix, Some(Fix::Delete));
}

#[test]
fn an_opaque_tag_that_may_matter_leaves_it_open() {
    let found = standings(
        Direction::Outbound,
        &[
            "100 Allow Out Tcp * -> Storage:443",
            "200 Deny Out Tcp * -> 40.1.1.1:443",
        ],
    );
    assert_eq!(found[1].standing, Standing::Undetermined);
}

#[test]
fn pairs_are_correlated_where_their_order_matters() {
    let found = correlated(&[
        "100 Deny In Tcp 20.0.0.0/8 -> *:1-100",
        "200 Allow In Tcp 20.1.0.0/16 -> *:50-200",
        "300 Allow In Tcp 20.2.0.0/16 -> *:1-50",
        "400 Deny In Udp 20.1.0.0/16 -> *:50-200",
    ]);
    let pairs: Vec<(u32, u32)> = found
        .pairs
        .iter()
        .map(|it| (it.first.0, it.second.0))
        .collect();
    // The third is contained in the first, the fourth meets nobody.
    assert_eq!(pairs, [(0, 1)]);
    let packet = found.pairs[0].overlap.is_hit().witness.unwrap();
    assert!((50..=100).contains(&packet.destination_port));
    assert_eq!(found.undecided, None);
}
