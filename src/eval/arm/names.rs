//! Parameters and variables by their names.

use std::sync::Arc;

use super::cycles::Work;
use super::evaluate::Evaluator;
use super::expression::{Call, Node};
use super::site::Site;
use super::template::{Argument, Frame, Memo, Variable, VariableSource};
use crate::eval::value::{Data, Value};
use crate::origin::OriginStep;
use crate::source::Span;

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
            Argument::Given(_) => OriginStep::CommandLine,
            Argument::Passed(..) | Argument::Value(_) => OriginStep::ModuleArgument(name),
        };
        (value, Some(step))
    }

    fn variable(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        name: &str,
    ) -> (Value, Option<OriginStep>) {
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
        let value = self.working(Work::named(span, what()), || self.nested(span, run));
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
pub(super) fn outermost<'t>(frame: &Frame<'t>) -> Frame<'t> {
    Frame {
        loops: None,
        locals: None,
        in_function: false,
        evaluated_before: frame.context.evaluated_before,
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
