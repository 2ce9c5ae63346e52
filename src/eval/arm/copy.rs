//! Loops: `copy` on resources, properties, variables and outputs.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluate::Evaluator;
use super::expression::{self, NodeKind};
use super::template::Frame;
use crate::eval::value::{
    Bounds, Data, ListKind, ListValue, Reason, Rest, Unknown, UnknownId, Value,
};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::json::Json;

/// How often one loop runs at most. Azure itself stops at 800.
const MAX_COUNT: i64 = 10_000;

/// One pass of a loop, and the loops around it.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) name: Arc<str>,
    pub(super) index: Value,
    /// Whether it repeats a resource: `copyIndex()` without a name means this one.
    pub(super) on_resource: bool,
    /// The hop of this pass.
    pub(super) origin: OriginId,
    pub(super) outer: Option<Rc<Self>>,
}

/// How often a loop runs.
#[derive(Debug)]
pub(super) enum Count {
    /// So often; where each pass comes from, if the count is the length of a known list.
    Known(usize, Vec<Option<Span>>),
    /// Nobody knows.
    Unknown(Arc<Unknown>),
}

impl<'t> Evaluator<'t> {
    /// Reads the `count` of a copy object.
    pub(super) fn count(&self, frame: &Frame<'t>, copy: &'t Json) -> Count {
        let Some(json) = copy.get_ignore_case("count") else {
            let value = self.wrong(copy.span, "this copy loop has no count");
            return Count::Unknown(self.unknown_of(&value));
        };
        let value = self.value(frame, json);
        let number = value
            .as_i64()
            .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
        let Some(count) = number else {
            if !value.is_wholly_known() {
                return Count::Unknown(self.unknown_of(&value));
            }
            let message = "a loop's count is a whole number";
            let wrong = self.wrong_about(json.span, message, &[value]);
            return Count::Unknown(self.unknown_of(&wrong));
        };
        if count < 0 {
            let message = format!("a loop cannot run {count} times");
            let wrong = self.wrong_about(json.span, message, &[value]);
            return Count::Unknown(self.unknown_of(&wrong));
        }
        if count > MAX_COUNT {
            let limit = self.limit(
                "copy-limit",
                json.span,
                format!(
                    "this loop runs {count} times, more than the {MAX_COUNT} that are evaluated"
                ),
            );
            return Count::Unknown(self.unknown_of(&limit));
        }
        let count = usize::try_from(count).unwrap_or(0);
        Count::Known(count, self.elements(frame, json, count))
    }

    /// Where the elements of a list were typed, if a loop's count is the length of that list.
    fn elements(&self, frame: &Frame<'t>, json: &'t Json, count: usize) -> Vec<Option<Span>> {
        let Some(text) = json.as_str().filter(|text| expression::is_expression(text)) else {
            return Vec::new();
        };
        let parsed = self.parsed(text);
        let Ok(node) = &*parsed else {
            return Vec::new();
        };
        let NodeKind::Call(call) = &node.kind else {
            return Vec::new();
        };
        let (true, [list]) = (call.name.eq_ignore_ascii_case("length"), &*call.arguments) else {
            return Vec::new();
        };
        let site = super::site::Site::new(json, text);
        let value = self.node(frame, &site, list);
        match &value.data {
            Data::List(list) if list.items.len() == count => list
                .items
                .iter()
                .map(|item| self.origins.typed_at(item.origin))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// One pass of a loop; `None` as index stands for one of an unknown number.
    pub(super) fn pass(
        &self,
        frame: &Frame<'t>,
        name: &Arc<str>,
        copy: &'t Json,
        index: Result<(usize, Option<Span>), &Arc<Unknown>>,
        on_resource: bool,
    ) -> Frame<'t> {
        let outer = frame
            .loops
            .as_ref()
            .map_or(frame.stage.origin, |outer| outer.origin);
        let parents = if outer == OriginId::NONE {
            Vec::new()
        } else {
            vec![outer]
        };
        let (span, step) = match index {
            Ok((index, span)) => (span.unwrap_or(copy.span), OriginStep::CopyIndex(index)),
            Err(_) => (copy.span, OriginStep::CopyIndex(0)),
        };
        let origin = self.origins.add(Some(span), step, parents);
        let index = match index {
            Ok((index, _)) => Value::integer(i64::try_from(index).unwrap_or(i64::MAX), origin),
            Err(count) => {
                let mut unknown = Unknown::new(
                    &format!(
                        "{}|{}:{}",
                        frame.context.label, copy.span.file.0, copy.span.start
                    ),
                    format!("copyIndex('{name}')"),
                    Reason::Derived,
                )
                .with_bounds(Bounds::Range(Some(0), None));
                unknown.causes = vec![Arc::clone(count)];
                if on_resource {
                    // Loops that run equally often go together: the machine of a pass takes the
                    // interface of the same pass, which both name by the index.
                    let scope = format!("{}|{:x}", frame.context.label, count.id.0);
                    unknown.id = UnknownId::named(&scope, "copyIndex");
                }
                Value::unknown(unknown, origin)
            }
        };
        frame.within(Loop {
            name: Arc::clone(name),
            index,
            on_resource,
            origin,
            outer: frame.loops.clone(),
        })
    }

    /// The list that a copy object with `name`, `count` and `input` makes.
    pub(super) fn copied(&self, frame: &Frame<'t>, name: &Arc<str>, copy: &'t Json) -> Value {
        let origin = self.origins.literal(copy.span);
        let Some(input) = copy.get_ignore_case("input") else {
            return self.wrong(copy.span, "this copy loop has no input");
        };
        let list = match self.count(frame, copy) {
            Count::Known(count, spans) => {
                let mut items = Vec::with_capacity(count.min(1024));
                let mut rest = None;
                for index in 0..count {
                    let span = spans.get(index).copied().flatten();
                    let pass = self.pass(frame, name, copy, Ok((index, span)), false);
                    let mut item = self.value(&pass, input);
                    if let (Data::Object(_), Some(step)) = (&item.data, &pass.loops) {
                        // An object is what a finding may be about: it says which pass made it.
                        let parents = vec![step.origin];
                        let made = OriginStep::Literal;
                        item.origin = self.origins.add(Some(input.span), made, parents);
                    }
                    items.push(item);
                    rest = self.rest_if_exhausted(copy.span);
                    if rest.is_some() {
                        break;
                    }
                }
                ListValue {
                    items,
                    rest,
                    kind: ListKind::Tuple,
                }
            }
            Count::Unknown(unknown) => {
                let pass = self.pass(frame, name, copy, Err(&unknown), false);
                let template = self.quietly(|| self.value(&pass, input));
                ListValue {
                    kind: ListKind::Tuple,
                    items: Vec::new(),
                    rest: Some(Rest {
                        unknown,
                        template: Some(template),
                    }),
                }
            }
        };
        Value::new(Data::List(Arc::new(list)), origin)
    }

    /// `copyIndex()`, `copyIndex(offset)`, `copyIndex('loop')`, `copyIndex('loop', offset)`.
    pub(super) fn copy_index(&self, frame: &Frame<'t>, span: Span, arguments: &[Value]) -> Value {
        let (name, offset) = match arguments {
            [] => (None, None),
            [first] => match first.as_str() {
                Some(name) => (Some(name), None),
                None => (None, Some(first)),
            },
            [name, offset, ..] => (name.as_str(), Some(offset)),
        };
        let mut found = None;
        let mut step = frame.loops.as_ref();
        while let Some(current) = step {
            let wanted = match name {
                Some(name) => current.name.eq_ignore_ascii_case(name),
                None => current.on_resource || found.is_none(),
            };
            if wanted {
                found = Some(current);
                if name.is_some() || current.on_resource {
                    break;
                }
            }
            step = current.outer.as_ref();
        }
        let Some(found) = found else {
            return match name {
                Some(name) => {
                    self.wrong(span, format!("there is no copy loop named '{name}' here"))
                }
                None => self.wrong(span, "there is no copy loop here"),
            };
        };
        let Some(offset) = offset else {
            return found.index.clone();
        };
        match (found.index.as_i64(), offset.as_i64()) {
            (Some(index), Some(offset)) => {
                Value::integer(index.saturating_add(offset), found.origin)
            }
            _ => {
                let arguments = [found.index.clone(), offset.clone()];
                Value::unknown(Unknown::derived("add", &arguments), found.origin)
            }
        }
    }
}
