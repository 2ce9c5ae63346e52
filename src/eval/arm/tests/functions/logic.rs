use super::{check, check_with, refused};

#[test]
fn booleans_are_combined() {
    check(&[
        ("and(true(), false())", "false"),
        ("and(true(), true(), true())", "true"),
        ("or(true(), false())", "true"),
        ("or(false(), false(), false())", "false"),
        ("not(true())", "false"),
        ("not(equals(1, 2))", "true"),
        ("bool('true')", "true"),
        ("bool('False')", "false"),
        ("bool(1)", "true"),
        ("bool(0)", "false"),
        ("bool(true())", "true"),
        ("if(equals('a', 'a'), 'yes', 'no')", r#""yes""#),
        ("if(equals('a', 'b'), 'yes', 'no')", r#""no""#),
        // Only the value that is chosen is worked out.
        ("if(true(), 1, int('no'))", "1"),
        ("if(false(), createArray()[5], json('null'))", "null"),
        ("coalesce(null(), null(), 'x')", r#""x""#),
        ("coalesce(null(), '')", r#""""#),
        ("coalesce(null(), createArray(), 1)", "[]"),
        ("coalesce(createObject(), 1)", "{}"),
        ("coalesce(null(), null())", "null"),
        ("coalesce(0)", "0"),
    ]);
}

#[test]
fn values_are_compared() {
    check(&[
        ("equals(1, 1)", "true"),
        ("equals('a', 'a')", "true"),
        ("equals('a', 'A')", "false"),
        ("equals(createArray('a', 1), createArray('a', 1))", "true"),
        ("equals(createArray(1, 2), createArray(2, 1))", "false"),
        (
            "equals(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 1))",
            "true",
        ),
        ("equals(1, '1')", "false"),
        ("equals(null(), null())", "true"),
        ("equals(null(), '')", "false"),
        ("less(1, 2)", "true"),
        ("less(2, 2)", "false"),
        ("lessOrEquals(2, 2)", "true"),
        ("greater(3, 2)", "true"),
        ("greaterOrEquals(2, 3)", "false"),
        // A capital letter is greater than the small one, and letters are compared without regard
        // to case first.
        ("greater('A', 'a')", "true"),
        ("greaterOrEquals('A', 'a')", "true"),
        ("less('A', 'a')", "false"),
        ("lessOrEquals('A', 'a')", "false"),
        ("less('apple', 'Banana')", "true"),
        ("less('10', '9')", "true"),
        ("like('snet-web', 'SNET-*')", "true"),
        ("like('snet-web', '*web*')", "true"),
        ("like('snet-web', 'web')", "false"),
        ("like('snet-web', 's*t-*b')", "true"),
        ("like('', '*')", "true"),
        ("like('aba', 'ab*ba')", "false"),
    ]);
}

#[test]
fn what_decides_decides_whatever_else_is_unknown() {
    let declarations = r#""parameters": { "on": { "type": "bool" }, "text": { "type": "string" },
        "count": { "type": "int", "minValue": 2, "maxValue": 9 } },"#;
    check_with(
        declarations,
        &[
            ("and(parameters('on'), false())", "false"),
            ("or(parameters('on'), true())", "true"),
            ("if(parameters('on'), 'same', 'same')", r#""same""#),
            ("greater(parameters('count'), 1)", "true"),
            ("less(parameters('count'), 2)", "false"),
            ("lessOrEquals(parameters('count'), 9)", "true"),
            ("equals(concat('a', parameters('text')), 'b')", "false"),
            (
                "coalesce(concat('a', parameters('text')), 'b')",
                r#""a${parameters('text')}""#,
            ),
            // Where one branch ends the deployment, a deployment has the other one.
            ("if(parameters('on'), 'x', fail('off'))", r#""x""#),
            ("if(parameters('on'), fail('on'), 'y')", r#""y""#),
        ],
    );
}

#[test]
fn what_logic_cannot_use_is_told() {
    refused(&[
        ("not('a')", "a boolean, not a string", "'a'"),
        ("and(true(), 'a')", "'and' needs booleans", "'a'"),
        ("if('a', 1, 2)", "the condition of 'if' is a boolean", "'a'"),
        ("bool('yes')", "", "'yes'"),
        ("less(1, 'a')", "a number as well, not a string", "'a'"),
        ("less('a', 1)", "a string as well, not a whole number", "1"),
        (
            "greater(createArray(), 1)",
            "two numbers or two strings, not an array",
            "createArray()",
        ),
        ("and(true())", "at least 2 arguments, not 1", "and(true())"),
        (
            "fail('choose a hub')",
            "this deployment fails on purpose: choose a hub",
            "fail('choose a hub')",
        ),
        (
            "if(true(), fail('never'), 1)",
            "this deployment fails on purpose: never",
            "fail('never')",
        ),
    ]);
}

#[test]
fn failing_because_of_a_default_is_not_told() {
    let declarations = r#""parameters": { "name": { "type": "string", "defaultValue": "" } },"#;
    let (value, messages) = super::evaluated(
        declarations,
        "if(empty(parameters('name')), fail('a name is needed'), parameters('name'))",
    );
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(super::show(&value), "${parameters('name')}");
}
