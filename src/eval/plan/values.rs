//! Values of the format to values: what a mask hides is unknown, and where the configuration says the
//! same as the plan the place is where that was typed.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::eval::value::{Data, ListValue, Unknown, Value};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep a planned value may nest.
const MAX_DEPTH: usize = 200;

/// How many items of a list are paired with what was typed, each with each.
const MAX_PAIRS: usize = 1_000_000;

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
    /// Where everything is recorded, if what is read lies in no file.
    pub(super) place: Option<Span>,
}

/// What lies over one another at a place.
#[derive(Clone, Copy)]
struct Layers<'l> {
    /// What is planned.
    json: Option<&'l Json>,
    /// The part of `after_unknown` for it.
    mask: Option<&'l Json>,
    /// What the configuration says.
    source: Option<&'l Value>,
}

impl Reader<'_> {
    /// What is planned; `mask` is what is only known after the apply, `source` what the
    /// configuration says.
    pub(super) fn read(
        &self,
        json: Option<&Json>,
        mask: Option<&Json>,
        source: Option<&Value>,
    ) -> Option<Value> {
        let layers = Layers { json, mask, source };
        self.value(layers, &mut Vec::new())
    }

    fn value(&self, layers: Layers<'_>, path: &mut Vec<Step>) -> Option<Value> {
        let Layers { json, mask, source } = layers;
        if is_true(mask) || (is_null(json) && is_write_only(path)) {
            if let Some(source) = source.filter(|source| !source.is_null()) {
                return Some(source.clone());
            }
            if is_true(mask) || is_write_only(path) {
                let missing = (self.missing)(path);
                return missing.map(|(unknown, origin)| Value::unknown(unknown, origin));
            }
        }
        let Some(json) = json else {
            // All of it is unknown, and the values leave it out.
            return mask.and_then(|mask| self.masked(mask, source, path));
        };
        let recorded = || {
            self.origins.add(
                Some(self.place.unwrap_or(json.span)),
                OriginStep::Recorded,
                Vec::new(),
            )
        };
        if path.len() > MAX_DEPTH {
            return Some(Value::null(recorded()));
        }
        let scalar = |data: Data| {
            let value = Value::new(data, OriginId::NONE);
            let typed = source
                .filter(|source| says(source, &value))
                .filter(|source| self.origins.typed_at(source.origin).is_some());
            let origin = typed.map_or_else(recorded, |source| source.origin);
            value.with_origin(origin)
        };
        Some(match &json.kind {
            JsonKind::Null => Value::null(OriginId::NONE),
            JsonKind::Bool(value) => scalar(Data::Bool(*value)),
            JsonKind::Number(number) => scalar(Data::Number(number.clone())),
            JsonKind::String(text) => scalar(Data::String(Arc::clone(text))),
            JsonKind::Array(items) => {
                let masks = mask.map_or(&[][..], Json::items);
                let origin = self.whole(source).unwrap_or_else(recorded);
                self.list(items, masks, source, path, origin)
            }
            JsonKind::Object(members) => {
                let origin = self.whole(source).unwrap_or_else(recorded);
                self.object(members, mask, source, path, origin)
            }
        })
    }

    /// Where a list, object or block was typed.
    fn whole(&self, source: Option<&Value>) -> Option<OriginId> {
        let source = source?;
        let is_typed = !source.is_null() && self.origins.typed_at(source.origin).is_some();
        is_typed.then_some(source.origin)
    }

    fn list(
        &self,
        items: &[Json],
        masks: &[Json],
        source: Option<&Value>,
        path: &mut Vec<Step>,
        origin: OriginId,
    ) -> Value {
        let typed = source.and_then(Value::as_list);
        let pairs = typed.map_or_else(Vec::new, |typed| pairs(items, masks.len(), typed));
        let mut values = Vec::with_capacity(items.len());
        for position in 0..items.len().max(masks.len()) {
            path.push(Step::Position(position));
            let layers = Layers {
                json: items.get(position),
                mask: masks.get(position),
                source: pairs.get(position).copied().flatten(),
            };
            values.extend(self.value(layers, path));
            path.pop();
        }
        Value::list(values, origin)
    }

    fn object(
        &self,
        members: &[Member],
        mask: Option<&Json>,
        source: Option<&Value>,
        path: &mut Vec<Step>,
        origin: OriginId,
    ) -> Value {
        let masks = mask.map_or(&[][..], Json::members);
        let mut entries: IndexMap<Arc<str>, Value> = IndexMap::with_capacity(members.len());
        let mut add = |name: &Arc<str>, json: Option<&Json>, mask: Option<&Json>| {
            path.push(Step::Name(Arc::clone(name)));
            let layers = Layers {
                json,
                mask,
                source: source.and_then(|source| source.get(name)),
            };
            if let Some(value) = self.value(layers, path) {
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
    fn masked(&self, mask: &Json, source: Option<&Value>, path: &mut Vec<Step>) -> Option<Value> {
        if path.len() > MAX_DEPTH {
            return None;
        }
        let origin = self.whole(source).unwrap_or(OriginId::NONE);
        let value = match &mask.kind {
            JsonKind::Object(_) => self.object(&[], Some(mask), source, path, origin),
            JsonKind::Array(masks) => self.list(&[], masks, source, path, origin),
            _ => return None,
        };
        let holds_something = value.as_list().is_some_and(|list| !list.items.is_empty())
            || value.as_object().is_some_and(|it| !it.entries.is_empty());
        holds_something.then_some(value)
    }
}

/// Whether a mask hides everything.
pub(super) fn is_true(mask: Option<&Json>) -> bool {
    matches!(mask.map(|mask| &mask.kind), Some(JsonKind::Bool(true)))
}

fn is_null(json: Option<&Json>) -> bool {
    json.is_none_or(|json| matches!(json.kind, JsonKind::Null))
}

/// Whether an attribute is given to Azure and kept nowhere
/// (developer.hashicorp.com/terraform/language/manage-sensitive-data/write-only).
fn is_write_only(path: &[Step]) -> bool {
    matches!(path.last(), Some(Step::Name(name)) if name.ends_with("_wo"))
}

/// Whether a value of the configuration is the planned scalar, as providers convert scalars.
fn says(source: &Value, planned: &Value) -> bool {
    source.is_wholly_known()
        && source
            .canonical()
            .is_some_and(|source| Some(source) == planned.canonical())
}

/// What was typed for each item of a planned list. Sets are planned in an order of their own.
fn pairs<'v>(items: &[Json], all: usize, typed: &'v ListValue) -> Vec<Option<&'v Value>> {
    let template = typed.rest.as_ref().and_then(|rest| rest.template.as_ref());
    if typed.items.len().saturating_mul(items.len()) > MAX_PAIRS {
        return vec![template; all.max(items.len())];
    }
    let mut free: Vec<&Value> = typed.items.iter().collect();
    let mut found: Vec<Option<&Value>> = items
        .iter()
        .map(|item| {
            let at = free.iter().position(|typed| may_be(typed, item))?;
            Some(free.remove(at))
        })
        .collect();
    found.resize(all.max(items.len()), None);
    // One of each left: they are each other.
    let mut open: Vec<&mut Option<&Value>> =
        found.iter_mut().filter(|pair| pair.is_none()).collect();
    if let ([left], [open]) = (free.as_slice(), open.as_mut_slice())
        && typed.rest.is_none()
    {
        **open = Some(*left);
    }
    for pair in &mut found {
        *pair = pair.or(template);
    }
    found
}

/// Whether a planned item may be what was typed: its name is the same, or without one everything
/// that both know.
fn may_be(typed: &Value, planned: &Json) -> bool {
    let scalar = |json: &Json| match &json.kind {
        JsonKind::Bool(value) => Some(Value::bool(*value, OriginId::NONE)),
        JsonKind::Number(number) => Some(Value::new(Data::Number(number.clone()), OriginId::NONE)),
        JsonKind::String(text) => Some(Value::string(Arc::clone(text), OriginId::NONE)),
        JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => None,
    };
    let JsonKind::Object(members) = &planned.kind else {
        return scalar(planned).is_some_and(|planned| says(typed, &planned));
    };
    let Some(object) = typed.as_object() else {
        return false;
    };
    let known = |name: &str| {
        let typed = object.entries.get(name)?;
        let planned = scalar(planned.get(name)?)?;
        (typed.is_wholly_known() && typed.canonical().is_some()).then(|| says(typed, &planned))
    };
    known("name").unwrap_or_else(|| {
        let mut both = members.iter().filter_map(|member| known(&member.name));
        both.next()
            .is_some_and(|first| first && both.all(|same| same))
    })
}
