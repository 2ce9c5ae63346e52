//! Dates: times are only ever compared with the clock, so none of these is evaluated.

use super::{Problem, Pure};

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "datetimeadd" | "datetimefromepoch" | "datetimetoepoch" => |call| {
            if call
                .values
                .iter()
                .all(crate::eval::value::Value::is_wholly_known)
            {
                return Err(Problem::Unsupported);
            }
            Err(Problem::Unknown)
        },
        _ => return None,
    })
}
