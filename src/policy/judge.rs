//! Rules applied to one deployment.
//!
//! For every rule, clause, subject and bound element the truth of "something is wrong" is computed
//! in Kleene's logic from existence, `where`, `unless` and the hit. True is a violated judgement,
//! Unknown an undetermined one that names what would settle it.

mod build;
pub(crate) mod reasons;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::clause::{Body, Clause, Scope};
use super::contract::{self, Cause, Outcome};
use super::datum::{Data, Datum, Element, Item, Items};
use super::expr::{Evaluation, Trace};
use super::finding::{Judgement, RelatedPlace};
use super::overlap;
use super::pack::{Pack, Rule, parameters_of};
use super::service_tags::TagList;
use super::settings::Settings;
use super::vocabulary::{World, presence};
use crate::diagnostic::Severity;
use crate::eval::Deployment;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::Network;
use crate::model::platform::PlatformFacts;
use crate::origin::OriginId;
use crate::semantics::tags::ConsultedTags;
use reasons::kind_of;

/// How many combinations of bound elements one subject is judged with.
const MAX_COMBINATIONS: usize = 10_000;

/// How many pairs one clause is judged with in one deployment.
const MAX_PAIRS: usize = 2_000;

/// What came of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// What is, or may be, wrong.
    pub judgements: Vec<Judgement>,
    /// What was not judged, by reason.
    pub not_judged: Vec<(String, usize)>,
    /// Undetermined judgements of rules that only count them, by rule.
    pub undetermined_counted: Vec<(Arc<str>, usize)>,
    /// The service tags whose addresses were looked up in a list.
    pub consulted: ConsultedTags,
    /// How long each rule took, if there is a clock. What several rules share is worked out once,
    /// and counts for the first that asks.
    pub timings: Vec<(Arc<str>, Duration)>,
}

/// Judges a deployment by every rule of a pack that is on. What is true only by the addresses that
/// service tags have in a list says so.
#[must_use]
pub fn judge(
    pack: &Pack,
    deployment: &Deployment,
    network: &Network,
    facts: &PlatformFacts,
    settings: &Settings,
) -> Judged {
    let world = World::new(deployment, network, facts, settings);
    let mut judged = of_world(pack, &world);
    overlap::settle(pack, &mut judged.judgements);
    judged.consulted = world.semantics.consulted_tags();
    if let Some(list) = &settings.service_tags
        && !judged.consulted.listed.is_empty()
        && !judged.judgements.is_empty()
    {
        let blind = Settings {
            service_tags: None,
            ..settings.clone()
        };
        let anyway = of_world(pack, &World::new(deployment, network, facts, &blind));
        tell_what_rests_on(list, &mut judged.judgements, &anyway.judgements);
    }
    judged
}

/// Marks judgements that are not the same where service tags are opaque.
fn tell_what_rests_on(list: &TagList, judgements: &mut [Judgement], anyway: &[Judgement]) {
    let key = |judgement: &Judgement| {
        let span = judgement.primary.span;
        (
            (Arc::clone(&judgement.rule), judgement.clause),
            (span.file, span.start, span.end),
            Arc::clone(&judgement.instance.resource),
            judgement.verdict,
        )
    };
    let anyway: BTreeSet<_> = anyway.iter().map(key).collect();
    for judgement in judgements {
        if !anyway.contains(&key(judgement)) {
            judgement.related.push(RelatedPlace {
                span: list.edition,
                text: format!(
                    "true today, by the addresses of service tags: {}",
                    list.describe()
                ),
            });
        }
    }
}

fn of_world(pack: &Pack, world: &World<'_>) -> Judged {
    let settings = world.settings;
    let own = world.deployment.own_origins;
    let mut tally = Tally::default();
    let mut timings = Vec::new();
    for rule in pack.rules() {
        if settings.off.contains(rule.id()) {
            continue;
        }
        let began = settings.clock.map(|clock| (clock, clock()));
        let parameters = parameters_of(rule, settings);
        for (position, clause) in rule.clauses.iter().enumerate() {
            let subjects = clause.subject.all(world);
            if subjects.is_empty() {
                continue;
            }
            let Some(scope) = clause.scope() else {
                continue;
            };
            let mut judge = ClauseJudge {
                world,
                rule,
                clause,
                scope,
                position: u32::try_from(position).unwrap_or(u32::MAX),
                parameters: &parameters,
                receivers: None,
                pairs_left: MAX_PAIRS,
                tally: &mut tally,
            };
            judge.find_receivers();
            for id in subjects {
                let kind = clause.subject;
                let subject = Element { kind, id };
                // Of an estate each deployment answers for what it defines itself.
                let meta = subject.meta(world);
                if meta.is_none_or(|meta| own.contains(meta.origin)) {
                    judge.subject(subject);
                }
            }
        }
        if let Some((clock, began)) = began {
            timings.push((Arc::clone(rule.id()), clock().saturating_sub(began)));
        }
    }
    Judged {
        timings,
        judgements: tally.judgements,
        not_judged: tally.not_judged.into_iter().collect(),
        undetermined_counted: tally.counted.into_iter().collect(),
        consulted: ConsultedTags::default(),
    }
}

#[derive(Debug, Default)]
struct Tally {
    judgements: Vec<Judgement>,
    not_judged: BTreeMap<String, usize>,
    counted: BTreeMap<Arc<str>, usize>,
}

pub(super) struct ClauseJudge<'j, 'a> {
    world: &'j World<'a>,
    rule: &'j Rule,
    clause: &'j Clause,
    scope: &'j Scope,
    position: u32,
    parameters: &'j BTreeMap<Arc<str>, Datum>,
    /// What receives, of pairs.
    receivers: Option<Arc<Items>>,
    /// How many pairs may still be judged.
    pairs_left: usize,
    tally: &'j mut Tally,
}

/// What a rule says that a finding is to point at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pointed {
    /// Where it was written.
    pub(super) origin: OriginId,
    /// The element, where it is one and not a value of the subject.
    pub(super) element: Option<Element>,
}

impl Pointed {
    fn of(datum: &Datum) -> Self {
        let element = match &datum.data {
            Data::Element(element) => Some(*element),
            _ => None,
        };
        Self {
            origin: datum.origin,
            element,
        }
    }
}

/// One thing that is, or may be, wrong.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub(super) truth: Truth,
    /// Whose finding it is.
    pub(super) element: Element,
    pub(super) cause: Cause,
    pub(super) outcome: Option<Outcome>,
    /// Origins of what decided.
    pub(super) deciding: Vec<OriginId>,
    pub(super) unknowns: Vec<Arc<Unknown>>,
    pub(super) cover: Vec<Element>,
    pub(super) revive: Option<super::analysis::Move>,
    pub(super) at_most: Option<Severity>,
    /// The place the rule names for it.
    pub(super) at: Option<Pointed>,
    /// Which assertion, to tell apart kinds of trouble.
    pub(super) assertion: Option<usize>,
}

impl<'a> ClauseJudge<'_, 'a> {
    fn subject(&mut self, subject: Element) {
        let first = super::vocabulary::element(self.world, subject.kind, subject.id);
        let mut slots = vec![first];
        let (mut exists, mut because) = (Truth::True, None);
        if let Some(meta) = subject.meta(self.world) {
            (exists, because) = presence(meta);
        }
        if exists == Truth::False {
            return;
        }
        if let Some(from) = self.scope.ends.as_ref().and_then(|ends| ends.from.as_ref()) {
            let (truth, trace) = self.evaluation(&slots).truth(from);
            if truth == Truth::Unknown && self.is_of_others(&trace) {
                return;
            }
            exists = exists.and(truth);
            because = because.or_else(|| trace.unknowns.first().cloned());
            if exists == Truth::False {
                return;
            }
        }
        let whole = self.scope.condition.as_ref();
        let whole = whole.filter(|_| self.scope.condition_first);
        let mut known_condition = None;
        if let Some(condition) = whole.or(self.scope.early.as_ref()) {
            // Loop variables of the condition come after the bound elements, asked for or not.
            let mut padded = slots.clone();
            padded.resize(1 + self.scope.each.len(), Datum::constant(Data::Absent));
            let (truth, trace) = self.evaluation(&padded).truth(condition);
            if truth == Truth::False {
                return;
            }
            known_condition = whole.map(|_| (truth, trace));
        }
        let mut unknowns = Vec::new();
        unknowns.extend(because);
        if self.scope.each.is_empty() {
            self.bound(subject, &slots, exists, &unknowns, known_condition.as_ref());
            return;
        }
        let mut left = MAX_COMBINATIONS;
        let bindings = Bindings {
            subject,
            known_condition: known_condition.as_ref(),
        };
        self.bind(&bindings, &mut slots, exists, &unknowns, 0, &mut left);
    }

    /// Looks once for what receives, of pairs: those of which the predicate is not false.
    fn find_receivers(&mut self) {
        let (Some(ends), Some(kind)) = (&self.scope.ends, self.clause.receiver) else {
            return;
        };
        let mut found = Items::default();
        for id in kind.all(self.world) {
            let datum = super::vocabulary::element(self.world, kind, id);
            let meta = Element { kind, id }.meta(self.world).map(presence);
            let (mut present, mut because) = meta.unwrap_or((Truth::True, None));
            if let Some(to) = &ends.to {
                let slots = [datum.clone()];
                let (truth, trace) = self.evaluation(&slots).truth(to);
                if truth == Truth::Unknown && self.is_of_others(&trace) {
                    continue;
                }
                present = present.and(truth);
                because = because.or_else(|| trace.unknowns.first().cloned());
            }
            if present != Truth::False {
                found.items.push(Item {
                    datum,
                    present,
                    because,
                });
            }
        }
        self.receivers = Some(Arc::new(found));
    }

    /// Whether a condition hangs on resources outside the files alone: then it is not this
    /// deployment's to judge, and is counted as that.
    fn is_of_others(&mut self, trace: &Trace) -> bool {
        let mut reasons = trace.unknowns.iter().map(|unknown| &unknown.reason);
        let outside = !trace.unknowns.is_empty() && reasons.all(|it| *it == Reason::Outside);
        if outside {
            let reason = trace.unknowns.first().map(kind_of).unwrap_or_default();
            self.not_judged(&reason);
        }
        outside
    }

    /// Tells of a list of which no item is known: what lies outside is not this deployment's to
    /// judge; where an input is missing, there may be something wrong, and nothing yet to point at.
    fn nothing_to_bind(&mut self, missing: &Arc<Unknown>) {
        if missing.reason == Reason::Outside {
            let reason = kind_of(missing);
            self.not_judged(&reason);
        } else {
            let rule = Arc::clone(self.rule.id());
            *self.tally.counted.entry(rule).or_default() += 1;
        }
    }

    /// Walks the relation of the next name.
    fn bind(
        &mut self,
        bindings: &Bindings<'_>,
        slots: &mut Vec<Datum>,
        exists: Truth,
        unknowns: &[Arc<Unknown>],
        depth: usize,
        left: &mut usize,
    ) {
        let Some(relation) = self.scope.each.get(depth) else {
            if *left > 0 {
                *left -= 1;
                self.bound(
                    bindings.subject,
                    slots,
                    exists,
                    unknowns,
                    bindings.known_condition,
                );
            } else {
                self.not_judged("too many combinations of elements");
            }
            return;
        };
        let receivers = self.receivers.clone().filter(|_| depth == 0);
        let value = match receivers {
            Some(all) => Datum::constant(Data::List(all)),
            None => self.evaluation(slots).compute(relation).0,
        };
        let items = match &value.data {
            Data::List(items) => Arc::clone(items),
            Data::Unknown(unknown, _) => {
                self.nothing_to_bind(unknown);
                return;
            }
            _ => return,
        };
        if items.items.is_empty()
            && let Some(rest) = &items.rest
        {
            self.nothing_to_bind(rest);
        }
        for item in &items.items {
            if depth == 0 && self.receivers.is_some() {
                // Nobody sends to itself.
                if matches!(item.datum.data, Data::Element(to) if to == bindings.subject) {
                    continue;
                }
                if self.pairs_left == 0 {
                    self.not_judged("more pairs than one rule is judged with");
                    continue;
                }
                self.pairs_left -= 1;
            }
            let mut unknowns = unknowns.to_vec();
            unknowns.extend(item.because.clone());
            slots.push(item.datum.clone());
            let exists = exists.and(item.present);
            self.bind(bindings, slots, exists, &unknowns, depth + 1, left);
            slots.truncate(depth + 1);
        }
    }

    /// Judges one subject with its bound elements.
    fn bound(
        &mut self,
        subject: Element,
        slots: &[Datum],
        exists: Truth,
        unknowns: &[Arc<Unknown>],
        known_condition: Option<&(Truth, Trace)>,
    ) {
        let mut truth = exists;
        let mut unknowns = unknowns.to_vec();
        let condition = match (known_condition, &self.scope.condition) {
            (Some(known), _) => Some(known.clone()),
            (None, Some(condition)) => Some(self.evaluation(slots).truth(condition)),
            (None, None) => None,
        };
        if let Some((condition, trace)) = condition {
            if condition == Truth::False {
                return;
            }
            if condition == Truth::Unknown {
                if self.is_of_others(&trace) {
                    return;
                }
                unknowns.extend(trace.unknowns);
            }
            truth = truth.and(condition);
        }
        let Some(demand) = self.clause.demand() else {
            return;
        };
        for (need, otherwise) in &demand.needs {
            if self.evaluation(slots).truth(need).0 != Truth::True {
                let reason = otherwise.to_string();
                self.not_judged(&reason);
                return;
            }
        }
        if let Some(unless) = &demand.unless {
            let (excused, trace) = self.evaluation(slots).truth(unless);
            if excused == Truth::True {
                return;
            }
            unknowns.extend(trace.unknowns);
            truth = truth.and(!excused);
        }
        let blank = subject.nothing_known(self.world);
        let blank = blank.map(|unknown| label_of_roots(&unknown));
        for mut wrong in self.wrongs(subject, slots, &demand.body) {
            wrong.truth = wrong.truth.and(truth);
            match wrong.truth {
                Truth::False => {}
                Truth::Unknown if self.rule.counts_undetermined() => {
                    let id = Arc::clone(self.rule.id());
                    *self.tally.counted.entry(id).or_default() += 1;
                }
                Truth::Unknown if let Some(missing) = &blank => {
                    let reason = format!("rules of which nothing is known without {missing}");
                    self.not_judged(&reason);
                }
                truth => {
                    if truth == Truth::Unknown {
                        wrong.unknowns.splice(0..0, unknowns.iter().cloned());
                    }
                    let judgement = self.build(slots, &wrong);
                    self.tally.judgements.extend(judgement);
                }
            }
        }
    }

    fn wrongs(&mut self, subject: Element, slots: &[Datum], body: &Body) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        match body {
            Body::Assert(asserts) => {
                let mut slots = slots.to_vec();
                slots.extend(nothing_said());
                for (position, assert) in asserts.iter().enumerate() {
                    let mut evaluation = self.evaluation(&slots);
                    let (holds, trace) = evaluation.truth(&assert.that);
                    if holds == Truth::True {
                        continue;
                    }
                    let at = assert
                        .at
                        .as_ref()
                        .map(|at| Pointed::of(&evaluation.compute(at).0))
                        .filter(|at| at.origin != OriginId::NONE);
                    wrongs.push(Wrong {
                        truth: !holds,
                        element: subject,
                        cause: Cause::Subject,
                        outcome: None,
                        deciding: trace.reads,
                        unknowns: trace.unknowns,
                        cover: Vec::new(),
                        revive: None,
                        at_most: None,
                        at,
                        assertion: Some(position),
                    });
                }
            }
            Body::Contracts {
                required,
                contracts,
            } => {
                for contract in contracts {
                    let mut evaluation = self.evaluation(slots);
                    for outcome in contract::judge(contract, *required, subject, &mut evaluation) {
                        wrongs.push(Wrong {
                            truth: outcome.truth,
                            element: subject,
                            cause: outcome.cause.clone(),
                            deciding: outcome.reads.clone(),
                            unknowns: outcome.unknowns.clone(),
                            at_most: self.rests_outside(&outcome).then_some(Severity::Warning),
                            cover: others_of(&outcome),
                            outcome: Some(outcome),
                            revive: None,
                            at: None,
                            assertion: None,
                        });
                    }
                }
                // One certain breach says more than any possible one.
                if wrongs.iter().any(|wrong| wrong.truth == Truth::True) {
                    wrongs.retain(|wrong| wrong.truth == Truth::True);
                } else {
                    wrongs = one_question(wrongs);
                }
            }
            Body::Analysis(analysis) => {
                let evaluation = self.evaluation(slots);
                for found in analysis.run(subject, self.world, evaluation) {
                    let mut truth = found.truth;
                    if let Some(meta) = found.element.meta(self.world) {
                        truth = truth.and(presence(meta).0);
                    }
                    wrongs.push(Wrong {
                        truth,
                        element: found.element,
                        cause: match (&found.outcome, found.element.kind) {
                            (Some(outcome), _) => outcome.cause.clone(),
                            (None, super::vocabulary::Kind::SecurityRule) => {
                                Cause::SecurityRule(crate::model::SecurityRuleId(found.element.id))
                            }
                            (None, super::vocabulary::Kind::FirewallRule) => {
                                Cause::FirewallRule(crate::model::FirewallRuleId(found.element.id))
                            }
                            (None, _) => Cause::Subject,
                        },
                        outcome: found.outcome,
                        deciding: Vec::new(),
                        unknowns: found.unknowns,
                        cover: found.cover,
                        revive: found.revive,
                        at_most: Some(found.at_most),
                        at: None,
                        assertion: None,
                    });
                }
            }
        }
        wrongs
    }

    /// Whether an outcome hangs on a firewall that is not in the files.
    fn rests_outside(&self, outcome: &Outcome) -> bool {
        use crate::model::routing::Appliance;
        let route = outcome.route.map(|route| &self.world.network[route]);
        route.is_some_and(|route| matches!(route.appliance, Appliance::ExternalFirewall(_)))
    }

    pub(super) fn evaluation(&self, slots: &[Datum]) -> Evaluation<'_, 'a> {
        Evaluation::new(self.world, self.parameters, slots.to_vec())
    }

    fn not_judged(&mut self, reason: &str) {
        *self.tally.not_judged.entry(reason.to_owned()).or_default() += 1;
    }
}

/// The missing inputs an unknown follows from, for people.
fn label_of_roots(unknown: &Arc<Unknown>) -> String {
    let roots = unknown.roots();
    let labels: Vec<&str> = roots.iter().map(|root| &*root.label).collect();
    labels.join(", ")
}

fn others_of(outcome: &Outcome) -> Vec<Element> {
    let others = outcome.others.iter().map(|rule| Element {
        kind: super::vocabulary::Kind::SecurityRule,
        id: rule.0,
    });
    others.collect()
}

/// Puts together what may be wrong about one subject for one cause: it is one question.
fn one_question(wrongs: Vec<Wrong>) -> Vec<Wrong> {
    let mut questions: Vec<Wrong> = Vec::new();
    for wrong in wrongs {
        match questions.iter_mut().find(|one| one.cause == wrong.cause) {
            Some(one) => {
                for unknown in wrong.unknowns {
                    if one.unknowns.iter().all(|known| known.id != unknown.id) {
                        one.unknowns.push(unknown);
                    }
                }
            }
            None => questions.push(wrong),
        }
    }
    questions
}

struct Bindings<'b> {
    subject: Element,
    known_condition: Option<&'b (Truth, Trace)>,
}

/// The values of the names of messages where nothing is said yet.
fn nothing_said() -> impl Iterator<Item = Datum> {
    super::clause::SAID
        .iter()
        .map(|_| Datum::constant(Data::Absent))
}
