//! Devices on the way: Azure Firewalls, machines that forward, and the platform's block of port 25.

use std::sync::Arc;

use super::sets;
use super::walk::{Device, Gate, MAX_APPLIANCES, Moving, Site, Walk, outside};
use super::{By, Element, LayerKind, Note, Part, PathSide, Setting, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::address::Protocol;
use crate::model::nsg::{Access, Direction};
use crate::model::platform::{FirewallSmtp, PlatformFacts};
use crate::model::{Field, FirewallId, Link, NicId, State, SubnetId};
use crate::semantics::firewall::FirewallDecided;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, protocol_code};
use crate::semantics::smtp::{SmtpOffer, missing_offer};

/// The port that is blocked.
const SMTP_PORT: u16 = 25;

impl Walk<'_, '_> {
    /// Through an Azure Firewall: its passes, then the route of its own subnet.
    pub(super) fn firewall(&mut self, moving: Moving, id: FirewallId) {
        let Some(mut moving) = self.enter_device(moving, Device::Firewall(id)) else {
            return;
        };
        moving.side = PathSide::Between;
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let decided = self.semantics.firewall_deciding(id, &arriving);
        let parts = decided.iter().map(|one| part_of(id, one)).collect();
        let gate = Gate {
            kind: LayerKind::Firewall,
            direction: None,
            at: Element::Firewall(id),
            parts,
            setting: Some(Setting::AllowInFirewall(id)),
        };
        let before = moving.flows.clone();
        let Some(next) = self.gate(moving, gate) else {
            return;
        };
        let layer = self.layers.last().map(|it| it.verdict);
        let opened = self.opened.contains(&Setting::AllowInFirewall(id));
        if opened || layer == Some(Verdict::Denied) {
            self.leave_firewall(next, id, Truth::Unknown);
            return;
        }
        let mut groups: Vec<(Truth, Vec<Answer>)> = Vec::new();
        for one in decided
            .iter()
            .filter(|one| one.access != Some(Access::Deny))
        {
            if let Some(translation) = &one.translation {
                let mut part = next.clone();
                part.flows = sets::passing(&before, &one.flows);
                if let Some(part) = self.translated(part, &translation.address, &translation.port) {
                    self.leave_firewall(part, id, Truth::True);
                }
                continue;
            }
            match groups.iter_mut().find(|(snat, _)| *snat == one.snat) {
                Some((_, flows)) => flows.push(one.flows.clone()),
                None => groups.push((one.snat, vec![one.flows.clone()])),
            }
        }
        for (snat, flows) in groups {
            let mut part = next.clone();
            let flows = Answer::any_of(before.family(), flows);
            part.flows = sets::passing(&before, &flows);
            self.leave_firewall(part, id, snat);
        }
    }

    /// On from a firewall, with its own address as the source where it translates.
    pub(super) fn leave_firewall(&mut self, moving: Moving, id: FirewallId, snat: Truth) {
        let subnet = match &self.semantics.network[id].subnet.state {
            State::Known(Link::Here(subnet)) => *subnet,
            _ => return self.leave_hub(moving, id),
        };
        let public = self.semantics.public(self.question.family);
        let private = self.question.family.addresses().subtract(&public);
        let mut kept = moving.clone();
        if snat == Truth::Unknown {
            // Towards public addresses it always translates.
            let family = self.question.family;
            let to_public = sets::only(&moving.flows, Dimension::Destination, &public);
            kept.flows = sets::only(&moving.flows, Dimension::Destination, &private);
            if !to_public.flows.may.is_empty() {
                let mut part = moving;
                part.flows = to_public;
                self.with_firewall_source(part, id, subnet);
            }
            debug_assert_eq!(kept.flows.family(), family);
        }
        if snat != Truth::False && !kept.flows.flows.may.is_empty() {
            self.with_firewall_source(kept.clone(), id, subnet);
        }
        if snat != Truth::True && !kept.flows.flows.may.is_empty() {
            kept.forwarded = Truth::True;
            kept.devices.push(Device::Firewall(id));
            self.depart(kept, subnet);
        }
    }

    fn with_firewall_source(&mut self, mut moving: Moving, id: FirewallId, subnet: SubnetId) {
        self.note(Note::SourceTranslated(id));
        let family = self.question.family;
        let prefixes = &self.semantics.network[subnet].address_prefixes;
        let known = prefixes
            .items
            .iter()
            .filter_map(Field::value)
            .filter_map(|block| family.block(*block))
            .fold(IntervalSet::empty(), |all, one| all.union(&one));
        let own = self.semantics.network[id].private_address.value();
        let own = own.and_then(|address| family.range(*address, *address));
        let set = match own {
            Some(own) => own,
            None if known.is_empty() => family.addresses().subtract(&self.semantics.public(family)),
            None => known,
        };
        moving.flows = sets::rewritten(&moving.flows, Dimension::Source, &set);
        moving.devices.clear();
        moving.source_translated = true;
        moving.forwarded = Truth::False;
        self.depart(moving, subnet);
    }

    /// On from a firewall in a hub: its routes are not in the files.
    fn leave_hub(&mut self, moving: Moving, id: FirewallId) {
        let label = format!("the routes of {}", self.semantics.network[id].meta.address);
        let by = By::Unknown(Untold(outside(label)));
        let gate = self.opaque(LayerKind::Route, by, &moving);
        let Some(mut moving) = self.gate(moving, gate) else {
            return;
        };
        moving.devices.push(Device::Firewall(id));
        let public = self.semantics.public(self.question.family);
        let out = sets::only(&moving.flows, Dimension::Destination, &public);
        let within = moving.flows.minus(&out);
        if !out.flows.may.is_empty() {
            let mut part = moving.clone();
            part.flows = out;
            if let Some(part) = self.smtp(part, true) {
                self.arrive(part);
            }
        }
        if !within.flows.may.is_empty() {
            moving.flows = within;
            self.deliver(moving, None);
        }
    }

    /// Sends packets on to another address and port.
    pub(super) fn translated(
        &mut self,
        mut moving: Moving,
        address: &Field<std::net::IpAddr>,
        port: &Field<u16>,
    ) -> Option<Moving> {
        let family = self.question.family;
        let known = address.value().and_then(|one| family.range(*one, *one));
        let Some(set) = known else {
            let label = "the address a translation rule sends packets to".to_owned();
            let unknown = address.unknown().cloned().unwrap_or_else(|| outside(label));
            let by = By::Unknown(Untold(unknown));
            let gate = self.opaque(LayerKind::Entrance, by, &moving);
            if let Some(moving) = self.gate(moving, gate) {
                self.arrive(moving);
            }
            return None;
        };
        moving.flows = sets::rewritten(&moving.flows, Dimension::Destination, &set);
        if let Some(port) = port.value().filter(|port| **port != 0) {
            moving.flows = sets::to_port(&moving.flows, *port);
        }
        moving.translated = true;
        Some(moving)
    }

    /// Through a machine that forwards.
    pub(super) fn appliance(&mut self, mut moving: Moving, nic: NicId) {
        let device = Device::Nic(nic);
        if let Some(subnet) = self.semantics.subnets_of_nic(nic).first().copied() {
            let site = Site::Nic(nic, subnet);
            // What is for the machine itself it keeps.
            let there = self.site_flows(site, Dimension::Destination);
            let own = moving.flows.and(&there);
            if !own.flows.may.is_empty() {
                let mut part = moving.clone();
                part.flows = own;
                moving.flows = moving.flows.minus(&there);
                match self.question.direction {
                    Some(Direction::Outbound) => self.arrive(part),
                    _ => self.enter(Self::on_side(part, PathSide::Destination), site),
                }
            }
            if moving.flows.flows.may.is_empty() {
                return;
            }
        }
        let Some(mut moving) = self.enter_device(moving, device) else {
            return;
        };
        moving.side = PathSide::Between;
        let Some(subnet) = self.semantics.subnets_of_nic(nic).first().copied() else {
            return self.opaque_appliance(moving, Some(nic));
        };
        let forwards = match &self.semantics.network[nic].ip_forwarding.state {
            State::Known(on) => Truth::from(*on),
            State::Absent => Truth::False,
            _ => Truth::Unknown,
        };
        let gate = Gate {
            kind: LayerKind::Appliance,
            direction: None,
            at: Element::Nic(nic),
            parts: vec![Part {
                by: By::IpForwarding(nic),
                verdict: verdict_of(forwards),
                flows: Answer::exactly(moving.flows.flows.may.clone()),
            }],
            setting: Some(Setting::IpForwarding(nic)),
        };
        let Some(moving) = self.gate(moving, gate) else {
            return;
        };
        let site = Site::Nic(nic, subnet);
        for moving in self.admit(moving, site) {
            // What runs on it is not in the files.
            let label = format!(
                "what {} lets through",
                self.semantics.network[nic].meta.address
            );
            let by = By::Unknown(Untold(outside(label)));
            let gate = self.opaque(LayerKind::Appliance, by, &moving);
            let Some(moving) = self.gate(moving, gate) else {
                continue;
            };
            for mut moving in self.leave(moving, site) {
                moving.side = PathSide::Between;
                moving.forwarded = Truth::True;
                moving.devices.push(device);
                self.depart(moving, subnet);
            }
        }
    }

    /// An appliance of which nothing is known.
    pub(super) fn unknown_appliance(&mut self, moving: Moving) {
        if let Some(moving) = self.enter_device(moving, Device::Unknown) {
            self.opaque_appliance(moving, None);
        }
    }

    fn opaque_appliance(&mut self, mut moving: Moving, nic: Option<NicId>) {
        moving.side = PathSide::Between;
        let label = match nic {
            Some(nic) => format!(
                "what {} lets through",
                self.semantics.network[nic].meta.address
            ),
            None => "what the appliance on the way lets through".to_owned(),
        };
        let by = By::Unknown(Untold(outside(label)));
        let gate = self.opaque(LayerKind::Appliance, by, &moving);
        let Some(mut moving) = self.gate(moving, gate) else {
            return;
        };
        moving.forwarded = Truth::Unknown;
        moving.devices.push(Device::Unknown);
        let public = self.semantics.public(self.question.family);
        let out = sets::only(&moving.flows, Dimension::Destination, &public);
        let within = moving.flows.minus(&out);
        if !out.flows.may.is_empty() {
            let mut part = moving.clone();
            part.flows = out;
            self.arrive(part);
        }
        if !within.flows.may.is_empty() {
            moving.flows = within;
            self.deliver(moving, None);
        }
    }

    /// Notes a device; packets that come back to one go round in a loop.
    fn enter_device(&mut self, mut moving: Moving, device: Device) -> Option<Moving> {
        if moving.visited.len() >= MAX_APPLIANCES {
            self.give_up();
            return None;
        }
        if device != Device::Unknown && moving.visited.contains(&device) {
            let gate = Gate {
                kind: LayerKind::Appliance,
                direction: None,
                at: match device {
                    Device::Firewall(firewall) => Element::Firewall(firewall),
                    Device::Nic(nic) => Element::Nic(nic),
                    Device::Unknown => Element::Outside(None),
                },
                parts: vec![Part {
                    by: By::Loop,
                    verdict: Verdict::Denied,
                    flows: Answer::exactly(moving.flows.flows.may.clone()),
                }],
                setting: None,
            };
            self.gate(moving, gate);
            return None;
        }
        moving.visited.push(device);
        Some(moving)
    }

    /// The platform's block of TCP 25 to public addresses.
    pub(super) fn smtp(&mut self, moving: Moving, through_firewall: bool) -> Option<Moving> {
        let family = self.question.family;
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let tcp = IntervalSet::single(protocol_code(Protocol::Tcp));
        let port = IntervalSet::single(SMTP_PORT.into());
        let public = self.semantics.public(family);
        let mail = sets::only(&arriving, Dimension::Protocol, &tcp);
        let mail = sets::only(&mail, Dimension::DestinationPort, &port);
        let mail = sets::only(&mail, Dimension::Destination, &public);
        if mail.flows.may.is_empty() {
            return Some(moving);
        }
        let (offer, facts) = (&self.question.smtp, self.semantics.facts);
        let open = match through_firewall {
            false => offer.open(facts),
            true => through(offer, facts),
        };
        let mut blocked = mail.clone();
        if open == Truth::Unknown {
            blocked
                .unknowns
                .push(match through_firewall && !differs(offer, facts) {
                    true => outside("whether port 25 is open through the firewall".to_owned()),
                    false => Arc::new(missing_offer()),
                });
        }
        let others = arriving.minus(&mail);
        let mut parts = vec![Part {
            by: By::Offer,
            verdict: verdict_of(open),
            flows: blocked,
        }];
        if !others.flows.may.is_empty() {
            parts.push(Part {
                by: By::Platform,
                verdict: Verdict::Allowed,
                flows: others,
            });
        }
        let gate = Gate {
            kind: LayerKind::Smtp,
            direction: Some(Direction::Outbound),
            at: Element::Platform,
            parts,
            setting: Some(Setting::Smtp),
        };
        self.gate(moving, gate)
    }
}

fn part_of(id: FirewallId, one: &FirewallDecided) -> Part {
    Part {
        by: match one.rule {
            Some(rule) => By::FirewallRule(id, rule),
            None => By::Firewall(id),
        },
        verdict: match one.access {
            Some(Access::Allow) => Verdict::Allowed,
            Some(Access::Deny) => Verdict::Denied,
            None => Verdict::Depends,
        },
        flows: one.flows.clone(),
    }
}

fn verdict_of(passes: Truth) -> Verdict {
    match passes {
        Truth::True => Verdict::Allowed,
        Truth::False => Verdict::Denied,
        Truth::Unknown => Verdict::Depends,
    }
}

/// Whether port 25 is open through a firewall: what all offers agree on.
fn through(offer: &SmtpOffer, facts: &PlatformFacts) -> Truth {
    match differs(offer, facts) {
        true => Truth::Unknown,
        false => of_each(offer, facts).next().unwrap_or(Truth::Unknown),
    }
}

/// Whether the offers it may be say different things, so that the offer settles it.
fn differs(offer: &SmtpOffer, facts: &PlatformFacts) -> bool {
    let mut answers = of_each(offer, facts);
    let first = answers.next();
    answers.any(|answer| Some(answer) != first)
}

fn of_each(offer: &SmtpOffer, facts: &PlatformFacts) -> impl Iterator<Item = Truth> {
    let answers = offer.answers(facts).into_iter();
    answers.map(|answer| match answer.through_firewall {
        FirewallSmtp::Supported => Truth::True,
        FirewallSmtp::Unsupported => Truth::False,
        FirewallSmtp::NotGuaranteed | FirewallSmtp::NotStated => Truth::Unknown,
    })
}
