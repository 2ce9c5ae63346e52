//! Terraform configurations, evaluated as Terraform evaluates them.
//!
//! A directory with `.tf` files is a module; the modules that no other calls are roots, and each
//! root with its variables files is a deployment. Variables, locals, attributes and outputs are
//! evaluated when something asks for them, once each.
//!
//! What is absent: JSON configurations (`*.tf.json`), override files, installed modules (those of a
//! registry or a repository), providers, and the schemas of their resources: an attribute that is
//! not written is not known to have a default here.

mod blocks;
mod defaults;
mod evaluation;
mod files;
mod instances;
mod module;
mod references;
pub mod schema;
mod types;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::frontend::{Declared, Frontend, GroupOptions, Grouping, Input, Target, Tree, Unit};
use super::{Deployment, Loader};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::syntax::hcl::{Body, ExprKind};

/// The front end of Terraform.
#[derive(Clone, Copy, Debug)]
pub struct Terraform;

impl Frontend for Terraform {
    fn name(&self) -> &'static str {
        "Terraform"
    }

    fn recognise(&self, input: &Input<'_>) -> bool {
        let path = input.file.path();
        match input.tree {
            Tree::Hcl(_) => path.ends_with(".tf") || path.ends_with(".tfvars"),
            Tree::Json(_) => is_json_configuration(path),
        }
    }

    fn group(&self, inputs: &[Input<'_>], options: &GroupOptions) -> Grouping {
        let directories = Directories::of(inputs);
        let mut grouping = Grouping::default();
        let mut used: BTreeSet<FileId> = options.var_files.iter().copied().collect();
        for root in directories.roots(&mut grouping.diagnostics) {
            let mut values = directories.values_of(&root);
            values.retain(|id| !options.var_files.contains(id));
            used.extend(&values);
            let sources = directories
                .modules
                .get(&root)
                .map(|module| module.files.clone())
                .unwrap_or_default();
            let name = if root.is_empty() {
                ".".into()
            } else {
                Arc::clone(&root)
            };
            let unit = |name: Arc<str>, more: &[FileId]| {
                let given = more.iter().chain(&options.var_files);
                Unit {
                    name,
                    directory: Arc::clone(&root),
                    sources: sources.clone(),
                    values: values.iter().chain(given).copied().collect(),
                    shared_values: false,
                    given: Vec::new(),
                    environment: None,
                    callable: false,
                    target: Target::default(),
                }
            };
            let described = described(options, &sources);
            if described.is_empty() {
                grouping.units.push(unit(Arc::clone(&name), &[]));
            }
            for (environment, declared) in described {
                let more = declared.parameters.as_deref().unwrap_or_default();
                used.extend(more);
                let name = match &environment {
                    Some(environment) => format!("{name} ({environment})").into(),
                    None => Arc::clone(&name),
                };
                grouping.units.push(Unit {
                    environment,
                    target: declared.target.clone(),
                    ..unit(name, more)
                });
            }
        }
        grouping.unused = directories
            .variables_files
            .values()
            .flatten()
            .map(|(_, id)| *id)
            .filter(|id| !used.contains(id))
            .collect();
        for input in inputs
            .iter()
            .filter(|input| is_json_configuration(input.file.path()))
        {
            grouping.unused.push(input.id);
            grouping.diagnostics.push(
                Diagnostic::advice(
                    "terraform-json",
                    Span::new(input.id, 0, 0),
                    "Terraform configurations in JSON are not evaluated yet",
                )
                .with_help("what this file declares is taken as unknown"),
            );
        }
        grouping.unused.sort_unstable();
        grouping.units.sort_by(|a, b| a.name.cmp(&b.name));
        grouping
    }

    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment {
        evaluation::evaluate(unit, loader)
    }
}

/// The deployments somebody describes of a root module, each with a name of its own.
fn described<'o>(
    options: &'o GroupOptions,
    sources: &[FileId],
) -> Vec<(Option<Arc<str>>, &'o Declared)> {
    let of_root = options.declared.iter().filter(|declared| {
        let mut templates = declared.templates.iter();
        templates.any(|template| sources.contains(template))
    });
    let mut described: Vec<(Option<Arc<str>>, &Declared)> = Vec::new();
    for declared in of_root {
        let mut name = declared.name.clone();
        let mut number = 1;
        while described.iter().any(|(known, _)| *known == name) {
            number += 1;
            name = Some(match &declared.name {
                Some(given) => format!("{given} {number}").into(),
                None => number.to_string().into(),
            });
        }
        described.push((name, declared));
    }
    described
}

/// The files of a run by directory.
#[derive(Default)]
struct Directories {
    modules: BTreeMap<Arc<str>, Calls>,
    /// File name and id, sorted.
    variables_files: BTreeMap<Arc<str>, Vec<(Arc<str>, FileId)>>,
}

/// A module's files, and the modules it calls by a local path.
#[derive(Default)]
struct Calls {
    files: Vec<FileId>,
    calls: Vec<(Arc<str>, Span)>,
}

impl Directories {
    fn of(inputs: &[Input<'_>]) -> Self {
        let mut found = Self::default();
        for input in inputs {
            let Tree::Hcl(body) = input.tree else {
                continue;
            };
            let path = input.file.path();
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            if name.ends_with(".tf") {
                let module = found.modules.entry(directory.into()).or_default();
                module.files.push(input.id);
                module.calls.extend(local_calls(directory, body));
            } else {
                found
                    .variables_files
                    .entry(directory.into())
                    .or_default()
                    .push((name.into(), input.id));
            }
        }
        for module in found.modules.values_mut() {
            module.files.sort_unstable();
        }
        for files in found.variables_files.values_mut() {
            files.sort();
        }
        found
    }

    /// The modules that no other calls; where modules only call each other in circles, the first
    /// of each circle.
    fn roots(&self, diagnostics: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
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
        for directory in self.modules.keys() {
            if !called.contains_key(&**directory) {
                self.reach(directory, &mut reached);
            }
        }
        for directory in self.modules.keys() {
            if reached.contains(&**directory) {
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

    fn reach<'a>(&'a self, from: &'a str, reached: &mut BTreeSet<&'a str>) {
        let mut pending = vec![from];
        while let Some(directory) = pending.pop() {
            if !reached.insert(directory) {
                continue;
            }
            if let Some(module) = self.modules.get(directory) {
                pending.extend(module.calls.iter().map(|(target, _)| &**target));
            }
        }
    }

    /// The variables files Terraform reads by itself, the ones that win last.
    fn values_of(&self, directory: &str) -> Vec<FileId> {
        let Some(files) = self.variables_files.get(directory) else {
            return Vec::new();
        };
        let named = files
            .iter()
            .filter(|(name, _)| &**name == "terraform.tfvars");
        let automatic = files
            .iter()
            .filter(|(name, _)| name.ends_with(".auto.tfvars"));
        named.chain(automatic).map(|(_, id)| *id).collect()
    }
}

fn is_json_configuration(path: &str) -> bool {
    path.ends_with(".tf.json") || path.ends_with(".tfvars.json")
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

#[cfg(test)]
mod tests;
