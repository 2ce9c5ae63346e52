//! Security admin rules: which apply to a network, what they decide, and what then is left to the
//! network security groups.

use proptest::prelude::*;

use super::fixture::{
    Build, absent, facts, flow, known, meta, one_of, perhaps, port, ports, prefix, protocol,
    unknown,
};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::address::Protocol;
use crate::model::manager::{
    AdminAction, AdminAddress, AdminConfiguration, AdminDeployment, AdminRule, AdminRuleCollection,
    IntentPolicyServices, NetworkGroup, NetworkManager, StaticMember,
};
use crate::model::nsg::Direction;
use crate::model::platform::{AdminExemption, Cloud, PlatformFacts};
use crate::model::{
    AdminConfigurationId, AdminRuleCollectionId, AdminRuleId, Link, List, NetworkGroupId,
    NetworkManagerId, SubnetId, VnetId,
};
use crate::semantics::Semantics;
use crate::semantics::admin::AdminDecided;
use crate::semantics::packet::{Answer, Family, Flow, FlowSet, address_number, protocol_code};

const HERE: &str = "West Europe";

impl Build {
    /// A manager with a group that holds a network, and a configuration deployed there.
    fn manager(&mut self, vnet: VnetId) -> AdminRuleCollectionId {
        let network = &mut self.network;
        let count = network.network_managers.len();
        let next = |kind: &str| meta(&format!("{kind}{count}"));
        let index = u32::try_from(count).unwrap();
        network.network_managers.push(NetworkManager {
            meta: next("manager"),
        });
        network.network_groups.push(NetworkGroup {
            meta: next("group"),
            manager: known(Link::Here(NetworkManagerId(index))),
            member_type: absent(),
        });
        network.static_members.push(StaticMember {
            meta: next("member"),
            group: known(Link::Here(NetworkGroupId(index))),
            network: known(Link::Here(vnet)),
        });
        network.admin_configurations.push(AdminConfiguration {
            meta: next("configuration"),
            manager: known(Link::Here(NetworkManagerId(index))),
            intent_policy_services: absent(),
        });
        network.admin_deployments.push(AdminDeployment {
            meta: next("deployment"),
            manager: known(Link::Here(NetworkManagerId(index))),
            location: known(HERE.into()),
            configurations: List::closed(vec![known(Link::Here(AdminConfigurationId(index)))]),
        });
        self.collection(index, index)
    }

    /// A collection of a configuration, for a group.
    fn collection(&mut self, configuration: u32, group: u32) -> AdminRuleCollectionId {
        let all = &mut self.network.admin_rule_collections;
        let id = AdminRuleCollectionId(u32::try_from(all.len()).unwrap());
        all.push(AdminRuleCollection {
            meta: meta(&format!("collection{}", id.0)),
            configuration: known(Link::Here(AdminConfigurationId(configuration))),
            groups: List::closed(vec![known(Link::Here(NetworkGroupId(group)))]),
        });
        id
    }

    /// `"10 AlwaysAllow In Tcp * -> *:443"`; `?name` is an unknown action.
    fn admin_rule(&mut self, collection: AdminRuleCollectionId, text: &str) -> AdminRuleId {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [
            priority,
            action,
            direction,
            proto,
            source,
            "->",
            destination,
        ] = words.as_slice()
        else {
            panic!("{text}")
        };
        let (destination, port_text) = destination.rsplit_once(':').unwrap();
        let side = |text: &str| match text {
            "*" => List::default(),
            text => List::closed(vec![prefix(text).map(AdminAddress::Prefix)]),
        };
        let id = AdminRuleId(u32::try_from(self.network.admin_rules.len()).unwrap());
        self.network.admin_rules.push(AdminRule {
            meta: meta(&format!("admin{}", id.0)),
            collection: known(Link::Here(collection)),
            priority: known(priority.parse().unwrap()),
            direction: known(match *direction {
                "In" => Direction::Inbound,
                _ => Direction::Outbound,
            }),
            action: match *action {
                "Allow" => known(AdminAction::Allow),
                "AlwaysAllow" => known(AdminAction::AlwaysAllow),
                "Deny" => known(AdminAction::Deny),
                other => unknown(other),
            },
            protocol: protocol(proto),
            source: side(source),
            destination: side(destination),
            source_ports: List::default(),
            destination_ports: if port_text == "*" {
                List::default()
            } else {
                ports(port_text)
            },
        });
        id
    }
}

fn exemptions() -> PlatformFacts {
    let mut facts = facts();
    let source = facts.tags[0].source.clone();
    let rows = [
        (Some("Microsoft.Sql/managedInstances"), None),
        (None, Some("subnet1")),
    ];
    facts.admin_exemptions = rows
        .map(|(delegation, subnet)| AdminExemption {
            delegation: delegation.map(Into::into),
            subnet: subnet.map(Into::into),
            source: source.clone(),
        })
        .into();
    facts
}

fn network() -> (Build, VnetId, SubnetId) {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    let subnet = build.subnet(vnet, "10.0.0.0/24");
    (build, vnet, subnet)
}

fn https() -> Flow {
    flow("8.8.8.8", "10.0.0.4", Protocol::Tcp, 443)
}

fn within(set: &FlowSet, flow: &Flow) -> bool {
    set.terms().iter().any(|term| {
        let values = [
            address_number(flow.source),
            address_number(flow.destination),
            protocol_code(flow.protocol),
            flow.source_port.into(),
            flow.destination_port.into(),
        ];
        assert!(term.cube.is_empty(), "{term:?}");
        let fields = term.fields.iter().zip(values);
        fields
            .into_iter()
            .all(|(field, value)| field.contains(value))
    })
}

/// The actions that a packet may meet; the labels of what they hang on.
fn meets(build: &Build, vnet: VnetId, packet: &Flow) -> (Vec<Option<AdminAction>>, Vec<String>) {
    let facts = exemptions();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let all = Answer::everything(Family::of(packet.source));
    told(
        &semantics.admin_deciding(vnet, Direction::Inbound, &all),
        packet,
    )
}

fn told(parts: &[AdminDecided], packet: &Flow) -> (Vec<Option<AdminAction>>, Vec<String>) {
    let (mut actions, mut labels) = (Vec::new(), Vec::new());
    for part in parts
        .iter()
        .filter(|part| within(&part.flows.flows.may, packet))
    {
        actions.push(part.action);
        if !within(&part.flows.flows.must, packet) {
            labels.extend(part.flows.unknowns.iter().map(|it| it.label.to_string()));
        }
    }
    labels.sort();
    labels.dedup();
    (actions, labels)
}

/// What admin rules and a group together let through.
fn allowed(semantics: &Semantics<'_>, vnet: VnetId, subnet: SubnetId, packet: &Flow) -> Truth {
    let direction = Direction::Inbound;
    let all = Answer::everything(Family::V4);
    let mut through = Vec::new();
    for part in semantics.admin_deciding(vnet, direction, &all) {
        through.push(match part.action {
            Some(AdminAction::Deny) => continue,
            Some(AdminAction::AlwaysAllow) => part.flows,
            Some(AdminAction::Allow) => semantics.subnet_allowed_of(subnet, direction, &part.flows),
            None => part.flows.only_possibly(),
        });
    }
    let through = Answer::any_of(Family::V4, through).flows;
    match (within(&through.must, packet), within(&through.may, packet)) {
        (true, _) => Truth::True,
        (false, true) => Truth::Unknown,
        (false, false) => Truth::False,
    }
}

/// Case N30: always allowed whatever the group says; allowed and then denied by the group.
#[test]
fn always_allow_passes_the_group_by_and_allow_asks_it() {
    for (action, expected) in [
        ("AlwaysAllow", Truth::True),
        ("Allow", Truth::False),
        ("Deny", Truth::False),
    ] {
        let (mut build, vnet, subnet) = network();
        let nsg = build.nsg();
        build.attach(nsg, subnet);
        build.rule(nsg, "100 Deny In Tcp * -> *:443");
        let collection = build.manager(vnet);
        build.admin_rule(collection, &format!("10 {action} In Tcp * -> *:443"));
        let facts = exemptions();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        assert_eq!(
            allowed(&semantics, vnet, subnet, &https()),
            expected,
            "{action}"
        );
    }
}

#[test]
fn a_network_without_admin_rules_leaves_everything_to_its_groups() {
    let (mut build, vnet, _) = network();
    let pass = vec![Some(AdminAction::Allow)];
    assert_eq!(meets(&build, vnet, &https()), (pass.clone(), Vec::new()));
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny Out Tcp * -> *:443");
    build.admin_rule(collection, "20 Deny In Tcp * -> *:22");
    build.admin_rule(collection, "30 Deny In Tcp 10.0.0.0/8 -> *:443");
    assert_eq!(meets(&build, vnet, &https()), (pass, Vec::new()));
}

#[test]
fn rules_reach_only_the_members_of_the_groups_they_are_for() {
    let (mut build, vnet, _) = network();
    let other = build.vnet("10.9.0.0/16");
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    assert_eq!(meets(&build, vnet, &https()).0, [Some(AdminAction::Deny)]);
    assert_eq!(meets(&build, other, &https()).0, [Some(AdminAction::Allow)]);
    let facts = exemptions();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    assert_eq!(
        semantics.admin_assumptions(),
        [
            "no Azure Policy adds networks to the network group `group0`",
            "no virtual network manager outside these files applies admin rules",
        ]
    );
}

#[test]
fn members_that_a_policy_may_add_leave_the_answer_open() {
    let (mut build, vnet, _) = network();
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    build.network.static_members.clear();
    let (actions, labels) = meets(&build, vnet, &https());
    assert_eq!(actions, [Some(AdminAction::Deny), Some(AdminAction::Allow)]);
    assert_eq!(
        labels,
        ["which networks are members of the network group `group0`"]
    );
}

#[test]
fn a_member_that_may_not_exist_and_one_that_is_not_known_leave_it_open() {
    let (mut build, vnet, _) = network();
    let other = build.vnet("10.9.0.0/16");
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    build.network.static_members[0].meta.existence = perhaps("var.member");
    let (actions, labels) = meets(&build, vnet, &https());
    assert_eq!(actions.len(), 2);
    assert_eq!(labels, ["var.member"]);
    assert_eq!(meets(&build, other, &https()).0, [Some(AdminAction::Allow)]);
    build.network.static_members[0].network =
        one_of("var.which", vec![Link::Here(other), Link::Here(vnet)]);
    assert_eq!(meets(&build, other, &https()).0.len(), 2);
    build.network.static_members[0].network = one_of("var.which", vec![Link::Here(vnet)]);
    assert_eq!(meets(&build, other, &https()).0, [Some(AdminAction::Allow)]);
}

#[test]
fn groups_of_subnets_get_no_admin_rules() {
    let (mut build, vnet, _) = network();
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    build.network.network_groups[0].member_type = known("Subnet".into());
    assert_eq!(meets(&build, vnet, &https()).0, [Some(AdminAction::Allow)]);
}

#[test]
fn a_configuration_is_in_force_only_where_it_is_deployed() {
    let deployed = |change: &dyn Fn(&mut Build)| {
        let (mut build, vnet, _) = network();
        let collection = build.manager(vnet);
        build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
        change(&mut build);
        let (actions, labels) = meets(&build, vnet, &https());
        let truth = match (actions.as_slice(), labels.is_empty()) {
            ([Some(AdminAction::Deny)], true) => Truth::True,
            ([Some(AdminAction::Allow)], true) => Truth::False,
            _ => Truth::Unknown,
        };
        (truth, labels)
    };
    assert_eq!(deployed(&|_| {}).0, Truth::True);
    let elsewhere = |build: &mut Build| {
        build.network.admin_deployments[0].location = known("northeurope".into());
    };
    assert_eq!(deployed(&elsewhere).0, Truth::False);
    let without = |build: &mut Build| {
        build.network.admin_deployments[0].configurations = List::default();
    };
    assert_eq!(deployed(&without).0, Truth::False);
    let (truth, labels) = deployed(&|build| build.network.admin_deployments.clear());
    assert_eq!(truth, Truth::Unknown);
    assert_eq!(
        labels,
        ["whether the security admin configuration `configuration0` is deployed to `westeurope`"]
    );
    let (truth, labels) = deployed(&|build| {
        build.network.admin_deployments[0].location = unknown("var.region");
    });
    assert_eq!(
        (truth, labels),
        (Truth::Unknown, vec!["var.region".to_owned()])
    );
    let same = |build: &mut Build| {
        build.network.admin_deployments[0].location = unknown("var.region");
        build.network.virtual_networks[0].location = unknown("var.region");
    };
    assert_eq!(deployed(&same).0, Truth::True);
    let (truth, _) = deployed(&|build| {
        build.network.admin_deployments[0].meta.existence = perhaps("var.deploy");
    });
    assert_eq!(truth, Truth::Unknown);
}

#[test]
fn what_no_file_tells_to_be_deployed_is_so_in_the_other_reading() {
    let (mut build, vnet, _) = network();
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    let facts = exemptions();
    let read = |build: &Build| {
        let semantics =
            Semantics::new(&build.network, &facts, Cloud::Public).with_admin_rules_deployed();
        let all = Answer::everything(Family::V4);
        told(
            &semantics.admin_deciding(vnet, Direction::Inbound, &all),
            &https(),
        )
        .0
    };
    build.network.admin_deployments[0].configurations = List::default();
    assert_eq!(read(&build), [Some(AdminAction::Allow)]);
    build.network.admin_deployments.clear();
    assert_eq!(read(&build), [Some(AdminAction::Deny)]);
}

#[test]
fn services_with_a_network_intent_policy_are_left_alone_by_default() {
    let with = |setting, action: &str| {
        let (mut build, vnet, subnet) = network();
        build.network[subnet].delegations =
            List::closed(vec![known("microsoft.sql/managedInstances".into())]);
        let collection = build.manager(vnet);
        build.admin_rule(collection, &format!("10 {action} In Tcp * -> *:443"));
        if let Some(setting) = setting {
            build.network.admin_configurations[0].intent_policy_services = known(setting);
        }
        meets(&build, vnet, &https()).0
    };
    let deny = Some(AdminAction::Deny);
    let pass = Some(AdminAction::Allow);
    assert_eq!(with(None, "Deny"), [pass]);
    assert_eq!(
        with(Some(IntentPolicyServices::None), "AlwaysAllow"),
        [pass]
    );
    assert_eq!(
        with(Some(IntentPolicyServices::AllowRulesOnly), "Deny"),
        [pass]
    );
    assert_eq!(with(Some(IntentPolicyServices::All), "Deny"), [deny]);
    // Not documented.
    let always = with(Some(IntentPolicyServices::AllowRulesOnly), "AlwaysAllow");
    assert_eq!(always, [Some(AdminAction::AlwaysAllow), pass]);
}

#[test]
fn some_subnets_are_exempt_by_name_and_the_others_of_their_network_are_not() {
    let (mut build, vnet, subnet) = network();
    let bastion = build.subnet(vnet, "10.0.1.0/24");
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    let facts = exemptions();
    let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
    let all = Answer::everything(Family::V4);
    let at = |subnet| {
        let parts = semantics.admin_deciding_in(subnet, Direction::Inbound, &all);
        told(&parts, &https()).0
    };
    assert_eq!(at(subnet), [Some(AdminAction::Deny)]);
    assert_eq!(at(bastion), [Some(AdminAction::Allow)]);
}

#[test]
fn a_network_outside_the_files_is_a_member_by_its_key() {
    let (mut build, vnet, subnet) = network();
    let collection = build.manager(vnet);
    build.admin_rule(collection, "10 Deny In Tcp * -> *:443");
    build.network.admin_configurations[0].intent_policy_services = known(IntentPolicyServices::All);
    build.network.admin_deployments[0].location = absent();
    let outside = |name: &str| Link::External(ResourceKey(name.into()));
    build.network.static_members[0].network = known(outside("hub"));
    let at = |build: &Build| {
        let facts = exemptions();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let all = Answer::everything(Family::V4);
        told(
            &semantics.admin_deciding_in(subnet, Direction::Inbound, &all),
            &https(),
        )
    };
    build.network[subnet].virtual_network = known(outside("hub"));
    let (actions, labels) = at(&build);
    assert_eq!(actions, [Some(AdminAction::Deny), Some(AdminAction::Allow)]);
    assert_eq!(labels, ["the region of the virtual network"]);
    build.network[subnet].virtual_network = known(outside("spoke"));
    assert_eq!(at(&build).0, [Some(AdminAction::Allow)]);
    build.network[subnet].virtual_network = unknown("var.network");
    assert_eq!(at(&build).0.len(), 2);
}

#[test]
fn the_members_of_a_network_group_may_be_a_source() {
    let (mut build, vnet, _) = network();
    let collection = build.manager(vnet);
    let rule = build.admin_rule(collection, "10 Deny In Tcp 10.0.0.0/8 -> *:443");
    let group = AdminAddress::NetworkGroup(Link::Here(NetworkGroupId(0)));
    build.network[rule].source = List::closed(vec![known(group)]);
    let from = |source| flow(source, "10.0.0.4", Protocol::Tcp, 443);
    assert_eq!(
        meets(&build, vnet, &from("10.0.3.1")).0,
        [Some(AdminAction::Deny)]
    );
    assert_eq!(
        meets(&build, vnet, &from("10.1.0.1")).0,
        [Some(AdminAction::Allow)]
    );
}

#[test]
fn which_of_two_managers_comes_first_is_open() {
    let (mut build, vnet, _) = network();
    let first = build.manager(vnet);
    let second = build.manager(vnet);
    build.admin_rule(first, "10 Deny In Tcp * -> *:443");
    build.admin_rule(second, "20 AlwaysAllow In Tcp * -> *:443");
    let (actions, _) = meets(&build, vnet, &https());
    let both = [Some(AdminAction::Deny), Some(AdminAction::AlwaysAllow)];
    assert_eq!(actions, both);
}

#[test]
fn a_collection_that_is_only_looked_up_may_hold_further_rules() {
    let (mut build, vnet, _) = network();
    let collection = build.manager(vnet);
    build.network[collection].meta.existing = true;
    let (actions, labels) = meets(&build, vnet, &https());
    assert_eq!(actions, [None, Some(AdminAction::Allow)]);
    assert_eq!(labels, ["collection0"]);
}

#[test]
fn ports_are_read_like_those_of_security_rules() {
    let (mut build, vnet, _) = network();
    let collection = build.manager(vnet);
    let rule = build.admin_rule(collection, "10 Deny In Tcp * -> *:440-450");
    build.network[rule].source_ports = List::closed(vec![port("40000")]);
    assert_eq!(meets(&build, vnet, &https()).0, [Some(AdminAction::Deny)]);
    build.network[rule].source_ports = List::closed(vec![port("1")]);
    assert_eq!(meets(&build, vnet, &https()).0, [Some(AdminAction::Allow)]);
}

/// A rule of the plain evaluator: priority, action, source bits, port, collection.
type Plain = (u32, u8, u8, u16, usize);

/// Which rule decides, asking one after the other.
fn decides(rules: &[Plain], in_force: &[bool; 3], source: u8, port: u16) -> Option<usize> {
    let hits = rules.iter().enumerate().filter(|(_, rule)| {
        in_force[rule.4]
            && u16::from(source) >> (8 - rule.2) == 0
            && (rule.3 == 0 || rule.3 == port)
    });
    hits.min_by_key(|(_, rule)| rule.0).map(|(index, _)| index)
}

proptest! {
    #![proptest_config(super::fixture::cases(512))]

    #[test]
    fn parts_agree_with_asking_rule_after_rule(
        mut rules in proptest::collection::vec(
            (1_u32..12, 0_u8..4, 0_u8..6, 0_u16..4, 0_usize..3),
            0..7,
        ),
    ) {
        rules.sort_by_key(|rule| rule.0);
        rules.dedup_by_key(|rule| rule.0);
        let (mut build, vnet, _) = network();
        let certain = build.manager(vnet);
        // One collection may be in force, one is for another network.
        let perhaps_there = build.collection(0, 0);
        build.network[perhaps_there].meta.existence = perhaps("var.more");
        let other = build.vnet("10.9.0.0/16");
        let elsewhere = build.manager(other);
        let collections = [certain, perhaps_there, elsewhere];
        for (priority, action, length, port, collection) in &rules {
            let action = ["Allow", "AlwaysAllow", "Deny", "?action"][usize::from(*action)];
            let source = format!("10.0.0.0/{}", 24 + length);
            let port = if *port == 0 { "*".to_owned() } else { port.to_string() };
            let text = format!("{priority} {action} In Tcp {source} -> *:{port}");
            build.admin_rule(collections[*collection], &text);
        }
        let facts = exemptions();
        let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
        let all = Answer::everything(Family::V4);
        let parts = semantics.admin_deciding(vnet, Direction::Inbound, &all);
        for source in [0_u8, 1, 3, 4, 9, 20, 70, 130, 255] {
            for port in 1..5 {
                let source_text = format!("10.0.0.{source}");
                let packet = flow(&source_text, "10.0.0.4", Protocol::Tcp, port);
                let worlds = [[true, true, false], [true, false, false]];
                let by: Vec<Option<AdminRuleId>> = worlds
                    .iter()
                    .map(|world| decides(&rules, world, source, port))
                    .map(|index| index.map(|index| AdminRuleId(u32::try_from(index).unwrap())))
                    .collect();
                for part in &parts {
                    let must = within(&part.flows.flows.must, &packet);
                    let may = within(&part.flows.flows.may, &packet);
                    let somewhere = by.contains(&part.by);
                    let everywhere = by.iter().all(|by| *by == part.by);
                    prop_assert!(may || !somewhere, "{:?} {:?}", part.by, packet);
                    prop_assert!(everywhere || !must, "{:?} {:?}", part.by, packet);
                    // What is certain in every world is told exactly.
                    if rules.iter().all(|rule| rule.4 != 1) {
                        prop_assert_eq!((must, may), (everywhere, somewhere));
                    }
                }
                for by in by {
                    prop_assert!(parts.iter().any(|part| part.by == by));
                }
            }
        }
    }
}
