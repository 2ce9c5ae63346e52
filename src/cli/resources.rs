//! `aznet resources`

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::inputs::Inputs;
use super::{Answer, FAILED, Failure, stderr_has_colour, stdout_has_colour, width};
use crate::engine::inventory::inventory;
use crate::report::inventory::Detail;
use crate::report::{self, Style};

/// The arguments of `aznet resources`.
#[derive(Debug, Args)]
pub(super) struct Resources {
    /// Files and directories to list [default: the root, or the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Also show the fields that are known (JSON always does)
    #[arg(long, conflicts_with = "summary")]
    fields: bool,

    /// Only the counts
    #[arg(long)]
    summary: bool,

    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Answer,

    #[command(flatten)]
    inputs: Inputs,
}

impl Resources {
    /// Lists, and tells the exit code.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let detail = match (self.fields, self.summary) {
            (true, _) => Detail::Fields,
            (_, true) => Detail::Summary,
            _ => Detail::Resources,
        };
        let listed = inventory(&self.inputs.request(self.paths))?;
        let mut style = Style {
            colour: stderr_has_colour(),
            width: width(),
            strict: false,
        };
        if self.output == Answer::Human {
            let mut out = io::BufWriter::new(anstream::stderr().lock());
            report::human::diagnostics(&listed.sources, &listed.diagnostics, style, &mut out)?;
            out.flush()?;
        }
        style.colour = stdout_has_colour();
        let mut out = io::BufWriter::new(anstream::stdout().lock());
        match self.output {
            Answer::Human => report::inventory::human(&listed, detail, style, &mut out)?,
            Answer::Json => report::inventory::json(&listed, detail, &mut out)?,
        }
        out.flush()?;
        Ok(if listed.is_incomplete() { FAILED } else { 0 })
    }
}
