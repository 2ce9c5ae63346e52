//! What no resource reads: Terraform evaluates every variable, local and output of a module all the
//! same, and refuses the whole configuration where one of them is wrong. Limits of this program that
//! something reaches which nothing reads are not told.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::directories::is_installed;
use super::evaluation::Evaluation;
use crate::eval::value::Truth;
use crate::origin::OriginId;

/// How many instances of one module are looked through; what is wrong in one of them is mostly
/// wrong in all.
const MAX_INSTANCES: usize = 8;

impl Evaluation<'_> {
    /// Tells what is wrong in variables, locals and outputs that nothing asked for so far. Last of
    /// all, so that it takes no steps from what is asked for.
    pub(super) fn judge_unread(&self) {
        self.unread.set(true);
        let mut seen: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        let mut index = 0;
        while let Some(module) = self.module(index) {
            index += 1;
            let declared = &module.declarations;
            let instances = seen.entry(Arc::clone(&declared.directory)).or_default();
            *instances += 1;
            if *instances > MAX_INSTANCES
                || module.existence.truth != Truth::True
                || is_installed(&declared.directory)
            {
                continue;
            }
            for (name, block) in &declared.variables {
                let outcome = self.variable(&module, name, block.header);
                self.settle(&module.prefix, outcome, OriginId::NONE);
            }
            for (name, attribute) in &declared.locals {
                let outcome = self.local(&module, name, attribute.span());
                self.settle(&module.prefix, outcome, OriginId::NONE);
            }
            for (name, block) in &declared.outputs {
                let outcome = self.output(&module, name, block.header);
                self.settle(&module.prefix, outcome, OriginId::NONE);
            }
        }
    }
}
