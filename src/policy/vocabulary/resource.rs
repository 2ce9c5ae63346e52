//! Resources of any type, as they are written.

use std::sync::Arc;

use super::common::definition;
use super::read::{elements, owner};
use super::{Field, Item, Kind, KindSpec, Ty, World, outside};
use crate::eval::value::Value;
use crate::model::resource::{LANGUAGES, Resources};
use crate::origin::OriginId;
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
            |w, id| optional(w, id, w.resources().azure_type(id)),
        ),
        Field::new(
            "written_type",
            Ty::TEXT,
            "its type as the files spell it, such as `azurerm_virtual_network`",
            |w, id| optional(w, id, w.resources().written_type(id)),
        ),
        Field::new(
            "language",
            Ty::One(Item::Word(LANGUAGES)),
            "whose words its attributes are written in: `arm` (templates, exports, azapi) or `azurerm`",
            |w, id| optional(w, id, w.resources().language(id)),
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

/// `tag(x, name)`: the value of a tag of the resource that an element is written in; null: no such
/// tag.
pub(crate) fn tag(world: &World<'_>, of: Element, name: &str) -> Datum {
    read(world, of, &|all, id| all.tag(id, name))
}

/// `attribute(x, path)`: what is written at a path of the resource that an element is written in;
/// null: nothing.
pub(crate) fn attribute(world: &World<'_>, of: Element, path: &str) -> Datum {
    read(world, of, &|all, id| all.attribute(id, path))
}

fn read(
    world: &World<'_>,
    of: Element,
    get: &dyn Fn(&Resources<'_>, u32) -> Option<Value>,
) -> Datum {
    let Data::Element(found) = definition(world, of).data else {
        return Datum::unknown(outside(format!("the resource of `{}`", of.display(world))));
    };
    let all = world.resources();
    match (get(all, found.id), all.meta(found.id)) {
        (Some(value), _) => from_value(&value),
        (None, Some(meta)) if meta.existing => {
            let what = format!("what `{}` is where it is created", meta.address);
            Datum::unknown(outside(what))
        }
        (None, Some(meta)) => Datum::new(Data::Absent, meta.origin),
        (None, None) => Datum::constant(Data::Absent),
    }
}

fn this(id: u32) -> Element {
    let kind = Kind::Resource;
    Element { kind, id }
}

fn optional(world: &World<'_>, id: u32, text: Option<Arc<str>>) -> Datum {
    let data = text.map_or(Data::Absent, Data::Text);
    let meta = world.resources().meta(id);
    Datum::new(data, meta.map_or(OriginId::NONE, |meta| meta.origin))
}

fn tag_names(world: &World<'_>, id: u32) -> Datum {
    let tags = world.resources().attribute(id, "tags");
    let Some(tags) = tags else {
        return Datum::list(Vec::new(), None);
    };
    match (tags.as_object(), tags.as_unknown()) {
        (Some(object), _) => {
            let names = object.entries.iter().map(|(name, value)| {
                let name = Datum::new(Data::Text(Arc::clone(name)), value.origin);
                datum::Item::certain(name)
            });
            let rest = object.rest.as_ref().map(|rest| Arc::clone(&rest.unknown));
            Datum::list(names.collect(), rest)
        }
        (None, Some(unknown)) => Datum::list(Vec::new(), Some(Arc::clone(unknown))),
        (None, None) => Datum::list(Vec::new(), None),
    }
}

fn parent(world: &World<'_>, id: u32) -> Datum {
    owner(world, Kind::Resource, world.resources().parent(id))
}

fn children(world: &World<'_>, id: u32) -> Datum {
    let inside = world.resources().children(id);
    elements(world, Kind::Resource, inside, None)
}
