//! What depends on itself: told once for each circle, with all that takes part.

use std::sync::Arc;

use super::declarations::Declared;
use super::evaluation::Evaluation;
use crate::diagnostic::Diagnostic;
use crate::eval::Mode;
use crate::eval::hcl_expr::Failure;
use crate::source::Span;

/// The code of cycles.
pub(super) const CYCLE: &str = "reference-cycle";

/// How many members of a circle are told.
const MAX_MEMBERS: usize = 12;

/// Something that is being worked out: its module, what it is, its name.
pub(super) struct Visit {
    prefix: Arc<str>,
    what: &'static str,
    name: Arc<str>,
}

impl Visit {
    /// `what` comes before the name: `local.`, `module.`, nothing for resources.
    pub(super) fn new(prefix: &Arc<str>, what: &'static str, name: impl Into<Arc<str>>) -> Self {
        Self {
            prefix: Arc::clone(prefix),
            what,
            name: name.into(),
        }
    }

    /// The instances of a resource or data source.
    pub(super) fn of_resource(prefix: &Arc<str>, declared: Declared<'_>) -> Self {
        let what = if declared.mode == Mode::Existing {
            "data."
        } else {
            ""
        };
        let name = format!("{}.{}", declared.kind, declared.name);
        Self::new(prefix, what, name)
    }

    fn shown(&self) -> String {
        format!("{}{}{}", self.prefix, self.what, self.name)
    }

    fn is(&self, other: &Self) -> bool {
        self.what == other.what && self.name == other.name && self.prefix == other.prefix
    }
}

impl Evaluation<'_> {
    /// Works something out that others may ask for meanwhile.
    pub(super) fn visiting<T>(&self, visit: Visit, run: impl FnOnce() -> T) -> T {
        self.visits.borrow_mut().push(visit);
        let result = run();
        self.visits.borrow_mut().pop();
        result
    }

    /// What is asked for while it is being worked out. The circle begins with the member whose name
    /// comes first, wherever it was entered.
    pub(super) fn cycle(&self, at: Span, asked: &Visit) -> Box<Failure> {
        let visits = self.visits.borrow();
        let first = visits.iter().rposition(|visit| visit.is(asked));
        let circle = visits.get(first.unwrap_or(visits.len())..);
        let mut members: Vec<String> = circle
            .unwrap_or_default()
            .iter()
            .map(Visit::shown)
            .collect();
        // A resource and its attribute, a module and its output: one member each time.
        members.dedup();
        if members.len() < 2 {
            let name = asked.shown();
            return Failure::of(CYCLE, at, format!("{name} depends on itself"));
        }
        let least = members.iter().enumerate().min_by_key(|(_, name)| *name);
        let start = least.map_or(0, |(place, _)| place);
        members.rotate_left(start);
        let end = members.first().cloned().unwrap_or_default();
        if members.len() > MAX_MEMBERS {
            let others = members.len() - MAX_MEMBERS;
            members.truncate(MAX_MEMBERS);
            members.push(format!("{others} more"));
        }
        members.push(end);
        Failure::of(
            CYCLE,
            at,
            format!("these depend on each other: {}", members.join(" → ")),
        )
    }

    /// Whether the circle was told already.
    pub(super) fn told_cycle(&self, failure: &Failure, told: &[Diagnostic]) -> bool {
        let same = |known: &Diagnostic| known.code == CYCLE && known.message == failure.message;
        failure.code == CYCLE && told.iter().any(same)
    }
}
