//! What every resource says, whatever it is: its type, its tags, anything that is written in it.
//!
//! The model knows what matters for networks. Rules of a company's own may be about any type and any
//! attribute; here is what they can ask for without the model knowing what it means.

use std::sync::Arc;

use crate::eval::terraform::arm_type;
use crate::eval::value::{Data, ListKind, ListValue, Reason, Unknown, Value};
use crate::eval::{Dialect, Resource};

/// The type in the words of Azure Resource Manager: `Microsoft.Network/virtualNetworks`, also of
/// what another language calls otherwise. `None` where nothing tells it.
#[must_use]
pub fn azure_type(resource: &Resource) -> Option<Arc<str>> {
    match resource.dialect {
        Dialect::Arm => Some(Arc::clone(&resource.kind)),
        Dialect::Azurerm => arm_type(&resource.kind),
    }
}

/// The value of a tag; names of tags compare without case. `None`: it has no such tag.
#[must_use]
pub fn tag(resource: &Resource, name: &str) -> Option<Value> {
    let tags = entry(resource, &resource.body, "tags")?;
    if let Some(unknown) = tags.as_unknown() {
        return Some(Value::new(Data::Unknown(Arc::clone(unknown)), tags.origin));
    }
    let found = tags.get_ignore_case(name).cloned();
    found.or_else(|| missing(&tags))
}

/// What is written at a path, as the resource's language spells it: `properties.subnets.0.name`,
/// `site_config.ftps_state`. A name after a list of one item looks into that item, `*` into each.
/// `None`: it is not written.
#[must_use]
pub fn attribute(resource: &Resource, path: &str) -> Option<Value> {
    let segments: Vec<&str> = path.split('.').take(MAX_DEPTH).collect();
    at(resource, &resource.body, &segments)
}

/// How deep a path may lead.
const MAX_DEPTH: usize = 64;

fn at(resource: &Resource, value: &Value, path: &[&str]) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else {
        return Some(value.clone());
    };
    match &value.data {
        Data::Unknown(_) => Some(value.clone()),
        Data::Object(object) if *first == "*" => {
            let each = object.entries.values();
            let items = each.filter_map(|item| at(resource, item, rest)).collect();
            Some(Value::list_of(ListKind::Tuple, items, None, value.origin))
        }
        Data::Object(_) => at(resource, &entry(resource, value, first)?, rest),
        Data::List(list) if *first == "*" => {
            let each = list.items.iter();
            let items = each.filter_map(|item| at(resource, item, rest)).collect();
            Some(Value::new(
                Data::List(Arc::new(ListValue {
                    kind: ListKind::Tuple,
                    items,
                    rest: list.rest.clone(),
                })),
                value.origin,
            ))
        }
        Data::List(list) => {
            if let Ok(index) = first.parse::<usize>() {
                return match list.items.get(index) {
                    Some(item) => at(resource, item, rest),
                    None => missing(value),
                };
            }
            match (&list.rest, list.items.as_slice()) {
                (None, [only]) => at(resource, only, path),
                (None, []) => None,
                (Some(_), []) => missing(value),
                _ => {
                    let label = format!("which of several `{first}` of {}", resource.address);
                    let unknown = Unknown::new("attribute", label, Reason::Derived);
                    Some(Value::unknown(unknown, value.origin))
                }
            }
        }
        _ => None,
    }
}

fn entry(resource: &Resource, value: &Value, name: &str) -> Option<Value> {
    let found = match resource.dialect {
        Dialect::Arm => value.get_ignore_case(name),
        Dialect::Azurerm => value.get(name),
    };
    match found {
        Some(found) if found.is_null() => None,
        Some(found) => Some(found.clone()),
        None => missing(value),
    }
}

/// Stands for what may be in the part of a list or object that is not known.
fn missing(value: &Value) -> Option<Value> {
    let unknown = match &value.data {
        Data::List(list) => Arc::clone(&list.rest.as_ref()?.unknown),
        Data::Object(object) => Arc::clone(&object.rest.as_ref()?.unknown),
        _ => return None,
    };
    Some(Value::new(Data::Unknown(unknown), value.origin))
}
