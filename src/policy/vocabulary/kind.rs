//! The kinds of elements and where the network keeps them.

use std::sync::Arc;

use super::{Field, KindSpec, World, common, relations};
use super::{admin, balancing, connectivity, firewall, firewall_parts, load_balancer};
use super::{members, nsg, protection, resource, routing, run, service, setting, topology};
use crate::eval::value::Unknown;
use crate::model::firewall::FirewallRuleKind;
use crate::model::{self, Meta, Network};
use crate::policy::datum::Element;

/// Defines the kinds: those that have an arena of the network, and the others.
macro_rules! kinds {
    (
        arenas { $($kind:ident $spec:path, $arena:ident;)* }
        others { $($other:ident $other_spec:path;)* }
    ) => {
        /// The kinds of elements that predicates know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind {
            $($kind,)*
            $($other,)*
        }

        /// All kinds, in the order of [`Kind`].
        pub(super) const KINDS: &[&KindSpec] = &[$(&$spec,)* $(&$other_spec,)*];

        /// What every kind has, in the order of [`Kind`].
        static COMMON: [[Field; common::COUNT]; KINDS.len()] = [
            $(common::fields::<{ Kind::$kind as usize }>(),)*
            $(common::fields::<{ Kind::$other as usize }>(),)*
        ];

        impl Kind {
            /// How many elements the arena holds; `None` for kinds without one.
            fn arena_len(self, network: &Network) -> Option<usize> {
                match self {
                    $(Self::$kind => Some(network.$arena.len()),)*
                    _ => None,
                }
            }

            fn arena_meta(self, network: &Network, at: usize) -> Option<&Meta> {
                match self {
                    $(Self::$kind => network.$arena.get(at).map(|element| &element.meta),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    arenas {
        SecurityRule nsg::SECURITY_RULE, security_rules;
        Nsg nsg::NSG, network_security_groups;
        ApplicationSecurityGroup members::APPLICATION_SECURITY_GROUP, application_security_groups;
        Subnet topology::SUBNET, subnets;
        NetworkInterface topology::NETWORK_INTERFACE, network_interfaces;
        VirtualNetwork topology::VIRTUAL_NETWORK, virtual_networks;
        Peering connectivity::PEERING, peerings;
        RouteTable routing::ROUTE_TABLE, route_tables;
        Route routing::ROUTE, routes;
        LoadBalancer load_balancer::LOAD_BALANCER, load_balancers;
        Probe load_balancer::PROBE, probes;
        BackendPool balancing::BACKEND_POOL, backend_pools;
        PublicIp topology::PUBLIC_IP, public_ips;
        PublicIpPrefix members::PUBLIC_IP_PREFIX, public_ip_prefixes;
        NatGateway members::NAT_GATEWAY, nat_gateways;
        PrivateEndpoint members::PRIVATE_ENDPOINT, private_endpoints;
        VirtualNetworkGateway connectivity::GATEWAY, gateways;
        LocalNetworkGateway connectivity::LOCAL_NETWORK_GATEWAY, local_network_gateways;
        GatewayConnection connectivity::GATEWAY_CONNECTION, gateway_connections;
        VirtualHub connectivity::VIRTUAL_HUB, virtual_hubs;
        HubConnection connectivity::HUB_CONNECTION, hub_connections;
        Firewall firewall::FIREWALL, firewalls;
        FirewallPolicy firewall::POLICY, firewall_policies;
        FirewallRule firewall::RULE, firewall_rules;
        FirewallNetworkRule firewall::NETWORK_RULE, firewall_rules;
        FirewallNatRule firewall::NAT_RULE, firewall_rules;
        FirewallApplicationRule firewall::APPLICATION_RULE, firewall_rules;
        FirewallRuleGroup firewall_parts::GROUP, firewall_rule_groups;
        FirewallRuleCollection firewall_parts::COLLECTION, firewall_rule_collections;
        IpGroup firewall_parts::IP_GROUP, ip_groups;
        Machine topology::MACHINE, machines;
        Service service::SERVICE, services;
        App setting::APP, apps;
        Setting setting::SETTING, settings;
        MailTarget setting::MAIL_TARGET, mail_targets;
        TxtRecord setting::TXT_RECORD, txt_records;
        FlowLog protection::FLOW_LOG, flow_logs;
        WebApplicationFirewall protection::WEB_APPLICATION_FIREWALL, web_application_firewalls;
        DefenderPlan protection::DEFENDER_PLAN, defender_plans;
        NetworkManager admin::NETWORK_MANAGER, network_managers;
        NetworkGroup admin::NETWORK_GROUP, network_groups;
        NetworkGroupMember admin::NETWORK_GROUP_MEMBER, static_members;
        AdminConfiguration admin::ADMIN_CONFIGURATION, admin_configurations;
        AdminRuleCollection admin::ADMIN_RULE_COLLECTION, admin_rule_collections;
        AdminRule admin::ADMIN_RULE, admin_rules;
        AdminDeployment admin::ADMIN_DEPLOYMENT, admin_deployments;
    }
    others {
        LoadBalancingRule balancing::LOAD_BALANCING_RULE;
        InboundNatRule balancing::INBOUND_NAT_RULE;
        OutboundRule balancing::OUTBOUND_RULE;
        Resource resource::RESOURCE;
        Subscription run::SUBSCRIPTION;
        Deployment run::DEPLOYMENT;
        Platform run::PLATFORM;
    }
}

impl Kind {
    pub(crate) fn spec(self) -> &'static KindSpec {
        KINDS.get(self as usize).copied().unwrap_or(&run::PLATFORM)
    }

    /// The kind a rule file names as its subject.
    pub(crate) fn subject(name: &str) -> Option<Self> {
        let mut subjects = KINDS.iter().filter(|spec| spec.is_subject);
        let spec = subjects.find(|spec| spec.name == name)?;
        Some(spec.kind)
    }

    /// The names of all subjects.
    pub(crate) fn subjects() -> Vec<&'static str> {
        let subjects = KINDS.iter().filter(|spec| spec.is_subject);
        subjects.map(|spec| spec.name).collect()
    }

    /// Every field: its own, the relations that lead back to it, and what every kind has.
    pub(crate) fn fields(self) -> impl Iterator<Item = &'static Field> {
        let own = self.spec().fields;
        let common = COMMON
            .get(self as usize)
            .filter(|_| self.is_element())
            .map_or(&[][..], |fields| fields.as_slice());
        let common = common
            .iter()
            .filter(move |field| own.iter().all(|own| own.name != field.name));
        own.iter().chain(relations::of(self)).chain(common)
    }

    pub(crate) fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }

    /// Whether it is something in the files, unlike what a run declares.
    fn is_element(self) -> bool {
        !matches!(self, Self::Subscription | Self::Deployment | Self::Platform)
    }

    /// The ids of all elements of this kind.
    pub(crate) fn all(self, world: &World<'_>) -> Vec<u32> {
        let network = world.network;
        let up_to = |count: usize| (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        let of_pass = |wanted: FirewallRuleKind| {
            let rules = network.firewall_rules.iter().zip(0..);
            let rules = rules.filter(|(rule, _)| rule.kind == wanted);
            rules.map(|(_, id)| id).collect()
        };
        match self {
            Self::FirewallNetworkRule => of_pass(FirewallRuleKind::Network),
            Self::FirewallNatRule => of_pass(FirewallRuleKind::Nat),
            Self::FirewallApplicationRule => of_pass(FirewallRuleKind::Application),
            Self::LoadBalancingRule | Self::InboundNatRule | Self::OutboundRule => {
                balancing::parts(network, self)
            }
            Self::Resource => up_to(world.deployment.resources.len()),
            _ => up_to(self.arena_len(network).unwrap_or(1)),
        }
    }
}

impl Element {
    /// Name, place and existence; `None` for singletons.
    pub(crate) fn meta<'w>(&self, world: &'w World<'_>) -> Option<&'w Meta> {
        let at = self.id as usize;
        match self.kind {
            Kind::LoadBalancingRule | Kind::InboundNatRule | Kind::OutboundRule => {
                balancing::meta(world.network, *self)
            }
            Kind::Resource => world.resources().meta(self.id),
            _ => self.kind.arena_meta(world.network, at),
        }
    }

    /// What is missing where it stands for any number of elements of which the files tell nothing:
    /// asking anything about it is asking what the missing input is.
    pub(crate) fn nothing_known(&self, world: &World<'_>) -> Option<Arc<Unknown>> {
        fn none<T>(list: &model::List<model::Field<T>>) -> bool {
            list.items.iter().all(|item| item.unknown().is_some())
        }
        if !self.meta(world)?.template {
            return None;
        }
        let network = world.network;
        let at = self.id as usize;
        match self.kind {
            Kind::SecurityRule => {
                let rule = network.security_rules.get(at)?;
                let missing = rule.direction.unknown()?;
                let blank = rule.access.unknown().is_some()
                    && none(&rule.source)
                    && none(&rule.destination)
                    && none(&rule.destination_ports);
                blank.then(|| Arc::clone(missing))
            }
            Kind::FirewallNetworkRule => {
                let rule = network.firewall_rules.get(at)?;
                let missing = rule.meta.name.unknown()?;
                let blank = rule.action.unknown().is_some()
                    && rule.destination_ip_groups.items.is_empty()
                    && none(&rule.source)
                    && none(&rule.destination)
                    && none(&rule.destination_ports);
                blank.then(|| Arc::clone(missing))
            }
            _ => None,
        }
    }

    /// The value of a field.
    pub(crate) fn get(&self, field: &Field, world: &World<'_>) -> super::Datum {
        (field.get)(world, self.id)
    }

    /// What a person calls it.
    pub(crate) fn display(&self, world: &World<'_>) -> String {
        let Some(meta) = self.meta(world) else {
            return self.kind.spec().name.to_owned();
        };
        match &meta.name.state {
            model::State::Known(name) => name.to_string(),
            _ => meta.address.to_string(),
        }
    }
}
