//! `aznet explain RULE`, `aznet rules` and `aznet schema`

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FAILED, Failure, stderr_has_colour, stdout_has_colour, width};
use crate::engine::catalogue::{Catalogue, SchemaOf, catalogue};
use crate::report::{self, Style};

/// The arguments of `aznet explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The rule's id
    #[arg(value_name = "RULE")]
    rule: String,

    /// In which format
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Layout,

    /// Further rules: a directory or rule file; may be given several times
    #[arg(long, value_name = "PATH")]
    pack: Vec<PathBuf>,
}

/// The arguments of `aznet rules`.
#[derive(Debug, Args)]
pub(super) struct Rules {
    /// In which format
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Layout,

    /// Further rules: a directory or rule file; may be given several times
    #[arg(long, value_name = "PATH")]
    pack: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Layout {
    /// For the terminal
    Human,
    /// As a page
    Markdown,
    /// As one JSON object
    Json,
}

impl Explain {
    /// Prints what a rule is about.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let catalogue = catalogue(&self.pack)?;
        let (rule, examples) = catalogue.rule(&self.rule)?;
        print(&match self.output {
            Layout::Human => report::explain::human(&rule, &examples, style()),
            Layout::Markdown => report::explain::markdown(&rule, &examples),
            Layout::Json => report::explain::json(&rule, &examples),
        })?;
        tell(&catalogue)
    }
}

impl Rules {
    /// Prints all rules.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let catalogue = catalogue(&self.pack)?;
        let rules = catalogue.rules();
        print(&match self.output {
            Layout::Human => report::rules::human(&rules, style()),
            Layout::Markdown => report::rules::markdown(&rules),
            Layout::Json => report::rules::json(&rules),
        })?;
        tell(&catalogue)
    }
}

/// The arguments of `aznet schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Of what
    #[arg(value_name = "KIND")]
    of: Kind,

    /// Further rules that may be named: a directory or rule file; may be given several times
    #[arg(long, value_name = "PATH")]
    pack: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A rule file
    Rule,
    /// The pack.yaml of a pack
    Pack,
    /// The aznet.yaml of a repository
    Config,
}

impl Schema {
    /// Prints the JSON Schema.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let catalogue = catalogue(&self.pack)?;
        let schema = catalogue.schema(match self.of {
            Kind::Rule => SchemaOf::Rule,
            Kind::Pack => SchemaOf::Pack,
            Kind::Config => SchemaOf::Config,
        });
        print(&format!("{schema:#}\n"))?;
        tell(&catalogue)
    }
}

/// Writes what is wrong with the packs, and tells the exit code.
fn tell(catalogue: &Catalogue) -> Result<u8, Failure> {
    if catalogue.diagnostics.is_empty() {
        return Ok(0);
    }
    let style = Style {
        colour: stderr_has_colour(),
        width: width(),
        strict: false,
    };
    let mut err = anstream::stderr().lock();
    let (sources, diagnostics) = (&catalogue.sources, &catalogue.diagnostics);
    report::human::diagnostics(sources, diagnostics, style, &mut err)?;
    Ok(FAILED)
}

fn style() -> Style {
    Style {
        colour: stdout_has_colour(),
        width: width(),
        strict: false,
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
