//! `reference()`: properties of resources, known only as far as the template states them.

use std::rc::Rc;
use std::sync::Arc;

use super::access::{Picked, extended};
use super::evaluate::Evaluator;
use super::expression::{Call, Node};
use super::functions::Special;
use super::scope;
use super::site::Site;
use super::template::{Entry, Frame, Memo, Stage};
use crate::eval::value::{Data, Reason, Unknown, UnknownId, Value};
use crate::eval::{Mode, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::syntax::json::Json;

impl<'t> Evaluator<'t> {
    /// `reference()`, `references()` and `resourceInfo()`.
    pub(super) fn reference(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        special: Special,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        let Some(target) = values.first() else {
            let span = self.exact(site, node.start, node.end);
            return self.wrong(span, "'reference' needs a resource");
        };
        let origin = self.origins.literal(site.part(node.start, node.end));
        let full = special == Special::ResourceInfo
            || values.iter().skip(1).any(|value| {
                value
                    .as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case("full"))
            });
        let path = if full { "" } else { "properties" };
        if special == Special::References {
            let Some(found) = self.instances(frame, target) else {
                return self.derived(site, node, &call.name, &values, None);
            };
            let items = found
                .iter()
                .map(|entry| attribute_of(&entry.key, Some(entry), path, origin))
                .collect();
            return Value::list(items, origin);
        }
        if let Some(entry) = self.target(frame, target) {
            return attribute_of(&entry.key, Some(&entry), path, origin);
        }
        match ResourceKey::of_id(target) {
            Some(key) if key.0.starts_with('/') || target.as_str().is_none() => {
                attribute_of(&key, None, path, origin)
            }
            _ => {
                let mut unknown = Unknown::derived("reference", &values);
                if unknown.causes.is_empty() {
                    unknown.reason = Reason::Outside;
                    let name = target.as_str().map_or("", |name| name);
                    unknown.label = format!("reference('{name}')").into();
                }
                Value::unknown(unknown, origin)
            }
        }
    }

    /// The resource of this deployment that an id, a name or a symbolic name means.
    fn target(&self, frame: &Frame<'t>, target: &Value) -> Option<Rc<Entry<'t>>> {
        let name = scope::lower(target)?;
        let entries = self.entries.borrow();
        let at = |index: usize| entries.get(index).map(Rc::clone);
        if name.starts_with('/') {
            let key = ResourceKey::of_id(target)?;
            return at(*self.by_key.borrow().get(&key)?);
        }
        if let Some(found) = self.symbol(&frame.stage, &name) {
            return at(found);
        }
        let by_name = self.by_name.borrow();
        let found = by_name.get(&(Arc::clone(&frame.context.label), name))?;
        let here = found.iter().copied().find(|index| {
            entries
                .get(*index)
                .is_some_and(|entry| Rc::ptr_eq(&entry.frame.stage, &frame.stage))
        });
        at(here.or_else(|| found.first().copied())?)
    }

    /// A symbolic name, with the index of an instance if it is a loop.
    fn symbol(&self, stage: &Stage<'t>, name: &str) -> Option<usize> {
        let symbols = stage.symbols.borrow();
        let (name, index) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, index)) => (name, index.parse::<usize>().ok()?),
            None => (name, 0),
        };
        symbols.get(name)?.get(index).copied()
    }

    fn instances(&self, frame: &Frame<'t>, target: &Value) -> Option<Vec<Rc<Entry<'t>>>> {
        let name = scope::lower(target)?;
        let symbols = frame.stage.symbols.borrow();
        let entries = self.entries.borrow();
        let found: Vec<_> = symbols
            .get(&name)?
            .iter()
            .filter_map(|index| entries.get(*index).map(Rc::clone))
            .collect();
        let certain = found.iter().all(|entry| !entry.repeated);
        certain.then_some(found)
    }

    /// One step further into the attributes of a resource: what the template states, or unknown.
    pub(super) fn attribute(&self, value: &Value, unknown: &Arc<Unknown>, part: &str) -> Picked {
        let Some(reference) = &unknown.refers_to else {
            return Picked::Found(Value::unknown(extended(unknown, part), value.origin));
        };
        let path = match (reference.path.is_empty(), part.strip_prefix('.')) {
            (true, Some(name)) => name.to_owned(),
            _ => format!("{}{part}", reference.path),
        };
        let index = self.by_key.borrow().get(&reference.resource).copied();
        let entry = index.and_then(|index| self.entries.borrow().get(index).map(Rc::clone));
        let Some(entry) = entry else {
            return Picked::Found(attribute_of(&reference.resource, None, &path, value.origin));
        };
        if let Some(stage) = &entry.nested
            && let Some(output) = output_of(&path)
        {
            return self.outputs(&entry, stage, output, &path, value.origin);
        }
        match self.stated(&entry, &path) {
            Some(stated) => {
                let step = OriginStep::Attribute(Arc::clone(&entry.address));
                let span = self.origins.span(value.origin);
                let origin = self.origins.add(span, step, vec![stated.origin]);
                Picked::Found(stated.with_origin(origin))
            }
            None => Picked::Found(attribute_of(&entry.key, Some(&entry), &path, value.origin)),
        }
    }

    fn outputs(
        &self,
        entry: &Rc<Entry<'t>>,
        stage: &Rc<Stage<'t>>,
        (name, part): (&str, OutputPart),
        path: &str,
        origin: OriginId,
    ) -> Picked {
        let unknown = || attribute_of(&entry.key, Some(entry), path, origin);
        let Some(template) = stage.template else {
            let mut value = unknown();
            if let (Data::Unknown(unknown), Some(elsewhere)) = (&value.data, &stage.elsewhere) {
                let mut linked = (**unknown).clone();
                linked.reason = elsewhere.reason.clone();
                value.data = Data::Unknown(Arc::new(linked));
            }
            return Picked::Found(value);
        };
        let declared = template
            .get_ignore_case("outputs")
            .and_then(|outputs| super::template::member(outputs, name));
        let Some(declared) = declared else {
            return Picked::Missing(format!(
                "the deployment it refers to has no output '{name}'"
            ));
        };
        match part {
            OutputPart::Whole => Picked::Found(unknown()),
            OutputPart::Value => {
                let value = self.output(stage, &declared.name, &declared.value);
                let step = OriginStep::ModuleOutput(Arc::clone(&declared.name));
                let span = self.origins.span(origin);
                let origin = self
                    .origins
                    .add(span, step, vec![value.origin, stage.origin]);
                Picked::Found(value.with_origin(origin))
            }
        }
    }

    /// The value of an output of a nested deployment.
    fn output(&self, stage: &Rc<Stage<'t>>, name: &Arc<str>, declared: &'t Json) -> Value {
        let key = name.to_ascii_lowercase();
        match stage.outputs.borrow().get(&key) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(_) => return self.cycle(declared.span, &format!("output '{name}'")),
            None => {}
        }
        stage.outputs.borrow_mut().insert(key.clone(), Memo::Busy);
        let untold = self.untold();
        self.expand(stage);
        let frame = Frame::of(stage);
        let value = self.nested(declared.span, || {
            if let Some(copy) = declared.get_ignore_case("copy") {
                self.copied(&frame, name, copy)
            } else if let Some(value) = declared.get_ignore_case("value") {
                self.value(&frame, value)
            } else {
                self.wrong(declared.span, "this output has no value")
            }
        });
        let value = self.bounded(declared.span, value);
        let mut outputs = stage.outputs.borrow_mut();
        if self.untold() == untold {
            outputs.insert(key, Memo::Done(value.clone()));
        } else {
            outputs.remove(&key);
        }
        value
    }

    /// The value at a path of a resource if its own template states it: texts, numbers, and lists
    /// of these. Objects and what is null may gain properties when they are deployed.
    fn stated(&self, entry: &Rc<Entry<'t>>, path: &str) -> Option<Value> {
        let (first, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        if rest.is_empty() {
            match &*first.to_ascii_lowercase() {
                "id" | "resourceid" => {
                    return Some(Value::from_pieces(entry.id.clone(), entry.origin));
                }
                "type" => return Some(Value::string(Arc::clone(&entry.kind), entry.origin)),
                _ => {}
            }
        }
        if entry.mode == Mode::Existing && !first.eq_ignore_ascii_case("name") {
            return None;
        }
        if matches!(&*entry.body.borrow(), Memo::Busy) {
            return None;
        }
        let mut value = self.body(entry);
        for part in path.split(['.', '[']) {
            let next = match part.strip_suffix(']') {
                Some(index) => {
                    let list = value.as_list().filter(|list| list.rest.is_none())?;
                    list.items.get(index.parse::<usize>().ok()?)?.clone()
                }
                None => value.get_ignore_case(part)?.clone(),
            };
            value = next;
        }
        let plain =
            |value: &Value| !matches!(value.data, Data::Null | Data::Object(_) | Data::List(_));
        let stated = match &value.data {
            Data::List(list) => list.rest.is_none() && list.items.iter().all(plain),
            _ => plain(&value),
        };
        stated.then_some(value)
    }
}

/// What of an output a path means.
#[derive(Clone, Copy)]
enum OutputPart {
    Whole,
    Value,
}

fn output_of(path: &str) -> Option<(&str, OutputPart)> {
    let lower = path.to_ascii_lowercase();
    let at = "properties.outputs.".len();
    if !lower.starts_with("properties.outputs.") {
        return None;
    }
    let rest = path.get(at..)?;
    match rest.split_once('.') {
        None => Some((rest, OutputPart::Whole)),
        Some((name, part)) if part.eq_ignore_ascii_case("value") => Some((name, OutputPart::Value)),
        Some(_) => None,
    }
}

/// An attribute that is filled in when the resource is created.
fn attribute_of(
    key: &ResourceKey,
    entry: Option<&Rc<Entry<'_>>>,
    path: &str,
    origin: OriginId,
) -> Value {
    let reason = match entry {
        Some(entry) if entry.mode == Mode::Managed => Reason::RunTime,
        _ => Reason::Outside,
    };
    let name = match entry {
        Some(entry) => entry
            .address
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => {
            let last = key.0.rsplit('/').next().unwrap_or_default();
            let hidden = last.contains('\u{1}');
            if hidden {
                "…".to_owned()
            } else {
                last.to_owned()
            }
        }
    };
    let attribute = path.strip_prefix("properties").unwrap_or(path);
    let dot = if attribute.is_empty() || attribute.starts_with(['.', '[']) {
        ""
    } else {
        "."
    };
    let label = format!("reference('{name}'){dot}{attribute}");
    let mut unknown = Unknown::new("", label, reason).with_reference(key.clone(), path);
    unknown.id = UnknownId::named(
        "reference",
        &format!("{}|{}", key.0, path.to_ascii_lowercase()),
    );
    Value::unknown(unknown, origin)
}
