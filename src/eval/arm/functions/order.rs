//! Which of two strings comes first.
//!
//! Azure compares as .NET does for the invariant culture: the documentation says that `'A'` is
//! greater than `'a'` (`template-functions-comparison.md`, "greater"), which no comparison of
//! character codes gives. Letters are compared regardless of case first, and small ones come before
//! capital ones where nothing else differs; digits come before letters, punctuation before digits.
//!
//! .NET has two tables for this, and they treat hyphens and other signs differently (one of them
//! passes over hyphens). What only one of the tables says is not known here.

use std::cmp::Ordering;

/// The order of two strings, if it is certain.
pub(super) fn compare(left: &str, right: &str) -> Option<Ordering> {
    if left == right {
        return Some(Ordering::Equal);
    }
    let folded =
        |text: &str| -> Vec<u8> { text.bytes().map(|byte| byte.to_ascii_lowercase()).collect() };
    let (first, second) = (folded(left), folded(right));
    let differs = first.iter().zip(&second).position(|(a, b)| a != b);
    let at = differs.unwrap_or(first.len().min(second.len()));
    // What is the same in both counts alike in every table, as long as it is one character each.
    if !first.get(..at)?.is_ascii() {
        return None;
    }
    let rank = |text: &[u8]| match text.get(at) {
        None => Some(0),
        Some(b'.') => Some(1),
        Some(digit @ b'0'..=b'9') => Some(2 + u16::from(*digit)),
        Some(letter @ b'a'..=b'z') => Some(256 + u16::from(*letter)),
        Some(_) => None,
    };
    let (one, other) = (rank(&first)?, rank(&second)?);
    if one != other {
        return Some(one.cmp(&other));
    }
    // The same but for case: the first letter in which it differs decides.
    let case = |text: &str, other: &str| {
        text.bytes()
            .zip(other.bytes())
            .find(|(a, b)| a != b)
            .map(|(a, _)| a.is_ascii_uppercase())
    };
    match case(left, right)? {
        true => Some(Ordering::Greater),
        false => Some(Ordering::Less),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_counts_only_where_nothing_else_differs() {
        assert_eq!(compare("A", "a"), Some(Ordering::Greater));
        assert_eq!(compare("a", "A"), Some(Ordering::Less));
        assert_eq!(compare("B", "a"), Some(Ordering::Greater));
        assert_eq!(compare("a", "B"), Some(Ordering::Less));
        assert_eq!(compare("net", "Net2"), Some(Ordering::Less));
        assert_eq!(compare("subNet", "subnet"), Some(Ordering::Greater));
    }

    #[test]
    fn punctuation_digits_and_letters_come_in_this_order() {
        assert_eq!(compare("1.26", "1.3"), Some(Ordering::Less));
        assert_eq!(compare("1.2", "12"), Some(Ordering::Less));
        assert_eq!(compare("v9", "va"), Some(Ordering::Less));
        assert_eq!(compare("", "a"), Some(Ordering::Less));
        assert_eq!(compare("same-name", "same-name"), Some(Ordering::Equal));
    }

    #[test]
    fn what_the_two_tables_order_differently_is_not_known() {
        assert_eq!(compare("co-op", "coop"), None);
        assert_eq!(compare("a_b", "aéb"), None);
        assert_eq!(compare("é1", "é2"), None);
        // A hyphen after the letter that decides changes nothing.
        assert_eq!(compare("web-a", "app-b"), Some(Ordering::Greater));
        assert_eq!(compare("vm-1", "vm-2"), Some(Ordering::Less));
    }
}
