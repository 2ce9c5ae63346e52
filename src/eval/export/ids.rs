//! What the id of a resource says.

use crate::eval::ResourceKey;

/// Where the segments of an id after the last `providers` begin, and they themselves, namespace
/// included.
pub(super) fn provider_part(id: &str) -> Option<(usize, &str)> {
    let at = id.to_ascii_lowercase().rfind("/providers/")? + "/providers/".len();
    Some((at, id.get(at..)?))
}

/// The names in an id, outermost first.
pub(super) fn names(id: &str) -> Vec<&str> {
    match provider_part(id) {
        Some((_, part)) => part.split('/').skip(2).step_by(2).collect(),
        None => id.trim_end_matches('/').rsplit('/').take(1).collect(),
    }
}

/// The key of the resource that a child is part of.
pub(super) fn parent(key: &str) -> Option<ResourceKey> {
    let (at, part) = provider_part(key)?;
    let segments = part.split('/').count();
    if segments < 5 {
        return None;
    }
    let kept: Vec<&str> = part.split('/').take(segments - 2).collect();
    let base = key.get(..at)?;
    Some(ResourceKey(format!("{base}{}", kept.join("/")).into()))
}
