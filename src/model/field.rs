//! Evaluated values to fields of the model.
//!
//! A [`Node`] is a place in a resource's body that may be a value, nothing, or unknown; the
//! dialects walk it by name and ask it for fields. Missing, `null`, `""` and `[]` all mean that
//! nothing is written; in a resource that is only looked up they mean that it is not known.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::parse::{self, Parsed};
use super::{Field, Link, List, State};
use crate::eval::value::{Bounds, Data, Piece, Presence, Reason, Rest, Unknown, Value};
use crate::eval::{Dialect, Mode, Resource, ResourceKey};
use crate::origin::{Origin, OriginGraph, OriginId, OriginStep};
use crate::source::Span;

/// What is at a place of a body.
#[derive(Clone, Debug)]
enum Found<'a> {
    /// A value that is not an unknown as a whole.
    Value(&'a Value),
    /// Nothing.
    Absent,
    /// Something unknown, and where it came from.
    Unknown(Arc<Unknown>, OriginId),
}

/// The resource whose missing attributes are unknown because it is only looked up.
#[derive(Clone, Debug)]
struct Lookup<'a> {
    resource: &'a Resource,
    path: Rc<str>,
}

/// A place in a resource's body.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    found: Found<'a>,
    header: OriginId,
    dialect: Dialect,
    lookup: Option<Lookup<'a>>,
}

/// The items of a list, as far as they are known.
#[derive(Debug)]
pub(super) struct Items<'a> {
    /// The known ones.
    pub(super) items: Vec<Node<'a>>,
    /// Stands for the others.
    pub(super) rest: Option<Arc<Unknown>>,
    /// Stands for those of the others of which nothing is known.
    pub(super) hidden: Option<Arc<Unknown>>,
    /// The others as far as they are known, each with what decides about it.
    pub(super) others: Vec<(Node<'a>, Presence)>,
}

impl<'a> Node<'a> {
    /// The body of a resource.
    pub(super) fn body(resource: &'a Resource) -> Self {
        let lookup = (resource.mode == Mode::Existing).then(|| Lookup {
            resource,
            path: "".into(),
        });
        let nothing = Self {
            found: Found::Absent,
            header: resource.origin,
            dialect: resource.dialect,
            lookup,
        };
        nothing.at(&resource.body)
    }

    /// The name of a resource.
    pub(super) fn name(resource: &'a Resource) -> Self {
        Self {
            lookup: None,
            ..Self::body(resource)
        }
        .at(&resource.name)
    }

    /// The entry of that name: exact in azurerm, without case in ARM.
    pub(super) fn get(&self, name: &str) -> Self {
        match &self.found {
            Found::Absent => self.clone(),
            Found::Unknown(unknown, origin) => {
                self.with(Found::Unknown(attribute(unknown, *origin, name), *origin))
            }
            Found::Value(value) => {
                let entry = match self.dialect {
                    Dialect::Arm => value.get_ignore_case(name),
                    Dialect::Azurerm => value.get(name),
                };
                let mut node = match (entry, value.as_object().and_then(|o| o.rest.as_ref())) {
                    (Some(entry), _) if !entry.is_null() => self.at(entry),
                    (None, Some(rest)) => {
                        let unknown = attribute(&rest.unknown, value.origin, name);
                        self.with(Found::Unknown(unknown, value.origin))
                    }
                    _ => self.with(Found::Absent),
                };
                if let Some(lookup) = &self.lookup {
                    node.look_up(lookup, name);
                }
                node
            }
        }
    }

    /// Several steps of [`Self::get`].
    pub(super) fn path(&self, names: &[&str]) -> Self {
        names.iter().fold(self.clone(), |node, name| node.get(name))
    }

    /// The first of several entries that is written: old and new names of one attribute.
    pub(super) fn any_of(&self, names: &[&str]) -> Self {
        let mut last = None;
        for name in names {
            let node = self.get(name);
            if matches!(node.found, Found::Value(_)) && !node.is_absent() {
                return node;
            }
            if last.is_none() || matches!(node.found, Found::Unknown(..)) {
                last = last
                    .filter(|node: &Self| matches!(node.found, Found::Unknown(..)))
                    .or(Some(node));
            }
        }
        last.unwrap_or_else(|| self.with(Found::Absent))
    }

    /// The single block of a kind: the first item of a list of blocks, or the object itself.
    pub(super) fn block(&self, name: &str) -> Self {
        let node = self.get(name);
        let Found::Value(value) = &node.found else {
            return node;
        };
        let Some(list) = value.as_list() else {
            return node;
        };
        match (list.items.first(), &list.rest) {
            (Some(first), _) => node.at(first),
            (None, Some(rest)) => node.with(Found::Unknown(
                attribute(&rest.unknown, value.origin, "[0]"),
                value.origin,
            )),
            (None, None) => node.with(Found::Absent),
        }
    }

    /// This place, or another where certainly nothing is written here.
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_absent() { other() } else { self }
    }

    /// The first item of a list of scalars, or the scalar itself.
    pub(super) fn first(&self) -> Self {
        let found = self.items();
        let open = match &self.found {
            Found::Value(value) => value.as_list().and_then(|list| list.rest.as_ref()),
            _ => None,
        };
        let open = open.map(|rest| Arc::clone(&rest.unknown));
        match (found.items.first(), found.rest.or(open)) {
            // What is known of a list with a rest need not stand at its beginning.
            (_, Some(rest)) => self.as_unknown(rest),
            (Some(first), None) => first.clone(),
            (None, None) => self.with(Found::Absent),
        }
    }

    /// Whether certainly nothing is written here.
    pub(super) fn is_absent(&self) -> bool {
        match &self.found {
            Found::Absent => true,
            Found::Unknown(..) => false,
            Found::Value(value) => match &value.data {
                Data::Null => true,
                Data::String(text) => text.trim().is_empty(),
                Data::List(list) => list.items.is_empty() && list.rest.is_none(),
                Data::Bool(_)
                | Data::Number(_)
                | Data::Template(_)
                | Data::Object(_)
                | Data::Unknown(_) => false,
            },
        }
    }

    /// Whether certainly something is written here.
    pub(super) fn is_written(&self) -> bool {
        !self.is_absent()
            && match &self.found {
                Found::Value(value) => value.as_list().is_none_or(|list| !list.items.is_empty()),
                _ => false,
            }
    }

    /// Where it came from: the header where nothing is written or the value has no place.
    pub(super) fn origin(&self) -> OriginId {
        let origin = match &self.found {
            Found::Value(value) => value.origin,
            Found::Unknown(_, origin) => *origin,
            Found::Absent => self.header,
        };
        if origin == OriginId::NONE {
            self.header
        } else {
            origin
        }
    }

    /// The missing input, where an empty value is only the default that nobody has set yet.
    pub(super) fn empty_by_default(&self, origins: &OriginGraph) -> Option<Arc<Unknown>> {
        let value = self.value().filter(|_| self.is_absent())?;
        // An element of a default has no hop of its own: it lies within what the default is.
        let typed = origins.literals(value.origin);
        let hop = |id: OriginId| match &origins.get(id).step {
            OriginStep::VariableDefault(name) => Some(Arc::clone(name)),
            _ => None,
        };
        let around = |node: &Origin| match &node.step {
            OriginStep::VariableDefault(name) => {
                let within = |span: &Span| node.span.is_some_and(|whole| whole.contains(*span));
                typed.iter().any(within).then(|| Arc::clone(name))
            }
            _ => None,
        };
        let name = (origins.ancestry(value.origin).into_iter().find_map(hop))
            .or_else(|| origins.iter().find_map(around))?;
        let label = match self.dialect {
            Dialect::Arm => format!("parameters('{name}')"),
            Dialect::Azurerm => format!("var.{name}"),
        };
        let scope = format!("instead of the empty value {}", value.origin.0);
        let mut unknown = Unknown::new(&scope, label, Reason::NoValue);
        unknown.declared = typed.first().copied();
        Some(Arc::new(unknown))
    }

    /// The same place with an unknown in it.
    pub(super) fn as_unknown(&self, unknown: Arc<Unknown>) -> Self {
        self.with(Found::Unknown(unknown, self.origin()))
    }

    /// The same place with another header: for parts of a resource that have a block of their own.
    pub(super) fn with_header(mut self, header: OriginId) -> Self {
        self.header = header;
        self
    }

    /// The unknown, if it is one as a whole.
    pub(super) fn unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.found {
            Found::Unknown(unknown, _) => Some(unknown),
            _ => None,
        }
    }

    /// The value, unless there is none or it is unknown as a whole.
    pub(super) fn value(&self) -> Option<&'a Value> {
        match &self.found {
            Found::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The field that `read` makes of the text of a string, number or truth value.
    pub(super) fn field<T>(&self, read: impl Fn(&str) -> Parsed<T>) -> Field<T> {
        let state = match &self.found {
            Found::Absent => State::Absent,
            Found::Unknown(unknown, _) => State::Unknown(
                Arc::clone(unknown),
                candidates(unknown, |value| read(&scalar(value)?).ok()),
            ),
            Found::Value(_) if self.is_absent() => State::Absent,
            Found::Value(value) => match (scalar(value), &value.data) {
                (Some(text), _) => match read(&text) {
                    Ok(known) => State::Known(known),
                    Err(why) => State::Invalid {
                        raw: text.into(),
                        why: why.into(),
                    },
                },
                (None, Data::Template(_)) => State::Unknown(text_unknown(value), None),
                (None, Data::List(_)) => invalid("a list", "one value belongs here, not a list"),
                (None, _) => invalid("an object", "one value belongs here, not an object"),
            },
        };
        Field {
            state,
            origin: self.origin(),
        }
    }

    /// Text as it is.
    pub(super) fn text(&self) -> Field<Arc<str>> {
        self.field(|text| Ok(text.into()))
    }

    /// A truth value.
    pub(super) fn flag(&self) -> Field<bool> {
        self.field(parse::flag)
    }

    /// The items of a list; an object or scalar counts as a list of one.
    pub(super) fn items(&self) -> Items<'a> {
        let mut answer = Items {
            items: Vec::new(),
            rest: None,
            hidden: None,
            others: Vec::new(),
        };
        match &self.found {
            Found::Absent => {}
            Found::Unknown(unknown, _) => {
                answer.rest = Some(Arc::clone(unknown));
                answer.hidden = answer.rest.clone();
            }
            Found::Value(value) => match &value.data {
                Data::List(list) => {
                    answer.items = list.items.iter().map(|item| self.at(item)).collect();
                    answer.items.retain(|item| !item.is_absent());
                    if let Some(rest) = &list.rest {
                        self.open_items(rest, &mut answer);
                    }
                }
                _ if self.is_absent() => {}
                _ => answer.items.push(self.clone()),
            },
        }
        answer
    }

    fn open_items(&self, rest: &'a Rest, into: &mut Items<'a>) {
        let Some(members) = rest.members() else {
            into.rest = Some(Arc::clone(&rest.unknown));
            match &rest.template {
                Some(template) => {
                    let presence = Presence::Many(Arc::clone(&rest.unknown));
                    into.others.push((self.at(template), presence));
                }
                None => into.hidden = into.rest.clone(),
            }
            return;
        };
        for member in members {
            if member.presence.because().is_some() {
                into.rest = Some(Arc::clone(&rest.unknown));
            }
            match (&member.presence, &member.value.data) {
                (Presence::Certain, _) => into.items.push(self.at(&member.value)),
                (Presence::Many(unknown), Data::Unknown(_)) => {
                    into.hidden = Some(Arc::clone(unknown));
                }
                (presence, _) => into.others.push((self.at(&member.value), presence.clone())),
            }
        }
    }

    /// The entries of an object; empty for anything else.
    pub(super) fn entries(&self) -> Vec<(Arc<str>, Self)> {
        let object = self.value().and_then(Value::as_object);
        let entries = object.into_iter().flat_map(|object| &object.entries);
        entries
            .map(|(name, value)| (Arc::clone(name), self.at(value)))
            .collect()
    }

    /// A list of fields.
    pub(super) fn list<T>(&self, read: impl Fn(&Self) -> Field<T>) -> List<Field<T>> {
        let found = self.items();
        List {
            items: found.items.iter().map(read).collect(),
            rest: found.rest,
        }
    }

    /// A list of scalars.
    pub(super) fn list_of<T>(&self, read: impl Fn(&str) -> Parsed<T>) -> List<Field<T>> {
        self.list(|item| item.field(&read))
    }

    /// The pieces of a text, or the items of a list, as fields of their own.
    pub(super) fn split<T>(
        &self,
        separator: char,
        read: impl Fn(&str) -> Parsed<T>,
    ) -> List<Field<T>> {
        let whole = self.text();
        let State::Known(text) = &whole.state else {
            return self.list_of(read);
        };
        let pieces = text
            .split(separator)
            .filter(|piece| !piece.trim().is_empty());
        let items = pieces.map(|piece| Field {
            state: match read(piece) {
                Ok(known) => State::Known(known),
                Err(why) => State::Invalid {
                    raw: piece.trim().into(),
                    why: why.into(),
                },
            },
            origin: whole.origin,
        });
        List::closed(items.collect())
    }

    /// A reference by full id. Every link is external until the network is linked.
    pub(super) fn link<I>(&self) -> Field<Link<I>> {
        let outside = |key| Link::External(key);
        let state = match &self.found {
            Found::Absent => State::Absent,
            Found::Value(_) if self.is_absent() => State::Absent,
            Found::Value(value) => match key_of(value) {
                Some(key) => State::Known(outside(key)),
                None => invalid("not an id", "the id of a resource belongs here"),
            },
            Found::Unknown(unknown, _) => match referenced(unknown) {
                Some(key) => State::Known(outside(key)),
                None => State::Unknown(
                    Arc::clone(unknown),
                    candidates(unknown, |value| key_of(value).map(outside)),
                ),
            },
        };
        Field {
            state,
            origin: self.origin(),
        }
    }

    /// A list of references by full id.
    pub(super) fn links<I>(&self) -> List<Field<Link<I>>> {
        // The old spelling of several is one id, by itself.
        if let Found::Unknown(unknown, _) = &self.found
            && referenced(unknown).is_some()
        {
            return List::closed(vec![self.link()]);
        }
        self.list(Self::link)
    }

    /// The key that an id here names, if it is known well enough.
    pub(super) fn key(&self) -> Option<ResourceKey> {
        match self.link::<()>().state {
            State::Known(Link::External(key)) => Some(key),
            _ => None,
        }
    }

    fn with(&self, found: Found<'a>) -> Self {
        Self {
            found,
            header: self.header,
            dialect: self.dialect,
            lookup: self.lookup.clone(),
        }
    }

    fn at(&self, value: &'a Value) -> Self {
        self.with(match &value.data {
            Data::Unknown(unknown) => Found::Unknown(Arc::clone(unknown), value.origin),
            _ => Found::Value(value),
        })
    }

    fn look_up(&mut self, lookup: &Lookup<'a>, name: &str) {
        let path = if lookup.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", lookup.path)
        };
        if matches!(self.found, Found::Absent) {
            let resource = lookup.resource;
            let label = format!("{}.{path}", resource.address);
            let unknown = Unknown::new(&resource.key.0, label, Reason::Outside)
                .with_reference(resource.key.clone(), path.as_str());
            self.found = Found::Unknown(Arc::new(unknown), resource.origin);
        }
        self.lookup = Some(Lookup {
            resource: lookup.resource,
            path: path.into(),
        });
    }
}

/// The text of a known scalar.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match &value.data {
        Data::String(text) => Some(Cow::Borrowed(text)),
        Data::Number(_) => Some(match value.as_i64() {
            Some(integer) => Cow::Owned(integer.to_string()),
            None => Cow::Owned(value.canonical()?),
        }),
        Data::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        _ => None,
    }
}

/// The unknown that a text with unknown pieces is as a whole, called as it reads.
fn text_unknown(value: &Value) -> Arc<Unknown> {
    let mut unknown = Unknown::derived("text", std::slice::from_ref(value));
    if let Data::Template(pieces) = &value.data {
        let readable: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.to_string(),
                Piece::Hole(unknown) => format!("${{{}}}", unknown.label),
            })
            .collect();
        unknown.label = readable.into();
    }
    if let Some(candidates) = value.candidates() {
        unknown.bounds = Bounds::OneOf(candidates);
    }
    Arc::new(unknown)
}

/// What an attribute of something unknown is. Different attributes are different unknowns.
fn attribute(unknown: &Arc<Unknown>, origin: OriginId, name: &str) -> Arc<Unknown> {
    let owner = Value::new(Data::Unknown(Arc::clone(unknown)), origin);
    let mut part = Unknown::derived(&format!("attribute {name}"), &[owner]);
    if let Some(reference) = &unknown.refers_to {
        let path = match (&*reference.path, name.starts_with('[')) {
            ("", _) => name.to_owned(),
            (path, true) => format!("{path}{name}"),
            (path, false) => format!("{path}.{name}"),
        };
        part = part.with_reference(reference.resource.clone(), path);
    }
    if let Bounds::OneOf(values) = &unknown.bounds {
        let parts: Vec<Value> = values
            .iter()
            .map(|value| match value.get_ignore_case(name) {
                Some(entry) => entry.clone(),
                None => Value::null(value.origin),
            })
            .collect();
        if parts.iter().all(|part| part.as_unknown().is_none()) {
            part = part.with_bounds(Bounds::OneOf(parts));
        }
    }
    Arc::new(part)
}

/// What an unknown may be, if all of it can be read.
fn candidates<T>(unknown: &Unknown, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match &unknown.bounds {
        Bounds::OneOf(values) => values.iter().map(read).collect(),
        _ => None,
    }
}

/// The key of the resource whose id an unknown is.
fn referenced(unknown: &Unknown) -> Option<ResourceKey> {
    let reference = unknown.refers_to.as_ref()?;
    matches!(&*reference.path, "id" | "resourceId").then(|| reference.resource.clone())
}

/// The key that a part of a resource would have whose id an unknown is: a subnet written in its
/// network has no address of its own.
pub(super) fn referenced_part(unknown: &Unknown) -> Option<ResourceKey> {
    let reference = unknown.refers_to.as_ref()?;
    let part = reference.path.strip_suffix(".id")?;
    Some(ResourceKey(
        format!("{}.{part}", reference.resource.0).into(),
    ))
}

/// The key that an id names. An id that begins with another resource's unknown id
/// (`"${azurerm_lb.a.id}/probes/http"`) is written on from that resource's key.
fn key_of(value: &Value) -> Option<ResourceKey> {
    if let Data::Template(pieces) = &value.data
        && let Some((Piece::Hole(first), others)) = pieces.split_first()
        && let Some(owner) = referenced(first)
    {
        let tail = Value::from_pieces(others.to_vec(), value.origin);
        let tail = ResourceKey::of_id(&tail)?;
        // What lies in a resource group has an id of its own: the group's names where that is.
        if let (true, Bounds::Text(scope)) = (tail.0.starts_with("/providers/"), &first.bounds) {
            let pieces = scope.iter().chain(others).cloned().collect();
            return ResourceKey::of_id(&Value::from_pieces(pieces, value.origin));
        }
        return Some(ResourceKey(format!("{}{}", owner.0, tail.0).into()));
    }
    ResourceKey::of_id(value)
}

fn invalid<T>(raw: &str, why: &str) -> State<T> {
    State::Invalid {
        raw: raw.into(),
        why: why.into(),
    }
}
