//! Trees that were YAML and are now JSON, as the build stores them: values without places.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Entry, Style, Yaml, YamlKind};
use crate::source::{FileId, Span};
use crate::syntax::Number;

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

const NOWHERE: Span = Span {
    file: FileId(0),
    start: 0,
    end: 0,
};

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Yaml;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(stored(YamlKind::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(stored(YamlKind::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        let text = value.to_string().into();
        Ok(stored(YamlKind::Number(Number::Integer(value), text)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Yaml, E> {
        self.visit_i64(i64::try_from(value).map_err(E::custom)?)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        let text = value.to_string().into();
        Ok(stored(YamlKind::Number(Number::Float(value), text)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(stored(YamlKind::String(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(stored(YamlKind::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Key, Yaml>()? {
            map.push(Entry {
                key: key.0,
                key_span: NOWHERE,
                value,
            });
        }
        Ok(stored(YamlKind::Map(map)))
    }
}

/// The name of an entry, shared at once instead of by way of an owned string.
struct Key(Arc<str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(Key(key.into()))
    }
}

fn stored(kind: YamlKind) -> Yaml {
    Yaml {
        span: NOWHERE,
        kind,
        tag: None,
        style: Style::Stored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_tree_has_the_values_of_the_yaml_it_was() {
        let text = r#"{"id": "a", "on": true, "list": [25, 1.5, null, "1.50", {"x": []}]}"#;
        let tree: Yaml = serde_json::from_str(text).unwrap();
        let file = crate::source::SourceFile::new("x.yaml", text);
        let read = super::super::parse(FileId(0), &file).tree.unwrap();
        assert!(tree.same_values(&read));
        assert_eq!(tree.get("id").unwrap().style, Style::Stored);
        let other: Yaml = serde_json::from_str(r#"{"id": "b"}"#).unwrap();
        assert!(!other.same_values(&read));
    }
}
