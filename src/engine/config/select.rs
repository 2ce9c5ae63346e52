//! Selectors: how a configuration or a call names rules.
//!
//! | written | rules |
//! |---|---|
//! | `ssh-from-anywhere` | the one with that id, of today or an earlier one |
//! | `smtp-*` | those whose ids fit |
//! | `category:exposure`, or `exposure` | those of a category |
//! | `severity:error` | those that can be that bad at worst |
//! | `pack:contoso-network` | those of a pack; those of the program are `pack:aznet` |
//! | `compliance:CIS-Azure-2.0.0/6.*` | those that serve a control |

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::Glob;

use super::{RuleWords, Vocabulary, did_you_mean};
use crate::policy::pack::BUILTIN;
use crate::policy::spec::CATEGORIES;

/// What selectors may begin with.
const KINDS: [&str; 4] = ["category", "severity", "pack", "compliance"];

const SEVERITIES: [&str; 3] = ["error", "warning", "note"];

impl Vocabulary {
    /// The rules that a selector names, else what is wrong with it and a hint.
    pub(crate) fn selected(
        &self,
        selector: &str,
    ) -> Result<BTreeSet<Arc<str>>, (String, Option<String>)> {
        if let Some(words) = self.rules.get(selector) {
            return Ok([Arc::clone(&words.id)].into());
        }
        if self.unloaded.contains(selector) {
            return Ok(BTreeSet::new());
        }
        let (kind, value) = match selector.split_once(':') {
            Some((kind, value)) => (Some(kind), value),
            None if CATEGORIES.contains(&selector) => (Some("category"), selector),
            None => (None, selector),
        };
        match kind {
            None if is_pattern(value) => {
                self.fitting(selector, value, |words| vec![Arc::clone(&words.id)])
            }
            None => {
                let (message, help) = self.no_such_rule(value);
                Err((message, did_you_mean(value, CATEGORIES).or(help)))
            }
            Some("category") => {
                known_word("category", value, &CATEGORIES)?;
                // A category may be without rules.
                Ok(self.ids(|words| *words.traits.category == *value))
            }
            Some("severity") => {
                known_word("severity", value, &SEVERITIES)?;
                Ok(self.ids(|words| words.traits.severity.as_str() == value))
            }
            Some("pack") => {
                let mut packs: Vec<&str> = self.packs.iter().map(|pack| &*pack.name).collect();
                packs.push(BUILTIN);
                known_word("pack", value, &packs)?;
                Ok(self.ids(|words| *words.traits.pack == *value))
            }
            Some("compliance") => {
                self.fitting(selector, value, |words| words.traits.compliance.clone())
            }
            Some(kind) => {
                let help = did_you_mean(kind, KINDS).or_else(|| {
                    Some(format!(
                        "rules are selected by id, `{}:`",
                        KINDS.join(":`, `")
                    ))
                });
                Err((format!("rules cannot be selected by `{kind}`"), help))
            }
        }
    }

    fn ids(&self, wanted: impl Fn(&RuleWords) -> bool) -> BTreeSet<Arc<str>> {
        let found = self.rules.values().filter(|words| wanted(words));
        found.map(|words| Arc::clone(&words.id)).collect()
    }

    /// The rules one of whose names fits a pattern; at least one must.
    fn fitting(
        &self,
        selector: &str,
        pattern: &str,
        names: impl Fn(&RuleWords) -> Vec<Arc<str>>,
    ) -> Result<BTreeSet<Arc<str>>, (String, Option<String>)> {
        let glob = Glob::new(pattern).map_err(|error| {
            let message = format!("`{selector}` is not a pattern: {}", error.kind());
            (message, None)
        })?;
        let glob = glob.compile_matcher();
        let found = self.ids(|words| names(words).iter().any(|name| glob.is_match(&**name)));
        let unloaded = self.unloaded.iter().any(|id| glob.is_match(&**id));
        if found.is_empty() && !unloaded {
            let all: BTreeSet<Arc<str>> = self.rules.values().flat_map(names).collect();
            let help = did_you_mean(pattern, all.iter().map(|name| &**name))
                .or_else(|| Some("`aznet rules` lists them".to_owned()));
            return Err((format!("`{selector}` fits no rule"), help));
        }
        Ok(found)
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn known_word(what: &str, word: &str, words: &[&str]) -> Result<(), (String, Option<String>)> {
    if words.contains(&word) {
        return Ok(());
    }
    let help = did_you_mean(word, words.iter().copied())
        .or_else(|| Some(format!("it is one of `{}`", words.join("`, `"))));
    Err((format!("there is no {what} `{word}`"), help))
}
