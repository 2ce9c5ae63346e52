//! Estates: deployments that are one network together, in whatever language each is written.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test writes files and fails where something is amiss"
)]

use std::fs;
use std::num::NonZeroUsize;

use aznet::engine::ask::diff::{DiffRequest, diff};
use aznet::engine::ask::estate::{Estate, load_files};
use aznet::engine::ask::trace::{TraceQuestion, Verdict, trace};
use aznet::engine::inventory::inventory;
use aznet::engine::{Options, Report, Request, check, check_files};
use tempfile::TempDir;

/// A hub with a firewall: what it gives to others are ids and the firewall's address.
const HUB: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "hub", "properties": {
      "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
      "subnets": [
        {"name": "AzureFirewallSubnet", "properties": {"addressPrefix": "10.0.0.0/24"}},
        {"name": "tools", "properties": {"addressPrefix": "10.0.1.0/24"}}]}},
    {"type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "apiVersion": "2024-05-01", "name": "hub/spoke", "properties": {
      "remoteVirtualNetwork": {"id": "/subscriptions/22222222-0000-4000-8000-000000000000/resourceGroups/spokes/providers/Microsoft.Network/virtualNetworks/spoke"},
      "allowVirtualNetworkAccess": true, "allowForwardedTraffic": true}},
    {"type": "Microsoft.Network/azureFirewalls", "apiVersion": "2024-05-01", "name": "fw", "properties": {
      "ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'AzureFirewallSubnet')]"}}}]}}
  ],
  "outputs": {
    "hubId": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', 'hub')]"},
    "firewall": {"type": "string", "value": "[reference(resourceId('Microsoft.Network/azureFirewalls', 'fw')).ipConfigurations[0].properties.privateIPAddress]"}
  }
}"#;

/// A spoke that sends everything to what it is given.
const SPOKE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {"hub": {"type": "string"}, "nextHop": {"type": "string"}},
  "resources": [
    {"type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "out", "properties": {"routes": [
      {"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "[parameters('nextHop')]"}}]}},
    {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "spoke", "properties": {
      "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
      "subnets": [{"name": "app", "properties": {"addressPrefix": "10.1.0.0/24", "routeTable": {"id": "[resourceId('Microsoft.Network/routeTables', 'out')]"}}}]}},
    {"type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "apiVersion": "2024-05-01", "name": "spoke/hub", "properties": {
      "remoteVirtualNetwork": {"id": "[parameters('hub')]"}, "allowVirtualNetworkAccess": true, "allowForwardedTraffic": true}}
  ]
}"#;

const PLACES: &str = "deployments:
  - {template: hub.json, subscription-id: 11111111-0000-4000-8000-000000000000, resource-group: hubs}
  - {template: spoke.json, subscription-id: 22222222-0000-4000-8000-000000000000, resource-group: spokes}
";

const ESTATE: &str = "estates:
  - name: production
    deployments:
      - hub.json
      - deployment: spoke.json
        inputs:
          hub: {of: hub.json, output: hubId}
          nextHop: {of: hub.json, output: firewall}
";

fn own(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    files.iter().map(own).collect()
}

fn loaded(files: &[(&str, &str)]) -> Estate {
    load_files(own(files), &Options::default()).unwrap()
}

fn checked(files: &[(&str, &str)]) -> Report {
    check_files(own(files), &Options::default()).unwrap()
}

/// The verdict on a way, and the names of what it leads through.
fn way(estate: &Estate, from: &str, to: &str) -> (Verdict, Vec<String>) {
    let answers = trace(
        estate,
        &TraceQuestion {
            from: from.into(),
            to: to.into(),
            protocol: None,
            direction: None,
            nsg: None,
            deployment: None,
        },
    );
    let [answer] = <[_; 1]>::try_from(answers.unwrap()).unwrap();
    let names = answer.layers.into_iter().map(|layer| layer.name);
    (answer.verdict, names.collect())
}

/// What is wrong with files, with the text each message points at.
fn told(files: &[(&str, &str)]) -> Vec<(String, String, Option<String>)> {
    let report = checked(files);
    let told = report.diagnostics.iter().map(|told| {
        let at = told.primary.as_ref().map(|label| label.span);
        let text = at.map(|span| {
            report
                .sources
                .get(span.file)
                .unwrap()
                .slice(span)
                .to_owned()
        });
        (
            text.unwrap_or_default(),
            told.message.clone(),
            told.help.clone(),
        )
    });
    told.collect()
}

#[test]
fn templates_of_an_estate_are_one_network_and_what_was_not_known_of_it_is() {
    let config = format!("{PLACES}{ESTATE}");
    let files = [("hub.json", HUB), ("spoke.json", SPOKE)];
    let mut joined = files.to_vec();
    joined.push(("aznet.yaml", &config));
    let estate = loaded(&joined);
    let names: Vec<&str> = estate.deployments.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["production"]);
    let (verdict, layers) = way(&estate, "app", "tools:443");
    assert_eq!(verdict, Verdict::Allowed, "{layers:?}");
    let (_, layers) = way(&estate, "app", "8.8.8.8:443");
    assert!(layers.iter().any(|name| name == "fw"), "{layers:?}");
    // Without the estate nothing is known of where the packets go.
    let mut apart = files.to_vec();
    apart.push(("aznet.yaml", PLACES));
    let (verdict, layers) = way(&loaded(&apart), "app", "8.8.8.8:443");
    assert_eq!(verdict, Verdict::Depends);
    assert!(!layers.iter().any(|name| name == "fw"), "{layers:?}");
}

#[test]
fn a_parameter_that_nobody_hands_over_stays_unknown_though_an_output_has_its_name() {
    let same = HUB
        .replace("\"hubId\"", "\"hub\"")
        .replace("\"firewall\"", "\"nextHop\"");
    let config = "estates: [{name: production, deployments: [hub.json, spoke.json]}]";
    let estate = loaded(&[
        ("hub.json", &same),
        ("spoke.json", SPOKE),
        ("aznet.yaml", config),
    ]);
    let (verdict, layers) = way(&estate, "app", "8.8.8.8:443");
    assert_eq!(verdict, Verdict::Depends);
    assert!(!layers.iter().any(|name| name == "fw"), "{layers:?}");
}

const CORE: &str = r#"terraform {
  backend "azurerm" {
    container_name = "states"
    key            = "core.tfstate"
  }
}
resource "azurerm_virtual_network" "core" {
  name                = "core"
  resource_group_name = "rg-core"
  location            = "westeurope"
  address_space       = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "shared" {
  name                 = "shared"
  resource_group_name  = "rg-core"
  virtual_network_name = azurerm_virtual_network.core.name
  address_prefixes     = ["10.0.2.0/24"]
}
resource "azurerm_network_interface" "nva" {
  name                  = "nva"
  resource_group_name   = "rg-core"
  location              = "westeurope"
  ip_forwarding_enabled = true
  ip_configuration {
    name                          = "a"
    subnet_id                     = azurerm_subnet.shared.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.0.2.9"
  }
}
output "core_id" { value = azurerm_virtual_network.core.id }
output "nva" { value = azurerm_network_interface.nva.private_ip_address }
"#;

const WORKSPACE: &str = r#"
data "terraform_remote_state" "core" {
  backend = "azurerm"
  config = {
    container_name = "states"
    key            = "core.tfstate"
  }
}
data "azurerm_subnet" "shared" {
  name                 = "shared"
  virtual_network_name = "core"
  resource_group_name  = "rg-core"
}
resource "azurerm_virtual_network" "ws" {
  name                = "ws"
  resource_group_name = "rg-ws"
  location            = "westeurope"
  address_space       = ["10.9.0.0/16"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = "rg-ws"
  virtual_network_name = azurerm_virtual_network.ws.name
  address_prefixes     = ["10.9.0.0/24"]
}
resource "azurerm_virtual_network_peering" "core" {
  name                         = "core"
  resource_group_name          = "rg-ws"
  virtual_network_name         = azurerm_virtual_network.ws.name
  remote_virtual_network_id    = data.terraform_remote_state.core.outputs.core_id
  allow_virtual_network_access = true
}
resource "azurerm_route_table" "out" {
  name                = "out"
  resource_group_name = "rg-ws"
  location            = "westeurope"
  route {
    name                   = "all"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = data.terraform_remote_state.core.outputs.nva
  }
}
resource "azurerm_subnet_route_table_association" "app" {
  subnet_id      = azurerm_subnet.app.id
  route_table_id = azurerm_route_table.out.id
}
resource "azurerm_network_security_group" "app" {
  name                = "app"
  resource_group_name = "rg-ws"
  location            = "westeurope"
  security_rule {
    name                       = "only-shared"
    priority                   = 100
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = one(data.azurerm_subnet.shared.address_prefixes)
    destination_port_range     = "*"
  }
}
"#;

const ROOTS: &str = "estates: [{name: tre, deployments: [core, ws]}]";

#[test]
fn a_state_that_is_read_and_a_data_source_find_what_the_other_root_creates() {
    let files = [
        ("core/main.tf", CORE),
        ("ws/main.tf", WORKSPACE),
        ("aznet.yaml", ROOTS),
    ];
    let estate = loaded(&files);
    let [asked] = estate.deployments.as_slice() else {
        panic!("{:?}", estate.deployments);
    };
    let network = &asked.network;
    let peering = network.peerings.first().unwrap();
    let far = peering.remote.value().unwrap().here().unwrap();
    assert_eq!(network[far].meta.name.value().map(|it| &**it), Some("core"));
    let route = network.routes.first().unwrap();
    assert_eq!(
        route
            .next_hop_address
            .value()
            .map(ToString::to_string)
            .as_deref(),
        Some("10.0.2.9")
    );
    let rule = network.security_rules.first().unwrap();
    let to: Vec<String> = rule
        .destination
        .items
        .iter()
        .map(|it| format!("{:?}", it.value()))
        .collect();
    assert!(to.iter().any(|it| it.contains("10.0.2.0/24")), "{to:?}");
    // The next hop was typed in the file of the other root.
    let typed = asked
        .deployment
        .origins
        .literals(route.next_hop_address.origin);
    let paths = typed
        .iter()
        .map(|span| estate.sources.get(span.file).unwrap().path());
    assert!(paths.into_iter().any(|path| &**path == "core/main.tf"));
    let (_, layers) = way(&estate, "app", "8.8.8.8:443");
    assert!(layers.iter().any(|name| name == "nva"), "{layers:?}");
}

#[test]
fn a_state_that_two_roots_may_keep_is_nobodys() {
    let config = "estates: [{name: tre, deployments: [core, other, ws]}]";
    let other = CORE
        .replace("\"core\"", "\"other\"")
        .replace("rg-core", "rg-other");
    let files = [
        ("core/main.tf", CORE),
        ("other/main.tf", &*other),
        ("ws/main.tf", WORKSPACE),
        ("aznet.yaml", config),
    ];
    let estate = loaded(&files);
    let network = &estate.deployments[0].network;
    let route = network.routes.first().unwrap();
    assert!(route.next_hop_address.unknown().is_some());
}

#[test]
fn roots_with_the_same_addresses_stay_apart_and_each_finding_is_its_own() {
    let group = |port: &str| {
        format!(
            r#"variable "source" {{}}
resource "azurerm_network_security_group" "web" {{
  name                = "web"
  resource_group_name = "rg"
  location            = "westeurope"
  security_rule {{
    name                       = "ssh"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "{port}"
  }}
}}
resource "azurerm_virtual_network" "v" {{
  name                = "v"
  resource_group_name = "rg"
  location            = "westeurope"
  address_space       = ["10.0.0.0/16"]
}}
resource "azurerm_subnet" "s" {{
  name                 = "s"
  resource_group_name  = "rg"
  virtual_network_name = azurerm_virtual_network.v.name
  address_prefixes     = ["10.0.0.0/24"]
}}
resource "azurerm_subnet_network_security_group_association" "s" {{
  subnet_id                 = azurerm_subnet.s.id
  network_security_group_id = azurerm_network_security_group.web.id
}}
"#
        )
    };
    let (one, two) = (group("22"), group("3389"));
    let config = "estates: [{name: all, deployments: [a, b]}]";
    let files = [("a/main.tf", &*one), ("b/main.tf", &*two)];
    let said = |files: &[(&str, &str)]| {
        let report = checked(files);
        let instance = |finding: &aznet::policy::finding::Finding| {
            let path = report
                .sources
                .get(finding.primary.span.file)
                .unwrap()
                .path();
            let names: Vec<String> = (finding.instances.iter())
                .map(|it| format!("{} {}", it.deployment, it.resource))
                .collect();
            (finding.rule.to_string(), path.to_string(), names)
        };
        report.findings.iter().map(instance).collect::<Vec<_>>()
    };
    let apart = said(&files);
    assert!(apart.len() >= 2, "{apart:?}");
    let mut joined = files.to_vec();
    joined.push(("aznet.yaml", config));
    assert_eq!(said(&joined), apart);
}

#[test]
fn a_template_and_a_root_meet_by_the_full_id() {
    let spoke = r#"
resource "azurerm_virtual_network" "spoke" {
  name                = "spoke"
  resource_group_name = "spokes"
  location            = "westeurope"
  address_space       = ["10.1.0.0/16"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = "spokes"
  virtual_network_name = azurerm_virtual_network.spoke.name
  address_prefixes     = ["10.1.0.0/24"]
}
resource "azurerm_virtual_network_peering" "hub" {
  name                      = "hub"
  resource_group_name       = "spokes"
  virtual_network_name      = azurerm_virtual_network.spoke.name
  remote_virtual_network_id = "/subscriptions/11111111-0000-4000-8000-000000000000/resourceGroups/HUBS/providers/Microsoft.Network/virtualNetworks/Hub"
}
"#;
    let places = PLACES.replace("spoke.json", "spoke");
    let config = format!("{places}estates: [{{name: e, deployments: [hub.json, spoke]}}]");
    let files = [
        ("hub.json", HUB),
        ("spoke/main.tf", spoke),
        ("aznet.yaml", &config),
    ];
    let (verdict, layers) = way(&loaded(&files), "app", "tools:443");
    assert_eq!(verdict, Verdict::Allowed, "{layers:?}");
}

#[test]
fn a_template_meets_what_an_export_records_and_the_export_stays_complete() {
    let export = r#"[{
      "id": "/subscriptions/22222222-0000-4000-8000-000000000000/resourceGroups/spokes/providers/Microsoft.Network/virtualNetworks/spoke",
      "name": "spoke", "type": "Microsoft.Network/virtualNetworks", "properties": {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [{
          "id": "/subscriptions/22222222-0000-4000-8000-000000000000/resourceGroups/spokes/providers/Microsoft.Network/virtualNetworks/spoke/subnets/app",
          "name": "app", "type": "Microsoft.Network/virtualNetworks/subnets", "properties": {"addressPrefix": "10.1.0.0/24"}}],
        "virtualNetworkPeerings": [{
          "id": "/subscriptions/22222222-0000-4000-8000-000000000000/resourceGroups/spokes/providers/Microsoft.Network/virtualNetworks/spoke/virtualNetworkPeerings/hub",
          "name": "hub", "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "properties": {
            "allowVirtualNetworkAccess": true, "peeringState": "Connected",
            "remoteVirtualNetwork": {"id": "/subscriptions/11111111-0000-4000-8000-000000000000/resourceGroups/hubs/providers/Microsoft.Network/virtualNetworks/hub"}}}]}}]"#;
    let places = PLACES.lines().take(2).collect::<Vec<_>>().join("\n");
    let config = format!("{places}\nestates: [{{name: e, deployments: [hub.json, exported]}}]");
    let files = [
        ("hub.json", HUB),
        ("exported/vnets.json", export),
        ("aznet.yaml", &config),
    ];
    let estate = loaded(&files);
    let (verdict, layers) = way(&estate, "app", "tools:443");
    assert_eq!(verdict, Verdict::Allowed, "{layers:?}");
    let network = &estate.deployments[0].network;
    let named = |name: &str| {
        let mut subnets = network.subnets.iter();
        let subnet = subnets.find(|it| it.meta.name.value().is_some_and(|it| **it == *name));
        subnet.unwrap().network_interfaces.rest.is_some()
    };
    assert_eq!([named("app"), named("tools")], [false, true]);
}

#[test]
fn what_two_deployments_define_is_told_and_neither_is_joined() {
    let config = format!(
        "{PLACES}  - {{template: copy.json, subscription-id: 11111111-0000-4000-8000-000000000000, resource-group: hubs}}
estates: [{{name: e, deployments: [hub.json, copy.json, spoke.json]}}]"
    );
    let files = [
        ("hub.json", HUB),
        ("copy.json", HUB),
        ("spoke.json", SPOKE),
        ("aznet.yaml", &config),
    ];
    let said = told(&files);
    let twice = said
        .iter()
        .find(|(_, message, _)| message.contains("both define"));
    let (_, message, help) = twice.unwrap();
    assert!(
        message.contains("`copy.json` and `hub.json` both define virtualnetworks/hub"),
        "{message}"
    );
    assert_eq!(
        help.as_deref(),
        Some("leave one of the two out of the estate")
    );
    let estate = loaded(&files);
    let names: Vec<&str> = estate.deployments.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["copy.json", "hub.json", "spoke.json"]);
}

#[test]
fn who_takes_values_in_a_circle_takes_none() {
    let template = |output: &str| {
        format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "parameters": {{"in": {{"type": "string"}}}}, "resources": [],
            "outputs": {{"{output}": {{"type": "string", "value": "[parameters('in')]"}}}}}}"#
        )
    };
    let (a, b) = (template("a"), template("b"));
    let config = "estates:
  - name: e
    deployments:
      - {deployment: a.json, inputs: {in: {of: b.json, output: b}}}
      - {deployment: b.json, inputs: {in: {of: a.json, output: a}}}
";
    let said = told(&[("a.json", &a), ("b.json", &b), ("aznet.yaml", config)]);
    let [(at, message, _)] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert_eq!(at, "in");
    assert_eq!(
        message,
        "`a.json` and `b.json` take values from each other in a circle: what they take is not known"
    );
}

#[test]
fn wrong_words_of_an_estate_are_pointed_at_with_what_was_meant() {
    let config = "estates:
  - name: one
    deployments:
      - hubb.json
      - hub.json
      - deployment: spoke.json
        inputs:
          hubb: {of: hub.json, output: hubId}
          nextHop: {of: hub.json, output: firewal}
          hub: {of: elsewhere.json, output: hubId}
  - name: two
    deployments: [spoke.json, 'x/*.json']
    deployment: []
  - deployments: 3
  - name: one
    deployments: []
";
    let said = told(&[
        ("hub.json", HUB),
        ("spoke.json", SPOKE),
        ("aznet.yaml", config),
    ]);
    let short: Vec<(&str, &str, &str)> = said
        .iter()
        .map(|(at, message, help)| (at.as_str(), message.as_str(), help.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(
        short,
        [
            (
                "hubb.json",
                "no deployment is called `hubb.json`, and none lies there",
                "did you mean `hub.json`?"
            ),
            (
                "hubb",
                "`spoke.json` declares no parameter or variable `hubb`",
                "did you mean `hub`?"
            ),
            (
                "firewal",
                "`hub.json` has no output `firewal`",
                "did you mean `firewall`?"
            ),
            (
                "elsewhere.json",
                "no deployment is called `elsewhere.json`, and none lies there",
                "`aznet resources` lists the deployments"
            ),
            (
                "spoke.json",
                "`spoke.json` is already a deployment of the estate `one`",
                "a deployment belongs to one estate; several may share one"
            ),
            (
                "'x/*.json'",
                "no deployment is called `x/*.json`, and none lies there",
                "`aznet resources` lists the deployments"
            ),
            (
                "deployment",
                "an estate has no key `deployment`",
                "did you mean `deployments`?"
            ),
            ("deployments: 3", "this estate has no `name`", ""),
            ("3", "`deployments` must be a list, this is a number", ""),
            ("one", "there are two estates called `one`", ""),
        ]
    );
}

fn on_disk(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn request(root: &TempDir, below: &str) -> Request {
    Request {
        paths: vec![root.path().join(below)],
        root: Some(root.path().to_owned()),
        ..Request::default()
    }
}

const ROOT_FILES: [(&str, &str); 3] = [
    ("core/main.tf", CORE),
    ("ws/main.tf", WORKSPACE),
    ("aznet.yaml", ROOTS),
];

#[test]
fn the_number_of_threads_changes_nothing_and_who_asks_for_one_member_gets_it_joined() {
    let root = on_disk(&ROOT_FILES);
    let said = |threads: usize, below: &str| {
        let report = check(&Request {
            threads: NonZeroUsize::new(threads),
            ..request(&root, below)
        });
        let report = report.unwrap();
        (format!("{:?}", report.findings), report.summary.not_judged)
    };
    assert_eq!(said(1, ""), said(8, ""));
    assert_eq!(said(1, "ws").1, said(8, "").1);
}

#[test]
fn what_a_deployment_is_understood_as_is_what_it_defines_itself() {
    let root = on_disk(&ROOT_FILES);
    let told = inventory(&request(&root, "")).unwrap();
    let count = |name: &str| {
        let mut all = told.deployments.iter();
        let own = all.find(|it| &*it.name == name).unwrap();
        let of = |kind: &str| own.totals.elements.get(kind).map_or(0, |it| it.elements);
        [of("virtual network"), of("subnet"), of("peering")]
    };
    assert_eq!(count("core"), [1, 1, 0]);
    assert_eq!(count("ws"), [1, 1, 1]);
    let rules = &told.totals.elements["security rule"];
    assert_eq!((rules.unknown, rules.partly), (0, 0));
}

#[test]
fn a_change_in_one_member_is_told_of_the_estate() {
    let old = on_disk(&ROOT_FILES);
    let wider = CORE.replace("10.0.2.0/24", "10.0.2.0/23");
    let new = on_disk(&[("core/main.tf", &wider), ROOT_FILES[1], ROOT_FILES[2]]);
    let told = diff(&DiffRequest {
        old: old.path().display().to_string(),
        new: Some(new.path().display().to_string()),
        ..DiffRequest::default()
    });
    let told = told.unwrap();
    assert_eq!(told.alone, []);
    let group = told.groups.iter().find(|it| it.name == "app").unwrap();
    assert!(!group.opened.is_empty(), "{group:?}");
}

#[test]
fn a_local_state_is_found_by_its_path() {
    let core = CORE.replace(
        "backend \"azurerm\" {\n    container_name = \"states\"\n    key            = \"core.tfstate\"\n  }",
        "",
    );
    let workspace = WORKSPACE.replace(
        "backend = \"azurerm\"\n  config = {\n    container_name = \"states\"\n    key            = \"core.tfstate\"\n  }",
        "backend = \"local\"\n  config = { path = \"../core/terraform.tfstate\" }",
    );
    assert!(!core.contains("backend") && workspace.contains("\"local\""));
    let files = [
        ("core/main.tf", &*core),
        ("ws/main.tf", &*workspace),
        ("aznet.yaml", ROOTS),
    ];
    let estate = loaded(&files);
    let route = estate.deployments[0].network.routes.first().unwrap();
    assert!(route.next_hop_address.value().is_some());
    // A file of another name is another state.
    let elsewhere = workspace.replace("terraform.tfstate", "other.tfstate");
    let files = [
        ("core/main.tf", &*core),
        ("ws/main.tf", &*elsewhere),
        ("aznet.yaml", ROOTS),
    ];
    let estate = loaded(&files);
    let route = estate.deployments[0].network.routes.first().unwrap();
    assert!(route.next_hop_address.value().is_none());
}
