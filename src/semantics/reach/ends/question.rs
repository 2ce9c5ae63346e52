//! Which packets are asked about: protocols, ports, and the addresses of both ends.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::walk::{Site, Target, Walk, outside};
use super::super::{Endpoint, Note, sets};
use crate::eval::value::Truth;
use crate::model::address::AddressPrefix;
use crate::model::load_balancer::Frontend;
use crate::model::nsg::Direction;
use crate::model::{AsgId, Field, Link, LoadBalancerId, NicId, State};
use crate::semantics::packet::Answer;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

impl Walk<'_, '_> {
    pub(super) fn any(&self) -> FlowSpec {
        FlowSpec {
            direction: Direction::Outbound,
            protocols: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
            ports: Vec::new(),
            source_ports: Vec::new(),
        }
    }

    /// What the question says of protocols and ports.
    pub(super) fn asked(&self) -> Answer {
        let spec = FlowSpec {
            protocols: self.question.protocols.clone(),
            ports: self.question.ports.clone(),
            source_ports: self.question.source_ports.clone(),
            ..self.any()
        };
        let family = self.question.family;
        self.semantics.flows(&spec, Scope::Anywhere, family)
    }

    /// What the question says of destinations, seen from a place or from the Internet.
    pub(super) fn destinations(&mut self, scope: Scope, from_outside: bool) -> Answer {
        let family = self.question.family;
        match self.target.clone() {
            Target::Sites(sites) => {
                let mut parts = Vec::new();
                for site in sites {
                    parts.push(self.site_flows(site, Dimension::Destination));
                }
                if parts.is_empty() {
                    let label = "the subnet of the network interface".to_owned();
                    return Answer::undetermined(family, vec![outside(label)]);
                }
                Answer::any_of(family, parts)
            }
            Target::ByAddress => {
                let to = match &self.question.to {
                    Endpoint::Addresses(fields) => AddressSpec::Prefixes(fields.clone()),
                    Endpoint::HostName(name) => AddressSpec::HostName(Arc::clone(name)),
                    Endpoint::PublicIp(id) => {
                        let public = &self.semantics.network[*id];
                        match public.address.value() {
                            Some(address) => AddressSpec::Prefix(AddressPrefix::Block(
                                ipnet::IpNet::from(*address),
                            )),
                            None => AddressSpec::HostName(Arc::clone(&public.meta.address)),
                        }
                    }
                    Endpoint::LoadBalancer(id) => {
                        return self.to_balancers(*id, scope, from_outside);
                    }
                    Endpoint::PrivateEndpoint(id) => {
                        return self.semantics.to_private_endpoint(*id, family);
                    }
                    Endpoint::Nic(_) | Endpoint::Subnet(_) => return Answer::nothing(family),
                };
                let spec = FlowSpec {
                    to: vec![to],
                    ..self.any()
                };
                let flows = self.semantics.flows(&spec, scope, family);
                match &self.question.to {
                    Endpoint::HostName(name) => {
                        flows.and(&self.semantics.requests_for(name, family))
                    }
                    _ => flows,
                }
            }
        }
    }

    /// The packets to the frontends of a load balancer: to its public ones from the Internet, else
    /// to its private ones if it has some.
    pub(super) fn to_balancers(
        &self,
        id: LoadBalancerId,
        scope: Scope,
        from_outside: bool,
    ) -> Answer {
        let balancer = &self.semantics.network[id];
        let family = self.question.family;
        let frontends = &balancer.frontends.items;
        let meant = |frontend: &&Frontend| match frontend.is_public() {
            Truth::True => from_outside,
            Truth::False => !from_outside,
            Truth::Unknown => true,
        };
        let any = frontends.iter().any(|one| meant(&one));
        let mut parts = Vec::new();
        for frontend in frontends.iter().filter(|one| !any || meant(one)) {
            let subnet = frontend.subnet.value().and_then(Link::here);
            let block = |address: &IpAddr| AddressPrefix::Block(ipnet::IpNet::from(*address));
            let own = match &frontend.public_ip.state {
                State::Known(Link::Here(public)) => self.semantics.network[*public].address.value(),
                _ => frontend.private_address.value(),
            };
            let to = match (own, subnet) {
                (Some(address), _) => vec![AddressSpec::Prefix(block(address))],
                (None, Some(subnet)) => {
                    let prefixes = self.semantics.network[subnet].address_prefixes.items.iter();
                    let blocks = prefixes.map(|one| one.clone().map(AddressPrefix::Block));
                    vec![AddressSpec::Prefixes(blocks.collect())]
                }
                (None, None) => vec![AddressSpec::HostName(Arc::clone(&balancer.meta.address))],
            };
            let spec = FlowSpec { to, ..self.any() };
            parts.push(self.semantics.flows(&spec, scope, family));
        }
        if parts.is_empty() {
            let label = format!("the frontends of {}", balancer.meta.address);
            return Answer::undetermined(family, vec![outside(label)]);
        }
        Answer::any_of(family, parts)
    }

    /// The packets from or to a machine: its fixed addresses, or those of its subnet that no other
    /// has, as a member of its application security groups and of no other.
    pub(in super::super) fn site_flows(&mut self, site: Site, dimension: Dimension) -> Answer {
        let semantics = self.semantics;
        let family = self.question.family;
        let subnet = site.subnet();
        let fixed = match site {
            Site::Nic(nic, subnet) => self.fixed_addresses(nic, subnet),
            Site::Subnet(_) => IntervalSet::empty(),
        };
        let mut flows = if fixed.is_empty() {
            if let Site::Nic(nic, _) = site {
                self.note(Note::AddressNotFixed(nic));
            }
            let prefixes = &semantics.network[subnet].address_prefixes;
            let mut fields: Vec<Field<AddressPrefix>> = prefixes
                .items
                .iter()
                .map(|field| field.clone().map(AddressPrefix::Block))
                .collect();
            if let Some(rest) = &prefixes.rest {
                fields.push(Field {
                    state: State::Unknown(rest.clone(), None),
                    origin: semantics.network[subnet].meta.origin,
                });
            }
            let specs = vec![AddressSpec::Prefixes(fields)];
            let spec = match dimension {
                Dimension::Source => FlowSpec {
                    from: specs,
                    ..self.any()
                },
                _ => FlowSpec {
                    to: specs,
                    ..self.any()
                },
            };
            let mut flows = semantics.flows(&spec, Scope::Subnet(subnet), family);
            for other in &semantics.network[subnet].network_interfaces.items {
                let taken = self.fixed_addresses(*other, subnet);
                if !taken.is_empty() {
                    flows = flows.minus(&sets::within(family, dimension, taken));
                }
            }
            flows
        } else {
            sets::within(family, dimension, fixed)
        };
        if let Site::Nic(nic, _) = site {
            for group in AsgId::all(semantics.network) {
                let prefix = AddressPrefix::Asg(Link::Here(group));
                let field = Field::known(prefix, semantics.network[group].meta.origin);
                let specs = vec![AddressSpec::Prefixes(vec![field])];
                let spec = match dimension {
                    Dimension::Source => FlowSpec {
                        from: specs,
                        ..self.any()
                    },
                    _ => FlowSpec {
                        to: specs,
                        ..self.any()
                    },
                };
                let members = semantics.flows(&spec, Scope::Subnet(subnet), family);
                match self.is_member(nic, group) {
                    Truth::True => flows = flows.and(&members),
                    Truth::False => flows = flows.minus(&members),
                    Truth::Unknown => {}
                }
            }
        }
        flows
    }

    fn is_member(&self, nic: NicId, group: AsgId) -> Truth {
        let mut truth = Truth::False;
        for configuration in &self.semantics.network[nic].ip_configurations.items {
            let groups = &configuration.application_security_groups;
            if groups.rest.is_some() {
                truth = truth.or(Truth::Unknown);
            }
            for link in &groups.items {
                truth = truth.or(match link.value() {
                    Some(link) => (*link == Link::Here(group)).into(),
                    None => Truth::Unknown,
                });
            }
        }
        truth
    }
}
