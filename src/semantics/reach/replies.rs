//! The way back: replies must return through every device that keeps the connection.

use super::sets;
use super::walk::{Device, Gate, Moving, Sender, Site, Walk, outside};
use super::{By, Element, LayerKind, Note, Part, ReturnPath, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::routing::Appliance;
use crate::semantics::packet::Answer;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::routes::{NextHop, NextHopKind, Routed};

impl Walk<'_, '_> {
    /// Asks whether the replies of a machine get back to where its packets came from.
    pub(super) fn reply(&mut self, moving: Moving, site: Site) -> Option<Moving> {
        let Some(expected) = Self::expected(&moving) else {
            // The platform's own traffic needs no route.
            return Some(moving);
        };
        let subnet = site.subnet();
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let replies = sets::replies(&arriving);
        let mut parts = Vec::new();
        let mut hops = Vec::new();
        let public = self.semantics.public(self.question.family);
        let mut ways = Vec::new();
        for routed in self.semantics.next_hops_of(subnet, &replies) {
            if routed.hop.kind != Some(NextHopKind::Internet) {
                ways.push((routed, false));
                continue;
            }
            // The Internet carries no private address.
            let out = sets::only(&routed.flows, Dimension::Destination, &public);
            let rest = routed.flows.minus(&out);
            for (flows, lost) in [(out, false), (rest, true)] {
                if !flows.flows.may.is_empty() {
                    let hop = routed.hop.clone();
                    ways.push((Routed { hop, flows }, lost));
                }
            }
        }
        for (routed, lost) in ways {
            let (verdict, unknown) = match lost {
                true => (Verdict::Denied, None),
                false => self.returns(&expected, &routed.hop),
            };
            let by = self.by_hop(&routed.hop);
            let truth = match replies.minus(&routed.flows).flows.may.is_empty() {
                true => Truth::True,
                false => Truth::Unknown,
            };
            hops.push((by.clone(), truth));
            let mut flows = sets::replies(&routed.flows);
            flows.unknowns.extend(unknown.clone());
            parts.push(Part {
                by: match (verdict, unknown) {
                    (Verdict::Depends, Some(unknown)) => By::Unknown(Untold(unknown)),
                    _ => by,
                },
                verdict,
                flows,
            });
        }
        let layer = self.layers.len();
        let worst = |verdict| parts.iter().any(|part| part.verdict == verdict);
        let symmetric = match (worst(Verdict::Denied), worst(Verdict::Depends)) {
            (true, _) if parts.iter().all(|part| part.verdict == Verdict::Denied) => Truth::False,
            (false, false) => Truth::True,
            _ => Truth::Unknown,
        };
        self.returns.push(ReturnPath {
            from: subnet,
            layer,
            hops,
            symmetric,
        });
        if symmetric != Truth::True {
            self.note(Note::Asymmetric);
        }
        let gate = Gate {
            kind: LayerKind::ReturnPath,
            direction: None,
            at: Element::Subnet(subnet),
            setting: self.removable(&parts),
            parts,
        };
        self.gate(moving, gate)
    }

    /// What replies must go to first.
    fn expected(moving: &Moving) -> Option<Expected> {
        Some(match (moving.devices.last(), moving.sender) {
            (Some(device), _) => Expected::Device(*device),
            (None, _) if moving.source_translated => Expected::Network,
            (None, Sender::Here(_)) => Expected::Network,
            (None, Sender::Internet) => Expected::Internet,
            (None, Sender::Elsewhere) => Expected::Anything,
            (None, Sender::Platform) => return None,
        })
    }

    /// Whether a next hop takes replies to where they are expected.
    fn returns(
        &self,
        expected: &Expected,
        hop: &NextHop,
    ) -> (Verdict, Option<std::sync::Arc<crate::eval::value::Unknown>>) {
        use NextHopKind as Kind;
        let label = "whether the appliance on the way of the replies keeps connections";
        let unclear = || (Verdict::Depends, Some(outside(label.to_owned())));
        let allowed = (Verdict::Allowed, None);
        let denied = (Verdict::Denied, None);
        match (expected, hop.kind) {
            (_, Some(Kind::None)) => denied,
            (Expected::Anything, _) => allowed,
            (
                Expected::Network,
                Some(Kind::VirtualNetwork | Kind::Peering | Kind::PrivateEndpoint),
            ) => allowed,
            (Expected::Internet, Some(Kind::Internet | Kind::ServiceEndpoint)) => allowed,
            // A firewall or gateway that never saw the first packet has no connection for it; from
            // the Internet that holds of whatever the default route leads to.
            (Expected::Internet, Some(_) | None) => denied,
            (Expected::Network, Some(Kind::AzureFirewall)) => denied,
            (Expected::Network, Some(_) | None) => unclear(),
            (Expected::Device(device), _) => match (self.device_of(hop), device) {
                (Some(Device::Unknown), _) | (_, Device::Unknown) => unclear(),
                (Some(own), device) if own == *device => allowed,
                (_, Device::Firewall(_)) => denied,
                (Some(Device::Firewall(_)), _) => denied,
                _ => unclear(),
            },
        }
    }

    /// The device a next hop is.
    pub(super) fn device_of(&self, hop: &NextHop) -> Option<Device> {
        match &hop.appliance {
            Appliance::NotApplicable => None,
            Appliance::Firewall(firewall) => Some(Device::Firewall(*firewall)),
            Appliance::NetworkInterface(nic) => Some(Device::Nic(*nic)),
            Appliance::ExternalFirewall(_) | Appliance::LoadBalancer(_) | Appliance::Unknown => {
                Some(Device::Unknown)
            }
        }
    }
}

/// Where replies must go first.
enum Expected {
    Device(Device),
    /// Straight through the networks.
    Network,
    /// Straight out.
    Internet,
    /// Not told.
    Anything,
}
