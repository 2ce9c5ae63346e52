//! From the Internet in: public addresses, load balancers, translation by a firewall.

use super::sets;
use super::walk::{Device, Gate, Moving, Sender, Site, Target, Walk, outside};
use super::{By, Element, Endpoint, LayerKind, Note, Part, PathSide, Setting, Untold, Verdict};
use crate::eval::value::Truth;
use crate::model::{FirewallId, FirewallRuleId, Link, LoadBalancerId, NicId, PublicIpId, State};
use crate::semantics::packet::atoms::{Cube, Dimension};
use crate::semantics::packet::{Answer, FlowSet};

/// A way in.
#[derive(Clone, Debug)]
enum Way {
    /// A public address of the machine's own.
    Own(Truth),
    /// A load balancer's rules.
    Balancer(LoadBalancerId),
    /// Inbound NAT rules of a load balancer that is not in these files.
    Forwarding,
    /// Translation by a firewall.
    Firewall(FirewallId, Vec<FirewallRuleId>),
}

impl Walk<'_, '_> {
    /// From the Internet to the machines asked about. Where several ways lead in, the best one is
    /// told.
    pub(super) fn come_from_internet(&mut self, moving: Moving) {
        let moving = Self::on_side(moving, PathSide::Destination);
        let mut left = moving.flows.clone();
        let family = left.family();
        let places: Vec<(Site, Answer)> = match self.target.clone() {
            Target::Sites(sites) => sites
                .into_iter()
                .map(|site| (site, self.site_flows(site, Dimension::Destination)))
                .collect(),
            Target::ByAddress => {
                let sites = self.sites(None).into_iter();
                sites
                    .map(|(site, set)| (site, sets::within(family, Dimension::Destination, set)))
                    .collect()
            }
        };
        // Of machines that are named every packet is for one of them, whatever its address.
        let named = matches!(self.target, Target::Sites(_)) && !places.is_empty();
        for (site, there) in places {
            let flows = moving.flows.and(&there);
            if flows.flows.may.is_empty() {
                continue;
            }
            left = left.minus(&there);
            let mut part = moving.clone();
            part.flows = flows;
            self.come_to_site(part, site);
        }
        if named || left.flows.may.is_empty() {
            return;
        }
        let public = self.semantics.public(family);
        let mut rest = moving.clone();
        rest.flows = sets::only(&left, Dimension::Destination, &public);
        if !rest.flows.flows.may.is_empty() {
            self.arrive_public(rest);
        }
        let mut private = moving;
        private.flows = left.minus(&sets::within(family, Dimension::Destination, public));
        if !private.flows.flows.may.is_empty() {
            let gate = self.closed(&private, By::NoPublicAddress, None);
            self.gate(private, gate);
        }
    }

    /// Packets to public addresses: those of machines here lead in.
    pub(super) fn arrive_public(&mut self, moving: Moving) {
        let network = self.semantics.network;
        let family = self.question.family;
        if self.question.direction == Some(crate::model::nsg::Direction::Outbound) {
            self.arrive(moving);
            return;
        }
        let moving = match self.question.to {
            Endpoint::PublicIp(_) | Endpoint::LoadBalancer(_) => {
                let part = self.come_back(moving);
                let Some(moving) = self.reach_frontend(part) else {
                    return;
                };
                moving
            }
            _ => moving,
        };
        let mut left = moving.flows.clone();
        for id in PublicIpId::all(network) {
            let address = network[id].address.value();
            let Some(set) = address.and_then(|one| family.range(*one, *one)) else {
                continue;
            };
            let there = sets::only(&left, Dimension::Destination, &set);
            if there.flows.may.is_empty() {
                continue;
            }
            left = left.minus(&sets::within(family, Dimension::Destination, set));
            let mut part = moving.clone();
            part.flows = there;
            let mut part = self.come_back(part);
            match self.holder(id) {
                Some(site) => {
                    let own = self.site_flows(site, Dimension::Destination);
                    let set = own
                        .flows
                        .may
                        .possible_addresses(crate::semantics::packet::Side::Destination);
                    part.flows = sets::rewritten(&part.flows, Dimension::Destination, &set);
                    self.come_to_site(part, site);
                }
                None => {
                    let label = format!("what uses {}", network[id].meta.address);
                    let by = By::Unknown(Untold(outside(label)));
                    let gate = self.opaque(LayerKind::Entrance, by, &part);
                    if let Some(part) = self.gate(part, gate) {
                        self.arrive(part);
                    }
                }
            }
        }
        if !left.flows.may.is_empty() {
            let mut rest = moving;
            rest.flows = left;
            self.arrive(rest);
        }
    }

    /// Packets on the Internet for something here.
    fn come_back(&self, moving: Moving) -> Moving {
        let mut part = Self::on_side(moving, PathSide::Destination);
        if matches!(part.sender, Sender::Here(_)) {
            // It left with a public address.
            let public = self.semantics.public(self.question.family);
            part.flows = sets::rewritten(&part.flows, Dimension::Source, &public);
        }
        part.sender = Sender::Internet;
        part.devices.clear();
        part.translated = true;
        part
    }

    /// The machine that has a public address.
    fn holder(&self, id: PublicIpId) -> Option<Site> {
        let network = self.semantics.network;
        for nic in NicId::all(network) {
            for configuration in &network[nic].ip_configurations.items {
                if configuration.public_ip.value() == Some(&Link::Here(id)) {
                    let subnet = configuration.subnet.value().and_then(Link::here)?;
                    return Some(Site::Nic(nic, subnet));
                }
            }
        }
        None
    }

    fn come_to_site(&mut self, moving: Moving, site: Site) {
        let Site::Nic(nic, _) = site else {
            let label = "whether a machine there has a public address".to_owned();
            let by = By::Unknown(Untold(outside(label)));
            let gate = self.opaque(LayerKind::Entrance, by, &moving);
            if let Some(moving) = self.gate(moving, gate) {
                self.enter(moving, site);
            }
            return;
        };
        let ways = self.ways_in(nic);
        let mut best: Option<Self> = None;
        for way in &ways {
            let mut attempt = self.clone();
            attempt.come_in(moving.clone(), site, nic, way);
            let better = best.as_ref().is_none_or(|best| {
                let rank = |walk: &Self| match walk.verdict() {
                    Verdict::Allowed => 0,
                    Verdict::Depends => 1,
                    Verdict::Denied => 2,
                };
                rank(&attempt) < rank(best)
            });
            if better {
                best = Some(attempt);
            }
        }
        match best {
            Some(best) => *self = best,
            None => {
                let setting = Some(Setting::PublicAddress(nic));
                let gate = self.closed(&moving, By::NoPublicAddress, setting);
                if let Some(moving) = self.gate(moving, gate) {
                    self.enter(moving, site);
                }
            }
        }
    }

    fn closed(&self, moving: &Moving, by: By, setting: Option<Setting>) -> Gate {
        Gate {
            kind: LayerKind::Entrance,
            direction: None,
            at: Element::Platform,
            parts: vec![Part {
                by,
                verdict: Verdict::Denied,
                flows: Answer::exactly(moving.flows.flows.may.clone()),
            }],
            setting,
        }
    }

    /// Every way in to a machine.
    fn ways_in(&self, nic: NicId) -> Vec<Way> {
        let network = self.semantics.network;
        let mut ways = Vec::new();
        let own = self.own_public_address(nic);
        if own != Truth::False {
            ways.push(Way::Own(own));
        }
        let mut balancers: Vec<LoadBalancerId> = Vec::new();
        let mut forwarded = false;
        for configuration in &network[nic].ip_configurations.items {
            for pool in &configuration.backend_pools.items {
                let pool = pool.value().and_then(Link::here);
                let balancer = pool.and_then(|pool| network[pool].load_balancer);
                balancers.extend(balancer);
            }
            forwarded |= configuration.inbound_nat != Truth::False;
        }
        let mut told = false;
        for balancer in LoadBalancerId::all(network) {
            let mut rules = network[balancer].nat_rules.iter();
            if rules.any(|rule| rule.network_interfaces.contains(&nic)) {
                balancers.push(balancer);
                told = true;
            }
        }
        balancers.sort_unstable();
        balancers.dedup();
        let may_be_public = |id: &LoadBalancerId| {
            let frontends = &network[*id].frontends;
            let mut each = frontends.items.iter();
            frontends.rest.is_some() || each.any(|one| one.is_public() != Truth::False)
        };
        ways.extend(
            balancers
                .into_iter()
                .filter(may_be_public)
                .map(Way::Balancer),
        );
        if forwarded && !told {
            ways.push(Way::Forwarding);
        }
        for firewall in FirewallId::all(network) {
            let rules: Vec<FirewallRuleId> = self
                .semantics
                .firewall_nat_rules(firewall)
                .into_iter()
                .filter(|rule| {
                    let to = network[*rule].translated_address.value();
                    let configurations = &network[nic].ip_configurations.items;
                    let mut own = configurations.iter().map(|one| &one.private_address);
                    to.is_some() && own.any(|address| address.value() == to)
                })
                .collect();
            if !rules.is_empty() {
                ways.push(Way::Firewall(firewall, rules));
            }
        }
        ways
    }

    fn come_in(&mut self, moving: Moving, site: Site, nic: NicId, way: &Way) {
        match way {
            Way::Own(there) => {
                let gate = self.own_address(&moving, site, nic, *there);
                if let Some(moving) = self.gate(moving, gate) {
                    self.enter(moving, site);
                }
            }
            Way::Balancer(balancer) => self.balanced(moving, site, nic, *balancer),
            Way::Forwarding => {
                let label = "the ports of the load balancer's inbound NAT rules".to_owned();
                let by = By::Unknown(Untold(outside(label)));
                let gate = self.opaque(LayerKind::Entrance, by, &moving);
                if let Some(moving) = self.gate(moving, gate) {
                    self.enter(moving, site);
                }
            }
            Way::Firewall(firewall, rules) => self.through_firewall(moving, *firewall, rules),
        }
    }

    /// The machine's own public address. One of the standard kind is closed until a group opens it.
    pub(super) fn own_address(
        &self,
        moving: &Moving,
        site: Site,
        nic: NicId,
        there: Truth,
    ) -> Gate {
        let guarded = self.has_group(site);
        let standard = self.is_standard(nic);
        let (verdict, by, setting) = match (there, guarded.or(!standard)) {
            (Truth::True, Truth::True) => (Verdict::Allowed, By::PublicIp(nic), None),
            (Truth::True, Truth::False) => (
                Verdict::Denied,
                By::ClosedFrontend,
                Some(Setting::AttachGroup(nic)),
            ),
            _ => {
                let label = match there {
                    Truth::True => "the kind of the public address",
                    _ => "whether the machine has a public address",
                };
                let by = By::Unknown(Untold(outside(label.to_owned())));
                (Verdict::Depends, by, None)
            }
        };
        Gate {
            kind: LayerKind::Entrance,
            direction: None,
            at: Element::Nic(nic),
            parts: vec![Part {
                by,
                verdict,
                flows: Answer::exactly(moving.flows.flows.may.clone()),
            }],
            setting,
        }
    }

    fn is_standard(&self, nic: NicId) -> Truth {
        let network = self.semantics.network;
        let configurations = &network[nic].ip_configurations.items;
        let mut kinds = configurations.iter().filter_map(|one| {
            let address = one.public_ip.value()?.here()?;
            let sku = network[address].sku.value()?;
            Some(Truth::from(!sku.eq_ignore_ascii_case("Basic")))
        });
        kinds.next().unwrap_or(Truth::Unknown)
    }

    /// In through a firewall's translation rules: on from its subnet, with its address as source.
    pub(super) fn through_firewall(
        &mut self,
        moving: Moving,
        id: FirewallId,
        rules: &[FirewallRuleId],
    ) {
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let family = arriving.family();
        // The sender picks the public address.
        let everything = family.addresses();
        let asked = sets::rewritten(&arriving, Dimension::Destination, &everything);
        let mut left = arriving.clone();
        let mut parts = Vec::new();
        for rule in rules {
            let taken = chosen(&self.semantics.firewall_decided_of(*rule, &asked));
            let destination = moving
                .flows
                .flows
                .may
                .possible_addresses(crate::semantics::packet::Side::Destination);
            let taken =
                sets::rewritten(&taken, Dimension::Destination, &destination).and(&arriving);
            let certain = self.semantics.network[*rule].meta.existence.truth == Truth::True;
            let taken = match certain {
                true => taken,
                false => taken.only_possibly(),
            };
            if taken.flows.may.is_empty() {
                continue;
            }
            left = left.minus(&taken);
            parts.push((*rule, taken));
        }
        let mut all: Vec<Part> = parts
            .iter()
            .map(|(rule, flows)| Part {
                by: By::FirewallRule(id, *rule),
                verdict: Verdict::Allowed,
                flows: flows.clone(),
            })
            .collect();
        if !left.flows.may.is_empty() {
            all.push(Part {
                by: By::Firewall(id),
                verdict: Verdict::Denied,
                flows: left,
            });
        }
        let gate = Gate {
            kind: LayerKind::Entrance,
            direction: None,
            at: Element::Firewall(id),
            parts: all,
            setting: Some(Setting::AllowInFirewall(id)),
        };
        let before = moving.flows.clone();
        let Some(mut next) = self.gate(moving, gate) else {
            return;
        };
        next.visited.push(Device::Firewall(id));
        next.side = PathSide::Between;
        if next.stopped || parts.is_empty() {
            next.translated = true;
            self.leave_firewall(next, id, Truth::True);
            return;
        }
        for (rule, flows) in parts {
            let rule = &self.semantics.network[rule];
            let mut part = next.clone();
            part.flows = sets::passing(&before, &flows);
            if let Some(port) = rule.translated_port.value() {
                self.note(Note::Translated {
                    by: By::Firewall(id),
                    port: Some(*port),
                });
            }
            if let Some(part) =
                self.translated(part, &rule.translated_address, &rule.translated_port)
            {
                self.leave_firewall(part, id, Truth::True);
            }
        }
    }

    /// Whether an interface has a public address of its own.
    pub(super) fn own_public_address(&self, nic: NicId) -> Truth {
        let nic = &self.semantics.network[nic];
        if nic.inline_public_ip {
            return Truth::True;
        }
        let mut truth = match nic.ip_configurations.rest {
            Some(_) => Truth::Unknown,
            None => Truth::False,
        };
        for configuration in &nic.ip_configurations.items {
            truth = truth.or(match &configuration.public_ip.state {
                State::Absent => Truth::False,
                State::Known(_) => Truth::True,
                _ => Truth::Unknown,
            });
        }
        truth
    }

    /// The load balancer an interface is behind.
    pub(super) fn balancer_of(&self, nic: NicId) -> Option<LoadBalancerId> {
        let network = self.semantics.network;
        let configurations = &network[nic].ip_configurations.items;
        let mut pools = configurations
            .iter()
            .flat_map(|one| &one.backend_pools.items);
        pools.find_map(|pool| network[pool.value()?.here()?].load_balancer)
    }
}

/// Packets whose sender picks the destination: that it is an address which is not known does not
/// make them uncertain.
pub(super) fn chosen(flows: &Answer) -> Answer {
    let mut answer = flows.clone();
    let terms = flows.flows.must.terms().iter().filter_map(|term| {
        let mut cube = Cube::default();
        for literal in term.cube.literals() {
            if literal.atom.dimension != Dimension::Destination {
                cube = cube.with(literal)?;
            } else if !literal.holds {
                return None;
            }
        }
        let mut term = term.clone();
        term.cube = cube;
        Some(term)
    });
    answer.flows.must = FlowSet::from_terms(flows.family(), terms.collect());
    answer
}
