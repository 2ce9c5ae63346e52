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
