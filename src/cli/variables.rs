//! Values for Terraform's variables: `--var` and `--var-file` in the order given, as Terraform
//! takes them, and the environment on request.

use std::path::PathBuf;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

use crate::engine::GivenVariable;

/// What Terraform's environment variables for values begin with.
const PREFIX: &str = "TF_VAR_";

/// The values given for variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// In the order given; the last wins.
    pub(super) given: Vec<GivenVariable<PathBuf>>,
    /// Of the environment, by name, sorted; any file wins over them.
    pub(super) environment: Vec<(Arc<str>, Arc<str>)>,
}

impl Args for Variables {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new("var")
                    .long("var")
                    .value_name("NAME=VALUE")
                    .action(ArgAction::Append)
                    .help("A value for a variable of every Terraform root module; the last wins"),
            )
            .arg(
                Arg::new("var_file")
                    .long("var-file")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .action(ArgAction::Append)
                    .help("A Terraform variables file for every root module; the last wins"),
            )
            .arg(
                Arg::new("tf_var_env")
                    .long("tf-var-env")
                    .action(ArgAction::SetTrue)
                    .help(
                        "Also take values of Terraform variables from TF_VAR_* in the environment",
                    ),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Variables {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given: Vec<(usize, GivenVariable<PathBuf>)> = Vec::new();
        let places = |id| matches.indices_of(id).into_iter().flatten();
        let texts = matches.get_many::<String>("var").into_iter().flatten();
        for (place, text) in places("var").zip(texts) {
            let (name, value) = value(text)?;
            given.push((place, GivenVariable::Value(name, value)));
        }
        let files = matches.get_many::<PathBuf>("var_file");
        for (place, file) in places("var_file").zip(files.into_iter().flatten()) {
            given.push((place, GivenVariable::File(file.clone())));
        }
        given.sort_by_key(|(place, _)| *place);
        Ok(Self {
            given: given.into_iter().map(|(_, given)| given).collect(),
            environment: match matches.get_flag("tf_var_env") {
                true => environment(),
                false => Vec::new(),
            },
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// `NAME=VALUE`, cut at the first equals sign.
fn value(text: &str) -> Result<(Arc<str>, Arc<str>), Error> {
    let wrong =
        |why: &str| Error::raw(ErrorKind::ValueValidation, format!("--var {text}: {why}\n"));
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| wrong("a name, `=` and a value are needed"))?;
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(wrong(
            "what stands before `=` must be the name of a variable",
        ));
    }
    Ok((name.into(), value.into()))
}

/// The values in the environment, sorted by name. What is no text is left out: no variable could
/// take it.
fn environment() -> Vec<(Arc<str>, Arc<str>)> {
    let mut found: Vec<(Arc<str>, Arc<str>)> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            Some((name.strip_prefix(PREFIX)?.into(), value.into()))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Variables, Error> {
        let command = Variables::augment_args(Command::new("test").no_binary_name(true));
        Variables::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    #[test]
    fn values_and_files_keep_the_order_they_are_given_in() {
        let parsed = parse(&["--var", "a=1", "--var-file", "x.tfvars", "--var=b=c=d"]).unwrap();
        let value = |name: &str, value: &str| GivenVariable::Value(name.into(), value.into());
        assert_eq!(
            parsed.given,
            [
                value("a", "1"),
                GivenVariable::File("x.tfvars".into()),
                value("b", "c=d")
            ]
        );
        assert!(parsed.environment.is_empty());
    }

    #[test]
    fn a_value_needs_a_name_and_an_equals_sign() {
        for wrong in ["a", "=1", "a =1", ""] {
            assert!(parse(&["--var", wrong]).is_err(), "{wrong}");
        }
    }
}
