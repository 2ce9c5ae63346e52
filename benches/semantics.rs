//! Speed of the packet semantics alone: networks are read outside the timed part, through the
//! library's own path from ARM JSON.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a bench fails where something is amiss, and tells what it measures"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use aznet::engine::Options;
use aznet::engine::ask::estate::{Estate, load_files};
use aznet::model::NsgId;
use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use aznet::semantics::packet::{Family, Flow};
use aznet::semantics::rules::Scope;
use criterion::{Criterion, criterion_group, criterion_main};

/// The same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<'t>(&mut self, items: &[&'t str]) -> &'t str {
        items[usize::try_from(self.roll(items.len() as u64)).unwrap()]
    }

    fn block(&mut self, first: u64, shortest: u64, longest: u64) -> String {
        let length = shortest + self.roll(longest - shortest + 1);
        let free = 1_u64 << (32 - length);
        let address = (first << 24 | self.roll(1 << 24)) / free * free;
        let bytes = [24, 16, 8, 0].map(|shift| (address >> shift & 255).to_string());
        format!("{}/{length}", bytes.join("."))
    }
}

/// One rule: direction, access, protocol, sources, destinations, source ports, destination ports.
struct Rule {
    inbound: bool,
    allow: bool,
    protocol: &'static str,
    sources: Vec<String>,
    destinations: Vec<String>,
    source_port: String,
    ports: Vec<String>,
}

/// What people write: tags, subnets, offices, a few ports.
fn realistic(count: usize, seed: u64, one_direction: bool) -> Vec<Rule> {
    let mut dice = Dice(seed);
    let end = |dice: &mut Dice, subnets: u64| -> Vec<String> {
        match dice.roll(10) {
            0 => vec!["*".to_owned()],
            1 => vec![
                dice.pick(&["Internet", "VirtualNetwork", "AzureLoadBalancer"])
                    .to_owned(),
            ],
            2 => vec![
                dice.pick(&["Storage", "Sql.WestEurope", "AzureCloud"])
                    .to_owned(),
            ],
            3 => (0..1 + dice.roll(6))
                .map(|_| dice.block(10, 20, 32))
                .collect(),
            4 => {
                let first = 20 + dice.roll(60);
                vec![dice.block(first, 12, 32)]
            }
            _ => {
                let subnet = dice.roll(subnets);
                vec![format!("10.{}.{}.0/24", subnet / 16, subnet % 16)]
            }
        }
    };
    let rule = |_| Rule {
        inbound: one_direction || dice.roll(5) < 3,
        allow: dice.roll(3) > 0,
        protocol: dice.pick(&["Tcp", "Tcp", "Tcp", "Udp", "*", "*"]),
        sources: end(&mut dice, 64),
        destinations: end(&mut dice, 64),
        source_port: "*".to_owned(),
        ports: match dice.roll(4) {
            0 => vec!["*".to_owned()],
            1 => {
                let first = dice.roll(60_000);
                vec![format!("{first}-{}", first + dice.roll(5_000))]
            }
            2 => vec!["80".to_owned(), "443".to_owned()],
            _ => vec![
                dice.pick(&["22", "3389", "443", "1433", "53", "8080", "5432"])
                    .to_owned(),
            ],
        },
    };
    (0..count).map(rule).collect()
}

/// Boxes that divide a part of the packet space among them, each needed, and a last rule that they
/// hide together.
fn partition(boxes: usize) -> Vec<Rule> {
    // Source and destination as address and length, ports as first and last.
    type Area = ([(u64, u32); 2], [(u64, u64); 2]);
    let whole: Area = ([(10 << 24, 8), (172 << 24, 8)], [(0, 65_535), (0, 65_535)]);
    let mut dice = Dice(7);
    let mut areas = vec![whole];
    while areas.len() < boxes {
        let place = usize::try_from(dice.roll(areas.len() as u64)).unwrap();
        let (blocks, ports) = areas.swap_remove(place);
        let (mut low, mut high) = ((blocks, ports), (blocks, ports));
        let axis = usize::try_from(dice.roll(4)).unwrap();
        if axis < 2 {
            let (first, length) = blocks[axis];
            low.0[axis] = (first, length + 1);
            high.0[axis] = (first + (1 << (31 - length)), length + 1);
        } else {
            let (first, last) = ports[axis - 2];
            if last - first < 8 {
                areas.push((blocks, ports));
                continue;
            }
            let cut = first + 1 + dice.roll(last - first - 1);
            low.1[axis - 2] = (first, cut);
            high.1[axis - 2] = (cut + 1, last);
        }
        areas.extend([low, high]);
    }
    areas.push(whole);
    let block = |(first, length): (u64, u32)| {
        let bytes = [24, 16, 8, 0].map(|shift| (first >> shift & 255).to_string());
        vec![format!("{}/{length}", bytes.join("."))]
    };
    let range = |(first, last): (u64, u64)| format!("{first}-{last}");
    areas
        .into_iter()
        .enumerate()
        .map(|(number, (blocks, ports))| Rule {
            inbound: true,
            allow: number % 3 > 0,
            protocol: "Tcp",
            sources: block(blocks[0]),
            destinations: block(blocks[1]),
            source_port: range(ports[0]),
            ports: vec![range(ports[1])],
        })
        .collect()
}

/// Lists of random blocks and ranges in every field.
fn stripes(count: usize) -> Vec<Rule> {
    let mut dice = Dice(99);
    let blocks = |dice: &mut Dice| -> Vec<String> {
        let mut all: Vec<String> = (0..4)
            .map(|_| {
                let first = dice.roll(64) * 4;
                dice.block(first, 6, 10)
            })
            .collect();
        all.sort();
        all.dedup();
        all
    };
    let rule = |_| {
        let (first, second) = (dice.roll(60_000), dice.roll(30_000));
        Rule {
            inbound: true,
            allow: dice.roll(2) > 0,
            protocol: dice.pick(&["Tcp", "Udp", "*"]),
            sources: blocks(&mut dice),
            destinations: blocks(&mut dice),
            source_port: "*".to_owned(),
            ports: vec![
                format!("{first}-{}", first + dice.roll(5_000)),
                format!("{second}-{}", second + dice.roll(30_000)),
            ],
        }
    };
    (0..count).map(rule).collect()
}

fn list(items: &[String]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(","))
}

fn group(name: &str, rules: &[Rule]) -> String {
    let mut text = String::new();
    for (number, rule) in rules.iter().enumerate() {
        let comma = if number == 0 { "" } else { ",\n" };
        write!(
            text,
            r#"{comma}{{ "name": "r{number}", "properties": {{ "priority": {priority},
                "direction": "{direction}", "access": "{access}", "protocol": "{protocol}",
                {sources}, {destinations},
                "sourcePortRange": "{source_port}", "destinationPortRanges": {ports} }} }}"#,
            priority = 100 + number,
            direction = if rule.inbound { "Inbound" } else { "Outbound" },
            access = if rule.allow { "Allow" } else { "Deny" },
            protocol = rule.protocol,
            sources = side("source", &rule.sources),
            destinations = side("destination", &rule.destinations),
            source_port = rule.source_port,
            ports = list(&rule.ports),
        )
        .unwrap();
    }
    format!(
        r#"{{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
             "name": "{name}", "properties": {{ "securityRules": [{text}] }} }}"#
    )
}

fn side(name: &str, items: &[String]) -> String {
    match items {
        [only] => format!("\"{name}AddressPrefix\": \"{only}\""),
        _ => format!("\"{name}AddressPrefixes\": {}", list(items)),
    }
}

fn estate(groups: &[String]) -> Estate {
    let text = format!(
        r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
             "contentVersion": "1.0.0.0", "resources": [{}] }}"#,
        groups.join(",\n")
    );
    load_files(
        vec![("azuredeploy.json".to_owned(), text)],
        &Options::default(),
    )
    .unwrap()
}

fn one(rules: &[Rule]) -> Estate {
    estate(&[group("one", rules)])
}

fn dead_rules(criterion: &mut Criterion) {
    let mut all = criterion.benchmark_group("dead rules with covers");
    all.sample_size(10);
    let sets = [
        ("gen 200", realistic(200, 3, false)),
        ("wide 200", realistic(200, 3, true)),
        ("gen 1000", realistic(1_000, 5, false)),
        ("wide 1000", realistic(1_000, 5, true)),
        ("kd 1000", partition(1_000)),
        ("adv 1000", stripes(1_000)),
    ];
    for (name, rules) in sets {
        let estate = one(&rules);
        let asked = &estate.deployments[0];
        let found = estate.semantics(asked).unreachable(NsgId(0));
        let undecided = found.iter().filter(|it| it.undecided.is_some()).count();
        let covers: usize = found.iter().map(|it| it.cover.len()).sum();
        eprintln!(
            "{name}: {} hidden by {covers}, {undecided} not decided",
            found.len()
        );
        all.bench_function(name, |bencher| {
            bencher.iter(|| black_box(estate.semantics(asked).unreachable(NsgId(0))));
        });
    }
    all.finish();
}

fn standings(criterion: &mut Criterion) {
    let mut all = criterion.benchmark_group("standing of every rule");
    all.sample_size(10);
    let sets = [
        ("gen 200", realistic(200, 3, false)),
        ("gen 1000", realistic(1_000, 5, false)),
        ("kd 1000", partition(1_000)),
    ];
    for (name, rules) in sets {
        let estate = one(&rules);
        let asked = &estate.deployments[0];
        all.bench_function(name, |bencher| {
            bencher.iter(|| {
                let semantics = estate.semantics(asked);
                for direction in [Direction::Inbound, Direction::Outbound] {
                    let scope = Scope::Nsg(NsgId(0));
                    black_box(semantics.standings(NsgId(0), scope, direction, Family::V4));
                }
            });
        });
    }
    all.finish();
}

fn one_packet(criterion: &mut Criterion) {
    let estate = one(&realistic(1_000, 5, true));
    let asked = &estate.deployments[0];
    let semantics = estate.semantics(asked);
    let mut dice = Dice(11);
    let packets: Vec<Flow> = (0..1_024)
        .map(|_| Flow {
            source: std::net::Ipv4Addr::from([10, 0, 1, u8::try_from(dice.roll(256)).unwrap()])
                .into(),
            destination: [10, 1, u8::try_from(dice.roll(16)).unwrap(), 4].into(),
            protocol: Protocol::Tcp,
            source_port: 50_000,
            destination_port: u16::try_from(dice.roll(65_536)).unwrap(),
        })
        .collect();
    let mut next = 0;
    criterion.bench_function("one packet in 1,000 rules", |bencher| {
        bencher.iter(|| {
            next = (next + 1) % packets.len();
            black_box(semantics.decider(NsgId(0), Direction::Inbound, &packets[next]))
        });
    });
}

fn many_groups(criterion: &mut Criterion) {
    let groups: Vec<String> = (0..500)
        .map(|number| group(&format!("g{number}"), &realistic(60, number + 1, false)))
        .collect();
    let estate = estate(&groups);
    let asked = &estate.deployments[0];
    let mut all = criterion.benchmark_group("an estate");
    all.sample_size(10);
    all.bench_function("dead rules of 500 groups of 60 on two threads", |bencher| {
        bencher.iter(|| {
            let semantics = estate.semantics(asked);
            std::thread::scope(|scope| {
                for half in [0, 250] {
                    let semantics = &semantics;
                    scope.spawn(move || {
                        for number in half..half + 250 {
                            black_box(semantics.unreachable(NsgId(number)));
                        }
                    });
                }
            });
        });
    });
    all.finish();
}

criterion_group!(all, dead_rules, standings, one_packet, many_groups);
criterion_main!(all);
