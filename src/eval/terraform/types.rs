//! Type constraints of variables: conversions and the defaults of optional attributes.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::eval::hcl_expr::{
    Failure, Outcome, Session, attribute_of, evaluate, to_boolean, to_number, to_set, to_text,
    unified,
};
use crate::eval::value::{Data, ListKind, ListValue, ObjectKind, ObjectValue, Rest, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::{Expr, ExprKind};

use super::evaluation::Constants;

/// A type constraint.
#[derive(Debug)]
pub(super) enum Type<'a> {
    Any,
    String,
    Number,
    Bool,
    List(Box<Self>),
    Set(Box<Self>),
    Map(Box<Self>),
    Tuple(Vec<Self>),
    Object(Vec<Member<'a>>),
}

/// One attribute of an object type.
#[derive(Debug)]
pub(super) struct Member<'a> {
    name: Arc<str>,
    kind: Type<'a>,
    optional: bool,
    default: Option<&'a Expr>,
}

impl<'a> Type<'a> {
    /// Reads a constraint; what is none is taken as `any`.
    pub(super) fn read(expr: &'a Expr, depth: usize) -> Self {
        if depth > 64 {
            return Self::Any;
        }
        match &expr.kind {
            // `"string"` is how Terraform 0.11 wrote it.
            ExprKind::Variable(name) | ExprKind::String(name) => match &**name {
                "string" => Self::String,
                "number" => Self::Number,
                "bool" => Self::Bool,
                "list" => Self::List(Box::new(Self::Any)),
                "map" => Self::Map(Box::new(Self::Any)),
                "set" => Self::Set(Box::new(Self::Any)),
                _ => Self::Any,
            },
            ExprKind::Call { name, args, .. } => {
                let first = args.first();
                let inner = || Box::new(first.map_or(Self::Any, |arg| Self::read(arg, depth + 1)));
                match (&**name, first.map(|arg| &arg.kind)) {
                    ("list", _) => Self::List(inner()),
                    ("set", _) => Self::Set(inner()),
                    ("map", _) => Self::Map(inner()),
                    ("optional", _) => *inner(),
                    ("tuple", Some(ExprKind::List(items))) => Self::Tuple(
                        items
                            .iter()
                            .map(|item| Self::read(item, depth + 1))
                            .collect(),
                    ),
                    ("object", Some(ExprKind::Object(items))) => Self::Object(
                        items
                            .iter()
                            .filter_map(|item| Member::read(&item.key, &item.value, depth + 1))
                            .collect(),
                    ),
                    _ => Self::Any,
                }
            }
            _ => Self::Any,
        }
    }

    /// Converts a value; unknown values stay as they are.
    ///
    /// # Errors
    /// Where Terraform refuses the value.
    pub(super) fn convert(&self, value: &Value, of: &Conversion<'_>) -> Outcome {
        of.session.charge(1, of.at)?;
        match (&value.data, self) {
            (Data::Null | Data::Unknown(_), _) | (_, Self::Any) => Ok(value.clone()),
            (Data::Template(_), Self::String | Self::Number | Self::Bool) => Ok(value.clone()),
            (_, Self::String) => scalar(value, to_text(value).map(Data::String), "a string", of),
            (_, Self::Number) => scalar(value, to_number(value).map(Data::Number), "a number", of),
            (_, Self::Bool) => scalar(value, to_boolean(value).map(Data::Bool), "a boolean", of),
            (Data::List(list), Self::List(inner)) => inner.convert_list(value, list, of),
            (Data::List(list), Self::Set(inner)) => {
                let list = inner.convert_list(value, list, of)?;
                to_set(&list, of.session, of.at)
            }
            (Data::Object(object), Self::Map(inner)) => inner.convert_map(value, object, of),
            (Data::List(list), Self::Tuple(kinds)) => {
                let mut items = Vec::with_capacity(list.items.len());
                for (item, kind) in list.items.iter().zip(kinds) {
                    items.push(kind.convert(item, of)?);
                }
                Ok(Value::list(items, value.origin))
            }
            (Data::Object(_), Self::Object(members)) => convert_object(value, members, of),
            _ => Err(of.refuse(value, self.name())),
        }
    }

    fn convert_list(&self, value: &Value, list: &ListValue, of: &Conversion<'_>) -> Outcome {
        let mut items = Vec::with_capacity(list.items.len());
        for item in &list.items {
            items.push(self.convert(item, of)?);
        }
        if matches!(self, Self::Any) {
            items = unified(&items);
        }
        let rest = self.convert_rest(list.rest.as_ref(), of)?;
        Ok(Value::new(
            Data::List(Arc::new(ListValue {
                items,
                rest,
                kind: ListKind::Tuple,
            })),
            value.origin,
        ))
    }

    fn convert_map(&self, value: &Value, object: &ObjectValue, of: &Conversion<'_>) -> Outcome {
        let mut items = Vec::with_capacity(object.entries.len());
        for item in object.entries.values() {
            items.push(self.convert(item, of)?);
        }
        if matches!(self, Self::Any) {
            items = unified(&items);
        }
        let entries: IndexMap<Arc<str>, Value> =
            object.entries.keys().cloned().zip(items).collect();
        let rest = self.convert_rest(object.rest.as_ref(), of)?;
        Ok(Value::new(
            Data::Object(Arc::new(ObjectValue {
                entries,
                rest,
                kind: ObjectKind::Object,
            })),
            value.origin,
        ))
    }

    fn convert_rest(
        &self,
        rest: Option<&Rest>,
        of: &Conversion<'_>,
    ) -> Result<Option<Rest>, Box<Failure>> {
        let Some(rest) = rest else { return Ok(None) };
        let template = rest
            .template
            .as_ref()
            .map(|template| self.convert(template, of))
            .transpose()?;
        Ok(Some(Rest {
            unknown: Arc::clone(&rest.unknown),
            template,
        }))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Any => "anything",
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

impl<'a> Member<'a> {
    fn read(key: &'a Expr, value: &'a Expr, depth: usize) -> Option<Self> {
        let (ExprKind::String(name) | ExprKind::Variable(name)) = &key.kind else {
            return None;
        };
        let mut member = Self {
            name: Arc::clone(name),
            kind: Type::read(value, depth),
            optional: false,
            default: None,
        };
        if let ExprKind::Call { name, args, .. } = &value.kind
            && &**name == "optional"
        {
            member.optional = true;
            member.default = args.get(1);
        }
        Some(member)
    }
}

/// What a conversion is for.
pub(super) struct Conversion<'a> {
    pub(super) session: &'a Session<'a>,
    /// The variable's name.
    pub(super) variable: &'a str,
    /// Where the value was given.
    pub(super) at: Span,
}

impl Conversion<'_> {
    fn refuse(&self, value: &Value, wanted: &str) -> Box<Failure> {
        let kind = crate::eval::hcl_expr::kind_of(value);
        let variable = self.variable;
        Failure::invalid(
            self.at,
            format!("the variable `{variable}` needs {wanted} where this gives {kind}"),
        )
    }
}

fn scalar(value: &Value, data: Option<Data>, wanted: &str, of: &Conversion<'_>) -> Outcome {
    data.map(|data| Value::new(data, value.origin))
        .ok_or_else(|| of.refuse(value, wanted))
}

fn convert_object(value: &Value, members: &[Member<'_>], of: &Conversion<'_>) -> Outcome {
    let mut entries = IndexMap::with_capacity(members.len());
    for member in members {
        let given = match value.as_object() {
            Some(object) if object.entries.contains_key(&member.name) || object.rest.is_some() => {
                attribute_of(value, &member.name, of.at)?
            }
            _ if member.optional => Value::null(OriginId::NONE),
            _ => {
                let (variable, name) = (of.variable, &member.name);
                return Err(Failure::invalid(
                    of.at,
                    format!("the variable `{variable}` needs the attribute `{name}`"),
                ));
            }
        };
        let given = match member.default {
            Some(default) if given.is_null() => {
                let default_value = evaluate(default, &Constants, of.session)?;
                let origin = of.session.hop(
                    Some(default.span),
                    || OriginStep::VariableDefault(of.variable.into()),
                    &[default_value.origin],
                );
                default_value.with_origin(origin)
            }
            _ => given,
        };
        entries.insert(Arc::clone(&member.name), member.kind.convert(&given, of)?);
    }
    entries.sort_unstable_keys();
    Ok(Value::new(
        Data::Object(Arc::new(ObjectValue {
            kind: ObjectKind::Object,
            entries,
            rest: None,
        })),
        value.origin,
    ))
}
