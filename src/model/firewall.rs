//! Azure Firewall.

use std::net::IpAddr;
use std::sync::Arc;

use super::address::{AddressPrefix, PortRange, Protocol};
use super::nsg::{Access, Defect};
use super::{
    Field, FirewallId, FirewallPolicyId, FirewallRuleCollectionId, FirewallRuleGroupId,
    FirewallRuleId, HubId, IpGroupId, Link, List, Meta, PublicIpId, SubnetId,
};
use crate::eval::ResourceKey;
use crate::origin::OriginId;

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
    /// Its own settings (classic); a policy's hold where it has one.
    pub settings: FirewallSettings,
    /// Whether it has a management address, which it needs to be sent through a tunnel itself. A
    /// Basic firewall always has one.
    pub management: bool,
    /// The availability zones it is spread over; none: Azure chooses no zone.
    pub zones: List<Field<Arc<str>>>,
}

/// What a firewall or a policy says beside its rules.
#[derive(Clone, Debug)]
pub struct FirewallSettings {
    /// Whether the firewall answers DNS, which FQDNs in network rules need. Absent: no.
    pub dns_proxy: Field<bool>,
    /// Whether FQDNs in network rules need that proxy. Absent: yes.
    pub proxy_for_names: Field<bool>,
    /// Its DNS servers; none: Azure's own.
    pub dns_servers: List<Field<IpAddr>>,
    /// What becomes of packets from or to addresses and names of Microsoft's feed. Absent: an
    /// alert.
    pub threat_intelligence: Field<ThreatIntelligence>,
    /// Destinations to which packets keep their source. None: the private ranges of RFC 1918 and
    /// 100.64.0.0/10.
    pub private_ranges: List<Field<PrivateRange>>,
    /// Whether ranges that routes tell are added to them. Absent: no.
    pub learns_private_ranges: Field<bool>,
    /// Mode of intrusion detection: `Off`, `Alert`, `Deny` (policies).
    pub intrusion_detection: Field<Arc<str>>,
    /// The certificate authority for TLS inspection, by name or id (policies).
    pub tls_certificate: Field<Arc<str>>,
}

/// What threat intelligence does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThreatIntelligence {
    /// Nothing.
    Off,
    /// Tells of packets, and lets them pass on to the rules.
    Alert,
    /// Drops packets before any rule is asked.
    Deny,
}

/// A destination to which packets keep their source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrivateRange {
    /// A block; `0.0.0.0/0` is every destination, `255.255.255.255/32` as good as none.
    Block(ipnet::IpNet),
    /// `IANAPrivateRanges`: those that hold when nothing is written.
    Iana,
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
    /// Its settings; but for what its parent demands, they are not inherited.
    pub settings: FirewallSettings,
    /// Whether connections to Azure SQL in redirect mode may pass. Absent: no.
    pub sql_redirect: Field<bool>,
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

/// A group of rule collections of a policy.
#[derive(Clone, Debug)]
pub struct FirewallRuleGroup {
    /// Name, place, existence.
    pub meta: Meta,
    /// The policy.
    pub policy: Field<Link<FirewallPolicyId>>,
    /// Lowest first.
    pub priority: Field<u32>,
    /// Its collections, in the order written. A rest means that there may be others.
    pub collections: List<FirewallRuleCollectionId>,
}

/// A collection of rules, in a group of a policy or, as a classic one, in a firewall.
#[derive(Clone, Debug)]
pub struct FirewallRuleCollection {
    /// Name, place, existence.
    pub meta: Meta,
    /// Who holds it; `None` if that is not in the files.
    pub owner: Option<FirewallRuleOwner>,
    /// Its group; `None` for classic collections.
    pub group: Option<FirewallRuleGroupId>,
    /// The pass of its rules; `None` if it has none.
    pub kind: Option<FirewallRuleKind>,
    /// Lowest first, within the group and the pass.
    pub priority: Field<u32>,
    /// Allow or deny; for DNAT, allow.
    pub action: Field<Access>,
    /// Its rules. A rest means that there may be others.
    pub rules: List<FirewallRuleId>,
}

/// A text that begins or ends with blanks, which nobody sees.
#[derive(Clone, Debug)]
pub struct Padded {
    /// The text as written.
    pub text: Arc<str>,
    /// Where.
    pub origin: OriginId,
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
    /// Key of the rule collection group; `None` for classic rules.
    pub group: Option<ResourceKey>,
    /// Its collection.
    pub parent: Option<FirewallRuleCollectionId>,
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
    /// What people wrote about it.
    pub description: Field<Arc<str>>,
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
    /// Destination FQDNs.
    pub destination_fqdns: List<Field<Arc<str>>>,
    /// Application rules: URLs, with or without a path.
    pub destination_urls: List<Field<Arc<str>>>,
    /// Application rules: FQDN tags.
    pub fqdn_tags: List<Field<Arc<str>>>,
    /// Application rules: web categories.
    pub web_categories: List<Field<Arc<str>>>,
    /// Destination ports; for application rules those of their protocols, in the same order.
    pub destination_ports: List<Field<PortRange>>,
    /// Application rules: whether the firewall ends TLS to read what is inside.
    pub terminate_tls: Field<bool>,
    /// DNAT: the address packets are sent on to.
    pub translated_address: Field<IpAddr>,
    /// DNAT: the name packets are sent on to, instead of an address.
    pub translated_fqdn: Field<Arc<str>>,
    /// DNAT: the port packets are sent on to.
    pub translated_port: Field<u16>,
    /// The texts among its addresses and names that begin or end with blanks.
    pub padded: Vec<Padded>,
    /// What Azure refuses about the rule, beyond single fields.
    pub defects: Vec<Defect>,
}

/// What a firewall rule says of protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirewallProtocol {
    /// Every protocol.
    Any,
    /// One of them.
    Only(Protocol),
    /// Application pass.
    Http,
    /// Application pass.
    Https,
    /// Application pass: SQL Server's protocol.
    Mssql,
}

/// A group of addresses.
#[derive(Clone, Debug)]
pub struct IpGroup {
    /// Name, place, existence.
    pub meta: Meta,
    /// Its addresses, blocks and ranges.
    pub addresses: List<Field<AddressPrefix>>,
}
