//! Unknowns of a declared type: their attributes and elements are unknowns of their own, with the
//! types declared of those.

use std::sync::Arc;

use indexmap::IndexMap;

use super::access::{dotted, part_of_unknown, rest_of};
use super::conversion::{to_number, to_text};
use crate::eval::value::{Bounds, Data, ListKind, ObjectKind, Type, Unknown, Value};

/// The type declared of an unknown.
fn declared(unknown: &Unknown) -> &Type {
    match &unknown.bounds {
        Bounds::Typed(kind) => kind,
        _ => &Type::Any,
    }
}

/// A part of an unknown, of which this type is declared.
pub(super) fn of_type(part: Value, kind: &Type) -> Value {
    match &part.data {
        Data::Unknown(unknown)
            if *kind != Type::Any && matches!(unknown.bounds, Bounds::Any | Bounds::Typed(_)) =>
        {
            let bounds = Bounds::Typed(Arc::new(kind.clone()));
            Value::unknown((**unknown).clone().with_bounds(bounds), part.origin)
        }
        _ => part,
    }
}

/// The type declared of an attribute; `None` if there can be no such attribute.
pub(super) fn attribute_type<'u>(unknown: &'u Unknown, name: &str) -> Option<&'u Type> {
    match declared(unknown) {
        Type::Any => Some(&Type::Any),
        Type::Object(attributes) => attributes.get(name).map(|attribute| &attribute.kind),
        Type::Map(element) => Some(element),
        _ => None,
    }
}

/// The type declared of the element at an index, which may be unknown; `None` if there can be no
/// such element.
pub(super) fn element_type<'u>(unknown: &'u Unknown, index: &Value) -> Option<&'u Type> {
    let number = to_number(index).and_then(|number| number.as_i64());
    let number = number.and_then(|number| usize::try_from(number).ok());
    match declared(unknown) {
        Type::Any => Some(&Type::Any),
        Type::Map(element) => Some(element),
        Type::List(element) if number.is_some() || !index.is_wholly_known() => Some(element),
        _ if !index.is_wholly_known() => Some(&Type::Any),
        Type::Tuple(elements) => elements.get(number?),
        Type::Object(attributes) => attributes
            .get(&to_text(index)?)
            .map(|attribute| &attribute.kind),
        _ => None,
    }
}

/// The type declared of the elements of a collection that is not known.
pub(super) fn type_of_elements(unknown: &Unknown) -> &Type {
    match declared(unknown) {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element,
        _ => &Type::Any,
    }
}

/// Opens the arguments of a call that must not be null, as Terraform's function documentation and
/// `terraform console` 1.11 have it. Only functions that make something of the parts.
pub(super) fn open_arguments(function: &str, arguments: &mut [Value]) {
    let refusing = match function {
        "contains" | "length" | "lookup" => 0..1,
        "join" => 1..arguments.len(),
        "alltrue" | "anytrue" | "chunklist" | "compact" | "concat" | "distinct" | "flatten"
        | "keys" | "matchkeys" | "one" | "reverse" | "setintersection" | "setproduct"
        | "setsubtract" | "setunion" | "sum" | "values" | "zipmap" => 0..arguments.len(),
        _ => return,
    };
    for argument in arguments.get_mut(refusing).unwrap_or_default() {
        if argument.as_unknown().is_some() {
            *argument = opened(argument);
        }
    }
}

/// A value in which what is declared of an unknown can be seen: its attributes, or that it is a
/// list. For places where null would be refused, as an unknown may also stand for that; anything
/// else is what it was.
#[must_use]
pub(crate) fn opened(value: &Value) -> Value {
    let Data::Unknown(unknown) = &value.data else {
        return value.clone();
    };
    let origin = value.origin;
    match declared(unknown) {
        Type::List(_) => Value::list_of(ListKind::List, Vec::new(), Some(rest_of(unknown)), origin),
        Type::Set(_) => Value::list_of(ListKind::Set, Vec::new(), Some(rest_of(unknown)), origin),
        Type::Map(_) => {
            let rest = Some(rest_of(unknown));
            Value::object_of(ObjectKind::Map, IndexMap::new(), rest, origin)
        }
        Type::Tuple(kinds) => {
            let part = |(index, kind)| {
                of_type(
                    part_of_unknown(unknown, &format!("[{index}]"), origin),
                    kind,
                )
            };
            Value::list(kinds.iter().enumerate().map(part).collect(), origin)
        }
        Type::Object(attributes) => {
            let part = |name: &Arc<str>, kind| {
                of_type(part_of_unknown(unknown, &dotted(name), origin), kind)
            };
            let entries = attributes
                .iter()
                .map(|(name, attribute)| (Arc::clone(name), part(name, &attribute.kind)));
            Value::object(entries, origin)
        }
        Type::Any | Type::String | Type::Number | Type::Bool => value.clone(),
    }
}
