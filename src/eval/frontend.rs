//! What a language must do to take part.
//!
//! The engine knows languages only through [`Frontend`]. Each stage is a pure function of files:
//! [`Frontend::recognise`] says which files are its own, [`Frontend::group`] which of them make a
//! deployment together, [`Frontend::evaluate`] what that deployment creates.

use std::sync::Arc;

use super::estate::Supply;
use super::{Deployment, Loader};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::hcl::Body;
use crate::syntax::json::Json;

/// The tree of a file, by the grammar it was parsed with.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A JSON document; `None` if the text held none.
    Json(Option<Json>),
    /// An HCL file.
    Hcl(Body),
}

/// One parsed file of the walk.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Its id.
    pub id: FileId,
    /// Text and path.
    pub file: &'a SourceFile,
    /// Its tree.
    pub tree: &'a Tree,
}

/// Files that make one deployment, before evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Becomes [`Deployment::name`].
    pub name: Arc<str>,
    /// Becomes [`Deployment::directory`].
    pub directory: Arc<str>,
    /// The template, the module's own files, the exports; sorted.
    pub sources: Vec<FileId>,
    /// Parameter or variables files, the ones that win last.
    pub values: Vec<FileId>,
    /// Whether the same files are for other templates too: what this one does not declare, another
    /// may. [`Frontend::group`] then tells what none does.
    pub shared_values: bool,
    /// Parameters given one by one, by name; they win over files.
    pub given: Vec<(Arc<str>, Arc<str>)>,
    /// Becomes [`Deployment::environment`].
    pub environment: Option<Arc<str>>,
    /// Whether nothing but the file itself says that it is deployed: then it is no deployment of
    /// its own where another one calls it.
    pub callable: bool,
    /// What the configuration says of where it is deployed.
    pub target: Target,
}

/// Where a deployment goes, as far as somebody says. What is `None` is not known: files alone
/// never tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The id of the subscription.
    pub subscription: Option<Arc<str>>,
    /// The name of the resource group.
    pub resource_group: Option<Arc<str>>,
    /// The name (id) of the management group.
    pub management_group: Option<Arc<str>>,
    /// The id of the tenant.
    pub tenant: Option<Arc<str>>,
    /// The location of the resource group, or of a deployment to something larger.
    pub location: Option<Arc<str>>,
    /// The cloud by its word in the configuration: `public`, `us-government`, `china`.
    pub cloud: Option<Arc<str>>,
}

/// A deployment that somebody describes: one entry of `deployments` in `aznet.yaml`. Several
/// entries of one template are several environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The files its `template` matches, sorted.
    pub templates: Vec<FileId>,
    /// What it is called.
    pub name: Option<Arc<str>>,
    /// Its parameter files, the ones that win last; `None` leaves it to convention.
    pub parameters: Option<Vec<FileId>>,
    /// Where it goes.
    pub target: Target,
    /// Where that is said.
    pub place: Span,
}

/// What [`Frontend::group`] found.
#[derive(Clone, Debug, Default)]
pub struct Grouping {
    /// The deployments, sorted by name.
    pub units: Vec<Unit>,
    /// Files recognised that no deployment uses: a variables file of no root, a parameter file
    /// without a template. The summary lists them.
    pub unused: Vec<FileId>,
    /// What should be said about the grouping itself.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the user asked for that decides the grouping.
#[derive(Clone, Debug, Default)]
pub struct GroupOptions {
    /// Values of Terraform variables for every root (`--var`, `--var-file`), in the order given: the
    /// last wins, and all win over the files found.
    pub variables: Vec<GivenVariable<FileId>>,
    /// Values of Terraform variables by name (`TF_VAR_*`) over which all others win.
    pub environment: Vec<(Arc<str>, Arc<str>)>,
    /// ARM parameter files for every template (`--parameters`), instead of the ones found.
    pub parameter_files: Vec<FileId>,
    /// ARM parameters given one by one (`--parameters NAME=VALUE`), for every template that declares
    /// them.
    pub parameters: Vec<(Arc<str>, Arc<str>)>,
    /// Deployments that are described, instead of the ones found for their templates.
    pub declared: Vec<Declared>,
}

/// A value given for a Terraform variable, or a file with several; files are named by `F`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenVariable<F> {
    /// A variables file.
    File(F),
    /// The variable and the text of its value, read by the variable's type.
    Value(Arc<str>, Arc<str>),
}

impl<F> GivenVariable<F> {
    /// The same with the file named another way; `None` if it cannot be.
    pub fn named<G>(&self, name: impl FnOnce(&F) -> Option<G>) -> Option<GivenVariable<G>> {
        Some(match self {
            Self::File(file) => GivenVariable::File(name(file)?),
            Self::Value(name, value) => GivenVariable::Value(Arc::clone(name), Arc::clone(value)),
        })
    }
}

/// One language. Implementations hold no state.
pub trait Frontend: Sync {
    /// For messages: `ARM`, `Terraform`, `export`.
    fn name(&self) -> &'static str;

    /// Whether a file is this language's: by content first, name second.
    fn recognise(&self, input: &Input<'_>) -> bool;

    /// Puts the recognised files together. `inputs` are sorted by path.
    fn group(&self, inputs: &[Input<'_>], options: &GroupOptions) -> Grouping;

    /// Works out what a deployment creates. Never fails: what cannot be evaluated is unknown, and
    /// what is wrong is a diagnostic of the deployment. Bounded in time, memory and recursion
    /// whatever the input.
    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment;

    /// The same with what other deployments of the estate hand over. Languages that record what is
    /// there already take nothing.
    fn evaluate_supplied(&self, unit: &Unit, loader: &dyn Loader, _supply: &Supply) -> Deployment {
        self.evaluate(unit, loader)
    }
}
