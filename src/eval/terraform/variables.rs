//! Variables, locals and outputs.

use std::rc::Rc;
use std::sync::Arc;

use super::cycles::Visit;
use super::evaluation::{Constants, Evaluation, Names};
use super::module::{Memo, Module, Slot};
use super::types::Reader;
use super::validation;
use crate::diagnostic::Diagnostic;
use crate::eval::Output;
use crate::eval::hcl_expr::{
    Conversion, Failure, Frame, Outcome, evaluate, evaluate_with, labels, opened,
};
use crate::eval::value::{Bounds, Reason, Type, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::{Attribute, Block, ExprKind};

impl<'a> Evaluation<'a> {
    /// The value of something, evaluated once; asking for it while it is evaluated is a cycle.
    fn once(
        &self,
        memo: &Memo<Value>,
        name: &str,
        at: Span,
        visit: Visit,
        evaluate: impl FnOnce() -> Value,
    ) -> Outcome {
        match memo.borrow().get(name) {
            Some(Slot::Done(value, defaults)) => {
                self.rest_on(*defaults);
                return Ok(value.clone());
            }
            Some(Slot::Busy) => return Err(self.cycle(at, &visit)),
            None => {}
        }
        memo.borrow_mut().insert(name.into(), Slot::Busy);
        let (value, defaults) = self.visiting(visit, || {
            self.tracked(|| self.session.deeper(at, || Ok(evaluate())))
        });
        match value {
            Ok(value) => {
                memo.borrow_mut()
                    .insert(name.into(), Slot::Done(value.clone(), defaults));
                Ok(value)
            }
            Err(failure) => {
                memo.borrow_mut().remove(name);
                Err(failure)
            }
        }
    }

    /// `var.name`
    pub(super) fn variable(&self, module: &Rc<Module<'a>>, name: &str, at: Span) -> Outcome {
        let Some((_, block)) = module.declarations.variables.get_key_value(name) else {
            let names = module.declarations.variables.keys().copied();
            return self.undeclared_among("variable", name, names, at);
        };
        let visit = Visit::new(&module.prefix, "var.", name);
        self.once(&module.variables, name, at, visit, || {
            let kind = self.constraint(name, block);
            let (outcome, given_at) = self.given(module, name, block, &kind);
            let origin = OriginId::NONE;
            let outcome = outcome.and_then(|value| {
                let value = self.converted(&kind, name, &value, given_at)?;
                self.session.weigh(value, given_at)
            });
            self.settle(&module.prefix, outcome, origin)
        })
    }

    fn converted(&self, kind: &Type, name: &str, value: &Value, at: Span) -> Outcome {
        let conversion = Conversion {
            session: &self.session,
            subject: &format!("var.{name}"),
            at,
        };
        conversion.convert(value, kind)
    }

    /// What a variable may be; what is wrong in its constraint is told.
    fn constraint(&self, name: &str, block: &Block) -> Type {
        let Some(constraint) = block.body.attribute("type") else {
            return Type::Any;
        };
        let mut reader = Reader {
            session: &self.session,
            variable: name,
            problems: Vec::new(),
        };
        let kind = reader.read(&constraint.value);
        for problem in reader.problems {
            self.say(Diagnostic::advice(
                problem.code,
                problem.span,
                problem.message,
            ));
        }
        kind
    }

    /// What a variable is given: by the call, a variables file, or its default.
    fn given(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        block: &'a Block,
        kind: &Type,
    ) -> (Outcome, Span) {
        self.rest_on(module.defaults);
        let refuses_null = block
            .body
            .attribute("nullable")
            .is_some_and(|nullable| matches!(nullable.value.kind, ExprKind::Bool(false)));
        let given = match &module.called_by {
            Some(call) => call.block.body.attribute(name).map(|argument| {
                let names = Frame {
                    names: &call.instance.names,
                    outer: None,
                };
                let caller = self
                    .module(call.caller)
                    .unwrap_or_else(|| Rc::clone(module));
                let scope = Names {
                    evaluation: self,
                    module: caller,
                };
                let value = evaluate_with(&argument.value, &scope, &self.session, Some(&names));
                let step = OriginStep::ModuleArgument(name.into());
                (value, argument.span(), step)
            }),
            None => {
                let given = self.given_from_outside(name, block);
                given.map(|(value, at, step)| {
                    (value.map(|value| placeholders(value, name)), at, step)
                })
            }
        };
        if let Some((outcome, span, step)) = given {
            // What went wrong in the call is not the variable's to tell twice.
            match outcome {
                Ok(value) if value.is_null() && refuses_null => {
                    if block.body.attribute("default").is_none() {
                        let message = format!("`var.{name}` must not be null");
                        return (Err(Failure::invalid(span, message)), span);
                    }
                }
                outcome => {
                    let outcome = outcome.map(|value| {
                        let origin = self.session.hop(Some(span), || step, &[value.origin]);
                        value.with_origin(origin)
                    });
                    return (outcome, span);
                }
            }
        }
        if let Some(default) = block.body.attribute("default") {
            let span = default.span();
            if module.called_by.is_none() {
                self.rest_on_default(name, block.header);
            }
            let outcome = evaluate(&default.value, &Constants, &self.session).map(|value| {
                let step = || OriginStep::VariableDefault(name.into());
                let origin = self.session.hop(Some(span), step, &[value.origin]);
                value.with_origin(origin)
            });
            return (outcome, span);
        }
        let label = format!("{}var.{name}", module.prefix);
        let bounds = match validation::bounds(name, block, *kind == Type::String, &self.session) {
            Bounds::Any if refuses_null && *kind == Type::Bool => Bounds::OneOf(
                [true, false]
                    .map(|value| Value::bool(value, OriginId::NONE))
                    .into(),
            ),
            Bounds::Any if *kind != Type::Any => Bounds::Typed(Arc::new(kind.clone())),
            bounds => bounds,
        };
        let unknown = Unknown::new("", label, Reason::NoValue)
            .declared_at(block.header)
            .with_bounds(bounds);
        let value = Value::unknown(unknown, self.session.literal(block.header));
        // What can never be null has the attributes that are declared.
        let value = if refuses_null { opened(&value) } else { value };
        (Ok(value), block.header)
    }

    /// `local.name`
    pub(super) fn local(&self, module: &Rc<Module<'a>>, name: &str, at: Span) -> Outcome {
        let Some(attribute) = module.declarations.locals.get(name).copied() else {
            let names = module.declarations.locals.keys().copied();
            return self.undeclared_among("local", name, names, at);
        };
        let visit = Visit::new(&module.prefix, "local.", name);
        let value = self.once(&module.locals, name, at, visit, || {
            let value = self.evaluated(module, attribute, || OriginStep::Local(name.into()));
            labels::named(value, || format!("local.{name}").into())
        })?;
        Ok(value)
    }

    /// `module.x.name`, seen from outside.
    pub(super) fn output(&self, module: &Rc<Module<'a>>, name: &str, at: Span) -> Outcome {
        let Some(block) = module.declarations.outputs.get(name).copied() else {
            let names = module.declarations.outputs.keys().copied();
            return self.undeclared_among("output", name, names, at);
        };
        let visit = Visit::new(&module.prefix, "output.", name);
        self.once(&module.outputs, name, at, visit, || {
            let Some(attribute) = block.body.attribute("value") else {
                return Value::null(self.session.literal(block.header));
            };
            self.evaluated(module, attribute, || OriginStep::ModuleOutput(name.into()))
        })
    }

    /// What the root module gives: every output, also those that nothing asks for.
    pub(super) fn outputs(&self, root: &Rc<Module<'a>>) -> Vec<Output> {
        let declared = root.declarations.outputs.iter();
        let output = |(name, block): (&&'a str, &&'a Block)| {
            let outcome = self
                .session
                .sharing(|| self.output(root, name, block.header));
            let sensitive = block.body.attribute("sensitive");
            Output {
                name: Arc::from(*name),
                value: self.settle(&root.prefix, outcome, OriginId::NONE),
                sensitive: sensitive
                    .is_some_and(|it| !matches!(it.value.kind, ExprKind::Bool(false))),
            }
        };
        declared.map(output).collect()
    }

    /// What an attribute of a module's own blocks stands for, with a hop that says what it is.
    fn evaluated(
        &self,
        module: &Rc<Module<'a>>,
        attribute: &Attribute,
        step: impl FnOnce() -> OriginStep,
    ) -> Value {
        let scope = Names {
            evaluation: self,
            module: Rc::clone(module),
        };
        let outcome = evaluate(&attribute.value, &scope, &self.session)
            .and_then(|value| self.session.weigh(value, attribute.value.span));
        let value = self.settle(&module.prefix, outcome, OriginId::NONE);
        let origin = self
            .session
            .hop(Some(attribute.span()), step, &[value.origin]);
        value.with_origin(origin)
    }
}

/// Texts that a pipeline replaces before Terraform sees them are no values.
fn placeholders(value: Value, name: &str) -> Value {
    let Some(text) = value.as_str() else {
        return value;
    };
    let enclosed = |open: &str, close: &str| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    let whole = text.trim();
    let placeholder = whole.len() == text.len()
        && (enclosed("<", ">")
            || enclosed("{{", "}}")
            || enclosed("#{", "}#")
            || enclosed("__", "__"));
    if !placeholder {
        return value;
    }
    let label: Arc<str> = format!("var.{name} ({text})").into();
    Value::unknown(Unknown::new("", label, Reason::Placeholder), value.origin)
}
