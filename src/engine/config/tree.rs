//! YAML as a tree in which every key and value knows its place, so that each wrong word can be
//! pointed at.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: NodeKind,
}

/// The kinds of values.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    /// Nothing.
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// `- a`
    List(Vec<Node>),
    /// `key: value`, keys with their places.
    Map(Vec<(String, Span, Node)>),
}

impl Node {
    /// What a person would call it.
    pub(crate) fn noun(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "a truth value",
            NodeKind::Integer(_) | NodeKind::Float(_) => "a number",
            NodeKind::String(_) => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            NodeKind::Null => serde_json::Value::Null,
            NodeKind::Bool(value) => (*value).into(),
            NodeKind::Integer(value) => (*value).into(),
            NodeKind::Float(value) => (*value).into(),
            NodeKind::String(value) => value.as_str().into(),
            NodeKind::List(items) => items.iter().map(Self::to_json).collect(),
            NodeKind::Map(entries) => entries
                .iter()
                .map(|(key, _, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }
}

/// Reads a document; an empty one is an empty mapping.
pub(crate) fn parse(id: FileId, file: &SourceFile) -> Result<Node, Box<Diagnostic>> {
    let text = file.text();
    if text.lines().all(is_blank) {
        return Ok(Node {
            span: Span::new(id, 0, 0),
            kind: NodeKind::Map(Vec::new()),
        });
    }
    match serde_saphyr::from_str::<Spanned<Raw>>(text) {
        Ok(raw) => Ok(place(raw, id)),
        Err(error) => {
            let span = error
                .location()
                .map_or(Span::new(id, 0, 0), |at| span_of(id, at));
            let message = error.without_snippet().to_string();
            let message = message.lines().next().unwrap_or("").trim();
            Err(Box::new(Diagnostic::unreadable(
                "config-syntax",
                span,
                format!("`aznet.yaml` is not valid YAML: {message}"),
            )))
        }
    }
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line == "---"
}

fn span_of(id: FileId, at: Location) -> Span {
    let span = at.span();
    let start = span.byte_offset().unwrap_or(0);
    let length = span.byte_len().unwrap_or(0);
    let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Span::new(
        id,
        clamp(u64::from(start)),
        clamp(u64::from(start) + u64::from(length)),
    )
}

fn place(raw: Spanned<Raw>, id: FileId) -> Node {
    let span = span_of(id, raw.referenced);
    let kind = match raw.value {
        Raw::Null => NodeKind::Null,
        Raw::Bool(value) => NodeKind::Bool(value),
        Raw::Integer(value) => NodeKind::Integer(value),
        Raw::Float(value) => NodeKind::Float(value),
        Raw::String(value) => NodeKind::String(value),
        Raw::List(items) => NodeKind::List(items.into_iter().map(|item| place(item, id)).collect()),
        Raw::Map(entries) => NodeKind::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let span = span_of(id, key.referenced);
                    (key.value, span, place(value, id))
                })
                .collect(),
        ),
    };
    Node { span, kind }
}

enum Raw {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers past 63 bits have no use here"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Float(value as f64), Raw::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_their_place_after_a_multibyte_character() {
        let text = "# é\nsubscription:\n  offer: csp\n  n: [1, 2]\noff: true\n";
        let file = SourceFile::new("aznet.yaml", text);
        let node = parse(FileId(0), &file).unwrap();
        let NodeKind::Map(entries) = &node.kind else {
            panic!("not a mapping")
        };
        assert_eq!(file.slice(entries[0].1), "subscription");
        let NodeKind::Map(inner) = &entries[0].2.kind else {
            panic!("not a mapping")
        };
        assert_eq!(file.slice(inner[0].1), "offer");
        assert_eq!(file.slice(inner[0].2.span), "csp");
        assert_eq!(entries[1].0, "off");
    }

    #[test]
    fn a_syntax_error_and_a_duplicate_key_have_a_place() {
        for (text, at) in [("a: [1\n", 6), ("cloud: public\ncloud: china\n", 14)] {
            let file = SourceFile::new("aznet.yaml", text);
            let error = parse(FileId(0), &file).unwrap_err();
            assert_eq!(error.primary.unwrap().span.start, at, "{text}");
        }
    }
}
