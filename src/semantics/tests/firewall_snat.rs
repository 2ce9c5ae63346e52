//! Which source what leaves an Azure Firewall has.

use super::firewall_passes::{decided, with};
use super::fixture::{known, unknown};
use crate::eval::value::Truth;
use crate::model::firewall::PrivateRange;
use crate::model::{Field, List};
use crate::semantics::packet::Family;

fn snat(ranges: Vec<Field<PrivateRange>>, rule: &str, to: &str) -> Vec<Truth> {
    let (mut build, policy) = with(&[rule]);
    build.network[policy].settings.private_ranges = List::closed(ranges);
    let parts = decided(&build, "10.0.0.4", to, 443);
    let by_rule = parts.iter().filter(|part| part.rule.is_some());
    by_rule.map(|part| part.snat).collect()
}

#[test]
fn sources_are_kept_towards_private_ranges_only() {
    let network = "net 100/100/0 Allow Tcp * -> *:443";
    let application = "app 100/100/0 Allow Https:443 * -> *";
    let block = |text: &str| known(PrivateRange::Block(text.parse().unwrap()));
    let iana = || known(PrivateRange::Iana);
    assert_eq!(snat(vec![], network, "10.1.0.4"), [Truth::False]);
    assert_eq!(snat(vec![], network, "100.64.0.1"), [Truth::False]);
    assert_eq!(snat(vec![], network, "8.8.8.8"), [Truth::True]);
    assert_eq!(snat(vec![], application, "10.1.0.4"), [Truth::True]);
    assert_eq!(
        snat(vec![block("0.0.0.0/0")], network, "8.8.8.8"),
        [Truth::False]
    );
    let always = block("255.255.255.255/32");
    assert_eq!(snat(vec![always], network, "10.1.0.4"), [Truth::True]);
    assert_eq!(
        snat(vec![block("20.0.0.0/8")], network, "10.1.0.4"),
        [Truth::True]
    );
    let both = vec![block("20.0.0.0/8"), iana()];
    assert_eq!(snat(both.clone(), network, "10.1.0.4"), [Truth::False]);
    assert_eq!(snat(both, network, "20.1.0.4"), [Truth::False]);
    assert_eq!(
        snat(vec![unknown("ranges")], network, "8.8.8.8"),
        [Truth::Unknown]
    );
    let some = vec![iana(), unknown("more")];
    assert_eq!(snat(some, network, "10.1.0.4"), [Truth::False]);
    // One rule, both sides of the line.
    assert_eq!(
        snat(vec![], network, "10.0.0.0/8,8.8.8.8"),
        [Truth::True, Truth::False]
    );
}

#[test]
fn what_leaves_keeps_its_source_or_has_the_firewalls() {
    let (build, _) = with(&["net 100/100/0 Allow Tcp * -> *:443"]);
    let sources = |to: &str| {
        let parts = decided(&build, "10.0.0.4", to, 443);
        let leaving = parts[0].leaving.clone().unwrap();
        leaving
            .flows
            .may
            .possible_addresses(crate::semantics::packet::Side::Source)
    };
    let own = Family::V4.block("10.0.0.4/32".parse().unwrap()).unwrap();
    assert_eq!(sources("10.1.0.4"), own);
    assert!(
        !sources("8.8.8.8").meets(&own),
        "a public address of the firewall"
    );
}
