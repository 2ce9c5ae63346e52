//! Security groups: documented examples and tricky cases.

use super::fixture::{
    Build, absent, facts, flow, known, meta, one_of, parameter, perhaps, prefix, source,
};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::{Access, ApplicationSecurityGroup, Direction};
use crate::model::platform::{Cloud, DefaultRule};
use crate::model::service::{Service, ServiceKind};
use crate::model::{AsgId, Link, List, Network, NsgId, ServiceId, State};
use crate::semantics::Semantics;
use crate::semantics::packet::{Answer, Family, Flow, Side};
use crate::semantics::rules::{AddressSpec, Decider, FlowSpec, Scope};

const V4: Family = Family::V4;

/// Whether a group lets one packet through.
fn verdict(network: &Network, nsg: NsgId, direction: Direction, packet: &Flow) -> Truth {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let single = |address| AddressSpec::Prefix(AddressPrefix::Block(ipnet::IpNet::from(address)));
    let spec = FlowSpec {
        direction,
        protocols: vec![packet.protocol],
        from: vec![single(packet.source)],
        to: vec![single(packet.destination)],
        ports: vec![PortRange::single(packet.destination_port)],
        source_ports: vec![PortRange::single(packet.source_port)],
    };
    let family = Family::of(packet.source);
    let packets = semantics.flows(&spec, Scope::Nsg(nsg), family);
    let through = semantics.nsg_allowed_of(nsg, direction, &packets);
    let truth = through.is_hit().truth;
    let stopped = packets.minus(&through).is_hit().truth;
    assert_eq!(stopped, !truth, "one packet is let through or stopped");
    truth
}

fn decider(network: &Network, nsg: NsgId, direction: Direction, packet: &Flow) -> String {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    match semantics.decider(nsg, direction, packet) {
        Decider::Rule(rule) => network[rule].meta.address.to_string(),
        Decider::Default(name) => name.to_string(),
        Decider::Bypass => "bypass".to_owned(),
        Decider::Depends {
            rules, defaults, ..
        } => {
            format!("depends on {} rules, {defaults:?}", rules.len())
        }
    }
}

fn spec(direction: Direction, from: &str, to: &str, port: Option<u16>) -> FlowSpec {
    let side = |text: &str| match text {
        "*" => Vec::new(),
        text => vec![AddressSpec::Prefixes(vec![prefix(text)])],
    };
    FlowSpec {
        direction,
        protocols: vec![Protocol::Tcp],
        from: side(from),
        to: side(to),
        ports: port.map(PortRange::single).into_iter().collect(),
        source_ports: Vec::new(),
    }
}

/// What a group lets through of some packets.
fn through(network: &Network, nsg: NsgId, spec: &FlowSpec) -> Answer {
    let facts = facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    let packets = semantics.flows(spec, Scope::Nsg(nsg), V4);
    semantics.nsg_allowed_of(nsg, spec.direction, &packets)
}

const TCP: Protocol = Protocol::Tcp;
const IN: Direction = Direction::Inbound;
const OUT: Direction = Direction::Outbound;

#[test]
fn a_deny_of_everything_stops_the_network_and_the_probes_too() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "4096 Deny In * * -> *");
    for source in ["168.63.129.16", "10.0.1.4"] {
        let packet = flow(source, "10.0.0.4", TCP, 80);
        assert_eq!(verdict(&build.network, nsg, IN, &packet), Truth::False);
        assert_eq!(decider(&build.network, nsg, IN, &packet), "rule0");
    }
}

#[test]
fn a_group_without_rules_denies_the_internet_and_no_group_denies_nothing() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    let packet = flow("8.8.8.8", "10.0.0.4", TCP, 22);
    assert_eq!(verdict(&build.network, nsg, IN, &packet), Truth::False);
    assert_eq!(decider(&build.network, nsg, IN, &packet), "DenyAllInBound");
    let vnet = build.vnet("10.1.0.0/16");
    let subnet = build.subnet(vnet, "10.1.0.0/24");
    let nic = build.nic(subnet, None);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    assert!(
        semantics
            .subnet_allowed(subnet, IN, V4)
            .complement()
            .flows
            .may
            .is_empty()
    );
    assert!(
        semantics
            .nic_allowed(nic, IN, V4)
            .complement()
            .flows
            .may
            .is_empty()
    );
}

#[test]
fn the_group_of_the_interface_stops_what_the_group_of_the_subnet_lets_through() {
    let mut build = Build::default();
    let outer = build.attached_nsg();
    build.rule(outer, "100 Allow In Tcp Internet -> *:80");
    let subnet = build.network[outer].subnets.items[0];
    let nic = build.nic(subnet, None);
    let inner = build.nsg();
    build.network[nic].nsg = known(Link::Here(inner));
    build.network[inner].network_interfaces.items.push(nic);
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let packets = semantics.flows(&spec(IN, "Internet", "*", Some(80)), Scope::Nic(nic), V4);
    assert_eq!(
        semantics
            .subnet_allowed_of(subnet, IN, &packets)
            .is_hit()
            .truth,
        Truth::True
    );
    assert_eq!(
        semantics.nic_allowed_of(nic, IN, &packets).is_hit().truth,
        Truth::False
    );
}

#[test]
fn a_private_address_outside_the_network_is_neither_network_nor_internet() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    let packet = flow("10.0.0.4", "172.31.0.100", TCP, 80);
    assert_eq!(verdict(&build.network, nsg, OUT, &packet), Truth::False);
    assert_eq!(
        decider(&build.network, nsg, OUT, &packet),
        "DenyAllOutBound"
    );
    // As soon as peers may be missing from the files, nobody can tell.
    build.network.virtual_networks[0].peerings.rest = Some(parameter("peers"));
    assert_eq!(verdict(&build.network, nsg, OUT, &packet), Truth::Unknown);
}

#[test]
fn a_tag_without_data_makes_it_depend_and_only_where_it_matters() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "200 Allow Out Tcp * -> Storage.WestEurope:443");
    build.rule(nsg, "300 Deny Out * * -> Internet");
    let packet = |port| flow("10.0.0.4", "40.1.1.1", TCP, port);
    assert_eq!(
        verdict(&build.network, nsg, OUT, &packet(443)),
        Truth::Unknown
    );
    assert_eq!(verdict(&build.network, nsg, OUT, &packet(80)), Truth::False);
    assert_eq!(decider(&build.network, nsg, OUT, &packet(80)), "rule1");
    assert_eq!(
        decider(&build.network, nsg, OUT, &packet(443)),
        "depends on 2 rules, []"
    );
    // The tag is not empty: something gets out for certain.
    let out = through(&build.network, nsg, &spec(OUT, "*", "Internet", None));
    assert_eq!(out.is_hit().truth, Truth::True);
}

#[test]
fn public_space_of_the_network_is_not_internet() {
    let mut build = Build::default();
    let vnet = build.vnet("20.5.0.0/16");
    let subnet = build.subnet(vnet, "20.5.0.0/24");
    let nsg = build.nsg();
    build.attach(nsg, subnet);
    build.rule(nsg, "100 Deny Out * * -> Internet");
    let packet = |to| flow("20.5.0.4", to, TCP, 80);
    assert_eq!(
        verdict(&build.network, nsg, OUT, &packet("20.5.1.4")),
        Truth::True
    );
    assert_eq!(
        decider(&build.network, nsg, OUT, &packet("20.5.1.4")),
        "AllowVnetOutBound"
    );
    assert_eq!(
        verdict(&build.network, nsg, OUT, &packet("20.6.0.1")),
        Truth::False
    );
}

#[test]
fn tags_compare_without_case() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In Tcp INTERNET -> *:443");
    let other = build.attached_nsg();
    build.rule(other, "100 Allow In Tcp Internet -> *:443");
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let (a, b) = (
        semantics.nsg_allowed(nsg, IN, V4),
        semantics.nsg_allowed(other, IN, V4),
    );
    let packets = semantics.flows(&spec(IN, "Internet", "*", None), Scope::Nsg(nsg), V4);
    let (a, b) = (a.and(&packets), b.and(&packets));
    assert!(!a.flows.must.is_empty());
    assert!(a.minus(&b).flows.may.is_empty() && b.minus(&a).flows.may.is_empty());
}

#[test]
fn the_plural_field_counts() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In Tcp Internet -> *:80,3389");
    let open = through(&build.network, nsg, &spec(IN, "Internet", "*", Some(3389)));
    assert_eq!(
        open.wider_than(Side::Source, 65_536).is_hit().truth,
        Truth::True
    );
}

#[test]
fn a_condition_on_the_source_port_keeps_nobody_out() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In Tcp Internet:443 -> *");
    let open = through(&build.network, nsg, &spec(IN, "Internet", "*", Some(22)));
    let hit = open.is_hit();
    assert_eq!(hit.truth, Truth::True);
    let witness = hit.witness.unwrap();
    assert_eq!((witness.source_port, witness.destination_port), (443, 22));
}

#[test]
fn application_security_groups_with_known_members_are_addresses() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    let subnet = build.network[nsg].subnets.items[0];
    for (name, address) in [("logic", "10.0.1.4"), ("db", "10.0.2.4")] {
        let nic = build.nic(subnet, Some(address));
        let id = AsgId(u32::try_from(build.network.application_security_groups.len()).unwrap());
        build
            .network
            .application_security_groups
            .push(ApplicationSecurityGroup {
                meta: meta(name),
                members: List::closed(vec![nic]),
            });
        build.network[nic].ip_configurations.items[0]
            .application_security_groups
            .items
            .push(known(Link::Here(id)));
    }
    let asg = |id| List::closed(vec![known(AddressPrefix::Asg(Link::Here(AsgId(id))))]);
    let allow = build.rule(nsg, "110 Allow In Tcp * -> *:1433");
    build.network[allow].source = asg(0);
    build.network[allow].destination = asg(1);
    let deny = build.rule(nsg, "120 Deny In * * -> *:1433");
    build.network[deny].destination = asg(1);
    let packet = |from, port| flow(from, "10.0.2.4", TCP, port);
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("10.0.0.4", 1433)),
        Truth::False
    );
    assert_eq!(
        decider(&build.network, nsg, IN, &packet("10.0.0.4", 1433)),
        "rule1"
    );
    assert_eq!(
        decider(&build.network, nsg, IN, &packet("10.0.0.4", 3306)),
        "AllowVnetInBound"
    );
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("10.0.1.4", 1433)),
        Truth::True
    );
    // With members outside the files nobody knows who else is a database.
    build.network.application_security_groups[1].members.rest = Some(parameter("members"));
    let other = flow("10.0.0.4", "10.0.2.9", TCP, 1433);
    assert_eq!(verdict(&build.network, nsg, IN, &other), Truth::Unknown);
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("10.0.0.4", 1433)),
        Truth::False
    );
    // The same outside the files.
    let key = Link::External(ResourceKey("asg".into()));
    build.network[deny].destination = List::closed(vec![known(AddressPrefix::Asg(key))]);
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("10.0.0.4", 1433)),
        Truth::Unknown
    );
}

#[test]
fn platform_traffic_passes_unless_its_own_tag_claims_it() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    let deny = build.rule(nsg, "4096 Deny Out * * -> *");
    let dns = flow("10.0.0.4", "168.63.129.16", Protocol::Udp, 53);
    let metadata = flow("10.0.0.4", "169.254.169.254", TCP, 80);
    assert_eq!(verdict(&build.network, nsg, OUT, &dns), Truth::True);
    assert_eq!(decider(&build.network, nsg, OUT, &dns), "bypass");
    assert_eq!(verdict(&build.network, nsg, OUT, &metadata), Truth::True);
    let facts = facts();
    let wanted = spec(OUT, "*", "AzurePlatformDNS", Some(53));
    let decides = |network: &Network, rule| {
        let semantics = Semantics::new(network, &facts, Cloud::Public);
        let packets = semantics.flows(&wanted, Scope::Nsg(nsg), V4);
        semantics.decided_of(rule, &packets).is_hit().truth
    };
    assert_eq!(decides(&build.network, deny), Truth::False);
    let claim = build.rule(nsg, "200 Deny Out * * -> AzurePlatformDNS");
    assert_eq!(decides(&build.network, claim), Truth::True);
    assert_eq!(decides(&build.network, deny), Truth::False);
    assert_eq!(verdict(&build.network, nsg, OUT, &dns), Truth::False);
    assert_eq!(verdict(&build.network, nsg, OUT, &metadata), Truth::True);
    // An earlier Allow through the tag takes the Deny's packets.
    build.rule(nsg, "150 Allow Out * * -> AzurePlatformDNS");
    assert_eq!(decides(&build.network, claim), Truth::False);
    assert_eq!(verdict(&build.network, nsg, OUT, &dns), Truth::True);
}

#[test]
fn unknown_access_priority_and_existence_leave_the_question_open() {
    let open = |change: &dyn Fn(&mut Build, NsgId)| {
        let mut build = Build::default();
        let nsg = build.attached_nsg();
        change(&mut build, nsg);
        verdict(
            &build.network,
            nsg,
            IN,
            &flow("8.8.8.8", "10.0.0.4", TCP, 22),
        )
    };
    assert_eq!(
        open(&|b, nsg| {
            b.rule(nsg, "100 ?access In Tcp * -> *:22");
        }),
        Truth::Unknown
    );
    assert_eq!(
        open(&|b, nsg| {
            b.rule(nsg, "100 ?access In Tcp * -> *:23");
        }),
        Truth::False
    );
    assert_eq!(
        open(&|b, nsg| {
            b.rule(nsg, "?priority Allow In Tcp * -> *:22");
            b.rule(nsg, "200 Deny In Tcp * -> *:22");
        }),
        Truth::Unknown
    );
    // Wherever it stands among the author's rules, it stands before the default rules.
    assert_eq!(
        open(&|b, nsg| {
            b.rule(nsg, "?priority Allow In Tcp * -> *:22");
        }),
        Truth::True
    );
    let maybe = |access: &'static str| {
        move |b: &mut Build, nsg| {
            let rule = b.rule(nsg, &format!("100 {access} In Tcp * -> *:22"));
            b.network[rule].meta.existence = perhaps("enabled");
        }
    };
    assert_eq!(open(&maybe("Allow")), Truth::Unknown);
    assert_eq!(open(&maybe("Deny")), Truth::False);
    assert_eq!(
        open(&|b, nsg| {
            b.network[nsg].rules.rest = Some(parameter("more"));
        }),
        Truth::Unknown
    );
    // Both candidates agree.
    assert_eq!(
        open(&|b, nsg| {
            let rule = b.rule(nsg, "100 Allow In Tcp * -> *:22");
            b.network[rule].access = one_of("access", vec![Access::Deny, Access::Deny]);
        }),
        Truth::False
    );
}

#[test]
fn two_rules_of_one_priority_are_asked_in_no_known_order() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In * * -> *");
    build.rule(nsg, "100 Deny In * * -> *:22");
    let packet = |port| flow("8.8.8.8", "10.0.0.4", TCP, port);
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet(22)),
        Truth::Unknown
    );
    assert_eq!(verdict(&build.network, nsg, IN, &packet(80)), Truth::True);
}

#[test]
fn the_same_unknown_in_two_rules_is_one_set() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Deny In Tcp ?office -> *:22");
    let allow = build.rule(nsg, "200 Allow In Tcp ?office -> *:22");
    let facts = facts();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    assert_eq!(semantics.decided(allow, V4).is_hit().truth, Truth::False);
    build.network[allow].source = List::closed(vec![prefix("?home")]);
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let hit = semantics.decided(allow, V4).is_hit();
    assert_eq!(hit.truth, Truth::Unknown);
    assert!(hit.unknowns.iter().any(|unknown| &*unknown.label == "home"));
}

#[test]
fn azure_cloud_is_wide_and_other_tags_are_not() {
    let wide = |source: &str| {
        let mut build = Build::default();
        let nsg = build.attached_nsg();
        build.rule(nsg, &format!("100 Allow In Tcp {source} -> *:22"));
        let open = through(&build.network, nsg, &spec(IN, "Internet", "*", Some(22)));
        open.wider_than(Side::Source, 65_536).is_hit().truth
    };
    assert_eq!(wide("AzureCloud"), Truth::True);
    assert_eq!(wide("AzureCloud.westeurope"), Truth::True);
    assert_eq!(wide("Storage"), Truth::False);
    assert_eq!(wide("GatewayManager"), Truth::False);
    assert_eq!(wide("20.0.0.0/16"), Truth::False);
    assert_eq!(wide("20.0.0.0/15"), Truth::True);
    assert_eq!(wide("20.0.0.0/16,30.0.0.0/32"), Truth::True);
    assert_eq!(wide("10.0.0.0/8"), Truth::False);
    assert_eq!(wide("?office"), Truth::Unknown);
    assert_eq!(wide("0.0.0.0/0"), Truth::True);
}

#[test]
fn several_rules_are_wide_together() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In Tcp 20.0.0.0/16 -> *:22");
    build.rule(nsg, "110 Allow In Tcp 30.0.0.0/16 -> *:20-30");
    let open = through(&build.network, nsg, &spec(IN, "Internet", "*", None));
    let wide = open.wider_than(Side::Source, 65_536);
    let hit = wide.is_hit();
    assert_eq!(hit.truth, Truth::True);
    assert_eq!(hit.ports, vec![PortRange::single(22)]);
}

#[test]
fn a_condition_on_ports_never_matches_protocols_without_ports() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    build.rule(nsg, "100 Allow In * Internet -> *:80");
    let ping = flow("8.8.8.8", "10.0.0.4", Protocol::Icmp, 0);
    let facts = facts();
    let answer = |network: &Network| {
        let semantics = Semantics::new(network, &facts, Cloud::Public);
        let all = semantics.nsg_allowed(nsg, IN, V4);
        let mut wanted = spec(IN, "8.8.8.8", "10.0.0.4", None);
        wanted.protocols = vec![Protocol::Icmp];
        all.and(&semantics.flows(&wanted, Scope::Nsg(nsg), V4))
            .is_hit()
            .truth
    };
    assert_eq!(answer(&build.network), Truth::False);
    assert_eq!(decider(&build.network, nsg, IN, &ping), "DenyAllInBound");
    // What a "port" of ICMP means is not documented.
    build.rule(nsg, "110 Allow In Icmp Internet -> *:8");
    assert_eq!(answer(&build.network), Truth::Unknown);
    build.rule(nsg, "120 Allow In Icmp Internet -> *");
    assert_eq!(answer(&build.network), Truth::True);
}

#[test]
fn an_unattached_group_knows_no_network() {
    let mut build = Build::default();
    let nsg = build.nsg();
    let packet = |from| flow(from, "10.0.0.4", TCP, 22);
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("10.0.1.4")),
        Truth::Unknown
    );
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("8.8.8.8")),
        Truth::False
    );
    assert_eq!(
        verdict(&build.network, nsg, IN, &packet("168.63.129.16")),
        Truth::True
    );
}

#[test]
fn an_invalid_field_may_match_anything() {
    let mut build = Build::default();
    let nsg = build.attached_nsg();
    let rule = build.rule(nsg, "100 Allow In Tcp * -> *:22");
    build.network[rule].source.items[0].state = State::Invalid {
        raw: "10.0.0.0/33".into(),
        why: "no such block".into(),
    };
    let packet = flow("8.8.8.8", "10.0.0.4", TCP, 22);
    assert_eq!(verdict(&build.network, nsg, IN, &packet), Truth::Unknown);
}

#[test]
fn what_a_service_writes_into_its_group_stands_before_denies_and_only_while_it_is_not_in_the_files()
{
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    let subnet = build.subnet(vnet, "10.0.1.0/24");
    let nsg = build.nsg();
    build.attach(nsg, subnet);
    let deny = build.rule(nsg, "100 Deny In * * -> *");
    let service = |inferred| Service {
        meta: meta("instance"),
        kind: ServiceKind::SqlManagedInstance,
        subnets: List::closed(vec![known(Link::Here(subnet))]),
        tier: absent(),
        location: absent(),
        options: Vec::new(),
        ports: List::default(),
        inferred,
    };
    build.network.services.push(service(false));
    build.network[subnet].services.items.push(ServiceId(0));
    let mut facts = facts();
    facts.service_rules = vec![DefaultRule {
        name: "mi-internal-in".into(),
        direction: "inbound".into(),
        priority: 1,
        source: "subnet".into(),
        destination: "subnet".into(),
        ports: vec!["1433".into()],
        service: Some(ServiceKind::SqlManagedInstance),
        certain: None,
        access: "allow".into(),
        documented: source(),
    }];
    let within = flow("10.0.1.4", "10.0.1.5", Protocol::Tcp, 1433);
    let from_elsewhere = flow("10.0.2.4", "10.0.1.5", Protocol::Tcp, 1433);
    let to_elsewhere = flow("10.0.1.4", "10.0.1.5", Protocol::Tcp, 1434);
    let decider = |build: &Build, packet: &Flow| {
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        match semantics.decider(nsg, Direction::Inbound, packet) {
            Decider::Rule(rule) => build.network[rule].meta.address.to_string(),
            Decider::Default(name) => name.to_string(),
            Decider::Bypass => "bypass".to_owned(),
            Decider::Depends { defaults, .. } => format!("depends on {defaults:?}"),
        }
    };
    assert_eq!(decider(&build, &within), "mi-internal-in");
    assert_eq!(decider(&build, &from_elsewhere), "rule0");
    assert_eq!(decider(&build, &to_elsewhere), "rule0");

    // Only the subnet's delegation tells of the service: it may not be there yet.
    build.network.services[0] = service(true);
    assert_eq!(decider(&build, &within), "depends on [\"mi-internal-in\"]");
    assert_eq!(decider(&build, &from_elsewhere), "rule0");

    // The group holds the service's rules already.
    build.network.services[0] = service(false);
    build.network[deny].platform_managed = true;
    assert_eq!(decider(&build, &within), "rule0");
}
