//! Keys to ids: turns the links of all elements into ids, puts what is said elsewhere where it
//! belongs, and fills the relations that lead back.
//!
//! Which dialect an element was written in does not matter here.

mod apps;
mod attach;
mod next_hop;
mod relations;
mod resolve;
mod services;

use super::Network;
use super::build::Builder;

/// Links a network whose elements are all there.
pub(super) fn link(mut builder: Builder<'_>) -> Network {
    resolve::settle(&mut builder);
    resolve::elements(&mut builder);
    attach::apply(&mut builder);
    apps::integrate(&mut builder);
    services::infer(&mut builder.network);
    relations::fill(&mut builder);
    next_hop::identify(&mut builder);
    builder.network
}
