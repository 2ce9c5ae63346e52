//! Resources to one network: the model every rule is judged on.
//!
//! [`Network`] holds the resources of one deployment in a neutral form: the same
//! [`nsg::SecurityRule`] whether it was written in ARM, in azurerm, inline, as a child or as a
//! separate resource. Fields say what is known of them ([`Field`]), relations are lists that may be
//! open ([`List`]).
//!
//! What is absent: syntax trees, packets, rules. ARM and azurerm spellings occur only in
//! `arm` and `azurerm`.

pub mod address;
mod admin_rule;
mod arm;
mod azurerm;
mod build;
mod complete;
pub mod compute;
mod defect;
mod field;
pub mod firewall;
mod firewall_rule;
mod index;
mod intent;
mod link;
pub mod load_balancer;
mod machine;
pub mod mail;
pub mod manager;
pub mod nsg;
pub(crate) mod parse;
pub mod platform;
pub mod protection;
pub mod resource;
pub mod routing;
mod security_rule;
pub mod service;
pub mod setting;
pub mod subscription;
pub mod topology;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::eval::value::Unknown;
use crate::eval::{Deployment, Dialect, Existence, Mode, ResourceKey};
use crate::origin::OriginId;
use crate::source::Span;

/// What is known of a field.
#[derive(Clone, Debug)]
pub enum State<T> {
    /// It has this value.
    Known(T),
    /// It has a value that the files do not tell; the candidates, if they do tell those.
    Unknown(Arc<Unknown>, Option<Vec<T>>),
    /// It is not written, and nothing is filled in.
    Absent,
    /// It is written and Azure will refuse it.
    Invalid {
        /// As written.
        raw: Arc<str>,
        /// What is wrong with it, for people.
        why: Arc<str>,
    },
}

/// A field and where its value came from.
///
/// To semantics an invalid field is unknown; `invalid-security-rule` reads what is wrong with it.
#[derive(Clone, Debug)]
pub struct Field<T> {
    /// What is known.
    pub state: State<T>,
    /// Where it came from: for absent fields and platform defaults the resource's header.
    pub origin: OriginId,
}

impl<T> Field<T> {
    /// A known field.
    pub fn known(value: T, origin: OriginId) -> Self {
        Self {
            state: State::Known(value),
            origin,
        }
    }

    /// A field that is not written; `origin` is the resource's header.
    pub fn absent(origin: OriginId) -> Self {
        Self {
            state: State::Absent,
            origin,
        }
    }

    /// The value, if known.
    pub fn value(&self) -> Option<&T> {
        match &self.state {
            State::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The unknown, if it is one.
    pub fn unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.state {
            State::Unknown(unknown, _) => Some(unknown),
            _ => None,
        }
    }

    /// Whether nothing is written.
    pub fn is_absent(&self) -> bool {
        matches!(self.state, State::Absent)
    }

    /// Applies `change` to the value and the candidates.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Field<U> {
        let state = match self.state {
            State::Known(value) => State::Known(change(value)),
            State::Unknown(unknown, candidates) => State::Unknown(
                unknown,
                candidates.map(|all| all.into_iter().map(change).collect()),
            ),
            State::Absent => State::Absent,
            State::Invalid { raw, why } => State::Invalid { raw, why },
        };
        Field {
            state,
            origin: self.origin,
        }
    }
}

/// A list of which all or a part is known. For relations an unknown rest means that others may be
/// attached outside these files.
#[derive(Clone, Debug)]
pub struct List<T> {
    /// The known items.
    pub items: Vec<T>,
    /// Stands for the items that are not known.
    pub rest: Option<Arc<Unknown>>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            rest: None,
        }
    }
}

impl<T> List<T> {
    /// A list known as a whole.
    #[must_use]
    pub fn closed(items: Vec<T>) -> Self {
        Self { items, rest: None }
    }

    /// Whether it is certain that there is no item.
    #[must_use]
    pub fn is_certainly_empty(&self) -> bool {
        self.items.is_empty() && self.rest.is_none()
    }
}

/// What every element of the network has.
#[derive(Clone, Debug)]
pub struct Meta {
    /// What a person calls it: the resource's address, for parts of a resource followed by the part
    /// (`Microsoft.Network/virtualNetworks/hub/subnets/app`).
    pub address: Arc<str>,
    /// How other resources refer to it.
    pub key: ResourceKey,
    /// The name in Azure.
    pub name: Field<Arc<str>>,
    /// The resource's or block's header.
    pub origin: OriginId,
    /// Whether it exists.
    pub existence: Existence,
    /// One of an unknown number of elements like this.
    pub template: bool,
    /// Only looked up, not created here.
    pub existing: bool,
}

/// A reference to an element that may lie in these files or outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link<I> {
    /// It is in this network.
    Here(I),
    /// It is not in these files.
    External(ResourceKey),
}

impl<I: Copy> Link<I> {
    /// The id, if the element is in this network.
    pub fn here(&self) -> Option<I> {
        match self {
            Self::Here(id) => Some(*id),
            Self::External(_) => None,
        }
    }
}

/// Defines the index type of an arena of the network.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $field:ident : $element:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub u32);

            impl std::ops::Index<$name> for Network {
                type Output = $element;

                fn index(&self, id: $name) -> &$element {
                    &self.$field[id.0 as usize]
                }
            }

            impl std::ops::IndexMut<$name> for Network {
                fn index_mut(&mut self, id: $name) -> &mut $element {
                    &mut self.$field[id.0 as usize]
                }
            }

            impl $name {
                /// The ids of all elements of this kind, in order.
                pub fn all(network: &Network) -> impl Iterator<Item = Self> + use<> {
                    (0..u32::try_from(network.$field.len()).unwrap_or(u32::MAX)).map(Self)
                }
            }

            impl index::Id for $name {
                type Element = $element;

                fn push(network: &mut Network, element: $element) -> Self {
                    let id = Self(u32::try_from(network.$field.len()).unwrap_or(u32::MAX));
                    network.$field.push(element);
                    id
                }

                fn replace(network: &mut Network, id: Self, element: $element) {
                    network[id] = element;
                }

                fn every(network: &Network) -> Vec<Self> {
                    Self::all(network).collect()
                }

                fn meta(self, network: &Network) -> &Meta {
                    &network[self].meta
                }

                fn wrap(self) -> index::ElementId {
                    index::ElementId::$name(self)
                }

                fn unwrap(id: index::ElementId) -> Option<Self> {
                    match id {
                        index::ElementId::$name(id) => Some(id),
                        _ => None,
                    }
                }
            }
        )*
    };
}

ids! {
    /// A network security group.
    NsgId => network_security_groups: nsg::NetworkSecurityGroup;
    /// A security rule.
    SecurityRuleId => security_rules: nsg::SecurityRule;
    /// An application security group.
    AsgId => application_security_groups: nsg::ApplicationSecurityGroup;
    /// A virtual network.
    VnetId => virtual_networks: topology::VirtualNetwork;
    /// A subnet.
    SubnetId => subnets: topology::Subnet;
    /// A network interface, or the configuration of one in a scale set.
    NicId => network_interfaces: topology::NetworkInterface;
    /// A virtual network peering.
    PeeringId => peerings: topology::Peering;
    /// A public IP address.
    PublicIpId => public_ips: topology::PublicIp;
    /// A prefix of public IP addresses.
    PublicIpPrefixId => public_ip_prefixes: topology::PublicIpPrefix;
    /// A private endpoint.
    PrivateEndpointId => private_endpoints: topology::PrivateEndpoint;
    /// A NAT gateway.
    NatGatewayId => nat_gateways: topology::NatGateway;
    /// A VPN or ExpressRoute gateway.
    GatewayId => gateways: topology::VirtualNetworkGateway;
    /// What lies behind the far end of a VPN connection.
    LocalNetworkGatewayId => local_network_gateways: topology::LocalNetworkGateway;
    /// A connection of a gateway.
    GatewayConnectionId => gateway_connections: topology::GatewayConnection;
    /// A virtual WAN hub.
    HubId => virtual_hubs: topology::VirtualHub;
    /// A connection of a virtual network to a hub.
    HubConnectionId => hub_connections: topology::HubConnection;
    /// A route table.
    RouteTableId => route_tables: routing::RouteTable;
    /// A route.
    RouteId => routes: routing::Route;
    /// A load balancer.
    LoadBalancerId => load_balancers: load_balancer::LoadBalancer;
    /// A health probe.
    ProbeId => probes: load_balancer::Probe;
    /// A backend pool of a load balancer.
    PoolId => backend_pools: load_balancer::BackendPool;
    /// An Azure Firewall.
    FirewallId => firewalls: firewall::Firewall;
    /// A firewall policy.
    FirewallPolicyId => firewall_policies: firewall::FirewallPolicy;
    /// A group of rule collections of a firewall policy.
    FirewallRuleGroupId => firewall_rule_groups: firewall::FirewallRuleGroup;
    /// A collection of firewall rules.
    FirewallRuleCollectionId => firewall_rule_collections: firewall::FirewallRuleCollection;
    /// A rule of an Azure Firewall.
    FirewallRuleId => firewall_rules: firewall::FirewallRule;
    /// A group of addresses for firewall rules.
    IpGroupId => ip_groups: firewall::IpGroup;
    /// A virtual machine or scale set.
    MachineId => machines: compute::Machine;
    /// An application that Azure hosts.
    AppId => apps: setting::App;
    /// A text that a machine or an application runs with.
    SettingId => settings: setting::Setting;
    /// A mail server that a setting names.
    MailTargetId => mail_targets: mail::MailTarget;
    /// A TXT record.
    TxtRecordId => txt_records: mail::TxtRecord;
    /// A service of Azure's that lives in subnets.
    ServiceId => services: service::Service;
    /// A flow log of Network Watcher.
    FlowLogId => flow_logs: protection::FlowLog;
    /// A web application firewall.
    WebApplicationFirewallId => web_application_firewalls: protection::WebApplicationFirewall;
    /// A plan of Defender for Cloud.
    DefenderPlanId => defender_plans: protection::DefenderPlan;
    /// A subscription described in the files.
    SubscriptionId => subscriptions: subscription::Subscription;
    /// A virtual network manager.
    NetworkManagerId => network_managers: manager::NetworkManager;
    /// A network group of a manager.
    NetworkGroupId => network_groups: manager::NetworkGroup;
    /// A static member of a network group.
    StaticMemberId => static_members: manager::StaticMember;
    /// A security admin configuration.
    AdminConfigurationId => admin_configurations: manager::AdminConfiguration;
    /// A collection of admin rules.
    AdminRuleCollectionId => admin_rule_collections: manager::AdminRuleCollection;
    /// A security admin rule.
    AdminRuleId => admin_rules: manager::AdminRule;
    /// A deployment of security admin configurations.
    AdminDeploymentId => admin_deployments: manager::AdminDeployment;
}

/// Whether the text of a file may describe a subscription: a cheap look before a deployment that
/// nobody asked about is evaluated for its subscription's sake.
///
/// ```
/// use aznet::model::may_describe_subscription;
/// assert!(may_describe_subscription("\"quotaid\": \"MSDN_2014-09-01\""));
/// assert!(may_describe_subscription("resource \"azurerm_subscription\" \"a\" {"));
/// assert!(!may_describe_subscription("data \"azurerm_subscription\" \"current\" {}"));
/// ```
#[must_use]
pub fn may_describe_subscription(text: &str) -> bool {
    arm::hints_at_subscription(text) || azurerm::hints_at_subscription(text)
}

/// Everything of one deployment that matters for networking.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the element types document themselves")]
pub struct Network {
    pub network_security_groups: Vec<nsg::NetworkSecurityGroup>,
    pub security_rules: Vec<nsg::SecurityRule>,
    pub application_security_groups: Vec<nsg::ApplicationSecurityGroup>,
    pub virtual_networks: Vec<topology::VirtualNetwork>,
    pub subnets: Vec<topology::Subnet>,
    pub network_interfaces: Vec<topology::NetworkInterface>,
    pub peerings: Vec<topology::Peering>,
    pub public_ips: Vec<topology::PublicIp>,
    pub public_ip_prefixes: Vec<topology::PublicIpPrefix>,
    pub private_endpoints: Vec<topology::PrivateEndpoint>,
    pub nat_gateways: Vec<topology::NatGateway>,
    pub gateways: Vec<topology::VirtualNetworkGateway>,
    pub local_network_gateways: Vec<topology::LocalNetworkGateway>,
    pub gateway_connections: Vec<topology::GatewayConnection>,
    pub virtual_hubs: Vec<topology::VirtualHub>,
    pub hub_connections: Vec<topology::HubConnection>,
    pub route_tables: Vec<routing::RouteTable>,
    pub routes: Vec<routing::Route>,
    pub load_balancers: Vec<load_balancer::LoadBalancer>,
    pub probes: Vec<load_balancer::Probe>,
    pub backend_pools: Vec<load_balancer::BackendPool>,
    pub firewalls: Vec<firewall::Firewall>,
    pub firewall_policies: Vec<firewall::FirewallPolicy>,
    pub firewall_rule_groups: Vec<firewall::FirewallRuleGroup>,
    pub firewall_rule_collections: Vec<firewall::FirewallRuleCollection>,
    pub firewall_rules: Vec<firewall::FirewallRule>,
    pub ip_groups: Vec<firewall::IpGroup>,
    pub machines: Vec<compute::Machine>,
    pub apps: Vec<setting::App>,
    pub settings: Vec<setting::Setting>,
    pub mail_targets: Vec<mail::MailTarget>,
    pub txt_records: Vec<mail::TxtRecord>,
    pub services: Vec<service::Service>,
    pub flow_logs: Vec<protection::FlowLog>,
    pub web_application_firewalls: Vec<protection::WebApplicationFirewall>,
    pub defender_plans: Vec<protection::DefenderPlan>,
    pub subscriptions: Vec<subscription::Subscription>,
    pub network_managers: Vec<manager::NetworkManager>,
    pub network_groups: Vec<manager::NetworkGroup>,
    pub static_members: Vec<manager::StaticMember>,
    pub admin_configurations: Vec<manager::AdminConfiguration>,
    pub admin_rule_collections: Vec<manager::AdminRuleCollection>,
    pub admin_rules: Vec<manager::AdminRule>,
    pub admin_deployments: Vec<manager::AdminDeployment>,
    /// Contradictions found while putting the model together: two definitions of one id, two NSGs
    /// on one subnet.
    pub diagnostics: Vec<Diagnostic>,
}

impl Network {
    /// Builds the model of a deployment: lowers every resource through its dialect, then links
    /// them.
    #[must_use]
    pub fn build(deployment: &Deployment) -> Self {
        link::link(lowered(deployment, &[deployment], &mut Vec::new()))
    }

    /// Builds the network that several deployments make together: those of an estate, put side by
    /// side by [`crate::eval::estate::Shared`].
    ///
    /// # Errors
    ///
    /// What two of them define each: nothing says which definition counts.
    pub fn join(deployments: &[&Deployment]) -> Result<Self, Vec<Twice>> {
        let Some(first) = deployments.first() else {
            return Ok(Self::default());
        };
        let mut twice = Vec::new();
        let builder = lowered(first, deployments, &mut twice);
        match twice.is_empty() {
            true => Ok(link::link(builder)),
            false => Err(twice),
        }
    }
}

/// A resource that two deployments of an estate define.
#[derive(Clone, Debug)]
pub struct Twice {
    /// Its id.
    pub key: ResourceKey,
    /// The two deployments by their places in the list, in its order.
    pub deployments: [usize; 2],
    /// The headers of the definitions.
    pub places: [Option<Span>; 2],
}

/// Lowers the resources of all deployments, those that are created first: what is only looked up may
/// be something that one of them creates.
fn lowered<'a>(
    first: &'a Deployment,
    deployments: &[&'a Deployment],
    twice: &mut Vec<Twice>,
) -> build::Builder<'a> {
    let mut builder = build::Builder::new(first, deployments);
    for mode in [Mode::Managed, Mode::Existing] {
        for deployment in deployments {
            builder.deployment = deployment;
            for resource in &deployment.resources {
                if resource.mode != mode || builder.stands_for_another(resource) {
                    continue;
                }
                if deployments.len() > 1 {
                    twice.extend(builder.defined_before(resource));
                }
                match resource.dialect {
                    Dialect::Arm => arm::lower(&mut builder, resource),
                    Dialect::Azurerm => azurerm::lower(&mut builder, resource),
                }
                builder.place_by_id(resource);
            }
        }
    }
    builder
}

/// An address without the keys and indices of loops: `module.a.x.b` of `module.a["k"].x.b[0]`.
#[must_use]
pub(crate) fn without_keys(address: &str) -> String {
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    for c in address.chars() {
        match c {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests;
