//! Lines of a file with marks beneath them, drawn by miette on our own line index: its default
//! source searches the text from the start for every label, and fails on very long lines.

use std::fmt;
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::Severity;
use crate::report::Style;
use crate::source::{SourceFile, SourceMap, Span};

/// A line with more bytes before the mark is shown in part.
const LONG_LINE: usize = 400;

/// How much of a long line is shown on either side of the mark.
const WINDOW: usize = 100;

/// Larger excerpts are not drawn as one; the renderer then draws the marks apart.
const LARGEST_EXCERPT: usize = 16 << 10;

/// A place to be marked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    /// Where.
    pub(super) span: Span,
    /// What is said there.
    pub(super) text: &'a str,
    /// Whether it is the one to look at.
    pub(super) primary: bool,
}

/// A message with the lines it is about.
#[derive(Debug)]
pub(super) struct Snippet<'a> {
    /// All files.
    pub(super) sources: &'a SourceMap,
    /// Decides the colour.
    pub(super) severity: Severity,
    /// Said above the lines.
    pub(super) message: &'a str,
    /// All in one file, the primary first.
    pub(super) marks: Vec<Mark<'a>>,
}

impl Snippet<'_> {
    /// Draws message and lines.
    pub(super) fn draw(&self, text: &mut String, style: Style) {
        let file = self
            .marks
            .first()
            .and_then(|mark| self.sources.get(mark.span.file));
        let drawn = Drawn {
            severity: self.severity,
            message: self.message,
            labels: file.map_or_else(Vec::new, |file| self.labels(file)),
            source: file.map(|file| Indexed(Arc::clone(file))),
        };
        let theme = GraphicalTheme {
            characters: ThemeCharacters::unicode(),
            styles: if style.colour {
                ThemeStyles::ansi()
            } else {
                ThemeStyles::none()
            },
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(style.width)
            .with_links(false)
            .with_context_lines(1);
        let before = text.len();
        if handler.render_report(text, &drawn).is_err() {
            text.truncate(before);
            text.push_str("  ");
            text.push_str(self.message);
            text.push('\n');
        }
    }

    fn labels(&self, file: &SourceFile) -> Vec<LabeledSpan> {
        if file.text().is_empty() {
            return Vec::new();
        }
        let mut labels = Vec::new();
        let mut said: Vec<&str> = Vec::new();
        for mark in &self.marks {
            let (start, mut length) = visible(file, mark.span);
            if mark.primary && self.has_marks_within(start, length) {
                // Marks within marks are hard to read: the first word stands for the whole.
                length = first_word(file.slice(mark.span)).max(1);
            }
            let repeated = said.contains(&mark.text);
            said.push(mark.text);
            let label = (!mark.text.is_empty() && !repeated).then(|| mark.text.to_owned());
            labels.push(if mark.primary {
                LabeledSpan::new_primary_with_span(label, (start, length))
            } else {
                LabeledSpan::new_with_span(label, (start, length))
            });
        }
        labels
    }

    fn has_marks_within(&self, start: usize, length: usize) -> bool {
        self.marks.iter().any(|mark| {
            let at = mark.span.start as usize;
            !mark.primary && start <= at && at < start + length
        })
    }
}

/// The part of a span that is marked: its first line; of an empty one the character there, or the
/// last one before it where the line or the text ends.
fn visible(file: &SourceFile, span: Span) -> (usize, usize) {
    let start = span.start as usize;
    let length = first_line(file.slice(span));
    if length > 0 {
        return (start, length);
    }
    let text = file.text();
    let start = start.min(text.len());
    let here = text.get(start..).and_then(|rest| rest.chars().next());
    let before = text.get(..start).unwrap_or("");
    let last = before.trim_end().char_indices().next_back();
    match (here, last) {
        (Some(here), _) if !here.is_whitespace() => (start, here.len_utf8()),
        (_, Some((at, letter))) => (at, letter.len_utf8()),
        (Some(here), None) => (start, here.len_utf8()),
        (None, None) => (0, 0),
    }
}

/// Bytes up to the first space.
fn first_word(text: &str) -> usize {
    text.find(char::is_whitespace).unwrap_or(text.len()).min(60)
}

/// Bytes up to the end of the first line, at most 200.
fn first_line(text: &str) -> usize {
    let line = text.lines().next().unwrap_or("").trim_end();
    let mut end = line.len().min(200);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[derive(Debug)]
struct Drawn<'a> {
    severity: Severity,
    message: &'a str,
    labels: Vec<LabeledSpan>,
    source: Option<Indexed>,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// A file that finds its lines by the index.
#[derive(Debug)]
struct Indexed(Arc<SourceFile>);

impl SourceCode for Indexed {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let file = &self.0;
        let text = file.text();
        let clamp = |offset: usize| u32::try_from(offset.min(text.len())).unwrap_or(u32::MAX);
        let (start, end) = (clamp(span.offset()), clamp(span.offset() + span.len()));
        let last = end.saturating_sub(u32::from(end > start));
        let first_line = file.line_index(start).saturating_sub(before);
        let last_line = file.line_index(last).saturating_add(after);
        let mut from = file.line_start(first_line) as usize;
        let to = file.line_start(last_line.saturating_add(1)) as usize;
        let mut to = to.max(end as usize);
        let mut line = first_line;
        let mut column = 0;
        let own_line = file.line_index(start);
        let own_start = file.line_start(own_line) as usize;
        let columns = |from: usize| file.before_in_line(clamp(from)).characters;
        if before == 0 {
            from = start as usize;
            column = columns(from);
        }
        if after == 0 {
            to = end as usize;
        }
        let far = (start as usize).saturating_sub(own_start) > LONG_LINE
            || to.saturating_sub(end as usize) > LARGEST_EXCERPT;
        let long = before + after > 0 && far;
        if long {
            from = boundary(text, (start as usize).saturating_sub(WINDOW).max(own_start));
            let next = file.line_start(file.line_index(last).saturating_add(1)) as usize;
            to = boundary(text, (end as usize).saturating_add(WINDOW).min(next));
            line = own_line;
            column = columns(from);
        }
        if to.saturating_sub(from) > LARGEST_EXCERPT {
            return Err(MietteError::OutOfBounds);
        }
        let excerpt = text.get(from..to).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            file.path().to_string(),
            excerpt.as_bytes(),
            (from, to - from).into(),
            line,
            column,
            file.line_count(),
        )))
    }
}

/// The nearest character boundary at or before an offset.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn draw(text: &str, marks: &[(&str, &str)]) -> String {
        let sources = SourceMap::new(vec![Arc::new(SourceFile::new("a.tf", text))]);
        let marks = marks
            .iter()
            .enumerate()
            .map(|(index, (at, label))| {
                let start = u32::try_from(text.find(at).unwrap()).unwrap();
                let end = start + u32::try_from(at.len()).unwrap();
                Mark {
                    span: Span::new(FileId(0), start, end),
                    text: label,
                    primary: index == 0,
                }
            })
            .collect();
        let snippet = Snippet {
            sources: &sources,
            severity: Severity::Error,
            message: "wrong",
            marks,
        };
        let mut out = String::new();
        snippet.draw(&mut out, Style::default());
        out
    }

    #[test]
    fn the_marked_line_is_shown_with_its_number() {
        let out = draw("a = 1\nport = 25\nb = 2\n", &[("25", "here")]);
        assert!(out.contains("a.tf:2:8"), "{out}");
        assert!(
            out.contains("2 │ port = 25") && out.contains("here"),
            "{out}"
        );
    }

    #[test]
    fn a_line_of_four_megabytes_is_shown_in_part() {
        let filler = "\"x\":1,".repeat(700_000);
        let out = draw(&format!("{{{filler}\"port\":25}}"), &[("\"port\"", "here")]);
        assert!(out.contains("here") && out.len() < 4000, "{}", out.len());
        assert!(out.contains("a.tf:1:4200002"), "{out}");
    }

    #[test]
    fn an_empty_mark_at_the_end_of_the_text_is_drawn() {
        for text in ["a = {", "a = {\n", "a = {\r\n", "é"] {
            let end = u32::try_from(text.len()).unwrap();
            let sources = SourceMap::new(vec![Arc::new(SourceFile::new("a.tf", text))]);
            let snippet = Snippet {
                sources: &sources,
                severity: Severity::Error,
                message: "wrong",
                marks: vec![Mark {
                    span: Span::new(FileId(0), end, end),
                    text: "never closed",
                    primary: true,
                }],
            };
            let mut out = String::new();
            snippet.draw(&mut out, Style::default());
            assert!(
                out.contains("wrong") && out.contains("never closed"),
                "{text:?} {out}"
            );
        }
    }

    #[test]
    fn marks_far_apart_are_drawn_apart() {
        let filler = "x = 1\n".repeat(10_000);
        let out = draw(
            &format!("first = 1\n{filler}last = 2\n"),
            &[("first", "one"), ("last", "two")],
        );
        assert!(out.contains("one") && out.contains("two"), "{out}");
        assert!(out.len() < 4000, "{}", out.len());
    }
}
