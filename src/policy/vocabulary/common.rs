//! What elements of every kind have: name, address, whether they are only looked up, and the
//! resource of the files that they are written in.

use super::read::{self, element};
use super::{Field, Item, KINDS, Kind, Ty, World};
use crate::model::Meta;
use crate::policy::datum::{Data, Datum, Element};

/// How many fields every kind has.
pub(super) const COUNT: usize = 4;

/// The fields of the kind at a place of [`KINDS`].
pub(super) const fn fields<const KIND: usize>() -> [Field; COUNT] {
    [
        Field::new("name", Ty::TEXT, "its name", |w, id| {
            of::<KIND>(w, id, read::name)
        }),
        Field::new(
            "resource",
            Ty::TEXT,
            "the address of its resource",
            |w, id| of::<KIND>(w, id, read::address),
        ),
        Field::new(
            "existing",
            Ty::BOOL,
            "only looked up, not created here",
            |w, id| of::<KIND>(w, id, existing),
        ),
        Field::new(
            "definition",
            Ty::One(Item::Element(Kind::Resource)),
            "the resource of the files it is written in",
            |w, id| definition(w, this::<KIND>(id)),
        ),
    ]
}

/// The resource that an element is written in; absent if that is not told.
pub(crate) fn definition(world: &World<'_>, of: Element) -> Datum {
    let found = match of.kind {
        Kind::Resource => Some(of.id),
        _ => of.meta(world).and_then(|meta| world.resources().of(meta)),
    };
    match found {
        Some(id) => element(world, Kind::Resource, id),
        None => Datum::constant(Data::Absent),
    }
}

fn existing(meta: &Meta) -> Datum {
    Datum::new(Data::Bool(meta.existing), meta.origin)
}

fn of<const KIND: usize>(world: &World<'_>, id: u32, read: fn(&Meta) -> Datum) -> Datum {
    let meta = this::<KIND>(id).meta(world).map(read);
    meta.unwrap_or_else(|| Datum::constant(Data::Absent))
}

fn this<const KIND: usize>(id: u32) -> Element {
    let kind = KINDS.get(KIND).map_or(Kind::Platform, |spec| spec.kind);
    Element { kind, id }
}
