//! Between the two sides: routes, peerings, the way out to the Internet.

use super::sets;
use super::walk::{Device, Gate, Moving, Sender, Target, Walk, outside};
use super::{By, Element, LayerKind, Part, PathSide, PeeringSetting, Setting, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::nsg::Direction;
use crate::model::routing::Appliance;
use crate::model::topology::Peering;
use crate::model::{Link, PeeringId, SubnetId, VnetId};
use crate::semantics::packet::Answer;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Family, protocols_with_ports};
use crate::semantics::routes::{NextHop, NextHopKind, RouteSource, Routed};

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
        let routed = self.hops(subnet, &arriving);
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
                Some(Device::Firewall(firewall)) => self.firewall(moving, firewall),
                Some(Device::Nic(nic)) => self.appliance(moving, nic),
                _ => self.unknown_appliance(moving),
            },
        }
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
        for (a, b) in self.peered_by_settings(vnet) {
            let other = if a == vnet { b } else { a };
            let space = self.semantics.network_space(other, family);
            let there = sets::only(&left, Dimension::Destination, &space);
            if !there.flows.may.is_empty() {
                left = left.minus(&sets::within(family, Dimension::Destination, space));
                let mut part = moving.clone();
                part.flows = there;
                self.deliver(part, Some(other));
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
    fn out(&mut self, moving: Moving, subnet: SubnetId) {
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
        let nic = match moving.sender {
            Sender::Here(super::walk::Site::Nic(nic, own)) if own == subnet => Some(nic),
            _ => None,
        };
        let ways = self.semantics.egress(subnet);
        let public_ip = match nic {
            Some(nic) => self.own_public_address(nic),
            None => ways.public_ip,
        };
        let family = arriving.family();
        let mut parts: Vec<Part> = Vec::new();
        let mut left = arriving;
        let gateway = self.semantics.network[subnet].nat_gateway.value();
        let gateway = gateway.and_then(Link::here);
        // A NAT gateway carries TCP and UDP over IPv4.
        if ways.nat_gateway != Truth::False && family == Family::V4 {
            let carried = sets::only(&left, Dimension::Protocol, &protocols_with_ports());
            let by = match gateway {
                Some(gateway) => By::NatGateway(gateway),
                None => By::Unknown(Untold(outside("the NAT gateway of the subnet".to_owned()))),
            };
            self.take(&mut parts, &mut left, by, ways.nat_gateway, &carried);
            if ways.nat_gateway == Truth::True && !left.flows.may.is_empty() {
                // What it does not carry has no other way out: it takes over for all.
                let by = gateway.map_or(By::NoPublicAddress, By::NatGateway);
                let verdict = match public_ip.or(ways.load_balancer) {
                    Truth::False => Verdict::Denied,
                    _ => Verdict::Depends,
                };
                let flows = left.clone();
                parts.push(Part { by, verdict, flows });
                left = Answer::nothing(family);
            }
        }
        let by = nic.map_or(By::DefaultOutbound, By::PublicIp);
        let whole = left.clone();
        let own = match family {
            Family::V4 => public_ip,
            // Of which family an address is is not read.
            Family::V6 => public_ip.and(Truth::Unknown),
        };
        self.take(&mut parts, &mut left, by, own, &whole);
        let whole = left.clone();
        let balanced = match family {
            Family::V4 => ways.load_balancer,
            Family::V6 => ways.load_balancer.and(Truth::Unknown),
        };
        if balanced != Truth::False {
            let label = "the outbound rule of the load balancer".to_owned();
            let by = By::Unknown(Untold(outside(label)));
            let by = nic
                .and_then(|nic| self.balancer_of(nic))
                .map_or(by, By::LoadBalancer);
            self.take(&mut parts, &mut left, by, balanced, &whole);
        }
        let whole = left.clone();
        let default = match family {
            Family::V4 => ways.default_outbound,
            Family::V6 => Truth::False,
        };
        self.take(&mut parts, &mut left, By::DefaultOutbound, default, &whole);
        if !left.flows.may.is_empty() {
            parts.push(Part {
                by: By::NoPublicAddress,
                verdict: Verdict::Denied,
                flows: left,
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

    /// Lets a way out take packets, if it is there.
    fn take(
        &self,
        parts: &mut Vec<Part>,
        left: &mut Answer,
        by: By,
        there: Truth,
        packets: &Answer,
    ) {
        if there == Truth::False || packets.flows.may.is_empty() {
            return;
        }
        let mut taken = packets.clone();
        if there == Truth::Unknown {
            taken = taken.only_possibly();
            let label = "the public addresses the subnet's machines leave from".to_owned();
            taken.unknowns.push(outside(label));
        }
        *left = left.minus(&taken);
        parts.push(Part {
            by,
            verdict: Verdict::Allowed,
            flows: taken,
        });
    }

    /// The routed parts of packets from a subnet, with the settings taken as changed.
    pub(super) fn hops(&self, subnet: SubnetId, flows: &Answer) -> Vec<Routed> {
        let mut parts = Vec::new();
        for one in self.semantics.next_hops_of(subnet, flows) {
            let gone = one
                .hop
                .route()
                .is_some_and(|route| self.opened.contains(&Setting::RemoveRoute(route)));
            if gone {
                parts.extend(self.by_system(subnet, &one.flows));
            } else {
                parts.push(one);
            }
        }
        let Some(vnet) = self.network_of(subnet) else {
            return parts;
        };
        let family = flows.family();
        for (a, b) in self.peered_by_settings(vnet) {
            let other = if a == vnet { b } else { a };
            let space = self.semantics.network_space(other, family);
            let to = sets::within(family, Dimension::Destination, space);
            let mut next = Vec::new();
            for one in parts {
                if one.hop.kind != Some(NextHopKind::None) {
                    next.push(one);
                    continue;
                }
                let there = one.flows.and(&to);
                let rest = one.flows.minus(&to);
                let peering = system(NextHopKind::Peering);
                for (hop, flows) in [(peering, there), (one.hop, rest)] {
                    if !flows.flows.may.is_empty() {
                        next.push(Routed { hop, flows });
                    }
                }
            }
            parts = next;
        }
        parts
    }

    fn peered_by_settings(&self, vnet: VnetId) -> Vec<(VnetId, VnetId)> {
        self.opened
            .iter()
            .filter_map(|setting| match setting {
                Setting::Peer(a, b) if *a == vnet || *b == vnet => Some((*a, *b)),
                _ => None,
            })
            .collect()
    }

    /// Where Azure's own routes lead, for a route that is taken away.
    fn by_system(&self, subnet: SubnetId, flows: &Answer) -> Vec<Routed> {
        let family = flows.family();
        let semantics = self.semantics;
        let mut left = flows.clone();
        let mut parts = Vec::new();
        let mut spaces: Vec<(NextHopKind, IntervalSet)> = Vec::new();
        if let Some(vnet) = self.network_of(subnet) {
            let own = semantics.network_space(vnet, family);
            spaces.push((NextHopKind::VirtualNetwork, own));
            for peering in &semantics.network[vnet].peerings.items {
                let remote = semantics.network[*peering].remote.value();
                if let Some(remote) = remote.and_then(Link::here) {
                    let space = semantics.network_space(remote, family);
                    spaces.push((NextHopKind::Peering, space));
                }
            }
        }
        let public = semantics.public(family);
        spaces.push((NextHopKind::None, family.addresses().subtract(&public)));
        spaces.push((NextHopKind::Internet, family.addresses()));
        for (kind, space) in spaces {
            let to = sets::within(family, Dimension::Destination, space);
            let there = left.and(&to);
            left = left.minus(&to);
            if !there.flows.may.is_empty() {
                let hop = system(kind);
                parts.push(Routed { hop, flows: there });
            }
        }
        parts
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

/// A route of Azure's own.
fn system(kind: NextHopKind) -> NextHop {
    NextHop {
        kind: Some(kind),
        source: RouteSource::System,
        firewall: None,
        address: None,
        appliance: Appliance::NotApplicable,
        forwards: Truth::True,
    }
}
