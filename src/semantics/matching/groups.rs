//! Application security groups: which addresses are those of members.

use super::Matched;
use crate::eval::value::Truth;
use crate::model::topology::NetworkInterface;
use crate::model::{AsgId, Field, Link};
use crate::semantics::Semantics;
use crate::semantics::packet::Family;
use crate::semantics::packet::atoms::{Atom, Predicate, Size};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::place::Place;

impl Semantics<'_> {
    /// Adds the members of a group.
    pub(super) fn add_group(&self, matched: &mut Matched, link: &Link<AsgId>, place: &Place) {
        let mut inner = IntervalSet::empty();
        let mut complete = false;
        let key = match link {
            Link::External(key) => key.0.to_ascii_lowercase(),
            Link::Here(id) => {
                let group = &self.network[*id];
                complete = group.members.rest.is_none() && !group.meta.existing;
                for nic in &group.members.items {
                    let nic = &self.network[*nic];
                    let certain = nic.meta.existence.truth == Truth::True && !nic.meta.template;
                    complete &= certain && nic.ip_configurations.rest.is_none();
                    for configuration in &nic.ip_configurations.items {
                        let lists = &configuration.application_security_groups;
                        let member = lists.items.iter().any(|it| it.value() == Some(link));
                        let address = configuration.private_address.value();
                        complete &= lists.rest.is_none()
                            && lists.items.iter().all(|it| it.value().is_some())
                            && (address.is_some() || !member);
                        if let (true, true, Some(address)) = (certain, member, address)
                            && let Some(set) = place.family.range(*address, *address)
                        {
                            inner = inner.union(&set);
                        }
                    }
                }
                group.meta.key.0.to_ascii_lowercase()
            }
        };
        if complete {
            matched.add(&inner);
            return;
        }
        let others = self.other_machines(link, place.family);
        let outer = place.outer.union(&inner).subtract(&others);
        let predicate = Predicate::Group(key);
        let mut atom = Atom::new(matched.dimension, &predicate, inner, outer);
        atom.size = Size::Few;
        matched.add_atom(atom);
    }

    /// Addresses of machines that are certainly not in a group: those of its virtual network whose
    /// groups these files tell. All members of a group are in one virtual network.
    ///
    /// Source: <https://learn.microsoft.com/azure/virtual-network/application-security-groups>
    fn other_machines(&self, link: &Link<AsgId>, family: Family) -> IntervalSet {
        let vnet_of = |nic: &NetworkInterface| {
            let configuration = nic.ip_configurations.items.first()?;
            let subnet = configuration.subnet.value().and_then(Link::here)?;
            self.network[subnet].virtual_network.value().cloned()
        };
        let mut others = IntervalSet::empty();
        let Link::Here(group) = link else {
            return others;
        };
        let mut members = self.network[*group].members.items.iter();
        let Some(vnet) = members.find_map(|nic| vnet_of(&self.network[*nic])) else {
            return others;
        };
        for nic in &self.network.network_interfaces {
            let certain = nic.meta.existence.truth == Truth::True && !nic.meta.template;
            if !certain
                || nic.ip_configurations.rest.is_some()
                || vnet_of(nic) != Some(vnet.clone())
            {
                continue;
            }
            for configuration in &nic.ip_configurations.items {
                let groups = &configuration.application_security_groups;
                let is_other = |it: &Field<Link<AsgId>>| it.value().is_some_and(|it| it != link);
                if let Some(address) = configuration.private_address.value()
                    && groups.rest.is_none()
                    && groups.items.iter().all(is_other)
                    && let Some(set) = family.range(*address, *address)
                {
                    others = others.union(&set);
                }
            }
        }
        others
    }
}
