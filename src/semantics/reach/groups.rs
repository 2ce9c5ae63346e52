//! Stages at a machine: admin rules and security groups.

use std::sync::Arc;

use super::sets;
use super::walk::{Gate, Moving, Site, Walk, outside};
use super::{By, Element, LayerKind, Note, Part, PathSide, Setting, Untold, Verdict};
use crate::eval::value::{Truth, Unknown};
use crate::model::manager::AdminAction;
use crate::model::nsg::{Access, Direction};
use crate::model::topology::PrivateEndpointPolicies;
use crate::model::{Field, Link, List, NicId, NsgId, State};
use crate::semantics::admin::AdminDecided;
use crate::semantics::compile::refused;
use crate::semantics::packet::Answer;
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::routes::{NextHop, RouteSource};
use crate::semantics::rules::Scope;

impl Walk<'_, '_> {
    /// Through the stages of a sender: admin rules, the group on the interface, the one on the
    /// subnet. What admin rules always allow goes past the groups: it comes apart.
    pub(super) fn leave(&mut self, moving: Moving, site: Site) -> Vec<Moving> {
        let direction = Direction::Outbound;
        let (mut through, asked) = self.admin(moving, site, direction);
        let asked = asked.and_then(|moving| self.on_interface(moving, site, direction));
        through.extend(asked.and_then(|moving| self.on_subnet(moving, site, direction)));
        through
    }

    /// Through the stages of a receiver, in the opposite order.
    pub(super) fn admit(&mut self, moving: Moving, site: Site) -> Vec<Moving> {
        let direction = Direction::Inbound;
        let (mut through, asked) = self.admin(moving, site, direction);
        let asked = asked.and_then(|moving| self.on_subnet(moving, site, direction));
        through.extend(asked.and_then(|moving| self.on_interface(moving, site, direction)));
        through
    }

    /// Asks the security admin rules: what they always allow, and what the groups are asked about.
    fn admin(
        &mut self,
        moving: Moving,
        site: Site,
        direction: Direction,
    ) -> (Vec<Moving>, Option<Moving>) {
        let subnet = site.subnet();
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let decided = self
            .semantics
            .admin_deciding_in(subnet, direction, &arriving);
        let silent =
            |one: &AdminDecided| one.by.is_none() && one.action == Some(AdminAction::Allow);
        if decided.iter().all(silent) {
            return (Vec::new(), Some(moving));
        }
        let parts = decided.iter().map(|one| Part {
            by: one.by.map_or(By::NoAdminRule, By::AdminRule),
            verdict: match one.action {
                Some(AdminAction::Allow | AdminAction::AlwaysAllow) => Verdict::Allowed,
                Some(AdminAction::Deny) => Verdict::Denied,
                None => Verdict::Depends,
            },
            flows: one.flows.clone(),
        });
        let setting = Setting::AllowInAdminRules(subnet, direction);
        let opened = self.opened.contains(&setting);
        let gate = Gate {
            kind: LayerKind::AdminRules,
            direction: Some(direction),
            at: Element::Subnet(subnet),
            parts: parts.collect(),
            setting: Some(setting),
        };
        let before = moving.flows.clone();
        let family = before.family();
        let Some(next) = self.gate(moving, gate) else {
            return (Vec::new(), None);
        };
        let denied = self.layers.last().map(|layer| layer.verdict) == Some(Verdict::Denied);
        let of = |keep: &dyn Fn(Option<AdminAction>) -> bool| {
            let parts = decided.iter().filter(|one| keep(one.action));
            Answer::any_of(family, parts.map(|one| one.flows.clone()).collect())
        };
        let always = of(&|action| action == Some(AdminAction::AlwaysAllow));
        let asked = of(&|action| match action {
            Some(AdminAction::AlwaysAllow) => false,
            Some(AdminAction::Deny) => opened || denied,
            Some(AdminAction::Allow) | None => true,
        });
        if always.flows.must != always.flows.may {
            // Whether the groups are asked at all hangs on it.
            for unknown in &always.unknowns {
                add_unknown(&mut self.unknowns, unknown);
            }
        }
        let part = |flows: Answer| {
            let mut part = next.clone();
            part.flows = sets::passing(&before, &flows);
            (!part.flows.flows.may.is_empty()).then_some(part)
        };
        (part(always).into_iter().collect(), part(asked))
    }

    fn on_subnet(&mut self, moving: Moving, site: Site, direction: Direction) -> Option<Moving> {
        let subnet = site.subnet();
        let nsg = self.semantics.network[subnet].nsg.clone();
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let scope = Scope::Subnet(subnet);
        let at = Element::Subnet(subnet);
        let gate = self.group(LayerKind::SubnetNsg, &nsg, scope, direction, &arriving, at);
        self.gate(moving, gate)
    }

    fn on_interface(&mut self, moving: Moving, site: Site, direction: Direction) -> Option<Moving> {
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        match site {
            Site::Nic(nic, _) => {
                let nsg = self.semantics.network[nic].nsg.clone();
                let at = Element::Nic(nic);
                let scope = Scope::Nic(nic);
                let gate = self.group(LayerKind::NicNsg, &nsg, scope, direction, &arriving, at);
                self.gate(moving, gate)
            }
            Site::Subnet(subnet) => {
                // A machine whose address is not fixed may be the one: its group may be asked.
                let mut perhaps: Vec<Part> = Vec::new();
                for nic in self.unplaced(subnet) {
                    let nsg = &self.semantics.network[nic].nsg;
                    if nsg.is_absent() {
                        continue;
                    }
                    let nsg = nsg.clone();
                    let at = Element::Nic(nic);
                    let scope = Scope::Nic(nic);
                    let gate = self.group(LayerKind::NicNsg, &nsg, scope, direction, &arriving, at);
                    for part in gate.parts {
                        perhaps.push(Part {
                            flows: part.flows.only_possibly(),
                            ..part
                        });
                    }
                }
                if perhaps.is_empty() {
                    return Some(moving);
                }
                perhaps.push(Part {
                    by: By::NoGroup,
                    verdict: Verdict::Allowed,
                    flows: arriving.only_possibly(),
                });
                let gate = Gate {
                    kind: LayerKind::NicNsg,
                    direction: Some(direction),
                    at: Element::Subnet(subnet),
                    parts: perhaps,
                    setting: None,
                };
                self.gate(moving, gate)
            }
        }
    }

    /// The interfaces in a subnet whose addresses are not fixed.
    fn unplaced(&self, subnet: crate::model::SubnetId) -> Vec<NicId> {
        let nics = self.semantics.network[subnet]
            .network_interfaces
            .items
            .iter();
        nics.copied()
            .filter(|nic| {
                let configurations = &self.semantics.network[*nic].ip_configurations.items;
                configurations
                    .iter()
                    .any(|one| one.private_address.value().is_none())
            })
            .collect()
    }

    /// The stage of a field that holds a group.
    fn group(
        &mut self,
        kind: LayerKind,
        nsg: &Field<Link<NsgId>>,
        scope: Scope,
        direction: Direction,
        arriving: &Answer,
        at: Element,
    ) -> Gate {
        let mut gate = Gate {
            kind,
            direction: Some(direction),
            at,
            parts: Vec::new(),
            setting: None,
        };
        let unknown = |unknown: &Arc<Unknown>| Part {
            by: By::Unknown(Untold(Arc::clone(unknown))),
            verdict: Verdict::Depends,
            flows: arriving.clone(),
        };
        match &nsg.state {
            State::Absent => gate.parts.push(Part {
                by: By::NoGroup,
                verdict: Verdict::Allowed,
                flows: arriving.clone(),
            }),
            State::Known(Link::Here(nsg)) => {
                gate.at = Element::Nsg(*nsg);
                gate.setting = Some(Setting::AllowInGroup {
                    nsg: *nsg,
                    direction,
                });
                gate.parts = self.by_rules(*nsg, scope, direction, arriving);
            }
            State::Known(Link::External(key)) => {
                let label = Arc::clone(&key.0);
                gate.at = Element::Outside(None);
                gate.parts.push(unknown(&outside(label.to_string())));
            }
            State::Unknown(why, candidates) => {
                let links = candidates.as_deref().unwrap_or_default();
                let here: Option<Vec<NsgId>> = links.iter().map(Link::here).collect();
                match here.filter(|groups| !groups.is_empty()) {
                    Some(groups) => {
                        self.note(Note::SeveralGroups(gate.at.clone()));
                        for nsg in groups {
                            for part in self.by_rules(nsg, scope, direction, arriving) {
                                gate.parts.push(Part {
                                    flows: part.flows.only_possibly(),
                                    ..part
                                });
                            }
                        }
                    }
                    None => gate.parts.push(unknown(why)),
                }
            }
            State::Invalid { raw, .. } => gate.parts.push(unknown(&refused(raw))),
        }
        gate
    }

    /// The packets split by the rules of a group.
    fn by_rules(
        &mut self,
        nsg: NsgId,
        scope: Scope,
        direction: Direction,
        arriving: &Answer,
    ) -> Vec<Part> {
        let semantics = self.semantics;
        let mut parts = Vec::new();
        let bypass = semantics.bypassing(nsg, scope, direction, arriving);
        if !bypass.flows.may.is_empty() {
            parts.push(Part {
                by: By::Platform,
                verdict: Verdict::Allowed,
                flows: bypass,
            });
        }
        for decided in semantics.deciding(nsg, scope, direction, arriving) {
            parts.push(Part {
                by: By::Rule(nsg, decided.by),
                verdict: match decided.access {
                    Some(Access::Allow) => Verdict::Allowed,
                    Some(Access::Deny) => Verdict::Denied,
                    None => Verdict::Depends,
                },
                flows: decided.flows,
            });
        }
        let existence = &semantics.network[nsg].meta.existence;
        if existence.truth != Truth::True {
            for part in &mut parts {
                part.flows = part.flows.clone().only_possibly();
                part.flows.unknowns.extend(existence.because.clone());
            }
            parts.push(Part {
                by: By::NoGroup,
                verdict: Verdict::Allowed,
                flows: arriving.clone().only_possibly(),
            });
        }
        if self.shares_a_priority(nsg, direction) {
            self.note(Note::SamePriority(nsg));
        }
        parts
    }

    fn shares_a_priority(&self, nsg: NsgId, direction: Direction) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        let rules: &List<_> = &self.semantics.network[nsg].rules;
        let own = rules
            .items
            .iter()
            .map(|rule| &self.semantics.network[*rule]);
        own.filter(|rule| rule.direction.value() == Some(&direction))
            .filter(|rule| rule.meta.existence.truth == Truth::True)
            .filter_map(|rule| rule.priority.value())
            .any(|priority| !seen.insert(*priority))
    }

    /// Whether neither the interface nor the subnet has a group.
    pub(super) fn has_group(&self, site: Site) -> Truth {
        let of = |nsg: &Field<Link<NsgId>>| match &nsg.state {
            State::Absent => Truth::False,
            State::Known(Link::Here(nsg)) => self.semantics.network[*nsg].meta.existence.truth,
            State::Known(Link::External(_)) => Truth::True,
            _ => Truth::Unknown,
        };
        let own = match site {
            Site::Nic(nic, _) => of(&self.semantics.network[nic].nsg),
            Site::Subnet(_) => Truth::Unknown,
        };
        own.or(of(&self.semantics.network[site.subnet()].nsg))
    }

    /// To a private endpoint: the group on its subnet is asked only where the subnet says so.
    pub(super) fn private_endpoint(&mut self, moving: Moving, hop: &NextHop) {
        let RouteSource::PrivateEndpoint(id) = hop.source else {
            return self.arrive(moving);
        };
        let moving = Self::on_side(moving, PathSide::Destination);
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        let network = self.semantics.network;
        let home = network[id].subnet.value().and_then(Link::here);
        let asked = match home.map(|home| &network[home].private_endpoint_policies.state) {
            Some(State::Known(policies)) => Truth::from(matches!(
                policies,
                PrivateEndpointPolicies::Enabled
                    | PrivateEndpointPolicies::NetworkSecurityGroupEnabled
            )),
            Some(State::Absent) => Truth::False,
            _ => Truth::Unknown,
        };
        let mut gate = Gate {
            kind: LayerKind::PrivateEndpoint,
            direction: Some(Direction::Inbound),
            at: Element::PrivateEndpoint(id),
            parts: Vec::new(),
            setting: None,
        };
        if let (Some(home), true) = (home, asked != Truth::False) {
            let nsg = network[home].nsg.clone();
            let at = Element::PrivateEndpoint(id);
            let (kind, scope) = (LayerKind::PrivateEndpoint, Scope::Subnet(home));
            gate = self.group(kind, &nsg, scope, Direction::Inbound, &arriving, at);
        }
        if asked != Truth::True {
            for part in &mut gate.parts {
                part.flows = part.flows.clone().only_possibly();
            }
            let flows = match gate.parts.is_empty() {
                true => arriving,
                false => arriving.only_possibly(),
            };
            gate.parts.push(Part {
                by: By::NoGroup,
                verdict: Verdict::Allowed,
                flows,
            });
        }
        if let Some(moving) = self.gate(moving, gate) {
            self.arrive(moving);
        }
    }

    /// Takes packets on to another side.
    pub(super) fn on_side(mut moving: Moving, side: PathSide) -> Moving {
        moving.side = side;
        moving
    }
}
