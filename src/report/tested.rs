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
        if let Some(at) = failure.at {
            write!(out, "{}: ", place(tested, at))?;
        }
        if let Some(rule) = &failure.rule {
            write!(out, "{}: ", paint.strong(rule, None))?;
        }
        writeln!(out, "{}", failure.name)?;
        for mismatch in &failure.mismatches {
            let kind = paint.strong(mismatch.kind.as_str(), Some(Severity::Error));
            let mut lines = mismatch.text.lines();
            let first = lines.next().unwrap_or_default();
            let own = failure.at.map(|at| at.file);
            let there = match mismatch.at {
                Some(at) if Some(at.file) == own => format!(" (line {})", line(tested, at)),
                Some(at) => format!(" ({})", place(tested, at)),
                None => String::new(),
            };
            writeln!(out, "  {kind}{there}: {first}")?;
            for line in lines {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out)?;
    }
    let without = tested.without_examples.len();
    if without > 0 {
        let rules = plural(without, "rule");
        let names = tested.without_examples.join(", ");
        writeln!(out, "{rules} without an example: {names}")?;
    }
    let mut seen = format!(
        "{}, {}",
        plural(tested.rules, "rule"),
        plural(tested.examples, "example")
    );
    if tested.tests > 0 {
        seen.push_str(&format!(", {}", plural(tested.tests, "test")));
    }
    match tested.failures.len() {
        0 => writeln!(out, "{seen}: all as they say"),
        failed => writeln!(out, "{seen}: {failed} not as they say"),
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
