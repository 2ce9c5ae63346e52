//! Plans and states of Terraform as JSON: what `terraform show -json` prints, and state files.
//!
//! A plan says what Terraform worked out with every variable, data source and provider default in
//! hand, so it is taken as it stands: `planned_values` says which resources there will be,
//! `resource_changes` which of their attributes are only known after the apply, `configuration`
//! what those refer to. Each resource is read once, though a plan carries it up to three times.
//!
//! | document | recognised by |
//! |---|---|
//! | plan | `format_version` and `planned_values` |
//! | state | `format_version` and `values`, or `terraform_version` and `values` |
//! | state file, version 4 | `version`, `lineage` or `serial`, and `resources` |
//! | log of `terraform plan -json` | lines with `@level` and `@message`: told, not read |
//!
//! The shapes are those of <https://developer.hashicorp.com/terraform/internals/json-format>.
//!
//! What is absent: binary plan files, and changes to what is there already (`resource_drift`).

mod address;
mod configuration;
mod document;
mod lowering;
mod once;
mod record;
mod source;
mod template;
mod values;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::document::Document;
pub(crate) use self::source::Fit;
use super::frontend::{Frontend, GroupOptions, Grouping, Input, Target, Tree, Unit};
use super::{Deployment, Loader};

/// The front end of plans and states.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan;

impl Frontend for Plan {
    fn name(&self) -> &'static str {
        "plan"
    }

    fn recognise(&self, input: &Input<'_>) -> bool {
        document(Some(input.tree)).is_some()
    }

    fn group(&self, inputs: &[Input<'_>], _options: &GroupOptions) -> Grouping {
        let mut grouping = Grouping::default();
        for input in inputs {
            let Some(document) = document(Some(input.tree)) else {
                continue;
            };
            if let Some(why) = document.refused() {
                grouping.unused.push(input.id);
                grouping.diagnostics.push(why);
                continue;
            }
            let path = input.file.path();
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            grouping.units.push(Unit {
                name: Arc::clone(path),
                directory: directory.into(),
                sources: vec![input.id],
                values: Vec::new(),
                shared_values: false,
                given: Vec::new(),
                environment: None,
                callable: false,
                target: Target::default(),
            });
        }
        grouping.units.sort_by(|a, b| a.name.cmp(&b.name));
        grouping
    }

    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment {
        let found = unit
            .sources
            .first()
            .and_then(|id| document(loader.tree(*id)));
        let read = found
            .as_ref()
            .map_or_else(lowering::Read::default, |found| {
                let source = source::evaluate(found, unit, loader);
                lowering::read(found, source, &unit.target, loader)
            });
        let mut files: BTreeSet<_> = unit.sources.iter().copied().collect();
        files.extend(read.files);
        Deployment {
            name: Arc::clone(&unit.name),
            environment: unit.environment.clone(),
            directory: Arc::clone(&unit.directory),
            files: files.into_iter().collect(),
            resources: read.resources,
            outputs: read.outputs,
            origins: Arc::new(read.origins),
            own_origins: crate::origin::OriginRange::ALL,
            diagnostics: read.diagnostics,
            complete: found.is_some_and(|document| document.is_complete()),
            provider: crate::eval::terraform::schema::Versions::ALL,
            generator: None,
            absent: Vec::new(),
            handover: Default::default(),
        }
    }
}

/// How well a Terraform root module goes with the plan or state of a unit.
pub(crate) fn fit(unit: &Unit, root: &Unit, loader: &dyn Loader) -> Fit {
    let found = unit
        .sources
        .first()
        .and_then(|id| document(loader.tree(*id)));
    found.map_or(Fit::None, |found| source::fit(&found, root, loader))
}

fn document(tree: Option<&Tree>) -> Option<Document<'_>> {
    match tree {
        Some(Tree::Json(Some(json))) => Document::of(json),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
