use super::super::{Files, at, resource, with_schema};
use super::{check, check_with, refused};

#[test]
fn lambdas_are_applied_to_each_item() {
    check(&[
        (
            "map(createArray('a', 'b'), lambda('x', concat(lambdaVariables('x'), '!')))",
            r#"["a!","b!"]"#,
        ),
        (
            "map(createArray('a', 'b'), lambda('x', 'i', format('{0}{1}', lambdaVariables('i'), lambdaVariables('x'))))",
            r#"["0a","1b"]"#,
        ),
        (
            "map(createArray(), lambda('x', lambdaVariables('x')))",
            "[]",
        ),
        (
            "map(range(0, 2), lambda('i', createObject('n', lambdaVariables('I'))))",
            r#"[{"n":0},{"n":1}]"#,
        ),
        (
            "filter(range(0, 6), lambda('n', equals(mod(lambdaVariables('n'), 2), 0)))",
            "[0,2,4]",
        ),
        (
            "filter(createArray('a', 'b', 'c'), lambda('x', 'i', greater(lambdaVariables('i'), 0)))",
            r#"["b","c"]"#,
        ),
        (
            "reduce(range(1, 4), 10, lambda('sum', 'n', add(lambdaVariables('sum'), lambdaVariables('n'))))",
            "20",
        ),
        (
            "reduce(createArray(createObject('a', 1), createObject('b', 2)), createObject(), lambda('all', 'one', union(lambdaVariables('all'), lambdaVariables('one'))))",
            r#"{"a":1,"b":2}"#,
        ),
        (
            "reduce(createArray('x', 'y'), '', lambda('all', 'one', 'i', concat(lambdaVariables('all'), lambdaVariables('one'), lambdaVariables('i'))))",
            r#""x0y1""#,
        ),
        (
            "reduce(createArray(), 'start', lambda('all', 'one', lambdaVariables('one')))",
            r#""start""#,
        ),
        (
            "sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
            "[1,2,3]",
        ),
        (
            "sort(createArray('b', 'C', 'a'), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
            r#"["a","b","C"]"#,
        ),
        (
            "sort(createArray(3, 1, 2), lambda('a', 'b', false()))",
            "[3,1,2]",
        ),
    ]);
}

#[test]
fn lambdas_make_objects() {
    check(&[
        (
            "toObject(createArray(createObject('n', 'web', 'p', 80)), lambda('e', lambdaVariables('e').n))",
            r#"{"web":{"n":"web","p":80}}"#,
        ),
        (
            "toObject(createArray(createObject('n', 'web', 'p', 80)), lambda('e', lambdaVariables('e').n), lambda('e', lambdaVariables('e').p))",
            r#"{"web":80}"#,
        ),
        (
            "groupBy(createArray('ab', 'cd', 'ax'), lambda('s', first(lambdaVariables('s'))))",
            r#"{"a":["ab","ax"],"c":["cd"]}"#,
        ),
        (
            "groupBy(createArray('ab', 'cd', 'ax'), lambda('s', first(lambdaVariables('s'))), lambda('s', toUpper(lambdaVariables('s'))))",
            r#"{"a":["AB","AX"],"c":["CD"]}"#,
        ),
        (
            "mapValues(createObject('a', 'x', 'b', 'y'), lambda('v', toUpper(lambdaVariables('v'))))",
            r#"{"a":"X","b":"Y"}"#,
        ),
    ]);
}

#[test]
fn a_lambda_sees_the_lambdas_around_it() {
    check(&[
        (
            "map(createArray(1, 2), lambda('a', map(createArray(10), lambda('b', add(lambdaVariables('a'), lambdaVariables('b'))))))",
            "[[11],[12]]",
        ),
        (
            "map(createArray(1), lambda('a', map(createArray(2), lambda('a', lambdaVariables('a')))))",
            "[[2]]",
        ),
    ]);
}

#[test]
fn of_items_known_in_part_the_result_is_known_in_part() {
    let declarations = r#""parameters": { "more": { "type": "array" }, "on": { "type": "bool" },
        "o": { "type": "object" } },"#;
    check_with(
        declarations,
        &[
            (
                "map(concat(createArray('a'), parameters('more')), lambda('x', toUpper(lambdaVariables('x'))))",
                r#"["A",...${parameters('more')}]"#,
            ),
            (
                "filter(createArray('a', 'b'), lambda('x', or(equals(lambdaVariables('x'), 'a'), parameters('on'))))",
                r#"["a",...${or(false, parameters('on'))}]"#,
            ),
            (
                "mapValues(union(parameters('o'), createObject('k', 1)), lambda('v', string(lambdaVariables('v'))))",
                r#"{"k":"1",...${parameters('o')}}"#,
            ),
            (
                "toObject(concat(createArray('a'), parameters('more')), lambda('x', lambdaVariables('x')))",
                r#"{"a":"a",...${parameters('more')}}"#,
            ),
            (
                "sort(concat(createArray(1), parameters('more')), lambda('a', 'b', true()))",
                "${sort([1, …parameters('more')], …)}",
            ),
        ],
    );
}

#[test]
fn what_is_wrong_with_a_lambda_is_told_where_it_is() {
    refused(&[
        (
            "map('a', lambda('x', 1))",
            "'map' needs an array, not a string",
            "'a'",
        ),
        (
            "mapValues(createArray(), lambda('x', 1))",
            "an object, not an array",
            "createArray()",
        ),
        (
            "filter(createArray(), true())",
            "needs a lambda here",
            "true()",
        ),
        (
            "sort(createArray(), lambda('a', true()))",
            "a lambda of 2 parameters, not 1",
            "lambda('a', true())",
        ),
        (
            "map(createArray(), lambda('a', 'b', 'c', 1))",
            "1 or 2 parameters, not 3",
            "lambda('a', 'b', 'c', 1)",
        ),
        (
            "filter(createArray('a'), lambda('x', lambdaVariables('x')))",
            "has to give a boolean, not a string",
            "lambdaVariables('x')",
        ),
        (
            "toObject(createArray(5), lambda('x', lambdaVariables('x')))",
            "has to give a string, not a whole number",
            "lambdaVariables('x')",
        ),
        (
            "map(createArray(1), lambda('x', lambdaVariables('y')))",
            "there is no lambda variable of this name here",
            "lambdaVariables('y')",
        ),
        (
            "concat('a', lambda('x', 1))",
            "a lambda stands only where a function expects one",
            "lambda('x', 1)",
        ),
        (
            "reduce(createArray(), 0)",
            "3 arguments, not 2",
            "reduce(createArray(), 0)",
        ),
    ]);
}

#[test]
fn a_result_leads_back_to_what_reached_it() {
    let template = with_schema(
        r#""variables": { "ports": [ 22, 443 ] },
        "resources": [{ "type": "A.B/c", "name": "x", "properties": {
            "last": "[reduce(variables('ports'), 1, lambda('all', 'one', lambdaVariables('one')))]",
            "open": "[filter(variables('ports'), lambda('p', greater(lambdaVariables('p'), 80)))]",
            "by": "[groupBy(variables('ports'), lambda('p', concat('p', lambdaVariables('p'))))]",
            "some": "[items(createObject('b', 8080))]" } }]"#,
    );
    let files = Files::new(&[("main.json", &template)]);
    let deployment = files.deploy("main.json");
    let resource = resource(&deployment, "A.B/c/x");
    let typed = |path: &str| {
        let value = at(resource, &format!("properties.{path}"));
        files.typed(&deployment, value.origin)
    };
    assert_eq!(typed("last"), ["443"]);
    assert_eq!(typed("open.0"), ["443"]);
    assert_eq!(typed("by.p22.0"), ["22"]);
    assert_eq!(typed("some.0.value"), ["8080"]);
}
