//! From a walk to an answer: what it hangs on and what would open it.

use std::collections::BTreeSet;

use super::ends::NO_PACKET;
use super::walk::Walk;
use super::{
    Blocker, Condition, Dependency, Note, Opening, PathAnswer, PathQuestion, Setting, Verdict,
};
use crate::eval::Existence;
use crate::eval::value::Truth;
use crate::model::topology::Peering;
use crate::model::{Field, Link, List, Network, PeeringId, RouteId, VnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::atoms::Literal;
use crate::semantics::packet::{Answer, Flow};

/// More conditions than this are not tried together.
const MAX_TOGETHER: usize = 3;

/// More atoms than this are not tried.
const MAX_ATOMS: usize = 8;

/// More rounds than this are not made to find everything that stops packets.
const MAX_ROUNDS: usize = 8;

/// Of more settings than this not every choice is tried.
const MAX_CHOICES: usize = 6;

impl Semantics<'_> {
    /// What becomes of packets from one end to the other and of their replies.
    ///
    /// ```no_run
    /// # use aznet::semantics::{Semantics, reach::{PathQuestion, Verdict}};
    /// # fn open(semantics: &Semantics<'_>, question: &PathQuestion) -> bool {
    /// let answer = semantics.path(question);
    /// answer.verdict == Verdict::Allowed
    /// # }
    /// ```
    #[must_use]
    pub fn path(&self, question: &PathQuestion) -> PathAnswer {
        if self.network.routes.is_empty() {
            return self.path_as_read(question);
        }
        // A route's prefix belongs to `VirtualNetwork`: documented in one clause.
        let wide = self.reading(self.network, true);
        let plain = self.reading(self.network, false);
        let mut answer = wide.path_as_read(question);
        let none = BTreeSet::new();
        let without = walked(&plain, question, &none).verdict();
        for other in [&wide, &plain] {
            self.consult_as(other);
        }
        if without != answer.verdict {
            answer.notes.push(Note::WithoutWidenedTag(without));
        }
        answer
    }

    /// The same in one reading of routes that widen `VirtualNetwork`.
    fn path_as_read(&self, question: &PathQuestion) -> PathAnswer {
        let none = BTreeSet::new();
        let walk = walked(self, question, &none);
        let verdict = walk.verdict();
        let taste = self.example_addresses();
        let first = |sets: &[Answer]| {
            let near = |one: &Answer| one.is_hit_near(&taste);
            let mut hits: Vec<_> = sets.iter().map(near).collect();
            hits.sort_by_key(|hit| hit.truth != Truth::True);
            hits.into_iter().find_map(|hit| hit.witness)
        };
        let arrives: Option<Flow> = first(&walk.arrived);
        let lost: Option<Flow> = first(&walk.lost);
        let (witness, stopped) = match verdict {
            Verdict::Allowed => (arrives, None),
            Verdict::Denied => (lost, None),
            Verdict::Depends => (arrives, lost),
        };
        let first_blocker = first_of(&walk.blockers).cloned();
        let (depends_on, conditions) = match verdict {
            Verdict::Depends => (dependencies(&walk), conditions(&walk)),
            _ => (Vec::new(), Vec::new()),
        };
        let openings = openings(self, question, &walk);
        PathAnswer {
            verdict,
            witness,
            stopped,
            first_blocker,
            openings,
            depends_on,
            conditions,
            layers: walk.layers,
            blockers: walk.blockers,
            return_path: walk.returns,
            notes: walk.notes,
        }
    }
}

pub(super) fn walked<'s, 'a>(
    semantics: &'s Semantics<'a>,
    question: &'s PathQuestion,
    opened: &'s BTreeSet<Setting>,
) -> Walk<'s, 'a> {
    let mut walk = Walk::new(semantics, question, opened);
    walk.run();
    walk
}

/// The first stage in path order that stops packets for certain, or else the first that may.
pub(super) fn first_of(blockers: &[Blocker]) -> Option<&Blocker> {
    let mut certain = blockers.iter().filter(|one| one.certain == Truth::True);
    certain.next().or(blockers.first())
}

fn dependencies(walk: &Walk<'_, '_>) -> Vec<Dependency> {
    let mut all: Vec<Dependency> = Vec::new();
    all.extend(atoms(walk).into_iter().map(Dependency::Atom));
    for unknown in &walk.unknowns {
        let told = all.iter().any(|one| match one {
            Dependency::Atom(literal) => {
                let own = literal.atom.unknown.as_ref();
                own.is_some_and(|own| own.id == unknown.id)
            }
            _ => false,
        });
        if !told {
            all.push(Dependency::Unknown(unknown.clone()));
        }
    }
    let limit = walk.undecided.filter(|limit| *limit != NO_PACKET);
    all.extend(limit.map(Dependency::Limit));
    let some = |sets: &[Answer]| sets.iter().any(|one| one.is_hit().truth == Truth::True);
    let stops = walk.blockers.iter().any(|one| one.certain == Truth::True);
    if some(&walk.arrived) && stops {
        all.push(Dependency::Packets);
    }
    all
}

/// The predicates that what arrives or is lost hangs on, asserted, each once. What is true of every
/// packet asked about settles nothing.
pub(super) fn atoms(walk: &Walk<'_, '_>) -> Vec<Literal> {
    let mut found: Vec<Literal> = Vec::new();
    let sets = || walk.arrived.iter().chain(&walk.lost);
    let mut terms = sets().flat_map(|set| set.flows.may.terms());
    let given: Vec<Literal> = terms.next().map_or_else(Vec::new, |first| {
        let first = first.cube.literals().iter();
        first
            .filter(|literal| {
                let mut terms = sets().flat_map(|set| set.flows.may.terms());
                terms.all(|term| term.cube.literals().contains(literal))
            })
            .cloned()
            .collect()
    });
    for set in sets() {
        for term in set.flows.may.terms() {
            let literals = term.cube.literals().iter();
            for literal in literals.filter(|one| !given.contains(one)) {
                if found.iter().all(|own| own.atom.id != literal.atom.id) {
                    let mut literal = literal.clone();
                    literal.holds = true;
                    found.push(literal);
                }
            }
        }
    }
    found
}

/// The smallest sets of conditions that settle the verdict.
fn conditions(walk: &Walk<'_, '_>) -> Vec<Condition> {
    let atoms = atoms(walk);
    if walk.undecided.is_some() || atoms.is_empty() || atoms.len() > MAX_ATOMS {
        return Vec::new();
    }
    let mut found: Vec<Condition> = Vec::new();
    for size in 1..=MAX_TOGETHER.min(atoms.len()) {
        for chosen in choices(atoms.len(), size) {
            for signs in 0..1_u32 << size {
                let all: Vec<Literal> = chosen
                    .iter()
                    .enumerate()
                    .filter_map(|(place, index)| {
                        let literal = atoms.get(*index)?;
                        Some(match signs >> place & 1 {
                            0 => literal.clone(),
                            _ => literal.negated(),
                        })
                    })
                    .collect();
                let held = |sets: &[Answer]| sets.iter().any(|one| may_hold(one, &all));
                let verdict = match (held(&walk.arrived), held(&walk.lost)) {
                    (true, false) => Verdict::Allowed,
                    (false, true) => Verdict::Denied,
                    _ => continue,
                };
                let implied = found.iter().any(|one| {
                    one.verdict == verdict && one.all.iter().all(|own| all.contains(own))
                });
                if !implied {
                    found.push(Condition { all, verdict });
                }
            }
        }
        let settled = |verdict| found.iter().any(|one| one.verdict == verdict);
        if settled(Verdict::Allowed) && settled(Verdict::Denied) {
            break;
        }
    }
    found
}

/// Whether a set may hold a packet where some literals hold.
fn may_hold(set: &Answer, all: &[Literal]) -> bool {
    set.flows.may.terms().iter().any(|term| {
        let cube = all
            .iter()
            .try_fold(term.cube.clone(), |cube, literal| cube.with(literal));
        cube.is_some()
    })
}

/// The choices of so many places of a list, in order.
fn choices(of: usize, size: usize) -> Vec<Vec<usize>> {
    (0..1_usize << of.min(16))
        .filter(|mask| mask.count_ones() as usize == size)
        .map(|mask| (0..of).filter(|index| mask >> index & 1 == 1).collect())
        .collect()
}

/// The fewest settings that open what is stopped for certain.
fn openings(
    semantics: &Semantics<'_>,
    question: &PathQuestion,
    walk: &Walk<'_, '_>,
) -> Vec<Opening> {
    let mut opened: BTreeSet<Setting> = BTreeSet::new();
    let mut blockers = walk.blockers.clone();
    let mut verdict = walk.verdict();
    let stopped = |blockers: &[Blocker]| blockers.iter().any(|one| one.certain == Truth::True);
    if verdict == Verdict::Allowed || !stopped(&blockers) {
        return Vec::new();
    }
    let tried = |settings: &BTreeSet<Setting>| {
        let copy = rebuilt(semantics.network, settings);
        let other = copy
            .as_ref()
            .map(|copy| semantics.reading(copy, semantics.widened));
        let walk = walked(other.as_ref().unwrap_or(semantics), question, settings);
        (walk.verdict(), walk.blockers)
    };
    for _ in 0..MAX_ROUNDS {
        if !stopped(&blockers) {
            break;
        }
        let before = opened.len();
        let certain = blockers.iter().filter(|one| one.certain == Truth::True);
        opened.extend(certain.filter_map(|one| one.setting.clone()));
        if opened.len() == before {
            return Vec::new();
        }
        (verdict, blockers) = tried(&opened);
    }
    if stopped(&blockers) || verdict == Verdict::Denied {
        return Vec::new();
    }
    let opens = |settings: &BTreeSet<Setting>| {
        let (verdict, blockers) = tried(settings);
        (!stopped(&blockers) && verdict != Verdict::Denied).then_some(verdict)
    };
    let candidates: Vec<Setting> = opened.iter().cloned().collect();
    if candidates.len() <= MAX_CHOICES {
        for size in 1..=candidates.len() {
            let mut found = Vec::new();
            for chosen in choices(candidates.len(), size) {
                let settings: BTreeSet<Setting> = chosen
                    .iter()
                    .filter_map(|index| candidates.get(*index).cloned())
                    .collect();
                if let Some(verdict) = opens(&settings) {
                    found.push(Opening {
                        settings: settings.into_iter().collect(),
                        verdict,
                    });
                }
            }
            if !found.is_empty() {
                return found;
            }
        }
        return Vec::new();
    }
    for candidate in candidates {
        let mut fewer = opened.clone();
        fewer.remove(&candidate);
        if let Some(kept) = opens(&fewer) {
            opened = fewer;
            verdict = kept;
        }
    }
    vec![Opening {
        settings: opened.into_iter().collect(),
        verdict,
    }]
}

/// A copy of a network with the peerings that settings ask for and without the routes they take
/// away, if they do: both change what `VirtualNetwork` holds too.
fn rebuilt(network: &Network, settings: &BTreeSet<Setting>) -> Option<Network> {
    let pairs: Vec<(VnetId, VnetId)> = settings
        .iter()
        .filter_map(|setting| match setting {
            Setting::Peer(a, b) => Some((*a, *b)),
            _ => None,
        })
        .collect();
    let gone: Vec<RouteId> = settings
        .iter()
        .filter_map(|setting| match setting {
            Setting::RemoveRoute(route) => Some(*route),
            _ => None,
        })
        .collect();
    if pairs.is_empty() && gone.is_empty() {
        return None;
    }
    let mut copy = network.clone();
    for table in &mut copy.route_tables {
        table.routes.items.retain(|route| !gone.contains(route));
    }
    for (a, b) in pairs {
        for (own, other) in [(a, b), (b, a)] {
            let leads = |id: &PeeringId| network[*id].remote.value() == Some(&Link::Here(other));
            let there = network[own].peerings.items.iter().find(|id| leads(id));
            let meta = network[own].meta.clone();
            let origin = meta.origin;
            let known = |on| Field::known(on, origin);
            let mut peering = Peering {
                virtual_network: Field::known(Link::Here(own), origin),
                remote: Field::known(Link::Here(other), origin),
                allow_virtual_network_access: known(true),
                allow_forwarded_traffic: known(true),
                allow_gateway_transit: known(false),
                use_remote_gateways: known(false),
                complete: known(true),
                remote_space: List::default(),
                state: Field::absent(origin),
                meta,
            };
            match there {
                Some(there) => {
                    peering.meta.existence = Existence::CERTAIN;
                    copy[*there] = peering;
                }
                None => {
                    let id = u32::try_from(copy.peerings.len()).unwrap_or(u32::MAX);
                    copy.peerings.push(peering);
                    copy[own].peerings.items.push(PeeringId(id));
                }
            }
        }
    }
    Some(copy)
}

/// Whether a note is among those of an answer.
impl PathAnswer {
    /// Whether the answer says this beside the verdict.
    #[must_use]
    pub fn says(&self, note: &Note) -> bool {
        self.notes.contains(note)
    }
}
