//! What came of testing rules, for the terminal: each example that is not as it says, with the
//! place of what it expects, and at the end how many were run.

use std::io;

use super::Style;
use super::human::text::{Paint, plural};
use crate::diagnostic::Severity;
use crate::engine::examples::Tested;
use crate::source::Span;

/// Writes it.
///
/// # Errors
///
/// Those of the writer.
pub fn write(tested: &Tested, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint { on: style.colour };
    for failure in &tested.failures {
        let place = place(tested, failure.at);
        let rule = paint.strong(&failure.rule, None);
        writeln!(out, "{place}: {rule}: {}", failure.example)?;
        for mismatch in &failure.mismatches {
            let kind = paint.strong(mismatch.kind.as_str(), Some(Severity::Error));
            let mut lines = mismatch.text.lines();
            let first = lines.next().unwrap_or_default();
            let place = line(tested, mismatch.at);
            writeln!(out, "  {kind} (line {place}): {first}")?;
            for line in lines {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out)?;
    }
    let examples = plural(tested.examples, "example");
    let rules = plural(tested.rules, "rule");
    match tested.failures.len() {
        0 => writeln!(out, "{rules}, {examples}: all as they say"),
        failed => writeln!(out, "{rules}, {examples}: {failed} not as they say"),
    }
}

fn place(tested: &Tested, span: Span) -> String {
    let file = tested.sources.get(span.file);
    let path = file.map_or("", |file| file.path());
    format!("{path}:{}", line(tested, span))
}

fn line(tested: &Tested, span: Span) -> u32 {
    let file = tested.sources.get(span.file);
    file.map_or(0, |file| file.line_column(span.start).line.get())
}
