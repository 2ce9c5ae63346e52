//! Every way to say what is wrong, as a user's own rules say it.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

use aznet::diagnostic::Severity;
use aznet::engine::{self, Options, Report};
use aznet::policy::finding::{Finding, FindingVerdict};

const NETWORK: &str = r#"
variable "office" {}

resource "azurerm_virtual_network" "app" {
  name                = "app"
  location            = "westeurope"
  resource_group_name = "net"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "web" {
  name                 = "web"
  resource_group_name  = "net"
  virtual_network_name = azurerm_virtual_network.app.name
  address_prefixes     = ["10.0.1.0/24"]
}

resource "azurerm_subnet" "data" {
  name                 = "data"
  resource_group_name  = "net"
  virtual_network_name = azurerm_virtual_network.app.name
  address_prefixes     = ["10.0.2.0/24"]
}

resource "azurerm_subnet_network_security_group_association" "web" {
  subnet_id                 = azurerm_subnet.web.id
  network_security_group_id = azurerm_network_security_group.web.id
}

resource "azurerm_subnet_network_security_group_association" "data" {
  subnet_id                 = azurerm_subnet.data.id
  network_security_group_id = azurerm_network_security_group.web.id
}

resource "azurerm_network_security_group" "web" {
  name                = "web"
  location            = "westeurope"
  resource_group_name = "net"

  security_rule {
    name                       = "deny-lab"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "Tcp"
    source_address_prefix      = "203.0.113.0/24"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "443"
  }

  security_rule {
    name                       = "allow-web"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "Internet"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "443"
  }

  security_rule {
    name                       = "allow-office"
    priority                   = 120
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = var.office
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "22"
  }
}
"#;

/// Checks the network by one rule made of a clause.
fn check(clause: &str) -> Report {
    check_with("", clause)
}

fn check_with(config: &str, clause: &str) -> Report {
    let rule = format!(
        "id: mine\ntitle: Mine\ncategory: hygiene\nsince: 0.1.0\n{}{clause}why: W\nfix: F\nreferences: []\n",
        if clause.contains("severity:") {
            ""
        } else {
            "severity: warning\n"
        },
    );
    let files = vec![
        ("main.tf".to_owned(), NETWORK.to_owned()),
        ("aznet.yaml".to_owned(), format!("packs: [pack]\n{config}")),
        ("pack/mine.yaml".to_owned(), rule),
    ];
    let options = Options {
        select: vec!["mine".to_owned()],
        ..Options::default()
    };
    let report = engine::check_files(files, &options).unwrap();
    let told: Vec<&str> = report.diagnostics.iter().map(|one| &*one.message).collect();
    assert!(told.is_empty(), "{told:?}");
    report
}

fn only(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    &report.findings[0]
}

/// The name of the block a finding points at.
fn pointed_at(report: &Report, finding: &Finding) -> String {
    let span = finding.primary.span;
    let text = report.sources.get(span.file).unwrap().text();
    let name = text[span.start as usize..].split("name ").nth(1).unwrap();
    name.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn forbid_is_broken_by_some_packet_and_names_the_rule_that_decides_it() {
    let report = check(
        "subject: network-security-group\nforbid:\n  flows: {direction: Inbound, from: Internet, \
         protocol: Tcp, ports: 443}\n  verdict: allowed\nmessage: '`{decider.name}` lets {witness} in'\n",
    );
    let finding = only(&report);
    assert_eq!(finding.verdict, FindingVerdict::Violated);
    assert_eq!(pointed_at(&report, finding), "allow-web");
    assert_eq!(finding.security_rule.as_deref(), Some("allow-web"));
    assert!(
        finding.message.starts_with("`allow-web` lets TCP "),
        "{}",
        finding.message
    );
    let witness = finding.witness.unwrap();
    assert_eq!(witness.destination_port, 443);
    let lab: ipnet::Ipv4Net = "203.0.113.0/24".parse().unwrap();
    assert!(!matches!(witness.source, std::net::IpAddr::V4(source) if lab.contains(&source)));
}

#[test]
fn forbid_holds_where_an_earlier_rule_denies() {
    let report = check(
        "subject: network-security-group\nforbid:\n  flows: {direction: Inbound, from: \
         203.0.113.0/24, protocol: Tcp, ports: 443}\n  verdict: allowed\nmessage: M\n",
    );
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn require_is_broken_by_the_one_packet_that_does_not() {
    let report = check(
        "subject: network-security-group\nrequire:\n  flows: {direction: Inbound, from: \
         203.0.112.0/22, protocol: Tcp, ports: 443}\n  verdict: allowed\n\
         message: '`{decider.name}` stops {witness.source}'\n",
    );
    let finding = only(&report);
    assert_eq!(pointed_at(&report, finding), "deny-lab");
    assert!(
        finding.message.starts_with("`deny-lab` stops 203.0.113."),
        "{}",
        finding.message
    );
    let report = check(
        "subject: network-security-group\nrequire:\n  flows: {direction: Inbound, from: \
         203.0.112.0/24, protocol: Tcp, ports: 443}\n  verdict: allowed\nmessage: M\n",
    );
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn a_default_rule_that_decides_points_at_the_group() {
    let report = check(
        "subject: network-security-group\nrequire:\n  flows: {direction: Inbound, from: \
         198.51.100.7, protocol: Tcp, ports: 8443}\n  verdict: allowed\nmessage: 'by {decider}'\n",
    );
    let finding = only(&report);
    assert_eq!(pointed_at(&report, finding), "web");
    assert_eq!(finding.message, "by DenyAllInBound");
    assert!(
        finding.primary.text.contains("DenyAllInBound"),
        "{}",
        finding.primary.text
    );
}

#[test]
fn an_unknown_that_matters_leaves_the_question_open_and_is_named() {
    let clause = "subject: network-security-group\nforbid:\n  flows: {direction: Inbound, from: \
         198.51.100.7, protocol: Tcp, ports: 22}\n  verdict: allowed\nmessage: 'missing: {unknown}'\n";
    let report = check(clause);
    let finding = only(&report);
    assert_eq!(finding.verdict, FindingVerdict::Undetermined);
    assert_eq!(finding.message, "missing: var.office");
    assert_eq!(finding.unknowns[0].what, "var.office");
    let counted = check(&format!("{clause}undetermined: count\n"));
    assert!(counted.findings.is_empty());
    assert_eq!(counted.summary.undetermined_counted, [("mine".into(), 1)]);
}

#[test]
fn asserts_point_at_the_field_they_read_and_say_their_own_message() {
    let report = check(
        "subject: security-rule\nwhere: subject.access == \"Allow\"\nassert:\n  - that: \
         '!ports_contain(subject.destination_port_ranges, 443)'\n    message: '{subject.name} opens 443'\n",
    );
    let finding = only(&report);
    assert_eq!(finding.message, "allow-web opens 443");
    let texts: Vec<&str> = finding
        .related
        .iter()
        .map(|place| report.sources.slice(place.span))
        .collect();
    assert!(texts.contains(&"\"443\""), "{texts:?}");
}

#[test]
fn each_judges_once_per_element_and_given_narrows_the_packets() {
    let clause = |kind: &str| {
        format!(
            "subject: security-rule\neach: {{subnet: known(subject.subnets)}}\n\
             where: subject.name == \"allow-web\"\nforbid:\n  flows: {{from: Internet, to: 10.0.1.4, ports: 443}}\n  \
             given: {{verdict: {{routed-to: [{kind}]}}, of: subnet}}\n  verdict: decided\n\
             message: '{{subnet.name}}'\n"
        )
    };
    let report = check(&clause("virtual-network"));
    let finding = only(&report);
    assert_eq!(finding.security_rule.as_deref(), Some("allow-web"));
    let report = check(&clause("internet"));
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn when_turns_a_contract_off_and_unless_excuses() {
    let clause = |more: &str, when: &str| {
        format!(
            "subject: network-security-group\n{more}forbid:\n  flows: {{direction: Inbound, from: \
             Internet, ports: 443}}\n  when: {when}\n  verdict: allowed\nmessage: M\n"
        )
    };
    assert_eq!(
        check(&clause("", "subject.name == \"web\"")).findings.len(),
        1
    );
    assert!(
        check(&clause("", "subject.name == \"lab\""))
            .findings
            .is_empty()
    );
    let excused = clause(
        "unless: subject.name == \"web\"\n",
        "length(subject.rules) > 0",
    );
    assert!(check(&excused).findings.is_empty());
}

#[test]
fn needs_count_what_is_not_judged_by_reason() {
    let report = check(
        "subject: network-security-group\nneeds:\n  - that: length(known(subject.machines)) > 0\n    \
         otherwise: no machine behind the group\nassert: 'false'\nmessage: M\n",
    );
    assert!(report.findings.is_empty());
    let reason = ("no machine behind the group".to_owned(), 1);
    assert!(
        report.summary.not_judged.contains(&reason),
        "{:?}",
        report.summary
    );
}

#[test]
fn the_first_severity_whose_condition_is_true_counts_and_a_configuration_wins() {
    let clause = "severity:\n  - when: subject.name == \"lab\"\n    is: note\n  - when: \
         subject.priority < 115\n    is: error\n  - is: warning\nsubject: security-rule\n\
         where: subject.name == \"allow-web\"\nassert: 'false'\nmessage: M\n";
    assert_eq!(only(&check(clause)).severity, Severity::Error);
    let report = check_with("rules: {mine: {severity: note}}\n", clause);
    assert_eq!(only(&report).severity, Severity::Note);
}

#[test]
fn parameters_have_defaults_that_a_configuration_replaces() {
    let clause = "parameters: {port: 443}\nsubject: network-security-group\nforbid:\n  flows: \
         {direction: Inbound, from: Internet, protocol: Tcp, ports: \"${parameters.port}\"}\n  \
         verdict: allowed\nmessage: M\n";
    assert_eq!(check(clause).findings.len(), 1);
    let report = check_with("rules: {mine: {parameters: {port: 8443}}}\n", clause);
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn an_analysis_is_named() {
    let report = check(
        "subject: network-security-group\nanalysis: unreachable-security-rule\nmessage: \
         '{found} hidden by {cover}'\n",
    );
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

const PAIR: &str = "subject: flow\nfrom: {subject: subnet, where: 'subject.name == \"web\"'}\n\
                    to: {subject: subnet, where: 'subject.name == \"data\"'}\n";

#[test]
fn a_pair_is_judged_on_the_whole_path_between_its_ends() {
    let report = check(&format!(
        "{PAIR}forbid:\n  flows: {{protocol: Tcp, ports: 1433}}\n  verdict: delivered\n\
         message: '`{{from.name}}` reaches `{{to.name}}` with {{witness}}'\n"
    ));
    let finding = only(&report);
    assert_eq!(finding.verdict, FindingVerdict::Violated);
    let message = &finding.message;
    assert!(
        message.starts_with("`web` reaches `data` with TCP 10.0.1."),
        "{message}"
    );
    assert_eq!(pointed_at(&report, finding), "web");
    let report = check(&format!(
        "{PAIR}require:\n  flows: {{protocol: Tcp, ports: 1433}}\n  verdict: delivered\nmessage: M\n"
    ));
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn a_pair_has_both_directions_and_nobody_sends_to_itself() {
    let report = check(
        "subject: flow\nfrom: {subject: subnet}\nto: {subject: subnet}\nforbid: {verdict: delivered}\n\
         message: '{from.name} reaches {to.name}'\n",
    );
    // One default rule of one group lets both in.
    let finding = only(&report);
    let senders: Vec<&str> = finding.instances.iter().map(|one| &*one.resource).collect();
    assert_eq!(senders, ["azurerm_subnet.data", "azurerm_subnet.web"]);
}

#[test]
fn a_whole_path_may_begin_or_end_at_addresses() {
    let report = check(
        "subject: subnet\nwhere: subject.name == \"web\"\nforbid:\n  flows: {from: Internet, \
         protocol: Tcp, ports: 443}\n  verdict: delivered\nmessage: M\n",
    );
    // Machines that are not in the files may have public addresses.
    let finding = only(&report);
    assert_eq!(finding.verdict, FindingVerdict::Undetermined);
    let missing: Vec<&str> = finding.unknowns.iter().map(|one| &*one.what).collect();
    assert_eq!(missing, ["whether a machine there has a public address"]);
    let report = check(
        "subject: subnet\nwhere: subject.name == \"web\"\nrequire:\n  flows: {to: 10.0.2.9, \
         protocol: Tcp, ports: 443}\n  verdict: delivered\nmessage: M\n",
    );
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn a_resource_of_any_type_is_asked_for_its_tags_and_attributes() {
    let report = check(
        "subject: resource\nwhere: subject.type == \"Microsoft.Network/virtualNetworks\"\n\
         assert:\n  - attribute(subject, \"address_space.0\") == \"10.0.0.0/16\"\n  - tag(subject, \
         \"owner\") != null\nmessage: '`{subject.name}` in {subject.location} has no owner'\n",
    );
    let finding = only(&report);
    assert_eq!(finding.message, "`app` in westeurope has no owner");
    assert_eq!(pointed_at(&report, finding), "app");
    let report = check(
        "subject: subnet\nwhere: attribute(subject, \"name\") == \"web\"\n\
         assert: subject.definition.written_type != \"azurerm_subnet\"\nmessage: M\n",
    );
    assert_eq!(pointed_at(&report, only(&report)), "web");
}

#[test]
fn functions_of_the_domain_answer() {
    for predicate in [
        "covers([\"10.0.0.0/8\"], subject.address_prefixes)",
        "covers(\"public\", \"8.8.8.8\") && !covers(\"public\", \"10.0.0.1\")",
        "tag_includes(\"AzureCloud\", \"AzureCloud.westeurope\")",
        "tag_includes(\"Internet\", \"Storage\")",
        "route_to(subject, \"10.0.2.4\").kind == \"virtual-network\"",
        "route_to(subject, \"8.8.8.8\").kind == \"internet\"",
        "route_to(subject, \"8.8.8.8\").route == null",
        "overlaps(\"10.0.1.0/25\", subject.virtual_network.address_space)",
    ] {
        let report = check(&format!(
            "subject: subnet\nwhere: subject.name == \"web\"\nassert: '{predicate}'\nmessage: M\n"
        ));
        assert!(
            report.findings.is_empty(),
            "{predicate}: {:#?}",
            report.findings
        );
        let report = check(&format!(
            "subject: subnet\nwhere: subject.name == \"web\"\nassert: '!({predicate})'\nmessage: M\n"
        ));
        assert_eq!(
            only(&report).verdict,
            FindingVerdict::Violated,
            "{predicate}"
        );
    }
}
