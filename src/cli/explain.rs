//! `aznet explain RULE` and `aznet rules`

use std::io::Write as _;

use clap::{Args, ValueEnum};

use super::{Failure, stdout_has_colour, width};
use crate::engine;
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
}

/// The arguments of `aznet rules`.
#[derive(Debug, Args)]
pub(super) struct Rules {
    /// In which format
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Layout,
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
        let (rule, examples) = engine::rule(&self.rule)?;
        print(&match self.output {
            Layout::Human => report::explain::human(&rule, &examples, style()),
            Layout::Markdown => report::explain::markdown(&rule, &examples),
            Layout::Json => report::explain::json(&rule, &examples),
        })
    }
}

impl Rules {
    /// Prints all rules.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let rules = engine::rules()?;
        print(&match self.output {
            Layout::Human => report::rules::human(&rules, style()),
            Layout::Markdown => report::rules::markdown(&rules),
            Layout::Json => report::rules::json(&rules),
        })
    }
}

fn style() -> Style {
    Style {
        colour: stdout_has_colour(),
        width: width(),
        strict: false,
    }
}

fn print(text: &str) -> Result<u8, Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(0)
}
