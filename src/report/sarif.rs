//! `sarif`: SARIF 2.1.0 as code scanning services accept it.
//!
//! Results are the violated findings. Undetermined ones and files that could not be read are tool
//! notifications, because such services ignore a result's `kind` and would show them as alerts; with
//! `--strict` the undetermined ones are results too.

mod format;

use std::collections::BTreeMap;
use std::io;

use super::place::{Place, Unit, place};
use super::{Emitter, Style};
use crate::diagnostic::{Diagnostic, DiagnosticKind, Severity};
use crate::engine::{Reference, Report, RuleMetadata};
use crate::policy::finding::{Finding, FindingVerdict};
use crate::source::{SourceMap, Span};
use format::{
    ArtifactLocation, CodeFlow, Descriptor, DescriptorReference, Driver, Fingerprints, Help,
    Invocation, Location, Log, Message, Notification, PhysicalLocation, Properties, Region, Result,
    RuleConfiguration, Run, ThreadFlow, ThreadFlowLocation, Tool,
};

/// Services refuse runs with more results.
pub const MOST_RESULTS: usize = 25_000;

/// Writes the format.
#[derive(Clone, Copy, Debug)]
pub struct Sarif;

impl Emitter for Sarif {
    fn emit(&self, report: &Report, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &log(report, style.strict))?;
        out.write_all(b"\n")
    }
}

fn log(report: &Report, strict: bool) -> Log<'_> {
    let places = Places {
        sources: &report.sources,
    };
    let indices: BTreeMap<&str, usize> = report
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (&*rule.id, index))
        .collect();
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    let mut left_out = 0;
    for finding in &report.findings {
        if finding.verdict == FindingVerdict::Undetermined && !strict {
            notifications.push(undetermined(finding, &places));
        } else if results.len() < MOST_RESULTS {
            results.push(result(finding, &indices, &places));
        } else {
            left_out += 1;
        }
    }
    notifications.extend(
        report
            .diagnostics
            .iter()
            .map(|diagnostic| diagnosed(diagnostic, &places)),
    );
    if left_out > 0 {
        notifications.push(Notification {
            descriptor: DescriptorReference {
                id: "too-many-results",
            },
            level: "warning",
            message: Message::new(format!(
                "{left_out} more findings were left out: a run holds at most {MOST_RESULTS}"
            )),
            locations: Vec::new(),
        });
    }
    Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "aznet",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: report.rules.iter().map(descriptor).collect(),
                },
            },
            column_kind: "utf16CodeUnits",
            invocations: [Invocation {
                execution_successful: !report.is_incomplete(),
                tool_execution_notifications: notifications,
            }],
            results,
        }],
    }
}

fn descriptor(rule: &RuleMetadata) -> Descriptor<'_> {
    let mut text = format!("{}\n\nHow to mend it: {}", rule.why.trim(), rule.fix.trim());
    let mut markdown = format!(
        "{}\n\n**How to mend it.** {}",
        rule.why.trim(),
        rule.fix.trim()
    );
    if !rule.references.is_empty() {
        text.push_str("\n\nSources:");
        markdown.push_str("\n\n**Sources**\n");
        for Reference { title, url, .. } in &rule.references {
            text.push_str(&format!("\n{title}: {url}"));
            markdown.push_str(&format!("\n- [{title}]({url})"));
        }
    }
    Descriptor {
        id: &rule.id,
        name: pascal_case(&rule.id),
        short_description: Message::new(rule.title.to_string()),
        full_description: Message::new(first_paragraph(&rule.why).to_owned()),
        help: Help { text, markdown },
        default_configuration: RuleConfiguration {
            level: level(rule.severity),
        },
        help_uri: rule.references.first().map(|first| &*first.url),
        properties: Properties {
            tags: vec!["azure", "network", &rule.category],
            severity: match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "recommendation",
            },
            precision: "very-high",
        },
    }
}

fn result<'a>(
    finding: &'a Finding,
    indices: &BTreeMap<&str, usize>,
    places: &Places<'_>,
) -> Result<'a> {
    let mut message = finding.message.clone();
    if let Some(environments) = super::environments::words(finding) {
        message = format!("{message}\n\nIn {environments}.");
    }
    if let Some(fix) = &finding.fix {
        message = format!("{message}\n\n{fix}");
    }
    let primary = places.location(finding.primary.span, Some(&finding.primary.text), None);
    let related: Vec<Location> = finding
        .related
        .iter()
        .enumerate()
        .map(|(index, place)| places.location(place.span, Some(&place.text), Some(index)))
        .collect();
    Result {
        rule_id: &finding.rule,
        rule_index: indices.get(&*finding.rule).copied(),
        level: level(finding.severity),
        message: Message::new(message),
        locations: [places.location(finding.primary.span, None, None)],
        code_flows: code_flow(primary, finding, places),
        related_locations: related,
        partial_fingerprints: Fingerprints {
            fingerprint: &finding.fingerprint,
        },
    }
}

/// The way from where a person typed it to what decides.
fn code_flow(primary: Location, finding: &Finding, places: &Places<'_>) -> Vec<CodeFlow> {
    if finding.related.is_empty() {
        return Vec::new();
    }
    let mut locations: Vec<ThreadFlowLocation> = finding
        .related
        .iter()
        .rev()
        .map(|place| ThreadFlowLocation {
            location: places.location(place.span, Some(&place.text), None),
        })
        .collect();
    let mut last = primary;
    if last.message.is_none() {
        last.message = Some(Message::new(finding.message.clone()));
    }
    locations.push(ThreadFlowLocation { location: last });
    vec![CodeFlow {
        thread_flows: [ThreadFlow { locations }],
    }]
}

fn undetermined<'a>(finding: &'a Finding, places: &Places<'_>) -> Notification<'a> {
    let settle: Vec<String> = finding
        .unknowns
        .iter()
        .map(|missing| format!("{}: {}", missing.what, missing.settle))
        .collect();
    let mut settle = if settle.is_empty() {
        String::new()
    } else {
        format!(" ({})", settle.join("; "))
    };
    if let Some(environments) = super::environments::words(finding) {
        settle.push_str(&format!(" In {environments}."));
    }
    Notification {
        descriptor: DescriptorReference { id: &finding.rule },
        level: "note",
        message: Message::new(format!("undetermined: {}{settle}", finding.message)),
        locations: vec![places.location(finding.primary.span, None, None)],
    }
}

fn diagnosed<'a>(diagnostic: &'a Diagnostic, places: &Places<'_>) -> Notification<'a> {
    let help = diagnostic
        .help
        .as_ref()
        .map_or_else(String::new, |help| format!(" ({help})"));
    Notification {
        descriptor: DescriptorReference {
            id: diagnostic.code,
        },
        level: match diagnostic.kind {
            DiagnosticKind::Unreadable => "error",
            DiagnosticKind::Advice => level(diagnostic.severity),
        },
        message: Message::new(format!("{}{help}", diagnostic.message)),
        locations: diagnostic
            .primary
            .iter()
            .map(|label| places.location(label.span, None, None))
            .collect(),
    }
}

struct Places<'a> {
    sources: &'a SourceMap,
}

impl Places<'_> {
    fn location(&self, span: Span, text: Option<&str>, id: Option<usize>) -> Location {
        let Place {
            path,
            line,
            column,
            end_line,
            end_column,
        } = place(self.sources, span, Unit::Utf16);
        Location {
            id,
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: percent_encode(&path),
                    uri_base_id: "%SRCROOT%",
                },
                region: Region {
                    start_line: line,
                    start_column: column,
                    end_line,
                    end_column,
                },
            },
            message: text
                .filter(|text| !text.is_empty())
                .map(|text| Message::new(text.to_owned())),
        }
    }
}

fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

fn first_paragraph(text: &str) -> &str {
    text.trim().split("\n\n").next().unwrap_or("").trim()
}

/// `kms-unreachable` → `KmsUnreachable`, as the format wants names.
fn pascal_case(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().chain(letters).collect::<String>())
                .unwrap_or_default()
        })
        .collect()
}

/// A path as a relative URI reference: everything but unreserved characters and `/` is encoded.
fn percent_encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_and_an_id_a_name() {
        assert_eq!(percent_encode("a b/č:1.tf"), "a%20b/%C4%8D%3A1.tf");
        assert_eq!(pascal_case("kms-unreachable"), "KmsUnreachable");
    }
}
