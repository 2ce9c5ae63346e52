//! What is written and is not in the schema of its type.

use super::*;

/// What is said of one file: code, the text it points at, help.
fn told(text: &str) -> Vec<(&'static str, String, Option<String>)> {
    let files = Files::new(&[("main.tf", text)]);
    let deployment = files.deployment();
    let mut told: Vec<_> = deployment
        .diagnostics
        .into_iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.unwrap().span;
            (
                diagnostic.code,
                files.slice(span).to_owned(),
                diagnostic.help,
            )
        })
        .collect();
    told.sort();
    told
}

fn one(text: &str) -> (&'static str, String, Option<String>) {
    let mut all = told(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// A configuration for versions of the provider.
fn with_versions(constraint: &str, text: &str) -> String {
    format!(
        "terraform {{\n required_providers {{\n azurerm = {{\n version = \"{constraint}\"\n }}\n }}\n}}\n{text}"
    )
}

#[test]
fn a_name_that_no_version_has_is_told_with_the_nearest() {
    let (code, place, help) = one(r#"
        resource "azurerm_network_interface" "a" {
          ip_configuration {
            subnet = "x"
          }
        }
        "#);
    assert_eq!((code, &*place), ("unknown-attribute", "subnet"));
    assert_eq!(help.as_deref(), Some("did you mean `subnet_id`?"));
    let (code, place, help) = one(r#"
        resource "azurerm_network_interface" "a" {
          ip_configurations {}
        }
        "#);
    assert_eq!((code, &*place), ("unknown-block", "ip_configurations"));
    assert_eq!(help.as_deref(), Some("did you mean `ip_configuration`?"));
}

#[test]
fn what_stands_in_dynamic_blocks_is_looked_at_too() {
    let (code, place, _) = one(r#"
        resource "azurerm_network_security_group" "a" {
          dynamic "security_rule" {
            for_each = [1]
            iterator = each_rule
            content { prioritty = each_rule.value }
          }
        }
        "#);
    assert_eq!((code, &*place), ("unknown-attribute", "prioritty"));
    let (code, place, _) = one(r#"
        resource "azurerm_network_security_group" "a" {
          dynamic "security_rulez" {
            for_each = [1]
            content { priority = 100 }
          }
        }
        "#);
    assert_eq!((code, &*place), ("unknown-block", "\"security_rulez\""));
}

#[test]
fn names_of_old_versions_are_told_only_where_these_are_ruled_out() {
    let old = r#"resource "azurerm_network_interface" "a" { enable_ip_forwarding = true }"#;
    let new = r#"resource "azurerm_network_interface" "a" { ip_forwarding_enabled = true }"#;
    assert_eq!(told(old), []);
    assert_eq!(told(new), []);
    assert_eq!(told(&with_versions(">= 3.0", old)), []);
    assert_eq!(told(&with_versions("~> 3.108", new)), []);
    let (code, place, help) = one(&with_versions("~> 4.0", old));
    assert_eq!(code, "attribute-of-other-version");
    assert_eq!(place, "enable_ip_forwarding");
    let help = help.unwrap();
    assert_eq!(
        help,
        "the configuration is for versions from 4.0.0 up to but without 5.0.0: write \
         `ip_forwarding_enabled` instead"
    );
    let (code, place, _) = one(&with_versions("~> 2.0", new));
    assert_eq!(
        (code, &*place),
        ("attribute-of-other-version", "ip_forwarding_enabled")
    );
}

#[test]
fn blocks_may_be_written_as_values_only_where_the_provider_takes_them() {
    let rules = r#"resource "azurerm_network_security_group" "a" { security_rule = [] }"#;
    assert_eq!(told(rules), []);
    let (code, place, _) =
        one(r#"resource "azurerm_network_interface" "a" { ip_configuration = [] }"#);
    assert_eq!((code, &*place), ("block-as-attribute", "ip_configuration"));
    let (code, place, _) =
        one("resource \"azurerm_subnet\" \"a\" {\n delegation {\n name {}\n }\n}");
    assert_eq!((code, &*place), ("attribute-as-block", "name"));
}

#[test]
fn what_azure_fills_in_may_only_be_null() {
    let (code, place, _) = one(r#"resource "azurerm_public_ip" "a" { fqdn = "x" }"#);
    assert_eq!((code, &*place), ("computed-attribute", "fqdn"));
    assert_eq!(
        told(
            r#"
            variable "x" { default = null }
            resource "azurerm_public_ip" "a" { fqdn = var.x }
            "#
        ),
        []
    );
}

#[test]
fn what_belongs_to_terraform_and_other_types_are_left_alone() {
    let text = r#"
        resource "azurerm_subnet" "a" {
          count      = 1
          provider   = azurerm
          depends_on = []
          lifecycle {
            ignore_changes = [tags]
          }
          timeouts {
            create = "5m"
          }
          provisioner "local-exec" {
            command = "true"
          }
        }
        resource "azurerm_made_up" "b" { anything = 1 }
        resource "aws_subnet" "c" { anything = 1 }
        "#;
    assert_eq!(told(text), []);
    let foreign = r#"
        terraform {
          required_providers {
            azurerm = { source = "example/azurerm" }
          }
        }
        resource "azurerm_subnet" "a" { anything = 1 }
        "#;
    assert_eq!(told(foreign), []);
}

#[test]
fn null_leaves_an_attribute_to_the_provider() {
    let deployment = evaluate(&with_versions(
        "~> 3.0",
        r#"
        resource "azurerm_public_ip" "p" {
          sku        = null
          fqdn       = null
          edge_zone  = null
        }
        resource "azurerm_made_up" "m" {
          sku       = azurerm_public_ip.p.sku
          fqdn      = azurerm_public_ip.p.fqdn
          edge_zone = azurerm_public_ip.p.edge_zone
        }
        "#,
    ));
    let read = deployment
        .resources
        .iter()
        .find(|resource| &*resource.kind == "azurerm_made_up")
        .unwrap();
    let sku = read.body.get("sku").unwrap();
    assert_eq!(sku.as_str().map(|text| &**text), Some("Basic"));
    assert!(read.body.get("fqdn").unwrap().as_unknown().is_some());
    assert!(read.body.get("edge_zone").unwrap().is_null());
}

#[test]
fn blocks_written_as_a_value_have_what_azure_fills_in() {
    let files = Files::new(&[(
        "main.tf",
        r#"
        resource "azurerm_virtual_network" "a" {
          subnet = [{ name = "s", address_prefixes = ["10.0.0.0/24"] }]
        }
        resource "azurerm_network_interface" "b" {
          name = [for s in azurerm_virtual_network.a.subnet : s.id if s.name == "s"][0]
        }
        "#,
    )]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let nic = &deployment.resources[1];
    let unknown = nic.body.get("name").unwrap().as_unknown().unwrap();
    assert_eq!(&*unknown.label, "azurerm_virtual_network.a.subnet[0].id");
}
