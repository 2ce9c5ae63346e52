//! Where in a file a part of an expression was typed.

use crate::source::{SourceFile, Span};
use crate::syntax::json::Json;

/// A JSON string that holds an expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    span: Span,
    /// Whether the string has no escapes, so that its bytes are those of the file.
    plain: bool,
    /// How many bytes are written before the expression: one bracket, if it was escaped for the
    /// template around it.
    before: u32,
}

impl Site {
    /// The site of a JSON string whose decoded text is `text`, or ends with it.
    pub(super) fn new(json: &Json, text: &str) -> Self {
        let written = json.as_str().unwrap_or(text).len();
        Self {
            span: json.span,
            plain: json.span.len() as usize == written + 2,
            before: u32::try_from(written.saturating_sub(text.len())).unwrap_or(0),
        }
    }

    /// A site without inner structure.
    pub(super) fn whole(span: Span) -> Self {
        Self {
            span,
            plain: false,
            before: 0,
        }
    }

    /// The whole string with its quotes.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// The part between two offsets of the decoded text; the whole string if it has escapes.
    pub(super) fn part(&self, start: u32, end: u32) -> Span {
        if !self.plain {
            return self.span;
        }
        let base = self.span.start + 1 + self.before;
        Span::new(self.span.file, base + start, base + end)
    }

    /// The same, exact also through escapes: needs the text.
    pub(super) fn exact_part(&self, file: &SourceFile, start: u32, end: u32) -> Span {
        if self.plain {
            return self.part(start, end);
        }
        let raw = file.slice(self.span);
        let base = self.span.start;
        let at = |offset: u32| base + raw_offset(raw, (offset + self.before) as usize);
        Span::new(self.span.file, at(start), at(end))
    }
}

/// The offset in a JSON string literal, quote included, of an offset in its decoded text.
fn raw_offset(raw: &str, decoded: usize) -> u32 {
    let mut seen = 0;
    let mut high_surrogate = false;
    let mut characters = raw.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if seen >= decoded {
            return u32::try_from(at).unwrap_or(u32::MAX);
        }
        if character != '\\' {
            seen += character.len_utf8();
            continue;
        }
        let Some((_, escape)) = characters.next() else {
            break;
        };
        if escape != 'u' {
            seen += 1;
            continue;
        }
        let digits: String = characters
            .by_ref()
            .take(4)
            .map(|(_, digit)| digit)
            .collect();
        let code = u32::from_str_radix(&digits, 16).unwrap_or(0);
        if high_surrogate {
            high_surrogate = false;
            seen += 4;
        } else if (0xd800..0xdc00).contains(&code) {
            high_surrogate = true;
        } else {
            seen += char::from_u32(code).map_or(3, char::len_utf8);
        }
    }
    u32::try_from(raw.len().saturating_sub(1)).unwrap_or(u32::MAX)
}
