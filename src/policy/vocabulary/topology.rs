//! Virtual networks, subnets, interfaces, load balancers, machines.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::attachment::{machines, members_of_probe, subnets_of, subnets_of_addresses};
use super::nsg::{address_of, protocol_word};
use super::read::{address, boolean, element, elements, field, link, list, name, object, text};
use super::{Field, Item, Kind, KindSpec, Member, Ty, World, outside};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::compute::{Machine, OperatingSystem};
use crate::model::load_balancer::{LoadBalancer, Probe};
use crate::model::topology::{NetworkInterface, PublicIp, Subnet, VirtualNetwork};
use crate::model::{
    self, Link, List, LoadBalancerId, MachineId, NicId, ProbeId, PublicIpId, State, SubnetId,
    VnetId,
};
use crate::policy::datum::{self, Data, Datum};
use crate::semantics::routes::NextHopKind;

const HOPS: &[&str] = &[
    "internet",
    "virtual-network",
    "peering",
    "gateway",
    "azure-firewall",
    "appliance",
    "none",
    "service-endpoint",
];

const DEFAULT_ROUTE: &[Member] = &[
    (
        "kind",
        Ty::One(Item::Word(HOPS)),
        "where packets for everything else go; unknown for an appliance that these files do not tell",
    ),
    ("name", Ty::TEXT, "its name; null for a system route"),
    (
        "next_hop",
        Ty::TEXT,
        "where it leads, for people: `10.0.0.4`, `Internet`",
    ),
    (
        "user_defined",
        Ty::BOOL,
        "whether a user-defined route says so",
    ),
    (
        "route",
        Ty::One(Item::Element(Kind::Route)),
        "the user-defined route that says so; null for a system route",
    ),
    (
        "firewall",
        Ty::One(Item::Element(Kind::Firewall)),
        "the Azure Firewall, where it is one",
    ),
];

const EGRESS: &[Member] = &[
    ("any", Ty::BOOL, "whether there is any way out of its own"),
    (
        "nat_gateway",
        Ty::BOOL,
        "a NAT gateway with a public address",
    ),
    ("public_ip", Ty::BOOL, "an interface with a public address"),
    (
        "load_balancer",
        Ty::BOOL,
        "a load balancer's outbound or translating rule",
    ),
    (
        "default_outbound",
        Ty::BOOL,
        "Azure's default outbound access",
    ),
];

const WINDOWS_OR_LINUX: &[&str] = &["Windows", "Linux"];

pub(super) static SUBNET: KindSpec = KindSpec {
    kind: Kind::Subnet,
    name: "subnet",
    is_subject: true,
    doc: "A subnet.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&subnet(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&subnet(w, id).meta),
        },
        Field {
            name: "existing",
            ty: Ty::BOOL,
            doc: "only looked up, not created here",
            get: |w, id| Datum::constant(Data::Bool(subnet(w, id).meta.existing)),
        },
        Field {
            name: "address_prefixes",
            ty: Ty::List(Item::Address),
            doc: "its prefixes",
            get: |w, id| blocks(&subnet(w, id).address_prefixes),
        },
        Field {
            name: "virtual_network",
            ty: Ty::One(Item::Element(Kind::VirtualNetwork)),
            doc: "its network",
            get: |w, id| {
                link(
                    w,
                    &subnet(w, id).virtual_network,
                    Kind::VirtualNetwork,
                    |id| id.0,
                )
            },
        },
        Field {
            name: "network_security_group",
            ty: Ty::One(Item::Element(Kind::Nsg)),
            doc: "the group on it; null: none",
            get: |w, id| link(w, &subnet(w, id).nsg, Kind::Nsg, |id| id.0),
        },
        Field {
            name: "route_table",
            ty: Ty::One(Item::Element(Kind::RouteTable)),
            doc: "the table on it; null: none",
            get: |w, id| link(w, &subnet(w, id).route_table, Kind::RouteTable, |id| id.0),
        },
        Field {
            name: "default_outbound_access",
            ty: Ty::BOOL,
            doc: "false makes it a private subnet; null: default outbound access is on",
            get: |w, id| boolean(&subnet(w, id).default_outbound_access),
        },
        Field {
            name: "delegations",
            ty: Ty::List(Item::Text),
            doc: "services it is delegated to, such as `Microsoft.App/environments`",
            get: |w, id| list(&subnet(w, id).delegations, text),
        },
        Field {
            name: "service_endpoints",
            ty: Ty::List(Item::Text),
            doc: "service endpoints, such as `Microsoft.Storage`",
            get: |w, id| list(&subnet(w, id).service_endpoints, text),
        },
        Field {
            name: "network_interfaces",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "the interfaces in it",
            get: |w, id| interfaces(w, &subnet(w, id).network_interfaces),
        },
        Field {
            name: "machines",
            ty: Ty::List(Item::Element(Kind::Machine)),
            doc: "the machines in it",
            get: |w, id| {
                let nics = &subnet(w, id).network_interfaces;
                let ids = machines(w.network, &nics.items);
                elements(
                    w,
                    Kind::Machine,
                    ids.iter().map(|id| id.0),
                    nics.rest.clone(),
                )
            },
        },
        Field {
            name: "azure_dns",
            ty: Ty::BOOL,
            doc: "whether its network asks Azure's DNS servers",
            get: |w, id| subnet_dns(w, SubnetId(id)),
        },
        Field {
            name: "default_route",
            ty: Ty::One(Item::Object(DEFAULT_ROUTE)),
            doc: "the effective 0.0.0.0/0",
            get: default_route,
        },
        Field {
            name: "has_outbound",
            ty: Ty::BOOL,
            doc: "whether its machines have a way out of their own when the next hop is Internet",
            get: |w, id| {
                let any = w.semantics.egress(SubnetId(id)).any();
                Datum::truth_value(any, Some(outside("how the subnet's machines get out")))
            },
        },
        Field {
            name: "routes",
            ty: Ty::List(Item::Element(Kind::Route)),
            doc: "the routes of its table",
            get: routes,
        },
        Field {
            name: "egress",
            ty: Ty::One(Item::Object(EGRESS)),
            doc: "how its machines get out when the next hop is Internet",
            get: egress,
        },
    ],
};

pub(super) static NETWORK_INTERFACE: KindSpec = KindSpec {
    kind: Kind::NetworkInterface,
    name: "network-interface",
    is_subject: true,
    doc: "A network interface, or a scale set's configuration of one.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&nic(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&nic(w, id).meta),
        },
        Field {
            name: "network_security_group",
            ty: Ty::One(Item::Element(Kind::Nsg)),
            doc: "the group on it; null: none",
            get: |w, id| link(w, &nic(w, id).nsg, Kind::Nsg, |id| id.0),
        },
        Field {
            name: "machine",
            ty: Ty::One(Item::Element(Kind::Machine)),
            doc: "its machine; null if that is not in the files",
            get: |w, id| match nic(w, id).machine {
                Some(machine) => element(w, Kind::Machine, machine.0),
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "its subnets",
            get: |w, id| {
                let subnets = subnets_of(w.network, NicId(id));
                let open = subnet_is_unknown(nic(w, id));
                elements(w, Kind::Subnet, subnets.iter().map(|id| id.0), open)
            },
        },
        Field {
            name: "public",
            ty: Ty::BOOL,
            doc: "whether it has a public address, or an inbound NAT rule leads to it",
            get: |w, id| public(nic(w, id)),
        },
        Field {
            name: "public_ips",
            ty: Ty::List(Item::Element(Kind::PublicIp)),
            doc: "its public addresses, those that are in the files",
            get: |w, id| public_ips(w, nic(w, id)),
        },
        Field {
            name: "dnat",
            ty: Ty::BOOL,
            doc: "whether a translation rule of an Azure Firewall in the files leads to it",
            get: |w, id| dnat(w, NicId(id)),
        },
        Field {
            name: "address",
            ty: Ty::One(Item::Address),
            doc: "its private address; only its subnet may be known of it",
            get: |w, id| address_of(w, NicId(id)),
        },
        Field {
            name: "azure_dns",
            ty: Ty::BOOL,
            doc: "whether it asks Azure's DNS servers",
            get: |w, id| interface_dns(w, NicId(id)),
        },
        Field {
            name: "dns_servers",
            ty: Ty::List(Item::Address),
            doc: "its own DNS servers; certainly empty: those of its network",
            get: |w, id| hosts(&nic(w, id).dns_servers),
        },
        Field {
            name: "ip_forwarding",
            ty: Ty::BOOL,
            doc: "whether it forwards packets of others",
            get: |w, id| boolean(&nic(w, id).ip_forwarding),
        },
    ],
};

pub(super) static VIRTUAL_NETWORK: KindSpec = KindSpec {
    kind: Kind::VirtualNetwork,
    name: "virtual-network",
    is_subject: true,
    doc: "A virtual network.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&vnet(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&vnet(w, id).meta),
        },
        Field {
            name: "address_space",
            ty: Ty::List(Item::Address),
            doc: "its address space",
            get: |w, id| blocks(&vnet(w, id).address_space),
        },
        Field {
            name: "dns_servers",
            ty: Ty::List(Item::Address),
            doc: "its own DNS servers; certainly empty: Azure's",
            get: |w, id| hosts(&vnet(w, id).dns_servers),
        },
        Field {
            name: "azure_dns",
            ty: Ty::BOOL,
            doc: "whether it asks Azure's DNS servers",
            get: |w, id| asks_azure(&vnet(w, id).dns_servers, vnet(w, id).meta.origin),
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "its subnets",
            get: |w, id| {
                let subnets = &vnet(w, id).subnets;
                elements(
                    w,
                    Kind::Subnet,
                    subnets.items.iter().map(|id| id.0),
                    subnets.rest.clone(),
                )
            },
        },
    ],
};

pub(super) static LOAD_BALANCER: KindSpec = KindSpec {
    kind: Kind::LoadBalancer,
    name: "load-balancer",
    is_subject: true,
    doc: "A load balancer.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&balancer(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&balancer(w, id).meta),
        },
        Field {
            name: "probes",
            ty: Ty::List(Item::Element(Kind::Probe)),
            doc: "its probes",
            get: |w, id| {
                let probes = &balancer(w, id).probes;
                elements(
                    w,
                    Kind::Probe,
                    probes.items.iter().map(|id| id.0),
                    probes.rest.clone(),
                )
            },
        },
    ],
};

pub(super) static PROBE: KindSpec = KindSpec {
    kind: Kind::Probe,
    name: "probe",
    is_subject: true,
    doc: "A health probe of a load balancer.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&probe(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&probe(w, id).meta),
        },
        Field {
            name: "port",
            ty: Ty::NUMBER,
            doc: "the port it asks",
            get: |w, id| field(&probe(w, id).port, |port| Data::Number(i64::from(*port))),
        },
        Field {
            name: "protocol",
            ty: Ty::TEXT,
            doc: "`Tcp` for every kind of probe",
            get: |w, id| {
                field(&probe(w, id).protocol, |protocol| {
                    Data::Text(protocol_word(*protocol).into())
                })
            },
        },
        Field {
            name: "load_balancer",
            ty: Ty::One(Item::Element(Kind::LoadBalancer)),
            doc: "its load balancer",
            get: |w, id| match probe(w, id).load_balancer {
                Some(balancer) => element(w, Kind::LoadBalancer, balancer.0),
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "used",
            ty: Ty::BOOL,
            doc: "whether a load-balancing rule uses it",
            get: |w, id| used(probe(w, id)),
        },
        Field {
            name: "members",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "the interfaces it asks",
            get: |w, id| {
                let members = members_of_probe(w.network, ProbeId(id));
                elements(
                    w,
                    Kind::NetworkInterface,
                    members.interfaces.iter().map(|id| id.0),
                    members.rest,
                )
            },
        },
        Field {
            name: "member_subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets of what it asks",
            get: |w, id| member_subnets(w, ProbeId(id)),
        },
        Field {
            name: "targets",
            ty: Ty::List(Item::Address),
            doc: "the addresses it asks; of some only the subnet may be known",
            get: |w, id| targets(w, ProbeId(id)),
        },
    ],
};

pub(super) static PUBLIC_IP: KindSpec = KindSpec {
    kind: Kind::PublicIp,
    name: "public-ip",
    is_subject: true,
    doc: "A public IP address.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&public_ip(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&public_ip(w, id).meta),
        },
        Field {
            name: "address",
            ty: Ty::One(Item::Address),
            doc: "the address, in exports",
            get: |w, id| field(&public_ip(w, id).address, host),
        },
        Field {
            name: "sku",
            ty: Ty::TEXT,
            doc: "`Basic`, `Standard` or `StandardV2`",
            get: |w, id| field(&public_ip(w, id).sku, text),
        },
    ],
};

pub(super) static MACHINE: KindSpec = KindSpec {
    kind: Kind::Machine,
    name: "machine",
    is_subject: true,
    doc: "A virtual machine or scale set.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&machine(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&machine(w, id).meta),
        },
        Field {
            name: "operating_system",
            ty: Ty::One(Item::Word(WINDOWS_OR_LINUX)),
            doc: "`Windows` or `Linux`",
            get: |w, id| {
                field(&machine(w, id).operating_system, |os| {
                    Data::Text(match os {
                        OperatingSystem::Windows => "Windows".into(),
                        OperatingSystem::Linux => "Linux".into(),
                    })
                })
            },
        },
        Field {
            name: "has_identity",
            ty: Ty::BOOL,
            doc: "whether it has a managed identity",
            get: |w, id| boolean(&machine(w, id).has_identity),
        },
        Field {
            name: "network_interfaces",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "its interfaces",
            get: |w, id| {
                list(&machine(w, id).network_interfaces, |link| match link {
                    Link::Here(nic) => Data::Element(datum::Element {
                        kind: Kind::NetworkInterface,
                        id: nic.0,
                    }),
                    Link::External(key) => Data::External(Arc::clone(&key.0)),
                })
            },
        },
    ],
};

fn subnet<'a>(world: &World<'a>, id: u32) -> &'a Subnet {
    &world.network[SubnetId(id)]
}

fn nic<'a>(world: &World<'a>, id: u32) -> &'a NetworkInterface {
    &world.network[NicId(id)]
}

fn vnet<'a>(world: &World<'a>, id: u32) -> &'a VirtualNetwork {
    &world.network[VnetId(id)]
}

fn balancer<'a>(world: &World<'a>, id: u32) -> &'a LoadBalancer {
    &world.network[LoadBalancerId(id)]
}

fn probe<'a>(world: &World<'a>, id: u32) -> &'a Probe {
    &world.network[ProbeId(id)]
}

fn public_ip<'a>(world: &World<'a>, id: u32) -> &'a PublicIp {
    &world.network[PublicIpId(id)]
}

fn machine<'a>(world: &World<'a>, id: u32) -> &'a Machine {
    &world.network[MachineId(id)]
}

fn host(address: &IpAddr) -> Data {
    Data::Address(AddressPrefix::Block(IpNet::from(*address)))
}

fn hosts(of: &List<model::Field<IpAddr>>) -> Datum {
    list(of, host)
}

fn blocks(of: &List<model::Field<IpNet>>) -> Datum {
    list(of, |block| Data::Address(AddressPrefix::Block(*block)))
}

fn interfaces(world: &World<'_>, of: &List<NicId>) -> Datum {
    let ids = of.items.iter().map(|id| id.0);
    elements(world, Kind::NetworkInterface, ids, of.rest.clone())
}

fn subnet_is_unknown(nic: &NetworkInterface) -> Option<Arc<Unknown>> {
    nic.ip_configurations.rest.clone().or_else(|| {
        nic.ip_configurations
            .items
            .iter()
            .find_map(|configuration| match &configuration.subnet.state {
                State::Unknown(unknown, _) => Some(Arc::clone(unknown)),
                State::Known(Link::External(key)) => Some(outside(Arc::clone(&key.0))),
                _ => None,
            })
    })
}

fn public(nic: &NetworkInterface) -> Datum {
    let configurations = &nic.ip_configurations;
    let reached = nic.inline_public_ip
        || configurations
            .items
            .iter()
            .any(|one| one.inbound_nat || one.public_ip.value().is_some());
    let unknown = configurations.rest.clone().or_else(|| {
        configurations
            .items
            .iter()
            .find_map(|one| one.public_ip.unknown().map(Arc::clone))
    });
    let data = match (reached, unknown) {
        (true, _) => Data::Bool(true),
        (false, Some(unknown)) => Data::Unknown(unknown, Arc::from([])),
        (false, None) => Data::Bool(false),
    };
    Datum::new(data, nic.meta.origin)
}

fn public_ips(world: &World<'_>, nic: &NetworkInterface) -> Datum {
    let ids = nic
        .ip_configurations
        .items
        .iter()
        .filter_map(|one| one.public_ip.value().and_then(Link::here))
        .map(|id| id.0);
    elements(world, Kind::PublicIp, ids, None)
}

fn dnat(world: &World<'_>, nic: NicId) -> Datum {
    use crate::model::firewall::FirewallRuleKind;
    let mut answer = Truth::False;
    let mut because = None;
    let target = address_of(world, nic);
    for rule in &world.network.firewall_rules {
        if rule.kind != FirewallRuleKind::Nat {
            continue;
        }
        let leads = match (&rule.translated_address.state, &target.data) {
            (State::Known(to), Data::Address(AddressPrefix::Block(block))) => {
                block.contains(to).into()
            }
            (State::Known(to), Data::Within(blocks)) => {
                let perhaps = blocks.iter().any(|block| match block {
                    AddressPrefix::Block(block) => block.contains(to),
                    _ => true,
                });
                if perhaps {
                    because = because.or_else(|| Some(outside("the interface's private address")));
                    Truth::Unknown
                } else {
                    Truth::False
                }
            }
            (State::Unknown(unknown, _), _) => {
                because = because.or_else(|| Some(Arc::clone(unknown)));
                Truth::Unknown
            }
            _ => Truth::False,
        };
        answer = answer.or(leads);
    }
    Datum::truth_value(answer, because)
}

/// Whether a list of own servers leaves Azure's in use.
fn asks_azure(servers: &List<model::Field<IpAddr>>, origin: crate::origin::OriginId) -> Datum {
    const AZURE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(168, 63, 129, 16));
    let azure = servers.items.iter().any(|one| one.value() == Some(&AZURE));
    let unknown = servers.rest.clone().or_else(|| {
        servers
            .items
            .iter()
            .find_map(|one| one.unknown().map(Arc::clone))
    });
    let data = match unknown {
        _ if azure || servers.is_certainly_empty() => Data::Bool(true),
        // Whatever the others are, one that is known and not Azure's is not enough to tell.
        Some(unknown) => Data::Unknown(unknown, Arc::from([])),
        None => Data::Bool(false),
    };
    let origin = servers.items.first().map_or(origin, |first| first.origin);
    Datum::new(data, origin)
}

fn subnet_dns(world: &World<'_>, id: SubnetId) -> Datum {
    let subnet = &world.network[id];
    match &subnet.virtual_network.state {
        State::Known(Link::Here(vnet)) => {
            let vnet = &world.network[*vnet];
            asks_azure(&vnet.dns_servers, vnet.meta.origin)
        }
        _ => Datum::unknown(outside("the DNS servers of the virtual network")),
    }
}

fn interface_dns(world: &World<'_>, id: NicId) -> Datum {
    let nic = &world.network[id];
    if !nic.dns_servers.is_certainly_empty() {
        return asks_azure(&nic.dns_servers, nic.meta.origin);
    }
    match subnets_of(world.network, id).first() {
        Some(subnet) => subnet_dns(world, *subnet),
        None => Datum::unknown(outside("the DNS servers of the virtual network")),
    }
}

fn routes(world: &World<'_>, id: u32) -> Datum {
    match &subnet(world, id).route_table.state {
        State::Known(Link::Here(table)) => {
            let routes = &world.network[*table].routes;
            let ids = routes.items.iter().map(|id| id.0);
            elements(world, Kind::Route, ids, routes.rest.clone())
        }
        State::Known(Link::External(key)) => {
            Datum::list(Vec::new(), Some(outside(Arc::clone(&key.0))))
        }
        State::Unknown(unknown, _) => Datum::list(Vec::new(), Some(Arc::clone(unknown))),
        _ => Datum::list(Vec::new(), None),
    }
}

fn hop_word(kind: NextHopKind) -> &'static str {
    match kind {
        NextHopKind::Internet => "internet",
        NextHopKind::VirtualNetwork => "virtual-network",
        NextHopKind::Peering => "peering",
        NextHopKind::Gateway => "gateway",
        NextHopKind::AzureFirewall => "azure-firewall",
        NextHopKind::Appliance => "appliance",
        NextHopKind::None => "none",
        NextHopKind::ServiceEndpoint => "service-endpoint",
    }
}

fn default_route(world: &World<'_>, id: u32) -> Datum {
    let id = SubnetId(id);
    let hops = world.semantics.default_route(id);
    let unknown = || {
        let place = hops.iter().find_map(|(hop, _)| hop.route);
        let named = place.and_then(|route| world.network[route].next_hop_address.unknown());
        named.map_or_else(
            || outside("where the default route of the subnet leads"),
            Arc::clone,
        )
    };
    let certain = match hops.as_slice() {
        [(hop, Truth::True)] => Some(hop),
        _ => None,
    };
    let route = hops.iter().find_map(|(hop, _)| hop.route);
    let origin = route.map_or(world.network[id].meta.origin, |route| {
        world.network[route].meta.origin
    });
    let kind = match certain.and_then(|hop| hop.kind) {
        Some(kind) => Data::Text(hop_word(kind).into()),
        None => {
            let kinds: Option<Vec<Datum>> = hops
                .iter()
                .map(|(hop, _)| hop.kind.map(|kind| Datum::text(hop_word(kind))))
                .collect();
            Data::Unknown(unknown(), kinds.unwrap_or_default().into())
        }
    };
    let route = match certain {
        Some(hop) => hop.route.map_or_else(
            || Datum::constant(Data::Absent),
            |route| element(world, Kind::Route, route.0),
        ),
        None => route.map_or_else(
            || Datum::unknown(unknown()),
            |route| element(world, Kind::Route, route.0),
        ),
    };
    let firewall = match certain.map(|hop| (&hop.firewall, hop.kind)) {
        Some((Some(Link::Here(firewall)), _)) => element(world, Kind::Firewall, firewall.0),
        Some((Some(Link::External(key)), _)) => Datum::constant(Data::External(Arc::clone(&key.0))),
        Some((None, Some(_))) => Datum::constant(Data::Absent),
        _ => Datum::unknown(unknown()),
    };
    let kind = Datum::new(kind, origin);
    let user_defined = match (&certain, &route.data) {
        (Some(hop), _) => Datum::constant(Data::Bool(hop.route.is_some())),
        (None, Data::Element(_)) if hops.iter().all(|(hop, _)| hop.route.is_some()) => {
            Datum::constant(Data::Bool(true))
        }
        _ => Datum::unknown(unknown()),
    };
    let (name, next_hop) = match &route.data {
        Data::Element(found) => {
            let found = &world.network[model::RouteId(found.id)];
            (field(&found.meta.name, text), next_hop_text(found))
        }
        _ => (Datum::constant(Data::Absent), kind.clone()),
    };
    object([
        ("name", name),
        ("next_hop", next_hop),
        ("user_defined", user_defined),
        ("kind", kind),
        ("route", route),
        ("firewall", firewall),
    ])
}

/// Where a route leads, for people.
fn next_hop_text(route: &model::routing::Route) -> Datum {
    use crate::model::routing::NextHopType;
    let text = match route.next_hop_type.value() {
        Some(NextHopType::VirtualAppliance) => match &route.next_hop_address.state {
            State::Known(address) => format!("the appliance {address}"),
            State::Unknown(unknown, _) => format!("the appliance {}", unknown.label),
            _ => "an appliance".to_owned(),
        },
        Some(NextHopType::Internet) => "the Internet".to_owned(),
        Some(NextHopType::VirtualNetworkGateway) => "a virtual network gateway".to_owned(),
        Some(NextHopType::VnetLocal) => "the virtual network".to_owned(),
        Some(NextHopType::None) => "nowhere (`None`)".to_owned(),
        None => "a next hop that these files do not tell".to_owned(),
    };
    Datum::new(Data::Text(text.into()), route.next_hop_type.origin)
}

fn egress(world: &World<'_>, id: u32) -> Datum {
    let egress = world.semantics.egress(SubnetId(id));
    let value =
        |truth| Datum::truth_value(truth, Some(outside("how the subnet's machines get out")));
    object([
        ("any", value(egress.any())),
        ("nat_gateway", value(egress.nat_gateway)),
        ("public_ip", value(egress.public_ip)),
        ("load_balancer", value(egress.load_balancer)),
        ("default_outbound", value(egress.default_outbound)),
    ])
}

fn used(probe: &Probe) -> Datum {
    let data = match (&probe.pools.rest, probe.pools.items.is_empty()) {
        (_, false) => Data::Bool(true),
        (Some(rest), true) => Data::Unknown(Arc::clone(rest), Arc::from([])),
        (None, true) => Data::Bool(false),
    };
    Datum::new(data, probe.meta.origin)
}

fn member_subnets(world: &World<'_>, id: ProbeId) -> Datum {
    let members = members_of_probe(world.network, id);
    let mut subnets = subnets_of_addresses(world.network, id);
    for nic in &members.interfaces {
        subnets.extend(subnets_of(world.network, *nic));
    }
    subnets.sort_unstable();
    subnets.dedup();
    elements(
        world,
        Kind::Subnet,
        subnets.iter().map(|id| id.0),
        members.rest,
    )
}

fn targets(world: &World<'_>, id: ProbeId) -> Datum {
    let members = members_of_probe(world.network, id);
    let mut items: Vec<datum::Item> = members
        .interfaces
        .iter()
        .map(|nic| datum::Item::certain(address_of(world, *nic)))
        .collect();
    for pool in &world.network[id].pools.items {
        for address in &world.network[*pool].addresses.items {
            items.push(datum::Item::certain(field(address, host)));
        }
    }
    Datum::list(items, members.rest)
}
