//! What a change of a group opens and closes.

use aznet::eval::value::Truth;
use aznet::model::{NsgId, SubnetId};
use aznet::semantics::Semantics;
use aznet::semantics::compare::{
    By, Comparison, Decision, Region, compare_groups, compare_subnets,
};
use aznet::semantics::packet::{Answer, Family, FlowSet};
use aznet::semantics::{Ruling, packet};
use proptest::prelude::*;

use crate::cases;
use crate::groups::{direction, document, ground, one, packets, some, worlds};
use crate::oracle::arm;
use crate::oracle::generate::{self, Menu};
use crate::oracle::nsg::{self, Rule, Value};
use crate::oracle::packet::Packet;
use crate::oracle::world::Ground;
use crate::pipeline::{Document, ask};

/// How a group is changed.
#[derive(Clone, Debug)]
enum Change {
    Remove(usize),
    Turn(usize),
    Swap(usize, usize),
    Replace(Vec<Rule>),
    Nothing,
}

fn change(menu: Menu) -> BoxedStrategy<Change> {
    let place = || 0usize..8;
    prop_oneof![
        2 => place().prop_map(Change::Remove),
        2 => place().prop_map(Change::Turn),
        3 => (place(), place()).prop_map(|(a, b)| Change::Swap(a, b)),
        2 => generate::rules(menu).prop_map(Change::Replace),
        1 => Just(Change::Nothing),
    ]
    .boxed()
}

fn changed(rules: &[Rule], change: &Change) -> Vec<Rule> {
    let mut new = rules.to_vec();
    let place = |at: &usize| at % rules.len().max(1);
    match change {
        _ if rules.is_empty() => {}
        Change::Remove(at) => {
            new.remove(place(at));
        }
        Change::Turn(at) => {
            let rule = &mut new[place(at)];
            if let Value::Known(allow) = rule.allow {
                rule.allow = Value::Known(!allow);
            }
        }
        Change::Swap(a, b) => {
            let (a, b) = (place(a), place(b));
            if new[a].inbound == new[b].inbound {
                let first = new[a].priority.clone();
                new[a].priority = new[b].priority.clone();
                new[b].priority = first;
            }
        }
        Change::Replace(other) => new.clone_from(other),
        Change::Nothing => {}
    }
    new
}

/// Two versions of a group on one subnet.
struct Versions<'r> {
    old: &'r [Rule],
    new: &'r [Rule],
    inbound: bool,
    ground: Ground,
}

/// Whether a packet goes from stopped to let through, and back, in each world.
fn differs(versions: &Versions<'_>, packet: &Packet) -> Vec<(bool, bool)> {
    let Versions {
        old,
        new,
        inbound,
        ground,
    } = versions;
    let all = worlds(&[old, new], ground, packet);
    let act = |rules, world| nsg::decide(rules, *inbound, packet, ground, world).allow;
    all.iter()
        .map(|world| match (act(old, world), act(new, world)) {
            (false, true) => (true, false),
            (true, false) => (false, true),
            _ => (false, false),
        })
        .collect()
}

fn whole(regions: &[Region]) -> Answer {
    let none = FlowSet::empty(Family::V4);
    let all = regions.iter().map(|region| &region.flows);
    Answer::exactly(all.fold(none, |all, one| all.union(one).unwrap()))
}

fn compared(
    menu: Menu,
    old: &[Rule],
    new: &[Rule],
    inbound: bool,
    from: usize,
) -> Result<(), TestCaseError> {
    // An export tells everything there is; a template leaves peers and gateways open.
    let exact = menu.tags.is_empty();
    let ground = Ground {
        open: !exact,
        ..ground()
    };
    let versions = Versions {
        old,
        new,
        inbound,
        ground,
    };
    let document = |rules| match document(Some(rules), None) {
        Document::Template(template) if exact => Document::Export(arm::export(&template)),
        document => document,
    };
    let both: Vec<Rule> = old.iter().chain(new).cloned().collect();
    ask(&document(old), |before| {
        ask(&document(new), |after| {
            let direction = direction(inbound);
            let found = if exact {
                let (old, new) = ((before, NsgId(0)), (after, NsgId(0)));
                compare_groups(old, new, direction, Family::V4)
            } else {
                let (old, new) = ((before, SubnetId(0)), (after, SubnetId(0)));
                compare_subnets(old, new, direction, Family::V4)
            };
            prop_assert!(found.undecided.is_none(), "{:?}", found.undecided);
            let (opened, closed) = (whole(&found.opened), whole(&found.closed));
            let all = packets(&both, &versions.ground, false);
            let mut seen = false;
            // Every packet for the verdict where that is quick, some for the regions.
            for packet in some(&all, 150, from) {
                let differs = differs(&versions, &packet);
                let one = one(before, &packet, direction);
                for (told, way) in [(&opened, 0), (&closed, 1)] {
                    let is = |it: &(bool, bool)| if way == 0 { it.0 } else { it.1 };
                    let truth = one.and(told).is_hit().truth;
                    let (every, any) = (differs.iter().all(is), differs.iter().any(is));
                    seen |= any;
                    prop_assert!(any || truth == Truth::False, "{way} {packet:?} is told");
                    prop_assert!(
                        !any || truth != Truth::False,
                        "{way} {packet:?} is not told"
                    );
                    if exact {
                        let expected = if every { Truth::True } else { Truth::False };
                        prop_assert_eq!(truth, expected, "{} {:?}", way, packet);
                    }
                }
                if differs.iter().all(|it| it.0 || it.1) {
                    prop_assert_eq!(found.equivalent, Truth::False, "{:?}", packet);
                }
            }
            match found.equivalent {
                Truth::True => {
                    prop_assert!(!seen && found.opened.is_empty() && found.closed.is_empty());
                }
                _ => prop_assert!(!(found.opened.is_empty() && found.closed.is_empty())),
            }
            regions(&versions, &found, (before, after))
        })
    })
}

/// Regions are apart from one another; each witness changes as it says, by the rules it names.
fn regions(
    versions: &Versions<'_>,
    found: &Comparison,
    (before, after): (&Semantics<'_>, &Semantics<'_>),
) -> Result<(), TestCaseError> {
    for (list, opened) in [(&found.opened, true), (&found.closed, false)] {
        for (at, region) in list.iter().enumerate() {
            for other in &list[at + 1..] {
                let both = Answer::exactly(region.flows.clone())
                    .and(&Answer::exactly(other.flows.clone()));
                prop_assert_eq!(both.is_hit().truth, Truth::False, "two regions meet");
            }
            let Some(flow): Option<&packet::Flow> = region.witness.as_ref() else {
                prop_assert!(!region.certain, "{region:?}");
                continue;
            };
            let packet = crate::groups::packet(flow);
            let differs = differs(versions, &packet);
            let is = |it: &(bool, bool)| if opened { it.0 } else { it.1 };
            prop_assert!(differs.iter().any(is), "{packet:?}");
            // With a tag in it, only in the worlds in which the tag holds the witness.
            let own = one(before, &packet, direction(versions.inbound));
            let held = own
                .and(&Answer::exactly(region.flows.clone()))
                .is_hit()
                .truth;
            let certain = region.certain && held == Truth::True;
            prop_assert!(!certain || differs.iter().all(is), "{packet:?}");
            for (rules, decision, semantics) in [
                (versions.old, &region.old, before),
                (versions.new, &region.new, after),
            ] {
                let ground = &versions.ground;
                let by: Vec<String> = worlds(&[versions.old, versions.new], ground, &packet)
                    .iter()
                    .map(|world| nsg::decide(rules, versions.inbound, &packet, ground, world).by)
                    .collect();
                let names = names(semantics, decision);
                prop_assert!(
                    by.iter().any(|name| names.contains(name)),
                    "{by:?} {names:?}"
                );
                if region.certain && decision.by.len() == 1 && differs.len() == 1 {
                    prop_assert_eq!(&names, &by);
                }
            }
        }
    }
    Ok(())
}

fn names(semantics: &Semantics<'_>, decision: &Decision) -> Vec<String> {
    let name = |by: &By| match by {
        By::Rule(_, Ruling::Custom(id)) => {
            let meta = &semantics.network()[*id].meta;
            meta.name.value().unwrap().to_string()
        }
        By::Rule(_, Ruling::Default(name)) => name.to_string(),
        By::Bypass => "bypass".to_owned(),
        other => format!("{other:?}"),
    };
    decision.by.iter().map(name).collect()
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn exactly_what_changes_is_told_to_open_and_to_close(
        rules in generate::rules(generate::PLAIN),
        change in change(generate::PLAIN),
        inbound in any::<bool>(),
        from in 0usize..10_000,
    ) {
        let new = changed(&rules, &change);
        compared(generate::PLAIN, &rules, &new, inbound, from)?;
    }

    #[test]
    fn a_change_of_rules_with_tags_is_told_where_some_world_has_it(
        rules in generate::rules(generate::TAGS),
        change in change(generate::TAGS),
        inbound in any::<bool>(),
        from in 0usize..10_000,
    ) {
        let new = changed(&rules, &change);
        compared(generate::TAGS, &rules, &new, inbound, from)?;
    }
}
