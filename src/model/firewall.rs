//! Azure Firewall.

use std::net::IpAddr;
use std::sync::Arc;

use super::address::{AddressPrefix, PortRange, Protocol};
use super::nsg::Access;
use super::{
    Field, FirewallId, FirewallPolicyId, FirewallRuleId, HubId, IpGroupId, Link, List, Meta,
    PublicIpId, SubnetId,
};

/// An Azure Firewall.
#[derive(Clone, Debug)]
pub struct Firewall {
    /// Name, place, existence.
    pub meta: Meta,
    /// The subnet it lies in; absent in a virtual hub.
    pub subnet: Field<Link<SubnetId>>,
    /// The virtual hub it lies in.
    pub virtual_hub: Field<Link<HubId>>,
    /// Its private address: Azure fills it in, so it is known only from exports and from literals
    /// that name it.
    pub private_address: Field<IpAddr>,
    /// Its public addresses.
    pub public_ips: List<Field<Link<PublicIpId>>>,
    /// Its policy; absent: classic rules.
    pub policy: Field<Link<FirewallPolicyId>>,
    /// Its classic rules. A rest means rules that are not known.
    pub rules: List<FirewallRuleId>,
    /// `Basic`, `Standard`, `Premium`.
    pub tier: Field<Arc<str>>,
    /// Whether it answers DNS (classic setting).
    pub dns_proxy: Field<bool>,
    /// Whether it has a management address, that is, is forced through a tunnel itself.
    pub management: bool,
}

/// A firewall policy.
#[derive(Clone, Debug)]
pub struct FirewallPolicy {
    /// Name, place, existence.
    pub meta: Meta,
    /// The policy it inherits from; that one's rules come first.
    pub parent: Field<Link<FirewallPolicyId>>,
    /// The rules of its rule collection groups. A rest means rules that are not known.
    pub rules: List<FirewallRuleId>,
    /// `Basic`, `Standard`, `Premium`.
    pub tier: Field<Arc<str>>,
    /// Whether the firewall answers DNS, which FQDNs in network rules need.
    pub dns_proxy: Field<bool>,
}

/// Who holds a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirewallRuleOwner {
    /// A firewall, as a classic rule.
    Firewall(FirewallId),
    /// A policy, through a rule collection group.
    Policy(FirewallPolicyId),
}

/// The pass a rule takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirewallRuleKind {
    /// First pass: destination translation.
    Nat,
    /// Second pass.
    Network,
    /// Third pass: HTTP, HTTPS and MSSQL by name.
    Application,
}

/// A rule of a firewall, with the order its collection gives it.
#[derive(Clone, Debug)]
pub struct FirewallRule {
    /// Name, place, existence.
    pub meta: Meta,
    /// Who holds it; `None` if that is not in the files.
    pub owner: Option<FirewallRuleOwner>,
    /// The pass.
    pub kind: FirewallRuleKind,
    /// Priority of the rule collection group (policies only), lowest first.
    pub group_priority: Field<u32>,
    /// Priority of the collection, lowest first.
    pub collection_priority: Field<u32>,
    /// Name of the collection.
    pub collection: Field<Arc<str>>,
    /// Place within the collection, from 0.
    pub position: u32,
    /// Allow or deny; for DNAT, allow.
    pub action: Field<Access>,
    /// Protocols; `Any` is every one.
    pub protocols: List<Field<FirewallProtocol>>,
    /// Sources: addresses, ranges, tags.
    pub source: List<Field<AddressPrefix>>,
    /// Source IP groups.
    pub source_ip_groups: List<Field<Link<IpGroupId>>>,
    /// Destinations.
    pub destination: List<Field<AddressPrefix>>,
    /// Destination IP groups.
    pub destination_ip_groups: List<Field<Link<IpGroupId>>>,
    /// Destination names: FQDNs, tags, categories, URLs.
    pub destination_fqdns: List<Field<Arc<str>>>,
    /// Destination ports; for application rules those of their protocols.
    pub destination_ports: List<Field<PortRange>>,
    /// DNAT: the address packets are sent on to.
    pub translated_address: Field<IpAddr>,
    /// DNAT: the port packets are sent on to.
    pub translated_port: Field<u16>,
}

/// What a firewall rule says of protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirewallProtocol {
    /// Every protocol.
    Any,
    /// One of them.
    Only(Protocol),
    /// Application pass: HTTP, HTTPS, MSSQL, all over TCP.
    Application,
}

/// A group of addresses.
#[derive(Clone, Debug)]
pub struct IpGroup {
    /// Name, place, existence.
    pub meta: Meta,
    /// Its addresses, blocks and ranges.
    pub addresses: List<Field<AddressPrefix>>,
}
