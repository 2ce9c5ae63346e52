//! Tests of whole configurations.

mod arm_deployment;
mod azapi;
mod cycles;
mod data;
mod installed;
mod json;
mod labels;
mod limits;
mod loops;
mod modules;
mod origins;
mod overrides;
mod schemas;
mod sources;
mod subscriptions;
mod types;
mod unread;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::eval::value::{Data, Member, Presence, Rest, Truth, Value};
use crate::eval::{Mode, Resource};
use crate::source::SourceFile;
use crate::syntax::Parsed;
use crate::syntax::hcl::{self, Body};

/// Files in memory.
pub(super) struct Files {
    files: Vec<(Arc<SourceFile>, Option<Tree>)>,
    by_path: BTreeMap<String, FileId>,
}

impl Files {
    pub(super) fn new(texts: &[(&str, &str)]) -> Self {
        let mut sorted = texts.to_vec();
        sorted.sort_unstable();
        let mut files = Vec::new();
        let mut by_path = BTreeMap::new();
        for (index, (path, text)) in sorted.into_iter().enumerate() {
            let id = FileId(u32::try_from(index).unwrap());
            let file = Arc::new(SourceFile::new(path, text));
            let parse: Option<fn(FileId, &SourceFile) -> Parsed<Body>> = match path {
                path if path.ends_with(".tf.json") => Some(hcl::parse_json),
                path if path.ends_with(".tfvars.json") => Some(hcl::parse_json_values),
                path if path.ends_with(".tf") || path.ends_with(".tfvars") => Some(hcl::parse),
                _ => None,
            };
            let tree = parse.map(|parse| {
                let parsed = parse(id, &file);
                assert!(
                    parsed.diagnostics.is_empty(),
                    "{path}: {:?}",
                    parsed.diagnostics
                );
                Tree::Hcl(parsed.tree)
            });
            files.push((file, tree));
            by_path.insert(path.to_owned(), id);
        }
        Self { files, by_path }
    }

    pub(super) fn group(&self, options: &GroupOptions) -> Grouping {
        let inputs: Vec<Input<'_>> = self
            .files
            .iter()
            .zip(0..)
            .filter_map(|((file, tree), id)| {
                Some(Input {
                    id: FileId(id),
                    file,
                    tree: tree.as_ref()?,
                })
            })
            .collect();
        assert!(inputs.iter().all(|input| Terraform.recognise(input)));
        Terraform.group(&inputs, options)
    }

    /// The only deployment, with what is said of how it was found.
    pub(super) fn deployment(&self) -> Deployment {
        let grouping = self.group(&GroupOptions::default());
        let [unit] = grouping.units.as_slice() else {
            panic!("{:?}", grouping.units);
        };
        let mut deployment = Terraform.evaluate(unit, self);
        deployment.diagnostics.extend(grouping.diagnostics);
        deployment
    }

    pub(super) fn id(&self, path: &str) -> FileId {
        self.by_path[path]
    }

    pub(super) fn slice(&self, span: Span) -> &str {
        self.files[span.file.0 as usize].0.slice(span)
    }

    /// Every place a value goes back to, as text.
    pub(super) fn typed(&self, deployment: &Deployment, value: &Value) -> Vec<&str> {
        deployment
            .origins
            .literals(value.origin)
            .into_iter()
            .map(|span| self.slice(span))
            .collect()
    }
}

impl Loader for Files {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let id = *self.by_path.get(path)?;
        Some((id, Arc::clone(&self.files[id.0 as usize].0)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.files[id.0 as usize].1.as_ref()
    }

    fn directory(&self, path: &str) -> Vec<FileId> {
        self.by_path
            .iter()
            .filter(|(file, _)| {
                file.rsplit_once('/').map_or("", |(directory, _)| directory) == path
            })
            .map(|(_, id)| *id)
            .collect()
    }

    fn path(&self, id: FileId) -> Arc<str> {
        Arc::clone(self.files[id.0 as usize].0.path())
    }
}

/// One file, evaluated; nothing may be wrong with it.
pub(super) fn evaluate(text: &str) -> Deployment {
    let deployment = Files::new(&[("main.tf", text)]).deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    deployment
}

pub(super) fn resource<'a>(deployment: &'a Deployment, address: &str) -> &'a Resource {
    deployment
        .resources
        .iter()
        .find(|resource| &*resource.address == address)
        .unwrap_or_else(|| {
            let all: Vec<&str> = deployment
                .resources
                .iter()
                .map(|resource| &*resource.address)
                .collect();
            panic!("no {address} in {all:?}")
        })
}

/// An attribute, shown.
pub(super) fn attribute(deployment: &Deployment, address: &str, path: &str) -> String {
    let mut value = &resource(deployment, address).body;
    for step in path.split('.') {
        value = match &value.data {
            Data::List(list) => &list.items[step.parse::<usize>().unwrap()],
            _ => value
                .get(step)
                .unwrap_or_else(|| panic!("{address} has no {path}")),
        };
    }
    show(value)
}

/// A value as text: `?label` for unknowns, `…` for what is open, `~` for what has no known key.
pub(super) fn show(value: &Value) -> String {
    match &value.data {
        Data::Unknown(unknown) => match &unknown.bounds {
            crate::eval::value::Bounds::OneOf(values) => {
                let all: Vec<String> = values.iter().map(show).collect();
                format!("({})", all.join("|"))
            }
            _ => format!("?{}", unknown.label),
        },
        Data::Template(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                crate::eval::value::Piece::Literal(text) => text.to_string(),
                crate::eval::value::Piece::Hole(unknown) => format!("${{{}}}", unknown.label),
            })
            .collect(),
        Data::List(list) => {
            let mut all: Vec<String> = list.items.iter().map(show).collect();
            all.extend(list.rest.as_ref().map(shown_rest));
            format!("[{}]", all.join(","))
        }
        Data::Object(object) => {
            let mut all: Vec<String> = object
                .entries
                .iter()
                .map(|(name, value)| format!("{name}={}", show(value)))
                .collect();
            all.extend(object.rest.as_ref().map(shown_rest));
            format!("{{{}}}", all.join(","))
        }
        Data::Null => "null".to_owned(),
        Data::String(text) => text.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::Number(_) => value.canonical().unwrap(),
    }
}

fn shown_rest(rest: &Rest) -> String {
    if let Some(members) = rest.members() {
        let shown = |member: &Member| match (&member.presence, &member.key) {
            (Presence::Certain, Some(key)) => format!("~{}={}", show(key), show(&member.value)),
            (Presence::Certain, None) => format!("~{}", show(&member.value)),
            _ => format!("…{}", show(&member.value)),
        };
        return members.iter().map(shown).collect::<Vec<_>>().join(",");
    }
    match &rest.template {
        Some(template) => format!("…{}", show(template)),
        None => "…".to_owned(),
    }
}

pub(super) fn addresses(deployment: &Deployment) -> Vec<String> {
    deployment
        .resources
        .iter()
        .map(|resource| {
            let mut text = resource.address.to_string();
            if resource.existence.truth != Truth::True {
                text.push('?');
            }
            if resource.template {
                text.push('*');
            }
            if resource.mode == Mode::Existing {
                text.push('!');
            }
            text
        })
        .collect()
}
