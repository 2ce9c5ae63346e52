//! ARM templates, evaluated as Azure Resource Manager evaluates them.
//!
//! A template and its parameter file give the resources that Azure would be asked for: parameters,
//! variables, loops, conditions and functions worked out, nested and linked templates followed,
//! every value with the way back to where it was typed. What only Azure knows (ids of
//! subscriptions, run-time properties, hashes) is unknown under a name of its own.
//!
//! - Which deployments there are: `pairing`, `parameter_file`.
//! - Templates within templates, and where each goes: `stage`, `linked`, `linked_file`, `scope`,
//!   `place`, `environment`.
//! - Which resources a template has: `template`, `deployment`, `copy`, `identity`, `kinds`.
//! - What goes in: `parameters`, `arguments`, `types`, `names`.
//! - What values are: `expression`, `evaluate`, `functions`, `calls`, `lambdas`,
//!   `user_functions`, `access`.
//! - What refers to what: `ids`, `reference`, `attribute`.
//! - What is said, and where: `site`, `labels`, `shape`, `cycles`, `limits`, `bicep`.
//!
//! What is absent: networking, schemas of resources, and anything that does not lie below the root.

mod access;
mod arguments;
mod attribute;
pub mod bicep;
mod calls;
mod copy;
mod cycles;
mod deployment;
pub(in crate::eval) mod embedded;
mod environment;
mod evaluate;
mod expression;
mod functions;
mod identity;
mod ids;
pub(in crate::eval) mod kinds;
mod labels;
mod lambdas;
mod limits;
mod linked;
mod linked_file;
mod names;
mod pairing;
mod parameter_file;
mod parameters;
mod place;
mod reference;
mod scope;
mod shape;
mod site;
mod stage;
mod template;
mod types;
mod user_functions;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::estate::Supply;
use super::frontend::{Frontend, GroupOptions, Grouping, Input, Tree, Unit};
use super::{Deployment, Dialect, Loader, Resource};
use crate::origin::{OriginBuilder, OriginGraph, OriginRange};
use crate::source::FileId;
use crate::syntax::json::Json;
use evaluate::Evaluator;
use linked::Linked;
use template::{Frame, Stage};

/// What the unknowns are called that stand for where a template is deployed to, in every deployment
/// that does not say it: parts of resource keys.
pub const PLACE_LABELS: [&str; 3] = [
    "subscription().subscriptionId",
    "resourceGroup().name",
    "managementGroup().name",
];

/// The front end of Azure Resource Manager templates and their parameter files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arm;

/// The page of the functions of templates and how far each is answered, as Markdown: what
/// `docs/arm-functions.md` holds.
#[must_use]
pub fn functions_page() -> String {
    functions::page()
}

impl Frontend for Arm {
    fn name(&self) -> &'static str {
        "ARM"
    }

    fn recognise(&self, input: &Input<'_>) -> bool {
        pairing::role(input).is_some()
    }

    fn group(&self, inputs: &[Input<'_>], options: &GroupOptions) -> Grouping {
        pairing::pair(inputs, options)
    }

    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment {
        self.evaluate_supplied(unit, loader, &Supply::default())
    }

    fn evaluate_supplied(&self, unit: &Unit, loader: &dyn Loader, supply: &Supply) -> Deployment {
        let mut files: BTreeSet<FileId> = unit.sources.iter().copied().collect();
        files.extend(unit.values.iter().copied());
        let mut deployment = Deployment {
            name: Arc::clone(&unit.name),
            environment: unit.environment.clone(),
            directory: Arc::clone(&unit.directory),
            files: Vec::new(),
            resources: Vec::new(),
            outputs: Vec::new(),
            origins: Arc::default(),
            own_origins: OriginRange::ALL,
            diagnostics: Vec::new(),
            complete: false,
            provider: crate::eval::terraform::schema::Versions::ALL,
            generator: None,
            absent: Vec::new(),
            handover: Default::default(),
        };
        let template = unit.sources.first().and_then(|id| tree(loader, *id));
        if let Some(template) = template {
            let declared = template.get_ignore_case("parameters");
            let declared = declared.map_or(&[][..], |declared| declared.members());
            let names = declared.iter().map(|parameter| Arc::clone(&parameter.name));
            deployment.handover.takes = names.collect();
            deployment.generator = bicep::generator(template);
            let linked = Linked::default();
            let origins = OriginBuilder::from(OriginGraph::clone(&supply.origins));
            let evaluator = Evaluator::new(loader, &linked, &origins);
            let values = values(unit, loader);
            let stage = stage::outermost(template, &values, &unit.given, supply, &unit.target);
            let given: Vec<&Json> = unit
                .values
                .iter()
                .filter_map(|id| tree(loader, *id))
                .collect();
            evaluator.check_files(&Frame::of(&stage), &given, unit.shared_values);
            evaluator.expand(&stage);
            evaluator.check_values(&Frame::of(&stage));
            emit(&evaluator, &stage, &mut deployment.resources);
            deployment.outputs = evaluator.outputs_of(&stage);
            files.append(&mut evaluator.files.borrow_mut());
            deployment.diagnostics = evaluator.diagnostics.take();
            drop(evaluator);
            deployment.origins = Arc::new(origins.finish());
        }
        deployment.files = files.into_iter().collect();
        deployment
    }
}

fn tree(loader: &dyn Loader, id: FileId) -> Option<&Json> {
    match loader.tree(id) {
        Some(Tree::Json(Some(json))) => Some(json),
        _ => None,
    }
}

/// The entries of the parameter files by name in lower case; the last file wins.
fn values<'t>(unit: &Unit, loader: &'t dyn Loader) -> HashMap<String, &'t Json> {
    let mut values = HashMap::new();
    for json in unit.values.iter().filter_map(|id| tree(loader, *id)) {
        let entries = json.get_ignore_case("parameters").unwrap_or(json);
        for entry in entries.members() {
            values.insert(entry.name.to_ascii_lowercase(), &entry.value);
        }
    }
    values
}

/// Evaluates and lists the resources of a template, each deployment followed by its own.
fn emit<'t>(evaluator: &Evaluator<'t>, stage: &Rc<Stage<'t>>, into: &mut Vec<Resource>) {
    let met = stage.resources.borrow().clone();
    for index in met {
        let entry = evaluator.entries.borrow().get(index).map(Rc::clone);
        let Some(entry) = entry else { continue };
        let body = evaluator.body(&entry);
        into.push(Resource {
            address: Arc::clone(&entry.address),
            key: entry.key.clone(),
            id: None,
            kind: Arc::clone(&entry.kind),
            name: entry.name.clone(),
            mode: entry.mode,
            dialect: Dialect::Arm,
            body: body.with_shared_items().unwrap_or(body),
            parent: entry.parent.clone(),
            origin: entry.origin,
            existence: entry.existence.clone(),
            template: entry.repeated,
            symbol: entry.symbol.clone(),
            subscription: None,
        });
        if let Some(nested) = &entry.nested {
            evaluator.check_arguments(&entry);
            emit(evaluator, nested, into);
        }
    }
    evaluator.outputs_of(stage);
}
