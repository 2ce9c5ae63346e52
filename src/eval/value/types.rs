//! Terraform's types: what a value is one of, and the one type that several values can all have.
//!
//! Source of the rules: `zclconf/go-cty`, `cty/convert` (the library Terraform converts with), and
//! `terraform console` 1.11, which prints the type of any expression. Absent: the conversion of
//! values, which needs the evaluator.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Bounds, Data, ListKind, ListValue, ObjectKind, ObjectValue, Value};

/// How deep types are compared. Values nest less.
const MAX_DEPTH: usize = 128;

/// A type, or a constraint that several types fulfil.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    /// Any type. In the type of a value: not known.
    #[default]
    Any,
    /// `string`
    String,
    /// `number`
    Number,
    /// `bool`
    Bool,
    /// `list(…)`
    List(Box<Self>),
    /// `set(…)`
    Set(Box<Self>),
    /// `map(…)`
    Map(Box<Self>),
    /// `tuple([…])`
    Tuple(Vec<Self>),
    /// `object({…})`
    Object(BTreeMap<Arc<str>, AttributeType>),
}

/// One attribute of an object type.
#[derive(Clone, Debug)]
pub struct AttributeType {
    /// The type of its values.
    pub kind: Type,
    /// Whether a value need not have it.
    pub optional: bool,
    /// What stands in for it where it is absent or null.
    pub default: Option<Value>,
}

/// Types are the same whatever may be left out of their values.
impl PartialEq for AttributeType {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl AttributeType {
    /// An attribute that every value has.
    #[must_use]
    pub fn required(kind: Type) -> Self {
        Self {
            kind,
            optional: false,
            default: None,
        }
    }
}

impl Type {
    /// The type of a value, as far as it is known. Of a null it never is.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match &value.data {
            Data::Null => Self::Any,
            Data::Bool(_) => Self::Bool,
            Data::Number(_) => Self::Number,
            Data::String(_) | Data::Template(_) => Self::String,
            Data::List(list) => Self::of_list(list),
            Data::Object(object) => Self::of_object(object),
            Data::Unknown(unknown) => match &unknown.bounds {
                Bounds::Typed(kind) => (**kind).clone(),
                Bounds::Range(..) => Self::Number,
                Bounds::Length(..) | Bounds::Text(_) => Self::String,
                Bounds::OneOf(values) => Self::of_all(values.iter()),
                Bounds::Members(all) => {
                    Self::of_all(all.members.iter().map(|member| &member.value))
                }
                Bounds::Any | Bounds::Ends(..) => Self::Any,
            },
        }
    }

    fn of_all<'v>(values: impl Iterator<Item = &'v Value>) -> Self {
        let mut types = values.filter(|one| !one.is_null()).map(Self::of);
        let first = types.next().unwrap_or_default();
        if types.all(|other| other == first) {
            first
        } else {
            Self::Any
        }
    }

    fn of_list(list: &ListValue) -> Self {
        let template = list.rest.as_ref().and_then(|rest| rest.template.as_ref());
        match list.kind {
            ListKind::Tuple if list.rest.is_some() => Self::Any,
            ListKind::Tuple => Self::Tuple(list.items.iter().map(Self::of).collect()),
            ListKind::List => Self::List(Box::new(Self::of_elements(list.items.iter(), template))),
            ListKind::Set => Self::Set(Box::new(Self::of_elements(list.items.iter(), template))),
        }
    }

    fn of_object(object: &ObjectValue) -> Self {
        let template = object.rest.as_ref().and_then(|rest| rest.template.as_ref());
        match object.kind {
            ObjectKind::Map => Self::Map(Box::new(Self::of_elements(
                object.entries.values(),
                template,
            ))),
            ObjectKind::Object if object.rest.is_some() => Self::Any,
            ObjectKind::Object => Self::Object(
                object
                    .entries
                    .iter()
                    .map(|(name, value)| {
                        (Arc::clone(name), AttributeType::required(Self::of(value)))
                    })
                    .collect(),
            ),
        }
    }

    /// The type that the elements of a collection have in common: they have it already, but what
    /// is null or unknown in one element may be known in the next.
    fn of_elements<'v>(
        elements: impl Iterator<Item = &'v Value>,
        template: Option<&'v Value>,
    ) -> Self {
        let mut common = Self::Any;
        for element in elements.chain(template) {
            let own = Self::of(element);
            if own.is_settled() {
                return own;
            }
            if let Some(both) = Self::unify(&[common.clone(), own]) {
                common = both;
            }
        }
        common
    }

    /// Whether nothing in it is [`Type::Any`].
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Any => false,
            Self::String | Self::Number | Self::Bool => true,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.is_settled(),
            Self::Tuple(elements) => elements.iter().all(Self::is_settled),
            Self::Object(members) => members.values().all(|member| member.kind.is_settled()),
        }
    }

    /// Whether it is a string, number or boolean.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }

    /// The type that values of all these types can be converted to, as Terraform chooses it for
    /// the elements of a list or the branches of a conditional; `None` if there is none. What is
    /// not known is taken to fit.
    ///
    /// ```
    /// use aznet::eval::value::Type;
    /// assert_eq!(Type::unify(&[Type::Number, Type::String]), Some(Type::String));
    /// assert_eq!(Type::unify(&[Type::Number, Type::Bool]), None);
    /// ```
    #[must_use]
    pub fn unify(types: &[Self]) -> Option<Self> {
        Self::unified(&types.iter().collect::<Vec<_>>(), 0)
    }

    fn unified(types: &[&Self], depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return Some(Self::Any);
        }
        let known: Vec<&Self> = types
            .iter()
            .copied()
            .filter(|kind| **kind != Self::Any)
            .collect();
        let Some((first, others)) = known.split_first() else {
            return Some(Self::Any);
        };
        if others.iter().all(|other| other == first) {
            return Some((*first).clone());
        }
        let count = |wanted: fn(&Self) -> bool| known.iter().filter(|kind| wanted(kind)).count();
        let lists = count(|kind| matches!(kind, Self::List(_)));
        let sets = count(|kind| matches!(kind, Self::Set(_)));
        let maps = count(|kind| matches!(kind, Self::Map(_)));
        let tuples = count(|kind| matches!(kind, Self::Tuple(_)));
        let objects = count(|kind| matches!(kind, Self::Object(_)));
        let all = known.len();
        if objects > 0 && tuples > 0 {
            return None;
        }
        if objects == all {
            return unified_objects(&known, depth);
        }
        if tuples == all {
            return unified_tuples(&known, depth);
        }
        let of_one = |make: fn(Box<Self>) -> Self| {
            Self::unified(&elements_of(&known), depth + 1).map(|element| make(Box::new(element)))
        };
        if maps > 0 && maps + objects == all {
            if let Some(map) = of_one(Self::Map) {
                return Some(map);
            }
        } else if lists > 0 && lists + tuples == all {
            if let Some(list) = of_one(Self::List) {
                return Some(list);
            }
        } else if sets == all {
            return of_one(Self::Set);
        }
        let mut preferred = known.clone();
        preferred.sort_by_key(|kind| kind.preference());
        preferred
            .into_iter()
            .find(|wanted| {
                known
                    .iter()
                    .all(|kind| kind.is_convertible(wanted, depth + 1))
            })
            .cloned()
    }

    /// Which of several types is tried first: the one that can hold the others.
    fn preference(&self) -> u8 {
        match self {
            Self::String | Self::List(_) | Self::Map(_) => 0,
            Self::Set(_) => 1,
            Self::Number | Self::Bool | Self::Tuple(_) | Self::Object(_) => 2,
            Self::Any => 3,
        }
    }

    /// Whether values of this type may be values of the other after conversion; a string that is no
    /// number still fails then.
    fn is_convertible(&self, to: &Self, depth: usize) -> bool {
        let every = |elements: &[&Self], to: &Self| match to {
            Self::Any => Self::unified(elements, depth + 1).is_some(),
            to => elements
                .iter()
                .all(|element| element.is_convertible(to, depth + 1)),
        };
        if depth > MAX_DEPTH {
            return true;
        }
        match (self, to) {
            (Self::Any, _)
            | (_, Self::Any)
            | (Self::Number | Self::Bool | Self::String, Self::String)
            | (Self::String | Self::Number, Self::Number)
            | (Self::String | Self::Bool, Self::Bool) => true,
            (Self::List(from) | Self::Set(from), Self::List(to) | Self::Set(to))
            | (Self::Map(from), Self::Map(to)) => from.is_convertible(to, depth + 1),
            (Self::Tuple(elements), Self::List(to) | Self::Set(to)) => {
                every(&elements.iter().collect::<Vec<_>>(), to)
            }
            (Self::Object(members), Self::Map(to)) => {
                let kinds: Vec<&Self> = members.values().map(|member| &member.kind).collect();
                every(&kinds, to)
            }
            (Self::Tuple(from), Self::Tuple(to)) => {
                from.len() == to.len()
                    && from
                        .iter()
                        .zip(to)
                        .all(|(from, to)| from.is_convertible(to, depth + 1))
            }
            (Self::Object(from), Self::Object(to)) => {
                to.iter().all(|(name, wanted)| match from.get(name) {
                    Some(member) => member.kind.is_convertible(&wanted.kind, depth + 1),
                    None => wanted.optional,
                })
            }
            (Self::Map(from), Self::Object(to)) => to
                .values()
                .all(|wanted| from.is_convertible(&wanted.kind, depth + 1)),
            _ => false,
        }
    }

    /// The type as a person names it in a sentence: `a string`, `a list of numbers` is `a list`.
    #[must_use]
    pub fn with_article(&self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
        }
    }
}

/// As Terraform writes a type constraint.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (index, element) in elements.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str("])")
            }
            Self::Object(members) => {
                f.write_str("object({")?;
                for (index, (name, member)) in members.iter().enumerate() {
                    let comma = if index == 0 { " " } else { ", " };
                    if member.optional {
                        write!(f, "{comma}{name} = optional({})", member.kind)?;
                    } else {
                        write!(f, "{comma}{name} = {}", member.kind)?;
                    }
                }
                f.write_str(if members.is_empty() { "})" } else { " })" })
            }
        }
    }
}

/// Objects with the same attributes are one object type, others a map.
fn unified_objects(types: &[&Type], depth: usize) -> Option<Type> {
    let objects: Vec<&BTreeMap<Arc<str>, AttributeType>> = types
        .iter()
        .filter_map(|kind| match kind {
            Type::Object(members) => Some(members),
            _ => None,
        })
        .collect();
    let (first, others) = objects.split_first()?;
    if !others.iter().all(|other| other.keys().eq(first.keys())) {
        let element = Type::unified(&elements_of(types), depth + 1)?;
        return Some(Type::Map(Box::new(element)));
    }
    let mut members = BTreeMap::new();
    for name in first.keys() {
        let across: Vec<&Type> = objects
            .iter()
            .filter_map(|object| object.get(name).map(|member| &member.kind))
            .collect();
        let kind = Type::unified(&across, depth + 1)?;
        members.insert(Arc::clone(name), AttributeType::required(kind));
    }
    Some(Type::Object(members))
}

/// Tuples of one length are one tuple type, others a list.
fn unified_tuples(types: &[&Type], depth: usize) -> Option<Type> {
    let tuples: Vec<&Vec<Type>> = types
        .iter()
        .filter_map(|kind| match kind {
            Type::Tuple(elements) => Some(elements),
            _ => None,
        })
        .collect();
    let (first, others) = tuples.split_first()?;
    if !others.iter().all(|other| other.len() == first.len()) {
        let element = Type::unified(&elements_of(types), depth + 1)?;
        return Some(Type::List(Box::new(element)));
    }
    let mut elements = Vec::with_capacity(first.len());
    for place in 0..first.len() {
        let across: Vec<&Type> = tuples.iter().filter_map(|tuple| tuple.get(place)).collect();
        elements.push(Type::unified(&across, depth + 1)?);
    }
    Some(Type::Tuple(elements))
}

/// The types of everything that stands in values of these types.
fn elements_of<'t>(types: &[&'t Type]) -> Vec<&'t Type> {
    let mut elements: Vec<&Type> = Vec::new();
    for kind in types {
        match kind {
            Type::List(element) | Type::Set(element) | Type::Map(element) => elements.push(element),
            Type::Tuple(all) => elements.extend(all),
            Type::Object(members) => elements.extend(members.values().map(|member| &member.kind)),
            Type::Any | Type::String | Type::Number | Type::Bool => {}
        }
    }
    elements
}
