use super::check;

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
        ("json('{/* short */ \"a\": [1, 2,],}')", r#"{"a":[1,2]}"#),
    ]);
}
