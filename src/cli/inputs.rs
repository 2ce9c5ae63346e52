//! What all commands that read deployments take: where to read, and the values that files leave
//! open.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::variables::Variables;
use crate::engine::{Options, Request};

/// The arguments that decide what is read.
#[derive(Debug, Args)]
pub(super) struct Inputs {
    #[command(flatten)]
    variables: Variables,

    /// An ARM parameter file for every template, instead of those found, or one parameter, which
    /// wins over files
    #[arg(long, value_name = "FILE|NAME=VALUE")]
    parameters: Vec<String>,

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
        let (values, files): (Vec<String>, Vec<String>) = self
            .parameters
            .into_iter()
            .partition(|given| is_value(given));
        Request {
            paths,
            root: self.root,
            no_ignore: self.no_ignore,
            threads: self.threads,
            variables: self.variables.given,
            environment: self.variables.environment,
            parameter_files: files.iter().map(|file| path_of(file)).collect(),
            parameters: values
                .iter()
                .filter_map(|given| given.split_once('='))
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            service_tags: self.service_tags,
            packs: Vec::new(),
            options: Options {
                offer: self.offer,
                ..Options::default()
            },
        }
    }
}

/// Whether it is a parameter and its value: names hold no separators of paths.
fn is_value(given: &str) -> bool {
    given.split_once('=').is_some_and(|(name, _)| {
        let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        !name.is_empty() && name.chars().all(letter)
    })
}

/// The file, also where it is marked as one as for `az`: `@main.parameters.json`.
fn path_of(file: &str) -> PathBuf {
    PathBuf::from(file.strip_prefix('@').unwrap_or(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_told_from_a_file() {
        assert!(is_value("name=a=b") && is_value("vm-count="));
        assert!(!is_value("prod.json") && !is_value("a/b=c.json") && !is_value("@x=y.json"));
        assert_eq!(path_of("@prod.json"), PathBuf::from("prod.json"));
    }
}
