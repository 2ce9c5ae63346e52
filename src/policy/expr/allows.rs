//! `allows(element, direction, protocol, far, ports)`: whether some such packet gets through the
//! network security groups of a group, a subnet or an interface.

use std::sync::Arc;

use super::Evaluation;
use super::call::{address_list, port_list};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::Protocol;
use crate::model::nsg::Direction;
use crate::model::{NicId, NsgId, SubnetId};
use crate::policy::contract::hop;
use crate::policy::datum::{Data, Datum};
use crate::policy::spec::HOP_KINDS;
use crate::policy::vocabulary::Kind;
use crate::semantics::packet::Family;
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
        let spec = FlowSpec {
            direction: Direction::Outbound,
            protocols: vec![Protocol::Tcp],
            from: Vec::new(),
            to: vec![self.far(far)],
            ports: Vec::new(),
            source_ports: Vec::new(),
        };
        let semantics = &self.world.semantics;
        let flows = semantics.flows(&spec, Scope::Subnet(id), Family::V4);
        let routed = semantics.routed_to_of(id, &[hop(*kind)], &flows);
        Some(routed.is_hit().truth == Truth::True)
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
