//! The two versions of a call: paths, revisions, or a range of revisions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DiffRequest;
use crate::engine::ask::estate::{self, Asked, Estate};
use crate::engine::revision::Repository;
use crate::engine::{Request, UsageError, untracked, walk};

/// A version, evaluated.
pub(super) struct Loaded {
    pub(super) name: String,
    pub(super) estate: Estate,
    /// Files that could not be read, and why.
    pub(super) problems: Vec<(String, String)>,
    /// What was asked about, from the root.
    below: String,
}

impl Loaded {
    /// The deployments that were asked about, each with what the other version calls it.
    pub(super) fn deployments(&self) -> Vec<(String, &Asked)> {
        let all = self.estate.deployments.iter();
        all.map(|asked| (self.key(&asked.name), asked)).collect()
    }

    fn key(&self, name: &str) -> String {
        let whole = |rest: &&str| rest.is_empty() || rest.starts_with(['/', ' ']);
        let inner = name.strip_prefix(&*self.below).filter(whole);
        let inner = inner.unwrap_or(name).trim_start_matches('/');
        // The root itself is called `.`.
        match inner {
            "." => String::new(),
            inner => inner.to_owned(),
        }
    }
}

enum Which {
    Disk(PathBuf),
    Revision(String),
}

pub(super) fn load(request: &DiffRequest) -> Result<[Loaded; 2], UsageError> {
    let root = request.request.root.clone();
    let base = root.unwrap_or_else(|| PathBuf::from("."));
    let (old, new) = which(request, &base)?;
    let load = |one: &Which, other: &Which| match one {
        Which::Disk(path) => on_disk(request, path),
        Which::Revision(revision) => {
            let repository = Repository::of(match other {
                Which::Disk(path) => folder(path),
                Which::Revision(_) => &base,
            })?;
            let below = match (&request.below, other) {
                (Some(below), _) => Some(below.clone()),
                (None, Which::Disk(path)) => Some(path.clone()),
                (None, Which::Revision(_)) => None,
            };
            at_revision(request, &repository, revision, below.as_deref(), &base)
        }
    };
    Ok([load(&old, &new)?, load(&new, &old)?])
}

fn which(request: &DiffRequest, base: &Path) -> Result<(Which, Which), UsageError> {
    let old = &request.old;
    match &request.new {
        Some(new) => {
            let of = |text: &String| {
                let path = PathBuf::from(text);
                if walk::is_there(&path) {
                    return Ok(Which::Disk(path));
                }
                match Repository::of(base) {
                    Ok(repository) if repository.has(text) => Ok(Which::Revision(text.clone())),
                    _ => Err(UsageError {
                        message: format!("`{text}` is neither a path nor a revision"),
                        help: Some("for example: aznet diff main..HEAD".to_owned()),
                    }),
                }
            };
            Ok((of(old)?, of(new)?))
        }
        None => {
            let help = "aznet diff OLD NEW, or a range of revisions: aznet diff main..HEAD";
            let wrong = |message: String| UsageError {
                message,
                help: Some(help.to_owned()),
            };
            let (from, to) = old
                .split_once("..")
                .ok_or_else(|| wrong(format!("there is nothing to compare `{old}` with")))?;
            if to.starts_with('.') {
                return Err(wrong("three dots are not supported, use two".to_owned()));
            }
            let name = |text: &str| match text {
                "" => "HEAD".to_owned(),
                text => text.to_owned(),
            };
            let new = if to.is_empty() {
                let directory = Repository::of(base)?.directory();
                let directory = directory.ok_or_else(|| {
                    wrong(format!("`{old}` needs files on disk, and there are none"))
                })?;
                Which::Disk(match &request.below {
                    Some(below) => below_of(&directory, below, base),
                    None => directory,
                })
            } else {
                Which::Revision(name(to))
            };
            Ok((Which::Revision(name(from)), new))
        }
    }
}

/// A path that was given from the current directory or from the root of the repository.
fn below_of(directory: &Path, below: &Path, base: &Path) -> PathBuf {
    let near = base.join(below);
    if walk::is_there(&near) {
        near
    } else {
        directory.join(below)
    }
}

fn on_disk(request: &DiffRequest, path: &Path) -> Result<Loaded, UsageError> {
    let path = match &request.below {
        Some(below) if walk::is_there(&path.join(below)) => path.join(below),
        _ => path.to_path_buf(),
    };
    let own = Request {
        paths: vec![path.clone()],
        ..request.request.clone()
    };
    let scope = walk::scope(&own.paths, own.root.as_deref())?;
    let below = scope.selected.first().map_or("", |below| below).to_owned();
    Ok(Loaded {
        name: path.display().to_string(),
        estate: estate::load(&own)?,
        problems: Vec::new(),
        below,
    })
}

fn at_revision(
    request: &DiffRequest,
    repository: &Repository,
    revision: &str,
    below: Option<&Path>,
    base: &Path,
) -> Result<Loaded, UsageError> {
    let below = match below {
        Some(below) => from_root(repository, below, base),
        None => String::new(),
    };
    let read = repository.read(revision)?;
    let root = repository.directory();
    let mut files = read.files;
    if let Some(root) = &root {
        files.extend(untracked::texts(root, &files));
    }
    let root = root.as_deref().unwrap_or(base);
    let mut estate = estate::load_files_with(files, read.others, &request.request, root)?;
    let inside = |path: &str| {
        below.is_empty()
            || path
                .strip_prefix(&*below)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let sources = &estate.sources;
    let is_inside = |file| sources.get(file).is_some_and(|file| inside(file.path()));
    estate
        .deployments
        .retain(|asked| asked.deployment.files.iter().any(|file| is_inside(*file)));
    let deployments = &estate.deployments;
    let used = |file| {
        let mut files = deployments.iter().flat_map(|asked| &asked.deployment.files);
        is_inside(file) || files.any(|used| *used == file)
    };
    estate.diagnostics.retain(|diagnostic| {
        let place = diagnostic.primary.as_ref();
        place.is_none_or(|label| used(label.span.file))
    });
    let mut problems = read.problems;
    problems.retain(|(path, _)| inside(path));
    Ok(Loaded {
        name: revision.to_owned(),
        estate,
        problems,
        below,
    })
}

/// A path as the repository writes it, whether it was given from there or from here.
fn from_root(repository: &Repository, below: &Path, base: &Path) -> String {
    let directory = repository.directory();
    let inner = directory.and_then(|directory| {
        let path = [below.to_path_buf(), base.join(below)];
        path.iter()
            .find(|path| walk::is_there(path))
            .and_then(|path| walk::inside(&directory, path))
    });
    let text = inner.unwrap_or_else(|| {
        let parts = below.components().filter_map(|part| match part {
            std::path::Component::Normal(part) => part.to_str(),
            _ => None,
        });
        Arc::from(parts.collect::<Vec<_>>().join("/"))
    });
    text.to_string()
}

fn folder(path: &Path) -> &Path {
    match walk::is_directory(path) {
        true => path,
        false => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        },
    }
}
