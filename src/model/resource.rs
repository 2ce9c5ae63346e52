//! What every resource says, whatever it is: its type, its tags, anything that is written in it.
//!
//! The model knows what matters for networks. Rules of a company's own may be about any type and any
//! attribute; here is what they can ask for without the model knowing what it means.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Field, Meta};
use crate::eval::terraform::arm_type;
use crate::eval::value::{Data, ListKind, ListValue, Reason, Unknown, Value};
use crate::eval::{Deployment, Dialect, Mode, Resource};

/// The resources of a deployment as they are written, by their place in it.
#[derive(Debug)]
pub struct Resources<'a> {
    all: &'a [Resource],
    metas: Vec<Meta>,
    by_address: HashMap<Arc<str>, u32>,
    by_key: HashMap<Arc<str>, u32>,
}

impl<'a> Resources<'a> {
    /// Looks through a deployment.
    #[must_use]
    pub fn new(deployment: &'a Deployment) -> Self {
        let all = deployment.resources.as_slice();
        let mut found = Self {
            all,
            metas: Vec::with_capacity(all.len()),
            by_address: HashMap::new(),
            by_key: HashMap::new(),
        };
        for (resource, id) in all.iter().zip(0..) {
            let name = match resource.name.as_str() {
                Some(name) => Field::known(Arc::clone(name), resource.name.origin),
                None => Field::absent(resource.origin),
            };
            found.metas.push(Meta {
                address: Arc::clone(&resource.address),
                key: resource.key.clone(),
                name,
                origin: resource.origin,
                existence: resource.existence.clone(),
                template: resource.template,
                existing: resource.mode == Mode::Existing,
            });
            let address = Arc::clone(&resource.address);
            found.by_address.entry(address).or_insert(id);
            let key = Arc::clone(&resource.key.0);
            found.by_key.entry(key).or_insert(id);
        }
        found
    }

    /// Name, place and existence of one.
    #[must_use]
    pub fn meta(&self, id: u32) -> Option<&Meta> {
        self.metas.get(id as usize)
    }

    /// The resource that an element is written in: itself, or the one it is a part of.
    #[must_use]
    pub fn of(&self, meta: &Meta) -> Option<u32> {
        let mut address = &*meta.address;
        loop {
            if let Some(id) = self.by_address.get(address) {
                return Some(*id);
            }
            address = address.rsplit_once('/')?.0;
        }
    }

    /// The type in Azure's words; `None` where nothing tells it.
    #[must_use]
    pub fn azure_type(&self, id: u32) -> Option<Arc<str>> {
        azure_type(self.get(id)?)
    }

    /// The type as the files spell it.
    #[must_use]
    pub fn written_type(&self, id: u32) -> Option<Arc<str>> {
        Some(Arc::clone(&self.get(id)?.kind))
    }

    /// Whose words its attributes are written in: one of [`LANGUAGES`].
    #[must_use]
    pub fn language(&self, id: u32) -> Option<Arc<str>> {
        let word = match self.get(id)?.dialect {
            Dialect::Arm => 0,
            Dialect::Azurerm => 1,
        };
        LANGUAGES.get(word).map(|word| (*word).into())
    }

    /// The resource it is a part of.
    #[must_use]
    pub fn parent(&self, id: u32) -> Option<u32> {
        let key = self.get(id)?.parent.as_ref()?;
        self.by_key.get(&key.0).copied()
    }

    /// The resources that are written as parts of it.
    #[must_use]
    pub fn children(&self, id: u32) -> Vec<u32> {
        let Some(own) = self.get(id) else {
            return Vec::new();
        };
        let all = self.all.iter().zip(0..);
        let inside = all.filter(|(one, _)| one.parent.as_ref() == Some(&own.key));
        inside.map(|(_, id)| id).collect()
    }

    /// The value of a tag; names of tags compare without case. `None`: it has no such tag.
    #[must_use]
    pub fn tag(&self, id: u32, name: &str) -> Option<Value> {
        tag(self.get(id)?, name)
    }

    /// What is written at a path, as its language spells it: `properties.subnets.0.name`,
    /// `site_config.ftps_state`. A name after a list of one item looks into that item, `*` into
    /// each. `None`: it is not written.
    #[must_use]
    pub fn attribute(&self, id: u32, path: &str) -> Option<Value> {
        let segments: Vec<&str> = path.split('.').take(MAX_DEPTH).collect();
        let resource = self.get(id)?;
        at(resource, &resource.body, &segments)
    }

    fn get(&self, id: u32) -> Option<&'a Resource> {
        self.all.get(id as usize)
    }
}

/// The languages that attributes are written in.
pub const LANGUAGES: &[&str] = &["arm", "azurerm"];

/// The type in the words of Azure Resource Manager: `Microsoft.Network/virtualNetworks`, also of
/// what another language calls otherwise. `None` where nothing tells it.
fn azure_type(resource: &Resource) -> Option<Arc<str>> {
    match resource.dialect {
        Dialect::Arm => Some(Arc::clone(&resource.kind)),
        Dialect::Azurerm => arm_type(&resource.kind),
    }
}

fn tag(resource: &Resource, name: &str) -> Option<Value> {
    let tags = entry(resource, &resource.body, "tags")?;
    if let Some(unknown) = tags.as_unknown() {
        return Some(Value::new(Data::Unknown(Arc::clone(unknown)), tags.origin));
    }
    let found = tags.get_ignore_case(name).cloned();
    found.or_else(|| missing(&tags))
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
