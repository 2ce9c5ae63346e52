//! The files of a run: their ids, texts and trees, and the [`Loader`] front ends ask.
//!
//! Every regular file below the root has an id before anything is evaluated, so that ids do not
//! depend on which thread asks first. Files that are no input are read when a template asks for
//! them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use super::walk::{self, Entry, Kind};
use crate::eval::Loader;
use crate::eval::frontend::Tree;
use crate::source::{FileId, SourceFile, SourceMap};

/// One file.
#[derive(Debug)]
pub(crate) struct Slot {
    /// From the root, with `/`.
    pub(crate) path: Arc<str>,
    /// What it may be.
    pub(crate) kind: Kind,
    /// Where to open it; `None` in memory.
    pub(crate) entry: Option<Entry>,
    /// Its text, once read; `None` inside when it cannot be.
    pub(crate) text: OnceLock<Option<Arc<SourceFile>>>,
    /// Its tree, if it is an input.
    pub(crate) tree: Option<Tree>,
}

/// All files, by [`FileId`].
#[derive(Debug, Default)]
pub(crate) struct Files {
    slots: Vec<Slot>,
    by_path: HashMap<Arc<str>, FileId>,
    by_directory: BTreeMap<Arc<str>, Vec<FileId>>,
    by_name: HashMap<Box<str>, Vec<FileId>>,
}

impl Files {
    /// Takes the slots sorted by path.
    pub(crate) fn new(slots: Vec<Slot>) -> Self {
        let mut files = Self {
            slots,
            ..Self::default()
        };
        for (id, slot) in (0_u32..).map(FileId).zip(&files.slots) {
            files.by_path.insert(Arc::clone(&slot.path), id);
            if slot.tree.is_some() {
                let directory = directory_of(&slot.path);
                let name = slot.path.rsplit('/').next().unwrap_or_default();
                files.by_name.entry(name.into()).or_default().push(id);
                files
                    .by_directory
                    .entry(directory.into())
                    .or_default()
                    .push(id);
            }
        }
        files
    }

    /// The slot of an id.
    pub(crate) fn get(&self, id: FileId) -> Option<&Slot> {
        self.slots.get(id.0 as usize)
    }

    /// The id of a path.
    pub(crate) fn id(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// All slots with their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (FileId, &Slot)> {
        (0_u32..).map(FileId).zip(&self.slots)
    }

    /// Size of the text in bytes, 0 if it is not read.
    pub(crate) fn size(&self, id: FileId) -> usize {
        self.source(id).map_or(0, |source| source.text().len())
    }

    /// The text, if it was read.
    pub(crate) fn source(&self, id: FileId) -> Option<&Arc<SourceFile>> {
        self.get(id)?.text.get()?.as_ref()
    }

    /// Ends the run: keeps what was read. Files nobody read share one empty text. The trees are
    /// taken down on another thread of the run, or by the end of the process: nobody waits.
    pub(crate) fn into_sources(self) -> SourceMap {
        let mut trees = Vec::new();
        let sources = self.slots.into_iter().map(|slot| {
            trees.extend(slot.tree);
            let path = slot.path;
            slot.text
                .into_inner()
                .flatten()
                .unwrap_or_else(|| Arc::new(SourceFile::new(path, "")))
        });
        let sources = SourceMap::new(sources.collect());
        rayon::spawn(move || drop(trees));
        sources
    }
}

impl Loader for Files {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let id = self.id(&normalise(path)?)?;
        let slot = self.get(id)?;
        let read = slot.text.get_or_init(|| {
            let text = walk::read_text(slot.entry.as_ref()?)?;
            Some(Arc::new(SourceFile::new(Arc::clone(&slot.path), &text)))
        });
        read.as_ref().map(|source| (id, Arc::clone(source)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.get(id)?.tree.as_ref()
    }

    fn directory(&self, path: &str) -> Vec<FileId> {
        normalise(path)
            .and_then(|path| self.by_directory.get(path.as_str()).cloned())
            .unwrap_or_default()
    }

    fn below(&self, path: &str, name: &str) -> Vec<FileId> {
        let Some(path) = normalise(path) else {
            return Vec::new();
        };
        let inside = |id: &&FileId| {
            path.is_empty()
                || self
                    .path(**id)
                    .strip_prefix(&*path)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let named = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        named.iter().filter(inside).copied().collect()
    }

    fn path(&self, id: FileId) -> Arc<str> {
        self.get(id)
            .map_or_else(|| Arc::from(""), |slot| Arc::clone(&slot.path))
    }
}

/// The directory part of a path; `""` for the root's own files.
pub(crate) fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Resolves `.` and `..` within the root; `None` when the path leaves it.
pub(crate) fn normalise(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_resolved_within_the_root_and_never_leaves_it() {
        assert_eq!(normalise("a/./b/../c.tf").as_deref(), Some("a/c.tf"));
        assert_eq!(normalise("").as_deref(), Some(""));
        assert_eq!(normalise("a/../../etc/passwd"), None);
    }
}
