use super::{Files, with_schema};
use crate::eval::arm::labels::last_name;

fn addresses(template: &str) -> Vec<String> {
    let files = Files::new(&[("main.json", &with_schema(template))]);
    let deployment = files.deploy("main.json");
    deployment
        .resources
        .iter()
        .map(|resource| resource.address.to_string())
        .collect()
}

#[test]
fn names_that_follow_from_one_input_in_different_ways_are_told_apart() {
    let found = addresses(
        r#""resources": [
        { "type": "A.B/c", "name": "[concat('snet-', uniqueString(resourceGroup().id))]" },
        { "type": "A.B/c", "name": "[concat('snet-', uniqueString(resourceGroup().id, 'web'))]" },
        { "type": "A.B/c", "name": "[toLower(concat('X', take(uniqueString(subscription().id), 5)))]" }]"#,
    );
    assert_eq!(
        found,
        [
            "A.B/c/snet-${uniqueString(resourceGroup().id)}",
            "A.B/c/snet-${uniqueString(resourceGroup().id, 'web')}",
            "A.B/c/x${toLower(take(uniqueString(subscription().id), 5))}",
        ]
    );
}

#[test]
fn every_pass_of_a_loop_and_every_module_has_its_own_name() {
    let found = addresses(
        r#""variables": { "seed": "[guid(resourceGroup().id)]" },
        "resources": [
        { "type": "A.B/c", "name": "[uniqueString(variables('seed'), string(copyIndex()))]",
            "copy": { "name": "each", "count": 2 } },
        { "type": "Microsoft.Resources/deployments", "name": "[concat('m', copyIndex())]",
            "copy": { "name": "modules", "count": 2 },
            "properties": { "expressionEvaluationOptions": { "scope": "inner" },
                "parameters": { "zone": { "value": "[copyIndex(1)]" } },
                "template": { "parameters": { "zone": { "type": "int" } }, "resources": [
                    { "type": "A.B/c", "name": "[guid('z', parameters('zone'))]" }] } } }]"#,
    );
    let own: Vec<&String> = found
        .iter()
        .filter(|address| address.starts_with("A.B"))
        .collect();
    assert_eq!(
        own,
        [
            "A.B/c/${uniqueString(guid(resourceGroup().id), '0')}",
            "A.B/c/${uniqueString(guid(resourceGroup().id), '1')}",
            "A.B/c/${guid('z', 1)}",
            "A.B/c/${guid('z', 2)}",
        ]
    );
}

#[test]
fn an_item_that_is_not_known_is_called_by_its_list_and_index() {
    let found = addresses(
        r#""parameters": { "names": { "type": "array" }, "at": { "type": "int" } },
        "resources": [{ "type": "A.B/c",
            "name": "[createArray('a', toUpper(parameters('names')[1]))[parameters('at')]]" }]"#,
    );
    assert_eq!(
        found,
        ["A.B/c/${['a', toUpper(parameters('names')[1])][parameters('at')]}"]
    );
}

#[test]
fn a_long_call_keeps_its_beginning_and_its_end() {
    let long = "abcdefgh".repeat(30);
    let found = addresses(&format!(
        r#""resources": [{{ "type": "A.B/c", "name": "[uniqueString('{long}', 'tail')]" }}]"#
    ));
    let [only] = found.as_slice() else {
        panic!("{found:?}");
    };
    let label = only.strip_prefix("A.B/c/${").unwrap();
    assert!(label.starts_with("uniqueString('abcdefgh"), "{label}");
    assert!(label.ends_with("', 'tail')}"), "{label}");
    assert!(label.chars().count() < 80, "{label}");
}

#[test]
fn the_last_name_of_an_address_may_hold_a_call_with_a_path() {
    assert_eq!(last_name("A.B/c/x"), "x");
    assert_eq!(
        last_name("A.B/c/${guid('a/b', '${resourceGroup().id}/x')}-n"),
        "${guid('a/b', '${resourceGroup().id}/x')}-n"
    );
}
