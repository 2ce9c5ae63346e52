//! Printed JSON to the shape of REST, in which the model reads every resource.

use std::cell::RefCell;
use std::sync::Arc;

use super::item::Form;
use super::shape;
use crate::eval::value::{Data, ListKind, ListValue, ObjectValue, Reason, Rest, Unknown, Value};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep a recorded value may nest.
const MAX_DEPTH: usize = 200;

/// Builds the bodies of items.
pub(super) struct Bodies<'o> {
    pub(super) origins: &'o OriginBuilder,
    /// Where something was printed as the name of its type instead of its content.
    pub(super) cut_off: RefCell<Vec<Span>>,
}

impl Bodies<'_> {
    /// The body of an item.
    pub(super) fn body(&self, json: &Json, form: Form) -> Value {
        match form {
            Form::Flat(shape) | Form::Listed(shape) => {
                self.lifted(json, &|name| shape.keeps(name), 0)
            }
            Form::Nested | Form::Part | Form::Subscription => self.value(json, false, 0),
        }
    }

    /// An object whose properties were lifted out, with them put back.
    fn lifted(&self, json: &Json, keeps: &dyn Fn(&str) -> bool, depth: usize) -> Value {
        let origin = self.origin(json);
        let mut kept = Vec::new();
        let mut properties = Vec::new();
        for member in json.members() {
            let entry = self.member(member, depth);
            if member.name.eq_ignore_ascii_case("properties") {
                // Printed as nothing where the resource was only listed.
            } else if keeps(&member.name) {
                kept.push(entry);
            } else {
                properties.push(entry);
            }
        }
        if !properties.is_empty() {
            kept.push(("properties".into(), Value::object(properties, origin)));
        }
        Value::object(kept, origin)
    }

    /// A member of a flattened object.
    fn member(&self, member: &Member, depth: usize) -> (Arc<str>, Value) {
        let (name, json) = (&member.name, &member.value);
        if shape::is_part(name) {
            let value = match &json.kind {
                JsonKind::Array(items) => self.list(json, items, |item| self.part(item, depth + 1)),
                _ => self.part(json, depth + 1),
            };
            return (Arc::clone(name), value);
        }
        // PowerShell prints lists under the names of single values.
        if let (Some(plural), JsonKind::Array(items)) = (shape::plural(name), &json.kind) {
            return match items.as_slice() {
                [only] => (Arc::clone(name), self.value(only, true, depth + 1)),
                _ => (plural.into(), self.value(json, true, depth + 1)),
            };
        }
        (documented(name), self.value(json, true, depth + 1))
    }

    fn part(&self, json: &Json, depth: usize) -> Value {
        let lifted = matches!(json.kind, JsonKind::Object(_))
            && json.get_ignore_case("properties").is_none()
            && json
                .members()
                .iter()
                .any(|member| !shape::stays_in_part(&member.name));
        if lifted && depth <= MAX_DEPTH {
            self.lifted(json, &shape::stays_in_part, depth)
        } else {
            self.value(json, true, depth)
        }
    }

    fn value(&self, json: &Json, flat: bool, depth: usize) -> Value {
        let origin = self.origin(json);
        if depth > MAX_DEPTH {
            return Value::null(origin);
        }
        match &json.kind {
            JsonKind::Null => Value::null(origin),
            JsonKind::Bool(value) => Value::bool(*value, origin),
            JsonKind::Number(number) => Value::new(Data::Number(number.clone()), origin),
            JsonKind::String(text) if flat && names_a_type(text) => {
                Value::unknown(self.cut_off(json.span), origin)
            }
            JsonKind::String(text) => Value::string(rooted(text), origin),
            JsonKind::Array(items) => {
                self.list(json, items, |item| self.value(item, flat, depth + 1))
            }
            JsonKind::Object(members) if flat => {
                let members = members.iter().map(|member| self.member(member, depth));
                Value::object(members, origin)
            }
            JsonKind::Object(members) => {
                let entry = |member: &Member| {
                    let value = self.value(&member.value, false, depth + 1);
                    (documented(&member.name), value)
                };
                Value::object(members.iter().map(entry), origin)
            }
        }
    }

    /// A list; items that were cut off are its rest.
    fn list(&self, json: &Json, items: &[Json], read: impl Fn(&Json) -> Value) -> Value {
        let cut_off = |value: &Value| matches!(value.data, Data::Unknown(_));
        let (lost, items): (Vec<Value>, Vec<Value>) = items.iter().map(read).partition(cut_off);
        let rest = match lost.into_iter().next().map(|value| value.data) {
            Some(Data::Unknown(unknown)) => Some(Rest {
                unknown,
                template: None,
            }),
            _ => None,
        };
        Value::new(
            Data::List(Arc::new(ListValue {
                items,
                rest,
                kind: ListKind::Tuple,
            })),
            self.origin(json),
        )
    }

    /// Stands for what PowerShell did not write.
    fn cut_off(&self, place: Span) -> Unknown {
        self.cut_off.borrow_mut().push(place);
        let scope = format!("{} {}", place.file.0, place.start);
        let label = "what ConvertTo-Json cut off";
        Unknown::new(&scope, label, Reason::Invalid).declared_at(place)
    }

    fn origin(&self, json: &Json) -> OriginId {
        self.origins
            .add(Some(json.span), OriginStep::Recorded, Vec::new())
    }
}

fn documented(name: &Arc<str>) -> Arc<str> {
    shape::documented(name).map_or_else(|| Arc::clone(name), Arc::from)
}

/// Whether two recorded bodies say the same, however they were printed: case of names, nothing
/// written as `null` or `[]`, and what tools and states add do not count.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::Object(a), Data::Object(b)) => all_in(a, b) && all_in(b, a),
        (Data::List(a), Data::List(b)) => same_items(a, b),
        (Data::String(a), Data::String(b)) => {
            a == b || (a.starts_with('/') && a.eq_ignore_ascii_case(b))
        }
        _ => {
            is_nothing(a) && is_nothing(b)
                || a.canonical().is_some_and(|a| Some(a) == b.canonical())
        }
    }
}

fn same_items(a: &ListValue, b: &ListValue) -> bool {
    a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(|(a, b)| same(a, b))
}

/// Whether what `a` says is said by `b` too.
fn all_in(a: &ObjectValue, b: &ObjectValue) -> bool {
    let find = |name: &str| {
        b.entries.get(name).or_else(|| {
            let mut others = b.entries.iter();
            others
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    };
    a.entries
        .iter()
        .filter(|(name, value)| !shape::is_incidental(name) && !is_resource_type(name, value))
        .all(|(name, value)| match find(name) {
            Some(other) => same(value, other),
            None => is_nothing(value),
        })
}

fn is_resource_type(name: &str, value: &Value) -> bool {
    name.eq_ignore_ascii_case("type") && value.as_str().is_some_and(|kind| kind.contains('/'))
}

fn is_nothing(value: &Value) -> bool {
    match &value.data {
        Data::Null => true,
        Data::List(list) => list.items.is_empty(),
        Data::String(text) => text.is_empty(),
        _ => false,
    }
}

/// `ConvertTo-Json` writes the name of a type where things nest deeper than it was asked to go.
fn names_a_type(text: &str) -> bool {
    [
        "Microsoft.Azure.Commands.",
        "Microsoft.Azure.Management.",
        "Microsoft.Azure.PowerShell.",
        "System.Collections.",
        "System.Object[]",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        || text.starts_with("@{")
}

/// Ids from which somebody took the subscription begin like full ones.
fn rooted(text: &Arc<str>) -> Arc<str> {
    let starts = |with: &str| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if starts("resourceGroups/") && text.contains("/providers/") {
        format!("/{text}").into()
    } else {
        Arc::clone(text)
    }
}
