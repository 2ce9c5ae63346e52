//! Data sources that look up what the configuration itself creates.
//!
//! A data source whose name was read from a resource of its own type looks up that resource: what
//! the resource says of itself is then what the data source finds. What is absent: data sources that
//! only have the same names; which element they mean is the model's to say.

use std::rc::Rc;
use std::sync::Arc;

use super::derived::of_written;
use super::evaluation::Evaluation;
use super::instances::Instance;
use super::module::{Module, ResourceInstance, Slot};
use crate::eval::estate::InlinePart;
use crate::eval::value::Value;
use crate::eval::{Mode, Resource, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;

/// How many steps a name is followed back.
const MAX_HOPS: usize = 32;

/// Blocks that data sources of a type of their own find: the resource, the block, and what its
/// name stands after in the id.
const INLINE: [(&str, &str, &str); 1] = [("azurerm_virtual_network", "subnet", "/subnets/")];

/// What others can look up that is written as a block of another resource.
pub(super) fn inline_parts(resources: &[Resource]) -> Vec<InlinePart> {
    let mut parts = Vec::new();
    for resource in resources.iter().filter(|it| it.mode == Mode::Managed) {
        let known = INLINE.iter().find(|(kind, ..)| **kind == *resource.kind);
        let Some(((_, block, segment), id)) = known.zip(resource.id.as_ref()) else {
            continue;
        };
        let blocks = resource.body.get(block).and_then(Value::as_list);
        let items = blocks.into_iter().flat_map(|blocks| &blocks.items);
        for (at, item) in items.enumerate() {
            if let Some(name) = item.get("name").and_then(Value::as_str) {
                let id = format!("{}{segment}{}", id.0, name.to_ascii_lowercase());
                parts.push(InlinePart {
                    id: ResourceKey(id.into()),
                    owner: Arc::clone(&resource.address),
                    list: ((*block).into(), at),
                });
            }
        }
    }
    parts
}

impl<'a> Evaluation<'a> {
    /// An attribute that a data source does not write, if it looks up a resource of this
    /// configuration that writes it.
    pub(super) fn looked_up(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        attribute: &str,
    ) -> Option<Value> {
        if resource.declared.mode == Mode::Managed {
            return None;
        }
        if let Some(found) = self.lookups.get(&resource.address) {
            // Of a block more is known than what is written in it.
            let is_plain = |value: &&Value| {
                let mut items = value.as_list().into_iter().flat_map(|list| &list.items);
                !value.is_null() && items.all(|item| item.as_object().is_none())
            };
            let written = |name: &str| found.get(name).filter(|it| !it.is_null()).cloned();
            return found
                .get(attribute)
                .filter(is_plain)
                .cloned()
                .or_else(|| of_written(resource.declared.kind, attribute, &written));
        }
        let name = self.resource_attribute(module, instance, resource, "name")?;
        let (owner, read) = self.read_from(name.origin)?;
        self.with_instance(&owner, resource.declared.kind, |module, instance, found| {
            let name = found.declared.block.body.attribute("name");
            if name.map(|name| name.span()) != read {
                return None;
            }
            self.resource_attribute(module, instance, found, attribute)
                .or_else(|| self.derived(module, instance, found, attribute))
        })
    }

    /// What `read` gives of the managed resource of a type at an address, if it is known by now.
    pub(super) fn with_instance<T>(
        &self,
        address: &str,
        kind: &str,
        read: impl Fn(&Rc<Module<'a>>, &Instance, &ResourceInstance<'a>) -> Option<T>,
    ) -> Option<T> {
        let modules = self.modules.borrow().clone();
        for module in &modules {
            let Some(rest) = address.strip_prefix(&*module.prefix) else {
                continue;
            };
            let Some(name) = rest.strip_prefix(kind) else {
                continue;
            };
            let name = name.strip_prefix('.')?;
            let name = name.split_once('[').map_or(name, |(name, _)| name);
            let index = (module.declarations.resource_index).get(&(true, kind, name))?;
            let expansion = match module.resources.borrow().get(index) {
                Some(Slot::Done(expansion, _)) => Rc::clone(expansion),
                _ => return None,
            };
            let mut instances = expansion.instances.iter();
            let (instance, found) = instances.find(|(_, found)| *found.address == *address)?;
            return read(module, instance, found);
        }
        None
    }

    /// The address of the resource that a value was read from, and which of its attributes it is.
    fn read_from(&self, origin: OriginId) -> Option<(Arc<str>, Option<Span>)> {
        let mut node = self.session.origin(origin)?;
        for _ in 0..MAX_HOPS {
            if let OriginStep::Attribute(address) = &node.step {
                return Some((Arc::clone(address), node.span));
            }
            // What is put together from several is nobody's name.
            let [parent] = node.parents[..] else {
                return None;
            };
            node = self.session.origin(parent)?;
        }
        None
    }
}
