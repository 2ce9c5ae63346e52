//! The disk: which files there are below the root, and their text. Nothing else in the program
//! reads files.
//!
//! What is absent: languages. This module knows endings and a few telling words, so that files
//! that cannot concern us are neither kept nor parsed.

mod directory;

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};
use regex::bytes::Regex;

use super::UsageError;
use super::config::{TESTS, is_below};
pub(crate) use directory::{bytes, file, listing};

/// Larger files are not read.
pub const LARGEST_FILE: u64 = 64 << 20;

/// Directories that hold no one's own sources.
const NEVER: [&str; 3] = [".git", ".terraform", "node_modules"];

/// What a file may be, by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `.tf`, `.tfvars`: Terraform for certain.
    Hcl,
    /// `.tf.json`, `.tfvars.json`: Terraform for certain.
    TerraformJson,
    /// Any other `.json`, `.jsonc`, `.jsonl`, `.ndjson`, `.tfstate`: ours only if its content says so.
    Json,
    /// Named as a parameter file on the command line.
    ParameterJson,
    /// `aznet.yaml`
    Config,
    /// A rule of the user's.
    Rule,
    /// The list of service tags and their addresses.
    ServiceTags,
    /// Read only when a template asks for it.
    Other,
}

/// Tells what a file may be.
pub(crate) fn kind(path: &str) -> Kind {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if name == "aznet.yaml" {
        Kind::Config
    } else if name.ends_with(".tf") || name.ends_with(".tfvars") {
        Kind::Hcl
    } else if name.ends_with(".tf.json") || name.ends_with(".tfvars.json") {
        Kind::TerraformJson
    } else if [".json", ".jsonc", ".jsonl", ".ndjson", ".tfstate"]
        .iter()
        .any(|ending| name.ends_with(ending))
    {
        Kind::Json
    } else {
        Kind::Other
    }
}

/// Whether a file of another ending may hold JSON: its own language is none that is known.
pub(crate) fn may_be_json(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    ![".bicep", ".bicepparam", ".yaml", ".yml", ".md"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// A regular file below the root.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// From the root, with `/`.
    pub(crate) path: Arc<str>,
    /// Where to open it.
    pub(crate) absolute: PathBuf,
}

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Sorted by path, each once.
    pub(crate) entries: Vec<Entry>,
    /// Directories and files that could not be looked at: path and reason, sorted.
    pub(crate) problems: Vec<(String, String)>,
}

/// The root of a run and the selected paths relative to it (`""` is all).
#[derive(Debug)]
pub(crate) struct Scope {
    /// Canonical.
    pub(crate) root: PathBuf,
    /// Each relative to the root, with `/`.
    pub(crate) selected: Vec<Arc<str>>,
    /// Selected files, to be read even if `.gitignore` excludes them.
    pub(crate) named: Vec<Entry>,
}

/// Finds the root of the given paths.
///
/// # Errors
///
/// When a path does not exist or lies outside an explicit root.
pub(crate) fn scope(paths: &[PathBuf], root: Option<&Path>) -> Result<Scope, UsageError> {
    let mut canonical = Vec::new();
    for path in paths {
        canonical.push(resolve(path)?);
    }
    let root = match root {
        Some(root) => resolve(root)?,
        None => common_root(&canonical)?,
    };
    if !is_directory(&root) {
        return Err(UsageError::new(format!(
            "the root `{}` is not a directory",
            root.display()
        )));
    }
    let mut selected = Vec::new();
    let mut named = Vec::new();
    for (given, path) in paths.iter().zip(canonical) {
        let entry = below(&root, given, path)?;
        selected.push(Arc::clone(&entry.path));
        if !is_directory(&entry.absolute) {
            named.push(entry);
        }
    }
    Ok(Scope {
        root,
        selected,
        named,
    })
}

/// A file named on the command line, as an entry below the root.
///
/// # Errors
///
/// When it does not exist or lies outside the root.
pub(crate) fn named_file(root: &Path, given: &Path) -> Result<Entry, UsageError> {
    below(root, given, resolve(given)?)
}

/// A file named on the command line that may lie outside the root; there it is called as given.
///
/// # Errors
///
/// When it does not exist.
pub(crate) fn named_anywhere(root: &Path, given: &Path) -> Result<Entry, UsageError> {
    let absolute = resolve(given)?;
    let path = match relative(root, &absolute) {
        Some(inside) => inside,
        None => given.to_string_lossy().replace('\\', "/"),
    };
    Ok(Entry {
        path: path.into(),
        absolute,
    })
}

/// How many files and directories a root may have to be walked by one thread. Threads that wait
/// for each other to find work sleep a millisecond, in which one alone is done with as many.
const FEW: usize = 200;

/// Lists all regular files below the root.
pub(crate) fn list(root: &Path, no_ignore: bool, exclude: &GlobSet, threads: usize) -> Walked {
    let excluded = exclude.clone();
    let base = root.to_path_buf();
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(!no_ignore)
        .git_ignore(!no_ignore)
        .require_git(false)
        .follow_links(false)
        .threads(threads)
        .filter_entry(move |entry| wanted(entry, &base, &excluded));
    let found: Mutex<Walked> = Mutex::default();
    let mut few = walk.build();
    for result in few.by_ref().take(FEW) {
        visit(root, exclude, result, &found);
    }
    if few.next().is_some() {
        walk.build_parallel().run(|| {
            Box::new(|result| {
                visit(root, exclude, result, &found);
                WalkState::Continue
            })
        });
    }
    let mut walked = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    walked.entries.sort_by(|a, b| a.path.cmp(&b.path));
    walked.entries.dedup_by(|a, b| a.path == b.path);
    walked.problems.sort();
    walked.problems.dedup();
    walked
}

/// What reading a file gave.
#[derive(Debug)]
pub(crate) enum Content {
    /// Its text.
    Text(String),
    /// It claims to be ours and is not text; what can be shown of it, where it goes wrong (a byte
    /// offset of that text) and why.
    Broken(String, usize, String),
    /// It could not be read; why.
    Unreadable(String),
    /// It cannot concern us.
    Foreign,
}

/// Reads one file. JSON that cannot be an input is [`Content::Foreign`].
pub(crate) fn read(entry: &Entry, kind: Kind) -> Content {
    let bytes = match bytes_of(&entry.absolute, kind) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Content::Foreign,
        Err(why) => return Content::Unreadable(why),
    };
    decode(&entry.path, kind, bytes)
}

/// Reads any file below the root as text; `None` if that cannot be done.
pub(crate) fn read_text(entry: &Entry) -> Option<String> {
    match read(entry, Kind::Other) {
        Content::Text(text) => Some(text),
        _ => None,
    }
}

/// The rule files of a pack below the root, its `pack.yaml` among them. `.gitignore` does not apply
/// to them.
pub(crate) fn rule_files(root: &Path, pack: &str) -> Vec<Entry> {
    let files = below_any(root, pack);
    files
        .filter(|entry| is_of_pack(&entry.path, pack))
        .collect()
}

/// The path of a pack that may lie outside the root, where, or without one, it is called as given, and its rule
/// files.
///
/// # Errors
///
/// When there is no rule file.
pub(crate) fn named_pack(
    root: Option<&Path>,
    given: &Path,
) -> Result<(Arc<str>, Vec<Entry>), UsageError> {
    let pack = match root {
        Some(root) => named_anywhere(root, given)?,
        None => Entry {
            path: given.to_string_lossy().replace('\\', "/").into(),
            absolute: resolve(given)?,
        },
    };
    let mut rules: Vec<Entry> = walkdir::WalkDir::new(&pack.absolute)
        .into_iter()
        .flatten()
        .filter(|found| found.file_type().is_file())
        .filter_map(|found| {
            let inner = relative(&pack.absolute, found.path())?;
            let slash = if pack.path.is_empty() || inner.is_empty() {
                ""
            } else {
                "/"
            };
            Some(Entry {
                path: format!("{}{slash}{inner}", pack.path.trim_end_matches('/')).into(),
                absolute: found.into_path(),
            })
        })
        .filter(|entry| is_of_pack(&entry.path, pack.path.trim_end_matches('/')))
        .collect();
    if rules.is_empty() {
        let message = format!("there are no rule files in `{}`", given.display());
        return Err(UsageError::new(message));
    }
    rules.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((pack.path.trim_end_matches('/').into(), rules))
}

/// Whether a file is a rule of a pack (`.yaml`, `.yml`), or its `pack.yaml`: what lies in the
/// `tests` of a pack is not.
pub(crate) fn is_of_pack(path: &str, pack: &str) -> bool {
    let inner = path.strip_prefix(pack);
    let inner = inner.filter(|_| is_below(path, pack));
    inner.is_some_and(|inner| {
        let inner = inner.trim_start_matches('/');
        let test = inner.split('/').next() == Some(TESTS);
        is_rule_file(path) && !test && kind(path) != Kind::Config
    })
}

/// The files below a directory below the root; repositories in it keep what is theirs.
pub(crate) fn files_below(root: &Path, directory: &str) -> impl Iterator<Item = Entry> {
    let inner = |entry: &Entry| !entry.path.split('/').any(|part| part == ".git");
    below_any(root, directory).filter(inner)
}

/// The text of a rule file.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn rule_text(entry: &Entry) -> Result<String, UsageError> {
    match read(entry, Kind::Rule) {
        Content::Text(text) => Ok(text),
        Content::Broken(_, _, why) | Content::Unreadable(why) => {
            let message = format!("`{}` cannot be read: {why}", entry.path);
            Err(UsageError::new(message))
        }
        Content::Foreign => Ok(String::new()),
    }
}

/// The directories in a directory, sorted.
pub(crate) fn directories_in(directory: &Path) -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(directory).min_depth(1).max_depth(1);
    let found = found.sort_by_file_name().into_iter().flatten();
    let directories = found.filter(|found| found.file_type().is_dir());
    directories.map(walkdir::DirEntry::into_path).collect()
}

fn below_any(root: &Path, directory: &str) -> impl Iterator<Item = Entry> {
    let base = canonical(&root.join(directory)).ok();
    let base = base.filter(|base| base.starts_with(root));
    let found = base.into_iter().flat_map(walkdir::WalkDir::new).flatten();
    let files = found.filter(|found| found.file_type().is_file());
    files.filter_map(move |found| {
        Some(Entry {
            path: relative(root, found.path())?.into(),
            absolute: found.into_path(),
        })
    })
}

/// Whether a path, or a directory it lies in, is not to be looked at.
pub(crate) fn is_excluded(exclude: &GlobSet, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(end, _)| end);
    let mut parts = ends.chain([path.len()]);
    !exclude.is_empty()
        && parts.any(|end| path.get(..end).is_some_and(|part| exclude.is_match(part)))
}

/// Whether a file in a directory of rules is one.
fn is_rule_file(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// Whether JSON can be an input: it names Azure resources, or says that it is a template or
/// parameter file, in its text or its name.
pub(crate) fn concerns_us(path: &str, bytes: &[u8]) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?i-u)deploymentTemplate|deploymentParameters|Microsoft\.|/subscriptions/|quotaId|nextHopType|homeTenantId|"format_version"|"terraform_version"|"@level""#,
        )
        .ok()
    });
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.contains(".parameters")
        || name.contains("azuredeploy")
        || WORDS.as_ref().is_none_or(|words| words.is_match(bytes))
}

/// Whether JSON says of itself that it is an ARM template or parameter file.
pub(crate) fn claims_arm(bytes: &[u8]) -> bool {
    static SCHEMA: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // Quotes as other languages have them, or none: JSON it is not, but it says what it means.
        Regex::new(
            r#"(?i-u)["']?\$schema["']?\s*:\s*["'][^"'\s]*deployment(Template|Parameters)\.json"#,
        )
        .ok()
    });
    SCHEMA.as_ref().is_some_and(|words| words.is_match(bytes))
}

/// Whether JSON says of itself that it is a plan or state of Terraform, also after lines that a
/// wrapper printed before it.
pub(crate) fn claims_plan(bytes: &[u8]) -> bool {
    static VERSIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"\{\s*"format_version"\s*:\s*"[0-9.]+"\s*,\s*"terraform_version"\s*:"#).ok()
    });
    let beginning = bytes.get(..CLAIM).unwrap_or(bytes);
    VERSIONS
        .as_ref()
        .is_some_and(|words| words.is_match(beginning))
}

/// How much of a file is looked at for what it says of itself.
const CLAIM: usize = 4096;

/// Whether there is something at a path.
pub(crate) fn is_there(path: &Path) -> bool {
    exists(path)
}

/// A path from a directory that holds it, with `/`.
pub(crate) fn inside(directory: &Path, path: &Path) -> Option<Arc<str>> {
    let (directory, path) = (canonical(directory).ok()?, canonical(path).ok()?);
    relative(&directory, &path).map(Arc::from)
}

/// Whether files below a directory of that name are no one's own sources.
pub(crate) fn is_never_read(directory: &str) -> bool {
    NEVER.contains(&directory)
}

/// Bytes to text: transcodes UTF-16, checks UTF-8.
pub(crate) fn decode(path: &str, kind: Kind, bytes: Vec<u8>) -> Content {
    let encoding = match bytes.get(..2) {
        Some([0xff, 0xfe]) => Some(encoding_rs::UTF_16LE),
        Some([0xfe, 0xff]) => Some(encoding_rs::UTF_16BE),
        // Without a mark: JSON and HCL begin with a character of ASCII.
        Some([0, 1..=0x7f]) => Some(encoding_rs::UTF_16BE),
        Some([1..=0x7f, 0]) => Some(encoding_rs::UTF_16LE),
        _ => None,
    };
    if let Some(encoding) = encoding {
        let (text, malformed) = encoding.decode_with_bom_removal(&bytes);
        if kind == Kind::Json && !concerns_us(path, text.as_bytes()) {
            return Content::Foreign;
        }
        if !malformed {
            return Content::Text(text.into_owned());
        }
        let at = text.find('\u{fffd}').unwrap_or(0);
        let why = "this is not well-formed UTF-16".to_owned();
        return claimed(kind, text.into_owned(), at, why);
    }
    if kind == Kind::Json && !concerns_us(path, &bytes) {
        return Content::Foreign;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or(0);
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let why = format!("this is not UTF-8: byte {byte:#04x} at offset {at}");
            claimed(kind, text, at, why)
        }
    }
}

fn claimed(kind: Kind, text: String, at: usize, why: String) -> Content {
    let ours = match kind {
        Kind::Hcl
        | Kind::TerraformJson
        | Kind::ParameterJson
        | Kind::Config
        | Kind::Rule
        | Kind::ServiceTags => true,
        Kind::Json => claims_arm(text.as_bytes()),
        Kind::Other => false,
    };
    if ours {
        Content::Broken(text, at, why)
    } else {
        Content::Foreign
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where files are opened"
)]
fn bytes_of(path: &Path, kind: Kind) -> Result<Option<Vec<u8>>, String> {
    let mut file = std::fs::File::open(path).map_err(|error| describe(&error))?;
    let size = file.metadata().map_err(|error| describe(&error))?.len();
    if size > LARGEST_FILE {
        let mut head = Vec::new();
        let _ = file.by_ref().take(64 << 10).read_to_end(&mut head);
        let ours = kind != Kind::Other && (kind != Kind::Json || claims_arm(&head));
        let megabytes = size >> 20;
        return if ours {
            Err(format!(
                "it has {megabytes} MB, files of more than 64 MB are not read"
            ))
        } else {
            Ok(None)
        };
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| describe(&error))?;
    Ok(Some(bytes))
}

fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        _ => error.to_string(),
    }
}

fn wanted(entry: &DirEntry, root: &Path, exclude: &GlobSet) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
    if directory && NEVER.iter().any(|name| entry.file_name() == *name) {
        return false;
    }
    exclude.is_empty() || relative(root, entry.path()).is_none_or(|path| !exclude.is_match(&path))
}

fn visit(
    root: &Path,
    exclude: &GlobSet,
    result: Result<DirEntry, ignore::Error>,
    found: &Mutex<Walked>,
) {
    let entry = match result {
        Ok(entry) => entry,
        Err(error) => {
            let problem = unlisted(root, &error);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.problems.push(problem);
            return;
        }
    };
    let Some(kind) = entry.file_type() else {
        return;
    };
    let Some(path) = relative(root, entry.path()) else {
        return;
    };
    if exclude.is_match(&path) {
        return;
    }
    let absolute = if kind.is_symlink() {
        match inner_target(root, entry.path()) {
            Some(target) => target,
            None => return,
        }
    } else if kind.is_file() {
        entry.into_path()
    } else {
        return;
    };
    let entry = Entry {
        path: path.into(),
        absolute,
    };
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.entries.push(entry);
}

fn unlisted(root: &Path, error: &ignore::Error) -> (String, String) {
    let mut path = None;
    let mut inner = error;
    loop {
        match inner {
            ignore::Error::WithPath { path: at, err } => {
                path = Some(at.clone());
                inner = err.as_ref();
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                inner = err.as_ref();
            }
            _ => break,
        }
    }
    let why = match inner {
        ignore::Error::Io(error) => describe(error),
        other => other.to_string(),
    };
    let path = path
        .and_then(|path| relative(root, &path))
        .unwrap_or_default();
    (path, why)
}

/// The file a symbolic link leads to, if that lies below the root.
fn inner_target(root: &Path, link: &Path) -> Option<PathBuf> {
    let target = canonical(link).ok()?;
    (target.starts_with(root) && is_file(&target)).then_some(target)
}

fn common_root(paths: &[PathBuf]) -> Result<PathBuf, UsageError> {
    let mut roots = paths.iter().map(|path| root_of(path));
    let mut root = roots
        .next()
        .ok_or_else(|| UsageError::new("no path was given"))?;
    for other in roots {
        while !other.starts_with(&root) {
            if !root.pop() {
                return Err(UsageError::new("the paths have no directory in common"));
            }
        }
    }
    Ok(root)
}

/// The nearest ancestor with `.git`, else the path, its folder if it is a file.
fn root_of(path: &Path) -> PathBuf {
    let folder = if is_directory(path) {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    folder
        .ancestors()
        .find(|ancestor| exists(&ancestor.join(".git")))
        .unwrap_or(folder)
        .to_path_buf()
}

fn below(root: &Path, given: &Path, path: PathBuf) -> Result<Entry, UsageError> {
    match relative(root, &path) {
        Some(relative) => Ok(Entry {
            path: relative.into(),
            absolute: path,
        }),
        None => Err(UsageError {
            message: format!(
                "`{}` lies outside the root `{}`",
                given.display(),
                root.display()
            ),
            help: Some("name a directory above both with --root".to_owned()),
        }),
    }
}

fn resolve(path: &Path) -> Result<PathBuf, UsageError> {
    canonical(path).map_err(|error| {
        UsageError::new(format!(
            "cannot read `{}`: {}",
            path.display(),
            describe(&error)
        ))
    })
}

/// A directory without links on the way, as far as it can be read.
pub(crate) fn real(directory: &Path) -> PathBuf {
    canonical(directory).unwrap_or_else(|_| directory.to_path_buf())
}

/// `path` from the root, with `/` on every system; `None` if it lies outside.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let inner = path.strip_prefix(root).ok()?;
    let mut text = String::new();
    for component in inner.components() {
        let Component::Normal(name) = component else {
            return None;
        };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(&name.to_string_lossy());
    }
    Some(text)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the disk is looked at"
)]
fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the disk is looked at"
)]
pub(crate) fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the disk is looked at"
)]
fn is_file(path: &Path) -> bool {
    path.is_file()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the disk is looked at"
)]
fn exists(path: &Path) -> bool {
    path.exists()
}
