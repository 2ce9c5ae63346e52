//! `aznet trace` as people call it: the ends they name, and the ways in from the Internet.

use serde_json::Value;

use crate::program::Case;

fn asked(case: &Case, arguments: &[&str]) -> Value {
    let (code, answer) = case.answer(arguments);
    assert_eq!(code, 0, "{answer}");
    answer
}

fn said(case: &Case, arguments: &[&str]) -> (i32, String, String) {
    let outcome = case.run(arguments);
    (outcome.code, outcome.stdout, outcome.stderr)
}

const MAIL: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    { "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "mail",
      "properties": { "securityRules": [
        { "name": "smtp", "properties": { "priority": 100, "direction": "Outbound",
          "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
          "sourcePortRange": "*", "destinationAddressPrefix": "*",
          "destinationPortRange": "25" } } ] } },
    { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
      "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
        "subnets": [ { "name": "SUBNET", "properties": { "addressPrefix": "10.1.1.0/24",
          "networkSecurityGroup": {
            "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'mail')]" } } } ] } },
    { "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-05-01", "name": "mail",
      "sku": { "name": "Standard" }, "properties": { "publicIPAllocationMethod": "Static" } },
    { "type": "Microsoft.Network/networkInterfaces", "apiVersion": "2024-05-01", "name": "mail",
      "properties": { "ipConfigurations": [ { "name": "one", "properties": {
        "publicIPAddress": {
          "id": "[resourceId('Microsoft.Network/publicIPAddresses', 'mail')]" },
        "subnet": { "id":
          "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'SUBNET')]" }
        } } ] } },
    { "type": "Microsoft.Compute/virtualMachines", "apiVersion": "2024-05-01", "name": "mail",
      "properties": { "networkProfile": { "networkInterfaces": [ {
        "id": "[resourceId('Microsoft.Network/networkInterfaces', 'mail')]" } ] } } }
  ]
}
"#;

/// M01.
#[test]
fn a_host_name_is_an_address_of_the_internet() {
    let case = Case::new(&[("main.json", &MAIL.replace("SUBNET", "servers"))]);
    for (offer, verdict) in [
        ("pay-as-you-go", "denied"),
        ("enterprise-agreement", "allowed"),
    ] {
        let ends = [
            "--from",
            "mail",
            "--to",
            "mx.example.com:25",
            "--offer",
            offer,
        ];
        let answer = asked(&case, &[&["trace", "main.json"][..], &ends].concat());
        assert_eq!(answer["verdict"], verdict, "{offer}");
        assert_eq!(answer["dependsOn"].as_array().unwrap().len(), 0);
        let notes: Vec<&str> = answer["notes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let taken = "`mx.example.com` is taken for a host name, and that for some address of the \
                     Internet";
        assert!(notes.contains(&taken), "{notes:?}");
        // Neither an address that Azure keeps nor one of somebody.
        assert_eq!(answer["witness"]["source"], "10.1.1.4");
        assert_eq!(answer["witness"]["destination"], "203.0.113.10");
        let layers = answer["layers"].as_array().unwrap();
        let smtp = layers.iter().find(|it| it["layer"] == "smtp").unwrap();
        assert_eq!(smtp["verdict"], verdict);
    }
}

#[test]
fn a_machine_with_its_interface_and_address_is_one_end_and_kinds_tell_others_apart() {
    let case = Case::new(&[("main.json", &MAIL.replace("SUBNET", "mail"))]);
    let ask = |from: &str| {
        said(
            &case,
            &[
                "trace",
                "main.json",
                "--from",
                from,
                "--to",
                "8.8.8.8:443",
                "-o",
                "json",
            ],
        )
    };
    let (code, _, error) = ask("mail");
    assert_eq!(code, 2);
    for line in [
        "`mail` names 4 things in `main.json`",
        "subnet:net/mail for subnet `Microsoft.Network/virtualNetworks/net/subnets/mail` at main.json:13",
        "vm:mail for machine `Microsoft.Compute/virtualMachines/mail` at main.json:25",
    ] {
        assert!(error.contains(line), "{line}\n{error}");
    }
    let display = |from: &str| {
        let (code, out, error) = ask(from);
        assert_eq!(code, 0, "{error}");
        let answer: Value = serde_json::from_str(&out).unwrap();
        answer["question"]["from"].as_str().unwrap().to_owned()
    };
    assert_eq!(display("vm:mail"), "machine mail");
    assert_eq!(display("subnet:mail"), "subnet net/mail");
    assert_eq!(display("subnet:net/mail"), "subnet net/mail");
    assert_eq!(display("nic:mail"), "network interface mail");
    let (code, _, error) = ask("lb:mail");
    assert_eq!(code, 2);
    assert!(error.contains("did you mean"), "{error}");
}

#[test]
fn a_network_gives_way_to_a_machine_of_its_name_and_an_answer_says_what_it_rests_on() {
    let text = MAIL.replace("SUBNET", "servers");
    let text = text
        .replace("\"net\"", "\"mail\"")
        .replace("'net'", "'mail'");
    let case = Case::new(&[("main.json", &text)]);
    let trace = ["trace", "--from", "mail", "--to", "8.8.8.8:443"];
    let trace = asked(&case, &trace);
    assert_eq!(trace["question"]["from"], "machine mail");
    let effective = asked(&case, &["effective", "--nic", "nic:mail"]);
    for answer in [trace, effective] {
        let notes = answer["notes"].as_array().unwrap().iter();
        let taken = "the virtual networks are taken to have no peerings, gateways and hub \
                     connections but those in these files";
        assert_eq!(notes.filter(|note| *note == taken).count(), 1, "{answer:#}");
    }
}

#[test]
fn a_machine_without_a_public_address_is_not_reached_whatever_its_subnet() {
    let text = MAIL
        .replace("SUBNET", "servers")
        .replace("\"10.1.1.0/24\"", "\"[parameters('prefix')]\"");
    let text = text.replacen(
        "\"resources\"",
        "\"parameters\": { \"prefix\": { \"type\": \"string\" } }, \"resources\"",
        1,
    );
    let text = text.replace("\"publicIPAddress\": {", "\"unused\": {");
    let case = Case::new(&[("main.json", &text)]);
    let answer = asked(
        &case,
        &["trace", "--from", "Internet", "--to", "vm:mail:443"],
    );
    assert_eq!(answer["verdict"], "denied", "{answer:#}");
    assert_eq!(answer["decidedBy"]["kind"], "no-public-address");
}

const FIREWALL: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    { "type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "out",
      "properties": { "routes": [ { "name": "default", "properties": {
        "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.1.0.4" } } ] } },
    { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
      "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
        "subnets": [
          { "name": "AzureFirewallSubnet", "properties": { "addressPrefix": "10.1.0.0/26" } },
          { "name": "app", "properties": { "addressPrefix": "10.1.1.0/24", "routeTable": {
            "id": "[resourceId('Microsoft.Network/routeTables', 'out')]" } } } ] } },
    { "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-05-01", "name": "out",
      "sku": { "name": "Standard" }, "properties": { "publicIPAllocationMethod": "Static" } },
    { "type": "Microsoft.Network/azureFirewalls", "apiVersion": "2024-05-01", "name": "fw",
      "properties": {
        "threatIntelMode": "Off",
        "ipConfigurations": [ { "name": "a", "properties": {
          "subnet": { "id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'AzureFirewallSubnet')]" },
          "publicIPAddress": { "id": "[resourceId('Microsoft.Network/publicIPAddresses', 'out')]" }
        } } ],
        "networkRuleCollections": [ NETWORK ],
        "applicationRuleCollections": [
          { "name": "blocked", "properties": { "priority": 100, "action": { "type": "Deny" },
            "rules": [ { "name": "search", "sourceAddresses": ["*"], "targetFqdns": ["google.com"],
              "protocols": [ { "protocolType": "Https", "port": 443 } ] } ] } },
          { "name": "open", "properties": { "priority": 200, "action": { "type": "Allow" },
            "rules": [ { "name": "vendor", "sourceAddresses": ["*"],
              "targetFqdns": ["*.example.com"],
              "protocols": [ { "protocolType": "Https", "port": 443 } ] } ] } }
        ]
      } }
  ]
}
"#;

/// F01: a network rule decides before every application rule.
#[test]
fn a_host_name_is_what_application_rules_ask_for() {
    let network = r#"{ "name": "web", "properties": { "priority": 300,
      "action": { "type": "Allow" }, "rules": [ { "name": "web", "protocols": ["TCP"],
      "sourceAddresses": ["*"], "destinationAddresses": ["*"],
      "destinationPorts": ["80", "443"] } ] } }"#;
    let ask = |network: &str, to: &str| {
        let case = Case::new(&[("main.json", &FIREWALL.replace("NETWORK", network))]);
        asked(&case, &["trace", "--from", "subnet:app", "--to", to])
    };
    let firewall = |answer: &Value| {
        let layers = answer["layers"].as_array().unwrap().iter();
        let mut found = layers.filter(|it| it["layer"] == "firewall");
        found.next().unwrap()["decidedBy"]["name"].clone()
    };
    let open = ask(network, "google.com:443");
    assert_eq!(open["verdict"], "allowed", "{open:#}");
    assert_eq!(firewall(&open), "web");
    for (to, verdict, rule) in [
        ("google.com:443", "denied", "search"),
        ("www.example.com:443", "allowed", "vendor"),
        ("www.example.org:25565", "denied", "fw"),
    ] {
        let answer = ask("", to);
        assert_eq!(answer["verdict"], verdict, "{to} {answer:#}");
        assert_eq!(firewall(&answer), rule, "{to}");
    }
}

/// A group on a subnet whose route to everywhere may widen `VirtualNetwork`.
const WIDENED: &str = r#"resource "azurerm_network_security_group" "web" {
  name = "web"
  security_rule {
    name                       = "https"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "Internet"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "443"
  }
  security_rule {
    name                       = "inner"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "VirtualNetwork"
    source_port_range          = "*"
    destination_address_prefix = "VirtualNetwork"
    destination_port_range     = "8080"
  }
}
resource "azurerm_route_table" "rt" {
  name = "rt"
  route {
    name                   = "default"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = "10.0.9.4"
  }
}
resource "azurerm_virtual_network" "net" {
  name          = "net"
  address_space = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "front" {
  name                 = "front"
  virtual_network_name = azurerm_virtual_network.net.name
  address_prefixes     = ["10.0.1.0/24"]
}
resource "azurerm_subnet_network_security_group_association" "a" {
  subnet_id                 = azurerm_subnet.front.id
  network_security_group_id = azurerm_network_security_group.web.id
}
resource "azurerm_subnet_route_table_association" "a" {
  subnet_id      = azurerm_subnet.front.id
  route_table_id = azurerm_route_table.rt.id
}
"#;

#[test]
fn nobody_is_told_to_delete_a_rule_that_is_useless_in_one_reading_only() {
    let case = Case::new(&[("main.tf", WIDENED)]);
    for of in [["--subnet", "front"], ["--nsg", "web"]] {
        let (_, answer) = case.answer(&[&["effective"], &of[..]].concat());
        let told = |name: &str| {
            let rules = answer["securityRules"]["inbound"]
                .as_array()
                .unwrap()
                .iter();
            let rule = rules.into_iter().find(|rule| rule["name"] == name);
            let rule = rule.unwrap_or_else(|| panic!("{answer:#}"));
            (rule["onlyWidened"].clone(), rule["fix"].clone())
        };
        assert_eq!(told("https"), (true.into(), Value::Null), "{answer:#}");
        // What the plain tag holds as well is no question of readings.
        assert_eq!(told("inner").0, false, "{answer:#}");
        assert_eq!(told("inner").1, "delete it: nothing changes");
    }
    let human = case.run(&["effective", "--subnet", "front"]).stdout;
    for words in [
        "  if the routes widen `VirtualNetwork`, the same as Azure's default\n",
        "  dead if the routes widen `VirtualNetwork`: hidden by AllowVnetInBound (65000)",
        "  the same as Azure's default; delete it: nothing changes\n",
    ] {
        assert!(human.contains(words), "{words}\n{human}");
    }
}
