//! TXT records of DNS zones.

use crate::eval::{Mode, Resource};
use crate::model::build::Builder;
use crate::model::mail::TxtRecord;
use crate::model::setting::text;
use crate::model::{List, TxtRecordId};

/// `azurerm_dns_txt_record`
pub(super) fn txt<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    if resource.mode == Mode::Existing {
        return;
    }
    let body = builder.body(resource);
    let records = body.get("record").items();
    let items = records.items.iter();
    let texts = items.filter_map(|record| text(&record.get("value")));
    let element = TxtRecord {
        zone: body.get("zone_name").text(),
        texts: List {
            items: texts.collect(),
            rest: records.rest,
        },
        meta: builder.meta(resource),
    };
    let _: TxtRecordId = builder.add(element);
}
