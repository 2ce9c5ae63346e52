//! How a subnet's machines get out to the Internet.

mod source;

use std::sync::Arc;

use super::Egress;
use super::hop::{NextHop, NextHopKind};
use super::peering::flag;
use crate::eval::value::{Truth, Unknown};
use crate::model::load_balancer::LoadBalancer;
use crate::model::topology::{NetworkInterface, Subnet};
use crate::model::{Link, NicId, PoolId, PublicIpId, PublicIpPrefixId, State, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::space::{FlowSet, Term};
use crate::semantics::packet::{Answer, Family, protocols_with_ports};

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

/// What the machines of a subnet, or one of them, have for getting out.
struct Means {
    nat_gateway: Truth,
    public_ip: Truth,
    load_balancer: Truth,
    default_outbound: Truth,
}

impl Semantics<'_> {
    /// How the machines of a subnet get out. With several machines: whether one of them does.
    #[must_use]
    pub fn egress(&self, subnet: SubnetId) -> Egress {
        let means = self.means_of_subnet(subnet, Truth::or);
        Egress {
            nat_gateway: means.nat_gateway,
            public_ip: means.public_ip,
            load_balancer: means.load_balancer,
            default_outbound: means.default_outbound,
        }
    }

    /// The ways out that packets from a subnet take, in the order Azure prefers them: together
    /// they hold all of `flows`. With a network interface: the packets that it sends; without, any
    /// machine's of the subnet, and what differs between them is not certain.
    ///
    /// A NAT gateway carries TCP and UDP over IPv4 only; other packets of its subnet have no way.
    ///
    /// Source: <https://learn.microsoft.com/azure/nat-gateway/nat-overview> and
    /// <https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access>
    /// (2025-12-03).
    #[must_use]
    pub fn egress_of(&self, nic: Option<NicId>, subnet: SubnetId, flows: &Answer) -> Vec<WayOut> {
        let means = match nic {
            Some(nic) => self.means_of(nic, subnet),
            None => self.means_of_subnet(subnet, |a, b| if a == b { a } else { Truth::Unknown }),
        };
        let mut ways = Vec::new();
        for routed in self.next_hops_of(subnet, flows) {
            match routed.hop.kind {
                Some(NextHopKind::Internet) => {
                    self.translated(nic, subnet, &means, &routed.hop, &routed.flows, &mut ways);
                }
                kind => {
                    let kind = match kind {
                        Some(NextHopKind::None) => WayOutKind::Nothing,
                        _ => WayOutKind::Routed,
                    };
                    let sources = self.sources_behind(&routed.hop);
                    ways.push(WayOut {
                        kind,
                        is_static: self.is_static(&sources),
                        sources,
                        hop: routed.hop,
                        flows: routed.flows,
                    });
                }
            }
        }
        ways.sort_by_key(|way| way.kind);
        ways
    }

    /// Divides packets whose next hop is the Internet.
    fn translated(
        &self,
        nic: Option<NicId>,
        subnet: SubnetId,
        means: &Means,
        hop: &NextHop,
        flows: &Answer,
        ways: &mut Vec<WayOut>,
    ) {
        use WayOutKind::{DefaultOutbound, LoadBalancer, NatGateway, Nothing, PublicIp};
        let maybe = |truth: Truth| truth.and(Truth::Unknown);
        let family = flows.family();
        let v6 = family == Family::V6;
        // Addresses of the one family carry nothing of the other, and which they are of is not read.
        let of_family = |truth: Truth| if v6 { maybe(truth) } else { truth };
        let public = of_family(means.public_ip);
        let balanced = of_family(means.load_balancer);
        let default = of_family(means.default_outbound);
        let connections = with_ports(family);
        let (carried, other) = (flows.and(&connections), flows.minus(&connections));
        let nat = match v6 {
            false => means.nat_gateway,
            true => means.nat_gateway.and(self.carries_v6(subnet)),
        };
        let mut give = |mut left: Answer, order: &[(WayOutKind, Truth)]| {
            for (kind, truth) in order {
                let taken = match truth {
                    // Whatever came before left is taken.
                    Truth::True => std::mem::replace(&mut left, Answer::nothing(family)),
                    Truth::Unknown => {
                        left = left.only_possibly();
                        left.clone()
                    }
                    Truth::False => continue,
                };
                self.push(nic, subnet, *kind, hop, taken, ways);
            }
            self.push(nic, subnet, Nothing, hop, left, ways);
        };
        let rest = |there: Truth| match there {
            // What becomes of packets that the gateway does not carry, next to an address of the
            // machine's own, is not documented.
            Truth::True => [
                (PublicIp, maybe(public)),
                (LoadBalancer, maybe(balanced)),
                (DefaultOutbound, Truth::False),
            ],
            Truth::Unknown => [
                (PublicIp, maybe(public)),
                (LoadBalancer, maybe(balanced)),
                (DefaultOutbound, maybe(default)),
            ],
            Truth::False => [
                (PublicIp, public),
                (LoadBalancer, balanced),
                (DefaultOutbound, default),
            ],
        };
        let mut order = vec![(NatGateway, nat)];
        match (v6, nat) {
            (true, Truth::False | Truth::Unknown) => order.extend(rest(means.nat_gateway)),
            _ => order.extend(rest(Truth::False)),
        }
        give(carried, &order);
        let mut order = rest(means.nat_gateway);
        // Load balancers are documented for TCP and UDP.
        order[1].1 = maybe(order[1].1);
        give(other, &order);
    }

    fn push(
        &self,
        nic: Option<NicId>,
        subnet: SubnetId,
        kind: WayOutKind,
        hop: &NextHop,
        flows: Answer,
        ways: &mut Vec<WayOut>,
    ) {
        if flows.flows.may.is_empty() {
            return;
        }
        let same = |way: &&mut WayOut| way.kind == kind && way.hop == *hop;
        if let Some(way) = ways.iter_mut().find(same) {
            way.flows = way.flows.or(&flows);
            return;
        }
        let sources = self.sources(nic, subnet, kind);
        ways.push(WayOut {
            kind,
            flows,
            hop: hop.clone(),
            is_static: self.is_static(&sources),
            sources,
        });
    }

    /// What one network interface has.
    fn means_of(&self, nic: NicId, subnet: SubnetId) -> Means {
        let interface: &NetworkInterface = &self.network[nic];
        Means {
            nat_gateway: self.nat_gateway(subnet),
            public_ip: public_address(interface),
            load_balancer: self.load_balanced(interface),
            default_outbound: self.default_outbound(interface, subnet),
        }
    }

    /// What the machines of a subnet have, taken together by `join`.
    fn means_of_subnet(&self, id: SubnetId, join: fn(Truth, Truth) -> Truth) -> Means {
        let subnet: &Subnet = &self.network[id];
        let private = private(subnet);
        let mut all: Option<Means> = None;
        for nic in &subnet.network_interfaces.items {
            let there = self.network[*nic].meta.existence.truth;
            let one = self.means_of(*nic, id);
            // A machine that is not there has nothing; what it would have by default, others have.
            let one = Means {
                public_ip: one.public_ip.and(there),
                load_balancer: one.load_balancer.and(there),
                ..one
            };
            all = Some(match all {
                None => one,
                Some(before) => Means {
                    public_ip: join(before.public_ip, one.public_ip),
                    load_balancer: join(before.load_balancer, one.load_balancer),
                    default_outbound: join(before.default_outbound, one.default_outbound),
                    nat_gateway: before.nat_gateway,
                },
            });
        }
        // The question is about the machines that are here; what others have does not help them.
        let open = match &subnet.network_interfaces.rest {
            Some(_) => Truth::Unknown,
            None => Truth::False,
        };
        all.unwrap_or_else(|| Means {
            nat_gateway: self.nat_gateway(id),
            public_ip: open,
            load_balancer: open,
            default_outbound: !private,
        })
    }

    fn nat_gateway(&self, subnet: SubnetId) -> Truth {
        match &self.network[subnet].nat_gateway.state {
            State::Absent => Truth::False,
            State::Known(Link::Here(gateway)) => {
                let gateway = &self.network[*gateway];
                let open = match gateway.meta.existing {
                    true => gateway.has_public_address().or(Truth::Unknown),
                    false => gateway.has_public_address(),
                };
                open.and(gateway.meta.existence.truth)
            }
            _ => Truth::Unknown,
        }
    }

    /// Whether the subnet's NAT gateway carries IPv6, which `StandardV2` may.
    fn carries_v6(&self, subnet: SubnetId) -> Truth {
        let gateway = self.network[subnet]
            .nat_gateway
            .value()
            .and_then(Link::here);
        match gateway.map(|id| &self.network[id].sku.state) {
            Some(State::Absent) => Truth::False,
            Some(State::Known(sku)) if sku.eq_ignore_ascii_case("Standard") => Truth::False,
            _ => Truth::Unknown,
        }
    }

    /// Whether an interface has Azure's default outbound access, if nothing else: not in a private
    /// subnet, not for the machines of a flexible scale set, not behind a standard load balancer
    /// that has no public address.
    fn default_outbound(&self, nic: &NetworkInterface, subnet: SubnetId) -> Truth {
        let mut truth = !private(&self.network[subnet]);
        if let Some(machine) = nic.machine {
            truth = truth.and(!flag(&self.network[machine].flexible, false));
        }
        for configuration in &nic.ip_configurations.items {
            let pools = &configuration.backend_pools;
            if pools.rest.is_some() {
                truth = truth.and(Truth::Unknown);
            }
            for pool in &pools.items {
                truth = truth.and(match pool.value() {
                    Some(Link::Here(pool)) => self.leaves_default(*pool),
                    _ => Truth::Unknown,
                });
            }
        }
        truth
    }

    /// Whether members of a pool keep default outbound access.
    fn leaves_default(&self, pool: PoolId) -> Truth {
        let Some(balancer) = self.network[pool].load_balancer else {
            return Truth::Unknown;
        };
        let balancer: &LoadBalancer = &self.network[balancer];
        let standard = match &balancer.sku.state {
            State::Absent => Truth::False,
            State::Known(sku) => (!sku.eq_ignore_ascii_case("Basic")).into(),
            _ => Truth::Unknown,
        };
        if standard == Truth::False {
            return Truth::True;
        }
        let public = faces_internet(balancer);
        // Behind a public one without outbound translation it is not documented.
        (!standard).or(public.and(Truth::Unknown))
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
        let public = faces_internet(balancer);
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

/// Whether a load balancer has a public frontend.
fn faces_internet(balancer: &LoadBalancer) -> Truth {
    let rest = match &balancer.frontends.rest {
        Some(_) => Truth::Unknown,
        None => Truth::False,
    };
    let frontends = balancer.frontends.items.iter();
    frontends.fold(rest, |truth, at| truth.or(at.is_public()))
}

/// Whether a subnet is private: without default outbound access.
fn private(subnet: &Subnet) -> Truth {
    !flag(&subnet.default_outbound_access, true)
}

/// TCP and UDP.
fn with_ports(family: Family) -> Answer {
    let term = Term::all(family).with_field(Dimension::Protocol, protocols_with_ports());
    Answer::exactly(FlowSet::from_terms(family, term.into_iter().collect()))
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
