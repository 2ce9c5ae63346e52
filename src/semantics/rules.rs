//! Security rules in priority order: what each decides, what a group lets through.

use std::sync::Arc;

use super::Semantics;
use super::packet::{Answer, Family, Flow};
use crate::eval::value::Unknown;
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::{Field, NicId, NsgId, SecurityRuleId, SubnetId};

/// A description of packets, as a rule file writes it. Every list that is empty means "any".
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it all")]
pub struct FlowSpec {
    pub direction: Direction,
    pub protocols: Vec<Protocol>,
    pub from: Vec<AddressSpec>,
    pub to: Vec<AddressSpec>,
    pub ports: Vec<PortRange>,
    pub source_ports: Vec<PortRange>,
}

/// One item of a flow's `from` or `to`.
#[derive(Clone, Debug)]
pub enum AddressSpec {
    /// An address, block, range, tag or `*`.
    Prefix(AddressPrefix),
    /// The elements of a field, each as far as it is known.
    Prefixes(Vec<Field<AddressPrefix>>),
    /// A set of the platform table: `public`, `kms`, …
    NamedSet(Arc<str>),
}

/// Where packets are looked at: tells what `VirtualNetwork` and `Internet` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Nowhere in particular: `VirtualNetwork` is opaque.
    Anywhere,
    /// In the virtual networks a group is attached to.
    Nsg(NsgId),
    /// In a subnet's virtual network.
    Subnet(SubnetId),
    /// In a network interface's virtual network.
    Nic(NicId),
}

/// What decides a packet.
#[derive(Clone, Debug)]
pub enum Decider {
    /// A rule of the group, in every world.
    Rule(SecurityRuleId),
    /// One of Azure's default rules, by name.
    Default(Arc<str>),
    /// None: platform traffic that groups do not touch.
    Bypass,
    /// It depends: the rules that may decide it (in order; the default rule that does if none of
    /// them, last), and what would have to be known.
    Depends {
        /// The rules in question.
        rules: Vec<SecurityRuleId>,
        /// The default rule in question.
        default: Option<Arc<str>>,
        /// What would have to be known.
        unknowns: Vec<Arc<Unknown>>,
    },
}

impl Semantics<'_> {
    /// The packets a description means at a place.
    #[must_use]
    pub fn flows(&self, spec: &FlowSpec, scope: Scope, family: Family) -> Answer {
        let _ = (spec, scope);
        Answer::undetermined(family)
    }

    /// The packets a rule's own fields match, whatever stands before it.
    #[must_use]
    pub fn matched(&self, rule: SecurityRuleId, family: Family) -> Answer {
        let _ = rule;
        Answer::undetermined(family)
    }

    /// The packets a rule decides: those it matches that neither bypass the group nor match an
    /// earlier rule of the same direction. Says nothing of the rule's own existence.
    #[must_use]
    pub fn decided(&self, rule: SecurityRuleId, family: Family) -> Answer {
        let _ = rule;
        Answer::undetermined(family)
    }

    /// The packets a group lets through, default rules and bypass included.
    #[must_use]
    pub fn nsg_allowed(&self, nsg: NsgId, direction: Direction, family: Family) -> Answer {
        let _ = (nsg, direction);
        Answer::undetermined(family)
    }

    /// The packets a group stops.
    #[must_use]
    pub fn nsg_denied(&self, nsg: NsgId, direction: Direction, family: Family) -> Answer {
        self.nsg_allowed(nsg, direction, family).complement()
    }

    /// The packets the group on a subnet lets through; every packet if there is none.
    #[must_use]
    pub fn subnet_allowed(&self, subnet: SubnetId, direction: Direction, family: Family) -> Answer {
        let _ = (subnet, direction);
        Answer::undetermined(family)
    }

    /// The packets that the group on a network interface and those on its subnets let through.
    #[must_use]
    pub fn nic_allowed(&self, nic: NicId, direction: Direction, family: Family) -> Answer {
        let _ = (nic, direction);
        Answer::undetermined(family)
    }

    /// What decides one packet in a group.
    #[must_use]
    pub fn decider(&self, nsg: NsgId, direction: Direction, flow: &Flow) -> Decider {
        let _ = (nsg, direction, flow);
        Decider::Depends {
            rules: Vec::new(),
            default: None,
            unknowns: Vec::new(),
        }
    }

    /// The group's rules of one direction in the order Azure asks them, as far as that is known:
    /// ascending known priority, then those whose priority is not known.
    #[must_use]
    pub fn in_order(&self, nsg: NsgId, direction: Direction) -> Vec<SecurityRuleId> {
        let _ = (nsg, direction);
        Vec::new()
    }

    /// The lowest free priority of a direction of a group from `at_least` on, if its priorities
    /// are known.
    #[must_use]
    pub fn free_priority(&self, nsg: NsgId, direction: Direction, at_least: u32) -> Option<u32> {
        let _ = (nsg, direction, at_least);
        None
    }
}
