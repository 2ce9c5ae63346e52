//! What depends on itself: which parameters, variables, outputs, functions and resources take part.

use std::rc::Rc;

use super::deployment::header;
use super::evaluate::Evaluator;
use super::labels::last_name;
use super::template::{Entry, Stage};
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Reason, Unknown, Value};
use crate::origin::OriginId;
use crate::source::Span;

/// How many members of a circle are told.
const MAX_MEMBERS: usize = 12;

/// What is being worked out and may turn out to need itself.
#[derive(Debug)]
pub(super) struct Work<'t> {
    /// Where it is declared.
    pub(super) span: Span,
    /// What it is called.
    pub(super) what: String,
    /// The deployment whose resource it is.
    pub(super) resource_of: Option<Rc<Stage<'t>>>,
    /// Whether it is an output of a deployment.
    pub(super) is_output: bool,
    /// The resources it asks for by name, by their places.
    pub(super) asked: Vec<Span>,
}

impl Work<'_> {
    /// What is no resource.
    pub(super) fn named(span: Span, what: String) -> Self {
        Self {
            span,
            what,
            resource_of: None,
            is_output: false,
            asked: Vec::new(),
        }
    }
}

impl<'t> Evaluator<'t> {
    /// Does a piece of work that others may ask for while it is under way.
    pub(super) fn working<T>(&self, work: Work<'t>, run: impl FnOnce() -> T) -> T {
        self.works.borrow_mut().push(work);
        let result = run();
        self.works.borrow_mut().pop();
        result
    }

    /// What depends on itself: Azure refuses the template. What else takes part is told with it.
    pub(super) fn cycle(&self, span: Span, what: &str) -> Value {
        let message = format!("the {what} depends on itself");
        let mut diagnostic = Diagnostic::unreadable("arm-cycle", span, message);
        let works = self.works.borrow();
        let first = works.iter().rposition(|work| work.span == span);
        let members = works.get(first.map_or(works.len(), |first| first + 1)..);
        for member in members.unwrap_or_default().iter().take(MAX_MEMBERS) {
            let text = format!("through the {}", member.what);
            diagnostic = diagnostic.with_related(member.span, text);
        }
        // The state of a resource that is asked for by its id is what is there already.
        let by_id = members.unwrap_or_default().iter().any(|member| {
            member.resource_of.is_some()
                && !works.iter().any(|work| work.asked.contains(&member.span))
        });
        drop(works);
        if by_id {
            self.quietly(|| self.tell(diagnostic));
        } else {
            self.tell(diagnostic);
        }
        let unknown = Unknown::new("cycle", what, Reason::Invalid);
        Value::unknown(unknown.declared_at(span), OriginId::NONE)
    }

    /// Whether a piece of work is under way, known by its place.
    pub(super) fn is_under_way(&self, span: Span) -> bool {
        self.works.borrow().iter().any(|work| work.span == span)
    }

    /// Notes that what is being worked out asks for a resource by its name: then Azure makes it wait
    /// for that resource ("How reference creates an implicit dependency",
    /// `resource-dependency.md`; an id does not), and a circle of these is told.
    pub(super) fn asks_by_name(&self, entry: &Entry<'t>) {
        let span = header(entry.json);
        let stage = &entry.frame.stage;
        // What is evaluated as a part of the template around it asks that template's resources.
        if stage.evaluated_before > 0 {
            return;
        }
        let is_circle = {
            let mut works = self.works.borrow_mut();
            let asking = works
                .iter_mut()
                .rev()
                .find(|work| work.resource_of.is_some());
            let Some(asking) = asking else { return };
            if !asking.asked.contains(&span) {
                asking.asked.push(span);
            }
            let is_entry = |work: &Work<'t>| {
                let same = work.resource_of.as_ref();
                work.span == span && same.is_some_and(|same| Rc::ptr_eq(same, stage))
            };
            let first = works.iter().rposition(is_entry);
            let members = first.and_then(|first| works.get(first..));
            let members = members.unwrap_or_default();
            let resources: Vec<&Work<'t>> = members
                .iter()
                .filter(|work| work.resource_of.is_some())
                .collect();
            let of_here = |work: &&Work<'t>| {
                let same = work.resource_of.as_ref();
                same.is_some_and(|same| Rc::ptr_eq(same, stage))
            };
            let next = resources.iter().skip(1).map(|work| work.span).chain([span]);
            let linked = resources
                .iter()
                .zip(next)
                .all(|(work, next)| work.asked.contains(&next));
            !resources.is_empty()
                && linked
                && resources.iter().all(of_here)
                && !members.iter().any(|work| work.is_output)
        };
        if is_circle && !entry.repeated {
            self.cycle(span, &format!("resource '{}'", last_name(&entry.address)));
        }
    }
}
