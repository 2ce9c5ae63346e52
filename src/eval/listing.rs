//! What lies below the root, as far as it may be looked at: for functions that ask for files.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What lies in a directory.
#[derive(Clone, Debug)]
pub enum Listing {
    /// All of it, sorted by name.
    Seen(Arc<[Listed]>),
    /// There is no such directory.
    Absent,
    /// It may not or cannot be looked at.
    Unseen,
}

/// One thing in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without the directory.
    pub name: Arc<str>,
    /// What it is; of a link, what that leads to.
    pub place: Place,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A device, a socket, a pipe.
    Other,
    /// Nothing; of a link, that it leads nowhere.
    Nothing,
    /// Something that may not be looked at, or nothing.
    Unseen,
}

/// The directories that files of these paths lie in, each with what it holds; `""` is the root.
///
/// ```
/// use aznet::eval::listing::{Place, directories};
/// let all = directories(["a.tf", "lib/b/c.json"]);
/// assert_eq!(all[""][1].place, Place::Directory);
/// assert_eq!(&*all["lib/b"][0].name, "c.json");
/// ```
#[must_use]
pub fn directories<'p>(
    paths: impl IntoIterator<Item = &'p str>,
) -> BTreeMap<Arc<str>, Arc<[Listed]>> {
    let mut found: BTreeMap<&str, BTreeMap<&str, Place>> = BTreeMap::new();
    found.entry("").or_default();
    for path in paths {
        let (mut inner, mut place) = (path, Place::File);
        loop {
            let (directory, name) = inner.rsplit_once('/').unwrap_or(("", inner));
            let known = found.entry(directory).or_default().insert(name, place);
            if directory.is_empty() || known.is_some() {
                break;
            }
            (inner, place) = (directory, Place::Directory);
        }
    }
    let listed = |names: BTreeMap<&str, Place>| {
        let names = names.into_iter().map(|(name, place)| Listed {
            name: name.into(),
            place,
        });
        names.collect()
    };
    found
        .into_iter()
        .map(|(directory, names)| (directory.into(), listed(names)))
        .collect()
}
