use super::{check, evaluated, show, unknown};
use crate::eval::value::{Bounds, Value};

#[test]
fn functions_on_numbers_and_booleans_give_what_azure_documents() {
    check(&[
        ("add(5, 3)", "8"),
        ("sub(7, 3)", "4"),
        ("mul(5, 3)", "15"),
        ("div(8, 3)", "2"),
        ("div(-8, 3)", "-2"),
        ("mod(7, 3)", "1"),
        ("mod(-7, 3)", "-1"),
        ("min(0, 3, 2)", "0"),
        ("min(createArray(4, -1, 2))", "-1"),
        ("max(createArray(0, 3, 2, 5, 4))", "5"),
        ("max(7)", "7"),
        ("int('4')", "4"),
        ("int('-17')", "-17"),
        ("int(9)", "9"),
        ("float('3.5')", "3.5"),
        ("float(3)", "3"),
        ("sub(0, 9223372036854775807)", "-9223372036854775807"),
        ("bool('TRUE')", "true"),
        ("and(true(), false())", "false"),
        ("or(false(), true())", "true"),
        ("not(equals(1, 1))", "false"),
        ("equals('a', 'A')", "false"),
        ("less(1, 2)", "true"),
        ("lessOrEquals('b', 'a')", "false"),
        ("greater('b', 'a')", "true"),
        ("greaterOrEquals(2, 2)", "true"),
        ("if(equals('a', 'a'), 'yes', int('no'))", r#""yes""#),
    ]);
}

#[test]
fn what_no_number_can_be_is_told() {
    for (expression, part) in [
        ("div(1, 0)", "division by zero"),
        ("mod(1, 0)", "division by zero"),
        ("add(9223372036854775807, 1)", "64 bits"),
        ("mul(9223372036854775807, 2)", "64 bits"),
        ("div(sub(sub(0, 9223372036854775807), 1), -1)", "64 bits"),
        ("int('4.5')", "'4.5' is no whole number"),
        ("int('99999999999999999999')", "no whole number of 64 bits"),
        ("int('')", "no whole number"),
        ("float('many')", "no number"),
        ("min(createArray())", "nothing to choose from"),
        ("max('a', 1)", "needs whole numbers, not a string"),
        ("add('1', 2)", "needs a whole number, not a string"),
    ] {
        let (_, messages) = evaluated("", expression);
        assert!(
            matches!(messages.as_slice(), [only] if only.contains(part)),
            "{expression}: {messages:?}"
        );
    }
}

#[test]
fn the_limits_of_unknown_numbers_go_through_arithmetic() {
    let declared = r#""parameters": { "n": { "type": "int" },
        "few": { "type": "int", "minValue": 2, "maxValue": 9 } },"#;
    let value = |expression: &str| -> Value {
        let (value, messages) = evaluated(declared, expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        value
    };
    for (expression, low, high) in [
        ("add(parameters('few'), 100)", Some(102), Some(109)),
        ("sub(10, parameters('few'))", Some(1), Some(8)),
        ("mul(parameters('few'), 10)", Some(20), Some(90)),
        ("mod(parameters('few'), 4)", Some(0), Some(3)),
        ("mod(parameters('n'), 4)", Some(-3), Some(3)),
        ("max(parameters('n'), 3)", Some(3), None),
        ("min(parameters('n'), 3)", None, Some(3)),
        ("int(parameters('few'))", Some(2), Some(9)),
    ] {
        let value = value(expression);
        let Bounds::Range(least, most) = unknown(&value).bounds else {
            panic!("{expression}: {}", show(&value));
        };
        assert_eq!((least, most), (low, high), "{expression}");
    }
    assert_eq!(
        value("equals(add(parameters('few'), 100), 65000)").as_bool(),
        Some(false)
    );
    let (_, messages) = evaluated(declared, "div(parameters('n'), 0)");
    assert!(matches!(messages.as_slice(), [only] if only.contains("division by zero")));
}
