//! Random groups of rules from few values, so that rules meet, cover and split one another.

use proptest::prelude::*;
use proptest::sample::select;

use super::nsg::{Prefix, Rule, Value};
use super::packet::Range;

/// What a group may be made of.
#[derive(Clone, Copy, Debug)]
pub struct Menu {
    pub blocks: &'static [&'static str],
    pub tags: &'static [&'static str],
    /// Whether fields may be parameters and rules conditional.
    pub unknowns: bool,
    pub rules: usize,
}

/// Addresses, and the tags whose addresses are documented.
pub const PLAIN: Menu = Menu {
    blocks: BLOCKS,
    tags: &[],
    unknowns: false,
    rules: 8,
};

/// Every tag there is a use for.
pub const TAGS: Menu = Menu {
    blocks: &[
        "10.0.0.0/24",
        "10.0.0.4",
        "8.8.8.0/24",
        "0.0.0.0/0",
        "40.0.0.0/8",
    ],
    tags: &[
        "VirtualNetwork",
        "Internet",
        "AzureLoadBalancer",
        "Storage",
        "Storage.WestEurope",
        "AzureCloud",
        "AzureCloud.westeurope",
        "Sql",
        "AzurePlatformDNS",
        "AzurePlatformIMDS",
        "AzurePlatformLKM",
    ],
    unknowns: false,
    rules: 6,
};

/// IPv6 among IPv4.
pub const BOTH_FAMILIES: Menu = Menu {
    blocks: &[
        "fd00::/48",
        "fd00::/64",
        "2001:db8::/32",
        "::/0",
        "10.0.0.0/24",
        "0.0.0.0/0",
    ],
    tags: &["VirtualNetwork", "Internet"],
    unknowns: false,
    rules: 6,
};

/// Parameters that may be several values, and rules that may not exist.
pub const UNKNOWN: Menu = Menu {
    blocks: &[
        "10.0.0.0/24",
        "10.0.0.0/25",
        "10.0.0.128/25",
        "8.8.8.0/24",
        "0.0.0.0/0",
    ],
    tags: &["VirtualNetwork", "Internet", "Storage"],
    unknowns: true,
    rules: 4,
};

const BLOCKS: &[&str] = &[
    "10.0.0.0/24",
    "10.0.0.0/25",
    "10.0.0.128/25",
    "10.0.0.4",
    "10.0.1.0/24",
    "10.0.0.0/16",
    "10.0.0.0/8",
    "8.8.8.0/24",
    "8.8.8.8/32",
    "172.16.0.0/12",
    "168.63.129.16",
    "20.118.99.224",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
];

const PORTS: &[(u16, u16)] = &[
    (0, 65535),
    (80, 80),
    (443, 443),
    (0, 79),
    (80, 443),
    (81, 65535),
    (0, 65534),
    (53, 53),
    (1688, 1688),
    (32768, 65535),
];

/// A group's rules, the priorities all different in a direction.
pub fn rules(menu: Menu) -> BoxedStrategy<Vec<Rule>> {
    prop::collection::vec(rule(menu), 0..=menu.rules)
        .prop_map(|rules| {
            let mut taken = Vec::new();
            rules
                .into_iter()
                .enumerate()
                .map(|(number, mut rule)| {
                    rule.name = format!("rule{number}");
                    rule.condition = rule.condition.map(|_| format!("exists{number}"));
                    for part in rule.sources.iter_mut().chain(&mut rule.destinations) {
                        if let Prefix::Parameter(name, _) = part {
                            name.push_str(&number.to_string());
                        }
                    }
                    rename(&mut rule.inbound, number);
                    rename(&mut rule.allow, number);
                    rename(&mut rule.protocol, number);
                    for ports in &mut rule.destination_ports {
                        rename(ports, number);
                    }
                    // Priorities a parameter may stand for are apart from all others.
                    let span = u32::try_from(number).unwrap() + 1;
                    rule.priority = match rule.priority {
                        Value::Known(mut priority) => {
                            while taken.contains(&priority) {
                                priority += 1;
                            }
                            taken.push(priority);
                            Value::Known(priority)
                        }
                        Value::Parameter(name, _) => {
                            let values = vec![100 + span, 2_000 + span, 4_000 + span];
                            Value::Parameter(format!("{name}{number}"), values)
                        }
                    };
                    rule
                })
                .collect()
        })
        .boxed()
}

fn rename<T>(value: &mut Value<T>, number: usize) {
    if let Value::Parameter(name, _) = value {
        name.push_str(&number.to_string());
    }
}

fn rule(menu: Menu) -> BoxedStrategy<Rule> {
    let priority = value(
        menu,
        "priority",
        (200u32..1_000).prop_map(|it| it * 2),
        &[0],
    );
    let inbound = value(menu, "inbound", any::<bool>(), &[false, true]);
    let allow = value(menu, "allow", any::<bool>(), &[false, true]);
    let named = select(&["*", "Tcp", "Udp", "Icmp", "Esp", "Ah"][..]);
    let protocol = value(
        menu,
        "protocol",
        prop_oneof![2 => Just("*"), 3 => named],
        &["Tcp", "*"],
    );
    let port = || select(PORTS);
    let destination_port = value(menu, "port", port(), &[(22, 22), (80, 443)]);
    let many = prop::collection::vec(port(), 2..4).prop_map(known);
    let one = destination_port.prop_map(|port| vec![port]);
    let destination_ports = prop_oneof![3 => one, 1 => many];
    let source_ports = prop_oneof![4 => Just((0, 65535)), 1 => port()].prop_map(|it| vec![it]);
    let condition = match menu.unknowns {
        true => prop_oneof![3 => Just(None), 1 => Just(Some(String::new()))].boxed(),
        false => Just(None).boxed(),
    };
    let ends = (side(menu, "source"), side(menu, "destination"));
    let ports = (source_ports, destination_ports);
    (priority, inbound, allow, protocol, ends, ports, condition)
        .prop_map(
            |(priority, inbound, allow, protocol, ends, ports, condition)| {
                // Whether a condition on ports says anything for a protocol without them is disputed:
                // such rules name all ports.
                let portless = matches!(protocol, Value::Known("Icmp" | "Esp" | "Ah"));
                let all = (0, 65535);
                Rule {
                    name: String::new(),
                    priority,
                    inbound,
                    allow,
                    protocol,
                    sources: ends.0,
                    destinations: ends.1,
                    source_ports: if portless { vec![all] } else { ports.0 },
                    destination_ports: if portless { known(vec![all]) } else { ports.1 },
                    condition,
                }
            },
        )
        .boxed()
}

fn known<T>(values: Vec<T>) -> Vec<Value<T>> {
    values.into_iter().map(Value::Known).collect()
}

fn value<T: Clone + std::fmt::Debug + 'static>(
    menu: Menu,
    name: &'static str,
    known: impl Strategy<Value = T> + 'static,
    choices: &[T],
) -> BoxedStrategy<Value<T>> {
    let known = known.prop_map(Value::Known);
    let parameter = Value::Parameter(name.to_owned(), choices.to_vec());
    match menu.unknowns {
        true => prop_oneof![6 => known, 1 => Just(parameter)].boxed(),
        false => known.boxed(),
    }
}

fn side(menu: Menu, name: &'static str) -> BoxedStrategy<Vec<Prefix>> {
    let block = select(menu.blocks).prop_map(|text| Prefix::Block(text, Range::parse(text)));
    let one = block.clone().prop_map(|prefix| vec![prefix]);
    // Azure takes only addresses of one family in a list.
    let many = prop::collection::vec(block, 2..4).prop_map(|list: Vec<Prefix>| {
        let v6 = |prefix: &Prefix| matches!(prefix, Prefix::Block(_, range) if range.v6);
        let first = list.first().is_some_and(v6);
        list.into_iter()
            .filter(|prefix| v6(prefix) == first)
            .collect()
    });
    let any = Just(vec![Prefix::Any]);
    let plain = prop_oneof![3 => any, 4 => one, 1 => many].boxed();
    let plain = match menu.tags {
        [] => plain,
        tags => {
            let tag = select(tags).prop_map(|tag| vec![Prefix::Tag(tag)]);
            prop_oneof![3 => plain, 2 => tag].boxed()
        }
    };
    if menu.unknowns {
        let values = vec!["10.0.0.0/25", "8.8.8.8", "Internet", "*"];
        let parameter = Just(vec![Prefix::Parameter(name.to_owned(), values)]);
        prop_oneof![5 => plain, 1 => parameter].boxed()
    } else {
        plain
    }
}
