use super::super::{evaluated, show, unknown};
use crate::eval::value::Bounds;

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
fn user_defined_functions_see_their_parameters_only() {
    let declarations = r#""functions": [{ "namespace": "contoso", "members": { "join": {
        "parameters": [{ "name": "a", "type": "string" }, { "name": "b", "type": "string" }],
        "output": { "type": "string", "value": "[concat(parameters('a'), '/', parameters('b'))]" } } } }],
        "parameters": { "a": { "type": "string", "defaultValue": "outer" } },"#;
    let (value, messages) = evaluated(declarations, "Contoso.Join('x', parameters('a'))");
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(show(&value), r#""x/outer""#);
}
