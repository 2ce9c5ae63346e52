//! What each function gives, as its documentation has it.

mod calls;
mod cidr;
mod collections;
mod dates;
mod numbers;
mod partial;
mod places;
mod strings;

use super::{evaluated, show, unknown};

/// Each expression gives what stands beside it, and nothing is said about it.
fn check(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&show(&value), expected, "{expression}");
    }
}
