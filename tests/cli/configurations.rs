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

#[test]
fn values_for_all_roots_do_not_ask_about_all_roots() {
    let case = Case::new(&[
        ("a/main.tf", NETWORK),
        ("b/main.tf", NETWORK),
        ("a/open.tfvars", "from = [\"Internet\"]\n"),
    ]);
    let check = ["check", "a", "--root", ".", "--var-file", "a/open.tfvars"];
    let (_, document) = case.answer(&check);
    assert_eq!(document["summary"]["deployments"], 1, "{document:#}");
    // Unless it is the file that is asked about.
    let file = "a/open.tfvars";
    let check = ["check", file, "--root", ".", "--var-file", file];
    let (_, document) = case.answer(&check);
    assert_eq!(document["summary"]["deployments"], 2, "{document:#}");
}

#[test]
fn what_a_provider_fills_in_is_no_literal_that_decides() {
    let outer = r#"
resource "azurerm_virtual_network" "hub" {
  name          = "hub"
  address_space = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.1.0/24"]
}
resource "azurerm_subnet" "firewall" {
  name                 = "AzureFirewallSubnet"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.0.0/26"]
}
module "firewall" {
  source = "./firewall"
  subnet = azurerm_subnet.firewall.id
}
resource "azurerm_route_table" "app" {
  name = "app"
  route {
    name                   = "default"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = module.firewall.address
  }
}
resource "azurerm_subnet_route_table_association" "app" {
  subnet_id      = azurerm_subnet.app.id
  route_table_id = azurerm_route_table.app.id
}
resource "azurerm_network_interface" "app" {
  name = "app"
  ip_configuration {
    name                          = "ip"
    subnet_id                     = azurerm_subnet.app.id
    private_ip_address_allocation = "Dynamic"
  }
}
resource "azurerm_windows_virtual_machine" "app" {
  name                  = "app"
  network_interface_ids = [azurerm_network_interface.app.id]
}
"#;
    let inner = r#"
variable "subnet" {}
resource "azurerm_firewall" "this" {
  name     = "fw"
  sku_name = "AZFW_VNet"
  sku_tier = "Standard"
  ip_configuration {
    name      = "ip"
    subnet_id = var.subnet
  }
}
output "address" {
  value = azurerm_firewall.this.ip_configuration[0].private_ip_address
}
"#;
    let case = Case::new(&[("main.tf", outer), ("firewall/main.tf", inner)]);
    let told = case.run(&["check"]).stdout;
    assert!(told.contains("kms-unreachable"), "{told}");
    assert!(!told.contains("{ source"), "{told}");
    assert!(told.contains("module `firewall` called here"), "{told}");
}

#[test]
fn who_asks_about_a_plan_is_told_all_it_does() {
    let read = |name: &str| {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans/web");
        std::fs::read_to_string(directory.join(name)).unwrap()
    };
    let case = Case::new(&[
        ("live/main.tf", &read("main.tf")),
        ("live/terraform.tfvars", &read("terraform.tfvars")),
        ("live/plan.json", &read("plan.json")),
    ]);
    let (code, document) = case.answer(&["check", "live/plan.json", "--root", "."]);
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["path"], "live/terraform.tfvars");
    assert_eq!(code, 1);
}

#[test]
fn values_that_git_ignores_are_read_as_terraform_reads_them() {
    let open = "from = [\"Internet\"]\n";
    let files = [
        ("live/main.tf", NETWORK),
        (".gitignore", "*.tfvars\n*.tfvars.json\n"),
        ("live/terraform.tfvars", "from = [\"10.0.0.0/8\"]\n"),
        ("live/z.auto.tfvars.json", r#"{"from": ["Internet"]}"#),
        ("live/spare.tfvars", "from = [\"10.1.0.0/16\"]\n"),
    ];
    let (code, document) = Case::new(&files).answer(&["check"]);
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["verdict"], "violated");
    assert!(
        found[0].to_string().contains("live/z.auto.tfvars.json"),
        "{document:#}"
    );
    assert_eq!(code, 1);

    // What the settings exclude is excluded.
    let mut files = files.to_vec();
    files.push(("aznet.yaml", "exclude: [\"live/*.tfvars.json\"]\n"));
    let (code, document) = Case::new(&files).answer(&["check"]);
    assert!(of_rule(&document, SSH).is_empty(), "{document:#}");
    assert_eq!(code, 0);

    // Terraform reads none where no root module lies.
    let elsewhere = [
        ("live/main.tf", NETWORK),
        (".gitignore", "*.tfvars\n"),
        ("live/values/terraform.tfvars", open),
    ];
    let (_, document) = Case::new(&elsewhere).answer(&["check"]);
    let found = of_rule(&document, SSH);
    assert!(
        found.iter().all(|found| found["verdict"] != "violated"),
        "{document:#}"
    );
}

#[test]
fn a_file_in_somebodys_home_is_not_known_and_one_that_is_not_here_is_told() {
    let text = r#"
output "home" { value = file("~/.ssh/harbour.pub") }
output "here" { value = file("quay.pub") }
output "seen" { value = fileexists("~/.ssh/harbour.pub") }
"#;
    let case = Case::new(&[("main.tf", text)]);
    let (code, answer) = case.answer(&["resources"]);
    assert_eq!(code, 0, "{answer}");
    let told = answer["diagnostics"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["line"], 3);
    for output in ["home", "seen"] {
        let outputs = answer["deployments"][0]["outputs"].as_array().unwrap();
        let found = outputs.iter().find(|it| it["name"] == output).unwrap();
        assert_eq!(found["state"], "unknown", "{found}");
        assert_eq!(found["missing"][0]["reason"], "file", "{found}");
    }
}
