//! `diff` for the terminal: for every group, subnet and network interface that changed what opened
//! and closed, an example, and the rules behind it.

mod words;

use std::fmt::Write as _;
use std::io;

use super::Style;
use crate::diagnostic::Severity;
use crate::engine::ask::diff::{BriefTold, DecisionTold, Diff, Presence, Subject};
use crate::engine::ask::tell::Told;
use crate::policy::finding::MissingInput;
use crate::report::human::text::{
    MOST_LISTED, Paint, packet, plural, short_place, shortened, wrap,
};
use crate::source::{SourceMap, Span};

use words::{flows, has_news, is_quiet, priority, untold};

/// How many regions of one kind are shown.
const MOST_REGIONS: usize = 8;

/// More changes than this that are not certain are told together.
const MOST_PERHAPS: usize = 4;

/// How many missing inputs are listed.
const MOST_NEEDS: usize = 4;

/// More than this that only one version has are told in one line.
const MOST_ALONE: usize = 3;

/// Columns before the value of a field.
const FIELD_INDENT: usize = 14;

pub(super) fn write(diff: &Diff, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page {
        diff,
        paint: Paint { on: style.colour },
        width: style.width,
        text: String::new(),
    };
    page.unreadable();
    for (kind, subjects) in [
        ("network security group", &diff.groups),
        ("subnet", &diff.subnets),
        ("network interface", &diff.interfaces),
    ] {
        page.subjects(kind, subjects);
    }
    page.alone();
    page.absent();
    for note in &diff.notes {
        page.lines("", &format!("note: {note}"));
    }
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

    fn subjects(&mut self, kind: &str, subjects: &[Subject]) {
        let diff = self.diff;
        for presence in [Presence::Both, Presence::Added, Presence::Removed] {
            let mut plain = Vec::new();
            // What a module does is the same wherever it is used.
            let mut told: Vec<(String, String, Option<Span>, Vec<&str>)> = Vec::new();
            for subject in subjects.iter().filter(|one| one.presence == presence) {
                if is_told_by_its_group(diff, subject) || !has_news(subject) {
                    continue;
                }
                let is_alone = presence != Presence::Both && subject.absent.is_none();
                if is_quiet(subject) && is_alone {
                    plain.push(subject);
                    continue;
                }
                self.collect(&mut told, kind, subject);
            }
            if plain.len() <= MOST_ALONE {
                for subject in std::mem::take(&mut plain) {
                    self.collect(&mut told, kind, subject);
                }
            }
            for (head, body, place, deployments) in told {
                self.heading(&head, place, &deployments, presence);
                self.text.push_str(&body);
            }
            if plain.is_empty() {
                continue;
            }
            let mut names: Vec<&str> = plain.iter().map(|one| one.name.as_str()).collect();
            names.dedup();
            let word = match presence {
                Presence::Removed => "gone",
                _ => "new",
            };
            let list = shortened(&names, names.len());
            let line = format!("{} are {word}: {list}", plural(plain.len(), kind));
            self.lines("", &line);
        }
    }

    fn lines(&mut self, indent: &str, text: &str) {
        let width = self.width.saturating_sub(indent.len() + 2).max(30);
        for (index, line) in wrap(text, width).iter().enumerate() {
            let more = if index == 0 { "" } else { "  " };
            let _ = writeln!(self.text, "{indent}{more}{line}");
        }
    }

    /// Adds what there is to say of something to what has been said of others.
    fn collect<'t>(
        &mut self,
        told: &mut Vec<(String, String, Option<Span>, Vec<&'t str>)>,
        kind: &str,
        subject: &'t Subject,
    ) {
        let before = std::mem::take(&mut self.text);
        self.body(subject);
        let body = std::mem::replace(&mut self.text, before);
        let head = self.head(kind, subject);
        let deployment = &*subject.deployment;
        let same = told.iter_mut().find(|(own, text, place, _)| {
            *own == head && *text == body && *place == subject.place && !body.is_empty()
        });
        match same {
            Some((.., deployments)) => deployments.push(deployment),
            None => told.push((head, body, subject.place, vec![deployment])),
        }
    }

    fn heading(
        &mut self,
        head: &str,
        place: Option<Span>,
        deployments: &[&str],
        presence: Presence,
    ) {
        let sources = &self.diff.sources[usize::from(presence != Presence::Removed)];
        let mut tail: Vec<String> = Vec::new();
        let place = place.map(|span| short_place(sources, span));
        let implied = match (deployments, &place) {
            ([only], Some(place)) => place.rsplit_once('/').is_some_and(|(at, _)| at == *only),
            _ => false,
        };
        tail.extend(place);
        if self.has_several_deployments() && !implied {
            tail.push(format!("in {}", shortened(deployments, deployments.len())));
        }
        let plain = head.chars().count() + tail.iter().map(|it| it.len() + 2).sum::<usize>();
        self.text.push_str(head);
        // Colours count, which only breaks a line early.
        for one in tail {
            let gap = if plain > self.width { "\n    " } else { "  " };
            let _ = write!(self.text, "{gap}{}", self.paint.dim(&one));
        }
        self.text.push('\n');
    }

    fn head(&self, kind: &str, subject: &Subject) -> String {
        let presence = match subject.presence {
            _ if subject.absent.is_some() => " is not compared",
            Presence::Both => "",
            Presence::Added => " is new",
            Presence::Removed => " is gone",
        };
        let name = self.paint.strong(&subject.name, None);
        let mut head = format!("{kind} {name}{presence}");
        if let Some(was) = &subject.was {
            let _ = write!(head, " (was {was})");
        }
        if let Some([before, after]) = &subject.attached
            && before != after
        {
            let _ = write!(head, ": {before}, now {after}");
            if is_quiet(subject) && subject.equivalent == Some(true) {
                head.push_str("; the same packets get through");
            }
        }
        head
    }

    fn body(&mut self, subject: &Subject) {
        let quiet = is_quiet(subject);
        if !subject.existence.is_empty() {
            let head = self.paint.strong("?", Some(Severity::Warning));
            let _ = writeln!(
                self.text,
                "  {head} whether it is there is decided otherwise now"
            );
            self.needs(&subject.existence);
        }
        if subject.network_changed && !quiet {
            let note =
                "VirtualNetwork means other addresses now; each version is read with its own";
            let _ = writeln!(self.text, "  {}", self.paint.dim(note));
        }
        self.changes(subject);
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
        if subject.presence == Presence::Both && !quiet {
            self.text.push('\n');
        }
    }

    fn changes(&mut self, subject: &Subject) {
        let both = [
            ("opened", &subject.opened_briefly),
            ("closed", &subject.closed_briefly),
        ];
        let untold = untold(subject);
        let is_told = |brief: &BriefTold| !untold.iter().any(|(_, own)| std::ptr::eq(*own, brief));
        for (word, briefs) in both {
            let mut shown: Vec<&BriefTold> = briefs.iter().collect();
            shown.retain(|brief| is_told(brief));
            for brief in shown.iter().take(MOST_REGIONS) {
                self.brief(word, brief);
            }
            if shown.len() > MOST_REGIONS {
                let more = shown.len() - MOST_REGIONS;
                let _ = writeln!(
                    self.text,
                    "  … and {more} more {word} (all of them: -o json)"
                );
            }
        }
        if !untold.is_empty() {
            self.untold(&untold);
        }
    }

    /// What depends on too much to be told one by one.
    fn untold(&mut self, perhaps: &[(&str, &BriefTold)]) {
        let has = |word: &str| perhaps.iter().any(|(own, _)| *own == word);
        let what = match (has("opened"), has("closed")) {
            (true, true) => "opened or closed",
            (true, false) => "opened",
            _ => "closed",
        };
        let head = self.paint.strong("?", Some(Severity::Warning));
        let _ = writeln!(
            self.text,
            "  {head} perhaps {what}: that cannot be told from these files"
        );
        let mut rules: Vec<String> = Vec::new();
        let mut needs: Vec<MissingInput> = Vec::new();
        for (_, brief) in perhaps {
            let by = [&brief.region.new.by, &brief.region.old.by];
            for told in by.into_iter().flatten() {
                let name = match told.kind {
                    "security-rule" => format!("`{}`{}", told.name, priority(told)),
                    _ => continue,
                };
                if !rules.contains(&name) {
                    rules.push(name);
                }
            }
            for missing in &brief.region.needs {
                if !needs.iter().any(|own| own.what == missing.what) {
                    needs.push(missing.clone());
                }
            }
        }
        if !rules.is_empty() {
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let list = shortened(&rules, rules.len());
            self.wrapped("rules", &list);
        }
        let witness = perhaps.iter().find_map(|(_, it)| it.region.witness);
        if let Some(witness) = witness {
            self.field("packet", &format!("{}, for example", packet(&witness)));
        }
        self.needs(&needs);
    }

    fn needs(&mut self, needs: &[MissingInput]) {
        let shown = match needs.len() > MOST_NEEDS {
            true => MOST_NEEDS - 1,
            false => needs.len(),
        };
        for missing in needs.iter().take(shown) {
            let text = format!("{}: {}", missing.what, missing.settle);
            self.wrapped("needs", &text);
        }
        if needs.len() > shown {
            self.field("", &format!("… and {} more", needs.len() - shown));
        }
    }

    fn brief(&mut self, word: &str, brief: &BriefTold) {
        let region = &brief.region;
        let (mark, severity) = match (word, region.certain) {
            (_, false) => ("?", Severity::Warning),
            ("opened", true) => ("+", Severity::Error),
            (_, true) => ("-", Severity::Note),
        };
        let head = match (region.certain, brief.exact) {
            (false, _) => format!("{mark} perhaps {word}"),
            (true, true) => format!("{mark} {word}"),
            (true, false) => format!("{mark} {word} parts of"),
        };
        let indent = head.chars().count() + 3;
        let head = self.paint.strong(&head, Some(severity));
        let width = self.width.saturating_sub(indent).max(30);
        for (index, line) in wrap(&flows(brief), width).iter().enumerate() {
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
        self.needs(&region.needs);
    }

    fn decision(&mut self, name: &str, version: usize, decision: &DecisionTold) {
        let access = decision.access.unwrap_or("depends");
        for (index, told) in decision.by.iter().take(MOST_LISTED).enumerate() {
            let (name, access) = match index {
                0 => (name, access),
                _ => ("", ""),
            };
            let priority = priority(told);
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

    fn has_several_deployments(&self) -> bool {
        let mut subjects = self.diff.subjects();
        let first = subjects.next().map(|subject| &subject.deployment);
        subjects.any(|subject| Some(&subject.deployment) != first)
    }

    fn wrapped(&mut self, name: &str, value: &str) {
        let width = self.width.saturating_sub(FIELD_INDENT).max(30);
        for (index, line) in wrap(value, width).iter().enumerate() {
            self.field(if index == 0 { name } else { "" }, line);
        }
    }

    fn absent(&mut self) {
        let diff = self.diff;
        for one in &diff.absent {
            let [old, new] = &one.calls;
            let versions = match (old, new) {
                (Some(_), Some(_)) => "in both versions".to_owned(),
                (Some(_), None) => format!("in {}", diff.names[0]),
                _ => format!("in {}", diff.names[1]),
            };
            let call = match (old, new) {
                (_, Some(span)) => Some((1, *span)),
                (Some(span), None) => Some((0, *span)),
                (None, None) => None,
            };
            let place = call.map_or_else(String::new, |(version, span): (usize, Span)| {
                format!(" ({})", short_place(&diff.sources[version], span))
            });
            self.lines(
                "",
                &format!(
                    "not compared: what `{}`{place} creates: the module `{}` is missing {versions}",
                    one.address, one.source
                ),
            );
        }
    }

    fn alone(&mut self) {
        for (added, word) in [(true, "new"), (false, "gone")] {
            let own = self.diff.alone.iter().filter(|(_, own)| *own == added);
            let names: Vec<&str> = own.map(|(name, _)| &**name).collect();
            match names.as_slice() {
                [] => {}
                [only] => {
                    let name = self.paint.strong(only, None);
                    let _ = writeln!(self.text, "deployment {name} is {word}");
                }
                several => {
                    let list = shortened(several, several.len());
                    let line = format!("{} deployments are {word}: {list}", several.len());
                    self.lines("", &line);
                }
            }
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
                    let (word, briefs) = if opened {
                        ("opened", &subject.opened_briefly)
                    } else {
                        ("closed", &subject.closed_briefly)
                    };
                    let own = briefs.iter().filter(|one| one.region.certain == certain);
                    let untold = untold(subject).into_iter();
                    let untold = untold.filter(|(own, _)| !certain && *own == word).count();
                    own.count() - untold + untold.min(1)
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
            parts.push(format!("{} without effect now", plural(dead, "rule")));
        }
        let compared = diff.subjects().any(|one| one.presence == Presence::Both);
        let alone =
            diff.subjects().any(|one| one.presence != Presence::Both) || !diff.alone.is_empty();
        // Everything but what is not here.
        let mut here = diff.subjects().filter(|one| one.absent.is_none());
        let is_whole = !diff.is_incomplete() && here.all(|one| one.equivalent == Some(true));
        let verdict = match (diff.equivalent(), parts.is_empty()) {
            (Some(true), _) if !compared => "nothing is in both versions".to_owned(),
            (Some(true), none) => {
                let text = match alone {
                    true => "the same packets get through what is in both versions",
                    false => "the same packets get through",
                };
                let text = self.paint.strong(text, None);
                match none {
                    true => text,
                    false => format!("{text}; {}", parts.join(", ")),
                }
            }
            (None, true) if is_whole => {
                let text = match alone {
                    true => "the same packets get through what was compared of both versions",
                    false => "the same packets get through what was compared",
                };
                self.paint.strong(text, None)
            }
            (None, true) => self.paint.strong("not decided", Some(Severity::Warning)),
            _ => parts.join(", "),
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
