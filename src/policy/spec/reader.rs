//! Reading a YAML tree against a grammar: unknown keys, wrong kinds and missing keys become
//! diagnostics with a place and, where a word is close, the word that was meant.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};
use crate::syntax::yaml::{Entry, Yaml, YamlKind};

/// A text and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: Arc<str>,
    /// Its place.
    pub span: Span,
}

/// Collects what is wrong while a tree is read.
#[derive(Debug)]
pub struct Reader<'f> {
    /// The file that is read; none if the tree was stored.
    file: Option<&'f SourceFile>,
    /// Everything found so far.
    pub diagnostics: Vec<Diagnostic>,
    /// Keys that misspelt ones were meant to be, by the places of their maps.
    meant: Vec<(Span, String)>,
}

impl<'f> Reader<'f> {
    /// Begins to read a file.
    #[must_use]
    pub fn new(file: &'f SourceFile) -> Self {
        Self {
            file: Some(file),
            diagnostics: Vec::new(),
            meant: Vec::new(),
        }
    }

    /// Begins to read a tree that was stored because its file is known to be right: expressions
    /// are then left until they are asked for.
    #[must_use]
    pub fn stored() -> Self {
        Self {
            file: None,
            diagnostics: Vec::new(),
            meant: Vec::new(),
        }
    }

    /// Whether everything is to be checked at once.
    #[must_use]
    pub fn checks(&self) -> bool {
        self.file.is_some()
    }

    /// The text a span covers.
    #[must_use]
    pub fn slice(&self, span: Span) -> &'f str {
        self.file.map_or("", |file| file.slice(span))
    }

    /// Tells that something is wrong at a place.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::unreadable("rule-file", span, message));
    }

    /// The same with a hint.
    pub fn error_with_help(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.diagnostics
            .push(Diagnostic::unreadable("rule-file", span, message).with_help(help));
    }

    /// Tells of a word that is none of `known`, with the nearest of them.
    pub fn unknown_word(&mut self, span: Span, what: &str, word: &str, known: &[&str]) {
        let message = format!("unknown {what} `{word}`");
        match nearest(word, known.iter().copied()) {
            Some(near) => self.error_with_help(span, message, format!("did you mean `{near}`?")),
            None => {
                let all = known.join("`, `");
                self.error_with_help(span, message, format!("one of `{all}`"));
            }
        }
    }

    /// The entries of a map, after telling of keys that are not among `known`; empty for anything
    /// else, which is told.
    pub fn map<'y>(&mut self, node: &'y Yaml, what: &str, known: &[&str]) -> &'y [Entry] {
        let Some(entries) = node.entries() else {
            let found = node.describe();
            self.error(node.span, format!("{what} must be a map, not {found}"));
            return &[];
        };
        for entry in entries {
            if !known.contains(&&*entry.key) {
                self.unknown_word(entry.key_span, &format!("key of {what}"), &entry.key, known);
                if let Some(near) = nearest(&entry.key, known.iter().copied()) {
                    self.meant.push((node.span, near.to_owned()));
                }
            }
        }
        entries
    }

    /// Tells that a map has none of some keys, unless a misspelt one was meant to be one of them.
    pub fn missing(&mut self, map: Span, keys: &[&str], at: Span, message: impl Into<String>) {
        let meant = |(place, key): &(Span, String)| *place == map && keys.contains(&&**key);
        if !self.meant.iter().any(meant) {
            self.error(at, message);
        }
    }

    /// The items of a list; empty for anything else, which is told.
    pub fn list<'y>(&mut self, node: &'y Yaml, what: &str) -> &'y [Yaml] {
        match &node.kind {
            YamlKind::List(items) => items,
            _ => {
                let found = node.describe();
                self.error(node.span, format!("{what} must be a list, not {found}"));
                &[]
            }
        }
    }

    /// A text; numbers and booleans count as typed.
    pub fn text(&mut self, node: &Yaml, what: &str) -> Option<Text> {
        let Some(value) = node.text() else {
            let found = node.describe();
            self.error(node.span, format!("{what} must be a string, not {found}"));
            return None;
        };
        Some(Text {
            value,
            span: node.span,
        })
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, node: &Yaml, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        let found = words.iter().find(|(word, _)| *word == &*text.value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.unknown_word(text.span, what, &text.value, &known);
        }
        found.map(|(_, value)| *value)
    }
}

/// The entry of a key.
pub(crate) fn find<'y>(entries: &'y [Entry], key: &str) -> Option<&'y Yaml> {
    entries
        .iter()
        .find(|entry| &*entry.key == key)
        .map(|entry| &entry.value)
}

/// The known word that is nearest to a misspelt one, if one is near.
///
/// ```
/// use aznet::policy::spec::nearest;
/// assert_eq!(nearest("wher", ["where", "unless"]), Some("where"));
/// assert_eq!(nearest("tcp", ["Tcp", "Udp"]), Some("Tcp"));
/// assert_eq!(nearest("colour", ["where", "unless"]), None);
/// ```
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| {
            let similarity = strsim::jaro_winkler(&word, &candidate.to_lowercase());
            (similarity, candidate)
        })
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
