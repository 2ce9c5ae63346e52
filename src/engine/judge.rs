//! Deployments to judgements, in parallel, and the settings each is judged with.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use super::called;
use super::chosen::{self, Chosen};
use super::compiled;
use super::config::{
    Config, PackWords, RuleWords, SubscriptionEntry, Traits, Vocabulary, is_below, nearest,
};
use super::estates::Estate;
use super::files::Files;
use super::join;
use super::offer::{self, Described};
use super::parse::{FRONTENDS, Parsed, internal_error};
use super::{Options, UsageError};
use crate::diagnostic::Diagnostic;
use crate::eval::Deployment;
use crate::eval::frontend::Unit;
use crate::model::platform::{Cloud, PlatformFacts};
use crate::model::{Network, may_describe_subscription};
use crate::policy::finding::Judgement;
use crate::policy::metadata::{self, ExampleMetadata, RuleMetadata};
use crate::policy::pack::{Pack, PackFiles};
use crate::policy::platform;
use crate::policy::service_tags::TagList;
use crate::policy::settings::{Offer, Settings};
use crate::semantics::tags::ConsultedTags;
use crate::source::FileId;

/// Everything judgements rest on besides the deployments: the rules and the platform's facts.
pub(crate) struct Judge {
    facts: &'static PlatformFacts,
    pack: Pack,
}

/// One run's deployments and what is declared about them.
pub(crate) struct Docket<'a> {
    /// All files.
    pub(crate) files: &'a Files,
    /// What came of parsing, sorted by id.
    pub(crate) parsed: &'a [Parsed],
    /// The deployments, with the index of their language.
    pub(crate) units: &'a [(usize, Unit)],
    /// Those that make one network together.
    pub(crate) estates: &'a [Estate],
    /// Every `aznet.yaml`.
    pub(crate) configs: &'a [Config],
    /// What the caller decided.
    pub(crate) options: &'a Options,
    /// Paths to report on.
    pub(crate) selected: &'a [Arc<str>],
    /// Files of values that the call gives: they are for every deployment.
    pub(crate) given: &'a [FileId],
    /// The addresses of service tags, where they are given.
    pub(crate) service_tags: Option<&'a Arc<TagList>>,
}

/// A deployment that was asked about, and what it is judged with.
#[derive(Debug)]
pub(crate) struct Evaluated {
    /// What it creates.
    pub(crate) deployment: Deployment,
    /// The network it is part of: its own, or that of its estate. Its diagnostics are in
    /// `diagnostics`.
    pub(crate) network: Arc<Network>,
    /// Its settings.
    pub(crate) settings: Settings,
    /// The estate it belongs to.
    pub(crate) estate: Option<Arc<str>>,
    /// What is wrong with the network as a whole.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Evaluated {
    /// Takes what could not be evaluated.
    pub(crate) fn diagnostics(&mut self) -> Vec<Diagnostic> {
        let mut diagnostics = std::mem::take(&mut self.deployment.diagnostics);
        diagnostics.append(&mut self.diagnostics);
        diagnostics
    }
}

impl Evaluated {
    fn own_security_rules(&self) -> usize {
        let own = self.deployment.own_origins;
        let rules = self.network.security_rules.iter();
        rules.filter(|rule| own.contains(rule.meta.origin)).count()
    }
}

/// A deployment whose evaluation ended in a panic.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Its files.
    pub(crate) files: Vec<FileId>,
    /// What is said of it.
    pub(crate) diagnostic: Box<Diagnostic>,
}

/// What came of one deployment.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What the deployment is called.
    pub(crate) deployment: Arc<str>,
    /// Files that took part.
    pub(crate) files: Vec<FileId>,
    /// Number of resources.
    pub(crate) resources: usize,
    /// Number of security rules.
    pub(crate) security_rules: usize,
    /// What is wrong.
    pub(crate) judgements: Vec<Judgement>,
    /// Not judged, by reason.
    pub(crate) not_judged: Vec<(String, usize)>,
    /// Undetermined and only counted, by rule.
    pub(crate) undetermined_counted: Vec<(Arc<str>, usize)>,
    /// The service tags that were looked up in a list.
    pub(crate) consulted: ConsultedTags,
    /// What could not be evaluated.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How long each rule took.
    pub(crate) timings: Vec<(Arc<str>, Duration)>,
}

/// Begins to read the platform facts while the caller looks for files: on a small run that is
/// where most of the time goes.
pub(crate) fn warm_up() {
    rayon::spawn(|| {
        // What is wrong with them is told where they are used.
        let _ = platform::facts();
    });
}

impl Judge {
    /// The built-in rules.
    pub(crate) fn builtin() -> Result<Self, UsageError> {
        let (facts, pack) = rayon::join(platform::facts, Pack::builtin);
        let facts = facts.map_err(UsageError::new)?;
        let pack = pack.map_err(|diagnostics| {
            let first = diagnostics.first().map(|first| first.message.as_str());
            UsageError::new(format!(
                "the built-in rules do not load: {}",
                first.unwrap_or("unknown")
            ))
        })?;
        Ok(Self { facts, pack })
    }

    /// The built-in rules, or those in their place, and the given packs; one with a
    /// mistake gives no rule.
    pub(crate) fn load(
        instead: Option<Pack>,
        packs: &[PackFiles],
    ) -> Result<(Self, Vec<Diagnostic>), UsageError> {
        let mut judge = match instead {
            Some(pack) => Self {
                facts: platform::facts().map_err(UsageError::new)?,
                pack,
            },
            None => Self::builtin()?,
        };
        let mut diagnostics = Vec::new();
        for files in packs {
            let (pack, wrong) = Pack::of(files);
            let pack = match wrong.is_empty() && !files.incomplete {
                true => pack,
                false => {
                    diagnostics.extend(judge.wrong_settings(&pack, files));
                    pack.without_rules()
                }
            };
            diagnostics.extend(wrong);
            diagnostics.extend(judge.pack.join(pack));
        }
        if !judge.pack.members().is_empty() {
            diagnostics.extend(chosen::of_packs(&judge.pack, &judge.vocabulary()).1);
        }
        Ok((judge, diagnostics))
    }

    /// What is wrong with how a pack sets rules that will not be used.
    fn wrong_settings(&self, pack: &Pack, files: &PackFiles) -> Vec<Diagnostic> {
        let mut all = Self {
            facts: self.facts,
            pack: self.pack.clone(),
        };
        let _ = all.pack.join(pack.clone());
        let (_, mut told) = chosen::of_packs(&all.pack, &all.vocabulary());
        told.retain(|told| {
            let manifest = files.manifest.as_ref().map(|(id, _)| *id);
            told.primary.as_ref().map(|label| label.span.file) == manifest
        });
        told
    }

    /// The words a configuration may use with these rules and facts.
    pub(crate) fn vocabulary(&self) -> Vocabulary {
        let facts = self.facts;
        let mut offers: Vec<Arc<str>> = facts
            .smtp_editions
            .iter()
            .flat_map(|edition| edition.verdicts.keys().cloned())
            .chain(facts.quotas.iter().flat_map(|row| row.offers.clone()))
            .collect();
        offers.sort();
        offers.dedup();
        Vocabulary {
            offers,
            quotas: facts
                .quotas
                .iter()
                .map(|row| (row.quota.to_ascii_lowercase(), row.offers.clone()))
                .collect(),
            editions: facts
                .smtp_editions
                .iter()
                .map(|edition| Arc::clone(&edition.id))
                .collect(),
            rules: self.words(),
            unloaded: self.pack.unloaded().clone(),
            packs: self
                .pack
                .members()
                .iter()
                .map(|member| PackWords {
                    name: Arc::clone(&member.manifest.name.value),
                    path: Arc::clone(&member.path),
                    parameters: member.manifest.parameter_kinds().collect(),
                })
                .collect(),
        }
    }

    fn words(&self) -> BTreeMap<Arc<str>, RuleWords> {
        let mut words = BTreeMap::new();
        for rule in self.pack.rules() {
            let entry = RuleWords {
                id: Arc::clone(rule.id()),
                parameters: rule.parameter_kinds().collect(),
                traits: Traits {
                    category: Arc::clone(&rule.spec().category.value),
                    severity: rule.severity(),
                    compliance: rule
                        .spec()
                        .compliance
                        .iter()
                        .map(|control| Arc::clone(&control.value))
                        .collect(),
                    on: rule.is_on_by_default(),
                    pack: Arc::clone(rule.pack()),
                },
            };
            for old in &rule.spec().formerly {
                words.insert(Arc::clone(&old.value), entry.clone());
            }
            words.insert(Arc::clone(rule.id()), entry);
        }
        words
    }

    /// What the rules are about, sorted by id.
    pub(crate) fn metadata(&self) -> Vec<RuleMetadata> {
        let rules = self.pack.rules().iter();
        rules.map(|rule| RuleMetadata::of(rule)).collect()
    }

    /// A rule and its examples, by its id or an earlier one.
    pub(crate) fn rule(&self, id: &str) -> Option<(RuleMetadata, Vec<ExampleMetadata>)> {
        let rule = self.pack.rule(id)?;
        Some((RuleMetadata::of(rule), metadata::examples(rule)))
    }

    /// Evaluates and judges every deployment; the result is in the order of the units. Also tells
    /// which rules were off.
    pub(crate) fn all(
        &self,
        docket: &Docket<'_>,
        vocabulary: &Vocabulary,
    ) -> (BTreeSet<Arc<str>>, Vec<Outcome>) {
        let run = self.run(docket, vocabulary);
        let outcomes = self.each(&run, |mut evaluated| {
            let judged = run.chosen.judge(
                &self.pack,
                (&evaluated.deployment, &evaluated.network),
                self.facts,
                &evaluated.settings,
                docket.files,
            );
            let mut judgements = judged.judgements;
            compiled::tell(&mut judgements, &evaluated.deployment, docket.files);
            Outcome {
                deployment: Arc::clone(&evaluated.deployment.name),
                judgements,
                not_judged: judged.not_judged,
                undetermined_counted: judged.undetermined_counted,
                consulted: judged.consulted,
                timings: judged.timings,
                resources: evaluated.deployment.resources.len(),
                security_rules: evaluated.own_security_rules(),
                diagnostics: evaluated.diagnostics(),
                files: evaluated.deployment.files,
            }
        });
        let outcomes = outcomes.into_iter().map(|outcome| {
            outcome.unwrap_or_else(|broken| Outcome {
                files: broken.files,
                diagnostics: vec![*broken.diagnostic],
                ..Outcome::default()
            })
        });
        let outcomes = outcomes.collect();
        (run.chosen.off(), outcomes)
    }

    /// Evaluates every deployment that was asked about, in the order of the units.
    pub(crate) fn evaluated(
        &self,
        docket: &Docket<'_>,
        vocabulary: &Vocabulary,
    ) -> Vec<Result<Evaluated, Broken>> {
        self.with_each(docket, vocabulary, |evaluated| evaluated)
    }

    /// Evaluates every deployment that was asked about and puts it to work; the results are in the
    /// order of the units.
    pub(crate) fn with_each<T: Send>(
        &self,
        docket: &Docket<'_>,
        vocabulary: &Vocabulary,
        work: impl Fn(Evaluated) -> T + Sync,
    ) -> Vec<Result<T, Broken>> {
        self.each(&self.run(docket, vocabulary), work)
    }

    /// What is known of the platform.
    pub(crate) fn facts(&self) -> &'static PlatformFacts {
        self.facts
    }

    fn run<'d>(&self, docket: &'d Docket<'d>, vocabulary: &'d Vocabulary) -> Run<'d> {
        let chosen = Chosen::new(&self.pack, docket, vocabulary);
        Run {
            docket,
            vocabulary,
            base: base_settings(docket, &chosen),
            chosen,
            subscriptions: self.subscriptions(docket),
        }
    }

    /// Evaluates the deployments that were asked about and puts them to work, largest first. What
    /// another deployment calls is none of its own.
    fn each<T: Send>(
        &self,
        run: &Run<'_>,
        work: impl Fn(Evaluated) -> T + Sync,
    ) -> Vec<Result<T, Broken>> {
        let estates = run.docket.estates.par_iter().with_max_len(1);
        let of_estates = estates.flat_map_iter(|estate| self.of_estate(run, estate));
        let of_estates: Vec<(usize, Result<Evaluated, Broken>)> = of_estates.collect();
        let mut done: Vec<(usize, Vec<FileId>, Result<T, Broken>)> = of_estates
            .into_par_iter()
            .with_max_len(1)
            .filter_map(|(index, one)| {
                let (_, unit) = run.docket.units.get(index)?;
                let done = one.and_then(|evaluated| {
                    let files = evaluated.deployment.files.clone();
                    Ok((files, guarded(unit, || work(evaluated))?))
                });
                Some(match done {
                    Ok((files, done)) => (index, files, Ok(done)),
                    Err(broken) => (index, Vec::new(), Err(broken)),
                })
            })
            .collect();
        let members = run.docket.estates.iter().flat_map(|estate| &estate.members);
        let members: BTreeSet<usize> = members.copied().collect();
        let alone: Vec<_> = largest_first(run.docket)
            .into_par_iter()
            .with_max_len(1)
            .filter(|index| !members.contains(index))
            .filter_map(|index| {
                let (frontend, unit) = run.docket.units.get(index)?;
                let done = guarded(unit, || {
                    let evaluated = self.one(run, *frontend, unit)?;
                    let files = evaluated.deployment.files.clone();
                    Some((files, work(evaluated)))
                });
                let done = done.transpose()?;
                Some(match done {
                    Ok((files, done)) => (index, files, Ok(done)),
                    Err(broken) => (index, Vec::new(), Err(broken)),
                })
            })
            .collect();
        done.extend(alone);
        done.sort_by_key(|(index, ..)| *index);
        let steps = done.iter().map(|(index, files, _)| (*index, &**files));
        let called = called::by_others(run.docket.units, &steps.collect::<Vec<_>>());
        done.retain(|(index, ..)| !called.contains(index));
        done.into_iter().map(|(_, _, done)| done).collect()
    }

    /// The subscriptions described anywhere below the root. Deployments none of whose files can
    /// describe one are not evaluated for it.
    fn subscriptions(&self, docket: &Docket<'_>) -> Vec<Described> {
        let telling: Vec<FileId> = docket
            .parsed
            .par_iter()
            .filter(|parsed| parsed.frontend.is_some())
            .filter(|parsed| {
                docket
                    .files
                    .source(parsed.id)
                    .is_some_and(|source| may_describe_subscription(source.text()))
            })
            .map(|parsed| parsed.id)
            .collect();
        if telling.is_empty() {
            return Vec::new();
        }
        let language = |id: &FileId| {
            let at = docket.parsed.binary_search_by_key(id, |parsed| parsed.id);
            at.ok().and_then(|at| docket.parsed.get(at)?.frontend)
        };
        let owned: BTreeSet<FileId> = docket
            .units
            .iter()
            .flat_map(|(_, unit)| unit.sources.iter().chain(&unit.values).copied())
            .collect();
        // A file that no unit lists is a module: any root of its language may call it.
        let called: Vec<usize> = telling
            .iter()
            .filter(|id| !owned.contains(id))
            .filter_map(language)
            .collect();
        docket
            .units
            .par_iter()
            .filter(|(frontend, unit)| {
                called.contains(frontend)
                    || unit
                        .sources
                        .iter()
                        .chain(&unit.values)
                        .any(|id| telling.binary_search(id).is_ok())
            })
            .flat_map_iter(|(frontend, unit)| {
                let look = || {
                    let deployment = FRONTENDS.get(*frontend)?.evaluate(unit, docket.files);
                    let network = Network::build(&deployment);
                    Some(offer::described(
                        &network,
                        &deployment,
                        self.facts,
                        docket.files,
                    ))
                };
                // A panic here comes again, and is reported, when the deployment is judged.
                catch_unwind(AssertUnwindSafe(look))
                    .ok()
                    .flatten()
                    .unwrap_or_default()
            })
            .collect()
    }

    /// The deployments of an estate; none if nobody asked about any of them.
    fn of_estate(&self, run: &Run<'_>, estate: &Estate) -> Vec<(usize, Result<Evaluated, Broken>)> {
        let docket = run.docket;
        let is_wanted = |deployment: &Deployment| {
            let sources = compiled::sources(deployment, docket.files, docket.selected);
            let mut all = deployment.files.iter().chain(&sources);
            all.any(|id| is_selected(docket, *id))
        };
        let Some(mut joined) = join::join(estate, docket, self.facts, is_wanted) else {
            return Vec::new();
        };
        let members = joined.members.into_iter().filter_map(|(index, one)| {
            let (_, unit) = docket.units.get(index)?;
            let one = one.and_then(|(mut deployment, network)| {
                complete_files(docket, &mut deployment);
                let diagnostics = std::mem::take(&mut joined.diagnostics);
                let evaluated = guarded(unit, || self.set(run, unit, deployment, network))?;
                Ok(Evaluated {
                    estate: Some(Arc::clone(&estate.name)),
                    diagnostics,
                    ..evaluated
                })
            });
            Some((index, one))
        });
        members.collect()
    }

    /// `None` for a deployment nobody asked about.
    fn one(&self, run: &Run<'_>, frontend: usize, unit: &Unit) -> Option<Evaluated> {
        let docket = run.docket;
        let mut deployment = FRONTENDS.get(frontend)?.evaluate(unit, docket.files);
        complete_files(docket, &mut deployment);
        let mut files = deployment.files.iter();
        if !files.any(|id| is_selected(docket, *id)) {
            return None;
        }
        let mut network = Network::build(&deployment);
        network.find_mail_targets(self.facts);
        network.place_mail_targets(&mut deployment.origins, &|span| docket.files.slice(span));
        let diagnostics = std::mem::take(&mut network.diagnostics);
        Some(Evaluated {
            diagnostics,
            ..self.set(run, unit, deployment, Arc::new(network))
        })
    }

    /// A deployment with what it is judged with.
    fn set(
        &self,
        run: &Run<'_>,
        unit: &Unit,
        mut deployment: Deployment,
        network: Arc<Network>,
    ) -> Evaluated {
        let docket = run.docket;
        let own = offer::described(&network, &deployment, self.facts, docket.files);
        let settings = settings(run, unit, &own);
        deployment
            .diagnostics
            .extend(unused_list(docket, settings.cloud));
        Evaluated {
            deployment,
            network,
            settings,
            estate: None,
            diagnostics: Vec::new(),
        }
    }
}

/// That the list of service tags is for another cloud than a deployment's.
fn unused_list(docket: &Docket<'_>, cloud: Cloud) -> Option<Diagnostic> {
    let list = docket.service_tags?;
    let of_list = list.tags.cloud();
    (of_list != cloud).then(|| {
        let message = format!(
            "this list of service tags is for the cloud {}, not for {} where it is asked: tags \
             stay opaque there",
            of_list.word(),
            cloud.word()
        );
        Diagnostic::advice("service-tags-cloud", list.cloud, message)
            .with_help("name the cloud in `cloud` of aznet.yaml, or give the list of that cloud")
    })
}

/// What all deployments of a run share.
struct Run<'a> {
    docket: &'a Docket<'a>,
    vocabulary: &'a Vocabulary,
    base: Settings,
    chosen: Chosen<'a>,
    subscriptions: Vec<Described>,
}

/// What one deployment is judged with. The command line wins over the files, the nearest file over
/// those above it.
fn settings(run: &Run<'_>, unit: &Unit, own: &[Described]) -> Settings {
    let docket = run.docket;
    let configs = docket.configs;
    let directory = &*unit.directory;
    let declared = nearest(configs, directory, |config| {
        subscription_of(config, unit, docket.files).map(|entry| (config, entry))
    });
    let entry = declared.map(|(_, entry)| entry);
    let flag = docket.options.offer.as_deref();
    let offer = if let Some(Ok(candidates)) = flag.map(|flag| run.vocabulary.offer(flag)) {
        Offer {
            candidates,
            from: "`--offer`".into(),
            place: None,
        }
    } else if let Some((candidates, place)) = entry.and_then(|entry| entry.offer.clone()) {
        let path = docket
            .files
            .get(place.file)
            .map_or("aznet.yaml", |slot| &slot.path);
        Offer {
            candidates,
            from: format!("`{path}`").into(),
            place: Some(place),
        }
    } else {
        offer::resolve(own, &run.subscriptions)
    };
    let cloud = nearest(configs, directory, |config| config.cloud).unwrap_or_default();
    let tags = docket.service_tags.cloned();
    Settings {
        offer,
        service_tags: tags.filter(|list| list.tags.cloud() == cloud),
        created: entry.and_then(|entry| entry.created),
        port25: entry.and_then(|entry| entry.port25),
        smtp_edition: nearest(configs, directory, |config| config.smtp_policy.clone())
            .unwrap_or_else(|| "current".into()),
        cloud,
        activation: nearest(configs, directory, |config| config.activation).unwrap_or_default(),
        ..run.base.clone()
    }
}

/// The settings that are the same for every deployment.
fn base_settings(docket: &Docket<'_>, chosen: &Chosen<'_>) -> Settings {
    let mut settings = Settings {
        foreign: docket
            .files
            .iter()
            .filter(|(_, slot)| slot.path.split('/').any(|part| part == ".terraform"))
            .map(|(id, _)| id)
            .collect(),
        clock: docket.options.clock,
        ..Settings::default()
    };
    chosen.set(&mut settings);
    settings
}

/// What one `aznet.yaml` says about a deployment's subscription.
fn subscription_of<'c>(
    config: &'c Config,
    unit: &Unit,
    files: &Files,
) -> Option<&'c SubscriptionEntry> {
    let matches = |path: &str| {
        let inner = path
            .strip_prefix(&*config.directory)
            .unwrap_or(path)
            .trim_start_matches('/');
        config
            .subscriptions
            .iter()
            .find(|(paths, _)| paths.is_match(inner))
            .map(|(_, entry)| entry)
    };
    matches(&unit.directory)
        .or_else(|| {
            unit.sources
                .iter()
                .filter_map(|id| files.get(*id))
                .find_map(|slot| matches(&slot.path))
        })
        .or(config.subscription.as_ref())
}

/// Adds the sources of compiled templates that are asked about.
fn complete_files(docket: &Docket<'_>, deployment: &mut Deployment) {
    let sources = compiled::sources(deployment, docket.files, docket.selected);
    deployment.files.extend(sources);
    deployment.files.sort_unstable();
}

/// Whether a file that takes part in a deployment is asked about.
fn is_selected(docket: &Docket<'_>, id: FileId) -> bool {
    // Who gives values to all does not ask about all because of where they lie.
    let is_given = docket.given.contains(&id);
    docket.files.get(id).is_some_and(|slot| {
        docket.selected.iter().any(|selected| match is_given {
            true => slot.path == *selected,
            false => is_below(&slot.path, selected),
        })
    })
}

fn largest_first(docket: &Docket<'_>) -> Vec<usize> {
    let size = |index: &usize| -> usize {
        docket.units.get(*index).map_or(0, |(_, unit)| {
            let ids = unit.sources.iter().chain(&unit.values);
            ids.map(|id| docket.files.size(*id)).sum()
        })
    };
    let mut order: Vec<usize> = (0..docket.units.len()).collect();
    order.sort_by_cached_key(|index| (std::cmp::Reverse(size(index)), *index));
    order
}

/// A panic of one deployment is a diagnostic of its first file.
pub(super) fn guarded<T>(unit: &Unit, work: impl FnOnce() -> T) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let file = unit.sources.first().copied().unwrap_or(FileId(0));
        let doing = format!("judging `{}`", unit.name);
        Broken {
            files: unit.sources.clone(),
            diagnostic: Box::new(internal_error(file, &doing, panic.as_ref())),
        }
    })
}
