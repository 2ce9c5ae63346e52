//! Security rules in force, with what each is good for.

use std::collections::BTreeSet;

use super::{EffectiveAsg, EffectiveRule, Post};
use crate::engine::ask::tell::{Teller, name_of};
use crate::eval::value::Truth;
use crate::model::address::{AddressPrefix, PortRange, Protocol, ProtocolMatch};
use crate::model::nsg::Direction;
use crate::model::{AsgId, Field, Link, List, Network, NsgId, SecurityRuleId, State};
use crate::policy::judge::reasons;
use crate::semantics::anomalies::{Fix, RuleStanding, Standing};
use crate::semantics::compare::families_of_group;
use crate::semantics::{Ruling, Semantics};

/// The rules of a group at its place, in the order they are asked. `semantics` are those in which
/// routes widen `VirtualNetwork`, then those in which they do not.
pub(super) fn of(
    teller: &Teller<'_>,
    [widened, plain]: [&Semantics<'_>; 2],
    post: &Post,
    direction: Direction,
) -> Vec<EffectiveRule> {
    let otherwise = standings(plain, post, direction);
    let rows = standings(widened, post, direction).into_iter();
    rows.map(|mut standing| {
        let same = |other: &&RuleStanding| other.rule == standing.rule;
        let other = otherwise.iter().find(same);
        let only_widened =
            other.is_some_and(|other| is_useless(standing.standing) && !is_useless(other.standing));
        if only_widened {
            // What to do about a rule does not rest on a reading.
            standing.fix = None;
        }
        EffectiveRule {
            only_widened,
            ..row(teller, post, direction, &standing)
        }
    })
    .collect()
}

/// What each rule of a group is good for in both families.
fn standings(semantics: &Semantics<'_>, post: &Post, direction: Direction) -> Vec<RuleStanding> {
    let mut lists = families_of_group(semantics, post.nsg)
        .into_iter()
        .map(|family| semantics.standings(post.nsg, post.scope, direction, family));
    let Some(first) = lists.next() else {
        return Vec::new();
    };
    let others: Vec<Vec<RuleStanding>> = lists.collect();
    let merged = first.into_iter().map(|standing| {
        others.iter().fold(standing, |all, list| {
            match list.iter().find(|one| one.rule == all.rule) {
                Some(other) => together(all, other),
                None => all,
            }
        })
    });
    merged.collect()
}

/// Whether nothing changes without a rule.
fn is_useless(standing: Standing) -> bool {
    match standing {
        Standing::Empty
        | Standing::Shadowed
        | Standing::RedundantBefore
        | Standing::RedundantAfter
        | Standing::DefaultEqual => true,
        Standing::Live | Standing::ExceptionEaten | Standing::Undetermined => false,
    }
}

/// Tells of rules that Azure refuses beside each other.
pub(super) fn contradictions(teller: &Teller<'_>, nsg: NsgId, notes: &mut Vec<String>) {
    let network = teller.network;
    let mut seen: Vec<(Direction, u32, SecurityRuleId)> = Vec::new();
    let mut told: BTreeSet<(Direction, u32)> = BTreeSet::new();
    for id in &network[nsg].rules.items {
        let rule = &network[*id];
        let (Some(direction), Some(priority)) = (rule.direction.value(), rule.priority.value())
        else {
            continue;
        };
        if rule.meta.existence.truth == Truth::False {
            continue;
        }
        let key = (*direction, *priority);
        let other = seen.iter().find(|(d, p, _)| (*d, *p) == key);
        if let (Some((.., other)), true) = (other, told.insert(key)) {
            notes.push(format!(
                "`{}` and `{}` of `{}` both have the priority {priority}, which Azure refuses: \
                 either may come first",
                name_of(&network[*other].meta),
                name_of(&rule.meta),
                name_of(&network[nsg].meta)
            ));
        } else if other.is_none() {
            told.remove(&key);
            seen.push((*direction, *priority, *id));
        }
    }
    if network[nsg].rules.rest.is_some() || network[nsg].meta.existing {
        notes.push(format!(
            "`{}` may have rules that these files do not tell",
            name_of(&network[nsg].meta)
        ));
    }
}

/// The application security groups that rules name, with their members.
pub(super) fn application_groups(network: &Network, posts: &[Post]) -> Vec<EffectiveAsg> {
    let mut ids: BTreeSet<AsgId> = BTreeSet::new();
    for post in posts {
        for rule in &network[post.nsg].rules.items {
            let rule = &network[*rule];
            for field in rule.source.items.iter().chain(&rule.destination.items) {
                if let Some(AddressPrefix::Asg(Link::Here(id))) = field.value() {
                    ids.insert(*id);
                }
            }
        }
    }
    ids.into_iter()
        .map(|id| {
            let group = &network[id];
            let members = group.members.items.iter().map(|nic| {
                let interface = &network[*nic];
                let addresses = interface
                    .ip_configurations
                    .items
                    .iter()
                    .filter_map(|it| it.private_address.value())
                    .map(ToString::to_string);
                (name_of(&interface.meta), addresses.collect())
            });
            EffectiveAsg {
                name: name_of(&group.meta),
                members: members.collect(),
                complete: group.members.rest.is_none() && !group.meta.existing,
            }
        })
        .collect()
}

fn row(
    teller: &Teller<'_>,
    post: &Post,
    direction: Direction,
    standing: &RuleStanding,
) -> EffectiveRule {
    let network = teller.network;
    let told = teller.ruling(post.nsg, &standing.rule, None);
    let any = || vec!["*".to_owned()];
    let (protocol, source, source_ports, destination, destination_ports) = match &standing.rule {
        Ruling::Custom(id) => {
            let rule = &network[*id];
            (
                protocol(&rule.protocol),
                list(&rule.source, |it| prefix(network, it)),
                list(&rule.source_ports, |it| ports(*it)),
                list(&rule.destination, |it| prefix(network, it)),
                list(&rule.destination_ports, |it| ports(*it)),
            )
        }
        Ruling::Default(name) => {
            let (source, destination) = teller.default_rule(name);
            (
                "*".to_owned(),
                vec![source],
                any(),
                vec![destination],
                any(),
            )
        }
        Ruling::Rest => (
            "?".to_owned(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
        ),
    };
    let dead = matches!(
        standing.standing,
        Standing::Empty | Standing::Shadowed | Standing::RedundantBefore
    );
    EffectiveRule {
        layer: post.layer,
        nsg: name_of(&network[post.nsg].meta),
        direction,
        told,
        protocol,
        source,
        source_ports,
        destination,
        destination_ports,
        standing: standing_word(standing.standing),
        dead,
        cover: standing
            .cover
            .iter()
            .map(|rule| teller.ruling(post.nsg, rule, None))
            .collect(),
        live_share: standing.live_share,
        fix: standing.fix.as_ref().and_then(|fix| match fix {
            Fix::Move { before, priority } => Some(format!(
                "move it before `{}`, to priority {priority}",
                name_of(&network[*before].meta)
            )),
            Fix::Delete => Some("delete it: nothing changes".to_owned()),
            Fix::Narrow(_) => None,
        }),
        depends_on: match standing.standing {
            Standing::Undetermined => reasons::missing(&standing.unknowns),
            _ => Vec::new(),
        },
        only_widened: false,
    }
}

/// What a rule is good for in two families: alive in one is alive, and what matches nothing in one
/// has no say there.
fn together(a: RuleStanding, b: &RuleStanding) -> RuleStanding {
    let rank = |standing: Standing| match standing {
        Standing::Live => 0,
        Standing::ExceptionEaten => 1,
        Standing::Undetermined => 2,
        Standing::RedundantAfter => 3,
        Standing::DefaultEqual => 4,
        Standing::Shadowed => 5,
        Standing::RedundantBefore => 6,
        Standing::Empty => 7,
    };
    let is_dead = |standing: Standing| matches!(rank(standing), 5 | 6);
    let both = is_dead(a.standing) && is_dead(b.standing);
    let (mut best, other) = match rank(a.standing) <= rank(b.standing) {
        true => (a, b.clone()),
        false => (b.clone(), a),
    };
    if both {
        let more = other
            .cover
            .into_iter()
            .filter(|rule| !best.cover.contains(rule))
            .collect::<Vec<_>>();
        best.cover.extend(more);
        best.fix = best.fix.filter(|fix| other.fix.as_ref() == Some(fix));
    } else if other.standing != Standing::Empty {
        best.fix = None;
        best.live_share = None;
    }
    best
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Live => "live",
        Standing::Empty => "empty",
        Standing::Shadowed => "shadowed",
        Standing::RedundantBefore => "redundant-before",
        Standing::RedundantAfter => "redundant-after",
        Standing::ExceptionEaten => "exception-eaten",
        Standing::DefaultEqual => "default-equal",
        Standing::Undetermined => "undetermined",
    }
}

fn list<T>(list: &List<Field<T>>, word: impl Fn(&T) -> String) -> Vec<String> {
    let mut words: Vec<String> = list
        .items
        .iter()
        .filter(|item| !item.is_absent())
        .map(|item| field(item, &word))
        .collect();
    if let Some(rest) = &list.rest {
        words.push(format!("… ({})", rest.label));
    }
    words
}

fn field<T>(field: &Field<T>, word: impl Fn(&T) -> String) -> String {
    match &field.state {
        State::Known(value) => word(value),
        State::Unknown(unknown, candidates) => match candidates.as_deref() {
            Some(candidates @ [_, ..]) if candidates.len() <= 4 => {
                let all: Vec<String> = candidates.iter().map(word).collect();
                format!("{} ({})", all.join("|"), unknown.label)
            }
            _ => format!("({})", unknown.label),
        },
        State::Absent => String::new(),
        State::Invalid { raw, .. } => format!("{raw} (not valid)"),
    }
}

fn protocol(protocol: &Field<ProtocolMatch>) -> String {
    field(protocol, |protocol| {
        match protocol {
            ProtocolMatch::Any => "*",
            ProtocolMatch::Only(Protocol::Tcp) => "Tcp",
            ProtocolMatch::Only(Protocol::Udp) => "Udp",
            ProtocolMatch::Only(Protocol::Icmp) => "Icmp",
            ProtocolMatch::Only(Protocol::Esp) => "Esp",
            ProtocolMatch::Only(Protocol::Ah) => "Ah",
            ProtocolMatch::Only(Protocol::Other) => "Other",
        }
        .to_owned()
    })
}

fn ports(range: PortRange) -> String {
    crate::engine::ask::words::ports(&[range])
}

fn prefix(network: &Network, prefix: &AddressPrefix) -> String {
    match prefix {
        AddressPrefix::Any => "*".to_owned(),
        AddressPrefix::Block(block) if block.prefix_len() == block.max_prefix_len() => {
            block.addr().to_string()
        }
        AddressPrefix::Block(block) => block.to_string(),
        AddressPrefix::Range(first, last) => format!("{first}-{last}"),
        AddressPrefix::Tag(tag) => tag.name().to_owned(),
        AddressPrefix::Asg(Link::Here(id)) => name_of(&network[*id].meta),
        AddressPrefix::Asg(Link::External(key)) => key.within_deployment().to_owned(),
    }
}
