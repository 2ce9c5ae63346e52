//! `aznet diff`: which flows a change opens and closes, for each security group, subnet and network
//! interface.
//!
//! Deployments of the two versions belong together by path and name, elements by their resource
//! keys, else by names that occur once. A group by itself lets nothing through: what is attached
//! where is told by the subnets and network interfaces.

mod answer;
mod matching;
mod telling;
mod versions;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::estate::{Asked, Estate};
use super::tell::{Teller, name_of};
use crate::engine::{Request, UsageError};
use crate::eval::Existence;
use crate::eval::value::Truth;
use crate::model::nsg::Direction;
use crate::model::{Link, Meta, Network, NicId, NsgId, SubnetId, without_keys};
use crate::semantics::Semantics;
use crate::semantics::compare::{
    Brief, Comparison, Region, compare_groups, compare_interfaces, compare_subnets,
    families_of_group, newly_dead,
};
use crate::semantics::packet::Family;

use answer::both;
pub use answer::{
    AbsentTold, BriefTold, DeadTold, DecisionTold, Diff, Presence, RegionTold, Subject,
};
use matching::{Naming, Pair, pairs};
use versions::Loaded;

/// What to compare.
#[derive(Clone, Debug, Default)]
pub struct DiffRequest {
    /// A path, a revision, or a range of revisions (`main..HEAD`, `main..` for the files on disk).
    pub old: String,
    /// A path or a revision; none after a range.
    pub new: Option<String>,
    /// Only what takes part in deployments below this path, from the root of the repository.
    pub below: Option<PathBuf>,
    /// Everything else about reading; its paths are not looked at.
    pub request: Request,
}

/// Compares two versions.
///
/// # Errors
///
/// When a version does not exist, or the call is wrong otherwise. What is wrong with a file is a
/// diagnostic.
pub fn diff(request: &DiffRequest) -> Result<Diff, UsageError> {
    let [old, new] = versions::load(request)?;
    let mut diff = Diff {
        sources: Default::default(),
        names: [old.name.clone(), new.name.clone()],
        diagnostics: Default::default(),
        problems: Default::default(),
        groups: Vec::new(),
        subnets: Vec::new(),
        interfaces: Vec::new(),
        alone: Vec::new(),
        absent: Vec::new(),
        notes: Vec::new(),
    };
    let mut has_admin_rules = false;
    for pair in deployments(&old, &new) {
        match pair {
            (Some(before), Some(after)) => {
                let networks = [&before.network, &after.network];
                has_admin_rules |= networks.iter().any(|it| !it.admin_rules.is_empty());
                let both = Both::new((&old.estate, before), (&new.estate, after));
                diff.groups.extend(both.groups());
                diff.subnets.extend(both.subnets());
                diff.interfaces.extend(both.interfaces());
                diff.absent.extend(both.absent());
            }
            (Some(before), None) => diff.alone.push((Arc::clone(&before.name), false)),
            (None, Some(after)) => diff.alone.push((Arc::clone(&after.name), true)),
            (None, None) => {}
        }
    }
    if has_admin_rules {
        diff.notes.push(
            "security admin rules of a network manager are not compared: they come before the \
             security groups and may stop or let through what these decide otherwise"
                .to_owned(),
        );
    }
    diff.sources = [old.estate.sources, new.estate.sources];
    diff.diagnostics = [old.estate.diagnostics, new.estate.diagnostics];
    diff.problems = [old.problems, new.problems];
    Ok(diff)
}

/// The deployments that belong together, in the order of the new version; those of the old one
/// alone last.
fn deployments<'e>(
    old: &'e Loaded,
    new: &'e Loaded,
) -> Vec<(Option<&'e Asked>, Option<&'e Asked>)> {
    let (before, after) = (old.deployments(), new.deployments());
    if let ([(_, before)], [(_, after)]) = (before.as_slice(), after.as_slice()) {
        // Two files need not have the same name.
        return vec![(Some(before), Some(after))];
    }
    let mut all: Vec<(Option<&Asked>, Option<&Asked>)> = Vec::new();
    for (key, asked) in &after {
        let other = before.iter().find(|(other, _)| other == key);
        all.push((other.map(|(_, asked)| *asked), Some(asked)));
    }
    for (key, asked) in &before {
        if !after.iter().any(|(other, _)| other == key) {
            all.push((Some(asked), None));
        }
    }
    all
}

/// A deployment in both versions.
struct Both<'e> {
    asked: [&'e Asked; 2],
    semantics: [Semantics<'e>; 2],
    tellers: [Teller<'e>; 2],
    group_pairs: Vec<Pair<'e, NsgId>>,
}

const DIRECTIONS: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

impl<'e> Both<'e> {
    fn new(old: (&'e Estate, &'e Asked), new: (&'e Estate, &'e Asked)) -> Self {
        let both = [old, new];
        Self {
            asked: both.map(|(_, asked)| asked),
            semantics: both.map(|(estate, asked)| estate.semantics(asked)),
            tellers: both.map(|(estate, asked)| Teller::new(asked, estate.facts)),
            group_pairs: group_pairs(both.map(|(_, asked)| &asked.network)),
        }
    }

    fn groups(&self) -> Vec<Subject> {
        self.group_pairs
            .iter()
            .map(|pair| {
                let mut subject = self.subject(pair);
                let [before, after] = &self.semantics;
                if let (Some((first, _)), Some((second, _))) = *pair {
                    let mut families = families_of_group(before, first);
                    families.extend(families_of_group(after, second));
                    self.compare(&mut subject, families, |direction, family| {
                        compare_groups((before, first), (after, second), direction, family)
                    });
                    if !subject.existence.is_empty() {
                        subject.equivalent = both(subject.equivalent, None);
                    }
                }
                if let Some((group, _)) = pair.1 {
                    let earlier = pair.0.map(|(first, _)| (before, first));
                    let dead = newly_dead(earlier, (after, group));
                    let told = dead.iter().map(|dead| self.dead(group, dead));
                    subject.unreachable = told.collect();
                }
                subject
            })
            .collect()
    }

    /// The modules that are not here in one of the versions.
    fn absent(&self) -> Vec<AbsentTold> {
        let mut told: Vec<AbsentTold> = Vec::new();
        for (index, asked) in self.asked.iter().enumerate() {
            for absent in &asked.deployment.absent {
                let known = told.iter().position(|one| {
                    (&one.address, &one.source) == (&absent.address, &absent.source)
                });
                let at = known.unwrap_or_else(|| {
                    told.push(AbsentTold {
                        address: Arc::clone(&absent.address),
                        source: Arc::clone(&absent.source),
                        deployment: Arc::clone(&self.asked[1].name),
                        calls: [None; 2],
                    });
                    told.len() - 1
                });
                let calls = told.get_mut(at).map(|one| &mut one.calls);
                if let Some(call) = calls.and_then(|calls| calls.get_mut(index)) {
                    *call = Some(absent.call);
                }
            }
        }
        told
    }

    /// The module something belongs to that a version calls without having it.
    fn absent_module(&self, index: usize, meta: &Meta) -> Option<Arc<str>> {
        let address = without_keys(&meta.address);
        let mut absent = self.asked.get(index)?.deployment.absent.iter();
        let own = absent.find(|absent| {
            let inner = address.strip_prefix(&*absent.address);
            inner.is_some_and(|inner| inner.starts_with('.'))
        })?;
        Some(Arc::clone(&own.address))
    }

    fn subnets(&self) -> Vec<Subject> {
        let [old, new] = self.asked.map(|asked| &asked.network);
        let metas = |network: &'e Network| {
            let all = SubnetId::all(network);
            there(all.map(|id| (id, &network[id].meta)))
        };
        // A network that is called otherwise now still has its subnets.
        let names: [&Naming<'_, SubnetId>; 3] = [
            &|_, _, meta| Some(meta.address.to_string()),
            &|version, id, _| Some(self.subnet_name(version, id)),
            &|_, _, meta| Some(name_of(meta)),
        ];
        pairs(metas(old), metas(new), &names)
            .into_iter()
            .map(|pair| {
                let mut subject = self.subject(&pair);
                let [before, after] = &self.semantics;
                let names = [
                    pair.0.map(|(id, _)| self.subnet_name(0, id)),
                    pair.1.map(|(id, _)| self.subnet_name(1, id)),
                ];
                let [first, second] = names;
                subject.was = match (&first, &second) {
                    (Some(first), Some(second)) if first != second => Some(first.clone()),
                    _ => None,
                };
                subject.name = second.or(first).unwrap_or_default();
                if let (Some((first, _)), Some((second, _))) = pair {
                    let guards = [&old[first].nsg, &new[second].nsg];
                    subject.attached = Some([self.guard(0, guards[0]), self.guard(1, guards[1])]);
                    if guards.iter().all(|guard| guard.is_absent()) {
                        subject.existence.clear();
                        return subject;
                    }
                    let families = self.families([first, second], guards.map(group_of));
                    self.compare(&mut subject, families, |direction, family| {
                        compare_subnets((before, first), (after, second), direction, family)
                    });
                    subject.as_its_group =
                        !subject.network_changed && self.are_one(guards.map(group_of));
                }
                subject
            })
            .collect()
    }

    fn interfaces(&self) -> Vec<Subject> {
        let [old, new] = self.asked.map(|asked| &asked.network);
        let metas = |network: &'e Network| {
            let all = NicId::all(network);
            there(all.map(|id| (id, &network[id].meta)))
        };
        let names: [&Naming<'_, NicId>; 1] = [&|_, _, meta| Some(name_of(meta))];
        let guarded = |index: usize, id: NicId| !self.asked[index].network[id].nsg.is_absent();
        pairs(metas(old), metas(new), &names)
            .into_iter()
            .filter(|(before, after)| {
                before.is_some_and(|(id, _)| guarded(0, id))
                    || after.is_some_and(|(id, _)| guarded(1, id))
            })
            .map(|pair| {
                let mut subject = self.subject(&pair);
                let [before, after] = &self.semantics;
                if let (Some((first, _)), Some((second, _))) = pair {
                    let guards = [&old[first].nsg, &new[second].nsg];
                    subject.attached = Some([self.guard(0, guards[0]), self.guard(1, guards[1])]);
                    let families = self.families_of_interfaces([first, second]);
                    self.compare(&mut subject, families, |direction, family| {
                        compare_interfaces((before, first), (after, second), direction, family)
                    });
                    subject.as_its_group =
                        !subject.network_changed && self.are_one(guards.map(group_of));
                }
                subject
            })
            .collect()
    }

    /// The families that matter to a subnet with or without a group in the two versions.
    fn families(&self, subnets: [SubnetId; 2], groups: [Option<NsgId>; 2]) -> Vec<Family> {
        let mut families = vec![Family::V4];
        for (index, (subnet, group)) in subnets.into_iter().zip(groups).enumerate() {
            let prefixes = &self.asked[index].network[subnet].address_prefixes.items;
            let mut blocks = prefixes.iter().filter_map(|block| block.value());
            if blocks.any(|block| block.addr().is_ipv6()) {
                families.push(Family::V6);
            }
            if let Some(group) = group {
                families.extend(families_of_group(&self.semantics[index], group));
            }
        }
        families
    }

    /// The families that matter to a network interface with its subnets and groups.
    fn families_of_interfaces(&self, interfaces: [NicId; 2]) -> Vec<Family> {
        let mut families = vec![Family::V4];
        for ((nic, semantics), asked) in interfaces.into_iter().zip(&self.semantics).zip(self.asked)
        {
            let network = &asked.network;
            let mut groups: Vec<NsgId> = group_of(&network[nic].nsg).into_iter().collect();
            for subnet in semantics.subnets_of_nic(nic) {
                let mut blocks = network[subnet].address_prefixes.items.iter();
                if blocks.any(|it| it.value().is_some_and(|it| it.addr().is_ipv6())) {
                    families.push(Family::V6);
                }
                groups.extend(group_of(&network[subnet].nsg));
            }
            for group in groups {
                families.extend(families_of_group(semantics, group));
            }
        }
        families
    }

    /// Whether two groups are taken for the old and the new version of one.
    fn are_one(&self, groups: [Option<NsgId>; 2]) -> bool {
        let [Some(old), Some(new)] = groups else {
            return false;
        };
        let is_pair = self.group_pairs.iter().any(|(before, after)| {
            before.is_some_and(|(id, _)| id == old) && after.is_some_and(|(id, _)| id == new)
        });
        let [before, after] = self.asked.map(|asked| &asked.network);
        let existence = [&before[old].meta.existence, &after[new].meta.existence];
        is_pair && is_there_alike(existence)
    }

    fn compare(
        &self,
        subject: &mut Subject,
        mut families: Vec<Family>,
        compare: impl Fn(Direction, Family) -> Comparison + Sync,
    ) {
        families.sort_unstable();
        families.dedup();
        let questions: Vec<(Direction, Family)> = DIRECTIONS
            .into_iter()
            .flat_map(|direction| families.iter().map(move |family| (direction, *family)))
            .collect();
        let found: Vec<(Direction, Comparison)> = questions
            .into_par_iter()
            .map(|(direction, family)| (direction, compare(direction, family)))
            .collect();
        for (direction, comparison) in found {
            let equivalent = match comparison.equivalent {
                Truth::True => Some(true),
                Truth::False => Some(false),
                Truth::Unknown => None,
            };
            subject.equivalent = both(subject.equivalent, equivalent);
            subject.network_changed |= comparison.network_changed;
            subject.undecided.extend(comparison.undecided);
            let told = |regions: &[Region]| -> Vec<RegionTold> {
                let all = regions.iter();
                all.map(|region| self.region(direction, region)).collect()
            };
            subject.opened.extend(told(&comparison.opened));
            subject.closed.extend(told(&comparison.closed));
            let briefly = |briefs: &[Brief], regions: &[Region]| -> Vec<BriefTold> {
                let all = briefs.iter();
                all.filter_map(|brief| self.brief(direction, brief, regions))
                    .collect()
            };
            let Comparison { opened, closed, .. } = &comparison;
            let opened = briefly(&comparison.opened_briefly, opened);
            subject.opened_briefly.extend(opened);
            let closed = briefly(&comparison.closed_briefly, closed);
            subject.closed_briefly.extend(closed);
        }
        subject.undecided.dedup();
    }

    fn subject<I: Copy>(&self, pair: &Pair<'_, I>) -> Subject {
        let place = |index: usize, meta: &Meta| {
            let teller = self.tellers.get(index)?;
            teller.authored.element(meta.origin)
        };
        let (presence, name, place) = match pair {
            (Some(_), Some((_, meta))) => (Presence::Both, name_of(meta), place(1, meta)),
            (None, Some((_, meta))) => (Presence::Added, name_of(meta), place(1, meta)),
            (Some((_, meta)), None) => (Presence::Removed, name_of(meta), place(0, meta)),
            (None, None) => (Presence::Both, String::new(), None),
        };
        let absent = match pair {
            (Some((_, meta)), None) => self.absent_module(1, meta),
            (None, Some((_, meta))) => self.absent_module(0, meta),
            _ => None,
        };
        let mut was = None;
        let mut existence = Vec::new();
        if let (Some((_, before)), Some((_, after))) = pair {
            was = Some(name_of(before)).filter(|was| *was != name);
            let [one, other] = [before, after].map(|meta| &meta.existence);
            if !is_there_alike([one, other]) {
                let all = one.because.iter().chain(&other.because).cloned();
                existence = telling::needs(&all.collect::<Vec<_>>());
            }
        }
        Subject {
            name,
            was,
            existence,
            deployment: Arc::clone(&self.asked[1].name),
            presence,
            place,
            attached: None,
            equivalent: absent.is_none().then_some(true),
            absent,
            opened: Vec::new(),
            closed: Vec::new(),
            opened_briefly: Vec::new(),
            closed_briefly: Vec::new(),
            unreachable: Vec::new(),
            network_changed: false,
            as_its_group: false,
            undecided: Vec::new(),
        }
    }

    fn subnet_name(&self, index: usize, subnet: SubnetId) -> String {
        let network = &self.asked[index].network;
        let own = name_of(&network[subnet].meta);
        let vnet = network[subnet].virtual_network.value();
        let vnet = vnet.and_then(Link::here);
        let vnet = vnet.and_then(|vnet| network[vnet].meta.name.value());
        match vnet {
            Some(vnet) if network[subnet].meta.name.value().is_some() => format!("{vnet}/{own}"),
            _ => own,
        }
    }
}

fn group_of(guard: &crate::model::Field<Link<NsgId>>) -> Option<NsgId> {
    guard.value().and_then(Link::here)
}

/// Elements that may be there.
fn there<'n, I>(all: impl Iterator<Item = (I, &'n Meta)>) -> Vec<(I, &'n Meta)> {
    all.filter(|(_, meta)| meta.existence.truth != Truth::False)
        .collect()
}

/// Whether something is there in both versions or in neither.
fn is_there_alike([one, other]: [&Existence; 2]) -> bool {
    let ids = |existence: &Existence| -> Vec<u64> {
        let because = existence.because.iter();
        because.map(|unknown| unknown.id.0).collect()
    };
    one.truth == other.truth && ids(one) == ids(other)
}

fn group_pairs<'e>(networks: [&'e Network; 2]) -> Vec<Pair<'e, NsgId>> {
    let [old, new] = networks.map(|network| {
        let all = NsgId::all(network);
        there(all.map(|id| (id, &network[id].meta)))
    });
    // What is on the same subnets and network interfaces is the same group with another name.
    let attached = |version: usize, id: NsgId| {
        let network = networks.get(version)?;
        let group = &network[id];
        let subnets = group.subnets.items.iter();
        let subnets = subnets.map(|subnet| &network[*subnet].meta.key);
        let nics = group.network_interfaces.items.iter();
        let nics = nics.map(|nic| &network[*nic].meta.key);
        let mut keys: Vec<&str> = subnets.chain(nics).map(|key| &*key.0).collect();
        keys.sort_unstable();
        (!keys.is_empty()).then(|| keys.join("\n"))
    };
    let names: [&Naming<'_, NsgId>; 2] = [&|_, _, meta| Some(name_of(meta)), &|version, id, _| {
        attached(version, id)
    }];
    pairs(old, new, &names)
}
