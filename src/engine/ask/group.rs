//! One security group asked alone.

use std::sync::Arc;

use super::endpoint::{self, End};
use super::tell::Told;
use super::trace::{One, Trace, TraceLayer, TracePart, Verdict};
use crate::eval::value::Truth;
use crate::model::address::AddressPrefix;
use crate::model::nsg::{Access, Direction};
use crate::model::{Link, Network, NicId, NsgId, SubnetId};
use crate::policy::finding::MissingInput;
use crate::policy::judge::reasons;
use crate::semantics::packet::atoms::Atom;
use crate::semantics::packet::{Answer, Flow};
use crate::semantics::reach::{Dependency, Element, Endpoint, Note};
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};
use crate::semantics::{Ruling, Semantics};

/// The direction a group is asked for where nobody says it, and why.
pub(super) fn direction(
    one: &One<'_>,
    semantics: &Semantics<'_>,
    nsg: NsgId,
) -> (Direction, String) {
    let network = &one.asked.network;
    let from = !places(network, nsg, one.from).is_empty();
    let to = !places(network, nsg, one.to).is_empty();
    match (from, to) {
        (true, false) => (
            Direction::Outbound,
            format!("outbound: {} lies behind the group", one.from.display),
        ),
        (false, true) => (
            Direction::Inbound,
            format!("inbound: {} lies behind the group", one.to.display),
        ),
        (true, true) => (
            Direction::Outbound,
            "outbound, since both ends lie behind the group; `--direction inbound` asks for the \
             other"
                .to_owned(),
        ),
        (false, false) if is_public(one, semantics) => (
            Direction::Inbound,
            format!("inbound: {} lies outside", one.from.display),
        ),
        (false, false) => (
            Direction::Outbound,
            "outbound, since neither end is known to lie behind the group; `--direction inbound` \
             asks for the other"
                .to_owned(),
        ),
    }
}

/// Asks a group about packets of one direction.
pub(super) fn ask(
    one: &One<'_>,
    semantics: &Semantics<'_>,
    nsg: NsgId,
    direction: Direction,
) -> Trace {
    let network = &one.asked.network;
    let near = match direction {
        Direction::Inbound => one.to,
        Direction::Outbound => one.from,
    };
    let scope = match places(network, nsg, near).as_slice() {
        [one] => *one,
        _ => Scope::Nsg(nsg),
    };
    let flows = flows(one, semantics, scope, direction);
    let mut parts: Vec<(TracePart, Answer)> = Vec::new();
    let bypassing = semantics.bypassing(nsg, scope, direction, &flows);
    if bypassing.is_hit().truth != Truth::False {
        let by = Told {
            kind: "platform",
            name: "traffic with the platform itself".to_owned(),
            priority: None,
            access: None,
            resource: None,
            place: None,
            remark: Some("groups do not touch it".to_owned()),
        };
        parts.push(part(one, |_| by.clone(), Verdict::Allowed, bypassing));
    }
    let mut same_priority = false;
    for decided in semantics.deciding(nsg, scope, direction, &flows) {
        let verdict = match decided.access {
            Some(Access::Allow) => Verdict::Allowed,
            Some(Access::Deny) => Verdict::Denied,
            None => Verdict::Depends,
        };
        same_priority |= shares_priority(network, nsg, &decided.by);
        let tell = |witness: Option<&_>| one.teller.ruling(nsg, &decided.by, witness);
        parts.push(part(one, tell, verdict, decided.flows.clone()));
    }
    let exists = network[nsg].meta.existence.truth == Truth::True;
    let verdict = together(parts.iter().map(|(part, _)| part.verdict));
    let verdict = match verdict {
        Verdict::Denied if !exists => Verdict::Depends,
        verdict => verdict,
    };
    let depends_on = match verdict {
        Verdict::Depends => depends_on(one, nsg, &parts),
        _ => Vec::new(),
    };
    let witness_of = |wanted: Verdict| {
        let of = parts.iter().filter(|(part, _)| part.verdict == wanted);
        let certain = of.clone().find(|(part, _)| part.certain);
        certain
            .or_else(|| of.clone().next())
            .and_then(|(part, _)| part.witness)
    };
    let witness = match verdict {
        Verdict::Denied => witness_of(Verdict::Denied),
        _ => witness_of(Verdict::Allowed).or_else(|| witness_of(Verdict::Depends)),
    };
    let stopped = match verdict {
        Verdict::Depends => witness_of(Verdict::Denied),
        _ => None,
    };
    let (name, place) = one.teller.element(&Element::Nsg(nsg));
    let parts: Vec<TracePart> = parts.into_iter().map(|(part, _)| part).collect();
    let decided_by = match parts.as_slice() {
        [only] => Some(only.by.clone()),
        _ => None,
    };
    let mut notes = Vec::new();
    if parts.is_empty() {
        notes.push("there is no such packet".to_owned());
    }
    if same_priority {
        notes.push(one.teller.note(&Note::SamePriority(nsg)));
    }
    if let Scope::Nsg(_) = scope {
        let group = &network[nsg];
        if group.subnets.items.is_empty() && group.network_interfaces.items.is_empty() {
            notes.push(format!(
                "`{name}` is attached to nothing in these files: what `VirtualNetwork` is there is not known"
            ));
        }
    }
    if let Endpoint::Nic(nic) = &near.endpoint
        && is_dynamic(network, *nic)
    {
        notes.push(one.teller.note(&Note::AddressNotFixed(*nic)));
    }
    let layer = match scope {
        Scope::Nic(_) => "nic-nsg",
        Scope::Subnet(_) => "subnet-nsg",
        _ => "nsg",
    };
    Trace {
        verdict,
        deployment: Arc::clone(&one.asked.name),
        question: one.understood(Some(direction), Some(name.clone())),
        decided_by: decided_by.clone(),
        witness,
        stopped,
        layers: vec![TraceLayer {
            layer,
            side: match direction {
                Direction::Inbound => "destination",
                Direction::Outbound => "source",
            },
            direction: Some(direction),
            name,
            place,
            after: None,
            verdict,
            decided_by,
            depends_on: depends_on.clone(),
            parts,
        }],
        depends_on,
        conditions: Vec::new(),
        opened_by: Vec::new(),
        return_path: Vec::new(),
        notes,
    }
}

/// The attachments of a group that an end lies behind.
fn places(network: &Network, nsg: NsgId, end: &End) -> Vec<Scope> {
    let group = &network[nsg];
    let nics = match &end.endpoint {
        Endpoint::Nic(nic) => vec![*nic],
        Endpoint::Addresses(addresses) => group
            .network_interfaces
            .items
            .iter()
            .copied()
            .filter(|nic| {
                let mut configurations = network[*nic].ip_configurations.items.iter();
                configurations.any(|configuration| {
                    let own = configuration.private_address.value();
                    own.is_some_and(|own| {
                        let single = AddressPrefix::Block((*own).into());
                        matches!(addresses.as_slice(), [one] if one.value() == Some(&single))
                    })
                })
            })
            .collect(),
        Endpoint::Subnet(_)
        | Endpoint::PrivateEndpoint(_)
        | Endpoint::HostName(_)
        | Endpoint::PublicIp(_)
        | Endpoint::LoadBalancer(_) => Vec::new(),
    };
    let own: Vec<NicId> = nics
        .into_iter()
        .filter(|nic| group.network_interfaces.items.contains(nic))
        .collect();
    if !own.is_empty() {
        return own.into_iter().map(Scope::Nic).collect();
    }
    let subnets: Vec<SubnetId> = endpoint::subnets_of(network, end)
        .into_iter()
        .filter(|subnet| group.subnets.items.contains(subnet))
        .collect();
    if !subnets.is_empty() {
        return subnets.into_iter().map(Scope::Subnet).collect();
    }
    // An address of a subnet whose machines have the group on their interfaces.
    let inside = endpoint::subnets_of(network, end);
    let behind = group
        .network_interfaces
        .items
        .iter()
        .copied()
        .filter(|nic| {
            endpoint::subnets_of_nic(network, *nic)
                .iter()
                .any(|subnet| inside.contains(subnet))
        });
    match &end.endpoint {
        Endpoint::Nic(_) => Vec::new(),
        _ => behind.map(Scope::Nic).collect(),
    }
}

/// Whether the sender is somewhere on the Internet for certain.
fn is_public(one: &One<'_>, semantics: &Semantics<'_>) -> bool {
    let addresses = match &one.from.endpoint {
        Endpoint::Addresses(addresses) => addresses,
        end => return matches!(end, Endpoint::HostName(_)),
    };
    let public = semantics.public(one.family);
    let within = |prefix: &AddressPrefix| match prefix {
        AddressPrefix::Tag(tag) => tag.is("Internet"),
        AddressPrefix::Block(block) => one
            .family
            .block(*block)
            .is_some_and(|block| block.is_within(&public)),
        _ => false,
    };
    !addresses.is_empty()
        && addresses
            .iter()
            .all(|address| address.value().is_some_and(within))
}

fn flows(one: &One<'_>, semantics: &Semantics<'_>, scope: Scope, direction: Direction) -> Answer {
    let spec = |end: &End| {
        vec![match &end.endpoint {
            Endpoint::HostName(name) => AddressSpec::HostName(Arc::clone(name)),
            end => AddressSpec::Prefixes(endpoint::addresses_of(&one.asked.network, end)),
        }]
    };
    let spec = FlowSpec {
        direction,
        protocols: one.protocols.to_vec(),
        from: spec(one.from),
        to: spec(one.to),
        ports: one.to_ports.to_vec(),
        source_ports: one.from_ports.to_vec(),
    };
    semantics.flows(&spec, scope, one.family)
}

fn part(
    one: &One<'_>,
    tell: impl Fn(Option<&Flow>) -> Told,
    verdict: Verdict,
    flows: Answer,
) -> (TracePart, Answer) {
    let hit = flows.is_hit_near(&one.taste);
    let part = TracePart {
        by: tell(hit.witness.as_ref()),
        verdict,
        witness: hit.witness,
        ports: hit.ports,
        certain: hit.truth == Truth::True,
    };
    (part, flows)
}

/// What becomes of packets whose parts fare so.
fn together(mut verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let Some(first) = verdicts.next() else {
        return Verdict::Depends;
    };
    verdicts.fold(
        first,
        |all, one| if all == one { all } else { Verdict::Depends },
    )
}

fn depends_on(one: &One<'_>, nsg: NsgId, parts: &[(TracePart, Answer)]) -> Vec<MissingInput> {
    let mut all: Vec<MissingInput> = Vec::new();
    let mut add = |input: MissingInput| {
        if !all.contains(&input) {
            all.push(input);
        }
    };
    let group = &one.asked.network[nsg];
    for unknown in group.meta.existence.because.iter() {
        reasons::missing(std::slice::from_ref(unknown))
            .into_iter()
            .for_each(&mut add);
    }
    let mut limit = None;
    for (part, flows) in parts {
        if part.certain {
            continue;
        }
        limit = limit.or(flows.undecided);
        reasons::missing(&flows.unknowns)
            .into_iter()
            .for_each(&mut add);
        let literals = flows.flows.may.terms().iter();
        let atoms: Vec<Arc<Atom>> = literals
            .flat_map(|term| term.cube.literals().iter().map(|it| Arc::clone(&it.atom)))
            .collect();
        for atom in atoms {
            add(one.teller.of_atom(&atom));
        }
    }
    if let Some(limit) = limit {
        one.teller
            .dependency(&Dependency::Limit(limit))
            .into_iter()
            .for_each(&mut add);
    }
    let certain = |wanted: Verdict| {
        let mut parts = parts.iter();
        parts.any(|(part, _)| part.certain && part.verdict == wanted)
    };
    if certain(Verdict::Allowed) && certain(Verdict::Denied) {
        one.teller
            .dependency(&Dependency::Packets)
            .into_iter()
            .for_each(&mut add);
    }
    all
}

fn shares_priority(network: &Network, nsg: NsgId, rule: &Ruling) -> bool {
    let Ruling::Custom(id) = rule else {
        return false;
    };
    let own = &network[*id];
    network[nsg].rules.items.iter().any(|other| {
        let there = &network[*other];
        other != id
            && there.meta.existence.truth != Truth::False
            && own.priority.value().is_some()
            && own.priority.value() == there.priority.value()
            && own.direction.value() == there.direction.value()
    })
}

fn is_dynamic(network: &Network, nic: NicId) -> bool {
    let mut configurations = network[nic].ip_configurations.items.iter();
    configurations.any(|configuration| {
        configuration.private_address.value().is_none()
            && configuration.subnet.value().and_then(Link::here).is_some()
    })
}
