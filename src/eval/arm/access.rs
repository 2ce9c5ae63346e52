//! Picking properties and items out of values.

use std::sync::Arc;

use super::evaluate::Evaluator;
use super::expression::{Accessor, Call, Key, Node, NodeKind};
use super::functions::{Function, Special, describe};
use super::labels;
use super::site::Site;
use super::template::Frame;
use crate::eval::value::{Bounds, Data, Reason, Rest, Unknown, Value};
use crate::origin::{OriginId, OriginStep};

/// How many hops of a whole its parts repeat.
const MAX_HOPS: usize = 8;

/// What looking for a property gives.
pub(super) enum Picked {
    Found(Value),
    /// It is certain that there is none; why, for people.
    Missing(String),
}

impl<'t> Evaluator<'t> {
    /// A value and what is picked out of it. A parameter or variable gives its hop to what is
    /// picked, not to the whole.
    pub(super) fn access(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        base: &Node,
        path: &[Accessor],
    ) -> Value {
        let named = match &base.kind {
            NodeKind::Call(
                call @ Call {
                    function: Function::Special(Special::Parameters | Special::Variables),
                    ..
                },
            ) => self.named(frame, site, base, call),
            _ => None,
        };
        let (mut value, step) = match named {
            Some((value, step)) => (value, step),
            None => (self.node(frame, site, base), None),
        };
        let whole = value.origin;
        for accessor in path {
            let mut any = false;
            let picked = match &accessor.key {
                Key::Name(name) => self.property(&value, name),
                Key::Index(index) => {
                    let index = self.node(frame, site, index);
                    any = !index.is_wholly_known();
                    self.item(&value, &index)
                }
            };
            let picked = match picked {
                Picked::Found(picked) if accessor.safe => {
                    Picked::Found(perhaps_null(&value, any, picked))
                }
                picked => picked,
            };
            match picked {
                Picked::Found(picked) => value = picked,
                Picked::Missing(_) if accessor.safe => {
                    value = Value::null(self.origins.literal(site.part(node.start, accessor.end)));
                    break;
                }
                Picked::Missing(why) => {
                    let span = self.exact(site, node.start, accessor.end);
                    if let Some(OriginStep::VariableDefault(_)) = step {
                        value = self.hop(site, node, step.unwrap_or(OriginStep::None), value);
                    }
                    return self.wrong_about(span, why, &[value]);
                }
            }
        }
        let value = self.through(whole, value);
        match step {
            Some(step) => self.hop(site, node, step, value),
            None => value,
        }
    }

    /// A part of a value with the hops the whole came through: the part itself only knows where
    /// it was typed.
    fn through(&self, whole: OriginId, part: Value) -> Value {
        let mut hops = Vec::new();
        let mut id = whole;
        while hops.len() < MAX_HOPS
            && let Some(node) = self.origins.get(id)
            && let [parent] = node.parents.as_slice()
            && is_named(&node.step)
        {
            id = *parent;
            hops.push((node.span, node.step));
        }
        let origin = hops
            .into_iter()
            .rev()
            .fold(part.origin, |origin, (span, step)| {
                self.origins.add(span, step, vec![origin])
            });
        Value {
            data: part.data,
            origin,
        }
    }

    /// A property of a value.
    pub(super) fn property(&self, value: &Value, name: &str) -> Picked {
        match &value.data {
            Data::Object(object) => match value.get_ignore_case(name) {
                Some(found) => Picked::Found(found.clone()),
                None => match &object.rest {
                    Some(rest) => Picked::Found(from_rest(rest, value, name)),
                    None => Picked::Missing(format!("this object has no property '{name}'")),
                },
            },
            Data::Unknown(unknown) => self.unknown_property(value, unknown, name),
            data => Picked::Missing(format!("{} has no property '{name}'", describe(data))),
        }
    }

    fn unknown_property(&self, value: &Value, unknown: &Arc<Unknown>, name: &str) -> Picked {
        if unknown.refers_to.is_some() {
            return self.attribute(value, unknown, &format!(".{name}"));
        }
        if let Bounds::OneOf(candidates) = &unknown.bounds
            && let Some(picked) = self.among(unknown, candidates, name)
        {
            return Picked::Found(Value::new(picked, value.origin));
        }
        Picked::Found(part_of(value, unknown, &format!(".{name}")))
    }

    /// The property of an unknown of which the candidates are known; those that lack it would be
    /// an error and do not count.
    fn among(&self, unknown: &Arc<Unknown>, candidates: &[Value], name: &str) -> Option<Data> {
        let mut found: Vec<Value> = Vec::new();
        for candidate in candidates {
            match self.property(candidate, name) {
                Picked::Found(picked) if picked.as_unknown().is_none() => found.push(picked),
                Picked::Found(_) => return None,
                Picked::Missing(_) => {}
            }
        }
        match found.as_slice() {
            [] => None,
            [only] if candidates.len() == 1 => Some(only.data.clone()),
            _ => {
                let mut part = extended(unknown, &format!(".{name}"));
                part.bounds = Bounds::OneOf(found);
                Some(Data::Unknown(Arc::new(part)))
            }
        }
    }

    /// What `[index]` picks: an item by number or a property by name.
    pub(super) fn item(&self, value: &Value, index: &Value) -> Picked {
        if let Some(name) = index.as_str() {
            return self.property(value, name);
        }
        if let Some(number) = index.as_i64() {
            return self.numbered(value, number);
        }
        match (&value.data, &index.data) {
            (_, Data::Unknown(_) | Data::Template(_)) => Picked::Found(any_item(value, index)),
            (_, data) => Picked::Missing(format!("{} is no index", describe(data))),
        }
    }

    fn numbered(&self, value: &Value, number: i64) -> Picked {
        match &value.data {
            Data::List(list) => {
                if let Some(rest) = &list.rest {
                    // The place of no item is known.
                    let arguments = [value.clone(), Value::integer(number, value.origin)];
                    let mut item = Unknown::derived("item", &arguments);
                    item.label = format!("{}[{number}]", rest.unknown.label).into();
                    return Picked::Found(Value::unknown(item, value.origin));
                }
                let item = usize::try_from(number)
                    .ok()
                    .and_then(|number| list.items.get(number));
                match item {
                    Some(item) => Picked::Found(item.clone()),
                    None => Picked::Missing(format!(
                        "this array has {} item{}, none at index {number}",
                        list.items.len(),
                        if list.items.len() == 1 { "" } else { "s" }
                    )),
                }
            }
            Data::Unknown(unknown) if unknown.refers_to.is_some() => {
                self.attribute(value, unknown, &format!("[{number}]"))
            }
            Data::Unknown(unknown) => {
                if let Bounds::Ends(first, _) = &unknown.bounds
                    && let Some(item) = usize::try_from(number).ok().and_then(|at| first.get(at))
                {
                    return Picked::Found(item.clone());
                }
                Picked::Found(part_of(value, unknown, &format!("[{number}]")))
            }
            // Templates pick characters of strings this way, too rarely to follow.
            Data::Template(_) => Picked::Found(derived_item(value, number)),
            Data::String(text) => {
                let character = usize::try_from(number)
                    .ok()
                    .and_then(|number| text.chars().nth(number));
                match character {
                    Some(one) => Picked::Found(Value::string(one.to_string(), value.origin)),
                    None => Picked::Missing(format!("this string has no character {number}")),
                }
            }
            data => Picked::Missing(format!("{} has no items", describe(data))),
        }
    }
}

/// What a safe access picks: where some candidates of the whole lack it, or `any` item may be
/// meant, null is one of the answers.
pub(super) fn perhaps_null(whole: &Value, any: bool, picked: Value) -> Value {
    let Data::Unknown(unknown) = &picked.data else {
        return picked;
    };
    let Bounds::OneOf(found) = &unknown.bounds else {
        return picked;
    };
    let lacking = match whole.as_unknown().map(|whole| &whole.bounds) {
        Some(Bounds::OneOf(candidates)) => candidates.len() > found.len(),
        _ => false,
    };
    if !(any || lacking) || found.iter().any(Value::is_null) {
        return picked;
    }
    let mut found = found.clone();
    found.push(Value::null(picked.origin));
    let unknown = (**unknown).clone().with_bounds(Bounds::OneOf(found));
    Value::unknown(unknown, picked.origin)
}

/// Whether a hop passes a value on under a name.
fn is_named(step: &OriginStep) -> bool {
    matches!(
        step,
        OriginStep::VariableDefault(_)
            | OriginStep::ParameterFile(_)
            | OriginStep::Local(_)
            | OriginStep::ModuleArgument(_)
    )
}

fn derived_item(value: &Value, number: i64) -> Value {
    let index = Value::integer(number, value.origin);
    let label = labels::item(value, &index);
    let mut unknown = Unknown::derived("item", &[value.clone(), index]);
    unknown.label = label;
    Value::unknown(unknown, value.origin)
}

/// An item at an unknown index: one of those there are.
fn any_item(value: &Value, index: &Value) -> Value {
    let mut unknown = Unknown::derived("item", &[value.clone(), index.clone()]);
    unknown.label = labels::item(value, index);
    let candidates: Vec<Value> = match &value.data {
        Data::List(list) if list.rest.is_none() => list.items.clone(),
        Data::Object(object) if object.rest.is_none() => object.entries.values().cloned().collect(),
        _ => Vec::new(),
    };
    let known = candidates.iter().all(|item| item.as_unknown().is_none());
    if known && !candidates.is_empty() && candidates.len() <= 64 {
        unknown.bounds = Bounds::OneOf(candidates);
    }
    Value::unknown(unknown, value.origin)
}

/// A part of an unknown: its own name, and the reason of the whole.
pub(super) fn extended(unknown: &Arc<Unknown>, part: &str) -> Unknown {
    let whole = Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
    let key = Value::string(part, OriginId::NONE);
    let mut extended = Unknown::derived("part", &[whole, key]);
    extended.label = format!("{}{part}", unknown.label).into();
    extended.declared = unknown.declared;
    if unknown.reason != Reason::Derived {
        extended.reason = unknown.reason.clone();
        extended.causes = Vec::new();
    }
    extended
}

fn part_of(value: &Value, unknown: &Arc<Unknown>, part: &str) -> Value {
    Value::unknown(extended(unknown, part), value.origin)
}

fn from_rest(rest: &Rest, value: &Value, name: &str) -> Value {
    part_of(value, &rest.unknown, &format!(".{name}"))
}
