//! `json`: everything a run found, for programs.
//!
//! The structs are the format. They are written out here and nowhere shared, so that the format
//! changes only on purpose, together with [`VERSION`].

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::place::{Place, Unit, place};
use super::{Emitter, Style};
use crate::diagnostic::DiagnosticKind;
use crate::engine::Report;
use crate::policy::finding::{self, FindingVerdict};
use crate::semantics::packet::Flow;
use crate::source::{SourceMap, Span};

/// Version of the format; its first part changes when a reader may break.
pub const VERSION: &str = "1.0";

/// Writes the format.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Emitter for Json {
    fn emit(&self, report: &Report, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &document(report))?;
        out.write_all(b"\n")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: &'static str,
    tool: Tool,
    findings: Vec<Finding<'a>>,
    undetermined_groups: Vec<Group<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule: &'a str,
    severity: &'static str,
    verdict: &'static str,
    message: &'a str,
    #[serde(flatten)]
    at: At,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    resource: &'a str,
    security_rule: Option<&'a str>,
    witness: Option<Packet>,
    fix: Option<&'a str>,
    fingerprint: &'a str,
    instances: Vec<Instance<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    environments: Vec<Extent<'a>>,
    related: Vec<Related<'a>>,
    unknowns: Vec<Missing<'a>>,
}

/// A place: the path from the root, lines and columns (in characters) from one, the end exclusive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct At {
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    /// What a part of a generated file was generated from.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<Box<DeclaredAt>>,
}

/// What it is called there, for people, and where it stands, if that was found.
#[derive(Serialize)]
struct DeclaredAt {
    name: String,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Packet {
    source: String,
    destination: String,
    protocol: String,
    source_port: u16,
    destination_port: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Instance<'a> {
    deployment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    verdict: &'static str,
    witness: Option<Packet>,
}

/// In which environments of a template with several a finding holds, where inputs are missing, and
/// where it does not.
#[derive(Serialize)]
struct Extent<'a> {
    template: &'a str,
    violated: Vec<&'a str>,
    undetermined: Vec<&'a str>,
    absent: Vec<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Related<'a> {
    #[serde(flatten)]
    at: At,
    message: &'a str,
}

#[derive(Serialize)]
pub(super) struct Missing<'a> {
    what: &'a str,
    #[serde(flatten)]
    at: Option<At>,
    settle: &'a str,
}

/// Undetermined findings of one rule that wait for the same inputs.
#[derive(Serialize)]
struct Group<'a> {
    rule: &'a str,
    missing: Vec<&'a str>,
    /// Fingerprints.
    findings: Vec<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Diagnostic<'a> {
    code: &'a str,
    severity: &'static str,
    /// Whether something is missing from the report because of it.
    unreadable: bool,
    message: &'a str,
    #[serde(flatten)]
    at: Option<At>,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    files: usize,
    deployments: usize,
    resources: usize,
    security_rules: usize,
    undetermined: usize,
    elsewhere: usize,
    undetermined_counted: BTreeMap<&'a str, usize>,
    not_judged: BTreeMap<&'a str, usize>,
    unreadable: Vec<&'a str>,
    unused_files: Vec<&'a str>,
    assumptions: Vec<&'a str>,
}

fn document(report: &Report) -> Document<'_> {
    let sources = &report.sources;
    Document {
        version: VERSION,
        tool: Tool {
            name: "aznet",
            version: env!("CARGO_PKG_VERSION"),
        },
        findings: report
            .findings
            .iter()
            .map(|finding| finding_of(finding, sources))
            .collect(),
        undetermined_groups: groups(report),
        diagnostics: diagnostics(sources, &report.diagnostics),
        summary: summary(report),
    }
}

/// What is wrong with the inputs.
pub(super) fn diagnostics<'a>(
    sources: &SourceMap,
    diagnostics: &'a [crate::diagnostic::Diagnostic],
) -> Vec<Diagnostic<'a>> {
    diagnostics
        .iter()
        .map(|diagnostic| Diagnostic {
            code: diagnostic.code,
            severity: diagnostic.severity.as_str(),
            unreadable: diagnostic.kind == DiagnosticKind::Unreadable,
            message: &diagnostic.message,
            at: diagnostic
                .primary
                .as_ref()
                .map(|label| at(sources, label.span)),
            help: diagnostic.help.as_deref(),
            related: diagnostic
                .related
                .iter()
                .map(|label| Related {
                    at: at(sources, label.span),
                    message: &label.text,
                })
                .collect(),
        })
        .collect()
}

/// Inputs that would settle something.
pub(super) fn missing<'a>(
    sources: &SourceMap,
    inputs: &'a [finding::MissingInput],
) -> Vec<Missing<'a>> {
    inputs
        .iter()
        .map(|missing| Missing {
            what: &missing.what,
            at: missing.place.map(|span| at(sources, span)),
            settle: &missing.settle,
        })
        .collect()
}

fn finding_of<'a>(finding: &'a finding::Finding, sources: &SourceMap) -> Finding<'a> {
    Finding {
        rule: &finding.rule,
        severity: finding.severity.as_str(),
        verdict: verdict(finding.verdict),
        message: &finding.message,
        at: at(sources, finding.primary.span),
        label: &finding.primary.text,
        resource: &finding.resource,
        security_rule: finding.security_rule.as_deref(),
        witness: finding.witness.as_ref().map(packet),
        fix: finding.fix.as_deref(),
        fingerprint: &finding.fingerprint,
        instances: finding
            .instances
            .iter()
            .map(|instance| Instance {
                deployment: &instance.deployment,
                environment: instance.environment.as_deref(),
                resource: &instance.resource,
                source: instance.source.as_deref(),
                verdict: verdict(instance.verdict),
                witness: instance.witness.as_ref().map(packet),
            })
            .collect(),
        environments: finding.environments.iter().map(extent).collect(),
        related: finding
            .related
            .iter()
            .map(|place| Related {
                at: at(sources, place.span),
                message: &place.text,
            })
            .collect(),
        unknowns: missing(sources, &finding.unknowns),
    }
}

fn extent(extent: &finding::Extent) -> Extent<'_> {
    fn names(list: &[Arc<str>]) -> Vec<&str> {
        list.iter().map(|name| &**name).collect()
    }
    Extent {
        template: &extent.template,
        violated: names(&extent.violated),
        undetermined: names(&extent.undetermined),
        absent: names(&extent.absent),
    }
}

fn groups(report: &Report) -> Vec<Group<'_>> {
    super::undetermined_groups(report)
        .into_iter()
        .map(|group| Group {
            rule: group.rule,
            missing: group.missing,
            findings: group
                .findings
                .iter()
                .map(|finding| finding.fingerprint.as_str())
                .collect(),
        })
        .collect()
}

fn summary(report: &Report) -> Summary<'_> {
    let summary = &report.summary;
    Summary {
        files: summary.files,
        deployments: summary.deployments,
        resources: summary.resources,
        security_rules: summary.security_rules,
        undetermined: summary.undetermined,
        elsewhere: summary.elsewhere,
        undetermined_counted: summary
            .undetermined_counted
            .iter()
            .map(|(rule, count)| (&**rule, *count))
            .collect(),
        not_judged: summary
            .not_judged
            .iter()
            .map(|(reason, count)| (reason.as_str(), *count))
            .collect(),
        unreadable: summary.unreadable.iter().map(|path| &**path).collect(),
        unused_files: summary.unused.iter().map(|path| &**path).collect(),
        assumptions: summary.assumptions.iter().map(String::as_str).collect(),
    }
}

fn verdict(verdict: FindingVerdict) -> &'static str {
    match verdict {
        FindingVerdict::Violated => "violated",
        FindingVerdict::Undetermined => "undetermined",
    }
}

/// A packet.
pub(super) fn packet(flow: &Flow) -> Packet {
    Packet {
        source: flow.source.to_string(),
        destination: flow.destination.to_string(),
        protocol: super::protocol(flow),
        source_port: flow.source_port,
        destination_port: flow.destination_port,
    }
}

/// The place of a span.
pub(super) fn at(sources: &SourceMap, span: Span) -> At {
    let Place {
        path,
        line,
        column,
        end_line,
        end_column,
    } = place(sources, span, Unit::Characters);
    let declared = sources.declared(span).map(|declared| {
        Box::new(DeclaredAt {
            name: declared.words.to_string(),
            at: declared.place.map(|place| at(sources, place)),
        })
    });
    At {
        path,
        line,
        column,
        end_line,
        end_column,
        declared,
    }
}
