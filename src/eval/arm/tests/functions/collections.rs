use super::super::{evaluated, show};
use super::{check, check_with, refused};
use crate::eval::value::Bounds;

#[test]
fn arrays_are_made_and_put_together() {
    check(&[
        ("array(7)", "[7]"),
        ("array('hub')", r#"["hub"]"#),
        ("array(createObject('k', 'v'))", r#"[{"k":"v"}]"#),
        ("array(createArray(1, 2))", "[1,2]"),
        ("createArray()", "[]"),
        ("createArray('x', 'y')", r#"["x","y"]"#),
        ("createArray(createArray('x'))", r#"[["x"]]"#),
        ("createArray(createObject('k', 1))", r#"[{"k":1}]"#),
        (
            "concat(createArray('1-1'), createArray('2-1', '2-2'))",
            r#"["1-1","2-1","2-2"]"#,
        ),
        ("concat(createArray(1))", "[1]"),
        ("concat('hub', '-', 3)", r#""hub-3""#),
        ("range(5, 3)", "[5,6,7]"),
        ("range(-2, 3)", "[-2,-1,0]"),
        ("range(9, 0)", "[]"),
        ("range(2147483646, 1)", "[2147483646]"),
        ("length(range(0, 10000))", "10000"),
        (
            "flatten(createArray(createArray(1, 2), createArray(), createArray(3)))",
            "[1,2,3]",
        ),
        (
            "flatten(createArray(createArray(createArray(1)), createArray(2)))",
            "[[1],2]",
        ),
        ("flatten(createArray())", "[]"),
        ("distinct(createArray(1, 2, 1, 3, 2))", "[1,2,3]"),
        (
            "distinct(createArray(createArray(1), createArray(1), createObject('a', 1), createObject('a', 1)))",
            r#"[[1],{"a":1}]"#,
        ),
        (
            "distinct(createArray('a', 'A', 1, '1'))",
            r#"["a","A",1,"1"]"#,
        ),
    ]);
}

#[test]
fn union_keeps_the_first_place_of_an_item_and_intersection_the_common_ones() {
    check(&[
        (
            "union(createArray('n', 'e', 's'), createArray('s', 'w', 'e'))",
            r#"["n","e","s","w"]"#,
        ),
        (
            "union(createArray(1), createArray(2), createArray(3, 1))",
            "[1,2,3]",
        ),
        // Arrays within arrays are items, not merged.
        (
            "union(createArray(createArray(1, 2), createArray(3)), createArray(createArray(3), createArray(4, 2)))",
            "[[1,2],[3],[4,2]]",
        ),
        (
            "intersection(createArray('n', 'e', 's'), createArray('e', 's'))",
            r#"["e","s"]"#,
        ),
        (
            "intersection(createArray(1, 2, 3), createArray(2, 3, 4), createArray(3))",
            "[3]",
        ),
        ("intersection(createArray('a'), createArray('A'))", "[]"),
    ]);
}

#[test]
fn parts_of_arrays_and_strings_are_taken() {
    check(&[
        ("first(createArray('n', 's'))", r#""n""#),
        ("first('North')", r#""N""#),
        ("first(createArray())", "null"),
        ("first('')", r#""""#),
        ("last(createArray('n', 's'))", r#""s""#),
        ("last('North')", r#""h""#),
        ("last(createArray())", "null"),
        ("take(createArray(1, 2, 3), 2)", "[1,2]"),
        ("take('abc', 2)", r#""ab""#),
        ("take(createArray(1, 2), 5)", "[1,2]"),
        ("take(createArray(1, 2), 0)", "[]"),
        ("take(createArray(1, 2), -1)", "[]"),
        ("take('abc', 0)", r#""""#),
        ("take('abc', 9)", r#""abc""#),
        ("skip(createArray(1, 2, 3), 2)", "[3]"),
        ("skip('one two', 4)", r#""two""#),
        ("skip(createArray(1, 2), 5)", "[]"),
        ("skip(createArray(1, 2), 0)", "[1,2]"),
        ("skip(createArray(1, 2), -1)", "[1,2]"),
        ("skip('abc', 9)", r#""""#),
        ("length(createArray(1, 2))", "2"),
        ("length('One Two Three')", "13"),
        (
            "length(createObject('a', 1, 'b', createObject('c', 1)))",
            "2",
        ),
        ("length('')", "0"),
        ("indexFromEnd(createArray('a', 'b', 'c'), 1)", r#""c""#),
        ("indexFromEnd(createArray('a', 'b', 'c'), 3)", r#""a""#),
        ("tryIndexFromEnd(createArray('a', 'b', 'c'), 2)", r#""b""#),
        ("tryIndexFromEnd(createArray('a'), 2)", "null"),
        ("tryIndexFromEnd(createArray('a'), 0)", "null"),
        ("tryIndexFromEnd(null(), 1)", "null"),
        (
            "tryIndexFromEnd(createArray(createObject('p', 443)), 1, 'p')",
            "443",
        ),
        (
            "tryIndexFromEnd(createArray(createObject('p', 443)), 1, 'q')",
            "null",
        ),
    ]);
}

#[test]
fn contents_are_looked_for() {
    check(&[
        ("contains('OneTwo', 'eT')", "true"),
        ("contains('OneTwo', 'et')", "false"),
        ("contains('port 443', 44)", "true"),
        ("contains(createObject('One', 'a'), 'one')", "true"),
        ("contains(createObject('One', 'a'), 'a')", "false"),
        ("contains(createArray('one', 2), 'one')", "true"),
        ("contains(createArray('one', 2), 'One')", "false"),
        ("contains(createArray('one', 2), 2)", "true"),
        ("contains(createArray('2'), 2)", "false"),
        (
            "contains(createArray(createObject('a', createArray(1))), createObject('a', createArray(1)))",
            "true",
        ),
        ("empty(createArray())", "true"),
        ("empty(createObject())", "true"),
        ("empty('')", "true"),
        ("empty(null())", "true"),
        ("empty(' ')", "false"),
        ("empty(createArray(null()))", "false"),
        ("indexOf(createArray('a', 'b', 'a'), 'a')", "0"),
        ("lastIndexOf(createArray('a', 'b', 'a'), 'a')", "2"),
        ("indexOf(createArray('a'), 'A')", "-1"),
    ]);
}

#[test]
fn wrong_arguments_of_array_functions_are_told_at_the_argument() {
    refused(&[
        ("first(7)", "an array or a string, not a whole number", "7"),
        ("length(true())", "not a boolean", "true()"),
        ("length(null())", "not null", "null()"),
        ("empty(3)", "not a whole number", "3"),
        (
            "concat(createArray(1), 'a')",
            "only arrays where one argument is an array, not a string",
            "'a'",
        ),
        (
            "concat('a', createObject())",
            "strings or arrays, not an object",
            "createObject()",
        ),
        (
            "skip(createArray(1), 'a')",
            "a whole number, not a string",
            "'a'",
        ),
        ("take(5, 1)", "an array or a string", "5"),
        (
            "range(0, 10001)",
            "between 0 and 10000 numbers, not 10001",
            "10001",
        ),
        ("range(0, -1)", "not -1", "-1"),
        ("range(2147483647, 1)", "2147483647", "range(2147483647, 1)"),
        (
            "flatten(createArray(1))",
            "an array of arrays, not of a whole number",
            "createArray(1)",
        ),
        (
            "union(createArray(), createObject())",
            "only arrays",
            "createObject()",
        ),
        (
            "intersection('a', 'b')",
            "arrays or objects, not a string",
            "'a'",
        ),
        (
            "contains(createObject('a', 1), createArray())",
            "a string or a whole number to look for, not an array",
            "createArray()",
        ),
        (
            "indexFromEnd(createArray('a'), 2)",
            "this array has no item 2 from its end",
            "2",
        ),
        ("objectKeys('a')", "an object, not a string", "'a'"),
        (
            "distinct(createObject())",
            "an array, not an object",
            "createObject()",
        ),
        (
            "union(createArray())",
            "at least 2 arguments, not 1",
            "union(createArray())",
        ),
    ]);
}

#[test]
fn lengths_are_bounded_by_what_is_known() {
    let declarations =
        r#""parameters": { "more": { "type": "array" }, "name": { "type": "string" } },"#;
    let least = |expression: &str| match &evaluated(declarations, expression).0.as_unknown() {
        Some(unknown) => match unknown.bounds {
            Bounds::Range(least, None) => least,
            ref other => panic!("{expression}: {other:?}"),
        },
        None => panic!("{expression} is known"),
    };
    assert_eq!(
        least("length(concat(createArray(1, 2), parameters('more')))"),
        Some(2)
    );
    assert_eq!(least("length(concat('nsg-', parameters('name')))"), Some(4));
    check_with(
        declarations,
        &[
            (
                "greater(length(concat(createArray(1), parameters('more'))), 0)",
                "true",
            ),
            (
                "equals(length(concat(createArray(1), parameters('more'))), 0)",
                "false",
            ),
            (
                "intersection(createArray('a'), concat(createArray('a'), parameters('more')))",
                r#"["a"]"#,
            ),
            ("take(concat('snet-', parameters('name')), 4)", r#""snet""#),
        ],
    );
}

#[test]
fn lists_and_objects_keep_what_is_known_of_them() {
    let declarations =
        r#""parameters": { "more": { "type": "array" }, "o": { "type": "object" } },"#;
    for (expression, expected) in [
        (
            "concat(createArray('a'), parameters('more'))",
            r#"["a",...${parameters('more')}]"#,
        ),
        (
            "union(createArray('a'), parameters('more'))",
            r#"["a",...${parameters('more')}]"#,
        ),
        (
            "union(parameters('o'), createObject('k', 1))",
            r#"{"k":1,...${parameters('o')}}"#,
        ),
        (
            "union(createObject('k', 1), parameters('o'))",
            r#"{...${parameters('o')}}"#,
        ),
        (
            "contains(concat(createArray('a'), parameters('more')), 'a')",
            "true",
        ),
        (
            "empty(concat(createArray('a'), parameters('more')))",
            "false",
        ),
        (
            "union(createObject('k', 1), parameters('o')).x",
            "${parameters('o').x}",
        ),
        ("parameters('o').a.b[0]", "${parameters('o').a.b[0]}"),
    ] {
        let (value, messages) = evaluated(declarations, expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(show(&value), expected, "{expression}");
    }
}
