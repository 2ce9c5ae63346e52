//! What `terraform show -json` prints of the plan of a configuration that is applied for the first
//! time, worked out from its evaluated resources and what the provider's schemas say of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aznet::eval::frontend::{Frontend, GroupOptions, Input, Tree};
use aznet::eval::terraform::Terraform;
use aznet::eval::terraform::schema::{BlockSchema, Nesting, Scalar, Shape, schema};
use aznet::eval::value::{Data, Value as Evaluated};
use aznet::eval::{Deployment, Loader, Mode, Resource};
use aznet::source::{FileId, SourceFile};
use aznet::syntax::hcl::{self, Body};
use serde_json::{Map, Value, json};

use super::written;

/// Files in memory.
struct Files(Vec<(Arc<SourceFile>, Tree)>);

impl Loader for Files {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let at = self.0.iter().position(|(file, _)| &**file.path() == path)?;
        Some((
            FileId(u32::try_from(at).unwrap()),
            Arc::clone(&self.0[at].0),
        ))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.0.get(id.0 as usize).map(|(_, tree)| tree)
    }

    fn directory(&self, path: &str) -> Vec<FileId> {
        let ids = 0..u32::try_from(self.0.len()).unwrap();
        let is_in = |id: &FileId| directory(self.0[id.0 as usize].0.path()) == path;
        ids.map(FileId).filter(is_in).collect()
    }

    fn path(&self, id: FileId) -> Arc<str> {
        Arc::clone(self.0[id.0 as usize].0.path())
    }
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The name of the output that tells the value of a variable.
const VARIABLE: &str = "value-of-";

/// The plan of a configuration whose root is the directory of the paths without one.
pub(crate) fn plan(texts: &[(&str, &str)]) -> Value {
    let parsed = parse(texts);
    let variables: Vec<&Arc<str>> = (bodies(&parsed, "").iter())
        .flat_map(|body| body.blocks_of("variable"))
        .filter_map(|block| block.label(0))
        .collect();
    let told: String = (variables.iter())
        .map(|name| format!("output \"{VARIABLE}{name}\" {{\n  value = var.{name}\n}}\n"))
        .collect();
    let mut all = texts.to_vec();
    all.push(("zz-variables.tf", &told));
    let deployment = evaluate(&parse(&all));
    let mut variables = Map::new();
    let mut outputs = Map::new();
    for output in &deployment.outputs {
        let (known, _) = planned(&output.value, None);
        let known = known.unwrap_or(Value::Null);
        match output.name.strip_prefix(VARIABLE) {
            Some(name) => variables.insert(name.to_owned(), json!({ "value": known })),
            None => outputs.insert(
                output.name.to_string(),
                json!({ "sensitive": false, "value": known }),
            ),
        };
    }
    let mut modules: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut changes = Vec::new();
    for resource in &deployment.resources {
        let (module, local) = module_of(&resource.address);
        let (values, unknown) = resource_values(resource);
        let (base, index) = match local.split_once('[') {
            Some((base, index)) => (base, Some(index.trim_end_matches(']'))),
            None => (local, None),
        };
        let name = base.rsplit('.').next().unwrap();
        let mut entry = json!({
            "address": &*resource.address, "type": &*resource.kind, "name": name,
            "mode": if resource.mode == Mode::Managed { "managed" } else { "data" },
            "provider_name": "registry.terraform.io/hashicorp/azurerm",
        });
        if let Some(index) = index {
            entry["index"] = serde_json::from_str(index).unwrap();
        }
        let mut change = entry.clone();
        if !module.is_empty() {
            change["module_address"] = module.into();
        }
        change["change"] = json!({ "actions": ["create"], "before": null, "after": values,
            "after_unknown": unknown });
        changes.push(change);
        entry["schema_version"] = 0.into();
        entry["values"] = values;
        entry["sensitive_values"] = json!({});
        modules.entry(module.to_owned()).or_default().push(entry);
    }
    let read = |directory: &str| bodies(&parsed, directory);
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "variables": variables,
        "planned_values": { "outputs": outputs, "root_module": tree("", &modules) },
        "resource_changes": changes,
        "configuration": { "provider_config": { "azurerm": { "name": "azurerm",
            "full_name": "registry.terraform.io/hashicorp/azurerm" } },
            "root_module": written::module("", &read) },
        "timestamp": "2026-11-22T07:00:00Z", "applyable": true, "complete": true, "errored": false,
    })
}

fn parse(texts: &[(&str, &str)]) -> Files {
    let mut texts = texts.to_vec();
    texts.sort_unstable();
    let parse = |(index, (path, text)): (usize, (&str, &str))| {
        let file = Arc::new(SourceFile::new(path, text));
        let parsed = hcl::parse(FileId(u32::try_from(index).unwrap()), &file);
        assert!(
            parsed.diagnostics.is_empty(),
            "{path}: {:?}",
            parsed.diagnostics
        );
        (file, Tree::Hcl(parsed.tree))
    };
    Files(texts.into_iter().enumerate().map(parse).collect())
}

fn bodies<'f>(files: &'f Files, of: &str) -> Vec<&'f Body> {
    let is_code = |file: &SourceFile| directory(file.path()) == of && file.path().ends_with(".tf");
    let all = files.0.iter().filter(|(file, _)| is_code(file));
    all.filter_map(|(_, tree)| match tree {
        Tree::Hcl(body) => Some(body),
        _ => None,
    })
    .collect()
}

fn evaluate(files: &Files) -> Deployment {
    let inputs: Vec<Input<'_>> = (0..)
        .map(FileId)
        .zip(&files.0)
        .map(|(id, (file, tree))| Input { id, file, tree })
        .collect();
    let grouping = Terraform.group(&inputs, &GroupOptions::default());
    let root = grouping.units.iter().find(|unit| unit.directory.is_empty());
    let deployment = Terraform.evaluate(root.unwrap(), files);
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    deployment
}

/// The address of the module and what follows it.
fn module_of(address: &str) -> (&str, &str) {
    let mut at = 0;
    let mut quoted = false;
    let mut starts = vec![0];
    for (index, character) in address.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => starts.push(index + 1),
            _ => {}
        }
    }
    for pair in starts.windows(2) {
        if address[pair[0]..].starts_with("module.") && pair[0] == at {
            let next = starts.iter().position(|start| *start == pair[0]).unwrap() + 2;
            at = starts[next];
        }
    }
    (address[..at].trim_end_matches('.'), &address[at..])
}

/// A module and those in it.
fn tree(address: &str, modules: &BTreeMap<String, Vec<Value>>) -> Value {
    let mut children: Vec<String> = Vec::new();
    for other in modules.keys() {
        let mut outer = other.as_str();
        while !outer.is_empty() {
            let (above, _) = (
                outer
                    .rsplit_once("module.")
                    .unwrap()
                    .0
                    .trim_end_matches('.'),
                (),
            );
            if above == address && !children.iter().any(|it| it == outer) {
                children.push(outer.to_owned());
            }
            outer = above;
        }
    }
    let mut value = json!({ "resources": modules.get(address).cloned().unwrap_or_default() });
    if !address.is_empty() {
        value["address"] = address.into();
    }
    if !children.is_empty() {
        let children: Vec<Value> = children.iter().map(|it| tree(it, modules)).collect();
        value["child_modules"] = children.into();
    }
    value
}

/// What is planned of a resource, and what is only known after the apply.
fn resource_values(resource: &Resource) -> (Value, Value) {
    let rows = schema(resource.mode, &resource.kind).unwrap_or_else(|| panic!("{}", resource.kind));
    let (mut values, mut unknown) = block(&resource.body, rows, false);
    // Older spellings are not written by the newest provider.
    values.as_object_mut().unwrap().remove("id");
    unknown["id"] = true.into();
    (values, unknown)
}

/// A block; in `plain` ones, which may be written as values, what is omitted is empty.
fn block(body: &Evaluated, rows: &BlockSchema, plain: bool) -> (Value, Value) {
    let mut values = Map::new();
    let mut unknown = Map::new();
    let mut names: Vec<&str> = rows.rows().map(|row| row.name).collect();
    names.dedup();
    for name in names {
        let row = rows.rows_of(name).last().unwrap();
        let written = body.get(name).filter(|value| !value.is_null());
        let (known, missing) = match (written, row.default) {
            // What only older versions have is in the plans of older versions.
            (None, _) if row.versions.below.is_some() => continue,
            (None, _) if row.write_only => (Some(Value::Null), json!(false)),
            (None, Some(default)) => (Some(scalar(default)), json!(false)),
            (None, None) if row.computed && !plain => (None, json!(true)),
            (None, None) => (Some(omitted(&row.shape, plain)), json!(false)),
            (Some(_), _) if row.write_only => (Some(Value::Null), json!(false)),
            (Some(value), _) => planned(value, Some(&row.shape)),
        };
        if let Some(known) = known {
            values.insert(name.to_owned(), known);
        }
        if missing != json!(false) {
            unknown.insert(name.to_owned(), missing);
        }
    }
    (values.into(), unknown.into())
}

fn omitted(shape: &Shape, plain: bool) -> Value {
    match shape {
        Shape::Block { .. } => json!([]),
        Shape::Attribute(_) if !plain => Value::Null,
        Shape::Attribute("string") => json!(""),
        Shape::Attribute("number") => json!(0),
        Shape::Attribute("bool") => json!(false),
        Shape::Attribute(_) => json!([]),
    }
}

fn scalar(default: Scalar) -> Value {
    match default {
        Scalar::Bool(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::Text(value) => json!(value),
    }
}

/// A value, `None` if nothing of it is known, and what is not known of it.
fn planned(value: &Evaluated, shape: Option<&Shape>) -> (Option<Value>, Value) {
    let wholly_unknown = (None, json!(true));
    match &value.data {
        Data::Null => (Some(Value::Null), json!(false)),
        Data::Bool(flag) => (Some(as_declared(json!(flag), shape)), json!(false)),
        Data::Number(number) => {
            let number = serde_json::from_str(&number.text()).unwrap();
            (Some(as_declared(number, shape)), json!(false))
        }
        Data::String(text) => (Some(as_declared(json!(&**text), shape)), json!(false)),
        Data::Template(_) | Data::Unknown(_) => wholly_unknown,
        Data::List(list) if list.rest.is_some() => wholly_unknown,
        Data::Object(object) if object.rest.is_some() => wholly_unknown,
        Data::List(list) => {
            let inner = match shape {
                Some(Shape::Attribute(kind)) if kind.contains("(string)") => {
                    Some(Shape::Attribute("string"))
                }
                _ => None,
            };
            let mut items: Vec<(Value, Value)> = (list.items.iter())
                .map(|item| match shape {
                    Some(Shape::Block {
                        body, as_attribute, ..
                    }) => block(item, body, *as_attribute),
                    _ => {
                        let (known, unknown) = planned(item, inner.as_ref());
                        (known.unwrap_or(Value::Null), unknown)
                    }
                })
                .collect();
            let is_set = match shape {
                Some(Shape::Block { nesting, .. }) => *nesting == Nesting::Set,
                Some(Shape::Attribute(kind)) => kind.starts_with("set("),
                None => false,
            };
            if is_set {
                // Sets have an order of their own.
                items.reverse();
            }
            let (known, unknown): (Vec<Value>, Vec<Value>) = items.into_iter().unzip();
            (Some(known.into()), unknown.into())
        }
        Data::Object(object) => {
            let mut known = Map::new();
            let mut unknown = Map::new();
            for (name, value) in &object.entries {
                let (value, missing) = planned(value, None);
                known.extend(value.map(|value| (name.to_string(), value)));
                if missing != json!(false) {
                    unknown.insert(name.to_string(), missing);
                }
            }
            (Some(known.into()), unknown.into())
        }
    }
}

/// A scalar as the provider converts it.
fn as_declared(value: Value, shape: Option<&Shape>) -> Value {
    match (shape, &value) {
        (Some(Shape::Attribute("number")), Value::String(text)) => {
            serde_json::from_str(text).unwrap()
        }
        (Some(Shape::Attribute("bool")), Value::String(text)) => json!(text == "true"),
        (Some(Shape::Attribute("string")), Value::Number(_) | Value::Bool(_)) => {
            json!(value.to_string())
        }
        _ => value,
    }
}
