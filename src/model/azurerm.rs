//! azurerm resources to the model: the only place with azurerm spellings.

use super::build::Builder;
use crate::eval::Resource;

/// Adds what a resource means to the network, if it means anything.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let _ = (builder, resource);
}
