//! Module calls.

use super::*;

const NSG: &str = r#"
variable "name" {}
variable "rules" { default = {} }
resource "azurerm_network_security_group" "this" { name = var.name }
resource "azurerm_network_security_rule" "this" {
  for_each                    = var.rules
  name                        = each.key
  destination_port_range      = each.value.port
  network_security_group_name = azurerm_network_security_group.this.name
}
output "id" { value = azurerm_network_security_group.this.id }
output "group" { value = azurerm_network_security_group.this }
output "given" { value = var.name }
"#;

#[test]
fn modules_are_called_once_per_element_and_give_their_outputs() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            variable "groups" { default = {} }
            module "nsg" {
              source   = "./modules/nsg"
              for_each = var.groups
              name     = "${each.key}-nsg"
              rules    = each.value
            }
            resource "azurerm_x" "x" {
              id     = module.nsg["web"].id
              group  = module.nsg["web"].group.id
              given  = module.nsg["db"].given
              ids    = values(module.nsg)[*].given
            }
            "#,
        ),
        (
            "terraform.tfvars",
            "groups = {\n  web = { ssh = { port = 22 } }\n  db = {}\n}\n",
        ),
        ("modules/nsg/main.tf", NSG),
    ]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_x.x",
            "module.nsg[\"db\"].azurerm_network_security_group.this",
            "module.nsg[\"web\"].azurerm_network_security_group.this",
            "module.nsg[\"web\"].azurerm_network_security_rule.this[\"ssh\"]",
        ]
    );
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    let id = "?module.nsg[\"web\"].azurerm_network_security_group.this.id";
    assert_eq!(got("id"), id);
    assert_eq!(got("group"), id);
    assert_eq!(got("given"), "db-nsg");
    assert_eq!(got("ids"), "[db-nsg,web-nsg]");
}

#[test]
fn what_no_one_has_here_is_unknown_by_its_source() {
    let text = r#"
        module "net" {
          source  = "Azure/vnet/azurerm"
          version = "4.0.0"
        }
        resource "azurerm_x" "x" {
          id = module.net.vnet_subnets[0]
        }
        "#;
    let deployment = Files::new(&[("main.tf", text)]).deployment();
    let told: Vec<_> = deployment.diagnostics.iter().map(|it| it.code).collect();
    assert_eq!(told, ["module-not-read"]);
    let value = resource(&deployment, "azurerm_x.x").body.get("id").unwrap();
    let unknown = value.as_unknown().unwrap();
    assert_eq!(&*unknown.label, "module.net.vnet_subnets[0]");
    assert_eq!(
        unknown.reason,
        crate::eval::value::Reason::Module("Azure/vnet/azurerm".into())
    );
}

#[test]
fn roots_are_what_nobody_calls_and_circles_have_one() {
    let call = |to: &str| format!("module \"m\" {{ source = \"{to}\" }}");
    let (a, b, c) = (call("../b"), call("../c"), call("../b"));
    let files = Files::new(&[
        ("a/main.tf", a.as_str()),
        ("b/main.tf", b.as_str()),
        ("c/main.tf", c.as_str()),
        ("d/main.tf", "resource \"azurerm_x\" \"x\" {}"),
    ]);
    let grouping = files.group(&GroupOptions::default());
    let names: Vec<&str> = grouping.units.iter().map(|unit| &*unit.name).collect();
    assert_eq!(names, ["a", "d"]);
    assert!(grouping.diagnostics.is_empty());
    let deployment = Terraform.evaluate(&grouping.units[0], &files);
    assert_eq!(deployment.diagnostics[0].code, "module-cycle");

    let (x, y) = (call("../y"), call("../x"));
    let files = Files::new(&[("x/main.tf", x.as_str()), ("y/main.tf", y.as_str())]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(grouping.units.len(), 1);
    assert_eq!(&*grouping.units[0].name, "x");
    assert_eq!(grouping.diagnostics[0].code, "module-cycle");
}

#[test]
fn an_unknown_call_makes_everything_in_it_one_of_many() {
    let files = Files::new(&[
        (
            "main.tf",
            "variable \"groups\" {}\nmodule \"nsg\" {\n source = \"./nsg\"\n for_each = var.groups\n name = each.key\n}\n",
        ),
        ("nsg/main.tf", NSG),
    ]);
    assert_eq!(
        addresses(&files.deployment()),
        ["module.nsg[each.key].azurerm_network_security_group.this?*"]
    );
}

#[test]
fn a_module_says_which_call_left_a_variable_out() {
    let files = Files::new(&[
        ("main.tf", "module \"nsg\" { source = \"./nsg\" }"),
        ("nsg/main.tf", NSG),
    ]);
    let deployment = files.deployment();
    let name = &resource(
        &deployment,
        "module.nsg.azurerm_network_security_group.this",
    )
    .name;
    assert_eq!(show(name), "?module.nsg.var.name");
}

#[test]
fn within_an_unknown_call_references_still_hold() {
    let inner = r#"
        variable "name" {}
        resource "azurerm_a" "a" {
          count = 2
          name  = "a${count.index}"
        }
        resource "azurerm_b" "b" {
          for_each = { k = 1 }
          name     = each.key
        }
        resource "azurerm_x" "x" {
          one  = azurerm_a.a[1].name
          all  = azurerm_a.a[*].name
          each = azurerm_b.b["k"].name
        }
    "#;
    let files = Files::new(&[
        (
            "main.tf",
            "variable \"groups\" {}\nmodule \"m\" {\n source = \"./m\"\n for_each = var.groups\n name = each.key\n}\n",
        ),
        ("m/main.tf", inner),
    ]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let x = "module.m[each.key].azurerm_x.x";
    assert_eq!(attribute(&deployment, x, "one"), "a1");
    assert_eq!(attribute(&deployment, x, "all"), "[a0,a1]");
    assert_eq!(attribute(&deployment, x, "each"), "k");
}

/// The messages of a deployment, each with the text it points at.
fn told<'f>(files: &'f Files, deployment: &'f Deployment) -> Vec<(&'static str, &'f str)> {
    deployment
        .diagnostics
        .iter()
        .map(|told| (told.code, files.slice(told.primary.as_ref().unwrap().span)))
        .collect()
}

#[test]
fn arguments_that_are_missing_or_unknown_are_told_once_for_each_call() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            module "nsg" {
              source     = "./nsg"
              count      = 3
              ruless     = {}
              depends_on = []
              providers  = { azurerm = azurerm.hub }
            }
            "#,
        ),
        ("nsg/main.tf", NSG),
    ]);
    let deployment = files.deployment();
    assert_eq!(
        told(&files, &deployment),
        [
            ("missing-argument", "module \"nsg\""),
            ("unknown-argument", "ruless")
        ]
    );
    let help = deployment.diagnostics[1].help.as_deref();
    assert_eq!(help, Some("did you mean `rules`?"));
}

#[test]
fn an_output_that_is_not_there_is_told_where_it_is_asked_for() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            module "nsg" {
              source = "./nsg"
              name   = "web"
            }
            resource "azurerm_x" "x" { a = module.nsg.givn }
            "#,
        ),
        ("nsg/main.tf", NSG),
    ]);
    let deployment = files.deployment();
    assert_eq!(
        told(&files, &deployment),
        [("invalid-expression", "module.nsg.givn")]
    );
    let message = &deployment.diagnostics[0].message;
    assert!(message.contains("did you mean `given`?"), "{message}");
}

#[test]
fn sources_that_cannot_be_followed_are_told() {
    let files = Files::new(&[(
        "a/main.tf",
        r#"
        variable "where" { default = "./x" }
        module "missing" { source = "./nowhere" }
        module "computed" { source = var.where }
        module "outside" { source = "../../x" }
        module "remote" { source = "Azure/vnet/azurerm" }
        module "none" {}
        "#,
    )]);
    let deployment = files.deployment();
    assert_eq!(
        told(&files, &deployment),
        [
            ("module-not-found", "source = \"./nowhere\""),
            ("module-source", "var.where"),
            ("module-not-read", "source = \"../../x\""),
            ("module-source", "module \"none\""),
            ("module-not-read", "source = \"Azure/vnet/azurerm\""),
        ]
    );
}

#[test]
fn blocks_that_no_file_may_have_are_told_and_the_rest_counts() {
    let files = Files::new(&[(
        "main.tf",
        r#"
        resorce "azurerm_a" "a" {}
        resource "azurerm_b" {}
        stray = 1
        moved {
          from = azurerm_x.old
          to   = azurerm_x.x
        }
        removed { from = azurerm_x.gone }
        import {
          to = azurerm_x.x
          id = "x"
        }
        check "c" {}
        provider "azurerm" {}
        terraform {}
        ephemeral "azurerm_e" "e" {}
        resource "azurerm_x" "x" {}
        "#,
    )]);
    let deployment = files.deployment();
    assert_eq!(addresses(&deployment), ["azurerm_x.x"]);
    let mut all = told(&files, &deployment);
    all.sort_unstable();
    assert_eq!(
        all,
        [
            ("unknown-block", "resorce \"azurerm_a\" \"a\""),
            ("unknown-block", "resource \"azurerm_b\""),
            ("unknown-block", "stray"),
        ]
    );
}

#[test]
fn a_configuration_in_json_is_one_with_the_others() {
    let files = Files::new(&[
        (
            "main.tf",
            "resource \"azurerm_x\" \"x\" { a = local.codes[var.code] }",
        ),
        (
            "locals.tf.json",
            r#"{"locals": {"codes": {"x": "${var.prefix}-x"}}, "variable": {"code": {}, "prefix": {"default": "p"}}}"#,
        ),
        ("terraform.tfvars.json", r#"{"code": "x"}"#),
    ]);
    let deployment = files.deployment();
    assert_eq!(deployment.diagnostics, []);
    assert_eq!(attribute(&deployment, "azurerm_x.x", "a"), "p-x");
}
