//! The files of a run: their ids, texts and trees, and the [`Loader`] front ends ask.
//!
//! Every regular file below the root has an id before anything is evaluated, so that ids do not
//! depend on which thread asks first. Files that are no input are read when a template asks for
//! them.

mod late;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use globset::GlobSet;

use super::walk::{self, Entry, Kind};
use crate::eval::Loader;
use crate::eval::frontend::Tree;
use crate::eval::listing::{self, Listed, Listing};
use crate::source::{FileId, SourceFile, SourceMap, Span};
use late::Late;

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
    /// What it holds, of a file in memory that is no text.
    pub(crate) bytes: Option<Arc<[u8]>>,
    /// Its tree, if it is an input.
    pub(crate) tree: Option<Tree>,
}

/// Where files lie that the walk passed over.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The root of the run.
    pub(crate) root: PathBuf,
    /// What is not to be read.
    pub(crate) exclude: GlobSet,
}

/// All files, by [`FileId`].
#[derive(Debug, Default)]
pub(crate) struct Files {
    slots: Vec<Slot>,
    /// `None` for files in memory.
    disk: Option<Disk>,
    late: Late,
    /// Directories that were asked for.
    listed: Mutex<BTreeMap<String, Listing>>,
    /// All directories, where there is no disk.
    in_memory: OnceLock<BTreeMap<Arc<str>, Arc<[Listed]>>>,
    by_path: HashMap<Arc<str>, FileId>,
    by_directory: BTreeMap<Arc<str>, Vec<FileId>>,
    by_name: HashMap<Box<str>, Vec<FileId>>,
}

impl Files {
    /// Takes the slots sorted by path.
    pub(crate) fn new(slots: Vec<Slot>, disk: Option<Disk>) -> Self {
        let mut files = Self {
            slots,
            disk,
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
        let slot = self.slots.get(id.0 as usize);
        slot.or_else(|| self.late.get(id))
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

    /// The text of a place.
    pub(crate) fn slice(&self, span: Span) -> Option<&str> {
        Some(self.source(span.file)?.slice(span))
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
        let mut sources = SourceMap::new(sources.collect());
        for (id, slot) in self.late.into_slots() {
            if let Some(text) = slot.text.into_inner().flatten() {
                sources.add_late(id, text);
            }
        }
        rayon::spawn(move || drop(trees));
        sources
    }

    /// The file at a path, also one that the walk passed over.
    fn any(&self, path: &str) -> Option<(FileId, &Slot)> {
        let path = normalise(path)?;
        if let Some(id) = self.id(&path) {
            return self.get(id).map(|slot| (id, slot));
        }
        let disk = self.disk.as_ref()?;
        if walk::is_excluded(&disk.exclude, &path) {
            return None;
        }
        self.late.slot(&path, || {
            let entry = walk::file(&disk.root, &path)?;
            Some(Slot {
                path: path.as_str().into(),
                kind: Kind::Other,
                entry: Some(entry),
                text: OnceLock::new(),
                bytes: None,
                tree: None,
            })
        })
    }
}

impl Loader for Files {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let (id, slot) = self.any(path)?;
        let read = slot.text.get_or_init(|| {
            let text = match (&slot.entry, &slot.bytes) {
                (Some(entry), _) => walk::read_text(entry)?,
                (None, bytes) => String::from_utf8(bytes.as_ref()?.to_vec()).ok()?,
            };
            Some(Arc::new(SourceFile::new(Arc::clone(&slot.path), &text)))
        });
        read.as_ref().map(|source| (id, Arc::clone(source)))
    }

    fn bytes(&self, path: &str) -> Option<(FileId, Arc<[u8]>)> {
        let (id, slot) = self.any(path)?;
        let bytes = match (&slot.entry, &slot.bytes) {
            (Some(entry), _) => walk::bytes(entry)?.into(),
            (None, Some(bytes)) => Arc::clone(bytes),
            (None, None) => slot.text.get()?.as_ref()?.text().as_bytes().into(),
        };
        Some((id, bytes))
    }

    fn listing(&self, directory: &str) -> Listing {
        let Some(directory) = normalise(directory) else {
            return Listing::Unseen;
        };
        let Some(disk) = &self.disk else {
            let all = self.in_memory.get_or_init(|| {
                let paths = self.slots.iter().map(|slot| &*slot.path);
                listing::directories(paths)
            });
            let listed = all.get(directory.as_str()).map(Arc::clone);
            return listed.map_or(Listing::Absent, Listing::Seen);
        };
        let mut known = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listing) = known.get(&directory) {
            return listing.clone();
        }
        let listing = walk::listing(&disk.root, &directory);
        known.insert(directory, listing.clone());
        listing
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
