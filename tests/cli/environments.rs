//! Parameter files as environments: `aznet.yaml`, what a finding says of where it holds.

use serde_json::{Value, json};

use crate::program::Case;

const SCHEMAS: &str = "https://schema.management.azure.com/schemas/2019-04-01";

/// A template whose rule opens SSH to what a parameter says.
fn template() -> String {
    json!({
        "$schema": format!("{SCHEMAS}/deploymentTemplate.json#"),
        "contentVersion": "1.0.0.0",
        "parameters": {
            "from": { "type": "string" },
            "name": { "type": "string", "defaultValue": "gate" },
        },
        "resources": [{
            "type": "Microsoft.Network/networkSecurityGroups",
            "apiVersion": "2024-05-01",
            "name": "[parameters('name')]",
            "properties": { "securityRules": [{
                "name": "ssh",
                "properties": {
                    "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                    "sourceAddressPrefix": "[parameters('from')]", "sourcePortRange": "*",
                    "destinationAddressPrefix": "*", "destinationPortRange": "22",
                },
            }] },
        }],
    })
    .to_string()
}

fn parameters(from: &str) -> String {
    json!({
        "$schema": format!("{SCHEMAS}/deploymentParameters.json#"),
        "contentVersion": "1.0.0.0",
        "parameters": { "from": { "value": from } },
    })
    .to_string()
}

fn of_rule<'a>(document: &'a Value, rule: &str) -> Vec<&'a Value> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["rule"] == rule).collect()
}

const SSH: &str = "internet-exposed-management-port";

#[test]
fn a_finding_of_several_environments_is_said_once_with_where_it_holds() {
    let case = Case::new(&[
        ("gate.json", &template()),
        ("gate.parameters.dev.json", &parameters("10.1.0.0/16")),
        ("gate.parameters.prod.json", &parameters("Internet")),
        ("gate.parameters.stage.json", &parameters("*")),
    ]);
    let (code, document) = case.answer(&["check"]);
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["path"], "gate.json");
    assert_eq!(
        found[0]["environments"],
        json!([{
            "template": "gate.json",
            "violated": ["prod", "stage"],
            "undetermined": [],
            "absent": ["dev"],
        }])
    );
    let instances = found[0]["instances"].as_array().unwrap();
    let of: Vec<&Value> = instances.iter().map(|one| &one["environment"]).collect();
    assert_eq!(of, ["prod", "stage"]);
    assert_ne!(code, 2);
    let human = case.run(&["check"]).stdout;
    assert!(human.contains("prod and stage, not in dev"), "{human}");
    assert!(!human.contains("also"), "{human}");
    let sarif = case.run(&["check", "-o", "sarif"]).stdout;
    assert!(sarif.contains("In prod and stage, not in dev."), "{sarif}");
}

#[test]
fn deployments_of_the_configuration_pair_files_that_no_name_pairs() {
    let configuration = "deployments:
  - template: infra/*.json
    name: prod
    parameters: [values/common.json, values/live.json]
    location: westeurope
  - template: infra/gate.json
    name: dev
    parameters: values/common.json
";
    let case = Case::new(&[
        ("aznet.yaml", configuration),
        ("infra/gate.json", &template()),
        ("values/common.json", &parameters("10.1.0.0/16")),
        (
            "values/live.json",
            r#"{"parameters": {"from": {"value": "Internet"}, "name": {"value": "live"}}}"#,
        ),
    ]);
    let (_, document) = case.answer(&["check"]);
    assert_eq!(document["diagnostics"], json!([]));
    assert_eq!(document["summary"]["deployments"], 2);
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(
        found[0]["instances"][0]["resource"],
        "Microsoft.Network/networkSecurityGroups/live/securityRules/ssh"
    );
    assert_eq!(found[0]["instances"][0]["environment"], "prod");
}

#[test]
fn parameters_of_the_command_line_win_over_files() {
    let case = Case::new(&[
        ("gate.json", &template()),
        ("gate.parameters.json", &parameters("10.1.0.0/16")),
    ]);
    let found = |arguments: &[&str]| {
        let (code, document) = case.answer(&[&["check"], arguments].concat());
        (code, of_rule(&document, SSH).len(), document)
    };
    assert_eq!(found(&[]).1, 0);
    let (_, count, document) =
        found(&["--parameters", "FROM=Internet", "--parameters", "name=a=b"]);
    assert_eq!(count, 1, "{document:#}");
    assert_eq!(
        of_rule(&document, SSH)[0]["resource"],
        "Microsoft.Network/networkSecurityGroups/a=b/securityRules/ssh"
    );
    let (code, _, document) = found(&["--parameters", "form=Internet"]);
    assert_eq!(code, 2);
    let said = &document["diagnostics"][0]["message"];
    assert_eq!(said, "no template declares a parameter 'form'");
}

#[test]
fn a_parameter_file_in_bicep_is_told_with_the_command_that_compiles_it() {
    let case = Case::new(&[
        ("gate.json", &template()),
        (
            "live.bicepparam",
            "// for live\nusing './gate.bicep'\nparam from = 'Internet'\n",
        ),
        ("other.bicepparam", "using 'br:example.azurecr.io/gate:1'\n"),
    ]);
    let (code, document) = case.answer(&["check"]);
    let notes = document["diagnostics"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert_eq!(
        (&notes[0]["path"], &notes[0]["line"]),
        (&json!("live.bicepparam"), &json!(2))
    );
    assert_eq!(
        notes[0]["help"],
        "compile it: az bicep build-params --file live.bicepparam --outfile live.parameters.json"
    );
    assert_ne!(code, 2);
    // What it compiles to is paired and used.
    case.write("live.parameters.json", parameters("Internet"));
    let (_, document) = case.answer(&["check"]);
    assert_eq!(document["diagnostics"], json!([]));
    assert_eq!(of_rule(&document, SSH).len(), 1);
}

#[test]
fn variables_files_of_a_root_are_environments_where_the_configuration_says_so() {
    let rules = r#"
variable "from" {}
resource "azurerm_network_security_group" "gate" {
  name                = "gate"
  location            = "westeurope"
  resource_group_name = "net"
  security_rule {
    name = "ssh"
    priority = 100
    direction = "Inbound"
    access = "Allow"
    protocol = "Tcp"
    source_port_range = "*"
    destination_port_range = "22"
    source_address_prefix = var.from
    destination_address_prefix = "*"
  }
}
"#;
    let configuration = "deployments:
  - {template: infra, name: dev, parameters: [env/dev.tfvars]}
  - {template: infra, name: prod, parameters: [env/prod.tfvars]}
";
    let case = Case::new(&[
        ("aznet.yaml", configuration),
        ("env/dev.tfvars", "from = \"10.0.0.0/8\"\n"),
        ("env/prod.tfvars", "from = \"Internet\"\n"),
        ("infra/main.tf", rules),
    ]);
    let (_, document) = case.answer(&["check"]);
    assert_eq!(document["diagnostics"], json!([]));
    assert_eq!(document["summary"]["unusedFiles"], json!([]));
    let found = of_rule(&document, SSH);
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["environments"][0]["violated"], json!(["prod"]));
}

#[test]
fn wrong_words_of_a_described_deployment_are_errors_at_their_place() {
    let configuration = "deployments:
  - template: gone.json
  - template: gate.json
    parameters: [missing.json, gate.bicepparam]
    subscription-id: production
    locaton: westeurope
  - name: alone
";
    let case = Case::new(&[
        ("aznet.yaml", configuration),
        ("gate.bicepparam", "using 'gate.bicep'\n"),
        ("gate.json", &template()),
    ]);
    let (code, document) = case.answer(&["check"]);
    assert_eq!(code, 2);
    let said: Vec<(u64, &str)> = document["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["path"] == "aznet.yaml")
        .map(|one| {
            (
                one["line"].as_u64().unwrap(),
                one["message"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            (2, "no template has this path"),
            (4, "there is no file `missing.json`"),
            (4, "`gate.bicepparam` is no parameter file that can be read"),
            (5, "`subscription-id` cannot be `production`"),
            (6, "a deployment has no key `locaton`"),
            (7, "this deployment has no `template`"),
        ]
    );
}

#[test]
fn what_is_undetermined_in_each_environment_for_another_reason_is_placed_once() {
    let case = Case::new(&[
        ("gate.json", &template()),
        ("gate.parameters.dev.json", &parameters("#{office}#")),
        ("gate.parameters.prod.json", &parameters("10.0.0.0/40")),
        ("gate.parameters.stage.json", &parameters("10.0.0.0/8")),
    ]);
    let human = case.run(&["check"]).stdout;
    let open = human.split("undetermined[").nth(1).unwrap();
    let open = open.split("\n\n").next().unwrap();
    let said: Vec<&str> = open
        .lines()
        .filter(|line| line.starts_with("  in "))
        .collect();
    assert_eq!(said, ["  in      dev and prod, not in stage"], "{human}");
    // A value that Azure refuses is not one that the files do not tell.
    assert!(open.contains("`10.0.0.0/40`: mend the value"), "{human}");
}

#[test]
fn of_a_long_literal_that_decides_the_beginning_is_shown() {
    let tail = "0".repeat(60);
    let case = Case::new(&[
        ("gate.json", &template()),
        (
            "gate.parameters.json",
            &parameters(&format!("10.0.0.0/{tail}")),
        ),
    ]);
    let human = case.run(&["check"]).stdout;
    let shown = format!("\"10.0.0.0/{}… decides", "0".repeat(29));
    assert!(human.contains(&shown), "{human}");
}
