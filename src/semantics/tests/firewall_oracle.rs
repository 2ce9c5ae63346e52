//! Firewalls against an evaluator that shares nothing with the sets: three loops over plain rules,
//! one packet at a time.

use proptest::prelude::*;

use super::firewall_passes::{add, with};
use super::firewalls::{FIREWALL, policy};
use super::fixture::{facts, known};
use crate::eval::value::Truth;
use crate::model::firewall::FirewallRuleOwner;
use crate::model::platform::Cloud;
use crate::model::{FirewallPolicyId, FirewallRuleId, Link};
use crate::semantics::Semantics;
use crate::semantics::firewall::Pass;
use crate::semantics::packet::atoms::{Dimension, Predicate};
use crate::semantics::packet::{Answer, Family, FlowSet};

/// What the evaluator knows of a rule.
#[derive(Clone, Debug)]
struct Plain {
    parent: bool,
    /// 0 translation, 1 network, 2 application.
    kind: usize,
    group: u32,
    collection: u32,
    position: u32,
    allow: bool,
    source: usize,
    destination: usize,
    /// Network: protocol and port. Application: protocol, port and name.
    service: usize,
    name: usize,
}

const SOURCES: [(&str, &[u8]); 4] = [
    ("*", &[0, 1, 2, 3]),
    ("10.0.0.0/31", &[0, 1]),
    ("10.0.0.1", &[1]),
    ("10.0.0.2,10.0.0.0", &[0, 2]),
];
const DESTINATIONS: [(&str, &[u8]); 4] = [
    ("*", &[0, 1, 2, 3]),
    ("8.8.8.8/31", &[0, 1]),
    ("8.8.8.9,10.1.0.4", &[1, 2]),
    ("10.1.0.4", &[2]),
];
/// Written, protocols and ports as positions in the universe.
const SERVICES: [(&str, &str, &[usize], &[usize]); 6] = [
    ("Any", "*", &[0, 1, 2, 3], &[0, 1, 2, 3]),
    ("Any", "80,443", &[0, 1], &[0, 1]),
    ("Tcp", "443", &[0], &[1]),
    ("Tcp,Udp", "*", &[0, 1], &[0, 1, 2, 3]),
    ("Icmp,Tcp", "80", &[0, 2], &[0]),
    ("Tcp", "9000-65535", &[0], &[2]),
];
const CONTENTS: [(&str, &str, usize); 4] = [
    ("Http:80", "HTTP", 0),
    ("Https:443", "HTTPS", 1),
    ("Https:9999", "HTTPS", 2),
    ("Http:9999", "HTTP", 2),
];
const NAMES: [(&str, &[usize]); 4] = [
    ("*", &[0, 1, 2]),
    ("*.example.com", &[0, 1]),
    ("a.example.com", &[0]),
    ("*.b.example.com", &[1]),
];

const FROM: [u32; 4] = [0x0a00_0000, 0x0a00_0001, 0x0a00_0002, 0x0a09_0000];
const TO: [u32; 4] = [0x0808_0808, 0x0808_0809, 0x0a01_0004, 0x0909_0909];
const PORTS: [u16; 4] = [80, 443, 9999, 7];

/// A packet, and what the connection asks for.
#[derive(Clone, Copy, Debug)]
struct Packet {
    source: usize,
    destination: usize,
    protocol: usize,
    port: usize,
    /// a.example.com, c.b.example.com, www.example.org
    name: usize,
    https: bool,
}

fn universe() -> Vec<Packet> {
    let mut all = Vec::new();
    for source in 0..FROM.len() {
        for destination in 0..TO.len() {
            for protocol in 0..4 {
                for port in 0..PORTS.len() {
                    for name in 0..3 {
                        for https in [false, true] {
                            // Well-known ports carry what they are known for.
                            let odd = protocol == 0 && (port == 0 && https || port == 1 && !https);
                            let plain = protocol != 0 && (name > 0 || https);
                            let portless = protocol > 1 && port > 0;
                            if !odd && !plain && !portless {
                                all.push(Packet {
                                    source,
                                    destination,
                                    protocol,
                                    port,
                                    name,
                                    https,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

impl Plain {
    /// Translation rules are not handed down.
    fn is_asked(&self) -> bool {
        !self.parent || self.kind != 0
    }

    fn matches(&self, packet: Packet) -> bool {
        let source = SOURCES[self.source].1.contains(&(packet.source as u8));
        let destination = DESTINATIONS[self.destination]
            .1
            .contains(&(packet.destination as u8));
        if self.kind == 2 {
            let (_, content, port) = CONTENTS[self.service % CONTENTS.len()];
            return source
                && packet.protocol == 0
                && packet.port == port
                && (content == "HTTPS") == packet.https
                && NAMES[self.name].1.contains(&packet.name);
        }
        let (_, _, protocols, ports) = SERVICES[self.service];
        let port = packet.protocol > 1 || ports.contains(&packet.port);
        source && destination && protocols.contains(&packet.protocol) && port
    }

    fn text(&self) -> String {
        let order = format!("{}/{}/{}", self.group, self.collection, self.position);
        let access = if self.allow { "Allow" } else { "Deny" };
        let (from, to) = (SOURCES[self.source].0, DESTINATIONS[self.destination].0);
        if self.kind == 2 {
            let (protocol, ..) = CONTENTS[self.service % CONTENTS.len()];
            let name = NAMES[self.name].0;
            return format!("app {order} {access} {protocol} {from} -> {name}");
        }
        let (protocol, ports, ..) = SERVICES[self.service];
        let kind = ["nat", "net"][self.kind];
        format!("{kind} {order} {access} {protocol} {from} -> {to}:{ports}")
    }
}

/// The place of the rule that decides a packet among all rules.
fn evaluate(rules: &[Plain], packet: Packet) -> Option<usize> {
    for kind in 0..3 {
        let mut pass: Vec<usize> = (0..rules.len())
            .filter(|at| rules[*at].kind == kind && rules[*at].is_asked())
            .collect();
        pass.sort_by_key(|at| {
            let rule = &rules[*at];
            (!rule.parent, rule.group, rule.collection, rule.position)
        });
        if let Some(found) = pass.into_iter().find(|at| rules[*at].matches(packet)) {
            return Some(found);
        }
    }
    None
}

/// Whether a set holds a packet where the connection asks for what it does.
fn holds(set: &FlowSet, packet: Packet) -> bool {
    let asked = ["a.example.com", "c.b.example.com", "www.example.org"][packet.name];
    let truth = |predicate: &Predicate| match predicate {
        Predicate::Request(what) => match what.as_str() {
            "over HTTP" => !packet.https,
            "over HTTPS" => packet.https,
            "for a name of Azure's own infrastructure" => false,
            what => {
                let name = what.trim_start_matches("for `").trim_end_matches('`');
                name == asked
                    || name
                        .strip_prefix('*')
                        .is_some_and(|end| asked.ends_with(end))
            }
        },
        other => panic!("{other:?}"),
    };
    let values: [u128; 5] = [
        FROM[packet.source].into(),
        TO[packet.destination].into(),
        [0, 1, 2, 5][packet.protocol],
        40_000,
        PORTS[packet.port].into(),
    ];
    let dimensions = [
        Dimension::Source,
        Dimension::Destination,
        Dimension::Protocol,
        Dimension::SourcePort,
        Dimension::DestinationPort,
    ];
    set.terms().iter().any(|term| {
        let fields = dimensions.iter().zip(values);
        let inside = fields
            .into_iter()
            .all(|(at, value)| term.field(*at).contains(value));
        let mut literals = term.cube.literals().iter();
        inside && literals.all(|it| truth(&it.atom.predicate) == it.holds)
    })
}

fn rule() -> impl Strategy<Value = Plain> {
    let order = (any::<bool>(), 0_usize..3, 1_u32..3, 1_u32..3);
    let what = (
        any::<bool>(),
        0_usize..4,
        0_usize..4,
        0_usize..6,
        0_usize..4,
    );
    (order, what).prop_map(|((parent, kind, group, collection), what)| {
        let (allow, source, destination, service, name) = what;
        Plain {
            parent,
            kind,
            group: group * 100,
            collection: collection * 100,
            position: 0,
            allow: allow || kind == 0,
            source,
            destination,
            service,
            name,
        }
    })
}

proptest! {
    #[test]
    fn three_passes_decide_as_three_loops_do(mut rules in proptest::collection::vec(rule(), 1..9)) {
        for (position, rule) in rules.iter_mut().enumerate() {
            rule.position = u32::try_from(position).unwrap();
        }
        let (mut build, child) = with(&[]);
        let parent = policy(&mut build, None);
        build.network[child].parent = known(Link::Here(parent));
        for rule in &rules {
            add(&mut build, if rule.parent { parent } else { child }, &rule.text());
        }
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let parts = semantics.firewall_deciding(FIREWALL, &Answer::everything(Family::V4));
        let mut decides = vec![false; rules.len()];
        for packet in universe() {
            let found = evaluate(&rules, packet);
            if let Some(found) = found {
                decides[found] = true;
            }
            let mut met = 0;
            for part in &parts {
                let (must, may) = (holds(&part.flows.flows.must, packet), holds(&part.flows.flows.may, packet));
                prop_assert_eq!(must, may, "nothing is unknown but what atoms say");
                if !must {
                    continue;
                }
                met += 1;
                let expected = found.map(|at| FirewallRuleId(u32::try_from(at).unwrap()));
                prop_assert_eq!(part.rule, expected, "{:?}", packet);
                prop_assert_eq!(part.pass == Pass::Default, expected.is_none());
                let private = packet.destination == 2;
                let kept = found.is_some_and(|at| rules[at].kind == 1 && rules[at].allow && private);
                let denied = found.is_none_or(|at| !rules[at].allow);
                prop_assert_eq!(part.snat == Truth::True, !denied && !kept);
            }
            prop_assert_eq!(met, 1, "{:?}", packet);
        }
        // Dead rules: of the child with the parent's before, and of the parent alone.
        let child_dead = semantics.unreachable_firewall_rules(FirewallRuleOwner::Policy(child));
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.parent) {
            let id = FirewallRuleId(u32::try_from(at).unwrap());
            let told = child_dead.iter().find(|dead| dead.rule == id).map(|dead| dead.truth);
            if told == Some(Truth::True) {
                prop_assert!(!decides[at], "{}", rule.text());
            }
            if told.is_none() || rule.kind != 2 {
                prop_assert_eq!(told.is_some(), !decides[at], "{}", rule.text());
            }
        }
        for dead in child_dead.iter().filter(|dead| dead.truth == Truth::True) {
            let at = dead.rule.0 as usize;
            let cover: Vec<usize> = dead.cover.iter().map(|id| id.0 as usize).collect();
            for packet in universe() {
                let taken = cover.iter().any(|it| rules[*it].matches(packet));
                prop_assert!(!rules[at].matches(packet) || taken, "the cover holds it all");
            }
            let otherwise = cover.iter().any(|it| rules[*it].allow != rules[at].allow);
            prop_assert_eq!(dead.acts_otherwise, otherwise);
        }
        prop_assert_eq!(child, FirewallPolicyId(0));
    }
}
