//! Module calls as values: an output, an instance, all of them.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::instance::{Found, gathered};
use super::{attribute, through};
use crate::eval::hcl_expr::{Failure, Outcome, Step, element_of, to_text};
use crate::eval::terraform::evaluation::Evaluation;
use crate::eval::terraform::module::{Module, ModuleInstance};
use crate::eval::value::{Data, Reason, Unknown, UnknownId, Value};
use crate::source::Span;

impl<'a> Evaluation<'a> {
    /// `module.name…`
    pub(super) fn module_reference(
        &self,
        module: &Rc<Module<'a>>,
        path: &[Step],
        at: Span,
    ) -> Outcome {
        let name = attribute("module", path, 0, at)?;
        let steps = path.get(1..).unwrap_or_default();
        if module.declarations.call(name).is_none() {
            let whole = self.undeclared(module, &format!("module call `{name}`"), at)?;
            return through(whole, steps, 0, at, &self.session);
        }
        let children = self.children(module, name, Some(at))?;
        match self.instance_of(&children, &|| format!("module.{name}"), steps, at)? {
            Found::One((_, child), steps) => {
                self.output_reference(module, name, child, steps, path, at)
            }
            Found::Unlisted(_, _) => Ok(self.no_module(module, path, &Reason::Derived, at)),
            Found::Any(index, steps) => {
                let mut parts = Vec::new();
                for (_, child) in &children.instances {
                    parts.push(self.output_reference(module, name, child, steps, path, at)?);
                }
                let whole = Value::list(parts, self.session.literal(at));
                element_of(&whole, &index, at)
            }
            Found::All => {
                let mut items = Vec::new();
                for (instance, child) in &children.instances {
                    let value = self.output_reference(module, name, child, &[], path, at)?;
                    items.push((Rc::clone(instance), value));
                }
                Ok(gathered(children.over, items, self.session.literal(at)))
            }
        }
    }

    fn output_reference(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        child: &ModuleInstance,
        steps: &[Step],
        path: &[Step],
        at: Span,
    ) -> Outcome {
        let Some(inner) = child.module.and_then(|index| self.module(index)) else {
            let reason = child.missing.clone().unwrap_or(Reason::Invalid);
            return Ok(self.no_module(module, path, &reason, at));
        };
        match steps.first() {
            Some(Step::Attribute(output)) => {
                let value = self.output(&inner, output, at)?;
                through(value, steps, 1, at, &self.session)
            }
            Some(Step::Index(Value {
                data: Data::String(output),
                ..
            })) => {
                let value = self.output(&inner, output, at)?;
                through(value, steps, 1, at, &self.session)
            }
            Some(Step::Index(_)) => Err(Failure::invalid(
                at,
                format!("module.{name} has neither `count` nor `for_each`"),
            )),
            None => {
                let mut entries = IndexMap::new();
                for output in inner.declarations.outputs.keys() {
                    entries.insert(Arc::from(*output), self.output(&inner, output, at)?);
                }
                Ok(Value::object(entries, inner.origin))
            }
        }
    }

    /// An output of a module whose files are not here.
    fn no_module(&self, module: &Module<'a>, path: &[Step], reason: &Reason, at: Span) -> Value {
        let mut label = "module".to_owned();
        let mut unknown_steps = Vec::new();
        for step in path {
            match step {
                Step::Attribute(name) => label.push_str(&format!(".{name}")),
                Step::Index(index) => match (&index.data, to_text(index)) {
                    (Data::Number(_), Some(text)) => label.push_str(&format!("[{text}]")),
                    (_, Some(text)) => label.push_str(&format!("[\"{text}\"]")),
                    (_, None) => {
                        label.push_str("[…]");
                        unknown_steps.push(index.clone());
                    }
                },
            }
        }
        let label = format!("{}{label}", module.prefix);
        let mut unknown = Unknown::new("", label.as_str(), reason.clone()).declared_at(at);
        if !unknown_steps.is_empty() {
            unknown.id = UnknownId::derived(&label, &unknown_steps);
        }
        Value::unknown(unknown, self.session.literal(at))
    }
}
