//! Virtual networks, subnets, interfaces, load balancers, machines.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::attachment::{machines, subnets_of};
use super::egress::{EGRESS, NEXT_HOP, default_route, egress, egress_addresses, routes};
use super::read::{address, boolean, element, elements, field, host, link, list, name, text};
use super::targets::address_of;
use super::{Field, Item, Kind, KindSpec, Ty, World, outside, reached};
use crate::eval::value::Unknown;
use crate::model::address::AddressPrefix;
use crate::model::compute::{Machine, OperatingSystem};
use crate::model::topology::{NetworkInterface, PublicIp, Subnet, VirtualNetwork};
use crate::model::{self, Link, List, MachineId, NicId, PublicIpId, State, SubnetId, VnetId};
use crate::policy::datum::{self, Data, Datum};

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
            ty: Ty::One(Item::Object(NEXT_HOP)),
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
            get: |w, id| reached::public(nic(w, id)),
        },
        Field {
            name: "public_address",
            ty: Ty::BOOL,
            doc: "whether it has a public address of its own",
            get: |w, id| reached::public_address(nic(w, id)),
        },
        Field {
            name: "balanced_ports",
            ty: Ty::List(Item::Number),
            doc: "the ports of it to which load balancers with a public frontend lead, by inbound NAT rules and load-balancing rules; 0 means every port",
            get: |w, id| reached::balanced_ports(w, NicId(id)),
        },
        Field {
            name: "public_ips",
            ty: Ty::List(Item::Element(Kind::PublicIp)),
            doc: "its public addresses, those that are in the files",
            get: |w, id| reached::public_ips(w, nic(w, id)),
        },
        Field {
            name: "egress_addresses",
            ty: Ty::List(Item::Element(Kind::PublicIp)),
            doc: "the public addresses of these files with which the Internet sees what it sends: its own, a NAT gateway's, a load balancer's, a firewall's",
            get: egress_addresses,
        },
        Field {
            name: "reached_by",
            ty: Ty::TEXT,
            doc: "its public addresses in words, also those of load balancers and scale sets",
            get: |w, id| reached::reached_by(w, NicId(id)),
        },
        Field {
            name: "dnat",
            ty: Ty::BOOL,
            doc: "whether a translation rule of an Azure Firewall in the files leads to it",
            get: |w, id| reached::dnat(w, NicId(id)),
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
        Field {
            name: "reverse_fqdn",
            ty: Ty::TEXT,
            doc: "the name that reverse DNS gives for it; null: none",
            get: |w, id| field(&public_ip(w, id).reverse_fqdn, text),
        },
        Field {
            name: "zones",
            ty: Ty::List(Item::Text),
            doc: "the availability zones it is spread over; none: Azure chooses",
            get: |w, id| list(&public_ip(w, id).zones, text),
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

fn public_ip<'a>(world: &World<'a>, id: u32) -> &'a PublicIp {
    &world.network[PublicIpId(id)]
}

fn machine<'a>(world: &World<'a>, id: u32) -> &'a Machine {
    &world.network[MachineId(id)]
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
