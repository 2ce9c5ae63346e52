//! `aznet trace` from the Internet through load balancers: which rule leads where, in both
//! languages.

use serde_json::Value;

use crate::program::Case;

const ARM: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "variables": {
    "lb": "[resourceId('Microsoft.Network/loadBalancers', 'front')]",
    "subnet": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'web')]"
  },
  "resources": [
    { "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "web",
      "properties": { "securityRules": [
        { "name": "web", "properties": { "priority": 100, "direction": "Inbound",
          "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
          "sourcePortRange": "*", "destinationAddressPrefix": "*",
          "destinationPortRanges": ["8080", "3389"] } } ] } },
    { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
      "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
        "subnets": [ { "name": "web", "properties": { "addressPrefix": "10.1.1.0/24",
          "networkSecurityGroup": {
            "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]" } } } ] } },
    { "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-05-01", "name": "front",
      "sku": { "name": "Standard" }, "properties": { "publicIPAllocationMethod": "Static" } },
    { "type": "Microsoft.Network/loadBalancers", "apiVersion": "2024-05-01", "name": "front",
      "sku": { "name": "Standard" },
      "properties": {
        "frontendIPConfigurations": [
          { "name": "outer", "properties": { "publicIPAddress": {
            "id": "[resourceId('Microsoft.Network/publicIPAddresses', 'front')]" } } },
          { "name": "inner", "properties": { "privateIPAddress": "10.1.1.100",
            "privateIPAllocationMethod": "Static", "subnet": { "id": "[variables('subnet')]" } } }
        ],
        "backendAddressPools": [ { "name": "web" } ],
        "loadBalancingRules": [
          { "name": "http", "properties": { "protocol": "Tcp", "frontendPort": 80,
            "backendPort": 8080,
            "frontendIPConfiguration": {
              "id": "[concat(variables('lb'), '/frontendIPConfigurations/outer')]" },
            "backendAddressPool": {
              "id": "[concat(variables('lb'), '/backendAddressPools/web')]" } } },
          { "name": "internal", "properties": { "protocol": "Tcp", "frontendPort": 81,
            "backendPort": 8080,
            "frontendIPConfiguration": {
              "id": "[concat(variables('lb'), '/frontendIPConfigurations/inner')]" },
            "backendAddressPool": {
              "id": "[concat(variables('lb'), '/backendAddressPools/web')]" } } }
        ],
        "inboundNatRules": [
          { "name": "rdp", "properties": { "protocol": "Tcp", "frontendPort": 6001,
            "backendPort": 3389,
            "frontendIPConfiguration": {
              "id": "[concat(variables('lb'), '/frontendIPConfigurations/outer')]" } } },
          { "name": "ssh", "properties": { "protocol": "Tcp", "frontendPort": 6002,
            "backendPort": 22,
            "frontendIPConfiguration": {
              "id": "[concat(variables('lb'), '/frontendIPConfigurations/outer')]" } } }
        ]
      } },
    { "type": "Microsoft.Network/networkInterfaces", "apiVersion": "2024-05-01", "name": "one",
      "properties": { "ipConfigurations": [ { "name": "a", "properties": {
        "privateIPAddress": "10.1.1.4", "privateIPAllocationMethod": "Static",
        "subnet": { "id": "[variables('subnet')]" },
        "loadBalancerBackendAddressPools": [
          { "id": "[concat(variables('lb'), '/backendAddressPools/web')]" } ],
        "loadBalancerInboundNatRules": [
          { "id": "[concat(variables('lb'), '/inboundNatRules/rdp')]" },
          { "id": "[concat(variables('lb'), '/inboundNatRules/ssh')]" } ] } } ] } },
    { "type": "Microsoft.Network/networkInterfaces", "apiVersion": "2024-05-01", "name": "two",
      "properties": { "ipConfigurations": [ { "name": "a", "properties": {
        "privateIPAddress": "10.1.1.5", "privateIPAllocationMethod": "Static",
        "subnet": { "id": "[variables('subnet')]" },
        "loadBalancerBackendAddressPools": [
          { "id": "[concat(variables('lb'), '/backendAddressPools/web')]" } ] } } ] } }
  ]
}
"#;

const TERRAFORM: &str = r#"
resource "azurerm_network_security_group" "web" {
  name                = "web"
  resource_group_name = "rg"
  location            = "westeurope"
  security_rule {
    name                       = "web"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_ranges    = ["8080", "3389"]
  }
}
resource "azurerm_virtual_network" "net" {
  name                = "net"
  resource_group_name = "rg"
  location            = "westeurope"
  address_space       = ["10.1.0.0/16"]
}
resource "azurerm_subnet" "web" {
  name                 = "web"
  resource_group_name  = "rg"
  virtual_network_name = azurerm_virtual_network.net.name
  address_prefixes     = ["10.1.1.0/24"]
}
resource "azurerm_subnet_network_security_group_association" "web" {
  subnet_id                 = azurerm_subnet.web.id
  network_security_group_id = azurerm_network_security_group.web.id
}
resource "azurerm_public_ip" "front" {
  name                = "front"
  resource_group_name = "rg"
  location            = "westeurope"
  allocation_method   = "Static"
  sku                 = "Standard"
}
resource "azurerm_lb" "front" {
  name                = "front"
  resource_group_name = "rg"
  location            = "westeurope"
  sku                 = "Standard"
  frontend_ip_configuration {
    name                 = "outer"
    public_ip_address_id = azurerm_public_ip.front.id
  }
  frontend_ip_configuration {
    name                          = "inner"
    private_ip_address            = "10.1.1.100"
    private_ip_address_allocation = "Static"
    subnet_id                     = azurerm_subnet.web.id
  }
}
resource "azurerm_lb_backend_address_pool" "web" {
  name            = "web"
  loadbalancer_id = azurerm_lb.front.id
}
resource "azurerm_lb_rule" "http" {
  name                           = "http"
  loadbalancer_id                = azurerm_lb.front.id
  protocol                       = "Tcp"
  frontend_port                  = 80
  backend_port                   = 8080
  frontend_ip_configuration_name = "outer"
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.web.id]
}
resource "azurerm_lb_rule" "internal" {
  name                           = "internal"
  loadbalancer_id                = azurerm_lb.front.id
  protocol                       = "Tcp"
  frontend_port                  = 81
  backend_port                   = 8080
  frontend_ip_configuration_name = "inner"
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.web.id]
}
resource "azurerm_lb_nat_rule" "rdp" {
  name                           = "rdp"
  resource_group_name            = "rg"
  loadbalancer_id                = azurerm_lb.front.id
  protocol                       = "Tcp"
  frontend_port                  = 6001
  backend_port                   = 3389
  frontend_ip_configuration_name = "outer"
}
resource "azurerm_lb_nat_rule" "ssh" {
  name                           = "ssh"
  resource_group_name            = "rg"
  loadbalancer_id                = azurerm_lb.front.id
  protocol                       = "Tcp"
  frontend_port                  = 6002
  backend_port                   = 22
  frontend_ip_configuration_name = "outer"
}
resource "azurerm_network_interface" "one" {
  name                = "one"
  resource_group_name = "rg"
  location            = "westeurope"
  ip_configuration {
    name                          = "a"
    subnet_id                     = azurerm_subnet.web.id
    private_ip_address            = "10.1.1.4"
    private_ip_address_allocation = "Static"
  }
}
resource "azurerm_network_interface" "two" {
  name                = "two"
  resource_group_name = "rg"
  location            = "westeurope"
  ip_configuration {
    name                          = "a"
    subnet_id                     = azurerm_subnet.web.id
    private_ip_address            = "10.1.1.5"
    private_ip_address_allocation = "Static"
  }
}
resource "azurerm_network_interface_backend_address_pool_association" "one" {
  network_interface_id    = azurerm_network_interface.one.id
  ip_configuration_name   = "a"
  backend_address_pool_id = azurerm_lb_backend_address_pool.web.id
}
resource "azurerm_network_interface_backend_address_pool_association" "two" {
  network_interface_id    = azurerm_network_interface.two.id
  ip_configuration_name   = "a"
  backend_address_pool_id = azurerm_lb_backend_address_pool.web.id
}
resource "azurerm_network_interface_nat_rule_association" "rdp" {
  network_interface_id  = azurerm_network_interface.one.id
  ip_configuration_name = "a"
  nat_rule_id           = azurerm_lb_nat_rule.rdp.id
}
resource "azurerm_network_interface_nat_rule_association" "ssh" {
  network_interface_id  = azurerm_network_interface.one.id
  ip_configuration_name = "a"
  nat_rule_id           = azurerm_lb_nat_rule.ssh.id
}
"#;

/// Sources: load balancer overview (rules and inbound NAT rules translate ports; groups see the
/// machine's own address and port).
#[test]
fn the_internet_reaches_what_the_rules_of_a_load_balancer_lead_to() {
    let cases = [
        // To the name of the load balancer, which is its public address's too.
        ("front:80", "allowed", Some("http")),
        ("pip:front:80", "allowed", Some("http")),
        // A rule of the internal frontend.
        ("front:81", "denied", None),
        ("front:8080", "denied", None),
        ("front:6001", "allowed", Some("rdp")),
        ("front:6002", "denied", Some("ssh")),
        // To the machines behind it, by the ports of the frontend.
        ("nic:one:80", "allowed", Some("http")),
        ("nic:one:6001", "allowed", Some("rdp")),
        ("nic:one:6002", "denied", Some("ssh")),
        ("nic:two:6001", "denied", None),
        ("nic:two:80", "allowed", Some("http")),
        ("nic:one:81", "denied", None),
    ];
    for case in [
        Case::new(&[("main.json", ARM)]),
        Case::new(&[("main.tf", TERRAFORM)]),
    ] {
        for (to, verdict, rule) in cases {
            let (code, answer) = case.answer(&["trace", "--from", "Internet", "--to", to]);
            assert_eq!(code, 0, "{answer}");
            assert_eq!(answer["verdict"], verdict, "{to} {answer:#}");
            let layers = answer["layers"].as_array().unwrap();
            let entrance = &layers.iter().find(|it| it["layer"] == "entrance").unwrap();
            let by = entrance["decidedBy"].clone();
            match rule {
                Some(rule) => {
                    assert_eq!(by["name"], rule, "{to}");
                    // It points at the rule itself.
                    let path = by["path"].as_str().unwrap();
                    let line = usize::try_from(by["line"].as_u64().unwrap()).unwrap();
                    let text = if path == "main.tf" { TERRAFORM } else { ARM };
                    let shown = text.lines().nth(line - 1).unwrap();
                    assert!(shown.contains(&format!("\"{rule}\"")), "{shown}");
                }
                None => assert_eq!(by["remark"], "no rule of the load balancer", "{to}"),
            }
        }
    }
}

#[test]
fn an_internal_frontend_leads_to_the_port_behind_it() {
    for case in [
        Case::new(&[("main.json", ARM)]),
        Case::new(&[("main.tf", TERRAFORM)]),
    ] {
        let ask = |port: u16| -> Value {
            let to = format!("lb:front:{port}");
            let (code, answer) = case.answer(&["trace", "--from", "10.1.1.77", "--to", &to]);
            assert_eq!(code, 0, "{answer}");
            answer
        };
        let open = ask(81);
        assert_eq!(open["verdict"], "allowed", "{open:#}");
        // The public rule is not the internal frontend's.
        assert_eq!(ask(80)["verdict"], "denied");
        let layers = open["layers"].as_array().unwrap();
        let names: Vec<&str> = layers
            .iter()
            .filter_map(|it| it["decidedBy"]["name"].as_str())
            .collect();
        assert!(names.contains(&"internal"), "{names:?}");
        assert!(
            open["notes"]
                .to_string()
                .contains("`internal` sends them on to port 8080"),
            "{open}"
        );
    }
}

#[test]
fn a_load_balancer_sends_nothing_itself() {
    let case = Case::new(&[("main.json", ARM)]);
    let outcome = case.run(&["trace", "--from", "lb:front", "--to", "8.8.8.8:443"]);
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.stderr.contains("sends nothing itself"),
        "{}",
        outcome.stderr
    );
}
