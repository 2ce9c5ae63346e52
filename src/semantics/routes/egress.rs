//! How a subnet's machines get out to the Internet.

use std::sync::Arc;

use super::Egress;
use super::hop::NextHop;
use crate::eval::value::{Truth, Unknown};
use crate::model::load_balancer::LoadBalancer;
use crate::model::topology::{NetworkInterface, Subnet};
use crate::model::{Link, NicId, PoolId, PublicIpId, PublicIpPrefixId, State, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::Answer;

/// One way out of a subnet, and the packets that take it.
#[derive(Clone, Debug)]
pub struct WayOut {
    /// What kind of way.
    pub kind: WayOutKind,
    /// The packets that take it: together with the other ways a partition of those asked.
    pub flows: Answer,
    /// The next hop that the packets take in the subnet.
    pub hop: NextHop,
    /// The public addresses they may be seen with; empty where none is the subnet's to tell.
    pub sources: Vec<PublicSource>,
    /// Whether that address stays the same.
    pub is_static: Truth,
}

/// Kinds of ways out, in the order Azure prefers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WayOutKind {
    /// A route leads elsewhere than to the Internet: what happens there is the next hop's to tell.
    Routed,
    /// The NAT gateway on the subnet.
    NatGateway,
    /// A public address of the network interface's own.
    PublicIp,
    /// An outbound rule, or a rule that translates, of a load balancer.
    LoadBalancer,
    /// Azure's default outbound access.
    DefaultOutbound,
    /// None: the packets are lost.
    Nothing,
}

/// A public address that packets are seen with.
#[derive(Clone, Debug)]
pub enum PublicSource {
    /// A public IP address.
    Address(Link<PublicIpId>),
    /// One of a prefix.
    Prefix(Link<PublicIpPrefixId>),
    /// One of its own for each instance of a scale set.
    Instance,
    /// One of the platform's, which may change.
    Platform,
    /// Something that the files do not tell.
    Unknown(Option<Arc<Unknown>>),
}

impl Semantics<'_> {
    /// How the machines of a subnet get out. With several machines: whether one of them does.
    #[must_use]
    pub fn egress(&self, subnet: SubnetId) -> Egress {
        let subnet: &Subnet = &self.network[subnet];
        let nat_gateway = match &subnet.nat_gateway.state {
            State::Absent => Truth::False,
            State::Known(Link::Here(gateway)) => {
                let gateway = &self.network[*gateway];
                let public = gateway.has_public_address();
                public.and(gateway.meta.existence.truth)
            }
            _ => Truth::Unknown,
        };
        let default_outbound = match &subnet.default_outbound_access.state {
            State::Absent | State::Known(true) => Truth::True,
            State::Known(false) => Truth::False,
            _ => Truth::Unknown,
        };
        // The question is about the machines that are here; what others have does not help them.
        let interfaces = &subnet.network_interfaces;
        let open = if interfaces.items.is_empty() && interfaces.rest.is_some() {
            Truth::Unknown
        } else {
            Truth::False
        };
        let (mut public_ip, mut load_balancer) = (open, open);
        for nic in &subnet.network_interfaces.items {
            let nic: &NetworkInterface = &self.network[*nic];
            let there = nic.meta.existence.truth;
            public_ip = public_ip.or(public_address(nic).and(there));
            load_balancer = load_balancer.or(self.load_balanced(nic).and(there));
        }
        Egress {
            nat_gateway,
            public_ip,
            load_balancer,
            default_outbound,
        }
    }

    /// The ways out that packets from a subnet (from one network interface there, if that is
    /// given) take, in the order Azure prefers them: a partition of `flows`.
    #[must_use]
    pub fn egress_of(&self, _nic: Option<NicId>, subnet: SubnetId, flows: &Answer) -> Vec<WayOut> {
        let routed = self.next_hops_of(subnet, flows);
        let ways = routed.into_iter().map(|routed| WayOut {
            kind: WayOutKind::Routed,
            flows: routed.flows,
            hop: routed.hop,
            sources: Vec::new(),
            is_static: Truth::Unknown,
        });
        ways.collect()
    }

    fn load_balanced(&self, nic: &NetworkInterface) -> Truth {
        let mut truth = Truth::False;
        for configuration in &nic.ip_configurations.items {
            let pools = &configuration.backend_pools;
            if pools.rest.is_some() {
                truth = truth.or(Truth::Unknown);
            }
            for pool in &pools.items {
                truth = truth.or(match pool.value() {
                    Some(Link::Here(pool)) => self.has_outbound(*pool),
                    _ => Truth::Unknown,
                });
            }
        }
        truth
    }

    /// Whether members of a pool reach out through its load balancer.
    fn has_outbound(&self, pool: PoolId) -> Truth {
        let Some(balancer) = self.network[pool].load_balancer else {
            return Truth::Unknown;
        };
        let balancer: &LoadBalancer = &self.network[balancer];
        let link = Link::Here(pool);
        let mut public = Truth::False;
        for frontend in &balancer.frontends.items {
            public = public.or(frontend.is_public());
        }
        if balancer.frontends.rest.is_some() {
            public = public.or(Truth::Unknown);
        }
        let mut rule = Truth::False;
        for outbound in &balancer.outbound_rules.items {
            rule = rule.or(match outbound.pool.value() {
                Some(other) => (*other == link).into(),
                None => Truth::Unknown,
            });
        }
        for balancing in &balancer.rules.items {
            let uses = balancing
                .pools
                .items
                .iter()
                .fold(Truth::False, |uses, pool| {
                    uses.or(match pool.value() {
                        Some(other) => (*other == link).into(),
                        None => Truth::Unknown,
                    })
                });
            let translates = match &balancing.disable_outbound_snat.state {
                State::Known(disabled) => Truth::from(!*disabled),
                State::Absent => Truth::True,
                _ => Truth::Unknown,
            };
            rule = rule.or(uses.and(translates));
        }
        if balancer.rules.rest.is_some() || balancer.outbound_rules.rest.is_some() {
            rule = rule.or(Truth::Unknown);
        }
        public.and(rule)
    }
}

fn public_address(nic: &NetworkInterface) -> Truth {
    if nic.inline_public_ip {
        return Truth::True;
    }
    let mut truth = Truth::False;
    for configuration in &nic.ip_configurations.items {
        truth = truth.or(match &configuration.public_ip.state {
            State::Absent => Truth::False,
            State::Known(_) => Truth::True,
            _ => Truth::Unknown,
        });
    }
    if nic.ip_configurations.rest.is_some() {
        truth = truth.or(Truth::Unknown);
    }
    truth
}
