//! What people call a key that is not known as a whole.

use std::sync::Arc;

use crate::eval::hcl_expr::to_text;
use crate::eval::value::{Data, Piece, Value};

/// A key as it reads, unknown parts as in a template: `${var.prefix}-web`.
pub(super) fn text(key: &Value) -> Arc<str> {
    match &key.data {
        Data::Unknown(unknown) => format!("${{{}}}", unknown.label).into(),
        Data::Template(pieces) => {
            let shown = |piece: &Piece| match piece {
                Piece::Literal(text) => text.to_string(),
                Piece::Hole(unknown) => format!("${{{}}}", unknown.label),
            };
            pieces.iter().map(shown).collect::<String>().into()
        }
        _ => to_text(key).unwrap_or_else(|| "".into()),
    }
}
