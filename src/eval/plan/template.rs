//! Templates of Azure Resource Manager that resources of a plan deploy: their resources are part of
//! what is planned.

use super::lowering::Read;
use super::record::Record;
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::Target;
use crate::eval::terraform::arm_deployment::{Written, documents};
use crate::eval::terraform::document::{self, Document, Origins, Unreadable};
use crate::eval::terraform::ids::subscription;
use crate::eval::{Loader, Mode, Resource};
use crate::origin::{OriginBuilder, OriginStep};
use crate::source::Span;

/// Adds what the templates among the resources deploy; `records` are what the resources were made
/// of.
pub(super) fn expand(
    read: &mut Read,
    records: &[Record<'_>],
    target: &Target,
    loader: &dyn Loader,
    origins: &OriginBuilder,
) {
    let mut added = Vec::new();
    for (resource, record) in read.resources.iter().zip(records) {
        let Some([template, parameters]) = documents(&resource.kind) else {
            continue;
        };
        if resource.mode != Mode::Managed {
            continue;
        }
        let mut document = |name: &str| {
            let document = document_of(resource, record, name, loader, origins);
            document
                .map_err(|why| read.diagnostics.extend(why.map(|why| *why)))
                .ok()
        };
        let Some(template) = document(template) else {
            continue;
        };
        let literal = |span: Span| origins.add(Some(span), OriginStep::Recorded, Vec::new());
        let parameters = document(parameters)
            .map(|document| document::value_of(&document.tree, &document.values, &literal))
            // What is not known stays what the template is given.
            .or_else(|| resource.body.get(parameters).cloned());
        let attribute = |name: &str| {
            let value = resource.body.get(name)?;
            (!value.is_null()).then(|| value.clone())
        };
        let written = Written {
            kind: &resource.kind,
            address: &resource.address,
            header: record.header,
            origin: resource.origin,
            attribute: &attribute,
            template,
            parameters,
            subscription: vec![subscription(target)],
            target,
            existence: resource.existence.clone(),
            repeated: false,
        };
        if let Some(made) = written.deployed(loader, origins) {
            added.extend(made.resources);
            read.diagnostics.extend(made.diagnostics);
            read.files.extend(made.files);
        }
    }
    read.resources.extend(added);
}

/// The document that an attribute holds, or what is wrong with it.
fn document_of(
    resource: &Resource,
    record: &Record<'_>,
    name: &str,
    loader: &dyn Loader,
    origins: &OriginBuilder,
) -> Result<Document, Option<Box<Diagnostic>>> {
    let value = resource.body.get(name).ok_or(None)?;
    let builder = Some(origins);
    let read = document::read(value, record.header, Origins { builder }, loader);
    read.map_err(|why| match why {
        Unreadable::Text(at, why) => {
            let message = format!("`{name}` is no JSON: {why}");
            Some(Box::new(Diagnostic::unreadable("json-syntax", at, message)))
        }
        Unreadable::Unknown | Unreadable::Nothing => None,
    })
}
