//! What nothing reads is judged all the same.

use super::*;

#[test]
fn what_is_wrong_is_told_where_nothing_reads_it() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            variable "name" {
              type = string
            }
            variable "needed" {
              type     = string
              nullable = false
            }
            locals {
              wrong = tobool("x")
              fine  = "${local.wrong}-nsg"
            }
            module "m" {
              source = "./m"
              ports  = "many"
            }
            "#,
        ),
        (
            "m/main.tf",
            "variable \"ports\" {\n  type = list(number)\n}\n\
             output \"sum\" {\n  value = 1 + \"a\"\n}\n",
        ),
        ("terraform.tfvars", "name = [true]\nneeded = null\n"),
    ]);
    let deployment = files.deployment();
    let mut told: Vec<&str> = deployment
        .diagnostics
        .iter()
        .map(|diagnostic| files.slice(diagnostic.primary.as_ref().unwrap().span))
        .collect();
    told.sort_unstable();
    let expected = [
        "\"a\"",
        "\"many\"",
        "[true]",
        "needed = null",
        "tobool(\"x\")",
    ];
    assert_eq!(told, expected, "{:?}", deployment.diagnostics);
}

#[test]
fn a_limit_that_is_reached_for_nobody_is_not_told() {
    let deep = |read: &str| {
        let mut text = "locals {\n  a0 = 1\n".to_owned();
        for index in 1..400 {
            text.push_str(&format!("  a{index} = local.a{}\n", index - 1));
        }
        text.push_str(&format!("  z = local.a399\n}}\n{read}"));
        let deployment = Files::new(&[("main.tf", &text)]).deployment();
        deployment.diagnostics.len()
    };
    assert_eq!(deep(""), 0);
    assert_ne!(
        deep("resource \"azurerm_x\" \"x\" {\n  a = local.z\n}\n"),
        0
    );
}

#[test]
fn what_only_a_default_makes_wrong_is_not_told() {
    let files = Files::new(&[(
        "main.tf",
        "variable \"names\" {\n  default = []\n}\nlocals {\n  first = var.names[0]\n}\n",
    )]);
    assert!(files.deployment().diagnostics.is_empty());
}
