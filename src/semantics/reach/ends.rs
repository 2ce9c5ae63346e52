//! The two ends of a path: which packets are asked about, and where their senders and receivers
//! are.

mod question;

use std::sync::Arc;

use super::sets;
use super::walk::{Gate, Moving, Sender, Site, Target, Walk, outside};
use super::{By, Element, Endpoint, LayerKind, Note, Part, PathSide, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::nsg::Direction;
use crate::model::{Field, Link, NicId, State, SubnetId, VnetId};
use crate::semantics::packet::Answer;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

/// More machines of one subnet than this are not asked one by one.
pub(super) const MAX_MACHINES: usize = 32;

/// What is undecided where there is nothing to decide.
pub(super) const NO_PACKET: &str = "packets of the question";

/// Where packets of a question start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Site(Site),
    Internet,
    Elsewhere,
    Platform,
}

impl Walk<'_, '_> {
    /// Walks every way the packets of the question take.
    pub(super) fn run(&mut self) {
        self.aim();
        let starts = self.starts();
        let mut any = false;
        for (start, flows) in starts {
            if flows.flows.may.is_empty() {
                continue;
            }
            any = true;
            self.asked.push(flows.clone());
            let moving = Moving {
                flows,
                after: None,
                stopped: false,
                sender: match start {
                    Start::Site(site) => Sender::Here(site),
                    Start::Internet => Sender::Internet,
                    Start::Elsewhere => Sender::Elsewhere,
                    Start::Platform => Sender::Platform,
                },
                devices: Vec::new(),
                visited: Vec::new(),
                forwarded: Truth::False,
                source_translated: false,
                translated: false,
                side: PathSide::Source,
            };
            match start {
                Start::Internet => self.come_from_internet(moving),
                Start::Platform => self.deliver(moving, None),
                _ if self.question.direction == Some(Direction::Inbound) => {
                    self.deliver(moving, None);
                }
                Start::Site(site) => {
                    for moving in self.leave(moving, site) {
                        self.depart(moving, site.subnet());
                    }
                }
                Start::Elsewhere => {
                    let gate = self.opaque(LayerKind::Gateway, By::Gateway, &moving);
                    if let Some(moving) = self.gate(moving, gate) {
                        self.deliver(moving, None);
                    }
                }
            }
        }
        if !any {
            self.note(Note::NoPacket);
            self.undecided = Some(NO_PACKET);
        }
    }

    /// A stage that the files do not tell.
    pub(super) fn opaque(&self, kind: LayerKind, by: By, moving: &Moving) -> Gate {
        let mut flows = Answer::exactly(moving.flows.flows.may.clone());
        if by == By::Gateway {
            let label = "what gateways and networks outside these files let through";
            flows.unknowns.push(outside(label.to_owned()));
        }
        Gate {
            kind,
            direction: None,
            at: Element::Outside(match &by {
                By::Unknown(unknown) => Some(unknown.clone()),
                _ => None,
            }),
            parts: vec![Part {
                by,
                verdict: Verdict::Depends,
                flows,
            }],
            setting: None,
        }
    }

    /// Hands packets to whom they are for, in a network or, where none is given, in any.
    pub(super) fn deliver(&mut self, moving: Moving, vnet: Option<VnetId>) {
        if self.question.direction == Some(Direction::Outbound) {
            self.arrive(moving);
            return;
        }
        let moving = match (&self.question.to, moving.translated) {
            (Endpoint::LoadBalancer(_), false) => match self.reach_frontend(moving) {
                Some(moving) => moving,
                None => return,
            },
            _ => moving,
        };
        let moving = Self::on_side(moving, PathSide::Destination);
        if let (Target::Sites(sites), false) = (self.target.clone(), moving.translated) {
            let sites: Vec<Site> = sites
                .into_iter()
                .filter(|site| vnet.is_none_or(|vnet| self.may_be_in(site.subnet(), vnet)))
                .collect();
            if sites.is_empty() {
                self.nobody(moving);
                return;
            }
            for site in sites {
                let mut part = moving.clone();
                let there = self.site_flows(site, Dimension::Destination);
                part.flows = part.flows.and(&there);
                if !part.flows.flows.may.is_empty() {
                    self.enter(part, site);
                }
            }
            return;
        }
        let mut left = moving.flows.clone();
        for (site, set) in self.sites(vnet) {
            let there = sets::only(&left, Dimension::Destination, &set);
            if there.flows.may.is_empty() {
                continue;
            }
            left = left.minus(&sets::within(
                left.family(),
                Dimension::Destination,
                set.clone(),
            ));
            let mut part = moving.clone();
            part.flows = there;
            if let Site::Subnet(subnet) = site {
                self.note(Note::MachineNotHere(subnet));
            }
            self.enter(part, site);
        }
        if !left.flows.may.is_empty() {
            let mut rest = moving;
            rest.flows = left;
            self.nobody(rest);
        }
    }

    /// No machine here has the address.
    fn nobody(&mut self, moving: Moving) {
        let open = self.semantics.network.subnets.iter().any(|subnet| {
            let prefixes = &subnet.address_prefixes;
            prefixes.rest.is_some() || prefixes.items.iter().any(|one| one.value().is_none())
        });
        let flows = Answer::exactly(moving.flows.flows.may.clone());
        let (verdict, by) = if open {
            let label = "which subnet the address is in".to_owned();
            (Verdict::Depends, By::Unknown(Untold(outside(label))))
        } else {
            (Verdict::Denied, By::Nobody)
        };
        let gate = Gate {
            kind: LayerKind::Route,
            direction: None,
            at: Element::Outside(None),
            parts: vec![Part { by, verdict, flows }],
            setting: None,
        };
        if let Some(moving) = self.gate(moving, gate) {
            self.arrive(moving);
        }
    }

    /// Through the stages of a machine and, if asked, back.
    pub(super) fn enter(&mut self, moving: Moving, site: Site) {
        for moving in self.admit(moving, site) {
            let moving = match self.question.direction {
                None => self.reply(moving, site),
                Some(_) => Some(moving),
            };
            if let Some(moving) = moving {
                self.arrive(moving);
            }
        }
    }

    /// The network of a subnet, if it is in the files.
    pub(super) fn network_of(&self, subnet: SubnetId) -> Option<VnetId> {
        let link = &self.semantics.network[subnet].virtual_network;
        link.value().and_then(Link::here)
    }

    fn may_be_in(&self, subnet: SubnetId, vnet: VnetId) -> bool {
        match &self.semantics.network[subnet].virtual_network.state {
            State::Known(Link::Here(own)) => *own == vnet,
            State::Known(Link::External(_)) | State::Absent => false,
            _ => true,
        }
    }

    fn aim(&mut self) {
        let sites = match &self.question.to {
            Endpoint::Nic(nic) => self.sites_of_nic(*nic),
            Endpoint::Subnet(subnet) => self.machines(*subnet),
            Endpoint::PrivateEndpoint(id) => {
                let subnet = self.semantics.network[*id].subnet.value();
                let subnet = subnet.and_then(Link::here);
                self.target_network = subnet.and_then(|subnet| self.network_of(subnet));
                return;
            }
            Endpoint::LoadBalancer(id) => {
                let frontends = &self.semantics.network[*id].frontends.items;
                let mut subnets = frontends
                    .iter()
                    .filter_map(|one| one.subnet.value()?.here());
                self.target_network = subnets.find_map(|subnet| self.network_of(subnet));
                return;
            }
            Endpoint::Addresses(_) | Endpoint::HostName(_) | Endpoint::PublicIp(_) => return,
        };
        self.target_network = sites
            .first()
            .and_then(|site| self.network_of(site.subnet()));
        self.target = Target::Sites(sites);
    }

    fn sites_of_nic(&self, nic: NicId) -> Vec<Site> {
        let subnets = self.semantics.subnets_of_nic(nic);
        subnets.into_iter().map(|one| Site::Nic(nic, one)).collect()
    }

    /// The machines of a subnet; any machine, where the files tell none.
    fn machines(&mut self, subnet: SubnetId) -> Vec<Site> {
        let nics = &self.semantics.network[subnet].network_interfaces.items;
        if nics.is_empty() {
            self.note(Note::MachineNotHere(subnet));
            return vec![Site::Subnet(subnet)];
        }
        if nics.len() > MAX_MACHINES {
            self.undecided = Some("number of machines in a subnet");
        }
        let nics = nics.iter().take(MAX_MACHINES);
        nics.map(|nic| Site::Nic(*nic, subnet)).collect()
    }

    /// The packets of the question, by where they start.
    fn starts(&mut self) -> Vec<(Start, Answer)> {
        let base = self.asked();
        let sites = match &self.question.from {
            Endpoint::Nic(nic) => self.sites_of_nic(*nic),
            Endpoint::Subnet(subnet) => self.machines(*subnet),
            Endpoint::PrivateEndpoint(_) | Endpoint::PublicIp(_) | Endpoint::LoadBalancer(_) => {
                return Vec::new();
            }
            Endpoint::Addresses(fields) => {
                let spec = AddressSpec::Prefixes(fields.clone());
                return self.by_address(&base, spec);
            }
            Endpoint::HostName(name) => {
                return self.by_address(&base, AddressSpec::HostName(Arc::clone(name)));
            }
        };
        let family = self.question.family;
        if sites.is_empty() {
            return vec![(Start::Elsewhere, base)];
        }
        let mut starts = Vec::new();
        for site in sites {
            let source = self.site_flows(site, Dimension::Source);
            let to = self.destinations(Scope::Subnet(site.subnet()), false);
            let flows = base.and(&source).and(&to);
            debug_assert_eq!(flows.family(), family);
            starts.push((Start::Site(site), flows));
        }
        starts
    }

    fn by_address(&mut self, base: &Answer, from: AddressSpec) -> Vec<(Start, Answer)> {
        let semantics = self.semantics;
        let family = self.question.family;
        let near = match &self.target {
            Target::Sites(sites) => sites.first().map(|site| site.subnet()),
            Target::ByAddress => None,
        };
        let scope = near.map_or(Scope::Anywhere, Scope::Subnet);
        let spec = FlowSpec {
            from: vec![from],
            ..self.any()
        };
        let from = semantics.flows(&spec, scope, family);
        let mut left = base.and(&from);
        let mut starts = Vec::new();
        let host = ["platform-host", "platform-metadata"];
        for set in host
            .iter()
            .filter_map(|name| semantics.named_set(name, family))
        {
            let own = sets::only(&left, Dimension::Source, &set);
            if !own.flows.may.is_empty() {
                left = left.minus(&sets::within(family, Dimension::Source, set));
                starts.push((Start::Platform, own.and(&self.destinations(scope, false))));
            }
        }
        for (site, set) in self.sites(None) {
            let own = sets::only(&left, Dimension::Source, &set);
            if own.flows.may.is_empty() {
                continue;
            }
            left = left.minus(&sets::within(family, Dimension::Source, set));
            if let Site::Subnet(subnet) = site {
                self.note(Note::MachineNotHere(subnet));
            }
            let to = self.destinations(Scope::Subnet(site.subnet()), false);
            starts.push((Start::Site(site), own.and(&to)));
        }
        let public = semantics.public(family);
        let to = self.destinations(scope, false);
        let from_outside = self.destinations(scope, true);
        let internet = sets::only(&left, Dimension::Source, &public).and(&from_outside);
        let rest = left.minus(&sets::within(family, Dimension::Source, public));
        starts.push((Start::Internet, internet));
        let elsewhere = rest.and(&to);
        let vacant = sets::within(family, Dimension::Source, self.own_space());
        let others = elsewhere.minus(&vacant);
        let any = |flows: &Answer| !flows.flows.may.is_empty();
        // Asked about nothing but such addresses, they are somebody's elsewhere.
        if any(&elsewhere.and(&vacant)) && (any(&others) || starts.iter().any(|(_, it)| any(it))) {
            self.note(Note::NoSender);
            starts.push((Start::Elsewhere, others));
        } else {
            starts.push((Start::Elsewhere, elsewhere));
        }
        starts
    }

    /// The addresses of the virtual networks that these files create.
    fn own_space(&self) -> IntervalSet {
        let family = self.question.family;
        let networks = self.semantics.network.virtual_networks.iter();
        networks
            .filter(|network| !network.meta.existing)
            .flat_map(|network| &network.address_space.items)
            .filter_map(|block| family.block(*block.value()?))
            .fold(IntervalSet::empty(), |all, one| all.union(&one))
    }

    /// The addresses of machines and subnets here, machines first; the target's network and those
    /// nearest to it before others.
    pub(super) fn sites(&self, vnet: Option<VnetId>) -> Vec<(Site, IntervalSet)> {
        let network = self.semantics.network;
        let family = self.question.family;
        let mut subnets: Vec<SubnetId> = SubnetId::all(network)
            .filter(|subnet| vnet.is_none_or(|vnet| self.network_of(*subnet) == Some(vnet)))
            .filter(|subnet| network[*subnet].meta.existence.truth != Truth::False)
            .collect();
        let target = self.target_network;
        subnets.sort_by_key(|subnet| target.is_some() && self.network_of(*subnet) != target);
        let mut machines = Vec::new();
        let mut others = Vec::new();
        for subnet in subnets {
            for nic in &network[subnet].network_interfaces.items {
                let set = self.fixed_addresses(*nic, subnet);
                if !set.is_empty() {
                    machines.push((Site::Nic(*nic, subnet), set));
                }
            }
            let prefixes = network[subnet].address_prefixes.items.iter();
            let set = prefixes
                .filter_map(Field::value)
                .filter_map(|block| family.block(*block))
                .fold(IntervalSet::empty(), |all, one| all.union(&one));
            if !set.is_empty() {
                others.push((Site::Subnet(subnet), set));
            }
        }
        // A machine of one network is no machine of another that has the same addresses.
        let rank = |site: &Site| target.is_some() && self.network_of(site.subnet()) != target;
        machines.extend(others);
        machines.sort_by_key(|(site, _)| rank(site));
        machines
    }

    fn fixed_addresses(&self, nic: NicId, subnet: SubnetId) -> IntervalSet {
        let family = self.question.family;
        let configurations = &self.semantics.network[nic].ip_configurations.items;
        configurations
            .iter()
            .filter(|one| one.subnet.value().and_then(Link::here) == Some(subnet))
            .filter_map(|one| one.private_address.value())
            .filter_map(|address| family.range(*address, *address))
            .fold(IntervalSet::empty(), |all, one| all.union(&one))
    }
}
