//! The modules `terraform init` installed below the root.
//!
//! The walk passes over `.terraform`, and mostly `.gitignore` does. The list there names a directory
//! for each call; these are read, and nothing else but the versions of providers that
//! `terraform init` locked. What is absent: which calls there are.

use std::collections::BTreeSet;
use std::path::Path;

use globset::GlobSet;

use super::config;
use super::files::directory_of;
use super::walk::{self, Entry, Kind};
use crate::eval::terraform::installed::{LIST, LOCK, records};
use crate::source::SourceFile;

/// How many files of installed modules are looked at; they are read only if something asks.
const MAX_FILES: usize = 50_000;

/// The lists and the files of the modules they name, each with what it is read as: Terraform in the
/// directories that calls lead to, elsewhere nothing until a function asks for it.
pub(super) fn files(root: &Path, walked: &[Entry], exclude: &GlobSet) -> Vec<(Entry, Kind)> {
    let modules: BTreeSet<&str> = walked
        .iter()
        .filter(|entry| matches!(walk::kind(&entry.path), Kind::Hcl | Kind::TerraformJson))
        .map(|entry| directory_of(&entry.path))
        .collect();
    // In a revision it lies among the files.
    let locked: BTreeSet<&str> = walked.iter().map(|entry| &*entry.path).collect();
    let mut found = Vec::new();
    let mut called: BTreeSet<String> = BTreeSet::new();
    for module in modules {
        let beside = |name: &str| {
            let path = match module {
                "" => name.to_owned(),
                module => format!("{module}/{name}"),
            };
            Entry {
                absolute: root.join(&path),
                path: path.into(),
            }
        };
        let lock = beside(LOCK);
        if !locked.contains(&*lock.path) && walk::read_text(&lock).is_some() {
            found.push((lock, Kind::Other));
        }
        let list = beside(LIST);
        let Some(text) = walk::read_text(&list) else {
            continue;
        };
        let records = records(&SourceFile::new(&*list.path, &text), module);
        let installed = records.into_iter().map(|record| record.directory);
        let installed = installed.filter(|directory| {
            let apart = directory.split('/').any(walk::is_never_read);
            apart && !exclude.is_match(directory)
        });
        called.extend(installed);
        found.push((list, Kind::Other));
    }
    let mut files: Vec<Entry> = Vec::new();
    for directory in &called {
        // Modules of one package lie within each other.
        let within = |outer: &String| config::is_below(directory, outer) && outer != directory;
        if called.iter().any(within) {
            continue;
        }
        let room = MAX_FILES.saturating_sub(files.len());
        files.extend(walk::files_below(root, directory).take(room));
    }
    found.extend(files.into_iter().map(|entry| {
        let kind = match walk::kind(&entry.path) {
            kind @ (Kind::Hcl | Kind::TerraformJson)
                if called.contains(directory_of(&entry.path)) && !is_values(&entry.path) =>
            {
                kind
            }
            _ => Kind::Other,
        };
        (entry, kind)
    }));
    found
}

/// What is installed for the modules among `files`, path and text, whose directory is `root`: the
/// lists and the configurations. A revision of a repository has none of its own.
pub(super) fn texts(root: &Path, texts: &[(String, String)]) -> Vec<(String, String)> {
    let root = walk::real(root);
    let entries: Vec<Entry> = texts
        .iter()
        .map(|(path, _)| Entry {
            path: path.as_str().into(),
            absolute: root.join(path),
        })
        .collect();
    let found = files(&root, &entries, &GlobSet::empty()).into_iter();
    let read = found.filter(|(entry, kind)| {
        *kind != Kind::Other || entry.path.ends_with(LIST) || entry.path.ends_with(LOCK)
    });
    read.filter_map(|(entry, _)| Some((entry.path.to_string(), walk::read_text(&entry)?)))
        .collect()
}

/// A module that is called reads no variables files.
fn is_values(path: &str) -> bool {
    path.ends_with(".tfvars") || path.ends_with(".tfvars.json")
}
