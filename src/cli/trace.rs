//! `aznet trace`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::inputs::Inputs;
use super::{Answer, Failure, answer};
use crate::engine::ask::estate;
use crate::engine::ask::trace::{TraceQuestion, trace};
use crate::engine::ask::words;
use crate::report;

/// The arguments of `aznet trace`.
#[derive(Debug, Args)]
pub(super) struct Trace {
    /// Files and directories of the deployment [default: the root, or the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Who sends: a machine, network interface, subnet, address, block, `Internet` or another
    /// service tag, `any`; with `:PORT` for a source port
    #[arg(long, value_name = "END")]
    from: String,

    /// Who receives, with the port: web-vm:443, hub/app:22, 10.0.0.4:53, [2001:db8::4]:80
    #[arg(long, value_name = "END[:PORT]")]
    to: String,

    /// tcp, udp, icmp, esp, ah or any [default: tcp with a port, else any]
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<String>,

    /// One side of the way only; of a group, the direction it is asked for
    #[arg(long, value_name = "DIRECTION", ignore_case = true)]
    direction: Option<Direction>,

    /// Ask this network security group alone
    #[arg(long, value_name = "NAME")]
    nsg: Option<String>,

    /// The deployment that is meant, where several have the names: its name, or its environment
    #[arg(long, value_name = "NAME")]
    deployment: Option<String>,

    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Answer,

    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Direction {
    Outbound,
    Inbound,
}

impl Trace {
    /// Answers, writes, and tells the exit code.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let estate = estate::load(&self.inputs.request(self.paths))?;
        let asked = trace(
            &estate,
            &TraceQuestion {
                from: self.from,
                to: self.to,
                protocol: self.protocol,
                direction: self.direction.map(|direction| match direction {
                    Direction::Outbound => words::Direction::Outbound,
                    Direction::Inbound => words::Direction::Inbound,
                }),
                nsg: self.nsg,
                deployment: self.deployment,
            },
        );
        answer(
            &estate,
            self.output,
            asked,
            |answers| answers.iter().map(|one| one.deployment.clone()).collect(),
            |answers, style, out| match self.output {
                Answer::Human => report::trace::human(&estate, answers, style, out),
                Answer::Json => report::trace::json(&estate, answers, out),
            },
        )
    }
}
