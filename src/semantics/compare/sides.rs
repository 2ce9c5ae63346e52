//! One version of what is compared: the groups that packets pass, each as ranked sets.

use std::net::IpAddr;
use std::sync::Arc;

use super::{By, Name, Version};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, ServiceTag};
use crate::model::nsg::{Access, Direction};
use crate::model::{Field, Link, NicId, NsgId, State, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::compile::{Group, Ruling};
use crate::semantics::matching::{Fields, Matched};
use crate::semantics::order::Rank;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::diagram::Diagrams;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::regions::Named;
use crate::semantics::packet::space::{Exceeded, FlowSet, Term};
use crate::semantics::packet::{Answer, Family};
use crate::semantics::place::Place;
use crate::semantics::rules::Scope;

/// More names than this are not looked for in a region.
const MAX_NAMES: usize = 48;

/// How many addresses of machines a witness may choose from.
const MAX_HOSTS: usize = 16;

/// Something in a group that may decide a packet.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) by: By,
    /// What the other version calls it.
    pub(super) key: Arc<str>,
    pub(super) rank: (Rank, Rank),
    pub(super) access: Option<Access>,
    /// Whether it is there for certain.
    pub(super) certain: bool,
    pub(super) own: Answer,
    pub(super) because: Vec<Arc<Unknown>>,
}

/// A version.
#[derive(Debug)]
pub(super) struct Side {
    /// Of each group in path order the parts.
    pub(super) layers: Vec<Vec<Part>>,
    /// What `VirtualNetwork` holds for certain, and what it may hold.
    pub(super) space: (IntervalSet, IntervalSet),
    /// Addresses of machines that the groups are for.
    pub(super) hosts: Vec<IpAddr>,
    pub(super) undecided: Option<&'static str>,
    names: Vec<(Arc<str>, [FlowSet; 2])>,
}

/// Two groups.
pub(super) fn groups(
    old: (&Semantics<'_>, NsgId),
    new: (&Semantics<'_>, NsgId),
    direction: Direction,
    family: Family,
) -> [Side; 2] {
    let all = [old, new];
    let mut places = all.map(|(semantics, nsg)| semantics.place(Scope::Nsg(nsg), family));
    let alike = places[0].key == places[1].key;
    if !alike {
        // Attached to other networks: the groups are compared as such.
        places = all.map(|(semantics, nsg)| Place {
            key: "the same wherever it is".to_owned(),
            ..semantics.opaque_place(Scope::Nsg(nsg), family)
        });
    }
    let [first, second] = places;
    let side = |(semantics, nsg): (&Semantics<'_>, NsgId), place: Place| {
        let rerouted = match (direction, alike) {
            (Direction::Inbound, _) => Truth::False,
            (Direction::Outbound, true) => semantics.is_rerouted(Scope::Nsg(nsg)),
            (Direction::Outbound, false) => Truth::Unknown,
        };
        let mut side = Side::empty(&place);
        let group = semantics.compile(nsg, direction, &place, rerouted);
        // Whether it is there is told by what it is attached to.
        side.add_rules(semantics, nsg, &group, &place);
        side.take_as_there(semantics, nsg);
        let group = &semantics.network()[nsg];
        let mut subnets = group.subnets.items.clone();
        for nic in &group.network_interfaces.items {
            subnets.extend(semantics.subnets_of_nic(*nic));
        }
        for subnet in subnets {
            side.add_hosts(semantics, subnet);
        }
        // An address that a machine behind the group could have, where the files tell none.
        side.hosts.push(IpAddr::from([10, 0, 0, 4]));
        side
    };
    [side(old, first), side(new, second)]
}

impl Side {
    pub(super) fn of_subnet(
        semantics: &Semantics<'_>,
        subnet: SubnetId,
        direction: Direction,
        family: Family,
    ) -> Self {
        let place = semantics.place(Scope::Subnet(subnet), family);
        let mut side = Self::empty(&place);
        side.add_guard(
            semantics,
            &semantics.network()[subnet].nsg,
            Scope::Subnet(subnet),
            direction,
            &place,
        );
        side.add_hosts(semantics, subnet);
        side
    }

    pub(super) fn of_interface(
        semantics: &Semantics<'_>,
        nic: NicId,
        direction: Direction,
        family: Family,
    ) -> Self {
        let interface = &semantics.network()[nic];
        let place = semantics.place(Scope::Nic(nic), family);
        let mut side = Self::empty(&place);
        let subnets = semantics.subnets_of_nic(nic);
        let elsewhere = interface
            .ip_configurations
            .items
            .iter()
            .find_map(|configuration| match &configuration.subnet.state {
                State::Known(Link::Here(_)) | State::Absent => None,
                State::Known(Link::External(key)) => Some(Arc::clone(&key.0)),
                State::Unknown(unknown, _) => Some(Arc::clone(&unknown.label)),
                State::Invalid { raw, .. } => Some(Arc::clone(raw)),
            });
        match (subnets.as_slice(), elsewhere) {
            ([subnet], None) => {
                let scope = Scope::Subnet(*subnet);
                let guard = &semantics.network()[*subnet].nsg;
                side.add_guard(semantics, guard, scope, direction, &place);
                side.add_hosts(semantics, *subnet);
            }
            ([], None) => side.layers.push(vec![no_group(family)]),
            (_, elsewhere) => {
                let name = elsewhere.unwrap_or_else(|| Arc::clone(&interface.meta.key.0));
                let name: Arc<str> = format!("the security group on the subnet {name}").into();
                side.layers.push(vec![outside(name, family)]);
            }
        }
        side.add_guard(
            semantics,
            &interface.nsg,
            Scope::Nic(nic),
            direction,
            &place,
        );
        if direction == Direction::Outbound {
            side.layers.reverse();
        }
        side
    }

    /// What one packet meets, in those worlds that its cube leaves; `None`: it depends.
    pub(super) fn access(&self, packet: &Term) -> Option<Access> {
        let mut all = Some(Access::Allow);
        for layer in &self.layers {
            let held: Vec<(&Part, bool)> = layer
                .iter()
                .map(|part| (part, part.holds(packet)))
                .filter(|(_, (_, perhaps))| *perhaps)
                .map(|(part, (certain, _))| (part, certain))
                .collect();
            let last = held.iter().filter(|(_, certain)| *certain);
            let last = last.map(|(part, _)| part.rank.1).min();
            let mut deciding = held
                .iter()
                .filter(|(part, _)| last.is_none_or(|last| part.rank.0 <= last))
                .map(|(part, _)| part.access);
            let first = match (deciding.next(), last) {
                (None, _) => Some(Access::Deny),
                (Some(first), Some(_)) => first,
                (Some(first), None) => first.filter(|access| *access == Access::Deny),
            };
            let access = first.filter(|_| deciding.all(|other| other == first));
            match access {
                Some(Access::Deny) => return Some(Access::Deny),
                Some(Access::Allow) => {}
                None => all = None,
            }
        }
        all
    }

    fn empty(place: &Place) -> Self {
        Self {
            layers: Vec::new(),
            space: (place.inner.clone(), place.outer.clone()),
            hosts: Vec::new(),
            undecided: None,
            names: Vec::new(),
        }
    }

    fn add_hosts(&mut self, semantics: &Semantics<'_>, subnet: SubnetId) {
        /// Azure keeps the first four addresses of a subnet.
        const FIRST_HOST: u128 = 4;
        for block in &semantics.network()[subnet].address_prefixes.items {
            let Some(block) = block.value() else { continue };
            let family = Family::of(block.network());
            let first = super::super::packet::address_number(block.network());
            let host = family.address(first.saturating_add(FIRST_HOST));
            if block.contains(&host) && self.hosts.len() < MAX_HOSTS {
                self.hosts.push(host);
            }
        }
    }

    fn add_guard(
        &mut self,
        semantics: &Semantics<'_>,
        guard: &Field<Link<NsgId>>,
        scope: Scope,
        direction: Direction,
        place: &Place,
    ) {
        let family = place.family;
        match &guard.state {
            State::Absent => self.layers.push(vec![no_group(family)]),
            State::Known(Link::Here(nsg)) => {
                let group = semantics.compiled(*nsg, scope, direction, family);
                self.add(semantics, *nsg, &group, place);
            }
            State::Known(Link::External(key)) => {
                self.layers.push(vec![outside(Arc::clone(&key.0), family)]);
            }
            State::Unknown(unknown, _) => {
                let mut part = outside(Arc::clone(&unknown.label), family);
                part.because = vec![Arc::clone(unknown)];
                part.key = format!("group {:x}", unknown.id.0).into();
                self.layers.push(vec![part]);
            }
            State::Invalid { raw, .. } => {
                self.layers.push(vec![outside(Arc::clone(raw), family)]);
            }
        }
    }

    /// Adds a group that perhaps is not there.
    fn add(&mut self, semantics: &Semantics<'_>, nsg: NsgId, group: &Group, place: &Place) {
        let existence = &semantics.network()[nsg].meta.existence;
        self.add_rules(semantics, nsg, group, place);
        if existence.truth != Truth::True
            && let Some(parts) = self.layers.last_mut()
        {
            let none = Part {
                key: "no such group".into(),
                certain: false,
                because: existence.because.iter().cloned().collect(),
                ..no_group(place.family)
            };
            parts.insert(0, none);
        }
    }

    /// Takes a group to be there, and with it the rules that are written in it.
    fn take_as_there(&mut self, semantics: &Semantics<'_>, nsg: NsgId) {
        let network = semantics.network();
        let group = &network[nsg].meta;
        let Some(because) = &group.existence.because else {
            return;
        };
        for part in self.layers.iter_mut().flatten() {
            let By::Rule(_, Ruling::Custom(id)) = &part.by else {
                continue;
            };
            let rule = &network[*id];
            let own = &rule.meta.existence;
            let is_written_in_it = rule.meta.address.starts_with(&*group.address);
            let same = own.because.as_ref().is_some_and(|own| own.id == because.id);
            if own.truth == group.existence.truth && is_written_in_it && same {
                part.certain = rule.direction.value().is_some() && !rule.meta.template;
                let others = [
                    rule.direction.unknown(),
                    rule.access.unknown(),
                    rule.priority.unknown(),
                ];
                let others = others.into_iter().flatten();
                part.because
                    .retain(|one| one.id != because.id || others.clone().any(|it| it.id == one.id));
            }
        }
    }

    /// Adds the rules of a group.
    fn add_rules(&mut self, semantics: &Semantics<'_>, nsg: NsgId, group: &Group, place: &Place) {
        let network = semantics.network();
        let mut parts = Vec::with_capacity(group.rules.len() + 1);
        if !group.bypass.flows.may.is_empty() {
            parts.push(Part {
                by: By::Bypass,
                key: "bypass".into(),
                rank: ([0; 4], [0; 4]),
                access: Some(Access::Allow),
                certain: true,
                own: group.bypass.clone(),
                because: Vec::new(),
            });
        }
        for rule in &group.rules {
            let key: Arc<str> = match &rule.id {
                Ruling::Custom(id) => Arc::clone(&network[*id].meta.key.0),
                Ruling::Default(name) => Arc::clone(name),
                Ruling::Rest => "rest".into(),
            };
            self.undecided = self.undecided.or(rule.own.undecided);
            parts.push(Part {
                by: By::Rule(nsg, rule.id.clone()),
                key,
                rank: rule.rank,
                access: rule.access,
                certain: rule.certain,
                own: rule.own.clone(),
                because: rule.because.clone(),
            });
        }
        self.undecided = self.undecided.or(group.bypass.undecided);
        self.layers.push(parts);
        self.add_names(semantics, nsg, place);
    }

    fn add_names(&mut self, semantics: &Semantics<'_>, nsg: NsgId, place: &Place) {
        let network = semantics.network();
        let tags = ["Internet", "VirtualNetwork", "AzureLoadBalancer"];
        let mut items: Vec<Field<AddressPrefix>> = tags
            .into_iter()
            .map(|tag| {
                let prefix = AddressPrefix::Tag(ServiceTag::new(tag));
                Field::known(prefix, crate::origin::OriginId::NONE)
            })
            .collect();
        for rule in &network[nsg].rules.items {
            let rule = &network[*rule];
            let own = rule.source.items.iter().chain(&rule.destination.items);
            items.extend(own.cloned());
        }
        for item in items {
            let text: Arc<str> = match &item.state {
                State::Known(AddressPrefix::Tag(tag)) => tag.name().into(),
                State::Known(AddressPrefix::Asg(Link::Here(id))) => {
                    let group = &network[*id].meta;
                    Arc::clone(group.name.value().unwrap_or(&group.address))
                }
                State::Known(AddressPrefix::Asg(Link::External(key))) => Arc::clone(&key.0),
                State::Unknown(unknown, _) => Arc::clone(&unknown.label),
                _ => continue,
            };
            let known = self.names.iter();
            let mut known = known.map(|(known, _)| known);
            if self.names.len() >= MAX_NAMES || known.any(|known| known.eq_ignore_ascii_case(&text))
            {
                continue;
            }
            let sets = [Dimension::Source, Dimension::Destination].map(|dimension| {
                let mut matched = Matched::none(dimension);
                semantics.add_address(&mut matched, &item, place);
                let any = |other| match other == dimension {
                    true => matched.clone(),
                    false => Matched::any(other, place.family),
                };
                let fields = Fields {
                    source: any(Dimension::Source),
                    destination: any(Dimension::Destination),
                    protocol: any(Dimension::Protocol),
                    source_ports: any(Dimension::SourcePort),
                    destination_ports: any(Dimension::DestinationPort),
                };
                fields.answer(place.family).flows.may
            });
            self.names.push((text, sets));
        }
    }
}

/// The names of both versions.
pub(super) struct Names(Vec<(Name, [FlowSet; 2])>);

impl Names {
    pub(super) fn of(sides: &[Side; 2]) -> Self {
        let [old, new] = sides;
        let mut all = Vec::new();
        for (text, sets) in &new.names {
            let before = old.names.iter().find(|(other, _)| other == text);
            let only = match before {
                Some((_, other)) if other != sets => Some(Version::New),
                _ => None,
            };
            all.push((
                Name {
                    text: Arc::clone(text),
                    only,
                },
                sets.clone(),
            ));
        }
        for (text, sets) in &old.names {
            let now = new.names.iter().find(|(other, _)| other == text);
            let only = match now {
                Some((_, other)) if other == sets => continue,
                Some(_) => Some(Version::Old),
                None => None,
            };
            all.push((
                Name {
                    text: Arc::clone(text),
                    only,
                },
                sets.clone(),
            ));
        }
        Self(all)
    }

    pub(super) fn sets(&self) -> impl Iterator<Item = &FlowSet> {
        self.0.iter().flat_map(|(_, sets)| sets)
    }

    pub(super) fn conditions(
        &self,
        diagrams: &mut Diagrams,
        dimension: Dimension,
    ) -> Result<Vec<Named<Name>>, Exceeded> {
        let mut all = Vec::with_capacity(self.0.len());
        for (name, [source, destination]) in &self.0 {
            let set = match dimension {
                Dimension::Source => source,
                _ => destination,
            };
            all.push(Named {
                name: name.clone(),
                condition: diagrams.condition(set, dimension)?,
            });
        }
        Ok(all)
    }
}

fn no_group(family: Family) -> Part {
    Part {
        by: By::NoGroup,
        key: "no group".into(),
        rank: ([0; 4], [0; 4]),
        access: Some(Access::Allow),
        certain: true,
        own: Answer::everything(family),
        because: Vec::new(),
    }
}

/// A group of which nothing is known but that it is there.
fn outside(name: Arc<str>, family: Family) -> Part {
    let unknown = Unknown::new("outside", Arc::clone(&name), Reason::Outside);
    Part {
        by: By::Outside(Arc::clone(&name)),
        key: name,
        rank: ([0; 4], [0; 4]),
        access: None,
        certain: true,
        own: Answer::everything(family),
        because: vec![Arc::new(unknown)],
    }
}
