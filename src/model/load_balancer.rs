//! Load balancers, their probes and pools.

use std::net::IpAddr;
use std::sync::Arc;

use super::address::{Protocol, ProtocolMatch};
use super::{
    Field, Link, List, LoadBalancerId, Meta, NicId, PoolId, ProbeId, PublicIpId, PublicIpPrefixId,
    State, SubnetId, VnetId,
};
use crate::eval::value::Truth;

/// A load balancer.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    /// Name, place, existence.
    pub meta: Meta,
    /// `Basic`, `Standard`, `Gateway`.
    pub sku: Field<Arc<str>>,
    /// Its frontends.
    pub frontends: List<Frontend>,
    /// Its load-balancing rules.
    pub rules: List<LoadBalancingRule>,
    /// Its inbound NAT rules and pools.
    pub nat_rules: Vec<InboundNatRule>,
    /// Its outbound rules.
    pub outbound_rules: List<OutboundRule>,
    /// Its probes.
    pub probes: List<ProbeId>,
    /// Its backend pools.
    pub pools: List<PoolId>,
}

/// A frontend of a load balancer.
#[derive(Clone, Debug)]
pub struct Frontend {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// What rules call it, in lower case, where that is known.
    pub reference: Option<Arc<str>>,
    /// Its public address; absent for an internal one.
    pub public_ip: Field<Link<PublicIpId>>,
    /// Its prefix of public addresses, where it has that instead.
    pub public_ip_prefix: Field<Link<PublicIpPrefixId>>,
    /// Its fixed private address.
    pub private_address: Field<IpAddr>,
    /// The subnet of an internal one.
    pub subnet: Field<Link<SubnetId>>,
}

impl Frontend {
    /// Whether it has a public address.
    #[must_use]
    pub fn is_public(&self) -> Truth {
        written(&self.public_ip).or(written(&self.public_ip_prefix))
    }
}

impl LoadBalancer {
    /// The frontend that a rule uses, if it is known which.
    #[must_use]
    pub fn frontend(&self, reference: Option<&Arc<str>>) -> Option<&Frontend> {
        if let (None, [only]) = (&self.frontends.rest, self.frontends.items.as_slice()) {
            return Some(only);
        }
        let all_known = self.frontends.items.iter().all(|it| it.reference.is_some());
        let mut named = self.frontends.items.iter();
        let found = named.find(|it| reference.is_some() && it.reference.as_ref() == reference);
        found.filter(|_| all_known)
    }

    /// Whether the frontend of a rule is public.
    #[must_use]
    pub fn is_public(&self, reference: Option<&Arc<str>>) -> Truth {
        if let Some(frontend) = self.frontend(reference) {
            return frontend.is_public();
        }
        let mut each = self.frontends.items.iter().map(Frontend::is_public);
        let first = match (&self.frontends.rest, each.next()) {
            (None, None) => Truth::False,
            (None, Some(first)) => first,
            (Some(_), _) => return Truth::Unknown,
        };
        each.fold(
            first,
            |all, one| if all == one { all } else { Truth::Unknown },
        )
    }
}

/// An inbound NAT rule: one port of a frontend leads to one machine; or a pool of them: each port of
/// a range leads to some machine of a scale set or backend pool.
#[derive(Clone, Debug)]
pub struct InboundNatRule {
    /// Name, place, existence.
    pub meta: Meta,
    /// What it calls its frontend, in lower case, where that is known.
    pub frontend: Option<Arc<str>>,
    /// TCP, UDP or both.
    pub protocol: Field<ProtocolMatch>,
    /// The port clients connect to, or the first of the range.
    pub frontend_port: Field<u16>,
    /// The last port of a range; absent: one port.
    pub last_port: Field<u16>,
    /// The port machines listen on.
    pub backend_port: Field<u16>,
    /// The network interfaces it leads to.
    pub network_interfaces: Vec<NicId>,
    /// Whether each machine has a port of its own, which the files do not tell.
    pub shared: bool,
}

fn written<T>(field: &Field<T>) -> Truth {
    match &field.state {
        State::Absent => Truth::False,
        State::Known(_) => Truth::True,
        State::Unknown(..) | State::Invalid { .. } => Truth::Unknown,
    }
}

/// An outbound rule: the members of a pool reach out through public frontends.
#[derive(Clone, Debug)]
pub struct OutboundRule {
    /// Name, place, existence.
    pub meta: Meta,
    /// The pool.
    pub pool: Field<Link<PoolId>>,
    /// The protocol it carries; absent: all.
    pub protocol: Field<ProtocolMatch>,
}

/// A load-balancing rule.
#[derive(Clone, Debug)]
pub struct LoadBalancingRule {
    /// Name, place, existence.
    pub meta: Meta,
    /// The probe that decides which members get traffic; absent: none.
    pub probe: Field<Link<ProbeId>>,
    /// What it calls its frontend, in lower case, where that is known.
    pub frontend: Option<Arc<str>>,
    /// The pools it sends traffic to.
    pub pools: List<Field<Link<PoolId>>>,
    /// What it balances: TCP, UDP or, as HA ports, everything.
    pub protocol: Field<ProtocolMatch>,
    /// The port clients connect to; 0 means every port.
    pub frontend_port: Field<u16>,
    /// The port members listen on; 0 means every port.
    pub backend_port: Field<u16>,
    /// Members do not reach out through this rule's frontend.
    pub disable_outbound_snat: Field<bool>,
    /// Packets keep the frontend's address on their way to members, and its port.
    pub floating_ip: Field<bool>,
}

/// A health probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Name, place, existence.
    pub meta: Meta,
    /// The load balancer it belongs to.
    pub load_balancer: Option<LoadBalancerId>,
    /// TCP for every kind of probe Azure has.
    pub protocol: Field<Protocol>,
    /// What it asks by; absent where Azure's default holds.
    pub request: Field<ProbeRequest>,
    /// The port it asks.
    pub port: Field<u16>,
    /// The pools whose members it asks: those of the load-balancing rules that use it. Certainly
    /// empty: no rule uses it.
    pub pools: List<PoolId>,
}

/// How a probe finds out whether a member is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum ProbeRequest {
    Tcp,
    Http,
    Https,
}

/// A backend pool.
#[derive(Clone, Debug)]
pub struct BackendPool {
    /// Name, place, existence.
    pub meta: Meta,
    /// The load balancer it belongs to.
    pub load_balancer: Option<LoadBalancerId>,
    /// Members that are network interfaces or scale set configurations.
    pub network_interfaces: List<NicId>,
    /// Members given by address.
    pub addresses: List<Field<IpAddr>>,
    /// The network the addresses lie in.
    pub virtual_network: Field<Link<VnetId>>,
}
