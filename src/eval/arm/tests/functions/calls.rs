use super::super::{evaluated, show, unknown};
use super::{check, refused};
use crate::eval::arm::functions::catalogue::{Answer, FUNCTIONS, Needs, entry};
use crate::eval::arm::functions::{Function, answering};
use crate::eval::value::Bounds;

#[test]
fn equal_calls_on_unknown_values_are_equal() {
    let (value, _) = evaluated(
        r#""parameters": { "p": { "type": "string" } },"#,
        "equals(toLower(uniqueString(parameters('p'))), tolower(UniqueString(Parameters('P'))))",
    );
    assert_eq!(value.as_bool(), Some(true));
}

#[test]
fn unknown_choices_and_allowed_values_keep_their_candidates() {
    let declarations = r#""parameters": {
        "env": { "type": "string", "allowedValues": ["dev", "prod"] },
        "on": { "type": "bool" },
        "count": { "type": "int", "minValue": 2, "maxValue": 9 } },"#;
    let candidates = |expression: &str| {
        let (value, messages) = evaluated(declarations, expression);
        assert!(messages.is_empty(), "{messages:?}");
        match &unknown(&value).bounds {
            Bounds::OneOf(values) => values.iter().map(show).collect::<Vec<_>>(),
            other => panic!("{expression}: {other:?}"),
        }
    };
    assert_eq!(candidates("parameters('env')"), [r#""dev""#, r#""prod""#]);
    assert_eq!(
        candidates("toUpper(parameters('env'))"),
        [r#""DEV""#, r#""PROD""#]
    );
    assert_eq!(
        candidates("if(parameters('on'), 1, if(parameters('on'), 2, 3))"),
        ["1", "2", "3"]
    );
    assert_eq!(
        candidates("createObject('dev', '10.0.0.0/8', 'prod', '11.0.0.0/8')[parameters('env')]"),
        [r#""10.0.0.0/8""#, r#""11.0.0.0/8""#]
    );
    let (value, _) = evaluated(declarations, "equals(parameters('env'), 'test')");
    assert_eq!(value.as_bool(), Some(false));
    let (value, _) = evaluated(declarations, "equals(parameters('count'), 1)");
    assert_eq!(value.as_bool(), Some(false));
    let (value, _) = evaluated(declarations, "if(parameters('on'), 'same', 'same')");
    assert_eq!(show(&value), r#""same""#);
}

#[test]
fn names_may_have_their_namespace_and_any_case() {
    check(&[
        ("sys.concat('a', 'b')", r#""ab""#),
        ("SYS.IF(TRUE(), 1, 2)", "1"),
        ("CreateArray(1)", "[1]"),
    ]);
}

#[test]
fn wrong_numbers_of_arguments_are_told() {
    refused(&[
        ("length()", "'length' needs 1 argument, not 0", "length()"),
        ("length('a', 'b', 'c')", "1 argument, not 3", "'b', 'c'"),
        ("padLeft('a')", "2 to 3 arguments, not 1", "padLeft('a')"),
        ("null(1)", "no arguments, not 1", "1"),
        ("coalesce()", "at least 1 argument, not 0", "coalesce()"),
        ("if(true(), 1)", "3 arguments, not 2", "if(true(), 1)"),
        ("concat('a', toLower())", "1 argument, not 0", "toLower()"),
    ]);
}

#[test]
fn unknown_functions_are_told_with_the_nearest_known_one() {
    refused(&[
        (
            "resoruceId('A.B/c', 'x')",
            "there is no template function 'resoruceId' did you mean `resourceId`?",
            "resoruceId",
        ),
        (
            "concat('a', tolowwer('B'))",
            "did you mean `toLower`?",
            "tolowwer",
        ),
        ("quux(1)", "there is no template function 'quux'", "quux"),
        (
            "contoso.name('x')",
            "this template declares no function 'contoso.name'",
            "contoso.name",
        ),
        (
            "loadTextContent('a.txt')",
            "'loadTextContent' is a function of Bicep's compiler, not of templates",
            "loadTextContent",
        ),
    ]);
}

#[test]
fn every_function_stands_in_the_catalogue_once_and_is_found() {
    let mut names: Vec<String> = FUNCTIONS
        .iter()
        .map(|entry| entry.name.to_ascii_lowercase())
        .collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for row in FUNCTIONS {
        let name = row.name.replace('*', "Keys").to_uppercase();
        let found = answering(entry(&name));
        let as_described = match (row.answer, row.needs) {
            (Answer::Compiler, _) => matches!(found, Function::Other),
            (_, Needs::Arguments) => matches!(found, Function::Pure(_)),
            (_, Needs::Evaluator(special)) => {
                matches!(found, Function::Special(is) if is == special)
            }
            (_, Needs::Azure) => matches!(found, Function::RunTime),
        };
        assert!(as_described, "{}: {found:?}", row.name);
    }
}
