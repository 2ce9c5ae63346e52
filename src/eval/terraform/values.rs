//! Which values the variables of a root module are given.
//!
//! Later sources win: the environment, `terraform.tfvars`, `terraform.tfvars.json`,
//! `*.auto.tfvars` and `*.auto.tfvars.json` in the order of their names, then what the call gives,
//! in the order given (developer.hashicorp.com/terraform/language/values/variables; checked against
//! `internal/command/arguments/vars.go`).
//!
//! Terraform reads no other file by itself. One that lies in the directory of a root, or below it
//! where no module lies between, is for that root. It is an environment of its own if all such files
//! are alternatives: any two set some variable in common, and of the variables without default each
//! sets all that any of them sets. What none of them sets, as passwords are given by pipelines, does
//! not tell them apart. Where they are not alternatives, nothing is guessed: a note says how to
//! describe it.
//!
//! Files that call themselves examples are nobody's environment. Where a variable has no value
//! without them, though, and there is nothing else, they are the values the author had in mind: the
//! deployments are then called after them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::directories::{Directories, ModuleFiles, VariablesFile, split};
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::frontend::{GivenVariable, GroupOptions};
use crate::source::{FileId, Span};

/// Words in names of files and directories that give examples of values.
const EXAMPLES: [&str; 12] = [
    "doc",
    "docs",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "sample",
    "samples",
    "template",
    "templates",
    "testdata",
    "tests",
];

/// How many directories deep a variables file may lie below its root.
const MAX_DEEP: usize = 3;

/// One way in which a root is given values.
#[derive(Clone, Default)]
pub(super) struct Variant {
    pub(super) environment: Option<Arc<str>>,
    /// Files beside those Terraform reads by itself, the ones that win last.
    pub(super) files: Vec<FileId>,
}

/// The files Terraform reads by itself, the ones that win last.
pub(super) fn automatic(directories: &Directories, root: &str) -> Vec<FileId> {
    let files = directories.variables_files.get(root);
    let files = files.map_or(&[][..], Vec::as_slice);
    let named = |name: &'static str| files.iter().filter(move |file| &*file.name == name);
    let automatic = files.iter().filter(|file| is_automatic(&file.name));
    named("terraform.tfvars")
        .chain(named("terraform.tfvars.json"))
        .chain(automatic)
        .map(|file| file.id)
        .collect()
}

/// The values given one by one that count where the files `values`, of which the last `given` are
/// of the call, are read.
pub(super) fn texts(
    directories: &Directories,
    module: &ModuleFiles,
    values: &[FileId],
    options: &GroupOptions,
) -> Vec<(Arc<str>, Arc<str>)> {
    let gives = |id: &FileId, name: &str| {
        let file = directories.variables_file(*id);
        file.is_some_and(|file| file.gives(name))
    };
    let mut texts: BTreeMap<&Arc<str>, &Arc<str>> = options
        .environment
        .iter()
        .filter(|(name, _)| !values.iter().any(|id| gives(id, name)))
        .map(|(name, value)| (name, value))
        .collect();
    for given in &options.variables {
        match given {
            GivenVariable::Value(name, value) => {
                texts.insert(name, value);
            }
            GivenVariable::File(id) => texts.retain(|name, _| !gives(id, name)),
        }
    }
    // Names that other roots declare are theirs.
    texts.retain(|name, _| module.variables.contains_key(*name));
    let texts = texts.into_iter();
    texts
        .map(|(name, value)| (Arc::clone(name), Arc::clone(value)))
        .collect()
}

/// The files the call gives, the ones that win last.
pub(super) fn given_files(options: &GroupOptions) -> Vec<FileId> {
    let files = options.variables.iter().filter_map(|given| match given {
        GivenVariable::File(id) => Some(*id),
        GivenVariable::Value(..) => None,
    });
    files.collect()
}

/// The environments that files which Terraform does not read by itself make of a root; one without
/// name where there are none. `spoken_for` are files that somebody describes.
pub(super) fn variants(
    directories: &Directories,
    root: &Arc<str>,
    spoken_for: &BTreeSet<FileId>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Variant> {
    let alone = || vec![Variant::default()];
    let Some(module) = directories.modules.get(root) else {
        return alone();
    };
    let automatic = automatic(directories, root);
    let mut found: Vec<(String, &VariablesFile)> = Vec::new();
    let mut examples: Vec<(String, &VariablesFile)> = Vec::new();
    for (directory, files) in &directories.variables_files {
        let Some(below) = below(directories, root, directory) else {
            continue;
        };
        for file in files {
            let own = !automatic.contains(&file.id)
                && !spoken_for.contains(&file.id)
                && stem(&file.name) != &*file.name
                && is_for(module, file);
            if own {
                let path = [below, &*file.name];
                let path = path.into_iter().filter(|part| !part.is_empty());
                let path = path.collect::<Vec<_>>().join("/");
                if is_example(&path) {
                    examples.push((path, file));
                } else {
                    found.push((path, file));
                }
            }
        }
    }
    let given = |variable: &str| {
        let mut read = automatic
            .iter()
            .filter_map(|id| directories.variables_file(*id));
        read.any(|file| file.gives(variable))
    };
    let required: Vec<&Arc<str>> = module
        .variables
        .iter()
        .filter(|(name, required)| **required && !given(name))
        .map(|(name, _)| name)
        .collect();
    let by_example = found.is_empty();
    if by_example {
        let mut all = examples.iter();
        let complete = all.all(|(_, file)| required.iter().all(|name| file.gives(name)));
        let clear = match examples.as_slice() {
            // The only one there is helps, even if it leaves something open.
            [(_, only)] => required.iter().any(|name| only.gives(name)),
            examples => complete && are_alternatives(examples),
        };
        if required.is_empty() || examples.is_empty() || !clear {
            return alone();
        }
        found = examples;
    } else if !are_alternatives(&found) || !give_the_same(&found, &required) {
        diagnostics.extend(unclear(root, &found));
        return alone();
    }
    if let ([(_, only)], false) = (found.as_slice(), by_example) {
        return vec![Variant {
            environment: None,
            files: vec![only.id],
        }];
    }
    let names: Vec<String> = found.iter().map(|(path, _)| environment(path)).collect();
    let unique = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let named = found.iter().zip(&names);
    named
        .map(|((path, file), name)| Variant {
            environment: Some(if unique(name) { name } else { path }.as_str().into()),
            files: vec![file.id],
        })
        .collect()
}

/// Whether any two files set some variable in common.
fn are_alternatives(found: &[(String, &VariablesFile)]) -> bool {
    let mut files = found.iter().enumerate();
    files.all(|(at, (_, file))| {
        let mut others = found.iter().skip(at + 1);
        others.all(|(_, other)| file.sets.iter().any(|(name, _)| other.gives(name)))
    })
}

/// Whether each of these variables is set by all files or by none.
fn give_the_same(found: &[(String, &VariablesFile)], variables: &[&Arc<str>]) -> bool {
    variables.iter().all(|name| {
        let mut files = found.iter().map(|(_, file)| file.gives(name));
        let first = files.next();
        files.all(|gives| Some(gives) == first)
    })
}

/// The way from a root to a directory of variables files for it; `None` if that belongs to another
/// module.
fn below<'d>(directories: &Directories, root: &str, directory: &'d str) -> Option<&'d str> {
    let way = if root.is_empty() {
        directory
    } else {
        let rest = directory.strip_prefix(root)?;
        match rest.strip_prefix('/') {
            Some(way) => way,
            None if rest.is_empty() => return Some(""),
            None => return None,
        }
    };
    if way.is_empty() {
        return Some("");
    }
    if way.split('/').count() > MAX_DEEP {
        return None;
    }
    let mut within = directory;
    while within.len() > root.len() {
        if directories.modules.contains_key(within) {
            return None;
        }
        within = split(within).0;
    }
    Some(way)
}

/// Whether a file, by its way from the root, gives values as an example.
fn is_example(path: &str) -> bool {
    let (below, name) = split(path);
    let parts = stem(name).split(['.', '-', '_']).chain(below.split('/'));
    let mut parts = parts.map(str::to_ascii_lowercase);
    parts.any(|part| EXAMPLES.contains(&&*part))
}

/// Whether most of the names a file sets are variables of a module: a file may be for others too,
/// and what configures a backend has the same ending.
fn is_for(module: &ModuleFiles, file: &VariablesFile) -> bool {
    let names = file.sets.iter();
    let declared = names.filter(|(name, _)| module.variables.contains_key(name));
    declared.count() * 2 > file.sets.len()
}

/// What an environment is called: after its file, or the directory if the file's name says nothing.
fn environment(path: &str) -> String {
    let (directory, name) = split(path);
    let stem = stem(name);
    match split(directory).1 {
        "" => stem.to_owned(),
        directory if matches!(stem, "terraform" | "variables" | "vars") => directory.to_owned(),
        _ => stem.to_owned(),
    }
}

/// A name without the endings of variables files.
fn stem(name: &str) -> &str {
    let name = name.strip_suffix(".json").unwrap_or(name);
    name.strip_suffix(".tfvars").unwrap_or(name)
}

fn unclear(root: &str, found: &[(String, &VariablesFile)]) -> Option<Diagnostic> {
    let (path, file) = found.first()?;
    let many = match found.len() - 1 {
        1 => "another variables file".to_owned(),
        more => format!("{more} more variables files"),
    };
    let files = format!("this and {many} are not read: which of them go together is not clear");
    let root = if root.is_empty() { "." } else { root };
    let from_here = if root == "." {
        String::new()
    } else {
        format!("{root}/")
    };
    let note = Diagnostic {
        severity: Severity::Note,
        ..Diagnostic::advice("variables-files", Span::new(file.id, 0, 0), files)
    };
    Some(note.with_help(format!(
        "describe the deployment in aznet.yaml: deployments: [{{template: {root}, parameters: [{from_here}{path}]}}]"
    )))
}

fn is_automatic(name: &str) -> bool {
    name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json")
}

/// Whether Terraform reads a file of this name by itself where it lies beside a root module.
pub(crate) fn is_read_unasked(name: &str) -> bool {
    matches!(name, "terraform.tfvars" | "terraform.tfvars.json") || is_automatic(name)
}
