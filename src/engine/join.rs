//! The deployments of an estate as one network.
//!
//! Every member is evaluated alone first. Those that take values of others are evaluated once more,
//! after these, with the values; then all are put side by side and linked. What is absent: which
//! deployments belong together ([`super::estates`]), and judging.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::called;
use super::config::did_you_mean;
use super::estates::{Estate, Input};
use super::judge::{Broken, Docket, guarded};
use super::parse::FRONTENDS;
use crate::diagnostic::Diagnostic;
use crate::eval::estate::{Shared, StateRead, Supply};
use crate::eval::frontend::Unit;
use crate::eval::value::{Truth, Value};
use crate::eval::{Deployment, Mode, Resource, ResourceKey};
use crate::model::platform::PlatformFacts;
use crate::model::{Network, Twice};
use crate::origin::{OriginGraph, OriginId};
use crate::source::{FileId, Span};

/// A deployment and the network it is part of.
pub(super) type Linked = (Deployment, Arc<Network>);

/// An estate, evaluated.
pub(super) struct Joined {
    /// Its deployments by the indices of their units, sorted, each with the network it is part of.
    pub(super) members: Vec<(usize, Result<Linked, Broken>)>,
    /// What is wrong with the estate itself, and with its network.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Evaluates the members of an estate and joins them; `None` if `is_wanted` wants none of them.
pub(super) fn join(
    estate: &Estate,
    docket: &Docket<'_>,
    facts: &PlatformFacts,
    is_wanted: impl Fn(&Deployment) -> bool,
) -> Option<Joined> {
    let evaluate = |index: usize, supply: Option<&Supply>| -> Option<Result<Deployment, Broken>> {
        let (frontend, unit) = docket.units.get(index)?;
        let frontend = FRONTENDS.get(*frontend)?;
        Some(guarded(unit, || match supply {
            Some(supply) => frontend.evaluate_supplied(unit, docket.files, supply),
            None => frontend.evaluate(unit, docket.files),
        }))
    };
    let alone = estate.members.par_iter().with_max_len(1);
    let alone: Vec<(usize, Result<Deployment, Broken>)> = alone
        .filter_map(|index| Some((*index, evaluate(*index, None)?)))
        .collect();
    let wanted = |(_, one): &(usize, Result<Deployment, Broken>)| match one {
        Ok(deployment) => is_wanted(deployment),
        Err(_) => true,
    };
    if !alone.iter().any(wanted) {
        return None;
    }
    let mut broken = Vec::new();
    let mut members: BTreeMap<usize, Deployment> = BTreeMap::new();
    for (index, one) in alone {
        match one {
            Ok(deployment) => {
                members.insert(index, deployment);
            }
            Err(why) => broken.push((index, why)),
        }
    }
    drop_called(docket.units, &mut members);
    let mut diagnostics = Vec::new();
    let needs = Needs::of(estate, docket.units, &members, &mut diagnostics);
    let mut shared = Shared::default();
    let mut ready: BTreeMap<usize, Deployment> = BTreeMap::new();
    for wave in needs.waves(&members, &mut diagnostics) {
        let origins = shared.origins();
        let supplies: Vec<(usize, Supply)> = wave
            .iter()
            .map(|index| {
                (
                    *index,
                    needs.supply(*index, &origins, &ready, &mut diagnostics),
                )
            })
            .collect();
        let evaluated: Vec<Option<Result<Deployment, Broken>>> = supplies
            .par_iter()
            .with_max_len(1)
            .map(|(index, supply)| match supply.is_empty() {
                true => None,
                false => evaluate(*index, Some(supply)),
            })
            .collect();
        for ((index, supply), again) in supplies.into_iter().zip(evaluated) {
            let first = members.remove(&index);
            let (deployment, supply) = match again {
                None => (first, Supply::default()),
                Some(Ok(deployment)) => (Some(deployment), supply),
                Some(Err(why)) => {
                    broken.push((index, why));
                    continue;
                }
            };
            if let Some(deployment) = deployment {
                ready.insert(index, shared.admit(deployment, &supply));
            }
        }
    }
    shared.finish(ready.values_mut());
    // All members share their origins.
    let mut origins = ready
        .values()
        .next()
        .map(|it| Arc::clone(&it.origins))
        .unwrap_or_default();
    let slice = |span| docket.files.slice(span);
    let told = |mut network: Network, diagnostics: &mut Vec<Diagnostic>| {
        network.find_mail_targets(facts);
        network.place_mail_targets(&mut origins, &slice);
        diagnostics.append(&mut network.diagnostics);
        Arc::new(network)
    };
    let mut networks = linked(estate, &ready, told, &mut diagnostics);
    for deployment in ready.values_mut() {
        deployment.origins = Arc::clone(&origins);
    }
    let joined = ready.into_iter().filter_map(|(index, deployment)| {
        let network = networks.remove(&index)?;
        Some((index, Ok((deployment, network))))
    });
    let mut members: Vec<_> = joined.collect();
    members.extend(broken.into_iter().map(|(index, why)| (index, Err(why))));
    members.sort_by_key(|(index, _)| *index);
    Some(Joined {
        members,
        diagnostics,
    })
}

/// What others call is a part of those, and no member of its own.
fn drop_called(units: &[(usize, Unit)], members: &mut BTreeMap<usize, Deployment>) {
    let files = members.iter();
    let files: Vec<(usize, &[FileId])> = files.map(|(index, it)| (*index, &*it.files)).collect();
    let called = called::by_others(units, &files);
    members.retain(|index, _| !called.contains(index));
}

/// One network for all members that define nothing twice, and one for each of the others.
fn linked(
    estate: &Estate,
    members: &BTreeMap<usize, Deployment>,
    mut told: impl FnMut(Network, &mut Vec<Diagnostic>) -> Arc<Network>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<usize, Arc<Network>> {
    let mut apart: BTreeSet<usize> = BTreeSet::new();
    let mut networks = BTreeMap::new();
    loop {
        let together: Vec<(usize, &Deployment)> = members
            .iter()
            .filter(|(index, _)| !apart.contains(index))
            .map(|(index, deployment)| (*index, deployment))
            .collect();
        let all: Vec<&Deployment> = together.iter().map(|(_, deployment)| *deployment).collect();
        match Network::join(&all) {
            Ok(network) => {
                let network = told(network, diagnostics);
                networks.extend(
                    together
                        .iter()
                        .map(|(index, _)| (*index, Arc::clone(&network))),
                );
                break;
            }
            Err(twice) => {
                for twice in &twice {
                    diagnostics.push(defined_twice(estate, twice, &all));
                    let places = twice.deployments.iter();
                    let both = places.filter_map(|place| Some(together.get(*place)?.0));
                    apart.extend(both);
                }
            }
        }
    }
    for index in apart {
        if let Some(deployment) = members.get(&index) {
            let network = told(Network::build(deployment), diagnostics);
            networks.insert(index, network);
        }
    }
    networks
}

fn defined_twice(estate: &Estate, twice: &Twice, deployments: &[&Deployment]) -> Diagnostic {
    let [first, second] = twice.deployments.map(|place| {
        let deployment = deployments.get(place);
        deployment.map_or("", |deployment| &deployment.name)
    });
    let message = format!(
        "`{first}` and `{second}` both define {}: nothing says which definition counts, so neither \
         is joined with the estate `{}`",
        twice.key.readable(),
        estate.name
    );
    let [before, after] = twice.places;
    let told = Diagnostic::advice("estate-defined-twice", after.unwrap_or(estate.at), message);
    let told = match before {
        Some(before) => told.with_related(before, "and here"),
        None => told,
    };
    told.with_help("leave one of the two out of the estate")
}

/// What members take from each other.
struct Needs<'e> {
    inputs: Vec<(&'e Input, Arc<str>)>,
    /// The unit that reads a state, the one whose state it is, and the data source.
    states: Vec<(usize, usize, StateRead)>,
    lookups: Vec<Lookup>,
}

impl<'e> Needs<'e> {
    fn of(
        estate: &'e Estate,
        units: &[(usize, Unit)],
        members: &BTreeMap<usize, Deployment>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut inputs = Vec::new();
        for input in &estate.inputs {
            let (Some(taker), Some(_)) = (members.get(&input.to), members.get(&input.from)) else {
                continue;
            };
            let (name, at) = &input.name;
            let declared = &taker.handover.takes;
            match closest(name, declared.iter()) {
                Some(declared) => inputs.push((input, Arc::clone(declared))),
                None => {
                    let unit = units.get(input.to).map_or("", |(_, unit)| &unit.name);
                    let message = format!("`{unit}` declares no parameter or variable `{name}`");
                    let mut wrong = Diagnostic::unreadable("config", *at, message);
                    wrong.help = did_you_mean(name, declared.iter().map(|it| &**it));
                    diagnostics.push(wrong);
                }
            }
        }
        let mut states = Vec::new();
        for (to, reader) in members {
            for read in &reader.handover.reads {
                let mut keepers = members.iter().filter(|(from, keeper)| {
                    let state = keeper.handover.state.as_ref();
                    *from != to && state.is_some_and(|state| state.is_same(&read.state))
                });
                // Of several that may be meant none is.
                if let (Some((from, _)), None) = (keepers.next(), keepers.next()) {
                    states.push((*to, *from, read.clone()));
                }
            }
        }
        let lookups = lookups(members);
        Self {
            inputs,
            states,
            lookups,
        }
    }

    /// Whose resources a member looks up. That needs no order where others do: names and ids are
    /// known all the same.
    fn looked_up(&self, member: usize) -> impl Iterator<Item = usize> {
        let lookups = self.lookups.iter();
        let own = lookups.filter(move |lookup| lookup.reader.0 == member);
        own.map(|lookup| lookup.owner.0)
    }

    /// Whom a member takes something from, and where that is said.
    fn of_member(&self, member: usize) -> impl Iterator<Item = (usize, Option<Span>)> {
        let inputs = self
            .inputs
            .iter()
            .filter(move |(input, _)| input.to == member);
        let inputs = inputs.map(|(input, _)| (input.from, Some(input.name.1)));
        let states = self.states.iter().filter(move |(to, ..)| *to == member);
        inputs.chain(states.map(|(_, from, read)| (*from, read.at)))
    }

    /// The members in the order in which they can be evaluated, those together that do not wait for
    /// each other. Who takes values in a circle takes none of the circle's.
    fn waves(
        &self,
        members: &BTreeMap<usize, Deployment>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Vec<usize>> {
        let mut left: BTreeSet<usize> = members.keys().copied().collect();
        let mut waves = Vec::new();
        while !left.is_empty() {
            let waits = |member: &usize| {
                self.of_member(*member)
                    .any(|(from, _)| left.contains(&from))
            };
            let looks = |member: &usize| self.looked_up(*member).any(|from| left.contains(&from));
            let first = left.iter().copied().filter(|it| !waits(it));
            let mut wave: Vec<usize> = first.clone().filter(|it| !looks(it)).collect();
            if wave.is_empty() {
                wave = first.collect();
            }
            if wave.is_empty() {
                let circle = self.circle(&left);
                let names = circle.iter().filter_map(|member| members.get(member));
                let names: Vec<String> = names.map(|it| format!("`{}`", it.name)).collect();
                let places = circle.iter().flat_map(|member| self.of_member(*member));
                let mut places = places.filter(|(from, _)| circle.contains(from));
                let message = format!(
                    "{} take values from each other in a circle: what they take is not known",
                    names.join(" and ")
                );
                if let Some((_, Some(at))) = places.find(|(_, at)| at.is_some()) {
                    diagnostics.push(Diagnostic::advice("estate-cycle", at, message));
                }
                wave = circle.into_iter().collect();
            }
            left.retain(|member| !wave.contains(member));
            waves.push(wave);
        }
        waves
    }

    /// Members among `left` that wait for each other, where every one of `left` waits.
    fn circle(&self, left: &BTreeSet<usize>) -> BTreeSet<usize> {
        let next = |member: usize| {
            let mut needs = self.of_member(member).map(|(from, _)| from);
            needs.find(|from| left.contains(from))
        };
        let mut way: Vec<usize> = left.first().copied().into_iter().collect();
        while let Some(member) = way.last().copied().and_then(next) {
            if let Some(start) = way.iter().position(|met| *met == member) {
                return way.split_off(start).into_iter().collect();
            }
            way.push(member);
        }
        left.clone()
    }

    /// What the members that are ready hand to one that is next.
    fn supply(
        &self,
        member: usize,
        origins: &Arc<OriginGraph>,
        ready: &BTreeMap<usize, Deployment>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Supply {
        let mut supply = Supply::default();
        for (input, name) in self.inputs.iter().filter(|(input, _)| input.to == member) {
            let Some(giver) = ready.get(&input.from) else {
                continue;
            };
            let (output, at) = &input.output;
            let names = giver.outputs.iter().map(|output| &output.name);
            let found = closest(output, names);
            let value = found.and_then(|found| giver.outputs.iter().find(|it| it.name == *found));
            match value {
                Some(value) => {
                    supply.inputs.insert(Arc::clone(name), value.value.clone());
                }
                None => {
                    let message = format!("`{}` has no output `{output}`", giver.name);
                    let mut wrong = Diagnostic::unreadable("config", *at, message);
                    let names = giver.outputs.iter().map(|output| &*output.name);
                    wrong.help = did_you_mean(output, names);
                    diagnostics.push(wrong);
                }
            }
        }
        for (_, from, read) in self.states.iter().filter(|(to, ..)| *to == member) {
            if let Some(keeper) = ready.get(from) {
                let outputs = keeper.outputs.iter();
                let outputs = outputs.map(|it| (Arc::clone(&it.name), it.value.clone()));
                let whole = Value::object(outputs, OriginId::NONE);
                supply.states.insert(Arc::clone(&read.address), whole);
            }
        }
        for lookup in self.lookups.iter().filter(|it| it.reader.0 == member) {
            let resources = ready
                .get(&lookup.owner.0)
                .into_iter()
                .flat_map(|it| &it.resources);
            let mut owners = resources.filter(|it| it.address == lookup.owner.1);
            let whole = owners.next().map(|owner| &owner.body);
            let found = match &lookup.list {
                None => whole,
                Some((list, at)) => whole
                    .and_then(|whole| whole.get(list)?.as_list())
                    .and_then(|list| list.items.get(*at)),
            };
            if let Some(found) = found {
                supply
                    .lookups
                    .insert(Arc::clone(&lookup.reader.1), found.clone());
            }
        }
        if !supply.is_empty() {
            supply.origins = Arc::clone(origins);
        }
        supply
    }
}

/// A data source of one member that looks up what another one creates.
struct Lookup {
    /// The unit that looks up, and the address of its data source.
    reader: (usize, Arc<str>),
    /// The unit that creates it, and the address of the resource.
    owner: (usize, Arc<str>),
    /// The list of the resource that it is written in, and its place there.
    list: Option<(Arc<str>, usize)>,
}

/// What exactly one other member creates for certain of all that is looked up.
fn lookups(members: &BTreeMap<usize, Deployment>) -> Vec<Lookup> {
    type Created<'d> = (
        usize,
        &'d ResourceKey,
        &'d Resource,
        Option<&'d (Arc<str>, usize)>,
    );
    let mut created: HashMap<&str, Vec<Created<'_>>> = HashMap::new();
    for (index, member) in members {
        let mut owners: HashMap<&str, &Resource> = HashMap::new();
        let mut all: Vec<Created<'_>> = Vec::new();
        for resource in member
            .resources
            .iter()
            .filter(|it| it.mode == Mode::Managed)
        {
            owners.insert(&resource.address, resource);
            all.push((*index, id_of(resource), resource, None));
        }
        all.extend(member.handover.parts.iter().filter_map(|part| {
            let owner = owners.get(&*part.owner)?;
            Some((*index, &part.id, *owner, Some(&part.list)))
        }));
        for one in all {
            if let Some(located) = one.1.located() {
                created.entry(located.path).or_default().push(one);
            }
        }
    }
    let mut found = Vec::new();
    for (to, member) in members {
        let readers = member.resources.iter();
        for reader in readers.filter(|it| it.mode == Mode::Existing && it.id.is_some()) {
            let id = id_of(reader);
            let there = id.located().and_then(|located| created.get(located.path));
            let mut there = there.into_iter().flatten();
            let mut there = there.by_ref().filter(|(_, own, ..)| own.is_found_as(id));
            let (Some((from, _, owner, list)), None) = (there.next(), there.next()) else {
                continue;
            };
            let certain = owner.existence.truth == Truth::True && !owner.template;
            if from != to && certain && owner.dialect == reader.dialect {
                found.push(Lookup {
                    reader: (*to, Arc::clone(&reader.address)),
                    owner: (*from, Arc::clone(&owner.address)),
                    list: list.cloned(),
                });
            }
        }
    }
    found
}

fn id_of(resource: &Resource) -> &ResourceKey {
    resource.id.as_ref().unwrap_or(&resource.key)
}

/// The name that is meant: Azure Resource Manager does not tell cases apart.
fn closest<'n>(
    name: &str,
    names: impl Iterator<Item = &'n Arc<str>> + Clone,
) -> Option<&'n Arc<str>> {
    let exact = names.clone().find(|one| ***one == *name);
    exact.or_else(|| names.into_iter().find(|one| one.eq_ignore_ascii_case(name)))
}
