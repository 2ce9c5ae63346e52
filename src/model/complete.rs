//! The reading of questions on what the files will make: nothing is connected to their virtual
//! networks from outside.

use std::sync::Arc;

use super::{List, Network};
use crate::eval::value::{Reason, Unknown};

impl Network {
    /// Takes the virtual networks that these files create to have no peering, gateway or hub
    /// connection but those in the files. Networks that are only looked up stay open, and so does
    /// what the files leave unknown themselves. Tells whether that changed anything.
    pub fn take_as_connected(&mut self) -> bool {
        let mut changed = false;
        for network in &mut self.virtual_networks {
            if network.meta.existing {
                continue;
            }
            changed |= close(&mut network.peerings);
            changed |= close(&mut network.gateways);
            changed |= close(&mut network.hub_connections);
        }
        changed
    }
}

fn close<T>(list: &mut List<T>) -> bool {
    let outside = |rest: &mut Arc<Unknown>| rest.reason == Reason::Outside;
    list.rest.take_if(outside).is_some()
}
