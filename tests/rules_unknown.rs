//! What a rule is sure of does not depend on values it cannot see. In the examples of every built-in
//! rule one literal after another becomes an input that nobody gives: what is certain then must be so
//! whatever the input is given, and given the literal again, the input makes no difference.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails where something is amiss"
)]

#[path = "rules_unknown/holes.rs"]
mod holes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use aznet::engine::catalogue::{Catalogue, catalogue};
use aznet::engine::{self, Options, Report, RuleMetadata};
use aznet::policy::finding::FindingVerdict::{self, Violated};
use aznet::report::{Format, Style};
use holes::{Files, Hole, holes};

/// How many literals of one example are tried; others are tried in other examples.
const HOLES: usize = 3;

/// Rules that say in so many words that they speak of what is written down in the files.
const OF_WHAT_IS_WRITTEN: &[&str] = &["interface-forwards-for-nobody"];

/// What is certain although a value would take it back: rule and value, and why that is left so. A
/// line that no longer applies has to go.
const OPEN: &[(&str, &str, &str)] = &[
    (
        "public-frontend-closed",
        "\"203.0.113.0/24\"",
        "prefixes that are not known are taken to be private: one that is public would be let in as a part of the network",
    ),
    (
        "mail-server-denied",
        "\"203.0.113.0/24\"",
        "prefixes that are not known are taken to be private: mail servers on public ones would be a part of the network",
    ),
    (
        "public-address-never-matches",
        "\"20.10.0.0/16\"",
        "prefixes that are not known are taken to be private",
    ),
];

/// The rules of which each rule leaves word to others.
type Yields = BTreeMap<Arc<str>, Vec<Arc<str>>>;

/// The verdicts of one deployment by rule and resource.
type Verdicts = BTreeMap<(Arc<str>, String), FindingVerdict>;

fn check(files: Vec<(String, String)>) -> Report {
    let options = Options {
        enable: vec!["*".to_owned()],
        ..Options::default()
    };
    engine::check_files(files, &options).unwrap()
}

/// Checks several deployments, each in a directory of its own, at once.
fn verdicts(deployments: &[Files]) -> Vec<Verdicts> {
    let mut all = vec![Verdicts::new(); deployments.len()];
    let files = deployments.iter().enumerate().flat_map(|(index, files)| {
        let files = files.iter();
        files.map(move |(path, text)| (format!("v{index}/{path}"), text.clone()))
    });
    let report = check(files.collect());
    for finding in &report.findings {
        for instance in &finding.instances {
            let (directory, _) = instance
                .deployment
                .split_once(['/', ' '])
                .unwrap_or((&instance.deployment, ""));
            let index = directory.strip_prefix('v').and_then(|it| it.parse().ok());
            let Some(own) = index.and_then(|index: usize| all.get_mut(index)) else {
                panic!("whose is `{}`?", instance.deployment);
            };
            let key = (Arc::clone(&finding.rule), instance.resource.to_string());
            let verdict = own.entry(key).or_insert(instance.verdict);
            if instance.verdict == Violated {
                *verdict = Violated;
            }
        }
    }
    all
}

/// The rules that found something, and whether one is certain.
fn by_rule(verdicts: &Verdicts) -> BTreeMap<Arc<str>, FindingVerdict> {
    let mut rules = BTreeMap::new();
    for ((rule, _), verdict) in verdicts {
        let known = rules.entry(Arc::clone(rule)).or_insert(*verdict);
        if *verdict == Violated {
            *known = Violated;
        }
    }
    rules
}

/// An example in which a value is not given, and in which it is given again, or another.
struct Trial {
    example: Files,
    hole: Hole,
    title: String,
}

impl Trial {
    fn variants(&self) -> Vec<Files> {
        let values = [&self.hole.value].into_iter().chain(&self.hole.others);
        let mut all = vec![self.example.clone(), self.hole.open.clone()];
        all.extend(values.map(|value| self.hole.filled(value)));
        all
    }

    /// What is wrong with the verdicts on the variants.
    fn mistakes(
        &self,
        verdicts: &[Verdicts],
        yields: &Yields,
        open_lines: &mut BTreeSet<usize>,
    ) -> String {
        let hole = &self.hole;
        let mut told = String::new();
        let [before, open, back, worlds @ ..] = verdicts else {
            panic!("there are three variants at least");
        };
        // A resource whose name is the value is called something else without it.
        let text = hole.value.trim_matches('"');
        let mut all = before.keys().chain(open.keys());
        let named = all.any(|(_, resource)| resource.contains(text) || resource.contains("hole"));
        let (name, value) = (&hole.name, &hole.value);
        if back != before && !named || by_rule(back) != by_rule(before) {
            let _ = writeln!(
                told,
                "{name} = {value}: given, it is not as written:\n  {before:?}\n  {back:?}"
            );
        }
        let worlds = hole.others.iter().zip(worlds);
        for (value, world) in [(value, before)].into_iter().chain(worlds) {
            let rules = by_rule(world);
            let certain = open.iter().filter(|(key, verdict)| {
                **verdict == Violated && !OF_WHAT_IS_WRITTEN.contains(&&*key.0)
            });
            for (key, _) in certain {
                let found = match named {
                    true => rules.get(&key.0),
                    false => world.get(key),
                };
                // Another rule may tell the same instead.
                let mut instead = yields.get(&key.0).into_iter().flatten();
                let told_instead = instead.any(|other| rules.get(other) == Some(&Violated));
                if found != Some(&Violated) && !told_instead {
                    let (rule, resource) = key;
                    let mut lines = OPEN.iter();
                    if let Some(line) = lines.position(|it| it.0 == &**rule && it.1 == value) {
                        open_lines.insert(line);
                        continue;
                    }
                    let _ = writeln!(
                        told,
                        "{name}: `{rule}` is certain of `{resource}`, but {found:?} with {value}"
                    );
                }
            }
        }
        told
    }
}

/// Some literals of each example of a rule.
fn trials(catalogue: &Catalogue, rule: &str) -> Vec<Trial> {
    let (_, examples) = catalogue.rule(rule).unwrap();
    let mut trials = Vec::new();
    for (number, example) in examples.iter().enumerate() {
        let files = example.files.iter();
        let files: Files = files
            .map(|(path, text)| (path.to_string(), text.to_string()))
            .collect();
        let all = holes(&files);
        let step = all.len().div_ceil(HOLES).max(1);
        let some = all.into_iter().skip(number % step).step_by(step);
        trials.extend(some.map(|hole| Trial {
            example: files.clone(),
            title: format!("{rule}, {}, {}", example.name, hole.name),
            hole,
        }));
    }
    trials
}

/// What is wrong with some rules, and the lines of what is open that were met.
fn wrong_with(
    catalogue: &Catalogue,
    rules: &[RuleMetadata],
    yields: &Yields,
) -> (String, BTreeSet<usize>) {
    let (mut told, mut met) = (String::new(), BTreeSet::new());
    for rule in rules {
        let trials = trials(catalogue, &rule.id);
        let variants: Vec<Vec<Files>> = trials.iter().map(Trial::variants).collect();
        let verdicts_of_all = verdicts(&variants.concat());
        let mut rest = &*verdicts_of_all;
        for (trial, variants) in trials.iter().zip(&variants) {
            let (own, after) = rest.split_at(variants.len());
            rest = after;
            // Alone it is what counts: deployments of one run may describe each other's subscription.
            if !trial.mistakes(own, yields, &mut met).is_empty() {
                let wrong = trial.mistakes(&verdicts(variants), yields, &mut met);
                if !wrong.is_empty() {
                    let _ = writeln!(told, "== {}\n{wrong}", trial.title);
                }
            }
        }
    }
    (told, met)
}

#[test]
fn no_rule_is_certain_of_what_a_value_decides() {
    let catalogue = catalogue(&[]).unwrap();
    let rules = catalogue.rules();
    let yields: Yields = rules
        .iter()
        .map(|rule| (Arc::clone(&rule.id), rule.yields_to.clone()))
        .collect();
    let (some, others) = rules.split_at(rules.len() / 2);
    let both = std::thread::scope(|scope| {
        let half = scope.spawn(|| wrong_with(&catalogue, some, &yields));
        let other = wrong_with(&catalogue, others, &yields);
        [half.join().unwrap(), other]
    });
    let told: String = both.iter().map(|(told, _)| &**told).collect();
    assert!(told.is_empty(), "{told}");
    let met = |line: &usize| both.iter().any(|(_, met)| met.contains(line));
    let stale: Vec<_> = (0..OPEN.len()).filter(|line| !met(line)).collect();
    assert!(stale.is_empty(), "no longer open: {stale:?}");
}

/// What stands where nobody expects it.
const STRANGE: &[&str] = &[
    "null",
    "-1",
    "[]",
    "{}",
    "\"\"",
    "[[\"x\"], 7]",
    "\"\\u001b[31m\\n*,\"",
    "99999999999999999999",
];

#[test]
fn no_value_of_another_type_breaks_a_run() {
    let catalogue = catalogue(&[]).unwrap();
    for (nth, rule) in catalogue.rules().iter().enumerate() {
        let trials = trials(&catalogue, &rule.id);
        let mut files = Vec::new();
        for (number, trial) in trials.iter().enumerate() {
            let all = STRANGE.iter().cycle().skip(nth + number);
            for (place, strange) in all.take(2).enumerate() {
                let own = trial.hole.open.iter().map(|(path, text)| {
                    let text = text.replace("\"[parameters('hole')]\"", strange);
                    let text = text.replace("var.hole", strange);
                    (format!("v{number}-{place}/{path}"), text)
                });
                files.extend(own);
            }
        }
        let report = check(files);
        let broken = report.diagnostics.iter();
        let broken = broken.filter(|told| told.code == "internal-error");
        let messages: Vec<&str> = broken.map(|told| &*told.message).collect();
        assert!(messages.is_empty(), "{}: {messages:#?}", rule.id);
        for format in [Format::Human, Format::Json, Format::Sarif] {
            let mut out = Vec::new();
            format
                .emitter()
                .emit(&report, Style::default(), &mut out)
                .unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains('\u{1b}'), "{}: {format:?}", rule.id);
        }
    }
}
