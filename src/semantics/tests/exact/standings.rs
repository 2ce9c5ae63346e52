//! What rules are good for, against the packets themselves, Azure's default rules included.

use super::*;
use crate::semantics::Ruling;
use crate::semantics::anomalies::{Fix, RuleStanding, Standing};
use crate::semantics::rules::Decider;

const PROBE: u32 = 0xa83f_8110;
const ELSEWHERE: u32 = 0x1e00_0001;
const DEFAULTS: [&str; 3] = [
    "AllowVnetInBound",
    "AllowAzureLoadBalancerInBound",
    "DenyAllInBound",
];

/// One packet for each kind that the rules can tell apart, with how many there are of it.
fn weighted() -> Vec<(Packet, f64)> {
    let rest = 4_294_967_296.0 - 17.0;
    let sources = (BASE..BASE + 16).map(|source| (source, 1.0));
    let mut packets = Vec::new();
    for (source, sources) in sources.chain([(PROBE, 1.0), (ELSEWHERE, rest)]) {
        let destinations = [
            (BASE, 2.0),
            (BASE + 2, 2.0),
            (BASE + 9, 12.0),
            (PROBE, 1.0),
            (ELSEWHERE, rest),
        ];
        for (destination, destinations) in destinations {
            let mut add = |protocol, port, weight| {
                let packet = Packet {
                    source,
                    destination,
                    protocol,
                    port,
                };
                packets.push((packet, sources * destinations * weight));
            };
            for protocol in [Protocol::Tcp, Protocol::Udp] {
                for port in 0..8 {
                    add(protocol, port, 65_536.0);
                }
                add(protocol, 9, 65_536.0 * 65_528.0);
            }
            // The same as Esp, Ah and any other.
            add(Protocol::Icmp, 0, 4.0);
        }
    }
    packets
}

/// Whether a rule of the whole list matches.
fn matches_any(rules: &[Plain], index: usize, packet: Packet, office: (u32, u8)) -> bool {
    let local = |address| holds((BASE, 28), address) || address == PROBE;
    match (rules.get(index), index.checked_sub(rules.len())) {
        (Some(rule), _) => matches(rule, packet, office),
        (None, Some(0)) => local(packet.source) && local(packet.destination),
        (None, Some(1)) => packet.source == PROBE,
        _ => true,
    }
}

fn allows(rules: &[Plain], index: usize) -> bool {
    rules
        .get(index)
        .map_or(index < rules.len() + 2, |rule| rule.allow == Some(true))
}

/// The rule of the whole list that decides, leaving one out.
fn decides(
    rules: &[Plain],
    packet: Packet,
    office: (u32, u8),
    without: Option<usize>,
) -> Option<usize> {
    (0..rules.len() + 3)
        .filter(|index| Some(*index) != without)
        .find(|index| matches_any(rules, *index, packet, office))
}

fn place(rules: &[Plain], ruling: &Ruling) -> usize {
    match ruling {
        Ruling::Custom(id) => id.0 as usize,
        Ruling::Default(name) => {
            rules.len() + DEFAULTS.iter().position(|it| *it == &**name).unwrap()
        }
        Ruling::Rest => panic!("all rules are told"),
    }
}

fn standings(semantics: &Semantics<'_>) -> Vec<RuleStanding> {
    semantics.standings(NSG, Scope::Nsg(NSG), Direction::Inbound, Family::V4)
}

const NO_OFFICE: (u32, u8) = (0, 0);

/// Whether places match all of some packets, and none can be left out.
fn is_minimal_cover(rules: &[Plain], cover: &[usize], packets: &[Packet]) -> bool {
    let covers = |cover: &[usize]| {
        packets.iter().all(|packet| {
            let mut cover = cover.iter();
            cover.any(|index| matches_any(rules, *index, *packet, NO_OFFICE))
        })
    };
    covers(cover)
        && (0..cover.len()).all(|left_out| {
            let mut fewer = cover.to_vec();
            fewer.remove(left_out);
            !covers(&fewer)
        })
}

proptest! {
    #![proptest_config(crate::semantics::tests::fixture::cases(64))]

    #[test]
    fn every_rule_is_good_for_what_the_packets_say(rules in rules(false)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let packets = weighted();
        let found = standings(&semantics);
        let order: Vec<usize> = found.iter().map(|it| place(&rules, &it.rule)).collect();
        prop_assert_eq!(order, (0..rules.len() + 3).collect::<Vec<_>>());
        for (index, found) in found.iter().enumerate() {
            let matched: Vec<Packet> = packets
                .iter()
                .filter(|(packet, _)| matches_any(&rules, index, *packet, NO_OFFICE))
                .map(|(packet, _)| *packet)
                .collect();
            let decided: Vec<Packet> = matched
                .iter()
                .copied()
                .filter(|packet| decides(&rules, *packet, NO_OFFICE, None) == Some(index))
                .collect();
            let changed = decided.iter().any(|packet| {
                decides(&rules, *packet, NO_OFFICE, Some(index))
                    .is_none_or(|next| allows(&rules, next) != allows(&rules, index))
            });
            let sum = |of: &dyn Fn(usize) -> bool| {
                packets
                    .iter()
                    .filter(|(packet, _)| matches_any(&rules, index, *packet, NO_OFFICE))
                    .filter(|(packet, _)| of(decides(&rules, *packet, NO_OFFICE, None).unwrap()))
                    .fold(0.0, |sum, (_, weight)| sum + weight)
            };
            let share = sum(&|winner| winner == index) / sum(&|_| true);
            prop_assert!((found.live_share.unwrap() - share).abs() < 1e-9, "{:?}", found);
            let cover: Vec<usize> = found.cover.iter().map(|rule| place(&rules, rule)).collect();
            let otherwise = cover.iter().any(|it| allows(&rules, *it) != allows(&rules, index));
            prop_assert_eq!(found.acts_otherwise, otherwise);
            let default_alone = decided.iter().all(|packet| {
                (rules.len()..rules.len() + 3)
                    .find(|it| *it != index && matches_any(&rules, *it, *packet, NO_OFFICE))
                    .is_some_and(|it| allows(&rules, it) == allows(&rules, index))
            });
            let by_defaults = default_alone && cover.iter().all(|it| *it >= rules.len());
            let expected = match (decided.is_empty(), changed) {
                (true, _) if otherwise => Standing::Shadowed,
                (true, _) => Standing::RedundantBefore,
                (false, false) if by_defaults => Standing::DefaultEqual,
                (false, false) => Standing::RedundantAfter,
                (false, true) if share < 0.01 => Standing::ExceptionEaten,
                (false, true) => Standing::Live,
            };
            prop_assert_eq!(found.standing, expected, "rule {} of {:?}", index, rules);
            if decided.is_empty() {
                prop_assert!(is_minimal_cover(&rules, &cover, &matched));
                let decides_some = |it: usize| {
                    let mut matched = matched.iter();
                    matched.any(|packet| decides(&rules, *packet, NO_OFFICE, None) == Some(it))
                };
                prop_assert!(cover.iter().all(|it| *it < index && decides_some(*it)));
                prop_assert!(found.witness.is_none());
            } else {
                let witness = found.witness.unwrap();
                let number = |address: std::net::IpAddr| match address {
                    std::net::IpAddr::V4(address) => u32::from(address),
                    std::net::IpAddr::V6(_) => panic!("of the other family"),
                };
                let packet = Packet {
                    source: number(witness.source),
                    destination: number(witness.destination),
                    protocol: witness.protocol,
                    port: witness.destination_port,
                };
                prop_assert_eq!(decides(&rules, packet, NO_OFFICE, None), Some(index), "{:?}", packet);
                if changed {
                    prop_assert!(cover.is_empty());
                } else {
                    prop_assert!(is_minimal_cover(&rules, &cover, &decided));
                    prop_assert!(cover.iter().all(|it| *it > index && !otherwise));
                }
            }
            let overlap = |other: usize| {
                let both = packets
                    .iter()
                    .filter(|(packet, _)| matches_any(&rules, index, *packet, NO_OFFICE))
                    .filter(|(packet, _)| matches_any(&rules, other, *packet, NO_OFFICE));
                both.fold(0.0, |sum, (_, weight)| sum + weight) / sum(&|_| true)
            };
            if let Some(blocker) = &found.blocker {
                let most = (0..index)
                    .filter(|it| allows(&rules, *it) != allows(&rules, index))
                    .map(overlap)
                    .fold(0.0, f64::max);
                let named = place(&rules, &blocker.rule);
                prop_assert!((blocker.share.unwrap() - most).abs() < 1e-9);
                prop_assert!((overlap(named) - most).abs() < 1e-9);
            }
            prop_assert_eq!(
                found.blocker.is_some(),
                matches!(found.standing, Standing::Shadowed | Standing::ExceptionEaten)
                    && (0..index).any(|it| {
                        allows(&rules, it) != allows(&rules, index) && overlap(it) > 0.0
                    })
            );
            match &found.fix {
                Some(Fix::Move { before, priority }) => {
                    let before = before.0 as usize;
                    prop_assert!(rules.iter().all(|rule| rule.priority != *priority));
                    let mut moved = rules.clone();
                    let mut rule = moved.remove(index);
                    rule.priority = *priority;
                    moved.insert(before, rule);
                    prop_assert!(moved.is_sorted_by_key(|rule| rule.priority));
                    let lives = packets.iter().any(|(packet, _)| {
                        decides(&moved, *packet, NO_OFFICE, None) == Some(before)
                    });
                    prop_assert!(lives);
                }
                Some(Fix::Delete) => {
                    prop_assert!(index < rules.len());
                    for (packet, _) in &packets {
                        let now = decides(&rules, *packet, NO_OFFICE, None).unwrap();
                        let then = decides(&rules, *packet, NO_OFFICE, Some(index)).unwrap();
                        prop_assert_eq!(allows(&rules, now), allows(&rules, then));
                    }
                }
                Some(Fix::Narrow(to)) => {
                    prop_assert_eq!(found.standing, Standing::ExceptionEaten);
                    let kept = Answer::exactly(to.clone());
                    for (packet, _) in &packets {
                        let inside = one(&semantics, *packet).and(&kept).is_hit().truth == Truth::True;
                        let own = matched.iter().any(|it| format!("{it:?}") == format!("{packet:?}"));
                        let needed = decides(&rules, *packet, NO_OFFICE, None) == Some(index);
                        prop_assert!((own || !inside) && (inside || !needed));
                    }
                }
                None => prop_assert!(
                    index >= rules.len()
                        || matches!(
                            found.standing,
                            Standing::Live | Standing::Shadowed | Standing::ExceptionEaten
                        )
                ),
            }
        }
    }

    #[test]
    fn a_standing_holds_in_every_world(rules in rules(true)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let packets = weighted();
        let found = standings(&semantics);
        for (world, office) in worlds(&rules) {
            for (place_of_all, found) in found.iter().enumerate() {
                let index = match rules.get(place_of_all) {
                    Some(rule) => world.iter().position(|it| it.priority == rule.priority),
                    None => Some(world.len() + place_of_all - rules.len()),
                };
                let Some(index) = index else { continue };
                let decided: Vec<Packet> = packets
                    .iter()
                    .map(|(packet, _)| *packet)
                    .filter(|packet| decides(&world, *packet, office, None) == Some(index))
                    .collect();
                let changed = decided.iter().any(|packet| {
                    decides(&world, *packet, office, Some(index))
                        .is_none_or(|next| allows(&world, next) != allows(&world, index))
                });
                match found.standing {
                    Standing::Empty => prop_assert!(false, "every rule matches something"),
                    Standing::Shadowed | Standing::RedundantBefore => {
                        prop_assert!(decided.is_empty(), "{:?} in {:?}", found, world);
                    }
                    Standing::RedundantAfter | Standing::DefaultEqual => {
                        prop_assert!(!decided.is_empty() && !changed, "{:?} in {:?}", found, world);
                    }
                    Standing::Live | Standing::ExceptionEaten => {
                        prop_assert!(changed, "{:?} in {:?} {:?}", found, world, office);
                    }
                    Standing::Undetermined => {
                        prop_assert!(!found.unknowns.is_empty() || found.undecided.is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn what_decides_a_packet_for_certain_decides_it_in_every_world(rules in rules(true)) {
        let build = built(&rules);
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let worlds = worlds(&rules);
        for (packet, _) in weighted().into_iter().step_by(2) {
            let decider = semantics.decider_at(
                NSG,
                Scope::Subnet(crate::model::SubnetId(0)),
                Direction::Inbound,
                &flow(packet),
            );
            let winners = worlds.iter().map(|(world, office)| {
                let index = decides(world, packet, *office, None).unwrap();
                match world.get(index) {
                    Some(rule) => rule.priority.to_string(),
                    None => DEFAULTS[index - world.len()].to_owned(),
                }
            });
            let mut winners: Vec<String> = winners.collect();
            winners.sort();
            winners.dedup();
            let priority = |id: SecurityRuleId| rules[id.0 as usize].priority.to_string();
            match decider {
                Decider::Rule(id) => prop_assert_eq!(winners, [priority(id)]),
                Decider::Default(name) => prop_assert_eq!(winners, [name.to_string()]),
                Decider::Bypass => prop_assert!(false, "nothing bypasses a group inbound"),
                Decider::Depends { rules: named, defaults, .. } => {
                    let named = named.into_iter().map(priority);
                    let named: Vec<String> =
                        named.chain(defaults.iter().map(|name| name.to_string())).collect();
                    prop_assert!(winners.iter().all(|winner| named.contains(winner)));
                }
            }
        }
    }
}
