//! What every rule of a group is good for, Azure's default rules included.

use std::collections::BTreeSet;

use aznet::model::{NsgId, SubnetId};
use aznet::semantics::anomalies::{Fix, RuleStanding, Standing};
use aznet::semantics::packet::Family;
use aznet::semantics::rules::Scope;
use aznet::semantics::{Ruling, Semantics};
use proptest::prelude::*;

use crate::cases;
use crate::groups::{all_choices, direction, document, ground, packet, parameters, tags, worlds};
use crate::hidden::{Row, rows};
use crate::oracle::arm;
use crate::oracle::generate::{self, Menu};
use crate::oracle::nsg::{self, Prefix, Rule, Value};
use crate::oracle::world::{Ground, World};
use crate::pipeline::{Document, ask};

/// Azure's default rules as rules.
fn defaults(inbound: bool) -> Vec<Rule> {
    let rule = |name: &str, priority, source, destination, allow| {
        let side = |text: &'static str| match text {
            "*" => vec![Prefix::Any],
            tag => vec![Prefix::Tag(tag)],
        };
        Rule {
            name: name.to_owned(),
            priority: Value::Known(priority),
            inbound: Value::Known(inbound),
            allow: Value::Known(allow),
            protocol: Value::Known("*"),
            sources: side(source),
            destinations: side(destination),
            source_ports: vec![(0, 65535)],
            destination_ports: vec![Value::Known((0, 65535))],
            condition: None,
        }
    };
    if inbound {
        vec![
            rule(
                "AllowVnetInBound",
                65_000,
                "VirtualNetwork",
                "VirtualNetwork",
                true,
            ),
            rule(
                "AllowAzureLoadBalancerInBound",
                65_001,
                "AzureLoadBalancer",
                "*",
                true,
            ),
            rule("DenyAllInBound", 65_500, "*", "*", false),
        ]
    } else {
        vec![
            rule(
                "AllowVnetOutBound",
                65_000,
                "VirtualNetwork",
                "VirtualNetwork",
                true,
            ),
            rule("AllowInternetOutBound", 65_001, "*", "Internet", true),
            rule("DenyAllOutBound", 65_500, "*", "*", false),
        ]
    }
}

/// A direction's rules in order, each with what it does, in one world.
struct Order {
    /// Places in the list of rules, the first asked first.
    places: Vec<usize>,
    allow: Vec<bool>,
}

impl Order {
    fn new(rules: &[Rule], inbound: bool, world: &World) -> Self {
        let mut places: Vec<usize> = (0..rules.len())
            .filter(|at| rules[*at].exists(world) && rules[*at].inbound.in_world(world) == inbound)
            .collect();
        places.sort_by_key(|at| rules[*at].priority.in_world(world));
        Self {
            places,
            allow: rules
                .iter()
                .map(|rule| rule.allow.in_world(world))
                .collect(),
        }
    }

    /// The first that matches a packet, one left out.
    fn decider(&self, row: &[bool], without: Option<usize>) -> Option<usize> {
        let mut places = self.places.iter().copied();
        places.find(|at| row[*at] && Some(*at) != without)
    }
}

/// What a rule is good for, over all packets and worlds.
#[derive(Debug, Default)]
struct Role {
    matches: bool,
    decides: bool,
    /// Some packet it matches has another thing done to it.
    answered_otherwise: bool,
    /// Without it something else would happen to some packet.
    matters: bool,
    /// The same with Azure's default rules alone after it.
    differs_from_defaults: bool,
}

fn role(rules: &[Rule], rows: &[Row], inbound: bool, place: usize, customs: usize) -> Role {
    let mut role = Role::default();
    for (row, world) in rows {
        let order = Order::new(rules, inbound, world);
        if !row[place] || !order.places.contains(&place) {
            continue;
        }
        role.matches = true;
        let decider = order.decider(row, None).unwrap();
        if decider != place {
            role.answered_otherwise |= order.allow[decider] != order.allow[place];
            continue;
        }
        role.decides = true;
        let next = order.decider(row, Some(place));
        role.matters |= next.is_none_or(|next| order.allow[next] != order.allow[place]);
        let mut defaults = (customs..rules.len()).filter(|at| row[*at] && *at != place);
        let default = defaults.next();
        role.differs_from_defaults |=
            default.is_none_or(|default| order.allow[default] != order.allow[place]);
    }
    role
}

fn standings(menu: Menu, own: &[Rule], inbound: bool) -> Result<(), TestCaseError> {
    let mut rules = own.to_vec();
    rules.extend(defaults(inbound));
    // Everything there is: neither peers nor gateways can add to the virtual network.
    let closed = menu.tags.is_empty() && !menu.unknowns;
    let ground = Ground {
        open: !closed,
        ..ground()
    };
    let document = match document(Some(own), None) {
        Document::Template(template) if closed => Document::Export(arm::export(&template)),
        document => document,
    };
    let rows = rows(&rules, false, &ground);
    ask(&document, |semantics| {
        let place = |ruling: &Ruling| match ruling {
            Ruling::Custom(id) => {
                let name = semantics.network()[*id].meta.name.value().unwrap();
                rules.iter().position(|rule| rule.name == **name)
            }
            Ruling::Default(name) => rules.iter().position(|rule| rule.name == **name),
            Ruling::Rest => None,
        };
        let scope = Scope::Subnet(SubnetId(0));
        let all = semantics.standings(NsgId(0), scope, direction(inbound), Family::V4);
        let mut seen = BTreeSet::new();
        for found in &all {
            let at = place(&found.rule).unwrap();
            prop_assert!(seen.insert(at), "{} twice", rules[at].name);
            let role = role(&rules, &rows, inbound, at, own.len());
            let name = (&rules[at].name, found.standing);
            match found.standing {
                Standing::Empty => prop_assert!(!role.matches, "{name:?}"),
                Standing::Shadowed => {
                    prop_assert!(role.matches && !role.decides, "{name:?} {role:?}");
                    prop_assert!(role.answered_otherwise, "{name:?} {role:?}");
                    prop_assert!(found.acts_otherwise);
                }
                Standing::RedundantBefore => {
                    prop_assert!(role.matches && !role.decides, "{name:?} {role:?}");
                    prop_assert!(!found.acts_otherwise);
                }
                Standing::RedundantAfter => {
                    prop_assert!(role.decides && !role.matters, "{name:?} {role:?}");
                }
                Standing::DefaultEqual => {
                    prop_assert!(role.decides && !role.matters, "{name:?} {role:?}");
                    prop_assert!(!role.differs_from_defaults, "{name:?} {role:?}");
                }
                Standing::Live | Standing::ExceptionEaten => {
                    prop_assert!(role.decides && role.matters, "{name:?} {role:?}");
                }
                Standing::Undetermined => {
                    let open = !menu.tags.is_empty() || menu.unknowns;
                    prop_assert!(open, "{name:?} {role:?} {found:?}");
                }
            }
            covered(&rules, &rows, inbound, at, found, &place)?;
            witness(own, inbound, &rules[at].name, found, &ground)?;
            fixed(semantics, &rules, &rows, inbound, at, found)?;
        }
        let expected = (0..rules.len()).filter(|at| {
            let mut worlds = all_choices(vec![World::default()], rules.iter()).into_iter();
            worlds.any(|world| rules[*at].inbound.in_world(&world) == inbound)
        });
        prop_assert_eq!(seen, expected.collect::<BTreeSet<usize>>());
        Ok(())
    })
}

/// The cover of a dead rule is enough and no member can be spared.
fn covered(
    rules: &[Rule],
    rows: &[Row],
    inbound: bool,
    at: usize,
    found: &RuleStanding,
    place: &dyn Fn(&Ruling) -> Option<usize>,
) -> Result<(), TestCaseError> {
    let cover: Vec<usize> = found.cover.iter().filter_map(place).collect();
    prop_assert_eq!(cover.len(), found.cover.len());
    let dead = matches!(
        found.standing,
        Standing::Shadowed | Standing::RedundantBefore
    );
    let after = matches!(
        found.standing,
        Standing::RedundantAfter | Standing::DefaultEqual
    );
    let takes = |by: &[usize]| {
        rows.iter().all(|(row, world)| {
            let order = Order::new(rules, inbound, world);
            let own = if after {
                order.decider(row, None) == Some(at)
            } else {
                row[at]
            };
            !own || by.iter().any(|other| row[*other])
        })
    };
    if dead || after {
        prop_assert!(takes(&cover), "{} {:?}", rules[at].name, found);
        for without in &cover {
            let fewer: Vec<usize> = cover.iter().filter(|it| *it != without).copied().collect();
            prop_assert!(
                !takes(&fewer),
                "{} spares {without}: {:?}",
                rules[at].name,
                found
            );
        }
    } else if found.standing == Standing::Undetermined && !cover.is_empty() {
        // Dead for certain; only whether those before it act otherwise is not known.
        prop_assert!(takes(&cover), "{} {:?}", rules[at].name, found);
    } else {
        prop_assert!(cover.is_empty(), "{:?}", found);
    }
    Ok(())
}

/// A witness is decided by the rule in every world.
fn witness(
    own: &[Rule],
    inbound: bool,
    name: &str,
    found: &RuleStanding,
    ground: &Ground,
) -> Result<(), TestCaseError> {
    let Some(flow) = &found.witness else {
        return Ok(());
    };
    let packet = packet(flow);
    let rule = own.iter().find(|rule| rule.name == name);
    for world in worlds(&[own], ground, &packet) {
        // It is judged as if it existed, in this direction.
        let there = |rule: &Rule| rule.exists(&world) && rule.inbound.in_world(&world) == inbound;
        if rule.is_some_and(|rule| !there(rule)) {
            continue;
        }
        let verdict = nsg::decide(own, inbound, &packet, ground, &world);
        prop_assert!(
            verdict.by == name || verdict.by == "bypass",
            "{packet:?} is decided by {verdict:?}, not {name}"
        );
    }
    Ok(())
}

/// A change does what it says.
fn fixed(
    semantics: &Semantics<'_>,
    rules: &[Rule],
    rows: &[Row],
    inbound: bool,
    at: usize,
    found: &RuleStanding,
) -> Result<(), TestCaseError> {
    match &found.fix {
        Some(Fix::Delete) => {
            let changed = rows.iter().any(|(row, world)| {
                let order = Order::new(rules, inbound, world);
                let act = |without| order.decider(row, without).map(|it| order.allow[it]);
                act(None) != act(Some(at))
            });
            prop_assert!(!changed, "{} cannot be deleted", rules[at].name);
        }
        Some(Fix::Move { before, priority }) => {
            let mut moved = rules.to_vec();
            moved[at].priority = Value::Known(*priority);
            let name = semantics.network()[*before].meta.name.value().unwrap();
            let other = rules.iter().position(|rule| rule.name == **name).unwrap();
            let free = rules.iter().all(|rule| {
                rule.inbound != rules[at].inbound || rule.priority != Value::Known(*priority)
            });
            prop_assert!(free, "{priority} is taken");
            prop_assert!(Value::Known(*priority) != rules[other].priority);
            let decides = rows.iter().any(|(row, world)| {
                Order::new(&moved, inbound, world).decider(row, None) == Some(at)
            });
            prop_assert!(
                decides,
                "{} still decides nothing at {priority}",
                rules[at].name
            );
        }
        Some(Fix::Narrow(_)) | None => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_rule_is_good_for_what_it_is_said_to_be(
        rules in generate::rules(generate::PLAIN), inbound in any::<bool>()
    ) {
        standings(generate::PLAIN, &rules, inbound)?;
    }

    #[test]
    fn a_rule_with_tags_is_good_for_what_it_is_said_to_be(
        rules in generate::rules(generate::TAGS), inbound in any::<bool>()
    ) {
        standings(generate::TAGS, &rules, inbound)?;
    }
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn a_rule_with_unknown_values_is_called_dead_only_if_it_is(
        rules in generate::rules(generate::UNKNOWN), inbound in any::<bool>()
    ) {
        let number: usize = parameters(rules.iter()).iter().map(|(_, of)| of).product();
        prop_assume!(number <= 60);
        prop_assume!(tags(rules.iter()).len() < 6);
        standings(generate::UNKNOWN, &rules, inbound)?;
    }
}
