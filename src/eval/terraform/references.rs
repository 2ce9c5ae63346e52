//! What names mean in a module: variables, locals, resources, module calls.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::{Evaluation, Names};
use super::instances::{Expansion, Instance, Loop};
use super::module::{Module, ModuleInstance, ResourceInstance};
use crate::eval::hcl_expr::{
    Failure, Lookup, Outcome, Scope, Session, Step, step_into, to_text, unknown_reference,
};
use crate::eval::value::{
    Data, ListKind, ListValue, ObjectKind, ObjectValue, Reason, Rest, Unknown, Value,
};
use crate::eval::{Mode, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;

impl Scope for Names<'_, '_> {
    fn traverse(
        &self,
        root: &str,
        path: &[Step],
        at: Span,
        session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        let evaluation = self.evaluation;
        let value = match root {
            "var" => {
                let name = attribute(root, path, 0, at)?;
                through(
                    evaluation.variable(&self.module, name, at)?,
                    path,
                    1,
                    at,
                    session,
                )?
            }
            "local" => {
                let name = attribute(root, path, 0, at)?;
                through(
                    evaluation.local(&self.module, name, at)?,
                    path,
                    1,
                    at,
                    session,
                )?
            }
            "module" => evaluation.module_reference(&self.module, path, at)?,
            "data" => {
                let kind = attribute(root, path, 0, at)?;
                let name = attribute(root, path, 1, at)?;
                let rest = path.get(2..).unwrap_or_default();
                evaluation.resource_reference(&self.module, false, kind, name, rest, at)?
            }
            "path" => evaluation.path_value(&self.module, attribute(root, path, 0, at)?, at)?,
            "terraform" => {
                let name = attribute(root, path, 0, at)?;
                let unknown = Unknown::new("", format!("terraform.{name}"), Reason::NoValue);
                Value::unknown(unknown.declared_at(at), session.literal(at))
            }
            "each" | "count" | "self" => {
                return Err(Failure::invalid(
                    at,
                    format!("`{root}` has no meaning here"),
                ));
            }
            "resource" => {
                let kind = attribute(root, path, 0, at)?;
                let name = attribute(root, path, 1, at)?;
                let rest = path.get(2..).unwrap_or_default();
                evaluation.resource_reference(&self.module, true, kind, name, rest, at)?
            }
            "ephemeral" => {
                let unknown = Unknown::new(&self.module.prefix, "ephemeral", Reason::RunTime);
                Value::unknown(unknown.declared_at(at), session.literal(at))
            }
            kind => {
                let name = attribute(root, path, 0, at)?;
                let rest = path.get(1..).unwrap_or_default();
                evaluation.resource_reference(&self.module, true, kind, name, rest, at)?
            }
        };
        Ok(Lookup {
            value,
            consumed: path.len(),
        })
    }

    fn call(
        &self,
        name: &str,
        arguments: &[Value],
        at: Span,
        _session: &Session<'_>,
    ) -> Option<Outcome> {
        self.evaluation
            .file_function(&self.module, name, arguments, at)
    }
}

/// The name a step must be.
fn attribute<'p>(
    root: &str,
    path: &'p [Step],
    index: usize,
    at: Span,
) -> Result<&'p str, Box<Failure>> {
    match path.get(index) {
        Some(Step::Attribute(name)) => Ok(name),
        Some(Step::Index(Value {
            data: Data::String(name),
            ..
        })) => Ok(name),
        _ => Err(Failure::invalid(
            at,
            format!("`{root}` is no value by itself"),
        )),
    }
}

/// Takes the steps from `from` on; the hop the value came through stays on what they lead to.
fn through(value: Value, path: &[Step], from: usize, at: Span, session: &Session<'_>) -> Outcome {
    let whole = value.origin;
    let Some(steps) = path.get(from..).filter(|steps| !steps.is_empty()) else {
        return Ok(value);
    };
    let mut part = value;
    for step in steps {
        part = step_into(&part, step, at)?;
    }
    if part.origin == whole {
        return Ok(part);
    }
    // The same hop again, now from the part alone: the whole would name every literal in it.
    let Some(node) = session.origin(whole) else {
        return Ok(part);
    };
    let origin = session.hop(node.span, || node.step, &[part.origin]);
    Ok(part.with_origin(origin))
}

impl<'a> Evaluation<'a> {
    fn path_value(&self, module: &Module<'a>, name: &str, at: Span) -> Outcome {
        let origin = self.session.literal(at);
        match name {
            "root" => Ok(Value::string(".", origin)),
            "module" => {
                let relative = relative(&self.root_directory, &module.declarations.directory);
                Ok(Value::string(relative, origin))
            }
            "cwd" => {
                let unknown =
                    Unknown::new("", "path.cwd", Reason::RunTimeFunction("path.cwd".into()));
                Ok(Value::unknown(unknown.declared_at(at), origin))
            }
            _ => Err(Failure::invalid(at, format!("there is no `path.{name}`"))),
        }
    }

    /// A resource or a part of it.
    fn resource_reference(
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
            return Err(self.cycle(at, &format!("{}{kind}.{name}", module.prefix)));
        };
        let found = self.instance_of(&expansion, &|| format!("{kind}.{name}"), steps, at)?;
        match found {
            Found::One((instance, resource), steps) => {
                self.instance_reference(module, instance, resource, steps, at)
            }
            Found::Unlisted(suffix, steps) => {
                let base = &expansion.instances;
                let address = base.last().map_or("", |(_, resource)| &*resource.address);
                let address = address.rsplit_once('[').map_or(address, |(base, _)| base);
                let key = ResourceKey(format!("{address}{suffix}").into());
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
                crate::eval::hcl_expr::element_of(&whole, &index, at)
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

    /// Which instance the first steps name.
    fn instance_of<'e, 's, T>(
        &self,
        expansion: &'e Expansion<T>,
        called: &dyn Fn() -> String,
        steps: &'s [Step],
        at: Span,
    ) -> Result<Found<'e, 's, T>, Box<Failure>> {
        if expansion.over == Loop::None {
            return match expansion.instances.first() {
                Some(alone) => Ok(Found::One(alone, steps)),
                None => Err(Failure::invalid(at, "there is no such instance")),
            };
        }
        let index = match steps.first() {
            None => return Ok(Found::All),
            Some(Step::Index(index)) => index,
            Some(Step::Attribute(name)) if expansion.over == Loop::ForEach => {
                &Value::string(Arc::clone(name), OriginId::NONE)
            }
            Some(Step::Attribute(name)) => {
                return Err(Failure::invalid(
                    at,
                    format!("this has `count`, so an index must stand before `.{name}`"),
                ));
            }
        };
        let rest = steps.get(1..).unwrap_or_default();
        if let Some(known) = expansion.find(index) {
            return Ok(Found::One(known, rest));
        }
        let template = expansion.template();
        if let (Some(known), Some(asked)) = (template, index.as_unknown())
            && known
                .0
                .key
                .as_unknown()
                .is_some_and(|key| key.id == asked.id)
        {
            return Ok(Found::One(known, rest));
        }
        if !index.is_wholly_known() {
            return Ok(Found::Any(index.clone(), rest));
        }
        let suffix = match expansion.over {
            Loop::Count => to_text(index).map(|text| format!("[{text}]")),
            _ => to_text(index).map(|text| format!("[\"{text}\"]")),
        };
        match (suffix, template) {
            (Some(suffix), Some(_)) => Ok(Found::Unlisted(suffix, rest)),
            (Some(suffix), None) => Err(Failure::invalid(
                at,
                format!("`{}` has no instance {suffix}", called()),
            )),
            (None, _) => Err(Failure::invalid(
                at,
                "the index is neither number nor string",
            )),
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
        let mut value = match self.resource_attribute(module, instance, resource, name) {
            Some(value) => self.referable(&value, &key, name, managed),
            None => {
                let unknown = unknown_reference(&key, name, reason(managed))
                    .declared_at(resource.declared.block.header);
                Value::unknown(unknown, resource.origin)
            }
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
                entries.insert(Arc::clone(name), self.referable(value, &key, name, managed));
            }
        }
        let unknown = unknown_reference(&key, "", reason(managed))
            .declared_at(resource.declared.block.header);
        // The id is what whole resources are passed around for.
        for always in ["id", "name"] {
            if !entries.contains_key(always) {
                let part = unknown_reference(&key, always, reason(managed))
                    .declared_at(resource.declared.block.header);
                entries.insert(always.into(), Value::unknown(part, resource.origin));
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
    fn referable(&self, value: &Value, key: &ResourceKey, path: &str, managed: bool) -> Value {
        match &value.data {
            Data::List(list) => {
                let items: Vec<Value> = list
                    .items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        self.referable(item, key, &format!("{path}[{index}]"), managed)
                    })
                    .collect();
                let data = Data::List(Arc::new(ListValue {
                    kind: list.kind,
                    items,
                    rest: list.rest.clone(),
                }));
                Value::new(data, value.origin)
            }
            Data::Object(object) if self.is_block(value.origin) => {
                let entries = object
                    .entries
                    .iter()
                    .map(|(name, item)| {
                        let path = format!("{path}.{name}");
                        (Arc::clone(name), self.referable(item, key, &path, managed))
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

    /// `module.name…`
    fn module_reference(&self, module: &Rc<Module<'a>>, path: &[Step], at: Span) -> Outcome {
        let name = attribute("module", path, 0, at)?;
        let steps = path.get(1..).unwrap_or_default();
        if module.declarations.call(name).is_none() {
            let whole = self.undeclared(module, &format!("module call `{name}`"), at)?;
            return through(whole, steps, 0, at, &self.session);
        }
        let children = self.children(module, name, Some(at))?;
        match self.instance_of(&children, &|| format!("module.{name}"), steps, at)? {
            Found::One((_, child), steps) => {
                self.output_reference(module, name, child, steps, path, at)
            }
            Found::Unlisted(_, _) => Ok(self.no_module(module, path, &Reason::Derived, at)),
            Found::Any(index, steps) => {
                let mut parts = Vec::new();
                for (_, child) in &children.instances {
                    parts.push(self.output_reference(module, name, child, steps, path, at)?);
                }
                let whole = Value::list(parts, self.session.literal(at));
                crate::eval::hcl_expr::element_of(&whole, &index, at)
            }
            Found::All => {
                let mut items = Vec::new();
                for (instance, child) in &children.instances {
                    let value = self.output_reference(module, name, child, &[], path, at)?;
                    items.push((Rc::clone(instance), value));
                }
                Ok(gathered(children.over, items, self.session.literal(at)))
            }
        }
    }

    fn output_reference(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        child: &ModuleInstance,
        steps: &[Step],
        path: &[Step],
        at: Span,
    ) -> Outcome {
        let Some(inner) = child.module.and_then(|index| self.module(index)) else {
            let reason = child.missing.clone().unwrap_or(Reason::Invalid);
            return Ok(self.no_module(module, path, &reason, at));
        };
        match steps.first() {
            Some(Step::Attribute(output)) => {
                let value = self.output(&inner, output, at)?;
                through(value, steps, 1, at, &self.session)
            }
            Some(Step::Index(Value {
                data: Data::String(output),
                ..
            })) => {
                let value = self.output(&inner, output, at)?;
                through(value, steps, 1, at, &self.session)
            }
            Some(Step::Index(_)) => Err(Failure::invalid(
                at,
                format!("module.{name} has neither `count` nor `for_each`"),
            )),
            None => {
                let mut entries = IndexMap::new();
                for output in inner.declarations.outputs.keys() {
                    entries.insert(Arc::from(*output), self.output(&inner, output, at)?);
                }
                Ok(Value::object(entries, inner.origin))
            }
        }
    }

    /// An output of a module whose files are not here.
    fn no_module(&self, module: &Module<'a>, path: &[Step], reason: &Reason, at: Span) -> Value {
        let mut label = "module".to_owned();
        let mut unknown_steps = Vec::new();
        for step in path {
            match step {
                Step::Attribute(name) => label.push_str(&format!(".{name}")),
                Step::Index(index) => match (&index.data, to_text(index)) {
                    (Data::Number(_), Some(text)) => label.push_str(&format!("[{text}]")),
                    (_, Some(text)) => label.push_str(&format!("[\"{text}\"]")),
                    (_, None) => {
                        label.push_str("[…]");
                        unknown_steps.push(index.clone());
                    }
                },
            }
        }
        let label = format!("{}{label}", module.prefix);
        let mut unknown = Unknown::new("", label.as_str(), reason.clone()).declared_at(at);
        if !unknown_steps.is_empty() {
            unknown.id = crate::eval::value::UnknownId::derived(&label, &unknown_steps);
        }
        Value::unknown(unknown, self.session.literal(at))
    }
}

/// What the steps after a resource or module lead to.
enum Found<'e, 's, T> {
    /// One instance, and the steps that are left.
    One(&'e (Rc<Instance>, T), &'s [Step]),
    /// One of the instances that are not known.
    Unlisted(String, &'s [Step]),
    /// One of all; the index is not known.
    Any(Value, &'s [Step]),
    /// No step: all of them.
    All,
}

/// All instances as a list or map. What may not exist is a rest.
fn gathered(over: Loop, items: Vec<(Rc<Instance>, Value)>, origin: OriginId) -> Value {
    let mut known = Vec::new();
    let mut rests: Vec<Rest> = Vec::new();
    for (instance, value) in items {
        match &instance.because {
            Some(because) => rests.push(Rest {
                unknown: Arc::clone(because),
                template: Some(value),
            }),
            None => known.push((instance, value)),
        }
    }
    let rest = super::instances::join(rests);
    let data = if over == Loop::Count {
        Data::List(Arc::new(ListValue {
            kind: ListKind::Tuple,
            items: known.into_iter().map(|(_, value)| value).collect(),
            rest,
        }))
    } else {
        let mut entries: IndexMap<Arc<str>, Value> = known
            .into_iter()
            .filter_map(|(instance, value)| Some((to_text(&instance.key)?, value)))
            .collect();
        entries.sort_unstable_keys();
        Data::Object(Arc::new(ObjectValue {
            entries,
            rest,
            kind: ObjectKind::Object,
        }))
    };
    Value::new(data, origin)
}

fn reason(managed: bool) -> Reason {
    if managed {
        Reason::RunTime
    } else {
        Reason::Outside
    }
}

/// The way from one directory to another, as Terraform writes `path.module`.
fn relative(from: &str, to: &str) -> String {
    let split = |path: &str| -> Vec<String> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (from, to) = (split(from), split(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<String> = vec!["..".to_owned(); from.len() - common];
    parts.extend(to.into_iter().skip(common));
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}
