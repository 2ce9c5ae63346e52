//! What the tests of the front end share: files in memory, and ways to look at what comes out.

mod arguments;
mod bicep;
mod cycles;
mod functions;
mod labels;
mod limits;
mod links;
mod loops;
mod malformed;
mod nesting;
mod origins;
mod pairing;
mod parameters;
mod references;
mod scopes;
mod soundness;

use std::collections::HashMap;
use std::sync::Arc;

use super::Arm;
use crate::eval::frontend::{Frontend, GroupOptions, Grouping, Input, Target, Tree, Unit};
use crate::eval::value::{Data, Unknown, Value};
use crate::eval::{Deployment, Loader, Resource};
use crate::origin::OriginId;
use crate::source::{FileId, SourceFile, SourceMap, Span};
use crate::syntax::json;

/// Files in memory.
pub(super) struct Files {
    sources: SourceMap,
    trees: Vec<Tree>,
    ids: HashMap<String, FileId>,
}

impl Files {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let mut sources = SourceMap::default();
        let mut trees = Vec::new();
        let mut ids = HashMap::new();
        for (path, text) in files {
            let file = Arc::new(SourceFile::new(*path, text));
            let id = sources.push(Arc::clone(&file));
            let mut tree = None;
            if path.ends_with(".json") {
                let parsed = json::parse(id, &file);
                assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
                tree = parsed.tree;
            }
            trees.push(Tree::Json(tree));
            ids.insert((*path).to_owned(), id);
        }
        Self {
            sources,
            trees,
            ids,
        }
    }

    pub(super) fn group(&self, options: &GroupOptions) -> Grouping {
        let inputs: Vec<Input<'_>> = self
            .sources
            .iter()
            .zip(&self.trees)
            .map(|((id, file), tree)| Input { id, file, tree })
            .filter(|input| Arm.recognise(input))
            .collect();
        Arm.group(&inputs, options)
    }

    /// Evaluates the deployment whose name begins so.
    pub(super) fn deploy(&self, name: &str) -> Deployment {
        self.deploy_to(name, Target::default())
    }

    /// The same with what the configuration says of where it goes.
    pub(super) fn deploy_to(&self, name: &str, target: Target) -> Deployment {
        let grouping = self.group(&GroupOptions::default());
        let unit = grouping
            .units
            .iter()
            .find(|unit| unit.name.starts_with(name))
            .unwrap_or_else(|| panic!("no deployment {name}"));
        let unit = Unit {
            target,
            ..unit.clone()
        };
        Arm.evaluate(&unit, self)
    }

    /// The texts of the literals a value goes back to.
    pub(super) fn typed(&self, deployment: &Deployment, origin: OriginId) -> Vec<&str> {
        let spans = deployment.origins.literals(origin);
        spans
            .into_iter()
            .map(|span| self.sources.slice(span))
            .collect()
    }

    /// The place of a text that occurs once in a file.
    pub(super) fn place(&self, path: &str, text: &str) -> Span {
        let id = self.ids[path];
        let file = self.sources.get(id).unwrap().text();
        assert_eq!(file.matches(text).count(), 1, "{text} in {path}");
        let start = u32::try_from(file.find(text).unwrap()).unwrap();
        Span::new(id, start, start + u32::try_from(text.len()).unwrap())
    }

    /// The path and text of a place.
    pub(super) fn read(&self, span: Span) -> (&str, &str) {
        let file = self.sources.get(span.file).unwrap();
        (file.path(), self.sources.slice(span))
    }

    /// The text of the first place of a diagnostic of this code.
    pub(super) fn blamed(&self, deployment: &Deployment, code: &str) -> Vec<&str> {
        let of_code = deployment.diagnostics.iter().filter(|one| one.code == code);
        of_code
            .filter_map(|one| one.primary.as_ref())
            .map(|label| self.sources.slice(label.span))
            .collect()
    }
}

impl Loader for Files {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let id = *self.ids.get(path)?;
        Some((id, Arc::clone(self.sources.get(id)?)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.trees.get(id.0 as usize)
    }

    fn directory(&self, _path: &str) -> Vec<FileId> {
        Vec::new()
    }

    fn below(&self, path: &str, name: &str) -> Vec<FileId> {
        let inside = |file: &str| path.is_empty() || file.starts_with(&format!("{path}/"));
        let called = |file: &str| file.rsplit('/').next() == Some(name);
        self.sources
            .iter()
            .filter(|(_, file)| inside(file.path()) && called(file.path()))
            .map(|(id, _)| id)
            .collect()
    }

    fn path(&self, id: FileId) -> Arc<str> {
        self.sources
            .get(id)
            .map_or_else(|| "".into(), |file| Arc::clone(file.path()))
    }
}

/// Evaluates one template; there must be no diagnostic.
pub(super) fn deploy(template: &str) -> Deployment {
    let template = with_schema(template);
    let deployment = Files::new(&[("main.json", &template)]).deploy("main.json");
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    deployment
}

/// The members of a template with the schema before them.
pub(super) fn with_schema(members: &str) -> String {
    format!(
        r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        {members} }}"#
    )
}

/// The resource of a type and last name.
pub(super) fn resource<'a>(deployment: &'a Deployment, address: &str) -> &'a Resource {
    let addresses: Vec<_> = deployment
        .resources
        .iter()
        .map(|one| &*one.address)
        .collect();
    deployment
        .resources
        .iter()
        .find(|one| &*one.address == address)
        .unwrap_or_else(|| panic!("no resource {address} among {addresses:?}"))
}

/// A value below the body of a resource.
pub(super) fn at<'a>(resource: &'a Resource, path: &str) -> &'a Value {
    let mut value = &resource.body;
    for part in path.split('.') {
        value = match part.parse::<usize>() {
            Ok(index) => &value.as_list().unwrap().items[index],
            Err(_) => value
                .get_ignore_case(part)
                .unwrap_or_else(|| panic!("no {part} of {path} in {value:?}")),
        };
    }
    value
}

/// A value as people would write it: JSON, unknown parts as `${label}`.
pub(super) fn show(value: &Value) -> String {
    match &value.data {
        Data::Unknown(unknown) => format!("${{{}}}", unknown.label),
        Data::Template(pieces) => format!("{:?}", super::scope::readable(pieces)),
        Data::List(list) => {
            let mut items: Vec<String> = list.items.iter().map(show).collect();
            items.extend(
                list.rest
                    .as_ref()
                    .map(|rest| format!("...${{{}}}", rest.unknown.label)),
            );
            format!("[{}]", items.join(","))
        }
        Data::Object(object) => {
            let entry = |(name, value): (&Arc<str>, &Value)| format!("{name:?}:{}", show(value));
            let mut entries: Vec<String> = object.entries.iter().map(entry).collect();
            entries.extend(
                object
                    .rest
                    .as_ref()
                    .map(|rest| format!("...${{{}}}", rest.unknown.label)),
            );
            format!("{{{}}}", entries.join(","))
        }
        Data::String(text) => format!("{text:?}"),
        _ => value.canonical().unwrap_or_else(|| "null".to_owned()),
    }
}

/// The unknown of a value.
pub(super) fn unknown(value: &Value) -> &Arc<Unknown> {
    value
        .as_unknown()
        .unwrap_or_else(|| panic!("known: {}", show(value)))
}

/// The value of an expression in a template with some declarations.
pub(super) fn evaluated(declarations: &str, expression: &str) -> (Value, Vec<String>) {
    let expression = expression.replace('\\', "\\\\").replace('"', "\\\"");
    let template = with_schema(&format!(
        r#"{declarations} "resources": [{{ "type": "A.B/c", "name": "x", "properties": {{ "x": "[{expression}]" }} }}]"#
    ));
    let deployment = Files::new(&[("main.json", &template)]).deploy("main.json");
    let value = at(resource(&deployment, "A.B/c/x"), "properties.x").clone();
    let messages = deployment
        .diagnostics
        .into_iter()
        .map(|one| one.message)
        .collect();
    (value, messages)
}
