//! `pack.yaml`: what is said of a pack as a whole.
//!
//! ```yaml
//! name: contoso-network
//! version: 1.2.0
//! description: What every landing zone of Contoso keeps to
//! parameters:
//!   trusted: [10.0.0.0/8]
//! rules:
//!   internet-exposed-management-port: {severity: error}
//!   hygiene: {off: true}
//! ```
//!
//! Every rule of the pack knows its `parameters` beside its own. `rules` sets rules as the key of
//! that name in `aznet.yaml` does, also those of the program; whoever loads the pack reads it, since
//! it takes all rules there are to tell which are meant.

use std::sync::Arc;

use crate::policy::spec::{ParameterSpec, Reader, Text, read_parameters};
use crate::source::Span;
use crate::syntax::yaml::Yaml;

/// The name of the file.
pub const MANIFEST: &str = "pack.yaml";

/// The pack of the rules that come with the program.
pub const BUILTIN: &str = "aznet";

/// A pack as described.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// What selectors call it.
    pub name: Text,
    /// Its version, as its authors count.
    pub version: Option<Text>,
    /// What it is for.
    pub description: Option<Text>,
    /// Parameters that all its rules have.
    pub parameters: Vec<ParameterSpec>,
    /// How it sets rules.
    pub rules: Option<Yaml>,
}

const KEYS: [&str; 5] = ["name", "version", "description", "parameters", "rules"];

impl Manifest {
    /// That of a pack without the file, which is called as its place is.
    pub(super) fn of_place(path: &str) -> Self {
        let name = path.rsplit('/').find(|part| !part.is_empty());
        let name = name.unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Self {
            name: Text {
                value: stem.into(),
                span: Span::new(crate::source::FileId(0), 0, 0),
            },
            version: None,
            description: None,
            parameters: Vec::new(),
            rules: None,
        }
    }

    /// Reads the file of the pack at a path; what is wrong with it is in `reader.diagnostics`.
    pub(super) fn read(root: &Yaml, path: &str, reader: &mut Reader<'_>) -> Self {
        let entries = reader.map(root, "a pack", &KEYS);
        let text = |key: &str, reader: &mut Reader<'_>| {
            let node = root.get(key)?;
            reader.text(node, &format!("`{key}`"))
        };
        let name = text("name", reader);
        if root.get("name").is_none() && root.entries().is_some() {
            let at = entries.first().map_or(root.span, |entry| entry.key_span);
            reader.error(at, "`name` is missing");
        }
        if let Some(name) = &name {
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !name.value.chars().all(kebab) || name.value.is_empty() {
                reader.error(name.span, "a pack's name is lower-case words joined by `-`");
            } else if &*name.value == BUILTIN {
                let message = format!("`{BUILTIN}` is the pack that comes with the program");
                reader.error(name.span, message);
            }
        }
        Self {
            version: text("version", reader),
            description: text("description", reader),
            parameters: read_parameters(entries, reader),
            rules: root.get("rules").cloned(),
            name: name.unwrap_or_else(|| Self::of_place(path).name),
        }
    }

    /// The names of its parameters, each with what it is, for people.
    pub fn parameter_kinds(&self) -> impl Iterator<Item = (Arc<str>, &'static str)> {
        let kind = |parameter: &ParameterSpec| {
            let name = Arc::clone(&parameter.name.value);
            (name, parameter.default.describe())
        };
        self.parameters.iter().map(kind)
    }
}
