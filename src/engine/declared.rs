//! The `deployments` of `aznet.yaml` against the files there are.

use std::sync::Arc;

use super::config::Config;
use super::files::{Files, Slot};
use super::walk::{self, Kind};
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::Declared;
use crate::source::{FileId, SourceFile};

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
        let matches = |slot: &Slot| slot.tree.is_some() && entry.template.is_match(&*slot.path);
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
                    let message = format!("`{path}` is not a parameter file in JSON");
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

fn is_readable(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        extension.eq_ignore_ascii_case("json") || extension.eq_ignore_ascii_case("jsonc")
    })
}
