//! The public addresses that packets are seen with.

use super::{PublicSource, WayOutKind};
use crate::eval::value::Truth;
use crate::model::{Field, FirewallId, Link, List, NatGatewayId, NicId, PoolId, State, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::routes::hop::{NextHop, NextHopKind};

impl Semantics<'_> {
    /// The addresses of a way out of a subnet.
    pub(super) fn sources(
        &self,
        nic: Option<NicId>,
        subnet: SubnetId,
        kind: WayOutKind,
    ) -> Vec<PublicSource> {
        let nics = match nic {
            Some(nic) => vec![nic],
            None => self.network[subnet].network_interfaces.items.clone(),
        };
        let mut sources = Vec::new();
        match kind {
            WayOutKind::NatGateway => match &self.network[subnet].nat_gateway.state {
                State::Known(Link::Here(gateway)) => self.of_nat_gateway(*gateway, &mut sources),
                other => sources.push(untold(other)),
            },
            WayOutKind::PublicIp => {
                for nic in nics {
                    let nic = &self.network[nic];
                    if nic.inline_public_ip {
                        sources.push(PublicSource::Instance);
                    }
                    for configuration in &nic.ip_configurations.items {
                        address(
                            &configuration.public_ip,
                            &mut sources,
                            PublicSource::Address,
                        );
                    }
                }
            }
            WayOutKind::LoadBalancer => {
                for nic in nics {
                    for configuration in &self.network[nic].ip_configurations.items {
                        for pool in &configuration.backend_pools.items {
                            match pool.value() {
                                Some(Link::Here(pool)) => self.of_pool(*pool, &mut sources),
                                _ => sources.push(untold(&pool.state)),
                            }
                        }
                    }
                }
            }
            WayOutKind::DefaultOutbound => sources.push(PublicSource::Platform),
            WayOutKind::Routed | WayOutKind::Nothing => return sources,
        }
        if sources.is_empty() {
            sources.push(PublicSource::Unknown(None));
        }
        sources
    }

    /// The addresses that packets are seen with behind a next hop that is no way out of the
    /// subnet's own; none for packets that stay private.
    pub(super) fn sources_behind(&self, hop: &NextHop) -> Vec<PublicSource> {
        match (hop.kind, &hop.firewall) {
            (Some(NextHopKind::AzureFirewall), Some(Link::Here(firewall))) => {
                self.of_firewall(*firewall)
            }
            (
                None
                | Some(NextHopKind::AzureFirewall | NextHopKind::Appliance | NextHopKind::Gateway),
                _,
            ) => vec![PublicSource::Unknown(None)],
            _ => Vec::new(),
        }
    }

    /// A NAT gateway on a firewall's subnet takes over what the firewall sends.
    fn of_firewall(&self, id: FirewallId) -> Vec<PublicSource> {
        let firewall = &self.network[id];
        let mut sources = Vec::new();
        let subnet = firewall.subnet.value().and_then(Link::here);
        let taken = subnet.map_or(Truth::False, |subnet| self.nat_gateway(subnet));
        if let (Some(subnet), Truth::True | Truth::Unknown) = (subnet, taken) {
            sources = self.sources(None, subnet, WayOutKind::NatGateway);
        }
        if taken != Truth::True {
            addresses(&firewall.public_ips, &mut sources, PublicSource::Address);
        }
        if sources.is_empty() {
            sources.push(PublicSource::Unknown(None));
        }
        sources
    }

    fn of_nat_gateway(&self, id: NatGatewayId, sources: &mut Vec<PublicSource>) {
        let gateway = &self.network[id];
        addresses(&gateway.public_ips, sources, PublicSource::Address);
        addresses(&gateway.public_ip_prefixes, sources, PublicSource::Prefix);
    }

    /// Any of the public frontends: which of them a rule uses is not read.
    fn of_pool(&self, pool: PoolId, sources: &mut Vec<PublicSource>) {
        let Some(balancer) = self.network[pool].load_balancer else {
            sources.push(PublicSource::Unknown(None));
            return;
        };
        for frontend in &self.network[balancer].frontends.items {
            address(&frontend.public_ip, sources, PublicSource::Address);
            address(&frontend.public_ip_prefix, sources, PublicSource::Prefix);
        }
        if let Some(rest) = &self.network[balancer].frontends.rest {
            sources.push(PublicSource::Unknown(Some(rest.clone())));
        }
    }

    /// Whether all of these addresses stay the same.
    pub(super) fn is_static(&self, sources: &[PublicSource]) -> Truth {
        if sources.is_empty() {
            return Truth::Unknown;
        }
        sources.iter().fold(Truth::True, |truth, source| {
            truth.and(match source {
                PublicSource::Address(Link::Here(id)) => {
                    let allocation = self.network[*id].allocation.value();
                    let sku = self.network[*id].sku.value();
                    match (allocation, sku) {
                        (Some(how), _) => how.eq_ignore_ascii_case("Static").into(),
                        // The standard ones are static.
                        (None, Some(sku)) if !sku.eq_ignore_ascii_case("Basic") => Truth::True,
                        (None, _) => Truth::Unknown,
                    }
                }
                PublicSource::Prefix(_) => Truth::True,
                PublicSource::Platform => Truth::False,
                PublicSource::Address(Link::External(_))
                | PublicSource::Instance
                | PublicSource::Unknown(_) => Truth::Unknown,
            })
        })
    }
}

fn addresses<I: Copy>(
    list: &List<Field<Link<I>>>,
    sources: &mut Vec<PublicSource>,
    make: fn(Link<I>) -> PublicSource,
) {
    for item in &list.items {
        address(item, sources, make);
    }
    if let Some(rest) = &list.rest {
        sources.push(PublicSource::Unknown(Some(rest.clone())));
    }
}

fn address<I: Copy>(
    field: &Field<Link<I>>,
    sources: &mut Vec<PublicSource>,
    make: fn(Link<I>) -> PublicSource,
) {
    match &field.state {
        State::Absent => {}
        State::Known(link) => sources.push(make(link.clone())),
        other => sources.push(untold(other)),
    }
}

fn untold<T>(state: &State<T>) -> PublicSource {
    match state {
        State::Unknown(unknown, _) => PublicSource::Unknown(Some(unknown.clone())),
        _ => PublicSource::Unknown(None),
    }
}
