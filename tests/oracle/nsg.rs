//! Security groups, evaluated one packet at a time in one world.

use super::packet::{PROTOCOLS, Packet, Range};
use super::world::{Ground, Side, World, v4};

/// First and last of a range of ports.
pub type Ports = (u16, u16);

/// What one side of a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `*`
    Any,
    /// A block or address, as written and as it is.
    Block(&'static str, Range),
    /// A service tag, as written.
    Tag(&'static str),
    /// A parameter of the template that is one of these values.
    Parameter(String, Vec<&'static str>),
}

/// A number, word or range that a parameter may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<T> {
    Known(T),
    Parameter(String, Vec<T>),
}

impl<T: Clone> Value<T> {
    pub fn in_world(&self, world: &World) -> T {
        match self {
            Self::Known(value) => value.clone(),
            Self::Parameter(name, values) => values[world.choice(name, values.len())].clone(),
        }
    }

    pub fn all(&self) -> Vec<T> {
        match self {
            Self::Known(value) => vec![value.clone()],
            Self::Parameter(_, values) => values.clone(),
        }
    }

    pub fn parameter(&self) -> Option<(&str, usize)> {
        match self {
            Self::Known(_) => None,
            Self::Parameter(name, values) => Some((name, values.len())),
        }
    }
}

/// A rule of a group.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub priority: Value<u32>,
    pub inbound: Value<bool>,
    pub allow: Value<bool>,
    /// `*` or one of [`PROTOCOLS`].
    pub protocol: Value<&'static str>,
    pub sources: Vec<Prefix>,
    pub destinations: Vec<Prefix>,
    pub source_ports: Vec<Ports>,
    pub destination_ports: Vec<Value<Ports>>,
    /// The name of a boolean parameter that says whether it exists.
    pub condition: Option<String>,
}

/// What decides a packet, and what it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// The rule's name, a default rule's, or `bypass`.
    pub by: String,
    pub allow: bool,
}

impl Rule {
    pub fn exists(&self, world: &World) -> bool {
        let condition = self.condition.as_ref();
        condition.is_none_or(|name| world.choice(name, 2) == 1)
    }

    pub fn matches(&self, packet: &Packet, ground: &Ground, world: &World) -> bool {
        self.matches_service(packet, world)
            && self.names(Side::Source, packet.v6, packet.source, ground, world)
            && self.names(
                Side::Destination,
                packet.v6,
                packet.destination,
                ground,
                world,
            )
    }

    /// Protocol and ports.
    pub fn matches_service(&self, packet: &Packet, world: &World) -> bool {
        let protocol = self.protocol.in_world(world);
        let ports = |ranges: &[Ports], port: u16| {
            let within = |(first, last): &Ports| (*first..=*last).contains(&port);
            // A packet without ports meets no condition on them, so that it is matched only where
            // all ports are.
            (packet.has_ports() && ranges.iter().any(within)) || are_all(ranges)
        };
        let destination_ports: Vec<Ports> = self
            .destination_ports
            .iter()
            .map(|ports| ports.in_world(world))
            .collect();
        (protocol == "*" || protocol == PROTOCOLS[packet.protocol])
            && ports(&self.source_ports, packet.source_port)
            && ports(&destination_ports, packet.destination_port)
    }

    /// Whether it names an address on a side.
    pub fn names(
        &self,
        side: Side,
        v6: bool,
        number: u128,
        ground: &Ground,
        world: &World,
    ) -> bool {
        let list = match side {
            Side::Source => &self.sources,
            Side::Destination => &self.destinations,
        };
        list.iter().any(|prefix| match prefix {
            Prefix::Any => true,
            Prefix::Block(_, range) => range.contains(v6, number),
            Prefix::Tag(tag) => world.holds(tag, side, v6, number, ground),
            Prefix::Parameter(name, values) => match values[world.choice(name, values.len())] {
                "*" => true,
                text if text.starts_with(|first: char| first.is_ascii_digit()) => {
                    Range::parse(text).contains(v6, number)
                }
                tag => world.holds(tag, side, v6, number, ground),
            },
        })
    }
}

/// Whether ranges of ports leave none out.
fn are_all(ranges: &[Ports]) -> bool {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut next = 0u32;
    for (first, last) in sorted {
        if u32::from(first) > next {
            return false;
        }
        next = next.max(u32::from(last) + 1);
    }
    next > u32::from(u16::MAX)
}

/// What a group says of a packet.
pub fn decide(
    rules: &[Rule],
    inbound: bool,
    packet: &Packet,
    ground: &Ground,
    world: &World,
) -> Verdict {
    if !inbound && bypasses(rules, packet, ground, world) {
        return Verdict {
            by: "bypass".to_owned(),
            allow: true,
        };
    }
    let mut own: Vec<(u32, &Rule)> = rules
        .iter()
        .filter(|rule| rule.exists(world) && rule.inbound.in_world(world) == inbound)
        .map(|rule| (rule.priority.in_world(world), rule))
        .collect();
    own.sort_by_key(|(priority, _)| *priority);
    for (_, rule) in own {
        if rule.matches(packet, ground, world) {
            return Verdict {
                by: rule.name.clone(),
                allow: rule.allow.in_world(world),
            };
        }
    }
    by_default(inbound, packet, ground, world)
}

/// Azure's default rules: facts of the page "Network security groups" of 2025-07-15.
fn by_default(inbound: bool, packet: &Packet, ground: &Ground, world: &World) -> Verdict {
    let holds = |tag, side, number| world.holds(tag, side, packet.v6, number, ground);
    let source = |tag| holds(tag, Side::Source, packet.source);
    let destination = |tag| holds(tag, Side::Destination, packet.destination);
    let vnet = source("VirtualNetwork") && destination("VirtualNetwork");
    let (by, allow) = match inbound {
        true if vnet => ("AllowVnetInBound", true),
        true if source("AzureLoadBalancer") => ("AllowAzureLoadBalancerInBound", true),
        true => ("DenyAllInBound", false),
        false if vnet => ("AllowVnetOutBound", true),
        false if destination("Internet") => ("AllowInternetOutBound", true),
        false => ("DenyAllOutBound", false),
    };
    Verdict {
        by: by.to_owned(),
        allow,
    }
}

/// Traffic of the platform that groups leave alone: address, protocols, ports, and the tag that
/// claims it. Pages "What is IP address 168.63.129.16" of 2023-03-30 and "Network security groups"
/// of 2025-07-15.
type Service = (
    u128,
    &'static [&'static str],
    &'static [u16],
    Option<&'static str>,
);

const SERVICES: &[Service] = &[
    (
        v4(168, 63, 129, 16),
        &["Tcp", "Udp"],
        &[53],
        Some("AzurePlatformDNS"),
    ),
    (v4(168, 63, 129, 16), &["Tcp"], &[80, 32526], None),
    (v4(168, 63, 129, 16), &["Udp"], &[67], None),
    (
        v4(169, 254, 169, 254),
        &["Tcp"],
        &[80],
        Some("AzurePlatformIMDS"),
    ),
    (
        v4(20, 118, 99, 224),
        &["Tcp"],
        &[1688],
        Some("AzurePlatformLKM"),
    ),
    (
        v4(40, 83, 235, 53),
        &["Tcp"],
        &[1688],
        Some("AzurePlatformLKM"),
    ),
];

fn bypasses(rules: &[Rule], packet: &Packet, ground: &Ground, world: &World) -> bool {
    SERVICES.iter().any(|(address, protocols, ports, tag)| {
        let is = !packet.v6
            && *address == packet.destination
            && protocols.contains(&PROTOCOLS[packet.protocol])
            && ports.contains(&packet.destination_port);
        // Activation is ordinary traffic once a default route leads elsewhere.
        if !is || (*tag == Some("AzurePlatformLKM") && ground.rerouted) {
            return false;
        }
        let claimed = tag.is_some_and(|tag| {
            rules.iter().any(|rule| {
                let own = Rule {
                    destinations: rule
                        .destinations
                        .iter()
                        .filter(|prefix| is_tag(prefix, tag, world))
                        .cloned()
                        .collect(),
                    ..rule.clone()
                };
                own.exists(world)
                    && !own.inbound.in_world(world)
                    && own.matches(packet, ground, world)
            })
        });
        !claimed
    })
}

fn is_tag(prefix: &Prefix, wanted: &str, world: &World) -> bool {
    match prefix {
        Prefix::Tag(tag) => tag.eq_ignore_ascii_case(wanted),
        Prefix::Parameter(name, values) => {
            values[world.choice(name, values.len())].eq_ignore_ascii_case(wanted)
        }
        _ => false,
    }
}

/// Every range of addresses that may tell packets apart.
pub fn ranges(rules: &[Rule]) -> Vec<Range> {
    let mut found: Vec<Range> = Vec::new();
    let read = |text: &&str| {
        let digit = text.starts_with(|first: char| first.is_ascii_digit());
        digit.then(|| Range::parse(text))
    };
    for rule in rules {
        for prefix in rule.sources.iter().chain(&rule.destinations) {
            match prefix {
                Prefix::Block(_, range) => found.push(*range),
                Prefix::Parameter(_, values) => found.extend(values.iter().filter_map(read)),
                Prefix::Any | Prefix::Tag(_) => {}
            }
        }
    }
    found
}

/// The ports of the platform's own traffic.
pub fn service_ports() -> Vec<Ports> {
    let ports = SERVICES.iter().flat_map(|(_, _, ports, _)| ports.iter());
    ports.map(|port| (*port, *port)).collect()
}

/// Every range of source ports and of destination ports that may tell packets apart.
pub fn ports(rules: &[Rule]) -> (Vec<Ports>, Vec<Ports>) {
    let sources = rules.iter().flat_map(|rule| rule.source_ports.clone());
    let own = rules.iter().flat_map(|rule| &rule.destination_ports);
    (sources.collect(), own.flat_map(Value::all).collect())
}
