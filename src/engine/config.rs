//! `aznet.yaml`: what files cannot tell.
//!
//! Of the files between a deployment's directory and the root the nearest that says something
//! wins. What concerns the whole run (`exclude`, `select`, `enable`, `ignore`,
//! `fail-on`, `rules`, `packs`, `service-tags`) counts in the root's file only. Every wrong word is an error at its place.

mod deployments;
mod estates;
mod read;
mod rules;
mod schema;
mod select;

pub(crate) use schema::schema;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

use super::FailOn;
use super::files::directory_of;
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::frontend::Target;
use crate::eval::value::Value;
use crate::model::platform::Cloud;
use crate::policy::settings::{Activation, Port25};
use crate::semantics::smtp::Date;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::yaml::{self, Yaml, YamlKind};

/// The words a configuration may use.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// Names of offers and the offers by quota id (the part before `_`, several if it is not
    /// unique).
    pub(crate) offers: Vec<Arc<str>>,
    /// Quota ids: the part before `_`.
    pub(crate) quotas: BTreeMap<String, Vec<Arc<str>>>,
    /// Editions of the port 25 documents.
    pub(crate) editions: Vec<Arc<str>>,
    /// Rules by id, old ids included.
    pub(crate) rules: BTreeMap<Arc<str>, RuleWords>,
    /// Rules whose packs have mistakes: they are none, and who names them did not mistype.
    pub(crate) unloaded: BTreeSet<Arc<str>>,
    /// The packs of users.
    pub(crate) packs: Vec<PackWords>,
}

/// The words of one rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleWords {
    /// Its id of today.
    pub(crate) id: Arc<str>,
    /// The names of its parameters, each with what it is, for people: `a number`.
    pub(crate) parameters: Vec<(Arc<str>, &'static str)>,
    /// What selectors may call it by besides.
    pub(crate) traits: Traits,
}

/// The words of one pack.
#[derive(Clone, Debug)]
pub(crate) struct PackWords {
    /// What it is called.
    pub(crate) name: Arc<str>,
    /// Where it lies, as named.
    pub(crate) path: Arc<str>,
    /// The names of the parameters its rules share, each with what it is, for people.
    pub(crate) parameters: Vec<(Arc<str>, &'static str)>,
}

/// What rules have in common, for selecting several at once.
#[derive(Clone, Debug)]
pub(crate) struct Traits {
    /// Its category.
    pub(crate) category: Arc<str>,
    /// The worst it can be.
    pub(crate) severity: Severity,
    /// The controls of standards it serves.
    pub(crate) compliance: Vec<Arc<str>>,
    /// Whether it is judged when nobody asks for it.
    pub(crate) on: bool,
    /// The pack it came with.
    pub(crate) pack: Arc<str>,
}

/// What is declared about a subscription.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubscriptionEntry {
    /// The offers it may be.
    pub(crate) offer: Option<(Vec<Arc<str>>, Span)>,
    /// The day it was created.
    pub(crate) created: Option<Date>,
    /// Whether port 25 is open.
    pub(crate) port25: Option<Port25>,
}

/// Values of parameters, by name.
pub(crate) type Parameters = BTreeMap<Arc<str>, Value>;

/// How a rule is set.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleEntry {
    /// Instead of its own severity.
    pub(crate) severity: Option<Severity>,
    /// Its parameters.
    pub(crate) parameters: Parameters,
    /// Whether it is turned off, or on where it is off by default.
    pub(crate) off: Option<bool>,
}

impl RuleEntry {
    /// Takes over what another says.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.severity = other.severity.or(self.severity);
        self.off = other.off.or(self.off);
        let set = other.parameters.iter();
        let set = set.map(|(name, value)| (Arc::clone(name), value.clone()));
        self.parameters.extend(set);
    }
}

/// A deployment that is described: a template, its parameter files, where it goes.
#[derive(Clone, Debug)]
pub(crate) struct DeploymentEntry {
    /// Which templates, from the root.
    pub(crate) template: GlobSet,
    /// Where that stands.
    pub(crate) template_at: Span,
    /// What the deployment is called.
    pub(crate) name: Option<Arc<str>>,
    /// Parameter files from the root, with their places, the ones that win last; `None` leaves
    /// them to convention.
    pub(crate) parameters: Option<Vec<(String, Span)>>,
    /// Where it goes.
    pub(crate) target: Target,
}

/// Deployments that make one network together.
#[derive(Clone, Debug)]
pub(crate) struct EstateEntry {
    /// What it is called.
    pub(crate) name: Arc<str>,
    /// Where that stands.
    pub(crate) at: Span,
    /// Its deployments.
    pub(crate) members: Vec<MemberEntry>,
}

/// One or several deployments of an estate.
#[derive(Clone, Debug)]
pub(crate) struct MemberEntry {
    /// As written: the name of a deployment, or a path from the directory of the file.
    pub(crate) name: Arc<str>,
    /// Which files or directories, from the root.
    pub(crate) paths: GlobMatcher,
    /// Where it stands.
    pub(crate) at: Span,
    /// What other deployments hand over.
    pub(crate) inputs: Vec<HandedEntry>,
}

/// A parameter or variable that takes an output of another deployment.
#[derive(Clone, Debug)]
pub(crate) struct HandedEntry {
    /// The parameter or variable.
    pub(crate) name: Arc<str>,
    /// Where that stands.
    pub(crate) name_at: Span,
    /// The other deployment, as written.
    pub(crate) of: (Arc<str>, Span),
    /// The output.
    pub(crate) output: (Arc<str>, Span),
}

/// One `aznet.yaml`.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The directory it stands in, from the root.
    pub(crate) directory: Arc<str>,
    /// For all deployments below.
    pub(crate) subscription: Option<SubscriptionEntry>,
    /// By paths below; the first that matches.
    pub(crate) subscriptions: Vec<(GlobSet, SubscriptionEntry)>,
    /// Deployments that are described.
    pub(crate) deployments: Vec<DeploymentEntry>,
    /// Deployments that make one network together.
    pub(crate) estates: Vec<EstateEntry>,
    /// Edition of the port 25 documents.
    pub(crate) smtp_policy: Option<Arc<str>>,
    /// Which Azure.
    pub(crate) cloud: Option<Cloud>,
    /// Who activates Windows.
    pub(crate) activation: Option<Activation>,
    /// Exactly these rules.
    pub(crate) select: Option<BTreeSet<Arc<str>>>,
    /// These rules too.
    pub(crate) enable: BTreeSet<Arc<str>>,
    /// Not these rules.
    pub(crate) ignore: BTreeSet<Arc<str>>,
    /// The threshold.
    pub(crate) fail_on: Option<FailOn>,
    /// Settings by rule.
    pub(crate) rules: BTreeMap<Arc<str>, RuleEntry>,
    /// Settings by rule for findings at paths; the last that says something wins.
    pub(crate) overrides: Vec<(GlobSet, BTreeMap<Arc<str>, RuleEntry>)>,
    /// Directories with rule files, and rule files, from the root, with their places.
    pub(crate) packs: Vec<(String, Span)>,
    /// What the parameters that the rules of a pack share are given, by its name.
    pub(crate) pack_parameters: Vec<(Arc<str>, Parameters)>,
    /// The list of service tags, from the root, with its place.
    pub(crate) service_tags: Option<(String, Span)>,
}

/// Reads one file. What is wrong is a diagnostic; the rest of the file counts.
pub(crate) fn read(
    id: FileId,
    file: &SourceFile,
    vocabulary: &Vocabulary,
) -> (Config, Vec<Diagnostic>) {
    let parsed = yaml::parse(id, file);
    let directory = directory_of(file.path());
    let (config, mut diagnostics) = match &parsed.tree {
        Some(tree) => read::config(tree, directory, vocabulary),
        None => (
            Config {
                directory: directory.into(),
                ..Config::default()
            },
            Vec::new(),
        ),
    };
    diagnostics.extend(parsed.diagnostics);
    (config, diagnostics)
}

/// Reads how rules are set, elsewhere than in an `aznet.yaml`.
pub(crate) fn rules(
    node: &Yaml,
    vocabulary: &Vocabulary,
) -> (BTreeMap<Arc<str>, RuleEntry>, Vec<Diagnostic>) {
    rules::by_themselves(node, vocabulary)
}

/// What must be known of the root's file before anything else is read: `exclude`, `packs` and
/// `service-tags`.
/// Errors are left to [`read`].
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Not to be walked: what is said, and the tests of packs, which are wrong on purpose.
    pub(crate) exclude: GlobSet,
    /// Directories with rule files, and rule files, from the root, with their places.
    pub(crate) packs: Vec<(String, Span)>,
    /// The list of service tags, from the root.
    pub(crate) service_tags: Option<String>,
}

/// Reads the outline of the root's file.
pub(crate) fn outline(id: FileId, file: &SourceFile) -> Outline {
    let mut outline = Outline::default();
    let mut exclude = Vec::new();
    let parsed = yaml::parse(id, file);
    for entry in parsed
        .tree
        .iter()
        .flat_map(|tree| tree.entries().unwrap_or_default())
    {
        let texts = texts(&entry.value);
        match &*entry.key {
            "exclude" => {
                exclude.extend(texts.iter().filter_map(|(text, _)| glob(text)));
            }
            "packs" => {
                for item in entry.value.items().unwrap_or_default() {
                    if let Some((path, span)) = pack_path(item) {
                        let tests = match path.as_str() {
                            "" => TESTS.to_owned(),
                            path => format!("{}/{TESTS}", globset::escape(path)),
                        };
                        exclude.extend(glob(&tests));
                        outline.packs.push((path, span));
                    }
                }
            }
            "service-tags" => {
                if let YamlKind::String(path) = &entry.value.kind {
                    outline.service_tags = Some(path.to_string());
                }
            }
            _ => {}
        }
    }
    outline.exclude = glob_set(exclude);
    outline
}

/// The directory of a pack's tests.
pub(crate) const TESTS: &str = "tests";

/// Where an item of `packs` says that a pack lies: `PATH` or `{path: PATH, …}`.
fn pack_path(item: &Yaml) -> Option<(String, Span)> {
    let node = item.get("path").unwrap_or(item);
    match &node.kind {
        YamlKind::String(path) => {
            let path = path.trim_end_matches('/');
            let path = path.strip_prefix("./").unwrap_or(path);
            let path = if path == "." { "" } else { path };
            Some((path.to_owned(), node.span))
        }
        _ => None,
    }
}

/// The nearest value that some file between `directory` and the root gives. `configs` are sorted
/// by directory.
pub(crate) fn nearest<'a, T>(
    configs: &'a [Config],
    directory: &str,
    pick: impl Fn(&'a Config) -> Option<T>,
) -> Option<T> {
    let mut candidates: Vec<&Config> = configs
        .iter()
        .filter(|config| is_below(directory, &config.directory))
        .collect();
    candidates.sort_by_key(|config| std::cmp::Reverse(config.directory.len()));
    candidates.into_iter().find_map(pick)
}

/// Whether `path` is `directory` or lies in it; everything lies in `""`.
pub(crate) fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| directory.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// The word of `words` that `wrong` was probably meant to be, as a hint.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    closest(wrong, words).map(|word| format!("did you mean `{word}`?"))
}

/// Compiles a glob in which `*` does not cross directories and a directory holds its content.
fn glob(pattern: &str) -> Option<Glob> {
    GlobBuilder::new(pattern.trim_end_matches('/'))
        .literal_separator(true)
        .build()
        .ok()
}

fn glob_set(globs: impl IntoIterator<Item = Glob>) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        if let Some(inner) = self::glob(&format!("{}/**", glob.glob())) {
            builder.add(inner);
        }
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}

fn texts(node: &Yaml) -> Vec<(String, Span)> {
    node.items()
        .unwrap_or_default()
        .iter()
        .filter_map(|item| match &item.kind {
            YamlKind::String(text) => Some((text.to_string(), item.span)),
            _ => None,
        })
        .collect()
}

fn closest<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_ascii_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for word in words {
        let folded = word.to_ascii_lowercase();
        let score = strsim::jaro_winkler(&lower, &folded);
        let prefix = lower.len() >= 4 && (folded.contains(&lower) || lower.contains(&folded));
        let score = if prefix { score.max(0.9) } else { score };
        if score >= 0.8 && best.is_none_or(|(most, _)| score > most) {
            best = Some((score, word));
        }
    }
    best.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_that_says_something_wins() {
        let config = |directory: &str, cloud| Config {
            directory: directory.into(),
            cloud,
            ..Config::default()
        };
        let configs = [
            config("", Some(Cloud::Public)),
            config("a", Some(Cloud::China)),
            config("a/b", None),
        ];
        let cloud = |directory| nearest(&configs, directory, |config| config.cloud);
        assert_eq!(cloud("a/b/c"), Some(Cloud::China));
        assert_eq!(cloud("ab"), Some(Cloud::Public));
    }

    #[test]
    fn a_glob_of_a_directory_holds_what_lies_in_it() {
        let set = glob_set(glob("tests/"));
        assert!(set.is_match("tests/a/b.tf") && set.is_match("tests"));
        assert!(!set.is_match("a/tests/b.tf"));
    }

    #[test]
    fn a_typing_error_finds_its_word_and_nonsense_does_not() {
        let words = ["smtp-egress-blocked", "kms-unreachable"];
        assert_eq!(closest("smtp-egres-blocked", words), Some(words[0]));
        assert_eq!(closest("zzz", words), None);
    }
}
