//! The files of a revision of a git repository, without checking it out and without git: nothing
//! that is found there is run, and no configuration but the repository's own is read.
//!
//! The only module that knows `gix`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::objs::tree::EntryKind;

use super::UsageError;
use super::walk::{self, Content, Kind};

/// Files that only count if a template asks for them are not read if they are larger.
const LARGEST_OTHER: u64 = 1 << 20;

/// All texts of a revision together are not larger.
const LARGEST_REVISION: u64 = 1 << 30;

/// The files of a revision.
#[derive(Debug, Default)]
pub(crate) struct Revision {
    /// Path from the root, with `/`, and text.
    pub(crate) files: Vec<(String, String)>,
    /// What else there is: path, and what it holds unless that is much.
    pub(crate) others: Vec<Other>,
    /// Paths that claim to be ours and could not be read, and why.
    pub(crate) problems: Vec<(String, String)>,
}

/// A file that is no input, which a function may ask for: its path, and what it holds unless that
/// is much.
pub(crate) type Other = (String, Option<Arc<[u8]>>);

/// A repository.
pub(crate) struct Repository {
    git: gix::Repository,
}

impl Repository {
    /// The repository that holds a directory.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be read.
    pub(crate) fn of(directory: &Path) -> Result<Self, UsageError> {
        let options = gix::open::Options::isolated();
        let trust = gix::sec::trust::Mapping {
            full: options.clone(),
            reduced: options,
        };
        let found = gix::ThreadSafeRepository::discover_opts(directory, Default::default(), trust);
        match found {
            Ok(repository) => Ok(Self {
                git: repository.to_thread_local(),
            }),
            Err(error) => Err(UsageError {
                message: format!("`{}` is in no git repository", directory.display()),
                help: Some(error.to_string()),
            }),
        }
    }

    /// Where its files are checked out; `None` for a bare one.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        self.git.workdir().map(Path::to_path_buf)
    }

    /// Whether there is such a revision.
    pub(crate) fn has(&self, revision: &str) -> bool {
        self.tree(revision).is_ok()
    }

    /// Reads what may be an input, or may be asked for by one. Links are not followed.
    ///
    /// # Errors
    ///
    /// When there is no such revision, or its objects are not there.
    pub(crate) fn read(&self, revision: &str) -> Result<Revision, UsageError> {
        let tree = self.tree(revision)?;
        let broken = |why: String| UsageError {
            message: format!("revision `{revision}` cannot be read: {why}"),
            help: None,
        };
        let entries = tree
            .traverse()
            .breadthfirst
            .files()
            .map_err(|error| broken(error.to_string()))?;
        let mut read = Revision::default();
        let mut total = 0;
        for entry in entries {
            let regular = matches!(
                entry.mode.kind(),
                EntryKind::Blob | EntryKind::BlobExecutable
            );
            let path = entry.filepath.to_string();
            if !regular || path.split('/').any(walk::is_never_read) {
                continue;
            }
            let kind = walk::kind(&path);
            let size = self.git.find_header(entry.oid).map(|header| header.size());
            let limit = match kind {
                Kind::Other => LARGEST_OTHER,
                _ => walk::LARGEST_FILE,
            };
            match size {
                Ok(size) if size > limit && kind == Kind::Other => {
                    read.others.push((path, None));
                    continue;
                }
                Ok(size) if size > limit => {
                    let why = format!("it has {} MB, which is too much", size >> 20);
                    read.problems.push((path, why));
                    continue;
                }
                Ok(size) => total += size,
                Err(error) => {
                    if kind != Kind::Other {
                        read.problems.push((path, error.to_string()));
                    } else {
                        read.others.push((path, None));
                    }
                    continue;
                }
            }
            if total > LARGEST_REVISION {
                return Err(broken("its files have more than 1 GB".to_owned()));
            }
            let mut blob = match self.git.find_object(entry.oid) {
                Ok(blob) => blob,
                Err(error) => return Err(broken(error.to_string())),
            };
            let data = std::mem::take(&mut blob.data);
            let raw: Option<Arc<[u8]>> = match kind {
                Kind::Other | Kind::Json if data.len() as u64 <= LARGEST_OTHER => {
                    Some(data.as_slice().into())
                }
                _ => None,
            };
            match walk::decode(&path, kind, data) {
                Content::Text(text) => read.files.push((path, text)),
                Content::Broken(text, _, why) => {
                    read.files.push((path.clone(), text));
                    read.problems.push((path, why));
                }
                Content::Unreadable(why) => read.problems.push((path, why)),
                Content::Foreign => read.others.push((path, raw)),
            }
        }
        Ok(read)
    }

    fn tree(&self, revision: &str) -> Result<gix::Tree<'_>, UsageError> {
        let wrong = |why: String| UsageError {
            message: format!("there is no revision `{revision}`"),
            help: Some(why),
        };
        let id = self
            .git
            .rev_parse_single(revision)
            .map_err(|error| wrong(error.to_string()))?;
        let object = id.object().map_err(|error| wrong(error.to_string()))?;
        object
            .peel_to_tree()
            .map_err(|error| wrong(error.to_string()))
    }
}
