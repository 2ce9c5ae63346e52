//! Texts to trees, in parallel, and which language each file belongs to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use super::files::Slot;
use super::walk::{self, Kind};
use crate::diagnostic::Diagnostic;
use crate::eval::arm::Arm;
use crate::eval::export::Export;
use crate::eval::frontend::{Frontend, Input, Tree};
use crate::eval::plan::Plan;
use crate::eval::terraform::Terraform;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::{hcl, json};

/// All languages, in the order in which they are asked whether a file is theirs.
pub(crate) const FRONTENDS: &[&dyn Frontend] = &[&Arm, &Export, &Plan, &Terraform];

/// What is known of an input after parsing; its tree is in its slot.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// Which file.
    pub(crate) id: FileId,
    /// Index of its language in [`FRONTENDS`].
    pub(crate) frontend: Option<usize>,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Parses every input, largest first, and puts the trees of those that are some language's into
/// their slots. Sorted by id.
pub(crate) fn all(slots: &mut [Slot]) -> Vec<Parsed> {
    let mut work: Vec<(FileId, Kind, Arc<SourceFile>)> = (0_u32..)
        .map(FileId)
        .zip(slots.iter())
        .filter(|(_, slot)| {
            !matches!(
                slot.kind,
                Kind::Config | Kind::Rule | Kind::ServiceTags | Kind::Other
            )
        })
        .filter_map(|(id, slot)| Some((id, slot.kind, Arc::clone(slot.text.get()?.as_ref()?))))
        .collect();
    work.sort_by_key(|(id, _, file)| (std::cmp::Reverse(file.text().len()), *id));
    let mut parsed: Vec<(Parsed, Option<Tree>)> = work
        .par_iter()
        .with_max_len(1)
        .map(|(id, kind, file)| guarded(*id, *kind, file))
        .collect();
    parsed.sort_by_key(|(parsed, _)| parsed.id);
    parsed
        .into_iter()
        .map(|(parsed, tree)| {
            if let Some(slot) = slots.get_mut(parsed.id.0 as usize) {
                slot.tree = tree;
            }
            parsed
        })
        .collect()
}

/// What a caught panic says, as a diagnostic of the file being worked on.
pub(crate) fn internal_error(
    file: FileId,
    doing: &str,
    panic: &(dyn std::any::Any + Send),
) -> Diagnostic {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown");
    Diagnostic::unreadable(
        "internal-error",
        Span::new(file, 0, 0),
        format!("internal error while {doing}: {text}"),
    )
    .with_help("this is a mistake in aznet, please report it with the file")
}

fn guarded(id: FileId, kind: Kind, file: &SourceFile) -> (Parsed, Option<Tree>) {
    catch_unwind(AssertUnwindSafe(|| parse(id, kind, file))).unwrap_or_else(|panic| {
        let diagnostic = internal_error(id, "parsing this file", panic.as_ref());
        let parsed = Parsed {
            id,
            frontend: None,
            diagnostics: vec![diagnostic],
        };
        (parsed, None)
    })
}

fn parse(id: FileId, kind: Kind, file: &SourceFile) -> (Parsed, Option<Tree>) {
    let (tree, mut diagnostics) = if matches!(kind, Kind::Hcl | Kind::TerraformJson) {
        let parsed = match kind {
            Kind::Hcl => hcl::parse(id, file),
            _ if file.path().ends_with(".tf.json") => hcl::parse_json(id, file),
            _ => hcl::parse_json_values(id, file),
        };
        (Tree::Hcl(parsed.tree), parsed.diagnostics)
    } else {
        let parsed = json::parse(id, file);
        (Tree::Json(parsed.tree), parsed.diagnostics)
    };
    let input = Input {
        id,
        file,
        tree: &tree,
    };
    let frontend = FRONTENDS
        .iter()
        .position(|frontend| frontend.recognise(&input));
    let bytes = file.text().as_bytes();
    let claims = || walk::claims_arm(bytes) || walk::claims_plan(bytes);
    if frontend.is_none() && kind == Kind::Json && !claims() {
        diagnostics.clear();
    }
    let parsed = Parsed {
        id,
        frontend,
        diagnostics,
    };
    (
        parsed,
        (frontend.is_some() || kind != Kind::Json).then_some(tree),
    )
}
