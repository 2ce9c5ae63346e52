//! Random networks against an evaluator that looks at one packet at a time and shares no code.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::routing::Appliance;
use crate::semantics::compile::Ruling;
use crate::semantics::reach::{Note, PeeringSetting, Setting};

/// Two networks of two subnets, each with a machine.
const MACHINES: [u32; 4] = [0x0a00_0001, 0x0a00_0005, 0x0a01_0001, 0x0a01_0005];
const PUBLIC: u32 = 0x0808_0808;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Set {
    Any,
    Network,
    Internet,
    Block(u32, u32),
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    allow: bool,
    inbound: bool,
    source: Set,
    destination: Set,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hop {
    Drop,
    Local,
    Out,
    Machine(usize),
}

/// Rules in order, `None`: no group.
type Rules = Option<Vec<Rule>>;

#[derive(Clone, Debug)]
struct World {
    /// Whether routes widen `VirtualNetwork`.
    widened: bool,
    peered: bool,
    /// Whether each network takes what the other forwards.
    forwarded: [bool; 2],
    subnet_rules: [Rules; 4],
    machine_rules: [Rules; 4],
    forwards: [bool; 4],
    routes: [Vec<(u32, u32, Hop)>; 4],
}

fn set() -> impl Strategy<Value = Set> {
    prop_oneof![
        2 => Just(Set::Any),
        2 => Just(Set::Network),
        1 => Just(Set::Internet),
        4 => (0..4_usize, 30..=32_u32).prop_map(|(at, length)| block(MACHINES[at], length)),
        1 => Just(block(0x0a00_0000, 28)),
        1 => Just(block(0x0a01_0000, 28)),
    ]
}

fn block(address: u32, length: u32) -> Set {
    Set::Block(address & (u32::MAX << (32 - length)), length)
}

fn rule() -> impl Strategy<Value = Rule> {
    let port = prop_oneof![Just(None), Just(Some(22)), Just(Some(80))];
    (any::<bool>(), any::<bool>(), set(), set(), port).prop_map(
        |(allow, inbound, source, destination, port)| Rule {
            allow,
            inbound,
            source,
            destination,
            port,
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    prop_oneof![
        2 => Just(None),
        3 => prop::collection::vec(rule(), 0..4).prop_map(Some),
    ]
}

fn routes() -> impl Strategy<Value = Vec<(u32, u32, Hop)>> {
    let hop = prop_oneof![
        1 => Just(Hop::Drop),
        1 => Just(Hop::Local),
        1 => Just(Hop::Out),
        3 => (0..4_usize).prop_map(Hop::Machine),
    ];
    let to = prop_oneof![
        (0..4_usize, 28..=32_u32).prop_map(|(at, length)| block(MACHINES[at], length)),
        Just(block(0, 1)),
        Just(block(0x0a00_0000, 8)),
    ];
    let route = (to, hop).prop_filter_map("a block", |(to, hop)| match to {
        Set::Block(first, length) => Some((first, length, hop)),
        _ => None,
    });
    prop_oneof![
        2 => Just(Vec::new()),
        2 => prop::collection::vec(route, 1..3),
    ]
    .prop_map(|mut all: Vec<(u32, u32, Hop)>| {
        // Azure refuses two routes for one prefix.
        let mut seen = BTreeSet::new();
        all.retain(|(first, length, _)| seen.insert((*first, *length)));
        all
    })
}

fn world() -> impl Strategy<Value = World> {
    let four = |strategy| prop::array::uniform4(strategy);
    (
        any::<bool>(),
        any::<[bool; 2]>(),
        prop::array::uniform4(rules()),
        four(rules()),
        any::<[bool; 4]>(),
        prop::array::uniform4(routes()),
    )
        .prop_map(
            |(peered, forwarded, subnet_rules, machine_rules, forwards, routes)| World {
                widened: true,
                peered,
                forwarded,
                subnet_rules,
                machine_rules,
                forwards,
                routes,
            },
        )
}

/// What stops a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    /// The group on a machine or subnet, and which rule; `None`: a default one.
    Group(bool, usize, Option<usize>),
    Route,
    Peering,
    Forwarding,
    Loop,
    Lost,
    Return,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Through,
    /// Nothing known stops it, but what a machine on the way does is not known.
    Perhaps,
    Stopped(Stop),
}

impl World {
    fn holds(&self, set: Set, address: u32, subnet: usize) -> bool {
        let network = subnet / 2;
        let own = |of: usize| address >> 4 == [0x0a00_0000_u32, 0x0a01_0000][of] >> 4;
        match set {
            Set::Any => true,
            Set::Network => {
                let routed = |(first, length, _): &(u32, u32, Hop)| {
                    address >> (32 - length) == first >> (32 - length)
                };
                own(network)
                    || (self.peered && own(1 - network))
                    || (self.widened && self.routes[subnet].iter().any(routed))
            }
            Set::Internet => address == PUBLIC,
            Set::Block(first, length) => {
                length == 0 || address >> (32 - length) == first >> (32 - length)
            }
        }
    }

    /// Which rule stops a packet: `Some(None)` is a default one.
    fn stops(
        &self,
        rules: &Rules,
        inbound: bool,
        at: usize,
        packet: (u32, u32, u16),
    ) -> Option<Option<usize>> {
        let (from, to, port) = packet;
        let rules = rules.as_ref()?;
        for (index, rule) in rules.iter().enumerate() {
            if rule.inbound == inbound
                && self.holds(rule.source, from, at)
                && self.holds(rule.destination, to, at)
                && rule.port.is_none_or(|own| own == port)
            {
                return (!rule.allow).then_some(Some(index));
            }
        }
        let within = self.holds(Set::Network, from, at) && self.holds(Set::Network, to, at);
        let out = !inbound && to == PUBLIC;
        (!within && !out).then_some(None)
    }

    fn leave(&self, at: usize, packet: (u32, u32, u16)) -> Option<Stop> {
        let machine = self.stops(&self.machine_rules[at], false, at, packet);
        let subnet = || self.stops(&self.subnet_rules[at], false, at, packet);
        machine
            .map(|rule| Stop::Group(true, at, rule))
            .or_else(|| subnet().map(|rule| Stop::Group(false, at, rule)))
    }

    fn enter(&self, at: usize, packet: (u32, u32, u16)) -> Option<Stop> {
        let subnet = self.stops(&self.subnet_rules[at], true, at, packet);
        let machine = || self.stops(&self.machine_rules[at], true, at, packet);
        subnet
            .map(|rule| Stop::Group(false, at, rule))
            .or_else(|| machine().map(|rule| Stop::Group(true, at, rule)))
    }

    /// Where a subnet sends an address: `None` over the peering.
    fn next(&self, at: usize, to: u32) -> Option<Hop> {
        let network = at / 2;
        let spaces = [0x0a00_0000_u32, 0x0a01_0000];
        // Length, whether the author's, hop.
        let mut best: (u32, bool, Option<Hop>) = (0, false, Some(Hop::Out));
        let mut offer = |length: u32, own: bool, hop: Option<Hop>| {
            if (length, own) > (best.0, best.1) {
                best = (length, own, hop);
            }
        };
        if to >> 24 == 10 {
            offer(8, false, Some(Hop::Drop));
        }
        if to >> 4 == spaces[network] >> 4 {
            offer(28, false, Some(Hop::Local));
        }
        if self.peered && to >> 4 == spaces[1 - network] >> 4 {
            offer(28, false, None);
        }
        for (first, length, hop) in &self.routes[at] {
            if to >> (32 - length) == first >> (32 - length) {
                offer(*length, true, Some(*hop));
            }
        }
        best.2
    }

    fn fate(&self, from: usize, to: u32, port: u16) -> Fate {
        let packet = (MACHINES[from], to, port);
        if let Some(stop) = self.leave(from, packet) {
            return Fate::Stopped(stop);
        }
        let mut at = from;
        let mut visited: Vec<usize> = Vec::new();
        let target = loop {
            let last = visited.last().is_some();
            match self.next(at, to) {
                Some(Hop::Drop) => return Fate::Stopped(Stop::Route),
                Some(Hop::Out) if to == PUBLIC => {
                    return if visited.is_empty() {
                        Fate::Through
                    } else {
                        Fate::Perhaps
                    };
                }
                Some(Hop::Out) => return Fate::Stopped(Stop::Lost),
                Some(Hop::Local) => match MACHINES.iter().position(|own| *own == to) {
                    Some(target) if target / 2 == at / 2 => break target,
                    _ => return Fate::Stopped(Stop::Lost),
                },
                None => {
                    if last && !self.forwarded[1 - at / 2] {
                        return Fate::Stopped(Stop::Peering);
                    }
                    break MACHINES.iter().position(|own| *own == to).unwrap();
                }
                Some(Hop::Machine(next)) => {
                    if next / 2 != at / 2 && (!self.peered || (last && !self.forwarded[next / 2])) {
                        return Fate::Stopped(Stop::Peering);
                    }
                    if MACHINES[next] == to {
                        break next;
                    }
                    if visited.contains(&next) {
                        return Fate::Stopped(Stop::Loop);
                    }
                    visited.push(next);
                    if !self.forwards[next] {
                        return Fate::Stopped(Stop::Forwarding);
                    }
                    if let Some(stop) = self
                        .enter(next, packet)
                        .or_else(|| self.leave(next, packet))
                    {
                        return Fate::Stopped(stop);
                    }
                    at = next;
                }
            }
        };
        if let Some(stop) = self.enter(target, packet) {
            return Fate::Stopped(stop);
        }
        let mut fate = if visited.is_empty() {
            Fate::Through
        } else {
            Fate::Perhaps
        };
        match (self.next(target, packet.0), visited.last()) {
            (Some(Hop::Drop | Hop::Out), _) => fate = Fate::Stopped(Stop::Return),
            (Some(Hop::Local) | None, None) => {}
            (Some(Hop::Machine(back)), Some(last)) if back == *last => {}
            _ => fate = Fate::Perhaps,
        }
        fate
    }

    fn build(&self) -> Network {
        let mut build = Build::default();
        let networks = [build.vnet("10.0.0.0/28"), build.vnet("10.1.0.0/28")];
        let blocks = ["10.0.0.0/30", "10.0.0.4/30", "10.1.0.0/30", "10.1.0.4/30"];
        let mut subnets = Vec::new();
        for (at, block) in blocks.iter().enumerate() {
            let subnet = build.subnet(networks[at / 2], block);
            let address = std::net::Ipv4Addr::from(MACHINES[at]).to_string();
            let nic = build.nic(subnet, Some(&address));
            build.network[nic].ip_forwarding = known(self.forwards[at]);
            subnets.push(subnet);
        }
        if self.peered {
            for (own, other) in [(0, 1), (1, 0)] {
                let id = build.peer(networks[own], Link::Here(networks[other]));
                build.network[id].allow_forwarded_traffic = known(self.forwarded[own]);
            }
        }
        for (at, subnet) in subnets.iter().copied().enumerate() {
            for (machine, rules) in [
                (false, &self.subnet_rules[at]),
                (true, &self.machine_rules[at]),
            ] {
                let Some(rules) = rules else { continue };
                let nsg = build.nsg();
                match machine {
                    true => on_nic(&mut build, nsg, NicId(u32::try_from(at).unwrap())),
                    false => build.attach(nsg, subnet),
                }
                for (index, rule) in rules.iter().enumerate() {
                    build.rule(nsg, &spelled(index, rule));
                }
            }
            if self.routes[at].is_empty() {
                continue;
            }
            let table = build.route_table(subnet);
            for (first, length, hop) in &self.routes[at] {
                let block = format!("{}/{length}", std::net::Ipv4Addr::from(*first));
                let word = match hop {
                    Hop::Drop => "None",
                    Hop::Local => "VnetLocal",
                    Hop::Out => "Internet",
                    Hop::Machine(_) => "interface",
                };
                let route = build.route(table, &block, word);
                if let Hop::Machine(machine) = hop {
                    let nic = NicId(u32::try_from(*machine).unwrap());
                    build.network[route].appliance = Appliance::NetworkInterface(nic);
                }
            }
        }
        build.network
    }
}

fn spelled(index: usize, rule: &Rule) -> String {
    let set = |set: Set| match set {
        Set::Any => "*".to_owned(),
        Set::Network => "VirtualNetwork".to_owned(),
        Set::Internet => "Internet".to_owned(),
        Set::Block(first, length) => format!("{}/{length}", std::net::Ipv4Addr::from(first)),
    };
    format!(
        "{} {} {} Tcp {} -> {}:{}",
        100 + index,
        if rule.allow { "Allow" } else { "Deny" },
        if rule.inbound { "In" } else { "Out" },
        set(rule.source),
        set(rule.destination),
        rule.port.map_or("*".to_owned(), |port| port.to_string()),
    )
}

/// The world with settings changed, by one who knows only what they say.
fn changed(world: &World, network: &Network, settings: &[Setting]) -> World {
    let mut then = world.clone();
    let open = |inbound| Rule {
        allow: true,
        inbound,
        source: Set::Any,
        destination: Set::Any,
        port: None,
    };
    let index = |id: u32| usize::try_from(id).unwrap();
    for setting in settings {
        match setting {
            Setting::AllowInGroup { nsg, direction } => {
                let open = open(*direction == Direction::Inbound);
                let group = &network[*nsg];
                for subnet in &group.subnets.items {
                    let rules = then.subnet_rules[index(subnet.0)].as_mut();
                    rules.unwrap().insert(0, open);
                }
                for nic in &group.network_interfaces.items {
                    let rules = then.machine_rules[index(nic.0)].as_mut();
                    rules.unwrap().insert(0, open);
                }
            }
            Setting::RemoveRoute(route) => {
                let table = network[*route].route_table.unwrap();
                let mut routes = network[table].routes.items.iter();
                let place = routes.position(|own| own == route).unwrap();
                let at = index(network[table].subnets.items[0].0);
                let (first, length, _) = world.routes[at][place];
                then.routes[at].retain(|one| (one.0, one.1) != (first, length));
            }
            // A new peering is one that takes everything.
            Setting::Peer(..) => {
                then.peered = true;
                then.forwarded = [true; 2];
            }
            Setting::Peering(peering, PeeringSetting::ForwardedTraffic) => {
                let own = network[*peering].virtual_network.value().unwrap();
                then.forwarded[index(own.here().unwrap().0)] = true;
            }
            Setting::IpForwarding(nic) => then.forwards[index(nic.0)] = true,
            other => panic!("{other:?}"),
        }
    }
    then
}

/// The stage and rule of the first blocker, as the evaluator names it.
fn told(network: &Network, answer: &PathAnswer) -> Stop {
    let (kind, by) = first(answer);
    match (kind, by) {
        (LayerKind::NicNsg | LayerKind::SubnetNsg, By::Rule(nsg, rule)) => {
            let group = &network[nsg];
            let own = group.network_interfaces.items.first();
            let at = own.map_or_else(|| group.subnets.items[0].0, |nic| nic.0);
            let rule = match rule {
                Ruling::Custom(id) => group.rules.items.iter().position(|own| *own == id),
                _ => None,
            };
            Stop::Group(own.is_some(), usize::try_from(at).unwrap(), rule)
        }
        (LayerKind::Route, By::Nobody) | (LayerKind::Egress, _) => Stop::Lost,
        (LayerKind::Route, _) => Stop::Route,
        (LayerKind::Peering, _) => Stop::Peering,
        (LayerKind::Appliance, By::Loop) => Stop::Loop,
        (LayerKind::Appliance, _) => Stop::Forwarding,
        (LayerKind::ReturnPath, _) => Stop::Return,
        other => panic!("{other:?}"),
    }
}

proptest! {
    // Every network is asked sixteen questions.
    #![proptest_config(crate::semantics::tests::fixture::cases(32))]

    #[test]
    fn paths_agree_with_an_evaluator_of_single_packets(world in world(), port in prop_oneof![Just(22_u16), Just(80)]) {
        let network = world.build();
        let facts = all_facts();
        let semantics = Semantics::new(&network, &facts, Cloud::Public);
        for from in 0..4_usize {
            for to in 0..5_usize {
                if from == to {
                    continue;
                }
                let address = MACHINES.get(to).copied().unwrap_or(PUBLIC);
                let fate = world.fate(from, address, port);
                let nic = |at: usize| Endpoint::Nic(NicId(u32::try_from(at).unwrap()));
                let end = if to < 4 { nic(to) } else { at("8.8.8.8") };
                let answer = semantics.path(&question(nic(from), end, port));
                let verdict = |fate| match fate {
                    Fate::Through => Verdict::Allowed,
                    Fate::Perhaps => Verdict::Depends,
                    Fate::Stopped(_) => Verdict::Denied,
                };
                let expected = verdict(fate);
                let plain = World { widened: false, ..world.clone() };
                let without = verdict(plain.fate(from, address, port));
                let told_without = answer.says(&Note::WithoutWidenedTag(without));
                prop_assert_eq!(told_without, without != expected);
                prop_assert_eq!(answer.verdict, expected, "{} {}: {:?}\n{:#?}", from, to, fate, answer.blockers);
                if let Fate::Stopped(stop) = fate {
                    prop_assert_eq!(told(&network, &answer), stop);
                    let witness = answer.witness.unwrap();
                    prop_assert_eq!(witness.destination_port, port);
                }
                for opening in &answer.openings {
                    let opened = changed(&world, &network, &opening.settings);
                    let then = opened.fate(from, address, port);
                    prop_assert!(!matches!(then, Fate::Stopped(_)), "{} {} {:?} {:?}", from, to, opening, then);
                    for left_out in &opening.settings {
                        let mut fewer = opening.settings.clone();
                        fewer.retain(|one| one != left_out);
                        let opened = changed(&world, &network, &fewer);
                        let then = opened.fate(from, address, port);
                        prop_assert!(matches!(then, Fate::Stopped(_)), "{} {} {:?}", from, to, opening);
                    }
                }
            }
        }
    }
}
