//! Elements and settings in words.

use super::{Teller, Told, name_of, peering_word};
use crate::model::nsg::Direction;
use crate::model::{Meta, NsgId};
use crate::semantics::reach::{Element, Setting};
use crate::source::Span;

impl Teller<'_> {
    /// What a stage belongs to, and where it is written.
    pub(in crate::engine::ask) fn element(&self, element: &Element) -> (String, Option<Span>) {
        let network = self.network;
        let meta = match element {
            Element::Nsg(id) => &network[*id].meta,
            Element::Nic(id) => &network[*id].meta,
            Element::Subnet(id) => {
                let subnet = &network[*id];
                let vnet = subnet.virtual_network.value().and_then(|link| link.here());
                let name = name_of(&subnet.meta);
                let owner = vnet.map(|vnet| format!("{}/", self.vnet(vnet)));
                let place = self.authored.element(subnet.meta.origin);
                return (owner.unwrap_or_default() + &name, place);
            }
            Element::Vnet(id) => &network[*id].meta,
            Element::Peering(id) => &network[*id].meta,
            Element::Firewall(id) => &network[*id].meta,
            Element::LoadBalancer(id) => &network[*id].meta,
            Element::PublicIp(id) => &network[*id].meta,
            Element::NatGateway(id) => &network[*id].meta,
            Element::PrivateEndpoint(id) => &network[*id].meta,
            Element::Outside(Some(unknown)) => {
                return (unknown.0.label.to_string(), self.declared(&unknown.0));
            }
            Element::Outside(None) => return ("outside these files".to_owned(), None),
            Element::Platform => return ("Azure".to_owned(), None),
        };
        (name_of(meta), self.authored.element(meta.origin))
    }

    /// A change that would let packets through, as an instruction, and where to make it.
    pub(in crate::engine::ask) fn setting(&self, setting: &Setting) -> (String, Option<Span>) {
        let network = self.network;
        let at = |meta: &Meta| self.authored.element(meta.origin);
        match setting {
            Setting::AllowInGroup { nsg, direction } => {
                let meta = &network[*nsg].meta;
                let way = crate::engine::ask::words::direction(*direction);
                let name = name_of(meta);
                (
                    format!("let them through in `{name}` with an {way} rule"),
                    at(meta),
                )
            }
            Setting::AllowInAdminRules(subnet, direction) => {
                let way = crate::engine::ask::words::direction(*direction);
                let (name, place) = self.element(&Element::Subnet(*subnet));
                let text = format!(
                    "let them through {way} in the security admin rules that hold for `{name}`"
                );
                (text, place)
            }
            Setting::AttachGroup(nic) => {
                let meta = &network[*nic].meta;
                (
                    format!(
                        "attach a security group that lets them through to `{}` or its subnet",
                        name_of(meta)
                    ),
                    at(meta),
                )
            }
            Setting::RemoveRoute(route) => {
                let told = self.route(*route);
                (format!("take the route `{}` away", told.name), told.place)
            }
            Setting::Peer(from, to) => (
                format!(
                    "peer {} and {}, both ways",
                    self.vnet(*from),
                    self.vnet(*to)
                ),
                at(&network[*from].meta),
            ),
            Setting::Peering(peering, setting) => (
                format!(
                    "switch {} on in the peering `{}`",
                    peering_word(*setting),
                    self.peering(*peering)
                ),
                at(&network[*peering].meta),
            ),
            Setting::AllowInFirewall(firewall) => {
                let meta = &network[*firewall].meta;
                let text = format!("let them through the firewall `{}`", name_of(meta));
                (text, at(meta))
            }
            Setting::IpForwarding(nic) => {
                let meta = &network[*nic].meta;
                let text = format!("switch IP forwarding of `{}` on", name_of(meta));
                (text, at(meta))
            }
            Setting::Egress(subnet) => {
                let (name, place) = self.element(&Element::Subnet(*subnet));
                (
                    format!("give the subnet `{name}` a way out, for example a NAT gateway"),
                    place,
                )
            }
            Setting::PublicAddress(nic) => {
                let meta = &network[*nic].meta;
                let text = format!("give `{}` a public address", name_of(meta));
                (text, at(meta))
            }
            Setting::Smtp => (
                "use port 587 of a mail relay, or a subscription that may send to port 25"
                    .to_owned(),
                None,
            ),
        }
    }

    /// A rule to add to a group before one that stops packets.
    pub(in crate::engine::ask) fn rule_before(
        &self,
        nsg: NsgId,
        direction: Direction,
        stops: &Told,
    ) -> (String, Option<Span>) {
        let (text, place) = self.setting(&Setting::AllowInGroup { nsg, direction });
        match (stops.kind, stops.priority) {
            ("security-rule", Some(priority)) => (
                format!("{text} before `{}`, below priority {priority}", stops.name),
                stops.place,
            ),
            _ => (text, place),
        }
    }
}
