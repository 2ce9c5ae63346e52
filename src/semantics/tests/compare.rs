//! What a change opens and closes, against an evaluator that looks at one packet in one world.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::fixture::{Build, facts, perhaps};
use crate::eval::value::Truth;
use crate::model::address::Protocol;
use crate::model::nsg::{Access, Direction};
use crate::model::platform::Cloud;
use crate::model::{NsgId, SecurityRuleId};
use crate::semantics::Semantics;
use crate::semantics::compare::{
    By, Comparison, Region, compare_groups, compare_interfaces, compare_subnets,
};
use crate::semantics::compile::Ruling;
use crate::semantics::packet::atoms::{Dimension, Predicate};
use crate::semantics::packet::{Family, address_number, protocol_code};

/// A rule as the evaluator knows it.
#[derive(Clone, Debug)]
struct Plain {
    allow: bool,
    protocol: &'static str,
    source: &'static str,
    destination: &'static str,
    ports: (u16, u16),
    perhaps: bool,
}

const SIDES: [&str; 9] = [
    "*",
    "10.0.0.0/25",
    "10.0.0.4",
    "8.8.8.8",
    "8.0.0.0/7",
    "Internet",
    "VirtualNetwork",
    "Storage",
    "Storage.WestEurope",
];

const ADDRESSES: [Ipv4Addr; 6] = [
    Ipv4Addr::new(10, 0, 0, 4),
    Ipv4Addr::new(10, 0, 0, 200),
    Ipv4Addr::new(192, 168, 0, 1),
    Ipv4Addr::new(8, 8, 8, 8),
    Ipv4Addr::new(9, 9, 9, 9),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// A packet between two of [`ADDRESSES`], and how far each end is in `Storage`: not, in it, in its
/// region.
#[derive(Clone, Copy, Debug)]
struct Case {
    source: (usize, u8),
    destination: (usize, u8),
    tcp: bool,
    port: u16,
}

fn cases() -> Vec<Case> {
    let mut ends = Vec::new();
    for index in 0..ADDRESSES.len() {
        let public = index == 3 || index == 4;
        ends.extend((0..if public { 3 } else { 1 }).map(|within| (index, within)));
    }
    let mut all = Vec::new();
    for source in &ends {
        for destination in &ends {
            for tcp in [true, false] {
                for port in [22, 80, 443] {
                    all.push(Case {
                        source: *source,
                        destination: *destination,
                        tcp,
                        port,
                    });
                }
            }
        }
    }
    all
}

fn is_in(name: &str, (index, within): (usize, u8)) -> bool {
    match name {
        "*" => true,
        "10.0.0.0/25" | "10.0.0.4" => index == 0,
        "8.8.8.8" => index == 3,
        "8.0.0.0/7" | "Internet" => index == 3 || index == 4,
        "VirtualNetwork" => matches!(index, 0 | 1 | 5),
        "Storage" => within >= 1,
        _ => within == 2,
    }
}

/// Who decides: the number of a rule, or `None` for a default rule; and whether it lets through.
fn decide(rules: &[Plain], case: &Case, there: bool) -> (Option<usize>, bool) {
    for (number, rule) in rules.iter().enumerate() {
        let protocol = match rule.protocol {
            "Tcp" => case.tcp,
            "Udp" => !case.tcp,
            _ => true,
        };
        let port = rule.ports.0 <= case.port && case.port <= rule.ports.1;
        if (there || !rule.perhaps)
            && protocol
            && port
            && is_in(rule.source, case.source)
            && is_in(rule.destination, case.destination)
        {
            return (Some(number), rule.allow);
        }
    }
    let network = |end: (usize, u8)| matches!(end.0, 0 | 1 | 5);
    let balancer = case.source.0 == 5;
    (
        None,
        network(case.source) && network(case.destination) || balancer,
    )
}

fn holds(region: &Region, case: &Case) -> bool {
    region.flows.terms().iter().any(|term| {
        let number = |index: usize| address_number(ADDRESSES[index].into());
        let protocol = if case.tcp {
            Protocol::Tcp
        } else {
            Protocol::Udp
        };
        let fields = [
            (Dimension::Source, number(case.source.0)),
            (Dimension::Destination, number(case.destination.0)),
            (Dimension::Protocol, protocol_code(protocol)),
            (Dimension::DestinationPort, case.port.into()),
            (Dimension::SourcePort, 50_000),
        ];
        let literals = term.cube.literals().iter().all(|literal| {
            let within = match literal.atom.dimension {
                Dimension::Source => case.source.1,
                _ => case.destination.1,
            };
            let Predicate::Tag(tag) = &literal.atom.predicate else {
                panic!("{literal:?}")
            };
            (within >= if tag == "storage" { 1 } else { 2 }) == literal.holds
        });
        literals
            && fields
                .iter()
                .all(|(field, value)| term.field(*field).contains(*value))
    })
}

fn built(rules: &[Plain]) -> (Build, NsgId) {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    for (number, rule) in rules.iter().enumerate() {
        let access = if rule.allow { "Allow" } else { "Deny" };
        let Plain {
            protocol,
            source,
            destination,
            ports,
            ..
        } = rule;
        let text = format!(
            "{} {access} In {protocol} {source} -> {destination}:{}-{}",
            100 + number,
            ports.0,
            ports.1
        );
        let id = build.rule(nsg, &text);
        if rule.perhaps {
            build.network[id].meta.existence = perhaps("extra");
        }
    }
    (build, nsg)
}

fn compared(old: &[Plain], new: &[Plain]) -> Comparison {
    let facts = facts();
    let ((old, first), (new, second)) = (built(old), built(new));
    let old = Semantics::new(&old.network, &facts, Cloud::Public);
    let new = Semantics::new(&new.network, &facts, Cloud::Public);
    compare_groups(
        (&old, first),
        (&new, second),
        Direction::Inbound,
        Family::V4,
    )
}

fn rule() -> impl Strategy<Value = Plain> {
    let ports = prop::sample::select(vec![(0, 65_535), (22, 22), (80, 443), (0, 100)]);
    (
        any::<bool>(),
        prop::sample::select(vec!["*", "Tcp", "Udp"]),
        prop::sample::select(SIDES.to_vec()),
        prop::sample::select(SIDES.to_vec()),
        ports,
    )
        .prop_map(|(allow, protocol, source, destination, ports)| Plain {
            allow,
            protocol,
            source,
            destination,
            ports,
            perhaps: false,
        })
}

fn rules() -> impl Strategy<Value = Vec<Plain>> {
    prop::collection::vec(rule(), 0..6)
}

/// Lists of which the second is the first with one rule put in, left out or turned around.
fn versions() -> impl Strategy<Value = (Vec<Plain>, Vec<Plain>)> {
    (rules(), rule(), 0..7_usize, 0..4_u8).prop_map(|(old, rule, at, how)| {
        let mut new = old.clone();
        let at = at.min(old.len());
        match (how, new.get_mut(at)) {
            (0, Some(turned)) => turned.allow = !turned.allow,
            (1, Some(_)) => {
                new.remove(at);
            }
            (2, Some(other)) => *other = rule,
            _ => new.insert(at, rule),
        }
        (old, new)
    })
}

fn decided_by(by: &[By]) -> Option<Option<usize>> {
    match by {
        [By::Rule(_, Ruling::Custom(SecurityRuleId(id)))] => Some(Some(*id as usize)),
        [By::Rule(_, Ruling::Default(_))] => Some(None),
        _ => None,
    }
}

/// The regions of a list that hold a case.
fn of<'r>(regions: &'r [Region], case: &Case) -> Vec<&'r Region> {
    regions
        .iter()
        .filter(|region| holds(region, case))
        .collect()
}

fn check(old: &[Plain], new: &[Plain]) -> Result<(), TestCaseError> {
    let found = compared(old, new);
    prop_assert_eq!(found.undecided, None);
    let mut differs = false;
    for case in cases() {
        let (before, after) = (decide(old, &case, true), decide(new, &case, true));
        let lists = [
            (&found.opened, !before.1 && after.1),
            (&found.closed, before.1 && !after.1),
        ];
        for (regions, expected) in lists {
            let holding = of(regions, &case);
            prop_assert_eq!(
                holding.len(),
                usize::from(expected),
                "{:?} {:?}",
                case,
                regions
            );
            if let Some(region) = holding.first() {
                differs = true;
                prop_assert_eq!(decided_by(&region.old.by), Some(before.0));
                prop_assert_eq!(decided_by(&region.new.by), Some(after.0));
            }
        }
    }
    if differs {
        prop_assert_ne!(found.equivalent, Truth::True);
    }
    for region in found.opened.iter().chain(&found.closed) {
        prop_assert!(region.witness.is_some(), "{:?}", region);
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::fixture::cases(500))]

    #[test]
    fn regions_hold_just_the_packets_that_change_and_name_what_decides_them(
        (old, new) in versions(),
    ) {
        check(&old, &new)?;
    }

    #[test]
    fn every_region_is_told_once_in_brief(old in rules(), new in rules()) {
        let found = compared(&old, &new);
        let both = [
            (&found.opened, &found.opened_briefly),
            (&found.closed, &found.closed_briefly),
        ];
        for (regions, briefs) in both {
            let mut parts: Vec<usize> = Vec::new();
            for brief in briefs {
                let pairs = brief.parts.iter().map(|part| {
                    let region = &regions[*part];
                    (&region.old, &region.new, region.certain)
                });
                let pairs: Vec<_> = pairs.collect();
                prop_assert!(pairs.windows(2).all(|two| two[0] == two[1]));
                parts.extend(&brief.parts);
            }
            parts.sort_unstable();
            prop_assert_eq!(parts, (0..regions.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn regions_of_unrelated_groups_are_right_too(old in rules(), new in rules()) {
        check(&old, &new)?;
    }

    #[test]
    fn a_rule_that_may_be_there_is_there_in_both_or_in_neither(
        (mut old, mut new) in versions(),
        extra in rule(),
    ) {
        let extra = Plain { perhaps: true, ..extra };
        old.insert(0, extra.clone());
        new.insert(0, extra);
        let found = compared(&old, &new);
        let mut certain = false;
        for case in cases() {
            let worlds = [true, false].map(|there| {
                (decide(&old, &case, there).1, decide(&new, &case, there).1)
            });
            let opened = worlds.contains(&(false, true));
            let closed = worlds.contains(&(true, false));
            prop_assert_eq!(of(&found.opened, &case).len(), usize::from(opened));
            prop_assert_eq!(of(&found.closed, &case).len(), usize::from(closed));
            certain |= worlds.iter().all(|(before, after)| before != after);
            for region in of(&found.opened, &case) {
                let always = worlds.iter().all(|world| *world == (false, true));
                prop_assert!(always || !region.certain);
            }
        }
        if certain {
            prop_assert_ne!(found.equivalent, Truth::True);
        }
    }

    #[test]
    fn a_group_is_equivalent_to_itself_in_other_words(old in rules()) {
        // Every rule for all protocols is written as two.
        let mut new = Vec::new();
        for rule in &old {
            if rule.protocol == "*" && rule.ports != (0, 65_535) {
                new.extend(["Tcp", "Udp"].map(|protocol| Plain { protocol, ..rule.clone() }));
            } else {
                new.push(rule.clone());
            }
        }
        let found = compared(&old, &new);
        prop_assert_eq!(found.equivalent, Truth::True);
        prop_assert!(found.opened.is_empty() && found.closed.is_empty());
    }
}

#[test]
fn a_subnet_that_loses_its_group_is_open() {
    let facts = facts();
    let (old, _) = built(&[]);
    let mut bare = Build::default();
    let vnet = bare.vnet("10.0.0.0/16");
    let subnet = bare.subnet(vnet, "10.0.0.0/24");
    let old = Semantics::new(&old.network, &facts, Cloud::Public);
    let new = Semantics::new(&bare.network, &facts, Cloud::Public);
    let found = compare_subnets(
        (&old, subnet),
        (&new, subnet),
        Direction::Inbound,
        Family::V4,
    );
    assert_eq!(found.equivalent, Truth::False);
    assert!(found.closed.is_empty());
    assert_eq!(found.opened.len(), 2, "{:#?}", found.opened);
    let first = &found.opened[0];
    assert!(first.certain);
    assert_eq!(first.old.access, Some(Access::Deny));
    assert_eq!(first.old.by.len(), 1);
    assert_eq!(
        (first.new.access, first.new.by.as_slice()),
        (Some(Access::Allow), &[By::NoGroup][..])
    );
}

#[test]
fn a_rule_on_one_of_two_groups_opens_nothing_behind_the_other() {
    let facts = facts();
    let build = |text: &str| {
        let mut build = Build::default();
        let on_subnet = build.attached_nsg();
        let subnet = build.network[on_subnet].subnets.items[0];
        let nic = build.nic(subnet, Some("10.0.0.4"));
        let on_nic = build.nsg();
        build.network[nic].nsg = super::fixture::known(crate::model::Link::Here(on_nic));
        build.network[on_nic].network_interfaces.items.push(nic);
        build.rule(on_nic, text);
        build.rule(on_subnet, "100 Allow In Tcp Internet -> *:443");
        (build, nic)
    };
    let opened = |before: &str, after: &str| {
        let ((old, first), (new, second)) = (build(before), build(after));
        let old = Semantics::new(&old.network, &facts, Cloud::Public);
        let new = Semantics::new(&new.network, &facts, Cloud::Public);
        let found = compare_interfaces(
            (&old, first),
            (&new, second),
            Direction::Inbound,
            Family::V4,
        );
        assert!(found.closed.is_empty());
        found.opened
    };
    let closed = "100 Allow In Tcp 1.2.3.4 -> *:443";
    assert!(opened(closed, "100 Allow In Tcp 1.2.3.4 -> *:22-443").is_empty());
    let regions = opened(closed, "100 Allow In Tcp 1.2.0.0/16 -> *:22-443");
    assert_eq!(regions.len(), 1, "{regions:#?}");
    assert_eq!(regions[0].witness.unwrap().destination_port, 443);
    assert_eq!(regions[0].old.by.len(), 1);
    assert_eq!(regions[0].new.by.len(), 2);
}

#[test]
fn an_input_is_the_same_input_in_both_versions() {
    let facts = facts();
    let build = |rules: &[&str]| {
        let mut build = Build::default();
        let nsg = build.attached_nsg();
        for rule in rules {
            build.rule(nsg, rule);
        }
        (build, nsg)
    };
    let compared = |before: &[&str], after: &[&str]| {
        let ((old, first), (new, second)) = (build(before), build(after));
        let old = Semantics::new(&old.network, &facts, Cloud::Public);
        let new = Semantics::new(&new.network, &facts, Cloud::Public);
        compare_groups(
            (&old, first),
            (&new, second),
            Direction::Inbound,
            Family::V4,
        )
    };
    let office = "100 Allow In Tcp ?office -> *:22";
    let renumbered = "200 Allow In Tcp ?office -> *:22";
    assert_eq!(compared(&[office], &[renumbered]).equivalent, Truth::True);
    let other = "100 Allow In Tcp ?branch -> *:22";
    let found = compared(&[office], &[other]);
    assert_eq!(found.equivalent, Truth::Unknown);
    assert!(
        found
            .opened
            .iter()
            .chain(&found.closed)
            .all(|region| !region.certain)
    );
    assert!(!found.opened.is_empty() && !found.closed.is_empty());
    assert!(
        found.opened[0]
            .unknowns
            .iter()
            .any(|unknown| &*unknown.label == "branch")
    );
    let unknown_access = "100 ?access In Tcp 1.2.3.4 -> *:22";
    assert_eq!(
        compared(&[unknown_access], &[unknown_access]).equivalent,
        Truth::True
    );
    let unknown_place = "?priority Allow In Tcp 1.2.3.4 -> *:22";
    let denied = "100 Deny In Tcp 1.2.0.0/16 -> *:22";
    let both = [unknown_place, denied];
    assert_eq!(compared(&both, &both).equivalent, Truth::True);
    let found = compared(&both, &[unknown_place]);
    assert_eq!(found.equivalent, Truth::Unknown);
    assert_eq!((found.opened.len(), found.closed.len()), (1, 0));
}
