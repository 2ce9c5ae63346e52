//! Service tags of a rule that are not what they should be.

use super::rule;
use crate::model::address::{AddressPrefix, ServiceTag};
use crate::model::nsg::{Direction, SecurityRule};
use crate::model::platform::TagDirection;
use crate::origin::OriginId;
use crate::policy::datum::{Data, Datum, Item};
use crate::policy::vocabulary::read::object;
use crate::policy::vocabulary::{Member, Ty, World};

pub(in crate::policy::vocabulary) const UNKNOWN_TAG: &[Member] = &[
    ("name", Ty::TEXT, "as written"),
    (
        "nearest",
        Ty::TEXT,
        "the documented tag that is probably meant, or null",
    ),
    ("is_host_name", Ty::BOOL, "whether it is the name of a host"),
];

pub(super) const MISDIRECTED_TAG: &[Member] = &[
    ("name", Ty::TEXT, "the tag"),
    ("only", Ty::TEXT, "the direction it is documented for"),
];

pub(super) fn unknown_tags(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let both = this.source.items.iter().chain(&this.destination.items);
    let tags = both.filter_map(|field| match field.value() {
        Some(AddressPrefix::Tag(tag)) => Some((tag, field.origin)),
        _ => None,
    });
    unknown_of(world, tags)
}

/// Those of some tags that are not documented.
pub(in crate::policy::vocabulary) fn unknown_of<'a>(
    world: &World<'_>,
    tags: impl Iterator<Item = (&'a ServiceTag, OriginId)>,
) -> Datum {
    let mut items = Vec::new();
    for (tag, origin) in tags {
        let name = tag.name();
        if world.facts.tag(name).is_some() {
            continue;
        }
        let nearest = nearest(world, name).map_or(Data::Absent, |near| Data::Text(near.into()));
        let entry = object([
            ("name", Datum::text(name)),
            ("nearest", Datum::constant(nearest)),
            (
                "is_host_name",
                Datum::constant(Data::Bool(is_host_name(name))),
            ),
        ]);
        items.push(Item::certain(Datum::new(entry.data, origin)));
    }
    Datum::list(items, None)
}

/// Tags have two parts at most, the second of which is a region or a part of a service.
fn is_host_name(name: &str) -> bool {
    name.split('.').count() > 2
}

/// The documented tag that differs by a letter or two, or by signs between its words.
fn nearest(world: &World<'_>, name: &str) -> Option<String> {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let (base, region) = match name.split_once('.') {
        Some((base, region)) => (base, Some(region)),
        None => (name, None),
    };
    let near = |written: &str| {
        let written = plain(written);
        let rows = world.facts.tags.iter();
        let distance = |tag: &str| strsim::damerau_levenshtein(&plain(tag), &written);
        let (tag, distance) = rows
            .map(|row| (&row.name, distance(&row.name)))
            .min_by_key(|(_, distance)| *distance)?;
        (distance <= 2 && distance * 4 <= written.len()).then(|| tag.to_string())
    };
    near(name).or_else(|| Some(format!("{}.{}", near(base)?, region?)))
}

pub(super) fn misdirected_tags(world: &World<'_>, id: u32) -> Datum {
    let this = rule(world, id);
    let items = far_tags(this).filter_map(|(field, name, direction)| {
        let row = world.facts.tag(name)?;
        let word = match (row.only?, direction) {
            (TagDirection::Inbound, Direction::Outbound) => "inbound",
            (TagDirection::Outbound, Direction::Inbound) => "outbound",
            _ => return None,
        };
        let entry = object([
            ("name", Datum::text(world.facts.spelling_of_tag(name))),
            ("only", Datum::text(word)),
        ]);
        Some(Item::certain(Datum::new(entry.data, field)))
    });
    Datum::list(items.collect(), None)
}

/// The tags of inbound sources and outbound destinations.
fn far_tags(rule: &SecurityRule) -> impl Iterator<Item = (OriginId, &str, Direction)> {
    let direction = rule.direction.value().copied();
    let far = match direction {
        Some(Direction::Inbound) => rule.source.items.as_slice(),
        Some(Direction::Outbound) => rule.destination.items.as_slice(),
        None => &[],
    };
    far.iter().filter_map(move |field| match field.value()? {
        AddressPrefix::Tag(tag) => Some((field.origin, tag.name(), direction?)),
        _ => None,
    })
}
