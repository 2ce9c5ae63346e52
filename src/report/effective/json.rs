//! The JSON of `effective`. The structs are the format.

use std::io;

use serde::Serialize;

use crate::engine::ask::effective::{Effective, EffectiveAsg, EffectiveRouteRow, EffectiveRule};
use crate::engine::ask::estate::Estate;
use crate::engine::ask::tell::Told;
use crate::engine::ask::words::{Direction, direction};
use crate::report::json::{At, Diagnostic, Missing, at, diagnostics, missing};
use crate::source::SourceMap;

/// Version of the format; it changes when a reader may break.
const VERSION: u32 = 1;

pub(super) fn write(
    estate: &Estate,
    answers: &[Effective],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let sources = &estate.sources;
    let several = answers.len() > 1;
    let document = Document {
        version: VERSION,
        only: answers
            .first()
            .filter(|_| !several)
            .map(|one| answer(sources, one)),
        answers: answers
            .iter()
            .filter(|_| several)
            .map(|one| answer(sources, one))
            .collect(),
        diagnostics: diagnostics(sources, &estate.diagnostics),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    /// The answer, where one deployment was asked.
    #[serde(flatten)]
    only: Option<Answer<'a>>,
    /// All answers, where several deployments were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<Answer<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    deployment: &'a str,
    name: &'a str,
    #[serde(flatten)]
    at: Option<At>,
    security_rules: Rules<'a>,
    /// Null for a group, which has none.
    routes: Option<Vec<Route<'a>>>,
    admin_rules: AdminRules<'a>,
    application_security_groups: Vec<Group<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Rules<'a> {
    inbound: Vec<Rule<'a>>,
    outbound: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    layer: &'static str,
    nsg: &'a str,
    name: &'a str,
    priority: Option<u32>,
    direction: &'static str,
    access: Option<&'static str>,
    protocol: &'a str,
    source: &'a [String],
    source_ports: &'a [String],
    destination: &'a [String],
    destination_ports: &'a [String],
    default: bool,
    standing: &'static str,
    dead: bool,
    /// Names of the rules that make it dead or superfluous.
    cover: Vec<&'a str>,
    /// Which part of what it matches it decides; null where that cannot be counted.
    live_share: Option<f64>,
    fix: Option<&'a str>,
    only_widened: bool,
    depends_on: Vec<Missing<'a>>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
struct AdminRules<'a> {
    inbound: Vec<AdminRule<'a>>,
    outbound: Vec<AdminRule<'a>>,
}

#[derive(Serialize)]
struct AdminRule<'a> {
    name: &'a str,
    priority: Option<u32>,
    action: Option<&'static str>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Route<'a> {
    subnet: &'a str,
    prefix: &'a str,
    next_hop_type: Option<&'static str>,
    /// Several: it is not known which, or packets are spread among them.
    next_hop_types: &'a [&'static str],
    next_hop_ip_address: Option<&'a str>,
    next_hop_ip_addresses: &'a [String],
    source: &'static str,
    state: &'static str,
    certain: bool,
    name: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    members: Vec<Member<'a>>,
    complete: bool,
}

#[derive(Serialize)]
struct Member<'a> {
    name: &'a str,
    addresses: &'a [String],
}

fn answer<'a>(sources: &SourceMap, answer: &'a Effective) -> Answer<'a> {
    let rules = |wanted: Direction| {
        let of = answer.rules.iter().filter(|rule| rule.direction == wanted);
        of.map(|one| rule(sources, one)).collect()
    };
    let admin = |wanted: Direction| {
        let rules = answer.admin_rules.iter();
        rules
            .filter(|rule| rule.direction == wanted)
            .map(|rule| admin(sources, &rule.told))
            .collect()
    };
    Answer {
        deployment: &answer.deployment,
        name: &answer.name,
        at: answer.place.map(|span| at(sources, span)),
        security_rules: Rules {
            inbound: rules(Direction::Inbound),
            outbound: rules(Direction::Outbound),
        },
        routes: answer.has_routes.then(|| {
            answer
                .routes
                .iter()
                .map(|one| route(sources, one))
                .collect()
        }),
        admin_rules: AdminRules {
            inbound: admin(Direction::Inbound),
            outbound: admin(Direction::Outbound),
        },
        application_security_groups: answer.groups.iter().map(group).collect(),
        notes: &answer.notes,
    }
}

fn rule<'a>(sources: &SourceMap, rule: &'a EffectiveRule) -> Rule<'a> {
    Rule {
        layer: rule.layer,
        nsg: &rule.nsg,
        name: &rule.told.name,
        priority: rule.told.priority,
        direction: direction(rule.direction),
        access: rule.told.access,
        protocol: &rule.protocol,
        source: &rule.source,
        source_ports: &rule.source_ports,
        destination: &rule.destination,
        destination_ports: &rule.destination_ports,
        default: rule.told.kind == "default-rule",
        standing: rule.standing,
        dead: rule.dead,
        cover: rule.cover.iter().map(|told| told.name.as_str()).collect(),
        live_share: rule.live_share,
        fix: rule.fix.as_deref(),
        only_widened: rule.only_widened,
        depends_on: missing(sources, &rule.depends_on),
        at: rule.told.place.map(|span| at(sources, span)),
    }
}

fn admin<'a>(sources: &SourceMap, told: &'a Told) -> AdminRule<'a> {
    AdminRule {
        name: &told.name,
        priority: told.priority,
        action: told.access,
        at: told.place.map(|span| at(sources, span)),
    }
}

fn route<'a>(sources: &SourceMap, route: &'a EffectiveRouteRow) -> Route<'a> {
    Route {
        subnet: &route.subnet,
        prefix: &route.prefix,
        next_hop_type: match route.next_hop_types.as_slice() {
            [one] => Some(*one),
            _ => None,
        },
        next_hop_types: &route.next_hop_types,
        next_hop_ip_address: match route.next_hop_addresses.as_slice() {
            [one] => Some(one),
            _ => None,
        },
        next_hop_ip_addresses: &route.next_hop_addresses,
        source: route.source,
        state: route.state,
        certain: route.certain,
        name: route.name.as_deref(),
        at: route.place.map(|span| at(sources, span)),
    }
}

fn group(group: &EffectiveAsg) -> Group<'_> {
    Group {
        name: &group.name,
        members: group
            .members
            .iter()
            .map(|(name, addresses)| Member { name, addresses })
            .collect(),
        complete: group.complete,
    }
}
