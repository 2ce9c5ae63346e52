use super::super::{evaluated, show};
use super::check;

#[test]
fn functions_on_arrays_and_objects_give_what_azure_documents() {
    check(&[
        ("concat(createArray(1), createArray(2, 3))", "[1,2,3]"),
        (
            "union(createArray('one', 'two'), createArray('two', 'three'))",
            r#"["one","two","three"]"#,
        ),
        (
            "union(json('{\"a\": {\"x\": 1, \"l\": [1]}}'), json('{\"A\": {\"y\": 2, \"l\": [2]}}'))",
            r#"{"a":{"x":1,"l":[2],"y":2}}"#,
        ),
        (
            "intersection(createArray('one', 'two', 'three'), createArray('two', 'three'))",
            r#"["two","three"]"#,
        ),
        ("contains(createArray('one'), 'one')", "true"),
        ("contains(createObject('One', 1), 'one')", "true"),
        ("contains('OneTwo', 'two')", "false"),
        ("empty(createArray())", "true"),
        ("empty('')", "true"),
        ("empty(null())", "true"),
        ("first(createArray(7, 8))", "7"),
        ("last(createArray(7, 8))", "8"),
        ("length(createObject('a', 1, 'b', 2))", "2"),
        ("range(5, 3)", "[5,6,7]"),
        ("skip(createArray(1, 2, 3), 2)", "[3]"),
        ("take(createArray(1, 2, 3), 2)", "[1,2]"),
        (
            "flatten(createArray(createArray(1, 2), createArray(3)))",
            "[1,2,3]",
        ),
        ("array('a')", r#"["a"]"#),
        ("createObject('k', createArray(true()))", r#"{"k":[true]}"#),
        (
            "items(createObject('b', 1, 'a', 2))",
            r#"[{"key":"a","value":2},{"key":"b","value":1}]"#,
        ),
        ("objectKeys(createObject('b', 1, 'a', 2))", r#"["a","b"]"#),
        (
            "shallowMerge(createArray(createObject('a', 1), createObject('a', 2, 'b', 3)))",
            r#"{"a":2,"b":3}"#,
        ),
        ("indexOf(createArray('a', 'b'), 'b')", "1"),
        ("max(createArray(0, 3, 2))", "3"),
        ("min(4, 3, 5)", "3"),
        (
            "map(createArray('a', 'b'), lambda('x', concat(lambdaVariables('x'), '!')))",
            r#"["a!","b!"]"#,
        ),
        (
            "filter(range(0, 5), lambda('n', greater(lambdaVariables('n'), 2)))",
            "[3,4]",
        ),
        (
            "reduce(range(1, 4), 0, lambda('sum', 'n', add(lambdaVariables('sum'), lambdaVariables('n'))))",
            "10",
        ),
        (
            "sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
            "[1,2,3]",
        ),
        (
            "toObject(createArray('a', 'b'), lambda('k', lambdaVariables('k')), lambda('k', toUpper(lambdaVariables('k'))))",
            r#"{"a":"A","b":"B"}"#,
        ),
        (
            "tryGet(createObject('a', createObject('b', 1)), 'a', 'b')",
            "1",
        ),
        ("tryGet(createObject('a', 1), 'x')", "null"),
        ("tryGet(createArray(1), 4)", "null"),
        ("createObject('a', 1).?b.c", "null"),
        ("createArray(createObject('A', 5))[0].a", "5"),
        ("createObject('a b', 5)['a b']", "5"),
        (
            "coalesce(null(), tryGet(createObject('a', 1), 'z'), 'd')",
            r#""d""#,
        ),
    ]);
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
