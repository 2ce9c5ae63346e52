//! What all commands that read deployments take: where to read, and the values that files leave
//! open.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::engine::{Options, Request};

/// The arguments that decide what is read.
#[derive(Debug, Args)]
pub(super) struct Inputs {
    /// A Terraform variables file for every root module; the last wins
    #[arg(long, value_name = "FILE")]
    var_file: Vec<PathBuf>,

    /// An ARM parameter file for every template, instead of those found
    #[arg(long, value_name = "FILE")]
    parameters: Vec<PathBuf>,

    /// The addresses of service tags: Microsoft's ServiceTags_Public_*.json, or what
    /// `az network list-service-tags` writes
    #[arg(long, value_name = "FILE")]
    service_tags: Option<PathBuf>,

    /// The subscription's offer, by name or quota id
    #[arg(long)]
    offer: Option<String>,

    /// Where reading ends; by default the nearest directory upwards with .git
    #[arg(long, value_name = "DIRECTORY")]
    root: Option<PathBuf>,

    /// Also read what .gitignore excludes
    #[arg(long)]
    no_ignore: bool,

    /// Number of threads; all cores by default
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Inputs {
    /// The request for some paths; without any, for the root or the current directory.
    pub(super) fn request(self, mut paths: Vec<PathBuf>) -> Request {
        if paths.is_empty() {
            paths.push(self.root.clone().unwrap_or_else(|| PathBuf::from(".")));
        }
        Request {
            paths,
            root: self.root,
            no_ignore: self.no_ignore,
            threads: self.threads,
            var_files: self.var_file,
            parameter_files: self.parameters,
            service_tags: self.service_tags,
            options: Options {
                offer: self.offer,
                ..Options::default()
            },
        }
    }
}
