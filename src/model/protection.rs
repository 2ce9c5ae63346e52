//! What watches and protects a network: flow logs, web application firewalls, plans of Defender for
//! Cloud.

use std::sync::Arc;

use super::{Field, Link, Meta, NsgId, VnetId};

/// A flow log of Network Watcher.
#[derive(Clone, Debug)]
pub struct FlowLog {
    /// Name, place, existence.
    pub meta: Meta,
    /// What kind of resource it records; unknown where its target is.
    pub records: Field<FlowLogTarget>,
    /// The network security group it records, if it is one.
    pub nsg: Field<Link<NsgId>>,
    /// The virtual network it records, if it is one.
    pub virtual_network: Field<Link<VnetId>>,
    /// Whether it records at all; absent: it does.
    pub enabled: Field<bool>,
    /// Whether old records are deleted.
    pub expires: Field<bool>,
    /// After how many days; 0: never.
    pub days: Field<i64>,
    /// Whether Traffic Analytics reads it; absent: no.
    pub analytics: Field<bool>,
}

/// What a flow log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum FlowLogTarget {
    NetworkSecurityGroup,
    VirtualNetwork,
    Subnet,
    NetworkInterface,
}

/// A web application firewall: a policy, or the setting of an Application Gateway.
#[derive(Clone, Debug)]
pub struct WebApplicationFirewall {
    /// Name, place, existence.
    pub meta: Meta,
    /// Where it stands: `Application Gateway`, `Front Door`.
    pub service: &'static str,
    /// Whether it looks at requests; absent: it does.
    pub enabled: Field<bool>,
    /// What it does with those it finds: `Detection`, `Prevention`.
    pub mode: Field<Arc<str>>,
}

/// A plan of Microsoft Defender for Cloud on the subscription.
#[derive(Clone, Debug)]
pub struct DefenderPlan {
    /// Name, place, existence.
    pub meta: Meta,
    /// What it protects, for example `VirtualMachines`.
    pub resources: Field<Arc<str>>,
    /// `Free` or `Standard`.
    pub tier: Field<Arc<str>>,
}
