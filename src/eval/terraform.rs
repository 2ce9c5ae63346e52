//! Terraform configurations, evaluated as Terraform evaluates them.
//!
//! A directory with `.tf` or `.tf.json` files is a module; the modules that no other calls are
//! roots, and each root with its variables files is a deployment. Variables, locals, attributes and
//! outputs are evaluated when something asks for them, once each. Modules that `terraform init`
//! installed are read where a call leads to them.
//!
//! What is absent: downloading modules, and providers. What is known of the resources of `azurerm`
//! stands in [`schema`].

pub(in crate::eval) mod arm_deployment;
pub(in crate::eval) mod azapi;
mod blocks;
mod calls;
mod computed;
mod cycles;
mod data;
mod declarations;
mod decoded;
mod defaults;
mod derived;
mod directories;
pub(in crate::eval) mod document;
mod emit;
mod evaluation;
mod files;
mod given;
pub(in crate::eval) mod ids;
pub(crate) mod installed;
mod instances;
mod labels;
mod module;
mod overrides;
mod provider;
mod references;
mod remote_state;
pub mod schema;
mod subscription;
mod types;
mod unread;
mod validation;
pub(crate) mod values;
mod variables;

pub(crate) use ids::arm_type;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::directories::Directories;
use self::values::Variant;
use super::estate::Supply;
use super::frontend::{
    Declared, Frontend, GivenVariable, GroupOptions, Grouping, Input, Target, Tree, Unit,
};
use super::{Deployment, Loader};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// The front end of Terraform.
#[derive(Clone, Copy, Debug)]
pub struct Terraform;

impl Frontend for Terraform {
    fn name(&self) -> &'static str {
        "Terraform"
    }

    fn recognise(&self, input: &Input<'_>) -> bool {
        matches!(input.tree, Tree::Hcl(_))
    }

    fn group(&self, inputs: &[Input<'_>], options: &GroupOptions) -> Grouping {
        let given = values::given_files(options);
        let described = options.declared.iter();
        let spoken_for: BTreeSet<FileId> = described
            .flat_map(|declared| declared.parameters.iter().flatten().copied())
            .chain(given.iter().copied())
            .collect();
        let mut directories = Directories::of(inputs, &spoken_for);
        let mut grouping = Grouping {
            diagnostics: std::mem::take(&mut directories.problems),
            ..Grouping::default()
        };
        let mut used = spoken_for.clone();
        let roots = directories.roots(&mut grouping.diagnostics);
        for root in &roots {
            let Some(module) = directories.modules.get(root) else {
                continue;
            };
            let mut automatic = values::automatic(&directories, root);
            automatic.retain(|id| !given.contains(id));
            used.extend(&automatic);
            // Whoever names files says which environment is meant.
            let variants = if given.is_empty() {
                values::variants(&directories, root, &spoken_for, &mut grouping.diagnostics)
            } else {
                vec![Variant::default()]
            };
            let path = if root.is_empty() { "." } else { root };
            for (variant, target) in deployments(&variants, options, &module.files) {
                used.extend(&variant.files);
                let files = automatic.iter().chain(&variant.files).chain(&given);
                let values: Vec<FileId> = files.copied().collect();
                let own = values.iter().filter(|id| !given.contains(id));
                for told in own.flat_map(|id| directories.undeclared(module, *id)) {
                    if !grouping.diagnostics.contains(&told) {
                        grouping.diagnostics.push(told);
                    }
                }
                grouping.units.push(Unit {
                    name: match &variant.environment {
                        Some(environment) => format!("{path} ({environment})").into(),
                        None => path.into(),
                    },
                    directory: Arc::clone(root),
                    sources: module.files.clone(),
                    given: values::texts(&directories, module, &values, options),
                    values,
                    shared_values: false,
                    environment: variant.environment,
                    callable: false,
                    target,
                });
            }
        }
        let undeclared = undeclared(&directories, &roots, &given, options);
        grouping.diagnostics.extend(undeclared);
        grouping.unused = directories
            .variables_files
            .values()
            .flatten()
            .map(|file| file.id)
            .filter(|id| !used.contains(id))
            .collect();
        grouping.unused.sort_unstable();
        grouping.units.sort_by(|a, b| a.name.cmp(&b.name));
        grouping
    }

    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment {
        self.evaluate_supplied(unit, loader, &Supply::default())
    }

    fn evaluate_supplied(&self, unit: &Unit, loader: &dyn Loader, supply: &Supply) -> Deployment {
        evaluation::evaluate(unit, loader, supply)
    }
}

/// The deployments of a root: those somebody describes, else one for each of its environments, each
/// with a name of its own.
fn deployments(
    variants: &[Variant],
    options: &GroupOptions,
    sources: &[FileId],
) -> Vec<(Variant, Target)> {
    let described = options.declared.iter().filter(|declared| {
        let mut templates = declared.templates.iter();
        templates.any(|template| sources.contains(template))
    });
    let described: Vec<&Declared> = described.collect();
    if described.is_empty() {
        let variants = variants.iter().cloned();
        return variants
            .map(|variant| (variant, Target::default()))
            .collect();
    }
    let mut deployments: Vec<(Variant, Target)> = Vec::new();
    for declared in described {
        let given = declared.parameters.as_ref().map(|files| Variant {
            environment: None,
            files: files.clone(),
        });
        for variant in given.as_ref().map_or(variants, std::slice::from_ref) {
            let name = match (&declared.name, &variant.environment) {
                (Some(name), Some(environment)) => Some(format!("{name}, {environment}").into()),
                (name, environment) => name.clone().or_else(|| environment.clone()),
            };
            let known = |name: &Option<Arc<str>>| {
                let mut known = deployments.iter();
                known.any(|(known, _)| known.environment == *name)
            };
            let mut own = name.clone();
            let mut number = 1;
            while known(&own) {
                number += 1;
                own = Some(match &name {
                    Some(name) => format!("{name} {number}").into(),
                    None => number.to_string().into(),
                });
            }
            let variant = Variant {
                environment: own,
                files: variant.files.clone(),
            };
            deployments.push((variant, declared.target.clone()));
        }
    }
    deployments
}

/// Values of the call for variables that no root declares. In a file they may be meant for others.
fn undeclared(
    directories: &Directories,
    roots: &[Arc<str>],
    given: &[FileId],
    options: &GroupOptions,
) -> Vec<Diagnostic> {
    let is_declared = |name: &Arc<str>| {
        let modules = roots
            .iter()
            .filter_map(|root| directories.modules.get(root));
        modules
            .into_iter()
            .any(|module| module.variables.contains_key(name))
    };
    let files = given
        .iter()
        .filter_map(|id| directories.variables_file(*id));
    let in_files = files
        .flat_map(|file| &file.sets)
        .filter(|(name, _)| !is_declared(name))
        .map(|(name, at)| {
            let message = format!("no root module declares a variable `{name}`");
            Diagnostic::advice("undeclared-variable", *at, message)
        });
    let one_by_one = options.variables.iter().filter_map(|given| match given {
        GivenVariable::Value(name, _) if !is_declared(name) => {
            let message = format!("no root module declares a variable `{name}`");
            Some(Diagnostic {
                primary: None,
                ..Diagnostic::unreadable("undeclared-variable", Span::new(FileId(0), 0, 0), message)
            })
        }
        _ => None,
    });
    in_files.chain(one_by_one).collect()
}

#[cfg(test)]
mod tests;
