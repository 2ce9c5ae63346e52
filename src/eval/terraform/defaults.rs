//! Which defaults of the root's variables something rests on.
//!
//! Whoever applies the configuration may give every variable of the root a value, so what fails
//! with a default alone is not the author's mistake: it is unknown, and the variable is what is
//! missing. Defaults of called modules count as they are: the call that leaves them is in the files.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::evaluation::Evaluation;
use crate::eval::value::{MAX_CAUSES, Reason, Unknown, UnknownId, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;

/// How many origins of a value are looked at.
const MAX_BEHIND: usize = 1_000;

/// Some of the root's variables, the first ones asked for, as indices into [`Consulted::known`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Defaults([Option<u32>; MAX_CAUSES]);

impl Defaults {
    fn and(mut self, others: Self) -> Self {
        for other in others.0.into_iter().flatten() {
            if self.0.contains(&Some(other)) {
                continue;
            }
            match self.0.iter_mut().find(|place| place.is_none()) {
                Some(free) => *free = Some(other),
                None => break,
            }
        }
        self
    }
}

/// The defaults asked for so far.
#[derive(Default)]
pub(super) struct Consulted {
    /// Those that what is evaluated now rests on.
    now: Cell<Defaults>,
    /// Every variable whose default was asked for, with its header.
    known: RefCell<Vec<(Arc<str>, Span)>>,
    /// How many failures became unknowns.
    failures: Cell<u64>,
}

impl Evaluation<'_> {
    /// Runs something and tells which defaults it rests on; what is around it rests on them too.
    pub(super) fn tracked<T>(&self, run: impl FnOnce() -> T) -> (T, Defaults) {
        let outer = self.consulted.now.take();
        let result = run();
        let own = self.consulted.now.get();
        self.consulted.now.set(outer.and(own));
        (result, own)
    }

    /// Runs something that what is evaluated now does not rest on.
    pub(super) fn aside<T>(&self, run: impl FnOnce() -> T) -> T {
        let outer = self.consulted.now.take();
        let result = run();
        self.consulted.now.set(outer);
        result
    }

    /// What is evaluated now rests on these too.
    pub(super) fn rest_on(&self, defaults: Defaults) {
        self.consulted
            .now
            .set(self.consulted.now.get().and(defaults));
    }

    /// What is evaluated now rests on the default of a variable of the root.
    pub(super) fn rest_on_default(&self, name: &str, header: Span) {
        let mut known = self.consulted.known.borrow_mut();
        let place = known
            .iter()
            .position(|(variable, _)| **variable == *name)
            .unwrap_or_else(|| {
                known.push((name.into(), header));
                known.len() - 1
            });
        self.rest_on(Defaults([u32::try_from(place).ok(), None, None, None]));
    }

    /// What is evaluated now comes down to one value: the defaults it goes back to are enough, if
    /// it goes back to any.
    pub(super) fn rest_on_no_more_than(&self, origin: OriginId) {
        let defaults = self.behind(origin);
        if defaults != Defaults::default() {
            self.consulted.now.set(defaults);
        }
    }

    /// The defaults a value goes back to; conditions count.
    fn behind(&self, origin: OriginId) -> Defaults {
        let known = self.consulted.known.borrow();
        let mut found = Defaults::default();
        let mut seen = BTreeSet::from([origin]);
        let mut pending = VecDeque::from([origin]);
        while let Some(id) = pending.pop_front() {
            let Some(node) = self.session.origin(id) else {
                continue;
            };
            if let OriginStep::VariableDefault(name) = &node.step
                && let Some(place) = known.iter().position(|(variable, _)| variable == name)
            {
                found = found.and(Defaults([u32::try_from(place).ok(), None, None, None]));
            }
            for parent in node.parents {
                if seen.len() < MAX_BEHIND && seen.insert(parent) {
                    pending.push_back(parent);
                }
            }
        }
        found
    }

    /// The unknown in place of something that failed, because of a value that came from `about` if
    /// that is known, and may only have failed because of defaults; `None` if it rests on none.
    pub(super) fn better_value(&self, at: Span, about: OriginId) -> Option<Unknown> {
        let defaults = match (self.consulted.now.get(), self.behind(about)) {
            (all, behind) if behind == Defaults::default() => all,
            (_, behind) => behind,
        };
        let known = self.consulted.known.borrow();
        let variables: Vec<Value> = defaults
            .0
            .into_iter()
            .flatten()
            .filter_map(|place| known.get(usize::try_from(place).ok()?))
            .map(|(name, header)| {
                let unknown = Unknown::new("", format!("var.{name}"), Reason::NoValue);
                Value::unknown(unknown.declared_at(*header), OriginId::NONE)
            })
            .collect();
        if variables.is_empty() {
            return None;
        }
        let number = self.consulted.failures.get();
        self.consulted.failures.set(number + 1);
        let mut unknown = Unknown::derived("wrong with defaults", &variables);
        unknown.id = UnknownId::named("wrong with defaults", &number.to_string());
        Some(unknown.declared_at(at))
    }
}
