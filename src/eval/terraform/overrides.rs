//! Override files: what `override.tf` and `*_override.tf` say instead of the other files.
//!
//! An argument takes the place of the argument of the same name, and blocks of a type that of all
//! blocks of this type, `dynamic` ones included; nothing is merged deeper
//! (developer.hashicorp.com/terraform/language/files/override; `dynamic` by
//! `internal/configs/module_merge_body.go`). `lifecycle` and `provider` say nothing here.

use std::cell::OnceCell;

use crate::syntax::hcl::{Block, Body};

/// How many directories of one deployment may have override files.
const MAX_DIRECTORIES: usize = 400;

/// Blocks that stand in no file: those that override files made. They live as long as the
/// evaluation, beside the trees it reads.
#[derive(Default)]
pub(super) struct Kept {
    blocks: OnceCell<Vec<Block>>,
    next: OnceCell<Box<Self>>,
}

impl Kept {
    /// Keeps some blocks; `None` when there are too many already.
    pub(super) fn keep(&self, mut blocks: Vec<Block>) -> Option<&[Block]> {
        let mut place = self;
        for _ in 0..MAX_DIRECTORIES {
            match place.blocks.set(blocks) {
                Ok(()) => return place.blocks.get().map(Vec::as_slice),
                Err(back) => blocks = back,
            }
            place = place.next.get_or_init(Box::default);
        }
        None
    }
}

/// The blocks overridden so far.
#[derive(Default)]
pub(super) struct Overrides<'a> {
    bases: Vec<&'a Block>,
    merged: Vec<Block>,
}

impl<'a> Overrides<'a> {
    /// Merges a block into what overriding made of its base so far.
    pub(super) fn merge(&mut self, base: &'a Block, over: &Block) {
        let known = self
            .bases
            .iter()
            .position(|known| std::ptr::eq(*known, base));
        let index = known.unwrap_or_else(|| {
            self.bases.push(base);
            self.merged.push(base.clone());
            self.merged.len() - 1
        });
        if let Some(merged) = self.merged.get_mut(index) {
            merge(&mut merged.body, &over.body);
        }
    }

    /// The blocks that are overridden, and what each becomes.
    pub(super) fn finish(self) -> (Vec<&'a Block>, Vec<Block>) {
        (self.bases, self.merged)
    }
}

fn merge(base: &mut Body, over: &Body) {
    for attribute in &over.attributes {
        // In JSON it may stand for blocks.
        if attribute.may_be_blocks() {
            remove_blocks(base, &attribute.name);
        }
        match base
            .attributes
            .iter_mut()
            .find(|known| known.name == attribute.name)
        {
            Some(known) => *known = attribute.clone(),
            None => base.attributes.push(attribute.clone()),
        }
    }
    for block in &over.blocks {
        let kind = match (&*block.kind, block.label(0)) {
            ("dynamic", Some(kind)) => kind,
            _ => &block.kind,
        };
        remove_blocks(base, kind);
        let meant = |name: &str| *name == **kind;
        base.attributes
            .retain(|known| !(known.may_be_blocks() && meant(&known.name)));
    }
    base.blocks.extend(over.blocks.iter().cloned());
}

fn remove_blocks(body: &mut Body, kind: &str) {
    body.blocks.retain(|block| {
        let dynamic = &*block.kind == "dynamic" && block.label(0).is_some_and(|of| **of == *kind);
        !dynamic && *block.kind != *kind
    });
}
