//! `aznet effective`

use std::path::PathBuf;

use clap::Args;

use super::inputs::Inputs;
use super::{Answer, Failure, answer};
use crate::engine::UsageError;
use crate::engine::ask::effective::{EffectiveQuestion, effective};
use crate::engine::ask::estate;
use crate::engine::ask::names::Wanted;
use crate::report;

/// The arguments of `aznet effective`.
#[derive(Debug, Args)]
pub(super) struct Effective {
    /// Files and directories of the deployment [default: the root, or the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    of: Of,

    /// The deployment that is meant, where several have the name: its name, or its environment
    #[arg(long, value_name = "NAME")]
    deployment: Option<String>,

    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Answer,

    #[command(flatten)]
    inputs: Inputs,
}

/// What is asked about.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// The rules of a network security group
    #[arg(long, value_name = "NAME")]
    nsg: Option<String>,

    /// The rules and routes of a subnet: its name, or network/subnet
    #[arg(long, value_name = "NAME")]
    subnet: Option<String>,

    /// The rules and routes of a network interface, or of a machine with one
    #[arg(long, value_name = "NAME")]
    nic: Option<String>,
}

impl Effective {
    /// Answers, writes, and tells the exit code.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let named = [
            (self.of.nsg, Wanted::Nsg),
            (self.of.subnet, Wanted::Subnet),
            (self.of.nic, Wanted::Nic),
        ];
        let mut named = named.into_iter().filter_map(|(name, of)| Some((name?, of)));
        let (name, of) = named
            .next()
            .ok_or_else(|| UsageError::new("name a group, a subnet or a network interface"))?;
        let estate = estate::load(&self.inputs.request(self.paths))?;
        let question = EffectiveQuestion {
            name,
            of,
            deployment: self.deployment,
        };
        let asked = effective(&estate, &question);
        answer(
            &estate,
            self.output,
            asked,
            |answers| answers.iter().map(|one| one.deployment.clone()).collect(),
            |answers, style, out| match self.output {
                Answer::Human => report::effective::human(&estate, answers, style, out),
                Answer::Json => report::effective::json(&estate, answers, out),
            },
        )
    }
}
