//! Gathers the settings of one owner from wherever its dialect writes them.

use std::sync::Arc;

use super::{Setting, SettingKind, SettingOwner, Text};
use crate::eval::ResourceKey;
use crate::eval::functions::encoding::base64_decode;
use crate::eval::value::{Data, Piece, Presence, Truth};
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::{Field, Meta};
use crate::origin::OriginId;

/// How deep the objects of an extension are read.
const MAX_DEPTH: usize = 6;

/// Longer scripts are not read: nobody types a mail server into a megabyte.
const MAX_LENGTH: usize = 1 << 20;

/// The settings of one owner that are seen together.
pub(in crate::model) struct Collector<'b, 'a> {
    builder: &'b mut Builder<'a>,
    owner: SettingOwner,
    meta: Meta,
    group: Arc<str>,
}

impl<'b, 'a> Collector<'b, 'a> {
    /// `meta` is that of the resource that holds the settings, `group` what tells those that one
    /// process sees from others of the owner.
    pub(in crate::model) fn new(
        builder: &'b mut Builder<'a>,
        owner: SettingOwner,
        meta: &Meta,
        group: &ResourceKey,
    ) -> Self {
        Self {
            builder,
            owner,
            meta: meta.clone(),
            group: Arc::clone(&group.0),
        }
    }

    /// The entries of a map from names to values.
    pub(in crate::model) fn map(&mut self, node: &Node<'a>) {
        for (name, value) in node.entries() {
            let name = Field::known(name, value.origin());
            self.add(name, &value, SettingKind::Variable, value.origin(), None);
        }
    }

    /// The items of a list of `{name, value}`.
    pub(in crate::model) fn list(&mut self, node: &Node<'a>) {
        let found = node.items();
        let certain = found.items.into_iter().map(|item| (item, None));
        let others = found
            .others
            .into_iter()
            .map(|(item, how)| (item, Some(how)));
        for (item, presence) in certain.chain(others).collect::<Vec<_>>() {
            let name = item.get("name").text();
            let value = item.get("value");
            self.add(name, &value, SettingKind::Variable, item.origin(), presence);
        }
    }

    /// A script.
    pub(in crate::model) fn script(&mut self, name: &str, node: &Node<'a>) {
        let name = Field::known(name.into(), node.origin());
        self.add(name, node, SettingKind::Script, node.origin(), None);
    }

    /// Every text within the settings of an extension: an object, or the JSON of one.
    pub(in crate::model) fn leaves(&mut self, name: &str, node: &Node<'a>) {
        self.leaf(name, node, MAX_DEPTH);
    }

    fn leaf(&mut self, name: &str, node: &Node<'a>, depth: usize) {
        let Some(value) = node.value() else {
            return;
        };
        match &value.data {
            Data::String(text) if text.trim_start().starts_with('{') => {
                match serde_json::from_str(text) {
                    Ok(json) => self.json(name, &json, node.origin(), MAX_DEPTH),
                    Err(_) => self.script(name, node),
                }
            }
            Data::String(_) | Data::Template(_) => self.script(name, node),
            Data::Object(_) if depth > 0 => {
                for (name, entry) in node.entries() {
                    self.leaf(&name, &entry, depth - 1);
                }
            }
            Data::List(_) if depth > 0 => {
                for item in node.items().items {
                    self.leaf(name, &item, depth - 1);
                }
            }
            _ => {}
        }
    }

    fn json(&mut self, name: &str, value: &serde_json::Value, origin: OriginId, depth: usize) {
        use serde_json::Value;
        match value {
            Value::String(text) => {
                let text = Text {
                    pieces: vec![Piece::Literal(text.as_str().into())],
                    origin,
                };
                let name = Field::known(name.into(), origin);
                self.push(name, text, SettingKind::Script, origin, None);
            }
            Value::Object(entries) if depth > 0 => {
                for (name, entry) in entries {
                    self.json(name, entry, origin, depth - 1);
                }
            }
            Value::Array(items) if depth > 0 => {
                for item in items {
                    self.json(name, item, origin, depth - 1);
                }
            }
            _ => {}
        }
    }

    fn add(
        &mut self,
        name: Field<Arc<str>>,
        node: &Node<'a>,
        kind: SettingKind,
        origin: OriginId,
        presence: Option<Presence>,
    ) {
        if let Some(text) = text(node) {
            self.push(name, text, kind, origin, presence);
        }
    }

    fn push(
        &mut self,
        name: Field<Arc<str>>,
        text: Text,
        kind: SettingKind,
        origin: OriginId,
        presence: Option<Presence>,
    ) {
        let text = match kind {
            SettingKind::Script => decoded(text),
            SettingKind::Variable => text,
        };
        let length: usize = text.pieces.iter().map(length).sum();
        if length > MAX_LENGTH {
            return;
        }
        let shown = name.value().map_or("?", |name| &**name);
        let number = self.builder.network.settings.len();
        let mut meta = Meta {
            address: format!("{}/{shown}", self.meta.address).into(),
            key: ResourceKey(format!("{}/settings/{number}", self.meta.key.0).into()),
            name,
            origin,
            ..self.meta.clone()
        };
        if let Some(presence) = presence {
            meta.template |= matches!(presence, Presence::Many(_));
            meta.existence.truth = meta.existence.truth.and(Truth::Unknown);
            meta.existence.because = presence.because().cloned();
        }
        self.builder.network.settings.push(Setting {
            meta,
            owner: self.owner.clone(),
            kind,
            text,
            group: Arc::clone(&self.group),
        });
    }
}

fn length(piece: &Piece) -> usize {
    match piece {
        Piece::Literal(text) => text.len(),
        Piece::Hole(_) => 0,
    }
}

/// The text at a place, if one is written.
pub(in crate::model) fn text(node: &Node<'_>) -> Option<Text> {
    let origin = node.origin();
    if let Some(unknown) = node.unknown() {
        let pieces = vec![Piece::Hole(Arc::clone(unknown))];
        return Some(Text { pieces, origin });
    }
    let pieces = match &node.value()?.data {
        Data::Template(pieces) => pieces.to_vec(),
        Data::String(_) | Data::Number(_) | Data::Bool(_) => {
            let text = node.text();
            vec![Piece::Literal(Arc::clone(text.value()?))]
        }
        _ => return None,
    };
    Some(Text { pieces, origin })
}

/// A text without its encoding for transport, where it has one.
fn decoded(text: Text) -> Text {
    let plain = || {
        let known = text.known()?;
        let dense = known.trim();
        // Words are short and have blanks around them.
        if dense.len() < 16 || dense.contains([' ', '.', ':']) {
            return None;
        }
        let dense: String = dense.chars().filter(|c| !c.is_whitespace()).collect();
        String::from_utf8(base64_decode(&dense).ok()?).ok()
    };
    match plain() {
        Some(plain) => Text {
            pieces: vec![Piece::Literal(plain.into())],
            ..text
        },
        None => text,
    }
}
