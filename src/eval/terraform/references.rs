//! What names mean in a module: variables, locals, resources, module calls.

mod call;
mod instance;
mod resource;

use super::evaluation::{Evaluation, Names};
use super::module::Module;
use crate::eval::functions::glob::relative;
use crate::eval::hcl_expr::{Failure, Lookup, Outcome, Scope, Session, Step, step_into};
use crate::eval::value::{Data, Reason, Unknown, Value};
use crate::source::Span;

impl Scope for Names<'_, '_> {
    fn aside(&self, run: &mut dyn FnMut()) {
        self.evaluation.aside(run);
    }

    fn decoded(&self, function: &str, text: Option<&Value>, made: Value, at: Span) -> Value {
        self.evaluation.in_its_file(function, text, made, at)
    }

    fn traverse(
        &self,
        root: &str,
        path: &[Step],
        at: Span,
        session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        let evaluation = self.evaluation;
        let value = match root {
            "var" => {
                let name = attribute(root, path, 0, at)?;
                through(
                    evaluation.variable(&self.module, name, at)?,
                    path,
                    1,
                    at,
                    session,
                )?
            }
            "local" => {
                let name = attribute(root, path, 0, at)?;
                through(
                    evaluation.local(&self.module, name, at)?,
                    path,
                    1,
                    at,
                    session,
                )?
            }
            "module" => evaluation.module_reference(&self.module, path, at)?,
            "data" => {
                let kind = attribute(root, path, 0, at)?;
                let name = attribute(root, path, 1, at)?;
                let rest = path.get(2..).unwrap_or_default();
                evaluation.resource_reference(&self.module, false, kind, name, rest, at)?
            }
            "path" => evaluation.path_value(&self.module, attribute(root, path, 0, at)?, at)?,
            "terraform" => {
                let name = attribute(root, path, 0, at)?;
                let unknown = Unknown::new("", format!("terraform.{name}"), Reason::NoValue);
                Value::unknown(unknown.declared_at(at), session.literal(at))
            }
            "each" | "count" | "self" => {
                return Err(Failure::invalid(
                    at,
                    format!("`{root}` has no meaning here"),
                ));
            }
            "resource" => {
                let kind = attribute(root, path, 0, at)?;
                let name = attribute(root, path, 1, at)?;
                let rest = path.get(2..).unwrap_or_default();
                evaluation.resource_reference(&self.module, true, kind, name, rest, at)?
            }
            "ephemeral" => {
                let unknown = Unknown::new(&self.module.prefix, "ephemeral", Reason::RunTime);
                Value::unknown(unknown.declared_at(at), session.literal(at))
            }
            kind => {
                let name = attribute(root, path, 0, at)?;
                let rest = path.get(1..).unwrap_or_default();
                evaluation.resource_reference(&self.module, true, kind, name, rest, at)?
            }
        };
        Ok(Lookup {
            value,
            consumed: path.len(),
        })
    }

    fn call(
        &self,
        name: &str,
        arguments: &[Value],
        at: Span,
        _session: &Session<'_>,
    ) -> Option<Outcome> {
        self.evaluation
            .file_function(&self.module, name, arguments, at)
    }
}

/// The name a step must be.
fn attribute<'p>(
    root: &str,
    path: &'p [Step],
    index: usize,
    at: Span,
) -> Result<&'p str, Box<Failure>> {
    match path.get(index) {
        Some(Step::Attribute(name)) => Ok(name),
        Some(Step::Index(Value {
            data: Data::String(name),
            ..
        })) => Ok(name),
        _ => Err(Failure::invalid(
            at,
            format!("`{root}` is no value by itself"),
        )),
    }
}

/// Takes the steps from `from` on; the hop the value came through stays on what they lead to.
fn through(value: Value, path: &[Step], from: usize, at: Span, session: &Session<'_>) -> Outcome {
    let whole = value.origin;
    let Some(steps) = path.get(from..).filter(|steps| !steps.is_empty()) else {
        return Ok(value);
    };
    let mut part = value;
    for step in steps {
        part = step_into(&part, step, at)?;
    }
    if part.origin == whole {
        return Ok(part);
    }
    // The same hop again, now from the part alone: the whole would name every literal in it.
    let Some(node) = session.origin(whole) else {
        return Ok(part);
    };
    let origin = session.hop(node.span, || node.step, &[part.origin]);
    Ok(part.with_origin(origin))
}

impl<'a> Evaluation<'a> {
    fn path_value(&self, module: &Module<'a>, name: &str, at: Span) -> Outcome {
        let origin = self.session.literal(at);
        match name {
            "root" => Ok(Value::string(".", origin)),
            "module" => {
                let relative = relative(&self.root_directory, &module.declarations.directory);
                Ok(Value::string(relative, origin))
            }
            "cwd" => {
                let unknown =
                    Unknown::new("", "path.cwd", Reason::RunTimeFunction("path.cwd".into()));
                Ok(Value::unknown(unknown.declared_at(at), origin))
            }
            _ => Err(Failure::invalid(at, format!("there is no `path.{name}`"))),
        }
    }
}
