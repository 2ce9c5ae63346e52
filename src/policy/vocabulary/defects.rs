//! What Azure refuses about an element, gathered from its fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::World;
use super::read::object;
use crate::model::nsg::Defect;
use crate::model::{Field, State, SubnetId, VnetId};
use crate::origin::OriginId;
use crate::policy::datum::{self, Data, Datum};

/// What was found, each thing once.
#[derive(Default)]
pub(super) struct Defects(BTreeMap<(Arc<str>, Arc<str>), (bool, OriginId)>);

impl Defects {
    pub(super) fn add(&mut self, field: &str, why: &str, origin: OriginId) {
        let key = (field.into(), why.into());
        self.0.entry(key).or_insert((true, origin));
    }

    /// What the model has found.
    pub(super) fn all(&mut self, found: &[Defect]) {
        for defect in found {
            let key = (Arc::clone(&defect.field), Arc::clone(&defect.why));
            let found = (defect.documented, defect.origin);
            self.0.entry(key).or_insert(found);
        }
    }

    /// A field whose value is none that Azure takes.
    pub(super) fn invalid<T>(&mut self, name: &str, field: &Field<T>) {
        if let State::Invalid { why, .. } = &field.state {
            let article = if name.starts_with('a') { "an" } else { "a" };
            let why = format!("has {article} {name} Azure does not take: {why}");
            self.add(name, &why, field.origin);
        }
    }

    /// `{field, why, documented}` of each, pointing at the field.
    pub(super) fn datum(self) -> Datum {
        let items = self.0.into_iter().map(|((field, why), found)| {
            let (documented, origin) = found;
            let defect = object([
                ("field", Datum::text(field)),
                ("why", Datum::text(why)),
                ("documented", Datum::constant(Data::Bool(documented))),
            ]);
            datum::Item::certain(Datum::new(defect.data, origin))
        });
        Datum::list(items.collect(), None)
    }
}

/// What Azure refuses about the blocks of a network.
pub(super) fn of_network(world: &World<'_>, id: u32) -> Datum {
    let network = &world.network[VnetId(id)];
    let mut found = Defects::default();
    for block in &network.address_space.items {
        found.invalid("address space", block);
    }
    found.all(&network.defects);
    found.datum()
}

/// What Azure refuses about the blocks of a subnet.
pub(super) fn of_subnet(world: &World<'_>, id: u32) -> Datum {
    let subnet = &world.network[SubnetId(id)];
    let mut found = Defects::default();
    for block in &subnet.address_prefixes.items {
        found.invalid("address prefix", block);
    }
    found.all(&subnet.defects);
    found.datum()
}
