//! Answers of `trace`: for the terminal and as JSON.

mod human;
mod json;

use std::io;

use super::Style;
use crate::engine::ask::estate::Estate;
use crate::engine::ask::trace::{Trace, Verdict};
use crate::engine::ask::words::ports;

/// Writes the answers for the terminal.
///
/// # Errors
///
/// Those of the writer.
pub fn human(
    estate: &Estate,
    answers: &[Trace],
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    human::write(estate, answers, style, out)
}

/// Writes the answers as one JSON object.
///
/// # Errors
///
/// Those of the writer.
pub fn json(estate: &Estate, answers: &[Trace], out: &mut dyn io::Write) -> io::Result<()> {
    json::write(estate, answers, out)
}

/// What several deployments together say.
fn together(answers: &[Trace]) -> Verdict {
    let mut verdicts = answers.iter().map(|answer| answer.verdict);
    let first = verdicts.next().unwrap_or(Verdict::Depends);
    verdicts.fold(
        first,
        |all, one| if all == one { all } else { Verdict::Depends },
    )
}
