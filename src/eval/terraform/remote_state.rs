//! States: where a configuration keeps its own, and whose it reads.
//!
//! `data "terraform_remote_state"` gives the outputs of another root module
//! (developer.hashicorp.com/terraform/language/state/remote-state-data). Where that one is a member
//! of the same estate, its outputs are known. What is absent: which member keeps which state.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::{Constants, Evaluation};
use super::module::{Module, ResourceInstance, join};
use crate::eval::estate::{StateLocation, StateRead, plain};
use crate::eval::hcl_expr::evaluate;
use crate::eval::value::Value;
use crate::eval::{Mode, Resource};

/// The data source.
const READER: &str = "terraform_remote_state";

/// The backend of a configuration that names none, and where it writes
/// (developer.hashicorp.com/terraform/language/backend/local).
const LOCAL: &str = "local";
const LOCAL_STATE: &str = "terraform.tfstate";

impl<'a> Evaluation<'a> {
    /// Where the state of the root module is kept.
    pub(super) fn own_state(&self, root: &Rc<Module<'a>>) -> Option<StateLocation> {
        let Some(block) = root.declarations.backend else {
            return self.located(LOCAL.into(), BTreeMap::new());
        };
        let settings = block.body.attributes.iter().filter_map(|attribute| {
            let value = evaluate(&attribute.value, &Constants, &self.session).ok()?;
            Some((Arc::clone(&attribute.name), plain(&value)?))
        });
        self.located(Arc::clone(block.label(0)?), settings.collect())
    }

    /// The states that are read.
    pub(super) fn states_read(&self, resources: &[Resource]) -> Vec<StateRead> {
        let readers = resources
            .iter()
            .filter(|resource| resource.mode == Mode::Existing && &*resource.kind == READER);
        let read = |reader: &Resource| {
            let workspace = reader.body.get("workspace");
            if workspace
                .is_some_and(|it| !it.is_null() && it.as_str().is_none_or(|it| &**it != "default"))
            {
                return None;
            }
            let config = reader.body.get("config")?;
            // A block in the language of Terraform 0.11, an attribute since.
            let config = match config.as_list() {
                Some(blocks) => blocks.items.first()?,
                None => config,
            };
            let entries = config.as_object()?.entries.iter();
            let settings =
                entries.filter_map(|(name, value)| Some((Arc::clone(name), plain(value)?)));
            let backend = reader.body.get("backend")?.as_str()?;
            Some(StateRead {
                address: Arc::clone(&reader.address),
                state: self.located(Arc::clone(backend), settings.collect())?,
                at: self.session.origins()?.span(reader.origin),
            })
        };
        readers.filter_map(read).collect()
    }

    /// The outputs that a data source reads, if another member of the estate hands them over.
    pub(super) fn outputs_read(
        &self,
        resource: &ResourceInstance<'a>,
        attribute: &str,
    ) -> Option<Value> {
        let reads = attribute == "outputs" && &**resource.declared.kind == READER;
        let found = reads.then(|| self.states.get(&resource.address))?;
        found.cloned()
    }

    /// A place with its paths from the root of the run.
    fn located(
        &self,
        backend: Arc<str>,
        mut settings: BTreeMap<Arc<str>, Arc<str>>,
    ) -> Option<StateLocation> {
        if &*backend == LOCAL {
            let path = settings.get("path").map_or(LOCAL_STATE, |path| &**path);
            let path = join(&self.root_directory, path)?;
            settings.insert("path".into(), path.into());
        }
        Some(StateLocation { backend, settings })
    }
}
