//! stub
use super::Function;
pub(super) const FUNCTIONS: &[(&str, Function)] = &[];
