//! Resources and data sources as values: an attribute, an instance, all of them.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::instance::{Found, gathered};
use super::through;
use crate::eval::hcl_expr::{Failure, Outcome, Step, element_of, step_into, unknown_reference};
use crate::eval::terraform::cycles::Visit;
use crate::eval::terraform::evaluation::Evaluation;
use crate::eval::terraform::instances::Instance;
use crate::eval::terraform::module::{Module, ResourceInstance};
use crate::eval::terraform::schema::schema;
use crate::eval::value::{Data, ListValue, ObjectKind, ObjectValue, Reason, Rest, Value};
use crate::eval::{Mode, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;

impl<'a> Evaluation<'a> {
    /// A resource or a part of it.
    pub(super) fn resource_reference(
        &self,
        module: &Rc<Module<'a>>,
        managed: bool,
        kind: &str,
        name: &str,
        steps: &[Step],
        at: Span,
    ) -> Outcome {
        let declarations = &module.declarations;
        let Some(index) = declarations.resource_index.get(&(managed, kind, name)) else {
            let what = if managed { "resource" } else { "data source" };
            let whole = self.undeclared(module, &format!("{what} `{kind}.{name}`"), at)?;
            return through(whole, steps, 0, at, &self.session);
        };
        let Some(expansion) = self.resources(module, *index) else {
            let declared = declarations.resources.get(*index).copied();
            let visit = declared.map(|declared| Visit::of_resource(&module.prefix, declared));
            return Err(self.cycle(
                at,
                &visit.unwrap_or_else(|| Visit::new(&module.prefix, "", name)),
            ));
        };
        let found = self.instance_of(&expansion, &|| format!("{kind}.{name}"), steps, at)?;
        match found {
            Found::One((instance, resource), steps) => {
                self.instance_reference(module, instance, resource, steps, at)
            }
            Found::Unlisted(suffix, steps) => {
                let data = if managed { "" } else { "data." };
                let address = format!("{}{data}{kind}.{name}{suffix}", module.prefix);
                let key = ResourceKey(address.into());
                let unknown = unknown_reference(&key, "", reason(managed)).declared_at(at);
                let mut value = Value::unknown(unknown, self.session.literal(at));
                for step in steps {
                    value = step_into(&value, step, at)?;
                }
                Ok(value)
            }
            Found::Any(index, steps) => {
                let mut parts = Vec::new();
                for (instance, resource) in &expansion.instances {
                    parts.push(self.instance_reference(module, instance, resource, steps, at)?);
                }
                let whole = Value::list(parts, self.session.literal(at));
                element_of(&whole, &index, at)
            }
            Found::All => {
                let count = u64::try_from(expansion.instances.len()).unwrap_or(u64::MAX);
                self.session.charge(count, at)?;
                let items = expansion
                    .instances
                    .iter()
                    .map(|(instance, resource)| {
                        let whole = self.whole(module, instance, resource);
                        (Rc::clone(instance), whole)
                    })
                    .collect();
                Ok(gathered(expansion.over, items, self.session.literal(at)))
            }
        }
    }

    fn instance_reference(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        steps: &[Step],
        at: Span,
    ) -> Outcome {
        let key = ResourceKey(Arc::clone(&resource.address));
        let name: &str = match steps.first() {
            None => return Ok(self.whole(module, instance, resource)),
            Some(Step::Attribute(name)) => name,
            Some(Step::Index(Value {
                data: Data::String(name),
                ..
            })) => name,
            Some(Step::Index(_)) => {
                return Err(Failure::invalid(
                    at,
                    "an index stands after a resource that has neither `count` nor `for_each`",
                ));
            }
        };
        let managed = resource.declared.mode == Mode::Managed;
        let written = self
            .resource_attribute(module, instance, resource, name)
            .filter(|value| !(value.is_null() && self.is_filled_in(module, resource, name)));
        let mut value = match written {
            Some(value) => {
                let stands_for_blocks = stands_for_blocks(resource, name);
                self.referable(&value, &key, name, managed, stands_for_blocks)
            }
            None => self
                .computed(module, instance, resource, name)
                .or_else(|| self.omitted(module, resource, name))
                .unwrap_or_else(|| {
                    self.check_attribute(module, resource, name, at);
                    let unknown = unknown_reference(&key, name, reason(managed))
                        .declared_at(resource.declared.block.header);
                    Value::unknown(unknown, resource.origin)
                }),
        };
        for step in steps.get(1..).unwrap_or_default() {
            value = step_into(&value, step, at)?;
        }
        let span = resource
            .declared
            .block
            .body
            .attribute(name)
            .map_or(resource.declared.block.header, |attribute| attribute.span());
        let step = || OriginStep::Attribute(Arc::clone(&resource.address));
        let origin = self.session.hop(Some(span), step, &[value.origin]);
        Ok(value.with_origin(origin))
    }

    /// A resource as a value: what is written, and for everything else an unknown that refers to
    /// it.
    fn whole(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
    ) -> Value {
        if let Some((known, defaults)) = resource.whole.get() {
            self.rest_on(*defaults);
            return known.clone();
        }
        let key = ResourceKey(Arc::clone(&resource.address));
        let managed = resource.declared.mode == Mode::Managed;
        let (body, defaults) = self.tracked(|| self.resource_body(module, instance, resource));
        let mut entries: IndexMap<Arc<str>, Value> = IndexMap::new();
        if let Some(object) = body.as_object() {
            for (name, value) in &object.entries {
                let stands_for_blocks = stands_for_blocks(resource, name);
                let value = self.referable(value, &key, name, managed, stands_for_blocks);
                entries.insert(Arc::clone(name), value);
            }
        }
        let unknown = unknown_reference(&key, "", reason(managed))
            .declared_at(resource.declared.block.header);
        // The id is what whole resources are passed around for.
        for always in ["id", "name"] {
            if !entries.contains_key(always) {
                let part = self.computed(module, instance, resource, always);
                let part = part.unwrap_or_else(|| {
                    let part = unknown_reference(&key, always, reason(managed))
                        .declared_at(resource.declared.block.header);
                    Value::unknown(part, resource.origin)
                });
                entries.insert(always.into(), part);
            }
        }
        entries.sort_unstable_keys();
        let rest = Some(Rest {
            unknown: Arc::new(unknown),
            template: None,
        });
        let step = || OriginStep::Attribute(Arc::clone(&resource.address));
        let span = Some(resource.declared.block.header);
        let origin = self.session.hop(span, step, &[resource.origin]);
        let whole = Value::new(
            Data::Object(Arc::new(ObjectValue {
                entries,
                rest,
                kind: ObjectKind::Object,
            })),
            origin,
        );
        resource.whole.get_or_init(|| (whole, defaults)).0.clone()
    }

    /// Blocks as they look from outside: what is not written in them may still be known to Azure.
    /// `stands_for_blocks` tells that objects are blocks although they are written as a value.
    fn referable(
        &self,
        value: &Value,
        key: &ResourceKey,
        path: &str,
        managed: bool,
        stands_for_blocks: bool,
    ) -> Value {
        match &value.data {
            Data::List(list) => {
                let items: Vec<Value> = list
                    .items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let path = format!("{path}[{index}]");
                        self.referable(item, key, &path, managed, stands_for_blocks)
                    })
                    .collect();
                let data = Data::List(Arc::new(ListValue {
                    kind: list.kind,
                    items,
                    rest: list.rest.clone(),
                }));
                Value::new(data, value.origin)
            }
            Data::Object(object) if stands_for_blocks || self.is_block(value.origin) => {
                let entries = object
                    .entries
                    .iter()
                    .map(|(name, item)| {
                        let path = format!("{path}.{name}");
                        let item = self.referable(item, key, &path, managed, false);
                        (Arc::clone(name), item)
                    })
                    .collect();
                let rest = Some(Rest {
                    unknown: Arc::new(unknown_reference(key, path, reason(managed))),
                    template: None,
                });
                let data = Data::Object(Arc::new(ObjectValue {
                    entries,
                    rest,
                    kind: ObjectKind::Object,
                }));
                Value::new(data, value.origin)
            }
            _ => value.clone(),
        }
    }

    fn is_block(&self, origin: OriginId) -> bool {
        self.session.origin(origin).is_some_and(|node| {
            matches!(
                node.step,
                OriginStep::Block(_) | OriginStep::DynamicBlock(_)
            )
        })
    }
}

/// Whether a value is written for an attribute that has blocks for elements.
fn stands_for_blocks(resource: &ResourceInstance<'_>, name: &str) -> bool {
    let declared = &resource.declared;
    schema(declared.mode, declared.kind)
        .is_some_and(|schema| schema.rows_of(name).any(|row| row.body().is_some()))
}

fn reason(managed: bool) -> Reason {
    if managed {
        Reason::RunTime
    } else {
        Reason::Outside
    }
}
