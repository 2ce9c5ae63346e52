//! Configurations written as JSON: what stands for blocks.

use super::*;

/// A resource with these members, as JSON.
fn with_members(members: &str) -> Deployment {
    let text = format!(r#"{{"resource": {{"azurerm_x": {{"x": {{{members}}}}}}}}}"#);
    let deployment = Files::new(&[("main.tf.json", &text)]).deployment();
    assert_eq!(deployment.diagnostics, []);
    deployment
}

#[test]
fn blocks_and_dynamic_blocks_of_a_kind_are_one_list() {
    let deployment = with_members(
        r#""rule": [{"name": "a"}],
           "dynamic": {"rule": {"for_each": ["b", "c"], "content": {"name": "${rule.value}"}}}"#,
    );
    let rules = attribute(&deployment, "azurerm_x.x", "rule");
    assert_eq!(rules, "[{name=a},{name=b},{name=c}]");
}

#[test]
fn a_dynamic_block_within_a_block_is_unfolded() {
    let deployment = with_members(
        r#""rule": {"name": "a", "dynamic": [{"port": {"for_each": [1, 2], "iterator": "p",
             "content": {"number": "${p.value}"}}}]}"#,
    );
    let rules = attribute(&deployment, "azurerm_x.x", "rule");
    assert_eq!(rules, "[{name=a,port=[{number=1},{number=2}]}]");
}

#[test]
fn an_object_without_dynamic_blocks_stays_what_it_is() {
    let deployment = with_members(r#""tags": {"dynamic": {"a": "b"}, "rule": "c"}"#);
    let tags = attribute(&deployment, "azurerm_x.x", "tags");
    assert_eq!(tags, "{dynamic={a=b},rule=c}");
}

#[test]
fn what_is_encoded_for_a_body_points_at_what_was_typed() {
    let files = Files::new(&[(
        "main.tf.json",
        r#"{"locals": {"name": "web-rule"},
            "resource": {"azapi_resource": {"x": {
              "type": "Microsoft.Network/networkSecurityGroups@2024-05-01",
              "name": "group",
              "parent_id": "/subscriptions/1/resourceGroups/main",
              "body": "${jsonencode({properties = {securityRules = [{name = local.name}]}})}"}}}}"#,
    )]);
    let deployment = files.deployment();
    let group = resource(&deployment, "azapi_resource.x");
    let rules = group.body.get("properties").unwrap().get("securityRules");
    let rule = &rules.unwrap().as_list().unwrap().items[0];
    let name = rule.get("name").unwrap();
    assert_eq!(files.typed(&deployment, name), ["\"web-rule\""]);
}
