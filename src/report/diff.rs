//! What `diff` found: for the terminal and as JSON.

mod human;
mod json;

use std::io;

use super::Style;
use crate::engine::ask::diff::Diff;

/// Writes it for the terminal.
///
/// # Errors
///
/// Those of the writer.
pub fn human(diff: &Diff, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    human::write(diff, style, out)
}

/// Writes it as one JSON object.
///
/// # Errors
///
/// Those of the writer.
pub fn json(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    json::write(diff, out)
}
