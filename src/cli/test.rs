//! `aznet test`

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::{FAILED, Failure, stderr_has_colour, stdout_has_colour, width};
use crate::engine::examples;
use crate::report::{self, Style};

/// The arguments of `aznet test`.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// A directory of rules, or a rule file [default: the rules of the program]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

impl Test {
    /// Tests, writes, and tells the exit code.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let tested = match &self.path {
            Some(path) => examples::test(path)?,
            None => examples::test_builtin()?,
        };
        let mut style = Style {
            colour: stderr_has_colour(),
            width: width(),
            strict: false,
        };
        let mut out = io::BufWriter::new(anstream::stderr().lock());
        report::human::diagnostics(&tested.sources, &tested.diagnostics, style, &mut out)?;
        out.flush()?;
        style.colour = stdout_has_colour();
        let mut out = io::BufWriter::new(anstream::stdout().lock());
        report::tested::write(&tested, style, &mut out)?;
        out.flush()?;
        Ok(if tested.is_incomplete() {
            FAILED
        } else {
            u8::from(!tested.failures.is_empty())
        })
    }
}
