//! Azure Firewall.

use super::nsg::{ACCESSES, access, protocol_word};
use super::read::{address, addresses, boolean, elements, field, link, list, name, ports, text};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::firewall::{Firewall, FirewallProtocol, FirewallRule};
use crate::model::{FirewallId, FirewallRuleId};
use crate::policy::datum::{Data, Datum};

pub(super) static FIREWALL: KindSpec = KindSpec {
    kind: Kind::Firewall,
    name: "firewall",
    is_subject: true,
    doc: "An Azure Firewall.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&firewall(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&firewall(w, id).meta),
        },
        Field {
            name: "existing",
            ty: Ty::BOOL,
            doc: "only looked up, not created here",
            get: |w, id| Datum::constant(Data::Bool(firewall(w, id).meta.existing)),
        },
        Field {
            name: "subnet",
            ty: Ty::One(Item::Element(Kind::Subnet)),
            doc: "its subnet; null in a virtual hub",
            get: |w, id| link(w, &firewall(w, id).subnet, Kind::Subnet, |id| id.0),
        },
        Field {
            name: "tier",
            ty: Ty::TEXT,
            doc: "`Basic`, `Standard` or `Premium`",
            get: |w, id| field(&firewall(w, id).tier, text),
        },
        Field {
            name: "dns_proxy",
            ty: Ty::BOOL,
            doc: "whether it answers DNS (classic setting)",
            get: |w, id| boolean(&firewall(w, id).settings.dns_proxy),
        },
        Field {
            name: "forced_tunnel",
            ty: Ty::BOOL,
            doc: "whether it has a management address, that is, is sent through a tunnel itself",
            get: |w, id| {
                Datum::new(
                    Data::Bool(firewall(w, id).management),
                    firewall(w, id).meta.origin,
                )
            },
        },
        Field {
            name: "network_rules",
            ty: Ty::List(Item::Element(Kind::FirewallNetworkRule)),
            doc: "its network rules in the order it asks them, those of parent policies first",
            get: |w, id| {
                let rules = w.semantics.firewall_network_rules(FirewallId(id));
                elements(
                    w,
                    Kind::FirewallNetworkRule,
                    rules.iter().map(|id| id.0),
                    firewall(w, id).rules.rest.clone(),
                )
            },
        },
        Field {
            name: "nat_rules",
            ty: Ty::List(Item::Element(Kind::FirewallNatRule)),
            doc: "its translation rules in order",
            get: |w, id| {
                let rules = w.semantics.firewall_nat_rules(FirewallId(id));
                elements(
                    w,
                    Kind::FirewallNatRule,
                    rules.iter().map(|id| id.0),
                    firewall(w, id).rules.rest.clone(),
                )
            },
        },
    ],
};

/// The fields that both passes have.
macro_rules! rule_fields {
    ($($more:expr,)*) => {
        &[
            Field { name: "name", ty: Ty::TEXT, doc: "its name", get: |w, id| name(&rule(w, id).meta) },
            Field { name: "resource", ty: Ty::TEXT, doc: "the address of its resource", get: |w, id| address(&rule(w, id).meta) },
            Field { name: "collection", ty: Ty::TEXT, doc: "the name of its collection", get: |w, id| field(&rule(w, id).collection, text) },
            Field { name: "action", ty: Ty::One(Item::Word(ACCESSES)), doc: "`Allow` or `Deny`", get: |w, id| field(&rule(w, id).action, access) },
            Field { name: "protocols", ty: Ty::List(Item::Text), doc: "protocols; `Any` is every one", get: |w, id| list(&rule(w, id).protocols, |protocol| Data::Text(match protocol {
                FirewallProtocol::Any => "Any".into(),
                FirewallProtocol::Only(protocol) => protocol_word(*protocol).into(),
                FirewallProtocol::Http => "Http".into(),
                FirewallProtocol::Https => "Https".into(),
                FirewallProtocol::Mssql => "Mssql".into(),
            })) },
            Field { name: "source_addresses", ty: Ty::List(Item::Address), doc: "sources, IP groups resolved", get: |w, id| grouped(w, &rule(w, id).source, &rule(w, id).source_ip_groups) },
            Field { name: "destination_addresses", ty: Ty::List(Item::Address), doc: "destinations, IP groups resolved", get: |w, id| grouped(w, &rule(w, id).destination, &rule(w, id).destination_ip_groups) },
            Field { name: "destination_fqdns", ty: Ty::List(Item::Text), doc: "destination names", get: |w, id| list(&rule(w, id).destination_fqdns, text) },
            Field { name: "destination_ports", ty: Ty::List(Item::Ports), doc: "destination ports", get: |w, id| ports(&rule(w, id).destination_ports) },
            $($more,)*
        ]
    };
}

pub(super) static NETWORK_RULE: KindSpec = KindSpec {
    kind: Kind::FirewallNetworkRule,
    name: "firewall-network-rule",
    is_subject: true,
    doc: "A network rule of an Azure Firewall or of a firewall policy.",
    fields: rule_fields!(),
};

pub(super) static NAT_RULE: KindSpec = KindSpec {
    kind: Kind::FirewallNatRule,
    name: "firewall-nat-rule",
    is_subject: true,
    doc: "A translation (DNAT) rule of an Azure Firewall or of a firewall policy.",
    fields: rule_fields!(
        Field {
            name: "translated_address",
            ty: Ty::One(Item::Address),
            doc: "where packets are sent on to",
            get: |w, id| field(&rule(w, id).translated_address, |address| Data::Address(
                crate::model::address::AddressPrefix::Block((*address).into())
            ))
        },
        Field {
            name: "translated_port",
            ty: Ty::NUMBER,
            doc: "the port packets are sent on to",
            get: |w, id| field(&rule(w, id).translated_port, |port| Data::Number(
                i64::from(*port)
            ))
        },
    ),
};

fn firewall<'a>(world: &World<'a>, id: u32) -> &'a Firewall {
    &world.network[FirewallId(id)]
}

fn rule<'a>(world: &World<'a>, id: u32) -> &'a FirewallRule {
    &world.network[FirewallRuleId(id)]
}

/// Addresses and those of IP groups together; a group outside the files leaves the list open.
fn grouped(
    world: &World<'_>,
    own: &crate::model::List<crate::model::Field<crate::model::address::AddressPrefix>>,
    groups: &crate::model::List<crate::model::Field<crate::model::Link<crate::model::IpGroupId>>>,
) -> Datum {
    use crate::model::{Link, State};
    let mut all = own.clone();
    all.rest = all.rest.or_else(|| groups.rest.clone());
    for group in &groups.items {
        match &group.state {
            State::Known(Link::Here(group)) => {
                let inside = &world.network[*group].addresses;
                all.items.extend(inside.items.iter().cloned());
                all.rest = all.rest.or_else(|| inside.rest.clone());
            }
            State::Known(Link::External(key)) => {
                all.rest = all
                    .rest
                    .or_else(|| Some(super::outside(std::sync::Arc::clone(&key.0))));
            }
            State::Unknown(unknown, _) => {
                all.rest = all.rest.or_else(|| Some(std::sync::Arc::clone(unknown)));
            }
            _ => {}
        }
    }
    addresses(&all)
}
