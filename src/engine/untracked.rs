//! What Terraform reads though the repository does not hold it: the modules that `terraform init`
//! installed, the versions of providers it locked, and variables files that are read unasked.
//!
//! The walk passes over `.terraform`, and mostly `.gitignore` does. The list there names a directory
//! for each call; these are read, and nothing else there. Variables files often hold what is nobody
//! else's, and `.gitignore` excludes them; Terraform asks for no `.gitignore`. What is absent: which
//! calls there are.

use std::collections::BTreeSet;
use std::path::Path;

use globset::GlobSet;
use rayon::prelude::*;

use super::config;
use super::files::directory_of;
use super::walk::{self, Entry, Kind};
use crate::eval::listing::{Listing, Place};
use crate::eval::terraform::installed::{LIST, LOCK, records};
use crate::eval::terraform::values::is_read_unasked;
use crate::source::{FileId, SourceFile};

/// How many files of installed modules are looked at; they are read only if something asks.
const MAX_FILES: usize = 50_000;

/// The variables files that the walk passed over, the locks of providers, and the lists of installed
/// modules with the files of those: each with what it is read as. Terraform in the directories that calls lead to is read,
/// elsewhere nothing until a function asks for it.
pub(super) fn files(root: &Path, walked: &[Entry], exclude: &GlobSet) -> Vec<(Entry, Kind)> {
    let modules = modules(walked);
    let known: BTreeSet<&str> = walked.iter().map(|entry| &*entry.path).collect();
    let mut found = variables_files(root, &modules, &known, exclude);
    found.extend(locks(root, &modules, &known));
    found.extend(installed(root, &modules, exclude));
    found
}

/// A file beside a module.
fn beside(root: &Path, module: &str, name: &str) -> Entry {
    let path = match module {
        "" => name.to_owned(),
        module => format!("{module}/{name}"),
    };
    Entry {
        absolute: root.join(&path),
        path: path.into(),
    }
}

/// The locks of providers that are not among the `known` files, as those of a revision are.
fn locks(root: &Path, modules: &BTreeSet<&str>, known: &BTreeSet<&str>) -> Vec<(Entry, Kind)> {
    let locks = modules.iter().map(|module| beside(root, module, LOCK));
    let locks = locks.filter(|lock| !known.contains(&*lock.path));
    locks
        .filter(|lock| walk::read_text(lock).is_some())
        .map(|lock| (lock, Kind::Other))
        .collect()
}

/// The directories of modules.
fn modules(walked: &[Entry]) -> BTreeSet<&str> {
    let terraform = walked.iter().filter(|entry| {
        let kind = walk::kind(&entry.path);
        matches!(kind, Kind::Hcl | Kind::TerraformJson)
    });
    terraform.map(|entry| directory_of(&entry.path)).collect()
}

/// The variables files beside modules that are not among the `known` files.
fn variables_files(
    root: &Path,
    modules: &BTreeSet<&str>,
    known: &BTreeSet<&str>,
    exclude: &GlobSet,
) -> Vec<(Entry, Kind)> {
    let modules: Vec<&str> = modules.iter().copied().collect();
    let found = modules.into_par_iter().flat_map_iter(|module| {
        let listed = match walk::listing(root, module) {
            Listing::Seen(listed) => listed.to_vec(),
            Listing::Absent | Listing::Unseen => Vec::new(),
        };
        let files = listed.into_iter().filter(|one| one.place == Place::File);
        files.filter_map(move |one| {
            is_read_unasked(&one.name).then(|| match module {
                "" => one.name.to_string(),
                module => format!("{module}/{}", one.name),
            })
        })
    });
    let found = found.filter(|path| !known.contains(&**path) && !walk::is_excluded(exclude, path));
    let found = found.filter_map(|path| {
        let entry = walk::file(root, &path)?;
        let kind = walk::kind(&path);
        Some((entry, kind))
    });
    found.collect()
}

/// The lists of installed modules and the files of the modules they name.
fn installed(root: &Path, modules: &BTreeSet<&str>, exclude: &GlobSet) -> Vec<(Entry, Kind)> {
    let mut found = Vec::new();
    let mut called: BTreeSet<String> = BTreeSet::new();
    for module in modules {
        let list = beside(root, module, LIST);
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

/// What lies in the directory `root` for the modules among `texts`, path and text, though no
/// repository holds it: variables files that the walk passes over, locks of providers, the lists of
/// installed modules and their configurations. A revision of a repository has none of its own.
pub(super) fn texts(root: &Path, texts: &[(String, String)]) -> Vec<(String, String)> {
    let root = walk::real(root);
    let settings = texts.iter().find(|(path, _)| path == "aznet.yaml");
    let outline = settings.map_or_else(config::Outline::default, |(_, text)| {
        config::outline(FileId(0), &SourceFile::new("aznet.yaml", text))
    });
    let exclude = &outline.exclude;
    let entries: Vec<Entry> = texts
        .iter()
        .map(|(path, _)| Entry {
            path: path.as_str().into(),
            absolute: root.join(path),
        })
        .collect();
    let modules = modules(&entries);
    // What the walk meets is in the repository, or will be: of this revision or of another.
    let walked = walk::list(&root, false, exclude, 1).entries;
    let known = walked.iter().chain(&entries);
    let known: BTreeSet<&str> = known.map(|entry| &*entry.path).collect();
    let variables = variables_files(&root, &modules, &known, exclude);
    let installed = installed(&root, &modules, exclude).into_iter();
    let read = installed.filter(|(entry, kind)| *kind != Kind::Other || entry.path.ends_with(LIST));
    variables
        .into_iter()
        .chain(locks(&root, &modules, &known))
        .chain(read)
        .filter_map(|(entry, _)| Some((entry.path.to_string(), walk::read_text(&entry)?)))
        .collect()
}

/// A module that is called reads no variables files.
fn is_values(path: &str) -> bool {
    path.ends_with(".tfvars") || path.ends_with(".tfvars.json")
}
