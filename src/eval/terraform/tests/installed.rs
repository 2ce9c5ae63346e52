//! Modules that `terraform init` installed.

use super::*;

const MAIN: &str = r#"
module "net" {
  source  = "Azure/vnet/azurerm"
  version = "4.0.0"
  name    = "hub"
}
resource "azurerm_x" "x" { id = module.net.id }
"#;

const NET: &str = r#"
variable "name" {}
module "sub" {
  source = "acme/subnet/azurerm"
  name   = "${var.name}-sub"
}
module "local" {
  source = "./modules/local"
}
output "id" { value = module.sub.id }
output "here" { value = path.module }
"#;

const SUB: &str = r#"
variable "name" {}
resource "azurerm_subnet" "this" { name = var.name }
output "id" { value = azurerm_subnet.this.name }
"#;

const LIST: &str = r#"{"Modules": [
  {"Key": "", "Source": "", "Dir": "."},
  {"Key": "net", "Source": "registry.terraform.io/Azure/vnet/azurerm", "Version": "4.0.0", "Dir": ".terraform/modules/net"},
  {"Key": "net.sub", "Source": "registry.terraform.io/acme/subnet/azurerm", "Version": "1.0.0", "Dir": ".terraform/modules/net.sub"}
]}"#;

fn files(list: &str) -> Files {
    Files::new(&[
        ("live/main.tf", MAIN),
        ("live/.terraform/modules/modules.json", list),
        ("live/.terraform/modules/net/main.tf", NET),
        (
            "live/.terraform/modules/net/modules/local/main.tf",
            "resource \"azurerm_y\" \"y\" {}\n",
        ),
        ("live/.terraform/modules/net.sub/main.tf", SUB),
    ])
}

#[test]
fn an_installed_module_is_evaluated_like_a_local_one() {
    let deployment = files(LIST).deployment();
    assert_eq!(deployment.diagnostics, []);
    assert_eq!(attribute(&deployment, "azurerm_x.x", "id"), "hub-sub");
    assert_eq!(
        addresses(&deployment),
        [
            "azurerm_x.x",
            "module.net.module.sub.azurerm_subnet.this",
            "module.net.module.local.azurerm_y.y",
        ]
    );
}

#[test]
fn a_module_installed_from_elsewhere_is_not_the_one_that_is_called() {
    let list = LIST.replace("Azure/vnet/azurerm", "Azure/network/azurerm");
    let deployment = files(&list).deployment();
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(told.code, "module-not-read");
    assert!(told.message.contains("Azure/network/azurerm"), "{told:?}");
    assert_eq!(addresses(&deployment), ["azurerm_x.x"]);
}

#[test]
fn a_list_that_cannot_be_read_installs_nothing() {
    for list in [
        "",
        "{",
        "[]",
        "{\"Modules\": 3}",
        "{\"Modules\": [{\"Key\": 1}]}",
    ] {
        let deployment = files(list).deployment();
        let told: Vec<_> = deployment.diagnostics.iter().map(|it| it.code).collect();
        assert_eq!(told, ["module-not-read"], "{list}");
    }
}

#[test]
fn installed_modules_are_no_roots() {
    let files = Files::new(&[
        ("main.tf", "locals {}\n"),
        (".terraform/modules/old/main.tf", SUB),
    ]);
    let grouping = files.group(&GroupOptions::default());
    let names: Vec<&str> = grouping.units.iter().map(|unit| &*unit.name).collect();
    assert_eq!(names, ["."]);
}
