//! Between the two sides: routes, peerings, the way out to the Internet.

use super::sets;
use super::walk::{Device, Gate, Moving, Sender, Site, Target, Walk, outside};
use super::{By, Element, LayerKind, Part, PathSide, PeeringSetting, Setting, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::nsg::Direction;
use crate::model::topology::Peering;
use crate::model::{Link, PeeringId, SubnetId, VnetId};
use crate::semantics::packet::Answer;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::routes::{NextHop, NextHopKind, RouteSource, WayOutKind};

impl Walk<'_, '_> {
    /// From a subnet on: the platform's own addresses, else the effective route.
    pub(super) fn depart(&mut self, moving: Moving, subnet: SubnetId) {
        let mut rest = moving;
        for name in ["platform-host", "platform-metadata"] {
            let family = self.question.family;
            let Some(set) = self.semantics.named_set(name, family) else {
                continue;
            };
            let own = sets::only(&rest.flows, Dimension::Destination, &set);
            if own.flows.may.is_empty() {
                continue;
            }
            let mut platform = rest.clone();
            platform.flows = own;
            let gate = Gate {
                kind: LayerKind::Platform,
                direction: None,
                at: Element::Platform,
                parts: vec![Part {
                    by: By::Platform,
                    verdict: Verdict::Allowed,
                    flows: platform.flows.clone(),
                }],
                setting: None,
            };
            if let Some(platform) = self.gate(platform, gate) {
                self.arrive(platform);
            }
            rest.flows = rest
                .flows
                .minus(&sets::within(family, Dimension::Destination, set));
        }
        if !rest.flows.flows.may.is_empty() {
            self.route(rest, subnet);
        }
    }

    /// Asks the effective route and follows each next hop.
    fn route(&mut self, moving: Moving, subnet: SubnetId) {
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let routed = self.semantics.next_hops_of(subnet, &arriving);
        let parts: Vec<Part> = routed
            .iter()
            .map(|one| Part {
                by: self.by_hop(&one.hop),
                verdict: match one.hop.kind {
                    Some(NextHopKind::None) => Verdict::Denied,
                    _ => Verdict::Allowed,
                },
                flows: one.flows.clone(),
            })
            .collect();
        let setting = self.removable(&parts).or_else(|| self.peerable(subnet));
        let gate = Gate {
            kind: LayerKind::Route,
            direction: None,
            at: Element::Subnet(subnet),
            parts,
            setting,
        };
        let before = moving.flows.clone();
        let Some(next) = self.gate(moving, gate) else {
            return;
        };
        if self
            .layers
            .last()
            .is_some_and(|it| it.verdict == Verdict::Denied)
        {
            // As if there were a way: straight to whom they are for.
            self.deliver(next, None);
            return;
        }
        for one in routed {
            if one.hop.kind == Some(NextHopKind::None) {
                continue;
            }
            let mut part = next.clone();
            part.flows = sets::passing(&before, &one.flows);
            self.follow(part, subnet, &one.hop);
        }
    }

    fn follow(&mut self, moving: Moving, subnet: SubnetId, hop: &NextHop) {
        match hop.kind {
            Some(NextHopKind::VirtualNetwork) => match self.network_of(subnet) {
                Some(vnet) => self.deliver(moving, Some(vnet)),
                None => self.deliver_beside(moving, subnet),
            },
            Some(NextHopKind::Peering) => self.peered(moving, subnet),
            Some(NextHopKind::Internet) => self.out(moving, subnet),
            Some(NextHopKind::ServiceEndpoint) => self.arrive(moving),
            Some(NextHopKind::Gateway) => {
                let gate = self.opaque(LayerKind::Gateway, By::Gateway, &moving);
                if let Some(moving) = self.gate(moving, gate) {
                    self.arrive(moving);
                }
            }
            Some(NextHopKind::None) => {}
            Some(NextHopKind::PrivateEndpoint) => self.private_endpoint(moving, hop),
            // Kinds that have no stage of their own: to an appliance, or not known.
            _ => match self.device_of(hop) {
                Some(Device::Firewall(firewall)) => {
                    let home = self.semantics.network[firewall].subnet.value();
                    let home = home.and_then(Link::here);
                    if let Some(moving) = self.reach_device(moving, subnet, home) {
                        self.firewall(moving, firewall);
                    }
                }
                Some(Device::Nic(nic)) => {
                    let home = self.semantics.subnets_of_nic(nic).first().copied();
                    if let Some(moving) = self.reach_device(moving, subnet, home) {
                        self.appliance(moving, nic);
                    }
                }
                _ => self.unknown_appliance(moving),
            },
        }
    }

    /// To an appliance, which must be in the same network or one that is peered.
    fn reach_device(
        &mut self,
        moving: Moving,
        subnet: SubnetId,
        home: Option<SubnetId>,
    ) -> Option<Moving> {
        let network = self.semantics.network;
        let own = self.network_of(subnet);
        let other = home.and_then(|home| self.network_of(home));
        let (Some(own), Some(other)) = (own, other) else {
            return Some(moving);
        };
        if own == other {
            return Some(moving);
        }
        let mut moving = Self::on_side(moving, PathSide::Between);
        let peering = network[own].peerings.items.iter().find(|id| {
            let peering: &Peering = &network[**id];
            peering.remote.value() == Some(&Link::Here(other))
                && peering.meta.existence.truth != Truth::False
        });
        if let Some(peering) = peering {
            return self.over(moving, *peering, own, other);
        }
        let open = network[own].peerings.rest.as_ref();
        let setting = Setting::Peer(own.min(other), own.max(other));
        let mut flows = Answer::exactly(moving.flows.flows.may.clone());
        flows.unknowns.extend(open.cloned());
        moving.side = PathSide::Between;
        let gate = Gate {
            kind: LayerKind::Peering,
            direction: None,
            at: Element::Vnet(own),
            parts: vec![Part {
                by: By::NoPeering(own, other),
                verdict: match open {
                    Some(_) => Verdict::Depends,
                    None => Verdict::Denied,
                },
                flows,
            }],
            setting: Some(setting),
        };
        self.gate(moving, gate)
    }

    /// A network that is not in the files: only what is in the same subnet is known to be near.
    fn deliver_beside(&mut self, moving: Moving, subnet: SubnetId) {
        let near = match &self.target {
            Target::Sites(sites) => sites.iter().all(|site| site.subnet() == subnet),
            Target::ByAddress => false,
        };
        if near {
            self.deliver(moving, None);
            return;
        }
        let label = "the virtual network of the subnet".to_owned();
        let by = By::Unknown(Untold(outside(label)));
        let gate = self.opaque(LayerKind::Route, by, &moving);
        if let Some(moving) = self.gate(moving, gate) {
            self.deliver(moving, None);
        }
    }

    /// Over the peerings of a network.
    fn peered(&mut self, moving: Moving, subnet: SubnetId) {
        let Some(vnet) = self.network_of(subnet) else {
            return self.deliver_beside(moving, subnet);
        };
        let family = self.question.family;
        let network = self.semantics.network;
        let mut left = moving.flows.clone();
        for id in &network[vnet].peerings.items {
            let peering: &Peering = &network[*id];
            let Some(remote) = peering.remote.value().and_then(Link::here) else {
                continue;
            };
            let space = self.semantics.network_space(remote, family);
            let there = sets::only(&left, Dimension::Destination, &space);
            if there.flows.may.is_empty() || peering.meta.existence.truth == Truth::False {
                continue;
            }
            left = left.minus(&sets::within(family, Dimension::Destination, space));
            let mut part = Self::on_side(moving.clone(), PathSide::Between);
            part.flows = there;
            if let Some(part) = self.over(part, *id, vnet, remote) {
                self.deliver(part, Some(remote));
            }
        }
        if !left.flows.may.is_empty() {
            let mut rest = Self::on_side(moving, PathSide::Between);
            rest.flows = left;
            let label = "the peered network outside these files".to_owned();
            let by = By::Unknown(Untold(outside(label)));
            let gate = self.opaque(LayerKind::Peering, by, &rest);
            if let Some(rest) = self.gate(rest, gate) {
                self.arrive(rest);
            }
        }
    }

    /// Over one peering: both directions there, and, where somebody else forwards the packets, the
    /// receiving side accepts that.
    fn over(
        &mut self,
        moving: Moving,
        id: PeeringId,
        vnet: VnetId,
        remote: VnetId,
    ) -> Option<Moving> {
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let peered = self.semantics.peered(id);
        let back = peered.back;
        let accepted = back.map(|back| self.semantics.peered(back));
        let (verdict, by, setting) = match peered.connected {
            Truth::False => (
                Verdict::Denied,
                By::NoPeering(remote, vnet),
                Some(Setting::Peer(vnet.min(remote), vnet.max(remote))),
            ),
            Truth::Unknown => {
                let label = "the other side of the peering".to_owned();
                let unknown = peered.unknowns.first().cloned();
                let by = By::Unknown(Untold(unknown.unwrap_or_else(|| outside(label))));
                (Verdict::Depends, by, None)
            }
            Truth::True => {
                let there = accepted.as_ref().map_or(Truth::Unknown, |one| one.access);
                let by = By::Peering(id, PeeringSetting::VirtualNetworkAccess);
                let setting = Setting::Peering(id, PeeringSetting::VirtualNetworkAccess);
                match there.and(peered.access) {
                    Truth::True => (
                        Verdict::Allowed,
                        By::Peering(id, PeeringSetting::Exists),
                        None,
                    ),
                    // The networks are then not in each other's `VirtualNetwork`; what else it stops
                    // is told in two ways.
                    _ => (Verdict::Depends, by, Some(setting)),
                }
            }
        };
        let gate = Gate {
            kind: LayerKind::Peering,
            direction: None,
            at: Element::Peering(id),
            parts: vec![Part {
                by,
                verdict,
                flows: arriving.clone(),
            }],
            setting,
        };
        let moving = self.gate(moving, gate)?;
        let (Some(back), Some(accepted)) = (back, accepted) else {
            return Some(moving);
        };
        if moving.forwarded == Truth::False {
            return Some(moving);
        }
        let refused = moving.forwarded.and(!accepted.forwarded);
        let gate = Gate {
            kind: LayerKind::Peering,
            direction: None,
            at: Element::Peering(back),
            parts: vec![Part {
                by: By::Peering(back, PeeringSetting::ForwardedTraffic),
                verdict: match refused {
                    Truth::True => Verdict::Denied,
                    Truth::False => Verdict::Allowed,
                    Truth::Unknown => Verdict::Depends,
                },
                flows: arriving,
            }],
            setting: Some(Setting::Peering(back, PeeringSetting::ForwardedTraffic)),
        };
        self.gate(moving, gate)
    }

    /// Out to the Internet: a public address, then the block of port 25.
    fn out(&mut self, mut moving: Moving, subnet: SubnetId) {
        // The Internet carries no private address.
        let public = self.semantics.public(self.question.family);
        let out = sets::only(&moving.flows, Dimension::Destination, &public);
        let mut private = moving.clone();
        private.flows = moving.flows.minus(&out);
        if !private.flows.flows.may.is_empty() {
            let gate = Gate {
                kind: LayerKind::Egress,
                direction: Some(Direction::Outbound),
                at: Element::Subnet(subnet),
                parts: vec![Part {
                    by: By::Nobody,
                    verdict: Verdict::Denied,
                    flows: private.flows.clone(),
                }],
                setting: None,
            };
            self.gate(private, gate);
        }
        if out.flows.may.is_empty() {
            return;
        }
        moving.flows = out;
        let firewall = self.semantics.network[subnet].firewalls.items.first();
        let through_firewall = matches!(moving.visited.last(), Some(Device::Firewall(_)));
        let moving = if through_firewall && firewall.is_some() {
            Some(moving)
        } else {
            self.egress(moving, subnet)
        };
        let Some(moving) = moving else { return };
        let Some(moving) = self.smtp(moving, through_firewall) else {
            return;
        };
        // Public addresses of machines here are reached from the Internet's side.
        self.arrive_public(moving);
    }

    fn egress(&mut self, moving: Moving, subnet: SubnetId) -> Option<Moving> {
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let nic = match (moving.visited.last(), moving.sender) {
            (Some(Device::Nic(nic)), _) => Some(*nic),
            (None, Sender::Here(Site::Nic(nic, own))) if own == subnet => Some(nic),
            _ => None,
        };
        let gateway = self.semantics.network[subnet].nat_gateway.value();
        let gateway = gateway.and_then(Link::here);
        let unknown = |label: &str| By::Unknown(Untold(outside(label.to_owned())));
        let mut parts = Vec::new();
        for way in self.semantics.egress_of(nic, subnet, &arriving) {
            let by = match way.kind {
                // Here are only the packets that a route leads to the Internet.
                WayOutKind::Routed => continue,
                WayOutKind::NatGateway => {
                    let missing = || unknown("the NAT gateway of the subnet");
                    gateway.map_or_else(missing, By::NatGateway)
                }
                WayOutKind::PublicIp => {
                    let missing = || unknown("the public address of the machine");
                    nic.map_or_else(missing, By::PublicIp)
                }
                WayOutKind::LoadBalancer => {
                    let missing = || unknown("the outbound rule of the load balancer");
                    let balancer = nic.and_then(|nic| self.balancer_of(nic));
                    balancer.map_or_else(missing, By::LoadBalancer)
                }
                WayOutKind::DefaultOutbound => By::DefaultOutbound,
                WayOutKind::Nothing => By::NoPublicAddress,
            };
            parts.push(Part {
                verdict: match way.kind {
                    WayOutKind::Nothing => Verdict::Denied,
                    _ => Verdict::Allowed,
                },
                by,
                flows: way.flows,
            });
        }
        let gate = Gate {
            kind: LayerKind::Egress,
            direction: Some(Direction::Outbound),
            at: Element::Subnet(subnet),
            parts,
            setting: Some(Setting::Egress(subnet)),
        };
        self.gate(moving, gate)
    }

    /// What decides, of a next hop.
    pub(super) fn by_hop(&self, hop: &NextHop) -> By {
        match hop.source {
            RouteSource::User(route) => By::Route(route, hop.kind),
            RouteSource::Hub(connection) => By::HubRoute(connection, hop.kind),
            _ => By::SystemRoute(hop.kind),
        }
    }

    /// The route among parts that stop packets, if all of them are one.
    pub(super) fn removable(&self, parts: &[Part]) -> Option<Setting> {
        let mut routes = parts
            .iter()
            .filter(|part| part.verdict == Verdict::Denied)
            .map(|part| match part.by {
                By::Route(route, _) => Some(route),
                _ => None,
            });
        let first = routes.next()??;
        routes
            .all(|other| other == Some(first))
            .then_some(Setting::RemoveRoute(first))
    }

    /// The peering that would bring a route to the target's network.
    fn peerable(&self, subnet: SubnetId) -> Option<Setting> {
        let own = self.network_of(subnet)?;
        let target = self.target_network?;
        (own != target).then(|| Setting::Peer(own.min(target), own.max(target)))
    }
}
