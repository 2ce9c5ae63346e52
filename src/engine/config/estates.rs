//! `estates`: which deployments make one network together, and what they hand each other.
//!
//! What is absent: the deployments. Whether there are any of these names is told once the run knows
//! them ([`crate::engine::estates`]).

use std::sync::Arc;

use super::read::Reader;
use super::{EstateEntry, HandedEntry, MemberEntry, glob};
use crate::engine::files::normalise;
use crate::source::Span;
use crate::syntax::yaml::{Yaml, YamlKind};

/// Reads the list; what is no estate is told and left out.
pub(super) fn read(reader: &mut Reader<'_>, node: &Yaml, directory: &str) -> Vec<EstateEntry> {
    let YamlKind::List(items) = &node.kind else {
        reader.expected(node, "estates", "a list");
        return Vec::new();
    };
    let mut estates: Vec<EstateEntry> = Vec::new();
    for item in items {
        let Some(estate) = estate(reader, item, directory) else {
            continue;
        };
        if estates.iter().any(|known| known.name == estate.name) {
            let message = format!("there are two estates called `{}`", estate.name);
            reader.error(estate.at, message, None);
            continue;
        }
        estates.push(estate);
    }
    estates
}

fn estate(reader: &mut Reader<'_>, node: &Yaml, directory: &str) -> Option<EstateEntry> {
    let mut name = None;
    let mut members = None;
    for (key, _, value) in reader.entries(node, "an estate", &["name", "deployments"]) {
        match key {
            "name" => {
                let text = reader.text(value, key);
                name = text.map(|text| (text.into(), value.span));
            }
            _ => match &value.kind {
                YamlKind::List(items) => {
                    let items = items.iter();
                    let read = items.filter_map(|item| member(reader, item, directory));
                    members = Some(read.collect::<Vec<_>>());
                }
                _ => {
                    reader.expected(value, key, "a list");
                    members = Some(Vec::new());
                }
            },
        }
    }
    if !matches!(node.kind, YamlKind::Map(_)) {
        return None;
    }
    if members.is_none() {
        let help = "`deployments` lists them by name, path or glob";
        let message = "this estate has no `deployments`".to_owned();
        reader.error(node.span, message, Some(help.to_owned()));
    }
    let Some((name, at)) = name else {
        let message = "this estate has no `name`".to_owned();
        reader.error(node.span, message, None);
        return None;
    };
    Some(EstateEntry {
        name,
        at,
        members: members?,
    })
}

/// A deployment alone, or with what others hand it.
fn member(reader: &mut Reader<'_>, node: &Yaml, directory: &str) -> Option<MemberEntry> {
    if !matches!(node.kind, YamlKind::Map(_)) {
        let text = reader.text(node, "deployments")?;
        return named(reader, text, node.span, directory);
    }
    let mut member = None;
    let mut missing = true;
    let mut inputs = Vec::new();
    for (key, _, value) in reader.entries(node, "a deployment", &["deployment", "inputs"]) {
        if key == "deployment" {
            missing = false;
            let text = reader.text(value, key);
            member = text.and_then(|text| named(reader, text, value.span, directory));
        } else if let Some(entries) = value.entries() {
            for entry in entries {
                inputs.extend(handed(reader, &entry.key, entry.key_span, &entry.value));
            }
        } else {
            reader.expected(value, key, "a mapping");
        }
    }
    if missing {
        let help = "`deployment` is its name, or the path of its files";
        let message = "this member has no `deployment`".to_owned();
        reader.error(node.span, message, Some(help.to_owned()));
    }
    Some(MemberEntry { inputs, ..member? })
}

fn named(reader: &mut Reader<'_>, text: &str, at: Span, directory: &str) -> Option<MemberEntry> {
    let path = normalise(&format!("{directory}/{text}"));
    let Some(pattern) = path.as_deref().and_then(glob) else {
        let message = match path {
            Some(_) => format!("`{text}` is not a valid glob"),
            None => format!("`{text}` is not below the root"),
        };
        reader.error(at, message, None);
        return None;
    };
    Some(MemberEntry {
        name: text.into(),
        paths: pattern.compile_matcher(),
        at,
        inputs: Vec::new(),
    })
}

/// `{of: hub, output: id}`
fn handed(
    reader: &mut Reader<'_>,
    name: &Arc<str>,
    name_at: Span,
    node: &Yaml,
) -> Option<HandedEntry> {
    let mut of = None;
    let mut output = None;
    for (key, _, value) in reader.entries(node, "an input", &["of", "output"]) {
        let text = reader
            .text(value, key)
            .map(|text| (text.into(), value.span));
        match key {
            "of" => of = text,
            _ => output = text,
        }
    }
    if of.is_none() || output.is_none() {
        let help = "it is written `{of: DEPLOYMENT, output: NAME}`";
        let message = format!("`{name}` does not say which output of which deployment it takes");
        reader.error(name_at, message, Some(help.to_owned()));
    }
    Some(HandedEntry {
        name: Arc::clone(name),
        name_at,
        of: of?,
        output: output?,
    })
}
