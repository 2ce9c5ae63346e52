//! To a public address or a load balancer by name: on to the machines behind it.

use super::balanced::{Way, through};
use super::ends::MAX_MACHINES;
use super::entrance::chosen;
use super::sets;
use super::walk::{Gate, Moving, Sender, Site, Walk, outside};
use super::{By, Element, Endpoint, LayerKind, Note, Part, PathSide, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::load_balancer::LoadBalancer;
use crate::model::nsg::Direction;
use crate::model::{FirewallId, Link, LoadBalancerId, NicId, PublicIpId};
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, Side};

/// A rule of a load balancer and the machines it leads to.
struct Leading<'a> {
    way: Way<'a>,
    members: Vec<NicId>,
    flows: Answer,
    /// Whether it is a rule of the frontend asked about.
    asked: Truth,
}

impl<'s> Walk<'s, '_> {
    /// Packets for the public address or load balancer that the question names, if it names one;
    /// gives them back otherwise.
    pub(super) fn reach_frontend(&mut self, moving: Moving) -> Option<Moving> {
        match self.question.to {
            Endpoint::PublicIp(id) => self.reach_public_address(moving, id),
            Endpoint::LoadBalancer(id) => self.reach_balancer(moving, id, None),
            _ => return Some(moving),
        }
        None
    }

    fn reach_public_address(&mut self, moving: Moving, id: PublicIpId) {
        let network = self.semantics.network;
        let here = Some(&Link::Here(id));
        let mut used = false;
        for nic in NicId::all(network) {
            let mut configurations = network[nic].ip_configurations.items.iter();
            let holder = configurations.find(|one| one.public_ip.value() == here);
            let Some(subnet) = holder.and_then(|one| one.subnet.value()?.here()) else {
                continue;
            };
            used = true;
            let site = Site::Nic(nic, subnet);
            let part = self.readdressed(moving.clone(), site);
            let gate = self.own_address(&part, site, nic, Truth::True);
            if let Some(part) = self.gate(part, gate) {
                self.enter(part, site);
            }
        }
        for balancer in LoadBalancerId::all(network) {
            let mut frontends = network[balancer].frontends.items.iter();
            if frontends.any(|one| one.public_ip.value() == here) {
                used = true;
                self.reach_balancer(moving.clone(), balancer, Some(id));
            }
        }
        for firewall in FirewallId::all(network) {
            let mut own = network[firewall].public_ips.items.iter();
            let rules = self.semantics.firewall_nat_rules(firewall);
            if own.any(|one| one.value() == here) {
                used = true;
                let mut part = Self::on_side(moving.clone(), PathSide::Between);
                part.flows = chosen(&part.flows);
                self.through_firewall(part, firewall, &rules);
            }
        }
        if !used {
            let label = format!("what uses {}", network[id].meta.address);
            let by = By::Unknown(Untold(outside(label)));
            let gate = self.opaque(LayerKind::Entrance, by, &moving);
            if let Some(moving) = self.gate(moving, gate) {
                self.arrive(moving);
            }
        }
    }

    /// Packets as they come to a machine from a frontend: with its address.
    fn readdressed(&mut self, moving: Moving, site: Site) -> Moving {
        let mut part = Self::on_side(moving, PathSide::Destination);
        let own = self.site_flows(site, Dimension::Destination);
        let set = own.flows.may.possible_addresses(Side::Destination);
        part.flows = sets::rewritten(&chosen(&part.flows), Dimension::Destination, &set);
        part.flows = part.flows.and(&own);
        part.translated = true;
        part
    }

    /// To the machines behind a load balancer; of one public address of it, if one is given.
    fn reach_balancer(&mut self, moving: Moving, id: LoadBalancerId, public: Option<PublicIpId>) {
        let balancer: &LoadBalancer = &self.semantics.network[id];
        let moving = Self::on_side(moving, PathSide::Destination);
        let from_outside = moving.sender == Sender::Internet;
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let leading: Vec<Leading<'_>> = self
            .leading(id)
            .into_iter()
            .map(|(way, members)| Leading {
                asked: match (public, balancer.frontend(way.frontend)) {
                    (Some(public), Some(frontend)) => {
                        (frontend.public_ip.value() == Some(&Link::Here(public))).into()
                    }
                    (Some(_), None) => balancer.is_public(way.frontend).and(Truth::Unknown),
                    (None, _) if from_outside => balancer.is_public(way.frontend),
                    (None, _) => !balancer.is_public(way.frontend),
                },
                flows: through(&arriving, &way),
                way,
                members,
            })
            .filter(|one| one.asked != Truth::False && !one.flows.flows.may.is_empty())
            .collect();
        let mut left = arriving;
        let mut parts = Vec::new();
        for one in &leading {
            left = left.minus(&one.flows);
            let label = "which frontend the rule uses".to_owned();
            let (by, verdict) = match one.asked {
                Truth::True => (one.way.by.clone(), Verdict::Allowed),
                _ => (By::Unknown(Untold(outside(label))), Verdict::Depends),
            };
            let flows = one.flows.clone();
            parts.push(Part { by, verdict, flows });
        }
        if !left.flows.may.is_empty() {
            parts.push(Part {
                by: By::NoBalancingRule(id),
                verdict: match balancer.rules.rest {
                    Some(_) => Verdict::Depends,
                    None => Verdict::Denied,
                },
                flows: left,
            });
        }
        let gate = Gate {
            kind: LayerKind::Entrance,
            direction: Some(Direction::Inbound),
            at: Element::LoadBalancer(id),
            parts,
            setting: None,
        };
        let before = moving.flows.clone();
        let Some(next) = self.gate(moving, gate) else {
            return;
        };
        if next.stopped {
            return;
        }
        for one in leading {
            let mut part = next.clone();
            part.flows = sets::passing(&before, &one.flows);
            let (from, to) = (one.way.first.value(), one.way.backend.value());
            match to.copied().filter(|port| *port != 0 && Some(port) != from) {
                Some(port) => {
                    self.note(Note::Translated {
                        by: one.way.by.clone(),
                        port: Some(port),
                    });
                    part.flows = sets::to_port(&part.flows, port);
                }
                None if from.is_none() || to.is_none() => {
                    let every = IntervalSet::range(0, u16::MAX.into());
                    part.flows = sets::rewritten(&part.flows, Dimension::DestinationPort, &every);
                }
                None => {}
            }
            self.reach_members(part, id, &one, from_outside);
        }
    }

    fn reach_members(
        &mut self,
        moving: Moving,
        id: LoadBalancerId,
        leading: &Leading<'_>,
        from_outside: bool,
    ) {
        if leading.members.is_empty() {
            let label = format!("which machines are behind {}", leading.way.meta.address);
            let by = By::Unknown(Untold(outside(label)));
            let gate = self.opaque(LayerKind::Entrance, by, &moving);
            if let Some(moving) = self.gate(moving, gate) {
                self.arrive(moving);
            }
            return;
        }
        if leading.members.len() > MAX_MACHINES {
            self.undecided = Some("number of machines in a subnet");
        }
        for nic in leading.members.iter().take(MAX_MACHINES) {
            for subnet in self.semantics.subnets_of_nic(*nic) {
                let site = Site::Nic(*nic, subnet);
                let part = self.readdressed(moving.clone(), site);
                if part.flows.flows.may.is_empty() && !moving.flows.flows.may.is_empty() {
                    self.unknown_address(moving.clone(), *nic);
                    continue;
                }
                let balancer = &self.semantics.network[id];
                let part = match from_outside {
                    true => {
                        let gate = self.guarded(&part, site, *nic, balancer);
                        gate.map_or(Some(part.clone()), |gate| self.gate(part, gate))
                    }
                    false => Some(part),
                };
                self.note_probe(*nic, site, id);
                if let Some(part) = part {
                    self.enter(part, site);
                }
            }
        }
    }

    /// To a machine whose address of this family the files do not tell.
    fn unknown_address(&mut self, moving: Moving, nic: NicId) {
        let label = format!(
            "the address of {}",
            self.semantics.network[nic].meta.address
        );
        let by = By::Unknown(Untold(outside(label)));
        let gate = self.opaque(LayerKind::Entrance, by, &moving);
        if let Some(moving) = self.gate(moving, gate) {
            self.arrive(moving);
        }
    }

    /// Every rule of a load balancer with the machines of these files that it leads to.
    fn leading(&self, id: LoadBalancerId) -> Vec<(Way<'s>, Vec<NicId>)> {
        let network = self.semantics.network;
        let balancer: &LoadBalancer = &network[id];
        let rules = balancer
            .rules
            .items
            .iter()
            .enumerate()
            .map(|(place, rule)| {
                let members = NicId::all(network).filter(|nic| self.uses(*nic, &rule.pools.items));
                let by = By::BalancingRule(id, place);
                (Way::balancing(by, rule), members.collect())
            });
        let nat = balancer.nat_rules.iter().enumerate().map(|(place, rule)| {
            let members = rule.network_interfaces.clone();
            (
                Way::forwarding(By::InboundNatRule(id, place), rule),
                members,
            )
        });
        rules.chain(nat).collect()
    }
}
