//! Templates that another template links by path and that the walk did not parse.

use std::cell::{Cell, OnceCell};

use crate::syntax::json::Json;

/// How many of them one deployment may have.
const MAX_LINKED: usize = 64;

/// Keeps the parsed templates for as long as the evaluation lasts.
#[derive(Debug)]
pub(super) struct Linked {
    slots: Vec<OnceCell<Json>>,
    used: Cell<usize>,
}

impl Default for Linked {
    fn default() -> Self {
        Self {
            slots: (0..MAX_LINKED).map(|_| OnceCell::new()).collect(),
            used: Cell::new(0),
        }
    }
}

impl Linked {
    /// Keeps one more; `None` if there are too many.
    pub(super) fn keep(&self, json: Json) -> Option<&Json> {
        let slot = self.slots.get(self.used.get())?;
        self.used.set(self.used.get() + 1);
        Some(slot.get_or_init(|| json))
    }
}
