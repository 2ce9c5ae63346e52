//! Through Azure Firewall, past it, and to what its subnets hold.

use super::super::fixture::firewall_settings;
use super::*;
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::firewall::{
    Firewall, FirewallProtocol, FirewallRule, FirewallRuleKind, FirewallRuleOwner,
};
use crate::model::nsg::Access;
use crate::model::{FirewallId, FirewallRuleId, List, State};
use crate::semantics::compile::Ruling;
use crate::semantics::reach::{Dependency, Note, Setting};

const FIREWALL: FirewallId = FirewallId(0);

/// Two subnets, a firewall 10.0.3.4 in its own, and the left one's default route to it.
fn behind() -> Two {
    let mut two = two();
    let subnet = two.build.subnet(two.vnet, "10.0.3.0/26");
    two.build.network[subnet].firewalls.items.push(FIREWALL);
    two.build.network.firewalls.push(Firewall {
        zones: List::default(),
        meta: meta("firewall"),
        subnet: known(Link::Here(subnet)),
        virtual_hub: absent(),
        private_address: known("10.0.3.4".parse().unwrap()),
        public_ips: List::closed(vec![known(Link::External(ResourceKey("ip".into())))]),
        policy: absent(),
        rules: List::default(),
        tier: known("Standard".into()),
        settings: firewall_settings(),
        management: false,
    });
    let table = two.build.route_table(two.left);
    two.build.route(table, "0.0.0.0/0", "firewall");
    two
}

fn rule(
    build: &mut Build,
    kind: FirewallRuleKind,
    access: Access,
    from: &str,
    to: &str,
    port: u16,
) -> FirewallRuleId {
    let id = FirewallRuleId(u32::try_from(build.network.firewall_rules.len()).unwrap());
    let mut written = FirewallRule {
        parent: None,
        padded: Vec::new(),
        description: absent(),
        meta: meta(&format!("firewall rule {}", id.0)),
        owner: Some(FirewallRuleOwner::Firewall(FIREWALL)),
        kind,
        group_priority: absent(),
        collection_priority: known(100 + id.0),
        collection: known(format!("collection {}", id.0).into()),
        position: 0,
        action: known(access),
        protocols: List::closed(vec![known(FirewallProtocol::Only(Protocol::Tcp))]),
        source: super::super::fixture::prefixes(from),
        source_ip_groups: List::default(),
        destination: super::super::fixture::prefixes(to),
        destination_ip_groups: List::default(),
        destination_fqdns: List::default(),
        destination_urls: List::default(),
        fqdn_tags: List::default(),
        web_categories: List::default(),
        terminate_tls: absent(),
        defects: Vec::new(),
        group: None,
        destination_ports: List::closed(vec![known(PortRange::single(port))]),
        translated_address: absent(),
        translated_port: absent(),
        translated_fqdn: absent(),
    };
    if kind == FirewallRuleKind::Nat {
        written.translated_address = known("10.0.1.4".parse().unwrap());
        written.translated_port = known(443);
    }
    build.network.firewall_rules.push(written);
    build.network[FIREWALL].rules.items.push(id);
    id
}

#[test]
fn what_no_rule_of_the_firewall_allows_is_stopped_there() {
    let mut two = behind();
    let out = |network: &Network| ask(network, Endpoint::Nic(two.a), at("203.0.113.5"), 8443);
    let answer = out(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Denied);
    assert_eq!(
        first(&answer),
        (LayerKind::Firewall, By::Firewall(FIREWALL))
    );
    assert_eq!(
        answer.openings[0].settings,
        [Setting::AllowInFirewall(FIREWALL)]
    );
    rule(
        &mut two.build,
        FirewallRuleKind::Network,
        Access::Allow,
        "10.0.0.0/24",
        "*",
        8443,
    );
    let answer = out(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Allowed);
    assert!(answer.says(&Note::SourceTranslated(FIREWALL)));
    // It leaves with the firewall's own address.
    assert_eq!(answer.witness.unwrap().source.to_string(), "10.0.3.4");
}

#[test]
fn mail_through_the_firewall_hangs_on_what_the_edition_says_of_it() {
    let mut two = behind();
    rule(
        &mut two.build,
        FirewallRuleKind::Network,
        Access::Allow,
        "*",
        "*",
        25,
    );
    let mut asked = question(Endpoint::Nic(two.a), at("203.0.113.5"), 25);
    assert_eq!(answer(&two.build.network, &asked).verdict, Verdict::Allowed);
    asked.smtp.offers = vec!["pay-as-you-go".into()];
    let told = answer(&two.build.network, &asked);
    assert_eq!(told.verdict, Verdict::Depends);
    assert_eq!(first(&told), (LayerKind::Smtp, By::Offer));
    // Where the offer is known, the documents leave it open; where it is not, it settles it.
    let waits_for = |told: &PathAnswer| match told.depends_on.as_slice() {
        [Dependency::Unknown(unknown)] => unknown.label.to_string(),
        others => panic!("{others:?}"),
    };
    let open = "whether port 25 is open through the firewall";
    assert_eq!(waits_for(&told), open);
    asked.smtp.offers.push("enterprise-agreement".into());
    let told = answer(&two.build.network, &asked);
    assert_eq!(told.verdict, Verdict::Depends);
    assert_eq!(waits_for(&told), "the subscription's offer");
}

#[test]
fn one_side_through_the_firewall_loses_the_replies() {
    let mut two = behind();
    let table = two.build.table_of(two.left);
    two.build.route(table, "10.0.1.0/24", "firewall");
    rule(
        &mut two.build,
        FirewallRuleKind::Network,
        Access::Allow,
        "*",
        "*",
        22,
    );
    let to = |network: &Network| ask(network, Endpoint::Nic(two.a), Endpoint::Nic(two.b), 22);
    let answer = to(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Denied);
    assert_eq!(first(&answer).0, LayerKind::ReturnPath);
    assert_eq!(answer.return_path[0].symmetric, Truth::False);
    let back = two.build.route_table(two.right);
    let route = two.build.route(back, "10.0.0.0/24", "firewall");
    assert_eq!(to(&two.build.network).verdict, Verdict::Allowed);
    // The other way round: only the replies go there.
    let table = two.build.table_of(two.left);
    two.build.network[table].routes.items.pop();
    let answer = to(&two.build.network);
    assert_eq!(first(&answer).0, LayerKind::ReturnPath);
    assert_eq!(answer.openings[0].settings, [Setting::RemoveRoute(route)]);
}

#[test]
fn what_the_firewall_translates_comes_from_its_own_subnet() {
    let mut two = behind();
    let nat = rule(
        &mut two.build,
        FirewallRuleKind::Nat,
        Access::Allow,
        "*",
        "203.0.113.9",
        8443,
    );
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Allow In Tcp Internet -> *:443");
    let deny = two.build.rule(nsg, "4096 Deny In * * -> *");
    let into = |network: &Network, port| ask(network, at("8.8.8.8"), Endpoint::Nic(two.b), port);
    let answer = into(&two.build.network, 8443);
    assert_eq!(answer.verdict, Verdict::Denied);
    let by = By::Rule(nsg, Ruling::Custom(deny));
    assert_eq!(first(&answer), (LayerKind::SubnetNsg, by));
    assert_eq!(answer.layers[0].kind, LayerKind::Entrance);
    assert_eq!(
        answer.layers[0].parts[0].by,
        By::FirewallRule(FIREWALL, nat)
    );
    two.build.rule(nsg, "200 Allow In Tcp 10.0.3.0/26 -> *:443");
    let answer = into(&two.build.network, 8443);
    assert_eq!(answer.verdict, Verdict::Allowed);
    assert_eq!(answer.witness.unwrap().destination_port, 443);
    // Nothing is translated from another port.
    assert_eq!(into(&two.build.network, 443).verdict, Verdict::Denied);
}

#[test]
fn a_service_endpoint_goes_past_the_firewall() {
    let mut two = behind();
    let endpoint = known("Microsoft.Storage".into());
    two.build.network[two.left]
        .service_endpoints
        .items
        .push(endpoint);
    let mut asked = question(Endpoint::Nic(two.a), at("Storage"), 8443);
    asked.direction = Some(Direction::Outbound);
    let told = answer(&two.build.network, &asked);
    let route = told
        .layers
        .iter()
        .find(|one| one.kind == LayerKind::Route)
        .unwrap();
    use crate::semantics::routes::NextHopKind;
    let straight = By::SystemRoute(Some(NextHopKind::ServiceEndpoint));
    assert!(route.parts.iter().any(|part| part.by == straight));
}

#[test]
fn a_firewall_outside_the_files_leaves_it_open() {
    let mut two = behind();
    let table = two.build.table_of(two.left);
    let route = two.build.network[table].routes.items[0];
    let outside = Link::External(ResourceKey("hub firewall".into()));
    two.build.network[route].appliance =
        crate::model::routing::Appliance::ExternalFirewall(outside);
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        at("203.0.113.5"),
        443,
    );
    assert_eq!(answer.verdict, Verdict::Depends);
    assert!(!answer.depends_on.is_empty());
}

#[test]
fn a_default_route_makes_everything_part_of_the_virtual_network_in_one_reading() {
    let mut two = behind();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    let mut asked = question(at("8.8.8.8"), Endpoint::Nic(two.a), 22);
    let ip = Link::External(ResourceKey("own".into()));
    two.build.network[two.a].ip_configurations.items[0].public_ip = known(ip);
    asked.direction = Some(Direction::Inbound);
    let told = answer(&two.build.network, &asked);
    assert_eq!(told.verdict, Verdict::Allowed);
    assert!(told.says(&Note::WithoutWidenedTag(Verdict::Denied)));
    let group = told
        .layers
        .iter()
        .find(|one| one.kind == LayerKind::SubnetNsg)
        .unwrap();
    let rule = Ruling::Default(name("AllowVnetInBound"));
    assert_eq!(group.parts[0].by, By::Rule(nsg, rule));
    // The whole path still fails: the replies leave by the firewall.
    asked.direction = None;
    let told = answer(&two.build.network, &asked);
    assert_eq!(told.verdict, Verdict::Denied);
    assert_eq!(first(&told).0, LayerKind::ReturnPath);
}

#[test]
fn a_private_endpoint_is_reached_past_the_default_route_and_its_group_only_if_asked() {
    use crate::model::topology::{PrivateEndpoint, PrivateEndpointPolicies};
    let mut two = behind();
    let id = crate::model::PrivateEndpointId(0);
    two.build.network.private_endpoints.push(PrivateEndpoint {
        meta: meta("endpoint"),
        subnet: known(Link::Here(two.right)),
        addresses: List::closed(vec![known("10.0.1.9".parse().unwrap())]),
        network_interfaces: List::default(),
        target: absent(),
        groups: List::default(),
        application_security_groups: List::default(),
    });
    two.build.network[two.right]
        .private_endpoints
        .items
        .push(id);
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    let deny = two.build.rule(nsg, "100 Deny In * * -> *");
    let to = |network: &Network| {
        ask(
            network,
            Endpoint::Nic(two.a),
            Endpoint::PrivateEndpoint(id),
            443,
        )
    };
    let answer = to(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Allowed);
    assert!(!kinds(&answer).contains(&LayerKind::Firewall));
    assert!(kinds(&answer).contains(&LayerKind::PrivateEndpoint));
    let policies = &mut two.build.network[two.right].private_endpoint_policies;
    policies.state = State::Known(PrivateEndpointPolicies::Enabled);
    let answer = to(&two.build.network);
    let by = By::Rule(nsg, Ruling::Custom(deny));
    assert_eq!(first(&answer), (LayerKind::PrivateEndpoint, by));
}
