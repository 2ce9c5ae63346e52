//! What a change opens and closes: the packets that the one version stops and the other lets
//! through, with what decides them in each.
//!
//! The two versions share the world: the same service tag, application security group, parameter or
//! rule that may be there is the same in both. `VirtualNetwork` is on each side that side's own
//! network; only a group that is not attached to the same networks in both is compared as such, with
//! one opaque `VirtualNetwork`.

mod brief;
mod outcome;
mod sides;

use std::sync::Arc;

use super::Semantics;
use super::packet::answer::add_unknown;
use super::packet::atoms::Dimension;
use super::packet::diagram::{Diagrams, Node, OUTSIDE};
use super::packet::regions::{Named, Shape};
use super::packet::space::{Exceeded, FlowSet, Term};
use super::packet::witness::Taste;
use super::packet::{Answer, Family, Flow};
use crate::eval::value::{Truth, Unknown};
use crate::model::nsg::{Access, Direction};
use crate::model::{NicId, NsgId, SecurityRuleId, SubnetId};
use crate::semantics::compile::Ruling;

pub use brief::Brief;
use outcome::{Change, Deciders};
use sides::{Names, Part, Side};

/// How two versions differ in one direction and family.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// True: they let through the same packets in every world. False: in every world they differ.
    pub equivalent: Truth,
    /// What the new version lets through and the old one does not: disjoint, the largest first.
    pub opened: Vec<Region>,
    /// What the old version lets through and the new one does not.
    pub closed: Vec<Region>,
    /// What opened, by the rules behind it.
    pub opened_briefly: Vec<Brief>,
    /// What closed, by the rules behind it.
    pub closed_briefly: Vec<Brief>,
    /// Whether `VirtualNetwork` means other addresses now.
    pub network_changed: bool,
    /// The name of a limit that was exceeded; nothing is listed then.
    pub undecided: Option<&'static str>,
}

/// Packets that a change is about, all decided by the same rules.
#[derive(Clone, Debug)]
pub struct Region {
    /// Whether they change in every world; else perhaps.
    pub certain: bool,
    /// Their protocols, as [`super::packet::protocol_code`] numbers them.
    pub protocols: Shape<Name>,
    /// Where they come from.
    pub source: Shape<Name>,
    /// From which ports.
    pub source_ports: Shape<Name>,
    /// Where they go.
    pub destination: Shape<Name>,
    /// To which ports.
    pub destination_ports: Shape<Name>,
    /// All of them.
    pub flows: FlowSet,
    /// One of them, evaluated again on both sides.
    pub witness: Option<Flow>,
    /// What decides them in the old version.
    pub old: Decision,
    /// What decides them in the new version.
    pub new: Decision,
    /// What would have to be known, if they only change perhaps.
    pub unknowns: Vec<Arc<Unknown>>,
}

/// A name for a set of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// A service tag as written, the name of an application security group, or the name of an input.
    pub text: Arc<str>,
    /// The version in which it means this, if it means something else in the other.
    pub only: Option<Version>,
}

/// One of the two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Version {
    Old,
    New,
}

/// What decides the packets of a region in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Let through or stopped, if that is certain.
    pub access: Option<Access>,
    /// What decides: in path order, of each group one or, where that is not certain, all that may.
    /// A group that certainly stops the packets stands alone.
    pub by: Vec<By>,
}

/// Something that decides packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A rule of a group.
    Rule(NsgId, Ruling),
    /// Platform traffic that groups do not touch.
    Bypass,
    /// There is no group: everything passes.
    NoGroup,
    /// A group that is not in the files; what it is called.
    Outside(Arc<str>),
    /// No rule holds them: they are stopped.
    NoRule,
}

/// A rule that never decides a packet in the new version, and did or was not there in the old one.
#[derive(Clone, Debug)]
pub struct NewlyDead {
    /// The rule, in the new version.
    pub rule: SecurityRuleId,
    /// The rules that hide it, in the new version.
    pub cover: Vec<SecurityRuleId>,
    /// Whether one of them does the opposite.
    pub acts_otherwise: bool,
    /// Whether the old version did not have it.
    pub added: bool,
}

/// Compares two groups, each in the networks it is attached to.
#[must_use]
pub fn compare_groups(
    old: (&Semantics<'_>, NsgId),
    new: (&Semantics<'_>, NsgId),
    direction: Direction,
    family: Family,
) -> Comparison {
    let sides = sides::groups(old, new, direction, family);
    compare(&sides, direction, family)
}

/// Compares what the groups on two subnets let through.
#[must_use]
pub fn compare_subnets(
    old: (&Semantics<'_>, SubnetId),
    new: (&Semantics<'_>, SubnetId),
    direction: Direction,
    family: Family,
) -> Comparison {
    let sides = [
        Side::of_subnet(old.0, old.1, direction, family),
        Side::of_subnet(new.0, new.1, direction, family),
    ];
    compare(&sides, direction, family)
}

/// Compares what the groups on two network interfaces and their subnets let through together.
#[must_use]
pub fn compare_interfaces(
    old: (&Semantics<'_>, NicId),
    new: (&Semantics<'_>, NicId),
    direction: Direction,
    family: Family,
) -> Comparison {
    let sides = [
        Side::of_interface(old.0, old.1, direction, family),
        Side::of_interface(new.0, new.1, direction, family),
    ];
    compare(&sides, direction, family)
}

/// The families that matter to a group.
#[must_use]
pub fn families_of_group(semantics: &Semantics<'_>, nsg: NsgId) -> Vec<Family> {
    match semantics.has_v6(nsg) {
        true => vec![Family::V4, Family::V6],
        false => vec![Family::V4],
    }
}

/// The rules of the new group that never decide a packet, unless they did not before either.
#[must_use]
pub fn newly_dead(
    old: Option<(&Semantics<'_>, NsgId)>,
    new: (&Semantics<'_>, NsgId),
) -> Vec<NewlyDead> {
    let dead = |semantics: &Semantics<'_>, nsg| {
        let mut all = semantics.unreachable(nsg);
        all.retain(|one| one.truth == Truth::True);
        all
    };
    let network = new.0.network();
    let key = |rule: SecurityRuleId| network[rule].meta.key.clone();
    let before: Vec<_> = old.map_or_else(Vec::new, |(semantics, nsg)| {
        let rules = dead(semantics, nsg).into_iter();
        rules
            .map(|one| semantics.network()[one.rule].meta.key.clone())
            .collect()
    });
    let there: Vec<_> = old.map_or_else(Vec::new, |(semantics, nsg)| {
        let network = semantics.network();
        let rules = network[nsg].rules.items.iter();
        rules.map(|rule| network[*rule].meta.key.clone()).collect()
    });
    dead(new.0, new.1)
        .into_iter()
        .filter(|one| !before.contains(&key(one.rule)))
        .map(|one| NewlyDead {
            added: !there.contains(&key(one.rule)),
            rule: one.rule,
            cover: one.cover,
            acts_otherwise: one.acts_otherwise,
        })
        .collect()
}

fn compare(sides: &[Side; 2], direction: Direction, family: Family) -> Comparison {
    let network_changed = sides[0].space != sides[1].space;
    let mut comparison = Comparison {
        equivalent: Truth::Unknown,
        opened: Vec::new(),
        closed: Vec::new(),
        opened_briefly: Vec::new(),
        closed_briefly: Vec::new(),
        network_changed,
        undecided: sides.iter().find_map(|side| side.undecided),
    };
    if comparison.undecided.is_some() {
        return comparison;
    }
    match differences(sides, direction, family) {
        Ok(found) => {
            comparison.equivalent = if found.regions.is_empty() {
                Truth::True
            } else if found.differs_everywhere(family) {
                Truth::False
            } else {
                Truth::Unknown
            };
            let (opened, closed) = found.briefly();
            (comparison.opened_briefly, comparison.closed_briefly) = (opened, closed);
            for (change, region) in found.regions {
                if change.opened != Truth::False {
                    comparison.opened.push(region.clone());
                }
                if change.closed != Truth::False {
                    comparison.closed.push(region);
                }
            }
        }
        Err(limit) => comparison.undecided = Some(limit.0),
    }
    comparison
}

/// All that two versions differ in, the largest first.
#[derive(Default)]
struct Found {
    regions: Vec<(Change, Region)>,
    summaries: Vec<Brief>,
}

impl Found {
    /// Whether in every world some packet changes: one that always does, or one that lies in another
    /// region from world to world.
    fn differs_everywhere(&self, family: Family) -> bool {
        if self.regions.iter().any(|(_, region)| region.certain) {
            return true;
        }
        let settled = self.regions.iter().filter(|(change, _)| {
            let all = [change.opened, change.closed];
            all.contains(&Truth::True)
        });
        let terms = settled.flat_map(|(_, region)| region.flows.terms().iter().cloned());
        let all = FlowSet::from_terms(family, terms.collect()).checked();
        all.is_ok_and(|all| all.is_inhabited().unwrap_or(false))
    }
}

fn differences(sides: &[Side; 2], direction: Direction, family: Family) -> Result<Found, Exceeded> {
    let names = Names::of(sides);
    let parts = || sides.iter().flat_map(|side| side.layers.iter().flatten());
    let sets = parts()
        .flat_map(|part| [&part.own.flows.must, &part.own.flows.may])
        .chain(names.sets());
    let mut diagrams = Diagrams::new(family, sets)?;
    let mut deciders = Deciders::new(&mut diagrams, sides)?;
    let root = deciders.difference(&mut diagrams)?;
    if root == Node::leaf(OUTSIDE) {
        return Ok(Found::default());
    }
    let addresses = [Dimension::Source, Dimension::Destination];
    let [sources, destinations] = addresses.map(|side| names.conditions(&mut diagrams, side));
    let (sources, destinations) = (sources?, destinations?);
    let taste = Taste {
        source: match direction {
            Direction::Outbound => sides[1].hosts.clone(),
            Direction::Inbound => Vec::new(),
        },
        destination: match direction {
            Direction::Inbound => sides[1].hosts.clone(),
            Direction::Outbound => Vec::new(),
        },
    };
    let mut found = Vec::new();
    let regions = diagrams.regions(root)?;
    for region in &regions {
        let region = *region;
        let change = deciders.change(region.value);
        let flows = diagrams.flows(&region)?;
        let hit = Answer::exactly(flows.clone()).is_hit_near(&taste);
        let settled = change.opened == Truth::True || change.closed == Truth::True;
        let certain = settled && hit.truth == Truth::True;
        let mut unknowns = if certain {
            Vec::new()
        } else {
            deciders.unknowns(&change)
        };
        if !certain {
            for unknown in &hit.unknowns {
                add_unknown(&mut unknowns, unknown);
            }
        }
        let none: &[Named<Name>] = &[];
        let mut shape =
            |dimension, names: &[Named<Name>]| diagrams.describe(&region, dimension, names);
        let found_region = Region {
            certain,
            protocols: shape(Dimension::Protocol, none)?,
            source: shape(Dimension::Source, &sources)?,
            source_ports: shape(Dimension::SourcePort, none)?,
            destination: shape(Dimension::Destination, &destinations)?,
            destination_ports: shape(Dimension::DestinationPort, none)?,
            witness: hit
                .witness
                .filter(|witness| confirmed(sides, &flows, witness, &change)),
            flows,
            old: deciders.decision(Version::Old, change.old, sides),
            new: deciders.decision(Version::New, change.new, sides),
            unknowns,
        };
        found.push((change, found_region));
    }
    let summaries = brief::summaries(
        &mut diagrams,
        &regions,
        &found,
        [sources.as_slice(), destinations.as_slice()],
    )?;
    Ok(Found {
        regions: found,
        summaries,
    })
}

/// Whether a packet of a region changes as the region says, by asking the rules one by one.
fn confirmed(sides: &[Side; 2], flows: &FlowSet, witness: &Flow, change: &Change) -> bool {
    let point = super::rules::point(flows.family(), witness);
    let Some(fields) = point.terms().first().map(|term| &term.fields) else {
        return false;
    };
    // Of the products that hold the packet, the one with the fewest conditions on atoms.
    let holding = flows.terms().iter().filter(|term| {
        let mut pairs = fields.iter().zip(&term.fields);
        pairs.all(|(own, other)| own.is_within(other))
    });
    let Some(term) = holding.min_by_key(|term| term.cube.literals().len()) else {
        return false;
    };
    let packet = Term {
        fields: fields.clone(),
        cube: term.cube.clone(),
    };
    let [old, new] = sides.each_ref().map(|side| side.access(&packet));
    let agrees = |from: Access, to: Access| {
        old.is_none_or(|access| access == from) && new.is_none_or(|access| access == to)
    };
    (change.opened != Truth::False && agrees(Access::Deny, Access::Allow))
        || (change.closed != Truth::False && agrees(Access::Allow, Access::Deny))
}

impl Part {
    /// Whether it certainly, or else perhaps, holds a packet; `None` where the atoms leave it open.
    fn holds(&self, packet: &Term) -> (bool, bool) {
        let within = |set: &FlowSet| {
            let mut terms = set.terms().iter();
            terms.any(|term| packet.is_within(term))
        };
        let meets = |set: &FlowSet| {
            let mut terms = set.terms().iter();
            terms.any(|term| packet.meets(term))
        };
        (
            self.certain && within(&self.own.flows.must),
            meets(&self.own.flows.may),
        )
    }
}
