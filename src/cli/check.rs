//! `aznet check`

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::inputs::Inputs;
use super::{FAILED, Failure, stdout_has_colour, width};
use crate::diagnostic::Severity;
use crate::engine::{self, FailOn, Report, UsageError};
use crate::report::{Format, Style};

/// The arguments of `aznet check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and directories to report on [default: the root, or the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Write in a format: human, json or sarif; may be given several times
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output)]
    output: Vec<Output>,

    /// Fail (exit code 1) on findings at least this bad
    ///
    /// The default is warning, or `fail-on` of aznet.yaml.
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Threshold>,

    /// Count what stays undetermined as findings
    #[arg(long)]
    strict: bool,

    /// A pack of rules besides those of aznet.yaml: a directory or a rule file
    #[arg(long, value_name = "PATH")]
    pack: Vec<PathBuf>,

    /// Exactly these rules: ids, `*` in ids, `category:`, `severity:`, `pack:`,
    /// `compliance:`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    select: Vec<String>,

    /// These rules too, which are off by default
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    enable: Vec<String>,

    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Tell on standard error how long each rule took
    #[arg(long)]
    timings: bool,

    #[command(flatten)]
    inputs: Inputs,
}

impl Check {
    /// Checks, writes, and tells the exit code.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let strict = self.strict;
        let outputs = if self.output.is_empty() {
            vec![Output {
                format: Format::Human,
                file: None,
            }]
        } else {
            self.output
        };
        let to_stdout = outputs.iter().filter(|output| output.file.is_none());
        if to_stdout.count() > 1 {
            return Err(Failure::Usage(UsageError {
                message: "two formats cannot both go to standard output".to_owned(),
                help: Some("write one to a file: -o json=report.json".to_owned()),
            }));
        }
        let mut request = self.inputs.request(self.paths);
        request.packs = self.pack;
        request.options.select = self.select;
        request.options.enable = self.enable;
        request.options.ignore = self.ignore;
        request.options.clock = self.timings.then_some(since_start);
        let report = engine::check(&request)?;
        for output in &outputs {
            output.write(&report, strict)?;
        }
        if self.timings {
            write_timings(&report)?;
        }
        let threshold = self
            .fail_on
            .map(Threshold::fail_on)
            .or(report.fail_on)
            .unwrap_or(FailOn::Severity(Severity::Warning));
        Ok(if report.is_incomplete() {
            FAILED
        } else {
            u8::from(report.fails(threshold, strict))
        })
    }
}

/// The time since it was first asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring is asked for and changes no result"
)]
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn write_timings(report: &Report) -> io::Result<()> {
    let total: Duration = report.timings.iter().map(|(_, took)| *took).sum();
    let mut err = io::stderr().lock();
    writeln!(
        err,
        "time by rule, summed over threads; what rules share counts for the first"
    )?;
    for (rule, took) in &report.timings {
        writeln!(err, "{:>10.3} ms  {rule}", took.as_secs_f64() * 1e3)?;
    }
    writeln!(err, "{:>10.3} ms  all rules", total.as_secs_f64() * 1e3)
}

/// A format and where it goes.
#[derive(Clone, Debug)]
struct Output {
    format: Format,
    file: Option<PathBuf>,
}

fn output(text: &str) -> Result<Output, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    if file
        .as_ref()
        .is_some_and(|file| file.as_os_str().is_empty())
    {
        return Err("there is no file name after `=`".to_owned());
    }
    Format::ALL
        .into_iter()
        .find(|format| format.name() == name)
        .map(|format| Output { format, file })
        .ok_or_else(|| {
            let names: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
            let meant = names
                .iter()
                .find(|known| strsim::jaro_winkler(known, name) > 0.8);
            match meant {
                Some(meant) => format!("there is no format `{name}`, did you mean `{meant}`?"),
                None => format!(
                    "there is no format `{name}`, there are {}",
                    names.join(", ")
                ),
            }
        })
}

impl Output {
    fn write(&self, report: &Report, strict: bool) -> Result<(), Failure> {
        let mut style = Style {
            colour: false,
            width: 100,
            strict,
        };
        let emitter = self.format.emitter();
        match &self.file {
            Some(path) => {
                let mut file = create(path).map_err(|error| {
                    let at = path.display();
                    Failure::Usage(UsageError {
                        message: format!("cannot write `{at}`: {error}"),
                        help: None,
                    })
                })?;
                emitter.emit(report, style, &mut file)?;
                file.flush()?;
            }
            None => {
                style.colour = stdout_has_colour();
                style.width = width();
                let mut out = io::BufWriter::new(anstream::stdout().lock());
                emitter.emit(report, style, &mut out)?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line writes the files it is asked for"
)]
fn create(path: &std::path::Path) -> io::Result<io::BufWriter<std::fs::File>> {
    Ok(io::BufWriter::new(std::fs::File::create(path)?))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Threshold {
    Error,
    Warning,
    Note,
    Never,
}

impl Threshold {
    fn fail_on(self) -> FailOn {
        match self {
            Self::Error => FailOn::Severity(Severity::Error),
            Self::Warning => FailOn::Severity(Severity::Warning),
            Self::Note => FailOn::Severity(Severity::Note),
            Self::Never => FailOn::Never,
        }
    }
}
