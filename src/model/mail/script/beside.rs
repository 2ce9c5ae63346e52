//! What other lines of a text say of a server: its port and its encryption.
//!
//! `smtp_address` and `smtp_port` belong together wherever they stand; `port` and `tls` belong to
//! the host of the lines around them. What is absent: what stands in the host's own line.

use super::{Found, leading_number};
use crate::model::mail::names::{self, Holds, switch};
use crate::model::setting::HOLE;

/// How many lines around a host its `port` may stand.
const NEAR: usize = 5;

/// How many lines of a text are read.
const MAX_LINES: usize = 20_000;

/// One command or entry: a line, with those it goes on in.
#[derive(Clone, Debug)]
pub(super) struct Line<'t> {
    /// Where it begins in the text.
    pub(super) start: usize,
    /// It.
    pub(super) text: &'t str,
    /// The section or the parent that it stands in.
    within: String,
    indent: usize,
    /// What its own key holds, if that is a setting of a mail server.
    told: Option<Told>,
}

impl Line<'_> {
    /// A key with the name of what it stands in.
    pub(super) fn qualified(&self, key: &str) -> String {
        format!("{}.{key}", self.within)
    }
}

#[derive(Clone, Debug)]
struct Told {
    stem: String,
    holds: Holds,
    /// Where its value stands in the text.
    at: usize,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Number(u16),
    Switch(bool),
    Unknown,
}

/// A text, line by line; comments are left out.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    lines: Vec<Line<'t>>,
    text: &'t str,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut lines: Vec<Line<'t>> = Vec::new();
        let mut parents: Vec<(usize, String)> = Vec::new();
        let mut section = String::new();
        for (start, line) in split(text).into_iter().take(MAX_LINES) {
            let trimmed = line.trim();
            let comment = ["#", "//", "rem ", "REM ", ";"];
            if comment.iter().any(|mark| trimmed.starts_with(mark)) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if let Some(name) = header(trimmed) {
                name.clone_into(&mut section);
            }
            if !trimmed.is_empty() {
                parents.retain(|(of, _)| *of < indent);
            }
            let within = parents.last().map_or(&section, |(_, name)| name).clone();
            if let Some(name) = parent(trimmed) {
                parents.push((indent, name.to_owned()));
            }
            let mut line = Line {
                start,
                text: line,
                within,
                indent,
                told: None,
            };
            line.told = told(&line);
            lines.push(line);
        }
        Self { lines, text }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Line<'t>> {
        self.lines.iter()
    }

    /// Adds what the lines beside say of a server that `line` names by a key of this stem.
    pub(super) fn complete(&self, found: &mut Found, line: &Line<'_>, stem: Option<&str>) {
        let same = |told: &&Told| stem.is_some_and(|stem| !stem.is_empty() && told.stem == stem);
        let told = || self.lines.iter().filter_map(|line| line.told.as_ref());
        let near = self.near(line);
        let ports: Vec<&Told> = told()
            .filter(same)
            .filter(|told| told.holds == Holds::Port)
            .collect();
        let ports = match &ports[..] {
            [] => near
                .iter()
                .filter(|told| told.holds == Holds::Port)
                .collect(),
            _ => ports,
        };
        if let ([port], None, false) = (&ports[..], found.port, found.port_unknown) {
            take(found, port);
        }
        let switches: Vec<&Told> = told()
            .filter(same)
            .chain(&near)
            .filter(|told| told.holds != Holds::Port)
            .collect();
        if found.tls.is_none() {
            let on = switches
                .iter()
                .find(|told| told.value == Value::Switch(true));
            let off = switches
                .iter()
                .find(|told| told.value == Value::Switch(false) && told.holds == Holds::Tls);
            if let Some(told) = on.or(off) {
                take(found, told);
            }
        }
    }

    /// The one server and the one port of a text belong together.
    pub(super) fn pair_what_is_left(&self, found: &mut [Found]) {
        let [only] = found else {
            return;
        };
        let told = self.lines.iter().filter_map(|line| line.told.as_ref());
        let ports: Vec<&Told> = told.filter(|told| told.holds == Holds::Port).collect();
        // What a relay takes by itself is told nowhere.
        let open = only.port_at.is_none() && !only.port_unknown;
        if let ([port], true) = (&ports[..], open) {
            take(only, port);
        }
    }

    /// The port that `sendmail` is told to relay to.
    pub(super) fn sendmail_port(&self) -> Option<u16> {
        let at = self.text.find("RELAY_MAILER_ARGS")?;
        let (_, port) = self.text.get(at..)?.lines().next()?.split_once("$h")?;
        leading_number(port.trim_start())
    }

    /// What is told without a word for mail in the lines around one, at its depth.
    fn near(&self, line: &Line<'_>) -> Vec<Told> {
        let Some(own) = self
            .lines
            .iter()
            .position(|other| other.start == line.start)
        else {
            return Vec::new();
        };
        let beside = |other: &&Line<'_>| {
            !other.text.trim().is_empty()
                && other.indent == line.indent
                && other.within == line.within
        };
        let after = self
            .lines
            .iter()
            .skip(own + 1)
            .take(NEAR)
            .take_while(beside);
        let before = self
            .lines
            .iter()
            .take(own)
            .rev()
            .take(NEAR)
            .take_while(beside);
        after
            .chain(before)
            .filter_map(|line| plain(line.text, line.start, ""))
            .collect()
    }
}

fn take(found: &mut Found, told: &Told) {
    match (told.holds, told.value) {
        (Holds::Port, Value::Number(port)) => {
            found.port = Some(port);
            found.port_at = Some(told.at);
        }
        (Holds::Port, _) => {
            found.port = None;
            found.port_unknown = true;
        }
        (_, Value::Switch(on)) => {
            found.tls = Some(on);
            found.tls_at = Some(told.at);
        }
        _ => {}
    }
}

/// The lines of a text and where they begin. One that ends in `\` or `` ` `` goes on in the next.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let (length, mark) = [("\n", 1), ("\\n", 2)]
            .iter()
            .filter_map(|(mark, size)| Some((rest.find(mark)?, *size)))
            .min()
            .unwrap_or((rest.len(), 0));
        let end = at + length;
        let goes_on = mark == 1
            && rest
                .get(..length)
                .is_some_and(|line| line.trim_end_matches('\r').ends_with(['\\', '`']));
        at = end + mark;
        if !goes_on || at >= text.len() {
            lines.push((begin, text.get(begin..end).unwrap_or_default()));
            begin = at;
        }
        if mark == 0 {
            break;
        }
    }
    lines
}

/// The name of a section: `[smtp]`.
fn header(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    name.chars().all(plain).then_some(name)
}

/// The name of what the next lines stand in: `smtp:`, `"smtp": {`.
fn parent(line: &str) -> Option<&str> {
    let name = line.trim_end_matches(['{', ' ']).strip_suffix([':', '='])?;
    let name = name.trim_start_matches("- ").trim_matches(['"', '\'', ' ']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// What a line tells of a mail server by its own name, or by that of what it stands in.
fn told(line: &Line<'_>) -> Option<Told> {
    let mut from = 0;
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    while let Some(start) = line.text.get(from..).and_then(|rest| rest.find(is_key)) {
        let start = from + start;
        let rest = line.text.get(start..).unwrap_or_default();
        let length = rest.find(|c| !is_key(c)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        if let Some((stem, holds)) = names::holds(word)
            && holds != Holds::Host
            && let Some(told) = value_of(
                rest.get(length..)?,
                line.start + start + length,
                stem,
                holds,
            )
        {
            return Some(told);
        }
        from = start + length.max(1);
    }
    if line.within.is_empty() {
        return None;
    }
    plain(line.text, line.start, &line.within)
}

/// What a line tells whose key is `port` or `tls` alone, in a section.
fn plain(line: &str, start: usize, within: &str) -> Option<Told> {
    let trimmed = line.trim_start_matches([' ', '\t', '-', '"', '\'']);
    let begin = line.len() - trimmed.len();
    let length = trimmed.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let key = trimmed.get(..length)?;
    let known = [
        "port",
        "tls",
        "starttls",
        "ssl",
        "secure",
        "use_tls",
        "tls_starttls",
    ];
    let lower = key.to_ascii_lowercase();
    if !known.contains(&&*lower) {
        return None;
    }
    let name = match within {
        "" => format!("mail.{key}"),
        within => format!("{within}.{key}"),
    };
    let (stem, holds) = names::holds(&name)?;
    value_of(trimmed.get(length..)?, start + begin + length, stem, holds)
}

fn value_of(after: &str, at: usize, stem: String, holds: Holds) -> Option<Told> {
    let value = after.trim_start_matches(['"', '\'', ' ', '\t', '=', ':', '\\', ',', ']']);
    if value.len() == after.len() {
        return None;
    }
    let at = at + after.len() - value.len();
    let unknown = value.starts_with([HOLE, '$']);
    let word = value
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(value.len());
    let value = match holds {
        _ if unknown => Value::Unknown,
        Holds::Port => Value::Number(leading_number(value)?),
        _ => Value::Switch(switch(value.get(..word)?)?),
    };
    Some(Told {
        stem,
        holds,
        at,
        value,
    })
}

/// What the key before a value is called with the object of the same line that it stands in:
/// `"smtp": {"host": …`.
pub(super) fn within_line(before: &str, key: &str) -> Option<String> {
    let open = before.rfind('{')?;
    let closed = before.get(open..)?.contains('}');
    let (parent, ..) = key_before(before.get(..open)?).filter(|_| !closed)?;
    Some(format!("{parent}.{key}"))
}

/// The key before a value; whether a sign stands between them, and whether it is an option.
pub(super) fn key_before(before: &str) -> Option<(&str, bool, bool)> {
    let blanks = ['[', ']', '"', '\'', '`', ' ', '\t', '\\'];
    let signs = ['=', ':', '(', ',', '>'];
    let bare = before.trim_end_matches(|c| blanks.contains(&c) || signs.contains(&c));
    let between = before.get(bare.len()..)?;
    // `debconf-set-selections` writes the type of a value before it.
    let bare = bare.strip_suffix(" string").unwrap_or(bare);
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let key = bare.rsplit(|c| !is_key(c)).next();
    let key = key.filter(|key| !key.is_empty())?;
    Some((key, between.contains(signs), key.starts_with('-')))
}
