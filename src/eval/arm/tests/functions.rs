use super::{evaluated, show, unknown};
use crate::eval::value::{Bounds, Reason};

fn check(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&show(&value), expected, "{expression}");
    }
}

#[test]
fn functions_on_strings_give_what_azure_documents() {
    check(&[
        ("concat('prefix', '-', 5, true())", r#""prefix-5True""#),
        (
            "format('{0}, {1}. Formatted number: {2:D4}, {{}}', 'Hello', 'User', 12)",
            r#""Hello, User. Formatted number: 0012, {}""#,
        ),
        ("format('{0:000}', 7)", r#""007""#),
        ("toLower('One TWO')", r#""one two""#),
        ("toUpper('One')", r#""ONE""#),
        ("trim('  a b ')", r#""a b""#),
        ("replace('123-123-1234', '-', '')", r#""1231231234""#),
        ("split('one,two', ',')", r#"["one","two"]"#),
        (
            "split('one;two,three', createArray(',', ';'))",
            r#"["one","two","three"]"#,
        ),
        ("substring('one two three', 4, 3)", r#""two""#),
        ("indexOf('abcdef', 'DE')", "3"),
        ("lastIndexOf('test', 't')", "3"),
        ("indexOf('test', 'z')", "-1"),
        ("endsWith('abcdef', 'EF')", "true"),
        ("startsWith('abcdef', 'e')", "false"),
        ("padLeft('123', 10, '0')", r#""0000000123""#),
        ("padLeft(5, 2, '0')", r#""05""#),
        ("string(createArray('a', 1))", r#""[\"a\",1]""#),
        ("base64('one, two')", r#""b25lLCB0d28=""#),
        ("base64ToString('b25l')", r#""one""#),
        (
            "uri('http://contoso.org/firstpath', 'myscript.sh')",
            r#""http://contoso.org/myscript.sh""#,
        ),
        (
            "uri('http://contoso.org/firstpath/', 'myscript.sh')",
            r#""http://contoso.org/firstpath/myscript.sh""#,
        ),
        (
            "uri('http://contoso.org/firstpath/azuredeploy.json', '/x.sh')",
            r#""http://contoso.org/x.sh""#,
        ),
        ("uriComponent('http://a b')", r#""http%3A%2F%2Fa%20b""#),
        ("join(createArray('one', 'two'), '+')", r#""one+two""#),
        ("take('abc', 2)", r#""ab""#),
        ("skip('abc', 2)", r#""c""#),
        ("first('abc')", r#""a""#),
        ("last('abc')", r#""c""#),
        ("length('abc')", "3"),
        ("'it''s'", r#""it's""#),
        ("json('{\"a\": [1, null, \"x\"]}')", r#"{"a":[1,null,"x"]}"#),
    ]);
}

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
fn functions_on_numbers_booleans_and_addresses_give_what_azure_documents() {
    check(&[
        ("add(5, 3)", "8"),
        ("sub(7, 3)", "4"),
        ("mul(5, 3)", "15"),
        ("div(8, 3)", "2"),
        ("mod(7, 3)", "1"),
        ("int('4')", "4"),
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
        ("cidrSubnet('10.144.0.0/20', 24, 1)", r#""10.144.1.0/24""#),
        ("cidrSubnet('2001:db8::/32', 48, 2)", r#""2001:db8:2::/48""#),
        ("cidrHost('10.144.3.0/24', 0)", r#""10.144.3.1""#),
        (
            "parseCidr('10.144.5.1/20')",
            r#"{"network":"10.144.0.0","netmask":"255.255.240.0","broadcast":"10.144.15.255","firstUsable":"10.144.0.1","lastUsable":"10.144.15.254","cidr":20}"#,
        ),
    ]);
}

#[test]
fn ids_follow_the_scope_and_the_type() {
    let group =
        "/subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}";
    let cases = [
        ("resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')", format!("{group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s")),
        ("resourceId('rg', 'Microsoft.Network/virtualNetworks', 'v')", "/subscriptions/${subscription().subscriptionId}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v".to_owned()),
        ("resourceId('0-1', 'rg', 'Microsoft.Network/virtualNetworks/', 'v')", "/subscriptions/0-1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v".to_owned()),
        ("subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg')", "/subscriptions/${subscription().subscriptionId}/resourceGroups/rg".to_owned()),
        ("tenantResourceId('Microsoft.Management/managementGroups', 'm')", "/providers/Microsoft.Management/managementGroups/m".to_owned()),
        ("extensionResourceId('/x/y', 'Microsoft.Authorization/locks', 'l')", "/x/y/providers/Microsoft.Authorization/locks/l".to_owned()),
        ("resourceGroup().id", group.to_owned()),
    ];
    for (expression, expected) in cases {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(show(&value), format!("{expected:?}"), "{expression}");
    }
}

#[test]
fn what_only_azure_knows_is_unknown_under_its_name() {
    for (expression, label) in [
        ("resourceGroup().location", "resourceGroup().location"),
        ("subscription().tenantId", "subscription().tenantId"),
        ("utcNow()", "utcNow()"),
        (
            "listKeys('x', '2021-01-01').keys[0].value",
            "listKeys().keys[0].value",
        ),
        ("uniqueString('a')", "uniqueString()"),
        (
            "environment().suffixes.storage",
            "environment().suffixes.storage",
        ),
    ] {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&*unknown(&value).label, label);
        assert!(
            matches!(unknown(&value).reason, Reason::RunTimeFunction(_)),
            "{expression}: {:?}",
            unknown(&value).reason
        );
    }
    let (value, _) = evaluated("", "somethingNew(1)");
    assert_eq!(
        unknown(&value).reason,
        Reason::UnsupportedFunction("somethingNew".into())
    );
}

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

#[test]
fn user_defined_functions_see_their_parameters_only() {
    let declarations = r#""functions": [{ "namespace": "contoso", "members": { "join": {
        "parameters": [{ "name": "a", "type": "string" }, { "name": "b", "type": "string" }],
        "output": { "type": "string", "value": "[concat(parameters('a'), '/', parameters('b'))]" } } } }],
        "parameters": { "a": { "type": "string", "defaultValue": "outer" } },"#;
    let (value, messages) = evaluated(declarations, "Contoso.Join('x', parameters('a'))");
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(show(&value), r#""x/outer""#);
}
