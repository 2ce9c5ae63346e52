//! Recorded resources: what the command line tools and REST calls of Azure print.
//!
//! | printed by | shape |
//! |---|---|
//! | REST, `az rest`, `az resource show`, the portal's JSON view | `properties`, one or `{"value": […]}` |
//! | `az network … show`, `list`, `az vm …` | flattened: what `properties` holds stands beside the name |
//! | `az network … create` | one resource under a name of its own (`NewNSG`) |
//! | `az resource list` | no properties: known by id only |
//! | Resource Graph, `az graph query` | `{"data": […]}`, or rows under columns |
//! | `az account list`, `az account subscription list`, REST | subscriptions, with `quotaId` or without |
//! | `Get-Az… \| ConvertTo-Json` | flattened, names in capitals, lists for single values |
//! | several of these in one file | one after the other |
//! | `az network nic list-effective-nsg`, `az network watcher …` | what Azure made of resources: told, not read |
//!
//! `body` puts all of them into the shape of REST, so that nothing above knows who printed a
//! resource. The documents of a directory are one deployment, and it is complete: what is not
//! recorded does not exist there, unless a document says that it is one page of several.
//!
//! What is absent: answers that name no resource (`az network watcher test-ip-flow`), output cut
//! to columns by `--query`, tables and YAML.

mod answer;
mod body;
mod ids;
mod item;
mod recorder;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::answer::Answer;
use self::recorder::{Recorder, told};
use super::frontend::{Frontend, GroupOptions, Grouping, Input, Target, Tree, Unit};
use super::{Deployment, Loader};

/// The front end of exported resources.
#[derive(Clone, Copy, Debug, Default)]
pub struct Export;

impl Frontend for Export {
    fn name(&self) -> &'static str {
        "export"
    }

    fn recognise(&self, input: &Input<'_>) -> bool {
        answer(Some(input.tree)).is_ours()
    }

    fn group(&self, inputs: &[Input<'_>], _options: &GroupOptions) -> Grouping {
        let mut directories: BTreeMap<Arc<str>, Vec<&Input<'_>>> = BTreeMap::new();
        let mut grouping = Grouping::default();
        for input in inputs {
            let answer = answer(Some(input.tree));
            if answer.items.is_empty() {
                grouping.diagnostics.extend(told(&answer));
                grouping.unused.push(input.id);
                continue;
            }
            let path = input.file.path();
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            directories.entry(directory.into()).or_default().push(input);
        }
        let unit = |(directory, inputs): (Arc<str>, Vec<&Input<'_>>)| Unit {
            name: match inputs.as_slice() {
                [only] => Arc::clone(only.file.path()),
                _ if directory.is_empty() => ".".into(),
                _ => Arc::clone(&directory),
            },
            directory,
            sources: inputs.iter().map(|input| input.id).collect(),
            values: Vec::new(),
            shared_values: false,
            given: Vec::new(),
            environment: None,
            callable: false,
            target: Target::default(),
        };
        grouping.units = directories.into_iter().map(unit).collect();
        grouping.units.sort_by(|a, b| a.name.cmp(&b.name));
        grouping
    }

    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment {
        let mut recorder = Recorder::default();
        for id in &unit.sources {
            recorder.file(&answer(loader.tree(*id)));
        }
        recorder.tell_parts();
        Deployment {
            name: Arc::clone(&unit.name),
            environment: unit.environment.clone(),
            directory: Arc::clone(&unit.directory),
            files: unit.sources.clone(),
            complete: recorder.complete,
            resources: recorder.resources,
            outputs: Vec::new(),
            origins: Arc::new(recorder.origins.finish()),
            own_origins: crate::origin::OriginRange::ALL,
            diagnostics: recorder.diagnostics,
            provider: crate::eval::terraform::schema::Versions::ALL,
            generator: None,
            absent: Vec::new(),
            handover: Default::default(),
        }
    }
}

fn answer(tree: Option<&Tree>) -> Answer<'_> {
    match tree {
        Some(Tree::Json(Some(json))) => Answer::of(json),
        _ => Answer::default(),
    }
}

#[cfg(test)]
mod tests;
