//! Single directories and files below the root, as a function of a language asks for them: whatever
//! `.gitignore` says, for the program that runs the language does not ask it either.

use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::{Entry, Kind, bytes_of, canonical, is_directory, is_file};
use crate::eval::listing::{Listed, Listing, Place};

/// What git keeps for itself is no one's to read.
const GIT: &str = ".git";

/// What lies in a directory below the root, sorted by name.
pub(crate) fn listing(root: &Path, directory: &str) -> Listing {
    let real = match canonical(&root.join(directory)) {
        Ok(real) => real,
        Err(error) => {
            return match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Listing::Absent,
                _ => Listing::Unseen,
            };
        }
    };
    if !is_ours(root, &real) {
        return Listing::Unseen;
    }
    if !is_directory(&real) {
        return Listing::Absent;
    }
    let Some(entries) = entries(&real) else {
        return Listing::Unseen;
    };
    let entries = entries.iter().filter_map(|entry| {
        Some(Listed {
            name: Arc::from(entry.file_name().to_str()?),
            place: place(root, entry),
        })
    });
    let mut listed: Vec<Listed> = entries.collect();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Listing::Seen(listed.into())
}

/// The file at a path below the root, wherever below the root a link leads to.
pub(crate) fn file(root: &Path, path: &str) -> Option<Entry> {
    let absolute = canonical(&root.join(path)).ok()?;
    (is_ours(root, &absolute) && is_file(&absolute)).then(|| Entry {
        path: path.into(),
        absolute,
    })
}

/// What a file holds, whatever that is; `None` if it cannot be read or is too large.
pub(crate) fn bytes(entry: &Entry) -> Option<Vec<u8>> {
    bytes_of(&entry.absolute, Kind::Other).ok().flatten()
}

fn place(root: &Path, entry: &DirEntry) -> Place {
    match entry.file_type() {
        _ if entry.file_name() == GIT => Place::Unseen,
        Ok(kind) if kind.is_file() => Place::File,
        Ok(kind) if kind.is_dir() => Place::Directory,
        Ok(kind) if kind.is_symlink() => match canonical(&entry.path()) {
            Ok(real) if !is_ours(root, &real) => Place::Unseen,
            Ok(real) if is_directory(&real) => Place::Directory,
            Ok(real) if is_file(&real) => Place::File,
            Ok(_) => Place::Other,
            Err(_) => Place::Nothing,
        },
        Ok(_) => Place::Other,
        Err(_) => Place::Unseen,
    }
}

/// Whether a path without links lies below the root.
fn is_ours(root: &Path, real: &Path) -> bool {
    let inner = real.strip_prefix(root);
    inner.is_ok_and(|inner| inner.components().all(|part| part.as_os_str() != GIT))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the disk is looked at"
)]
fn entries(directory: &Path) -> Option<Vec<DirEntry>> {
    let entries = std::fs::read_dir(directory).ok()?;
    Some(entries.flatten().collect())
}
