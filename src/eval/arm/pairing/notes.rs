//! What is said of parameter files that no name pairs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Files, conventions, directory_of, file_name, section, undeclared};
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::frontend::{Declared, Input, Tree};
use crate::source::{FileId, Span};
use crate::syntax::json::Json;

/// One note for each directory with parameter files that may belong to a template near them.
/// Where there is no template near, the list of unused files says enough.
pub(super) fn unpaired(files: &Files<'_, '_>, unpaired: &[&Input<'_>]) -> Vec<Diagnostic> {
    let mut by_directory: BTreeMap<&str, Vec<&Input<'_>>> = BTreeMap::new();
    for input in unpaired {
        let directory = directory_of(input.file.path());
        by_directory.entry(directory).or_default().push(input);
    }
    let notes = by_directory.into_iter().filter_map(|(directory, loose)| {
        let near = near(files, directory);
        let (first, others) = loose.split_first()?;
        (!near.is_empty()).then(|| note(first, others, &near))
    });
    notes.collect()
}

/// Parameters of the command line that no template declares.
pub(super) fn declared_nowhere(
    given: &[(Arc<str>, Arc<str>)],
    files: &Files<'_, '_>,
) -> Vec<Diagnostic> {
    let unknown = given.iter().filter(|(name, _)| {
        let templates = files.templates.values().flatten();
        let mut declared = templates.filter_map(|template| section(template));
        !declared.any(|declared| declared.get_ignore_case(name).is_some())
    });
    let told = unknown.map(|(name, _)| {
        let message = format!("no template declares a parameter '{name}'");
        let nowhere = Span::new(FileId(0), 0, 0);
        Diagnostic {
            primary: None,
            ..Diagnostic::unreadable("undeclared-parameter", nowhere, message)
        }
    });
    told.collect()
}

/// Names in parameter files for every template that none of the templates declares.
pub(super) fn declared_by_none<'a, 'i: 'a>(
    given: impl Iterator<Item = &'a Input<'i>>,
    files: &Files<'_, '_>,
) -> Vec<Diagnostic> {
    let is_declared = |name: &str| {
        let templates = files.templates.values().flatten();
        let mut declared = templates.filter_map(|template| section(template));
        declared.any(|declared| declared.get_ignore_case(name).is_some())
    };
    let entries = given.filter_map(section).flat_map(Json::members);
    let told = entries
        .filter(|entry| !is_declared(&entry.name))
        .map(|entry| {
            let message = format!("no template declares a parameter '{}'", entry.name);
            Diagnostic::advice("undeclared-parameter", entry.name_span, message)
        });
    told.collect()
}

/// That a name is used twice for one template.
pub(super) fn same_name(declared: &Declared, name: &str) -> Diagnostic {
    let message = format!("another deployment of this template is called `{name}` too");
    Diagnostic::advice("config", declared.place, message)
        .with_help("give each deployment of a template a `name` of its own")
}

/// The templates beside a directory's files; for a directory of parameter files those above it.
fn near<'i, 'f>(files: &Files<'i, 'f>, directory: &str) -> Vec<&'i Input<'f>> {
    let mut below = directory;
    for _ in 0..super::MAX_HOLDERS {
        let here = files.templates_in(below);
        if !here.is_empty() {
            return here.to_vec();
        }
        if below.is_empty() || !conventions::is_holder(file_name(below)) {
            break;
        }
        below = directory_of(below);
    }
    Vec::new()
}

fn note(first: &Input<'_>, others: &[&Input<'_>], near: &[&Input<'_>]) -> Diagnostic {
    let taking: Vec<&&Input<'_>> = near
        .iter()
        .filter(|template| undeclared(first, template).is_empty())
        .collect();
    let span = match first.tree {
        Tree::Json(Some(json)) => Span::new(first.id, json.span.start, json.span.start + 1),
        _ => Span::new(first.id, 0, 0),
    };
    let files = match others.len() {
        0 => "this parameter file belongs".to_owned(),
        more => format!(
            "{} parameter files of this directory, among them this one, belong",
            more + 1
        ),
    };
    let unused = match others {
        [] => "its values are not used",
        _ => "their values are not used",
    };
    let (message, help) = match (near, taking.first()) {
        ([only], Some(_)) => (
            format!(
                "nothing tells that {files} to {}",
                file_name(only.file.path())
            ),
            how_to_pair(only.file.path(), first.file.path()),
        ),
        (_, Some(template)) => (
            format!("nothing tells to which of the templates near it {files}"),
            how_to_pair(template.file.path(), first.file.path()),
        ),
        ([only], None) => {
            let strange = undeclared(first, only);
            let name = strange.first().map_or("", |name| &**name);
            (
                format!(
                    "nothing tells that {files} to {}, which declares no parameter '{name}'",
                    file_name(only.file.path())
                ),
                UNUSED.to_owned(),
            )
        }
        (_, None) => (
            format!(
                "nothing tells to which of the templates near it {files}, and none takes all it gives"
            ),
            UNUSED.to_owned(),
        ),
    };
    Diagnostic {
        severity: Severity::Note,
        ..Diagnostic::advice("unpaired-parameters", span, format!("{message}: {unused}"))
    }
    .with_help(help)
}

const UNUSED: &str = "`deployments` in aznet.yaml says which template a parameter file is for";

/// The lines that pair two files, and the name that would.
fn how_to_pair(template: &Arc<str>, parameters: &Arc<str>) -> String {
    let stem = file_name(template);
    let stem = stem.strip_suffix(".json").unwrap_or(stem);
    format!(
        "name it after its template ({stem}.parameters.json), or write in aznet.yaml at the root:\n\
         deployments:\n  - template: {template}\n    parameters: [{parameters}]"
    )
}
