//! Conversion of values to types, as Terraform does it for variables, the branches of a
//! conditional and the elements of a collection.
//!
//! Nulls and unknowns are of any type, at any depth. What only some values of a type can become is
//! refused where it stands: the failure names the path from the subject to the value.

use std::sync::Arc;

use indexmap::IndexMap;

use super::super::access::{attribute_of, each_candidate};
use super::super::library::to_set;
use super::super::{Failure, Outcome, Session};
use super::{kind_of, text_for_message, to_boolean, to_number, to_text};
use crate::eval::value::{
    AttributeType, Bounds, Data, ListKind, ListValue, Member, Members, ObjectKind, ObjectValue,
    Rest, Type, Unknown, Value,
};
use crate::origin::OriginId;
use crate::source::Span;

/// What a conversion is for.
pub(crate) struct Conversion<'a> {
    pub(crate) session: &'a Session<'a>,
    /// What is converted, as a person calls it: `var.rules`, `this list`.
    pub(crate) subject: &'a str,
    /// Where the value was given; failures are told there or at a place within.
    pub(crate) at: Span,
}

impl Conversion<'_> {
    /// Converts a value. Unknown values stay what they are and take the type.
    ///
    /// # Errors
    /// Where Terraform refuses the value.
    pub(crate) fn convert(&self, value: &Value, to: &Type) -> Outcome {
        self.converted(value, to, &Place::Subject)
    }

    fn converted(&self, value: &Value, to: &Type, place: &Place<'_>) -> Outcome {
        self.session.charge(1, self.at)?;
        match (&value.data, to) {
            (Data::Null, _) | (_, Type::Any) => Ok(value.clone()),
            (Data::Unknown(unknown), _) => Ok(self.typed(unknown, value.origin, to)),
            (Data::Template(_), Type::String | Type::Number | Type::Bool) => Ok(value.clone()),
            (_, Type::String) => self.scalar(value, to_text(value).map(Data::String), to, place),
            (_, Type::Number) => self.scalar(value, to_number(value).map(Data::Number), to, place),
            (_, Type::Bool) => self.scalar(value, to_boolean(value).map(Data::Bool), to, place),
            (Data::List(list), Type::List(element)) => {
                self.sequence(value, list, ListKind::List, element, place)
            }
            (Data::List(list), Type::Set(element)) => {
                let list = self.sequence(value, list, ListKind::Set, element, place)?;
                let set = to_set(&list, self.session, self.at)?;
                Ok(match set.data {
                    Data::List(list) if list.kind != ListKind::Set => Value::list_of(
                        ListKind::Set,
                        list.items.clone(),
                        list.rest.clone(),
                        set.origin,
                    ),
                    _ => set,
                })
            }
            (Data::List(list), Type::Tuple(kinds)) if list.kind == ListKind::Tuple => {
                self.tuple(value, list, kinds, place)
            }
            (Data::Object(object), Type::Map(element)) => self.map(value, object, element, place),
            (Data::Object(_), Type::Object(members)) => self.object(value, members, place),
            _ => Err(self.refuse(value, to, place)),
        }
    }

    fn scalar(&self, value: &Value, data: Option<Data>, to: &Type, place: &Place<'_>) -> Outcome {
        data.map(|data| Value::new(data, value.origin))
            .ok_or_else(|| self.refuse(value, to, place))
    }

    /// An unknown of which the type is known from here on.
    fn typed(&self, unknown: &Arc<Unknown>, origin: OriginId, to: &Type) -> Value {
        let same = || Value::new(Data::Unknown(Arc::clone(unknown)), origin);
        match &unknown.bounds {
            Bounds::OneOf(_) => each_candidate(unknown, origin, |one| {
                self.converted(one, to, &Place::Subject)
            })
            .unwrap_or_else(same),
            Bounds::Typed(known) if **known == *to => same(),
            Bounds::Any | Bounds::Typed(_) => {
                let bounds = Bounds::Typed(Arc::new(to.clone()));
                Value::unknown((**unknown).clone().with_bounds(bounds), origin)
            }
            Bounds::Members(all) => {
                let members = all.members.iter().map(|member| Member {
                    value: self
                        .converted(&member.value, to, &Place::Subject)
                        .unwrap_or_else(|_| member.value.clone()),
                    ..member.clone()
                });
                let bounds = Bounds::Members(Members {
                    of: all.of,
                    members: members.collect(),
                });
                Value::unknown((**unknown).clone().with_bounds(bounds), origin)
            }
            Bounds::Range(..) | Bounds::Length(..) | Bounds::Ends(..) | Bounds::Text(_) => same(),
        }
    }

    fn sequence(
        &self,
        value: &Value,
        list: &ListValue,
        kind: ListKind,
        element: &Type,
        place: &Place<'_>,
    ) -> Outcome {
        let mut items = Vec::with_capacity(list.items.len());
        for (index, item) in list.items.iter().enumerate() {
            items.push(self.converted(item, element, &Place::Index(place, index))?);
        }
        let items = self.alike(items, element, value, place)?;
        let rest = self.rest(list.rest.as_ref(), element, place);
        Ok(Value::list_of(kind, items, rest, value.origin))
    }

    fn map(
        &self,
        value: &Value,
        object: &ObjectValue,
        element: &Type,
        place: &Place<'_>,
    ) -> Outcome {
        let mut items = Vec::with_capacity(object.entries.len());
        for (name, item) in &object.entries {
            items.push(self.converted(item, element, &Place::Key(place, name))?);
        }
        let items = self.alike(items, element, value, place)?;
        let entries: IndexMap<Arc<str>, Value> =
            object.entries.keys().cloned().zip(items).collect();
        let rest = self.rest(object.rest.as_ref(), element, place);
        Ok(Value::object_of(
            ObjectKind::Map,
            entries,
            rest,
            value.origin,
        ))
    }

    /// The elements of a collection in the one type they need; the constraint alone says it unless
    /// there is an `any` in it.
    fn alike(
        &self,
        items: Vec<Value>,
        element: &Type,
        of: &Value,
        place: &Place<'_>,
    ) -> Result<Vec<Value>, Box<Failure>> {
        if element.is_settled() {
            return Ok(items);
        }
        let types: Vec<Type> = items.iter().map(Type::of).collect();
        if types
            .iter()
            .zip(types.iter().skip(1))
            .all(|(a, b)| a == b && a.is_settled())
        {
            return Ok(items);
        }
        let Some(common) = Type::unify(&types) else {
            return Err(self.failure(
                of,
                format!(
                    "all elements of {} must have the same type, or types that convert to one",
                    self.path(place)
                ),
            ));
        };
        items
            .iter()
            .zip(types)
            .map(|(item, own)| {
                if own == common {
                    Ok(item.clone())
                } else {
                    self.converted(item, &common, place)
                }
            })
            .collect()
    }

    fn rest(&self, rest: Option<&Rest>, element: &Type, place: &Place<'_>) -> Option<Rest> {
        let rest = rest?;
        let template = rest
            .template
            .as_ref()
            .and_then(|template| self.converted(template, element, place).ok());
        Some(Rest {
            unknown: Arc::clone(&rest.unknown),
            template,
        })
    }

    fn tuple(&self, value: &Value, list: &ListValue, kinds: &[Type], place: &Place<'_>) -> Outcome {
        if list.rest.is_some() {
            return Ok(value.clone());
        }
        if list.items.len() != kinds.len() {
            return Err(self.failure(
                value,
                format!(
                    "{} must have {} elements, not {}",
                    self.path(place),
                    kinds.len(),
                    list.items.len()
                ),
            ));
        }
        let mut items = Vec::with_capacity(kinds.len());
        for (index, (item, kind)) in list.items.iter().zip(kinds).enumerate() {
            items.push(self.converted(item, kind, &Place::Index(place, index))?);
        }
        Ok(Value::list(items, value.origin))
    }

    fn object(
        &self,
        value: &Value,
        members: &std::collections::BTreeMap<Arc<str>, AttributeType>,
        place: &Place<'_>,
    ) -> Outcome {
        let mut entries = IndexMap::with_capacity(members.len());
        for (name, member) in members {
            let given = match value.as_object() {
                Some(object) if object.entries.contains_key(name) || object.rest.is_some() => {
                    attribute_of(value, name, self.at)?
                }
                _ if member.optional => Value::null(OriginId::NONE),
                _ => {
                    let message = format!("{} needs the attribute `{name}`", self.path(place));
                    return Err(self.failure(value, message));
                }
            };
            let given = match &member.default {
                Some(default) if given.is_null() => default,
                _ => &given,
            };
            let member = self.converted(given, &member.kind, &Place::Attribute(place, name))?;
            entries.insert(Arc::clone(name), member);
        }
        Ok(Value::object_of(
            ObjectKind::Object,
            entries,
            None,
            value.origin,
        ))
    }

    fn refuse(&self, value: &Value, to: &Type, place: &Place<'_>) -> Box<Failure> {
        let path = self.path(place);
        let wanted = to.with_article();
        let message = match &value.data {
            Data::String(_) if to.is_scalar() => {
                let text = text_for_message(value);
                format!("{path} must be {wanted}, which \"{text}\" is not")
            }
            _ => format!("{path} must be {wanted}, not {}", kind_of(value)),
        };
        self.failure(value, message)
    }

    fn failure(&self, value: &Value, message: String) -> Box<Failure> {
        Failure::invalid(self.place_of(value), message).about(value.origin)
    }

    /// Where a value was typed, if that is within what is converted.
    fn place_of(&self, value: &Value) -> Span {
        let within = |outer: Span, span: Span| {
            span.file == outer.file && span.start >= outer.start && span.end <= outer.end
        };
        let mut best = self.at;
        let mut id = value.origin;
        // From the attribute to its value; origins of literals nest no deeper.
        for _ in 0..3 {
            let Some(node) = self.session.origin(id) else {
                break;
            };
            match node.span {
                Some(span) if within(best, span) => best = span,
                _ => break,
            }
            match node.parents.first() {
                Some(parent) if node.parents.len() == 1 => id = *parent,
                _ => break,
            }
        }
        best
    }

    fn path(&self, place: &Place<'_>) -> String {
        let mut steps = Vec::new();
        let mut at = place;
        loop {
            let (step, outer) = match at {
                Place::Subject => break,
                Place::Index(outer, index) => (format!("[{index}]"), outer),
                Place::Key(outer, key) => (format!("[\"{key}\"]"), outer),
                Place::Attribute(outer, name) => (format!(".{name}"), outer),
            };
            steps.push(step);
            at = outer;
        }
        steps.reverse();
        format!("`{}{}`", self.subject, steps.concat())
    }
}

/// Where in the subject a value stands.
enum Place<'a> {
    Subject,
    Index(&'a Self, usize),
    Key(&'a Self, &'a str),
    Attribute(&'a Self, &'a str),
}
