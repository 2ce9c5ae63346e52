//! Which rules a run judges, and how they are set.
//!
//! `select` names exactly what is judged, else that is what is on by default; `enable` adds to it,
//! `ignore` and `off` take away. Settings come, the later the stronger, from packs (`rules` in
//! `pack.yaml`, the `parameters` a pack is given), `rules` of the root's `aznet.yaml`, and its
//! `overrides`, which hold for findings at paths: the path of a finding is that of its primary
//! place. A deployment whose files are under different overrides is judged once for each, and of
//! each judgement counts what it says of its own files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::{self, Config, RuleEntry, RuleWords, Vocabulary};
use super::files::Files;
use super::judge::Docket;
use crate::diagnostic::Diagnostic;
use crate::eval::{Deployment, Loader as _};
use crate::model::Network;
use crate::model::platform::PlatformFacts;
use crate::policy::judge::{Judged, judge};
use crate::policy::pack::Pack;
use crate::policy::settings::Settings;
use crate::source::FileId;

/// The settings of rules, by id.
pub(super) type Entries = BTreeMap<Arc<str>, RuleEntry>;

/// What is chosen for a run.
pub(super) struct Chosen<'a> {
    root: Option<&'a Config>,
    vocabulary: &'a Vocabulary,
    /// Settings wherever no override holds.
    entries: Entries,
    /// What is named; `None`: what is on by default.
    select: Option<BTreeSet<Arc<str>>>,
    enable: BTreeSet<Arc<str>>,
    ignore: BTreeSet<Arc<str>>,
}

/// Which of the overrides hold, by position.
type Regime = Vec<usize>;

impl<'a> Chosen<'a> {
    /// Takes what the packs, the root's `aznet.yaml` and the call say.
    pub(super) fn new(pack: &Pack, docket: &Docket<'a>, vocabulary: &'a Vocabulary) -> Self {
        let mut configs = docket.configs.iter();
        let root = configs.find(|config| config.directory.is_empty());
        let options = docket.options;
        let flagged = |selectors: &[String]| -> BTreeSet<Arc<str>> {
            let found = selectors.iter().map(|one| vocabulary.selected(one));
            found.flat_map(Result::unwrap_or_default).collect()
        };
        let configured = |pick: fn(&Config) -> &BTreeSet<Arc<str>>| -> BTreeSet<Arc<str>> {
            root.map(|config| pick(config).clone()).unwrap_or_default()
        };
        let mut enable = flagged(&options.enable);
        enable.extend(configured(|config| &config.enable));
        let mut ignore = flagged(&options.ignore);
        ignore.extend(configured(|config| &config.ignore));
        let mut entries = of_packs(pack, vocabulary).0;
        if let Some(config) = root {
            add_given(&mut entries, config, vocabulary);
            merge(&mut entries, &config.rules);
        }
        Self {
            root,
            vocabulary,
            entries,
            select: match options.select.is_empty() {
                true => root.and_then(|config| config.select.clone()),
                false => Some(flagged(&options.select)),
            },
            enable,
            ignore,
        }
    }

    /// Puts the settings that hold where no override does into those of a deployment.
    pub(super) fn set(&self, settings: &mut Settings) {
        self.set_in(&Regime::new(), settings);
    }

    /// The rules that are off everywhere.
    pub(super) fn off(&self) -> BTreeSet<Arc<str>> {
        let mut off = self.off_with(&self.entries);
        for (_, overrides) in self.overrides() {
            let mut entries = self.entries.clone();
            merge(&mut entries, overrides);
            let there = self.off_with(&entries);
            off.retain(|id| there.contains(id));
        }
        off
    }

    /// Judges a deployment, each of its files under the overrides that hold for it.
    pub(super) fn judge(
        &self,
        pack: &Pack,
        (deployment, network): (&Deployment, &Network),
        facts: &PlatformFacts,
        settings: &Settings,
        files: &Files,
    ) -> Judged {
        if self.overrides().is_empty() {
            return judge(pack, deployment, network, facts, settings);
        }
        let with = |settings: &Settings| judge(pack, deployment, network, facts, settings);
        let known: BTreeMap<FileId, Regime> = deployment
            .files
            .iter()
            .map(|id| (*id, self.regime(&files.path(*id))))
            .collect();
        let mut regimes: Vec<&Regime> = Vec::new();
        for regime in known.values() {
            if !regimes.contains(&regime) {
                regimes.push(regime);
            }
        }
        let mut all: Option<Judged> = None;
        for regime in &regimes {
            let mut own = settings.clone();
            self.set_in(regime, &mut own);
            let mut judged = with(&own);
            if regimes.len() > 1 {
                judged.judgements.retain(|judgement| {
                    let file = judgement.primary.span.file;
                    known.get(&file).or(regimes.first().copied()) == Some(*regime)
                });
            }
            match &mut all {
                None => all = Some(judged),
                // What is only counted is counted where the deployment begins.
                Some(all) => {
                    all.judgements.append(&mut judged.judgements);
                    all.timings.append(&mut judged.timings);
                }
            }
        }
        all.unwrap_or_else(|| with(settings))
    }

    fn overrides(&self) -> &'a [(globset::GlobSet, Entries)] {
        self.root.map_or(&[], |config| &config.overrides)
    }

    fn regime(&self, path: &str) -> Regime {
        let overrides = self.overrides().iter().enumerate();
        let hold = overrides.filter(|(_, (paths, _))| paths.is_match(path));
        hold.map(|(position, _)| position).collect()
    }

    fn set_in(&self, regime: &Regime, settings: &mut Settings) {
        let mut entries = self.entries.clone();
        let overrides = self.overrides();
        for (_, overrides) in regime.iter().filter_map(|at| overrides.get(*at)) {
            merge(&mut entries, overrides);
        }
        settings.off = self.off_with(&entries);
        settings.severities = entries
            .iter()
            .filter_map(|(id, entry)| Some((Arc::clone(id), entry.severity?)))
            .collect();
        settings.parameters = entries
            .into_iter()
            .map(|(id, entry)| (id, entry.parameters))
            .collect();
    }

    fn off_with(&self, entries: &Entries) -> BTreeSet<Arc<str>> {
        let is_off = |words: &RuleWords| {
            let id = &words.id;
            let off = entries.get(id).and_then(|entry| entry.off);
            let chosen = match &self.select {
                None => words.traits.on || off == Some(false),
                Some(select) => select.contains(id),
            };
            self.ignore.contains(id) || off == Some(true) || !(chosen || self.enable.contains(id))
        };
        let rules = self.vocabulary.rules.values();
        let off = rules.filter(|words| is_off(words));
        off.map(|words| Arc::clone(&words.id)).collect()
    }
}

/// How packs set rules, the later the stronger, and what is wrong with that.
pub(super) fn of_packs(pack: &Pack, vocabulary: &Vocabulary) -> (Entries, Vec<Diagnostic>) {
    let (mut entries, mut diagnostics) = (Entries::new(), Vec::new());
    for member in pack.members() {
        if let Some(rules) = &member.manifest.rules {
            let (own, wrong) = config::rules(rules, vocabulary);
            merge(&mut entries, &own);
            diagnostics.extend(wrong);
        }
    }
    (entries, diagnostics)
}

/// What `packs` gives for the parameters that the rules of a pack share.
fn add_given(entries: &mut Entries, config: &Config, vocabulary: &Vocabulary) {
    for (pack, given) in &config.pack_parameters {
        let rules = vocabulary.rules.values();
        for words in rules.filter(|words| words.traits.pack == *pack) {
            let shared = |name: &Arc<str>| {
                let mut own = words.parameters.iter();
                own.any(|(own, _)| own == name)
            };
            let known = given.iter().filter(|(name, _)| shared(name));
            let known: BTreeMap<_, _> = known
                .map(|(name, value)| (Arc::clone(name), value.clone()))
                .collect();
            if !known.is_empty() {
                let entry = entries.entry(Arc::clone(&words.id)).or_default();
                entry.parameters.extend(known);
            }
        }
    }
}

fn merge(into: &mut Entries, from: &Entries) {
    for (id, entry) in from {
        into.entry(Arc::clone(id)).or_default().merge(entry);
    }
}
