//! Lists, sizes, the activation rule and the table of port 25.

use super::fixture::{Build, facts, flow, known, one_of, parameter, ports, prefixes};
use crate::eval::value::Truth;
use crate::model::address::{PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::platform::{
    Cloud, FirewallSmtp, PlatformFacts, SmtpEdition, SmtpExemption, SmtpVerdict, Source,
};
use crate::model::{List, Network};
use crate::semantics::Semantics;
use crate::semantics::lists::{means_port, ports_contain};
use crate::semantics::smtp::{Date, smtp};

#[test]
fn a_port_is_meant_by_a_narrow_item_only() {
    assert_eq!(ports_contain(&ports("*"), 25), Truth::True);
    assert_eq!(means_port(&ports("*"), 25), Truth::False);
    assert_eq!(means_port(&ports("1-1024,20-30"), 25), Truth::True);
    assert_eq!(means_port(&ports("1-100"), 25), Truth::True);
    assert_eq!(means_port(&ports("1-101"), 25), Truth::False);
    assert_eq!(means_port(&ports("80,?port"), 25), Truth::Unknown);
    assert_eq!(means_port(&ports("25,?port"), 25), Truth::True);
    let mut open = ports("80");
    open.rest = Some(parameter("more"));
    assert_eq!(ports_contain(&open, 25), Truth::Unknown);
    let candidates = vec![PortRange::single(25), PortRange::single(587)];
    let either = List::closed(vec![one_of("port", candidates)]);
    assert_eq!(means_port(&either, 25), Truth::Unknown);
    assert_eq!(means_port(&either, 80), Truth::False);
}

#[test]
fn lists_of_prefixes_compare_as_sets() {
    let (network, facts) = (Network::default(), facts());
    let semantics = Semantics::new(&network, &facts, Cloud::Public);
    let covers = |a: &str, b: &str| semantics.covers(&prefixes(a), &prefixes(b));
    assert_eq!(
        covers("10.0.0.0/25,10.0.0.128/25", "10.0.0.0/24"),
        Truth::True
    );
    assert_eq!(covers("10.0.0.0/25", "10.0.0.0/24"), Truth::False);
    assert_eq!(covers("*", "?anything"), Truth::True);
    assert_eq!(covers("?a", "?a"), Truth::True);
    assert_eq!(covers("?a", "?b"), Truth::Unknown);
    assert_eq!(covers("Internet", "AzureCloud"), Truth::True);
    assert_eq!(covers("Storage", "Storage.WestEurope"), Truth::True);
    assert_eq!(covers("VirtualNetwork", "168.63.129.16"), Truth::True);
    assert_eq!(covers("VirtualNetwork", "8.8.8.8"), Truth::False);
    let overlaps = |a: &str, b: &str| semantics.overlaps(&prefixes(a), &prefixes(b));
    assert_eq!(overlaps("10.0.0.0/8", "Internet"), Truth::False);
    assert_eq!(overlaps("8.0.0.0/8", "Internet"), Truth::True);
    assert_eq!(overlaps("8.0.0.0/8", "Storage"), Truth::Unknown);
    assert_eq!(overlaps("Internet", "Storage"), Truth::True);
    assert_eq!(
        semantics.covers(&prefixes("*"), &List::default()),
        Truth::True
    );
}

#[test]
fn a_default_route_turns_activation_into_ordinary_traffic() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Deny Out * * -> Internet");
    let packet = flow("10.0.0.4", "20.118.99.224", Protocol::Tcp, 1688);
    let allowed = |network: &Network| {
        let facts = facts();
        let semantics = Semantics::new(network, &facts, Cloud::Public);
        let spec = crate::semantics::rules::FlowSpec {
            direction: Direction::Outbound,
            protocols: vec![Protocol::Tcp],
            from: Vec::new(),
            to: vec![crate::semantics::rules::AddressSpec::NamedSet("kms".into())],
            ports: vec![PortRange::single(packet.destination_port)],
            source_ports: Vec::new(),
        };
        let subnet = network[nsg].subnets.items[0];
        let scope = crate::semantics::rules::Scope::Subnet(subnet);
        let flows = semantics.flows(&spec, scope, crate::semantics::packet::Family::V4);
        semantics
            .subnet_allowed_of(subnet, Direction::Outbound, &flows)
            .is_hit()
            .truth
    };
    assert_eq!(allowed(&build.network), Truth::True);
    let subnet = build.network[nsg].subnets.items[0];
    let table = build.route_table(subnet);
    build.route(table, "0.0.0.0/0", "VirtualNetworkGateway");
    assert_eq!(allowed(&build.network), Truth::False);
    build.network[table].routes.items.clear();
    build.network[table].routes.rest = Some(parameter("routes"));
    assert_eq!(allowed(&build.network), Truth::Unknown);
}

#[test]
fn port_25_by_offer_edition_date_and_exemption() {
    let source = Source {
        url: "https://example.com".into(),
        date: "2023".into(),
    };
    let facts = PlatformFacts {
        smtp_editions: vec![SmtpEdition {
            exemption: SmtpExemption::default(),
            hosted_apps: FirewallSmtp::NotStated,
            apps_by_offer: true,
            id: "current".into(),
            source,
            verdicts: [
                ("enterprise-agreement".into(), SmtpVerdict::Allowed),
                ("pay-as-you-go".into(), SmtpVerdict::Blocked),
                ("enterprise-dev-test".into(), SmtpVerdict::Exemptible),
            ]
            .into_iter()
            .collect(),
            grandfathered: vec!["pay-as-you-go".into()],
            through_firewall: [
                ("enterprise-agreement".into(), FirewallSmtp::Supported),
                ("default".into(), FirewallSmtp::NotGuaranteed),
            ]
            .into_iter()
            .collect(),
        }],
        ..PlatformFacts::default()
    };
    let open = |offer, created: Option<&str>, exempt| {
        smtp(
            &facts,
            "current",
            offer,
            created.and_then(Date::parse),
            exempt,
        )
        .open
    };
    assert_eq!(open(Some("enterprise-agreement"), None, false), Truth::True);
    assert_eq!(open(Some("pay-as-you-go"), None, false), Truth::False);
    assert_eq!(
        open(Some("pay-as-you-go"), Some("2017-11-14"), false),
        Truth::True
    );
    assert_eq!(
        open(Some("pay-as-you-go"), Some("2017-11-15"), false),
        Truth::False
    );
    assert_eq!(
        open(Some("enterprise-dev-test"), Some("2017-01-01"), false),
        Truth::False
    );
    assert_eq!(open(Some("enterprise-dev-test"), None, true), Truth::True);
    assert_eq!(open(None, None, false), Truth::Unknown);
    let firewall = |offer| smtp(&facts, "current", Some(offer), None, false).through_firewall;
    assert_eq!(firewall("enterprise-agreement"), FirewallSmtp::Supported);
    assert_eq!(firewall("csp"), FirewallSmtp::NotGuaranteed);
    assert_eq!(smtp(&facts, "1999", None, None, false).edition, None);
    assert_eq!(Date::parse("2017-13-01"), None);
    assert_eq!(known(1_u8).value(), Some(&1));
}
