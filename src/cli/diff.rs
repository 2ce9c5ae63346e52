//! `aznet diff`

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::inputs::Inputs;
use super::{Answer, FAILED, Failure, stderr_has_colour, stdout_has_colour, width};
use crate::engine::ask::diff::{DiffRequest, diff};
use crate::report::{self, Style};

/// The arguments of `aznet diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// A file, directory or git revision; or a range such as main..HEAD, `main..` for the files
    /// on disk
    #[arg(value_name = "OLD")]
    old: String,

    /// A file, directory or git revision
    #[arg(value_name = "NEW")]
    new: Option<String>,

    /// Only deployments that files below this path take part in
    #[arg(long, value_name = "PATH")]
    path: Option<PathBuf>,

    /// Fail (exit code 1) when a flow of this kind changed
    #[arg(long, value_name = "CHANGE", default_value = "never")]
    fail_on: Change,

    /// Count flows that only change perhaps
    #[arg(long)]
    strict: bool,

    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Answer,

    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Change {
    /// Newly allowed
    Opened,
    /// Newly denied
    Closed,
    /// Either
    Any,
    /// None
    Never,
}

impl Diff {
    /// Compares, writes, and tells the exit code.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let found = diff(&DiffRequest {
            old: self.old,
            new: self.new,
            below: self.path,
            request: self.inputs.request(Vec::new()),
        })?;
        let mut style = Style {
            colour: stderr_has_colour(),
            width: width(),
            strict: self.strict,
        };
        if self.output == Answer::Human {
            let mut out = io::BufWriter::new(anstream::stderr().lock());
            for (sources, diagnostics) in found.sources.iter().zip(found.told_once()) {
                report::human::diagnostics(sources, &diagnostics, style, &mut out)?;
            }
            out.flush()?;
        }
        style.colour = stdout_has_colour();
        let mut out = io::BufWriter::new(anstream::stdout().lock());
        match self.output {
            Answer::Human => report::diff::human(&found, style, &mut out)?,
            Answer::Json => report::diff::json(&found, &mut out)?,
        }
        out.flush()?;
        let opened = matches!(self.fail_on, Change::Opened | Change::Any);
        let closed = matches!(self.fail_on, Change::Closed | Change::Any);
        let fails =
            (opened && found.has(true, self.strict)) || (closed && found.has(false, self.strict));
        Ok(match found.is_incomplete() {
            true => FAILED,
            false => u8::from(fails),
        })
    }
}
