//! The passes of Azure Firewall, and its dead rules.

use super::firewalls::{FIREWALL, firewall, policy};
use super::fixture::{Build, absent, facts, known, meta, ports, prefixes, unknown};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::address::{PortRange, Protocol};
use crate::model::firewall::{
    FirewallProtocol, FirewallRule, FirewallRuleKind, FirewallRuleOwner, ThreatIntelligence,
};
use crate::model::nsg::{Access, Direction};
use crate::model::platform::Cloud;
use crate::model::{FirewallPolicyId, FirewallRuleId, Link, List};
use crate::semantics::Semantics;
use crate::semantics::firewall::{FirewallDecided, Pass};
use crate::semantics::packet::{Answer, Family};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

/// Adds a rule: `net 200/100/0 Allow Tcp 10.0.0.0/8 -> *:443`; `app … Https:443 10.0.0.0/8 ->
/// www.example.com,*.example.org`; `nat … Tcp * -> 20.0.0.1:443 => 10.0.0.4:8443`.
pub(super) fn add(build: &mut Build, policy: FirewallPolicyId, text: &str) -> FirewallRuleId {
    let id = FirewallRuleId(u32::try_from(build.network.firewall_rules.len()).unwrap());
    let words: Vec<&str> = text.split_whitespace().collect();
    let [kind, order, access, protocols, source, "->", to, rest @ ..] = words.as_slice() else {
        panic!("{text}")
    };
    let order: Vec<u32> = order.split('/').map(|it| it.parse().unwrap()).collect();
    let kind = match *kind {
        "nat" => FirewallRuleKind::Nat,
        "net" => FirewallRuleKind::Network,
        "app" => FirewallRuleKind::Application,
        other => panic!("{other}"),
    };
    let application = kind == FirewallRuleKind::Application;
    let protocol = |word: &str| {
        known(match word {
            "Any" => FirewallProtocol::Any,
            "Tcp" => FirewallProtocol::Only(Protocol::Tcp),
            "Udp" => FirewallProtocol::Only(Protocol::Udp),
            "Icmp" => FirewallProtocol::Only(Protocol::Icmp),
            "Http" => FirewallProtocol::Http,
            "Https" => FirewallProtocol::Https,
            "Mssql" => FirewallProtocol::Mssql,
            other => panic!("{other}"),
        })
    };
    let names = |text: &str| List::closed(text.split(',').map(|it| known(it.into())).collect());
    let (destination, destination_ports) = match to.rsplit_once(':') {
        Some((address, port)) if !application => (prefixes(address), ports(port)),
        _ => (List::default(), List::default()),
    };
    let translated = rest.get(1).and_then(|to| to.split_once(':'));
    build.network.firewall_rules.push(FirewallRule {
        parent: None,
        padded: Vec::new(),
        description: absent(),
        meta: meta(&format!("rule{}", id.0)),
        owner: Some(FirewallRuleOwner::Policy(policy)),
        kind,
        group: Some(ResourceKey(format!("{}/{}", policy.0, order[0]).into())),
        group_priority: known(order[0]),
        collection_priority: known(order[1]),
        collection: known(format!("collection{}", order[1]).into()),
        position: order[2],
        action: match *access {
            "Allow" => known(Access::Allow),
            "Deny" => known(Access::Deny),
            other => unknown(other),
        },
        protocols: List::closed(
            protocols
                .split(',')
                .map(|it| protocol(it.split(':').next().unwrap()))
                .collect(),
        ),
        source: prefixes(source),
        source_ip_groups: List::default(),
        destination,
        destination_ip_groups: List::default(),
        destination_fqdns: if application {
            names(to)
        } else {
            List::default()
        },
        destination_urls: List::default(),
        fqdn_tags: List::default(),
        web_categories: List::default(),
        destination_ports: if application {
            List::closed(
                protocols
                    .split(',')
                    .map(|it| {
                        let port = it.split(':').nth(1).unwrap().parse().unwrap();
                        known(PortRange::single(port))
                    })
                    .collect(),
            )
        } else {
            destination_ports
        },
        terminate_tls: absent(),
        translated_address: translated.map_or_else(absent, |it| known(it.0.parse().unwrap())),
        translated_fqdn: absent(),
        translated_port: translated.map_or_else(absent, |it| known(it.1.parse().unwrap())),
        defects: Vec::new(),
    });
    build.network[policy].rules.items.push(id);
    id
}

/// A firewall with a policy and these rules.
pub(super) fn with(rules: &[&str]) -> (Build, FirewallPolicyId) {
    let mut build = Build::default();
    let id = policy(&mut build, None);
    firewall(&mut build, known(Link::Here(id)));
    for rule in rules {
        add(&mut build, id, rule);
    }
    (build, id)
}

fn flows(semantics: &Semantics<'_>, from: &str, to: &str, protocol: Protocol, port: u16) -> Answer {
    let address = |text| vec![AddressSpec::Prefixes(prefixes(text).items)];
    let spec = FlowSpec {
        direction: Direction::Outbound,
        protocols: vec![protocol],
        from: address(from),
        to: address(to),
        ports: match protocol {
            Protocol::Tcp | Protocol::Udp => vec![PortRange::single(port)],
            _ => Vec::new(),
        },
        source_ports: Vec::new(),
    };
    semantics.flows(&spec, Scope::Anywhere, Family::V4)
}

/// The parts of TCP packets from one address to another.
pub(super) fn decided(build: &Build, from: &str, to: &str, port: u16) -> Vec<FirewallDecided> {
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let flows = flows(&semantics, from, to, Protocol::Tcp, port);
    semantics.firewall_deciding(FIREWALL, &flows)
}

/// What decides, where only one thing can.
pub(super) fn decider(
    build: &Build,
    from: &str,
    to: &str,
    port: u16,
) -> (Pass, Option<u32>, Option<Access>) {
    let parts = decided(build, from, to, port);
    let [only] = parts.as_slice() else {
        panic!("{parts:#?}")
    };
    assert_eq!(only.flows.is_hit().truth, Truth::True);
    (only.pass, only.rule.map(|id| id.0), only.access)
}

fn passes(parts: &[FirewallDecided]) -> Vec<(Pass, Option<u32>, Truth)> {
    let one = |part: &FirewallDecided| {
        (
            part.pass,
            part.rule.map(|id| id.0),
            part.flows.is_hit().truth,
        )
    };
    parts.iter().map(one).collect()
}

const ALLOW: Option<Access> = Some(Access::Allow);
const DENY: Option<Access> = Some(Access::Deny);

#[test]
fn f01_a_network_rule_ends_it_before_any_application_rule() {
    let (build, _) = with(&[
        "app 100/100/0 Deny Https:443 * -> google.com",
        "net 200/200/0 Allow Tcp * -> *:80,443",
    ]);
    let found = decider(&build, "10.0.0.4", "8.8.8.8", 443);
    assert_eq!(found, (Pass::Network, Some(1), ALLOW));
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let owner = FirewallRuleOwner::Policy(FirewallPolicyId(0));
    let dead = semantics.unreachable_firewall_rules(owner);
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].rule.0, dead[0].truth), (0, Truth::True));
    assert_eq!(dead[0].cover, [FirewallRuleId(1)]);
    assert!(dead[0].acts_otherwise);
    // No priority helps past another pass.
    assert_eq!(dead[0].revive, None);
}

#[test]
fn parents_come_first_within_a_type_only() {
    let (mut build, child) = with(&["net 100/100/0 Allow Tcp * -> *:443"]);
    let parent = policy(&mut build, None);
    build.network[child].parent = known(Link::Here(parent));
    add(&mut build, parent, "app 100/100/0 Deny Https:443 * -> *");
    let found = decider(&build, "10.0.0.4", "8.8.8.8", 443);
    assert_eq!(found, (Pass::Network, Some(0), ALLOW));
    add(
        &mut build,
        parent,
        "net 65000/65000/0 Deny Tcp * -> 8.0.0.0/8:443",
    );
    let found = decider(&build, "10.0.0.4", "8.8.8.8", 443);
    assert_eq!(found, (Pass::Network, Some(2), DENY));
}

#[test]
fn groups_and_collections_order_rules_by_their_numbers_and_not_by_writing() {
    let (build, _) = with(&[
        "net 300/100/0 Allow Tcp * -> *:443",
        "net 200/900/0 Deny Tcp * -> *:443",
        "net 200/800/1 Allow Tcp * -> *:443",
        "net 200/800/0 Deny Tcp * -> 9.9.9.9:443",
    ]);
    assert_eq!(decider(&build, "10.0.0.4", "8.8.8.8", 443).1, Some(2));
    assert_eq!(decider(&build, "10.0.0.4", "9.9.9.9", 443).1, Some(3));
}

#[test]
fn f04_what_dnat_lets_in_comes_from_the_firewalls_subnet() {
    let (mut build, _) = with(&["nat 100/100/0 Allow Tcp * -> 20.0.0.1:443 => 10.0.2.4:8443"]);
    let vnet = build.vnet("10.0.0.0/16");
    let subnet = build.subnet(vnet, "10.0.1.0/26");
    build.network[FIREWALL].subnet = known(Link::Here(subnet));
    let own = build.subnet(vnet, "10.0.2.0/24");
    let nsg = build.nsg();
    build.attach(nsg, own);
    build.rule(nsg, "100 Allow In Tcp Internet -> *:8443");
    build.rule(nsg, "4096 Deny In * * -> *");
    let parts = decided(&build, "203.0.113.7", "20.0.0.1", 443);
    assert_eq!(passes(&parts), [(Pass::Nat, Some(0), Truth::True)]);
    assert_eq!(parts[0].snat, Truth::True);
    let leaving = parts[0].leaving.as_ref().unwrap();
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let through = semantics.subnet_allowed_of(own, Direction::Inbound, leaving);
    assert_eq!(through.is_hit().truth, Truth::False);
    assert_eq!(leaving.minus(&through).is_hit().truth, Truth::True);
    // A rule for the firewall's subnet lets it in.
    build.rule(nsg, "200 Allow In Tcp 10.0.1.0/26 -> 10.0.2.4:8443");
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let through = semantics.subnet_allowed_of(own, Direction::Inbound, leaving);
    assert_eq!(leaving.minus(&through).is_hit().truth, Truth::False);
    assert_eq!(through.is_hit().truth, Truth::True);
    // Half of the subnet is not enough to be sure of it: any instance may send.
    let mut half = Build::default();
    std::mem::swap(&mut half.network, &mut build.network);
    half.network.security_rules[2].source = prefixes("10.0.1.0/27");
    let semantics = Semantics::new(&half.network, &facts, Cloud::Public);
    let through = semantics.subnet_allowed_of(own, Direction::Inbound, leaving);
    assert_eq!(leaving.minus(&through).is_hit().truth, Truth::Unknown);
}

#[test]
fn a_dnat_match_is_final_and_names_the_rules_of_the_older_reading() {
    let (build, _) = with(&[
        "net 100/100/0 Deny Tcp * -> 10.0.2.4:8443",
        "net 100/100/1 Deny Tcp * -> 20.0.0.1:443",
        "nat 900/900/0 Allow Tcp * -> 20.0.0.1:443 => 10.0.2.4:8443",
    ]);
    let parts = decided(&build, "203.0.113.7", "20.0.0.1", 443);
    assert_eq!(passes(&parts), [(Pass::Nat, Some(2), Truth::True)]);
    assert_eq!(parts[0].disputed, [FirewallRuleId(0)]);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let owner = FirewallRuleOwner::Policy(FirewallPolicyId(0));
    let dead = semantics.unreachable_firewall_rules(owner);
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(
        (dead[0].rule, dead[0].acts_otherwise),
        (FirewallRuleId(1), true)
    );
    assert_eq!(dead[0].cover, [FirewallRuleId(2)]);
}

#[test]
fn f07_a_tag_is_no_source() {
    let (build, _) = with(&["net 100/100/0 Allow Tcp Storage,Internet -> *:443"]);
    let parts = decided(&build, "203.0.113.7", "10.0.0.4", 443);
    assert_eq!(passes(&parts), [(Pass::Default, None, Truth::True)]);
    let (build, _) = with(&["net 100/100/0 Allow Tcp 10.0.0.0/8 -> Storage:443"]);
    let parts = decided(&build, "10.0.0.4", "20.60.0.1", 443);
    assert_eq!(
        passes(&parts)[0],
        (Pass::Network, Some(0), Truth::Unknown),
        "it depends on what the tag holds"
    );
}

#[test]
fn f09_azures_own_names_pass_until_an_application_rule_denies_everything() {
    let (build, _) = with(&["net 100/100/0 Deny Tcp * -> 9.9.9.9:443"]);
    let parts = decided(&build, "10.0.0.4", "8.8.8.8", 443);
    assert_eq!(
        passes(&parts),
        [
            (Pass::Infrastructure, None, Truth::Unknown),
            (Pass::Default, None, Truth::Unknown)
        ]
    );
    // Not past a network rule, not at other ports.
    assert_eq!(decider(&build, "10.0.0.4", "9.9.9.9", 443).0, Pass::Network);
    assert_eq!(
        decider(&build, "10.0.0.4", "8.8.8.8", 8080).0,
        Pass::Default
    );
    let (build, _) = with(&["app 100/100/0 Deny Http:80,Https:443 * -> *"]);
    let found = decider(&build, "10.0.0.4", "8.8.8.8", 443);
    assert_eq!(found, (Pass::Application, Some(0), DENY));
}

#[test]
fn application_rules_know_their_protocols_ports_and_never_see_what_comes_in() {
    let (build, _) = with(&["app 100/100/0 Allow Https:443,Mssql:1433 * -> *"]);
    let allowed = (Pass::Application, Some(0), ALLOW);
    assert_eq!(decider(&build, "10.0.0.4", "8.8.8.8", 443), allowed);
    assert_eq!(decider(&build, "10.0.0.4", "8.8.8.8", 1433), allowed);
    assert_eq!(decider(&build, "10.0.0.4", "8.8.8.8", 22).0, Pass::Default);
    let inbound = decided(&build, "203.0.113.7", "10.0.0.4", 443);
    assert_eq!(passes(&inbound), [(Pass::Default, None, Truth::True)]);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let udp = flows(&semantics, "10.0.0.4", "8.8.8.8", Protocol::Udp, 443);
    let parts = semantics.firewall_deciding(FIREWALL, &udp);
    assert_eq!(passes(&parts), [(Pass::Default, None, Truth::True)]);
    // At a port of another protocol what is carried decides.
    let (build, _) = with(&["app 100/100/0 Allow Https:8443 * -> *"]);
    let parts = decided(&build, "10.0.0.4", "8.8.8.8", 8443);
    assert_eq!(parts[0].flows.is_hit().truth, Truth::Unknown);
}

#[test]
fn names_hold_one_another_as_wildcards_urls_and_hosts_do() {
    let hidden = |first: &str, second: &str| {
        let (mut build, policy) = with(&[]);
        for (place, name) in [first, second].iter().enumerate() {
            let text = format!("app 100/100/{place} Allow Https:443 * -> x");
            let id = add(&mut build, policy, &text);
            let (list, name) = match name.split_once('=') {
                Some(("url", name)) => (&mut build.network[id].destination_urls, name),
                Some(("tag", name)) => (&mut build.network[id].fqdn_tags, name),
                Some(("category", name)) => (&mut build.network[id].web_categories, name),
                _ => {
                    build.network[id].destination_fqdns = List::closed(vec![known((*name).into())]);
                    continue;
                }
            };
            *list = List::closed(vec![known(name.into())]);
            build.network[id].destination_fqdns = List::default();
        }
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let dead = semantics.unreachable_firewall_rules(FirewallRuleOwner::Policy(policy));
        dead.iter()
            .any(|dead| dead.rule.0 == 1 && dead.truth == Truth::True)
    };
    assert!(hidden("*.example.com", "a.example.com"));
    assert!(hidden("*.example.com", "a.b.EXAMPLE.com"));
    assert!(hidden("*.example.com", "*.b.example.com"));
    assert!(hidden("*example.com", "*.example.com"));
    assert!(hidden("*", "a.example.com"));
    assert!(hidden("*", "tag=WindowsUpdate"));
    assert!(hidden("a.example.com", "url=a.example.com/path/*"));
    assert!(hidden("*.example.com", "url=a.example.com/path/*"));
    assert!(hidden("tag=WindowsUpdate", "tag=windowsupdate"));
    assert!(hidden("category=Gambling", "category=Gambling"));
    assert!(!hidden("*.example.com", "example.com"));
    assert!(!hidden("a.example.com", "*.example.com"));
    assert!(!hidden("*.example.com", "a.example.org"));
    assert!(!hidden("*b.example.com", "a.example.com"));
    assert!(!hidden("url=a.example.com/path/*", "a.example.com"));
    assert!(!hidden("tag=WindowsUpdate", "update.microsoft.com"));
}

#[test]
fn any_with_a_port_is_tcp_and_udp_and_ports_say_nothing_of_icmp() {
    let (build, _) = with(&[
        "net 100/100/0 Allow Any * -> 8.8.8.8:443",
        "net 100/100/1 Allow Icmp,Tcp * -> 9.9.9.9:443",
        "net 100/100/2 Allow Any * -> 7.7.7.7:*",
    ]);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let allowed = |to: &str, protocol| {
        let flows = flows(&semantics, "10.0.0.4", to, protocol, 443);
        let denied = flows.minus(&semantics.firewall_allowed_of(FIREWALL, &flows));
        !denied.is_hit().truth
    };
    assert_eq!(allowed("8.8.8.8", Protocol::Udp), Truth::True);
    assert_eq!(allowed("8.8.8.8", Protocol::Icmp), Truth::False);
    assert_eq!(allowed("9.9.9.9", Protocol::Icmp), Truth::True);
    assert_eq!(allowed("9.9.9.9", Protocol::Udp), Truth::False);
    assert_eq!(allowed("7.7.7.7", Protocol::Icmp), Truth::True);
    assert_eq!(allowed("7.7.7.7", Protocol::Esp), Truth::True);
}

#[test]
fn network_rules_match_ipv6_where_the_subnet_of_the_firewall_has_it() {
    let six = |carried: bool| {
        let (mut build, _) = with(&[
            "nat 100/100/0 Allow Tcp * -> fd00::4:443 => 10.0.0.4:443",
            "net 100/100/0 Allow Tcp fd00::/16 -> 2001:db8::/32:443",
            "app 100/100/0 Allow Https:443 * -> *",
        ]);
        let vnet = build.vnet("10.0.0.0/16,fd00:1::/48");
        let subnet = build.subnet(vnet, "10.0.0.0/26");
        if carried {
            let prefixes = &mut build.network[subnet].address_prefixes;
            prefixes.items.push(known("fd00:1::/64".parse().unwrap()));
        }
        build.network[FIREWALL].subnet = known(Link::Here(subnet));
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let parts = semantics.firewall_deciding(FIREWALL, &Answer::everything(Family::V6));
        passes(&parts)
    };
    let denied = (Pass::Default, None, Truth::True);
    assert_eq!(six(false), [denied]);
    let network = (Pass::Network, Some(1), Truth::True);
    assert_eq!(six(true), [network, denied]);
}

#[test]
fn translation_rules_are_not_handed_down() {
    let (mut build, child) = with(&["nat 100/100/0 Allow Tcp * -> 20.0.0.1:443 => 10.0.0.4:443"]);
    let parent = policy(&mut build, None);
    build.network[child].parent = known(Link::Here(parent));
    add(
        &mut build,
        parent,
        "nat 100/100/0 Allow Tcp * -> 20.0.0.1:443 => 10.0.0.5:443",
    );
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    assert_eq!(semantics.firewall_nat_rules(FIREWALL), [FirewallRuleId(0)]);
    let child = FirewallRuleOwner::Policy(child);
    assert!(semantics.unreachable_firewall_rules(child).is_empty());
}

#[test]
fn fqdns_in_network_rules_need_the_dns_proxy_and_take_no_wildcards() {
    let (mut build, policy) = with(&["net 100/100/0 Allow Tcp * -> x:8080"]);
    let id = FirewallRuleId(0);
    build.network[id].destination = List::default();
    build.network[id].destination_fqdns = List::closed(vec![known("a.example.com".into())]);
    build.network[policy].settings.dns_proxy = known(true);
    let twin = build.network[id].clone();
    let id = FirewallRuleId(1);
    build.network.firewall_rules.push(FirewallRule {
        parent: None,
        padded: Vec::new(),
        position: 1,
        ..twin
    });
    build.network[policy].rules.items.push(id);
    let hidden = |build: &Build| {
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let dead = semantics.unreachable_firewall_rules(FirewallRuleOwner::Policy(policy));
        dead.iter()
            .find(|dead| dead.rule == id)
            .map(|dead| dead.truth)
    };
    assert_eq!(hidden(&build), Some(Truth::True));
    build.network[policy].settings.dns_proxy = absent();
    assert_eq!(hidden(&build), Some(Truth::Unknown));
    build.network[policy].settings.dns_proxy = known(true);
    for rule in &mut build.network.firewall_rules {
        rule.destination_fqdns = List::closed(vec![known("*.example.com".into())]);
    }
    assert_eq!(hidden(&build), Some(Truth::Unknown));
}

#[test]
fn threat_intelligence_may_drop_anything_public_in_deny_mode_only() {
    let (mut build, policy) = with(&["net 100/100/0 Allow Tcp * -> *:443"]);
    for mode in [ThreatIntelligence::Off, ThreatIntelligence::Alert] {
        build.network[policy].settings.threat_intelligence = known(mode);
        assert_eq!(decider(&build, "10.0.0.4", "8.8.8.8", 443).0, Pass::Network);
    }
    build.network[policy].settings.threat_intelligence = known(ThreatIntelligence::Deny);
    let parts = decided(&build, "10.0.0.4", "8.8.8.8", 443);
    assert_eq!(
        passes(&parts),
        [
            (Pass::ThreatIntelligence, None, Truth::Unknown),
            (Pass::Network, Some(0), Truth::Unknown)
        ]
    );
    assert_eq!(
        decider(&build, "10.0.0.4", "10.1.0.4", 443).0,
        Pass::Network
    );
}

#[test]
fn a_dead_rule_is_revived_before_what_acts_otherwise_where_it_can_be() {
    let (build, policy) = with(&[
        "net 100/300/0 Deny Tcp * -> 10.0.0.0/8:22",
        "net 100/400/0 Allow Tcp 10.1.0.0/16 -> 10.2.0.0/16:22",
    ]);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let dead = semantics.unreachable_firewall_rules(FirewallRuleOwner::Policy(policy));
    assert_eq!(dead.len(), 1);
    let revive = dead[0].revive.unwrap();
    assert_eq!(
        (revive.before, revive.priority),
        (FirewallRuleId(0), Some(290))
    );
}

#[test]
fn collections_outside_the_files_leave_dead_rules_open() {
    let (mut build, policy) = with(&[
        "net 100/300/0 ?action Tcp * -> 10.0.0.0/8:22",
        "net 100/400/0 Allow Tcp * -> 10.2.0.0/16:22",
        "net 100/500/0 Allow Tcp * -> 10.3.0.0/16:23",
    ]);
    let dead = |build: &Build| {
        let facts = facts();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let dead = semantics.unreachable_firewall_rules(FirewallRuleOwner::Policy(policy));
        dead.iter()
            .map(|dead| (dead.rule.0, dead.truth, dead.acts_otherwise))
            .collect::<Vec<_>>()
    };
    // Whatever the first one does, the second does nothing.
    assert_eq!(dead(&build), [(1, Truth::True, false)]);
    build.network[policy].rules.rest = Some(super::fixture::parameter("more"));
    let found = dead(&build);
    assert!(found.contains(&(1, Truth::True, false)), "{found:?}");
    assert!(found.contains(&(2, Truth::Unknown, false)), "{found:?}");
}
