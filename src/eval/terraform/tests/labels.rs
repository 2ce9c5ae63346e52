use super::{Files, attribute, resource};
use crate::eval::value::{Reason, Unknown};
use std::sync::Arc;

const INPUTS: &str = r#"
variable "space" {}
variable "prefix" {}
variable "size" {}
variable "rules" {}
variable "flag" { type = bool }
variable "env" {
  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "no"
  }
}
"#;

fn evaluated(expressions: &[&str], more: &str) -> crate::eval::Deployment {
    let attributes: Vec<String> = expressions
        .iter()
        .enumerate()
        .map(|(at, text)| format!("  a{at} = {text}\n"))
        .collect();
    let text = format!(
        "{INPUTS}{more}\nresource \"azurerm_x\" \"x\" {{\n{}}}\n",
        attributes.concat()
    );
    Files::new(&[("main.tf", &text)]).deployment()
}

fn unknown(deployment: &crate::eval::Deployment, name: &str) -> Arc<Unknown> {
    let body = &resource(deployment, "azurerm_x.x").body;
    let value = body.get(name).unwrap();
    let unknown = value.as_unknown();
    Arc::clone(unknown.unwrap_or_else(|| panic!("{name}: {value:?}")))
}

#[test]
fn what_follows_from_others_is_called_by_its_expression() {
    let cases = [
        ("cidrsubnet(var.space, 8, 1)", "cidrsubnet(var.space, 8, 1)"),
        (
            "cidrsubnet(var.space, 8, 1 + 1)",
            "cidrsubnet(var.space, 8, 2)",
        ),
        ("var.rules[\"ssh\"].port", "var.rules[\"ssh\"].port"),
        ("sha1(\"${var.prefix}-nsg\")", "sha1(\"${var.prefix}-nsg\")"),
        (
            "replace(var.prefix, \"-\", \"\")",
            "replace(var.prefix, \"-\", \"\")",
        ),
        ("local.subnet", "cidrsubnet(var.space, 8, 3)"),
        ("var.size + 1", "var.size + 1"),
        ("-(var.size + 1)", "-(var.size + 1)"),
        ("!var.flag", "!var.flag"),
        ("var.flag && var.size > 3", "var.flag && (var.size > 3)"),
        ("var.flag ? 1 : 2", "var.flag ? 1 : 2"),
        (
            "var.flag ? var.prefix : \"x\"",
            "var.flag ? var.prefix : \"x\"",
        ),
        ("local.sizes[var.size]", "local.sizes[var.size]"),
        ("local.sizes[var.size].cidr", "local.sizes[var.size].cidr"),
        ("[\"a\", \"b\"][var.size]", "[\"a\", \"b\"][var.size]"),
        ("upper(var.env)", "upper(var.env)"),
        ("var.env == \"dev\" ? 2 : 1", "var.env == \"dev\" ? 2 : 1"),
        ("element(var.rules, 2).port", "element(var.rules, 2).port"),
        ("length(var.rules)", "length(var.rules)"),
        ("lookup(var.rules, \"a\", 1)", "lookup(var.rules, \"a\", 1)"),
        ("coalesce(var.prefix, \"x\")", "coalesce(var.prefix, \"x\")"),
        (
            "sha1(join(\",\", [var.prefix, cidrhost(var.space, 4)]))",
            "sha1(\"${var.prefix},${cidrhost(var.space, 4)}\")",
        ),
    ];
    let texts: Vec<&str> = cases.iter().map(|(text, _)| *text).collect();
    let locals = r#"locals {
  subnet = cidrsubnet(var.space, 8, 3)
  sizes = { s = { cidr = "10.0.0.0/24" }, m = { cidr = "10.0.0.0/23" } }
}"#;
    let deployment = evaluated(&texts, locals);
    let found: Vec<String> = (0..cases.len())
        .map(|at| {
            match resource(&deployment, "azurerm_x.x")
                .body
                .get(&format!("a{at}"))
            {
                Some(value) => match value.as_unknown() {
                    Some(unknown) => unknown.label.to_string(),
                    None => format!("{:?}", value.data),
                },
                None => "nothing".to_owned(),
            }
        })
        .collect();
    let expected: Vec<&str> = cases.iter().map(|(_, label)| *label).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_missing_inputs_stay_those_behind_the_expression_and_equal_expressions_are_one_unknown() {
    let deployment = evaluated(
        &[
            "cidrsubnet(var.space, var.size, 1)",
            "cidrsubnet(var.space, var.size, 1)",
            "cidrsubnet(var.space, var.size, 2)",
        ],
        "",
    );
    let [one, same, other] = ["a0", "a1", "a2"].map(|name| unknown(&deployment, name));
    assert_eq!(one.id, same.id);
    assert_ne!(one.id, other.id);
    let causes: Vec<&str> = one.causes.iter().map(|cause| &*cause.label).collect();
    assert_eq!(causes, ["var.space", "var.size"]);
}

#[test]
fn every_turn_of_a_loop_and_every_module_has_labels_of_its_own() {
    let module = r#"
variable "space" {}
variable "zones" {}
resource "azurerm_y" "y" {
  for_each = var.zones
  cidr     = cidrsubnet(var.space, 8, each.value)
}
"#;
    let text = format!(
        "{INPUTS}module \"m\" {{\n  source = \"./m\"\n  space = var.space\n  zones = {{ a = 1, b = 2 }}\n}}\n"
    );
    let deployment = Files::new(&[("main.tf", &text), ("m/main.tf", module)]).deployment();
    for (key, number) in [("a", 1), ("b", 2)] {
        let address = format!("module.m.azurerm_y.y[\"{key}\"]");
        assert_eq!(
            attribute(&deployment, &address, "cidr"),
            format!("?cidrsubnet(var.space, 8, {number})")
        );
    }
}

#[test]
fn a_local_whose_expression_is_too_long_is_called_by_its_name() {
    let long = "replace(replace(replace(replace(var.prefix, \"aaaaaaaa\", \"b\"), \"bbbbbbb\", \"c\"), \"ccccccccc\", \"d\"), \"dd\", \"e\")";
    let deployment = evaluated(
        &["local.long", long, "upper(local.long)"],
        &format!("locals {{\n  long = {long}\n}}\n"),
    );
    let [named, written, used] = ["a0", "a1", "a2"].map(|name| unknown(&deployment, name));
    assert_eq!(&*named.label, "local.long");
    assert_eq!(named.id, written.id);
    assert!(
        written.label.starts_with("replace(replace("),
        "{}",
        written.label
    );
    assert!(written.label.contains('…') && written.label.chars().count() <= 72);
    assert_eq!(&*used.label, "upper(local.long)");
}

#[test]
fn a_function_of_files_names_the_file_it_wanted() {
    let deployment = evaluated(
        &[
            "fileset(path.module, \"*.json\")",
            "file(\"${path.module}/rules.json\")",
            "filebase64(\"${path.module}/rules.json\")",
            "fileset(path.module, \"${var.prefix}*\")",
            "uuidv5(\"dns\", var.prefix)",
            "timeadd(timestamp(), \"1h\")",
        ],
        "",
    );
    let all = ["a0", "a1", "a2", "a3", "a4", "a5"].map(|name| unknown(&deployment, name));
    let labels: Vec<&str> = all.iter().map(|unknown| &*unknown.label).collect();
    assert_eq!(
        labels,
        [
            "fileset(\".\", \"*.json\")",
            "file(\"./rules.json\")",
            "filebase64(\"./rules.json\")",
            "fileset(\".\", \"${var.prefix}*\")",
            "uuidv5(\"dns\", var.prefix)",
            "timeadd(timestamp(), \"1h\")",
        ]
    );
    assert_eq!(all[0].reason, Reason::File("./*.json".into()));
    assert_eq!(all[1].reason, Reason::File("./rules.json".into()));
    // Equal files, but not equal texts.
    assert_ne!(all[1].id, all[2].id);
    assert_eq!(&*all[3].causes[0].label, "var.prefix");
    assert_eq!(&*all[5].causes[0].label, "timestamp()");
}
