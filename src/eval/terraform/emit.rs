//! What a block becomes: a resource as its provider writes it, the ARM resource that it asks Azure
//! for, or the resources of a template that it deploys.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::{Evaluation, Names};
use super::ids::key_of;
use super::instances::Instance;
use super::module::{Module, ResourceInstance};
use super::{azapi, document};
use crate::diagnostic::Diagnostic;
use crate::eval::Resource;
use crate::eval::hcl_expr::{Frame, evaluate_with};
use crate::eval::value::{Data, Value};
use crate::source::Span;
use crate::syntax::hcl::{ExprKind, TemplatePart};
use document::{Document, Origins, Unreadable};

/// Gives resources of one address, which two templates deploy, addresses of their own.
pub(super) fn tell_addresses_apart(resources: &mut [Resource]) {
    let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
    for resource in resources {
        let count = seen.entry(Arc::clone(&resource.address)).or_insert(0);
        *count += 1;
        if *count > 1 {
            resource.address = format!("{}#{count}", resource.address).into();
        }
    }
}

impl<'a> Evaluation<'a> {
    /// Adds what an instance of a block becomes.
    pub(super) fn emit(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        mut written: Resource,
        into: &mut Vec<Resource>,
    ) {
        let id = self.azure_id(module, instance, resource);
        written.id = id.as_deref().and_then(key_of);
        match &**resource.declared.kind {
            azapi::RESOURCE => {
                let body = self.decoded(module, instance, resource, "body");
                let made = azapi::resource(&written, body.as_ref(), id.as_deref());
                into.push(made.unwrap_or(written));
            }
            azapi::UPDATE => {
                if let Some(body) = self.decoded(module, instance, resource, "body")
                    && let Data::Object(object) = &mut written.body.data
                {
                    let object = Arc::make_mut(object);
                    object.entries.insert("body".into(), body);
                }
                into.push(written);
            }
            _ => {
                into.push(written);
                if let Some(made) = self.deployed(module, instance, resource) {
                    into.extend(made.resources.iter().cloned());
                }
            }
        }
    }

    /// What the JSON of an attribute says, also where it is written as an object.
    pub(super) fn decoded(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        let value = self.uncoded(module, instance, resource, name)?;
        if value.as_object().is_some() || value.as_unknown().is_some() || value.is_null() {
            return Some(value);
        }
        let document = self.document(module, instance, resource, name)?;
        let literal = |span: Span| self.session.literal(span);
        Some(document::value_of(
            &document.tree,
            &document.values,
            &literal,
        ))
    }

    /// The document that an attribute holds; what is wrong with it is told.
    pub(super) fn document(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Document> {
        let value = self.uncoded(module, instance, resource, name)?;
        let body = &resource.declared.block.body;
        let around = body
            .attribute(name)
            .map_or(resource.declared.block.header, |attribute| {
                attribute.value.span
            });
        let origins = Origins {
            builder: self.session.origins(),
        };
        match document::read(&value, around, origins, self.loader) {
            Ok(document) => Some(document),
            Err(Unreadable::Text(at, why)) => {
                let message = format!("`{name}` is no JSON: {why}");
                self.say(Diagnostic::unreadable("json-syntax", at, message));
                None
            }
            Err(Unreadable::Unknown | Unreadable::Nothing) => None,
        }
    }

    /// An attribute that holds JSON, before `jsonencode` makes text of it: each part then still
    /// knows where it was typed, and what is not known stays a part of the whole.
    fn uncoded(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        let attribute = resource.declared.block.body.attribute(name)?;
        // In JSON every expression is a template.
        let mut written = &attribute.value.kind;
        if let ExprKind::Template(parts) = written
            && let [TemplatePart::Interpolation(alone)] = parts.as_slice()
        {
            written = &alone.kind;
        }
        let ExprKind::Call {
            name: function,
            args,
            expand: false,
            ..
        } = written
        else {
            return self.resource_attribute(module, instance, resource, name);
        };
        let [argument] = args.as_slice() else {
            return self.resource_attribute(module, instance, resource, name);
        };
        if &**function != "jsonencode" {
            return self.resource_attribute(module, instance, resource, name);
        }
        let frame = Frame {
            names: &instance.names,
            outer: None,
        };
        let scope = Names {
            evaluation: self,
            module: Rc::clone(module),
        };
        let outcome = evaluate_with(argument, &scope, &self.session, Some(&frame));
        Some(self.settle(&module.prefix, outcome, self.session.literal(argument.span)))
    }
}
