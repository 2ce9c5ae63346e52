//! What is not known must not be taken for known: each of these templates has a world in which the
//! obvious answer is wrong.

use super::{at, deploy, evaluated, resource, show, unknown};
use crate::eval::value::{Bounds, Data};

const DECLARED: &str = r#""parameters": {
    "p": { "type": "string" }, "q": { "type": "string" }, "o": { "type": "object" },
    "more": { "type": "array" }, "c": { "type": "bool" } },"#;

fn value(expression: &str) -> crate::eval::value::Value {
    let (value, messages) = evaluated(DECLARED, expression);
    assert!(messages.is_empty(), "{expression}: {messages:?}");
    value
}

fn shown(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(&show(&value(expression)), expected, "{expression}");
    }
}

/// That nothing is claimed: the whole is one unknown, which is not one of some candidates.
fn open(expressions: &[&str]) {
    for expression in expressions {
        let value = value(expression);
        let unknown = value.as_unknown();
        assert!(unknown.is_some(), "{expression}: {}", show(&value));
    }
}

#[test]
fn two_inputs_may_be_the_same_item() {
    open(&[
        "length(union(createArray('a'), createArray(parameters('p'))))",
        "length(union(createArray(parameters('p')), createArray(parameters('q'))))",
        "union(createArray(parameters('p')), createArray('b'))[1]",
        "intersection(createArray(parameters('p'), parameters('q')), createArray(parameters('p'), parameters('q')))",
    ]);
    shown(&[
        (
            "length(union(createArray(parameters('p')), createArray(parameters('p'))))",
            "1",
        ),
        (
            "length(union(createArray(concat('a-', parameters('p'))), createArray('b')))",
            "2",
        ),
        (
            "contains(union(createArray(parameters('p')), createArray('b')), 'b')",
            "true",
        ),
    ]);
    let more = value("union(createArray(parameters('p')), createArray('b'))");
    let Data::List(list) = &more.data else {
        panic!("{}", show(&more));
    };
    let rest = list.rest.as_ref().unwrap();
    assert_eq!(list.items.len(), 1);
    assert_eq!(show(rest.template.as_ref().unwrap()), "${parameters('p')}");
}

#[test]
fn an_object_merged_with_an_unknown_one_may_hold_more_and_other_values() {
    open(&[
        // `o` may have `k`, or may not.
        "union(createObject('k', 1), parameters('o')).k",
        "equals(union(createObject('k', 1), parameters('o')).k, parameters('o').k)",
        // Objects within are merged as well.
        "length(union(parameters('o'), createObject('in', createObject('x', 1))).in)",
        "union(parameters('o'), createObject('in', createObject('x', 1))).in.y",
        "union(createObject('in', createObject('x', 1)), createObject('in', parameters('o'))).in.x",
        "length(union(createObject('in', parameters('o')), createObject('in', createObject('x', 1))).in)",
        "equals(union(createObject('in', parameters('o')), createObject('in', createObject('x', 1))).in, createObject('x', 1))",
    ]);
    shown(&[
        (
            "union(createObject('in', parameters('o')), createObject('in', createObject('x', 1))).in.x",
            "1",
        ),
        (
            "union(parameters('o'), createObject('in', createObject('x', createObject('y', 2)))).in.x.y",
            "2",
        ),
    ]);
}

#[test]
fn entries_under_two_unknown_names_do_not_look_alike() {
    let deployment = deploy(&format!(
        r#"{DECLARED} "resources": [{{ "type": "A.B/c", "name": "x", "properties": {{
            "tags": {{ "[parameters('p')]": "one", "[parameters('q')]": "two" }},
            "made": "[createObject(parameters('p'), 'one', parameters('q'), 'two')]",
            "one": {{ "[parameters('p')]": "one" }} }} }}]"#
    ));
    let x = resource(&deployment, "A.B/c/x");
    let template = |path| {
        let object = at(x, path).as_object().unwrap();
        object.rest.as_ref().unwrap().template.clone()
    };
    assert!(template("properties.tags").is_none());
    assert!(template("properties.made").is_none());
    assert_eq!(show(&template("properties.one").unwrap()), r#""one""#);
}

#[test]
fn items_behind_an_unknown_number_of_others_have_no_certain_place() {
    open(&[
        "concat(createArray('a'), parameters('more'))[1]",
        "equals(concat(createArray('a'), parameters('more'))[1], parameters('more')[1])",
        "concat(parameters('more'), createArray('a'))[0]",
        "last(concat(parameters('more'), createArray('a'), parameters('more')))",
    ]);
}

#[test]
fn a_safe_access_may_give_null_where_a_candidate_lacks_the_property() {
    let choice = "if(parameters('c'), createObject('x', 'a'), createObject())";
    open(&[
        &format!("equals({choice}.?x, null())"),
        &format!("equals(tryGet({choice}, 'x'), null())"),
        "equals(createArray('a')[?length(parameters('more'))], null())",
    ]);
    let given = value(&format!("coalesce({choice}.?x, 'b')"));
    let Bounds::OneOf(candidates) = &unknown(&given).bounds else {
        panic!("{}", show(&given));
    };
    let candidates: Vec<String> = candidates.iter().map(show).collect();
    assert_eq!(candidates, [r#""a""#, r#""b""#]);
    // A plain access of what is not there ends the deployment: there is one answer.
    shown(&[(&format!("equals({choice}.x, 'a')"), "true")]);
}

#[test]
fn what_both_branches_hold_is_certain() {
    shown(&[(
        "concat(if(parameters('c'), createArray('a', 'b'), createArray('b')), createArray('z'))",
        r#"["b","z",...${if(parameters('c'), ['a', 'b'], ['b'])}]"#,
    )]);
    let deployment = deploy(&format!(
        r#"{DECLARED} "resources": [{{ "type": "A.B/c", "name": "x", "properties": {{
            "list": "[if(parameters('c'), createArray('a', 'b'), createArray('b', 'c'))]",
            "twice": "[if(parameters('c'), createArray('b', 'b'), createArray('b', 'c'))]",
            "nothing": "[if(parameters('c'), createArray('a'), createArray())]",
            "perhaps": "[if(parameters('c'), createArray('a'), null())]" }} }}]"#
    ));
    let x = resource(&deployment, "A.B/c/x");
    let certain = |path| {
        let list = at(x, path).as_list()?;
        assert!(list.rest.is_some());
        Some(list.items.iter().map(show).collect::<Vec<_>>())
    };
    assert_eq!(certain("properties.list"), Some(vec![r#""b""#.to_owned()]));
    assert_eq!(certain("properties.twice"), Some(vec![r#""b""#.to_owned()]));
    assert_eq!(certain("properties.nothing"), None);
    assert_eq!(certain("properties.perhaps"), None);
}

#[test]
fn of_a_resource_that_is_defined_twice_only_what_both_say_is_stated() {
    let deployment = deploy(&format!(
        r#"{DECLARED} "resources": [
        {{ "type": "A.B/n", "name": "n", "condition": "[parameters('c')]", "location": "west", "properties": {{ "x": 1 }} }},
        {{ "type": "A.B/n", "name": "N", "condition": "[not(parameters('c'))]", "location": "west", "properties": {{ "x": 2 }} }},
        {{ "type": "A.B/t", "name": "t", "location": "west", "properties": {{ "x": 1, "y": 1 }} }},
        {{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": {{ "template": {{ "resources": [
            {{ "type": "A.B/t", "name": "T", "location": "west", "properties": {{ "x": 1, "y": 2 }} }}] }} }} }},
        {{ "type": "A.B/c", "name": "x", "properties": {{
            "conditional": "[reference(resourceId('A.B/n', 'n'), '1').x]",
            "id": "[reference(resourceId('A.B/n', 'n'), '1', 'Full').id]",
            "agreed": "[reference(resourceId('A.B/t', 't'), '1').x]",
            "differs": "[reference(resourceId('A.B/t', 't'), '1').y]" }} }}]"#
    ));
    let x = resource(&deployment, "A.B/c/x");
    assert!(at(x, "properties.conditional").as_unknown().is_some());
    assert!(show(at(x, "properties.id")).contains("/providers/A.B/n/"));
    assert_eq!(show(at(x, "properties.agreed")), "1");
    assert!(at(x, "properties.differs").as_unknown().is_some());
}

#[test]
fn a_resource_whose_condition_is_not_known_may_be_there_already_as_something_else() {
    let deployment = deploy(&format!(
        r#"{DECLARED} "resources": [
        {{ "type": "A.B/n", "name": "n", "condition": "[parameters('c')]", "properties": {{ "x": 1 }} }},
        {{ "type": "A.B/c", "name": "x", "properties": {{
            "x": "[reference(resourceId('A.B/n', 'n'), '1').x]" }} }}]"#
    ));
    let x = resource(&deployment, "A.B/c/x");
    let reference = unknown(at(x, "properties.x")).refers_to.clone().unwrap();
    assert_eq!(reference.resource, resource(&deployment, "A.B/n/n").key);
}

#[test]
fn an_escaped_text_of_a_template_stays_one_whoever_asks_for_it_first() {
    let nested = r#"{ "type": "Microsoft.Resources/deployments", "name": "d", "properties": { "template": { "resources": [
        { "type": "A.B/c", "name": "in", "properties": { "v": "[variables('v')]", "p": "[parameters('t')]", "own": "[[variables('w')]" } }] } } }"#;
    let outer = r#"{ "type": "A.B/c", "name": "out", "properties": { "v": "[variables('v')]" } }"#;
    for resources in [format!("{nested}, {outer}"), format!("{outer}, {nested}")] {
        let deployment = deploy(&format!(
            r#""parameters": {{ "t": {{ "type": "string", "defaultValue": "[[add(1, 1)]" }} }},
            "variables": {{ "v": "[[not an expression]", "w": "evaluated" }}, "resources": [{resources}]"#
        ));
        let inner = resource(&deployment, "A.B/c/in");
        assert_eq!(show(at(inner, "properties.v")), r#""[not an expression]""#);
        assert_eq!(show(at(inner, "properties.p")), r#""[add(1, 1)]""#);
        assert_eq!(show(at(inner, "properties.own")), r#""evaluated""#);
        let outer = resource(&deployment, "A.B/c/out");
        assert_eq!(show(at(outer, "properties.v")), r#""[not an expression]""#);
    }
}
