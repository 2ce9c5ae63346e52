//! What an `aznet.yaml` says of rules: which are chosen, how they are set, where packs lie.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::read::{Reader, severity};
use super::{Config, RuleEntry, Vocabulary, glob_set, pack_path};
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Data, Value};
use crate::origin::OriginId;
use crate::syntax::Number;
use crate::syntax::yaml::{Yaml, YamlKind};

/// How rules are set, read by itself.
pub(super) fn by_themselves(
    node: &Yaml,
    vocabulary: &Vocabulary,
) -> (BTreeMap<Arc<str>, RuleEntry>, Vec<Diagnostic>) {
    let mut reader = Reader {
        vocabulary,
        diagnostics: Vec::new(),
    };
    let rules = reader.rules(node);
    (rules, reader.diagnostics)
}

impl Reader<'_> {
    /// How rules are set, by selector; what comes later wins.
    pub(super) fn rules(&mut self, node: &Yaml) -> BTreeMap<Arc<str>, RuleEntry> {
        let vocabulary = self.vocabulary;
        let mut settings: BTreeMap<Arc<str>, RuleEntry> = BTreeMap::new();
        let YamlKind::Map(rules) = &node.kind else {
            self.expected(node, "rules", "a mapping of rule ids");
            return settings;
        };
        for rule in rules {
            let ids = match vocabulary.selected(&rule.key) {
                Ok(ids) => ids,
                Err((message, help)) => {
                    self.error(rule.key_span, message, help);
                    continue;
                }
            };
            let mut entry = RuleEntry::default();
            let keys = ["severity", "parameters", "off"];
            for (key, at, value) in self.entries(&rule.value, &rule.key, &keys) {
                match key {
                    "severity" => {
                        entry.severity = self
                            .word(value, key, &["error", "warning", "note"])
                            .and_then(severity);
                    }
                    "off" => match value.kind {
                        YamlKind::Bool(off) => entry.off = Some(off),
                        _ => self.expected(value, key, "`true` or `false`"),
                    },
                    _ => match vocabulary.rules.get(&rule.key) {
                        Some(words) => {
                            let given = self.parameters(&words.id, &words.parameters, value);
                            entry.parameters.extend(given);
                        }
                        None if vocabulary.unloaded.contains(&rule.key) => {}
                        None => {
                            let message = "parameters are set for one rule at a time".to_owned();
                            self.error(at, message, None);
                        }
                    },
                }
            }
            for id in ids {
                settings.entry(id).or_default().merge(&entry);
            }
        }
        settings
    }

    pub(super) fn overrides(
        &mut self,
        node: &Yaml,
    ) -> Vec<(globset::GlobSet, BTreeMap<Arc<str>, RuleEntry>)> {
        let YamlKind::List(items) = &node.kind else {
            self.expected(node, "overrides", "a list");
            return Vec::new();
        };
        let mut overrides = Vec::new();
        for item in items {
            let (mut paths, mut rules) = (None, None);
            for (key, _, value) in self.entries(item, "an override", &["paths", "rules"]) {
                match key {
                    "paths" => paths = Some(glob_set(self.globs(value, key))),
                    _ => rules = Some(self.rules(value)),
                }
            }
            match (paths, rules) {
                (Some(paths), Some(rules)) => overrides.push((paths, rules)),
                _ if item.entries().is_some() => {
                    let help = "`paths` lists where, `rules` says how rules are set there";
                    let message = "an override has `paths` and `rules`".to_owned();
                    self.error(item.span, message, Some(help.to_owned()));
                }
                _ => {}
            }
        }
        overrides
    }

    /// Where packs lie, and what their parameters are given.
    pub(super) fn packs(&mut self, config: &mut Config, node: &Yaml) {
        let vocabulary = self.vocabulary;
        let YamlKind::List(items) = &node.kind else {
            self.expected(node, "packs", "a list");
            return;
        };
        for item in items {
            let keys = match item.kind {
                YamlKind::Map(_) => self.entries(item, "a pack", &["path", "parameters"]),
                _ => Vec::new(),
            };
            let Some((path, at)) = pack_path(item) else {
                self.expected(item, "packs", "a path, or a mapping with `path`");
                continue;
            };
            let mut words = vocabulary.packs.iter();
            let words = words.find(|words| *words.path == *path);
            // A pack with mistakes has no words: they have been told.
            if let Some(words) = words
                && let Some((.., given)) = keys.iter().find(|(key, ..)| *key == "parameters")
            {
                let given = self.parameters(&words.name, &words.parameters, given);
                config
                    .pack_parameters
                    .push((Arc::clone(&words.name), given));
            }
            config.packs.push((path, at));
        }
    }

    /// The parameters of a rule or pack, each of the kind its default is of.
    fn parameters(
        &mut self,
        of: &str,
        parameters: &[(Arc<str>, &'static str)],
        node: &Yaml,
    ) -> BTreeMap<Arc<str>, Value> {
        let names: Vec<&str> = parameters.iter().map(|(name, _)| &**name).collect();
        let mut given = BTreeMap::new();
        for (name, _, value) in self.entries(node, of, &names) {
            let mut known = parameters.iter();
            let wanted = known.find(|(known, _)| **known == *name);
            let wanted = wanted.map_or("", |(_, kind)| kind);
            let whole = |number: &Number| number.as_i64().is_some_and(|number| number >= 0);
            if value.describe() != wanted {
                self.expected(value, name, wanted);
            } else if matches!(&value.kind, YamlKind::Number(number, _) if !whole(number)) {
                self.error(
                    value.span,
                    format!("`{name}` must be a whole number, not negative"),
                    None,
                );
            } else {
                given.insert(name.into(), value_of(value));
            }
        }
        given
    }

    /// The rules that selectors name.
    pub(super) fn rule_ids(&mut self, node: &Yaml, key: &str) -> BTreeSet<Arc<str>> {
        let vocabulary = self.vocabulary;
        let mut ids = BTreeSet::new();
        for (text, span) in self.texts(node, key) {
            match vocabulary.selected(&text) {
                Ok(found) => ids.extend(found),
                Err((message, help)) => self.error(span, message, help),
            }
        }
        ids
    }
}

fn value_of(node: &Yaml) -> Value {
    let origin = OriginId::NONE;
    match &node.kind {
        YamlKind::Null => Value::null(origin),
        YamlKind::Bool(value) => Value::bool(*value, origin),
        YamlKind::Number(value, _) => Value::new(Data::Number(value.clone()), origin),
        YamlKind::String(value) => Value::string(Arc::clone(value), origin),
        YamlKind::List(items) => Value::list(items.iter().map(value_of).collect(), origin),
        YamlKind::Map(entries) => Value::object(
            entries
                .iter()
                .map(|entry| (Arc::clone(&entry.key), value_of(&entry.value))),
            origin,
        ),
    }
}
