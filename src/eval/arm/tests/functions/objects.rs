use super::{check, check_with, refused};

#[test]
fn objects_are_made_and_read() {
    check(&[
        ("createObject()", "{}"),
        (
            "createObject('port', 22, 'open', true(), 'tags', createArray('a'), 'o', createObject('k', null()))",
            r#"{"port":22,"open":true,"tags":["a"],"o":{"k":null}}"#,
        ),
        ("null()", "null"),
        ("json('null')", "null"),
        ("empty(json('null'))", "true"),
        ("json('3')", "3"),
        ("json('[1,2]')", "[1,2]"),
        (
            "items(createObject('b', 1, 'a', createObject('x', 2)))",
            r#"[{"key":"a","value":{"x":2}},{"key":"b","value":1}]"#,
        ),
        ("items(createObject())", "[]"),
        ("items(createObject('b', 1, 'A', 2))[0].key", r#""A""#),
        ("objectKeys(createObject('b', 1, 'a', 2))", r#"["a","b"]"#),
        ("objectKeys(createObject())", "[]"),
    ]);
}

#[test]
fn objects_are_merged_deeply_or_at_the_top() {
    check(&[
        (
            "union(createObject('a', 1, 'b', 2), createObject('b', 3, 'c', 4))",
            r#"{"a":1,"b":3,"c":4}"#,
        ),
        // Objects within are merged, arrays within replaced.
        (
            "union(createObject('o', createObject('x', 1, 'y', 2), 'l', createArray(1, 2)), createObject('o', createObject('y', 3), 'l', createArray(3)))",
            r#"{"o":{"x":1,"y":3},"l":[3]}"#,
        ),
        (
            "union(createObject('Name', 1), createObject('name', 2))",
            r#"{"Name":2}"#,
        ),
        (
            "union(createObject('a', 1), createObject('b', 2), createObject('a', 3))",
            r#"{"a":3,"b":2}"#,
        ),
        (
            "shallowMerge(createArray(createObject('o', createObject('x', 1)), createObject('o', createObject('y', 2))))",
            r#"{"o":{"y":2}}"#,
        ),
        ("shallowMerge(createArray())", "{}"),
        (
            "intersection(createObject('a', 1, 'b', 2, 'c', 3), createObject('a', 1, 'b', 9, 'c', 3))",
            r#"{"a":1,"c":3}"#,
        ),
        ("intersection(createObject('a', 1), createObject())", "{}"),
    ]);
}

#[test]
fn a_property_that_may_be_missing_is_null() {
    check(&[
        ("tryGet(createObject('a', 1), 'a')", "1"),
        ("tryGet(createObject('a', 1), 'A')", "1"),
        ("tryGet(createObject('a', 1), 'b')", "null"),
        ("tryGet(null(), 'b')", "null"),
        ("tryGet(createArray('x'), 0)", r#""x""#),
        ("tryGet(createArray('x'), 1)", "null"),
        (
            "tryGet(createObject('a', createObject('b', createArray(5))), 'a', 'b', 0)",
            "5",
        ),
        (
            "tryGet(createObject('a', createObject()), 'a', 'b', 0)",
            "null",
        ),
        ("createObject('a', 1).?b.c.d", "null"),
        ("createObject('a', createArray(1)).a[?3]", "null"),
    ]);
}

#[test]
fn an_object_known_in_part_keeps_what_is_known_of_it() {
    let declarations = r#""parameters": { "o": { "type": "object" }, "k": { "type": "string" }, "l": { "type": "array" } },"#;
    check_with(
        declarations,
        &[
            (
                "objectKeys(union(parameters('o'), createObject('k', 1)))",
                r#"["k",...${parameters('o')}]"#,
            ),
            (
                "items(union(parameters('o'), createObject('k', 1)))",
                r#"[{"key":"k","value":1},...${parameters('o')}]"#,
            ),
            (
                "contains(union(parameters('o'), createObject('k', 1)), 'K')",
                "true",
            ),
            // Under a key that is not known an earlier entry may be hidden, a later one is not.
            (
                "createObject('a', 1, parameters('k'), 2, 'b', 3)",
                r#"{"b":3,...${parameters('k')}}"#,
            ),
            (
                "createObject('a', 1, concat('x-', parameters('k')), 2)",
                r#"{"a":1,...${parameters('k')}}"#,
            ),
            (
                "shallowMerge(concat(createArray(createObject('a', 1)), parameters('l')))",
                "{...${parameters('l')}}",
            ),
        ],
    );
}

#[test]
fn wrong_arguments_of_object_functions_are_told() {
    refused(&[
        (
            "items(createArray())",
            "an object, not an array",
            "createArray()",
        ),
        (
            "createObject('a')",
            "needs a value for every key",
            "createObject('a')",
        ),
        (
            "createObject(1, 2)",
            "strings as keys, not a whole number",
            "1",
        ),
        (
            "shallowMerge(createArray(1))",
            "objects, not a whole number",
            "createArray(1)",
        ),
        (
            "createObject('a', 1).b",
            "this object has no property 'b'",
            "createObject('a', 1).b",
        ),
    ]);
}
