//! `human`: for the terminal. Each violated finding with the lines that cause it; undetermined ones
//! in compact groups; at the end what was seen, so that silence is never ambiguous.

mod snippet;
pub(super) mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;

use super::{Emitter, Style, UndeterminedGroup, environments, undetermined_groups};
use crate::diagnostic::{Diagnostic, DiagnosticKind, Severity};
use crate::engine::{Reference, Report, RuleMetadata, Summary};
use crate::policy::finding::{Finding, FindingVerdict};
use crate::source::{SourceMap, Span};
use snippet::{Mark, Snippet};
use text::{MOST_LISTED, Paint, beginning, hops, packet, plural, short_place, shortened, wrap};

/// How many pieces of advice of one kind are shown.
const MOST_ADVICE: usize = 3;

/// Hops closer than this many lines to the primary place are drawn with it.
const NEAR: usize = 8;

/// Writes the format.
#[derive(Clone, Copy, Debug)]
pub struct Human;

impl Emitter for Human {
    fn emit(&self, report: &Report, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut page = Page {
            report,
            style,
            paint: Paint { on: style.colour },
            text: String::new(),
            explained: BTreeSet::new(),
        };
        page.diagnostics();
        page.flush(out)?;
        for finding in &report.findings {
            if finding.verdict == FindingVerdict::Violated {
                page.finding(finding);
                page.flush(out)?;
            }
        }
        for group in at_the_same_places(undetermined_groups(report)) {
            page.group(&group);
            page.flush(out)?;
        }
        page.summary();
        page.flush(out)
    }
}

/// Writes what is wrong with the inputs, as the format does.
///
/// # Errors
///
/// Those of the writer.
pub fn diagnostics(
    sources: &SourceMap,
    diagnostics: &[Diagnostic],
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let report = Report {
        sources: sources.clone(),
        findings: Vec::new(),
        diagnostics: diagnostics.to_vec(),
        rules: Vec::new(),
        summary: Summary::default(),
        timings: Vec::new(),
        fail_on: None,
    };
    let mut page = Page {
        report: &report,
        style,
        paint: Paint { on: style.colour },
        text: String::new(),
        explained: BTreeSet::new(),
    };
    page.diagnostics();
    page.flush(out)
}

struct Page<'a> {
    report: &'a Report,
    style: Style,
    paint: Paint,
    text: String,
    explained: BTreeSet<&'a str>,
}

impl<'a> Page<'a> {
    fn flush(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    /// Everything that could not be read; of mere advice the first few of each kind.
    fn diagnostics(&mut self) {
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        for alike in alike(&self.report.diagnostics) {
            let Some(first) = alike.first() else { continue };
            let count = shown.entry(first.code).or_default();
            *count += 1;
            if first.kind == DiagnosticKind::Unreadable || *count <= MOST_ADVICE {
                self.diagnostic(&alike);
            }
        }
        let rest: Vec<String> = shown
            .iter()
            .filter(|(code, count)| **count > MOST_ADVICE && self.is_advice(code))
            .map(|(code, count)| format!("{} more {code}", count - MOST_ADVICE))
            .collect();
        if !rest.is_empty() {
            let text = format!("… {} (all of them: -o json)", rest.join(", "));
            for line in wrap(&text, self.style.width) {
                let _ = writeln!(self.text, "{line}");
            }
            self.text.push('\n');
        }
    }

    fn is_advice(&self, code: &str) -> bool {
        self.report
            .diagnostics
            .iter()
            .all(|diagnostic| diagnostic.code != code || diagnostic.kind == DiagnosticKind::Advice)
    }

    /// The first of several diagnostics that say the same, and where the others are.
    fn diagnostic(&mut self, alike: &[&Diagnostic]) {
        let Some((diagnostic, others)) = alike.split_first() else {
            return;
        };
        let word = diagnostic.severity.as_str();
        let marks = diagnostic.primary.iter().map(|label| Mark {
            span: label.span,
            text: &label.text,
            primary: true,
        });
        let related = diagnostic.related.iter().map(|label| Mark {
            span: label.span,
            text: &label.text,
            primary: false,
        });
        self.headed(
            diagnostic.severity,
            &format!("{word}[{}]", diagnostic.code),
            &diagnostic.message,
            marks.collect(),
            related.collect(),
        );
        let places: Vec<String> = others
            .iter()
            .filter_map(|other| other.primary.as_ref())
            .take(MOST_LISTED)
            .map(|label| short_place(&self.report.sources, label.span))
            .collect();
        for place in &places {
            self.field("also", place);
        }
        if others.len() > places.len() {
            let more = others.len() - places.len();
            self.field("", &format!("… and {more} more"));
        }
        if let Some(help) = &diagnostic.help {
            self.field("help", help);
        }
        self.text.push('\n');
    }

    fn finding(&mut self, finding: &'a Finding) {
        let word = finding.severity.as_str();
        let primary = Mark {
            span: finding.primary.span,
            text: &finding.primary.text,
            primary: true,
        };
        let related = finding.related.iter().map(|place| Mark {
            span: place.span,
            text: &place.text,
            primary: false,
        });
        self.headed(
            finding.severity,
            &format!("{word}[{}]", finding.rule),
            &finding.message,
            vec![primary],
            related.collect(),
        );
        let source = finding.instances.iter().find_map(|it| it.source.as_ref());
        if let Some(source) = source {
            self.field("source", source);
        }
        if let Some(flow) = &finding.witness {
            self.field("packet", &packet(flow));
        }
        if let Some(environments) = environments::words(finding) {
            self.field("in", &environments);
        }
        let others = others(finding);
        if !others.is_empty() {
            let mut names = others.clone();
            names.dedup();
            self.field("also", &shortened(&names, others.len()));
        }
        if let Some(fix) = &finding.fix {
            self.field("fix", fix);
        }
        self.explanation(&finding.rule);
        self.text.push('\n');
    }

    /// Why, and where to read on: once per rule.
    fn explanation(&mut self, id: &'a str) {
        let Some(rule) = rule(self.report, id) else {
            return;
        };
        if !self.explained.insert(id) {
            return;
        }
        self.field("why", &beginning(&rule.why));
        if let Some(Reference { url: address, .. }) = rule.references.first() {
            self.field("see", address);
        }
    }

    fn group(&mut self, group: &UndeterminedGroup<'a>) {
        let Some(first) = group.findings.first() else {
            return;
        };
        let head = format!("undetermined[{}]", group.rule);
        let head = self.paint.strong(&head, None);
        let _ = writeln!(self.text, "{head}");
        let mut places: Vec<&Finding> = Vec::new();
        for finding in &group.findings {
            if !places
                .iter()
                .any(|known| known.primary.span == finding.primary.span)
            {
                places.push(finding);
            }
        }
        let message = match places.len() {
            1 => first.message.clone(),
            count => format!("{} (and {} more like it)", first.message, count - 1),
        };
        let width = self.style.width.saturating_sub(4);
        for (index, line) in wrap(&text::plain(&message), width).iter().enumerate() {
            let mark = if index == 0 { "?" } else { " " };
            let _ = writeln!(self.text, "  {mark} {line}");
        }
        for finding in places.iter().take(MOST_LISTED) {
            let at = short_place(&self.report.sources, finding.primary.span);
            let name = finding
                .security_rule
                .as_ref()
                .map_or_else(String::new, |name| format!(" `{name}`"));
            let line = format!("{at} {}{name}", finding.resource);
            self.field("at", &line);
        }
        if places.len() > MOST_LISTED {
            let more = places.len() - MOST_LISTED;
            self.field("", &format!("… and {more} more"));
        }
        if let Some(words) = environments::words_of_all(&group.findings) {
            self.field("in", &words);
        }
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let unknowns = group.findings.iter().flat_map(|finding| &finding.unknowns);
        let unknowns = unknowns.filter(|missing| named.insert(&missing.what));
        for missing in unknowns.take(MOST_LISTED) {
            let at = missing.place.map_or_else(String::new, |span| {
                format!(" ({})", short_place(&self.report.sources, span))
            });
            let text = format!("{}{at}: {}", missing.what, missing.settle);
            self.field("needs", &text);
        }
        self.text.push('\n');
    }

    /// Head, message, snippet, and the hops that are too far away to be drawn.
    fn headed(
        &mut self,
        severity: Severity,
        head: &str,
        message: &str,
        primary: Vec<Mark<'_>>,
        related: Vec<Mark<'_>>,
    ) {
        let message = &*text::plain(message);
        let sources = &self.report.sources;
        let (near, far) = match primary.first() {
            Some(primary) => split(sources, primary.span, related),
            None => (Vec::new(), related),
        };
        let _ = writeln!(self.text, "{}", self.paint.strong(head, Some(severity)));
        let snippet = Snippet {
            sources,
            severity,
            message,
            marks: primary.into_iter().chain(near).collect(),
        };
        snippet.draw(&mut self.text, self.style);
        let hops = hops(sources, &far);
        for hop in hops.iter().take(MOST_LISTED) {
            self.field("via", hop);
        }
        if hops.len() > MOST_LISTED {
            let more = hops.len() - MOST_LISTED;
            self.field("", &format!("… and {more} more"));
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        const INDENT: usize = 10;
        let width = self.style.width.saturating_sub(INDENT + 1).max(30);
        let mut lines = Vec::new();
        for line in text::plain(value).trim_end().lines() {
            if line.starts_with("  ") {
                lines.push(line.to_owned());
            } else {
                lines.extend(wrap(line, width));
            }
        }
        for (index, line) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let pad = " ".repeat(INDENT.saturating_sub(name.len() + 3));
            let name = self.paint.dim(name);
            let _ = writeln!(self.text, "  {name}{pad} {line}");
        }
    }

    fn summary(&mut self) {
        let report = self.report;
        let summary = &report.summary;
        let counted = |severity| {
            report
                .findings
                .iter()
                .filter(|finding| {
                    finding.verdict == FindingVerdict::Violated && finding.severity == severity
                })
                .count()
        };
        let mut parts = Vec::new();
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let count = counted(severity);
            if count > 0 {
                let text = plural(count, severity.as_str());
                parts.push(self.paint.strong(&text, Some(severity)));
            }
        }
        if parts.is_empty() {
            parts.push(self.paint.strong("no findings", None));
        }
        let warned = report.diagnostics.iter().filter(|diagnostic| {
            diagnostic.kind == DiagnosticKind::Advice && diagnostic.severity > Severity::Note
        });
        match warned.count() {
            0 => {}
            count => parts.push(format!("{} about the files", plural(count, "warning"))),
        }
        if summary.undetermined > 0 {
            parts.push(format!("{} undetermined", summary.undetermined));
        }
        if !summary.unreadable.is_empty() {
            let text = format!("{} unreadable", plural(summary.unreadable.len(), "file"));
            parts.push(self.paint.strong(&text, Some(Severity::Error)));
        } else if report.is_incomplete() {
            parts.push(
                self.paint
                    .strong("the settings are wrong", Some(Severity::Error)),
            );
        }
        let _ = writeln!(self.text, "{}", parts.join(", "));
        let _ = writeln!(
            self.text,
            "checked {}: {}, {}, {}",
            plural(summary.files, "file"),
            plural(summary.deployments, "deployment"),
            plural(summary.resources, "resource"),
            plural(summary.security_rules, "security rule"),
        );
        if summary.elsewhere > 0 {
            let count = plural(summary.elsewhere, "finding");
            let line = format!("not shown: {count} elsewhere in the same deployments");
            let _ = writeln!(self.text, "{line}");
        }
        self.counts(
            "not judged",
            summary
                .not_judged
                .iter()
                .map(|(reason, count)| (reason.as_str(), *count)),
        );
        self.counts(
            "undetermined and only counted",
            summary
                .undetermined_counted
                .iter()
                .map(|(rule, count)| (&**rule, *count)),
        );
        let unused: Vec<&str> = summary.unused.iter().map(|path| &**path).collect();
        if !unused.is_empty() {
            let shown: Vec<&str> = unused.iter().take(3).copied().collect();
            let text = shortened(&shown, unused.len());
            let _ = writeln!(self.text, "used by no deployment: {text}");
        }
        if summary.deployments > 0 {
            for assumption in &summary.assumptions {
                let line = self.paint.dim(&format!("taken for granted: {assumption}"));
                let _ = writeln!(self.text, "{line}");
            }
        }
    }

    fn counts<'c>(&mut self, what: &str, counts: impl Iterator<Item = (&'c str, usize)>) {
        let mut counts: Vec<(&str, usize)> = counts.collect();
        counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let more = counts.len().saturating_sub(MOST_LISTED);
        let mut parts: Vec<String> = counts
            .iter()
            .take(MOST_LISTED)
            .map(|(name, count)| format!("{name} ({count})"))
            .collect();
        if more > 0 {
            parts.push(format!("{more} more reasons"));
        }
        if !parts.is_empty() {
            let _ = writeln!(self.text, "{what}: {}", parts.join(", "));
        }
    }
}

/// The resources of a finding's further instances. The same one in another environment is none of
/// them.
fn others(finding: &Finding) -> Vec<&str> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let of_environments = finding.instances.iter().filter(|instance| {
        let several = instance.environment.is_some() && !finding.environments.is_empty();
        !several || seen.insert(&instance.resource)
    });
    let others = of_environments.skip(1);
    others.map(|instance| &*instance.resource).collect()
}

/// Groups of one rule that are about the same places, as one: each place needs all the inputs.
fn at_the_same_places(groups: Vec<UndeterminedGroup<'_>>) -> Vec<UndeterminedGroup<'_>> {
    let mut index: BTreeMap<(&str, Vec<Span>), usize> = BTreeMap::new();
    let mut merged: Vec<UndeterminedGroup<'_>> = Vec::new();
    for group in groups {
        let findings = group.findings.iter();
        let spans: BTreeSet<Span> = findings.map(|finding| finding.primary.span).collect();
        let key = (group.rule, spans.into_iter().collect());
        let at = *index.entry(key).or_insert(merged.len());
        match merged.get_mut(at) {
            Some(known) => known.findings.extend(group.findings),
            None => merged.push(group),
        }
    }
    merged
}

/// Diagnostics with the same message together, in the order of the first of each.
fn alike(diagnostics: &[Diagnostic]) -> Vec<Vec<&Diagnostic>> {
    let mut index: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Diagnostic>> = Vec::new();
    for diagnostic in diagnostics {
        let at = *index
            .entry((diagnostic.code, &diagnostic.message))
            .or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(diagnostic),
            None => groups.push(vec![diagnostic]),
        }
    }
    groups
}

/// Which related places are drawn in the snippet of the primary one, and which are listed.
fn split<'m>(
    sources: &SourceMap,
    primary: Span,
    related: Vec<Mark<'m>>,
) -> (Vec<Mark<'m>>, Vec<Mark<'m>>) {
    let Some(file) = sources.get(primary.file) else {
        return (Vec::new(), related);
    };
    let line = file.line_index(primary.start);
    let mut drawn = 0;
    related.into_iter().partition(|mark| {
        let near = mark.span.file == primary.file
            && mark.span != primary
            && (file.line_index(mark.span.start).abs_diff(line) <= NEAR
                || primary.contains(mark.span))
            && drawn < MOST_LISTED;
        drawn += usize::from(near);
        near
    })
}

fn rule<'a>(report: &'a Report, id: &str) -> Option<&'a RuleMetadata> {
    let at = report
        .rules
        .binary_search_by(|rule| (*rule.id).cmp(id))
        .ok()?;
    report.rules.get(at)
}
