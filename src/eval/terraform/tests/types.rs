//! Types of variables: what values become, what is refused, and what is known of the rest.

use super::*;
use crate::eval::value::Type;

/// The type and the text of `var.x` of a declared type with a default.
fn converted(kind: &str, default: &str) -> (String, String) {
    let deployment = evaluate(&format!(
        "variable \"x\" {{\n  type = {kind}\n  default = {default}\n}}\n\
         resource \"azurerm_x\" \"x\" {{\n  v = var.x\n}}"
    ));
    let value = resource(&deployment, "azurerm_x.x").body.get("v").unwrap();
    (Type::of(value).to_string(), show(value))
}

/// What is told of a variable, and where.
fn refused(kind: &str, default: &str) -> Vec<(String, String)> {
    let files = Files::new(&[
        (
            "main.tf",
            &format!(
                "variable \"x\" {{\n  default = null\n}}\n\
             module \"m\" {{\n  source = \"./m\"\n  x = {default}\n}}"
            ),
        ),
        (
            "m/main.tf",
            &format!(
                "variable \"x\" {{\n  type = {kind}\n}}\nresource \"azurerm_x\" \"x\" {{\n  v = var.x\n}}"
            ),
        ),
    ]);
    let deployment = files.deployment();
    deployment
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.as_ref().unwrap().span;
            (diagnostic.message.clone(), files.slice(span).to_owned())
        })
        .collect()
}

/// `terraform console` 1.11 printed type and value of each.
#[test]
fn defaults_become_what_their_constraint_says() {
    let cases = [
        ("list", r#"["a"]"#, "list(string)", "[a]"),
        (
            "tuple([string, number])",
            r#"[1, "2"]"#,
            "tuple([string, number])",
            "[1,2]",
        ),
        (
            "list(list(string))",
            "[[1, true], []]",
            "list(list(string))",
            "[[1,true],[]]",
        ),
        (
            "list(any)",
            r#"[{ a = 1 }, { b = "x" }]"#,
            "list(map(string))",
            "[{a=1},{b=x}]",
        ),
        (
            "map(any)",
            r#"{ a = { x = 1, y = "s" }, b = { x = "2", y = true } }"#,
            "map(object({ x = string, y = string }))",
            "{a={x=1,y=s},b={x=2,y=true}}",
        ),
        (
            "map(list(any))",
            r#"{ a = [1], b = ["x"], c = [] }"#,
            "map(list(string))",
            "{a=[1],b=[x],c=[]}",
        ),
        ("set(any)", r#"[true, "a", 1]"#, "set(string)", "[1,a,true]"),
        (
            "object({ m = map(number), s = set(number) })",
            r#"{ m = { b = "1", a = 2 }, s = ["2", 1, 2] }"#,
            "object({ m = map(number), s = set(number) })",
            "{m={a=2,b=1},s=[1,2]}",
        ),
        (
            "object({ l = any })",
            r#"{ l = [1, "a"] }"#,
            "object({ l = tuple([number, string]) })",
            "{l=[1,a]}",
        ),
        (
            r#"map(object({ a = optional(string, "d"), b = optional(bool) }))"#,
            "{ x = {}, y = { a = null, b = \"true\" }, z = null }",
            "map(object({ a = string, b = bool }))",
            "{x={a=d,b=null},y={a=d,b=true},z=null}",
        ),
        (
            r#"list(object({
                 name   = string
                 port   = optional(number, 22)
                 tags   = optional(map(string))
                 nested = optional(object({
                   on   = optional(bool, true)
                   list = optional(set(string), ["b", "a"])
                 }), {})
               }))"#,
            r#"[
                 { name = 1, port = null, extra = true },
                 { name = "x", port = "443", tags = { a = 1 }, nested = { on = "false" } },
                 { name = "n", nested = null },
               ]"#,
            "list(object({ name = string, nested = object({ list = set(string), on = bool }), \
             port = number, tags = map(string) }))",
            "[{name=1,nested={list=[a,b],on=true},port=22,tags=null},\
             {name=x,nested={list=[a,b],on=false},port=443,tags={a=1}},\
             {name=n,nested={list=[a,b],on=true},port=22,tags=null}]",
        ),
    ];
    for (kind, default, type_of_it, text) in cases {
        assert_eq!(
            converted(kind, default),
            (type_of_it.to_owned(), text.to_owned()),
            "{kind} = {default}"
        );
    }
}

/// `terraform console` 1.11 refused each.
#[test]
fn what_does_not_convert_is_told_at_the_value_with_its_path() {
    let cases = [
        (
            "number",
            r#""abc""#,
            "`var.x` must be a number, which \"abc\" is not",
            r#""abc""#,
        ),
        ("bool", "1", "`var.x` must be a boolean, not a number", "1"),
        (
            "list(string)",
            r#""a""#,
            "`var.x` must be a list, not a string",
            r#""a""#,
        ),
        (
            "map(string)",
            r#"["a"]"#,
            "`var.x` must be a map, not a tuple",
            r#"["a"]"#,
        ),
        (
            "set(string)",
            "{ a = 1 }",
            "`var.x` must be a set, not an object",
            "{ a = 1 }",
        ),
        (
            "tuple([string])",
            r#"["a", "b"]"#,
            "`var.x` must have 1 elements, not 2",
            r#"["a", "b"]"#,
        ),
        (
            "object({ a = string })",
            "{}",
            "`var.x` needs the attribute `a`",
            "{}",
        ),
        (
            "list(object({ a = number }))",
            r#"[{ a = 1 }, { a = "z" }]"#,
            "`var.x[1].a` must be a number, which \"z\" is not",
            r#""z""#,
        ),
        (
            "map(object({ a = string }))",
            "{ k = {} }",
            "`var.x[\"k\"]` needs the attribute `a`",
            "{}",
        ),
        (
            "list(any)",
            "[1, [2]]",
            "all elements of `var.x` must have the same type, or types that convert to one",
            "[1, [2]]",
        ),
        (
            "map(any)",
            "{ a = 1, b = [1] }",
            "all elements of `var.x` must have the same type, or types that convert to one",
            "{ a = 1, b = [1] }",
        ),
    ];
    for (kind, given, message, place) in cases {
        assert_eq!(
            refused(kind, given),
            [(message.to_owned(), place.to_owned())],
            "{kind} = {given}"
        );
    }
}

#[test]
fn what_is_no_type_is_told_in_the_constraint() {
    let cases = [
        ("foo", "`foo` is no type", "foo"),
        (
            "list(string, number)",
            "`list` needs one argument",
            "list(string, number)",
        ),
        (
            "optional(string)",
            "only attributes of an object are `optional`",
            "optional(string)",
        ),
        (
            "object([1])",
            "`object` needs attributes and their types",
            "[1]",
        ),
        ("tuple(string)", "`tuple` needs a list of types", "string"),
        ("list(var.x)", "a type is needed here", "var.x"),
        (
            r#"object({ a = optional(number, "x") })"#,
            "`this default` must be a number, which \"x\" is not",
            r#""x""#,
        ),
    ];
    for (kind, message, place) in cases {
        assert_eq!(
            refused(kind, "null"),
            [(message.to_owned(), place.to_owned())],
            "{kind}"
        );
    }
}

#[test]
fn a_variable_that_refuses_null_takes_its_default_or_is_told() {
    let files = Files::new(&[
        (
            "main.tf",
            "module \"m\" {\n  source = \"./m\"\n  a = null\n  b = null\n}",
        ),
        (
            "m/main.tf",
            r#"
            variable "a" {
              type     = string
              default  = "d"
              nullable = false
            }
            variable "b" {
              type     = string
              nullable = false
            }
            resource "azurerm_x" "x" {
              a = var.a
              b = var.b
            }
            "#,
        ),
    ]);
    let deployment = files.deployment();
    assert_eq!(attribute(&deployment, "module.m.azurerm_x.x", "a"), "d");
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(told.message, "`var.b` must not be null");
    assert_eq!(files.slice(told.primary.as_ref().unwrap().span), "b = null");
}

#[test]
fn an_unknown_of_a_declared_type_has_the_attributes_that_are_declared() {
    let deployment = evaluate(
        r#"
        variable "x" {
          type = object({ name = string, rules = list(object({ port = number })) })
        }
        variable "rules" {
          type = map(object({ port = number, source = optional(string, "*") }))
        }
        resource "azurerm_x" "x" {
          name   = var.x.name
          first  = var.x.rules[0].port
          ports  = [for rule in var.x.rules : rule.port]
          names  = [for name, value in var.x : name]
          keys   = keys(var.x)
          size   = length(var.x)
          values = values(var.rules)[*].port
          all    = flatten([for rule in var.x.rules : [rule.port, 1]])
          isnull = var.x == null
          text   = var.x.name == 1
        }
        resource "azurerm_y" "y" {
          for_each = var.rules
          port     = each.value.port
          source   = each.value.source
        }
        "#,
    );
    let shown = |path| attribute(&deployment, "azurerm_x.x", path);
    assert_eq!(shown("name"), "?var.x.name");
    assert_eq!(shown("first"), "?var.x.rules[0].port");
    assert_eq!(shown("ports"), "[…?var.x.rules[*].port]");
    assert_eq!(shown("names"), "[name,rules]");
    assert_eq!(shown("keys"), "[name,rules]");
    assert_eq!(shown("size"), "2");
    assert_eq!(shown("values"), "[…?var.rules[*].port]");
    assert_eq!(shown("all"), "[…]");
    assert!(shown("isnull").starts_with('?'), "it may be null");
    assert_eq!(shown("text"), "false", "a string is no number");
    let y = deployment
        .resources
        .iter()
        .find(|resource| &*resource.kind == "azurerm_y")
        .unwrap();
    assert_eq!(show(y.body.get("port").unwrap()), "?var.rules[*].port");
    assert_eq!(show(y.body.get("source").unwrap()), "?var.rules[*].source");
}

#[test]
fn an_attribute_that_the_type_does_not_declare_is_told() {
    let files = Files::new(&[(
        "main.tf",
        "variable \"x\" { type = object({ name = string }) }\n\
         resource \"azurerm_x\" \"x\" { v = var.x.nam }",
    )]);
    let deployment = files.deployment();
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(
        told.message,
        "there is no attribute `nam` in var.x, which is an object"
    );
    assert_eq!(
        files.slice(told.primary.as_ref().unwrap().span),
        "var.x.nam"
    );
}

#[test]
fn what_validations_leave_decides_comparisons() {
    let deployment = evaluate(
        r#"
        variable "priority" {
          type = number
          validation {
            condition     = var.priority >= 100 && var.priority <= 4096
            error_message = "no"
          }
        }
        variable "protocol" {
          type = string
          validation {
            condition     = can(regex("^(Tcp|Udp)$", var.protocol))
            error_message = "no"
          }
        }
        variable "access" {
          type    = string
          validation {
            condition     = var.access == null ? true : contains(["Allow", "Deny"], var.access)
            error_message = "no"
          }
        }
        variable "mode" {
          type = string
          validation {
            condition     = var.mode == "a" || var.mode == "b" || "c" == var.mode
            error_message = "no"
          }
          validation {
            condition     = contains(["b", "c", "d"], var.mode)
            error_message = "no"
          }
        }
        variable "name" {
          type = string
          validation {
            condition     = length(var.name) > 3 && length(var.name) < 10
            error_message = "no"
          }
        }
        variable "open" {
          type = string
          validation {
            condition     = var.open == "a" || length(var.open) > 3
            error_message = "no"
          }
        }
        resource "azurerm_x" "x" {
          low      = var.priority > 50
          high     = var.priority > 5000
          priority = var.priority == 100
          protocol = var.protocol
          access   = var.access
          mode     = var.mode
          name     = var.name == "abc"
          name4    = var.name == "abcd"
          open     = var.open
        }
        "#,
    );
    let shown = |path| attribute(&deployment, "azurerm_x.x", path);
    assert_eq!(shown("low"), "true");
    assert_eq!(shown("high"), "false");
    assert!(shown("priority").starts_with('?'));
    assert_eq!(shown("protocol"), "(Tcp|Udp)");
    assert_eq!(shown("access"), "(null|Allow|Deny)");
    assert_eq!(shown("mode"), "(b|c)");
    assert_eq!(shown("name"), "false");
    assert!(shown("name4").starts_with('?'));
    assert_eq!(shown("open"), "?var.open");
}

/// `terraform console` 1.11 gave every result.
#[test]
fn both_branches_of_a_conditional_decide_the_type() {
    let cases = [
        ("var.yes ? 1 : \"a\"", "string", "1"),
        ("var.yes ? [1] : [\"a\"]", "tuple([string])", "[1]"),
        ("var.yes ? [1, 2] : [\"a\"]", "list(string)", "[1,2]"),
        ("var.yes ? { a = 1 } : { b = 2 }", "map(number)", "{a=1}"),
        (
            "var.yes ? { a = 1 } : { a = \"x\" }",
            "object({ a = string })",
            "{a=1}",
        ),
        (
            "var.yes ? { a = 1, b = \"x\" } : {}",
            "map(string)",
            "{a=1,b=x}",
        ),
        (
            "var.yes ? { a = { b = 1 } } : { a = { c = \"x\" } }",
            "object({ a = map(string) })",
            "{a={b=1}}",
        ),
        ("var.yes ? [1, \"x\"] : var.names", "list(string)", "[1,x]"),
        ("var.yes ? var.numbers : var.names", "list(string)", "[1]"),
        ("var.yes ? null : []", "any", "null"),
        ("var.yes ? [] : null", "tuple([])", "[]"),
        ("var.yes ? [1] : [][0]", "tuple([number])", "[1]"),
    ];
    for (expression, kind, text) in cases {
        let deployment = evaluate(&format!(
            "variable \"yes\" {{\n  default = true\n}}\n\
             variable \"names\" {{\n  type = list(string)\n  default = [\"a\"]\n}}\n\
             variable \"numbers\" {{\n  type = set(number)\n  default = [1]\n}}\n\
             resource \"azurerm_x\" \"x\" {{\n  v = {expression}\n}}"
        ));
        let value = resource(&deployment, "azurerm_x.x").body.get("v").unwrap();
        assert_eq!(Type::of(value).to_string(), kind, "{expression}");
        assert_eq!(show(value), text, "{expression}");
    }
}

#[test]
fn branches_without_a_common_type_are_told() {
    let files = Files::new(&[(
        "main.tf",
        "locals { v = true ? { a = 1, b = [1] } : {} }\n\
         resource \"azurerm_x\" \"x\" { v = local.v }",
    )]);
    let deployment = files.deployment();
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(
        files.slice(told.primary.as_ref().unwrap().span),
        "true ? { a = 1, b = [1] } : {}"
    );
}

/// `terraform console` 1.11 gave every result.
#[test]
fn values_of_different_types_differ() {
    let deployment = evaluate(
        r#"
        variable "list" {
          type    = list(string)
          default = ["a"]
        }
        variable "set" {
          type    = set(string)
          default = ["a"]
        }
        variable "map" {
          type    = map(string)
          default = { a = "1" }
        }
        variable "objects" {
          type    = set(object({ a = number }))
          default = [{ a = 2 }, { a = 1 }]
        }
        variable "same" {
          type    = set(object({ a = number }))
          default = [{ a = 1 }, { a = 2 }]
        }
        resource "azurerm_x" "x" {
          list    = var.list == ["a"]
          empty   = var.list == []
          set     = var.set == var.list
          map     = var.map == { a = "1" }
          nested  = { x = var.list } == { x = ["a"] }
          tuple   = ["a", 1] == ["a", 1]
          number  = "1" == 1
          objects = var.objects == var.same
        }
        "#,
    );
    let shown = |path| attribute(&deployment, "azurerm_x.x", path);
    for path in ["list", "empty", "set", "map", "nested", "number"] {
        assert_eq!(shown(path), "false", "{path}");
    }
    assert_eq!(shown("tuple"), "true");
    assert_eq!(shown("objects"), "true");
}

#[test]
fn what_the_other_branch_rests_on_does_not_count() {
    let files = Files::new(&[(
        "main.tf",
        r#"
        variable "unused" { default = [] }
        locals { v = true ? [1] : [var.unused[0]] }
        resource "azurerm_x" "x" { v = local.v[3] }
        "#,
    )]);
    let deployment = files.deployment();
    assert_eq!(
        deployment.diagnostics.len(),
        1,
        "the mistake is the author's: {:?}",
        deployment.diagnostics
    );
}
