//! The JSON of `diff`. The structs are the format.

use std::io;

use serde::Serialize;

use crate::engine::ask::diff::{DeadTold, DecisionTold, Diff, Presence, RegionTold, Subject};
use crate::engine::ask::tell::Told;
use crate::report::json::{At, Diagnostic, Missing, Packet, at, diagnostics, missing, packet};
use crate::source::SourceMap;

/// Version of the format; it changes when a reader may break.
const VERSION: u32 = 1;

pub(super) fn write(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(diff))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    /// Null: not known.
    equivalent: Option<bool>,
    old: Version<'a>,
    new: Version<'a>,
    security_groups: Vec<Item<'a>>,
    subnets: Vec<Item<'a>>,
    network_interfaces: Vec<Item<'a>>,
    /// Deployments that only one version has.
    added_deployments: Vec<&'a str>,
    removed_deployments: Vec<&'a str>,
    /// Modules that are not here: what they create is not compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    absent_modules: Vec<Absent<'a>>,
    /// What the comparison leaves out.
    notes: &'a [String],
}

#[derive(Serialize)]
struct Version<'a> {
    name: &'a str,
    diagnostics: Vec<Diagnostic<'a>>,
    unreadable: Vec<Unreadable<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Absent<'a> {
    address: &'a str,
    source: &'a str,
    deployment: &'a str,
    /// Where the old version calls it without having it.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<At>,
    /// Where the new version does.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<At>,
}

#[derive(Serialize)]
struct Unreadable<'a> {
    path: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    name: &'a str,
    deployment: &'a str,
    /// What the old version calls it, if that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'a str>,
    /// `both`, `added` or `removed`.
    presence: &'static str,
    /// The module it belongs to, which the other version calls without having it: it may be in
    /// both.
    #[serde(skip_serializing_if = "Option::is_none")]
    absent_module: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
    /// What is attached, of subnets and network interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    security_group: Option<Attached<'a>>,
    /// Null: not known.
    equivalent: Option<bool>,
    opened: Vec<Region<'a>>,
    closed: Vec<Region<'a>>,
    unreachable: Vec<Dead<'a>>,
    /// `VirtualNetwork` means other addresses in the new version; each is read with its own.
    network_changed: bool,
    /// Limits that were exceeded: nothing is listed then.
    undecided: &'a [&'static str],
    /// What decides whether it is there, if that is not the same in both versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    existence_depends_on: Vec<Missing<'a>>,
}

#[derive(Serialize)]
struct Attached<'a> {
    old: &'a str,
    new: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region<'a> {
    direction: &'static str,
    /// Whether the packets change whatever is not known.
    certain: bool,
    /// `*` is all.
    protocols: Vec<&'a str>,
    source: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    source_except: &'a [String],
    source_ports: &'a [String],
    destination: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    destination_except: &'a [String],
    destination_ports: &'a [String],
    witness: Option<Packet>,
    old: Decision<'a>,
    new: Decision<'a>,
    depends_on: Vec<Missing<'a>>,
}

#[derive(Serialize)]
struct Decision<'a> {
    /// Null: it depends.
    access: Option<&'static str>,
    #[serde(flatten)]
    first: Option<Decider<'a>>,
    /// Of the other groups on the way, or what else may decide.
    others: Vec<Decider<'a>>,
}

#[derive(Serialize)]
struct Decider<'a> {
    kind: &'static str,
    rule: &'a str,
    priority: Option<u32>,
    resource: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dead<'a> {
    #[serde(flatten)]
    rule: Decider<'a>,
    cover: Vec<&'a str>,
    acts_otherwise: bool,
    /// Whether the old version did not have the rule.
    added: bool,
}

fn document(diff: &Diff) -> Document<'_> {
    let version = |index: usize| Version {
        name: &diff.names[index],
        diagnostics: diagnostics(&diff.sources[index], &diff.diagnostics[index]),
        unreadable: diff.problems[index]
            .iter()
            .map(|(path, why)| Unreadable { path, why })
            .collect(),
    };
    let alone = |new: bool| {
        let all = diff.alone.iter().filter(move |(_, added)| *added == new);
        all.map(|(name, _)| &**name).collect()
    };
    Document {
        version: VERSION,
        equivalent: diff.equivalent(),
        old: version(0),
        new: version(1),
        security_groups: all(diff, &diff.groups),
        subnets: all(diff, &diff.subnets),
        network_interfaces: all(diff, &diff.interfaces),
        added_deployments: alone(true),
        removed_deployments: alone(false),
        absent_modules: absent(diff),
        notes: &diff.notes,
    }
}

fn absent(diff: &Diff) -> Vec<Absent<'_>> {
    let told = diff.absent.iter().map(|one| {
        let [old, new] = &one.calls;
        Absent {
            address: &one.address,
            source: &one.source,
            deployment: &one.deployment,
            old: old.map(|span| at(&diff.sources[0], span)),
            new: new.map(|span| at(&diff.sources[1], span)),
        }
    });
    told.collect()
}

fn all<'a>(diff: &'a Diff, subjects: &'a [Subject]) -> Vec<Item<'a>> {
    subjects
        .iter()
        .map(|subject| {
            let own = usize::from(subject.presence != Presence::Removed);
            let regions = |regions: &'a [RegionTold]| {
                let all = regions.iter();
                all.map(|one| region(&diff.sources, one)).collect()
            };
            Item {
                name: &subject.name,
                deployment: &subject.deployment,
                was: subject.was.as_deref(),
                presence: match subject.presence {
                    Presence::Both => "both",
                    Presence::Added => "added",
                    Presence::Removed => "removed",
                },
                absent_module: subject.absent.as_deref(),
                at: subject.place.map(|span| at(&diff.sources[own], span)),
                security_group: subject
                    .attached
                    .as_ref()
                    .map(|[old, new]| Attached { old, new }),
                equivalent: subject.equivalent,
                opened: regions(&subject.opened),
                closed: regions(&subject.closed),
                unreachable: subject
                    .unreachable
                    .iter()
                    .map(|one| dead(&diff.sources[1], one))
                    .collect(),
                network_changed: subject.network_changed,
                undecided: &subject.undecided,
                existence_depends_on: missing(&diff.sources[own], &subject.existence),
            }
        })
        .collect()
}

fn region<'a>(sources: &[SourceMap; 2], region: &'a RegionTold) -> Region<'a> {
    let protocols: Vec<&str> = region.protocols.iter().map(String::as_str).collect();
    Region {
        direction: region.direction,
        certain: region.certain,
        protocols: match protocols.is_empty() {
            true => vec!["*"],
            false => protocols,
        },
        source: &region.source,
        source_except: &region.source_except,
        source_ports: &region.source_ports,
        destination: &region.destination,
        destination_except: &region.destination_except,
        destination_ports: &region.destination_ports,
        witness: region.witness.as_ref().map(packet),
        old: decision(&sources[0], &region.old),
        new: decision(&sources[1], &region.new),
        depends_on: missing(&sources[1], &region.needs),
    }
}

fn decision<'a>(sources: &SourceMap, decision: &'a DecisionTold) -> Decision<'a> {
    let mut by = decision.by.iter().map(|told| decider(sources, told));
    Decision {
        access: decision.access,
        first: by.next(),
        others: by.collect(),
    }
}

fn decider<'a>(sources: &SourceMap, told: &'a Told) -> Decider<'a> {
    Decider {
        kind: told.kind,
        rule: &told.name,
        priority: told.priority,
        resource: told.resource.as_deref(),
        at: told.place.map(|span| at(sources, span)),
    }
}

fn dead<'a>(sources: &SourceMap, dead: &'a DeadTold) -> Dead<'a> {
    Dead {
        rule: decider(sources, &dead.rule),
        cover: dead.cover.iter().map(|told| told.name.as_str()).collect(),
        acts_otherwise: dead.acts_otherwise,
        added: dead.added,
    }
}
