//! Deployments that stand in one world: the members of an estate.
//!
//! Each member is evaluated as if it were alone, save that others may hand it values ([`Supply`]).
//! [`Shared::admit`] then puts it beside the others: origins of all go into one graph, and what has a
//! name within one deployment only (unknowns, addresses of Terraform) gets one that no other member
//! has. What was handed over keeps the name it came with, and full Azure ids stay what they are:
//! those are what members meet by.
//!
//! What is absent: which deployments are members, and the order in which they are evaluated.

mod apart;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::terraform::schema::Versions;
use super::value::{Data, UnknownId, Value, unmarked};
use super::{Deployment, ResourceKey};
use crate::origin::{OriginGraph, OriginRange};
use crate::source::Span;

/// What other members hand to one that is evaluated.
#[derive(Clone, Debug, Default)]
pub struct Supply {
    /// The origins of these values; those of the deployment go on from there.
    pub origins: Arc<OriginGraph>,
    /// Values of parameters or variables, by the name that is declared.
    pub inputs: BTreeMap<Arc<str>, Value>,
    /// The outputs that lie in another member's state, by the address of the data source.
    pub states: BTreeMap<Arc<str>, Value>,
    /// What is written of resources that other members create, by the address of the data source
    /// that looks one up.
    pub lookups: BTreeMap<Arc<str>, Value>,
}

impl Supply {
    /// Whether nothing is handed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.states.is_empty() && self.lookups.is_empty()
    }
}

/// How a deployment hands results to others and takes theirs.
#[derive(Clone, Debug, Default)]
pub struct Handover {
    /// Where its state is kept, if it has one and says where.
    pub state: Option<StateLocation>,
    /// The states of others that it reads.
    pub reads: Vec<StateRead>,
    /// The parameters or variables it declares.
    pub takes: Vec<Arc<str>>,
    /// What has an id of its own and is written within another resource.
    pub parts: Vec<InlinePart>,
}

/// A part of a resource that others can look up by its own id: a subnet written in its network.
#[derive(Clone, Debug)]
pub struct InlinePart {
    /// Its id.
    pub id: ResourceKey,
    /// The address of the resource it is written in.
    pub owner: Arc<str>,
    /// The list that holds it, and its place there.
    pub list: (Arc<str>, usize),
}

/// Where a state of Terraform is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateLocation {
    /// The kind of backend: `azurerm`, `local`.
    pub backend: Arc<str>,
    /// What is said of the place and known; paths are from the root.
    pub settings: BTreeMap<Arc<str>, Arc<str>>,
}

/// The setting that names one state among those of a place; without it nothing is named.
const NAMES: [&str; 4] = ["key", "path", "prefix", "workspaces"];

impl StateLocation {
    /// Whether both are one place as far as either says: they name the same state, and say nothing
    /// different.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let names = |setting: &&str| {
            let own = self.settings.get(*setting);
            own.is_some() && own == other.settings.get(*setting)
        };
        let agree = self.settings.iter().all(|(name, value)| {
            let there = other.settings.get(name);
            there.is_none_or(|there| there == value)
        });
        self.backend == other.backend && agree && NAMES.iter().any(names)
    }
}

/// A data source that reads the state of another configuration.
#[derive(Clone, Debug)]
pub struct StateRead {
    /// Its address.
    pub address: Arc<str>,
    /// Which state.
    pub state: StateLocation,
    /// Where it is written.
    pub at: Option<Span>,
}

/// The members of one estate while they are put together.
#[derive(Debug, Default)]
pub struct Shared {
    origins: OriginGraph,
    /// The unknowns of the members so far.
    issued: HashSet<UnknownId>,
    /// How many members of a name there are so far: two languages may call theirs alike.
    names: BTreeMap<Arc<str>, u32>,
}

impl Shared {
    /// The origins of the members so far: a [`Supply`] of their values goes on from these.
    #[must_use]
    pub fn origins(&self) -> Arc<OriginGraph> {
        Arc::new(self.origins.clone())
    }

    /// Takes in a deployment that was evaluated with a supply. Its origins are whole once
    /// [`Self::finish`] gave it the graph of all.
    #[must_use]
    pub fn admit(&mut self, deployment: Deployment, supply: &Supply) -> Deployment {
        let Deployment {
            origins,
            mut resources,
            mut outputs,
            ..
        } = deployment;
        let shift = self
            .origins
            .take_in(Arc::unwrap_or_clone(origins), supply.origins.len());
        let same = self.names.entry(Arc::clone(&deployment.name)).or_default();
        *same += 1;
        let mut apart = apart::Apart::new((&deployment.name, *same), shift, &self.issued);
        for resource in &mut resources {
            apart.resource(resource);
        }
        for output in &mut outputs {
            output.value = apart.value(&output.value);
        }
        let issued = apart.into_issued();
        self.issued.extend(issued);
        Deployment {
            origins: Arc::default(),
            own_origins: shift.range,
            resources,
            outputs,
            ..deployment
        }
    }

    /// Gives every member the origins of all.
    pub fn finish<'d>(self, members: impl IntoIterator<Item = &'d mut Deployment>) {
        let origins = Arc::new(self.origins);
        for member in members {
            member.origins = Arc::clone(&origins);
        }
    }
}

impl Deployment {
    /// All members of an estate as one deployment of its name.
    #[must_use]
    pub fn of_estate(name: &Arc<str>, members: Vec<Self>) -> Self {
        let mut whole = Self {
            name: Arc::clone(name),
            environment: None,
            directory: "".into(),
            files: Vec::new(),
            resources: Vec::new(),
            outputs: Vec::new(),
            origins: members
                .first()
                .map(|it| Arc::clone(&it.origins))
                .unwrap_or_default(),
            own_origins: OriginRange::ALL,
            diagnostics: Vec::new(),
            complete: members.iter().all(|member| member.complete),
            provider: Versions::ALL,
            generator: None,
            absent: Vec::new(),
            handover: Handover::default(),
        };
        for mut member in members {
            whole.files.append(&mut member.files);
            whole.resources.append(&mut member.resources);
            whole.outputs.append(&mut member.outputs);
            whole.diagnostics.append(&mut member.diagnostics);
            whole.absent.append(&mut member.absent);
        }
        whole.files.sort_unstable();
        whole.files.dedup();
        whole
    }
}

impl ResourceKey {
    /// The key as it is within its own deployment.
    #[must_use]
    pub fn within_deployment(&self) -> &str {
        unmarked(&self.0)
    }
}

/// A setting of a backend as text; `None` for what is not known as a whole.
pub(super) fn plain(value: &Value) -> Option<Arc<str>> {
    match &value.data {
        Data::String(text) => Some(Arc::clone(text)),
        Data::Bool(_) | Data::Number(_) => value.canonical().map(Into::into),
        _ => None,
    }
}
