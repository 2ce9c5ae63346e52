//! A builder of networks for tests: everything is certain and closed unless a test opens it.

use std::sync::Arc;

use crate::eval::value::{Reason, Truth, Unknown};
use crate::eval::{Existence, ResourceKey};
use crate::model::address::{AddressPrefix, PortRange, Protocol, ProtocolMatch, ServiceTag};
use crate::model::firewall::FirewallSettings;
use crate::model::nsg::{Access, Direction, NetworkSecurityGroup, SecurityRule};
use crate::model::platform::{
    Cloud, DefaultRule, KmsRow, NamedSet, PlatformFacts, PlatformService, Source, TagRow,
};
use crate::model::routing::{Appliance, NextHopType, Route, RoutePrefix, RouteTable};
use crate::model::topology::{IpConfiguration, NetworkInterface, Peering, Subnet, VirtualNetwork};
use crate::model::{
    Field, FirewallId, Link, List, Meta, Network, NicId, NsgId, PeeringId, RouteId, RouteTableId,
    SecurityRuleId, State, SubnetId, VnetId,
};
use crate::origin::OriginId;
use crate::semantics::packet::Flow;

/// How often a property is tried: so often where nobody asks for more, and in proportion to
/// `PROPTEST_CASES` where somebody does (256 is proptest's own default).
pub(super) fn cases(number: u32) -> proptest::test_runner::Config {
    let asked = u64::from(proptest::test_runner::Config::default().cases);
    let scaled = (u64::from(number) * asked / 256).max(1);
    proptest::test_runner::Config::with_cases(u32::try_from(scaled).unwrap())
}

pub(super) fn known<T>(value: T) -> Field<T> {
    Field::known(value, OriginId::NONE)
}

pub(super) fn absent<T>() -> Field<T> {
    Field::absent(OriginId::NONE)
}

pub(super) fn parameter(name: &str) -> Arc<Unknown> {
    Arc::new(Unknown::new("", name, Reason::NoValue))
}

pub(super) fn unknown<T>(name: &str) -> Field<T> {
    Field {
        state: State::Unknown(parameter(name), None),
        origin: OriginId::NONE,
    }
}

pub(super) fn one_of<T>(name: &str, candidates: Vec<T>) -> Field<T> {
    Field {
        state: State::Unknown(parameter(name), Some(candidates)),
        origin: OriginId::NONE,
    }
}

pub(super) fn meta(name: &str) -> Meta {
    Meta {
        address: name.into(),
        key: ResourceKey(name.into()),
        name: known(name.into()),
        origin: OriginId::NONE,
        existence: Existence::CERTAIN,
        template: false,
        existing: false,
    }
}

pub(super) fn perhaps(name: &str) -> Existence {
    Existence {
        truth: Truth::Unknown,
        because: Some(parameter(name)),
    }
}

/// `*`, a block, an address, `a-b`, `?name` for an unknown, or a tag.
pub(super) fn prefix(text: &str) -> Field<AddressPrefix> {
    if let Some(name) = text.strip_prefix('?') {
        return unknown(name);
    }
    let block = text.parse::<ipnet::IpNet>().ok();
    let address = || text.parse::<std::net::IpAddr>().ok();
    known(if text == "*" {
        AddressPrefix::Any
    } else if let Some(block) = block.or_else(|| address().map(ipnet::IpNet::from)) {
        AddressPrefix::Block(block)
    } else {
        AddressPrefix::Tag(ServiceTag::new(text))
    })
}

pub(super) fn prefixes(text: &str) -> List<Field<AddressPrefix>> {
    List::closed(text.split(',').map(prefix).collect())
}

/// `*`, `a`, `a-b`, or `?name`.
pub(super) fn port(text: &str) -> Field<PortRange> {
    if let Some(name) = text.strip_prefix('?') {
        return unknown(name);
    }
    let number = |text: &str| text.parse::<u16>().unwrap();
    known(match text.split_once('-') {
        _ if text == "*" => PortRange::ALL,
        Some((first, last)) => PortRange {
            first: number(first),
            last: number(last),
        },
        None => PortRange::single(number(text)),
    })
}

pub(super) fn ports(text: &str) -> List<Field<PortRange>> {
    List::closed(text.split(',').map(port).collect())
}

pub(super) fn protocol(text: &str) -> Field<ProtocolMatch> {
    if let Some(name) = text.strip_prefix('?') {
        return unknown(name);
    }
    known(match text {
        "*" => ProtocolMatch::Any,
        "Tcp" => ProtocolMatch::Only(Protocol::Tcp),
        "Udp" => ProtocolMatch::Only(Protocol::Udp),
        "Icmp" => ProtocolMatch::Only(Protocol::Icmp),
        "Esp" => ProtocolMatch::Only(Protocol::Esp),
        other => panic!("{other}"),
    })
}

pub(super) fn flow(source: &str, destination: &str, protocol: Protocol, port: u16) -> Flow {
    Flow {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        protocol,
        source_port: 40_000,
        destination_port: port,
    }
}

/// A network under construction.
#[derive(Default)]
pub(super) struct Build {
    pub(super) network: Network,
}

impl Build {
    pub(super) fn vnet(&mut self, space: &str) -> VnetId {
        let id = VnetId(u32::try_from(self.network.virtual_networks.len()).unwrap());
        let blocks = space.split(',').map(|block| known(block.parse().unwrap()));
        self.network.virtual_networks.push(VirtualNetwork {
            meta: meta(&format!("vnet{}", id.0)),
            location: known("westeurope".into()),
            address_space: List::closed(blocks.collect()),
            ddos_protection: Field::absent(OriginId::NONE),
            dns_servers: List::default(),
            subnets: List::default(),
            peerings: List::default(),
            gateways: List::default(),
            hub_connections: List::default(),
            defects: Vec::new(),
        });
        id
    }

    pub(super) fn subnet(&mut self, vnet: VnetId, block: &str) -> SubnetId {
        let id = SubnetId(u32::try_from(self.network.subnets.len()).unwrap());
        self.network.subnets.push(Subnet {
            meta: meta(&format!("subnet{}", id.0)),
            virtual_network: known(Link::Here(vnet)),
            address_prefixes: List::closed(vec![known(block.parse().unwrap())]),
            nsg: absent(),
            route_table: absent(),
            nat_gateway: absent(),
            default_outbound_access: absent(),
            delegations: List::default(),
            service_endpoints: List::default(),
            network_interfaces: List::default(),
            firewalls: List::default(),
            private_endpoint_policies: absent(),
            private_endpoints: List::default(),
            private_link_service_policies: absent(),
            services: List::default(),
            defects: Vec::new(),
        });
        self.network[vnet].subnets.items.push(id);
        id
    }

    pub(super) fn nic(&mut self, subnet: SubnetId, address: Option<&str>) -> NicId {
        let id = NicId(u32::try_from(self.network.network_interfaces.len()).unwrap());
        let address = address.map_or_else(absent, |address| known(address.parse().unwrap()));
        self.network.network_interfaces.push(NetworkInterface {
            meta: meta(&format!("nic{}", id.0)),
            machine: None,
            nsg: absent(),
            ip_configurations: List::closed(vec![IpConfiguration {
                name: absent(),
                subnet: known(Link::Here(subnet)),
                private_address: address,
                public_ip: absent(),
                backend_pools: List::default(),
                inbound_nat: Truth::False,
                application_security_groups: List::default(),
            }]),
            dns_servers: List::default(),
            ip_forwarding: absent(),
            inline_public_ip: false,
        });
        self.network[subnet].network_interfaces.items.push(id);
        id
    }

    pub(super) fn nsg(&mut self) -> NsgId {
        let id = NsgId(u32::try_from(self.network.network_security_groups.len()).unwrap());
        self.network
            .network_security_groups
            .push(NetworkSecurityGroup {
                meta: meta(&format!("nsg{}", id.0)),
                rules: List::default(),
                subnets: List::default(),
                network_interfaces: List::default(),
            });
        id
    }

    /// A group on a subnet of a network 10.0.0.0/16.
    pub(super) fn attached_nsg(&mut self) -> NsgId {
        let vnet = self.vnet("10.0.0.0/16");
        let subnet = self.subnet(vnet, "10.0.0.0/24");
        let nsg = self.nsg();
        self.attach(nsg, subnet);
        nsg
    }

    pub(super) fn attach(&mut self, nsg: NsgId, subnet: SubnetId) {
        self.network[subnet].nsg = known(Link::Here(nsg));
        self.network[nsg].subnets.items.push(subnet);
    }

    /// `"100 Deny In Tcp 10.0.0.0/25 -> *:0-65534"`, source ports after a colon at the source.
    pub(super) fn rule(&mut self, nsg: NsgId, text: &str) -> SecurityRuleId {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [
            priority,
            access,
            direction,
            proto,
            source,
            "->",
            destination,
        ] = words.as_slice()
        else {
            panic!("{text}")
        };
        let end = |text: &str| match text.rsplit_once(':') {
            Some((address, port)) => (prefixes(address), ports(port)),
            None => (prefixes(text), ports("*")),
        };
        let (from, source_ports) = end(source);
        let (to, destination_ports) = end(destination);
        let id = SecurityRuleId(u32::try_from(self.network.security_rules.len()).unwrap());
        let priority = match priority.strip_prefix('?') {
            Some(name) => unknown(name),
            None => known(priority.parse().unwrap()),
        };
        self.network.security_rules.push(SecurityRule {
            meta: meta(&format!("rule{}", id.0)),
            nsg: Some(nsg),
            priority,
            direction: match *direction {
                "In" => known(Direction::Inbound),
                "Out" => known(Direction::Outbound),
                other => unknown(other),
            },
            access: match *access {
                "Allow" => known(Access::Allow),
                "Deny" => known(Access::Deny),
                other => unknown(other),
            },
            protocol: protocol(proto),
            source: from,
            destination: to,
            source_ports,
            destination_ports,
            description: absent(),
            defects: Vec::new(),
            apart: false,
            platform_managed: false,
        });
        self.network[nsg].rules.items.push(id);
        id
    }
}

pub(super) fn source() -> Source {
    Source {
        url: "https://example.com".into(),
        date: "2025-07-15".into(),
    }
}

/// The facts that semantics rests on.
pub(super) fn facts() -> PlatformFacts {
    let blocks = |text: &str| -> Vec<ipnet::IpNet> {
        text.split_whitespace()
            .map(|block| block.parse().unwrap())
            .collect()
    };
    let tag = |name: &str, within: &str, addresses: &str| TagRow {
        only: None,
        name: name.into(),
        regional: true,
        within: within.split_whitespace().map(Into::into).collect(),
        addresses: blocks(addresses),
        same_as: (name == "AzurePlatformLKM").then(|| "kms".into()),
        formerly: Vec::new(),
        not_in_routes: false,
        not_in_firewalls: false,
        source: source(),
    };
    let service =
        |tag: Option<&str>, address: &str, protocols: &str, ports: &[u16]| PlatformService {
            tag: tag.map(Into::into),
            addresses: blocks(address),
            protocols: protocols.split_whitespace().map(Into::into).collect(),
            ports: ports.to_vec(),
            source: source(),
        };
    let default =
        |name: &str, direction: &str, priority, from: &str, to: &str, access: &str| DefaultRule {
            name: name.into(),
            direction: direction.into(),
            priority,
            source: from.into(),
            destination: to.into(),
            access: access.into(),
            ports: Vec::new(),
            service: None,
            certain: None,
            documented: source(),
        };
    let (inbound, outbound, network) = ("inbound", "outbound", "VirtualNetwork");
    PlatformFacts {
        tags: vec![
            tag("AzureLoadBalancer", "VirtualNetwork", "168.63.129.16/32"),
            tag("AzurePlatformDNS", "VirtualNetwork", "168.63.129.16/32"),
            tag("AzurePlatformIMDS", "", "169.254.169.254/32"),
            tag("AzurePlatformLKM", "", ""),
            tag("AzureCloud", "Internet", ""),
            tag("Storage", "", ""),
        ],
        services: vec![
            service(
                Some("AzurePlatformDNS"),
                "168.63.129.16/32",
                "tcp udp",
                &[53],
            ),
            service(None, "168.63.129.16/32", "tcp", &[80, 32_526]),
            service(
                Some("AzurePlatformIMDS"),
                "169.254.169.254/32",
                "tcp",
                &[80],
            ),
            service(
                Some("AzurePlatformLKM"),
                "20.118.99.224/32 40.83.235.53/32",
                "tcp",
                &[1688],
            ),
        ],
        kms: vec![KmsRow {
            cloud: Cloud::Public,
            current: vec![
                "20.118.99.224".parse().unwrap(),
                "40.83.235.53".parse().unwrap(),
            ],
            stale: vec!["23.102.135.246".parse().unwrap()],
            fqdns: vec![
                "azkms.core.windows.net".into(),
                "kms.core.windows.net".into(),
            ],
            port: 1688,
            source: source(),
        }],
        default_rules: vec![
            default(
                "AllowVnetInBound",
                inbound,
                65_000,
                network,
                network,
                "allow",
            ),
            default(
                "AllowAzureLoadBalancerInBound",
                inbound,
                65_001,
                "AzureLoadBalancer",
                "*",
                "allow",
            ),
            default("DenyAllInBound", inbound, 65_500, "*", "*", "deny"),
            default(
                "AllowVnetOutBound",
                outbound,
                65_000,
                network,
                network,
                "allow",
            ),
            default(
                "AllowInternetOutBound",
                outbound,
                65_001,
                "*",
                "Internet",
                "allow",
            ),
            default("DenyAllOutBound", outbound, 65_500, "*", "*", "deny"),
        ],
        named_sets: vec![
            NamedSet {
                name: "public".into(),
                include: blocks("0.0.0.0/0 2000::/3"),
                exclude: blocks(
                    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 \
                     169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/3",
                ),
                source: source(),
            },
            NamedSet {
                name: "private".into(),
                include: blocks("10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16"),
                exclude: Vec::new(),
                source: source(),
            },
            NamedSet {
                name: "platform-host".into(),
                include: blocks("168.63.129.16/32"),
                exclude: Vec::new(),
                source: source(),
            },
        ],
        ..PlatformFacts::default()
    }
}

impl Build {
    pub(super) fn route_table(&mut self, subnet: SubnetId) -> RouteTableId {
        let id = RouteTableId(u32::try_from(self.network.route_tables.len()).unwrap());
        self.network.route_tables.push(RouteTable {
            meta: meta(&format!("table{}", id.0)),
            routes: List::default(),
            subnets: List::closed(vec![subnet]),
            bgp_propagation: absent(),
        });
        self.network[subnet].route_table = known(Link::Here(id));
        id
    }

    /// A route to a type of next hop; `firewall`, `appliance` and `interface` are kinds of virtual
    /// appliances, `?name` an unknown type.
    pub(super) fn route(&mut self, table: RouteTableId, block: &str, hop: &str) -> RouteId {
        let id = RouteId(u32::try_from(self.network.routes.len()).unwrap());
        let (kind, appliance) = match hop {
            "firewall" => (
                NextHopType::VirtualAppliance,
                Appliance::Firewall(FirewallId(0)),
            ),
            "appliance" => (NextHopType::VirtualAppliance, Appliance::Unknown),
            "interface" => (
                NextHopType::VirtualAppliance,
                Appliance::NetworkInterface(NicId(0)),
            ),
            "VirtualNetworkGateway" => {
                (NextHopType::VirtualNetworkGateway, Appliance::NotApplicable)
            }
            "VnetLocal" => (NextHopType::VnetLocal, Appliance::NotApplicable),
            "Internet" => (NextHopType::Internet, Appliance::NotApplicable),
            _ => (NextHopType::None, Appliance::NotApplicable),
        };
        self.network.routes.push(Route {
            meta: meta(&format!("route{}", id.0)),
            route_table: Some(table),
            prefix: match block.strip_prefix('?') {
                Some(name) => unknown(name),
                None => known(RoutePrefix::Block(block.parse().unwrap())),
            },
            next_hop_type: match hop.strip_prefix('?') {
                Some(name) => unknown(name),
                None => known(kind),
            },
            next_hop_address: absent(),
            appliance,
            spread: List::default(),
            defects: Vec::new(),
        });
        self.network[table].routes.items.push(id);
        id
    }
}

impl Build {
    /// One side of a peering, all settings absent.
    pub(super) fn peer(&mut self, from: VnetId, to: Link<VnetId>) -> PeeringId {
        let id = PeeringId(u32::try_from(self.network.peerings.len()).unwrap());
        self.network.peerings.push(Peering {
            meta: meta(&format!("peering{}", id.0)),
            virtual_network: known(Link::Here(from)),
            remote: known(to),
            allow_virtual_network_access: absent(),
            allow_forwarded_traffic: absent(),
            allow_gateway_transit: absent(),
            use_remote_gateways: absent(),
            state: absent(),
            complete: absent(),
            remote_space: List::default(),
        });
        self.network[from].peerings.items.push(id);
        id
    }

    /// The route table of a subnet that has one.
    pub(super) fn table_of(&self, subnet: SubnetId) -> RouteTableId {
        let table = self.network[subnet].route_table.value();
        table.and_then(Link::here).unwrap()
    }
}

/// Settings of a firewall, all absent.
pub(super) fn firewall_settings() -> FirewallSettings {
    FirewallSettings {
        proxy_for_names: absent(),
        dns_proxy: absent(),
        dns_servers: List::default(),
        threat_intelligence: absent(),
        private_ranges: List::default(),
        learns_private_ranges: absent(),
        intrusion_detection: absent(),
        tls_certificate: absent(),
    }
}
