use super::{check, evaluated, show};

#[test]
fn functions_on_strings_give_what_azure_documents() {
    check(&[
        ("concat('prefix', '-', 5, true())", r#""prefix-5True""#),
        ("toLower('One TWO')", r#""one two""#),
        ("toUpper('One')", r#""ONE""#),
        ("toUpper('straße')", r#""STRAßE""#),
        ("trim('  a b ')", r#""a b""#),
        ("replace('123-123-1234', '-', '')", r#""1231231234""#),
        ("replace('10-20-30', '20-30', 'x')", r#""10-x""#),
        ("replace('abc', 'B', 'x')", r#""abc""#),
        ("split('one,two', ',')", r#"["one","two"]"#),
        (
            "split('one;two,three', createArray(',', ';'))",
            r#"["one","two","three"]"#,
        ),
        ("split('a,,b,', ',')", r#"["a","","b",""]"#),
        ("split('', ',')", r#"[""]"#),
        ("substring('one two three', 4, 3)", r#""two""#),
        ("substring('one two three', 8)", r#""three""#),
        ("substring('abc', 3, 0)", r#""""#),
        ("indexOf('abcdef', 'DE')", "3"),
        ("indexOf('abcabc', 'c')", "2"),
        ("lastIndexOf('abcabc', 'C')", "5"),
        ("indexOf('test', 'z')", "-1"),
        ("indexOf('test', '')", "0"),
        ("endsWith('abcdef', 'EF')", "true"),
        ("startsWith('abcdef', 'AB')", "true"),
        ("startsWith('abcdef', 'e')", "false"),
        ("startsWith('ab', 'abc')", "false"),
        ("padLeft('123', 10, '0')", r#""0000000123""#),
        ("padLeft(5, 2, '0')", r#""05""#),
        ("padLeft('abc', 5)", r#""  abc""#),
        ("padLeft('abc', 2, '*')", r#""abc""#),
        ("string(createArray('a', 1))", r#""[\"a\",1]""#),
        (
            "string(createObject('a', true(), 'b', null()))",
            r#""{\"a\":true,\"b\":null}""#,
        ),
        ("string(float('1.50'))", r#""1.5""#),
        ("string(createArray(float('2.0')))", r#""[2.0]""#),
        ("string(5)", r#""5""#),
        ("join(createArray('one', 'two'), '+')", r#""one+two""#),
        ("join(createArray(), '+')", r#""""#),
        ("take('abc', 2)", r#""ab""#),
        ("skip('abc', 2)", r#""c""#),
        ("first('abc')", r#""a""#),
        ("last('abc')", r#""c""#),
        ("length('abc')", "3"),
        ("'it''s'", r#""it's""#),
        ("json('{\"a\": [1, null, \"x\"]}')", r#"{"a":[1,null,"x"]}"#),
        (
            "json('{''a'': ''say \"y\"'', \"b\": ''''}')",
            r#"{"a":"say \"y\"","b":""}"#,
        ),
        (
            "json(format('{0}', createObject('k', createArray('v'))))",
            r#"{"k":["v"]}"#,
        ),
    ]);
}

#[test]
fn encodings_and_addresses_go_both_ways() {
    check(&[
        ("base64('one, two')", r#""b25lLCB0d28=""#),
        ("base64ToString('b25l')", r#""one""#),
        ("base64ToJson(base64('{\"x\": 4}'))", r#"{"x":4}"#),
        ("base64ToJson(base64('{''x'': ''4''}'))", r#"{"x":"4"}"#),
        (
            "dataUri('Hi')",
            r#""data:text/plain;charset=utf8;base64,SGk=""#,
        ),
        (
            "dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')",
            r#""Hello, World!""#,
        ),
        ("dataUriToString('data:text/plain,a%20b')", r#""a b""#),
        ("dataUriToString(dataUri('x;y'))", r#""x;y""#),
        ("uriComponent('http://a b')", r#""http%3A%2F%2Fa%20b""#),
        ("uriComponentToString('a%2Fb%zz')", r#""a/b%zz""#),
    ]);
    let base = "http://contoso.org/nested/main.json";
    for (base, relative, expected) in [
        (
            "http://contoso.org/first",
            "x.sh",
            "http://contoso.org/x.sh",
        ),
        (
            "http://contoso.org/first/",
            "x.sh",
            "http://contoso.org/first/x.sh",
        ),
        ("http://contoso.org", "x.sh", "http://contoso.org/x.sh"),
        (base, "/x.sh", "http://contoso.org/x.sh"),
        (base, "../x.sh", "http://contoso.org/x.sh"),
        (base, "./a/./b.json", "http://contoso.org/nested/a/b.json"),
        (base, "../../../x.sh", "http://contoso.org/x.sh"),
        (base, "https://other/x", "https://other/x"),
        (base, "?q=1", "http://contoso.org/nested/main.json?q=1"),
        (
            "http://contoso.org/a/b.json?sas=1/2",
            "c.json",
            "http://contoso.org/a/c.json",
        ),
    ] {
        check(&[(
            &format!("uri('{base}', '{relative}')"),
            &format!("{expected:?}"),
        )]);
    }
}

#[test]
fn composite_formats_are_those_of_net() {
    check(&[
        (
            "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
            r#""Hello, User. Formatted number: 8,175,133""#,
        ),
        ("format('{0}{{{1}}}', 'a', 1)", r#""a{1}""#),
        ("format('no places')", r#""no places""#),
        ("format('{0:000}', 7)", r#""007""#),
        ("format('{0:D4}|{0:X}|{0:x4}', 255)", r#""0255|FF|00ff""#),
        ("format('{0,6:D3}|{0,-6}|', 42)", r#""   042|42    |""#),
        ("format('{1,-3}{0, 3 }', 'a', 'b')", r#""b    a""#),
        ("format('{0 }', 'a')", r#""a""#),
        ("format('{0:F1} {0:E2}', 1234)", r#""1234.0 1.23E+003""#),
        ("format('{0:#,##0}', 1234567)", r#""1,234,567""#),
        ("format('{0:D4}', '12')", r#""12""#),
        ("format('{0} {1}', true(), null())", r#""True ""#),
        (
            "format('{0} {1}', createObject('a', 'b'), createArray(true(), 2))",
            r#""{'a':'b'} [true,2]""#,
        ),
    ]);
}

#[test]
fn what_azure_refuses_is_told() {
    for (expression, part) in [
        (
            "substring('1234567890', 0, 11)",
            "has 10 characters, not 11",
        ),
        ("substring('abc', -1)", "below zero"),
        ("substring('abc', 0, -1)", "below zero"),
        ("padLeft('a', 5, 'xy')", "pads with one character"),
        ("replace('a', '', 'b')", "needs something to look for"),
        ("format('{0', 'a')", "unpaired brace"),
        ("format('{1}', 'a')", "asks for {1}"),
        ("format('{a}', 'a')", "no place of a format string"),
        ("format('{0:Q}', 1)", "no format"),
        ("base64ToString('*')", "no base64"),
        ("dataUriToString('data')", "no data URI"),
        ("uri('contoso', 'x')", "no absolute address"),
        ("json('{')", "no JSON"),
    ] {
        let (_, messages) = evaluated("", expression);
        assert!(
            matches!(messages.as_slice(), [only] if only.contains(part)),
            "{expression}: {messages:?}"
        );
    }
}

#[test]
fn what_would_be_too_long_is_not_made() {
    let many = "padLeft('', 90000, 'a')";
    for expression in [
        "format('{0,4194305}', 'a')".to_owned(),
        "format('{0:D10001}', 1)".to_owned(),
        "padLeft('a', 100001)".to_owned(),
        format!("replace({many}, 'a', '{}')", "b".repeat(99)),
        format!("join(split({many}, 'a'), '{}')", "b".repeat(99)),
    ] {
        let (value, messages) = evaluated("", &expression);
        assert!(
            matches!(messages.as_slice(), [only] if only.contains("too large")),
            "{messages:?}"
        );
        assert!(value.as_unknown().is_some());
    }
    // Long, but not too long: each part is put in its place once.
    let many = "padLeft('', 40000, 'a')";
    let (value, messages) = evaluated("", &format!("length(replace({many}, 'a', 'bb'))"));
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(value.as_i64(), Some(80_000));
}

#[test]
fn what_no_source_settles_stays_open() {
    for expression in [
        "format('{0:C}', 5)",
        "format('{0:P1}', 5)",
        "lastIndexOf('abc', '')",
        "parseUri('https://contoso.org/x')",
        "int(float('2.5'))",
    ] {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert!(
            value.as_unknown().is_some(),
            "{expression}: {}",
            show(&value)
        );
    }
}
