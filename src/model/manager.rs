//! Azure Virtual Network Manager: network groups and the security admin rules that apply to them.
//!
//! Everything links upwards, from a rule through its collection and configuration to the manager.
//! What is absent: connectivity and routing configurations, and members that an Azure Policy adds.

use std::sync::Arc;

use super::address::{AddressPrefix, PortRange, ProtocolMatch};
use super::nsg::Direction;
use super::{
    AdminConfigurationId, AdminRuleCollectionId, Field, Link, List, Meta, NetworkGroupId,
    NetworkManagerId, VnetId,
};

/// A network manager.
#[derive(Clone, Debug)]
pub struct NetworkManager {
    /// Name, place, existence.
    pub meta: Meta,
}

/// A network group: virtual networks, or subnets, that configurations apply to.
#[derive(Clone, Debug)]
pub struct NetworkGroup {
    /// Name, place, existence.
    pub meta: Meta,
    /// The manager it belongs to.
    pub manager: Field<Link<NetworkManagerId>>,
    /// `VirtualNetwork` or `Subnet`; absent: virtual networks.
    pub member_type: Field<Arc<str>>,
}

/// A virtual network that a network group names as its member.
#[derive(Clone, Debug)]
pub struct StaticMember {
    /// Name, place, existence.
    pub meta: Meta,
    /// The group.
    pub group: Field<Link<NetworkGroupId>>,
    /// The member; the id of a subnet stays external.
    pub network: Field<Link<VnetId>>,
}

/// What admin rules do in virtual networks of services that have a network intent policy.
///
/// Source: <https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins>
/// (2026-01-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentPolicyServices {
    /// They do not apply there: the platform's default.
    None,
    /// Only those that allow apply there.
    AllowRulesOnly,
    /// They apply there; the feature must be registered.
    All,
}

/// A security admin configuration.
#[derive(Clone, Debug)]
pub struct AdminConfiguration {
    /// Name, place, existence.
    pub meta: Meta,
    /// The manager it belongs to.
    pub manager: Field<Link<NetworkManagerId>>,
    /// `applyOnNetworkIntentPolicyBasedServices`; absent: the platform's default, `None`.
    pub intent_policy_services: Field<IntentPolicyServices>,
}

/// A collection of admin rules and the groups it applies to.
#[derive(Clone, Debug)]
pub struct AdminRuleCollection {
    /// Name, place, existence.
    pub meta: Meta,
    /// The configuration it belongs to.
    pub configuration: Field<Link<AdminConfigurationId>>,
    /// The groups whose members get the rules.
    pub groups: List<Field<Link<NetworkGroupId>>>,
}

/// What an admin rule does with a packet it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdminAction {
    /// Network security groups are asked next.
    Allow,
    /// The packet is delivered; network security groups are not asked.
    AlwaysAllow,
    /// The packet is dropped; network security groups are not asked.
    Deny,
}

/// A source or destination of an admin rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// `*`, a block or a service tag.
    Prefix(AddressPrefix),
    /// The address spaces of a network group's members.
    NetworkGroup(Link<NetworkGroupId>),
}

/// A security admin rule.
#[derive(Clone, Debug)]
pub struct AdminRule {
    /// Name, place, existence.
    pub meta: Meta,
    /// The collection it belongs to.
    pub collection: Field<Link<AdminRuleCollectionId>>,
    /// 1 to 4096, lowest first.
    pub priority: Field<u32>,
    /// Inbound or outbound.
    pub direction: Field<Direction>,
    /// What it does.
    pub action: Field<AdminAction>,
    /// Protocol.
    pub protocol: Field<ProtocolMatch>,
    /// Sources; certainly empty means any.
    pub source: List<Field<AdminAddress>>,
    /// Destinations; certainly empty means any.
    pub destination: List<Field<AdminAddress>>,
    /// Source ports; certainly empty means any.
    pub source_ports: List<Field<PortRange>>,
    /// Destination ports; certainly empty means any.
    pub destination_ports: List<Field<PortRange>>,
}

/// A deployment ("commit") of a manager's configurations to a region: what it does not list is not
/// in force there.
#[derive(Clone, Debug)]
pub struct AdminDeployment {
    /// Name, place, existence.
    pub meta: Meta,
    /// The manager.
    pub manager: Field<Link<NetworkManagerId>>,
    /// The region.
    pub location: Field<Arc<str>>,
    /// The security admin configurations that are in force there from then on.
    pub configurations: List<Field<Link<AdminConfigurationId>>>,
}
