//! The network pass of Azure Firewall.

use super::fixture::{
    Build, absent, facts, firewall_settings, known, meta, parameter, perhaps, ports, prefixes,
};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::address::{PortRange, Protocol};
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallProtocol, FirewallRule, FirewallRuleKind, FirewallRuleOwner,
    IpGroup,
};
use crate::model::nsg::{Access, Direction};
use crate::model::platform::Cloud;
use crate::model::{
    Field, FirewallId, FirewallPolicyId, FirewallRuleId, IpGroupId, Link, List, Network,
};
use crate::semantics::Semantics;
use crate::semantics::packet::Family;
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

pub(super) const FIREWALL: FirewallId = FirewallId(0);

pub(super) fn policy(build: &mut Build, parent: Option<FirewallPolicyId>) -> FirewallPolicyId {
    let id = FirewallPolicyId(u32::try_from(build.network.firewall_policies.len()).unwrap());
    build.network.firewall_policies.push(FirewallPolicy {
        sql_redirect: absent(),
        meta: meta("policy"),
        parent: parent.map_or_else(absent, |parent| known(Link::Here(parent))),
        rules: List::default(),
        tier: absent(),
        settings: firewall_settings(),
    });
    id
}

pub(super) fn firewall(build: &mut Build, policy: Field<Link<FirewallPolicyId>>) {
    build.network.firewalls.push(Firewall {
        zones: List::default(),
        meta: meta("firewall"),
        subnet: absent(),
        virtual_hub: absent(),
        private_address: absent(),
        public_ips: List::default(),
        policy,
        rules: List::default(),
        tier: absent(),
        settings: firewall_settings(),
        management: false,
    });
}

/// A TCP network rule of a policy: group and collection priority, access, destinations and ports.
fn rule(
    build: &mut Build,
    policy: FirewallPolicyId,
    order: (u32, u32, u32),
    access: Access,
    to: &str,
    port: &str,
) -> FirewallRuleId {
    let id = FirewallRuleId(u32::try_from(build.network.firewall_rules.len()).unwrap());
    build.network.firewall_rules.push(FirewallRule {
        parent: None,
        padded: Vec::new(),
        description: absent(),
        meta: meta(&format!("rule{}", id.0)),
        owner: Some(FirewallRuleOwner::Policy(policy)),
        kind: FirewallRuleKind::Network,
        group_priority: known(order.0),
        collection_priority: known(order.1),
        group: Some(ResourceKey(format!("group{}", order.0).into())),
        collection: known(format!("collection{}", order.1).into()),
        position: order.2,
        action: known(access),
        protocols: List::closed(vec![known(FirewallProtocol::Only(Protocol::Tcp))]),
        source: prefixes("*"),
        source_ip_groups: List::default(),
        destination: prefixes(to),
        destination_ip_groups: List::default(),
        destination_fqdns: List::default(),
        destination_urls: List::default(),
        fqdn_tags: List::default(),
        web_categories: List::default(),
        terminate_tls: absent(),
        destination_ports: ports(port),
        translated_address: absent(),
        translated_fqdn: absent(),
        translated_port: absent(),
        defects: Vec::new(),
    });
    build.network[policy].rules.items.push(id);
    id
}

fn ask(network: &Network, to: &str, port: u16) -> Truth {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let to = match to {
        "kms" => AddressSpec::NamedSet(to.into()),
        to => AddressSpec::Prefixes(vec![super::fixture::prefix(to)]),
    };
    let spec = FlowSpec {
        direction: Direction::Outbound,
        protocols: vec![Protocol::Tcp],
        from: vec![AddressSpec::Prefixes(vec![super::fixture::prefix(
            "10.0.0.0/8",
        )])],
        to: vec![to],
        ports: vec![PortRange::single(port)],
        source_ports: Vec::new(),
    };
    let flows = semantics.flows(&spec, Scope::Anywhere, Family::V4);
    let denied = semantics.firewall_denied(FIREWALL, Family::V4).and(&flows);
    // Whether all of them are let through.
    !denied.is_hit().truth
}

fn setup() -> (Build, FirewallPolicyId) {
    let mut build = Build::default();
    let id = policy(&mut build, None);
    firewall(&mut build, known(Link::Here(id)));
    (build, id)
}

#[test]
fn what_no_rule_allows_is_denied() {
    let (mut build, policy) = setup();
    assert_eq!(ask(&build.network, "kms", 1688), Truth::False);
    rule(
        &mut build,
        policy,
        (200, 100, 0),
        Access::Allow,
        "20.118.99.224",
        "1688",
    );
    assert_eq!(ask(&build.network, "kms", 1688), Truth::False);
    rule(
        &mut build,
        policy,
        (200, 100, 1),
        Access::Allow,
        "40.83.235.53",
        "1688",
    );
    assert_eq!(ask(&build.network, "kms", 1688), Truth::True);
    assert_eq!(ask(&build.network, "kms", 25), Truth::False);
}

#[test]
fn groups_before_collections_before_positions_and_parents_before_all() {
    let (mut build, child) = setup();
    rule(&mut build, child, (200, 100, 0), Access::Allow, "*", "25");
    let deny = rule(&mut build, child, (100, 900, 7), Access::Deny, "*", "25");
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::False);
    let parent = policy(&mut build, None);
    build.network[child].parent = known(Link::Here(parent));
    let allow = rule(
        &mut build,
        parent,
        (900, 900, 9),
        Access::Allow,
        "8.8.0.0/16",
        "25",
    );
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::True);
    assert_eq!(ask(&build.network, "9.9.9.9", 25), Truth::False);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let order = semantics.firewall_network_rules(FIREWALL);
    assert_eq!(order, vec![allow, deny, FirewallRuleId(0)]);
    let decided = |id| semantics.firewall_decided(id, Family::V4).is_hit().truth;
    assert_eq!(decided(FirewallRuleId(0)), Truth::False);
    assert_eq!(decided(allow), Truth::True);
}

#[test]
fn collections_of_one_priority_have_no_known_order() {
    let (mut build, policy) = setup();
    rule(&mut build, policy, (200, 100, 0), Access::Allow, "*", "25");
    let other = rule(&mut build, policy, (200, 100, 1), Access::Deny, "*", "25");
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::True);
    build.network[other].collection = known("another".into());
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::Unknown);
}

#[test]
fn ip_groups_are_read_and_those_outside_the_files_are_not_known() {
    let (mut build, policy) = setup();
    let id = rule(
        &mut build,
        policy,
        (200, 100, 0),
        Access::Allow,
        "1.1.1.1",
        "1688",
    );
    build.network.ip_groups.push(IpGroup {
        meta: meta("group"),
        addresses: prefixes("20.118.99.224,40.83.235.53"),
    });
    let group = Link::Here(IpGroupId(0));
    build.network[id]
        .destination_ip_groups
        .items
        .push(known(group));
    assert_eq!(ask(&build.network, "kms", 1688), Truth::True);
    let group = Link::External(ResourceKey("group".into()));
    build.network[id].destination_ip_groups = List::closed(vec![known(group)]);
    assert_eq!(ask(&build.network, "kms", 1688), Truth::Unknown);
}

#[test]
fn activation_names_count_while_the_firewall_answers_dns() {
    let (mut build, policy) = setup();
    let id = rule(
        &mut build,
        policy,
        (200, 100, 0),
        Access::Allow,
        "1.1.1.1",
        "1688",
    );
    build.network[id].destination = List::default();
    let name = known("AZKMS.core.windows.net".into());
    build.network[id].destination_fqdns.items.push(name);
    assert_eq!(ask(&build.network, "kms", 1688), Truth::Unknown);
    build.network[policy].settings.dns_proxy = known(true);
    assert_eq!(ask(&build.network, "kms", 1688), Truth::True);
    let other = known("example.com".into());
    build.network[id].destination_fqdns = List::closed(vec![other]);
    assert_eq!(ask(&build.network, "kms", 1688), Truth::Unknown);
}

#[test]
fn what_lies_outside_the_files_leaves_it_open() {
    let (mut build, policy) = setup();
    build.network[policy].parent = known(Link::External(ResourceKey("base".into())));
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::Unknown);
    rule(&mut build, policy, (200, 100, 0), Access::Allow, "*", "25");
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::Unknown);
    let (mut build, policy) = setup();
    build.network[policy].rules.rest = Some(parameter("rules"));
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::Unknown);
    let (mut build, policy) = setup();
    let id = rule(&mut build, policy, (200, 100, 0), Access::Allow, "*", "25");
    build.network[id].meta.existence = perhaps("mail");
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::Unknown);
    // A policy that inherits from itself ends.
    let (mut build, policy) = setup();
    build.network[policy].parent = known(Link::Here(policy));
    assert_eq!(ask(&build.network, "8.8.8.8", 25), Truth::Unknown);
}

#[test]
fn other_passes_may_let_through_what_the_network_pass_does_not() {
    let (mut build, policy) = setup();
    let id = rule(
        &mut build,
        policy,
        (200, 100, 0),
        Access::Allow,
        "*",
        "8080",
    );
    build.network[id].kind = FirewallRuleKind::Application;
    build.network[id].protocols = List::closed(vec![known(FirewallProtocol::Http)]);
    assert_eq!(ask(&build.network, "8.8.8.8", 8080), Truth::Unknown);
    rule(&mut build, policy, (900, 100, 0), Access::Deny, "*", "8080");
    assert_eq!(ask(&build.network, "8.8.8.8", 8080), Truth::False);
}
