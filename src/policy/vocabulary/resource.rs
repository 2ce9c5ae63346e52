//! Resources of any type, as they are written.

use std::collections::HashMap;
use std::sync::Arc;

use super::common::definition;
use super::read::{element, elements};
use super::{Field, Item, Kind, KindSpec, Ty, World, outside};
use crate::eval::value::Value;
use crate::eval::{Dialect, Mode, Resource};
use crate::model::resource as written;
use crate::model::{self, Meta};
use crate::policy::datum::{self, Data, Datum, Element};
use crate::policy::expr::from_value;

pub(super) static RESOURCE: KindSpec = KindSpec {
    kind: Kind::Resource,
    name: "resource",
    is_subject: true,
    doc: "Any resource of the files, also of types that nothing else here knows. `tag(x, \"owner\")` \
          and `attribute(x, \"properties.a.b\")` read what is written in it; paths are those of the \
          language it is written in.",
    fields: &[
        Field::new(
            "type",
            Ty::TEXT,
            "its type in Azure's words, such as `Microsoft.Network/virtualNetworks`; null where it is \
             not known what that is",
            |w, id| optional(w, id, written::azure_type),
        ),
        Field::new(
            "written_type",
            Ty::TEXT,
            "its type as the files spell it, such as `azurerm_virtual_network`",
            |w, id| optional(w, id, |resource| Some(Arc::clone(&resource.kind))),
        ),
        Field::new(
            "language",
            Ty::One(Item::Word(&["arm", "azurerm"])),
            "whose words its attributes are written in: `arm` (templates, exports, azapi) or `azurerm`",
            |w, id| {
                optional(w, id, |resource| {
                    Some(match resource.dialect {
                        Dialect::Arm => "arm".into(),
                        Dialect::Azurerm => "azurerm".into(),
                    })
                })
            },
        ),
        Field::new("location", Ty::TEXT, "its region as written", |w, id| {
            attribute(w, this(id), "location")
        }),
        Field::new(
            "tag_names",
            Ty::List(Item::Text),
            "the names of its tags",
            tag_names,
        ),
        Field::new(
            "parent",
            Ty::One(Item::Element(Kind::Resource)),
            "the resource it is a part of; null if it is none or that is not in the files",
            parent,
        ),
        Field::new(
            "children",
            Ty::List(Item::Element(Kind::Resource)),
            "the resources that are written as parts of it",
            children,
        ),
    ],
};

/// The resources of a deployment: how they are found, and what is known of each as of any element.
#[derive(Debug)]
pub(crate) struct Resources {
    metas: Vec<Meta>,
    by_address: HashMap<Arc<str>, u32>,
    by_key: HashMap<Arc<str>, u32>,
}

impl Resources {
    pub(super) fn new(resources: &[Resource]) -> Self {
        let mut all = Self {
            metas: Vec::with_capacity(resources.len()),
            by_address: HashMap::new(),
            by_key: HashMap::new(),
        };
        for (resource, id) in resources.iter().zip(0..) {
            let name = match resource.name.as_str() {
                Some(name) => model::Field::known(Arc::clone(name), resource.name.origin),
                None => model::Field::absent(resource.origin),
            };
            all.metas.push(Meta {
                address: Arc::clone(&resource.address),
                key: resource.key.clone(),
                name,
                origin: resource.origin,
                existence: resource.existence.clone(),
                template: resource.template,
                existing: resource.mode == Mode::Existing,
            });
            let address = Arc::clone(&resource.address);
            all.by_address.entry(address).or_insert(id);
            let key = Arc::clone(&resource.key.0);
            all.by_key.entry(key).or_insert(id);
        }
        all
    }

    pub(super) fn meta(&self, at: usize) -> Option<&Meta> {
        self.metas.get(at)
    }

    /// The resource that an element is written in: itself, or the one it is a part of.
    pub(super) fn of(&self, meta: &Meta) -> Option<u32> {
        let mut address = &*meta.address;
        loop {
            if let Some(id) = self.by_address.get(address) {
                return Some(*id);
            }
            address = address.rsplit_once('/')?.0;
        }
    }
}

/// `tag(x, name)`: the value of a tag of the resource that an element is written in; null: no such
/// tag.
pub(crate) fn tag(world: &World<'_>, of: Element, name: &str) -> Datum {
    read(world, of, &|resource| written::tag(resource, name))
}

/// `attribute(x, path)`: what is written at a path of the resource that an element is written in;
/// null: nothing.
pub(crate) fn attribute(world: &World<'_>, of: Element, path: &str) -> Datum {
    read(world, of, &|resource| written::attribute(resource, path))
}

fn read(world: &World<'_>, of: Element, get: &dyn Fn(&Resource) -> Option<Value>) -> Datum {
    let found = match definition(world, of).data {
        Data::Element(found) => world.deployment.resources.get(found.id as usize),
        _ => None,
    };
    let Some(resource) = found else {
        return Datum::unknown(outside(format!("the resource of `{}`", of.display(world))));
    };
    match get(resource) {
        Some(value) => from_value(&value),
        None if resource.mode == Mode::Existing => {
            let what = format!("what `{}` is where it is created", resource.address);
            Datum::unknown(outside(what))
        }
        None => Datum::new(Data::Absent, resource.origin),
    }
}

fn this(id: u32) -> Element {
    let kind = Kind::Resource;
    Element { kind, id }
}

fn resource<'a>(world: &World<'a>, id: u32) -> Option<&'a Resource> {
    world.deployment.resources.get(id as usize)
}

fn optional(world: &World<'_>, id: u32, get: fn(&Resource) -> Option<Arc<str>>) -> Datum {
    let Some(resource) = resource(world, id) else {
        return Datum::constant(Data::Absent);
    };
    let data = get(resource).map_or(Data::Absent, Data::Text);
    Datum::new(data, resource.origin)
}

fn tag_names(world: &World<'_>, id: u32) -> Datum {
    match attribute(world, this(id), "tags") {
        Datum {
            data: Data::Object(entries),
            ..
        } => {
            let names = entries.iter().map(|(name, value)| {
                let name = Datum::new(Data::Text(Arc::clone(name)), value.origin);
                datum::Item::certain(name)
            });
            let tags = resource(world, id).and_then(|one| written::attribute(one, "tags"));
            let rest =
                tags.and_then(|tags| Some(Arc::clone(&tags.as_object()?.rest.as_ref()?.unknown)));
            Datum::list(names.collect(), rest)
        }
        Datum {
            data: Data::Unknown(unknown, _),
            ..
        } => Datum::list(Vec::new(), Some(unknown)),
        _ => Datum::list(Vec::new(), None),
    }
}

fn parent(world: &World<'_>, id: u32) -> Datum {
    let key = resource(world, id).and_then(|one| one.parent.as_ref());
    match key.and_then(|key| world.resources().by_key.get(&key.0)) {
        Some(parent) => element(world, Kind::Resource, *parent),
        None => Datum::constant(Data::Absent),
    }
}

fn children(world: &World<'_>, id: u32) -> Datum {
    let Some(key) = resource(world, id).map(|one| &one.key) else {
        return Datum::list(Vec::new(), None);
    };
    let all = world.deployment.resources.iter().zip(0..);
    let inside = all.filter(|(one, _)| one.parent.as_ref() == Some(key));
    elements(world, Kind::Resource, inside.map(|(_, id)| id), None)
}
