//! Templates to resources: which there are, what they are called, what is nested in them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::copy::Count;
use super::cycles::Work;
use super::evaluate::Evaluator;
use super::labels::last_name;
use super::scope;
use super::template::{Entry, Frame, Memo, Stage, member};
use crate::eval::value::{Data, Piece, Value};
use crate::eval::{Existence, Mode, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind, Member};

/// How many resources one deployment may have.
const MAX_RESOURCES: usize = 20_000;

/// The type of nested deployments.
pub(super) const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";

/// The type of deployment stacks, which deploy a template as well and keep what it makes together.
pub(super) const STACKS: &str = "Microsoft.Resources/deploymentStacks";

/// What a resource inherits from where it stands.
#[derive(Clone)]
pub(super) struct Around<'e, 't> {
    pub(super) stage: &'e Rc<Stage<'t>>,
    pub(super) parent: Option<&'e Entry<'t>>,
    pub(super) existence: Existence,
    pub(super) repeated: bool,
}

impl<'t> Evaluator<'t> {
    /// Meets all resources of a template and of those nested in it.
    pub(super) fn expand(&self, stage: &Rc<Stage<'t>>) {
        if stage.expanded.replace(true) {
            return;
        }
        let Some(template) = stage.template else {
            return;
        };
        self.check_outline(template);
        let Some(resources) = template.get_ignore_case("resources") else {
            return;
        };
        let frame = Frame::of(stage);
        let around = Around {
            stage,
            parent: None,
            existence: stage.existence.clone(),
            repeated: stage.repeated,
        };
        let meet = || self.meet_all(&frame, resources, &around);
        if stage.existence.because.is_some() {
            self.quietly(meet);
        } else {
            meet();
        }
        // All resources of this template are known by now: nested ones may refer to each other.
        let met = stage.resources.borrow().clone();
        for index in met {
            let nested = self
                .entries
                .borrow()
                .get(index)
                .and_then(|entry| entry.nested.clone());
            if let Some(nested) = nested {
                self.expand(&nested);
            }
        }
    }

    fn meet_all(&self, frame: &Frame<'t>, resources: &'t Json, around: &Around<'_, 't>) {
        for resource in resources.items() {
            self.meet(frame, resource, None, around);
        }
        for resource in resources.members() {
            self.meet(frame, &resource.value, Some(&resource.name), around);
        }
    }

    fn meet(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        symbol: Option<&Arc<str>>,
        around: &Around<'_, 't>,
    ) {
        if !matches!(json.kind, JsonKind::Object(_)) {
            return;
        }
        let copy = json
            .get_ignore_case("copy")
            .filter(|copy| copy.get_ignore_case("count").is_some());
        let Some(copy) = copy else {
            self.meet_one(frame, json, symbol, around);
            return;
        };
        let name: Arc<str> = match copy
            .get_ignore_case("name")
            .map(|name| self.value(frame, name))
        {
            Some(name) => name.as_str().map_or_else(|| "".into(), Arc::clone),
            None => symbol.map_or_else(|| "".into(), Arc::clone),
        };
        match self.count(frame, copy) {
            Count::Known(count, spans) => {
                for index in 0..count {
                    let span = spans.get(index).copied().flatten();
                    let pass = self.pass(frame, &name, copy, Ok((index, span)), true);
                    self.meet_one(&pass, json, symbol, around);
                    if self.rest_if_exhausted(copy.span).is_some() {
                        break;
                    }
                }
            }
            Count::Unknown(unknown) => {
                let pass = self.pass(frame, &name, copy, Err(&unknown), true);
                let around = Around {
                    existence: Existence::depends_on(unknown),
                    repeated: true,
                    ..around.clone()
                };
                self.quietly(|| self.meet_one(&pass, json, symbol, &around));
            }
        }
    }

    fn meet_one(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        symbol: Option<&Arc<str>>,
        around: &Around<'_, 't>,
    ) {
        let mut existence = around.existence.clone();
        if let Some(condition) = json.get_ignore_case("condition") {
            let condition_value = self.value(frame, condition);
            let holds = condition_value.as_bool().or_else(|| {
                let text = condition_value.as_str()?;
                text.to_ascii_lowercase().parse().ok()
            });
            match holds {
                Some(true) => {}
                Some(false) => {
                    self.children_alone(frame, json, around);
                    return;
                }
                None => {
                    if condition_value.is_wholly_known() {
                        self.wrong(condition.span, "a condition is a boolean");
                    }
                    existence = Existence::depends_on(self.unknown_of(&condition_value));
                }
            }
        }
        if self.entries.borrow().len() >= MAX_RESOURCES {
            if !self.full.replace(true) {
                let message = format!("this deployment has more than {MAX_RESOURCES} resources");
                self.limit("arm-limit", header(json), message);
            }
            return;
        }
        let conditional = existence.because.is_some();
        let entry = || self.entry(frame, json, symbol, around, existence);
        let entry = if conditional {
            self.quietly(entry)
        } else {
            entry()
        };
        if let Some(entry) = entry {
            self.remember(around.stage, &entry, symbol);
            self.children(frame, json, around, &entry);
        }
    }

    /// The children of a resource whose condition does not hold: a condition is for its own
    /// resource and not for what is nested in it.
    fn children_alone(&self, frame: &Frame<'t>, json: &'t Json, around: &Around<'_, 't>) {
        let any = json
            .get_ignore_case("resources")
            .is_some_and(|children| !children.items().is_empty() || !children.members().is_empty());
        let is_deployment = json
            .get_ignore_case("type")
            .and_then(Json::as_str)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(DEPLOYMENTS));
        if !any || is_deployment {
            return;
        }
        let existence = around.existence.clone();
        if let Some(entry) = self.quietly(|| self.entry(frame, json, None, around, existence)) {
            self.children(frame, json, around, &entry);
        }
    }

    fn children(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        around: &Around<'_, 't>,
        entry: &Rc<Entry<'t>>,
    ) {
        let Some(children) = json.get_ignore_case("resources") else {
            return;
        };
        let around = Around {
            parent: Some(entry),
            ..around.clone()
        };
        self.nested(json.span, || {
            self.meet_all(frame, children, &around);
            Value::null(OriginId::NONE)
        });
    }

    fn entry(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        symbol: Option<&Arc<str>>,
        around: &Around<'_, 't>,
        existence: Existence,
    ) -> Option<Rc<Entry<'t>>> {
        let identity = self.identity(frame, json, around)?;
        let header = header(json);
        let outer = frame
            .loops
            .as_ref()
            .map_or(around.stage.origin, |step| step.origin);
        let parents = if outer == OriginId::NONE {
            Vec::new()
        } else {
            vec![outer]
        };
        let address = self.unique(&identity.kind, &identity.names);
        let step = OriginStep::Block(Arc::clone(&address));
        let origin = self.origins.add(Some(header), step, parents.clone());
        let existing = json
            .get_ignore_case("existing")
            .is_some_and(|existing| existing.kind == JsonKind::Bool(true));
        let deploys = [DEPLOYMENTS, STACKS]
            .iter()
            .any(|kind| identity.kind.eq_ignore_ascii_case(kind));
        let nested = if deploys && !existing {
            let name = identity.names.last().cloned().unwrap_or_default();
            let call: Arc<str> = scope::readable(&name).into();
            let call = self
                .origins
                .add(Some(header), OriginStep::ModuleCall(call), parents);
            Some(self.stage(frame, json, around, &identity, &address, call, &existence))
        } else {
            None
        };
        let last = identity.names.last().cloned().unwrap_or_default();
        Some(Rc::new(Entry {
            json,
            frame: frame.clone(),
            name: Value::from_pieces(last, identity.name.origin),
            full_name: scope::lower(&identity.name).unwrap_or_default(),
            key: if nested.is_some() {
                self.own_key(around.stage, &identity.id)
            } else {
                scope::key(&identity.id)
            },
            id: identity.id,
            kind: identity.kind,
            parent: identity.parent,
            address,
            mode: if existing {
                Mode::Existing
            } else {
                Mode::Managed
            },
            existence,
            repeated: around.repeated,
            origin,
            symbol: symbol.cloned(),
            body: RefCell::default(),
            nested,
        }))
    }

    /// The key of a nested deployment. Templates side by side may each have one of the same name:
    /// they run after one another, and what each gives is its own.
    fn own_key(&self, stage: &Rc<Stage<'t>>, id: &[Piece]) -> ResourceKey {
        let key = scope::key(id);
        let by_key = self.by_key.borrow();
        let entries = self.entries.borrow();
        let is_taken = |key: &ResourceKey| {
            let earlier = by_key.get(key).and_then(|index| entries.get(*index));
            earlier.is_some_and(|earlier| {
                earlier.nested.is_some() && !Rc::ptr_eq(&earlier.frame.stage, stage)
            })
        };
        (1_usize..)
            .map(|number| match number {
                1 => key.clone(),
                _ => ResourceKey(format!("{}#{number}", key.0).into()),
            })
            .find(|key| !is_taken(key))
            .unwrap_or(key)
    }

    /// The deployment of a template itself, where one of another template has the same id.
    pub(super) fn nearest_deployment(
        &self,
        frame: &Frame<'t>,
        found: Rc<Entry<'t>>,
    ) -> Rc<Entry<'t>> {
        if found.nested.is_none() || Rc::ptr_eq(&found.frame.stage, &frame.stage) {
            return found;
        }
        let entries = self.entries.borrow();
        let own = frame.stage.resources.borrow();
        let key = scope::key(&found.id);
        own.iter()
            .filter_map(|index| entries.get(*index))
            .find(|entry| entry.nested.is_some() && scope::key(&entry.id) == key)
            .map_or(found, Rc::clone)
    }

    fn remember(&self, stage: &Rc<Stage<'t>>, entry: &Rc<Entry<'t>>, symbol: Option<&Arc<str>>) {
        let mut entries = self.entries.borrow_mut();
        let index = entries.len();
        let mut by_key = self.by_key.borrow_mut();
        let earlier = by_key.get(&entry.key).and_then(|index| entries.get(*index));
        if earlier.is_none_or(|earlier| earlier.mode == Mode::Existing) {
            by_key.insert(entry.key.clone(), index);
        }
        if let Some(located) = entry.key.located() {
            let mut by_path = self.by_path.borrow_mut();
            by_path.entry(located.path.into()).or_default().push(index);
        }
        let label = &entry.frame.context.label;
        let mut by_name = self.by_name.borrow_mut();
        let mut call = |name: String| {
            let found = by_name.entry((Arc::clone(label), name)).or_default();
            found.push(index);
        };
        // A child that stands in its parent is called by both names.
        if entry.parent.is_some() && !entry.full_name.contains('/') {
            call(
                scope::key(&entry.names().join(&scope::literal("/")))
                    .0
                    .to_string(),
            );
        }
        call(entry.full_name.clone());
        if let Some(symbol) = symbol {
            let symbol = symbol.to_ascii_lowercase();
            let mut symbols = stage.symbols.borrow_mut();
            // One of a loop is called by the index of its pass, whichever others there are.
            let pass = entry.frame.loops.as_ref().filter(|step| step.on_resource);
            if entry.json.get_ignore_case("copy").is_some()
                && let Some(pass) = pass.and_then(|pass| pass.index.as_i64())
            {
                let one = format!("{symbol}[{pass}]");
                symbols.entry(one).or_default().push(index);
            }
            symbols.entry(symbol).or_default().push(index);
        }
        stage.resources.borrow_mut().push(index);
        entries.push(Rc::clone(entry));
    }

    /// An address that no other resource has.
    fn unique(&self, kind: &str, names: &[Vec<Piece>]) -> Arc<str> {
        let mut address = kind.to_owned();
        for name in names {
            address.push('/');
            address.push_str(&scope::readable(name));
        }
        let address: Arc<str> = address.into();
        let mut addresses = self.addresses.borrow_mut();
        let seen = addresses.entry(Arc::clone(&address)).or_insert(0);
        *seen += 1;
        if *seen == 1 {
            return address;
        }
        let mut number = *seen;
        loop {
            let numbered: Arc<str> = format!("{address}#{number}").into();
            if let std::collections::hash_map::Entry::Vacant(free) =
                addresses.entry(Arc::clone(&numbered))
            {
                free.insert(1);
                return numbered;
            }
            number += 1;
        }
    }

    /// The body of a resource, evaluated once.
    pub(super) fn body(&self, entry: &Rc<Entry<'t>>) -> Value {
        if let Memo::Done(value) = &*entry.body.borrow() {
            return value.clone();
        }
        *entry.body.borrow_mut() = Memo::Busy;
        let untold = self.untold();
        let work = Work {
            resource_of: Some(Rc::clone(&entry.frame.stage)),
            ..Work::named(
                header(entry.json),
                format!("resource '{}'", last_name(&entry.address)),
            )
        };
        let run = || {
            self.working(work, || {
                self.sharing(|| self.nested(entry.json.span, || self.body_of(entry)))
            })
        };
        let value = if entry.existence.because.is_some() {
            self.quietly(run)
        } else {
            run()
        };
        // What may not exist is evaluated quietly however it is asked for.
        let keep = self.untold() == untold || entry.existence.because.is_some();
        *entry.body.borrow_mut() = if keep {
            Memo::Done(value.clone())
        } else {
            Memo::Fresh
        };
        value
    }

    fn body_of(&self, entry: &Rc<Entry<'t>>) -> Value {
        let left_out = |member: &&Member| {
            let name = &member.name;
            name.eq_ignore_ascii_case("resources")
                || name.eq_ignore_ascii_case("dependsOn")
                || name.eq_ignore_ascii_case("condition")
                || (name.eq_ignore_ascii_case("copy")
                    && matches!(member.value.kind, JsonKind::Object(_)))
        };
        let members: Vec<&Member> = entry
            .json
            .members()
            .iter()
            .filter(|member| !left_out(member))
            .collect();
        let Some(stage) = &entry.nested else {
            return self.members(&entry.frame, entry.json.span, members.into_iter());
        };
        // The template inside is evaluated on its own, and so are its arguments.
        let (properties, members): (Vec<&Member>, Vec<&Member>) = members
            .into_iter()
            .partition(|member| member.name.eq_ignore_ascii_case("properties"));
        let value = self.members(&entry.frame, entry.json.span, members.into_iter());
        let (Some(properties), Data::Object(object)) = (properties.first(), &value.data) else {
            return value;
        };
        let kept: Vec<&Member> = properties
            .value
            .members()
            .iter()
            .filter(|member| {
                !(member.name.eq_ignore_ascii_case("template")
                    || (stage.template.is_some() && member.name.eq_ignore_ascii_case("parameters")))
            })
            .collect();
        let inner = self.members(&entry.frame, properties.value.span, kept.into_iter());
        let mut object = (**object).clone();
        object.entries.insert(Arc::clone(&properties.name), inner);
        Value::new(Data::Object(Arc::new(object)), value.origin)
    }
}

/// The line of a resource that tells which it is.
pub(super) fn header(json: &Json) -> Span {
    member(json, "name")
        .or_else(|| member(json, "type"))
        .map_or(json.span, |member| member.name_span.to(member.value.span))
}
