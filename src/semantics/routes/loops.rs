//! Packets that an appliance would send back to itself.

use std::net::IpAddr;
use std::sync::Arc;

use super::hop::NextHop;
use crate::eval::value::{Truth, Unknown};
use crate::model::routing::Appliance;
use crate::model::{RouteId, SubnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::Answer;

/// Packets that come back to the appliance they were sent to.
#[derive(Clone, Debug)]
pub struct RouteLoop {
    /// The appliance.
    pub appliance: Appliance,
    /// The subnet it sends from.
    pub subnet: SubnetId,
    /// The next hops on the way round; the last leads back to the appliance.
    pub hops: Vec<NextHop>,
    /// The user-defined routes among them, each once.
    pub routes: Vec<RouteId>,
    /// The packets that go round.
    pub flows: Answer,
    /// Whether there are any.
    pub truth: Truth,
    /// The destination of one of them.
    pub witness: Option<IpAddr>,
    /// What would settle it, if `truth` is Unknown.
    pub unknowns: Vec<Arc<Unknown>>,
}

impl Semantics<'_> {
    /// The loops that routes make through appliances of these files.
    #[must_use]
    pub fn route_loops(&self) -> Vec<RouteLoop> {
        Vec::new()
    }
}
