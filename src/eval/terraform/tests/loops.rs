//! `count`, `for_each`, dynamic blocks.

use super::*;

#[test]
fn counts_make_instances_and_unknown_counts_one_of_many() {
    let deployment = evaluate(
        r#"
        variable "n" {}
        variable "on" {}
        resource "azurerm_a" "a" {
          count = 2
          name  = "a${count.index}"
        }
        resource "azurerm_b" "b" {
          count = var.n
          name  = "b${count.index}"
        }
        resource "azurerm_c" "c" {
          count = var.on ? 1 : 0
          name  = "c${count.index}"
        }
        resource "azurerm_d" "d" {
          count = 0
        }
        resource "azurerm_x" "x" {
          first = azurerm_a.a[0].name
          all   = azurerm_a.a[*].name
          any   = azurerm_b.b[*].name
          one   = one(azurerm_c.c[*].id)
          try   = try(azurerm_c.c[0].name, "none")
          none  = length(azurerm_d.d)
        }
        "#,
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_a.a[0]",
            "azurerm_a.a[1]",
            "azurerm_b.b[count.index]?*",
            "azurerm_c.c[0]?",
            "azurerm_x.x"
        ]
    );
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    assert_eq!(got("first"), "a0");
    assert_eq!(got("all"), "[a0,a1]");
    assert_eq!(got("any"), "[…b${count.index}]");
    assert_eq!(got("one"), "?azurerm_c.c[0].id");
    assert_eq!(got("try"), "c0");
    assert_eq!(got("none"), "0");
}

#[test]
fn for_each_walks_maps_and_sets() {
    let deployment = evaluate(
        r#"
        variable "open" {}
        resource "azurerm_a" "a" {
          for_each = { x = 1, y = 2 }
          name     = "${each.key}-${each.value}"
        }
        resource "azurerm_b" "b" {
          for_each = toset(["q", "p"])
          name     = each.value
        }
        resource "azurerm_c" "c" {
          for_each = var.open
          name     = each.key
          id       = each.value.id
        }
        resource "azurerm_d" "d" {
          for_each = merge(var.open, { known = { id = 7 } })
          id       = each.value.id
        }
        resource "azurerm_e" "e" {
          for_each = azurerm_c.c
          c        = each.value.id
          same     = azurerm_c.c[each.key].id
        }
        "#,
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_a.a[\"x\"]",
            "azurerm_a.a[\"y\"]",
            "azurerm_b.b[\"p\"]",
            "azurerm_b.b[\"q\"]",
            "azurerm_c.c[each.key]?*",
            "azurerm_d.d[\"known\"]",
            "azurerm_d.d[each.key]?*",
            "azurerm_e.e[each.key]?*",
        ]
    );
    assert_eq!(attribute(&deployment, "azurerm_a.a[\"y\"]", "name"), "y-2");
    assert_eq!(attribute(&deployment, "azurerm_b.b[\"p\"]", "name"), "p");
    assert_eq!(attribute(&deployment, "azurerm_d.d[\"known\"]", "id"), "7");
    // The template of one resource is the template the other refers to.
    let e = "azurerm_e.e[each.key]";
    assert_eq!(attribute(&deployment, e, "c"), "?var.open[*].id");
    assert_eq!(
        attribute(&deployment, e, "same"),
        attribute(&deployment, e, "c")
    );
}

#[test]
fn dynamic_blocks_nest_and_keep_the_known_half() {
    let deployment = evaluate(
        r#"
        variable "open" {}
        variable "on" {}
        resource "azurerm_x" "x" {
          security_rule {
            name = "typed"
          }
          dynamic "security_rule" {
            for_each = [22, 80]
            iterator = port
            content {
              name = "p${port.value}-${port.key}"
              dynamic "inner" {
                for_each = { a = 1 }
                content {
                  both = "${port.value}${inner.key}"
                }
              }
            }
          }
          dynamic "security_rule" {
            for_each = var.open
            content {
              name   = security_rule.value.name
              access = "Allow"
            }
          }
          dynamic "optional" {
            for_each = var.on ? [1] : []
            content { here = true }
          }
        }
        "#,
    );
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "security_rule"),
        "[{name=typed},{name=p22-0,inner=[{both=22a}]},{name=p80-1,inner=[{both=80a}]},\
         …{name=?var.open[*].name,access=Allow}]"
    );
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "optional"),
        "[…{here=true}]"
    );
}

#[test]
fn a_choice_of_maps_shows_the_elements_of_both() {
    let deployment = evaluate(
        r#"
        variable "on" {}
        resource "azurerm_n" "n" { name = "n" }
        resource "azurerm_a" "a" {
          for_each = var.on ? { x = { id = azurerm_n.n.id }, both = { id = "b" } } : { both = { id = "b" } }
          id       = each.value.id
        }
        "#,
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_n.n",
            "azurerm_a.a[\"both\"]",
            "azurerm_a.a[\"x\"]?"
        ]
    );
    assert_eq!(
        attribute(&deployment, "azurerm_a.a[\"x\"]", "id"),
        "?azurerm_n.n.id"
    );
}

#[test]
fn elements_whose_keys_are_not_known_are_instances_of_their_own() {
    let deployment = evaluate(
        r#"
        variable "prefix" {}
        locals {
          rules = [
            { name = "web", port = 80 },
            { name = "ssh", port = 22 },
          ]
          named = { for rule in local.rules : "${var.prefix}-${rule.name}" => rule }
        }
        resource "azurerm_a" "a" {
          for_each = local.named
          name     = each.key
          port     = each.value.port
        }
        resource "azurerm_b" "b" {
          for_each = azurerm_a.a
          port     = each.value.port
          same     = azurerm_a.a[each.key].name
          again    = local.named[each.key].name
        }
        resource "azurerm_c" "c" {
          for_each = toset(["${var.prefix}-x", "${var.prefix}-y"])
          name     = each.value
        }
        resource "azurerm_x" "x" {
          ports  = sort([for rule in values(local.named) : rule.port])
          by     = { for key, rule in local.named : rule.name => key }
          nested = flatten([for key, rule in local.named : [{ key = key, port = rule.port }]])
          dynamic "security_rule" {
            for_each = local.named
            content {
              name = security_rule.key
              port = security_rule.value.port
            }
          }
        }
        "#,
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_a.a[\"${var.prefix}-web\"]",
            "azurerm_a.a[\"${var.prefix}-ssh\"]",
            "azurerm_b.b[\"${var.prefix}-web\"]",
            "azurerm_b.b[\"${var.prefix}-ssh\"]",
            "azurerm_c.c[\"${var.prefix}-x\"]",
            "azurerm_c.c[\"${var.prefix}-y\"]",
            "azurerm_x.x",
        ]
    );
    let got = |name| attribute(&deployment, "azurerm_b.b[\"${var.prefix}-ssh\"]", name);
    assert_eq!(got("port"), "22");
    assert_eq!(got("same"), "${var.prefix}-ssh");
    assert_eq!(got("again"), "ssh");
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    assert_eq!(got("by"), "{ssh=${var.prefix}-ssh,web=${var.prefix}-web}");
    assert_eq!(
        got("nested"),
        "[~{key=${var.prefix}-web,port=80},~{key=${var.prefix}-ssh,port=22}]"
    );
    assert_eq!(
        got("security_rule"),
        "[{name=${var.prefix}-web,port=80},{name=${var.prefix}-ssh,port=22}]"
    );
}

#[test]
fn elements_that_perhaps_exist_and_open_ones_stay_apart() {
    let deployment = evaluate(
        r#"
        variable "on" {}
        variable "one" {}
        variable "two" {}
        resource "azurerm_a" "a" {
          for_each = { for name in ["x", "y"] : name => { port = 1 } if name == "x" || var.on }
          port     = each.value.port
        }
        resource "azurerm_b" "b" {
          for_each = merge(var.one, var.two, { known = { port = 2 } })
          port     = each.value.port
        }
        resource "azurerm_c" "c" {
          for_each = azurerm_b.b
          port     = azurerm_b.b[each.key].port
        }
        resource "azurerm_x" "x" {
          dynamic "rule" {
            for_each = var.one
            content { one = rule.value.port }
          }
          dynamic "rule" {
            for_each = var.two
            content { two = rule.value.port }
          }
        }
        "#,
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_a.a[\"x\"]",
            "azurerm_a.a[\"y\"]?",
            "azurerm_b.b[\"known\"]",
            "azurerm_b.b[each.key]?*",
            "azurerm_b.b[each.key #2]?*",
            "azurerm_c.c[\"known\"]",
            "azurerm_c.c[each.key]?*",
            "azurerm_c.c[each.key #2]?*",
            "azurerm_x.x",
        ]
    );
    assert_eq!(
        attribute(&deployment, "azurerm_c.c[each.key #2]", "port"),
        "?var.two[*].port"
    );
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "rule"),
        "[…{one=?var.one[*].port},…{two=?var.two[*].port}]"
    );
}

#[test]
fn what_count_and_for_each_refuse_is_told_and_leaves_one_of_many() {
    for (argument, told) in [
        ("count = 1.5", "whole number"),
        ("count = -1", "whole number"),
        ("count = true", "whole number"),
        ("count = null", "null"),
        ("count = \"x\"", "whole number"),
        ("for_each = [\"a\"]", "not a list"),
        ("for_each = tolist([\"a\"])", "not a list"),
        ("for_each = toset([1, 2])", "strings"),
        ("for_each = toset([true])", "strings"),
        ("for_each = toset([null])", "strings"),
        ("for_each = null", "null"),
        ("for_each = \"x\"", "not a string"),
        ("for_each = 5", "not a number"),
    ] {
        let text = format!("resource \"azurerm_x\" \"x\" {{\n  {argument}\n}}\n");
        let deployment = Files::new(&[("main.tf", &text)]).deployment();
        let [diagnostic] = deployment.diagnostics.as_slice() else {
            panic!("{argument}: {:?}", deployment.diagnostics);
        };
        assert!(
            diagnostic.message.contains(told),
            "{argument}: {}",
            diagnostic.message
        );
        let at = diagnostic.primary.as_ref().unwrap().span;
        let (_, value) = argument.split_once("= ").unwrap();
        assert_eq!(&text[at.start as usize..at.end as usize], value);
        assert_eq!(deployment.resources.len(), 1, "{argument}");
        assert_ne!(deployment.resources[0].existence.truth, Truth::True);
    }
}

#[test]
fn count_takes_numbers_in_strings_and_for_each_keys_of_any_scalar() {
    let deployment = evaluate(
        r#"
        resource "azurerm_a" "a" { count = "2" }
        resource "azurerm_b" "b" { count = 1.0 }
        resource "azurerm_c" "c" { for_each = { 1 = 2 } }
        resource "azurerm_d" "d" { for_each = {} }
        resource "azurerm_e" "e" { for_each = toset([]) }
        resource "azurerm_f" "f" { for_each = toset([""]) }
        "#,
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_a.a[0]",
            "azurerm_a.a[1]",
            "azurerm_b.b[0]",
            "azurerm_c.c[\"1\"]",
            "azurerm_f.f[\"\"]",
        ]
    );
}
