//! Which instance of a block a reference means.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::eval::hcl_expr::{Failure, Step, rest_of_members, to_text};
use crate::eval::terraform::evaluation::Evaluation;
use crate::eval::terraform::instances::{Expansion, Instance, Loop};
use crate::eval::value::{
    Data, ListKind, ListValue, Member, ObjectKind, ObjectValue, Presence, Value,
};
use crate::origin::OriginId;
use crate::source::Span;

impl Evaluation<'_> {
    /// Which instance the first steps name.
    pub(super) fn instance_of<'e, 's, T>(
        &self,
        expansion: &'e Expansion<T>,
        called: &dyn Fn() -> String,
        steps: &'s [Step],
        at: Span,
    ) -> Result<Found<'e, 's, T>, Box<Failure>> {
        if expansion.over == Loop::None {
            return match expansion.instances.first() {
                Some(alone) => Ok(Found::One(alone, steps)),
                None => Err(Failure::invalid(at, "there is no such instance")),
            };
        }
        let index = match steps.first() {
            None => return Ok(Found::All),
            Some(Step::Index(index)) => index,
            Some(Step::Attribute(name)) if expansion.over == Loop::ForEach => {
                &Value::string(Arc::clone(name), OriginId::NONE)
            }
            Some(Step::Attribute(name)) => {
                return Err(Failure::invalid(
                    at,
                    format!("this has `count`, so an index must stand before `.{name}`"),
                ));
            }
        };
        let rest = steps.get(1..).unwrap_or_default();
        if let Some(known) = expansion.find(index) {
            return Ok(Found::One(known, rest));
        }
        if !index.is_wholly_known() {
            return Ok(Found::Any(index.clone(), rest));
        }
        let suffix = match expansion.over {
            Loop::Count => to_text(index).map(|text| format!("[{text}]")),
            _ => to_text(index).map(|text| format!("[\"{text}\"]")),
        };
        match suffix {
            Some(suffix) if expansion.may_hold(index) => Ok(Found::Unlisted(suffix, rest)),
            Some(suffix) => Err(Failure::invalid(
                at,
                format!("`{}` has no instance {suffix}", called()),
            )),
            None => Err(Failure::invalid(
                at,
                "the index is neither number nor string",
            )),
        }
    }
}

/// What the steps after a resource or module lead to.
pub(super) enum Found<'e, 's, T> {
    /// One instance, and the steps that are left.
    One(&'e (Rc<Instance>, T), &'s [Step]),
    /// One of the instances that are not known.
    Unlisted(String, &'s [Step]),
    /// One of all; the index is not known.
    Any(Value, &'s [Step]),
    /// No step: all of them.
    All,
}

/// All instances as a list or map. What may not exist, or has no known key, is a rest.
pub(super) fn gathered(over: Loop, items: Vec<(Rc<Instance>, Value)>, origin: OriginId) -> Value {
    let mut known = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    for (instance, value) in items {
        let presence = match &instance.because {
            Some(because) if instance.stands_for_others => Presence::Many(Arc::clone(because)),
            Some(because) => Presence::Perhaps(Arc::clone(because)),
            None if to_text(&instance.key).is_some() => {
                known.push((instance, value));
                continue;
            }
            None => Presence::Certain,
        };
        members.push(Member {
            key: (over == Loop::ForEach).then(|| instance.key.clone()),
            value,
            presence,
        });
    }
    let rest = rest_of_members("instances", members);
    let data = if over == Loop::Count {
        Data::List(Arc::new(ListValue {
            kind: ListKind::Tuple,
            items: known.into_iter().map(|(_, value)| value).collect(),
            rest,
        }))
    } else {
        let mut entries: IndexMap<Arc<str>, Value> = known
            .into_iter()
            .filter_map(|(instance, value)| Some((to_text(&instance.key)?, value)))
            .collect();
        entries.sort_unstable_keys();
        Data::Object(Arc::new(ObjectValue {
            entries,
            rest,
            kind: ObjectKind::Object,
        }))
    };
    Value::new(data, origin)
}
