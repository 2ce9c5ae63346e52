//! Which file of the run the address of a linked template means.
//!
//! Azure fetches linked templates from where they were published; here they lie beside the template
//! that links them, in the same folders as there. An address is therefore read from its end: the
//! longest tail of it that is the path of exactly one file, seen from the directory of the template
//! or one above it, or else from anywhere below. An address of which only the tail is known
//! (`uri(deployment().properties.templateLink.uri, 'nested/x.json')`,
//! `concat(parameters('_artifactsLocation'), '/nested/x.json')`) has to be there with all of it.
//! What is absent: the network. Nothing is fetched, and what is not certain is not followed.

use std::collections::BTreeSet;

use crate::eval::Loader;
use crate::eval::value::Piece;
use crate::source::FileId;

/// Stands for what is unknown in an address; no address holds it.
const UNKNOWN: char = '\u{1}';

/// Where a link stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The file that holds the link.
    pub(super) file: FileId,
    /// Its directory, from the root.
    pub(super) directory: &'a str,
    /// The directory of the outermost template.
    pub(super) top: &'a str,
}

/// The file that an address means; `None` if none or several could be meant.
pub(super) fn file_of(loader: &dyn Loader, address: &[Piece], place: Place<'_>) -> Option<FileId> {
    let tail = Tail::of(address)?;
    let longest = tail.segments.len();
    let shortest = if tail.open { longest } else { 1 };
    for count in (shortest..=longest).rev() {
        let path = tail.segments.get(longest - count..)?.join("/");
        let before = longest
            .checked_sub(count + 1)
            .and_then(|index| tail.segments.get(index));
        let mut found: BTreeSet<FileId> = BTreeSet::new();
        for directory in ancestors(place.directory).chain([place.top]) {
            if !plausible(&tail, count, before, directory, place) {
                continue;
            }
            let file = joined(directory, &path).and_then(|path| loader.text(&path));
            found.extend(file.map(|(id, _)| id));
        }
        if !tail.open && count == 1 {
            found.remove(&place.file);
        }
        match found.len() {
            0 => {}
            1 => return found.pop_first(),
            _ => return None,
        }
    }
    let shortest = if tail.open { longest } else { 2 };
    let named = loader.below(place.top, tail.segments.last()?);
    for count in (shortest..=longest).rev() {
        let path = tail.segments.get(longest - count..)?.join("/");
        let ends_so = |id: &FileId| {
            let whole = loader.path(*id);
            let before = whole.strip_suffix(&*path);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let mut found = named
            .iter()
            .copied()
            .filter(|id| *id != place.file && ends_so(id));
        match (found.next(), found.next()) {
            (None, _) => {}
            (only, None) => return only,
            _ => return None,
        }
    }
    None
}

/// Whether a tail of so many segments may be meant to lie in a directory.
fn plausible(
    tail: &Tail,
    count: usize,
    before: Option<&String>,
    directory: &str,
    place: Place<'_>,
) -> bool {
    if tail.open {
        // What is before is the folder of the template that links, of the outermost, or of one
        // between them.
        return directory == place.directory || is_within(directory, place.top);
    }
    if count >= 2 {
        return true;
    }
    // A bare file name says little: the folder before it has to be this one.
    let name = directory.rsplit('/').next().unwrap_or_default();
    let is_own = directory == place.directory;
    is_own && (name.is_empty() || before.is_some_and(|before| before.eq_ignore_ascii_case(name)))
}

/// A path relative to a directory, without `.` and `..`; `None` if it leaves the root.
pub(super) fn joined(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The directory of a path; `""` for the root.
pub(super) fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Whether a directory is another one or below it.
fn is_within(directory: &str, other: &str) -> bool {
    ancestors(directory).any(|around| around == other)
}

/// A directory and those around it, the root last.
fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |directory| {
        (!directory.is_empty()).then(|| directory_of(directory))
    })
}

/// The known end of an address.
struct Tail {
    /// The folders and the name of the file.
    segments: Vec<String>,
    /// Whether something unknown is before them.
    open: bool,
}

impl Tail {
    fn of(address: &[Piece]) -> Option<Self> {
        let text: String = address
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.replace('\\', "/"),
                Piece::Hole(_) => UNKNOWN.to_string(),
            })
            .collect();
        let lower = text.to_ascii_lowercase();
        let end = lower.rfind(".json")? + ".json".len();
        let end = end + usize::from(lower.get(end..).is_some_and(|after| after.starts_with('c')));
        // What may follow is a signature: a question mark, or something unknown.
        let after = text.get(end..)?;
        if !(after.is_empty() || after.starts_with(['?', UNKNOWN])) {
            return None;
        }
        let path = text.get(..end)?;
        let path = match path.split_once("://") {
            Some((_, rest)) if !rest.contains("://") => rest.split_once('/')?.1,
            _ => path,
        };
        let (before, path) = match path.rfind(UNKNOWN) {
            Some(at) => (path.get(..at), path.get(at + UNKNOWN.len_utf8()..)?),
            None => (None, path),
        };
        let open = before.is_some();
        // An unknown part may end a folder's name, but not begin that of what is looked for.
        if before.is_some_and(|before| !before.is_empty()) && !path.starts_with('/') {
            return None;
        }
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty() && *segment != ".")
            .map(str::to_owned)
            .collect();
        (!segments.is_empty()).then_some(Self { segments, open })
    }
}
