//! Stages at the machines: groups on interfaces and subnets, platform traffic, what is not known.

use super::*;
use crate::semantics::compile::Ruling;
use crate::semantics::reach::{Dependency, Note, Setting};

#[test]
fn without_a_group_everything_passes_within_a_network() {
    let two = two();
    let answer = two.ask(22);
    assert_eq!(answer.verdict, Verdict::Allowed);
    use LayerKind::*;
    assert_eq!(
        kinds(&answer),
        [NicNsg, SubnetNsg, Route, SubnetNsg, NicNsg, ReturnPath]
    );
    let witness = answer.witness.unwrap();
    assert_eq!(witness.source.to_string(), "10.0.0.4");
    assert_eq!(witness.destination.to_string(), "10.0.1.4");
    assert_eq!(witness.destination_port, 22);
}

#[test]
fn a_group_without_rules_stops_the_internet_by_its_default() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    let mut asked = question(at("8.8.8.8"), Endpoint::Nic(two.b), 22);
    asked.direction = Some(Direction::Inbound);
    let public = crate::eval::ResourceKey("ip".into());
    two.build.network[two.b].ip_configurations.items[0].public_ip = known(Link::External(public));
    let answer = answer(&two.build.network, &asked);
    assert_eq!(answer.verdict, Verdict::Denied);
    let rule = Ruling::Default(name("DenyAllInBound"));
    assert_eq!(first(&answer), (LayerKind::SubnetNsg, By::Rule(nsg, rule)));
}

#[test]
fn both_groups_must_allow() {
    let mut two = two();
    let (subnet, own) = (two.build.nsg(), two.build.nsg());
    two.build.attach(subnet, two.right);
    on_nic(&mut two.build, own, two.b);
    two.build.rule(subnet, "100 Allow In Tcp Internet -> *:80");
    let public = crate::eval::ResourceKey("ip".into());
    two.build.network[two.b].ip_configurations.items[0].public_ip = known(Link::External(public));
    let answer = ask(&two.build.network, at("8.8.8.8"), Endpoint::Nic(two.b), 80);
    assert_eq!(answer.verdict, Verdict::Denied);
    let rule = Ruling::Default(name("DenyAllInBound"));
    assert_eq!(first(&answer), (LayerKind::NicNsg, By::Rule(own, rule)));
    let opening = &answer.openings[0];
    let direction = Direction::Inbound;
    let allow = Setting::AllowInGroup {
        nsg: own,
        direction,
    };
    assert_eq!(opening.settings, [allow]);
    assert_eq!(opening.verdict, Verdict::Allowed);
}

#[test]
fn the_rules_of_the_sender_come_first_and_all_that_stop_are_told() {
    let mut two = two();
    let (sender, receiver) = (two.build.nsg(), two.build.nsg());
    two.build.attach(sender, two.left);
    two.build.attach(receiver, two.right);
    let out = two.build.rule(sender, "100 Deny Out * * -> *");
    let within = two.build.rule(receiver, "100 Deny In * * -> *:22");
    let answer = two.ask(22);
    assert_eq!(answer.verdict, Verdict::Denied);
    let by: Vec<By> = answer.blockers.iter().map(|one| one.by.clone()).collect();
    assert_eq!(
        by,
        [
            By::Rule(sender, Ruling::Custom(out)),
            By::Rule(receiver, Ruling::Custom(within))
        ]
    );
    // Both have to be changed.
    assert_eq!(answer.openings.len(), 1);
    assert_eq!(answer.openings[0].settings.len(), 2);
    let web = two.ask(80);
    assert_eq!(web.openings[0].settings.len(), 1);
}

#[test]
fn one_group_on_both_sides_is_opened_where_it_stops() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Deny In * 10.0.0.0/16 -> *");
    let answer = two.ask(22);
    let direction = Direction::Inbound;
    let settings = [Setting::AllowInGroup { nsg, direction }];
    assert_eq!(answer.openings[0].settings, settings);
}

#[test]
fn traffic_within_a_subnet_is_asked_too() {
    let mut two = two();
    let other = two.build.nic(two.left, Some("10.0.0.5"));
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    let rule = two
        .build
        .rule(nsg, "100 Deny In Tcp 10.0.0.0/24 -> 10.0.0.0/24:1433");
    let asked = |port| {
        ask(
            &two.build.network,
            Endpoint::Nic(two.a),
            Endpoint::Nic(other),
            port,
        )
    };
    let answer = asked(1433);
    let by = By::Rule(nsg, Ruling::Custom(rule));
    assert_eq!(first(&answer), (LayerKind::SubnetNsg, by));
    assert_eq!(asked(1434).verdict, Verdict::Allowed);
}

#[test]
fn groups_do_not_touch_the_platforms_own_traffic_unless_its_tag_is_named() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    two.build.rule(nsg, "4096 Deny Out * * -> *");
    let to = |network: &Network, address, port| {
        verdict(network, Endpoint::Nic(two.a), at(address), port)
    };
    assert_eq!(
        to(&two.build.network, "168.63.129.16", 53),
        Verdict::Allowed
    );
    assert_eq!(
        to(&two.build.network, "169.254.169.254", 80),
        Verdict::Allowed
    );
    assert_eq!(
        to(&two.build.network, "168.63.129.16", 8080),
        Verdict::Denied
    );
    assert_eq!(
        to(&two.build.network, "20.118.99.224", 1688),
        Verdict::Allowed
    );
    two.build.rule(nsg, "100 Deny Out * * -> AzurePlatformDNS");
    assert_eq!(to(&two.build.network, "168.63.129.16", 53), Verdict::Denied);
    assert_eq!(
        to(&two.build.network, "169.254.169.254", 80),
        Verdict::Allowed
    );
}

#[test]
fn activation_is_ordinary_traffic_once_a_default_route_leads_elsewhere() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    let rule = two.build.rule(nsg, "100 Deny Out * * -> Internet");
    let table = two.build.route_table(two.left);
    two.build.route(table, "0.0.0.0/0", "VirtualNetworkGateway");
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        at("20.118.99.224"),
        1688,
    );
    let by = By::Rule(nsg, Ruling::Custom(rule));
    assert_eq!(first(&answer), (LayerKind::SubnetNsg, by));
}

#[test]
fn application_security_groups_hold_their_members_only() {
    let mut two = two();
    let group = |build: &mut Build, name: &str, members: Vec<NicId>| {
        use crate::model::{AsgId, List};
        let id = AsgId(u32::try_from(build.network.application_security_groups.len()).unwrap());
        for nic in &members {
            let configuration = &mut build.network[*nic].ip_configurations.items[0];
            let groups = &mut configuration.application_security_groups;
            groups.items.push(known(Link::Here(id)));
        }
        let members = List::closed(members);
        let group = crate::model::nsg::ApplicationSecurityGroup {
            meta: meta(name),
            members,
        };
        build.network.application_security_groups.push(group);
        id
    };
    // The addresses of members are not fixed.
    let logic_nic = two.build.nic(two.left, None);
    let database_nic = two.build.nic(two.right, None);
    let logic = group(&mut two.build, "logic", vec![logic_nic]);
    let database = group(&mut two.build, "database", vec![database_nic]);
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    let asg = |id| {
        use crate::model::address::AddressPrefix;
        crate::model::List::closed(vec![known(AddressPrefix::Asg(Link::Here(id)))])
    };
    let allow = two.build.rule(nsg, "110 Allow In Tcp * -> *:1433");
    two.build.network[allow].source = asg(logic);
    two.build.network[allow].destination = asg(database);
    let deny = two.build.rule(nsg, "120 Deny In * * -> *:1433");
    two.build.network[deny].destination = asg(database);
    let network = &two.build.network;
    let to = |from, port| {
        ask(
            network,
            Endpoint::Nic(from),
            Endpoint::Nic(database_nic),
            port,
        )
    };
    let stopped = to(two.a, 1433);
    assert_eq!(stopped.verdict, Verdict::Denied);
    assert_eq!(first(&stopped).1, By::Rule(nsg, Ruling::Custom(deny)));
    assert_eq!(to(two.a, 3306).verdict, Verdict::Allowed);
    assert_eq!(to(logic_nic, 1433).verdict, Verdict::Allowed);
    // Another machine of that subnet is none of the group.
    let other = ask(network, Endpoint::Nic(two.a), Endpoint::Nic(two.b), 1433);
    assert_eq!(other.verdict, Verdict::Allowed);
}

#[test]
fn an_opaque_tag_is_told_as_the_condition_that_settles_it() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.left);
    two.build
        .rule(nsg, "200 Allow Out Tcp * -> Storage.WestEurope:443");
    two.build.rule(nsg, "300 Deny Out * * -> Internet");
    let answer = ask(
        &two.build.network,
        Endpoint::Nic(two.a),
        at("40.1.1.1"),
        443,
    );
    assert_eq!(answer.verdict, Verdict::Depends);
    assert_eq!(answer.depends_on.len(), 1);
    assert!(matches!(answer.depends_on[0], Dependency::Atom(_)));
    let told: Vec<(usize, bool, Verdict)> = answer
        .conditions
        .iter()
        .map(|one| (one.all.len(), one.all[0].holds, one.verdict))
        .collect();
    assert_eq!(
        told,
        [(1, true, Verdict::Allowed), (1, false, Verdict::Denied)]
    );
    assert_eq!(
        verdict(&two.build.network, Endpoint::Nic(two.a), at("40.1.1.1"), 80),
        Verdict::Denied
    );
}

#[test]
fn a_machine_without_a_fixed_address_has_every_address_nobody_else_has() {
    let mut two = two();
    let mobile = two.build.nic(two.left, None);
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Deny In * 10.0.0.4 -> *");
    let ask = |network: &Network| ask(network, Endpoint::Nic(mobile), Endpoint::Nic(two.b), 22);
    let answer = ask(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Allowed);
    assert!(answer.says(&Note::AddressNotFixed(mobile)));
    two.build.rule(nsg, "101 Deny In * 10.0.0.9 -> *");
    let answer = ask(&two.build.network);
    assert_eq!(answer.verdict, Verdict::Depends);
    assert!(
        answer
            .depends_on
            .iter()
            .any(|one| matches!(one, Dependency::Packets))
    );
}

#[test]
fn rules_of_one_priority_leave_it_open_unless_they_agree() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Deny In Tcp * -> *:22");
    two.build.rule(nsg, "100 Allow In Tcp * -> *:20-30");
    let to = |port| two.ask(port);
    assert_eq!(to(22).verdict, Verdict::Depends);
    assert!(to(22).says(&Note::SamePriority(nsg)));
    assert_eq!(to(23).verdict, Verdict::Allowed);
}

#[test]
fn of_two_groups_for_one_subnet_each_is_asked() {
    let mut two = two();
    let (open, shut) = (two.build.nsg(), two.build.nsg());
    two.build.rule(shut, "100 Deny In * * -> *:22");
    let groups = vec![Link::Here(open), Link::Here(shut)];
    two.build.network[two.right].nsg = super::super::fixture::one_of("either", groups);
    let to = |port| two.ask(port);
    assert_eq!(to(22).verdict, Verdict::Depends);
    assert_eq!(to(80).verdict, Verdict::Allowed);
    assert!(
        to(22)
            .notes
            .iter()
            .any(|one| matches!(one, Note::SeveralGroups(_)))
    );
}

#[test]
fn an_address_that_nobody_has_gets_nothing() {
    let two = two();
    let answer = ask(&two.build.network, Endpoint::Nic(two.a), at("10.0.9.9"), 22);
    assert_eq!(answer.verdict, Verdict::Denied);
    assert_eq!(first(&answer).1, By::Nobody);
}

#[test]
fn only_the_senders_side_is_asked_outbound() {
    let mut two = two();
    let nsg = two.build.nsg();
    two.build.attach(nsg, two.right);
    two.build.rule(nsg, "100 Deny In * * -> *");
    let asked = outward(question(Endpoint::Nic(two.a), Endpoint::Nic(two.b), 22));
    assert_eq!(answer(&two.build.network, &asked).verdict, Verdict::Allowed);
}
