//! Templates that a configuration of another language holds and deploys.
//!
//! Whoever holds the template says where it goes, what its parameters are, and what stands in it
//! that is not known; origins stay in one graph, so that a value leads from the template to what
//! was typed in the other language.

use std::sync::Arc;

use super::evaluate::Evaluator;
use super::linked::Linked;
use super::scope::{Level, Scope};
use super::template::{Argument, Frame};
use super::{emit, stage};
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::Target;
use crate::eval::value::{Piece, Value};
use crate::eval::{Existence, Loader, Output, Resource};
use crate::origin::{OriginBuilder, OriginId};
use crate::source::FileId;
use crate::syntax::json::Json;

/// What reads texts of a template that hold what is not known: the value of such a text, `None` of
/// any other.
pub(in crate::eval) type Markers<'a> = &'a (dyn Fn(&str, OriginId) -> Option<Value> + 'a);

/// What a template is deployed to.
#[derive(Clone, Debug)]
pub(in crate::eval) enum Goal {
    /// The resource group of this name.
    ResourceGroup(Vec<Piece>),
    /// The subscription.
    Subscription,
    /// The management group of this name.
    ManagementGroup(Vec<Piece>),
    /// The tenant.
    Tenant,
}

/// A template, and how it is deployed.
pub(in crate::eval) struct Embedded<'a> {
    pub(in crate::eval) template: &'a Json,
    pub(in crate::eval) markers: Markers<'a>,
    /// The value of a parameter, by its name; `None` leaves the default.
    pub(in crate::eval) parameters: &'a dyn Fn(&str) -> Option<Value>,
    /// Tells its unknowns from those of other templates.
    pub(in crate::eval) label: Arc<str>,
    /// The name of the deployment.
    pub(in crate::eval) name: Value,
    /// Its location.
    pub(in crate::eval) location: Option<Value>,
    pub(in crate::eval) subscription: Vec<Piece>,
    pub(in crate::eval) goal: Goal,
    /// What the configuration says of tenant and cloud.
    pub(in crate::eval) target: &'a Target,
    /// What deploys it.
    pub(in crate::eval) origin: OriginId,
    pub(in crate::eval) existence: Existence,
    /// It is one of an unknown number.
    pub(in crate::eval) repeated: bool,
}

/// What deploying a template gives.
#[derive(Clone, Debug)]
pub(in crate::eval) struct Deployed {
    pub(in crate::eval) resources: Vec<Resource>,
    pub(in crate::eval) outputs: Vec<Output>,
    pub(in crate::eval) diagnostics: Vec<Diagnostic>,
    /// The linked templates that were read.
    pub(in crate::eval) files: Vec<FileId>,
}

/// Works out what a template deploys.
pub(in crate::eval) fn deploy(
    embedded: &Embedded<'_>,
    loader: &dyn Loader,
    origins: &OriginBuilder,
) -> Deployed {
    let linked = Linked::default();
    let mut evaluator = Evaluator::new(loader, &linked, origins);
    evaluator.markers = Some(embedded.markers);
    let schema = embedded.template.get_ignore_case("$schema");
    let schema = schema.and_then(Json::as_str).unwrap_or_default();
    let mut scope = Scope::of_schema(schema, embedded.target);
    scope.subscription.clone_from(&embedded.subscription);
    scope = match &embedded.goal {
        Goal::ResourceGroup(name) => scope.in_resource_group(name.clone()),
        Goal::Subscription => scope.in_subscription(embedded.subscription.clone()),
        Goal::ManagementGroup(name) => Scope {
            level: Level::ManagementGroup,
            management_group: name.clone(),
            ..scope
        },
        Goal::Tenant => Scope {
            level: Level::Tenant,
            ..scope
        },
    };
    let deployment = stage::Outermost {
        scope,
        label: Arc::clone(&embedded.label),
        name: embedded.name.clone(),
        location: embedded.location.clone(),
        origin: embedded.origin,
        existence: embedded.existence.clone(),
        repeated: embedded.repeated,
    };
    let stage = stage::whole(embedded.template, deployment, |declared| {
        match (embedded.parameters)(&declared.name) {
            Some(value) => Argument::Value(value),
            None => Argument::None,
        }
    });
    evaluator.expand(&stage);
    evaluator.check_values(&Frame::of(&stage));
    let mut resources = Vec::new();
    emit(&evaluator, &stage, &mut resources);
    let outputs = evaluator.outputs_of(&stage);
    for resource in &mut resources {
        resource.id = Some(resource.key.clone());
    }
    let files = evaluator.files.take().into_iter().collect();
    Deployed {
        resources,
        outputs,
        diagnostics: evaluator.diagnostics.take(),
        files,
    }
}
