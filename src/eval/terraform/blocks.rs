//! Bodies of resources: attributes, nested blocks and dynamic blocks.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::cycles::Visit;
use super::evaluation::{Evaluation, Names};
use super::instances::{
    Element, Expansion, Instance, MAX_ALL_INSTANCES, MAX_INSTANCES, Makes, key_and_value,
    rest_alone,
};
use super::labels;
use super::module::{Module, ResourceInstance, Slot};
use crate::eval::hcl_expr::{
    Frame, evaluate_with, item_span, key_of_rest, rest_of_members, value_of_rest,
};
use crate::eval::value::{Data, ListKind, ListValue, Member, Presence, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::{Attribute, Block, Body, ExprKind};

/// What stands in a resource's body and is none of its attributes.
const META: &[&str] = &[
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];

/// Blocks within blocks deeper than this are left unknown.
const MAX_BLOCKS_DEEP: usize = 24;

/// What a body is evaluated in.
#[derive(Clone, Copy)]
struct Within<'m, 'a> {
    module: &'m Rc<Module<'a>>,
    frame: Option<&'m Frame<'m>>,
    depth: usize,
}

impl<'a> Evaluation<'a> {
    /// The instances of a resource or data source, by its index in the module. `None` while they
    /// are being worked out.
    pub(super) fn resources(
        &self,
        module: &Rc<Module<'a>>,
        index: usize,
    ) -> Option<Rc<Expansion<ResourceInstance<'a>>>> {
        match module.resources.borrow().get(&index) {
            Some(Slot::Done(known, defaults)) => {
                self.rest_on(*defaults);
                return Some(Rc::clone(known));
            }
            Some(Slot::Busy) => return None,
            None => {}
        }
        let declared = *module.declarations.resources.get(index)?;
        module.resources.borrow_mut().insert(index, Slot::Busy);
        let visit = Visit::of_resource(&module.prefix, declared);
        let ((over, instances), defaults) = self.visiting(visit, || {
            self.tracked(|| self.instances(module, &declared.block.body))
        });
        let data = if declared.mode == crate::eval::Mode::Existing {
            "data."
        } else {
            ""
        };
        let instances = instances
            .into_iter()
            .map(|instance| {
                let address = format!(
                    "{}{data}{}.{}{}",
                    module.prefix, declared.kind, declared.name, instance.suffix
                );
                let step = || OriginStep::Block(Arc::clone(declared.kind));
                let header = Some(declared.block.header);
                let resource = ResourceInstance {
                    declared,
                    address: address.into(),
                    origin: self.session.hop(header, step, &[instance.origin]),
                    defaults,
                    attributes: super::module::Memo::default(),
                    whole: std::cell::OnceCell::new(),
                };
                (Rc::new(instance), resource)
            })
            .collect();
        let expansion = Rc::new(Expansion { over, instances });
        module
            .resources
            .borrow_mut()
            .insert(index, Slot::Done(Rc::clone(&expansion), defaults));
        Some(expansion)
    }

    /// The whole body of a resource.
    pub(super) fn resource_body(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
    ) -> Value {
        let mut entries = IndexMap::new();
        for name in names(&resource.declared.block.body) {
            if META.contains(&&**name) {
                continue;
            }
            let value = self
                .resource_attribute(module, instance, resource, name)
                .unwrap_or_else(|| Value::null(resource.origin));
            entries.insert(Arc::clone(name), value);
        }
        Value::object(entries, resource.origin)
    }

    /// An attribute or the blocks of a kind, evaluated once; `None` if nothing of that name is
    /// written. Asking for it while it is evaluated gives an unknown and tells of the cycle.
    pub(super) fn resource_attribute(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        let body = &resource.declared.block.body;
        let (name, span) = names(body)
            .find(|known| &***known == name && !META.contains(&name))
            .map(|name| (name, place(body, name)))?;
        let visit = Visit::new(&resource.address, ".", Arc::clone(name));
        match resource.attributes.borrow().get(name) {
            Some(Slot::Done(value, defaults)) => {
                self.rest_on(*defaults);
                return Some(value.clone());
            }
            Some(Slot::Busy) => {
                let failure = self.cycle(span, &visit);
                let unknown = self.report(&module.prefix, &failure);
                return Some(Value::new(Data::Unknown(unknown), resource.origin));
            }
            None => {}
        }
        resource
            .attributes
            .borrow_mut()
            .insert(Arc::clone(name), Slot::Busy);
        let frame = Frame {
            names: &instance.names,
            outer: None,
        };
        let within = Within {
            module,
            frame: Some(&frame),
            depth: 0,
        };
        let (value, defaults) = self.visiting(visit, || {
            self.tracked(|| {
                self.rest_on(resource.defaults);
                let value = self
                    .session
                    .deeper(span, || Ok(self.entry(within, body, name, resource.origin)));
                self.settle(&module.prefix, value, resource.origin)
            })
        });
        resource
            .attributes
            .borrow_mut()
            .insert(Arc::clone(name), Slot::Done(value.clone(), defaults));
        Some(value)
    }

    /// An attribute of a body, or the list of its blocks of a kind.
    fn entry(&self, within: Within<'_, 'a>, body: &'a Body, name: &str, around: OriginId) -> Value {
        let attribute = body.attribute(name);
        let Some(attribute) = attribute.filter(|one| !body.can_only_be_blocks(one)) else {
            return self.block_list(within, body, name, around);
        };
        let scope = Names {
            evaluation: self,
            module: Rc::clone(within.module),
        };
        let outcome = evaluate_with(&attribute.value, &scope, &self.session, within.frame);
        let failed = outcome.is_err();
        let value = self.settle(&within.module.prefix, outcome, OriginId::NONE);
        if failed || value.origin == OriginId::NONE {
            return value.with_origin(self.session.literal(attribute.value.span));
        }
        value
    }

    fn block_list(
        &self,
        within: Within<'_, 'a>,
        body: &'a Body,
        kind: &str,
        around: OriginId,
    ) -> Value {
        let mut items = Vec::new();
        let mut perhaps = Vec::new();
        let meant = body.attribute(kind).map(Attribute::meant_blocks);
        let mut blocks: Vec<&Block> = body.blocks.iter().collect();
        if let Some(meant) = meant {
            blocks.extend(meant);
            blocks.sort_by_key(|block| block.span);
        }
        for block in blocks {
            if &*block.kind == kind {
                let origin = self.block_origin(block, kind, around);
                items.push(self.block(within, &block.body, origin));
            } else if &*block.kind == "dynamic"
                && block.label(0).is_some_and(|label| &**label == kind)
            {
                let origin = self.block_origin(block, kind, around);
                self.dynamic(within, block, kind, origin, &mut items, &mut perhaps);
            }
        }
        let origin = items.first().map_or(around, |item| item.origin);
        let rest = rest_of_members("dynamic", perhaps);
        Value::new(
            Data::List(Arc::new(ListValue {
                items,
                rest,
                kind: ListKind::Tuple,
            })),
            origin,
        )
    }

    fn block_origin(&self, block: &Block, kind: &str, around: OriginId) -> OriginId {
        let step = || OriginStep::Block(kind.into());
        self.session.hop(Some(block.header), step, &[around])
    }

    fn block(&self, within: Within<'_, 'a>, body: &'a Body, origin: OriginId) -> Value {
        if within.depth >= MAX_BLOCKS_DEEP {
            let at = body
                .blocks
                .first()
                .map(|block| block.header)
                .or_else(|| body.attributes.first().map(|attribute| attribute.name_span));
            if let Some(at) = at {
                let message =
                    format!("blocks stand within blocks more than {MAX_BLOCKS_DEEP} deep");
                let unknown = self.limit(&within.module.prefix, at, message);
                return Value::new(Data::Unknown(unknown), origin);
            }
        }
        let inner = Within {
            depth: within.depth + 1,
            ..within
        };
        let mut entries = IndexMap::new();
        for name in names(body) {
            let value = self.entry(inner, body, name, origin);
            entries.insert(Arc::clone(name), value);
        }
        Value::object(entries, origin)
    }

    fn dynamic(
        &self,
        within: Within<'_, 'a>,
        block: &'a Block,
        kind: &str,
        around: OriginId,
        items: &mut Vec<Value>,
        perhaps: &mut Vec<Member>,
    ) {
        let Some(content) = block.body.blocks_of("content").next() else {
            return;
        };
        let Some(each) = block.body.attribute("for_each") else {
            return;
        };
        let iterator = match block
            .body
            .attribute("iterator")
            .map(|name| &name.value.kind)
        {
            Some(ExprKind::Variable(name)) => Arc::clone(name),
            _ => kind.into(),
        };
        let one = |key: &Value, value: &Value| -> Value {
            let name = labels::text(key);
            let span = item_span(value.origin, &self.session).unwrap_or(block.header);
            let step = || OriginStep::DynamicBlock(name);
            let origin = self.session.hop(Some(span), step, &[around, value.origin]);
            let bound = [(
                Arc::clone(&iterator),
                key_and_value(key.clone(), value.clone(), origin),
            )];
            let frame = Frame {
                names: &bound,
                outer: within.frame,
            };
            let inner = Within {
                frame: Some(&frame),
                ..within
            };
            self.block(inner, &content.body, origin)
        };
        let elements = self
            .candidates(within.module, within.frame, &each.value)
            .and_then(|candidates| self.elements(&candidates, Makes::Blocks, each.value.span));
        let elements = match elements {
            Ok(elements) => self.within_block_limits(within.module, elements, each.span()),
            Err(failure) => vec![any_number(self.report(&within.module.prefix, &failure))],
        };
        for element in elements {
            let made = one(&element.key, &element.value);
            match element.presence {
                Presence::Certain => items.push(made),
                presence => perhaps.push(Member {
                    key: None,
                    value: made,
                    presence,
                }),
            }
        }
    }

    fn within_block_limits(
        &self,
        module: &Rc<Module<'a>>,
        elements: Vec<Element>,
        at: Span,
    ) -> Vec<Element> {
        let all = self.instances.get() + elements.len();
        if elements.len() <= MAX_INSTANCES && all <= MAX_ALL_INSTANCES {
            self.instances.set(all);
            return elements;
        }
        let message = if elements.len() > MAX_INSTANCES {
            format!("more than {MAX_INSTANCES} blocks from one `dynamic`")
        } else {
            format!("more than {MAX_ALL_INSTANCES} instances in one deployment")
        };
        vec![any_number(self.limit(&module.prefix, at, message))]
    }
}

/// An element that stands for any number of others.
fn any_number(unknown: Arc<Unknown>) -> Element {
    let rest = rest_alone(unknown);
    Element {
        key: key_of_rest(&rest),
        value: value_of_rest(&rest),
        presence: Presence::Many(rest.unknown),
    }
}

/// The names of attributes and kinds of blocks of a body, each once, in the order typed.
fn names(body: &Body) -> impl Iterator<Item = &Arc<str>> {
    let mut seen: Vec<&str> = Vec::new();
    let attributes = body.attributes.iter().map(|attribute| &attribute.name);
    let blocks = body.blocks.iter().filter_map(|block| {
        if &*block.kind == "dynamic" {
            block.label(0)
        } else {
            Some(&block.kind)
        }
    });
    attributes.chain(blocks).filter(move |name| {
        let new = !seen.contains(&&***name);
        if new {
            seen.push(name);
        }
        new
    })
}

/// Where a name of a body is written.
fn place(body: &Body, name: &str) -> Span {
    let attribute = body.attribute(name).map(|attribute| attribute.name_span);
    attribute
        .or_else(|| {
            let mut blocks = body.blocks.iter();
            blocks
                .find(|block| {
                    &*block.kind == name || block.label(0).is_some_and(|label| &**label == name)
                })
                .map(|block| block.header)
        })
        .unwrap_or(Span::new(crate::source::FileId(0), 0, 0))
}
