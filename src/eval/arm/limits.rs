//! What keeps evaluation bounded, and what is said when something is wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::evaluate::Evaluator;
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Data, ListValue, Reason, Rest, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;

/// How deep evaluation goes: JSON, calls, variables and functions together.
const MAX_DEPTH: u32 = 320;

/// How many parts of templates are evaluated for one deployment.
pub(super) const MAX_STEPS: u32 = 600_000;

/// How many of them for the body of one resource, so that what is too large leaves enough for the
/// others.
const MAX_STEPS_OF_ONE: u32 = 200_000;

/// How many values one value may hold.
pub(super) const MAX_SIZE: usize = 1_000_000;

/// How many diagnostics one deployment gives.
const MAX_DIAGNOSTICS: usize = 500;

impl Evaluator<'_> {
    /// Runs one level of evaluation, within the limits.
    pub(super) fn nested(&self, span: Span, run: impl FnOnce() -> Value) -> Value {
        let (depth, steps) = (self.depth.get(), self.steps.get());
        if depth >= MAX_DEPTH {
            let message = format!("evaluating this goes more than {MAX_DEPTH} levels deep");
            return self.limit("arm-limit", span, message);
        }
        if steps >= self.ceiling.get() {
            return self.exhausted(span);
        }
        self.steps.set(steps + 1);
        self.depth.set(depth + 1);
        let value = run();
        self.depth.set(depth);
        value
    }

    fn exhausted(&self, span: Span) -> Value {
        if !self.over.replace(true) {
            let message = match self.ceiling.get() {
                MAX_STEPS => format!(
                    "this deployment takes more than {MAX_STEPS} steps: evaluation ends here"
                ),
                _ => format!(
                    "this resource takes more than {MAX_STEPS_OF_ONE} steps: its evaluation ends \
                     here"
                ),
            };
            return self.limit("arm-limit", span, message);
        }
        Value::unknown(
            Unknown::new("limit", "evaluation limit", Reason::Limit),
            self.origins.literal(span),
        )
    }

    /// What stands for the rest when the steps of this deployment are used up; it is told once.
    pub(super) fn rest_if_exhausted(&self, span: Span) -> Option<Rest> {
        if self.steps.get() < self.ceiling.get() {
            return None;
        }
        let unknown = self.unknown_of(&self.exhausted(span));
        Some(Rest {
            unknown,
            template: None,
        })
    }

    /// Counts work that is not evaluation itself.
    pub(super) fn charge(&self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(MAX_STEPS);
        let (spent, ceiling) = (self.steps.get(), self.ceiling.get());
        if spent < ceiling {
            self.steps.set(spent.saturating_add(steps).min(ceiling));
        }
    }

    /// Counts what a function went through: long lists and texts are more work than one step.
    pub(super) fn charge_for(&self, values: &[Value]) {
        let length = |value: &Value| match &value.data {
            Data::List(list) => list.items.len(),
            Data::Object(object) => object.entries.len(),
            Data::String(text) => text.len() / 16,
            _ => 0,
        };
        self.charge(values.iter().map(length).sum::<usize>() / 16);
    }

    /// Runs what may take no more than one resource's share of the steps.
    pub(super) fn sharing<T>(&self, run: impl FnOnce() -> T) -> T {
        let (ceiling, over) = (self.ceiling.get(), self.over.get());
        let own = self.steps.get().saturating_add(MAX_STEPS_OF_ONE);
        if own >= ceiling {
            return run();
        }
        self.ceiling.set(own);
        let result = run();
        self.ceiling.set(ceiling);
        self.over.set(over);
        result
    }

    /// Evaluates what may never be evaluated in Azure: problems in it are not told.
    pub(super) fn quietly<T>(&self, run: impl FnOnce() -> T) -> T {
        self.quiet.set(self.quiet.get() + 1);
        let result = run();
        self.quiet.set(self.quiet.get() - 1);
        result
    }

    /// How many problems were found and not told; a value that came with one is not kept.
    pub(super) fn untold(&self) -> u32 {
        self.untold.get()
    }

    /// Something Azure would refuse: a diagnostic and an unknown.
    pub(super) fn wrong(&self, span: Span, message: impl Into<String>) -> Value {
        self.tell(Diagnostic::advice("arm-expression", span, message));
        self.nothing(span, Reason::Invalid)
    }

    /// Text that is no expression: this part of the file cannot be read.
    pub(super) fn unreadable(&self, span: Span, message: impl Into<String>) -> Value {
        self.tell(Diagnostic::unreadable("arm-syntax", span, message));
        self.nothing(span, Reason::Invalid)
    }

    /// The same as [`Self::wrong`] for what is wrong only with these values. If one goes back to the default of a
    /// parameter, another deployment may give a better one, and nobody can say that it is wrong.
    pub(super) fn wrong_about(
        &self,
        span: Span,
        message: impl Into<String>,
        values: &[Value],
    ) -> Value {
        let default = values
            .iter()
            .find_map(|value| self.default_behind(value.origin));
        let Some(name) = default else {
            return self.wrong(span, message);
        };
        let place = format!("{}:{}", span.file.0, span.start);
        let label = format!("parameters('{name}')");
        let mut unknown = Unknown::new(&place, label, Reason::NoValue);
        unknown.declared = Some(span);
        Value::unknown(unknown, self.origins.literal(span))
    }

    /// The parameter whose default a value comes from.
    pub(super) fn default_behind(&self, id: OriginId) -> Option<Arc<str>> {
        let mut pending = vec![id];
        let mut seen = BTreeSet::new();
        while let Some(id) = pending.pop() {
            if seen.len() > 1_000 || !seen.insert(id) {
                continue;
            }
            let node = self.origins.get(id)?;
            if let OriginStep::VariableDefault(name) = node.step {
                return Some(name);
            }
            pending.extend(node.parents);
        }
        None
    }

    /// Something too large to evaluate: a diagnostic and an unknown.
    pub(super) fn limit(&self, code: &'static str, span: Span, message: String) -> Value {
        self.tell_always(Diagnostic::unreadable(code, span, message));
        self.nothing(span, Reason::Limit)
    }

    /// Adds a diagnostic, once for each place and code.
    pub(super) fn tell(&self, diagnostic: Diagnostic) {
        if self.quiet.get() > 0 {
            self.untold.set(self.untold.get() + 1);
        } else {
            self.tell_always(diagnostic);
        }
    }

    /// Adds a note, once for its place, however certain it is that the place is reached.
    pub(super) fn note(&self, diagnostic: Diagnostic) {
        self.tell_always(diagnostic);
    }

    fn tell_always(&self, diagnostic: Diagnostic) {
        let span = diagnostic.primary.as_ref().map(|label| label.span);
        let fresh = span.is_none_or(|span| self.told.borrow_mut().insert((span, diagnostic.code)));
        let mut diagnostics = self.diagnostics.borrow_mut();
        if fresh && diagnostics.len() < MAX_DIAGNOSTICS {
            diagnostics.push(diagnostic);
        }
    }

    fn nothing(&self, span: Span, reason: Reason) -> Value {
        let place = format!("{}:{}", span.file.0, span.start);
        let mut unknown = Unknown::new(&place, "this expression", reason);
        unknown.declared = Some(span);
        Value::unknown(unknown, self.origins.literal(span))
    }

    /// Refuses values that hold more than [`MAX_SIZE`] others.
    pub(super) fn bounded(&self, span: Span, value: Value) -> Value {
        let mut left = MAX_SIZE;
        let fits = weigh(&value, &mut left, 0);
        let weight = MAX_SIZE - left;
        if weight > 64 {
            self.charge(weight / 16);
        }
        if fits {
            return value;
        }
        self.limit(
            "arm-limit",
            span,
            "this value is too large to be evaluated".into(),
        )
    }
}

/// Counts the values within a value; false when there are more than `left`.
fn weigh(value: &Value, left: &mut usize, depth: usize) -> bool {
    if *left == 0 || depth > 200 {
        return false;
    }
    *left -= 1;
    match &value.data {
        Data::List(list) => weigh_list(list, left, depth),
        Data::Object(object) => {
            object
                .entries
                .values()
                .all(|value| weigh(value, left, depth + 1))
                && weigh_rest(object.rest.as_ref(), left, depth)
        }
        _ => true,
    }
}

fn weigh_list(list: &ListValue, left: &mut usize, depth: usize) -> bool {
    list.items.iter().all(|value| weigh(value, left, depth + 1))
        && weigh_rest(list.rest.as_ref(), left, depth)
}

fn weigh_rest(rest: Option<&Rest>, left: &mut usize, depth: usize) -> bool {
    rest.and_then(|rest| rest.template.as_ref())
        .is_none_or(|template| weigh(template, left, depth + 1))
}
