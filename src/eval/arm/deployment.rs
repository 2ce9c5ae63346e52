//! Templates to resources: which there are, what they are called, what is nested in them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::copy::Count;
use super::evaluate::Evaluator;
use super::kinds;
use super::scope::{self, Level, Scope, literal};
use super::template::{Argument, Context, Entry, Frame, Memo, Stage, member, names};
use crate::eval::frontend::Tree;
use crate::eval::value::{Data, Piece, Reason, Unknown, Value};
use crate::eval::{Existence, Mode, ResourceKey};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep templates may nest in templates.
const MAX_TEMPLATES: usize = 16;

/// How many resources one deployment may have.
const MAX_RESOURCES: usize = 20_000;

const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";

/// What a resource inherits from where it stands.
#[derive(Clone)]
struct Around<'e, 't> {
    stage: &'e Rc<Stage<'t>>,
    parent: Option<&'e Entry<'t>>,
    existence: Existence,
    repeated: bool,
}

impl<'t> Evaluator<'t> {
    /// Meets all resources of a template and of those nested in it.
    pub(super) fn expand(&self, stage: &Rc<Stage<'t>>) {
        if stage.expanded.replace(true) {
            return;
        }
        let Some(resources) = stage
            .template
            .and_then(|json| json.get_ignore_case("resources"))
        else {
            return;
        };
        let frame = Frame::of(stage);
        let around = Around {
            stage,
            parent: None,
            existence: stage.existence.clone(),
            repeated: stage.repeated,
        };
        self.meet_all(&frame, resources, &around);
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
                    if self.is_exhausted() {
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
            match condition_value.as_bool() {
                Some(true) => {}
                Some(false) => return,
                None if matches!(&condition_value.data, Data::String(text) if text.eq_ignore_ascii_case("true")) =>
                    {}
                None if matches!(&condition_value.data, Data::String(text) if text.eq_ignore_ascii_case("false")) =>
                {
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
            let message = format!("this deployment has more than {MAX_RESOURCES} resources");
            self.limit("arm-limit", json.span, message);
            return;
        }
        let conditional = existence.because.is_some();
        if conditional {
            self.quietly(|| self.register(frame, json, symbol, around, existence));
        } else {
            self.register(frame, json, symbol, around, existence);
        }
    }

    fn register(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        symbol: Option<&Arc<str>>,
        around: &Around<'_, 't>,
        existence: Existence,
    ) {
        let Some(identity) = self.identity(frame, json, around) else {
            return;
        };
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
        let nested = if identity.kind.eq_ignore_ascii_case(DEPLOYMENTS) && !existing {
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
        let entry = Rc::new(Entry {
            json,
            frame: frame.clone(),
            name: Value::from_pieces(last, identity.name.origin),
            full_name: scope::lower(&identity.name).unwrap_or_default(),
            key: scope::key(&identity.id),
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
            body: RefCell::default(),
            nested,
        });
        self.remember(around.stage, &entry, symbol);
        if let Some(children) = json.get_ignore_case("resources") {
            let around = Around {
                parent: Some(&entry),
                existence: entry.existence.clone(),
                ..around.clone()
            };
            self.nested(json.span, || {
                self.meet_all(frame, children, &around);
                Value::null(OriginId::NONE)
            });
        }
    }

    fn remember(&self, stage: &Rc<Stage<'t>>, entry: &Rc<Entry<'t>>, symbol: Option<&Arc<str>>) {
        let mut entries = self.entries.borrow_mut();
        let index = entries.len();
        let mut by_key = self.by_key.borrow_mut();
        let earlier = by_key.get(&entry.key).and_then(|index| entries.get(*index));
        if earlier.is_none_or(|earlier| earlier.mode == Mode::Existing) {
            by_key.insert(entry.key.clone(), index);
        }
        self.by_name
            .borrow_mut()
            .entry((
                Arc::clone(&entry.frame.context.label),
                entry.full_name.clone(),
            ))
            .or_default()
            .push(index);
        if let Some(symbol) = symbol {
            stage
                .symbols
                .borrow_mut()
                .entry(symbol.to_ascii_lowercase())
                .or_default()
                .push(index);
        }
        stage.resources.borrow_mut().push(index);
        entries.push(Rc::clone(entry));
    }

    /// Type, names and id of a resource.
    fn identity(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        around: &Around<'_, 't>,
    ) -> Option<Identity> {
        let kind = json.get_ignore_case("type")?;
        let kind = self.value(frame, kind);
        let kind = scope::readable(&self.text_pieces(&kind));
        let name = match json.get_ignore_case("name") {
            Some(name) => self.value(frame, name),
            None => Value::string("", OriginId::NONE),
        };
        let own = scope::segments(&self.text_pieces(&name));
        let target = self.target_scope(frame, json, &around.stage.scope);
        if let Some(parent) = around.parent {
            return Some(child_identity(parent, &kind, name, own));
        }
        let kind = kinds::canonical(&kind);
        if let Some((extended, own_kind)) = split_providers(&kind) {
            return Some(extension_identity(
                &target, &kind, extended, own_kind, name, own,
            ));
        }
        let wanted = scope::name_count(&kind).unwrap_or(1);
        let names = scope::fitted(own, wanted, &name);
        let is_deployment = kind.eq_ignore_ascii_case(DEPLOYMENTS);
        let base = match json.get_ignore_case("scope") {
            Some(written) if !is_deployment => {
                let extended = self.value(frame, written);
                self.extended_id(&target, &extended)
            }
            _ => target.prefix(),
        };
        let id = scope::id(base.clone(), &kind, &names);
        let parent = parent_key(&base, &kind, &names);
        Some(Identity {
            kind,
            name,
            names,
            id,
            parent,
            target,
        })
    }

    /// The id that the `scope` of an extension resource means.
    fn extended_id(&self, target: &Scope, written: &Value) -> Vec<Piece> {
        let pieces = self.text_pieces(written);
        match pieces.first() {
            Some(Piece::Literal(text)) if &**text == "/" && pieces.len() == 1 => Vec::new(),
            Some(Piece::Literal(text)) if !text.starts_with('/') => {
                let mut id = target.prefix();
                id.push(literal("/providers/"));
                id.extend(pieces);
                id
            }
            _ => pieces,
        }
    }

    /// Where a resource goes that says so itself: another subscription or resource group.
    fn target_scope(&self, frame: &Frame<'t>, json: &'t Json, around: &Scope) -> Scope {
        let written = |name| {
            let value = self.value(frame, json.get_ignore_case(name)?);
            (!value.is_null()).then(|| self.text_pieces(&value))
        };
        let mut target = around.clone();
        let is_deployment = json
            .get_ignore_case("type")
            .and_then(Json::as_str)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(DEPLOYMENTS));
        if is_deployment && let Some(pieces) = written("scope") {
            target = scope_of(&target, &pieces);
        }
        if let Some(subscription) = written("subscriptionId") {
            target = target.in_subscription(subscription);
        }
        if let Some(group) = written("resourceGroup") {
            target = target.in_resource_group(group);
        }
        target
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

    /// What a deployment resource deploys.
    #[expect(
        clippy::too_many_arguments,
        reason = "one caller, and a struct would only rename them"
    )]
    fn stage(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        around: &Around<'_, 't>,
        identity: &Identity,
        address: &Arc<str>,
        origin: OriginId,
        existence: &Existence,
    ) -> Rc<Stage<'t>> {
        let properties = json.get_ignore_case("properties");
        let property = |name| properties.and_then(|json: &'t Json| json.get_ignore_case(name));
        let inline = property("template").filter(|json| !json.members().is_empty());
        let (template, elsewhere) = match inline {
            Some(template) => (Some(template), None),
            None => self.linked_template(frame, property("templateLink"), json, address),
        };
        let depth = around.stage.depth + 1;
        let (template, elsewhere) = if depth > MAX_TEMPLATES && template.is_some() {
            let message = format!("templates nest more than {MAX_TEMPLATES} levels deep here");
            let limit = self.limit("arm-limit", header(json), message);
            (None, Some(self.unknown_of(&limit)))
        } else {
            (template, elsewhere)
        };
        let inner = inline.is_none()
            || property("expressionEvaluationOptions")
                .and_then(|options| options.get_ignore_case("scope"))
                .and_then(Json::as_str)
                .is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        let (context, loops) = match template {
            Some(template) if inner => {
                let number = self.contexts.get() + 1;
                self.contexts.set(number);
                let label = format!("{address}|{number}");
                let context = self.inner_context(frame, template, properties, identity, label);
                (Rc::new(context), None)
            }
            _ => (Rc::clone(&frame.context), frame.loops.clone()),
        };
        Rc::new(Stage {
            template,
            elsewhere,
            context,
            loops,
            scope: identity.target.clone(),
            origin,
            existence: existence.clone(),
            repeated: around.repeated,
            depth,
            expanded: Cell::new(false),
            resources: RefCell::default(),
            symbols: RefCell::default(),
            outputs: RefCell::default(),
        })
    }

    fn inner_context(
        &self,
        frame: &Frame<'t>,
        template: &'t Json,
        properties: Option<&'t Json>,
        identity: &Identity,
        label: String,
    ) -> Context<'t> {
        let property = |name| properties.and_then(|json: &'t Json| json.get_ignore_case(name));
        let parameters = property("parameters");
        let computed = parameters
            .filter(|parameters| parameters.as_str().is_some())
            .map(|parameters| self.value(frame, parameters));
        let elsewhere = property("parametersLink").map(|link| {
            let label = "the linked parameter file";
            let unknown = Unknown::new(&identity.name_text(), label, Reason::LinkedTemplate);
            Value::unknown(
                unknown.declared_at(link.span),
                self.origins.literal(link.span),
            )
        });
        let names = names(template, |declared: &Member| {
            if let Some(whole) = &computed {
                let entry = whole.get_ignore_case(&declared.name);
                let value = entry.and_then(|entry| entry.get_ignore_case("value"));
                return match value {
                    Some(value) => Argument::Value(value.clone()),
                    None if whole.is_wholly_known() => Argument::None,
                    None => {
                        let pair = [
                            whole.clone(),
                            Value::string(&*declared.name, OriginId::NONE),
                        ];
                        Argument::Value(Value::unknown(
                            Unknown::derived("argument", &pair),
                            whole.origin,
                        ))
                    }
                };
            }
            if let Some(passed) = parameters.and_then(|json| member(json, &declared.name)) {
                return Argument::Passed(&passed.value, frame.clone());
            }
            match &elsewhere {
                Some(value) => Argument::Value(value.clone()),
                None => Argument::None,
            }
        });
        let last = identity.names.last().cloned().unwrap_or_default();
        Context {
            label: label.into(),
            template,
            parameters: names.parameters,
            variables: names.variables,
            functions: names.functions,
            scope: identity.target.clone(),
            name: Value::from_pieces(last, identity.name.origin),
        }
    }

    /// A template in another file, if it is linked by a path that leads to one.
    fn linked_template(
        &self,
        frame: &Frame<'t>,
        link: Option<&'t Json>,
        json: &'t Json,
        address: &Arc<str>,
    ) -> (Option<&'t Json>, Option<Arc<Unknown>>) {
        let unknown = |reason| {
            let unknown = Unknown::new("template", format!("the template of {address}"), reason);
            Some(Arc::new(unknown.declared_at(
                link.map_or_else(|| header(json), |json| json.span),
            )))
        };
        let path = link
            .and_then(|link| link.get_ignore_case("relativePath"))
            .map(|path| self.value(frame, path));
        let Some(path) = path.as_ref().and_then(Value::as_str) else {
            return (None, unknown(Reason::LinkedTemplate));
        };
        let directory = self.loader.path(json.span.file);
        let directory = directory
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let Some((id, file)) = joined(directory, path).and_then(|path| self.loader.text(&path))
        else {
            return (None, unknown(Reason::File(Arc::clone(path))));
        };
        self.files.borrow_mut().insert(id);
        let template = match self.loader.tree(id) {
            Some(Tree::Json(Some(tree))) => Some(tree),
            Some(_) => None,
            None => {
                let parsed = crate::syntax::json::parse(id, &file);
                parsed.tree.and_then(|tree| self.linked.keep(tree))
            }
        };
        match template {
            Some(template) => (Some(template), None),
            None => (None, unknown(Reason::File(Arc::clone(path)))),
        }
    }

    /// The body of a resource, evaluated once.
    pub(super) fn body(&self, entry: &Rc<Entry<'t>>) -> Value {
        if let Memo::Done(value) = &*entry.body.borrow() {
            return value.clone();
        }
        *entry.body.borrow_mut() = Memo::Busy;
        let untold = self.untold();
        let run = || self.nested(entry.json.span, || self.body_of(entry));
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

/// What names a resource.
struct Identity {
    kind: Arc<str>,
    name: Value,
    names: Vec<Vec<Piece>>,
    id: Vec<Piece>,
    parent: Option<ResourceKey>,
    /// Where it goes; for a deployment, where its resources go.
    target: Scope,
}

impl Identity {
    fn name_text(&self) -> String {
        self.name.canonical().unwrap_or_default()
    }
}

/// A child that stands inside its parent: type and name continue the parent's.
fn child_identity(parent: &Entry<'_>, kind: &str, name: Value, own: Vec<Vec<Piece>>) -> Identity {
    let target = parent.frame.stage.scope.clone();
    let is_full = kind
        .to_ascii_lowercase()
        .starts_with(&format!("{}/", parent.kind.to_ascii_lowercase()));
    let is_extension = !is_full
        && kind.contains('/')
        && kind
            .split('/')
            .next()
            .is_some_and(|first| first.contains('.'));
    if is_extension {
        let kind = kinds::canonical(kind);
        let wanted = scope::name_count(&kind).unwrap_or(1);
        let names = scope::fitted(own, wanted, &name);
        let id = scope::id(parent.id.clone(), &kind, &names);
        return Identity {
            kind,
            name,
            names,
            id,
            parent: Some(parent.key.clone()),
            target,
        };
    }
    let tail = if is_full {
        kind.get(parent.kind.len() + 1..).unwrap_or_default()
    } else {
        kind
    };
    let segments = tail.split('/').count();
    // A full name inside a parent repeats the parent's names; only the end of it is the child's.
    let skip = own.len().saturating_sub(segments);
    let own: Vec<_> = own.into_iter().skip(skip).collect();
    let own = scope::fitted(own, segments, &name);
    let mut id = parent.id.clone();
    for (kind, name) in tail.split('/').zip(&own) {
        id.push(literal(format!("/{kind}/")));
        id.extend(name.iter().cloned());
    }
    let mut names = parent.names();
    names.extend(own);
    Identity {
        kind: kinds::canonical(&format!("{}/{tail}", parent.kind)),
        name,
        names,
        id,
        parent: Some(parent.key.clone()),
        target,
    }
}

impl Entry<'_> {
    /// The names of the resource and its parents, from its id.
    fn names(&self) -> Vec<Vec<Piece>> {
        let all = scope::segments(&self.id);
        let is_providers = |segment: &Vec<Piece>| matches!(segment.as_slice(), [Piece::Literal(text)] if text.eq_ignore_ascii_case("providers"));
        let after = all.iter().rposition(is_providers).map_or(0, |at| at + 2);
        all.into_iter().skip(after).skip(1).step_by(2).collect()
    }
}

/// Splits `A/b/providers/c` into what is extended and what extends it.
fn split_providers(kind: &str) -> Option<(&str, &str)> {
    let at = kind.to_ascii_lowercase().find("/providers/")?;
    Some((kind.get(..at)?, kind.get(at + "/providers/".len()..)?))
}

/// The old way to write extension resources: the type and name of the resource extended, then
/// `providers` and the namespace as parts of them.
fn extension_identity(
    target: &Scope,
    kind: &Arc<str>,
    extended: &str,
    own_kind: &str,
    name: Value,
    own: Vec<Vec<Piece>>,
) -> Identity {
    let count = scope::name_count(extended).unwrap_or(1);
    let base: Vec<Vec<Piece>> = own.iter().take(count).cloned().collect();
    let base = scope::id(target.prefix(), extended, &base);
    let namespace = own
        .get(count)
        .map(|part| scope::readable(part))
        .unwrap_or_default();
    let names: Vec<Vec<Piece>> = own.iter().skip(count + 1).cloned().collect();
    let full = if own_kind.contains('/') && own_kind.contains('.') {
        own_kind.to_owned()
    } else {
        format!("{namespace}/{own_kind}")
    };
    Identity {
        id: scope::id(base.clone(), &full, &names),
        parent: Some(scope::key(&base)),
        kind: Arc::clone(kind),
        name,
        names: own,
        target: target.clone(),
    }
}

/// The key of the resource a top-level `a/b/c` resource is a child of.
fn parent_key(base: &[Piece], kind: &str, names: &[Vec<Piece>]) -> Option<ResourceKey> {
    if names.len() < 2 {
        return None;
    }
    let (parent_kind, _) = kind.rsplit_once('/')?;
    let names = names.get(..names.len() - 1)?;
    Some(scope::key(&scope::id(base.to_vec(), parent_kind, names)))
}

/// The place that the `scope` of a deployment names.
fn scope_of(around: &Scope, pieces: &[Piece]) -> Scope {
    let segments = scope::segments(pieces);
    let word = |index: usize| match segments.get(index).map(Vec::as_slice) {
        Some([Piece::Literal(text)]) => text.to_ascii_lowercase(),
        _ => String::new(),
    };
    let part = |index: usize| segments.get(index).cloned().unwrap_or_default();
    if segments.iter().all(Vec::is_empty) {
        return Scope {
            level: Level::Tenant,
            ..around.clone()
        };
    }
    if word(1) == "subscriptions" {
        let target = around.in_subscription(part(2));
        if word(3) == "resourcegroups" {
            return target.in_resource_group(part(4));
        }
        return target;
    }
    let group = (0..segments.len()).find(|index| word(*index) == "managementgroups");
    if let Some(at) = group {
        return Scope {
            level: Level::ManagementGroup,
            management_group: part(at + 1),
            ..around.clone()
        };
    }
    around.clone()
}

/// The line of a resource that tells which it is.
fn header(json: &Json) -> Span {
    member(json, "name")
        .or_else(|| member(json, "type"))
        .map_or(json.span, |member| member.name_span.to(member.value.span))
}

/// A path relative to a directory, without `.` and `..`; `None` if it leaves the root.
fn joined(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The outermost stage of a template.
pub(super) fn outermost<'t>(
    template: &'t Json,
    values: &HashMap<String, &'t Json>,
) -> Rc<Stage<'t>> {
    let schema = template.get_ignore_case("$schema").and_then(Json::as_str);
    let scope = Scope::of_schema(schema.unwrap_or_default());
    let names = names(template, |declared| {
        match values.get(&declared.name.to_ascii_lowercase()) {
            Some(entry) => Argument::File(entry),
            None => Argument::None,
        }
    });
    let reason = Reason::RunTimeFunction("deployment".into());
    let name = Unknown::new("", "deployment().name", reason);
    let context = Context {
        label: "".into(),
        template,
        parameters: names.parameters,
        variables: names.variables,
        functions: names.functions,
        scope: scope.clone(),
        name: Value::unknown(name, OriginId::NONE),
    };
    Rc::new(Stage {
        template: Some(template),
        elsewhere: None,
        context: Rc::new(context),
        loops: None,
        scope,
        origin: OriginId::NONE,
        existence: Existence::CERTAIN,
        repeated: false,
        depth: 0,
        expanded: Cell::new(false),
        resources: RefCell::default(),
        symbols: RefCell::default(),
        outputs: RefCell::default(),
    })
}
