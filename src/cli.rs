//! The command line: one file per command.
//!
//! Exit codes: 0 when nothing is at or above the threshold, 1 when a finding is, 2 when something
//! could not be read or the call was wrong; 2 beats 1. A reader that closes the pipe is no error.

mod check;
mod diff;
mod effective;
mod explain;
mod inputs;
mod resources;
mod test;
mod trace;
mod variables;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::ColorChoice;
use clap::{Parser, Subcommand, ValueEnum};

use crate::engine::UsageError;
use crate::engine::ask::estate::Estate;
use crate::report::{self, Style};

/// Something could not be read, or the call was wrong.
const FAILED: u8 = 2;

/// Runs the command the arguments name and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // What a caught panic says is reported as a diagnostic of the file; the default hook would
    // print it a second time.
    std::panic::set_hook(Box::new(|_| {}));
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED));
        }
    };
    cli.color.apply();
    let done = match cli.command {
        Command::Check(check) => check.run(),
        Command::Trace(trace) => trace.run(),
        Command::Effective(effective) => effective.run(),
        Command::Diff(diff) => diff.run(),
        Command::Resources(resources) => resources.run(),
        Command::Test(test) => test.run(),
        Command::Explain(explain) => explain.run(),
        Command::Rules(rules) => rules.run(),
        Command::Schema(schema) => schema.run(),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(FAILED)
        }
    }
}

/// A linter for Azure networking: works out what Azure will do with ARM and Terraform files, and
/// points at the line that makes it go wrong.
#[derive(Debug, Parser)]
#[command(name = "aznet", version, max_term_width = 100)]
struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check files: every deployment that the paths take part in
    Check(Box<check::Check>),
    /// Tell what becomes of packets from one end to another, and which rules decide
    Trace(Box<trace::Trace>),
    /// Tell which rules and routes are in force at a group, a subnet or a network interface
    Effective(Box<effective::Effective>),
    /// Tell which flows a change opens and closes, and which rules decide them
    Diff(Box<diff::Diff>),
    /// List what the files were understood as: resources, and which of their fields are not known
    Resources(Box<resources::Resources>),
    /// Run the examples of rules, and tell what is not as they say
    Test(test::Test),
    /// Tell what a rule is about, why, and how to mend what it finds
    Explain(explain::Explain),
    /// List all rules
    Rules(explain::Rules),
    /// Print a JSON Schema, for editors that check what you write
    Schema(explain::Schema),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    fn apply(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// Why a command could not do its work.
enum Failure {
    /// The call was wrong.
    Usage(UsageError),
    /// Output could not be written.
    Io(io::Error),
}

impl Failure {
    fn print(&self) {
        let (message, help) = match self {
            Self::Usage(error) => (error.message.clone(), error.help.as_deref()),
            Self::Io(error) => (format!("cannot write: {error}"), None),
        };
        let mut out = anstream::stderr().lock();
        let _ = io::Write::write_fmt(
            &mut out,
            format_args!("\u{1b}[1;31merror\u{1b}[0m: {message}\n"),
        );
        if let Some(help) = help {
            let _ = io::Write::write_fmt(&mut out, format_args!("\n  {help}\n"));
        }
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Answer {
    /// For the terminal
    Human,
    /// Everything, as one JSON object
    Json,
}

/// Writes what was asked of an estate and tells the exit code. What is wrong with the files goes to
/// standard error for people and is left to `write` for JSON; it comes before a call that turns out
/// wrong, since it may be the reason.
fn answer<T>(
    estate: &Estate,
    format: Answer,
    asked: Result<T, UsageError>,
    deployments: impl FnOnce(&T) -> Vec<Arc<str>>,
    write: impl FnOnce(&T, Style, &mut dyn io::Write) -> io::Result<()>,
) -> Result<u8, Failure> {
    let mut style = Style {
        colour: stderr_has_colour(),
        width: width(),
        strict: false,
    };
    if format == Answer::Human || asked.is_err() {
        let told = match &asked {
            Ok(asked) => estate.diagnostics_of(&deployments(asked)),
            Err(_) => estate.diagnostics.clone(),
        };
        let mut out = io::BufWriter::new(anstream::stderr().lock());
        report::human::diagnostics(&estate.sources, &told, style, &mut out)?;
        io::Write::flush(&mut out)?;
    }
    let asked = asked?;
    style.colour = stdout_has_colour();
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    write(&asked, style, &mut out)?;
    io::Write::flush(&mut out)?;
    Ok(if estate.is_incomplete() { FAILED } else { 0 })
}

/// Whether standard error takes colours.
fn stderr_has_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Columns of the terminal, 100 where there is none.
fn width() -> usize {
    terminal_size::terminal_size()
        .map_or(100, |(width, _)| usize::from(width.0))
        .clamp(60, 120)
}

/// Whether standard output takes colours.
fn stdout_has_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never
}
