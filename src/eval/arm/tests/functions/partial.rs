use super::{evaluated, show, unknown};
use crate::eval::value::{Bounds, Truth, Value};
use crate::origin::OriginId;

const DECLARED: &str = r#""parameters": {
    "p": { "type": "string" }, "q": { "type": "string" }, "vnetId": { "type": "string" },
    "n": { "type": "int" }, "few": { "type": "int", "minValue": 1, "maxValue": 9 },
    "env": { "type": "string", "allowedValues": ["dev", "prod"] } },"#;

fn value(expression: &str) -> Value {
    let (value, messages) = evaluated(DECLARED, expression);
    assert!(messages.is_empty(), "{expression}: {messages:?}");
    value
}

fn shown(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(&show(&value(expression)), expected, "{expression}");
    }
}

#[test]
fn known_ends_of_a_string_decide_what_they_can() {
    shown(&[
        ("startsWith(concat('web-', parameters('p')), 'WEB')", "true"),
        (
            "startsWith(concat('web-', parameters('p')), 'app')",
            "false",
        ),
        ("endsWith(concat(parameters('p'), '-nsg'), '-NSG')", "true"),
        ("endsWith(concat(parameters('p'), '-nsg'), '-rt')", "false"),
        (
            "startsWith(concat(parameters('p'), '-nsg'), concat(parameters('p'), '-'))",
            "true",
        ),
        ("indexOf(concat('web-', parameters('p')), '-')", "3"),
        (
            "substring(concat('web-', parameters('p')), 0, 3)",
            r#""web""#,
        ),
        (
            "substring(concat('web-', parameters('p')), 4)",
            "${parameters('p')}",
        ),
        (
            "trim(concat(' web-', parameters('p'), '-x '))",
            r#""web-${parameters('p')}-x""#,
        ),
        (
            "toUpper(concat('web-', parameters('p')))",
            r#""WEB-${toUpper(parameters('p'))}""#,
        ),
        (
            "join(createArray('a', parameters('p')), ',')",
            r#""a,${parameters('p')}""#,
        ),
    ]);
    let open = value("startsWith(concat(parameters('p'), '-nsg'), 'web')");
    assert!(open.as_unknown().is_some());
    let found = value("indexOf(concat(parameters('p'), '-nsg'), '-')");
    assert!(matches!(
        unknown(&found).bounds,
        Bounds::Range(Some(0), None)
    ));
}

#[test]
fn a_text_is_replaced_where_it_cannot_straddle_what_is_unknown() {
    shown(&[
        (
            "replace(concat('a--', parameters('p'), '-b'), '--', '-')",
            "${replace('a--${parameters('p')}-b', '--', '-')}",
        ),
        (
            "replace(concat('xx.', parameters('few'), '.yy'), 'xx', 'z')",
            r#""z.${parameters('few')}.yy""#,
        ),
        (
            "replace(concat('a.b', parameters('few')), '.', '-')",
            r#""a-b${parameters('few')}""#,
        ),
    ]);
    // The unknown number stays the same one; an unknown text does not.
    let kept = value(
        "equals(replace(concat('a.', parameters('few')), '.', ''), concat('a', parameters('few')))",
    );
    assert_eq!(kept.as_bool(), Some(true));
    let changed = value(
        "equals(replace(concat('a.', parameters('p')), '.', ''), concat('a', parameters('p')))",
    );
    assert_eq!(changed.as_bool(), None);
}

#[test]
fn a_string_is_split_where_nothing_unknown_can_be_a_delimiter() {
    shown(&[
        (
            "split(concat('a,', parameters('few'), ',b'), ',')",
            r#"["a",${parameters('few')},"b"]"#,
        ),
        (
            "split(concat('a,', parameters('env'), ',b'), ',')[2]",
            r#""b""#,
        ),
        (
            "last(split(format('{0}/{1}', toLower(parameters('p')), 'default'), '/'))",
            r#""default""#,
        ),
        (
            "split(format('st{0}/x', uniqueString(resourceGroup().id)), '/')[0]",
            r#""st${uniqueString(resourceGroup().id)}""#,
        ),
        (
            "split(resourceId('Microsoft.Network/virtualNetworks', parameters('p')), '/')[8]",
            "${parameters('p')}",
        ),
        (
            "split(toUpper(resourceId('Microsoft.Network/virtualNetworks', parameters('p'))), '/')[7]",
            r#""VIRTUALNETWORKS""#,
        ),
    ]);
    // Whatever an input is called, it may hold a slash, unless it stands in an id.
    for open in [
        "split(format('{0}/{1}', parameters('p'), 'default'), '/')[0]",
        "split(format('{0}/{1}', parameters('p'), 'default'), '/')[1]",
        "split(concat('/subscriptions/', parameters('p'), '/resourceGroups/rg'), '/')[4]",
        "split(replace(resourceId('Microsoft.Network/natGateways', parameters('p')), parameters('p'), 'x/y'), '/')[8]",
    ] {
        let value = value(open);
        let label = "parameters('p')";
        assert!(
            value
                .as_unknown()
                .is_some_and(|unknown| &*unknown.label != label),
            "{open}"
        );
    }
    let (ends, messages) = evaluated(
        DECLARED,
        "split(concat('a,b', parameters('p'), 'c,d,e'), ',')",
    );
    assert!(messages.is_empty());
    let Bounds::Ends(first, last) = &unknown(&ends).bounds else {
        panic!("{}", show(&ends));
    };
    let all = |values: &[Value]| values.iter().map(show).collect::<Vec<_>>();
    assert_eq!(all(first), [r#""a""#]);
    assert_eq!(all(last), [r#""d""#, r#""e""#]);
    shown(&[
        (
            "last(split(concat(parameters('vnetId'), '/subnets/s'), '/'))",
            r#""s""#,
        ),
        ("split(concat('a,b', parameters('p')), ',')[0]", r#""a""#),
        (
            "take(split(concat('a,b,c', parameters('p')), ','), 2)",
            r#"["a","b"]"#,
        ),
        (
            "first(skip(split(concat('a,b,c', parameters('p')), ','), 1))",
            r#""b""#,
        ),
    ]);
    // An id has slashes of its own.
    let id = value("split(format('{0}/subnets/s', parameters('vnetId')), '/')");
    assert!(id.as_list().is_none(), "{}", show(&id));
}

#[test]
fn the_length_of_a_text_is_known_before_the_text() {
    let length = |expression: &str| match unknown(&value(expression)).bounds {
        Bounds::Length(least, most) => (least, most),
        ref other => panic!("{expression}: {other:?}"),
    };
    assert_eq!(length("uniqueString('a')"), (13, Some(13)));
    assert_eq!(length("guid(parameters('p'))"), (36, Some(36)));
    assert_eq!(length("substring(uniqueString('a'), 0, 5)"), (5, Some(5)));
    assert_eq!(length("substring(uniqueString('a'), 9)"), (4, Some(4)));
    assert_eq!(length("padLeft(parameters('p'), 3, '0')"), (3, None));
    assert_eq!(length("take(uniqueString('a'), 5)"), (5, Some(5)));
    assert_eq!(length("skip(guid('a'), 8)"), (28, Some(28)));
    assert_eq!(
        length("take(concat('web-', parameters('p')), 24)"),
        (4, Some(24))
    );
    shown(&[
        ("length(concat('web-', uniqueString('a')))", "17"),
        (
            "take(concat(parameters('few'), '-', guid('a')), 64)",
            r#""${parameters('few')}-${guid('a')}""#,
        ),
        ("take(concat('web-', parameters('p')), 3)", r#""web""#),
    ]);
    let name = value("uniqueString(parameters('p'))");
    let text = |text: &str| Value::string(text, OriginId::NONE);
    assert_eq!(name.equals(&text("web")), Truth::False);
    assert_eq!(name.equals(&text("abcdefghijklm")), Truth::Unknown);
    let (_, messages) = evaluated("", "substring(uniqueString('a'), 10, 5)");
    assert!(matches!(messages.as_slice(), [only] if only.contains("13 characters, not 15")));
}

#[test]
fn formats_keep_what_they_do_not_know_in_its_place() {
    shown(&[
        (
            "format('subnet-{0:D2}', parameters('n'))",
            r#""subnet-${parameters('n')}""#,
        ),
        (
            "format('{0}-{1:000}', parameters('p'), 7)",
            r#""${parameters('p')}-007""#,
        ),
        (
            "padLeft(parameters('few'), 3, '0')",
            r#""00${parameters('few')}""#,
        ),
        ("format('{0,1}', parameters('few'))", "${parameters('few')}"),
    ]);
    let same =
        value("equals(format('{0:D2}', parameters('n')), format('{1:D2}', 'x', parameters('n')))");
    assert_eq!(same.as_bool(), Some(true));
    let other =
        value("equals(format('a{0:D2}', parameters('n')), format('a{0:D3}', parameters('n')))");
    assert_eq!(other.as_bool(), None);
}

/// The candidates of a value, as they would be written.
fn candidates(value: &Value) -> Vec<String> {
    let candidates = value.candidates().unwrap_or_default();
    candidates.iter().map(show).collect()
}

#[test]
fn a_text_around_one_of_a_few_values_is_one_of_a_few_texts() {
    let declared = r#""parameters": { "tier": { "type": "string", "allowedValues": ["Dev", "Prod"] }, "any": { "type": "string" } },"#;
    let of = |expression: &str| {
        let (value, messages) = evaluated(declared, expression);
        assert_eq!(messages, [""; 0], "{expression}");
        candidates(&value)
    };
    for (expression, expected) in [
        (
            "concat('nsg-', parameters('tier'), '-', parameters('tier'))",
            [r#""nsg-Dev-Dev""#, r#""nsg-Prod-Prod""#],
        ),
        (
            "toUpper(concat('a', parameters('tier')))",
            [r#""ADEV""#, r#""APROD""#],
        ),
        (
            "base64(concat('a', parameters('tier')))",
            [r#""YURldg==""#, r#""YVByb2Q=""#],
        ),
        (
            "uri('https://x.example/a/', concat(parameters('tier'), '.json'))",
            [
                r#""https://x.example/a/Dev.json""#,
                r#""https://x.example/a/Prod.json""#,
            ],
        ),
        (
            "string(createObject('t', parameters('tier')))",
            [r#""{\"t\":\"Dev\"}""#, r#""{\"t\":\"Prod\"}""#],
        ),
        (
            "endsWith(concat('a', parameters('tier')), 'aDev')",
            ["true", "false"],
        ),
    ] {
        assert_eq!(of(expression), expected, "{expression}");
    }
    // Two unknowns need not go together.
    assert_eq!(of("concat(parameters('tier'), parameters('any'))"), [""; 0]);
    let (value, _) = evaluated(declared, "equals(concat('a', parameters('tier')), 'aTest')");
    assert_eq!(show(&value), "false");
}

#[test]
fn json_of_what_is_known_in_part_has_holes_where_it_is_not() {
    let declared = r#""parameters": { "any": { "type": "string" }, "list": { "type": "array" } },"#;
    let of = |expression: &str| {
        let (value, messages) = evaluated(declared, expression);
        assert_eq!(messages, [""; 0], "{expression}");
        show(&value)
    };
    assert_eq!(
        of(
            "string(createObject('a', 1, 'b', concat('x\"', parameters('any')), 'c', parameters('list')))"
        ),
        r#""{\"a\":1,\"b\":\"x\\\"${parameters('any')}\",\"c\":${parameters('list')}}""#
    );
    assert_eq!(
        of("string(createArray('x', parameters('any')))"),
        r#""[\"x\",${parameters('any')}]""#
    );
    assert_eq!(
        of("string(createObject('a', createArray(1, true(), null())))"),
        r#""{\"a\":[1,true,null]}""#
    );
}

#[test]
fn the_ends_of_a_list_are_the_ends_of_its_text() {
    let declared = r#""parameters": { "any": { "type": "string" } },"#;
    let (value, messages) = evaluated(
        declared,
        "join(split(concat('a,b,', parameters('any'), ',y,z'), ','), '+')",
    );
    assert_eq!(messages, [""; 0]);
    let text = show(&value);
    assert!(text.starts_with("\"a+b${"), "{text}");
    assert!(text.ends_with("}y+z\""), "{text}");
}
