//! In from the Internet through a load balancer: its load-balancing rules and inbound NAT rules.

use std::sync::Arc;

use super::sets;
use super::walk::{Gate, Moving, Site, Walk, outside};
use super::{By, Element, LayerKind, Note, Part, Setting, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::address::{PortRange, ProtocolMatch};
use crate::model::load_balancer::{InboundNatRule, LoadBalancer, LoadBalancingRule};
use crate::model::{Field, Link, LoadBalancerId, Meta, NicId, State};
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, port_set, protocol_code};

/// Packets of a rule and the port they are sent on to, if it is another.
struct Balanced {
    flows: Answer,
    port: Option<u16>,
    unknown: bool,
    verdict: Verdict,
    by: By,
}

/// What leads from a frontend to a machine.
pub(super) struct Way<'a> {
    pub(super) by: By,
    pub(super) meta: &'a Meta,
    pub(super) frontend: Option<&'a Arc<str>>,
    protocol: &'a Field<ProtocolMatch>,
    pub(super) first: &'a Field<u16>,
    last: Option<&'a Field<u16>>,
    pub(super) backend: &'a Field<u16>,
    /// Whether each machine has a part of the ports, which the files do not tell.
    shared: bool,
}

impl<'a> Way<'a> {
    pub(super) fn balancing(by: By, rule: &'a LoadBalancingRule) -> Self {
        Self {
            by,
            meta: &rule.meta,
            frontend: rule.frontend.as_ref(),
            protocol: &rule.protocol,
            first: &rule.frontend_port,
            last: None,
            backend: &rule.backend_port,
            shared: false,
        }
    }

    pub(super) fn forwarding(by: By, rule: &'a InboundNatRule) -> Self {
        Self {
            by,
            meta: &rule.meta,
            frontend: rule.frontend.as_ref(),
            protocol: &rule.protocol,
            first: &rule.frontend_port,
            last: Some(&rule.last_port),
            backend: &rule.backend_port,
            shared: rule.shared,
        }
    }
}

impl<'s> Walk<'s, '_> {
    /// In through the rules of a load balancer, to the port its members listen on.
    pub(super) fn balanced(&mut self, moving: Moving, site: Site, nic: NicId, id: LoadBalancerId) {
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let family = arriving.family();
        let balancer: &LoadBalancer = &self.semantics.network[id];
        let guarded = self.has_group(site);
        let mut rules = Vec::new();
        for way in self.ways_through(nic, id) {
            let public = balancer.is_public(way.frontend);
            let flows = through(&arriving, &way);
            if public == Truth::False || flows.flows.may.is_empty() {
                continue;
            }
            let (from, to) = (way.first.value(), way.backend.value());
            let certain = way.meta.existence.truth == Truth::True && !way.shared;
            rules.push(Balanced {
                flows,
                port: to.copied().filter(|port| *port != 0 && Some(port) != from),
                by: way.by,
                unknown: !certain || from.is_none() || to.is_none(),
                verdict: match public.and(guarded.or(!is_standard(balancer))) {
                    Truth::True => Verdict::Allowed,
                    Truth::False => Verdict::Denied,
                    Truth::Unknown => Verdict::Depends,
                },
            });
        }
        let mut left = arriving;
        let mut parts = Vec::new();
        let mut setting = None;
        for rule in &rules {
            left = left.minus(&rule.flows);
            let by = match rule.verdict {
                Verdict::Allowed => rule.by.clone(),
                Verdict::Denied => {
                    setting = Some(Setting::AttachGroup(nic));
                    By::ClosedFrontend
                }
                Verdict::Depends => {
                    let label = "the kind of the load balancer or of its frontend".to_owned();
                    By::Unknown(Untold(outside(label)))
                }
            };
            parts.push(Part {
                by,
                verdict: rule.verdict,
                flows: rule.flows.clone(),
            });
        }
        if !left.flows.may.is_empty() {
            let open = balancer.rules.rest.is_some();
            parts.push(Part {
                by: By::NoBalancingRule(id),
                verdict: if open {
                    Verdict::Depends
                } else {
                    Verdict::Denied
                },
                flows: left,
            });
        }
        let gate = Gate {
            kind: LayerKind::Entrance,
            direction: None,
            at: Element::LoadBalancer(id),
            parts,
            setting,
        };
        let before = moving.flows.clone();
        let Some(next) = self.gate(moving, gate) else {
            return;
        };
        if next.stopped {
            return self.enter(next, site);
        }
        self.note_probe(nic, site, id);
        for rule in rules {
            let mut part = next.clone();
            part.flows = sets::passing(&before, &rule.flows);
            if let Some(port) = rule.port {
                self.note(Note::Translated {
                    by: rule.by.clone(),
                    port: Some(port),
                });
                part.flows = sets::to_port(&part.flows, port);
            } else if rule.unknown {
                let every = IntervalSet::range(0, u16::MAX.into());
                part.flows = sets::rewritten(&part.flows, Dimension::DestinationPort, &every);
            }
            debug_assert_eq!(part.flows.family(), family);
            self.enter(part, site);
        }
    }

    /// The stage of a frontend of the standard kind that is closed to a machine without a group;
    /// `None` where one certainly opens it.
    pub(super) fn guarded(
        &self,
        moving: &Moving,
        site: Site,
        nic: NicId,
        balancer: &LoadBalancer,
    ) -> Option<Gate> {
        let label = "the kind of the load balancer".to_owned();
        let (by, verdict) = match self.has_group(site).or(!is_standard(balancer)) {
            Truth::True => return None,
            Truth::False => (By::ClosedFrontend, Verdict::Denied),
            Truth::Unknown => (By::Unknown(Untold(outside(label))), Verdict::Depends),
        };
        Some(Gate {
            kind: LayerKind::Entrance,
            direction: None,
            at: Element::Nic(nic),
            parts: vec![Part {
                by,
                verdict,
                flows: Answer::exactly(moving.flows.flows.may.clone()),
            }],
            setting: Some(Setting::AttachGroup(nic)),
        })
    }

    /// Everything on a load balancer that leads to a machine.
    fn ways_through(&self, nic: NicId, id: LoadBalancerId) -> Vec<Way<'s>> {
        let balancer: &LoadBalancer = &self.semantics.network[id];
        let rules = balancer.rules.items.iter().enumerate();
        let mut ways: Vec<Way<'s>> = rules
            .filter(|(_, rule)| self.uses(nic, &rule.pools.items))
            .map(|(place, rule)| Way::balancing(By::BalancingRule(id, place), rule))
            .collect();
        let rules = balancer.nat_rules.iter().enumerate();
        let rules = rules.filter(|(_, rule)| rule.network_interfaces.contains(&nic));
        ways.extend(
            rules.map(|(place, rule)| Way::forwarding(By::InboundNatRule(id, place), rule)),
        );
        ways
    }

    /// Tells of a probe that the machine's groups stop: it gets no packets then.
    pub(super) fn note_probe(&mut self, nic: NicId, site: Site, id: LoadBalancerId) {
        let family = self.question.family;
        let Some(host) = self.semantics.named_set("platform-host", family) else {
            return;
        };
        let to = self.site_flows(site, Dimension::Destination);
        let from = sets::within(family, Dimension::Source, host);
        for probe in &self.semantics.network[id].probes.items {
            let probe = &self.semantics.network[*probe];
            let Some(port) = probe.port.value() else {
                continue;
            };
            let tcp = protocol_code(crate::model::address::Protocol::Tcp);
            let asked = sets::within(family, Dimension::Protocol, IntervalSet::single(tcp))
                .and(&from)
                .and(&to)
                .and(&sets::within(
                    family,
                    Dimension::DestinationPort,
                    IntervalSet::single((*port).into()),
                ));
            let direction = crate::model::nsg::Direction::Inbound;
            let through = self.semantics.nic_allowed_of(nic, direction, &asked);
            if through.flows.may.is_empty() && !asked.flows.may.is_empty() {
                self.note(Note::ProbeBlocked(nic));
            }
        }
    }

    /// Whether a machine is in one of the pools.
    pub(super) fn uses(&self, nic: NicId, pools: &[Field<Link<crate::model::PoolId>>]) -> bool {
        let configurations = &self.semantics.network[nic].ip_configurations.items;
        let mut own = configurations
            .iter()
            .flat_map(|one| &one.backend_pools.items);
        own.any(|pool| {
            let pool = pool.value();
            pool.is_some() && pools.iter().any(|other| other.value() == pool)
        })
    }
}

/// The packets that a rule takes.
pub(super) fn through(arriving: &Answer, way: &Way<'_>) -> Answer {
    let mut flows = arriving.clone();
    let mut certain = way.meta.existence.truth == Truth::True && !way.shared;
    match way.protocol.value() {
        Some(ProtocolMatch::Only(protocol)) => {
            let set = IntervalSet::single(protocol_code(*protocol));
            flows = sets::only(&flows, Dimension::Protocol, &set);
        }
        Some(ProtocolMatch::Any) => {}
        None => certain = false,
    }
    match way.first.value() {
        Some(0) => {}
        Some(first) => {
            let last = match way.last.map(|field| &field.state) {
                None | Some(State::Absent) => Some(*first),
                Some(State::Known(last)) => Some(*last),
                Some(_) => None,
            };
            certain &= last.is_some();
            let range = PortRange {
                first: *first,
                last: last.unwrap_or(u16::MAX).max(*first),
            };
            flows = sets::only(&flows, Dimension::DestinationPort, &port_set(range));
        }
        None => certain = false,
    }
    if certain && way.backend.value().is_some() {
        flows
    } else {
        flows.only_possibly()
    }
}

/// Whether a load balancer lets nothing in where no group allows it.
fn is_standard(balancer: &LoadBalancer) -> Truth {
    match balancer.sku.value() {
        Some(sku) => (!sku.eq_ignore_ascii_case("Basic")).into(),
        None => Truth::Unknown,
    }
}
