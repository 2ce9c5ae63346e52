//! The rules there are, for the commands that list and explain them and for editors.

use std::path::PathBuf;

use serde_json::Value;

use super::config;
use super::examples::{Sources, pack_files};
use super::judge::Judge;
use super::prepare::sort_diagnostics;
use super::{ExampleMetadata, RuleMetadata, UsageError};
use crate::diagnostic::Diagnostic;
use crate::policy::schema;
use crate::source::SourceMap;

/// The rules of the program and of packs.
pub struct Catalogue {
    judge: Judge,
    /// The files of the packs.
    pub sources: SourceMap,
    /// What is wrong with the packs; one with a mistake gives no rule.
    pub diagnostics: Vec<Diagnostic>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let diagnostics = &self.diagnostics;
        f.debug_struct("Catalogue")
            .field("diagnostics", diagnostics)
            .finish_non_exhaustive()
    }
}

/// What a schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOf {
    /// A rule file.
    Rule,
    /// `pack.yaml`
    Pack,
    /// `aznet.yaml`
    Config,
}

/// Reads the rules of the program and of the packs at these paths.
///
/// # Errors
///
/// When a path cannot be read.
pub fn catalogue(packs: &[PathBuf]) -> Result<Catalogue, UsageError> {
    let mut sources = Sources::default();
    let mut files = Vec::new();
    for path in packs {
        files.push(pack_files(path, &mut sources)?);
    }
    let (judge, mut diagnostics) = Judge::load(None, &files)?;
    let sources = SourceMap::new(sources.files);
    sort_diagnostics(&mut diagnostics, &sources);
    Ok(Catalogue {
        judge,
        sources,
        diagnostics,
    })
}

impl Catalogue {
    /// Every rule, sorted by id.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleMetadata> {
        self.judge.metadata()
    }

    /// One rule and its examples, by its id or an earlier one.
    ///
    /// # Errors
    ///
    /// When there is no such rule; the help names the one that was probably meant.
    pub fn rule(&self, id: &str) -> Result<(RuleMetadata, Vec<ExampleMetadata>), UsageError> {
        self.judge.rule(id).ok_or_else(|| {
            let (message, help) = self.judge.vocabulary().no_such_rule(id);
            UsageError { message, help }
        })
    }

    /// The JSON Schema of what authors write, with the rules there are.
    #[must_use]
    pub fn schema(&self, of: SchemaOf) -> Value {
        match of {
            SchemaOf::Rule => schema::rule(),
            SchemaOf::Pack => schema::pack(&self.rules()),
            SchemaOf::Config => config::schema(&self.judge.vocabulary(), &self.rules()),
        }
    }
}
