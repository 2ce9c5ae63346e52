//! `allows(element, direction, protocol, far, ports)`: whether some such packet gets through the
//! network security groups of a group, a subnet or an interface; `leads(subnet, kind, far)` and
//! `firewalls(subnet, far)`: where such packets go next.

use std::sync::Arc;

use super::Evaluation;
use super::call::{address_list, port_list};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::Protocol;
use crate::model::nsg::Direction;
use crate::model::{Link, NicId, NsgId, SubnetId};
use crate::policy::contract::hop;
use crate::policy::datum::{Data, Datum, Item, undecided};
use crate::policy::spec::HOP_KINDS;
use crate::policy::vocabulary::{Kind, element};
use crate::semantics::packet::{Answer, Family};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

impl Evaluation<'_, '_> {
    /// True: some packet passes in every world. False: none does in any. IPv4 only, as the
    /// question is about well-known ways out.
    pub(super) fn allows(&mut self, args: &[Datum]) -> Datum {
        match self.passing(args) {
            Some((truth, unknowns)) => {
                if truth == Truth::Unknown {
                    self.trace.unknowns.extend(unknowns.iter().cloned());
                }
                let because = unknowns.into_iter().next();
                Datum::truth_value(truth, because)
            }
            None => self.answer(Truth::Unknown),
        }
    }

    /// `leads(subnet, kind, far)`: whether packets to somewhere have, for certain, a next hop of a
    /// kind. IPv4 only; never unknown: what is not certain is false.
    pub(super) fn leads(&mut self, args: &[Datum]) -> Datum {
        let certain = self.leading(args).unwrap_or(false);
        Datum::constant(Data::Bool(certain))
    }

    fn leading(&self, args: &[Datum]) -> Option<bool> {
        let [subnet, kind, far] = args else {
            return None;
        };
        let (Data::Element(subnet), Data::Text(kind)) = (&subnet.data, &kind.data) else {
            return None;
        };
        let (_, kind) = HOP_KINDS.iter().find(|(word, _)| *word == &**kind)?;
        let id = SubnetId(subnet.id);
        let flows = self.outward(id, far);
        let routed = self.world.semantics.routed_to_of(id, &[hop(*kind)], &flows);
        Some(routed.is_hit().truth == Truth::True)
    }

    /// `firewalls(subnet, far)`: the Azure Firewalls of these files that packets to somewhere have
    /// as their next hop. IPv4 only.
    pub(super) fn firewalls(&mut self, args: &[Datum]) -> Datum {
        let [subnet, far] = args else {
            return Datum::list(Vec::new(), Some(undecided()));
        };
        let Data::Element(subnet) = &subnet.data else {
            return Datum::list(Vec::new(), Some(undecided()));
        };
        let id = SubnetId(subnet.id);
        let flows = self.outward(id, far);
        let (mut items, mut rest): (Vec<Item>, _) = (Vec::new(), None);
        for routed in self.world.semantics.next_hops_of(id, &flows) {
            let hit = routed.flows.is_hit();
            let unknown = || hit.unknowns.first().cloned().unwrap_or_else(undecided);
            match (&routed.hop.firewall, routed.hop.kind) {
                (Some(Link::Here(firewall)), _) => {
                    let datum = element(self.world, Kind::Firewall, firewall.0);
                    let because = (hit.truth != Truth::True).then(unknown);
                    let same = |item: &&mut Item| match (&item.datum.data, &datum.data) {
                        (Data::Element(a), Data::Element(b)) => a == b,
                        _ => false,
                    };
                    let before = items.iter_mut().find(same);
                    match before {
                        Some(item) => item.present = item.present.or(hit.truth),
                        None => items.push(Item {
                            datum,
                            present: hit.truth,
                            because,
                        }),
                    }
                }
                (Some(Link::External(_)), _) | (None, None) => rest = Some(unknown()),
                (None, Some(_)) => {}
            }
        }
        Datum::list(items, rest)
    }

    /// TCP packets from a subnet to somewhere.
    fn outward(&self, subnet: SubnetId, far: &Datum) -> Answer {
        let spec = FlowSpec {
            direction: Direction::Outbound,
            protocols: vec![Protocol::Tcp],
            from: Vec::new(),
            to: vec![self.far(far)],
            ports: Vec::new(),
            source_ports: Vec::new(),
        };
        let scope = Scope::Subnet(subnet);
        self.world.semantics.flows(&spec, scope, Family::V4)
    }

    fn passing(&self, args: &[Datum]) -> Option<(Truth, Vec<Arc<Unknown>>)> {
        let [element, direction, protocol, far, ports] = args else {
            return None;
        };
        let Data::Element(element) = &element.data else {
            return None;
        };
        let outbound = matches!(&direction.data, Data::Text(word) if &**word == "Outbound");
        let direction = if outbound {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        let protocols = match &protocol.data {
            Data::Text(word) => match &**word {
                "Tcp" => vec![Protocol::Tcp],
                "Udp" => vec![Protocol::Udp],
                "Icmp" => vec![Protocol::Icmp],
                _ => Vec::new(),
            },
            _ => return None,
        };
        let far = vec![self.far(far)];
        let ports = port_list(ports);
        let ports: Option<Vec<_>> = ports
            .items
            .iter()
            .map(|port| port.value().copied())
            .collect();
        let (from, to) = if outbound {
            (Vec::new(), far)
        } else {
            (far, Vec::new())
        };
        let spec = FlowSpec {
            direction,
            protocols,
            from,
            to,
            ports: ports?,
            source_ports: Vec::new(),
        };
        let semantics = &self.world.semantics;
        let family = Family::V4;
        let asked = |scope| semantics.flows(&spec, scope, family);
        let hit = match element.kind {
            Kind::Nsg => {
                let id = NsgId(element.id);
                semantics.nsg_allowed_of(id, direction, &asked(Scope::Nsg(id)))
            }
            Kind::Subnet => {
                let id = SubnetId(element.id);
                semantics.subnet_allowed_of(id, direction, &asked(Scope::Subnet(id)))
            }
            Kind::NetworkInterface => {
                let id = NicId(element.id);
                semantics.nic_allowed_of(id, direction, &asked(Scope::Nic(id)))
            }
            _ => return None,
        }
        .is_hit();
        Some((hit.truth, hit.unknowns))
    }

    fn far(&self, far: &Datum) -> AddressSpec {
        if let Data::Text(name) = &far.data {
            let sets = &self.world.facts.named_sets;
            if &**name == "kms" || sets.iter().any(|set| set.name == *name) {
                return AddressSpec::NamedSet(Arc::clone(name));
            }
        }
        AddressSpec::Prefixes(address_list(far).items)
    }
}
