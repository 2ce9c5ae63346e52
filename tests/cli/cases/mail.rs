//! Port 25, by offer, by date and by edition of the documents.

use serde_json::Value;

use super::{blockers, said, template, trace};
use crate::program::Case;
use crate::stated::{Rule, Stated, behind};

/// A machine with a public address, and what is declared of its subscription.
fn mailer(rules: &[Rule], declared: &str) -> Case {
    let stated = Stated {
        machines: vec!["vm 10.0.0.4 public"],
        ..behind(rules)
    };
    let case = template(&stated);
    case.write("aznet.yaml", declared);
    case
}

fn offer(name: &str) -> String {
    format!("subscription:\n  offer: {name}\n")
}

fn ask(case: &Case, port: u16) -> Value {
    trace(case, &format!("--from vm --to mx.example.com:{port}"))
}

fn mail(case: &Case) -> String {
    ask(case, 25)["verdict"].as_str().unwrap().to_owned()
}

/// M01. Sources: the article on outbound SMTP of 2018-11, 2019-08, 2020-12, 2023-12.
#[test]
fn mail_leaves_by_offer() {
    let open = [("out", "100 Outbound Allow Tcp * * 25")];
    let words = "--from vm --to 203.0.113.9:25";
    let agreement = mailer(&open, &offer("enterprise-agreement"));
    assert_eq!(said(&agreement, words).0, "allowed");
    let plain = "subscription:\n  offer: pay-as-you-go\n  created: 2020-05-01\n";
    let answer = trace(&mailer(&open, plain), words);
    assert_eq!(answer["verdict"], "denied", "{answer}");
    assert_eq!(blockers(&answer), ["smtp"]);
    assert_eq!(answer["decidedBy"]["kind"], "offer", "{answer}");
}

/// M01 by a host's name: which addresses it has is not known, and none of them may be public.
#[test]
fn a_name_may_be_a_relay_inside() {
    let open = [("out", "100 Outbound Allow Tcp * * 25")];
    let case = mailer(&open, &offer("pay-as-you-go"));
    let answer = ask(&case, 25);
    assert_ne!(answer["verdict"], "allowed", "{answer}");
}

/// M02: the way out does not matter, only the offer. Source: as M01; no version mentions NAT
/// gateways, and what leaves by one is still the machine's traffic.
#[test]
fn mail_by_a_nat_gateway_leaves_by_offer_too() {
    let stated = Stated {
        subnets: vec!["all 10.0.0.0/24 nsg:web nat"],
        machines: vec!["vm 10.0.0.4"],
        ..Stated::default()
    };
    for (name, expected) in [
        ("enterprise-agreement", "allowed"),
        ("pay-as-you-go", "denied"),
    ] {
        let case = template(&stated);
        case.write("aznet.yaml", offer(name));
        assert_eq!(
            said(&case, "--from vm --to 203.0.113.9:25").0,
            expected,
            "{name}"
        );
    }
}

/// M03. Sources: as M01: only TCP 25 is blocked, in any offer.
#[test]
fn relays_are_open_in_every_offer() {
    for name in ["free-trial", "pay-as-you-go", "enterprise-agreement", "csp"] {
        let case = mailer(&[], &offer(name));
        for port in [587, 443] {
            let words = format!("--from vm --to 203.0.113.9:{port}");
            assert_eq!(said(&case, &words).0, "allowed", "{name} {port}");
        }
        let words = "--from vm --to 203.0.113.9:25 --protocol udp";
        assert_eq!(said(&case, words).0, "allowed", "{name}");
    }
}

/// M04: mail to private addresses is nobody's block. Source: Azure Firewall known issues; the
/// article on outbound SMTP.
#[test]
fn mail_within_the_network_is_not_the_platforms_business() {
    let case = mailer(&[], &offer("free-trial"));
    assert_eq!(said(&case, "--from vm --to 10.0.0.9:25").0, "allowed");
}

/// M05: an exemption opens what the offer closes, for offers that can have one. Sources: the
/// articles of 2020-12 and 2023-12.
#[test]
fn an_exemption_opens_the_port() {
    let words = "--from vm --to 203.0.113.9:25";
    let exempt = |policy: &str, name: &str| {
        let declared = format!(
            "smtp-policy: \"{policy}\"\nsubscription:\n  offer: {name}\n  port25: exempt\n"
        );
        said(&mailer(&[], &declared), words).0
    };
    assert_eq!(exempt("2020-12", "pay-as-you-go"), "allowed");
    assert_eq!(exempt("current", "enterprise-dev-test"), "allowed");
}

/// M06, both editions (X4): the articles of 2018 to 2020 leave old subscriptions open, the one of
/// 2023 names no date, the page on groups of 2025-07-15 still does.
#[test]
fn a_subscription_from_before_the_block_is_open() {
    for (created, expected) in [("2017-11-01", "allowed"), ("2017-11-15", "denied")] {
        for policy in ["2018-11", "2019-08", "2020-12", "current"] {
            let declared = format!(
                "smtp-policy: \"{policy}\"\nsubscription:\n  offer: pay-as-you-go\n  created: {created}\n"
            );
            let case = mailer(&[], &declared);
            let words = "--from vm --to 203.0.113.9:25";
            assert_eq!(said(&case, words).0, expected, "{created} {policy}");
        }
    }
}

/// M08, both editions (X15). Sources: NSG overview 2025-07-15: blocked, an exemption is possible;
/// the articles before 2022 know no Dev/Test and leave enterprise agreements open.
#[test]
fn dev_test_under_an_agreement_is_blocked_by_the_newer_documents() {
    let words = "--from vm --to 203.0.113.9:25";
    let current = mailer(&[], &offer("enterprise-dev-test"));
    let answer = trace(&current, words);
    assert_eq!(answer["verdict"], "denied", "{answer}");
    assert_eq!(blockers(&answer), ["smtp"]);
    let older = mailer(
        &[],
        "smtp-policy: \"2020-12\"\nsubscription:\n  offer: enterprise-dev-test\n",
    );
    let answer = trace(&older, words);
    assert_ne!(answer["verdict"], "denied", "{answer}");
}

/// M10. Source: the first blocker in path order is named.
#[test]
fn a_rule_that_stops_mail_is_named_before_the_platform() {
    for name in ["enterprise-agreement", "free-trial"] {
        let case = mailer(
            &[("mail", "100 Outbound Deny Tcp * Internet 25")],
            &offer(name),
        );
        let expected = ("denied".to_owned(), "mail".to_owned());
        assert_eq!(
            said(&case, "--from vm --to 203.0.113.9:25"),
            expected,
            "{name}"
        );
    }
}

/// What a name stands for does not change who is asked first.
#[test]
fn mail_to_a_name_is_asked_of_the_platform() {
    let case = mailer(&[], &offer("enterprise-agreement"));
    assert_ne!(mail(&case), "denied");
}
