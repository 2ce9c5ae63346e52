//! Against an evaluator that shares nothing with the sets: packets of a tiny universe, one by one,
//! in every world.

mod standings;

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::fixture::{Build, facts, parameter, perhaps};
use crate::eval::value::Truth;
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::{Access, Direction};
use crate::model::platform::Cloud;
use crate::model::{Field, List, SecurityRuleId, State};
use crate::origin::OriginId;
use crate::semantics::Semantics;
use crate::semantics::hidden::{Hidden, Listed};
use crate::semantics::packet::{Answer, Family, Flow};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

/// What the evaluator knows of a rule: plain numbers.
#[derive(Clone, Debug)]
struct Plain {
    priority: u32,
    /// `None`: unknown.
    allow: Option<bool>,
    /// `None`: every protocol.
    tcp: Option<bool>,
    source: Source,
    destination: RangeInclusive<u32>,
    ports: RangeInclusive<u16>,
    /// Whether it is only perhaps there.
    perhaps: bool,
}

#[derive(Clone, Debug)]
enum Source {
    Block(u32, u8),
    /// The value of one parameter that all such rules share.
    Office,
}

/// The values the parameter may have.
const OFFICES: [(u32, u8); 5] = [
    (BASE, 28),
    (BASE + 4, 30),
    (BASE + 8, 32),
    (0x1e00_0000, 8),
    (0, 0),
];

const BASE: u32 = 0x0a00_0000;

fn block() -> impl Strategy<Value = (u32, u8)> {
    (0_u32..16, 28_u8..=32, any::<bool>()).prop_map(|(low, length, all)| {
        if all && length == 28 {
            (0, 0)
        } else {
            (BASE + (low & !((1 << (32 - length)) - 1)), length)
        }
    })
}

fn plain(unknowns: bool) -> impl Strategy<Value = Plain> {
    let chance = if unknowns { 0.3 } else { 0.0 };
    let access = (any::<bool>(), proptest::bool::weighted(chance / 2.0));
    let source = (block(), proptest::bool::weighted(chance));
    (
        100_u32..108,
        access,
        proptest::option::of(any::<bool>()),
        source,
        0_u32..4,
        (0_u16..8, 0_u16..8, any::<bool>()),
        proptest::bool::weighted(chance / 2.0),
    )
        .prop_map(
            |(priority, access, tcp, source, to, ports, perhaps)| Plain {
                priority,
                allow: (!access.1).then_some(access.0),
                tcp,
                source: if source.1 {
                    Source::Office
                } else {
                    Source::Block(source.0.0, source.0.1)
                },
                destination: match to {
                    0 => 0..=u32::MAX,
                    1 => BASE..=BASE + 1,
                    2 => BASE..=BASE + 3,
                    _ => BASE + 2..=BASE + 3,
                },
                ports: if ports.2 {
                    0..=u16::MAX
                } else {
                    ports.0.min(ports.1)..=ports.0.max(ports.1)
                },
                perhaps,
            },
        )
}

/// Rules of distinct priorities.
fn rules(unknowns: bool) -> impl Strategy<Value = Vec<Plain>> {
    proptest::collection::vec(plain(unknowns), 1..7).prop_map(|mut rules| {
        rules.sort_by_key(|rule| rule.priority);
        rules.dedup_by_key(|rule| rule.priority);
        rules
    })
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    source: u32,
    destination: u32,
    protocol: Protocol,
    port: u16,
}

fn universe() -> Vec<Packet> {
    let mut packets = Vec::new();
    for source in (BASE..BASE + 16).chain([0x1e00_0001]) {
        for destination in [BASE, BASE + 2, BASE + 9] {
            for port in [0, 1, 2, 3, 4, 5, 6, 7, 9] {
                for protocol in [Protocol::Tcp, Protocol::Udp] {
                    packets.push(Packet {
                        source,
                        destination,
                        protocol,
                        port,
                    });
                }
            }
            let protocol = Protocol::Icmp;
            packets.push(Packet {
                source,
                destination,
                protocol,
                port: 0,
            });
        }
    }
    packets
}

fn holds(block: (u32, u8), address: u32) -> bool {
    let size = 32 - u32::from(block.1);
    u64::from(address) >> size == u64::from(block.0) >> size
}

fn matches(rule: &Plain, packet: Packet, office: (u32, u8)) -> bool {
    let source = match rule.source {
        Source::Block(base, length) => (base, length),
        Source::Office => office,
    };
    let has_ports = matches!(packet.protocol, Protocol::Tcp | Protocol::Udp);
    let protocol = match (rule.tcp, packet.protocol) {
        (None, _) => has_ports || rule.ports == (0..=u16::MAX),
        (Some(tcp), protocol) => protocol == if tcp { Protocol::Tcp } else { Protocol::Udp },
    };
    let port = !has_ports || rule.ports.contains(&packet.port);
    holds(source, packet.source)
        && rule.destination.contains(&packet.destination)
        && protocol
        && port
}

/// The number of the rule that decides.
fn first(rules: &[Plain], packet: Packet, office: (u32, u8)) -> Option<usize> {
    rules.iter().position(|rule| matches(rule, packet, office))
}

/// Inbound, in a closed network 10.0.0.0/28.
fn passes(rules: &[Plain], packet: Packet, office: (u32, u8)) -> bool {
    match first(rules, packet, office) {
        Some(index) => rules[index].allow == Some(true),
        None => holds((BASE, 28), packet.source) && holds((BASE, 28), packet.destination),
    }
}

/// Every way to settle what is unknown.
fn worlds(rules: &[Plain]) -> Vec<(Vec<Plain>, (u32, u8))> {
    let mut all: Vec<Vec<Plain>> = vec![Vec::new()];
    for rule in rules {
        let mut next = Vec::new();
        for before in &all {
            let accesses = rule.allow.map_or(vec![true, false], |allow| vec![allow]);
            for allow in accesses {
                let mut with = before.clone();
                with.push(Plain {
                    allow: Some(allow),
                    ..rule.clone()
                });
                next.push(with);
            }
            if rule.perhaps {
                next.push(before.clone());
            }
        }
        all = next;
    }
    all.into_iter()
        .flat_map(|rules| {
            OFFICES
                .into_iter()
                .map(move |office| (rules.clone(), office))
        })
        .collect()
}

fn built(rules: &[Plain]) -> Build {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/28");
    let subnet = build.subnet(vnet, "10.0.0.0/28");
    let nsg = build.nsg();
    build.attach(nsg, subnet);
    for rule in rules {
        let protocol = rule.tcp.map_or("*", |tcp| if tcp { "Tcp" } else { "Udp" });
        let text = format!("{} Allow In {protocol} * -> *", rule.priority);
        let id = build.rule(nsg, &text);
        let written = &mut build.network[id];
        written.access = match rule.allow {
            Some(true) => Field::known(Access::Allow, OriginId::NONE),
            Some(false) => Field::known(Access::Deny, OriginId::NONE),
            None => super::fixture::unknown(&format!("access{}", rule.priority)),
        };
        let block = |(base, length)| {
            let net = ipnet::Ipv4Net::new(std::net::Ipv4Addr::from(base), length).unwrap();
            AddressPrefix::Block(net.into())
        };
        let source = match rule.source {
            Source::Block(base, length) => Field::known(block((base, length)), OriginId::NONE),
            Source::Office => Field {
                state: State::Unknown(
                    parameter("office"),
                    Some(OFFICES.into_iter().map(block).collect()),
                ),
                origin: OriginId::NONE,
            },
        };
        written.source = List::closed(vec![source]);
        let (low, high) = (*rule.destination.start(), *rule.destination.end());
        let range = AddressPrefix::Range(
            std::net::Ipv4Addr::from(low).into(),
            std::net::Ipv4Addr::from(high).into(),
        );
        written.destination = List::closed(vec![Field::known(range, OriginId::NONE)]);
        let ports = PortRange {
            first: *rule.ports.start(),
            last: *rule.ports.end(),
        };
        written.destination_ports = List::closed(vec![Field::known(ports, OriginId::NONE)]);
        if rule.perhaps {
            written.meta.existence = perhaps(&format!("exists{}", rule.priority));
        }
    }
    build
}

const NSG: crate::model::NsgId = crate::model::NsgId(0);

fn one(semantics: &Semantics<'_>, packet: Packet) -> Answer {
    let address = |number: u32| {
        let address = std::net::IpAddr::V4(std::net::Ipv4Addr::from(number));
        vec![AddressSpec::Prefix(AddressPrefix::Block(address.into()))]
    };
    let ports = match packet.protocol {
        Protocol::Icmp => Vec::new(),
        _ => vec![PortRange::single(packet.port)],
    };
    let spec = FlowSpec {
        direction: Direction::Inbound,
        protocols: vec![packet.protocol],
        from: address(packet.source),
        to: address(packet.destination),
        ports,
        source_ports: Vec::new(),
    };
    semantics.flows(&spec, Scope::Nsg(NSG), Family::V4)
}

fn flow(packet: Packet) -> Flow {
    Flow {
        source: std::net::Ipv4Addr::from(packet.source).into(),
        destination: std::net::Ipv4Addr::from(packet.destination).into(),
        protocol: packet.protocol,
        source_port: 40_000,
        destination_port: packet.port,
    }
}

proptest! {
    #![proptest_config(super::fixture::cases(24))]

    #[test]
    fn what_is_known_is_decided_exactly(rules in rules(false)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let allowed = semantics.nsg_allowed(NSG, Direction::Inbound, Family::V4);
        let decided: Vec<Answer> = (0..rules.len())
            .map(|index| semantics.decided(SecurityRuleId(u32::try_from(index).unwrap()), Family::V4))
            .collect();
        for packet in universe() {
            let point = one(&semantics, packet);
            let is = |answer: &Answer| answer.and(&point).is_hit().truth;
            let expected = Truth::from(passes(&rules, packet, (0, 0)));
            prop_assert_eq!(is(&allowed), expected, "{:?}", packet);
            let winner = first(&rules, packet, (0, 0));
            for (index, answer) in decided.iter().enumerate() {
                prop_assert_eq!(is(answer), Truth::from(winner == Some(index)), "{:?}", packet);
            }
            if let Some(index) = winner {
                let decider = semantics.decider(NSG, Direction::Inbound, &flow(packet));
                let named = matches!(
                    decider,
                    crate::semantics::rules::Decider::Rule(id) if id.0 as usize == index
                );
                prop_assert!(named, "{:?}", packet);
            }
        }
    }

    #[test]
    fn hidden_rules_and_covers_are_those_of_the_packets(rules in rules(false)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let found = semantics.unreachable(NSG);
        let packets = universe();
        for index in 0..rules.len() {
            let live = packets.iter().any(|packet| first(&rules, *packet, (0, 0)) == Some(index));
            let hidden = found.iter().find(|it| it.rule.0 as usize == index);
            prop_assert_eq!(hidden.is_some(), !live, "rule {}", index);
            let Some(hidden) = hidden else { continue };
            prop_assert_eq!(hidden.truth, Truth::True);
            let covers = |cover: &[usize]| packets.iter().all(|packet| {
                !matches(&rules[index], *packet, (0, 0))
                    || cover.iter().any(|place| matches(&rules[*place], *packet, (0, 0)))
            });
            let cover: Vec<usize> = hidden.cover.iter().map(|id| id.0 as usize).collect();
            prop_assert!(covers(&cover));
            prop_assert!(cover.iter().all(|place| *place < index));
            for left_out in 0..cover.len() {
                let mut fewer = cover.clone();
                fewer.remove(left_out);
                prop_assert!(!covers(&fewer), "rule {} needs no {:?}", index, cover);
            }
            let otherwise = cover.iter().any(|place| rules[*place].allow != rules[index].allow);
            prop_assert_eq!(hidden.acts_otherwise, otherwise);
            if let Some(revive) = hidden.revive {
                let before = revive.before.0 as usize;
                let mut moved = rules.clone();
                let rule = moved.remove(index);
                moved.insert(before, rule);
                let live = packets.iter().any(|packet| first(&moved, *packet, (0, 0)) == Some(before));
                prop_assert!(live);
                if let Some(priority) = revive.priority {
                    prop_assert!(priority >= 100 && priority < rules[before].priority);
                    prop_assert!(rules[..before].iter().all(|rule| rule.priority < priority));
                }
            }
        }
    }

    #[test]
    fn past_the_budget_diagrams_say_the_same(rules in rules(false)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let place = semantics.opaque_place(Scope::Nsg(NSG), Family::V4);
        let ranked = semantics.custom_rules(NSG, Direction::Inbound, &place);
        let starved = Listed::starved(&ranked);
        let packets = universe();
        for index in 0..rules.len() {
            let live = packets.iter().any(|packet| first(&rules, *packet, (0, 0)) == Some(index));
            match starved.hidden(index).unwrap() {
                Hidden::No(_) => prop_assert!(live, "rule {}", index),
                Hidden::Perhaps(_) => prop_assert!(false, "rule {} is known", index),
                Hidden::Yes(cover) => {
                    prop_assert!(!live, "rule {}", index);
                    let covers = |cover: &[usize]| packets.iter().all(|packet| {
                        !matches(&rules[index], *packet, (0, 0))
                            || cover.iter().any(|it| matches(&rules[*it], *packet, (0, 0)))
                    });
                    prop_assert!(covers(&cover));
                    for left_out in 0..cover.len() {
                        let mut fewer = cover.clone();
                        fewer.remove(left_out);
                        prop_assert!(!covers(&fewer), "rule {} needs no {:?}", index, cover);
                    }
                }
            }
        }
    }

    #[test]
    fn every_world_lies_between_the_bounds(rules in rules(true)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let allowed = semantics.nsg_allowed(NSG, Direction::Inbound, Family::V4);
        let decided: Vec<Answer> = (0..rules.len())
            .map(|index| semantics.decided(SecurityRuleId(u32::try_from(index).unwrap()), Family::V4))
            .collect();
        let worlds = worlds(&rules);
        for packet in universe().into_iter().step_by(3) {
            let point = one(&semantics, packet);
            let truth = |answer: &Answer| answer.and(&point).is_hit().truth;
            let agrees = |truth: Truth, world: bool| truth == Truth::Unknown || truth == world.into();
            let through = truth(&allowed);
            let winners: Vec<Truth> = decided.iter().map(truth).collect();
            for (world, office) in &worlds {
                prop_assert!(agrees(through, passes(world, packet, *office)), "{:?} {:?}", packet, world);
                let winner = first(world, packet, *office).map(|index| world[index].priority);
                for (rule, truth) in rules.iter().zip(&winners) {
                    if world.iter().any(|other| other.priority == rule.priority) {
                        prop_assert!(
                            agrees(*truth, winner == Some(rule.priority)),
                            "rule {} on {:?} in {:?}", rule.priority, packet, world
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn hidden_for_certain_means_hidden_in_every_world(rules in rules(true)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let found = semantics.unreachable(NSG);
        let packets = universe();
        for (index, rule) in rules.iter().enumerate() {
            let truth = found
                .iter()
                .find(|it| it.rule.0 as usize == index)
                .map_or(Truth::False, |it| it.truth);
            for (world, office) in worlds(&rules) {
                let Some(place) = world.iter().position(|other| other.priority == rule.priority) else {
                    continue;
                };
                let live = packets.iter().any(|packet| first(&world, *packet, office) == Some(place));
                match truth {
                    Truth::True => prop_assert!(!live, "rule {} in {:?}", index, world),
                    Truth::False => prop_assert!(live, "rule {} in {:?} {:?}", index, world, office),
                    Truth::Unknown => {}
                }
            }
        }
    }
}
