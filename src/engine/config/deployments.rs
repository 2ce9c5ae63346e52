//! `deployments`: which parameter files go with which template, and where that is deployed.
//!
//! What is absent: the files. Whether there are any under these names is told once the run knows
//! them ([`crate::engine::declared`]).

use std::sync::Arc;

use super::read::Reader;
use super::{DeploymentEntry, glob};
use crate::engine::files::normalise;
use crate::eval::frontend::Target;
use crate::source::Span;
use crate::syntax::yaml::{Yaml, YamlKind};

pub(super) const KEYS: [&str; 8] = [
    "template",
    "name",
    "parameters",
    "subscription-id",
    "resource-group",
    "management-group",
    "tenant-id",
    "location",
];

/// Reads the list; an entry without a template that can be looked for is told and left out.
pub(super) fn read(reader: &mut Reader<'_>, node: &Yaml, directory: &str) -> Vec<DeploymentEntry> {
    let YamlKind::List(items) = &node.kind else {
        reader.expected(node, "deployments", "a list");
        return Vec::new();
    };
    let items = items.iter();
    items
        .filter_map(|item| entry(reader, item, directory))
        .collect()
}

fn entry(reader: &mut Reader<'_>, node: &Yaml, directory: &str) -> Option<DeploymentEntry> {
    let mut template = None;
    let mut named = false;
    let mut name = None;
    let mut parameters = None;
    let mut target = Target::default();
    for (key, _, value) in reader.entries(node, "a deployment", &KEYS) {
        match key {
            "template" => {
                named = true;
                template = template_glob(reader, value, directory);
            }
            "name" => name = text(reader, value, key),
            "parameters" => parameters = files(reader, value, directory),
            "subscription-id" => target.subscription = guid(reader, value, key),
            "tenant-id" => target.tenant = guid(reader, value, key),
            "resource-group" => target.resource_group = text(reader, value, key),
            "management-group" => target.management_group = text(reader, value, key),
            _ => target.location = text(reader, value, key),
        }
    }
    if !named && matches!(node.kind, YamlKind::Map(_)) {
        let help = "`template` is the file that is deployed, or a glob of several";
        let message = "this deployment has no `template`".to_owned();
        reader.error(node.span, message, Some(help.to_owned()));
    }
    let (template, template_at) = template?;
    Some(DeploymentEntry {
        template,
        template_at,
        name,
        parameters,
        target,
    })
}

fn template_glob(
    reader: &mut Reader<'_>,
    node: &Yaml,
    directory: &str,
) -> Option<(globset::GlobSet, Span)> {
    let text = reader.text(node, "template")?;
    let pattern = below(reader, node, directory, text)?;
    let Some(glob) = glob(&pattern) else {
        reader.error(node.span, format!("`{text}` is not a valid glob"), None);
        return None;
    };
    let mut builder = globset::GlobSetBuilder::new();
    builder.add(glob);
    Some((builder.build().ok()?, node.span))
}

/// The parameter files: a list, or one alone.
fn files(reader: &mut Reader<'_>, node: &Yaml, directory: &str) -> Option<Vec<(String, Span)>> {
    let items = match &node.kind {
        YamlKind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut files = Vec::new();
    for item in items {
        let text = reader.text(item, "parameters")?;
        files.push((below(reader, item, directory, text)?, item.span));
    }
    Some(files)
}

/// A path of this file as one from the root.
fn below(reader: &mut Reader<'_>, node: &Yaml, directory: &str, path: &str) -> Option<String> {
    let whole = normalise(&format!("{directory}/{path}")).filter(|path| !path.is_empty());
    if whole.is_none() {
        let message = format!("`{path}` is not below the root");
        reader.error(node.span, message, None);
    }
    whole
}

fn text(reader: &mut Reader<'_>, node: &Yaml, key: &str) -> Option<Arc<str>> {
    let text = reader.text(node, key)?.trim();
    if text.is_empty() {
        reader.expected(node, key, "a string that is not empty");
        return None;
    }
    Some(text.into())
}

/// Ids of subscriptions and tenants are GUIDs: a name in their place would make ids that no
/// resource has.
fn guid(reader: &mut Reader<'_>, node: &Yaml, key: &str) -> Option<Arc<str>> {
    let text = text(reader, node, key)?;
    if uuid::Uuid::try_parse(&text).is_ok() && text.len() == 36 {
        return Some(text);
    }
    let help = "it is a GUID such as 1c9b7e52-3f0a-4b6d-8a57-0d2f64c1e9ab";
    let message = format!("`{key}` cannot be `{text}`");
    reader.error(node.span, message, Some(help.to_owned()));
    None
}
