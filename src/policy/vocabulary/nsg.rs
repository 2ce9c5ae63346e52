//! Network security groups and their rules.

mod defects;
mod sides;
mod tags;

use std::sync::Arc;

use super::attachment::{machines, subnets_of};
use super::balanced::{BALANCED, balanced_targets};
use super::read::{address, addresses, element, elements, field, name, open, ports, text};
use super::targets::{TARGET, probe_targets};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::address::{AddressPrefix, Protocol, ProtocolMatch};
use crate::model::nsg::{Access, Direction, SecurityRule};
use crate::model::{self, Link, NsgId, SecurityRuleId, State, SubnetId};
use crate::policy::datum::{self, Data, Datum};

use defects::{count_addresses, count_groups, defects, free_priority, same_name, same_priority};
use sides::{destination_port_count, service_source_ports, translated_addresses};
use tags::{MISDIRECTED_TAG, misdirected_tags, unknown_tags};
pub(super) use tags::{UNKNOWN_TAG, unknown_of};

pub(super) const DIRECTIONS: &[&str] = &["Inbound", "Outbound"];
pub(super) const ACCESSES: &[&str] = &["Allow", "Deny"];
pub(super) const PROTOCOLS: &[&str] = &["*", "Tcp", "Udp", "Icmp", "Esp", "Ah"];

pub(super) const DEFECT: &[super::Member] = &[
    ("field", Ty::TEXT, "the field or fields"),
    ("why", Ty::TEXT, "what is wrong with it, one clause"),
    (
        "documented",
        Ty::BOOL,
        "a document says that Azure refuses it; users report it otherwise",
    ),
];

pub(super) static SECURITY_RULE: KindSpec = KindSpec {
    kind: Kind::SecurityRule,
    name: "security-rule",
    is_subject: true,
    doc: "A rule of a network security group, not one of Azure's default rules.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&rule(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&rule(w, id).meta),
        },
        Field {
            name: "description",
            ty: Ty::TEXT,
            doc: "what people wrote about it; null: nothing",
            get: |w, id| field(&rule(w, id).description, text),
        },
        Field {
            name: "priority",
            ty: Ty::NUMBER,
            doc: "100 to 4096",
            get: |w, id| field(&rule(w, id).priority, |n| Data::Number(i64::from(*n))),
        },
        Field {
            name: "direction",
            ty: Ty::One(Item::Word(DIRECTIONS)),
            doc: "`Inbound` or `Outbound`",
            get: |w, id| field(&rule(w, id).direction, direction),
        },
        Field {
            name: "access",
            ty: Ty::One(Item::Word(ACCESSES)),
            doc: "`Allow` or `Deny`",
            get: |w, id| field(&rule(w, id).access, access),
        },
        Field {
            name: "protocol",
            ty: Ty::One(Item::Word(PROTOCOLS)),
            doc: "`*` is any",
            get: |w, id| field(&rule(w, id).protocol, protocol),
        },
        Field {
            name: "source_address_prefixes",
            ty: Ty::List(Item::Address),
            doc: "singular and plural fields together",
            get: |w, id| addresses(&rule(w, id).source),
        },
        Field {
            name: "destination_address_prefixes",
            ty: Ty::List(Item::Address),
            doc: "singular and plural fields together",
            get: |w, id| addresses(&rule(w, id).destination),
        },
        Field {
            name: "source_port_ranges",
            ty: Ty::List(Item::Ports),
            doc: "singular and plural fields together",
            get: |w, id| ports(&rule(w, id).source_ports),
        },
        Field {
            name: "destination_port_ranges",
            ty: Ty::List(Item::Ports),
            doc: "singular and plural fields together",
            get: |w, id| ports(&rule(w, id).destination_ports),
        },
        Field {
            name: "network_security_group",
            ty: Ty::One(Item::Element(Kind::Nsg)),
            doc: "its group; null if that is not in the files",
            get: |w, id| match rule(w, id).nsg {
                Some(nsg) => element(w, Kind::Nsg, nsg.0),
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets its group is attached to, and those of the interfaces it is attached to",
            get: |w, id| of_group(w, id, subnets),
        },
        Field {
            name: "attached_interfaces",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "the interfaces its group is attached to",
            get: |w, id| of_group(w, id, own_interfaces),
        },
        Field {
            name: "network_interfaces",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "every interface behind its group: its own, and those in its subnets",
            get: |w, id| of_group(w, id, attached),
        },
        Field {
            name: "machines",
            ty: Ty::List(Item::Element(Kind::Machine)),
            doc: "the machines behind its group",
            get: |w, id| of_group(w, id, attached_machines),
        },
        Field {
            name: "probe_targets",
            ty: Ty::List(Item::Object(TARGET)),
            doc: "the pool members behind its group that a health probe in use asks",
            get: |w, id| of_group(w, id, probe_targets),
        },
        Field {
            name: "virtual_networks",
            ty: Ty::List(Item::Element(Kind::VirtualNetwork)),
            doc: "the networks of its subnets",
            get: |w, id| of_group(w, id, virtual_networks),
        },
        Field {
            name: "destination_service_tags",
            ty: Ty::List(Item::Text),
            doc: "the service tags among its destinations",
            get: |w, id| tags(w, &rule(w, id).destination),
        },
        Field {
            name: "source_service_tags",
            ty: Ty::List(Item::Text),
            doc: "the service tags among its sources",
            get: |w, id| tags(w, &rule(w, id).source),
        },
        Field {
            name: "destination_application_security_groups",
            ty: Ty::List(Item::Text),
            doc: "the application security groups among its destinations",
            get: |w, id| groups(w, &rule(w, id).destination),
        },
        Field {
            name: "source_application_security_groups",
            ty: Ty::List(Item::Text),
            doc: "the application security groups among its sources",
            get: |w, id| groups(w, &rule(w, id).source),
        },
        Field {
            name: "destination_blocks",
            ty: Ty::List(Item::Text),
            doc: "the blocks among its destinations, each written with its length: `10.0.0.4/32`",
            get: |w, id| blocks(&rule(w, id).destination),
        },
        Field {
            name: "source_blocks",
            ty: Ty::List(Item::Text),
            doc: "the blocks among its sources, each written with its length",
            get: |w, id| blocks(&rule(w, id).source),
        },
        Field {
            name: "same_priority",
            ty: Ty::List(Item::Element(Kind::SecurityRule)),
            doc: "rules of its group with its priority and direction that are written before it",
            get: same_priority,
        },
        Field {
            name: "same_name",
            ty: Ty::List(Item::Element(Kind::SecurityRule)),
            doc: "rules of its group with its name, in any case, that are written before it",
            get: same_name,
        },
        Field {
            name: "translated_addresses",
            ty: Ty::List(Item::Address),
            doc: "public addresses on the side of the rule's own network, inbound destinations and outbound sources, which Azure translates: no packet of the direction has them",
            get: translated_addresses,
        },
        Field {
            name: "service_source_ports",
            ty: Ty::List(Item::Ports),
            doc: "its source ports, if they are single ports of services, none that clients pick by themselves",
            get: service_source_ports,
        },
        Field {
            name: "destination_port_count",
            ty: Ty::NUMBER,
            doc: "how many destination ports it names together",
            get: destination_port_count,
        },
        Field {
            name: "unknown_tags",
            ty: Ty::List(Item::Object(UNKNOWN_TAG)),
            doc: "its sources and destinations that look like service tags and are not among those documented",
            get: unknown_tags,
        },
        Field {
            name: "misdirected_tags",
            ty: Ty::List(Item::Object(MISDIRECTED_TAG)),
            doc: "service tags of its far side that are documented for the other direction alone",
            get: misdirected_tags,
        },
        Field {
            name: "balanced_targets",
            ty: Ty::List(Item::Object(BALANCED)),
            doc: "the pool members behind its group that a load-balancing rule sends to",
            get: |w, id| of_group(w, id, balanced_targets),
        },
        Field {
            name: "apart",
            ty: Ty::BOOL,
            doc: "a resource of its own that the list of rules in its group would overwrite",
            get: |w, id| Datum::new(Data::Bool(rule(w, id).apart), rule(w, id).meta.origin),
        },
        Field {
            name: "defects",
            ty: Ty::List(Item::Object(DEFECT)),
            doc: "what Azure refuses about it",
            get: defects,
        },
        Field {
            name: "platform_managed",
            ty: Ty::BOOL,
            doc: "put there by an Azure service",
            get: |w, id| {
                Datum::new(
                    Data::Bool(rule(w, id).platform_managed),
                    rule(w, id).meta.origin,
                )
            },
        },
        Field {
            name: "free_priority_before",
            ty: Ty::NUMBER,
            doc: "a free priority before it, for a rule that must win; null if there is none or it is not known",
            get: free_priority,
        },
    ],
};

pub(super) static NSG: KindSpec = KindSpec {
    kind: Kind::Nsg,
    name: "network-security-group",
    is_subject: true,
    doc: "A network security group.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&group(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&group(w, id).meta),
        },
        Field {
            name: "rules",
            ty: Ty::List(Item::Element(Kind::SecurityRule)),
            doc: "its own rules",
            get: |w, id| {
                let rules = &group(w, id).rules;
                elements(
                    w,
                    Kind::SecurityRule,
                    rules.items.iter().map(|id| id.0),
                    rules.rest.clone(),
                )
            },
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets it is attached to, and those of the interfaces it is attached to",
            get: |w, id| subnets(w, NsgId(id)),
        },
        Field {
            name: "attached_interfaces",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "the interfaces it is attached to",
            get: |w, id| own_interfaces(w, NsgId(id)),
        },
        Field {
            name: "network_interfaces",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "every interface behind it: its own, and those in its subnets",
            get: |w, id| attached(w, NsgId(id)),
        },
        Field {
            name: "machines",
            ty: Ty::List(Item::Element(Kind::Machine)),
            doc: "the machines behind it",
            get: |w, id| attached_machines(w, NsgId(id)),
        },
        Field {
            name: "probe_targets",
            ty: Ty::List(Item::Object(TARGET)),
            doc: "the pool members behind it that a health probe in use asks",
            get: |w, id| probe_targets(w, NsgId(id)),
        },
        Field {
            name: "virtual_networks",
            ty: Ty::List(Item::Element(Kind::VirtualNetwork)),
            doc: "the networks of its subnets",
            get: |w, id| virtual_networks(w, NsgId(id)),
        },
        Field {
            name: "balanced_targets",
            ty: Ty::List(Item::Object(BALANCED)),
            doc: "the pool members behind it that a load-balancing rule sends to",
            get: |w, id| balanced_targets(w, NsgId(id)),
        },
        Field {
            name: "attached_subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets it is attached to itself",
            get: |w, id| {
                let own = &group(w, id).subnets;
                elements(
                    w,
                    Kind::Subnet,
                    own.items.iter().map(|id| id.0),
                    own.rest.clone(),
                )
            },
        },
        Field {
            name: "source_addresses",
            ty: Ty::NUMBER,
            doc: "how many source addresses and blocks its rules name together",
            get: |w, id| count_addresses(w, id, |rule| &rule.source),
        },
        Field {
            name: "destination_addresses",
            ty: Ty::NUMBER,
            doc: "how many destination addresses and blocks its rules name together",
            get: |w, id| count_addresses(w, id, |rule| &rule.destination),
        },
        Field {
            name: "application_security_groups",
            ty: Ty::NUMBER,
            doc: "how many application security groups its rules name together",
            get: count_groups,
        },
    ],
};

fn rule<'a>(world: &World<'a>, id: u32) -> &'a SecurityRule {
    &world.network[SecurityRuleId(id)]
}

fn group<'a>(world: &World<'a>, id: u32) -> &'a model::nsg::NetworkSecurityGroup {
    &world.network[NsgId(id)]
}

fn of_group(world: &World<'_>, id: u32, get: fn(&World<'_>, NsgId) -> Datum) -> Datum {
    match rule(world, id).nsg {
        Some(nsg) => get(world, nsg),
        None => open("what its network security group is attached to"),
    }
}

pub(super) fn direction(value: &Direction) -> Data {
    Data::Text(match value {
        Direction::Inbound => "Inbound".into(),
        Direction::Outbound => "Outbound".into(),
    })
}

pub(super) fn access(value: &Access) -> Data {
    Data::Text(match value {
        Access::Allow => "Allow".into(),
        Access::Deny => "Deny".into(),
    })
}

pub(super) fn protocol(value: &ProtocolMatch) -> Data {
    Data::Text(match value {
        ProtocolMatch::Any => "*".into(),
        ProtocolMatch::Only(protocol) => protocol_word(*protocol).into(),
    })
}

pub(crate) fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "Tcp",
        Protocol::Udp => "Udp",
        Protocol::Icmp => "Icmp",
        Protocol::Esp => "Esp",
        Protocol::Ah => "Ah",
        Protocol::Other => "Other",
    }
}

fn subnets(world: &World<'_>, id: NsgId) -> Datum {
    let nsg = &world.network[id];
    let mut ids = nsg.subnets.items.clone();
    for nic in &nsg.network_interfaces.items {
        ids.extend(subnets_of(world.network, *nic));
    }
    ids.sort_unstable();
    ids.dedup();
    let rest = nsg
        .subnets
        .rest
        .clone()
        .or_else(|| nsg.network_interfaces.rest.clone());
    elements(world, Kind::Subnet, ids.into_iter().map(|id| id.0), rest)
}

fn virtual_networks(world: &World<'_>, id: NsgId) -> Datum {
    let subnets = subnets(world, id);
    let Data::List(items) = &subnets.data else {
        return subnets;
    };
    let mut rest = items.rest.clone();
    let mut ids = Vec::new();
    for item in &items.items {
        let Data::Element(subnet) = &item.datum.data else {
            continue;
        };
        match &world.network[SubnetId(subnet.id)].virtual_network.state {
            State::Known(Link::Here(vnet)) => ids.push(vnet.0),
            State::Known(Link::External(key)) => {
                rest = rest.or_else(|| Some(super::outside(Arc::clone(&key.0))));
            }
            State::Unknown(unknown, _) => rest = rest.or_else(|| Some(Arc::clone(unknown))),
            _ => {}
        }
    }
    ids.sort_unstable();
    ids.dedup();
    elements(world, Kind::VirtualNetwork, ids, rest)
}

/// The items of a side that are of one sort, as texts; unknown ones leave the list open.
fn side(
    of: &model::List<model::Field<AddressPrefix>>,
    pick: impl Fn(&AddressPrefix) -> Option<String>,
) -> Datum {
    let mut rest = of.rest.clone();
    let mut items = Vec::new();
    for field in &of.items {
        match &field.state {
            State::Known(prefix) => {
                if let Some(text) = pick(prefix) {
                    let datum = Datum::new(Data::Text(text.into()), field.origin);
                    items.push(datum::Item::certain(datum));
                }
            }
            State::Unknown(unknown, candidates) => {
                let none = candidates.as_ref().is_some_and(|all| {
                    !all.is_empty() && all.iter().all(|one| pick(one).is_none())
                });
                if !none {
                    rest = rest.or_else(|| Some(Arc::clone(unknown)));
                }
            }
            _ => {}
        }
    }
    Datum::list(items, rest)
}

/// The tags of a side, spelt as the platform's table spells them.
pub(super) fn tags(world: &World<'_>, of: &model::List<model::Field<AddressPrefix>>) -> Datum {
    side(of, |prefix| match prefix {
        AddressPrefix::Tag(tag) => Some(world.facts.spelling_of_tag(tag.name())),
        _ => None,
    })
}

fn blocks(of: &model::List<model::Field<AddressPrefix>>) -> Datum {
    side(of, |prefix| match prefix {
        AddressPrefix::Block(block) => Some(block.to_string()),
        _ => None,
    })
}

fn groups(world: &World<'_>, of: &model::List<model::Field<AddressPrefix>>) -> Datum {
    side(of, |prefix| match prefix {
        AddressPrefix::Asg(Link::Here(asg)) => Some(world.network[*asg].meta.address.to_string()),
        AddressPrefix::Asg(Link::External(key)) => Some(key.0.to_string()),
        _ => None,
    })
}

fn own_interfaces(world: &World<'_>, id: NsgId) -> Datum {
    let own = &world.network[id].network_interfaces;
    let ids = own.items.iter().map(|id| id.0);
    elements(world, Kind::NetworkInterface, ids, own.rest.clone())
}

fn attached(world: &World<'_>, id: NsgId) -> Datum {
    let behind = world.index.behind(id);
    let ids = behind.interfaces.iter().map(|id| id.0);
    elements(world, Kind::NetworkInterface, ids, behind.rest)
}

fn attached_machines(world: &World<'_>, id: NsgId) -> Datum {
    let behind = world.index.behind(id);
    let ids = machines(world.network, &behind.interfaces);
    elements(world, Kind::Machine, ids.iter().map(|id| id.0), behind.rest)
}
