//! What must hold for every input: verdicts survive new knowledge, and nothing panics.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails where something is amiss"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aznet::engine::{self, Options, Report};
use aznet::policy::finding::FindingVerdict;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Choices for one field of a security rule: what a template may leave to a parameter.
const FIELDS: &[(&str, &[&str])] = &[
    ("access", &["Allow", "Deny"]),
    (
        "sourceAddressPrefix",
        &[
            "*",
            "10.0.0.0/8",
            "Internet",
            "VirtualNetwork",
            "203.0.113.0/24",
        ],
    ),
    (
        "destinationAddressPrefix",
        &[
            "*",
            "Internet",
            "AzurePlatformDNS",
            "168.63.129.16",
            "10.0.0.0/16",
        ],
    ),
    (
        "destinationPortRange",
        &["*", "22", "25", "3380-3390", "53"],
    ),
    ("direction", &["Inbound", "Outbound"]),
];

/// A field of a generated rule: one of its choices, or a parameter that may be any of them.
#[derive(Clone, Debug)]
enum Choice {
    Literal(usize),
    Parameter,
}

#[derive(Clone, Debug)]
struct Network {
    rules: Vec<Vec<Choice>>,
}

fn networks() -> impl Strategy<Value = Network> {
    let field = |choices: usize| {
        prop_oneof![
            5 => (0..choices).prop_map(Choice::Literal),
            1 => Just(Choice::Parameter),
        ]
    };
    let rule: Vec<_> = FIELDS
        .iter()
        .map(|(_, choices)| field(choices.len()))
        .collect();
    prop::collection::vec(rule, 1..5).prop_map(|rules| Network { rules })
}

impl Network {
    /// The parameters, as (name, choices).
    fn parameters(&self) -> Vec<(String, &'static [&'static str])> {
        let mut parameters = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            for (choice, (field, values)) in rule.iter().zip(FIELDS) {
                if matches!(choice, Choice::Parameter) {
                    parameters.push((format!("{field}{number}"), *values));
                }
            }
        }
        parameters
    }

    fn template(&self) -> Value {
        let mut parameters = serde_json::Map::new();
        for (name, values) in self.parameters() {
            parameters.insert(name, json!({ "type": "string", "allowedValues": values }));
        }
        let rules: Vec<Value> = self
            .rules
            .iter()
            .enumerate()
            .map(|(number, rule)| {
                let mut properties = json!({
                    "priority": 100 + number,
                    "protocol": "*",
                    "sourcePortRange": "*",
                });
                for (choice, (field, values)) in rule.iter().zip(FIELDS) {
                    properties[*field] = match choice {
                        Choice::Literal(index) => json!(values[*index]),
                        Choice::Parameter => json!(format!("[parameters('{field}{number}')]")),
                    };
                }
                json!({ "name": format!("rule{number}"), "properties": properties })
            })
            .collect();
        json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": parameters,
            "resources": [{
                "type": "Microsoft.Network/networkSecurityGroups",
                "apiVersion": "2024-05-01",
                "name": "nsg",
                "properties": { "securityRules": rules },
            }],
        })
    }

    fn report(&self, values: &[(String, &str)]) -> Report {
        let mut files = vec![
            ("azuredeploy.json".to_owned(), self.template().to_string()),
            (
                "aznet.yaml".to_owned(),
                "subscription:\n  offer: free-trial\n".to_owned(),
            ),
        ];
        if !values.is_empty() {
            let given: serde_json::Map<String, Value> = values
                .iter()
                .map(|(name, value)| (name.clone(), json!({ "value": value })))
                .collect();
            let parameters = json!({
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
                "contentVersion": "1.0.0.0",
                "parameters": given,
            });
            files.push((
                "azuredeploy.parameters.json".to_owned(),
                parameters.to_string(),
            ));
        }
        engine::check_files(files, &Options::default()).unwrap()
    }
}

impl Network {
    /// The same rules in Terraform, on a subnet with a machine that has a public address.
    fn configuration(&self) -> String {
        let mut text = String::new();
        for (name, _) in self.parameters() {
            text.push_str(&format!("variable \"{name}\" {{}}\n"));
        }
        text.push_str("resource \"azurerm_network_security_group\" \"nsg\" {\n");
        text.push_str("  name                = \"nsg\"\n  resource_group_name = \"net\"\n");
        for (number, rule) in self.rules.iter().enumerate() {
            text.push_str(&format!(
                "  security_rule {{\n    name = \"rule{number}\"\n    priority = {}\n    protocol = \"*\"\n    source_port_range = \"*\"\n",
                100 + number
            ));
            for (choice, (field, values)) in rule.iter().zip(FIELDS) {
                let value = match choice {
                    Choice::Literal(index) => format!("\"{}\"", values[*index]),
                    Choice::Parameter => format!("var.{field}{number}"),
                };
                text.push_str(&format!("    {} = {value}\n", snake_case(field)));
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n");
        text.push_str(MACHINE);
        text
    }

    fn configuration_report(&self, values: &[(String, &str)]) -> Report {
        let given: String = values
            .iter()
            .map(|(name, value)| format!("{name} = \"{value}\"\n"))
            .collect();
        let files = vec![
            ("main.tf".to_owned(), self.configuration()),
            ("terraform.tfvars".to_owned(), given),
            (
                "aznet.yaml".to_owned(),
                "subscription:\n  offer: free-trial\n".to_owned(),
            ),
        ];
        engine::check_files(files, &Options::default()).unwrap()
    }
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

const MACHINE: &str = r#"
resource "azurerm_virtual_network" "app" {
  name                = "app"
  resource_group_name = "net"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "web" {
  name                 = "web"
  resource_group_name  = "net"
  virtual_network_name = azurerm_virtual_network.app.name
  address_prefixes     = ["10.0.1.0/24"]
}

resource "azurerm_subnet_network_security_group_association" "web" {
  subnet_id                 = azurerm_subnet.web.id
  network_security_group_id = azurerm_network_security_group.nsg.id
}

resource "azurerm_public_ip" "web" {
  name                = "web"
  resource_group_name = "net"
  allocation_method   = "Static"
}

resource "azurerm_network_interface" "web" {
  name                = "web"
  resource_group_name = "net"

  ip_configuration {
    name                          = "ip"
    subnet_id                     = azurerm_subnet.web.id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.web.id
  }
}

resource "azurerm_windows_virtual_machine" "web" {
  name                  = "web"
  resource_group_name   = "net"
  network_interface_ids = [azurerm_network_interface.web.id]
}
"#;

type Subject = (String, Option<String>);

fn subjects(report: &Report, verdict: FindingVerdict) -> BTreeSet<Subject> {
    report
        .findings
        .iter()
        .filter(|finding| finding.verdict == verdict)
        .map(|finding| {
            (
                finding.rule.to_string(),
                finding.security_rule.as_ref().map(ToString::to_string),
            )
        })
        .collect()
}

/// Every way to give all parameters a value, up to a number that keeps a case fast.
fn assignments(
    parameters: &[(String, &'static [&'static str])],
) -> Vec<Vec<(String, &'static str)>> {
    let mut all = vec![Vec::new()];
    for (name, values) in parameters {
        let mut longer = Vec::new();
        for assignment in &all {
            for value in *values {
                let mut next: Vec<(String, &str)> = assignment.clone();
                next.push((name.clone(), *value));
                longer.push(next);
            }
        }
        all = longer;
        let step = all.len() / 24 + 1;
        all = all.into_iter().step_by(step).collect();
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn knowing_more_never_takes_a_verdict_back(network in networks()) {
        survives(&network, Network::report)?;
    }

    #[test]
    fn giving_variables_never_takes_a_verdict_back(network in networks()) {
        survives(&network, Network::configuration_report)?;
    }
}

/// What is certain with everything open stays as it is whatever is given.
fn survives(
    network: &Network,
    report: fn(&Network, &[(String, &str)]) -> Report,
) -> Result<(), TestCaseError> {
    let parameters = network.parameters();
    prop_assume!(!parameters.is_empty());
    let before = report(network, &[]);
    let violated = subjects(&before, FindingVerdict::Violated);
    let open = subjects(&before, FindingVerdict::Undetermined);
    let counted: BTreeSet<String> = before
        .summary
        .undetermined_counted
        .iter()
        .map(|(rule, _)| rule.to_string())
        .collect();
    for values in assignments(&parameters) {
        let after = report(network, &values);
        let now = subjects(&after, FindingVerdict::Violated);
        for subject in &violated {
            prop_assert!(
                now.contains(subject),
                "{subject:?} went away with {values:?}"
            );
        }
        for subject in &now {
            let (rule, security_rule) = subject;
            let was_open = open
                .iter()
                .any(|(name, which)| name == rule && (which.is_none() || which == security_rule))
                || counted.contains(rule);
            prop_assert!(
                violated.contains(subject) || was_open,
                "{subject:?} was held to be fine, but is not with {values:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn leaving_out_any_part_of_a_template_never_breaks_the_run() {
    let sample = sample();
    let (_, text) = sample
        .iter()
        .find(|(path, _)| path.ends_with("azuredeploy.json"))
        .unwrap();
    let whole: Value = serde_json::from_str(&without_line_comments(text)).unwrap();
    let mut paths = Vec::new();
    collect_paths(&whole, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 100);
    for path in paths {
        let mut damaged = whole.clone();
        remove(&mut damaged, &path);
        let files = with_text(&sample, "azuredeploy.json", &damaged.to_string());
        assert_sound(&files, &format!("without {path:?}"));
    }
}

#[test]
fn leaving_out_any_line_of_a_configuration_never_breaks_the_run() {
    let sample = sample();
    for (path, text) in &sample {
        if !path.ends_with(".tf") && !path.ends_with(".tfvars") {
            continue;
        }
        let lines: Vec<&str> = text.lines().collect();
        for dropped in 0..lines.len() {
            let damaged: Vec<&str> = lines
                .iter()
                .enumerate()
                .filter(|(number, _)| *number != dropped)
                .map(|(_, line)| *line)
                .collect();
            let files = with_text(&sample, path, &damaged.join("\n"));
            assert_sound(&files, &format!("{path} without line {}", dropped + 1));
        }
    }
}

fn assert_sound(files: &[(String, String)], what: &str) {
    let report = engine::check_files(files.to_vec(), &Options::default()).unwrap();
    let broken = report
        .diagnostics
        .iter()
        .find(|diagnostic| diagnostic.code == "internal-error");
    assert!(broken.is_none(), "{what}: {broken:?}");
}

fn with_text(files: &[(String, String)], path: &str, text: &str) -> Vec<(String, String)> {
    let replace = |(name, old): &(String, String)| {
        let text = if name.ends_with(path) {
            text.to_owned()
        } else {
            old.clone()
        };
        (name.clone(), text)
    };
    files.iter().map(replace).collect()
}

fn without_line_comments(text: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

fn collect_paths(value: &Value, at: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, v)| (index.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        at.push(name);
        paths.push(at.clone());
        collect_paths(child, at, paths);
        at.pop();
    }
}

fn remove(value: &mut Value, path: &[String]) {
    let (last, parents) = path.split_last().unwrap();
    let mut place = value;
    for step in parents {
        place = match place {
            Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
            other => &mut other[step.as_str()],
        };
    }
    match place {
        Value::Array(items) => {
            items.remove(last.parse().unwrap());
        }
        Value::Object(members) => {
            members.remove(last);
        }
        _ => {}
    }
}

/// The files of `testdata/sample`, by path.
fn sample() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/sample");
    let mut files = Vec::new();
    collect_files(&root, &root, &mut files);
    files.sort();
    files
}

fn collect_files(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_files(root, &path, files);
        } else {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}
