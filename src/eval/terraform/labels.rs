//! What people call a key that is not known as a whole.

use std::sync::Arc;

use crate::eval::hcl_expr::{labels::readable, to_text};
use crate::eval::value::{Data, Value};

/// A key as it reads, unknown parts as in a template: `${var.prefix}-web`.
pub(super) fn text(key: &Value) -> Arc<str> {
    match &key.data {
        Data::Unknown(unknown) => format!("${{{}}}", unknown.label).into(),
        Data::Template(pieces) => readable(pieces).into(),
        _ => to_text(key).unwrap_or_else(|| "".into()),
    }
}
