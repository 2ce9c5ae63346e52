//! One authored mistake is told once: by the rule that tells it best.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

use std::collections::BTreeSet;

use aznet::engine::{self, Options, Report};
use aznet::policy::pack::Pack;

fn report(files: &[(&str, String)], options: &Options) -> Report {
    let files = files.iter();
    let files = files.map(|(path, text)| ((*path).to_owned(), text.clone()));
    engine::check_files(files.collect(), options).unwrap()
}

/// The rules that find something, with every rule on but those ignored.
fn found(configuration: &str, ignored: &[&str]) -> BTreeSet<String> {
    let options = Options {
        enable: vec!["*".to_owned()],
        ignore: ignored.iter().map(|id| (*id).to_owned()).collect(),
        ..Options::default()
    };
    let report = report(&[("main.tf", configuration.to_owned())], &options);
    let found = report.findings.iter();
    found.map(|finding| finding.rule.to_string()).collect()
}

/// A group with one inbound rule that allows TCP.
fn group(from: &str, ports: &str) -> String {
    format!(
        r#"
        resource "azurerm_network_security_group" "web" {{
          name                = "web"
          location            = "westeurope"
          resource_group_name = "net"

          security_rule {{
            name                       = "in"
            priority                   = 100
            direction                  = "Inbound"
            access                     = "Allow"
            protocol                   = "Tcp"
            source_address_prefix      = "{from}"
            source_port_range          = "*"
            destination_address_prefix = "*"
            destination_port_ranges    = [{ports}]
          }}
        }}
        "#
    )
}

/// Of the rules that find something, those about what is open to the Internet.
fn exposed(configuration: &str, ignored: &[&str]) -> Vec<String> {
    let about =
        |rule: &String| rule.starts_with("internet-exposed") || rule == "azure-cloud-inbound";
    let found = found(configuration, ignored);
    found.into_iter().filter(about).collect()
}

#[test]
fn a_rule_that_opens_every_port_is_told_for_the_ports_of_administration() {
    let wide = group("Internet", r#""0-65535""#);
    assert_eq!(exposed(&wide, &[]), ["internet-exposed-management-port"]);
}

#[test]
fn a_rule_that_opens_a_thousand_other_ports_is_told_as_that() {
    let wide = group("Internet", r#""10000-20000""#);
    assert_eq!(exposed(&wide, &[]), ["internet-exposed-port-range"]);
}

#[test]
fn where_a_rule_is_off_the_one_that_yields_to_it_speaks() {
    let wide = group("Internet", r#""0-65535""#);
    let ignored = ["internet-exposed-management-port"];
    assert_eq!(exposed(&wide, &ignored), ["internet-exposed-port-range"]);
}

#[test]
fn single_ports_of_several_kinds_are_each_told() {
    let ports = group("Internet", r#""21", "22", "443", "1433""#);
    assert_eq!(
        exposed(&ports, &[]),
        [
            "internet-exposed-data-port",
            "internet-exposed-management-port",
            "internet-exposed-sensitive-port",
            "internet-exposed-web-port",
        ]
    );
}

#[test]
fn all_of_azure_is_told_once_whatever_the_ports() {
    let ssh = group("AzureCloud", r#""22""#);
    assert_eq!(exposed(&ssh, &[]), ["internet-exposed-management-port"]);
    let web = group("AzureCloud", r#""443""#);
    assert_eq!(exposed(&web, &[]), ["azure-cloud-inbound"]);
}

#[test]
fn an_application_rule_that_a_network_rule_hides_lets_nobody_through() {
    let firewall = |action: &str| {
        format!(
            r#"
            resource "azurerm_firewall_policy" "p" {{
              name                = "p"
              location            = "westeurope"
              resource_group_name = "net"
            }}

            resource "azurerm_firewall_policy_rule_collection_group" "g" {{
              name               = "g"
              firewall_policy_id = azurerm_firewall_policy.p.id
              priority           = 500

              network_rule_collection {{
                name     = "network"
                priority = 400
                action   = "{action}"
                rule {{
                  name                  = "web"
                  protocols             = ["TCP"]
                  source_addresses      = ["10.0.0.0/24"]
                  destination_addresses = ["*"]
                  destination_ports     = ["443"]
                }}
              }}

              application_rule_collection {{
                name     = "application"
                priority = 500
                action   = "Allow"
                rule {{
                  name              = "all"
                  source_addresses  = ["10.0.0.0/16"]
                  destination_fqdns = ["*"]
                  protocols {{
                    type = "Https"
                    port = 443
                  }}
                }}
              }}
            }}
            "#
        )
    };
    let told = |text: &str| {
        let about = [
            "application-rule-for-every-host",
            "unreachable-firewall-rule",
        ];
        let found = found(text, &[]);
        let found = found.into_iter().filter(|rule| about.contains(&&**rule));
        found.collect::<Vec<_>>()
    };
    let partly = firewall("Deny");
    assert_eq!(told(&partly), ["application-rule-for-every-host"]);
    let wholly = partly.replace("10.0.0.0/16", "10.0.0.0/24");
    assert_eq!(told(&wholly), ["unreachable-firewall-rule"]);
}

#[test]
fn rules_yield_to_rules_that_there_are_and_not_in_circles() {
    let pack = Pack::builtin().unwrap();
    for rule in pack.rules() {
        for other in &rule.spec().yields_to {
            let other = pack.rule(&other.value);
            let to = &other
                .unwrap_or_else(|| panic!("{}", rule.id()))
                .spec()
                .yields_to;
            assert!(to.is_empty(), "{} yields to one that yields", rule.id());
        }
    }
}

#[test]
fn a_rule_that_yields_to_nobody_we_know_is_a_mistake_with_the_nearest_id() {
    let rule = "id: mine\ntitle: T\ncategory: hygiene\nsince: 0.1.0\nseverity: warning\nwhy: W\n\
                fix: F\nreferences: []\nmessage: M\nsubject: subnet\nassert: 'true'\n\
                yields-to: internet-exposed-management-prt\n";
    let files = [
        ("main.tf", group("Internet", r#""443""#)),
        ("aznet.yaml", "packs: [pack]\n".to_owned()),
        ("pack/mine.yaml", rule.to_owned()),
    ];
    let report = report(&files, &Options::default());
    let told = report.diagnostics.first().unwrap();
    assert_eq!(
        told.message,
        "there is no rule `internet-exposed-management-prt`"
    );
    let help = told.help.as_deref().unwrap();
    assert_eq!(help, "did you mean `internet-exposed-management-port`?");
    let at = told.primary.as_ref().unwrap().span;
    let text = report.sources.get(at.file).unwrap().slice(at);
    assert_eq!(text, "internet-exposed-management-prt");
}
