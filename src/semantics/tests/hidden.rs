//! Rules that never decide a packet.

use super::fixture::{Build, facts, parameter, prefix};
use crate::eval::value::Truth;
use crate::model::List;
use crate::model::platform::Cloud;
use crate::semantics::Semantics;
use crate::semantics::unreachable::{Revive, Unreachable};

/// The hidden rules of a group of these rules.
fn hidden(rules: &[&str]) -> Vec<Unreachable> {
    hidden_after(rules, |_| {})
}

fn hidden_after(rules: &[&str], change: impl Fn(&mut Build)) -> Vec<Unreachable> {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    for rule in rules {
        build.rule(nsg, rule);
    }
    change(&mut build);
    let facts = facts();
    Semantics::new(&build.network, &facts, Cloud::Public).unreachable(nsg)
}

/// Rules by number, each with the numbers of its cover.
fn covers(found: &[Unreachable]) -> Vec<(u32, Vec<u32>)> {
    let certain = found.iter().filter(|it| it.truth == Truth::True);
    certain
        .map(|it| (it.rule.0, it.cover.iter().map(|rule| rule.0).collect()))
        .collect()
}

#[test]
fn two_halves_hide_the_whole() {
    let found = hidden(&[
        "100 Deny In * 10.0.0.0/25 -> *",
        "110 Allow In * 10.0.0.128/25 -> *",
        "120 Deny In * 10.0.0.0/24 -> *",
    ]);
    assert_eq!(covers(&found), vec![(2, vec![0, 1])]);
    assert!(found[0].acts_otherwise);
    let before = found[0].revive.unwrap();
    assert_eq!((before.before.0, before.priority), (1, Some(109)));
}

#[test]
fn one_port_left_over_keeps_a_rule_alive() {
    let found = hidden(&[
        "100 Deny In Tcp 10.0.0.0/25 -> *:0-65534",
        "110 Allow In Tcp 10.0.0.128/25 -> *",
        "120 Deny In Tcp 10.0.0.0/24 -> *",
    ]);
    assert!(found.is_empty());
}

#[test]
fn internet_holds_azure_and_tags_hold_their_regions() {
    let found = hidden(&[
        "100 Deny Out * * -> Internet",
        "200 Allow Out * * -> AzureCloud",
    ]);
    assert_eq!(covers(&found), vec![(1, vec![0])]);
    assert!(found[0].acts_otherwise);
    assert_eq!(found[0].revive.map(|it| it.before.0), Some(0));
    let found = hidden(&[
        "100 Deny Out * * -> Storage",
        "200 Allow Out * * -> Storage.WestEurope",
    ]);
    assert_eq!(covers(&found), vec![(1, vec![0])]);
    let found = hidden(&[
        "100 Deny Out * * -> Storage.WestEurope",
        "200 Allow Out * * -> Storage",
    ]);
    // That a region is not the whole of a tag is declared nowhere.
    assert_eq!(covers(&found), vec![]);
}

#[test]
fn the_virtual_network_is_one_opaque_set() {
    let deny = "100 Deny In * 10.0.0.0/8 -> *";
    assert!(hidden(&[deny, "200 Allow In * VirtualNetwork -> *"]).is_empty());
    let found = hidden(&[
        "100 Deny In * VirtualNetwork -> *",
        "200 Allow In * AzureLoadBalancer -> *:80",
        "300 Allow In * virtualnetwork -> *:443",
        "400 Allow In * 10.0.0.4 -> *",
    ]);
    assert_eq!(covers(&found), vec![(1, vec![0]), (2, vec![0])]);
}

#[test]
fn directions_do_not_hide_each_other() {
    assert!(hidden(&["100 Deny In * * -> *", "100 Allow Out * * -> *"]).is_empty());
}

#[test]
fn a_single_rule_that_hides_is_named_alone() {
    let found = hidden(&[
        "100 Allow In Tcp 10.0.0.0/25 -> *:80",
        "110 Deny In * * -> *",
        "120 Allow In Tcp 10.0.0.0/24 -> *:80",
    ]);
    assert_eq!(covers(&found), vec![(2, vec![1])]);
    let expected = Revive {
        before: crate::model::SecurityRuleId(1),
        priority: Some(109),
    };
    assert_eq!(found[0].revive, Some(expected));
}

#[test]
fn equal_unknowns_hide_each_other_and_others_only_perhaps() {
    let found = hidden(&[
        "100 Deny In Tcp ?office -> *",
        "200 Allow In Tcp ?office -> *:22",
    ]);
    assert_eq!(covers(&found), vec![(1, vec![0])]);
    let found = hidden(&[
        "100 Deny In Tcp ?office -> *",
        "200 Allow In Tcp 20.0.0.0/24 -> *:22",
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].truth, Truth::Unknown);
    assert!(
        found[0]
            .unknowns
            .iter()
            .any(|unknown| &*unknown.label == "office")
    );
    // Whatever it matches is hidden.
    let found = hidden(&["100 Deny In * * -> *", "200 Allow In Tcp ?office -> *:22"]);
    assert_eq!(covers(&found), vec![(1, vec![0])]);
    // And where it matters to nobody, nothing is open.
    let found = hidden(&[
        "100 Deny In Udp ?office -> *",
        "200 Allow In Tcp 20.0.0.0/24 -> *:22",
    ]);
    assert!(found.is_empty());
}

#[test]
fn a_rule_that_may_not_exist_hides_nothing_for_certain() {
    let rules = ["100 Deny In * * -> *", "200 Allow In Tcp * -> *:22"];
    let found = hidden_after(&rules, |build| {
        build.network.security_rules[0].meta.existence = super::fixture::perhaps("strict");
    });
    assert_eq!((found.len(), found[0].truth), (1, Truth::Unknown));
    let found = hidden_after(&rules, |build| {
        build.network.security_rules[0].platform_managed = true;
        build.network.security_rules[1].platform_managed = true;
    });
    assert!(found.is_empty());
    let found = hidden_after(&rules, |build| {
        build.network.network_security_groups[0].rules.rest = Some(parameter("more"));
    });
    assert_eq!(covers(&found), vec![(1, vec![0])]);
}

#[test]
fn ipv6_counts_only_where_there_is_any() {
    let rules = ["100 Deny In * 0.0.0.0/0 -> *", "200 Allow In Tcp * -> *:22"];
    assert_eq!(covers(&hidden(&rules)), vec![(1, vec![0])]);
    let found = hidden_after(&rules, |build| {
        let block = super::fixture::known("fd00::/64".parse().unwrap());
        build.network.subnets[0].address_prefixes.items.push(block);
    });
    assert!(found.is_empty());
    let found = hidden_after(&rules, |build| {
        build.network.security_rules[1].source = List::closed(vec![prefix("2001:db8::/32")]);
    });
    assert!(found.is_empty());
}

#[test]
fn no_free_priority_is_said_and_not_invented() {
    let found = hidden(&[
        "100 Allow In Tcp 30.0.0.0/8 -> *:443",
        "101 Deny In * * -> *",
        "102 Allow In Tcp 20.0.0.0/8 -> *:443",
    ]);
    assert_eq!(covers(&found), vec![(2, vec![1])]);
    assert_eq!(found[0].revive.map(|it| it.priority), Some(None));
}
