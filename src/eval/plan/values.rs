//! Values of the format to values: `null` where a mask says so is unknown.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::eval::value::{Data, Unknown, Value};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep a planned value may nest.
const MAX_DEPTH: usize = 200;

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An attribute or kind of block.
    Name(Arc<str>),
    /// An item of a list.
    Position(usize),
}

/// What stands in a place whose value is only known after the apply; `None` leaves the place out.
pub(super) type Missing<'m> = dyn Fn(&[Step]) -> Option<(Unknown, OriginId)> + 'm;

/// Reads the values of one resource.
pub(super) struct Reader<'r> {
    pub(super) origins: &'r OriginBuilder,
    pub(super) missing: &'r Missing<'r>,
}

impl Reader<'_> {
    /// What is planned; `mask` is the part of `after_unknown` that lies over it.
    pub(super) fn read(&self, json: Option<&Json>, mask: Option<&Json>) -> Option<Value> {
        self.value(json, mask, &mut Vec::new())
    }

    fn value(
        &self,
        json: Option<&Json>,
        mask: Option<&Json>,
        path: &mut Vec<Step>,
    ) -> Option<Value> {
        if is_true(mask) {
            let (unknown, origin) = (self.missing)(path)?;
            return Some(Value::unknown(unknown, origin));
        }
        let Some(json) = json else {
            // All of it is unknown, and the values leave it out.
            return mask.and_then(|mask| self.masked(mask, path));
        };
        let origin = self
            .origins
            .add(Some(json.span), OriginStep::Recorded, Vec::new());
        if path.len() > MAX_DEPTH {
            return Some(Value::null(origin));
        }
        Some(match &json.kind {
            JsonKind::Null => Value::null(origin),
            JsonKind::Bool(value) => Value::bool(*value, origin),
            JsonKind::Number(number) => Value::new(Data::Number(*number), origin),
            JsonKind::String(text) => Value::string(Arc::clone(text), origin),
            JsonKind::Array(items) => {
                let masks = mask.map_or(&[][..], Json::items);
                self.list(items, masks, path, origin)
            }
            JsonKind::Object(members) => self.object(members, mask, path, origin),
        })
    }

    fn list(
        &self,
        items: &[Json],
        masks: &[Json],
        path: &mut Vec<Step>,
        origin: OriginId,
    ) -> Value {
        let mut values = Vec::with_capacity(items.len());
        for position in 0..items.len().max(masks.len()) {
            path.push(Step::Position(position));
            values.extend(self.value(items.get(position), masks.get(position), path));
            path.pop();
        }
        Value::list(values, origin)
    }

    fn object(
        &self,
        members: &[Member],
        mask: Option<&Json>,
        path: &mut Vec<Step>,
        origin: OriginId,
    ) -> Value {
        let masks = mask.map_or(&[][..], Json::members);
        let mut entries: IndexMap<Arc<str>, Value> = IndexMap::with_capacity(members.len());
        let mut add = |name: &Arc<str>, json: Option<&Json>, mask: Option<&Json>| {
            path.push(Step::Name(Arc::clone(name)));
            if let Some(value) = self.value(json, mask, path) {
                entries.insert(Arc::clone(name), value);
            }
            path.pop();
        };
        for member in members {
            let mask = mask.and_then(|mask| mask.get(&member.name));
            add(&member.name, Some(&member.value), mask);
        }
        for extra in masks {
            if members.iter().all(|member| member.name != extra.name) {
                add(&extra.name, None, Some(&extra.value));
            }
        }
        Value::object(entries, origin)
    }

    /// A value of which the values say nothing at all.
    fn masked(&self, mask: &Json, path: &mut Vec<Step>) -> Option<Value> {
        if path.len() > MAX_DEPTH {
            return None;
        }
        match &mask.kind {
            JsonKind::Object(members) if !members.is_empty() => {
                Some(self.object(&[], Some(mask), path, OriginId::NONE))
            }
            JsonKind::Array(masks) if masks.iter().any(|mask| is_true(Some(mask))) => {
                Some(self.list(&[], masks, path, OriginId::NONE))
            }
            _ => None,
        }
    }
}

/// Whether a mask hides everything.
pub(super) fn is_true(mask: Option<&Json>) -> bool {
    matches!(mask.map(|mask| &mask.kind), Some(JsonKind::Bool(true)))
}
