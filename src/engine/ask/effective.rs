//! `effective`: the security rules in force at a group, a subnet or a network interface, in the
//! order Azure asks them, and the routes of its subnet.

mod routes;
mod rules;

use std::sync::Arc;

use super::endpoint;
use super::estate::{Asked, CONNECTED, Estate};
use super::names::{self, Target, Wanted};
use super::tell::{Teller, Told, name_of};
use super::trace::among;
use crate::engine::UsageError;
use crate::eval::value::Truth;
use crate::model::nsg::Direction;
use crate::model::{Field, Link, Network, NicId, NsgId, State, SubnetId};
use crate::policy::finding::MissingInput;
use crate::semantics::Semantics;
use crate::semantics::packet::{Answer, Family};
use crate::semantics::reach::Element;
use crate::semantics::rules::Scope;
use crate::source::Span;

/// What is asked, as it was typed.
#[derive(Clone, Debug)]
pub struct EffectiveQuestion {
    /// The element.
    pub name: String,
    /// What kind of element.
    pub of: Wanted,
    /// The deployment, where several have the name.
    pub deployment: Option<String>,
}

/// What is in force at one element.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The deployment's name.
    pub deployment: Arc<str>,
    /// The element, for people.
    pub name: String,
    /// Where it is written.
    pub place: Option<Span>,
    /// The rules of both directions: of several groups in path order.
    pub rules: Vec<EffectiveRule>,
    /// The routes of its subnets; none of a group.
    pub routes: Vec<EffectiveRouteRow>,
    /// Whether routes were asked for.
    pub has_routes: bool,
    /// Security admin rules, which come before the groups.
    pub admin_rules: Vec<EffectiveAdminRule>,
    /// The application security groups that the rules name.
    pub groups: Vec<EffectiveAsg>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// A security rule in force, or dead.
#[derive(Clone, Debug)]
pub struct EffectiveRule {
    /// `nic-nsg`, `subnet-nsg`, `nsg`
    pub layer: &'static str,
    /// The group's name.
    pub nsg: String,
    /// The direction it is asked in.
    pub direction: Direction,
    /// Name, priority, access, place.
    pub told: Told,
    /// `*`, `Tcp`, …; the name of what is not known.
    pub protocol: String,
    /// Sources.
    pub source: Vec<String>,
    /// Source ports.
    pub source_ports: Vec<String>,
    /// Destinations.
    pub destination: Vec<String>,
    /// Destination ports.
    pub destination_ports: Vec<String>,
    /// What the rule is good for: `live`, `shadowed`, …
    pub standing: &'static str,
    /// Whether it never decides a packet.
    pub dead: bool,
    /// The rules that make it so.
    pub cover: Vec<Told>,
    /// Which part of the packets it matches it decides, from 0 to 1.
    pub live_share: Option<f64>,
    /// A change that was tried out.
    pub fix: Option<String>,
    /// What its standing depends on.
    pub depends_on: Vec<MissingInput>,
    /// Whether it is useless only where routes widen `VirtualNetwork`.
    pub only_widened: bool,
}

/// A route.
#[derive(Clone, Debug)]
pub struct EffectiveRouteRow {
    /// The subnet it is a route of.
    pub subnet: String,
    /// What it is for.
    pub prefix: String,
    /// The next hop types as Azure's tools spell them; several: it is not known which.
    pub next_hop_types: Vec<&'static str>,
    /// The addresses of appliances, as far as they are known.
    pub next_hop_addresses: Vec<String>,
    /// `user`, `system`, `peering`, …
    pub source: &'static str,
    /// `active`, `overridden`, `perhaps`
    pub state: &'static str,
    /// Whether it is there for certain.
    pub certain: bool,
    /// Its name or that of what brought it.
    pub name: Option<String>,
    /// Where that is written.
    pub place: Option<Span>,
}

/// A security admin rule.
#[derive(Clone, Debug)]
pub struct EffectiveAdminRule {
    /// The direction.
    pub direction: Direction,
    /// Name, priority, action, place.
    pub told: Told,
}

/// An application security group and who is in it.
#[derive(Clone, Debug)]
pub struct EffectiveAsg {
    /// Its name.
    pub name: String,
    /// The members: network interface and its addresses.
    pub members: Vec<(String, Vec<String>)>,
    /// Whether these are all.
    pub complete: bool,
}

/// Tells what is in force, in every deployment that has the name.
///
/// # Errors
///
/// When the name is that of nothing, or of two things.
pub fn effective(
    estate: &Estate,
    question: &EffectiveQuestion,
) -> Result<Vec<Effective>, UsageError> {
    let among = among(estate, question.deployment.as_deref())?;
    let found = names::find(estate, &among, &question.name, question.of)?;
    if found.is_empty() {
        return Err(names::unknown(
            estate,
            &among,
            &question.name,
            question.of,
            &[],
        ));
    }
    let mut answers = Vec::new();
    for (index, target) in found {
        if let Some(asked) = estate.deployments.get(index) {
            answers.push(at(estate, asked, target)?);
        }
    }
    Ok(answers)
}

/// Where rules are in force: the stage, the group and its place.
pub(super) struct Post {
    pub(super) layer: &'static str,
    pub(super) nsg: NsgId,
    pub(super) scope: Scope,
}

fn at(estate: &Estate, asked: &Asked, target: Target) -> Result<Effective, UsageError> {
    let network = &asked.network;
    let teller = Teller::new(asked, estate.facts);
    let semantics = estate.as_asked(asked);
    let plain = estate.semantics(asked).with_admin_rules_deployed();
    let readings = [&semantics, &plain];
    let target = match target {
        Target::Machine(machine) => Target::Nic(endpoint::only_nic(asked, machine)?),
        target => target,
    };
    let (meta, subnets, nic) = match target {
        Target::Nsg(nsg) => (&network[nsg].meta, Vec::new(), None),
        Target::Subnet(subnet) => (&network[subnet].meta, vec![subnet], None),
        Target::Nic(nic) => (
            &network[nic].meta,
            endpoint::subnets_of_nic(network, nic),
            Some(nic),
        ),
        _ => return Err(UsageError::new("this has no effective rules")),
    };
    let mut notes = Vec::new();
    let mut inbound: Vec<Post> = Vec::new();
    if let Target::Nsg(nsg) = target {
        inbound.push(Post {
            layer: "nsg",
            nsg,
            scope: Scope::Nsg(nsg),
        });
    }
    for subnet in &subnets {
        let name = teller.element(&Element::Subnet(*subnet)).0;
        for nsg in groups_of(network, &network[*subnet].nsg, &name, &mut notes) {
            inbound.push(Post {
                layer: "subnet-nsg",
                nsg,
                scope: Scope::Subnet(*subnet),
            });
        }
    }
    if let Some(nic) = nic {
        let name = name_of(&network[nic].meta);
        for nsg in groups_of(network, &network[nic].nsg, &name, &mut notes) {
            inbound.push(Post {
                layer: "nic-nsg",
                nsg,
                scope: Scope::Nic(nic),
            });
        }
        outside_subnets(network, nic, &mut notes);
    }
    let mut all = Vec::new();
    for post in &inbound {
        all.extend(rules::of(&teller, readings, post, Direction::Inbound));
    }
    for post in inbound.iter().rev() {
        all.extend(rules::of(&teller, readings, post, Direction::Outbound));
    }
    for post in &inbound {
        rules::contradictions(&teller, post.nsg, &mut notes);
    }
    if inbound.is_empty() && !matches!(target, Target::Nsg(_)) && notes.is_empty() {
        notes.push("no security group here: everything passes, but for what comes in through a public frontend of the standard kind".to_owned());
    }
    let mut admin_rules = Vec::new();
    let mut rows = Vec::new();
    for subnet in &subnets {
        admin_rules.extend(admin(&teller, &semantics, *subnet));
        rows.extend(routes::of(&teller, &semantics, *subnet));
    }
    if !subnets.is_empty() {
        notes.extend(semantics.admin_assumptions());
        notes.extend(asked.taken_as_connected.then(|| CONNECTED.to_owned()));
    }
    if subnets
        .iter()
        .any(|subnet| !network[*subnet].route_table.is_absent())
    {
        notes.push(
            "the prefixes of the subnet's own routes are taken to be part of `VirtualNetwork`"
                .to_owned(),
        );
    }
    notes.dedup();
    Ok(Effective {
        deployment: Arc::clone(&asked.name),
        name: names::display(asked, target),
        place: teller.authored.element(meta.origin),
        groups: rules::application_groups(network, &inbound),
        rules: all,
        has_routes: !subnets.is_empty(),
        routes: rows,
        admin_rules,
        notes,
    })
}

/// The groups a field leads to: of several that are possible, all, and a note.
fn groups_of(
    network: &Network,
    field: &Field<Link<NsgId>>,
    owner: &str,
    notes: &mut Vec<String>,
) -> Vec<NsgId> {
    match &field.state {
        State::Absent => Vec::new(),
        State::Known(Link::Here(nsg)) => {
            if network[*nsg].meta.existence.truth == Truth::Unknown {
                notes.push(format!(
                    "whether `{}` exists is not known",
                    name_of(&network[*nsg].meta)
                ));
            }
            vec![*nsg]
        }
        State::Known(Link::External(key)) => {
            notes.push(format!(
                "the security group on `{owner}` is not in these files: {}",
                key.within_deployment()
            ));
            Vec::new()
        }
        State::Unknown(unknown, candidates) => {
            let here: Vec<NsgId> = candidates.iter().flatten().filter_map(Link::here).collect();
            notes.push(match here.as_slice() {
                [] => format!(
                    "the security group on `{owner}` is not known: {}",
                    unknown.label
                ),
                _ => format!(
                    "`{owner}` has one of several security groups, it is not known which: the \
                     rules of each are listed"
                ),
            });
            here
        }
        State::Invalid { why, .. } => {
            notes.push(format!(
                "the security group on `{owner}` is not valid: {why}"
            ));
            Vec::new()
        }
    }
}

fn outside_subnets(network: &Network, nic: NicId, notes: &mut Vec<String>) {
    let configurations = network[nic].ip_configurations.items.iter();
    let outside = configurations
        .filter(|it| !it.subnet.is_absent() && it.subnet.value().and_then(Link::here).is_none())
        .count();
    if outside > 0 {
        notes.push(
            "a subnet of this network interface is not in these files: neither are its security \
             group and its routes"
                .to_owned(),
        );
    }
}

fn admin(
    teller: &Teller<'_>,
    semantics: &Semantics<'_>,
    subnet: SubnetId,
) -> Vec<EffectiveAdminRule> {
    let network = teller.network;
    if network.admin_rules.is_empty() {
        return Vec::new();
    }
    let everything = Answer::everything(Family::V4);
    let mut all = Vec::new();
    for direction in [Direction::Inbound, Direction::Outbound] {
        for decided in semantics.admin_deciding_in(subnet, direction, &everything) {
            if let Some(rule) = decided.by {
                all.push(EffectiveAdminRule {
                    direction,
                    told: teller.admin_rule(rule),
                });
            }
        }
    }
    all
}
