//! The real binary on real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A directory with files.
pub struct Case {
    pub directory: TempDir,
}

impl Case {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let case = Self {
            directory: TempDir::new().unwrap(),
        };
        for (path, text) in files {
            case.write(path, text);
        }
        case
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        run(self.directory.path(), arguments)
    }

    /// The exit code and what is said with `-o json`.
    pub fn answer(&self, arguments: &[&str]) -> (i32, Value) {
        let outcome = self.run(&[arguments, &["-o", "json"]].concat());
        let value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|_| panic!("{}{}", outcome.stdout, outcome.stderr));
        (outcome.code, value)
    }
}

/// What a run said.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The binary with nothing of the caller's environment.
pub fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznet"));
    command.current_dir(directory).env_clear();
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Outcome {
    Outcome::from(command(directory).args(arguments).output().unwrap())
}
