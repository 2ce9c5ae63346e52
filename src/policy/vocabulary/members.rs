//! What lies in subnets or gives them addresses: private endpoints, NAT gateways, prefixes of public
//! addresses, application security groups.

use super::read::{block, elements, field, host, link, links, list, text};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::nsg::ApplicationSecurityGroup;
use crate::model::topology::{NatGateway, PrivateEndpoint, PublicIpPrefix};
use crate::model::{AsgId, Link, NatGatewayId, PrivateEndpointId, PublicIpPrefixId};
use crate::policy::datum::{Data, Datum};
use std::sync::Arc;

pub(super) static APPLICATION_SECURITY_GROUP: KindSpec = KindSpec {
    kind: Kind::ApplicationSecurityGroup,
    name: "application-security-group",
    is_subject: true,
    doc: "An application security group.",
    fields: &[Field::new(
        "members",
        Ty::List(Item::Element(Kind::NetworkInterface)),
        "the interfaces that are members",
        |w, id| {
            let members = &group(w, id).members;
            let ids = members.items.iter().map(|id| id.0);
            elements(w, Kind::NetworkInterface, ids, members.rest.clone())
        },
    )],
};

pub(super) static PUBLIC_IP_PREFIX: KindSpec = KindSpec {
    kind: Kind::PublicIpPrefix,
    name: "public-ip-prefix",
    is_subject: true,
    doc: "A prefix of public IP addresses.",
    fields: &[Field::new(
        "prefix",
        Ty::One(Item::Address),
        "the addresses, in exports",
        |w, id| field(&prefix(w, id).prefix, block),
    )],
};

pub(super) static NAT_GATEWAY: KindSpec = KindSpec {
    kind: Kind::NatGateway,
    name: "nat-gateway",
    is_subject: true,
    doc: "A NAT gateway.",
    fields: &[
        Field::new(
            "sku",
            Ty::TEXT,
            "`Standard` or `StandardV2`; null: `Standard`",
            |w, id| field(&nat(w, id).sku, text),
        ),
        Field::new(
            "public_ips",
            Ty::List(Item::Element(Kind::PublicIp)),
            "its public addresses",
            |w, id| links(w, &nat(w, id).public_ips, Kind::PublicIp, |id| id.0),
        ),
        Field::new(
            "public_ip_prefixes",
            Ty::List(Item::Element(Kind::PublicIpPrefix)),
            "its prefixes of public addresses",
            |w, id| {
                let prefixes = &nat(w, id).public_ip_prefixes;
                links(w, prefixes, Kind::PublicIpPrefix, |id| id.0)
            },
        ),
        Field::new(
            "has_public_address",
            Ty::BOOL,
            "whether a public address or prefix is attached",
            |w, id| {
                let because = super::outside("the public addresses of the NAT gateway");
                Datum::truth_value(nat(w, id).has_public_address(), Some(because))
            },
        ),
        Field::new(
            "subnets",
            Ty::List(Item::Element(Kind::Subnet)),
            "the subnets that use it",
            |w, id| {
                let subnets = &nat(w, id).subnets;
                let ids = subnets.items.iter().map(|id| id.0);
                elements(w, Kind::Subnet, ids, subnets.rest.clone())
            },
        ),
    ],
};

pub(super) static PRIVATE_ENDPOINT: KindSpec = KindSpec {
    kind: Kind::PrivateEndpoint,
    name: "private-endpoint",
    is_subject: true,
    doc: "A private endpoint: an address in a subnet behind which a service lies.",
    fields: &[
        Field::new(
            "subnet",
            Ty::One(Item::Element(Kind::Subnet)),
            "the subnet it lies in",
            |w, id| link(w, &endpoint(w, id).subnet, Kind::Subnet, |id| id.0),
        ),
        Field::new(
            "addresses",
            Ty::List(Item::Address),
            "its addresses, where they are written",
            |w, id| list(&endpoint(w, id).addresses, host),
        ),
        Field::new(
            "network_interfaces",
            Ty::List(Item::Element(Kind::NetworkInterface)),
            "the interfaces Azure makes for it, in exports",
            |w, id| {
                let interfaces = &endpoint(w, id).network_interfaces;
                links(w, interfaces, Kind::NetworkInterface, |id| id.0)
            },
        ),
        Field::new(
            "target",
            Ty::TEXT,
            "what it leads to, by id or alias in lower case",
            |w, id| {
                field(&endpoint(w, id).target, |target| match target {
                    Link::External(key) => Data::Text(Arc::clone(&key.0)),
                    Link::Here(service) => match *service {},
                })
            },
        ),
        Field::new(
            "groups",
            Ty::List(Item::Text),
            "the parts of the target it leads to, such as `blob`",
            |w, id| list(&endpoint(w, id).groups, text),
        ),
        Field::new(
            "application_security_groups",
            Ty::List(Item::Element(Kind::ApplicationSecurityGroup)),
            "the groups it is a member of",
            |w, id| {
                let groups = &endpoint(w, id).application_security_groups;
                links(w, groups, Kind::ApplicationSecurityGroup, |id| id.0)
            },
        ),
    ],
};

fn group<'a>(world: &World<'a>, id: u32) -> &'a ApplicationSecurityGroup {
    &world.network[AsgId(id)]
}

fn prefix<'a>(world: &World<'a>, id: u32) -> &'a PublicIpPrefix {
    &world.network[PublicIpPrefixId(id)]
}

fn nat<'a>(world: &World<'a>, id: u32) -> &'a NatGateway {
    &world.network[NatGatewayId(id)]
}

fn endpoint<'a>(world: &World<'a>, id: u32) -> &'a PrivateEndpoint {
    &world.network[PrivateEndpointId(id)]
}
