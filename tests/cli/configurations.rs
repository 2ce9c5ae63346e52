//! Terraform configurations as they lie on a disk: installed modules, values of variables.

use serde_json::{Value, json};

use crate::program::{Case, command};

const SSH: &str = "internet-exposed-management-port";

/// A rule that opens SSH to what a variable says.
const NETWORK: &str = r#"
variable "from" { type = list(string) }
resource "azurerm_network_security_group" "gate" {
  name                = "gate"
  resource_group_name = "net"
  location            = "westeurope"
  security_rule {
    name                       = "ssh"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefixes    = var.from
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "22"
  }
}
"#;

fn of_rule<'a>(document: &'a Value, rule: &str) -> Vec<&'a Value> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["rule"] == rule).collect()
}

fn codes(document: &Value) -> Vec<&str> {
    let told = document["diagnostics"].as_array().unwrap().iter();
    told.map(|told| told["code"].as_str().unwrap()).collect()
}

#[test]
fn an_installed_module_is_judged_and_its_call_is_pointed_at() {
    let main = r#"
module "gate" {
  source = "acme/gate/azurerm"
  from   = ["Internet"]
}
"#;
    let list = json!({ "Modules": [
        { "Key": "", "Source": "", "Dir": "." },
        {
            "Key": "gate", "Source": "registry.terraform.io/acme/gate/azurerm",
            "Version": "1.0.0", "Dir": ".terraform/modules/gate",
        },
    ]});
    let case = Case::new(&[
        ("live/main.tf", main),
        (".gitignore", ".terraform\n"),
        ("live/.terraform/modules/modules.json", &list.to_string()),
        ("live/.terraform/modules/gate/main.tf", NETWORK),
        (
            "live/.terraform/modules/gate/odd.tf",
            "variable \"spare\" { default = no.such }\n",
        ),
        ("live/.terraform/modules/gate/examples/a/main.tf", NETWORK),
        ("live/.terraform/modules/old/main.tf", "{ broken"),
    ]);
    let (code, document) = case.answer(&["check"]);
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["path"], "live/main.tf");
    assert!(codes(&document).is_empty(), "{document:#}");
    assert_eq!(document["summary"]["deployments"], 1);
    assert_eq!(code, 1);

    let case = Case::new(&[("live/main.tf", main)]);
    let (code, document) = case.answer(&["check"]);
    assert_eq!(codes(&document), ["module-not-read"]);
    assert_eq!(code, 0);
}

#[test]
fn values_of_the_call_are_read_by_type_and_win_in_the_order_given() {
    let case = Case::new(&[
        ("main.tf", NETWORK),
        ("terraform.tfvars", "from = [\"10.0.0.0/8\"]\n"),
        ("given.tfvars.json", r#"{"from": ["10.1.0.0/16"]}"#),
    ]);
    let found = |arguments: &[&str]| {
        let (code, document) = case.answer(&[&["check"], arguments].concat());
        assert_ne!(code, 2, "{document:#}");
        of_rule(&document, SSH).len()
    };
    let open = "from=[\"Internet\"]";
    assert_eq!(found(&[]), 0);
    assert_eq!(found(&["--var", open]), 1);
    assert_eq!(
        found(&["--var", open, "--var-file", "given.tfvars.json"]),
        0
    );
    assert_eq!(
        found(&["--var-file", "given.tfvars.json", "--var", open]),
        1
    );
}

#[test]
fn the_environment_counts_only_on_request_and_least() {
    let case = Case::new(&[("main.tf", NETWORK)]);
    let found = |arguments: &[&str]| {
        let mut command = command(case.directory.path());
        command.env("TF_VAR_from", "[\"Internet\"]");
        command.env("TF_VAR_elsewhere", "1");
        let output = command
            .args(arguments)
            .args(["-o", "json"])
            .output()
            .unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(codes(&document).is_empty(), "{document:#}");
        let found = of_rule(&document, SSH).into_iter();
        let violated = found.filter(|finding| finding["verdict"] == "violated");
        violated.count()
    };
    assert_eq!(found(&["check"]), 0);
    assert_eq!(found(&["check", "--tf-var-env"]), 1);
    case.write("terraform.tfvars", "from = [\"10.0.0.0/8\"]\n");
    assert_eq!(found(&["check", "--tf-var-env"]), 0);
}

#[test]
fn a_value_for_a_variable_that_no_root_declares_fails() {
    let case = Case::new(&[("main.tf", NETWORK)]);
    let outcome = case.run(&["check", "--var", "form=[]"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stdout.contains("`form`"), "{outcome:?}");
    let outcome = case.run(&["check", "--var", "form"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("--var form"), "{}", outcome.stderr);
}

#[test]
fn variables_files_that_are_alternatives_are_environments() {
    let case = Case::new(&[
        ("net/main.tf", NETWORK),
        ("net/env/dev.tfvars", "from = [\"10.0.0.0/8\"]\n"),
        ("net/env/prod.tfvars", "from = [\"Internet\"]\n"),
    ]);
    let (_, document) = case.answer(&["check"]);
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(
        found[0]["environments"],
        json!([{
            "template": "net/main.tf",
            "violated": ["prod"],
            "undetermined": [],
            "absent": ["dev"],
        }])
    );
}
