//! Attributes of resources: what templates state of them, and names for what only Azure knows.

use std::rc::Rc;
use std::sync::Arc;

use super::access::{Picked, extended};
use super::cycles::Work;
use super::evaluate::Evaluator;
use super::labels::last_name;
use super::reference::{name_of_key, own_condition};
use super::scope;
use super::template::{Entry, Frame, Memo, Stage};
use crate::eval::value::{Bounds, Data, Piece, Reason, Truth, Unknown, UnknownId, Value};
use crate::eval::{Mode, Output, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::syntax::json::{Json, Member};

impl<'t> Evaluator<'t> {
    /// One step further into the attributes of a resource: what the template states, or unknown.
    pub(super) fn attribute(&self, value: &Value, unknown: &Arc<Unknown>, part: &str) -> Picked {
        let Some(reference) = &unknown.refers_to else {
            return Picked::Found(Value::unknown(extended(unknown, part), value.origin));
        };
        let path = match (reference.path.is_empty(), part.strip_prefix('.')) {
            (true, Some(name)) => name.to_owned(),
            _ => format!("{}{part}", reference.path),
        };
        let Some(entry) = self.entry_of(&reference.resource) else {
            let key = &reference.resource;
            let part = self.part(key);
            let stated = part
                .as_ref()
                .and_then(|(owner, part)| Some((owner, plain_at(part, &path)?)));
            return Picked::Found(match stated {
                Some((owner, stated)) => self.read(owner, &stated, value.origin),
                None if part.is_some() => attribute_of_part(key, &path, value.origin),
                None => attribute_of(key, None, &path, value.origin),
            });
        };
        if let Some(stage) = &entry.nested
            && let Some(output) = output_of(&path)
        {
            let own = self.outputs(&entry, stage, output, &path, value.origin);
            let others = self.alternatives(&entry);
            return match &entry.existence.because {
                Some(because) if !others.is_empty() => {
                    self.one_of_outputs(own, &others, because, (output, &path), value.origin)
                }
                _ => own,
            };
        }
        let stated = self
            .stated(&entry, &path)
            .filter(|stated| self.is_certain(&entry, &path, stated));
        match stated {
            Some(stated) => Picked::Found(self.read(&entry, &stated, value.origin)),
            None => Picked::Found(attribute_of(&entry.key, Some(&entry), &path, value.origin)),
        }
    }

    /// The other deployments of this name in the same template, if a condition that nobody knows
    /// decides which of them is made.
    fn alternatives(&self, entry: &Rc<Entry<'t>>) -> Vec<Rc<Entry<'t>>> {
        if entry.existence.because.is_none() {
            return Vec::new();
        }
        let entries = self.entries.borrow();
        let own = entry.frame.stage.resources.borrow();
        own.iter()
            .filter_map(|index| entries.get(*index))
            .filter(|other| other.key == entry.key && !Rc::ptr_eq(other, entry))
            .map(Rc::clone)
            .collect()
    }

    /// An output of one of several deployments of a name.
    fn one_of_outputs(
        &self,
        own: Picked,
        others: &[Rc<Entry<'t>>],
        because: &Arc<Unknown>,
        (output, path): ((&str, OutputPart), &str),
        origin: OriginId,
    ) -> Picked {
        let others = others.iter().filter_map(|other| {
            let stage = other.nested.as_ref()?;
            Some(self.outputs(other, stage, output, path, origin))
        });
        let mut missing = None;
        let mut values: Vec<Value> = Vec::new();
        for picked in std::iter::once(own).chain(others) {
            match picked {
                Picked::Found(value) => values.push(value),
                Picked::Missing(why) => missing = missing.or(Some(why)),
            }
        }
        let Some((first, rest)) = values.split_first() else {
            return Picked::Missing(missing.unwrap_or_default());
        };
        if rest.iter().all(|other| other.equals(first) == Truth::True) {
            return Picked::Found(first.clone());
        }
        let known = values.iter().all(|value| value.as_unknown().is_none());
        let mut unknown = Unknown::derived("one of deployments", &values);
        // What decides is which of them exists.
        unknown.label = because.label.clone();
        unknown.causes = because.roots();
        if known {
            unknown.bounds = Bounds::OneOf(values);
        }
        Picked::Found(Value::unknown(unknown, origin))
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
        if let Some(condition) = declared.value.get_ignore_case("condition")
            && self.value(&Frame::of(stage), condition).as_bool() == Some(false)
        {
            return Picked::Missing(format!(
                "the condition of the output '{name}' does not hold"
            ));
        }
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

    /// Every output of a template: what Azure would refuse in one is told whether or not anything
    /// asks for it. One that may not be there has the unknown that decides as its value.
    pub(super) fn outputs_of(&self, stage: &Rc<Stage<'t>>) -> Vec<Output> {
        let declared = stage
            .template
            .and_then(|template| template.get_ignore_case("outputs"))
            .map_or(&[][..], Json::members);
        let output = |member: &'t Member| {
            let condition = member.value.get_ignore_case("condition");
            let decides = condition.map(|json| self.value(&Frame::of(stage), json));
            let evaluate = || self.output(stage, &member.name, &member.value);
            let value = match decides.as_ref().map(|value| (value.as_bool(), value)) {
                None | Some((Some(true), _)) => evaluate(),
                Some((Some(false), _)) => return None,
                Some((None, decides)) => {
                    self.quietly(evaluate);
                    Value::new(Data::Unknown(self.unknown_of(decides)), decides.origin)
                }
            };
            let kind = member.value.get_ignore_case("type").and_then(Json::as_str);
            Some(Output {
                name: Arc::clone(&member.name),
                value,
                sensitive: kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("secure")),
            })
        };
        self.sharing(|| declared.iter().filter_map(output).collect())
    }

    /// The value of an output of a deployment.
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
        let work = Work {
            is_output: true,
            ..Work::named(declared.span, format!("output '{name}'"))
        };
        let evaluate = || {
            self.working(work, || {
                self.nested(declared.span, || self.output_value(&frame, name, declared))
            })
        };
        let value = if stage.existence.because.is_some() {
            self.quietly(evaluate)
        } else {
            evaluate()
        };
        let value = self.bounded(declared.span, value);
        let mut outputs = stage.outputs.borrow_mut();
        // What may not exist is evaluated quietly however it is asked for.
        if self.untold() == untold || stage.existence.because.is_some() {
            outputs.insert(key, Memo::Done(value.clone()));
        } else {
            outputs.remove(&key);
        }
        value
    }

    fn output_value(&self, frame: &Frame<'t>, name: &Arc<str>, declared: &'t Json) -> Value {
        if let Some(copy) = declared.get_ignore_case("copy") {
            self.copied(frame, name, copy)
        } else if let Some(value) = declared.get_ignore_case("value") {
            self.value(frame, value)
        } else {
            self.wrong(declared.span, "this output has no value")
        }
    }

    /// A value that a resource's own template states, read at `origin`.
    fn read(&self, entry: &Entry<'t>, stated: &Value, origin: OriginId) -> Value {
        let step = OriginStep::Attribute(Arc::clone(&entry.address));
        let span = self.origins.span(origin);
        let origin = self.origins.add(span, step, vec![stated.origin]);
        stated.with_origin(origin)
    }

    /// The value at a path of a resource if its own template states it: texts, numbers, and lists
    /// of these. Objects and what is null may gain properties when they are deployed.
    fn stated(&self, entry: &Rc<Entry<'t>>, path: &str) -> Option<Value> {
        if let Some(known) = known_of_whole(entry, path) {
            return Some(known);
        }
        if entry.mode == Mode::Existing && !path.eq_ignore_ascii_case("name") {
            return None;
        }
        if matches!(&*entry.body.borrow(), Memo::Busy) {
            return None;
        }
        let body = self.body(entry);
        if let Some(stated) = plain_at(&body, path) {
            return Some(stated);
        }
        let (list, index) = part_whose_id(path)?;
        if !has_parts(&entry.kind) {
            return None;
        }
        let (spelled, items) = member_of(&body, list)?;
        let items = items.as_list().filter(|list| list.rest.is_none())?;
        let name = items.items.get(index)?.get_ignore_case("name")?;
        let mut id = entry.id.clone();
        id.push(scope::literal(format!("/{spelled}/")));
        id.extend(super::functions::pieces(name)?);
        Some(Value::from_pieces(id, name.origin))
    }

    /// Whether what one definition of a resource states is so, whichever counts: where the same
    /// resource is defined again, under another condition or by another template, all must agree;
    /// and where a condition of its own is not known, it may be there already as something else.
    fn is_certain(&self, entry: &Rc<Entry<'t>>, path: &str, stated: &Value) -> bool {
        if known_of_whole(entry, path).is_some() {
            return true;
        }
        // What stands for each pass of a loop goes with the same pass of another one.
        if own_condition(entry).is_some() && !entry.repeated {
            return false;
        }
        let same: Vec<Rc<Entry<'t>>> = {
            let entries = self.entries.borrow();
            let by_path = self.by_path.borrow();
            let located = entry.key.located();
            let found = located.and_then(|key| by_path.get(key.path));
            let found = found.map_or(&[][..], Vec::as_slice).iter();
            found
                .filter_map(|index| entries.get(*index))
                .filter(|other| other.key == entry.key && !Rc::ptr_eq(other, entry))
                .filter(|other| other.mode != Mode::Existing)
                .map(Rc::clone)
                .collect()
        };
        // One may be made of what the other gives: what is asked for here is no cycle of theirs.
        self.quietly(|| {
            same.iter().all(|other| {
                self.stated(other, path)
                    .is_some_and(|other| other.equals(stated) == Truth::True)
            })
        })
    }

    /// What the template of a resource says of one of its parts (a subnet in its network), where
    /// the part is referred to by its own id; and that resource.
    pub(super) fn part(&self, key: &ResourceKey) -> Option<(Rc<Entry<'t>>, Value)> {
        let (owner, name) = key.0.rsplit_once('/')?;
        let (owner, list) = owner.rsplit_once('/')?;
        let entry = self.entry_of(&ResourceKey(owner.into()))?;
        let known = entry.mode != Mode::Existing && has_parts(&entry.kind);
        if !known || matches!(&*entry.body.borrow(), Memo::Busy) {
            return None;
        }
        let body = self.body(&entry);
        let (_, items) = member_of(&body, list)?;
        let is_called = |item: &&Value| {
            let own = item.get_ignore_case("name").and_then(scope::lower);
            own.as_deref() == Some(name)
        };
        let part = items.as_list()?.items.iter().find(is_called)?.clone();
        Some((entry, part))
    }
}

/// What follows from which resource it is.
fn known_of_whole(entry: &Entry<'_>, path: &str) -> Option<Value> {
    let value = match &*path.to_ascii_lowercase() {
        "id" => Value::from_pieces(entry.id.clone(), entry.origin),
        "type" => Value::string(Arc::clone(&entry.kind), entry.origin),
        // Not the whole id: the provider, and types and names by turns.
        "resourceid" => {
            let id = scope::id(Vec::new(), &entry.kind, &entry.names());
            let mut pieces = id.into_iter();
            pieces.next();
            Value::from_pieces(pieces.collect(), entry.origin)
        }
        "subscriptionid" => segment_after(entry, 1, "subscriptions")?,
        "resourcegroupname" => segment_after(entry, 3, "resourceGroups")?,
        _ => return None,
    };
    Some(value)
}

/// The segment of a resource's id behind the segment of this number, if that is this word.
fn segment_after(entry: &Entry<'_>, number: usize, word: &str) -> Option<Value> {
    let mut segments = scope::segments(&entry.id).into_iter().skip(number);
    match segments.next()?.as_slice() {
        [Piece::Literal(found)] if found.eq_ignore_ascii_case(word) => {
            Some(Value::from_pieces(segments.next()?, entry.origin))
        }
        _ => None,
    }
}

/// The value at a path if it is one that Azure gives back as it was sent.
fn plain_at(whole: &Value, path: &str) -> Option<Value> {
    let mut value = whole;
    for part in path.split(['.', '[']) {
        value = match part.strip_suffix(']') {
            Some(index) => {
                let list = value.as_list().filter(|list| list.rest.is_none())?;
                list.items.get(index.parse::<usize>().ok()?)?
            }
            None => value.get_ignore_case(part)?,
        };
    }
    let plain = |value: &Value| !matches!(value.data, Data::Null | Data::Object(_) | Data::List(_));
    let stated = match &value.data {
        Data::List(list) => list.rest.is_none() && list.items.iter().all(plain),
        _ => plain(value),
    };
    stated.then(|| value.clone())
}

/// The list, and the place in it, of a path to the id of a part: `properties.subnets[2].id`.
fn part_whose_id(path: &str) -> Option<(&str, usize)> {
    let lower = path.to_ascii_lowercase();
    if !lower.starts_with("properties.") || !lower.ends_with("].id") {
        return None;
    }
    let inner = path.get("properties.".len()..path.len() - "].id".len())?;
    let (list, index) = inner.split_once('[')?;
    let index = index.parse().ok()?;
    (!list.contains('.')).then_some((list, index))
}

/// Whether the items in lists of a resource's properties are resources too, with ids that go on
/// from its own. <https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/get>
fn has_parts(kind: &str) -> bool {
    kind.to_ascii_lowercase().starts_with("microsoft.network/")
}

/// A property of a resource, with its name as it is written.
fn member_of<'v>(body: &'v Value, name: &str) -> Option<(&'v Arc<str>, &'v Value)> {
    let properties = body.get_ignore_case("properties")?.as_object()?;
    let mut entries = properties.entries.iter();
    entries.find(|(written, _)| written.eq_ignore_ascii_case(name))
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

/// An attribute of a part (a subnet in its network) of a resource that this deployment creates, as
/// [`attribute_of`] gives it for whole resources.
pub(super) fn attribute_of_part(key: &ResourceKey, path: &str, origin: OriginId) -> Value {
    let mut value = attribute_of(key, None, path, origin);
    if let Data::Unknown(unknown) = &mut value.data {
        Arc::make_mut(unknown).reason = Reason::RunTime;
    }
    value
}

/// An attribute that is filled in when the resource is created.
pub(super) fn attribute_of(
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
        Some(entry) => last_name(&entry.address),
        None => name_of_key(key),
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
