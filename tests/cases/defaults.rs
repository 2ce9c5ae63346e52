//! Azure's default rules, and two groups one after the other.

use aznet::eval::value::Truth;
use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use aznet::model::{NsgId, SubnetId};
use aznet::semantics::packet::Family;
use aznet::semantics::rules::Scope;

use crate::asked::{
    ask, check, decider, findings, flow, from_internet, group, hidden, interface, network, rule,
    template, through,
};

/// N05, and both of its readings of a probe: it is denied like everything else. Sources: LB probe overview; PSRule.Rules.Azure#94.
#[test]
fn a_deny_at_the_end_replaces_all_default_rules() {
    let template = template(&[
        group("web", &[rule("deny", "4096 Inbound Deny * * * *")]),
        network("10.0.0.0/24", Some("web")),
    ]);
    for source in ["168.63.129.16", "10.0.1.4", "8.8.8.8"] {
        let flow = flow(Protocol::Tcp, source, "10.0.0.4", 80);
        assert_eq!(decider(&template, Direction::Inbound, &flow), ["deny"]);
    }
    ask(&template, |semantics| {
        let allowed = semantics.nsg_allowed(NsgId(0), Direction::Inbound, Family::V4);
        assert_eq!(allowed.is_hit().truth, Truth::False);
    });
    assert!(hidden(&template).is_empty());
}

/// N06. Sources: LB probe overview; NSG overview 2025-07-15.
#[test]
fn a_probe_allowed_before_the_deny_gets_through() {
    let template = template(&[
        group(
            "web",
            &[
                rule("probe", "4095 Inbound Allow Tcp AzureLoadBalancer * *"),
                rule("deny", "4096 Inbound Deny * * * *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let from = |source| flow(Protocol::Tcp, source, "10.0.0.4", 80);
    let decides = |flow| decider(&template, Direction::Inbound, &flow);
    assert_eq!(decides(from("168.63.129.16")), ["probe"]);
    assert_eq!(decides(from("10.0.1.4")), ["deny"]);
    assert!(findings(&check(&template), "blocked-load-balancer-probe").is_empty());
}

/// N07. Sources: NSG how it works (VM4).
#[test]
fn default_rules_exist_only_in_a_group() {
    let ssh = flow(Protocol::Tcp, "8.8.8.8", "10.0.0.4", 22);
    let empty = template(&[group("web", &[]), network("10.0.0.0/24", Some("web"))]);
    assert_eq!(
        decider(&empty, Direction::Inbound, &ssh),
        ["DenyAllInBound"]
    );
    let none = template(&[network("10.0.0.0/24", None)]);
    ask(&none, |semantics| {
        let spec = from_internet(22);
        let scope = Scope::Subnet(SubnetId(0));
        let ssh = semantics.flows(&spec, scope, Family::V4);
        let allowed = semantics.subnet_allowed(SubnetId(0), Direction::Inbound, Family::V4);
        assert_eq!(ssh.minus(&allowed).is_hit().truth, Truth::False);
        assert_eq!(ssh.and(&allowed).is_hit().truth, Truth::True);
    });
}

/// N08. Sources: NSG how it works (VM1).
#[test]
fn an_empty_group_on_the_interface_stops_what_the_subnet_allows() {
    let web = flow(Protocol::Tcp, "8.8.8.8", "10.0.0.4", 80);
    let open = group(
        "open",
        &[rule("web", "100 Inbound Allow Tcp Internet * 80")],
    );
    let both = template(&[
        open.clone(),
        group("empty", &[]),
        network("10.0.0.0/24", Some("open")),
        interface("vm", "10.0.0.4", Some("empty")),
    ]);
    assert_eq!(through(&both, Direction::Inbound, &web), Truth::False);
    let subnet_alone = template(&[
        open,
        network("10.0.0.0/24", Some("open")),
        interface("vm", "10.0.0.4", None),
    ]);
    assert_eq!(
        through(&subnet_alone, Direction::Inbound, &web),
        Truth::True
    );
}

/// N09. Sources: NSG how it works (intra-subnet traffic): the rules of a subnet's group apply
/// between two machines of the subnet as well.
#[test]
fn a_groups_rules_apply_between_machines_of_one_subnet() {
    let template = template(&[
        group(
            "web",
            &[rule("no", "100 Inbound Deny * VirtualNetwork * *")],
        ),
        network("10.0.0.0/24", Some("web")),
        interface("vm", "10.0.0.4", None),
    ]);
    let within = flow(Protocol::Tcp, "10.0.0.5", "10.0.0.4", 443);
    assert_eq!(decider(&template, Direction::Inbound, &within), ["no"]);
    assert_eq!(
        through(&template, Direction::Inbound, &within),
        Truth::False
    );
}

/// N09 outbound: both groups of the sender are asked, the interface's first. Sources: NSG how it
/// works.
#[test]
fn both_groups_are_asked_on_the_way_out() {
    let out = flow(Protocol::Tcp, "10.0.0.4", "8.8.8.8", 443);
    let deny = [rule("no", "100 Outbound Deny Tcp * Internet 443")];
    for (subnet, interface_has) in [("deny", "allow"), ("allow", "deny")] {
        let template = template(&[
            group("deny", &deny),
            group("allow", &[]),
            network("10.0.0.0/24", Some(subnet)),
            interface("vm", "10.0.0.4", Some(interface_has)),
        ]);
        assert_eq!(through(&template, Direction::Outbound, &out), Truth::False);
    }
}
