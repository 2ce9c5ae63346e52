//! The files of a run by directory: modules, what they call and declare, and variables files.
//!
//! What is absent: installed modules, which are read only where a call leads to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::module;
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::{Input, Tree};
use crate::source::{FileId, Span};
use crate::syntax::hcl::{Body, ExprKind};

/// The files of a run.
#[derive(Default)]
pub(super) struct Directories {
    pub(super) modules: BTreeMap<Arc<str>, ModuleFiles>,
    /// Sorted by name.
    pub(super) variables_files: BTreeMap<Arc<str>, Vec<VariablesFile>>,
    /// What is wrong with files as a whole.
    pub(super) problems: Vec<Diagnostic>,
}

/// A module's files, the modules it calls by a local path, and its variables.
#[derive(Default)]
pub(super) struct ModuleFiles {
    pub(super) files: Vec<FileId>,
    calls: Vec<(Arc<str>, Span)>,
    /// By name, whether a value must be given.
    pub(super) variables: BTreeMap<Arc<str>, bool>,
}

/// A file that gives variables values.
pub(super) struct VariablesFile {
    /// Without its directory.
    pub(super) name: Arc<str>,
    pub(super) id: FileId,
    /// The variables it names, in the order typed.
    pub(super) sets: Vec<(Arc<str>, Span)>,
}

impl VariablesFile {
    /// Whether it gives a variable a value.
    pub(super) fn gives(&self, variable: &str) -> bool {
        self.sets.iter().any(|(name, _)| **name == *variable)
    }
}

/// Whether a file, by its name, is a part of a module. Terraform passes over hidden files and those
/// that editors leave (`internal/configs/parser_config_dir.go`, `IsIgnoredFile`).
pub(super) fn is_configuration(name: &str) -> bool {
    let left = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    !left && (name.ends_with(".tf") || name.ends_with(".tf.json"))
}

/// Whether a file of a module changes what the others declare
/// (developer.hashicorp.com/terraform/language/files/override).
pub(super) fn is_override(name: &str) -> bool {
    let stem = name
        .strip_suffix(".tf.json")
        .or_else(|| name.strip_suffix(".tf"));
    stem.is_some_and(|stem| stem == "override" || stem.ends_with("_override"))
}

/// A path's directory (`""` for the root) and name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether a path lies where Terraform puts the modules it installs.
pub(super) fn is_installed(path: &str) -> bool {
    path.split('/').any(|part| part == ".terraform")
}

impl Directories {
    /// `given` are files that are variables files whatever they are called.
    pub(super) fn of(inputs: &[Input<'_>], given: &BTreeSet<FileId>) -> Self {
        let mut found = Self::default();
        for input in inputs {
            let Tree::Hcl(body) = input.tree else {
                continue;
            };
            let path = input.file.path();
            if is_installed(path) {
                continue;
            }
            let (directory, name) = split(path);
            let ours = name.ends_with(".tf") || name.ends_with(".tf.json");
            let given = given.contains(&input.id);
            if is_configuration(name) && !given {
                let module = found.modules.entry(directory.into()).or_default();
                module.files.push(input.id);
                module.calls.extend(local_calls(directory, body));
                module.declare(body);
            } else if given || !ours {
                found.problems.extend(body.blocks.iter().map(|block| {
                    let message = "a variables file gives values, it declares nothing";
                    let told = Diagnostic::advice("unknown-block", block.header, message);
                    told.with_help("write `name = value`, and blocks into a .tf file")
                }));
                let sets = body.attributes.iter();
                let files = found.variables_files.entry(directory.into()).or_default();
                files.push(VariablesFile {
                    name: name.into(),
                    id: input.id,
                    sets: sets
                        .map(|attribute| (Arc::clone(&attribute.name), attribute.name_span))
                        .collect(),
                });
            }
        }
        for module in found.modules.values_mut() {
            module.files.sort_unstable();
        }
        for files in found.variables_files.values_mut() {
            files.sort_by(|a, b| a.name.cmp(&b.name));
        }
        found
    }

    /// The variables file of an id.
    pub(super) fn variables_file(&self, id: FileId) -> Option<&VariablesFile> {
        let mut all = self.variables_files.values().flatten();
        all.find(|file| file.id == id)
    }

    /// What a variables file sets that a module does not declare.
    pub(super) fn undeclared<'a>(
        &'a self,
        module: &'a ModuleFiles,
        file: FileId,
    ) -> impl Iterator<Item = Diagnostic> + 'a {
        let sets = self
            .variables_file(file)
            .into_iter()
            .flat_map(|file| &file.sets);
        let undeclared = sets.filter(|(name, _)| !module.variables.contains_key(name));
        undeclared.map(|(name, at)| {
            let message = format!("the root module declares no variable `{name}`");
            Diagnostic::advice("undeclared-variable", *at, message)
        })
    }

    /// The modules that no other calls; where modules only call each other in circles, the first
    /// of each circle.
    pub(super) fn roots(&self, diagnostics: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
        let mut called: BTreeMap<&str, Span> = BTreeMap::new();
        for (directory, module) in &self.modules {
            for (target, span) in &module.calls {
                if target != directory {
                    called.entry(target).or_insert(*span);
                }
            }
        }
        let mut roots: Vec<Arc<str>> = self
            .modules
            .keys()
            .filter(|directory| !called.contains_key(&***directory))
            .cloned()
            .collect();
        let mut reached = BTreeSet::new();
        for directory in &roots {
            self.reach(directory, &mut reached);
        }
        for directory in self.modules.keys() {
            if reached.contains(directory) {
                continue;
            }
            if let Some(span) = called.get(&**directory) {
                diagnostics.push(Diagnostic::unreadable(
                    "module-cycle",
                    *span,
                    "modules call each other in a circle, so none of them is the root",
                ));
            }
            roots.push(Arc::clone(directory));
            self.reach(directory, &mut reached);
        }
        roots
    }

    fn reach(&self, from: &Arc<str>, reached: &mut BTreeSet<Arc<str>>) {
        let mut pending = vec![Arc::clone(from)];
        while let Some(directory) = pending.pop() {
            if !reached.insert(Arc::clone(&directory)) {
                continue;
            }
            if let Some(module) = self.modules.get(&directory) {
                pending.extend(module.calls.iter().map(|(target, _)| Arc::clone(target)));
            }
        }
    }
}

impl ModuleFiles {
    fn declare(&mut self, body: &Body) {
        for block in body.blocks_of("variable") {
            let Some(name) = block.label(0) else {
                continue;
            };
            let required = self.variables.entry(Arc::clone(name)).or_insert(true);
            // Override files may add a default.
            *required &= block.body.attribute("default").is_none();
        }
    }
}

/// The local modules a file calls; paths that leave the root are none.
fn local_calls(directory: &str, body: &Body) -> Vec<(Arc<str>, Span)> {
    body.blocks_of("module")
        .filter_map(|block| {
            let source = &block.body.attribute("source")?.value;
            let ExprKind::String(text) = &source.kind else {
                return None;
            };
            let target = module::local_path(directory, text)?;
            Some((target.into(), source.span))
        })
        .collect()
}
