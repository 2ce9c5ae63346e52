//! What decides a packet, and what gets through.

use std::collections::BTreeSet;

use aznet::eval::value::Truth;
use aznet::model::address::{AddressPrefix, PortRange, Protocol};
use aznet::model::nsg::Direction;
use aznet::model::{NicId, NsgId, SecurityRuleId, SubnetId};
use aznet::semantics::Semantics;
use aznet::semantics::packet::{Answer, Family, Flow};
use aznet::semantics::rules::{AddressSpec, Decider, FlowSpec, Scope};
use proptest::prelude::*;

use crate::cases;
use crate::oracle::generate::{self, Menu};
use crate::oracle::nsg::{self, Prefix, Rule, Verdict};
use crate::oracle::packet::{Packet, Range, address_classes, port_classes};
use crate::oracle::world::{self, Ground, World};
use crate::oracle::{arm, hcl};
use crate::pipeline::{Document, ask};

/// The virtual network of every case.
pub const SPACE: [&str; 2] = ["10.0.0.0/16", "fd00::/48"];

pub fn ground() -> Ground {
    Ground {
        space: SPACE.iter().map(|text| Range::parse(text)).collect(),
        open: true,
        ..Ground::default()
    }
}

/// Every packet that rules may tell apart, ports of the sender from the first class only.
pub fn packets(rules: &[Rule], ground: &Ground, v6: bool) -> Vec<Packet> {
    let mut ranges = nsg::ranges(rules);
    ranges.extend(world::ranges(ground));
    let addresses = address_classes(v6, &ranges, &[], |_| ());
    let (source_ports, mut destination_ports) = nsg::ports(rules);
    destination_ports.extend(nsg::service_ports());
    let (source_ports, destination_ports) = (
        port_classes(&source_ports),
        port_classes(&destination_ports),
    );
    let mut packets = Vec::new();
    for source in &addresses {
        for destination in &addresses {
            if source == destination {
                continue;
            }
            for protocol in 0..6 {
                let portless = protocol >= 2;
                for source_port in &source_ports {
                    for destination_port in &destination_ports {
                        if portless && (*source_port, *destination_port) != (0, 0) {
                            continue;
                        }
                        packets.push(Packet {
                            v6,
                            source: *source,
                            destination: *destination,
                            protocol,
                            source_port: *source_port,
                            destination_port: *destination_port,
                        });
                    }
                }
            }
        }
    }
    packets
}

pub fn flow(packet: &Packet) -> Flow {
    Flow {
        source: packet.source_address(),
        destination: packet.destination_address(),
        protocol: protocol(packet),
        source_port: packet.source_port,
        destination_port: packet.destination_port,
    }
}

pub fn packet(flow: &Flow) -> Packet {
    let number = |address: std::net::IpAddr| match address {
        std::net::IpAddr::V4(it) => u128::from(u32::from(it)),
        std::net::IpAddr::V6(it) => it.into(),
    };
    let all = [
        Protocol::Tcp,
        Protocol::Udp,
        Protocol::Icmp,
        Protocol::Esp,
        Protocol::Ah,
        Protocol::Other,
    ];
    Packet {
        v6: flow.source.is_ipv6(),
        source: number(flow.source),
        destination: number(flow.destination),
        protocol: all.iter().position(|it| *it == flow.protocol).unwrap(),
        source_port: flow.source_port,
        destination_port: flow.destination_port,
    }
}

fn protocol(packet: &Packet) -> Protocol {
    [
        Protocol::Tcp,
        Protocol::Udp,
        Protocol::Icmp,
        Protocol::Esp,
        Protocol::Ah,
        Protocol::Other,
    ][packet.protocol]
}

/// The set of one packet.
pub fn one(semantics: &Semantics<'_>, packet: &Packet, direction: Direction) -> Answer {
    let block = |address| vec![AddressSpec::Prefix(AddressPrefix::Range(address, address))];
    let port = |port| match packet.has_ports() {
        true => vec![PortRange::single(port)],
        false => Vec::new(),
    };
    let spec = FlowSpec {
        direction,
        protocols: vec![protocol(packet)],
        from: block(packet.source_address()),
        to: block(packet.destination_address()),
        ports: port(packet.destination_port),
        source_ports: port(packet.source_port),
    };
    let family = if packet.v6 { Family::V6 } else { Family::V4 };
    semantics.flows(&spec, Scope::Anywhere, family)
}

/// Every world that matters to a packet: opaque tags and, of parameters, each combination.
pub fn worlds(rules: &[&[Rule]], ground: &Ground, packet: &Packet) -> Vec<World> {
    let rules = || rules.iter().flat_map(|group| group.iter());
    let tags = tags(rules());
    all_choices(world::worlds(&tags, ground, packet), rules())
}

/// The tags that rules name.
pub fn tags<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<&'static str> {
    let mut tags = Vec::new();
    for prefix in rules.flat_map(|rule| rule.sources.iter().chain(&rule.destinations)) {
        match prefix {
            Prefix::Tag(tag) => tags.push(*tag),
            Prefix::Parameter(_, values) => tags.extend(values),
            _ => {}
        }
    }
    tags
}

/// Every combination of values of the parameters of rules, in each of the worlds.
pub fn all_choices<'r>(
    mut worlds: Vec<World>,
    rules: impl Iterator<Item = &'r Rule>,
) -> Vec<World> {
    for (name, choices) in parameters(rules) {
        worlds = worlds
            .iter()
            .flat_map(|world| (0..choices).map(|choice| world.with_choice(&name, choice)))
            .collect();
    }
    worlds
}

/// The parameters of rules and how many values each may have.
pub fn parameters<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<(String, usize)> {
    let mut all = Vec::new();
    for rule in rules {
        let fields = [
            rule.priority.parameter(),
            rule.inbound.parameter(),
            rule.allow.parameter(),
            rule.protocol.parameter(),
        ];
        let ports = rule.destination_ports.iter().map(nsg::Value::parameter);
        let found = fields.into_iter().chain(ports).flatten();
        all.extend(found.map(|(name, of)| (name.to_owned(), of)));
        for prefix in rule.sources.iter().chain(&rule.destinations) {
            if let Prefix::Parameter(name, values) = prefix {
                all.push((name.clone(), values.len()));
            }
        }
        all.extend(rule.condition.iter().map(|name| (name.clone(), 2)));
    }
    all
}

pub fn direction(inbound: bool) -> Direction {
    if inbound {
        Direction::Inbound
    } else {
        Direction::Outbound
    }
}

/// A network with a group on its subnet, and a machine that has another.
pub fn document(subnet: Option<&[Rule]>, interface: Option<&[Rule]>) -> Document {
    let mut resources = Vec::new();
    let mut rules: Vec<&[Rule]> = Vec::new();
    for (name, group) in [("subnet", subnet), ("interface", interface)] {
        if let Some(group) = group {
            resources.extend(arm::group(name, group));
            rules.push(group);
        }
    }
    let all = arm::subnet(
        "all",
        &["10.0.0.0/24", "fd00::/64"],
        subnet.map(|_| "subnet"),
        None,
    );
    resources.push(arm::network("net", &SPACE, &[all]));
    let own = interface.map(|_| "interface");
    resources.push(arm::interface("machine", "10.0.0.4", own));
    Document::Template(arm::template(&rules, &resources))
}

/// Some of many, spread evenly from a place.
pub fn some<T: Clone>(all: &[T], number: usize, from: usize) -> Vec<T> {
    let step = (all.len() / number).max(1);
    all.iter()
        .skip(from % step)
        .step_by(step)
        .cloned()
        .collect()
}

/// What the program says decides a packet: one name, or several.
fn said(
    semantics: &Semantics<'_>,
    direction: Direction,
    packet: &Packet,
) -> (bool, BTreeSet<String>) {
    let name = |rule: SecurityRuleId| {
        let meta = &semantics.network()[rule].meta;
        meta.name.value().unwrap().to_string()
    };
    match semantics.decider(NsgId(0), direction, &flow(packet)) {
        Decider::Rule(rule) => (true, BTreeSet::from([name(rule)])),
        Decider::Default(rule) => (true, BTreeSet::from([rule.to_string()])),
        Decider::Bypass => (true, BTreeSet::from(["bypass".to_owned()])),
        Decider::Depends {
            rules, defaults, ..
        } => {
            let mut names: BTreeSet<String> = rules.into_iter().map(name).collect();
            names.extend(defaults.iter().map(|name| name.to_string()));
            (false, names)
        }
    }
}

/// The rule that decides, in all worlds; and what gets through.
fn deciders(menu: Menu, rules: &[Rule], from: usize) -> Result<(), TestCaseError> {
    deciders_of(&document(Some(rules), None), menu, rules, from)
}

fn deciders_of(
    document: &Document,
    menu: Menu,
    rules: &[Rule],
    from: usize,
) -> Result<(), TestCaseError> {
    let ground = ground();
    ask(document, |semantics| {
        for v6 in [false, true] {
            if v6 && !menu.blocks.iter().any(|text| text.contains(':')) {
                continue;
            }
            let family = if v6 { Family::V6 } else { Family::V4 };
            for inbound in [true, false] {
                let direction = direction(inbound);
                let allowed = semantics.subnet_allowed(SubnetId(0), direction, family);
                let hit = allowed.is_hit();
                if let Some(witness) = &hit.witness {
                    let packet = packet(witness);
                    let through = worlds(&[rules], &ground, &packet)
                        .into_iter()
                        .map(|world| nsg::decide(rules, inbound, &packet, &ground, &world).allow);
                    let through: Vec<bool> = through.collect();
                    prop_assert!(through.contains(&true), "witness of nothing: {packet:?}");
                }
                for packet in some(&packets(rules, &ground, v6), 40, from) {
                    let verdicts: BTreeSet<Verdict> = worlds(&[rules], &ground, &packet)
                        .iter()
                        .map(|world| nsg::decide(rules, inbound, &packet, &ground, world))
                        .collect();
                    let names: BTreeSet<String> =
                        verdicts.iter().map(|verdict| verdict.by.clone()).collect();
                    let (certain, said) = said(semantics, direction, &packet);
                    if certain {
                        prop_assert_eq!(&said, &names, "{:?} {}", packet, inbound);
                    } else {
                        let own: BTreeSet<String> = names
                            .iter()
                            .filter(|name| *name != "bypass")
                            .cloned()
                            .collect();
                        prop_assert!(own.is_subset(&said), "{:?} {:?} {:?}", packet, said, own);
                        if !menu.unknowns {
                            prop_assert!(names.len() > 1, "{:?} {:?} {:?}", packet, said, names);
                        }
                    }
                    let through = one(semantics, &packet, direction).and(&allowed).is_hit();
                    let all = verdicts.iter().all(|verdict| verdict.allow);
                    let some = verdicts.iter().any(|verdict| verdict.allow);
                    agree(through.truth, all, some, !menu.unknowns, &packet)?;
                }
            }
        }
        Ok(())
    })
}

fn agree(
    truth: Truth,
    all: bool,
    some: bool,
    exact: bool,
    packet: &Packet,
) -> Result<(), TestCaseError> {
    match truth {
        Truth::True => prop_assert!(all, "not let through in every world: {packet:?}"),
        Truth::False => prop_assert!(!some, "let through in some world: {packet:?}"),
        Truth::Unknown => prop_assert!(!exact || (some && !all), "certain after all: {packet:?}"),
    }
    Ok(())
}

/// Both groups of a machine let a packet through, or it does not get through.
fn stacks(
    subnet: &[Rule],
    interface: &[Rule],
    which: u8,
    from: usize,
) -> Result<(), TestCaseError> {
    let ground = ground();
    let subnet = (which & 1 == 0).then_some(subnet);
    let interface = (which & 2 == 0).then_some(interface);
    let groups: Vec<&[Rule]> = subnet.into_iter().chain(interface).collect();
    let all: Vec<Rule> = groups.concat();
    let document = document(subnet, interface);
    ask(&document, |semantics| {
        for inbound in [true, false] {
            let direction = direction(inbound);
            let allowed = semantics.nic_allowed(NicId(0), direction, Family::V4);
            for packet in some(&packets(&all, &ground, false), 60, from) {
                let verdicts: Vec<bool> = worlds(&groups, &ground, &packet)
                    .iter()
                    .map(|world| {
                        groups
                            .iter()
                            .all(|rules| nsg::decide(rules, inbound, &packet, &ground, world).allow)
                    })
                    .collect();
                let through = one(semantics, &packet, direction).and(&allowed).is_hit();
                let all = verdicts.iter().all(|allow| *allow);
                let some = verdicts.iter().any(|allow| *allow);
                agree(through.truth, all, some, true, &packet)?;
            }
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn the_rule_that_decides_a_packet_is_the_first_that_matches(
        rules in generate::rules(generate::PLAIN), from in 0usize..10_000
    ) {
        deciders(generate::PLAIN, &rules, from)?;
    }

    #[test]
    fn tags_leave_open_exactly_what_differs_between_worlds(
        rules in generate::rules(generate::TAGS), from in 0usize..10_000
    ) {
        deciders(generate::TAGS, &rules, from)?;
    }

    #[test]
    fn a_terraform_configuration_means_the_same_as_a_template(
        rules in generate::rules(generate::TAGS), from in 0usize..10_000
    ) {
        let mut text = hcl::group("subnet", &rules);
        text.push_str(&hcl::network(&SPACE, &["10.0.0.0/24", "fd00::/64"], "subnet"));
        deciders_of(&Document::Terraform(text), generate::TAGS, &rules, from)?;
    }

    #[test]
    fn families_do_not_mix(
        rules in generate::rules(generate::BOTH_FAMILIES), from in 0usize..10_000
    ) {
        deciders(generate::BOTH_FAMILIES, &rules, from)?;
    }

    #[test]
    fn a_machine_gets_what_both_of_its_groups_let_through(
        subnet in generate::rules(generate::TAGS),
        interface in generate::rules(generate::TAGS),
        which in 0u8..4,
        from in 0usize..10_000,
    ) {
        stacks(&subnet, &interface, which, from)?;
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn what_is_said_with_unknown_values_holds_whatever_they_are(
        rules in generate::rules(generate::UNKNOWN), from in 0usize..10_000
    ) {
        let number: usize = parameters(rules.iter()).iter().map(|(_, of)| of).product();
        prop_assume!(number <= 300);
        deciders(generate::UNKNOWN, &rules, from)?;
    }
}
