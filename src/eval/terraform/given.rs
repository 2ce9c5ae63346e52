//! What the variables of the root are given from outside: in variables files, on the command line,
//! in the environment. Which of them counts is settled before ([`super::values`]).

use std::sync::Arc;

use super::evaluation::{Constants, Evaluation};
use crate::eval::hcl_expr::{Failure, Outcome, Session, evaluate};
use crate::eval::value::{Data, ListValue, ObjectValue, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::{self, Attribute, Block, ExprKind};

/// How many steps the value of one variable may take that is given as text.
const MAX_STEPS: u64 = 100_000;

/// A value given for a variable of the root.
pub(super) enum Given<'a> {
    /// In a variables file.
    File(&'a Attribute),
    /// As text, by the command line or the environment.
    Text(Arc<str>),
    /// By another deployment of the estate.
    Value(&'a Value),
}

impl<'a> Evaluation<'a> {
    /// What a variable of the root is given, where that stands or what takes it, and how it came.
    pub(super) fn given_from_outside(
        &self,
        name: &str,
        block: &'a Block,
    ) -> Option<(Outcome, Span, OriginStep)> {
        Some(match self.given.get(name)? {
            Given::File(attribute) => {
                let value = evaluate(&attribute.value, &Constants, &self.session);
                let step = OriginStep::VariablesFile(name.into());
                (value, attribute.span(), step)
            }
            Given::Text(text) => {
                let value = self.read_text(name, text, block);
                (value, block.header, OriginStep::CommandLine)
            }
            Given::Value(value) => (
                Ok(Value::clone(value)),
                block.header,
                OriginStep::Configuration,
            ),
        })
    }

    /// Text is the value itself where the type is primitive or not given, else an expression
    /// (`internal/configs/named_values.go`, `VariableParsingMode`).
    fn read_text(&self, name: &str, text: &Arc<str>, block: &Block) -> Outcome {
        let origin = self.session.hop(None, || OriginStep::CommandLine, &[]);
        if is_literal(block) {
            return Ok(Value::string(Arc::clone(text), origin));
        }
        let wrong = |why: &str| {
            let message = format!("the value given for `{name}` cannot be read: {why}");
            Failure::invalid(block.header, message)
        };
        let nowhere = Span::new(block.header.file, 0, 0);
        let expr = hcl::parse_expression(nowhere, text).map_err(|told| wrong(&told.message))?;
        // It stands in no file: nothing in it may have a place.
        let session = Session::new(None, MAX_STEPS);
        let value = evaluate(&expr, &Constants, &session).map_err(|told| wrong(&told.message))?;
        Ok(everywhere(&value, origin))
    }
}

/// Whether a variable takes text as it is.
fn is_literal(block: &Block) -> bool {
    let Some(constraint) = block.body.attribute("type") else {
        return true;
    };
    match &constraint.value.kind {
        ExprKind::Variable(name) => matches!(&**name, "string" | "number" | "bool"),
        ExprKind::String(name) => matches!(&**name, "string" | "number" | "bool"),
        _ => false,
    }
}

/// A value with the same origin in all its parts.
fn everywhere(value: &Value, origin: OriginId) -> Value {
    let data = match &value.data {
        Data::List(list) => Data::List(Arc::new(ListValue {
            items: list
                .items
                .iter()
                .map(|item| everywhere(item, origin))
                .collect(),
            ..ListValue::clone(list)
        })),
        Data::Object(object) => {
            let entries = object.entries.iter();
            Data::Object(Arc::new(ObjectValue {
                entries: entries
                    .map(|(name, value)| (Arc::clone(name), everywhere(value, origin)))
                    .collect(),
                ..ObjectValue::clone(object)
            }))
        }
        data => data.clone(),
    };
    Value::new(data, origin)
}
