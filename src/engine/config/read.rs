//! The tree of an `aznet.yaml` to a [`Config`], checking every word.

use std::sync::Arc;

use super::{
    Config, SubscriptionEntry, Vocabulary, deployments, did_you_mean, estates, glob, glob_set,
};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::FailOn;
use crate::model::platform::Cloud;
use crate::policy::settings::{Activation, Port25};
use crate::semantics::smtp::Date;
use crate::source::Span;
use crate::syntax::yaml::{Yaml, YamlKind};

pub(super) const KEYS: [&str; 16] = [
    "subscription",
    "subscriptions",
    "deployments",
    "estates",
    "smtp-policy",
    "cloud",
    "activation",
    "exclude",
    "select",
    "enable",
    "ignore",
    "fail-on",
    "rules",
    "overrides",
    "packs",
    "service-tags",
];

/// Keys that count in the root's file only.
const RUN_WIDE: [&str; 9] = [
    "exclude",
    "select",
    "enable",
    "ignore",
    "fail-on",
    "rules",
    "overrides",
    "packs",
    "service-tags",
];

/// Reads the whole file.
pub(super) fn config(
    node: &Yaml,
    directory: &str,
    vocabulary: &Vocabulary,
) -> (Config, Vec<Diagnostic>) {
    let mut reader = Reader {
        vocabulary,
        diagnostics: Vec::new(),
    };
    let mut config = Config {
        directory: directory.into(),
        ..Config::default()
    };
    for (key, at, value) in reader.entries(node, "the file", &KEYS) {
        if !directory.is_empty() && RUN_WIDE.contains(&key) {
            reader.diagnostics.push(
                Diagnostic::advice(
                    "config-not-at-root",
                    at,
                    format!("`{key}` counts only in the `aznet.yaml` of the root"),
                )
                .with_help("move it there"),
            );
            continue;
        }
        reader.key(&mut config, key, value);
    }
    (config, reader.diagnostics)
}

pub(super) struct Reader<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn key(&mut self, config: &mut Config, key: &str, value: &Yaml) {
        let vocabulary = self.vocabulary;
        match key {
            "subscription" => config.subscription = Some(self.subscription(value, false)),
            "deployments" => {
                config.deployments = deployments::read(self, value, &config.directory);
            }
            "estates" => config.estates = estates::read(self, value, &config.directory),
            "subscriptions" => config.subscriptions = self.subscriptions(value),
            "smtp-policy" => {
                let words = vocabulary
                    .editions
                    .iter()
                    .map(|id| &**id)
                    .collect::<Vec<_>>();
                config.smtp_policy = self.word(value, key, &words).map(Into::into);
            }
            "cloud" => {
                config.cloud = match self.word(value, key, &["public", "us-government", "china"]) {
                    Some("public") => Some(Cloud::Public),
                    Some("us-government") => Some(Cloud::UsGovernment),
                    Some("china") => Some(Cloud::China),
                    _ => None,
                }
            }
            "activation" => {
                config.activation = match self.word(value, key, &["azure", "own"]) {
                    Some("azure") => Some(Activation::Azure),
                    Some("own") => Some(Activation::Own),
                    _ => None,
                }
            }
            "exclude" => {
                let _ = self.globs(value, key);
            }
            "packs" => self.packs(config, value),
            "service-tags" => {
                let path = self.text(value, key);
                config.service_tags = path.map(|path| (path.to_owned(), value.span));
            }
            "select" => config.select = Some(self.rule_ids(value, key)),
            "enable" => config.enable = self.rule_ids(value, key),
            "ignore" => config.ignore = self.rule_ids(value, key),
            "fail-on" => {
                config.fail_on = match self.word(value, key, &["error", "warning", "note", "never"])
                {
                    Some("never") => Some(FailOn::Never),
                    word => word.and_then(severity).map(FailOn::Severity),
                }
            }
            "rules" => config.rules = self.rules(value),
            "overrides" => config.overrides = self.overrides(value),
            _ => {}
        }
    }

    fn subscriptions(&mut self, node: &Yaml) -> Vec<(globset::GlobSet, SubscriptionEntry)> {
        let YamlKind::List(items) = &node.kind else {
            self.expected(node, "subscriptions", "a list");
            return Vec::new();
        };
        let mut entries = Vec::new();
        for item in items {
            let mut set = globset::GlobSet::empty();
            if let YamlKind::Map(keys) = &item.kind {
                match keys.iter().find(|entry| &*entry.key == "paths") {
                    Some(entry) => set = glob_set(self.globs(&entry.value, "paths")),
                    None => self.error(
                        item.span,
                        "this subscription has no `paths`".to_owned(),
                        Some("`paths` lists the deployments it holds".to_owned()),
                    ),
                }
            }
            entries.push((set, self.subscription(item, true)));
        }
        entries
    }

    fn subscription(&mut self, node: &Yaml, with_paths: bool) -> SubscriptionEntry {
        let keys: &[&str] = if with_paths {
            &["paths", "offer", "created", "port25"]
        } else {
            &["offer", "created", "port25"]
        };
        let mut entry = SubscriptionEntry::default();
        for (key, _, value) in self.entries(node, "a subscription", keys) {
            match key {
                "offer" => entry.offer = self.offer(value).map(|offers| (offers, value.span)),
                "created" => entry.created = self.date(value, key),
                "port25" => entry.port25 = self.port25(value),
                _ => {}
            }
        }
        entry
    }

    fn offer(&mut self, node: &Yaml) -> Option<Vec<Arc<str>>> {
        let text = self.text(node, "offer")?;
        match self.vocabulary.offer(text) {
            Ok(offers) => Some(offers),
            Err((message, help)) => {
                self.error(node.span, message, help);
                None
            }
        }
    }

    fn port25(&mut self, node: &Yaml) -> Option<Port25> {
        if let YamlKind::Map(_) = node.kind {
            let mut answer = None;
            for (key, _, value) in self.entries(node, "port25", &["exempt-since"]) {
                answer = self.date(value, key).map(Port25::ExemptSince);
            }
            return answer;
        }
        let found = match &node.kind {
            YamlKind::String(text) if &**text == "blocked" => return Some(Port25::Blocked),
            YamlKind::String(text) if &**text == "exempt" => return Some(Port25::Exempt),
            YamlKind::String(text) => format!("`{text}`"),
            _ => node.describe().to_owned(),
        };
        let help = "it is `blocked`, `exempt` or `{exempt-since: YYYY-MM-DD}`";
        self.error(
            node.span,
            format!("`port25` cannot be {found}"),
            Some(help.to_owned()),
        );
        None
    }

    pub(super) fn globs(&mut self, node: &Yaml, key: &str) -> Vec<globset::Glob> {
        let mut globs = Vec::new();
        for (text, span) in self.texts(node, key) {
            match glob(&text) {
                Some(glob) => globs.push(glob),
                None => self.error(span, format!("`{text}` is not a valid glob"), None),
            }
        }
        globs
    }

    pub(super) fn texts(&mut self, node: &Yaml, key: &str) -> Vec<(String, Span)> {
        let YamlKind::List(items) = &node.kind else {
            self.expected(node, key, "a list");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items {
            if let Some(text) = self.text(item, key) {
                texts.push((text.to_owned(), item.span));
            }
        }
        texts
    }

    /// The entries of a mapping whose keys are all among `words`; the others are errors.
    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Yaml,
        what: &str,
        words: &[&str],
    ) -> Vec<(&'n str, Span, &'n Yaml)> {
        match &node.kind {
            YamlKind::Map(entries) => {
                let mut known = Vec::new();
                for entry in entries {
                    let key = &*entry.key;
                    if words.contains(&key) {
                        known.push((key, entry.key_span, &entry.value));
                    } else {
                        let help = did_you_mean(key, words.iter().copied())
                            .or_else(|| Some(format!("it takes {}", list(words))));
                        self.error(entry.key_span, format!("{what} has no key `{key}`"), help);
                    }
                }
                known
            }
            YamlKind::Null => Vec::new(),
            _ => {
                self.expected(node, what, "a mapping");
                Vec::new()
            }
        }
    }

    pub(super) fn word<'w>(
        &mut self,
        node: &Yaml,
        key: &str,
        words: &[&'w str],
    ) -> Option<&'w str> {
        let text = match &node.kind {
            YamlKind::String(text) => &**text,
            _ => {
                self.expected(node, key, &list(words));
                return None;
            }
        };
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let help = did_you_mean(text, words.iter().copied())
                .or_else(|| Some(format!("it is {}", list(words))));
            self.error(node.span, format!("`{key}` cannot be `{text}`"), help);
        }
        found
    }

    fn date(&mut self, node: &Yaml, key: &str) -> Option<Date> {
        let text = match &node.kind {
            YamlKind::String(text) => &**text,
            _ => "",
        };
        // Years are written with four digits, everything else with two.
        if text.len() == 10
            && let Some(date) = Date::parse(text)
        {
            return Some(date);
        }
        self.expected(node, key, "a date written YYYY-MM-DD");
        None
    }

    pub(super) fn text<'n>(&mut self, node: &'n Yaml, key: &str) -> Option<&'n str> {
        if let YamlKind::String(text) = &node.kind {
            return Some(text);
        }
        self.expected(node, key, "a string");
        None
    }

    pub(super) fn expected(&mut self, node: &Yaml, key: &str, what: &str) {
        let found = node.describe();
        self.error(
            node.span,
            match key.contains(' ') {
                true => format!("{key} must be {what}, this is {found}"),
                false => format!("`{key}` must be {what}, this is {found}"),
            },
            None,
        );
    }

    pub(super) fn error(&mut self, span: Span, message: String, help: Option<String>) {
        let mut diagnostic = Diagnostic::unreadable("config", span, message);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
    }
}

impl Vocabulary {
    /// The offers a name or quota id may stand for, else what is wrong with it and a hint.
    pub(crate) fn offer(&self, text: &str) -> Result<Vec<Arc<str>>, (String, Option<String>)> {
        if let Some(offer) = self.offers.iter().find(|offer| &***offer == text) {
            return Ok(vec![Arc::clone(offer)]);
        }
        let quota = text.split('_').next().unwrap_or(text).to_ascii_lowercase();
        match self.quotas.get(&quota).map(Vec::as_slice) {
            Some([]) => Err((
                format!("the quota id `{text}` does not tell the offer"),
                Some("name the offer instead".to_owned()),
            )),
            Some(offers) => Ok(offers.to_vec()),
            None => {
                let offers: Vec<&str> = self.offers.iter().map(|offer| &**offer).collect();
                let help = did_you_mean(text, offers.iter().copied())
                    .or_else(|| Some(format!("offers are {}", list(&offers))));
                Err((format!("there is no offer `{text}`"), help))
            }
        }
    }

    /// What to say about a rule that does not exist.
    pub(crate) fn no_such_rule(&self, id: &str) -> (String, Option<String>) {
        let help = did_you_mean(id, self.rules.keys().map(|id| &**id))
            .or_else(|| Some("`aznet rules` lists them".to_owned()));
        (format!("there is no rule `{id}`"), help)
    }
}

pub(super) fn severity(word: &str) -> Option<Severity> {
    match word {
        "error" => Some(Severity::Error),
        "warning" => Some(Severity::Warning),
        "note" => Some(Severity::Note),
        _ => None,
    }
}

fn list(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [word] => format!("`{word}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Severity;
    use crate::engine::config::{Config, RuleWords, Traits, Vocabulary, read};
    use crate::policy::settings::Port25;
    use crate::semantics::smtp::Date;
    use crate::source::{FileId, SourceFile};

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            offers: vec!["enterprise-agreement".into(), "pay-as-you-go".into()],
            quotas: [
                ("payasyougo".to_owned(), vec!["pay-as-you-go".into()]),
                ("internal".to_owned(), vec![]),
            ]
            .into(),
            editions: vec!["current".into(), "2018-11".into()],
            rules: [(
                "kms-unreachable".into(),
                RuleWords {
                    id: "kms-unreachable".into(),
                    parameters: vec![("limit".into(), "a number")],
                    traits: Traits {
                        category: "licensing".into(),
                        severity: Severity::Error,
                        compliance: Vec::new(),
                        on: true,
                        pack: "aznet".into(),
                    },
                },
            )]
            .into(),
            ..Vocabulary::default()
        }
    }

    fn errors(text: &str) -> Vec<(String, String, Option<String>)> {
        let file = SourceFile::new("aznet.yaml", text);
        let (_, diagnostics) = read(FileId(0), &file, &vocabulary());
        diagnostics
            .into_iter()
            .map(|diagnostic| {
                let span = diagnostic.primary.unwrap().span;
                let at = file.slice(span).to_owned();
                (at, diagnostic.message, diagnostic.help)
            })
            .collect()
    }

    fn good(text: &str) -> Config {
        let file = SourceFile::new("aznet.yaml", text);
        let (config, diagnostics) = read(FileId(0), &file, &vocabulary());
        assert_eq!(diagnostics, []);
        config
    }

    #[test]
    fn an_offer_may_be_named_by_its_quota_id() {
        let config = good(
            "subscription:\n  offer: PayAsYouGo_2014-09-01\n  created: 2017-01-31\n  port25: {exempt-since: 2020-02-03}\n",
        );
        let entry = config.subscription.unwrap();
        assert_eq!(&*entry.offer.unwrap().0[0], "pay-as-you-go");
        assert_eq!(
            entry.port25,
            Date::parse("2020-02-03").map(Port25::ExemptSince)
        );
    }

    #[test]
    fn wrong_words_are_pointed_at_with_what_was_meant() {
        let found = errors(
            "subscripton: {}\nsubscription: {offer: pay-as-you-gone}\nsmtp-policy: curent\nignore: [kms-unreachble]\n",
        );
        let at: Vec<&str> = found.iter().map(|(at, ..)| at.as_str()).collect();
        assert_eq!(
            at,
            ["subscripton", "pay-as-you-gone", "curent", "kms-unreachble"]
        );
        let helps: Vec<&str> = found
            .iter()
            .filter_map(|(_, _, help)| help.as_deref())
            .collect();
        assert_eq!(
            helps,
            [
                "did you mean `subscription`?",
                "did you mean `pay-as-you-go`?",
                "did you mean `current`?",
                "did you mean `kms-unreachable`?",
            ]
        );
    }

    #[test]
    fn parameters_are_of_the_kind_of_their_defaults() {
        let wrong = |value: &str| {
            errors(&format!(
                "rules: {{kms-unreachable: {{parameters: {{limit: {value}}}}}}}\n"
            ))
        };
        for value in ["many", "[1]", "1.5", "-1"] {
            let found = wrong(value);
            assert_eq!(found.len(), 1, "{value}: {found:?}");
            assert_eq!(found[0].0, value);
        }
        assert_eq!(wrong("7"), []);
        let found = errors("rules: {kms-unreachble: {off: true}}\n");
        assert_eq!(found[0].1, "there is no rule `kms-unreachble`");
    }

    #[test]
    fn wrong_shapes_are_pointed_at() {
        let found = errors(
            "exclude: tests\nsubscriptions:\n  - {offer: pay-as-you-go}\nrules: {kms-unreachable: {parameters: {limt: 1}, off: 3}}\nsubscription: {created: 2017-13-01, offer: Internal_2014-09-01}\n",
        );
        let messages: Vec<&str> = found
            .iter()
            .map(|(_, message, _)| message.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "`exclude` must be a list, this is a string",
                "this subscription has no `paths`",
                "kms-unreachable has no key `limt`",
                "`off` must be `true` or `false`, this is a number",
                "`created` must be a date written YYYY-MM-DD, this is a string",
                "the quota id `Internal_2014-09-01` does not tell the offer",
            ]
        );
    }
}
