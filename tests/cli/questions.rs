//! `aznet trace` and `aznet effective` as people call them: what they say, where they point, and
//! what they refuse.

use std::fs;

use serde_json::Value;

use crate::program::Case;

const NETWORK: &str = r#"
resource "azurerm_virtual_network" "hub" {
  name                = "hub"
  resource_group_name = "rg"
  location            = "westeurope"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = "rg"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.1.0/24"]
}

resource "azurerm_subnet" "db" {
  name                 = "db"
  resource_group_name  = "rg"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.2.0/24"]
}

resource "azurerm_network_security_group" "db" {
  name                = "db-nsg"
  resource_group_name = "rg"
  location            = "westeurope"
  dynamic "security_rule" {
    for_each = var.rules
    content {
      name                       = security_rule.key
      priority                   = security_rule.value.priority
      direction                  = "Inbound"
      access                     = security_rule.value.access
      protocol                   = "Tcp"
      source_address_prefix      = security_rule.value.source
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = security_rule.value.port
    }
  }
}

resource "azurerm_subnet_network_security_group_association" "db" {
  subnet_id                 = azurerm_subnet.db.id
  network_security_group_id = azurerm_network_security_group.db.id
}

variable "rules" {}
"#;

const RULES: &str = r#"rules = {
  sql  = { priority = 100, access = "Allow", source = "10.0.1.0/25", port = "1433" }
  none = { priority = 200, access = "Deny", source = "*", port = "*" }
  late = { priority = 300, access = "Allow", source = "10.0.0.0/8", port = "22" }
}
"#;

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "office": { "type": "string" } },
  "resources": [
    {
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2024-05-01",
      "name": "web",
      "properties": {
        "securityRules": [
          { "name": "office", "properties": {
            "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": "[parameters('office')]", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "22" } },
          { "name": "https", "properties": {
            "priority": 200, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": "Internet", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRanges": ["80", "443"] } }
        ]
      }
    },
    {
      "type": "Microsoft.Network/virtualNetworks",
      "apiVersion": "2024-05-01",
      "name": "spoke",
      "dependsOn": ["[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]"],
      "properties": {
        "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
        "subnets": [
          { "name": "front", "properties": {
            "addressPrefix": "10.1.1.0/24",
            "networkSecurityGroup": {
              "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]" } } }
        ]
      }
    }
  ]
}
"#;

impl Case {
    fn terraform() -> Self {
        Self::new(&[("main.tf", NETWORK), ("terraform.tfvars", RULES)])
    }

    fn template() -> Self {
        Self::new(&[("main.json", TEMPLATE)])
    }

    /// Exit code, standard output, standard error.
    fn said(&self, arguments: &[&str]) -> (i32, String, String) {
        let outcome = self.run(arguments);
        (outcome.code, outcome.stdout, outcome.stderr)
    }

    fn asked(&self, arguments: &[&str]) -> Value {
        let (code, answer) = self.answer(arguments);
        assert_eq!(code, 0, "{answer}");
        answer
    }

    /// The line of the files that an object of the answer points at.
    fn line(&self, at: &Value) -> String {
        let path = at["path"].as_str().unwrap();
        let text = fs::read_to_string(self.path(path)).unwrap();
        let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
        let column = usize::try_from(at["column"].as_u64().unwrap()).unwrap();
        let line = text.lines().nth(line - 1).unwrap();
        line.chars().skip(column - 1).collect()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.said(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        err
    }
}

fn names<'v>(rules: &'v Value, wanted: &str) -> Vec<&'v str> {
    let rules = rules.as_array().unwrap().iter();
    rules
        .filter(|rule| wanted.is_empty() || rule["standing"] == wanted)
        .map(|rule| rule["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_rule_of_a_loop_is_pointed_at_in_the_variables_file() {
    let case = Case::terraform();
    let ask = |from: &str, to: &str| {
        case.asked(&["trace", ".", "--from", from, "--to", to, "--nsg", "db-nsg"])
    };
    let allowed = ask("10.0.1.4", "10.0.2.4:1433");
    assert_eq!(allowed["verdict"], "allowed");
    let by = &allowed["decidedBy"];
    assert_eq!(
        (&by["kind"], &by["name"], &by["priority"], &by["access"]),
        (
            &"security-rule".into(),
            &"sql".into(),
            &100.into(),
            &"Allow".into()
        )
    );
    assert_eq!(by["path"], "terraform.tfvars");
    assert!(case.line(by).starts_with("sql  = {"), "{}", case.line(by));
    assert_eq!(allowed["question"]["direction"], "inbound");
    let note = allowed["notes"][0].as_str().unwrap();
    assert!(note.starts_with("inbound: 10.0.2.4"), "{note}");

    let denied = ask("10.0.1.200", "db:1433");
    assert_eq!(denied["verdict"], "denied");
    assert!(case.line(&denied["decidedBy"]).starts_with("none = {"));
    assert_eq!(denied["witness"]["source"], "10.0.1.200");
}

#[test]
fn packets_that_fare_differently_are_told_apart() {
    let case = Case::terraform();
    let answer = case.asked(&[
        "trace",
        ".",
        "--from",
        "azurerm_subnet.app",
        "--to",
        "hub/db:1433",
        "--nsg",
        "db-nsg",
        "--direction",
        "inbound",
    ]);
    assert_eq!(answer["verdict"], "depends");
    assert_eq!(answer["decidedBy"], Value::Null);
    let parts = answer["layers"][0]["parts"].as_array().unwrap();
    let told: Vec<_> = parts
        .iter()
        .map(|part| {
            (
                part["verdict"].as_str().unwrap(),
                part["decidedBy"]["name"].as_str().unwrap(),
                part["certain"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("allowed", "sql", true), ("denied", "none", true)]);
}

#[test]
fn a_default_rule_points_at_its_group() {
    let case = Case::terraform();
    let answer = case.asked(&[
        "trace",
        ".",
        "--from",
        "10.0.1.4",
        "--to",
        "db",
        "--protocol",
        "ICMP",
        "--nsg",
        "db-nsg",
    ]);
    let by = &answer["decidedBy"];
    assert_eq!(
        (&by["kind"], &by["name"], &by["priority"]),
        (
            &"default-rule".into(),
            &"AllowVnetInBound".into(),
            &65000.into()
        )
    );
    let line = case.line(by);
    assert!(
        line.contains(r#""azurerm_network_security_group" "db""#),
        "{line}"
    );
}

#[test]
fn the_whole_path_names_its_first_blocker_and_what_opens_it() {
    let case = Case::terraform();
    let answer = case.asked(&["trace", ".", "--from", "app", "--to", "db:22"]);
    assert_eq!(answer["verdict"], "denied");
    assert!(case.line(&answer["decidedBy"]).starts_with("none = {"));
    let layers: Vec<&str> = answer["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["layer"].as_str().unwrap())
        .collect();
    assert!(layers.contains(&"route"), "{layers:?}");
    let stopped = answer["layers"].as_array().unwrap().iter();
    let stopped: Vec<&Value> = stopped.filter(|it| it["verdict"] == "denied").collect();
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    assert_eq!(stopped[0]["layer"], "subnet-nsg");
    assert_eq!(stopped[0]["side"], "destination");
    let setting = &answer["openedBy"][0]["settings"][0];
    let what = setting["what"].as_str().unwrap();
    assert!(
        what.contains("`db-nsg`") && what.contains("`none`"),
        "{what}"
    );
    assert!(case.line(setting).starts_with("none = {"));
}

#[test]
fn a_template_is_answered_alike_and_names_the_parameter_that_settles_it() {
    let case = Case::template();
    let ask = |from: &str, to: &str| {
        case.asked(&[
            "trace",
            "main.json",
            "--from",
            from,
            "--to",
            to,
            "--nsg",
            "WEB",
        ])
    };
    let allowed = ask("8.8.8.8", "10.1.1.4:443");
    assert_eq!(allowed["verdict"], "allowed");
    let line = case.line(&allowed["decidedBy"]);
    assert!(line.starts_with(r#"{ "name": "https""#), "{line}");

    let depends = ask("8.8.8.8", "front:22");
    assert_eq!(depends["verdict"], "depends");
    let input = &depends["dependsOn"][0];
    assert!(
        input["what"].as_str().unwrap().contains("office"),
        "{input}"
    );
    assert!(case.line(input).starts_with(r#""office""#), "{input}");
    let by: Vec<&str> = depends["layers"][0]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["decidedBy"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(by, ["office", "DenyAllInBound"]);

    let denied = ask("8.8.8.8", "spoke/front:3389");
    assert_eq!(denied["decidedBy"]["name"], "DenyAllInBound");
}

#[test]
fn a_subnet_has_its_rules_in_order_with_dead_ones_marked_and_its_routes() {
    let case = Case::terraform();
    let answer = case.asked(&["effective", ".", "--subnet", "hub/db"]);
    let inbound = &answer["securityRules"]["inbound"];
    assert_eq!(
        names(inbound, ""),
        [
            "sql",
            "none",
            "late",
            "AllowVnetInBound",
            "AllowAzureLoadBalancerInBound",
            "DenyAllInBound"
        ]
    );
    assert_eq!(names(inbound, "shadowed"), ["late"]);
    let late = &inbound[2];
    assert_eq!(
        (&late["dead"], &late["default"]),
        (&true.into(), &false.into())
    );
    assert_eq!(late["cover"], serde_json::json!(["none"]));
    assert_eq!(late["source"], serde_json::json!(["10.0.0.0/8"]));
    assert_eq!(late["destinationPorts"], serde_json::json!(["22"]));
    assert!(case.line(late).starts_with("late = {"));
    assert_eq!(inbound[3]["default"], true);
    let routes = answer["routes"].as_array().unwrap();
    let internet = routes.iter().find(|route| route["prefix"] == "0.0.0.0/0");
    let internet = internet.unwrap();
    assert_eq!(
        (
            &internet["nextHopType"],
            &internet["source"],
            &internet["state"]
        ),
        (&"Internet".into(), &"system".into(), &"active".into())
    );
}

#[test]
fn a_group_of_a_template_is_listed_without_routes() {
    let case = Case::template();
    let answer = case.asked(&["effective", ".", "--nsg", "web"]);
    assert_eq!(answer["routes"], Value::Null);
    let outbound = &answer["securityRules"]["outbound"];
    assert_eq!(
        names(outbound, ""),
        [
            "AllowVnetOutBound",
            "AllowInternetOutBound",
            "DenyAllOutBound"
        ]
    );
    let office = &answer["securityRules"]["inbound"][0];
    let source = office["source"][0].as_str().unwrap();
    assert!(source.contains("office"), "{source}");
}

#[test]
fn an_unknown_name_is_answered_with_what_was_meant() {
    let case = Case::terraform();
    let err = case.refused(&["trace", ".", "--from", "hub/ap", "--to", "db:22"]);
    assert!(err.contains("did you mean `hub/app`?"), "{err}");
    let err = case.refused(&["effective", ".", "--nsg", "db-nsgs"]);
    assert!(err.contains("did you mean `db-nsg`?"), "{err}");
    let err = case.refused(&["trace", ".", "--from", "Intrnet", "--to", "db:22"]);
    assert!(err.contains("did you mean `Internet`?"), "{err}");
}

#[test]
fn a_name_of_two_things_is_refused_with_their_places() {
    let other = r#"
resource "azurerm_subnet" "other" {
  name                 = "app"
  resource_group_name  = "rg"
  virtual_network_name = "spoke"
  address_prefixes     = ["10.9.1.0/24"]
}
"#;
    let case = Case::new(&[
        ("main.tf", NETWORK),
        ("other.tf", other),
        ("terraform.tfvars", RULES),
    ]);
    let err = case.refused(&["trace", ".", "--from", "app", "--to", "db:22"]);
    assert!(err.contains("names 2 things"), "{err}");
    assert!(err.contains("`azurerm_subnet.app` at main.tf:9"), "{err}");
    assert!(
        err.contains("`azurerm_subnet.other` at other.tf:2"),
        "{err}"
    );
    let answer = case.asked(&["trace", ".", "--from", "hub/app", "--to", "db:22"]);
    assert_eq!(answer["verdict"], "denied");
}

#[test]
fn wrong_ports_protocols_and_families_are_refused() {
    let case = Case::terraform();
    let wrong: [(&[&str], &str); 5] = [
        (
            &["--from", "app", "--to", "db:70000"],
            "not within 0 to 65535",
        ),
        (
            &["--from", "app", "--to", "db:22", "--protocol", "icmp"],
            "icmp has no ports",
        ),
        (
            &["--from", "app", "--to", "db:22", "--protocol", "tcpp"],
            "did you mean `tcp`?",
        ),
        (
            &["--from", "10.0.1.4", "--to", "[2001:db8::1]:22"],
            "share no address family",
        ),
        (&["--from", "10.0.1.300", "--to", "db"], "10.0.1.300"),
    ];
    for (arguments, said) in wrong {
        let err = case.refused(&[&["trace", "."], arguments].concat());
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
    let err = case.refused(&["effective", "."]);
    assert!(err.contains("--nsg"), "{err}");
}

#[test]
fn several_deployments_are_answered_each_and_one_can_be_chosen() {
    let parameters = |office: &str| {
        format!(
            r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
  "contentVersion": "1.0.0.0", "parameters": {{ "office": {{ "value": "{office}" }} }} }}"#
        )
    };
    let case = Case::new(&[
        ("main.json", TEMPLATE),
        ("main.parameters.dev.json", &parameters("8.8.8.0/24")),
        ("main.parameters.prod.json", &parameters("9.9.9.0/24")),
    ]);
    let ask = [
        "trace", ".", "--from", "8.8.8.8", "--to", "front:22", "--nsg", "web",
    ];
    let all = case.asked(&ask);
    assert_eq!(all["verdict"], "depends");
    let verdicts: Vec<_> = all["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["allowed", "denied"]);
    let name = all["answers"][1]["deployment"].as_str().unwrap();
    let one = case.asked(&[&ask[..], &["--deployment", name]].concat());
    assert_eq!(
        (&one["verdict"], &one["deployment"]),
        (&"denied".into(), &name.into())
    );
}

#[test]
fn an_unreadable_file_is_told_and_the_rest_is_answered() {
    let case = Case::new(&[
        ("a/main.tf", NETWORK),
        ("a/terraform.tfvars", RULES),
        ("b/main.tf", "resource {{{"),
    ]);
    let ask = ["trace", ".", "--from", "app", "--to", "db:22"];
    let (code, out, err) = case.said(&ask);
    assert_eq!(code, 2);
    assert!(out.starts_with("✗ denied"), "{out}");
    assert!(err.contains("b/main.tf"), "{err}");
    let (code, out, err) = case.said(&[&ask[..], &["-o", "json"]].concat());
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, err.as_str()), (2, ""));
    assert_eq!(answer["verdict"], "denied");
    assert_eq!(answer["diagnostics"][0]["path"], "b/main.tf");
}

#[test]
fn rules_of_one_priority_are_told_and_both_orders_taken() {
    let rules = RULES.replace("priority = 200", "priority = 100");
    let case = Case::new(&[("main.tf", NETWORK), ("terraform.tfvars", &rules)]);
    let answer = case.asked(&[
        "trace",
        ".",
        "--from",
        "10.0.1.4",
        "--to",
        "10.0.2.4:1433",
        "--nsg",
        "db-nsg",
    ]);
    assert_eq!(answer["verdict"], "depends");
    let notes = answer["notes"].to_string();
    assert!(notes.contains("share a priority"), "{notes}");
    let answer = case.asked(&["effective", ".", "--nsg", "db-nsg"]);
    let notes = answer["notes"].to_string();
    assert!(notes.contains("both have the priority 100"), "{notes}");
}

#[test]
fn the_offer_in_the_configuration_decides_about_port_25() {
    let ask = ["trace", ".", "--from", "10.0.1.4", "--to", "8.8.8.8:25"];
    let smtp = |config: &str| {
        let case = Case::new(&[
            ("main.tf", NETWORK),
            ("terraform.tfvars", RULES),
            ("aznet.yaml", config),
        ]);
        let answer = case.asked(&ask);
        let mut layers = answer["layers"].as_array().unwrap().iter();
        let layer = layers.rfind(|layer| layer["layer"] == "smtp");
        layer.unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        smtp("subscription: {offer: enterprise-agreement}\n"),
        "allowed"
    );
    assert_eq!(smtp("subscription: {offer: free-trial}\n"), "denied");
    assert_eq!(smtp("subscription: {}\n"), "depends");
}

#[test]
fn colours_are_left_out_unless_asked_for() {
    let case = Case::terraform();
    let ask = ["trace", ".", "--from", "app", "--to", "db:22"];
    let (_, plain, _) = case.said(&ask);
    assert!(!plain.contains('\u{1b}'));
    assert!(
        plain.lines().all(|line| line.chars().count() <= 100),
        "{plain}"
    );
    let (_, coloured, _) = case.said(&[&["--color", "always"], &ask[..]].concat());
    assert!(coloured.starts_with("\u{1b}[1;31m✗\u{1b}[0m"), "{coloured}");
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let case = Case::terraform();
    let asks: [&[&str]; 2] = [
        &["trace", ".", "--from", "app", "--to", "db", "-o", "json"],
        &["effective", ".", "--subnet", "db", "-o", "json"],
    ];
    for ask in asks {
        let one = case.said(&[ask, &["--threads", "1"]].concat());
        let eight = case.said(&[ask, &["--threads", "8"]].concat());
        assert_eq!(one, eight);
    }
}

#[test]
fn private_endpoints_of_unknown_address_are_one_line_for_people() {
    let mut text = String::from(
        r#"resource "azurerm_virtual_network" "hub" {
  name          = "hub"
  address_space = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.1.0/24"]
}
"#,
    );
    for name in ["a", "b", "c", "d", "e"] {
        text += &format!(
            r#"resource "azurerm_private_endpoint" "{name}" {{
  name      = "{name}"
  subnet_id = azurerm_subnet.app.id
  private_service_connection {{
    name                           = "{name}"
    private_connection_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{name}"
    is_manual_connection           = false
  }}
}}
"#
        );
    }
    let case = Case::new(&[("main.tf", &text)]);
    let out = case.run(&["effective", ".", "--subnet", "app"]).stdout;
    assert!(out.contains("(addresses of 5 private endpoints)"), "{out}");
    assert!(!out.contains("azurerm_private_endpoint"), "{out}");
    let (_, found) = case.answer(&["effective", ".", "--subnet", "app"]);
    let routes = found["routes"].as_array().unwrap().iter();
    let endpoints = routes.filter(|route| route["source"] == "private-endpoint");
    assert_eq!(endpoints.count(), 5, "{found:#}");
}
