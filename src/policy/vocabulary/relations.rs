//! Relations that the tables of the kinds leave out, above all those that lead back: from a public
//! address to what has it, from a policy to its firewalls.
//!
//! In source files what leads back is open: something outside may be attached too.

mod uses;

use std::sync::Arc;

use super::addressing;
use super::balancing::{FRONTEND, frontends, parts_of, rules_that};
use super::defects;
use super::firewall_parts::{collection_of, firewall_of, policy_of};
use super::nsg::DEFECT;
use super::read::{boolean, elements, field, host, link, links, text};
use super::service;
use super::{Field, Item, Kind, Ty, World, outside};
use crate::model::topology::PrivateEndpointPolicies;
use crate::model::{
    FirewallId, FirewallRuleId, Link, List, LoadBalancerId, NicId, ProbeId, PublicIpId, SubnetId,
    VnetId,
};
use crate::policy::datum::{Data, Datum, Element};

pub(super) use uses::Uses;

/// The further fields of a kind.
pub(super) fn of(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Subnet => SUBNET,
        Kind::VirtualNetwork => VIRTUAL_NETWORK,
        Kind::NetworkInterface => NETWORK_INTERFACE,
        Kind::Nsg => NSG,
        Kind::PublicIp => PUBLIC_IP,
        Kind::PublicIpPrefix => PUBLIC_IP_PREFIX,
        Kind::ApplicationSecurityGroup => APPLICATION_SECURITY_GROUP,
        Kind::LoadBalancer => LOAD_BALANCER,
        Kind::Probe => PROBE,
        Kind::Firewall => FIREWALL,
        Kind::FirewallPolicy => FIREWALL_POLICY,
        Kind::FirewallRule
        | Kind::FirewallNetworkRule
        | Kind::FirewallNatRule
        | Kind::FirewallApplicationRule => FIREWALL_RULE,
        Kind::IpGroup => IP_GROUP,
        Kind::VirtualNetworkGateway => GATEWAY,
        Kind::LocalNetworkGateway => LOCAL_NETWORK_GATEWAY,
        Kind::VirtualHub => VIRTUAL_HUB,
        Kind::NetworkManager => NETWORK_MANAGER,
        Kind::NetworkGroup => NETWORK_GROUP,
        Kind::AdminConfiguration => ADMIN_CONFIGURATION,
        Kind::AdminRuleCollection => ADMIN_RULE_COLLECTION,
        _ => &[],
    }
}

/// A list of elements of a kind that refer to this one.
macro_rules! back {
    ($name:literal, $of:ident <- $kind:ident, $doc:literal) => {
        Field::new(
            $name,
            Ty::List(Item::Element(Kind::$kind)),
            $doc,
            |w, id| users(w, Kind::$of, id, Kind::$kind),
        )
    };
}

const NSG: &[Field] = &[back!("flow_logs", Nsg <- FlowLog, "the flow logs that record it")];

const SUBNET: &[Field] = &[
    Field::new(
        "special",
        Ty::One(Item::Object(service::SPECIAL)),
        "what its name makes of it (`GatewaySubnet`, `AzureBastionSubnet`, …); null for an ordinary one",
        |w, id| service::special(w, SubnetId(id)),
    ),
    Field::new(
        "prefix_length",
        Ty::NUMBER,
        "the length of its IPv4 prefix; of several the shortest",
        |w, id| service::prefix_length(w, SubnetId(id)),
    ),
    Field::new(
        "overlapping_subnets",
        Ty::List(Item::Element(Kind::Subnet)),
        "the earlier subnets of its network that have addresses in common with it",
        addressing::overlapping,
    ),
    Field::new(
        "endpoint_services",
        Ty::List(Item::Object(addressing::ENDPOINT)),
        "its service endpoints with the tags of the services",
        addressing::endpoints,
    ),
    Field::new(
        "services",
        Ty::List(Item::Element(Kind::Service)),
        "Azure's services that live in it",
        |w, id| {
            let all = &w.network[SubnetId(id)].services;
            ids(w, Kind::Service, all, |id| id.0)
        },
    ),
    Field::new(
        "nat_gateway",
        Ty::One(Item::Element(Kind::NatGateway)),
        "the NAT gateway on it; null: none",
        |w, id| {
            let nat = &w.network[SubnetId(id)].nat_gateway;
            link(w, nat, Kind::NatGateway, |id| id.0)
        },
    ),
    Field::new(
        "private_endpoints",
        Ty::List(Item::Element(Kind::PrivateEndpoint)),
        "the private endpoints in it",
        |w, id| {
            let all = &w.network[SubnetId(id)].private_endpoints;
            ids(w, Kind::PrivateEndpoint, all, |id| id.0)
        },
    ),
    Field::new(
        "private_link_service_policies",
        Ty::BOOL,
        "whether network policies apply to Private Link services in it; null: they do",
        |w, id| boolean(&w.network[SubnetId(id)].private_link_service_policies),
    ),
    Field::new(
        "defects",
        Ty::List(Item::Object(DEFECT)),
        "what Azure refuses about its blocks",
        defects::of_subnet,
    ),
    Field::new(
        "private_endpoint_policies",
        Ty::One(Item::Word(POLICIES)),
        "which network policies apply to the private endpoints in it; null: `Disabled`",
        |w, id| {
            let policies = &w.network[SubnetId(id)].private_endpoint_policies;
            field(policies, |policies| {
                Data::Text(match policies {
                    PrivateEndpointPolicies::Disabled => "Disabled".into(),
                    PrivateEndpointPolicies::Enabled => "Enabled".into(),
                    PrivateEndpointPolicies::NetworkSecurityGroupEnabled => {
                        "NetworkSecurityGroupEnabled".into()
                    }
                    PrivateEndpointPolicies::RouteTableEnabled => "RouteTableEnabled".into(),
                })
            })
        },
    ),
    Field::new(
        "firewalls",
        Ty::List(Item::Element(Kind::Firewall)),
        "the Azure Firewalls in it",
        |w, id| {
            ids(
                w,
                Kind::Firewall,
                &w.network[SubnetId(id)].firewalls,
                |id| id.0,
            )
        },
    ),
    back!(
        "virtual_network_gateways",
        Subnet <- VirtualNetworkGateway,
        "the VPN and ExpressRoute gateways in it"
    ),
    back!(
        "load_balancers",
        Subnet <- LoadBalancer,
        "the internal load balancers with a frontend in it"
    ),
];

const POLICIES: &[&str] = &[
    "Disabled",
    "Enabled",
    "NetworkSecurityGroupEnabled",
    "RouteTableEnabled",
];

const VIRTUAL_NETWORK: &[Field] = &[
    Field::new(
        "defects",
        Ty::List(Item::Object(DEFECT)),
        "what Azure refuses about its blocks",
        defects::of_network,
    ),
    Field::new(
        "ddos_protection",
        Ty::BOOL,
        "whether a DDoS protection plan is on; null: no",
        |w, id| boolean(&w.network[VnetId(id)].ddos_protection),
    ),
    back!("flow_logs", VirtualNetwork <- FlowLog, "the flow logs that record it"),
    Field::new("location", Ty::TEXT, "its region, as written", |w, id| {
        field(&w.network[VnetId(id)].location, text)
    }),
    Field::new(
        "peerings",
        Ty::List(Item::Element(Kind::Peering)),
        "its peerings, seen from this side",
        |w, id| ids(w, Kind::Peering, &w.network[VnetId(id)].peerings, |id| id.0),
    ),
    back!(
        "remote_peerings",
        VirtualNetwork <- Peering,
        "the peerings of other networks with it"
    ),
    Field::new(
        "virtual_network_gateways",
        Ty::List(Item::Element(Kind::VirtualNetworkGateway)),
        "its VPN and ExpressRoute gateways",
        |w, id| {
            let gateways = &w.network[VnetId(id)].gateways;
            ids(w, Kind::VirtualNetworkGateway, gateways, |id| id.0)
        },
    ),
    Field::new(
        "hub_connections",
        Ty::List(Item::Element(Kind::HubConnection)),
        "its connections to virtual hubs",
        |w, id| {
            let connections = &w.network[VnetId(id)].hub_connections;
            ids(w, Kind::HubConnection, connections, |id| id.0)
        },
    ),
    back!(
        "network_group_memberships",
        VirtualNetwork <- NetworkGroupMember,
        "where network groups name it as a member"
    ),
];

const NETWORK_INTERFACE: &[Field] = &[
    Field::new(
        "application_security_groups",
        Ty::List(Item::Element(Kind::ApplicationSecurityGroup)),
        "the application security groups it is a member of",
        |w, id| {
            let configurations = &w.network[NicId(id)].ip_configurations;
            let lists = configurations
                .items
                .iter()
                .map(|one| &one.application_security_groups);
            let all = together(lists, configurations.rest.as_ref());
            links(w, &all, Kind::ApplicationSecurityGroup, |id| id.0)
        },
    ),
    Field::new(
        "backend_pools",
        Ty::List(Item::Element(Kind::BackendPool)),
        "the pools of load balancers it is a member of",
        |w, id| {
            let configurations = &w.network[NicId(id)].ip_configurations;
            let lists = configurations.items.iter().map(|one| &one.backend_pools);
            let all = together(lists, configurations.rest.as_ref());
            links(w, &all, Kind::BackendPool, |id| id.0)
        },
    ),
    back!(
        "appliance_routes",
        NetworkInterface <- Route,
        "the routes that lead to its address"
    ),
];

const PUBLIC_IP: &[Field] = &[
    Field::new("allocation", Ty::TEXT, "`Static` or `Dynamic`", |w, id| {
        field(&w.network[PublicIpId(id)].allocation, text)
    }),
    back!("network_interfaces", PublicIp <- NetworkInterface, "the interfaces that have it"),
    back!("nat_gateways", PublicIp <- NatGateway, "the NAT gateways that have it"),
    back!("load_balancers", PublicIp <- LoadBalancer, "the load balancers that have it"),
    back!("firewalls", PublicIp <- Firewall, "the Azure Firewalls that have it"),
];

const PUBLIC_IP_PREFIX: &[Field] = &[
    back!("nat_gateways", PublicIpPrefix <- NatGateway, "the NAT gateways that have it"),
    back!("load_balancers", PublicIpPrefix <- LoadBalancer, "the load balancers that have it"),
];

const APPLICATION_SECURITY_GROUP: &[Field] = &[
    back!("security_rules", ApplicationSecurityGroup <- SecurityRule, "the rules that name it"),
    back!(
        "private_endpoints",
        ApplicationSecurityGroup <- PrivateEndpoint,
        "the private endpoints that are members"
    ),
];

const LOAD_BALANCER: &[Field] = &[
    Field::new(
        "sku",
        Ty::TEXT,
        "`Basic`, `Standard` or `Gateway`",
        |w, id| field(&w.network[LoadBalancerId(id)].sku, text),
    ),
    Field::new(
        "frontends",
        Ty::List(Item::Object(FRONTEND)),
        "its frontends",
        frontends,
    ),
    Field::new(
        "backend_pools",
        Ty::List(Item::Element(Kind::BackendPool)),
        "its backend pools",
        |w, id| {
            ids(
                w,
                Kind::BackendPool,
                &w.network[LoadBalancerId(id)].pools,
                |id| id.0,
            )
        },
    ),
    Field::new(
        "rules",
        Ty::List(Item::Element(Kind::LoadBalancingRule)),
        "its load-balancing rules",
        |w, id| parts_of(w, id, Kind::LoadBalancingRule),
    ),
    Field::new(
        "inbound_nat_rules",
        Ty::List(Item::Element(Kind::InboundNatRule)),
        "its inbound NAT rules and pools",
        |w, id| parts_of(w, id, Kind::InboundNatRule),
    ),
    Field::new(
        "outbound_rules",
        Ty::List(Item::Element(Kind::OutboundRule)),
        "its outbound rules",
        |w, id| parts_of(w, id, Kind::OutboundRule),
    ),
    back!("appliance_routes", LoadBalancer <- Route, "the routes that lead to its address"),
];

const PROBE: &[Field] = &[Field::new(
    "rules",
    Ty::List(Item::Element(Kind::LoadBalancingRule)),
    "the load-balancing rules that use it",
    |w, id| {
        let balancer = w.network[ProbeId(id)].load_balancer;
        rules_that(w, balancer, |rule| {
            rule.probe.value().and_then(Link::here) == Some(ProbeId(id))
        })
    },
)];

const FIREWALL: &[Field] = &[
    Field::new(
        "policy",
        Ty::One(Item::Element(Kind::FirewallPolicy)),
        "its policy; null: classic rules",
        |w, id| {
            let policy = &w.network[FirewallId(id)].policy;
            link(w, policy, Kind::FirewallPolicy, |id| id.0)
        },
    ),
    Field::new(
        "virtual_hub",
        Ty::One(Item::Element(Kind::VirtualHub)),
        "the virtual hub it lies in; null: it lies in a subnet",
        |w, id| {
            let hub = &w.network[FirewallId(id)].virtual_hub;
            link(w, hub, Kind::VirtualHub, |id| id.0)
        },
    ),
    Field::new(
        "public_ips",
        Ty::List(Item::Element(Kind::PublicIp)),
        "its public addresses",
        |w, id| {
            let addresses = &w.network[FirewallId(id)].public_ips;
            links(w, addresses, Kind::PublicIp, |id| id.0)
        },
    ),
    Field::new(
        "private_address",
        Ty::One(Item::Address),
        "its private address, where that is written",
        |w, id| field(&w.network[FirewallId(id)].private_address, host),
    ),
    Field::new(
        "rules",
        Ty::List(Item::Element(Kind::FirewallRule)),
        "its classic rules, as written",
        |w, id| {
            ids(
                w,
                Kind::FirewallRule,
                &w.network[FirewallId(id)].rules,
                |id| id.0,
            )
        },
    ),
    back!("appliance_routes", Firewall <- Route, "the routes that lead to it"),
];

const FIREWALL_POLICY: &[Field] = &[
    back!("firewalls", FirewallPolicy <- Firewall, "the firewalls that have it"),
    back!("children", FirewallPolicy <- FirewallPolicy, "the policies that inherit from it"),
    back!(
        "collection_groups",
        FirewallPolicy <- FirewallRuleGroup,
        "its rule collection groups"
    ),
];

const FIREWALL_RULE: &[Field] = &[
    Field::new(
        "firewall",
        Ty::One(Item::Element(Kind::Firewall)),
        "the firewall that has it as a classic rule; null: none here has",
        firewall_of,
    ),
    Field::new(
        "policy",
        Ty::One(Item::Element(Kind::FirewallPolicy)),
        "the policy that holds it; null: none here does",
        policy_of,
    ),
    Field::new(
        "rule_collection",
        Ty::One(Item::Element(Kind::FirewallRuleCollection)),
        "its collection",
        collection_of,
    ),
    Field::new(
        "source_ip_groups",
        Ty::List(Item::Element(Kind::IpGroup)),
        "the IP groups among its sources",
        |w, id| {
            let groups = &w.network[FirewallRuleId(id)].source_ip_groups;
            links(w, groups, Kind::IpGroup, |id| id.0)
        },
    ),
    Field::new(
        "destination_ip_groups",
        Ty::List(Item::Element(Kind::IpGroup)),
        "the IP groups among its destinations",
        |w, id| {
            let groups = &w.network[FirewallRuleId(id)].destination_ip_groups;
            links(w, groups, Kind::IpGroup, |id| id.0)
        },
    ),
];

const IP_GROUP: &[Field] = &[back!(
    "firewall_rules",
    IpGroup <- FirewallRule,
    "the rules that name it"
)];

const GATEWAY: &[Field] = &[back!(
    "remote_connections",
    VirtualNetworkGateway <- GatewayConnection,
    "the connections of other gateways with it"
)];

const LOCAL_NETWORK_GATEWAY: &[Field] = &[back!(
    "connections",
    LocalNetworkGateway <- GatewayConnection,
    "the connections that lead to it"
)];

const VIRTUAL_HUB: &[Field] = &[
    back!("connections", VirtualHub <- HubConnection, "the networks connected to it"),
    back!("firewalls", VirtualHub <- Firewall, "the Azure Firewalls in it"),
];

const NETWORK_MANAGER: &[Field] = &[
    back!("groups", NetworkManager <- NetworkGroup, "its network groups"),
    back!(
        "admin_configurations",
        NetworkManager <- AdminConfiguration,
        "its security admin configurations"
    ),
];

const NETWORK_GROUP: &[Field] = &[
    back!("members", NetworkGroup <- NetworkGroupMember, "the members it names"),
    back!(
        "admin_rule_collections",
        NetworkGroup <- AdminRuleCollection,
        "the collections of admin rules for its members"
    ),
];

const ADMIN_CONFIGURATION: &[Field] = &[
    back!("collections", AdminConfiguration <- AdminRuleCollection, "its collections"),
    back!("deployments", AdminConfiguration <- AdminDeployment, "where it is in force"),
];

const ADMIN_RULE_COLLECTION: &[Field] = &[back!(
    "rules",
    AdminRuleCollection <- AdminRule,
    "its rules"
)];

/// The elements of a kind that are known to refer to one.
pub(super) fn known_users<'w>(world: &'w World<'_>, kind: Kind, id: u32, by: Kind) -> &'w [u32] {
    world.uses().of(Element { kind, id }, by)
}

/// The elements of a kind that refer to one; open unless the deployment is all there is.
fn users(world: &World<'_>, kind: Kind, id: u32, by: Kind) -> Datum {
    let target = Element { kind, id };
    let all = known_users(world, kind, id, by);
    let rest = (!world.deployment.complete).then(|| {
        let what = by.spec().name;
        outside(format!("each {what} that uses `{}`", target.display(world)))
    });
    elements(world, by, all.iter().copied(), rest)
}

fn ids<I: Copy>(world: &World<'_>, kind: Kind, of: &List<I>, id: fn(I) -> u32) -> Datum {
    let all = of.items.iter().map(|one| id(*one));
    elements(world, kind, all, of.rest.clone())
}

/// Several lists as one.
fn together<'l, T: Clone + 'l>(
    lists: impl Iterator<Item = &'l List<T>>,
    rest: Option<&Arc<crate::eval::value::Unknown>>,
) -> List<T> {
    let mut all = List {
        items: Vec::new(),
        rest: rest.cloned(),
    };
    for list in lists {
        all.items.extend(list.items.iter().cloned());
        all.rest = all.rest.take().or_else(|| list.rest.clone());
    }
    all
}
