//! Parameters and variables.

use std::sync::Arc;

use super::evaluate::Evaluator;
use super::expression::{Call, Node};
use super::site::Site;
use super::template::{Argument, Context, Frame, Memo, Parameter, Variable, VariableSource};
use crate::eval::value::{Bounds, Data, Reason, Unknown, Value};
use crate::origin::OriginStep;
use crate::source::Span;
use crate::syntax::json::Json;

/// How many steps of `$ref` are followed.
const MAX_REFERENCES: usize = 16;

impl<'t> Evaluator<'t> {
    /// The value of `parameters('x')` or `variables('x')` without the hop of this use, and that
    /// hop; `None` if the name is not literal.
    pub(super) fn named(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
    ) -> Option<(Value, Option<OriginStep>)> {
        let name = call.literal_argument()?;
        Some(if call.name.eq_ignore_ascii_case("variables") {
            self.variable(frame, site, node, name)
        } else {
            self.parameter(frame, site, node, name)
        })
    }

    /// The same for any call.
    pub(super) fn named_call(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
    ) -> Value {
        let named = match self.named(frame, site, node, call) {
            Some(named) => named,
            None => {
                let values = self.arguments(frame, site, &call.arguments);
                match values.as_slice() {
                    [
                        Value {
                            data: Data::String(name),
                            ..
                        },
                    ] => {
                        if call.name.eq_ignore_ascii_case("variables") {
                            self.variable(frame, site, node, name)
                        } else {
                            self.parameter(frame, site, node, name)
                        }
                    }
                    [value] if !value.is_wholly_known() => {
                        return self.derived(site, node, &call.name, &values, None);
                    }
                    _ => {
                        let span = self.exact(site, node.start, node.end);
                        let message = format!("'{}' needs one name", call.name);
                        return self.wrong(span, message);
                    }
                }
            }
        };
        match named {
            (value, Some(step)) => self.hop(site, node, step, value),
            (value, None) => value,
        }
    }

    fn parameter(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        name: &str,
    ) -> (Value, Option<OriginStep>) {
        if frame.in_function {
            return match frame.local(name) {
                Some(value) => (value.clone(), None),
                None => {
                    let span = self.exact(site, node.start, node.end);
                    let message = format!("this function has no parameter '{name}'");
                    (self.wrong(span, message), None)
                }
            };
        }
        let Some(parameter) = find(&frame.context.parameters, name) else {
            let span = self.exact(site, node.start, node.end);
            let message = format!("this template declares no parameter '{name}'");
            return (self.wrong(span, message), None);
        };
        let value = self.parameter_value(&frame.context, parameter, frame);
        let name = Arc::clone(&parameter.name);
        let step = match &parameter.argument {
            Argument::None => OriginStep::VariableDefault(name),
            Argument::File(_) => OriginStep::ParameterFile(name),
            Argument::Passed(..) | Argument::Value(_) => OriginStep::ModuleArgument(name),
        };
        (value, Some(step))
    }

    /// The value of a parameter: passed, by default, or unknown.
    fn parameter_value(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        frame: &Frame<'t>,
    ) -> Value {
        let span = parameter.name_span;
        let what = || format!("parameter '{}'", parameter.name);
        self.memoised(&parameter.value, span, what, || {
            let given = match &parameter.argument {
                Argument::None => None,
                Argument::File(entry) => Some(self.filed(context, parameter, entry)),
                Argument::Passed(json, outer) => self.passed(parameter, json, outer),
                Argument::Value(value) => Some(value.clone()),
            };
            match given {
                // A null passed to a parameter with a default stands for "not passed".
                Some(value) if !(value.is_null() && default_of(parameter).is_some()) => value,
                _ => match default_of(parameter) {
                    Some(default) => self.value(&outermost(frame), default),
                    None if self.is_nullable(context, parameter) => {
                        Value::null(self.origins.literal(parameter.declaration.span))
                    }
                    None => self.without_value(context, parameter, Reason::NoValue),
                },
            }
        })
    }

    fn passed(
        &self,
        parameter: &Parameter<'t>,
        json: &'t Json,
        outer: &Frame<'t>,
    ) -> Option<Value> {
        if let Some(value) = json.get_ignore_case("value") {
            return Some(self.value(outer, value));
        }
        if json.get_ignore_case("reference").is_some() {
            let label = format!("parameters('{}')", parameter.name);
            let unknown = Unknown::new(&secret_scope(json.span), label, Reason::Secret)
                .declared_at(json.span);
            return Some(Value::unknown(unknown, self.origins.literal(json.span)));
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

    fn filed(&self, context: &Context<'t>, parameter: &Parameter<'t>, entry: &'t Json) -> Value {
        if entry.get_ignore_case("reference").is_some() {
            let unknown = self.without_value(context, parameter, Reason::Secret);
            return unknown.with_origin(self.origins.literal(entry.span));
        }
        match entry.get_ignore_case("value") {
            Some(value) => super::parameter_file::literal(self, value),
            None => self.without_value(context, parameter, Reason::NoValue),
        }
    }

    /// A parameter that nobody gives a value: unknown within what its declaration allows.
    fn without_value(
        &self,
        context: &Context<'t>,
        parameter: &Parameter<'t>,
        reason: Reason,
    ) -> Value {
        let label = format!("parameters('{}')", parameter.name);
        let bounds = self.bounds(context, parameter);
        let unknown = Unknown::new(&context.label, label, reason)
            .with_bounds(bounds)
            .declared_at(parameter.name_span);
        Value::unknown(unknown, self.origins.literal(parameter.name_span))
    }

    fn bounds(&self, context: &Context<'t>, parameter: &Parameter<'t>) -> Bounds {
        let declared = |name| {
            declarations(context, parameter.declaration)
                .into_iter()
                .find_map(|declaration| declaration.get_ignore_case(name))
        };
        let is_array = declared("type")
            .and_then(Json::as_str)
            .is_some_and(|kind| kind.eq_ignore_ascii_case("array"));
        // The allowed values of an array are those of its items.
        if let (Some(allowed), false) = (declared("allowedValues"), is_array)
            && !allowed.items().is_empty()
        {
            let values = allowed
                .items()
                .iter()
                .map(|value| super::parameter_file::plain(self, value))
                .collect();
            return Bounds::OneOf(values);
        }
        let whole = |json: Option<&Json>| match json.map(|json| &json.kind) {
            Some(crate::syntax::json::JsonKind::Number(number)) => number.as_i64(),
            _ => None,
        };
        match (whole(declared("minValue")), whole(declared("maxValue"))) {
            (None, None) => Bounds::Any,
            (least, most) => Bounds::Range(least, most),
        }
    }

    fn is_nullable(&self, context: &Context<'t>, parameter: &Parameter<'t>) -> bool {
        declarations(context, parameter.declaration)
            .into_iter()
            .filter_map(|declaration| declaration.get_ignore_case("nullable"))
            .any(|nullable| nullable.kind == crate::syntax::json::JsonKind::Bool(true))
    }

    fn variable(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        name: &str,
    ) -> (Value, Option<OriginStep>) {
        if frame.in_function {
            let span = self.exact(site, node.start, node.end);
            let message = "a function of a template cannot use its variables";
            return (self.wrong(span, message), None);
        }
        let Some(variable) = find(&frame.context.variables, name) else {
            let span = self.exact(site, node.start, node.end);
            let message = format!("this template declares no variable '{name}'");
            return (self.wrong(span, message), None);
        };
        let value = self.variable_value(variable, frame);
        (value, Some(OriginStep::Local(Arc::clone(&variable.name))))
    }

    fn variable_value(&self, variable: &Variable<'t>, frame: &Frame<'t>) -> Value {
        let (VariableSource::Value(json) | VariableSource::Loop(json)) = variable.source;
        let what = || format!("variable '{}'", variable.name);
        self.memoised(&variable.value, json.span, what, || {
            let frame = outermost(frame);
            match variable.source {
                VariableSource::Value(json) => self.value(&frame, json),
                VariableSource::Loop(json) => self.copied(&frame, &variable.name, json),
            }
        })
    }

    /// Works a value out once. A value that came with a problem nobody was told of is not kept, so
    /// that a certain use of it tells.
    pub(super) fn memoised(
        &self,
        memo: &std::cell::RefCell<Memo>,
        span: Span,
        what: impl Fn() -> String,
        run: impl FnOnce() -> Value,
    ) -> Value {
        match &*memo.borrow() {
            Memo::Done(value) => return value.clone(),
            Memo::Busy => return self.cycle(span, &what()),
            Memo::Fresh => {}
        }
        *memo.borrow_mut() = Memo::Busy;
        let untold = self.untold();
        let value = self.nested(span, run);
        let value = self.bounded(span, value);
        *memo.borrow_mut() = if self.untold() == untold {
            Memo::Done(value.clone())
        } else {
            Memo::Fresh
        };
        value
    }
}

/// What a variable or default sees: its template, but no loops and no lambdas of who asks.
fn outermost<'t>(frame: &Frame<'t>) -> Frame<'t> {
    Frame {
        loops: None,
        locals: None,
        in_function: false,
        ..frame.clone()
    }
}

fn find<'a, T>(map: &'a std::collections::HashMap<String, T>, name: &str) -> Option<&'a T> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        map.get(&name.to_ascii_lowercase())
    } else {
        map.get(name)
    }
}

fn default_of<'t>(parameter: &Parameter<'t>) -> Option<&'t Json> {
    parameter.declaration.get_ignore_case("defaultValue")
}

/// A declaration and the user-defined types it refers to, nearest first.
fn declarations<'t>(context: &Context<'t>, declaration: &'t Json) -> Vec<&'t Json> {
    let definitions = context.template.get_ignore_case("definitions");
    let mut found = vec![declaration];
    let mut current = declaration;
    while found.len() < MAX_REFERENCES {
        let next = current
            .get("$ref")
            .and_then(Json::as_str)
            .and_then(|reference| reference.strip_prefix("#/definitions/"))
            .and_then(|name| definitions?.get_ignore_case(name));
        let Some(next) = next else { break };
        found.push(next);
        current = next;
    }
    found
}

fn secret_scope(span: Span) -> String {
    format!("secret|{}:{}", span.file.0, span.start)
}
