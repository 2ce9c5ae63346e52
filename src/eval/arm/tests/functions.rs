//! What each function gives, as its documentation has it.

mod calls;
mod cidr;
mod collections;
mod dates;
mod lambdas;
mod logic;
mod numbers;
mod objects;
mod partial;
mod places;
mod strings;
mod user;

use super::{Files, evaluated, show, unknown, with_schema};

/// Each expression gives what stands beside it, and nothing is said about it.
fn check(cases: &[(&str, &str)]) {
    check_with("", cases);
}

/// The same in a template with some declarations.
fn check_with(declarations: &str, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let (value, messages) = evaluated(declarations, expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&show(&value), expected, "{expression}");
    }
}

/// Of each expression one thing is said, with these words in it, at this part of the text.
fn refused(cases: &[(&str, &str, &str)]) {
    refused_with("", cases);
}

/// The same in a template with some declarations.
fn refused_with(declarations: &str, cases: &[(&str, &str, &str)]) {
    for (expression, words, place) in cases {
        let template = with_schema(&format!(
            r#"{declarations} "resources": [
                {{ "type": "A.B/c", "name": "x", "properties": {{ "x": "[{expression}]" }} }}]"#
        ));
        let files = Files::new(&[("main.json", &template)]);
        let deployment = files.deploy("main.json");
        let [only] = deployment.diagnostics.as_slice() else {
            panic!("{expression}: {:?}", deployment.diagnostics);
        };
        let said = format!("{} {}", only.message, only.help.as_deref().unwrap_or(""));
        assert!(said.contains(words), "{expression}: {said}");
        assert_eq!(
            files.blamed(&deployment, only.code),
            [*place],
            "{expression}"
        );
    }
}
