//! Virtual network managers, their groups and security admin rules.

use std::sync::Arc;

use super::nsg::{DIRECTIONS, PROTOCOLS, direction, protocol};
use super::read::{field, link, links, list, ports, text};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::manager::{
    AdminAction, AdminAddress, AdminConfiguration, AdminDeployment, AdminRule, AdminRuleCollection,
    IntentPolicyServices, NetworkGroup, StaticMember,
};
use crate::model::{
    AdminConfigurationId, AdminDeploymentId, AdminRuleCollectionId, AdminRuleId, Link,
    NetworkGroupId, StaticMemberId,
};
use crate::policy::datum::{Data, Element};

const ACTIONS: &[&str] = &["Allow", "AlwaysAllow", "Deny"];
const INTENTS: &[&str] = &["None", "AllowRulesOnly", "All"];

pub(super) static NETWORK_MANAGER: KindSpec = KindSpec {
    kind: Kind::NetworkManager,
    name: "network-manager",
    is_subject: true,
    doc: "A virtual network manager.",
    fields: &[],
};

pub(super) static NETWORK_GROUP: KindSpec = KindSpec {
    kind: Kind::NetworkGroup,
    name: "network-group",
    is_subject: true,
    doc: "A network group of a virtual network manager.",
    fields: &[
        Field::new(
            "manager",
            Ty::One(Item::Element(Kind::NetworkManager)),
            "its manager",
            |w, id| link(w, &group(w, id).manager, Kind::NetworkManager, |id| id.0),
        ),
        Field::new(
            "member_type",
            Ty::TEXT,
            "`VirtualNetwork` or `Subnet`; null: virtual networks",
            |w, id| field(&group(w, id).member_type, text),
        ),
    ],
};

pub(super) static NETWORK_GROUP_MEMBER: KindSpec = KindSpec {
    kind: Kind::NetworkGroupMember,
    name: "network-group-member",
    is_subject: true,
    doc: "A virtual network that a network group names as its member.",
    fields: &[
        Field::new(
            "group",
            Ty::One(Item::Element(Kind::NetworkGroup)),
            "the group",
            |w, id| link(w, &member(w, id).group, Kind::NetworkGroup, |id| id.0),
        ),
        Field::new(
            "virtual_network",
            Ty::One(Item::Element(Kind::VirtualNetwork)),
            "the member",
            |w, id| link(w, &member(w, id).network, Kind::VirtualNetwork, |id| id.0),
        ),
    ],
};

pub(super) static ADMIN_CONFIGURATION: KindSpec = KindSpec {
    kind: Kind::AdminConfiguration,
    name: "admin-configuration",
    is_subject: true,
    doc: "A security admin configuration of a virtual network manager.",
    fields: &[
        Field::new(
            "manager",
            Ty::One(Item::Element(Kind::NetworkManager)),
            "its manager",
            |w, id| {
                let manager = &configuration(w, id).manager;
                link(w, manager, Kind::NetworkManager, |id| id.0)
            },
        ),
        Field::new(
            "intent_policy_services",
            Ty::One(Item::Word(INTENTS)),
            "which of its rules apply where services have intent policies: `None`, \
             `AllowRulesOnly` or `All`; null: `None`",
            |w, id| {
                let services = &configuration(w, id).intent_policy_services;
                field(services, |services| {
                    Data::Text(match services {
                        IntentPolicyServices::None => "None".into(),
                        IntentPolicyServices::AllowRulesOnly => "AllowRulesOnly".into(),
                        IntentPolicyServices::All => "All".into(),
                    })
                })
            },
        ),
    ],
};

pub(super) static ADMIN_RULE_COLLECTION: KindSpec = KindSpec {
    kind: Kind::AdminRuleCollection,
    name: "admin-rule-collection",
    is_subject: true,
    doc: "A collection of security admin rules.",
    fields: &[
        Field::new(
            "configuration",
            Ty::One(Item::Element(Kind::AdminConfiguration)),
            "its configuration",
            |w, id| {
                let configuration = &collection(w, id).configuration;
                link(w, configuration, Kind::AdminConfiguration, |id| id.0)
            },
        ),
        Field::new(
            "groups",
            Ty::List(Item::Element(Kind::NetworkGroup)),
            "the groups whose members get its rules",
            |w, id| links(w, &collection(w, id).groups, Kind::NetworkGroup, |id| id.0),
        ),
    ],
};

pub(super) static ADMIN_RULE: KindSpec = KindSpec {
    kind: Kind::AdminRule,
    name: "admin-rule",
    is_subject: true,
    doc: "A security admin rule of a virtual network manager.",
    fields: &[
        Field::new(
            "collection",
            Ty::One(Item::Element(Kind::AdminRuleCollection)),
            "its collection",
            |w, id| {
                let collection = &rule(w, id).collection;
                link(w, collection, Kind::AdminRuleCollection, |id| id.0)
            },
        ),
        Field::new(
            "priority",
            Ty::NUMBER,
            "1 to 4096, lowest first",
            |w, id| field(&rule(w, id).priority, |n| Data::Number(i64::from(*n))),
        ),
        Field::new(
            "direction",
            Ty::One(Item::Word(DIRECTIONS)),
            "`Inbound` or `Outbound`",
            |w, id| field(&rule(w, id).direction, direction),
        ),
        Field::new(
            "action",
            Ty::One(Item::Word(ACTIONS)),
            "`Allow`, `AlwaysAllow` or `Deny`",
            |w, id| {
                field(&rule(w, id).action, |action| {
                    Data::Text(match action {
                        AdminAction::Allow => "Allow".into(),
                        AdminAction::AlwaysAllow => "AlwaysAllow".into(),
                        AdminAction::Deny => "Deny".into(),
                    })
                })
            },
        ),
        Field::new(
            "protocol",
            Ty::One(Item::Word(PROTOCOLS)),
            "`*` is any",
            |w, id| field(&rule(w, id).protocol, protocol),
        ),
        Field::new(
            "source_addresses",
            Ty::List(Item::Any),
            "addresses, tags and network groups; empty: any",
            |w, id| list(&rule(w, id).source, side),
        ),
        Field::new(
            "destination_addresses",
            Ty::List(Item::Any),
            "addresses, tags and network groups; empty: any",
            |w, id| list(&rule(w, id).destination, side),
        ),
        Field::new(
            "source_port_ranges",
            Ty::List(Item::Ports),
            "empty: any",
            |w, id| ports(&rule(w, id).source_ports),
        ),
        Field::new(
            "destination_port_ranges",
            Ty::List(Item::Ports),
            "empty: any",
            |w, id| ports(&rule(w, id).destination_ports),
        ),
    ],
};

pub(super) static ADMIN_DEPLOYMENT: KindSpec = KindSpec {
    kind: Kind::AdminDeployment,
    name: "admin-deployment",
    is_subject: true,
    doc: "A deployment (\"commit\") of security admin configurations to a region.",
    fields: &[
        Field::new(
            "manager",
            Ty::One(Item::Element(Kind::NetworkManager)),
            "the manager",
            |w, id| {
                link(w, &deployment(w, id).manager, Kind::NetworkManager, |id| {
                    id.0
                })
            },
        ),
        Field::new("location", Ty::TEXT, "the region", |w, id| {
            field(&deployment(w, id).location, text)
        }),
        Field::new(
            "configurations",
            Ty::List(Item::Element(Kind::AdminConfiguration)),
            "what is in force there",
            |w, id| {
                let configurations = &deployment(w, id).configurations;
                links(w, configurations, Kind::AdminConfiguration, |id| id.0)
            },
        ),
    ],
};

fn side(address: &AdminAddress) -> Data {
    match address {
        AdminAddress::Prefix(prefix) => Data::Address(prefix.clone()),
        AdminAddress::NetworkGroup(Link::Here(group)) => Data::Element(Element {
            kind: Kind::NetworkGroup,
            id: group.0,
        }),
        AdminAddress::NetworkGroup(Link::External(key)) => Data::External(Arc::clone(&key.0)),
    }
}

fn group<'a>(world: &World<'a>, id: u32) -> &'a NetworkGroup {
    &world.network[NetworkGroupId(id)]
}

fn member<'a>(world: &World<'a>, id: u32) -> &'a StaticMember {
    &world.network[StaticMemberId(id)]
}

fn configuration<'a>(world: &World<'a>, id: u32) -> &'a AdminConfiguration {
    &world.network[AdminConfigurationId(id)]
}

fn collection<'a>(world: &World<'a>, id: u32) -> &'a AdminRuleCollection {
    &world.network[AdminRuleCollectionId(id)]
}

fn rule<'a>(world: &World<'a>, id: u32) -> &'a AdminRule {
    &world.network[AdminRuleId(id)]
}

fn deployment<'a>(world: &World<'a>, id: u32) -> &'a AdminDeployment {
    &world.network[AdminDeploymentId(id)]
}
