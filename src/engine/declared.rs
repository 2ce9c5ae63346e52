//! The `deployments` of `aznet.yaml` against the files there are.

use std::sync::Arc;

use super::config::{Config, is_below};
use super::files::{Files, Slot, directory_of, normalise};
use super::walk::{self, Kind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::Loader as _;
use crate::eval::frontend::{Declared, Unit};
use crate::source::{FileId, SourceFile, Span};

/// Makes the parameter files that are named inputs, whatever they look like.
pub(crate) fn mark(configs: &[Config], slots: &mut [Slot]) {
    let named = configs
        .iter()
        .flat_map(|config| &config.deployments)
        .flat_map(|entry| entry.parameters.iter().flatten());
    for (path, _) in named {
        let at = slots.binary_search_by(|slot| (*slot.path).cmp(path));
        let Some(slot) = at.ok().and_then(|at| slots.get_mut(at)) else {
            continue;
        };
        if !is_readable(path) || !matches!(slot.kind, Kind::Json | Kind::Other) {
            continue;
        }
        // What could not be read has been told already.
        let unread = slot.text.get().is_none();
        let text = slot.entry.as_ref().filter(|_| unread);
        if let Some(text) = text.and_then(walk::read_text) {
            let source = SourceFile::new(Arc::clone(&slot.path), &text);
            slot.text = Some(Arc::new(source)).into();
        }
        slot.kind = Kind::ParameterJson;
    }
}

/// The entries with the files they mean; what there is not is told where it is named.
pub(crate) fn resolve(
    configs: &[Config],
    files: &Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Declared> {
    let entries = configs.iter().flat_map(|config| &config.deployments);
    let mut declared = Vec::new();
    for entry in entries {
        // A Terraform root is named by its directory, or by one of its files.
        let is_root =
            |path: &str| path.ends_with(".tf") && entry.template.is_match(directory_of(path));
        let matches = |slot: &Slot| {
            slot.tree.is_some() && (entry.template.is_match(&*slot.path) || is_root(&slot.path))
        };
        let templates: Vec<FileId> = files
            .iter()
            .filter(|(_, slot)| matches(slot))
            .map(|(id, _)| id)
            .collect();
        if templates.is_empty() {
            let message = "no template has this path";
            let missing = Diagnostic::unreadable("config", entry.template_at, message);
            let help = "paths begin at the directory of this file";
            diagnostics.push(missing.with_help(help));
        }
        let mut parameters = Vec::new();
        for (path, at) in entry.parameters.iter().flatten() {
            match files.id(path) {
                Some(id) if is_readable(path) => parameters.push(id),
                Some(_) => {
                    let message = format!("`{path}` is no parameter file that can be read");
                    let wrong = Diagnostic::unreadable("config", *at, message);
                    diagnostics.push(match path.ends_with(".bicepparam") {
                        true => wrong.with_help(compile(path)),
                        false => wrong,
                    });
                }
                None => {
                    let message = format!("there is no file `{path}`");
                    diagnostics.push(Diagnostic::unreadable("config", *at, message));
                }
            }
        }
        declared.push(Declared {
            templates,
            name: entry.name.clone(),
            parameters: entry.parameters.as_ref().map(|_| parameters),
            target: entry.target.clone(),
            place: entry.template_at,
        });
    }
    declared
}

/// How a `.bicepparam` becomes a parameter file that can be read.
pub(crate) fn compile(path: &str) -> String {
    format!("compile it: az bicep build-params --file {path}")
}

/// Parameter files in Bicep's own language, which is not read: one note for each that names a
/// template of this run by its source, unless what it compiles to is used.
pub(crate) fn uncompiled(files: &Files, units: &[(usize, Unit)]) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for (id, slot) in files.iter() {
        let Some(stem) = slot.path.strip_suffix(".bicepparam") else {
            continue;
        };
        let Some((_, source)) = files.text(&slot.path) else {
            continue;
        };
        let Some((template, start, end)) = used_template(source.text(), &slot.path) else {
            continue;
        };
        let of_template: Vec<&Unit> = units
            .iter()
            .map(|(_, unit)| unit)
            .filter(|unit| unit.sources.iter().any(|id| *files.path(*id) == *template))
            .collect();
        let compiled = |unit: &&Unit| {
            unit.values.iter().any(|id| {
                let path = files.path(*id);
                path.strip_prefix(stem)
                    .is_some_and(|rest| rest == ".json" || rest == ".parameters.json")
            })
        };
        if of_template.is_empty() || of_template.iter().any(compiled) {
            continue;
        }
        let message = format!("this parameter file is not read: {template} is judged without it");
        let note = Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::advice("bicep-parameters", Span::new(id, start, end), message)
        };
        let path = &slot.path;
        notes.push(note.with_help(format!(
            "compile it: az bicep build-params --file {path} --outfile {stem}.parameters.json"
        )));
    }
    notes
}

/// A note on Bicep files among those asked about: for runs in which nothing is deployed, so that
/// nobody takes the silence for an answer.
pub(crate) fn only_sources(files: &Files, selected: &[Arc<str>]) -> Option<Diagnostic> {
    let asked = |path: &str| selected.iter().any(|selected| is_below(path, selected));
    let sources = files
        .iter()
        .filter(|(_, slot)| slot.path.ends_with(".bicep") && asked(&slot.path));
    let sources: Vec<(FileId, &str)> = sources.map(|(id, slot)| (id, &*slot.path)).collect();
    // What is deployed lies above its modules.
    let (id, path) = sources
        .iter()
        .min_by_key(|(_, path)| (path.matches('/').count(), *path))?;
    let message = match sources.len() {
        1 => "this Bicep file is not read, and nothing here is compiled from it".to_owned(),
        count => format!("this and {} more Bicep files are not read", count - 1),
    };
    let note = Diagnostic {
        severity: Severity::Note,
        ..Diagnostic::advice("bicep-source", Span::new(*id, 0, 0), message)
    };
    Some(note.with_help(format!(
        "compile what is deployed: az bicep build --file {path}"
    )))
}

/// The compiled template of `using 'main.bicep'`, and where that stands.
fn used_template(text: &str, path: &str) -> Option<(String, u32, u32)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let statement = line.trim();
        if let Some(rest) = statement.strip_prefix("using ") {
            let source = rest.trim().strip_prefix('\'')?.split_once('\'')?.0;
            let compiled = source
                .strip_suffix(".bicep")
                .or_else(|| source.strip_suffix(".json"))?;
            let directory = directory_of(path);
            let template = normalise(&format!("{directory}/{compiled}.json"))?;
            let start = u32::try_from(at + line.find("using")?).ok()?;
            let end = start + u32::try_from(statement.len()).ok()?;
            return Some((template, start, end));
        }
        at += line.len();
    }
    None
}

fn is_readable(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        let readable = ["json", "jsonc", "tfvars"];
        let mut readable = readable.into_iter();
        readable.any(|readable| extension.eq_ignore_ascii_case(readable))
    })
}
