//! What each function gives, as its documentation has it.

mod calls;
mod collections;
mod numbers;
mod places;
mod strings;

use super::{evaluated, show};

/// Each expression gives what stands beside it, and nothing is said about it.
fn check(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&show(&value), expected, "{expression}");
    }
}
