//! Words, colours and lines of the format for people.

use super::snippet::Mark;
use crate::diagnostic::Severity;
use crate::report::place::{Unit, place};
use crate::report::protocol;
use crate::semantics::packet::Flow;
use crate::source::{SourceMap, Span};

/// How many names of a list are shown.
pub(in crate::report) const MOST_LISTED: usize = 6;

/// Colours, or none.
#[derive(Clone, Copy)]
pub(in crate::report) struct Paint {
    pub(in crate::report) on: bool,
}

impl Paint {
    pub(in crate::report) fn strong(self, text: &str, severity: Option<Severity>) -> String {
        let code = match severity {
            Some(Severity::Error) => "1;31",
            Some(Severity::Warning) => "1;33",
            Some(Severity::Note) => "1;36",
            None => "1",
        };
        self.with(code, text)
    }

    pub(in crate::report) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(in crate::report) fn with(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Places too far away to be drawn, one line each: where, what stands there, what it is. Those of
/// one line that are the same thing are put together.
pub(in crate::report::human) fn hops(sources: &SourceMap, far: &[Mark<'_>]) -> Vec<String> {
    let mut lines: Vec<(String, u32, &str, String, Vec<String>)> = Vec::new();
    for mark in far {
        let at = place(sources, mark.span, Unit::Characters);
        let shown = sources.slice(mark.span);
        // A literal has no other name than its text; of a long block its place is enough.
        let short = shown.len() <= MOST_SHOWN && !shown.contains('\n');
        let named = mark.text.contains('`') || shown.is_empty();
        let shown = (!named && (short || mark.text == "decides")).then(|| in_short(shown));
        let same = lines.iter_mut().find(|(path, line, text, ..)| {
            (path.as_str(), *line, *text) == (at.path.as_str(), at.line, mark.text)
        });
        match same {
            Some((.., texts)) => texts.extend(shown),
            None => {
                let head = format!("{}:{}:{}", at.path, at.line, at.column);
                let texts = shown.into_iter().collect();
                lines.push((at.path, at.line, mark.text, head, texts));
            }
        }
    }
    lines
        .into_iter()
        .map(|(_, _, text, head, mut shown)| {
            shown.dedup();
            let shown = shown.join(", ");
            let parts = [head.as_str(), shown.as_str(), text];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(" ")
        })
        .collect()
}

/// Of a longer piece of a file only the beginning is shown in a line.
const MOST_SHOWN: usize = 40;

/// A piece of a file as part of a line.
fn in_short(text: &str) -> String {
    if text.len() <= MOST_SHOWN && !text.contains('\n') {
        return text.to_owned();
    }
    // A line is no place for pages: what is cut off is not looked at.
    let mut end = text.len().min(MOST_SHOWN * 8);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let words: Vec<&str> = text.get(..end).unwrap_or("").split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(MOST_SHOWN - 1).collect();
    format!("{}…", cut.trim_end())
}

/// The first sentences of a text, about two lines.
pub(in crate::report) fn beginning(text: &str) -> String {
    const ENOUGH: usize = 100;
    let paragraph = text.trim().split("\n\n").next().unwrap_or("");
    let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut end = 0;
    for (at, _) in words.match_indices(". ") {
        end = at + 1;
        if end >= ENOUGH {
            break;
        }
    }
    if end < ENOUGH {
        return words;
    }
    words.get(..end).unwrap_or(&words).to_owned()
}

/// Path, line and column; of a generated file also those of what it was generated from.
pub(in crate::report) fn short_place(sources: &SourceMap, span: Span) -> String {
    let short = |span| {
        let place = place(sources, span, Unit::Characters);
        format!("{}:{}:{}", place.path, place.line, place.column)
    };
    match sources.declared(span) {
        None => short(span),
        Some(declared) => match declared.place {
            Some(written) => format!("{} ({})", short(span), short(written)),
            None => format!("{} ({})", short(span), declared.words),
        },
    }
}

pub(in crate::report) fn packet(flow: &Flow) -> String {
    let end = |address: std::net::IpAddr, port: u16| match (address, port) {
        (address, 0) => address.to_string(),
        (std::net::IpAddr::V6(address), port) => format!("[{address}]:{port}"),
        (address, port) => format!("{address}:{port}"),
    };
    format!(
        "{} {} → {}",
        protocol(flow),
        end(flow.source, flow.source_port),
        end(flow.destination, flow.destination_port)
    )
}

pub(in crate::report) fn shortened(names: &[&str], total: usize) -> String {
    let shown: Vec<&str> = names.iter().take(MOST_LISTED).copied().collect();
    let more = total.saturating_sub(shown.len());
    let list = shown.join(", ");
    if more > 0 {
        format!("{list} and {more} more")
    } else {
        list
    }
}

pub(in crate::report) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// Words of a file as a terminal may have them: what would move its cursor or change its colours is
/// shown as a character that is not known.
pub(in crate::report) fn plain(text: &str) -> String {
    let moves = |c: char| c.is_control() && !c.is_whitespace();
    text.replace(moves, "\u{fffd}")
}

/// Breaks at spaces; a longer word stays whole.
pub(in crate::report) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    if length > 0 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(
            wrap("a bb ccc dddddddd e", 5),
            ["a bb", "ccc", "dddddddd", "e"]
        );
    }
}
