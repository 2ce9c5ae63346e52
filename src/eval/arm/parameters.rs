//! The values of parameters: given, by default, or unknown within what the declaration allows.

use std::sync::Arc;

use super::evaluate::Evaluator;
use super::names::outermost;
use super::parameter_file;
use super::template::{Argument, Context, Frame, Parameter};
use super::types::Type;
use crate::eval::value::{Bounds, Data, ObjectKind, ObjectValue, Reason, Rest, Unknown, Value};
use crate::origin::OriginStep;
use crate::source::{FileId, Span};
use crate::syntax::json::Json;

/// How deep an unknown object is described by its type.
const MAX_DESCRIBED: usize = 6;

impl<'t> Evaluator<'t> {
    /// The value of a parameter.
    pub(super) fn parameter_value(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        frame: &Frame<'t>,
    ) -> Value {
        let span = parameter.name_span;
        let what = || format!("parameter '{}'", parameter.name);
        self.memoised(&parameter.value, span, what, || {
            let declared = Type::of(context, parameter.declaration);
            let default = declared.constraint("defaultValue");
            let (given, place) = match &parameter.argument {
                Argument::None => (None, span),
                Argument::File(entry) => (self.filed(context, parameter, entry), place_of(entry)),
                Argument::Passed(json, outer) => {
                    (self.passed(context, parameter, json, outer), place_of(json))
                }
                Argument::Value(value) => (Some(value.clone()), span),
                Argument::Given(text) => (Some(self.typed_in(&declared, text)), span),
            };
            match given {
                // A null passed to a parameter with a default stands for "not passed".
                Some(value) if !(value.is_null() && default.is_some()) => {
                    if !value.is_null() {
                        self.check(&declared, &value, place, &parameter.name);
                    }
                    value
                }
                _ => match default {
                    Some(default) => {
                        let value = self.value(&outermost(frame), default);
                        // What a null means here is not documented.
                        if !value.is_null() {
                            self.check(&declared, &value, default.span, &parameter.name);
                        }
                        value
                    }
                    None if declared.is_nullable() => {
                        Value::null(self.origins.literal(parameter.declaration.span))
                    }
                    None => self.without_value(context, parameter),
                },
            }
        })
    }

    /// A value of the command line: text where a string is wanted, else JSON.
    fn typed_in(&self, declared: &Type<'t>, text: &Arc<str>) -> Value {
        let origin = self.origins.add(None, OriginStep::CommandLine, Vec::new());
        let plain = || Value::string(Arc::clone(text), origin);
        if declared.kind().ends_with("string") {
            return plain();
        }
        super::functions::text_value(text, origin).unwrap_or_else(plain)
    }

    fn passed(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        json: &'t Json,
        outer: &Frame<'t>,
    ) -> Option<Value> {
        if let Some(value) = json.get_ignore_case("value") {
            return Some(self.value(outer, value));
        }
        if let Some(reference) = json.get_ignore_case("reference") {
            let text = |json| self.value(outer, json);
            return Some(self.secret(context, parameter, reference, text));
        }
        let whole = self.value(outer, json);
        match whole.get_ignore_case("value") {
            Some(value) => Some(value.clone()),
            None if whole.as_unknown().is_some() => match self.property(&whole, "value") {
                super::access::Picked::Found(value) => Some(value),
                super::access::Picked::Missing(_) => None,
            },
            None => None,
        }
    }

    fn filed(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        entry: &'t Json,
    ) -> Option<Value> {
        if let Some(reference) = entry.get_ignore_case("reference") {
            let text = |json| parameter_file::plain(self, json);
            return Some(self.secret(context, parameter, reference, text));
        }
        if let Some(expression) = entry.get_ignore_case("expression") {
            return Some(self.external(context, parameter, expression));
        }
        let value = entry.get_ignore_case("value")?;
        Some(parameter_file::literal(self, value))
    }

    /// A secret of a key vault: the same one has the same name wherever it is passed.
    fn secret(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        reference: &'t Json,
        text: impl Fn(&'t Json) -> Value,
    ) -> Value {
        let vault = reference.get_ignore_case("keyVault");
        let vault = vault.and_then(|vault| vault.get_ignore_case("id"));
        let canonical = |json: Option<&'t Json>| json.and_then(|json| text(json).canonical());
        let name = reference.get_ignore_case("secretName").map(&text);
        let name = name.as_ref().and_then(Value::as_str);
        let label = match name {
            Some(name) => format!("secret '{name}'"),
            None => format!("parameters('{}')", parameter.name),
        };
        let scope = match (name, canonical(vault)) {
            (Some(_), Some(vault)) => {
                let version = canonical(reference.get_ignore_case("secretVersion"));
                let version = version.unwrap_or_default();
                format!("secret|{}|{version}", vault.to_ascii_lowercase())
            }
            _ => format!("secret|{}:{}", reference.span.file.0, reference.span.start),
        };
        let unknown = Unknown::new(&scope, label, Reason::Secret)
            .with_bounds(self.bounds(&Type::of(context, parameter.declaration)))
            .declared_at(reference.span);
        Value::unknown(unknown, self.origins.literal(reference.span))
    }

    /// A value that `externalInputs()` of a parameter file gives: whoever deploys it provides it.
    fn external(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        expression: &'t Json,
    ) -> Value {
        let text = expression.as_str().unwrap_or_default();
        let input = external_input(text);
        let provided = input.and_then(|(name, whole)| {
            let root = tree(self, expression.span.file)?;
            let inputs = root.get_ignore_case("externalInputs")?;
            let value = inputs.get_ignore_case(name)?.get_ignore_case("value")?;
            whole.then_some(value)
        });
        if let Some(value) = provided {
            return parameter_file::plain(self, value);
        }
        let label = match input {
            Some((name, _)) => format!("externalInputs('{name}')"),
            None => format!("parameters('{}')", parameter.name),
        };
        let unknown = Unknown::new(&format!("external|{text}"), label, Reason::NoValue)
            .with_bounds(self.bounds(&Type::of(context, parameter.declaration)))
            .declared_at(expression.span);
        Value::unknown(unknown, self.origins.literal(expression.span))
    }

    /// A parameter that nobody gives a value: unknown within what its declaration allows.
    fn without_value(&self, context: &Context<'t>, parameter: &Parameter<'t>) -> Value {
        let label = format!("parameters('{}')", parameter.name);
        let declared = Type::of(context, parameter.declaration);
        let place = Missing {
            scope: &context.label,
            span: parameter.name_span,
        };
        self.described(&place, &declared, &label, 0)
    }

    /// An unknown as its type describes it: an object by the properties it must have.
    fn described(
        &self,
        missing: &Missing<'_>,
        declared: &Type<'t>,
        label: &str,
        depth: usize,
    ) -> Value {
        let origin = self.origins.literal(missing.span);
        let unknown = |label: &str, bounds| {
            Unknown::new(missing.scope, label, Reason::NoValue)
                .with_bounds(bounds)
                .declared_at(missing.span)
        };
        let properties = declared.properties();
        let required: Vec<_> = properties
            .iter()
            .filter(|(_, property)| !property.is_nullable())
            .collect();
        if required.is_empty() || depth > MAX_DESCRIBED {
            return Value::unknown(unknown(label, self.bounds(declared)), origin);
        }
        let entries = required.iter().map(|(name, property)| {
            let label = format!("{label}.{name}");
            let value = self.described(missing, property, &label, depth + 1);
            (Arc::clone(name), value)
        });
        let open = required.len() < properties.len() || !declared.is_sealed();
        let object = ObjectValue {
            kind: ObjectKind::Object,
            entries: entries.collect(),
            rest: open.then(|| Rest {
                unknown: Arc::new(unknown(label, Bounds::Any)),
                template: None,
            }),
        };
        Value::new(Data::Object(Arc::new(object)), origin)
    }

    fn bounds(&self, declared: &Type<'t>) -> Bounds {
        let kind = declared.kind();
        // The allowed values of an array are those of its items.
        if let (Some(allowed), false) = (declared.constraint("allowedValues"), kind == "array")
            && !allowed.items().is_empty()
        {
            let items = allowed.items().iter();
            return Bounds::OneOf(
                items
                    .map(|value| parameter_file::plain(self, value))
                    .collect(),
            );
        }
        let whole = |name| declared.number(name);
        let length = |name| whole(name).and_then(|length| usize::try_from(length).ok());
        if kind.ends_with("string") {
            return match (length("minLength"), length("maxLength")) {
                (None | Some(0), None) => Bounds::Any,
                (least, most) => Bounds::Length(least.unwrap_or(0), most),
            };
        }
        match (whole("minValue"), whole("maxValue")) {
            (None, None) => Bounds::Any,
            (least, most) => Bounds::Range(least, most),
        }
    }
}

/// What the unknowns of one missing value share.
struct Missing<'a> {
    scope: &'a str,
    span: Span,
}

/// Where a value is written: that of an entry, else the entry.
fn place_of(entry: &Json) -> Span {
    entry
        .get_ignore_case("value")
        .map_or(entry.span, |value| value.span)
}

/// The first external input of an expression, and whether it is the whole of it.
fn external_input(expression: &str) -> Option<(&str, bool)> {
    let (before, rest) = expression.split_once("externalInputs('")?;
    let (name, after) = rest.split_once("')")?;
    Some((name, before == "[" && after == "]"))
}

fn tree<'t>(evaluator: &Evaluator<'t>, id: FileId) -> Option<&'t Json> {
    match evaluator.loader.tree(id) {
        Some(crate::eval::frontend::Tree::Json(Some(json))) => Some(json),
        _ => None,
    }
}
