//! TXT records of DNS zones.

use super::properties;
use crate::eval::Resource;
use crate::eval::value::Piece;
use crate::model::build::Builder;
use crate::model::mail::TxtRecord;
use crate::model::setting::{Text, text};
use crate::model::{Field, List, TxtRecordId};

/// `Microsoft.Network/dnsZones/TXT`
pub(super) fn txt<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let key = resource.parent.clone().unwrap_or_else(|| meta.key.clone());
    let zone = key.0.rsplit('/').next().unwrap_or_default();
    let zone = match zone.contains('\u{1}') {
        true => Field::absent(meta.origin),
        false => Field::known(zone.into(), meta.origin),
    };
    let records = from.any_of(&["TXTRecords", "txtRecords"]).items();
    // A record is a list of pieces of at most 255 characters each.
    let texts = records.items.iter().map(|record| {
        let mut pieces: Vec<Piece> = Vec::new();
        let value = record.get("value").items();
        for piece in value.items.iter().filter_map(text) {
            pieces.extend(piece.pieces);
        }
        pieces.extend(value.rest.map(Piece::Hole));
        Text {
            pieces,
            origin: record.origin(),
        }
    });
    let element = TxtRecord {
        zone,
        texts: List {
            items: texts.collect(),
            rest: records.rest,
        },
        meta: meta.clone(),
    };
    let _: TxtRecordId = builder.put(element, &meta);
}
