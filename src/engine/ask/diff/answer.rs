//! What a comparison says, as plain data.

use std::sync::Arc;

use super::super::tell::Told;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::engine::prepare::path_of;
use crate::policy::finding::MissingInput;
use crate::semantics::packet::Flow;
use crate::source::{SourceMap, Span};

/// What changed.
#[derive(Debug)]
pub struct Diff {
    /// The files of both versions.
    pub sources: [SourceMap; 2],
    /// What the versions are called.
    pub names: [String; 2],
    /// What is wrong with the files of each.
    pub diagnostics: [Vec<Diagnostic>; 2],
    /// Files of a revision that could not be read, and why.
    pub problems: [Vec<(String, String)>; 2],
    /// The security groups.
    pub groups: Vec<Subject>,
    /// The subnets.
    pub subnets: Vec<Subject>,
    /// The network interfaces with a group of their own in one of the versions.
    pub interfaces: Vec<Subject>,
    /// Deployments that only one version has: name, and whether that is the new one.
    pub alone: Vec<(Arc<str>, bool)>,
    /// Modules that are not here in one of the versions, or in both: what they create is not
    /// compared.
    pub absent: Vec<AbsentTold>,
    /// What the comparison leaves out.
    pub notes: Vec<String>,
}

/// A module whose files are not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentTold {
    /// The address of its call.
    pub address: Arc<str>,
    /// Where it comes from, as it is written.
    pub source: Arc<str>,
    /// The deployment that calls it.
    pub deployment: Arc<str>,
    /// Where it is called, in the versions in which it is not here.
    pub calls: [Option<Span>; 2],
}

/// A security group, subnet or network interface.
#[derive(Debug)]
pub struct Subject {
    /// What a person calls it.
    pub name: String,
    /// The deployment it belongs to.
    pub deployment: Arc<str>,
    /// What the old version calls it, if that is something else.
    pub was: Option<String>,
    /// In which versions it is.
    pub presence: Presence,
    /// What would have to be known to tell whether it is there, if that is not the same in both
    /// versions; without places.
    pub existence: Vec<MissingInput>,
    /// The module it belongs to, if it is in one version alone and the other one calls that module
    /// without having it: then it may be in both.
    pub absent: Option<Arc<str>>,
    /// Where it is written, in the newest version that has it.
    pub place: Option<Span>,
    /// The group on it before and after, of subnets and network interfaces.
    pub attached: Option<[String; 2]>,
    /// Whether both versions let the same packets through, if that is known.
    pub equivalent: Option<bool>,
    /// What the new version lets through and the old one does not.
    pub opened: Vec<RegionTold>,
    /// What the old version lets through and the new one does not.
    pub closed: Vec<RegionTold>,
    /// What opened, by the rules behind it.
    pub opened_briefly: Vec<BriefTold>,
    /// What closed, by the rules behind it.
    pub closed_briefly: Vec<BriefTold>,
    /// Rules that never decide a packet now, and did before or were not there.
    pub unreachable: Vec<DeadTold>,
    /// Whether `VirtualNetwork` means other addresses now: each version is read with its own.
    pub network_changed: bool,
    /// Whether the change is that of the group on it and nothing else.
    pub as_its_group: bool,
    /// Limits that were exceeded.
    pub undecided: Vec<&'static str>,
}

/// In which versions something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Presence {
    Both,
    Added,
    Removed,
}

/// Packets that change, in words.
#[derive(Clone, Debug)]
pub struct RegionTold {
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// Whether they change in every world.
    pub certain: bool,
    /// Lower case; empty: all.
    pub protocols: Vec<String>,
    /// Addresses, ranges, tags; `*` is all.
    pub source: Vec<String>,
    /// What `source` does not mean.
    pub source_except: Vec<String>,
    /// Ports and ranges; `*` is all.
    pub source_ports: Vec<String>,
    /// Addresses, ranges, tags.
    pub destination: Vec<String>,
    /// What `destination` does not mean.
    pub destination_except: Vec<String>,
    /// Ports and ranges.
    pub destination_ports: Vec<String>,
    /// One of the packets.
    pub witness: Option<Flow>,
    /// What decides them in the old version.
    pub old: DecisionTold,
    /// What decides them in the new version.
    pub new: DecisionTold,
    /// What would have to be known, if they change only perhaps; without places.
    pub needs: Vec<MissingInput>,
}

/// Regions that the same rules decide, together.
#[derive(Clone, Debug)]
pub struct BriefTold {
    /// What holds them all; everything else is that of the largest.
    pub region: RegionTold,
    /// How many regions they are.
    pub parts: usize,
    /// Whether the conditions mean no more than these regions.
    pub exact: bool,
    /// Which protocols are not meant.
    pub protocols_except: Vec<String>,
    /// Which source ports are not meant.
    pub source_ports_except: Vec<String>,
    /// Which destination ports are not meant.
    pub destination_ports_except: Vec<String>,
}

/// What decides packets in one version; places are in that version's files.
#[derive(Clone, Debug)]
pub struct DecisionTold {
    /// `Allow` or `Deny`, if that is certain.
    pub access: Option<&'static str>,
    /// One for each group on the way, or all that may decide.
    pub by: Vec<Told>,
}

/// A rule that never decides a packet in the new version.
#[derive(Clone, Debug)]
pub struct DeadTold {
    /// The rule.
    pub rule: Told,
    /// What hides it.
    pub cover: Vec<Told>,
    /// Whether something of that does the opposite.
    pub acts_otherwise: bool,
    /// Whether the old version did not have it.
    pub added: bool,
}

impl Diff {
    /// Whether something could not be read: exit code 2.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        let mut diagnostics = self.diagnostics.iter().flatten();
        diagnostics.any(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
            || self.problems.iter().any(|problems| !problems.is_empty())
    }

    /// What people are told of the files of each version: of the new one everything, of the old one
    /// only what could not be read, unless the new one says the same.
    #[must_use]
    pub fn told_once(&self) -> [Vec<Diagnostic>; 2] {
        let [old, new] = &self.diagnostics;
        let [old_sources, new_sources] = &self.sources;
        let again = |one: &Diagnostic| {
            new.iter().any(|other| {
                let path = |sources, it: &Diagnostic| {
                    let label = it.primary.as_ref();
                    label.map(|label| path_of(sources, label.span))
                };
                (other.code, &other.message) == (one.code, &one.message)
                    && path(new_sources, other) == path(old_sources, one)
            })
        };
        let told = |one: &&Diagnostic| one.kind == DiagnosticKind::Unreadable && !again(one);
        [old.iter().filter(told).cloned().collect(), new.clone()]
    }

    /// Everything that was compared.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        let behind = self.subnets.iter().chain(&self.interfaces);
        self.groups.iter().chain(behind)
    }

    /// Whether both versions let the same packets through, if that is known.
    #[must_use]
    pub fn equivalent(&self) -> Option<bool> {
        let whole = !self.is_incomplete() && self.absent.is_empty();
        let start = whole.then_some(true);
        self.subjects()
            .fold(start, |all, subject| both(all, subject.equivalent))
    }

    /// Whether some region opened, or closed; `strict` counts those that perhaps did.
    #[must_use]
    pub fn has(&self, opened: bool, strict: bool) -> bool {
        self.subjects().any(|subject| {
            let regions = if opened {
                &subject.opened
            } else {
                &subject.closed
            };
            regions.iter().any(|region| region.certain || strict)
                || (strict && !subject.undecided.is_empty())
        }) || (strict && !self.absent.is_empty())
    }
}

/// Whether two things hold, each if that is known.
pub(super) fn both(first: Option<bool>, second: Option<bool>) -> Option<bool> {
    match (first, second) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}
