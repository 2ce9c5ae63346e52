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
