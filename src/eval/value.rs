//! Values that may be known in part.
//!
//! A [`Value`] is data plus the [`OriginId`] that tells where it came from. Data is what JSON has,
//! and in three places room for what is not known: an [`Unknown`] instead of a value, a
//! [`Data::Template`] for a string with unknown pieces (`"${var.prefix}-nsg"`), and a [`Rest`] for
//! lists and objects of which only a part is known.
//!
//! An unknown has a name. The same missing input is the same [`UnknownId`] wherever it goes, and
//! the same function of the same unknowns is the same derived unknown, so that
//! `concat(parameters('p'), '-nsg')` written twice is one value.

mod candidates;
mod mark;
mod members;
mod shared;
mod truth;
mod types;
mod unknown;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::origin::OriginId;
use crate::syntax::Number;
pub(crate) use mark::{mark_of, marked, unmarked, without_marks};
pub use members::{Member, Members, Presence};
pub use truth::Truth;
pub use types::{AttributeType, Type};
pub use unknown::{Bounds, MAX_CANDIDATES, MAX_CAUSES, Reason, Reference, Unknown, UnknownId};

/// A piece of a string known in part.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Known text.
    Literal(Arc<str>),
    /// An unknown that becomes text.
    Hole(Arc<Unknown>),
}

/// What is missing from a list or object.
#[derive(Clone, Debug)]
pub struct Rest {
    /// Stands for the missing elements.
    pub unknown: Arc<Unknown>,
    /// What each missing element looks like, if that is known (a `dynamic` block or `copy` over an
    /// unknown list).
    pub template: Option<Value>,
}

/// Which of Terraform's sequence types a list is. Azure Resource Manager has one alone, and what
/// comes from it is [`ListKind::Tuple`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// A sequence in which each element has its own type, as `[1, "a"]` is written.
    #[default]
    Tuple,
    /// A sequence of elements of one type: `tolist`, `list(string)`.
    List,
    /// Elements of one type without order or index: `toset`, `set(string)`. The items of a known
    /// set are sorted as Terraform walks them, each once.
    Set,
}

/// Which of Terraform's keyed types an object is. Azure Resource Manager has one alone, and what
/// comes from it is [`ObjectKind::Object`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// Attributes of which each has its own type, as `{ a = 1 }` is written.
    #[default]
    Object,
    /// Elements of one type by key: `tomap`, `map(string)`.
    Map,
}

/// A list of which all or a part is known.
#[derive(Clone, Debug, Default)]
pub struct ListValue {
    /// Whether it is a tuple, list or set.
    pub kind: ListKind,
    /// The known items. With a rest, their positions are not known.
    pub items: Vec<Value>,
    /// The unknown ones.
    pub rest: Option<Rest>,
}

/// An object of which all or a part is known.
#[derive(Clone, Debug, Default)]
pub struct ObjectValue {
    /// Whether it is an object or a map.
    pub kind: ObjectKind,
    /// The known entries in order.
    pub entries: IndexMap<Arc<str>, Value>,
    /// The unknown ones: a name that is not among the entries may still exist.
    pub rest: Option<Rest>,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Data {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string known as a whole.
    String(Arc<str>),
    /// A string known in part: at least one piece is a hole, no two literals are neighbours.
    Template(Arc<[Piece]>),
    /// A list, set or tuple.
    List(Arc<ListValue>),
    /// An object or map.
    Object(Arc<ObjectValue>),
    /// Not known.
    Unknown(Arc<Unknown>),
}

/// Data and where it came from.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Why it is so.
    pub origin: OriginId,
}

/// How an unknown is written inside a canonical string: two characters no Azure name can hold
/// around the id.
#[must_use]
pub fn hole(id: UnknownId) -> String {
    format!("\u{1}{:x}\u{2}", id.0)
}

/// Whether a text has a [`hole`] in it.
#[must_use]
pub fn has_hole(text: &str) -> bool {
    text.contains('\u{1}')
}

impl Value {
    /// Pairs data with its origin.
    #[must_use]
    pub fn new(data: Data, origin: OriginId) -> Self {
        Self { data, origin }
    }

    /// `null`.
    #[must_use]
    pub fn null(origin: OriginId) -> Self {
        Self::new(Data::Null, origin)
    }

    /// A boolean.
    #[must_use]
    pub fn bool(value: bool, origin: OriginId) -> Self {
        Self::new(Data::Bool(value), origin)
    }

    /// A whole number.
    #[must_use]
    pub fn integer(value: i64, origin: OriginId) -> Self {
        Self::new(Data::Number(Number::Integer(value)), origin)
    }

    /// A string.
    #[must_use]
    pub fn string(value: impl Into<Arc<str>>, origin: OriginId) -> Self {
        Self::new(Data::String(value.into()), origin)
    }

    /// A list known as a whole.
    #[must_use]
    pub fn list(items: Vec<Self>, origin: OriginId) -> Self {
        Self::list_of(ListKind::Tuple, items, None, origin)
    }

    /// A list, set or tuple that may be open. The items of a set are those of one already: sorted,
    /// each once.
    #[must_use]
    pub fn list_of(kind: ListKind, items: Vec<Self>, rest: Option<Rest>, origin: OriginId) -> Self {
        Self::new(
            Data::List(Arc::new(ListValue { kind, items, rest })),
            origin,
        )
    }

    /// An object known as a whole.
    #[must_use]
    pub fn object(entries: impl IntoIterator<Item = (Arc<str>, Self)>, origin: OriginId) -> Self {
        let entries = entries.into_iter().collect();
        Self::object_of(ObjectKind::Object, entries, None, origin)
    }

    /// An object or map that may be open.
    #[must_use]
    pub fn object_of(
        kind: ObjectKind,
        entries: IndexMap<Arc<str>, Self>,
        rest: Option<Rest>,
        origin: OriginId,
    ) -> Self {
        Self::new(
            Data::Object(Arc::new(ObjectValue {
                kind,
                entries,
                rest,
            })),
            origin,
        )
    }

    /// An unknown.
    #[must_use]
    pub fn unknown(unknown: Unknown, origin: OriginId) -> Self {
        Self::new(Data::Unknown(Arc::new(unknown)), origin)
    }

    /// A string put together from pieces: a [`Data::String`] if all are literal, an unknown if it
    /// is one hole alone, else a [`Data::Template`].
    #[must_use]
    pub fn from_pieces(pieces: Vec<Piece>, origin: OriginId) -> Self {
        let mut merged: Vec<Piece> = Vec::new();
        let mut run: Vec<Arc<str>> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(text) if text.is_empty() => {}
                Piece::Literal(text) => run.push(text),
                hole @ Piece::Hole(_) => {
                    merged.extend(joined(&mut run));
                    merged.push(hole);
                }
            }
        }
        merged.extend(joined(&mut run));
        match merged.as_slice() {
            [] => Self::string("", origin),
            [Piece::Literal(text)] => Self::string(Arc::clone(text), origin),
            [Piece::Hole(unknown)] => Self::new(Data::Unknown(Arc::clone(unknown)), origin),
            _ => Self::new(Data::Template(merged.into()), origin),
        }
    }

    /// The same data from another origin.
    #[must_use]
    pub fn with_origin(&self, origin: OriginId) -> Self {
        Self {
            data: self.data.clone(),
            origin,
        }
    }

    /// The text of a string known as a whole.
    #[must_use]
    pub fn as_str(&self) -> Option<&Arc<str>> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, also of a float without fraction; not of a string.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match &self.data {
            Data::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The list.
    #[must_use]
    pub fn as_list(&self) -> Option<&Arc<ListValue>> {
        match &self.data {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Arc<ObjectValue>> {
        match &self.data {
            Data::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The unknown, if the whole value is one.
    #[must_use]
    pub fn as_unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.data {
            Data::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Whether nothing in it, at any depth, is unknown.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        match &self.data {
            Data::Unknown(_) | Data::Template(_) => false,
            Data::List(list) => list.rest.is_none() && list.items.iter().all(Self::is_wholly_known),
            Data::Object(object) => {
                object.rest.is_none() && object.entries.values().all(Self::is_wholly_known)
            }
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => true,
        }
    }

    /// An entry of an object by its exact name; `None` for anything else. Whether a missing name
    /// may still exist tells [`ObjectValue::rest`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.entries.get(name)
    }

    /// An entry of an object by its name in any case, as Azure Resource Manager reads it.
    #[must_use]
    pub fn get_ignore_case(&self, name: &str) -> Option<&Self> {
        let entries = &self.as_object()?.entries;
        entries.get(name).or_else(|| {
            entries
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    }

    /// The same, an unknown of which it is known how it is put together as that text: for what
    /// looks into a string rather than passing it on.
    #[must_use]
    pub fn spelled(&self) -> Self {
        match &self.data {
            Data::Unknown(unknown) => match &unknown.bounds {
                Bounds::Text(pieces) => Self::from_pieces(pieces.to_vec(), self.origin),
                _ => self.clone(),
            },
            _ => self.clone(),
        }
    }

    /// The parts of an id between its slashes, where it is known how it is put together and nothing
    /// unknown in it can hold a slash.
    #[must_use]
    pub fn segments(&self) -> Option<Vec<Self>> {
        let spelled = self.spelled();
        let pieces = match &spelled.data {
            Data::Template(pieces) => Arc::clone(pieces),
            Data::String(text) => [Piece::Literal(Arc::clone(text))].into(),
            _ => return None,
        };
        let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
        for piece in pieces.iter() {
            match piece {
                Piece::Literal(text) => {
                    for (place, part) in text.split('/').enumerate() {
                        if place > 0 {
                            parts.push(Vec::new());
                        }
                        if let Some(last) = parts.last_mut() {
                            last.push(Piece::Literal(part.into()));
                        }
                    }
                }
                Piece::Hole(unknown) if unknown.is_segment => {
                    if let Some(last) = parts.last_mut() {
                        last.push(piece.clone());
                    }
                }
                Piece::Hole(_) => return None,
            }
        }
        let parts = parts.into_iter();
        Some(
            parts
                .map(|part| Self::from_pieces(part, self.origin))
                .collect(),
        )
    }

    /// A scalar written so that equal text means equal value, unknown parts as [`hole`]s; `None`
    /// for lists, objects and `null`.
    #[must_use]
    pub fn canonical(&self) -> Option<String> {
        Some(match &self.data {
            Data::Bool(value) => value.to_string(),
            Data::Number(number) => number.text(),
            Data::String(text) => text.to_string(),
            Data::Template(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text.to_string(),
                    Piece::Hole(unknown) => hole(unknown.id),
                })
                .collect(),
            Data::Unknown(unknown) => hole(unknown.id),
            Data::Null | Data::List(_) | Data::Object(_) => return None,
        })
    }

    /// Whether two values are equal, as far as can be known. Strings compare exactly.
    #[must_use]
    pub fn equals(&self, other: &Self) -> Truth {
        match (&self.data, &other.data) {
            (Data::Unknown(a), Data::Unknown(b)) if a.id == b.id => Truth::True,
            (Data::Unknown(unknown), _) => unknown.may_equal(other),
            (_, Data::Unknown(unknown)) => unknown.may_equal(self),
            (Data::Null, Data::Null) => Truth::True,
            (Data::Bool(a), Data::Bool(b)) => (a == b).into(),
            (Data::Number(a), Data::Number(b)) => a.compare(b).is_eq().into(),
            (Data::String(a), Data::String(b)) => (a == b).into(),
            (Data::String(_) | Data::Template(_), Data::String(_) | Data::Template(_)) => {
                self.strings_equal(other)
            }
            (Data::List(a), Data::List(b)) => a.equals(b),
            (Data::Object(a), Data::Object(b)) => a.equals(b),
            _ => Truth::False,
        }
    }

    fn strings_equal(&self, other: &Self) -> Truth {
        if self.canonical() == other.canonical() {
            return Truth::True;
        }
        let few = match (&self.data, &other.data) {
            (Data::Template(_), Data::String(_)) => self.candidates().map(|few| (few, other)),
            (Data::String(_), Data::Template(_)) => other.candidates().map(|few| (few, self)),
            _ => None,
        };
        if let Some((few, known)) = few {
            let equal = few
                .iter()
                .filter(|one| one.as_str() == known.as_str())
                .count();
            return match equal {
                0 => Truth::False,
                all if all == few.len() => Truth::True,
                _ => Truth::Unknown,
            };
        }
        let ends = |value: &Self| match &value.data {
            Data::String(text) => (text.to_string(), text.to_string()),
            Data::Template(pieces) => {
                let literal = |piece: Option<&Piece>| match piece {
                    Some(Piece::Literal(text)) => text.to_string(),
                    _ => String::new(),
                };
                (literal(pieces.first()), literal(pieces.last()))
            }
            _ => (String::new(), String::new()),
        };
        let ((prefix, suffix), (other_prefix, other_suffix)) = (ends(self), ends(other));
        if let (Data::String(known), open) | (open, Data::String(known)) = (&self.data, &other.data)
            && known.len() < known_length(open)
        {
            return Truth::False;
        }
        let prefixes = prefix.starts_with(&*other_prefix) || other_prefix.starts_with(&*prefix);
        let suffixes = suffix.ends_with(&*other_suffix) || other_suffix.ends_with(&*suffix);
        if prefixes && suffixes {
            Truth::Unknown
        } else {
            Truth::False
        }
    }

    /// Appends every unknown at any depth, each once, up to [`MAX_CAUSES`].
    pub fn collect_unknowns(&self, into: &mut Vec<Arc<Unknown>>) {
        if into.len() >= MAX_CAUSES {
            return;
        }
        let mut add = |unknown: &Arc<Unknown>| {
            if into.len() < MAX_CAUSES && into.iter().all(|known| known.id != unknown.id) {
                into.push(Arc::clone(unknown));
            }
        };
        match &self.data {
            Data::Unknown(unknown) => add(unknown),
            Data::Template(pieces) => {
                for piece in pieces.iter() {
                    if let Piece::Hole(unknown) = piece {
                        add(unknown);
                    }
                }
            }
            Data::List(list) => {
                if let Some(rest) = &list.rest {
                    add(&rest.unknown);
                }
                for item in &list.items {
                    item.collect_unknowns(into);
                }
            }
            Data::Object(object) => {
                if let Some(rest) = &object.rest {
                    add(&rest.unknown);
                }
                for value in object.entries.values() {
                    value.collect_unknowns(into);
                }
            }
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
        }
    }

    fn feed(&self, hasher: &mut impl Hasher) {
        std::mem::discriminant(&self.data).hash(hasher);
        match &self.data {
            Data::List(list) => {
                // What has one kind of lists alone need not tell them apart.
                if list.kind != ListKind::default() {
                    list.kind.hash(hasher);
                }
                list.items.len().hash(hasher);
                for item in &list.items {
                    item.feed(hasher);
                }
                list.rest.as_ref().map(|rest| rest.unknown.id).hash(hasher);
            }
            Data::Object(object) => {
                if object.kind != ObjectKind::default() {
                    object.kind.hash(hasher);
                }
                object.entries.len().hash(hasher);
                for (name, value) in &object.entries {
                    name.hash(hasher);
                    value.feed(hasher);
                }
                object
                    .rest
                    .as_ref()
                    .map(|rest| rest.unknown.id)
                    .hash(hasher);
            }
            _ => self.canonical().hash(hasher),
        }
    }
}

/// How long a string is at least.
fn known_length(data: &Data) -> usize {
    match data {
        Data::String(text) => text.len(),
        Data::Template(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.len(),
                Piece::Hole(_) => 0,
            })
            .sum(),
        _ => 0,
    }
}

/// Literals that follow each other as one piece; leaves none behind.
fn joined(run: &mut Vec<Arc<str>>) -> Option<Piece> {
    if run.len() < 2 {
        return run.pop().map(Piece::Literal);
    }
    let length = run.iter().map(|text| text.len()).sum();
    let mut text = String::with_capacity(length);
    for part in run.drain(..) {
        text.push_str(&part);
    }
    Some(Piece::Literal(text.into()))
}

impl ListValue {
    fn equals(&self, other: &Self) -> Truth {
        if self.rest.is_some() || other.rest.is_some() {
            return Truth::Unknown;
        }
        if self.items.len() != other.items.len() {
            return Truth::False;
        }
        self.items
            .iter()
            .zip(&other.items)
            .fold(Truth::True, |truth, (a, b)| truth.and(a.equals(b)))
    }
}

impl ObjectValue {
    fn equals(&self, other: &Self) -> Truth {
        if self.rest.is_some() || other.rest.is_some() {
            return Truth::Unknown;
        }
        if self.entries.len() != other.entries.len() {
            return Truth::False;
        }
        self.entries
            .iter()
            .fold(Truth::True, |truth, (name, value)| {
                truth.and(
                    other
                        .entries
                        .get(name)
                        .map_or(Truth::False, |other| value.equals(other)),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::string(value, OriginId::NONE)
    }

    fn parameter(name: &str) -> Arc<Unknown> {
        Arc::new(Unknown::new("", name, Reason::NoValue))
    }

    fn name_of(unknown: &Arc<Unknown>, suffix: &str) -> Value {
        let pieces = vec![
            Piece::Hole(Arc::clone(unknown)),
            Piece::Literal(suffix.into()),
        ];
        Value::from_pieces(pieces, OriginId::NONE)
    }

    #[test]
    fn the_same_unknown_twice_is_one_value_and_two_are_not() {
        let (a, b) = (parameter("a"), parameter("b"));
        assert_eq!(
            name_of(&a, "-nsg").equals(&name_of(&a, "-nsg")),
            Truth::True
        );
        assert_eq!(
            name_of(&a, "-nsg").equals(&name_of(&b, "-nsg")),
            Truth::Unknown
        );
        assert_eq!(
            name_of(&a, "-nsg").equals(&name_of(&a, "-rt")),
            Truth::False
        );
        assert_eq!(name_of(&a, "-nsg").equals(&text("web-nsg")), Truth::Unknown);
        assert_eq!(name_of(&a, "-nsg").equals(&text("web-rt")), Truth::False);
    }

    #[test]
    fn derived_unknowns_are_equal_when_their_calls_are() {
        let value = Value::new(Data::Unknown(parameter("a")), OriginId::NONE);
        let call = |argument: &Value| Unknown::derived("toLower", std::slice::from_ref(argument));
        assert_eq!(call(&value).id, call(&value).id);
        assert_ne!(call(&value).id, call(&text("a")).id);
        assert_eq!(Arc::new(call(&value)).roots().len(), 1);
    }

    #[test]
    fn bounds_decide_equality_where_they_can() {
        let access = Unknown::new("", "access", Reason::NoValue)
            .with_bounds(Bounds::OneOf(vec![text("Allow"), text("Deny")]));
        let access = Value::unknown(access, OriginId::NONE);
        assert_eq!(access.equals(&text("Allow")), Truth::Unknown);
        assert_eq!(access.equals(&text("Block")), Truth::False);
        let port =
            Unknown::new("", "port", Reason::NoValue).with_bounds(Bounds::Range(Some(1), Some(10)));
        let port = Value::unknown(port, OriginId::NONE);
        assert_eq!(
            port.equals(&Value::integer(25, OriginId::NONE)),
            Truth::False
        );
    }

    #[test]
    fn kleene_tables() {
        use Truth::{False, True, Unknown};
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(False.or(Unknown), Unknown);
        assert_eq!(!Unknown, Unknown);
    }
}
