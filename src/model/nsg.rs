//! Network security groups.

use std::sync::Arc;

use super::address::{AddressPrefix, PortRange, ProtocolMatch};
use super::{Field, List, Meta, NicId, NsgId, SecurityRuleId, SubnetId};
use crate::origin::OriginId;

/// A network security group.
#[derive(Clone, Debug)]
pub struct NetworkSecurityGroup {
    /// Name, place, existence.
    pub meta: Meta,
    /// Its own rules, inline, child and separate ones, in the order met; Azure's default rules are
    /// not among them. A rest means an unknown number of further rules.
    pub rules: List<SecurityRuleId>,
    /// The subnets it is attached to.
    pub subnets: List<SubnetId>,
    /// The network interfaces it is attached to.
    pub network_interfaces: List<NicId>,
}

/// The way a packet crosses the network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Direction {
    Inbound,
    Outbound,
}

/// What a rule does with a packet it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Access {
    Allow,
    Deny,
}

/// A rule of a network security group.
#[derive(Clone, Debug)]
pub struct SecurityRule {
    /// Name, place, existence. The origin is the rule's own block or object.
    pub meta: Meta,
    /// The group it belongs to; `None` if that is not in the files.
    pub nsg: Option<NsgId>,
    /// 100 to 4096, lowest first. Values outside are [`super::State::Invalid`].
    pub priority: Field<u32>,
    /// Inbound or outbound.
    pub direction: Field<Direction>,
    /// Allow or deny.
    pub access: Field<Access>,
    /// Protocol.
    pub protocol: Field<ProtocolMatch>,
    /// Sources: singular and plural field together. Never empty without a rest unless the rule
    /// names none, which Azure refuses.
    pub source: List<Field<AddressPrefix>>,
    /// Destinations.
    pub destination: List<Field<AddressPrefix>>,
    /// Source ports.
    pub source_ports: List<Field<PortRange>>,
    /// Destination ports.
    pub destination_ports: List<Field<PortRange>>,
    /// What people wrote about it.
    pub description: Field<Arc<str>>,
    /// What Azure refuses about the rule as a whole (facts on fields are in the fields): singular
    /// and plural both given, address and ASG both given, families mixed, a tag in a plural list,
    /// nothing given, a name it refuses.
    pub defects: Vec<Defect>,
    /// A resource of its own, of a kind that the list of rules in its group would overwrite.
    pub apart: bool,
    /// Put there by an Azure service (`*_UseOnly_*`, `k8s-azure-lb_*`), not by the author.
    pub platform_managed: bool,
}

/// Something Azure refuses about an element as a whole.
#[derive(Clone, Debug)]
pub struct Defect {
    /// The field or fields, for people: `sourceAddressPrefix(es)`.
    pub field: Arc<str>,
    /// What is wrong, one clause.
    pub why: Arc<str>,
    /// A document says that Azure refuses it; users report it otherwise.
    pub documented: bool,
    /// Where.
    pub origin: OriginId,
}

/// An application security group.
#[derive(Clone, Debug)]
pub struct ApplicationSecurityGroup {
    /// Name, place, existence.
    pub meta: Meta,
    /// The network interfaces that are members.
    pub members: List<NicId>,
}
