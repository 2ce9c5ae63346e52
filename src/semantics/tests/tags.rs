//! Service tags with and without their addresses, against an evaluator that looks at one packet at
//! a time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

use super::fixture::{Build, facts, flow};
use crate::eval::value::Truth;
use crate::model::address::Protocol;
use crate::model::nsg::Direction;
use crate::model::platform::{Cloud, TagRegion};
use crate::semantics::Semantics;
use crate::semantics::packet::atoms::{Dimension, Predicate};
use crate::semantics::packet::{
    Answer, Family, Flow, FlowSet, Side, address_number, protocol_code,
};
use crate::semantics::rules::Decider;
use crate::semantics::tags::ServiceTags;
use crate::semantics::unreachable::Unreachable;

const BASE: u32 = 0x1400_0000;

fn list(tags: &[(&str, &str)]) -> Arc<ServiceTags> {
    let tags = tags.iter().map(|(name, blocks)| {
        let blocks = blocks.split_whitespace();
        (
            (*name).to_owned(),
            blocks.map(|it| it.parse().unwrap()).collect(),
        )
    });
    Arc::new(ServiceTags::new(Cloud::Public, 7, tags))
}

fn published() -> Arc<ServiceTags> {
    list(&[
        ("Storage", "20.0.0.0/24 20.0.2.0/24 2603::/48"),
        ("Storage.WestEurope", "20.0.0.0/25"),
        ("Storage.CentralFrance", "20.0.2.0/25"),
        ("AzureCloud", "20.0.0.0/16"),
        ("Sql", "20.1.0.0/24"),
    ])
}

fn reached(build: &Build, tags: Option<Arc<ServiceTags>>, packet: &Flow) -> Truth {
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public).with_service_tags(tags);
    let nsg = crate::model::NsgId(0);
    match semantics.decider(nsg, Direction::Outbound, packet) {
        Decider::Rule(_) => Truth::True,
        Decider::Default(_) | Decider::Bypass => Truth::False,
        Decider::Depends { .. } => Truth::Unknown,
    }
}

#[test]
fn a_tag_of_the_list_is_its_addresses_and_every_other_stays_open() {
    let web = |address| flow("10.0.0.4", address, Protocol::Tcp, 443);
    let cases = [
        ("Storage", "20.0.2.9", Truth::True),
        ("storage", "20.0.2.9", Truth::True),
        ("Storage", "20.0.1.9", Truth::False),
        ("Storage.westeurope", "20.0.0.9", Truth::True),
        ("Storage.WestEurope", "20.0.2.9", Truth::False),
        // By the region's own name, and by the one it has in tags.
        ("Storage.FranceCentral", "20.0.2.9", Truth::True),
        ("Storage.centralfrance", "20.0.2.9", Truth::True),
        // Not in the list, but within a tag that is.
        ("Storage.NorthEurope", "20.0.2.9", Truth::Unknown),
        ("Storage.NorthEurope", "20.0.1.9", Truth::False),
        ("EventHub", "20.0.2.9", Truth::Unknown),
    ];
    for (tag, address, expected) in cases {
        let mut build = Build::default();
        let nsg = build.attached_nsg();
        build.rule(nsg, &format!("100 Deny Out Tcp * -> {tag}:443"));
        let mut facts = facts();
        facts.tag_regions.push(TagRegion {
            region: "francecentral".into(),
            tag: "centralfrance".into(),
            source: facts.tags[0].source.clone(),
        });
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public)
            .with_service_tags(Some(published()));
        let decider = semantics.decider(nsg, Direction::Outbound, &web(address));
        let truth = match decider {
            Decider::Rule(_) => Truth::True,
            Decider::Default(_) | Decider::Bypass => Truth::False,
            Decider::Depends { .. } => Truth::Unknown,
        };
        assert_eq!(truth, expected, "{tag} {address}");
    }
}

#[test]
fn a_tag_that_is_absent_holds_the_regions_that_the_list_does_tell() {
    let tags = || Some(list(&[("Storage.WestEurope", "20.0.0.0/25")]));
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Deny Out Tcp * -> Storage:443");
    let web = |address| flow("10.0.0.4", address, Protocol::Tcp, 443);
    assert_eq!(reached(&build, tags(), &web("20.0.0.9")), Truth::True);
    assert_eq!(reached(&build, tags(), &web("20.0.1.9")), Truth::Unknown);
}

#[test]
fn internet_and_the_platforms_own_tags_mean_what_they_meant() {
    let tags = || {
        Some(list(&[
            ("Internet", "20.0.0.0/24"),
            ("VirtualNetwork", "20.0.0.0/24"),
            ("AzureLoadBalancer", "20.0.0.0/24"),
        ]))
    };
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Deny Out Tcp * -> Internet:443");
    build.rule(nsg, "110 Deny Out Tcp * -> AzureLoadBalancer:444");
    let to = |address, port| flow("10.0.0.4", address, Protocol::Tcp, port);
    assert_eq!(reached(&build, tags(), &to("40.1.1.1", 443)), Truth::True);
    assert_eq!(reached(&build, tags(), &to("20.0.0.1", 444)), Truth::False);
    assert_eq!(
        reached(&build, tags(), &to("168.63.129.16", 444)),
        Truth::True
    );
}

#[test]
fn a_list_of_another_cloud_is_not_used() {
    let china = ServiceTags::new(Cloud::China, 1, [("Storage".to_owned(), Vec::new())]);
    let facts = facts();
    let build = Build::default();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public)
        .with_service_tags(Some(Arc::new(china)));
    assert!(semantics.service_tags().is_none());
}

#[test]
fn what_was_asked_of_the_list_is_told_in_its_spelling() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Deny Out Tcp * -> STORAGE:443");
    build.rule(nsg, "110 Deny Out Tcp * -> EventHub:443");
    let facts = facts();
    let semantics =
        Semantics::new(&build.network, &facts, Cloud::Public).with_service_tags(Some(published()));
    assert_eq!(semantics.consulted_tags().listed, Vec::<String>::new());
    let _ = semantics.nsg_allowed(nsg, Direction::Outbound, Family::V4);
    let consulted = semantics.consulted_tags();
    assert_eq!(consulted.listed, ["Storage"]);
    assert_eq!(consulted.unlisted, ["eventhub"]);
}

#[test]
fn a_rule_hidden_only_by_the_addresses_of_a_tag_is_dead_with_them_alone() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Deny Out Tcp * -> Storage:443");
    let hidden = build.rule(nsg, "110 Allow Out Tcp * -> 20.0.2.0/26:443");
    let facts = facts();
    let dead = |tags| -> Vec<Unreachable> {
        let semantics =
            Semantics::new(&build.network, &facts, Cloud::Public).with_service_tags(tags);
        let all = semantics.unreachable(nsg);
        all.into_iter()
            .filter(|it| it.truth == Truth::True)
            .collect()
    };
    assert!(dead(None).is_empty());
    let with = dead(Some(published()));
    assert_eq!(with.len(), 1);
    assert_eq!(with[0].rule, hidden);
}

#[test]
fn a_tag_with_addresses_is_as_wide_as_they_are_many() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In Tcp Storage -> *:22");
    let facts = facts();
    let wide = |tags, n| {
        let semantics =
            Semantics::new(&build.network, &facts, Cloud::Public).with_service_tags(tags);
        let rule = crate::model::SecurityRuleId(0);
        let flows = semantics.decided(rule, Family::V4);
        flows.wider_than(Side::Source, n).is_hit().truth
    };
    assert_eq!(wide(Some(published()), 511), Truth::True);
    assert_eq!(wide(Some(published()), 512), Truth::False);
    assert_eq!(wide(None, 512), Truth::False);
}

#[test]
fn a_tag_without_addresses_of_a_family_holds_none_of_it() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    let storage = build.rule(nsg, "100 Allow Out Tcp * -> Storage:443");
    let sql = build.rule(nsg, "110 Allow Out Tcp * -> Sql:1433");
    let facts = facts();
    let semantics =
        Semantics::new(&build.network, &facts, Cloud::Public).with_service_tags(Some(published()));
    let hit = |rule| semantics.matched(rule, Family::V6).is_hit();
    let witness = hit(storage).witness.unwrap();
    assert!(
        "2603::/48"
            .parse::<IpNet>()
            .unwrap()
            .contains(&witness.destination)
    );
    assert_eq!(hit(sql).truth, Truth::False);
}

/// The tags of random lists, each with the tags it must lie in.
const TAGS: [(&str, &[&str]); 6] = [
    ("azurecloud", &[]),
    ("azurecloud.westeurope", &["azurecloud"]),
    ("storage", &[]),
    ("storage.westeurope", &["storage"]),
    ("storage.eastus", &["storage"]),
    ("sql", &[]),
];

/// Sixteen addresses, one bit each.
type Bits = u16;

fn world() -> impl Strategy<Value = BTreeMap<&'static str, Bits>> {
    proptest::collection::vec(any::<Bits>(), TAGS.len()).prop_map(|bits| {
        let mut world = BTreeMap::new();
        for ((tag, within), bits) in TAGS.iter().zip(bits) {
            let bounds = within.iter().map(|wider| world[wider]);
            world.insert(*tag, bounds.fold(bits, |own, wider| own & wider));
        }
        world
    })
}

fn listed(world: &BTreeMap<&'static str, Bits>, mask: u8) -> Arc<ServiceTags> {
    let all = TAGS.iter().enumerate();
    let some = all.filter(|(index, _)| mask & (1 << index) != 0);
    let tags = some.map(|(_, (tag, _))| {
        let addresses = (0..16).filter(|bit| world[tag] & (1 << bit) != 0);
        let blocks = addresses.map(|bit| {
            let address = Ipv4Addr::from(BASE + bit);
            IpNet::from(Ipv4Net::new(address, 32).unwrap())
        });
        ((*tag).to_owned(), blocks.collect())
    });
    Arc::new(ServiceTags::new(Cloud::Public, 1, tags))
}

/// A rule: whether it allows, the tag or the first addresses it is about, and a port.
type Plain = (bool, usize, u32, u16);

fn holds(world: &BTreeMap<&'static str, Bits>, rule: &Plain, address: u32) -> bool {
    let (_, tag, length, _) = rule;
    match TAGS.get(*tag) {
        Some((tag, _)) => {
            (BASE..BASE + 16).contains(&address) && world[tag] & (1 << (address - BASE)) != 0
        }
        None => (BASE..BASE + (1 << length)).contains(&address),
    }
}

fn prefix(rule: &Plain) -> String {
    match TAGS.get(rule.1) {
        Some((tag, _)) => (*tag).to_owned(),
        None => format!("20.0.0.0/{}", 32 - rule.2),
    }
}

/// Whether a set holds a packet in a world.
fn within(set: &FlowSet, flow: &Flow, world: &BTreeMap<&'static str, Bits>) -> bool {
    let number = address_number(flow.destination);
    set.terms().iter().any(|term| {
        let values = [
            (Dimension::Source, address_number(flow.source)),
            (Dimension::Destination, number),
            (Dimension::Protocol, protocol_code(flow.protocol)),
            (Dimension::SourcePort, flow.source_port.into()),
            (Dimension::DestinationPort, flow.destination_port.into()),
        ];
        values
            .iter()
            .all(|(dimension, value)| term.field(*dimension).contains(*value))
            && term.cube.literals().iter().all(|literal| {
                let Predicate::Tag(tag) = &literal.atom.predicate else {
                    panic!("{literal:?}");
                };
                let bit = u32::try_from(number).unwrap() - BASE;
                let is = bit < 16 && world[&**tag] & (1 << bit) != 0;
                is == literal.holds
            })
    })
}

proptest! {
    #![proptest_config(super::fixture::cases(512))]

    #[test]
    fn answers_with_addresses_lie_within_those_without(
        world in world(),
        mask in 0_u8..64,
        rules in proptest::collection::vec((any::<bool>(), 0_usize..8, 0_u32..5, 1_u16..3), 1..6),
    ) {
        let mut build = Build::default();
        let nsg = build.attached_nsg();
        for (index, rule) in rules.iter().enumerate() {
            let access = if rule.0 { "Allow" } else { "Deny" };
            let (priority, prefix, port) = (100 + index, prefix(rule), rule.3);
            build.rule(nsg, &format!("{priority} {access} Out Tcp * -> {prefix}:{port}"));
        }
        let facts = facts();
        let allowed = |tags| -> Answer {
            let semantics =
                Semantics::new(&build.network, &facts, Cloud::Public).with_service_tags(tags);
            semantics.nsg_allowed(nsg, Direction::Outbound, Family::V4)
        };
        let opaque = allowed(None);
        let complete = allowed(Some(listed(&world, 63)));
        let partial = allowed(Some(listed(&world, mask)));
        for address in (BASE..BASE + 17).chain([0x1e00_0001]) {
            for port in 1..4 {
                let packet = Flow {
                    source: "10.0.0.4".parse().unwrap(),
                    destination: IpAddr::V4(Ipv4Addr::from(address)),
                    protocol: Protocol::Tcp,
                    source_port: 40_000,
                    destination_port: port,
                };
                let first = rules
                    .iter()
                    .find(|rule| rule.3 == port && holds(&world, rule, address));
                let truth = first.is_none_or(|rule| rule.0);
                for (name, answer) in [("opaque", &opaque), ("partial", &partial)] {
                    let must = within(&answer.flows.must, &packet, &world);
                    let may = within(&answer.flows.may, &packet, &world);
                    prop_assert!(!must || truth, "{name} must: {packet:?}");
                    prop_assert!(may || !truth, "{name} may: {packet:?}");
                }
                prop_assert_eq!(within(&complete.flows.must, &packet, &world), truth);
                prop_assert_eq!(within(&complete.flows.may, &packet, &world), truth);
            }
        }
    }
}
