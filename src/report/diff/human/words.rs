//! Words and lists of the page.

use std::fmt::Write as _;

use super::MOST_PERHAPS;
use crate::engine::ask::diff::{BriefTold, Presence, Subject};
use crate::engine::ask::tell::Told;
use crate::report::human::text::MOST_LISTED;

/// Whether there is nothing to say but that it is there.
pub(super) fn is_quiet(subject: &Subject) -> bool {
    subject.opened.is_empty()
        && subject.closed.is_empty()
        && subject.unreachable.is_empty()
        && subject.undecided.is_empty()
        && subject.existence.is_empty()
}

/// Whether there is anything to say.
pub(super) fn has_news(subject: &Subject) -> bool {
    let renamed = match &subject.attached {
        Some([before, after]) => before != after,
        None => subject.was.is_some(),
    };
    !is_quiet(subject) || subject.presence != Presence::Both || renamed
}

/// What perhaps changed and is better told in one: much of it, or what depends in both versions.
pub(super) fn untold(subject: &Subject) -> Vec<(&'static str, &BriefTold)> {
    let opened = subject.opened_briefly.iter().map(|one| ("opened", one));
    let closed = subject.closed_briefly.iter().map(|one| ("closed", one));
    let mut perhaps: Vec<_> = opened.chain(closed).collect();
    perhaps.retain(|(_, one)| !one.region.certain);
    let is_open = |brief: &BriefTold| {
        let (old, new) = (&brief.region.old, &brief.region.new);
        let mut by = old.by.iter().chain(&new.by);
        (old.access.is_none() && new.access.is_none()) || by.any(|told| told.kind == "unknown")
    };
    let clear = perhaps.iter().filter(|(_, brief)| !is_open(brief)).count();
    if clear <= MOST_PERHAPS {
        perhaps.retain(|(_, brief)| is_open(brief));
    }
    perhaps
}

pub(super) fn priority(told: &Told) -> String {
    let priority = told.priority;
    priority.map_or_else(String::new, |priority| format!(" ({priority})"))
}

/// The packets of some regions in one line.
pub(super) fn flows(brief: &BriefTold) -> String {
    let region = &brief.region;
    let protocols = match (
        region.protocols.as_slice(),
        brief.protocols_except.as_slice(),
    ) {
        ([], []) => "any protocol".to_owned(),
        ([], except) => format!("any protocol except {}", except.join(", ")),
        (some, _) => some.join(", "),
    };
    let mut text = format!(
        "{} {protocols} {}",
        region.direction,
        end(&region.source, &region.source_except)
    );
    if let Some(ports) = ports(&region.source_ports, &brief.source_ports_except) {
        let _ = write!(text, " {ports}");
    }
    let _ = write!(
        text,
        " → {}",
        end(&region.destination, &region.destination_except)
    );
    match ports(&region.destination_ports, &brief.destination_ports_except) {
        Some(ports) => {
            let _ = write!(text, " {ports}");
        }
        None if region.protocols.as_slice() == ["icmp"] => {}
        None => text.push_str(" all ports"),
    }
    text
}

pub(super) fn end(meant: &[String], except: &[String]) -> String {
    let meant = list(meant);
    match except.is_empty() {
        true => meant,
        false => format!("{meant} except {}", list(except)),
    }
}

pub(super) fn ports(ports: &[String], except: &[String]) -> Option<String> {
    match (ports, except) {
        ([only], []) if only == "*" => None,
        ([only], except) if only == "*" => Some(format!("all ports except {}", list(except))),
        ([only], _) if !only.contains('-') => Some(format!("port {only}")),
        (some, _) => Some(format!("ports {}", list(some))),
    }
}

pub(super) fn list(items: &[String]) -> String {
    let shown: Vec<&str> = items.iter().take(MOST_LISTED).map(String::as_str).collect();
    match items.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
