//! The links of a network, read backwards.

use std::collections::BTreeMap;

use crate::model::address::AddressPrefix;
use crate::model::routing::Appliance;
use crate::model::{self, AdminConfigurationId, Link, Network};
use crate::policy::datum::Element;
use crate::policy::vocabulary::Kind;

/// Who refers to what.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    by: BTreeMap<(Element, Kind), Vec<u32>>,
}

impl Uses {
    pub(in crate::policy::vocabulary) fn new(network: &Network) -> Self {
        let mut uses = Self::default();
        uses.of_interfaces(network);
        uses.of_networks(network);
        uses.of_balancers(network);
        uses.of_firewalls(network);
        uses.of_managers(network);
        for (log, id) in network.flow_logs.iter().zip(0..) {
            let group = here(&log.nsg).map(|id| id.0);
            uses.link(Kind::Nsg, group, Kind::FlowLog, id);
            let recorded = here(&log.virtual_network).map(|id| id.0);
            uses.link(Kind::VirtualNetwork, recorded, Kind::FlowLog, id);
        }
        for (rule, id) in network.security_rules.iter().zip(0..) {
            let sides = rule.source.items.iter().chain(&rule.destination.items);
            for side in sides {
                if let Some(AddressPrefix::Asg(Link::Here(group))) = side.value() {
                    uses.add(
                        Kind::ApplicationSecurityGroup,
                        group.0,
                        Kind::SecurityRule,
                        id,
                    );
                }
            }
        }
        uses
    }

    fn of_interfaces(&mut self, network: &Network) {
        for (nic, id) in network.network_interfaces.iter().zip(0..) {
            for configuration in &nic.ip_configurations.items {
                let public = here(&configuration.public_ip).map(|id| id.0);
                self.link(Kind::PublicIp, public, Kind::NetworkInterface, id);
            }
        }
        for (nat, id) in network.nat_gateways.iter().zip(0..) {
            for public in &nat.public_ips.items {
                let public = here(public).map(|id| id.0);
                self.link(Kind::PublicIp, public, Kind::NatGateway, id);
            }
            for prefix in &nat.public_ip_prefixes.items {
                let prefix = here(prefix).map(|id| id.0);
                self.link(Kind::PublicIpPrefix, prefix, Kind::NatGateway, id);
            }
        }
        for (endpoint, id) in network.private_endpoints.iter().zip(0..) {
            for group in &endpoint.application_security_groups.items {
                let group = here(group).map(|id| id.0);
                self.link(
                    Kind::ApplicationSecurityGroup,
                    group,
                    Kind::PrivateEndpoint,
                    id,
                );
            }
        }
    }

    fn of_networks(&mut self, network: &Network) {
        for (peering, id) in network.peerings.iter().zip(0..) {
            let remote = here(&peering.remote).map(|id| id.0);
            self.link(Kind::VirtualNetwork, remote, Kind::Peering, id);
        }
        for (gateway, id) in network.gateways.iter().zip(0..) {
            let subnet = here(&gateway.subnet).map(|id| id.0);
            self.link(Kind::Subnet, subnet, Kind::VirtualNetworkGateway, id);
        }
        for (connection, id) in network.gateway_connections.iter().zip(0..) {
            let (site, peer) = (here(&connection.site), here(&connection.peer));
            let kind = Kind::GatewayConnection;
            self.link(Kind::LocalNetworkGateway, site.map(|id| id.0), kind, id);
            self.link(Kind::VirtualNetworkGateway, peer.map(|id| id.0), kind, id);
        }
        for (connection, id) in network.hub_connections.iter().zip(0..) {
            let hub = here(&connection.hub).map(|id| id.0);
            self.link(Kind::VirtualHub, hub, Kind::HubConnection, id);
        }
        for (route, id) in network.routes.iter().zip(0..) {
            let spread = route.spread.items.iter().map(|hop| &hop.appliance);
            for appliance in std::iter::once(&route.appliance).chain(spread) {
                let (kind, to) = match appliance {
                    Appliance::Firewall(to) | Appliance::ExternalFirewall(Link::Here(to)) => {
                        (Kind::Firewall, to.0)
                    }
                    Appliance::NetworkInterface(to) => (Kind::NetworkInterface, to.0),
                    Appliance::LoadBalancer(to) => (Kind::LoadBalancer, to.0),
                    _ => continue,
                };
                self.add(kind, to, Kind::Route, id);
            }
        }
    }

    fn of_balancers(&mut self, network: &Network) {
        for (balancer, id) in network.load_balancers.iter().zip(0..) {
            for frontend in &balancer.frontends.items {
                let public = here(&frontend.public_ip).map(|id| id.0);
                let prefix = here(&frontend.public_ip_prefix).map(|id| id.0);
                let subnet = here(&frontend.subnet).map(|id| id.0);
                self.link(Kind::PublicIp, public, Kind::LoadBalancer, id);
                self.link(Kind::PublicIpPrefix, prefix, Kind::LoadBalancer, id);
                self.link(Kind::Subnet, subnet, Kind::LoadBalancer, id);
            }
        }
    }

    fn of_firewalls(&mut self, network: &Network) {
        for (firewall, id) in network.firewalls.iter().zip(0..) {
            let policy = here(&firewall.policy).map(|id| id.0);
            self.link(Kind::FirewallPolicy, policy, Kind::Firewall, id);
            let hub = here(&firewall.virtual_hub).map(|id| id.0);
            self.link(Kind::VirtualHub, hub, Kind::Firewall, id);
            for public in &firewall.public_ips.items {
                let public = here(public).map(|id| id.0);
                self.link(Kind::PublicIp, public, Kind::Firewall, id);
            }
        }
        for (policy, id) in network.firewall_policies.iter().zip(0..) {
            let parent = here(&policy.parent).map(|id| id.0);
            self.link(Kind::FirewallPolicy, parent, Kind::FirewallPolicy, id);
        }
        for (group, id) in network.firewall_rule_groups.iter().zip(0..) {
            let policy = here(&group.policy).map(|id| id.0);
            self.link(Kind::FirewallPolicy, policy, Kind::FirewallRuleGroup, id);
        }
        for (rule, id) in network.firewall_rules.iter().zip(0..) {
            let groups = &rule.source_ip_groups.items;
            for group in groups.iter().chain(&rule.destination_ip_groups.items) {
                let group = here(group).map(|id| id.0);
                self.link(Kind::IpGroup, group, Kind::FirewallRule, id);
            }
        }
    }

    fn of_managers(&mut self, network: &Network) {
        for (group, id) in network.network_groups.iter().zip(0..) {
            let manager = here(&group.manager).map(|id| id.0);
            self.link(Kind::NetworkManager, manager, Kind::NetworkGroup, id);
        }
        for (member, id) in network.static_members.iter().zip(0..) {
            let (group, vnet) = (here(&member.group), here(&member.network));
            let kind = Kind::NetworkGroupMember;
            self.link(Kind::NetworkGroup, group.map(|id| id.0), kind, id);
            self.link(Kind::VirtualNetwork, vnet.map(|id| id.0), kind, id);
        }
        for (configuration, id) in network.admin_configurations.iter().zip(0..) {
            let manager = here(&configuration.manager).map(|id| id.0);
            self.link(Kind::NetworkManager, manager, Kind::AdminConfiguration, id);
        }
        for (collection, id) in network.admin_rule_collections.iter().zip(0..) {
            let of: Option<AdminConfigurationId> = here(&collection.configuration);
            let kind = Kind::AdminRuleCollection;
            self.link(Kind::AdminConfiguration, of.map(|id| id.0), kind, id);
            for group in &collection.groups.items {
                self.link(Kind::NetworkGroup, here(group).map(|id| id.0), kind, id);
            }
        }
        for (rule, id) in network.admin_rules.iter().zip(0..) {
            let collection = here(&rule.collection).map(|id| id.0);
            self.link(Kind::AdminRuleCollection, collection, Kind::AdminRule, id);
        }
        for (deployment, id) in network.admin_deployments.iter().zip(0..) {
            for of in &deployment.configurations.items {
                let of = here(of).map(|id| id.0);
                self.link(Kind::AdminConfiguration, of, Kind::AdminDeployment, id);
            }
        }
    }

    /// The elements of a kind that refer to one.
    pub(super) fn of(&self, target: Element, by: Kind) -> &[u32] {
        self.by.get(&(target, by)).map_or(&[], Vec::as_slice)
    }

    fn link(&mut self, kind: Kind, to: Option<u32>, by: Kind, from: u32) {
        if let Some(to) = to {
            self.add(kind, to, by, from);
        }
    }

    fn add(&mut self, kind: Kind, to: u32, by: Kind, from: u32) {
        let target = Element { kind, id: to };
        let users = self.by.entry((target, by)).or_default();
        if users.last() != Some(&from) {
            users.push(from);
        }
    }
}

fn here<I: Copy>(of: &model::Field<Link<I>>) -> Option<I> {
    of.value().and_then(Link::here)
}
