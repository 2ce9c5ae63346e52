//! A firewall or a policy as one list of ranked sets, from threat intelligence to the final deny.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Semantics;
use super::deciding::Pass;
use super::families::takes;
use super::holdings::{Gaps, Holdings, MAX_PARENTS};
use crate::eval::ResourceKey;
use crate::eval::value::Truth;
use crate::model::firewall::{
    FirewallRule, FirewallRuleKind, FirewallRuleOwner, ThreatIntelligence,
};
use crate::model::nsg::Access;
use crate::model::{FirewallRuleId, State};
use crate::semantics::compile::access;
use crate::semantics::order::{Rank, Ranked};
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::{Answer, Family};
use crate::semantics::place::Place;
use crate::semantics::rules::Scope;

/// What decides packets in a firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// Microsoft's feed of malicious addresses and names.
    Feed,
    /// A rule.
    Rule(FirewallRuleId),
    /// Rules of a pass that the files do not tell.
    Rest,
    /// The built-in list of names that Azure's own services need.
    BuiltIn,
    /// The final deny.
    Final,
}

/// The rules of all passes, by rank.
#[derive(Debug)]
pub(crate) struct Passes {
    rules: Vec<Ranked<Ruling>>,
}

/// The ranks of one pass begin here.
const PASS: u32 = MAX_PARENTS + 1;

impl Passes {
    /// All of them.
    pub(crate) fn all(&self) -> &[Ranked<Ruling>] {
        &self.rules
    }

    /// Without threat intelligence and the final deny.
    pub(crate) fn asked(&self) -> &[Ranked<Ruling>] {
        self.between(Pass::Nat, Pass::Default)
    }

    /// Those of one pass.
    pub(crate) fn of(&self, pass: Pass) -> &[Ranked<Ruling>] {
        let first = self.start(pass as u32);
        let end = self.start(pass as u32 + 1);
        self.rules.get(first..end).unwrap_or_default()
    }

    /// The pass a rule of the list takes part in.
    pub(crate) fn pass_of(rule: &Ranked<Ruling>) -> Pass {
        let passes = [
            Pass::ThreatIntelligence,
            Pass::Nat,
            Pass::Network,
            Pass::Application,
            Pass::Infrastructure,
        ];
        let number = rule.rank.0[0] / PASS;
        let found = passes.into_iter().find(|pass| *pass as u32 == number);
        found.unwrap_or(Pass::Default)
    }

    fn between(&self, first: Pass, end: Pass) -> &[Ranked<Ruling>] {
        let range = self.start(first as u32)..self.start(end as u32);
        self.rules.get(range).unwrap_or_default()
    }

    fn start(&self, number: u32) -> usize {
        self.rules
            .partition_point(|rule| rule.rank.0[0] < number * PASS)
    }
}

impl Semantics<'_> {
    /// The passes of a firewall or of a policy and its parents.
    pub(crate) fn passes(&self, owner: FirewallRuleOwner, family: Family) -> Arc<Passes> {
        let key = (owner, family);
        let cached = self
            .firewalls
            .lock()
            .ok()
            .and_then(|all| all.get(&key).cloned());
        if let Some(passes) = cached {
            return passes;
        }
        let passes = Arc::new(self.compile_passes(owner, family));
        if let Ok(mut all) = self.firewalls.lock() {
            all.insert(key, Arc::clone(&passes));
        }
        passes
    }

    fn compile_passes(&self, owner: FirewallRuleOwner, family: Family) -> Passes {
        let place = self.place(Scope::Anywhere, family);
        let holdings = self.holdings(owner);
        let mut rules = self.firewall_rules(owner, &holdings, &place);
        for kind in [
            FirewallRuleKind::Nat,
            FirewallRuleKind::Network,
            FirewallRuleKind::Application,
        ] {
            let gaps = holdings.gaps(kind);
            if (gaps.unclear || !gaps.missing.is_empty()) && takes(kind, family) {
                rules.push(rest(Pass::of(kind), &gaps, family));
            }
        }
        if family == Family::V4 {
            rules.extend(self.feed(owner, &place));
        }
        let built_in = |pass: Pass, id, access, own| Ranked {
            id,
            rank: whole(pass),
            access: Some(access),
            own,
            certain: true,
            because: Vec::new(),
        };
        rules.push(built_in(
            Pass::Infrastructure,
            Ruling::BuiltIn,
            Access::Allow,
            self.infrastructure(&place),
        ));
        rules.push(built_in(
            Pass::Default,
            Ruling::Final,
            Access::Deny,
            Answer::everything(family),
        ));
        rules.sort_by_key(|rule| rule.rank);
        Passes { rules }
    }

    fn firewall_rules(
        &self,
        owner: FirewallRuleOwner,
        holdings: &Holdings,
        place: &Place,
    ) -> Vec<Ranked<Ruling>> {
        let ground = self.firewall_ground(Some(owner), place);
        let mut shared = Shared::default();
        let present = |id: FirewallRuleId| {
            let rule: &FirewallRule = &self.network[id];
            (rule.meta.existence.truth != Truth::False).then_some(rule)
        };
        for (depth, id) in &holdings.rules {
            if let Some(rule) = present(*id) {
                let mut rank = self.rank_bounds(*depth, *id).0;
                rank[0] += Pass::of(rule.kind) as u32 * PASS;
                shared.add(rule, rank);
            }
        }
        let mut ranked = Vec::with_capacity(holdings.rules.len());
        for (depth, id) in &holdings.rules {
            let Some(rule) = present(*id) else { continue };
            let mut because = Vec::new();
            let reasons = [
                rule.meta.existence.because.as_ref(),
                rule.action.unknown(),
                rule.group_priority.unknown(),
                rule.collection_priority.unknown(),
            ];
            for unknown in reasons.into_iter().flatten() {
                add_unknown(&mut because, unknown);
            }
            let (mut low, mut high) = self.rank_bounds(*depth, *id);
            low[0] += Pass::of(rule.kind) as u32 * PASS;
            high[0] += Pass::of(rule.kind) as u32 * PASS;
            ranked.push(Ranked {
                id: Ruling::Rule(*id),
                rank: shared.widened((low, high)),
                access: access(&rule.action),
                own: self.firewall_rule_answer(rule, &ground),
                certain: rule.meta.existence.truth == Truth::True && !rule.meta.template,
                because,
            });
        }
        ranked
    }

    /// What threat intelligence may drop: nobody can tell what is in the feed.
    fn feed(&self, owner: FirewallRuleOwner, place: &Place) -> Option<Ranked<Ruling>> {
        let (policies, others) = self.policies_of(owner);
        let own = match owner {
            FirewallRuleOwner::Firewall(id) if policies.is_empty() && !others => {
                Some(&self.network[id].settings)
            }
            _ => None,
        };
        // A child may be stricter than its parent, never laxer.
        let all = policies
            .iter()
            .map(|policy| &self.network[*policy].settings)
            .chain(own);
        let mut denies = if others { Truth::Unknown } else { Truth::False };
        let mut because = Vec::new();
        for settings in all {
            denies = denies.or(match &settings.threat_intelligence.state {
                State::Known(mode) => (*mode == ThreatIntelligence::Deny).into(),
                State::Absent => Truth::False,
                State::Unknown(unknown, _) => {
                    add_unknown(&mut because, unknown);
                    Truth::Unknown
                }
                State::Invalid { .. } => Truth::Unknown,
            });
        }
        (denies != Truth::False).then(|| Ranked {
            id: Ruling::Feed,
            rank: whole(Pass::ThreatIntelligence),
            access: Some(Access::Deny),
            own: self.feed_answer(place),
            certain: denies == Truth::True,
            because,
        })
    }
}

/// Collections that share a place in the order: which of them comes first is not known.
#[derive(Default)]
struct Shared<'n> {
    groups: BTreeMap<[u32; 2], BTreeSet<Option<&'n ResourceKey>>>,
    collections: BTreeMap<[u32; 3], BTreeSet<Option<&'n Arc<str>>>>,
}

impl<'n> Shared<'n> {
    fn add(&mut self, rule: &'n FirewallRule, [inherited, group, collection, _]: Rank) {
        let groups = self.groups.entry([inherited, group]).or_default();
        groups.insert(rule.group.as_ref());
        let collections = self.collections.entry([inherited, group, collection]);
        collections.or_default().insert(rule.collection.value());
    }

    fn widened(&self, (mut low, mut high): (Rank, Rank)) -> (Rank, Rank) {
        let [inherited, group, collection, _] = low;
        let groups = self.groups.get(&[inherited, group]);
        if groups.is_some_and(|groups| groups.len() > 1) {
            (low[2], high[2]) = (0, u32::MAX);
            (low[3], high[3]) = (0, u32::MAX);
        }
        let collections = self.collections.get(&[inherited, group, collection]);
        if collections.is_some_and(|names| names.len() > 1) {
            (low[3], high[3]) = (0, u32::MAX);
        }
        (low, high)
    }
}

/// Anywhere in a pass.
fn whole(pass: Pass) -> (Rank, Rank) {
    let first = pass as u32 * PASS;
    (
        [first, 0, 0, 0],
        [first + MAX_PARENTS, u32::MAX, u32::MAX, u32::MAX],
    )
}

/// The rules of a pass that the files do not tell.
fn rest(pass: Pass, gaps: &Gaps, family: Family) -> Ranked<Ruling> {
    Ranked {
        id: Ruling::Rest,
        rank: whole(pass),
        access: (pass == Pass::Nat).then_some(Access::Allow),
        own: Answer::undetermined(family, gaps.missing.clone()),
        certain: false,
        because: gaps.missing.clone(),
    }
}
