//! Rules that never decide a packet, and what hides them.

use std::collections::{BTreeMap, BTreeSet};

use aznet::eval::value::Truth;
use aznet::model::{NsgId, SecurityRuleId};
use aznet::semantics::Semantics;
use proptest::prelude::*;

use crate::cases;
use crate::groups::{all_choices, parameters, tags};
use crate::oracle::arm;
use crate::oracle::generate;
use crate::oracle::nsg::{self, Rule};
use crate::oracle::packet::{Packet, address_classes, port_classes};
use crate::oracle::world::{self, Ground, Side, World};
use crate::pipeline::{Document, ask};

/// The group as such, wherever it is attached.
fn ground() -> Ground {
    Ground {
        anywhere: true,
        ..Ground::default()
    }
}

/// Which rules match a packet, and the world.
pub type Row = (Vec<bool>, World);

/// Which rules match each packet in each world; packets that no rule tells apart only once.
struct Table {
    matches: Vec<Row>,
}

/// Which rules match each packet in each world; packets that no rule tells apart only once, and
/// none that no rule matches.
pub fn rows(rules: &[Rule], v6: bool, ground: &Ground) -> Vec<Row> {
    let tags = tags(rules.iter());
    let mut matches = Vec::new();
    for choices in all_choices(vec![World::default()], rules.iter()) {
        let sources = sides(rules, v6, Side::Source, &tags, &choices, ground);
        let destinations = sides(rules, v6, Side::Destination, &tags, &choices, ground);
        let mut seen = BTreeSet::new();
        for service in services(rules, v6, &choices) {
            for source in &sources {
                for destination in &destinations {
                    let parts = service.iter().zip(source).zip(destination);
                    let row: Vec<bool> = parts.map(|((a, b), c)| *a && *b && *c).collect();
                    if row.contains(&true) && seen.insert(row.clone()) {
                        matches.push((row, choices.clone()));
                    }
                }
            }
        }
    }
    matches
}

impl Table {
    fn new(rules: &[Rule], v6: bool) -> Self {
        Self {
            matches: rows(rules, v6, &ground()),
        }
    }

    /// Whether a rule decides something in some of the rows.
    fn decides<'t>(mut rows: impl Iterator<Item = &'t Row>, rules: &[Rule], index: usize) -> bool {
        rows.any(|(row, world)| {
            let own = &rules[index];
            let there = |rule: &Rule| {
                rule.exists(world) && rule.inbound.in_world(world) == own.inbound.in_world(world)
            };
            let earlier = |other: usize| {
                let rule = &rules[other];
                let first = rule.priority.in_world(world) < own.priority.in_world(world);
                other != index && there(rule) && first && row[other]
            };
            row[index] && own.exists(world) && !(0..rules.len()).any(earlier)
        })
    }

    /// Whether some rules match everything that another does.
    fn covered(&self, index: usize, by: &[usize]) -> bool {
        let mut own = self.matches.iter().filter(|(row, _)| row[index]);
        own.all(|(row, _)| by.iter().any(|other| row[*other]))
    }
}

/// Which rules name an address on a side, for each address in each world.
fn sides(
    rules: &[Rule],
    v6: bool,
    side: Side,
    tags: &[&str],
    choices: &World,
    ground: &Ground,
) -> BTreeSet<Vec<bool>> {
    let mut found = BTreeSet::new();
    for number in address_classes(v6, &nsg::ranges(rules), &world::ranges(ground), |it| it) {
        for world in world::one_side(tags, ground, v6, side, number) {
            let world = world.with_choices_of(choices);
            let names = |rule: &Rule| rule.names(side, v6, number, ground, &world);
            found.insert(rules.iter().map(names).collect());
        }
    }
    found
}

/// Which rules match a packet's protocol and ports.
fn services(rules: &[Rule], v6: bool, choices: &World) -> BTreeSet<Vec<bool>> {
    let (source_ports, destination_ports) = nsg::ports(rules);
    let mut found = BTreeSet::new();
    for protocol in 0..6 {
        for source_port in port_classes(&source_ports) {
            for destination_port in port_classes(&destination_ports) {
                if protocol >= 2 && (source_port, destination_port) != (0, 0) {
                    continue;
                }
                let packet = Packet {
                    v6,
                    source: 0,
                    destination: 0,
                    protocol,
                    source_port,
                    destination_port,
                };
                let matches = |rule: &Rule| rule.matches_service(&packet, choices);
                found.insert(rules.iter().map(matches).collect());
            }
        }
    }
    found
}

fn document(rules: &[Rule]) -> Document {
    Document::Template(arm::template(&[rules], &arm::group("web", rules)))
}

fn index(semantics: &Semantics<'_>, rules: &[Rule], id: SecurityRuleId) -> usize {
    let meta = &semantics.network()[id].meta;
    let name = meta.name.value().unwrap();
    rules.iter().position(|rule| rule.name == **name).unwrap()
}

fn hidden(rules: &[Rule], exact: bool) -> Result<(), TestCaseError> {
    let v4 = Table::new(rules, false);
    let v6 = nsg::ranges(rules)
        .iter()
        .any(|range| range.v6)
        .then(|| Table::new(rules, true));
    let tables = || std::iter::once(&v4).chain(&v6);
    ask(&document(rules), |semantics| {
        let mut found = BTreeMap::new();
        for one in semantics.unreachable(NsgId(0)) {
            found.insert(index(semantics, rules, one.rule), one);
        }
        for (place, rule) in rules.iter().enumerate() {
            let rows = || tables().flat_map(|table| &table.matches);
            let decides = Table::decides(rows(), rules, place);
            let said = found.get(&place).map(|it| it.truth);
            if exact {
                let expected = (!decides).then_some(Truth::True);
                let certain = said.filter(|truth| *truth == Truth::True);
                prop_assert_eq!(certain, expected, "{}", rule.name);
            }
            match said {
                Some(Truth::True) => prop_assert!(!decides, "{} decides something", rule.name),
                None => prop_assert!(decides, "{} never decides", rule.name),
                Some(_) => {}
            }
            let Some(one) = found.get(&place) else {
                continue;
            };
            if one.truth != Truth::True {
                continue;
            }
            let cover: Vec<usize> = one
                .cover
                .iter()
                .map(|id| index(semantics, rules, *id))
                .collect();
            for table in tables() {
                prop_assert!(table.covered(place, &cover), "{}: {:?}", rule.name, cover);
            }
            for without in &cover {
                let others: Vec<usize> =
                    cover.iter().filter(|it| *it != without).copied().collect();
                let covered = tables().all(|table| table.covered(place, &others));
                prop_assert!(!covered, "{} needs no {without}: {:?}", rule.name, cover);
            }
            if exact {
                let acts = |at: &usize| rules[*at].allow != rule.allow;
                prop_assert_eq!(one.acts_otherwise, cover.iter().any(acts));
                let first = |at: &usize| {
                    let priority = |it: &Rule| it.priority.in_world(&World::default());
                    priority(&rules[*at]) < priority(rule) && rules[*at].inbound == rule.inbound
                };
                prop_assert!(cover.iter().all(first));
            }
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn exactly_the_rules_that_never_decide_are_hidden(rules in generate::rules(generate::PLAIN)) {
        hidden(&rules, true)?;
    }

    #[test]
    fn tags_hide_and_reveal_rules_by_what_is_documented_of_them(
        rules in generate::rules(generate::TAGS)
    ) {
        hidden(&rules, true)?;
    }

    #[test]
    fn a_rule_is_hidden_if_it_is_for_every_family(
        rules in generate::rules(generate::BOTH_FAMILIES)
    ) {
        hidden(&rules, true)?;
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_rule_is_hidden_for_certain_only_if_it_is_whatever_is_unknown(
        rules in generate::rules(generate::UNKNOWN)
    ) {
        let number: usize = parameters(rules.iter()).iter().map(|(_, of)| of).product();
        prop_assume!(number <= 100);
        hidden(&rules, false)?;
    }
}
