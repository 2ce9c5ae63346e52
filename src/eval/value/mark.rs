//! Marks of the members of an estate, before names that mean something within one member only.

use std::sync::Arc;

/// What stands before the mark of a member, and what ends it: neither occurs in a name of Azure or
/// Terraform. It ends with a dot so that an address stays a list of words with dots between.
const MARK: char = '\u{3}';
const END: char = '.';

/// A name that means something within one member only, marked as that member's.
pub(crate) fn marked(salt: u64, text: &str) -> Arc<str> {
    format!("{MARK}{salt:x}{END}{text}").into()
}

/// The member's mark that a text begins with, and what comes after it.
pub(crate) fn mark_of(text: &str) -> (Option<&str>, &str) {
    let marked = text.strip_prefix(MARK);
    match marked.and_then(|marked| marked.split_once(END)) {
        Some((mark, rest)) => (Some(mark), rest),
        None => (None, text),
    }
}

/// A text for people that may have keys in it, without the marks of members.
pub(crate) fn without_marks(text: &str) -> String {
    let mut parts = text.split(MARK);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once(END).map_or(part, |(_, rest)| rest));
    }
    plain
}

/// The text without the mark of a member.
pub(crate) fn unmarked(text: &str) -> &str {
    mark_of(text).1
}
