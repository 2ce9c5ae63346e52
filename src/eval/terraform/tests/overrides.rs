//! Override files, as the documentation of merging describes them.

use super::*;

const MAIN: &str = r#"
variable "name" {
  type    = string
  default = "main"
}
locals {
  a = 1
  b = 2
}
output "o" { value = "main" }
resource "azurerm_x" "x" {
  name = var.name
  kept = local.a
  over = local.b
  rule { name = "one" }
  rule { name = "two" }
  other { name = "stays" }
}
resource "azurerm_y" "y" {
  rule { name = "one" }
  dynamic "rule" {
    for_each = ["two"]
    content { name = rule.value }
  }
}
"#;

fn files<'t>(more: &[(&'t str, &'t str)]) -> Files {
    let mut all = vec![("main.tf", MAIN)];
    all.extend(more);
    Files::new(&all)
}

fn names(deployment: &Deployment, address: &str, kind: &str) -> String {
    let value = resource(deployment, address).body.get(kind).unwrap();
    show(value)
}

#[test]
fn arguments_replace_arguments_and_blocks_all_blocks_of_their_type() {
    let files = files(&[(
        "x_override.tf",
        r#"
        variable "name" { default = "over" }
        locals { b = 3 }
        resource "azurerm_x" "x" {
          over = "new ${local.b}"
          rule { name = "three" }
        }
        "#,
    )]);
    let deployment = files.deployment();
    assert_eq!(deployment.diagnostics, []);
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    assert_eq!(got("name"), "over");
    assert_eq!(got("kept"), "1");
    assert_eq!(got("over"), "new 3");
    assert_eq!(names(&deployment, "azurerm_x.x", "rule"), "[{name=three}]");
    assert_eq!(names(&deployment, "azurerm_x.x", "other"), "[{name=stays}]");
}

#[test]
fn a_block_replaces_dynamic_ones_and_a_dynamic_one_replaces_blocks() {
    let block = "resource \"azurerm_y\" \"y\" {\n rule { name = \"new\" }\n}\n";
    let files_with = |text| files(&[("override.tf", text)]).deployment();
    let deployment = files_with(block);
    assert_eq!(names(&deployment, "azurerm_y.y", "rule"), "[{name=new}]");
    let dynamic = r#"
    resource "azurerm_x" "x" {
      dynamic "rule" {
        for_each = ["d"]
        content { name = rule.value }
      }
    }
    "#;
    let deployment = files_with(dynamic);
    assert_eq!(names(&deployment, "azurerm_x.x", "rule"), "[{name=d}]");
}

#[test]
fn later_files_win_over_earlier_ones_and_each_keeps_the_rest() {
    let files = files(&[
        (
            "a_override.tf",
            "resource \"azurerm_x\" \"x\" {\n over = \"a\"\n kept = \"a\"\n}\n",
        ),
        (
            "b_override.tf.json",
            r#"{"resource": {"azurerm_x": {"x": {"over": "b", "rule": [{"name": "json"}]}}}}"#,
        ),
    ]);
    let deployment = files.deployment();
    assert_eq!(deployment.diagnostics, []);
    assert_eq!(attribute(&deployment, "azurerm_x.x", "over"), "b");
    assert_eq!(attribute(&deployment, "azurerm_x.x", "kept"), "a");
    assert_eq!(names(&deployment, "azurerm_x.x", "rule"), "[{name=json}]");
}

#[test]
fn what_there_is_not_cannot_be_overridden() {
    let files = files(&[(
        "override.tf",
        r#"
        resource "azurerm_z" "z" {}
        locals { c = 1 }
        variable "nam" {}
        "#,
    )]);
    let deployment = files.deployment();
    let told: Vec<(&str, &str)> = deployment
        .diagnostics
        .iter()
        .map(|told| (told.code, files.slice(told.primary.as_ref().unwrap().span)))
        .collect();
    let code = "override-without-base";
    assert_eq!(
        told,
        [
            (code, "resource \"azurerm_z\" \"z\""),
            (code, "c"),
            (code, "variable \"nam\"")
        ]
    );
    assert_eq!(addresses(&deployment), ["azurerm_x.x", "azurerm_y.y"]);
}

#[test]
fn a_value_of_an_override_file_is_pointed_at_there() {
    let files = files(&[(
        "override.tf",
        "resource \"azurerm_x\" \"x\" {\n over = \"typed here\"\n}\n",
    )]);
    let deployment = files.deployment();
    let value = resource(&deployment, "azurerm_x.x").body.get("over");
    let typed = files.typed(&deployment, value.unwrap());
    assert_eq!(typed, ["\"typed here\""]);
}

#[test]
fn the_source_of_a_call_can_be_overridden() {
    let module = |name: &str| format!("resource \"azurerm_x\" \"{name}\" {{}}\n");
    let (a, b) = (module("a"), module("b"));
    let files = Files::new(&[
        ("main.tf", "module \"m\" { source = \"./a\" }\n"),
        ("override.tf", "module \"m\" { source = \"./b\" }\n"),
        ("a/main.tf", &a),
        ("b/main.tf", &b),
    ]);
    let grouping = files.group(&GroupOptions::default());
    let root = grouping
        .units
        .iter()
        .find(|unit| &*unit.name == ".")
        .unwrap();
    let deployment = Terraform.evaluate(root, &files);
    assert_eq!(addresses(&deployment), ["module.m.azurerm_x.b"]);
}
