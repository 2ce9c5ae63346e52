//! `diff` for the terminal: for every group, subnet and network interface that changed what opened
//! and closed, an example, and the rules behind it.

use std::fmt::Write as _;
use std::io;

use super::Style;
use crate::diagnostic::Severity;
use crate::engine::ask::diff::{DecisionTold, Diff, Presence, RegionTold, Subject};
use crate::engine::ask::tell::Told;
use crate::report::human::text::{MOST_LISTED, Paint, packet, plural, short_place, wrap};
use crate::source::SourceMap;

/// How many regions of one kind are shown.
const MOST_REGIONS: usize = 8;

pub(super) fn write(diff: &Diff, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page {
        diff,
        paint: Paint { on: style.colour },
        width: style.width,
        text: String::new(),
    };
    page.unreadable();
    for subject in &diff.groups {
        page.subject("network security group", subject);
    }
    for (kind, subjects) in [
        ("subnet", &diff.subnets),
        ("network interface", &diff.interfaces),
    ] {
        for subject in subjects {
            if is_told_by_its_group(diff, subject) {
                continue;
            }
            page.subject(kind, subject);
        }
    }
    page.alone();
    page.summary();
    out.write_all(page.text.as_bytes())
}

/// Whether everything to say is said with the group.
fn is_told_by_its_group(diff: &Diff, subject: &Subject) -> bool {
    let said = |group: &&Subject| {
        let name = format!("`{}`", group.name);
        let attached = subject.attached.as_ref();
        group.deployment == subject.deployment
            && attached.is_some_and(|[_, after]| *after == name)
            && !(group.opened.is_empty() && group.closed.is_empty())
    };
    subject.as_its_group && diff.groups.iter().any(|group| said(&group))
}

struct Page<'a> {
    diff: &'a Diff,
    paint: Paint,
    width: usize,
    text: String,
}

impl Page<'_> {
    fn unreadable(&mut self) {
        for (name, problems) in self.diff.names.iter().zip(&self.diff.problems) {
            for (path, why) in problems {
                let head = self
                    .paint
                    .strong("error[unreadable-file]", Some(Severity::Error));
                let _ = writeln!(self.text, "{head}: {path} of {name}: {why}");
            }
        }
    }

    fn subject(&mut self, kind: &str, subject: &Subject) {
        let quiet = subject.opened.is_empty()
            && subject.closed.is_empty()
            && subject.unreachable.is_empty()
            && subject.undecided.is_empty();
        if quiet && subject.presence == Presence::Both {
            return;
        }
        let own = usize::from(subject.presence != Presence::Removed);
        let presence = match subject.presence {
            Presence::Both => "",
            Presence::Added => " is new",
            Presence::Removed => " is gone",
        };
        let name = self.paint.strong(&subject.name, None);
        let _ = write!(self.text, "{kind} {name}{presence}");
        if let Some([before, after]) = &subject.attached
            && before != after
        {
            let _ = write!(self.text, ": {before}, now {after}");
        }
        if let Some(span) = subject.place {
            let place = short_place(&self.diff.sources[own], span);
            let _ = write!(self.text, "  {}", self.paint.dim(&place));
        }
        self.text.push('\n');
        if subject.network_changed && !quiet {
            let note =
                "VirtualNetwork means other addresses now; each version is read with its own";
            let _ = writeln!(self.text, "  {}", self.paint.dim(note));
        }
        self.regions("opened", &subject.opened);
        self.regions("closed", &subject.closed);
        for limit in &subject.undecided {
            let head = self.paint.strong("not decided", Some(Severity::Warning));
            let _ = writeln!(self.text, "  {head}: too much to compare ({limit})");
        }
        for dead in &subject.unreachable {
            let head = self.paint.strong("never decides", Some(Severity::Warning));
            let names: Vec<String> = dead
                .cover
                .iter()
                .map(|one| format!("`{}`", one.name))
                .collect();
            let cover = match names.is_empty() {
                true => "it matches nothing".to_owned(),
                false => format!("hidden by {}", names.join(", ")),
            };
            let place = self.place(1, &dead.rule);
            let _ = writeln!(self.text, "  {head} `{}`, {cover}{place}", dead.rule.name);
        }
        if subject.presence == Presence::Both {
            self.text.push('\n');
        }
    }

    fn regions(&mut self, word: &str, regions: &[RegionTold]) {
        for region in regions.iter().take(MOST_REGIONS) {
            self.region(word, region);
        }
        if regions.len() > MOST_REGIONS {
            let more = regions.len() - MOST_REGIONS;
            let _ = writeln!(
                self.text,
                "  … and {more} more {word} (all of them: -o json)"
            );
        }
    }

    fn region(&mut self, word: &str, region: &RegionTold) {
        let (mark, severity) = match (word, region.certain) {
            (_, false) => ("?", Severity::Warning),
            ("opened", true) => ("+", Severity::Error),
            (_, true) => ("-", Severity::Note),
        };
        let perhaps = if region.certain { "" } else { "perhaps " };
        let head = format!("{mark} {perhaps}{word}");
        let indent = head.chars().count() + 3;
        let head = self.paint.strong(&head, Some(severity));
        let width = self.width.saturating_sub(indent).max(30);
        for (index, line) in wrap(&flows(region), width).iter().enumerate() {
            if index == 0 {
                let _ = writeln!(self.text, "  {head} {line}");
            } else {
                let _ = writeln!(self.text, "{}{line}", " ".repeat(indent));
            }
        }
        if let Some(witness) = &region.witness {
            self.field("packet", &packet(witness));
        }
        self.decision("before", 0, &region.old);
        self.decision("after", 1, &region.new);
        for missing in &region.needs {
            self.field("needs", &format!("{}: {}", missing.what, missing.settle));
        }
    }

    fn decision(&mut self, name: &str, version: usize, decision: &DecisionTold) {
        let access = decision.access.unwrap_or("depends");
        for (index, told) in decision.by.iter().take(MOST_LISTED).enumerate() {
            let (name, access) = match index {
                0 => (name, access),
                _ => ("", ""),
            };
            let priority = told
                .priority
                .map_or_else(String::new, |priority| format!(" ({priority})"));
            let rule = match told.kind {
                "security-rule" | "default-rule" => format!("`{}`{priority}", told.name),
                _ => told.name.clone(),
            };
            let place = match told.kind {
                "default-rule" => self.paint.dim("  Azure's default"),
                _ => self.place(version, told),
            };
            self.field(name, &format!("{access:<7} {rule}{place}"));
        }
        if decision.by.len() > MOST_LISTED {
            let more = decision.by.len() - MOST_LISTED;
            self.field("", &format!("… and {more} more that may decide"));
        }
    }

    fn place(&self, version: usize, told: &Told) -> String {
        let sources: Option<&SourceMap> = self.diff.sources.get(version);
        match (sources, told.place) {
            (Some(sources), Some(span)) => {
                format!("  {}", self.paint.dim(&short_place(sources, span)))
            }
            _ => String::new(),
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        let pad = " ".repeat(7_usize.saturating_sub(name.len()));
        let name = self.paint.dim(name);
        let _ = writeln!(self.text, "      {name}{pad} {value}");
    }

    fn alone(&mut self) {
        for (name, added) in &self.diff.alone {
            let word = if *added { "is new" } else { "is gone" };
            let _ = writeln!(
                self.text,
                "deployment {} {word}",
                self.paint.strong(name, None)
            );
        }
    }

    fn summary(&mut self) {
        let diff = self.diff;
        let mut parts = Vec::new();
        // A subnet behind a group that changed says the same again.
        let told = || {
            let mut subjects: Vec<&Subject> = diff.subjects().collect();
            subjects.retain(|subject| !is_told_by_its_group(diff, subject));
            subjects
        };
        let count = |opened: bool, certain: bool| -> usize {
            told()
                .iter()
                .map(|subject| {
                    let regions = if opened {
                        &subject.opened
                    } else {
                        &subject.closed
                    };
                    regions.iter().filter(|one| one.certain == certain).count()
                })
                .sum()
        };
        for (opened, certain, word, severity) in [
            (true, true, "opened", Severity::Error),
            (true, false, "perhaps opened", Severity::Warning),
            (false, true, "closed", Severity::Note),
            (false, false, "perhaps closed", Severity::Warning),
        ] {
            let regions = count(opened, certain);
            if regions > 0 {
                let text = format!("{regions} {word}");
                parts.push(self.paint.strong(&text, Some(severity)));
            }
        }
        let dead: usize = diff
            .groups
            .iter()
            .map(|group| group.unreachable.len())
            .sum();
        if dead > 0 {
            parts.push(format!(
                "{} that no longer decide anything",
                plural(dead, "rule")
            ));
        }
        let verdict = match (diff.equivalent(), parts.is_empty()) {
            (Some(true), _) => self.paint.strong("the same packets get through", None),
            (None, true) => self.paint.strong("not decided", Some(Severity::Warning)),
            _ => parts.join(", "),
        };
        let verdict = match (diff.equivalent(), parts.is_empty()) {
            (Some(true), false) => format!("{verdict}; {}", parts.join(", ")),
            _ => verdict,
        };
        let _ = writeln!(self.text, "{verdict}");
        let both = |subjects: &[Subject]| {
            let both = subjects.iter().filter(|one| one.presence == Presence::Both);
            both.count()
        };
        let _ = writeln!(
            self.text,
            "compared {} with {}: {}, {}",
            diff.names[0],
            diff.names[1],
            plural(both(&diff.groups), "security group"),
            plural(both(&diff.subnets), "subnet"),
        );
    }
}

/// The packets of a region in one line.
fn flows(region: &RegionTold) -> String {
    let protocols = match region.protocols.as_slice() {
        [] => "any protocol".to_owned(),
        some => some.join(", "),
    };
    let mut text = format!(
        "{} {protocols} {}",
        region.direction,
        end(&region.source, &region.source_except)
    );
    if let Some(ports) = ports(&region.source_ports) {
        let _ = write!(text, " {ports}");
    }
    let _ = write!(
        text,
        " → {}",
        end(&region.destination, &region.destination_except)
    );
    match ports(&region.destination_ports) {
        Some(ports) => {
            let _ = write!(text, " {ports}");
        }
        None => text.push_str(" all ports"),
    }
    text
}

fn end(meant: &[String], except: &[String]) -> String {
    let meant = list(meant);
    match except.is_empty() {
        true => meant,
        false => format!("{meant} except {}", list(except)),
    }
}

fn ports(ports: &[String]) -> Option<String> {
    match ports {
        [only] if only == "*" => None,
        [only] if !only.contains('-') => Some(format!("port {only}")),
        some => Some(format!("ports {}", list(some))),
    }
}

fn list(items: &[String]) -> String {
    let shown: Vec<&str> = items.iter().take(MOST_LISTED).map(String::as_str).collect();
    match items.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
