//! Port 25 by offer, by edition of the documents and by the way it takes.
//!
//! What is expected is written down from the documents themselves, not from the tool's tables:
//! the articles on outbound SMTP of 2018-11, 2019-08, 2020-12 and 2023-12, the page on security
//! groups of 2020, the known issues of Azure Firewall of 2025-04.

use std::collections::BTreeMap;

use crate::program::Case;

const NETWORK: &str = r#"
resource "azurerm_virtual_network" "v" {
  name          = "v"
  address_space = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "s" {
  name                 = "s"
  virtual_network_name = azurerm_virtual_network.v.name
  address_prefixes     = ["10.0.0.0/24"]
}
"#;
const MACHINE: &str = r#"
resource "azurerm_network_interface" "n" {
  name = "n"
  ip_configuration {
    name      = "i"
    subnet_id = azurerm_subnet.s.id
  }
}
resource "azurerm_linux_virtual_machine" "m" {
  name                  = "m"
  network_interface_ids = [azurerm_network_interface.n.id]
}
"#;
const MACHINE_WITH_ADDRESS: &str = r#"
resource "azurerm_network_interface" "n" {
  name = "n"
  ip_configuration {
    name      = "i"
    subnet_id = azurerm_subnet.s.id
    public_ip_address_id = azurerm_public_ip.p.id
  }
}
resource "azurerm_linux_virtual_machine" "m" {
  name                  = "m"
  network_interface_ids = [azurerm_network_interface.n.id]
}
"#;
const MAIL_OUT: &str = r#"
resource "azurerm_network_security_group" "g" {
  name = "g"
  security_rule {
    name                       = "smtp"
    priority                   = 100
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "Internet"
    destination_port_range     = "25"
  }
}
resource "azurerm_subnet_network_security_group_association" "s" {
  subnet_id                 = azurerm_subnet.s.id
  network_security_group_id = azurerm_network_security_group.g.id
}
"#;
const MAIL_TO_RELAY: &str = r#"
resource "azurerm_network_security_group" "g" {
  name = "g"
  security_rule {
    name                       = "smtp"
    priority                   = 100
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "192.168.0.25"
    destination_port_range     = "25"
  }
}
resource "azurerm_subnet_network_security_group_association" "s" {
  subnet_id                 = azurerm_subnet.s.id
  network_security_group_id = azurerm_network_security_group.g.id
}
"#;
const ADDRESS: &str = r#"
resource "azurerm_public_ip" "p" {
  name              = "p"
  allocation_method = "Static"
  sku               = "Standard"
  reverse_fqdn      = "mail.example.com."
}
"#;
const NAT: &str = r#"
resource "azurerm_nat_gateway" "g" {
  name     = "g"
  sku_name = "Standard"
}
resource "azurerm_nat_gateway_public_ip_association" "g" {
  nat_gateway_id       = azurerm_nat_gateway.g.id
  public_ip_address_id = azurerm_public_ip.p.id
}
resource "azurerm_subnet_nat_gateway_association" "g" {
  subnet_id      = azurerm_subnet.s.id
  nat_gateway_id = azurerm_nat_gateway.g.id
}
"#;
const BALANCER: &str = r#"
resource "azurerm_lb" "l" {
  name = "l"
  sku  = "Standard"
  frontend_ip_configuration {
    name                 = "f"
    public_ip_address_id = azurerm_public_ip.p.id
  }
}
resource "azurerm_lb_backend_address_pool" "l" {
  name            = "b"
  loadbalancer_id = azurerm_lb.l.id
}
resource "azurerm_lb_outbound_rule" "l" {
  name                    = "o"
  loadbalancer_id         = azurerm_lb.l.id
  protocol                = "Tcp"
  backend_address_pool_id = azurerm_lb_backend_address_pool.l.id
  frontend_ip_configuration { name = "f" }
}
resource "azurerm_network_interface_backend_address_pool_association" "l" {
  network_interface_id    = azurerm_network_interface.n.id
  ip_configuration_name   = "i"
  backend_address_pool_id = azurerm_lb_backend_address_pool.l.id
}
"#;
const FIREWALL: &str = r#"
resource "azurerm_subnet" "f" {
  name                 = "AzureFirewallSubnet"
  virtual_network_name = azurerm_virtual_network.v.name
  address_prefixes     = ["10.0.1.0/26"]
}
resource "azurerm_firewall" "f" {
  name     = "f"
  sku_name = "AZFW_VNet"
  sku_tier = "Standard"
  ip_configuration {
    name                 = "i"
    subnet_id            = azurerm_subnet.f.id
    public_ip_address_id = azurerm_public_ip.p.id
  }
}

resource "azurerm_route_table" "r" {
  name = "r"
  route {
    name           = "default"
    address_prefix = "0.0.0.0/0"
    next_hop_type = "VirtualAppliance"
    next_hop_in_ip_address = azurerm_firewall.f.ip_configuration[0].private_ip_address
  }
}
resource "azurerm_subnet_route_table_association" "r" {
  subnet_id      = azurerm_subnet.s.id
  route_table_id = azurerm_route_table.r.id
}
"#;
const GATEWAY: &str = r#"
resource "azurerm_route_table" "r" {
  name = "r"
  route {
    name           = "default"
    address_prefix = "0.0.0.0/0"
    next_hop_type = "VirtualNetworkGateway"
  }
}
resource "azurerm_subnet_route_table_association" "r" {
  subnet_id      = azurerm_subnet.s.id
  route_table_id = azurerm_route_table.r.id
}
"#;
const APPLIANCE: &str = r#"
resource "azurerm_route_table" "r" {
  name = "r"
  route {
    name           = "default"
    address_prefix = "0.0.0.0/0"
    next_hop_type = "VirtualAppliance"
    next_hop_in_ip_address = "10.200.0.4"
  }
}
resource "azurerm_subnet_route_table_association" "r" {
  subnet_id      = azurerm_subnet.s.id
  route_table_id = azurerm_route_table.r.id
}
"#;
const OWN_APPLIANCE: &str = r#"
resource "azurerm_subnet" "d" {
  name                 = "dmz"
  virtual_network_name = azurerm_virtual_network.v.name
  address_prefixes     = ["10.0.2.0/24"]
}
resource "azurerm_network_interface" "d" {
  name                  = "d"
  ip_forwarding_enabled = true
  ip_configuration {
    name                          = "i"
    subnet_id                     = azurerm_subnet.d.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.0.2.4"
    public_ip_address_id          = azurerm_public_ip.p.id
  }
}
resource "azurerm_linux_virtual_machine" "d" {
  name                  = "d"
  network_interface_ids = [azurerm_network_interface.d.id]
}

resource "azurerm_route_table" "r" {
  name = "r"
  route {
    name           = "default"
    address_prefix = "0.0.0.0/0"
    next_hop_type = "VirtualAppliance"
    next_hop_in_ip_address = "10.0.2.4"
  }
}
resource "azurerm_subnet_route_table_association" "r" {
  subnet_id      = azurerm_subnet.s.id
  route_table_id = azurerm_route_table.r.id
}
"#;
const APP: &str = r#"
resource "azurerm_linux_web_app" "a" {
  name         = "a"
  app_settings = { SMTP_HOST = "contoso-com.mail.protection.outlook.com:25" }
}
"#;
const APP_IN_SUBNET: &str = r#"
resource "azurerm_linux_web_app" "a" {
  name                      = "a"
  virtual_network_subnet_id = azurerm_subnet.s.id
  app_settings              = { SMTP_HOST = "contoso-com.mail.protection.outlook.com:25" }
}
"#;
const APP_IN_ENVIRONMENT: &str = r#"
resource "azurerm_app_service_environment_v3" "e" {
  name      = "e"
  subnet_id = azurerm_subnet.s.id
}
resource "azurerm_service_plan" "p" {
  name                       = "p"
  app_service_environment_id = azurerm_app_service_environment_v3.e.id
}
resource "azurerm_linux_web_app" "a" {
  name            = "a"
  service_plan_id = azurerm_service_plan.p.id
  app_settings    = { SMTP_HOST = "contoso-com.mail.protection.outlook.com:25" }
}
"#;
const CLUSTER: &str = r#"
resource "azurerm_kubernetes_cluster" "k" {
  name = "k"
  default_node_pool {
    name           = "d"
    vnet_subnet_id = azurerm_subnet.s.id
  }
}
"#;
const CONTAINER_APP: &str = r#"
resource "azurerm_container_app" "a" {
  name = "a"
  template {
    container {
      name = "c"
      env {
        name  = "SMTP_HOST"
        value = "contoso-com.mail.protection.outlook.com:25"
      }
    }
  }
}
"#;

const EDITIONS: [&str; 5] = ["2018-11", "2019-08", "nsg-2020", "2020-12", "current"];

/// What the editions say of subscriptions made after 2017-11-14, in the order of [`EDITIONS`]:
/// `V` may send, `?` blocked but Microsoft lifts that on request, `N` blocked and requests are
/// refused, `-` not mentioned.
///
/// 2018-11: "Pay-As-You-Go or Microsoft Partner Network … can make a request", "MSDN, Azure Pass,
/// Azure in Open, Education, BizSpark, and Free trial … no requests will be granted". 2019-08 adds
/// "Azure Sponsorship, Azure Student, any Visual Studio subscription" to these. 2020-12: requests by
/// "Pay-As-You-Go", "CSP", "MPN, BizSpark Plus or Azure Sponsorship". 2023-12: all but Enterprise
/// Agreements, enterprise customer agreements and (on request) Enterprise Dev/Test are blocked.
const OFFERS: [(&str, &str); 16] = [
    ("enterprise-agreement", "VVVVV"),
    ("enterprise-dev-test", "----?"),
    ("mca-enterprise", "----V"),
    ("mca-online", "----N"),
    ("pay-as-you-go", "????N"),
    ("csp", "????N"),
    ("partner-network", "??-?N"),
    ("bizspark", "NNN-N"),
    ("bizspark-plus", "---?N"),
    ("sponsorship", "-N-?N"),
    ("visual-studio", "NNNNN"),
    ("azure-pass", "NNNNN"),
    ("azure-in-open", "NNNNN"),
    ("education", "NNNNN"),
    ("students", "-N-NN"),
    ("free-trial", "NNNNN"),
];

/// One deployment for each way mail may take.
fn ways() -> Case {
    let machine = format!("{NETWORK}{MACHINE}{MAIL_OUT}");
    let files = [
        (
            "public",
            format!("{NETWORK}{MACHINE_WITH_ADDRESS}{MAIL_OUT}{ADDRESS}"),
        ),
        ("default", machine.clone()),
        ("nat", format!("{machine}{ADDRESS}{NAT}")),
        ("balancer", format!("{machine}{ADDRESS}{BALANCER}")),
        ("cluster", format!("{NETWORK}{CLUSTER}{MAIL_OUT}")),
        ("firewall", format!("{machine}{ADDRESS}{FIREWALL}")),
        ("gateway", format!("{machine}{GATEWAY}")),
        ("appliance", format!("{machine}{APPLIANCE}")),
        (
            "own-appliance",
            format!("{machine}{ADDRESS}{OWN_APPLIANCE}"),
        ),
        (
            "relay",
            format!("{NETWORK}{MACHINE}{MAIL_TO_RELAY}{GATEWAY}"),
        ),
        (
            "relay-by-firewall",
            format!("{NETWORK}{MACHINE}{MAIL_TO_RELAY}{ADDRESS}{FIREWALL}"),
        ),
        ("app", APP.to_owned()),
        ("app-in-subnet", format!("{NETWORK}{APP_IN_SUBNET}")),
        (
            "app-in-environment",
            format!("{NETWORK}{APP_IN_ENVIRONMENT}"),
        ),
        ("container-app", CONTAINER_APP.to_owned()),
    ];
    let case = Case::new(&[]);
    for (name, text) in files {
        case.write(&format!("{name}/main.tf"), text);
    }
    case
}

/// Whether port 25 is said to be blocked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Perhaps,
    Blocked,
    Unsupported,
    NotGuaranteed,
}

/// What is said of every way, with the messages.
fn said(case: &Case, declared: &str) -> BTreeMap<String, (Said, String)> {
    case.write("aznet.yaml", declared);
    let (_, answer) = case.answer(&["check", "."]);
    let mut said = BTreeMap::new();
    for finding in answer["findings"].as_array().unwrap() {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        let certain = text("verdict") == "violated";
        let what = match (&*text("rule"), &*text("severity")) {
            ("smtp-egress-blocked" | "mail-on-blocked-port", _) if certain => Said::Blocked,
            ("smtp-through-azure-firewall", "error") if certain => Said::Unsupported,
            ("smtp-through-azure-firewall", _) if certain => Said::NotGuaranteed,
            ("hosted-app-mail-on-port-25", _) if certain => Said::Unsupported,
            (
                "smtp-egress-blocked"
                | "mail-on-blocked-port"
                | "smtp-through-azure-firewall"
                | "hosted-app-mail-on-port-25",
                _,
            ) => Said::Perhaps,
            _ => continue,
        };
        let way = text("path").split('/').next().unwrap().to_owned();
        let known = said.insert(way.clone(), (what, text("message")));
        assert!(known.is_none(), "{way}: {known:?} {finding}");
    }
    said
}

/// What the documents say of a way; `verdict` is that of [`OFFERS`].
fn expected(way: &str, edition: &str, offer: &str, verdict: char) -> Said {
    let direct = match verdict {
        'V' => Said::Nothing,
        '-' => Said::Perhaps,
        _ => Said::Blocked,
    };
    let newest = edition == "current";
    match way {
        // "Blocked from all resources" in 2020; "virtual machines" in the articles until 2020-12.
        "app-in-subnet" | "app-in-environment" => match (direct, edition) {
            (Said::Blocked, "2018-11" | "2019-08" | "2020-12") => Said::Perhaps,
            (direct, _) => direct,
        },
        // "With virtual network integration or App Service Environment v3"; of other services:
        // "not supported".
        "app" | "container-app" if newest => Said::Unsupported,
        "relay" | "relay-by-firewall" | "app" | "container-app" => Said::Nothing,
        "firewall" => match edition {
            // "Routing port 25 traffic via Azure PaaS services like Azure Firewall isn't supported."
            "2019-08" | "2020-12" => Said::Unsupported,
            "2018-11" => Said::Perhaps,
            "nsg-2020" => match offer {
                "csp" => Said::Perhaps,
                // "Outbound port 25 communication is blocked from all resources."
                _ if direct == Said::Blocked => Said::Unsupported,
                _ => direct,
            },
            _ if verdict == 'V' => Said::Nothing,
            _ => Said::NotGuaranteed,
        },
        // Where it leaves is not in the files; what may be the firewall of another deployment.
        "gateway" | "own-appliance" if verdict == 'V' => Said::Nothing,
        "appliance" if verdict == 'V' && !matches!(edition, "2018-11" | "2019-08" | "2020-12") => {
            Said::Nothing
        }
        "gateway" | "appliance" | "own-appliance" => Said::Perhaps,
        _ => direct,
    }
}

fn every_way_is_judged_by_the_offer(edition: &str) {
    let case = ways();
    let position = EDITIONS.iter().position(|other| *other == edition).unwrap();
    for (offer, verdicts) in OFFERS {
        let verdict = verdicts.chars().nth(position).unwrap();
        let declared = format!("smtp-policy: \"{edition}\"\nsubscription: {{offer: {offer}}}\n");
        let said = said(&case, &declared);
        for way in WAYS {
            let told = said.get(way).map_or(Said::Nothing, |(said, _)| *said);
            let expected = expected(way, edition, offer, verdict);
            assert_eq!(
                told,
                expected,
                "{offer} {edition} {way}: {:?}",
                said.get(way)
            );
        }
        let Some((Said::Blocked, message)) = said.get("public") else {
            continue;
        };
        let requests = "Requests to lift the block are refused for this offer.";
        assert_eq!(message.contains(requests), verdict == 'N', "{message}");
        let lifted = message.contains("Microsoft lifts the block for this offer on request");
        assert_eq!(lifted, verdict == '?', "{message}");
    }
}

#[test]
fn every_way_is_judged_by_the_offer_in_2018() {
    every_way_is_judged_by_the_offer("2018-11");
}

#[test]
fn every_way_is_judged_by_the_offer_in_2019() {
    every_way_is_judged_by_the_offer("2019-08");
}

#[test]
fn every_way_is_judged_by_the_offer_in_the_page_on_groups() {
    every_way_is_judged_by_the_offer("nsg-2020");
}

#[test]
fn every_way_is_judged_by_the_offer_in_2020() {
    every_way_is_judged_by_the_offer("2020-12");
}

#[test]
fn every_way_is_judged_by_the_offer_in_today() {
    every_way_is_judged_by_the_offer("current");
}

const WAYS: [&str; 15] = [
    "public",
    "default",
    "nat",
    "balancer",
    "cluster",
    "firewall",
    "gateway",
    "appliance",
    "own-appliance",
    "relay",
    "relay-by-firewall",
    "app",
    "app-in-subnet",
    "app-in-environment",
    "container-app",
];

/// "This change in behavior applies only to new subscriptions and new deployments": in every edition,
/// for every offer.
#[test]
fn subscriptions_from_before_the_block_send_directly() {
    let case = ways();
    for offer in ["students", "enterprise-dev-test"] {
        for edition in EDITIONS {
            let declared = format!(
                "smtp-policy: \"{edition}\"\nsubscription: {{offer: {offer}, created: 2017-11-14}}\n"
            );
            let said = said(&case, &declared);
            for way in ["public", "default", "nat", "balancer", "cluster"] {
                assert_eq!(said.get(way), None, "{offer} {edition}");
            }
        }
    }
}

/// "The exemption applies only to the requested subscription and to virtual machine traffic that is
/// routed directly to the internet."
#[test]
fn an_exemption_opens_the_direct_ways_only() {
    let case = ways();
    for edition in ["2019-08", "2020-12", "current"] {
        let declared = format!(
            "smtp-policy: \"{edition}\"\nsubscription: {{offer: pay-as-you-go, port25: exempt}}\n"
        );
        let said = said(&case, &declared);
        for way in ["public", "default", "nat", "balancer", "cluster"] {
            assert_eq!(said.get(way), None, "{edition}");
        }
        let (firewall, message) = &said["firewall"];
        assert!(matches!(firewall, Said::Unsupported | Said::NotGuaranteed));
        assert!(
            message.contains("The exemption of the subscription does not help here"),
            "{message}"
        );
    }
}

/// How an exemption is had differs: the machines anew (2020), a restart (2019, 2020-12), deallocation
/// (2023); for CSP the partner asks until 2020.
#[test]
fn what_an_exemption_takes_is_said_in_the_words_of_its_time() {
    let case = ways();
    for (edition, offer, words) in [
        ("2018-11", "csp", "the partner makes"),
        (
            "2019-08",
            "pay-as-you-go",
            "stopping and starting the machines",
        ),
        ("2019-08", "pay-as-you-go", "checks against fraud"),
        (
            "nsg-2020",
            "pay-as-you-go",
            "virtual machines created after the exemption",
        ),
        ("2020-12", "pay-as-you-go", "a history of payments"),
        ("2020-12", "sponsorship", "checks against fraud"),
        (
            "current",
            "enterprise-dev-test",
            "stopping, deallocating and starting",
        ),
    ] {
        let declared = format!("smtp-policy: \"{edition}\"\nsubscription: {{offer: {offer}}}\n");
        let said = said(&case, &declared);
        let (_, message) = &said["public"];
        assert!(message.contains(words), "{edition} {offer}: {message}");
    }
}
