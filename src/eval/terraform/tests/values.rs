//! Variables, locals, references.

use super::*;

#[test]
fn variables_take_the_last_word_of_the_files() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            variable "a" { default = "default" }
            variable "b" { default = "default" }
            variable "c" { default = "default" }
            variable "d" { default = "default" }
            variable "e" {}
            resource "azurerm_x" "x" {
              a = var.a
              b = var.b
              c = var.c
              d = var.d
              e = var.e
            }
            "#,
        ),
        (
            "terraform.tfvars",
            "b = \"tfvars\"\nc = \"tfvars\"\nd = \"tfvars\"\n",
        ),
        ("a.auto.tfvars", "c = \"auto\"\nd = \"auto\""),
        ("extra.tfvars", "d = \"extra\""),
        ("env/prod.tfvars", "a = 1"),
    ]);
    let options = GroupOptions {
        variables: vec![GivenVariable::File(files.id("extra.tfvars"))],
        ..GroupOptions::default()
    };
    let grouping = files.group(&options);
    assert_eq!(grouping.unused, [files.id("env/prod.tfvars")]);
    let unit = &grouping.units[0];
    assert_eq!(&*unit.name, ".");
    let deployment = Terraform.evaluate(unit, &files);
    let got: Vec<String> = ["a", "b", "c", "d", "e"]
        .iter()
        .map(|name| attribute(&deployment, "azurerm_x.x", name))
        .collect();
    assert_eq!(got, ["default", "tfvars", "auto", "extra", "?var.e"]);
}

#[test]
fn types_convert_and_fill_in_optional_attributes() {
    let deployment = evaluate(
        r#"
        variable "port" {
          type    = string
          default = 22
        }
        variable "rules" {
          type = map(object({
            port     = number
            priority = optional(number, 100)
            access   = optional(string)
            nested   = optional(object({ on = optional(bool, true) }), {})
          }))
          default = { ssh = { port = "22", extra = "dropped" } }
        }
        variable "names" {
          type    = set(string)
          default = ["b", "a", "b"]
        }
        variable "fallback" {
          type     = list(string)
          default  = ["x"]
          nullable = false
        }
        resource "azurerm_x" "x" {
          port  = var.port == "22"
          rules = var.rules
          names = var.names
        }
        "#,
    );
    assert_eq!(attribute(&deployment, "azurerm_x.x", "port"), "true");
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "rules"),
        "{ssh={access=null,nested={on=true},port=22,priority=100}}"
    );
    assert_eq!(attribute(&deployment, "azurerm_x.x", "names"), "[a,b]");
}

#[test]
fn a_value_of_the_wrong_type_is_told_where_it_was_given() {
    let files = Files::new(&[
        (
            "main.tf",
            "variable \"n\" { type = number }\nresource \"azurerm_x\" \"x\" { n = var.n }",
        ),
        ("terraform.tfvars", "n = [1]\nunknown = 2"),
    ]);
    let deployment = files.deployment();
    let told: Vec<(&str, &str)> = deployment
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.as_ref().unwrap().span;
            (diagnostic.code, files.slice(span))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("invalid-expression", "[1]"),
            ("undeclared-variable", "unknown")
        ]
    );
}

#[test]
fn validations_bound_what_nobody_gives_a_value() {
    let deployment = evaluate(
        r#"
        variable "access" {
          validation {
            condition     = contains(["Allow", "Deny"], var.access)
            error_message = "no"
          }
        }
        resource "azurerm_x" "x" { access = var.access }
        "#,
    );
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "access"),
        "(Allow|Deny)"
    );
}

#[test]
fn references_give_what_is_written_and_name_what_is_not() {
    let deployment = evaluate(
        r#"
        data "azurerm_virtual_network" "hub" { name = "hub" }
        resource "azurerm_subnet" "app" {
          name             = "app"
          address_prefixes = ["10.0.${local.third}.0/24"]
          delegation {
            name = "d"
          }
        }
        locals { third = 1 }
        resource "azurerm_x" "x" {
          name    = azurerm_subnet.app.name
          prefix  = azurerm_subnet.app.address_prefixes[0]
          id      = azurerm_subnet.app.id
          deep    = azurerm_subnet.app.delegation[0].service
          all     = azurerm_subnet.app.delegation[*].name
          outside = data.azurerm_virtual_network.hub.id
          inside  = data.azurerm_virtual_network.hub.name
        }
        "#,
    );
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    assert_eq!(got("name"), "app");
    assert_eq!(got("prefix"), "10.0.1.0/24");
    assert_eq!(got("id"), "?azurerm_subnet.app.id");
    assert_eq!(got("deep"), "?azurerm_subnet.app.delegation[0].service");
    assert_eq!(got("all"), "[d]");
    assert_eq!(got("outside"), "?data.azurerm_virtual_network.hub.id");
    assert_eq!(got("inside"), "hub");
    let id = resource(&deployment, "azurerm_x.x").body.get("id").unwrap();
    let reference = id.as_unknown().unwrap().refers_to.clone().unwrap();
    assert_eq!(&*reference.resource.0, "azurerm_subnet.app");
    assert_eq!(&*reference.path, "id");
}

#[test]
fn cycles_are_told_and_end() {
    let files = Files::new(&[(
        "main.tf",
        r#"
        locals {
          a = local.b
          b = "${local.a}-x"
          c = local.c
        }
        resource "azurerm_x" "x" {
          a = local.a
          c = local.c
          name = azurerm_x.y.name
        }
        resource "azurerm_x" "y" {
          name = azurerm_x.x.name
        }
        "#,
    )]);
    let deployment = files.deployment();
    let codes: Vec<&str> = deployment.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["reference-cycle"; 3]);
    assert!(
        resource(&deployment, "azurerm_x.x")
            .body
            .get("a")
            .unwrap()
            .as_str()
            .is_none()
    );
}

#[test]
fn files_are_read_below_the_root_only() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            locals { rules = yamldecode(file("${path.module}/rules.yaml")) }
            resource "azurerm_x" "x" {
              port    = local.rules.ssh.port
              text    = templatefile("${path.module}/t.tpl", { name = "n", list = [1, 2] })
              outside = file("../../etc/passwd")
              base    = basename(abspath("${path.module}/sub/dir"))
            }
            "#,
        ),
        ("rules.yaml", "ssh:\n  port: 22\n"),
        ("t.tpl", "hello ${name}:%{ for x in list } ${x}%{ endfor }"),
    ]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    assert_eq!(attribute(&deployment, "azurerm_x.x", "port"), "22");
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "text"),
        "hello n: 1 2"
    );
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "outside"),
        "?file(\"../../etc/passwd\")"
    );
    assert_eq!(attribute(&deployment, "azurerm_x.x", "base"), "dir");
    assert!(deployment.files.contains(&files.id("rules.yaml")));
}

#[test]
fn what_fails_only_with_a_default_is_unknown_and_names_the_variable() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            variable "given" { default = {} }
            variable "hub" { default = {} }
            variable "create" { default = false }
            locals {
              names = [for key, one in var.hub : one.name]
              id    = azurerm_y.y[0].id
            }
            resource "azurerm_y" "y" { count = var.create ? 1 : 0 }
            resource "azurerm_x" "x" {
              a = var.hub.address
              b = local.names[0]
              c = local.id
              d = var.given.address
              e = module.inner.address
              f = try(var.hub.address, "none")
            }
            module "inner" {
              source = "./inner"
              whole  = var.hub
            }
            "#,
        ),
        (
            "inner/main.tf",
            r#"
            variable "whole" { default = {} }
            variable "left" { default = {} }
            output "address" { value = var.whole.address }
            resource "azurerm_x" "x" { a = var.left.address }
            "#,
        ),
        ("terraform.tfvars", "given = {}"),
    ]);
    let deployment = files.deployment();
    let got: Vec<String> = ["a", "b", "c", "e", "f"]
        .iter()
        .map(|name| attribute(&deployment, "azurerm_x.x", name))
        .collect();
    assert_eq!(
        got,
        ["?var.hub", "?var.hub", "?var.create", "?var.hub", "none"]
    );
    let told: Vec<&str> = deployment
        .diagnostics
        .iter()
        .map(|diagnostic| files.slice(diagnostic.primary.as_ref().unwrap().span))
        .collect();
    assert_eq!(told, ["var.given.address", "var.left.address"]);
}

#[test]
fn what_is_declared_twice_counts_once_and_is_told_once() {
    let files = Files::new(&[
        ("a.tf", "resource \"azurerm_x\" \"x\" {\n  a = 1\n}\n"),
        (
            "b.tf",
            "resource \"azurerm_x\" \"x\" {\n  a = 2\n}\nresource \"azurerm_x\" \"x\" {}\n",
        ),
    ]);
    let deployment = files.deployment();
    assert_eq!(attribute(&deployment, "azurerm_x.x", "a"), "1");
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(told.code, "defined-twice");
    assert!(told.message.contains("`azurerm_x.x`"), "{}", told.message);
    assert!(told.message.contains("1 more"), "{}", told.message);
    let at = told.primary.as_ref().unwrap().span;
    assert_eq!(at.file, files.id("b.tf"));
}
